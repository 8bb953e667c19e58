//! `settle disputes --evidence DIR`: a folder for each case that can be sent, whole or not at all.
//!
//! A folder is written beside its place under another name and moved there when it is complete; one of an
//! earlier run gives way as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::args::Common;
use super::dispute_facts::{Known, SourceFile};
use super::failure::Failure;
use super::world::World;
use crate::archive::{Access, AtomicFile};
use crate::domain::ExitCode;
use crate::export::{EvidenceFile, SourceExcerpt, evidence_files};
use crate::parse::DocumentKind;
use crate::report::{CaseLine, DisputeDocument};

/// Longest notification or object that is copied whole.
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// Longest line that is copied: a record of a report has a few hundred bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Lines within which the header must stand, as in the reader.
const HEADER_LINES_MAX: u64 = 40;
/// The first column of a settlement's header.
const SETTLEMENT_HEADER: &[u8] = b"TransactionPostedDate";

/// Writes the folders of the document's cases.
pub(super) fn write_evidence(
    folder: &Path,
    document: &DisputeDocument,
    known: &Known,
    common: &Common,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|why| failed(folder, &why))?;
    for case in &document.cases {
        let files = evidence_files(case, &excerpts(case, known)?)?;
        place(&folder.join(&case.case_id), &files)?;
    }
    let folders = document.cases.len();
    if !common.quiet {
        world.say(&format!("settle: {folders} folder(s) of evidence in {}", folder.display()));
    }
    Ok(())
}

fn failed(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(ExitCode::Storage, format!("{}: cannot write the evidence: {why}", path.display()))
}

/// Writes a folder beside its place and moves it there.
fn place(target: &Path, files: &[EvidenceFile]) -> Result<(), Failure> {
    let beside = |word: &str| -> PathBuf {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        target.with_file_name(format!(".{name}.{word}"))
    };
    let (staged, retired) = (beside("new"), beside("old"));
    let written = write_folder(&staged, files).and_then(|()| {
        remove(&retired)?;
        if target.exists() {
            fs::rename(target, &retired)?;
        }
        fs::rename(&staged, target)?;
        remove(&retired)
    });
    written.map_err(|why| {
        // Whatever is left of a failed attempt is no evidence; the next run clears it too.
        let _ = remove(&staged);
        failed(target, &why)
    })
}

