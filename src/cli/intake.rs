//! Inputs into the archive, whoever names them: a user's files, an inbox, what was fetched.
//!
//! Small files are gathered into one transaction; whatever happens, the archive holds a file whole or not at all.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant as Stopwatch};

use super::accounts::Accounts;
use super::args::Common;
use super::decisions::decisions;
use super::failure::Failure;
use super::progress::Progress;
use super::world::World;
use crate::archive::{Archive, ArchiveError, DocumentRecord, hash};
use crate::config::Settings;
use crate::domain::{AccountName, DocumentId, Instant, PiiPolicy, SellerId, SettlementId};
use crate::ledger::{Ingest, IngestError, Staged};
use crate::parse::{Gathered, Input, Privacy, ReadOptions, Refused};
use crate::reconcile::{Choice, Decision};
use crate::report::{ImportDocument, ImportState, ImportedFile, Problem};

/// Files up to this size are looked up by their hash before they are parsed.
const HASH_FIRST_BYTES: u64 = 64 << 20;
/// Staged documents that share one transaction, and how long the first of them waits at the most.
const BATCH_DOCUMENTS: usize = 64;
const BATCH_WAIT: Duration = Duration::from_secs(2);

/// Polars and the readers tell a full disk in words only, so this is said of every failure to store.
const STORAGE_HINT: &str = "see that the disk has room and works, then run again; what is in the archive stays";

/// What became of the files so far.
#[derive(Default)]
pub(super) struct Intake {
    pub(super) files: Vec<ImportedFile>,
    pub(super) problems: Vec<Problem>,
    /// Names of accounts, for what was decided about their settlements.
    accounts: Option<Accounts>,
    /// The present, milliseconds since 1970 UTC.
    now_ms: i64,
    seen: HashSet<DocumentId>,
    settlements: HashMap<(Option<SellerId>, SettlementId), DocumentId>,
}

