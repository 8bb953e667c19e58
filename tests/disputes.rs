//! `settle disputes` from outside: against an independent key, against the month statement, through both doors,
//! with a clock that stands still, and with notifications that are not what they seem.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test's helpers fail by panicking too, and a skipped test says so"
)]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::DateTime;
use serde_json::{Value, json};
use settle::cli::{Logging, StopFlag, Terminal, World};
use settle::config::Surroundings;
use settle::domain::{Country, FixedClock, RowKind};
use settle::rehearsal::{CaseAnswer, DisputeWork, Plan, invent};
use support::{
    Folder, Line, Run, SELLER, amount, list, money_units, problem_codes, root, settlement_file, text, units,
};

/// Runs `settle` in this process at an instant.
fn settle_at(now: &str, words: &[&str]) -> Run {
    let clock = FixedClock(DateTime::parse_from_rfc3339(now).unwrap().to_utc());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catch_signals = StopFlag::default;
    let start_log = |_: Logging| {};
    let mut world = World {
        stdin: &mut std::io::empty(),
        stdout: &mut out,
        stderr: &mut err,
        surroundings: Surroundings::new(BTreeMap::new(), root()),
        clock: &clock,
        catch_signals: &catch_signals,
        start_log: &start_log,
        terminal: Terminal::default(),
        workers: NonZeroUsize::MIN,
        program: std::path::PathBuf::from("settle"),
    };
    let words = std::iter::once("settle").chain(words.iter().copied()).map(OsString::from);
    let code = settle::cli::run(words, &mut world).number();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: i32::from(code), out: text(out), err: text(err) }
}

/// Long after every deadline of the invented cases.
const LATER: &str = "2027-06-01T12:00:00Z";

fn disputes_at(now: &str, from: &Path, words: &[&str]) -> Value {
    let from = from.to_str().unwrap();
    let words: Vec<&str> =
        ["disputes", "--format", "json", "--from", from].into_iter().chain(words.iter().copied()).collect();
    let run = settle_at(now, &words);
    assert_eq!(run.code, 0, "{}", run.err);
    run.json()
}

/// A hard sample, written down.
fn rehearsed(seed: u64, countries: &[&str]) -> (Folder, Vec<CaseAnswer>) {
    let countries: Vec<Country> = countries.iter().map(|code| code.parse().unwrap()).collect();
    let mut plan = Plan::new(&countries, &[], "2026-08".parse().unwrap(), 3).unwrap();
    plan.seed = seed;
    plan.dispute_work = DisputeWork::Hard;
    let sample = invent(&plan).unwrap();
    let folder = Folder::new();
    for file in &sample.files {
        folder.write(&file.path, &file.bytes);
    }
    (folder, sample.cases)
}

