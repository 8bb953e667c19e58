//! What is captured and not settled at a day, from capture and refund reports.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::support::{Folder, Run, list, run, settle, text, units};

const DAY: &str = "2026-09-15";
/// The instant at which that day ends in Paris.
const UNTIL_MILLIS: i64 = 1_789_509_600_000;
const DAY_MILLIS: i64 = 86_400_000;

fn at(day: &str, paths: &[PathBuf], words: &[&str]) -> Run {
    let mut command = settle();
    command.args(["reconcile", "--at", day, "--timezone", "Europe/Paris"]).args(words);
    if !paths.is_empty() {
        command.arg("--from").args(paths);
    }
    run(&mut command)
}

/// The one line of a currency.
fn line(document: &Value, currency: &str) -> Value {
    let lines = list(document, "captured_not_settled");
    let found: Vec<&Value> = lines.iter().filter(|line| line["currency"] == currency).collect();
    assert_eq!(found.len(), 1, "{document:#}");
    found[0].clone()
}

/// Reports of one French shop, August to October: the capture report is of September.
fn shop() -> (Folder, Vec<PathBuf>) {
    let folder = Folder::new();
    super::generate(folder.path(), 5, 3, &["FR"], "2026-08");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.at("shop-fr")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    (folder, files)
}

/// Rows of a settlement file that were posted by the end of the day and since a day: kind → count, sum.
fn posted(file: &Path, since_millis: i64) -> BTreeMap<String, (u64, i128)> {
    let text = fs::read_to_string(file).unwrap();
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut sums: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for row in reader.records().map(Result::unwrap).filter(|row| row.len() >= 15 && row[0].starts_with("20")) {
        let millis = settle::parse::parse_timestamp(row[0].as_bytes()).unwrap().utc_millis();
        if (since_millis..UNTIL_MILLIS).contains(&millis) {
            let sum = sums.entry(row[4].to_lowercase()).or_default();
            sum.0 += 1;
            sum.1 += units(&row[10]);
        }
    }
    sums
}

/// Settlements that an account has when it looks: those that ended before the tenth; and the rest.
fn known_and_unknown(files: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let is_settlement = |file: &Path| fs::read_to_string(file).unwrap().contains("\"Settlement Report\"");
    let ends_early = |file: &Path| {
        let text = fs::read_to_string(file).unwrap();
        let end = text.lines().find(|line| line.contains("SettlementEndDate")).unwrap().to_owned();
        end.contains("2026-08-") || end.contains("2026-09-0")
    };
    files.iter().cloned().partition(|file| !is_settlement(file) || ends_early(file))
}

#[test]
fn captures_and_refunds_that_no_settlement_has_yet_are_told_from_the_reports() {
    let (_folder, files) = shop();
    let (known, unknown) = known_and_unknown(&files);
    let mut expected = [(0_u64, 0_i128); 2];
    for file in &unknown {
        let sums = posted(file, UNTIL_MILLIS - 15 * DAY_MILLIS);
        for (total, kind) in expected.iter_mut().zip(["capture", "refund"]) {
            let (count, sum) = sums.get(kind).copied().unwrap_or_default();
            total.0 += count;
            total.1 += sum;
        }
    }
    let [captures, refunds] = expected;
    assert!(captures.0 > 5 && refunds.0 > 0, "the shop sells and refunds: {expected:?}");

    let document = at(DAY, &known, &["--format", "json"]).json();
    let found = line(&document, "EUR");
    assert_eq!(found["basis"], json!(["open_settlements", "capture_reports", "refund_reports"]), "{found:#}");
    for (member, (count, sum)) in [("reported_captures", captures), ("reported_refunds", refunds)] {
        assert_eq!((&found[member]["count"], units(text(&found[member], "amount"))), (&json!(count), sum), "{found:#}");
    }
    assert_eq!(units(text(&found, "amount")), captures.1 + refunds.1);
    assert_eq!((text(&found, "at"), &found["settled_since"]), ("2026-09-16T00:00:00+02:00", &json!(0)));

    // With every settlement known the rows posted by then settle nearly all; none is told of twice.
    let all = line(&at(DAY, &files, &["--format", "json"]).json(), "EUR");
    let open: (u64, i128) = unknown.iter().fold((0, 0), |sum, file| {
        let text = fs::read_to_string(file).unwrap();
        let still_open = text.contains("\"SettlementEndDate\",\"2026-09-16");
        let more = posted(file, i64::MIN).get("capture").copied().filter(|_| still_open).unwrap_or_default();
        (sum.0 + more.0, sum.1 + more.1)
    });
    assert_eq!(all["reported_captures"]["count"], 0, "{all:#}");
    let in_open = &all["in_open_settlements"]["captures"];
    assert_eq!((&in_open["count"], units(text(in_open, "amount"))), (&json!(open.0), open.1), "{all:#}");
    assert_eq!(all["captures"]["count"], json!(open.0));
}