/// Takes inputs into an archive whose lock the caller holds. `account` is for reports that name no merchant.
///
/// Where `stop` says so between two inputs, what was taken so far is kept and the rest is left.
pub(super) fn take_in(
    archive: &mut Archive,
    gathered: &Gathered,
    account: Option<AccountName>,
    settings: &Settings,
    common: &Common,
    world: &World<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Intake, Failure> {
    let mut bar = Progress::over(&gathered.inputs, common, world);
    let privacy = privacy(settings, archive)?;
    let options = ReadOptions { workers: world.workers, privacy, watch: bar.watch() };
    let now = world.clock.now().into();
    let mut taken = Intake::begin(gathered, settings, world);
    let mut batch = Batch::default();
    for input in &gathered.inputs {
        if stop() {
            break;
        }
        if taken.known(input, Some(archive))? {
            bar.finish_one(input);
            continue;
        }
        let ingest = Ingest { archive, options: &options, account: account.clone(), now };
        match ingest.stage(input) {
            Ok(staged) => taken.staged(input, staged, archive, &mut batch)?,
            Err(IngestError::Refused(refused)) => taken.refused(&refused),
            Err(IngestError::Storage { message, hint, exit }) => {
                let message = format!("cannot store {}: {message}", input.name());
                return Err(Failure::new(exit, message).with_hint(hint.unwrap_or_else(|| STORAGE_HINT.to_owned())));
            }
        }
        if batch.is_due() {
            Ingest::commit(archive, batch.empty())?;
        }
        bar.finish_one(input);
    }
    Ingest::commit(archive, batch.empty())?;
    bar.finish();
    Ok(taken)
}

/// What is known of a sound file.
pub(super) struct Found {
    pub(super) id: DocumentId,
    pub(super) kind: &'static str,
    pub(super) rows: u64,
    pub(super) seller: Option<SellerId>,
    pub(super) settlement: Option<SettlementId>,
}

impl Intake {
    /// With what was refused before anything was read.
    pub(super) fn begin(gathered: &Gathered, settings: &Settings, world: &World<'_>) -> Self {
        let now: Instant = world.clock.now().into();
        let accounts = Some(Accounts::new(Some(settings.clone()), &[], None));
        Self { accounts, now_ms: now.utc_millis(), ..Self::of_errors(gathered) }
    }

    fn of_errors(gathered: &Gathered) -> Self {
        let rejected = gathered.errors.iter().map(|error| {
            let problem = Problem::of_error(error);
            rejected(&error.file, None, "unknown", &problem, error.line)
        });
        Self { files: rejected.collect(), ..Self::default() }
    }

    /// Whether a small input is known by its bytes, before it is parsed.
    pub(super) fn known(&mut self, input: &Input, archive: Option<&Archive>) -> Result<bool, Failure> {
        if input.length_on_disk().is_none_or(|length| length > HASH_FIRST_BYTES) {
            return Ok(false);
        }
        let Some((id, _)) = input.open().ok().and_then(|stream| hash(stream).ok()) else { return Ok(false) };
        // What this run met comes first: whether it is in the catalog yet depends on the batches.
        let earlier = self.files.iter().find(|file| file.sha256.as_ref() == Some(&id));
        let (kind, rows, settlement_id, message) = if let (true, Some(earlier)) = (self.seen.contains(&id), earlier) {
            (earlier.kind, earlier.rows, earlier.settlement_id.clone(), format!("the same bytes as {}", earlier.file))
        } else {
            if let Some(message) = archive.map(|archive| removed(archive, &id)).transpose()?.flatten() {
                ("unknown", 0, None, message)
            } else {
                let Some(record) = archive.map(|archive| stored_whole(archive, &id)).transpose()?.flatten() else {
                    return Ok(false);
                };
                let kind = crate::parse::DocumentKind::from_word(&record.kind).word();
                (kind, record.rows, record.settlement_id, format!("in the archive as {}", record.source_name))
            }
        };
        self.files.push(ImportedFile {
            file: input.name().to_owned(),
            sha256: Some(id),
            kind,
            state: ImportState::AlreadyKnown,
            settlement_id,
            rows,
            message: Some(message),
            hint: None,
        });
        Ok(true)
    }

    fn staged(
        &mut self,
        input: &Input,
        mut staged: Staged,
        archive: &Archive,
        batch: &mut Batch,
    ) -> Result<(), Failure> {
        let record = &staged.record;
        let found = Found {
            id: record.id.clone(),
            kind: crate::parse::DocumentKind::from_word(&record.kind).word(),
            rows: record.rows,
            seller: record.seller_id.clone(),
            settlement: record.settlement_id.clone(),
        };
        self.problems.extend(staged.warnings.iter().map(|warning| Problem::of_warning(input.name(), warning)));
        if let Some(before) = archive.catalog.find(&found.id)? {
            // Brought again because its files are gone: it keeps its name and its date.
            staged.record.source_name = before.source_name;
            staged.record.account = before.account;
            staged.record.imported_at_ms = before.imported_at_ms;
        }
        if self.found(input, found, Some(archive))? {
            batch.push(staged);
        }
        Ok(())
    }

    /// Enters a sound file; tells whether it is new.
    pub(super) fn found(&mut self, input: &Input, found: Found, archive: Option<&Archive>) -> Result<bool, Failure> {
        let removed = archive.map(|archive| removed(archive, &found.id)).transpose()?.flatten();
        let in_archive = archive.map(|archive| stored_whole(archive, &found.id)).transpose()?.flatten().is_some();
        let known = removed.is_some() || in_archive || !self.seen.insert(found.id.clone());
        let rival = if known { None } else { self.rival(&found, archive)? };
        let decided = match (&rival, archive) {
            (Some(_), Some(archive)) => self.decided(&found, archive)?,
            _ => None,
        };
        let (state, message, hint) = verdict(known, &found, rival, decided);
        let message = removed.or(message);
        self.files.push(ImportedFile {
            file: input.name().to_owned(),
            sha256: Some(found.id.clone()),
            kind: found.kind,
            state,
            settlement_id: found.settlement.clone(),
            rows: found.rows,
            message,
            hint,
        });
        if let Some(settlement) = found.settlement {
            self.settlements.entry((found.seller, settlement)).or_insert(found.id);
        }
        Ok(!known)
    }

    /// What was decided about the settlement of a new file, as far as it decides about this file, too.
    fn decided(&self, found: &Found, archive: &Archive) -> Result<Option<(Decision, Counts)>, Failure> {
        let Some(settlement) = &found.settlement else { return Ok(None) };
        let Some(accounts) = &self.accounts else { return Ok(None) };
        let account = accounts.name(found.seller.as_ref());
        let decisions = decisions(archive, None)?;
        let Some(decision) = decisions.about(&account, settlement) else { return Ok(None) };
        let counts = match &decision.choice {
            Choice::Document(id) if *id == found.id => Counts::This,
            Choice::Document(_) if !decision.covers(&found.id) => return Ok(None),
            Choice::Document(_) => Counts::Another,
            // What comes now is the newest, unless Amazon says when it made each.
            Choice::Newer => self.newest(found, settlement, archive)?,
            Choice::Larger => {
                let rivals = archive.catalog.with_settlement(found.seller.as_ref(), settlement)?;
                let before = self.files.iter().filter(|file| file.settlement_id.as_ref() == Some(settlement));
                let most = rivals.iter().map(|rival| (rival.rows, Reverse(rival.id.clone())));
                let most = most.chain(before.filter_map(|file| Some((file.rows, Reverse(file.sha256.clone()?)))));
                if most.max() > Some((found.rows, Reverse(found.id.clone()))) { Counts::Another } else { Counts::This }
            }
        };
        Ok(Some((decision.clone(), counts)))
    }

    fn newest(&self, found: &Found, settlement: &SettlementId, archive: &Archive) -> Result<Counts, Failure> {
        let made = archive.catalog.report_dates()?;
        let own = made.get(&found.id).copied().unwrap_or(self.now_ms);
        let rivals = archive.catalog.with_settlement(found.seller.as_ref(), settlement)?;
        let arrived = |rival: &DocumentRecord| made.get(&rival.id).copied().unwrap_or(rival.imported_at_ms);
        let newest = rivals.iter().filter(|rival| rival.id != found.id).map(arrived).max();
        Ok(if newest.is_some_and(|newest| newest > own) { Counts::Another } else { Counts::This })
    }

    /// Another document of the same settlement, in the archive or earlier in this run.
    fn rival(&self, found: &Found, archive: Option<&Archive>) -> Result<Option<String>, Failure> {
        let Some(settlement) = &found.settlement else { return Ok(None) };
        if let Some(earlier) = self.settlements.get(&(found.seller.clone(), settlement.clone())) {
            let earlier = self.files.iter().find(|file| file.sha256.as_ref() == Some(earlier));
            return Ok(Some(earlier.map(|file| file.file.clone()).unwrap_or_default()));
        }
        let Some(archive) = archive else { return Ok(None) };
        let rivals = archive.catalog.with_settlement(found.seller.as_ref(), settlement)?;
        Ok(rivals.into_iter().find(|rival| rival.id != found.id).map(|rival| rival.source_name))
    }

    pub(super) fn refused(&mut self, refused: &Refused) {
        let problem = Problem::of_error(&refused.error);
        let id = refused.id.as_ref().map(|(id, _)| id.clone());
        self.files.push(rejected(&refused.error.file, id, refused.kind.word(), &problem, refused.error.line));
    }

    pub(super) fn document(self, dry_run: bool) -> ImportDocument {
        ImportDocument { schema: "settle.import/1", dry_run, files: self.files, problems: self.problems }
    }
}

/// Which document counts, of one that is new and those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    This,
    Another,
}

