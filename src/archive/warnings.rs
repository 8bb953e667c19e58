//! Which warnings about dispute deadlines were sent, so that a nightly run does not repeat itself.

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};

/// A warning that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningRecord {
    /// The case.
    pub case_id: String,
    /// The deadline at the time, milliseconds since 1970 UTC.
    pub deadline_ms: i64,
    /// Days left at which it is due.
    pub mark: i64,
    /// When it was sent, milliseconds since 1970 UTC.
    pub sent_ms: i64,
}

impl Catalog {
    /// Every warning that was sent.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn dispute_warnings(&self) -> Result<Vec<WarningRecord>, ArchiveError> {
        let failed = in_catalog("read the warnings", &self.path);
        let sql =
            "SELECT case_id, deadline_ms, mark, sent_ms FROM dispute_warnings ORDER BY case_id, deadline_ms, mark";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([], |row| {
            Ok(WarningRecord {
                case_id: row.get(0)?,
                deadline_ms: row.get(1)?,
                mark: row.get(2)?,
                sent_ms: row.get(3)?,
            })
        });
        rows.map_err(failed)?.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// Remembers that a warning was sent.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn record_dispute_warning(&mut self, sent: &WarningRecord) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the warning", &self.path);
        let sql = "INSERT INTO dispute_warnings (case_id, deadline_ms, mark, sent_ms) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO NOTHING";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let values = (&sent.case_id, sent.deadline_ms, sent.mark, sent.sent_ms);
        statement.execute(values).map(drop).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_warning_is_remembered_once_and_outlives_the_process() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("catalog.sqlite");
        let sent = WarningRecord { case_id: "a".to_owned(), deadline_ms: 7, mark: 5, sent_ms: 1 };
        let mut catalog = Catalog::open(&path).unwrap();
        assert!(catalog.dispute_warnings().unwrap().is_empty());
        catalog.record_dispute_warning(&sent).unwrap();
        catalog.record_dispute_warning(&WarningRecord { sent_ms: 2, ..sent.clone() }).unwrap();
        catalog.record_dispute_warning(&WarningRecord { mark: 2, ..sent.clone() }).unwrap();
        drop(catalog);
        let known = Catalog::open_read_only(&path).unwrap().dispute_warnings().unwrap();
        assert_eq!(known, [WarningRecord { mark: 2, ..sent.clone() }, sent]);
    }
}
