//! The raw store: every document exactly as it came, under the SHA-256 of its bytes, written once.
//!
//! A document is staged, finished and committed; dropped before that, it leaves nothing behind.
//! Names inside the store are computed from content: a name from outside never becomes a path.
//! Whoever stages holds the run lock, since taking the lock clears what a crash left behind.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::error::{ArchiveError, at};
use super::folder::{self, FILE_MODE};
use crate::domain::DocumentId;

/// Hex digits of a SHA-256.
const ID_DIGITS: usize = 64;
/// Leading digits that name the folder, so that no folder grows beyond a few hundred entries.
const FOLDER_DIGITS: usize = 2;
/// The folder of documents on their way in. The dot keeps it apart from the two-digit folders.
pub(super) const STAGING: &str = ".staging";
/// The folder of bytes that came and were not what their sender said: kept for a person to look at.
pub(super) const ASIDE: &str = ".aside";
/// What the name of a file ends with that was stored under a hash which is not its own.
pub(super) const DAMAGED: &str = ".damaged";
/// Bytes read at once when a document is hashed.
const CHUNK_BYTES: usize = 64 * 1024;

/// The raw store of one data folder.
#[derive(Clone, Debug)]
pub struct RawStore {
    folder: PathBuf,
}

impl RawStore {
    /// The store in `folder`, which is created when the first document is staged.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Begins a document.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where the store cannot be written to.
    pub fn stage(&self) -> Result<StagedFile, ArchiveError> {
        Ok(StagedFile { file: self.temporary()?, hash: Some(Sha256::new()), bytes: 0 })
    }

    /// Begins a document whose reader hashes it already: [`StagedFile::finish_as`] takes that hash, so that a
    /// large file is not hashed twice.
    ///
    /// # Errors
    /// As [`RawStore::stage`].
    pub fn stage_unhashed(&self) -> Result<StagedFile, ArchiveError> {
        Ok(StagedFile { file: self.temporary()?, hash: None, bytes: 0 })
    }

    fn temporary(&self) -> Result<NamedTempFile, ArchiveError> {
        let staging = self.folder.join(STAGING);
        folder::make_private(&self.folder)?;
        folder::make_private(&staging)?;
        let mode = Permissions::from_mode(FILE_MODE);
        let file = tempfile::Builder::new()
            .permissions(mode.clone())
            .tempfile_in(&staging)
            .map_err(at("create a file", &staging))?;
        file.as_file().set_permissions(mode).map_err(at("set the permissions", file.path()))?;
        Ok(file)
    }

    /// Gives a finished document its place. The same document again changes nothing, unless what is stored is
    /// damaged: then the sound one takes its place, and the damaged one is kept aside.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where the store cannot be written to.
    pub fn commit(&self, finished: Finished) -> Result<DocumentId, ArchiveError> {
        let Finished { file, id, bytes } = finished;
        let target = self.path(&id)?;
        let folder = target.parent().unwrap_or(&self.folder);
        if !folder.is_dir() {
            folder::make_private(folder)?;
            folder::flush(&self.folder)?;
        }
        match file.into_temp_path().persist_noclobber(&target) {
            Ok(()) => {}
            Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {
                if !is_whole(&target, &id, bytes)? {
                    self.put_aside(&id, &target)?;
                    let again = refused.path.persist_noclobber(&target);
                    again.map_err(|refused| at("store the document", &target)(refused.error))?;
                }
            }
            Err(refused) => return Err(at("store the document", &target)(refused.error)),
        }
        folder::flush(folder)?;
        Ok(id)
    }

