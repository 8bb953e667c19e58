//! Months and other half-open ranges of local days (contract §5).
//!
//! A day begins at its first instant in the zone: midnight, or, where a clock change skips midnight,
//! the first instant after it. So the months of a zone partition time: nothing falls between them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::instant::Instant;

/// A zone of the IANA time zone database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(Tz::UTC);

    /// The IANA name, e.g. `Europe/Paris`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The zone as chrono knows it.
    #[must_use]
    pub fn tz(self) -> Tz {
        self.0
    }

    /// The local date at an instant.
    #[must_use]
    pub fn date_of(self, at: Instant) -> NaiveDate {
        at.utc().with_timezone(&self.0).date_naive()
    }

    /// The first instant of a local day.
    ///
    /// # Errors
    /// [`PeriodError::OutOfRange`] beyond the years 1 to 9999, which RFC 3339 can express.
    pub fn first_instant(self, day: NaiveDate) -> Result<Instant, PeriodError> {
        if !(1..=9_999).contains(&day.year()) {
            return Err(PeriodError::OutOfRange);
        }
        let midnight = day.and_time(NaiveTime::MIN);
        match self.0.from_local_datetime(&midnight) {
            LocalResult::Single(at) => Ok(at.to_utc().into()),
            LocalResult::Ambiguous(earlier, _) => Ok(earlier.to_utc().into()),
            LocalResult::None => self.end_of_skipped_midnight(day).map(Instant::from),
        }
    }

    /// The instant at which a skipped local midnight is over, to the second, found by bisection:
    /// around a gap the local time only grows.
    fn end_of_skipped_midnight(self, day: NaiveDate) -> Result<DateTime<Utc>, PeriodError> {
        let guess = day.and_time(NaiveTime::MIN).and_utc();
        let mut before = (guess - TimeDelta::hours(36)).timestamp();
        let mut after = (guess + TimeDelta::hours(36)).timestamp();
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let at = DateTime::from_timestamp(middle, 0).ok_or(PeriodError::OutOfRange)?;
            if at.with_timezone(&self.0).date_naive() < day {
                before = middle;
            } else {
                after = middle;
            }
        }
        DateTime::from_timestamp(after, 0).ok_or(PeriodError::OutOfRange)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Tz> for Zone {
    fn from(zone: Tz) -> Self {
        Self(zone)
    }
}

impl FromStr for Zone {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        text.parse::<Tz>().map(Zone).map_err(|_| PeriodError::UnknownZone(text.to_owned()))
    }
}

/// Why a month, date or zone was not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not of the form `YYYY-MM`.
    #[error("`{0}` is not a month; expected YYYY-MM, for example 2026-09")]
    NotAMonth(String),
    /// Not of the form `YYYY-MM-DD`.
    #[error("`{0}` is not a date; expected YYYY-MM-DD, for example 2026-09-01")]
    NotADate(String),
    /// Not in the IANA database.
    #[error("`{0}` is not a time zone; expected an IANA name, for example Europe/Paris")]
    UnknownZone(String),
    /// The first day does not come before the last.
    #[error("the period from {from} until {until} is empty; the end is exclusive")]
    Empty {
        /// First day.
        from: NaiveDate,
        /// Day after the last.
        until: NaiveDate,
    },
    /// A year that the calendar cannot express.
    #[error("the date is out of range")]
    OutOfRange,
}

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// The month of an instant, in a zone.
    #[must_use]
    pub fn containing(at: Instant, zone: Zone) -> Self {
        Self::of(zone.date_of(at))
    }

    /// Its first day.
    ///
    /// # Errors
    /// [`PeriodError::OutOfRange`] beyond the calendar.
    pub fn first_day(self) -> Result<NaiveDate, PeriodError> {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).ok_or(PeriodError::OutOfRange)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }

    /// The month before it; none before January of the year 1.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        match (self.year, self.month) {
            (1, 1) => None,
            (year, 1) => Some(Self { year: year - 1, month: 12 }),
            (year, month) => Some(Self { year, month: month - 1 }),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = PeriodError;

    /// Reads exactly `YYYY-MM`.
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let fault = || PeriodError::NotAMonth(text.to_owned());
        let shape = text.len() == 7
            && text.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
        let (year, month) = text.split_once('-').filter(|_| shape).ok_or_else(fault)?;
        let year: i32 = year.parse().map_err(|_| fault())?;
        let month: u32 = month.parse().map_err(|_| fault())?;
        if year == 0 || !(1..=12).contains(&month) {
            return Err(fault());
        }
        Ok(Self { year, month })
    }
}

