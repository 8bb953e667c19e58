//! The tables of the catalog, as an ordered list of steps.
//!
//! A catalog remembers in `user_version` how many steps it has taken. A step, once released, is never
//! edited: a change is a further step. Each step is one transaction: taken whole, or not at all.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{ArchiveError, in_catalog};

/// The steps, oldest first.
pub(super) const STEPS: &[&str] = &[
    // 1: documents
    "CREATE TABLE documents (
        sha256          TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
        kind            TEXT NOT NULL,
        seller_id       TEXT,
        account         TEXT,
        source_name     TEXT NOT NULL,
        bytes           INTEGER NOT NULL CHECK (bytes >= 0),
        rows            INTEGER NOT NULL CHECK (rows >= 0),
        settlement_id   TEXT,
        currencies      TEXT NOT NULL,
        period_start_ms INTEGER,
        period_end_ms   INTEGER,
        first_posted_ms INTEGER,
        last_posted_ms  INTEGER,
        imported_at_ms  INTEGER NOT NULL,
        derived_path    TEXT,
        digest          TEXT,
        reader_version  INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX documents_by_settlement ON documents (seller_id, settlement_id);
    CREATE INDEX documents_by_kind ON documents (kind);",
    // 2: what Amazon has, what was asked of it, how fast, and how runs ended
    "CREATE TABLE remote_reports (
        merchant_id     TEXT NOT NULL,
        source          TEXT NOT NULL,
        environment     TEXT NOT NULL,
        report_id       TEXT NOT NULL,
        report_type     TEXT NOT NULL,
        status          TEXT NOT NULL,
        document_ref    TEXT,
        period_start_ms INTEGER,
        period_end_ms   INTEGER,
        created_ms      INTEGER,
        first_seen_ms   INTEGER NOT NULL,
        state           TEXT NOT NULL CHECK (state IN ('listed', 'stored', 'taken', 'refused', 'nothing', 'failed')),
        sha256          TEXT,
        content_type    TEXT,
        failures        INTEGER NOT NULL DEFAULT 0,
        last_error      TEXT,
        acknowledged    INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (merchant_id, source, environment, report_id)
    ) STRICT;
    CREATE INDEX remote_reports_by_document ON remote_reports (sha256);
    CREATE TABLE report_requests (
        merchant_id     TEXT NOT NULL,
        source          TEXT NOT NULL,
        environment     TEXT NOT NULL,
        report_type     TEXT NOT NULL,
        start_ms        INTEGER NOT NULL,
        end_ms          INTEGER NOT NULL,
        asked_ms        INTEGER NOT NULL,
        request_id      TEXT,
        state           TEXT NOT NULL CHECK (state IN ('wanted', 'asked', 'done', 'nothing', 'failed')),
        PRIMARY KEY (merchant_id, source, environment, report_type, start_ms, end_ms)
    ) STRICT;
    CREATE TABLE paces (
        scope           TEXT NOT NULL,
        operation       TEXT NOT NULL,
        full_at_ms      INTEGER NOT NULL,
        interval_ms     INTEGER NOT NULL,
        closed_until_ms INTEGER NOT NULL,
        PRIMARY KEY (scope, operation)
    ) STRICT;
    CREATE TABLE runs (
        id              INTEGER PRIMARY KEY,
        command         TEXT NOT NULL,
        started_ms      INTEGER NOT NULL,
        finished_ms     INTEGER,
        exit            INTEGER,
        new_reports     INTEGER NOT NULL DEFAULT 0,
        error           TEXT
    ) STRICT;
    CREATE INDEX runs_by_command ON runs (command, started_ms);
    CREATE TABLE fetches (
        merchant_id     TEXT NOT NULL,
        source          TEXT NOT NULL,
        environment     TEXT NOT NULL,
        last_success_ms INTEGER,
        last_attempt_ms INTEGER NOT NULL,
        last_error      TEXT,
        PRIMARY KEY (merchant_id, source, environment)
    ) STRICT;",
    // 3: warnings about dispute deadlines that were sent
    "CREATE TABLE dispute_warnings (
        case_id         TEXT NOT NULL,
        deadline_ms     INTEGER NOT NULL,
        mark            INTEGER NOT NULL,
        sent_ms         INTEGER NOT NULL,
        PRIMARY KEY (case_id, deadline_ms, mark)
    ) STRICT;",
    // 4: what became of payouts at the bank
    "CREATE TABLE payout_matches (
        sha256          TEXT NOT NULL,
        line            INTEGER NOT NULL,
        state           TEXT NOT NULL,
        rule            TEXT,
        booked_on       TEXT,
        bank_account    TEXT,
        bank_reference  TEXT,
        bank_file       TEXT,
        bank_sha256     TEXT,
        evidence        TEXT NOT NULL,
        found_ms        INTEGER NOT NULL,
        PRIMARY KEY (sha256, line)
    ) STRICT;",
    // 5: the log of events, months that were closed, and conflicts that a person decided
    "CREATE TABLE events (
        number          INTEGER PRIMARY KEY NOT NULL CHECK (number > 0),
        at_ms           INTEGER NOT NULL,
        kind            TEXT NOT NULL,
        facts           TEXT NOT NULL,
        previous        TEXT NOT NULL CHECK (length(previous) = 64),
        hash            TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT;
    CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the log of events only grows'); END;
    CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the log of events only grows'); END;
    CREATE TABLE closes (
        event           INTEGER PRIMARY KEY NOT NULL REFERENCES events (number),
        month           TEXT NOT NULL,
        closed_ms       INTEGER NOT NULL,
        pack            TEXT NOT NULL CHECK (length(pack) = 64),
        terms           TEXT NOT NULL,
        reopened        INTEGER REFERENCES events (number)
    ) STRICT;
    CREATE UNIQUE INDEX a_month_is_closed_once ON closes (month) WHERE reopened IS NULL;
    CREATE TABLE close_documents (
        event           INTEGER NOT NULL REFERENCES closes (event),
        sha256          TEXT NOT NULL CHECK (length(sha256) = 64),
        PRIMARY KEY (event, sha256)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE resolutions (
        account         TEXT NOT NULL,
        settlement_id   TEXT NOT NULL,
        counted         TEXT NOT NULL CHECK (length(counted) = 64),
        event           INTEGER NOT NULL REFERENCES events (number),
        PRIMARY KEY (account, settlement_id)
    ) STRICT;",
    // 6: documents that were removed on purpose
    "CREATE TABLE purged (
        sha256          TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
        kind            TEXT NOT NULL,
        bytes           INTEGER NOT NULL CHECK (bytes >= 0),
        rows            INTEGER NOT NULL CHECK (rows >= 0),
        derived_path    TEXT,
        successor       TEXT,
        event           INTEGER NOT NULL REFERENCES events (number)
    ) STRICT, WITHOUT ROWID;",
];

