//! `settle reconcile`: payouts against the bank, orders against captures, fees against the tariff.

use std::collections::HashMap;

use chrono::Datelike;

use super::accounts::{Accounts, Span};
use super::args::{Common, Format, ReconcileArgs};
use super::failure::Failure;
use super::frozen::{period_ask, stand};
use super::load::{
    Keep, Loaded, gather_named, load_archive_keeping, load_files, load_files_with_payments, named_settings,
    read_options,
};
use super::reconcile_orders::{OrderFiles, OrderInputs, OrderRequest, OrderSections, order_sections};
use super::remember::remember;
use super::report::{strangers, tell};
use super::unsettled::unsettled;
use super::world::World;
use crate::archive::Archive;
use crate::config::BankSettings;
use crate::domain::{AccountName, DocumentId, ExitCode, Period, PeriodError, Zone};
use crate::export::{Paint, Target, WriteError, json_text, reconciliation_csv, reconciliation_text};
use crate::parse::Gathered;
use crate::reconcile::bank::{BankReader, BankStatement, read_bank_file};
use crate::reconcile::orders::Listing;
use crate::reconcile::payouts::{MatchRules, Payees};
use crate::report::{
    Ask, PayoutFacts, PayoutSections, Problem, Reconciliation, ReconciliationTotals, Severity, Source, UnsettledLine,
    reconcile_payouts,
};

/// What a run is about, for every section of the document.
pub(super) struct Bounds<'a> {
    /// The accounts and the settings.
    pub(super) accounts: &'a Accounts,
    /// The period, by account.
    pub(super) ask: &'a Ask,
    /// The archive, where the settlements come from it.
    pub(super) archive: Option<&'a Archive>,
}

pub(super) fn run(common: &Common, args: &ReconcileArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let span = span(args);
    let from_files = !args.reading.from.is_empty();
    let settings = if from_files { named_settings(common, world)? } else { Some(super::config::load(common, world)?) };
    let accounts = Accounts::new(settings, &common.account, args.reading.timezone);
    local_period(&span, accounts.common_zone())?;
    let (accounts, stand) = stand(accounts, args.month, &args.reading)?;
    let period = local_period(&span, accounts.common_zone())?;
    let named = from_files.then(|| named_inputs(&args.reading.from, world));
    let lists = OrderInputs::named(&args.orders, accounts.settings(), world);
    let order_files = OrderFiles::of(lists, accounts.settings(), &period, world);
    let filter = order_files.as_ref().map(OrderFiles::payment_filter);
    // Neither needs the other, and the tables of orders are made by one worker alone.
    let (loaded, orders) = std::thread::scope(|scope| {
        let orders = order_files.map(|files| scope.spawn(|| files.read()));
        let loaded = match (&stand, named) {
            (Some(stand), None) => {
                load_archive_keeping(Keep::Movements, &stand.archive, &stand.view, &accounts, &span, world)
            }
            (_, named) => {
                let named = named.unwrap_or_default();
                Ok(load_files_with_payments(Keep::Movements, filter.as_ref(), named, &accounts, &span, common, world))
            }
        };
        (loaded, orders.map(|orders| orders.join().unwrap_or_else(|defect| std::panic::resume_unwind(defect))))
    });
    let mut loaded = loaded?;
    let more = load_files(named_inputs(&args.disbursements, world), &accounts, &span, common, world);
    loaded.facts.disbursements.extend(more.facts.disbursements);
    loaded.facts.problems.extend(more.facts.problems);
    loaded.facts.sources.extend(more.facts.sources);

    let bind = |zone| local_period(&span, zone);
    let ask = period_ask(&bind, &accounts, &args.reading, &loaded.facts.documents)?;
    let bank = read_bank(gather_named(&args.bank, world), &accounts);
    let bounds = Bounds { accounts: &accounts, ask: &ask, archive: stand.as_ref().map(|stand| &stand.archive) };
    // The text shows what needs a look; what a program reads has every order.
    let all = common.verbose > 0 || matches!(common.format, Some(Format::Json | Format::Csv));
    let request = OrderRequest {
        listing: if all { Listing::All } else { Listing::Findings },
        claims: args.claims.as_deref().map(|path| (path, args.csv_dialect)),
    };
    let orders = order_sections(request, &bounds, &mut loaded, orders, world)?;
    let (unsettled, unsettled_problems) = unsettled(&bounds, &mut loaded, &read_options(world))?;
    let payouts = payouts(&bounds, &loaded, bank.statements)?;
    let mut problems = bank.problems;
    problems.extend(strangers(&accounts, &loaded));
    problems.extend(unsettled_problems);
    if let Some(stand) = &stand {
        problems.extend(stand.note()?);
    }
    problems.extend((args.bank.is_empty() && !payouts.payouts.is_empty()).then(no_bank_statement));
    if let (Some(settings), false, false) = (accounts.settings(), from_files, args.bank.is_empty()) {
        remember(settings, &loaded, &payouts.findings, &bank.sources, world)?;
    }
    loaded.facts.sources.extend(bank.sources);
    let document = assemble(&ask, loaded, payouts, orders, unsettled, problems);
    tell(&document.problems, common, world);
    write(&document, common, args, world)?;
    Ok(document.exit_code())
}

