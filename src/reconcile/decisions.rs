//! What somebody decided about conflicts: which document of a settlement counts.
//!
//! A decision names a document, or a rule that also holds for documents that come later. One that names a
//! document rests on those that it compared: a document that came after it is a new conflict. Decisions have a
//! form as text, so that a closed month can carry those that were in force.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountName, DocumentId, SettlementId};

/// Which document counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This one.
    Document(DocumentId),
    /// The one with the most rows.
    Larger,
    /// The one that Amazon made last; where that is not known, the one that was brought in last.
    Newer,
}

impl Choice {
    /// `document`, `larger` or `newer`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Choice::Document(_) => "document",
            Choice::Larger => "larger",
            Choice::Newer => "newer",
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Document(id) => write!(f, "document {}", id.short()),
            Choice::Larger => f.write_str("the larger one counts"),
            Choice::Newer => f.write_str("the newer one counts"),
        }
    }
}

impl FromStr for Choice {
    type Err = NoRule;

    fn from_str(text: &str) -> Result<Self, NoRule> {
        match text {
            "larger" => Ok(Choice::Larger),
            "newer" => Ok(Choice::Newer),
            _ => Err(NoRule),
        }
    }
}

/// The text names no rule.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected larger or newer")]
pub struct NoRule;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The account, as statements name it.
    pub account: AccountName,
    /// The settlement.
    pub settlement_id: SettlementId,
    /// Which document counts.
    pub choice: Choice,
    /// The documents that were known then.
    pub compared: BTreeSet<DocumentId>,
    /// The day, in UTC.
    pub decided_on: String,
    /// Why.
    pub reason: Option<String>,
}

impl Decision {
    /// Whether it decides about a document: a rule does about every one, a named document about those known then.
    #[must_use]
    pub fn covers(&self, id: &DocumentId) -> bool {
        !matches!(self.choice, Choice::Document(_)) || self.compared.contains(id)
    }

    /// `on 2026-10-03: larger … counts (reason)`, for messages.
    #[must_use]
    pub fn sentence(&self) -> String {
        let reason = self.reason.as_deref().map_or_else(|| self.choice.to_string(), str::to_owned);
        format!("decided on {}: {reason}", self.decided_on)
    }
}

/// Every decision in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decisions(Vec<Decision>);

impl Decisions {
    /// Takes a decision; it replaces an earlier one about the same settlement.
    pub fn decide(&mut self, decision: Decision) {
        self.0.retain(|known| (&known.account, &known.settlement_id) != (&decision.account, &decision.settlement_id));
        self.0.push(decision);
        self.0.sort_by(|a, b| (&a.account, &a.settlement_id).cmp(&(&b.account, &b.settlement_id)));
    }

    /// The decision about a settlement.
    #[must_use]
    pub fn about(&self, account: &AccountName, settlement: &SettlementId) -> Option<&Decision> {
        self.0.iter().find(|known| known.account == *account && known.settlement_id == *settlement)
    }

    /// All of them, by account and settlement.
    pub fn iter(&self) -> impl Iterator<Item = &Decision> {
        self.0.iter()
    }
}

impl FromIterator<Decision> for Decisions {
    fn from_iter<I: IntoIterator<Item = Decision>>(decisions: I) -> Self {
        let by_settlement: BTreeMap<_, Decision> = decisions
            .into_iter()
            .map(|decision| ((decision.account.clone(), decision.settlement_id.clone()), decision))
            .collect();
        Self(by_settlement.into_values().collect())
    }
}
