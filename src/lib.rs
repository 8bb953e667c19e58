//! Reads Amazon Pay settlement reports, proves every cent of a month, exports what accountants import.
//!
//! The floors, lowest first: [`domain`]. Beside them stands [`rehearsal`], the invented merchant.

pub mod domain;
pub mod rehearsal;