/// The reconciliation of what was loaded, with files that are at hand; every order is listed.
pub(super) fn reconciled(
    bounds: &Bounds<'_>,
    mut loaded: Loaded,
    bank: Gathered,
    lists: OrderInputs,
    world: &mut World<'_>,
) -> Result<Reconciliation, Failure> {
    let given = !bank.inputs.is_empty();
    let bank = read_bank(bank, bounds.accounts);
    let orders = OrderFiles::of(lists, bounds.accounts.settings(), &bounds.ask.period, world).map(OrderFiles::read);
    let request = OrderRequest { listing: Listing::All, claims: None };
    let orders = order_sections(request, bounds, &mut loaded, orders, world)?;
    let (unsettled, unsettled_problems) = unsettled(bounds, &mut loaded, &read_options(world))?;
    let payouts = payouts(bounds, &loaded, bank.statements)?;
    let mut problems = bank.problems;
    problems.extend(unsettled_problems);
    problems.extend((!given && !payouts.payouts.is_empty()).then(no_bank_statement));
    loaded.facts.sources.extend(bank.sources);
    Ok(assemble(bounds.ask, loaded, payouts, orders, unsettled, problems))
}

fn no_bank_statement() -> Problem {
    let message = "no bank statement is given, so nothing is known of the payouts' arrival";
    Problem::new(Severity::Warning, "no_bank_statement", message).with_hint("give it with --bank")
}

/// The named files; the order in which they were named decides nothing.
fn named_inputs(paths: &[std::path::PathBuf], world: &mut World<'_>) -> Gathered {
    let mut gathered = gather_named(paths, world);
    gathered.inputs.sort_by(|a, b| a.name().cmp(b.name()));
    gathered
}

fn local_period(span: &Span, zone: Zone) -> Result<Period, PeriodError> {
    match span {
        Span::Local(bind) => bind(zone),
        Span::Whole => Err(PeriodError::OutOfRange),
    }
}

/// The period: a month, a range, or the month of a day up to the end of that day.
fn span(args: &ReconcileArgs) -> Span {
    let (month, from, until, at) = (args.month, args.from_date, args.until_date, args.at);
    Span::Local(Box::new(move |zone: Zone| match (month, from, until, at) {
        (Some(month), ..) => Period::of_month(month, zone),
        (None, Some(from), Some(until), _) => Period::of_days(from, until, zone),
        (None, None, _, Some(at)) => {
            let first = at.with_day(1).ok_or(PeriodError::OutOfRange)?;
            Period::of_days(first, at.succ_opt().ok_or(PeriodError::OutOfRange)?, zone)
        }
        _ => Err(PeriodError::OutOfRange),
    }))
}

/// What the bank files hold.
#[derive(Default)]
struct BankFiles {
    statements: Vec<BankStatement>,
    problems: Vec<Problem>,
    sources: Vec<Source>,
}

