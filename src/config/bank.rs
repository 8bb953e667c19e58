//! `[bank]`: how payouts are found on bank statements, and how CSV statements are read.

use chrono::NaiveDate;

use super::choice::AnyPayee;
use super::error::ConfigError;
use super::keys::{Key, Section};
use super::layers::{Layers, known};
use crate::domain::{BankCalendar, BusinessWindow, parse_date};

/// Largest number that a count may be: days of a window, lines above a header.
const COUNT_MAX: u32 = 1_000;

/// `[bank]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankSettings {
    /// Further names of the payer.
    pub payees: Vec<String>,
    /// What a line is worth that does not name Amazon.
    pub any_payee: AnyPayee,
    /// How long a payout may take.
    pub window: BusinessWindow,
    /// Which days banks work on.
    pub calendar: BankCalendar,
    /// The charset of statements that are not UTF-8, a label of the encoding standard.
    pub encoding: Option<String>,
    /// How CSV statements are read.
    pub csv: CsvMapping,
}

/// How CSV statements are read; what is not set is found in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvMapping {
    /// A bank whose columns are known.
    pub preset: Option<String>,
    /// The separator.
    pub delimiter: Option<char>,
    /// The decimal mark.
    pub decimal_mark: Option<char>,
    /// The form of dates, as strftime has it.
    pub date_format: Option<String>,
    /// Lines above the header.
    pub skip_lines: Option<u32>,
    /// Lines after the last entry.
    pub footer_lines: u32,
    /// Booking day.
    pub date: Option<String>,
    /// Day of value.
    pub value_date: Option<String>,
    /// Signed amount.
    pub amount: Option<String>,
    /// Debits.
    pub debit: Option<String>,
    /// Credits.
    pub credit: Option<String>,
    /// Says whether the amount is a debit or a credit.
    pub debit_credit: Option<String>,
    /// Words that mean a debit.
    pub debit_words: Vec<String>,
    /// Currency column, or the currency itself.
    pub currency: Option<String>,
    /// Balance after each entry.
    pub balance: Option<String>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// Text columns.
    pub text: Vec<String>,
    /// The other party.
    pub counterparty: Option<String>,
    /// The other party's account.
    pub counterparty_account: Option<String>,
    /// The own account: its column, or its number.
    pub account: Option<String>,
}

/// What holds without a configuration file.
impl Default for BankSettings {
    fn default() -> Self {
        Self {
            payees: Vec::new(),
            any_payee: AnyPayee::Candidate,
            window: BusinessWindow { before: 1, after: 7 },
            calendar: BankCalendar::default(),
            encoding: None,
            csv: CsvMapping::default(),
        }
    }
}

/// Reads the section.
pub(super) fn read_bank(layers: &Layers<'_>) -> Result<BankSettings, ConfigError> {
    let key = |name: &str| known(Section::Bank, name);
    let holidays: Vec<NaiveDate> = layers.read_list(key("holidays"), "", |text| parse_date(text).ok())?;
    let default = BankSettings::default();
    let count = |name: &str| layers.read(key(name), "", count);
    Ok(BankSettings {
        payees: layers.read_list(key("payees"), "", line)?,
        any_payee: layers.read(key("any_payee"), "", |text| text.parse().ok())?.unwrap_or(default.any_payee),
        window: BusinessWindow {
            before: count("days_before")?.unwrap_or(default.window.before),
            after: count("days_after")?.unwrap_or(default.window.after),
        },
        calendar: BankCalendar::with_holidays(holidays),
        encoding: text(layers, key("encoding"))?,
        csv: CsvMapping {
            preset: text(layers, key("csv_preset"))?,
            delimiter: layers.read(key("csv_delimiter"), "", delimiter)?,
            decimal_mark: layers
                .read(key("csv_decimal_mark"), "", |text| single(text).filter(|c| ",.".contains(*c)))?,
            date_format: text(layers, key("csv_date_format"))?,
            skip_lines: count("csv_skip_lines")?,
            footer_lines: count("csv_footer_lines")?.unwrap_or(0),
            date: text(layers, key("csv_date"))?,
            value_date: text(layers, key("csv_value_date"))?,
            amount: text(layers, key("csv_amount"))?,
            debit: text(layers, key("csv_debit"))?,
            credit: text(layers, key("csv_credit"))?,
            debit_credit: text(layers, key("csv_debit_credit"))?,
            debit_words: layers.read_list(key("csv_debit_words"), "", line)?,
            currency: text(layers, key("csv_currency"))?,
            balance: text(layers, key("csv_balance"))?,
            reference: text(layers, key("csv_reference"))?,
            text: layers.read_list(key("csv_text"), "", line)?,
            counterparty: text(layers, key("csv_counterparty"))?,
            counterparty_account: text(layers, key("csv_counterparty_account"))?,
            account: text(layers, key("csv_account"))?,
        },
    })
}

fn text(layers: &Layers<'_>, key: &'static Key) -> Result<Option<String>, ConfigError> {
    layers.read(key, "", line)
}

fn line(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
}

fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| *count <= COUNT_MAX)
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

fn delimiter(text: &str) -> Option<char> {
    if text == "tab" { Some('\t') } else { single(text).filter(|c| c.is_ascii() && !c.is_ascii_alphanumeric()) }
}
