//! The life of an invented shop: orders, and what becomes of them in later settlements.

use chrono::TimeDelta;

use super::books::{Chargeback, Events, Expired, Figures, Ids, Order, Outcome, Refund, RefundedBy, Row};
use super::country::{Cents, Market, Oddity};
use super::plan::{AccountPlan, Window};
use super::random::Random;
use crate::domain::{Instant, OrderReferenceId, RowKind, SellerOrderId, TransactionId};

/// No order is paid in the first minutes of a settlement, which belong to the opening rows,
const QUIET_AFTER_START: TimeDelta = TimeDelta::minutes(20);
/// nor in the last, which belong to the closing rows.
const QUIET_BEFORE_END: TimeDelta = TimeDelta::minutes(6);
/// The first order number of a shop.
const FIRST_ORDER: u64 = 100_123;

/// The rows of each settlement that come from the shop, and the events behind them.
#[derive(Debug)]
pub(super) struct Life {
    /// One list for each settlement, not yet sorted.
    pub rows: Vec<Vec<Row>>,
    /// The events.
    pub events: Events,
    /// The settlement in which more was refunded than sold.
    pub hard_day: usize,
    /// The settlement without a row.
    pub quiet_day: Option<usize>,
}

/// Invents the life of one shop.
#[must_use]
pub(super) fn live(account: &AccountPlan, windows: &[Window], seed: u64, orders_per_day: u32) -> Life {
    let quiet_day = quiet_day(account.market, windows);
    let mut hard_day = windows.len() * 45 / 100;
    if quiet_day.is_some_and(|quiet| hard_day == quiet || hard_day + 1 == quiet) {
        hard_day += 2;
    }
    let mut shop = Shop {
        account,
        windows,
        random: Random::for_purpose(seed, &format!("shop {} {}", account.position, account.market.country)),
        next_order: FIRST_ORDER,
        life: Life { rows: vec![Vec::new(); windows.len()], events: Events::default(), hard_day, quiet_day },
    };
    for day in 0..windows.len() {
        shop.open(day, i64::from(orders_per_day));
    }
    if orders_per_day > 0 {
        shop.suffer(hard_day);
        shop.be_odd(windows.len() * 55 / 100);
    }
    for rows in &mut shop.life.rows {
        rows.sort_by_key(|row| row.posted);
    }
    shop.life
}

/// The first Sunday after a third of the time.
fn quiet_day(market: &Market, windows: &[Window]) -> Option<usize> {
    let third = windows.len() / 3;
    let sunday = || windows.iter().skip(third).position(Window::ends_on_sunday).map(|days| third + days);
    (market.habits.oddity == Oddity::QuietSunday).then(sunday).flatten()
}

struct Shop<'a> {
    account: &'a AccountPlan,
    windows: &'a [Window],
    random: Random,
    next_order: u64,
    life: Life,
}

