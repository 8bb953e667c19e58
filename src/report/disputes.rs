//! `settle.disputes/1`, case by case (contract §6). Field names are exact.
//!
//! Amounts of a case, and of every total over cases, are those of its rows in the period; `whole` has those of
//! its whole life. So the totals of a month agree with the month statement to the cent.

use serde::Serialize;

use super::problem::{Problem, Severity};
use super::statement::{PeriodRange, Source};
use crate::domain::{AccountName, Currency, DocumentId, ExitCode, Money, SettlementId};

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct DisputeDocument {
    /// `settle.disputes/1`.
    pub schema: &'static str,
    /// The period, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodRange>,
    /// The instant to which days left and open cases refer.
    pub as_of: String,
    /// The cases, by account and time.
    pub cases: Vec<CaseLine>,
    /// Totals of those cases by currency.
    pub totals: Vec<TotalLine>,
    /// What to look at among those cases, by currency.
    pub attention: Vec<AttentionLine>,
    /// By what `groups` are grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Totals of those cases by currency and kind, reason or month.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupLine>,
    /// Open cases among them by their age.
    pub ages: Vec<AgeLine>,
    /// Every month with movement of all known cases, by account, currency and kind.
    pub months: Vec<MonthTotals>,
    /// The last twelve months of all known cases, by currency.
    pub trend: Vec<TrendLine>,
    /// What is held back against disputes, where reserve rows say so.
    pub reserves: Vec<ReserveHeld>,
    /// Every dispute row is in one case: both sides of the proof.
    pub checks: Vec<PartitionCheck>,
    /// Limits against which Amazon holds a merchant, and where they are published.
    pub thresholds: Vec<Threshold>,
    /// What no source tells.
    pub notes: Vec<&'static str>,
    /// Everything else that a reader must know.
    pub problems: Vec<Problem>,
    /// The files behind the figures.
    pub sources: Vec<Source>,
}

/// Sums of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Debited, positive.
    pub disputed: Money,
    /// Credited, positive.
    pub recovered: Money,
    /// Fees, signed.
    pub fees: Money,
    /// Σ net.
    pub net: Money,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseLine {
    /// The same in every run.
    pub case_id: String,
    /// `chargeback`, `a_to_z_claim` or `dispute`.
    pub kind: &'static str,
    /// `TransactionType` of its rows as printed.
    pub types: Vec<String>,
    /// The account.
    pub account: AccountName,
    /// The currency; absent where no source tells it.
    pub currency: Option<Currency>,
    /// The order.
    pub order_reference_id: Option<String>,
    /// The merchant's order number.
    pub seller_order_id: Option<String>,
    /// The store.
    pub store_name: Option<String>,
    /// The capture, unless several could be meant.
    pub capture_id: Option<String>,
    /// `exact`, `by_order`, `ambiguous` or `none`.
    pub capture_link: &'static str,
    /// When it was captured.
    pub captured_at: Option<String>,
    /// What was captured.
    pub captured: Option<Money>,
    /// Its currency.
    pub captured_currency: Option<Currency>,
    /// The file in which the capture stands.
    pub captured_file: Option<String>,
    /// Its line there.
    pub captured_line: Option<u64>,
    /// Days from the capture to the first debit.
    pub days_to_debit: Option<i64>,
    /// When the case became known.
    pub opened_at: Option<String>,
    /// When the merchant was told.
    pub notified_at: Option<String>,
    /// When the first money was taken.
    pub debited_at: Option<String>,
    /// What the buyer claims, by a notification, the Dispute API or a refund report.
    pub claimed: Option<Money>,
    /// Debited, positive.
    pub disputed: Option<Money>,
    /// Fees, signed.
    pub fees: Option<Money>,
    /// Credited, positive.
    pub recovered: Option<Money>,
    /// Σ net.
    pub net: Option<Money>,
    /// Σ net of its `Dispute` rows: a fee or a hold, it is not known which.
    pub dispute_rows: Option<Money>,
    /// The sums over its whole life, where a period was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<Amounts>,
    /// `open`, `won`, `partly_won`, `lost` or `unknown`.
    pub status: &'static str,
    /// `amazon`, `notification`, `deadline` or `reports`.
    pub status_basis: &'static str,
    /// What its rows alone would say.
    pub status_by_rows: Option<&'static str>,
    /// What may still be lost.
    pub exposure: Option<Money>,
    /// Whether it is known to have been contested.
    pub contested: bool,
    /// Until when the merchant can respond.
    pub respond_by: Option<String>,
    /// `amazon` or `estimated`.
    pub respond_by_basis: Option<&'static str>,
    /// Calendar days left in the account's zone; negative when past.
    pub days_left: Option<i64>,
    /// The reason as Amazon words it.
    pub reason: Option<String>,
    /// State and resolution as the Dispute API words them.
    pub amazon_state: Option<String>,
    /// Settlements of its rows.
    pub settlement_ids: Vec<SettlementId>,
    /// Ids of the dispute as notifications and the Dispute API name it.
    pub dispute_ids: Vec<String>,
    /// Its rows.
    pub rows: Vec<RowLine>,
    /// Refunds by the merchant on the order.
    pub refunds: Vec<RefundLine>,
    /// What a reader must see.
    pub flags: Vec<&'static str>,
    /// The same for people.
    #[serde(skip)]
    pub flag_sentences: Vec<&'static str>,
    /// Files that tell of it besides its rows.
    pub documents: Vec<String>,
    /// Refunds by Amazon, or declined, of refund reports: file and line.
    #[serde(skip)]
    pub refund_places: Vec<(String, Option<u64>)>,
    /// What its reason asks for.
    pub evidence: Vec<EvidenceLine>,
    /// The deadline as the calendar file needs it, milliseconds since 1970 UTC.
    #[serde(skip)]
    pub respond_by_ms: Option<i64>,
}

