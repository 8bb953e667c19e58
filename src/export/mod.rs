//! Floor 7: documents → bytes.
//!
//! One file a format; all say the same figures, to the cent. A format is a pure function from a
//! document to text; [`Target`] alone writes, and what it writes appears whole or not at all.

mod accounting;
mod beancount;
mod charset;
mod claims_csv;
mod csv;
mod custody_text;
mod datev;
mod disputes_csv;
mod disputes_evidence;
mod disputes_ics;
mod disputes_text;
mod doctor_text;
mod fec;
mod fetch_text;
mod figures;
mod freeagent;
mod hledger;
mod html;
mod import_text;
mod journal_csv;
mod json;
mod language;
mod pack_read;
mod pack_write;
mod quickbooks;
mod reconciliation_csv;
mod reconciliation_text;
mod rows;
mod sie;
mod statement_csv;
mod statement_text;
mod status_text;
mod table;
mod text_ledger;
mod transactions;
mod writer;
mod xero;
mod xlsx;

pub use accounting::{AccountingFormat, BalancePoint, FileFacts, Preset, Unfit, UnknownPreset};
pub use charset::{Charset, Replacements};
pub use claims_csv::claims_csv;
pub use csv::{CsvDialect, CsvText, UnknownDialect};
pub use custody_text::{
    Notices, backup_text, events_csv, events_text, removal_text, restore_text, verify_text,
};
pub use datev::{CLIENT_DEFAULT, CONSULTANT_DEFAULT};
pub use disputes_csv::disputes_csv;
pub use disputes_evidence::{EvidenceFile, SourceExcerpt, evidence_files};
pub use disputes_ics::disputes_ics;
pub use disputes_text::disputes_text;
pub use doctor_text::doctor_text;
pub use fec::{FecReport, Finding, FindingLevel, RuleFindings, check_fec, fec_text};
pub use fetch_text::fetch_text;
pub use figures::amount_decimals;
use html::bank_label;
pub use html::{PAGE_ROWS_OF_EACH_KIND, PageError, statement_html};
pub use import_text::import_text;
pub use json::json_text;
pub use pack_read::{PackError, PackReader};
pub use pack_write::PackWriter;
pub use reconciliation_csv::reconciliation_csv;
pub use reconciliation_text::reconciliation_text;
pub use rows::{format_row, row_header};
pub use statement_csv::statement_csv;
pub use statement_text::statement_text;
pub use status_text::{Detail, span_in_words, status_text};
pub use table::{Paint, clean};
pub use transactions::{push_transaction, transactions_header};
pub use writer::{OpenTarget, Target, WriteError};
pub use xlsx::{SHEET_ROWS_MAX, SheetError, statement_xlsx};
