//! From Amazon to the archive and on to its rows: what `settle fetch` and `settle run` share.
//!
//! The fetch floor ends at stored bytes; here they are read, and the catalog learns what became of them.

use std::cell::RefCell;
use std::io::Write;

use chrono::TimeDelta;

use super::args::Common;
use super::failure::Failure;
use super::fetch_progress::FetchProgress;
use super::intake::take_in;
use super::world::{StopFlag, World};
use crate::archive::{Archive, FetchRecord, RemoteRecord, RemoteState};
use crate::config::{Account, Settings, Source as Word};
use crate::domain::{AccountName, ExitCode, Instant};
use crate::export::clean;
use crate::fetch::{
    Connection, Desk, FetchOutcome, FetchPlan, Mode, connect, fetch_account, file_name, remote_account, usual_types,
};
use crate::parse::{Gathered, Input};
use crate::report::{FetchDocument, FetchedAccount, ImportState, ImportedFile, LeftReport, Problem};

/// Reports vanish at Amazon after ninety days; from this age of the last success on, that is said loudly.
const ALARM_AFTER: TimeDelta = TimeDelta::days(80);
/// How long Amazon keeps reports.
const KEPT: TimeDelta = TimeDelta::days(90);
/// How often a signal is looked for while something is waited for.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

/// The accounts that are fetched: those asked for, or all, without those whose files are brought in by hand.
pub(super) fn accounts_to_fetch<'s>(settings: &'s Settings, common: &Common) -> Result<Vec<&'s Account>, Failure> {
    Ok(accounts_asked_for(settings, common)?.into_iter().filter(|account| account.source != Word::Import).collect())
}

/// The accounts that are asked for by name or merchant id; all, where none is.
pub(super) fn accounts_asked_for<'s>(settings: &'s Settings, common: &Common) -> Result<Vec<&'s Account>, Failure> {
    let named = |account: &&Account| {
        let names = [account.name.as_str(), account.merchant_id.as_str()];
        common.account.is_empty() || common.account.iter().any(|wanted| names.contains(&wanted.as_str()))
    };
    let asked: Vec<&Account> = settings.accounts.iter().filter(named).collect();
    if asked.is_empty() && !common.account.is_empty() {
        let known: Vec<&str> = settings.accounts.iter().map(|account| account.name.as_str()).collect();
        let message = format!("there is no account `{}`", clean(&common.account.join("`, `")));
        return Err(
            Failure::new(ExitCode::Configuration, message).with_hint(format!("known accounts: {}", known.join(", ")))
        );
    }
    Ok(asked)
}

/// A runtime for one thread.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|why| {
        Failure::new(ExitCode::Storage, format!("the system gives no means to wait for the network: {why}"))
    })
}

