//! The time as a thing that is handed in, never asked for: only `main` owns the system clock.

use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the present instant.
pub trait Clock {
    /// The present instant in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// A wait that is under way.
pub type Pause<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A clock that can also wait. A rehearsal's clock waits by being moved on.
pub trait Timer: Clock {
    /// Waits for a span of time; nothing or less is no wait.
    fn pause(&self, span: TimeDelta) -> Pause<'_>;
}

/// A clock that stands still, for tests and for repeatable documents.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

impl Timer for FixedClock {
    fn pause(&self, _span: TimeDelta) -> Pause<'_> {
        Box::pin(std::future::ready(()))
    }
}
