//! `[disputes]`: how long a merchant has to respond where Amazon does not say, and whose signature counts.
//!
//! Amazon's pages contradict each other (disputes §3), so the defaults are the strictest reading and every
//! country can have its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::duration::parse_duration;
use super::error::ConfigError;
use super::file::Raw;
use super::keys::{Key, Section};
use super::layers::{Layers, Setting, known};
use crate::domain::Country;

/// Days of a chargeback's window: "11 calendar days from the e-mail date" (disputes §3, D10 and D11).
const CHARGEBACK_DAYS: u32 = 11;
/// Days of an A-to-z claim's window: 7 calendar days, the strictest of three readings (disputes §3, D5).
const A_TO_Z_DAYS: u32 = 7;
/// Longest window that is no slip of the pen.
const DAYS_MAX: i64 = 366;

/// The response window of one kind of case, in calendar days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseWindow {
    default: u32,
    by_country: BTreeMap<String, u32>,
}

impl ResponseWindow {
    /// The same number of days everywhere.
    #[must_use]
    pub fn everywhere(days: u32) -> Self {
        Self { default: days, by_country: BTreeMap::new() }
    }

    /// The days in a country; where none is configured for it, or no country is known, the default.
    #[must_use]
    pub fn days(&self, country: Option<Country>) -> u32 {
        let own = country.and_then(|country| self.by_country.get(&country.code()));
        own.copied().unwrap_or(self.default)
    }
}

/// `[disputes]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeSettings {
    /// From the notification of a chargeback.
    pub chargeback_window: ResponseWindow,
    /// From the notification of an A-to-z claim.
    pub a_to_z_window: ResponseWindow,
    /// The certificate with which notifications are signed, PEM; without it signatures are not checked.
    pub signing_certificate: Option<PathBuf>,
}

impl Default for DisputeSettings {
    fn default() -> Self {
        Self {
            chargeback_window: ResponseWindow::everywhere(CHARGEBACK_DAYS),
            a_to_z_window: ResponseWindow::everywhere(A_TO_Z_DAYS),
            signing_certificate: None,
        }
    }
}

pub(super) fn read_disputes(layers: &Layers<'_>) -> Result<DisputeSettings, ConfigError> {
    let key = |name| known(Section::Disputes, name);
    Ok(DisputeSettings {
        chargeback_window: read_window(layers, key("chargeback_window"), CHARGEBACK_DAYS)?,
        a_to_z_window: read_window(layers, key("a_to_z_window"), A_TO_Z_DAYS)?,
        signing_certificate: layers.read_path(key("signing_certificate"), "")?,
    })
}

/// A text holds for every country; a table names countries, and the default holds for the others.
fn read_window(layers: &Layers<'_>, key: &'static Key, default: u32) -> Result<ResponseWindow, ConfigError> {
    let Some(Setting { raw, origin }) = layers.get(key, "") else { return Ok(ResponseWindow::everywhere(default)) };
    let refused = |value: &str| ConfigError::Value {
        place: origin.clone(),
        setting: key.path(""),
        value: format!("`{}`", value.escape_debug()),
        kind: key.kind,
    };
    match raw {
        Raw::Text(text) => days(text).map(ResponseWindow::everywhere).ok_or_else(|| refused(text)),
        Raw::Table(windows) => {
            let mut window = ResponseWindow::everywhere(default);
            for (code, text) in windows {
                let country: Country = code.parse().map_err(|_| refused(code))?;
                window.by_country.insert(country.code(), days(text).ok_or_else(|| refused(text))?);
            }
            Ok(window)
        }
        Raw::List(_) => Err(refused("a list")),
    }
}

/// Whole days only: a window is counted on the calendar, not on the clock.
fn days(text: &str) -> Option<u32> {
    let length = parse_duration(text).ok()?;
    let days = length.num_days();
    let whole = chrono::TimeDelta::days(days) == length && (1..=DAYS_MAX).contains(&days);
    if whole { u32::try_from(days).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_whole_number_of_days() {
        assert_eq!((days("11d"), days("1w"), days("48h")), (Some(11), Some(7), Some(2)));
        for text in ["", "11", "0d", "36h", "-1d", "367d"] {
            assert_eq!(days(text), None, "{text}");
        }
    }

    #[test]
    fn a_country_without_its_own_window_has_the_default() {
        let mut window = ResponseWindow::everywhere(11);
        window.by_country.insert("GB".to_owned(), 20);
        assert_eq!(window.days("UK".parse().ok()), 20);
        assert_eq!((window.days("FR".parse().ok()), window.days(None)), (11, 11));
    }
}