/// One row of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowLine {
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
    /// The file's hash.
    pub sha256: DocumentId,
    /// When it was posted.
    pub posted: String,
    /// The settlement.
    pub settlement_id: SettlementId,
    /// `TransactionType` as printed.
    #[serde(rename = "type")]
    pub word: String,
    /// Its kind.
    pub kind: &'static str,
    /// `AmazonTransactionId`.
    pub transaction_id: Option<String>,
    /// Gross.
    pub amount: Money,
    /// Total fee.
    pub fee: Money,
    /// Net.
    pub net: Money,
    /// Whether it lies in the period.
    pub in_period: bool,
}

/// A refund by the merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefundLine {
    /// Its id.
    pub refund_id: String,
    /// When.
    pub at: Option<String>,
    /// What the buyer got.
    pub amount: Option<Money>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: Option<u64>,
}

/// A piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceLine {
    /// Amazon's `evidenceType`.
    pub evidence_type: &'static str,
    /// What to put there.
    pub what: &'static str,
}

/// Totals over cases.
#[derive(Clone, Debug, Serialize)]
pub struct TotalLine {
    /// The currency; absent for cases of which no source tells it.
    pub currency: Option<Currency>,
    /// Cases.
    pub cases: u64,
    /// Of them, those that began in the period.
    pub began: u64,
    /// Debited, positive.
    pub disputed: Option<Money>,
    /// Credited, positive.
    pub recovered: Option<Money>,
    /// Fees, signed.
    pub fees: Option<Money>,
    /// Σ net.
    pub net: Option<Money>,
    /// Open cases.
    pub open: u64,
    /// Won cases.
    pub won: u64,
    /// Partly won cases.
    pub partly_won: u64,
    /// Lost cases.
    pub lost: u64,
    /// Cases of unknown status.
    pub unknown: u64,
    /// What may still be lost in the open ones.
    pub open_exposure: Option<Money>,
    /// Decided cases that are known to have been contested.
    pub contested: u64,
    /// Won of them.
    pub win_rate: Option<String>,
    /// Recovered of the disputed.
    pub net_recovery_rate: Option<String>,
    /// Cases that began in the period against its captures.
    pub rate_by_count: Option<String>,
    /// The disputed of the period against its captures.
    pub rate_by_amount: Option<String>,
    /// Captures of the period. Those behind its disputes may be older.
    pub captures: u64,
    /// Σ of them.
    pub captured: Option<Money>,
}

