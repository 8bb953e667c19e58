//! Everything that the catalog says, read at one moment, and what the log of events says that it should be.
//!
//! It is read into memory whole, so that a long examination keeps no transaction open beside runs that write.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::catalog::Catalog;
use super::closes::CloseRecord;
use super::error::{ArchiveError, in_catalog};
use super::events::EventRecord;
use super::purged::PurgedRecord;
use super::records::DocumentRecord;
use super::resolutions::ResolutionRecord;
use crate::domain::DocumentId;

/// The catalog at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Every document.
    pub documents: Vec<DocumentRecord>,
    /// Every document that was removed on purpose.
    pub purged: Vec<PurgedRecord>,
    /// The documents that came from Amazon, read or not, and the word for what became of them.
    pub fetched: Vec<(DocumentId, String)>,
    /// The log.
    pub events: Vec<EventRecord>,
    /// Every close, with the documents it rests on.
    pub closes: Vec<(CloseRecord, Vec<DocumentId>)>,
    /// Every decision in force.
    pub resolutions: Vec<ResolutionRecord>,
}

/// What the log says of the documents.
#[derive(Clone, Debug, Default)]
pub(super) struct Logged {
    /// The last facts of each document that should be there.
    pub(super) documents: BTreeMap<DocumentId, serde_json::Value>,
    /// Documents that were removed on purpose, and the number of the event.
    pub(super) purged: BTreeMap<DocumentId, u64>,
}

impl Catalog {
    /// Reads everything at one moment.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, ArchiveError> {
        let failed = in_catalog("read the catalog", &self.path);
        let moment = self.connection.unchecked_transaction().map_err(failed)?;
        let closes = self.closes()?.into_iter().map(|close| {
            let documents = self.sealed_documents(&close)?;
            Ok((close, documents))
        });
        let snapshot = Snapshot {
            documents: self.documents()?,
            purged: self.purged()?,
            fetched: self.fetched()?,
            events: self.events()?,
            closes: closes.collect::<Result<_, ArchiveError>>()?,
            resolutions: self.resolutions()?,
        };
        drop(moment);
        Ok(snapshot)
    }

    fn fetched(&self) -> Result<Vec<(DocumentId, String)>, ArchiveError> {
        let failed = in_catalog("read the list of reports", &self.path);
        let sql = "SELECT DISTINCT sha256, state FROM remote_reports WHERE sha256 IS NOT NULL ORDER BY sha256, state";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let one = |row: &Row<'_>| Ok((DocumentId::new(row.get::<_, String>(0)?), row.get(1)?));
        statement.query_map([], one).and_then(Iterator::collect).map_err(failed)
    }

    /// What SQLite finds wrong with the file: pages, indexes, and rows that point to none.
    pub(super) fn examine(&self) -> Result<Vec<String>, ArchiveError> {
        let failed = in_catalog("examine the catalog", &self.path);
        let mut found = Vec::new();
        if let Err(why) = self.integrity_check() {
            match why {
                ArchiveError::CatalogDamaged { finding, .. } => found.push(finding),
                other => return Err(other),
            }
        }
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check").map_err(failed)?;
        let broken = statement.query_map([], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            Ok(format!("a row of `{table}` points to a row of `{parent}` that is not there"))
        });
        found.extend(broken.and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>).map_err(failed)?);
        if self.schema()? != Self::scratch()?.schema()? {
            found.push("its tables are not those of its version".to_owned());
        }
        Ok(found)
    }

    fn schema(&self) -> Result<Vec<String>, ArchiveError> {
        let failed = in_catalog("read the tables of the catalog", &self.path);
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(failed)
    }
}

impl Logged {
    /// Follows a log from its beginning.
    pub(super) fn of(events: &[EventRecord]) -> Self {
        let mut logged = Self::default();
        for event in events {
            logged.follow(event);
        }
        logged
    }

    fn follow(&mut self, event: &EventRecord) {
        let facts = event.facts();
        let listed = facts.get("documents").and_then(|documents| documents.as_array()).cloned().unwrap_or_default();
        let id = |facts: &serde_json::Value| facts.get("sha256")?.as_str().map(DocumentId::new);
        for facts in listed {
            let Some(id) = id(&facts) else { continue };
            match event.kind.as_str() {
                "adopt" | "import" | "reread" | "rebuild" => {
                    self.purged.remove(&id);
                    self.documents.insert(id, facts);
                }
                "purge" | "forget" => {
                    self.documents.remove(&id);
                    self.purged.insert(id, event.number);
                }
                _ => {}
            }
        }
    }
}

impl EventRecord {
    /// Its facts as JSON; null where they are none.
    #[must_use]
    pub fn facts(&self) -> serde_json::Value {
        serde_json::from_str(&self.facts).unwrap_or_default()
    }
}
