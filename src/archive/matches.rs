//! What is remembered of payouts that were looked for at the bank, with the evidence it rests on.
//!
//! A row is known by the document and the line of the payout. `evidence` is text of a higher floor: when
//! it is not what that floor computes anew, the row says nothing any more.

use rusqlite::{Row, TransactionBehavior, named_params};

use super::catalog::Catalog;
use super::error::{ArchiveError, in_catalog};
use crate::domain::DocumentId;

/// What became of one payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchRecord {
    /// The settlement document with its row.
    pub document: DocumentId,
    /// The line of the row.
    pub line: u64,
    /// The word for what became of it.
    pub state: String,
    /// The word for the rule that decided.
    pub rule: Option<String>,
    /// The day of booking, ISO.
    pub booked_on: Option<String>,
    /// The account at the bank.
    pub bank_account: Option<String>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// The bank file, as the user named it, and its hash.
    pub bank_file: Option<(String, DocumentId)>,
    /// What the finding rests on.
    pub evidence: String,
    /// When it was found, milliseconds since 1970 UTC.
    pub found_ms: i64,
}

const COLUMNS: &str = "sha256, line, state, rule, booked_on, bank_account, bank_reference, bank_file, bank_sha256, \
     evidence, found_ms";
const VALUES: &str = ":sha256, :line, :state, :rule, :booked_on, :bank_account, :bank_reference, :bank_file, \
     :bank_sha256, :evidence, :found_ms";

impl Catalog {
    /// Remembers what became of payouts, in one transaction; what was known of them before is replaced.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was changed.
    pub fn remember_matches(&mut self, records: &[MatchRecord]) -> Result<(), ArchiveError> {
        let failed = in_catalog("remember the payouts", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        {
            let sql = format!("INSERT OR REPLACE INTO payout_matches ({COLUMNS}) VALUES ({VALUES})");
            let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
            for record in records {
                let values = named_params! {
                    ":sha256": record.document.as_str(),
                    ":line": i64::try_from(record.line).unwrap_or(i64::MAX),
                    ":state": record.state,
                    ":rule": record.rule,
                    ":booked_on": record.booked_on,
                    ":bank_account": record.bank_account,
                    ":bank_reference": record.bank_reference,
                    ":bank_file": record.bank_file.as_ref().map(|file| &file.0),
                    ":bank_sha256": record.bank_file.as_ref().map(|file| file.1.as_str()),
                    ":evidence": record.evidence,
                    ":found_ms": record.found_ms,
                };
                statement.execute(values).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }

    /// Everything that is remembered of payouts.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn matches(&self) -> Result<Vec<MatchRecord>, ArchiveError> {
        let failed = in_catalog("read the remembered payouts", &self.path);
        let sql = format!("SELECT {COLUMNS} FROM payout_matches ORDER BY sha256, line");
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        statement.query_map([], MatchRecord::from_row).and_then(Iterator::collect).map_err(failed)
    }
}

impl MatchRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let file: Option<String> = row.get(7)?;
        let hash: Option<String> = row.get(8)?;
        Ok(Self {
            document: DocumentId::new(row.get::<_, String>(0)?),
            line: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
            state: row.get(2)?,
            rule: row.get(3)?,
            booked_on: row.get(4)?,
            bank_account: row.get(5)?,
            bank_reference: row.get(6)?,
            bank_file: file.zip(hash.map(DocumentId::new)),
            evidence: row.get(9)?,
            found_ms: row.get(10)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_is_remembered_and_replaced_by_what_is_found_later() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let mut record = MatchRecord {
            document: DocumentId::new("a".repeat(64)),
            line: 9,
            state: "in_transit".to_owned(),
            rule: None,
            booked_on: None,
            bank_account: None,
            bank_reference: None,
            bank_file: None,
            evidence: "1".to_owned(),
            found_ms: 5,
        };
        catalog.remember_matches(std::slice::from_ref(&record)).unwrap();
        assert_eq!(catalog.matches().unwrap(), [record.clone()]);
        record.state = "matched".to_owned();
        record.rule = Some("reference".to_owned());
        record.bank_file = Some(("b.xml".to_owned(), DocumentId::new("b".repeat(64))));
        catalog.remember_matches(std::slice::from_ref(&record)).unwrap();
        assert_eq!(catalog.matches().unwrap(), [record]);
    }
}
