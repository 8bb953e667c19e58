//! `[tariff.NAME]`: what Amazon Pay charges in a country from a day on, from texts to types.
//!
//! Nothing is assumed: a fee that is not configured is not checked.

use chrono::NaiveDate;

use super::amount::parse_amount;
use super::choice::{RefundReturns, Rounding};
use super::error::ConfigError;
use super::keys::{Key, Section};
use super::layers::{Layers, known};
use crate::domain::{Amount, Country, Currency, parse_date};

/// Decimals of a percentage: `2.7` is 27,000 of them.
const RATE_DECIMALS: usize = 4;
/// The highest percentage that is no slip of the pen.
const PERCENT_MAX: u32 = 100;

/// A percentage, in ten-thousandths of one percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

impl Rate {
    /// Parts of one percent.
    pub const UNITS_PER_PERCENT: u32 = 10_000;

    /// In ten-thousandths of one percent.
    #[must_use]
    pub fn units(self) -> u32 {
        self.0
    }

    /// Reads `2.7`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > RATE_DECIMALS {
            return None;
        }
        let fraction: u32 = format!("{decimals:0<RATE_DECIMALS$}").parse().ok()?;
        let units = whole.parse::<u32>().ok()?.checked_mul(Self::UNITS_PER_PERCENT)?.checked_add(fraction)?;
        (units <= PERCENT_MAX * Self::UNITS_PER_PERCENT).then_some(Self(units))
    }
}

/// As it is written: `2.7`.
impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, fraction) = (self.0 / Self::UNITS_PER_PERCENT, self.0 % Self::UNITS_PER_PERCENT);
        let fraction = format!("{fraction:04}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            fraction => write!(f, "{whole}.{fraction}"),
        }
    }
}

/// What is charged in a country from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// Its name in the config.
    pub name: String,
    /// The country of the accounts to which it applies.
    pub country: Country,
    /// The currency of its amounts, and of the rows to which it applies.
    pub currency: Currency,
    /// The first day on which it applies; `None` from the beginning.
    pub from: Option<NaiveDate>,
    /// The domestic percentage of a charge.
    pub percentage: Option<Rate>,
    /// The percentages of a charge across borders.
    pub percentage_cross_border: Vec<Rate>,
    /// The fixed fee of a charge.
    pub fixed: Option<Amount>,
    /// The fee of an authorization that is not captured.
    pub authorization: Option<Amount>,
    /// The fee of a contested chargeback.
    pub chargeback: Option<Amount>,
    /// Which fees a refund gives back.
    pub refund_returns: Option<RefundReturns>,
    /// How a percentage fee is rounded.
    pub rounding: Rounding,
    /// The smallest fee that is charged.
    pub rounding_unit: Amount,
}

/// Reads every tariff, sorted by country, currency and first day.
pub(super) fn read_tariffs(layers: &Layers<'_>) -> Result<Vec<Tariff>, ConfigError> {
    let mut tariffs: Vec<Tariff> = Vec::new();
    for (_, name, place) in layers.named.iter().filter(|(section, ..)| *section == Section::Tariff) {
        let tariff = read_one(layers, name)?;
        let same = |other: &&Tariff| {
            (other.country, other.currency, other.from) == (tariff.country, tariff.currency, tariff.from)
        };
        if let Some(earlier) = tariffs.iter().find(same) {
            return Err(ConfigError::TariffTwice {
                place: place.clone(),
                name: name.clone(),
                earlier: earlier.name.clone(),
                country: tariff.country.code(),
            });
        }
        tariffs.push(tariff);
    }
    tariffs.sort_by_key(|tariff| (tariff.country.code(), tariff.currency, tariff.from));
    Ok(tariffs)
}

fn read_one(layers: &Layers<'_>, name: &str) -> Result<Tariff, ConfigError> {
    let missing = |wanted| {
        let header = layers.named.iter().find(|(section, other, _)| *section == Section::Tariff && other == name);
        ConfigError::Incomplete {
            place: header.map(|(.., place)| place.clone()).unwrap_or(super::origin::Origin::Default),
            header: Section::Tariff.header(name),
            key: wanted,
        }
    };
    let fee = |wanted| layers.read(key(wanted), name, |text| parse_amount(text).filter(|fee| *fee >= Amount::ZERO));
    let country = layers.read(key("country"), name, |text| text.parse::<Country>().ok())?;
    let country = country.ok_or_else(|| missing("country"))?;
    let currency = layers.read(key("currency"), name, |text| text.parse().ok())?.or(country.currency());
    let currency: Currency = currency.ok_or_else(|| missing("currency"))?;
    let unit = fee("rounding_unit")?.filter(|unit| *unit > Amount::ZERO);
    Ok(Tariff {
        name: name.to_owned(),
        country,
        currency,
        from: layers.read(key("from"), name, |text| parse_date(text).ok())?,
        percentage: layers.read(key("percentage"), name, Rate::parse)?,
        percentage_cross_border: layers.read_list(key("percentage_cross_border"), name, Rate::parse)?,
        fixed: fee("fixed")?,
        authorization: fee("authorization")?,
        chargeback: fee("chargeback")?,
        refund_returns: layers.read(key("refund_returns"), name, |text| text.parse().ok())?,
        rounding: layers.read(key("rounding"), name, |text| text.parse().ok())?.unwrap_or(Rounding::HalfUp),
        rounding_unit: unit.unwrap_or_else(|| smallest_unit(currency)),
    })
}

fn key(name: &str) -> &'static Key {
    known(Section::Tariff, name)
}

/// One cent, one yen.
fn smallest_unit(currency: Currency) -> Amount {
    let places = Amount::SCALE.saturating_sub(currency.minor_digits());
    Amount::from_units(10_i64.pow(places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_exactly_and_printed_as_it_was() {
        for (text, units) in [("2.7", 27_000), ("0.0001", 1), ("100", 1_000_000), ("4.25", 42_500)] {
            assert_eq!(Rate::parse(text).map(Rate::units), Some(units), "{text}");
            assert_eq!(Rate::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "-1", "2,7", "2.70000", "100.1", ".5", "5.", "2.7%", "999999999999"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_smallest_unit_follows_the_currency() {
        for (code, units) in [("EUR", 100), ("JPY", 10_000), ("KWD", 10)] {
            assert_eq!(smallest_unit(code.parse().unwrap()).units(), units);
        }
    }
}
