//! What lies in a data folder, against what the catalog and the log of events say should lie there.
//!
//! Answers what is missing, of another length, changed, or named by nobody. Takes no lock: the seals are looked at
//! before and after, and what a run at work can explain is not called damage. Bytes of documents are not read here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Serialize;

use super::backup::BACKUP_MANIFEST;
use super::catalog::Catalog;
use super::error::{ArchiveError, at};
use super::findings::{Finding, Mend};
use super::inventory_log::{Told, examine_log};
use super::raw::{ASIDE, DAMAGED, RawStore, STAGING, hash};
use super::rebuild::{CATALOG_NEW, EVENTS_KEPT};
use super::records::DocumentRecord;
use super::seals::{self, SEALS, Seals};
use super::snapshot::{Logged, Snapshot};
use super::{CATALOG, CATALOG_KEPT, CLOSED, EVENTS, LOCK, PASSED_OVER, RAW};
use crate::domain::DocumentId;

/// Folders of derived files.
const DERIVED: [&str; 2] = ["ledger", "records"];
/// Depth of folders below the data folder that are looked into: two more than this program makes.
const DEPTH_MAX: usize = 6;
/// Files that a run writes and reads beside documents.
const OWN_FILES: [&str; 15] = [
    CATALOG,
    "catalog.sqlite-wal",
    "catalog.sqlite-shm",
    CATALOG_KEPT,
    CATALOG_NEW,
    "catalog.sqlite.new-wal",
    "catalog.sqlite.new-shm",
    "catalog.sqlite.new-journal",
    EVENTS,
    EVENTS_KEPT,
    SEALS,
    seals::PII_KEY,
    LOCK,
    PASSED_OVER,
    BACKUP_MANIFEST,
];
/// Permission bits of group and others.
const OTHERS: u32 = 0o077;
/// How often a folder that changes while it is looked at is looked at again.
const LOOKS_MAX: usize = 3;

/// How an inventory is taken.
pub struct InventoryAsk<'a> {
    /// The length of a document's Parquet file as a higher floor remembers it.
    pub derived_bytes: &'a dyn Fn(&DocumentRecord) -> Option<u64>,
}

/// How much was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Documents that the catalog names.
    pub documents: u64,
    /// Files in the raw store.
    pub raw_files: u64,
    /// Their bytes.
    pub raw_bytes: u64,
    /// Parquet files.
    pub derived_files: u64,
    /// Their bytes.
    pub derived_bytes: u64,
    /// Events in the log.
    pub events: u64,
    /// Closed months, reopened ones included.
    pub closes: u64,
    /// Sealed packs.
    pub packs: u64,
    /// Documents removed on purpose.
    pub purged: u64,
    /// Documents whose bytes were read.
    pub documents_read: u64,
    /// Rows that were compared.
    pub rows_compared: u64,
    /// Documents whose turn it was and for which no time was left.
    pub documents_left: u64,
}

/// What an inventory came to.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// How much was looked at.
    pub checked: Checked,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What the catalog says; `None` where it cannot be read.
    pub snapshot: Option<Snapshot>,
    /// Files in the raw store, by hash, with their path relative to the data folder.
    pub stored: BTreeMap<DocumentId, String>,
}

/// One file below the data folder.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) bytes: u64,
    mode: u32,
}

pub(super) type Listing = BTreeMap<String, Listed>;

impl Inventory {
    /// Takes the inventory of a data folder.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] where there is no data folder, [`ArchiveError::NewerVersion`] where a newer program
    /// wrote it, [`ArchiveError::Io`] where a folder cannot be listed.
    pub fn take(root: &Path, ask: &InventoryAsk<'_>) -> Result<Self, ArchiveError> {
        let mut looks: Vec<Self> = Vec::new();
        for _ in 0..LOOKS_MAX {
            let (look, quiet) = look(root, ask)?;
            let sound = !look.findings.iter().any(Finding::is_damage);
            looks.push(look);
            if quiet || sound {
                break;
            }
        }
        let mut last = looks.pop().unwrap_or_default();
        // What only one look saw was a run at work.
        last.findings.retain(|finding| looks.iter().all(|look| look.findings.contains(finding)));
        Ok(last)
    }
}

