//! What to look at: near deadlines, double losses, cases without an order, how long a debit takes, and what is
//! held back against disputes.

use std::collections::BTreeMap;

use super::case::{CaseStatus, Flag};
use super::clock::{Clock, days_between};
use super::facts::Facts;
use super::rate::Rate;
use super::summary::Summary;
use crate::domain::{AccountName, Amount, Currency, Instant, Sum};

/// What to look at among the cases of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// Undecided cases whose deadline is at most [`SOON_DAYS`] away and has not passed.
    pub due_soon: u64,
    /// Cases whose row has no order reference.
    pub unlinked: u64,
    /// Cases in which the buyer may have been paid twice.
    pub double_losses: u64,
    /// Days from capture to first debit, of each case in which both are known, in order.
    pub days_to_debit: Vec<i64>,
}

/// Days within which a deadline is near.
pub const SOON_DAYS: i64 = 14;

impl Attention {
    /// The average of the days to the debit.
    #[must_use]
    pub fn average_days(&self) -> Option<Rate> {
        let sum: i128 = self.days_to_debit.iter().map(|days| i128::from(*days)).sum();
        Rate::of(sum, self.days_to_debit.len() as i128)
    }

    /// The middle of the days to the debit; of an even number, the mean of the two in the middle.
    #[must_use]
    pub fn median_days(&self) -> Option<Rate> {
        let (above, below) = (self.days_to_debit.len() / 2, self.days_to_debit.len().checked_sub(1)? / 2);
        let (above, below) = (self.days_to_debit.get(above)?, self.days_to_debit.get(below)?);
        Rate::of(i128::from(*above) + i128::from(*below), 2)
    }
}

impl Summary<'_> {
    /// What to look at, by currency.
    #[must_use]
    pub fn attention(&self, clock: &Clock<'_>) -> Vec<(Option<Currency>, Attention)> {
        let mut all: BTreeMap<Option<Currency>, Attention> = BTreeMap::new();
        for case in self.cases {
            let zone = self.facts.zone(&case.account);
            let undecided = matches!(case.status, CaseStatus::Open | CaseStatus::Unknown);
            let near = case
                .deadline
                .is_some_and(|deadline| clock.is_ahead(deadline) && clock.days_left(zone, deadline.at) <= SOON_DAYS);
            let twice = [Flag::DoubleLoss, Flag::RefundAfterDispute].iter().any(|flag| case.flags.contains(flag));
            let attention = all.entry(case.currency).or_default();
            attention.due_soon += u64::from(undecided && near);
            attention.unlinked += u64::from(case.flags.contains(&Flag::Unlinked));
            attention.double_losses += u64::from(twice);
            let captured = case.capture().and_then(|capture| capture.at);
            attention
                .days_to_debit
                .extend(captured.zip(case.debited).map(|(from, until)| days_between(zone, from, until)));
        }
        all.values_mut().for_each(|attention| attention.days_to_debit.sort_unstable());
        all.into_iter().collect()
    }
}

/// What the latest settlement of each account holds back against disputes, where its rows say so.
#[must_use]
pub fn reserves(facts: &Facts) -> Vec<(AccountName, Currency, Sum)> {
    let mut latest: BTreeMap<(AccountName, Currency), (Instant, Sum)> = BTreeMap::new();
    for row in &facts.reserves {
        let Some(source) = facts.source_of(row) else { continue };
        let held = latest.entry((source.account.clone(), row.currency)).or_insert((source.end, Sum::ZERO));
        if source.end > held.0 {
            *held = (source.end, Sum::ZERO);
        }
        // What a settlement sets aside leaves it with a minus; what it takes back is of the one before.
        if source.end == held.0 && row.amount < Amount::ZERO {
            held.1 += -Sum::from(row.net);
        }
    }
    latest.into_iter().map(|((account, currency), (_, held))| (account, currency, held)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_average_the_mean() {
        let of = |days: &[i64]| Attention { days_to_debit: days.to_vec(), ..Attention::default() };
        assert_eq!(of(&[1, 2, 10]).median_days().unwrap().to_string(), "2.000000");
        assert_eq!(of(&[1, 2, 3, 10]).median_days().unwrap().to_string(), "2.500000");
        assert_eq!(of(&[1, 2, 3, 10]).average_days().unwrap().to_string(), "4.000000");
        assert_eq!((of(&[]).median_days(), of(&[]).average_days()), (None, None));
    }
}
