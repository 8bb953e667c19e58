//! `settle.report/1`, the month statement (contract §6). Field names are exact.

use serde::Serialize;

use super::prior_period::PriorPeriod;
use super::problem::{Problem, Severity};
use crate::domain::{AccountName, Currency, DocumentId, ExitCode, Money, SettlementId};
use crate::reconcile::payouts::PayoutState;

/// The whole statement.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    /// `settle.report/1`.
    pub schema: &'static str,
    /// The period.
    pub period: PeriodRange,
    /// The close that seals the period; absent where it is open, and in a sealed pack, which knows no clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedMonth>,
    /// Whether the period is fully covered by known settlements.
    pub status: Status,
    /// What is covered in every account; absent where nothing is known.
    pub coverage: Option<CoverageRange>,
    /// One for each account and currency, by name.
    pub accounts: Vec<Account>,
    /// Dispute totals by account, currency and kind.
    pub disputes: Vec<DisputeSummary>,
    /// The eight checks.
    pub checks: Vec<CheckResult>,
    /// Everything else that a reader must know.
    pub problems: Vec<Problem>,
    /// The files behind the figures.
    pub sources: Vec<Source>,
}

/// A half-open range of instants, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeriodRange {
    /// `YYYY-MM`, where it is a month.
    pub month: Option<String>,
    /// First instant; absent for a settlement that nothing is known of.
    pub from: Option<String>,
    /// End, exclusive.
    pub until: Option<String>,
    /// IANA zone whose midnights bound it.
    pub timezone: String,
    /// `posted`, `settlement` or `payout`.
    pub basis: String,
    /// The one settlement that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_id: Option<SettlementId>,
}

/// The close that seals a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosedMonth {
    /// The month that was closed: the period's, or a later one.
    pub month: String,
    /// When, in the zone of the period.
    pub closed_at: String,
    /// The hash of the sealed pack.
    pub pack_sha256: DocumentId,
}

/// Whether the period is fully known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Covered without a hole.
    Complete,
    /// Not fully covered.
    Incomplete,
}

/// From when to when settlements are known, within the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageRange {
    /// First covered instant.
    pub from: String,
    /// End of what is covered.
    pub until: String,
}

/// One account in one currency.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Its configured name, else its merchant id.
    pub account: AccountName,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// The account's own period, where its zone differs from the statement's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodRange>,
    /// Whether its period is fully known.
    pub status: Status,
    /// What is known of its period.
    pub coverage: CoverageRange,
    /// Balance at the first instant.
    pub opening_balance: Money,
    /// `history`, `first_settlement` or `configured`.
    pub opening_basis: &'static str,
    /// Balance at the end: opening plus the movements' net.
    pub closing_balance: Money,
    /// From the closed month before to the opening balance; absent where no close is before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_period: Option<PriorPeriod>,
    /// Money set aside at both ends.
    pub reserve: ReserveLine,
    /// Sums by kind.
    pub movements: Vec<Movement>,
    /// Σ opened − closed where the chain breaks.
    pub unexplained: Money,
    /// Settlements that touch the period.
    pub settlements: Vec<SettlementLine>,
    /// Payouts in the period.
    pub payouts: Vec<PayoutLine>,
    /// Rows of unknown types.
    pub unknown: Vec<UnknownType>,
    /// Holes between known settlements.
    pub gaps: Vec<GapRange>,
}

/// Money set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReserveLine {
    /// At the first instant.
    pub opening: Money,
    /// At the end.
    pub closing: Money,
}

/// The rows of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// The kind.
    pub kind: &'static str,
    /// Rows.
    pub count: u64,
    /// Σ gross.
    pub amount: Money,
    /// Σ percentage fees.
    pub percentage_fee: Money,
    /// Σ fixed fees.
    pub fixed_fee: Money,
    /// Σ fees.
    pub fee: Money,
    /// Σ net.
    pub net: Money,
}

