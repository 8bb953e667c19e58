//! What a finding about a payout rests on, as text that can be compared later.
//!
//! Another equal payout of the account near in time could be the same bank line, so the finding holds
//! only as long as the equal payouts around it are the ones that were known.

use chrono::TimeDelta;

use crate::domain::{AccountName, Amount, Currency, DocumentId, Instant};
use crate::reconcile::SettlementDocument;

/// Equal payouts posted further apart than this cannot be taken for each other.
const WITHIN: TimeDelta = TimeDelta::days(60);

/// The transfer rows of every document that counts.
#[derive(Clone, Debug, Default)]
pub struct PayoutRows(Vec<PayoutRowPlace>);

/// One transfer row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PayoutRowPlace {
    account: AccountName,
    currency: Currency,
    net: Amount,
    posted: Instant,
    document: DocumentId,
    line: u64,
}

impl PayoutRows {
    /// The rows of these documents.
    #[must_use]
    pub fn of(documents: &[SettlementDocument]) -> Self {
        let rows = documents.iter().flat_map(|document| {
            document.digest.payouts.iter().map(|row| PayoutRowPlace {
                account: document.account.clone(),
                currency: row.currency,
                net: row.net,
                posted: row.posted,
                document: document.id.clone(),
                line: row.line,
            })
        });
        let mut rows: Vec<PayoutRowPlace> = rows.collect();
        rows.sort();
        Self(rows)
    }

    /// What a finding about the row of a document rests on; nothing where there is no such row.
    #[must_use]
    pub fn evidence(&self, document: &DocumentId, line: u64) -> Option<String> {
        let row = self.0.iter().find(|row| row.document == *document && row.line == line)?;
        let start = self.0.partition_point(|other| {
            (&other.account, other.currency, other.net) < (&row.account, row.currency, row.net)
        });
        let equal =
            self.0.iter().skip(start).take_while(|other| {
                (&other.account, other.currency, other.net) == (&row.account, row.currency, row.net)
            });
        let near = equal
            .filter(|other| (other.posted.utc_millis() - row.posted.utc_millis()).abs() <= WITHIN.num_milliseconds());
        let places: Vec<String> = near.map(|other| format!("{}:{}", other.document.short(), other.line)).collect();
        Some(places.join(" "))
    }
}