fn instant(value: &Value) -> Option<i64> {
    value.as_str().map(|text| DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
}

fn assert_case(case: &Value, answer: &CaseAnswer, folder: &Folder) {
    for (member, expected) in [
        ("disputed", answer.disputed),
        ("recovered", answer.recovered),
        ("fees", answer.fees),
        ("net", answer.net),
        ("captured", answer.captured),
    ] {
        assert_eq!(amount(case, member), money_units(expected), "{member} of {case:#}");
    }
    assert_eq!(case["currency"], answer.currency.code());
    assert_eq!(case["seller_order_id"], answer.seller_order_id);
    assert_eq!(case["capture_id"], answer.capture_id);
    assert_eq!(case["status"], answer.status, "{case:#}");
    assert_eq!(instant(&case["captured_at"]), instant(&json!(answer.captured_at)));
    assert_eq!(instant(&case["respond_by"]), instant(&json!(answer.respond_by)), "{case:#}");
    assert_eq!(case["respond_by_basis"], json!(answer.respond_by_basis));
    let flagged = list(case, "flags").iter().any(|flag| flag == "double_loss");
    assert_eq!(flagged, answer.double_loss, "{case:#}");
    let rows: Vec<(String, u64)> =
        list(case, "rows").iter().map(|row| (text(row, "file").to_owned(), row["line"].as_u64().unwrap())).collect();
    let place = |(file, line): &(String, usize)| (folder.at(file).to_str().unwrap().to_owned(), *line as u64);
    assert_eq!(rows, answer.rows.iter().map(place).collect::<Vec<_>>());
}

#[test]
fn every_case_is_that_of_the_key() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for (seed, countries) in [(1, vec!["FR", "DE", "GB", "SE", "HU"]), (2, vec!["IT", "FR"]), (3, vec!["DE"])] {
        let (folder, answers) = rehearsed(seed, &countries);
        // Deadlines are counted in the zone of each shop, so that the key's is meant.
        let zone = match countries[..] {
            ["DE"] => "Europe/Berlin",
            ["IT", "FR"] => "Europe/Rome",
            _ => "UTC",
        };
        let document = disputes_at(LATER, folder.path(), &["--timezone", zone]);
        let mut cases: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
        for case in list(&document, "cases") {
            cases.insert((text(case, "order_reference_id"), text(case, "kind")), case);
        }
        let with_rows = cases.values().filter(|case| !list(case, "rows").is_empty()).count();
        assert_eq!(with_rows, answers.len(), "seed {seed}");
        for answer in &answers {
            let case = cases[&(answer.order_reference_id.as_str(), answer.kind.word())];
            *seen.entry(answer.status).or_default() += 1;
            // In UTC an estimate across a clock change is an hour off the shop's own; the others are exact.
            if zone == "UTC" && answer.respond_by_basis == Some("estimated") {
                let mut answer = answer.clone();
                answer.respond_by = case["respond_by"].as_str().map(str::to_owned);
                assert_case(case, &answer, &folder);
            } else {
                assert_case(case, answer, &folder);
            }
        }
        for check in list(&document, "checks") {
            assert_eq!(check["holds"], true, "{check:#}");
        }
    }
    assert!(seen["won"] > 3 && seen["lost"] > 10 && seen["partly_won"] > 3, "{seen:?}");
}

#[test]
fn the_month_statement_and_the_cases_agree_to_the_cent() {
    let (folder, _) = rehearsed(1, &["FR", "GB"]);
    let from = folder.path().to_str().unwrap();
    let mut compared = 0;
    let cuts = [("posted", "UTC"), ("posted", "Europe/Paris"), ("settlement", "UTC"), ("payout", "Europe/Paris")];
    for month in ["2026-08", "2026-09", "2026-10"] {
        for (basis, zone) in cuts {
            let words = ["--month", month, "--basis", basis, "--timezone", zone];
            let document = disputes_at(LATER, folder.path(), &words);
            let mut report = vec!["report", "--format", "json", "--from", from];
            report.extend(words);
            let statement = settle_at(LATER, &report).json();
            compared += assert_agrees(&document, &statement);
        }
    }
    assert!(compared > 20, "{compared}");
}

/// Compares the statement's section with the sums over the cases; gives the number of lines compared.
fn assert_agrees(document: &Value, statement: &Value) -> usize {
    let lines = list(statement, "disputes");
    for line in lines {
        let mine = |case: &&Value| ["account", "currency", "kind"].iter().all(|member| case[*member] == line[*member]);
        let cases: Vec<&Value> = list(document, "cases").iter().filter(mine).collect();
        let with_rows = cases.iter().filter(|case| !list(case, "rows").is_empty()).count();
        assert_eq!(line["cases"], with_rows, "{line:#}");
        for member in ["disputed", "recovered", "fees", "net"] {
            let sum: i128 = cases.iter().map(|case| amount(case, member)).sum();
            assert_eq!(sum, amount(line, member), "{member} of {line:#}");
        }
    }
    for total in list(document, "totals") {
        let mine = |case: &&Value| case["currency"] == total["currency"];
        let cases: Vec<&Value> = list(document, "cases").iter().filter(mine).collect();
        assert_eq!(total["cases"], cases.len());
        for member in ["disputed", "recovered", "fees", "net"].iter().filter(|_| !total["currency"].is_null()) {
            let sum: i128 = cases.iter().map(|case| amount(case, member)).sum();
            assert_eq!(sum, amount(total, member), "{member} of {total:#}");
        }
    }
    lines.len()
}

