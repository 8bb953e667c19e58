//! A journal that both hledger and ledger read, strictly: accounts and commodities are declared, and the
//! balance at Amazon is asserted where each settlement ends, with the statement's figure.
//!
//! The commodity has as many decimals as the most precise amount: with fewer, both programs would let an entry
//! pass that is off by less than a cent (seen in runs of both).

use super::accounting::{AccountingFormat, BalancePoint, FileFacts, Unfit, text_place};
use super::charset::{Charset, Forbidden, Replacements, Scribe, TextPlace};
use super::figures::{DateForm, push_amount, push_date};
use super::text_ledger::{Declared, account_path};
use crate::config::Event;
use crate::domain::Sum;
use crate::report::journal::Entry;

/// No limit is known; longer texts come from nobody who means well.
const TEXT_MAX: usize = 300;

/// Writes the journal.
pub(super) struct Hledger {
    scribe: Scribe,
    declared: Declared,
}

fn in_text(c: char) -> Option<&'static str> {
    match c {
        ';' => Some(","),
        '|' => Some("/"),
        _ => None,
    }
}

fn in_code(c: char) -> Option<&'static str> {
    match c {
        '(' | ')' => Some("/"),
        _ => in_text(c),
    }
}

/// A comma would end a tag.
fn in_tag(c: char) -> Option<&'static str> {
    match c {
        ',' => Some("."),
        _ => None,
    }
}

/// Two blanks would end an account's name.
fn account_name(facts: &FileFacts<'_>, event: Event) -> String {
    account_path(facts, event).split_whitespace().collect::<Vec<_>>().join(" ").replace(';', ",")
}

impl Hledger {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { scribe: Scribe::new(Charset::Utf8), declared: Declared::default() }
    }

    fn text(&mut self, text: &str, forbidden: Forbidden, place: TextPlace<'_>, out: &mut Vec<u8>) {
        self.scribe.push(text.trim(), forbidden, TEXT_MAX, place, out);
    }
}

fn push_posting(account: &str, amount: Sum, facts: &FileFacts<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"    ");
    out.extend_from_slice(account.as_bytes());
    out.extend_from_slice(b"  ");
    push_money(amount, facts, out);
}

fn push_money(amount: Sum, facts: &FileFacts<'_>, out: &mut Vec<u8>) {
    push_amount(amount, facts.decimals, b'.', out);
    out.push(b' ');
    out.extend_from_slice(facts.ledger.currency.code().as_bytes());
}

impl AccountingFormat for Hledger {
    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        if !self.declared.is_empty() {
            out.push(b'\n');
        }
        for line in facts.statement_lines() {
            out.extend_from_slice(format!("; {line}\n").as_bytes());
        }
        out.push(b'\n');
        let code = facts.ledger.currency.code();
        if self.declared.is_new(code) {
            let mut format = Vec::new();
            push_amount(Sum::from_units(10_000_000), facts.decimals.max(1), b'.', &mut format);
            out.extend_from_slice(
                format!("commodity {code}\n    format {} {code}\n", String::from_utf8_lossy(&format)).as_bytes(),
            );
        }
        let opening = (!facts.ledger.opening.is_zero()).then_some(Event::Opening);
        for event in facts.used.iter().copied().chain([Event::Clearing]).chain(opening) {
            let name = account_name(facts, event);
            if self.declared.is_new(&name) {
                out.extend_from_slice(format!("account {name}\n").as_bytes());
            }
        }
        if opening.is_some() {
            out.push(b'\n');
            push_date(facts.first_day, DateForm::Iso, out);
            out.extend_from_slice(b" * Amazon Pay opening balance\n");
            push_posting(&account_name(facts, Event::Clearing), facts.ledger.opening, facts, out);
            out.push(b'\n');
            push_posting(&account_name(facts, Event::Opening), -facts.ledger.opening, facts, out);
            out.push(b'\n');
        }
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let place = text_place(entry);
        out.push(b'\n');
        push_date(entry.date, DateForm::Iso, out);
        out.extend_from_slice(b" * (");
        self.text(&entry.piece, in_code, place, out);
        out.extend_from_slice(b") ");
        self.text(&entry.label, in_text, place, out);
        out.push(b'\n');
        let mut tags = vec![("settlement", entry.settlement_id.as_str()), ("order", &entry.order_id)];
        let source = if entry.file.is_empty() { String::new() } else { format!("{}#{}", entry.file, entry.line) };
        tags.extend([("invoice", entry.invoice.as_deref().unwrap_or_default()), ("source", &source)]);
        if entry.postings.iter().any(|posting| posting.event.is_fee()) {
            tags.push(("fees", facts.ledger.vat.words()));
        }
        tags.retain(|(_, text)| !text.is_empty());
        for (number, (name, text)) in tags.iter().enumerate() {
            out.extend_from_slice(if number == 0 { b"    ; " } else { b", " });
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            self.text(text, in_tag, place, out);
        }
        // A blank line would end the entry.
        out.extend_from_slice(if tags.is_empty() { b"" } else { b"\n" });
        for posting in &entry.postings {
            push_posting(&account_name(facts, posting.event), posting.amount, facts, out);
            out.push(b'\n');
        }
        Ok(())
    }

    fn balance(&mut self, facts: &FileFacts<'_>, point: BalancePoint<'_>, out: &mut Vec<u8>) {
        out.push(b'\n');
        push_date(point.date, DateForm::Iso, out);
        out.extend_from_slice(b" * Amazon Pay balance, ");
        self.text(point.of, in_text, TextPlace { entry: 0, file: "a balance", line: 0 }, out);
        out.push(b'\n');
        push_posting(&account_name(facts, Event::Clearing), Sum::ZERO, facts, out);
        out.extend_from_slice(b" = ");
        push_money(point.amount, facts, out);
        out.push(b'\n');
    }

    fn replaced(&self) -> Option<&Replacements> {
        Some(&self.scribe.replaced)
    }
}
