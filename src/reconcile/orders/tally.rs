//! What the rows add up to for each order, and so the state of every order.
//!
//! Several workers each take a share of the orders: all look through the decisions, and add up the rows of
//! their own orders. Rows without an order are the first worker's.

use std::ops::Range;

use super::book::OrderBook;
use super::entries::OrderState;
use super::ladder::{Decision, Decisions, Rung, candidates};
use super::parallel::in_parallel;
use super::payments::{Payment, PaymentPiece, PaymentPlace, Payments};
use super::piece::Order;
use super::states::{Listing, OrderAsk, OrderCoverage, RowCoverage, StateTotal};
use super::status::OrderStatus;
use crate::domain::{Amount, Currency, Instant, RowKind, Sum};

/// Orders that are worth a thread of their own.
const ORDERS_PER_WORKER: usize = 20_000;

/// Why an order is in its state, where there is more to say.
pub(super) type Detail = Option<&'static str>;

/// What rows add up to for one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) captured: i128,
    pub(super) refunded: i128,
    captures: u32,
    /// Captures of exactly the order's total, where there are several.
    whole: u32,
    pub(super) weakest: Option<Rung>,
    in_period: bool,
    pub(super) disputed: bool,
    candidate: bool,
}

impl Taken {
    /// Adds a row; `total` is asked for the order's total where there are several captures, which is rare: a look
    /// at every order would have to be waited for.
    pub(super) fn add(&mut self, row: &Payment, total: impl Fn() -> Amount) {
        let amount = i128::from(row.amount.units());
        match row.kind {
            RowKind::Capture => {
                if self.captures > 0 {
                    let total = i128::from(total().units());
                    self.whole += u32::from(self.captures == 1 && self.captured == total);
                    self.whole += u32::from(amount == total);
                }
                self.captured += amount;
                self.captures += 1;
            }
            RowKind::Refund => self.refunded -= amount,
            _ => self.disputed |= amount < 0,
        }
    }
}

/// All that is known of orders and rows before the first is listed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The orders of each share.
    taken: Vec<Vec<Taken>>,
    share: usize,
    pub(super) rows: RowCoverage,
    pub(super) orders: OrderCoverage,
    /// All orders by currency and state.
    pub(super) totals: Vec<((Currency, OrderState), StateTotal)>,
    /// The orders to be listed one by one, in their order.
    pub(super) listed: Vec<(u32, OrderState, Detail)>,
    /// Rows that are no order's alone, in their order.
    pub(super) strangers: Vec<PaymentPlace>,
    /// Rows that give money back, in their order.
    pub(super) returns: Vec<PaymentPlace>,
    /// When the first order of the lists was placed.
    pub(super) first_order: Option<Instant>,
}

impl Tally {
    /// Adds up and judges.
    pub(super) fn of(book: &OrderBook, payments: &Payments, decisions: &Decisions, ask: &OrderAsk) -> Self {
        let workers = (book.len() / ORDERS_PER_WORKER).clamp(1, ask.workers.get());
        Self::in_shares(book.len().div_ceil(workers).max(1), book, payments, decisions, ask)
    }

    /// The same with so many orders for each worker.
    fn in_shares(share: usize, book: &OrderBook, payments: &Payments, decisions: &Decisions, ask: &OrderAsk) -> Self {
        let firsts: Vec<usize> = (0..book.len().max(1)).step_by(share).collect();
        let parts = in_parallel(&firsts, |first| {
            let orders = first..first.saturating_add(share).min(book.len());
            let mut worker = Worker { book, payments, ask, orders, takes_strangers: first == 0, part: Self::default() };
            let taken = worker.add_up(decisions);
            worker.judge(&taken);
            worker.part.taken.push(taken);
            worker.part
        });
        let mut whole = Self { share, ..Self::default() };
        parts.into_iter().for_each(|part| whole.append(part));
        whole.returns.sort_unstable();
        whole
    }

    /// What the rows of an order add up to.
    pub(super) fn taken(&self, at: u32) -> Option<&Taken> {
        let at = at as usize;
        self.taken.get(at.checked_div(self.share)?)?.get(at % self.share)
    }

    fn append(&mut self, mut other: Self) {
        self.taken.append(&mut other.taken);
        self.rows += other.rows;
        self.orders += other.orders;
        for (key, total) in other.totals {
            add_total(&mut self.totals, key, total);
        }
        self.listed.append(&mut other.listed);
        self.strangers.append(&mut other.strangers);
        self.returns.append(&mut other.returns);
        self.first_order = [self.first_order, other.first_order].into_iter().flatten().min();
    }
}

