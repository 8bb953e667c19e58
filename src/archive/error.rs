//! What can go wrong with the data folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::{DocumentId, ExitCode};

/// Why the archive could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The system refused.
    #[error("{}: cannot {attempt}: {reason}", .path.display())]
    Io {
        /// What was attempted, as a verb with its object.
        attempt: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// SQLite refused.
    #[error("{}: cannot {attempt}: {reason}", .path.display())]
    Catalog {
        /// What was attempted, as a verb with its object.
        attempt: &'static str,
        /// The catalog.
        path: PathBuf,
        /// What SQLite says.
        reason: rusqlite::Error,
    },
    /// There is no archive where one was expected.
    #[error("{}: there is no archive yet", .path.display())]
    Missing {
        /// The data folder.
        path: PathBuf,
    },
    /// A stored document is not what its name says.
    #[error("{}: the stored document is damaged: its content is {computed}", .path.display())]
    Damaged {
        /// The stored file.
        path: PathBuf,
        /// The hash in its name.
        stated: DocumentId,
        /// The hash of its content.
        computed: DocumentId,
    },
    /// The catalog is no longer a sound database.
    #[error("{}: the catalog is damaged: {finding}", .path.display())]
    CatalogDamaged {
        /// The catalog.
        path: PathBuf,
        /// What SQLite found first.
        finding: String,
    },
    /// The catalog was written by a newer version of the program.
    #[error("{}: the catalog has version {found}; this program knows versions up to {known}", .path.display())]
    NewerVersion {
        /// The catalog.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The text is not 64 lower-case hex digits, so it names no document.
    #[error("`{}` is not the id of a document", .text.escape_debug())]
    NotADocumentId {
        /// The text.
        text: String,
    },
    /// The target of a file to be written exists and is something else than a file.
    #[error("{}: is not a regular file, so it cannot be replaced by one", .path.display())]
    NotAFile {
        /// The target.
        path: PathBuf,
    },
    /// The target of a file that must be new has its name already.
    #[error("{}: is there already and is not overwritten", .path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// A folder lies inside the one that it is copied from.
    #[error("{}: a backup has to lie outside of the data folder {}", .inner.display(), .outer.display())]
    Nested {
        /// The target.
        inner: PathBuf,
        /// The data folder.
        outer: PathBuf,
    },
    /// A folder is not a backup, or not a whole one.
    #[error("{}: is not a whole backup: {why}", .path.display())]
    NotABackup {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another run holds the lock.
    #[error("{}: another run is at work", .path.display())]
    Locked {
        /// The lock file, or the catalog that another process writes to.
        path: PathBuf,
    },
}

impl ArchiveError {
    /// How the program ends because of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            ArchiveError::Locked { .. } => ExitCode::Locked,
            ArchiveError::Exists { .. } | ArchiveError::Nested { .. } => ExitCode::Configuration,
            _ => ExitCode::Storage,
        }
    }

    /// Whether the disk, or the user's share of it, is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            ArchiveError::Io { reason, .. } => {
                matches!(reason.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            ArchiveError::Catalog { reason, .. } => reason.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            _ => false,
        }
    }

    /// A thing to type or a place to look at, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            ArchiveError::Missing { .. } => {
                Some("`settle import FILES…` brings files in; or read them directly with --from".to_owned())
            }
            ArchiveError::Damaged { .. } => Some(
                "bring the file in again with `settle import FILE`; `settle verify --read-data` names all".to_owned(),
            ),
            ArchiveError::NewerVersion { .. } => Some("use the newer `settle` that wrote it".to_owned()),
            ArchiveError::CatalogDamaged { .. } => Some(
                "`settle verify --rebuild` makes it anew from the stored documents and the log of events".to_owned(),
            ),
            ArchiveError::Locked { .. } => Some("wait until it has ended, then run again".to_owned()),
            full if full.is_disk_full() => Some("free space on the disk, then run again; nothing was lost".to_owned()),
            _ => None,
        }
    }
}

/// Adds to a system error what was attempted and where.
pub(super) fn at<'p>(attempt: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> ArchiveError + 'p {
    move |reason| ArchiveError::Io { attempt, path: path.to_owned(), reason }
}

/// Adds to an error of SQLite what was attempted and where, and tells damage and locks from the rest.
pub(super) fn in_catalog<'p>(
    attempt: &'static str,
    path: &'p Path,
) -> impl Fn(rusqlite::Error) -> ArchiveError + Copy + 'p {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase};
    move |reason| {
        let path = path.to_owned();
        match reason.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => ArchiveError::Locked { path },
            Some(DatabaseCorrupt | NotADatabase) => ArchiveError::CatalogDamaged { path, finding: reason.to_string() },
            _ => ArchiveError::Catalog { attempt, path, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_recognised_from_the_system_and_from_sqlite() {
        let system = at("write the document", Path::new("raw"))(io::ErrorKind::StorageFull.into());
        let full = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
        let sqlite = in_catalog("record the documents", Path::new("catalog.sqlite"))(full);
        for error in [system, sqlite] {
            assert!(error.is_disk_full());
            assert_eq!(error.exit_code(), ExitCode::Storage);
            assert!(error.hint().unwrap().starts_with("free space"));
        }
        assert!(!at("read", Path::new("raw"))(io::ErrorKind::NotFound.into()).is_disk_full());
    }

    #[test]
    fn a_lock_ends_with_the_code_for_locks() {
        let error = ArchiveError::Locked { path: PathBuf::from("lock") };
        assert_eq!(
            (error.to_string(), error.exit_code()),
            ("lock: another run is at work".to_owned(), ExitCode::Locked)
        );
    }
}
