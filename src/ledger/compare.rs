//! A stored document against everything that was made of it: its bytes against its name, its rows against Parquet
//! value by value, its totals against those of the catalog and of Parquet.
//!
//! Reads the document once and holds a piece of it at a time. A Parquet file that is not as it was written is not
//! read: it could end the program inside polars.

use std::fs::File;
use std::path::Path;

use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::{ParallelStrategy, ParquetReader};

use super::dataset::Seal;
use super::digest::{Cut, Digest};
use super::frames::Known;
use super::ingest::{Given, LedgerSink, READER_VERSION, Remembered, describe};
use super::records::records_frame;
use super::scan::scan_digest;
use crate::archive::DocumentRecord;
use crate::domain::{DocumentId, ExitCode, Instant};
use crate::parse::{
    Content, Document, Fault, Input, Privacy, ReadOptions, Receiver, Refused, SettlementHead, read_document,
};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The stored bytes are not those of the name.
    Bytes {
        /// The hash that they have.
        computed: DocumentId,
    },
    /// The stored bytes cannot be read.
    Unreadable {
        /// What the system says.
        why: String,
    },
    /// The stored bytes are sound, and are no longer read as a report.
    Refused {
        /// Why.
        why: String,
    },
    /// The Parquet file is not as it was written.
    Seal {
        /// What the catalog remembers.
        sealed: Seal,
        /// What it is; `None` where it cannot be read.
        found: Option<Seal>,
    },
    /// A value in Parquet is another than in the document.
    Value {
        /// The number of the row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// As the document says it.
        document: String,
        /// As Parquet says it.
        parquet: String,
    },
    /// Parquet has another number of rows, or cannot be read.
    Rows {
        /// What was found.
        why: String,
    },
    /// What the catalog remembers is not what the document says.
    Catalog {
        /// The column of the catalog.
        column: &'static str,
        /// As the document says it.
        document: String,
        /// As the catalog says it.
        catalog: String,
    },
    /// The totals of Parquet are not those of the catalog.
    Totals,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Rows that were read and compared.
    pub rows: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// An earlier reader wrote what is remembered, so only bytes and seals were compared.
    pub older_reader: bool,
}

/// Compares one document. `privacies` are the ways in which personal data may have been kept.
#[must_use]
pub fn compare_document(
    root: &Path,
    record: &DocumentRecord,
    input: &Input,
    options: &ReadOptions,
    privacies: &[Privacy],
) -> Comparison {
    let mut comparison = Comparison::default();
    let remembered: Option<Remembered> = record.digest.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let parquet = record.derived_path.as_ref().map(|path| root.join(path));
    let sealed = remembered.as_ref().and_then(|remembered| remembered.seal);
    let mut whole = None;
    if let (Some(path), Some(sealed)) = (&parquet, sealed) {
        let found = Seal::of(path).ok();
        if found == Some(sealed) {
            whole = Some(path.as_path());
        } else {
            comparison.differences.push(Difference::Seal { sealed, found });
        }
    }
    comparison.older_reader = record.reader_version != READER_VERSION;
    let mut receiver = CompareReceiver::new(whole.filter(|_| !comparison.older_reader));
    match read_document(input, options, &mut receiver, None) {
        Err(refused) => comparison.differences.push(of_refused(&refused, &record.id)),
        Ok(document) if document.id != record.id => {
            comparison.differences.push(Difference::Bytes { computed: document.id });
        }
        Ok(document) => {
            comparison.rows = document.rows;
            if comparison.older_reader {
                return comparison;
            }
            let digest = std::mem::take(&mut receiver.digest).with_summed_cases();
            match &document.content {
                Content::Settlement(_) => comparison.differences.extend(receiver.finish(document.rows)),
                Content::Records(_) => {
                    comparison.differences.extend(whole.and_then(|path| records(path, input, options, privacies)));
                }
            }
            let seal = sealed.unwrap_or(Seal { bytes: 0, crc32: 0 });
            comparison.differences.extend(whole.and_then(|path| totals(path, record, &digest, options)));
            comparison.differences.extend(catalog(record, &document, digest, seal));
        }
    }
    comparison
}

fn of_refused(refused: &Refused, name: &DocumentId) -> Difference {
    match (&refused.id, &refused.error.fault) {
        (Some((computed, _)), _) if computed != name => Difference::Bytes { computed: computed.clone() },
        (_, Fault::Io { why }) => Difference::Unreadable { why: why.to_string() },
        _ => Difference::Refused { why: refused.error.to_string() },
    }
}

/// The rows of a settlement as they are read, each piece beside the same rows of Parquet.
struct CompareReceiver<'a> {
    parquet: Option<&'a Path>,
    digest: Digest,
    difference: Option<Difference>,
}

impl<'a> CompareReceiver<'a> {
    fn new(parquet: Option<&'a Path>) -> Self {
        Self { parquet, digest: Digest::default(), difference: None }
    }

    /// What differs, and whether Parquet has rows that the document lacks.
    fn finish(self, rows: u64) -> Option<Difference> {
        let path = self.parquet?;
        self.difference.or_else(|| match parquet_rows(path) {
            Ok(found) if found as u64 == rows => None,
            Ok(found) => Some(Difference::Rows { why: format!("{found} rows instead of {rows}") }),
            Err(why) => Some(Difference::Rows { why: why.to_string() }),
        })
    }
}

