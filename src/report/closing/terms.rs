//! The terms of a close: everything besides the documents on which its figures rest.
//!
//! They stand in the pack and in the catalog, so that the month can be read again as it was, here or elsewhere.

use serde::{Deserialize, Serialize};

use super::findings::Accepted;
use super::manifest::{PackInput, RawBytes};
use crate::domain::{DocumentId, Month};
use crate::reconcile::Decisions;

/// The number of the form of [`Terms`].
pub const TERMS_SCHEMA: &str = "settle.terms/1";

/// How a month was read when it was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// [`TERMS_SCHEMA`].
    pub schema: String,
    /// The version of settle that closed the month.
    pub settle: String,
    /// The month.
    pub month: String,
    /// The settings that decide figures, as the text of a `settle.toml`: names, zones, basis, tolerance, openings,
    /// charts, tariffs, how bank files and order lists are read.
    pub settings: String,
    /// Whether the pack holds the documents or their hashes.
    pub raw: RawBytes,
    /// Conflicts that a person had decided by then.
    pub resolutions: Decisions,
    /// The close before, whose months are not told again but corrected.
    pub before: Option<ClosedBefore>,
    /// Files that were given to the close besides what the archive held.
    pub inputs: Vec<PackInput>,
    /// What did not tie and was accepted all the same.
    pub accepted: Vec<Accepted>,
}

/// The close before: what was known then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedBefore {
    /// Its month.
    pub month: String,
    /// The settings of then.
    pub settings: String,
    /// The decisions of then.
    pub resolutions: Decisions,
    /// The documents of then, by hash.
    pub documents: Vec<DocumentId>,
}

impl Terms {
    /// The month; `None` where the text is none.
    #[must_use]
    pub fn month(&self) -> Option<Month> {
        self.month.parse().ok()
    }

    /// Terms as the catalog keeps them.
    ///
    /// # Errors
    /// None that is known: every part of them is text.
    pub fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads what [`Terms::to_text`] wrote.
    ///
    /// # Errors
    /// Where the text is of another form.
    pub fn from_text(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}