    /// Keeps bytes that must not become a document, and answers where.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn keep_aside(&self, finished: Finished) -> Result<PathBuf, ArchiveError> {
        let folder = self.folder.join(ASIDE);
        folder::make_private(&folder)?;
        let target = folder.join(finished.id.as_str());
        finished.file.persist(&target).map_err(|refused| at("keep the bytes", &target)(refused.error))?;
        folder::flush(&folder)?;
        Ok(target)
    }

    /// Moves a stored file that is not what its name says out of the way, and answers whereto.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn put_aside(&self, id: &DocumentId, stored: &Path) -> Result<PathBuf, ArchiveError> {
        let folder = self.folder.join(ASIDE);
        folder::make_private(&folder)?;
        let target = folder.join(format!("{id}{DAMAGED}"));
        fs::rename(stored, &target).map_err(at("move the damaged file away", stored))?;
        folder::flush(&folder)?;
        Ok(target)
    }

    /// The folder of the store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens a stored document for reading.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where it is not there or cannot be read, [`ArchiveError::NotADocumentId`].
    pub fn open(&self, id: &DocumentId) -> Result<File, ArchiveError> {
        let path = self.path(id)?;
        File::open(&path).map_err(at("open the document", &path))
    }

    /// Where a document is, or would be.
    ///
    /// # Errors
    /// [`ArchiveError::NotADocumentId`] for a text that is not a hash: it could lead anywhere.
    pub fn path(&self, id: &DocumentId) -> Result<PathBuf, ArchiveError> {
        let digits = id.as_str();
        let refused = || ArchiveError::NotADocumentId { text: digits.to_owned() };
        if digits.len() != ID_DIGITS || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(refused());
        }
        let folder = digits.get(..FOLDER_DIGITS).ok_or_else(refused)?;
        Ok(self.folder.join(folder).join(digits))
    }

    /// Whether a document is stored.
    #[must_use]
    pub fn contains(&self, id: &DocumentId) -> bool {
        self.path(id).is_ok_and(|path| path.is_file())
    }

    /// Reads a stored document whole and compares its content with its name.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] where they differ, [`ArchiveError::Io`] where it cannot be read.
    pub fn verify(&self, id: &DocumentId) -> Result<(), ArchiveError> {
        let path = self.path(id)?;
        let (computed, _) = hash(self.open(id)?).map_err(at("read the document", &path))?;
        if computed == *id { Ok(()) } else { Err(ArchiveError::Damaged { path, stated: id.clone(), computed }) }
    }

    /// Every stored document, by its name alone, in ascending order.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where a folder of the store cannot be read.
    pub fn documents(&self) -> Result<Vec<DocumentId>, ArchiveError> {
        let mut found = Vec::new();
        for folder in entries(&self.folder)?
            .into_iter()
            .filter(|path| path.is_dir() && !path.ends_with(STAGING) && !path.ends_with(ASIDE))
        {
            for path in entries(&folder)? {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let id = DocumentId::new(name);
                if self.path(&id).is_ok_and(|place| place == path) {
                    found.push(id);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes what a crash left on its way in, and tells how many files that were. Only under the run lock.
    pub(super) fn clear_staging(&self) -> Result<usize, ArchiveError> {
        let leftovers = entries(&self.folder.join(STAGING))?;
        for path in &leftovers {
            fs::remove_file(path).map_err(at("remove the leftover", path))?;
        }
        Ok(leftovers.len())
    }
}

/// What is in a folder; nothing, where there is no folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at("list the folder", folder)(error)),
    };
    listing.map(|entry| entry.map(|entry| entry.path()).map_err(at("list the folder", folder))).collect()
}

fn is_whole(stored: &Path, id: &DocumentId, bytes: u64) -> Result<bool, ArchiveError> {
    let found = fs::metadata(stored).map_err(at("look at the stored document", stored))?.len();
    Ok(found == bytes && hash_file(stored)? == *id)
}

/// A document on its way in: hashed and counted while it is written.
#[derive(Debug)]
pub struct StagedFile {
    file: NamedTempFile,
    hash: Option<Sha256>,
    bytes: u64,
}

impl StagedFile {
    /// Flushes the document to the disk. After this its id and length are known, and it can be read.
    ///
    /// # Errors
    /// [`ArchiveError::Io`], for example when the disk is full.
    pub fn finish(mut self) -> Result<Finished, ArchiveError> {
        self.sync()?;
        let id = match self.hash {
            Some(hash) => id_of(hash),
            None => hash_file(self.file.path())?,
        };
        Ok(Finished { id, bytes: self.bytes, file: self.file })
    }

    /// Flushes a document whose hash is known from its reader.
    ///
    /// # Errors
    /// [`ArchiveError::Io`], for example when the disk is full.
    pub fn finish_as(mut self, id: DocumentId) -> Result<Finished, ArchiveError> {
        self.sync()?;
        Ok(Finished { id, bytes: self.bytes, file: self.file })
    }

    /// A second handle to the same file, for a writer that owns its target.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub fn handle(&self) -> Result<File, ArchiveError> {
        self.file.as_file().try_clone().map_err(at("open the file again", self.file.path()))
    }

    /// Where it is until it has its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives a derived file its place; whatever stood there is replaced.
    ///
    /// # Errors
    /// [`ArchiveError::Io`].
    pub(super) fn place(mut self, target: &Path) -> Result<(), ArchiveError> {
        self.sync()?;
        self.file.persist(target).map_err(|refused| at("rename the file", target)(refused.error))?;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), ArchiveError> {
        self.file.flush().map_err(at("write the document", self.file.path()))?;
        self.file.as_file().sync_all().map_err(at("flush the document", self.file.path()))
    }
}

