//! What stands behind a statement: its rows with their places, and the months up to it.
//!
//! A statement carries sums; a page or a workbook shows what they are made of. The rows are read again
//! from their sources, and [`Details::disagreement`] proves that they add up to the statement, so that no
//! figure leads to rows that are not its own. The months of the pictures come from the digests; only
//! settlements that straddle a month's end are read again.

use std::collections::BTreeMap;

use super::months::MonthFigures;
use super::statement::{Account, Statement};
use crate::domain::{Amount, Currency, Instant, Period, RowKind, Sum};
use crate::parse::{Fault, Receiver, RowSink, SettlementHead, SettlementRow};

/// Rows, months and bank states behind a statement.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The rows in the statement's period, by account, settlement and line.
    pub rows: Vec<DetailRow>,
    /// All rows by account and kind, also those that a limit left out of `rows`.
    pub totals: BTreeMap<(usize, RowKind), RowTotal>,
    /// Months up to the end of the period, by account and month.
    pub months: Vec<MonthFigures>,
}

/// One row. Its account and settlement are places in the statement's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailRow {
    /// Place in `Statement::accounts`.
    pub account: usize,
    /// Place in `Account::settlements`.
    pub settlement: usize,
    /// Line in that settlement's file.
    pub line: u64,
    /// When it was posted.
    pub posted: Instant,
    /// Its kind.
    pub kind: RowKind,
    /// `TransactionType` as printed.
    pub word: Box<str>,
    /// `AmazonTransactionId`.
    pub transaction_id: Box<str>,
    /// `AmazonOrderReferenceId`.
    pub order_reference_id: Box<str>,
    /// `SellerOrderId`.
    pub seller_order_id: Box<str>,
    /// `StoreName`.
    pub store_name: Box<str>,
    /// `TransactionDescription`.
    pub description: Box<str>,
    /// Gross.
    pub amount: Amount,
    /// Percentage fee.
    pub percentage_fee: Amount,
    /// Fixed fee.
    pub fixed_fee: Amount,
    /// Total fee.
    pub fee: Amount,
    /// Net.
    pub net: Amount,
}

/// Rows of one account and kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowTotal {
    /// All of them.
    pub count: u64,
    /// How many of them are listed.
    pub listed: u64,
    /// Σ gross.
    pub amount: Sum,
    /// Σ fees.
    pub fee: Sum,
    /// Σ net.
    pub net: Sum,
}

/// How many rows are listed; all are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLimit {
    /// So many of each account and kind.
    OfEachKind(u64),
    /// All of them, up to so many in all; beyond is an error.
    InAll(u64),
}

/// Why rows and statement do not belong together.
#[derive(Debug, thiserror::Error)]
pub enum DetailsError {
    /// A source changed while it was read, or the statement is wrong.
    #[error(
        "the rows of {account} {currency} of kind {kind} add up to {rows} (net {net}), the statement says {stated_rows} (net {stated})"
    )]
    Disagreement {
        /// The account.
        account: String,
        /// Its currency.
        currency: Currency,
        /// The kind.
        kind: &'static str,
        /// Rows read.
        rows: u64,
        /// Their net.
        net: String,
        /// Rows stated.
        stated_rows: u64,
        /// Net stated.
        stated: String,
    },
    /// More rows than fit.
    #[error("the period has more than {limit} rows, which a workbook cannot hold")]
    TooMany {
        /// The limit.
        limit: u64,
    },
}

impl Details {
    /// The row totals of an account and kind.
    #[must_use]
    pub fn total(&self, account: usize, kind: RowKind) -> RowTotal {
        self.totals.get(&(account, kind)).copied().unwrap_or_default()
    }

    fn add(&mut self, rows: Vec<DetailRow>, limit: RowLimit) -> Result<(), DetailsError> {
        for row in rows {
            let total = self.totals.entry((row.account, row.kind)).or_default();
            total.count += 1;
            total.amount += row.amount;
            total.fee += row.fee;
            total.net += row.net;
            match limit {
                RowLimit::OfEachKind(most) if total.listed >= most => continue,
                RowLimit::InAll(most) if self.rows.len() as u64 >= most => {
                    return Err(DetailsError::TooMany { limit: most });
                }
                _ => {}
            }
            total.listed += 1;
            self.rows.push(row);
        }
        Ok(())
    }

