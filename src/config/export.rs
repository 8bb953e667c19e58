//! `[export]` and `[accounts_map]`: what accountants' files need to know that no report says.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::amount::parse_amount;
use super::chart::{Event, LedgerAccount};
use super::choice::{Chart, DateOrder, VatOnFees};
use super::error::ConfigError;
use super::keys::Section;
use super::layers::{Layers, known};
use crate::domain::{Amount, parse_date};

/// Where a fiscal year begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiscalYearStart {
    /// Every year on this month and day.
    EveryYear {
        /// 1 to 12.
        month: u32,
        /// 1 to 28: a day that every month has.
        day: u32,
    },
    /// The one year that begins on this day.
    On(NaiveDate),
}

impl Default for FiscalYearStart {
    fn default() -> Self {
        FiscalYearStart::EveryYear { month: 1, day: 1 }
    }
}

impl FiscalYearStart {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(date) = parse_date(text) {
            return Some(FiscalYearStart::On(date));
        }
        let (month, day) = text.split_once('-').filter(|(month, day)| month.len() == 2 && day.len() == 2)?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        ((1..=12).contains(&month) && (1..=28).contains(&day)).then_some(FiscalYearStart::EveryYear { month, day })
    }

    /// First and last day of the fiscal year of a date; `None` where the date lies in no known one.
    #[must_use]
    pub fn year_of(self, date: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let year = |first: NaiveDate| Some((first, first.with_year(first.year() + 1)?.pred_opt()?));
        match self {
            FiscalYearStart::On(first) => year(first).filter(|(first, last)| (*first..=*last).contains(&date)),
            FiscalYearStart::EveryYear { month, day } => {
                let this = NaiveDate::from_ymd_opt(date.year(), month, day)?;
                year(if this <= date { this } else { NaiveDate::from_ymd_opt(date.year() - 1, month, day)? })
            }
        }
    }
}

/// `[export]` and `[accounts_map]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportSettings {
    /// The chart of accounts; `None` means the one that the preset or the account's country suggests.
    pub chart: Option<Chart>,
    /// How the VAT of Amazon's fees is declared.
    pub vat_on_fees: VatOnFees,
    /// Percent of the reverse charge, in ten-thousandths.
    pub reverse_charge_rate: Option<Amount>,
    /// The company's name.
    pub company: Option<String>,
    /// SIE: the company's registration number.
    pub org_number: Option<String>,
    /// FEC: the nine digits that begin the file's name.
    pub siren: Option<String>,
    /// Where the fiscal year begins.
    pub fiscal_year_start: FiscalYearStart,
    /// The journal's code.
    pub journal_code: Option<String>,
    /// DATEV: number of the consultant.
    pub datev_consultant: Option<String>,
    /// DATEV: number of the client.
    pub datev_client: Option<String>,
    /// DATEV: digits of a general ledger account.
    pub datev_account_digits: Option<u8>,
    /// DATEV: digits to which the tax key is padded, 4 or 0.
    pub datev_key_width: Option<u8>,
    /// DATEV: tax key of fees under reverse charge.
    pub datev_reverse_charge_key: Option<String>,
    /// Xero: name of the tax rate, as in the organisation's settings.
    pub xero_tax_rate: Option<String>,
    /// QuickBooks: order of day and month.
    pub quickbooks_dates: Option<DateOrder>,
    /// The accounts that the config names.
    pub accounts: BTreeMap<Event, LedgerAccount>,
}

/// The longest name of a company or rate.
const NAME_CHARS_MAX: usize = 100;

pub(super) fn read_export(layers: &Layers<'_>) -> Result<ExportSettings, ConfigError> {
    let key = |name| known(Section::Export, name);
    let text = |name| layers.read(key(name), "", line);
    let digits = |name, counts: std::ops::RangeInclusive<usize>| {
        layers.read(key(name), "", |text| digits(text, counts).then(|| text.to_owned()))
    };
    let number = |name, allowed: &[u8]| {
        layers.read(key(name), "", |text| text.parse().ok().filter(|number| allowed.contains(number)))
    };
    Ok(ExportSettings {
        chart: layers.read(key("chart"), "", |text| text.parse().ok())?,
        vat_on_fees: layers.read(key("vat_on_fees"), "", |text| text.parse().ok())?.unwrap_or_default(),
        reverse_charge_rate: layers.read(key("reverse_charge_rate"), "", percent)?,
        company: text("company")?,
        org_number: text("org_number")?,
        siren: digits("siren", 9..=9)?,
        fiscal_year_start: layers.read(key("fiscal_year_start"), "", FiscalYearStart::parse)?.unwrap_or_default(),
        journal_code: layers.read(key("journal_code"), "", journal_code)?,
        datev_consultant: digits("datev_consultant", 4..=7)?,
        datev_client: digits("datev_client", 1..=5)?,
        datev_account_digits: number("datev_account_digits", &[4, 5, 6, 7, 8])?,
        datev_key_width: number("datev_key_width", &[0, 4])?,
        datev_reverse_charge_key: digits("datev_reverse_charge_key", 1..=4)?,
        xero_tax_rate: text("xero_tax_rate")?,
        quickbooks_dates: layers.read(key("quickbooks_dates"), "", |text| text.parse().ok())?,
        accounts: read_accounts_map(layers)?,
    })
}

fn read_accounts_map(layers: &Layers<'_>) -> Result<BTreeMap<Event, LedgerAccount>, ConfigError> {
    let mut accounts = BTreeMap::new();
    for event in Event::all() {
        let key = known(Section::AccountsMap, event.key());
        let account = layers.read(key, "", |text| LedgerAccount::parse(text, event))?;
        accounts.extend(account.map(|account| (event, account)));
    }
    Ok(accounts)
}

fn line(text: &str) -> Option<String> {
    let fits = !text.trim().is_empty() && !text.contains(char::is_control) && text.chars().count() <= NAME_CHARS_MAX;
    fits.then(|| text.trim().to_owned())
}

/// Letters and digits, few enough for every program that imports it.
fn journal_code(text: &str) -> Option<String> {
    let fits = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| text.to_owned())
}

fn digits(text: &str, counts: std::ops::RangeInclusive<usize>) -> bool {
    counts.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn percent(text: &str) -> Option<Amount> {
    const HUNDRED: i64 = 100 * Amount::UNITS_PER_ONE;
    parse_amount(text).filter(|rate| (1..=HUNDRED).contains(&rate.units()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn a_fiscal_year_begins_every_year_or_once() {
        let april = FiscalYearStart::parse("04-06").unwrap();
        assert_eq!(april.year_of(day("2026-04-05")), Some((day("2025-04-06"), day("2026-04-05"))));
        assert_eq!(april.year_of(day("2026-04-06")), Some((day("2026-04-06"), day("2027-04-05"))));
        let once = FiscalYearStart::parse("2026-01-01").unwrap();
        assert_eq!(once.year_of(day("2026-12-31")), Some((day("2026-01-01"), day("2026-12-31"))));
        assert_eq!(once.year_of(day("2027-01-01")), None);
        for text in ["", "1-1", "13-01", "02-29", "2026-02-30", "0101"] {
            assert_eq!(FiscalYearStart::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_rate_is_a_percentage_above_zero() {
        assert_eq!(percent("19"), Some(Amount::from_units(190_000)));
        for text in ["0", "-1", "100.01", "19%", "0.00001"] {
            assert_eq!(percent(text), None, "{text}");
        }
    }
}
