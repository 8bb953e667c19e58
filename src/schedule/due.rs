//! Is a run due, and when is the next one? Pure: a timetable, the runs so far and the time go in.
//!
//! An occurrence is done when a run began at or after it and ended in a way that trying again would not
//! change ([`RETRIED`] are the others). So one run makes up for any number of missed nights, nothing is
//! done twice after a restart or when the clock is set back, and a run by hand counts as well.

use chrono::{DateTime, TimeDelta, Utc};

use super::timetable::Timetable;
use crate::archive::{ArchiveError, Catalog, RunRecord};
use crate::domain::ExitCode;

/// A run that seems to have begun further ahead than this was entered while the clock was wrong, and is not
/// believed: otherwise one night with a clock in 2099 would end all nights before.
pub const FUTURE_MAX: TimeDelta = TimeDelta::days(1);

/// Ends after which the same run may do better soon. After every other one the next occurrence is waited
/// for: either it is done, or a person must act, and asking Amazon again and again does not help.
const RETRIED: [ExitCode; 4] = [ExitCode::Locked, ExitCode::Temporary, ExitCode::Interrupted, ExitCode::Terminated];

/// Pauses before the second, third, … try of one occurrence; the last one repeats until the next occurrence.
const PAUSES: [TimeDelta; 3] = [TimeDelta::minutes(15), TimeDelta::minutes(30), TimeDelta::minutes(60)];

/// The command by which the catalog knows the nightly job.
pub const NIGHTLY: &str = "run";

/// Runs read from the catalog: months of a nightly job, and all tries of any one occurrence.
const RUNS_MAX: u32 = 500;

/// One try of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended; `None` while it is at work, and for ever where it was killed.
    pub ended: Option<DateTime<Utc>>,
    /// Its exit code.
    pub exit: Option<i64>,
}

impl Attempt {
    /// What the catalog says of a run.
    #[must_use]
    pub fn of_run(run: &RunRecord) -> Option<Self> {
        let started = DateTime::from_timestamp_millis(run.started_ms)?;
        let ended = run.finished_ms.and_then(DateTime::from_timestamp_millis);
        Some(Self { started, ended, exit: run.exit })
    }

    /// Whether trying again before the next occurrence makes no sense.
    #[must_use]
    pub fn settles(&self) -> bool {
        let retried = |exit| RETRIED.iter().any(|code| i64::from(code.number()) == exit);
        self.exit.is_some_and(|exit| !retried(exit))
    }

    /// Whether this try and another one, known from elsewhere, are one and the same.
    pub(super) fn contains(&self, other: &Attempt) -> bool {
        self.started <= other.started && self.ended.is_none_or(|ended| other.started <= ended)
    }
}

/// The nightly runs that the catalog remembers, newest first, as far back as planning looks.
///
/// # Errors
/// [`ArchiveError`] where the catalog cannot be read.
pub fn recorded_attempts(catalog: &Catalog) -> Result<Vec<Attempt>, ArchiveError> {
    let runs = catalog.latest_runs(RUNS_MAX)?;
    Ok(runs.iter().filter(|run| run.command == NIGHTLY).filter_map(Attempt::of_run).collect())
}

/// Why a run is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The timetable says so.
    Timetable,
    /// There was no run yet, and none is waited for.
    First,
    /// So many tries of this occurrence did not succeed, for reasons that may have passed.
    Again(u32),
}

/// The next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// When; at or before the present where the run is due.
    pub at: DateTime<Utc>,
    /// The occurrence that it is for, without the jitter.
    pub occurrence: DateTime<Utc>,
    /// Why.
    pub cause: Cause,
}

impl Plan {
    /// Whether the run is due.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.at <= now
    }
}

