//! What became of every order, and of money that belongs to none (order-ledgers §6).
//!
//! Nothing that is wrong is called matched: captured is the total to the cent, refunds agree where the
//! shop states them. An order counts in the period in which it was placed, and in each period in which a
//! row of it was posted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::num::NonZeroUsize;

use super::book::OrderBook;
use super::entries::{Finding, FindingKind, OrderEntry, OrderState, sort_entries};
use super::keys::{Hashed, same_amazon};
use super::ladder::{Decision, Decisions, Rung, climb};
use super::payments::{Payment, PaymentPlace, Payments};
use super::piece::Order;
use super::status::OrderStatus;
use super::suggest::suggest;
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

/// What rows add up to for one order.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    captured: i128,
    refunded: i128,
    captures: u32,
    /// Captures of exactly the order's total, where there are several.
    whole: u32,
    weakest: Option<Rung>,
    in_period: bool,
    disputed: bool,
    candidate: bool,
}

impl Taken {
    /// Adds a row; `total` is asked for the order's total where there are several captures, which is rare: a look
    /// at every order would have to be waited for.
    fn add(&mut self, row: &Payment, total: impl Fn() -> Amount) {
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

/// Reconciles the orders of the lists with the rows of the settlements.
#[must_use]
pub fn reconcile_orders(book: &OrderBook, payments: &Payments, ask: &OrderAsk) -> OrderReconciliation {
    let mut decisions = climb(book, payments, ask.workers);
    follow_captures(payments, &mut decisions);
    let first_order = book.each().filter_map(|(_, order)| order.placed()).min();
    let mut work = Work { book, payments, ask, decisions, first_order, done: OrderReconciliation::default() };
    let taken = work.add_up();
    let listed = work.judge_orders(&taken);
    work.list_orders(&taken, &listed);
    work.list_strangers();
    work.list_odd_rows();
    work.list_double_payments(&taken);
    suggest(&mut work.done.entries);
    sort_entries(&mut work.done.entries);
    work.done.findings.sort();
    work.done
}

/// Refunds and disputes without a key of their own follow the capture of their charge permission.
fn follow_captures(payments: &Payments, decisions: &mut Decisions) {
    let open = |kind, decision| kind != RowKind::Capture && matches!(decision, Decision::None | Decision::Ambiguous(_));
    let followers: Vec<(PaymentPlace, u64)> = payments
        .each()
        .filter(|(place, _, row)| row.permission_hash != 0 && open(row.kind, decisions.get(*place)))
        .map(|(place, _, row)| (place, row.permission_hash))
        .collect();
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
    /// When the first order of the lists was placed.
    first_order: Option<Instant>,
    done: OrderReconciliation,
}

impl Work<'_> {
    fn in_period(&self, at: Instant) -> bool {
        self.ask.period.contains(at)
    }

    /// Sums of the rows of each order, and where the rows of the period went.
    fn add_up(&mut self) -> Vec<Taken> {
        let mut taken = vec![Taken::default(); self.book.len()];
        let mut rows = RowCoverage::default();
        for (piece, decisions) in self.payments.pieces.iter().zip(&self.decisions.pieces) {
            for (row, decision) in piece.rows.iter().zip(decisions) {
                let counts = self.in_period(row.posted) && matches!(row.kind, RowKind::Capture | RowKind::Refund);
                rows.rows += u64::from(counts);
                match decision {
                    Decision::Order(at, rung) => {
                        rows.with_order += u64::from(counts);
                        let total = || self.book.order(*at).map_or(Amount::ZERO, |order| order.gross);
                        if let Some(taken) = taken.get_mut(*at as usize) {
                            taken.add(row, total);
                            taken.in_period |= self.in_period(row.posted);
                            taken.weakest = taken.weakest.max(Some(*rung));
                        }
                    }
                    Decision::Ambiguous(_) => rows.ambiguous += u64::from(counts),
                    Decision::Sandbox => rows.sandbox += u64::from(counts),
                    Decision::None | Decision::OtherCurrency(..) => {}
                }
            }
        }
        self.done.rows = rows;
        self.mark_candidates(&mut taken);
        taken
    }

    /// Orders that an ambiguous row may belong to are not called unpaid without saying so.
    fn mark_candidates(&self, taken: &mut [Taken]) {
        for (place, piece, row) in self.payments.each() {
            if let Decision::Ambiguous(rung) = self.decisions.get(place) {
                for order in super::ladder::candidates(self.book, row, &piece.ids(row), rung) {
                    if let Some(taken) = taken.get_mut(order as usize) {
                        taken.candidate = true;
                    }
                }
            }
        }
    }

    /// The state of every order; gives those that are to be listed.
    fn judge_orders(&mut self, taken: &[Taken]) -> HashMap<u32, (OrderState, Option<&'static str>)> {
        let mut listed = HashMap::new();
        let mut coverage = OrderCoverage::default();
        // A handful of sums, looked through for every order: quicker than a map that compares currencies.
        let mut totals: Vec<((Currency, OrderState), StateTotal)> = Vec::new();
        for (at, order) in self.book.each() {
            coverage.orders += 1;
            let taken = taken.get(at as usize).copied().unwrap_or_default();
            let placed_within = order.placed().is_none_or(|placed| self.in_period(placed));
            if !taken.in_period && !placed_within {
                coverage.other_period += 1;
                continue;
            }
            if taken.captures == 0 && taken.refunded > 0 && !self.is_covered(order) {
                coverage.capture_unknown += 1;
                continue;
            }
            let Some((state, detail)) = self.state(order, &taken) else {
                coverage.not_expected += 1;
                continue;
            };
            coverage.with_state += 1;
            let key = (order.currency, state);
            let place = totals.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                totals.push((key, StateTotal::default()));
                totals.len() - 1
            });
            if let Some((_, total)) = totals.get_mut(place) {
                total.count += 1;
                total.ordered += order.gross;
                total.captured += Sum::from_units(taken.captured);
                total.refunded += Sum::from_units(taken.refunded);
            }
            if state != OrderState::Matched || self.ask.listing == Listing::All {
                listed.insert(at, (state, detail));
            }
        }
        self.done.totals.extend(totals);
        self.done.orders = coverage;
        listed
    }

    /// Whether settlements are known from before the order was placed.
    fn is_covered(&self, order: &Order) -> bool {
        let first = self.ask.known.map(|(first, _)| first.utc_millis());
        order.placed().zip(first).is_some_and(|(placed, first)| first <= placed.utc_millis())
    }

    fn state(&self, order: &Order, taken: &Taken) -> Option<(OrderState, Option<&'static str>)> {
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

    fn why_not_settled(&self, order: &Order, taken: &Taken) -> Option<&'static str> {
        let placed = order.placed()?.utc_millis();
        match self.ask.known {
            _ if taken.candidate => Some("ambiguous"),
            Some((first, _)) if placed < first.utc_millis() => Some("before_first_settlement"),
            Some((_, last)) if placed > last.utc_millis() => Some("after_last_settlement"),
            Some(_) => None,
            None => Some("no_settlements"),
        }
    }

    /// Whole days from an order to the end of what is known.
    fn age(&self, order: &Order) -> Option<i64> {
        let last = self.ask.known.map_or(self.ask.period.until(), |(_, last)| last);
        order.placed().map(|placed| ((last.utc_millis() - placed.utc_millis()) / DAY_MILLIS).max(0))
    }

    fn list_orders(&mut self, taken: &[Taken], listed: &HashMap<u32, (OrderState, Option<&'static str>)>) {
        let mut rows: HashMap<u32, Vec<PaymentPlace>> = HashMap::with_capacity(listed.len());
        // Nearly every row is of an order that is not listed: a look at one flag is quicker than a hash.
        let mut flags = vec![false; taken.len()];
        for at in listed.keys() {
            if let Some(flag) = flags.get_mut(*at as usize) {
                *flag = true;
            }
        }
        for (place, _, row) in self.payments.each() {
            if let Decision::Order(order, _) = self.decisions.get(place)
                && flags.get(order as usize).copied().unwrap_or_default()
                && let Some((state, _)) = listed.get(&order)
            {
                rows.entry(order).or_default().push(place);
                if *state != OrderState::Matched {
                    self.done.wanted.insert(row.permission_hash);
                }
            }
        }
        for (at, (state, detail)) in listed {
            let (Some(order), Some(taken)) = (self.book.order(*at), taken.get(*at as usize)) else { continue };
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
        for (place, piece, row) in self.payments.each() {
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
            .zip(self.first_order)
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
        for (place, piece, row) in self.payments.each() {
            if !self.in_period(row.posted) {
                continue;
            }
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
    fn list_double_payments(&mut self, taken: &[Taken]) {
        let mut groups: BTreeMap<(Option<u32>, String), Vec<PaymentPlace>> = BTreeMap::new();
        let strangers: HashSet<u64> = self
            .payments
            .each()
            .filter(|(.., row)| matches!(row.kind, RowKind::AToZClaim | RowKind::Chargeback))
            .map(|(.., row)| row.permission_hash)
            .collect();
        for (place, piece, row) in self.payments.each() {
            if row.kind == RowKind::Capture {
                continue;
            }
            let key = match self.decisions.get(place) {
                Decision::Order(order, _) => {
                    let both = taken.get(order as usize).is_some_and(|taken| taken.disputed && taken.refunded > 0);
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