/// One look; whether nothing was written meanwhile, and nothing before was cut short.
fn look(root: &Path, ask: &InventoryAsk<'_>) -> Result<(Inventory, bool), ArchiveError> {
    let sealed = seals::read(root)?;
    let (mut findings, unsealed) = examine_seals(root, &sealed)?;
    let mirror = read_mirror(root)?;
    let listing = list(root)?;
    if listing.is_empty() {
        return Err(ArchiveError::Missing { path: root.to_owned() });
    }
    let quiet = matches!(sealed, Seals::Whole(_)) && seals::read(root)? == sealed;
    let mut inventory = Inventory::default();
    if quiet || sealed == Seals::Damaged {
        inventory.findings.append(&mut findings);
    }
    match open(root) {
        Ok((snapshot, faults)) => {
            inventory.findings.extend(
                faults
                    .into_iter()
                    .map(|fault| Finding::damage("catalog_damaged", CATALOG, fault).mended_by(Mend::rebuild())),
            );
            inventory.against(root, &snapshot, &listing, ask)?;
            let told = Told { snapshot: &snapshot, listing: &listing, mirror: &mirror, settled: quiet };
            inventory.findings.extend(examine_log(&told));
            inventory.snapshot = Some(snapshot);
        }
        Err(why @ ArchiveError::NewerVersion { .. }) if !unsealed => return Err(why),
        Err(ArchiveError::Missing { .. }) => inventory
            .findings
            .push(Finding::damage("catalog_missing", CATALOG, "the catalog is gone").mended_by(Mend::rebuild())),
        Err(why) => inventory
            .findings
            .push(Finding::damage("catalog_damaged", CATALOG, why.to_string()).mended_by(Mend::rebuild())),
    }
    inventory.stored(&listing);
    inventory.findings.extend(permissions(root, &listing)?);
    Ok((inventory, quiet))
}

fn open(root: &Path) -> Result<(Snapshot, Vec<String>), ArchiveError> {
    let catalog = Catalog::open_read_only(&root.join(CATALOG))?;
    let faults = catalog.examine()?;
    Ok((catalog.snapshot()?, faults))
}

/// The files that were sealed at the end of the last run, as they are now; and whether the catalog is another.
fn examine_seals(root: &Path, seals: &Seals) -> Result<(Vec<Finding>, bool), ArchiveError> {
    let mut findings = Vec::new();
    let sealed = match seals {
        Seals::Absent => return Ok((findings, false)),
        Seals::Damaged => {
            let text = "the seals of the last run are damaged; the next run that writes makes them anew";
            findings.push(Finding::damage("seals_damaged", SEALS, text).mended_by(Mend::rebuild()));
            return Ok((findings, false));
        }
        Seals::Whole(sealed) => sealed,
    };
    for (name, sealed) in sealed {
        let path = root.join(name);
        if !path.is_file() {
            // That the catalog is gone is said where it is opened.
            if name != CATALOG {
                let finding = Finding::damage("sealed_missing", name, "the file is gone");
                findings.push(finding.mended_by(Mend::restore(name)));
            }
            continue;
        }
        let (now, _) = File::open(&path).and_then(hash).map_err(at("read the file", &path))?;
        if now == *sealed {
            continue;
        }
        let text = "the file is not as the last run left it: damaged, or changed by another program";
        let mend = if name == CATALOG { Mend::rebuild() } else { Mend::restore(name) };
        findings.push(Finding::damage("sealed_changed", name, text).instead(sealed, now).mended_by(mend));
    }
    let catalog = findings.iter().any(|finding| finding.file == CATALOG);
    Ok((findings, catalog))
}

fn read_mirror(root: &Path) -> Result<Vec<u8>, ArchiveError> {
    let path = root.join(EVENTS);
    match fs::read(&path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(at("read the log of events", &path)),
    }
}

/// Every file below the data folder, with its path in it. What vanishes meanwhile is passed over.
pub(super) fn list(root: &Path) -> Result<Listing, ArchiveError> {
    let mut listing = Listing::new();
    list_into(root, "", 0, &mut listing)?;
    Ok(listing)
}

