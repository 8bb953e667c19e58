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
    /// such order, several, or one without an invoice.
    #[must_use]
    pub fn invoice_of(
        &self,
        transaction_id: &str,
        order_reference_id: &str,
        seller_reference_id: &str,
        seller_order_id: &str,
    ) -> Option<&str> {
        let order = self.order_of(transaction_id, order_reference_id, seller_reference_id, seller_order_id)?;
        let order = self.book.order(order)?;
        Some(self.book.text(order.invoice)).filter(|invoice| !invoice.is_empty())
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
