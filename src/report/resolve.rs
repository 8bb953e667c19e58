//! `settle.resolve/1`: settlements that are there more than once, which document counts, and who said so.

use serde::Serialize;

use crate::domain::{AccountName, Currency, DocumentId, ExitCode, Money, SettlementId};

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct ResolveDocument {
    /// `settle.resolve/1`.
    pub schema: &'static str,
    /// The settlement that was decided in this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<SettlementId>,
    /// By account and settlement.
    pub conflicts: Vec<ConflictLine>,
}

/// Whether somebody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConflictState {
    /// Nobody did; the rule decides, and the run ends with 5.
    Open,
    /// Somebody did.
    Decided,
}

/// A settlement that is there more than once.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictLine {
    /// The account.
    pub account: AccountName,
    /// The settlement.
    pub settlement_id: SettlementId,
    /// Whether somebody decided.
    pub state: ConflictState,
    /// By which rule the one counts that does.
    pub rule: &'static str,
    /// When it was decided, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_on: Option<String>,
    /// What was decided: `document`, `larger` or `newer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Closed months into which it reaches; they stay as they were closed.
    pub closed_months: Vec<String>,
    /// Its documents, the one that counts first.
    pub documents: Vec<RivalLine>,
}

/// One document of it.
#[derive(Clone, Debug, Serialize)]
pub struct RivalLine {
    /// The file.
    pub file: String,
    /// Its hash.
    pub sha256: DocumentId,
    /// Whether it counts.
    pub counts: bool,
    /// Rows.
    pub rows: u64,
    /// First instant.
    pub start: String,
    /// Last instant.
    pub end: String,
    /// Σ net of all its rows but reserve and carry-over, by currency.
    pub net: Vec<RivalNet>,
    /// When it was brought in, UTC.
    pub imported_at: Option<String>,
    /// When Amazon made it, UTC, where that is known.
    pub made_at: Option<String>,
    /// Rows that it has and the one that counts does not.
    pub rows_only_here: Option<u64>,
    /// Rows that the one that counts has and it does not.
    pub rows_lacking: Option<u64>,
}

/// A sum of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RivalNet {
    /// The currency.
    pub currency: Currency,
    /// The sum.
    pub net: Money,
}

impl ResolveDocument {
    /// 5 while a conflict is open.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let open = self.conflicts.iter().any(|conflict| conflict.state == ConflictState::Open);
        if open { ExitCode::DoesNotTie } else { ExitCode::Done }
    }
}
