//! The log of events once more, as a file of lines beside the catalog, so that a lost catalog does not take the
//! log with it and so that anybody can read it.
//!
//! The catalog's log is written first. The file is brought up to it after every deed and whenever the lock is
//! taken; a line that a crash cut off is written again. A file that knows more than the catalog is left alone:
//! that is a finding of `verify`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::{ArchiveError, at};
use super::events::EventRecord;
use super::folder::{self, FILE_MODE};
use super::{Archive, EVENTS};

/// What a line of the file that is no event is called in errors.
const NOT_AN_EVENT: &str = "read the log of events";

impl EventRecord {
    /// Its line in the file, without the line end: a JSON object whose fields stand in this order.
    #[must_use]
    pub fn line(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "{{\"number\":{},\"at_ms\":{},\"kind\":{},\"facts\":{},\"previous\":{},\"hash\":{}}}",
            self.number,
            self.at_ms,
            text(&self.kind),
            text(&self.facts),
            text(&self.previous),
            text(&self.hash)
        )
    }

    /// Reads a line back; `None` where it is not one.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |field: &str| value.get(field)?.as_str().map(str::to_owned);
        Some(Self {
            number: value.get("number")?.as_u64()?,
            at_ms: value.get("at_ms")?.as_i64()?,
            kind: text("kind")?,
            facts: text("facts")?,
            previous: text("previous")?,
            hash: text("hash")?,
        })
    }
}

/// What stands in the file: whole lines, the last number, and where the whole lines end.
struct Written {
    last: u64,
    whole_bytes: u64,
    torn: bool,
}

impl Archive {
    /// Where the file is.
    #[must_use]
    pub fn events_path(&self) -> PathBuf {
        self.root().join(EVENTS)
    }

    /// Brings the file up to the catalog's log. The caller holds the lock.
    ///
    /// # Errors
    /// [`ArchiveError`] where the file or the catalog cannot be used.
    pub fn mirror_events(&self) -> Result<(), ArchiveError> {
        let path = self.events_path();
        let written = written(&path)?;
        let missing = self.catalog.events_after(written.last)?;
        if missing.is_empty() && !written.torn {
            return Ok(());
        }
        let failed = || at("write the log of events", &path);
        let new = !path.exists();
        let mut file = OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(&path).map_err(failed())?;
        if written.torn {
            file.set_len(written.whole_bytes).map_err(failed())?;
        }
        let text: String = missing.iter().flat_map(|event| [event.line(), "\n".to_owned()]).collect();
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed())?;
        if new { folder::flush(self.root()) } else { Ok(()) }
    }

    /// The events in the file, in its order. A line that is cut off at the end is none.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where the file cannot be read or a line is no event.
    pub fn mirrored_events(&self) -> Result<Vec<EventRecord>, ArchiveError> {
        let path = self.events_path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(at(NOT_AN_EVENT, &path))?,
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let event = |line: &[u8]| std::str::from_utf8(line).ok().and_then(EventRecord::from_line);
        let invalid = || at(NOT_AN_EVENT, &path)(io::ErrorKind::InvalidData.into());
        lines.map(|line| event(line).ok_or_else(invalid)).collect()
    }
}

fn written(path: &Path) -> Result<Written, ArchiveError> {
    let mut state = Written { last: 0, whole_bytes: 0, torn: false };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(state),
        opened => opened.map_err(at(NOT_AN_EVENT, path))?,
    };
    let mut reader = BufReader::new(file);
    let (mut line, mut last) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(at(NOT_AN_EVENT, path))?;
        if read == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            state.torn = true;
            break;
        }
        state.whole_bytes += read as u64;
        std::mem::swap(&mut line, &mut last);
    }
    let last = std::str::from_utf8(&last).ok().and_then(|line| EventRecord::from_line(line.trim_end()));
    state.last = match (last, state.whole_bytes) {
        (Some(event), _) => event.number,
        (None, 0) => 0,
        // Not ours to mend: what it was is told by `verify`, and nothing is written over it.
        (None, _) => u64::MAX,
    };
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::events::{EventKind, check_chain};

    fn archive() -> (tempfile::TempDir, Archive) {
        let place = tempfile::tempdir().unwrap();
        let archive = Archive::create_or_open(place.path()).unwrap();
        (place, archive)
    }

    #[test]
    fn the_file_follows_the_log_and_mends_what_a_crash_cut_off() {
        let (_place, mut archive) = archive();
        assert!(archive.mirrored_events().unwrap().is_empty());
        for number in 0..3 {
            let facts = serde_json::json!({"text": "a \"quoted\" word\nand a line"});
            archive.catalog.record_event(number, EventKind::Rebuild, &facts).unwrap();
            archive.mirror_events().unwrap();
        }
        let whole = fs::read(archive.events_path()).unwrap();
        let events = archive.catalog.events().unwrap();
        assert_eq!(archive.mirrored_events().unwrap(), events);
        assert_eq!(check_chain(&events), []);
        for cut in 0..whole.len() {
            fs::write(archive.events_path(), &whole[..cut]).unwrap();
            archive.mirror_events().unwrap();
            assert_eq!(fs::read(archive.events_path()).unwrap(), whole, "cut at {cut}");
        }
        fs::write(archive.events_path(), &whole[..whole.len() - 1]).unwrap();
        drop(archive.lock().unwrap());
        assert_eq!(fs::read(archive.events_path()).unwrap(), whole, "whoever takes the lock mends it");
        fs::remove_file(archive.events_path()).unwrap();
        archive.mirror_events().unwrap();
        assert_eq!(fs::read(archive.events_path()).unwrap(), whole);
    }

    #[test]
    fn a_file_that_knows_more_or_says_something_else_is_left_alone() {
        let (_place, mut archive) = archive();
        archive.catalog.record_event(1, EventKind::Rebuild, &serde_json::json!({})).unwrap();
        for text in ["not an event\n".to_owned(), {
            let mut event = archive.catalog.events().unwrap().remove(0);
            event.number = 9;
            event.line() + "\n"
        }] {
            fs::write(archive.events_path(), &text).unwrap();
            archive.mirror_events().unwrap();
            assert_eq!(fs::read_to_string(archive.events_path()).unwrap(), text);
        }
    }
}
