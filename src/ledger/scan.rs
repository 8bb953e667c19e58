//! From our own Parquet back to rows: row group by row group, several at once, handed on in order.

use std::collections::BTreeMap;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::sync_channel;

use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::{ParallelStrategy, ParquetReader};

use super::dataset::LedgerError;
use super::digest::{Cut, Digest};
use super::fold::DigestSink;
use super::frames::{CASE_COLUMN, FrameRows, Known};
use crate::domain::Instant;
use crate::parse::RowSink;

/// Rows that a worker reads at once: several row groups, because each call of the reader costs as much as
/// some ten thousand rows.
const SCAN_ROWS: usize = 250_000;

/// The digest of a settlement's Parquet file, cut at a period; the same as from the document itself.
///
/// # Errors
/// [`LedgerError::Frame`] where the file is missing or damaged.
pub fn scan_digest(
    path: &Path,
    (start, end): (Instant, Instant),
    cut: Cut,
    known: &Known,
    workers: NonZeroUsize,
) -> Result<Digest, LedgerError> {
    let mut digest = Digest::default();
    let make = || DigestSink::within(start, end, cut);
    scan(path, &known.columns(), known, workers, &make, &mut |sink: DigestSink| digest.merge(sink.finish()))?;
    Ok(digest.with_summed_cases())
}

/// The ids of a row besides the settlement's, for what looks at single rows.
const ID_COLUMNS: [&str; 4] = ["transaction_id", "seller_reference_id", "order_reference_id", "seller_order_id"];

/// The rows of a settlement's Parquet file in sinks, in the order of the file: amounts, kind, instant and ids.
///
/// # Errors
/// [`LedgerError::Frame`] where the file is missing or damaged.
pub fn scan_rows<S: RowSink>(
    path: &Path,
    known: &Known,
    workers: NonZeroUsize,
    make: &(impl Fn() -> S + Sync),
) -> Result<Vec<S>, LedgerError> {
    let mut columns = known.columns();
    columns.retain(|column| column != CASE_COLUMN);
    columns.push("posted_offset_minutes".to_owned());
    columns.extend(ID_COLUMNS.map(str::to_owned));
    let mut sinks = Vec::new();
    scan(path, &columns, known, workers, make, &mut |sink| sinks.push(sink))?;
    Ok(sinks)
}

fn scan<S: RowSink>(
    path: &Path,
    columns: &[String],
    known: &Known,
    workers: NonZeroUsize,
    make: &(impl Fn() -> S + Sync),
    take: &mut impl FnMut(S),
) -> Result<(), LedgerError> {
    let fault = |why: PolarsError| LedgerError::Frame { file: path.display().to_string(), why };
    let mut reader = ParquetReader::new(open(path).map_err(fault)?);
    let metadata = reader.get_metadata().map_err(fault)?.clone();
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let mut first = 0;
    for group in &metadata.row_groups {
        match groups.last_mut() {
            Some((_, rows)) if *rows + group.num_rows() <= SCAN_ROWS => *rows += group.num_rows(),
            _ => groups.push((first, group.num_rows())),
        }
        first += group.num_rows();
    }
    let read = |(first, rows): (usize, usize)| -> PolarsResult<S> {
        let mut reader = ParquetReader::new(open(path)?);
        reader.set_metadata(metadata.clone());
        let reader = reader.with_columns(Some(columns.to_vec())).with_slice(Some((first, rows)));
        let mut frame = reader.read_parallel(ParallelStrategy::None).finish()?;
        frame.align_chunks();
        let mut sink = make();
        let mut row = first;
        for piece in frame.split_chunks() {
            FrameRows::new(&piece, row, known)?.each(&mut sink)?;
            row += piece.height();
        }
        Ok(sink)
    };
    if workers.get() == 1 || groups.len() < 2 {
        for group in groups {
            take(read(group).map_err(fault)?);
        }
        return Ok(());
    }
    in_order(&groups, workers, &read, take).map_err(fault)
}

fn open(path: &Path) -> PolarsResult<File> {
    File::open(path).map_err(PolarsError::from)
}

/// Works on several groups at once and takes the results in the order of the groups.
fn in_order<S: Send>(
    groups: &[(usize, usize)],
    workers: NonZeroUsize,
    read: &(impl Fn((usize, usize)) -> PolarsResult<S> + Sync),
    take: &mut impl FnMut(S),
) -> PolarsResult<()> {
    let todo = Mutex::new(groups.iter().copied().enumerate());
    let (results, done) = sync_channel(workers.get());
    std::thread::scope(|scope| {
        for _ in 0..workers.get() {
            let (results, todo) = (results.clone(), &todo);
            scope.spawn(move || {
                loop {
                    let next = todo.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, group)) = next else { return };
                    if results.send((index, read(group))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        // The receiver goes with this block, so that workers end when a fault ends it early.
        let done = done;
        while let Ok((index, result)) = done.recv() {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&next) {
                take(result?);
                next += 1;
            }
        }
        Ok(())
    })
}
