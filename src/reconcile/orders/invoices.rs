//! Invoice numbers for the accountants' files: by the ids of a row to the invoice of its order.

use super::book::OrderBook;
use super::keys::{amazon_id, is_made_by_amazon};

/// Finds the invoice number of a row's order, by the same ladder of keys as the reconciliation.
#[derive(Debug)]
pub struct InvoiceLookup {
    book: OrderBook,
}

impl InvoiceLookup {
    /// Over the orders of an indexed book.
    #[must_use]
    pub fn new(book: OrderBook) -> Self {
        Self { book }
    }

    /// The invoice number of the one order that the strongest known key names; `None` where there is no
    /// such order, several, one of which two lists say different things, or one without an invoice.
    #[must_use]
    pub fn invoice_of(
        &self,
        transaction_id: &str,
        order_reference_id: &str,
        seller_reference_id: &str,
        seller_order_id: &str,
    ) -> Option<&str> {
        let order = self.order_of(transaction_id, order_reference_id, seller_reference_id, seller_order_id)?;
        self.book.order(order).filter(|order| !order.conflict)?;
        Some(self.book.invoice(order)).filter(|invoice| !invoice.is_empty())
    }

    fn order_of(&self, transaction: &str, permission: &str, reference: &str, order: &str) -> Option<u32> {
        let amazon = |id: &str| -> Vec<u32> {
            let Some((id, _)) = amazon_id(id) else { return Vec::new() };
            self.book.with_amazon_id(id, self.book.hasher.amazon(id)).collect()
        };
        let reference = if is_made_by_amazon(reference) { "" } else { reference.trim() };
        let named = |name: &str, find: &dyn Fn(&str) -> Vec<u32>| if name.is_empty() { Vec::new() } else { find(name) };
        let rungs: [&dyn Fn() -> Vec<u32>; 4] = [
            &|| amazon(transaction),
            &|| amazon(permission),
            &|| named(reference, &|name| self.book.with_name_or_invoice(name)),
            &|| named(order.trim(), &|name| self.book.with_name(name)),
        ];
        let mut found = rungs.iter().map(|rung| rung()).find(|found| !found.is_empty())?;
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::piece::{NewOrder, OrderPiece};
    use super::super::status::OrderStatus;
    use super::*;
    use crate::domain::Amount;

    const PERMISSION: &str = "P02-1234567-1234567";
    const CHARGE: &str = "P02-1234567-1234567-C123456";

    /// A list with one order a row: number, reference, invoice, id of Amazon, total in ten-thousandths.
    fn list(book: &mut OrderBook, name: &str, rows: &[[&str; 5]]) {
        let mut piece = OrderPiece::default();
        for [id, reference, invoice, amazon, gross] in rows.iter().copied() {
            let order = NewOrder {
                id,
                reference,
                invoice,
                gross: Amount::from_units(gross.parse().unwrap()),
                refunded: None,
                currency: "EUR".parse().unwrap(),
                placed: None,
                status: OrderStatus::Paid,
                line: 2,
            };
            piece.push(&order, std::iter::once(amazon), &book.hasher);
        }
        book.add(name, vec![piece]);
    }

    fn lookup(lists: &[&[[&str; 5]]]) -> InvoiceLookup {
        let mut book = OrderBook::default();
        lists.iter().for_each(|rows| list(&mut book, "orders.csv", rows));
        book.index();
        InvoiceLookup::new(book)
    }

    #[test]
    fn an_invoice_is_found_by_every_rung_and_the_strongest_key_decides() {
        let orders = lookup(&[&[["7", "ref-7", "INV-7", CHARGE, "100000"], ["8", "", "INV-8", "", "100000"]]]);
        for ids in [
            [CHARGE, "", "", ""],
            ["", PERMISSION, "", ""],
            // A refund of the same permission.
            ["P02-1234567-1234567-R999999", PERMISSION, "", ""],
            ["", "", "ref-7", ""],
            ["", "", "INV-7", ""],
            ["", "", "", "ref-7"],
            [CHARGE, "", "", "8"],
        ] {
            let [transaction, permission, reference, order] = ids;
            assert_eq!(orders.invoice_of(transaction, permission, reference, order), Some("INV-7"), "{ids:?}");
        }
        assert_eq!(orders.invoice_of("", "", "", "8"), Some("INV-8"));
    }

    #[test]
    fn nothing_is_guessed() {
        let shared = lookup(&[&[["7", "", "INV-7", CHARGE, "100000"], ["8", "", "INV-8", CHARGE, "50000"]]]);
        assert_eq!(shared.invoice_of(CHARGE, "", "", ""), None, "two orders have the charge");
        let without = lookup(&[&[["7", "", "", CHARGE, "100000"]]]);
        assert_eq!(without.invoice_of(CHARGE, "", "", "7"), None, "the order has no invoice");
        let other = lookup(&[&[["7", "", "INV-7", CHARGE, "100000"]]]);
        assert_eq!(other.invoice_of("P02-7654321-7654321-C000001", "", "", ""), None);
        assert_eq!(other.invoice_of("", "", "", ""), None);
        let first: &[[&str; 5]] = &[["7", "", "INV-7", CHARGE, "100000"]];
        let conflict = lookup(&[first, &[["7", "", "INV-9", CHARGE, "110000"]]]);
        assert_eq!(conflict.invoice_of(CHARGE, "", "", "7"), None, "two lists contradict each other");
        let twice = lookup(&[first, &[["7", "", "INV-7", CHARGE, "100000"]]]);
        assert_eq!(twice.invoice_of(CHARGE, "", "", "7"), Some("INV-7"));
    }
}
