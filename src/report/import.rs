//! `settle.import/1`, what became of each file (contract §6).

use serde::Serialize;

use super::problem::Problem;
use crate::domain::{DocumentId, SettlementId};

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct ImportDocument {
    /// `settle.import/1`.
    pub schema: &'static str,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// One for each file, in the order of the paths.
    pub files: Vec<ImportedFile>,
    /// What is worth saying about files that were taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// It is new and in the archive; with `--dry-run`, it would be.
    Imported,
    /// The same bytes are in the archive already.
    AlreadyKnown,
    /// The archive has the same settlement with other bytes, and somebody decided that this file counts.
    Replaces,
    /// The archive has the same settlement with other bytes; both are kept.
    Conflict,
    /// It was not taken.
    Rejected,
}

impl ImportState {
    /// The word in JSON and in the text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ImportState::Imported => "imported",
            ImportState::AlreadyKnown => "already_known",
            ImportState::Replaces => "replaces",
            ImportState::Conflict => "conflict",
            ImportState::Rejected => "rejected",
        }
    }
}

/// One file.
#[derive(Clone, Debug, Serialize)]
pub struct ImportedFile {
    /// The file as the user named it.
    pub file: String,
    /// Its hash, where its bytes could be read to their end.
    pub sha256: Option<DocumentId>,
    /// What it is.
    pub kind: &'static str,
    /// What became of it.
    pub state: ImportState,
    /// The settlement, where it is one.
    pub settlement_id: Option<SettlementId>,
    /// Rows.
    pub rows: u64,
    /// Why, where there is something to say.
    pub message: Option<String>,
    /// Something to type or a place to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
