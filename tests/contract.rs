//! The outside contract of `settle report`, taken by its word: fields, types, exit codes, streams, formats.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use chrono::DateTime;
use serde_json::{Value, json};
use settle::domain::Currency;
use support::{
    FIRST_ROW, Folder, Line, Run, SELLER, account, amount, assert_ties, check, failing_checks, list, movement,
    only_account, problem_codes, report, root, run, run_with_input, september, september_files, settle, settle_with,
    settlement_file, text, units,
};

const SEPTEMBER: [&str; 2] = ["--month", "2026-09"];

/// The example of the contract, with its fields and their types.
fn example() -> Value {
    json!({"schema":"settle.report/1",
     "period":{"month":"2026-09","from":"2026-09-01T00:00:00+02:00","until":"2026-10-01T00:00:00+02:00",
        "timezone":"Europe/Paris","basis":"posted"},
     "status":"complete",
     "coverage":{"from":"2026-09-01T00:00:00+02:00","until":"2026-10-01T00:00:00+02:00"},
     "accounts":[{
       "account":"A1EXAMPLE","currency":"EUR",
       "opening_balance":"120.00","opening_basis":"history","closing_balance":"98.50",
       "reserve":{"opening":"24.00","closing":"30.00"},
       "movements":[{"kind":"capture","count":2,"amount":"100.00","percentage_fee":"-2.70","fixed_fee":"-0.70",
            "fee":"-3.40","net":"96.60"}],
       "unexplained":"0.00",
       "settlements":[{"settlement_id":"5984862222","start":"…","end":"…","rows":12,"net":"…","transfers":"-118.10",
            "source":"…csv"}],
       "payouts":[{"settlement_id":"5984862222","posted":"…","amount":"118.10"}],
       "unknown":[{"type":"Something New","count":1,"net":"-1.00"}],
       "gaps":[{"from":"…","until":"…","after_settlement":"…","before_settlement":"…"}]}],
     "disputes":[{"account":"A1EXAMPLE","currency":"EUR","kind":"chargeback","cases":1,"disputed":"50.00",
        "recovered":"0.00","fees":"0.00","net":"-50.00"}],
     "checks":[{"check":"row_net","passed":14,
        "failed":[{"file":"…","line":9,"stated":"9.40","computed":"9.41","difference":"-0.01"}]}],
     "problems":[{"severity":"error","code":"unreadable","file":"…","line":7,"column":"TransactionAmount","message":"…"}],
     "sources":[{"file":"…","sha256":"…","kind":"amazon_pay_settlement","rows":12}]})
}

/// Fields that may have nothing to say: a settlement without rows has no id.
const NULLABLE: [&str; 7] = ["line", "column", "file", "difference", "month", "sha256", "settlement_id"];

/// Every field of `wanted` is in `found`, with its type; lists by their elements.
fn assert_shape(found: &Value, wanted: &Value, path: &str) {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                let at = format!("{path}.{name}");
                let value = found.get(name).unwrap_or_else(|| panic!("{at} is missing in {found:?}"));
                if !(value.is_null() && NULLABLE.contains(&name.as_str())) {
                    assert_shape(value, wanted, &at);
                }
            }
        }
        (Value::Array(found), Value::Array(wanted)) => {
            for value in found {
                assert_shape(value, &wanted[0], &format!("{path}[]"));
            }
        }
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) => {}
        _ => panic!("{path}: {found} where the contract has {wanted}"),
    }
}

const AMOUNTS: [&str; 16] = [
    "opening_balance",
    "closing_balance",
    "opening",
    "closing",
    "amount",
    "percentage_fee",
    "fixed_fee",
    "fee",
    "net",
    "unexplained",
    "transfers",
    "disputed",
    "recovered",
    "fees",
    "difference",
    "net_in_period",
];
const INSTANTS: [&str; 5] = ["from", "until", "start", "end", "posted"];

/// Amounts are decimal texts with at least the minor digits, instants RFC 3339 with an offset, and no
/// number has decimals.
fn assert_leaves(value: &Value, name: &str, currency: Option<&str>) {
    match value {
        Value::Object(members) => {
            let currency = members.get("currency").and_then(Value::as_str).or(currency);
            members.iter().for_each(|(name, value)| assert_leaves(value, name, currency));
        }
        Value::Array(items) => items.iter().for_each(|item| assert_leaves(item, name, currency)),
        Value::String(text) if AMOUNTS.contains(&name) => {
            let digits = currency.map_or(0, |code| code.parse::<Currency>().unwrap().minor_digits() as usize);
            let (whole, decimals) =
                text.trim_start_matches('-').split_once('.').unwrap_or((text.trim_start_matches('-'), ""));
            let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!whole.is_empty() && plain(whole) && plain(decimals), "{name}: {text}");
            assert!(decimals.len() >= digits && decimals.is_empty() != text.contains('.'), "{name}: {text}");
            assert!(whole == "0" || !whole.starts_with('0'), "{name}: {text}");
            assert!(units(text) != 0 || !text.starts_with('-'), "{name}: {text}");
        }
        Value::String(text) if INSTANTS.contains(&name) => {
            DateTime::parse_from_rfc3339(text).unwrap_or_else(|why| panic!("{name}: {text}: {why}"));
            assert!(!text.ends_with('Z') && text.contains('T'), "{name}: {text}");
        }
        Value::Number(number) => assert!(number.is_u64(), "{name}: {number}"),
        _ => {}
    }
}

/// A folder in which everything that a statement can tell occurs.
fn everything() -> Folder {
    let folder = Folder::new();
    let [first, _, third] = september_files();
    folder.write(first.0, first.1);
    folder.write(third.0, third.1);
    let wrong = [
        Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["10.00", "-0.30", "-0.29", "-0.59", "9.40"]),
        Line::plain("2026-09-04T09:00:00 +0000", "Chargeback", "-50.00").order("P02-1"),
    ];
    let period = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    folder.write("other.csv", settlement_file("A2EXAMPLE", "8000000001", period, &wrong));
    let comma =
        settlement_file("A3EXAMPLE", "9", period, &[Line::plain("2026-09-02T09:00:00 +0000", "Transfer", "1,00")]);
    folder.write("comma.csv", comma);
    folder
}

