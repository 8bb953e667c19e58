//! Months that were closed: when, on which terms, resting on which documents, and the hash of the sealed pack.
//!
//! A close and its event are one transaction, and so are a reopening and its event. A reopened close stays on
//! record. What the terms say is text of a higher floor.

use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::{Row, TransactionBehavior, named_params};
use sha2::{Digest, Sha256};

use super::Archive;
use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};
use super::events::{EventKind, EventRecord, append, hex};
use crate::domain::{DocumentId, Month};

const COLUMNS: &str = "event, month, closed_ms, pack, terms, reopened";

/// A month that is being closed.
#[derive(Clone, Debug)]
pub struct NewClose<'a> {
    /// The month.
    pub month: Month,
    /// When, milliseconds since 1970 UTC.
    pub closed_ms: i64,
    /// The SHA-256 of the sealed pack, which is in its place already.
    pub pack: &'a DocumentId,
    /// Every document that the archive held: the figures of the close are those of these.
    pub documents: &'a [DocumentId],
    /// How the month was read: JSON text of a higher floor.
    pub terms: &'a str,
    /// What the event tells besides: a JSON object.
    pub facts: &'a serde_json::Value,
}

impl NewClose<'_> {
    /// The facts of the event, with what a rebuild of the catalog needs beside what the caller tells. The documents
    /// need no list: they are those of the log up to here, and the hash of their hashes proves it.
    fn facts_for_log(&self) -> serde_json::Value {
        with_facts(
            self.facts,
            [
                ("month", self.month.to_string().into()),
                ("pack", self.pack.as_str().into()),
                ("terms", self.terms.into()),
                ("documents_sha256", documents_hash(self.documents).into()),
            ],
        )
    }
}

/// The SHA-256 of the hashes of documents, in ascending order, each followed by a line feed.
pub(super) fn documents_hash(documents: &[DocumentId]) -> String {
    let sorted: std::collections::BTreeSet<&str> = documents.iter().map(DocumentId::as_str).collect();
    let text: String = sorted.into_iter().flat_map(|id| [id, "\n"]).collect();
    hex(&Sha256::digest(text.as_bytes()))
}

/// Adds facts that a rebuild reads, whatever the caller's have under the same names.
pub(super) fn with_facts<const N: usize>(
    facts: &serde_json::Value,
    more: [(&str, serde_json::Value); N],
) -> serde_json::Value {
    let mut all = facts.as_object().cloned().unwrap_or_default();
    all.extend(more.map(|(name, value)| (name.to_owned(), value)));
    all.into()
}

/// A month that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRecord {
    /// The number of its event.
    pub event: u64,
    /// The month.
    pub month: Month,
    /// When, milliseconds since 1970 UTC.
    pub closed_ms: i64,
    /// The SHA-256 of the sealed pack.
    pub pack: DocumentId,
    /// How the month was read: JSON text of a higher floor.
    pub terms: String,
    /// The number of the event that opened it again.
    pub reopened: Option<u64>,
}

