//! `settle run`: the nightly job. Inbox, fetch, check, statements, exports; then whoever should know is told.
//!
//! Each step is done whatever became of the one before, unless the disk or a signal forbids it. Notifications
//! come last and change nothing.

use std::collections::{BTreeSet, HashSet};

use chrono::DateTime;

use super::args::{Common, Format};
use super::dispute_warnings::find_due;
use super::export;
use super::failure::Failure;
use super::fetching::{accounts_to_fetch, fetch_and_take, runtime, tell_faults, until_stopped};
use super::intake::take_in;
use super::report::{findings, month_statement};
use super::verify::{Depth, examine};
use super::world::{StopFlag, World};
use crate::archive::{Archive, ArchiveError, DocumentRecord, RunEnd, WarningRecord};
use crate::config::{Account, Settings};
use crate::domain::{DocumentId, ExitCode, Instant, Month, Zone};
use crate::export::{CsvDialect, Paint, Preset, Target, WriteError, clean, json_text, statement_csv, statement_text};
use crate::fetch::{FetchPlan, Mode};
use crate::notify::Bell;
use crate::parse::gather;
use crate::report::{CheckedMonth, ImportState, RunDocument, Statement, VerifiedShare};

/// Months that one run looks at; a first fetch brings in four.
const MONTHS_MAX: usize = 6;

pub(super) fn run(common: &Common, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a run", common.format)?;
    let settings = super::config::load(common, world)?;
    let stop = (world.catch_signals)();
    night(&settings, common, world, &stop)
}

/// One night, from the lock to the notification. Says what it did and answers how it ended.
///
/// # Errors
/// [`Failure`] where there was no night at all: nothing to do, another run at work, no archive.
pub(super) fn night(
    settings: &Settings,
    common: &Common,
    world: &mut World<'_>,
    stop: &StopFlag,
) -> Result<ExitCode, Failure> {
    let accounts = accounts_to_fetch(settings, common)?;
    if accounts.is_empty() && settings.run.inbox.is_none() {
        return Err(Failure::new(
            ExitCode::Configuration,
            "there is nothing to run: no account is fetched and there is no inbox",
        )
        .with_hint("`settle init` sets up an account; `run.inbox` in the config names a folder of files"));
    }
    let bell = |world: &World<'_>, exit: Option<ExitCode>, summary: &str| -> Result<Vec<String>, Failure> {
        let bell = Bell::new(&settings.notify, world.clock);
        let told = async {
            match exit {
                None => bell.begin().await,
                Some(exit) => bell.end(exit, summary).await,
            }
        };
        Ok(runtime()?.block_on(until_stopped(told, &StopFlag::default())).unwrap_or_default())
    };
    // A run that another one keeps out says nothing to the switch, which belongs to the other.
    let opened =
        Archive::create_or_open(&settings.data_dir).and_then(|archive| archive.lock().map(|lock| (archive, lock)));
    let (mut archive, _lock) = match opened {
        Ok(opened) => opened,
        Err(why @ ArchiveError::Locked { .. }) => return Err(why.into()),
        Err(why) => {
            bell(
                world,
                Some(why.exit_code()),
                &format!("{{\"schema\":\"settle.run/1\",\"exit\":{}}}", why.exit_code().number()),
            )?;
            return Err(why.into());
        }
    };
    let started: Instant = world.clock.now().into();
    let cut_off = archive.catalog.unfinished_since("run")?;
    let id = archive.catalog.begin_run("run", started.utc_millis())?;
    let mut faults = bell(world, None, "")?;
    let mut night = Night::new(started, cut_off);
    night.work(&mut archive, &accounts, settings, common, world, stop);
    let exit = stop.asked().unwrap_or_else(|| ExitCode::worst(night.exits.iter().copied()));
    let due = std::mem::take(&mut night.due);
    let document = night.document(exit, settings, world);
    let summary = json_text(&document)?;
    let unheard = bell(world, Some(exit), &summary)?;
    // Where nobody could be told, the next night says it again.
    for sent in due.iter().filter(|_| unheard.is_empty()) {
        archive.catalog.record_dispute_warning(sent)?;
    }
    faults.extend(unheard);
    let end = RunEnd {
        finished_ms: world.clock.now().timestamp_millis(),
        exit,
        new_reports: document.new_reports,
        error: document.error.clone(),
    };
    archive.catalog.end_run(id, &end)?;
    for fault in faults.iter().filter(|_| !common.quiet) {
        world.say(&format!("settle: warning: {}", clean(fault)));
    }
    write(&document, &summary, common, world)?;
    Ok(exit)
}

