//! Tables with a header: columns by name, rows of a fixed width, cells with their place.

use super::amount::{AmountFault, parse_amount};
use super::cells::{CellReader, Record};
use super::chunks::ends_in_quotes;
use super::fault::Fault;
use super::timestamp::TimestampCache;
use crate::domain::{Amount, Currency, Instant};

/// Columns of one report; the widest known has forty. Names are compared with each other, so this bounds the time.
const COLUMNS_MAX: usize = 4_096;

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

/// Splits one line into folded names, as [`Header`] folds them.
pub(super) fn split_line(line: &str) -> Vec<String> {
    CellReader::new(line, 1).read().map(|record| record.iter().map(fold).collect()).unwrap_or_default()
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
    pub(super) fn new(record: &Record<'_>) -> Result<Self, Fault> {
        let mut names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if names.len() > COLUMNS_MAX {
            return Err(Fault::TooManyColumns { limit: COLUMNS_MAX });
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
    pub(super) fn check_width(&self, record: &Record<'_>) -> Result<(), Fault> {
        let expected = self.names.len();
        let beyond = record.iter().skip(expected).any(|cell| !cell.trim().is_empty());
        if record.len() < expected || beyond { Err(Fault::CellCount { found: record.len(), expected }) } else { Ok(()) }
    }

    fn fault(&self, index: usize, fault: Fault) -> CellFault {
        CellFault { column: Some(self.name(index).to_owned()), fault }
    }

    /// An instant in a cell that must have one.
    pub(super) fn timestamp(
        &self,
        record: &Record<'_>,
        index: usize,
        cache: &mut TimestampCache,
    ) -> Result<Instant, CellFault> {
        let cell = record.get(index);
        cache.parse(cell.as_bytes()).map_err(|why| {
            let fault = if cell.trim().is_empty() {
                Fault::EmptyCell
            } else {
                Fault::Timestamp { value: cell.to_owned(), why }
            };
            self.fault(index, fault)
        })
    }

    /// A currency code in a cell that must have one.
    pub(super) fn currency(&self, record: &Record<'_>, index: usize) -> Result<Currency, CellFault> {
        let cell = record.get(index).trim();
        cell.parse().map_err(|_| {
            let fault = if cell.is_empty() { Fault::EmptyCell } else { Fault::Currency { value: cell.to_owned() } };
            self.fault(index, fault)
        })
    }

    /// An amount in a cell that must have one.
    pub(super) fn amount(&self, record: &Record<'_>, index: usize, currency: Currency) -> Result<Amount, CellFault> {
        let cell = record.get(index);
        parse_amount(cell.as_bytes()).and_then(|parsed| parsed.for_currency(currency)).map_err(|why| match why {
            AmountFault::Empty => self.fault(index, Fault::EmptyCell),
            why => self.fault(index, Fault::Amount { value: cell.to_owned(), currency: Some(currency), why }),
        })
    }

    /// What a row's fault really is, where the row is the file's last or belongs to another report.
    /// `tail` is the rest of the file from the row on, where the file ends with the row.
    pub(super) fn explain(&self, fault: CellFault, record: &Record<'_>, tail: Option<&[u8]>) -> CellFault {
        let first = fold(record.get(0));
        if first == "amazon payments advanced" || self.folded.first() == Some(&first) {
            return Fault::SecondReport.into();
        }
        match (fault.fault, tail) {
            (_, Some(tail)) if ends_in_quotes(tail) => Fault::EndsInQuotes.into(),
            (Fault::CellCount { found, expected }, Some(_)) if found < expected => {
                Fault::EndsInRow { found, expected }.into()
            }
            (other, _) => CellFault { column: fault.column, fault: other },
        }
    }
}

/// Refuses a row that holds a NUL byte: `nul` is where the first one stands in the text, `end` where
/// the row ends.
pub(super) fn check_nul(nul: Option<usize>, end: usize) -> Result<(), Fault> {
    if nul.is_some_and(|nul| nul < end) { Err(Fault::NulBytes) } else { Ok(()) }
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
