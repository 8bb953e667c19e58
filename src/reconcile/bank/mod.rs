//! Bank statements of every format, as one list of lines.
//!
//! What a file is, is decided by its content. A statement is taken whole or refused whole. Tolerant
//! where real banks are, strict on amounts and balances: what does not foot is a finding with its
//! difference, never a refusal and never a correction.

mod aeb43;
mod camt;
mod cfonb;
mod coverage;
mod csv;
mod csv_cells;
mod csv_presets;
mod fault;
mod ledger;
mod mt940;
mod mt940_details;
mod ofx;
mod read;
mod statement;

pub use coverage::{AccountCoverage, Coverage, Reach};
pub use fault::{BankError, BankFault};
pub use ledger::{BankFinding, BankLedger, LedgerLine};
pub use read::{BankFile, BankReader, read_bank_file};
pub use statement::{Balance, BankEntry, BankFormat, BankStatement, EntryStatus, Extent, Footing, Reversal};
