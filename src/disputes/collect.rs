//! One pass over settlement rows: what concerns disputes is kept, captures are counted by month.
//!
//! A row of any kind is looked at once. Kept are dispute rows, corrections, reserve rows that name
//! disputes, and captures and refunds of the orders that are wanted; so memory grows with the disputes,
//! not with the sales.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::facts::CaseRow;
use crate::domain::{Currency, Instant, Month, Period, RowKind, SettlementId, Sum, Zone};
use crate::parse::{Fault, Receiver, RowSink, SettlementHead, SettlementRow};

/// Words of a reserve row's description that tell that it is held against disputes. How Amazon prints them is
/// not known, so any of them is taken, and where none occurs nothing is claimed.
const RESERVE_WORDS: [&str; 4] = ["dispute", "chargeback", "a-to-z", "claim"];

/// Captures of one month and currency: the denominators of the rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Captures {
    /// Rows.
    pub count: u64,
    /// Σ gross.
    pub amount: Sum,
}

impl Captures {
    /// Adds others.
    pub fn merge(&mut self, other: Captures) {
        self.count += other.count;
        self.amount += other.amount;
    }
}

/// Captures by month and currency.
pub type CapturesByMonth = BTreeMap<(Month, Currency), Captures>;

/// What one settlement holds about disputes.
#[derive(Debug, Default)]
pub struct Collected {
    /// Rows that concern disputes.
    pub rows: Vec<CaseRow>,
    /// Reserve rows that name disputes.
    pub reserves: Vec<CaseRow>,
    /// Its captures.
    pub captures: CapturesByMonth,
}

/// Collects from one settlement.
pub struct CaseReceiver {
    wanted: Arc<HashSet<String>>,
    zone: Zone,
    source: usize,
    collected: Collected,
}

impl CaseReceiver {
    /// Keeps captures and refunds of the `wanted` orders; months are those of `zone`.
    #[must_use]
    pub fn new(wanted: Arc<HashSet<String>>, zone: Zone, source: usize) -> Self {
        Self { wanted, zone, source, collected: Collected::default() }
    }

    /// What was collected from the whole file.
    #[must_use]
    pub fn finish(self) -> Collected {
        self.collected
    }
}

/// Collects from one piece of a settlement.
pub struct CaseSink {
    wanted: Arc<HashSet<String>>,
    zone: Zone,
    source: usize,
    month: Option<(Month, Period)>,
    collected: Collected,
}

impl CaseSink {
    /// The month of an instant; neighbouring rows mostly share one, so the last is tried first.
    fn month_of(&mut self, at: Instant) -> Month {
        if let Some((month, period)) = &self.month
            && period.contains(at)
        {
            return *month;
        }
        let month = Month::of(self.zone.date_of(at));
        self.month = Period::of_month(month, self.zone).ok().map(|period| (month, period));
        month
    }

    fn owned(&self, row: &SettlementRow<'_>) -> CaseRow {
        CaseRow {
            source: self.source,
            line: row.line,
            posted: row.posted,
            settlement_id: SettlementId::new(row.settlement_id),
            transaction_id: row.transaction_id.trim().to_owned(),
            seller_reference_id: row.seller_reference_id.trim().to_owned(),
            word: row.word.to_owned(),
            kind: row.kind,
            order_reference_id: row.order_reference_id.trim().to_owned(),
            seller_order_id: row.seller_order_id.trim().to_owned(),
            store_name: row.store_name.trim().to_owned(),
            description: row.description.to_owned(),
            currency: row.currency,
            amount: row.amount,
            fee: row.fee,
            net: row.net,
        }
    }
}

impl RowSink for CaseSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        if row.kind == RowKind::Capture {
            let month = self.month_of(row.posted);
            let captures = self.collected.captures.entry((month, row.currency)).or_default();
            captures.count += 1;
            captures.amount += row.amount;
        }
        let order = row.order_reference_id.trim();
        let keep = match row.kind {
            RowKind::Capture | RowKind::Refund => self.wanted.contains(order),
            RowKind::Adjustment => !order.is_empty(),
            kind => kind.is_dispute(),
        };
        if keep {
            let owned = self.owned(row);
            self.collected.rows.push(owned);
        } else if row.kind == RowKind::Reserve && names_disputes(row.description) {
            let owned = self.owned(row);
            self.collected.reserves.push(owned);
        }
    }
}

fn names_disputes(description: &str) -> bool {
    let folded = description.to_lowercase();
    RESERVE_WORDS.iter().any(|word| folded.contains(word))
}

impl Receiver for CaseReceiver {
    type Sink = CaseSink;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> CaseSink + Send + Sync>, Fault> {
        self.collected = Collected::default();
        let (wanted, zone, source) = (Arc::clone(&self.wanted), self.zone, self.source);
        Ok(Box::new(move || CaseSink {
            wanted: Arc::clone(&wanted),
            zone,
            source,
            month: None,
            collected: Collected::default(),
        }))
    }

    fn take(&mut self, sink: CaseSink) -> Result<(), Fault> {
        self.collected.rows.extend(sink.collected.rows);
        self.collected.reserves.extend(sink.collected.reserves);
        for (key, captures) in sink.collected.captures {
            self.collected.captures.entry(key).or_default().merge(captures);
        }
        Ok(())
    }
}
