//! The ladder of keys: for every row the first rung that gives exactly one order.
//!
//! Charge or refund id, then charge permission, then the seller's reference, then the seller's order
//! number. Two orders on one rung are ambiguous; a weaker rung is not asked then, though both together may
//! leave one. A weaker rung that names another order than the stronger one is a conflict of keys.

use std::num::NonZeroUsize;

use super::book::{OrderBook, SeenOrder};
use super::keys::{is_made_by_amazon, same_amazon};
use super::parallel::in_parallel;
use super::payments::{Payment, PaymentIds, PaymentPiece, PaymentPlace, Payments};
use super::table::Found;
use crate::domain::RowKind;

/// Rows that are worth a thread of their own.
const ROWS_PER_WORKER: usize = 20_000;
/// Rows whose orders are fetched from memory together: enough to wait for many at once, few enough that they
/// are still near the processor when they are compared.
const ROWS_TOGETHER: usize = 64;

/// A rung of the ladder, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// The shop has the row's own id.
    ChargeId,
    /// The shop has the charge permission.
    PermissionId,
    /// The seller's reference is the order's number, reference or invoice number.
    SellerReference,
    /// The seller's order number is the order's number or reference.
    SellerOrder,
    /// A refund or a dispute follows the capture of its charge permission.
    Capture,
}

impl Rung {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Rung::ChargeId => "charge_id",
            Rung::PermissionId => "permission_id",
            Rung::SellerReference => "seller_reference",
            Rung::SellerOrder => "seller_order",
            Rung::Capture => "capture",
        }
    }
}

/// What the ladder says of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// This order.
    Order(u32, Rung),
    /// Several orders on one rung.
    Ambiguous(Rung),
    /// This order, but it is in another currency.
    OtherCurrency(u32, Rung),
    /// No order.
    None,
    /// A row of the sandbox, which is no sale.
    Sandbox,
}

/// The decisions on all rows, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    pub(super) pieces: Vec<Vec<Decision>>,
    /// Rows whose weaker key names another order, with that order.
    pub(super) conflicts: Vec<(PaymentPlace, u32)>,
    /// Refunds and dispute rows that have no order by their own keys, with their charge permission.
    pub(super) open: Vec<(PaymentPlace, u64)>,
}

impl Decisions {
    pub(super) fn get(&self, place: PaymentPlace) -> Decision {
        let piece = self.pieces.get(place.piece as usize);
        piece.and_then(|piece| piece.get(place.row as usize)).copied().unwrap_or(Decision::None)
    }

    pub(super) fn set(&mut self, place: PaymentPlace, decision: Decision) {
        let piece = self.pieces.get_mut(place.piece as usize);
        if let Some(known) = piece.and_then(|piece| piece.get_mut(place.row as usize)) {
            *known = decision;
        }
    }
}

/// Decides on every row. What is decided does not depend on the order of rows and files.
pub(super) fn climb(book: &OrderBook, payments: &Payments, workers: NonZeroUsize) -> Decisions {
    let wanted = (payments.len() / ROWS_PER_WORKER).clamp(1, workers.get());
    let share = payments.pieces.len().div_ceil(wanted).max(1);
    let mut decisions = Decisions::default();
    let shares: Vec<_> = payments.pieces.chunks(share).enumerate().collect();
    in_parallel(&shares, |(at, pieces)| decide_pieces(book, at * share, pieces))
        .into_iter()
        .for_each(|part| decisions.append(part));
    decisions
}

impl Decisions {
    /// Takes note of what is odd about a decision.
    fn note(&mut self, book: &OrderBook, place: PaymentPlace, row: &Payment, ids: &PaymentIds<'_>, decision: Decision) {
        match decision {
            Decision::Order(order, rung) => {
                let other = contradicting(book, row, ids, order, rung);
                self.conflicts.extend(other.map(|other| (place, other)));
            }
            Decision::None | Decision::Ambiguous(_) if row.kind != RowKind::Capture && row.permission_hash != 0 => {
                self.open.push((place, row.permission_hash));
            }
            _ => {}
        }
    }

