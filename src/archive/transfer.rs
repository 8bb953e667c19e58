//! Files from one folder to another: private, flushed, and hashed while they are written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::{ArchiveError, at};
use super::folder::{self, FILE_MODE};
use super::purged::remove_file;
use super::raw::hash;
use crate::domain::DocumentId;

/// What became of a file.
pub(super) enum Copied {
    /// It is there, whole.
    Whole { id: DocumentId, bytes: u64 },
    /// Its bytes are not those of its name; nothing was kept.
    Other { found: DocumentId },
    /// There is none.
    Missing,
}

/// Copies a file into folders that are made where they are missing.
pub(super) fn copy_file(from: &Path, to: &Path, expected: Option<&DocumentId>) -> Result<Copied, ArchiveError> {
    let source = match File::open(from) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Copied::Missing),
        source => source.map_err(at("read the file", from))?,
    };
    make_folder_of(to)?;
    let target = create(to)?;
    let mut tee = Tee { source, target };
    let (id, bytes) = hash(&mut tee).map_err(at("copy the file", from))?;
    if expected.is_some_and(|expected| *expected != id) {
        remove_file(to)?;
        return Ok(Copied::Other { found: id });
    }
    tee.target.sync_all().map_err(at("flush the copy", to))?;
    Ok(Copied::Whole { id, bytes })
}

/// Writes a file and flushes it.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(DocumentId, u64), ArchiveError> {
    make_folder_of(path)?;
    let mut file = create(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at("write the file", path))?;
    hash(bytes).map_err(at("write the file", path))
}

/// The hash and length of a file.
pub(super) fn hash_of(path: &Path) -> Result<(DocumentId, u64), ArchiveError> {
    File::open(path).and_then(hash).map_err(at("read the file", path))
}

fn create(path: &Path) -> Result<File, ArchiveError> {
    let opened = OpenOptions::new().create(true).truncate(true).write(true).mode(FILE_MODE).open(path);
    opened.map_err(at("create the file", path))
}

pub(super) fn make_folder_of(path: &Path) -> Result<(), ArchiveError> {
    match path.parent() {
        Some(folder) if !folder.is_dir() => folder::make_private(folder),
        _ => Ok(()),
    }
}

/// Whether a folder holds nothing, or is not there.
pub(super) fn is_empty(folder: &Path) -> Result<bool, ArchiveError> {
    match fs::read_dir(folder) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(true),
        entries => Ok(entries.map_err(at("list the folder", folder))?.next().is_none()),
    }
}

/// Passes on what it reads to a file.
struct Tee {
    source: File,
    target: File,
}

impl Read for Tee {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.target.write_all(buffer.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}
