//! A copy of a data folder that is whole at every moment, made while the folder is in use.
//!
//! SQLite copies the catalog at one moment, and that copy decides which files belong to the backup: stored documents
//! never change, so they can be copied afterwards. Everything is built beside the target and takes its name in one
//! step; what an earlier backup has already is linked, not copied. Each copy is hashed while it is written. A backup
//! is a data folder itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};

use super::backup_place::{Earlier, Place};
use super::catalog::Catalog;
use super::error::{ArchiveError, at, in_catalog};
use super::findings::{Finding, Mend};
use super::folder;
use super::raw::RawStore;
use super::records::DocumentRecord;
use super::schema::STEPS;
use super::seals::{self, PII_KEY, SEALS};
use super::snapshot::Snapshot;
use super::transfer::{Copied, copy_file, hash_of, write_file};
use super::{Archive, CATALOG, EVENTS, PASSED_OVER, RAW};
use crate::domain::DocumentId;

/// What a backup is known by, and what is in it.
pub const BACKUP_MANIFEST: &str = "backup.json";
/// The schema of [`BackupManifest`].
pub(super) const BACKUP_SCHEMA: &str = "settle.backup/1";
/// Tries to copy a folder from which documents are being removed on purpose.
const TRIES_MAX: usize = 3;

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// `settle.backup/1`.
    pub schema: String,
    /// The version of the program that made it.
    pub settle: String,
    /// The steps that its catalog has taken.
    pub catalog_version: usize,
    /// When, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// Every file, by its path in the backup.
    pub files: BTreeMap<String, BackupFile>,
    /// Files that belong in it and were damaged or missing.
    pub lacking: Vec<String>,
}

/// Who makes a backup, and when.
#[derive(Clone, Copy, Debug)]
pub struct BackupStamp<'a> {
    /// Milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// The version of the program.
    pub settle: &'a str,
}

/// Tells whether a derived file is as the catalog remembers it.
pub type IsWhole<'a> = dyn Fn(&DocumentRecord, &Path) -> bool + 'a;

/// What a backup came to.
#[derive(Clone, Debug, Default)]
pub struct BackedUp {
    /// Documents in it.
    pub documents: u64,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were copied; the others are those of the earlier backup.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// What was damaged or missing.
    pub findings: Vec<Finding>,
}

/// Copies a data folder to a target, which is new, empty, or an earlier backup that is brought up to date.
///
/// # Errors
/// [`ArchiveError::Exists`] where the target holds something else, [`ArchiveError::Nested`] where one lies in the
/// other, else [`ArchiveError`] where the folder cannot be read or the target not be written to; what was at the
/// target is then still there.
pub fn back_up(
    root: &Path,
    target: &Path,
    stamp: BackupStamp<'_>,
    is_whole: &IsWhole<'_>,
) -> Result<BackedUp, ArchiveError> {
    if !root.join(CATALOG).is_file() {
        return Err(ArchiveError::Missing { path: root.to_owned() });
    }
    let place = Place::of(root, target)?;
    let _lock = place.lock()?;
    let earlier = place.earlier()?;
    let mut tries = 1;
    let done = loop {
        let mut copy = Copy {
            root,
            stage: place.fresh_stage()?,
            earlier: &earlier,
            files: BTreeMap::new(),
            done: BackedUp::default(),
        };
        copy.all(stamp, is_whole)?;
        if tries == TRIES_MAX || !copy.was_overtaken()? {
            break copy.done;
        }
        tries += 1;
    };
    place.take_place()?;
    Ok(done)
}

/// A copy under way.
struct Copy<'a> {
    root: &'a Path,
    stage: PathBuf,
    earlier: &'a Earlier,
    files: BTreeMap<String, BackupFile>,
    done: BackedUp,
}

