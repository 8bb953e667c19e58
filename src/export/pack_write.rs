//! Writes a sealed pack: a zip that is the same, byte by byte, whenever and wherever it is made.
//!
//! Entries stand in the order in which they are added, all of one date, one mode and one way of packing; nothing
//! of the clock, the machine or the user goes in. Bytes are streamed, so that the size of a pack costs no memory.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

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
    zip: ZipWriter<Target<W>>,
    fault: Rc<WriteFault>,
    entries: Vec<Entry>,
}

impl<W: Write + Seek> PackWriter<W> {
    /// Begins a pack.
    #[must_use]
    pub fn new(target: W) -> Self {
        let fault = Rc::new(WriteFault::default());
        let target = BufWriter::with_capacity(BUFFER_BYTES, target);
        let target = Target { inner: target, fault: fault.clone(), position: 0 };
        Self { zip: ZipWriter::new(target), fault, entries: Vec::new() }
    }

    /// Adds an entry of so many bytes; answers its hash.
    ///
    /// # Errors
    /// [`PackError`] where the source cannot be read, has another length, or the target cannot be written.
    pub fn add(&mut self, name: &str, source: &mut dyn Read, bytes: u64) -> Result<DocumentId, PackError> {
        self.start(name, bytes)?;
        let (sha256, copied) = hash(Tee { from: source, to: &mut self.zip })?;
        self.fault.tell()?;
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
        self.fault.tell()?;
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

/// Whether a write failed, and why until it is told.
#[derive(Debug, Default)]
struct WriteFault {
    failed: Cell<bool>,
    why: RefCell<Option<io::Error>>,
}

impl WriteFault {
    fn note(&self, why: io::Error) {
        if !self.failed.replace(true) {
            self.why.replace(Some(why));
        }
    }

    fn tell(&self) -> io::Result<()> {
        match self.why.take() {
            Some(why) => Err(why),
            None if self.failed.get() => Err(io::Error::other("an earlier write failed")),
            None => Ok(()),
        }
    }
}

/// Where a pack goes. The zip writer takes for granted that it can end what it began, even when it is dropped, and
/// asserts it. So it is not told that a write failed: what follows goes nowhere, and the pack's own writer asks.
struct Target<W: Write + Seek> {
    inner: BufWriter<W>,
    fault: Rc<WriteFault>,
    position: u64,
}

impl<W: Write + Seek> Write for Target<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.fault.failed.get() { Ok(bytes.len()) } else { self.inner.write(bytes) };
        let count = match written {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => return Err(why),
            Err(why) => {
                self.fault.note(why);
                bytes.len()
            }
            Ok(count) => count,
        };
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.fault.failed.get()
            && let Err(why) = self.inner.flush()
        {
            self.fault.note(why);
        }
        Ok(())
    }
}

impl<W: Write + Seek> Seek for Target<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if !self.fault.failed.get() {
            match self.inner.seek(to) {
                Ok(position) => {
                    self.position = position;
                    return Ok(position);
                }
                Err(why) => self.fault.note(why),
            }
        }
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::Current(by) => self.position.saturating_add_signed(by),
            SeekFrom::End(_) => self.position,
        };
        Ok(self.position)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many writes and seeks, and no more.
    struct Full(io::Cursor<Vec<u8>>, usize);

    impl Full {
        fn used(&mut self) -> io::Result<()> {
            self.1 = self.1.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
            Ok(())
        }
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.used()?;
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Full {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.used()?;
            self.0.seek(to)
        }
    }

    #[test]
    fn a_target_that_takes_no_more_is_an_error_wherever_it_comes() {
        let noise: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut failed = 0;
        for room in 0..40 {
            let mut pack = PackWriter::new(Full(io::Cursor::new(Vec::new()), room));
            let first = pack.add_bytes("first", &noise);
            let second = pack.add_bytes("second", b"short");
            failed += usize::from(first.is_err());
            assert!(first.is_ok() || second.is_err(), "what failed stays failed");
            drop(pack);
        }
        assert!(failed > 1, "{failed}");
    }
}
