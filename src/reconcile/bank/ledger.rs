//! All statements together: every line once, whatever was given twice or overlaps.
//!
//! Within one format a line is known by its account, day, amount and texts; equal lines within one file
//! are so many lines, and a second file that has them again adds nothing. Across formats the texts
//! differ, so the amounts of an account's day decide: the fuller day counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::coverage::{AccountCoverage, Coverage};
use super::statement::{BankEntry, BankFormat, BankStatement, Footing};
use crate::domain::{Amount, Currency, Sum};

/// A line of the ledger: places in [`BankLedger::statements`] and its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// The statement.
    pub statement: usize,
    /// The entry in it.
    pub entry: usize,
}

/// Every statement and every line.
#[derive(Clone, Debug, Default)]
pub struct BankLedger {
    /// The statements, in a steady order.
    pub statements: Vec<BankStatement>,
    /// The account of each, folded, the same for every way to write it.
    pub accounts: Vec<String>,
    /// Every booked line once, by day.
    pub lines: Vec<LedgerLine>,
    /// What does not tie.
    pub findings: Vec<BankFinding>,
}

/// What does not tie between or within statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankFinding {
    /// Opening + entries is not closing.
    DoesNotFoot {
        /// The file.
        file: String,
        /// The account.
        account: String,
        /// The statement's number.
        number: Option<String>,
        /// The currency.
        currency: Currency,
        /// Closing as stated.
        stated: Amount,
        /// Opening + entries.
        computed: Sum,
    },
    /// Two files tell an account's day differently.
    Conflict {
        /// The account.
        account: String,
        /// The day.
        day: NaiveDate,
        /// One file.
        file: String,
        /// The other.
        other: String,
    },
    /// Lines that were in another file already.
    Overlap {
        /// The file.
        file: String,
        /// How many.
        lines: u64,
    },
}

/// What makes two lines of one format the same line.
type Identity = (Amount, Currency, String);

/// An account's day.
type AccountDay = (String, NaiveDate);

/// The days of every account, by format.
type Days = BTreeMap<AccountDay, BTreeMap<BankFormat, Day>>;

/// The lines of one identity in each file.
type ByFile<'a> = BTreeMap<&'a str, Vec<LedgerLine>>;

/// An account's day in one format: each identity with the lines of the file that has the most of them.
type Day = BTreeMap<Identity, Vec<LedgerLine>>;

impl BankLedger {
    /// Puts statements together, whatever their order.
    #[must_use]
    pub fn new(mut statements: Vec<BankStatement>) -> Self {
        statements.sort_by(|a, b| order(a).cmp(&order(b)));
        let accounts = folded_accounts(&statements);
        let mut ledger = Self { statements, accounts, lines: Vec::new(), findings: Vec::new() };
        ledger.check_footing();
        let days = ledger.days();
        ledger.choose(days);
        ledger.lines.sort_by(|a, b| ledger_order(&ledger.statements, *a).cmp(&ledger_order(&ledger.statements, *b)));
        ledger.tell_overlaps();
        ledger
    }

    /// The entry of a line.
    #[must_use]
    pub fn entry(&self, line: LedgerLine) -> Option<&BankEntry> {
        self.statements.get(line.statement)?.entries.get(line.entry)
    }

    /// The statement of a line.
    #[must_use]
    pub fn statement(&self, line: LedgerLine) -> Option<&BankStatement> {
        self.statements.get(line.statement)
    }

    fn check_footing(&mut self) {
        for statement in &self.statements {
            let (Footing::Differs(difference), Some(closing)) = (statement.footing(), statement.closing) else {
                continue;
            };
            self.findings.push(BankFinding::DoesNotFoot {
                file: statement.file.clone(),
                account: statement.account.clone(),
                number: statement.number.clone(),
                currency: closing.currency,
                stated: closing.amount,
                computed: Sum::from(closing.amount) - difference,
            });
        }
    }

    /// The lines of every account's day, format by format.
    fn days(&self) -> Days {
        let mut by_file: BTreeMap<(AccountDay, BankFormat, Identity), ByFile<'_>> = BTreeMap::new();
        for (at, statement) in self.statements.iter().enumerate() {
            let account = self.accounts.get(at).cloned().unwrap_or_default();
            for (place, entry) in statement.entries.iter().enumerate() {
                if entry.status != super::EntryStatus::Booked {
                    continue;
                }
                let key = ((account.clone(), entry.booked), statement.format, identity(entry));
                let lines = by_file.entry(key).or_default().entry(&statement.file).or_default();
                lines.push(LedgerLine { statement: at, entry: place });
            }
        }
        let mut days: Days = BTreeMap::new();
        for ((day, format, identity), files) in by_file {
            // Of files that have the line equally often the first by name counts.
            let mut fullest: Vec<LedgerLine> = Vec::new();
            for lines in files.into_values() {
                if lines.len() > fullest.len() {
                    fullest = lines;
                }
            }
            days.entry(day).or_default().entry(format).or_default().insert(identity, fullest);
        }
        days
    }

