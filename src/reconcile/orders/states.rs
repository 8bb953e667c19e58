//! What became of every order, and of money that belongs to none (order-ledgers §6).
//!
//! Nothing that is wrong is called matched: captured is the total to the cent, refunds agree where the
//! shop states them. An order counts in the period in which it was placed, and in each period in which a
//! row of it was posted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::num::NonZeroUsize;
use std::ops::AddAssign;

use super::book::OrderBook;
use super::entries::{Finding, FindingKind, OrderEntry, OrderState, sort_entries};
use super::keys::{Hashed, same_amazon};
use super::ladder::{Decision, Decisions, Rung, climb};
use super::payments::{PaymentPlace, Payments};
use super::piece::Order;
use super::suggest::suggest;
use super::tally::{Taken, Tally};
use crate::domain::{AccountName, Amount, Currency, Instant, MILLIS_PER_SECOND, Period, RowKind, Sum};

/// Milliseconds in a day of 24 hours.
const DAY_MILLIS: i64 = 24 * 60 * 60 * MILLIS_PER_SECOND;

/// What is asked of the orders.
#[derive(Clone, Debug)]
pub struct OrderAsk {
    /// The period.
    pub period: Period,
    /// From when to when settlements are known.
    pub known: Option<(Instant, Instant)>,
    /// Which orders are listed one by one; all are counted.
    pub listing: Listing,
    /// Workers for many rows.
    pub workers: NonZeroUsize,
}

/// Which orders are listed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Those that need a look.
    Findings,
    /// All.
    All,
}

/// How many rows of the period ended where: every capture and every refund in exactly one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCoverage {
    /// Captures and refunds posted in the period.
    pub rows: u64,
    /// Those that belong to an order.
    pub with_order: u64,
    /// Those of captures without an order.
    pub orphaned: u64,
    /// Refunds without an order, whose capture was posted in another period or is not known.
    pub refunds_without_order: u64,
    /// Those with several possible orders.
    pub ambiguous: u64,
    /// Those of the sandbox.
    pub sandbox: u64,
}

impl AddAssign for RowCoverage {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.with_order += other.with_order;
        self.orphaned += other.orphaned;
        self.refunds_without_order += other.refunds_without_order;
        self.ambiguous += other.ambiguous;
        self.sandbox += other.sandbox;
    }
}

/// How many orders of the lists ended where: every order in exactly one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderCoverage {
    /// Orders in the lists, each once.
    pub orders: u64,
    /// Those with a state.
    pub with_state: u64,
    /// Placed in another period, without a row in this one.
    pub other_period: u64,
    /// Open, cancelled or free, and without a row: no money is to be expected.
    pub not_expected: u64,
    /// Refunded in known settlements, captured before the first of them.
    pub capture_unknown: u64,
}

impl AddAssign for OrderCoverage {
    fn add_assign(&mut self, other: Self) {
        self.orders += other.orders;
        self.with_state += other.with_state;
        self.other_period += other.other_period;
        self.not_expected += other.not_expected;
        self.capture_unknown += other.capture_unknown;
    }
}

/// Orders of one currency and state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateTotal {
    /// How many.
    pub count: u64,
    /// Σ order totals.
    pub ordered: Sum,
    /// Σ captured.
    pub captured: Sum,
    /// Σ refunded.
    pub refunded: Sum,
}

impl AddAssign for StateTotal {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.ordered += other.ordered;
        self.captured += other.captured;
        self.refunded += other.refunded;
    }
}

/// Orders against captures and refunds.
#[derive(Clone, Debug, Default)]
pub struct OrderReconciliation {
    /// The orders that were asked for, those that need a look first.
    pub entries: Vec<OrderEntry>,
    /// What is odd besides the states.
    pub findings: Vec<Finding>,
    /// All orders by currency and state.
    pub totals: BTreeMap<(Currency, OrderState), StateTotal>,
    /// Where the rows went.
    pub rows: RowCoverage,
    /// Where the orders went.
    pub orders: OrderCoverage,
    /// Charge permissions whose rows outside the window would say more.
    pub wanted: HashSet<u64>,
    /// Keys of captures without an order, for orders placed outside the window.
    pub wanted_orders: HashSet<u64>,
}

