//! Floor 2: the data folder. The raw store is the truth, the catalog says what is in it.
//!
//! Answers which documents there are and gives their bytes. Refuses to overwrite a document, to work
//! on a catalog of a newer version, and to let two runs in at once. Folders are 0700 and files 0600,
//! whatever the umask; names from outside never become paths. Knows no format, no amounts and no
//! clock. Depends on `domain`, rusqlite, sha2 and tempfile.

mod atomic;
mod backup;
mod backup_place;
mod catalog;
mod closes;
mod error;
mod events;
mod findings;
mod folder;
mod grounds;
mod inventory;
mod inventory_log;
mod lock;
mod matches;
mod mirror;
mod paces;
mod purged;
mod raw;
mod rebuild;
mod rebuild_log;
mod records;
mod remote;
mod requests;
mod resolutions;
mod restore;
mod runs;
mod schema;
mod seals;
mod snapshot;
mod transfer;
mod warnings;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use atomic::{Access, AtomicFile};
pub use backup::{BACKUP_MANIFEST, BackedUp, BackupFile, BackupManifest, BackupStamp, IsWhole, back_up};
pub use catalog::Catalog;
pub use closes::{CloseRecord, NewClose};
pub use error::ArchiveError;
use error::at;
pub use events::{EventFault, EventKind, EventRecord, GENESIS, check_chain};
pub use findings::{Finding, Mend, Severity};
pub use folder::make_folder;
pub use grounds::{Grounds, survey};
pub use inventory::{Checked, Inventory, InventoryAsk};
pub use lock::RunLock;
pub use matches::MatchRecord;
pub use paces::PaceRecord;
pub use purged::{PurgedRecord, Removal};
pub use raw::{Finished, RawStore, StagedFile, hash};
pub use rebuild::{Rebuild, Rebuilt, Wanted};
pub use records::{DocumentRecord, sanitise_name};
pub use remote::{RemoteAccount, RemoteRecord, RemoteState};
pub use requests::{RequestRecord, RequestState};
pub use resolutions::ResolutionRecord;
pub use restore::{Existing, Restored, restore};
pub use runs::{FetchRecord, RunEnd, RunRecord};
pub use seals::Seals;
pub use snapshot::Snapshot;
pub use warnings::WarningRecord;

/// The folder of the raw store, inside the data folder.
const RAW: &str = "raw";
/// The file of the catalog, inside the data folder.
const CATALOG: &str = "catalog.sqlite";
/// The catalog before the last rebuild, kept aside.
const CATALOG_KEPT: &str = "catalog.sqlite.old";
/// The second copy of the log of events, inside the data folder.
const EVENTS: &str = "events.jsonl";
/// The folder of sealed packs, inside the data folder.
const CLOSED: &str = "closed";
/// The file of the run lock, inside the data folder.
const LOCK: &str = "lock";

/// Keeps a data folder that lies inside a folder of reports from being read as reports: a folder with a file
/// of this name is passed over.
const PASSED_OVER: &str = ".settleignore";

/// Length of a key that is made here.
const KEY_BYTES: usize = 32;

/// A data folder.
#[derive(Debug)]
pub struct Archive {
    root: PathBuf,
    /// Every document as it came.
    pub raw: RawStore,
    /// What is known of them.
    pub catalog: Catalog,
}

impl Archive {
    /// Opens the archive for writing and creates what is missing.
    ///
    /// # Errors
    /// [`ArchiveError`] where the folder cannot be written to, or the catalog cannot be used.
    pub fn create_or_open(root: &Path) -> Result<Self, ArchiveError> {
        let raw = root.join(RAW);
        folder::make_private_and_lasting(root)?;
        folder::make_private(&raw)?;
        folder::mark(&root.join(PASSED_OVER))?;
        let catalog = Catalog::open(&root.join(CATALOG))?;
        folder::flush(root)?;
        Ok(Self { root: root.to_owned(), raw: RawStore::at(raw), catalog })
    }

    /// Opens an existing archive for reading: its catalog takes no changes.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] where there is none, else [`ArchiveError`] where the catalog cannot be used.
    pub fn open_existing(root: &Path) -> Result<Self, ArchiveError> {
        let catalog = root.join(CATALOG);
        if !catalog.is_file() {
            return Err(ArchiveError::Missing { path: root.to_owned() });
        }
        folder::tighten(root)?;
        let catalog = Catalog::open_read_only(&catalog)?;
        Ok(Self { root: root.to_owned(), raw: RawStore::at(root.join(RAW)), catalog })
    }

