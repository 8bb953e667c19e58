//! Hands the rows of a file to one visitor, one by one and in the order of the file.
//!
//! Workers parse and keep the wanted rows of their piece; the visitor runs on the caller's thread, so it may
//! number, sum and write. What is kept at once is a few pieces, whatever the length of the file.

use std::sync::Arc;

use crate::domain::{Amount, Currency, Instant, RowKind};
use crate::parse::{Fault, Receiver, RowSink, SettlementHead, SettlementRow};

/// Chooses rows, in the workers.
pub type WantedRow = dyn Fn(&SettlementRow<'_>) -> bool + Send + Sync;

/// Sees rows.
pub trait RowVisitor {
    /// A file begins, or begins again because its charset was not what it seemed: what was seen of it before
    /// is void.
    fn begin(&mut self);

    /// One wanted row.
    ///
    /// # Errors
    /// Ends the reading of this file.
    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault>;
}

/// When a visitor sees the rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As they are read: for a visitor that can begin again, or a file that is known to need no second reading.
    AsRead,
    /// Once the file was read to its end without a fault.
    WhenWhole,
}

/// Walks through the rows of one file.
pub struct RowWalk<'a> {
    wanted: Arc<WantedRow>,
    delivery: Delivery,
    kept: Vec<RowBatch>,
    visitor: &'a mut dyn RowVisitor,
}

impl<'a> RowWalk<'a> {
    /// A walk that shows the wanted rows to a visitor.
    pub fn new(wanted: Arc<WantedRow>, delivery: Delivery, visitor: &'a mut dyn RowVisitor) -> Self {
        Self { wanted, delivery, kept: Vec::new(), visitor }
    }

    /// Shows what was kept until the file was whole.
    ///
    /// # Errors
    /// The visitor's own.
    pub fn finish(mut self) -> Result<(), Fault> {
        for batch in std::mem::take(&mut self.kept) {
            batch.each(self.visitor)?;
        }
        Ok(())
    }
}

impl Receiver for RowWalk<'_> {
    type Sink = RowBatch;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> RowBatch + Send + Sync>, Fault> {
        self.kept.clear();
        self.visitor.begin();
        let wanted = Arc::clone(&self.wanted);
        Ok(Box::new(move || RowBatch::of(Arc::clone(&wanted))))
    }

    fn take(&mut self, batch: RowBatch) -> Result<(), Fault> {
        match self.delivery {
            Delivery::AsRead => batch.each(self.visitor),
            Delivery::WhenWhole => {
                self.kept.push(batch);
                Ok(())
            }
        }
    }
}

/// The texts of a row, in the order of their cells.
const TEXTS: usize = 9;

/// The wanted rows of one piece; all their texts in one.
pub struct RowBatch {
    wanted: Arc<WantedRow>,
    rows: Vec<KeptRow>,
    text: String,
}

struct KeptRow {
    line: u64,
    posted: Instant,
    kind: RowKind,
    currency: Currency,
    amounts: [Amount; 5],
    /// Where each text ends.
    ends: [usize; TEXTS],
}

impl RowSink for RowBatch {
    fn row(&mut self, row: &SettlementRow<'_>) {
        if !(self.wanted)(row) {
            return;
        }
        let texts = [
            row.settlement_id,
            row.transaction_id,
            row.seller_reference_id,
            row.word,
            row.order_reference_id,
            row.seller_order_id,
            row.store_name,
            row.description,
            row.extra,
        ];
        let ends = texts.map(|text| {
            self.text.push_str(text);
            self.text.len()
        });
        self.rows.push(KeptRow {
            line: row.line,
            posted: row.posted,
            kind: row.kind,
            currency: row.currency,
            amounts: [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net],
            ends,
        });
    }
}

impl RowBatch {
    /// An empty one that keeps the wanted rows.
    #[must_use]
    pub fn of(wanted: Arc<WantedRow>) -> Self {
        Self { wanted, rows: Vec::new(), text: String::new() }
    }

    /// Shows its rows in their order.
    ///
    /// # Errors
    /// The visitor's own.
    pub fn each(&self, visitor: &mut dyn RowVisitor) -> Result<(), Fault> {
        let mut start = 0;
        for kept in &self.rows {
            let mut from = start;
            let [
                settlement_id,
                transaction_id,
                seller_reference_id,
                word,
                order_reference_id,
                seller_order_id,
                store_name,
                description,
                extra,
            ] = kept.ends.map(|end| {
                let text = self.text.get(from..end).unwrap_or_default();
                from = end;
                text
            });
            start = from;
            let [amount, percentage_fee, fixed_fee, fee, net] = kept.amounts;
            visitor.row(&SettlementRow {
                line: kept.line,
                posted: kept.posted,
                settlement_id,
                transaction_id,
                seller_reference_id,
                word,
                kind: kept.kind,
                order_reference_id,
                seller_order_id,
                store_name,
                currency: kept.currency,
                description,
                amount,
                percentage_fee,
                fixed_fee,
                fee,
                net,
                extra,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<(u64, String, String, Amount)>);

    impl RowVisitor for Seen {
        fn begin(&mut self) {
            self.0.clear();
        }

        fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
            self.0.push((row.line, row.settlement_id.to_owned(), row.extra.to_owned(), row.net));
            Ok(())
        }
    }

    fn row(line: u64, id: &str, net: i64) -> SettlementRow<'_> {
        SettlementRow {
            line,
            posted: Instant::new(0, 0),
            settlement_id: id,
            transaction_id: "t",
            seller_reference_id: "",
            word: "Capture",
            kind: RowKind::Capture,
            order_reference_id: "",
            seller_order_id: "é",
            store_name: "",
            currency: "EUR".parse().unwrap(),
            description: "",
            amount: Amount::ZERO,
            percentage_fee: Amount::ZERO,
            fixed_fee: Amount::ZERO,
            fee: Amount::ZERO,
            net: Amount::from_units(net),
            extra: "{}",
        }
    }

    #[test]
    fn wanted_rows_come_back_as_they_were_and_the_others_do_not() {
        let mut batch = RowBatch::of(Arc::new(|row: &SettlementRow<'_>| row.line != 2));
        for (line, id) in [(1, "a"), (2, "b"), (3, "")] {
            batch.row(&row(line, id, line.cast_signed()));
        }
        let mut seen = Seen::default();
        batch.each(&mut seen).unwrap();
        let kept = |line: u64, id: &str| (line, id.to_owned(), "{}".to_owned(), Amount::from_units(line.cast_signed()));
        assert_eq!(seen.0, [kept(1, "a"), kept(3, "")]);
    }
}
