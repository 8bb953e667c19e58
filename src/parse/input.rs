//! From the paths a user names to single inputs: folders are walked, `.gz` and `.zip` are opened.
//!
//! Packed files are recognised by their first bytes. Every limit is a named constant; an archive that
//! unpacks to more than it can honestly hold is refused before it fills a disk. Nothing is written
//! but anonymous temporary files.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::Encoding;
use flate2::read::MultiGzDecoder;
use tempfile::{NamedTempFile, SpooledTempFile};
use zip::ZipArchive;
use zip::result::ZipError;

use super::chunks::CHUNK_BYTES;
use super::fault::{Fault, ReadError};

/// A folder that holds a file of this name is not walked into.
pub const FOLDER_SKIP_MARKER: &str = ".settleignore";

/// Largest plain file: a hundred million rows and more.
const FILE_BYTES_MAX: u64 = 64 << 30;
/// Reports of text pack 5 to 40 times; beyond this ratio it is a bomb.
const UNPACK_RATIO_MAX: u64 = 200;
/// Small archives may unpack to this much whatever their ratio.
const UNPACK_BYTES_FREE: u64 = 16 << 20;
/// Files in one zip.
const ZIP_ENTRIES_MAX: usize = 10_000;
/// Files below one named folder.
const FOLDER_FILES_MAX: usize = 200_000;
/// Depth of folders below a named one.
const FOLDER_DEPTH_MAX: usize = 16;
/// Unpacked bytes that stay in memory before they spill to a temporary file.
const SPOOL_MEMORY: usize = 1 << 20;
/// What every xlsx, docx and pptx holds.
const OFFICE_MEMBER: &str = "[Content_Types].xml";
/// Files that desktops leave behind.
const DESKTOP_FILES: [&str; 3] = ["Thumbs.db", "desktop.ini", "Icon\r"];

/// One file, or one member of an archive, that can be opened again and again.
#[derive(Clone, Debug)]
pub struct Input {
    name: String,
    place: Place,
    /// The charset that the sender declared, where that is another than UTF-8.
    declared: Option<&'static Encoding>,
    /// Usual size of the pieces in which it is read.
    piece: usize,
    /// The temporary file of a stream, which lives as long as its inputs.
    _spooled: Option<Arc<NamedTempFile>>,
}

#[derive(Clone, Debug)]
enum Place {
    Plain(PathBuf),
    /// A document of the archive.
    Stored(PathBuf),
    Gzip(PathBuf),
    Zip {
        archive: Box<ZipArchive<Reopened>>,
        path: PathBuf,
        index: usize,
    },
    Held(Arc<[u8]>),
}

/// What the named paths hold.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Inputs in the order of the paths, folders in the order of names.
    pub inputs: Vec<Input>,
    /// Paths and archives that could not be opened.
    pub errors: Vec<ReadError>,
    /// Folders passed over because they hold a [`FOLDER_SKIP_MARKER`].
    pub skipped: Vec<PathBuf>,
}

/// Walks the named files and folders. Hidden files, what desktops leave behind and marked folders are
/// passed over; everything else below a folder is an input.
#[must_use]
pub fn gather(paths: &[PathBuf]) -> Gathered {
    let mut gathered = Gathered::default();
    for path in paths {
        gathered.add(path, 0);
    }
    gathered
}

/// Adds a stream that can be read once (standard input, a pipe), by way of a temporary file that can be
/// read again.
pub fn gather_stream(gathered: &mut Gathered, stream: &mut dyn Read, name: &str) {
    match spool(stream) {
        Ok(file) => {
            let file = Arc::new(file);
            gathered.add_file(file.path(), name, Some(&file));
        }
        Err(why) => gathered.errors.push(Fault::from(why).at(name, None, None)),
    }
}

fn spool(stream: &mut dyn Read) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    io::copy(&mut Limited::new(stream, FILE_BYTES_MAX, too_large), &mut file)?;
    file.flush()?;
    Ok(file)
}

impl Gathered {
    fn add(&mut self, path: &Path, depth: usize) {
        let name = path.display().to_string();
        match fs::metadata(path) {
            Err(why) => self.errors.push(Fault::from(why).at(&name, None, None)),
            Ok(metadata) if metadata.is_dir() => self.add_folder(path, depth),
            Ok(metadata) if metadata.is_file() => self.add_file(path, &name, None),
            Ok(metadata) => self.add_special(path, &name, metadata.file_type()),
        }
    }

