//! Invented years at the bank, against their key: nothing wrong is called matched, and everything that
//! can be decided is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test's helpers fail by panicking too, and figures are shown"
)]

mod support;
#[path = "reconcile_year/unsettled.rs"]
mod unsettled;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Folder, Run, amount, list, run, settle, text};

fn generate(folder: &Path, seed: u64, months: u32, countries: &[&str], first: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settle-rehearsal"));
    command.args(["generate", "--bank", "--seed", &seed.to_string(), "--months", &months.to_string(), "--from", first]);
    for country in countries {
        command.args(["--country", country]);
    }
    let done = run(command.arg("--out").arg(folder));
    assert_eq!(done.code, 0, "{}", done.err);
}

fn reconcile(folder: &Path, bank: &[&Path], from: &str, until: &str) -> Run {
    let mut command = settle();
    command.args(["reconcile", "--format", "json", "--from-date", from, "--until-date", until, "--from"]).arg(folder);
    command.arg("--bank").args(bank);
    run(&mut command)
}

/// What the key says of one payout.
struct Answer {
    state: String,
    lines: Vec<String>,
    decidable: bool,
    fate: String,
}

/// By account and paid settlement.
fn key(folder: &Path) -> BTreeMap<(String, String), Answer> {
    let key: Value = serde_json::from_str(&fs::read_to_string(folder.join("expected/bank-key.json")).unwrap()).unwrap();
    let answers = list(&key, "payouts").iter().map(|answer| {
        let mut lines: Vec<String> =
            list(answer, "lines").iter().map(|line| line.as_str().unwrap().to_owned()).collect();
        lines.sort();
        let name = (text(answer, "account").to_owned(), text(answer, "settlement_id").to_owned());
        let decidable = answer["decidable"].as_bool().unwrap();
        let [state, fate] = ["state", "fate"].map(|member| text(answer, member).to_owned());
        (name, Answer { state, lines, decidable, fate })
    });
    answers.collect()
}

/// The folder of an account by its merchant id.
fn account_names(folder: &Path) -> BTreeMap<String, String> {
    let key: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("expected/answer-key.json")).unwrap()).unwrap();
    let names =
        list(&key, "accounts").iter().map(|one| (text(one, "seller_id").to_owned(), text(one, "name").to_owned()));
    names.collect()
}

/// The bank's numbers of the lines of a payout.
fn numbers(payout: &Value) -> Vec<String> {
    let parts = payout["bank_parts"].as_array().cloned().unwrap_or_default();
    let lines = if parts.is_empty() { vec![payout["bank"].clone()] } else { parts };
    let number = |line: &Value| line["reference"].as_str().map(|text| text.trim_start_matches('0').to_owned());
    let mut numbers: Vec<String> = lines.iter().filter_map(number).collect();
    numbers.sort();
    numbers
}

#[derive(Default, Debug)]
struct Score {
    wrong: Vec<String>,
    found: usize,
    missed: Vec<String>,
    payouts: usize,
}

fn score(folder: &Path, document: &Value) -> Score {
    let (key, names) = (key(folder), account_names(folder));
    let mut score = Score::default();
    for payout in list(document, "payouts") {
        let rows = list(payout, "rows");
        score.payouts += rows.len();
        let name = &names[text(payout, "account")];
        // A row of a batch names the settlement of its own file; the key names the one that was paid.
        let paid = payout["paid_settlement_id"].as_str().map(str::to_owned);
        let Some(answer) = paid.and_then(|paid| key.get(&(name.clone(), paid))) else { continue };
        let state = text(payout, "state");
        let say = || {
            format!(
                "{} {} {}: {} for {} ({})",
                name, payout["paid_settlement_id"], payout["amount"], state, answer.state, answer.fate
            )
        };
        match state {
            "matched" if answer.lines != numbers(payout) => {
                score.wrong.push(format!("{} {:?} {:?}", say(), answer.lines, numbers(payout)))
            }
            "matched" if answer.state != "matched" => score.wrong.push(say()),
            _ if !answer.decidable => {}
            state if state == answer.state => score.found += rows.len(),
            _ => score.missed.push(say()),
        }
    }
    score
}