/// What a night has come to so far.
struct Night {
    document: RunDocument,
    exits: Vec<ExitCode>,
    started: Instant,
    /// Documents that are new in the archive.
    fresh: HashSet<DocumentId>,
    /// Since when nights were cut off: what they brought in has not been looked at either.
    cut_off: Option<i64>,
    /// Warnings that this night sends.
    due: Vec<WarningRecord>,
}

impl Night {
    fn new(started: Instant, cut_off: Option<i64>) -> Self {
        let document = RunDocument {
            schema: "settle.run/1",
            started: String::new(),
            finished: String::new(),
            exit: 0,
            meaning: "",
            new_reports: 0,
            inbox: Vec::new(),
            accounts: Vec::new(),
            months: Vec::new(),
            warnings: Vec::new(),
            verified: None,
            error: None,
        };
        Self { document, exits: Vec::new(), started, fresh: HashSet::new(), cut_off, due: Vec::new() }
    }

    /// All steps, each on its own.
    fn work(
        &mut self,
        archive: &mut Archive,
        accounts: &[&Account],
        settings: &Settings,
        common: &Common,
        world: &mut World<'_>,
        stop: &StopFlag,
    ) {
        let done = self.empty_inbox(archive, settings, common, world, stop);
        self.note(done, world);
        if !accounts.is_empty() && stop.asked().is_none() {
            let done = self.fetch(archive, accounts, settings, common, world, stop);
            self.note(done, world);
        }
        if stop.asked().is_none() {
            let done = self.check(archive, settings, common, world);
            self.note(done, world);
            let done = self.warn(archive, settings, common, world);
            self.note(done, world);
            let done = self.verify(settings, common, world);
            self.note(done, world);
        }
    }

    /// A step that failed as a whole is said and counted; the others go on.
    fn note(&mut self, done: Result<(), Failure>, world: &mut World<'_>) {
        if let Err(failure) = done {
            self.fail(failure.exit(), failure.to_string());
            failure.tell(world);
        }
    }

    fn fail(&mut self, exit: ExitCode, message: String) {
        self.exits.push(exit);
        self.document.error.get_or_insert(message);
    }