    fn add_folder(&mut self, folder: &Path, depth: usize) {
        let name = folder.display().to_string();
        if depth > 0 && folder.join(FOLDER_SKIP_MARKER).exists() {
            self.skipped.push(folder.to_owned());
            return;
        }
        let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries: Vec<PathBuf> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
            Err(why) => return self.errors.push(Fault::from(why).at(&name, None, None)),
        };
        entries.sort();
        for path in entries {
            let hidden = path.file_name().is_none_or(|file| {
                let file = file.to_string_lossy();
                file.starts_with('.') || DESKTOP_FILES.contains(&file.as_ref())
            });
            if hidden {
                continue;
            }
            if depth >= FOLDER_DEPTH_MAX {
                return self.errors.push(Fault::TooDeep { limit: FOLDER_DEPTH_MAX }.at(&name, None, None));
            }
            if self.inputs.len() >= FOLDER_FILES_MAX {
                return self.errors.push(Fault::TooManyFiles { limit: FOLDER_FILES_MAX }.at(&name, None, None));
            }
            self.add(&path, depth + 1);
        }
    }

    /// A pipe is read once; a device has no end.
    fn add_special(&mut self, path: &Path, name: &str, kind: fs::FileType) {
        if !kind.is_fifo() {
            let hint = "name a file, a folder or a pipe";
            let fault = Fault::Foreign { what: "a device".to_owned(), hint };
            return self.errors.push(fault.at(name, None, None));
        }
        match File::open(path) {
            Ok(mut pipe) => gather_stream(self, &mut pipe, name),
            Err(why) => self.errors.push(Fault::from(why).at(name, None, None)),
        }
    }

    fn add_file(&mut self, path: &Path, name: &str, spooled: Option<&Arc<NamedTempFile>>) {
        let input = |place| Input::at(name, place, spooled);
        match magic(path) {
            Err(why) => self.errors.push(Fault::from(why).at(name, None, None)),
            Ok([0x1f, 0x8b, ..]) => self.inputs.push(input(Place::Gzip(path.to_owned()))),
            Ok([b'P', b'K', 3, 4] | [b'P', b'K', 5, 6]) => self.add_zip(path, name, spooled),
            Ok(_) => self.inputs.push(input(Place::Plain(path.to_owned()))),
        }
    }

    fn add_zip(&mut self, path: &Path, name: &str, spooled: Option<&Arc<NamedTempFile>>) {
        let mut archive = match open_zip(path) {
            Ok(archive) => archive,
            Err(fault) => return self.errors.push(fault.at(name, None, None)),
        };
        if archive.len() > ZIP_ENTRIES_MAX {
            return self.errors.push(Fault::TooManyFiles { limit: ZIP_ENTRIES_MAX }.at(name, None, None));
        }
        if archive.index_for_name(OFFICE_MEMBER).is_some() {
            let fault =
                Fault::Foreign { what: "an Office document".to_owned(), hint: "use the CSV file as downloaded" };
            return self.errors.push(fault.at(name, None, None));
        }
        if let Err(fault) = check_sizes(&mut archive, path) {
            return self.errors.push(fault.at(name, None, None));
        }
        let known = self.inputs.len() + self.errors.len();
        for index in 0..archive.len() {
            let Some(Ok(member)) = archive.name_for_index(index) else {
                self.errors
                    .push(Fault::Unpack { why: format!("member {index} has no readable name") }.at(name, None, None));
                continue;
            };
            let file = member.rsplit('/').next().unwrap_or_default();
            if file.is_empty() || file.starts_with('.') || member.starts_with("__MACOSX/") {
                continue;
            }
            let place = Place::Zip { archive: Box::new(archive.clone()), path: path.to_owned(), index };
            self.inputs.push(Input::at(format!("{name}/{member}"), place, spooled));
        }
        if known == self.inputs.len() + self.errors.len() {
            self.errors.push(Fault::EmptyArchive.at(name, None, None));
        }
    }
}

impl Input {
    /// A plain file under another name than its own.
    #[must_use]
    pub fn renamed(path: PathBuf, name: impl Into<String>) -> Self {
        Self::at(name, Place::Plain(path), None)
    }

    /// A document of the archive, which is stored under its hash: bytes that are not what that says are refused.
    #[must_use]
    pub fn stored(path: PathBuf, name: impl Into<String>) -> Self {
        Self::at(name, Place::Stored(path), None)
    }

