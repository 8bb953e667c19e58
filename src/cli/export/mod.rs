//! `settle export`: the month in the form that its receiver already uses.
//!
//! The statement says what belongs to the month; the rows behind it are walked through twice. The first pass
//! looks (order, number of files, accounts in use), so that nothing is written before it is known to fit; the
//! second writes. What was booked is compared with the statement before any file takes its place.

mod delta;
mod job;
mod output;
mod survey;
mod tables;
mod write;

use std::path::Path;

use chrono::{DateTime, Utc};

use super::accounts::{Accounts, Span};
use super::args::{Common, ExportArgs, Reading};
use super::edition::Editions;
use super::failure::Failure;
use super::frozen::{Bridge, month_ask, stand};
use super::load::read_options;
use super::reconcile_orders::{OrderInputs, invoices};
use super::report::{load, strangers, tell_problems};
use super::restated_rows::RowSource;
use super::world::World;
use crate::config::{AccountsMap, Chart, ExportSettings, Settings, VatOnFees};
use crate::domain::{Amount, ExitCode, Month, Period};
use crate::export::{CsvDialect, Preset, Unfit, clean};
use crate::parse::Input;
use crate::reconcile::orders::InvoiceLookup;
use crate::report::journal::{Granularity, InvoiceOf, Ledger, OrderKey, VatRule, ledger_of};
use crate::report::{Account, Ask, Problem, Statement, assemble};
use delta::{Corrections, add_corrections, only_corrections};
use job::Job;
pub(super) use job::{Exported, Replace};

pub(super) fn run(common: &Common, args: &ExportArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if common.format.is_some() {
        let message = "export writes the form that --preset names; --format is for reports";
        return Err(Failure::new(ExitCode::Usage, message));
    }
    let from_files = !args.reading.from.is_empty();
    let settings = if from_files {
        super::load::named_settings(common, world)?
    } else {
        Some(super::config::load(common, world)?)
    };
    let accounts = Accounts::new(settings, &common.account, args.reading.timezone);
    let way = Way { created: world.clock.now(), replace: Replace::Always, problems: Problems::Tell };
    let (exported, exit) = export(&accounts, args, &way, common, world)?;
    if !common.quiet {
        exported.told.iter().for_each(|line| world.say(&format!("settle: {}", clean(line))));
    }
    Ok(exit)
}

/// A month of the archive in one form into a folder, where each file is replaced that says something else now.
/// What does not tie is not told again.
pub(super) fn keep(
    settings: &Settings,
    (month, preset): (Month, Preset),
    folder: &Path,
    created: DateTime<Utc>,
    common: &Common,
    world: &mut World<'_>,
) -> Result<Exported, Failure> {
    // A folder that exists is taken for one, whatever its name.
    crate::archive::make_folder(folder).map_err(|why| {
        Failure::new(ExitCode::Storage, format!("{}: cannot make the folder of exports: {why}", folder.display()))
    })?;
    let args = ExportArgs {
        month: Some(month),
        delta: None,
        preset,
        orders: Vec::new(),
        reading: Reading::default(),
        by: Granularity::default(),
        csv_dialect: CsvDialect::default(),
        strict: false,
    };
    let common = Common { output: Some(folder.to_owned()), ..common.clone() };
    let accounts = Accounts::new(Some(settings.clone()), &common.account, None);
    let way = Way { created, replace: Replace::Changed, problems: Problems::Known };
    export(&accounts, &args, &way, &common, world).map(|(exported, _)| exported)
}

/// How an export is done.
struct Way {
    /// When the data became what it is, where a file says so.
    created: DateTime<Utc>,
    replace: Replace,
    problems: Problems,
}

/// Whether what does not tie is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problems {
    /// It is told.
    Tell,
    /// Somebody told it already.
    Known,
}

