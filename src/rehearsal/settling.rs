//! Settles an invented shop's days: reserve, carry-over and payout around the rows of business.
//!
//! The chain holds by construction: what one settlement closes, the next one opens.

use chrono::TimeDelta;

use super::books::{Books, Delivery, Figures, Payout, Row, Settlement};
use super::country::{Cents, Opening, PayoutRule};
use super::plan::{AccountPlan, BankPlan, Window};
use super::random::Random;
use super::shop::Life;
use crate::domain::{Instant, RowKind, SettlementId};

/// When the opening rows are posted: 15 min 50 s after the start, as seen in a real file.
const OPENING: TimeDelta = TimeDelta::seconds(15 * 60 + 50);
/// The payout's description: a resource key that Amazon forgot to translate, as seen in real files.
const TRANSFER: &str = "SellerPayments_DateRangeReport_transfer_accounting_ending_with_trace_id";

/// Round payouts are multiples of so many of the smallest amounts: 25.00 where that is a cent.
const ROUND_STEPS: Cents = 2_500;

/// Turns the life of a shop into settlements.
#[must_use]
pub(super) fn settle(account: AccountPlan, windows: &[Window], life: Life, seed: u64, bank: BankPlan) -> Books {
    let mut random = Random::for_purpose(seed, &format!("settling {} {}", account.position, account.market.country));
    let step = account.market.step;
    let mean_price = account.market.price_until / 3 / step * step;
    let mut balance = Balance::at_start(&account, mean_price);
    let mut number = 20_000_000_000 + (account.position as u64 % 70) * 1_000_000_000 + random.below(900_000_000);
    let mut carry_from = windows.len() * 70 / 100;
    let mut books = Books { account, settlements: Vec::new(), payouts: Vec::new(), events: life.events };
    let last = windows.len().saturating_sub(1);

    for (day, (window, business)) in windows.iter().zip(life.rows).enumerate() {
        let id = SettlementId::new(number.to_string());
        number += 3 + random.below(38);
        let earned: Cents = business.iter().map(|row| row.figures.net).sum();
        let quiet = |day| life.quiet_day == Some(day);
        let mut reserve = match day {
            // Nothing may be left for the day without rows.
            _ if quiet(day) || quiet(day + 1) => 0,
            // On the hard day the reserve stays, so the debt shows.
            _ if day == life.hard_day => balance.reserve,
            _ => balance.next_reserve(earned, mean_price / step, step, &mut random),
        };
        let mut available = balance.reserve + balance.carried + earned - reserve;
        let mut carried = 0;
        if day >= carry_from && day < last && available > 0 && !quiet(day + 1) {
            (carried, available) = (available, 0);
            carry_from = usize::MAX;
        }
        // Every third payout is as it comes, the others are round and often equal.
        if bank == BankPlan::Booked && day % 3 != 0 && available > 0 && !quiet(day) && !quiet(day + 1) {
            let rest = available % (ROUND_STEPS * step);
            (reserve, available) = (reserve + rest, available - rest);
        }

        let mut rows = opening_rows(window, &balance);
        if books.account.market.habits.payout == PayoutRule::LagOne {
            let posted = after(window.start, TimeDelta::seconds(random.between(3 * 3_600, 17 * 3_600)));
            pay(&mut books, &mut rows, balance.payable.take(), posted);
        }
        rows.extend(business);
        rows.extend(closing_rows(window, reserve, carried));
        balance = Balance { reserve, carried, payable: Some((id.clone(), available)) };
        if books.account.market.habits.payout == PayoutRule::ClosedLedger {
            let posted = before(window.end, TimeDelta::seconds(random.between(20, 60)));
            pay(&mut books, &mut rows, balance.payable.take(), posted);
        }
        rows.sort_by_key(|row| row.posted);
        books.settlements.push(Settlement { id, window: *window, rows, delivery: Delivery::Once });
    }
    books
}

/// What one settlement hands to the next.
struct Balance {
    reserve: Cents,
    carried: Cents,
    /// What is to be paid out, and from which settlement.
    payable: Option<(SettlementId, Cents)>,
}

impl Balance {
    /// A shop that opened shortly before: Amazon holds a reserve, nothing is waiting to be paid.
    fn at_start(account: &AccountPlan, mean_price: Cents) -> Self {
        let carried = match account.market.habits.opening {
            Opening::Reserve => 0,
            Opening::ReserveAndCarryover => mean_price / 2 / account.market.step * account.market.step,
        };
        Self { reserve: mean_price * 2, carried, payable: None }
    }

    /// Amazon reviews the reserve now and then, and never holds more than there is.
    fn next_reserve(&self, earned: Cents, mean_steps: i64, step: Cents, random: &mut Random) -> Cents {
        let wanted = if random.chance(350) { random.between(0, mean_steps * 5) * step } else { self.reserve };
        wanted.min((self.reserve + self.carried + earned).max(0))
    }
}

fn opening_rows(window: &Window, balance: &Balance) -> Vec<Row> {
    let at = after(window.start, OPENING);
    [
        inner_row(at, RowKind::Reserve, balance.reserve, "Previous Reserve Balance"),
        inner_row(after(at, TimeDelta::seconds(2)), RowKind::Carryover, balance.carried, "Previous Carryover Balance"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn closing_rows(window: &Window, reserve: Cents, carried: Cents) -> Vec<Row> {
    let at = before(window.end, TimeDelta::seconds(130));
    [
        inner_row(at, RowKind::Reserve, -reserve, "Current Reserve Balance"),
        inner_row(after(at, TimeDelta::seconds(2)), RowKind::Carryover, -carried, "Current Carryover Balance"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A row that moves money inside the balance; nothing is not printed.
fn inner_row(posted: Instant, kind: RowKind, amount: Cents, description: &'static str) -> Option<Row> {
    let word = if kind == RowKind::Reserve { "Reserve" } else { "Carryover" };
    (amount != 0).then(|| Row::new(posted, kind, word, Figures::plain(amount)).described(description))
}

/// Books the Transfer row of what is payable; nothing is not paid.
fn pay(books: &mut Books, rows: &mut Vec<Row>, payable: Option<(SettlementId, Cents)>, posted: Instant) {
    let Some((settlement, amount)) = payable.filter(|(_, amount)| *amount != 0) else { return };
    rows.push(Row::new(posted, RowKind::Transfer, "Transfer", Figures::plain(-amount)).described(TRANSFER));
    books.payouts.push(Payout { settlement, amount, posted });
}

fn after(at: Instant, by: TimeDelta) -> Instant {
    Instant::new(at.utc_millis() + by.num_milliseconds(), 0)
}

fn before(at: Instant, by: TimeDelta) -> Instant {
    Instant::new(at.utc_millis() - by.num_milliseconds(), 0)
}
