//! The forms in which Amazon's services print and read instants.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

/// With a numeric offset.
const WITH_OFFSET: [&str; 1] = ["%Y-%m-%dT%H:%M:%S%.f%z"];
/// Without an offset, meaning UTC; a final `Z` has been taken off.
const ISO: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
/// The form of API v2, without its `Z`.
const COMPACT: &str = "%Y%m%dT%H%M%S";
/// The form of the documentation's example bodies, with hyphens in the time.
const HYPHENS: &str = "%Y-%m-%dT%H-%M-%S";

/// Reads what MWS takes: ISO 8601 with `Z`, millis, `+0000`, `+00:00` or nothing.
pub(super) fn read_iso(text: &str) -> Option<DateTime<Utc>> {
    if let Some(at) = WITH_OFFSET.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()) {
        return Some(at.to_utc());
    }
    let bare = text.strip_suffix('Z').unwrap_or(text);
    ISO.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok()).map(|at| at.and_utc())
}

/// Reads what API v2 takes in queries and bodies: `20261120T031207Z`, the documentation's hyphens, ISO 8601.
pub(super) fn read_any(text: &str) -> Option<DateTime<Utc>> {
    let bare = text.strip_suffix('Z')?;
    let other = [COMPACT, HYPHENS].iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok());
    other.map(|at| at.and_utc()).or_else(|| read_iso(text))
}

/// Reads the two forms of `x-amz-pay-date` that public SDKs send.
pub(super) fn read_pay_date(text: &str) -> Option<DateTime<Utc>> {
    let bare = text.strip_suffix('Z')?;
    let forms = [COMPACT, "%Y-%m-%dT%H:%M:%S"];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok()).map(|at| at.and_utc())
}

/// `2026-11-20T04:00:00+00:00`, the form of MWS bodies.
pub(super) fn offset(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// `2026-11-20T04:00:00.000Z`, the form of MWS headers and of disbursements.
pub(super) fn millis(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2026-11-20T04:00:00Z`, or with millis where there are any.
pub(super) fn plain(at: DateTime<Utc>) -> String {
    let format = if at.timestamp_subsec_millis() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    at.to_rfc3339_opts(format, true)
}

/// `20261120T040000Z`, the form of API v2.
pub(super) fn compact(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// `Fri, 20 Nov 2026 04:00:00 GMT`, the form of HTTP.
pub(super) fn http(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_seen_in_the_wild_is_the_same_instant() {
        let expected = read_iso("2026-11-23T22:15:30Z").unwrap();
        for text in
            ["2026-11-23T22:15:30", "2026-11-23T22:15:30+0000", "2026-11-23T23:15:30+01:00", "2026-11-23T22:15:30.000Z"]
        {
            assert_eq!(read_iso(text), Some(expected), "{text}");
        }
        for text in ["20261123T221530Z", "2026-11-23T22-15-30Z", "2026-11-23T22:15:30.000Z"] {
            assert_eq!(read_any(text), Some(expected), "{text}");
        }
        for text in ["20261123T221530Z", "2026-11-23T22:15:30Z"] {
            assert_eq!(read_pay_date(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in ["", "2026-11-23", "yesterday", "2026-13-01T00:00:00Z", "20261123T221530"] {
            assert_eq!(read_any(text), None, "{text}");
            assert_eq!(read_iso(text), None, "{text}");
        }
        assert_eq!(read_pay_date("2026-11-23T22:15:30.000Z"), None);
    }

    #[test]
    fn instants_print_in_the_forms_of_each_service() {
        let at = read_iso("2026-11-20T04:00:00Z").unwrap();
        assert_eq!(offset(at), "2026-11-20T04:00:00+00:00");
        assert_eq!(millis(at), "2026-11-20T04:00:00.000Z");
        assert_eq!(compact(at), "20261120T040000Z");
        assert_eq!(http(at), "Fri, 20 Nov 2026 04:00:00 GMT");
        assert_eq!(plain(at), "2026-11-20T04:00:00Z");
    }
}
