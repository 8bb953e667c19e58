//! `settle daemon`: the nightly job by itself, until a signal comes.

use std::ffi::OsString;

use super::args::Common;
use super::failure::Failure;
use super::schedule::{refused, timetable};
use super::world::World;
use crate::domain::ExitCode;
use crate::schedule::{Daemon, MinuteTicks, NIGHTLY, ServiceManager};

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
    Ok(daemon.keep(&mut ticks, &runtime, &mut || nightly_job(common, world)))
}

/// One `settle run` with the options that the daemon was given. It reads the configuration anew, so that a
/// key that was put right counts from the next night on.
fn nightly_job(common: &Common, world: &mut World<'_>) -> ExitCode {
    let mut words: Vec<OsString> = vec!["settle".into(), NIGHTLY.into()];
    let paths = [("--config", &common.config), ("--data-dir", &common.data_dir)];
    for (option, path) in paths {
        words.extend(path.iter().flat_map(|path| [option.into(), path.clone().into_os_string()]));
    }
    words.extend(common.account.iter().flat_map(|account| ["--account".into(), account.into()]));
    words.extend(["--no-progress".into(), "--no-input".into()]);
    if common.quiet {
        words.push("--quiet".into());
    }
    words.extend((0..common.verbose).map(|_| "-v".into()));
    super::run(words, world)
}
