//! Recomputes each row as it is read, keeps those that deviate, counts the rest by how they fit.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::rounding::percentage_rounded;
use crate::config::{Rate, RefundReturns, Tariff};
use crate::domain::{AccountName, Amount, Currency, Instant, Period, RowKind, Zone};
use crate::parse::{RowSink, SettlementRow};

/// Deviations that are kept; all are counted. A tariff that is wrong as a whole deviates in every row.
const DEVIATIONS_KEPT: usize = 100_000;

/// How a row that is right fits the tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeeFit {
    /// The domestic percentage.
    Domestic,
    /// A percentage across borders.
    CrossBorder,
    /// Both give the same fee.
    Either,
    /// A fee that is one amount.
    Flat,
    /// No fee, as the tariff says.
    Free,
}

impl FeeFit {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            FeeFit::Domestic => "domestic",
            FeeFit::CrossBorder => "cross_border",
            FeeFit::Either => "either",
            FeeFit::Flat => "flat",
            FeeFit::Free => "free",
        }
    }
}

/// Why a row was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UncheckedReason {
    /// No tariff for its country, currency and day.
    NoTariff,
    /// The tariff does not say this fee.
    NotConfigured,
    /// A dispute row that may be a hold: no row says which it is.
    MayBeAHold,
    /// A charge of nothing or less.
    NoCharge,
}

impl UncheckedReason {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            UncheckedReason::NoTariff => "no_tariff",
            UncheckedReason::NotConfigured => "not_configured",
            UncheckedReason::MayBeAHold => "may_be_a_hold",
            UncheckedReason::NoCharge => "no_charge",
        }
    }
}

/// A row that was charged otherwise than the tariff says. Fees are signed as printed: what is charged is
/// negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Line in its file.
    pub line: u64,
    /// When it was posted.
    pub posted: Instant,
    /// Its kind.
    pub kind: RowKind,
    /// `SettlementId`.
    pub settlement_id: String,
    /// `AmazonTransactionId`.
    pub transaction_id: String,
    /// `AmazonOrderReferenceId`.
    pub order_reference_id: String,
    /// `SellerOrderId`.
    pub seller_order_id: String,
    /// Its currency.
    pub currency: Currency,
    /// `TransactionAmount`.
    pub amount: Amount,
    /// What the tariff says; of several percentages the one that comes nearest.
    pub expected: Amount,
    /// The percentage behind it, where there is one.
    pub rate: Option<Rate>,
    /// What was charged.
    pub charged: Amount,
    /// The tariff, by its name in the config.
    pub tariff: String,
}

/// What the rows of some files gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeeTally {
    /// Rows that were recomputed.
    pub checked: u64,
    /// Those that are right, by kind and fit.
    pub fits: BTreeMap<(RowKind, FeeFit), u64>,
    /// Rows that have or could have a fee and were not recomputed.
    pub unchecked: BTreeMap<(RowKind, UncheckedReason), u64>,
    /// Those that deviate.
    pub deviating: u64,
    /// The first of them.
    pub faults: Vec<RowFault>,
    /// Tariffs that were used.
    pub tariffs: BTreeMap<String, u64>,
}

impl FeeTally {
    /// Adds another tally.
    pub fn merge(&mut self, other: FeeTally) {
        self.checked += other.checked;
        self.deviating += other.deviating;
        for (key, count) in other.fits {
            *self.fits.entry(key).or_default() += count;
        }
        for (key, count) in other.unchecked {
            *self.unchecked.entry(key).or_default() += count;
        }
        for (name, count) in other.tariffs {
            *self.tariffs.entry(name).or_default() += count;
        }
        let room = DEVIATIONS_KEPT.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.into_iter().take(room));
    }
}

/// A file behind deviations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeSource {
    /// The file.
    pub file: String,
    /// Its account.
    pub account: AccountName,
}

/// The tallies of all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeeFindings {
    /// All of it but the deviations.
    pub tally: FeeTally,
    /// The deviations, with their files.
    pub deviations: Vec<(FeeSource, RowFault)>,
}

impl FeeFindings {
    /// Adds what a file gave.
    pub fn add(&mut self, file: &str, account: &AccountName, mut tally: FeeTally) {
        let source = FeeSource { file: file.to_owned(), account: account.clone() };
        let faults = std::mem::take(&mut tally.faults);
        self.deviations.extend(faults.into_iter().map(|fault| (source.clone(), fault)));
        self.tally.merge(tally);
    }

    /// Puts the deviations into an order that does not depend on that of the files.
    pub fn sort(&mut self) {
        self.deviations.sort_by(|(source, fault), (other_source, other)| {
            (fault.posted, &fault.transaction_id, &source.file, fault.line).cmp(&(
                other.posted,
                &other.transaction_id,
                &other_source.file,
                other.line,
            ))
        });
    }
}

/// The tariffs of one account, in the order of their days.
#[derive(Clone, Debug)]
pub struct FeeAuditor {
    tariffs: Arc<Vec<Tariff>>,
    zone: Zone,
    period: Period,
}