#[test]
fn both_doors_give_the_same_cases_and_months_sum_to_the_whole() {
    let (folder, _) = rehearsed(4, &["FR", "GB"]);
    let data = Folder::new();
    let data_dir = data.at("data");
    let data_dir = data_dir.to_str().unwrap();
    let from = folder.path().to_str().unwrap();
    assert_eq!(settle_at(LATER, &["import", "--data-dir", data_dir, from]).code, 0);
    let archived = settle_at(LATER, &["disputes", "--format", "json", "--data-dir", data_dir]);
    assert_eq!(archived.code, 0, "{}", archived.err);
    let (archived, read) = (archived.json(), disputes_at(LATER, folder.path(), &[]));
    // An archive knows files by the names that they had.
    let plain = |document: &Value| {
        let cases = list(document, "cases").iter().cloned().map(|mut case| {
            for row in case["rows"].as_array_mut().unwrap() {
                row["file"] = Value::Null;
            }
            for member in ["captured_file", "documents", "refunds"] {
                case[member] = Value::Null;
            }
            case
        });
        cases.collect::<Vec<Value>>()
    };
    assert_eq!(plain(&archived), plain(&read));
    for member in ["totals", "months", "trend", "ages", "checks"] {
        assert_eq!(archived[member], read[member], "{member}");
    }
    for member in ["disputed", "recovered", "fees", "net"] {
        let months: i128 = list(&read, "months").iter().map(|line| amount(line, member)).sum();
        let cases: i128 = list(&read, "cases").iter().map(|case| amount(case, member)).sum();
        assert_eq!(months, cases, "{member}");
    }
}

#[test]
fn one_account_alone_has_the_cases_that_it_has_among_all() {
    let (folder, _) = rehearsed(1, &["FR", "GB"]);
    let all = disputes_at(LATER, folder.path(), &[]);
    let mine = |document: &Value, account: &str| -> Vec<Value> {
        list(document, "cases").iter().filter(|case| case["account"] == account).cloned().collect()
    };
    for account in ["A1SETTLEFR001", "A1SETTLEGB001"] {
        let alone = disputes_at(LATER, folder.path(), &["--account", account]);
        assert!(!mine(&all, account).is_empty());
        assert_eq!(list(&alone, "cases"), &mine(&all, account), "nothing of the other account");
    }
}

/// One settlement with a capture and a chargeback of 1 October, UTC.
fn disputed_order(folder: &Folder) {
    let lines = [
        Line::fees("2026-10-01T09:00:00 +0000", "Capture", ["100.00", "-2.70", "-0.35", "-3.05", "96.95"])
            .order("P02-1234567-0000001"),
        Line::fees("2026-10-01T10:00:00 +0000", "Capture", ["300.00", "-8.10", "-0.35", "-8.45", "291.55"])
            .order("P02-1234567-0000002"),
        Line::plain("2026-10-21T10:00:00 +0000", "Chargeback", "-100.00").order("P02-1234567-0000001"),
    ];
    let period = ["2026-10-01T00:00:00 +0000", "2026-10-25T00:00:00 +0000"];
    folder.write("settlement.csv", settlement_file(SELLER, "7000000001", period, &lines));
}

