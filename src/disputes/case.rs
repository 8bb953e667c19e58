//! A case: what belongs to it, what it cost, how it stands.

use super::clock::Deadline;
use super::facts::{CaseRow, Notice, ObjectFact, Place, RefundRecord};
use crate::domain::{AccountName, Amount, Currency, Instant, RowKind, Sum};

/// How a case stands. Never guessed: what no source tells is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseStatus {
    /// Not decided, as far as is known.
    Open,
    /// The merchant kept, or got back, everything.
    Won,
    /// A part came back.
    PartlyWon,
    /// Nothing came back so far; no report row says that this is final.
    Lost,
    /// No source tells.
    Unknown,
}

impl CaseStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [CaseStatus; 5] =
        [CaseStatus::Open, CaseStatus::Won, CaseStatus::PartlyWon, CaseStatus::Lost, CaseStatus::Unknown];

    /// The word in JSON, CSV and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CaseStatus::Open => "open",
            CaseStatus::Won => "won",
            CaseStatus::PartlyWon => "partly_won",
            CaseStatus::Lost => "lost",
            CaseStatus::Unknown => "unknown",
        }
    }
}

impl std::str::FromStr for CaseStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        CaseStatus::ALL.into_iter().find(|status| status.word() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// The text names no status.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status; expected open, won, partly_won, lost or unknown")]
pub struct UnknownStatus(String);

/// By what the status is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusBasis {
    /// An object of the Dispute API.
    Amazon,
    /// A notification that the chargeback was received.
    Notification,
    /// The response deadline is still ahead, so nothing is decided.
    Deadline,
    /// Report rows alone.
    Reports,
}

impl StatusBasis {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            StatusBasis::Amazon => "amazon",
            StatusBasis::Notification => "notification",
            StatusBasis::Deadline => "deadline",
            StatusBasis::Reports => "reports",
        }
    }
}

/// How surely the capture of a case is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureLink {
    /// By its id or the merchant's reference of it.
    Exact,
    /// The only capture of the order.
    ByOrder,
    /// The order has several; none is chosen.
    Ambiguous,
    /// None is known.
    None,
}

impl CaptureLink {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CaptureLink::Exact => "exact",
            CaptureLink::ByOrder => "by_order",
            CaptureLink::Ambiguous => "ambiguous",
            CaptureLink::None => "none",
        }
    }
}

/// What a reader of a case must see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Refunded by the merchant and taken by the dispute: the buyer was paid twice.
    DoubleLoss,
    /// The merchant refunded after the dispute; the buyer may have been paid twice.
    RefundAfterDispute,
    /// Amazon declined the merchant's refund, perhaps because the buyer had been repaid already.
    RefundDeclined,
    /// The dispute is in another currency than the capture.
    CurrencyDiffers,
    /// The notified amount is another one than the amount debited.
    AmountDiffers,
    /// More was debited than was captured.
    AboveCapture,
    /// The debit was posted before the capture's settlement was closed.
    DisputedBeforeSettled,
    /// The debit stands before the capture, or no capture is known.
    CaptureUnknown,
    /// The order has several captures.
    CaptureAmbiguous,
    /// Known from a notification, the Dispute API or a refund report; no settlement row yet.
    NoRowsYet,
    /// Its row has no order reference.
    Unlinked,
    /// Its rows stand in more than one month.
    AcrossMonths,
    /// A notification of it had a signature that does not hold.
    BadSignature,
}

impl Flag {
    /// The word in JSON and CSV, and the sentence for people.
    const TABLE: [(Flag, &'static str, &'static str); 13] = [
        (Flag::DoubleLoss, "double_loss", "refunded by you and taken by the dispute: the buyer was paid twice"),
        (Flag::RefundAfterDispute, "refund_after_dispute", "you refunded after the dispute: possible double payment"),
        (
            Flag::RefundDeclined,
            "refund_declined",
            "Amazon declined your refund; the buyer may have been repaid already",
        ),
        (Flag::CurrencyDiffers, "currency_differs", "the dispute is in another currency than the capture"),
        (Flag::AmountDiffers, "amount_differs", "the notified amount differs from the amount debited"),
        (Flag::AboveCapture, "above_capture", "more was debited than was captured"),
        (Flag::DisputedBeforeSettled, "disputed_before_settled", "disputed before the capture was settled"),
        (Flag::CaptureUnknown, "capture_unknown", "the capture is not among the reports"),
        (Flag::CaptureAmbiguous, "capture_ambiguous", "the order has several captures; none was chosen"),
        (Flag::NoRowsYet, "no_rows_yet", "no settlement row yet"),
        (Flag::Unlinked, "unlinked", "its row has no order reference"),
        (Flag::AcrossMonths, "across_months", "its rows stand in more than one month"),
        (Flag::BadSignature, "bad_signature", "a notification's signature does not hold"),
    ];

    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The sentence for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }
}

/// A capture of the disputed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseCapture {
    /// Its id.
    pub capture_id: String,
    /// The merchant's reference.
    pub reference_id: String,
    /// What was captured.
    pub amount: Option<(Amount, Currency)>,
    /// When.
    pub at: Option<Instant>,
    /// The end of its settlement, where it stands in one.
    pub settled: Option<Instant>,
    /// Where it stands.
    pub place: Place,
}

