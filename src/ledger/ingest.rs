//! From an input to the archive: staged whole, then committed, in the order that survives a crash.
//!
//! Raw bytes to a temporary file, rows to a temporary Parquet file, both flushed; renamed to their
//! places; last, one transaction of the catalog. Whatever a crash leaves before the transaction is
//! invisible and is overwritten or cleared by the next run.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::dataset::{DatasetWriter, Seal, dataset_path};
use super::digest::{Cut, Digest};
use super::fold::DigestSink;
use super::frames::{RowColumns, settlement_schema};
use super::records::records_frame;
use crate::archive::{Archive, ArchiveError, DocumentRecord, Finished, RawStore, StagedFile};
use crate::domain::{AccountName, ExitCode, Instant, SellerId, SettlementId};
use crate::parse::{
    Content, Copy, Document, Fault, Input, ReadOptions, Receiver, Records, Refused, RowSink, SettlementHead,
    SettlementRow, latest_states, read_document,
};

/// Counts up when the reader understands more, so that what an older one remembered is read anew.
pub const READER_VERSION: u32 = 2;
/// Rows for which a piece makes room at once.
const PIECE_ROWS: usize = 12_000;

/// What the catalog remembers of a document besides its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Totals of a settlement, uncut.
    pub digest: Option<Digest>,
    /// Another merchant id in the same preamble, and its line.
    pub seller_conflict: Option<(SellerId, u64)>,
    /// Objects of a transaction report after folding states.
    pub objects: Option<u64>,
    /// What its Parquet file is known by.
    pub seal: Option<Seal>,
    /// Warnings: code, line, message.
    pub warnings: Vec<(String, Option<u64>, String)>,
}

/// Why a document is not in the archive.
#[derive(Debug)]
pub enum IngestError {
    /// The file itself.
    Refused(Box<Refused>),
    /// The disk, the catalog, or a value that cannot be stored.
    Storage {
        /// What happened.
        message: String,
        /// Something to type or a place to look.
        hint: Option<String>,
        /// How the run ends.
        exit: ExitCode,
    },
}

impl From<ArchiveError> for IngestError {
    fn from(why: ArchiveError) -> Self {
        IngestError::Storage { message: why.to_string(), hint: why.hint(), exit: why.exit_code() }
    }
}

/// A document that is on the disk and not yet in its place.
pub struct Staged {
    /// What the catalog will say of it.
    pub record: DocumentRecord,
    /// What is worth saying about it.
    pub warnings: Vec<crate::parse::Warning>,
    raw: Finished,
    derived: StagedFile,
}

/// Brings inputs into an archive.
pub struct Ingest<'a> {
    /// The archive; its lock is held by the caller.
    pub archive: &'a Archive,
    /// How inputs are read.
    pub options: &'a ReadOptions,
    /// The account that the user named, for reports that name no merchant.
    pub account: Option<AccountName>,
    /// The time.
    pub now: Instant,
}

impl Ingest<'_> {
    /// Reads an input whole and stages its bytes and its rows.
    ///
    /// # Errors
    /// [`IngestError`]; nothing of the input is left behind.
    pub fn stage(&self, input: &Input) -> Result<Staged, IngestError> {
        let copy = Arc::new(RawCopy { store: self.archive.raw.clone(), staged: Mutex::new(None) });
        let mut receiver = LedgerReceiver { archive: self.archive, digest: Digest::default(), derived: None };
        let read = read_document(input, self.options, &mut receiver, Some(copy.clone()));
        let document = read.map_err(refused)?;
        let staged = copy.staged.lock().unwrap_or_else(PoisonError::into_inner).take();
        let staged = staged.ok_or_else(|| storage("the document's bytes were not staged"))?;
        let raw = staged.finish_as(document.id.clone())?;
        let derived = match &document.content {
            Content::Settlement(_) => receiver.finish().map_err(storage)?,
            Content::Records(records) => {
                let frame = records_frame(records).map_err(storage)?;
                write_frame(self.archive, frame).map_err(storage)?
            }
        };
        let seal = Seal::of(derived.path()).map_err(storage)?;
        let given = Given { name: input.name().to_owned(), account: self.account.clone(), imported: self.now };
        let record = describe(&given, &document, receiver.digest.with_summed_cases(), seal).map_err(storage)?;
        Ok(Staged { record, warnings: document.warnings, raw, derived })
    }

    /// Gives staged documents their places and enters them into the catalog in one transaction.
    ///
    /// # Errors
    /// [`ArchiveError`]; the catalog is then as it was.
    pub fn commit(archive: &mut Archive, staged: Vec<Staged>) -> Result<(), ArchiveError> {
        let mut records = Vec::with_capacity(staged.len());
        for document in staged {
            archive.raw.commit(document.raw)?;
            if let Some(path) = &document.record.derived_path {
                archive.place_derived(document.derived, path)?;
            }
            records.push(document.record);
        }
        archive.catalog.replace(&records)?;
        archive.mirror_events()
    }
}

