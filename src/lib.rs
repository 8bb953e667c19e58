//! Reads Amazon Pay settlement reports, proves every cent of a month, exports what accountants import.
//!
//! The floors, lowest first: [`domain`], [`config`], [`archive`].

pub mod archive;
pub mod config;
pub mod domain;
