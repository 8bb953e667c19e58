//! FreeAgent's bank statement: date, amount, description; no header, no quotes, money out negative.
//!
//! The clearing account as a bank account: gross and fees of a row are lines of their own, so that they can be
//! explained apart; together they move the balance as the statement says.

use super::accounting::{AccountingFormat, FileFacts, Preset, Unfit, push_cents, text_place};
use super::charset::{Charset, Replacements, Scribe};
use super::figures::{DateForm, push_date};
use crate::config::Event;
use crate::report::journal::{Entry, Posting};

/// No limit is known; longer texts come from nobody who means well.
const TEXT_MAX: usize = 200;

/// Writes bank lines.
pub(super) struct FreeAgent {
    scribe: Scribe,
}

fn forbidden(c: char) -> Option<&'static str> {
    matches!(c, ',' | '"').then_some(" ")
}

impl FreeAgent {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { scribe: Scribe::new(Charset::Utf8) }
    }
}

/// The tax of a reverse charge moves no money.
fn is_written(posting: &Posting) -> bool {
    !matches!(posting.event, Event::Clearing | Event::VatDue | Event::VatDeductible)
}

impl AccountingFormat for FreeAgent {
    fn lines(&self, entry: &Entry) -> usize {
        entry.postings.iter().filter(|posting| is_written(posting)).count()
    }

    fn begin(&mut self, _facts: &FileFacts<'_>, _out: &mut Vec<u8>) -> Result<(), Unfit> {
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for posting in entry.postings.iter().filter(|posting| is_written(posting)) {
            push_date(entry.date, DateForm::DayFirst, out);
            out.push(b',');
            push_cents(Preset::FreeAgent, entry, -posting.amount, b'.', out)?;
            out.push(b',');
            let label = facts.label(entry, posting).replace(", ", " ");
            self.scribe.push(&label, forbidden, TEXT_MAX, text_place(entry), out);
            out.push(b'\n');
        }
        Ok(())
    }

    fn replaced(&self) -> Option<&Replacements> {
        Some(&self.scribe.replaced)
    }
}
