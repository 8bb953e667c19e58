//! Suggestions: an orphan and an unsettled order of the same amount and about the same day, unique both ways.
//!
//! Amount and date prove nothing, so a suggestion changes no state.

use std::collections::BTreeMap;

use super::entries::{OrderEntry, OrderState};
use crate::domain::{Amount, Currency, MILLIS_PER_SECOND, Sum};

/// How far order and capture may lie apart (order-ledgers §5).
const APART_MILLIS: i64 = 2 * 24 * 60 * 60 * MILLIS_PER_SECOND;

/// An entry's place, by its time.
type Timed = (i64, usize);

/// Fills in the suggestions.
pub(super) fn suggest(entries: &mut [OrderEntry]) {
    let orphans = by_amount(entries, |entry| (entry.state == OrderState::OrphanCapture).then_some(entry.captured));
    let orders = by_amount(entries, |entry| {
        (entry.state == OrderState::NotSettled).then(|| Sum::from(entry.order_amount.unwrap_or(Amount::ZERO)))
    });
    let mut pairs = Vec::new();
    for (key, captures) in &orphans {
        let Some(orders) = orders.get(key) else { continue };
        for &(at, orphan) in captures {
            if let Some((placed, order)) = the_one_near(orders, at)
                && the_one_near(captures, placed).is_some_and(|(_, other)| other == orphan)
            {
                pairs.push((orphan, order));
            }
        }
    }
    for (orphan, order) in pairs {
        let number = entries.get(order).and_then(|entry| entry.order.clone());
        let capture = entries.get(orphan).and_then(|entry| entry.rows.first()).map(|row| row.transaction_id.clone());
        if let Some(entry) = entries.get_mut(orphan) {
            entry.suggestion = number;
        }
        if let Some(entry) = entries.get_mut(order) {
            entry.suggestion = capture;
        }
    }
}

/// Entries with an amount and a time, by currency and amount, each list in the order of time.
fn by_amount(
    entries: &[OrderEntry],
    amount: impl Fn(&OrderEntry) -> Option<Sum>,
) -> BTreeMap<(Currency, Sum), Vec<Timed>> {
    let mut lists: BTreeMap<(Currency, Sum), Vec<Timed>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let (Some(amount), Some(placed)) = (amount(entry), entry.placed) {
            lists.entry((entry.currency, amount)).or_default().push((placed.utc_millis(), at));
        }
    }
    lists.values_mut().for_each(|list| list.sort_unstable());
    lists
}

/// The entry near an instant, where there is exactly one.
fn the_one_near(list: &[Timed], at: i64) -> Option<Timed> {
    let from = list.partition_point(|(other, _)| *other < at - APART_MILLIS);
    let mut near = list.iter().skip(from).take_while(|(other, _)| *other <= at + APART_MILLIS);
    let found = near.next().copied();
    if near.next().is_some() { None } else { found }
}
