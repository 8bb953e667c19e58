//! What the accountants' formats share: the presets in one table, the facts of a file, the trait.
//!
//! A format turns balanced entries into bytes and computes no amount. What it cannot express is an error that
//! names the key or the place; nothing is left out and nothing is cut.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use super::beancount::Beancount;
use super::charset::{Charset, Replacements, TextPlace};
use super::csv::CsvDialect;
use super::datev::Datev;
use super::fec::Fec;
use super::freeagent::FreeAgent;
use super::hledger::Hledger;
use super::journal_csv::JournalCsv;
use super::quickbooks::QuickBooks;
use super::sie::Sie;
use super::table::clean;
use super::xero::Xero;
use crate::config::{Chart, Event, ExportSettings, LedgerAccount};
use crate::domain::{ExitCode, Sum};
use crate::report::journal::{Entry, Ledger, Posting};

/// A form in which a month leaves settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Rows, normalised.
    Transactions,
    /// Double entry for any program.
    Journal,
    /// Fichier des écritures comptables, France.
    Fec,
    /// EXTF Buchungsstapel, Germany.
    Datev,
    /// SIE 4, Sweden.
    Sie,
    /// A journal for hledger and ledger.
    Hledger,
    /// A journal for beancount.
    Beancount,
    /// Manual journals for Xero.
    Xero,
    /// Journal entries for QuickBooks Online.
    QuickBooks,
    /// Bank lines for FreeAgent.
    FreeAgent,
    /// Rows, normalised, as Parquet.
    Parquet,
}

/// What a preset is.
struct PresetRow {
    preset: Preset,
    word: &'static str,
    extension: &'static str,
    /// Whether all accounts and currencies share a file.
    shared: bool,
    /// Whether a file may hold one fiscal year only.
    yearly: bool,
    /// The most lines of a file.
    lines_max: Option<usize>,
    /// The chart that its receivers use.
    chart: Option<Chart>,
}

const fn row(
    preset: Preset,
    word: &'static str,
    extension: &'static str,
    files: (bool, bool),
    lines_max: Option<usize>,
    chart: Option<Chart>,
) -> PresetRow {
    PresetRow { preset, word, extension, shared: files.0, yearly: files.1, lines_max, chart }
}

#[rustfmt::skip] // a table reads by its columns
const PRESETS: [PresetRow; 11] = [
    row(Preset::Transactions, "transactions", "csv", (true, false), None, None),
    row(Preset::Journal, "journal", "csv", (true, false), None, None),
    row(Preset::Fec, "fec", "txt", (false, true), None, Some(Chart::Pcg)),
    // DATEV takes up to 99,999 lines (accounting-exports §4), Xero 300 (Xero's help), QuickBooks 1,000 rows with their header (inferred).
    row(Preset::Datev, "datev", "csv", (false, true), Some(99_999), Some(Chart::Skr03)),
    row(Preset::Sie, "sie", "si", (false, true), None, Some(Chart::Bas)),
    row(Preset::Hledger, "hledger", "journal", (true, false), None, None),
    row(Preset::Beancount, "beancount", "beancount", (true, false), None, None),
    row(Preset::Xero, "xero", "csv", (false, false), Some(300), None),
    row(Preset::QuickBooks, "quickbooks", "csv", (false, false), Some(999), None),
    row(Preset::FreeAgent, "freeagent", "csv", (false, false), None, None),
    row(Preset::Parquet, "parquet", "parquet", (true, false), None, None),
];

/// The text names no preset.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a preset; expected one of {list}", list = PRESETS.map(|row| row.word).join(", "))]
pub struct UnknownPreset(String);

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(text: &str) -> Result<Self, UnknownPreset> {
        let row = PRESETS.iter().find(|row| row.word == text);
        row.map(|row| row.preset).ok_or_else(|| UnknownPreset(text.to_owned()))
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().word)
    }
}

