//! The ground on which a data folder stands: permissions and space, told without opening or changing anything.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::error::{ArchiveError, at};

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;

/// What can be told of a folder that is there or is still to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// The folder itself, or the nearest one above it that exists.
    pub standing: PathBuf,
    /// Whether the folder itself is there.
    pub exists: bool,
    /// Its permission bits where group or others have any.
    pub open_mode: Option<u32>,
    /// Whether this user may create files in the folder that is there.
    pub writable: bool,
    /// Bytes that this user may still write there.
    pub free_bytes: u64,
}

/// Looks at the ground of a data folder.
///
/// # Errors
/// [`ArchiveError::Io`] where not even the folder above can be looked at, or where the path is a file.
pub fn survey(root: &Path) -> Result<Grounds, ArchiveError> {
    let standing = nearest(root)?;
    let about = fs::metadata(&standing).map_err(at("look at the folder", &standing))?;
    if !about.is_dir() {
        return Err(at("use the folder", &standing)(io::ErrorKind::NotADirectory.into()));
    }
    let exists = standing == root;
    let mode = about.permissions().mode() & 0o7777;
    let space = rustix::fs::statvfs(&standing).map_err(|why| at("ask for the free space", &standing)(why.into()))?;
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    Ok(Grounds {
        exists,
        open_mode: (exists && mode & OTHERS != 0).then_some(mode),
        writable: rustix::fs::access(&standing, access).is_ok(),
        free_bytes: space.f_bavail.saturating_mul(space.f_frsize),
        standing,
    })
}

fn nearest(root: &Path) -> Result<PathBuf, ArchiveError> {
    for folder in root.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        match fs::metadata(folder) {
            Ok(_) => return Ok(folder.to_owned()),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(at("look at the folder", folder)(why)),
        }
    }
    Ok(PathBuf::from("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_stands_on_the_one_above() {
        let place = tempfile::tempdir().unwrap();
        let grounds = survey(&place.path().join("a/b")).unwrap();
        assert_eq!((grounds.standing.as_path(), grounds.exists, grounds.open_mode), (place.path(), false, None));
        assert!(grounds.writable && grounds.free_bytes > 0);
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(survey(&file), Err(ArchiveError::Io { .. })));
        assert!(matches!(survey(&file.join("below")), Err(ArchiveError::Io { .. })));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_told_and_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("data");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o750)).unwrap();
        assert_eq!(survey(&root).unwrap().open_mode, Some(0o750));
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o750);
        fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(survey(&root).unwrap().open_mode, None);
    }
}
