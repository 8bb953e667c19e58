//! Order lists of the invented shops, as their shop software would export them, with planted faults and a
//! key of the truth.
//!
//! Faults in the money (a second capture, a refund above the capture, a fee of one cent too much) are planted
//! before the books are settled, so that every balance still holds. The randomness is its own: without a list
//! not a byte of the sample changes.

mod columns;
mod files;
mod plant;

use serde::Serialize;

pub(super) use files::order_files;
pub(super) use plant::plant;

use super::country::Cents;
use crate::domain::{Money, TransactionId};

/// The shop software that writes the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderListKind {
    /// WooCommerce.
    Woo,
    /// Magento.
    Magento,
    /// Shopify: one line for each item.
    Shopify,
    /// Shopware: decimal commas, semicolons.
    Shopware,
    /// Columns as settle names them.
    Generic,
}

impl OrderListKind {
    /// Every kind with its word on the command line.
    pub const TABLE: [(OrderListKind, &'static str); 5] = [
        (OrderListKind::Woo, "woo"),
        (OrderListKind::Magento, "magento"),
        (OrderListKind::Shopify, "shopify"),
        (OrderListKind::Shopware, "shopware"),
        (OrderListKind::Generic, "generic"),
    ];

    /// The word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == word).map(|row| row.0)
    }
}

/// What is wrong with an order or its money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderFault {
    /// The list lacks the order.
    OrphanCapture,
    /// The whole total was captured a second time.
    DuplicateCapture,
    /// More was refunded than captured.
    OverRefunded,
    /// The list says one cent more.
    AmountDiffers,
    /// The list has an order that was never captured.
    NotSettled,
    /// A refund after a chargeback.
    PossibleDoublePayment,
    /// The percentage fee is one cent too much.
    Overcharged,
    /// The percentage fee is one cent too little.
    Undercharged,
}

impl OrderFault {
    const ALL: [OrderFault; 8] = [
        OrderFault::OrphanCapture,
        OrderFault::DuplicateCapture,
        OrderFault::OverRefunded,
        OrderFault::AmountDiffers,
        OrderFault::NotSettled,
        OrderFault::PossibleDoublePayment,
        OrderFault::Overcharged,
        OrderFault::Undercharged,
    ];
}

/// A planted fault and its place.
#[derive(Clone, Debug, Serialize)]
pub struct PlantedOrder {
    /// The account.
    pub name: String,
    /// Which.
    pub fault: OrderFault,
    /// The order, as the list numbers it.
    pub order: String,
    /// The capture.
    pub transaction_id: TransactionId,
    /// When it was captured, or when the order was placed, UTC.
    pub at: String,
    /// What is concerned: the captured, refunded or ordered amount, or the difference of the fee.
    pub amount: Money,
    /// The file and line of the row with the wrong fee, relative to the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<(String, usize)>,
}

/// The tariff by which the honest fees of a shop were computed.
#[derive(Clone, Debug, Serialize)]
pub struct TariffAnswer {
    /// The account.
    pub name: String,
    /// The merchant id.
    pub merchant_id: String,
    /// Its country.
    pub country: &'static str,
    /// Percent.
    pub percentage: String,
    /// Percent, across borders.
    pub percentage_cross_border: String,
    /// Of a charge.
    pub fixed: Money,
    /// Of an expired authorization.
    pub authorization: Money,
    /// Of a contested chargeback.
    pub chargeback: Money,
    /// What fees are rounded to.
    pub rounding_unit: Money,
}

/// A fault as it is planted, before the books are settled.
#[derive(Clone, Debug)]
pub(super) struct Plant {
    fault: OrderFault,
    order: usize,
    amount: Cents,
    /// The row whose fee is wrong.
    transaction: TransactionId,
}

/// Ten-thousandths by which a charge across borders costs more: 1.5 %.
const CROSS_BORDER_MORE: i64 = 150;
