//! The answer key: what a correct reader must find, computed from the books, never from the files.
//!
//! For every account and month, by each basis, in UTC and in the account's own zone. The definitions
//! stand in the key itself ([`DEFINITIONS`]), so that a disagreement can be argued.

use std::collections::BTreeSet;

use chrono::Utc;
use serde::Serialize;

use super::books::{Books, Row, Settlement};
use super::country::Cents;
use super::plan::RehearsalError;
use crate::domain::{Amount, Basis, Currency, Instant, Money, Month, Period, RowKind, SellerId, SettlementId, Zone};

/// How the figures are meant.
pub const DEFINITIONS: [&str; 12] = [
    "net amounts are those that the files state; every row kind but reserve and carryover moves the balance",
    "the balance before the first known settlement is the sum of its reserve and carryover rows with a positive net",
    "opening_balance is that balance plus every movement before the period, closing_balance adds those of the period",
    "basis posted: a row belongs to the month in which it was posted",
    "basis settlement: to the month of its settlement's end instant",
    "basis payout: to the month in which the first Transfer row of its settlement was posted; without one, of its end",
    "opening_basis is history when some known settlement ended at or before the period's first instant",
    "reserve.opening is the reserve closed by the latest settlement that ended at or before the period's first \
     instant (basis settlement and payout: that belongs to a time before it), else the reserve that the first \
     settlement opens with; reserve.closing likewise at the period's end",
    "unexplained is what settlements of the period open (reserve and carryover) less what the one before each closed",
    "gaps are holes of more than 10 minutes between known settlements that overlap the period",
    "payouts are the Transfer rows of the period under the settlement in whose file they stand; amount is -net",
    "disputes: rows of these kinds in the period; a case is an order reference; disputed is the sum of negative \
     amounts without sign, recovered the sum of positive ones; adjustments are not counted as disputes",
];

/// A hole between two settlements that is longer than this is a gap.
const GAP_TOLERANCE_MILLIS: i64 = 10 * 60 * 1_000;

/// The figures of one account for one month.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The merchant id.
    pub account: SellerId,
    /// The folder of the account's files.
    pub name: String,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The month, `YYYY-MM`.
    pub month: String,
    /// The zone whose midnights bound it.
    pub timezone: &'static str,
    /// Which date decides the month of a row.
    pub basis: &'static str,
    /// First instant, UTC.
    pub from: String,
    /// Last instant, exclusive, UTC.
    pub until: String,
    /// Rows of the period, reserve and carry-over included.
    pub rows: usize,
    /// The balance at the first instant.
    pub opening_balance: Money,
    /// Where it comes from.
    pub opening_basis: &'static str,
    /// The balance at the end.
    pub closing_balance: Money,
    /// The part of the balance that Amazon holds back.
    pub reserve: ReserveAnswer,
    /// Totals by kind; kinds that do not occur are left out.
    pub movements: Vec<Movement>,
    /// Breaks of the chain.
    pub unexplained: Money,
    /// Payouts, by time.
    pub payouts: Vec<PayoutAnswer>,
    /// Rows of unknown types, by type.
    pub unknown: Vec<UnknownAnswer>,
    /// Holes between known settlements.
    pub gaps: Vec<Gap>,
    /// Totals of disputes by kind.
    pub disputes: Vec<DisputeAnswer>,
}

/// The reserve at both ends of a period.
#[derive(Clone, Debug, Serialize)]
pub struct ReserveAnswer {
    /// At the first instant.
    pub opening: Money,
    /// At the end.
    pub closing: Money,
}

/// The total of one kind of row.
#[derive(Clone, Debug, Serialize)]
pub struct Movement {
    /// The kind.
    pub kind: RowKind,
    /// Rows.
    pub count: usize,
    /// Σ `TransactionAmount`.
    pub amount: Money,
    /// Σ `TransactionPercentageFee`.
    pub percentage_fee: Money,
    /// Σ `TransactionFixedFee`.
    pub fixed_fee: Money,
    /// Σ `TotalTransactionFee`.
    pub fee: Money,
    /// Σ `NetTransactionAmount`.
    pub net: Money,
}

/// One Transfer row.
#[derive(Clone, Debug, Serialize)]
pub struct PayoutAnswer {
    /// The settlement in whose file it stands.
    pub settlement_id: SettlementId,
    /// When, UTC.
    pub posted: String,
    /// What the merchant receives; negative if collected from the bank.
    pub amount: Money,
}

/// Rows of one unknown type.
#[derive(Clone, Debug, Serialize)]
pub struct UnknownAnswer {
    /// The word in the file.
    pub r#type: &'static str,
    /// Rows.
    pub count: usize,
    /// Σ net.
    pub net: Money,
}

