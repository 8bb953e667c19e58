//! What comes after a close, from outside: a closed month stays as it was, what changes about it counts in the next
//! one, journals can be corrected, and people decide which of two documents counts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;
use settle::cli::{StopFlag, Terminal, World};
use settle::config::Surroundings;
use settle::domain::FixedClock;
use settle::rehearsal::{Plan, invent};
use support::{
    Folder, Line, Run, SELLER, account, amount, assert_ties, list, movement, only_account, problem_codes,
    september_files, settlement_file, text, units,
};

/// Every preset that writes entries.
const BOOKED: [&str; 9] = ["journal", "fec", "datev", "sie", "hledger", "beancount", "xero", "quickbooks", "freeagent"];
const LANGUAGES: [&str; 10] = ["en", "fr", "de", "it", "es", "nl", "sv", "pt", "hu", "da"];
/// When nothing else is asked for.
const NOW: &str = "2026-12-10T12:00:00Z";

/// A merchant's folder: a configuration and an archive.
struct Shop {
    folder: Folder,
}

impl Shop {
    fn new() -> Self {
        Self::with("[reporting]\ntimezone = \"UTC\"\n")
    }

    fn with(config: &str) -> Self {
        let shop = Self { folder: Folder::new() };
        shop.configure(config);
        shop
    }

    fn configure(&self, config: &str) {
        self.folder.write("settle.toml", format!("data_dir = \"data\"\n{config}"));
    }

    /// Runs the program in this process, at a time of the test's own.
    fn at(&self, now: &str, words: &[&str]) -> Run {
        let now: DateTime<Utc> = now.parse().unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut world = World {
            stdin: &mut std::io::empty(),
            stdout: &mut out,
            stderr: &mut err,
            surroundings: Surroundings::new(BTreeMap::new(), self.folder.path().to_owned()),
            program: "settle".into(),
            clock: &FixedClock(now),
            catch_signals: &StopFlag::default,
            start_log: &|_| {},
            terminal: Terminal::default(),
            workers: NonZeroUsize::MIN,
        };
        let config = self.folder.at("settle.toml");
        let arguments = [&["settle"], words, &["-c", config.to_str().unwrap()]].concat();
        let code = settle::cli::run(arguments.iter().map(|word| (*word).into()), &mut world).number();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Run { code: code.into(), out: text(out), err: text(err) }
    }

    fn run(&self, words: &[&str]) -> Run {
        self.at(NOW, words)
    }

    #[track_caller]
    fn done(&self, words: &[&str], code: i32) -> Run {
        let done = self.run(words);
        assert_eq!(done.code, code, "{words:?}: {}\n{}", done.err, done.out);
        done
    }

    /// Brings a file in; its state.
    fn import(&self, name: &str, text: &str) -> String {
        self.import_at(NOW, name, text)
    }

    fn import_at(&self, now: &str, name: &str, text: &str) -> String {
        let path = self.folder.write(&format!("in/{name}"), text);
        let done = self.at(now, &["import", "--format", "json", path.to_str().unwrap()]);
        let state = done.json()["files"][0]["state"].as_str().map(str::to_owned);
        state.unwrap_or_else(|| panic!("{done:?}"))
    }

