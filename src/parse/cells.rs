//! Records and their cells, as slices of the text.
//!
//! Amazon quotes every cell, so nearly every record is `"…","…"` without a quote inside a cell. Such a
//! record is cut by looking for its quotes alone, without copying a byte. Other programs quote only
//! where they must, so cells without quotes are cut the same way. Every other record (doubled quotes,
//! stray quotes) goes through the csv crate's own state machine, which is the judge of what CSV means;
//! all paths give the same cells (a property below).

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr3};

/// Cells of a record for which room is made at first.
const CELLS_EXPECTED: usize = 32;
/// Cells of a record that are kept apart: more than any table has columns. What is beyond is one last cell, so that a
/// line of separators takes no more memory than its text.
const CELLS_MAX: usize = 65_536;

/// Reads one text record by record. Rows may differ in length; empty lines are no records.
pub(super) struct CellReader<'t> {
    text: &'t str,
    position: usize,
    line: u64,
    separator: u8,
    ranges: Vec<(usize, usize)>,
    unescaped: Unescaped,
    place: Place,
}

/// Where the record that was read last lies.
#[derive(Clone, Copy, Default)]
struct Place {
    line: u64,
    start: usize,
    end: usize,
    copied: bool,
}

/// Where a record ends, and the line feeds in it where they need not be counted, that of its end included.
#[derive(Clone, Copy)]
struct Cut {
    end: usize,
    line_feeds: Option<u64>,
}

/// Cells that had to be copied because they are not slices of the text.
#[derive(Default)]
struct Unescaped {
    /// Made when the first record needs it; most texts have none.
    machine: Option<csv_core::Reader>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    text: String,
}

/// One record.
#[derive(Clone, Copy)]
pub(super) struct Record<'r> {
    text: &'r str,
    ranges: &'r [(usize, usize)],
    /// Line of its first byte, from the line that the reader began with.
    pub(super) line: u64,
    /// Where its raw text begins and ends, line end included.
    pub(super) raw: (usize, usize),
}

impl<'r> Record<'r> {
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// A cell; empty where the record has fewer.
    pub(super) fn get(&self, index: usize) -> &'r str {
        self.ranges.get(index).and_then(|&(from, to)| self.text.get(from..to)).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'r str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// A line of blanks or of bare separators, as spreadsheet programs leave behind.
    pub(super) fn is_blank(&self) -> bool {
        trimmed(self.get(0)).is_empty() && self.iter().all(|cell| cell.trim().is_empty())
    }
}

/// A cell without blanks around it. Few cells have any, which two of their bytes tell.
#[must_use]
pub fn trimmed(cell: &str) -> &str {
    let bytes = cell.as_bytes();
    let is_bare = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if is_bare(bytes.first()) && is_bare(bytes.last()) { cell } else { cell.trim() }
}

impl<'t> CellReader<'t> {
    /// A reader of a text whose first line has this number.
    pub(super) fn new(text: &'t str, first_line: u64) -> Self {
        Self::separated_by(b',', text, first_line)
    }

    /// The same with another separator than a comma.
    pub(super) fn separated_by(separator: u8, text: &'t str, first_line: u64) -> Self {
        let unescaped = Unescaped::default();
        let ranges = Vec::with_capacity(CELLS_EXPECTED);
        Self { text, position: 0, line: first_line, separator, ranges, unescaped, place: Place::default() }
    }

