//! From inputs to the facts of a statement, without an archive.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::accounts::{Accounts, Known, Span};
use super::args::Common;
use super::failure::Failure;
use super::frozen::{View, apply_decisions};
use super::progress::Progress;
use super::world::World;
use crate::archive::{Archive, ArchiveError, DocumentRecord};
use crate::config::Settings;
use crate::domain::{AccountName, Currency, DocumentId, ExitCode, Instant, SellerId, Sum};
use crate::ledger::{Cut, Digest, DigestReceiver, Part, PieceReceiver, READER_VERSION, Remembered, Seal, scan_digest};
use crate::parse::{
    Content, Document, DocumentKind, Fault, Gathered, Input, Privacy, ReadOptions, Records, Refused, Watch, gather,
    gather_stream, latest_states, read_document,
};
use crate::reconcile::SettlementDocument;
use crate::reconcile::orders::{PaymentFilter, PaymentPiece, PaymentSink};
use crate::report::{Facts, Problem, Severity, Source};

/// The facts of some files, and the settlement files among them.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) facts: Facts,
    pub(super) settlements: Vec<Input>,
    /// Every account met, asked for or not.
    pub(super) known: Known,
    /// Records beside settlements, where they are kept.
    pub(super) records: Vec<KeptRecords>,
    /// The rows of settlements that orders are held against, where they were taken at once.
    pub(super) payments: HashMap<DocumentId, Vec<PaymentPiece>>,
    keep: Keep,
    seen: HashMap<DocumentId, String>,
}

/// Whether records beside settlements are kept once they were read: a month statement needs none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keep {
    #[default]
    Nothing,
    /// Captures and refunds, for what is not settled.
    Movements,
    Records,
}

impl Keep {
    /// Kinds that are read from the archive only where their records are kept.
    fn kinds(self) -> &'static [DocumentKind] {
        match self {
            Keep::Nothing => &[],
            Keep::Movements => &[DocumentKind::Refund, DocumentKind::Capture],
            Keep::Records => &[
                DocumentKind::Refund,
                DocumentKind::Capture,
                DocumentKind::ChargebackNotification,
                DocumentKind::Dispute,
            ],
        }
    }

    /// Whether the records of this kind are kept.
    fn keeps(self, kind: DocumentKind) -> bool {
        self == Keep::Records || self.kinds().contains(&kind)
    }
}

/// Records of one file.
pub(super) struct KeptRecords {
    pub(super) file: String,
    pub(super) id: DocumentId,
    pub(super) kind: DocumentKind,
    /// The account that the archive knows it by.
    pub(super) account: Option<AccountName>,
    pub(super) records: Records,
    pub(super) input: Input,
}

/// How files are read in this run. Reports show no personal data, so nothing else than dropping it
/// makes sense here.
pub(super) fn read_options(world: &World<'_>) -> ReadOptions {
    ReadOptions { workers: world.workers, privacy: Privacy::Drop, watch: Watch::default() }
}

/// The named files and folders; `-` is standard input.
pub(super) fn gather_named(paths: &[PathBuf], world: &mut World<'_>) -> Gathered {
    let (streams, paths): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(|path| path == Path::new("-"));
    let mut gathered = gather(&paths);
    if !streams.is_empty() {
        gather_stream(&mut gathered, &mut *world.stdin, "(standard input)");
    }
    gathered
}

/// Reads every input; a refused one becomes a problem and does not stop the others.
pub(super) fn load_files(
    gathered: Gathered,
    accounts: &Accounts,
    span: &Span,
    common: &Common,
    world: &mut World<'_>,
) -> Loaded {
    load_files_keeping(Keep::Nothing, gathered, accounts, span, common, world)
}

/// The same, and the records beside settlements where they are wanted.
pub(super) fn load_files_keeping(
    keep: Keep,
    gathered: Gathered,
    accounts: &Accounts,
    span: &Span,
    common: &Common,
    world: &mut World<'_>,
) -> Loaded {
    load_files_with_payments(keep, None, gathered, accounts, span, common, world)
}

/// The same, and the rows of settlements that a filter keeps: one reading for both.
pub(super) fn load_files_with_payments(
    keep: Keep,
    payments: Option<&PaymentFilter>,
    gathered: Gathered,
    accounts: &Accounts,
    span: &Span,
    common: &Common,
    world: &mut World<'_>,
) -> Loaded {
    let mut loaded = Loaded { keep, ..Loaded::default() };
    loaded.facts.problems.extend(gathered.errors.iter().map(Problem::of_error));
    for folder in &gathered.skipped {
        if common.verbose > 0 {
            world.say(&format!("settle: skipped {} (it holds a .settleignore file)", folder.display()));
        }
    }
    let mut bar = Progress::over(&gathered.inputs, common, world);
    let options = ReadOptions { watch: bar.watch(), ..read_options(world) };
    for input in gathered.inputs {
        let cut_of = |seller: Option<&SellerId>| span.cut(accounts.zone(seller));
        let read = read_rows(&input, &options, DigestReceiver::new(&cut_of), payments);
        bar.finish_one(&input);
        match read {
            Ok(RowsRead { document, digest, payments }) => {
                let id = document.id.clone();
                loaded.add(input, document, digest, accounts);
                if loaded.facts.documents.last().is_some_and(|document| document.id == id) {
                    loaded.payments.insert(id, payments);
                }
            }
            Err(refused) => loaded.refuse(&refused),
        }
    }
    bar.finish();
    loaded
}