/// What is known of a document besides its bytes.
#[derive(Clone, Debug)]
pub struct Given {
    /// The name under which it came.
    pub name: String,
    /// The account that it was brought in for.
    pub account: Option<AccountName>,
    /// When it was brought in.
    pub imported: Instant,
}

impl Given {
    /// As the catalog has it.
    #[must_use]
    pub fn of(record: &DocumentRecord) -> Self {
        let imported = Instant::new(record.imported_at_ms, 0);
        Self { name: record.source_name.clone(), account: record.account.clone(), imported }
    }
}

/// A document that is stored, read again: what the catalog will say of it, and its rows on the disk.
pub struct Derived {
    /// What the catalog will say of it.
    pub record: DocumentRecord,
    staged: StagedFile,
}

impl Derived {
    /// Reads a stored document again and stages its rows; its bytes stay where they are.
    ///
    /// # Errors
    /// [`IngestError`]; nothing is left behind.
    pub fn of(archive: &Archive, options: &ReadOptions, input: &Input, given: &Given) -> Result<Self, IngestError> {
        let mut receiver = LedgerReceiver { archive, digest: Digest::default(), derived: None };
        let document = read_document(input, options, &mut receiver, None).map_err(refused)?;
        let staged = match &document.content {
            Content::Settlement(_) => receiver.finish().map_err(storage)?,
            Content::Records(records) => {
                let frame = records_frame(records).map_err(storage)?;
                write_frame(archive, frame).map_err(storage)?
            }
        };
        let seal = Seal::of(staged.path()).map_err(storage)?;
        let record = describe(given, &document, receiver.digest.with_summed_cases(), seal).map_err(storage)?;
        Ok(Self { record, staged })
    }

    /// Gives the rows their place, unless the very same lie there.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn place(self, archive: &Archive) -> Result<DocumentRecord, ArchiveError> {
        if let Some(path) = &self.record.derived_path {
            let there = Seal::of(&archive.root().join(path)).ok();
            if there.is_none() || there != Seal::of(self.staged.path()).ok() {
                archive.place_derived(self.staged, path)?;
            }
        }
        Ok(self.record)
    }
}

fn refused(refused: Box<Refused>) -> IngestError {
    match &refused.error.fault {
        Fault::Receiver { why, exit } => IngestError::Storage { message: why.clone(), hint: None, exit: *exit },
        Fault::StoredUnread { .. } | Fault::StoredDamaged { .. } => storage(&refused.error.fault),
        _ => IngestError::Refused(refused),
    }
}

/// What the catalog says of a document.
pub(super) fn describe(
    given: &Given,
    document: &Document,
    digest: Digest,
    seal: Seal,
) -> Result<DocumentRecord, serde_json::Error> {
    let mut remembered = Remembered {
        seal: Some(seal),
        warnings: document.warnings.iter().map(|w| (w.code.to_owned(), w.line, w.message.clone())).collect(),
        ..Remembered::default()
    };
    let millis = |instant: Option<Instant>| instant.map(Instant::utc_millis);
    let mut record = DocumentRecord {
        id: document.id.clone(),
        kind: document.kind.word().to_owned(),
        seller_id: None,
        account: given.account.clone(),
        source_name: given.name.clone(),
        bytes: document.bytes,
        rows: document.rows,
        settlement_id: None,
        currencies: Vec::new(),
        period_start_ms: None,
        period_end_ms: None,
        first_posted_ms: None,
        last_posted_ms: None,
        imported_at_ms: given.imported.utc_millis(),
        derived_path: None,
        digest: None,
        reader_version: READER_VERSION,
    };
    match &document.content {
        Content::Settlement(head) => {
            record.seller_id.clone_from(&head.seller_id);
            record.settlement_id = digest.ids.first().map(|id| SettlementId::new(&id.id));
            record.currencies = digest.currencies();
            record.period_start_ms = Some(head.start.utc_millis());
            record.period_end_ms = Some(head.end.utc_millis());
            record.first_posted_ms = millis(digest.first_posted);
            record.last_posted_ms = millis(digest.last_posted);
            record.derived_path = Some(place_of("ledger", &record, ("settled", head.end)));
            remembered.seller_conflict.clone_from(&head.seller_conflict);
            remembered.digest = Some(digest);
        }
        Content::Records(records) => {
            if let Records::Transactions(rows) = records {
                remembered.objects = Some(latest_states(rows).len() as u64);
            }
            record.seller_id = seller_of(records);
            let folder = format!("records/kind={}", document.kind.word());
            let newest = newest_instant(records).unwrap_or(given.imported);
            record.derived_path = Some(place_of(&folder, &record, ("updated", newest)));
        }
    }
    record.digest = Some(serde_json::to_string(&remembered)?);
    Ok(record)
}

