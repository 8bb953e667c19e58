//! Folds the rows of a settlement into its digest, one by one.
//!
//! The same fold serves the rows of a file and those of our own Parquet, so both give the same figures.

use std::collections::HashMap;

use super::digest::{Bucket, CaseTally, Cut, Digest, FailedRow, IdCount, OutsideRow, Part, PayoutRow, Tally};
use crate::domain::{Amount, Instant, RowKind, Sum};
use crate::parse::{RowSink, SettlementRow};

/// Different settlement ids that are kept apart in a document; a sound one has one.
const IDS_KEPT: usize = 100;
/// Stands for all ids beyond those.
const IDS_BEYOND: &str = "(further ids)";

/// Folds rows into a digest.
#[derive(Debug)]
pub struct DigestSink {
    digest: Digest,
    cut: Cut,
    start_millis: i64,
    end_millis: i64,
    places: HashMap<String, Vec<usize>>,
    last: usize,
}

impl DigestSink {
    /// A fold over the rows of a settlement with this period.
    #[must_use]
    pub fn within(start: Instant, end: Instant, cut: Cut) -> Self {
        Self {
            digest: Digest::default(),
            cut,
            start_millis: start.utc_millis(),
            end_millis: end.utc_millis(),
            places: HashMap::new(),
            last: 0,
        }
    }

    /// The digest of the rows so far.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        self.digest.sort_ids();
        self.digest
    }

    /// The tally of a row's bucket. Neighbouring rows mostly share one, so the last is tried first.
    fn tally(&mut self, part: Part, row: &SettlementRow<'_>) -> Option<&mut Tally> {
        let fits = |bucket: &Bucket| bucket.part == part && bucket.currency == row.currency;
        let last = self.digest.buckets.get(self.last);
        if !last.is_some_and(|bucket| fits(bucket) && bucket.word == row.word) {
            let known = self.places.get(row.word).into_iter().flatten().copied();
            let known = known.into_iter().find(|place| self.digest.buckets.get(*place).is_some_and(fits));
            self.last = known.unwrap_or_else(|| {
                let place = self.digest.buckets.len();
                self.places.entry(row.word.to_owned()).or_default().push(place);
                self.digest.buckets.push(Bucket {
                    part,
                    currency: row.currency,
                    kind: row.kind,
                    word: row.word.to_owned(),
                    line: row.line,
                    tally: Tally::default(),
                });
                place
            });
        }
        self.digest.buckets.get_mut(self.last).map(|bucket| &mut bucket.tally)
    }

    fn count_id(&mut self, row: &SettlementRow<'_>) {
        match self.digest.ids.iter_mut().find(|known| known.id == row.settlement_id) {
            Some(known) => known.count += 1,
            None => {
                let many = self.digest.ids.len() >= IDS_KEPT;
                let id = if many { IDS_BEYOND } else { row.settlement_id };
                match self.digest.ids.iter_mut().find(|known| known.id == id) {
                    Some(known) => known.count += 1,
                    None => self.digest.ids.push(IdCount { id: id.to_owned(), count: 1, line: row.line }),
                }
            }
        }
    }

    fn check(&mut self, row: &SettlementRow<'_>) {
        let failed = |stated: Amount, computed: Sum| {
            let row = FailedRow { line: row.line, currency: row.currency, stated, computed };
            (Sum::from(stated) != computed).then_some(row)
        };
        let plus = |left: Amount, right: Amount| {
            let mut sum = Sum::from(left);
            sum += right;
            sum
        };
        self.digest.row_net.record(failed(row.net, plus(row.amount, row.fee)));
        self.digest.row_fee.record(failed(row.fee, plus(row.percentage_fee, row.fixed_fee)));
        let inside = (self.start_millis..=self.end_millis).contains(&row.posted.utc_millis());
        self.digest.period.record((!inside).then_some(OutsideRow { line: row.line, posted: row.posted }));
    }
}

impl RowSink for DigestSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        let part = self.cut.part(row.posted);
        let middle = self.start_millis + (self.end_millis - self.start_millis) / 2;
        let early = row.posted.utc_millis() <= middle;
        if let Some(tally) = self.tally(part, row) {
            tally.add(row, early);
        }
        self.digest.rows += 1;
        self.count_id(row);
        self.check(row);
        self.digest.first_posted = Some(self.digest.first_posted.map_or(row.posted, |first| first.min(row.posted)));
        self.digest.last_posted = self.digest.last_posted.max(Some(row.posted));
        if row.kind == RowKind::Transfer {
            let payout = PayoutRow { line: row.line, posted: row.posted, currency: row.currency, net: row.net };
            self.digest.payouts.push(payout);
        }
        let joins = row.kind.is_dispute() || !row.order_reference_id.trim().is_empty();
        if row.kind.can_join_case() && joins {
            let amount = Sum::from(row.amount);
            let (debited, credited) =
                if row.amount < Amount::ZERO { (-amount, Sum::ZERO) } else { (Sum::ZERO, amount) };
            self.digest.cases.push(CaseTally {
                part,
                currency: row.currency,
                kind: row.kind,
                order_reference_id: row.order_reference_id.trim().to_owned(),
                line: row.line,
                count: 1,
                debited,
                credited,
                fees: row.fee.into(),
                net: row.net.into(),
            });
        }
    }
}
