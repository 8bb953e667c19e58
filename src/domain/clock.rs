//! The time as a thing that is handed in, never asked for: only `main` owns the system clock.

use chrono::{DateTime, Utc};

/// Tells the present instant.
pub trait Clock {
    /// The present instant in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// A clock that stands still, for tests and for repeatable documents.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
