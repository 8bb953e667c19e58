//! The rows of a period as one Parquet file for other programs (`settle export --preset parquet`).
//!
//! The columns of the dataset, and beside them what a row needs outside its document: the account, the local
//! date, the file and the declared VAT treatment. Money is `DECIMAL(18,4)`, exact.

use std::io::{BufWriter, Write};

use polars::prelude::*;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};
use polars_utils::compression::ZstdLevel;

use super::dataset::WRITE_BYTES;
use super::frames::{CASE_COLUMN, RowColumns, SHIFT_COLUMN, settlement_schema};
use crate::parse::{RowSink, SettlementRow};

/// Rows of a row group: what is held in memory at once.
const ROW_GROUP_ROWS: usize = 61_440;
/// Fast and nearly as small as the higher levels on these columns.
const ZSTD_LEVEL: i32 = 1;
/// The columns beside those of the dataset.
const BESIDE: [&str; 4] = ["account", "date", "vat_on_fees", "source_file"];

/// What stands beside a row.
#[derive(Clone, Copy, Debug)]
pub struct RowPlace<'a> {
    /// The account.
    pub account: &'a str,
    /// Days from 1970-01-01 to the local date.
    pub epoch_day: i32,
    /// The declared VAT treatment of fees.
    pub vat_on_fees: &'a str,
    /// The file.
    pub file: &'a str,
}

/// Writes rows as Parquet.
pub struct TransactionsWriter<W: Write> {
    writer: BatchedWriter<BufWriter<W>>,
    rows: RowColumns,
    beside: [StringChunkedBuilder; 3],
    days: Vec<i32>,
}

impl<W: Write> TransactionsWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Where the target cannot be written.
    pub fn new(out: W) -> PolarsResult<Self> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL)?;
        let out = BufWriter::with_capacity(WRITE_BYTES, out);
        let writer =
            ParquetWriter::new(out).with_compression(ParquetCompression::Zstd(Some(level))).batched(&schema())?;
        Ok(Self { writer, rows: RowColumns::with_capacity(ROW_GROUP_ROWS), beside: builders(), days: Vec::new() })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Where the target cannot be written.
    pub fn push(&mut self, row: &SettlementRow<'_>, place: RowPlace<'_>) -> PolarsResult<()> {
        self.rows.row(row);
        for (column, text) in self.beside.iter_mut().zip([place.account, place.vat_on_fees, place.file]) {
            column.append_value(text);
        }
        self.days.push(place.epoch_day);
        if self.rows.len() >= ROW_GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    /// Writes what is left and the footer.
    ///
    /// # Errors
    /// Where the target cannot be written.
    pub fn finish(mut self) -> PolarsResult<()> {
        self.flush()?;
        self.writer.finish().map(|_| ())
    }

    fn flush(&mut self) -> PolarsResult<()> {
        let rows = std::mem::replace(&mut self.rows, RowColumns::with_capacity(ROW_GROUP_ROWS));
        let [account, vat, file] = std::mem::replace(&mut self.beside, builders());
        let days = Int32Chunked::from_vec("date".into(), std::mem::take(&mut self.days));
        if rows.is_empty() {
            return Ok(());
        }
        let mut frame = rows.into_frame(0)?;
        for name in [SHIFT_COLUMN, CASE_COLUMN] {
            frame.drop_in_place(name)?;
        }
        let mut columns =
            vec![account.finish().into_series().into_column(), days.into_date().into_series().into_column()];
        columns.extend(frame.columns().iter().cloned());
        columns.push(vat.finish().into_series().into_column());
        columns.push(file.finish().into_series().into_column());
        let mut frame = DataFrame::new(frame.height(), columns)?;
        frame.rechunk_mut_par();
        self.writer.write_batch(&frame)
    }
}

fn builders() -> [StringChunkedBuilder; 3] {
    let [account, _, vat, file] = BESIDE;
    [account, vat, file].map(|name| StringChunkedBuilder::new(name.into(), ROW_GROUP_ROWS))
}

fn schema() -> Schema {
    let [account, date, vat, file] = BESIDE;
    let mut schema = Schema::with_capacity(23);
    schema.insert(account.into(), DataType::String);
    schema.insert(date.into(), DataType::Date);
    for (name, dtype) in
        settlement_schema().iter().filter(|(name, _)| ![SHIFT_COLUMN, CASE_COLUMN].contains(&name.as_str()))
    {
        schema.insert(name.clone(), dtype.clone());
    }
    schema.insert(vat.into(), DataType::String);
    schema.insert(file.into(), DataType::String);
    schema
}
