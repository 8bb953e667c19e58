//! What a log of events led to, entered into a new catalog: closed months, their documents, decisions, removals.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{TransactionBehavior, named_params};

use super::catalog::Catalog;
use super::closes::{CloseRecord, documents_hash};
use super::error::{ArchiveError, in_catalog};
use super::events::EventRecord;
use super::purged::PurgedRecord;
use crate::domain::DocumentId;

/// A close and the documents it rests on.
type Closed = (CloseRecord, Vec<DocumentId>);

/// Enters everything that the log led to besides documents; names what it does not tell enough about. `before` is
/// what the old catalog says of closes.
pub(super) fn replay(
    catalog: &mut Catalog,
    log: &[EventRecord],
    before: &[Closed],
) -> Result<Vec<String>, ArchiveError> {
    let mut lost = Vec::new();
    let mut held: BTreeMap<DocumentId, String> = BTreeMap::new();
    for event in log {
        let facts = event.facts();
        match event.kind.as_str() {
            "adopt" | "import" | "reread" | "rebuild" => {
                held.extend(documents(&facts).map(|(id, facts)| (id, text(&facts, "kind").unwrap_or_default())));
            }
            "purge" | "forget" => {
                for (id, facts) in documents(&facts) {
                    held.remove(&id);
                    catalog.restore_purged(&removed(&id, &facts, event.number))?;
                }
            }
            "close" => match close(event, &facts, &held, before) {
                Some(closed) => catalog.enter_close(&closed)?,
                None => lost.push(format!("the close of event {}: the log does not tell enough of it", event.number)),
            },
            "reopen" => catalog.enter_reopening(event, text(&facts, "month").unwrap_or_default().as_str())?,
            "resolve" => catalog.enter_decision(event, &facts)?,
            _ => {}
        }
    }
    Ok(lost)
}

fn text(facts: &serde_json::Value, field: &str) -> Option<String> {
    facts.get(field)?.as_str().map(str::to_owned)
}

fn documents(facts: &serde_json::Value) -> impl Iterator<Item = (DocumentId, serde_json::Value)> {
    let listed = facts.get("documents").and_then(|documents| documents.as_array()).cloned().unwrap_or_default();
    listed.into_iter().filter_map(|facts| Some((DocumentId::new(text(&facts, "sha256")?), facts)))
}

fn removed(id: &DocumentId, facts: &serde_json::Value, event: u64) -> PurgedRecord {
    let count = |field: &str| facts.get(field).and_then(serde_json::Value::as_u64).unwrap_or(0);
    PurgedRecord {
        id: id.clone(),
        kind: text(facts, "kind").unwrap_or_default(),
        bytes: count("bytes"),
        rows: count("rows"),
        derived_path: text(facts, "derived_path"),
        successor: text(facts, "successor").map(DocumentId::new),
        event,
    }
}

/// The close of an event. Its documents are proven by their hash: all that the log held then, or the settlements
/// among them, or those of the old catalog.
fn close(
    event: &EventRecord,
    facts: &serde_json::Value,
    held: &BTreeMap<DocumentId, String>,
    before: &[Closed],
) -> Option<Closed> {
    let known = before.iter().find(|(close, _)| close.event == event.number);
    let closed = CloseRecord {
        event: event.number,
        month: text(facts, "month")?.parse().ok()?,
        closed_ms: event.at_ms,
        pack: DocumentId::new(text(facts, "pack").or_else(|| Some(known?.0.pack.as_str().to_owned()))?),
        terms: text(facts, "terms").or_else(|| Some(known?.0.terms.clone()))?,
        reopened: None,
    };
    let of_kinds = |kinds: &[&str]| -> Vec<DocumentId> {
        let wanted = held.iter().filter(|(_, kind)| kinds.is_empty() || kinds.contains(&kind.as_str()));
        wanted.map(|(id, _)| id.clone()).collect()
    };
    let proof = text(facts, "documents_sha256");
    let candidates = [
        of_kinds(&[]),
        of_kinds(&["amazon_pay_settlement"]),
        of_kinds(&["amazon_pay_settlement", "disbursements"]),
        known.map(|(_, documents)| documents.clone()).unwrap_or_default(),
    ];
    let proven =
        candidates.into_iter().find(|documents| proof.as_ref().is_none_or(|proof| *proof == documents_hash(documents)));
    Some((closed, proven?))
}

impl Catalog {
    fn enter_close(&mut self, (close, documents): &Closed) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the close", &self.path);
        let event = i64::try_from(close.event).unwrap_or(i64::MAX);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let sql = "INSERT INTO closes (event, month, closed_ms, pack, terms) \
             VALUES (:event, :month, :closed_ms, :pack, :terms)";
        let values = named_params! {
            ":event": event,
            ":month": close.month.to_string(),
            ":closed_ms": close.closed_ms,
            ":pack": close.pack.as_str(),
            ":terms": close.terms,
        };
        transaction.execute(sql, values).map_err(failed)?;
        let unique: BTreeSet<&DocumentId> = documents.iter().collect();
        for id in unique {
            let sql = "INSERT INTO close_documents (event, sha256) VALUES (?1, ?2)";
            transaction.prepare_cached(sql).and_then(|mut sql| sql.execute((event, id.as_str()))).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    fn enter_reopening(&mut self, event: &EventRecord, month: &str) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the reopening", &self.path);
        let number = i64::try_from(event.number).unwrap_or(i64::MAX);
        let sql = "UPDATE closes SET reopened = ?1 WHERE month = ?2 AND reopened IS NULL";
        self.connection.execute(sql, (number, month)).map(drop).map_err(failed)
    }

    fn enter_decision(&mut self, event: &EventRecord, facts: &serde_json::Value) -> Result<(), ArchiveError> {
        let failed = in_catalog("record the decision", &self.path);
        let (Some(account), Some(settlement), Some(counted)) =
            (text(facts, "account"), text(facts, "settlement_id"), text(facts, "counted"))
        else {
            return Ok(());
        };
        let number = i64::try_from(event.number).unwrap_or(i64::MAX);
        let sql = "INSERT OR REPLACE INTO resolutions (account, settlement_id, counted, event) VALUES (?1, ?2, ?3, ?4)";
        self.connection.execute(sql, (account, settlement, counted, number)).map(drop).map_err(failed)
    }
}