    /// Chooses, for each account's day, the format that tells the most of it.
    fn choose(&mut self, days: Days) {
        for ((account, day), formats) in days {
            let mut counted: Vec<LedgerLine> = Vec::new();
            for lines in formats.into_values().map(|day| day.into_values().flatten().collect::<Vec<_>>()) {
                let (known, more) = (self.amounts(&counted), self.amounts(&lines));
                if contains(&more, &known) && more.len() > known.len() {
                    counted = lines;
                } else if !contains(&known, &more) {
                    self.findings.push(BankFinding::Conflict {
                        account: account.clone(),
                        day,
                        file: self.file_of(&counted),
                        other: self.file_of(&lines),
                    });
                }
            }
            self.lines.extend(counted);
        }
    }

    fn amounts(&self, lines: &[LedgerLine]) -> Vec<(Currency, Amount)> {
        let mut amounts: Vec<_> =
            lines.iter().filter_map(|line| self.entry(*line)).map(|entry| (entry.currency, entry.amount)).collect();
        amounts.sort();
        amounts
    }

    fn file_of(&self, lines: &[LedgerLine]) -> String {
        lines.first().and_then(|line| self.statement(*line)).map(|one| one.file.clone()).unwrap_or_default()
    }

    fn tell_overlaps(&mut self) {
        let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &self.lines {
            if let Some(statement) = self.statements.get(line.statement) {
                *counted.entry(&statement.file).or_default() += 1;
            }
        }
        let mut had: BTreeMap<&str, u64> = BTreeMap::new();
        for statement in &self.statements {
            *had.entry(&statement.file).or_default() += statement.booked().count() as u64;
        }
        let overlaps = had.into_iter().filter_map(|(file, lines)| {
            let lost = lines - counted.get(file).copied().unwrap_or(0);
            (lost > 0).then(|| BankFinding::Overlap { file: file.to_owned(), lines: lost })
        });
        let overlaps: Vec<BankFinding> = overlaps.collect();
        self.findings.extend(overlaps);
    }

    /// Which days are covered of each account; `names_amazon` tells by the statement's place.
    #[must_use]
    pub fn coverage(&self, names_amazon: &BTreeSet<usize>) -> Coverage {
        let mut accounts: BTreeMap<(String, Option<Currency>), Vec<usize>> = BTreeMap::new();
        for (at, statement) in self.statements.iter().enumerate() {
            let account = self.accounts.get(at).cloned().unwrap_or_default();
            let currency = statement.currency.or_else(|| statement.entries.first().map(|entry| entry.currency));
            accounts.entry((account, currency)).or_default().push(at);
        }
        let coverage = accounts.into_iter().map(|((account, currency), statements)| AccountCoverage {
            account,
            currency,
            names_amazon: statements.iter().any(|at| names_amazon.contains(at)),
            ranges: self.ranges(&statements),
        });
        Coverage { accounts: coverage.collect() }
    }

    /// What statements cover together; a hole between two whose balances join is none: nothing moved in it.
    fn ranges(&self, statements: &[usize]) -> Vec<(NaiveDate, NaiveDate)> {
        let mut known: Vec<(NaiveDate, NaiveDate, &BankStatement)> = statements
            .iter()
            .filter_map(|at| self.statements.get(*at))
            .filter_map(|statement| statement.covered().map(|(from, until)| (from, until, statement)))
            .collect();
        known.sort_by_key(|one| (one.0, one.1));
        let mut ranges: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        let mut last: Option<&BankStatement> = None;
        for (from, until, statement) in known {
            let joins = last.is_some_and(|last| {
                let closed = last.closing.map(|balance| (balance.currency, balance.amount));
                closed.is_some() && closed == statement.opening.map(|balance| (balance.currency, balance.amount))
            });
            match ranges.last_mut() {
                Some(range) if from <= range.1 || joins => range.1 = range.1.max(until),
                _ => ranges.push((from, until)),
            }
            last = Some(statement);
        }
        ranges
    }
}

fn identity(entry: &BankEntry) -> Identity {
    let texts: Vec<&str> = entry.texts().flat_map(str::split_whitespace).collect();
    (entry.amount, entry.currency, texts.join(" "))
}

/// Whether a sorted list holds every element of another, as often as there.
fn contains<T: Ord>(all: &[T], part: &[T]) -> bool {
    let mut all = all.iter();
    part.iter().all(|wanted| all.by_ref().any(|have| have == wanted))
}