#[test]
fn every_field_of_the_contract_is_there_with_its_type() {
    let folder = everything();
    let run = report(folder.path(), &["--month", "2026-09", "--timezone", "Europe/Paris"]);
    assert_eq!(run.code, 5);
    let statement = run.json();
    assert_shape(&statement, &example(), "$");
    assert_leaves(&statement, "", None);
    for (place, list_name) in
        [("accounts", "settlements"), ("accounts", "payouts"), ("accounts", "unknown"), ("accounts", "gaps")]
    {
        let filled = list(&statement, place).iter().any(|item| !list(item, list_name).is_empty());
        assert!(filled, "no {list_name}: the test tests nothing");
    }
    for list_name in ["disputes", "problems", "sources"] {
        assert!(!list(&statement, list_name).is_empty(), "no {list_name}");
    }
    let names: Vec<&str> = list(&statement, "checks").iter().map(|check| text(check, "check")).collect();
    let contract = [
        "row_net",
        "row_fee",
        "period",
        "constant_id",
        "chain_reserve",
        "chain_carryover",
        "chain_contiguous",
        "duplicate_settlement",
    ];
    assert_eq!(names, contract);
    let failed = &list(check(&statement, "row_net"), "failed")[0];
    assert_eq!(failed["line"], FIRST_ROW);
    assert_eq!(["stated", "computed", "difference"].map(|member| text(failed, member)), ["9.40", "9.41", "-0.01"]);
    let refused = list(&statement, "problems").iter().find(|problem| problem["code"] == "unreadable").unwrap();
    assert_eq!((refused["line"].as_u64(), text(refused, "column")), (Some(FIRST_ROW), "TransactionAmount"));
    assert!(text(refused, "file").ends_with("comma.csv"));
}

#[test]
fn the_period_is_cut_at_local_midnights_and_shown_with_the_zone_s_offset() {
    let folder = september();
    let statement = report(folder.path(), &["--month", "2026-10", "--timezone", "Europe/Paris"]).json();
    let expected = json!({"month": "2026-10", "from": "2026-10-01T00:00:00+02:00", "until": "2026-11-01T00:00:00+01:00",
        "timezone": "Europe/Paris", "basis": "posted"});
    assert_eq!(statement["period"], expected);
    let settlement = &list(only_account(&statement), "settlements")[0];
    assert_eq!(text(settlement, "end"), "2026-10-01T16:59:44+02:00");
    let range = report(folder.path(), &["--from-date", "2026-09-01", "--until-date", "2026-09-16"]).json();
    assert_eq!(range["period"]["month"], Value::Null);
    assert_eq!(range["period"]["until"], "2026-09-16T00:00:00+00:00");
    assert_eq!(range["status"], "complete");
}

#[test]
fn the_balance_ties_and_movements_hold_no_transfers_within_it() {
    let samples = root().join("sample_reports");
    let kinds = [
        "capture",
        "refund",
        "authorization",
        "a_to_z_claim",
        "chargeback",
        "dispute",
        "adjustment",
        "debt",
        "transfer",
        "unknown",
    ];
    let mut seen = BTreeSet::new();
    for month in ["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"] {
        for basis in ["posted", "settlement", "payout"] {
            let statement =
                report(&samples, &["--month", month, "--basis", basis, "--timezone", "Europe/Berlin"]).json();
            assert_ties(&statement);
            assert_shape(&statement, &example(), "$");
            assert_leaves(&statement, "", None);
            for account in list(&statement, "accounts") {
                for movement in list(account, "movements") {
                    assert!(kinds.contains(&text(movement, "kind")), "{movement}");
                    assert!(movement["count"].as_u64() > Some(0), "{movement}");
                    let [gross, fee, net] = ["amount", "fee", "net"].map(|member| amount(movement, member));
                    assert_eq!(gross + fee, net, "{movement}");
                    assert_eq!(amount(movement, "percentage_fee") + amount(movement, "fixed_fee"), fee, "{movement}");
                    seen.insert(text(movement, "kind").to_owned());
                }
            }
        }
    }
    assert_eq!(seen.len(), kinds.len(), "{seen:?}");
}

#[test]
fn september_by_hand() {
    let folder = september();
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let statement = run.json();
    assert_eq!(statement["status"], "complete");
    let account = account(&statement, SELLER, "EUR");
    assert_eq!(account["opening_balance"], "24.00");
    assert_eq!(account["opening_basis"], "first_settlement");
    assert_eq!(account["closing_balance"], "14.00");
    assert_eq!(account["reserve"], json!({"opening": "24.00", "closing": "30.00"}));
    let payouts: Vec<&str> = list(account, "payouts").iter().map(|payout| text(payout, "amount")).collect();
    assert_eq!(payouts, ["50.00", "11.22"]);
    let unknown = json!([{"type": "Something New", "count": 1, "net": "-1.00"}]);
    assert_eq!(account["unknown"], unknown);
    let disputes = json!([{"account": SELLER, "currency": "EUR", "kind": "chargeback", "cases": 1,
        "disputed": "20.00", "recovered": "0.00", "fees": "-15.00", "net": "-35.00"}]);
    assert_eq!(statement["disputes"], disputes);
    let october = report(folder.path(), &["--month", "2026-10"]).json();
    let account = only_account(&october);
    assert_eq!((text(account, "opening_balance"), text(account, "opening_basis")), ("14.00", "history"));
    assert_eq!(account["reserve"], json!({"opening": "30.00", "closing": "20.00"}));
}

// ---- exit codes -------------------------------------------------------------------------------------

