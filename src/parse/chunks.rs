//! Cuts a text into pieces that end where a record ends, so that two workers can read one file.
//!
//! A line end inside quotes is no record end; whether a position is inside quotes follows from the
//! number of quotes before it. Pieces carry the number of their first line.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::{memchr_iter, memrchr};

use super::fault::Fault;

/// Usual size of a piece: large enough to amortise a hand-over, small enough for flat memory.
pub(super) const CHUNK_BYTES: usize = 2 << 20;
/// Bytes read at a time: they are hashed while they are still near the processor.
const READ_BYTES: usize = 128 << 10;
/// Longest single record. No cell of a report is longer than a note.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// A run of whole records.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The text, not yet known to be UTF-8.
    pub(super) text: Vec<u8>,
    /// Position among the pieces, from 0.
    pub(super) index: usize,
    /// Line number of its first byte, from 1.
    pub(super) first_line: u64,
    /// Whether the file ends with it.
    pub(super) last: bool,
}

/// Buffers of pieces that are done with, to be filled again: fresh memory costs more than reading. What they held is
/// left in them, so that it need not be cleared.
pub(super) type Spares = Arc<Mutex<Vec<Vec<u8>>>>;

impl Chunk {
    /// The line on which a byte stands.
    pub(super) fn line_at(&self, byte: usize) -> u64 {
        self.first_line + memchr_iter(b'\n', self.text.get(..byte).unwrap_or_default()).count() as u64
    }
}

/// Reads a text piece by piece.
pub(super) struct ChunkReader<R> {
    text: R,
    spares: Spares,
    carried: Vec<u8>,
    size: usize,
    index: usize,
    line: u64,
    ended: bool,
}

impl<R: Read> ChunkReader<R> {
    pub(super) fn new(text: R, size: usize) -> Self {
        Self { text, spares: Spares::default(), carried: Vec::new(), size, index: 0, line: 1, ended: false }
    }

    /// Where buffers may be given back.
    pub(super) fn spares(&self) -> Spares {
        Arc::clone(&self.spares)
    }

    /// The next piece, or `None` after the last; an empty file gives one empty piece.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>, Fault> {
        if self.ended {
            return Ok(None);
        }
        let mut text = self.spares.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut filled = self.carried.len();
        text.resize(text.len().max(filled), 0);
        text.splice(..filled, self.carried.drain(..));
        loop {
            let wanted = self.size.max(filled.saturating_add(self.size / 2));
            filled = self.fill(&mut text, filled, wanted)?;
            self.ended = filled < wanted;
            if self.ended {
                text.truncate(filled);
                return Ok(Some(self.chunk(text)));
            }
            let known = text.get(..filled).unwrap_or_default();
            if let Some(end) = last_record_end(known) {
                self.carried.extend_from_slice(known.get(end..).unwrap_or_default());
                text.truncate(end);
                return Ok(Some(self.chunk(text)));
            }
            if filled > RECORD_BYTES_MAX.max(self.size) {
                return Err(Fault::RowTooLong { limit_mib: RECORD_BYTES_MAX >> 20 });
            }
        }
    }

    /// Reads on behind what a buffer is filled with until it is filled so far, or the text ends; gives how far it is.
    fn fill(&mut self, text: &mut Vec<u8>, mut filled: usize, wanted: usize) -> io::Result<usize> {
        while filled < wanted {
            let until = wanted.min(filled.saturating_add(READ_BYTES));
            if text.len() < until {
                // No more than a usual piece: a file that is read in one piece is mostly far smaller than it could be.
                text.resize(wanted.min(until.saturating_add(CHUNK_BYTES)), 0);
            }
            match self.text.read(text.get_mut(filled..until).unwrap_or_default()) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        Ok(filled)
    }

    fn chunk(&mut self, text: Vec<u8>) -> Chunk {
        let chunk = Chunk { index: self.index, first_line: self.line, last: self.ended, text };
        self.index += 1;
        self.line += memchr_iter(b'\n', &chunk.text).count() as u64;
        chunk
    }
}

/// The position after the last line end that is outside quotes, counting from a record's start.
fn last_record_end(text: &[u8]) -> Option<usize> {
    let quotes = memchr_iter(b'"', text).count();
    let mut end = text.len();
    let mut quotes_after = 0;
    loop {
        let position = memrchr(b'\n', text.get(..end)?)?;
        quotes_after += memchr_iter(b'"', text.get(position..end)?).count();
        if (quotes - quotes_after).is_multiple_of(2) {
            return Some(position + 1);
        }
        end = position;
    }
}

/// Whether a record's text ends before its last quoted cell does.
pub(super) fn ends_in_quotes(record: &[u8]) -> bool {
    ends_in_quotes_by(b',', record)
}

/// The same for cells that another separator cuts.
pub(super) fn ends_in_quotes_by(separator: u8, record: &[u8]) -> bool {
    let mut inside = false;
    let mut cell_starts = true;
    let mut bytes = record.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if inside {
            if byte == b'"' {
                inside = bytes.next_if(|next| **next == b'"').is_some();
            }
        } else {
            inside = byte == b'"' && cell_starts;
            cell_starts = byte == separator;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &[u8], size: usize) -> Vec<Chunk> {
        let mut reader = ChunkReader::new(text, size);
        std::iter::from_fn(|| reader.next_chunk().unwrap()).collect()
    }

    #[test]
    fn a_line_end_inside_quotes_does_not_end_a_piece() {
        let chunks = cut(b"\"a\nb\",1\n\"c\nd\",2\n\"e\"\n", 12);
        let texts: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.text.as_slice()).collect();
        assert_eq!(texts, [&b"\"a\nb\",1\n"[..], b"\"c\nd\",2\n\"e\"\n", b""]);
        assert_eq!(chunks.iter().map(|chunk| chunk.first_line).collect::<Vec<_>>(), [1, 3, 6]);
        assert!(chunks[2].last);
    }

    #[test]
    fn an_unclosed_cell_is_seen() {
        for (record, inside) in [
            (&b"\"a\",\"b\"\n"[..], false),
            (b"\"a\",\"b", true),
            (b"\"a\",\"b\"\"", true),
            (b"\"a\",\"b\"\"\"", false),
            (b"a,b\"c", false),
            (b"", false),
        ] {
            assert_eq!(ends_in_quotes(record), inside, "{}", String::from_utf8_lossy(record));
        }
    }

    proptest! {
        #[test]
        fn pieces_are_the_text_and_hold_whole_records(
            cells in proptest::collection::vec("[a-c\n,]{0,6}", 1..60), size in 4..64_usize,
        ) {
            let text: String = cells.iter().map(|cell| format!("\"{cell}\",\"x\"\"y\"\n")).collect();
            let chunks = cut(text.as_bytes(), size);
            let joined: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.text.clone()).collect();
            prop_assert_eq!(joined, text.as_bytes());
            for chunk in &chunks {
                let quotes = chunk.text.iter().filter(|byte| **byte == b'"').count();
                prop_assert_eq!(quotes % 2, 0);
                let before: usize = chunks[..chunk.index].iter().map(|c| c.text.len()).sum();
                let lines = text.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count();
                prop_assert_eq!(chunk.first_line, lines as u64 + 1);
            }
        }
    }
}
