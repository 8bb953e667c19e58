//! `settle.close/1` and `settle.reopen/1`: what became of a month that was to be closed or opened again.

use serde::Serialize;

use super::findings::{Accepted, Finding};
use super::manifest::LeftOut;
use crate::domain::DocumentId;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseState {
    /// It is closed now.
    Closed,
    /// It was closed before.
    AlreadyClosed,
    /// Something stands against it.
    Refused,
}

/// `settle.close/1`.
#[derive(Clone, Debug, Serialize)]
pub struct CloseDocument {
    /// `settle.close/1`.
    pub schema: &'static str,
    /// The month.
    pub month: String,
    /// What became of it.
    pub state: CloseState,
    /// When it was closed.
    pub closed: Option<String>,
    /// The SHA-256 of the pack: its seal.
    pub seal: Option<DocumentId>,
    /// Where the pack lies.
    pub pack: Option<String>,
    /// Where it was copied to.
    pub copied_to: Option<String>,
    /// Whether a pack made again was the sealed one; absent where none was made.
    pub same_again: Option<bool>,
    /// The number of the event.
    pub event: Option<u64>,
    /// The seal of the close that this one takes the place of.
    pub replaces: Option<DocumentId>,
    /// Documents that the figures rest on.
    pub documents: Option<u64>,
    /// What stands against it.
    pub findings: Vec<Finding>,
    /// What was accepted all the same.
    pub accepted: Vec<Accepted>,
    /// What the pack does not hold.
    pub left_out: Vec<LeftOut>,
}

/// `settle.reopen/1`.
#[derive(Clone, Debug, Serialize)]
pub struct ReopenDocument {
    /// `settle.reopen/1`.
    pub schema: &'static str,
    /// Every month that was opened, the last one first.
    pub reopened: Vec<ReopenedMonth>,
    /// What the person said.
    pub reason: String,
}

/// One month that was opened again.
#[derive(Clone, Debug, Serialize)]
pub struct ReopenedMonth {
    /// The month.
    pub month: String,
    /// The seal of the pack, which stays where it is.
    pub seal: DocumentId,
    /// The number of the event.
    pub event: u64,
}
