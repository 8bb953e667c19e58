//! A point in time that remembers the offset its source printed.

use std::fmt;

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds in a second.
pub const MILLIS_PER_SECOND: i64 = 1_000;

/// An instant with millisecond precision, and the offset with which the source printed it.
///
/// Order and equality are those of the instant first, the offset second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant {
    utc_millis: i64,
    offset_minutes: i16,
}

impl Instant {
    /// From milliseconds since 1970-01-01T00:00:00Z and the printed offset east of UTC in minutes.
    #[must_use]
    pub fn new(utc_millis: i64, offset_minutes: i16) -> Self {
        Self { utc_millis, offset_minutes }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn utc_millis(self) -> i64 {
        self.utc_millis
    }

    /// The printed offset, minutes east of UTC.
    #[must_use]
    pub fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// The instant in UTC.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.utc_millis).unwrap_or_default()
    }

    /// RFC 3339 with the offset of `zone` at this instant; fractions only where there are any.
    #[must_use]
    pub fn rfc3339_in<Z: TimeZone>(self, zone: &Z) -> String
    where
        Z::Offset: fmt::Display,
    {
        let format = if self.utc_millis % MILLIS_PER_SECOND == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        self.utc().with_timezone(zone).to_rfc3339_opts(format, false)
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self::new(at.timestamp_millis(), 0)
    }
}

impl From<DateTime<FixedOffset>> for Instant {
    fn from(at: DateTime<FixedOffset>) -> Self {
        let minutes = at.offset().local_minus_utc() / 60;
        Self::new(at.timestamp_millis(), i16::try_from(minutes).unwrap_or(0))
    }
}

/// RFC 3339 with the printed offset.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = FixedOffset::east_opt(i32::from(self.offset_minutes) * 60);
        f.write_str(&offset.map_or_else(|| self.rfc3339_in(&Utc), |offset| self.rfc3339_in(&offset)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_with_its_own_offset_and_in_another_zone() {
        let posted = Instant::new(1_443_723_034_000, -7 * 60);
        assert_eq!(posted.to_string(), "2015-10-01T11:10:34-07:00");
        assert_eq!(posted.rfc3339_in(&chrono_tz::Europe::Paris), "2015-10-01T20:10:34+02:00");
    }

    #[test]
    fn fractions_are_printed_only_where_there_are_any() {
        assert_eq!(Instant::new(1_443_723_034_250, 0).to_string(), "2015-10-01T18:10:34.250+00:00");
        assert_eq!(Instant::new(1_443_723_034_000, 0).to_string(), "2015-10-01T18:10:34+00:00");
    }

    #[test]
    fn an_instant_keeps_its_parts_and_comes_from_a_time_with_its_offset() {
        let at = Instant::new(1_443_723_034_000, -7 * 60);
        assert_eq!((at.utc_millis(), at.offset_minutes()), (1_443_723_034_000, -420));
        assert_eq!(at.utc().to_rfc3339(), "2015-10-01T18:10:34+00:00");
        let printed = DateTime::parse_from_rfc3339("2015-10-01T11:10:34-07:00").unwrap();
        assert_eq!(Instant::from(printed), at);
        assert_eq!(Instant::from(printed.to_utc()), Instant::new(1_443_723_034_000, 0));
        // An offset that no clock can have is shown as UTC.
        assert_eq!(Instant::new(0, i16::MAX).to_string(), "1970-01-01T00:00:00+00:00");
    }
}
