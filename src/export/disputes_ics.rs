//! Deadlines as a calendar file (RFC 5545): one event a case, with alarms before it.
//!
//! Times are in UTC, so that no zone has to be described; a calendar shows them in the reader's own. The UID of
//! an event is the case's id, so that a calendar that reads the file again moves the event instead of adding
//! one.

use chrono::{DateTime, Utc};

use crate::report::{CaseLine, DisputeDocument};

/// Octets of a line, without its end (RFC 5545 §3.1).
const LINE_OCTETS: usize = 75;
/// Before the deadline: five days, two days, and four hours, which is the day itself.
const ALARMS: [(&str, &str); 3] =
    [("-P5D", "5 days left to respond"), ("-P2D", "2 days left to respond"), ("-PT4H", "last hours to respond")];
/// What stands in front of every event. A calendar needs a component, and a day without cases has no event; so
/// the zone that all times are in is described.
const HEAD: [&str; 13] = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//settle//disputes//EN",
    "CALSCALE:GREGORIAN",
    "X-WR-CALNAME:Amazon Pay disputes",
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// The deadlines of the document's cases; a case without one is left out.
#[must_use]
pub fn disputes_ics(document: &DisputeDocument, now: DateTime<Utc>) -> String {
    let mut text = String::new();
    HEAD.iter().for_each(|line| fold(line, &mut text));
    for case in &document.cases {
        if let Some(at) = case.respond_by_ms.and_then(DateTime::from_timestamp_millis) {
            event(case, at, now).iter().for_each(|line| fold(line, &mut text));
        }
    }
    fold("END:VCALENDAR", &mut text);
    text
}

fn event(case: &CaseLine, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = vec![
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@{}.settle", escaped(&case.case_id), escaped(case.account.as_str())),
        format!("DTSTAMP:{}", stamp(now)),
        format!("DTSTART:{}", stamp(at)),
        format!("SUMMARY:{}", escaped(&summary(case))),
        format!("DESCRIPTION:{}", escaped(&description(case))),
        "TRANSP:TRANSPARENT".to_owned(),
        format!("CATEGORIES:{}", escaped(case.kind)),
    ];
    // What is decided needs no alarm.
    if matches!(case.status, "open" | "unknown") || case.status_basis == "reports" && case.status == "lost" {
        for (trigger, words) in ALARMS {
            lines.push("BEGIN:VALARM".to_owned());
            lines.push("ACTION:DISPLAY".to_owned());
            lines.push(format!("TRIGGER:{trigger}"));
            lines.push(format!("DESCRIPTION:{}", escaped(&format!("{words}: {}", summary(case)))));
            lines.push("END:VALARM".to_owned());
        }
    }
    lines.push("END:VEVENT".to_owned());
    lines
}

fn summary(case: &CaseLine) -> String {
    let kind = case.kind.replace('_', " ");
    let order = case.seller_order_id.as_ref().or(case.order_reference_id.as_ref()).unwrap_or(&case.case_id);
    let estimated = if case.respond_by_basis == Some("estimated") { " (estimated)" } else { "" };
    format!("Respond to {kind} on {order}{estimated}")
}

fn description(case: &CaseLine) -> String {
    let amount = case.claimed.or(case.disputed).zip(case.currency);
    let parts = [
        format!("Case {} of {}", case.case_id, case.account),
        amount.map_or_else(String::new, |(amount, currency)| format!("Amount {amount} {currency}")),
        case.reason.as_ref().map_or_else(String::new, |reason| format!("Reason {reason}")),
        format!("Status {} per {}", case.status, case.status_basis),
        format!(
            "Deadline {} ({})",
            case.respond_by.as_deref().unwrap_or_default(),
            case.respond_by_basis.unwrap_or_default()
        ),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Text as a value (RFC 5545 §3.3.11); control characters, which no value may hold, are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Adds a line, folded after at most 75 octets, never inside a character.
fn fold(line: &str, text: &mut String) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > LINE_OCTETS {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(c);
        used += c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_separates_values_is_escaped_and_control_characters_are_left_out() {
        assert_eq!(escaped("a;b,c\\d\ne\r\u{7}"), "a\\;b\\,c\\\\d\\ne");
    }

    proptest! {
        #[test]
        fn folded_lines_are_short_and_unfold_to_the_same(line in "[^\\p{Cc}]{0,300}") {
            let mut text = String::new();
            fold(&line, &mut text);
            for piece in text.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(piece.len() <= LINE_OCTETS, "{}", piece.len());
            }
            let unfolded = text.replace("\r\n ", "");
            prop_assert_eq!(unfolded.trim_end_matches("\r\n"), line);
        }
    }
}
