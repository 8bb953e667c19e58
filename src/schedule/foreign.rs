//! The nightly job for other schedulers: systemd units and a crontab line, as text.
//!
//! A unit lets the program write to its data folder and talk to the network, and nothing else. It ends
//! failed wherever a person must look: exit codes 5 and 7 count as failures too.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::error::ScheduleError;
use super::on_calendar::{on_calendar, plain_fields};
use super::timetable::Timetable;

/// Where the program and its files are; every path is absolute.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The program.
    pub program: PathBuf,
    /// The configuration.
    pub config: PathBuf,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Folders beside the data folder that a run writes to.
    pub written: Vec<PathBuf>,
    /// Other files and folders that a run reads.
    pub read: Vec<PathBuf>,
    /// Accounts to which the job is kept; none means all.
    pub accounts: Vec<String>,
    /// The user whose files they are; `None` for root.
    pub user: Option<String>,
    /// The longest wait of a run for Amazon's quotas.
    pub patience: TimeDelta,
    /// By how much a run may be later than the timetable says.
    pub jitter_max: TimeDelta,
}

/// Which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitFile {
    /// `settle.service`: one run.
    Service,
    /// `settle.timer`: starts it.
    Timer,
    /// `settle-daemon.service`: `settle daemon`, which needs no timer.
    Daemon,
}

impl UnitFile {
    /// Its file name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            UnitFile::Service => "settle.service",
            UnitFile::Timer => "settle.timer",
            UnitFile::Daemon => "settle-daemon.service",
        }
    }
}

/// What a run needs beside its longest wait for quotas: reading, checking, writing.
const RUN_WORK: TimeDelta = TimeDelta::hours(6);
/// Runs at least this far apart are worth trying again before the next one.
const RARE: TimeDelta = TimeDelta::hours(20);

/// What the program may do. Root's powers, other users' files, devices, kernel settings: nothing of it.
const SANDBOX: &str = "\
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
";

/// Below these, `ProtectHome=` would hide what the program needs.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];
/// Below these, `PrivateTmp=` would.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// The text of a unit.
///
/// # Errors
/// [`ScheduleError::Foreign`] and [`ScheduleError::Path`] for what systemd cannot hold.
pub fn unit_file(unit: UnitFile, at: &Installation, timetable: &Timetable) -> Result<String, ScheduleError> {
    match unit {
        UnitFile::Service => service(at, timetable),
        UnitFile::Timer => timer(at, timetable),
        UnitFile::Daemon => daemon(at),
    }
}

fn service(at: &Installation, timetable: &Timetable) -> Result<String, ScheduleError> {
    let (limit, again) = if timetable.closest() >= RARE {
        // Eight starts in four hours, then no more until the next occurrence.
        ("StartLimitIntervalSec=20h\nStartLimitBurst=8\n", "Restart=on-failure\nRestartSec=30min\n")
    } else {
        ("", "")
    };
    let prevented = if again.is_empty() { "" } else { "RestartPreventExitStatus=1 2 3 4 5 7\n" };
    let timeout = (at.patience + RUN_WORK).num_minutes();
    Ok(format!(
        "\
[Unit]
Description=Fetch and check Amazon Pay settlement reports
Wants=network-online.target
After=network-online.target
{limit}
[Service]
Type=oneshot
ExecStart={command}
{user}# 6 (another run is at work) and 75 (temporary) may pass. Everything else, 5 and 7 included, needs a
# person: the unit is then failed (`systemctl --failed`; OnFailure= can tell somebody).
{again}{prevented}# Stopped by systemctl.
SuccessExitStatus=143
TimeoutStartSec={timeout}min
{sandbox}",
        command = command(at, "run")?,
        user = user(at),
        sandbox = sandbox(at)?,
    ))
}

fn timer(at: &Installation, timetable: &Timetable) -> Result<String, ScheduleError> {
    let lines: Vec<String> = on_calendar(timetable)?.iter().map(|line| format!("OnCalendar={line}\n")).collect();
    Ok(format!(
        "\
[Unit]
Description=When Amazon Pay settlement reports are fetched: {expression} ({zone})

[Timer]
{lines}# A night that the machine slept through is made up for once.
Persistent=true
RandomizedDelaySec={jitter}
FixedRandomDelay=true

[Install]
WantedBy=timers.target
",
        expression = timetable.expression(),
        zone = timetable.zone(),
        lines = lines.concat(),
        jitter = at.jitter_max.num_seconds(),
    ))
}