/// Reads, proves and writes; the exit code is that of the statement behind it.
fn export(
    accounts: &Accounts,
    args: &ExportArgs,
    way: &Way,
    common: &Common,
    world: &mut World<'_>,
) -> Result<(Exported, ExitCode), Failure> {
    let Some(month) = args.month else { return export_delta(accounts, args, way, common, world) };
    let span = Span::Local(Box::new(move |zone| Period::of_month(month, zone)));
    Period::of_month(month, accounts.common_zone())?;
    let (accounts, stand) = stand(accounts.clone(), Some(month), &args.reading)?;
    let mut loaded = load(&accounts, stand.as_ref(), &span, &args.reading.from, common, world)?;
    let mut facts = std::mem::take(&mut loaded.facts);
    facts.problems.extend(strangers(&accounts, &loaded));
    let ask = Ask { strict: args.strict, ..month_ask(month, &accounts, &args.reading, &facts.documents)? };
    let bridge = match &stand {
        Some(stand) => stand.complete(&ask, &mut facts, world)?,
        None => None,
    };
    let (invoices, problems) = order_invoices(args, &accounts, &ask, world);
    facts.problems.extend(problems);
    let statement = assemble(&ask, facts)?;
    if way.problems == Problems::Tell {
        tell_problems(&statement, common, world);
    }
    let source =
        stand.as_ref().map(|stand| RowSource::Archive { archive: &stand.archive, options: read_options(world) });
    let ground = Booked {
        statement: &statement,
        ask: &ask,
        inputs: &loaded.settlements,
        invoices: invoices.as_ref(),
        before: bridge.as_ref().zip(source.as_ref()),
    };
    let exported = write_booked(&ground, args.shape(), &accounts, (way.created, way.replace), common, world)?;
    Ok((exported, statement.exit_code()))
}

/// What turns the journal of a closed month into the one that would be written now, dated on the first day of the
/// first month that is open.
fn export_delta(
    accounts: &Accounts,
    args: &ExportArgs,
    way: &Way,
    common: &Common,
    world: &mut World<'_>,
) -> Result<(Exported, ExitCode), Failure> {
    if matches!(args.preset, Preset::Transactions | Preset::Parquet) {
        let message = format!("--delta corrects a journal; {} carries rows", args.preset);
        return Err(Failure::new(ExitCode::Usage, message).with_hint("settle diff --month shows the rows that changed"));
    }
    let (Some(month), Some(settings)) = (args.delta, accounts.settings()) else {
        return Err(Failure::new(ExitCode::Usage, "name a month with --month or --delta"));
    };
    let editions = Editions::of(month, settings, &common.account, args.reading.basis, world)?;
    let closed = assemble(&editions.closed.ask, editions.closed.facts.clone())?;
    let ask = Ask { strict: args.strict, ..editions.present.ask.clone() };
    let statement = assemble(&ask, editions.present.facts.clone())?;
    if way.problems == Problems::Tell {
        tell_problems(&statement, common, world);
    }
    let (invoices, _) = order_invoices(args, accounts, &ask, world);
    let open = editions.stand.first_open().unwrap_or(month.next());
    let ledgers = delta_ledgers(&editions, (&closed, &statement), open, accounts, args.preset)?;
    let source = RowSource::Archive { archive: &editions.stand.archive, options: read_options(world) };
    let lookup = lookup(invoices.as_ref());
    let corrections = Corrections {
        moved: &editions.moved,
        ask: &editions.closed.ask,
        source: &source,
        by: args.by,
        invoice_of: invoices.as_ref().map(|_| &lookup as &InvoiceOf<'_>),
    };
    let ledgers = only_corrections(ledgers, &corrections, &closed)?;
    if ledgers.is_empty() {
        let told = format!("nothing has changed about {month} since it was closed; no file is written");
        return Ok((Exported::new(vec![told], Vec::new()), statement.exit_code()));
    }
    let files = Files { inputs: &[], invoices: invoices.as_ref(), delta: Some(month) };
    let written = write_ledgers(&ledgers, &files, args.shape(), accounts, (way.created, way.replace), common, world)?;
    Ok((written, statement.exit_code()))
}

/// The ledgers of a closed month in both editions, each on the one day on which its corrections count.
fn delta_ledgers(
    editions: &Editions,
    (closed, present): (&Statement, &Statement),
    open: Month,
    accounts: &Accounts,
    preset: Preset,
) -> Result<Vec<Ledger>, Failure> {
    let export = export_settings(accounts);
    let mut all = ledgers(present, &editions.present.ask, accounts.settings(), &export, preset)?;
    let known = |old: &Ledger, all: &[Ledger]| {
        all.iter().any(|new| (&new.account, new.currency) == (&old.account, old.currency))
    };
    for old in ledgers(closed, &editions.closed.ask, accounts.settings(), &export, preset)? {
        if !known(&old, &all) {
            // Nothing of it is left.
            all.push(Ledger { closing: old.opening, ..old });
        }
    }
    for ledger in &mut all {
        ledger.period = Period::of_month(open, ledger.period.zone())?;
        ledger.first_day = open.first_day()?;
        ledger.last_day = ledger.first_day;
    }
    Ok(all)
}

impl ExportArgs {
    fn shape(&self) -> Shape {
        Shape { preset: self.preset, dialect: self.csv_dialect, by: self.by }
    }
}

/// The order lists of an export, and what is wrong with them.
fn order_invoices(
    args: &ExportArgs,
    accounts: &Accounts,
    ask: &Ask,
    world: &mut World<'_>,
) -> (Option<InvoiceLookup>, Vec<Problem>) {
    if args.orders.is_empty() {
        return (None, Vec::new());
    }
    let lists = OrderInputs::named(&args.orders, accounts.settings(), world);
    let (lookup, problems) = invoices(lists, accounts.settings(), &ask.period, world);
    (Some(lookup), problems)
}

/// Finds the invoice of an order in the lists that were given.
fn lookup(invoices: Option<&InvoiceLookup>) -> impl Fn(OrderKey<'_>) -> Option<String> {
    move |key: OrderKey<'_>| {
        let found = invoices?.invoice_of(
            key.transaction_id,
            key.order_reference_id,
            key.seller_reference_id,
            key.seller_order_id,
        );
        found.map(str::to_owned)
    }
}

