//! The clock of a case: until when the merchant can respond, who says so, and how many days are left.
//!
//! Amazon's own `merchantResponseDeadline` comes first. Else the day on which the merchant was told plus the
//! configured days is an estimate, and is called one. A report row never gives a deadline: it carries no day of
//! notification (disputes §3). Days are those of the account's calendar, so a clock change moves no deadline.

use chrono::{Days, LocalResult, TimeZone};

use crate::config::DisputeSettings;
use crate::domain::{Country, Instant, RowKind, Zone};

/// Who says until when the merchant can respond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineBasis {
    /// Amazon, in a notification or an object of the Dispute API.
    Amazon,
    /// The day of the notification plus the configured days.
    Estimated,
}

impl DeadlineBasis {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DeadlineBasis::Amazon => "amazon",
            DeadlineBasis::Estimated => "estimated",
        }
    }
}

/// Until when the merchant can respond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The last instant.
    pub at: Instant,
    /// Who says so.
    pub basis: DeadlineBasis,
}

/// The present instant and the configured response windows.
#[derive(Clone, Debug)]
pub struct Clock<'a> {
    /// The present instant.
    pub now: Instant,
    /// The configured windows.
    pub settings: &'a DisputeSettings,
}

impl Clock<'_> {
    /// The estimate for a case of a kind, from the instant at which the merchant was told.
    #[must_use]
    pub fn estimate(&self, kind: RowKind, country: Option<Country>, zone: Zone, told: Instant) -> Option<Deadline> {
        let windows = match kind {
            RowKind::AToZClaim => &self.settings.a_to_z_window,
            _ => &self.settings.chargeback_window,
        };
        let at = after_days(zone, told, windows.days(country))?;
        Some(Deadline { at, basis: DeadlineBasis::Estimated })
    }

    /// Whether the deadline has not passed.
    #[must_use]
    pub fn is_ahead(&self, deadline: Deadline) -> bool {
        self.now.utc_millis() <= deadline.at.utc_millis()
    }

    /// Calendar days from today until the deadline; 0 on its day, negative after it.
    #[must_use]
    pub fn days_left(&self, zone: Zone, at: Instant) -> i64 {
        days_between(zone, self.now, at)
    }
}

/// Calendar days of a zone from one instant to another.
#[must_use]
pub fn days_between(zone: Zone, from: Instant, until: Instant) -> i64 {
    (zone.date_of(until) - zone.date_of(from)).num_days()
}

/// The same time of day, a number of calendar days later. A time that a clock change skips gives way to the
/// last instant before the gap, one that comes twice to the first: the earlier reading is the safe one.
#[must_use]
pub fn after_days(zone: Zone, at: Instant, days: u32) -> Option<Instant> {
    let local = at.utc().with_timezone(&zone.tz()).naive_local();
    let then = local.checked_add_days(Days::new(u64::from(days)))?;
    match zone.tz().from_local_datetime(&then) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc().into()),
        LocalResult::None => before_gap(zone, then),
    }
}

/// The last second that exists before a local time inside a gap. Gaps of more than a day do not end a
/// deadline: none has been since 2011, and none in a country of Amazon Pay.
fn before_gap(zone: Zone, then: chrono::NaiveDateTime) -> Option<Instant> {
    let utc = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0);
    let middle = then.and_utc().timestamp();
    let (mut before, mut after) = (middle - 172_800, middle + 172_800);
    while after - before > 1 {
        let probe = before + (after - before) / 2;
        if utc(probe)?.with_timezone(&zone.tz()).naive_local() < then {
            before = probe;
        } else {
            after = probe;
        }
    }
    utc(before).map(Instant::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse::parse_timestamp;

    fn at(text: &str) -> Instant {
        parse_timestamp(text.as_bytes()).unwrap()
    }

    fn deadline(zone: &str, told: &str, days: u32) -> String {
        let zone: Zone = zone.parse().unwrap();
        after_days(zone, at(told), days).unwrap().rfc3339_in(&zone.tz())
    }

    #[test]
    fn a_clock_change_moves_no_deadline() {
        let autumn = deadline("Europe/Paris", "2026-10-20T10:00:00+0200", 11);
        assert_eq!(autumn, "2026-10-31T10:00:00+01:00", "eleven days and an hour");
        let spring = deadline("Europe/Paris", "2026-03-20T10:00:00+0100", 11);
        assert_eq!(spring, "2026-03-31T10:00:00+02:00", "eleven days less an hour");
    }

    #[test]
    fn a_deadline_crosses_the_year_and_a_leap_day() {
        assert_eq!(deadline("Europe/Berlin", "2026-12-27T23:30:00+0100", 11), "2027-01-07T23:30:00+01:00");
        assert_eq!(deadline("Europe/Berlin", "2028-02-22T08:00:00+0100", 7), "2028-02-29T08:00:00+01:00");
    }

    #[test]
    fn a_time_that_is_skipped_or_comes_twice_gives_the_earlier_instant() {
        assert_eq!(deadline("Europe/Paris", "2026-03-18T02:30:00+0100", 11), "2026-03-29T01:59:59+01:00");
        assert_eq!(deadline("Europe/Paris", "2026-10-14T02:30:00+0200", 11), "2026-10-25T02:30:00+02:00");
    }

    #[test]
    fn days_are_counted_in_the_zone_of_the_account() {
        let (now, then) = (at("2026-10-30T23:30:00Z"), at("2026-10-31T10:00:00+0100"));
        assert_eq!(days_between(Zone::UTC, now, then), 1);
        assert_eq!(days_between("Europe/Paris".parse().unwrap(), now, then), 0);
        assert_eq!(days_between(Zone::UTC, at("2027-01-02T00:00:00Z"), at("2026-12-31T23:59:59Z")), -2);
    }

    proptest! {
        #[test]
        fn a_deadline_is_always_that_many_calendar_days_away(
            zone in 0..chrono_tz::TZ_VARIANTS.len(), hour in 175_000..700_000_i64, days in 0..60_u32,
        ) {
            let zone = Zone::from(chrono_tz::TZ_VARIANTS[zone]);
            let told = Instant::new(hour * 3_600_000, 0);
            let then = after_days(zone, told, days).unwrap();
            let between = days_between(zone, told, then);
            // Where a day begins inside a gap, the last instant before it is on the day before.
            prop_assert!(between == i64::from(days) || between == i64::from(days) - 1, "{between} for {days}");
            let drift = then.utc_millis() - told.utc_millis() - i64::from(days) * 86_400_000;
            prop_assert!(drift.abs() <= 26 * 3_600_000, "{drift}");
        }
    }
}