fn daemon(at: &Installation) -> Result<String, ScheduleError> {
    Ok(format!(
        "\
[Unit]
Description=Fetches and checks Amazon Pay settlement reports every night
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=10min
ExecStart={command}
{user}Restart=on-failure
RestartSec=1min
# A wrong configuration stays wrong.
RestartPreventExitStatus=2 3
# Stopped by systemctl.
SuccessExitStatus=143
{sandbox}
[Install]
WantedBy=multi-user.target
",
        command = command(at, "daemon")?,
        user = user(at),
        sandbox = sandbox(at)?,
    ))
}

/// A line for a crontab, with its zone and what to know about it.
///
/// # Errors
/// [`ScheduleError::Foreign`] and [`ScheduleError::Path`] for what a crontab cannot hold.
pub fn crontab(at: &Installation, timetable: &Timetable) -> Result<String, ScheduleError> {
    let fields = plain_fields(timetable)?;
    let mut words = words(at, "run", "a crontab")?;
    words.insert(1, "-q".to_owned());
    let command: Vec<String> = words.iter().map(|word| shell_word(word).replace('%', "\\%")).collect();
    Ok(format!(
        "\
# settle: fetches and checks Amazon Pay settlement reports, {expression} in {zone}.
# Only errors are printed, so cron mails only what needs a person (MAILTO). A night that the machine slept
# through is not made up for by cron; the next run fetches what is missing.
# CRON_TZ is known to cronie (Fedora, RHEL, SUSE, Arch). Cron of Debian and Ubuntu ignores it: there the
# line runs in the zone of the machine; use a systemd timer where that differs.
CRON_TZ={zone}
{fields} {command}
",
        expression = timetable.expression(),
        zone = timetable.zone(),
        command = command.join(" "),
    ))
}

fn words(at: &Installation, command: &str, target: &'static str) -> Result<Vec<String>, ScheduleError> {
    let mut words = vec![text_of(&at.program, target)?, command.to_owned()];
    words.extend(["--config".to_owned(), text_of(&at.config, target)?]);
    words.extend(["--data-dir".to_owned(), text_of(&at.data_dir, target)?]);
    for account in &at.accounts {
        words.extend(["--account".to_owned(), checked(account, target)?]);
    }
    Ok(words)
}

fn command(at: &Installation, command: &str) -> Result<String, ScheduleError> {
    let words = words(at, command, SYSTEMD)?;
    // In commands alone, systemd puts variables in the place of `$NAME`.
    let words: Vec<String> = words.iter().map(|word| unit_word(word).replace('$', "$$")).collect();
    Ok(words.join(" "))
}

fn user(at: &Installation) -> String {
    at.user.as_ref().map_or_else(String::new, |user| format!("User={user}\n"))
}

fn sandbox(at: &Installation) -> Result<String, ScheduleError> {
    let written = [&at.data_dir].into_iter().chain(&at.written);
    let written: Vec<String> =
        written.map(|path| Ok(unit_word(&text_of(path, SYSTEMD)?))).collect::<Result<_, ScheduleError>>()?;
    let used = [&at.program, &at.config, &at.data_dir].into_iter().chain(&at.written).chain(&at.read);
    let any_below = |folders: &[&str]| used.clone().any(|path| folders.iter().any(|folder| path.starts_with(folder)));
    let home = if any_below(&HOMES) { "read-only" } else { "yes" };
    let private_tmp = if any_below(&TEMPORARY) { "no" } else { "yes" };
    let written = written.join(" ");
    Ok(format!("ReadWritePaths={written}\nProtectHome={home}\nPrivateTmp={private_tmp}\n{SANDBOX}"))
}

const SYSTEMD: &str = "a systemd unit";