/// A notification of the first generation.
fn notification(seller: &str, id: &str, told: &str) -> String {
    let data = "<?xml version=\"1.0\"?><ChargebackNotification><ChargebackDetails>\
        <AmazonChargebackId>C1</AmazonChargebackId>\
        <AmazonOrderReferenceId>P02-1234567-0000001</AmazonOrderReferenceId>\
        <ChargebackAmount><Amount>100.0</Amount><CurrencyCode>EUR</CurrencyCode></ChargebackAmount>\
        <ChargebackState>RECEIVED</ChargebackState><ChargebackReason>Generic Service Chargeback</ChargebackReason>\
        </ChargebackDetails></ChargebackNotification>";
    let message = json!({
        "ReleaseEnvironment": "Live", "NotificationType": "ChargebackDetailedNotification", "SellerId": seller,
        "NotificationReferenceId": id, "Timestamp": told, "NotificationData": data,
    });
    json!({"Type": "Notification", "Message": message.to_string()}).to_string()
}

#[test]
fn a_deadline_keeps_its_local_hour_across_the_end_of_summer_time_and_days_are_the_zones() {
    let folder = Folder::new();
    disputed_order(&folder);
    folder.write("note.json", notification(SELLER, "n-1", "2026-10-20T08:30:00.000Z"));
    let seen = |now: &str, zone: &str| {
        let document = disputes_at(now, folder.path(), &["--timezone", zone]);
        let case = &list(&document, "cases")[0];
        (text(case, "respond_by").to_owned(), case["days_left"].as_i64().unwrap(), text(case, "status").to_owned())
    };
    let paris = |days, status: &str| ("2026-10-31T10:30:00+01:00".to_owned(), days, status.to_owned());
    assert_eq!(seen("2026-10-24T21:59:59Z", "Europe/Paris"), paris(7, "open"));
    assert_eq!(seen("2026-10-24T22:00:00Z", "Europe/Paris"), paris(6, "open"));
    assert_eq!(seen("2026-10-30T23:30:00Z", "Europe/Paris"), paris(0, "open"));
    assert_eq!(seen("2026-10-31T09:30:00Z", "Europe/Paris"), paris(0, "open"));
    assert_eq!(seen("2026-10-31T09:30:01Z", "Europe/Paris"), paris(0, "lost"));
    assert_eq!(seen("2026-11-02T00:00:00Z", "Europe/Paris"), paris(-2, "lost"));
    let (utc, days, _) = seen("2026-10-30T23:30:00Z", "UTC");
    assert_eq!((utc.as_str(), days), ("2026-10-31T08:30:00+00:00", 1));
}

#[test]
fn due_within_shows_what_still_can_be_answered_and_open_what_is_not_decided() {
    let folder = Folder::new();
    disputed_order(&folder);
    folder.write("note.json", notification(SELLER, "n-1", "2026-10-20T08:30:00.000Z"));
    let count = |now: &str, words: &[&str]| list(&disputes_at(now, folder.path(), words), "cases").len();
    assert_eq!(count("2026-10-25T00:00:00Z", &["--due-within", "7d"]), 1);
    assert_eq!(count("2026-10-22T00:00:00Z", &["--due-within", "7d"]), 0, "nine days away");
    assert_eq!(count("2026-11-01T00:00:00Z", &["--due-within", "7d"]), 0, "passed");
    assert_eq!(count("2026-10-25T00:00:00Z", &["--open"]), 1);
    assert_eq!(count("2026-11-01T00:00:00Z", &["--open"]), 0);
    assert_eq!(count("2026-11-01T00:00:00Z", &["--status", "lost", "--status", "won"]), 1);
    let document = disputes_at("2026-10-25T00:00:00Z", folder.path(), &["--by", "reason"]);
    let total = &list(&document, "totals")[0];
    assert_eq!((text(total, "open_exposure"), text(total, "rate_by_count")), ("100.00", "0.500000"));
    assert_eq!(text(total, "rate_by_amount"), "0.250000");
    assert_eq!((&total["win_rate"], text(total, "net_recovery_rate")), (&Value::Null, "0.000000"));
    assert_eq!(list(&document, "groups")[0]["key"], "Generic Service Chargeback");
    assert_eq!(list(&document, "ages")[0]["days_from"], 0);
    assert_eq!(list(&document, "trend").len(), 12);
}

