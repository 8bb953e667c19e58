//! Instants as shops export them: with an offset, or in a zone that the mapping names.

use chrono::format::{Parsed, StrftimeItems, parse};
use chrono::{LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::domain::{Instant, MILLIS_PER_SECOND, Zone};
use crate::parse::{TimestampFault, parse_timestamp};

/// Forms that mean one thing only; a slash does not, so a mapping has to say which it is.
const PLAIN_FORMS: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%b %d, %Y, %I:%M:%S %p",
];
/// What the message names.
pub(super) const PLAIN_EXPECTED: &str = "a form like 2026-09-01 13:45:00 or 2026-09-01T13:45:00+02:00";
/// Hours that are remembered: a list is in no order, and a month has 744 of them.
const HOURS_KEPT: usize = 1_024;

/// Reads the dates of one file.
#[derive(Clone, Debug)]
pub(super) struct DateReader {
    form: Option<String>,
    zone: Zone,
    /// Hours that were met, each where its number says; empty before the first.
    hours: Vec<KnownHour>,
}

/// An hour that starts and ends with the same offset: within it, only minutes change.
#[derive(Clone, Copy, Debug, Default)]
struct KnownHour {
    /// Years, months, days and hours in one; zero for none.
    number: u32,
    starts_millis: i64,
}

impl DateReader {
    /// With the form of the mapping, where it names one, and the zone of instants without an offset.
    pub(super) fn new(form: Option<String>, zone: Zone) -> Self {
        Self { form, zone, hours: Vec::new() }
    }

    /// One instant, or `None` where the cell is none.
    pub(super) fn read(&mut self, cell: &str) -> Option<Instant> {
        if let Some(form) = &self.form {
            return read_as(form, cell).and_then(|local| self.bind(local));
        }
        if let Some(instant) = self.in_known_hour(cell) {
            return Some(instant);
        }
        match parse_timestamp(cell.as_bytes()) {
            Ok(instant) => return Some(instant),
            Err(TimestampFault::OutOfRange) => return None,
            Err(_) => {}
        }
        let local = PLAIN_FORMS.iter().find_map(|form| read_as(form, cell))?;
        self.bind(local)
    }

    /// Local time to an instant: the earlier one where the clock shows it twice, the one an hour later where
    /// it never does.
    fn bind(&self, local: NaiveDateTime) -> Option<Instant> {
        match self.zone.tz().from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.fixed_offset().into()),
            LocalResult::None => {
                let later = local.checked_add_signed(chrono::TimeDelta::hours(1))?;
                self.zone.tz().from_local_datetime(&later).earliest().map(|at| at.fixed_offset().into())
            }
        }
    }

    /// The common form `YYYY-MM-DD HH:MM:SS`, in an hour that starts and ends with the same offset.
    fn in_known_hour(&mut self, cell: &str) -> Option<Instant> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2] = cell.as_bytes()
        else {
            return None;
        };
        let two = |tens: u8, ones: u8| {
            let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
            digits.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
        };
        let (year, month, day, hour) = (two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?, two(h1, h2)?);
        let (minute, second) = (two(n1, n2)?, two(s1, s2)?);
        // The 24th hour would have the number of the next day's first.
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let number = ((year * 100 + month) * 100 + day) * 24 + hour;
        let place = number as usize % HOURS_KEPT;
        let known = self.hours.get(place).filter(|known| known.number == number);
        let starts_millis = match known {
            Some(known) => known.starts_millis,
            None => {
                let starts_millis =
                    self.start_of_hour(NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?, hour)?;
                self.hours.resize(HOURS_KEPT, KnownHour::default());
                if let Some(place) = self.hours.get_mut(place) {
                    *place = KnownHour { number, starts_millis };
                }
                starts_millis
            }
        };
        Some(Instant::new(starts_millis + i64::from(minute * 60 + second) * MILLIS_PER_SECOND, 0))
    }

    /// When an hour starts, if it is there once and whole.
    fn start_of_hour(&self, day: NaiveDate, hour: u32) -> Option<i64> {
        let at = |minute: u32| match self.zone.tz().from_local_datetime(&day.and_hms_opt(hour, minute, 0)?) {
            LocalResult::Single(at) => Some(at.timestamp_millis()),
            _ => None,
        };
        let (first, last) = (at(0)?, at(59)?);
        (last - first == 59 * 60 * MILLIS_PER_SECOND).then_some(first)
    }
}

/// A date, or a date and a time, in a form of strftime; a date alone is its midnight.
fn read_as(form: &str, cell: &str) -> Option<NaiveDateTime> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, cell.trim(), StrftimeItems::new(form)).ok()?;
    let date: NaiveDate = parsed.to_naive_date().ok()?;
    let time = parsed.to_naive_time().unwrap_or(NaiveTime::MIN);
    Some(date.and_time(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(cell: &str, form: Option<&str>) -> Option<String> {
        let paris = "Europe/Paris".parse().unwrap();
        let mut reader = DateReader::new(form.map(str::to_owned), paris);
        reader.read(cell).map(|at| at.rfc3339_in(&chrono::Utc))
    }

    #[test]
    fn instants_with_and_without_an_offset_are_read() {
        for (cell, expected) in [
            ("2026-05-01 10:00:00 +0200", "2026-05-01T08:00:00+00:00"),
            ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00+00:00"),
            ("2026-05-01 10:00:00", "2026-05-01T08:00:00+00:00"),
            ("2026-12-01 10:00", "2026-12-01T09:00:00+00:00"),
            ("2026-05-01", "2026-04-30T22:00:00+00:00"),
            ("01.05.2026 10:00", "2026-05-01T08:00:00+00:00"),
            ("May 1, 2026, 10:00:00 PM", "2026-05-01T20:00:00+00:00"),
            // Shown twice, and never shown.
            ("2026-10-25 02:30:00", "2026-10-25T00:30:00+00:00"),
            ("2026-03-29 02:30:00", "2026-03-29T01:30:00+00:00"),
        ] {
            assert_eq!(utc(cell, None).as_deref(), Some(expected), "{cell}");
        }
        for cell in ["", "05/01/2026", "2026-02-30 10:00:00", "soon"] {
            assert_eq!(utc(cell, None), None, "{cell}");
        }
        assert_eq!(utc("05/01/2026 10:00:00", Some("%m/%d/%Y %H:%M:%S")).as_deref(), Some("2026-05-01T08:00:00+00:00"));
    }

    #[test]
    fn the_memory_of_an_hour_changes_nothing() {
        let mut reader = DateReader::new(None, "Europe/Paris".parse().unwrap());
        for hour in [
            "2026-10-25 01",
            "2026-10-25 02",
            "2026-10-25 03",
            "2026-03-29 02",
            "2026-07-01 23",
            // No hour, whatever is known of the one that follows.
            "2026-07-02 00",
            "2026-07-01 24",
            "2026-06-31 00",
            "2026-06-30 48",
        ] {
            for rest in [":00:00", ":30:59", ":59:59", ":60:00", ":3:000"] {
                let cell = format!("{hour}{rest}");
                let mut fresh = DateReader::new(None, "Europe/Paris".parse().unwrap());
                let (kept, anew) = (reader.read(&cell), fresh.read(&cell));
                assert_eq!(kept.map(Instant::utc_millis), anew.map(Instant::utc_millis), "{cell}");
            }
        }
    }
}
