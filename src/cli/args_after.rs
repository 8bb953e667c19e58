//! Arguments of the commands about what comes after a close.

use std::path::PathBuf;

use clap::Args;

use crate::domain::Month;
use crate::export::CsvDialect;

#[derive(Debug, Args)]
pub(super) struct ResolveArgs {
    /// The settlement that is there more than once; without it, every conflict is listed
    #[arg(value_name = "SETTLEMENT")]
    pub(super) settlement: Option<String>,
    /// The document that counts: a hash or the beginning of one, or a rule: larger, newer
    #[arg(long, value_name = "DOCUMENT", requires = "settlement")]
    pub(super) keep: Option<String>,
    /// Why, for those who read it later
    #[arg(long, value_name = "TEXT", requires = "keep")]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// What was: a file, or a document of the archive by its hash or the beginning of one
    #[arg(value_name = "A", requires = "after", required_unless_present_any = ["settlement", "month"])]
    pub(super) before: Option<PathBuf>,
    /// What is: likewise
    #[arg(value_name = "B")]
    pub(super) after: Option<PathBuf>,
    /// The two documents that the archive has of this settlement
    #[arg(long, value_name = "ID", conflicts_with_all = ["before", "month"])]
    pub(super) settlement: Option<String>,
    /// A closed month as it was closed, and as it would be now
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "before")]
    pub(super) month: Option<Month>,
    /// The form of CSV: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
}