#[test]
fn a_wrong_command_line_ends_with_2_and_says_why_on_stderr() {
    let folder = september();
    let from = folder.path().to_str().unwrap();
    for words in [
        vec!["report"],
        vec!["report", "--from", from],
        vec!["report", "--month", "2026-09", "--from-date", "2026-09-01", "--until-date", "2026-09-02", "--from", from],
        vec!["report", "--month", "2026-09", "--settlement", "1", "--from", from],
        vec!["report", "--from-date", "2026-09-01", "--from", from],
        vec!["report", "--until-date", "2026-09-01", "--from", from],
        vec!["report", "--from-date", "2026-09-02", "--until-date", "2026-09-01", "--from", from],
        vec!["report", "--from-date", "2026-09-01", "--until-date", "2026-09-01", "--from", from],
        vec!["report", "--from-date", "2026-02-29", "--until-date", "2026-03-01", "--from", from],
        vec!["report", "--month", "2026-09", "--basis", "cash", "--from", from],
        vec!["report", "--month", "2026-09", "--timezone", "Paris", "--from", from],
        vec!["report", "--month", "2026-09", "--format", "yaml", "--from", from],
        vec!["report", "--month", "2026-09", "--csv-dialect", "excel-pt", "--from", from],
        vec!["report", "--month", "2026-09", "--color", "sometimes", "--from", from],
        vec!["report", "--month", "2026-09", "-q", "-v", "--from", from],
        vec!["report", "--month", "9999-12", "--from", from],
        vec!["repot"],
        vec![],
    ] {
        let run = settle_with(&words);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{words:?}");
        assert!(!run.err.is_empty(), "{words:?}");
    }
    for month in
        ["2026-9", "2026-13", "2026-00", "09-2026", "2026/09", "september", "2026-09-01", " 2026-09", "٢٠٢٦-٠٩"]
    {
        let run = report(from, &["--month", month]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{month}");
        assert!(run.err.contains(month.trim()) && run.err.contains("YYYY-MM"), "{}", run.err);
    }
}

#[test]
fn help_and_version_go_to_stdout_with_0() {
    for words in [&["--help"][..], &["--version"], &["report", "--help"]] {
        let run = settle_with(words);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{words:?}");
        assert!(run.out.contains("settle"), "{words:?}");
    }
}

#[test]
fn a_config_that_is_missing_or_wrong_ends_with_3_and_a_hint() {
    let folder = september();
    let from = folder.path().to_str().unwrap();
    let missing = folder.at("none.toml");
    let run = report(from, &["--month", "2026-09", "-c", missing.to_str().unwrap()]);
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert!(run.err.starts_with("settle: error: ") && run.err.contains("none.toml"), "{}", run.err);
    let config = Folder::new();
    let path = config.write("settle.toml", "[reporting]\ntimezon = \"Europe/Paris\"\n");
    let run = report(from, &["--month", "2026-09", "-c", path.to_str().unwrap()]);
    assert_eq!(run.code, 3);
    let expected = format!(
        "settle: error: {}:2: unknown key `timezon` in [reporting]\nhint: did you mean `timezone`?\n",
        path.display()
    );
    assert_eq!(run.err, expected);
}

#[test]
fn an_output_that_cannot_be_written_ends_with_4() {
    let folder = september();
    let from = folder.path().to_str().unwrap();
    for target in [folder.at("no/such/folder.json"), folder.path().to_owned()] {
        let run = report(from, &["--month", "2026-09", "-o", target.to_str().unwrap()]);
        assert_eq!((run.code, run.out.as_str()), (4, ""), "{}", run.err);
        assert!(run.err.starts_with("settle: error: "), "{}", run.err);
    }
    if fs::metadata("/dev/full").is_ok() {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let done = settle().args(["report", "--month", "2026-09", "--from", from]).stdout(full).output().unwrap();
        assert_eq!(done.status.code(), Some(4));
        assert!(String::from_utf8(done.stderr).unwrap().starts_with("settle: error: "));
    }
}

#[test]
fn an_unreadable_file_among_good_ones_ends_with_5_and_the_rest_is_counted() {
    let folder = september();
    let good = report(folder.path(), &SEPTEMBER).json();
    folder.write("photo.csv", [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
    folder.write("page.csv", "<!DOCTYPE html><html><body>Sign in</body></html>");
    folder.write("empty.csv", "");
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!(run.code, 5);
    let statement = run.json();
    assert_eq!(statement["accounts"], good["accounts"]);
    for name in ["photo.csv", "page.csv", "empty.csv"] {
        let named = |list_name: &str| list(&statement, list_name).iter().any(|item| text(item, "file").ends_with(name));
        assert!(named("problems") && named("sources"), "{name}");
        assert!(run.err.contains(name), "{}", run.err);
    }
    let missing = folder.at("not-there.csv");
    let run = report(&missing, &SEPTEMBER);
    assert_eq!(run.code, 5);
    assert!(run.err.contains("not-there.csv"), "{}", run.err);
}

#[test]
fn a_check_that_fails_is_said_on_stderr_when_the_result_is_elsewhere() {
    let folder = Folder::new();
    let wrong = [Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["10.00", "-0.30", "-0.29", "-0.59", "9.40"])];
    let period = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    let path = folder.write("a.csv", settlement_file(SELLER, "1", period, &wrong));
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!(run.code, 5);
    let expected =
        format!("settle: error: {}:{FIRST_ROW}: check row_net fails: stated 9.40, computed 9.41\n", path.display());
    assert_eq!(run.err, expected);
}

// ---- coverage, gaps ---------------------------------------------------------------------------------

#[test]
fn a_period_about_which_nothing_is_known_is_incomplete_with_a_warning_and_0() {
    let folder = september();
    for month in ["2026-01", "2027-01"] {
        let run = report(folder.path(), &["--month", month]);
        assert_eq!(run.code, 0);
        let statement = run.json();
        assert_eq!(statement["status"], "incomplete");
        assert_eq!(statement["accounts"], json!([]));
        assert_eq!(run.err, format!("settle: warning: nothing is known about {month}\n"));
    }
    let empty = Folder::new();
    let run = report(empty.path(), &SEPTEMBER);
    assert_eq!((run.code, run.json()["accounts"].clone()), (0, json!([])));
    assert!(run.err.contains("settle: warning: "), "{}", run.err);
}

#[test]
fn coverage_that_ends_early_or_begins_late_is_incomplete_and_0() {
    let folder = september();
    for (left_out, from, until) in [
        ("settlement-3.csv", "2026-09-01T00:00:00+00:00", "2026-09-20T14:59:44+00:00"),
        ("settlement-1.csv", "2026-09-10T15:00:44+00:00", "2026-10-01T00:00:00+00:00"),
    ] {
        let paths = september_files().map(|(name, _)| folder.at(name));
        let kept = paths.iter().filter(|path| !path.ends_with(left_out));
        let run = run(settle().args(["report", "--month", "2026-09", "--format", "json", "--from"]).args(kept));
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        let statement = run.json();
        assert_eq!(statement["status"], "incomplete");
        assert_eq!(statement["coverage"], json!({"from": from, "until": until}));
        assert_eq!(only_account(&statement)["gaps"], json!([]));
        assert_ties(&statement);
    }
}

#[test]
fn a_missing_settlement_between_two_is_a_gap_and_5() {
    let folder = september();
    fs::remove_file(folder.at("settlement-2.csv")).unwrap();
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!(run.code, 5);
    let statement = run.json();
    assert_eq!(statement["status"], "incomplete");
    let expected = json!([{"from": "2026-09-10T14:59:44+00:00", "until": "2026-09-20T15:00:44+00:00",
        "after_settlement": "7000000001", "before_settlement": "7000000003"}]);
    assert_eq!(only_account(&statement)["gaps"], expected);
    assert_eq!(only_account(&statement)["unexplained"], "0.00");
    assert_ties(&statement);
    assert!(run.err.contains("settle: error: ") && run.err.contains("\nhint: "), "{}", run.err);
    let october = report(folder.path(), &["--month", "2026-10"]);
    assert_eq!(october.code, 0, "the gap lies before October: {}", october.err);
    assert_eq!(problem_codes(&october.json()), ["gap_before_period"]);
}

#[test]
fn a_hole_that_ends_where_the_month_begins_is_not_a_gap_of_the_month() {
    let folder = Folder::new();
    let row = |posted: &str| [Line::plain(posted, "Capture", "1.00")];
    let a = ["2026-08-01T00:00:00 +0000", "2026-08-20T00:00:00 +0000"];
    let b = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    folder.write("a.csv", settlement_file(SELLER, "1", a, &row("2026-08-02T00:00:00 +0000")));
    folder.write("b.csv", settlement_file(SELLER, "2", b, &row("2026-09-02T00:00:00 +0000")));
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!((run.code, run.json()["status"].clone()), (0, json!("complete")), "{}", run.err);
    assert_eq!(report(folder.path(), &["--month", "2026-08"]).code, 5);
}

#[test]
fn an_account_that_is_known_but_silent_in_the_period_makes_it_incomplete() {
    let folder = september();
    let august = ["2026-08-01T00:00:00 +0000", "2026-08-31T00:00:00 +0000"];
    let row = [Line::plain("2026-08-02T00:00:00 +0000", "Capture", "1.00")];
    folder.write("other.csv", settlement_file("A2EXAMPLE", "1", august, &row));
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!(run.code, 0);
    assert_eq!(run.json()["status"], "incomplete");
    assert!(run.err.starts_with("settle: warning: A2EXAMPLE: nothing is known about 2026-09"), "{}", run.err);
    let alone = report(folder.path(), &[&SEPTEMBER[..], &["--account", SELLER]].concat());
    assert_eq!((alone.json()["status"].clone(), alone.err.as_str()), (json!("complete"), ""));
}

#[test]
fn one_settlement_is_shown_alone_whatever_the_other_accounts_lack() {
    let folder = september();
    let row = |posted: &str| [Line::plain(posted, "Capture", "1.00")];
    let a = ["2026-08-01T00:00:00 +0000", "2026-09-12T00:00:00 +0000"];
    let b = ["2026-09-15T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    folder.write("a.csv", settlement_file("A2EXAMPLE", "1", a, &row("2026-08-02T00:00:00 +0000")));
    folder.write("b.csv", settlement_file("A2EXAMPLE", "2", b, &row("2026-09-16T00:00:00 +0000")));
    let run = report(folder.path(), &["--settlement", "7000000002"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let statement = run.json();
    let account = only_account(&statement);
    assert_eq!((text(account, "account"), list(account, "settlements").len()), (SELLER, 1));
    // 24.00 + 96.95 - 50.00; then - 9.73 - 20.00 - 15.00.
    assert_eq!((text(account, "opening_balance"), text(account, "closing_balance")), ("70.95", "26.22"));
    let none = report(folder.path(), &["--settlement", "404"]);
    assert_eq!((none.code, none.json()["accounts"].clone()), (0, json!([])));
    assert_eq!(none.err, "settle: warning: nothing is known about settlement 404\n");
}

// ---- conflicts, duplicates, unknown types -----------------------------------------------------------

#[test]
fn the_same_bytes_twice_are_counted_once() {
    let folder = september();
    let good = report(folder.path(), &SEPTEMBER).json();
    let [first, ..] = september_files();
    folder.write("again/copy of settlement.csv", &first.1);
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let names = |statement: &Value| list(only_account(statement), "settlements").len();
    assert_eq!(names(&run.json()), 3);
    for member in ["opening_balance", "closing_balance", "movements"] {
        assert_eq!(only_account(&run.json())[member], only_account(&good)[member]);
    }
    assert_eq!(problem_codes(&run.json()).iter().filter(|code| **code == "same_file").count(), 1);
    assert!(failing_checks(&run.json()).is_empty());
}

#[test]
fn the_same_settlement_in_other_bytes_is_a_conflict_whatever_the_order() {
    let folder = september();
    let [_, second, _] = september_files();
    folder.write("aaa.csv", second.1.replace("-9.73", "-9.00").replace("-10.00", "-9.27"));
    let mut paths: Vec<_> = ["aaa.csv", "settlement-1.csv", "settlement-2.csv", "settlement-3.csv"]
        .iter()
        .map(|name| folder.at(name))
        .collect();
    let ask = |paths: &[std::path::PathBuf]| {
        run(settle().args(["report", "--month", "2026-09", "--format", "json", "--from"]).args(paths))
    };
    let one = ask(&paths);
    paths.reverse();
    let other = ask(&paths);
    assert_eq!(one.code, 5);
    assert_eq!((one.code, &one.out, &one.err), (other.code, &other.out, &other.err));
    let statement = one.json();
    assert_eq!(failing_checks(&statement), ["duplicate_settlement"]);
    let conflict = list(&statement, "problems").iter().find(|problem| problem["code"] == "conflict").unwrap();
    assert!(text(conflict, "message").contains("counts"), "the report says which one counts: {conflict}");
    assert_eq!(list(only_account(&statement), "settlements").len(), 3);
    assert_ties(&statement);
}

#[test]
fn a_stray_row_at_the_top_does_not_make_the_file_another_settlement() {
    let folder = Folder::new();
    let [first, second, third] = september_files();
    folder.write(first.0, first.1);
    folder.write(second.0, second.1.replacen("7000000002", "7000000003", 1));
    folder.write(third.0, third.1);
    let statement = report(folder.path(), &SEPTEMBER).json();
    assert_eq!(failing_checks(&statement), ["constant_id"]);
    let failed = list(check(&statement, "constant_id"), "failed");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["line"], FIRST_ROW);
    assert_eq!([text(&failed[0], "stated"), text(&failed[0], "computed")], ["7000000003", "7000000002"]);
    let ids: Vec<&str> =
        list(only_account(&statement), "settlements").iter().map(|line| text(line, "settlement_id")).collect();
    assert_eq!(ids, ["7000000001", "7000000002", "7000000003"]);
}

#[test]
fn a_second_merchant_in_one_file_is_named_with_its_line() {
    let folder = Folder::new();
    let [first, ..] = september_files();
    let twice = first.1.replace("\"SettlementStartDate\"", "\"SellerId\",\"A9OTHER\"\n\"SettlementStartDate\"");
    folder.write("a.csv", twice);
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!(run.code, 5);
    let statement = run.json();
    let failed = &list(check(&statement, "constant_id"), "failed")[0];
    assert_eq!((failed["line"].as_u64(), text(failed, "stated")), (Some(4), "A9OTHER"));
    let same = first.1.replace("\"SettlementStartDate\"", "\"SellerId\",\"A1EXAMPLE\"\n\"SettlementStartDate\"");
    folder.write("a.csv", same);
    assert_eq!(report(folder.path(), &SEPTEMBER).code, 0);
}

#[test]
fn a_file_without_a_merchant_is_an_account_of_its_own_and_says_so() {
    let [first, ..] = september_files();
    for preamble in ["", "\"SellerId\",\"\"\n"] {
        let folder = Folder::new();
        folder.write("a.csv", first.1.replace("\"SellerId\",\"A1EXAMPLE\"\n", preamble));
        let run = report(folder.path(), &SEPTEMBER);
        assert_eq!(run.code, 0);
        assert_eq!(only_account(&run.json())["account"], "(no merchant id)");
        assert_eq!(problem_codes(&run.json()), ["no_seller"], "{preamble}");
    }
}

#[test]
fn a_statement_that_does_not_tie_never_says_that_all_is_well() {
    let folder = Folder::new();
    let period = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    let sound = Line::plain("2026-09-02T09:00:00 +0000", "Capture", "1.00");
    folder.write("a.csv", settlement_file(SELLER, "1", period, std::slice::from_ref(&sound)));
    assert!(in_format(folder.path(), &SEPTEMBER, "text").out.contains("No problems."));
    let overlapping = ["2026-09-10T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    let row = [Line { posted: "2026-09-12T09:00:00 +0000".to_owned(), ..sound }];
    folder.write("b.csv", settlement_file(SELLER, "2", overlapping, &row));
    let run = in_format(folder.path(), &SEPTEMBER, "text");
    assert_eq!(run.code, 5);
    assert!(run.out.contains("FAILED  chain_contiguous") && !run.out.contains("No problems."), "{}", run.out);
}

#[test]
fn unknown_types_end_with_0_and_with_strict_5() {
    let folder = september();
    for (words, code, severity) in [(&[][..], 0, "warning"), (&["--strict"], 5, "error")] {
        let run = report(folder.path(), &[&SEPTEMBER[..], words].concat());
        assert_eq!(run.code, code);
        let statement = run.json();
        assert_eq!(problem_codes(&statement), ["unknown_type"]);
        assert_eq!(statement["problems"][0]["severity"], severity);
        assert_eq!(movement(only_account(&statement), "unknown").unwrap()["net"], "-1.00");
    }
    assert_eq!(report(folder.path(), &["--month", "2026-10", "--strict"]).code, 0, "October has none");
}

// ---- inputs -----------------------------------------------------------------------------------------

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_files_sub_folders_and_lying_names_are_read_alike() {
    let good = report(september().path(), &SEPTEMBER).json();
    let [first, second, third] = september_files();
    let folder = Folder::new();
    folder.write("2026/august.json", gzip(first.1.as_bytes()));
    folder.write("2026/09/photo.jpg", &second.1);
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.at("mail.pdf")).unwrap());
    zip.start_file("inner/refund.tsv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(third.1.as_bytes()).unwrap();
    zip.finish().unwrap();
    folder.write(".hidden", "not read");
    let run = report(folder.path(), &SEPTEMBER);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let statement = run.json();
    for member in ["opening_balance", "closing_balance", "reserve", "movements", "unknown"] {
        assert_eq!(only_account(&statement)[member], only_account(&good)[member], "{member}");
    }
    let hashes = |statement: &Value| -> BTreeSet<String> {
        list(statement, "sources").iter().map(|source| text(source, "sha256").to_owned()).collect()
    };
    assert_eq!(hashes(&statement), hashes(&good), "the hash is that of the unpacked bytes");
    let member = list(only_account(&statement), "settlements")
        .iter()
        .any(|line| text(line, "source").ends_with("mail.pdf/inner/refund.tsv"));
    assert!(member, "{statement:#}");
}

#[test]
fn standard_input_is_a_file_too() {
    let folder = september();
    let good = report(folder.path(), &SEPTEMBER).json();
    let [first, second, third] = september_files();
    folder.write("x/settlement-1.csv", &first.1);
    folder.write("x/settlement-3.csv", &third.1);
    for bytes in [second.1.clone().into_bytes(), gzip(second.1.as_bytes())] {
        let mut command = settle();
        command.args(["report", "--month", "2026-09", "--format", "json", "--from", "-"]).arg(folder.at("x"));
        let run = run_with_input(&mut command, &bytes);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        assert_eq!(only_account(&run.json())["movements"], only_account(&good)["movements"]);
    }
    let run = run_with_input(settle().args(["report", "--month", "2026-09", "--from", "-"]), b"nonsense");
    assert_eq!(run.code, 5);
    assert!(run.out.contains("(standard input): "), "{}", run.out);
}

#[test]
fn line_ends_and_blank_lines_do_not_move_the_line_of_a_fault() {
    let wrong = [
        Line::plain("2026-09-02T09:00:00 +0000", "Transfer", "-1.00"),
        Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["10.00", "-0.30", "-0.29", "-0.59", "9.40"]),
    ];
    let period = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    let text = settlement_file(SELLER, "1", period, &wrong);
    let blank = text.replacen("\"2026-09-02", "\n\n\"2026-09-02", 1);
    for (text, line) in [
        (text.clone(), FIRST_ROW + 1),
        (text.replace('\n', "\r\n"), FIRST_ROW + 1),
        (blank.clone(), FIRST_ROW + 3),
        (blank.replace('\n', "\r\n"), FIRST_ROW + 3),
        (format!("\n{}", text.trim_start_matches('\u{feff}')), FIRST_ROW + 2),
    ] {
        let folder = Folder::new();
        folder.write("a.csv", &text);
        let statement = report(folder.path(), &SEPTEMBER).json();
        assert_eq!(list(check(&statement, "row_net"), "failed")[0]["line"], line, "{text:?}");
        assert_eq!(only_account(&statement)["payouts"][0]["line"], line - 1, "{text:?}");
        folder.write("a.csv", text.replace("9.40", "9,40"));
        let problem = report(folder.path(), &SEPTEMBER).json()["problems"][0].clone();
        assert_eq!((problem["line"].as_u64(), problem["column"].as_str()), (Some(line), Some("NetTransactionAmount")));
    }
}

#[test]
fn the_order_of_the_arguments_changes_nothing() {
    let samples = root().join("sample_reports/shop-gb");
    let mut paths: Vec<_> = fs::read_dir(&samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    let folder = september();
    let [first, second, _] = september_files();
    // Duplicates and a conflict: what is kept must not depend on what comes first.
    paths.extend([folder.write("b.csv", &first.1), folder.write("a.csv", &first.1), folder.at("settlement-1.csv")]);
    paths.extend([folder.at("settlement-2.csv"), folder.write("c.csv", second.1.replace("0.27", "0.26"))]);
    paths.extend([folder.write("z.bin", "garbage"), folder.write("y.bin", "garbage")]);
    paths.sort();
    let ask = |paths: &[std::path::PathBuf]| {
        run(settle().args(["report", "--month", "2026-09", "--format", "json", "--from"]).args(paths))
    };
    let straight = ask(&paths);
    assert_eq!(straight.code, 5);
    for step in [7, 31, 64] {
        // A fixed shuffle: every `step`th path, around and around.
        let mut shuffled: Vec<_> =
            (0..step).flat_map(|start| paths.iter().skip(start).step_by(step).cloned()).collect();
        shuffled.reverse();
        assert_eq!(shuffled.len(), paths.len());
        let run = ask(&shuffled);
        assert_eq!((run.code, &run.out, &run.err), (straight.code, &straight.out, &straight.err));
    }
}

// ---- output -----------------------------------------------------------------------------------------

#[test]
fn a_file_of_output_appears_whole_or_not_at_all() {
    let folder = september();
    let from = folder.path().to_str().unwrap();
    let results = Folder::new();
    let target = results.write("report.json", "old");
    let target_word = target.to_str().unwrap();
    let stdout = report(from, &SEPTEMBER).out;
    let failed = settle_with(&["report", "--month", "2026-99", "--from", from, "-o", target_word]);
    assert_eq!((failed.code, fs::read_to_string(&target).unwrap().as_str()), (2, "old"));
    let run = report(from, &["--month", "2026-09", "-o", target_word]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""));
    assert_eq!(fs::read_to_string(&target).unwrap(), stdout);
    assert_eq!(fs::read_dir(results.path()).unwrap().count(), 1, "no temporary file is left");
    let dash = report(from, &["--month", "2026-09", "-o", "-"]);
    assert_eq!(dash.out, stdout);
    folder.write("bad.csv", "bad");
    let run = report(from, &["--month", "2026-09", "-o", target_word]);
    assert_eq!(run.code, 5, "what does not tie is written all the same");
    assert!(fs::read_to_string(&target).unwrap().contains("bad.csv"));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let shops = ["fr", "de", "gb", "se", "hu"].map(|shop| root().join(format!("sample_reports/shop-{shop}")));
    for format in ["text", "json", "csv"] {
        let mut child = settle()
            .args(["report", "--month", "2026-09", "-v", "--format", format, "--from"])
            .args(&shops)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut little = [0; 10];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut little).unwrap();
        drop(stdout);
        let done = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(done.stderr).unwrap(), "", "{format}");
        assert_eq!(done.status.code(), Some(0), "{format}");
    }
}

#[test]
fn colour_comes_only_when_it_is_asked_for() {
    let folder = september();
    let ask = |words: &[&str], no_color: Option<&str>| {
        let mut command = settle();
        command.args(["report", "--month", "2026-09"]).args(words).arg("--from").arg(folder.path());
        no_color.map(|value| command.env("NO_COLOR", value));
        run(&mut command)
    };
    let plain = ask(&[], None).out;
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(ask(&[], Some("1")).out, plain);
    assert_eq!(ask(&["--color", "never"], None).out, plain);
    let coloured = ask(&["--color", "always"], Some("1")).out;
    assert!(coloured.contains("\u{1b}[1m"));
    assert_eq!(uncoloured(&coloured), plain);
    assert!(!ask(&["--color", "always", "--format", "json"], None).out.contains('\u{1b}'));
    assert!(!ask(&["--color", "always", "--format", "csv"], None).out.contains('\u{1b}'));
    let results = Folder::new();
    let target = results.at("a.txt");
    ask(&["--color", "always", "-o", target.to_str().unwrap()], None);
    assert_eq!(fs::read_to_string(target).unwrap(), plain, "a file is no terminal");
}

fn uncoloured(text: &str) -> String {
    text.split('\u{1b}')
        .enumerate()
        .map(|(i, piece)| if i == 0 { piece } else { piece.split_once('m').unwrap().1 })
        .collect()
}

#[test]
fn data_goes_to_stdout_and_messages_to_stderr() {
    let folder = everything();
    for format in ["json", "csv"] {
        let run = settle_with(&[
            "report",
            "--month",
            "2026-09",
            "--format",
            format,
            "--from",
            folder.path().to_str().unwrap(),
        ]);
        assert_eq!(run.code, 5);
        assert!(!run.out.contains("settle: "), "{}", run.out);
        for line in run.err.lines() {
            assert!(line.starts_with("settle: error: ") || line.starts_with("hint: "), "{line}");
        }
        assert!(run.err.contains("comma.csv:7: column `TransactionAmount`: cannot read `1,00` as an amount in EUR: "));
    }
    let quiet = settle_with(&["report", "--month", "2026-09", "-q", "--from", folder.path().to_str().unwrap()]);
    assert!(quiet.err.contains("comma.csv:7"), "quiet is not silent about errors");
}

// ---- the same figures in every format ---------------------------------------------------------------

fn csv_rows(run: &Run) -> Vec<std::collections::BTreeMap<String, String>> {
    csv::Reader::from_reader(run.out.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}

fn in_format(folder: &std::path::Path, words: &[&str], format: &str) -> Run {
    run(settle().arg("report").args(words).args(["--format", format, "--from"]).arg(folder))
}

/// Every amount of an account, in text form, from JSON.
fn figures(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| figures(value, name, found)),
        Value::Array(items) => items.iter().for_each(|item| figures(item, name, found)),
        Value::String(text) if AMOUNTS.contains(&name) => found.push(text.clone()),
        _ => {}
    }
}

