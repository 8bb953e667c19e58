//! Which rows count otherwise than at an earlier time: those of documents that came later, that were set aside,
//! or whose period is cut at another instant. Only their documents have to be read again.
//!
//! Two sides are compared, each a set of counted documents and the rules of its period. For a document and
//! currency the rows that count on a side are a range of posting instants, so rows that count on both sides are
//! never looked at.

use std::collections::BTreeMap;

use super::balance::{BalanceRules, row_range};
use super::settlements::{SettlementDocument, timelines};
use crate::domain::{AccountName, Currency, DocumentId, Instant, Month};
use crate::ledger::Part;

/// Rows of a document by the instant of posting, half-open, milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// First instant.
    pub from_ms: i64,
    /// End, exclusive.
    pub until_ms: i64,
}

impl RowRange {
    /// Every row.
    pub const ALL: RowRange = RowRange { from_ms: i64::MIN, until_ms: i64::MAX };

    /// Whether a row of this instant is in it.
    #[must_use]
    pub fn holds(self, posted: Instant) -> bool {
        (self.from_ms..self.until_ms).contains(&posted.utc_millis())
    }

    /// The same range as this document sees it: all of its rows, some, or `None` where it has none in it.
    #[must_use]
    pub fn of_document(self, document: &SettlementDocument) -> Option<Self> {
        let (first, last) = (document.digest.first_posted?, document.digest.last_posted?);
        let outside = last.utc_millis() < self.from_ms || first.utc_millis() >= self.until_ms;
        let all = self.holds(first) && self.holds(last);
        (!outside).then_some(if all { Self::ALL } else { self })
    }
}

/// Documents of which each settlement counts once, and how a period is cut.
pub struct Side<'a> {
    /// The counted documents.
    pub documents: &'a [SettlementDocument],
    /// The rules of an account.
    pub rules: &'a dyn Fn(&AccountName) -> BalanceRules,
}

/// A document whose rows in one currency count otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The document.
    pub document: DocumentId,
    /// Its file.
    pub file: String,
    /// The rows that count now.
    pub now: Option<RowRange>,
    /// The rows that counted then.
    pub then: Option<RowRange>,
    /// The month of all its rows, where not each row's own posting decides.
    pub month: Option<Month>,
}

impl Restated {
    /// `1` for a row that counts now and did not, `-1` for one that did and does not, else `0`.
    #[must_use]
    pub fn sign(&self, posted: Instant) -> i64 {
        let holds = |range: Option<RowRange>| i64::from(range.is_some_and(|range| range.holds(posted)));
        holds(self.now) - holds(self.then)
    }
}

/// What one side counts of a document.
struct Counted {
    file: String,
    range: RowRange,
    month: Option<Month>,
}

/// The documents whose rows in a part of time count otherwise on the two sides, by account, currency and hash.
#[must_use]
pub fn restated(now: &Side<'_>, then: &Side<'_>, part: Part) -> Vec<Restated> {
    let mut after = counted(now, part);
    let mut found: Vec<Restated> = Vec::new();
    let changed = |key: (AccountName, Currency, DocumentId), now: Option<Counted>, then: Option<Counted>| {
        let range = |side: &Option<Counted>| side.as_ref().map(|counted| counted.range);
        let (after, before) = (range(&now), range(&then));
        let any = then.or(now)?;
        let (account, currency, document) = key;
        (after != before).then_some(Restated {
            account,
            currency,
            document,
            file: any.file,
            now: after,
            then: before,
            month: any.month,
        })
    };
    for (key, before) in counted(then, part) {
        let after = after.remove(&key);
        found.extend(changed(key, after, Some(before)));
    }
    found.extend(after.into_iter().filter_map(|(key, counted)| changed(key, Some(counted), None)));
    found.sort_by(|a, b| (&a.account, a.currency, &a.document).cmp(&(&b.account, b.currency, &b.document)));
    found
}

fn counted(side: &Side<'_>, part: Part) -> BTreeMap<(AccountName, Currency, DocumentId), Counted> {
    let mut found = BTreeMap::new();
    for timeline in timelines(side.documents) {
        let rules = (side.rules)(&timeline.account);
        for settlement in &timeline.settlements {
            let document = settlement.document;
            let (range, month) = row_range(settlement, &rules, part);
            let Some(range) = range.and_then(|range| range.of_document(document)) else { continue };
            let key = (timeline.account.clone(), timeline.currency, document.id.clone());
            found.insert(key, Counted { file: document.file.clone(), range, month });
        }
    }
    found
}