/// Plans the next run. `None` only where the calendar ends.
///
/// Where no run has ever been, one is due at once: nothing was fetched yet, and reports do not wait.
#[must_use]
pub fn plan(timetable: &Timetable, attempts: &[Attempt], now: DateTime<Utc>) -> Option<Plan> {
    let occurrence = timetable.latest(now - timetable.jitter())?;
    let since = |attempt: &&Attempt| occurrence <= attempt.started && attempt.started <= now + FUTURE_MAX;
    let tries: Vec<&Attempt> = attempts.iter().filter(since).collect();
    let at = occurrence + timetable.jitter();
    if tries.is_empty() {
        let cause = if attempts.is_empty() { Cause::First } else { Cause::Timetable };
        return Some(Plan { at, occurrence, cause });
    }
    let after = timetable.next(occurrence)?;
    let next = Plan { at: after + timetable.jitter(), occurrence: after, cause: Cause::Timetable };
    if tries.iter().any(|attempt| attempt.settles()) {
        return Some(next);
    }
    let count = u32::try_from(tries.len()).unwrap_or(u32::MAX);
    let ended = tries.iter().map(|attempt| attempt.ended.unwrap_or(attempt.started)).max().unwrap_or(at);
    let pause = PAUSES.get(tries.len() - 1).or(PAUSES.last()).copied().unwrap_or_default();
    let again = Plan { at: ended + pause, occurrence, cause: Cause::Again(count) };
    Some(if again.at < next.at { again } else { next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Zone;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn paris(expression: &str) -> Timetable {
        Timetable::new(expression, "Europe/Paris".parse().unwrap(), TimeDelta::zero()).unwrap()
    }

    fn ended(started: &str, ended: &str, exit: i64) -> Attempt {
        Attempt { started: at(started), ended: Some(at(ended)), exit: Some(exit) }
    }

    #[test]
    fn the_first_run_ever_is_due_at_once_and_the_one_after_it_the_next_night() {
        let timetable = paris("30 4 * * *");
        let now = at("2026-11-24T13:00:00Z");
        let first = plan(&timetable, &[], now).unwrap();
        assert!(first.is_due(now) && first.cause == Cause::First);
        let done = [ended("2026-11-24T13:00:05Z", "2026-11-24T13:02:00Z", 0)];
        let next = plan(&timetable, &done, at("2026-11-24T13:02:00Z")).unwrap();
        assert_eq!((next.at, next.cause), (at("2026-11-25T03:30:00Z"), Cause::Timetable));
    }

    #[test]
    fn ten_missed_nights_are_made_up_for_once() {
        let timetable = paris("30 4 * * *");
        let old = ended("2026-11-14T03:30:00Z", "2026-11-14T03:31:00Z", 0);
        let now = at("2026-11-24T13:00:00Z");
        assert!(plan(&timetable, &[old], now).unwrap().is_due(now));
        let made_up = ended("2026-11-24T13:00:00Z", "2026-11-24T13:09:00Z", 5);
        let next = plan(&timetable, &[made_up, old], at("2026-11-24T13:09:00Z")).unwrap();
        assert_eq!(next.at, at("2026-11-25T03:30:00Z"));
    }

    #[test]
    fn every_end_but_those_that_may_pass_settles_the_night() {
        let timetable = paris("30 4 * * *");
        let now = at("2026-11-24T04:00:00Z");
        for (code, number, _) in ExitCode::TABLE {
            let tried = ended("2026-11-24T03:30:00Z", "2026-11-24T03:40:00Z", i64::from(number));
            let next = plan(&timetable, &[tried], now).unwrap();
            let expected = match code {
                ExitCode::Locked | ExitCode::Temporary | ExitCode::Interrupted | ExitCode::Terminated => {
                    (at("2026-11-24T03:55:00Z"), Cause::Again(1))
                }
                _ => (at("2026-11-25T03:30:00Z"), Cause::Timetable),
            };
            assert_eq!((next.at, next.cause), expected, "{code:?}");
        }
    }

    #[test]
    fn a_temporary_failure_is_tried_again_ever_later_until_the_next_night() {
        let timetable = paris("30 4 * * *");
        let mut tries = vec![];
        let mut now = at("2026-11-24T03:30:00Z");
        let mut starts = vec![];
        while now < at("2026-11-25T03:31:00Z") {
            let next = plan(&timetable, &tries, now).unwrap();
            if next.is_due(now) {
                starts.push(now.format("%d %H:%M").to_string());
                tries.push(Attempt { started: now, ended: Some(now), exit: Some(75) });
            }
            now += TimeDelta::minutes(1);
        }
        assert_eq!(starts[..6], ["24 03:30", "24 03:45", "24 04:15", "24 05:15", "24 06:15", "24 07:15"]);
        assert_eq!(starts.len(), 27, "{starts:?}");
        assert_eq!(starts.last().unwrap(), "25 03:30", "the next night is not late because of it");
    }

    #[test]
    fn a_run_that_was_killed_is_tried_again_after_a_pause() {
        let timetable = paris("30 4 * * *");
        let killed = Attempt { started: at("2026-11-24T03:30:00Z"), ended: None, exit: None };
        let next = plan(&timetable, &[killed], at("2026-11-24T03:31:00Z")).unwrap();
        assert_eq!((next.at, next.cause), (at("2026-11-24T03:45:00Z"), Cause::Again(1)));
    }

    #[test]
    fn a_clock_that_is_set_back_repeats_nothing_and_one_that_was_far_ahead_stops_nothing() {
        let timetable = paris("30 4 * * *");
        let done = ended("2026-11-24T03:30:00Z", "2026-11-24T03:31:00Z", 0);
        for back in ["2026-11-24T03:29:00Z", "2026-11-24T01:00:00Z", "2026-11-23T05:00:00Z"] {
            let next = plan(&timetable, &[done], at(back)).unwrap();
            assert!(!next.is_due(at(back)), "{back}: {next:?}");
        }
        let wrong = ended("2099-01-01T00:00:00Z", "2099-01-01T00:01:00Z", 0);
        let now = at("2026-11-25T03:30:00Z");
        assert!(plan(&timetable, &[wrong, done], now).unwrap().is_due(now));
    }

    #[test]
    fn no_occurrence_is_lost_between_minute_ticks_however_close_they_are() {
        let minute = TimeDelta::minutes(1);
        for (expression, daily) in [("* * * * *", 1_440), ("*/5 * * * *", 288), ("0,1 4 * * *", 2), ("30 4 * * *", 1)] {
            for jitter in [0, 2, 61, 290, 300] {
                let timetable = Timetable::new(expression, Zone::UTC, TimeDelta::seconds(jitter)).unwrap();
                let from = at("2026-11-24T00:00:00.400Z");
                let mut tries = vec![Attempt { started: from - minute, ended: Some(from - minute), exit: Some(0) }];
                let ticks = (0..1_440).map(|tick| from + minute * tick);
                let starts = ticks.filter(|now| {
                    let due = plan(&timetable, &tries, *now).unwrap().is_due(*now);
                    if due {
                        tries = vec![Attempt { started: *now, ended: Some(*now), exit: Some(0) }];
                    }
                    due
                });
                assert_eq!(starts.count(), daily, "{expression} {jitter}");
            }
        }
    }

    #[test]
    fn the_jitter_moves_every_run_and_a_run_by_hand_before_it_counts() {
        let five = TimeDelta::minutes(5);
        let timetable = Timetable::new("30 4 * * *", Zone::UTC, five).unwrap();
        let yesterday = ended("2026-11-23T04:35:00Z", "2026-11-23T04:36:00Z", 0);
        let now = at("2026-11-24T04:34:59Z");
        assert_eq!(plan(&timetable, &[yesterday], now).unwrap().at, at("2026-11-24T04:35:00Z"));
        let by_hand = ended("2026-11-24T04:31:00Z", "2026-11-24T04:32:00Z", 0);
        let later = at("2026-11-24T04:36:00Z");
        assert_eq!(plan(&timetable, &[by_hand, yesterday], later).unwrap().at, at("2026-11-25T04:35:00Z"));
    }
}