#[test]
fn the_archive_tells_the_same_and_nothing_is_said_beyond_the_reports() {
    let (folder, files) = shop();
    let (known, _) = known_and_unknown(&files);
    let data = folder.at("data");
    let imported = run(settle().arg("import").args(&known).arg("--data-dir").arg(&data));
    assert_eq!(imported.code, 0, "{}", imported.err);
    let data = ["--format", "json", "--data-dir", data.to_str().unwrap()];
    let from_files = line(&at(DAY, &known, &["--format", "json"]).json(), "EUR");
    assert_eq!(line(&at(DAY, &[], &data).json(), "EUR"), from_files);

    // Ten days after the last row of the capture report: refunds are still told of, captures are not.
    let later = line(&at("2026-10-12", &known, &["--format", "json"]).json(), "EUR");
    for member in ["captures", "reported_captures", "amount"] {
        assert_eq!(later[member], Value::Null, "{later:#}");
    }
    assert_eq!(later["basis"], json!(["open_settlements", "refund_reports"]));
    assert_eq!(list(&later, "capture_coverage").len(), 1);
    let shown = at("2026-10-12", &known, &[]).out;
    assert!(shown.contains("captured and not settled at 2026-10-13T00:00:00+02:00"), "{shown}");
    assert!(shown.lines().any(|line| line.contains("Captures in no settlement") && line.contains("not known")));
}

/// One state in a capture or refund report; those of refunds are the merchant's own.
struct State<'a> {
    id: &'a str,
    status: &'a str,
    at: &'a str,
    amount: &'a str,
    currency: &'a str,
}

