//! `settle.verify/1` of a pack: what was looked at and what differs.

use serde::Serialize;

use super::figures::FigureDifference;
use super::findings::Finding;
use crate::domain::{DocumentId, ExitCode};

/// Something about a pack that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A stable word.
    pub code: &'static str,
    /// The entry, where it is about one.
    pub entry: Option<String>,
    /// The sentence for people.
    pub message: String,
}

/// `settle.verify/1` of a pack.
#[derive(Clone, Debug, Serialize)]
pub struct PackVerdict {
    /// `settle.verify/1`.
    pub schema: &'static str,
    /// `pack`.
    pub of: &'static str,
    /// The pack as it was named.
    pub pack: String,
    /// The SHA-256 of the pack: its seal.
    pub seal: DocumentId,
    /// The month.
    pub month: Option<String>,
    /// The version that closed it.
    pub settle: Option<String>,
    /// Whether everything is proven.
    pub proven: bool,
    /// Entries whose bytes are what the manifest says.
    pub entries: u64,
    /// Documents from which everything was made again.
    pub documents: u64,
    /// Figures that are the same when made again.
    pub figures: u64,
    /// Entries that are the same, byte by byte, when made again.
    pub files: u64,
    /// Whether the pack made again is the same, byte by byte; absent where another version sealed it.
    pub identical: Option<bool>,
    /// Whether the archive at hand recorded this seal for the month; absent where none is at hand.
    pub recorded: Option<bool>,
    /// What differs besides figures.
    pub differences: Vec<Difference>,
    /// Figures that differ.
    pub figures_differ: Vec<FigureDifference>,
    /// What does not tie and was not accepted.
    pub findings: Vec<Finding>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

impl PackVerdict {
    /// 5 where something differs.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.proven { ExitCode::Done } else { ExitCode::DoesNotTie }
    }
}
