//! The Parquet dataset, hive-style: `ledger/account=…/settled=YYYY-MM/<sha256>.parquet`.
//!
//! One file a document, so that a month opens only what it needs and other engines read the same data
//! without us. Partition values are plain strings and not repeated inside the files. Files are derived:
//! they can be rebuilt from the raw archive.

use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::Path;

use flate2::Crc;
use polars::prelude::*;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};
use polars_utils::compression::ZstdLevel;
use serde::{Deserialize, Serialize};

use crate::archive::ArchiveError;
use crate::domain::{DocumentId, ExitCode, Instant, Month, Zone};

/// Rows of a row group: what one statement scan holds in memory at once.
const ROW_GROUP_ROWS: usize = 61_440;
/// Fast and nearly as small as the higher levels on these columns.
const ZSTD_LEVEL: i32 = 1;

/// Bytes gathered before they are written: the Parquet writer hands its headers on byte by byte, each a system call.
pub(super) const WRITE_BYTES: usize = 64 * 1024;

/// Bytes read at once when a file is sealed.
const SEAL_BYTES: usize = 256 * 1024;

/// Length and checksum of a Parquet file as it was written.
///
/// Parquet has no checksum that polars would write or verify: one flipped bit reads back as another amount,
/// or ends the program inside polars. So a file is read only where its seal is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Its length.
    pub bytes: u64,
    /// The CRC-32 of its bytes: enough against accidents, and quicker than the disk.
    pub crc32: u32,
}

impl Seal {
    /// The seal of a file as it is now.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut crc = Crc::new();
        let mut bytes = 0;
        let mut chunk = vec![0; SEAL_BYTES];
        loop {
            match file.read(&mut chunk) {
                Ok(0) => return Ok(Self { bytes, crc32: crc.sum() }),
                Ok(read) => {
                    crc.update(chunk.get(..read).unwrap_or(&chunk));
                    bytes += read as u64;
                }
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
    }
}

/// Why rows could not be turned into frames or back.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Polars refused: a column is missing or a value does not fit.
    #[error("{file}: {why}")]
    Frame {
        /// The Parquet file or the document.
        file: String,
        /// What Polars says.
        why: PolarsError,
    },
    /// The data folder could not be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl LedgerError {
    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            LedgerError::Frame { .. } => ExitCode::Storage,
            LedgerError::Archive(why) => why.exit_code(),
        }
    }
}

/// Where a document's Parquet file lies, relative to the data folder: below its account and the UTC month of
/// an instant, under a key of its own (`settled` for settlements).
#[must_use]
pub fn dataset_path(folder: &str, account: &str, (key, at): (&str, Instant), id: &DocumentId) -> String {
    let month = Month::of(Zone::UTC.date_of(at));
    format!("{folder}/account={}/{key}={month}/{id}.parquet", partition_value(account))
}

/// Letters, digits, `_` and `-` as they are; everything else as `%XX`, so that no name from outside
/// becomes a path.
fn partition_value(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Writes frames of one schema into a Parquet file, in row groups of about equal size.
pub struct DatasetWriter {
    writer: BatchedWriter<BufWriter<File>>,
    waiting: Option<DataFrame>,
}

impl DatasetWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Where the schema has a dtype that Parquet lacks.
    pub fn new(file: File, schema: &Schema) -> PolarsResult<Self> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL)?;
        let file = BufWriter::with_capacity(WRITE_BYTES, file);
        let writer =
            ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(Some(level))).batched(schema)?;
        Ok(Self { writer, waiting: None })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn push(&mut self, frame: DataFrame) -> PolarsResult<()> {
        let waiting = match self.waiting.take() {
            Some(mut waiting) => {
                waiting.vstack_mut(&frame)?;
                waiting
            }
            None => frame,
        };
        if waiting.height() >= ROW_GROUP_ROWS {
            self.write(waiting)
        } else {
            self.waiting = Some(waiting);
            Ok(())
        }
    }

    /// Writes what is left and the footer.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(mut self) -> PolarsResult<()> {
        if let Some(waiting) = self.waiting.take() {
            self.write(waiting)?;
        }
        self.writer.finish().map(|_| ())
    }

    /// One row group; a frame of several chunks would become several.
    fn write(&mut self, mut frame: DataFrame) -> PolarsResult<()> {
        frame.rechunk_mut_par();
        self.writer.write_batch(&frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_account_name_becomes_a_path() {
        let id = DocumentId::new("ab");
        let at = Instant::new(1_790_812_800_000, 0);
        assert_eq!(
            dataset_path("ledger", "A1X", ("settled", at), &id),
            "ledger/account=A1X/settled=2026-10/ab.parquet"
        );
        assert_eq!(partition_value("../é/="), "%2E%2E%2F%C3%A9%2F%3D");
    }
}
