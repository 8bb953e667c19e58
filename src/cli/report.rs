//! `settle report`: the statement of a month.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use super::accounts::{Accounts, Span};
use super::args::{Common, Format, ReportArgs};
use super::details::Behind;
use super::failure::Failure;
use super::frozen::{CLOSED_MONTH, Stand, stand};
use super::load::{Loaded, gather_named, load_archive, load_files, named_settings, read_options};
use super::remember::remembered;
use super::world::World;
use crate::archive::Archive;
use crate::config::{Language, Settings};
use crate::domain::{Basis, ExitCode, Instant, Month, Period, PeriodError, SettlementId, Zone};
use crate::export::{
    PAGE_ROWS_OF_EACH_KIND, SHEET_ROWS_MAX, Target, WriteError, format_row, json_text, row_header, statement_csv,
    statement_html, statement_text, statement_xlsx,
};
use crate::ledger::RowPrinter;
use crate::parse::{Fault, SettlementRow, read_document};
use crate::report::{Ask, Details, Facts, Problem, RowLimit, Severity, Statement, assemble};

/// The code of the warning about an account that exists nowhere.
const UNKNOWN_ACCOUNT: &str = "unknown_account";
/// Codes of warnings that go to standard error as well: without them an empty result would look like none.
const TOLD: [&str; 4] = ["nothing_known", UNKNOWN_ACCOUNT, "no_bank_statement", CLOSED_MONTH];

pub(super) fn run(common: &Common, args: &ReportArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if common.format == Some(Format::Ics) {
        return Err(Failure::no_form("a statement", Format::Ics, "text, json, csv, xlsx or html"));
    }
    let span = span(args);
    let from_files = !args.reading.from.is_empty();
    let settings = if from_files { named_settings(common, world)? } else { Some(super::config::load(common, world)?) };
    let accounts = Accounts::new(settings, &common.account, args.reading.timezone);
    let (accounts, stand) = stand(accounts, args.month, &args.reading)?;
    let basis = basis(args, &accounts);
    // Bounds that the calendar lacks are a fault of the command line, found before anything is read.
    if let Span::Local(bind) = &span {
        bind(accounts.common_zone())?;
    }
    let mut loaded = load(&accounts, stand.as_ref(), &span, &args.reading.from, common, world)?;
    let mut facts = std::mem::take(&mut loaded.facts);
    facts.problems.extend(strangers(&accounts, &loaded));
    let ask = ask(args, basis, &span, &accounts, &facts)?;
    if let Some(stand) = &stand {
        stand.complete(&ask, &mut facts, world)?;
    }
    let format = common.format.unwrap_or(Format::Text);
    // Only pages and workbooks go back to the documents; their totals are not kept for nothing.
    let documents = if row_limit(format).is_some() { facts.documents.clone() } else { Vec::new() };
    let mut statement = assemble(&ask, facts)?;
    if !from_files {
        keep_concerned_sources(&mut statement);
    }
    tell_problems(&statement, common, world);
    let options = read_options(world);
    let behind = Behind { inputs: &loaded.settlements, documents, ask: &ask, options: &options };
    let details = row_limit(format).map(|limit| behind.read(&statement, limit)).transpose()?.unwrap_or_default();
    let language = args.language.or(accounts.settings().map(|settings| settings.reporting.language));
    let reader = Reader { format, language: language.unwrap_or(Language::En), details };
    write(&statement, &reader, &ask, &loaded, common, args, world)?;
    Ok(statement.exit_code())
}

/// The statement of a month from an archive.
pub(super) fn month_statement(
    settings: Settings,
    month: Month,
    common: &Common,
    world: &World<'_>,
) -> Result<Statement, Failure> {
    let archive = Archive::open_existing(&settings.data_dir)?;
    let stand = Stand::of_month(archive, Accounts::new(Some(settings), &common.account, None), Some(month), None)?;
    let accounts = stand.accounts()?;
    let mut loaded = load_archive(&stand.archive, &stand.view, &accounts, &month_span(month), world)?;
    let mut facts = std::mem::take(&mut loaded.facts);
    let ask = month_ask(month, &accounts, &facts)?;
    stand.complete(&ask, &mut facts, world)?;
    let mut statement = assemble(&ask, facts)?;
    keep_concerned_sources(&mut statement);
    Ok(statement)
}

/// Where the rows of a month are cut.
pub(super) fn month_span(month: Month) -> Span {
    span(&ReportArgs { month: Some(month), ..ReportArgs::default() })
}

/// What the statement of a month asks for, by the settings alone.
pub(super) fn month_ask(month: Month, accounts: &Accounts, facts: &Facts) -> Result<Ask, Failure> {
    let args = ReportArgs { month: Some(month), ..ReportArgs::default() };
    ask(&args, basis(&args, accounts), &span(&args), accounts, facts)
}

