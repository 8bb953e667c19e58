//! Files of private keys and other secrets: where they go, and how they come to be without a moment in which others
//! could read them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::failure::Failure;
use crate::archive::{ArchiveError, AtomicFile};
use crate::config::Surroundings;
use crate::domain::ExitCode;

/// A file that is still to be made.
#[derive(Clone, Debug)]
pub(super) struct NewSecret {
    pub(super) path: PathBuf,
    /// As a person would name it.
    pub(super) shown: String,
    what: &'static str,
}

impl NewSecret {
    /// At this path, relative to the current folder. Nothing of this name may be there.
    pub(super) fn at(path: &Path, what: &'static str, around: &Surroundings) -> Result<Self, Failure> {
        let path = around.current_dir.join(path);
        let new = Self { shown: shown(&path, around), path, what };
        // A link that leads nowhere is something, too.
        if fs::symlink_metadata(&new.path).is_ok() {
            return Err(new.there_already());
        }
        match new.path.parent().filter(|folder| !folder.is_dir()) {
            Some(folder) => {
                let message = format!("{}: there is no such folder", folder.display());
                Err(Failure::new(ExitCode::Configuration, message).with_hint(format!("mkdir -p {}", folder.display())))
            }
            None => Ok(new),
        }
    }

    /// Writes the secret: readable by its owner only from its first byte on, whole or not at all.
    pub(super) fn write(&self, secret: &SecretString) -> Result<(), Failure> {
        let text = secret.expose_secret();
        let written = || -> Result<(), ArchiveError> {
            let mut file = AtomicFile::create(&self.path)?;
            let line_end = if text.ends_with('\n') { "" } else { "\n" };
            let failed =
                |reason| ArchiveError::Io { attempt: "write the secret file", path: self.path.clone(), reason };
            file.write_all(text.as_bytes()).and_then(|()| file.write_all(line_end.as_bytes())).map_err(failed)?;
            file.commit_new()
        };
        written().map_err(|why| match why {
            ArchiveError::Exists { .. } => self.there_already(),
            other => other.into(),
        })
    }

    /// Takes it away again, where what it was made for did not come to be.
    pub(super) fn remove(&self) {
        // Where that fails, the file holds a key that nobody knows: harmless, and the next run names it.
        let _ = fs::remove_file(&self.path);
    }

    fn there_already(&self) -> Failure {
        let message = format!("{}: is there already; a {} is never overwritten", self.shown, self.what);
        Failure::new(ExitCode::Configuration, message).with_hint("name another file with --out, or move this one away")
    }
}

/// A path as a person in the current folder would write it.
pub(super) fn shown(path: &Path, around: &Surroundings) -> String {
    path.strip_prefix(&around.current_dir).unwrap_or(path).display().to_string()
}

/// A path as it is written into a configuration: relative where it lies beside the file, else whole.
pub(super) fn for_config(path: &Path, folder: &Path, around: &Surroundings) -> String {
    let (path, folder) = (around.current_dir.join(path), around.current_dir.join(folder));
    path.strip_prefix(folder).unwrap_or(&path).display().to_string()
}