/// What became of a sound file, and what there is to say about it.
fn verdict(
    known: bool,
    found: &Found,
    rival: Option<String>,
    decided: Option<(Decision, Counts)>,
) -> (ImportState, Option<String>, Option<String>) {
    let settlement = found.settlement.as_ref().map(ToString::to_string).unwrap_or_default();
    match (rival, decided) {
        _ if known => (ImportState::AlreadyKnown, None, None),
        (None, _) => (ImportState::Imported, None, None),
        (Some(rival), None) => {
            let message =
                format!("settlement {settlement} is in the archive with other bytes ({rival}); both are kept");
            let hint = format!("settle report names the one that counts; settle resolve {settlement} decides");
            (ImportState::Conflict, Some(message), Some(hint))
        }
        (Some(rival), Some((decision, Counts::This))) => {
            let message = format!(
                "settlement {settlement}: counts in place of {rival}, as {}; both are kept",
                decision.sentence()
            );
            (ImportState::Replaces, Some(message), None)
        }
        (Some(rival), Some((decision, Counts::Another))) => {
            let message = format!("settlement {settlement}: kept beside {rival}, as {}", decision.sentence());
            (ImportState::Imported, Some(message), None)
        }
    }
}

/// Says that a document was removed on purpose: it is not brought in again.
fn removed(archive: &Archive, id: &DocumentId) -> Result<Option<String>, ArchiveError> {
    let at = archive.catalog.purged_at(id)?;
    Ok(at.map(|at| {
        let day = crate::domain::Instant::new(at, 0).utc().date_naive();
        format!("its buyers were removed from the archive on {day}, so it is not taken again")
    }))
}

