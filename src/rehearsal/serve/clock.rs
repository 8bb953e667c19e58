//! The virtual clock that everything in the double reads, so that no test sleeps.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::stamps;
use crate::domain::Clock;

/// The instant at which a clock starts when nobody says otherwise: that of the signing vectors.
const START: &str = "2026-11-23T22:15:30Z";

/// The system's clock. The one place of the double that asks for the time of day.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }
}

/// A clock that can be handed to another thread.
#[derive(Clone)]
pub struct SharedClock(Arc<dyn Clock + Send + Sync>);

impl SharedClock {
    /// Hands over any clock.
    pub fn new(clock: impl Clock + Send + Sync + 'static) -> Self {
        Self(Arc::new(clock))
    }

    /// Its present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedClock")
    }
}

/// How the virtual clock moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// Not at all, but when it is set or advanced.
    Frozen,
    /// With the system's clock, from the instant to which it was set.
    Offset,
    /// It is the system's clock; foreign clients stamp their requests with that.
    Real,
}

/// Where a clock begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockStart {
    /// Frozen at the start of the fixture.
    Frozen,
    /// Running from an instant.
    Running(DateTime<Utc>),
    /// The system's clock.
    Real,
}

/// The instant at which a fixture starts when it names none.
pub(super) fn default_start() -> DateTime<Utc> {
    stamps::read_iso(START).unwrap_or_default()
}

/// The clock of one server.
#[derive(Clone, Debug)]
pub(super) struct VirtualClock {
    system: SharedClock,
    mode: ClockMode,
    /// What is shown when frozen; what is added to the system's clock otherwise.
    frozen: DateTime<Utc>,
    offset: TimeDelta,
}

impl VirtualClock {
    /// A clock at its beginning.
    pub(super) fn start(start: ClockStart, fixture_start: DateTime<Utc>, system: SharedClock) -> Self {
        let mut clock = Self { system, mode: ClockMode::Frozen, frozen: fixture_start, offset: TimeDelta::zero() };
        match start {
            ClockStart::Frozen => {}
            ClockStart::Running(at) => clock.run_from(at),
            ClockStart::Real => clock.set_mode(ClockMode::Real),
        }
        clock
    }

    /// The virtual instant, to the millisecond.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let at = match self.mode {
            ClockMode::Frozen => self.frozen,
            ClockMode::Offset | ClockMode::Real => self.system.now() + self.offset,
        };
        DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or_default()
    }

    /// The system's instant.
    pub(super) fn wall(&self) -> DateTime<Utc> {
        self.system.now()
    }

    /// How it moves.
    pub(super) fn mode(&self) -> ClockMode {
        self.mode
    }

    /// Sets it; a real clock that is set becomes an offset one.
    pub(super) fn set(&mut self, at: DateTime<Utc>) {
        match self.mode {
            ClockMode::Frozen => self.frozen = at,
            ClockMode::Offset | ClockMode::Real => self.run_from(at),
        }
    }

    /// Lets it run from an instant.
    fn run_from(&mut self, at: DateTime<Utc>) {
        self.mode = ClockMode::Offset;
        self.offset = at - self.system.now();
    }

    /// Changes how it moves; the instant stays, except that `Real` is the system's.
    pub(super) fn set_mode(&mut self, mode: ClockMode) {
        let now = self.now();
        match mode {
            ClockMode::Frozen => (self.mode, self.frozen) = (mode, now),
            ClockMode::Offset => self.run_from(now),
            ClockMode::Real => (self.mode, self.offset) = (mode, TimeDelta::zero()),
        }
    }
}