fn hash_file(path: &Path) -> Result<DocumentId, ArchiveError> {
    File::open(path).and_then(hash).map(|(id, _)| id).map_err(at("read the document", path))
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes.get(..written).unwrap_or(bytes));
        }
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A document that is whole on the disk and not yet in its place. Dropped, it is gone.
#[derive(Debug)]
pub struct Finished {
    file: NamedTempFile,
    id: DocumentId,
    bytes: u64,
}

impl Finished {
    /// The hash of its content.
    #[must_use]
    pub fn id(&self) -> &DocumentId {
        &self.id
    }

    /// Its length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Opens it for reading from the start, so that it can be looked at before it is kept.
    ///
    /// # Errors
    /// [`ArchiveError::Io`] where it cannot be opened.
    pub fn open(&self) -> Result<File, ArchiveError> {
        File::open(self.file.path()).map_err(at("open the document", self.file.path()))
    }
}

/// The id and length of anything that can be read, without storing it.
///
/// # Errors
/// The reader's own.
pub fn hash(mut source: impl Read) -> io::Result<(DocumentId, u64)> {
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    loop {
        let read = match source.read(&mut chunk) {
            Ok(0) => return Ok((id_of(hash), bytes)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(chunk.get(..read).unwrap_or(&chunk));
        bytes += read as u64;
    }
}

fn id_of(hash: Sha256) -> DocumentId {
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    DocumentId::new(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, appendix B.1

    fn store() -> (tempfile::TempDir, RawStore) {
        let place = tempfile::tempdir().unwrap();
        let store = RawStore::at(place.path().join("raw"));
        (place, store)
    }

    fn finished(store: &RawStore, content: &[u8]) -> Finished {
        let mut staged = store.stage().unwrap();
        staged.write_all(content).unwrap();
        staged.finish().unwrap()
    }

    fn put(store: &RawStore, content: &[u8]) -> DocumentId {
        store.commit(finished(store, content)).unwrap()
    }

    fn staged_files(store: &RawStore) -> usize {
        entries(&store.folder.join(STAGING)).unwrap().len()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_document_is_stored_under_its_hash_and_reads_back() {
        let (_place, store) = store();
        let id = put(&store, b"abc");
        assert_eq!(id.as_str(), ABC);
        assert_eq!(store.path(&id).unwrap(), store.folder.join("ba").join(ABC));
        assert!(store.contains(&id));
        let mut text = String::new();
        store.open(&id).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(store.documents().unwrap(), [id]);
        assert_eq!(staged_files(&store), 0);
    }

    #[test]
    fn the_same_document_again_changes_nothing() {
        let (_place, store) = store();
        let id = put(&store, b"abc");
        let before = fs::metadata(store.path(&id).unwrap()).unwrap().modified().unwrap();
        assert_eq!(put(&store, b"abc"), id);
        assert_eq!(fs::metadata(store.path(&id).unwrap()).unwrap().modified().unwrap(), before);
        assert_eq!(store.documents().unwrap().len(), 1);
        assert_eq!(staged_files(&store), 0);
    }

    #[test]
    fn two_writers_of_the_same_documents_do_not_disturb_each_other() {
        let (_place, store) = store();
        let contents: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 3_000]).collect();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| contents.iter().for_each(|content| drop(put(&store, content))));
            }
        });
        let ids = store.documents().unwrap();
        assert_eq!(ids.len(), 40);
        ids.iter().for_each(|id| store.verify(id).unwrap());
    }

    #[test]
    fn a_document_that_is_dropped_leaves_nothing() {
        let (_place, store) = store();
        let mut staged = store.stage().unwrap();
        staged.write_all(b"half").unwrap();
        assert_eq!(staged_files(&store), 1);
        drop(staged);
        drop(finished(&store, b"whole but unwanted"));
        assert_eq!(staged_files(&store), 0);
        assert!(store.documents().unwrap().is_empty());
    }

    #[test]
    fn a_finished_document_can_be_looked_at_before_it_is_kept() {
        let (_place, store) = store();
        let finished = finished(&store, b"abc");
        assert_eq!((finished.id().as_str(), finished.bytes()), (ABC, 3));
        assert_eq!(io::read_to_string(finished.open().unwrap()).unwrap(), "abc");
        assert!(!store.contains(finished.id()));
    }

    #[test]
    fn what_a_crash_left_is_cleared_and_documents_stay() {
        let (_place, store) = store();
        let id = put(&store, b"abc");
        fs::write(store.folder.join(STAGING).join("left"), "half").unwrap();
        assert_eq!(store.clear_staging().unwrap(), 1);
        assert_eq!(staged_files(&store), 0);
        store.verify(&id).unwrap();
    }

    #[test]
    fn folders_and_files_are_private() {
        let (_place, store) = store();
        let id = put(&store, b"abc");
        let path = store.path(&id).unwrap();
        assert_eq!(mode(&path), 0o600);
        for folder in [store.folder.as_path(), path.parent().unwrap(), &store.folder.join(STAGING)] {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let (_place, store) = store();
        let id = put(&store, b"abc");
        fs::write(store.path(&id).unwrap(), b"abb").unwrap();
        let Err(ArchiveError::Damaged { stated, computed, .. }) = store.verify(&id) else { panic!("not found") };
        assert_eq!(stated, id);
        assert_eq!(computed, hash(&b"abb"[..]).unwrap().0);
    }

    #[test]
    fn a_damaged_document_gives_way_to_the_sound_one_and_is_kept_aside() {
        for damaged in [&b"a"[..], b"abb"] {
            let (_place, store) = store();
            let id = put(&store, b"abc");
            fs::write(store.path(&id).unwrap(), damaged).unwrap();
            store.commit(finished(&store, b"abc")).unwrap();
            store.verify(&id).unwrap();
            assert_eq!(fs::read(store.folder().join(ASIDE).join(format!("{id}{DAMAGED}"))).unwrap(), damaged);
            assert_eq!(staged_files(&store), 0);
        }
    }

    #[test]
    fn a_text_that_is_no_hash_never_becomes_a_path() {
        let (_place, store) = store();
        let upper = ABC.to_uppercase();
        for text in ["", "../../etc/passwd", &upper, &ABC[1..], &format!("{ABC}0"), &"é".repeat(32)] {
            let id = DocumentId::new(text);
            assert!(matches!(store.path(&id), Err(ArchiveError::NotADocumentId { .. })), "{text}");
            assert!(!store.contains(&id));
            assert!(store.open(&id).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_document_written_in_any_pieces_has_the_hash_of_the_whole(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8),
        ) {
            let (_place, store) = store();
            let mut staged = store.stage().unwrap();
            pieces.iter().for_each(|piece| staged.write_all(piece).unwrap());
            let whole = pieces.concat();
            let finished = staged.finish().unwrap();
            let (id, bytes) = hash(whole.as_slice()).unwrap();
            prop_assert_eq!((finished.id(), finished.bytes()), (&id, bytes));
            prop_assert_eq!(store.commit(finished).unwrap(), id.clone());
            prop_assert!(store.verify(&id).is_ok());
        }
    }
}
