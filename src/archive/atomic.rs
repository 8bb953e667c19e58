//! A file that appears whole or not at all: written beside its target, flushed, renamed.
//!
//! Until [`AtomicFile::commit`] the target is untouched; dropped before, nothing remains. A target
//! that is no regular file (a folder, `/dev/null`) is refused, since a rename would destroy it.
//!
//! A process that is killed leaves its temporary file behind. Whoever writes keeps a lock on its own, so the next
//! one to write into the folder knows those that nobody works on, and removes them.

use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{ArchiveError, at};
use super::folder::{self, FILE_MODE};

/// What the names of temporary files begin and end with.
const TEMPORARY: (&str, &str) = (".settle-", ".tmp");
/// How often a temporary file is made anew because another process took it for a leftover before it was locked.
const TRIES: u32 = 10;

/// Who may read the finished file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only (0600).
    Private,
    /// What the target's permissions were, else what the umask leaves.
    Ordinary,
}

/// A file on its way to its target.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    /// Begins a private file.
    ///
    /// # Errors
    /// [`ArchiveError::NotAFile`], and [`ArchiveError::Io`] where the folder cannot be written to.
    pub fn create(path: &Path) -> Result<Self, ArchiveError> {
        Self::create_with(path, Access::Private)
    }

    /// Begins a file. A symbolic link is followed: what it points to is replaced, not the link.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn create_with(path: &Path, access: Access) -> Result<Self, ArchiveError> {
        let target = followed(path)?;
        let before = match fs::metadata(&target) {
            Ok(about) if !about.is_file() => return Err(ArchiveError::NotAFile { path: target }),
            Ok(about) => Some(about.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(at("look at the target", &target)(error)),
        };
        let (asked, exact) = match (access, before) {
            (Access::Private, _) => (Permissions::from_mode(FILE_MODE), Some(Permissions::from_mode(FILE_MODE))),
            // The system takes the umask off when it creates the file.
            (Access::Ordinary, None) => (Permissions::from_mode(0o666), None),
            (Access::Ordinary, Some(before)) => (Permissions::from_mode(FILE_MODE), Some(before)),
        };
        clear_leftovers(folder_of(&target));
        let file = temporary(folder_of(&target), &asked).map_err(at("create a file beside the target", &target))?;
        if let Some(exact) = exact {
            file.as_file().set_permissions(exact).map_err(at("set the permissions", &target))?;
        }
        Ok(Self { file, target })
    }

    /// Whether the target holds the very bytes that were written.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where either cannot be read.
    pub fn is_in_place(&mut self) -> Result<bool, ArchiveError> {
        self.file.flush().map_err(at("write the file", &self.target))?;
        let before = match fs::File::open(&self.target) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(at("read the target", &self.target)(error)),
        };
        let written = self.file.reopen().map_err(at("read the file back", &self.target))?;
        same_bytes(BufReader::new(before), BufReader::new(written)).map_err(at("read the target", &self.target))
    }

    /// Flushes the file to the disk, gives it its name, and flushes the folder.
    ///
    /// # Errors
    /// [`ArchiveError::Io`]; the target is then as it was.
    pub fn commit(mut self) -> Result<(), ArchiveError> {
        self.file.flush().map_err(at("write the file", &self.target))?;
        self.file.as_file().sync_all().map_err(at("flush the file", &self.target))?;
        self.file.persist(&self.target).map_err(|refused| at("rename the file", &self.target)(refused.error))?;
        folder::flush(folder_of(&self.target))
    }

    /// As [`AtomicFile::commit`], and refuses to replace anything: whatever has the name keeps it.
    ///
    /// # Errors
    /// [`ArchiveError::Exists`]; [`ArchiveError::Io`].
    pub fn commit_new(mut self) -> Result<(), ArchiveError> {
        self.file.flush().map_err(at("write the file", &self.target))?;
        self.file.as_file().sync_all().map_err(at("flush the file", &self.target))?;
        self.file.persist_noclobber(&self.target).map_err(|refused| match refused.error.kind() {
            io::ErrorKind::AlreadyExists => ArchiveError::Exists { path: self.target.clone() },
            _ => at("name the file", &self.target)(refused.error),
        })?;
        folder::flush(folder_of(&self.target))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A temporary file that is locked as long as it is open. Where the file system has no locks, nobody can take one
/// on a leftover either.
fn temporary(folder: &Path, permissions: &Permissions) -> io::Result<NamedTempFile> {
    let (prefix, suffix) = TEMPORARY;
    let mut tries = 0..TRIES;
    loop {
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(prefix).suffix(suffix).permissions(permissions.clone()).tempfile_in(folder)?;
        let locked = file.as_file().lock().is_ok();
        if !locked || file.as_file().metadata()?.nlink() > 0 || tries.next().is_none() {
            return Ok(file);
        }
    }
}

/// Removes temporary files that nobody works on. What cannot be removed is left: it is in nobody's way.
fn clear_leftovers(folder: &Path) {
    let (prefix, suffix) = TEMPORARY;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix));
        if ours
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && let Ok(file) = fs::File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn same_bytes(mut left: impl BufRead, mut right: impl BufRead) -> io::Result<bool> {
    loop {
        let (ahead, beside) = (left.fill_buf()?, right.fill_buf()?);
        let count = ahead.len().min(beside.len());
        if count == 0 {
            return Ok(ahead.is_empty() && beside.is_empty());
        }
        if ahead.get(..count) != beside.get(..count) {
            return Ok(false);
        }
        left.consume(count);
        right.consume(count);
    }
}