/// A handful of sums, looked through for every order: quicker than a map that compares currencies.
fn add_total(totals: &mut Vec<((Currency, OrderState), StateTotal)>, key: (Currency, OrderState), total: StateTotal) {
    match totals.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known += total,
        None => totals.push((key, total)),
    }
}

/// Works on a share of the orders.
struct Worker<'a> {
    book: &'a OrderBook,
    payments: &'a Payments,
    ask: &'a OrderAsk,
    orders: Range<usize>,
    takes_strangers: bool,
    part: Tally,
}

impl Worker<'_> {
    fn in_period(&self, at: Instant) -> bool {
        self.ask.period.contains(at)
    }

    /// Sums of the rows of each order, and where the rows of the period went.
    fn add_up(&mut self, decisions: &Decisions) -> Vec<Taken> {
        let mut taken = vec![Taken::default(); self.orders.len()];
        for (piece_at, (piece, decisions)) in self.payments.pieces.iter().zip(&decisions.pieces).enumerate() {
            for (row_at, (row, decision)) in piece.rows.iter().zip(decisions).enumerate() {
                let place = || PaymentPlace::of(piece_at, row_at);
                match decision {
                    Decision::Order(at, rung) => {
                        let own = (*at as usize).checked_sub(self.orders.start);
                        if let Some(taken) = own.and_then(|at| taken.get_mut(at)) {
                            self.add_row(taken, row, *at, *rung);
                            if row.kind != RowKind::Capture {
                                self.part.returns.extend(place());
                            }
                        }
                    }
                    _ => self.add_stranger(&mut taken, piece, row, place(), *decision),
                }
            }
        }
        taken
    }

    fn add_row(&mut self, taken: &mut Taken, row: &Payment, at: u32, rung: Rung) {
        let within = self.in_period(row.posted);
        let counts = u64::from(within && matches!(row.kind, RowKind::Capture | RowKind::Refund));
        self.part.rows.rows += counts;
        self.part.rows.with_order += counts;
        taken.add(row, || self.book.order(at).map_or(Amount::ZERO, |order| order.gross));
        taken.in_period |= within;
        taken.weakest = taken.weakest.max(Some(rung));
    }

    /// A row that is no order's alone. Orders that it may belong to are not called unpaid without saying so.
    fn add_stranger(
        &mut self,
        taken: &mut [Taken],
        piece: &PaymentPiece,
        row: &Payment,
        place: Option<PaymentPlace>,
        decision: Decision,
    ) {
        if let Decision::Ambiguous(rung) = decision {
            for order in candidates(self.book, row, &piece.ids(row), rung) {
                let own = (order as usize).checked_sub(self.orders.start);
                if let Some(taken) = own.and_then(|at| taken.get_mut(at)) {
                    taken.candidate = true;
                }
            }
        }
        if !self.takes_strangers {
            return;
        }
        let counts = self.in_period(row.posted) && matches!(row.kind, RowKind::Capture | RowKind::Refund);
        self.part.rows.rows += u64::from(counts);
        match decision {
            Decision::Ambiguous(_) => self.part.rows.ambiguous += u64::from(counts),
            Decision::Sandbox => self.part.rows.sandbox += u64::from(counts),
            Decision::Order(..) | Decision::None | Decision::OtherCurrency(..) => {}
        }
        self.part.strangers.extend(place);
        if row.kind != RowKind::Capture {
            self.part.returns.extend(place);
        }
    }

    /// The state of every order.
    fn judge(&mut self, taken: &[Taken]) {
        for (at, order) in self.book.each_in(self.orders.clone()) {
            let taken = (at as usize).checked_sub(self.orders.start).and_then(|at| taken.get(at));
            self.judge_order(at, order, &taken.copied().unwrap_or_default());
        }
    }

    fn judge_order(&mut self, at: u32, order: &Order, taken: &Taken) {
        let placed = order.placed();
        self.part.first_order = [self.part.first_order, placed].into_iter().flatten().min();
        self.part.orders.orders += 1;
        let placed_within = placed.is_none_or(|placed| self.in_period(placed));
        if !taken.in_period && !placed_within {
            self.part.orders.other_period += 1;
            return;
        }
        if taken.captures == 0 && taken.refunded > 0 && !self.is_covered(order) {
            self.part.orders.capture_unknown += 1;
            return;
        }
        let Some((state, detail)) = self.state(order, taken) else {
            self.part.orders.not_expected += 1;
            return;
        };
        self.part.orders.with_state += 1;
        let total = StateTotal {
            count: 1,
            ordered: order.gross.into(),
            captured: Sum::from_units(taken.captured),
            refunded: Sum::from_units(taken.refunded),
        };
        add_total(&mut self.part.totals, (order.currency, state), total);
        if state != OrderState::Matched || self.ask.listing == Listing::All {
            self.part.listed.push((at, state, detail));
        }
    }

    /// Whether settlements are known from before the order was placed.
    fn is_covered(&self, order: &Order) -> bool {
        let first = self.ask.known.map(|(first, _)| first.utc_millis());
        order.placed().zip(first).is_some_and(|(placed, first)| first <= placed.utc_millis())
    }

    fn state(&self, order: &Order, taken: &Taken) -> Option<(OrderState, Detail)> {
        let (total, captured, refunded) = (i128::from(order.gross.units()), taken.captured, taken.refunded);
        let stated = order.refunded().map(|refunded| i128::from(refunded.units()));
        if taken.captures == 0 && refunded == 0 {
            let expected = order.status.expects_money() && total > 0;
            return expected.then(|| (OrderState::NotSettled, self.why_not_settled(order, taken)));
        }
        Some(if order.conflict {
            (OrderState::AmountDiffers, Some("lists_differ"))
        } else if refunded > captured {
            (OrderState::OverRefunded, None)
        } else if taken.captures > 1 && taken.whole > 1 && captured > total {
            let repaired = captured - refunded == total;
            (OrderState::DuplicateCapture, repaired.then_some("refunded_since"))
        } else if order.status == OrderStatus::Cancelled && captured > refunded {
            (OrderState::AmountDiffers, Some("cancelled"))
        } else if captured != total {
            (OrderState::AmountDiffers, Some(if captured < total { "captured_less" } else { "captured_more" }))
        } else if stated.is_some_and(|stated| stated != refunded) {
            (OrderState::AmountDiffers, Some("refund_differs"))
        } else {
            (OrderState::Matched, None)
        })
    }

    fn why_not_settled(&self, order: &Order, taken: &Taken) -> Detail {
        let placed = order.placed()?.utc_millis();
        match self.ask.known {
            _ if taken.candidate => Some("ambiguous"),
            Some((first, _)) if placed < first.utc_millis() => Some("before_first_settlement"),
            Some((_, last)) if placed > last.utc_millis() => Some("after_last_settlement"),
            Some(_) => None,
            None => Some("no_settlements"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::super::ladder::climb;
    use super::super::testing::{book, collisions, rows};
    use super::*;
    use crate::domain::{AccountName, Period};

    proptest! {
        #[test]
        fn what_several_workers_add_up_is_what_one_adds_up((orders, paid) in collisions(), share in 1..4_usize) {
            let book = book(&orders);
            let mut payments = Payments::default();
            payments.add("settlement.csv", &AccountName::new("shop"), vec![rows(&book, &paid)]);
            let decisions = climb(&book, &payments, NonZeroUsize::MIN);
            let period = Period::of_instants(Instant::new(1, 0), Instant::new(6, 0), "Europe/Paris".parse().unwrap());
            let ask = OrderAsk { period, known: None, listing: Listing::Findings, workers: NonZeroUsize::MIN };
            let one = Tally::of(&book, &payments, &decisions, &ask);
            let several = Tally::in_shares(share, &book, &payments, &decisions, &ask);
            prop_assert_eq!((one.rows, one.orders, one.first_order), (several.rows, several.orders, several.first_order));
            prop_assert_eq!((&one.listed, &one.strangers, &one.returns), (&several.listed, &several.strangers, &several.returns));
            prop_assert_eq!(one.totals.iter().copied().collect::<BTreeMap<_, _>>(), several.totals.iter().copied().collect());
            for at in 0..=u32::try_from(orders.len()).unwrap() {
                prop_assert_eq!(one.taken(at), several.taken(at));
            }
            // Every row is in one place.
            prop_assert_eq!(one.rows.rows, paid.iter().filter(|row| (1..6).contains(&row.1) && row.2 % 3 < 2).count() as u64);
        }
    }
}
