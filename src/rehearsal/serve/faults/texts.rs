//! What faults do to the bytes of a report.

use std::io::Write;

use encoding_rs::WINDOWS_1252;
use flate2::Compression;
use flate2::write::GzEncoder;

const BOM: &str = "\u{feff}";
/// The first cell of the header row of a settlement report.
const HEADER: &str = "\"TransactionPostedDate\"";
/// Characters whose bytes in windows-1252 are control codes in ISO 8859-1.
const TELLING: &str = "\u{20ac}\u{201c}\u{2122}";
/// The column of the merchant's own reference, and that of the store's name, in a settlement report.
const REFERENCE_COLUMN: usize = 3;
const STORE_COLUMN: usize = 7;
/// Stands between two cells.
const BETWEEN: &str = "\",\"";

/// The same bytes behind a byte order mark.
pub(super) fn with_mark(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(BOM.as_bytes()) { bytes.to_vec() } else { [BOM.as_bytes(), bytes].concat() }
}

/// The same text in windows-1252, with telling characters in the store's name of the first row.
pub(super) fn in_windows_1252(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix(BOM).unwrap_or(&text);
    let told = with_cell(text, STORE_COLUMN, TELLING).unwrap_or_else(|| format!("{text}{TELLING}"));
    WINDOWS_1252.encode(&told).0.into_owned()
}

/// Everything until the header row, and nothing after it.
pub(super) fn header_only(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let header = text.find(HEADER).unwrap_or(0);
    let end = text.get(header..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| header + at + 1);
    text.get(..end).unwrap_or_default().as_bytes().to_vec()
}

/// The same settlement with the merchant's reference of one row changed; no amount changes.
pub(super) fn with_line_changed(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    with_cell(&text, REFERENCE_COLUMN, "-CORRECTED").unwrap_or_else(|| format!("{text}\n")).into_bytes()
}

/// The text with something added to a cell of the first row after the header.
fn with_cell(text: &str, column: usize, addition: &str) -> Option<String> {
    let header = text.find(HEADER)?;
    let row = header + text.get(header..)?.find('\n')? + 1;
    let rest = text.get(row..)?;
    let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let mut cells: Vec<String> = rest.get(..length)?.split(BETWEEN).map(str::to_owned).collect();
    cells.get_mut(column)?.push_str(addition);
    Some(format!("{}{}{}", text.get(..row)?, cells.join(BETWEEN), rest.get(length..)?))
}

/// The same bytes, compressed; no name and no time, so that the same bytes give the same bytes.
pub(super) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\u{feff}\"Settlement Report\",\n\"TransactionPostedDate\",\"b\"\n\
                        \"0\",\"1\",\"2\",\"ref\",\"4\",\"5\",\"6\",\"L'Été\",\"8\"\n\"last\"\n";

    #[test]
    fn a_changed_line_changes_one_cell() {
        let changed = String::from_utf8(with_line_changed(FILE.as_bytes())).unwrap();
        assert_eq!(changed, FILE.replace("\"ref\"", "\"ref-CORRECTED\""));
    }

    #[test]
    fn the_telling_bytes_are_there_in_windows_1252() {
        let bytes = in_windows_1252(FILE.as_bytes());
        assert!(bytes.windows(3).any(|window| window == [0x80, 0x93, 0x99]), "{bytes:?}");
        assert!(bytes.starts_with(b"\"Settlement") && bytes.contains(&0xc9));
    }

    #[test]
    fn only_the_header_stays() {
        assert!(header_only(FILE.as_bytes()).ends_with(b"\"TransactionPostedDate\",\"b\"\n"));
        assert_eq!(header_only(b"a,b\n1,2\n"), b"a,b\n");
        assert_eq!(with_mark(FILE.as_bytes()), FILE.as_bytes());
        assert!(with_mark(b"a").starts_with(&[0xef, 0xbb, 0xbf]));
    }
}
