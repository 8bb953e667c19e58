//! The rows of settlements that take money from buyers or give it back, kept small.
//!
//! Only captures, refunds and dispute debits are kept, those posted in a window, and beyond it those of
//! charge permissions that are looked for: memory follows the months concerned, not the history.

use std::collections::HashSet;
use std::sync::Arc;

use super::keys::{KeyHasher, amazon_id, is_sandbox, permission_of};
use super::read::Window;
use super::room::Room;
use crate::domain::{AccountName, Amount, Currency, Instant, RowKind};
use crate::parse::{RowSink, SettlementRow, trimmed};

/// The longest id that is kept whole; Amazon's have up to 27 bytes.
const ID_BYTES_MAX: usize = 255;

/// The four ids of a row, in the order in which they are kept.
const IDS: usize = 4;

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payment {
    pub(super) posted: Instant,
    pub(super) line: u64,
    pub(super) amount: Amount,
    pub(super) transaction_hash: u64,
    pub(super) permission_hash: u64,
    start: u32,
    lens: [u8; IDS],
    /// Whether the charge permission begins the transaction's id and the order number the reference, as they
    /// nearly always do: then neither is kept a second time.
    begins: [bool; 2],
    pub(super) kind: RowKind,
    pub(super) currency: Currency,
    pub(super) sandbox: bool,
    /// Whether its id is its charge permission and one part more, as that of a charge or a refund is.
    pub(super) extends_its_permission: bool,
}

/// Rows of one piece of a document.
#[derive(Debug, Default)]
pub struct PaymentPiece {
    texts: String,
    pub(super) rows: Vec<Payment>,
    pub(super) document: u32,
}

/// The ids of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PaymentIds<'a> {
    pub(super) transaction: &'a str,
    pub(super) permission: &'a str,
    pub(super) reference: &'a str,
    pub(super) order: &'a str,
}

impl PaymentPiece {
    pub(super) fn ids(&self, row: &Payment) -> PaymentIds<'_> {
        let [transaction, permission, reference, order] = row.lens.map(usize::from);
        let [permission_begins, order_begins] = row.begins;
        let (transaction, at) = self.text(row.start as usize, transaction);
        let (permission, at) = self.shared(transaction, permission_begins, at, permission);
        let (reference, at) = self.text(at, reference);
        let (order, _) = self.shared(reference, order_begins, at, order);
        PaymentIds { transaction, permission, reference, order }
    }
}

impl PaymentPiece {
    /// A text and where the next one begins.
    fn text(&self, at: usize, len: usize) -> (&str, usize) {
        (self.texts.get(at..at + len).unwrap_or_default(), at + len)
    }

    /// A text that may be the beginning of the one before.
    fn shared<'a>(&'a self, before: &'a str, begins: bool, at: usize, len: usize) -> (&'a str, usize) {
        if begins { (before.get(..len).unwrap_or_default(), at) } else { self.text(at, len) }
    }

    /// The same rows, where rows of the sandbox are what is to be expected.
    #[must_use]
    pub fn expecting_sandbox_rows(mut self) -> Self {
        self.rows.iter_mut().for_each(|row| row.sandbox = false);
        self
    }
}

/// A settlement file behind the rows.
#[derive(Clone, Debug)]
pub(super) struct PaymentDocument {
    pub(super) file: String,
    pub(super) account: AccountName,
}

/// A row's place among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PaymentPlace {
    pub(super) piece: u32,
    pub(super) row: u32,
}

impl PaymentPlace {
    pub(super) fn of(piece: usize, row: usize) -> Option<Self> {
        Some(Self { piece: u32::try_from(piece).ok()?, row: u32::try_from(row).ok()? })
    }
}

/// All rows of a run.
#[derive(Debug, Default)]
pub struct Payments {
    pub(super) pieces: Vec<PaymentPiece>,
    pub(super) documents: Vec<PaymentDocument>,
}

impl Payments {
    /// Takes the pieces of one settlement file.
    pub fn add(&mut self, file: &str, account: &AccountName, pieces: Vec<PaymentPiece>) {
        let document = u32::try_from(self.documents.len()).unwrap_or(u32::MAX);
        self.documents.push(PaymentDocument { file: file.to_owned(), account: account.clone() });
        let filled = pieces.into_iter().filter(|piece| !piece.rows.is_empty());
        self.pieces.extend(filled.map(|piece| PaymentPiece { document, ..piece }));
    }

