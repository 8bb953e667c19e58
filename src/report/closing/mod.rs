//! Closing a month: what stands against it, on which terms it is read, what its pack says of itself, and the
//! paths of its figures.
//!
//! Plain data and pure functions: the same facts give the same bytes. Knows no archive, no clock and no zip.

mod close_document;
mod explain;
mod explain_document;
mod figures;
mod findings;
mod manifest;
mod terms;
mod verdict;

pub use close_document::{CloseDocument, CloseState, ReopenDocument, ReopenedMonth};
pub use explain::{Column, Depth, Plan, PlanPart, RowChoice, Sign, explain_plan};
pub use explain_document::{ExplainedPart, Explanation, FigureCheck, FigureList};
pub use figures::{Figure, FigureDifference, compare_figures, figures, nearest_paths};
pub use findings::{
    Accepted, Basis as FindingBasis, Finding, dispute_findings, reconciliation_findings, split_findings,
    statement_findings,
};
pub use manifest::{
    Entry, InputRole, LeftOut, MANIFEST, Manifest, PackDocument, PackInput, README, RawBytes, SCHEMA as PACK_SCHEMA,
    raw_entry, readme,
};
pub use terms::{ClosedBefore, TERMS_SCHEMA, Terms};
pub use verdict::{Difference, PackVerdict};
