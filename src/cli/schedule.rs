//! `settle schedule print`: the nightly job for systemd or cron; and the timetable that the config means.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::args::{Common, Format, PrintArgs, ScheduleArgs, ScheduleCommand};
use super::failure::Failure;
use super::world::World;
use crate::config::{Account, SecretReference, Settings};
use crate::domain::{ExitCode, Zone};
use crate::export::{Target, WriteError};
use crate::schedule::{Installation, ScheduleError, Timetable, UnitFile, crontab, stable_jitter, unit_file};

/// Where the names of users stand.
const USERS: &str = "/etc/passwd";

pub(super) fn run(common: &Common, args: &ScheduleArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let ScheduleCommand::Print(args) = &args.command;
    if !matches!(common.format, None | Some(Format::Text)) {
        return Err(Failure::new(ExitCode::Usage, "a schedule is printed as text only"));
    }
    let settings = super::config::load(common, world)?;
    let timetable = timetable(&settings)?;
    let at = installation(&settings, common, world)?;
    let units = |units: &[UnitFile]| -> Result<Vec<(UnitFile, String)>, Failure> {
        let text = |unit: &UnitFile| unit_file(*unit, &at, &timetable).map(|text| (*unit, text)).map_err(refused);
        units.iter().map(text).collect()
    };
    match args {
        PrintArgs { systemd: true, .. } => {
            print_units(&units(&[UnitFile::Service, UnitFile::Timer])?, "settle.timer", common, world)?;
        }
        PrintArgs { daemon: true, .. } => {
            print_units(&units(&[UnitFile::Daemon])?, "settle-daemon.service", common, world)?;
        }
        _ => print(&Target::new(common.output.as_deref()), &crontab(&at, &timetable).map_err(refused)?, world)?,
    }
    if !at.data_dir.is_dir() && !common.quiet && !args.cron {
        let folder = at.data_dir.display();
        world.say(&format!("settle: warning: {folder} does not exist, and the unit may not create it"));
        world.say(&format!("hint: install -d -m 700 {folder}, as the user who runs the unit"));
    }
    Ok(ExitCode::Done)
}

/// When the nightly job runs, as configured.
pub(super) fn timetable(settings: &Settings) -> Result<Timetable, Failure> {
    let Some(cron) = &settings.schedule.cron else {
        let file = settings.file.as_ref().map_or("settle.toml".into(), |file| file.display().to_string());
        let failure = Failure::new(ExitCode::Configuration, "nothing says when to run: there is no schedule.cron");
        return Err(failure.with_hint(format!("write `[schedule]` and below it `cron = \"30 4 * * *\"` into {file}")));
    };
    let mut merchants: Vec<&str> = settings.accounts.iter().map(|account| account.merchant_id.as_str()).collect();
    merchants.sort_unstable();
    let jitter = stable_jitter(&merchants.join("\n"), settings.schedule.jitter);
    Timetable::new(cron, zone(settings), jitter).map_err(refused)
}

/// The zone of the cron expression: its own, the one of reports, the first account's, UTC.
fn zone(settings: &Settings) -> Zone {
    let first = || settings.accounts.iter().find_map(|account| settings.zone_of(account));
    settings.schedule.timezone.or(settings.reporting.timezone).or_else(first).unwrap_or(Zone::UTC)
}

pub(super) fn refused(why: ScheduleError) -> Failure {
    let failure = Failure::new(why.exit_code(), why.to_string());
    match why.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// Units into a folder, each under its name, or one after the other to standard output.
fn print_units(
    units: &[(UnitFile, String)],
    started: &str,
    common: &Common,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let next = format!("systemctl daemon-reload && systemctl enable --now {started}");
    match Target::new(common.output.as_deref()) {
        Target::Stdout => {
            let named = |(unit, text): &(UnitFile, String)| format!("# /etc/systemd/system/{}\n{text}", unit.name());
            let text: Vec<String> = units.iter().map(named).collect();
            print(&Target::Stdout, &format!("{}\n# Then: {next}\n", text.join("\n")), world)
        }
        Target::File(folder) if folder.is_dir() => {
            for (unit, text) in units {
                print(&Target::File(folder.join(unit.name())), text, world)?;
            }
            if !common.quiet {
                world.say(&format!("settle: wrote {} to {}; then: {next}", names(units), folder.display()));
            }
            Ok(())
        }
        Target::File(path) => {
            let message = format!("{}: is no folder, and units keep their own names", path.display());
            Err(Failure::new(ExitCode::Usage, message).with_hint("-o /etc/systemd/system, or any folder that exists"))
        }
    }
}

fn names(units: &[(UnitFile, String)]) -> String {
    units.iter().map(|(unit, _)| unit.name()).collect::<Vec<_>>().join(" and ")
}

fn print(target: &Target, text: &str, world: &mut World<'_>) -> Result<(), Failure> {
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}

/// Where everything is, in absolute paths.
fn installation(settings: &Settings, common: &Common, world: &World<'_>) -> Result<Installation, Failure> {
    let here = &world.surroundings.current_dir;
    let Some(file) = &settings.file else {
        let failure = Failure::new(ExitCode::Configuration, "there is no configuration file for the unit to name");
        return Err(failure.with_hint("write a settle.toml, or name one with --config"));
    };
    let config = absolute(file, here);
    let data_dir = absolute(&settings.data_dir, here);
    let owned = [&data_dir, &config].into_iter().find_map(|path| fs::metadata(path).ok());
    Ok(Installation {
        program: world.program.clone(),
        user: owned.and_then(|owned| user_name(owned.uid())),
        config,
        data_dir,
        written: settings.run.statements.iter().map(|path| absolute(path, here)).collect(),
        read: settings.run.inbox.iter().chain(settings.accounts.iter().flat_map(read_for)).cloned().collect(),
        accounts: common.account.clone(),
        patience: settings.fetch.patience,
        jitter_max: settings.schedule.jitter,
    })
}

/// The files that are read on behalf of an account.
fn read_for(account: &Account) -> impl Iterator<Item = &PathBuf> {
    let secret = match &account.secret_key {
        Some(SecretReference::File(path)) => Some(path),
        _ => None,
    };
    let files = [&account.private_key_file, &account.pay_auth_token_file, &account.mws_auth_token_file];
    files.into_iter().flatten().chain(&account.ca_file).chain(secret)
}

/// An absolute path without `.` and, where it exists, without `..`, as units want it.
fn absolute(path: &Path, here: &Path) -> PathBuf {
    let joined: PathBuf = here.join(path).components().filter(|part| *part != Component::CurDir).collect();
    let upwards = joined.components().any(|part| part == Component::ParentDir);
    if upwards { fs::canonicalize(&joined).unwrap_or(joined) } else { joined }
}

/// The name of a user, else the number; root needs none.
fn user_name(uid: u32) -> Option<String> {
    if uid == 0 {
        return None;
    }
    let number = uid.to_string();
    let users = fs::read_to_string(USERS).unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(&number)).then(|| name.to_owned())
    });
    Some(named.unwrap_or(number))
}