impl CloseRecord {
    /// Whether the month is closed by it now.
    #[must_use]
    pub fn in_force(&self) -> bool {
        self.reopened.is_none()
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let month: String = row.get(1)?;
        let unreadable = |why| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(why));
        Ok(Self {
            event: number(row.get(0)?),
            month: month.parse().map_err(unreadable)?,
            closed_ms: row.get(2)?,
            pack: DocumentId::new(row.get::<_, String>(3)?),
            terms: row.get(4)?,
            reopened: row.get::<_, Option<i64>>(5)?.map(number),
        })
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Catalog {
    /// Closes a month: the event, the close and its documents, in one transaction.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written, or the month is closed already; then nothing was changed.
    pub fn close_month(&mut self, close: &NewClose<'_>) -> Result<EventRecord, ArchiveError> {
        let failed = in_catalog("close the month", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let event = append(&transaction, close.closed_ms, EventKind::Close, &close.facts_for_log()).map_err(failed)?;
        let values = named_params! {
            ":event": integer(event.number),
            ":month": close.month.to_string(),
            ":closed_ms": close.closed_ms,
            ":pack": close.pack.as_str(),
            ":terms": close.terms,
            ":reopened": None::<i64>,
        };
        let sql =
            format!("INSERT INTO closes ({COLUMNS}) VALUES (:event, :month, :closed_ms, :pack, :terms, :reopened)");
        transaction.execute(&sql, values).map_err(failed)?;
        {
            let sql = "INSERT OR IGNORE INTO close_documents (event, sha256) VALUES (?1, ?2)";
            let mut statement = transaction.prepare_cached(sql).map_err(failed)?;
            for id in close.documents {
                statement.execute((integer(event.number), id.as_str())).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
        Ok(event)
    }

    /// Opens a closed month again: the event and the mark on the close, in one transaction. `None` where the month
    /// is not closed, and nothing was changed.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was changed.
    pub fn reopen_month(
        &mut self,
        month: Month,
        at_ms: i64,
        facts: &serde_json::Value,
    ) -> Result<Option<EventRecord>, ArchiveError> {
        let failed = in_catalog("open the month again", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let facts = with_facts(facts, [("month", month.to_string().into())]);
        let event = append(&transaction, at_ms, EventKind::Reopen, &facts).map_err(failed)?;
        let sql = "UPDATE closes SET reopened = ?1 WHERE month = ?2 AND reopened IS NULL";
        let changed = transaction.execute(sql, (integer(event.number), month.to_string())).map_err(failed)?;
        if changed == 0 {
            return Ok(None);
        }
        transaction.commit().map_err(failed)?;
        Ok(Some(event))
    }

    /// Every close there was, by month and then in their order.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn closes(&self) -> Result<Vec<CloseRecord>, ArchiveError> {
        let failed = in_catalog("read the closed months", &self.path);
        let sql = format!("SELECT {COLUMNS} FROM closes ORDER BY month, event");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        statement.query_map([], CloseRecord::from_row).and_then(Iterator::collect).map_err(failed)
    }

    /// The close of a month that is in force.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn close_of(&self, month: Month) -> Result<Option<CloseRecord>, ArchiveError> {
        Ok(self.closes()?.into_iter().find(|close| close.month == month && close.in_force()))
    }

    /// The documents on which a closed month rests today, by hash: those that the archive held when it was closed.
    /// For one from which buyers were removed since, what stands in its place.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn close_documents(&self, close: &CloseRecord) -> Result<Vec<DocumentId>, ArchiveError> {
        let successors: HashMap<DocumentId, DocumentId> =
            self.purged()?.into_iter().filter_map(|purged| Some((purged.id, purged.successor?))).collect();
        let mut documents = self.sealed_documents(close)?;
        for document in &mut documents {
            // Each step of a chain is another document, so there are at most as many steps as documents.
            for _ in 0..successors.len() {
                let Some(successor) = successors.get(document) else { break };
                document.clone_from(successor);
            }
        }
        documents.sort();
        documents.dedup();
        Ok(documents)
    }

    /// The documents that the archive held when a month was closed, by hash, as they were recorded then.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn sealed_documents(&self, close: &CloseRecord) -> Result<Vec<DocumentId>, ArchiveError> {
        let failed = in_catalog("read the documents of a closed month", &self.path);
        let sql = "SELECT sha256 FROM close_documents WHERE event = ?1 ORDER BY sha256";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let id = |row: &Row<'_>| row.get::<_, String>(0).map(DocumentId::new);
        statement.query_map([integer(close.event)], id).and_then(Iterator::collect).map_err(failed)
    }
}

impl Archive {
    /// Where the sealed pack of a month lies: `closed/2026-09-<first twelve digits>.zip`.
    #[must_use]
    pub fn pack_path(&self, month: Month, pack: &DocumentId) -> PathBuf {
        self.root().join(Self::pack_place(month, pack))
    }

    /// The same, relative to the data folder, as [`Archive::place_derived`] takes it.
    #[must_use]
    pub fn pack_place(month: Month, pack: &DocumentId) -> String {
        format!("{}/{month}-{}.zip", super::CLOSED, pack.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::events::check_chain;

    fn id(digit: &str) -> DocumentId {
        DocumentId::new(digit.repeat(64))
    }

    #[test]
    fn a_month_is_closed_once_reopened_with_a_trace_and_closed_again() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let month: Month = "2026-09".parse().unwrap();
        let facts = serde_json::json!({"month": "2026-09"});
        let documents = [id("b"), id("a")];
        let pack = id("c");
        let close = NewClose { month, closed_ms: 5, pack: &pack, documents: &documents, terms: "{}", facts: &facts };
        assert_eq!(catalog.close_of(month).unwrap(), None);
        assert!(catalog.reopen_month(month, 6, &facts).unwrap().is_none());
        catalog.close_month(&close).unwrap();
        assert!(catalog.close_month(&close).is_err(), "it is closed");
        let closed = catalog.close_of(month).unwrap().unwrap();
        assert_eq!((closed.event, closed.closed_ms, closed.reopened), (1, 5, None));
        assert_eq!(catalog.close_documents(&closed).unwrap(), [id("a"), id("b")]);
        assert_eq!(catalog.reopen_month(month, 7, &facts).unwrap().unwrap().number, 2);
        assert_eq!(catalog.close_of(month).unwrap(), None);
        catalog.close_month(&close).unwrap();
        let all = catalog.closes().unwrap();
        assert_eq!(
            all.iter().map(|close| (close.event, close.reopened)).collect::<Vec<_>>(),
            [(1, Some(2)), (3, None)]
        );
        assert_eq!(check_chain(&catalog.events().unwrap()), []);
    }
}
