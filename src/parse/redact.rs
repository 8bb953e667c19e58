//! A transaction report without its buyers: the cells that name one are emptied in the rows that are wanted, and
//! every other cell stays as it is, so that amounts, states and ids read the same.

use std::io::Read;

use encoding_rs::WINDOWS_1252;

use super::cells::CellReader;
use super::fault::Fault;
use super::input::Input;
use super::privacy::is_personal;
use super::table::fold;
use super::text::{Charset, TextReader};

/// The largest report that is rewritten; the largest known ones have about 100 MB.
pub const REDACT_BYTES_MAX: u64 = 1 << 30;

/// Columns whose text the merchant wrote, where a buyer's name may stand.
const FREE_TEXT: &str = "note";

/// One row of a transaction report, for whoever decides about it.
pub struct ReportRow<'r> {
    cells: &'r [(&'r str, &'r str)],
}

impl ReportRow<'_> {
    /// Whether any cell is this text, whatever the case.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        self.cells.iter().any(|(_, cell)| cell.trim().eq_ignore_ascii_case(text))
    }

    /// The cells of columns with one of these names, in lower case, that are not empty.
    pub fn cells_of<'s>(&'s self, columns: &'s [&str]) -> impl Iterator<Item = &'s str> {
        let named = self.cells.iter().filter(|(name, cell)| columns.contains(name) && !cell.trim().is_empty());
        named.map(|(_, cell)| cell.trim())
    }

    /// Whether it names a buyer.
    #[must_use]
    pub fn names_a_buyer(&self) -> bool {
        self.cells.iter().any(|(name, cell)| is_personal(name) && !cell.is_empty())
    }
}

/// A report without the buyers of some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// Its text.
    pub text: String,
    /// Rows in which something was emptied.
    pub rows: u64,
}

/// The text of a stored report; `None` where it is too large or no text.
///
/// # Errors
/// [`Fault`] where it cannot be read.
pub fn report_text(input: &Input) -> Result<Option<String>, Fault> {
    if input.length_on_disk().is_none_or(|bytes| bytes > REDACT_BYTES_MAX) {
        return Ok(None);
    }
    let legacy = Charset::Legacy(input.charset().unwrap_or(WINDOWS_1252));
    for charset in [Charset::Utf8, legacy] {
        let (mut reader, _) = TextReader::new(Box::new(input.open()?), charset)?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        if let Ok(text) = String::from_utf8(bytes) {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Looks at every row of a report.
pub fn each_row(text: &str, look: &mut dyn FnMut(&ReportRow<'_>)) {
    let mut reader = CellReader::new(text, 1);
    let Some(header) = reader.read() else { return };
    let names: Vec<String> = header.iter().map(fold).collect();
    while let Some(record) = reader.read() {
        let cells: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(record.iter()).collect();
        look(&ReportRow { cells: &cells });
    }
}

/// Empties what names the buyers of the wanted rows.
pub fn redact(text: &str, wanted: &dyn Fn(&ReportRow<'_>) -> bool) -> Redacted {
    let mut redacted = Redacted { text: String::with_capacity(text.len()), rows: 0 };
    let mut reader = CellReader::new(text, 1);
    let Some(header) = reader.read() else { return redacted };
    let names: Vec<String> = header.iter().map(fold).collect();
    let mut copied = 0;
    while let Some(record) = reader.read() {
        let cells: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(record.iter()).collect();
        let emptied = |(name, cell): &(&str, &str)| !cell.is_empty() && (is_personal(name) || name.contains(FREE_TEXT));
        if !cells.iter().any(emptied) || !wanted(&ReportRow { cells: &cells }) {
            continue;
        }
        let (start, end) = record.raw;
        redacted.text.push_str(text.get(copied..start).unwrap_or_default());
        let kept: Vec<String> = record
            .iter()
            .enumerate()
            .map(|(index, cell)| if cells.get(index).is_some_and(emptied) { quoted("") } else { quoted(cell) })
            .collect();
        redacted.text.push_str(&kept.join(","));
        let raw = text.get(start..end).unwrap_or_default();
        redacted.text.push_str(raw.get(raw.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default());
        redacted.rows += 1;
        copied = end;
    }
    redacted.text.push_str(text.get(copied..).unwrap_or_default());
    redacted
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\"AmazonCaptureId\",\"CaptureAmount\",\"BuyerName\",\"BuyerEmailAddress\",\"SellerCaptureNote\"\r\n\
        \"C1\",\"7.07\",\"Zo\u{eb} \"\"Z\"\" M\",\"z@example.com\",\"for Zo\u{eb}\"\r\n\
        C2,8.00,Ann,ann@example.com,\n\n\"C3\",\"9.00\",\"\",\"\",\"\"";

    #[test]
    fn only_the_wanted_rows_lose_their_buyer_and_nothing_else_changes() {
        let all = redact(REPORT, &|_| true);
        assert_eq!(all.rows, 2);
        assert_eq!(
            all.text,
            "\"AmazonCaptureId\",\"CaptureAmount\",\"BuyerName\",\"BuyerEmailAddress\",\"SellerCaptureNote\"\r\n\
             \"C1\",\"7.07\",\"\",\"\",\"\"\r\n\"C2\",\"8.00\",\"\",\"\",\"\"\n\n\"C3\",\"9.00\",\"\",\"\",\"\""
        );
        let one = redact(REPORT, &|row| row.has("ANN@example.com"));
        assert_eq!(one.rows, 1);
        assert!(one.text.contains("Zo\u{eb} \"\"Z\"\" M") && !one.text.contains("ann"));
        assert_eq!(redact(REPORT, &|_| false), Redacted { text: REPORT.to_owned(), rows: 0 });
        assert_eq!(redact(&all.text, &|_| true).rows, 0, "it is done once");
    }
}
