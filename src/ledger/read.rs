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

/// Hands formatted rows on, in the order of the file, each once: where a document is read again from its beginning,
/// the lines that were handed on already are passed over.
pub struct RowPrinter<'a> {
    format: Arc<FormatRow>,
    print: &'a mut dyn FnMut(&str) -> Result<(), Fault>,
    printed: usize,
    passed_over: usize,
}

impl<'a> RowPrinter<'a> {
    /// Formats in the workers, prints in order.
    pub fn new(format: Arc<FormatRow>, print: &'a mut dyn FnMut(&str) -> Result<(), Fault>) -> Self {
        Self { format, print, printed: 0, passed_over: 0 }
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
        self.passed_over = 0;
        let format = Arc::clone(&self.format);
        Ok(Box::new(move || FormattedRows { format: Arc::clone(&format), text: String::new() }))
    }

    fn take(&mut self, sink: FormattedRows) -> Result<(), Fault> {
        let mut text = sink.text.as_str();
        while self.passed_over < self.printed {
            let Some((_, rest)) = text.split_once('\n') else { break };
            self.passed_over += 1;
            text = rest;
        }
        let lines = text.matches('\n').count();
        self.printed += lines;
        self.passed_over += lines;
        (self.print)(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn lines_that_were_handed_on_before_a_document_was_read_again_are_not_handed_on_twice() {
        let format: Arc<FormatRow> = Arc::new(|_| None);
        let head = SettlementHead {
            seller_id: None,
            seller_conflict: None,
            start: Instant::new(0, 0),
            end: Instant::new(0, 0),
            header_line: 1,
            others: Vec::new(),
        };
        let mut out = String::new();
        let mut print = |text: &str| {
            out.push_str(text);
            Ok(())
        };
        let mut printer = RowPrinter::new(Arc::clone(&format), &mut print);
        for pieces in [vec!["a\nb\n", "c\n"], vec!["a\n", "b\nc\nd\n", "e\n"], vec!["a\nb\nc\nd\ne\nf\n"]] {
            drop(printer.begin(&head).unwrap());
            for text in pieces {
                printer.take(FormattedRows { format: Arc::clone(&format), text: text.to_owned() }).unwrap();
            }
        }
        assert_eq!(out, "a\nb\nc\nd\ne\nf\n");
    }
}
