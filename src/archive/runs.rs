//! How runs began and ended, and when each account was last fetched.
//!
//! A run is entered when it begins, so that one that was killed is seen by its missing end.

use rusqlite::{OptionalExtension, Row, named_params};

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};
use super::remote::RemoteAccount;
use crate::domain::{ExitCode, SellerId};

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its number in the catalog.
    pub id: i64,
    /// The command: `fetch` or `run`.
    pub command: String,
    /// When it began, milliseconds since 1970 UTC.
    pub started_ms: i64,
    /// When it ended; `None` while it is at work, and for ever where it was killed.
    pub finished_ms: Option<i64>,
    /// Its exit code.
    pub exit: Option<i64>,
    /// Reports that it brought in.
    pub new_reports: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// When, milliseconds since 1970 UTC.
    pub finished_ms: i64,
    /// Its exit code.
    pub exit: ExitCode,
    /// Reports that it brought in.
    pub new_reports: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// When an account was last fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRecord {
    /// The account.
    pub account: RemoteAccount,
    /// When everything that Amazon had was last brought in, milliseconds since 1970 UTC.
    pub last_success_ms: Option<i64>,
    /// When it was last tried, milliseconds since 1970 UTC.
    pub last_attempt_ms: i64,
    /// Why the last try failed; `None` where it did not.
    pub last_error: Option<String>,
}

/// How a run ends that did all its steps, whatever it found.
const THROUGH: [ExitCode; 4] = [ExitCode::Done, ExitCode::DoesNotTie, ExitCode::PartlyDone, ExitCode::Temporary];

const COLUMNS: &str = "id, command, started_ms, finished_ms, exit, new_reports, error";

impl Catalog {
    /// Enters a run that begins, and answers its number.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn begin_run(&mut self, command: &str, started_ms: i64) -> Result<i64, ArchiveError> {
        let failed = in_catalog("record the run", &self.path);
        let sql = "INSERT INTO runs (command, started_ms) VALUES (?1, ?2)";
        self.connection.execute(sql, (command, started_ms)).map_err(failed)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Since when runs of a command have not come to their end: the start of the first after the last that did.
    /// `None` where the last one did. One that was killed, stopped by a signal or by the disk did not.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn unfinished_since(&self, command: &str) -> Result<Option<i64>, ArchiveError> {
        let failed = in_catalog("read the runs", &self.path);
        let ended = THROUGH.map(|exit| exit.number().to_string()).join(", ");
        let sql = format!(
            "SELECT min(started_ms) FROM runs WHERE command = ?1 AND id >
                (SELECT coalesce(max(id), 0) FROM runs WHERE command = ?1 AND exit IN ({ended}))"
        );
        self.connection.query_row(&sql, [command], |row| row.get(0)).map_err(failed)
    }

    /// Enters how a run ended.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn end_run(&mut self, id: i64, end: &RunEnd) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the run", &self.path);
        let sql = "UPDATE runs SET finished_ms = ?2, exit = ?3, new_reports = ?4, error = ?5 WHERE id = ?1";
        let new_reports = i64::try_from(end.new_reports).unwrap_or(i64::MAX);
        let values = (id, end.finished_ms, end.exit.number(), new_reports, &end.error);
        self.connection.execute(sql, values).map(drop).map_err(failed)
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn latest_runs(&self, count: u32) -> Result<Vec<RunRecord>, ArchiveError> {
        let failed = in_catalog("read the runs", &self.path);
        let sql = format!("SELECT {COLUMNS} FROM runs ORDER BY started_ms DESC, id DESC LIMIT ?1");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let rows = statement.query_map([count], RunRecord::from_row);
        rows.and_then(Iterator::collect).map_err(failed)
    }

    /// The latest run of a command that ended by itself with one of these exit codes.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn latest_run_that_ended(&self, command: &str, exits: &[ExitCode]) -> Result<Option<RunRecord>, ArchiveError> {
        let failed = in_catalog("read the runs", &self.path);
        let numbers: Vec<String> = exits.iter().map(|exit| exit.number().to_string()).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM runs WHERE command = ?1 AND exit IN ({}) ORDER BY started_ms DESC, id DESC LIMIT 1",
            numbers.join(", ")
        );
        self.connection.query_row(&sql, [command], RunRecord::from_row).optional().map_err(failed)
    }

    /// Enters how fetching an account went.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn record_fetch(&mut self, fetch: &FetchRecord) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the fetch", &self.path);
        let sql = "INSERT OR REPLACE INTO fetches \
             (merchant_id, source, environment, last_success_ms, last_attempt_ms, last_error) \
             VALUES (:merchant_id, :source, :environment, :last_success_ms, :last_attempt_ms, :last_error)";
        let values = named_params! {
            ":merchant_id": fetch.account.merchant_id.as_str(),
            ":source": fetch.account.source,
            ":environment": fetch.account.environment,
            ":last_success_ms": fetch.last_success_ms,
            ":last_attempt_ms": fetch.last_attempt_ms,
            ":last_error": fetch.last_error,
        };
        self.connection.execute(sql, values).map(drop).map_err(failed)
    }

    /// How fetching each account last went.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn fetches(&self) -> Result<Vec<FetchRecord>, ArchiveError> {
        let failed = in_catalog("read the fetches", &self.path);
        let sql = "SELECT merchant_id, source, environment, last_success_ms, last_attempt_ms, last_error \
             FROM fetches ORDER BY merchant_id, source, environment";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.query_map([], FetchRecord::from_row).and_then(Iterator::collect).map_err(failed)
    }
}

