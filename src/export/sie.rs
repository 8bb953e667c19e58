//! SIE 4I: vouchers of a pre-system for Swedish accounting programs. CP437, CR LF, decimal point.
//!
//! Voucher number, text and date of registration are always filled: readers drop vouchers that lack one.

use super::accounting::{AccountingFormat, FileFacts, Preset, Unfit, push_cents, text_place};
use super::charset::{Charset, Replacements, Scribe, TextPlace};
use super::figures::{DateForm, push_date};
use crate::report::journal::Entry;

/// No limit is known; longer texts come from nobody who means well.
const TEXT_MAX: usize = 200;
/// The series of vouchers.
const SERIES: &str = "A";

/// Writes SIE.
pub(super) struct Sie {
    scribe: Scribe,
}

fn forbidden(c: char) -> Option<&'static str> {
    match c {
        '\\' => Some("/"),
        '\u{a0}' => Some(" "),
        _ => None,
    }
}

impl Sie {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { scribe: Scribe::new(Charset::Cp437) }
    }

    fn quoted(&mut self, text: &str, place: TextPlace<'_>, out: &mut Vec<u8>) {
        out.push(b'"');
        let start = out.len();
        self.scribe.push(text.trim(), forbidden, TEXT_MAX, place, out);
        if out.iter().skip(start).any(|byte| *byte == b'"') {
            for byte in out.split_off(start) {
                if byte == b'"' {
                    out.push(b'\\');
                }
                out.push(byte);
            }
        }
        out.push(b'"');
    }

    fn record(&mut self, name: &str, texts: &[&str], out: &mut Vec<u8>) {
        out.extend_from_slice(name.as_bytes());
        for text in texts {
            out.push(b' ');
            self.quoted(text, TextPlace { entry: 0, file: name, line: 0 }, out);
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl AccountingFormat for Sie {
    fn charset(&self) -> Charset {
        Charset::Cp437
    }

    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for event in facts.used {
            let code = &facts.account(*event).code;
            if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_digit()) {
                let why = "an account is digits";
                return Err(Unfit::Account { preset: Preset::Sie, event: *event, code: code.clone(), why });
            }
        }
        let [generated, first, last] =
            [facts.last_day, facts.fiscal_year.0, facts.fiscal_year.1].map(|date| date.format("%Y%m%d").to_string());
        let version = env!("CARGO_PKG_VERSION");
        let head =
            format!("#FLAGGA 0\r\n#PROGRAM \"settle\" {version}\r\n#FORMAT PC8\r\n#GEN {generated}\r\n#SIETYP 4\r\n");
        out.extend_from_slice(head.as_bytes());
        for line in facts.statement_lines() {
            self.record("#PROSA", &[&line], out);
        }
        if let Some(number) = &facts.settings.org_number {
            out.extend_from_slice(b"#ORGNR ");
            self.scribe.push(
                &number.replace(' ', ""),
                forbidden,
                TEXT_MAX,
                TextPlace { entry: 0, file: "#ORGNR", line: 0 },
                out,
            );
            out.extend_from_slice(b"\r\n");
        }
        let company = facts.settings.company.as_deref().unwrap_or(facts.ledger.account.as_str());
        self.record("#FNAMN", &[company], out);
        out.extend_from_slice(format!("#RAR 0 {first} {last}\r\n#VALUTA {}\r\n", facts.ledger.currency).as_bytes());
        let mut told: Vec<&str> = Vec::new();
        for event in facts.used {
            let account = facts.account(*event);
            if !told.contains(&account.code.as_str()) {
                told.push(&account.code);
                self.record(&format!("#KONTO {}", account.code), &[&account.label], out);
            }
        }
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let place = text_place(entry);
        out.extend_from_slice(format!("#VER \"{SERIES}\" \"{}\" ", entry.number).as_bytes());
        push_date(entry.date, DateForm::Compact, out);
        out.push(b' ');
        self.quoted(&entry.label, place, out);
        out.push(b' ');
        push_date(entry.date, DateForm::Compact, out);
        out.extend_from_slice(b"\r\n{\r\n");
        for posting in &entry.postings {
            out.extend_from_slice(b"#TRANS ");
            out.extend_from_slice(facts.account(posting.event).code.as_bytes());
            out.extend_from_slice(b" {} ");
            push_cents(Preset::Sie, entry, posting.amount, b'.', out)?;
            if posting.event.is_fee() {
                out.push(b' ');
                push_date(entry.date, DateForm::Compact, out);
                out.push(b' ');
                self.quoted(&facts.label(entry, posting), place, out);
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"}\r\n");
        Ok(())
    }

    fn replaced(&self) -> Option<&Replacements> {
        Some(&self.scribe.replaced)
    }
}
