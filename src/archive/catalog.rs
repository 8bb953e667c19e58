//! The catalog: what is known of every document in the raw store, in one SQLite file.
//!
//! Can be lost without harm: everything in it can be rebuilt from the raw store, the file of events and the
//! sealed packs. Knows no format and no amounts; what a higher floor wants to remember of a document is text to
//! it (`digest`).

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Params, TransactionBehavior};

use super::error::{ArchiveError, at, in_catalog};
use super::events::append_documents;
use super::folder::FILE_MODE;
use super::records::{COLUMNS, DocumentRecord, VALUES};
use super::schema::{STEPS, migrate, version};
use super::seals;
use crate::domain::{DocumentId, SellerId, SettlementId};

/// Longest wait for another process that writes: its transactions take milliseconds.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// How often, and after which pause, the switch to write-ahead logging is tried: ten seconds in all.
const WAL_TRIES: u32 = 500;
const WAL_PAUSE: Duration = Duration::from_millis(20);

/// An open catalog.
#[derive(Debug)]
pub struct Catalog {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// Switches to write-ahead logging. SQLite does not wait for others when it does, so this waits.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let busy = |why: &rusqlite::Error| why.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
    for _ in 0..WAL_TRIES {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(why) if busy(&why) => std::thread::sleep(WAL_PAUSE),
            done => return done,
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL")
}

impl Catalog {
    /// Opens the catalog for writing, creates it where there is none, and brings it up to date.
    ///
    /// # Errors
    /// [`ArchiveError::NewerVersion`], [`ArchiveError::CatalogDamaged`], [`ArchiveError::Locked`] where
    /// another process keeps writing, else [`ArchiveError::Io`] or [`ArchiveError::Catalog`].
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        create_private(path)?;
        let failed = in_catalog("open the catalog", path);
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Before anything is written: a newer program may have chosen other ways.
        let taken = version(&connection, STEPS, path)?;
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(failed)?;
        if taken != STEPS.len() || mode != "wal" {
            seals::remove(path.parent().unwrap_or(Path::new(".")))?;
        }
        use_wal(&connection).map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        migrate(&mut connection, STEPS, path)?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// A catalog that lives in memory and ends with the program: for a question to Amazon before there is an archive.
    ///
    /// # Errors
    /// [`ArchiveError::Catalog`] where SQLite cannot make one.
    pub fn scratch() -> Result<Self, ArchiveError> {
        let path = PathBuf::from("(catalog in memory)");
        let failed = in_catalog("open the catalog", &path);
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        migrate(&mut connection, STEPS, &path)?;
        Ok(Self { connection, path })
    }

    /// Opens an existing catalog for reading. One of an earlier version is brought up to date first.
    ///
    /// # Errors
    /// [`ArchiveError::Missing`] where there is none, else as [`Catalog::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, ArchiveError> {
        if !path.is_file() {
            return Err(ArchiveError::Missing { path: path.to_owned() });
        }
        let connection = reader(path)?;
        if version(&connection, STEPS, path)? == STEPS.len() {
            return Ok(Self { connection, path: path.to_owned() });
        }
        drop(Self::open(path)?);
        Ok(Self { connection, path: path.to_owned() })
    }

    /// What is known of one document.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn find(&self, id: &DocumentId) -> Result<Option<DocumentRecord>, ArchiveError> {
        let sql = format!("SELECT {COLUMNS} FROM documents WHERE sha256 = ?1");
        let failed = in_catalog("read the catalog", &self.path);
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        statement.query_row([id.as_str()], DocumentRecord::from_row).optional().map_err(failed)
    }

    /// Records documents in one transaction and tells how many were new. A known document is left alone.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was recorded.
    pub fn insert(&mut self, documents: &[DocumentRecord]) -> Result<usize, ArchiveError> {
        self.write(&format!("INSERT INTO documents ({COLUMNS}) VALUES ({VALUES}) ON CONFLICT DO NOTHING"), documents)
    }

    /// Records documents in one transaction; what was known of them before is replaced.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was changed.
    pub fn replace(&mut self, documents: &[DocumentRecord]) -> Result<usize, ArchiveError> {
        self.write(&format!("INSERT OR REPLACE INTO documents ({COLUMNS}) VALUES ({VALUES})"), documents)
    }

    fn write(&mut self, sql: &str, documents: &[DocumentRecord]) -> Result<usize, ArchiveError> {
        let failed = in_catalog("record the documents", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        append_documents(&transaction, documents, None).map_err(failed)?;
        let mut changed = 0;
        {
            let mut statement = transaction.prepare_cached(sql).map_err(failed)?;
            for document in documents {
                changed += document.write(&mut statement).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(changed)
    }

    /// Every document, in the order in which they were brought in.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn documents(&self) -> Result<Vec<DocumentRecord>, ArchiveError> {
        self.select("TRUE", [])
    }

    /// The documents of one format, in the order in which they were brought in.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn documents_of_kind(&self, kind: &str) -> Result<Vec<DocumentRecord>, ArchiveError> {
        self.select("kind = ?1", [kind])
    }

    /// The documents about one settlement of one merchant, or of none named: more than one is a conflict.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn with_settlement(
        &self,
        seller: Option<&SellerId>,
        settlement: &SettlementId,
    ) -> Result<Vec<DocumentRecord>, ArchiveError> {
        self.select("seller_id IS ?1 AND settlement_id = ?2", (seller.map(SellerId::as_str), settlement.as_str()))
    }

    fn select(&self, condition: &str, values: impl Params) -> Result<Vec<DocumentRecord>, ArchiveError> {
        let sql = format!("SELECT {COLUMNS} FROM documents WHERE {condition} ORDER BY imported_at_ms, sha256");
        let failed = in_catalog("read the catalog", &self.path);
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let rows = statement.query_map(values, DocumentRecord::from_row).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// Has SQLite examine the whole file.
    ///
    /// # Errors
    /// [`ArchiveError::CatalogDamaged`] with the first thing that is wrong.
    pub fn integrity_check(&self) -> Result<(), ArchiveError> {
        let failed = in_catalog("examine the catalog", &self.path);
        let finding: String =
            self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if finding == "ok" { Ok(()) } else { Err(ArchiveError::CatalogDamaged { path: self.path.clone(), finding }) }
    }
}

