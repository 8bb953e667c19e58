//! gzip and zip, as files on the disk.
//!
//! What is packed is unpacked to the same bytes; what is damaged is refused; nothing unpacks to more than its length
//! can honestly hold; opened twice, an archive says the same.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use settle::parse::{Gathered, gather};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::{message, sha256};

/// Members of one archive that are unpacked here; each may unpack to [`UNPACKED_MAX`].
const MEMBERS_TRIED: usize = 8;
/// What a small archive may unpack to at the most, and what each of its bytes may stand for beyond that.
const UNPACKED_MAX: u64 = 16 << 20;
const RATIO_MAX: u64 = 200;
/// Longest content that is packed here and unpacked again.
const AGAIN_MAX: usize = 2 << 10;

/// Once: every member to its end, nothing of it kept.
pub(super) fn read(bytes: &[u8]) {
    let folder = TempDir::new().expect("a folder for the archive");
    let name = folder.path().join("archive");
    fs::write(&name, bytes).expect("the archive is written");
    let limit = UNPACKED_MAX.max(RATIO_MAX * bytes.len() as u64);
    let mut all = 0;
    for input in gather(&[name]).inputs {
        let read = input.open().map(|mut stream| io::copy(&mut stream, &mut io::sink()));
        all += read.ok().and_then(Result::ok).unwrap_or(0);
    }
    assert!(all <= limit, "{all} bytes out of {}", bytes.len());
}

/// The bytes as an archive, and as the content of one.
pub(super) fn check(bytes: &[u8]) {
    let folder = TempDir::new().expect("a folder for the archive");
    let name = folder.path().join("archive");
    fs::write(&name, bytes).expect("the archive is written");
    let first = unpacked(&name, bytes.len());
    assert_eq!(first, unpacked(&name, bytes.len()), "opened twice");
    if bytes.len() <= AGAIN_MAX {
        for pack in [gzip as fn(&[u8]) -> Vec<u8>, zip_of] {
            fs::write(&name, pack(bytes)).expect("the archive is written");
            assert_eq!(unpacked(&name, bytes.len()), [Ok((sha256(bytes), bytes.len() as u64))]);
        }
    }
}

/// Hash and length of every member, or why it has none.
fn unpacked(path: &PathBuf, length: usize) -> Vec<Result<(String, u64), String>> {
    let Gathered { inputs, errors, .. } = gather(std::slice::from_ref(path));
    assert!(!inputs.is_empty() || !errors.is_empty(), "a file is an input or an error");
    let shown = |text: String| message(text.replace(&path.display().to_string(), "archive"));
    let refused = errors.into_iter().map(|why| Err(shown(why.to_string())));
    let read = inputs.iter().take(MEMBERS_TRIED).map(|input| {
        let mut bytes = Vec::new();
        let all = input.open().map_err(|why| shown(why.to_string()));
        all.and_then(|stream| read_all(stream, &mut bytes).map_err(|why| shown(why.to_string())))?;
        let limit = UNPACKED_MAX.max(RATIO_MAX * length as u64);
        assert!(bytes.len() as u64 <= limit, "{} bytes out of {length}", bytes.len());
        Ok((sha256(&bytes), bytes.len() as u64))
    });
    refused.chain(read).collect()
}

fn read_all(mut stream: Box<dyn Read + Send>, bytes: &mut Vec<u8>) -> io::Result<usize> {
    stream.read_to_end(bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

fn zip_of(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file("member", SimpleFileOptions::default()).expect("packed");
    zip.write_all(bytes).expect("packed");
    zip.finish().expect("packed").into_inner()
}
