//! `settle doctor`: everything that a night needs, examined one by one. Changes nothing but what opening an archive
//! changes; asks Amazon one cheap question an account.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::args::{Common, DoctorArgs, Format};
use super::doctor_accounts::{Questions, examine_account};
use super::failure::Failure;
use super::fetching::accounts_asked_for;
use super::key_files::shown;
use super::schedule::timetable;
use super::world::World;
use crate::archive::{Archive, ArchiveError, Catalog, Grounds, survey};
use crate::config::{ConfigFile, Settings, Source};
use crate::domain::ExitCode;
use crate::export::{Paint, Target, WriteError, clean, doctor_text, json_text};
use crate::report::{Check, CheckState, DoctorDocument};

/// Less than this is not enough for one night: a report of 100 MB lies on the disk twice while it is taken in.
const FREE_MIN: u64 = 256 << 20;
/// Less than this deserves a look.
const FREE_EASY: u64 = 1 << 30;

pub(super) fn run(common: &Common, args: &DoctorArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("an examination", common.format)?;
    let mut checks = Vec::new();
    match super::config::load(common, world) {
        Ok(settings) => examine(&settings, common, args, world, &mut checks)?,
        Err(why) => checks.push(failed("config", &why)),
    }
    let document = DoctorDocument::new(args.offline, checks);
    write(&document, common, world)?;
    Ok(document.exit_code())
}

fn examine(
    settings: &Settings,
    common: &Common,
    args: &DoctorArgs,
    world: &mut World<'_>,
    checks: &mut Vec<Check>,
) -> Result<(), Failure> {
    let accounts = accounts_asked_for(settings, common)?;
    checks.push(config(settings, common, world));
    let archive = data_folder(&settings.data_dir, world, checks);
    // The pace of an archive is kept to. One that cannot be opened, or that a run is at work on, must not keep Amazon
    // from being asked.
    let asked = archive.filter(|_| !args.offline).map(|archive| Archive::create_or_open(archive.root()));
    let (catalog, _lock) = match asked.transpose() {
        Ok(Some(archive)) => match archive.lock() {
            Ok(lock) => (archive.catalog, Some(lock)),
            Err(_) => (Catalog::scratch()?, None),
        },
        _ => (Catalog::scratch()?, None),
    };
    let questions = Questions {
        settings,
        surroundings: &world.surroundings,
        timer: world.clock,
        verbose: common.verbose > 0,
        offline: args.offline,
        catalog: RefCell::new(catalog),
        stop: (world.catch_signals)(),
    };
    for account in &accounts {
        checks.extend(examine_account(account, &questions)?);
    }
    let fetched = accounts.iter().any(|account| account.source != Source::Import);
    checks.push(schedule(settings, world));
    checks.extend(fetched.then(|| notify(settings)));
    Ok(())
}

/// What keeps a run from beginning at all.
fn failed(check: &'static str, why: &Failure) -> Check {
    Check::error(check, why.to_string(), why.exit()).with_hint(why.hint().map(str::to_owned))
}

fn config(settings: &Settings, common: &Common, world: &World<'_>) -> Check {
    let file = ConfigFile::in_force(common.config.as_deref(), &world.surroundings).ok().flatten();
    let Some(file) = file.filter(|file| file.exists) else {
        return Check::warning("config", "there is no configuration file").with_hint(Some("`settle init`".to_owned()));
    };
    let name = shown(&file.path, &world.surroundings);
    let accounts = match settings.accounts.len() {
        0 => {
            let check = Check::warning("config", format!("{name}: no account"));
            return check.with_hint(Some("`settle init` adds one".to_owned()));
        }
        1 => "1 account".to_owned(),
        count => format!("{count} accounts"),
    };
    let mode = fs::metadata(&file.path).map_or(0, |about| about.permissions().mode() & 0o7777);
    if mode & 0o022 != 0 {
        // It names programs that are run and addresses to which keys answer.
        let check = Check::warning("config", format!("{name}: group or others may change it (mode {mode:04o})"));
        return check.with_hint(Some(format!("chmod go-w {name}")));
    }
    Check::ok("config", format!("{name}: {accounts}"))
}

