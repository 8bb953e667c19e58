//! A cron expression in a zone: which instants it means.
//!
//! Measured of croner 4.0.3 on zoned times: it makes up a skipped time only where minute and hour are single
//! numbers (`30 2,14 * * *` loses a run in spring), gives up on a skipped day (Apia, 2011), and drops a
//! time that is skipped across midnight. So croner answers here what the calendar says, in local time
//! without a zone, and this file alone turns local times into instants:
//! a time that is skipped in spring is the first instant after the hole; a time that occurs twice in autumn
//! is its first occurrence. Only expressions that go around the clock (`*` in the hour) are left to
//! croner in zoned time: they mean intervals, which neither repeat nor are made up.

use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use croner::Cron;

use super::error::ScheduleError;
use crate::archive::hash;
use crate::domain::Zone;

/// How far a local time can lie after one that follows it: the longest repeated span since 1970 is of two
/// hours (Troll), with one to spare.
const REPEATED_MAX: TimeDelta = TimeDelta::hours(3);
/// Local times looked at in one search: every minute of a skipped day and of a repeated span, and some.
const STEPS_MAX: usize = 2_000;
/// How far a local time read as UTC can lie from the instant that it means: offsets end at 14 hours, and
/// a skipped day adds one.
const OFFSET_MAX: TimeDelta = TimeDelta::hours(40);

/// The five fields: their names and what may stand in them.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "within 0-59, `*`, a list, a range or a step"),
    ("hour", "within 0-23, `*`, a list, a range or a step"),
    ("day of the month", "within 1-31, `*`, `L`, a list, a range or a step"),
    ("month", "within 1-12 or JAN-DEC, `*`, a list, a range or a step"),
    ("weekday", "within 0-7 or SUN-SAT, `*`, a list, a range or a step"),
];

/// When the nightly job runs.
#[derive(Clone, Debug)]
pub struct Timetable {
    expression: String,
    cron: Cron,
    zone: Zone,
    jitter: TimeDelta,
    around_the_clock: bool,
}

impl Timetable {
    /// The timetable of an expression of five fields in a zone, every run later by `jitter`.
    ///
    /// # Errors
    /// [`ScheduleError`] for what is no cron expression, and for one that never comes.
    pub fn new(expression: &str, zone: Zone, jitter: TimeDelta) -> Result<Self, ScheduleError> {
        check_fields(expression)?;
        let cron = Cron::from_str(expression)
            .map_err(|why| ScheduleError::Expression { expression: expression.to_owned(), reason: why.to_string() })?;
        let hour = expression.split_whitespace().nth(1).unwrap_or_default();
        let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
        let around_the_clock = hour.starts_with('*');
        let timetable = Self { expression, cron, zone, jitter, around_the_clock };
        match timetable.cron.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH.naive_utc(), true) {
            Ok(_) => Ok(timetable),
            Err(_) => Err(ScheduleError::Never { expression: timetable.expression }),
        }
    }

    /// The expression, its fields apart by one blank.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone in which it is meant.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// By how much every run is later.
    #[must_use]
    pub fn jitter(&self) -> TimeDelta {
        self.jitter
    }

    pub(super) fn cron(&self) -> &Cron {
        &self.cron
    }

    /// The latest occurrence at or before an instant, without the jitter. `None` where the calendar ends.
    #[must_use]
    pub fn latest(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = whole_second(at);
        let local = at.with_timezone(&self.zone.tz());
        if self.around_the_clock {
            return Some(self.cron.find_previous_occurrence(&local, true).ok()?.to_utc());
        }
        let mut civil = local.naive_local().checked_add_signed(REPEATED_MAX)?;
        let mut inclusive = true;
        for _ in 0..STEPS_MAX {
            civil = self.cron.find_previous_occurrence(&civil, inclusive).ok()?;
            inclusive = false;
            if let Some(instant) = self.instant(civil).filter(|instant| *instant <= at) {
                return Some(instant);
            }
        }
        None
    }

    /// The first occurrence after an instant, without the jitter. `None` where the calendar ends.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = whole_second(after);
        let local = after.with_timezone(&self.zone.tz());
        if self.around_the_clock {
            return Some(self.cron.find_next_occurrence(&local, false).ok()?.to_utc());
        }
        let mut civil = local.naive_local();
        for _ in 0..STEPS_MAX {
            civil = self.cron.find_next_occurrence(&civil, false).ok()?;
            if let Some(instant) = self.instant(civil).filter(|instant| *instant > after) {
                return Some(instant);
            }
        }
        None
    }

    /// The instant that a local time means. `None` for one on a day that the zone skips, where the day
    /// after it has a run of its own.
    fn instant(&self, civil: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.zone.tz().from_local_datetime(&civil) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => {
                let end = self.end_of_hole(civil)?;
                let before = self.date_at(end - TimeDelta::seconds(1));
                let day_skipped = before < civil.date() && civil.date() < self.date_at(end);
                (!day_skipped || !self.has_run_on(self.date_at(end))).then_some(end)
            }
        }
    }

    /// The first instant after the hole in which a local time lies, found by bisection: around a hole the
    /// local time only grows.
    fn end_of_hole(&self, civil: NaiveDateTime) -> Option<DateTime<Utc>> {
        let (mut before, mut after) = (civil.and_utc() - OFFSET_MAX, civil.and_utc() + OFFSET_MAX);
        while after - before > TimeDelta::seconds(1) {
            let middle = whole_second(before + (after - before) / 2);
            if middle.with_timezone(&self.zone.tz()).naive_local() < civil {
                before = middle;
            } else {
                after = middle;
            }
        }
        Some(after)
    }

    fn date_at(&self, at: DateTime<Utc>) -> NaiveDate {
        self.zone.date_of(at.into())
    }

    fn has_run_on(&self, day: NaiveDate) -> bool {
        let first = self.cron.find_next_occurrence(&day.and_time(NaiveTime::MIN), true);
        first.is_ok_and(|first| first.date() == day)
    }
}

/// Cron knows minutes; what lies below a second only gets in the way of comparing.
fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_nanosecond(0).unwrap_or(at)
}

/// Finds the field that is wrong, which croner does not say.
fn check_fields(expression: &str) -> Result<(), ScheduleError> {
    let texts: Vec<&str> = expression.split_whitespace().collect();
    if texts.len() != FIELDS.len() {
        let reason = format!("it has {} fields instead of five", texts.len());
        return Err(ScheduleError::Expression { expression: expression.to_owned(), reason });
    }
    for (at, (text, (field, expected))) in texts.iter().zip(FIELDS).enumerate() {
        let alone: Vec<&str> = (0..FIELDS.len()).map(|other| if other == at { text } else { "*" }).collect();
        if Cron::from_str(&alone.join(" ")).is_err() {
            let (expression, text) = (expression.to_owned(), (*text).to_owned());
            return Err(ScheduleError::Field { expression, field, text, expected });
        }
    }
    Ok(())
}

/// A span within `[0, most]` that follows from a text alone, to the second: the same on every machine and
/// for ever, so that the merchants of this program do not all ask Amazon at the same instant.
#[must_use]
pub fn stable_jitter(text: &str, most: TimeDelta) -> TimeDelta {
    // The first 60 bits of SHA-256: as good as any, and there already.
    let digits = hash(text.as_bytes()).ok().and_then(|(id, _)| id.as_str().get(..15).map(str::to_owned));
    let number = digits.and_then(|digits| i64::from_str_radix(&digits, 16).ok()).unwrap_or(0);
    TimeDelta::seconds(number % (most.num_seconds().max(0) + 1))
}