    /// Brings the rows in their order.
    pub fn sort(&mut self) {
        self.rows.sort_by_key(|row| (row.account, row.settlement, row.line));
    }

    /// Proves that the rows are those of the statement: as many of each kind, with the same net.
    ///
    /// # Errors
    /// [`DetailsError::Disagreement`] with the first kind that differs.
    pub fn disagreement(&self, statement: &Statement) -> Result<(), DetailsError> {
        for (place, account) in statement.accounts.iter().enumerate() {
            for kind in RowKind::ALL.into_iter().filter(|kind| kind.moves_balance()) {
                self.agrees(place, account, kind)?;
            }
        }
        Ok(())
    }

    fn agrees(&self, place: usize, account: &Account, kind: RowKind) -> Result<(), DetailsError> {
        let found = self.total(place, kind);
        let stated = account.movements.iter().find(|movement| movement.kind == kind.word());
        let stated_rows = stated.map_or(0, |movement| movement.count);
        let stated_net = stated.map_or(account.currency.zero(), |movement| movement.net);
        let net = found.net.in_currency(account.currency).unwrap_or(account.currency.zero());
        if found.count == stated_rows && net == stated_net {
            return Ok(());
        }
        Err(DetailsError::Disagreement {
            account: account.account.to_string(),
            currency: account.currency,
            kind: kind.word(),
            rows: found.count,
            net: net.to_string(),
            stated_rows,
            stated: stated_net.to_string(),
        })
    }
}

/// Which rows of one file belong to a statement.
#[derive(Clone, Debug)]
pub struct RowsOf {
    /// The currencies of the file's accounts, each with the places of account and settlement.
    pub places: Vec<(Currency, usize, usize)>,
    /// Only rows posted in it; `None` takes the whole file.
    pub within: Option<Period>,
}

/// Collects the rows of one file into the details, piece by piece, so that a limit bounds memory too.
pub struct RowCollector<'a> {
    details: &'a mut Details,
    limit: RowLimit,
    wanted: RowsOf,
    rows_before: usize,
    totals_before: BTreeMap<(usize, RowKind), RowTotal>,
    failed: Option<DetailsError>,
}

impl<'a> RowCollector<'a> {
    /// Collects what is wanted.
    #[must_use]
    pub fn new(details: &'a mut Details, limit: RowLimit, wanted: RowsOf) -> Self {
        let (rows_before, totals_before) = (details.rows.len(), details.totals.clone());
        Self { details, limit, wanted, rows_before, totals_before, failed: None }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`DetailsError::TooMany`] where it went beyond the limit.
    pub fn finish(self) -> Result<(), DetailsError> {
        self.failed.map_or(Ok(()), Err)
    }
}

/// The rows of one piece of a file.
pub struct CollectedRows {
    wanted: RowsOf,
    rows: Vec<DetailRow>,
}

impl RowSink for CollectedRows {
    fn row(&mut self, row: &SettlementRow<'_>) {
        let place = self.wanted.places.iter().find(|(currency, _, _)| *currency == row.currency);
        let outside = self.wanted.within.is_some_and(|period| !period.contains(row.posted));
        let Some(&(_, account, settlement)) = place.filter(|_| !outside) else { return };
        self.rows.push(DetailRow {
            account,
            settlement,
            line: row.line,
            posted: row.posted,
            kind: row.kind,
            word: row.word.into(),
            transaction_id: row.transaction_id.into(),
            order_reference_id: row.order_reference_id.into(),
            seller_order_id: row.seller_order_id.into(),
            store_name: row.store_name.into(),
            description: row.description.into(),
            amount: row.amount,
            percentage_fee: row.percentage_fee,
            fixed_fee: row.fixed_fee,
            fee: row.fee,
            net: row.net,
        });
    }
}

impl Receiver for RowCollector<'_> {
    type Sink = CollectedRows;

    /// A file may begin twice: what its first reading brought is taken back.
    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> CollectedRows + Send + Sync>, Fault> {
        self.details.rows.truncate(self.rows_before);
        self.details.totals.clone_from(&self.totals_before);
        self.failed = None;
        let wanted = self.wanted.clone();
        Ok(Box::new(move || CollectedRows { wanted: wanted.clone(), rows: Vec::new() }))
    }

    fn take(&mut self, sink: CollectedRows) -> Result<(), Fault> {
        if self.failed.is_none() {
            self.failed = self.details.add(sink.rows, self.limit).err();
        }
        Ok(())
    }
}
