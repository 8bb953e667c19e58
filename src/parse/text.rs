//! From bytes to UTF-8 text, as a stream.
//!
//! Byte-order mark first, then strict UTF-8, then the charset that the sender declared, then windows-1252
//! (declared charsets lie; the reports were seen as UTF-8 with a mark). UTF-8 passes through untouched and is
//! checked where rows are cut, so the choice of another charset is made by reading the file again.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};

/// Bytes looked at for a mark or for UTF-16 without one.
const HEAD: usize = 64;
/// Bytes decoded at a time.
const STEP: usize = 64 << 10;

/// How the bytes of a file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Utf16(&'static Encoding),
    /// One byte a character, or another of old.
    Legacy(&'static Encoding),
}

/// Text that is UTF-8, or meant to be.
pub(super) struct TextReader {
    bytes: Box<dyn Read + Send>,
    head: Vec<u8>,
    decoder: Option<Decoder>,
    pending: Vec<u8>,
    decoded: Vec<u8>,
    position: usize,
    ended: bool,
}

impl TextReader {
    /// Looks at the first bytes and decides; `fallback` says what unmarked bytes are taken for.
    pub(super) fn new(mut bytes: Box<dyn Read + Send>, fallback: Charset) -> io::Result<(Self, Charset)> {
        let mut head = Vec::with_capacity(HEAD);
        bytes.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let (charset, mark) = detect(&head, fallback);
        head.drain(..mark);
        let decoder = match charset {
            Charset::Utf8 => None,
            Charset::Utf16(encoding) | Charset::Legacy(encoding) => Some(encoding.new_decoder_without_bom_handling()),
        };
        let (pending, head) = if decoder.is_some() { (head, Vec::new()) } else { (Vec::new(), head) };
        Ok((Self { bytes, head, decoder, pending, decoded: Vec::new(), position: 0, ended: false }, charset))
    }

    /// Decodes the next piece of the stream into `decoded`.
    fn refill(&mut self) -> io::Result<()> {
        let Some(decoder) = self.decoder.as_mut() else { return Ok(()) };
        self.decoded.clear();
        self.position = 0;
        while self.decoded.is_empty() && !(self.ended && self.pending.is_empty()) {
            if !self.ended {
                let before = self.pending.len();
                self.bytes.by_ref().take(STEP as u64).read_to_end(&mut self.pending)?;
                self.ended = self.pending.len() == before;
            }
            let room = decoder.max_utf8_buffer_length(self.pending.len()).unwrap_or(STEP * 4);
            self.decoded.resize(room, 0);
            let (result, read, written, _) = decoder.decode_to_utf8(&self.pending, &mut self.decoded, self.ended);
            self.decoded.truncate(written);
            self.pending.drain(..read);
            if self.ended && result == CoderResult::InputEmpty {
                self.pending.clear();
                break;
            }
        }
        Ok(())
    }
}

impl Read for TextReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() {
            if self.head.is_empty() {
                return self.bytes.read(buffer);
            }
            let count = self.head.as_slice().read(buffer)?;
            self.head.drain(..count);
            return Ok(count);
        }
        if self.position == self.decoded.len() {
            if self.ended && self.pending.is_empty() {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = self.decoded.get(self.position..).unwrap_or_default().read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

/// The charset, and the length of the mark to leave out.
fn detect(head: &[u8], fallback: Charset) -> (Charset, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (if matches!(fallback, Charset::Legacy(_)) { fallback } else { Charset::Utf8 }, 3),
        [0xff, 0xfe, ..] => (Charset::Utf16(UTF_16LE), 2),
        [0xfe, 0xff, ..] => (Charset::Utf16(UTF_16BE), 2),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (Charset::Utf16(UTF_16LE), 0),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => (Charset::Utf16(UTF_16BE), 0),
        _ => (fallback, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], fallback: Charset) -> (String, Charset) {
        let (mut reader, charset) = TextReader::new(Box::new(io::Cursor::new(bytes.to_vec())), fallback).unwrap();
        let mut text = Vec::new();
        reader.read_to_end(&mut text).unwrap();
        (String::from_utf8(text).unwrap(), charset)
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn marks_are_removed_and_utf16_is_decoded() {
        let long = "\"Köln\",€\n".repeat(20_000);
        let little = [vec![0xff, 0xfe], utf16(&long, u16::to_le_bytes)].concat();
        let big = utf16("\"Stück\"", u16::to_be_bytes);
        assert_eq!(decode("\u{feff}é".as_bytes(), Charset::Utf8), ("é".to_owned(), Charset::Utf8));
        assert_eq!(decode(&little, Charset::Utf8).0, long);
        assert_eq!(decode(&big, Charset::Utf8), ("\"Stück\"".to_owned(), Charset::Utf16(UTF_16BE)));
        assert_eq!(decode(b"", Charset::Utf8).0, "");
    }

    #[test]
    fn windows_1252_is_decoded_when_asked_for() {
        let bytes = b"M\xfcller \x80".repeat(30_000);
        assert_eq!(decode(&bytes, Charset::Legacy(encoding_rs::WINDOWS_1252)).0, "Müller €".repeat(30_000));
    }

    #[test]
    fn half_a_character_at_the_end_is_replaced_not_lost() {
        let bytes = [vec![0xff, 0xfe], utf16("ab", u16::to_le_bytes), vec![0x41]].concat();
        assert_eq!(decode(&bytes, Charset::Utf8).0, "ab\u{fffd}");
    }
}
