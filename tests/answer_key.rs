//! `settle report` against the answer keys of an independent generator, figure by figure.
//!
//! The key is computed from invented books, never from files, by code that shares nothing with the
//! reader but the words of the domain.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use chrono::DateTime;
use serde_json::{Value, json};
use settle::domain::Country;
use settle::rehearsal::{Anomaly, Plan, Planted, Sample, invent};
use support::{
    Folder, account, amount, assert_ties, check, failing_checks, list, movement, problem_codes, report, root, text,
};

/// An instant, whatever the offset it is printed with.
fn at(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

/// The sums over all kinds of disputes; kinds differ, because a report joins `dispute` rows to their case.
fn dispute_sums(disputes: &[&Value]) -> [i128; 4] {
    ["disputed", "recovered", "fees", "net"].map(|member| disputes.iter().map(|total| amount(total, member)).sum())
}

fn assert_disputes(statement: &Value, answer: &Value) {
    let mine = |total: &&Value| total["account"] == answer["account"] && total["currency"] == answer["currency"];
    let found: Vec<&Value> = list(statement, "disputes").iter().filter(mine).collect();
    let expected: Vec<&Value> = list(answer, "disputes").iter().collect();
    assert_eq!(dispute_sums(&found), dispute_sums(&expected), "{answer:#}");
    let cases = |totals: &[&Value], kind: &str| {
        totals.iter().find(|total| total["kind"] == kind).map_or(0, |total| total["cases"].as_u64().unwrap())
    };
    // A dispute row may bring a case into a month in which it has no other row.
    let joined = cases(&expected, "dispute") - cases(&found, "dispute");
    for kind in ["chargeback", "a_to_z_claim"] {
        let (found, expected) = (cases(&found, kind), cases(&expected, kind));
        assert!((expected..=expected + joined).contains(&found), "{kind}: {found} for {expected}: {answer:#}");
    }
}

/// Compares one answer with the statement of its month, basis and zone.
fn assert_answer(statement: &Value, answer: &Value) {
    let place = ["name", "month", "basis", "timezone"].map(|member| text(answer, member));
    let period = &statement["period"];
    for (member, wanted) in [("month", place[1]), ("basis", place[2]), ("timezone", place[3])] {
        assert_eq!(period[member], wanted);
    }
    assert_eq!(
        [at(text(period, "from")), at(text(period, "until"))],
        [at(text(answer, "from")), at(text(answer, "until"))]
    );
    let found = account(statement, text(answer, "account"), text(answer, "currency"));
    for member in
        ["opening_balance", "opening_basis", "closing_balance", "reserve", "movements", "unexplained", "unknown"]
    {
        assert_eq!(found[member], answer[member], "{member} of {place:?}");
    }
    let payouts: Vec<Value> = list(found, "payouts").iter().map(payout_of).collect();
    let expected: Vec<Value> = list(answer, "payouts").iter().map(payout_of).collect();
    assert_eq!(payouts, expected, "payouts of {place:?}");
    let gaps: Vec<Value> = list(found, "gaps").iter().map(gap_of).collect();
    let expected: Vec<Value> = list(answer, "gaps").iter().map(gap_of).collect();
    assert_eq!(gaps, expected, "gaps of {place:?}");
    assert_disputes(statement, answer);
    if place[2] == "posted" {
        let rows: u64 = list(found, "settlements").iter().map(|line| line["rows_in_period"].as_u64().unwrap()).sum();
        assert_eq!(answer["rows"], rows, "rows of {place:?}");
    }
}

fn payout_of(payout: &Value) -> Value {
    json!([payout["settlement_id"], at(text(payout, "posted")), payout["amount"]])
}

fn gap_of(gap: &Value) -> Value {
    json!([at(text(gap, "from")), at(text(gap, "until")), gap["after_settlement"], gap["before_settlement"]])
}

/// The answers of a key as JSON, and a folder with its files.
fn written(sample: &Sample) -> (Folder, Value) {
    let folder = Folder::new();
    let mut key = None;
    for file in &sample.files {
        folder.write(&file.path, &file.bytes);
        if file.path == "expected/answer-key.json" {
            key = Some(serde_json::from_slice(&file.bytes).unwrap());
        }
    }
    (folder, key.unwrap())
}

fn plan(countries: &[&str], seed: u64, months: u32, anomalies: &[Anomaly]) -> Plan {
    let countries: Vec<Country> = countries.iter().map(|code| code.parse().unwrap()).collect();
    let mut plan = Plan::new(&countries, &[], "2027-02".parse().unwrap(), months).unwrap();
    plan.seed = seed;
    plan.anomalies = anomalies.to_vec();
    plan
}

/// Every answer of a key; answers of one month, basis and zone share a run.
fn assert_key(folder: &std::path::Path, key: &Value, exit: Option<i32>) -> usize {
    let answers = list(key, "answers");
    let mut runs: Vec<([&str; 4], Value)> = Vec::new();
    for answer in answers {
        let [month, basis, zone, shop] = ["month", "basis", "timezone", "name"].map(|member| text(answer, member));
        // Only one account is asked in its own zone; reading the others would only take time.
        let shop = if zone == "UTC" { "" } else { shop };
        let asked = [month, basis, zone, shop];
        if !runs.iter().any(|(known, _)| *known == asked) {
            let run = report(folder.join(shop), &["--month", month, "--basis", basis, "--timezone", zone]);
            if let Some(exit) = exit {
                assert_eq!(run.code, exit, "{asked:?} {}", run.err);
            }
            runs.push((asked, run.json()));
        }
        let (_, statement) = runs.iter().find(|(known, _)| *known == asked).unwrap();
        assert_ties(statement);
        assert_answer(statement, answer);
    }
    answers.len()
}

#[test]
fn every_answer_of_the_sample_key_is_met_to_the_cent() {
    let samples = root().join("sample_reports");
    let key: Value = serde_json::from_slice(&std::fs::read(samples.join("expected/answer-key.json")).unwrap()).unwrap();
    assert_eq!(assert_key(&samples, &key, Some(0)), 5 * 3 * 3 * 2);
}

#[test]
fn one_account_alone_gives_the_figures_that_it_has_among_all() {
    let samples = root().join("sample_reports");
    let words = ["--month", "2026-09", "--timezone", "Europe/London"];
    let all = report(&samples, &words).json();
    for seller in ["A1SETTLEGB001", "A1SETTLEHU001"] {
        let alone = report(&samples, &[&words[..], &["--account", seller]].concat()).json();
        assert_eq!(list(&alone, "accounts").len(), 1);
        let currency = text(&alone["accounts"][0], "currency");
        assert_eq!(&alone["accounts"][0], account(&all, seller, currency));
    }
}

#[test]
fn every_settlement_of_the_sample_has_the_rows_and_sums_of_the_key() {
    let samples = root().join("sample_reports");
    let key: Value = serde_json::from_slice(&std::fs::read(samples.join("expected/answer-key.json")).unwrap()).unwrap();
    let all = report(&samples, &["--from-date", "2026-07-01", "--until-date", "2026-12-01"]).json();
    assert_eq!(all["status"], "incomplete", "July and November are not in the sample");
    let mut compared = 0;
    for expected in list(&key, "settlements").iter().filter(|expected| expected["rows"] != 0) {
        let lines = list(&all, "accounts").iter().flat_map(|account| list(account, "settlements"));
        let id = &expected["settlement_id"];
        let found: Vec<&Value> = lines.filter(|line| line["settlement_id"] == *id).collect();
        assert_eq!(found.len(), 1, "{expected}");
        for member in ["rows", "net", "transfers"] {
            assert_eq!(found[0][member], expected[member], "{expected}");
        }
        assert!(text(found[0], "source").ends_with(text(expected, "file")));
        assert_eq!(at(text(found[0], "start")), at(text(expected, "start")));
        assert_eq!(at(text(found[0], "end")), at(text(expected, "end")));
        compared += 1;
    }
    assert!(compared > 460, "{compared}");
}

#[test]
fn other_seeds_and_countries_are_met_to_the_cent() {
    for (seed, countries) in [(2, ["IT", "NL", "DK"]), (3, ["PT", "LU", "ES"]), (77, ["GB", "SE", "HU"])] {
        let (folder, key) = written(&invent(&plan(&countries, seed, 1, &[])).unwrap());
        assert_eq!(assert_key(folder.path(), &key, Some(0)), 3 * 3 * 2);
    }
}

/// A sample with one fault, and the statements of the months that the fault lies in and does not.
fn with_fault(anomaly: Anomaly, country: &str, seed: u64) -> (Folder, Value, Planted) {
    let sample = invent(&plan(&[country], seed, 3, &[anomaly])).unwrap();
    let planted = sample.planted[0].clone();
    let (folder, key) = written(&sample);
    (folder, key, planted)
}

/// What each fault must show as: the failing checks, and the code of the problem.
fn symptoms(anomaly: Anomaly) -> (&'static [&'static str], &'static [&'static str]) {
    match anomaly {
        Anomaly::MissingSettlement => (&["chain_contiguous"], &["gap"]),
        Anomaly::BrokenReserve => (&["chain_reserve"], &[]),
        Anomaly::WrongNet => (&["row_net"], &[]),
        Anomaly::WrongFee => (&["row_fee"], &[]),
        Anomaly::RowOutsidePeriod => (&["period"], &[]),
        Anomaly::ForeignSettlementId => (&["constant_id"], &[]),
        Anomaly::Reissued => (&["duplicate_settlement"], &["conflict"]),
        Anomaly::UnknownType => (&[], &["unknown_type"]),
    }
}

