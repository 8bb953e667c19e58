//! What was decided about conflicts, read from the log of events: now, or as it was at a close.

use std::collections::BTreeSet;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::accounts::{Accounts, Span};
use super::failure::Failure;
use super::frozen::View;
use super::load::load_archive;
use super::world::World;
use crate::archive::{Archive, EventKind, EventRecord};
use crate::config::Settings;
use crate::domain::{AccountName, DocumentId, SettlementId};
use crate::reconcile::{Choice, Decision, Decisions, settle_conflicts};

/// What the event of a decision tells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ResolveFacts {
    pub(super) account: AccountName,
    pub(super) settlement_id: SettlementId,
    /// `document`, `larger` or `newer`.
    pub(super) choice: String,
    /// The document that counted when it was decided.
    pub(super) counted: DocumentId,
    /// Every document of the settlement that was known then.
    pub(super) compared: BTreeSet<DocumentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

impl ResolveFacts {
    /// The decision of an event.
    fn decision(self, at_ms: i64) -> Decision {
        let choice = self.choice.parse().unwrap_or(Choice::Document(self.counted));
        Decision {
            account: self.account,
            settlement_id: self.settlement_id,
            choice,
            compared: self.compared,
            decided_on: day(at_ms),
            reason: self.reason,
        }
    }
}

/// The UTC day of an instant.
pub(super) fn day(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms).map(|at| at.date_naive().to_string()).unwrap_or_default()
}

/// Every decision in force; before an event, where one is named.
pub(super) fn decisions(archive: &Archive, before: Option<u64>) -> Result<Decisions, Failure> {
    let mut decisions = Decisions::default();
    let events = archive.catalog.events_of(EventKind::Resolve)?;
    let wanted = events.into_iter().filter(|event| before.is_none_or(|before| event.number < before));
    wanted.filter_map(|event| decision(&event)).for_each(|decision| decisions.decide(decision));
    Ok(decisions)
}

/// The decisions in force as a close seals them: each names the document that it lets count now.
pub(super) fn sealed_decisions(
    archive: &Archive,
    settings: &Settings,
    world: &World<'_>,
) -> Result<Decisions, Failure> {
    let accounts = Accounts::new(Some(settings.clone()), &[], None);
    let view = View::now(archive)?;
    if view.decisions.iter().next().is_none() {
        return Ok(Decisions::default());
    }
    let loaded = load_archive(archive, &view, &accounts, &Span::Whole, world)?;
    let (_, conflicts) = settle_conflicts(loaded.facts.documents);
    let mut sealed: Vec<Decision> = Vec::new();
    for decision in view.decisions.iter() {
        let own = conflicts.iter().filter(|conflict| {
            conflict.account == decision.account && conflict.settlement_id == decision.settlement_id
        });
        let decided: Vec<_> = own.filter(|conflict| conflict.decided.is_some()).collect();
        let Some(first) = decided.first() else { continue };
        let mut compared: BTreeSet<DocumentId> = decided.iter().map(|conflict| conflict.set_aside_id.clone()).collect();
        compared.insert(first.counted_id.clone());
        let choice = Choice::Document(first.counted_id.clone());
        sealed.push(Decision { choice, compared, ..decision.clone() });
    }
    Ok(sealed.into_iter().collect())
}

/// An event of another form, as a newer version may write it, decides nothing here.
fn decision(event: &EventRecord) -> Option<Decision> {
    let facts: ResolveFacts = serde_json::from_str(&event.facts).ok()?;
    Some(facts.decision(event.at_ms))
}