impl RunRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            command: row.get(1)?,
            started_ms: row.get(2)?,
            finished_ms: row.get(3)?,
            exit: row.get(4)?,
            new_reports: u64::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
            error: row.get(6)?,
        })
    }
}

impl FetchRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let account = RemoteAccount {
            merchant_id: SellerId::new(row.get::<_, String>(0)?),
            source: row.get(1)?,
            environment: row.get(2)?,
        };
        Ok(Self { account, last_success_ms: row.get(3)?, last_attempt_ms: row.get(4)?, last_error: row.get(5)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_killed_has_no_end_and_is_not_the_last_success() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let first = catalog.begin_run("run", 1_000).unwrap();
        let end =
            RunEnd { finished_ms: 2_000, exit: ExitCode::DoesNotTie, new_reports: 3, error: Some("gap".to_owned()) };
        catalog.end_run(first, &end).unwrap();
        catalog.begin_run("run", 3_000).unwrap();
        let runs = catalog.latest_runs(10).unwrap();
        assert_eq!(runs.iter().map(|run| run.started_ms).collect::<Vec<_>>(), [3_000, 1_000]);
        assert_eq!((runs[0].finished_ms, runs[0].exit), (None, None));
        let done = [ExitCode::Done, ExitCode::DoesNotTie];
        assert_eq!(catalog.latest_run_that_ended("run", &done).unwrap().unwrap(), runs[1]);
        assert_eq!(catalog.latest_run_that_ended("run", &[ExitCode::Done]).unwrap(), None);
        assert_eq!(catalog.latest_run_that_ended("fetch", &done).unwrap(), None);
    }

    #[test]
    fn runs_that_were_cut_off_are_unfinished_until_one_comes_to_its_end() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let mut run = |command: &str, started_ms, exit: Option<ExitCode>| {
            let id = catalog.begin_run(command, started_ms).unwrap();
            if let Some(exit) = exit {
                let end = RunEnd { finished_ms: started_ms + 1, exit, new_reports: 0, error: None };
                catalog.end_run(id, &end).unwrap();
            }
            catalog.unfinished_since("run").unwrap()
        };
        assert_eq!(run("fetch", 5, None), None);
        assert_eq!(run("run", 10, None), Some(10));
        assert_eq!(run("run", 20, Some(ExitCode::Terminated)), Some(10));
        assert_eq!(run("run", 30, Some(ExitCode::Storage)), Some(10));
        assert_eq!(run("run", 40, Some(ExitCode::DoesNotTie)), None);
        assert_eq!(run("run", 50, None), Some(50));
        assert_eq!(run("run", 60, Some(ExitCode::Done)), None);
    }

    #[test]
    fn the_last_fetch_of_each_account_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let account = RemoteAccount {
            merchant_id: SellerId::new("A1"),
            source: "pay-api".to_owned(),
            environment: "live".to_owned(),
        };
        let mut fetch = FetchRecord { account, last_success_ms: Some(5), last_attempt_ms: 5, last_error: None };
        catalog.record_fetch(&fetch).unwrap();
        fetch.last_attempt_ms = 9;
        fetch.last_error = Some("refused".to_owned());
        catalog.record_fetch(&fetch).unwrap();
        assert_eq!(catalog.fetches().unwrap(), [fetch]);
    }
}