#[test]
fn each_planted_fault_is_found_at_its_place_and_nothing_else_is() {
    for (anomaly, word) in Anomaly::TABLE {
        // Not British ones: they have unknown types of their own.
        for (country, seed) in [("FR", 5), ("DE", 6), ("SE", 8), ("HU", 9)] {
            let (folder, key, planted) = with_fault(anomaly, country, seed);
            let (checks, codes) = symptoms(anomaly);
            let strict: &[&str] = if anomaly == Anomaly::UnknownType { &["--strict"] } else { &[] };
            let all = ["--from-date", "2027-01-01", "--until-date", "2027-06-30"];
            let run = report(folder.path(), &[&all[..], strict].concat());
            let statement = run.json();
            let place = format!("{word} in {country}: {}\n{:#}", planted.what, statement["problems"]);
            assert_eq!(run.code, 5, "{place}");
            let mut failing = failing_checks(&statement);
            if anomaly == Anomaly::MissingSettlement {
                // The reserve may have changed while nobody looked.
                failing.retain(|check| !matches!(*check, "chain_reserve" | "chain_carryover"));
            }
            assert_eq!(failing, checks, "{place}");
            let unknown = if anomaly == Anomaly::UnknownType { 1 } else { 0 };
            assert_eq!(list(&statement["accounts"][0], "unknown").len(), unknown, "{place}");
            let errors: Vec<&str> = list(&statement, "problems")
                .iter()
                .filter(|problem| problem["severity"] == "error")
                .map(|problem| text(problem, "code"))
                .collect();
            assert_eq!(errors, codes, "{place}");
            assert_place(&statement, anomaly, &planted, &place);
            assert_ties(&statement);
            if country == "FR" {
                assert_key(folder.path(), &key, None);
            }
        }
    }
}