/// How many steps the catalog has taken.
///
/// # Errors
/// [`ArchiveError::NewerVersion`] where it has taken more than `steps`.
pub(super) fn version(connection: &Connection, steps: &[&str], path: &Path) -> Result<usize, ArchiveError> {
    let failed = in_catalog("read the version of the catalog", path);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    match usize::try_from(found) {
        Ok(taken) if taken <= steps.len() => Ok(taken),
        Ok(_) => {
            let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
            Err(ArchiveError::NewerVersion { path: path.to_owned(), found, known })
        }
        Err(_) => {
            let finding = format!("its version is {found}");
            Err(ArchiveError::CatalogDamaged { path: path.to_owned(), finding })
        }
    }
}

/// Takes the steps that the catalog has not taken yet.
///
/// # Errors
/// [`ArchiveError::NewerVersion`]; [`ArchiveError::Catalog`] where a step fails, which then changed nothing.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str], path: &Path) -> Result<(), ArchiveError> {
    let failed = in_catalog("bring the catalog up to date", path);
    while version(connection, steps, path)? < steps.len() {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        // Read again under the lock: another process may have taken the step meanwhile.
        let taken = version(&step, steps, path)?;
        if let Some(sql) = steps.get(taken) {
            step.execute_batch(sql).map_err(failed)?;
            let now = i64::try_from(taken + 1).unwrap_or(i64::MAX);
            step.pragma_update(None, "user_version", now).map_err(failed)?;
        }
        step.commit().map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "catalog.sqlite";

    fn schema_of(connection: &Connection) -> Vec<String> {
        let mut statement =
            connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_catalog_of_every_earlier_version_comes_up_to_date() {
        let mut newest = Connection::open_in_memory().unwrap();
        migrate(&mut newest, STEPS, Path::new(PATH)).unwrap();
        for taken in 0..=STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate(&mut connection, &STEPS[..taken], Path::new(PATH)).unwrap();
            assert_eq!(version(&connection, STEPS, Path::new(PATH)).unwrap(), taken);
            migrate(&mut connection, STEPS, Path::new(PATH)).unwrap();
            assert_eq!(schema_of(&connection), schema_of(&newest));
            assert_eq!(version(&connection, STEPS, Path::new(PATH)).unwrap(), STEPS.len());
        }
    }

    #[test]
    fn a_step_that_fails_changes_nothing_and_the_steps_before_it_stay() {
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(matches!(migrate(&mut connection, &steps, Path::new(PATH)), Err(ArchiveError::Catalog { .. })));
        assert_eq!(version(&connection, &steps, Path::new(PATH)).unwrap(), 1);
        assert_eq!(schema_of(&connection), ["CREATE TABLE a (x)"]);
        let mended = [steps[0], "CREATE TABLE b (x)"];
        migrate(&mut connection, &mended, Path::new(PATH)).unwrap();
        assert_eq!(schema_of(&connection).len(), 2);
    }

    #[test]
    fn a_catalog_of_a_newer_version_is_not_touched() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection, STEPS, Path::new(PATH)).unwrap_err();
        assert!(matches!(error, ArchiveError::NewerVersion { found: 99, .. }));
        assert!(schema_of(&connection).is_empty());
        connection.pragma_update(None, "user_version", -1).unwrap();
        assert!(matches!(version(&connection, STEPS, Path::new(PATH)), Err(ArchiveError::CatalogDamaged { .. })));
    }
}
