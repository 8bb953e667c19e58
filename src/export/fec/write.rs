//! FEC, the file of accounting entries of French law (LPF art. A47 A-1): 18 columns, tabs, ISO-8859-15.
//!
//! What is written is an extract of one journal, not the ledger of a year, and its description says so. The
//! layout passes the tax office's own tester; `settle check fec` applies its rules.

use super::super::accounting::{AccountingFormat, FileFacts, Preset, Unfit, size, text_place};
use super::super::charset::{Charset, Replacements, Scribe};
use super::super::figures::{DateForm, amount_decimals, push_amount, push_date};
use crate::config::Event;
use crate::domain::Sum;
use crate::report::journal::Entry;

/// The columns in their order and spelling.
pub(super) const COLUMNS: [&str; 18] = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
];
/// The law allows a tab or `|`, one only.
const SEPARATOR: u8 = b'\t';
/// No limit is known; longer texts come from nobody who means well.
const TEXT_MAX: usize = 250;
const JOURNAL_LABEL: &str = "Amazon Pay";

/// Writes FEC.
pub(in super::super) struct Fec {
    scribe: Scribe,
}

/// Neither separator may stand in a text.
fn forbidden(c: char) -> Option<&'static str> {
    match c {
        '|' => Some("/"),
        '\t' | '\u{a0}' => Some(" "),
        _ => None,
    }
}

impl Fec {
    /// A writer.
    #[must_use]
    pub(in super::super) fn new() -> Self {
        Self { scribe: Scribe::new(Charset::Latin9) }
    }

    fn text(&mut self, text: &str, entry: &Entry, out: &mut Vec<u8>) {
        self.scribe.push(text.trim(), forbidden, TEXT_MAX, text_place(entry), out);
        out.push(SEPARATOR);
    }
}

impl AccountingFormat for Fec {
    fn charset(&self) -> Charset {
        Charset::Latin9
    }

    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for event in facts.used {
            let code = &facts.account(*event).code;
            if code.len() < 3 || !code.bytes().take(3).all(|byte| byte.is_ascii_digit()) {
                let why = "an account begins with three digits";
                return Err(Unfit::Account { preset: Preset::Fec, event: *event, code: code.clone(), why });
            }
        }
        out.extend_from_slice(COLUMNS.join("\t").as_bytes());
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        for posting in &entry.postings {
            let account = facts.account(posting.event);
            let customer = matches!(posting.event, Event::Receivable | Event::Refund) && !entry.order_id.is_empty();
            let decimals = amount_decimals(posting.amount, entry.currency).max(2);
            self.text(facts.journal_code(), entry, out);
            self.text(JOURNAL_LABEL, entry, out);
            self.text(&entry.number.to_string(), entry, out);
            push_date(entry.date, DateForm::Compact, out);
            out.push(SEPARATOR);
            self.text(&account.code, entry, out);
            self.text(&account.label, entry, out);
            self.text(if customer { &entry.order_id } else { "" }, entry, out);
            let order = if customer { format!("Commande {}", entry.order_id) } else { String::new() };
            self.text(&order, entry, out);
            self.text(&entry.piece, entry, out);
            push_date(entry.piece_date, DateForm::Compact, out);
            out.push(SEPARATOR);
            self.text(&facts.label(entry, posting), entry, out);
            let (debit, credit) = if posting.amount < Sum::ZERO {
                (Sum::ZERO, size(posting.amount))
            } else {
                (posting.amount, Sum::ZERO)
            };
            for side in [debit, credit] {
                push_amount(side, decimals, b',', out);
                out.push(SEPARATOR);
            }
            out.extend_from_slice(b"\t\t");
            push_date(entry.date, DateForm::Compact, out);
            out.extend_from_slice(b"\t\t\r\n");
        }
        Ok(())
    }

    fn replaced(&self) -> Option<&Replacements> {
        Some(&self.scribe.replaced)
    }

    fn beside(&self, facts: &FileFacts<'_>) -> Option<(&'static str, String)> {
        let mut lines = vec![
            "Description du fichier (LPF art. A47 A-1)".to_owned(),
            String::new(),
            "Extrait d'un journal, pas le FEC complet d'un exercice. / An extract of one journal, not a complete FEC."
                .to_owned(),
            "Separateur: tabulation. Jeu de caracteres: ISO-8859-15. Fin de ligne: CR LF.".to_owned(),
            "Dates: AAAAMMJJ. Montants: virgule decimale, sans separateur de milliers.".to_owned(),
            format!("Journal {}: {JOURNAL_LABEL}", facts.journal_code()),
            format!("Exercice: {} - {}", facts.fiscal_year.0, facts.fiscal_year.1),
            format!("Devise: {}", facts.ledger.currency),
            String::new(),
        ];
        lines.extend(facts.statement_lines());
        lines.push(String::new());
        lines.extend(facts.used.iter().map(|event| {
            let account = facts.account(*event);
            format!("Compte {}: {} ({})", account.code, account.label, event.key())
        }));
        lines.extend([String::new(), "Colonnes:".to_owned()]);
        lines.extend(COLUMNS.iter().zip(1..).map(|(name, number)| format!("{number}. {name}")));
        Some(("_description.txt", lines.join("\r\n") + "\r\n"))
    }
}
