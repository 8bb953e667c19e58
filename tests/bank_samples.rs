//! The public bank statements beside the checkout, read in place where they exist, against their
//! golden results: amounts, signs, dates and balances.
//!
//! The goldens were made by other libraries. One of them keeps reversals of credits positive, which is
//! money out; that one difference is expected.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test's helpers fail by panicking too, and what is skipped is said"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use settle::parse::gather;
use settle::reconcile::bank::{
    BankEntry, BankFault, BankFormat, BankReader, BankStatement, Footing, Reversal, read_bank_file,
};
use support::{root, units};

/// The samples, or a visible word that they are not there.
fn samples() -> Option<PathBuf> {
    let folder = root().join("../shared/samples/bank");
    if !folder.is_dir() {
        eprintln!("skipped: no public bank samples at {}", folder.display());
        return None;
    }
    Some(folder)
}

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| path.extension().is_some_and(|known| known == *ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Result<Vec<BankStatement>, BankFault> {
    let gathered = gather(&[path.to_owned()]);
    read_bank_file(&gathered.inputs[0], &BankReader::default()).map(|file| file.statements).map_err(|error| error.fault)
}

/// Minor units of a golden amount as ten-thousandths.
fn minor(text: &str, currency: &str) -> i64 {
    let digits = match currency {
        "JPY" => 0,
        _ => 2,
    };
    text.parse::<i64>().unwrap() * 10_i64.pow(4 - digits)
}

#[test]
fn camt_entries_are_those_of_the_goldens() {
    let Some(folder) = samples() else { return };
    let mut compared = 0;
    for path in files(&folder.join("camt"), &["xml"]) {
        let golden: Value = serde_json::from_str(&fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
        let read = read(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        let entries = golden["getEntries"].as_array().unwrap_or_else(|| panic!("{}", path.display()));
        let mine: Vec<&BankEntry> = read.iter().flat_map(|statement| &statement.entries).collect();
        // The golden holds the entries of the last statement only.
        assert!(mine.len() >= entries.len() && !entries.is_empty(), "{}", path.display());
        let mine = mine[mine.len() - entries.len()..].to_vec();
        for (entry, expected) in mine.into_iter().zip(entries) {
            let amount = &expected["getAmount"];
            let currency = find_currency(amount);
            assert_eq!(entry.currency.code(), currency, "{}", path.display());
            // Three decimals of an amount are cut in the golden.
            let stated = minor(amount["getAmount"].as_str().unwrap(), &currency);
            assert_eq!(entry.amount.units() / 100 * 100, stated, "{}", path.display());
            let booked = expected["getBookingDate"]["DateTimeImmutable"]["0"].as_str();
            if let Some(day) = booked.and_then(|day| day.get(..10)) {
                assert_eq!(entry.booked.to_string(), day, "{}", path.display());
            }
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared} entries");
}

fn find_currency(amount: &Value) -> String {
    fn find(value: &Value) -> Option<String> {
        match value {
            Value::String(text) if text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase()) => {
                Some(text.clone())
            }
            Value::Object(members) => members.values().find_map(find),
            Value::Array(items) => items.iter().find_map(find),
            _ => None,
        }
    }
    find(amount).unwrap_or_else(|| panic!("no currency in {amount}"))
}

/// The footing of a synthetic file with balances in four currencies.
fn synthetic_footing(folder: &Path) -> Footing {
    read(&folder.join("camt/camt053.v2.minimal.xml")).unwrap()[0].footing()
}

#[test]
fn a_camt_statement_that_foots_is_told_from_one_that_does_not() {
    let Some(folder) = samples() else { return };
    let read = read(&folder.join("camt/camt053.v2.multi.statement.xml")).unwrap();
    assert_eq!(read.len(), 2);
    // 18.15 + 8.85 = 27.00, and 27.00 - 7.00 = 20.00.
    assert!(read.iter().all(|statement| statement.footing() == Footing::Foots));
    assert_ne!(synthetic_footing(&folder), Footing::Foots);
}

/// One transaction of a golden: amount in ten-thousandths, mark, value day, entry day.
struct Golden {
    amount: i64,
    mark: String,
    valued: String,
    booked: Option<String>,
}

/// Reads what counts out of a dump of Python objects.
fn golden_transactions(text: &str) -> Vec<Golden> {
    let transactions = text.split("\ntransactions:").nth(1).unwrap_or_default();
    let pieces = transactions.split("!!python/object:mt940.models.Transaction\n").skip(1);
    pieces
        .map(|piece| {
            let after = |name: &str| piece.split(&format!("\n    {name}:")).nth(1).unwrap_or_default();
            let amount = after("amount").split("- '").nth(1).unwrap().split('\'').next().unwrap();
            let day = |text: &str| {
                let coded: String =
                    text.split("!!binary |").nth(1)?.trim().chars().take_while(|c| !c.is_whitespace()).collect();
                let bytes = base64(&coded);
                Some(format!("{:04}-{:02}-{:02}", u32::from(bytes[0]) * 256 + u32::from(bytes[1]), bytes[2], bytes[3]))
            };
            Golden {
                amount: i64::try_from(units(amount)).unwrap(),
                mark: after("status").trim_start().lines().next().unwrap_or_default().trim().to_owned(),
                valued: day(after("date")).unwrap(),
                booked: day(after("guessed_entry_date").split("\n    id:").next().unwrap_or_default()),
            }
        })
        .collect()
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for c in text.chars().filter(|c| *c != '=') {
        bits = bits << 6 | u32::try_from(ALPHABET.find(c).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn mt940_entries_are_those_of_the_goldens_with_reversed_credits_out() {
    let Some(folder) = samples() else { return };
    let mut compared = 0;
    for path in files(&folder.join("mt940"), &["sta"]) {
        let golden = golden_transactions(&fs::read_to_string(path.with_extension("yml")).unwrap());
        let read = match read(&path) {
            Ok(read) => read,
            // Pieces without a currency, and what is no statement.
            Err(BankFault::NoCurrency | BankFault::NotRecognised { .. } | BankFault::NoStatement) => continue,
            Err(fault) => panic!("{}: {fault}", path.display()),
        };
        let entries: Vec<&BankEntry> = read.iter().flat_map(|statement| &statement.entries).collect();
        // Some goldens hold only the last of several entries of a piece.
        if golden.len() != entries.len() {
            assert!(golden.len() < entries.len(), "{}: {} < {}", path.display(), entries.len(), golden.len());
            eprintln!("{}: {} entries, golden has {}", path.display(), entries.len(), golden.len());
            continue;
        }
        for (entry, golden) in entries.iter().zip(&golden) {
            let expected = if golden.mark.ends_with("RC") { -golden.amount.abs() } else { golden.amount };
            assert_eq!(entry.amount.units(), expected, "{}:{}", path.display(), entry.line);
            assert_eq!(entry.valued.unwrap().to_string(), golden.valued, "{}:{}", path.display(), entry.line);
            if let Some(booked) = &golden.booked {
                assert_eq!(entry.booked.to_string(), *booked, "{}:{}", path.display(), entry.line);
            }
            assert_eq!(
                entry.reversal == Reversal::Marked && expected < 0,
                golden.mark.ends_with("RC"),
                "{}",
                path.display()
            );
            compared += 1;
        }
    }
    eprintln!("{compared} entries compared");
    assert!(compared >= 120, "{compared} entries");
}

#[test]
fn every_complete_mt940_statement_is_read_and_foots_where_its_file_does() {
    let Some(folder) = samples() else { return };
    let footing = |name: &str| {
        let read = read(&folder.join("mt940").join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        (read.len(), read.iter().map(BankStatement::footing).collect::<Vec<_>>())
    };
    for name in ["citi/mt940.txt", "mBank/mt940.sta", "sberbank/171011_01234945.sta", "self-provided/february_30.sta"] {
        assert_eq!(footing(name), (1, vec![Footing::Foots]), "{name}");
    }
    let (count, all) = footing("ASNB/mt940.txt");
    assert_eq!(count, 31);
    assert!(all.iter().all(|one| *one == Footing::Foots), "{all:?}");
    // 26 pages, six of which are continued by the next.
    assert_eq!(footing("betterplace/sepa_mt9401.sta").0, 20);
    assert_eq!(footing("jejik/rabobank.sta").0, 4);
    assert_eq!(footing("jejik/abnamro.sta").0, 2);
    let differs = |name: &str| match footing(name).1[..] {
        [Footing::Differs(difference)] => difference.units().abs(),
        _ => panic!("{name} is known not to foot"),
    };
    assert_eq!(differs("jejik/triodos.sta"), units("111.40"));
    assert_eq!(differs("jejik/ing.sta"), units("49.06"));
    assert!(read(&folder.join("mt940/self-provided/invalid_statement.sta")).is_err());
}

#[test]
fn cfonb_statements_are_as_their_origin_states() {
    let Some(folder) = samples() else { return };
    let folder = folder.join("cfonb120");
    let simple = read(&folder.join("simple-test.txt")).unwrap();
    assert_eq!(simple.len(), 1);
    assert_eq!(simple[0].account, "10278 02204 00012345603");
    let balances = |statement: &BankStatement| {
        (statement.opening.unwrap().amount.units(), statement.closing.unwrap().amount.units())
    };
    assert_eq!(balances(&simple[0]), (166_956_500, 166_956_500));
    let complex = read(&folder.join("complex-test.txt")).unwrap();
    let amounts: Vec<Vec<i64>> = complex
        .iter()
        .map(|statement| statement.entries.iter().map(|entry| entry.amount.units() / 100).collect())
        .collect();
    let expected: [&[i64]; 8] = [&[-2_279], &[-2_011, -500_000], &[], &[-11_775], &[], &[-5_025], &[], &[]];
    assert_eq!(amounts, expected);
    assert!(complex.iter().all(|statement| statement.footing() == Footing::Foots));
    assert_eq!(complex[3].entries[0].booked.to_string(), "2020-04-10");
    assert_eq!(complex[3].entries[0].valued.unwrap().to_string(), "2020-04-01");
    assert!(complex[0].entries[0].text.contains("DEDIBOX 3706114"));
    let bytes = fs::read(folder.join("complex-test.txt")).unwrap();
    let joined: Vec<u8> = bytes.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
    let temporary = support::Folder::new();
    let again = read(&temporary.write("joined.txt", joined)).unwrap();
    let without_lines = |statements: &[BankStatement]| {
        let amounts = statements.iter().flat_map(|statement| {
            statement.entries.iter().map(|entry| (entry.amount, entry.booked, entry.text.clone()))
        });
        amounts.collect::<Vec<_>>()
    };
    assert_eq!(without_lines(&again), without_lines(&complex));
    assert_eq!(again[0].format, BankFormat::Cfonb120);
}
