//! The delta journal: what turns the journal of closed months into the one that would be written now.
//!
//! A row that came to count is booked, one that no longer counts is reversed; rows that are the same on both sides
//! cross each other off before. All of it is dated on the first day of the month in which it counts, and says which
//! month it corrects. So the journals of the closed months and this one add up to the journals as they would be
//! now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::entry::{Entry, Posting};
use super::ledger::Ledger;
use super::summary::{Granularity, Summary};
use crate::config::Event;
use crate::domain::{Month, RowKind, Sum};

/// Whether a row came to count or no longer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is booked.
    Adjusts,
    /// It is reversed.
    Reverses,
}

impl Turn {
    fn word(self) -> &'static str {
        match self {
            Turn::Adjusts => "Adjusts",
            Turn::Reverses => "Reverses",
        }
    }
}

/// The corrections of closed months within one ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Entries in the order of the months that they correct.
    pub entries: Vec<Entry>,
    /// What they are for.
    pub used: BTreeSet<Event>,
    /// What they are for and has no account.
    pub missing: BTreeSet<Event>,
}

/// Corrections in the making.
pub struct DeltaBook {
    by: Granularity,
    date: NaiveDate,
    entries: Vec<(Month, Entry)>,
    summaries: BTreeMap<Month, Summary>,
    /// Settlements in the order in which they were met.
    settlements: Vec<String>,
    missing: BTreeSet<Event>,
}

impl DeltaBook {
    /// Entries of this date.
    #[must_use]
    pub fn new(by: Granularity, date: NaiveDate) -> Self {
        Self {
            by,
            date,
            entries: Vec::new(),
            summaries: BTreeMap::new(),
            settlements: Vec::new(),
            missing: BTreeSet::new(),
        }
    }

    /// Adds the entry of a row of a month; `word` is its `TransactionType`.
    pub fn add(&mut self, month: Month, turn: Turn, entry: Entry, word: &str) {
        let entry = turned(entry, turn, self.date);
        if self.by == Granularity::Transaction {
            let label = format!("{} {month}: {}", turn.word(), entry.label);
            self.entries.push((month, Entry { label, ..entry }));
        } else {
            let known = self.settlements.iter().position(|known| *known == entry.settlement_id);
            let settlement = known.unwrap_or_else(|| {
                self.settlements.push(entry.settlement_id.clone());
                self.settlements.len() - 1
            });
            let summary = self.summaries.entry(month).or_insert_with(|| Summary::new(self.by, self.date));
            summary.add(entry, word, settlement);
        }
    }

    /// Adds what changed about the balance before the first known settlement: no row stands behind it.
    pub fn add_opening(&mut self, month: Month, amount: Sum, ledger: &Ledger) {
        let known = |event| ledger.map.get(event).is_some();
        self.missing.extend((!known(Event::Opening) && !known(Event::Suspense)).then_some(Event::Suspense));
        let counter = if ledger.map.get(Event::Opening).is_some() { Event::Opening } else { Event::Suspense };
        let mut postings =
            vec![Posting { event: Event::Clearing, amount }, Posting { event: counter, amount: -amount }];
        postings.sort_by_key(|posting| posting.amount < Sum::ZERO);
        let entry = Entry {
            number: 0,
            date: self.date,
            piece_date: self.date,
            kind: RowKind::Adjustment,
            currency: ledger.currency,
            label: format!("{} {month}: Amazon Pay balance before the first settlement", Turn::Adjusts.word()),
            piece: month.to_string(),
            settlement_id: String::new(),
            transaction_id: String::new(),
            order_id: String::new(),
            invoice: None,
            file: String::new(),
            line: 0,
            rows: 0,
            postings,
        };
        self.entries.push((month, entry));
    }

    /// All corrections, with what they are for.
    #[must_use]
    pub fn finish(self, mut missing: BTreeSet<Event>) -> Delta {
        missing.extend(self.missing);
        let mut entries = self.entries;
        for (month, summary) in self.summaries {
            entries.extend(summary.finish().into_iter().map(|entry| {
                // The date of the summary is not that of its rows; a settlement stays named.
                let dated = self.by != Granularity::Settlement;
                let label =
                    if dated { entry.label.replacen(&format!(" {}", entry.piece), "", 1) } else { entry.label.clone() };
                (month, Entry { label: format!("{} {month}: {label}", Turn::Adjusts.word()), ..entry })
            }));
        }
        entries.sort_by(|(a_month, a), (b_month, b)| {
            (a_month, a.piece_date, &a.file, a.line).cmp(&(b_month, b.piece_date, &b.file, b.line))
        });
        let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        for (entry, number) in entries.iter_mut().zip(1..) {
            entry.number = number;
        }
        let used = entries.iter().flat_map(|entry| &entry.postings).map(|posting| posting.event).collect();
        Delta { entries, used, missing }
    }
}