/// The record of a document whose bytes and rows are both in their places. Where either is gone, the document
/// brought again is taken as if it were new, which puts them back.
fn stored_whole(archive: &Archive, id: &DocumentId) -> Result<Option<DocumentRecord>, ArchiveError> {
    let record = archive.catalog.find(id)?;
    let derived =
        |record: &DocumentRecord| record.derived_path.as_ref().is_none_or(|path| archive.root().join(path).is_file());
    Ok(record.filter(|record| archive.raw.verify(id).is_ok() && derived(record)))
}

fn rejected(
    file: &str,
    id: Option<DocumentId>,
    kind: &'static str,
    problem: &Problem,
    line: Option<u64>,
) -> ImportedFile {
    let column = problem.column.as_ref().map(|column| format!("column `{column}`: ")).unwrap_or_default();
    let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    ImportedFile {
        file: file.to_owned(),
        sha256: id,
        kind,
        state: ImportState::Rejected,
        settlement_id: None,
        rows: 0,
        message: Some(format!("{line}{column}{}", problem.message)),
        hint: problem.hint.clone(),
    }
}

/// Documents that wait for their common transaction.
#[derive(Default)]
struct Batch {
    staged: Vec<Staged>,
    since: Option<Stopwatch>,
}

impl Batch {
    fn push(&mut self, staged: Staged) {
        self.since.get_or_insert_with(Stopwatch::now);
        self.staged.push(staged);
    }

    fn is_due(&self) -> bool {
        self.staged.len() >= BATCH_DOCUMENTS || self.since.is_some_and(|since| since.elapsed() > BATCH_WAIT)
    }

    fn empty(&mut self) -> Vec<Staged> {
        self.since = None;
        std::mem::take(&mut self.staged)
    }
}

/// What becomes of personal data, as it is configured.
pub(super) fn privacy(settings: &Settings, archive: &Archive) -> Result<Privacy, Failure> {
    Ok(match settings.pii {
        PiiPolicy::Drop => Privacy::Drop,
        PiiPolicy::Keep => Privacy::Keep,
        PiiPolicy::Hash => Privacy::Hash { key: archive.secret_key("pii.key")? },
    })
}
