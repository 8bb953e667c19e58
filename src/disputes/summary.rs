//! Cases in numbers: totals, groups, months, ages. Amounts of different currencies never meet.
//!
//! Where a period is asked for, amounts are those of the rows in it, so that they agree with the month
//! statement to the cent; counts of status are of the cases as they stand now.

use std::collections::BTreeMap;

use super::case::{Case, CaseFigures, CaseStatus};
use super::clock::days_between;
use super::collect::{Captures, CapturesByMonth};
use super::facts::Facts;
use super::rate::Rate;
use crate::domain::{AccountName, Basis, Currency, Instant, Month, RowKind, Sum};

/// Months of the trend.
pub const TREND_MONTHS: usize = 12;
/// Edges of the ages of open cases in days; the last group has no upper edge.
pub const AGE_EDGES: [i64; 4] = [0, 8, 31, 91];

/// Cases of one group in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseTotals {
    /// Cases.
    pub cases: u64,
    /// Of them, those that began in the period.
    pub began: u64,
    /// Sums of their rows in the period.
    pub figures: CaseFigures,
    /// Open ones.
    pub open: u64,
    /// Won ones.
    pub won: u64,
    /// Partly won ones.
    pub partly_won: u64,
    /// Lost ones.
    pub lost: u64,
    /// Of unknown status.
    pub unknown: u64,
    /// Decided ones that are known to have been contested.
    pub contested: u64,
    /// What may still be lost in the open ones.
    pub exposure: Sum,
    /// Captures of the same time.
    pub captures: Captures,
}

impl CaseTotals {
    /// Counts a case with its rows in the period.
    fn add(&mut self, case: &Case, figures: &CaseFigures, began: Began) {
        self.cases += 1;
        self.began += u64::from(began == Began::Within);
        self.figures.merge(figures);
        self.exposure += case.exposure();
        match case.status {
            CaseStatus::Open => self.open += 1,
            CaseStatus::Won => self.won += 1,
            CaseStatus::PartlyWon => self.partly_won += 1,
            CaseStatus::Lost => self.lost += 1,
            CaseStatus::Unknown => self.unknown += 1,
        }
        let decided = matches!(case.status, CaseStatus::Won | CaseStatus::PartlyWon | CaseStatus::Lost);
        self.contested += u64::from(decided && case.contested);
    }

    /// Won of the decided ones that were contested.
    #[must_use]
    pub fn win_rate(&self) -> Option<Rate> {
        Rate::of(self.won.into(), self.contested.into())
    }

    /// Recovered of what was disputed.
    #[must_use]
    pub fn net_recovery_rate(&self) -> Option<Rate> {
        Rate::of(self.figures.recovered.units(), self.figures.disputed.units())
    }

    /// Cases that began in the period against its captures, by number.
    #[must_use]
    pub fn rate_by_count(&self) -> Option<Rate> {
        Rate::of(self.began.into(), self.captures.count.into())
    }

    /// What was disputed in the period against its captures, by amount.
    #[must_use]
    pub fn rate_by_amount(&self) -> Option<Rate> {
        Rate::of(self.figures.disputed.units(), self.captures.amount.units())
    }
}

/// Whether a case began in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Began {
    Within,
    Elsewhere,
}

/// By what cases are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Chargeback, claim, dispute.
    Kind,
    /// The reason, as Amazon words it.
    Reason,
    /// The month in which a case began.
    Month,
}

impl std::str::FromStr for GroupBy {
    type Err = UnknownGroup;

    fn from_str(text: &str) -> Result<Self, UnknownGroup> {
        let all = [GroupBy::Kind, GroupBy::Reason, GroupBy::Month];
        all.into_iter().find(|by| by.word() == text).ok_or_else(|| UnknownGroup(text.to_owned()))
    }
}

/// The text names no way to group.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no way to group cases; expected kind, reason or month")]
pub struct UnknownGroup(String);

impl GroupBy {
    /// The word in JSON and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            GroupBy::Kind => "kind",
            GroupBy::Reason => "reason",
            GroupBy::Month => "month",
        }
    }
}

