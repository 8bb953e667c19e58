//! A balanced entry and its postings.

use chrono::NaiveDate;

use crate::config::Event;
use crate::domain::{Currency, RowKind, Sum};

/// One line of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What it is for; the map gives its account.
    pub event: Event,
    /// Debit where positive, credit where negative; never zero.
    pub amount: Sum,
}

/// Postings of one date that add up to zero, and where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Continuous within a ledger, from 1.
    pub number: u64,
    /// The local date by which it belongs to the period.
    pub date: NaiveDate,
    /// The local date on which the row was posted.
    pub piece_date: NaiveDate,
    /// The kind of its rows.
    pub kind: RowKind,
    /// The currency of every posting.
    pub currency: Currency,
    /// What it says, without names of buyers.
    pub label: String,
    /// The invoice where it is known, else the transaction or the settlement.
    pub piece: String,
    /// The settlement; empty in a summary of several.
    pub settlement_id: String,
    /// `AmazonTransactionId`; empty in a summary.
    pub transaction_id: String,
    /// The merchant's order number, else Amazon's order reference; empty in a summary.
    pub order_id: String,
    /// The number of the order's invoice, where reconciliation knows it.
    pub invoice: Option<String>,
    /// The file of its first row.
    pub file: String,
    /// The line of its first row.
    pub line: u64,
    /// Rows behind it.
    pub rows: u64,
    /// Debits first.
    pub postings: Vec<Posting>,
}

impl Entry {
    /// What the entry adds to the balance at Amazon.
    #[must_use]
    pub fn on(&self, event: Event) -> Sum {
        self.postings.iter().filter(|posting| posting.event == event).map(|posting| posting.amount).sum()
    }

    /// Whether debits equal credits.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.postings.iter().map(|posting| posting.amount).sum::<Sum>().is_zero()
    }
}