#[test]
fn windows_are_configured_by_country() {
    let folder = Folder::new();
    disputed_order(&folder);
    folder.write("note.json", notification(SELLER, "n-1", "2026-10-20T08:30:00.000Z"));
    let respond_by = |windows: &str| {
        let config = Folder::new();
        let settings = format!(
            "[accounts.shop]\ncountry = \"GB\"\nmerchant_id = \"{SELLER}\"\n[disputes]\nchargeback_window = {windows}\n"
        );
        let config = config.write("settle.toml", settings);
        let document = disputes_at(LATER, folder.path(), &["--config", config.to_str().unwrap()]);
        text(&list(&document, "cases")[0], "respond_by").to_owned()
    };
    assert_eq!(respond_by("\"20d\""), "2026-11-09T09:30:00+00:00");
    assert_eq!(respond_by("{ UK = \"3d\" }"), "2026-10-23T09:30:00+01:00");
    assert_eq!(respond_by("{ FR = \"3d\" }"), "2026-10-31T09:30:00+00:00", "the default elsewhere");
    let config = Folder::new();
    let file = config.write("settle.toml", "[disputes]\nchargeback_window = \"36h\"\n");
    let from = folder.path().to_str().unwrap();
    let run = settle_at(LATER, &["disputes", "--from", from, "--config", file.to_str().unwrap()]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("settle.toml:2: `disputes.chargeback_window`: cannot use `36h`"), "{}", run.err);
}

#[test]
fn a_notification_of_another_merchant_of_the_sandbox_or_seen_before_changes_nothing() {
    let folder = Folder::new();
    disputed_order(&folder);
    let config = Folder::new();
    let settings = format!("[accounts.shop]\ncountry = \"FR\"\nmerchant_id = \"{SELLER}\"\n");
    let config = config.write("settle.toml", settings);
    let words = ["--config", config.to_str().unwrap()];
    folder.write("a.json", notification(SELLER, "n-1", "2026-10-20T08:30:00.000Z"));
    let before = disputes_at("2026-10-25T00:00:00Z", folder.path(), &words);
    folder.write("b-again.json", notification(SELLER, "n-1", "2026-10-22T08:30:00.000Z"));
    folder.write("c-stranger.json", notification("A9STRANGER", "n-2", "2026-10-19T08:30:00.000Z"));
    let sandbox = notification(SELLER, "n-3", "2026-10-18T08:30:00.000Z").replace("Live", "Sandbox");
    folder.write("d-sandbox.json", sandbox);
    let after = disputes_at("2026-10-25T00:00:00Z", folder.path(), &words);
    assert_eq!(before["cases"], after["cases"]);
    assert_eq!(before["totals"], after["totals"]);
    let codes = problem_codes(&after);
    for code in ["other_merchant", "sandbox_notification", "same_notification"] {
        assert_eq!(codes.iter().filter(|known| **known == code).count(), 1, "{codes:?}");
    }
}

