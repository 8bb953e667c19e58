//! The `settle-rehearsal` program: writes the invented merchant's reports to a folder, and serves them
//! as Amazon's services would, on this machine only.
//!
//! What it generates depends on its options alone: the same options give the same bytes.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use settle::domain::{Clock, Country, ExitCode, Month, PeriodError, SellerId};
use settle::rehearsal::serve::{
    ClockStart, Fixture, FixtureError, Options, RehearsalFolder, ServeError, Server, SystemClock, Tempo,
};
use settle::rehearsal::{Anomaly, DisputeWork, Plan, ROWS_MAX, ROWS_MIN, RehearsalError, invent, write_large};

const EXAMPLES: &str = "\
Examples:
  settle-rehearsal generate --out sample_reports
      five shops, August to October 2026, with expected/answer-key.json
  settle-rehearsal generate --out fr --country FR --months 1 --anomaly wrong-net
      one shop, one month, one planted fault
  settle-rehearsal generate-large --out large.csv --rows 10000000
      one settlement file of 2 GB for measurements
  settle-rehearsal generate --recent --out shops && settle-rehearsal serve --quick --from shops
      a local double of Amazon's services; then: settle run --config shops/settle.toml";

/// The months of a sample that can be fetched today: as many as reports are kept.
const RECENT_MONTHS: u32 = 3;

/// Invents a merchant and plays Amazon Pay's report services, to rehearse without Amazon.
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
    /// Play Amazon MWS and the Amazon Pay API on this machine until interrupted.
    ///
    /// Prints one line of JSON with its ports, the file of its certificate authority and the path of its
    /// control endpoints. Reports appear when the clock reaches their instant and are gone 90 days later.
    #[command(before_help = EXAMPLES)]
    Serve(Serve),
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
    /// The three months that end with the present one, so that a server has reports of the last 90 days.
    #[arg(long, conflicts_with_all = ["from", "months"])]
    recent: bool,
    /// Orders on an average day.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    orders_per_day: u32,
    /// A fault to plant in the first shop, repeatable; the answer key tells where it is.
    #[arg(long, value_name = "KIND", value_parser = anomaly_parser())]
    anomaly: Vec<Anomaly>,
    /// Make harder disputes, answers of the Dispute API, and expected/disputes.json with every case.
    #[arg(long)]
    disputes: bool,
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

#[derive(Args)]
struct Serve {
    /// A folder that `generate` wrote; settle.toml and the secrets of its shops are put there.
    #[arg(long, value_name = "DIR", required_unless_present = "fixture", conflicts_with = "fixture")]
    from: Option<PathBuf>,
    /// A fixture file of one's own.
    #[arg(long, value_name = "FILE")]
    fixture: Option<PathBuf>,
    /// The port for plain HTTP; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    http_port: u16,
    /// The port for TLS; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    https_port: u16,
    /// The address: 127.0.0.1 or ::1.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The clock: real, frozen (at the fixture's start), or running from an instant, 2026-11-23T22:15:30Z.
    #[arg(long, value_name = "CLOCK", default_value = "real", value_parser = read_clock)]
    clock: ClockStart,
    /// The seed of request ids and of the forms of answers.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A rehearsal of seconds: every shop over the Pay API, no quotas, and settings without pauses.
    #[arg(long, requires = "from")]
    quick: bool,
    /// Refuse MWS requests whose user agent does not have the documented form.
    #[arg(long)]
    strict_user_agent: bool,
}

/// Reads where the clock starts.
fn read_clock(text: &str) -> Result<ClockStart, String> {
    match text {
        "real" => Ok(ClockStart::Real),
        "frozen" => Ok(ClockStart::Frozen),
        instant => instant
            .parse()
            .map(ClockStart::Running)
            .map_err(|_| "expected real, frozen or an instant, for example 2026-11-23T22:15:30Z".to_owned()),
    }
}

/// Reads one of the words of the table, and lists them in the help.
fn anomaly_parser() -> impl TypedValueParser<Value = Anomaly> {
    PossibleValuesParser::new(Anomaly::TABLE.map(|(_, word)| word)).try_map(|word| word.parse::<Anomaly>())
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Generate(options) => generate(options),
        Command::GenerateLarge(options) => generate_large(options),
        Command::Serve(options) => serve(options),
    };
    let code = done.map_or_else(|error| report(&error), |()| ExitCode::Done);
    code.number().into()
}

