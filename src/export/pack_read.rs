//! Opens a sealed pack that may come from anybody: names, number and sizes are looked at before anything is read.
//!
//! Nothing is unpacked to a name of the zip's choosing, and nothing beyond the length that its reader allows.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::archive::hash;
use crate::domain::DocumentId;

/// Entries of one pack: the documents of an archive and a few more.
const ENTRIES_MAX: usize = 500_000;
/// Reports and tables of text pack 5 to 60 times; beyond this ratio it is a bomb.
const UNPACK_RATIO_MAX: u64 = 200;
/// Small packs may unpack to this much whatever their ratio.
const UNPACK_BYTES_FREE: u64 = 64 << 20;
/// Longest name of an entry.
const NAME_BYTES_MAX: usize = 200;

/// Why a pack cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// It is no zip, or one that is cut off or damaged.
    #[error("it is no readable zip: {0}")]
    NotAZip(String),
    /// It is built in a way that a pack never is.
    #[error("it is no pack of settle: {0}")]
    Hostile(String),
    /// An entry cannot be unpacked.
    #[error("entry `{entry}` cannot be read: {why}")]
    Entry {
        /// Its name.
        entry: String,
        /// Why.
        why: String,
    },
    /// An entry is longer or shorter than stated.
    #[error("entry `{entry}` has {found} bytes, {stated} were stated")]
    Length {
        /// Its name.
        entry: String,
        /// Its length as stated.
        stated: u64,
        /// Its length as found.
        found: u64,
    },
    /// The disk failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<ZipError> for PackError {
    fn from(why: ZipError) -> Self {
        match why {
            ZipError::Io(why) => PackError::Io(why),
            why => PackError::NotAZip(why.to_string()),
        }
    }
}

/// An opened pack.
pub struct PackReader {
    zip: ZipArchive<BufReader<File>>,
    names: Vec<String>,
    allowance: u64,
}

impl PackReader {
    /// Opens a pack and looks at its structure.
    ///
    /// # Errors
    /// [`PackError::NotAZip`], [`PackError::Hostile`], [`PackError::Io`].
    pub fn open(path: &Path) -> Result<Self, PackError> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let unreadable = |why: ZipError| PackError::NotAZip(why.to_string());
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
        if zip.len() > ENTRIES_MAX {
            return Err(PackError::Hostile(format!("it has more than {ENTRIES_MAX} entries")));
        }
        if zip.has_duplicate_names() {
            return Err(PackError::Hostile("two entries have one name".to_owned()));
        }
        if zip.has_overlapping_files().map_err(unreadable)? {
            return Err(PackError::Hostile("entries overlap".to_owned()));
        }
        let names = names(&mut zip)?;
        let allowance = length.saturating_mul(UNPACK_RATIO_MAX).max(UNPACK_BYTES_FREE);
        Ok(Self { zip, names, allowance })
    }

    /// The names of all entries, in the order of the zip.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Copies an entry of at most so many bytes; answers its hash and length.
    ///
    /// # Errors
    /// [`PackError::Entry`] where it is not there, is damaged or longer; [`PackError::Hostile`] where all entries
    /// together unpack to more than a pack honestly holds.
    pub fn copy(&mut self, name: &str, most: u64, to: &mut dyn Write) -> Result<(DocumentId, u64), PackError> {
        let entry = |why: &dyn std::fmt::Display| PackError::Entry { entry: name.to_owned(), why: why.to_string() };
        if most > self.allowance {
            return Err(PackError::Hostile("it unpacks to far more than it holds".to_owned()));
        }
        let mut member = self.zip.by_name(name).map_err(|why| entry(&why))?;
        let mut failed: Option<io::Error> = None;
        let copied = {
            let source = Copied { from: (&mut member).take(most.saturating_add(1)), to, failed: &mut failed };
            hash(source)
        };
        if let Some(why) = failed {
            return Err(PackError::Io(why));
        }
        let (id, bytes) = copied.map_err(|why| entry(&why))?;
        if bytes > most {
            return Err(entry(&format!("it is longer than {most} bytes")));
        }
        self.allowance -= bytes.min(self.allowance);
        Ok((id, bytes))
    }

    /// An entry of at most so many bytes, in memory.
    ///
    /// # Errors
    /// As [`PackReader::copy`].
    pub fn read(&mut self, name: &str, most: u64) -> Result<Vec<u8>, PackError> {
        let mut bytes = Vec::new();
        self.copy(name, most.min(self.allowance), &mut bytes)?;
        Ok(bytes)
    }
}

fn names(zip: &mut ZipArchive<BufReader<File>>) -> Result<Vec<String>, PackError> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let member = zip.by_index_raw(index).map_err(|why| PackError::NotAZip(why.to_string()))?;
        let name = std::str::from_utf8(member.name_raw()).unwrap_or_default().to_owned();
        let plain = member.is_file() && !member.encrypted();
        if !plain || !is_plain_name(&name) {
            return Err(PackError::Hostile(format!("entry {index} (`{}`) is none of a pack's", name.escape_debug())));
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(PackError::Hostile(format!("two entries are called `{name}`")));
        }
        names.push(name);
    }
    Ok(names)
}

/// Names that a pack gives: letters, digits, `.`, `-`, `_`, and folders below the pack.
fn is_plain_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    name.len() <= NAME_BYTES_MAX && name.split('/').all(part)
}

/// Writes on what is read through it, and keeps apart which side failed.
struct Copied<'a, R> {
    from: R,
    to: &'a mut dyn Write,
    failed: &'a mut Option<io::Error>,
}

impl<R: Read> Read for Copied<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        if let Err(why) = self.to.write_all(buffer.get(..count).unwrap_or_default()) {
            *self.failed = Some(why);
            return Ok(0);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in ["statement.json", "raw/0a1b", "inputs/bank/ab-c_d.1"] {
            assert!(is_plain_name(name), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", "raw/../x", "raw//x", "a\\b", "raw/", ".x", "ä", "a b", "c:x"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
