//! Writes a sealed pack: a zip that is the same, byte by byte, whenever and wherever it is made.
//!
//! Entries stand in the order in which they are added, all of one date, one mode and one way of packing; nothing
//! of the clock, the machine or the user goes in. Bytes are streamed, so that the size of a pack costs no memory.

use std::io::{self, BufWriter, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::pack_read::PackError;
use crate::archive::hash;
use crate::domain::DocumentId;
use crate::report::closing::{Entry, MANIFEST, Manifest};

/// How hard it is packed: the middle, which every deflater knows.
const LEVEL: i64 = 6;
/// Readable by all once unpacked.
const MODE: u32 = 0o644;
/// From this length on an entry needs the wide form of the zip's fields.
const WIDE_BYTES: u64 = u32::MAX as u64;
/// Bytes gathered before they go to the file.
const BUFFER_BYTES: usize = 1 << 18;

/// A pack in the making.
pub struct PackWriter<W: Write + Seek> {
    zip: ZipWriter<BufWriter<W>>,
    entries: Vec<Entry>,
}

impl<W: Write + Seek> PackWriter<W> {
    /// Begins a pack.
    #[must_use]
    pub fn new(target: W) -> Self {
        Self { zip: ZipWriter::new(BufWriter::with_capacity(BUFFER_BYTES, target)), entries: Vec::new() }
    }

    /// Adds an entry of so many bytes; answers its hash.
    ///
    /// # Errors
    /// [`PackError`] where the source cannot be read, has another length, or the target cannot be written.
    pub fn add(&mut self, name: &str, source: &mut dyn Read, bytes: u64) -> Result<DocumentId, PackError> {
        self.start(name, bytes)?;
        let (sha256, copied) = hash(Tee { from: source, to: &mut self.zip })?;
        if copied != bytes {
            return Err(PackError::Length { entry: name.to_owned(), stated: bytes, found: copied });
        }
        self.entries.push(Entry { name: name.to_owned(), sha256: sha256.clone(), bytes });
        Ok(sha256)
    }

    /// Adds an entry whose bytes are at hand.
    ///
    /// # Errors
    /// As [`PackWriter::add`].
    pub fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<DocumentId, PackError> {
        self.add(name, &mut &*bytes, bytes.len() as u64)
    }

    /// Ends the pack with its manifest, to which the entries are added here.
    ///
    /// # Errors
    /// [`PackError`] where the target cannot be written.
    pub fn finish(mut self, manifest: Manifest) -> Result<Manifest, PackError> {
        let manifest = Manifest { entries: std::mem::take(&mut self.entries), ..manifest };
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?;
        text.push(b'\n');
        self.start(MANIFEST, text.len() as u64)?;
        self.zip.write_all(&text)?;
        let mut target = self.zip.finish().map_err(PackError::from)?;
        target.flush()?;
        Ok(manifest)
    }

    fn start(&mut self, name: &str, bytes: u64) -> Result<(), PackError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(MODE)
            .large_file(bytes >= WIDE_BYTES);
        Ok(self.zip.start_file(name, options)?)
    }
}

/// Writes on what is read through it.
struct Tee<'a, W> {
    from: &'a mut dyn Read,
    to: &'a mut W,
}

impl<W: Write> Read for Tee<'_, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.to.write_all(buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }
}