#[test]
fn with_a_certificate_only_what_amazon_signed_is_used() {
    let vector: Value =
        serde_json::from_str(&fs::read_to_string(root().join("tests/vectors/signature.json")).unwrap()).unwrap();
    let folder = Folder::new();
    disputed_order(&folder);
    let config = Folder::new();
    config.write("sns.pem", text(&vector, "certificate"));
    let settings = "[accounts.shop]\ncountry = \"FR\"\nmerchant_id = \"A1EXAMPLE\"\n[disputes]\nsigning_certificate = \"sns.pem\"\n";
    let file = config.write("settle.toml", settings);
    let from = folder.path().to_str().unwrap().to_owned();
    let words = ["disputes", "--format", "json", "--config", file.to_str().unwrap(), "--from", &from];
    for member in ["notification_1", "notification_2"] {
        folder.write("note.json", vector[member].to_string());
        let run = settle_at(LATER, &words);
        assert_eq!(run.code, 0, "{}", run.err);
        let document = run.json();
        assert_eq!(list(&list(&document, "cases")[0], "dispute_ids")[0], "P02-1234567-0000001-B000001");
        assert!(!problem_codes(&document).contains(&"signature_unchecked"));
    }
    let forged = vector["notification_2"].to_string().replace("0000001-B000001", "0000001-B000002");
    for (bad, why) in [
        (forged, "its signature does not fit its text and the configured certificate"),
        (notification(SELLER, "n-1", "2026-10-20T08:30:00.000Z"), "it has no signature"),
    ] {
        folder.write("note.json", bad);
        let run = settle_at(LATER, &words);
        assert_eq!(run.code, 5, "{}", run.err);
        assert!(run.err.contains(why), "{}", run.err);
        let case = &list(&run.json(), "cases")[0].clone();
        assert_eq!((&case["respond_by"], text(case, "net")), (&Value::Null, "-100.00"), "money is from rows alone");
    }
    config.write("sns.pem", "no certificate");
    assert_eq!(settle_at(LATER, &words).code, 3);
}

#[test]
fn a_dispute_whose_capture_is_in_another_currency_or_unknown_says_so() {
    let folder = Folder::new();
    let lines = [
        Line::plain("2026-10-01T09:00:00 +0000", "Capture", "100.00").order("P02-1234567-0000001"),
        Line::plain("2026-10-21T10:00:00 +0000", "Chargeback", "-90.00").order("P02-1234567-0000001").currency("GBP"),
        Line::plain("2026-10-22T10:00:00 +0000", "A-to-z Guarantee Claim", "-5.00").order("P02-1234567-0000009"),
        Line::plain("2026-10-22T10:00:00 +0000", "Chargeback", "-7.00"),
        Line::plain("2026-10-23T10:00:00 +0000", "Adjustment", "-2.00").order("P02-1234567-0000009"),
    ];
    let period = ["2026-10-01T00:00:00 +0000", "2026-10-25T00:00:00 +0000"];
    folder.write("settlement.csv", settlement_file(SELLER, "7000000001", period, &lines));
    let document = disputes_at(LATER, folder.path(), &[]);
    let flags = |order: Value| {
        let case = list(&document, "cases").iter().find(|case| case["order_reference_id"] == order).unwrap();
        (case["flags"].clone(), text(case, "status").to_owned(), text(case, "net").to_owned())
    };
    let (found, _, net) = flags(json!("P02-1234567-0000001"));
    assert!(found.as_array().unwrap().contains(&json!("currency_differs")) && net == "-90.00", "{found}");
    let (found, status, net) = flags(json!("P02-1234567-0000009"));
    assert_eq!((found, status.as_str(), net.as_str()), (json!(["capture_unknown"]), "lost", "-7.00"));
    let (found, status, _) = flags(Value::Null);
    assert_eq!((found, status.as_str()), (json!(["capture_unknown", "unlinked"]), "unknown"));
}