    /// Closes a month whatever stands against it.
    fn close(&self, month: &str) -> Value {
        let tried = self.run(&["close", month, "--format", "json"]);
        if tried.code == 0 {
            return tried.json();
        }
        let findings = tried.json();
        let mut words = vec!["close".to_owned(), month.to_owned(), "--format".to_owned(), "json".to_owned()];
        for finding in list(&findings, "findings") {
            words.extend(["--accept".to_owned(), text(finding, "code").to_owned()]);
        }
        words.extend(["--reason".to_owned(), "a test".to_owned()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.done(&words, 0).json()
    }

    fn report(&self, month: &str, words: &[&str]) -> Run {
        self.run(&[&["report", "--month", month, "--format", "json"], words].concat())
    }

    fn statement(&self, month: &str) -> Value {
        let done = self.report(month, &[]);
        assert!(done.code == 0 || done.code == 5, "{done:?}");
        let statement = done.json();
        assert_ties(&statement);
        assert_bridges(&statement);
        statement
    }

    /// The lines of a journal as signed amounts: account, text, piece, currency, cents.
    fn journal(&self, words: &[&str]) -> Vec<BTreeMap<String, String>> {
        let target = self.folder.at("journal.csv");
        let _ = fs::remove_file(&target);
        let preset = ["export", "--preset", "journal", "-o", target.to_str().unwrap()];
        let done = self.run(&[&preset, words].concat());
        assert!(done.code == 0 || done.code == 5, "{words:?} {done:?}");
        if !target.exists() {
            return Vec::new();
        }
        let mut reader = csv::Reader::from_path(&target).unwrap();
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let row = |row: Result<csv::StringRecord, _>| {
            names.iter().cloned().zip(row.unwrap().iter().map(str::to_owned)).collect()
        };
        reader.records().map(row).collect()
    }
}

/// `closed_balance + net = opening_balance`, and the adjustments add up.
#[track_caller]
fn assert_bridges(statement: &Value) {
    for account in list(statement, "accounts") {
        let Some(prior) = account.get("prior_period") else { continue };
        let adjusted: i128 = list(prior, "adjustments").iter().map(|line| amount(line, "net")).sum();
        assert_eq!(adjusted, amount(prior, "net"), "{account:#}");
        assert_eq!(amount(prior, "closed_balance") + adjusted, amount(account, "opening_balance"), "{account:#}");
    }
}

fn prior(statement: &Value) -> &Value {
    &only_account(statement)["prior_period"]
}

/// Month, kind, count and net of every adjustment.
fn adjustments(prior: &Value) -> Vec<(String, String, i64, String)> {
    let line = |line: &Value| {
        let [month, kind, net] = ["month", "kind", "net"].map(|name| text(line, name).to_owned());
        (month, kind, line["count"].as_i64().unwrap(), net)
    };
    list(prior, "adjustments").iter().map(line).collect()
}

fn adjustment(month: &str, kind: &str, count: i64, net: &str) -> (String, String, i64, String) {
    (month.to_owned(), kind.to_owned(), count, net.to_owned())
}

/// What an entry says on an account, without the words that a correction puts before it; signed.
fn postings(journal: &[BTreeMap<String, String>], sign: i128) -> BTreeMap<(String, String, String), i128> {
    let mut sums = BTreeMap::new();
    for line in journal {
        let cents = |name: &str| if line[name].is_empty() { 0 } else { units(&line[name]) };
        let corrects = ["Adjusts ", "Reverses "].iter().any(|word| line["label"].starts_with(word));
        let label = line["label"].split_once(": ").filter(|_| corrects);
        let label = label.map_or(line["label"].as_str(), |(_, label)| label).to_owned();
        let key = (line["account"].clone(), line["currency"].clone(), label);
        *sums.entry(key).or_insert(0) += sign * (cents("debit") - cents("credit"));
    }
    sums
}

fn merged(
    parts: impl IntoIterator<Item = BTreeMap<(String, String, String), i128>>,
) -> BTreeMap<(String, String, String), i128> {
    let mut all = BTreeMap::new();
    for (key, value) in parts.into_iter().flatten() {
        *all.entry(key).or_insert(0) += value;
    }
    all.retain(|_, value| *value != 0);
    all
}

fn capture(posted: &str, order: &str, net: &str) -> Line {
    Line::plain(posted, "Capture", net).order(order)
}

fn october() -> String {
    let lines = [
        Line::plain("2026-10-01T15:16:34 +0000", "Reserve", "20.00"),
        capture("2026-10-05T09:00:00 +0000", "P02-10", "40.00"),
        Line::plain("2026-11-01T14:57:34 +0000", "Reserve", "-20.00"),
    ];
    settlement_file(SELLER, "7000000004", ["2026-10-01T15:00:44 +0000", "2026-11-01T14:59:44 +0000"], &lines)
}

/// A shop that closed September without its second settlement, which came after.
fn late() -> Shop {
    let shop = Shop::new();
    let [first, second, third] = september_files();
    for (name, text) in [first, third] {
        assert_eq!(shop.import(name, &text), "imported");
    }
    shop.close("2026-09");
    assert_eq!(shop.import(second.0, &second.1), "imported");
    shop.import("settlement-4.csv", &october());
    shop
}

#[test]
fn a_closed_month_stays_as_it_was_closed() {
    let shop = Shop::new();
    let [first, second, third] = september_files();
    for (name, text) in [first, third] {
        shop.import(name, &text);
    }
    let commands: [&[&str]; 5] = [
        &["report", "--month", "2026-09", "--format", "json"],
        &["report", "--month", "2026-09", "--format", "csv"],
        &["disputes", "--month", "2026-09", "--format", "json"],
        &["reconcile", "--month", "2026-09", "--format", "json"],
        &["export", "--month", "2026-09", "--preset", "journal"],
    ];
    shop.close("2026-09");
    let closed = commands.map(|words| shop.run(words));
    shop.import(second.0, &second.1);
    shop.import("settlement-4.csv", &october());
    for (words, closed) in commands.iter().zip(&closed) {
        let now = shop.run(words);
        assert_eq!(now.code, closed.code, "{words:?} {now:?}");
        if words.contains(&"export") {
            assert_eq!(now.out, closed.out, "{words:?}");
        } else if words.contains(&"json") {
            let [mut now, mut closed] = [&now, closed].map(Run::json);
            for document in [&mut now, &mut closed] {
                document.as_object_mut().unwrap().remove("problems");
            }
            assert_eq!(now, closed, "{words:?}");
        }
        assert!(now.err.contains("2026-09 was closed"), "{words:?}: {}", now.err);
    }
    let (before, after) = (closed[0].json(), shop.report("2026-09", &[]).json());
    for member in ["accounts", "closed", "checks", "disputes", "sources", "status", "coverage"] {
        assert_eq!(before[member], after[member], "{member}");
    }
    assert_eq!(text(&after["closed"], "month"), "2026-09");
    assert_eq!(text(&after["closed"], "closed_at"), "2026-12-10T12:00:00+00:00");
    assert_eq!(problem_codes(&after).iter().filter(|code| **code == "closed_month").count(), 1);
    assert!(!problem_codes(&before).contains(&"closed_month"));
    let told = shop.report("2026-09", &[]).err;
    assert!(told.contains("1 later document concerns it or an earlier month: it counts in 2026-10"), "{told}");
    let recomputed = shop.report("2026-09", &["--recomputed"]).json();
    assert!(recomputed.get("closed").is_none());
    assert_eq!(text(movement(only_account(&recomputed), "refund").unwrap(), "net"), "-9.73");
    assert!(movement(only_account(&after), "refund").is_none());
}

#[test]
fn a_late_report_is_an_adjustment_of_the_month_after() {
    let shop = late();
    let (september, october) = (shop.statement("2026-09"), shop.statement("2026-10"));
    let prior = prior(&october);
    assert_eq!(text(prior, "closed_month"), "2026-09");
    assert_eq!(prior["closed_balance"], only_account(&september)["closing_balance"]);
    let expected = [
        adjustment("2026-09", "refund", 1, "-9.73"),
        adjustment("2026-09", "chargeback", 1, "-20.00"),
        adjustment("2026-09", "dispute", 1, "-15.00"),
    ];
    assert_eq!(adjustments(prior), expected);
    assert_eq!(text(&list(prior, "adjustments")[0], "percentage_fee"), "0.27");
    // Nothing closed, nothing adjusted; and a month further on there is nothing new.
    assert!(only_account(&september).get("prior_period").is_none());
    assert!(shop.statement("2026-11")["accounts"].as_array().unwrap().iter().all(|a| a.get("prior_period").is_none()));
    // The next close freezes the adjustments with the month.
    shop.close("2026-10");
    let frozen = shop.statement("2026-10");
    assert_eq!(frozen["accounts"], october["accounts"]);
    shop.import(
        "settlement-0.csv",
        &settlement_file(
            SELLER,
            "6999999999",
            ["2026-07-30T15:00:44 +0000", "2026-08-30T14:59:44 +0000"],
            &[
                Line::plain("2026-07-30T15:16:34 +0000", "Reserve", "4.00"),
                capture("2026-08-02T09:00:00 +0000", "P02-8", "20.00"),
                Line::plain("2026-08-30T14:57:34 +0000", "Reserve", "-24.00"),
            ],
        ),
    );
    assert_eq!(shop.statement("2026-10")["accounts"], frozen["accounts"]);
    // A month before the first close is sealed by it, too.
    let november = shop.statement("2026-11");
    assert_eq!(
        adjustments(self::prior(&november)),
        [adjustment("2026-07", "opening_balance", 0, "-20.00"), adjustment("2026-08", "capture", 1, "20.00")]
    );
    assert_eq!(text(&shop.statement("2026-08")["closed"], "month"), "2026-09");
}

#[test]
fn adjustments_stand_in_every_form_and_language() {
    let shop = late();
    for language in LANGUAGES {
        for format in ["text", "html", "xlsx"] {
            let target = shop.folder.at(&format!("october-{language}.{format}"));
            let words = ["report", "--month", "2026-10", "--language", language, "--format", format, "-o"];
            let done = shop.run(&[&words[..], &[target.to_str().unwrap()]].concat());
            assert_eq!(done.code, 0, "{done:?}");
            if format != "xlsx" {
                let page = fs::read_to_string(&target).unwrap();
                let machine = language == "en" || format == "html";
                let nine = if machine { "-9.73" } else { "-9,73" };
                assert!(page.contains(nine), "{language} {format}");
            }
        }
    }
    let text = shop.done(&["report", "--month", "2026-10"], 0).out;
    assert!(text.contains("Balance as closed, 2026-09"), "{text}");
    assert!(text.contains("2026-09: Chargebacks"), "{text}");
    let closed = shop.run(&["report", "--month", "2026-09"]).out;
    assert!(closed.contains("closed on 2026-12-10T12:00:00+00:00"), "{closed}");
    let csv = shop.done(&["report", "--month", "2026-10", "--format", "csv"], 0).out;
    assert!(csv.contains("prior_period,A1EXAMPLE,EUR,chargeback,,2026-09,,1,-20.00,0.00,0.00,0.00,-20.00"), "{csv}");
    assert!(csv.contains("prior_period,A1EXAMPLE,EUR,net,,2026-09"), "{csv}");
    use calamine::{Reader, Xlsx, open_workbook};
    let mut book: Xlsx<_> = open_workbook(shop.folder.at("october-en.xlsx")).unwrap();
    let sheet = book.worksheet_range("Summary").unwrap();
    let row = sheet.rows().find(|row| row[2].to_string().contains("Chargebacks")).unwrap();
    assert_eq!((row[3].to_string(), row[8].to_string()), ("1".to_owned(), "-20".to_owned()));
    let closing = sheet.rows().find(|row| row[2] == calamine::Data::String("Closing balance".to_owned())).unwrap();
    let stated = only_account(&shop.statement("2026-10"))["closing_balance"].clone();
    assert_eq!(units(&closing[8].to_string()), units(stated.as_str().unwrap()));
}

/// The second settlement with a refund of another amount.
fn reissued() -> String {
    let [_, second, _] = september_files();
    second
        .1
        .replace("\"-10.00\",\"0.27\",\"0.00\",\"0.27\",\"-9.73\"", "\"-11.00\",\"0.30\",\"0.00\",\"0.30\",\"-10.70\"")
}

fn whole_september() -> Shop {
    let shop = Shop::new();
    for (name, text) in september_files() {
        shop.import_at("2026-10-02T08:00:00Z", name, &text);
    }
    shop
}

#[test]
fn a_conflict_is_open_until_somebody_decides() {
    let shop = whole_september();
    assert_eq!(shop.import_at("2026-10-09T08:00:00Z", "again.csv", &reissued()), "conflict");
    let listed = shop.done(&["resolve", "--format", "json"], 5).json();
    let conflict = &list(&listed, "conflicts")[0];
    assert_eq!((text(conflict, "state"), text(conflict, "settlement_id")), ("open", "7000000002"));
    let rivals = list(conflict, "documents");
    assert_eq!(rivals.len(), 2);
    assert_eq!(rivals[0]["counts"], true);
    assert_eq!((rivals[1]["rows_only_here"].as_u64(), rivals[1]["rows_lacking"].as_u64()), (Some(1), Some(1)));
    let nets: Vec<&str> = rivals.iter().map(|rival| text(&rival["net"][0], "net")).collect();
    assert!(nets.contains(&"-44.73") && nets.contains(&"-45.70"), "{nets:?}");
    assert!(rivals.iter().any(|rival| rival["imported_at"] == "2026-10-09T08:00:00Z"), "{rivals:?}");
    assert_eq!(shop.report("2026-09", &[]).code, 5);
    let newer = rivals.iter().find(|rival| rival["file"] == "again.csv").unwrap();
    let older = rivals.iter().find(|rival| rival["file"] != "again.csv").unwrap();
    for (kept, refund) in [(newer, "-10.70"), (older, "-9.73")] {
        let prefix = &text(kept, "sha256")[..6];
        let done = shop.done(&["resolve", "7000000002", "--keep", prefix, "--reason", "checked, by phone"], 0);
        assert!(done.out.contains("checked, by phone"), "{}", done.out);
        let report = shop.report("2026-09", &[]);
        assert_eq!(report.code, 0, "{report:?}");
        let statement = report.json();
        assert_eq!(text(movement(only_account(&statement), "refund").unwrap(), "net"), refund);
        assert_eq!(problem_codes(&statement).iter().filter(|code| **code == "conflict_decided").count(), 1);
        let decided =
            &list(&statement, "problems").iter().find(|p| p["code"] == "conflict_decided").unwrap()["message"];
        assert!(decided.as_str().unwrap().contains("decided on 2026-12-10: checked, by phone"), "{decided}");
    }
    let events = fs::read_to_string(shop.folder.at("data/events.jsonl")).unwrap();
    assert_eq!(events.matches("\"resolve\"").count(), 2, "{events}");
    // Files read directly know of no decision.
    let files = shop.run(&["report", "--month", "2026-09", "--from", shop.folder.at("in").to_str().unwrap()]);
    assert_eq!(files.code, 5);
}

#[test]
fn a_third_document_is_a_new_conflict_unless_a_rule_decides() {
    let shop = whole_september();
    shop.import_at("2026-10-09T08:00:00Z", "again.csv", &reissued());
    let listed = shop.run(&["resolve", "--format", "json"]).json();
    let kept = text(&listed["conflicts"][0]["documents"][0], "sha256").to_owned();
    shop.done(&["resolve", "7000000002", "--keep", &kept], 0);
    let third = reissued().replace("-10.70", "-10.69").replace("0.30", "0.31");
    assert_eq!(shop.import_at("2026-10-12T08:00:00Z", "third.csv", &third), "conflict");
    assert_eq!(shop.report("2026-09", &[]).code, 5, "it was not among those compared");
    shop.done(&["resolve", "7000000002", "--keep", "newer"], 0);
    let refund = |statement: &Value| text(movement(only_account(statement), "refund").unwrap(), "net").to_owned();
    assert_eq!(refund(&shop.statement("2026-09")), "-10.69");
    let fourth = reissued().replace("-10.70", "-10.68").replace("0.30", "0.32");
    let path = shop.folder.write("in/fourth.csv", &fourth);
    let dry = shop.at("2026-10-13T08:00:00Z", &["import", "--dry-run", "--format", "json", path.to_str().unwrap()]);
    assert_eq!(dry.json()["files"][0]["state"], "replaces", "{dry:?}");
    let done = shop.at("2026-10-13T08:00:00Z", &["import", path.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("counts in place of"), "{}", done.out);
    assert_eq!(refund(&shop.statement("2026-09")), "-10.68");
    // The one that has more rows counts already; a smaller one is kept beside it.
    shop.done(&["resolve", "7000000002", "--keep", "larger"], 0);
    let smaller: String = third.lines().filter(|line| !line.contains("Chargeback")).map(|l| format!("{l}\n")).collect();
    assert_eq!(shop.import("smaller.csv", &smaller), "imported");
    assert_eq!(shop.report("2026-09", &[]).code, 0);
}

#[test]
fn a_wrong_settlement_or_document_is_told_with_what_there_is() {
    let shop = whole_september();
    let none = shop.done(&["resolve"], 0);
    assert!(none.out.contains("No settlement is there twice"), "{}", none.out);
    shop.import("again.csv", &reissued());
    let wrong = shop.done(&["resolve", "7000000009"], 2);
    assert!(wrong.err.contains("7000000002"), "{}", wrong.err);
    let wrong = shop.done(&["resolve", "7000000002", "--keep", "ffffffff"], 2);
    assert!(wrong.err.contains("again.csv") && wrong.err.contains("settlement-2.csv"), "{}", wrong.err);
    let unsaid = shop.done(&["resolve", "7000000002", "--keep", "a"], 2);
    assert!(unsaid.err.contains("is none of its documents"), "{}", unsaid.err);
    shop.done(&["resolve", "--keep", "newer"], 2);
    shop.done(&["resolve", "7000000002"], 5);
    assert!(!fs::read_to_string(shop.folder.at("data/events.jsonl")).unwrap().contains("\"resolve\""));
}

#[test]
fn a_decision_about_a_closed_month_counts_in_the_next_one() {
    let shop = whole_september();
    shop.import("settlement-4.csv", &october());
    shop.close("2026-09");
    let closed = shop.statement("2026-09");
    shop.import("again.csv", &reissued());
    shop.done(&["resolve", "7000000002", "--keep", "newer"], 0);
    assert_eq!(shop.statement("2026-09")["accounts"], closed["accounts"]);
    assert_eq!(shop.report("2026-09", &[]).code, 0);
    let october = shop.statement("2026-10");
    assert_eq!(adjustments(prior(&october)), [adjustment("2026-09", "refund", 0, "-0.97")]);
    let listed = shop.run(&["resolve", "--format", "json"]).json();
    assert_eq!(list(&listed["conflicts"][0], "closed_months")[0], "2026-09");
    // Closed with that decision, October stays even where it is decided otherwise.
    shop.close("2026-10");
    let older = &listed["conflicts"][0]["documents"][1];
    shop.done(&["resolve", "7000000002", "--keep", text(older, "sha256")], 0);
    assert_eq!(shop.statement("2026-10")["accounts"], october["accounts"]);
    assert_eq!(adjustments(prior(&shop.statement("2026-11"))), [adjustment("2026-09", "refund", 0, "0.97")]);
}

#[test]
fn a_row_that_moved_to_another_month_leaves_the_closed_one_by_an_adjustment() {
    let shop = whole_september();
    shop.import("settlement-4.csv", &october());
    shop.close("2026-09");
    let [_, _, third] = september_files();
    let moved = third.1.replace("2026-09-22T06:00:00", "2026-10-01T06:00:00");
    shop.import("moved.csv", &moved);
    shop.done(&["resolve", "7000000003", "--keep", "newer"], 0);
    let october = shop.statement("2026-10");
    assert_eq!(adjustments(prior(&october)), [adjustment("2026-09", "unknown", -1, "1.00")]);
    assert_eq!(text(movement(only_account(&october), "unknown").unwrap(), "net"), "-1.00");
    let diff = shop.done(&["diff", "--month", "2026-09", "--format", "json"], 5).json();
    assert_eq!((diff["counts"]["only_before"].as_u64(), diff["counts"]["only_after"].as_u64()), (Some(1), Some(0)));
    let whole = shop.done(&["diff", "--settlement", "7000000003", "--format", "json"], 5).json();
    assert_eq!(list(&whole, "rows")[0]["state"], "only_before");
    // Where the bytes of a document are gone, its rows are still there.
    let hash = text(&whole["after"]["documents"][0], "sha256");
    fs::remove_file(shop.folder.at(&format!("data/raw/{}/{hash}", &hash[..2]))).unwrap();
    assert_eq!(shop.statement("2026-10")["accounts"], october["accounts"]);
}

/// Files of a shop with one settlement a month, in a currency and with an offset of its own.
fn monthly(seller: &str, currency: &str, month: u32, net: &str) -> String {
    let id = format!("80000000{month:02}");
    let (start, end) = (format!("2026-{month:02}-01T00:00:00 +0200"), format!("2026-{month:02}-28T23:59:59 +0200"));
    let row = capture(&format!("2026-{month:02}-01T00:30:00 +0200"), &format!("P02-{month}"), net).currency(currency);
    settlement_file(seller, &id, [&start, &end], &[row])
}

#[test]
fn accounts_in_several_zones_and_currencies_are_adjusted_each_by_itself() {
    let config = "[accounts.fr]\ncountry = \"FR\"\nmerchant_id = \"A1FR\"\nsource = \"import\"\n\
                  [accounts.gb]\ncountry = \"GB\"\nmerchant_id = \"A1GB\"\nsource = \"import\"\n\
                  [accounts.se]\ncountry = \"SE\"\nmerchant_id = \"A1SE\"\nsource = \"import\"\n";
    let shop = Shop::with(config);
    shop.import("fr-8.csv", &monthly("A1FR", "EUR", 8, "10.00"));
    shop.import("gb-8.csv", &monthly("A1GB", "GBP", 8, "20.00"));
    shop.close("2026-09");
    shop.import("fr-9.csv", &monthly("A1FR", "EUR", 9, "1.00"));
    // 00:30 in Paris on the first of October is still September in London.
    shop.import("gb-10.csv", &monthly("A1GB", "GBP", 10, "2.00"));
    shop.import("fr-10.csv", &monthly("A1FR", "EUR", 10, "3.00"));
    shop.import("se-10.csv", &monthly("A1SE", "SEK", 10, "5.00"));
    let october = shop.statement("2026-10");
    let lines = |name, currency| adjustments(&account(&october, name, currency)["prior_period"]);
    assert_eq!(lines("fr", "EUR"), [adjustment("2026-09", "capture", 1, "1.00")]);
    assert_eq!(lines("gb", "GBP"), [adjustment("2026-09", "capture", 1, "2.00")]);
    assert!(account(&october, "se", "SEK").get("prior_period").is_none(), "it begins in October");
    // A zone that changes after the close moves rows between months, and the bridge says so.
    shop.configure(&format!("{config}[reporting]\ntimezone = \"UTC\"\n"));
    let in_utc = shop.statement("2026-10");
    let lines = adjustments(&account(&in_utc, "fr", "EUR")["prior_period"]);
    assert_eq!(lines, [adjustment("2026-09", "capture", 1, "1.00"), adjustment("2026-10", "capture", 1, "3.00")]);
}

#[test]
fn an_account_that_is_silent_in_the_month_still_has_its_adjustment() {
    let shop = Shop::new();
    shop.import("8.csv", &monthly("A1FR", "EUR", 8, "10.00"));
    shop.close("2026-09");
    shop.import("7.csv", &monthly("A1FR", "EUR", 7, "4.00"));
    let october = shop.statement("2026-10");
    let account = only_account(&october);
    assert_eq!(text(&october, "status"), "incomplete");
    assert_eq!((text(account, "opening_balance"), text(account, "closing_balance")), ("14.00", "14.00"));
    // 00:30 in Paris on the first of July is June in UTC.
    assert_eq!(adjustments(&account["prior_period"]), [adjustment("2026-06", "capture", 1, "4.00")]);
    let october = shop.journal(&["--month", "2026-10"]);
    assert_eq!(october.len(), 2, "{october:?}");
}

#[test]
fn a_reopened_month_is_as_it_would_be_now() {
    let shop = late();
    shop.done(&["reopen", "2026-09", "--reason", "a late report"], 0);
    let september = shop.statement("2026-09");
    assert!(september.get("closed").is_none());
    assert_eq!(text(movement(only_account(&september), "refund").unwrap(), "net"), "-9.73");
    assert!(only_account(&shop.statement("2026-10")).get("prior_period").is_none());
    shop.close("2026-09");
    assert!(list(prior(&shop.statement("2026-10")), "adjustments").is_empty());
}

#[test]
fn the_pack_of_a_month_carries_its_adjustments_and_is_made_again_the_same() {
    let shop = late();
    shop.close("2026-10");
    let target = shop.folder.at("again.zip");
    let again = shop.done(&["close", "2026-10", "--format", "json", "-o", target.to_str().unwrap()], 0).json();
    assert_eq!(again["same_again"], true, "{again:#}");
    let mut pack = zip::ZipArchive::new(fs::File::open(&target).unwrap()).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut pack.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let sealed: Value = serde_json::from_str(&read("statement.json")).unwrap();
    assert!(sealed.get("closed").is_none(), "a pack knows no clock");
    let frozen = shop.statement("2026-10");
    assert_eq!(sealed["accounts"], frozen["accounts"]);
    assert_eq!(list(prior(&sealed), "adjustments").len(), 3);
    let journal = read("journal.csv");
    assert!(journal.contains("Adjusts 2026-09: Amazon Pay refund"), "{journal}");
    let exported = shop.done(&["export", "--month", "2026-10", "--preset", "journal"], 0).out;
    assert_eq!(journal, exported);
}

#[test]
fn closed_plus_delta_is_recomputed_in_the_journal() {
    let shop = late();
    let closed = shop.journal(&["--month", "2026-09"]);
    let recomputed = shop.journal(&["--month", "2026-09", "--recomputed"]);
    let delta = shop.journal(&["--delta", "2026-09"]);
    assert!(!delta.is_empty() && delta.iter().all(|line| line["date"] == "2026-10-01"), "{delta:?}");
    assert_eq!(merged([postings(&closed, 1), postings(&delta, 1)]), merged([postings(&recomputed, 1)]));
    // October has them, too, and on the same day.
    let october = shop.journal(&["--month", "2026-10"]);
    let adjusting: Vec<_> =
        october.iter().filter(|line| line["label"].starts_with("Adjusts 2026-09")).cloned().collect();
    assert_eq!(merged([postings(&adjusting, 1)]), merged([postings(&delta, 1)]));
    // Nothing has changed about a month that was closed whole.
    shop.close("2026-10");
    let told = shop.done(&["export", "--delta", "2026-10", "--preset", "journal"], 0);
    assert!(told.out.is_empty() && told.err.contains("nothing has changed about 2026-10"), "{told:?}");
    shop.done(&["export", "--delta", "2026-11", "--preset", "journal"], 2);
    shop.done(&["export", "--delta", "2026-09", "--preset", "transactions"], 2);
}

#[test]
fn every_journal_carries_the_corrections() {
    let shop = late();
    shop.configure(
        "[reporting]\ntimezone = \"UTC\"\n[export]\nchart = \"skr03\"\nxero_tax_rate = \"No VAT\"\nsiren = \"123456789\"\n",
    );
    for preset in BOOKED {
        for by in ["transaction", "day", "month"] {
            let both = [["--month", "2026-10"], ["--delta", "2026-09"]].map(|which| {
                let done = shop.run(&[&["export", "--preset", preset, "--by", by][..], &which].concat());
                assert_eq!(done.code, 0, "{preset} {by}: {done:?}");
                assert!(done.err.contains("correct months that were closed"), "{preset} {by}: {}", done.err);
                done.out
            });
            assert!(both.iter().all(|file| file.contains("2026-09")), "{preset} {by}: {both:?}");
        }
    }
    let folder = shop.folder.at("exports");
    fs::create_dir_all(&folder).unwrap();
    shop.done(&["export", "--delta", "2026-09", "--preset", "datev", "-o", folder.to_str().unwrap()], 0);
    let names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["EXTF_AmazonPay_A1EXAMPLE_EUR_202610_delta-2026-09_1.csv"]);
}

#[test]
fn two_files_are_compared_row_by_row() {
    let shop = whole_september();
    let [first, second, _] = september_files();
    let [a, b] = [("a.csv", second.1.clone()), ("b.csv", reissued())].map(|(name, text)| shop.folder.write(name, text));
    let [a, b] = [a.to_str().unwrap(), b.to_str().unwrap()];
    let done = shop.done(&["diff", a, b, "--format", "json"], 5).json();
    assert_eq!(text(&done, "schema"), "settle.diff/1");
    let counts = &done["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!((count("same"), count("changed"), count("only_before"), count("only_after")), (4, 1, 0, 0));
    let row = &list(&done, "rows")[0];
    assert_eq!(row["changed"], serde_json::json!(["amount", "percentage_fee", "fee", "net"]));
    assert_eq!((text(&row["before"], "net"), text(&row["after"], "net")), ("-9.73", "-10.70"));
    let refund = list(&done, "totals").iter().find(|total| total["kind"] == "refund").unwrap();
    assert_eq!(text(&refund["difference"], "net"), "-0.97");
    let text = shop.done(&["diff", a, b], 5).out;
    assert!(text.contains("4 rows are the same, 1 changed, 0 only before, 0 only after"), "{text}");
    let csv = shop.done(&["diff", a, b, "--format", "csv"], 5).out;
    assert!(csv.contains("row,changed,after") && csv.contains("total,,difference"), "{csv}");
    shop.done(&["diff", a, b, "--format", "xlsx"], 2);
    let same = shop.done(&["diff", a, a], 0).out;
    assert!(same.contains("both are the same bytes") && same.contains("No difference: 5 rows are the same."), "{same}");
    // Identical rows are a multiset, and the order of rows says nothing.
    let doubled = first.1.lines().fold(String::new(), |mut text, line| {
        text.push_str(line);
        text.push('\n');
        if line.contains("\"Capture\"") {
            text.push_str(line);
            text.push('\n');
        }
        text
    });
    let [one, two] = [("one.csv", first.1), ("two.csv", doubled)].map(|(name, text)| shop.folder.write(name, text));
    let two = shop.done(&["diff", one.to_str().unwrap(), two.to_str().unwrap(), "--format", "json"], 5).json();
    assert_eq!((two["counts"]["only_after"].as_u64(), two["counts"]["same"].as_u64()), (Some(1), Some(4)));
}

#[test]
fn documents_of_the_archive_are_compared_by_settlement_hash_and_month() {
    let shop = whole_september();
    shop.done(&["diff", "--settlement", "7000000002"], 2);
    shop.import_at("2026-10-09T08:00:00Z", "again.csv", &reissued());
    let done = shop.done(&["diff", "--settlement", "7000000002", "--format", "json"], 5).json();
    assert_eq!(done["before"]["documents"][0]["file"], "settlement-2.csv");
    let [before, after] = ["before", "after"].map(|side| text(&done[side]["documents"][0], "sha256").to_owned());
    let by_hash = shop.done(&["diff", &before[..8], &after[..8], "--format", "json"], 5).json();
    assert_eq!(by_hash["rows"], done["rows"]);
    shop.done(&["diff", "abc", &after[..8]], 2);
    let wrong = shop.done(&["diff", "no-such-file.csv", &after[..8]], 2);
    assert!(wrong.err.contains("neither a file nor a settlement"), "{}", wrong.err);
    let open = shop.done(&["diff", "--month", "2026-09"], 2);
    assert!(open.err.contains("settle close 2026-09"), "{}", open.err);
    shop.done(&["diff"], 2);
    shop.done(&["diff", &after[..8]], 2);
    let shop = late();
    let done = shop.done(&["diff", "--month", "2026-09", "--format", "json"], 5).json();
    assert_eq!((done["counts"]["only_after"].as_u64(), done["counts"]["changed"].as_u64()), (Some(5), Some(0)));
    shop.close("2026-10");
    shop.done(&["diff", "--month", "2026-10"], 0);
}

/// A generator of the tests' own: the same seed gives the same year.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// When each file of an invented merchant comes: most in time, some late, some again in another form.
fn arrivals(seed: u64, months: &[String], countries: &[&str]) -> Vec<(String, String, String)> {
    let mut dice = Dice(seed);
    let countries = countries.iter().map(|code| code.parse().unwrap()).collect::<Vec<_>>();
    let first = months[0].parse().unwrap();
    let mut plan = Plan::new(&countries, &[], first, u32::try_from(months.len()).unwrap()).unwrap();
    plan.seed = seed;
    plan.orders_per_day = 1;
    let mut all = Vec::new();
    for file in invent(&plan).unwrap().files {
        let Some(name) = file.path.rsplit('/').next().filter(|name| name.starts_with("settlement-")) else { continue };
        let ends = name.strip_prefix("settlement-").unwrap()[..7].to_owned();
        let place = months.iter().position(|month| *month >= ends).unwrap_or(months.len() - 1);
        let late = if dice.roll(8) == 0 { usize::try_from(dice.roll(3)).unwrap() } else { 0 };
        let text = String::from_utf8(file.bytes).unwrap();
        let comes = |later: usize| months[(place + later).min(months.len() - 1)].clone();
        let own = file.path.replace('/', "-");
        if dice.roll(8) == 0 {
            let again = restated(&text, &mut dice);
            all.push((comes(late + 1), format!("again-{own}"), again));
        }
        all.push((comes(late), own, text));
    }
    all.sort();
    all
}

/// The same settlement with a row less, a row twice, or other cents in one; further rows make it the larger one.
fn restated(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let rows: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.contains("\"Capture\"")).map(|(place, _)| place).collect();
    let Some(&row) = rows.first() else { return format!("{text}\n") };
    match dice.roll(3) {
        0 => drop(lines.remove(row)),
        1 => lines.insert(row, lines[row].clone()),
        _ => lines[row] = lines[row].replace("\"Capture\"", "\"Adjustment\""),
    }
    lines.join("\n")
}

/// Closes each month of an invented merchant in turn while reports come late and again, and compares.
fn live_through(seed: u64, countries: &[&str], months: &[&str]) {
    let months: Vec<String> = months.iter().map(|month| (*month).to_owned()).collect();
    let shop = Shop::new();
    let mut frozen: Vec<(String, Value)> = Vec::new();
    let files = arrivals(seed, &months, countries);
    for (place, month) in months.iter().enumerate() {
        for (_, name, text) in files.iter().filter(|(comes, ..)| comes == month) {
            shop.folder.write(&format!("in-{month}/{name}"), text);
        }
        let folder = shop.folder.at(&format!("in-{month}"));
        if Path::new(&folder).exists() {
            shop.run(&["import", "-q", folder.to_str().unwrap()]);
        }
        for conflict in list(&shop.run(&["resolve", "--format", "json"]).json(), "conflicts") {
            if conflict["state"] == "open" {
                let rule = if seed.is_multiple_of(2) { "newer" } else { "larger" };
                let done = shop.run(&["resolve", text(conflict, "settlement_id"), "--keep", rule]);
                assert!(done.code == 0 || done.code == 5, "{done:?}");
            }
        }
        for (closed, accounts) in &frozen {
            assert_eq!(shop.statement(closed)["accounts"], *accounts, "seed {seed}: {closed} after {month}");
        }
        let open = shop.statement(month);
        for account in list(&open, "accounts") {
            let prior = account.get("prior_period");
            assert_eq!(prior.is_some(), place > 0, "seed {seed}: {account:#}");
            let Some((_, before)) = frozen.last() else { continue };
            let before = before.as_array().unwrap().iter().find(|before| before["account"] == account["account"]);
            assert_eq!(prior.unwrap()["closed_balance"], before.unwrap()["closing_balance"], "seed {seed}");
        }
        if place + 1 < months.len() {
            shop.close(month);
            let closed = shop.statement(month);
            assert_eq!(closed["accounts"], open["accounts"], "seed {seed}: {month}");
            frozen.push((month.clone(), closed["accounts"].clone()));
        }
    }
    let (mut booked, mut anew) = (Vec::new(), Vec::new());
    for month in &months {
        booked.push(postings(&shop.journal(&["--month", month]), 1));
        anew.push(postings(&shop.journal(&["--month", month, "--recomputed"]), 1));
    }
    for (month, _) in &frozen {
        let delta = postings(&shop.journal(&["--delta", month]), 1);
        let own = shop.journal(&["--month", month]);
        let corrects = |label: &str| label.starts_with("Adjusts ") || label.starts_with("Reverses ");
        let own: Vec<_> = own.into_iter().filter(|line| !corrects(&line["label"])).collect();
        let anew = postings(&shop.journal(&["--month", month, "--recomputed"]), 1);
        assert_eq!(merged([postings(&own, 1), delta]), merged([anew]), "seed {seed}: {month}");
    }
    assert_eq!(merged(booked), merged(anew), "seed {seed}: what was booked month by month is what would be booked now");
}

#[test]
fn closed_months_and_their_corrections_add_up_to_what_would_be_booked_now() {
    for seed in [2, 3] {
        live_through(seed, &["FR", "GB"], &["2026-06", "2026-07", "2026-08"]);
    }
}
