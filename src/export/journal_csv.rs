//! The journal for any program: one line a posting (accounting-exports §10).

use super::accounting::{AccountingFormat, FileFacts, Unfit, size};
use super::csv::{CsvDialect, CsvLine};
use super::figures::{DateForm, amount_decimals, push_date};
use crate::config::{Event, VatOnFees};
use crate::domain::Sum;
use crate::report::journal::Entry;

const COLUMNS: [&str; 23] = [
    "date",
    "journal",
    "entry",
    "account",
    "account_name",
    "auxiliary",
    "debit",
    "credit",
    "currency",
    "tax_key",
    "piece",
    "piece_date",
    "label",
    "settlement_id",
    "order_id",
    "transaction_id",
    "source_file",
    "source_line",
    "invoice",
    "event",
    "rows",
    "vat_on_fees",
    "amazon_account",
];

/// Writes the journal.
pub(super) struct JournalCsv {
    dialect: CsvDialect,
    begun: bool,
}

impl JournalCsv {
    /// A writer.
    #[must_use]
    pub(super) fn new(dialect: CsvDialect) -> Self {
        Self { dialect, begun: false }
    }
}

impl AccountingFormat for JournalCsv {
    fn begin(&mut self, _facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        if !std::mem::replace(&mut self.begun, true) {
            CsvLine::header(self.dialect, &COLUMNS, out);
        }
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for posting in &entry.postings {
            let account = facts.account(posting.event);
            let customer = matches!(posting.event, Event::Receivable | Event::Refund);
            let decimals = amount_decimals(posting.amount, entry.currency);
            let vat = facts.ledger.vat.treatment;
            let key = (posting.event.is_fee() && vat != VatOnFees::None).then(|| vat.word());
            let mut line = CsvLine::new(self.dialect, out);
            push_date(entry.date, DateForm::Iso, line.raw());
            line.text(facts.journal_code());
            line.number(entry.number);
            line.text(&account.code);
            line.text(&account.label);
            line.text(if customer { &entry.order_id } else { "" });
            let (debit, credit) = if posting.amount < Sum::ZERO {
                (None, Some(size(posting.amount)))
            } else {
                (Some(posting.amount), None)
            };
            line.amount(debit, decimals);
            line.amount(credit, decimals);
            line.text(entry.currency.code());
            line.text(key.unwrap_or_default());
            line.text(&entry.piece);
            push_date(entry.piece_date, DateForm::Iso, line.raw());
            line.text(&facts.label(entry, posting));
            line.text(&entry.settlement_id);
            line.text(&entry.order_id);
            line.text(&entry.transaction_id);
            line.text(&entry.file);
            if entry.line > 0 {
                line.number(entry.line)
            } else {
                line.text("")
            }
            line.text(entry.invoice.as_deref().unwrap_or_default());
            line.text(posting.event.key());
            line.number(entry.rows);
            line.text(vat.word());
            line.text(facts.ledger.account.as_str());
            line.end();
        }
        Ok(())
    }
}
