//! Reads Amazon Pay settlement reports, proves every cent of a month, exports what accountants import.
//!
//! The floors, lowest first: [`domain`].

pub mod disputes;
pub mod domain;
pub mod ledger;
pub mod parse;
pub mod reconcile;
pub mod report;