    /// The hash under which it is stored, where it is a document of the archive or of a pack.
    pub(super) fn stored_as(&self) -> Option<&str> {
        match &self.place {
            Place::Stored(path) => path.file_name().and_then(|name| name.to_str()).filter(|name| is_hash(name)),
            _ => None,
        }
    }

    /// Bytes in memory, read in pieces of about this size: what fuzzing hands in, and shows to be read as in one piece.
    #[doc(hidden)]
    #[must_use]
    pub fn held(name: impl Into<String>, bytes: Arc<[u8]>, piece: usize) -> Self {
        Self { piece, ..Self::at(name, Place::Held(bytes), None) }
    }

    fn at(name: impl Into<String>, place: Place, spooled: Option<&Arc<NamedTempFile>>) -> Self {
        Self { name: name.into(), place, declared: None, piece: CHUNK_BYTES, _spooled: spooled.cloned() }
    }

    /// Usual size of the pieces in which it is read.
    pub(super) fn piece_bytes(&self) -> usize {
        self.piece
    }

    /// The same with the `Content-Type` that its sender declared. It is believed only where the bytes are not UTF-8.
    #[must_use]
    pub fn declared(mut self, content_type: Option<&str>) -> Self {
        self.declared = content_type.and_then(declared_charset);
        self
    }

    /// The charset that the sender declared, where that is another than UTF-8.
    pub(super) fn charset(&self) -> Option<&'static Encoding> {
        self.declared
    }

    /// The path as the user named it; for a member of a zip, the zip's path and the member's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The length of the file on disk, packed or not; of the whole archive for a member of a zip.
    #[must_use]
    pub fn length_on_disk(&self) -> Option<u64> {
        match &self.place {
            Place::Plain(path) | Place::Stored(path) | Place::Gzip(path) | Place::Zip { path, .. } => {
                fs::metadata(path).ok().map(|about| about.len())
            }
            Place::Held(bytes) => Some(bytes.len() as u64),
        }
    }

    /// Opens the unpacked bytes from their beginning.
    ///
    /// # Errors
    /// [`Fault::Io`], [`Fault::Unpack`], [`Fault::Bomb`] and [`Fault::TooLarge`]; limits that are only
    /// met while reading come back as an [`io::Error`] that holds the fault.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, Fault> {
        match &self.place {
            Place::Stored(path) => {
                let file = File::open(path).map_err(|why| Fault::StoredUnread { why })?;
                Ok(Box::new(Limited::new(Stored(file), FILE_BYTES_MAX, too_large)))
            }
            Place::Plain(path) => Ok(Box::new(Limited::new(File::open(path)?, FILE_BYTES_MAX, too_large))),
            Place::Gzip(path) => {
                let file = File::open(path)?;
                let limit = unpack_limit(file.metadata()?.len());
                let bytes = MultiGzDecoder::new(BufReader::new(file));
                Ok(Box::new(Limited::new(Unpacked(bytes), limit, bomb)))
            }
            Place::Zip { archive, index, .. } => unzip(archive.as_ref().clone(), *index),
            Place::Held(bytes) => Ok(Box::new(io::Cursor::new(Arc::clone(bytes)))),
        }
    }
}

/// Whether a name is that of a stored document: 64 lower-case hex digits.
fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A document of the archive: where the disk does not give it, that is no fault of the document.
struct Stored(File);

impl Read for Stored {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes).map_err(|why| match why.kind() {
            io::ErrorKind::Interrupted => why,
            _ => io::Error::other(Fault::StoredUnread { why }),
        })
    }
}

/// The charset of a `Content-Type`. Java's `Cp1252` and `windows-31j` are what MWS was seen to write.
fn declared_charset(content_type: &str) -> Option<&'static Encoding> {
    let (_, parameters) = content_type.split_once(';')?;
    let named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, label) = named.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    let label = label.trim().trim_matches('"');
    let label = if label.eq_ignore_ascii_case("cp1252") { "windows-1252" } else { label };
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != encoding_rs::UTF_8)
}

fn magic(path: &Path) -> io::Result<[u8; 4]> {
    let mut head = Vec::with_capacity(4);
    File::open(path)?.take(4).read_to_end(&mut head)?;
    head.resize(4, 0);
    Ok(head.try_into().unwrap_or_default())
}

/// A file that is opened when it is first read. Copies of an archive share its table of contents, so that an archive
/// of ten thousand members is not understood ten thousand times, and hold no file open.
#[derive(Debug)]
struct Reopened {
    path: PathBuf,
    file: Option<BufReader<File>>,
}

