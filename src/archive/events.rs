//! The log of events: what was done to the archive, each event sealed with the hash of the one before.
//!
//! An event is written in the same transaction as what it tells of, so there is no deed without its event and
//! no event without its deed. The hash of an event is the SHA-256 of five lines joined by a line feed: the hash of
//! the event before ([`GENESIS`] for the first), its number, its time in milliseconds since 1970 UTC, its kind,
//! and its facts as they stand; nothing follows the facts. Anybody can check that with `sha256sum`.

use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, named_params};
use sha2::{Digest, Sha256};

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};
use super::records::{DocumentRecord, sanitise_name};
use crate::domain::DocumentId;

/// What stands for the hash before the first event.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const COLUMNS: &str = "number, at_ms, kind, facts, previous, hash";

/// What an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Documents that were in the archive before it kept a log.
    Adopt,
    /// Documents came in.
    Import,
    /// Documents that were in the archive were read anew.
    Reread,
    /// A month was closed.
    Close,
    /// A closed month was opened again.
    Reopen,
    /// A person decided which of two documents counts.
    Resolve,
    /// What is derived was made anew.
    Rebuild,
    /// The data folder came out of a backup.
    Restore,
    /// Documents before a day were removed.
    Purge,
    /// Personal data was removed.
    Forget,
}

impl EventKind {
    /// The word in the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EventKind::Adopt => "adopt",
            EventKind::Import => "import",
            EventKind::Reread => "reread",
            EventKind::Close => "close",
            EventKind::Reopen => "reopen",
            EventKind::Resolve => "resolve",
            EventKind::Rebuild => "rebuild",
            EventKind::Restore => "restore",
            EventKind::Purge => "purge",
            EventKind::Forget => "forget",
        }
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// 1, 2, 3, without holes.
    pub number: u64,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// [`EventKind::word`]; a newer version may know more.
    pub kind: String,
    /// A JSON object on one line.
    pub facts: String,
    /// The hash of the event before.
    pub previous: String,
    /// Its own hash, as it was written.
    pub hash: String,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFault {
    /// The event at this place has another number.
    Number {
        /// The number that it should have.
        expected: u64,
        /// The number that it has.
        found: u64,
    },
    /// The event does not name the one before as it is.
    Previous {
        /// Its number.
        number: u64,
    },
    /// The event's hash is not that of its content.
    Hash {
        /// Its number.
        number: u64,
    },
}

impl std::fmt::Display for EventFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EventFault::Number { expected, found } => write!(f, "event {expected} is missing: event {found} follows"),
            EventFault::Previous { number } => write!(f, "event {number} does not follow the event before it"),
            EventFault::Hash { number } => write!(f, "event {number} was changed after it was written"),
        }
    }
}

impl EventRecord {
    /// The hash that its content has.
    #[must_use]
    pub fn computed_hash(&self) -> String {
        let text = format!("{}\n{}\n{}\n{}\n{}", self.previous, self.number, self.at_ms, self.kind, self.facts);
        hex(&Sha256::digest(text.as_bytes()))
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
            at_ms: row.get(1)?,
            kind: row.get(2)?,
            facts: row.get(3)?,
            previous: row.get(4)?,
            hash: row.get(5)?,
        })
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Everything that is wrong with the chain of a log, in its order.
#[must_use]
pub fn check_chain(events: &[EventRecord]) -> Vec<EventFault> {
    let mut faults = Vec::new();
    let mut previous = GENESIS;
    for (expected, event) in (1..).zip(events) {
        if event.number != expected {
            faults.push(EventFault::Number { expected, found: event.number });
        }
        if event.previous != previous {
            faults.push(EventFault::Previous { number: event.number });
        }
        if event.computed_hash() != event.hash {
            faults.push(EventFault::Hash { number: event.number });
        }
        previous = &event.hash;
    }
    faults
}

/// Appends an event to the log, inside the transaction of what it tells of.
pub(super) fn append(
    transaction: &Connection,
    at_ms: i64,
    kind: EventKind,
    facts: &serde_json::Value,
) -> rusqlite::Result<EventRecord> {
    let last = format!("SELECT {COLUMNS} FROM events ORDER BY number DESC LIMIT 1");
    let last = transaction.prepare_cached(&last)?.query_row([], EventRecord::from_row).optional()?;
    let (number, previous) = last.map_or((1, GENESIS.to_owned()), |event| (event.number + 1, event.hash));
    let facts = facts.to_string();
    let mut event = EventRecord { number, at_ms, kind: kind.word().to_owned(), facts, previous, hash: String::new() };
    event.hash = event.computed_hash();
    insert(transaction, &event)?;
    Ok(event)
}

