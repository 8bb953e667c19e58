//! The command lines of closing: `close`, `reopen`, `explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::domain::Month;
use crate::export::CsvDialect;
use crate::report::closing::RawBytes;

#[derive(Debug, Args)]
pub(super) struct CloseArgs {
    /// The month, YYYY-MM
    #[arg(value_name = "YYYY-MM")]
    pub(super) month: Month,
    /// Bank statements, against which the month's payouts must tie; sealed into the pack
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) bank: Vec<PathBuf>,
    /// Order lists of the shop, CSV; NAME=FILE where a mapping or preset is to be named; sealed into the pack
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) orders: Vec<PathBuf>,
    /// Disbursement lists of Amazon that are not in the archive, JSON; sealed into the pack
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) disbursements: Vec<PathBuf>,
    /// Close although findings of this code stand against it; can be given more than once
    #[arg(long, value_name = "CODE", requires = "reason")]
    pub(super) accept: Vec<String>,
    /// Why they are accepted; sealed into the pack
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub(super) reason: Option<String>,
    /// Whether the pack holds the documents themselves or only their hashes
    #[arg(long, value_name = "WHICH", default_value = "all")]
    pub(super) raw: Raw,
}

/// What of the documents goes into a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Raw {
    /// Their bytes: the pack alone proves every figure
    All,
    /// Their hashes: the pack is small and holds no personal data; `verify --from` supplies the files
    None,
}

impl From<Raw> for RawBytes {
    fn from(raw: Raw) -> Self {
        match raw {
            Raw::All => RawBytes::All,
            Raw::None => RawBytes::None,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ReopenArgs {
    /// The month, YYYY-MM
    #[arg(value_name = "YYYY-MM")]
    pub(super) month: Month,
    /// Why; kept in the log of events
    #[arg(long, value_name = "TEXT", required = true)]
    pub(super) reason: String,
    /// Also open the closed months after it, which rest on it
    #[arg(long)]
    pub(super) and_later: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A figure by its path, e.g. accounts.shop-fr.EUR.movements.refund.net; without one, all paths are listed
    #[arg(value_name = "PATH")]
    pub(super) path: Option<String>,
    /// The month, YYYY-MM; a pack has its own
    #[arg(long, value_name = "YYYY-MM", required_unless_present = "pack", conflicts_with = "pack")]
    pub(super) month: Option<Month>,
    /// A figure of a sealed pack, from the documents in it
    #[arg(long, value_name = "FILE")]
    pub(super) pack: Option<PathBuf>,
    /// Read these files or folders directly: no archive, no configuration
    #[arg(long, num_args = 1.., value_name = "PATH", conflicts_with = "pack")]
    pub(super) from: Vec<PathBuf>,
    /// For a balance: every row since the beginning instead of a total for each earlier document
    #[arg(long)]
    pub(super) rows: bool,
    /// Add the rows behind every figure up and tell which do not agree
    #[arg(long, conflicts_with_all = ["path", "rows"])]
    pub(super) check: bool,
    /// The form of CSV: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
}