fn text_of(path: &Path, target: &'static str) -> Result<String, ScheduleError> {
    let refused = |reason| ScheduleError::Path {
        path: path.to_string_lossy().escape_debug().to_string(),
        scheduler: target,
        reason,
    };
    let text = path.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
    checked(text, target)
}

fn checked(text: &str, target: &'static str) -> Result<String, ScheduleError> {
    if text.contains(char::is_control) {
        let (path, reason) = (text.escape_debug().to_string(), "it holds control characters");
        return Err(ScheduleError::Path { path, scheduler: target, reason });
    }
    Ok(text.to_owned())
}

/// Characters that neither a shell nor systemd reads as anything else.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/._-+=:,@".contains(c)
}

/// A word of a unit: `%` doubled, quoted where there is anything unusual in it.
fn unit_word(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    if text.chars().all(is_plain) { escaped } else { format!("\"{escaped}\"") }
}

fn shell_word(text: &str) -> String {
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation() -> Installation {
        Installation {
            program: "/usr/bin/settle".into(),
            config: "/etc/settle/settle.toml".into(),
            data_dir: "/var/lib/settle".into(),
            written: vec![],
            read: vec![],
            accounts: vec![],
            user: Some("anna".to_owned()),
            patience: TimeDelta::hours(3),
            jitter_max: TimeDelta::minutes(5),
        }
    }

    fn timetable(expression: &str) -> Timetable {
        Timetable::new(expression, "Europe/Paris".parse().unwrap(), TimeDelta::minutes(5)).unwrap()
    }

    #[test]
    fn a_nightly_service_is_tried_again_only_after_what_may_pass() {
        let unit = unit_file(UnitFile::Service, &installation(), &timetable("30 4 * * *")).unwrap();
        for line in [
            "ExecStart=/usr/bin/settle run --config /etc/settle/settle.toml --data-dir /var/lib/settle",
            "User=anna",
            "Restart=on-failure",
            "RestartPreventExitStatus=1 2 3 4 5 7",
            "StartLimitBurst=8",
            "ReadWritePaths=/var/lib/settle",
            "ProtectHome=yes",
            "TimeoutStartSec=540min",
        ] {
            assert!(unit.lines().any(|found| found == line), "{line} in\n{unit}");
        }
        let hourly = unit_file(UnitFile::Service, &installation(), &timetable("0 * * * *")).unwrap();
        assert!(!hourly.contains("Restart"), "the next hour is the next try\n{hourly}");
    }

    #[test]
    fn a_home_stays_visible_only_where_something_of_it_is_needed() {
        let at = Installation { read: vec!["/home/anna/key.pem".into()], ..installation() };
        let unit = unit_file(UnitFile::Daemon, &at, &timetable("30 4 * * *")).unwrap();
        assert!(unit.contains("ProtectHome=read-only\n"), "{unit}");
        assert!(unit.contains("ExecStart=/usr/bin/settle daemon "), "{unit}");
    }

    #[test]
    fn odd_paths_are_quoted_for_their_reader_and_impossible_ones_refused() {
        let odd = "/srv/Ann's 100% \"$HOME\" \\shop";
        let at = Installation { data_dir: odd.into(), accounts: vec!["shop-fr".to_owned()], ..installation() };
        let unit = unit_file(UnitFile::Service, &at, &timetable("30 4 * * *")).unwrap();
        assert!(unit.contains(r#"--data-dir "/srv/Ann's 100%% \"$$HOME\" \\shop" --account shop-fr"#), "{unit}");
        assert!(unit.contains(r#"ReadWritePaths="/srv/Ann's 100%% \"$HOME\" \\shop""#), "{unit}");
        let line = crontab(&at, &timetable("30 4 * * *")).unwrap();
        assert!(line.contains(r#"--data-dir '/srv/Ann'\''s 100\% "$HOME" \shop' --account shop-fr"#), "{line}");
        let split = Installation { data_dir: "/srv/a\nUser=root".into(), ..installation() };
        for refused in [
            unit_file(UnitFile::Service, &split, &timetable("30 4 * * *")).unwrap_err(),
            crontab(&split, &timetable("30 4 * * *")).unwrap_err(),
        ] {
            assert!(refused.to_string().contains("control characters"), "{refused}");
        }
    }
}