impl FeeAuditor {
    /// With the tariffs of the account's country. Days change in the zone; rows outside the period are left out.
    #[must_use]
    pub fn new(tariffs: Vec<Tariff>, zone: Zone, period: Period) -> Self {
        Self { tariffs: Arc::new(tariffs), zone, period }
    }

    /// The tariff of a currency and a day: the latest that has begun.
    fn tariff(&self, currency: Currency, day: NaiveDate) -> Option<&Tariff> {
        let begun = |tariff: &&Tariff| tariff.currency == currency && tariff.from.is_none_or(|from| from <= day);
        self.tariffs.iter().filter(begun).max_by_key(|tariff| tariff.from)
    }
}

/// What the tariff says of a row.
enum Verdict {
    Fits(FeeFit),
    Deviates { expected: Amount, charged: Amount, rate: Option<Rate> },
    Unchecked(UncheckedReason),
}

/// Takes the rows of one piece.
#[derive(Debug)]
pub struct FeeSink {
    auditor: FeeAuditor,
    tally: FeeTally,
    /// The tariff of the row before: its currency, the time in which its day lies, its place.
    known: Option<(Currency, i64, i64, Option<usize>)>,
}

impl FeeSink {
    /// Audits with the tariffs of an account.
    #[must_use]
    pub fn new(auditor: FeeAuditor) -> Self {
        Self { auditor, tally: FeeTally::default(), known: None }
    }

    /// The tally so far.
    #[must_use]
    pub fn finish(self) -> FeeTally {
        self.tally
    }

    /// The place of the row's tariff; neighbouring rows mostly share a day.
    fn tariff_of(&mut self, row: &SettlementRow<'_>) -> Option<usize> {
        let at = row.posted.utc_millis();
        if let Some((currency, from, until, place)) = self.known
            && currency == row.currency
            && (from..until).contains(&at)
        {
            return place;
        }
        let day = self.auditor.zone.date_of(row.posted);
        let tariff = self.auditor.tariff(row.currency, day);
        let place = tariff.and_then(|tariff| self.auditor.tariffs.iter().position(|other| other == tariff));
        let bounds = day.succ_opt().and_then(|next| {
            let (from, until) =
                (self.auditor.zone.first_instant(day).ok()?, self.auditor.zone.first_instant(next).ok()?);
            Some((from.utc_millis(), until.utc_millis()))
        });
        self.known = bounds.map(|(from, until)| (row.currency, from, until, place));
        place
    }
}

impl RowSink for FeeSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        if !bears_fees(row) || !self.auditor.period.contains(row.posted) {
            return;
        }
        let place = self.tariff_of(row);
        let tariffs = Arc::clone(&self.auditor.tariffs);
        let tariff = place.and_then(|place| tariffs.get(place));
        let verdict = tariff.map_or(Verdict::Unchecked(UncheckedReason::NoTariff), |tariff| judge(tariff, row));
        if let (Some(tariff), false) = (tariff, matches!(verdict, Verdict::Unchecked(_))) {
            match self.tally.tariffs.get_mut(&tariff.name) {
                Some(count) => *count += 1,
                None => drop(self.tally.tariffs.insert(tariff.name.clone(), 1)),
            }
            self.tally.checked += 1;
        }
        match verdict {
            Verdict::Fits(fit) => *self.tally.fits.entry((row.kind, fit)).or_default() += 1,
            Verdict::Unchecked(reason) => *self.tally.unchecked.entry((row.kind, reason)).or_default() += 1,
            Verdict::Deviates { expected, charged, rate } => {
                self.tally.deviating += 1;
                if self.tally.faults.len() < DEVIATIONS_KEPT {
                    let tariff = tariff.map(|tariff| tariff.name.clone()).unwrap_or_default();
                    self.tally.faults.push(fault(row, expected, charged, rate, tariff));
                }
            }
        }
    }
}

fn fault(row: &SettlementRow<'_>, expected: Amount, charged: Amount, rate: Option<Rate>, tariff: String) -> RowFault {
    RowFault {
        line: row.line,
        posted: row.posted,
        kind: row.kind,
        settlement_id: row.settlement_id.to_owned(),
        transaction_id: row.transaction_id.to_owned(),
        order_reference_id: row.order_reference_id.to_owned(),
        seller_order_id: row.seller_order_id.to_owned(),
        currency: row.currency,
        amount: row.amount,
        expected,
        rate,
        charged,
        tariff,
    }
}

/// Rows that have a fee, or whose kind the tariff knows.
fn bears_fees(row: &SettlementRow<'_>) -> bool {
    match row.kind {
        RowKind::Capture | RowKind::Refund | RowKind::Authorization | RowKind::Dispute | RowKind::Chargeback => true,
        _ => row.fee != Amount::ZERO || row.percentage_fee != Amount::ZERO || row.fixed_fee != Amount::ZERO,
    }
}

fn judge(tariff: &Tariff, row: &SettlementRow<'_>) -> Verdict {
    match row.kind {
        RowKind::Capture => capture(tariff, row),
        RowKind::Refund => refund(tariff, row),
        RowKind::Authorization => authorization(tariff, row),
        RowKind::Chargeback | RowKind::Dispute => dispute(tariff, row),
        _ => Verdict::Unchecked(UncheckedReason::NotConfigured),
    }
}

