//! Month by month: what was captured, what it cost, what was disputed.
//!
//! Months are those of the account's zone, by posting date whatever the statement's basis, because a fee
//! rate compares what belongs together. A settlement that lies in one month gives its digest; one that
//! straddles a month's end is read again and folded row by row.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::{AccountName, Currency, Month, RowKind, Sum, Zone};
use crate::ledger::{Digest, Tally};
use crate::parse::{Fault, Receiver, RowSink, SettlementHead, SettlementRow};

/// Months that pictures show: a year.
pub const MONTHS_SHOWN: usize = 12;

/// Whether a month is known from its first to its last instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Settlements cover its beginning and its end.
    Whole,
    /// They begin after it begins or end before it ends.
    Part,
}

/// One month of one account and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthFigures {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The month.
    pub month: Month,
    /// Whether all of it is known.
    pub known: Known,
    /// What happened in it.
    pub tally: MonthTally,
}

/// Sums of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonthTally {
    /// Captures.
    pub captures: u64,
    /// Σ gross of captures.
    pub captured: Sum,
    /// Σ percentage fees of all rows.
    pub percentage_fee: Sum,
    /// Σ fixed fees of all rows.
    pub fixed_fee: Sum,
    /// Σ fees of all rows.
    pub fee: Sum,
    /// Σ debited by chargebacks, claims and disputes, positive.
    pub disputed: Sum,
    cases: BTreeSet<String>,
}

/// A rate with two decimals of a per cent.
const RATE_DECIMALS: u32 = 2;

/// `part ÷ whole` in per cent, rounded half away from zero to two decimals: for people, in no sum.
/// `None` where the whole is zero.
#[must_use]
pub fn rounded_percent(part: Sum, whole: Sum) -> Option<Decimal> {
    let decimal = |sum: Sum| Decimal::try_from_i128_with_scale(sum.units(), 0).ok();
    let rate = decimal(part)?.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(decimal(whole)?)?;
    let mut rate = rate.round_dp_with_strategy(RATE_DECIMALS, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    rate.rescale(RATE_DECIMALS);
    Some(rate)
}

impl MonthTally {
    /// Orders with a dispute row.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.cases.len() as u64
    }

    /// Fees as a part of gross captures, in per cent.
    #[must_use]
    pub fn fee_rate(&self) -> Option<Decimal> {
        rounded_percent(-self.fee, self.captured)
    }

    /// Disputed orders for every hundred captures.
    #[must_use]
    pub fn dispute_rate_by_count(&self) -> Option<Decimal> {
        rounded_percent(Sum::from_units(i128::from(self.cases())), Sum::from_units(i128::from(self.captures)))
    }

    /// Disputed amounts as a part of gross captures, in per cent.
    #[must_use]
    pub fn dispute_rate_by_amount(&self) -> Option<Decimal> {
        rounded_percent(self.disputed, self.captured)
    }

    /// Adds what a settlement of one month knows of itself.
    pub fn add_digest(&mut self, digest: &Digest, currency: Currency, file: &str) {
        for bucket in digest.buckets.iter().filter(|bucket| bucket.currency == currency) {
            self.add(bucket.kind, &bucket.tally);
        }
        for case in digest.cases.iter().filter(|case| case.currency == currency) {
            self.disputed += case.debited;
            self.cases.insert(case_key(&case.order_reference_id, file, case.line));
        }
    }

    fn add(&mut self, kind: RowKind, tally: &Tally) {
        if kind == RowKind::Capture {
            self.captures += tally.count;
            self.captured += tally.amount;
        }
        self.percentage_fee += tally.percentage_fee;
        self.fixed_fee += tally.fixed_fee;
        self.fee += tally.fee;
    }

    fn add_row(&mut self, row: &SettlementRow<'_>, file: &str) {
        if row.kind == RowKind::Capture {
            self.captures += 1;
            self.captured += row.amount;
        }
        self.percentage_fee += row.percentage_fee;
        self.fixed_fee += row.fixed_fee;
        self.fee += row.fee;
        if row.kind.is_dispute() {
            if row.amount.units() < 0 {
                self.disputed += -Sum::from(row.amount);
            }
            self.cases.insert(case_key(row.order_reference_id.trim(), file, row.line));
        }
    }

    /// Adds another tally of the same month.
    pub fn merge(&mut self, other: MonthTally) {
        self.captures += other.captures;
        self.captured += other.captured;
        self.percentage_fee += other.percentage_fee;
        self.fixed_fee += other.fixed_fee;
        self.fee += other.fee;
        self.disputed += other.disputed;
        self.cases.extend(other.cases);
    }
}

/// A dispute row without an order reference is a case of its own.
fn case_key(order_reference_id: &str, file: &str, line: u64) -> String {
    if order_reference_id.is_empty() { format!("{file}:{line}") } else { order_reference_id.to_owned() }
}

/// Folds the rows of a settlement that straddles months.
pub struct MonthCollector {
    zone: Zone,
    file: String,
    months: MonthsOfFile,
}

/// Tallies of one file.
pub type MonthsOfFile = BTreeMap<(Currency, Month), MonthTally>;

impl MonthCollector {
    /// Cuts at the midnights of a zone.
    #[must_use]
    pub fn new(zone: Zone, file: &str) -> Self {
        Self { zone, file: file.to_owned(), months: BTreeMap::new() }
    }

    /// What was folded.
    #[must_use]
    pub fn finish(self) -> MonthsOfFile {
        self.months
    }
}

/// The rows of one piece of a file.
pub struct MonthSink {
    zone: Zone,
    file: String,
    months: MonthsOfFile,
}

impl RowSink for MonthSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        let month = Month::of(self.zone.date_of(row.posted));
        self.months.entry((row.currency, month)).or_default().add_row(row, &self.file);
    }
}

impl Receiver for MonthCollector {
    type Sink = MonthSink;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> MonthSink + Send + Sync>, Fault> {
        self.months.clear();
        let (zone, file) = (self.zone, self.file.clone());
        Ok(Box::new(move || MonthSink { zone, file: file.clone(), months: BTreeMap::new() }))
    }

    fn take(&mut self, sink: MonthSink) -> Result<(), Fault> {
        for (key, tally) in sink.months {
            self.months.entry(key).or_default().merge(tally);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_rounded_half_away_from_zero_and_absent_without_a_whole() {
        let rate = |part: i128, whole: i128| {
            rounded_percent(Sum::from_units(part), Sum::from_units(whole)).map(|rate| rate.to_string())
        };
        assert_eq!(rate(305, 10_000).as_deref(), Some("3.05"));
        assert_eq!(rate(1, 8_000).as_deref(), Some("0.01"));
        assert_eq!(rate(-1, 8_000).as_deref(), Some("-0.01"));
        assert_eq!(rate(0, 5).as_deref(), Some("0.00"));
        assert_eq!(rate(1, 0), None);
    }
}
