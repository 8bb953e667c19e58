//! `settle fetch`: what Amazon has and the archive lacks.

use chrono::{NaiveDate, NaiveTime};

use super::args::{Common, FetchArgs, Format};
use super::failure::Failure;
use super::fetching::{Fetched, accounts_to_fetch, fetch_and_take, tell_faults};
use super::world::World;
use crate::archive::{Archive, RunEnd};
use crate::config::Settings;
use crate::domain::{ExitCode, Instant};
use crate::export::{Paint, Target, WriteError, fetch_text, json_text};
use crate::fetch::{FetchPlan, Mode};

pub(super) fn run(common: &Common, args: &FetchArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a fetch", common.format)?;
    let settings = super::config::load(common, world)?;
    let accounts = accounts_to_fetch(&settings, common)?;
    if accounts.is_empty() {
        return Err(Failure::new(ExitCode::Configuration, "no account is fetched from Amazon")
            .with_hint("`settle init` sets one up; files saved by hand come in with `settle import FILES…`"));
    }
    let stop = (world.catch_signals)();
    let plan = plan(args, &settings);
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let _lock = archive.lock()?;
    let id = match plan.mode {
        Mode::Bring => Some(archive.catalog.begin_run("fetch", world.clock.now().timestamp_millis())?),
        Mode::Look => None,
    };
    let fetched = fetch_and_take(&mut archive, &accounts, &plan, &settings, common, world, &stop);
    if let Some(id) = id {
        archive.catalog.end_run(id, &end(&fetched, world))?;
    }
    let fetched = fetched?;
    tell_faults(&fetched.document, common, world);
    write(&fetched, common, world)?;
    Ok(fetched.exit)
}

/// Days are those of the reporting zone, else UTC; `--until` is exclusive.
fn plan(args: &FetchArgs, settings: &Settings) -> FetchPlan {
    let zone = settings.reporting.timezone.unwrap_or(crate::domain::Zone::UTC);
    let first_instant = |day: NaiveDate| {
        let midnight = day.and_time(NaiveTime::MIN);
        let local = midnight.and_local_timezone(zone.tz()).earliest();
        Instant::from(local.map_or_else(|| midnight.and_utc(), |at| at.to_utc()))
    };
    FetchPlan {
        since: args.since.map(first_instant),
        until: args.until.map(first_instant),
        mode: if args.dry_run { Mode::Look } else { Mode::Bring },
    }
}

fn end(fetched: &Result<Fetched, Failure>, world: &World<'_>) -> RunEnd {
    let finished_ms = world.clock.now().timestamp_millis();
    match fetched {
        Ok(fetched) => RunEnd {
            finished_ms,
            exit: fetched.exit,
            new_reports: fetched.new_reports,
            error: fetched.document.accounts.iter().find_map(|account| account.error.clone()),
        },
        Err(failure) => RunEnd { finished_ms, exit: failure.exit(), new_reports: 0, error: Some(failure.to_string()) },
    }
}

fn write(fetched: &Fetched, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let json = common.format == Some(Format::Json);
    if common.quiet && !json && target == Target::Stdout {
        return Ok(());
    }
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let text = if json { json_text(&fetched.document)? } else { fetch_text(&fetched.document, paint) };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