/// The numbers of a text, without their thousands separators.
fn numbers(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| c.is_whitespace());
    words.map(|word| word.trim_matches(',').replace(',', "")).collect()
}

fn assert_text(statement: &Value, text_out: &str) {
    for account in list(statement, "accounts") {
        let heading = format!("\n{}  {}", text(account, "account"), text(account, "currency"));
        let section = text_out.split_once(&heading).unwrap().1;
        let section = section.split("\n\nA").next().unwrap();
        let numbers = numbers(section);
        let mut wanted = Vec::new();
        figures(account, "", &mut wanted);
        if account["unexplained"] == "0.00" || account["unexplained"] == "0" {
            wanted.retain(|figure| units(figure) != 0);
        }
        for figure in wanted {
            assert!(numbers.contains(&figure), "{figure} of {heading} is not in the text");
        }
        for line in list(account, "movements") {
            let [count, net] = [line["count"].to_string(), text(line, "net").to_owned()];
            let found = section.lines().any(|line| {
                let numbers = self::numbers(line);
                numbers.contains(&count) && numbers.contains(&net)
            });
            assert!(found, "{line}");
        }
    }
    for dispute in list(statement, "disputes") {
        let mut wanted = Vec::new();
        figures(dispute, "", &mut wanted);
        let section = text_out.split_once("\nDisputes\n").unwrap().1;
        let found = section.lines().any(|line| {
            let numbers = numbers(line);
            line.contains(text(dispute, "account")) && wanted.iter().all(|figure| numbers.contains(figure))
        });
        assert!(found, "{dispute}");
    }
}

