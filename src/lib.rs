//! Reads Amazon Pay settlement reports, proves every cent of a month, exports what accountants import.
//!
//! The floors, lowest first: [`domain`], [`config`], [`archive`], [`parse`], [`ledger`], [`reconcile`]
//! and [`disputes`], [`report`], [`export`], [`cli`]. A file imports only from lower floors. Beside them
//! stands [`schedule`], which knows when a run is due and not what it does, and [`rehearsal`], the invented
//! merchant, which shares nothing but [`domain`].

pub mod archive;
pub mod cli;
pub mod config;
pub mod disputes;
pub mod domain;
pub mod export;
pub mod fetch;
pub mod ledger;
pub mod net;
pub mod notify;
pub mod parse;
pub mod reconcile;
pub mod rehearsal;
pub mod report;
pub mod schedule;
