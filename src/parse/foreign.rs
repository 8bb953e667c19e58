//! Tables of other programs: order lists of shops, CSV statements of banks.
//!
//! Nothing is known of them but what a mapping says, so the separator is seen in the header, columns
//! are found by name, extra ones are ignored, and only what the sink asks for leaves this module. Text,
//! lines, pieces and limits are those of Amazon's own tables.

use std::io::{self, Read};
use std::sync::PoisonError;

use memchr::{memchr, memmem};

use super::cells::{CellReader, Record, trimmed};
use super::chunks::{Chunk, ChunkReader, ends_in_quotes_by};
use super::document::{OpenText, ReadOptions, charset_warning, open_text};
use super::fault::{Fault, REPLACEMENT, ReadError, Warning};
use super::identify::foreign_bytes;
use super::input::Input;
use super::pieces::{Parsed, parse_in_parallel};
use super::settlement::{raw_text, utf8};
use super::table::{check_nul, fold};
use super::text::Charset;
use crate::domain::DocumentId;

/// Separators that programs write, in the order of preference between equals.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A file whose quotes confuse the cutting is read again in one piece, up to this size.
const ONE_PIECE_BYTES: usize = 1 << 30;
/// Columns of one table; the widest exports of shops have some hundreds.
const COLUMNS_MAX: usize = 4_096;

/// A foreign table that was read whole.
#[derive(Debug)]
pub struct ForeignTable {
    /// The SHA-256 of its unpacked bytes.
    pub id: DocumentId,
    /// Rows below the header.
    pub rows: u64,
    /// What is worth saying about it.
    pub warnings: Vec<Warning>,
}

/// The columns of a foreign table.
#[derive(Clone, Debug)]
pub struct ForeignHeader {
    names: Vec<String>,
    folded: Vec<String>,
    separator: u8,
    /// The line on which it stands.
    pub line: u64,
}

impl ForeignHeader {
    /// The position of a column, by its name without regard to case and surrounding blanks.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let wanted = fold(name);
        self.folded.iter().position(|folded| *folded == wanted)
    }

    /// The columns as the file spells them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A column's name as the file spells it.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }
}

/// One row of a foreign table.
#[derive(Clone, Copy)]
pub struct ForeignRow<'r> {
    record: Record<'r>,
}

impl<'r> ForeignRow<'r> {
    /// A cell, trimmed; empty where the row has fewer.
    #[must_use]
    pub fn get(&self, index: usize) -> &'r str {
        trimmed(self.record.get(index))
    }

    /// Its line in the file.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.record.line
    }
}

