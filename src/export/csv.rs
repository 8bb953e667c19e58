//! CSV for programs and for spreadsheets (contract §3).
//!
//! `plain` is RFC 4180: UTF-8, comma, dot, CRLF. The Excel dialects change the separator, the decimal
//! mark and add a byte-order mark, so that a double click opens the file rightly in that country. Text
//! that a spreadsheet would run as a formula is neutralised; amounts stay numbers.

use std::fmt;
use std::str::FromStr;

use crate::domain::Money;

/// A way to write CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvDialect {
    /// RFC 4180.
    #[default]
    Plain,
    /// Semicolon, decimal comma, mark.
    ExcelFr,
    /// Semicolon, decimal comma, mark.
    ExcelDe,
    /// Comma, decimal dot, mark.
    ExcelEn,
}

/// The text names no dialect.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a dialect; expected plain, excel-en, excel-fr or excel-de")]
pub struct UnknownDialect(String);

impl CsvDialect {
    /// Word, separator, decimal mark, byte-order mark of every dialect.
    const TABLE: [(CsvDialect, &'static str, u8, char, &'static str); 4] = [
        (CsvDialect::Plain, "plain", b',', '.', ""),
        (CsvDialect::ExcelEn, "excel-en", b',', '.', "\u{feff}"),
        (CsvDialect::ExcelFr, "excel-fr", b';', ',', "\u{feff}"),
        (CsvDialect::ExcelDe, "excel-de", b';', ',', "\u{feff}"),
    ];

    fn row(self) -> (&'static str, u8, char, &'static str) {
        let row = Self::TABLE.iter().find(|row| row.0 == self);
        row.map_or(("plain", b',', '.', ""), |row| (row.1, row.2, row.3, row.4))
    }
}

impl fmt::Display for CsvDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)
    }
}

impl FromStr for CsvDialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        let row = Self::TABLE.iter().find(|row| row.1 == text);
        row.map(|row| row.0).ok_or_else(|| UnknownDialect(text.to_owned()))
    }
}

/// One cell: what kind of thing it is decides how it is written.
#[derive(Clone, Debug)]
pub(super) enum Cell<'a> {
    /// Nothing is known: stays empty, never zero.
    Empty,
    /// Words from a file or a name; neutralised.
    Text(&'a str),
    /// A number without decimals.
    Count(u64),
    /// A number of our own making, signed or with decimals: a rate, days left.
    Number(&'a str),
    /// An amount; the currency stands in its own column.
    Amount(Money),
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Empty, Cell::Text)
    }
}

/// A CSV text in the making.
pub struct CsvText {
    writer: ::csv::Writer<Vec<u8>>,
    decimal_mark: char,
    mark: &'static str,
}

impl CsvText {
    /// An empty text.
    #[must_use]
    pub fn new(dialect: CsvDialect) -> Self {
        let (_, separator, decimal_mark, mark) = dialect.row();
        let mut builder = ::csv::WriterBuilder::new();
        builder.delimiter(separator).terminator(::csv::Terminator::CRLF);
        Self { writer: builder.from_writer(Vec::new()), decimal_mark, mark }
    }

    /// Adds the names of the columns.
    pub(super) fn header(&mut self, names: &[&str]) -> Result<(), ::csv::Error> {
        self.writer.write_record(names)
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ::csv::Error> {
        for cell in cells {
            let text = match cell {
                Cell::Empty => String::new(),
                Cell::Text(text) => neutral(text),
                Cell::Count(count) => count.to_string(),
                Cell::Number(number) => number.replace('.', &self.decimal_mark.to_string()),
                Cell::Amount(money) => money.to_string().replace('.', &self.decimal_mark.to_string()),
            };
            self.writer.write_field(text)?;
        }
        self.writer.write_record(None::<&[u8]>)
    }

    /// The finished text.
    ///
    /// # Errors
    /// Never with a text in memory; the csv crate's signature is passed on.
    pub fn finish(self) -> Result<String, ::csv::Error> {
        let bytes = self.writer.into_inner().map_err(|why| ::csv::Error::from(why.into_error()))?;
        Ok(format!("{}{}", self.mark, String::from_utf8_lossy(&bytes)))
    }
}

/// Puts an apostrophe before text that a spreadsheet would take for a formula.
fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Amount;

    fn line(dialect: CsvDialect) -> String {
        let mut text = CsvText::new(dialect);
        let money = Amount::from_units(-12_345_000).in_currency("EUR".parse().unwrap());
        text.row(&[Cell::Text("=1+1"), Cell::Text("a;b,\"c\""), Cell::Amount(money), Cell::Empty, Cell::Count(3)])
            .unwrap();
        text.finish().unwrap()
    }

    #[test]
    fn dialects_change_separator_decimal_mark_and_byte_order_mark() {
        assert_eq!(line(CsvDialect::Plain), "'=1+1,\"a;b,\"\"c\"\"\",-1234.50,,3\r\n");
        assert_eq!(line(CsvDialect::ExcelFr), "\u{feff}'=1+1;\"a;b,\"\"c\"\"\";-1234,50;;3\r\n");
        assert!(line(CsvDialect::ExcelEn).starts_with("\u{feff}'=1+1,"));
    }

    #[test]
    fn formulas_are_neutralised_and_names_are_not() {
        for text in ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"] {
            assert!(neutral(text).starts_with('\''), "{text}");
        }
        assert_eq!(neutral("P02-1234567-1234567-C012345"), "P02-1234567-1234567-C012345");
    }
}