impl Preset {
    /// Every preset, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Preset> {
        PRESETS.iter().map(|row| row.preset)
    }

    fn row(self) -> &'static PresetRow {
        const FIRST: &PresetRow = &PRESETS[0];
        PRESETS.iter().find(|row| row.preset == self).unwrap_or(FIRST)
    }

    /// What its files' names end with.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.row().extension
    }

    /// Whether all accounts and currencies share a file.
    #[must_use]
    pub fn shares_a_file(self) -> bool {
        self.row().shared
    }

    /// Whether a file may hold one fiscal year only.
    #[must_use]
    pub fn is_yearly(self) -> bool {
        self.row().yearly
    }

    /// The most lines of a file.
    #[must_use]
    pub fn lines_max(self) -> Option<usize> {
        self.row().lines_max
    }

    /// The chart that its receivers use, where there is one.
    #[must_use]
    pub fn chart(self) -> Option<Chart> {
        self.row().chart
    }

    /// The writer of entries; `None` for the presets that carry rows.
    #[must_use]
    pub fn format(self, dialect: CsvDialect) -> Option<Box<dyn AccountingFormat>> {
        Some(match self {
            Preset::Transactions | Preset::Parquet => return None,
            Preset::Journal => Box::new(JournalCsv::new(dialect)),
            Preset::Fec => Box::new(Fec::new()),
            Preset::Datev => Box::new(Datev::new()),
            Preset::Sie => Box::new(Sie::new()),
            Preset::Hledger => Box::new(Hledger::new()),
            Preset::Beancount => Box::new(Beancount::new()),
            Preset::Xero => Box::new(Xero::new()),
            Preset::QuickBooks => Box::new(QuickBooks::new()),
            Preset::FreeAgent => Box::new(FreeAgent::new()),
        })
    }
}

/// What a format may know of the file that it writes into.
pub struct FileFacts<'a> {
    /// The account and currency.
    pub ledger: &'a Ledger,
    /// The settings.
    pub settings: &'a ExportSettings,
    /// What the entries of the ledger are for.
    pub used: &'a BTreeSet<Event>,
    /// Decimals of the most precise amount in that currency.
    pub decimals: u32,
    /// First day of the file.
    pub first_day: NaiveDate,
    /// Last day of the file.
    pub last_day: NaiveDate,
    /// First and last day of its fiscal year.
    pub fiscal_year: (NaiveDate, NaiveDate),
    /// Which file of the ledger it is, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// The time of the run.
    pub created: DateTime<Utc>,
}

impl FileFacts<'_> {
    /// The account of a posting; every used event has one by now.
    #[must_use]
    pub fn account(&self, event: Event) -> &LedgerAccount {
        const NONE: &LedgerAccount = &LedgerAccount { code: String::new(), label: String::new() };
        self.ledger.map.get(event).unwrap_or(NONE)
    }

    /// The journal's code.
    #[must_use]
    pub fn journal_code(&self) -> &str {
        self.settings.journal_code.as_deref().unwrap_or("APAY")
    }

    /// The period in words.
    #[must_use]
    pub fn period_words(&self) -> String {
        let month = self.ledger.period.month();
        month.map_or_else(|| format!("{} to {}", self.first_day, self.last_day), |month| month.to_string())
    }

    /// What every file states: account, currency, period, basis, zone, coverage, VAT treatment and balances.
    #[must_use]
    pub fn statement_lines(&self) -> Vec<String> {
        let ledger = self.ledger;
        // A merchant id comes from a file; a line end in it would begin a line of its own.
        let account = clean(ledger.account.as_str());
        let coverage = if ledger.complete { "complete" } else { "incomplete" };
        let money = |sum: Sum| sum.in_currency(ledger.currency).map(|money| money.to_string()).unwrap_or_default();
        let corrections = ledger.delta.as_ref().map_or(0, |delta| delta.entries.len());
        let mut lines = vec![
            format!("Amazon Pay, {account} {}, {}, coverage {coverage}", ledger.currency, self.period_words()),
            format!(
                "from {} until {} inclusive, {}, basis {}",
                ledger.first_day,
                ledger.last_day,
                ledger.period.zone(),
                ledger.basis
            ),
            format!("fees: {}; chart: {}", ledger.vat.words(), ledger.map.chart),
            format!("balance at Amazon: opening {}, closing {}", money(ledger.opening), money(ledger.closing)),
        ];
        if corrections > 0 {
            let date = ledger.first_day;
            lines
                .push(format!("{corrections} entries of {date} correct months that were closed; opening is as closed"));
        }
        lines
    }

    /// A posting's label: that of its entry, and on fees the declared VAT treatment.
    #[must_use]
    pub fn label(&self, entry: &Entry, posting: &Posting) -> String {
        if posting.event.is_fee() {
            format!("{}, fee, {}", entry.label, self.ledger.vat.words())
        } else {
            entry.label.clone()
        }
    }
}