/// Why a row was refused: the fault, and the column where it lies in one.
#[derive(Debug)]
pub struct CellReason {
    /// The line, where it is not that of the row.
    pub line: Option<u64>,
    /// The column.
    pub column: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

impl CellReason {
    /// A fault in a cell.
    #[must_use]
    pub fn at(column: usize, fault: Fault) -> Self {
        Self { line: None, column: Some(column), fault }
    }
}

impl From<Fault> for CellReason {
    fn from(fault: Fault) -> Self {
        Self { line: None, column: None, fault }
    }
}

/// Takes the rows of one piece of a foreign table, in their order.
pub trait ForeignSink: Send {
    /// One row.
    ///
    /// # Errors
    /// Refuses the file.
    fn row(&mut self, row: &ForeignRow<'_>) -> Result<(), CellReason>;
}

/// Makes the sink of a piece.
pub type MakeSink<S> = Box<dyn Fn() -> S + Send + Sync>;

/// Reads a table whole. `begin` sees the header, perhaps twice, where the charset or the cutting was not
/// what it seemed: what was taken before is void then. `take` gets the pieces in the order of the file.
///
/// # Errors
/// The file with its line and column; nothing of it may be used then.
pub fn read_foreign<S: ForeignSink>(
    input: &Input,
    options: &ReadOptions,
    begin: &mut dyn FnMut(&ForeignHeader) -> Result<MakeSink<S>, Fault>,
    take: &mut dyn FnMut(S) -> Result<(), CellReason>,
) -> Result<ForeignTable, ReadError> {
    let mut attempt = |charset, piece| Attempt { input, options, charset, piece }.read(begin, take);
    let mut read = |piece| match attempt(Charset::Utf8, piece) {
        Err(error) if matches!(error.fault, Fault::NotUtf8) => {
            attempt(Charset::Legacy(encoding_rs::WINDOWS_1252), piece)
        }
        done => done,
    };
    let error = match read(input.piece_bytes()) {
        Err(error) => error,
        done => return done,
    };
    // A lone quote in a bare cell can mislead the cutting of a large file.
    let may_be_cut = matches!(error.fault, Fault::CellCount { .. } | Fault::EndsInRow { .. } | Fault::EndsInQuotes);
    let large = input.length_on_disk().is_some_and(|length| length >= input.piece_bytes() as u64 / 40);
    if may_be_cut && large { read(ONE_PIECE_BYTES) } else { Err(error) }
}

struct Attempt<'a> {
    input: &'a Input,
    options: &'a ReadOptions,
    charset: Charset,
    piece: usize,
}

impl Attempt<'_> {
    fn read<S: ForeignSink>(
        &self,
        begin: &mut dyn FnMut(&ForeignHeader) -> Result<MakeSink<S>, Fault>,
        take: &mut dyn FnMut(S) -> Result<(), CellReason>,
    ) -> Result<ForeignTable, ReadError> {
        let file = self.input.name();
        let at_file = |fault: Fault| fault.at(file, None, None);
        let opened = open_text(self.input, self.options, None, self.charset);
        let (mut text, charset, passage): OpenText = opened.map_err(at_file)?;
        let mut warnings = charset_warning(charset);
        let mut chunks = ChunkReader::new(&mut text, self.piece);
        let rows = self.read_rows(&mut chunks, begin, take, &mut warnings)?;
        io::copy(&mut text, &mut io::sink()).map_err(|why| at_file(why.into()))?;
        let (id, _) = passage.lock().unwrap_or_else(PoisonError::into_inner).id();
        Ok(ForeignTable { id, rows, warnings })
    }

    fn read_rows<S: ForeignSink, T: Read + Send>(
        &self,
        chunks: &mut ChunkReader<T>,
        begin: &mut dyn FnMut(&ForeignHeader) -> Result<MakeSink<S>, Fault>,
        take: &mut dyn FnMut(S) -> Result<(), CellReason>,
        warnings: &mut Vec<Warning>,
    ) -> Result<u64, ReadError> {
        let file = self.input.name();
        let first = chunks.next_chunk().and_then(|chunk| chunk.ok_or(Fault::EmptyFile));
        let mut first = first.map_err(|fault| fault.at(file, None, None))?;
        if let Some(fault) = foreign_bytes(&first.text) {
            return Err(fault.at(file, None, None));
        }
        let header = read_header(&mut first).map_err(|fault| fault.at(file, None, None))?;
        let make = begin(&header).map_err(|fault| fault.at(file, header.line, None))?;
        let parse = |chunk: &Chunk| {
            let mut sink = make();
            let rows = read_piece(file, chunk, &header, &mut sink)?;
            let replaced = memmem::find(&chunk.text, REPLACEMENT).map(|at| chunk.line_at(at));
            Ok(Parsed { sink, rows, replaced })
        };
        let (mut total, mut replaced) = (0, None);
        let mut collect = |parsed: Parsed<S>| {
            total += parsed.rows;
            replaced = replaced.or(parsed.replaced);
            take(parsed.sink).map_err(|reason| at_cell(reason, file, None, &header))
        };
        if first.last {
            collect(parse(&first)?)?;
        } else {
            parse_in_parallel(file, first, chunks, self.options.workers, &parse, &mut collect)?;
        }
        warnings.extend(replaced.map(Warning::replaced));
        Ok(total)
    }
}

fn at_cell(reason: CellReason, file: &str, line: Option<u64>, header: &ForeignHeader) -> ReadError {
    let column = reason.column.map(|column| header.name(column).to_owned());
    reason.fault.at(file, reason.line.or(line), column.as_deref())
}