impl Receiver for CompareReceiver<'_> {
    type Sink = LedgerSink;

    fn begin(&mut self, head: &SettlementHead) -> Result<Box<dyn Fn() -> LedgerSink + Send + Sync>, Fault> {
        self.digest = Digest::default();
        self.difference = None;
        Ok(Box::new(LedgerSink::of(head)))
    }

    fn take(&mut self, sink: LedgerSink) -> Result<(), Fault> {
        let first = self.digest.rows;
        self.digest.merge(sink.digest.finish());
        let Some(path) = self.parquet.filter(|_| self.difference.is_none()) else { return Ok(()) };
        let frame = sink.columns.into_frame(first).map_err(|why| Fault::of_receiver(why, ExitCode::Storage))?;
        let slice = (usize::try_from(first).unwrap_or(usize::MAX), frame.height());
        self.difference = match read_parquet(path, Some(slice)) {
            Ok(beside) => first_difference(&frame, &beside, first),
            Err(why) => Some(Difference::Rows { why: why.to_string() }),
        };
        Ok(())
    }
}

fn reader(path: &Path) -> PolarsResult<ParquetReader<File>> {
    Ok(ParquetReader::new(File::open(path)?))
}

fn parquet_rows(path: &Path) -> PolarsResult<usize> {
    Ok(reader(path)?.get_metadata()?.num_rows)
}

fn read_parquet(path: &Path, slice: Option<(usize, usize)>) -> PolarsResult<DataFrame> {
    reader(path)?.with_slice(slice).read_parallel(ParallelStrategy::None).finish()
}

/// The first value that differs, where any does.
fn first_difference(document: &DataFrame, parquet: &DataFrame, first: u64) -> Option<Difference> {
    if document.schema() != parquet.schema() {
        return Some(Difference::Rows { why: "its columns are others".to_owned() });
    }
    if document.height() != parquet.height() {
        let why = format!("{} rows end where the document has more", first + parquet.height() as u64);
        return Some(Difference::Rows { why });
    }
    document.columns().iter().zip(parquet.columns()).find_map(|(left, right)| {
        let (left, right) = (left.as_materialized_series(), right.as_materialized_series());
        if left.equals_missing(right) {
            return None;
        }
        let differs = |row: &usize| left.get(*row).ok() != right.get(*row).ok();
        let row = (0..left.len()).find(differs).unwrap_or_default();
        let text = |series: &Series| series.get(row).map(|value| value.to_string()).unwrap_or_default();
        Some(Difference::Value {
            row: first + row as u64 + 1,
            column: left.name().to_string(),
            document: text(left),
            parquet: text(right),
        })
    })
}

/// The records beside settlements. How personal data was kept when they came in is not on record, so each way is
/// tried before a difference is believed.
fn records(path: &Path, input: &Input, options: &ReadOptions, privacies: &[Privacy]) -> Option<Difference> {
    let parquet = match read_parquet(path, None) {
        Ok(parquet) => parquet,
        Err(why) => return Some(Difference::Rows { why: why.to_string() }),
    };
    let mut first = None;
    for privacy in privacies {
        let options = ReadOptions { privacy: privacy.clone(), ..options.clone() };
        let mut receiver = CompareReceiver::new(None);
        let Ok(document) = read_document(input, &options, &mut receiver, None) else { continue };
        let Content::Records(records) = &document.content else { continue };
        let Ok(frame) = records_frame(records) else { continue };
        let difference = first_difference(&frame, &parquet, 0)?;
        first.get_or_insert(difference);
    }
    first
}

/// The totals that Parquet gives on its own way, against those of the document.
fn totals(path: &Path, record: &DocumentRecord, digest: &Digest, options: &ReadOptions) -> Option<Difference> {
    let (start, end) = (record.period_start_ms?, record.period_end_ms?);
    let bounds = (Instant::new(start, 0), Instant::new(end, 0));
    match scan_digest(path, bounds, Cut::WHOLE, &Known::default(), options.workers) {
        Ok(scanned) if scanned.buckets == digest.buckets && scanned.rows == digest.rows => None,
        Ok(_) => Some(Difference::Totals),
        Err(why) => Some(Difference::Rows { why: why.to_string() }),
    }
}

/// What the catalog says of the document, column by column. Where its Parquet file lies is covered by the seal of
/// the row: it may follow from a time that is not on record.
fn catalog(record: &DocumentRecord, document: &Document, digest: Digest, seal: Seal) -> Vec<Difference> {
    let mut expected = match describe(&Given::of(record), document, digest, seal) {
        Ok(expected) => expected,
        Err(why) => return vec![Difference::Rows { why: why.to_string() }],
    };
    expected.derived_path.clone_from(&record.derived_path);
    let columns = |record: &DocumentRecord| {
        [
            ("kind", record.kind.clone()),
            ("seller_id", format!("{:?}", record.seller_id)),
            ("bytes", record.bytes.to_string()),
            ("rows", record.rows.to_string()),
            ("settlement_id", format!("{:?}", record.settlement_id)),
            ("currencies", format!("{:?}", record.currencies)),
            ("period_start_ms", format!("{:?}", record.period_start_ms)),
            ("period_end_ms", format!("{:?}", record.period_end_ms)),
            ("first_posted_ms", format!("{:?}", record.first_posted_ms)),
            ("last_posted_ms", format!("{:?}", record.last_posted_ms)),
            ("digest", record.digest.clone().unwrap_or_default()),
        ]
    };
    let pairs = columns(&expected).into_iter().zip(columns(record));
    let different = pairs.filter(|((_, document), (_, catalog))| document != catalog);
    different
        .map(|((column, document), (_, catalog))| {
            let (document, catalog) = around_difference(&document, &catalog);
            Difference::Catalog { column, document, catalog }
        })
        .collect()
}

/// Characters shown of long texts, from a little before the place where they part.
const SHOWN_CHARS: usize = 60;

fn around_difference(left: &str, right: &str) -> (String, String) {
    let same = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    let start = same.saturating_sub(SHOWN_CHARS / 2);
    let part = |text: &str| text.chars().skip(start).take(SHOWN_CHARS).collect();
    (part(left), part(right))
}