/// Enters an event as it is.
pub(super) fn insert(transaction: &Connection, event: &EventRecord) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "INSERT INTO events ({COLUMNS}) VALUES (:number, :at_ms, :kind, :facts, :previous, :hash)"
        ))?
        .execute(named_params! {
            ":number": i64::try_from(event.number).unwrap_or(i64::MAX),
            ":at_ms": event.at_ms,
            ":kind": event.kind,
            ":facts": event.facts,
            ":previous": event.previous,
            ":hash": event.hash,
        })
        .map(drop)
}

/// The facts of an event about documents: what a rebuild needs and cannot read from the bytes, and the seal of the
/// row. Of a person's words only the names of files are among them.
pub(super) fn documents_facts<'a>(
    connection: &Connection,
    documents: impl Iterator<Item = &'a DocumentRecord>,
) -> rusqlite::Result<serde_json::Value> {
    Ok(serde_json::json!({ "documents": document_facts(connection, documents)? }))
}

/// The same as a list.
pub(super) fn document_facts<'a>(
    connection: &Connection,
    documents: impl Iterator<Item = &'a DocumentRecord>,
) -> rusqlite::Result<Vec<serde_json::Value>> {
    let sql = "SELECT content_type FROM remote_reports WHERE sha256 = ?1 AND content_type IS NOT NULL LIMIT 1";
    let mut declared = connection.prepare_cached(sql)?;
    let mut listed = Vec::new();
    for document in documents {
        let mut facts = serde_json::json!({
            "bytes": document.bytes,
            "imported_at_ms": document.imported_at_ms,
            "kind": document.kind,
            "name": sanitise_name(&document.source_name),
            "row": document.seal(),
            "sha256": document.id.as_str(),
        });
        let content_type: Option<String> = declared.query_row([document.id.as_str()], |row| row.get(0)).optional()?;
        let account = document.account.as_ref().map(|account| account.as_str().to_owned());
        for (field, value) in [("account", account), ("content_type", content_type)] {
            if let (Some(value), Some(facts)) = (value, facts.as_object_mut()) {
                facts.insert(field.to_owned(), value.into());
            }
        }
        listed.push(facts);
    }
    Ok(listed)
}

impl Catalog {
    /// Appends an event that tells of nothing else in the catalog.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was changed.
    pub fn record_event(
        &mut self,
        at_ms: i64,
        kind: EventKind,
        facts: &serde_json::Value,
    ) -> Result<EventRecord, ArchiveError> {
        let failed = in_catalog("record the event", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let event = append(&transaction, at_ms, kind, facts).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(event)
    }

    /// The whole log, in its order.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn events(&self) -> Result<Vec<EventRecord>, ArchiveError> {
        self.events_after(0)
    }