fn assert_csv(statement: &Value, rows: &[std::collections::BTreeMap<String, String>]) {
    let found = |wanted: &[(&str, &str)]| {
        let fits = |row: &&std::collections::BTreeMap<String, String>| {
            wanted.iter().all(|(name, value)| row.get(*name).map(String::as_str) == Some(*value))
        };
        let count = rows.iter().filter(fits).count();
        assert_eq!(count, 1, "{wanted:?}");
    };
    for account in list(statement, "accounts") {
        let own = [("account", text(account, "account")), ("currency", text(account, "currency"))];
        let with = |more: &[(&str, &str)]| found(&[&own, more].concat());
        for (item, value) in [
            ("opening_balance", &account["opening_balance"]),
            ("closing_balance", &account["closing_balance"]),
            ("reserve_opening", &account["reserve"]["opening"]),
            ("reserve_closing", &account["reserve"]["closing"]),
            ("unexplained", &account["unexplained"]),
        ] {
            with(&[("section", "balance"), ("item", item), ("net", value.as_str().unwrap())]);
        }
        for line in list(account, "movements") {
            let count = line["count"].to_string();
            let amounts = ["amount", "percentage_fee", "fixed_fee", "fee", "net"].map(|name| (name, text(line, name)));
            with(&[&[("section", "movement"), ("item", text(line, "kind")), ("count", &count)], &amounts[..]].concat());
        }
        for line in list(account, "settlements").iter().filter(|line| line["rows"] != 0) {
            let counts = ["rows", "rows_in_period"].map(|name| line[name].to_string());
            with(&[
                ("section", "settlement"),
                ("settlement_id", text(line, "settlement_id")),
                ("count", &counts[0]),
                ("net", text(line, "net")),
                ("transfers", text(line, "transfers")),
                ("count_in_period", &counts[1]),
                ("net_in_period", text(line, "net_in_period")),
                ("from", text(line, "start")),
                ("until", text(line, "end")),
            ]);
        }
        for line in list(account, "payouts") {
            let id = text(line, "settlement_id");
            with(&[
                ("section", "payout"),
                ("settlement_id", id),
                ("amount", text(line, "amount")),
                ("from", text(line, "posted")),
            ]);
        }
        for line in list(account, "unknown") {
            with(&[("section", "unknown"), ("item", text(line, "type")), ("net", text(line, "net"))]);
        }
        for line in list(account, "gaps") {
            with(&[("section", "gap"), ("from", text(line, "from")), ("until", text(line, "until"))]);
        }
    }
    for line in list(statement, "disputes") {
        let cases = line["cases"].to_string();
        let names = ["account", "currency", "disputed", "recovered", "fees", "net"];
        let columns = ["account", "currency", "disputed", "recovered", "fee", "net"];
        let amounts: Vec<(&str, &str)> = columns.into_iter().zip(names.map(|name| text(line, name))).collect();
        found(&[&[("section", "dispute"), ("item", text(line, "kind")), ("count", &cases)], &amounts[..]].concat());
    }
    for line in list(statement, "checks") {
        let [passed, failures] = ["passed", "failures"].map(|name| line[name].to_string());
        found(&[("section", "check"), ("item", text(line, "check")), ("passed", &passed), ("count", &failures)]);
    }
    assert_eq!(rows.iter().filter(|row| row["section"] == "source").count(), list(statement, "sources").len());
}