impl Reopened {
    fn file(&mut self) -> io::Result<&mut BufReader<File>> {
        if self.file.is_none() {
            self.file = Some(BufReader::new(File::open(&self.path)?));
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Clone for Reopened {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), file: None }
    }
}

impl Read for Reopened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(buffer)
    }
}

impl Seek for Reopened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }
}

fn open_zip(path: &Path) -> Result<ZipArchive<Reopened>, Fault> {
    ZipArchive::new(Reopened { path: path.to_owned(), file: None }).map_err(|why| zip_fault(&why))
}

/// Refuses an archive whose members together unpack to more than its length can honestly hold, which is how bombs
/// pass limits on single members: many small ones, or many that share their bytes.
fn check_sizes(archive: &mut ZipArchive<Reopened>, path: &Path) -> Result<(), Fault> {
    let limit = unpack_limit(fs::metadata(path)?.len());
    let total: u128 = (0..archive.len())
        .filter_map(|index| archive.by_index_data(index).ok())
        // One that is a bomb by itself is refused when it is opened, and by its own name.
        .filter(|member| member.size() <= unpack_limit(member.compressed_size()))
        .map(|member| u128::from(member.size()))
        .sum();
    if total > u128::from(limit) {
        return Err(bomb(limit));
    }
    // Where a member's own header is damaged, reading that member says so.
    match archive.has_overlapping_files() {
        Ok(true) => Err(Fault::Unpack { why: "several of its files are made of the same bytes".to_owned() }),
        _ => Ok(()),
    }
}

fn zip_fault(why: &ZipError) -> Fault {
    match why {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => Fault::Locked,
        ZipError::InvalidArchive(_) => Fault::Unpack { why: "the zip is incomplete or damaged".to_owned() },
        why => Fault::Unpack { why: why.to_string() },
    }
}

/// Unpacks one member into memory or an anonymous temporary file, because a zip's reader cannot
/// outlive its archive.
fn unzip(mut archive: ZipArchive<Reopened>, index: usize) -> Result<Box<dyn Read + Send>, Fault> {
    let member = archive.by_index(index).map_err(|why| zip_fault(&why))?;
    let (limit, stated) = (unpack_limit(member.compressed_size()), member.size());
    let (limit, fault): (u64, fn(u64) -> Fault) = if stated < limit { (stated, longer) } else { (limit, bomb) };
    let mut spool = SpooledTempFile::new(SPOOL_MEMORY);
    io::copy(&mut Limited::new(Unpacked(member), limit, fault), &mut spool)?;
    spool.seek(SeekFrom::Start(0))?;
    Ok(Box::new(spool))
}

fn unpack_limit(packed: u64) -> u64 {
    packed.saturating_mul(UNPACK_RATIO_MAX).clamp(UNPACK_BYTES_FREE, FILE_BYTES_MAX)
}

fn bomb(limit: u64) -> Fault {
    Fault::Bomb { limit_mib: limit >> 20 }
}

/// A member of which the archive states a smaller size, so that the sum of sizes means nothing.
fn longer(_stated: u64) -> Fault {
    Fault::Unpack { why: "a file in it is longer than the archive says".to_owned() }
}

fn too_large(limit: u64) -> Fault {
    Fault::TooLarge { limit_gib: limit >> 30 }
}

/// Fails, instead of ending, where a stream is longer than allowed.
struct Limited<R> {
    inner: R,
    left: u64,
    limit: u64,
    fault: fn(u64) -> Fault,
}

impl<R> Limited<R> {
    fn new(inner: R, limit: u64, fault: fn(u64) -> Fault) -> Self {
        Self { inner, left: limit, limit, fault }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = match self.left.checked_sub(read as u64) {
            Some(left) => left,
            None => return Err(io::Error::other((self.fault)(self.limit))),
        };
        Ok(read)
    }
}

