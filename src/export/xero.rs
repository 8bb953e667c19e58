//! Xero's import of manual journals: at most 300 lines a file, never a journal in two files.
//!
//! Rows of the same narration and date are one journal, so the narration ends with the entry's number. The
//! headings are those of Xero's template; their asterisks are inferred.

use super::accounting::{AccountingFormat, FileFacts, Preset, Unfit, push_cents};
use super::csv::{CsvDialect, CsvLine};
use super::figures::{DateForm, push_date};
use crate::report::journal::Entry;

const COLUMNS: [&str; 10] = [
    "*Narration",
    "*Date",
    "Description",
    "*AccountCode",
    "*TaxRate",
    "*Amount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
];
/// The longest account code that Xero keeps.
const CODE_MAX: usize = 10;

/// Writes manual journals.
pub(super) struct Xero;

impl Xero {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        Self
    }
}

impl AccountingFormat for Xero {
    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for event in facts.used {
            let code = &facts.account(*event).code;
            if code.is_empty() || code.len() > CODE_MAX || code.contains(':') {
                let why = "a code has up to ten letters and digits; choose `export.chart` or name the accounts";
                return Err(Unfit::Account { preset: Preset::Xero, event: *event, code: code.clone(), why });
            }
        }
        if facts.settings.xero_tax_rate.is_none() {
            let why = "the full name of the tax rate in the organisation's settings, for example \"No VAT\"";
            return Err(Unfit::Setting { preset: Preset::Xero, key: "xero_tax_rate", why });
        }
        out.extend_from_slice(COLUMNS.join(",").as_bytes());
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for posting in &entry.postings {
            let mut line = CsvLine::new(CsvDialect::Plain, out);
            line.text(&format!("{} no. {}", entry.label, entry.number));
            push_date(entry.date, DateForm::DayFirst, line.raw());
            line.text(&facts.label(entry, posting));
            line.text(&facts.account(posting.event).code);
            line.text(facts.settings.xero_tax_rate.as_deref().unwrap_or_default());
            push_cents(Preset::Xero, entry, posting.amount, b'.', line.raw())?;
            (0..4).for_each(|_| line.text(""));
            line.end();
        }
        Ok(())
    }
}