#[test]
fn text_csv_and_json_say_the_same_figures_to_the_cent() {
    let everything = everything();
    let samples = root().join("sample_reports");
    let september = ["--month", "2026-09", "--timezone", "Europe/Berlin"];
    let payout = ["--month", "2026-08", "--basis", "payout"];
    for (folder, words) in [(everything.path(), &september[..]), (&samples, &september), (&samples, &payout)] {
        let statement = in_format(folder, words, "json").json();
        assert_text(&statement, &in_format(folder, words, "text").out);
        let csv = in_format(folder, words, "csv");
        assert!(csv.out.ends_with("\r\n") && !csv.out.replace("\r\n", "").contains('\r'));
        assert_csv(&statement, &csv_rows(&csv));
    }
}

#[test]
fn what_a_dispute_cost_and_what_came_back_stand_in_csv_and_text() {
    let folder = Folder::new();
    let rows = [
        Line::plain("2026-09-02T09:00:00 +0000", "Chargeback", "-50.00").order("P02-1"),
        Line::plain("2026-09-09T09:00:00 +0000", "Chargeback", "20.00").order("P02-1"),
        Line::fees("2026-09-02T09:00:01 +0000", "Dispute", ["0", "0", "-15.00", "-15.00", "-15.00"]).order("P02-1"),
    ];
    let period = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    folder.write("a.csv", settlement_file(SELLER, "1", period, &rows));
    let statement = in_format(folder.path(), &SEPTEMBER, "json").json();
    let expected = json!([{"account": SELLER, "currency": "EUR", "kind": "chargeback", "cases": 1,
        "disputed": "50.00", "recovered": "20.00", "fees": "-15.00", "net": "-45.00"}]);
    assert_eq!(statement["disputes"], expected);
    assert_csv(&statement, &csv_rows(&in_format(folder.path(), &SEPTEMBER, "csv")));
    assert_text(&statement, &in_format(folder.path(), &SEPTEMBER, "text").out);
}