/// Names a broken archive as such instead of as a failure of the disk.
struct Unpacked<R>(R);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|why| {
            let why = match why.kind() {
                io::ErrorKind::UnexpectedEof => "the archive is incomplete".to_owned(),
                _ => format!("the archive is incomplete or damaged ({why})"),
            };
            io::Error::other(Fault::Unpack { why })
        })
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(input: &Input) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        input.open()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn zip_of(path: &Path, members: &[(&str, &[u8])]) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in members {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn packed_files_are_known_by_their_bytes_and_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let gz = folder.path().join("report.csv");
        let mut encoder = GzEncoder::new(File::create(&gz).unwrap(), Compression::default());
        encoder.write_all(b"packed").unwrap();
        encoder.finish().unwrap();
        zip_of(&folder.path().join("two.dat"), &[("a/one.csv", b"1"), ("two.csv", b"2"), ("__MACOSX/x", b"no")]);

        let gathered = gather(&[folder.path().to_owned()]);
        assert!(gathered.errors.is_empty());
        let contents: Vec<Vec<u8>> = gathered.inputs.iter().map(|input| read(input).unwrap()).collect();
        assert_eq!(contents, [b"packed".to_vec(), b"1".to_vec(), b"2".to_vec()]);
        assert!(gathered.inputs[1].name().ends_with("two.dat/a/one.csv"));
    }

    #[test]
    fn members_that_are_small_one_by_one_are_a_bomb_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("many.zip");
        let zeros = vec![0; 4 << 20];
        let names: Vec<String> = (0..5).map(|number| format!("{number}.csv")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
        zip_of(&path, &members);
        let gathered = gather(std::slice::from_ref(&path));
        assert!(gathered.inputs.is_empty());
        assert!(matches!(gathered.errors[0].fault, Fault::Bomb { limit_mib: 16 }));
        zip_of(&path, &members[..4]);
        assert_eq!(gather(&[path]).inputs.len(), 4);
    }

    #[test]
    fn members_made_of_the_same_bytes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("overlap.zip");
        zip_of(&path, &[("1.csv", b"a,b"), ("2.csv", b"a,b")]);
        let mut bytes = std::fs::read(&path).unwrap();
        // The second entry of the central directory points to the header of the first.
        let entries: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02")).collect();
        let offset = bytes[entries[0] + 42..entries[0] + 46].to_vec();
        bytes[entries[1] + 42..entries[1] + 46].copy_from_slice(&offset);
        std::fs::write(&path, &bytes).unwrap();
        let gathered = gather(&[path]);
        assert!(gathered.inputs.is_empty());
        assert!(gathered.errors[0].to_string().contains("same bytes"), "{}", gathered.errors[0]);
    }

    #[test]
    fn a_bomb_is_refused_and_a_broken_archive_named() {
        let folder = tempfile::tempdir().unwrap();
        let bomb = folder.path().join("bomb.zip");
        zip_of(&bomb, &[("zeros", &vec![0; (UNPACK_BYTES_FREE + 1) as usize])]);
        let gathered = gather(&[bomb]);
        assert!(matches!(read(&gathered.inputs[0]), Err(Fault::Bomb { limit_mib: 16 })));

        let gz = folder.path().join("broken.gz");
        fs::write(&gz, [0x1f, 0x8b, 8, 0, 1, 2]).unwrap();
        assert!(matches!(read(&gather(&[gz]).inputs[0]), Err(Fault::Unpack { .. })));

        let zip = folder.path().join("broken.zip");
        fs::write(&zip, b"PK\x03\x04nothing").unwrap();
        assert!(matches!(gather(&[zip]).errors[0].fault, Fault::Unpack { .. }));
    }

    #[test]
    fn folders_are_walked_in_order_and_marked_ones_skipped() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["b/2.csv", "a/1.csv", "a/.hidden", "skip/.settleignore", "skip/3.csv"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let gathered = gather(&[folder.path().to_owned()]);
        let names: Vec<_> = gathered.inputs.iter().map(|input| input.name().rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["1.csv", "2.csv"]);
        assert_eq!(gathered.skipped, [folder.path().join("skip")]);
        assert_eq!(gather(&[folder.path().join("skip")]).inputs.len(), 1, "named itself, it is walked");
    }

    #[test]
    fn a_pipe_is_read_once_and_whole_and_a_device_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            let writer = std::thread::spawn({
                let pipe = pipe.clone();
                move || fs::write(pipe, "through a pipe").unwrap()
            });
            let gathered = gather(&[pipe]);
            writer.join().unwrap();
            assert_eq!(read(&gathered.inputs[0]).unwrap(), b"through a pipe");
            assert_eq!(read(&gathered.inputs[0]).unwrap(), b"through a pipe", "again");
        }
        let gathered = gather(&[PathBuf::from("/dev/zero")]);
        assert!(matches!(gathered.errors[0].fault, Fault::Foreign { .. }));
    }

    #[test]
    fn a_missing_path_is_an_error_beside_the_good_ones() {
        let gathered = gather(&[PathBuf::from("/nowhere/at-all.csv")]);
        assert!(matches!(gathered.errors[0].fault, Fault::Io { .. }));
    }
}