fn export_settings(accounts: &Accounts) -> ExportSettings {
    accounts.settings().map(|settings| settings.export.clone()).unwrap_or_default()
}

/// The form of an export.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The preset.
    pub(super) preset: Preset,
    /// The form of CSV.
    pub(super) dialect: CsvDialect,
    /// How finely it is booked.
    pub(super) by: Granularity,
}

/// What is booked.
pub(super) struct Booked<'a> {
    /// The statement of the month.
    pub(super) statement: &'a Statement,
    /// What was asked for.
    pub(super) ask: &'a Ask,
    /// The settlement files.
    pub(super) inputs: &'a [Input],
    /// Knows invoices, where order lists are given.
    pub(super) invoices: Option<&'a InvoiceLookup>,
    /// What lies between the close of the month before and this month, and where rows are read.
    pub(super) before: Option<(&'a Bridge, &'a RowSource<'a>)>,
}

/// Writes the rows behind a statement in one form, to where `common` says; journals with the corrections of closed
/// months.
pub(super) fn write_booked(
    booked: &Booked<'_>,
    shape: Shape,
    accounts: &Accounts,
    when: (DateTime<Utc>, Replace),
    common: &Common,
    world: &mut World<'_>,
) -> Result<Exported, Failure> {
    let export = export_settings(accounts);
    let mut ledgers = ledgers(booked.statement, booked.ask, accounts.settings(), &export, shape.preset)?;
    let books = !matches!(shape.preset, Preset::Transactions | Preset::Parquet);
    if let (Some((bridge, source)), true) = (booked.before, books) {
        let lookup = lookup(booked.invoices);
        let corrections = Corrections {
            moved: &bridge.moved,
            ask: &bridge.prior.ask,
            source,
            by: shape.by,
            invoice_of: booked.invoices.map(|_| &lookup as &InvoiceOf<'_>),
        };
        add_corrections(&mut ledgers, &corrections, booked.statement)?;
    }
    let files = Files { inputs: booked.inputs, invoices: booked.invoices, delta: None };
    write_ledgers(&ledgers, &files, shape, accounts, when, common, world)
}

/// What ledgers are written from.
struct Files<'a> {
    inputs: &'a [Input],
    invoices: Option<&'a InvoiceLookup>,
    /// The closed month whose corrections alone are written.
    delta: Option<Month>,
}