/// A refund that the merchant made on the disputed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRefund {
    /// Its id.
    pub refund_id: String,
    /// What the buyer got, positive.
    pub amount: Option<(Amount, Currency)>,
    /// When.
    pub at: Option<Instant>,
    /// Where it stands.
    pub place: Place,
}

/// Sums of rows of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseFigures {
    /// Rows.
    pub rows: u64,
    /// Debited, positive.
    pub disputed: Sum,
    /// Credited, positive.
    pub recovered: Sum,
    /// Fees, signed as printed.
    pub fees: Sum,
    /// Σ net.
    pub net: Sum,
    /// Σ net of `Dispute` rows among them: a fee or a hold, it is not known which.
    pub dispute_rows: Sum,
}

impl CaseFigures {
    /// The sums of some rows.
    #[must_use]
    pub fn of<'a>(rows: impl Iterator<Item = &'a CaseRow>) -> Self {
        let mut figures = CaseFigures::default();
        for row in rows {
            figures.rows += 1;
            let amount = Sum::from(row.amount);
            if row.amount < Amount::ZERO {
                figures.disputed += -amount;
            } else {
                figures.recovered += amount;
            }
            figures.fees += row.fee;
            figures.net += row.net;
            if row.kind == RowKind::Dispute {
                figures.dispute_rows += row.net;
            }
        }
        figures
    }

    /// Adds others.
    pub fn merge(&mut self, other: &CaseFigures) {
        self.rows += other.rows;
        self.disputed += other.disputed;
        self.recovered += other.recovered;
        self.fees += other.fees;
        self.net += other.net;
        self.dispute_rows += other.dispute_rows;
    }
}

/// One dispute.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its id here: the same in every run over the same facts, and usable as a folder name.
    pub id: String,
    /// The account.
    pub account: AccountName,
    /// The currency; a notification of the second generation tells none.
    pub currency: Option<Currency>,
    /// `chargeback`, `a_to_z_claim`, or `dispute` where no row says more.
    pub kind: RowKind,
    /// The order; empty where its row has none.
    pub order_reference_id: String,
    /// The merchant's order number.
    pub seller_order_id: String,
    /// The store.
    pub store_name: String,
    /// Its rows in the order of time.
    pub rows: Vec<CaseRow>,
    /// Captures of its order.
    pub captures: Vec<CaseCapture>,
    /// How surely the capture is known.
    pub link: CaptureLink,
    /// Refunds by the merchant on the order.
    pub refunds: Vec<CaseRefund>,
    /// Refunds that Amazon made or declined on the order, from refund reports.
    pub refund_records: Vec<RefundRecord>,
    /// Notifications, in the order of time.
    pub notices: Vec<Notice>,
    /// Objects of the Dispute API, one for each of its disputes, each in its latest state.
    pub objects: Vec<ObjectFact>,
    /// When it became known: the earliest of notification, object and row.
    pub opened: Option<Instant>,
    /// When the first money was taken.
    pub debited: Option<Instant>,
    /// What the buyer claims, per notification, object or refund report.
    pub claimed: Option<(Amount, Currency)>,
    /// Why, as a notification or the Dispute API words it.
    pub reason: Option<String>,
    /// How it stands.
    pub status: CaseStatus,
    /// By what that is known.
    pub status_basis: StatusBasis,
    /// How it stands by its rows alone, where it has any.
    pub status_by_rows: Option<CaseStatus>,
    /// Until when the merchant can respond.
    pub deadline: Option<Deadline>,
    /// Whether it is known to have been contested: a `Dispute` row, evidence given, or money won back.
    pub contested: bool,
    /// What a reader must see.
    pub flags: Vec<Flag>,
}

impl Case {
    /// The sums of all its rows.
    #[must_use]
    pub fn figures(&self) -> CaseFigures {
        CaseFigures::of(self.rows.iter())
    }

    /// The capture that is disputed, unless several could be.
    #[must_use]
    pub fn capture(&self) -> Option<&CaseCapture> {
        match self.link {
            CaptureLink::Exact | CaptureLink::ByOrder => self.captures.first(),
            CaptureLink::Ambiguous | CaptureLink::None => None,
        }
    }

    /// What may still be lost of an open case: what the dispute has taken and not given back; before it took
    /// anything, what is claimed.
    #[must_use]
    pub fn exposure(&self) -> Sum {
        if self.status != CaseStatus::Open {
            return Sum::ZERO;
        }
        let taken = self.rows.iter().any(|row| row.kind != RowKind::Dispute && row.amount < Amount::ZERO);
        let same = |claimed: &(Amount, Currency)| Some(claimed.1) == self.currency;
        match self.claimed.filter(same) {
            Some((claimed, _)) if !taken => Sum::from(claimed),
            _ => {
                let figures = self.figures();
                (figures.disputed - figures.recovered).max(Sum::ZERO)
            }
        }
    }

    /// The instant to which its month belongs: its first debit, else when it became known.
    #[must_use]
    pub fn dated(&self) -> Option<Instant> {
        self.debited.or(self.opened)
    }

    /// Ids of its disputes, as notifications, objects and rows name them.
    #[must_use]
    pub fn dispute_ids(&self) -> Vec<&str> {
        let notices = self.notices.iter().map(|notice| notice.read.chargeback_id.as_str());
        let objects = self.objects.iter().map(|object| object.read.dispute_id.as_str());
        let mut ids: Vec<&str> = notices.chain(objects).filter(|id| !id.is_empty()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
