//! `settle import`: files saved by hand into the archive.
//!
//! Idempotent and in any order. Small files are gathered into one transaction; whatever happens, the
//! archive holds a file whole or not at all.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant as Stopwatch};

use super::args::{Common, Format, ImportArgs};
use super::failure::Failure;
use super::load::{gather_named, read_options};
use super::progress::Progress;
use super::world::World;
use crate::archive::{Archive, ArchiveError, DocumentRecord, hash};
use crate::config::Settings;
use crate::domain::{AccountName, DocumentId, ExitCode, PiiPolicy, SellerId, SettlementId};
use crate::export::{Paint, Target, WriteError, import_text, json_text};
use crate::ledger::{Cut, DigestReceiver, Ingest, IngestError, Staged};
use crate::parse::{Content, Gathered, Input, Privacy, ReadOptions, Refused, read_document};
use crate::report::{ImportDocument, ImportState, ImportedFile, Problem};

/// Files up to this size are looked up by their hash before they are parsed.
const HASH_FIRST_BYTES: u64 = 64 << 20;
/// Staged documents that share one transaction, and how long the first of them waits at the most.
const BATCH_DOCUMENTS: usize = 64;
const BATCH_WAIT: Duration = Duration::from_secs(2);

/// Polars and the readers tell a full disk in words only, so this is said of every failure to store.
const STORAGE_HINT: &str = "see that the disk has room and works, then run again; what is in the archive stays";

pub(super) fn run(common: &Common, args: &ImportArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if matches!(common.format, Some(Format::Csv | Format::Xlsx | Format::Html)) {
        return Err(Failure::new(ExitCode::Usage, "import has no such form; use text or json"));
    }
    let settings = super::config::load(common, world)?;
    let gathered = gather_named(&args.paths, world);
    let document = if args.dry_run {
        look(&settings, gathered, common, world)?
    } else {
        take(&settings, gathered, common, world)?
    };
    write(&document, common, world)?;
    let refused = document.files.iter().any(|file| matches!(file.state, ImportState::Rejected | ImportState::Conflict));
    Ok(if refused { ExitCode::DoesNotTie } else { ExitCode::Done })
}

/// What became of the files so far.
#[derive(Default)]
struct Outcome {
    files: Vec<ImportedFile>,
    problems: Vec<Problem>,
    seen: HashSet<DocumentId>,
    settlements: HashMap<(Option<SellerId>, SettlementId), DocumentId>,
}

/// Takes every input into the archive.
fn take(
    settings: &Settings,
    gathered: Gathered,
    common: &Common,
    world: &World<'_>,
) -> Result<ImportDocument, Failure> {
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let _lock = archive.lock()?;
    let mut bar = Progress::over(&gathered.inputs, common, world);
    let privacy = privacy(settings, &archive)?;
    let options = ReadOptions { workers: world.workers, privacy, watch: bar.watch() };
    let account = common.account.first().map(AccountName::new);
    let now = world.clock.now().into();
    let mut taken = Outcome::of_errors(&gathered);
    let mut batch = Batch::default();
    for input in &gathered.inputs {
        if taken.known(input, Some(&archive))? {
            bar.finish_one(input);
            continue;
        }
        let ingest = Ingest { archive: &archive, options: &options, account: account.clone(), now };
        match ingest.stage(input) {
            Ok(staged) => taken.staged(input, staged, &archive, &mut batch)?,
            Err(IngestError::Refused(refused)) => taken.refused(&refused),
            Err(IngestError::Storage { message, hint, exit }) => {
                let message = format!("cannot store {}: {message}", input.name());
                return Err(Failure::new(exit, message).with_hint(hint.unwrap_or_else(|| STORAGE_HINT.to_owned())));
            }
        }
        if batch.is_due() {
            Ingest::commit(&mut archive, batch.empty())?;
        }
        bar.finish_one(input);
    }
    Ingest::commit(&mut archive, batch.empty())?;
    bar.finish();
    Ok(taken.document(false))
}

/// Tells what each input is and what would become of it; writes nothing.
fn look(
    settings: &Settings,
    gathered: Gathered,
    common: &Common,
    world: &World<'_>,
) -> Result<ImportDocument, Failure> {
    let archive = match Archive::open_existing(&settings.data_dir) {
        Ok(archive) => Some(archive),
        Err(ArchiveError::Missing { .. }) => None,
        Err(why) => return Err(why.into()),
    };
    let mut bar = Progress::over(&gathered.inputs, common, world);
    let options = ReadOptions { watch: bar.watch(), ..read_options(world) };
    let mut looked = Outcome::of_errors(&gathered);
    for input in &gathered.inputs {
        if looked.known(input, archive.as_ref())? {
            bar.finish_one(input);
            continue;
        }
        let whole = |_: Option<&SellerId>| Cut::WHOLE;
        let mut receiver = DigestReceiver::new(&whole);
        match read_document(input, &options, &mut receiver, None) {
            Err(refused) => looked.refused(&refused),
            Ok(document) => {
                let digest = receiver.finish();
                let seller = match document.content {
                    Content::Settlement(head) => head.seller_id,
                    Content::Records(_) => None,
                };
                let settlement = digest.ids.first().map(|id| SettlementId::new(&id.id));
                let found =
                    Found { id: document.id, kind: document.kind.word(), rows: document.rows, seller, settlement };
                looked.problems.extend(document.warnings.iter().map(|w| Problem::of_warning(input.name(), w)));
                looked.found(input, found, archive.as_ref())?;
            }
        }
        bar.finish_one(input);
    }
    bar.finish();
    Ok(looked.document(true))
}

