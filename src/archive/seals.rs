//! What the files that SQLite and this program rewrite looked like when the last run ended: `seals.sha256`, which
//! `sha256sum -c` reads.
//!
//! SQLite has no checksum of its pages: one flipped bit in a live cell reads back as another value. So whoever holds
//! the run lock removes the seals before anything is written, and seals the files again when it lets go. A run that
//! is killed leaves no seals, which says that nothing is known and not that something is wrong. The file ends with
//! the hash of its own lines.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{ArchiveError, at, in_catalog};
use super::raw::hash;
use super::{AtomicFile, CATALOG, folder};
use crate::domain::DocumentId;

/// The file, inside the data folder.
pub(super) const SEALS: &str = "seals.sha256";
/// The files that are sealed, where they are there.
const SEALED: [&str; 2] = [CATALOG, PII_KEY];
/// The key of pseudonyms, inside the data folder.
pub(super) const PII_KEY: &str = "pii.key";
/// How long the end of a run waits for readers: without seals the next run's end makes them.
const READERS_WAIT: Duration = Duration::from_millis(250);
/// What the last line begins with.
const OWN: &str = "# ";

/// What is known of the sealed files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seals {
    /// Nothing: a run is at work, or was killed.
    Absent,
    /// The file is not as it was written.
    Damaged,
    /// Name and hash of each file.
    Whole(Vec<(String, DocumentId)>),
}

/// What the seals of a data folder say.
///
/// # Errors
/// [`ArchiveError::Io`] where the file is there and cannot be read.
pub(super) fn read(root: &Path) -> Result<Seals, ArchiveError> {
    let path = root.join(SEALS);
    match fs::read(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(Seals::Absent),
        Err(why) => Err(at("read the seals", &path)(why)),
        Ok(bytes) => Ok(parse(&bytes).map_or(Seals::Damaged, Seals::Whole)),
    }
}

fn parse(bytes: &[u8]) -> Option<Vec<(String, DocumentId)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (lines, own) = text.rsplit_once(OWN)?;
    let (computed, _) = hash(lines.as_bytes()).ok()?;
    if own != format!("{computed}\n") {
        return None;
    }
    let line = |line: &str| line.split_once("  ").map(|(hash, name)| (name.to_owned(), DocumentId::new(hash)));
    lines.lines().map(line).collect()
}

/// Takes the seals away, before anything that they cover may change.
pub(super) fn remove(root: &Path) -> Result<(), ArchiveError> {
    let path = root.join(SEALS);
    match fs::remove_file(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(at("remove the seals", &path)).and_then(|()| folder::flush(root)),
    }
}

/// Seals the files as they are. Does nothing while a reader keeps the catalog's side file in use.
pub(super) fn renew(root: &Path) -> Result<(), ArchiveError> {
    if !root.join(CATALOG).is_file() || !settle_side_file(&root.join(CATALOG))? {
        return Ok(());
    }
    let mut lines = String::new();
    for name in SEALED {
        let path = root.join(name);
        if path.is_file() {
            let (id, _) = fs::File::open(&path).and_then(hash).map_err(at("read the file", &path))?;
            lines.push_str(&format!("{id}  {name}\n"));
        }
    }
    let path = root.join(SEALS);
    let (own, _) = hash(lines.as_bytes()).map_err(at("seal the file", &path))?;
    let mut file = AtomicFile::create(&path)?;
    file.write_all(format!("{lines}{OWN}{own}\n").as_bytes()).map_err(at("write the seals", &path))?;
    file.commit()
}

/// Moves everything from SQLite's side file into the catalog; false where somebody is in the way.
fn settle_side_file(catalog: &Path) -> Result<bool, ArchiveError> {
    let failed = in_catalog("settle the catalog", catalog);
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(catalog, access).map_err(failed)?;
    connection.busy_timeout(READERS_WAIT).map_err(failed)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(failed)?;
    Ok(busy == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{Archive, EventKind};

    #[test]
    fn a_run_seals_what_it_leaves_and_one_that_is_killed_leaves_no_seals() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        let mut archive = Archive::create_or_open(root).unwrap();
        archive.secret_key(PII_KEY).unwrap();
        assert_eq!(read(root).unwrap(), Seals::Absent);
        let lock = archive.lock().unwrap();
        archive.catalog.record_event(1, EventKind::Rebuild, &serde_json::json!({})).unwrap();
        drop(lock);
        let Seals::Whole(sealed) = read(root).unwrap() else { panic!("not sealed") };
        let now = |name: &str| hash(fs::File::open(root.join(name)).unwrap()).unwrap().0;
        let expected = [CATALOG, PII_KEY].map(|name| (name.to_owned(), now(name)));
        assert_eq!(sealed, expected);
        drop(archive);
        assert_eq!(now(CATALOG), sealed[0].1, "closing changes nothing");
        drop(Archive::open_existing(root).unwrap().catalog.documents().unwrap());
        assert_eq!(now(CATALOG), sealed[0].1, "reading changes nothing");
        let archive = Archive::create_or_open(root).unwrap();
        assert_eq!(now(CATALOG), sealed[0].1, "opening changes nothing");
        let lock = archive.lock().unwrap();
        assert_eq!(read(root).unwrap(), Seals::Absent);
        std::mem::forget(lock);
    }

    #[test]
    fn every_flipped_bit_of_the_seals_is_found() {
        let place = tempfile::tempdir().unwrap();
        let archive = Archive::create_or_open(place.path()).unwrap();
        drop(archive.lock().unwrap());
        let path = place.path().join(SEALS);
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            assert_eq!(read(place.path()).unwrap(), Seals::Damaged, "bit {bit}");
        }
    }
}