fn write_ledgers(
    ledgers: &[Ledger],
    files: &Files<'_>,
    shape: Shape,
    accounts: &Accounts,
    (created, replace): (DateTime<Utc>, Replace),
    common: &Common,
    world: &mut World<'_>,
) -> Result<Exported, Failure> {
    let export = export_settings(accounts);
    let lookup = lookup(files.invoices);
    let job = Job {
        preset: shape.preset,
        dialect: shape.dialect,
        by: shape.by,
        settings: &export,
        invoice_of: files.invoices.map(|_| &lookup as &InvoiceOf<'_>),
        inputs: files.inputs.iter().map(|input| (input.name(), input)).collect(),
        options: read_options(world),
        created,
        replace,
        delta: files.delta,
    };
    match shape.preset {
        Preset::Transactions | Preset::Parquet => tables::write(&job, ledgers, common, world),
        _ => write::write(&job, ledgers, common, world),
    }
}

/// One ledger for each account and currency of the statement.
fn ledgers(
    statement: &Statement,
    ask: &Ask,
    settings: Option<&Settings>,
    export: &ExportSettings,
    preset: Preset,
) -> Result<Vec<Ledger>, Failure> {
    let ledger = |account: &Account| {
        let configured = settings.and_then(|settings| settings.account(&account.account));
        let period = ask.periods.get(&account.account).copied().unwrap_or(ask.period);
        let own = configured.and_then(|account| account.chart).or(export.chart).or(preset.chart());
        let chart = own.or_else(|| configured.map(|account| chart_of(&account.country.code())));
        let map = AccountsMap::new(chart.unwrap_or(Chart::Neutral), &export.accounts);
        let treatment = configured.and_then(|account| account.vat_on_fees).unwrap_or(export.vat_on_fees);
        let vat = VatRule { treatment, rate: rate(treatment, export, preset)? };
        ledger_of(account, period, ask.basis, map, vat)
            .map_err(|why| Failure::new(ExitCode::Defect, format!("{}: {why}", account.account)))
    };
    statement.accounts.iter().map(ledger).collect()
}

/// The chart that a country's bookkeepers use, where one is built in.
fn chart_of(country: &str) -> Chart {
    const CHARTS: [(&str, Chart); 3] = [("FR", Chart::Pcg), ("DE", Chart::Skr03), ("SE", Chart::Bas)];
    CHARTS.iter().find(|row| row.0 == country).map_or(Chart::Neutral, |row| row.1)
}

/// The rate of a reverse charge: never inferred. DATEV books the tax itself, by the key of the line.
fn rate(treatment: VatOnFees, export: &ExportSettings, preset: Preset) -> Result<Option<Amount>, Failure> {
    let needed = treatment == VatOnFees::ReverseCharge
        && !matches!(preset, Preset::Datev | Preset::Transactions | Preset::Parquet | Preset::FreeAgent);
    match (needed, export.reverse_charge_rate) {
        (true, None) => {
            let why = "the percentage of VAT that is owed and deducted";
            Err(unfit(&Unfit::Setting { preset, key: "reverse_charge_rate", why }))
        }
        (needed, rate) => Ok(rate.filter(|_| needed)),
    }
}

fn unfit(why: &Unfit) -> Failure {
    let failure = Failure::new(why.exit_code(), why.to_string());
    match why.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