fn list_into(folder: &Path, prefix: &str, depth: usize, listing: &mut Listing) -> Result<(), ArchiveError> {
    let entries = match fs::read_dir(folder) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(at("list the folder", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(at("list the folder", folder))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Links are not followed: nothing that this program makes is one.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_dir() && depth < DEPTH_MAX {
            list_into(&entry.path(), &format!("{name}/"), depth + 1, listing)?;
        } else {
            listing.insert(name, Listed { bytes: about.len(), mode: about.permissions().mode() & 0o7777 });
        }
    }
    Ok(())
}

fn permissions(root: &Path, listing: &Listing) -> Result<Option<Finding>, ArchiveError> {
    let mode = fs::metadata(root).map_err(at("look at the folder", root))?.permissions().mode() & 0o7777;
    let open = listing.iter().filter(|(_, file)| file.mode & OTHERS != 0).count();
    if mode & OTHERS == 0 && open == 0 {
        return Ok(None);
    }
    let first = listing.iter().find(|(_, file)| file.mode & OTHERS != 0);
    let (name, mode) = first.map_or((".".to_owned(), mode), |(name, file)| (name.clone(), file.mode));
    let text = if open > 1 {
        format!("{open} files can be read or changed by group or others, this one first")
    } else {
        "group or others can read or change it".to_owned()
    };
    let finding = Finding::warning("permissions", name, text).instead("0600", format!("{mode:04o}"));
    Ok(Some(finding.mended_by(Mend::person(format!("chmod -R go= '{}'", root.display())))))
}

/// The hash that a path in the raw store claims, where it is the place of one.
fn stored_as(path: &str) -> Option<DocumentId> {
    let name = path.strip_prefix(RAW)?.strip_prefix('/')?;
    let id = DocumentId::new(name.rsplit('/').next()?);
    let place = RawStore::at(RAW).path(&id).ok()?;
    (place == Path::new(path)).then_some(id)
}

pub(super) fn is_derived(path: &str) -> bool {
    DERIVED.iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

impl Inventory {
    /// Counts what the raw store holds.
    fn stored(&mut self, listing: &Listing) {
        for (path, file) in listing {
            let Some(id) = stored_as(path) else { continue };
            self.checked.raw_files += 1;
            self.checked.raw_bytes += file.bytes;
            self.stored.insert(id, path.clone());
        }
    }

    fn against(
        &mut self,
        root: &Path,
        snapshot: &Snapshot,
        listing: &Listing,
        ask: &InventoryAsk<'_>,
    ) -> Result<(), ArchiveError> {
        self.checked = Checked {
            documents: snapshot.documents.len() as u64,
            events: snapshot.events.len() as u64,
            closes: snapshot.closes.len() as u64,
            purged: snapshot.purged.len() as u64,
            ..Checked::default()
        };
        let logged = Logged::of(&snapshot.events);
        for document in &snapshot.documents {
            self.document(root, document, ask)?;
            self.row(document, &logged);
        }
        self.lost(snapshot, &logged);
        self.fetched(root, snapshot)?;
        self.unnamed(snapshot, listing);
        Ok(())
    }

    /// The two files of a document, as the disk has them now: it may have come in after the folder was listed.
    fn document(&mut self, root: &Path, document: &DocumentRecord, ask: &InventoryAsk<'_>) -> Result<(), ArchiveError> {
        let raw = RawStore::at(RAW).path(&document.id)?;
        let raw = raw.to_string_lossy();
        let name = &document.source_name;
        let whole = || Mend::import(name, &raw);
        match fs::metadata(root.join(&*raw)) {
            Ok(about) if about.len() == document.bytes => {}
            Ok(about) => self.findings.push(
                Finding::damage("raw_length", &*raw, format!("the stored bytes of {name} have another length"))
                    .instead(format!("{} bytes", document.bytes), format!("{} bytes", about.len()))
                    .mended_by(whole()),
            ),
            Err(why) => self.findings.push(
                Finding::damage("raw_missing", &*raw, format!("the stored bytes of {name} cannot be read: {why}"))
                    .instead(format!("{} bytes", document.bytes), "nothing")
                    .mended_by(whole()),
            ),
        }
        let Some(derived) = &document.derived_path else { return Ok(()) };
        match (fs::metadata(root.join(derived)), (ask.derived_bytes)(document)) {
            (Ok(about), Some(bytes)) if about.len() != bytes => self.findings.push(
                Finding::damage("derived_length", derived, format!("the Parquet file of {name} has another length"))
                    .instead(format!("{bytes} bytes"), format!("{} bytes", about.len()))
                    .mended_by(Mend::rebuild()),
            ),
            (Ok(about), _) => {
                self.checked.derived_files += 1;
                self.checked.derived_bytes += about.len();
            }
            (Err(why), _) => self.findings.push(
                Finding::damage("derived_missing", derived, format!("the Parquet file of {name} is gone: {why}"))
                    .mended_by(Mend::rebuild()),
            ),
        }
        Ok(())
    }

    /// What the catalog says of a document, against the seal that its event carries.
    fn row(&mut self, document: &DocumentRecord, logged: &Logged) {
        let name = &document.source_name;
        let finding = |code, text: String| Finding::damage(code, CATALOG, text).mended_by(Mend::rebuild());
        let Some(facts) = logged.documents.get(&document.id) else {
            let text = format!("{name} ({}) is in the catalog, and no event tells of it", document.id.short());
            self.findings.push(finding("document_without_event", text));
            return;
        };
        if let Some(sealed) = facts.get("row").and_then(|row| row.as_str())
            && sealed != document.seal()
        {
            let text = format!("what the catalog says of {name} ({}) was changed", document.id.short());
            self.findings.push(finding("row_changed", text).instead(sealed, document.seal()));
        }
    }

    /// Documents of the log that the catalog does not know, and removals that only one of them knows.
    fn lost(&mut self, snapshot: &Snapshot, logged: &Logged) {
        let known: BTreeSet<&DocumentId> = snapshot.documents.iter().map(|document| &document.id).collect();
        for id in logged.documents.keys().filter(|id| !known.contains(id)) {
            let text = format!("the log tells of the document {}, and the catalog does not know it", id.short());
            self.findings.push(Finding::damage("document_missing", CATALOG, text).mended_by(Mend::rebuild()));
        }
        let purged: BTreeMap<&DocumentId, u64> =
            snapshot.purged.iter().map(|record| (&record.id, record.event)).collect();
        let told: BTreeMap<&DocumentId, u64> = logged.purged.iter().map(|(id, event)| (id, *event)).collect();
        if purged != told {
            let text = "the documents that were removed on purpose are not those of the log";
            self.findings.push(Finding::damage("purged_differ", CATALOG, text).mended_by(Mend::rebuild()));
        }
    }

    /// Bytes that came from Amazon and are no document: not read yet, or refused.
    fn fetched(&mut self, root: &Path, snapshot: &Snapshot) -> Result<(), ArchiveError> {
        let gone: BTreeSet<&DocumentId> = snapshot.purged.iter().map(|record| &record.id).collect();
        let known: BTreeSet<&DocumentId> = snapshot.documents.iter().map(|document| &document.id).collect();
        for (id, state) in snapshot.fetched.iter().filter(|(id, _)| !gone.contains(id) && !known.contains(id)) {
            let Ok(raw) = RawStore::at(RAW).path(id) else {
                let text = format!("`{}` is not the hash of a document", id.as_str().escape_debug());
                self.findings.push(Finding::damage("row_changed", CATALOG, text).mended_by(Mend::rebuild()));
                continue;
            };
            if matches!(state.as_str(), "stored" | "refused") && !root.join(&raw).is_file() {
                let text = format!("bytes that came from Amazon ({state}) are gone");
                self.findings.push(
                    Finding::damage("raw_missing", raw.to_string_lossy(), text)
                        .mended_by(Mend::restore(&raw.to_string_lossy())),
                );
            }
        }
        Ok(())
    }

    /// Files that nothing names: harmless leftovers, and strangers.
    fn unnamed(&mut self, snapshot: &Snapshot, listing: &Listing) {
        let raw: BTreeSet<&DocumentId> = (snapshot.documents.iter().map(|document| &document.id))
            .chain(snapshot.fetched.iter().map(|(id, _)| id))
            .collect();
        let gone: BTreeSet<&DocumentId> = snapshot.purged.iter().map(|record| &record.id).collect();
        let derived: BTreeSet<&str> =
            snapshot.documents.iter().filter_map(|document| document.derived_path.as_deref()).collect();
        let packs: BTreeSet<String> =
            snapshot.closes.iter().map(|(close, _)| super::Archive::pack_place(close.month, &close.pack)).collect();
        let staging = format!("{RAW}/{STAGING}/");
        let aside = format!("{RAW}/{ASIDE}/");
        for path in listing.keys() {
            let finding = if let Some(id) = stored_as(path) {
                match (raw.contains(&id), gone.contains(&id)) {
                    (false, true) => Some((
                        "removal_unfinished",
                        "was removed on purpose and is still here; the next run that writes removes it",
                    )),
                    (false, false) => {
                        Some(("raw_unnamed", "no document has these bytes: a run ended early; import the file again"))
                    }
                    _ => None,
                }
            } else if is_derived(path) {
                (!derived.contains(path.as_str()))
                    .then_some(("derived_unnamed", "no document has this file; `settle verify --rebuild` removes it"))
            } else if path.starts_with(&format!("{CLOSED}/")) {
                (!packs.contains(path)).then_some(("pack_unnamed", "no close names this pack: a close ended early"))
            } else if path.starts_with(&aside) {
                path.ends_with(DAMAGED).then_some(("kept_aside", "a damaged file that a sound one has replaced"))
            } else if path.starts_with(&staging) || OWN_FILES.contains(&path.as_str()) {
                None
            } else {
                Some(("stranger", "this program did not make this file"))
            };
            if let Some((code, text)) = finding {
                self.findings.push(Finding::notice(code, path, text));
            }
        }
    }
}