#[test]
fn text_csv_and_json_say_the_same_figures() {
    let (folder, _) = rehearsed(1, &["DE"]);
    let from = folder.path().to_str().unwrap();
    let json = disputes_at(LATER, folder.path(), &["--by", "kind"]);
    let csv = settle_at(LATER, &["disputes", "--format", "csv", "--by", "kind", "--from", from]).out;
    let printed = settle_at(LATER, &["disputes", "--by", "kind", "--from", from]).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|known| known == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cases: Vec<_> = rows.iter().filter(|row| &row[column("section")] == "case").collect();
    assert_eq!(cases.len(), list(&json, "cases").len());
    for (row, case) in cases.iter().zip(list(&json, "cases")) {
        for member in ["case_id", "status", "disputed", "recovered", "fees", "net", "kind"] {
            assert_eq!(&row[column(member)], text(case, member));
        }
        let days = case["days_left"].as_i64().map(|days| days.to_string()).unwrap_or_default();
        assert_eq!(row[column("days_left")], days);
        assert!(printed.contains(text(case, "seller_order_id")));
    }
    let total = rows.iter().find(|row| &row[column("section")] == "total").unwrap();
    for member in ["net", "win_rate", "rate_by_count", "rate_by_amount", "net_recovery_rate"] {
        assert_eq!(&total[column(member)], text(&list(&json, "totals")[0], member));
    }
    let net = text(&list(&json, "totals")[0], "net");
    assert!(printed.contains(net) || printed.contains(&net.replacen("-1", "-1,", 1)), "{net} in\n{printed}");
    assert!(printed.contains("Reports carry no deadline and no reason code."));
}

/// What an independent reader sees in a calendar file: one line an event.
const READER: &str = r#"
import sys
import icalendar
calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
for event in calendar.walk("VEVENT"):
    alarms = [str(a["TRIGGER"].to_ical().decode()) for a in event.walk("VALARM")]
    start = event["DTSTART"].dt
    print(event["UID"], start.strftime("%Y-%m-%dT%H:%M:%S%z"), " ".join(alarms), str(event["SUMMARY"]), sep="|")
"#;

#[test]
fn an_independent_reader_reads_the_calendar() {
    let folder = Folder::new();
    disputed_order(&folder);
    folder.write("note.json", notification(SELLER, "n-1", "2026-10-20T08:30:00.000Z"));
    let from = folder.path().to_str().unwrap();
    let words = ["disputes", "--format", "ics", "--timezone", "Europe/Paris", "--from", from];
    let run = settle_at("2026-10-25T00:00:00Z", &words);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{}", run.out);
    assert_eq!(run.out.matches("BEGIN:VALARM").count(), 3);
    let later = settle_at("2026-10-26T00:00:00Z", &words).out;
    let uid = |text: &str| text.split("\r\n").find(|line| line.starts_with("UID:")).unwrap().to_owned();
    assert_eq!(uid(&run.out), uid(&later), "a calendar moves the event instead of adding one");

    let mut python = Command::new("python3");
    python.args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let seen = Command::new("python3").args(["-c", "import icalendar"]).output();
    if !seen.is_ok_and(|seen| seen.status.success()) {
        eprintln!("skipped: python3 with the package icalendar is not here");
        return;
    }
    let seen = support::run_with_input(&mut python, run.out.as_bytes());
    assert_eq!(seen.code, 0, "{}", seen.err);
    let expected = "P02-1234567-0000001-chargeback-EUR@A1EXAMPLE.settle|2026-10-31T09:30:00+0000|-P5D -P2D -PT4H|\
        Respond to chargeback on P02-1234567-0000001 (estimated)\n";
    assert_eq!(seen.out, expected);
    let empty = settle_at(LATER, &["disputes", "--open", "--format", "ics", "--from", from]).out;
    let mut python = Command::new("python3");
    python.args(["-c", READER]);
    assert_eq!(support::run_with_input(&mut python, empty.as_bytes()).out, "");
}

