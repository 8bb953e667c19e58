//! One run at a time: an exclusive lock on a file of the data folder.
//!
//! The system releases the lock when the process ends in whatever way, so a crash leaves none behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::{ArchiveError, at};
use super::folder::FILE_MODE;

/// The lock; released when dropped.
#[derive(Debug)]
pub struct RunLock {
    /// Holds the lock as long as it is open.
    _file: File,
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
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ArchiveError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(at("take the lock", path)(error)),
        }
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