/// The right file, line and values.
fn assert_place(statement: &Value, anomaly: Anomaly, planted: &Planted, place: &str) {
    let settlement = planted.settlement_id.as_str();
    let of = |name| {
        let failed = list(check(statement, name), "failed");
        assert_eq!(failed.len(), 1, "{place}");
        &failed[0]
    };
    let line = planted.line.map(|line| line as u64);
    match anomaly {
        Anomaly::MissingSettlement => {
            let gaps = list(&statement["accounts"][0], "gaps");
            assert_eq!(gaps.len(), 1, "{place}");
            assert!(
                settlement > text(&gaps[0], "after_settlement") && settlement < text(&gaps[0], "before_settlement")
            );
        }
        Anomaly::BrokenReserve => {
            let failed = of("chain_reserve");
            assert!(text(failed, "file").ends_with(&planted.file), "{place}");
            assert_eq!(amount(failed, "difference"), 10_000, "{place}");
            assert_eq!(amount(&statement["accounts"][0], "unexplained"), 10_000, "{place}");
        }
        Anomaly::WrongNet | Anomaly::WrongFee => {
            let failed = of(if anomaly == Anomaly::WrongNet { "row_net" } else { "row_fee" });
            assert!(text(failed, "file").ends_with(&planted.file), "{place}");
            assert_eq!(failed["line"].as_u64(), line, "{place}");
            let wrong = if anomaly == Anomaly::WrongNet { 100 } else { -100 };
            assert_eq!(amount(failed, "difference"), wrong, "{place}");
            assert_eq!(amount(failed, "stated") - amount(failed, "computed"), wrong, "{place}");
        }
        Anomaly::RowOutsidePeriod | Anomaly::ForeignSettlementId => {
            let failed = of(if anomaly == Anomaly::RowOutsidePeriod { "period" } else { "constant_id" });
            assert!(text(failed, "file").ends_with(&planted.file), "{place}");
            assert_eq!(failed["line"].as_u64(), line, "{place}");
            assert!(failed["difference"].is_null(), "{place}");
            if anomaly == Anomaly::ForeignSettlementId {
                assert_eq!(failed["computed"], settlement, "{place}");
            }
        }
        Anomaly::Reissued => {
            let failed = of("duplicate_settlement");
            let stem = planted.file.trim_end_matches(".csv");
            for member in ["stated", "computed"] {
                assert!(text(failed, member).contains(stem), "{place}");
            }
            assert_ne!(failed["stated"], failed["computed"], "{place}");
        }
        Anomaly::UnknownType => {
            let unknown = list(&statement["accounts"][0], "unknown");
            assert_eq!(unknown.len(), 1, "{place}");
            assert_eq!((text(&unknown[0], "type"), unknown[0]["count"].as_u64()), ("Balance Harmonization", Some(1)));
            let moved = movement(&statement["accounts"][0], "unknown").unwrap();
            assert_eq!(moved["net"], unknown[0]["net"]);
        }
    }
}

