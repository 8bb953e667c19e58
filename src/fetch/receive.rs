//! The bytes of a document: from the wire to the store's staging, hashed, counted, checked and unpacked on the way.
//!
//! Memory does not grow with the document. What begins like a page or an error message is no document.

use std::cell::Cell;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::write::MultiGzDecoder;
use md5::{Digest, Md5};

use super::error::FetchError;
use crate::archive::{Finished, RawStore, StagedFile};
use crate::net::{Answer, NetError};

/// The largest document that is taken. The largest known reports have about 100 MB.
const DOCUMENT_BYTES_MAX: u64 = 16 << 30;
/// A packed document may unpack to this much,
const UNPACKED_FREE: u64 = 256 << 20;
/// or to this many times its length.
const UNPACKED_RATIO_MAX: u64 = 200;
/// Bytes looked at to tell a page from a report.
const HEAD_BYTES: usize = 64;

/// How the bytes on the wire relate to the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// They are the document.
    Plain,
    /// They are the document in gzip.
    Gzip,
}

/// Takes the body of an answer. Bytes whose checksum is wrong are left in `spoilt`.
pub(super) async fn receive(
    mut answer: Answer,
    operation: &'static str,
    packing: Packing,
    store: &RawStore,
    spoilt: &Cell<Option<Finished>>,
) -> Result<Finished, FetchError> {
    let stated_md5 = answer.header("content-md5").map(str::to_owned);
    let stated_length = answer.length();
    let status = answer.status();
    let packing = if is_gzip(answer.header("content-encoding")) { Packing::Gzip } else { packing };
    let mut sink = Sink::new(store.stage()?, packing);
    while let Some(piece) = answer.piece().await? {
        sink.take(&piece, answer.host())?;
        if let Some(what) = sink.foreign() {
            return Err(FetchError::Foreign { operation, what, status });
        }
    }
    if let Some(stated) = stated_length.filter(|stated| *stated != sink.received) {
        return Err(FetchError::Length { stated, received: sink.received });
    }
    let (document, checksums) = sink.finish()?;
    match stated_md5 {
        Some(stated) if !checksums.contains(&stated) => {
            spoilt.set(Some(document));
            Err(FetchError::Checksum { stated, computed: checksums.first().cloned().unwrap_or_default() })
        }
        _ => Ok(document),
    }
}

fn is_gzip(encoding: Option<&str>) -> bool {
    encoding.is_some_and(|word| word.trim().eq_ignore_ascii_case("gzip"))
}

/// A document on its way in.
struct Sink {
    wire: Md5,
    received: u64,
    head: Vec<u8>,
    target: Target,
}

enum Target {
    Plain(Box<Unpacked>),
    Gzip(Box<MultiGzDecoder<Unpacked>>),
}

/// Where the document's own bytes go.
struct Unpacked {
    staged: StagedFile,
    md5: Md5,
    bytes: u64,
    limit: u64,
}

impl Write for Unpacked {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.limit {
            return Err(std::io::Error::other("it unpacks to far more than a report holds"));
        }
        self.md5.update(bytes);
        self.staged.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.staged.flush()
    }
}

impl Sink {
    fn new(staged: StagedFile, packing: Packing) -> Self {
        let unpacked = Unpacked { staged, md5: Md5::new(), bytes: 0, limit: DOCUMENT_BYTES_MAX };
        let target = match packing {
            Packing::Plain => Target::Plain(Box::new(unpacked)),
            Packing::Gzip => Target::Gzip(Box::new(MultiGzDecoder::new(unpacked))),
        };
        Self { wire: Md5::new(), received: 0, head: Vec::new(), target }
    }

    fn take(&mut self, piece: &[u8], host: &str) -> Result<(), FetchError> {
        self.received += piece.len() as u64;
        if self.received > DOCUMENT_BYTES_MAX {
            return Err(NetError::TooLarge { host: host.to_owned(), limit: DOCUMENT_BYTES_MAX }.into());
        }
        self.wire.update(piece);
        let wanted = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(piece.iter().take(wanted));
        match &mut self.target {
            Target::Plain(unpacked) => unpacked.write_all(piece).map_err(|why| storage(&why)),
            Target::Gzip(decoder) => {
                decoder.get_mut().limit =
                    self.received.saturating_mul(UNPACKED_RATIO_MAX).clamp(UNPACKED_FREE, DOCUMENT_BYTES_MAX);
                decoder.write_all(piece).map_err(|why| packed(&why))
            }
        }
    }