/// What one reading of a document gives.
struct RowsRead {
    document: Document,
    digest: Digest,
    payments: Vec<PaymentPiece>,
}

fn read_rows(
    input: &Input,
    options: &ReadOptions,
    mut digest: DigestReceiver<'_>,
    payments: Option<&PaymentFilter>,
) -> Result<RowsRead, Box<Refused>> {
    let Some(filter) = payments.cloned() else {
        let document = read_document(input, options, &mut digest, None)?;
        return Ok(RowsRead { document, digest: digest.finish(), payments: Vec::new() });
    };
    let make = move || PaymentSink::new(filter.clone());
    let mut both = (digest, PieceReceiver::new(Arc::new(make)));
    let document = read_document(input, options, &mut both, None)?;
    let payments = both.1.finish().into_iter().map(PaymentSink::finish).collect();
    Ok(RowsRead { document, digest: both.0.finish(), payments })
}

impl Loaded {
    fn add(&mut self, input: Input, document: Document, digest: Digest, accounts: &Accounts) {
        let file = input.name().to_owned();
        if let Some(known) = self.seen.get(&document.id) {
            let message = format!("the same bytes as {known}; counted once");
            self.facts.problems.push(Problem::new(Severity::Warning, "same_file", message).in_file(&file));
            return;
        }
        self.seen.insert(document.id.clone(), file.clone());
        let seller = match &document.content {
            Content::Settlement(head) => Some(head.seller_id.clone()),
            Content::Records(_) => None,
        };
        if let Some(seller) = &seller {
            self.known.insert((accounts.name(seller.as_ref()), seller.clone()));
            if !accounts.wants(seller.as_ref()) {
                return;
            }
        }
        self.facts.problems.extend(document.warnings.iter().map(|warning| Problem::of_warning(&file, warning)));
        let mut source = Source {
            file: file.clone(),
            sha256: Some(document.id.clone()),
            kind: document.kind.word(),
            rows: document.rows,
            objects: None,
        };
        if self.keep.keeps(document.kind)
            && let Content::Records(records) = document.content
        {
            if let Records::Transactions(rows) = &records {
                source.objects = Some(latest_states(rows).len() as u64);
            }
            let (id, kind) = (document.id, document.kind);
            self.records.push(KeptRecords { file, id, kind, account: None, records, input });
            self.facts.sources.push(source);
            return;
        }
        match document.content {
            Content::Settlement(head) => {
                self.facts.problems.extend(settlement_problems(&file, head.seller_id.as_ref(), digest.rows));
                self.facts.documents.push(SettlementDocument {
                    account: accounts.name(head.seller_id.as_ref()),
                    file,
                    id: document.id,
                    seller_id: head.seller_id,
                    seller_conflict: head.seller_conflict,
                    start: head.start,
                    end: head.end,
                    digest,
                    arrived_ms: None,
                    decision: None,
                });
                self.settlements.push(input);
            }
            Content::Records(Records::Transactions(rows)) => source.objects = Some(latest_states(&rows).len() as u64),
            Content::Records(Records::Disbursements(list)) => self.facts.disbursements.extend(list),
            Content::Records(Records::Notification(_) | Records::Disputes(_)) => {}
        }
        self.facts.sources.push(source);
    }

    fn refuse(&mut self, refused: &Refused) {
        self.facts.problems.push(Problem::of_error(&refused.error));
        self.facts.sources.push(Source {
            file: refused.error.file.clone(),
            sha256: refused.id.as_ref().map(|(id, _)| id.clone()),
            kind: refused.kind.word(),
            rows: 0,
            objects: None,
        });
    }
}

/// What a sound settlement has and this one lacks.
fn settlement_problems(file: &str, seller: Option<&SellerId>, rows: u64) -> Vec<Problem> {
    let mut problems = Vec::new();
    if seller.is_none() {
        let message = "the lines above the header name no merchant (SellerId); its rows are an account of their own";
        problems.push(Problem::new(Severity::Warning, "no_seller", message).in_file(file));
    }
    if rows == 0 {
        let message = "the settlement has no rows; its period counts as covered";
        problems.push(Problem::new(Severity::Warning, "no_rows", message).in_file(file));
    }
    problems
}

