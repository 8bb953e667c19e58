//! What the catalog knows of reports at Amazon: listed, stored, taken, refused.
//!
//! The key is Amazon's own id of a report beside the merchant's; what became of its bytes is known by
//! their hash. Two reports with equal bytes are two rows with one hash.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, named_params};

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};
use crate::domain::{DocumentId, SellerId};

/// Whose reports: one merchant, at one of Amazon's services, in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteAccount {
    /// Amazon's merchant id.
    pub merchant_id: SellerId,
    /// The word of the service in the config: `pay-api` or `mws`.
    pub source: String,
    /// `live` or `sandbox`.
    pub environment: String,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteState {
    /// Amazon lists it; its bytes are not here yet.
    Listed,
    /// Its bytes are in the raw store and have not been read yet.
    Stored,
    /// Its rows are in the archive.
    Taken,
    /// Its bytes are in the raw store and could not be read as a report.
    Refused,
    /// Amazon says that there is nothing in it, or that it was cancelled.
    Nothing,
    /// Amazon says that it failed, or no longer has it.
    Failed,
}

impl RemoteState {
    /// Every state with its word in the catalog.
    pub const TABLE: [(RemoteState, &'static str); 6] = [
        (RemoteState::Listed, "listed"),
        (RemoteState::Stored, "stored"),
        (RemoteState::Taken, "taken"),
        (RemoteState::Refused, "refused"),
        (RemoteState::Nothing, "nothing"),
        (RemoteState::Failed, "failed"),
    ];

    /// The word in the catalog and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// An unknown word, which the table's own check keeps out, counts as listed: it is looked at again.
    fn from_word(word: &str) -> Self {
        Self::TABLE.iter().find(|row| row.1 == word).map_or(RemoteState::Listed, |row| row.0)
    }
}

/// One report at Amazon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRecord {
    /// Amazon's id of the report.
    pub report_id: String,
    /// Amazon's word for its type.
    pub report_type: String,
    /// Amazon's word for its status.
    pub status: String,
    /// pay-api: the id under which its document is asked for.
    pub document_ref: Option<String>,
    /// First instant that it covers, milliseconds since 1970 UTC.
    pub period_start_ms: Option<i64>,
    /// Last instant that it covers, milliseconds since 1970 UTC.
    pub period_end_ms: Option<i64>,
    /// When Amazon made it, milliseconds since 1970 UTC.
    pub created_ms: Option<i64>,
    /// When it was first listed, milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
    /// What became of it.
    pub state: RemoteState,
    /// The hash of its bytes, once they are stored.
    pub document: Option<DocumentId>,
    /// `Content-Type` as it was sent with the bytes.
    pub content_type: Option<String>,
    /// How many runs in a row failed to get it.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// Whether Amazon was told that it is here.
    pub acknowledged: bool,
}

const COLUMNS: &str = "report_id, report_type, status, document_ref, period_start_ms, period_end_ms, created_ms, \
     first_seen_ms, state, sha256, content_type, failures, last_error, acknowledged";

/// One merchant's rows.
const OF_ACCOUNT: &str = "merchant_id = :merchant_id AND source = :source AND environment = :environment";

impl Catalog {
    /// Every known report of an account, the oldest period first.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn remote_reports(&self, account: &RemoteAccount) -> Result<Vec<RemoteRecord>, ArchiveError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM remote_reports WHERE {OF_ACCOUNT} \
             ORDER BY coalesce(period_start_ms, created_ms, first_seen_ms), report_id"
        );
        let failed = in_catalog("read the list of reports", &self.path);
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let rows = statement.query_map(
            named_params! {
                ":merchant_id": account.merchant_id.as_str(),
                ":source": account.source,
                ":environment": account.environment,
            },
            RemoteRecord::from_row,
        );
        rows.and_then(Iterator::collect).map_err(failed)
    }

    /// Records reports in one transaction; what was known of them before is replaced.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was changed.
    pub fn record_reports(&mut self, account: &RemoteAccount, reports: &[RemoteRecord]) -> Result<(), ArchiveError> {
        let sql = format!(
            "INSERT OR REPLACE INTO remote_reports (merchant_id, source, environment, {COLUMNS}) VALUES \
             (:merchant_id, :source, :environment, :report_id, :report_type, :status, :document_ref, \
              :period_start_ms, :period_end_ms, :created_ms, :first_seen_ms, :state, :sha256, :content_type, \
              :failures, :last_error, :acknowledged)"
        );
        let failed = in_catalog("record the reports", &self.path);
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        {
            let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
            for report in reports {
                report.write(account, &mut statement).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }

    /// When Amazon made each document that came from it, milliseconds since 1970 UTC, where it said so.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn report_dates(&self) -> Result<BTreeMap<DocumentId, i64>, ArchiveError> {
        let failed = in_catalog("read the list of reports", &self.path);
        let sql = "SELECT sha256, MAX(created_ms) FROM remote_reports WHERE sha256 IS NOT NULL AND created_ms IS NOT NULL \
                   GROUP BY sha256";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let date = |row: &Row<'_>| Ok((DocumentId::new(row.get::<_, String>(0)?), row.get(1)?));
        statement.query_map([], date).and_then(Iterator::collect).map_err(failed)
    }

    /// The `Content-Type` that came with a document, where it came from Amazon and one was sent.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn content_type_of(&self, document: &DocumentId) -> Result<Option<String>, ArchiveError> {
        let failed = in_catalog("read the list of reports", &self.path);
        let sql = "SELECT content_type FROM remote_reports WHERE sha256 = ?1 AND content_type IS NOT NULL LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.query_row([document.as_str()], |row| row.get(0)).optional().map_err(failed)
    }
}

