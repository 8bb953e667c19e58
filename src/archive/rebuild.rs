//! A catalog made anew from the stored documents and the log of events, beside the one that is there.
//!
//! Until [`Rebuild::finish`] renames it into place nothing that is there is changed; the catalog before is kept as
//! `catalog.sqlite.old`. What only the old catalog knew is carried over where it can still be read, and named where
//! not. The log is taken from the catalog or from `events.jsonl`, whichever is sound for longer.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::catalog::Catalog;
use super::error::{ArchiveError, at, in_catalog};
use super::events::{EventKind, EventRecord, append, document_facts, insert};
use super::findings::UNNAMED;
use super::inventory::list;
use super::purged::remove_file;
use super::raw::RawStore;
use super::rebuild_log::replay;
use super::records::{COLUMNS, DocumentRecord, VALUES};
use super::snapshot::Logged;
use super::{Archive, AtomicFile, CATALOG, CATALOG_KEPT, EVENTS, LOCK, RAW, RunLock, folder};
use crate::domain::{AccountName, DocumentId};

/// The new catalog until it takes its place.
pub(super) const CATALOG_NEW: &str = "catalog.sqlite.new";
/// A log that was not sound, kept aside.
pub(super) const EVENTS_KEPT: &str = "events.jsonl.old";
/// Tables that nothing else tells of.
const CARRIED: [&str; 7] =
    ["remote_reports", "report_requests", "paces", "runs", "fetches", "dispute_warnings", "payout_matches"];

/// A document that the new catalog should know.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its hash.
    pub id: DocumentId,
    /// The name under which it came, as far as it is known.
    pub name: String,
    /// The account that it was brought in for.
    pub account: Option<AccountName>,
    /// When it was brought in, milliseconds since 1970 UTC.
    pub imported_at_ms: i64,
    /// `Content-Type` as it was sent with the bytes.
    pub content_type: Option<String>,
    /// What the old catalog says, where that is what was sealed.
    pub before: Option<DocumentRecord>,
    /// Whether the log tells of it.
    pub logged: bool,
}

/// What a rebuild came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Documents in the new catalog.
    pub documents: u64,
    /// What could not be carried over.
    pub lost: Vec<String>,
    /// Derived files that no document names any more and that were removed.
    pub removed: u64,
}

/// A rebuild under way. Holds the lock.
pub struct Rebuild {
    /// The data folder with the new catalog.
    pub archive: Archive,
    root: PathBuf,
    old: Option<Catalog>,
    log: Vec<EventRecord>,
    logged: Logged,
    entered: Vec<DocumentRecord>,
    lost: Vec<String>,
    _lock: RunLock,
}

impl Rebuild {
    /// Takes the lock and begins a new catalog.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] where there is no data folder, [`ArchiveError::NewerVersion`],
    /// [`ArchiveError::Locked`], [`ArchiveError::Io`].
    pub fn begin(root: &Path) -> Result<Self, ArchiveError> {
        if !root.join(CATALOG).is_file() && !root.join(RAW).is_dir() {
            return Err(ArchiveError::Missing { path: root.to_owned() });
        }
        let lock = RunLock::acquire(&root.join(LOCK))?.sealing(root)?;
        let raw = RawStore::at(root.join(RAW));
        raw.clear_staging()?;
        remove_with_side_files(&root.join(CATALOG_NEW))?;
        let mut lost = Vec::new();
        let old = open_old(root, &mut lost)?;
        let log = choose_log(root, old.as_ref(), &mut lost)?;
        let mut new = Catalog::open(&root.join(CATALOG_NEW))?;
        new.enter_log(&log)?;
        let archive = Archive { root: root.to_owned(), raw, catalog: new };
        let logged = Logged::of(&log);
        Ok(Self { archive, root: root.to_owned(), old, log, logged, entered: Vec::new(), lost, _lock: lock })
    }