#[test]
fn a_fault_in_one_month_does_not_spoil_the_others() {
    for anomaly in [Anomaly::WrongNet, Anomaly::WrongFee, Anomaly::BrokenReserve, Anomaly::MissingSettlement] {
        let (folder, ..) = with_fault(anomaly, "FR", 4);
        let codes: Vec<i32> = ["2027-02", "2027-03", "2027-04"]
            .iter()
            .map(|month| report(folder.path(), &["--month", month, "--timezone", "Europe/Paris"]).code)
            .collect();
        assert_eq!(codes, [0, 5, 0], "{anomaly:?}");
    }
}

#[test]
fn an_unknown_type_is_no_error_unless_it_is_asked_to_be() {
    let (folder, _, _) = with_fault(Anomaly::UnknownType, "FR", 4);
    let run = report(folder.path(), &["--month", "2027-03"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(problem_codes(&run.json()).contains(&"unknown_type"));
    assert!(list(&run.json(), "problems").iter().all(|problem| problem["severity"] == "warning"));
    assert_eq!(report(folder.path(), &["--month", "2027-03", "--strict"]).code, 5);
}

#[test]
fn all_faults_at_once_are_all_found() {
    let anomalies: Vec<Anomaly> = Anomaly::TABLE.iter().map(|(anomaly, _)| *anomaly).collect();
    let (folder, key) = written(&invent(&plan(&["FR", "HU"], 11, 3, &anomalies)).unwrap());
    let run = report(folder.path(), &["--from-date", "2027-01-01", "--until-date", "2027-06-30", "--strict"]);
    assert_eq!(run.code, 5);
    let statement = run.json();
    for (anomaly, _) in Anomaly::TABLE {
        for name in symptoms(anomaly).0 {
            assert!(failing_checks(&statement).contains(name), "{name}");
        }
        for code in symptoms(anomaly).1 {
            assert!(problem_codes(&statement).contains(code), "{code}");
        }
    }
    assert_key(folder.path(), &key, None);
}