impl Shop<'_> {
    /// One day of business.
    fn open(&mut self, day: usize, orders: i64) {
        if self.life.quiet_day == Some(day) || orders == 0 {
            return;
        }
        for _ in 0..self.random.between(orders - orders / 2, orders + orders / 2) {
            if let Some(order) = self.sell(day) {
                self.follow(order, day);
            }
        }
        if self.random.chance(60) || day == 2 {
            self.let_expire(day);
        }
    }

    /// A capture.
    fn sell(&mut self, day: usize) -> Option<usize> {
        let (day, captured) = self.moment(day)?;
        let market = self.account.market;
        let price = self.price();
        let reference = self.reference();
        let (number, seller_order) = self.order_number();
        let order = Order {
            number,
            capture: self.transaction(&reference, 'C'),
            authorization: self.transaction(&reference, 'A'),
            seller_reference: self.capture_reference(&seller_order),
            reference,
            seller_order,
            price,
            captured,
            settlement: day,
            outcome: Outcome::Kept,
        };
        let fee = market.percentage_fee_rounded_half_up(price);
        let figures = Figures::new(price, -fee, -market.fixed);
        let ids = Ids { seller_reference: Some(order.seller_reference.clone()), ..order_ids(&order, &order.capture) };
        self.post(day, Row::new(captured, RowKind::Capture, "Capture", figures).with_ids(ids));
        self.life.events.orders.push(order);
        self.life.events.orders.len().checked_sub(1)
    }

    /// What becomes of an order. The first few are scripted, so that every kind of row occurs in every
    /// shop; the rest is chance.
    fn follow(&mut self, order: usize, day: usize) {
        let roll = self.random.below(1_000);
        match (order, roll) {
            (3, _) => self.refund(order, day + 2, RefundShare::Whole),
            (5, _) => self.claim(order, day + 6),
            (8, _) => self.charge_back(order, day + 5, BankDecision::Buyer),
            (11, _) => self.charge_back(order, day + 4, BankDecision::Merchant),
            (14, _) => self.adjust(order, day + 3),
            (_, 0..70) => self.refund_later(order, day, RefundShare::Whole),
            (_, 70..110) => self.refund_later(order, day, RefundShare::Part),
            (_, 110..122) => {
                let after = self.days(5, 20);
                self.claim(order, day + after);
            }
            (_, 122..142) => {
                let after = self.days(7, 25);
                let decision = if self.random.chance(400) { BankDecision::Merchant } else { BankDecision::Buyer };
                self.charge_back(order, day + after, decision);
            }
            (_, 142..152) => {
                let after = self.days(1, 15);
                self.adjust(order, day + after);
            }
            _ => {}
        }
    }

    fn refund_later(&mut self, order: usize, day: usize, share: RefundShare) {
        let after = self.days(1, 12);
        self.refund(order, day + after, share);
    }

    /// The merchant gives money back; Amazon gives back its percentage fee and keeps the fixed one.
    fn refund(&mut self, position: usize, day: usize, share: RefundShare) {
        let Some((order, day, completed)) = self.follow_up(position, day) else { return };
        let market = self.account.market;
        let amount = match share {
            RefundShare::Whole => order.price,
            RefundShare::Part => in_steps(order.price / self.random.between(2, 4), market.step),
        };
        let id = self.transaction(&order.reference, 'R');
        let reference = format!("R-{}-{}", order.seller_order, self.random.between(1, 9));
        let figures = Figures::new(-amount, market.percentage_fee_rounded_half_up(amount), 0);
        let ids = Ids { seller_reference: Some(reference.clone()), ..order_ids(&order, &id) };
        self.post(day, Row::new(completed, RowKind::Refund, "Refund", figures).with_ids(ids));
        self.life.events.refunds.push(Refund {
            id,
            reference,
            order: position,
            amount,
            completed,
            by: RefundedBy::Seller,
        });
    }

    /// Amazon grants an A-to-z claim. Its pages spell the type in several ways.
    fn claim(&mut self, position: usize, day: usize) {
        let Some((order, day, posted)) = self.follow_up(position, day) else { return };
        let word = if self.random.chance(250) { "A to Z Guarantee Claim" } else { "A-to-z Guarantee Claim" };
        let id = self.transaction(&order.reference, 'R');
        let ids = order_ids(&order, &order.capture);
        self.post(day, Row::new(posted, RowKind::AToZClaim, word, Figures::plain(-order.price)).with_ids(ids));
        self.life.events.refunds.push(Refund {
            id,
            reference: String::new(),
            order: position,
            amount: order.price,
            completed: posted,
            by: RefundedBy::Amazon,
        });
    }

    /// The buyer's bank takes the money back; if the merchant contests, that costs a fee, and the bank
    /// may decide for the merchant.
    fn charge_back(&mut self, position: usize, day: usize, decision: BankDecision) {
        let Some((order, day, posted)) = self.follow_up(position, day) else { return };
        let dispute = self.transaction(&order.reference, 'B');
        let ids = order_ids(&order, if self.random.chance(500) { &order.capture } else { &dispute });
        let row = |posted, amount| Row::new(posted, RowKind::Chargeback, "Chargeback", Figures::plain(amount));
        self.post(day, row(posted, -order.price).with_ids(ids.clone()));
        let id = format!("C{}", self.random.capitals(12));
        let notified = earlier(posted, TimeDelta::minutes(self.random.between(20, 2_000)));
        let contested = Ids { transaction: Some(dispute.clone()), ..ids.clone() };
        self.life.events.chargebacks.push(Chargeback { id, dispute, order: position, amount: order.price, notified });

        let after = self.days(1, 3);
        if (decision == BankDecision::Merchant || self.random.chance(500))
            && let Some((day, at)) = self.moment(day + after)
        {
            let figures = self.dispute_figures();
            self.post(day, Row::new(at, RowKind::Dispute, "Dispute", figures).with_ids(contested));
        }
        let after = self.days(4, 9);
        if decision == BankDecision::Merchant
            && let Some((day, at)) = self.moment(day + after)
        {
            self.post(day, row(at, order.price).with_ids(ids));
        }
    }

    /// Nobody knows whether the cost of a dispute stands in the amount or in the fees: both occur here.
    fn dispute_figures(&mut self) -> Figures {
        let cost = self.account.market.dispute;
        if self.random.chance(500) { Figures::plain(-cost) } else { Figures::new(0, 0, -cost) }
    }

    /// A correction of either sign.
    fn adjust(&mut self, position: usize, day: usize) {
        let Some((order, day, posted)) = self.follow_up(position, day) else { return };
        let part = in_steps(order.price / self.random.between(3, 12), self.account.market.step);
        let amount = if self.random.chance(600) { part } else { -part };
        let ids = Ids { transaction: None, ..order_ids(&order, &order.capture) };
        let row = Row::new(posted, RowKind::Adjustment, "Adjustment", Figures::plain(amount)).with_ids(ids);
        self.post(day, row.described("Correction of an earlier transaction"));
    }

    /// An authorization that nobody captured costs a fee.
    fn let_expire(&mut self, day: usize) {
        let Some((day, at)) = self.moment(day) else { return };
        let reference = self.reference();
        let (_, seller_order) = self.order_number();
        let authorization = self.transaction(&reference, 'A');
        let ids = Ids {
            transaction: Some(authorization.clone()),
            seller_reference: Some(format!("AUTH-{seller_order}")),
            order_reference: Some(reference.clone()),
            seller_order: Some(seller_order.clone()),
        };
        let figures = Figures::new(0, 0, -self.account.market.authorization);
        let row = Row::new(at, RowKind::Authorization, "Authorization", figures).with_ids(ids);
        self.post(day, row.described("AuthExpired"));
        let price = self.price();
        self.life.events.expired.push(Expired { authorization, reference, seller_order, price, at });
    }

    /// Refunds until the day ends in debt.
    fn suffer(&mut self, day: usize) {
        let candidates: Vec<usize> = (0..self.life.events.orders.len()).rev().collect();
        for position in candidates {
            let kept = |order: &Order| order.settlement < day && order.outcome == Outcome::Kept;
            if self.life.events.orders.get(position).is_some_and(kept) {
                self.refund(position, day, RefundShare::Whole);
            }
            if self.net(day) < -2 * self.account.market.price_until {
                break;
            }
        }
        // The debt shows only after the refunds that made it.
        if let Some(window) = self.windows.get(day) {
            let at = earlier(window.end, QUIET_BEFORE_END - TimeDelta::seconds(60));
            let amount = in_steps(self.price() / 2, self.account.market.step);
            let row = Row::new(at, RowKind::Debt, "Debt", Figures::plain(-amount));
            self.post(day, row.described("Balance too low for a refund"));
        }
    }

    /// What only this shop shows: a type nobody knows, and two rows that do not differ in a byte.
    fn be_odd(&mut self, day: usize) {
        if self.account.market.habits.oddity != Oddity::UnknownType {
            return;
        }
        let step = self.account.market.step;
        if let Some((day, at)) = self.moment(day) {
            let row = Row::new(at, RowKind::Unknown, "Goodwill Credit", Figures::plain(500 * step));
            self.post(day, row.described("Goodwill"));
        }
        if let Some((day, at)) = self.moment(day) {
            let twin = Row::new(at, RowKind::Adjustment, "Adjustment", Figures::plain(-25 * step));
            self.post(day, twin.clone());
            self.post(day, twin);
        }
    }

    /// An instant of business in a settlement, or in the next one if that is the quiet day; none
    /// after the last settlement.
    fn moment(&mut self, day: usize) -> Option<(usize, Instant)> {
        let day = if self.life.quiet_day == Some(day) { day + 1 } else { day };
        let window = self.windows.get(day)?;
        let from = window.start.utc_millis() + QUIET_AFTER_START.num_milliseconds();
        let until = window.end.utc_millis() - QUIET_BEFORE_END.num_milliseconds();
        let second = self.random.between(from / 1_000, until / 1_000);
        Some((day, Instant::new(second * 1_000, 0)))
    }

    /// The order and the instant of something that happens to it later.
    fn follow_up(&mut self, position: usize, day: usize) -> Option<(Order, usize, Instant)> {
        let (day, at) = self.moment(day)?;
        let order = self.life.events.orders.get_mut(position)?;
        order.outcome = Outcome::Followed;
        Some((order.clone(), day, at))
    }

    fn post(&mut self, day: usize, row: Row) {
        if let Some(rows) = self.life.rows.get_mut(day) {
            rows.push(row);
        }
    }

    fn net(&self, day: usize) -> Cents {
        self.life.rows.get(day).into_iter().flatten().map(|row| row.figures.net).sum()
    }

    fn days(&mut self, from: i64, until: i64) -> usize {
        usize::try_from(self.random.between(from, until)).unwrap_or(0)
    }

    /// Cheap goods are more frequent than dear ones: the lesser of two draws.
    fn price(&mut self) -> Cents {
        let Market { price_from, price_until, step, .. } = *self.account.market;
        let mut draw = || self.random.between(price_from, price_until);
        in_steps(draw().min(draw()), step)
    }

    /// `P02`: an order of the live environment in Europe.
    fn reference(&mut self) -> OrderReferenceId {
        OrderReferenceId::new(format!("P02-{}-{}", self.random.digits(7), self.random.digits(7)))
    }

    fn transaction(&mut self, reference: &OrderReferenceId, letter: char) -> TransactionId {
        TransactionId::new(format!("{reference}-{letter}{}", self.random.digits(6)))
    }

    fn order_number(&mut self) -> (u64, SellerOrderId) {
        let number = self.next_order;
        self.next_order += 1;
        (number, SellerOrderId::new(format!("{}-{number}", self.account.market.country)))
    }

    /// The merchant's reference; captures made by hand in Seller Central have one of Amazon's.
    fn capture_reference(&mut self, order: &SellerOrderId) -> String {
        match self.random.below(20) {
            0 => format!("AUTHORIZE_{}", self.random.digits(10)),
            1 => format!("4{}", self.random.digits(18)),
            _ => format!("{order}-1"),
        }
    }
}

/// How much of an order is refunded.
#[derive(Clone, Copy)]
enum RefundShare {
    Whole,
    Part,
}

/// For whom the buyer's bank decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BankDecision {
    Buyer,
    Merchant,
}

fn order_ids(order: &Order, transaction: &TransactionId) -> Ids {
    Ids {
        transaction: Some(transaction.clone()),
        seller_reference: None,
        order_reference: Some(order.reference.clone()),
        seller_order: Some(order.seller_order.clone()),
    }
}

/// The amount cut to whole steps, at least one.
fn in_steps(amount: Cents, step: Cents) -> Cents {
    (amount / step * step).max(step)
}

/// The instant so much earlier.
fn earlier(at: Instant, by: TimeDelta) -> Instant {
    Instant::new(at.utc_millis() - by.num_milliseconds(), 0)
}