    /// The documents that the new catalog should know, in the order of their hashes. Where the old catalog cannot
    /// be read, whatever is stored is among them, unless it was removed on purpose.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where the raw store cannot be listed.
    pub fn wanted(&self) -> Result<Vec<Wanted>, ArchiveError> {
        let before = self.old.as_ref().and_then(|old| old.documents().ok());
        let mut wanted: BTreeMap<DocumentId, Wanted> = BTreeMap::new();
        for (id, facts) in &self.logged.documents {
            wanted.insert(id.clone(), of_facts(id, facts));
        }
        if before.is_none() {
            for id in self.archive.raw.documents()? {
                if !self.logged.purged.contains_key(&id) {
                    wanted.entry(id.clone()).or_insert_with(|| of_facts(&id, &serde_json::Value::Null));
                }
            }
        }
        for record in before.unwrap_or_default() {
            if self.logged.purged.contains_key(&record.id) {
                continue;
            }
            let sealed = self.logged.documents.get(&record.id).and_then(|facts| facts.get("row")?.as_str());
            let entry =
                wanted.entry(record.id.clone()).or_insert_with(|| of_facts(&record.id, &serde_json::Value::Null));
            if sealed.is_none_or(|sealed| sealed == record.seal()) {
                entry.name.clone_from(&record.source_name);
                entry.account.clone_from(&record.account);
                entry.imported_at_ms = record.imported_at_ms;
                entry.before = Some(record);
            } else if entry.name == unnamed(&record.id) {
                entry.name.clone_from(&record.source_name);
            }
        }
        for wish in wanted.values_mut().filter(|wish| wish.content_type.is_none()) {
            wish.content_type = self.old.as_ref().and_then(|old| old.content_type_of(&wish.id).ok().flatten());
        }
        Ok(wanted.into_values().collect())
    }

    /// Enters a document into the new catalog.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn enter(&mut self, record: DocumentRecord) -> Result<(), ArchiveError> {
        self.archive.catalog.enter_document(&record)?;
        self.entered.push(record);
        Ok(())
    }

    /// Names something that could not be carried over.
    pub fn lose(&mut self, what: String) {
        self.lost.push(what);
    }

    /// Completes the new catalog and gives it its place.
    ///
    /// # Errors
    /// [`ArchiveError`]; until the last rename what was there is unchanged.
    pub fn finish(mut self, at_ms: i64) -> Result<Rebuilt, ArchiveError> {
        let closes = self.old.as_ref().and_then(|old| old.snapshot().ok()).map(|old| old.closes).unwrap_or_default();
        let lost = replay(&mut self.archive.catalog, &self.log, &closes)?;
        self.lost.extend(lost);
        self.carry()?;
        self.tell(at_ms)?;
        self.swap()?;
        let archive = Archive::create_or_open(&self.root)?;
        rewrite_mirror(&archive)?;
        let removed = remove_unnamed(&archive)?;
        Ok(Rebuilt { documents: self.entered.len() as u64, lost: std::mem::take(&mut self.lost), removed })
    }

    /// Copies the tables that nothing else tells of.
    fn carry(&mut self) -> Result<(), ArchiveError> {
        if self.old.is_none() {
            let text = "what the old catalog alone knew: states of reports at Amazon, runs, payouts found at the bank";
            self.lost.push(text.to_owned());
            return Ok(());
        }
        let connection = &self.archive.catalog.connection;
        let failed = in_catalog("read the old catalog", &self.archive.catalog.path);
        let old = self.root.join(CATALOG);
        connection.execute("ATTACH DATABASE ?1 AS old", [old.to_string_lossy()]).map_err(failed)?;
        for table in CARRIED {
            let sql = format!("INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table}");
            if let Err(why) = connection.execute(&sql, []) {
                self.lost.push(format!("the table `{table}` of the old catalog: {why}"));
            }
        }
        connection.execute("DETACH DATABASE old", []).map(drop).map_err(failed)
    }

    /// The event, which seals anew what the log does not seal as it is now.
    fn tell(&mut self, at_ms: i64) -> Result<(), ArchiveError> {
        let sealed = |record: &DocumentRecord| {
            let facts = self.logged.documents.get(&record.id);
            facts.and_then(|facts| facts.get("row")?.as_str().map(str::to_owned)) == Some(record.seal())
        };
        let anew: Vec<&DocumentRecord> = self.entered.iter().filter(|record| !sealed(record)).collect();
        let catalog = &mut self.archive.catalog;
        let failed = in_catalog("record the rebuild", &catalog.path);
        let transaction =
            catalog.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let documents = document_facts(&transaction, anew.into_iter()).map_err(failed)?;
        let facts = serde_json::json!({
            "documents": documents,
            "documents_read": self.entered.len(),
            "lost": self.lost,
        });
        append(&transaction, at_ms, EventKind::Rebuild, &facts).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    fn swap(&mut self) -> Result<(), ArchiveError> {
        let (current, new) = (self.root.join(CATALOG), self.root.join(CATALOG_NEW));
        if let Some(old) = self.old.take() {
            // Everything into the one file: a side file left behind would be taken for the new catalog's.
            let _ = old.settle();
        }
        let settled = std::mem::replace(&mut self.archive.catalog, Catalog::scratch()?);
        settled.settle()?;
        drop(settled);
        File::open(&new).and_then(|file| file.sync_all()).map_err(at("flush the new catalog", &new))?;
        if current.is_file() {
            keep_aside(&current, &self.root.join(CATALOG_KEPT))?;
        }
        fs::rename(&new, &current).map_err(at("give the new catalog its name", &current))?;
        for side in ["-wal", "-shm"] {
            remove_file(&side_file(&current, side))?;
        }
        folder::flush(&self.root)
    }
}

