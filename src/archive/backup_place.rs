//! Where a backup goes: built beside its target, and given its name in one step.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::backup::{BACKUP_MANIFEST, BACKUP_SCHEMA, BackupFile, BackupManifest};
use super::error::{ArchiveError, at};
use super::transfer::{is_empty, make_folder_of};
use super::{RunLock, folder};

/// A manifest of more than this is none.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// A target and what stands beside it.
#[derive(Debug)]
pub(super) struct Place {
    target: PathBuf,
    stage: PathBuf,
    before: PathBuf,
    lock: PathBuf,
}

/// The backup that is there already.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    folder: PathBuf,
    pub(super) files: BTreeMap<String, BackupFile>,
}

impl Place {
    /// The place of a target that does not lie in `root`, nor `root` in it.
    pub(super) fn of(root: &Path, target: &Path) -> Result<Self, ArchiveError> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = target.file_name().ok_or_else(|| ArchiveError::NotAFile { path: target.to_owned() })?;
        fs::create_dir_all(parent).map_err(at("create the folder", parent))?;
        let parent = fs::canonicalize(parent).map_err(at("look at the folder", parent))?;
        let target = parent.join(name);
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        if target.starts_with(&root) || root.starts_with(&target) {
            return Err(ArchiveError::Nested { inner: target, outer: root });
        }
        let beside = |what: &str| parent.join(format!(".{}.settle-{what}", name.to_string_lossy()));
        Ok(Self { stage: beside("new"), before: beside("old"), lock: beside("lock"), target })
    }

    /// One backup to a target at a time; puts back what an earlier one was kept from finishing.
    pub(super) fn lock(&self) -> Result<RunLock, ArchiveError> {
        let lock = RunLock::acquire(&self.lock)?;
        if self.before.is_dir() {
            if self.target.exists() {
                remove_folder(&self.before)?;
            } else {
                fs::rename(&self.before, &self.target).map_err(at("put the earlier backup back", &self.target))?;
            }
        }
        Ok(lock)
    }

    /// The earlier backup at the target.
    pub(super) fn earlier(&self) -> Result<Earlier, ArchiveError> {
        if !self.target.exists() || is_empty(&self.target)? {
            return Ok(Earlier::default());
        }
        if !self.target.join(BACKUP_MANIFEST).is_file() {
            return Err(ArchiveError::Exists { path: self.target.clone() });
        }
        // A manifest that cannot be read makes the backup whole anew.
        let files = read_manifest(&self.target).map(|manifest| manifest.files).unwrap_or_default();
        Ok(Earlier { folder: self.target.clone(), files })
    }

    /// An empty folder beside the target.
    pub(super) fn fresh_stage(&self) -> Result<PathBuf, ArchiveError> {
        remove_folder(&self.stage)?;
        folder::make_private(&self.stage)?;
        Ok(self.stage.clone())
    }

    /// Gives what was built its name, in one step where the system can.
    pub(super) fn take_place(&self) -> Result<(), ArchiveError> {
        let failed = || at("give the backup its name", &self.target);
        if !self.target.exists() || is_empty(&self.target)? {
            fs::rename(&self.stage, &self.target).map_err(failed())?;
        } else if renameat_with(CWD, &self.stage, CWD, &self.target, RenameFlags::EXCHANGE).is_ok() {
            remove_folder(&self.stage)?;
        } else {
            fs::rename(&self.target, &self.before).map_err(failed())?;
            fs::rename(&self.stage, &self.target).map_err(failed())?;
            remove_folder(&self.before)?;
        }
        let _ = fs::remove_file(&self.lock);
        self.target.parent().map_or(Ok(()), folder::flush)
    }
}

impl Earlier {
    /// Gives a file of the earlier backup a second name in the new one; false where it is not there as it was.
    pub(super) fn link(&self, path: &str, bytes: u64, stage: &Path) -> Result<bool, ArchiveError> {
        let (from, to) = (self.folder.join(path), stage.join(path));
        if !fs::symlink_metadata(&from).is_ok_and(|about| about.is_file() && about.len() == bytes) {
            return Ok(false);
        }
        make_folder_of(&to)?;
        Ok(fs::hard_link(&from, &to).is_ok())
    }
}

/// What a backup says of itself.
pub(super) fn read_manifest(backup: &Path) -> Result<BackupManifest, ArchiveError> {
    let path = backup.join(BACKUP_MANIFEST);
    let not_one = |why: String| ArchiveError::NotABackup { path: backup.to_owned(), why };
    let file = match fs::File::open(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            return Err(not_one(format!("it holds no {BACKUP_MANIFEST}")));
        }
        file => file.map_err(at("read the manifest", &path))?,
    };
    let mut text = String::new();
    file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text).map_err(|why| not_one(why.to_string()))?;
    let manifest: BackupManifest = serde_json::from_str(&text).map_err(|why| not_one(why.to_string()))?;
    if manifest.schema == BACKUP_SCHEMA {
        Ok(manifest)
    } else {
        Err(not_one(format!("its schema is `{}`", manifest.schema.escape_debug())))
    }
}

pub(super) fn remove_folder(path: &Path) -> Result<(), ArchiveError> {
    match fs::remove_dir_all(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(at("remove the folder", path)),
    }
}