    /// The data folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Begins a derived file (Parquet); [`Archive::place_derived`] gives it its name.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn stage_derived(&self) -> Result<StagedFile, ArchiveError> {
        self.raw.stage_unhashed()
    }

    /// Gives a derived file its place below the data folder. The parts of `relative` are made by this
    /// program; one that leads upwards is refused.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn place_derived(&self, staged: StagedFile, relative: &str) -> Result<(), ArchiveError> {
        let mut folder = self.root.clone();
        let mut parts = relative.split('/').peekable();
        while let Some(part) = parts.next() {
            if part.is_empty() || part == "." || part == ".." {
                return Err(ArchiveError::NotADocumentId { text: relative.to_owned() });
            }
            if parts.peek().is_none() {
                staged.place(&folder.join(part))?;
                return folder::flush(&folder);
            }
            let inner = folder.join(part);
            if !inner.is_dir() {
                folder::make_private(&inner)?;
                folder::flush(&folder)?;
            }
            folder = inner;
        }
        Ok(())
    }

    /// A random key of 32 bytes, made when it is first asked for and kept in the data folder (0600).
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn secret_key(&self, name: &str) -> Result<Vec<u8>, ArchiveError> {
        let path = self.root.join(name);
        match std::fs::read(&path) {
            Ok(key) if key.len() == KEY_BYTES => Ok(key),
            Ok(_) => Err(at("use the key", &path)(io::ErrorKind::InvalidData.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = vec![0; KEY_BYTES];
                getrandom::fill(&mut key).map_err(|why| at("make a key", &path)(io::Error::other(why)))?;
                let mut file = AtomicFile::create(&path)?;
                file.write_all(&key).map_err(at("write the key", &path))?;
                file.commit()?;
                Ok(key)
            }
            Err(error) => Err(at("read the key", &path)(error)),
        }
    }

    /// Compares the catalog with its seal: one flipped bit in it reads back as another figure. While a run is at work,
    /// and after one that was killed, there is no seal and nothing to compare.
    ///
    /// # Errors
    /// [`ArchiveError::CatalogDamaged`]; [`ArchiveError::Io`] where it cannot be read.
    pub fn check_catalog(&self) -> Result<(), ArchiveError> {
        let Seals::Whole(sealed) = seals::read(&self.root)? else { return Ok(()) };
        let Some((_, stated)) = sealed.iter().find(|(name, _)| name == CATALOG) else { return Ok(()) };
        let path = self.root.join(CATALOG);
        let (computed, _) = std::fs::File::open(&path).and_then(hash).map_err(at("read the catalog", &path))?;
        // A run that began meanwhile took the seal away before it wrote.
        if computed == *stated || seals::read(&self.root)? != Seals::Whole(sealed) {
            return Ok(());
        }
        Err(ArchiveError::CatalogDamaged { path, finding: "it is not as the last run left it".to_owned() })
    }

    /// Takes the run lock, which whoever writes must hold, and clears what a crash left on its way in.
    ///
    /// # Errors
    /// [`ArchiveError::Locked`] where another run holds it; as [`Archive::check_catalog`].
    pub fn lock(&self) -> Result<RunLock, ArchiveError> {
        let lock = RunLock::acquire(&self.root.join(LOCK))?;
        // What a damaged catalog says must not be sealed anew.
        self.check_catalog()?;
        let lock = lock.sealing(&self.root)?;
        self.raw.clear_staging()?;
        self.catalog.adopt_documents()?;
        self.finish_removals()?;
        self.mirror_events()?;
        Ok(lock)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::ExitCode;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_archive_is_created_private_and_opened_again() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("deep/data");
        let archive = Archive::create_or_open(&root).unwrap();
        let lock = archive.lock().unwrap();
        let mut staged = archive.raw.stage().unwrap();
        staged.write_all(b"abc").unwrap();
        let id = archive.raw.commit(staged.finish().unwrap()).unwrap();
        drop((lock, archive));
        for (name, expected) in [("", 0o700), ("raw", 0o700), ("catalog.sqlite", 0o600), ("lock", 0o600)] {
            assert_eq!(mode(&root.join(name)), expected, "{name}");
        }
        let again = Archive::open_existing(&root).unwrap();
        assert!(again.raw.contains(&id));
        assert!(again.catalog.documents().unwrap().is_empty());
        assert!(Archive::create_or_open(&root).is_ok());
    }

    #[test]
    fn a_missing_archive_is_not_created_by_looking_at_it() {
        let place = tempfile::tempdir().unwrap();
        for root in [place.path().join("missing"), place.path().to_owned()] {
            let error = Archive::open_existing(&root).unwrap_err();
            assert!(matches!(error, ArchiveError::Missing { .. }));
            assert_eq!(error.exit_code(), ExitCode::Storage);
            assert!(error.hint().unwrap().contains("settle import FILES"));
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_data_folder_that_others_can_read_is_closed_to_them() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("data");
        drop(Archive::create_or_open(&root).unwrap());
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        drop(Archive::open_existing(&root).unwrap());
        assert_eq!(mode(&root), 0o700);
    }

    #[test]
    fn a_catalog_that_is_not_as_the_last_run_left_it_is_neither_read_nor_sealed_anew() {
        let place = tempfile::tempdir().unwrap();
        drop(Archive::create_or_open(place.path()).unwrap().lock().unwrap());
        let path = place.path().join(CATALOG);
        let sound = fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        // In the unused part of a page: SQLite sees nothing wrong.
        let place_of_bit = bytes.len() / 2;
        bytes[place_of_bit] ^= 1;
        fs::write(&path, bytes).unwrap();
        let archive = Archive::create_or_open(place.path()).unwrap();
        assert!(matches!(archive.check_catalog(), Err(ArchiveError::CatalogDamaged { .. })));
        assert!(matches!(archive.lock(), Err(ArchiveError::CatalogDamaged { .. })));
        drop(archive);
        fs::write(&path, sound).unwrap();
        let archive = Archive::create_or_open(place.path()).unwrap();
        let lock = archive.lock().unwrap();
        archive.check_catalog().unwrap();
        drop(lock);
    }

    #[test]
    fn taking_the_lock_clears_what_a_crash_left() {
        let place = tempfile::tempdir().unwrap();
        let archive = Archive::create_or_open(place.path()).unwrap();
        let leftover = place.path().join("raw/.staging/left");
        fs::create_dir_all(leftover.parent().unwrap()).unwrap();
        fs::write(&leftover, "half").unwrap();
        let lock = archive.lock().unwrap();
        assert!(!leftover.exists());
        assert!(matches!(archive.lock(), Err(ArchiveError::Locked { .. })));
        drop(lock);
        assert!(archive.lock().is_ok());
    }
}