/// A hole between two known settlements.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// The end of the one before, UTC.
    pub from: String,
    /// The start of the one after, UTC.
    pub until: String,
    /// The one before.
    pub after_settlement: SettlementId,
    /// The one after.
    pub before_settlement: SettlementId,
}

/// The total of one kind of dispute row.
#[derive(Clone, Debug, Serialize)]
pub struct DisputeAnswer {
    /// The kind of row.
    pub kind: RowKind,
    /// Rows.
    pub count: usize,
    /// Different order references.
    pub cases: usize,
    /// What was taken, without sign.
    pub disputed: Money,
    /// What came back.
    pub recovered: Money,
    /// Σ total fees.
    pub fees: Money,
    /// Σ net.
    pub net: Money,
}

/// The figures of an account for every month, zone and basis.
///
/// # Errors
/// [`RehearsalError::Period`] beyond the calendar.
pub(super) fn answers(books: &Books, months: &[Month]) -> Result<Vec<Answer>, RehearsalError> {
    let mut answers = Vec::new();
    for zone in [Zone::UTC, books.account.zone] {
        for month in months {
            let period = Period::of_month(*month, zone)?;
            for basis in Basis::ALL {
                answers.push(Question { books, basis, period }.answer());
            }
        }
    }
    Ok(answers)
}

/// Minor units as money; all currencies of the sample have two places.
pub(super) fn money(amount: Cents, currency: Currency) -> Money {
    Amount::from_units(amount * (Amount::UNITS_PER_ONE / 100)).in_currency(currency)
}

/// An instant of the key.
pub(super) fn utc(at: Instant) -> String {
    at.rfc3339_in(&Utc)
}

struct Question<'a> {
    books: &'a Books,
    basis: Basis,
    period: Period,
}