/// The folder, its disk, what is in it. Answers the archive where there is one that opens.
fn data_folder(root: &Path, world: &World<'_>, checks: &mut Vec<Check>) -> Option<Archive> {
    let grounds = match survey(root) {
        Ok(grounds) => grounds,
        Err(why) => {
            checks.push(of_archive("data_folder", &why));
            return None;
        }
    };
    let archive = if grounds.exists { Archive::open_existing(root) } else { missing(root) };
    // Opening closes a folder of ours to others; what is still open then needs a person.
    let after = survey(root).unwrap_or(grounds);
    checks.push(folder(root, &after, world));
    checks.push(disk(&after, world));
    match archive {
        Ok(archive) => {
            checks.push(Check::ok("archive", "opens"));
            checks.push(database(&archive));
            Some(archive)
        }
        Err(ArchiveError::Missing { .. }) => {
            checks.push(Check::ok("archive", "there is none yet; the first import or fetch makes it"));
            None
        }
        Err(why) => {
            checks.push(of_archive("archive", &why));
            None
        }
    }
}

fn missing(root: &Path) -> Result<Archive, ArchiveError> {
    Err(ArchiveError::Missing { path: root.to_owned() })
}

fn of_archive(check: &'static str, why: &ArchiveError) -> Check {
    Check::error(check, why.to_string(), why.exit_code()).with_hint(why.hint())
}

fn folder(root: &Path, grounds: &Grounds, world: &World<'_>) -> Check {
    let (name, standing) = (shown(root, &world.surroundings), shown(&grounds.standing, &world.surroundings));
    if !grounds.writable {
        let check =
            Check::error("data_folder", format!("{standing}: this user may not write there"), ExitCode::Configuration);
        return check.with_hint(Some(format!("ls -ld {standing}; or name another folder with --data-dir")));
    }
    match (grounds.exists, grounds.open_mode) {
        (false, _) => Check::ok("data_folder", format!("{name}: is not there yet and can be made")),
        (true, Some(mode)) => {
            Check::warning("data_folder", format!("{name}: is open to group or others (mode {mode:04o})"))
                .with_hint(Some(format!("chmod 700 {name}")))
        }
        (true, None) => Check::ok("data_folder", format!("{name}: only its owner can enter")),
    }
}

fn disk(grounds: &Grounds, world: &World<'_>) -> Check {
    let place = shown(&grounds.standing, &world.surroundings);
    let message =
        format!("{} MB are free for {}", grounds.free_bytes / 1_000_000, if place.is_empty() { "." } else { &place });
    let hint = Some("free space on the disk, or name another folder with --data-dir".to_owned());
    match grounds.free_bytes {
        free if free < FREE_MIN => Check::error("disk", message, ExitCode::Storage).with_hint(hint),
        free if free < FREE_EASY => Check::warning("disk", message).with_hint(hint),
        _ => Check::ok("disk", message),
    }
}

fn database(archive: &Archive) -> Check {
    let counted = archive.catalog.integrity_check().and_then(|()| archive.catalog.documents());
    match counted {
        Ok(documents) => Check::ok("database", format!("sound; {} documents", documents.len())),
        Err(why) => of_archive("database", &why),
    }
}

fn schedule(settings: &Settings, world: &World<'_>) -> Check {
    if settings.schedule.cron.is_none() {
        return Check::ok("schedule", "no cron expression; only `settle daemon` and `settle schedule print` need one");
    }
    match timetable(settings) {
        Ok(timetable) => {
            let (cron, zone) = (timetable.expression(), timetable.zone());
            let next = timetable.next(world.clock.now()).map(|at| at.with_timezone(&zone.tz()).to_rfc3339());
            Check::ok("schedule", format!("`{cron}` in {}; next {}", zone.name(), next.as_deref().unwrap_or("never")))
        }
        Err(why) => failed("schedule", &why),
    }
}

fn notify(settings: &Settings) -> Check {
    let configured = [("ping_url", &settings.notify.ping_url), ("webhook_url", &settings.notify.webhook_url)];
    let told: Vec<String> =
        configured.iter().filter_map(|(name, url)| url.as_ref().map(|url| format!("{name} ({url})"))).collect();
    if told.is_empty() {
        let check = Check::warning("notify", "nobody is told when a night fails or does not happen");
        let hint = "set ping_url in [notify] to the address of a dead-man's-switch service";
        return check.with_hint(Some(hint.to_owned()));
    }
    Check::ok("notify", told.join(", "))
}

/// With `-q` only errors are said, on standard error.
fn write(document: &DoctorDocument, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let json = common.format == Some(Format::Json);
    if common.quiet && !json && target == Target::Stdout {
        for check in document.checks.iter().filter(|check| check.state == CheckState::Error) {
            let account = check.account.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            world.say(&format!("settle: error: {}{}", clean(&account), clean(&check.message)));
            if let Some(hint) = &check.hint {
                world.say(&format!("hint: {}", clean(hint)));
            }
        }
        return Ok(());
    }
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let text = if json { json_text(document)? } else { doctor_text(document, paint) };
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