    /// Rows kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.rows.len()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn get(&self, place: PaymentPlace) -> Option<(&PaymentPiece, &Payment)> {
        let piece = self.pieces.get(place.piece as usize)?;
        Some((piece, piece.rows.get(place.row as usize)?))
    }

    pub(super) fn document(&self, piece: &PaymentPiece) -> Option<&PaymentDocument> {
        self.documents.get(piece.document as usize)
    }

    /// Every row with its place.
    pub(super) fn each(&self) -> impl Iterator<Item = (PaymentPlace, &PaymentPiece, &Payment)> {
        let pieces = self.pieces.iter().enumerate();
        pieces.flat_map(|(piece_at, piece)| {
            let rows = piece.rows.iter().enumerate();
            rows.filter_map(move |(row_at, row)| Some((PaymentPlace::of(piece_at, row_at)?, piece, row)))
        })
    }
}

/// Which rows are kept.
#[derive(Clone, Debug)]
pub struct PaymentFilter {
    pub(super) hasher: KeyHasher,
    pub(super) window: Window,
    /// Charge permissions of which the rows outside the window are kept, and only those.
    pub(super) wanted: Option<Arc<HashSet<u64>>>,
    pub(super) sandbox_rows: SandboxRows,
    pub(super) room: Room,
}

/// What rows with ids of the sandbox are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SandboxRows {
    /// An alarm: they have no place among real money.
    #[default]
    Alarm,
    /// What is to be expected of an account in the sandbox.
    Expected,
}

impl PaymentFilter {
    /// The same filter for an account where sandbox rows are this.
    #[must_use]
    pub fn with_sandbox_rows(self, sandbox_rows: SandboxRows) -> Self {
        Self { sandbox_rows, ..self }
    }

    fn keeps(&self, posted: Instant, permission_hash: u64) -> bool {
        match &self.wanted {
            None => self.window.contains(posted),
            Some(wanted) => !self.window.contains(posted) && wanted.contains(&permission_hash),
        }
    }
}

/// Takes the rows of one piece.
#[derive(Debug)]
pub struct PaymentSink {
    filter: PaymentFilter,
    piece: PaymentPiece,
}

impl PaymentSink {
    /// Keeps what the filter says.
    #[must_use]
    pub fn new(filter: PaymentFilter) -> Self {
        let (rows, bytes) = filter.room.expected();
        let piece = PaymentPiece {
            texts: String::with_capacity(bytes),
            rows: Vec::with_capacity(rows),
            ..PaymentPiece::default()
        };
        Self { filter, piece }
    }

    /// The rows so far.
    #[must_use]
    pub fn finish(self) -> PaymentPiece {
        self.filter.room.note(self.piece.rows.len(), self.piece.texts.len());
        self.piece
    }
}

impl RowSink for PaymentSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        if !matches!(row.kind, RowKind::Capture | RowKind::Refund | RowKind::AToZClaim | RowKind::Chargeback) {
            return;
        }
        if self.filter.wanted.is_none() && !self.filter.window.contains(row.posted) {
            return;
        }
        let transaction = kept(row.transaction_id);
        let stated = kept(row.order_reference_id);
        let permission = if stated.is_empty() { permission_of(transaction).unwrap_or_default() } else { stated };
        let permission_hash = self.filter.hasher.amazon(permission);
        if !self.filter.keeps(row.posted, permission_hash) {
            return;
        }
        let bare = amazon_id(transaction).map_or(transaction, |(id, _)| id);
        let Ok(start) = u32::try_from(self.piece.texts.len()) else { return };
        let (reference, order) = (kept(row.seller_reference_id), kept(row.seller_order_id));
        let texts = [transaction, permission, reference, order];
        let begins = [transaction.starts_with(permission), reference.starts_with(order)];
        let [permission_begins, order_begins] = begins;
        for (text, again) in texts.into_iter().zip([false, permission_begins, false, order_begins]) {
            if !again {
                self.piece.texts.push_str(text);
            }
        }
        self.piece.rows.push(Payment {
            posted: row.posted,
            line: row.line,
            amount: row.amount,
            transaction_hash: self.filter.hasher.amazon(bare),
            permission_hash,
            start,
            lens: texts.map(|text| u8::try_from(text.len()).unwrap_or_default()),
            begins,
            extends_its_permission: !permission.is_empty()
                && transaction.strip_prefix(permission).is_some_and(|more| more.starts_with('-')),
            kind: row.kind,
            currency: row.currency,
            sandbox: self.filter.sandbox_rows == SandboxRows::Alarm
                && (is_sandbox(transaction) || is_sandbox(permission)),
        });
    }
}

/// An id without blanks around it, cut where it is longer than any.
fn kept(id: &str) -> &str {
    let id = trimmed(id);
    if id.len() <= ID_BYTES_MAX {
        return id;
    }
    let end = (0..=ID_BYTES_MAX).rev().find(|end| id.is_char_boundary(*end)).unwrap_or_default();
    id.get(..end).unwrap_or_default()
}