    /// What it is, where it is plainly no report: those never begin with `<`.
    fn foreign(&self) -> Option<&'static str> {
        let text = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.head).trim_ascii_start();
        let lower = text.to_ascii_lowercase();
        match lower.first() {
            Some(b'<') if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") => Some("an HTML page"),
            Some(b'<') if lower.len() >= b"<!doctype html".len() => Some("an XML message"),
            _ => None,
        }
    }

    /// The document and the checksums by which it may be known: of its bytes, and of those on the wire.
    fn finish(self) -> Result<(Finished, Vec<String>), FetchError> {
        let (unpacked, wire) = match self.target {
            Target::Plain(unpacked) => (*unpacked, None),
            Target::Gzip(decoder) => (decoder.finish().map_err(|why| packed(&why))?, Some(self.wire)),
        };
        let checksums = [Some(unpacked.md5), wire].into_iter().flatten();
        let checksums = checksums.map(|md5| STANDARD.encode(md5.finalize())).collect();
        Ok((unpacked.staged.finish()?, checksums))
    }
}

/// A full disk is told from a damaged packing by the kind of the error.
fn packed(why: &std::io::Error) -> FetchError {
    match why.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => storage(why),
        _ => FetchError::Packed { why: why.to_string() },
    }
}

fn storage(why: &std::io::Error) -> FetchError {
    let reason = std::io::Error::new(why.kind(), why.to_string());
    crate::archive::ArchiveError::Io { attempt: "write the document", path: "raw".into(), reason }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, RawStore) {
        let place = tempfile::tempdir().unwrap();
        let store = RawStore::at(place.path().join("raw"));
        (place, store)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_packed_document_is_known_by_its_own_bytes_and_by_those_on_the_wire() {
        let (_place, store) = store();
        let wire = gzip(b"abc");
        let mut sink = Sink::new(store.stage().unwrap(), Packing::Gzip);
        for byte in &wire {
            sink.take(&[*byte], "h").unwrap();
        }
        let (document, checksums) = sink.finish().unwrap();
        assert_eq!(std::io::read_to_string(document.open().unwrap()).unwrap(), "abc");
        let md5 = |bytes: &[u8]| STANDARD.encode(Md5::digest(bytes));
        assert_eq!(checksums, [md5(b"abc"), md5(&wire)]);
        assert_eq!(checksums[0], "kAFQmDzST7DWlj99KOF/cg==");
    }

    #[test]
    fn a_broken_packing_is_an_error_and_a_bomb_is_stopped() {
        let (_place, store) = store();
        let mut sink = Sink::new(store.stage().unwrap(), Packing::Gzip);
        sink.take(&gzip(b"abc")[..12], "h").unwrap();
        assert!(matches!(sink.finish(), Err(FetchError::Packed { .. })));
        let mut sink = Sink::new(store.stage().unwrap(), Packing::Gzip);
        assert!(matches!(sink.take(b"no gzip at all", "h"), Err(FetchError::Packed { .. })));
    }

    #[test]
    fn a_page_is_told_from_a_report() {
        let (_place, store) = store();
        for (text, expected) in [
            ("  \r\n<!DOCTYPE HTML><html>", Some("an HTML page")),
            ("\u{feff}<html lang=\"en\">", Some("an HTML page")),
            ("<?xml version=\"1.0\"?><Error>", Some("an XML message")),
            ("\"SettlementStartDate\",\"x\"", None),
            ("<", None),
            ("", None),
        ] {
            let mut sink = Sink::new(store.stage().unwrap(), Packing::Plain);
            sink.take(text.as_bytes(), "h").unwrap();
            assert_eq!(sink.foreign(), expected, "{text}");
        }
    }
}
