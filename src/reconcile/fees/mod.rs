//! The fees of settlement rows against the configured tariff, recomputed to the cent.
//!
//! Nothing is assumed: a row without a tariff for its country, currency and day, or of a kind whose fee is
//! not configured, is counted as not checked. Whether a charge was domestic or across borders stands in no
//! row, so one that fits either is right, and the tallies say which it fits.

mod audit;
mod rounding;

pub use audit::{FeeAuditor, FeeFindings, FeeFit, FeeSink, FeeSource, FeeTally, RowFault, UncheckedReason};
pub use rounding::percentage_rounded;
