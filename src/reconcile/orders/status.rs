//! What the status of an order says about its payment, from the words of the shops.
//!
//! A word that is not in the table is taken for paid and named in a warning: an order that is wrongly
//! thought unpaid would hide money that never came.

/// What a status means for the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderStatus {
    /// Nothing is to be expected yet.
    Open,
    /// Nothing is to be expected any more.
    Cancelled,
    /// Paid.
    Paid,
    /// Paid, and given back in part or in whole.
    Refunded,
    /// A word that nobody knows; taken for paid.
    Unknown,
}

/// Words without regard to case, blanks, hyphens and a leading `wc-`. WooCommerce, Shopify (financial
/// status), Magento, Shopware (transaction state).
const WORDS: [(&str, OrderStatus); 45] = {
    use OrderStatus::{Cancelled, Open, Paid, Refunded};
    [
        ("", Paid),
        ("paid", Paid),
        ("processing", Paid),
        ("completed", Paid),
        ("complete", Paid),
        ("shipped", Paid),
        ("delivered", Paid),
        ("paidpartially", Paid),
        ("partiallypaid", Paid),
        ("fulfilled", Paid),
        ("captured", Paid),
        ("settled", Paid),
        ("success", Paid),
        ("done", Paid),
        ("pending", Open),
        ("onhold", Open),
        ("open", Open),
        ("new", Open),
        ("draft", Open),
        ("checkoutdraft", Open),
        ("pendingpayment", Open),
        ("pendingpaypal", Open),
        ("paymentreview", Open),
        ("holded", Open),
        ("hold", Open),
        ("fraud", Open),
        ("authorized", Open),
        ("authorised", Open),
        ("unpaid", Open),
        ("inprogress", Open),
        ("unconfirmed", Open),
        ("reminded", Open),
        ("cancelled", Cancelled),
        ("canceled", Cancelled),
        ("voided", Cancelled),
        ("expired", Cancelled),
        ("failed", Cancelled),
        ("trash", Cancelled),
        ("declined", Cancelled),
        ("refunded", Refunded),
        ("partiallyrefunded", Refunded),
        ("refundedpartially", Refunded),
        ("closed", Refunded),
        ("chargeback", Paid),
        ("annulled", Cancelled),
    ]
};

impl OrderStatus {
    /// The meaning of a word.
    pub(super) fn of(word: &str) -> Self {
        let folded: String = word
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'))
            .flat_map(char::to_lowercase)
            .collect();
        let folded = folded.strip_prefix("wc").unwrap_or(&folded);
        WORDS.iter().find(|(known, _)| *known == folded).map_or(OrderStatus::Unknown, |&(_, status)| status)
    }

    /// Whether money is to be expected.
    #[must_use]
    pub fn expects_money(self) -> bool {
        !matches!(self, OrderStatus::Open | OrderStatus::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_shops_are_understood_and_others_are_unknown() {
        for (word, status) in [
            ("wc-processing", OrderStatus::Paid),
            ("Completed", OrderStatus::Paid),
            ("partially_refunded", OrderStatus::Refunded),
            ("on-hold", OrderStatus::Open),
            ("Canceled", OrderStatus::Cancelled),
            ("", OrderStatus::Paid),
            ("awaiting pickup", OrderStatus::Unknown),
        ] {
            assert_eq!(OrderStatus::of(word), status, "{word}");
        }
    }
}