/// Waits for work, or for the signal that ends it.
pub(super) async fn until_stopped<T>(work: impl Future<Output = T>, stop: &StopFlag) -> Result<T, ExitCode> {
    let signal = async {
        loop {
            if let Some(exit) = stop.asked() {
                return exit;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        biased;
        exit = signal => Err(exit),
        done = work => Ok(done),
    }
}

/// What was fetched, and how it ended.
pub(super) struct Fetched {
    pub(super) document: FetchDocument,
    pub(super) exit: ExitCode,
    /// Documents that are new in the archive.
    pub(super) new_reports: u64,
}

/// Fetches accounts one after the other and reads what came. The caller holds the lock.
pub(super) fn fetch_and_take(
    archive: &mut Archive,
    accounts: &[&Account],
    plan: &FetchPlan,
    settings: &Settings,
    common: &Common,
    world: &mut World<'_>,
    stop: &StopFlag,
) -> Result<Fetched, Failure> {
    let runtime = runtime()?;
    let mut document = FetchDocument {
        schema: "settle.fetch/1",
        dry_run: plan.mode == Mode::Look,
        accounts: Vec::new(),
        problems: Vec::new(),
    };
    let (mut exits, mut new_reports) = (Vec::new(), 0);
    for account in accounts {
        let before = archive.catalog.fetches()?.into_iter().find(|fetch| fetch.account == remote_account(account));
        let outcome = fetch_one(archive, account, plan, settings, common, world, stop, &runtime)?;
        let Some(outcome) = outcome else {
            exits.push(stop.asked().unwrap_or(ExitCode::Interrupted));
            break;
        };
        let mut told = told(account, &outcome);
        if plan.mode == Mode::Bring {
            let (reports, problems) = take_stored(archive, account, settings, common, world, stop)?;
            new_reports += reports.iter().filter(|report| is_new(report.state)).count() as u64;
            let unread = reports.iter().any(|report| {
                !matches!(report.state, ImportState::Imported | ImportState::Replaces | ImportState::AlreadyKnown)
            });
            let exit =
                ExitCode::worst([outcome.exit_code(), if unread { ExitCode::DoesNotTie } else { ExitCode::Done }]);
            told.exit = exit.number();
            told.reports = reports;
            document.problems.extend(problems);
            told.notes.extend(lost(before.as_ref(), &outcome, world.clock.now().into()));
            remember(archive, account, before, &outcome, world)?;
            exits.push(exit);
        } else {
            exits.push(outcome.exit_code());
        }
        document.accounts.push(told);
    }
    let exit = stop.asked().unwrap_or_else(|| together(&exits));
    Ok(Fetched { document, exit, new_reports })
}

/// Several accounts: where some failed and others did not, the work is partly done.
pub(super) fn together(exits: &[ExitCode]) -> ExitCode {
    let failed = |exit: &ExitCode| !matches!(exit, ExitCode::Done | ExitCode::DoesNotTie);
    let partly = exits.iter().any(failed) && !exits.iter().all(failed);
    ExitCode::worst(exits.iter().copied().chain(partly.then_some(ExitCode::PartlyDone)))
}

fn is_new(state: ImportState) -> bool {
    matches!(state, ImportState::Imported | ImportState::Replaces | ImportState::Conflict)
}

/// Fetches one account; `None` where a signal came. What is stored by then stays stored.
#[expect(clippy::too_many_arguments, reason = "the streams, the clock and the flag are handed in, not asked for")]
fn fetch_one(
    archive: &mut Archive,
    account: &Account,
    plan: &FetchPlan,
    settings: &Settings,
    common: &Common,
    world: &mut World<'_>,
    stop: &StopFlag,
    runtime: &tokio::runtime::Runtime,
) -> Result<Option<FetchOutcome>, Failure> {
    let store = archive.raw.clone();
    let catalog = RefCell::new(&mut archive.catalog);
    let stderr: RefCell<&mut dyn Write> = RefCell::new(&mut *world.stderr);
    let zone = settings.zone_of(account).unwrap_or(crate::domain::Zone::UTC);
    let progress = FetchProgress::new(account.name.as_str(), zone, world.terminal, common, &stderr, world.clock);
    let connection = Connection {
        settings: &settings.fetch,
        surroundings: &world.surroundings,
        catalog: &catalog,
        timer: world.clock,
        tell: &|wait| progress.wait(wait),
    };
    let source = match connect(account, &connection) {
        Ok(source) => source,
        Err(why) => return Ok(Some(FetchOutcome { error: Some(why), ..FetchOutcome::default() })),
    };
    let usual = usual_types(account.source, account.environment, settings.fetch.transaction_reports);
    let desk = Desk {
        catalog: &catalog,
        store,
        clock: world.clock,
        who: remote_account(account),
        types: usual.map(|row| row.word.to_owned()).collect(),
        lookback: settings.fetch.lookback,
        transactions: settings.fetch.transaction_reports,
        acknowledge: settings.fetch.acknowledge,
        tell: &|at| progress.at(at),
    };
    let outcome = runtime.block_on(until_stopped(fetch_account(&source, &desk, plan), stop));
    progress.finish();
    Ok(outcome.ok())
}

/// Reads every document that is stored and not read yet, also those of runs that were stopped.
fn take_stored(
    archive: &mut Archive,
    account: &Account,
    settings: &Settings,
    common: &Common,
    world: &World<'_>,
    stop: &StopFlag,
) -> Result<(Vec<ImportedFile>, Vec<Problem>), Failure> {
    let who = remote_account(account);
    let mut stored = archive.catalog.remote_reports(&who)?;
    stored.retain(|record| record.state == RemoteState::Stored);
    let lost = forget_lost(archive, &mut stored)?;
    archive.catalog.record_reports(&who, &lost)?;
    let mut gathered = Gathered::default();
    for record in &stored {
        gathered.inputs.push(input(archive, record)?);
    }
    let name = AccountName::new(account.name.as_str());
    let taken = take_in(archive, &gathered, Some(name), settings, common, world, &|| stop.asked().is_some())?;
    // One file for each input, in their order; where a signal came there are fewer, and the rest stays stored.
    for (record, file) in stored.iter_mut().zip(&taken.files) {
        record.state = if file.state == ImportState::Rejected { RemoteState::Refused } else { RemoteState::Taken };
        record.last_error = if file.state == ImportState::Rejected { file.message.clone() } else { None };
    }
    archive.catalog.record_reports(&who, &stored)?;
    let problems = taken.problems;
    Ok((taken.files, problems))
}

/// Looks whether stored bytes are still those that were downloaded; a run may have ended before it read them. Those
/// that are gone are taken out and answered as listed again, so that the next run downloads them.
fn forget_lost(archive: &Archive, stored: &mut Vec<RemoteRecord>) -> Result<Vec<RemoteRecord>, Failure> {
    let mut lost = Vec::new();
    for record in std::mem::take(stored) {
        match record.document.as_ref() {
            Some(id) if archive.raw.contains(id) => {
                archive.raw.verify(id)?;
                stored.push(record);
            }
            _ => lost.push(RemoteRecord { state: RemoteState::Listed, document: None, ..record }),
        }
    }
    Ok(lost)
}

fn input(archive: &Archive, record: &RemoteRecord) -> Result<Input, Failure> {
    let document = record.document.clone().unwrap_or_else(|| crate::domain::DocumentId::new(""));
    let path = archive.raw.path(&document)?;
    let name = file_name(&record.report_type, &record.report_id);
    Ok(Input::stored(path, name).declared(record.content_type.as_deref()))
}

/// Enters how the fetch went, for `settle status`.
fn remember(
    archive: &mut Archive,
    account: &Account,
    before: Option<FetchRecord>,
    outcome: &FetchOutcome,
    world: &World<'_>,
) -> Result<(), Failure> {
    let now_ms = world.clock.now().timestamp_millis();
    let first_left = outcome.left.first().map(|left| format!("{}: {}", left.file, left.message));
    let last_error = outcome.error.as_ref().map(ToString::to_string).or(first_left);
    let success = if last_error.is_none() { Some(now_ms) } else { before.and_then(|before| before.last_success_ms) };
    Ok(archive.catalog.record_fetch(&FetchRecord {
        account: remote_account(account),
        last_success_ms: success,
        last_attempt_ms: now_ms,
        last_error,
    })?)
}

/// What Amazon no longer has, or soon will not have.
fn lost(before: Option<&FetchRecord>, outcome: &FetchOutcome, now: Instant) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(oldest) = outcome.oldest_on_first {
        notes.push(format!(
            "this is the first fetch: the oldest report that Amazon still has begins at {oldest}; earlier ones can only \
             be saved in Seller Central and brought in with `settle import`"
        ));
    }
    let Some(success) = before.and_then(|before| before.last_success_ms) else { return notes };
    let age = now.utc() - Instant::new(success, 0).utc();
    if age > KEPT {
        notes.push(format!(
            "the last complete fetch was {} days ago and Amazon keeps reports for {}: look for a gap with `settle status`, \
             and save what is missing in Seller Central",
            age.num_days(),
            KEPT.num_days()
        ));
    } else if age > ALARM_AFTER && outcome.error.is_some() {
        notes.push(format!(
            "the last complete fetch was {} days ago; after {} days reports are gone at Amazon",
            age.num_days(),
            KEPT.num_days()
        ));
    }
    notes
}

fn told(account: &Account, outcome: &FetchOutcome) -> FetchedAccount {
    FetchedAccount {
        account: account.name.to_string(),
        source: account.source.word(),
        environment: account.environment.word(),
        listed: outcome.listed,
        lacking: outcome.lacking.clone(),
        reports: Vec::new(),
        left: outcome
            .left
            .iter()
            .map(|left| LeftReport {
                report_id: left.report_id.clone(),
                file: left.file.clone(),
                message: left.message.clone(),
                hint: left.hint.clone(),
            })
            .collect(),
        waiting: outcome.waiting,
        error: outcome.error.as_ref().map(ToString::to_string),
        hint: outcome.error.as_ref().and_then(crate::fetch::FetchError::hint),
        notes: outcome.notes.clone(),
        remarks: outcome.remarks.clone(),
        exit: outcome.exit_code().number(),
    }
}

/// Says what went wrong or deserves a person's eye, on standard error.
pub(super) fn tell_faults(document: &FetchDocument, common: &Common, world: &mut World<'_>) {
    for account in &document.accounts {
        let name = &account.account;
        let mut say = |word: &str, text: &str, hint: Option<&String>| {
            world.say(&format!("settle: {word}: {name}: {}", clean(text)));
            if let Some(hint) = hint {
                world.say(&format!("hint: {}", clean(hint)));
            }
        };
        if let Some(error) = &account.error {
            say("error", error, account.hint.as_ref());
        }
        for left in &account.left {
            say("error", &format!("{}: {}", left.file, left.message), left.hint.as_ref());
        }
        for report in &account.reports {
            if let (ImportState::Rejected | ImportState::Conflict, Some(message)) = (report.state, &report.message) {
                say("error", &format!("{}: {message}", report.file), None);
            }
        }
        if account.waiting > 0 {
            say(
                "warning",
                &format!("Amazon is still at work on {} requested reports; the next run takes them", account.waiting),
                None,
            );
        }
        for note in account.notes.iter().filter(|_| !common.quiet) {
            say("warning", note, None);
        }
        for remark in account.remarks.iter().filter(|_| common.verbose > 0) {
            say("note", remark, None);
        }
    }
}
