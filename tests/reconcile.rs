//! `settle reconcile`, from outside: payouts against bank files, by hand-made cases.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::{Folder, Line, Run, list, run, settle, settlement_file, text};

const SELLER: &str = "A1EXAMPLE";

/// A folder with daily settlements of September 2026; each pays the amount beside its day, on that day.
fn paid(payouts: &[(u32, &str)]) -> Folder {
    let folder = Folder::new();
    for (place, (day, amount)) in payouts.iter().enumerate() {
        let id = format!("70000000{:02}", place + 1);
        let period = [format!("2026-09-{day:02}T00:00:00 +0000"), format!("2026-09-{day:02}T23:59:00 +0000")];
        let capture = amount.trim_start_matches('-');
        let lines = [
            Line::plain(
                &format!("2026-09-{day:02}T09:00:00 +0000"),
                if amount.starts_with('-') { "Refund" } else { "Capture" },
                &if amount.starts_with('-') { format!("-{capture}") } else { capture.to_owned() },
            ),
            Line::plain(
                &format!("2026-09-{day:02}T10:00:00 +0000"),
                "Transfer",
                &if amount.starts_with('-') { capture.to_owned() } else { format!("-{capture}") },
            ),
        ];
        let text = settlement_file(SELLER, &id, [&period[0], &period[1]], &lines);
        folder.write(&format!("reports/settlement-{id}.csv"), text);
    }
    folder
}

/// A bank entry: day of September, signed amount, payer, text.
type Entry<'a> = (u32, &'a str, &'a str, &'a str);

/// A CAMT.053 statement of September that foots.
fn camt(folder: &Folder, entries: &[Entry<'_>]) -> PathBuf {
    let cents = |amount: &str| support::units(amount) / 100;
    let money = |cents: i128| format!("{}.{:02}", cents.abs() / 100, cents.abs() % 100);
    let total: i128 = 100_000 + entries.iter().map(|entry| cents(entry.1)).sum::<i128>();
    let balance = |code: &str, cents: i128, day: &str| {
        let side = if cents < 0 { "DBIT" } else { "CRDT" };
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{}</Amt><CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>",
            money(cents)
        )
    };
    let entry = |(day, amount, party, text): &Entry<'_>| {
        let (side, role) = if amount.starts_with('-') { ("DBIT", "Cdtr") } else { ("CRDT", "Dbtr") };
        format!(
            "\n<Ntry><Amt Ccy=\"EUR\">{}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-{day:02}</Dt></BookgDt>\
             <NtryDtls><TxDtls><RltdPties><{role}><Nm>{party}</Nm></{role}></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
            money(cents(amount))
        )
    };
    let body: String = entries.iter().map(entry).collect();
    let text = format!(
        "<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Id>1</Id>\
         <Acct><Id><IBAN>FR7610278022040001234560312</IBAN></Id><Ccy>EUR</Ccy></Acct>{}{}{body}\n</Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", 100_000, "2026-09-01"),
        balance("CLBD", total, "2026-09-30")
    );
    folder.write("bank.xml", text)
}

const AMAZON: &str = "Amazon Payments Europe S.C.A.";

fn reconcile(folder: &Folder, words: &[&str], bank: &[PathBuf]) -> Run {
    let mut command = settle();
    command.args(["reconcile", "--month", "2026-09", "--format", "json"]).args(words);
    command.arg("--from").arg(folder.at("reports"));
    if !bank.is_empty() {
        command.arg("--bank").args(bank);
    }
    run(&mut command)
}

/// State and rule of each payout, in order.
fn states(run: &Run) -> Vec<(String, String)> {
    let payouts = run.json();
    let state = |payout: &Value| (text(payout, "state").to_owned(), payout["rule"].as_str().unwrap_or("-").to_owned());
    list(&payouts, "payouts").iter().map(state).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(state, rule)| ((*state).to_owned(), (*rule).to_owned())).collect()
}

