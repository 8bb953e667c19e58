//! From a backup to a data folder: every file is hashed while it is copied, and the folder appears whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::backup::{BACKUP_MANIFEST, BackupManifest};
use super::backup_place::{read_manifest, remove_folder};
use super::error::{ArchiveError, at};
use super::inventory::is_derived;
use super::schema::STEPS;
use super::transfer::{Copied, copy_file, hash_of, is_empty};
use super::{Archive, EventKind, LOCK, RunLock, folder};
use crate::domain::DocumentId;

/// What becomes of a data folder that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is restored.
    Refuse,
    /// It gets another name beside the restored one.
    MoveAside,
}

/// What a restoration came to.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// Files that were copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the backup was made, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// Where the data folder that was there is now.
    pub moved: Option<PathBuf>,
    /// Files that the backup lacks, or whose copy there is damaged and can be made anew.
    pub lacking: Vec<String>,
}

/// Copies a backup to where a data folder belongs, and tells the log.
///
/// # Errors
/// [`ArchiveError::NotABackup`], [`ArchiveError::NewerVersion`], [`ArchiveError::Exists`] where a data folder is there
/// and stays, [`ArchiveError::Damaged`] where a file of the backup is; then nothing was changed.
pub fn restore(backup: &Path, root: &Path, at_ms: i64, existing: Existing) -> Result<Restored, ArchiveError> {
    let manifest = read_manifest(backup)?;
    if manifest.catalog_version > STEPS.len() {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (found, known) = (number(manifest.catalog_version), number(STEPS.len()));
        return Err(ArchiveError::NewerVersion { path: backup.to_owned(), found, known });
    }
    let taken = !is_empty(root)?;
    if taken && existing == Existing::Refuse {
        return Err(ArchiveError::Exists { path: root.to_owned() });
    }
    let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = root.file_name().ok_or_else(|| ArchiveError::NotAFile { path: root.to_owned() })?.to_string_lossy();
    // Nobody may be at work in what is moved away.
    let _lock = if root.join(LOCK).is_file() { Some(RunLock::acquire(&root.join(LOCK))?) } else { None };
    let stage = parent.join(format!(".{name}.settle-restore"));
    fs::create_dir_all(parent).map_err(at("create the folder", parent))?;
    remove_folder(&stage)?;
    folder::make_private(&stage)?;
    let mut done =
        Restored { created_ms: manifest.created_ms, lacking: manifest.lacking.clone(), ..Restored::default() };
    if let Err(why) = copy_all(backup, &manifest, &stage, &mut done) {
        remove_folder(&stage)?;
        return Err(why);
    }
    if taken {
        let aside = parent.join(format!("{name}.before-restore-{at_ms}"));
        fs::rename(root, &aside).map_err(at("move the data folder aside", root))?;
        done.moved = Some(aside);
    }
    fs::rename(&stage, root).map_err(at("give the restored folder its name", root))?;
    folder::flush(parent)?;
    tell(root, backup, &done, at_ms)?;
    Ok(done)
}

fn copy_all(backup: &Path, manifest: &BackupManifest, stage: &Path, done: &mut Restored) -> Result<(), ArchiveError> {
    for (path, listed) in &manifest.files {
        let leads_out = path.starts_with('/') || path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if leads_out {
            let why = format!("it lists `{}`", path.escape_debug());
            return Err(ArchiveError::NotABackup { path: backup.to_owned(), why });
        }
        let (from, stated) = (backup.join(path), DocumentId::new(listed.sha256.clone()));
        match copy_file(&from, &stage.join(path), Some(&stated))? {
            Copied::Whole { bytes, .. } => {
                done.files += 1;
                done.bytes += bytes;
            }
            _ if is_derived(path) => done.lacking.push(path.clone()),
            Copied::Other { found } => return Err(ArchiveError::Damaged { path: from, stated, computed: found }),
            Copied::Missing => {
                return Err(ArchiveError::NotABackup { path: backup.to_owned(), why: format!("it lacks {path}") });
            }
        }
    }
    Ok(())
}

/// The event in the log of the restored folder.
fn tell(root: &Path, backup: &Path, done: &Restored, at_ms: i64) -> Result<(), ArchiveError> {
    let mut archive = Archive::create_or_open(root)?;
    let _lock = archive.lock()?;
    let (id, _) = hash_of(&backup.join(BACKUP_MANIFEST))?;
    let facts = serde_json::json!({
        "backup_created_ms": done.created_ms,
        "backup_manifest": id.as_str(),
        "files": done.files,
        "lacking": done.lacking,
    });
    archive.catalog.record_event(at_ms, EventKind::Restore, &facts)?;
    archive.mirror_events()
}
