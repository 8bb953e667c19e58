//! The command line (contract §1).

use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use super::args_after::{DiffArgs, ResolveArgs};
use super::args_close::{CloseArgs, ExplainArgs, ReopenArgs};
use super::args_verify::{BackupArgs, EventsArgs, ForgetArgs, PurgeArgs, RestoreArgs, VerifyArgs};
use crate::config::{Language, parse_duration};
use crate::disputes::{CaseStatus, GroupBy};
use crate::domain::{Basis, Month, Zone, parse_date};
use crate::export::{CsvDialect, Preset};
use crate::report::journal::Granularity;

/// Amazon Pay settlement reports: read, prove, reconcile.
#[derive(Debug, Parser)]
#[command(name = "settle", version, max_term_width = 100, before_help = "", arg_required_else_help = true)]
#[command(subcommand_required = true, disable_help_subcommand = true)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
pub(super) struct Common {
    /// The configuration file
    #[arg(short, long, global = true, value_name = "FILE", help_heading = "Options of every command")]
    pub(super) config: Option<PathBuf>,
    /// Only this account, by its name or its merchant id; can be given more than once
    #[arg(long, global = true, value_name = "NAME", help_heading = "Options of every command")]
    pub(super) account: Vec<String>,
    /// Where the archive is
    #[arg(long, global = true, value_name = "DIR", help_heading = "Options of every command")]
    pub(super) data_dir: Option<PathBuf>,
    /// The form of the result
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Options of every command")]
    pub(super) format: Option<Format>,
    /// Write the result to this file, whole or not at all; `-` is standard output
    #[arg(short, long, global = true, value_name = "PATH", help_heading = "Options of every command")]
    pub(super) output: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Options of every command")]
    pub(super) quiet: bool,
    /// Show more; can be given more than once
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Options of every command")]
    pub(super) verbose: u8,
    /// Whether to colour text
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Options of every command")]
    pub(super) color: Color,
    /// Show no progress bar
    #[arg(long, global = true, help_heading = "Options of every command")]
    pub(super) no_progress: bool,
    /// Never ask
    #[arg(long, global = true, help_heading = "Options of every command")]
    pub(super) no_input: bool,
    /// The form of log lines: text or json; json also without -v
    #[arg(long, global = true, value_name = "FORM", help_heading = "Options of every command")]
    pub(super) log: Option<LogForm>,
}

/// Forms of log lines on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Forms of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
    /// For calendars; disputes only
    Ics,
    /// A workbook: every figure and every row (report only)
    Xlsx,
    /// A page to read, print or send: every figure leads to its rows (report only)
    Html,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The statement of a month: balance, settlements, payouts, fees, disputes, checks
    Report(ReportArgs),
    /// Chargebacks and A-to-z claims: every case, its clock and its cost
    Disputes(DisputesArgs),
    /// Bring files saved by hand into the archive
    Import(ImportArgs),
    /// Fetch from Amazon what the archive lacks
    Fetch(FetchArgs),
    /// The nightly job: inbox, fetch, check, statements, notifications
    Run,
    /// Run the nightly job whenever the configuration says so, until stopped
    Daemon,
    /// What is in the archive, when it was last fetched, and when it will be next
    Status(StatusArgs),
    /// Hand the nightly job to systemd or cron
    Schedule(ScheduleArgs),
    /// Write what accounting programs import
    Export(ExportArgs),
    /// Check a file of another program
    Check(CheckArgs),
    /// Set up an account: a wizard, or flags with --no-input
    Init(Box<InitArgs>),
    /// Make keys for the Amazon Pay API
    Keys(KeysArgs),
    /// Examine configuration, keys, clock, credentials and archive
    Doctor(DoctorArgs),
    /// Payouts against the bank, orders against captures, fees against the tariff
    Reconcile(ReconcileArgs),
    /// Settlements that are there twice: which document counts
    Resolve(ResolveArgs),
    /// What differs between two versions of a settlement, or since a month was closed; ends with 5 where anything does
    Diff(DiffArgs),
    /// Close a month: a sealed pack that anybody can check, and figures that stay
    Close(CloseArgs),
    /// Open a closed month again, with a trace
    Reopen(ReopenArgs),
    /// The rows behind a figure: file, line and hash of each
    Explain(ExplainArgs),
    /// Examine a sealed pack, or the data folder: every file, the catalog, the log; --read-data every byte
    Verify(VerifyArgs),
    /// Copy the data folder while it is in use
    Backup(BackupArgs),
    /// Make a data folder from a backup
    Restore(RestoreArgs),
    /// Remove buyers from reports that are older than a day
    Purge(PurgeArgs),
    /// Remove one buyer from every report
    Forget(ForgetArgs),
    /// The log of what was done to the archive
    Events(EventsArgs),
    /// Show the configuration
    Config(ConfigArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all pages into a folder
    Man(ManArgs),
}

