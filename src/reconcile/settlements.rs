//! From documents to timelines: one settlement counts once, in the order of their periods.

use std::collections::BTreeMap;

use super::decisions::{Choice, Decision};
use crate::domain::{AccountName, Currency, DocumentId, Instant, RowKind, SellerId, SettlementId, Sum};
use crate::ledger::{Bucket, Digest, Part, PayoutRow, Tally};

/// A settlement document with its totals.
#[derive(Clone, Debug)]
pub struct SettlementDocument {
    /// The file as the user knows it.
    pub file: String,
    /// Its hash.
    pub id: DocumentId,
    /// The account, by its configured name or its merchant id.
    pub account: AccountName,
    /// The merchant id in the file.
    pub seller_id: Option<SellerId>,
    /// Another merchant id in the same preamble, and its line.
    pub seller_conflict: Option<(SellerId, u64)>,
    /// First instant of its period.
    pub start: Instant,
    /// Last instant of its period.
    pub end: Instant,
    /// Its totals.
    pub digest: Digest,
    /// When Amazon made it or, where that is not known, when it was brought in; `None` outside an archive.
    pub arrived_ms: Option<i64>,
    /// What somebody decided about its settlement.
    pub decision: Option<Box<Decision>>,
}

impl SettlementDocument {
    /// The settlement id of most of its rows; a document without rows has none.
    #[must_use]
    pub fn settlement_id(&self) -> Option<SettlementId> {
        self.digest.ids.first().map(|id| SettlementId::new(&id.id))
    }
}

/// Two documents of one settlement with different bytes (contract §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The account.
    pub account: AccountName,
    /// The settlement.
    pub settlement_id: SettlementId,
    /// The document that counts.
    pub counted: String,
    /// Its hash.
    pub counted_id: DocumentId,
    /// Rows of the document that counts.
    pub counted_rows: u64,
    /// The document that does not.
    pub set_aside: String,
    /// Its hash.
    pub set_aside_id: DocumentId,
    /// Rows of the document that does not.
    pub set_aside_rows: u64,
    /// What somebody decided, where that covers both documents.
    pub decided: Option<Decision>,
}

/// Lets every settlement count once. Of two documents with different bytes the one counts that somebody decided
/// for; else the one with more rows, then the one with the smaller hash: a rule that does not depend on the order
/// in which they came. Equal bytes are one document.
#[must_use]
pub fn settle_conflicts(documents: Vec<SettlementDocument>) -> (Vec<SettlementDocument>, Vec<Conflict>) {
    let mut counted: Vec<SettlementDocument> = Vec::new();
    let mut by_id: BTreeMap<(AccountName, SettlementId), Vec<SettlementDocument>> = BTreeMap::new();
    for document in documents {
        match document.settlement_id() {
            Some(id) => by_id.entry((document.account.clone(), id)).or_default().push(document),
            None => counted.push(document),
        }
    }
    let mut conflicts = Vec::new();
    for ((account, settlement_id), mut rivals) in by_id {
        rivals.sort_by(|a, b| b.digest.rows.cmp(&a.digest.rows).then_with(|| a.id.cmp(&b.id)));
        rivals.dedup_by(|a, b| a.id == b.id);
        let Some((winner, decision)) = choose(&mut rivals) else { continue };
        let covered = |id: &DocumentId| decision.as_ref().is_some_and(|decision| decision.covers(id));
        conflicts.extend(rivals.into_iter().map(|loser| Conflict {
            account: account.clone(),
            settlement_id: settlement_id.clone(),
            counted: winner.file.clone(),
            counted_id: winner.id.clone(),
            counted_rows: winner.digest.rows,
            decided: decision.clone().filter(|_| covered(&loser.id)),
            set_aside: loser.file,
            set_aside_id: loser.id,
            set_aside_rows: loser.digest.rows,
        }));
        counted.push(winner);
    }
    counted.sort_by(|a, b| (a.start, a.end, &a.file, &a.id).cmp(&(b.start, b.end, &b.file, &b.id)));
    (counted, conflicts)
}

/// Takes the document that counts out of rivals that stand in the order of the rule, and tells by which decision.
/// One for a document that is not there decides nothing.
fn choose(rivals: &mut Vec<SettlementDocument>) -> Option<(SettlementDocument, Option<Decision>)> {
    let decision = rivals.first()?.decision.as_deref().cloned();
    let place = match decision.as_ref().map(|decision| &decision.choice) {
        None => None,
        Some(Choice::Document(id)) => rivals.iter().position(|rival| rival.id == *id),
        Some(Choice::Larger) => Some(0),
        // Of those that came at once the first by the rule.
        Some(Choice::Newer) => {
            let newest = rivals.iter().map(|rival| rival.arrived_ms).max();
            rivals.iter().position(|rival| Some(rival.arrived_ms) == newest)
        }
    };
    let winner = rivals.remove(place.unwrap_or(0));
    Some((winner, decision.filter(|_| place.is_some())))
}

/// One settlement as one account and currency sees it.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    /// Its document.
    pub document: &'a SettlementDocument,
    currency: Currency,
}