#[test]
fn a_year_in_every_format_is_matched_without_one_mistake() {
    let (mut found, mut missed) = (0, 0);
    for (seed, countries) in [(1, &["FR", "DE", "GB", "HU"][..]), (2, &["ES", "IT"])] {
        let folder = Folder::new();
        generate(folder.path(), seed, 12, countries, "2026-01");
        let bank = folder.at("bank");
        let done = reconcile(folder.path(), &[&bank], "2026-01-01", "2027-01-01");
        assert!(matches!(done.code, 0 | 5), "{}", done.err);
        let document = done.json();
        let does_not_foot =
            list(&document, "problems").iter().find(|one| one["code"] == "bank_statement_does_not_foot");
        assert_eq!(does_not_foot, None);
        let score = score(folder.path(), &document);
        eprintln!(
            "seed {seed}: {} payouts, {} found, {} missed, {} wrong",
            score.payouts,
            score.found,
            score.missed.len(),
            score.wrong.len()
        );
        assert_eq!(score.wrong, Vec::<String>::new());
        assert!(score.payouts > 500, "{}", score.payouts);
        eprintln!("{:#?}", score.missed);
        found += score.found;
        missed += score.missed.len();
    }
    assert!(missed * 100 <= found + missed, "recall below 99 %: {missed} of {} missed", found + missed);
    assert!(found > 700, "{found}");
}

#[test]
fn the_order_of_files_and_lines_decides_nothing() {
    let folder = Folder::new();
    generate(folder.path(), 5, 3, &["FR", "DE"], "2026-01");
    let bank = [folder.at("bank/shop-fr.cfo"), folder.at("bank/shop-de.sta")];
    let forward = reconcile(folder.path(), &[&bank[0], &bank[1]], "2026-01-01", "2026-04-01");
    let backward = reconcile(folder.path(), &[&bank[1], &bank[0]], "2026-01-01", "2026-04-01");
    assert_eq!(forward.json(), backward.json());
    // The same statement in two files that overlap, and once more as it is.
    let whole = fs::read_to_string(&bank[1]).unwrap();
    let entries: Vec<&str> = whole.split(":61:").collect();
    let shuffled: Vec<&str> = entries[1..entries.len() - 1].iter().rev().copied().collect();
    let last = entries.last().unwrap();
    let turned = format!("{}:61:{}:61:{last}", entries[0], shuffled.join(":61:"));
    let other = folder.write("turned.sta", turned);
    let states = |run: &Run| {
        let document = run.json();
        let states: Vec<String> = list(&document, "payouts")
            .iter()
            .map(|payout| format!("{} {} {:?}", payout["settlement_ids"], payout["state"], numbers(payout)))
            .collect();
        states
    };
    let turned = reconcile(folder.path(), &[&bank[0], &other], "2026-01-01", "2026-04-01");
    assert_eq!(states(&turned), states(&forward));
    let twice = reconcile(folder.path(), &[&bank[0], &bank[1], &other], "2026-01-01", "2026-04-01");
    assert_eq!(states(&twice), states(&forward));
    assert!(list(&twice.json(), "problems").iter().any(|one| one["code"] == "bank_overlap"));
}

#[test]
fn the_default_sample_is_what_it_was_before_there_was_a_bank() {
    let folder = Folder::new();
    let done = run(Command::new(env!("CARGO_BIN_EXE_settle-rehearsal")).args(["generate", "--out"]).arg(folder.path()));
    assert_eq!(done.code, 0, "{}", done.err);
    for name in ["expected/answer-key.json", "shop-fr/settlement-2026-09-02.csv", "shop-de/disbursements-2026-09.json"]
    {
        assert_eq!(
            fs::read(folder.at(name)).unwrap(),
            fs::read(support::root().join("sample_reports").join(name)).unwrap()
        );
    }
    assert!(!folder.at("bank").exists());
}

#[test]
fn the_balance_at_the_end_of_a_year_and_the_money_in_flight_add_up() {
    let folder = Folder::new();
    generate(folder.path(), 7, 12, &["FR"], "2026-01");
    let mut command = settle();
    command
        .args(["reconcile", "--format", "json", "--at", "2026-12-15", "--timezone", "Europe/Paris", "--from"])
        .arg(folder.path());
    let done = run(command.arg("--bank").arg(folder.at("bank")));
    let document = done.json();
    let balance = &list(&document, "balances")[0];
    assert_eq!(text(balance, "at"), "2026-12-16T00:00:00+01:00");
    // The same balance as the month statement of a period that ends there.
    let statement = run(settle()
        .args(["report", "--format", "json", "--from-date", "2026-12-01", "--until-date", "2026-12-16"])
        .args(["--timezone", "Europe/Paris", "--from"])
        .arg(folder.path()))
    .json();
    let account = support::only_account(&statement);
    assert_eq!(amount(balance, "balance"), amount(account, "closing_balance"));
    // In flight is what the key says was posted by then and booked later.
    let later = list(&document, "payouts")
        .iter()
        .filter(|payout| payout["state"] == "matched" && text(&payout["bank"], "booked_on") > "2026-12-15");
    let waiting: i128 = later.map(|payout| amount(payout, "amount")).sum();
    assert!(amount(balance, "in_flight") >= waiting && waiting > 0, "{balance}");
}