    /// The line of what has not been read yet.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The position of what has not been read yet.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The text from a record on, where nothing but line ends follows the record.
    pub(super) fn tail(&self, (start, end): (usize, usize)) -> Option<&'t [u8]> {
        let bytes = self.text.as_bytes();
        let rest = bytes.get(end..)?;
        rest.iter().all(|byte| matches!(byte, b'\n' | b'\r')).then(|| bytes.get(start..).unwrap_or_default())
    }

    /// The next record.
    pub(super) fn read(&mut self) -> Option<Record<'_>> {
        self.skip_line_ends();
        if self.position >= self.text.len() {
            return None;
        }
        let (start, line) = (self.position, self.line);
        let quoted = self.cut_quoted().map(|end| Cut { end, line_feeds: None });
        let (Cut { end, line_feeds }, copied) = match quoted.or_else(|| self.cut_plain()) {
            Some(cut) => (cut, false),
            None => (Cut { end: self.unescape(), line_feeds: None }, true),
        };
        let line_feeds = line_feeds.unwrap_or_else(|| {
            let raw = self.text.as_bytes().get(start..end).unwrap_or_default();
            memchr::memchr_iter(b'\n', raw).count() as u64
        });
        self.line += line_feeds;
        self.position = end;
        self.place = Place { line, start, end, copied };
        Some(self.record())
    }

    /// The record that was read last.
    pub(super) fn record(&self) -> Record<'_> {
        let Place { line, start, end, copied } = self.place;
        let text = if copied { self.unescaped.text.as_str() } else { self.text };
        Record { text, ranges: &self.ranges, line, raw: (start, end) }
    }

    fn skip_line_ends(&mut self) {
        for byte in self.text.as_bytes().get(self.position..).unwrap_or_default() {
            match byte {
                b'\n' => self.line += 1,
                b'\r' => {}
                _ => return,
            }
            self.position += 1;
        }
    }

    /// Cuts a record whose cells are all quoted and hold no quote; gives the position after it, or
    /// `None` where it is of another form.
    fn cut_quoted(&mut self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        self.ranges.clear();
        let mut position = self.position;
        loop {
            if *bytes.get(position)? != b'"' {
                return None;
            }
            let from = position + 1;
            let to = from + memchr(b'"', bytes.get(from..)?)?;
            push(&mut self.ranges, (from, to));
            match (bytes.get(to + 1), bytes.get(to + 2)) {
                (Some(separator), Some(b'"')) if *separator == self.separator => position = to + 2,
                // A separator at the end of the line is one more, empty cell.
                (Some(separator), None | Some(b'\n' | b'\r')) if *separator == self.separator => {
                    push(&mut self.ranges, (to + 2, to + 2));
                    return Some(to + 2);
                }
                (None | Some(b'\n'), _) => return Some((to + 2).min(bytes.len())),
                (Some(b'\r'), _) => return Some(to + 2),
                _ => return None,
            }
        }
    }

    /// Cuts a record of bare cells and of quoted ones that hold no quote; `None` where it is of another form.
    fn cut_plain(&mut self) -> Option<Cut> {
        let bytes = self.text.as_bytes();
        self.ranges.clear();
        let (mut from, mut is_bare) = (self.position, true);
        loop {
            let (start, to, end) = match bytes.get(from) {
                Some(b'"') => {
                    is_bare = false;
                    let to = from + 1 + memchr(b'"', bytes.get(from + 1..)?)?;
                    (from + 1, to, to + 1)
                }
                _ => {
                    let rest = bytes.get(from..)?;
                    let to = from + memchr3(self.separator, b'\n', b'\r', rest).unwrap_or(rest.len());
                    (from, to, to)
                }
            };
            push(&mut self.ranges, (start, to));
            // A bare cell holds no line feed.
            let cut = |end, line_feeds| Some(Cut { end, line_feeds: is_bare.then_some(line_feeds) });
            match bytes.get(end) {
                Some(byte) if *byte == self.separator => from = end + 1,
                Some(b'\n') => return cut(end + 1, 1),
                Some(b'\r') => return cut(end + 1, 0),
                None => return cut(end, 0),
                _ => return None,
            }
        }
    }

    /// Reads a record of any form; gives the position after it.
    fn unescape(&mut self) -> usize {
        let Unescaped { machine, bytes, ends, text } = &mut self.unescaped;
        let separator = self.separator;
        let machine = machine.get_or_insert_with(|| csv_core::ReaderBuilder::new().delimiter(separator).build());
        machine.reset();
        let input = self.text.as_bytes();
        let (mut read, mut written, mut cells) = (self.position, 0, 0);
        bytes.resize(bytes.len().max(1_024), 0);
        ends.resize(ends.len().max(CELLS_EXPECTED), 0);
        loop {
            let rest = input.get(read..).unwrap_or_default();
            let (room, slots) = (bytes.get_mut(written..), ends.get_mut(cells..));
            let (Some(room), Some(slots)) = (room, slots) else { break };
            let (result, taken, put, ended) = machine.read_record(rest, room, slots);
            read += taken;
            written += put;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty if taken == 0 && rest.is_empty() => break,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => bytes.resize(bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if ends.len() < CELLS_MAX => ends.resize(ends.len() * 2, 0),
                // The end of the last cell is found anew.
                ReadRecordResult::OutputEndsFull => cells = CELLS_MAX - 1,
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        // Only whole characters are dropped from valid text, so what is left is valid text.
        text.clear();
        text.push_str(std::str::from_utf8(bytes.get(..written).unwrap_or_default()).unwrap_or_default());
        self.ranges.clear();
        let mut from = 0;
        for &to in ends.get(..cells).unwrap_or_default() {
            push(&mut self.ranges, (from, to));
            from = to;
        }
        read
    }
}

/// Adds a cell; where there are too many already, the last one grows instead.
fn push(ranges: &mut Vec<(usize, usize)>, cell: (usize, usize)) {
    let is_full = ranges.len() >= CELLS_MAX;
    match ranges.last_mut().filter(|_| is_full) {
        Some(last) => last.1 = cell.1,
        None => ranges.push(cell),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut reader = CellReader::new(text, 1);
        let mut records = Vec::new();
        while let Some(record) = reader.read() {
            records.push((record.line, record.iter().map(str::to_owned).collect()));
        }
        records
    }

    fn theirs(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        reader.records().map(|read| read.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        ours(text).into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn a_record_of_millions_of_cells_is_kept_in_few() {
        for cell in ["", "a", "\"a\"", "\"\"\"\""] {
            let text = format!("{}\nb", [cell].repeat(2 * CELLS_MAX).join(","));
            let mut reader = CellReader::new(&text, 1);
            let record = reader.read().unwrap();
            assert_eq!(record.len(), CELLS_MAX);
            assert!(record.get(CELLS_MAX - 1).len() >= CELLS_MAX - 1, "{cell}");
            assert_eq!(reader.read().unwrap().get(0), "b");
        }
    }

    #[test]
    fn lines_are_counted_by_line_feeds_whatever_the_line_ends() {
        for text in ["\"a\"\r\n\r\n\"b\r\nc\"\r\n\"d\"", "a\n\n\"b\nc\"\nd"] {
            let lines: Vec<u64> = ours(text).into_iter().map(|(line, _)| line).collect();
            assert_eq!(lines, [1, 3, 5], "{text:?}");
        }
    }

    #[test]
    fn quoted_records_bare_records_and_odd_ones_are_cut_alike() {
        for text in [
            "\"a\",\"b\"\n\"c\",\"d\"\n",
            "\"a\",\"b\"\r\n\"c\",\"d\"",
            "\"a\",\n\"b\",\"c\",\n",
            "\"a\",\"say \"\"hi\"\"\"\nx,y\n",
            "\"two\nlines\",\"b\"\n\"c\",\"d\"\n",
            "a,\"b\"\n\n\n\"c\"\n",
            "\"a\"x,\"b\"\n",
            "\"open\n",
            "\"\",\"\"\n",
            "",
            "\"a\",",
            "\"a\"",
        ] {
            assert_eq!(cells(text), theirs(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn every_text_is_cut_as_the_csv_crate_cuts_it(text in "[ab\"\",\\n\\ré]{0,40}") {
            prop_assert_eq!(cells(&text), theirs(&text));
        }
    }
}