/// Reads every bank file; a refused one becomes a problem and does not stop the others.
fn read_bank(mut gathered: Gathered, accounts: &Accounts) -> BankFiles {
    let mut files = BankFiles::default();
    gathered.inputs.sort_by(|a, b| a.name().cmp(b.name()));
    files.problems.extend(gathered.errors.iter().map(Problem::of_error));
    let settings = bank_settings(accounts);
    let reader = BankReader { encoding: settings.encoding, csv: settings.csv };
    let mut seen: HashMap<DocumentId, String> = HashMap::new();
    for input in &gathered.inputs {
        match read_bank_file(input, &reader) {
            Ok(file) => {
                if let Some(known) = seen.get(&file.id) {
                    let message = format!("the same bytes as {known}; counted once");
                    files.problems.push(Problem::new(Severity::Warning, "same_file", message).in_file(input.name()));
                    continue;
                }
                seen.insert(file.id.clone(), input.name().to_owned());
                files.problems.extend(file.warnings.iter().map(|warning| Problem::of_warning(input.name(), warning)));
                files.sources.push(Source {
                    file: input.name().to_owned(),
                    sha256: Some(file.id),
                    kind: "bank_statement",
                    rows: file.statements.iter().map(|statement| statement.entries.len() as u64).sum(),
                    objects: None,
                });
                files.statements.extend(file.statements);
            }
            Err(error) => {
                files.problems.push(Problem::of_bank(&error));
                let file = input.name().to_owned();
                files.sources.push(Source { file, sha256: None, kind: "unknown", rows: 0, objects: None });
            }
        }
    }
    files
}

fn bank_settings(accounts: &Accounts) -> BankSettings {
    accounts.settings().map(|settings| settings.bank.clone()).unwrap_or_default()
}

fn payouts(bounds: &Bounds<'_>, loaded: &Loaded, statements: Vec<BankStatement>) -> Result<PayoutSections, Failure> {
    let settings = bank_settings(bounds.accounts);
    let rules = MatchRules {
        calendar: settings.calendar,
        window: settings.window,
        payees: Payees::with_further(&settings.payees),
        any_payee: settings.any_payee,
    };
    let configured = bounds.accounts.settings().into_iter().flat_map(|settings| &settings.accounts);
    let configured = configured.filter_map(|account| Some((account.name.clone(), account.payout_rule?)));
    let account_of = |seller: &crate::domain::SellerId| bounds.accounts.name(Some(seller));
    let disbursements = loaded.facts.disbursements.iter();
    let disbursements = disbursements.map(|item| (item.seller_id.as_ref().map(account_of), item.clone()));
    Ok(reconcile_payouts(PayoutFacts {
        ask: bounds.ask,
        documents: loaded.facts.documents.clone(),
        disbursements: disbursements.collect::<Vec<(Option<AccountName>, _)>>(),
        statements,
        rules: &rules,
        payout_rules: configured.collect(),
    })?)
}

fn assemble(
    ask: &Ask,
    loaded: Loaded,
    payouts: PayoutSections,
    orders: OrderSections,
    unsettled: Vec<UnsettledLine>,
    more: Vec<Problem>,
) -> Reconciliation {
    let mut problems = loaded.facts.problems;
    problems.extend(more);
    problems.extend(payouts.problems);
    problems.extend(orders.problems);
    problems.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.severity == Severity::Warning, problem.file.clone(), problem.line);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    let mut sources = loaded.facts.sources;
    sources.extend(orders.sources);
    sources.sort_by(|a, b| (&a.file, &a.sha256).cmp(&(&b.file, &b.sha256)));
    Reconciliation {
        schema: "settle.reconciliation/1",
        period: ask.range(&ask.period),
        payouts: payouts.payouts,
        bank_unmatched: payouts.bank_unmatched,
        orders: orders.orders,
        order_lists: orders.lists,
        fees: orders.fees,
        payout_rules: payouts.payout_rules,
        balances: payouts.balances,
        captured_not_settled: unsettled,
        bank_statements: payouts.bank_statements,
        totals: ReconciliationTotals {
            payouts: payouts.payout_totals,
            bank_unmatched: payouts.unmatched_totals,
            orders: orders.totals,
        },
        problems,
        sources,
    }
}

fn write(
    document: &Reconciliation,
    common: &Common,
    args: &ReconcileArgs,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let text = match common.format.unwrap_or(Format::Text) {
        Format::Text => reconciliation_text(document, paint, common.verbose > 0),
        Format::Json => json_text(document)?,
        Format::Csv => reconciliation_csv(document, args.csv_dialect)?,
        form @ (Format::Ics | Format::Xlsx | Format::Html) => {
            return Err(Failure::no_form("a reconciliation", form, "text, json or csv"));
        }
    };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
