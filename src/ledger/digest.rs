//! What a statement needs of one settlement document, folded from its rows in one pass.
//!
//! Sums are by part (before, within, after a cut), currency and transaction word. Rows parsed = rows
//! accounted for: every row lands in exactly one [`Bucket`]. Nothing is rounded and nothing dropped.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::frames::Known;
use crate::domain::{Amount, Currency, Instant, Period, RowKind, Sum};
use crate::parse::SettlementRow;

/// Failed rows that are kept with their place, for each check of a document; all are counted.
const FAILED_KEPT: usize = 1_000;

/// Where a row lies in relation to a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Posted before the period begins.
    Before,
    /// Posted in the period.
    Within,
    /// Posted after the period ends.
    After,
}

/// Splits rows by their posting instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    from_millis: i64,
    until_millis: i64,
}

impl Cut {
    /// Everything is within.
    pub const WHOLE: Cut = Cut { from_millis: i64::MIN, until_millis: i64::MAX };

    /// At the bounds of a period.
    #[must_use]
    pub fn at(period: &Period) -> Self {
        Self { from_millis: period.from().utc_millis(), until_millis: period.until().utc_millis() }
    }

    /// The part in which an instant lies.
    #[must_use]
    pub fn part(self, at: Instant) -> Part {
        if at.utc_millis() < self.from_millis {
            Part::Before
        } else if at.utc_millis() < self.until_millis {
            Part::Within
        } else {
            Part::After
        }
    }
}

/// Sums of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows.
    pub count: u64,
    /// Σ `TransactionAmount`.
    pub amount: Sum,
    /// Σ `TransactionPercentageFee`.
    pub percentage_fee: Sum,
    /// Σ `TransactionFixedFee`.
    pub fixed_fee: Sum,
    /// Σ `TotalTransactionFee`.
    pub fee: Sum,
    /// Σ `NetTransactionAmount`.
    pub net: Sum,
    /// Σ net of the rows with a positive amount: on reserve rows, what opens a settlement.
    pub opened: Sum,
    /// Σ net of the rows posted in the first half of the settlement's period.
    pub early: Sum,
}

impl Tally {
    /// What closes a settlement: the rows that do not open it, with the sign of money set aside.
    #[must_use]
    pub fn closed(&self) -> Sum {
        self.opened - self.net
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Tally) {
        self.count += other.count;
        self.amount += other.amount;
        self.percentage_fee += other.percentage_fee;
        self.fixed_fee += other.fixed_fee;
        self.fee += other.fee;
        self.net += other.net;
        self.opened += other.opened;
        self.early += other.early;
    }

    pub(super) fn add(&mut self, row: &SettlementRow<'_>, early: bool) {
        self.count += 1;
        self.amount += row.amount;
        self.percentage_fee += row.percentage_fee;
        self.fixed_fee += row.fixed_fee;
        self.fee += row.fee;
        self.net += row.net;
        if row.amount > Amount::ZERO {
            self.opened += row.net;
        }
        if early {
            self.early += row.net;
        }
    }
}

/// The rows of one part, currency and transaction word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Where they lie.
    pub part: Part,
    /// Their currency.
    pub currency: Currency,
    /// Their kind.
    pub kind: RowKind,
    /// `TransactionType` as printed.
    pub word: String,
    /// Line of the first of them.
    pub line: u64,
    /// Their sums.
    pub tally: Tally,
}

/// One transfer row: a payout where its net is negative, a collection where it is positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutRow {
    /// Line in the file.
    pub line: u64,
    /// When it was posted.
    pub posted: Instant,
    /// Its currency.
    pub currency: Currency,
    /// Its net amount, signed as printed.
    pub net: Amount,
}

/// The dispute rows of one order and kind in one part, or corrections of an order, which may have no case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseTally {
    /// Where they lie.
    pub part: Part,
    /// Their currency.
    pub currency: Currency,
    /// Their kind.
    pub kind: RowKind,
    /// Their order reference; rows without one are cases of their own, told apart by their line.
    pub order_reference_id: String,
    /// First line in the file.
    pub line: u64,
    /// Rows.
    pub count: u64,
    /// Σ of the amounts debited, positive.
    pub debited: Sum,
    /// Σ of the amounts credited, positive.
    pub credited: Sum,
    /// Σ of the fees, signed as printed.
    pub fees: Sum,
    /// Σ net.
    pub net: Sum,
}

/// A row whose stated and recomputed amounts differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRow {
    /// Line in the file.
    pub line: u64,
    /// Its currency.
    pub currency: Currency,
    /// What the file says.
    pub stated: Amount,
    /// What the other cells give.
    pub computed: Sum,
}

/// A row that is posted outside its settlement's period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideRow {
    /// Line in the file.
    pub line: u64,
    /// When it was posted.
    pub posted: Instant,
}

/// The outcome of one check over the rows of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCheck<T> {
    /// Rows that pass.
    pub passed: u64,
    /// Rows that fail.
    pub failed: u64,
    /// The first of the failed rows.
    pub first: Vec<T>,
}

impl<T> Default for RowCheck<T> {
    fn default() -> Self {
        Self { passed: 0, failed: 0, first: Vec::new() }
    }
}

