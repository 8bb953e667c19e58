//! Instants as shops export them: with an offset, or in a zone that the mapping names.

use std::collections::HashMap;

use chrono::format::{Parsed, StrftimeItems, parse};
use chrono::{LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::domain::{Instant, Zone};
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
/// `YYYY-MM-DD HH`: within an hour that starts and ends with the same offset, only minutes change.
const HOUR_BYTES: usize = 13;
/// Hours that are remembered: a list is in no order, and a year has 8,784 of them.
const HOURS_MAX: usize = 10_000;

/// Reads the dates of one file.
#[derive(Clone, Debug)]
pub(super) struct DateReader {
    form: Option<String>,
    zone: Zone,
    /// The first instants of hours that were met.
    hours: HashMap<[u8; HOUR_BYTES], i64>,
}

impl DateReader {
    /// With the form of the mapping, where it names one, and the zone of instants without an offset.
    pub(super) fn new(form: Option<String>, zone: Zone) -> Self {
        Self { form, zone, hours: HashMap::new() }
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
        let instant = self.bind(local)?;
        self.remember(cell, local);
        Some(instant)
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

    /// The common form `YYYY-MM-DD HH:MM:SS` in an hour that was met before.
    fn in_known_hour(&self, cell: &str) -> Option<Instant> {
        let (hour, rest) = cell.as_bytes().split_first_chunk::<HOUR_BYTES>()?;
        let &[b':', m1, m2, b':', s1, s2] = rest else { return None };
        let starts_millis = self.hours.get(hour)?;
        let two = |tens: u8, ones: u8| {
            let fits = (b'0'..=b'5').contains(&tens) && ones.is_ascii_digit();
            fits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        };
        let seconds = two(m1, m2)? * 60 + two(s1, s2)?;
        Some(Instant::new(starts_millis + seconds * crate::domain::MILLIS_PER_SECOND, 0))
    }

    fn remember(&mut self, cell: &str, local: NaiveDateTime) {
        let Some((hour, _)) = cell.as_bytes().split_first_chunk::<HOUR_BYTES>().filter(|(_, rest)| rest.len() == 6)
        else {
            return;
        };
        use chrono::Timelike;
        let at = |minute: u32| {
            let time = NaiveTime::from_hms_opt(local.hour(), minute, 0)?;
            match self.zone.tz().from_local_datetime(&local.date().and_time(time)) {
                LocalResult::Single(at) => Some(at.timestamp_millis()),
                _ => None,
            }
        };
        if let (Some(first), Some(last)) = (at(0), at(59))
            && last - first == 59 * 60 * crate::domain::MILLIS_PER_SECOND
            && self.hours.len() < HOURS_MAX
        {
            self.hours.insert(*hour, first);
        }
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
        for hour in ["2026-10-25 01", "2026-10-25 02", "2026-10-25 03", "2026-03-29 02", "2026-07-01 23"] {
            for rest in [":00:00", ":30:59", ":59:59", ":60:00", ":3:000"] {
                let cell = format!("{hour}{rest}");
                let mut fresh = DateReader::new(None, "Europe/Paris".parse().unwrap());
                let (kept, anew) = (reader.read(&cell), fresh.read(&cell));
                assert_eq!(kept.map(Instant::utc_millis), anew.map(Instant::utc_millis), "{cell}");
            }
        }
    }
}
