//! The `settle-rehearsal` program: writes the invented merchant's reports to a folder.
//!
//! It talks to nobody and reads nothing. The same options give the same bytes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use settle::domain::{Country, ExitCode, Month, SellerId};
use settle::rehearsal::{
    Anomaly, BankPlan, OrderListKind, OrderListPlan, Plan, ROWS_MAX, ROWS_MIN, RehearsalError, invent, write_large,
};

const EXAMPLES: &str = "\
Examples:
  settle-rehearsal generate --out sample_reports
      five shops, August to October 2026, with expected/answer-key.json
  settle-rehearsal generate --out fr --country FR --months 1 --anomaly wrong-net
      one shop, one month, one planted fault
  settle-rehearsal generate-large --out large.csv --rows 10000000
      one settlement file of 2 GB for measurements";

/// Invents a merchant and writes its Amazon Pay reports, to rehearse without Amazon.
#[derive(Parser)]
#[command(name = "settle-rehearsal", version, before_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write daily settlements, transaction reports, notifications and the answer key to a folder.
    #[command(before_help = EXAMPLES)]
    Generate(Generate),
    /// Write one settlement file with any number of rows, and print its sums as JSON.
    #[command(before_help = EXAMPLES)]
    GenerateLarge(GenerateLarge),
}

#[derive(Args)]
struct Generate {
    /// The folder; it is made if it is not there, and files of the same names are replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The seed of everything invented.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A shop's country, repeatable: GB DE FR IT ES LU NL SE PT HU DK [default: FR DE GB SE HU].
    #[arg(long, value_name = "CC")]
    country: Vec<Country>,
    /// The merchant id of the shop of the --country in the same place; invented where none is given.
    #[arg(long, value_name = "ID", requires = "country")]
    account: Vec<String>,
    /// The first month that the settlements cover.
    #[arg(long, value_name = "YYYY-MM", default_value = "2026-08")]
    from: Month,
    /// How many months.
    #[arg(long, value_name = "N", default_value_t = 3)]
    months: u32,
    /// Orders on an average day.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    orders_per_day: u32,
    /// A fault to plant in the first shop, repeatable; the answer key tells where it is.
    #[arg(long, value_name = "KIND", value_parser = anomaly_parser())]
    anomaly: Vec<Anomaly>,
    /// Write bank statements as well, to bank/, with expected/bank-key.json; payouts are round amounts then.
    #[arg(long)]
    bank: bool,
    /// Also write the shops' order lists, as this shop software would, with expected/orders-key.json.
    #[arg(long, value_name = "SHOP", value_parser = orders_parser())]
    orders: Option<OrderListKind>,
    /// Faults of each kind to plant in each shop's orders, captures and fees, as far as there are orders for them.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "orders")]
    order_faults: usize,
}

#[derive(Args)]
struct GenerateLarge {
    /// The file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Its rows.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(ROWS_MIN..=ROWS_MAX))]
    rows: u64,
    /// The seed of everything invented.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Reads one of the words of the table, and lists them in the help.
fn anomaly_parser() -> impl TypedValueParser<Value = Anomaly> {
    PossibleValuesParser::new(Anomaly::TABLE.map(|(_, word)| word)).try_map(|word| word.parse::<Anomaly>())
}

/// Reads one of the words of the table, and lists them in the help.
fn orders_parser() -> impl TypedValueParser<Value = OrderListKind> {
    PossibleValuesParser::new(OrderListKind::TABLE.map(|(_, word)| word))
        .try_map(|word| OrderListKind::from_word(&word).ok_or_else(|| format!("`{word}` is no shop software")))
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Generate(options) => generate(options),
        Command::GenerateLarge(options) => generate_large(options),
    };
    let code = done.map_or_else(|error| report(&error), |()| ExitCode::Done);
    code.number().into()
}

fn generate(options: &Generate) -> anyhow::Result<()> {
    let default: Vec<Country> = Plan::SAMPLE_COUNTRIES.iter().filter_map(|code| code.parse().ok()).collect();
    let countries = if options.country.is_empty() { &default } else { &options.country };
    let sellers: Vec<SellerId> = options.account.iter().map(SellerId::new).collect();
    let mut plan = Plan::new(countries, &sellers, options.from, options.months)?;
    plan.seed = options.seed;
    plan.orders_per_day = options.orders_per_day;
    plan.anomalies.clone_from(&options.anomaly);
    plan.bank = if options.bank { BankPlan::Booked } else { BankPlan::Nowhere };
    plan.order_lists = options.orders.map(|kind| OrderListPlan { kind, faults_each: options.order_faults });
    let sample = invent(&plan)?;
    for file in &sample.files {
        write_file(&options.out.join(&file.path), &file.bytes)?;
    }
    let bytes: usize = sample.files.iter().map(|file| file.bytes.len()).sum();
    say(&format!("{} files, {bytes} bytes, in {}", sample.files.len(), options.out.display()))
}

fn generate_large(options: &GenerateLarge) -> anyhow::Result<()> {
    let attempt = || format!("cannot write {}", options.out.display());
    let mut file = File::create(&options.out).with_context(attempt)?;
    let summaries = write_large(&mut file, options.rows, options.seed).with_context(attempt)?;
    say(&serde_json::to_string(&summaries)?)
}

fn write_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let attempt = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(attempt)?;
    }
    fs::write(path, bytes).with_context(attempt)
}

/// A line on stdout; a reader that has gone away is no fault.
fn say(line: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Names the error on stderr and tells its exit code: a plan that cannot be is a usage error, anything
/// else has to do with the disk.
fn report(error: &anyhow::Error) -> ExitCode {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(io::stderr().lock(), "settle-rehearsal: error: {error:#}");
    if error.is::<RehearsalError>() { ExitCode::Usage } else { ExitCode::Storage }
}
