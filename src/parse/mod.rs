//! Floor 3: bytes → rows.
//!
//! What a file is, is decided by its content, never by its name. A file is read whole or refused
//! whole, with its line, its column and what was expected. Amounts and instants are read exactly;
//! unknown words, columns and keys are kept. Nothing here knows a frame, a period or a socket.

mod amount;
mod cells;
mod chunks;
mod disbursements;
mod dispute;
mod document;
mod fault;
mod foreign;
mod identify;
mod input;
mod json;
mod notification;
mod passage;
mod pieces;
mod privacy;
mod redact;
mod settlement;
mod table;
mod text;
mod timestamp;
mod transactions;

pub use amount::{AmountFault, ParsedAmount, parse_amount};
pub use cells::trimmed;
pub use disbursements::Disbursement;
pub use dispute::DisputeObject;
pub use document::{Content, Document, ReadOptions, Receiver, Records, Refused, Skim, read_document};
pub use fault::{Fault, MappedColumn, ReadError, Warning};
pub(crate) use fault::{Quoted, Shortened, shown_columns};
pub use foreign::{CellReason, ForeignHeader, ForeignRow, ForeignSink, ForeignTable, MakeSink, read_foreign};
pub use identify::DocumentKind;
pub use input::{FOLDER_SKIP_MARKER, Gathered, Input, gather, gather_stream};
pub use notification::{ChargebackNotification, Envelope};
pub use passage::{Copy, Watch};
pub use privacy::{Privacy, is_personal};
pub use redact::{REDACT_BYTES_MAX, Redacted, ReportRow, each_row, redact, report_text};
pub use settlement::{RowSink, SettlementHead, SettlementRow};
pub use timestamp::{TimestampFault, parse_timestamp};
pub use transactions::{TransactionRecord, latest_states};