impl<'a> Settlement<'a> {
    /// The sums of a kind over all parts.
    #[must_use]
    pub fn kind(&self, kind: RowKind) -> Tally {
        self.sum(|bucket_kind, _| bucket_kind == kind)
    }

    /// The sums of the rows that `wanted` selects by kind and part.
    pub fn sum(&self, wanted: impl Fn(RowKind, Part) -> bool) -> Tally {
        let mut total = Tally::default();
        for bucket in &self.document.digest.buckets {
            if bucket.currency == self.currency && wanted(bucket.kind, bucket.part) {
                total.merge(&bucket.tally);
            }
        }
        total
    }

    /// What was set aside in the reserve when it closed.
    #[must_use]
    pub fn reserve_closed(&self) -> Sum {
        self.kind(RowKind::Reserve).closed()
    }

    /// Its transfer rows.
    pub fn payout_rows(&self) -> impl Iterator<Item = &'a PayoutRow> {
        let currency = self.currency;
        self.document.digest.payouts.iter().filter(move |payout| payout.currency == currency)
    }

    /// The instant of its first payout.
    #[must_use]
    pub fn paid_at(&self) -> Option<Instant> {
        self.payout_rows().map(|payout| payout.posted).min()
    }

    /// The buckets of its currency.
    pub fn buckets(&self) -> impl Iterator<Item = &'a Bucket> {
        let currency = self.currency;
        self.document.digest.buckets.iter().filter(move |bucket| bucket.currency == currency)
    }
}

/// The settlements of one account and currency in the order of their periods.
#[derive(Clone, Debug)]
pub struct Timeline<'a> {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// Its settlements. One without rows covers its period in every currency of the account.
    pub settlements: Vec<Settlement<'a>>,
}

/// Sorts counted documents into timelines, by account and currency.
#[must_use]
pub fn timelines(documents: &[SettlementDocument]) -> Vec<Timeline<'_>> {
    let mut keys: Vec<(AccountName, Currency)> = documents
        .iter()
        .flat_map(|document| {
            document.digest.currencies().into_iter().map(|currency| (document.account.clone(), currency))
        })
        .collect();
    keys.sort();
    keys.dedup();
    let timeline = |(account, currency): (AccountName, Currency)| {
        let belongs = |document: &&SettlementDocument| {
            let bare = document.digest.rows == 0;
            document.account == account && (bare || document.digest.currencies().contains(&currency))
        };
        let settlements = documents.iter().filter(belongs).map(|document| Settlement { document, currency }).collect();
        Timeline { account, currency, settlements }
    };
    keys.into_iter().map(timeline).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Digest;

    fn document(name: &str, rows: u64, arrived_ms: i64) -> SettlementDocument {
        let ids = vec![crate::ledger::IdCount { id: "7".to_owned(), count: rows, line: 1 }];
        SettlementDocument {
            file: format!("{name}.csv"),
            id: DocumentId::new(name.repeat(64)),
            account: AccountName::new("shop"),
            seller_id: None,
            seller_conflict: None,
            start: Instant::new(0, 0),
            end: Instant::new(1, 0),
            digest: Digest { rows, ids, ..Digest::default() },
            arrived_ms: Some(arrived_ms),
            decision: None,
        }
    }

    /// Which of three documents counts, and how many conflicts are left open.
    fn settled(choice: Option<Choice>, compared: &str) -> (String, usize) {
        let documents = [document("a", 5, 30), document("b", 7, 10), document("c", 6, 20)];
        let decision = choice.map(|choice| {
            Box::new(Decision {
                account: AccountName::new("shop"),
                settlement_id: SettlementId::new("7"),
                choice,
                compared: compared.chars().map(|name| DocumentId::new(name.to_string().repeat(64))).collect(),
                decided_on: "2026-10-03".to_owned(),
                reason: None,
            })
        });
        let mut orders = Vec::new();
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let documents = order.map(|place: usize| documents[place].clone());
            let documents = documents.map(|document| SettlementDocument { decision: decision.clone(), ..document });
            let (counted, conflicts) = settle_conflicts(documents.into());
            assert_eq!((counted.len(), conflicts.len()), (1, 2));
            let open = conflicts.iter().filter(|conflict| conflict.decided.is_none()).count();
            orders.push((counted[0].file.clone(), open));
        }
        orders.dedup();
        assert_eq!(orders.len(), 1, "the order in which documents come decides nothing");
        orders.remove(0)
    }

    #[test]
    fn a_decision_chooses_the_document_and_covers_those_that_it_compared() {
        let id = |name: &str| DocumentId::new(name.repeat(64));
        assert_eq!(settled(None, ""), ("b.csv".to_owned(), 2));
        assert_eq!(settled(Some(Choice::Larger), "ab"), ("b.csv".to_owned(), 0));
        assert_eq!(settled(Some(Choice::Newer), "ab"), ("a.csv".to_owned(), 0));
        assert_eq!(settled(Some(Choice::Document(id("c"))), "abc"), ("c.csv".to_owned(), 0));
        assert_eq!(settled(Some(Choice::Document(id("c"))), "bc"), ("c.csv".to_owned(), 1), "a came after");
        assert_eq!(settled(Some(Choice::Document(id("d"))), "abcd"), ("b.csv".to_owned(), 2), "it is not there");
    }
}