/// Reads what the archive knows: totals from the catalog, rows only of the settlements that the period
/// cuts.
pub(super) fn load_archive(
    archive: &Archive,
    view: &View,
    accounts: &Accounts,
    span: &Span,
    world: &World<'_>,
) -> Result<Loaded, Failure> {
    load_archive_keeping(Keep::Nothing, archive, view, accounts, span, world)
}

/// The same, and the records beside settlements where they are wanted.
pub(super) fn load_archive_keeping(
    keep: Keep,
    archive: &Archive,
    view: &View,
    accounts: &Accounts,
    span: &Span,
    world: &World<'_>,
) -> Result<Loaded, Failure> {
    archive.check_catalog()?;
    let mut loaded = Loaded { keep, ..Loaded::default() };
    let mut records = archive.catalog.documents()?;
    records.retain(|record| view.holds(&record.id));
    let settlements = records.iter().filter(|record| record.kind == DocumentKind::Settlement.word());
    loaded.known =
        settlements.map(|record| (accounts.name(record.seller_id.as_ref()), record.seller_id.clone())).collect();
    records.retain(|record| match DocumentKind::from_word(&record.kind) {
        DocumentKind::Settlement => accounts.wants(record.seller_id.as_ref()),
        _ => true,
    });
    let mut names: HashMap<String, usize> = HashMap::new();
    for record in &records {
        *names.entry(record.source_name.clone()).or_default() += 1;
    }
    for record in &records {
        // Two accounts may both have a `settlement-2026-09-01.csv`.
        let unique = names.get(&record.source_name) == Some(&1);
        let file =
            if unique { record.source_name.clone() } else { format!("{} ({})", record.source_name, record.id.short()) };
        let document = Stored { archive, record, file, options: read_options(world) };
        document.load(accounts, span, &mut loaded)?;
    }
    tell_rivals_apart(archive, view, &records, &mut loaded)?;
    Ok(loaded)
}

/// Adds what tells documents of one settlement apart: when they came, and what somebody decided.
fn tell_rivals_apart(
    archive: &Archive,
    view: &View,
    records: &[DocumentRecord],
    loaded: &mut Loaded,
) -> Result<(), Failure> {
    let made = archive.catalog.report_dates()?;
    let imported: HashMap<&DocumentId, i64> =
        records.iter().map(|record| (&record.id, record.imported_at_ms)).collect();
    for document in &mut loaded.facts.documents {
        document.arrived_ms = made.get(&document.id).or_else(|| imported.get(&document.id)).copied();
    }
    apply_decisions(&mut loaded.facts.documents, &view.decisions);
    Ok(())
}

/// The codes of warnings about a file that was read; the catalog remembers them as text.
const WARNING_CODES: [&str; 5] = ["charset", "empty_amount", "missing_column", "signature_unchecked", "unknown_column"];

/// A document of the archive.
struct Stored<'a> {
    archive: &'a Archive,
    record: &'a DocumentRecord,
    file: String,
    options: ReadOptions,
}