fn side_file(catalog: &Path, side: &str) -> PathBuf {
    PathBuf::from(format!("{}{side}", catalog.display()))
}

fn remove_with_side_files(catalog: &Path) -> Result<(), ArchiveError> {
    ["", "-wal", "-shm"].iter().try_for_each(|side| remove_file(&side_file(catalog, side)))
}

/// A second name for a file, so that the first can be given to another one in one step.
fn keep_aside(current: &Path, kept: &Path) -> Result<(), ArchiveError> {
    remove_file(kept)?;
    match fs::hard_link(current, kept) {
        Ok(()) => Ok(()),
        // File systems without links.
        Err(_) => fs::copy(current, kept).map(drop).map_err(at("keep the old catalog", kept)),
    }
}

/// What the log says of a document.
fn of_facts(id: &DocumentId, facts: &serde_json::Value) -> Wanted {
    let text = |field: &str| facts.get(field).and_then(|text| text.as_str()).map(str::to_owned);
    Wanted {
        id: id.clone(),
        name: text("name").unwrap_or_else(|| unnamed(id)),
        account: text("account").map(AccountName::new),
        imported_at_ms: facts.get("imported_at_ms").and_then(serde_json::Value::as_i64).unwrap_or(0),
        content_type: text("content_type"),
        before: None,
        logged: !facts.is_null(),
    }
}

/// What a document is called whose name nobody remembers.
fn unnamed(id: &DocumentId) -> String {
    format!("{UNNAMED}{}", id.short())
}

fn open_old(root: &Path, lost: &mut Vec<String>) -> Result<Option<Catalog>, ArchiveError> {
    if !root.join(CATALOG).is_file() {
        lost.push("the old catalog: it was not there".to_owned());
        return Ok(None);
    }
    match Catalog::open(&root.join(CATALOG)) {
        Ok(old) => match old.documents() {
            Ok(_) => Ok(Some(old)),
            Err(why) => {
                lost.push(format!("the old catalog cannot be read: {why}"));
                Ok(None)
            }
        },
        Err(why @ (ArchiveError::NewerVersion { .. } | ArchiveError::Locked { .. })) => Err(why),
        Err(why) => {
            lost.push(format!("the old catalog cannot be read: {why}"));
            Ok(None)
        }
    }
}