#[test]
fn csv_neutralises_formulas_and_leaves_amounts_numbers() {
    let folder = Folder::new();
    let rows = [Line::plain("2026-09-02T09:00:00 +0000", "=HYPERLINK(1)", "-1.00")];
    let period = ["2026-09-01T00:00:00 +0000", "2026-10-01T00:00:00 +0000"];
    folder.write("a.csv", settlement_file("@seller", "+7", period, &rows));
    let rows = csv_rows(&in_format(folder.path(), &SEPTEMBER, "csv"));
    for row in &rows {
        for (name, cell) in row {
            let is_amount = cell.trim_start_matches('-').parse::<rust_decimal::Decimal>().is_ok();
            assert!(is_amount || !cell.starts_with(['=', '+', '-', '@']), "{name}: {cell}");
        }
    }
    let unknown = rows.iter().find(|row| row["section"] == "unknown").unwrap();
    assert_eq!((unknown["item"].as_str(), unknown["net"].as_str()), ("'=HYPERLINK(1)", "-1.00"));
    let settlement = rows.iter().find(|row| row["section"] == "settlement").unwrap();
    assert_eq!((settlement["settlement_id"].as_str(), settlement["account"].as_str()), ("'+7", "'@seller"));
}

#[test]
fn csv_dialects_differ_in_separator_mark_and_decimal_mark_only() {
    let folder = september();
    let plain = in_format(folder.path(), &SEPTEMBER, "csv");
    let german = in_format(folder.path(), &["--month", "2026-09", "--csv-dialect", "excel-de"], "csv");
    let bytes = german.out.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(bytes.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    let plain_rows = csv_rows(&plain);
    assert_eq!(rows.len(), plain_rows.len());
    for (row, plain) in rows.iter().zip(&plain_rows) {
        for (name, cell) in headers.iter().zip(row) {
            let expected = &plain[name];
            let amount = expected.parse::<rust_decimal::Decimal>().is_ok();
            assert_eq!(cell, if amount { expected.replace('.', ",") } else { expected.clone() }, "{name}");
        }
    }
}

// ---- config -----------------------------------------------------------------------------------------

#[test]
fn the_config_names_accounts_and_decides_zone_tolerance_and_opening_balance() {
    let folder = september();
    let config = Folder::new();
    let path = config.write(
        "settle.toml",
        "[reporting]\nbasis = \"settlement\"\ngap_tolerance = \"30s\"\n\n[accounts.shop-fr]\ncountry = \"FR\"\n\
         merchant_id = \"A1EXAMPLE\"\nopening_balance = \"1000.00\"\n",
    );
    let path = path.to_str().unwrap();
    let run = report(folder.path(), &["--month", "2026-09", "-c", path]);
    let statement = run.json();
    assert_eq!(run.code, 5, "a minute is a gap when thirty seconds are allowed");
    assert_eq!(statement["period"]["timezone"], "Europe/Paris");
    assert_eq!(statement["period"]["basis"], "settlement");
    let shop = account(&statement, "shop-fr", "EUR");
    assert_eq!(list(shop, "gaps").len(), 2);
    assert_eq!((text(shop, "opening_balance"), text(shop, "opening_basis")), ("1000.00", "configured"));
    assert_ties(&statement);
    // The flags override the config.
    let run = report(folder.path(), &["--month", "2026-10", "-c", path, "--basis", "posted", "--timezone", "UTC"]);
    let statement = run.json();
    assert_eq!((text(&statement["period"], "timezone"), text(&statement["period"], "basis")), ("UTC", "posted"));
    let shop = account(&statement, "shop-fr", "EUR");
    // 1000.00 + 96.95 - 9.73 - 35.00 - 1.00 - 61.22.
    assert_eq!((text(shop, "opening_balance"), text(shop, "opening_basis")), ("990.00", "history"));
    for name in ["shop-fr", "A1EXAMPLE"] {
        let run = report(folder.path(), &["--month", "2026-09", "-c", path, "--account", name, "--basis", "posted"]);
        assert_eq!(list(&run.json(), "accounts").len(), 1, "{name}");
    }
    let none = report(folder.path(), &["--month", "2026-09", "-c", path, "--account", "shop-de"]);
    assert_eq!(none.json()["accounts"], json!([]));
}

#[test]
fn without_c_a_report_from_files_reads_no_config_and_writes_nothing() {
    let folder = september();
    let home = Folder::new();
    home.write("settle.toml", "this is no config");
    home.write("settle/settle.toml", "this is no config");
    let mut command = settle();
    command.current_dir(home.path()).env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path());
    command.env("SETTLE_CONFIG", home.at("settle.toml")).env("XDG_STATE_HOME", home.at("state"));
    command.args(["report", "--month", "2026-09", "--format", "json", "--from"]).arg(folder.path());
    let run = run(&mut command);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(run.out, report(folder.path(), &SEPTEMBER).out);
    assert!(!home.at("state").exists());
}

