//! What became known of closed months after their close: the bridge from the closed balance to the balance at
//! which the next month really opens.
//!
//! A closed month is never rewritten. What a late or reissued report changes about it or an earlier month is an
//! adjustment of the month after: `closed_balance + net = opening_balance`, by account and currency. Adjustments
//! are sums of rows by month and kind; they are compared with the difference of the totals of both sides, which
//! were folded on another way.

use std::collections::BTreeMap;

use serde::Serialize;

use super::assemble::Ask;
use crate::domain::{AccountName, Currency, Money, MoneyError, Month, RowKind, Sum};
use crate::ledger::{Part, Tally};
use crate::parse::SettlementRow;
use crate::reconcile::{BalanceBefore, Restated, SettlementDocument, Side, balance_before, restated, timelines};

/// The kind of an adjustment of the balance before the first known settlement: no row stands behind it.
pub const OPENING_RESTATED: &str = "opening_balance";

/// The documents and rules of the close before a period.
pub struct Prior {
    /// The month that was closed.
    pub month: Month,
    /// Its rules, for the period that follows it in each account's zone of then.
    pub ask: Ask,
    /// Its counted documents, cut at the end of the month.
    pub documents: Vec<SettlementDocument>,
}

/// What changed about closed months, by account and currency.
pub type PriorPeriods = BTreeMap<(AccountName, Currency), PriorPeriod>;

/// From a closed balance to an opening balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriorPeriod {
    /// The last closed month, `YYYY-MM`.
    pub closed_month: String,
    /// The balance with which it was closed; zero for an account that was not known then.
    pub closed_balance: Money,
    /// What changed, by month and kind.
    pub adjustments: Vec<Adjustment>,
    /// Σ net of the adjustments.
    pub net: Money,
}

/// What changed in the rows of one month and kind. Rows that no longer count are negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adjustment {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// The kind, or [`OPENING_RESTATED`].
    pub kind: &'static str,
    /// Rows.
    pub count: i64,
    /// Σ gross.
    pub amount: Money,
    /// Σ percentage fees.
    pub percentage_fee: Money,
    /// Σ fixed fees.
    pub fixed_fee: Money,
    /// Σ fees.
    pub fee: Money,
    /// Σ net.
    pub net: Money,
}

/// Sums of rows that came to count, less those that no longer do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    count: i64,
    amount: Sum,
    percentage_fee: Sum,
    fixed_fee: Sum,
    fee: Sum,
    net: Sum,
}

/// Shifts by account, currency, month and kind.
pub type Shifts = BTreeMap<(AccountName, Currency, Month, RowKind), Shift>;

impl Shift {
    /// Adds a row: `1` where it came to count, `-1` where it no longer does.
    pub fn add_row(&mut self, row: &SettlementRow<'_>, sign: i64) {
        let sum = |amount: crate::domain::Amount| signed(amount.into(), sign);
        self.count += sign;
        self.amount += sum(row.amount);
        self.percentage_fee += sum(row.percentage_fee);
        self.fixed_fee += sum(row.fixed_fee);
        self.fee += sum(row.fee);
        self.net += sum(row.net);
    }

    /// Adds sums of rows, likewise.
    pub fn add_tally(&mut self, tally: &Tally, sign: i64) {
        let count = i64::try_from(tally.count).unwrap_or(i64::MAX);
        self.count += count.saturating_mul(sign);
        self.amount += signed(tally.amount, sign);
        self.percentage_fee += signed(tally.percentage_fee, sign);
        self.fixed_fee += signed(tally.fixed_fee, sign);
        self.fee += signed(tally.fee, sign);
        self.net += signed(tally.net, sign);
    }

    /// Adds another shift.
    pub fn merge(&mut self, other: &Shift) {
        self.count += other.count;
        self.amount += other.amount;
        self.percentage_fee += other.percentage_fee;
        self.fixed_fee += other.fixed_fee;
        self.fee += other.fee;
        self.net += other.net;
    }