impl Stored<'_> {
    fn load(self, accounts: &Accounts, span: &Span, loaded: &mut Loaded) -> Result<(), Failure> {
        let declared = self.archive.catalog.content_type_of(&self.record.id)?;
        let input = Input::stored(self.archive.raw.path(&self.record.id)?, &self.file).declared(declared.as_deref());
        let remembered = self.remembered();
        let kind = DocumentKind::from_word(&self.record.kind);
        let seller = self.record.seller_id.as_ref();
        if kind == DocumentKind::Settlement
            && let (Some(remembered), Some(bounds)) = (&remembered, self.bounds())
        {
            let cut = span.cut(accounts.zone(seller));
            if let Some(digest) = self.digest(remembered, bounds, cut) {
                if concerns(bounds, cut) {
                    loaded.facts.problems.extend(self.warnings(remembered));
                }
                loaded.facts.documents.push(SettlementDocument {
                    file: self.file.clone(),
                    id: self.record.id.clone(),
                    account: accounts.name(seller),
                    seller_id: self.record.seller_id.clone(),
                    seller_conflict: remembered.seller_conflict.clone(),
                    start: bounds.0,
                    end: bounds.1,
                    digest,
                    arrived_ms: None,
                    decision: None,
                });
                loaded.facts.sources.push(self.source(remembered.objects));
                loaded.settlements.push(input);
                return Ok(());
            }
            let message = "its Parquet file is missing or damaged; its rows were read from the stored document again";
            let problem = Problem::new(Severity::Warning, "derived_missing", message).in_file(&self.file);
            loaded.facts.problems.push(problem);
        }
        let kept = loaded.keep.kinds().contains(&kind);
        if kind == DocumentKind::Settlement || kind == DocumentKind::Disbursements || kept {
            // Remembered by an older reader, its Parquet file gone, or small: the raw bytes are the truth.
            let cut_of = |seller: Option<&SellerId>| span.cut(accounts.zone(seller));
            let mut receiver = DigestReceiver::new(&cut_of);
            match read_document(&input, &self.options, &mut receiver, None) {
                Ok(document) => {
                    self.intact(&document.id)?;
                    loaded.add(input, document, receiver.finish(), accounts);
                    if let Some(kept) = loaded.records.last_mut().filter(|kept| kept.id == self.record.id) {
                        kept.account.clone_from(&self.record.account);
                    }
                }
                Err(refused) => {
                    if let Some((id, _)) = &refused.id {
                        self.intact(id)?;
                    }
                    if let Fault::StoredUnread { why } = &refused.error.fault {
                        return Err(self.unreadable(why));
                    }
                    loaded.refuse(&refused);
                }
            }
        }
        Ok(())
    }

    /// Refuses stored bytes that are not what their name says.
    fn intact(&self, computed: &DocumentId) -> Result<(), Failure> {
        if *computed == self.record.id {
            return Ok(());
        }
        let path = self.archive.raw.path(&self.record.id)?;
        Err(ArchiveError::Damaged { path, stated: self.record.id.clone(), computed: computed.clone() }.into())
    }

    fn unreadable(&self, why: &std::io::Error) -> Failure {
        let message = format!("{}: the stored document {} cannot be read: {why}", self.file, self.record.id.short());
        Failure::new(ExitCode::Storage, message).with_hint("bring the file in again with `settle import`")
    }

    /// What was worth saying when the document was taken in.
    fn warnings(&self, remembered: &Remembered) -> Vec<Problem> {
        let mut problems = settlement_problems(&self.file, self.record.seller_id.as_ref(), self.record.rows);
        problems.extend(remembered.warnings.iter().map(|(code, line, message)| {
            let code = WARNING_CODES.into_iter().find(|known| known == code).unwrap_or("warning");
            Problem { line: *line, ..Problem::new(Severity::Warning, code, message).in_file(&self.file) }
        }));
        problems
    }

    /// What the catalog remembers, unless an older reader wrote it.
    fn remembered(&self) -> Option<Remembered> {
        let current = self.record.reader_version == READER_VERSION;
        self.record.digest.as_deref().filter(|_| current).and_then(|text| serde_json::from_str(text).ok())
    }

    fn bounds(&self) -> Option<(Instant, Instant)> {
        Some((Instant::new(self.record.period_start_ms?, 0), Instant::new(self.record.period_end_ms?, 0)))
    }

    /// The digest at a cut: as remembered where all rows lie on one side, else from the Parquet file.
    /// `None` where that file is not as it was written: it is derived, and the raw bytes are still there.
    fn digest(&self, remembered: &Remembered, bounds: (Instant, Instant), cut: Cut) -> Option<Digest> {
        let digest = remembered.digest.as_ref()?;
        let parts = [digest.first_posted, digest.last_posted].map(|posted| posted.map(|posted| cut.part(posted)));
        match parts {
            [Some(first), Some(last)] if first != last => {
                let path = self.archive.root().join(self.record.derived_path.as_ref()?);
                let whole = Seal::of(&path).ok().is_some_and(|seal| remembered.seal == Some(seal));
                let scanned = whole.then(|| scan_digest(&path, bounds, cut, &digest.known(), self.options.workers));
                scanned?.ok().filter(|scanned| totals(scanned) == totals(digest))
            }
            [first, _] => Some(digest.clone().placed(first.unwrap_or(Part::Within))),
        }
    }

    fn source(&self, objects: Option<u64>) -> Source {
        Source {
            file: self.file.clone(),
            sha256: Some(self.record.id.clone()),
            kind: DocumentKind::from_word(&self.record.kind).word(),
            rows: self.record.rows,
            objects,
        }
    }
}

/// Whether a settlement's period touches the one that is cut out.
fn concerns((start, end): (Instant, Instant), cut: Cut) -> bool {
    let (first, last) = (cut.part(start), cut.part(end));
    first != last || first == Part::Within
}

/// Rows and net of each currency: the same however the rows are cut.
fn totals(digest: &Digest) -> BTreeMap<Currency, (u64, Sum)> {
    let mut totals: BTreeMap<Currency, (u64, Sum)> = BTreeMap::new();
    for bucket in &digest.buckets {
        let (rows, net) = totals.entry(bucket.currency).or_default();
        *rows += bucket.tally.count;
        *net += bucket.tally.net;
    }
    totals
}

/// The settings for reading without an archive: only a config that the user names.
pub(super) fn named_settings(common: &Common, world: &World<'_>) -> Result<Option<Settings>, Failure> {
    common.config.is_some().then(|| super::config::load_without_data(common, world)).transpose()
}