    /// Counts documents that are new.
    fn count<'d>(&mut self, documents: impl Iterator<Item = (ImportState, Option<&'d DocumentId>)>) {
        let fresh = documents.filter(|(state, _)| {
            matches!(state, ImportState::Imported | ImportState::Replaces | ImportState::Conflict)
        });
        self.fresh.extend(fresh.filter_map(|(_, id)| id.cloned()));
        self.document.new_reports = self.fresh.len() as u64;
    }

    fn empty_inbox(
        &mut self,
        archive: &mut Archive,
        settings: &Settings,
        common: &Common,
        world: &mut World<'_>,
        stop: &StopFlag,
    ) -> Result<(), Failure> {
        let Some(inbox) = &settings.run.inbox else { return Ok(()) };
        if !inbox.is_dir() {
            let message = format!("{}: the inbox is not a folder", inbox.display());
            return Err(
                Failure::new(ExitCode::Configuration, message).with_hint(format!("mkdir -p {}", inbox.display()))
            );
        }
        let gathered = gather(std::slice::from_ref(inbox));
        let taken = take_in(archive, &gathered, None, settings, common, world, &|| stop.asked().is_some())?;
        for file in &taken.files {
            if let (ImportState::Rejected | ImportState::Conflict, Some(message)) = (file.state, &file.message) {
                let message = format!("{}: {message}", file.file);
                world.say(&format!("settle: error: {}", clean(&message)));
                self.fail(ExitCode::DoesNotTie, message);
            }
        }
        self.count(taken.files.iter().map(|file| (file.state, file.sha256.as_ref())));
        self.document.inbox = taken.files;
        self.document.inbox.retain(|file| file.state != ImportState::AlreadyKnown);
        Ok(())
    }

    fn fetch(
        &mut self,
        archive: &mut Archive,
        accounts: &[&Account],
        settings: &Settings,
        common: &Common,
        world: &mut World<'_>,
        stop: &StopFlag,
    ) -> Result<(), Failure> {
        let plan = FetchPlan { since: None, until: None, mode: Mode::Bring };
        let fetched = fetch_and_take(archive, accounts, &plan, settings, common, world, stop)?;
        tell_faults(&fetched.document, common, world);
        let reports = fetched.document.accounts.iter().flat_map(|account| &account.reports);
        self.count(reports.map(|report| (report.state, report.sha256.as_ref())));
        if fetched.exit != ExitCode::Done {
            let accounts = &fetched.document.accounts;
            let error = accounts.iter().find_map(|account| account.error.clone());
            let left = accounts.iter().flat_map(|account| &account.left).next();
            let error = error.or_else(|| left.map(|left| format!("{}: {}", left.file, left.message)));
            self.fail(fetched.exit, error.unwrap_or_else(|| fetched.exit.meaning().to_owned()));
        }
        self.document.accounts = fetched.document.accounts;
        Ok(())
    }

    /// Proves the months that this night touched, or one that was cut off, and the one that runs and the one before it.
    fn check(
        &mut self,
        archive: &Archive,
        settings: &Settings,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let zone = zone(settings);
        for month in self.months(archive, zone, world.clock.now().into())? {
            let statement = month_statement(settings.clone(), month, common, world)?;
            let findings = findings(&statement);
            for finding in &findings {
                world.say(&format!("settle: error: {month}: {}", clean(finding)));
            }
            let exit = statement.exit_code();
            if exit != ExitCode::Done {
                let first = findings.first().cloned().unwrap_or_else(|| format!("{month} does not tie"));
                self.fail(exit, first);
            }
            let mut written = keep(&statement, month, settings, world)?;
            written.extend(self.export(archive, month, settings, common, world)?);
            self.document.months.push(CheckedMonth {
                month: month.to_string(),
                status: statement.status.word().to_owned(),
                ties: exit == ExitCode::Done,
                findings,
                written,
            });
        }
        Ok(())
    }

    /// Says which deadlines of disputes come near. That is an alarm, said also with `-q`, and no fault.
    fn warn(
        &mut self,
        archive: &Archive,
        settings: &Settings,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        for due in find_due(archive, settings, common, world)? {
            world.say(&format!("settle: warning: {}", clean(&due.line.message)));
            self.document.warnings.push(due.line);
            self.due.push(due.record);
        }
        Ok(())
    }

    /// Reads the part of the archive whose turn it is, within its time.
    fn verify(&mut self, settings: &Settings, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
        let Some(share) = settings.verify.nightly_share else { return Ok(()) };
        let until = world.clock.now() + settings.verify.nightly_limit;
        let examined = examine(settings, &Depth { share: Some(share), until: Some(until) }, common, world)?;
        let damages: Vec<_> = examined.findings.iter().filter(|finding| finding.is_damage()).cloned().collect();
        for damage in &damages {
            let message = format!("{}: {}", damage.file, damage.message);
            world.say(&format!("settle: error: {}", clean(&message)));
            if let Some(mend) = &damage.mend {
                world.say(&format!("hint: {}", clean(&mend.command)));
            }
            self.fail(ExitCode::Storage, message);
        }
        self.document.verified = Some(VerifiedShare {
            share: examined.share,
            documents_read: examined.checked.documents_read,
            documents_left: examined.checked.documents_left,
            findings: damages,
        });
        Ok(())
    }

    /// Keeps the configured exports of a month; one that fails is said and stops no other.
    fn export(
        &mut self,
        archive: &Archive,
        month: Month,
        settings: &Settings,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<Vec<String>, Failure> {
        let mut written = Vec::new();
        let Some(folder) = &settings.run.exports_folder else { return Ok(written) };
        let created = last_import(archive, month, zone(settings))?.unwrap_or(self.started);
        let created = DateTime::from_timestamp_millis(created.utc_millis()).unwrap_or_else(|| world.clock.now());
        for preset in settings.run.exports.iter().filter_map(|word| word.parse::<Preset>().ok()) {
            match export::keep(settings, (month, preset), folder, created, common, world) {
                Ok(exported) => {
                    let changed = !exported.written.is_empty() && !common.quiet;
                    for warning in exported.told.iter().filter(|line| changed && line.starts_with("warning: ")) {
                        world.say(&format!("settle: {month}: {preset}: {}", clean(warning)));
                    }
                    written.extend(exported.written.iter().map(|path| path.display().to_string()));
                }
                Err(failure) => {
                    self.note(Err(failure.about(&format!("{month}: {preset}"))), world);
                }
            }
        }
        Ok(written)
    }

    fn months(&self, archive: &Archive, zone: Zone, now: Instant) -> Result<Vec<Month>, Failure> {
        let this = Month::containing(now, zone);
        let mut months = BTreeSet::from_iter([Some(this), this.previous()].into_iter().flatten());
        let fresh = archive.catalog.documents()?.into_iter();
        let of_cut_off = |record: &DocumentRecord| self.cut_off.is_some_and(|since| record.imported_at_ms >= since);
        for record in fresh.filter(|record| self.fresh.contains(&record.id) || of_cut_off(record)) {
            let bounds = [record.period_start_ms, record.period_end_ms].into_iter().flatten();
            months.extend(bounds.map(|ms| Month::containing(Instant::new(ms, 0), zone)));
        }
        let surplus = months.len().saturating_sub(MONTHS_MAX);
        Ok(months.into_iter().skip(surplus).collect())
    }

    fn document(mut self, exit: ExitCode, settings: &Settings, world: &World<'_>) -> RunDocument {
        let tz = zone(settings).tz();
        self.document.started = self.started.rfc3339_in(&tz);
        self.document.finished = Instant::from(world.clock.now()).rfc3339_in(&tz);
        self.document.exit = exit.number();
        self.document.meaning = exit.meaning();
        self.document
    }
}