#[test]
fn each_account_s_month_is_cut_in_its_own_zone() {
    let folder = Folder::new();
    let period = ["2026-08-15T00:00:00 +0000", "2026-10-15T00:00:00 +0000"];
    // 22:30 UTC on the last of August: September in Paris, August in London (UTC+1: 23:30).
    let row = [Line::plain("2026-08-31T22:30:00 +0000", "Capture", "1.00")];
    folder.write("fr.csv", settlement_file("A1FR", "1", period, &row));
    folder.write("gb.csv", settlement_file("A1GB", "2", period, &row));
    let config = Folder::new();
    let path = config.write(
        "settle.toml",
        "[accounts.fr]\ncountry = \"FR\"\nmerchant_id = \"A1FR\"\n[accounts.gb]\ncountry = \"GB\"\nmerchant_id = \"A1GB\"\n",
    );
    let statement = report(folder.path(), &["--month", "2026-09", "-c", path.to_str().unwrap()]).json();
    assert!(movement(account(&statement, "fr", "EUR"), "capture").is_some());
    let british = account(&statement, "gb", "EUR");
    assert!(movement(british, "capture").is_none());
    assert_eq!(british["opening_balance"], "1.00");
    assert_eq!(british["period"]["from"], "2026-09-01T00:00:00+01:00");
    assert_eq!(british["settlements"][0]["start"], "2026-08-15T01:00:00+01:00");
}

#[test]
fn an_account_that_exists_nowhere_is_said_with_those_that_do() {
    let folder = support::september();
    let asked = report(folder.path(), &["--month", "2026-09", "--account", "shop-typo"]);
    assert_eq!(asked.code, 0);
    assert!(asked.err.contains("settle: warning: there is no account `shop-typo`"), "{}", asked.err);
    assert!(asked.err.contains("hint: known accounts: "), "{}", asked.err);
    assert!(support::problem_codes(&asked.json()).contains(&"unknown_account"));
    let whole = report(folder.path(), &["--month", "2026-09"]).json();
    let name = support::text(&support::list(&whole, "accounts")[0], "account").to_owned();
    let known = report(folder.path(), &["--month", "2026-09", "--account", &name]);
    assert!(!known.err.contains("there is no account"), "{}", known.err);
}

#[test]
fn a_settlement_that_nobody_knows_has_no_invented_period() {
    let folder = support::september();
    let asked = report(folder.path(), &["--settlement", "999"]);
    assert_eq!(asked.code, 0);
    assert!(asked.err.contains("nothing is known about settlement 999"), "{}", asked.err);
    let statement = asked.json();
    assert!(statement["period"]["from"].is_null() && statement["period"]["until"].is_null());
    let text = run(settle().args(["report", "--settlement", "999", "--from"]).arg(folder.path()));
    assert!(!text.out.contains("1970"), "{}", text.out);
}

#[test]
fn the_help_of_every_command_leads_with_examples() {
    for command in [&[][..], &["report"], &["import"], &["config"], &["completions"], &["man"]] {
        let help = run(settle().args(command).arg("--help"));
        let (examples, usage) = (help.out.find("Examples:\n  settle "), help.out.find("Usage:"));
        assert!(examples.is_some() && examples < usage, "{command:?}\n{}", help.out);
    }
}