#[test]
fn a_payout_is_matched_by_amount_day_and_payee_and_the_run_ties() {
    let folder = paid(&[(3, "118.10")]);
    let bank = camt(&folder, &[(8, "118.10", AMAZON, "Auszahlung"), (8, "118.10", "Muster GmbH", "Rechnung")]);
    let done = reconcile(&folder, &[], &[bank]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(states(&done), pairs(&[("matched", "amount_window")]));
    let document = done.json();
    assert_eq!(document["schema"], "settle.reconciliation/1");
    let payout = &list(&document, "payouts")[0];
    assert_eq!(
        (text(payout, "account"), text(payout, "amount"), text(payout, "posted")),
        (SELLER, "118.10", "2026-09-03T10:00:00+00:00")
    );
    assert_eq!(payout["settlement_ids"], serde_json::json!(["7000000001"]));
    let bank = &payout["bank"];
    assert_eq!(
        (text(bank, "booked_on"), text(bank, "amount"), text(bank, "counterparty")),
        ("2026-09-08", "118.10", AMAZON)
    );
    assert_eq!(list(payout, "candidates").len(), 0);
    assert_eq!(document["fees"], Value::Null);
}

#[test]
fn what_more_than_one_assignment_explains_is_ambiguous_with_its_candidates() {
    let folder = paid(&[(3, "50.00"), (4, "50.00"), (7, "61.00")]);
    let lines = [(8, "50.00", AMAZON, "a"), (9, "50.00", AMAZON, "b"), (10, "61.00", AMAZON, "c")];
    let done = reconcile(&folder, &[], &[camt(&folder, &lines)]);
    assert_eq!(done.code, 5);
    assert_eq!(
        states(&done),
        pairs(&[("ambiguous", "amount_window"), ("ambiguous", "amount_window"), ("matched", "amount_window")])
    );
    let document = done.json();
    let payout = &list(&document, "payouts")[0];
    assert_eq!(list(payout, "candidates").len(), 2);
    assert_eq!(payout["group"], serde_json::json!({"payouts": 2, "bank_lines": 2, "complete": true}));
    assert_eq!(payout["bank"], Value::Null);
    assert_eq!(list(&document, "bank_unmatched").len(), 0);
    // One line for two: which of them is missing cannot be told either.
    let done = reconcile(&folder, &[], &[camt(&folder, &lines[1..])]);
    assert_eq!(states(&done)[..2], pairs(&[("ambiguous", "amount_window"), ("ambiguous", "amount_window")]));
}

#[test]
fn references_decide_where_amounts_do_not() {
    let folder = paid(&[(3, "50.00"), (4, "50.00"), (7, "61.00")]);
    let list_of = |entries: &[(&str, &str, &str)]| {
        let items: Vec<String> = entries.iter().map(|(id, reference, amount)| format!(
            "{{\"sellerId\":\"{SELLER}\",\"settlementId\":\"{id}\",\"amazonDisbursementReferenceId\":\"{reference}\",\
             \"amount\":\"{amount}\",\"currencyCode\":\"EUR\",\"transactionTime\":\"2026-09-04T00:00:00Z\"}}"
        )).collect();
        format!("{{\"disbursements\":[{}]}}", items.join(","))
    };
    let listed = folder.write(
        "d.json",
        list_of(&[
            ("7000000001", "REFAAA1111", "50.00"),
            ("7000000002", "REFBBB2222", "50.00"),
            ("7000000003", "REFCCC3333", "61.00"),
        ]),
    );
    let lines =
        [(8, "50.00", "?", "x REFBBB2222 y"), (9, "50.00", AMAZON, "REFAAA 1111"), (10, "60.99", AMAZON, "REFCCC3333")];
    let done = reconcile(&folder, &["--disbursements", listed.to_str().unwrap()], &[camt(&folder, &lines)]);
    assert_eq!(done.code, 5, "{}", done.err);
    assert_eq!(
        states(&done),
        pairs(&[("matched", "reference"), ("matched", "reference"), ("amount_differs", "reference")])
    );
    let document = done.json();
    assert_eq!(list(&document, "payouts")[2]["difference"], "-0.01");
    assert_eq!(list(&document, "payouts")[1]["bank"]["booked_on"], "2026-09-08");
    // The settlement's id in the text serves as well.
    let lines = [(8, "50.00", AMAZON, "settlement 7000000002"), (9, "50.00", AMAZON, "7000000001")];
    let done = reconcile(&folder, &[], &[camt(&folder, &lines)]);
    assert_eq!(states(&done)[..2], pairs(&[("matched", "settlement_id"), ("matched", "settlement_id")]));
}

#[test]
fn sums_parts_and_returns_are_found() {
    let folder = paid(&[(3, "50.10"), (4, "70.20"), (14, "33.33"), (16, "99.01")]);
    let lines = [
        (9, "120.30", AMAZON, "batch"),
        (16, "11.11", AMAZON, "part"),
        (17, "22.22", AMAZON, "part"),
        (18, "99.01", AMAZON, "ok"),
        (21, "-99.01", AMAZON, "RETOURE"),
    ];
    let done = reconcile(&folder, &[], &[camt(&folder, &lines)]);
    let document = done.json();
    let payouts = list(&document, "payouts");
    assert_eq!(states(&done), pairs(&[("matched", "sum"), ("matched", "sum"), ("missing", "amount_window")]));
    assert_eq!(payouts[0]["settlement_ids"], serde_json::json!(["7000000001", "7000000002"]));
    assert_eq!((text(&payouts[0], "amount"), list(&payouts[0], "rows").len()), ("120.30", 2));
    assert_eq!(list(&payouts[1], "bank_parts").len(), 2);
    assert_eq!(payouts[2]["returned"]["booked_on"], "2026-09-21");
    assert_eq!(done.code, 5);
}

#[test]
fn what_is_not_there_is_in_transit_until_its_time_is_over() {
    let folder = paid(&[(3, "50.10"), (28, "70.20")]);
    let done = reconcile(&folder, &[], &[camt(&folder, &[(8, "1.00", AMAZON, "other")])]);
    assert_eq!(states(&done), pairs(&[("missing", "-"), ("in_transit", "-")]));
    assert_eq!(done.code, 5);
    let document = done.json();
    assert_eq!(list(&document, "bank_unmatched").len(), 1);
    // Seven business days after Monday, 28 September.
    assert_eq!(list(&document, "payouts")[1]["expected_until"], "2026-10-07");
    let balance = &list(&document, "balances")[0];
    assert_eq!((text(balance, "in_flight"), text(balance, "in_doubt")), ("70.20", "50.10"));
    // Without a statement nothing is missing, and it is said.
    let done = reconcile(&folder, &[], &[]);
    assert_eq!((done.code, states(&done)[0].0.as_str()), (0, "in_transit"));
    assert!(done.err.contains("no bank statement is given"), "{}", done.err);
}

#[test]
fn a_line_of_another_name_is_only_a_candidate_unless_the_config_says_otherwise() {
    let folder = paid(&[(3, "50.10")]);
    let bank = camt(&folder, &[(8, "50.10", "Somebody", "Gutschrift")]);
    let done = reconcile(&folder, &[], std::slice::from_ref(&bank));
    assert_eq!(states(&done), pairs(&[("ambiguous", "amount_window_any_payee")]));
    let config = folder.write("settle.toml", "[bank]\nany_payee = \"accept\"\n");
    let done = reconcile(&folder, &["-c", config.to_str().unwrap()], std::slice::from_ref(&bank));
    assert_eq!((done.code, states(&done)), (0, pairs(&[("matched", "amount_window")])));
    let config = folder.write("settle.toml", "[bank]\npayees = [\"Some Body\"]\n");
    let done = reconcile(&folder, &["-c", config.to_str().unwrap()], &[bank]);
    assert_eq!(states(&done), pairs(&[("matched", "amount_window")]));
}

#[test]
fn a_negative_settlement_is_collected_by_debit() {
    let folder = paid(&[(3, "-12.30")]);
    let done =
        reconcile(&folder, &[], &[camt(&folder, &[(7, "-12.30", AMAZON, "Lastschrift"), (8, "12.30", AMAZON, "x")])]);
    assert_eq!(states(&done), pairs(&[("matched", "amount_window")]));
    assert_eq!(list(&done.json(), "payouts")[0]["amount"], "-12.30");
    assert_eq!(list(&done.json(), "bank_unmatched").len(), 1);
}

#[test]
fn a_statement_that_does_not_foot_a_foreign_file_and_the_same_file_twice_are_told() {
    let folder = paid(&[(3, "50.10")]);
    let bank = camt(&folder, &[(8, "50.10", AMAZON, "x")]);
    let same = folder.write("copy.xml", fs::read(&bank).unwrap());
    let done = reconcile(&folder, &[], &[bank.clone(), same]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(list(&done.json(), "problems").iter().any(|problem| problem["code"] == "same_file"));
    let broken = fs::read_to_string(&bank).unwrap().replace(">1050.10<", ">1050.11<");
    let broken = folder.write("broken.xml", broken);
    let other = folder.write("other.txt", "hello\n");
    let done = reconcile(&folder, &[], &[broken, other]);
    assert_eq!(done.code, 5);
    assert_eq!(states(&done), pairs(&[("matched", "amount_window")]));
    let codes: Vec<String> =
        list(&done.json(), "problems").iter().map(|problem| text(problem, "code").to_owned()).collect();
    assert!(codes.contains(&"bank_statement_does_not_foot".to_owned()), "{codes:?}");
    assert!(codes.contains(&"unknown_file".to_owned()), "{codes:?}");
    assert!(
        done.err.contains("closes at 1050.11 EUR, its opening and entries give 1050.10 EUR")
            || done.err.contains("difference 0.01"),
        "{}",
        done.err
    );
}

#[test]
fn an_amount_in_another_currency_is_no_match() {
    let folder = paid(&[(3, "50.10")]);
    let bank = camt(&folder, &[(8, "50.10", AMAZON, "x")]);
    let pounds = fs::read_to_string(&bank).unwrap().replace("EUR", "GBP");
    let done = reconcile(&folder, &[], &[folder.write("pounds.xml", pounds)]);
    assert_eq!(states(&done), pairs(&[("in_transit", "-")]));
}

#[test]
fn csv_and_text_say_the_same_as_json() {
    let folder = paid(&[(3, "50.10"), (4, "70.20")]);
    let bank = camt(&folder, &[(8, "50.10", AMAZON, "=evil()")]);
    let with = |format: &str| {
        let mut command = settle();
        command.args(["reconcile", "--month", "2026-09", "--format", format, "--from"]).arg(folder.at("reports"));
        run(command.arg("--bank").arg(&bank))
    };
    let csv = with("csv").out;
    assert!(csv.starts_with("section,account,currency,state,rule,id,posted,amount,"), "{csv}");
    assert!(
        csv.contains("payout,A1EXAMPLE,EUR,matched,amount_window,7000000001,2026-09-03T10:00:00+00:00,50.10"),
        "{csv}"
    );
    assert!(csv.contains("'=evil()"), "{csv}");
    assert!(csv.contains("payout,A1EXAMPLE,EUR,missing,,7000000002,"), "{csv}");
    let text = with("text").out;
    assert!(text.contains("Payouts and the bank") && text.contains("matched") && text.contains("missing"), "{text}");
}

#[test]
fn the_archive_remembers_a_match_until_its_evidence_changes() {
    let folder = paid(&[(3, "50.10"), (7, "61.00")]);
    let bank = camt(&folder, &[(8, "50.10", AMAZON, "x"), (10, "61.00", AMAZON, "y")]);
    let data = folder.at("data");
    let with_data = |words: &[&str]| run(settle().args(words).arg("--data-dir").arg(&data).current_dir(folder.path()));
    assert_eq!(with_data(&["import", "reports"]).code, 0);
    let report = || with_data(&["report", "--month", "2026-09", "--format", "json"]).json();
    let reconciled = |statement: &Value| {
        let payouts = list(support::only_account(statement), "payouts");
        payouts.iter().map(|payout| payout["reconciled"]["state"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(reconciled(&report()), [None, None]);
    let done = with_data(&["reconcile", "--month", "2026-09", "--bank", bank.to_str().unwrap(), "--format", "json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let matched = Some("matched".to_owned());
    assert_eq!(reconciled(&report()), [matched.clone(), matched.clone()]);
    let text = with_data(&["report", "--month", "2026-09"]).out;
    assert!(text.contains("matched, booked on 2026-09-08"), "{text}");
    // Another payout of the same amount could be the same bank line.
    let period = ["2026-09-09T00:00:00 +0000", "2026-09-09T23:59:00 +0000"];
    let lines = [Line::plain("2026-09-09T10:00:00 +0000", "Transfer", "-61.00")];
    folder.write("more/settlement.csv", settlement_file(SELLER, "7000000009", period, &lines));
    assert_eq!(with_data(&["import", "more"]).code, 0);
    assert_eq!(reconciled(&report()), [matched, None, None]);
}

#[test]
fn the_rule_of_an_account_is_learned_and_shown_with_its_numbers() {
    let folder = paid(&[(3, "50.10"), (4, "70.20"), (5, "33.30")]);
    let done = reconcile(&folder, &[], &[]);
    let document = done.json();
    let rule = &list(&document, "payout_rules")[0];
    assert_eq!((text(rule, "rule"), text(rule, "basis")), ("closed_ledger", "learned"));
    let lag = &list(rule, "candidates")[1];
    assert_eq!((text(lag, "rule"), lag["held"].as_u64(), lag["contradicted"].as_u64()), ("lag_one", Some(0), Some(2)));
    assert_eq!(lag["example"]["expected"], "50.10");
    assert_eq!(lag["example"]["paid"], "70.20");
}

#[test]
fn a_mapped_csv_statement_is_read_and_a_wrong_column_lists_those_that_exist() {
    let folder = paid(&[(3, "1050.10")]);
    let csv = folder.write("bank.csv", "Kontoauszug\nTag;Wert;Wer;Was\n08.09.2026;1.050,10;Amazon Payments Europe;Gut\n30.09.2026;-1,00;Bank;Gebuehr\n");
    let config = |date: &str| {
        let text = format!(
            "[bank]\ncsv_date = \"{date}\"\ncsv_amount = \"Wert\"\ncsv_counterparty = \"Wer\"\ncsv_text = [\"Was\"]\ncsv_currency = \"EUR\"\n"
        );
        folder.write("settle.toml", text)
    };
    let good = config("Tag");
    let done = reconcile(&folder, &["-c", good.to_str().unwrap()], std::slice::from_ref(&csv));
    assert_eq!((done.code, states(&done)), (0, pairs(&[("matched", "amount_window")])), "{}", done.err);
    let bad = config("Datum");
    let done = reconcile(&folder, &["-c", bad.to_str().unwrap()], &[csv]);
    assert_eq!(done.code, 5);
    assert!(done.err.contains("no column `Datum`; the header has Tag, Wert, Wer, Was"), "{}", done.err);
}