/// The zone of a night's months: the reporting zone, else that of the first account.
fn zone(settings: &Settings) -> Zone {
    let first = settings.accounts.first().and_then(|account| settings.zone_of(account));
    settings.reporting.timezone.or(first).unwrap_or(Zone::UTC)
}

/// When the archive last took in something about a month: a file that says when it was made stays the same until
/// there is more to say.
fn last_import(archive: &Archive, month: Month, zone: Zone) -> Result<Option<Instant>, Failure> {
    let about = |ms: Option<i64>| ms.map(|ms| Month::containing(Instant::new(ms, 0), zone));
    let records = archive.catalog.documents()?.into_iter();
    let concerned = records.filter(|record| {
        about(record.period_start_ms).is_some_and(|first| first <= month)
            && about(record.period_end_ms).is_some_and(|last| last >= month)
    });
    Ok(concerned.map(|record| record.imported_at_ms).max().map(|ms| Instant::new(ms, 0)))
}

/// Keeps a month's statement in the configured folder in every form; answers the files that changed.
fn keep(
    statement: &Statement,
    month: Month,
    settings: &Settings,
    world: &mut World<'_>,
) -> Result<Vec<String>, Failure> {
    let Some(folder) = &settings.run.statements else { return Ok(Vec::new()) };
    let forms = [
        ("txt", statement_text(statement, settings.reporting.language, Paint::Plain, false)),
        ("json", json_text(statement)?),
        ("csv", statement_csv(statement, CsvDialect::default())?),
    ];
    crate::archive::make_folder(folder).map_err(|why| {
        Failure::new(ExitCode::Storage, format!("{}: cannot make the folder of statements: {why}", folder.display()))
    })?;
    let mut written = Vec::new();
    for (ending, text) in forms {
        let path = folder.join(format!("statement-{month}.{ending}"));
        if std::fs::read(&path).is_ok_and(|before| before == text.as_bytes()) {
            continue;
        }
        Target::File(path.clone())
            .write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

fn write(document: &RunDocument, json: &str, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let text =
        if common.format == Some(Format::Json) { json.to_owned() } else { format!("{}\n", clean(&document.line())) };
    if common.quiet && target == Target::Stdout && common.format.is_none() {
        return Ok(());
    }
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