/// Files that are read directly, and how a period is cut.
#[derive(Debug, Default, Args)]
pub(super) struct Reading {
    /// Read these files or folders directly: no archive, no configuration, nothing is written
    #[arg(long, num_args = 1.., value_name = "PATH")]
    pub(super) from: Vec<PathBuf>,
    /// Which date decides the month of a row: posted, settlement or payout
    #[arg(long, value_name = "BASIS")]
    pub(super) basis: Option<Basis>,
    /// The zone of months and days, e.g. Europe/Paris
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<Zone>,
    /// A closed month as it would be now, with all that came after its close
    #[arg(long, conflicts_with = "from")]
    pub(super) recomputed: bool,
}

#[derive(Debug, Default, Args)]
#[command(group(ArgGroup::new("span").required(true).args(["month", "from_date", "settlement"])))]
pub(super) struct ReportArgs {
    /// The month, YYYY-MM
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "until_date")]
    pub(super) month: Option<Month>,
    /// First day of a range, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date, requires = "until_date")]
    pub(super) from_date: Option<NaiveDate>,
    /// Day after the last of a range
    #[arg(long, value_name = "DATE", value_parser = parse_date, requires = "from_date")]
    pub(super) until_date: Option<NaiveDate>,
    /// One settlement instead of a period
    #[arg(long, value_name = "ID")]
    pub(super) settlement: Option<String>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// End with exit code 5 on rows of unknown types
    #[arg(long)]
    pub(super) strict: bool,
    /// The form of CSV: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
    /// The language of text, html and xlsx: en, fr, de, it, es, nl, sv, pt, hu or da
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) language: Option<Language>,
}

#[derive(Debug, Args)]
pub(super) struct DisputesArgs {
    /// Only cases with a row in this month, YYYY-MM; amounts are those of the month
    #[arg(long, value_name = "YYYY-MM")]
    pub(super) month: Option<Month>,
    /// Only open cases
    #[arg(long, conflicts_with = "status")]
    pub(super) open: bool,
    /// Only cases of this status: open, won, partly_won, lost or unknown; can be given more than once
    #[arg(long, value_name = "STATUS")]
    pub(super) status: Vec<CaseStatus>,
    /// Only undecided cases whose deadline is at most so far away, e.g. 7d
    #[arg(long, value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub(super) due_within: Option<chrono::TimeDelta>,
    /// Add totals by kind, reason or month
    #[arg(long, value_name = "WAY")]
    pub(super) by: Option<GroupBy>,
    /// Write a folder that can be sent for each case shown into this folder
    #[arg(long, value_name = "DIR")]
    pub(super) evidence: Option<PathBuf>,
    /// Only this case, by its case_id; can be given more than once
    #[arg(long, value_name = "ID")]
    pub(super) case: Vec<String>,
    /// First ask Amazon for the present state of every dispute that is known and not decided
    #[arg(long, conflicts_with = "from")]
    pub(super) refresh: bool,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// The form of CSV: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("span").required(true).args(["month", "from_date", "at"])))]
pub(super) struct ReconcileArgs {
    /// The month, YYYY-MM
    #[arg(long, value_name = "YYYY-MM", conflicts_with = "until_date")]
    pub(super) month: Option<Month>,
    /// First day of a range, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date, requires = "until_date")]
    pub(super) from_date: Option<NaiveDate>,
    /// Day after the last of a range
    #[arg(long, value_name = "DATE", value_parser = parse_date, requires = "from_date")]
    pub(super) until_date: Option<NaiveDate>,
    /// The balance at Amazon and the money in flight at the end of this day; its month up to there
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) at: Option<NaiveDate>,
    /// Bank statements: CAMT.053, MT940, CFONB 120, AEB43, OFX, CSV; files, folders, .gz and .zip
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) bank: Vec<PathBuf>,
    /// Order lists of the shop, CSV; NAME=FILE where a mapping or preset is to be named
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) orders: Vec<PathBuf>,
    /// Also write the fees that were charged too much, as a list for Amazon, to this file
    #[arg(long, value_name = "FILE")]
    pub(super) claims: Option<PathBuf>,
    /// Disbursement lists of Amazon, JSON
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) disbursements: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// The form of CSV: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files, folders, .gz and .zip; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Tell what each file is and what would be taken; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// Only reports made on or after this day, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) since: Option<NaiveDate>,
    /// Only reports made before this day
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) until: Option<NaiveDate>,
    /// Tell what would be fetched; download nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// End with exit code 8 where an account was last fetched longer ago than this, e.g. 26h
    #[arg(long, value_name = "SPAN", value_parser = parse_duration)]
    pub(super) max_age: Option<TimeDelta>,
}

#[derive(Debug, Args)]
pub(super) struct ScheduleArgs {
    #[command(subcommand)]
    pub(super) command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ScheduleCommand {
    /// Print units or a crontab line that run the nightly job as schedule.cron in settle.toml says
    Print(PrintArgs),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("scheduler").required(true).args(["systemd", "cron", "daemon"])))]