/// One settlement. `rows`, `net` and `transfers` are of the whole document, the others of its rows in
/// the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettlementLine {
    /// Its id; a document without rows has none.
    pub settlement_id: Option<SettlementId>,
    /// First instant.
    pub start: String,
    /// Last instant.
    pub end: String,
    /// Rows.
    pub rows: u64,
    /// Σ net.
    pub net: Money,
    /// Σ net of its transfer rows.
    pub transfers: Money,
    /// Rows in the period.
    pub rows_in_period: u64,
    /// Σ net of its rows in the period.
    pub net_in_period: Money,
    /// The file.
    pub source: String,
}

/// One payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutLine {
    /// The settlement whose row it is.
    pub settlement_id: Option<SettlementId>,
    /// When it was posted.
    pub posted: String,
    /// What the merchant receives; negative where Amazon collects.
    pub amount: Money,
    /// The text that the bank prints, where a disbursement list gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What became of it at the bank, where `settle reconcile` found out and nothing has changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconciled: Option<PayoutArrival>,
    /// The file.
    pub source: String,
    /// The line in it.
    pub line: u64,
}

/// What is remembered of a payout's arrival.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutArrival {
    /// The state.
    pub state: PayoutState,
    /// By which rule.
    pub rule: Option<String>,
    /// The day of booking.
    pub booked_on: Option<String>,
    /// The account at the bank.
    pub bank_account: Option<String>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// The bank file, as it was named then.
    pub bank_file: Option<String>,
    /// Its hash.
    pub bank_sha256: Option<DocumentId>,
}

/// Rows of a type that settle does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownType {
    /// The word as printed.
    #[serde(rename = "type")]
    pub word: String,
    /// Rows.
    pub count: u64,
    /// Σ net.
    pub net: Money,
}

/// A hole between two settlements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapRange {
    /// End of the settlement before.
    pub from: String,
    /// Start of the settlement after.
    pub until: String,
    /// The settlement before.
    pub after_settlement: Option<SettlementId>,
    /// The settlement after.
    pub before_settlement: Option<SettlementId>,
}

/// Dispute totals of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DisputeSummary {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// `chargeback`, `a_to_z_claim` or `dispute`.
    pub kind: &'static str,
    /// Cases with a row in the period.
    pub cases: u64,
    /// Debited, positive.
    pub disputed: Money,
    /// Credited, positive.
    pub recovered: Money,
    /// Fees, signed.
    pub fees: Money,
    /// Σ net.
    pub net: Money,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// Its name.
    pub check: &'static str,
    /// Rows, files or pairs that pass.
    pub passed: u64,
    /// Failures in all; the list holds the first thousand of each file.
    pub failures: u64,
    /// Failures with their place.
    pub failed: Vec<FailedCheck>,
    /// What it proves, for people.
    #[serde(skip)]
    pub sentence: &'static str,
}

/// One failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedCheck {
    /// The file.
    pub file: String,
    /// The line, where one line is to blame.
    pub line: Option<u64>,
    /// What the file says.
    pub stated: String,
    /// What it should say.
    pub computed: String,
    /// Stated minus computed, where both are amounts.
    pub difference: Option<Money>,
}

/// One file behind the figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The file as the user named it.
    pub file: String,
    /// Its hash; absent where its bytes could not be read to their end.
    pub sha256: Option<DocumentId>,
    /// What it is.
    pub kind: &'static str,
    /// Rows that were read; 0 for a refused file.
    pub rows: u64,
    /// Objects after folding states, for transaction reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
}

impl Status {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Status::Complete => "complete",
            Status::Incomplete => "incomplete",
        }
    }
}

impl PeriodRange {
    /// `from A until B`, where the bounds are known.
    #[must_use]
    pub fn bounds(&self) -> Option<String> {
        Some(format!("from {} until {}", self.from.as_ref()?, self.until.as_ref()?))
    }
}

impl Statement {
    /// The exit code that the figures deserve: 5 where something does not tie or was not read.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let failed = self.checks.iter().any(|check| check.failures > 0);
        let gaps = self.accounts.iter().any(|account| !account.gaps.is_empty());
        let errors = self.problems.iter().any(|problem| problem.severity == Severity::Error);
        if failed || gaps || errors { ExitCode::DoesNotTie } else { ExitCode::Done }
    }
}
