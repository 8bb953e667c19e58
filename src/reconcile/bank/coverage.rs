//! Which days the bank statements cover, account by account.
//!
//! Only what is covered can be missing: a payout whose days lie after the last statement may still
//! come, and of one whose days no statement covers nothing is known.

use chrono::{Days, NaiveDate};

use crate::domain::{BankCalendar, Currency};

/// What is covered of all accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// One for each account and currency.
    pub accounts: Vec<AccountCoverage>,
}

/// What is covered of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountCoverage {
    /// The account.
    pub account: String,
    /// Its currency.
    pub currency: Option<Currency>,
    /// First and last days of what is covered without a hole, in order.
    pub ranges: Vec<(NaiveDate, NaiveDate)>,
    /// Whether any of its lines names Amazon.
    pub names_amazon: bool,
}

/// How far statements reach into the days in which a payout may be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// They cover all of them.
    Whole,
    /// They end too early.
    UntilWithin,
    /// They say nothing about them, or have a hole there.
    None,
}

impl Coverage {
    /// How far the accounts reach that can receive payouts of a currency: those that name Amazon, or
    /// all of them where none does.
    #[must_use]
    pub fn reaches(&self, currency: Currency, from: NaiveDate, until: NaiveDate, calendar: &BankCalendar) -> Reach {
        let of_currency = |account: &&AccountCoverage| account.currency.is_none_or(|known| known == currency);
        let mut accounts: Vec<&AccountCoverage> = self.accounts.iter().filter(of_currency).collect();
        if accounts.iter().any(|account| account.names_amazon) {
            accounts.retain(|account| account.names_amazon);
        }
        let last = accounts.iter().flat_map(|account| &account.ranges).map(|range| range.1).max();
        match last {
            _ if accounts.iter().any(|account| account.covers(from, until, calendar)) => Reach::Whole,
            Some(last) if last < until => Reach::UntilWithin,
            _ => Reach::None,
        }
    }

    /// The last day that is covered of any account.
    #[must_use]
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.accounts.iter().flat_map(|account| &account.ranges).map(|range| range.1).max()
    }
}

impl AccountCoverage {
    fn covers(&self, from: NaiveDate, until: NaiveDate, calendar: &BankCalendar) -> bool {
        let covered = |day: NaiveDate| self.ranges.iter().any(|range| (range.0..=range.1).contains(&day));
        let days = std::iter::successors(Some(from), |day| day.checked_add_days(Days::new(1)));
        days.take_while(|day| *day <= until).all(|day| !calendar.is_open(day) || covered(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_between_daily_statements_are_no_hole() {
        let eur = "EUR".parse().unwrap();
        let account = AccountCoverage {
            account: "A".to_owned(),
            currency: Some(eur),
            ranges: vec![(day("2026-09-01"), day("2026-09-04")), (day("2026-09-07"), day("2026-09-15"))],
            names_amazon: true,
        };
        let coverage = Coverage { accounts: vec![account] };
        let reach = |from, until| coverage.reaches(eur, day(from), day(until), &BankCalendar::default());
        assert_eq!(reach("2026-09-03", "2026-09-14"), Reach::Whole);
        assert_eq!(reach("2026-09-10", "2026-09-21"), Reach::UntilWithin);
        assert_eq!(reach("2026-08-20", "2026-08-31"), Reach::None);
    }
}
