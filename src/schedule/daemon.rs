//! Waits for the next run, starts the job, waits for the one after: `settle daemon`.
//!
//! The job is a call that blocks; one is at work at a time. What is due is asked of the catalog each
//! time, so a run by hand, a restart or a changed clock is taken as it is. Runs that could not even be
//! entered there (disk full, lock held) are remembered here, so that they are not tried every minute.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::runtime::Runtime;

use super::due::{Attempt, Cause, Plan, plan, recorded_attempts};
use super::service::ServiceManager;
use super::timetable::Timetable;
use crate::archive::{Archive, ArchiveError};
use crate::domain::{ExitCode, Pause, Timer};

/// How long a signal may go unnoticed while the daemon waits.
const STOP_LOOK: TimeDelta = TimeDelta::milliseconds(250);
/// Without a tick for so long, no more signs of life are given: systemd then starts the service again.
const TICK_LATE: TimeDelta = TimeDelta::minutes(3);
/// Own tries remembered: all that one occurrence can have, and more.
const OWN_MAX: usize = 100;
/// A run that begins this much after its time makes up for a missed one.
const MISSED: TimeDelta = TimeDelta::minutes(5);

/// Something that ticks about once a minute.
pub trait Ticks {
    /// Waits for the next tick.
    fn tick(&mut self) -> Pause<'_>;
}

/// What the daemon works with.
pub struct Daemon<'a> {
    /// When the job runs.
    pub timetable: &'a Timetable,
    /// The data folder, whose catalog knows the runs.
    pub data_dir: &'a Path,
    /// The time.
    pub clock: &'a dyn Timer,
    /// How to end because of a signal, once one came.
    pub stopped: &'a dyn Fn() -> Option<ExitCode>,
    /// Who is told.
    pub service: ServiceManager,
}

impl Daemon<'_> {
    /// Runs the job whenever it is due until a signal comes, and answers how to end.
    ///
    /// The job runs outside of the runtime, so it may have one of its own.
    pub fn keep(&self, ticks: &mut dyn Ticks, runtime: &Runtime, job: &mut dyn FnMut() -> ExitCode) -> ExitCode {
        self.service.ready();
        let mut own: Vec<Attempt> = Vec::new();
        let mut announced = None;
        loop {
            if let Some(exit) = (self.stopped)() {
                self.service.stopping();
                tracing::info!("stopped by a signal");
                return exit;
            }
            let now = self.clock.now();
            let Some(next) = plan(self.timetable, &self.attempts(&own), now) else {
                tracing::error!("the calendar ends");
                return ExitCode::Defect;
            };
            if next.is_due(now) {
                own.push(self.work(&next, job));
                own.drain(..own.len().saturating_sub(OWN_MAX));
                announced = None;
                continue;
            }
            if announced != Some(next) {
                self.announce(&next);
                announced = Some(next);
            }
            runtime.block_on(self.wait(next.at, ticks));
        }
    }

    /// Every try that is known: those of the catalog, and the own ones that it does not know.
    fn attempts(&self, own: &[Attempt]) -> Vec<Attempt> {
        let mut attempts = match Archive::open_existing(self.data_dir).and_then(|it| recorded_attempts(&it.catalog)) {
            Ok(recorded) => recorded,
            Err(ArchiveError::Missing { .. }) => Vec::new(),
            Err(why) => {
                // The job meets the same trouble and tells of it, by its exit code and its notifications.
                tracing::warn!("the runs so far cannot be read: {why}");
                Vec::new()
            }
        };
        let unknown = own.iter().filter(|own| !attempts.iter().any(|recorded| own.contains(recorded)));
        let unknown: Vec<Attempt> = unknown.copied().collect();
        attempts.extend(unknown);
        attempts
    }

    fn work(&self, due: &Plan, job: &mut dyn FnMut() -> ExitCode) -> Attempt {
        let started = self.clock.now();
        let planned = self.shown(due.at);
        match due.cause {
            Cause::First => tracing::info!("run begins: the first one"),
            Cause::Again(tries) => tracing::info!("run begins, planned for {planned}: try {}", tries + 1),
            Cause::Timetable if started - due.at > MISSED => {
                tracing::info!("run begins: makes up for the one of {planned}");
            }
            Cause::Timetable => tracing::info!("run begins, planned for {planned}"),
        }
        self.service.status(&format!("run at work since {}", self.shown(started)));
        let exit = self.service.while_working(job);
        let ended = self.clock.now();
        match exit {
            ExitCode::Done => tracing::info!("run ended: done"),
            other => {
                let meaning = ExitCode::TABLE.iter().find(|row| row.0 == other).map_or("", |row| row.2);
                tracing::warn!("run ended with exit code {}: {meaning}", other.number());
            }
        }
        Attempt { started, ended: Some(ended), exit: Some(i64::from(exit.number())) }
    }

    fn announce(&self, next: &Plan) {
        let line = match next.cause {
            Cause::Timetable | Cause::First => format!("next run {}", self.shown(next.at)),
            Cause::Again(tries) => format!("next run {}: try {}", self.shown(next.at), tries + 1),
        };
        tracing::info!("{line}");
        self.service.status(&line);
    }

    fn shown(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.timetable.zone().tz()).to_rfc3339_opts(SecondsFormat::Secs, false)
    }

    /// Waits for the first tick at or after an instant, for a signal, or for a clock that goes backwards.
    async fn wait(&self, until: DateTime<Utc>, ticks: &mut dyn Ticks) {
        let beat_every = self.service.beat_every().and_then(|every| TimeDelta::from_std(every).ok());
        let (mut since_beat, mut since_tick) = (TimeDelta::zero(), TimeDelta::zero());
        let mut seen = self.clock.now();
        while (self.stopped)().is_none() {
            tokio::select! {
                biased;
                () = ticks.tick() => {
                    let now = self.clock.now();
                    if until <= now || now < seen {
                        return;
                    }
                    (seen, since_tick) = (now, TimeDelta::zero());
                }
                () = self.clock.pause(STOP_LOOK) => {
                    since_beat += STOP_LOOK;
                    since_tick += STOP_LOOK;
                }
            }
            if beat_every.is_some_and(|every| every <= since_beat) && since_tick < TICK_LATE {
                self.service.beat();
                since_beat = TimeDelta::zero();
            }
        }
    }
}
