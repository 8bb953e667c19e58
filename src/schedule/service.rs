//! What systemd is told of a service that it started: ready, what it does, alive, stopping.
//!
//! Silent where no service manager listens, which the environment says and `cli` hands in.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use chrono::TimeDelta;
use sd_notify::NotifyState;

/// The longest job for which the service is called alive: beyond any first download of ninety days. A job
/// that hangs longer is ended by systemd, which starts the service again.
const JOB_MAX: TimeDelta = TimeDelta::hours(24);

/// The service manager, where one listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceManager {
    listens: bool,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// From what the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`; and the own process id.
    #[must_use]
    pub fn new(socket: Option<&str>, watchdog_usec: Option<&str>, watchdog_pid: Option<&str>, own_pid: u32) -> Self {
        let listens = socket.is_some();
        let meant = watchdog_pid.is_none_or(|pid| pid.parse() == Ok(own_pid));
        let limit = watchdog_usec.and_then(|text| text.parse().ok()).filter(|limit| *limit > 0);
        let watchdog = limit.filter(|_| listens && meant).map(Duration::from_micros);
        Self { listens, watchdog }
    }

    /// How often a sign of life is due: twice in the time that systemd waits for one.
    #[must_use]
    pub fn beat_every(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// The service is ready.
    pub fn ready(&self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// What the service does, one line for `systemctl status`.
    pub fn status(&self, line: &str) {
        self.tell(&[NotifyState::Status(&line.replace(char::is_control, " "))]);
    }

    /// The service is alive.
    pub fn beat(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// The service is about to end.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// Does some work, during which signs of life go on.
    pub fn while_working<T>(&self, work: impl FnOnce() -> T) -> T {
        let Some(every) = self.beat_every() else { return work() };
        let beats = JOB_MAX.to_std().unwrap_or_default().as_micros() / every.as_micros().max(1);
        std::thread::scope(|scope| {
            let (done, until_done) = channel::<()>();
            scope.spawn(move || {
                let working = |_: &u128| until_done.recv_timeout(every) == Err(RecvTimeoutError::Timeout);
                (0..beats).take_while(working).for_each(|_| self.beat());
            });
            let result = work();
            drop(done);
            result
        })
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        if self.listens
            && let Err(why) = sd_notify::notify(states)
        {
            tracing::warn!("the service manager cannot be told anything: {why}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_life_are_due_twice_in_the_time_that_systemd_waits() {
        let beat = |socket, usec, pid| ServiceManager::new(socket, usec, pid, 7).beat_every();
        assert_eq!(beat(Some("/run/x"), Some("3000000"), None), Some(Duration::from_millis(1_500)));
        assert_eq!(beat(Some("/run/x"), Some("3000000"), Some("7")), Some(Duration::from_millis(1_500)));
        assert_eq!(beat(Some("/run/x"), Some("3000000"), Some("8")), None, "meant for another process");
        assert_eq!(beat(None, Some("3000000"), None), None);
        for usec in [None, Some("0"), Some("soon"), Some("-1")] {
            assert_eq!(beat(Some("/run/x"), usec, None), None);
        }
    }

    #[test]
    fn work_ends_when_it_is_done_whatever_the_watchdog() {
        assert_eq!(
            ServiceManager { listens: false, watchdog: Some(Duration::from_secs(3_600)) }.while_working(|| 3),
            3
        );
        assert_eq!(ServiceManager::default().while_working(|| 4), 4);
    }
}