/// A connection that takes no changes. It is opened for writing where the system allows it, because only then
/// SQLite removes its side files at the end. A folder that takes no files, as on a medium that is mounted
/// read-only, has no writer either: its catalog is read as it is.
fn reader(path: &Path) -> Result<Connection, ArchiveError> {
    let failed = in_catalog("open the catalog", path);
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|connection| {
        connection.pragma_update(None, "query_only", true).map_err(failed)?;
        version(&connection, STEPS, path)?;
        Ok(connection)
    });
    match opened {
        Err(ArchiveError::Catalog { reason, .. })
            if matches!(reason.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
                && !wal.exists() =>
        {
            let text = path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let uri = format!("file:{text}?immutable=1");
            let access =
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(uri, access).map_err(failed)
        }
        other => other,
    }
}

/// SQLite gives its side files the permissions of the database, so it is created private before SQLite sees it.
fn create_private(path: &Path) -> Result<(), ArchiveError> {
    let failed = "create the catalog";
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(FILE_MODE).open(path);
    let file = file.map_err(at(failed, path))?;
    let mode = fs::metadata(path).map_err(at(failed, path))?.permissions().mode();
    if mode & 0o777 != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE)).map_err(at("make the catalog private", path))?;
    }
    Ok(())
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, ArchiveError> {
    let failed = in_catalog("open the catalog", path);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(BUSY_WAIT).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountName, ExitCode};

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        (folder, path)
    }

    fn record(number: u64) -> DocumentRecord {
        DocumentRecord {
            id: DocumentId::new(format!("{number:064x}")),
            kind: "amazon_pay_settlement".to_owned(),
            seller_id: Some(SellerId::new("A1INVENTED")),
            account: Some(AccountName::new("shop-fr")),
            source_name: "settlement.csv".to_owned(),
            bytes: 4_096,
            rows: 12,
            settlement_id: Some(SettlementId::new((number / 2).to_string())),
            currencies: vec!["EUR".parse().unwrap(), "GBP".parse().unwrap()],
            period_start_ms: Some(-1),
            period_end_ms: Some(1_790_000_000_000),
            first_posted_ms: Some(0),
            last_posted_ms: None,
            imported_at_ms: 1_000 - i64::try_from(number).unwrap(),
            derived_path: Some("ledger/a.parquet".to_owned()),
            digest: Some("{\"any\":1}".to_owned()),
            reader_version: 1,
        }
    }

    #[test]
    fn what_is_recorded_reads_back_the_same() {
        let (_folder, path) = place();
        let mut catalog = Catalog::open(&path).unwrap();
        let bare = DocumentRecord {
            seller_id: None,
            account: None,
            settlement_id: None,
            currencies: Vec::new(),
            period_start_ms: None,
            period_end_ms: None,
            first_posted_ms: None,
            derived_path: None,
            digest: None,
            kind: "unknown".to_owned(),
            ..record(7)
        };
        assert_eq!(catalog.insert(&[record(1), bare.clone()]).unwrap(), 2);
        assert_eq!(catalog.find(&record(1).id).unwrap(), Some(record(1)));
        assert_eq!(catalog.find(&bare.id).unwrap(), Some(bare.clone()));
        assert_eq!(catalog.find(&record(2).id).unwrap(), None);
        let reader = Catalog::open_read_only(&path).unwrap();
        assert_eq!(reader.documents().unwrap(), [bare.clone(), record(1)], "in the order of import");
        assert_eq!(reader.documents_of_kind("unknown").unwrap(), [bare]);
        reader.integrity_check().unwrap();
    }

    #[test]
    fn a_known_document_is_left_alone_unless_it_is_replaced() {
        let (_folder, path) = place();
        let mut catalog = Catalog::open(&path).unwrap();
        catalog.insert(&[record(1)]).unwrap();
        let again = DocumentRecord { reader_version: 2, ..record(1) };
        assert_eq!(catalog.insert(&[again.clone(), record(2)]).unwrap(), 1);
        assert_eq!(catalog.find(&again.id).unwrap(), Some(record(1)));
        catalog.replace(std::slice::from_ref(&again)).unwrap();
        assert_eq!(catalog.find(&again.id).unwrap(), Some(again));
        assert_eq!(catalog.documents().unwrap().len(), 2);
    }

    #[test]
    fn documents_are_recorded_all_or_none() {
        let (_folder, path) = place();
        let mut catalog = Catalog::open(&path).unwrap();
        let bad = DocumentRecord { id: DocumentId::new("short"), ..record(2) };
        let error = catalog.insert(&[record(1), bad]).unwrap_err();
        assert_eq!(error.exit_code(), ExitCode::Storage);
        assert!(catalog.documents().unwrap().is_empty());
    }

    #[test]
    fn two_documents_about_one_settlement_are_found_together() {
        let (_folder, path) = place();
        let mut catalog = Catalog::open(&path).unwrap();
        catalog.insert(&[record(2), record(3), record(4)]).unwrap();
        let (seller, settlement) = (SellerId::new("A1INVENTED"), SettlementId::new("1"));
        assert_eq!(catalog.with_settlement(Some(&seller), &settlement).unwrap(), [record(3), record(2)]);
        assert!(catalog.with_settlement(Some(&SellerId::new("A2INVENTED")), &settlement).unwrap().is_empty());
    }

    #[test]
    fn two_connections_write_one_after_the_other() {
        let (_folder, path) = place();
        drop(Catalog::open(&path).unwrap());
        std::thread::scope(|scope| {
            for writer in 0..2_u64 {
                let path = &path;
                scope.spawn(move || {
                    let mut catalog = Catalog::open(path).unwrap();
                    for number in 0..20 {
                        catalog.insert(&[record(writer * 10 + number)]).unwrap();
                    }
                });
            }
        });
        assert_eq!(Catalog::open_read_only(&path).unwrap().documents().unwrap().len(), 30);
    }

    #[test]
    fn two_processes_may_create_the_catalog_at_the_same_moment() {
        for _ in 0..20 {
            let (_folder, path) = place();
            std::thread::scope(|scope| {
                let opened: Vec<_> = (0..4).map(|_| scope.spawn(|| Catalog::open(&path).map(drop))).collect();
                opened.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
            });
        }
    }

    #[test]
    fn the_catalog_is_private_durable_and_in_wal_mode() {
        let (_folder, path) = place();
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let mut catalog = Catalog::open(&path).unwrap();
        catalog.insert(&[record(1)]).unwrap();
        for suffix in ["", "-wal", "-shm"] {
            let file = format!("{}{suffix}", path.display());
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        }
        let pragma = |name: &str| -> String {
            let read = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
            format!("{:?}", catalog.connection.pragma_query_value(None, name, read).unwrap())
        };
        assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
        assert_eq!(pragma("synchronous"), "Integer(2)");
        assert_eq!(pragma("foreign_keys"), "Integer(1)");
    }

    #[test]
    fn a_reader_cannot_change_the_catalog() {
        let (_folder, path) = place();
        drop(Catalog::open(&path).unwrap());
        let mut reader = Catalog::open_read_only(&path).unwrap();
        assert!(matches!(reader.insert(&[record(1)]), Err(ArchiveError::Catalog { .. })));
    }

    #[test]
    fn an_empty_file_left_by_a_crash_becomes_a_catalog_for_readers_too() {
        let (_folder, path) = place();
        fs::write(&path, "").unwrap();
        assert!(Catalog::open_read_only(&path).unwrap().documents().unwrap().is_empty());
    }

    #[test]
    fn a_missing_newer_or_damaged_catalog_is_named_as_such() {
        let (_folder, path) = place();
        assert!(matches!(Catalog::open_read_only(&path), Err(ArchiveError::Missing { .. })));
        Catalog::open(&path).unwrap().connection.pragma_update(None, "user_version", 99).unwrap();
        for error in [Catalog::open(&path).unwrap_err(), Catalog::open_read_only(&path).unwrap_err()] {
            assert!(matches!(error, ArchiveError::NewerVersion { found: 99, .. }), "{error}");
            assert_eq!(error.exit_code(), ExitCode::Storage);
        }
        fs::write(&path, "this is no database, but long enough to be looked at as one".repeat(20)).unwrap();
        for error in [Catalog::open(&path).unwrap_err(), Catalog::open_read_only(&path).unwrap_err()] {
            assert!(matches!(error, ArchiveError::CatalogDamaged { .. }), "{error}");
        }
    }

    #[test]
    fn damage_inside_the_file_is_found() {
        let (_folder, path) = place();
        let mut catalog = Catalog::open(&path).unwrap();
        let many: Vec<DocumentRecord> = (0..200).map(record).collect();
        catalog.insert(&many).unwrap();
        drop(catalog);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4_096].fill(0xff);
        fs::write(&path, bytes).unwrap();
        let found = Catalog::open(&path).and_then(|catalog| catalog.integrity_check());
        assert!(matches!(found, Err(ArchiveError::CatalogDamaged { .. })), "{found:?}");
    }
}