    /// The events after a number, in their order.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn events_after(&self, number: u64) -> Result<Vec<EventRecord>, ArchiveError> {
        let failed = in_catalog("read the log of events", &self.path);
        let sql = format!("SELECT {COLUMNS} FROM events WHERE number > ?1 ORDER BY number");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let after = i64::try_from(number).unwrap_or(i64::MAX);
        statement.query_map([after], EventRecord::from_row).and_then(Iterator::collect).map_err(failed)
    }

    /// Every event of a kind, in order.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn events_of(&self, kind: EventKind) -> Result<Vec<EventRecord>, ArchiveError> {
        let failed = in_catalog("read the log of events", &self.path);
        let sql = format!("SELECT {COLUMNS} FROM events WHERE kind = ?1 ORDER BY number");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        statement.query_map([kind.word()], EventRecord::from_row).and_then(Iterator::collect).map_err(failed)
    }

    /// Gives documents that came in before there was a log an event of their own. Changes nothing where the log
    /// has begun.
    pub(super) fn adopt_documents(&self) -> Result<(), ArchiveError> {
        let failed = in_catalog("begin the log of events", &self.path);
        let transaction = self.connection.unchecked_transaction().map_err(failed)?;
        let begun: bool = transaction
            .query_row("SELECT EXISTS (SELECT 1 FROM events) OR NOT EXISTS (SELECT 1 FROM documents)", [], |row| {
                row.get(0)
            })
            .map_err(failed)?;
        if begun {
            return Ok(());
        }
        let documents = self.documents()?;
        let at_ms = documents.iter().map(|document| document.imported_at_ms).max().unwrap_or(0);
        let facts = documents_facts(&transaction, documents.iter()).map_err(failed)?;
        append(&transaction, at_ms, EventKind::Adopt, &facts).map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

fn last_at(transaction: &Connection) -> rusqlite::Result<i64> {
    let last = "SELECT at_ms FROM events ORDER BY number DESC LIMIT 1";
    Ok(transaction.query_row(last, [], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Writes the events of documents that are being recorded: those that are new, and those that are read anew; at
/// their date where nothing else is said.
pub(super) fn append_documents(
    transaction: &Connection,
    documents: &[DocumentRecord],
    at_ms: Option<i64>,
) -> rusqlite::Result<()> {
    let mut known = transaction.prepare_cached("SELECT EXISTS (SELECT 1 FROM documents WHERE sha256 = ?1)")?;
    let mut is_known = |id: &DocumentId| known.query_row([id.as_str()], |row| row.get::<_, bool>(0));
    let (mut new, mut again) = (Vec::new(), Vec::new());
    for document in documents {
        if is_known(&document.id)? { again.push(document) } else { new.push(document) }
    }
    drop(known);
    let imported = documents.iter().map(|document| document.imported_at_ms).max().unwrap_or(0);
    for (kind, documents) in [(EventKind::Import, new), (EventKind::Reread, again)] {
        if !documents.is_empty() {
            let at_ms = match (at_ms, kind) {
                (Some(at_ms), _) => at_ms,
                // What is brought again keeps its date, and the log does not go back in time for it.
                (None, EventKind::Reread) => imported.max(last_at(transaction)?),
                (None, _) => imported,
            };
            append(transaction, at_ms, kind, &documents_facts(transaction, documents.into_iter())?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> (tempfile::TempDir, Catalog) {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.sqlite")).unwrap();
        (folder, catalog)
    }

    #[test]
    fn events_form_a_chain_that_shows_every_change() {
        let (_folder, mut catalog) = catalog();
        for number in 0..5 {
            catalog.record_event(number, EventKind::Rebuild, &serde_json::json!({"n": number})).unwrap();
        }
        let events = catalog.events().unwrap();
        assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(check_chain(&events), []);
        assert_eq!(events[0].previous, GENESIS);
        assert_eq!(catalog.events_after(3).unwrap(), events[3..]);
        let changed = |change: fn(&mut EventRecord)| {
            let mut events = events.clone();
            change(&mut events[2]);
            check_chain(&events)
        };
        assert_eq!(changed(|event| event.facts = "{\"n\":9}".to_owned()), [EventFault::Hash { number: 3 }]);
        assert_eq!(changed(|event| event.at_ms += 1), [EventFault::Hash { number: 3 }]);
        assert_eq!(changed(|event| event.kind = "close".to_owned()), [EventFault::Hash { number: 3 }]);
        let resealed = changed(|event| {
            event.facts = "{\"n\":9}".to_owned();
            event.hash = event.computed_hash();
        });
        assert_eq!(resealed, [EventFault::Previous { number: 4 }]);
        let removed: Vec<_> = events.iter().filter(|event| event.number != 2).cloned().collect();
        assert_eq!(check_chain(&removed)[0], EventFault::Number { expected: 2, found: 3 });
    }

    /// `printf '%064d\n1\n7\nrebuild\n{"a":"b"}' 0 | sha256sum`
    #[test]
    fn the_hash_is_the_one_that_other_programs_compute() {
        let (_folder, mut catalog) = catalog();
        let event = catalog.record_event(7, EventKind::Rebuild, &serde_json::json!({"a": "b"})).unwrap();
        assert_eq!(event.hash, "bc6e8d32386ce8f5793405897cd13016eca5236d22710644613c1cd250cfc0aa");
    }

    #[test]
    fn the_log_only_grows() {
        let (_folder, mut catalog) = catalog();
        catalog.record_event(7, EventKind::Rebuild, &serde_json::json!({})).unwrap();
        for sql in ["UPDATE events SET facts = '{}'", "DELETE FROM events"] {
            let refused = catalog.connection.execute(sql, []).unwrap_err();
            assert!(refused.to_string().contains("only grows"), "{refused}");
        }
    }
}