/// Reads the header from the first piece and removes it from it. A first line `sep=;` is for spreadsheet
/// programs.
fn read_header(chunk: &mut Chunk) -> Result<ForeignHeader, Fault> {
    let text = utf8(&chunk.text)?;
    if text.trim().is_empty() {
        return Err(Fault::EmptyFile);
    }
    if text.trim_start().starts_with('<') {
        return Err(Fault::Html);
    }
    let stated = text.get(..5).filter(|head| head.to_ascii_lowercase().starts_with("sep="));
    let stated = stated.and_then(|head| head.as_bytes().get(4).copied()).filter(|byte| !byte.is_ascii_alphanumeric());
    let skipped = if stated.is_some() { text.find('\n').map_or(text.len(), |end| end + 1) } else { 0 };
    let body = text.get(skipped..).unwrap_or_default();
    let separator = stated.unwrap_or_else(|| separator_of(body));
    let mut reader = CellReader::separated_by(separator, body, chunk.first_line + u64::from(stated.is_some()));
    let record = reader.read().ok_or(Fault::EmptyFile)?;
    if record.iter().any(|name| name.contains('\0')) {
        return Err(Fault::Binary);
    }
    let mut names: Vec<String> = record.iter().take(COLUMNS_MAX).map(|name| name.trim().to_owned()).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    let folded = names.iter().map(|name| fold(name)).collect();
    let header = ForeignHeader { names, folded, separator, line: record.line };
    let (next_line, rest) = (reader.line(), skipped + reader.position());
    chunk.first_line = next_line;
    chunk.text.drain(..rest);
    Ok(header)
}

/// The separator that cuts the first line into the most cells.
fn separator_of(text: &str) -> u8 {
    let cells = |separator: u8| CellReader::separated_by(separator, text, 1).read().map_or(0, |record| record.len());
    let mut best = (SEPARATORS[0], 0);
    for separator in SEPARATORS {
        let count = cells(separator);
        if count > best.1 {
            best = (separator, count);
        }
    }
    best.0
}

fn read_piece<S: ForeignSink>(
    file: &str,
    chunk: &Chunk,
    header: &ForeignHeader,
    sink: &mut S,
) -> Result<u64, ReadError> {
    let text = utf8(&chunk.text).map_err(|fault| fault.at(file, chunk.first_line, None))?;
    let nul = memchr(0, &chunk.text);
    let mut reader = CellReader::separated_by(header.separator, text, chunk.first_line);
    let mut rows = 0;
    while let Some(record) = reader.read() {
        let (line, raw) = (record.line, record.raw);
        check_nul(nul, raw.1).map_err(|fault| fault.at(file, line, None))?;
        if record.is_blank() {
            continue;
        }
        let read = check_width(header, &record).and_then(|()| sink.row(&ForeignRow { record }));
        if let Err(reason) = read {
            let at_end = chunk.last && reader.tail(raw).is_some();
            let CellReason { line: own_line, column, fault } = reason;
            let reason = match fault {
                _ if at_end && ends_in_quotes_by(header.separator, raw_text(text, raw)) => Fault::EndsInQuotes.into(),
                Fault::CellCount { found, expected } if at_end && found < expected => {
                    Fault::EndsInRow { found, expected }.into()
                }
                fault => CellReason { line: own_line, column, fault },
            };
            return Err(at_cell(reason, file, Some(line), header));
        }
        rows += 1;
    }
    let last = reader.record();
    if chunk.last && ends_in_quotes_by(header.separator, raw_text(text, last.raw)) {
        return Err(Fault::EndsInQuotes.at(file, last.line, None));
    }
    Ok(rows)
}

/// Whether the row has a cell for every column and nothing beyond. A decimal comma in a bare cell of a
/// table cut at commas shows here.
fn check_width(header: &ForeignHeader, record: &Record<'_>) -> Result<(), CellReason> {
    let expected = header.names.len();
    let beyond = record.len() > expected && record.iter().skip(expected).any(|cell| !cell.trim().is_empty());
    if record.len() < expected || beyond {
        return Err(Fault::CellCount { found: record.len(), expected }.into());
    }
    Ok(())
}
