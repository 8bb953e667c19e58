//! Bank statements of every format.
//!
//! The footing says what an addition of its own says; the ledger counts every booked line once, whatever the order of
//! statements and however often a file is given; the same text in UTF-16 is the same statement.

use std::collections::BTreeSet;

use settle::parse::Input;
use settle::reconcile::bank::{
    BankEntry, BankFile, BankFinding, BankLedger, BankReader, BankStatement, EntryStatus, Extent, Footing,
    read_bank_file,
};

use super::{WHOLE, input, message, sha256};

/// Bytes that an entry takes at least, in the tersest format.
const ENTRY_BYTES_LEAST: usize = 8;
/// Longest text that is read as UTF-16 once more.
const AGAIN_MAX: usize = 4 << 10;

fn read_file(input: &Input) -> Result<BankFile, String> {
    read_bank_file(input, &BankReader::default()).map_err(|why| message(why.to_string()))
}

/// Once.
pub(super) fn read(bytes: &[u8]) {
    let _ = read_file(&input(bytes, WHOLE));
}

/// Every bank statement.
pub(super) fn check(bytes: &[u8]) {
    let first = read_file(&input(bytes, WHOLE));
    let again = read_file(&input(bytes, WHOLE));
    match (&first, &again) {
        (Ok(first), Ok(again)) => {
            assert_eq!(first.statements, again.statements, "read twice");
            assert_eq!((&first.id, first.format, &first.warnings), (&again.id, again.format, &again.warnings));
        }
        (first, again) => assert_eq!(first.as_ref().err(), again.as_ref().err(), "read twice"),
    }
    in_utf16(bytes, &first);
    let Ok(file) = first else { return };
    assert_eq!(file.id.as_str(), sha256(bytes));
    let entries: usize = file.statements.iter().map(|statement| statement.entries.len()).sum();
    assert!(entries <= bytes.len() / ENTRY_BYTES_LEAST + 1, "{entries} entries in {} bytes", bytes.len());
    for statement in &file.statements {
        footing(statement);
        assert!(statement.covered().is_none_or(|(from, until)| from <= until || statement.from > statement.until));
    }
    ledger(&file.statements);
}

fn footing(statement: &BankStatement) {
    let booked = || statement.entries.iter().filter(|entry| entry.status == EntryStatus::Booked);
    let balances = statement.opening.zip(statement.closing);
    let expected = balances.filter(|(opening, closing)| {
        opening.currency == closing.currency
            && booked().all(|entry| entry.currency == opening.currency)
            && statement.extent == Extent::Whole
    });
    let difference = expected.map(|(opening, closing)| {
        let moved: i128 = booked().map(|entry| i128::from(entry.amount.units())).sum();
        i128::from(closing.amount.units()) - i128::from(opening.amount.units()) - moved
    });
    match statement.footing() {
        Footing::Untold => assert_eq!(difference, None),
        Footing::Foots => assert_eq!(difference, Some(0)),
        Footing::Differs(by) => assert_eq!((difference, by.is_zero()), (Some(by.units()), false)),
    }
}

/// The lines of a ledger, in an order that the order of its statements does not matter for.
fn lines(ledger: &BankLedger) -> Vec<&BankEntry> {
    let mut lines: Vec<&BankEntry> =
        ledger.lines.iter().map(|line| ledger.entry(*line).expect("a line is an entry")).collect();
    lines.sort_by_key(|entry| (entry.booked, entry.amount, entry.line, &entry.text));
    lines
}

fn ledger(statements: &[BankStatement]) {
    let one = BankLedger::new(statements.to_vec());
    let places: BTreeSet<(usize, usize)> = one.lines.iter().map(|line| (line.statement, line.entry)).collect();
    assert_eq!(places.len(), one.lines.len(), "no entry is two lines");
    let booked: usize = statements.iter().map(|statement| statement.booked().count()).sum();
    let overlaps = one.findings.iter().map(|finding| match finding {
        BankFinding::Overlap { lines, .. } => *lines as usize,
        _ => 0,
    });
    assert_eq!(one.lines.len() + overlaps.sum::<usize>(), booked, "lines in = lines counted and lines set aside");
    let differing = statements.iter().filter(|statement| matches!(statement.footing(), Footing::Differs(_))).count();
    let told = one.findings.iter().filter(|finding| matches!(finding, BankFinding::DoesNotFoot { .. })).count();
    assert_eq!(differing, told, "what does not foot is found");
    let _ = one.coverage(&BTreeSet::new());

    let turned = BankLedger::new(statements.iter().rev().cloned().collect());
    assert_eq!(lines(&one), lines(&turned), "the order of statements does not matter");
    let copies = statements.iter().cloned().map(|statement| BankStatement { file: "copy".to_owned(), ..statement });
    let twice = BankLedger::new(statements.iter().cloned().chain(copies).collect());
    assert_eq!(one.lines.len(), twice.lines.len(), "a file given twice counts once");
}

/// The same text in UTF-16 gives the same statements, or the same refusal.
fn in_utf16(bytes: &[u8], plain: &Result<BankFile, String>) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= AGAIN_MAX && !text.starts_with('\u{feff}') => text,
        _ => return,
    };
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    match (plain, read_file(&input(&wide, WHOLE))) {
        (Ok(plain), Ok(wide)) => assert_eq!(plain.statements, wide.statements),
        (Err(plain), Err(wide)) => assert_eq!(*plain, wide),
        (plain, wide) => panic!("{plain:?}\nin UTF-16: {wide:?}"),
    }
}
