//! The public sample files that live beside the project, never in it: `../shared/samples`, or
//! `$SETTLE_SHARED/samples`. Without them these tests say so and pass.
//!
//! What is expected here is what the samples' own page says was computed on them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use settle::domain::{Amount, Instant};
use settle::parse::{Content, DocumentKind, Privacy, ReadOptions, Records, Skim, gather, latest_states, read_document};
use support::{assert_ties, failing_checks, list, only_account, report, root, text};

/// The samples of a kind, where they are.
fn samples(kind: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("SETTLE_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let folder = shared.join("samples").join(kind);
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the test harness, which keeps what is printed in the usual way to itself.
    let _ = std::io::stderr().write_all(format!("skipped: no ../shared/samples ({kind})\n").as_bytes());
    None
}

fn options() -> ReadOptions {
    ReadOptions { workers: NonZeroUsize::MIN, privacy: Privacy::Drop, watch: settle::parse::Watch::default() }
}

#[test]
fn the_real_settlement_file_has_its_two_rows_and_sums() {
    let Some(folder) = samples("amazon-pay") else { return };
    let path = folder.join("settlement-us-2015-10-01.csv");
    let run = report(&path, &["--month", "2015-10"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let statement = run.json();
    assert_eq!(statement["status"], "incomplete");
    assert_ties(&statement);
    assert!(failing_checks(&statement).is_empty());
    let account = only_account(&statement);
    assert_eq!(account["currency"], "USD");
    let settlements = list(account, "settlements");
    assert_eq!(settlements.len(), 1);
    assert_eq!(settlements[0]["rows"], 2);
    assert_eq!(["net", "transfers"].map(|member| text(&settlements[0], member)), ["-16.13", "-25.54"]);
    let period = ["start", "end"].map(|member| text(&settlements[0], member));
    assert_eq!(period, ["2015-09-30T22:00:44+00:00", "2015-10-01T21:59:44+00:00"]);
    let capture = json!({"kind": "capture", "count": 1, "amount": "10.00", "percentage_fee": "-0.29",
        "fixed_fee": "-0.30", "fee": "-0.59", "net": "9.41"});
    let transfer = json!({"kind": "transfer", "count": 1, "amount": "-25.54", "percentage_fee": "0.00",
        "fixed_fee": "0.00", "fee": "0.00", "net": "-25.54"});
    assert_eq!(account["movements"], json!([capture, transfer]));
    assert_eq!(account["payouts"][0]["amount"], "25.54");
    let source = &list(&statement, "sources")[0];
    assert_eq!((text(source, "kind"), source["rows"].as_u64()), ("amazon_pay_settlement", Some(2)));
    // The same file in the merchant's own zone: the capture of 11:10:34 -0700.
    let whole =
        report(&path, &["--settlement", text(&settlements[0], "settlement_id"), "--timezone", "America/Los_Angeles"]);
    assert_eq!(only_account(&whole.json())["settlements"][0]["end"], "2015-10-01T14:59:44-07:00");
}

#[test]
fn the_capture_is_cut_at_its_exact_instant() {
    let Some(folder) = samples("amazon-pay") else { return };
    let captures = |from: &str, until: &str, zone: &str| {
        let words = ["--from-date", from, "--until-date", until, "--timezone", zone];
        let statement = report(folder.join("settlement-us-2015-10-01.csv"), &words).json();
        let movements = list(only_account(&statement), "movements").clone();
        movements.iter().any(|movement| movement["kind"] == "capture")
    };
    // 18:10:34 UTC on the first is past midnight on the second in Auckland.
    assert!(captures("2015-10-01", "2015-10-02", "UTC"));
    assert!(!captures("2015-10-01", "2015-10-02", "Pacific/Auckland"));
    assert!(captures("2015-10-02", "2015-10-03", "Pacific/Auckland"));
}

#[test]
fn the_refund_that_stands_there_twice_is_one_completed_refund() {
    let Some(folder) = samples("amazon-pay") else { return };
    let path = folder.join("refund-us-2015-10-06.csv");
    let statement = report(&path, &["--month", "2015-10"]).json();
    let source = &list(&statement, "sources")[0];
    assert_eq!(
        (text(source, "kind"), &source["rows"], &source["objects"]),
        ("amazon_pay_refund", &json!(2), &json!(1))
    );
    let gathered = gather(&[path]);
    let document = read_document(&gathered.inputs[0], &options(), &mut Skim, None).unwrap();
    assert_eq!(document.kind, DocumentKind::Refund);
    let Content::Records(Records::Transactions(rows)) = document.content else { panic!("no rows") };
    let folded = latest_states(&rows);
    assert_eq!((rows.len(), folded.len()), (2, 1));
    let refund = &folded[0];
    assert_eq!(refund.status, "Completed");
    assert_eq!(refund.amount, Some(Amount::from_units(10_000)));
    assert_eq!(refund.currency.map(settle::domain::Currency::code), Some("USD"));
    // The ids of real files stay out of the project; the page beside the files has them.
    let page = std::fs::read_to_string(folder.join("../README.md")).unwrap();
    let capture = page.split_once("capture `…").unwrap().1.split('`').next().unwrap();
    assert!(refund.capture_id.ends_with(capture), "{capture}");
    assert_eq!(refund.updated.map(Instant::utc_millis), Some(1_444_087_249_000));
}

#[test]
fn notifications_are_told_apart_and_only_chargebacks_are_read() {
    let Some(folder) = samples("amazon-pay") else { return };
    let run = report(&folder, &["--month", "2015-10"]);
    let statement = run.json();
    let source = |name: &str| source_of(&statement, &folder.join(name));
    assert_eq!(text(source("ipn-v1-chargeback-service.json"), "kind"), "chargeback_notification");
    for (name, word) in [
        ("ipn-v1-authorization.json", "PaymentAuthorize"),
        ("ipn-v1-billing-agreement.json", "BillingAgreementNotification"),
        ("ipn-v1-capture.json", "PaymentCapture"),
        ("ipn-v1-capture-multicurrency.json", "PaymentCapture"),
        ("ipn-v1-order-reference.json", "OrderReferenceNotification"),
        ("ipn-v1-refund.json", "PaymentRefund"),
        ("ipn-v1-refund-multicurrency.json", "PaymentRefund"),
    ] {
        assert_eq!(text(source(name), "kind"), "unknown", "{name}");
        assert!(problem_of(&statement, name).contains(word), "{name}");
    }
    assert_eq!(run.code, 5, "what was not read is an error");
    assert_ties(&statement);
    let gathered = gather(&[folder.join("ipn-v1-chargeback-service.json")]);
    let document = read_document(&gathered.inputs[0], &options(), &mut Skim, None).unwrap();
    let Content::Records(Records::Notification(notification)) = document.content else { panic!("no notification") };
    assert_eq!((notification.version, notification.environment.as_str()), ("V1", "Live"));
    assert_eq!((notification.state.as_str(), notification.reason.as_str()), ("RECEIVED", "Generic Service Chargeback"));
}

#[test]
fn marketplace_files_are_named_and_not_counted() {
    let Some(folder) = samples("marketplace") else { return };
    let run = report(&folder, &["--month", "2020-08"]);
    assert_eq!(run.code, 5);
    let statement = run.json();
    assert_eq!(statement["accounts"], json!([]));
    for name in ["flat-v1-eu-gbp-2020-08.tsv", "flat-v2-us-2026-06-synthetic.txt"] {
        assert_eq!(text(source_of(&statement, &folder.join(name)), "kind"), "marketplace_settlement", "{name}");
        assert!(problem_of(&statement, name).contains("does not read yet"), "{name}");
        assert!(run.err.contains(name));
    }
}

#[test]
fn the_hashes_are_those_of_the_samples_page() {
    let Some(folder) = samples("amazon-pay") else { return };
    let page = std::fs::read_to_string(folder.join("../README.md")).unwrap();
    let statement = report(&folder, &["--month", "2015-10"]).json();
    let mut compared = 0;
    for source in list(&statement, "sources") {
        let name = Path::new(text(source, "file")).file_name().unwrap().to_str().unwrap();
        let line = page.lines().find(|line| line.ends_with(&format!("amazon-pay/{name}"))).unwrap();
        assert!(line.starts_with(text(source, "sha256")), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 10);
}

fn source_of<'a>(statement: &'a Value, path: &Path) -> &'a Value {
    let path = path.to_str().unwrap();
    list(statement, "sources").iter().find(|source| source["file"] == path).unwrap()
}

fn problem_of<'a>(statement: &'a Value, name: &str) -> &'a str {
    let mut problems = list(statement, "problems").iter();
    text(problems.find(|problem| problem["file"].as_str().is_some_and(|file| file.ends_with(name))).unwrap(), "message")
}
