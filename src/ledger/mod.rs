//! Floor 4: rows ↔ totals, rows ↔ frames.
//!
//! A [`Digest`] is what a statement needs of one settlement document: totals by kind and currency,
//! payouts, dispute cases, row checks. It is made by the same code from the rows of a file and from
//! our own Parquet, so both give the same figures. Frames hold money as decimals of one fixed scale,
//! entered and left as exact integers. Depends on the floors below and on polars.

mod compare;
mod dataset;
mod digest;
mod fold;
mod frames;
mod ingest;
mod read;
mod records;
mod scan;
mod transactions;
mod walk;

pub use compare::{Comparison, Difference, compare_document};
pub use dataset::{DatasetWriter, LedgerError, Seal, dataset_path};
pub use digest::{Bucket, CaseTally, Cut, Digest, FailedRow, IdCount, OutsideRow, Part, PayoutRow, RowCheck, Tally};
pub use fold::DigestSink;
pub use frames::{Known, MONEY_COLUMNS, MONEY_PRECISION, RowColumns, settlement_schema};
pub use ingest::{Derived, Given, Ingest, IngestError, READER_VERSION, Remembered, Staged, newest_instant};
pub use read::{CutOf, DigestReceiver, FormatRow, FormattedRows, MakePiece, PieceReceiver, RowPrinter};
pub use records::records_frame;
pub use scan::{scan_digest, scan_rows};
pub use transactions::{RowPlace, TransactionsWriter};
pub use walk::{Delivery, RowBatch, RowVisitor, RowWalk, WantedRow};