pub(super) struct PrintArgs {
    /// A systemd service and its timer; with -o FOLDER as the two files
    #[arg(long)]
    pub(super) systemd: bool,
    /// A crontab line
    #[arg(long)]
    pub(super) cron: bool,
    /// A systemd service that keeps `settle daemon` running
    #[arg(long)]
    pub(super) daemon: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The month, YYYY-MM
    #[arg(long, value_name = "YYYY-MM", required_unless_present = "delta")]
    pub(super) month: Option<Month>,
    /// Only what turns the journal of this closed month into the journal that would be written now
    #[arg(long, value_name = "YYYY-MM", conflicts_with_all = ["month", "from", "recomputed"])]
    pub(super) delta: Option<Month>,
    /// The form: transactions, journal, fec, datev, sie, hledger, beancount, xero, quickbooks, freeagent, parquet
    #[arg(long, value_name = "PRESET")]
    pub(super) preset: Preset,
    /// Order lists of the shop, whose invoice numbers the entries then carry; as for `settle reconcile`
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) orders: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// How much one entry covers: transaction, day, settlement or month
    #[arg(long, value_name = "SPAN", default_value_t)]
    pub(super) by: Granularity,
    /// The form of CSV of transactions and journal: plain, excel-en, excel-fr or excel-de
    #[arg(long, value_name = "DIALECT", default_value_t)]
    pub(super) csv_dialect: CsvDialect,
    /// End with exit code 5 on rows of unknown types
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(subcommand)]
    pub(super) command: CheckCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum CheckCommand {
    /// Check a French FEC by the rules of the tax office's tester
    Fec {
        /// The file; `-` is standard input
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    pub(super) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key pair; print the public key, which is to be registered in Seller Central
    Generate {
        /// Where the private key goes; default: NAME.pem beside the configuration, for `--account NAME`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Let the MWS keys of an account vouch for a new key pair; print its public key id
    Upgrade {
        /// Show the request without its signature; make no key, send nothing
        #[arg(long)]
        dry_run: bool,
        /// Change the account in the configuration file, keeping its comments and order
        #[arg(long, conflicts_with = "dry_run")]
        write: bool,
        /// Where the private key goes; default: NAME.pem beside the configuration
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Ask nothing of Amazon
    #[arg(long)]
    pub(super) offline: bool,
}

/// Answers that are given at once. Secrets are never among them, only the files that hold them.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct InitArgs {
    /// The merchant's country: GB DE FR IT ES LU NL SE PT HU DK, or any other code of ISO 3166
    #[arg(long, value_name = "CC")]
    pub(super) country: Option<String>,
    /// What to call the account; default: shop- and the country
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Amazon's merchant id
    #[arg(long, value_name = "ID")]
    pub(super) merchant_id: Option<String>,
    /// Where the files come from: pay-api, mws or import
    #[arg(long, value_name = "SOURCE")]
    pub(super) source: Option<String>,
    /// pay-api: make a key pair now, print its public key
    #[arg(long, conflicts_with = "private_key_file")]
    pub(super) generate_key: bool,
    /// pay-api: the file of an existing private key
    #[arg(long, value_name = "FILE")]
    pub(super) private_key_file: Option<PathBuf>,
    /// pay-api: the id of the public key; can be added to the configuration later
    #[arg(long, value_name = "ID")]
    pub(super) public_key_id: Option<String>,
    /// mws: the id of the access key
    #[arg(long, value_name = "ID")]
    pub(super) access_key_id: Option<String>,
    /// mws: the file that holds the secret key
    #[arg(long, value_name = "FILE", conflicts_with = "secret_key_env")]
    pub(super) secret_key_file: Option<PathBuf>,
    /// mws: the environment variable that holds the secret key
    #[arg(long, value_name = "VARIABLE")]
    pub(super) secret_key_env: Option<String>,
    /// mws: the file of the token, where the access key is a third party's
    #[arg(long, value_name = "FILE")]
    pub(super) mws_auth_token_file: Option<PathBuf>,
    /// live or sandbox
    #[arg(long, value_name = "WORD")]
    pub(super) environment: Option<String>,
    /// The zone of months and days; default: the country's
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,
    /// When the nightly job runs: a cron expression of five fields
    #[arg(long, value_name = "CRON")]
    pub(super) cron: Option<String>,
    /// Another address of Amazon's services, for rehearsals
    #[arg(long, value_name = "URL")]
    pub(super) endpoint: Option<String>,
    /// Another certificate authority to trust, for rehearsals and proxies
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Make no test call to Amazon
    #[arg(long)]
    pub(super) no_test: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show every setting that is in force
    Show {
        /// Show where each comes from
        #[arg(long)]
        origin: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write one page per command into this folder instead
    pub(super) dir: Option<PathBuf>,
}