fn write_folder(folder: &Path, files: &[EvidenceFile]) -> io::Result<()> {
    remove(folder)?;
    fs::create_dir_all(folder)?;
    for file in files {
        let path = folder.join(&file.name);
        if let Some(inner) = path.parent() {
            fs::create_dir_all(inner)?;
        }
        let other = |why: crate::archive::ArchiveError| io::Error::other(why.to_string());
        let mut atomic = AtomicFile::create_with(&path, Access::Ordinary).map_err(other)?;
        atomic.write_all(&file.bytes)?;
        atomic.commit().map_err(other)?;
    }
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// The lines of a case in each of its files, and its notifications and objects whole.
fn excerpts(case: &CaseLine, known: &Known) -> Result<Vec<SourceExcerpt>, Failure> {
    let mut lines: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    let rows = case.rows.iter().map(|row| (row.file.as_str(), Some(row.line)));
    let refunds = case.refunds.iter().map(|refund| (refund.file.as_str(), refund.line));
    let capture = case.captured_file.as_deref().map(|file| (file, case.captured_line));
    let records = case.refund_places.iter().map(|(file, line)| (file.as_str(), *line));
    for (file, line) in rows.chain(refunds).chain(capture).chain(records) {
        lines.entry(file).or_default().extend(line);
    }
    for file in &case.documents {
        lines.entry(file).or_default();
    }
    let mut excerpts = Vec::new();
    for (file, lines) in lines {
        let Some(source) = known.files.get(file) else { continue };
        let copied = copy(source, &lines).map_err(|why| {
            Failure::new(ExitCode::Storage, format!("{file}: cannot be read for the evidence: {why}"))
        })?;
        if let Some((bytes, extension)) = copied {
            excerpts.push(SourceExcerpt { file: file.to_owned(), sha256: Some(source.id.clone()), bytes, extension });
        }
    }
    Ok(excerpts)
}

/// What of a source may be sent: never a capture report, which names the buyer.
fn copy(source: &SourceFile, lines: &BTreeSet<u64>) -> io::Result<Option<(Vec<u8>, &'static str)>> {
    let open = || source.input.open().map_err(|why| io::Error::other(why.to_string()));
    match source.kind {
        DocumentKind::ChargebackNotification | DocumentKind::Dispute => {
            let mut bytes = Vec::new();
            open()?.take(WHOLE_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok(Some((bytes, "json")))
        }
        DocumentKind::Settlement | DocumentKind::Refund => {
            let header = source.kind == DocumentKind::Refund;
            let bytes =
                copy_lines(BufReader::new(open()?), lines, if header { Header::First } else { Header::Settlement });
            bytes.map(|bytes| bytes.map(|bytes| (bytes, "csv")))
        }
        _ => Ok(None),
    }
}

/// Where a file's header stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    First,
    Settlement,
}

/// Everything until the header, then the wanted records, byte for byte. `None` for UTF-16, whose lines are no
/// lines of bytes; its rows stand in `rows.csv` all the same.
fn copy_lines(mut text: impl BufRead, wanted: &BTreeSet<u64>, header: Header) -> io::Result<Option<Vec<u8>>> {
    let mut kept = Vec::new();
    let mut line = Vec::new();
    let (mut number, mut in_head, mut in_record) = (0_u64, true, false);
    loop {
        line.clear();
        let read = text.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(Some(kept));
        }
        number += 1;
        if number == 1 && (line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff])) {
            return Ok(None);
        }
        let starts = wanted.contains(&number);
        if in_head || starts || in_record {
            kept.extend_from_slice(&line);
        }
        let is_header = match header {
            Header::First => number == 1,
            Header::Settlement => line.windows(SETTLEMENT_HEADER.len()).any(|piece| piece == SETTLEMENT_HEADER),
        };
        in_head = in_head && !is_header && number < HEADER_LINES_MAX;
        // A record goes on while a quote is open.
        let odd = line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        in_record = if starts { odd } else { in_record && !odd };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, wanted: &[u64]) -> String {
        let wanted = wanted.iter().copied().collect();
        String::from_utf8(copy_lines(text.as_bytes(), &wanted, Header::Settlement).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn an_excerpt_has_the_head_and_the_wanted_records_byte_for_byte() {
        let text = "\"a\",\r\n\"TransactionPostedDate\",\r\n\"1\"\r\n\"2\n 2\"\r\n\"3\"\r\n";
        assert_eq!(copied(text, &[4]), "\"a\",\r\n\"TransactionPostedDate\",\r\n\"2\n 2\"\r\n");
        assert_eq!(copied(text, &[3, 6]), "\"a\",\r\n\"TransactionPostedDate\",\r\n\"1\"\r\n\"3\"\r\n");
    }

    #[test]
    fn a_folder_replaces_the_one_of_an_earlier_run_as_a_whole() {
        let place_of = tempfile::tempdir().unwrap();
        let target = place_of.path().join("case");
        let file = |name: &str| EvidenceFile { name: name.to_owned(), bytes: b"x".to_vec() };
        place(&target, &[file("a"), file("sources/b")]).unwrap();
        place(&target, &[file("c")]).unwrap();
        let names: Vec<_> = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["c"]);
        assert_eq!(fs::read_dir(place_of.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_folder_that_cannot_be_written_leaves_the_old_one() {
        let place_of = tempfile::tempdir().unwrap();
        let target = place_of.path().join("case");
        let file = |name: &str| EvidenceFile { name: name.to_owned(), bytes: b"x".to_vec() };
        place(&target, &[file("a")]).unwrap();
        assert!(place(&target, &[file("b"), file("b/c")]).is_err());
        assert!(target.join("a").is_file() && !target.join("b").exists());
        assert_eq!(fs::read_dir(place_of.path()).unwrap().count(), 1);
    }
}