/// A charge: a percentage, domestic or across borders, and the fixed fee.
fn capture(tariff: &Tariff, row: &SettlementRow<'_>) -> Verdict {
    let (Some(domestic), Some(fixed)) = (tariff.percentage, tariff.fixed) else {
        return Verdict::Unchecked(UncheckedReason::NotConfigured);
    };
    if row.amount <= Amount::ZERO {
        return Verdict::Unchecked(UncheckedReason::NoCharge);
    }
    by_percentage(tariff, row, domestic, -fixed.units())
}

/// A refund gives back the percentage of what is refunded, all, or nothing.
fn refund(tariff: &Tariff, row: &SettlementRow<'_>) -> Verdict {
    let Some(returns) = tariff.refund_returns else { return Verdict::Unchecked(UncheckedReason::NotConfigured) };
    let fixed = match (returns, tariff.fixed) {
        (RefundReturns::Nothing, _) => {
            return flat(row.fee, Amount::ZERO);
        }
        (RefundReturns::Percentage, _) => 0,
        (RefundReturns::All, Some(fixed)) => fixed.units(),
        (RefundReturns::All, None) => return Verdict::Unchecked(UncheckedReason::NotConfigured),
    };
    match tariff.percentage {
        Some(domestic) => by_percentage(tariff, row, domestic, fixed),
        None => Verdict::Unchecked(UncheckedReason::NotConfigured),
    }
}

/// Compares both fees with each percentage that may apply. A fee is printed with the sign against the amount's.
fn by_percentage(tariff: &Tariff, row: &SettlementRow<'_>, domestic: Rate, fixed: i64) -> Verdict {
    let percentage = |rate: Rate| {
        percentage_rounded(row.amount, rate, tariff.rounding, tariff.rounding_unit).map(|fee| -fee.units())
    };
    let charged = row.percentage_fee.units();
    let fixed_fits = row.fixed_fee.units() == fixed;
    let fits = |rate: Rate| fixed_fits && percentage(rate) == Some(charged);
    let across = tariff.percentage_cross_border.iter().any(|rate| fits(*rate));
    match (fits(domestic), across) {
        (true, true) => return Verdict::Fits(FeeFit::Either),
        (true, false) => return Verdict::Fits(FeeFit::Domestic),
        (false, true) => return Verdict::Fits(FeeFit::CrossBorder),
        (false, false) => {}
    }
    let whole = charged.saturating_add(row.fixed_fee.units());
    let rates = std::iter::once(domestic).chain(tariff.percentage_cross_border.iter().copied());
    let totals = rates.filter_map(|rate| percentage(rate).map(|fee| (fee.saturating_add(fixed), rate)));
    // The nearest; of two equally near ones the domestic, which comes first.
    match totals.min_by_key(|(total, _)| total.abs_diff(whole)) {
        Some((expected, rate)) => Verdict::Deviates {
            expected: Amount::from_units(expected),
            charged: Amount::from_units(whole),
            rate: Some(rate),
        },
        None => Verdict::Unchecked(UncheckedReason::NoCharge),
    }
}

fn flat(charged: Amount, expected: Amount) -> Verdict {
    match (charged == expected, expected == Amount::ZERO) {
        (true, true) => Verdict::Fits(FeeFit::Free),
        (true, false) => Verdict::Fits(FeeFit::Flat),
        (false, _) => Verdict::Deviates { expected, charged, rate: None },
    }
}

/// An authorization costs one amount, whether it stands among the fees or in the amount: nobody has seen one.
fn authorization(tariff: &Tariff, row: &SettlementRow<'_>) -> Verdict {
    match tariff.authorization {
        Some(fee) => flat(row.net, negative(fee)),
        None => Verdict::Unchecked(UncheckedReason::NotConfigured),
    }
}

/// A contested chargeback costs one amount. It stands in a dispute row, in its amount or its fees, or among
/// the fees of a chargeback row. A dispute row's amount may also be a hold.
fn dispute(tariff: &Tariff, row: &SettlementRow<'_>) -> Verdict {
    let Some(fee) = tariff.chargeback else { return Verdict::Unchecked(UncheckedReason::NotConfigured) };
    let given_back = row.amount > Amount::ZERO;
    let once = if given_back { fee } else { negative(fee) };
    if row.kind == RowKind::Chargeback {
        return if row.fee == Amount::ZERO { Verdict::Fits(FeeFit::Free) } else { flat(row.fee, once) };
    }
    match (row.amount == Amount::ZERO, row.net == once) {
        (_, true) => Verdict::Fits(FeeFit::Flat),
        (true, false) => flat(row.net, once),
        (false, false) => Verdict::Unchecked(UncheckedReason::MayBeAHold),
    }
}

fn negative(fee: Amount) -> Amount {
    Amount::from_units(fee.units().saturating_neg())
}

#[cfg(test)]
mod tests;