fn order(statement: &BankStatement) -> impl Ord + '_ {
    let covered = statement.covered();
    (statement.format, &statement.account, covered, &statement.number, &statement.file)
}

fn ledger_order(statements: &[BankStatement], line: LedgerLine) -> impl Ord + use<'_> {
    let statement = statements.get(line.statement);
    let entry = statement.and_then(|statement| statement.entries.get(line.entry));
    let key = entry.map(|entry| (entry.booked, entry.amount, &entry.text, entry.line));
    (key, statement.map(|statement| (&statement.account, &statement.file)), line.entry)
}

/// The shortest account number that may stand for a longer one that holds it.
const ACCOUNT_CHARS_MIN: usize = 10;

/// The accounts of statements, folded; different ways to write one account fold to one.
fn folded_accounts(statements: &[BankStatement]) -> Vec<String> {
    let folded: Vec<String> = statements.iter().map(|statement| fold_account(&statement.account)).collect();
    let mut names: BTreeSet<&str> = folded.iter().map(String::as_str).collect();
    names.remove("");
    let longest = |name: &str| {
        let mut holding = names.iter().filter(|other| is_part_of(name, other)).max_by_key(|other| other.len());
        holding.take().map_or_else(|| name.to_owned(), |other| (*other).to_owned())
    };
    folded.iter().map(|name| longest(name)).collect()
}

fn fold_account(account: &str) -> String {
    let folded: String = account.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    // Some banks print the currency behind the IBAN.
    let tail = folded.len().checked_sub(3).and_then(|at| folded.split_at_checked(at));
    match tail {
        Some((account, code)) if account.len() >= ACCOUNT_CHARS_MIN && code.parse::<Currency>().is_ok() => {
            account.to_owned()
        }
        _ => folded,
    }
}

/// Whether a national number is the one inside an IBAN. Spain's has two check digits in its middle.
fn is_part_of(short: &str, long: &str) -> bool {
    let spanish = || {
        let (bank, number) = (long.get(4..12), long.get(14..24));
        long.starts_with("ES")
            && long.len() == 24
            && short.len() == 18
            && bank == short.get(..8)
            && number == short.get(8..)
    };
    short == long || (short.len() >= ACCOUNT_CHARS_MIN && (long.contains(short) || spanish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(format: BankFormat, file: &str, account: &str, amounts: &[(i64, &str)]) -> BankStatement {
        let eur = "EUR".parse().unwrap();
        let mut statement = BankStatement::new(format, file);
        statement.account = account.to_owned();
        for (line, (amount, text)) in (1..).zip(amounts) {
            let mut entry = BankEntry::new(line, Amount::from_units(*amount), eur, "2026-09-10".parse().unwrap());
            (*text).clone_into(&mut entry.text);
            statement.entries.push(entry);
        }
        statement
    }

    #[test]
    fn a_second_file_with_the_same_lines_adds_nothing_and_equal_lines_in_one_file_stay() {
        let one = statement(BankFormat::Camt, "a.xml", "FR76", &[(10, "x"), (10, "x"), (20, "y")]);
        let two = statement(BankFormat::Camt, "b.xml", "FR76", &[(10, "x"), (20, "y"), (30, "z")]);
        let ledger = BankLedger::new(vec![two, one]);
        assert_eq!(ledger.lines.len(), 4);
        assert!(ledger.findings.iter().any(|finding| matches!(finding, BankFinding::Overlap { lines: 2, .. })));
    }

    #[test]
    fn the_same_day_in_another_format_counts_once() {
        let camt = statement(BankFormat::Camt, "a.xml", "FR7610278022040001234560312", &[(10, "x"), (20, "y")]);
        let cfonb = statement(BankFormat::Cfonb120, "b.txt", "10278 02204 00012345603", &[(10, "VIR X"), (20, "Y")]);
        let ledger = BankLedger::new(vec![camt.clone(), cfonb]);
        assert_eq!(ledger.lines.len(), 2);
        let other = statement(BankFormat::Cfonb120, "b.txt", "10278 02204 00012345603", &[(11, "VIR X")]);
        let ledger = BankLedger::new(vec![camt, other]);
        assert!(ledger.findings.iter().any(|finding| matches!(finding, BankFinding::Conflict { .. })));
    }

    #[test]
    fn a_national_number_is_the_account_of_its_iban() {
        assert!(is_part_of("37040044532013000", "37040044532013000"));
        assert!(is_part_of("370400440532013000", "DE89370400440532013000"));
        assert!(is_part_of("004915001234567890", "ES9100491500051234567890"));
        assert!(!is_part_of("004915001234567891", "ES9100491500051234567890"));
        assert_eq!(fold_account("NL69 INGB 0123456789 EUR"), "NL69INGB0123456789");
    }
}
