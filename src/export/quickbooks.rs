//! QuickBooks Online's import of journal entries: accounts by name, one side of each line empty.
//!
//! The journal number is the same in every run, so that QuickBooks itself warns of a second import, and short:
//! 21 characters are usual (inferred).

use super::accounting::{AccountingFormat, FileFacts, Preset, Unfit, push_cents, size};
use super::csv::{CsvDialect, CsvLine};
use super::figures::{DateForm, push_date};
use crate::config::{DateOrder, Event};
use crate::domain::Sum;
use crate::report::journal::Entry;

const COLUMNS: [&str; 8] =
    ["JournalNo", "JournalDate", "AccountName", "Debits", "Credits", "Description", "Name", "Currency"];
/// Lines on an account of customers need a name; buyers' own names are nobody's business here.
const CUSTOMER: &str = "Amazon Pay";

/// Writes journal entries.
pub(super) struct QuickBooks;

impl QuickBooks {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        Self
    }
}

impl AccountingFormat for QuickBooks {
    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for event in facts.used {
            let account = facts.account(*event);
            if account.label.is_empty() {
                let why = "QuickBooks knows accounts by their names";
                return Err(Unfit::Account {
                    preset: Preset::QuickBooks,
                    event: *event,
                    code: account.code.clone(),
                    why,
                });
            }
        }
        out.extend_from_slice(COLUMNS.join(",").as_bytes());
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let form = match facts.settings.quickbooks_dates {
            Some(DateOrder::MonthFirst) => DateForm::MonthFirst,
            _ => DateForm::DayFirst,
        };
        let month = facts.ledger.first_day.format("%Y%m");
        for posting in &entry.postings {
            let mut line = CsvLine::new(CsvDialect::Plain, out);
            line.text(&format!("{}-{month}-{}", facts.journal_code(), entry.number));
            push_date(entry.date, form, line.raw());
            line.text(&facts.account(posting.event).label);
            let debit = posting.amount > Sum::ZERO;
            if !debit {
                line.text("");
            }
            push_cents(Preset::QuickBooks, entry, size(posting.amount), b'.', line.raw())?;
            if debit {
                line.text("");
            }
            line.text(&facts.label(entry, posting));
            let customer = matches!(posting.event, Event::Receivable | Event::Refund);
            line.text(if customer { CUSTOMER } else { "" });
            line.text(entry.currency.code());
            line.end();
        }
        Ok(())
    }
}