/// What is known of a sound file.
struct Found {
    id: DocumentId,
    kind: &'static str,
    rows: u64,
    seller: Option<SellerId>,
    settlement: Option<SettlementId>,
}

impl Outcome {
    fn of_errors(gathered: &Gathered) -> Self {
        let rejected = gathered.errors.iter().map(|error| {
            let problem = Problem::of_error(error);
            rejected(&error.file, None, "unknown", &problem, error.line)
        });
        Self { files: rejected.collect(), ..Self::default() }
    }

    /// Whether a small input is known by its bytes, before it is parsed.
    fn known(&mut self, input: &Input, archive: Option<&Archive>) -> Result<bool, Failure> {
        if input.length_on_disk().is_none_or(|length| length > HASH_FIRST_BYTES) {
            return Ok(false);
        }
        let Some((id, _)) = input.open().ok().and_then(|stream| hash(stream).ok()) else { return Ok(false) };
        // What this run met comes first: whether it is in the catalog yet depends on the batches.
        let earlier = self.files.iter().find(|file| file.sha256.as_ref() == Some(&id));
        let (kind, rows, settlement_id, message) = if let (true, Some(earlier)) = (self.seen.contains(&id), earlier) {
            (earlier.kind, earlier.rows, earlier.settlement_id.clone(), format!("the same bytes as {}", earlier.file))
        } else {
            let Some(record) = archive.map(|archive| stored_whole(archive, &id)).transpose()?.flatten() else {
                return Ok(false);
            };
            let kind = crate::parse::DocumentKind::from_word(&record.kind).word();
            (kind, record.rows, record.settlement_id, format!("in the archive as {}", record.source_name))
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
    fn found(&mut self, input: &Input, found: Found, archive: Option<&Archive>) -> Result<bool, Failure> {
        let in_archive = archive.map(|archive| stored_whole(archive, &found.id)).transpose()?.flatten().is_some();
        let known = in_archive || !self.seen.insert(found.id.clone());
        let rival = if known { None } else { self.rival(&found, archive)? };
        let state = match (known, &rival) {
            (true, _) => ImportState::AlreadyKnown,
            (false, Some(_)) => ImportState::Conflict,
            (false, None) => ImportState::Imported,
        };
        let message = rival.map(|rival| {
            let settlement = found.settlement.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("settlement {settlement} is in the archive with other bytes ({rival}); both are kept")
        });
        let hint = message.is_some().then(|| "settle report names the one that counts".to_owned());
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

    fn refused(&mut self, refused: &Refused) {
        let problem = Problem::of_error(&refused.error);
        let id = refused.id.as_ref().map(|(id, _)| id.clone());
        self.files.push(rejected(&refused.error.file, id, refused.kind.word(), &problem, refused.error.line));
    }

    fn document(self, dry_run: bool) -> ImportDocument {
        ImportDocument { schema: "settle.import/1", dry_run, files: self.files, problems: self.problems }
    }
}

/// The record of a document whose bytes and rows are both in their places. Where either is gone, the document
/// brought again is taken as if it were new, which puts them back.
fn stored_whole(archive: &Archive, id: &DocumentId) -> Result<Option<DocumentRecord>, ArchiveError> {
    let record = archive.catalog.find(id)?;
    let derived =
        |record: &DocumentRecord| record.derived_path.as_ref().is_none_or(|path| archive.root().join(path).is_file());
    Ok(record.filter(|record| archive.raw.contains(id) && derived(record)))
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

fn privacy(settings: &Settings, archive: &Archive) -> Result<Privacy, Failure> {
    Ok(match settings.pii {
        PiiPolicy::Drop => Privacy::Drop,
        PiiPolicy::Keep => Privacy::Keep,
        PiiPolicy::Hash => Privacy::Hash { key: archive.secret_key("pii.key")? },
    })
}

fn write(document: &ImportDocument, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let json = common.format == Some(Format::Json);
    if common.quiet && !json {
        tell(document, world);
        if target == Target::Stdout {
            return Ok(());
        }
    }
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let all = common.verbose > 0 || document.dry_run;
    let text = if json { json_text(document)? } else { import_text(document, paint, all) };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}

/// With `-q`, only what was not taken, on standard error.
fn tell(document: &ImportDocument, world: &mut World<'_>) {
    for file in &document.files {
        if let (ImportState::Rejected | ImportState::Conflict, Some(message)) = (file.state, &file.message) {
            world.say(&format!(
                "settle: error: {}: {}",
                crate::export::clean(&file.file),
                crate::export::clean(message)
            ));
        }
    }
}