impl Copy<'_> {
    fn all(&mut self, stamp: BackupStamp<'_>, is_whole: &IsWhole<'_>) -> Result<(), ArchiveError> {
        let snapshot = self.catalog()?;
        self.done.documents = snapshot.documents.len() as u64;
        for record in &snapshot.documents {
            self.document(&record.id, Some(record.bytes), &record.source_name)?;
            self.derived(record, is_whole)?;
        }
        for (id, _) in &snapshot.fetched {
            let known = snapshot.documents.iter().any(|record| record.id == *id);
            if !known && RawStore::at(self.root.join(RAW)).contains(id) {
                self.document(id, None, "a report that was not read")?;
            }
        }
        for (close, _) in &snapshot.closes {
            self.pack(&Archive::pack_place(close.month, &close.pack), &close.pack)?;
        }
        if self.root.join(PII_KEY).is_file() {
            self.plain(PII_KEY)?;
        }
        self.text(PASSED_OVER, "")?;
        let log: String = snapshot.events.iter().flat_map(|event| [event.line(), "\n".to_owned()]).collect();
        self.text(EVENTS, &log)?;
        seals::renew(&self.stage)?;
        for name in [CATALOG, SEALS] {
            let (id, bytes) = hash_of(&self.stage.join(name))?;
            self.list(name, bytes, &id);
        }
        self.manifest(stamp)
    }

    /// The catalog, as it is at one moment.
    fn catalog(&self) -> Result<Snapshot, ArchiveError> {
        let (from, to) = (self.root.join(CATALOG), self.stage.join(CATALOG));
        let failed = in_catalog("copy the catalog", &from);
        // A catalog of an earlier version is brought up to date first.
        drop(Catalog::open_read_only(&from)?);
        let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&from, access).map_err(failed)?;
        connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(failed)?;
        drop(connection);
        // Its side files and later switches are those of a catalog in use.
        let copy = Catalog::open(&to)?;
        let snapshot = copy.snapshot()?;
        drop(copy);
        File::open(&to).and_then(|file| file.sync_all()).map_err(at("flush the copy", &to))?;
        Ok(snapshot)
    }

    fn document(&mut self, id: &DocumentId, bytes: Option<u64>, name: &str) -> Result<(), ArchiveError> {
        let path = RawStore::at(RAW).path(id)?.to_string_lossy().into_owned();
        if self.linked(&path, bytes, Some(id))? {
            return Ok(());
        }
        match copy_file(&self.root.join(&path), &self.stage.join(&path), Some(id))? {
            Copied::Whole { id, bytes } => self.copied(&path, bytes, &id),
            Copied::Other { found } => self.done.findings.push(
                Finding::damage("raw_damaged", &path, format!("the stored bytes of {name} are damaged"))
                    .instead(id, found)
                    .mended_by(Mend::import(name, &path)),
            ),
            Copied::Missing => self.done.findings.push(
                Finding::damage("raw_missing", &path, format!("the stored bytes of {name} are gone"))
                    .mended_by(Mend::import(name, &path)),
            ),
        }
        Ok(())
    }

    fn derived(&mut self, record: &DocumentRecord, is_whole: &IsWhole<'_>) -> Result<(), ArchiveError> {
        let Some(path) = &record.derived_path else { return Ok(()) };
        let from = self.root.join(path);
        let damaged = |text: &str| {
            Finding::damage("derived_damaged", path, format!("the Parquet file of {} {text}", record.source_name))
                .mended_by(Mend::rebuild())
        };
        if !from.is_file() {
            self.done.findings.push(damaged("is gone"));
            return Ok(());
        }
        let (id, bytes) = hash_of(&from)?;
        if self.linked(path, Some(bytes), Some(&id))? {
            return Ok(());
        }
        let to = self.stage.join(path);
        match copy_file(&from, &to, None)? {
            Copied::Whole { id, bytes } if is_whole(record, &to) => self.copied(path, bytes, &id),
            _ => {
                super::purged::remove_file(&to)?;
                self.done.findings.push(damaged("is damaged"));
            }
        }
        Ok(())
    }

    fn pack(&mut self, path: &str, pack: &DocumentId) -> Result<(), ArchiveError> {
        if self.linked(path, None, Some(pack))? {
            return Ok(());
        }
        match copy_file(&self.root.join(path), &self.stage.join(path), Some(pack))? {
            Copied::Whole { id, bytes } => self.copied(path, bytes, &id),
            Copied::Other { found } => self
                .done
                .findings
                .push(Finding::damage("pack_damaged", path, "the sealed pack is damaged").instead(pack, found)),
            Copied::Missing => {
                self.done.findings.push(Finding::damage("pack_missing", path, "the sealed pack is gone"));
            }
        }
        Ok(())
    }

    fn plain(&mut self, path: &str) -> Result<(), ArchiveError> {
        if let Copied::Whole { id, bytes } = copy_file(&self.root.join(path), &self.stage.join(path), None)? {
            self.copied(path, bytes, &id);
        }
        Ok(())
    }

    fn text(&mut self, path: &str, text: &str) -> Result<(), ArchiveError> {
        let (id, bytes) = write_file(&self.stage.join(path), text.as_bytes())?;
        self.list(path, bytes, &id);
        Ok(())
    }

    /// Takes a file from the earlier backup, where that has the same one.
    fn linked(&mut self, path: &str, bytes: Option<u64>, id: Option<&DocumentId>) -> Result<bool, ArchiveError> {
        let Some(known) = self.earlier.files.get(path) else { return Ok(false) };
        let same = bytes.is_none_or(|bytes| bytes == known.bytes) && id.is_none_or(|id| id.as_str() == known.sha256);
        if !same || !self.earlier.link(path, known.bytes, &self.stage)? {
            return Ok(false);
        }
        self.list(path, known.bytes, &DocumentId::new(known.sha256.clone()));
        Ok(true)
    }

    fn copied(&mut self, path: &str, bytes: u64, id: &DocumentId) {
        self.done.copied += 1;
        self.done.copied_bytes += bytes;
        self.list(path, bytes, id);
    }

    fn list(&mut self, path: &str, bytes: u64, id: &DocumentId) {
        self.done.files += 1;
        self.done.bytes += bytes;
        self.files.insert(path.to_owned(), BackupFile { bytes, sha256: id.as_str().to_owned() });
    }

    fn manifest(&mut self, stamp: BackupStamp<'_>) -> Result<(), ArchiveError> {
        let manifest = BackupManifest {
            schema: BACKUP_SCHEMA.to_owned(),
            settle: stamp.settle.to_owned(),
            catalog_version: STEPS.len(),
            created_ms: stamp.created_ms,
            files: std::mem::take(&mut self.files),
            lacking: self.done.findings.iter().map(|finding| finding.file.clone()).collect(),
        };
        let path = self.stage.join(BACKUP_MANIFEST);
        let text = serde_json::to_vec(&manifest).map_err(|why| at("write the manifest", &path)(why.into()))?;
        write_file(&path, &text)?;
        folder::flush(&self.stage)
    }

    /// Whether something is missing because it was removed on purpose after the catalog was copied.
    fn was_overtaken(&self) -> Result<bool, ArchiveError> {
        if self.done.findings.is_empty() {
            return Ok(false);
        }
        let now = Catalog::open_read_only(&self.root.join(CATALOG))?.snapshot()?;
        let then = Catalog::open_read_only(&self.stage.join(CATALOG))?.snapshot()?;
        Ok(now.events.len() != then.events.len())
    }
}
