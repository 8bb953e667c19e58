//! A journal for beancount, with the balance at Amazon checked after each settlement's last day.
//!
//! A check holds at the beginning of a day, so one waits until its day is over: entries of the same day that
//! follow are added to the statement's figure. Checks state a tolerance of nothing, as beancount would let one cent
//! pass (seen in runs); entries need no option, since all amounts have the same decimals and half of the last one
//! is what beancount tolerates. The option that says so has another name in each version.

use chrono::NaiveDate;

use super::accounting::{AccountingFormat, BalancePoint, FileFacts, Unfit, text_place};
use super::charset::{Charset, Replacements, Scribe, TextPlace};
use super::figures::{DateForm, push_amount, push_date};
use super::text_ledger::{Declared, account_path, strict_path};
use crate::config::Event;
use crate::domain::Sum;
use crate::report::journal::Entry;

/// No limit is known; longer texts come from nobody who means well.
const TEXT_MAX: usize = 300;

/// Writes the journal.
pub(super) struct Beancount {
    scribe: Scribe,
    declared: Declared,
    waiting: Option<(NaiveDate, Sum)>,
}

fn in_text(c: char) -> Option<&'static str> {
    match c {
        '"' => Some("'"),
        '\\' => Some("/"),
        _ => None,
    }
}

fn in_link(c: char) -> Option<&'static str> {
    (!c.is_ascii_alphanumeric() && !"-_/.".contains(c)).then_some("-")
}

fn account_name(facts: &FileFacts<'_>, event: Event) -> String {
    strict_path(&account_path(facts, event))
}

impl Beancount {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { scribe: Scribe::new(Charset::Utf8), declared: Declared::default(), waiting: None }
    }

    fn quoted(&mut self, text: &str, place: TextPlace<'_>, out: &mut Vec<u8>) {
        out.push(b'"');
        self.scribe.push(text.trim(), in_text, TEXT_MAX, place, out);
        out.push(b'"');
    }

    fn meta(&mut self, key: &str, text: &str, place: TextPlace<'_>, out: &mut Vec<u8>) {
        if !text.is_empty() {
            out.extend_from_slice(format!("  {key}: ").as_bytes());
            self.quoted(text, place, out);
            out.push(b'\n');
        }
    }

    fn write_waiting(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) {
        let Some((date, amount)) = self.waiting.take() else { return };
        out.push(b'\n');
        push_date(date.succ_opt().unwrap_or(date), DateForm::Iso, out);
        out.extend_from_slice(format!(" balance {}  ", account_name(facts, Event::Clearing)).as_bytes());
        push_amount(amount, facts.decimals, b'.', out);
        out.extend_from_slice(format!(" ~ 0 {}\n", facts.ledger.currency).as_bytes());
    }
}

fn push_posting(facts: &FileFacts<'_>, event: Event, amount: Sum, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("  {}  ", account_name(facts, event)).as_bytes());
    push_amount(amount, facts.decimals, b'.', out);
    out.push(b' ');
    out.extend_from_slice(facts.ledger.currency.code().as_bytes());
    out.push(b'\n');
}

impl AccountingFormat for Beancount {
    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let code = facts.ledger.currency.code();
        if self.declared.is_empty() {
            out.extend_from_slice(b"option \"title\" \"Amazon Pay\"\n");
        }
        if self.declared.is_new(code) {
            out.extend_from_slice(format!("option \"operating_currency\" \"{code}\"\n").as_bytes());
        }
        out.push(b'\n');
        for line in facts.statement_lines() {
            out.extend_from_slice(format!("; {line}\n").as_bytes());
        }
        out.push(b'\n');
        let opening = (!facts.ledger.opening.is_zero()).then_some(Event::Opening);
        for event in facts.used.iter().copied().chain([Event::Clearing]).chain(opening) {
            let name = account_name(facts, event);
            if self.declared.is_new(&name) {
                push_date(facts.first_day, DateForm::Iso, out);
                out.extend_from_slice(format!(" open {name}\n").as_bytes());
            }
        }
        if opening.is_some() {
            out.push(b'\n');
            push_date(facts.first_day, DateForm::Iso, out);
            out.extend_from_slice(b" * \"Amazon Pay\" \"opening balance\"\n");
            push_posting(facts, Event::Clearing, facts.ledger.opening, out);
            push_posting(facts, Event::Opening, -facts.ledger.opening, out);
        }
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        match &mut self.waiting {
            Some((date, amount)) if entry.date <= *date => *amount += entry.on(Event::Clearing),
            _ => self.write_waiting(facts, out),
        }
        let place = text_place(entry);
        out.push(b'\n');
        push_date(entry.date, DateForm::Iso, out);
        out.extend_from_slice(b" * \"Amazon Pay\" ");
        self.quoted(entry.label.strip_prefix("Amazon Pay ").unwrap_or(&entry.label), place, out);
        if !entry.settlement_id.is_empty() {
            out.extend_from_slice(b" ^apay-");
            self.scribe.push(&entry.settlement_id, in_link, TEXT_MAX, place, out);
        }
        out.push(b'\n');
        let source = if entry.file.is_empty() { String::new() } else { format!("{}#{}", entry.file, entry.line) };
        self.meta("transaction", &entry.transaction_id, place, out);
        self.meta("order", &entry.order_id, place, out);
        self.meta("invoice", entry.invoice.as_deref().unwrap_or_default(), place, out);
        self.meta("source", &source, place, out);
        for posting in &entry.postings {
            push_posting(facts, posting.event, posting.amount, out);
        }
        Ok(())
    }

    fn balance(&mut self, facts: &FileFacts<'_>, point: BalancePoint<'_>, out: &mut Vec<u8>) {
        if self.waiting.is_some_and(|(date, _)| date < point.date) {
            self.write_waiting(facts, out);
        }
        self.waiting = Some((point.date, point.amount));
    }

    fn end(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) {
        self.write_waiting(facts, out);
    }

    fn replaced(&self) -> Option<&Replacements> {
        Some(&self.scribe.replaced)
    }
}
