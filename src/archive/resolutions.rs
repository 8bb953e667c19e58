//! Conflicts that a person decided: which document of a settlement counts, whatever the rule says.

use rusqlite::{Row, TransactionBehavior};

use super::catalog::Catalog;
use super::closes::with_facts;
use super::error::{ArchiveError, in_catalog};
use super::events::{EventKind, EventRecord, append};
use crate::domain::{AccountName, DocumentId, SettlementId};

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolutionRecord {
    /// The account, as statements name it.
    pub account: AccountName,
    /// The settlement.
    pub settlement_id: SettlementId,
    /// The document that counts.
    pub counted: DocumentId,
    /// The number of its event.
    pub event: u64,
}

impl Catalog {
    /// Decides a conflict: the event and the decision, in one transaction. An earlier decision is replaced; its
    /// event stays.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be written; then nothing was changed.
    pub fn resolve(
        &mut self,
        account: &AccountName,
        settlement: &SettlementId,
        counted: &DocumentId,
        at_ms: i64,
        facts: &serde_json::Value,
    ) -> Result<EventRecord, ArchiveError> {
        let failed = in_catalog("record the decision", &self.path);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let facts = with_facts(
            facts,
            [
                ("account", account.as_str().into()),
                ("settlement_id", settlement.as_str().into()),
                ("counted", counted.as_str().into()),
            ],
        );
        let event = append(&transaction, at_ms, EventKind::Resolve, &facts).map_err(failed)?;
        let number = i64::try_from(event.number).unwrap_or(i64::MAX);
        let sql = "INSERT OR REPLACE INTO resolutions (account, settlement_id, counted, event) VALUES (?1, ?2, ?3, ?4)";
        let values = (account.as_str(), settlement.as_str(), counted.as_str(), number);
        transaction.execute(sql, values).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(event)
    }

    /// Every decision in force, by account and settlement.
    ///
    /// # Errors
    /// [`ArchiveError`] where the catalog cannot be read.
    pub fn resolutions(&self) -> Result<Vec<ResolutionRecord>, ArchiveError> {
        let failed = in_catalog("read the decisions", &self.path);
        let sql = "SELECT account, settlement_id, counted, event FROM resolutions ORDER BY account, settlement_id";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let decision = |row: &Row<'_>| {
            Ok(ResolutionRecord {
                account: AccountName::new(row.get::<_, String>(0)?),
                settlement_id: SettlementId::new(row.get::<_, String>(1)?),
                counted: DocumentId::new(row.get::<_, String>(2)?),
                event: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            })
        };
        statement.query_map([], decision).and_then(Iterator::collect).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_decision_replaces_an_earlier_one_and_both_events_stay() {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let (account, settlement) = (AccountName::new("shop"), SettlementId::new("1"));
        let facts = serde_json::json!({});
        for digit in ["a", "b"] {
            catalog.resolve(&account, &settlement, &DocumentId::new(digit.repeat(64)), 1, &facts).unwrap();
        }
        let decided = catalog.resolutions().unwrap();
        assert_eq!(decided.len(), 1);
        assert_eq!((decided[0].counted.short(), decided[0].event), ("bbbbbbbbbbbb", 2));
        assert_eq!(catalog.events().unwrap().len(), 2);
    }
}
