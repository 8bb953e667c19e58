//! Rows as a multiset of fingerprints: what is in one set of rows and not in another, without keeping the rows.
//!
//! Identical rows are legitimate, so they are counted, not merged. A fingerprint has 128 bits and costs 24 bytes
//! of memory; two different rows among a thousand million share one with a chance of less than one in 10^20.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::Month;
use crate::parse::SettlementRow;

/// What of a row has to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// All that an entry of the journal is made of, and the month to which it belongs.
    Booked(Month),
    /// Every cell.
    Whole,
}

/// The fingerprint of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowPrint(u64, u64);

impl RowPrint {
    /// Of a row.
    #[must_use]
    pub fn of(row: &SettlementRow<'_>, likeness: Likeness) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            feed(row, likeness, &mut hasher);
            hasher.finish()
        };
        Self(half(0), half(1))
    }
}

fn feed(row: &SettlementRow<'_>, likeness: Likeness, hasher: &mut DefaultHasher) {
    row.posted.utc_millis().hash(hasher);
    row.currency.code().hash(hasher);
    let amounts = [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net];
    amounts.map(crate::domain::Amount::units).hash(hasher);
    let names = [row.settlement_id, row.transaction_id, row.seller_reference_id, row.word];
    names.hash(hasher);
    [row.order_reference_id, row.seller_order_id].hash(hasher);
    match likeness {
        Likeness::Booked(month) => month.to_string().hash(hasher),
        Likeness::Whole => [row.store_name, row.description, row.extra].hash(hasher),
    }
}

/// Fingerprints with how often they occur; those of the other side count negative.
#[derive(Clone, Debug, Default)]
pub struct RowPrints {
    counts: HashMap<RowPrint, i64>,
}

impl RowPrints {
    /// Adds rows: `1` for one of this side, `-1` for one of the other.
    pub fn add(&mut self, print: RowPrint, sign: i64) {
        let count = self.counts.entry(print).or_insert(0);
        *count += sign;
        if *count == 0 {
            self.counts.remove(&print);
        }
    }

    /// Whether a row of a side is one of those that the other lacks; it is then crossed off.
    pub fn take(&mut self, print: RowPrint, sign: i64) -> bool {
        let Some(count) = self.counts.get_mut(&print) else { return false };
        let left = *count != 0 && (*count > 0) == (sign > 0);
        if left {
            *count -= sign;
        }
        left
    }

    /// Takes back that a row was crossed off.
    pub fn put_back(&mut self, print: RowPrint, sign: i64) {
        *self.counts.entry(print).or_insert(0) += sign;
    }

    /// Rows that only this side has, and rows that only the other has.
    #[must_use]
    pub fn unlike(&self) -> (u64, u64) {
        let sum = |wanted: fn(i64) -> bool| {
            self.counts.values().filter(|count| wanted(**count)).map(|count| count.unsigned_abs()).sum()
        };
        (sum(|count| count > 0), sum(|count| count < 0))
    }

    /// Whether both sides are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Amount, Instant, RowKind};

    fn row(id: &str, net: i64) -> SettlementRow<'_> {
        SettlementRow {
            line: 1,
            posted: Instant::new(0, 0),
            settlement_id: "1",
            transaction_id: id,
            seller_reference_id: "",
            word: "Capture",
            kind: RowKind::Capture,
            order_reference_id: "",
            seller_order_id: "",
            store_name: "",
            currency: "EUR".parse().unwrap(),
            description: "",
            amount: Amount::from_units(net),
            percentage_fee: Amount::ZERO,
            fixed_fee: Amount::ZERO,
            fee: Amount::ZERO,
            net: Amount::from_units(net),
            extra: "",
        }
    }

    #[test]
    fn identical_rows_are_counted_and_crossed_off_one_by_one() {
        let print = |id, net| RowPrint::of(&row(id, net), Likeness::Whole);
        let mut prints = RowPrints::default();
        for _ in 0..3 {
            prints.add(print("a", 1), 1);
        }
        prints.add(print("a", 1), -1);
        prints.add(print("b", 2), -1);
        assert_eq!(prints.unlike(), (2, 1));
        assert!(!prints.take(print("b", 2), 1), "it is the other side's");
        let taken: Vec<bool> = (0..3).map(|_| prints.take(print("a", 1), 1)).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(prints.take(print("b", 2), -1));
        assert_eq!(prints.unlike(), (0, 0));
    }

    #[test]
    fn a_text_that_no_entry_shows_does_not_change_what_is_booked() {
        let (plain, named) = (row("a", 1), SettlementRow { store_name: "shop", ..row("a", 1) });
        let month = "2026-09".parse().unwrap();
        let prints = |likeness| RowPrint::of(&plain, likeness) == RowPrint::of(&named, likeness);
        assert!(prints(Likeness::Booked(month)));
        assert!(!prints(Likeness::Whole));
        let moved = SettlementRow { seller_order_id: "aShop", transaction_id: "", ..plain };
        assert_ne!(RowPrint::of(&moved, Likeness::Whole), RowPrint::of(&plain, Likeness::Whole));
    }
}
