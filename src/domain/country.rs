//! Countries of merchants: their zone and currency, in one table.
//!
//! The eleven rows are Amazon Pay's European sign-up. Any other ISO 3166 country is accepted by
//! configuration; its zone must then be configured, because many countries have several.

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use iso_currency::Country as IsoCountry;

use super::money::Currency;

/// An ISO 3166-1 country, by its two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(IsoCountry);

/// The text is not a country code of ISO 3166-1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a two-letter country code of ISO 3166")]
pub struct UnknownCountry(String);

/// Code, zone and default currency of the countries in which a merchant can sign up for Amazon Pay
/// in Europe.
pub const AMAZON_PAY_EUROPE: [(&str, Tz, &str); 11] = [
    ("GB", Tz::Europe__London, "GBP"),
    ("DE", Tz::Europe__Berlin, "EUR"),
    ("FR", Tz::Europe__Paris, "EUR"),
    ("IT", Tz::Europe__Rome, "EUR"),
    ("ES", Tz::Europe__Madrid, "EUR"),
    ("LU", Tz::Europe__Luxembourg, "EUR"),
    ("NL", Tz::Europe__Amsterdam, "EUR"),
    ("SE", Tz::Europe__Stockholm, "SEK"),
    ("PT", Tz::Europe__Lisbon, "EUR"),
    ("HU", Tz::Europe__Budapest, "HUF"),
    ("DK", Tz::Europe__Copenhagen, "DKK"),
];

impl Country {
    /// The two-letter code, upper case.
    #[must_use]
    pub fn code(self) -> String {
        self.0.to_string()
    }

    /// The country's one zone, where the table has one.
    #[must_use]
    pub fn zone(self) -> Option<Tz> {
        self.row().map(|&(_, zone, _)| zone)
    }

    /// The currency in which Amazon Pay settles there by default; elsewhere the country's own.
    #[must_use]
    pub fn currency(self) -> Option<Currency> {
        match self.row() {
            Some(&(_, _, code)) => code.parse().ok(),
            None => iso_currency::Currency::from_country(self.0).first().copied().map(Currency::from),
        }
    }

    fn row(self) -> Option<&'static (&'static str, Tz, &'static str)> {
        let code = self.code();
        AMAZON_PAY_EUROPE.iter().find(|(known, _, _)| *known == code)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;

    /// Reads two letters of either case; `UK` is taken for `GB`, as merchants write it.
    fn from_str(text: &str) -> Result<Self, UnknownCountry> {
        let code = match text.to_ascii_uppercase() {
            uk if uk == "UK" => "GB".to_owned(),
            other => other,
        };
        IsoCountry::from_str(&code).map(Country).map_err(|_| UnknownCountry(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_the_eleven_countries_with_zone_and_currency() {
        let codes: Vec<&str> = AMAZON_PAY_EUROPE.iter().map(|row| row.0).collect();
        assert_eq!(codes, ["GB", "DE", "FR", "IT", "ES", "LU", "NL", "SE", "PT", "HU", "DK"]);
        for (code, zone, currency) in AMAZON_PAY_EUROPE {
            let country: Country = code.parse().unwrap();
            assert_eq!(country.code(), code);
            assert_eq!(country.zone(), Some(zone));
            assert_eq!(country.currency().unwrap().code(), currency);
        }
    }

    #[test]
    fn another_iso_country_is_accepted_without_a_zone() {
        let japan: Country = "jp".parse().unwrap();
        assert_eq!(japan.zone(), None);
        assert_eq!(japan.currency().unwrap().code(), "JPY");
        assert_eq!("UK".parse::<Country>().unwrap().code(), "GB");
        assert!("XX".parse::<Country>().is_err());
        assert!("France".parse::<Country>().is_err());
    }
}
