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

/// Occurrences looked at to tell how close together they are: a minute for each of a busy hour, months of
/// nights.
const CLOSEST_OF: usize = 100;
/// A run begins this much late at the most: it is looked for once a minute.
const TICK: TimeDelta = TimeDelta::minutes(1);

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
    closest: TimeDelta,
    around_the_clock: bool,
}

impl Timetable {
    /// The timetable of an expression of five fields in a zone, every run later by `jitter`; by less where
    /// occurrences are so close together that one run would begin in the time of the next.
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
        let Some(closest) = closest(&cron) else { return Err(ScheduleError::Never { expression }) };
        let jitter = jitter.min((closest - TICK) / 2).max(TimeDelta::zero());
        Ok(Self { expression, cron, zone, jitter, closest, around_the_clock })
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

    /// How far apart the two closest occurrences are, clock changes aside.
    #[must_use]
    pub fn closest(&self) -> TimeDelta {
        self.closest
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

/// The shortest span between two occurrences. `None` where none ever comes.
fn closest(cron: &Cron) -> Option<TimeDelta> {
    let next = |civil: &NaiveDateTime| cron.find_next_occurrence(civil, false).ok();
    let first = next(&DateTime::<Utc>::UNIX_EPOCH.naive_utc())?;
    let occurrences = || std::iter::successors(Some(first), next).take(CLOSEST_OF);
    occurrences().skip(1).zip(occurrences()).map(|(later, earlier)| later - earlier).min()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn timetable(expression: &str, zone: &str) -> Timetable {
        Timetable::new(expression, zone.parse().unwrap(), TimeDelta::zero()).unwrap()
    }

    /// The occurrences after an instant, as local times with their offsets.
    fn next(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let timetable = timetable(expression, zone);
        let first = timetable.next(after.parse().unwrap());
        let all: Vec<DateTime<Utc>> = std::iter::successors(first, |at| timetable.next(*at)).take(count).collect();
        for at in &all {
            assert_eq!(timetable.latest(*at), Some(*at), "{expression} {zone}: looking back finds the same");
            let before = timetable.latest(*at - TimeDelta::seconds(1)).unwrap();
            assert!(before < *at && timetable.next(before) == Some(*at), "{expression} {zone}: {before} {at}");
        }
        all.iter().map(|at| at.with_timezone(&timetable.zone.tz()).format("%d %H:%M %z").to_string()).collect()
    }

    #[test]
    fn a_time_that_is_skipped_in_spring_is_the_first_instant_after_the_hole() {
        let paris = |expression| next(expression, "Europe/Paris", "2026-03-28T12:00:00Z", 2);
        assert_eq!(paris("30 2 * * *"), ["29 03:00 +0200", "30 02:30 +0200"]);
        assert_eq!(paris("30 2,14 * * *"), ["28 14:30 +0100", "29 03:00 +0200"]);
        assert_eq!(
            next("10,40 2 * * *", "Europe/Paris", "2026-03-29T00:00:00Z", 2),
            ["29 03:00 +0200", "30 02:10 +0200"]
        );
        assert_eq!(
            next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2),
            ["04 02:30 +1100", "05 02:15 +1100"]
        );
        assert_eq!(
            next("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2),
            ["04 01:00 -0200", "05 00:00 -0200"]
        );
        assert_eq!(next("30 2 29 3 *", "Europe/Paris", "2026-01-01T00:00:00Z", 1), ["29 03:00 +0200"]);
    }

    #[test]
    fn a_time_that_occurs_twice_in_autumn_is_its_first_occurrence() {
        let paris = |expression| next(expression, "Europe/Paris", "2026-10-24T12:00:00Z", 2);
        assert_eq!(paris("30 2 * * *"), ["25 02:30 +0200", "26 02:30 +0100"]);
        assert_eq!(
            next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2),
            ["05 01:45 +1100", "06 01:45 +1030"]
        );
        assert_eq!(
            next("30 23 * * *", "America/Sao_Paulo", "2019-02-16T12:00:00Z", 2),
            ["16 23:30 -0200", "17 23:30 -0300"]
        );
    }

    #[test]
    fn a_day_that_a_zone_skips_needs_no_run_but_a_week_is_not_lost_with_it() {
        assert_eq!(
            next("30 4 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
            ["29 04:30 -1000", "31 04:30 +1400", "01 04:30 +1400"]
        );
        assert_eq!(
            next("30 4 * * fri", "Pacific/Apia", "2011-12-29T00:00:00Z", 2),
            ["31 00:00 +1400", "06 04:30 +1400"]
        );
    }

    #[test]
    fn around_the_clock_means_intervals_that_clock_changes_do_not_touch() {
        let paris = |after| next("*/30 * * * *", "Europe/Paris", after, 4);
        assert_eq!(
            paris("2026-03-29T00:00:00Z"),
            ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200", "29 04:00 +0200"]
        );
        assert_eq!(
            paris("2026-10-25T00:00:00Z"),
            ["25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100", "25 03:00 +0100"]
        );
    }

    #[test]
    fn an_expression_that_never_comes_is_refused_at_once() {
        for expression in ["0 4 30 2 *", "0 4 31 4,6,9,11 *"] {
            let why = Timetable::new(expression, Zone::UTC, TimeDelta::zero()).unwrap_err();
            assert_eq!(why, ScheduleError::Never { expression: expression.to_owned() });
            assert!(why.hint().is_some());
        }
        assert!(Timetable::new("0 4 29 2 *", Zone::UTC, TimeDelta::zero()).is_ok(), "every four years");
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (expression, message) in [
            ("30 24 * * *", "the hour `24` must be within 0-23"),
            ("60 4 * * *", "the minute `60` must be"),
            ("0 4 32 * *", "the day of the month `32` must be"),
            ("0 4 * foo *", "the month `foo` must be"),
            ("0 4 * * 8", "the weekday `8` must be"),
            ("0 4 * *", "it has 4 fields instead of five"),
        ] {
            let why = Timetable::new(expression, Zone::UTC, TimeDelta::zero()).unwrap_err().to_string();
            assert!(why.contains(message), "{why}");
        }
    }

    #[test]
    fn the_jitter_of_a_merchant_never_changes_and_those_of_many_spread() {
        let five = TimeDelta::minutes(5);
        assert_eq!(stable_jitter("A1SETTLEFR001", five), TimeDelta::seconds(119));
        assert_eq!(stable_jitter("A1SETTLEFR001", TimeDelta::zero()), TimeDelta::zero());
        let all: Vec<i64> = (0..3_000).map(|n| stable_jitter(&format!("A{n}"), five).num_seconds()).collect();
        assert!(all.iter().all(|seconds| (0..=300).contains(seconds)));
        let distinct: std::collections::BTreeSet<&i64> = all.iter().collect();
        assert!(distinct.len() > 290, "{}", distinct.len());
    }

    /// Why this file turns local times into instants itself; where this fails, croner has learnt it.
    #[test]
    fn croner_alone_loses_runs_at_clock_changes() {
        let zoned = |expression: &str, zone: &str, after: &str| {
            let after: DateTime<Utc> = after.parse().unwrap();
            let zone: Zone = zone.parse().unwrap();
            Cron::from_str(expression).unwrap().find_next_occurrence(&after.with_timezone(&zone.tz()), false)
        };
        let skipped = zoned("30 2,14 * * *", "Europe/Paris", "2026-03-28T14:00:00Z").unwrap();
        assert_eq!(skipped.to_rfc3339(), "2026-03-29T14:30:00+02:00", "the run at night is lost");
        assert!(zoned("30 4 * * fri", "Pacific/Apia", "2011-12-30T00:00:00Z").is_err(), "a day is too long a hole");
    }
}
