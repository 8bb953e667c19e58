//! The command lines of what keeps a data folder whole: verify, backup, restore, purge, forget, events.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use crate::config::Share;
use crate::domain::parse_date;
use crate::export::CsvDialect;

#[derive(Debug, Default, Args)]
pub(super) struct VerifyArgs {
    /// A sealed pack: everything in it is made again from its own documents and compared
    #[arg(value_name = "PACK", conflicts_with_all = ["read_data", "share", "rebuild"])]
    pub(super) pack: Option<PathBuf>,
    /// The documents of a pack that holds only their hashes: files and folders, under whatever names
    #[arg(long, num_args = 1.., value_name = "PATH", requires = "pack")]
    pub(super) from: Vec<PathBuf>,
    /// Read every byte, too: stored documents, Parquet, packs; `=1/30` or `=3%` reads the part whose turn it is
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = true, default_missing_value = "1/1")]
    pub(super) read_data: Option<Share>,
    /// Read the bytes of this part, e.g. 1/30: which one follows from the day, so that 30 days read all
    #[arg(long, value_name = "SHARE", conflicts_with = "read_data")]
    pub(super) share: Option<Share>,
    /// Make the catalog and all Parquet files anew from the stored documents and the log
    #[arg(long, conflicts_with_all = ["read_data", "share"])]
    pub(super) rebuild: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// A folder: new, empty, or an earlier backup, which is brought up to date
    #[arg(value_name = "TARGET")]
    pub(super) target: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The folder of the backup
    #[arg(value_name = "BACKUP")]
    pub(super) backup: PathBuf,
    /// Where there is a data folder already, give it another name first
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct PurgeArgs {
    /// Only what was last updated before this day, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) before: NaiveDate,
    /// Tell what would be removed; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The buyer: an e-mail address, an Amazon order reference id or an order number of the shop
    #[arg(value_name = "BUYER")]
    pub(super) buyer: String,
    /// Tell what would be changed; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// Only events on or after this day (UTC), YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) since: Option<NaiveDate>,
    /// The form of CSV: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
}