/// A balance that the statement gives, for formats that check balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalancePoint<'a> {
    /// The day; entries of the same day may follow.
    pub date: NaiveDate,
    /// The clearing account after every entry so far.
    pub amount: Sum,
    /// What ends there.
    pub of: &'a str,
}

/// What a format cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// An account that the format cannot take.
    #[error("`accounts_map.{}`: {preset} cannot take the account `{code}`: {why}", .event.key())]
    Account {
        /// The format.
        preset: Preset,
        /// The event.
        event: Event,
        /// The account.
        code: String,
        /// What it takes.
        why: &'static str,
    },
    /// A setting that is needed.
    #[error("{preset} needs `export.{key}`: {why}")]
    Setting {
        /// The format.
        preset: Preset,
        /// The key.
        key: &'static str,
        /// What it is.
        why: &'static str,
    },
    /// An amount that the format cannot print exactly.
    #[error("{place}: {preset} cannot print the amount {amount} exactly: {why}")]
    Amount {
        /// The format.
        preset: Preset,
        /// The row.
        place: String,
        /// The amount.
        amount: String,
        /// What it takes.
        why: &'static str,
    },
}

impl Unfit {
    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Unfit::Account { .. } | Unfit::Setting { .. } => ExitCode::Configuration,
            Unfit::Amount { .. } => ExitCode::DoesNotTie,
        }
    }

    /// Something to type.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Unfit::Account { event, .. } => {
                Some(format!("add `{} = \"NUMBER NAME\"` below [accounts_map]", event.key()))
            }
            Unfit::Setting { key, .. } => Some(format!("add `{key} = \"…\"` below [export]")),
            Unfit::Amount { .. } => Some("try --by month, or the presets journal, hledger or beancount".to_owned()),
        }
    }
}

/// Writes the entries of ledgers into one file.
pub trait AccountingFormat {
    /// Its characters.
    fn charset(&self) -> Charset {
        Charset::Utf8
    }

    /// Lines that an entry takes, for the limit of a file.
    fn lines(&self, entry: &Entry) -> usize {
        entry.postings.len()
    }

    /// A ledger begins: what stands above its entries.
    ///
    /// # Errors
    /// [`Unfit`] for a setting or account.
    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit>;

    /// One entry.
    ///
    /// # Errors
    /// [`Unfit`] for an amount.
    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit>;

    /// A balance that must hold here.
    fn balance(&mut self, _facts: &FileFacts<'_>, _point: BalancePoint<'_>, _out: &mut Vec<u8>) {}

    /// The ledger ends in this file.
    fn end(&mut self, _facts: &FileFacts<'_>, _out: &mut Vec<u8>) {}

    /// What was changed in texts.
    fn replaced(&self) -> Option<&Replacements> {
        None
    }

    /// What belongs beside the file: what to append to its name, and the text.
    fn beside(&self, _facts: &FileFacts<'_>) -> Option<(&'static str, String)> {
        None
    }
}

/// The place of an entry, for reports of changed texts.
pub(super) fn text_place(entry: &Entry) -> TextPlace<'_> {
    TextPlace { entry: entry.number, file: &entry.file, line: entry.line }
}

/// The row behind an entry, for messages.
pub(super) fn row_place(entry: &Entry) -> String {
    if entry.file.is_empty() { format!("entry {}", entry.number) } else { format!("{}:{}", entry.file, entry.line) }
}

/// Appends an amount with two decimals, or says why not.
pub(super) fn push_cents(preset: Preset, entry: &Entry, amount: Sum, mark: u8, out: &mut Vec<u8>) -> Result<(), Unfit> {
    const CENT: i128 = 100;
    if amount.units() % CENT != 0 {
        let shown = amount.in_currency(entry.currency).map(|money| money.to_string()).unwrap_or_default();
        return Err(Unfit::Amount {
            preset,
            place: row_place(entry),
            amount: shown,
            why: "it has more than two decimals",
        });
    }
    super::figures::push_amount(amount, 2, mark, out);
    Ok(())
}

/// The amount without its sign.
pub(super) fn size(amount: Sum) -> Sum {
    if amount < Sum::ZERO { -amount } else { amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_knows_the_same_presets() {
        let words: Vec<String> = Preset::all().map(|preset| preset.to_string()).collect();
        assert_eq!(words, crate::config::EXPORT_PRESETS);
    }
}
