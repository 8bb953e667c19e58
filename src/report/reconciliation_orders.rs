//! The order and fee sections of `settle.reconciliation/1` (contract §6).

use serde::Serialize;

use crate::domain::{Currency, Money, TransactionId};

/// One order and what Amazon knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderReconciled {
    /// The shop's order number; absent for money that belongs to no order.
    pub order: Option<String>,
    /// `matched`, `orphan_capture`, `not_settled`, `amount_differs`, `over_refunded` or `duplicate_capture`.
    pub state: &'static str,
    /// The currency.
    pub currency: Currency,
    /// What the shop says.
    pub order_amount: Option<Money>,
    /// Σ captures.
    pub captured: Money,
    /// Σ refunds, positive.
    pub refunded: Money,
    /// The rows behind it.
    pub transactions: Vec<OrderTransaction>,
}

impl OrderReconciled {
    /// Whether a person has to look.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != "matched"
    }
}

/// One row of a settlement that belongs to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderTransaction {
    /// Amazon's id.
    pub transaction_id: TransactionId,
    /// The kind of row.
    pub kind: &'static str,
    /// Gross.
    pub amount: Money,
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
}

/// Orders of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderTotal {
    /// The currency.
    pub currency: Currency,
    /// The state.
    pub state: &'static str,
    /// How many.
    pub count: u64,
    /// Σ captured.
    pub captured: Money,
}

/// Fees against the tariff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeeAudit {
    /// Rows that were recomputed.
    pub checked: u64,
    /// Rows that were charged otherwise.
    pub deviations: Vec<FeeDeviation>,
}

/// One row that was charged otherwise than the tariff says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeeDeviation {
    /// Amazon's id.
    pub transaction_id: TransactionId,
    /// The kind of row.
    pub kind: &'static str,
    /// What the tariff says, signed as fees are.
    pub expected: Money,
    /// What was charged.
    pub charged: Money,
    /// Charged minus expected.
    pub difference: Money,
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
}