impl Question<'_> {
    fn answer(&self) -> Answer {
        let account = &self.books.account;
        let rows: Vec<(&Settlement, &Row)> = self
            .placed()
            .filter(|(at, ..)| self.period.contains(*at))
            .map(|(_, settlement, row)| (settlement, row))
            .collect();
        let net_of = |kept: &dyn Fn(Instant) -> bool| -> Cents {
            let moving = self.placed().filter(|(at, _, row)| row.kind.moves_balance() && kept(*at));
            moving.map(|(_, _, row)| row.figures.net).sum()
        };
        let opening = self.books.known().next().map_or(0, Settlement::opened) + net_of(&|at| at < self.period.from());
        Answer {
            account: account.seller.clone(),
            name: account.name.clone(),
            currency: account.currency,
            month: self.period.month().map(|month| month.to_string()).unwrap_or_default(),
            timezone: self.period.zone().name(),
            basis: self.basis.word(),
            from: utc(self.period.from()),
            until: utc(self.period.until()),
            rows: rows.len(),
            opening_balance: self.money(opening),
            opening_basis: self.opening_basis(),
            closing_balance: self.money(opening + net_of(&|at| self.period.contains(at))),
            reserve: ReserveAnswer {
                opening: self.money(self.reserve_at(self.period.from())),
                closing: self.money(self.reserve_at(self.period.until())),
            },
            movements: RowKind::ALL
                .into_iter()
                .filter(|kind| kind.moves_balance())
                .filter_map(|kind| self.movement(kind, &rows))
                .collect(),
            unexplained: self.money(self.unexplained()),
            payouts: self.payouts(&rows),
            unknown: self.unknown(&rows),
            gaps: self.gaps(),
            disputes: RowKind::ALL.iter().filter_map(|kind| self.disputes(*kind, &rows)).collect(),
        }
    }

    /// Every row with the instant that decides its month.
    fn placed(&self) -> impl Iterator<Item = (Instant, &Settlement, &Row)> {
        self.books.known().flat_map(move |settlement| {
            let whole = self.instant_of(settlement);
            settlement.rows.iter().map(move |row| match self.basis {
                Basis::Posted => (row.posted, settlement, row),
                Basis::Settlement | Basis::Payout => (whole, settlement, row),
            })
        })
    }

    /// The instant that decides the month of a whole settlement.
    fn instant_of(&self, settlement: &Settlement) -> Instant {
        let transfer = settlement.rows.iter().find(|row| row.kind == RowKind::Transfer);
        match (self.basis, transfer) {
            (Basis::Payout, Some(row)) => row.posted,
            _ => settlement.window.end,
        }
    }

    fn money(&self, amount: Cents) -> Money {
        money(amount, self.books.account.currency)
    }

    fn opening_basis(&self) -> &'static str {
        let earlier = self.books.known().any(|settlement| settlement.window.end <= self.period.from());
        if earlier { "history" } else { "first_settlement" }
    }

    /// The reserve that Amazon holds at an edge of the period.
    fn reserve_at(&self, edge: Instant) -> Cents {
        let before = |settlement: &&Settlement| match self.basis {
            Basis::Posted => settlement.window.end <= edge,
            Basis::Settlement | Basis::Payout => self.instant_of(settlement) < edge,
        };
        match (self.books.known().rfind(before), self.books.known().next()) {
            (Some(latest), _) => -reserve(latest).filter(|net| *net < 0).sum::<Cents>(),
            (None, Some(first)) => reserve(first).filter(|net| *net > 0).sum(),
            (None, None) => 0,
        }
    }

    fn movement(&self, kind: RowKind, rows: &[(&Settlement, &Row)]) -> Option<Movement> {
        let rows: Vec<&Row> = rows.iter().map(|(_, row)| *row).filter(|row| row.kind == kind).collect();
        let total = |part: fn(&Row) -> Cents| self.money(rows.iter().map(|row| part(row)).sum());
        (!rows.is_empty()).then(|| Movement {
            kind,
            count: rows.len(),
            amount: total(|row| row.figures.amount),
            percentage_fee: total(|row| row.figures.percentage_fee),
            fixed_fee: total(|row| row.figures.fixed_fee),
            fee: total(|row| row.figures.total_fee),
            net: total(|row| row.figures.net),
        })
    }

    fn unexplained(&self) -> Cents {
        let known: Vec<&Settlement> = self.books.known().collect();
        let mut broken = 0;
        for (before, after) in known.iter().zip(known.iter().skip(1)) {
            let at = if self.basis == Basis::Posted { after.window.start } else { self.instant_of(after) };
            if self.period.contains(at) {
                broken += after.opened() - before.closed();
            }
        }
        broken
    }

    fn payouts(&self, rows: &[(&Settlement, &Row)]) -> Vec<PayoutAnswer> {
        let mut transfers: Vec<_> = rows.iter().filter(|(_, row)| row.kind == RowKind::Transfer).collect();
        transfers.sort_by_key(|(_, row)| row.posted);
        let payout = |(settlement, row): &&(&Settlement, &Row)| PayoutAnswer {
            settlement_id: settlement.id.clone(),
            posted: utc(row.posted),
            amount: self.money(-row.figures.net),
        };
        transfers.iter().map(payout).collect()
    }

    fn unknown(&self, rows: &[(&Settlement, &Row)]) -> Vec<UnknownAnswer> {
        let unknown: Vec<&Row> = rows.iter().map(|(_, row)| *row).filter(|row| row.kind == RowKind::Unknown).collect();
        let words: BTreeSet<&'static str> = unknown.iter().map(|row| row.word).collect();
        let total = |word| {
            let same: Vec<Cents> = unknown.iter().filter(|row| row.word == word).map(|row| row.figures.net).collect();
            UnknownAnswer { r#type: word, count: same.len(), net: self.money(same.iter().sum()) }
        };
        words.into_iter().map(total).collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        let known: Vec<&Settlement> = self.books.known().collect();
        let mut gaps = Vec::new();
        for (before, after) in known.iter().zip(known.iter().skip(1)) {
            let (from, until) = (before.window.end, after.window.start);
            let overlaps = from < self.period.until() && until > self.period.from();
            if until.utc_millis() - from.utc_millis() > GAP_TOLERANCE_MILLIS && overlaps {
                gaps.push(Gap {
                    from: utc(from),
                    until: utc(until),
                    after_settlement: before.id.clone(),
                    before_settlement: after.id.clone(),
                });
            }
        }
        gaps
    }

    fn disputes(&self, kind: RowKind, rows: &[(&Settlement, &Row)]) -> Option<DisputeAnswer> {
        let rows: Vec<&Row> = rows.iter().map(|(_, row)| *row).filter(|row| row.kind == kind).collect();
        let amounts = || rows.iter().map(|row| row.figures.amount);
        let cases: BTreeSet<_> = rows.iter().filter_map(|row| row.ids.order_reference.as_ref()).collect();
        (kind.is_dispute() && !rows.is_empty()).then(|| DisputeAnswer {
            kind,
            count: rows.len(),
            cases: cases.len(),
            disputed: self.money(-amounts().filter(|amount| *amount < 0).sum::<Cents>()),
            recovered: self.money(amounts().filter(|amount| *amount > 0).sum()),
            fees: self.money(rows.iter().map(|row| row.figures.total_fee).sum()),
            net: self.money(rows.iter().map(|row| row.figures.net).sum()),
        })
    }
}

fn reserve(settlement: &Settlement) -> impl Iterator<Item = Cents> {
    settlement.rows.iter().filter(|row| row.kind == RowKind::Reserve).map(|row| row.figures.net)
}