/// Totals of a group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupLine {
    /// The kind, reason or month; absent where no source tells.
    pub key: Option<String>,
    /// Its totals.
    #[serde(flatten)]
    pub totals: TotalLine,
}

/// What to look at among the cases of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttentionLine {
    /// The currency.
    pub currency: Option<Currency>,
    /// Undecided cases whose deadline lies in the next 14 days.
    pub due_in_14_days: u64,
    /// Cases whose row has no order reference.
    pub unlinked: u64,
    /// Cases in which the buyer may have been paid twice.
    pub double_losses: u64,
    /// Average days from capture to first debit.
    pub days_to_debit_average: Option<String>,
    /// Median days from capture to first debit.
    pub days_to_debit_median: Option<String>,
}

/// Open cases of one age.
#[derive(Clone, Debug, Serialize)]
pub struct AgeLine {
    /// Days since they became known, from.
    pub days_from: i64,
    /// Until and including; absent for the oldest.
    pub days_until: Option<i64>,
    /// The currency.
    pub currency: Option<Currency>,
    /// Cases.
    pub cases: u64,
    /// What may still be lost.
    pub open_exposure: Option<Money>,
}

/// One month of an account, currency and kind.
#[derive(Clone, Debug, Serialize)]
pub struct MonthTotals {
    /// `YYYY-MM` in the account's zone.
    pub month: String,
    /// The account.
    pub account: AccountName,
    /// The kind of the cases.
    pub kind: &'static str,
    /// Their totals; cases that began in another month are movements on earlier cases.
    #[serde(flatten)]
    pub totals: TotalLine,
}

/// One month of the trend.
#[derive(Clone, Debug, Serialize)]
pub struct TrendLine {
    /// `YYYY-MM`.
    pub month: String,
    /// All its cases.
    #[serde(flatten)]
    pub totals: TotalLine,
}

/// What the latest settlement holds back against disputes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReserveHeld {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// What is held.
    pub held: Money,
}

/// Both sides of the proof that every dispute row is in one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartitionCheck {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// Dispute rows among the settlements.
    pub rows: u64,
    /// Their Σ net.
    pub net: Money,
    /// Dispute rows in cases.
    pub rows_in_cases: u64,
    /// Their Σ net.
    pub net_in_cases: Money,
    /// Whether both agree.
    pub holds: bool,
}

/// A published limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Threshold {
    /// What is measured.
    pub measure: &'static str,
    /// The limit, a rate.
    pub limit: &'static str,
    /// What depends on it.
    pub meaning: &'static str,
    /// Where it is published.
    pub source: &'static str,
}

/// Limits of Amazon Pay. Card networks' own limits are in no source that is read here, so none is claimed.
pub const THRESHOLDS: [Threshold; 1] = [Threshold {
    measure: "order defect rate",
    limit: "0.01",
    meaning: "below it (with more than 100 orders and three months) the reserve is Tier II; chargebacks and A-to-z \
              claims count in it, beside what these reports do not show",
    source: "pay.amazon.co.uk/help/201212470",
}];

/// What no source tells.
pub const NOTES: [&str; 4] = [
    "Reports carry no deadline and no reason code.",
    "A status by reports alone can still change: no row says that a case is final.",
    "Rates compare with the captures of the same month; those behind its disputes may be older.",
    "An estimated deadline is the day of the notification plus the configured days; Amazon's own counts.",
];

impl DisputeDocument {
    /// The exit code that the figures deserve.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.checks.iter().any(|check| !check.holds) {
            return ExitCode::Defect;
        }
        let errors = self.problems.iter().any(|problem| problem.severity == Severity::Error);
        if errors { ExitCode::DoesNotTie } else { ExitCode::Done }
    }
}
