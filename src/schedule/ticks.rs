//! The minute tick: tokio-cron-scheduler, asked for nothing but the beginning of every minute in UTC.
//!
//! It would start jobs by itself, but in a fixed offset (an hour off after a clock change), without
//! making up for what a stopped process missed, and one beside the other. UTC minutes know none of this.

use tokio::sync::mpsc::{Receiver, channel};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tracing::subscriber::{NoSubscriber, set_default};

use super::daemon::Ticks;
use super::error::ScheduleError;
use crate::domain::Pause;

/// Second zero of every minute, in the six fields of tokio-cron-scheduler.
const EVERY_MINUTE: &str = "0 * * * * *";

/// Ticks at the beginning of every minute.
pub struct MinuteTicks {
    /// Ends the ticks when it goes.
    _scheduler: JobScheduler,
    ticks: Receiver<()>,
}

impl MinuteTicks {
    /// Starts ticking, on the runtime that polls this.
    ///
    /// # Errors
    /// [`ScheduleError::Ticks`].
    pub async fn start() -> Result<Self, ScheduleError> {
        // What the scheduler logs of its own making is of no use to a merchant.
        let _quiet = set_default(NoSubscriber::default());
        Self::add_job().await.map_err(|why| ScheduleError::Ticks(why.to_string()))
    }

    async fn add_job() -> Result<Self, JobSchedulerError> {
        // One place: ticks that come while nobody waits are one.
        let (sender, ticks) = channel(1);
        let scheduler = JobScheduler::new().await?;
        let tick = move |_, _| {
            let _ = sender.try_send(());
        };
        scheduler.add(Job::new(EVERY_MINUTE, tick)?).await?;
        scheduler.start().await?;
        Ok(Self { _scheduler: scheduler, ticks })
    }
}

impl Ticks for MinuteTicks {
    fn tick(&mut self) -> Pause<'_> {
        Box::pin(async {
            if self.ticks.recv().await.is_none() {
                // The scheduler is gone: no tick will come, which the daemon's watchdog notices.
                std::future::pending::<()>().await;
            }
        })
    }
}