impl<T> RowCheck<T> {
    pub(super) fn record(&mut self, failure: Option<T>) {
        match failure {
            None => self.passed += 1,
            Some(failure) => {
                self.failed += 1;
                if self.first.len() < FAILED_KEPT {
                    self.first.push(failure);
                }
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.first.extend(other.first);
        self.first.truncate(FAILED_KEPT);
    }
}

/// A settlement id, the rows that bear it and the first of their lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdCount {
    /// `SettlementId` as printed.
    pub id: String,
    /// Rows.
    pub count: u64,
    /// First line.
    pub line: u64,
}

/// Everything that a statement needs of one settlement document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Rows in the document.
    pub rows: u64,
    /// Settlement ids, that of the most rows first, then by line; a sound document has one. So one
    /// strange row at the top does not make the document another settlement.
    pub ids: Vec<IdCount>,
    /// Sums of all rows.
    pub buckets: Vec<Bucket>,
    /// Transfer rows in the order of the file.
    pub payouts: Vec<PayoutRow>,
    /// Dispute rows by order.
    pub cases: Vec<CaseTally>,
    /// `net = amount + total fee`.
    pub row_net: RowCheck<FailedRow>,
    /// `total fee = percentage fee + fixed fee`.
    pub row_fee: RowCheck<FailedRow>,
    /// Row inside the settlement's period.
    pub period: RowCheck<OutsideRow>,
    /// Earliest posting.
    pub first_posted: Option<Instant>,
    /// Latest posting.
    pub last_posted: Option<Instant>,
}

impl Digest {
    /// Adds the digest of the rows that follow in the file.
    pub fn merge(&mut self, next: Digest) {
        self.rows += next.rows;
        for id in next.ids {
            match self.ids.iter_mut().find(|known| known.id == id.id) {
                Some(known) => known.count += id.count,
                None => self.ids.push(id),
            }
        }
        self.sort_ids();
        let mut places: HashMap<(Part, Currency, String), usize> = HashMap::new();
        for (place, bucket) in self.buckets.iter().enumerate() {
            places.insert((bucket.part, bucket.currency, bucket.word.clone()), place);
        }
        for bucket in next.buckets {
            let place = places.get(&(bucket.part, bucket.currency, bucket.word.clone()));
            match place.and_then(|place| self.buckets.get_mut(*place)) {
                Some(known) => known.tally.merge(&bucket.tally),
                None => self.buckets.push(bucket),
            }
        }
        self.payouts.extend(next.payouts);
        self.cases.extend(next.cases);
        self.row_net.merge(next.row_net);
        self.row_fee.merge(next.row_fee);
        self.period.merge(next.period);
        self.first_posted = [self.first_posted, next.first_posted].into_iter().flatten().min();
        self.last_posted = self.last_posted.max(next.last_posted);
    }

    /// The id of most rows first.
    pub(super) fn sort_ids(&mut self) {
        self.ids.sort_by(|a, b| b.count.cmp(&a.count).then(a.line.cmp(&b.line)));
    }

    /// Sums the dispute rows of one order into one case. Digests of pieces are merged unsummed, as looking
    /// every case up at every merge would cost more than reading the rows.
    #[must_use]
    pub fn with_summed_cases(mut self) -> Self {
        let mut places: HashMap<CaseKey, usize> = HashMap::new();
        for case in std::mem::take(&mut self.cases) {
            let place = *places.entry(CaseKey::of(&case)).or_insert(self.cases.len());
            match self.cases.get_mut(place) {
                Some(known) => {
                    known.count += case.count;
                    known.debited += case.debited;
                    known.credited += case.credited;
                    known.fees += case.fees;
                    known.net += case.net;
                }
                None => self.cases.push(case),
            }
        }
        self
    }

    /// The same digest with every row in one part: for a document that lies wholly there.
    #[must_use]
    pub fn placed(mut self, part: Part) -> Self {
        for bucket in &mut self.buckets {
            bucket.part = part;
        }
        for case in &mut self.cases {
            case.part = part;
        }
        self
    }

    /// What is true of every row, so that a scan of its Parquet file need not read it.
    #[must_use]
    pub fn known(&self) -> Known {
        let only = |mut all: Vec<Currency>| all.pop().filter(|_| all.is_empty());
        Known {
            checks_passed: self.row_net.failed == 0 && self.row_fee.failed == 0,
            settlement_id: match self.ids.as_slice() {
                [id] => Some(id.id.clone()),
                _ => None,
            },
            currency: only(self.currencies()),
        }
    }

    /// The currencies of its rows, in order.
    #[must_use]
    pub fn currencies(&self) -> Vec<Currency> {
        let mut currencies: Vec<Currency> = self.buckets.iter().map(|bucket| bucket.currency).collect();
        currencies.sort();
        currencies.dedup();
        currencies
    }
}

/// What makes two dispute rows one case within a document. Rows without an order reference are told
/// apart by their line.
#[derive(PartialEq, Eq, Hash)]
struct CaseKey {
    part: Part,
    currency: Currency,
    kind: RowKind,
    order: String,
    line: u64,
}

impl CaseKey {
    fn of(case: &CaseTally) -> Self {
        let line = if case.order_reference_id.is_empty() { case.line } else { 0 };
        let order = case.order_reference_id.clone();
        Self { part: case.part, currency: case.currency, kind: case.kind, order, line }
    }
}

#[cfg(test)]
mod tests;