fn generate(options: &Generate) -> anyhow::Result<()> {
    let default: Vec<Country> = Plan::SAMPLE_COUNTRIES.iter().filter_map(|code| code.parse().ok()).collect();
    let countries = if options.country.is_empty() { &default } else { &options.country };
    let sellers: Vec<SellerId> = options.account.iter().map(SellerId::new).collect();
    let (from, months) = if options.recent { (recent_month()?, RECENT_MONTHS) } else { (options.from, options.months) };
    let mut plan = Plan::new(countries, &sellers, from, months)?;
    plan.seed = options.seed;
    plan.orders_per_day = options.orders_per_day;
    plan.anomalies.clone_from(&options.anomaly);
    if options.disputes {
        plan.dispute_work = DisputeWork::Hard;
    }
    let sample = invent(&plan)?;
    for file in &sample.files {
        write_file(&options.out.join(&file.path), &file.bytes)?;
    }
    let bytes: usize = sample.files.iter().map(|file| file.bytes.len()).sum();
    say(&format!("{} files, {bytes} bytes, in {}", sample.files.len(), options.out.display()))
}

/// The first of the recent months.
fn recent_month() -> Result<Month, RehearsalError> {
    let mut month = Month::of(SystemClock.now().date_naive());
    for _ in 1..RECENT_MONTHS {
        let last_day = month.first_day()?.pred_opt().ok_or(PeriodError::OutOfRange)?;
        month = Month::of(last_day);
    }
    Ok(month)
}

/// Serves until a signal asks to stop; stopping is how this ends well.
fn serve(options: &Serve) -> anyhow::Result<()> {
    let mut signals = signals().context("cannot wait for signals")?;
    let mut running = Options {
        bind: options.bind,
        http_port: options.http_port,
        https_port: options.https_port,
        seed: options.seed,
        clock: options.clock,
        strict_user_agent: options.strict_user_agent,
        ..Options::default()
    };
    let server = match (&options.from, &options.fixture) {
        (Some(folder), _) => {
            let folder = RehearsalFolder::open(folder)?;
            running.authority = Some(folder.authority());
            let tempo = if options.quick { Tempo::Quick } else { Tempo::Amazon };
            let fixture = if options.quick { folder.fixture().unlimited() } else { folder.fixture() };
            let server = Server::start(fixture, running)?;
            folder.write_settings(&server.http(), tempo)?;
            server
        }
        (None, fixture) => {
            let file = fixture.as_deref().unwrap_or(Path::new(""));
            Server::start(Fixture::read(file)?, running)?
        }
    };
    say(&serde_json::to_string(&server.ready())?)?;
    // Ends with a signal; an error would mean the same: nobody can ask any more.
    let _ = signals.read(&mut [0]);
    Ok(())
}

/// The end of a pipe on which the first SIGINT or SIGTERM is heard.
fn signals() -> io::Result<UnixStream> {
    let (heard, told) = UnixStream::pair()?;
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::low_level::pipe::register(signal, told.try_clone()?)?;
    }
    Ok(heard)
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

/// Names the error on stderr and tells its exit code: a plan or an address that cannot be is a usage
/// error, a fixture or a port must be changed by a person, anything else has to do with the disk.
fn report(error: &anyhow::Error) -> ExitCode {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(io::stderr().lock(), "settle-rehearsal: error: {error:#}");
    let of_fixture = |error: &FixtureError| match error {
        FixtureError::Read { .. } | FixtureError::Write { .. } => ExitCode::Storage,
        _ => ExitCode::Configuration,
    };
    match (error.downcast_ref::<ServeError>(), error.downcast_ref::<FixtureError>()) {
        (Some(ServeError::NotLoopback(_)), _) => ExitCode::Usage,
        (Some(ServeError::Fixture(error)), _) | (_, Some(error)) => of_fixture(error),
        (Some(ServeError::Listen { .. }), _) => ExitCode::Configuration,
        _ if error.is::<RehearsalError>() => ExitCode::Usage,
        _ => ExitCode::Storage,
    }
}
