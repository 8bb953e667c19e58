//! Tables with a header: columns by name, rows of a fixed width, cells with their place.

use csv::{ReaderBuilder, StringRecord};

use super::amount::parse_amount;
use super::fault::Fault;
use super::timestamp::parse_timestamp;
use crate::domain::{Amount, Currency, Instant};

/// A fault in a cell of a known column.
pub(super) struct CellFault {
    pub(super) column: Option<String>,
    pub(super) fault: Fault,
}

impl From<Fault> for CellFault {
    fn from(fault: Fault) -> Self {
        Self { column: None, fault }
    }
}

/// A reader over a run of whole records; rows may differ in length, because the real header has a
/// sixteenth, empty cell that its rows lack.
pub(super) fn records(text: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(64 << 10).from_reader(text)
}

/// Byte and line at which the record after a position begins. The csv crate ends a record at the CR of
/// a CRLF and passes blank lines only with the next record, so its own position can lie before those.
pub(super) fn record_start(text: &[u8], position: &csv::Position) -> (usize, u64) {
    let byte = usize::try_from(position.byte()).unwrap_or(0);
    let ends = text.get(byte..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let (skipped, lines) = ends.fold((0, 0), |(skipped, lines), byte| (skipped + 1, lines + u64::from(*byte == b'\n')));
    (byte + skipped, position.line() + lines)
}

/// Splits one line into folded names, as [`Header`] folds them.
pub(super) fn split_line(line: &str) -> Vec<String> {
    let mut record = StringRecord::new();
    match records(line.as_bytes()).read_record(&mut record) {
        Ok(true) => record.iter().map(fold).collect(),
        _ => Vec::new(),
    }
}

/// Trimmed of blanks, quotes and a byte-order mark, in lower case.
pub(super) fn fold(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '"')).to_lowercase()
}

/// The names of a table's columns.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    folded: Vec<String>,
}

impl Header {
    /// Takes a header row; empty names at its end (a trailing comma) are no columns.
    pub(super) fn new(record: &StringRecord) -> Result<Self, Fault> {
        let mut names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        for (index, name) in folded.iter().enumerate() {
            if !name.is_empty() && folded.iter().take(index).any(|earlier| earlier == name) {
                return Err(Fault::DuplicateColumn { name: names.get(index).cloned().unwrap_or_default() });
            }
        }
        Ok(Self { names, folded })
    }

    /// The position of a column.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.folded.iter().position(|folded| folded.eq_ignore_ascii_case(name))
    }

    /// The position of a column that must be there.
    pub(super) fn require(&self, name: &'static str) -> Result<usize, Fault> {
        self.find(name).ok_or_else(|| Fault::MissingColumn { name, have: self.names.clone() })
    }

    /// The name as the file spells it.
    pub(super) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// Positions and names of the columns that are not among `known`.
    pub(super) fn others(&self, known: &[usize]) -> Vec<(usize, String)> {
        let named = self.names.iter().enumerate().filter(|(_, name)| !name.is_empty());
        named.filter(|(index, _)| !known.contains(index)).map(|(index, name)| (index, name.clone())).collect()
    }

    /// Whether the row has a cell for every column and nothing beyond.
    pub(super) fn check_width(&self, record: &StringRecord) -> Result<(), Fault> {
        let expected = self.names.len();
        let beyond = record.iter().skip(expected).any(|cell| !cell.trim().is_empty());
        if record.len() < expected || beyond { Err(Fault::CellCount { found: record.len(), expected }) } else { Ok(()) }
    }

    fn fault(&self, index: usize, fault: Fault) -> CellFault {
        CellFault { column: Some(self.name(index).to_owned()), fault }
    }

    /// An instant in a cell that must have one.
    pub(super) fn timestamp(&self, record: &StringRecord, index: usize) -> Result<Instant, CellFault> {
        let cell = record.get(index).unwrap_or_default();
        parse_timestamp(cell.as_bytes()).map_err(|why| {
            let fault = if cell.trim().is_empty() {
                Fault::EmptyCell
            } else {
                Fault::Timestamp { value: cell.to_owned(), why }
            };
            self.fault(index, fault)
        })
    }

    /// A currency code in a cell that must have one.
    pub(super) fn currency(&self, record: &StringRecord, index: usize) -> Result<Currency, CellFault> {
        let cell = record.get(index).unwrap_or_default().trim();
        cell.parse().map_err(|_| {
            let fault = if cell.is_empty() { Fault::EmptyCell } else { Fault::Currency { value: cell.to_owned() } };
            self.fault(index, fault)
        })
    }

    /// An amount in a cell that must have one.
    pub(super) fn amount(&self, record: &StringRecord, index: usize, currency: Currency) -> Result<Amount, CellFault> {
        let cell = record.get(index).unwrap_or_default();
        parse_amount(cell.as_bytes())
            .and_then(|parsed| parsed.for_currency(currency))
            .map_err(|why| self.fault(index, Fault::Amount { value: cell.to_owned(), currency: Some(currency), why }))
    }
}

/// Whether a record is a line of blanks or of bare separators, as spreadsheet programs leave behind.
pub(super) fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// Adds `"name":"value"` pairs for the non-empty cells of unknown columns, as one JSON object.
pub(super) fn write_extra<'r>(target: &mut String, cells: impl Iterator<Item = (&'r str, &'r str)>) {
    target.clear();
    for (name, value) in cells.filter(|(_, value)| !value.is_empty()) {
        target.push(if target.is_empty() { '{' } else { ',' });
        target.push_str(&serde_json::Value::from(name).to_string());
        target.push(':');
        target.push_str(&serde_json::Value::from(value).to_string());
    }
    if !target.is_empty() {
        target.push('}');
    }
}