fn report(kind: &str, states: &[State<'_>]) -> String {
    let mut text = format!(
        "\"Amazon{kind}Id\",\"{kind}ReferenceId\",\"AmazonOrderReferenceId\",\"{kind}Amount\",\"CurrencyCode\",\
         \"{kind}Status\",\"LastUpdateTimestamp\",\"ReasonCode\",\"CreationTimestamp\"\n"
    );
    for State { id, status, at, amount, currency } in states {
        text += &format!(
            "\"{id}\",\"r\",\"P02-1234567-1234567\",\"{amount}\",\"{currency}\",\"{status}\",\"{at}\",\"\",\"{at}\"\n"
        );
    }
    text
}

/// A settlement with these rows: transaction id, kind, posted, amount.
fn settlement(id: &str, [start, end]: [&str; 2], rows: &[[&str; 4]]) -> String {
    let mut text = super::support::settlement_file("A1EXAMPLE", id, [start, end], &[]);
    for [transaction, kind, posted, amount] in rows {
        text += &format!(
            "\"{posted}\",\"{id}\",\"{transaction}\",\"\",\"{kind}\",\"P02-1234567-1234567\",\"\",\"\",\"EUR\",\"\",\
             \"{amount}\",\"0\",\"0\",\"0\",\"{amount}\"\n"
        );
    }
    text
}

fn state<'a>(id: &'a str, status: &'a str, at: &'a str, amount: &'a str) -> State<'a> {
    State { id, status, at, amount, currency: "EUR" }
}

/// By hand. The day ends at 2026-09-15T22:00Z. One settlement ended before, one is open, one comes later.
fn by_hand() -> Folder {
    let folder = Folder::new();
    let first = [["P02-1234567-1234567-C000001", "Capture", "2026-09-10T09:00:00Z", "10.00"]];
    let open = [
        ["P02-1234567-1234567-C000002", "Capture", "2026-09-15T09:00:00Z", "20.00"],
        ["P02-1234567-1234567-C000003", "Capture", "2026-09-15T23:00:00Z", "40.00"],
        ["P02-1234567-1234567-R000003", "A-to-z Guarantee Claim", "2026-09-15T10:00:00Z", "-7.00"],
    ];
    let periods = [["2026-09-09T22:00:00Z", "2026-09-14T21:59:00Z"], ["2026-09-14T22:00:00Z", "2026-09-16T21:59:00Z"]];
    folder.write("settlement-1.csv", settlement("7000000001", periods[0], &first));
    folder.write("settlement-2.csv", settlement("7000000002", periods[1], &open));
    let september = [
        state("P02-1234567-1234567-C000001", "Completed", "2026-09-10T09:00:00Z", "10.00"),
        state("P02-1234567-1234567-C000002", "Completed", "2026-09-15T09:00:00Z", "20.00"),
        // Settled after the day: its row is posted an hour later.
        state("P02-1234567-1234567-C000003", "Completed", "2026-09-15T21:00:00Z", "40.00"),
        // Twice, and in the next report once more.
        state("P02-1234567-1234567-C000004", "Completed", "2026-09-15T12:00:00Z", "80.00"),
        state("P02-1234567-1234567-C000004", "Pending", "2026-09-15T11:00:00Z", "80.00"),
        state("P02-1234567-1234567-C000005", "Declined", "2026-09-15T12:30:00Z", "160.00"),
        state("P02-1234567-1234567-C000006", "Pending", "2026-09-15T13:00:00Z", "320.00"),
        // Another currency than the account's.
        State { currency: "GBP", ..state("P02-1234567-1234567-C000007", "Completed", "2026-09-15T14:00:00Z", "5.00") },
        // Completed, but after the day.
        state("P02-1234567-1234567-C000008", "Completed", "2026-09-15T22:00:00Z", "640.00"),
    ];
    folder.write("captures-1.csv", report("Capture", &september));
    let again = [state("p02-1234567-1234567-c000004", "Completed", "2026-09-15T12:00:00Z", "80.00")];
    folder.write("captures-2.csv", report("Capture", &again));
    let refunds = [
        state("P02-1234567-1234567-R000001", "Completed", "2026-09-15T15:00:00Z", "3.00"),
        state("P02-1234567-1234567-R000001", "Pending", "2026-09-15T14:00:00Z", "3.00"),
        state("P02-1234567-1234567-R000002", "Declined", "2026-09-15T15:30:00Z", "9.00"),
        // Amazon's own refund for a claim, which stands in the settlement as the claim.
        state("P02-1234567-1234567-R000003", "Completed", "2026-09-15T10:00:00Z", "7.00"),
    ];
    folder.write("refunds.csv", report("Refund", &refunds));
    folder
}

#[test]
fn states_currencies_and_late_rows_are_told_apart_and_no_capture_counts_twice() {
    let folder = by_hand();
    let files = [folder.path().to_owned()];
    let document = at(DAY, &files, &["--format", "json"]).json();
    let euros = line(&document, "EUR");
    assert_eq!(text(&euros, "account"), "A1EXAMPLE");
    assert_eq!(euros["reported_captures"], json!({"count": 2, "amount": "120.00"}), "{euros:#}");
    assert_eq!(euros["reported_refunds"], json!({"count": 1, "amount": "-3.00"}));
    assert_eq!(
        euros["in_open_settlements"],
        json!({"captures": {"count": 1, "amount": "20.00"}, "refunds": {"count": 0, "amount": "0.00"}})
    );
    assert_eq!(euros["captures"], json!({"count": 3, "amount": "140.00"}));
    assert_eq!((text(&euros, "amount"), &euros["settled_since"]), ("137.00", &json!(1)));
    let pounds = line(&document, "GBP");
    assert_eq!(
        (&pounds["captures"], &pounds["in_open_settlements"]),
        (&json!({"count": 1, "amount": "5.00"}), &Value::Null)
    );
    let csv = at(DAY, &files, &["--format", "csv"]).out;
    assert!(csv.lines().any(|line| line.contains("captured_not_settled") && line.contains("120.00")), "{csv}");

    // A day later the late one is settled, and the report tells of nothing but one completion at midnight.
    let next = line(&at("2026-09-16", &files, &["--format", "json"]).json(), "EUR");
    assert_eq!(next["reported_captures"], json!({"count": 2, "amount": "720.00"}), "{next:#}");
    // Without a capture report nothing is said of captures.
    fs::remove_file(folder.at("captures-1.csv")).unwrap();
    fs::remove_file(folder.at("captures-2.csv")).unwrap();
    let without = line(&at(DAY, &files, &["--format", "json"]).json(), "EUR");
    assert_eq!((&without["captures"], &without["amount"]), (&Value::Null, &Value::Null));
    assert_eq!(without["basis"], json!(["open_settlements", "refund_reports"]));
}
