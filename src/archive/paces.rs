//! How fast Amazon may be asked, remembered across processes: one row for each operation of an account.
//!
//! A bucket is one instant: the time at which it will be full again. Arithmetic on it is the caller's.

use rusqlite::OptionalExtension;

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};

/// What is remembered of one operation of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceRecord {
    /// When the bucket is full again, milliseconds since 1970 UTC.
    pub full_at_ms: i64,
    /// Milliseconds until one more request is allowed; wider than the documented one after refusals.
    pub interval_ms: i64,
    /// No request before this instant, milliseconds since 1970 UTC: a quota that resets, or `Retry-After`.
    pub closed_until_ms: i64,
}

impl Catalog {
    /// What is remembered of an operation.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn pace(&self, scope: &str, operation: &str) -> Result<Option<PaceRecord>, ArchiveError> {
        let failed = in_catalog("read the pace", &self.path);
        let sql = "SELECT full_at_ms, interval_ms, closed_until_ms FROM paces WHERE scope = ?1 AND operation = ?2";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let record = statement.query_row([scope, operation], |row| {
            Ok(PaceRecord { full_at_ms: row.get(0)?, interval_ms: row.get(1)?, closed_until_ms: row.get(2)? })
        });
        record.optional().map_err(failed)
    }

    /// Remembers an operation's pace.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn record_pace(&mut self, scope: &str, operation: &str, pace: PaceRecord) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the pace", &self.path);
        let sql = "INSERT OR REPLACE INTO paces (scope, operation, full_at_ms, interval_ms, closed_until_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let values = (scope, operation, pace.full_at_ms, pace.interval_ms, pace.closed_until_ms);
        statement.execute(values).map(drop).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_outlives_the_process() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("catalog.sqlite");
        let pace = PaceRecord { full_at_ms: 5, interval_ms: 60_000, closed_until_ms: 9 };
        let mut catalog = Catalog::open(&path).unwrap();
        assert_eq!(catalog.pace("A1", "GetReport").unwrap(), None);
        catalog.record_pace("A1", "GetReport", pace).unwrap();
        drop(catalog);
        assert_eq!(Catalog::open(&path).unwrap().pace("A1", "GetReport").unwrap(), Some(pace));
    }
}
