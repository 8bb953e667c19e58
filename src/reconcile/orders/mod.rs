//! Captures and refunds against the orders of the shop: money without an order, orders without money.
//!
//! Reads the order lists of shops (CSV, by mapping), keeps the rows of the months concerned, finds the
//! order of every row by a ladder of keys, and says what became of each order. Amount and date alone
//! only suggest. The result does not depend on the order of files and rows.

mod amount;
mod book;
mod date;
mod entries;
mod invoices;
mod keys;
mod ladder;
mod mapping;
mod parallel;
mod payments;
mod piece;
mod read;
mod room;
mod states;
mod status;
mod suggest;
mod table;
mod tally;
#[cfg(test)]
mod testing;

pub use amount::DecimalMark;
pub use book::{OrderBook, OrderConflict};
pub use entries::{EntryRow, Finding, FindingKind, OrderEntry, OrderState};
pub use invoices::InvoiceLookup;
pub use ladder::Rung;
pub use mapping::OrderMapping;
pub use payments::{PaymentFilter, PaymentPiece, PaymentSink, Payments, SandboxRows};
pub use read::{OrderFile, OrderFileCount, OrderReading, Window, read_orders};
pub use states::{Listing, OrderAsk, OrderCoverage, OrderReconciliation, RowCoverage, StateTotal, reconcile_orders};
pub use status::OrderStatus;
