//! From a pack back to its ground: entries against the manifest, and the documents into a folder of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::failure::Failure;
use super::super::load::gather_named;
use super::super::world::World;
use super::ground::{Ground, GroundDocument, GroundInput, counts};
use crate::archive::hash;
use crate::domain::{DocumentId, ExitCode};
use crate::export::{PackError, PackReader};
use crate::parse::DocumentKind;
use crate::report::closing::{
    Difference, Entry, MANIFEST, Manifest, PACK_SCHEMA, PackDocument, RawBytes, TERMS_SCHEMA, raw_entry,
};

/// Longest manifest: a line for each of hundreds of thousands of documents.
const MANIFEST_BYTES_MAX: u64 = 256 << 20;
/// Longest entry that is held in memory to be compared figure by figure.
const HELD_BYTES_MAX: u64 = 256 << 20;

/// An opened pack.
pub(in super::super) struct Opened {
    pub(in super::super) manifest: Manifest,
    /// What is not as the manifest says.
    pub(in super::super) differences: Vec<Difference>,
    /// Entries whose bytes are what the manifest says.
    pub(in super::super) sound: u64,
    /// The hash of each entry as it is.
    pub(in super::super) found: BTreeMap<String, DocumentId>,
    /// `statement.json` as it is, where it can be read.
    pub(in super::super) statement: Option<serde_json::Value>,
    /// Documents and inputs that lie in the folder, by the hash of their bytes.
    files: BTreeMap<DocumentId, PathBuf>,
    folder: TempDir,
}

/// Reads every entry of a pack and compares it with the manifest.
pub(in super::super) fn open_pack(path: &Path) -> Result<Opened, Failure> {
    let failed = |why: PackError| unreadable(path, &why);
    let mut reader = PackReader::open(path).map_err(failed)?;
    let text = reader.read(MANIFEST, MANIFEST_BYTES_MAX).map_err(failed)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|why| no_manifest(path, &why))?;
    if manifest.schema != PACK_SCHEMA || manifest.terms.schema != TERMS_SCHEMA {
        let message = format!(
            "{}: the pack is of form `{}`, which this version does not know",
            path.display(),
            manifest.schema.escape_debug()
        );
        return Err(Failure::new(ExitCode::Storage, message).with_hint("verify it with a newer settle"));
    }
    let folder = TempDir::new()
        .map_err(|why| Failure::new(ExitCode::Storage, format!("cannot use the folder of temporary files: {why}")))?;
    let mut opened = Opened {
        differences: Vec::new(),
        sound: 0,
        found: BTreeMap::new(),
        statement: None,
        files: BTreeMap::new(),
        folder,
        manifest,
    };
    opened.compare_names(reader.names());
    for entry in opened.manifest.entries.clone() {
        opened.take(&mut reader, &entry).map_err(failed)?;
    }
    Ok(opened)
}

fn unreadable(path: &Path, why: &PackError) -> Failure {
    let exit = match why {
        PackError::Hostile(_) => ExitCode::DoesNotTie,
        _ => ExitCode::Storage,
    };
    Failure::new(exit, format!("{}: {why}", path.display()))
}

fn no_manifest(path: &Path, why: &serde_json::Error) -> Failure {
    Failure::new(ExitCode::Storage, format!("{}: its {MANIFEST} cannot be read: {why}", path.display()))
}

impl Opened {
    fn differs(&mut self, code: &'static str, entry: &str, message: impl Into<String>) {
        self.differences.push(Difference { code, entry: Some(entry.to_owned()), message: message.into() });
    }

    fn compare_names(&mut self, names: &[String]) {
        let stated: BTreeSet<String> = self.manifest.entries.iter().map(|entry| entry.name.clone()).collect();
        for name in names.iter().filter(|name| *name != MANIFEST && !stated.contains(*name)) {
            self.differs("entry_added", name, "is not in the manifest");
        }
        if stated.len() < self.manifest.entries.len() {
            self.differs("entry_doubled", MANIFEST, "names an entry twice");
        }
    }

    /// Reads one entry: documents and inputs into the folder, `statement.json` into memory, the rest by its hash.
    fn take(&mut self, reader: &mut PackReader, entry: &Entry) -> Result<(), PackError> {
        if !reader.names().contains(&entry.name) {
            self.differs("entry_missing", &entry.name, "is in the manifest and not in the pack");
            return Ok(());
        }
        let read = match entry.name.as_str() {
            "statement.json" => {
                let mut bytes = Vec::new();
                let read = reader.copy(&entry.name, entry.bytes.min(HELD_BYTES_MAX), &mut bytes);
                self.statement = serde_json::from_slice(&bytes).ok();
                read
            }
            name if name.starts_with("raw/") || name.starts_with("inputs/") => {
                let place = self.folder.path().join(format!("{}", self.files.len()));
                let mut file = BufWriter::new(File::create(&place)?);
                let read = reader.copy(name, entry.bytes, &mut file);
                file.flush()?;
                if let Ok((id, _)) = &read {
                    self.files.insert(id.clone(), place);
                }
                read
            }
            name => reader.copy(name, entry.bytes, &mut std::io::sink()),
        };
        match read {
            Ok((id, bytes)) => self.compare(entry, id, bytes),
            Err(PackError::Entry { why, .. }) => {
                self.differs("entry_unreadable", &entry.name, format!("cannot be read: {why}"))
            }
            Err(why) => return Err(why),
        }
        Ok(())
    }

