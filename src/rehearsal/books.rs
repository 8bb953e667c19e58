//! The merchant's books: settlements and their rows as plain values, before anything is printed.
//!
//! Both the files and the answer key are made from these, never one from the other.

use super::country::Cents;
use super::order_lists::Plant;
use super::plan::{AccountPlan, Window};
use crate::domain::{Instant, OrderReferenceId, RowKind, SellerOrderId, SettlementId, TransactionId};

/// One account with all its settlements.
#[derive(Clone, Debug)]
pub(super) struct Books {
    /// Whose books these are.
    pub account: AccountPlan,
    /// Every settlement, in order of time.
    pub settlements: Vec<Settlement>,
    /// What was paid to, or collected from, the merchant's bank.
    pub payouts: Vec<Payout>,
    /// What happened in the shop.
    pub events: Events,
}

impl Books {
    /// The settlements whose files are written.
    pub(super) fn known(&self) -> impl DoubleEndedIterator<Item = &Settlement> {
        self.settlements.iter().filter(|settlement| settlement.delivery != Delivery::Missing)
    }
}

/// One settlement.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    /// Amazon's number.
    pub id: SettlementId,
    /// Its period.
    pub window: Window,
    /// Its rows in order of time.
    pub rows: Vec<Row>,
    /// Whether its file arrives.
    pub delivery: Delivery,
}

impl Settlement {
    /// The name of its file, by the local day on which it ends.
    #[must_use]
    pub(super) fn file_name(&self) -> String {
        format!("settlement-{}.csv", self.window.last_day)
    }

    /// What its reserve and carry-over rows bring in.
    #[must_use]
    pub(super) fn opened(&self) -> Cents {
        self.inner_rows().filter(|net| *net > 0).sum()
    }

    /// What its reserve and carry-over rows leave for the next settlement.
    #[must_use]
    pub(super) fn closed(&self) -> Cents {
        -self.inner_rows().filter(|net| *net < 0).sum::<Cents>()
    }

    fn inner_rows(&self) -> impl Iterator<Item = Cents> {
        self.rows.iter().filter(|row| !row.kind.moves_balance()).map(|row| row.figures.net)
    }
}

/// Whether and how a settlement's file arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Once.
    Once,
    /// Not at all.
    Missing,
    /// Twice, the second time with other bytes.
    Reissued,
}

/// One row of a settlement.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// When it was posted.
    pub posted: Instant,
    /// What it does.
    pub kind: RowKind,
    /// Its `TransactionType`.
    pub word: &'static str,
    /// Its ids.
    pub ids: Ids,
    /// Its `TransactionDescription`.
    pub description: &'static str,
    /// Its amounts.
    pub figures: Figures,
    /// A settlement id other than the file's own; only an anomaly sets it.
    pub foreign_settlement: Option<SettlementId>,
}

impl Row {
    /// A row without ids.
    #[must_use]
    pub(super) fn new(posted: Instant, kind: RowKind, word: &'static str, figures: Figures) -> Self {
        Self { posted, kind, word, ids: Ids::default(), description: "", figures, foreign_settlement: None }
    }

    /// The same row with ids.
    #[must_use]
    pub(super) fn with_ids(self, ids: Ids) -> Self {
        Self { ids, ..self }
    }

    /// The same row with a description.
    #[must_use]
    pub(super) fn described(self, description: &'static str) -> Self {
        Self { description, ..self }
    }
}

/// The ids of a row; rows that concern no order have none.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// `AmazonTransactionId`.
    pub transaction: Option<TransactionId>,
    /// `SellerReferenceId`.
    pub seller_reference: Option<String>,
    /// `AmazonOrderReferenceId`.
    pub order_reference: Option<OrderReferenceId>,
    /// `SellerOrderId`; a row that has one also has the store's name.
    pub seller_order: Option<SellerOrderId>,
}

/// The five amounts of a row, as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    /// `TransactionAmount`.
    pub amount: Cents,
    /// `TransactionPercentageFee`.
    pub percentage_fee: Cents,
    /// `TransactionFixedFee`.
    pub fixed_fee: Cents,
    /// `TotalTransactionFee`.
    pub total_fee: Cents,
    /// `NetTransactionAmount`.
    pub net: Cents,
}

impl Figures {
    /// Amounts that obey the rules of a row: total fee = percentage fee + fixed fee, net = amount + total fee.
    #[must_use]
    pub(super) fn new(amount: Cents, percentage_fee: Cents, fixed_fee: Cents) -> Self {
        let total_fee = percentage_fee + fixed_fee;
        Self { amount, percentage_fee, fixed_fee, total_fee, net: amount + total_fee }
    }

    /// An amount without fees.
    #[must_use]
    pub(super) fn plain(amount: Cents) -> Self {
        Self::new(amount, 0, 0)
    }
}

/// A payment to the merchant's bank, or, if negative, a collection from it.
#[derive(Clone, Debug)]
pub(super) struct Payout {
    /// The settlement whose balance is paid; the Transfer row may stand in the next one.
    pub settlement: SettlementId,
    /// What the merchant receives.
    pub amount: Cents,
    /// When it was posted.
    pub posted: Instant,
}

/// What happened in the shop, for the transaction reports and notifications.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    /// Paid orders.
    pub orders: Vec<Order>,
    /// Refunds, by the merchant or by Amazon.
    pub refunds: Vec<Refund>,
    /// Chargebacks.
    pub chargebacks: Vec<Chargeback>,
    /// Authorizations that were never captured.
    pub expired: Vec<Expired>,
    /// What is wrong on purpose with orders and their money.
    pub plants: Vec<Plant>,
}

/// A paid order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Its number in the shop.
    pub number: u64,
    /// Amazon's reference.
    pub reference: OrderReferenceId,
    /// The merchant's order number.
    pub seller_order: SellerOrderId,
    /// The merchant's, or Amazon's, reference of the capture.
    pub seller_reference: String,
    /// The authorization.
    pub authorization: TransactionId,
    /// The capture.
    pub capture: TransactionId,
    /// What the buyer paid.
    pub price: Cents,
    /// When.
    pub captured: Instant,
    /// The position of the settlement with the capture.
    pub settlement: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Paid, and that was all.
    Kept,
    /// Refunded, disputed or adjusted later.
    Followed,
}

/// A refund of an order.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    /// Its id; Amazon's own refunds after a claim have one too.
    pub id: TransactionId,
    /// The merchant's reference.
    pub reference: String,
    /// The position of its order.
    pub order: usize,
    /// What the buyer got back, positive.
    pub amount: Cents,
    /// When it was completed.
    pub completed: Instant,
    /// Who started it.
    pub by: RefundedBy,
}

/// Who started a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefundedBy {
    /// The merchant.
    Seller,
    /// Amazon, after it granted an A-to-z claim.
    Amazon,
}

/// A chargeback of an order.
#[derive(Clone, Debug)]
pub(super) struct Chargeback {
    /// The id in a notification of the old kind.
    pub id: String,
    /// The id in a notification of the new kind.
    pub dispute: TransactionId,
    /// The position of its order.
    pub order: usize,
    /// The disputed amount, positive.
    pub amount: Cents,
    /// When the merchant was told.
    pub notified: Instant,
}

/// An authorization that expired unused.
#[derive(Clone, Debug)]
pub(super) struct Expired {
    /// Its id.
    pub authorization: TransactionId,
    /// Amazon's order reference.
    pub reference: OrderReferenceId,
    /// The merchant's order number.
    pub seller_order: SellerOrderId,
    /// What would have been paid.
    pub price: Cents,
    /// When it expired.
    pub at: Instant,
}