    fn append(&mut self, mut other: Self) {
        self.pieces.append(&mut other.pieces);
        self.conflicts.append(&mut other.conflicts);
        self.open.append(&mut other.open);
    }
}

fn decide_pieces(book: &OrderBook, first: usize, pieces: &[PaymentPiece]) -> Decisions {
    let mut decisions = Decisions::default();
    for (piece_at, piece) in pieces.iter().enumerate() {
        let mut of_piece = Vec::with_capacity(piece.rows.len());
        for rows in piece.rows.chunks(ROWS_TOGETHER) {
            let likely = likely_orders(book, rows);
            for (row, likely) in rows.iter().zip(likely) {
                let ids = piece.ids(row);
                if let Some(decision) = likely.and_then(|likely| likely.decide(row, &ids)) {
                    of_piece.push(decision);
                    continue;
                }
                let decision = decide(book, row, &ids);
                if let Some(place) = PaymentPlace::of(first + piece_at, of_piece.len()) {
                    decisions.note(book, place, row, &ids, decision);
                }
                of_piece.push(decision);
            }
        }
        decisions.pieces.push(of_piece);
    }
    decisions
}

/// The one order that the table of ids has for a row.
#[derive(Clone, Copy)]
struct Likely<'a> {
    order: SeenOrder<'a>,
    rung: Rung,
}

/// The likely orders of some rows. A row and its order lie anywhere in memory; looked at one by one, each would
/// have to be waited for.
fn likely_orders<'a>(book: &'a OrderBook, rows: &[Payment]) -> [Option<Likely<'a>>; ROWS_TOGETHER] {
    let mut likely = [None; ROWS_TOGETHER];
    for ((likely, found), row) in likely.iter_mut().zip(book.find_ids::<ROWS_TOGETHER>(rows)).zip(rows) {
        let (at, rung) = match found {
            // An id that is its own charge permission has no rung of a charge.
            (Found::One(at), _) if row.transaction_hash != row.permission_hash => (at, Rung::ChargeId),
            (Found::None, Found::One(at)) => (at, Rung::PermissionId),
            _ => continue,
        };
        *likely = book.seen(at).filter(|_| !row.sandbox).map(|order| Likely { order, rung });
    }
    likely.iter().flatten().for_each(|likely: &Likely<'_>| {
        std::hint::black_box(likely.order.touch());
    });
    likely.iter().flatten().for_each(|likely| {
        std::hint::black_box(likely.order.touch_texts());
    });
    likely
}

impl Likely<'_> {
    /// The decision, where everything about the row names this order and no other: what [`decide`] finds then,
    /// without a contradiction.
    fn decide(self, row: &Payment, ids: &PaymentIds<'_>) -> Option<Decision> {
        let id = match self.rung {
            Rung::ChargeId if !ids.transaction.is_empty() && ids.transaction.starts_with(ids.permission) => {
                ids.transaction
            }
            Rung::PermissionId if !ids.permission.is_empty() => ids.permission,
            _ => return None,
        };
        let plainly = self.order.is_plainly(row.currency, id, ids.order);
        plainly.then_some(Decision::Order(self.order.at, self.rung))
    }
}

/// The first rung that gives an order.
fn decide(book: &OrderBook, row: &Payment, ids: &PaymentIds<'_>) -> Decision {
    if row.sandbox {
        return Decision::Sandbox;
    }
    for rung in [Rung::ChargeId, Rung::PermissionId, Rung::SellerReference, Rung::SellerOrder] {
        let mut found = candidates(book, row, ids, rung);
        let decision = match found.as_slice() {
            [] => continue,
            [order] => of_currency(book, row, *order, rung),
            _ => {
                narrow(book, row, ids, &mut found);
                match found.as_slice() {
                    [order] => of_currency(book, row, *order, rung),
                    _ => Decision::Ambiguous(rung),
                }
            }
        };
        return decision;
    }
    Decision::None
}

