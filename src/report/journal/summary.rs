//! Entries summarised by day, settlement or month: accounting programs slow down on a million bookings.
//!
//! Kinds stay apart, and so do debits of a kind from its credits where they stand on different accounts; the
//! trial balance is that of the single entries.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use super::book::kind_words;
use super::entry::{Entry, Posting};
use crate::config::Event;
use crate::domain::{RowKind, Sum};

/// How much one entry covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Granularity {
    /// One row.
    #[default]
    Transaction,
    /// The rows of one kind and day.
    Day,
    /// The rows of one kind and settlement.
    Settlement,
    /// The rows of one kind and month.
    Month,
}

/// The text is none of the granularities.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of transaction, day, settlement, month")]
pub struct UnknownGranularity(String);

impl Granularity {
    const TABLE: [(Granularity, &'static str); 4] = [
        (Granularity::Transaction, "transaction"),
        (Granularity::Day, "day"),
        (Granularity::Settlement, "settlement"),
        (Granularity::Month, "month"),
    ];
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::TABLE.iter().find(|row| row.0 == *self).map_or("", |row| row.1))
    }
}

impl FromStr for Granularity {
    type Err = UnknownGranularity;

    fn from_str(text: &str) -> Result<Self, UnknownGranularity> {
        let row = Self::TABLE.iter().find(|row| row.1 == text);
        row.map(|row| row.0).ok_or_else(|| UnknownGranularity(text.to_owned()))
    }
}

/// What sets two groups apart: date (unset where it does not decide), settlement, kind, unknown word.
type GroupKey = (Option<NaiveDate>, usize, RowKind, String);

/// Entries in the making.
#[derive(Clone, Debug)]
pub struct Summary {
    by: Granularity,
    last_day: NaiveDate,
    groups: BTreeMap<GroupKey, Group>,
}

#[derive(Clone, Debug)]
struct Group {
    first: Entry,
    word: String,
    one_settlement: bool,
    one_file: bool,
    date: NaiveDate,
    rows: u64,
    sums: BTreeMap<Event, Sum>,
}

impl Summary {
    /// An empty one; entries of a month bear its last day.
    #[must_use]
    pub fn new(by: Granularity, last_day: NaiveDate) -> Self {
        Self { by, last_day, groups: BTreeMap::new() }
    }

    /// Adds the entry of a row; `settlement` is the place of its settlement in the ledger.
    pub fn add(&mut self, entry: Entry, word: &str, settlement: usize) {
        let unknown = if entry.kind == RowKind::Unknown { word.trim().to_owned() } else { String::new() };
        let key = match self.by {
            Granularity::Transaction | Granularity::Day => (Some(entry.date), 0, entry.kind, unknown),
            Granularity::Settlement => (None, settlement, entry.kind, unknown),
            Granularity::Month => (None, 0, entry.kind, unknown),
        };
        let group = self.groups.entry(key).or_insert_with(|| Group {
            date: entry.date,
            word: word.to_owned(),
            one_settlement: true,
            one_file: true,
            rows: 0,
            sums: BTreeMap::new(),
            first: entry.clone(),
        });
        group.date = group.date.max(entry.date);
        group.one_settlement &= group.first.settlement_id == entry.settlement_id;
        group.one_file &= group.first.file == entry.file;
        group.rows += 1;
        for posting in &entry.postings {
            *group.sums.entry(posting.event).or_default() += posting.amount;
        }
    }

    /// The entries by date, with their numbers.
    #[must_use]
    pub fn finish(self) -> Vec<Entry> {
        let mut last: BTreeMap<usize, NaiveDate> = BTreeMap::new();
        for ((_, settlement, ..), group) in &self.groups {
            let date = last.entry(*settlement).or_insert(group.date);
            *date = (*date).max(group.date);
        }
        let (by, last_day) = (self.by, self.last_day);
        let entries = self.groups.into_iter().filter_map(|((_, settlement, kind, _), group)| {
            let date = match by {
                Granularity::Month => last_day,
                Granularity::Settlement => last.get(&settlement).copied().unwrap_or(group.date),
                _ => group.date,
            };
            group.entry(by, kind, date)
        });
        let mut entries: Vec<Entry> = entries.collect();
        entries.sort_by_key(|entry| entry.date);
        for (entry, number) in entries.iter_mut().zip(1..) {
            entry.number = number;
        }
        entries
    }
}

impl Group {
    fn entry(self, by: Granularity, kind: RowKind, date: NaiveDate) -> Option<Entry> {
        let sums = self.sums.into_iter().filter(|(_, amount)| !amount.is_zero());
        let mut postings: Vec<Posting> = sums.map(|(event, amount)| Posting { event, amount }).collect();
        postings.sort_by_key(|posting| posting.amount < Sum::ZERO);
        let settlement_id = if self.one_settlement { self.first.settlement_id.clone() } else { String::new() };
        let about = match by {
            Granularity::Settlement => settlement_id.clone(),
            Granularity::Month => date.format("%Y-%m").to_string(),
            _ => date.to_string(),
        };
        let label = format!("Amazon Pay {} {about}, {} rows", kind_words(kind, &self.word), self.rows);
        (!postings.is_empty()).then(|| Entry {
            date,
            piece_date: date,
            label,
            piece: about,
            settlement_id,
            transaction_id: String::new(),
            order_id: String::new(),
            invoice: None,
            file: if self.one_file { self.first.file.clone() } else { String::new() },
            line: if self.one_file { self.first.line } else { 0 },
            rows: self.rows,
            postings,
            ..self.first
        })
    }
}