impl RemoteRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            report_id: row.get(0)?,
            report_type: row.get(1)?,
            status: row.get(2)?,
            document_ref: row.get(3)?,
            period_start_ms: row.get(4)?,
            period_end_ms: row.get(5)?,
            created_ms: row.get(6)?,
            first_seen_ms: row.get(7)?,
            state: RemoteState::from_word(&row.get::<_, String>(8)?),
            document: row.get::<_, Option<String>>(9)?.map(DocumentId::new),
            content_type: row.get(10)?,
            failures: row.get(11)?,
            last_error: row.get(12)?,
            acknowledged: row.get(13)?,
        })
    }

    fn write(&self, account: &RemoteAccount, statement: &mut rusqlite::CachedStatement<'_>) -> rusqlite::Result<usize> {
        statement.execute(named_params! {
            ":merchant_id": account.merchant_id.as_str(),
            ":source": account.source,
            ":environment": account.environment,
            ":report_id": self.report_id,
            ":report_type": self.report_type,
            ":status": self.status,
            ":document_ref": self.document_ref,
            ":period_start_ms": self.period_start_ms,
            ":period_end_ms": self.period_end_ms,
            ":created_ms": self.created_ms,
            ":first_seen_ms": self.first_seen_ms,
            ":state": self.state.word(),
            ":sha256": self.document.as_ref().map(DocumentId::as_str),
            ":content_type": self.content_type,
            ":failures": self.failures,
            ":last_error": self.last_error,
            ":acknowledged": self.acknowledged,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn account(environment: &str) -> RemoteAccount {
        RemoteAccount {
            merchant_id: SellerId::new("A1"),
            source: "mws".to_owned(),
            environment: environment.to_owned(),
        }
    }

    fn report(id: &str, start: i64) -> RemoteRecord {
        RemoteRecord {
            report_id: id.to_owned(),
            report_type: "_T_".to_owned(),
            status: "_DONE_".to_owned(),
            document_ref: None,
            period_start_ms: Some(start),
            period_end_ms: None,
            created_ms: Some(9),
            first_seen_ms: 10,
            state: RemoteState::Listed,
            document: None,
            content_type: None,
            failures: 0,
            last_error: None,
            acknowledged: false,
        }
    }

    fn catalog(place: &Path) -> Catalog {
        Catalog::open(&place.join("catalog.sqlite")).unwrap()
    }

    #[test]
    fn reports_are_kept_apart_by_environment_and_come_oldest_first() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = catalog(place.path());
        catalog.record_reports(&account("live"), &[report("b", 2), report("a", 3), report("c", 1)]).unwrap();
        catalog.record_reports(&account("sandbox"), &[report("a", 1)]).unwrap();
        let ids: Vec<String> =
            catalog.remote_reports(&account("live")).unwrap().into_iter().map(|r| r.report_id).collect();
        assert_eq!(ids, ["c", "b", "a"]);
        assert_eq!(catalog.remote_reports(&account("sandbox")).unwrap().len(), 1);
    }

    #[test]
    fn a_report_recorded_again_is_replaced_and_every_state_reads_back() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = catalog(place.path());
        for (state, _) in RemoteState::TABLE {
            let document = DocumentId::new("ab".repeat(32));
            let changed = RemoteRecord {
                state,
                document: Some(document.clone()),
                content_type: Some("text/plain".to_owned()),
                acknowledged: true,
                failures: 3,
                ..report("a", 1)
            };
            catalog.record_reports(&account("live"), std::slice::from_ref(&changed)).unwrap();
            assert_eq!(catalog.remote_reports(&account("live")).unwrap(), [changed]);
            assert_eq!(catalog.content_type_of(&document).unwrap().as_deref(), Some("text/plain"));
        }
        assert_eq!(catalog.content_type_of(&DocumentId::new("00")).unwrap(), None);
    }
}
