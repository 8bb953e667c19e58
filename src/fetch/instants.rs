//! The forms in which Amazon writes instants, and the one in which this program writes them.
//!
//! `20221118T150630Z` (every client's form), `2022-08-04T00-00-00Z` (the guides' examples), RFC 3339 with
//! fractions or an offset, and the date of HTTP headers.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::domain::Instant;

/// Forms without an offset, which mean UTC.
const UTC_FORMS: [&str; 4] = ["%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H-%M-%SZ", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ"];
/// Forms with an offset that RFC 3339 does not have.
const OFFSET_FORMS: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y%m%dT%H%M%S%z"];

/// Reads an instant in any of the forms; `None` for anything else.
#[must_use]
pub(super) fn read_instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.into());
    }
    let utc = UTC_FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    if let Some(at) = utc {
        return Some(at.and_utc().into());
    }
    let offset = OFFSET_FORMS.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    offset.or_else(|| DateTime::parse_from_rfc2822(text).ok()).map(Instant::from)
}

/// `20261123T221530Z`.
#[must_use]
pub(super) fn compact(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// `2026-11-23T22:15:30Z`.
#[must_use]
pub(super) fn extended(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_was_seen_is_read() {
        for (text, expected) in [
            ("20221118T150630Z", "2022-11-18T15:06:30+00:00"),
            ("2022-08-04T00-00-00Z", "2022-08-04T00:00:00+00:00"),
            ("2022-12-07T17:08:26.717Z", "2022-12-07T17:08:26.717+00:00"),
            ("2026-11-20T04:00:00+00:00", "2026-11-20T04:00:00+00:00"),
            ("2026-11-23T22:15:30+0100", "2026-11-23T22:15:30+01:00"),
            ("2026-11-23T22:15:30", "2026-11-23T22:15:30+00:00"),
            ("Wed, 06 Mar 2013 19:07:58 GMT", "2013-03-06T19:07:58+00:00"),
        ] {
            assert_eq!(read_instant(text).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "20261301T000000Z"] {
            assert_eq!(read_instant(text), None, "{text}");
        }
        let at = "2026-11-23T22:15:30.9Z".parse().unwrap();
        assert_eq!((compact(at), extended(at)), ("20261123T221530Z".to_owned(), "2026-11-23T22:15:30Z".to_owned()));
    }
}