    fn is_nothing(&self) -> bool {
        *self == Shift::default()
    }

    fn adjustment(&self, month: Month, kind: &'static str, currency: Currency) -> Result<Adjustment, MoneyError> {
        let money = |sum: Sum| sum.in_currency(currency);
        Ok(Adjustment {
            month: month.to_string(),
            kind,
            count: self.count,
            amount: money(self.amount)?,
            percentage_fee: money(self.percentage_fee)?,
            fixed_fee: money(self.fixed_fee)?,
            fee: money(self.fee)?,
            net: money(self.net)?,
        })
    }
}

fn signed(sum: Sum, sign: i64) -> Sum {
    match sign {
        0 => Sum::ZERO,
        1.. => sum,
        _ => -sum,
    }
}

/// Why a bridge could not be built.
#[derive(Debug, thiserror::Error)]
pub enum PriorError {
    /// The rows and the totals tell different stories: a defect.
    #[error(
        "{account} {currency}: the {kind} rows that changed about closed months come to {rows}, the totals to {totals}"
    )]
    Disagreement {
        /// The account.
        account: AccountName,
        /// The currency.
        currency: Currency,
        /// The kind.
        kind: &'static str,
        /// From the rows.
        rows: String,
        /// From the totals.
        totals: String,
    },
    /// A sum that does not fit, which no real file reaches.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The documents whose rows before the period count otherwise than at the close before it.
#[must_use]
pub fn restated_before(ask: &Ask, documents: &[SettlementDocument], prior: &Prior) -> Vec<Restated> {
    let now = Side { documents, rules: &|account| ask.rules(account) };
    let then = Side { documents: &prior.documents, rules: &|account| prior.ask.rules(account) };
    restated(&now, &then, Part::Before)
}

/// The bridges of all accounts. `documents` are the counted ones of the period, cut at it; `shifts` are the rows of
/// [`restated_before`].
///
/// # Errors
/// [`PriorError::Disagreement`] where rows and totals differ.
pub fn prior_periods(
    ask: &Ask,
    documents: &[SettlementDocument],
    prior: &Prior,
    shifts: &Shifts,
) -> Result<PriorPeriods, PriorError> {
    let opening = balances(ask, documents)?;
    let closed = balances(&prior.ask, &prior.documents)?;
    let mut keys: Vec<&(AccountName, Currency)> = opening.keys().chain(closed.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut periods = PriorPeriods::new();
    for key in keys {
        let bridge = Bridge { prior, opening: opening.get(key), closed: closed.get(key) };
        if let Some(period) = bridge.period(key, shifts)? {
            periods.insert(key.clone(), period);
        }
    }
    Ok(periods)
}

fn balances(
    ask: &Ask,
    documents: &[SettlementDocument],
) -> Result<BTreeMap<(AccountName, Currency), BalanceBefore>, MoneyError> {
    let mut balances = BTreeMap::new();
    for timeline in timelines(documents) {
        let configured = ask.configured_opening(&timeline.account, timeline.currency)?;
        if let Some(balance) = balance_before(&timeline, &ask.rules(&timeline.account), configured) {
            balances.insert((timeline.account.clone(), timeline.currency), balance);
        }
    }
    Ok(balances)
}

/// The two ends of one account and currency.
struct Bridge<'a> {
    prior: &'a Prior,
    opening: Option<&'a BalanceBefore>,
    closed: Option<&'a BalanceBefore>,
}