/// The sound beginning of a log.
fn sound(events: Vec<EventRecord>) -> Vec<EventRecord> {
    let mut kept = Vec::new();
    for event in events {
        kept.push(event);
        if !follows(&kept) {
            kept.pop();
            break;
        }
    }
    kept
}

/// Whether the last event follows the one before it and is as it was written.
fn follows(events: &[EventRecord]) -> bool {
    let Some((last, before)) = events.split_last() else { return true };
    let previous = before.last().map_or(super::GENESIS, |event| &event.hash);
    last.number == before.len() as u64 + 1 && last.previous == previous && last.computed_hash() == last.hash
}

fn choose_log(root: &Path, old: Option<&Catalog>, lost: &mut Vec<String>) -> Result<Vec<EventRecord>, ArchiveError> {
    let in_catalog = old.and_then(|old| old.events().ok()).unwrap_or_default();
    let path = root.join(EVENTS);
    let text = match fs::read(&path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(at("read the log of events", &path))?,
    };
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let in_file: Vec<EventRecord> =
        lines.map_while(|line| std::str::from_utf8(line).ok().and_then(EventRecord::from_line)).collect();
    let most = in_catalog.len().max(in_file.len());
    let (in_catalog, in_file) = (sound(in_catalog), sound(in_file));
    let log = if in_file.len() > in_catalog.len() { in_file } else { in_catalog };
    if log.len() < most {
        lost.push(format!("events after event {}: neither the catalog nor {EVENTS} has them whole", log.len()));
    }
    Ok(log)
}

/// Writes `events.jsonl` as the log is; a file that says something else is kept aside.
fn rewrite_mirror(archive: &Archive) -> Result<(), ArchiveError> {
    let path = archive.events_path();
    let events = archive.catalog.events()?;
    let text: String = events.iter().flat_map(|event| [event.line(), "\n".to_owned()]).collect();
    let before = fs::read(&path).unwrap_or_default();
    if before == text.as_bytes() {
        return Ok(());
    }
    if !text.as_bytes().starts_with(&before) {
        keep_aside(&path, &archive.root().join(EVENTS_KEPT))?;
    }
    let mut file = AtomicFile::create(&path)?;
    file.write_all(text.as_bytes()).map_err(at("write the log of events", &path))?;
    file.commit()
}

/// Removes derived files that no document names.
fn remove_unnamed(archive: &Archive) -> Result<u64, ArchiveError> {
    let named: Vec<DocumentRecord> = archive.catalog.documents()?;
    let named: std::collections::BTreeSet<&str> =
        named.iter().filter_map(|record| record.derived_path.as_deref()).collect();
    let mut removed = 0;
    for path in list(archive.root())?.into_keys().filter(|path| super::inventory::is_derived(path)) {
        if path.ends_with(".parquet") && !named.contains(path.as_str()) {
            remove_file(&archive.root().join(path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

impl Catalog {
    /// Moves everything from the side file into the catalog.
    fn settle(&self) -> Result<(), ArchiveError> {
        let failed = in_catalog("settle the catalog", &self.path);
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)
    }

    /// Enters a log as it is.
    fn enter_log(&mut self, events: &[EventRecord]) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the log of events", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        events.iter().try_for_each(|event| insert(&transaction, event)).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Enters a document without an event.
    fn enter_document(&self, record: &DocumentRecord) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the documents", &self.path);
        let sql = format!("INSERT OR REPLACE INTO documents ({COLUMNS}) VALUES ({VALUES})");
        let written = |connection: &Connection| record.write(&mut connection.prepare_cached(&sql)?);
        written(&self.connection).map(drop).map_err(failed)
    }
}