/// Where a symbolic link leads; any other path as it is.
fn followed(path: &Path) -> Result<PathBuf, ArchiveError> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_symlink() => fs::canonicalize(path).map_err(at("follow the link", path)),
        _ => Ok(path.to_owned()),
    }
}

/// The folder of a target; a bare name is in the current folder.
fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, access: Access, text: &str) -> AtomicFile {
        let mut file = AtomicFile::create_with(path, access).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_same_bytes_are_in_place_and_others_or_more_or_fewer_are_not() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("export.csv");
        assert!(!write(&path, Access::Ordinary, "").is_in_place().unwrap(), "no file is not an empty one");
        fs::write(&path, "a;b").unwrap();
        for (text, same) in [("a;b", true), ("a;c", false), ("a;b\n", false), ("a;", false), ("", false)] {
            assert_eq!(write(&path, Access::Ordinary, text).is_in_place().unwrap(), same, "{text:?}");
        }
    }

    #[test]
    fn the_target_is_untouched_until_the_commit() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("report.csv");
        fs::write(&target, "before").unwrap();
        let file = write(&target, Access::Private, "after");
        assert_eq!(fs::read_to_string(&target).unwrap(), "before");
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "after");
        assert_eq!(names(place.path()), ["report.csv"]);
        assert_eq!(mode(&target), 0o600);
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        drop(write(&place.path().join("report.csv"), Access::Private, "half"));
        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_another_works_on_is_not() {
        let place = tempfile::tempdir().unwrap();
        for name in [".settle-left01.tmp", ".settle-notes.txt", "other.tmp"] {
            fs::write(place.path().join(name), "half").unwrap();
        }
        let at_work = write(&place.path().join("first"), Access::Private, "first");
        let second = write(&place.path().join("second"), Access::Private, "second");
        assert_eq!(names(place.path()).len(), 4, "{:?}", names(place.path()));
        at_work.commit().unwrap();
        second.commit().unwrap();
        let mut left = names(place.path());
        left.sort();
        assert_eq!(left, [".settle-notes.txt", "first", "other.tmp", "second"]);
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("key.pem");
        let (first, second) = (write(&target, Access::Private, "first"), write(&target, Access::Private, "second"));
        first.commit_new().unwrap();
        assert!(matches!(second.commit_new(), Err(ArchiveError::Exists { .. })));
        assert_eq!((fs::read_to_string(&target).unwrap(), mode(&target)), ("first".to_owned(), 0o600));
        assert_eq!(names(place.path()), ["key.pem"]);
    }

    #[test]
    fn an_ordinary_file_keeps_the_permissions_of_the_one_it_replaces() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("report.csv");
        fs::write(&target, "").unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
        write(&target, Access::Ordinary, "x").commit().unwrap();
        assert_eq!(mode(&target), 0o640);
    }

    #[test]
    fn a_folder_or_device_is_never_replaced() {
        let place = tempfile::tempdir().unwrap();
        for target in [place.path(), Path::new("/dev/null")] {
            assert!(matches!(AtomicFile::create(target), Err(ArchiveError::NotAFile { .. })));
        }
        let nowhere = place.path().join("missing/report.csv");
        assert!(matches!(AtomicFile::create(&nowhere), Err(ArchiveError::Io { .. })));
    }

    #[test]
    fn a_link_stays_and_what_it_points_to_is_replaced() {
        let place = tempfile::tempdir().unwrap();
        let (real, link) = (place.path().join("real.csv"), place.path().join("latest.csv"));
        fs::write(&real, "before").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, Access::Private, "after").commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "after");
    }
}