/// A half-open range of local days in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    month: Option<Month>,
    from: Instant,
    until: Instant,
    zone: Zone,
}

impl Period {
    /// `[first midnight of the month, first midnight of the next)` in the zone.
    ///
    /// # Errors
    /// [`PeriodError::OutOfRange`] beyond the calendar.
    pub fn of_month(month: Month, zone: Zone) -> Result<Self, PeriodError> {
        let from = zone.first_instant(month.first_day()?)?;
        let until = zone.first_instant(month.next().first_day()?)?;
        Ok(Self { month: Some(month), from, until, zone })
    }

    /// `[first midnight of from, first midnight of until)` in the zone.
    ///
    /// # Errors
    /// [`PeriodError::Empty`] unless `from` comes before `until`.
    pub fn of_days(from: NaiveDate, until: NaiveDate, zone: Zone) -> Result<Self, PeriodError> {
        if from >= until {
            return Err(PeriodError::Empty { from, until });
        }
        Ok(Self { month: None, from: zone.first_instant(from)?, until: zone.first_instant(until)?, zone })
    }

    /// Any range of instants, shown in the zone.
    #[must_use]
    pub fn of_instants(from: Instant, until: Instant, zone: Zone) -> Self {
        Self { month: None, from, until, zone }
    }

    /// The month, where the period is one.
    #[must_use]
    pub fn month(&self) -> Option<Month> {
        self.month
    }

    /// First instant, inclusive.
    #[must_use]
    pub fn from(&self) -> Instant {
        self.from
    }

    /// Last instant, exclusive.
    #[must_use]
    pub fn until(&self) -> Instant {
        self.until
    }

    /// The zone whose midnights bound it.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Whether the instant lies in the period.
    #[must_use]
    pub fn contains(&self, at: Instant) -> bool {
        self.from.utc_millis() <= at.utc_millis() && at.utc_millis() < self.until.utc_millis()
    }
}

