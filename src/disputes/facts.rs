//! What is known before cases are built: rows, captures, refunds, notifications, objects of the Dispute API.
//!
//! Every fact knows its file and line, so that each figure of a case leads back to its source.

use crate::domain::{
    AccountName, Amount, Basis, Country, Currency, DocumentId, Instant, Period, RowKind, SettlementId, Zone,
};
use crate::parse::{ChargebackNotification, DisputeObject};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user knows it.
    pub file: String,
    /// The line; a notification or object has none.
    pub line: Option<u64>,
}

/// The settlement document of a row, as far as a case needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSource {
    /// The account.
    pub account: AccountName,
    /// The file.
    pub file: String,
    /// Its hash.
    pub id: DocumentId,
    /// The end of its period.
    pub end: Instant,
    /// When its payout was posted.
    pub paid: Option<Instant>,
}

/// A settlement row that concerns a disputed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Which document, by its place in [`Facts::sources`].
    pub source: usize,
    /// Line in the file.
    pub line: u64,
    /// When it was posted.
    pub posted: Instant,
    /// `SettlementId` as printed.
    pub settlement_id: SettlementId,
    /// `AmazonTransactionId`.
    pub transaction_id: String,
    /// `SellerReferenceId`.
    pub seller_reference_id: String,
    /// `TransactionType` as printed.
    pub word: String,
    /// Its kind.
    pub kind: RowKind,
    /// `AmazonOrderReferenceId`.
    pub order_reference_id: String,
    /// `SellerOrderId`.
    pub seller_order_id: String,
    /// `StoreName`.
    pub store_name: String,
    /// `TransactionDescription`.
    pub description: String,
    /// The currency of its amounts.
    pub currency: Currency,
    /// Gross.
    pub amount: Amount,
    /// Total fee.
    pub fee: Amount,
    /// Net.
    pub net: Amount,
}

/// A capture of a transaction report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureRecord {
    /// Its id.
    pub capture_id: String,
    /// The merchant's reference.
    pub reference_id: String,
    /// The order.
    pub order_reference_id: String,
    /// What was captured.
    pub amount: Option<(Amount, Currency)>,
    /// When.
    pub at: Option<Instant>,
    /// Where it stands.
    pub place: Place,
}

/// A refund of a transaction report, in its latest state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRecord {
    /// Its id.
    pub refund_id: String,
    /// The capture.
    pub capture_id: String,
    /// The order.
    pub order_reference_id: String,
    /// What was refunded, positive.
    pub amount: Option<(Amount, Currency)>,
    /// `Completed`, `Pending`, `Declined`.
    pub status: String,
    /// The reason code.
    pub reason: String,
    /// `RefundType`.
    pub refund_type: String,
    /// When the state was reached.
    pub at: Option<Instant>,
    /// The account, where the file is known to be one's.
    pub account: Option<AccountName>,
    /// Where it stands.
    pub place: Place,
}

/// The reason code of a refund that Amazon made for an A-to-z claim (amazon-pay-reports §15).
pub const A_TO_Z_REASON: &str = "AmazonA-ZRefund";

impl RefundRecord {
    /// Whether Amazon made it for a granted claim.
    #[must_use]
    pub fn is_claim(&self) -> bool {
        self.reason.eq_ignore_ascii_case(A_TO_Z_REASON)
    }

    /// Whether the merchant's refund was declined, perhaps because the buyer had been repaid already.
    #[must_use]
    pub fn is_declined(&self) -> bool {
        self.status.eq_ignore_ascii_case("Declined") && self.reason.eq_ignore_ascii_case("ProcessingFailure")
    }

    /// Whether the merchant paid the buyer.
    #[must_use]
    pub fn is_paid_by_merchant(&self) -> bool {
        let seller = self.refund_type.is_empty() || self.refund_type.eq_ignore_ascii_case("SellerInitiated");
        seller && !self.is_claim() && self.status.eq_ignore_ascii_case("Completed")
    }
}

/// A chargeback notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The account.
    pub account: AccountName,
    /// What it says.
    pub read: ChargebackNotification,
    /// Its file.
    pub file: String,
}

/// An object of the Dispute API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectFact {
    /// The account, where it is known whose key fetched it.
    pub account: Option<AccountName>,
    /// What it says.
    pub read: DisputeObject,
    /// Its file.
    pub file: String,
}

/// What is known of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFact {
    /// Its name.
    pub account: AccountName,
    /// The zone of its days.
    pub zone: Zone,
    /// Its country, where it is configured.
    pub country: Option<Country>,
    /// The period that is asked for, cut in its zone.
    pub period: Option<Period>,
}

/// Everything that cases are built from.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The accounts.
    pub accounts: Vec<AccountFact>,
    /// Documents behind the rows.
    pub sources: Vec<RowSource>,
    /// Dispute rows and corrections of all orders; captures and refunds of the disputed ones.
    pub rows: Vec<CaseRow>,
    /// Reserve rows that name disputes.
    pub reserves: Vec<CaseRow>,
    /// Captures of transaction reports.
    pub captures: Vec<CaptureRecord>,
    /// Refunds of transaction reports.
    pub refunds: Vec<RefundRecord>,
    /// Notifications.
    pub notices: Vec<Notice>,
    /// Objects of the Dispute API.
    pub objects: Vec<ObjectFact>,
}

impl Facts {
    /// The document of a row.
    #[must_use]
    pub fn source_of(&self, row: &CaseRow) -> Option<&RowSource> {
        self.sources.get(row.source)
    }

    /// The instant by which a row belongs to a period.
    #[must_use]
    pub fn instant_of(&self, row: &CaseRow, basis: Basis) -> Instant {
        let Some(source) = self.source_of(row) else { return row.posted };
        match basis {
            Basis::Posted => row.posted,
            Basis::Settlement => source.end,
            Basis::Payout => source.paid.unwrap_or(source.end),
        }
    }

    /// What is known of an account.
    #[must_use]
    pub fn account(&self, name: &AccountName) -> Option<&AccountFact> {
        self.accounts.iter().find(|fact| fact.account == *name)
    }

    /// The zone of an account's days.
    #[must_use]
    pub fn zone(&self, name: &AccountName) -> Zone {
        self.account(name).map_or(Zone::UTC, |fact| fact.zone)
    }

    /// Whether an instant lies in the period of an account; without a period everything does.
    #[must_use]
    pub fn is_within(&self, account: &AccountName, at: Instant) -> bool {
        let period = self.account(account).and_then(|fact| fact.period);
        period.is_none_or(|period| period.contains(at))
    }
}
