//! `settle disputes`: every case, its clock and its cost.

use super::accounts::{Accounts, Span};
use super::args::{Common, DisputesArgs, Format};
use super::dispute_evidence::write_evidence;
use super::dispute_facts::gather_facts;
use super::dispute_refresh::refresh;
use super::failure::Failure;
use super::frozen::{CLOSED_MONTH, Stand, stand};
use super::load::{Keep, Loaded, gather_named, load_archive_keeping, load_files_keeping, named_settings};
use super::report::strangers;
use super::world::World;
use crate::config::Settings;
use crate::disputes::{CaseStatus, Clock};
use crate::domain::{ExitCode, Instant, Period};
use crate::export::{Paint, Target, WriteError, clean, disputes_csv, disputes_ics, disputes_text, json_text};
use crate::report::{CaseFilter, DisputeAsk, DisputeDocument, Problem, Severity, assemble_disputes};

/// Codes of warnings that go to standard error as well: they tell that something was left out.
const TOLD: [&str; 6] =
    ["unknown_account", "other_merchant", "sandbox_notification", "bad_signature", "nothing_known", CLOSED_MONTH];

pub(super) fn run(common: &Common, args: &DisputesArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let from_files = !args.reading.from.is_empty();
    let settings = if from_files { named_settings(common, world)? } else { Some(super::config::load(common, world)?) };
    let rules = settings.as_ref().map(|settings| settings.disputes.clone()).unwrap_or_default();
    let accounts = Accounts::new(settings, &common.account, args.reading.timezone);
    let period = match args.month {
        Some(month) => Some(Period::of_month(month, accounts.common_zone())?),
        None => None,
    };
    let clock = Clock { now: Instant::from(world.clock.now()), settings: &rules };
    let mut refreshed = ExitCode::Done;
    if let (true, Some(settings)) = (args.refresh, accounts.settings()) {
        let stop = (world.catch_signals)();
        refreshed = refresh(settings, &accounts, &clock, &stop, common, world)?;
        if let Some(exit) = stop.asked() {
            return Ok(exit);
        }
    }
    let (accounts, stand) = stand(accounts, args.month, &args.reading)?;
    let mut loaded = load(common, args, &accounts, stand.as_ref(), world)?;
    let problems: Vec<Problem> = strangers(&accounts, &loaded).collect();
    loaded.facts.problems.extend(problems);
    if let Some(stand) = &stand {
        loaded.facts.problems.extend(stand.note()?);
    }
    let mut known = gather_facts(loaded, args.month, &accounts, &clock, common, world)?;
    let ask = ask(args, &accounts, period);
    let document = assemble_disputes(&ask, std::mem::take(&mut known.disputes), &clock)?;
    refuse_unknown_cases(args, &document)?;
    tell(&document, common, world);
    if let Some(folder) = &args.evidence {
        write_evidence(folder, &document, &known, common, world)?;
    }
    write(&document, common, args, world)?;
    Ok(ExitCode::worst([document.exit_code(), refreshed]))
}

/// Reads the inputs of either door, with everything beside settlements.
fn load(
    common: &Common,
    args: &DisputesArgs,
    accounts: &Accounts,
    stand: Option<&Stand>,
    world: &mut World<'_>,
) -> Result<Loaded, Failure> {
    match stand {
        Some(stand) => load_archive_keeping(Keep::Records, &stand.archive, &stand.view, accounts, &Span::Whole, world),
        None => {
            let mut gathered = gather_named(&args.reading.from, world);
            // The order in which files were named decides nothing.
            gathered.inputs.sort_by(|a, b| a.name().cmp(b.name()));
            Ok(load_files_keeping(Keep::Records, gathered, accounts, &Span::Whole, common, world))
        }
    }
}

fn ask(args: &DisputesArgs, accounts: &Accounts, period: Option<Period>) -> DisputeAsk {
    let configured = accounts.settings().map(|settings: &Settings| settings.reporting.basis);
    let statuses = if args.open { vec![CaseStatus::Open] } else { args.status.clone() };
    DisputeAsk {
        period,
        basis: args.reading.basis.or(configured).unwrap_or_default(),
        zone: accounts.common_zone(),
        filter: CaseFilter {
            statuses,
            due_within_days: args.due_within.map(|within| within.num_days()),
            ids: args.case.clone(),
        },
        by: args.by,
    }
}

/// A misspelt id would otherwise look like a case without evidence.
fn refuse_unknown_cases(args: &DisputesArgs, document: &DisputeDocument) -> Result<(), Failure> {
    let missing = args.case.iter().find(|id| document.cases.iter().all(|case| case.case_id != **id));
    match missing {
        None => Ok(()),
        Some(id) => {
            let message = format!("there is no case `{}` among those asked for", id.escape_debug());
            Err(Failure::new(ExitCode::Usage, message).with_hint("settle disputes --format json lists every case_id"))
        }
    }
}

/// What does not tie, and what was left out, goes to standard error as well.
fn tell(document: &DisputeDocument, common: &Common, world: &mut World<'_>) {
    for problem in &document.problems {
        let word = match problem.severity {
            Severity::Error => "error",
            Severity::Warning if !common.quiet && TOLD.contains(&problem.code) => "warning",
            Severity::Warning => continue,
        };
        world.say(&format!("settle: {word}: {}", clean(&problem.sentence())));
        if let Some(hint) = &problem.hint {
            world.say(&format!("hint: {}", clean(hint)));
        }
    }
    for check in document.checks.iter().filter(|check| !check.holds) {
        let who = format!("{} {}", check.account, check.currency);
        let (rows, cases) = (check.rows, check.rows_in_cases);
        world.say(&clean(&format!("settle: error: {who}: {rows} dispute rows, but {cases} of them in cases")));
        world.say("hint: this is a defect of settle; please report it with the command and the file");
    }
}

fn write(
    document: &DisputeDocument,
    common: &Common,
    args: &DisputesArgs,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let text = match common.format.unwrap_or(Format::Text) {
        Format::Text => disputes_text(document, paint, common.verbose > 0),
        Format::Json => json_text(document)?,
        Format::Csv => disputes_csv(document, args.csv_dialect)?,
        Format::Ics => disputes_ics(document, world.clock.now()),
        form @ (Format::Xlsx | Format::Html) => {
            return Err(Failure::no_form("a list of disputes", form, "text, json, csv or ics"));
        }
    };
    Ok(target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?)
}
