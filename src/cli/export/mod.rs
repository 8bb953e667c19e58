//! `settle export`: the month in the form that its receiver already uses.
//!
//! The statement says what belongs to the month; the rows behind it are walked through twice. The first pass
//! looks (order, number of files, accounts in use), so that nothing is written before it is known to fit; the
//! second writes. What was booked is compared with the statement before any file takes its place.

mod job;
mod output;
mod survey;
mod tables;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::accounts::{Accounts, Span};
use super::args::{Common, ExportArgs, Reading};
use super::failure::Failure;
use super::load::{Loaded, read_options};
use super::reconcile_orders::{OrderInputs, invoices};
use super::report::{load, strangers, tell_problems};
use super::world::World;
use crate::config::{AccountsMap, Chart, ExportSettings, Settings, VatOnFees};
use crate::domain::{Amount, ExitCode, Month, Period};
use crate::export::{CsvDialect, Preset, Unfit, clean};
use crate::parse::Input;
use crate::reconcile::orders::InvoiceLookup;
use crate::report::journal::{Granularity, InvoiceOf, Ledger, OrderKey, VatRule, ledger_of};
use crate::report::{Account, Ask, Statement, assemble};
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
        month,
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
    let month = args.month;
    let span = Span::Local(Box::new(move |zone| Period::of_month(month, zone)));
    Period::of_month(month, accounts.common_zone())?;
    let mut loaded = load(accounts, &span, &args.reading.from, common, world)?;
    let mut facts = std::mem::take(&mut loaded.facts);
    facts.problems.extend(strangers(accounts, &loaded));
    let ask = ask(args, accounts, &loaded, &facts)?;
    let invoices = if args.orders.is_empty() {
        None
    } else {
        let lists = OrderInputs::named(&args.orders, accounts.settings(), world);
        let (lookup, problems) = invoices(lists, accounts.settings(), &ask.period, world);
        facts.problems.extend(problems);
        Some(lookup)
    };
    let statement = assemble(&ask, facts)?;
    if way.problems == Problems::Tell {
        tell_problems(&statement, common, world);
    }
    let shape = Shape { preset: args.preset, dialect: args.csv_dialect, by: args.by };
    let ground = Booked { statement: &statement, ask: &ask, inputs: &loaded.settlements, invoices: invoices.as_ref() };
    let exported = write_booked(&ground, shape, accounts, (way.created, way.replace), common, world)?;
    Ok((exported, statement.exit_code()))
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
}

/// Writes the rows behind a statement in one form, to where `common` says.
pub(super) fn write_booked(
    booked: &Booked<'_>,
    shape: Shape,
    accounts: &Accounts,
    (created, replace): (DateTime<Utc>, Replace),
    common: &Common,
    world: &mut World<'_>,
) -> Result<Exported, Failure> {
    let export = accounts.settings().map(|settings| settings.export.clone()).unwrap_or_default();
    let ledgers = ledgers(booked.statement, booked.ask, accounts.settings(), &export, shape.preset)?;
    let inputs: HashMap<&str, &Input> = booked.inputs.iter().map(|input| (input.name(), input)).collect();
    let invoices = booked.invoices;
    let invoice_of = |key: OrderKey<'_>| {
        let found = invoices?.invoice_of(
            key.transaction_id,
            key.order_reference_id,
            key.seller_reference_id,
            key.seller_order_id,
        );
        found.map(str::to_owned)
    };
    let job = Job {
        preset: shape.preset,
        dialect: shape.dialect,
        by: shape.by,
        settings: &export,
        invoice_of: invoices.map(|_| &invoice_of as &InvoiceOf<'_>),
        inputs,
        options: read_options(world),
        created,
        replace,
    };
    match shape.preset {
        Preset::Transactions | Preset::Parquet => tables::write(&job, &ledgers, common, world),
        _ => write::write(&job, &ledgers, common, world),
    }
}

fn ask(args: &ExportArgs, accounts: &Accounts, loaded: &Loaded, facts: &crate::report::Facts) -> Result<Ask, Failure> {
    let settings = accounts.settings();
    let period = Period::of_month(args.month, accounts.common_zone())?;
    let mut periods = BTreeMap::new();
    for document in &facts.documents {
        let own = Period::of_month(args.month, accounts.zone(document.seller_id.as_ref()))?;
        if own != period {
            periods.insert(document.account.clone(), own);
        }
    }
    debug_assert!(loaded.facts.documents.is_empty(), "the facts were taken out");
    let configured = settings.map(|settings| settings.reporting.basis);
    let tolerance = settings.map(|settings| settings.reporting.gap_tolerance);
    Ok(Ask {
        period,
        periods,
        basis: args.reading.basis.or(configured).unwrap_or_default(),
        settlement: None,
        gap_tolerance: tolerance.unwrap_or(crate::reconcile::GAP_TOLERANCE_DEFAULT),
        configured: accounts.configured_openings(),
        strict: args.strict,
    })
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
