//! Documents that were removed on purpose: their bytes are gone, their hash, kind and length stay on record.
//!
//! The event, the mark and the removal from the list of documents are one transaction; the files go after it, and
//! what a crash leaves of them the next run removes. Nothing of what was removed stays readable in the catalog:
//! SQLite overwrites it, and the file is written anew.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::{Row, TransactionBehavior};

use super::backup_place::remove_folder;
use super::catalog::Catalog;
use super::error::{ArchiveError, at, in_catalog};
use super::events::{EventKind, EventRecord, append, append_documents};
use super::raw::ASIDE;
use super::records::{COLUMNS, DocumentRecord, VALUES};
use super::{Archive, CATALOG_KEPT, folder};
use crate::domain::DocumentId;

/// A document that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgedRecord {
    /// Its hash.
    pub id: DocumentId,
    /// The word for its format.
    pub kind: String,
    /// Its length.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// Its Parquet file, relative to the data folder.
    pub derived_path: Option<String>,
    /// The document that stands in its place, where there is one.
    pub successor: Option<DocumentId>,
    /// The number of the event.
    pub event: u64,
}

/// A document to be removed, and what stands in its place; that one's files are in their places already.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The document.
    pub document: DocumentRecord,
    /// What stands in its place.
    pub successor: Option<DocumentRecord>,
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

impl Catalog {
    /// Every document that was removed on purpose, by hash.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn purged(&self) -> Result<Vec<PurgedRecord>, ArchiveError> {
        let failed = in_catalog("read the removed documents", &self.path);
        let sql = "SELECT sha256, kind, bytes, rows, derived_path, successor, event FROM purged ORDER BY sha256";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let one = |row: &Row<'_>| {
            Ok(PurgedRecord {
                id: DocumentId::new(row.get::<_, String>(0)?),
                kind: row.get(1)?,
                bytes: count(row.get(2)?),
                rows: count(row.get(3)?),
                derived_path: row.get(4)?,
                successor: row.get::<_, Option<String>>(5)?.map(DocumentId::new),
                event: count(row.get(6)?),
            })
        };
        statement.query_map([], one).and_then(Iterator::collect).map_err(failed)
    }

    /// When a document was removed on purpose, milliseconds since 1970 UTC.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn purged_at(&self, id: &DocumentId) -> Result<Option<i64>, ArchiveError> {
        use rusqlite::OptionalExtension;
        let failed = in_catalog("read the removed documents", &self.path);
        let sql = "SELECT at_ms FROM purged JOIN events ON number = event WHERE sha256 = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.query_row([id.as_str()], |row| row.get(0)).optional().map_err(failed)
    }

    fn remove(
        &mut self,
        kind: EventKind,
        at_ms: i64,
        removals: &[Removal],
        facts: serde_json::Value,
    ) -> Result<EventRecord, ArchiveError> {
        let failed = in_catalog("remove the documents", &self.path);
        self.connection.pragma_update(None, "secure_delete", true).map_err(failed)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut all = facts.as_object().cloned().unwrap_or_default();
        all.insert("documents".to_owned(), removals.iter().map(removal_facts).collect());
        let event = append(&transaction, at_ms, kind, &all.into()).map_err(failed)?;
        for removal in removals {
            mark(&transaction, removal, event.number).map_err(failed)?;
        }
        let successors: Vec<DocumentRecord> = removals.iter().filter_map(|removal| removal.successor.clone()).collect();
        append_documents(&transaction, &successors, Some(at_ms)).map_err(failed)?;
        {
            let sql = format!("INSERT OR REPLACE INTO documents ({COLUMNS}) VALUES ({VALUES})");
            let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
            for successor in &successors {
                successor.write(&mut statement).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(event)
    }

    /// Writes the file anew, so that nothing removed stays readable in it or in its side file.
    fn scrub(&self) -> Result<(), ArchiveError> {
        let failed = in_catalog("write the catalog anew", &self.path);
        for sql in ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            let mut statement = self.connection.prepare(sql).map_err(failed)?;
            let mut rows = statement.query([]).map_err(failed)?;
            while rows.next().map_err(failed)?.is_some() {}
        }
        Ok(())
    }

    /// Enters what a log says was removed; used when the catalog is made anew.
    pub(super) fn restore_purged(&mut self, record: &PurgedRecord) -> Result<(), ArchiveError> {
        insert_purged(&self.connection, record).map_err(in_catalog("record the removed documents", &self.path))
    }
}

fn removal_facts(removal: &Removal) -> serde_json::Value {
    let document = &removal.document;
    serde_json::json!({
        "bytes": document.bytes,
        "derived_path": document.derived_path,
        "kind": document.kind,
        "rows": document.rows,
        "sha256": document.id.as_str(),
        "successor": removal.successor.as_ref().map(|successor| successor.id.as_str()),
    })
}

fn mark(transaction: &rusqlite::Connection, removal: &Removal, event: u64) -> rusqlite::Result<()> {
    let document = &removal.document;
    insert_purged(
        transaction,
        &PurgedRecord {
            id: document.id.clone(),
            kind: document.kind.clone(),
            bytes: document.bytes,
            rows: document.rows,
            derived_path: document.derived_path.clone(),
            successor: removal.successor.as_ref().map(|successor| successor.id.clone()),
            event,
        },
    )?;
    transaction.execute("DELETE FROM documents WHERE sha256 = ?1", [document.id.as_str()]).map(drop)
}

fn insert_purged(connection: &rusqlite::Connection, record: &PurgedRecord) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO purged (sha256, kind, bytes, rows, derived_path, successor, event) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = (
        record.id.as_str(),
        &record.kind,
        integer(record.bytes),
        integer(record.rows),
        &record.derived_path,
        record.successor.as_ref().map(DocumentId::as_str),
        integer(record.event),
    );
    connection.execute(sql, values).map(drop)
}

impl Archive {
    /// Removes documents on purpose: marked first, then their bytes and rows, then every trace in the catalog. The
    /// caller holds the lock.
    ///
    /// # Errors
    /// [`ArchiveError`]; what was marked by then is removed by the next run.
    pub fn remove_documents(
        &mut self,
        kind: EventKind,
        at_ms: i64,
        removals: &[Removal],
        facts: serde_json::Value,
    ) -> Result<EventRecord, ArchiveError> {
        let event = self.catalog.remove(kind, at_ms, removals, facts)?;
        self.mirror_events()?;
        self.finish_removals()?;
        // An earlier catalog that a rebuild kept, and bytes that were kept aside, may tell of what is gone now.
        remove_file(&self.root().join(CATALOG_KEPT))?;
        remove_folder(&self.raw.folder().join(ASIDE))?;
        self.catalog.scrub()?;
        Ok(event)
    }

    /// Removes the files of documents that are marked as removed, as a crash may have left them.
    pub(super) fn finish_removals(&self) -> Result<(), ArchiveError> {
        for record in self.catalog.purged()? {
            remove_for_good(&self.raw.path(&record.id)?)?;
            if let Some(derived) = &record.derived_path {
                remove_for_good(&self.root().join(derived))?;
            }
        }
        Ok(())
    }
}

/// Removes a file so that a power cut does not bring it back.
fn remove_for_good(path: &Path) -> Result<(), ArchiveError> {
    if !path.exists() {
        return Ok(());
    }
    remove_file(path)?;
    path.parent().map_or(Ok(()), folder::flush)
}

pub(super) fn remove_file(path: &Path) -> Result<(), ArchiveError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(at("remove the file", path)),
    }
}