/// Reconciles the orders of the lists with the rows of the settlements.
#[must_use]
pub fn reconcile_orders(book: &OrderBook, payments: &Payments, ask: &OrderAsk) -> OrderReconciliation {
    let mut decisions = climb(book, payments, ask.workers);
    follow_captures(payments, &mut decisions);
    let tally = Tally::of(book, payments, &decisions, ask);
    let mut done = OrderReconciliation { rows: tally.rows, orders: tally.orders, ..OrderReconciliation::default() };
    done.totals.extend(tally.totals.iter().copied());
    let mut work = Work { book, payments, ask, decisions, tally: &tally, done };
    work.list_orders();
    work.list_strangers();
    work.list_odd_rows();
    work.list_double_payments();
    suggest(&mut work.done.entries);
    sort_entries(&mut work.done.entries);
    work.done.findings.sort();
    work.done
}

/// Refunds and disputes without a key of their own follow the capture of their charge permission.
fn follow_captures(payments: &Payments, decisions: &mut Decisions) {
    let followers = std::mem::take(&mut decisions.open);
    if followers.is_empty() {
        return;
    }
    let permission_of = |place: PaymentPlace| payments.get(place).map(|(piece, row)| piece.ids(row).permission);
    let mut owners: HashMap<u64, Option<(Decision, PaymentPlace)>, BuildHasherDefault<Hashed>> =
        followers.iter().map(|(_, hash)| (*hash, None)).collect();
    for (place, _, row) in payments.each().filter(|(.., row)| row.kind == RowKind::Capture) {
        if let Some(owner) = owners.get_mut(&row.permission_hash) {
            let decision = match decisions.get(place) {
                Decision::Order(order, _) => Decision::Order(order, Rung::Capture),
                other => other,
            };
            *owner = match owner {
                None => Some((decision, place)),
                Some((known, first)) if *known == decision => Some((decision, *first)),
                Some((_, first)) => Some((Decision::Ambiguous(Rung::Capture), *first)),
            };
        }
    }
    for (place, hash) in followers {
        if let Some(Some((decision, capture))) = owners.get(&hash)
            && let (Some(own), Some(captured)) = (permission_of(place), permission_of(*capture))
            && same_amazon(own, captured)
        {
            decisions.set(place, *decision);
        }
    }
}

/// A group of rows without an order: those of one charge permission in one account and currency.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct GroupKey {
    account: AccountName,
    currency: Currency,
    permission: String,
}

struct Work<'a> {
    book: &'a OrderBook,
    payments: &'a Payments,
    ask: &'a OrderAsk,
    decisions: Decisions,
    tally: &'a Tally,
    done: OrderReconciliation,
}