/// What does not tie in a statement, a line each.
pub(super) fn findings(statement: &Statement) -> Vec<String> {
    let errors = statement.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(Problem::sentence).chain(failed_checks(statement)).collect()
}

/// Reads the named files, or what the archive knows where none is named.
pub(super) fn load(
    accounts: &Accounts,
    stand: Option<&Stand>,
    span: &Span,
    from: &[PathBuf],
    common: &Common,
    world: &mut World<'_>,
) -> Result<Loaded, Failure> {
    match stand {
        Some(stand) => {
            let mut loaded = load_archive(&stand.archive, &stand.view, accounts, span, world)?;
            // What a bank said after a close is no part of the closed month.
            if !stand.is_sealed() {
                loaded.facts.arrivals = remembered(&stand.archive)?;
            }
            Ok(loaded)
        }
        None => {
            let mut gathered = gather_named(from, world);
            // The order in which files were named decides nothing.
            gathered.inputs.sort_by(|a, b| a.name().cmp(b.name()));
            Ok(load_files(gathered, accounts, span, common, world))
        }
    }
}

/// A warning for every account that was asked for and exists nowhere: most likely a slip of the pen.
pub(super) fn strangers(accounts: &Accounts, loaded: &Loaded) -> impl Iterator<Item = Problem> {
    let known: Vec<&str> = loaded.known.iter().map(|(name, _)| name.as_str()).collect();
    let hint = format!("known accounts: {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") });
    accounts.strangers(&loaded.known).into_iter().map(move |wanted| {
        let message = format!("there is no account `{}`", wanted.escape_debug());
        Problem::new(Severity::Warning, UNKNOWN_ACCOUNT, message).with_hint(hint.clone())
    })
}

/// An archive of years has thousands of documents; a statement names those behind its own figures.
pub(super) fn keep_concerned_sources(statement: &mut Statement) {
    let settlements = statement.accounts.iter().flat_map(|account| &account.settlements);
    let mut concerned: HashSet<String> = settlements.map(|line| line.source.clone()).collect();
    concerned.extend(statement.problems.iter().filter_map(|problem| problem.file.clone()));
    statement.sources.retain(|source| concerned.contains(&source.file));
}

fn span(args: &ReportArgs) -> Span {
    let (month, from, until) = (args.month, args.from_date, args.until_date);
    if args.settlement.is_some() {
        return Span::Whole;
    }
    Span::Local(Box::new(move |zone: Zone| match (month, from, until) {
        (Some(month), _, _) => Period::of_month(month, zone),
        (None, Some(from), Some(until)) => Period::of_days(from, until, zone),
        _ => Err(PeriodError::OutOfRange),
    }))
}

fn basis(args: &ReportArgs, accounts: &Accounts) -> Basis {
    let configured = accounts.settings().map(|settings| settings.reporting.basis);
    args.reading.basis.or(configured).unwrap_or_default()
}

/// What is asked for, with the periods of all accounts bound to their zones.
fn ask(args: &ReportArgs, basis: Basis, span: &Span, accounts: &Accounts, facts: &Facts) -> Result<Ask, Failure> {
    let settlement = args.settlement.as_ref().map(SettlementId::new);
    let period = match span {
        Span::Local(bind) => bind(accounts.common_zone())?,
        Span::Whole => settlement_period(settlement.as_ref(), facts, accounts),
    };
    let mut periods = BTreeMap::new();
    if let Span::Local(bind) = span {
        for document in &facts.documents {
            let own = bind(accounts.zone(document.seller_id.as_ref()))?;
            if own != period {
                periods.insert(document.account.clone(), own);
            }
        }
    }
    let tolerance = accounts.settings().map(|settings| settings.reporting.gap_tolerance);
    Ok(Ask {
        period,
        periods,
        basis,
        settlement,
        gap_tolerance: tolerance.unwrap_or(crate::reconcile::GAP_TOLERANCE_DEFAULT),
        configured: accounts.configured_openings(),
        strict: args.strict,
    })
}

/// The period of a settlement is its own, shown in its account's zone.
fn settlement_period(wanted: Option<&SettlementId>, facts: &Facts, accounts: &Accounts) -> Period {
    let found = facts.documents.iter().find(|document| document.settlement_id().as_ref() == wanted);
    match found {
        Some(document) => {
            let zone = accounts.zone(document.seller_id.as_ref());
            Period::of_instants(document.start, document.end, zone)
        }
        None => Period::of_instants(Instant::new(0, 0), Instant::new(0, 0), accounts.common_zone()),
    }
}