fn turned(mut entry: Entry, turn: Turn, date: NaiveDate) -> Entry {
    entry.date = date;
    if turn == Turn::Reverses {
        for posting in &mut entry.postings {
            posting.amount = -posting.amount;
        }
        entry.postings.sort_by_key(|posting| posting.amount < Sum::ZERO);
    }
    entry
}

impl Delta {
    /// What it adds to the balance at Amazon.
    #[must_use]
    pub fn moved(&self, ledger: &Ledger) -> Sum {
        let reserve = ledger.map.get(Event::Reserve).is_some();
        let on =
            |entry: &Entry| entry.on(Event::Clearing) - -(if reserve { entry.on(Event::Reserve) } else { Sum::ZERO });
        self.entries.iter().map(on).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(cents: i128) -> Entry {
        let posting = |event, units| Posting { event, amount: Sum::from_units(units) };
        Entry {
            number: 0,
            date: NaiveDate::from_ymd_opt(2026, 9, 3).unwrap(),
            piece_date: NaiveDate::from_ymd_opt(2026, 9, 3).unwrap(),
            kind: RowKind::Capture,
            currency: "EUR".parse().unwrap(),
            label: "Amazon Pay capture 1".to_owned(),
            piece: "P1".to_owned(),
            settlement_id: "7".to_owned(),
            transaction_id: "P1".to_owned(),
            order_id: "1".to_owned(),
            invoice: None,
            file: "a.csv".to_owned(),
            line: 7,
            rows: 1,
            postings: vec![posting(Event::Clearing, cents * 100), posting(Event::Receivable, -cents * 100)],
        }
    }

    fn delta(by: Granularity) -> Delta {
        let mut book = DeltaBook::new(by, NaiveDate::from_ymd_opt(2026, 10, 1).unwrap());
        let [august, september] = ["2026-08", "2026-09"].map(|month| month.parse().unwrap());
        book.add(september, Turn::Adjusts, entry(500), "Capture");
        book.add(september, Turn::Reverses, entry(300), "Capture");
        book.add(august, Turn::Adjusts, entry(40), "Capture");
        book.finish(BTreeSet::new())
    }

    #[test]
    fn what_no_longer_counts_is_reversed_and_says_so() {
        let delta = delta(Granularity::Transaction);
        let labels: Vec<&str> = delta.entries.iter().map(|entry| entry.label.as_str()).collect();
        assert_eq!(labels[0], "Adjusts 2026-08: Amazon Pay capture 1");
        assert_eq!(delta.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3]);
        let reversed = delta.entries.iter().find(|entry| entry.label.starts_with("Reverses 2026-09")).unwrap();
        assert!(reversed.balances());
        assert_eq!(reversed.on(Event::Clearing), Sum::from_units(-30_000));
        assert_eq!(reversed.postings[0].event, Event::Receivable, "debits stand first");
        assert_eq!(reversed.date.to_string(), "2026-10-01");
        assert_eq!(reversed.piece_date.to_string(), "2026-09-03");
    }

    #[test]
    fn summaries_keep_months_apart() {
        for (by, about) in [(Granularity::Day, ""), (Granularity::Settlement, " 7"), (Granularity::Month, "")] {
            let delta = delta(by);
            let found: Vec<(String, Sum)> =
                delta.entries.iter().map(|entry| (entry.label.clone(), entry.on(Event::Clearing))).collect();
            let expected = [
                (format!("Adjusts 2026-08: Amazon Pay capture{about}, 1 rows"), Sum::from_units(4_000)),
                (format!("Adjusts 2026-09: Amazon Pay capture{about}, 2 rows"), Sum::from_units(20_000)),
            ];
            assert_eq!(found, expected, "{by}");
            assert!(delta.entries.iter().all(|entry| entry.date.to_string() == "2026-10-01"));
        }
    }
}