/// Totals of a group and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The currency; `None` where no source tells it.
    pub currency: Option<Currency>,
    /// The kind, reason or month; `None` where no source tells.
    pub key: Option<String>,
    /// Its totals.
    pub totals: CaseTotals,
}

/// One month of an account, currency and kind: the rows posted in it, whenever their cases began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthLine {
    /// The month in the account's zone.
    pub month: Month,
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The kind of the cases.
    pub kind: RowKind,
    /// Their totals.
    pub totals: CaseTotals,
}

/// Captures by account: the denominators of the rates.
pub type CapturesByAccount = BTreeMap<AccountName, CapturesByMonth>;

/// Builds every summary over some cases.
#[derive(Clone, Copy)]
pub struct Summary<'a> {
    /// The facts behind the cases.
    pub facts: &'a Facts,
    /// The cases that are shown.
    pub cases: &'a [&'a Case],
    /// Captures of all months.
    pub captures: &'a CapturesByAccount,
    /// Which date decides.
    pub basis: Basis,
}

impl Summary<'_> {
    /// A case's rows in the period of its account.
    #[must_use]
    pub fn figures_within(&self, case: &Case) -> CaseFigures {
        CaseFigures::of(
            case.rows.iter().filter(|row| self.facts.is_within(&case.account, self.facts.instant_of(row, self.basis))),
        )
    }

    /// Whether a case concerns the period: by a row in it, or, where it has no rows yet, by its beginning.
    #[must_use]
    pub fn concerns(&self, case: &Case) -> bool {
        let by_row =
            case.rows.iter().any(|row| self.facts.is_within(&case.account, self.facts.instant_of(row, self.basis)));
        by_row || (case.rows.is_empty() && self.began(case) == Began::Within)
    }

    fn began(&self, case: &Case) -> Began {
        let within = case.dated().is_some_and(|at| self.facts.is_within(&case.account, at));
        if within { Began::Within } else { Began::Elsewhere }
    }

    /// Totals by currency.
    #[must_use]
    pub fn totals(&self) -> Vec<Group> {
        self.grouped(|_| None)
    }

    /// Totals by currency and kind, reason or month.
    #[must_use]
    pub fn groups(&self, by: GroupBy) -> Vec<Group> {
        self.grouped(|case| match by {
            GroupBy::Kind => Some(case.kind.word().to_owned()),
            GroupBy::Reason => case.reason.clone(),
            GroupBy::Month => self.month_of(case).map(|month| month.to_string()),
        })
    }

    fn month_of(&self, case: &Case) -> Option<Month> {
        case.dated().map(|at| Month::of(self.facts.zone(&case.account).date_of(at)))
    }

    fn grouped(&self, key_of: impl Fn(&Case) -> Option<String>) -> Vec<Group> {
        let mut groups: BTreeMap<(Option<Currency>, Option<String>), CaseTotals> = BTreeMap::new();
        for case in self.cases {
            let totals = groups.entry((case.currency, key_of(case))).or_default();
            totals.add(case, &self.figures_within(case), self.began(case));
        }
        let group = |((currency, key), mut totals): ((Option<Currency>, Option<String>), CaseTotals)| {
            totals.captures = self.captures_within(currency, key.as_deref());
            Group { currency, key, totals }
        };
        groups.into_iter().map(group).collect()
    }

    /// Captures of the period in a currency; of one month where the group is one.
    fn captures_within(&self, currency: Option<Currency>, key: Option<&str>) -> Captures {
        let only: Option<Month> = key.and_then(|key| key.parse().ok());
        let mut captures = Captures::default();
        for (account, months) in self.captures {
            let period = self.facts.account(account).and_then(|fact| fact.period);
            for ((month, of), counted) in months {
                let inside = match period {
                    Some(period) => period.month() == Some(*month),
                    None => true,
                };
                if Some(*of) == currency && inside && only.is_none_or(|only| only == *month) {
                    captures.merge(*counted);
                }
            }
        }
        captures
    }

    /// Every month with a row or a beginning, by account, currency and kind. A row counts in the month in which
    /// it was posted, so that Σ months = Σ rows.
    #[must_use]
    pub fn months(&self) -> Vec<MonthLine> {
        let mut lines: BTreeMap<(Month, AccountName, Currency, RowKind), CaseTotals> = BTreeMap::new();
        for case in self.cases {
            let Some(currency) = case.currency else { continue };
            let zone = self.facts.zone(&case.account);
            let began = self.month_of(case);
            let mut months: BTreeMap<Month, CaseFigures> = BTreeMap::new();
            for row in &case.rows {
                let month = Month::of(zone.date_of(row.posted));
                months.entry(month).or_default().merge(&CaseFigures::of(std::iter::once(row)));
            }
            if let Some(month) = began {
                months.entry(month).or_default();
            }
            for (month, figures) in months {
                let totals = lines.entry((month, case.account.clone(), currency, case.kind)).or_default();
                let began = if began == Some(month) { Began::Within } else { Began::Elsewhere };
                totals.add(case, &figures, began);
            }
        }
        let line =
            |((month, account, currency, kind), mut totals): ((Month, AccountName, Currency, RowKind), CaseTotals)| {
                let counted = self.captures.get(&account).and_then(|months| months.get(&(month, currency)));
                totals.captures = counted.copied().unwrap_or_default();
                MonthLine { month, account, currency, kind, totals }
            };
        lines.into_iter().map(line).collect()
    }

    /// The last twelve months until `last`, by currency, months without a case included.
    #[must_use]
    pub fn trend(&self, last: Month) -> Vec<(Month, Currency, CaseTotals)> {
        let months = last_months(last, TREND_MONTHS);
        let mut currencies: Vec<Currency> = self.cases.iter().filter_map(|case| case.currency).collect();
        currencies.sort();
        currencies.dedup();
        let lines = self.months();
        let mut trend = Vec::new();
        for currency in currencies {
            for month in &months {
                let mut totals = CaseTotals::default();
                for line in lines.iter().filter(|line| line.month == *month && line.currency == currency) {
                    totals.merge(&line.totals);
                }
                for months in self.captures.values() {
                    totals.captures.merge(months.get(&(*month, currency)).copied().unwrap_or_default());
                }
                trend.push((*month, currency, totals));
            }
        }
        trend
    }

    /// Open cases by the days since they became known: first day of the age group, currency, totals.
    #[must_use]
    pub fn ages(&self, now: Instant) -> Vec<(i64, Option<Currency>, CaseTotals)> {
        let mut ages: BTreeMap<(i64, Option<Currency>), CaseTotals> = BTreeMap::new();
        for case in self.cases.iter().filter(|case| case.status == CaseStatus::Open) {
            let Some(opened) = case.opened else { continue };
            let days = days_between(self.facts.zone(&case.account), opened, now);
            let edge = AGE_EDGES.iter().rev().find(|edge| days >= **edge).copied().unwrap_or(0);
            ages.entry((edge, case.currency)).or_default().add(case, &case.figures(), Began::Elsewhere);
        }
        ages.into_iter().map(|((edge, currency), totals)| (edge, currency, totals)).collect()
    }
}

impl CaseTotals {
    /// Adds others, but for their captures, which several lines share.
    fn merge(&mut self, other: &CaseTotals) {
        self.cases += other.cases;
        self.began += other.began;
        self.figures.merge(&other.figures);
        self.open += other.open;
        self.won += other.won;
        self.partly_won += other.partly_won;
        self.lost += other.lost;
        self.unknown += other.unknown;
        self.contested += other.contested;
        self.exposure += other.exposure;
    }
}

/// The months that end with `last`, oldest first.
fn last_months(last: Month, count: usize) -> Vec<Month> {
    let mut months = vec![last];
    while months.len() < count {
        // A month ends the day before the next begins.
        let before = months.last().and_then(|month| month.first_day().ok()).and_then(|day| day.pred_opt());
        let Some(day) = before else { break };
        months.push(Month::of(day));
    }
    months.reverse();
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_twelve_months_cross_the_year() {
        let months = last_months("2026-02".parse().unwrap(), 12);
        assert_eq!(months.len(), 12);
        assert_eq!((months[0].to_string(), months[11].to_string()), ("2025-03".to_owned(), "2026-02".to_owned()));
    }
}
