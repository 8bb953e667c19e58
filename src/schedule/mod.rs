//! Floor 8, beside the commands: when the nightly job runs, and what runs it.
//!
//! [`Timetable`] knows the calendar, [`plan`] what is due, [`Daemon`] waits and starts a job that it
//! receives and does not know. What is due follows from the runs that happened, never from what a
//! process remembers, so restarts, missed nights and clocks that are set back change nothing. The
//! same timetable is written down for other schedulers: [`unit_file`] for systemd, [`crontab`] for cron.

mod daemon;
mod due;
mod error;
mod foreign;
mod on_calendar;
mod service;
mod ticks;
mod timetable;

pub use daemon::{Daemon, Ticks};
pub use due::{Attempt, Cause, FUTURE_MAX, NIGHTLY, Plan, plan, recorded_attempts};
pub use error::ScheduleError;
pub use foreign::{Installation, UnitFile, crontab, unit_file};
pub use on_calendar::on_calendar;
pub use service::ServiceManager;
pub use ticks::MinuteTicks;
pub use timetable::{Timetable, stable_jitter};
