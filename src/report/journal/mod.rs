//! One journal for all accounting exports: balanced entries, made from the rows of a period.
//!
//! A row becomes one entry: its net on the clearing account, its gross and each of its fees on the accounts
//! that the map names. Whatever does not add up within a row goes to the suspense account, so that every
//! entry balances and the clearing account moves as the statement says. No writer computes an amount.

mod book;
mod delta;
mod entry;
mod ledger;
mod summary;
mod vat;

pub use book::{Bookkeeper, InvoiceOf, OrderKey, WithoutPosting};
pub use delta::{Delta, DeltaBook, Turn};
pub use entry::{Entry, Posting};
pub use ledger::{Ledger, LedgerSettlement, ledger_of};
pub use summary::{Granularity, Summary, UnknownGranularity};
pub use vat::VatRule;