impl Work<'_> {
    fn in_period(&self, at: Instant) -> bool {
        self.ask.period.contains(at)
    }

    /// Whole days from an order to the end of what is known.
    fn age(&self, order: &Order) -> Option<i64> {
        let last = self.ask.known.map_or(self.ask.period.until(), |(_, last)| last);
        order.placed().map(|placed| ((last.utc_millis() - placed.utc_millis()) / DAY_MILLIS).max(0))
    }

    fn list_orders(&mut self) {
        let listed: HashMap<u32, OrderState> = self.tally.listed.iter().map(|(at, state, _)| (*at, *state)).collect();
        let mut rows: HashMap<u32, Vec<PaymentPlace>> = HashMap::with_capacity(listed.len());
        // Nearly every row is of an order that is not listed: a look at one flag is quicker than a hash.
        let mut flags = vec![false; self.book.len()];
        for at in listed.keys() {
            if let Some(flag) = flags.get_mut(*at as usize) {
                *flag = true;
            }
        }
        for (place, _, row) in self.payments.each() {
            if let Decision::Order(order, _) = self.decisions.get(place)
                && flags.get(order as usize).copied().unwrap_or_default()
                && let Some(state) = listed.get(&order)
            {
                rows.entry(order).or_default().push(place);
                if *state != OrderState::Matched {
                    self.done.wanted.insert(row.permission_hash);
                }
            }
        }
        for (at, state, detail) in &self.tally.listed {
            let (Some(order), Some(taken)) = (self.book.order(*at), self.tally.taken(*at)) else { continue };
            if *state == OrderState::NotSettled {
                self.done.wanted.extend(self.book.permission_hashes(*at));
            }
            let entry = OrderEntry {
                order: Some(self.book.id(*at).to_owned()),
                invoice: Some(self.book.invoice(*at)).filter(|text| !text.is_empty()).map(str::to_owned),
                state: *state,
                detail: *detail,
                currency: order.currency,
                order_amount: Some(order.gross),
                captured: Sum::from_units(taken.captured),
                refunded: Sum::from_units(taken.refunded),
                refunded_by_shop: order.refunded(),
                placed: order.placed(),
                age_days: (*state == OrderState::NotSettled).then(|| self.age(order)).flatten(),
                rung: taken.weakest,
                file: Some((self.book.file_of(*at).to_owned(), order.line)),
                candidates: Vec::new(),
                suggestion: None,
                rows: self.entry_rows(rows.get(at).map(Vec::as_slice).unwrap_or_default()),
            };
            self.done.entries.push(entry);
        }
    }

    /// Money without an order, by charge permission.
    fn list_strangers(&mut self) {
        let mut groups: BTreeMap<GroupKey, Vec<PaymentPlace>> = BTreeMap::new();
        for &place in &self.tally.strangers {
            let Some((piece, row)) = self.payments.get(place) else { continue };
            if !matches!(self.decisions.get(place), Decision::None | Decision::OtherCurrency(..)) {
                continue;
            }
            let Some(document) = self.payments.document(piece) else { continue };
            let ids = piece.ids(row);
            let alone = || format!("{}:{}", document.file, row.line);
            let permission = [ids.permission, ids.transaction].into_iter().find(|id| !id.is_empty());
            let key = GroupKey {
                account: document.account.clone(),
                currency: row.currency,
                permission: permission.map_or_else(alone, str::to_ascii_uppercase),
            };
            groups.entry(key).or_default().push(place);
        }
        for (key, places) in groups {
            self.list_group(&key, &places);
        }
    }

    fn list_group(&mut self, key: &GroupKey, places: &[PaymentPlace]) {
        let mut taken = Taken::default();
        let (mut captured_within, mut counted, mut other) = (false, 0, None);
        let mut first_capture: Option<Instant> = None;
        for (place, row) in places.iter().filter_map(|place| Some((place, self.payments.get(*place)?.1))) {
            taken.add(row, || Amount::ZERO);
            let within = self.in_period(row.posted);
            counted += u64::from(within && matches!(row.kind, RowKind::Capture | RowKind::Refund));
            if row.kind == RowKind::Capture {
                captured_within |= within;
                first_capture = Some(first_capture.map_or(row.posted, |first| first.min(row.posted)));
            }
            if let Decision::OtherCurrency(order, _) = self.decisions.get(*place) {
                other = Some(order);
            }
            if within && row.kind != RowKind::Capture {
                self.done.wanted.insert(row.permission_hash);
            }
        }
        if !captured_within {
            self.done.rows.refunds_without_order += counted;
            return;
        }
        self.done.rows.orphaned += counted;
        for (piece, row) in places.iter().filter_map(|place| self.payments.get(*place)) {
            self.done.wanted_orders.extend(self.book.hashes_of(row, &piece.ids(row)));
        }
        self.done.wanted_orders.remove(&0);
        let total = self.done.totals.entry((key.currency, OrderState::OrphanCapture)).or_default();
        total.count += 1;
        total.captured += Sum::from_units(taken.captured);
        total.refunded += Sum::from_units(taken.refunded);
        let before = first_capture
            .zip(self.tally.first_order)
            .is_some_and(|(capture, order)| capture.utc_millis() < order.utc_millis());
        let entry = OrderEntry {
            order: None,
            invoice: None,
            state: OrderState::OrphanCapture,
            detail: if other.is_some() { Some("currency_differs") } else { before.then_some("before_first_order") },
            currency: key.currency,
            order_amount: None,
            captured: Sum::from_units(taken.captured),
            refunded: Sum::from_units(taken.refunded),
            refunded_by_shop: None,
            placed: first_capture,
            age_days: None,
            rung: None,
            file: None,
            candidates: other.map(|order| self.book.id(order).to_owned()).into_iter().collect(),
            suggestion: None,
            rows: self.entry_rows(places),
        };
        self.done.entries.push(entry);
    }

    fn entry_rows(&self, places: &[PaymentPlace]) -> Vec<super::entries::EntryRow> {
        let mut rows: Vec<_> =
            places.iter().filter_map(|place| super::entries::entry_row(self.payments, *place)).collect();
        rows.sort();
        rows
    }

    /// Rows with several possible orders, with keys that contradict each other, or of the sandbox.
    fn list_odd_rows(&mut self) {
        for &place in &self.tally.strangers {
            let Some((piece, row)) = self.payments.get(place).filter(|(_, row)| self.in_period(row.posted)) else {
                continue;
            };
            let (kind, orders) = match self.decisions.get(place) {
                Decision::Ambiguous(rung) => {
                    let found = super::ladder::candidates(self.book, row, &piece.ids(row), rung);
                    (FindingKind::Ambiguous, found)
                }
                Decision::Sandbox => (FindingKind::SandboxRow, Vec::new()),
                _ => continue,
            };
            self.push_finding(kind, place, &orders);
        }
        for (place, other) in std::mem::take(&mut self.decisions.conflicts) {
            let within = self.payments.get(place).is_some_and(|(_, row)| self.in_period(row.posted));
            if let (Decision::Order(order, _), true) = (self.decisions.get(place), within) {
                self.push_finding(FindingKind::KeyConflict, place, &[order, other]);
            }
        }
    }

    fn push_finding(&mut self, kind: FindingKind, place: PaymentPlace, orders: &[u32]) {
        let Some(row) = super::entries::entry_row(self.payments, place) else { return };
        let mut orders: Vec<String> = orders.iter().map(|order| self.book.id(*order).to_owned()).collect();
        if kind == FindingKind::Ambiguous {
            orders.sort();
        }
        self.done.findings.push(Finding { kind, orders, rows: vec![row] });
    }

    /// A refund after a dispute debit of the same order pays the buyer twice.
    fn list_double_payments(&mut self) {
        let mut groups: BTreeMap<(Option<u32>, String), Vec<PaymentPlace>> = BTreeMap::new();
        let returns = || self.tally.returns.iter().filter_map(|place| Some((*place, self.payments.get(*place)?)));
        let strangers: HashSet<u64> = returns()
            .filter(|(_, (_, row))| matches!(row.kind, RowKind::AToZClaim | RowKind::Chargeback))
            .map(|(_, (_, row))| row.permission_hash)
            .collect();
        for (place, (piece, row)) in returns() {
            let key = match self.decisions.get(place) {
                Decision::Order(order, _) => {
                    let both = self.tally.taken(order).is_some_and(|taken| taken.disputed && taken.refunded > 0);
                    both.then_some((Some(order), String::new()))
                }
                _ => {
                    let known = row.permission_hash != 0 && strangers.contains(&row.permission_hash);
                    known.then(|| (None, piece.ids(row).permission.to_ascii_uppercase()))
                }
            };
            if let Some(key) = key {
                groups.entry(key).or_default().push(place);
            }
        }
        for ((order, _), places) in groups {
            let rows = self.entry_rows(&places);
            let debit =
                rows.iter().find(|row| row.kind.is_dispute() && row.amount < Amount::ZERO).map(|row| row.posted);
            let after = |row: &super::entries::EntryRow| {
                row.kind == RowKind::Refund
                    && debit.is_some_and(|debit| debit <= row.posted)
                    && self.in_period(row.posted)
            };
            if !rows.iter().any(after) {
                continue;
            }
            let order = order.map(|order| self.book.id(order).to_owned());
            let orders = order.into_iter().collect();
            self.done.findings.push(Finding { kind: FindingKind::PossibleDoublePayment, orders, rows });
        }
    }
}
