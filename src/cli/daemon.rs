//! `settle daemon`: the nightly job by itself, until a signal comes.

use super::args::Common;
use super::failure::Failure;
use super::run::night;
use super::schedule::{refused, timetable};
use super::world::{StopFlag, World};
use crate::domain::ExitCode;
use crate::schedule::{Daemon, MinuteTicks, ServiceManager};

pub(super) fn run(common: &Common, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let settings = super::config::load(common, world)?;
    let timetable = timetable(&settings)?;
    let stop = (world.catch_signals)();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|why| Failure::new(ExitCode::Defect, format!("cannot wait: {why}")))?;
    let mut ticks = runtime.block_on(MinuteTicks::start()).map_err(refused)?;
    let variable = |name| world.surroundings.variable(name);
    let service = ServiceManager::new(
        variable("NOTIFY_SOCKET"),
        variable("WATCHDOG_USEC"),
        variable("WATCHDOG_PID"),
        std::process::id(),
    );
    let daemon = Daemon {
        timetable: &timetable,
        data_dir: &settings.data_dir,
        clock: world.clock,
        stopped: &|| stop.asked(),
        service,
    };
    Ok(daemon.keep(&mut ticks, &runtime, &mut || nightly_job(common, world, &stop)))
}

/// One night of `settle run`. The configuration is read anew, so that a key that was put right counts from the
/// next night on.
fn nightly_job(common: &Common, world: &mut World<'_>, stop: &StopFlag) -> ExitCode {
    let ended = super::config::load(common, world).and_then(|settings| night(&settings, common, world, stop));
    ended.unwrap_or_else(|failure| failure.tell(world))
}