    fn compare(&mut self, entry: &Entry, id: DocumentId, bytes: u64) {
        if id == entry.sha256 && bytes == entry.bytes {
            self.sound += 1;
        } else {
            let (stated, found) = (&entry.sha256, &id);
            let message =
                format!("has the SHA-256 {found} ({bytes} bytes), the manifest says {stated} ({} bytes)", entry.bytes);
            self.differs("entry_changed", &entry.name, message);
        }
        self.found.insert(entry.name.clone(), id);
    }

    /// The ground that the pack stands on; `None` where documents are missing, which is told.
    pub(in super::super) fn ground(&mut self) -> Result<Option<Ground>, Failure> {
        let Some(month) = self.manifest.terms.month().filter(|_| self.manifest.month == self.manifest.terms.month)
        else {
            self.differs("month", MANIFEST, "names no month");
            return Ok(None);
        };
        let (mut documents, mut inputs) = (Vec::new(), Vec::new());
        let mut missing = 0_u64;
        self.compare_documents();
        for facts in self.manifest.documents.clone() {
            match self.files.get(&facts.sha256) {
                Some(path) => documents.push(GroundDocument { path: path.clone(), facts }),
                None if !facts.counts => documents.push(GroundDocument { path: PathBuf::new(), facts }),
                None => {
                    missing += 1;
                    self.document_missing(&facts);
                }
            }
        }
        for facts in self.manifest.terms.inputs.clone() {
            match self.files.get(&facts.sha256) {
                Some(path) => inputs.push(GroundInput { path: path.clone(), facts }),
                None => {
                    missing += 1;
                    let name = facts.entry();
                    self.differs(
                        "input_missing",
                        &name,
                        format!("{}: the file that was given is not here", facts.name),
                    );
                }
            }
        }
        let terms = self.manifest.terms.clone();
        Ok((missing == 0).then_some(Ground { month, terms, documents, inputs }))
    }

    /// What the manifest says of documents, as far as their bytes tell it.
    fn compare_documents(&mut self) {
        let documents = self.manifest.documents.clone();
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for facts in &documents {
            let name = raw_entry(&facts.sha256);
            if !names.insert(&facts.name) || !ids.insert(&facts.sha256) {
                self.differs("document_doubled", &name, format!("{}: the manifest names it twice", facts.name));
            }
            if facts.counts != counts(DocumentKind::from_word(&facts.kind)) {
                self.differs(
                    "document_kind",
                    &name,
                    format!("{}: whether it counts does not fit its kind", facts.name),
                );
            }
            let length =
                self.files.get(&facts.sha256).and_then(|path| std::fs::metadata(path).ok()).map(|about| about.len());
            if length.is_some_and(|length| length != facts.bytes) {
                self.differs("document_length", &name, format!("{}: it has another length than stated", facts.name));
            }
        }
        let inputs = self.manifest.terms.inputs.clone();
        for facts in &inputs {
            let length =
                self.files.get(&facts.sha256).and_then(|path| std::fs::metadata(path).ok()).map(|about| about.len());
            if length.is_some_and(|length| length != facts.bytes) {
                self.differs(
                    "input_length",
                    &facts.entry(),
                    format!("{}: it has another length than stated", facts.name),
                );
            }
        }
    }

    fn document_missing(&mut self, facts: &PackDocument) {
        let name = raw_entry(&facts.sha256);
        let message = match self.manifest.terms.raw {
            RawBytes::All => format!("{}: a document that figures rest on is not here", facts.name),
            RawBytes::None => {
                format!("{}: the pack holds no documents and --from does not supply this one", facts.name)
            }
        };
        self.differs("document_missing", &name, message);
    }
}

/// Supplies documents that a pack names by hash only: files and folders, in whatever order and under any names.
pub(in super::super) fn supply(opened: &mut Opened, from: &[PathBuf], world: &mut World<'_>) -> Result<(), Failure> {
    let wanted: BTreeSet<DocumentId> =
        opened.manifest.documents.iter().map(|document| document.sha256.clone()).collect();
    let gathered = gather_named(from, world);
    if let Some(error) = gathered.errors.into_iter().next() {
        return Err(error.into());
    }
    for input in &gathered.inputs {
        let unreadable = |why: &dyn std::fmt::Display| {
            Failure::new(ExitCode::Storage, format!("{}: cannot be read: {why}", input.name()))
        };
        let (id, _) = input
            .open()
            .map_err(|why| unreadable(&why))
            .and_then(|bytes| hash(bytes).map_err(|why| unreadable(&why)))?;
        if !wanted.contains(&id) || opened.files.contains_key(&id) {
            continue;
        }
        let place = opened.folder.path().join(format!("{}", opened.files.len()));
        let mut bytes = input.open().map_err(|why| unreadable(&why))?;
        let copied = File::create(&place).and_then(|mut file| std::io::copy(&mut bytes, &mut file));
        copied.map_err(|why| unreadable(&why))?;
        opened.files.insert(id, place);
    }
    Ok(())
}
