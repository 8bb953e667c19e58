//! The French FEC: writing an extract, and checking any by the rules of the tax office's tester.

mod cells;
mod check;
mod findings;
mod write;

pub use check::check_fec;
pub use findings::{FecReport, Finding, FindingLevel, RuleFindings, fec_text};
pub(super) use write::Fec;