fn of_currency(book: &OrderBook, row: &Payment, order: u32, rung: Rung) -> Decision {
    let same = book.order(order).is_some_and(|order| order.currency == row.currency);
    if same { Decision::Order(order, rung) } else { Decision::OtherCurrency(order, rung) }
}

/// The orders that a rung gives, each once.
pub(super) fn candidates(book: &OrderBook, row: &Payment, ids: &PaymentIds<'_>, rung: Rung) -> Vec<u32> {
    let mut found: Vec<u32> = match rung {
        Rung::ChargeId if !ids.transaction.is_empty() && !same_amazon(ids.transaction, ids.permission) => {
            book.with_amazon_id(ids.transaction, row.transaction_hash).collect()
        }
        Rung::PermissionId if !ids.permission.is_empty() => {
            book.with_amazon_id(ids.permission, row.permission_hash).collect()
        }
        Rung::SellerReference if !ids.reference.is_empty() && !is_made_by_amazon(ids.reference) => {
            book.with_name_or_invoice(ids.reference)
        }
        Rung::SellerOrder if !ids.order.is_empty() => book.with_name(ids.order),
        _ => Vec::new(),
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// Leaves those of several orders that a further key names too: first the seller's keys, then the amount.
fn narrow(book: &OrderBook, row: &Payment, ids: &PaymentIds<'_>, found: &mut Vec<u32>) {
    let mut named = if ids.reference.is_empty() { Vec::new() } else { book.with_name_or_invoice(ids.reference) };
    if !ids.order.is_empty() {
        named.extend(book.with_name(ids.order));
    }
    keep_if_any(found, |order| named.contains(&order));
    keep_if_any(found, |order| book.order(order).is_some_and(|order| order.currency == row.currency));
    if found.len() > 1 && row.kind == RowKind::Capture {
        keep_if_any(found, |order| book.order(order).is_some_and(|order| order.gross == row.amount));
    }
}

fn keep_if_any(found: &mut Vec<u32>, fits: impl Fn(u32) -> bool) {
    if found.iter().any(|order| fits(*order)) {
        found.retain(|order| fits(*order));
    }
}

/// The one other order that a weaker key names.
fn contradicting(book: &OrderBook, row: &Payment, ids: &PaymentIds<'_>, order: u32, rung: Rung) -> Option<u32> {
    if rung == Rung::ChargeId && !ids.transaction.starts_with(ids.permission) {
        let owners = candidates(book, row, ids, Rung::PermissionId);
        if !owners.is_empty() && !owners.contains(&order) {
            return owners.first().copied();
        }
    }
    if rung >= Rung::SellerOrder || ids.order.is_empty() || book.is_named(order, ids.order) {
        return None;
    }
    match candidates(book, row, ids, Rung::SellerOrder).as_slice() {
        [other] if *other != order => Some(*other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{book, collisions, rows};
    use super::*;

    proptest! {
        #[test]
        fn rows_looked_at_together_are_decided_as_one_by_one((orders, paid) in collisions()) {
            let book = book(&orders);
            let piece = rows(&book, &paid);
            let together = decide_pieces(&book, 0, std::slice::from_ref(&piece));
            for (place, row) in piece.rows.iter().enumerate() {
                let ids = piece.ids(row);
                let alone = decide(&book, row, &ids);
                prop_assert_eq!(together.pieces[0][place], alone);
                let contradicted = match alone {
                    Decision::Order(order, rung) => contradicting(&book, row, &ids, order, rung),
                    _ => None,
                };
                let noted = together.conflicts.iter().find(|(at, _)| at.row as usize == place);
                prop_assert_eq!(noted.map(|(_, other)| *other), contradicted);
            }
        }
    }
}
