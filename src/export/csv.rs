//! CSV for programs and for spreadsheets (contract §3).
//!
//! `plain` is RFC 4180: UTF-8, comma, dot, CRLF. The Excel dialects change the separator, the decimal
//! mark and add a byte-order mark, so that a double click opens the file rightly in that country. Text
//! that a spreadsheet would run as a formula is neutralised; amounts stay numbers.

use std::fmt;
use std::str::FromStr;

use crate::domain::{Money, Sum};

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
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// Whether a spreadsheet could run a text: by its first visible character, or because it begins with one that
/// spreadsheets skip (OWASP ASVS 1.2.10, CWE-1236; leading blanks and full-width signs are inferred).
fn is_formula(text: &str) -> bool {
    const STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    text.starts_with(['\t', '\r', '\n', '\0']) || text.trim_start().starts_with(STARTS)
}

/// One line in the making, straight into bytes: for files of a million lines.
pub(super) struct CsvLine<'a> {
    out: &'a mut Vec<u8>,
    separator: u8,
    decimal_mark: u8,
    first: bool,
}

impl<'a> CsvLine<'a> {
    /// A line without cells.
    pub(super) fn new(dialect: CsvDialect, out: &'a mut Vec<u8>) -> Self {
        let (_, separator, decimal_mark, _) = dialect.row();
        Self { out, separator, decimal_mark: if decimal_mark == ',' { b',' } else { b'.' }, first: true }
    }

    /// The dialect's mark and the names of the columns.
    pub(super) fn header(dialect: CsvDialect, names: &[&str], out: &mut Vec<u8>) {
        out.extend_from_slice(dialect.row().3.as_bytes());
        let mut line = CsvLine::new(dialect, out);
        names.iter().for_each(|name| line.text(name));
        line.end();
    }

    /// A cell whose bytes the caller appends: digits and signs only.
    pub(super) fn raw(&mut self) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(self.separator);
        }
        self.out
    }

    /// Words from a file or a name; neutralised and quoted where needed.
    pub(super) fn text(&mut self, text: &str) {
        let separator = self.separator;
        let out = self.raw();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b':');
        if text.bytes().all(plain) {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        let special = |byte: u8| byte == separator || matches!(byte, b'"' | b'\r' | b'\n');
        let quoted = text.bytes().any(special);
        out.extend_from_slice(if quoted { b"\"" } else { b"" });
        out.extend_from_slice(if is_formula(text) { b"'" } else { b"" });
        for byte in text.bytes() {
            out.push(byte);
            if byte == b'"' {
                out.push(byte);
            }
        }
        out.extend_from_slice(if quoted { b"\"" } else { b"" });
    }

    /// A number without decimals.
    pub(super) fn number(&mut self, number: u64) {
        super::figures::push_number(number.into(), 1, self.raw());
    }

    /// An amount with exactly so many decimals; what is not known stays empty.
    pub(super) fn amount(&mut self, amount: Option<Sum>, decimals: u32) {
        let mark = self.decimal_mark;
        let out = self.raw();
        if let Some(amount) = amount {
            super::figures::push_amount(amount, decimals, mark, out);
        }
    }

    /// Ends the line.
    pub(super) fn end(self) {
        self.out.extend_from_slice(b"\r\n");
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
    fn a_line_straight_into_bytes_is_the_line_of_the_csv_crate() {
        for dialect in [CsvDialect::Plain, CsvDialect::ExcelFr, CsvDialect::ExcelEn] {
            for text in ["plain", "", "a,b", "a;b", "\"q\"", "a\nb", "=1+1", "=1,\"2\"", "é 🎁", "P02-1", "\r"] {
                let money = Amount::from_units(-12_345).in_currency("EUR".parse().unwrap());
                let mut expected = CsvText::new(dialect);
                expected.row(&[Cell::Text("x"), Cell::Text(text), Cell::Amount(money), Cell::Count(7)]).unwrap();
                let mut out = dialect.row().3.as_bytes().to_vec();
                let mut line = CsvLine::new(dialect, &mut out);
                line.text("x");
                line.text(text);
                line.amount(Some(Sum::from_units(-12_345)), 4);
                line.number(7);
                line.end();
                assert_eq!(String::from_utf8(out).unwrap(), expected.finish().unwrap());
            }
        }
    }

    #[test]
    fn formulas_are_neutralised_and_names_are_not() {
        for text in ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", " =1", "\u{a0}+1", "=cmd|'/C calc'!A0"] {
            assert!(neutral(text).starts_with('\''), "{text}");
        }
        assert_eq!(neutral("P02-1234567-1234567-C012345"), "P02-1234567-1234567-C012345");
    }
}