fn place_of(folder: &str, record: &DocumentRecord, at: (&str, Instant)) -> String {
    let seller = record.seller_id.as_ref().map(SellerId::as_str);
    let account = seller.or_else(|| record.account.as_ref().map(AccountName::as_str)).unwrap_or("unknown");
    dataset_path(folder, account, at, &record.id)
}

fn storage(why: impl ToString) -> IngestError {
    IngestError::Storage { message: why.to_string(), hint: None, exit: ExitCode::Storage }
}

fn seller_of(records: &Records) -> Option<SellerId> {
    match records {
        Records::Transactions(_) | Records::Disputes(_) => None,
        Records::Disbursements(list) => list.first().and_then(|item| item.seller_id.clone()),
        Records::Notification(read) => read.seller_id.clone(),
    }
}

/// The newest instant that records tell of.
#[must_use]
pub fn newest_instant(records: &Records) -> Option<Instant> {
    match records {
        Records::Transactions(rows) => rows.iter().filter_map(|row| row.updated.or(row.created)).max(),
        Records::Disbursements(list) => list.iter().map(|item| item.time).max(),
        Records::Notification(read) => read.notified.or(read.created),
        Records::Disputes(list) => list.iter().filter_map(|dispute| dispute.updated.or(dispute.created)).max(),
    }
}

fn write_frame(archive: &Archive, frame: DataFrame) -> Result<StagedFile, String> {
    let staged = archive.stage_derived().map_err(|why| why.to_string())?;
    let file = staged.handle().map_err(|why| why.to_string())?;
    let mut writer = DatasetWriter::new(file, frame.schema()).map_err(|why| why.to_string())?;
    writer.push(frame).and_then(|()| writer.finish()).map_err(|why| why.to_string())?;
    Ok(staged)
}

/// Writes the document's bytes into the raw store's staging as they are read.
struct RawCopy {
    store: RawStore,
    staged: Mutex<Option<StagedFile>>,
}

impl Copy for RawCopy {
    fn restart(&self) -> io::Result<()> {
        let fresh = self.store.stage_unhashed().map_err(|why| storage_fault(&why))?;
        *self.staged.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self.staged.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(staged) => staged.write_all(bytes).map_err(|why| storage_fault(&why)),
            None => Ok(()),
        }
    }
}

/// An error of our own disk, kept apart from one of the file that is read.
fn storage_fault(why: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(Fault::of_receiver(format!("cannot store the document: {why}"), ExitCode::Storage))
}

/// Turns rows into Parquet and a digest in one pass.
struct LedgerReceiver<'a> {
    archive: &'a Archive,
    digest: Digest,
    derived: Option<(StagedFile, DatasetWriter)>,
}

/// One piece of a settlement, as totals and as columns.
pub(super) struct LedgerSink {
    pub(super) digest: DigestSink,
    pub(super) columns: RowColumns,
}

impl LedgerSink {
    /// An empty piece of this settlement.
    pub(super) fn of(head: &SettlementHead) -> impl Fn() -> Self + Send + Sync + 'static {
        let (start, end) = (head.start, head.end);
        move || Self {
            digest: DigestSink::within(start, end, Cut::WHOLE),
            columns: RowColumns::with_capacity(PIECE_ROWS),
        }
    }
}

impl RowSink for LedgerSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        self.digest.row(row);
        self.columns.row(row);
    }
}

impl Receiver for LedgerReceiver<'_> {
    type Sink = LedgerSink;

    fn begin(&mut self, head: &SettlementHead) -> Result<Box<dyn Fn() -> LedgerSink + Send + Sync>, Fault> {
        let fault = |why: &dyn std::fmt::Display| Fault::of_receiver(why, ExitCode::Storage);
        self.digest = Digest::default();
        let staged = self.archive.stage_derived().map_err(|why| fault(&why))?;
        let file = staged.handle().map_err(|why| fault(&why))?;
        let writer = DatasetWriter::new(file, &settlement_schema()).map_err(|why| fault(&why))?;
        self.derived = Some((staged, writer));
        Ok(Box::new(LedgerSink::of(head)))
    }

    fn take(&mut self, sink: LedgerSink) -> Result<(), Fault> {
        let first_row = self.digest.rows;
        self.digest.merge(sink.digest.finish());
        let Some((_, writer)) = &mut self.derived else { return Ok(()) };
        let written = sink.columns.into_frame(first_row).and_then(|frame| writer.push(frame));
        written.map_err(|why| Fault::of_receiver(why, ExitCode::Storage))
    }
}

impl LedgerReceiver<'_> {
    fn finish(&mut self) -> Result<StagedFile, String> {
        let (staged, writer) = self.derived.take().ok_or("no row was received")?;
        writer.finish().map_err(|why| why.to_string())?;
        Ok(staged)
    }
}
