//! The command line (contract §1).

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{ArgGroup, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::config::Language;
use crate::domain::{Basis, Month, Zone, parse_date};
use crate::export::CsvDialect;

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

const EXAMPLES: &str = "\
Examples:
  settle report --month 2026-09 --from ~/Downloads/amazon-pay
      the month statement, straight from files saved in Seller Central
  settle import ~/Downloads/amazon-pay
      keep those files in the archive, once and for ever
  settle report --month 2026-09 --format csv -o september.csv
      the month statement from the archive, as a table";

const REPORT_EXAMPLES: &str = "\
Examples:
  settle report --month 2026-09 --from reports/
  settle report --month 2026-09 --basis payout --timezone Europe/Paris
  settle report --from-date 2026-07-01 --until-date 2026-10-01 --format json
  settle report --month 2026-09 --format html --language fr -o september.html
  settle report --settlement 5984862222 -v";

const IMPORT_EXAMPLES: &str = "\
Examples:
  settle import ~/Downloads/*.csv reports.zip
  settle import --dry-run ~/Downloads
  curl -s https://files.example/settlement.csv | settle import -";

/// What the help of each command leads with.
const COMMAND_EXAMPLES: [(&str, &str); 5] = [
    ("report", REPORT_EXAMPLES),
    ("import", IMPORT_EXAMPLES),
    ("config", "Examples:\n  settle config show\n  settle config show --origin"),
    ("completions", "Examples:\n  settle completions bash > ~/.local/share/bash-completion/completions/settle"),
    ("man", "Examples:\n  settle man | man -l -\n  settle man ~/.local/share/man/man1"),
];

/// The command for parsing, help and man pages: help leads with examples.
#[must_use]
pub fn command() -> clap::Command {
    let template = "{about}\n\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";
    let command = Cli::command().before_help(EXAMPLES).help_template(template);
    COMMAND_EXAMPLES.iter().fold(command, |command, &(name, examples)| {
        command.mut_subcommand(name, |sub| sub.before_help(examples).help_template(template))
    })
}

/// Options that every command takes.
#[derive(Debug, Args)]
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
    /// Bring files saved by hand into the archive
    Import(ImportArgs),
    /// Show the configuration
    Config(ConfigArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all pages into a folder
    Man(ManArgs),
}

/// Files that are read directly, and how a period is cut.
#[derive(Debug, Args)]
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
}

#[derive(Debug, Args)]
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
pub(super) struct ImportArgs {
    /// Files, folders, .gz and .zip; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Tell what each file is and what would be taken; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
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
