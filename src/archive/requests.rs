//! Reports that were asked for: Amazon makes transaction reports and the sandbox's settlement on request.
//!
//! A request is entered before it is sent, so that a run that was killed in between sends the same one again.

use rusqlite::{Row, named_params};

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};
use super::remote::RemoteAccount;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// To be sent.
    Wanted,
    /// Sent; Amazon is at work.
    Asked,
    /// Its report is listed.
    Done,
    /// There was nothing to report, or it was cancelled.
    Nothing,
    /// Amazon failed to make it.
    Failed,
}

impl RequestState {
    /// Every state with its word in the catalog.
    pub const TABLE: [(RequestState, &'static str); 5] = [
        (RequestState::Wanted, "wanted"),
        (RequestState::Asked, "asked"),
        (RequestState::Done, "done"),
        (RequestState::Nothing, "nothing"),
        (RequestState::Failed, "failed"),
    ];

    fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    fn from_word(word: &str) -> Self {
        Self::TABLE.iter().find(|row| row.1 == word).map_or(RequestState::Wanted, |row| row.0)
    }
}

/// One request for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Amazon's word for the type.
    pub report_type: String,
    /// First instant of the period, milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// Last instant of the period, milliseconds since 1970 UTC.
    pub end_ms: i64,
    /// When it was last sent, or entered, milliseconds since 1970 UTC.
    pub asked_ms: i64,
    /// Amazon's id of the request, once there is one.
    pub request_id: Option<String>,
    /// What became of it.
    pub state: RequestState,
}

impl Catalog {
    /// Every request of an account, the oldest period first.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn requests(&self, account: &RemoteAccount) -> Result<Vec<RequestRecord>, ArchiveError> {
        let failed = in_catalog("read the requests", &self.path);
        let sql = "SELECT report_type, start_ms, end_ms, asked_ms, request_id, state FROM report_requests \
             WHERE merchant_id = ?1 AND source = ?2 AND environment = ?3 ORDER BY start_ms, report_type";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let whose = [account.merchant_id.as_str(), &account.source, &account.environment];
        statement.query_map(whose, RequestRecord::from_row).and_then(Iterator::collect).map_err(failed)
    }

    /// Enters a request, or what became of it.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written.
    pub fn record_request(&mut self, account: &RemoteAccount, request: &RequestRecord) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the request", &self.path);
        let sql = "INSERT OR REPLACE INTO report_requests \
             (merchant_id, source, environment, report_type, start_ms, end_ms, asked_ms, request_id, state) VALUES \
             (:merchant_id, :source, :environment, :report_type, :start_ms, :end_ms, :asked_ms, :request_id, :state)";
        let values = named_params! {
            ":merchant_id": account.merchant_id.as_str(),
            ":source": account.source,
            ":environment": account.environment,
            ":report_type": request.report_type,
            ":start_ms": request.start_ms,
            ":end_ms": request.end_ms,
            ":asked_ms": request.asked_ms,
            ":request_id": request.request_id,
            ":state": request.state.word(),
        };
        self.connection.execute(sql, values).map(drop).map_err(failed)
    }
}

impl RequestRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            report_type: row.get(0)?,
            start_ms: row.get(1)?,
            end_ms: row.get(2)?,
            asked_ms: row.get(3)?,
            request_id: row.get(4)?,
            state: RequestState::from_word(&row.get::<_, String>(5)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SellerId;

    #[test]
    fn a_request_is_one_row_whatever_becomes_of_it() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let account = RemoteAccount {
            merchant_id: SellerId::new("A1"),
            source: "mws".to_owned(),
            environment: "sandbox".to_owned(),
        };
        for (state, _) in RequestState::TABLE {
            let request = RequestRecord {
                report_type: "_T_".to_owned(),
                start_ms: 1,
                end_ms: 2,
                asked_ms: 3,
                request_id: Some("7".to_owned()),
                state,
            };
            catalog.record_request(&account, &request).unwrap();
            assert_eq!(catalog.requests(&account).unwrap(), [request]);
        }
    }
}
