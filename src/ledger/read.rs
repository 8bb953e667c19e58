//! Receivers that turn the rows of a file into a digest, or into lines for a reader.

use std::sync::Arc;

use super::digest::{Cut, Digest};
use super::fold::DigestSink;
use crate::domain::SellerId;
use crate::parse::{Fault, Receiver, RowSink, SettlementHead, SettlementRow};

/// Chooses the cut of a settlement by its merchant.
pub type CutOf<'a> = dyn Fn(Option<&SellerId>) -> Cut + 'a;

/// Folds the rows of one file into a digest.
pub struct DigestReceiver<'a> {
    cut_of: &'a CutOf<'a>,
    digest: Digest,
}

impl<'a> DigestReceiver<'a> {
    /// Folds with the cut of the settlement's merchant.
    #[must_use]
    pub fn new(cut_of: &'a CutOf<'a>) -> Self {
        Self { cut_of, digest: Digest::default() }
    }

    /// The digest of the whole file.
    #[must_use]
    pub fn finish(self) -> Digest {
        self.digest.with_summed_cases()
    }
}

impl Receiver for DigestReceiver<'_> {
    type Sink = DigestSink;

    fn begin(&mut self, head: &SettlementHead) -> Result<Box<dyn Fn() -> DigestSink + Send + Sync>, Fault> {
        self.digest = Digest::default();
        let (start, end, cut) = (head.start, head.end, (self.cut_of)(head.seller_id.as_ref()));
        Ok(Box::new(move || DigestSink::within(start, end, cut)))
    }

    fn take(&mut self, sink: DigestSink) -> Result<(), Fault> {
        self.digest.merge(sink.finish());
        Ok(())
    }
}

/// Keeps the sinks of a document's pieces, in the order of the file.
pub struct PieceReceiver<S> {
    make: Arc<MakePiece<S>>,
    pieces: Vec<S>,
}

/// Makes the sink of a piece.
pub type MakePiece<S> = dyn Fn() -> S + Send + Sync;

impl<S> PieceReceiver<S> {
    /// Makes sinks with this.
    #[must_use]
    pub fn new(make: Arc<MakePiece<S>>) -> Self {
        Self { make, pieces: Vec::new() }
    }

    /// The sinks.
    #[must_use]
    pub fn finish(self) -> Vec<S> {
        self.pieces
    }
}

impl<S: RowSink + 'static> Receiver for PieceReceiver<S> {
    type Sink = S;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> S + Send + Sync>, Fault> {
        self.pieces.clear();
        let make = Arc::clone(&self.make);
        Ok(Box::new(move || make()))
    }

    fn take(&mut self, sink: S) -> Result<(), Fault> {
        self.pieces.push(sink);
        Ok(())
    }
}

/// Formats one row, or nothing where it is not wanted.
pub type FormatRow = dyn Fn(&SettlementRow<'_>) -> Option<String> + Send + Sync;

/// Hands formatted rows on, in the order of the file.
pub struct RowPrinter<'a> {
    format: Arc<FormatRow>,
    print: &'a mut dyn FnMut(&str) -> Result<(), Fault>,
}

impl<'a> RowPrinter<'a> {
    /// Formats in the workers, prints in order.
    pub fn new(format: Arc<FormatRow>, print: &'a mut dyn FnMut(&str) -> Result<(), Fault>) -> Self {
        Self { format, print }
    }
}

/// The formatted rows of one piece.
pub struct FormattedRows {
    format: Arc<FormatRow>,
    text: String,
}

impl RowSink for FormattedRows {
    fn row(&mut self, row: &SettlementRow<'_>) {
        if let Some(line) = (self.format)(row) {
            self.text.push_str(&line);
        }
    }
}

impl Receiver for RowPrinter<'_> {
    type Sink = FormattedRows;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> FormattedRows + Send + Sync>, Fault> {
        let format = Arc::clone(&self.format);
        Ok(Box::new(move || FormattedRows { format: Arc::clone(&format), text: String::new() }))
    }

    fn take(&mut self, sink: FormattedRows) -> Result<(), Fault> {
        (self.print)(&sink.text)
    }
}