#[test]
fn evidence_is_a_folder_that_can_be_sent() {
    let (folder, answers) = rehearsed(1, &["FR"]);
    let place = Folder::new();
    let target = place.at("cases");
    let from = folder.path().to_str().unwrap();
    let answer = answers.iter().find(|answer| answer.double_loss && answer.kind == RowKind::Chargeback).unwrap();
    let id = format!("{}-chargeback-EUR", answer.order_reference_id);
    let words = ["disputes", "--from", from, "--evidence", target.to_str().unwrap(), "--case", &id];
    let run = settle_at(LATER, &words);
    assert_eq!(run.code, 0, "{}", run.err);
    let names: Vec<_> = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [OsString::from(&id)], "only the case that was asked for");
    let read = |name: &str| fs::read_to_string(target.join(&id).join(name)).unwrap();
    let checklist = read("checklist.md");
    for wanted in [answer.order_reference_id.as_str(), &answer.capture_id, "- [ ] TrackingNumber", "your refund"] {
        assert!(checklist.contains(wanted), "{wanted} in\n{checklist}");
    }
    let rows = read("rows.csv");
    let excerpts: Vec<String> = fs::read_dir(target.join(&id).join("sources"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for (file, line) in &answer.rows {
        assert!(rows.contains(&format!("{file},{line},")), "{file}:{line} in\n{rows}");
        let source = fs::read_to_string(folder.at(file)).unwrap();
        let original = source.split('\n').nth(line - 1).unwrap();
        assert!(excerpts.iter().any(|excerpt| excerpt.contains(original)), "{original}");
    }
    let everything = excerpts.concat() + &checklist + &rows;
    assert!(!everything.contains("@example.com"), "no buyer is named");
    let unknown = settle_at(LATER, &["disputes", "--from", from, "--case", "no-such-case"]);
    assert_eq!(unknown.code, 2, "{}", unknown.err);
}

#[test]
fn a_summary_is_as_it_was_when_it_was_read_by_a_person() {
    let folder = root().join("tests/disputes");
    for name in ["cases", "month"] {
        let words = match name {
            "month" => {
                vec!["disputes", "--from", "tests/disputes/input", "--timezone", "Europe/Paris", "--month", "2026-11"]
            }
            _ => vec!["disputes", "--from", "tests/disputes/input", "--timezone", "Europe/Paris", "--by", "kind", "-v"],
        };
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("tests/disputes/input", folder.join("input").to_str().unwrap()))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let run = settle_at("2026-11-12T09:00:00Z", &words);
        assert_eq!(run.code, 0, "{}", run.err);
        let printed = run.out.replace(root().to_str().unwrap(), "");
        let golden = folder.join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &printed).unwrap();
        }
        assert_eq!(printed, fs::read_to_string(&golden).unwrap(), "UPDATE_GOLDEN=1 rewrites it");
    }
}

#[test]
fn the_vendors_own_notifications_are_read() {
    let folder = root().join("../shared/samples/amazon-pay");
    let sample = folder.join("ipn-v1-chargeback-service.json");
    if !sample.exists() {
        eprintln!("skipped: the public samples are not here");
        return;
    }
    let document = disputes_at("2017-08-31T00:00:00Z", &sample, &[]);
    let case = &list(&document, "cases")[0];
    assert_eq!((text(case, "status"), text(case, "reason")), ("open", "Generic Service Chargeback"));
    assert_eq!((text(case, "claimed"), text(case, "currency")), ("100.00", "USD"));
    assert_eq!((text(case, "respond_by"), case["days_left"].as_i64()), ("2017-09-10T14:29:18.833+00:00", Some(10)));
    assert_eq!((text(case, "respond_by_basis"), units(text(case, "net"))), ("estimated", 0));
}

#[test]
fn what_no_command_can_mean_is_a_usage_error() {
    let from = root().join("sample_reports/shop-de");
    let from = from.to_str().unwrap();
    for words in [
        vec!["report", "--month", "2026-09", "--format", "ics", "--from", from],
        vec!["disputes", "--status", "maybe", "--from", from],
        vec!["disputes", "--due-within", "soon", "--from", from],
        vec!["disputes", "--by", "colour", "--from", from],
        vec!["disputes", "--open", "--status", "won", "--from", from],
        vec!["disputes", "--month", "2026-13", "--from", from],
    ] {
        assert_eq!(settle_at(LATER, &words).code, 2, "{words:?}");
    }
}