/// What does not tie goes to standard error as well, so that a cron mail shows it wherever the result
/// goes.
pub(super) fn tell_problems(statement: &Statement, common: &Common, world: &mut World<'_>) {
    tell(&statement.problems, common, world);
    for line in failed_checks(statement) {
        world.say(&format!("settle: error: {}", crate::export::clean(&line)));
    }
}

/// Errors, and the warnings without which an empty result would look like none.
pub(super) fn tell(problems: &[Problem], common: &Common, world: &mut World<'_>) {
    for problem in problems {
        let word = match problem.severity {
            Severity::Error => "error",
            Severity::Warning if !common.quiet && TOLD.contains(&problem.code) => "warning",
            Severity::Warning => continue,
        };
        world.say(&format!("settle: {word}: {}", crate::export::clean(&problem.sentence())));
        if let Some(hint) = &problem.hint {
            world.say(&format!("hint: {}", crate::export::clean(hint)));
        }
    }
}

/// A line for each check that fails, unless a problem tells of it already.
fn failed_checks(statement: &Statement) -> impl Iterator<Item = String> {
    let gaps = statement.accounts.iter().any(|account| !account.gaps.is_empty());
    let told = move |check: &str| check == "duplicate_settlement" || (check == "chain_contiguous" && gaps);
    let failing = statement.checks.iter().filter(move |check| check.failures > 0 && !told(check.check));
    failing.filter_map(|check| {
        let first = check.failed.first()?;
        let line = first.line.map_or_else(String::new, |line| format!(":{line}"));
        let more = match check.failures - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let values = format!("stated {}, computed {}", first.stated, first.computed);
        Some(format!("{}{line}: check {} fails: {values}{more}", first.file, check.check))
    })
}

/// Who reads the result, and what is shown to them besides the statement.
struct Reader {
    format: Format,
    language: Language,
    details: Details,
}

/// How many rows a format shows; `None` where it shows none of them.
fn row_limit(format: Format) -> Option<RowLimit> {
    match format {
        Format::Html => Some(RowLimit::OfEachKind(PAGE_ROWS_OF_EACH_KIND)),
        Format::Xlsx => Some(RowLimit::InAll(SHEET_ROWS_MAX)),
        Format::Text | Format::Json | Format::Csv | Format::Ics => None,
    }
}

fn write(
    statement: &Statement,
    reader: &Reader,
    ask: &Ask,
    loaded: &Loaded,
    common: &Common,
    args: &ReportArgs,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let paint = if target == Target::Stdout { world.paint(common.color) } else { crate::export::Paint::Plain };
    let language = reader.language;
    let bytes = match reader.format {
        Format::Text => statement_text(statement, language, paint, common.verbose > 0).into_bytes(),
        Format::Json => json_text(statement)?.into_bytes(),
        Format::Csv => statement_csv(statement, args.csv_dialect)?.into_bytes(),
        Format::Xlsx => statement_xlsx(statement, &reader.details, language)?,
        Format::Html => statement_html(statement, &reader.details, language)?.into_bytes(),
        Format::Ics => return Err(Failure::no_form("a statement", Format::Ics, "text, json, csv, xlsx or html")),
    };
    let options = read_options(world);
    target.write(world.stdout, |out| {
        out.write_all(&bytes).map_err(WriteError::from)?;
        if common.verbose > 0 && reader.format == Format::Text {
            print_rows(statement, ask, loaded, (&options, language), out)?;
        }
        Ok(())
    })
}

/// Only disputes have deadlines.
/// Every row behind the figures, file by file, read again from its source.
fn print_rows(
    statement: &Statement,
    ask: &Ask,
    loaded: &Loaded,
    (options, language): (&crate::parse::ReadOptions, Language),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for input in &loaded.settlements {
        let accounts = statement.accounts.iter();
        let owner =
            accounts.into_iter().find(|account| account.settlements.iter().any(|line| line.source == input.name()));
        let Some(owner) = owner else { continue };
        let period = ask.periods.get(&owner.account).copied().unwrap_or(ask.period);
        let by_row = ask.settlement.is_none() && ask.basis == Basis::Posted;
        let format = Arc::new(move |row: &SettlementRow<'_>| {
            (!by_row || period.contains(row.posted)).then(|| format_row(row, period.zone(), language))
        });
        out.write_all(row_header(input.name(), language).as_bytes()).map_err(WriteError::from)?;
        let mut print = |text: &str| out.write_all(text.as_bytes()).map_err(Fault::from);
        let mut printer = RowPrinter::new(format, &mut print);
        read_document(input, options, &mut printer, None).map_err(|refused| match refused.error.fault {
            Fault::Io { why } => Failure::from(WriteError::from(why)),
            _ => Failure::from(refused.error),
        })?;
    }
    Ok(())
}
