//! Folders that only their owner can enter, and the flush that makes a rename outlive a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::{ArchiveError, at};

/// Permission bits of every folder in the archive.
pub(super) const FOLDER_MODE: u32 = 0o700;
/// Permission bits of every file in the archive.
pub(super) const FILE_MODE: u32 = 0o600;

/// On a folder: only the owner of a file may remove it. The mark of a folder shared by all, like `/tmp`.
const STICKY: u32 = 0o1000;

/// Makes sure that the folder exists and is private, whatever the umask.
pub(super) fn make_private(path: &Path) -> Result<(), ArchiveError> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(at("create the folder", path))?;
    tighten(path)
}

/// Makes a folder and those above it where they are missing, and flushes those in which a name was added, so that
/// they outlive a power cut with what is put into them.
///
/// # Errors
/// Where one cannot be made.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let missing = missing(path);
    fs::create_dir_all(path)?;
    flush_names(&missing)
}

/// As [`make_private`], and the folder outlives a power cut. One that is there is flushed too: whoever made it may
/// have been killed before.
pub(super) fn make_private_and_lasting(path: &Path) -> Result<(), ArchiveError> {
    let mut missing = missing(path);
    if missing.is_empty() {
        missing.push(path.to_owned());
    }
    make_private(path)?;
    flush_names(&missing).map_err(at("flush the folder above", path))
}

/// The folders on the way to a path that are not there.
fn missing(path: &Path) -> Vec<PathBuf> {
    let named = path.ancestors().filter(|folder| !folder.as_os_str().is_empty());
    named.take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Flushes the folders in which these have their names. One that may be entered and not be read cannot be flushed by
/// anybody but its owner.
fn flush_names(made: &[PathBuf]) -> io::Result<()> {
    for folder in made {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match File::open(above).and_then(|above| above.sync_all()) {
            Err(why) if why.kind() != io::ErrorKind::PermissionDenied => return Err(why),
            _ => {}
        }
    }
    Ok(())
}

/// Closes an existing folder to group and others.
///
/// A folder of another user is left as it is, since only its owner can change it, and so is one that
/// is shared by all on purpose.
pub(super) fn tighten(path: &Path) -> Result<(), ArchiveError> {
    let mode = fs::metadata(path).map_err(at("look at the folder", path))?.permissions().mode();
    if mode & 0o777 == FOLDER_MODE || mode & STICKY != 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)) {
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            Ok(())
        }
        other => other.map_err(at("make the folder private", path)),
    }
}

/// Makes sure that an empty file is there, whose name says all.
pub(super) fn mark(path: &Path) -> Result<(), ArchiveError> {
    match OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(at("create the file", path)(error)),
        _ => Ok(()),
    }
}

/// Flushes a folder, so that a file renamed into it is still there after a power cut.
pub(super) fn flush(path: &Path) -> Result<(), ArchiveError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at("flush the folder", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_folder_is_private_whether_it_is_new_or_was_open() {
        let place = tempfile::tempdir().unwrap();
        let new = place.path().join("a/b");
        make_private(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
        fs::set_permissions(&new, Permissions::from_mode(0o755)).unwrap();
        make_private(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
    }

    #[test]
    fn a_folder_shared_by_all_is_not_closed() {
        let place = tempfile::tempdir().unwrap();
        let shared = place.path().join("tmp");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
        make_private(&shared).unwrap();
        assert_eq!(mode(&shared), 0o1777);
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(make_private(&file), Err(ArchiveError::Io { .. })));
    }
}