/// Reads exactly `YYYY-MM-DD`.
///
/// # Errors
/// [`PeriodError::NotADate`] for any other text.
pub fn parse_date(text: &str) -> Result<NaiveDate, PeriodError> {
    let fault = || PeriodError::NotADate(text.to_owned());
    if text.len() != 10 {
        return Err(fault());
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| fault())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(month: &str, zone: &str) -> Period {
        Period::of_month(month.parse().unwrap(), zone.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_month_runs_from_local_midnight_to_local_midnight() {
        let september = period("2026-09", "Europe/Paris");
        assert_eq!(september.from().rfc3339_in(&september.zone().tz()), "2026-09-01T00:00:00+02:00");
        assert_eq!(september.until().rfc3339_in(&september.zone().tz()), "2026-10-01T00:00:00+02:00");
    }

    #[test]
    fn months_with_a_clock_change_have_an_hour_more_or_less() {
        let hours = |p: Period| (p.until().utc_millis() - p.from().utc_millis()) / 3_600_000;
        assert_eq!(hours(period("2026-03", "Europe/Paris")), 31 * 24 - 1);
        assert_eq!(hours(period("2026-10", "Europe/Paris")), 31 * 24 + 1);
        assert_eq!(hours(period("2026-10", "UTC")), 31 * 24);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_after_the_gap() {
        // Cairo moved 2023-04-28T00:00 to 01:00, Sao Paulo 2018-11-04T00:00 to 01:00.
        for (zone, day, first) in [
            ("Africa/Cairo", "2023-04-28", "2023-04-28T01:00:00+03:00"),
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            let at = zone.first_instant(parse_date(day).unwrap()).unwrap();
            assert_eq!(at.rfc3339_in(&zone.tz()), first);
        }
    }

    #[test]
    fn a_day_whose_midnight_comes_twice_begins_at_the_first() {
        // Havana went from 2026-11-01T01:00 back to 00:00.
        let havana: Zone = "America/Havana".parse().unwrap();
        let at = havana.first_instant(parse_date("2026-11-01").unwrap()).unwrap();
        assert_eq!(at.rfc3339_in(&havana.tz()), "2026-11-01T00:00:00-04:00");
    }

    #[test]
    fn only_the_exact_form_is_a_month_or_a_date() {
        for text in ["2026-9", "2026-13", "2026-00", "26-09", "2026/09", "2026-09-01", "+026-09", "0000-01", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
        for text in ["2026-02-29", "2026-9-1", "01.09.2026", ""] {
            assert!(parse_date(text).is_err(), "{text}");
        }
        assert_eq!("2026-12".parse::<Month>().unwrap().next().to_string(), "2027-01");
        assert_eq!("2026-01".parse::<Month>().unwrap().previous().unwrap().to_string(), "2025-12");
        assert_eq!("0001-01".parse::<Month>().unwrap().previous(), None);
    }

    #[test]
    fn an_empty_range_is_refused() {
        let day = parse_date("2026-09-01").unwrap();
        assert!(matches!(Period::of_days(day, day, Zone::UTC), Err(PeriodError::Empty { .. })));
    }

    #[test]
    fn a_zone_says_its_name_and_the_local_date() {
        let paris: Zone = "Europe/Paris".parse().unwrap();
        assert_eq!((paris.name(), paris.to_string()), ("Europe/Paris", "Europe/Paris".to_owned()));
        assert_eq!(paris.tz(), Tz::Europe__Paris);
        assert_eq!("Paris".parse::<Zone>(), Err(PeriodError::UnknownZone("Paris".to_owned())));
        // 2026-09-30T22:30:00Z is half past midnight of 1 October in Paris.
        let night = Instant::new(1_790_807_400_000, 0);
        assert_eq!(paris.date_of(night), parse_date("2026-10-01").unwrap());
        assert_eq!(Month::containing(night, paris).to_string(), "2026-10");
        assert_eq!(Month::containing(night, Zone::UTC).to_string(), "2026-09");
        assert_eq!(Month::of(parse_date("2026-02-28").unwrap()).to_string(), "2026-02");
    }

    #[test]
    fn a_day_begins_only_in_years_that_rfc_3339_can_write() {
        for (year, fits) in [(0, false), (1, true), (9_999, true), (10_000, false)] {
            let day = NaiveDate::from_ymd_opt(year, 6, 1).unwrap();
            assert_eq!(Zone::UTC.first_instant(day).is_ok(), fits, "{year}");
        }
    }

    #[test]
    fn months_count_on_and_back() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        assert_eq!((month("2026-05").next(), month("2026-05").previous()), (month("2026-06"), Some(month("2026-04"))));
        assert_eq!((month("2026-12").next(), month("2027-01").previous()), (month("2027-01"), Some(month("2026-12"))));
        assert_eq!(month("0001-02").previous(), Some(month("0001-01")));
        assert_eq!(month("0002-01").previous(), Some(month("0001-12")));
        assert_eq!(month("2026-11").first_day().unwrap(), parse_date("2026-11-01").unwrap());
    }

    #[test]
    fn a_range_of_days_is_half_open() {
        let (from, until) = (parse_date("2026-09-01").unwrap(), parse_date("2026-09-03").unwrap());
        let days = Period::of_days(from, until, Zone::UTC).unwrap();
        let first = days.from().utc_millis();
        assert_eq!((days.month(), days.until().utc_millis() - first), (None, 2 * 86_400_000));
        for (offset, inside) in [(-1, false), (0, true), (2 * 86_400_000 - 1, true), (2 * 86_400_000, false)] {
            assert_eq!(days.contains(Instant::new(first + offset, 0)), inside, "{offset}");
        }
        assert_eq!(period("2026-09", "UTC").month(), Some("2026-09".parse().unwrap()));
        let paris: Zone = "Europe/Paris".parse().unwrap();
        let shown = Period::of_instants(days.from(), days.until(), paris);
        assert_eq!(
            (shown.month(), shown.from(), shown.until(), shown.zone()),
            (None, days.from(), days.until(), paris)
        );
        assert!(matches!(Period::of_days(until, from, Zone::UTC), Err(PeriodError::Empty { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn nothing_falls_between_months_in_any_zone(
            zone in 0..chrono_tz::TZ_VARIANTS.len(), year in 1990..2040_i32, month in 1..=12_u32, at in 0..u64::MAX,
        ) {
            let zone = Zone::from(chrono_tz::TZ_VARIANTS[zone]);
            let this = Period::of_month(Month { year, month }, zone).unwrap();
            let next = Period::of_month(Month { year, month }.next(), zone).unwrap();
            prop_assert_eq!(this.until(), next.from());
            prop_assert!(this.from() < this.until());
            let length = (this.until().utc_millis() - this.from().utc_millis()) as u64;
            let inside = Instant::new(this.from().utc_millis() + (at % length) as i64, 0);
            prop_assert!(this.contains(inside));
            prop_assert!(!next.contains(inside));
        }
    }
}