impl Bridge<'_> {
    fn period(
        &self,
        (account, currency): &(AccountName, Currency),
        shifts: &Shifts,
    ) -> Result<Option<PriorPeriod>, PriorError> {
        let currency = *currency;
        let mut lines: Vec<(Month, usize, Adjustment)> = Vec::new();
        let mut kinds: BTreeMap<RowKind, Shift> = BTreeMap::new();
        for ((of, in_currency, month, kind), shift) in shifts {
            if of == account && *in_currency == currency && kind.moves_balance() {
                kinds.entry(*kind).or_default().merge(shift);
                if !shift.is_nothing() {
                    let place = RowKind::ALL.iter().position(|known| known == kind).unwrap_or(RowKind::ALL.len());
                    lines.push((*month, place, shift.adjustment(*month, kind.word(), currency)?));
                }
            }
        }
        self.agrees(account, currency, &kinds)?;
        if let Some(line) = self.opening_restated(account, currency)? {
            lines.push(line);
        }
        // An account that begins in the period has nothing to be adjusted.
        if self.closed.is_none() && lines.is_empty() {
            return Ok(None);
        }
        lines.sort_by_key(|(month, place, _)| (*month, *place));
        let mut net = Sum::ZERO;
        for (_, _, line) in &lines {
            net += Sum::of(line.net)?;
        }
        let closed_balance = self.closed.map_or(Sum::ZERO, |closed| closed.balance);
        let opening = self.opening.map_or(Sum::ZERO, |opening| opening.balance);
        disagreement(account, currency, "balance", net, opening - closed_balance)?;
        Ok(Some(PriorPeriod {
            closed_month: self.prior.month.to_string(),
            closed_balance: closed_balance.in_currency(currency)?,
            adjustments: lines.into_iter().map(|(_, _, line)| line).collect(),
            net: net.in_currency(currency)?,
        }))
    }

    /// Rows and totals, kind by kind.
    fn agrees(
        &self,
        account: &AccountName,
        currency: Currency,
        kinds: &BTreeMap<RowKind, Shift>,
    ) -> Result<(), PriorError> {
        for kind in RowKind::ALL.into_iter().filter(|kind| kind.moves_balance()) {
            let mut totals = Shift::default();
            for (side, sign) in [(self.opening, 1), (self.closed, -1)] {
                let movements = side.into_iter().flat_map(|side| &side.movements);
                movements.filter(|(known, _)| *known == kind).for_each(|(_, tally)| totals.add_tally(tally, sign));
            }
            let rows = kinds.get(&kind).copied().unwrap_or_default();
            let counts = |count: i64| Sum::from_units(i128::from(count));
            disagreement(account, currency, kind.word(), rows.net, totals.net)?;
            disagreement(account, currency, kind.word(), rows.amount, totals.amount)?;
            disagreement(account, currency, kind.word(), rows.fee, totals.fee)?;
            disagreement(account, currency, kind.word(), counts(rows.count), counts(totals.count))?;
        }
        Ok(())
    }

    /// What changed about the balance before the first known settlement: an older one became known, or the
    /// configured balance is another.
    fn opening_restated(
        &self,
        account: &AccountName,
        currency: Currency,
    ) -> Result<Option<(Month, usize, Adjustment)>, MoneyError> {
        let initial = |side: Option<&BalanceBefore>| side.map_or(Sum::ZERO, |side| side.initial);
        // An account that the close did not know began with nothing, unless its history is older than that.
        let began_after = self.closed.is_none() && self.opening.is_some_and(|opening| opening.movements.is_empty());
        let net = initial(self.opening) - initial(self.closed);
        if net.is_zero() || began_after {
            return Ok(None);
        }
        let since = self.opening.or(self.closed).and_then(|side| side.since);
        let zone = self.prior.ask.period_of(account).zone();
        let month = since.map_or(self.prior.month, |since| Month::containing(since, zone));
        let shift = Shift { net, ..Shift::default() };
        Ok(Some((month, RowKind::ALL.len(), shift.adjustment(month, OPENING_RESTATED, currency)?)))
    }
}

fn disagreement(
    account: &AccountName,
    currency: Currency,
    kind: &'static str,
    rows: Sum,
    totals: Sum,
) -> Result<(), PriorError> {
    if rows == totals {
        return Ok(());
    }
    let shown = |sum: Sum| sum.in_currency(currency).map_or_else(|why| why.to_string(), |money| money.to_string());
    Err(PriorError::Disagreement { account: account.clone(), currency, kind, rows: shown(rows), totals: shown(totals) })
}
