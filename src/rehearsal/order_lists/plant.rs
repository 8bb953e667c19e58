//! Plants faults into the money of a shop before its books are settled.

use super::{CROSS_BORDER_MORE, OrderFault, Plant};
use crate::domain::{Instant, RowKind, TransactionId};
use crate::rehearsal::books::{Figures, Ids, Order, Row};
use crate::rehearsal::country::Market;
use crate::rehearsal::plan::AccountPlan;
use crate::rehearsal::random::Random;
use crate::rehearsal::shop::Life;

/// How many orders lie between two planted faults, so that one does not hide the other.
const STRIDE: usize = 9;
/// One capture in so many is charged as across borders.
const CROSS_BORDER_PER_MILLE: u64 = 120;

/// Plants faults into the money of a shop, before it is settled, and makes some charges cross-border ones.
pub(in crate::rehearsal) fn plant(life: &mut Life, account: &AccountPlan, seed: u64, each: usize) {
    let mut random = Random::for_purpose(seed, &format!("orders {} {}", account.position, account.market.country));
    let followed: std::collections::BTreeSet<String> = followed_references(life);
    let kept = |order: &Order| !followed.contains(order.reference.as_str());
    let free: Vec<usize> =
        life.events.orders.iter().enumerate().filter(|(_, order)| kept(order)).map(|(at, _)| at).collect();
    cross_borders(life, account.market, &mut random);
    let mut plants = Vec::new();
    let slots = free.iter().step_by(STRIDE).copied();
    for (at, order) in slots.take(OrderFault::ALL.len() * each).enumerate() {
        let Some(fault) = OrderFault::ALL.get(at % OrderFault::ALL.len()) else { continue };
        plants.extend(plant_one(life, account, *fault, order, &mut random));
    }
    for rows in &mut life.rows {
        rows.sort_by_key(|row| row.posted);
    }
    life.events.plants = plants;
}

/// Orders to which something happens later anyway.
fn followed_references(life: &Life) -> std::collections::BTreeSet<String> {
    let rows = life.rows.iter().flatten().filter(|row| row.kind != RowKind::Capture);
    rows.filter_map(|row| row.ids.order_reference.as_ref()).map(|id| id.as_str().to_owned()).collect()
}

fn cross_borders(life: &mut Life, market: &'static Market, random: &mut Random) {
    let foreign = Market { percentage: market.percentage + CROSS_BORDER_MORE, ..*market };
    let mut abroad = std::collections::BTreeSet::new();
    for row in life.rows.iter_mut().flatten() {
        let Some(reference) = row.ids.order_reference.as_ref().map(|id| id.as_str().to_owned()) else { continue };
        if row.kind == RowKind::Capture && random.chance(CROSS_BORDER_PER_MILLE) {
            abroad.insert(reference.clone());
        }
        if matches!(row.kind, RowKind::Capture | RowKind::Refund) && abroad.contains(&reference) {
            let amount = row.figures.amount;
            row.figures = Figures::new(amount, -foreign.percentage_fee_rounded_half_up(amount), row.figures.fixed_fee);
        }
    }
}

fn plant_one(
    life: &mut Life,
    account: &AccountPlan,
    fault: OrderFault,
    position: usize,
    random: &mut Random,
) -> Option<Plant> {
    let order = life.events.orders.get(position)?.clone();
    let capture = captured_row(life, &order)?.clone();
    let step = account.market.step;
    let day = order.settlement;
    let mut transaction = order.capture.clone();
    let mut amount = order.price;
    let own = |letter: char, random: &mut Random| {
        TransactionId::new(format!("{}-{letter}{}", order.reference, random.digits(6)))
    };
    match fault {
        OrderFault::OrphanCapture | OrderFault::NotSettled => {}
        OrderFault::AmountDiffers => amount = order.price + step,
        OrderFault::DuplicateCapture => {
            transaction = own('C', random);
            let row = Row { ids: Ids { transaction: Some(transaction.clone()), ..capture.ids.clone() }, ..capture };
            life.rows.get_mut(day)?.push(row);
        }
        OrderFault::OverRefunded | OrderFault::PossibleDoublePayment => {
            if fault == OrderFault::PossibleDoublePayment {
                let row = Row::new(order.captured, RowKind::Chargeback, "Chargeback", Figures::plain(-order.price));
                life.rows.get_mut(day)?.push(row.with_ids(Ids { seller_reference: None, ..capture.ids.clone() }));
            } else {
                amount += step;
            }
            transaction = own('R', random);
            let fee = capture_rate(&capture, account.market).percentage_fee_rounded_half_up(amount);
            let ids = Ids { transaction: Some(transaction.clone()), seller_reference: None, ..capture.ids };
            // Within the same settlement, a little later.
            let at = Instant::new(order.captured.utc_millis() + 1_000, 0);
            let row = Row::new(at, RowKind::Refund, "Refund", Figures::new(-amount, fee, 0)).with_ids(ids);
            life.rows.get_mut(day)?.push(row);
        }
        OrderFault::Overcharged | OrderFault::Undercharged => {
            amount = if fault == OrderFault::Overcharged { -step } else { step };
            let row =
                life.rows.get_mut(day)?.iter_mut().find(|row| row.ids.transaction.as_ref() == Some(&order.capture))?;
            let figures = row.figures;
            row.figures = Figures::new(figures.amount, figures.percentage_fee + amount, figures.fixed_fee);
        }
    }
    if fault == OrderFault::NotSettled {
        // The capture is gone, with all that it brought.
        life.rows.get_mut(day)?.retain(|row| row.ids.transaction.as_ref() != Some(&order.capture));
    }
    Some(Plant { fault, order: position, amount, transaction })
}

fn captured_row<'l>(life: &'l Life, order: &Order) -> Option<&'l Row> {
    life.rows.get(order.settlement)?.iter().find(|row| row.ids.transaction.as_ref() == Some(&order.capture))
}

/// The market at whose percentage a capture was charged.
fn capture_rate(capture: &Row, market: &'static Market) -> Market {
    let domestic = -market.percentage_fee_rounded_half_up(capture.figures.amount);
    let more = if capture.figures.percentage_fee == domestic { 0 } else { CROSS_BORDER_MORE };
    Market { percentage: market.percentage + more, ..*market }
}
