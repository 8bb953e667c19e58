//! What is said of single orders and rows: states, findings, and the rows behind them.

use super::ladder::Rung;
use super::payments::{PaymentPlace, Payments};
use crate::domain::{AccountName, Amount, Currency, Instant, RowKind, Sum};

/// What became of an order (contract §6), in the order in which people should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderState {
    /// Money was taken, and the shop has no order for it.
    OrphanCapture,
    /// More was refunded than captured.
    OverRefunded,
    /// The whole total was captured more than once.
    DuplicateCapture,
    /// Captures or refunds are not what the shop says.
    AmountDiffers,
    /// The shop says paid, and no capture is known.
    NotSettled,
    /// Captured to the cent.
    Matched,
}

impl OrderState {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            OrderState::OrphanCapture => "orphan_capture",
            OrderState::OverRefunded => "over_refunded",
            OrderState::DuplicateCapture => "duplicate_capture",
            OrderState::AmountDiffers => "amount_differs",
            OrderState::NotSettled => "not_settled",
            OrderState::Matched => "matched",
        }
    }
}

/// One order, or money without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEntry {
    /// The shop's order number.
    pub order: Option<String>,
    /// Its invoice number.
    pub invoice: Option<String>,
    /// What became of it.
    pub state: OrderState,
    /// Why, as a stable word, where the state alone does not say it.
    pub detail: Option<&'static str>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What the shop says.
    pub order_amount: Option<Amount>,
    /// Σ captures.
    pub captured: Sum,
    /// Σ refunds, positive.
    pub refunded: Sum,
    /// What the shop says was refunded.
    pub refunded_by_shop: Option<Amount>,
    /// When the order was placed; for money without an order, when it was captured first.
    pub placed: Option<Instant>,
    /// Days from the order to the end of what is known, where no capture is.
    pub age_days: Option<i64>,
    /// The weakest key by which a row found it.
    pub rung: Option<Rung>,
    /// Its file and line.
    pub file: Option<(String, u64)>,
    /// Orders that it could be.
    pub candidates: Vec<String>,
    /// The one order, or the one capture, of the same amount and about the same day. No match.
    pub suggestion: Option<String>,
    /// The rows behind it.
    pub rows: Vec<EntryRow>,
}

/// One row of a settlement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryRow {
    /// When it was posted.
    pub posted: Instant,
    /// The kind.
    pub kind: RowKind,
    /// Amazon's id.
    pub transaction_id: String,
    /// The charge permission.
    pub permission_id: String,
    /// Gross.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// The account.
    pub account: AccountName,
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
}

/// What is odd besides the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A refund after a dispute debit of the same order.
    PossibleDoublePayment,
    /// A row whose strongest key gives several orders.
    Ambiguous,
    /// A row whose keys name different orders.
    KeyConflict,
    /// A row of the sandbox in a production file.
    SandboxRow,
}

impl FindingKind {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::PossibleDoublePayment => "possible_double_payment",
            FindingKind::Ambiguous => "ambiguous",
            FindingKind::KeyConflict => "key_conflict",
            FindingKind::SandboxRow => "sandbox_row",
        }
    }
}

/// One odd thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// The orders concerned; of a key conflict the one that counts first.
    pub orders: Vec<String>,
    /// The rows.
    pub rows: Vec<EntryRow>,
}

pub(super) fn entry_row(payments: &Payments, place: PaymentPlace) -> Option<EntryRow> {
    let (piece, row) = payments.get(place)?;
    let (document, ids) = (payments.document(piece)?, piece.ids(row));
    Some(EntryRow {
        posted: row.posted,
        kind: row.kind,
        transaction_id: ids.transaction.to_owned(),
        permission_id: ids.permission.to_owned(),
        amount: row.amount,
        currency: row.currency,
        account: document.account.clone(),
        file: document.file.clone(),
        line: row.line,
    })
}

/// Those that need a look first: by state, the largest first, unsettled ones by age.
pub(super) fn sort_entries(entries: &mut [OrderEntry]) {
    let size = |entry: &OrderEntry| {
        let total = entry.order_amount.map_or(Sum::ZERO, Sum::from);
        let concerned = match entry.state {
            OrderState::AmountDiffers => entry.captured - total,
            OrderState::OverRefunded => entry.refunded - entry.captured,
            OrderState::Matched => Sum::ZERO,
            _ => entry.captured,
        };
        concerned.units().abs()
    };
    let key = |entry: &OrderEntry| (entry.state, -size(entry), entry.age_days.map(|age| -age));
    entries.sort_by(|a, b| {
        key(a).cmp(&key(b)).then_with(|| a.order.cmp(&b.order)).then_with(|| first_row(a).cmp(&first_row(b)))
    });
}

fn first_row(entry: &OrderEntry) -> Option<(Instant, &str, u64)> {
    entry.rows.first().map(|row| (row.posted, row.transaction_id.as_str(), row.line))
}
