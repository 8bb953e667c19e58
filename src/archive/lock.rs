//! One run at a time: an exclusive lock on a file of the data folder.
//!
//! The system releases the lock when the process ends in whatever way, so a crash leaves none behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::{ArchiveError, at};
use super::folder::FILE_MODE;
use super::seals;

/// The lock; released when dropped.
#[derive(Debug)]
pub struct RunLock {
    /// Holds the lock as long as it is open.
    _file: File,
    /// The data folder whose files are sealed when the lock is let go.
    sealing: Option<PathBuf>,
}

impl Drop for RunLock {
    fn drop(&mut self) {
        if let Some(root) = &self.sealing {
            // Without seals nothing is wrong, only less is known.
            let _ = seals::renew(root);
        }
    }
}

impl RunLock {
    /// Takes the lock, or says at once that another run holds it.
    ///
    /// # Errors
    /// [`ArchiveError::Locked`]; [`ArchiveError::Io`] where the file cannot be made.
    pub fn acquire(path: &Path) -> Result<Self, ArchiveError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(FILE_MODE)
            .open(path)
            .map_err(at("open the lock", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, sealing: None }),
            Err(TryLockError::WouldBlock) => Err(ArchiveError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(at("take the lock", path)(error)),
        }
    }

    /// Takes the seals of a data folder away and renews them when the lock is let go.
    pub(super) fn sealing(mut self, root: &Path) -> Result<Self, ArchiveError> {
        seals::remove(root)?;
        self.sealing = Some(root.to_owned());
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ExitCode;

    #[test]
    fn a_second_run_is_told_so_until_the_first_has_ended() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lock");
        let first = RunLock::acquire(&path).unwrap();
        let error = RunLock::acquire(&path).unwrap_err();
        assert!(matches!(error, ArchiveError::Locked { .. }));
        assert_eq!(error.exit_code(), ExitCode::Locked);
        drop(first);
        assert!(RunLock::acquire(&path).is_ok());
    }
}
