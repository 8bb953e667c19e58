//! The one place that writes results: standard output, or a file that appears whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::archive::{Access, ArchiveError, AtomicFile};
use crate::domain::ExitCode;

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output, also written `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Nobody reads any more: the run ends quietly.
    #[error("the output was closed")]
    Closed,
    /// Standard output or a device failed.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    /// The file could not be written; an old one is untouched.
    #[error(transparent)]
    File(#[from] ArchiveError),
}

impl WriteError {
    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            WriteError::Closed => ExitCode::Done,
            WriteError::Output(_) => ExitCode::Storage,
            WriteError::File(why) => why.exit_code(),
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(why: io::Error) -> Self {
        if why.kind() == io::ErrorKind::BrokenPipe { WriteError::Closed } else { WriteError::Output(why) }
    }
}

impl Target {
    /// From `-o`; nothing and `-` are standard output.
    #[must_use]
    pub fn new(path: Option<&Path>) -> Self {
        match path {
            None => Target::Stdout,
            Some(path) if path == Path::new("-") => Target::Stdout,
            Some(path) => Target::File(path.to_owned()),
        }
    }

    /// Writes a result: `fill` is given a writer, and what it wrote appears when it succeeds.
    ///
    /// # Errors
    /// [`WriteError`]; whatever stood in a target file still stands there.
    pub fn write<E: From<WriteError>>(
        &self,
        stdout: &mut dyn Write,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let done = |result: io::Result<()>| result.map_err(|why| E::from(WriteError::from(why)));
        match self {
            Target::Stdout => {
                fill(stdout)?;
                done(stdout.flush())
            }
            Target::File(path) if is_device(path) => {
                let opened = OpenOptions::new().write(true).open(path);
                let mut device = opened.map_err(|why| E::from(WriteError::from(why)))?;
                fill(&mut device)?;
                done(device.flush())
            }
            Target::File(path) => {
                let mut file =
                    AtomicFile::create_with(path, Access::Ordinary).map_err(|why| E::from(WriteError::File(why)))?;
                fill(&mut file)?;
                file.commit().map_err(|why| E::from(WriteError::File(why)))
            }
        }
    }
}

/// A target that is open for writing; a file among them takes its place when it is committed.
pub enum OpenTarget {
    /// A pipe or device: what is written is gone.
    Device(fs::File),
    /// A file on its way.
    File(AtomicFile),
}

impl OpenTarget {
    /// Opens a path: several files can be on their way before the first takes its place.
    ///
    /// # Errors
    /// [`WriteError`]; whatever stood there still stands there.
    pub fn open(path: &Path) -> Result<Self, WriteError> {
        if is_device(path) {
            return Ok(OpenTarget::Device(OpenOptions::new().write(true).open(path)?));
        }
        Ok(OpenTarget::File(AtomicFile::create_with(path, Access::Ordinary)?))
    }

    /// Gives a file its place.
    ///
    /// # Errors
    /// [`WriteError`]; the file that stood there still stands there.
    pub fn commit(self) -> Result<(), WriteError> {
        match self {
            OpenTarget::Device(mut device) => Ok(device.flush()?),
            OpenTarget::File(file) => Ok(file.commit()?),
        }
    }

    /// Gives a file its place, unless the same bytes stand there; answers whether it was needed.
    ///
    /// # Errors
    /// [`WriteError`]; the file that stood there still stands there.
    pub fn commit_if_changed(mut self) -> Result<bool, WriteError> {
        if let OpenTarget::File(file) = &mut self
            && file.is_in_place()?
        {
            return Ok(false);
        }
        self.commit().map(|()| true)
    }
}

impl Write for OpenTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            OpenTarget::Device(device) => device.write(bytes),
            OpenTarget::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            OpenTarget::Device(device) => device.flush(),
            OpenTarget::File(file) => file.flush(),
        }
    }
}

/// `/dev/null`, a pipe: it can only be written to, not replaced.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(target: &Target, text: &str) -> Result<(), WriteError> {
        target.write(&mut Vec::new(), |out| out.write_all(text.as_bytes()).map_err(WriteError::from))
    }

    #[test]
    fn a_failed_result_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let target = Target::new(Some(&path));
        write(&target, "old").unwrap();
        let failed = target.write(&mut Vec::new(), |out| {
            out.write_all(b"half").map_err(WriteError::from)?;
            Err(WriteError::Closed)
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write(&target, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(matches!(write(&Target::new(Some(&folder.path().join("no/such.json"))), ""), Err(WriteError::File(_))));
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write(&Target::new(Some(Path::new("/dev/null"))), "gone").unwrap();
    }
}
