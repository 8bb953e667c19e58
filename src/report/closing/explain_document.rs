//! `settle.explain/1`: the rows behind a figure, or all figures there are.

use serde::Serialize;
use serde_json::Value;

use super::figures::Figure;
use crate::domain::{Currency, DocumentId, SettlementId};

/// Every figure of a statement.
#[derive(Clone, Debug, Serialize)]
pub struct FigureList {
    /// `settle.explain/1`.
    pub schema: &'static str,
    /// The month.
    pub month: String,
    /// The figures, by their paths.
    pub figures: Vec<Figure>,
}

/// Whether the rows behind every figure add up to it.
#[derive(Clone, Debug, Serialize)]
pub struct FigureCheck {
    /// `settle.explain/1`.
    pub schema: &'static str,
    /// The month.
    pub month: String,
    /// Figures that are sums of rows.
    pub sums: u64,
    /// Rows and documents that were added.
    pub rows: u64,
    /// Figures that are not the sum of what stands behind them.
    pub differ: Vec<Explanation>,
}

/// What makes up one figure.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// `settle.explain/1`.
    pub schema: &'static str,
    /// The month.
    pub month: String,
    /// The path.
    pub path: String,
    /// The figure as the statement has it.
    pub value: Value,
    /// The currency of its amounts; absent for a count.
    pub currency: Option<Currency>,
    /// The column of the files that it adds; absent where it is no sum of rows.
    pub column: Option<&'static str>,
    /// The sum of what follows; absent where it is no sum of rows.
    pub sum: Option<String>,
    /// Whether figure and sum are the same; absent where it is no sum of rows.
    pub agrees: Option<bool>,
    /// What makes it up, in the order of time.
    pub parts: Vec<ExplainedPart>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// One line of an explanation.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedPart {
    /// `row`, `document` for all movements of a document, `configured` for a stated balance.
    pub part: &'static str,
    /// The settlement.
    pub settlement_id: Option<SettlementId>,
    /// The file.
    pub file: Option<String>,
    /// The SHA-256 of the file.
    pub sha256: Option<DocumentId>,
    /// The line in it.
    pub line: Option<u64>,
    /// The SHA-256 of the row's own bytes, its line end included; absent where the file has no lines of bytes.
    pub row_sha256: Option<DocumentId>,
    /// When it was posted.
    pub posted: Option<String>,
    /// The kind.
    pub kind: Option<&'static str>,
    /// `TransactionType` as printed.
    #[serde(rename = "type")]
    pub word: Option<String>,
    /// `AmazonTransactionId`.
    pub transaction_id: Option<String>,
    /// `AmazonOrderReferenceId`.
    pub order_reference_id: Option<String>,
    /// Rows that a document's total stands for.
    pub rows: Option<u64>,
    /// What it adds.
    pub value: String,
    /// The sum so far.
    pub running: String,
}
