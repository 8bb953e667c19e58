//! The nightly job's timetable over ten years of clock changes, the daemon, and what is printed for systemd
//! and cron.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::cell::Cell;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use settle::archive::{Catalog, RunEnd};
use settle::domain::{Clock, ExitCode, Pause, Timer, Zone};
use settle::schedule::{Attempt, Daemon, Plan, ServiceManager, Ticks, Timetable, on_calendar, plan};
use support::{Folder, run, september_files, settle};

/// Zones with every oddity of ten years: half an hour of summer time, offsets of quarters, a skipped day,
/// summer time that begins at midnight, that pauses for Ramadan, that is negative, that was given up.
const ZONES: [&str; 12] = [
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Europe/Dublin",
    "Asia/Tehran",
    "Pacific/Auckland",
    "America/New_York",
    "Europe/Paris",
    "Europe/London",
];
/// Daily times as minutes of the day: at midnight, in holes at midnight, in holes and repeated spans of the
/// night, a usual one, the last minute.
const TIMES: [i64; 5] = [0, 30, 2 * 60 + 15, 4 * 60 + 30, 23 * 60 + 59];
/// From here on for ten years: Apia skips a day, Brazil and Iran give up summer time, Morocco turns it round.
/// It is 2011-06-01T00:00:00Z.
const FROM: i64 = 1_306_886_400;
const DAYS: i64 = 3_653;

/// Offsets are looked up for each quarter of an hour: every clock change since 1972 is at one.
const QUARTER: i64 = 15;
const DAY: i64 = 24 * 60;

/// Ten years of a zone, in minutes from [`FROM`].
struct Years {
    /// Minutes east of UTC in each quarter of an hour.
    offsets: Vec<i64>,
}

impl Years {
    fn of(zone: Zone) -> Self {
        let offset = |quarter: i64| {
            let at = instant(quarter * QUARTER);
            let seconds = zone.tz().offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
            assert_eq!(seconds % 60, 0, "{zone}");
            i64::from(seconds / 60)
        };
        Self { offsets: (0..=DAYS * DAY / QUARTER).map(offset).collect() }
    }

    /// Local minutes at a minute of UTC.
    fn local(&self, minute: i64) -> i64 {
        minute + self.offsets[usize::try_from(minute / QUARTER).unwrap()]
    }

    /// The first minute of each local day at which the local time is `time` or later, found by looking at
    /// every minute: an answer that knows no cron and no rule about clock changes.
    fn firsts(&self, time: i64) -> Vec<i64> {
        let mut firsts = Vec::new();
        let begun = i64::from(self.local(0).rem_euclid(DAY) < time);
        let mut done = self.local(0).div_euclid(DAY) - begun;
        for quarter in 0..DAYS * DAY / QUARTER {
            // Within a quarter the clock does not change, so most need no second look.
            let (first, last) = (self.local(quarter * QUARTER), self.local(quarter * QUARTER + QUARTER - 1));
            let over = last.div_euclid(DAY) == done && first.div_euclid(DAY) == done;
            let early = last.rem_euclid(DAY) < time
                && first.rem_euclid(DAY) < time
                && first.div_euclid(DAY) == last.div_euclid(DAY);
            if over || early {
                continue;
            }
            for minute in quarter * QUARTER..(quarter + 1) * QUARTER {
                let local = self.local(minute);
                let day = local.div_euclid(DAY);
                if day > done && local.rem_euclid(DAY) >= time {
                    firsts.push(minute);
                    done = day;
                }
            }
        }
        firsts
    }
}

/// A small generator (splitmix64), so that every run of the test is the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) >> 1).unwrap() % most
    }
}

/// What happens to the process that keeps the timetable.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Restarted within the minute.
    Restart,
    /// Down for so many minutes.
    Down(i64),
    /// The clock is set back by so many minutes.
    Back(i64),
}

fn instant(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(FROM + minute * 60, 0).unwrap()
}

/// Walks through ten years minute by minute and answers the minutes at which runs began. At no minute at which
/// the process is up may the latest of `firsts` be without a run.
fn walk(timetable: &Timetable, firsts: &[i64], chance: &mut Chance, trouble: Trouble) -> Vec<i64> {
    let jitter = timetable.jitter().num_minutes();
    let mut attempts: VecDeque<Attempt> = VecDeque::new();
    let mut starts = Vec::new();
    let planned = |attempts: &VecDeque<Attempt>, minute| -> Plan {
        plan(timetable, &attempts.iter().copied().collect::<Vec<_>>(), instant(minute)).unwrap()
    };
    // The first run ever is a story of its own, so one has just been.
    attempts.push_front(Attempt { started: instant(0), ended: Some(instant(0)), exit: Some(0) });
    let minute_of = |at: DateTime<Utc>| (at - instant(0)).num_minutes();
    let mut minute = 1;
    let mut due = minute_of(planned(&attempts, minute).at);
    let mut fate_at = 1 + chance.below(5 * DAY);
    let (mut night, mut last_start) = (0, 0);
    while minute < DAYS * DAY - DAY {
        if minute >= due {
            // The daemon asks anew before it begins.
            if planned(&attempts, minute).is_due(instant(minute)) {
                starts.push(minute);
                last_start = last_start.max(minute);
                attempts.push_front(Attempt {
                    started: instant(minute),
                    ended: Some(instant(minute)),
                    exit: Some([0, 5, 7][usize::try_from(chance.below(3)).unwrap()]),
                });
                attempts.truncate(8);
            }
            due = minute_of(planned(&attempts, minute).at);
        }
        while night + 1 < firsts.len() && firsts[night + 1] + jitter <= minute {
            night += 1;
        }
        while night > 0 && firsts[night] + jitter > minute {
            night -= 1;
        }
        assert!(
            firsts[night] <= last_start || firsts[night] + jitter > minute,
            "{} in {}: nothing for {} at {}",
            timetable.expression(),
            timetable.zone(),
            instant(firsts[night]),
            instant(minute)
        );
        minute += 1;
        if trouble == Trouble::Often && minute == fate_at {
            match [Fate::Restart, Fate::Down(chance.below(4 * DAY)), Fate::Back(chance.below(8 * 60))]
                [usize::try_from(chance.below(3)).unwrap()]
            {
                Fate::Restart => {}
                Fate::Down(length) => minute += length,
                Fate::Back(length) => minute = (minute - length).max(jitter + 1),
            }
            fate_at = minute + 1 + chance.below(5 * DAY);
            due = minute_of(planned(&attempts, minute.min(DAYS * DAY)).at);
        }
    }
    starts
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Often,
}

fn daily(time: i64, zone: Zone, jitter: i64) -> Timetable {
    let expression = format!("{} {} * * *", time % 60, time / 60);
    Timetable::new(&expression, zone, TimeDelta::minutes(jitter)).unwrap()
}

/// Runs a check for every zone and time, on both processors.
fn for_every_zone_and_time(check: impl Fn(Zone, &Years, i64) + Sync) {
    std::thread::scope(|scope| {
        for name in ZONES {
            let check = &check;
            scope.spawn(move || {
                let zone: Zone = name.parse().unwrap();
                let years = Years::of(zone);
                TIMES.iter().for_each(|time| check(zone, &years, *time));
            });
        }
    });
}

#[test]
fn over_ten_years_in_twelve_zones_every_local_day_has_exactly_one_run() {
    for_every_zone_and_time(|zone, years, time| {
        let jitter = [0, 4][usize::try_from(time % 2).unwrap()];
        let firsts = years.firsts(time);
        let starts = walk(&daily(time, zone, jitter), &firsts, &mut Chance(0), Trouble::None);
        let expected: Vec<i64> = firsts.iter().map(|first| first + jitter).collect();
        let differs = starts.iter().zip(&expected).find(|(start, first)| start != first);
        let shown = differs.map(|(start, first)| (instant(*start), instant(*first)));
        assert_eq!(shown, None, "{zone} {time}: the run began at the former instead of the latter");
        let mut days: Vec<i64> = starts.iter().map(|start| years.local(start - jitter).div_euclid(DAY)).collect();
        assert!(days.len() > 3_640, "{zone} {time}: {} days", days.len());
        days.dedup();
        assert_eq!(days.len(), starts.len(), "{zone} {time}: two runs on one day");
    });
}

#[test]
fn restarts_downtime_and_clocks_set_back_neither_lose_a_night_nor_repeat_one() {
    for_every_zone_and_time(|zone, years, time| {
        let mut chance = Chance(u64::try_from(time).unwrap() + zone.name().len() as u64);
        let firsts = years.firsts(time);
        let starts = walk(&daily(time, zone, 0), &firsts, &mut chance, Trouble::Often);
        // Each run is for the latest night before it, and no night has two: no occurrence was repeated, and a
        // downtime of several nights was made up for once.
        let nights: Vec<usize> = starts.iter().map(|start| firsts.partition_point(|first| first <= start)).collect();
        assert!(nights.windows(2).all(|pair| pair[0] < pair[1]), "{zone} {time}: a night was repeated");
        let missed: usize = nights.windows(2).map(|pair| pair[1] - pair[0] - 1).sum();
        assert!(missed > 100, "{zone} {time}: the downtimes were too short to prove anything ({missed} nights)");
    });
}

/// A clock that only the daemon's waiting moves on.
struct RehearsedClock(Cell<DateTime<Utc>>);

impl Clock for RehearsedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.get()
    }
}

impl Timer for RehearsedClock {
    fn pause(&self, span: TimeDelta) -> Pause<'_> {
        self.0.set(self.0.get() + span);
        Box::pin(std::future::ready(()))
    }
}

struct RehearsedTicks<'a>(&'a RehearsedClock);

impl Ticks for RehearsedTicks<'_> {
    fn tick(&mut self) -> Pause<'_> {
        self.0.pause(TimeDelta::minutes(1))
    }
}

/// Whether the job enters itself in the catalog, as `settle run` does, or fails before it can.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entering {
    Works,
    Fails,
}

/// Keeps a daemon at half past four in Paris from an instant until another, with a job of ten minutes that ends
/// as told and with 0 after that; answers when it began, in local time.
fn rehearse(data: &Folder, from: &str, until: &str, exits: &[ExitCode], entering: Entering) -> Vec<String> {
    let timetable = Timetable::new("30 4 * * *", "Europe/Paris".parse().unwrap(), TimeDelta::minutes(3)).unwrap();
    let clock = RehearsedClock(Cell::new(from.parse().unwrap()));
    let until: DateTime<Utc> = until.parse().unwrap();
    let stopped = || (until <= clock.now()).then_some(ExitCode::Terminated);
    let daemon = Daemon {
        timetable: &timetable,
        data_dir: data.path(),
        clock: &clock,
        stopped: &stopped,
        service: ServiceManager::default(),
    };
    let mut exits = exits.iter().copied();
    let mut starts = Vec::new();
    let mut job = || {
        let started = clock.now();
        starts.push(started.with_timezone(&timetable.zone().tz()).format("%d %H:%M").to_string());
        clock.0.set(started + TimeDelta::minutes(10));
        let exit = exits.next().unwrap_or(ExitCode::Done);
        if entering == Entering::Works {
            enter_run(data, started, clock.now(), exit);
        }
        exit
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let ended = daemon.keep(&mut RehearsedTicks(&clock), &runtime, &mut job);
    assert_eq!(ended, ExitCode::Terminated);
    starts
}

fn enter_run(data: &Folder, started: DateTime<Utc>, ended: DateTime<Utc>, exit: ExitCode) {
    let mut catalog = Catalog::open(&data.at("catalog.sqlite")).unwrap();
    let id = catalog.begin_run("run", started.timestamp_millis()).unwrap();
    let end = RunEnd { finished_ms: ended.timestamp_millis(), exit, new_reports: 1, error: None };
    catalog.end_run(id, &end).unwrap();
}

#[test]
fn the_daemon_runs_every_night_at_its_time_across_a_clock_change() {
    let data = Folder::new();
    // The first run ever is at once.
    let starts = rehearse(&data, "2026-10-23T12:00:00Z", "2026-10-27T00:00:00Z", &[], Entering::Works);
    assert_eq!(starts, ["23 14:00", "24 04:33", "25 04:33", "26 04:33"]);
}

#[test]
fn a_daemon_that_is_started_again_repeats_nothing_and_makes_up_for_missed_nights_once() {
    let data = Folder::new();
    let first = rehearse(&data, "2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z", &[], Entering::Works);
    assert_eq!(first, ["01 13:00", "02 04:33"]);
    let again = rehearse(&data, "2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z", &[], Entering::Works);
    assert_eq!(again, ["03 04:33"]);
    let later = rehearse(&data, "2026-11-10T12:00:00Z", "2026-11-11T12:00:00Z", &[], Entering::Works);
    assert_eq!(later, ["10 13:00", "11 04:33"]);
}

#[test]
fn a_temporary_failure_is_tried_again_and_one_for_a_person_is_not() {
    use ExitCode::{Configuration, Locked, Temporary};
    for entering in [Entering::Works, Entering::Fails] {
        let data = Folder::new();
        let exits = [Temporary, Locked, Configuration];
        let starts = rehearse(&data, "2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z", &exits, entering);
        assert_eq!(starts, ["01 13:00", "01 13:25", "01 14:05", "02 04:33"]);
    }
}

#[test]
fn a_run_by_hand_counts_for_the_daemon() {
    let data = Folder::new();
    let by_hand = "2026-11-02T03:31:00Z".parse().unwrap();
    enter_run(&data, by_hand, by_hand + TimeDelta::minutes(1), ExitCode::DoesNotTie);
    let starts = rehearse(&data, "2026-11-02T03:32:00Z", "2026-11-03T12:00:00Z", &[], Entering::Works);
    assert_eq!(starts, ["03 04:33"]);
}

/// A program that is ended when the test is over, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder in which a run has just ended and the next one is years away.
fn quiet_schedule() -> Folder {
    let folder = Folder::new();
    folder.write("settle.toml", "[schedule]\ncron = \"0 4 29 2 *\"\ntimezone = \"Europe/Paris\"\n");
    fs::create_dir(folder.at("data")).unwrap();
    let mut catalog = Catalog::open(&folder.at("data/catalog.sqlite")).unwrap();
    let now = Utc::now();
    let id = catalog.begin_run("run", now.timestamp_millis()).unwrap();
    let end = RunEnd { finished_ms: now.timestamp_millis(), exit: ExitCode::Done, new_reports: 0, error: None };
    catalog.end_run(id, &end).unwrap();
    folder
}

fn daemon_in(folder: &Folder) -> Command {
    let mut command = settle();
    command.current_dir(folder.path()).args(["daemon", "--data-dir"]).arg(folder.at("data"));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_signal_ends_a_waiting_daemon_with_its_own_exit_code() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let folder = quiet_schedule();
        let mut daemon = Running(daemon_in(&folder).spawn().unwrap());
        let mut lines = BufReader::new(daemon.0.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("next run 2028-02-29T04:0"), "{line}");
        signal(&daemon.0, name);
        assert_eq!(daemon.0.wait().unwrap().code(), Some(code));
        let last = lines.last().unwrap().unwrap();
        assert!(last.contains("stopped by a signal"), "{last}");
    }
}

#[test]
fn a_daemon_says_nothing_when_it_is_asked_to_be_quiet() {
    let folder = quiet_schedule();
    let socket = UnixDatagram::bind(folder.at("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut command = daemon_in(&folder);
    let mut daemon = Running(command.arg("-q").env("NOTIFY_SOCKET", folder.at("notify")).spawn().unwrap());
    assert_eq!(heard(&socket), "READY=1");
    signal(&daemon.0, "TERM");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut daemon.0.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!((daemon.0.wait().unwrap().code(), said.as_str()), (Some(143), ""));
}

#[test]
fn the_daemon_does_what_settle_run_does_and_enters_it() {
    let folder = Folder::new();
    let settings = "[schedule]\ncron = \"0 4 29 2 *\"\n[run]\ninbox = \"inbox\"\n";
    folder.write("settle.toml", settings);
    for (name, text) in september_files() {
        folder.write(&format!("inbox/{name}"), text);
    }
    let mut daemon = Running(daemon_in(&folder).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(daemon.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("run begins: the first one"));
    let said: Vec<String> = lines.by_ref().take_while(|line| !line.contains("next run")).collect();
    assert!(said.last().unwrap().contains("run ended"), "{said:?}");
    signal(&daemon.0, "TERM");
    assert_eq!(daemon.0.wait().unwrap().code(), Some(143));
    let mut told = String::new();
    std::io::Read::read_to_string(&mut daemon.0.stdout.take().unwrap(), &mut told).unwrap();
    assert!(told.starts_with("settle run ") && told.lines().count() == 1, "{told}");
    let mut status = settle();
    status.current_dir(folder.path()).args(["status", "--format", "json", "--data-dir"]).arg(folder.at("data"));
    let status = run(&mut status).json();
    assert_eq!((&status["runs"][0]["command"], &status["accounts"][0]["settlements"]), (&"run".into(), &3.into()));
    assert!(status["runs"][0]["exit"].is_i64(), "{status:#}");
    assert!(status["next_run"].as_str().unwrap().starts_with("2028-02-29T04:"), "{status:#}");
}

/// What the service manager is told next.
fn heard(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 1_024];
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap().trim_end().to_owned()
}

#[test]
fn systemd_is_told_when_the_daemon_is_ready_what_it_does_that_it_lives_and_that_it_stops() {
    let folder = quiet_schedule();
    let socket = UnixDatagram::bind(folder.at("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut command = daemon_in(&folder);
    command.env("NOTIFY_SOCKET", folder.at("notify")).env("WATCHDOG_USEC", "500000");
    let mut daemon = Running(command.spawn().unwrap());
    assert_eq!(heard(&socket), "READY=1");
    let status = heard(&socket);
    assert!(status.starts_with("STATUS=next run 2028-02-29T04:0"), "{status}");
    assert_eq!(heard(&socket), "WATCHDOG=1");
    signal(&daemon.0, "TERM");
    let mut last = heard(&socket);
    while last == "WATCHDOG=1" {
        last = heard(&socket);
    }
    assert_eq!(last, "STOPPING=1");
    assert_eq!(daemon.0.wait().unwrap().code(), Some(143));
}

#[test]
fn a_daemon_without_a_usable_schedule_says_what_to_write() {
    for (settings, message, hint) in [
        ("", "there is no schedule.cron", "`cron = \"30 4 * * *\"`"),
        ("[schedule]\ncron = \"0 4 30 2 *\"\n", "`0 4 30 2 *` never comes", "`30 4 * * *` is every night"),
        ("[schedule]\ncron = \"0 24 * * *\"\n", "the hour `24` must be within 0-23", "five fields"),
    ] {
        let folder = Folder::new();
        folder.write("settle.toml", settings);
        for words in [&["daemon"][..], &["schedule", "print", "--systemd"], &["schedule", "print", "--cron"]] {
            let done = run(settle().current_dir(folder.path()).args(words).arg("--data-dir").arg(folder.at("data")));
            assert_eq!(done.code, 3, "{done:?}");
            assert!(done.err.contains(message) && done.err.contains(hint), "{}", done.err);
        }
    }
}

/// Whether systemd-analyze is there.
fn systemd_analyze() -> bool {
    let there = Command::new("systemd-analyze").arg("--version").output().is_ok_and(|done| done.status.success());
    if !there {
        println!("skipped: no systemd-analyze, the units are not verified");
    }
    there
}

#[test]
fn the_units_are_what_systemd_accepts() {
    let folder = Folder::new();
    let settings = "[schedule]\ncron = \"30 4 * * 1-5\"\ntimezone = \"Europe/Paris\"\n";
    let config = folder.write("my shop/settle.toml", settings);
    fs::create_dir(folder.at("units")).unwrap();
    let print = |form: &str| {
        let mut command = settle();
        command.args(["schedule", "print", form, "-o"]).arg(folder.at("units"));
        command.arg("--config").arg(&config).arg("--data-dir").arg(folder.at("my shop/100% data"));
        let done = run(&mut command);
        assert_eq!(done.code, 0, "{done:?}");
    };
    print("--systemd");
    print("--daemon");
    let timer = fs::read_to_string(folder.at("units/settle.timer")).unwrap();
    for line in ["OnCalendar=Mon..Fri *-*-* 04:30:00 Europe/Paris", "Persistent=true", "RandomizedDelaySec=300"] {
        assert!(timer.lines().any(|found| found == line), "{line} in\n{timer}");
    }
    if systemd_analyze() {
        for unit in ["settle.service", "settle.timer", "settle-daemon.service"] {
            let done = run(Command::new("systemd-analyze").arg("verify").arg(folder.at(&format!("units/{unit}"))));
            assert_eq!((done.code, done.err.as_str()), (0, ""), "{unit}");
        }
    }
}

/// The next instants of calendar lines as systemd computes them.
fn systemd_next(lines: &[String], after: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
    let mut all = Vec::new();
    for line in lines {
        let mut command = Command::new("systemd-analyze");
        command.env("TZ", "UTC").args(["calendar", &format!("--iterations={count}")]);
        let base = format!("--base-time={}", after.format("%Y-%m-%d %H:%M:%S UTC"));
        let done = run(command.args([base.as_str(), line.as_str()]));
        assert_eq!(done.code, 0, "{line}: {}", done.err);
        for found in done.out.lines() {
            let Some((name, value)) = found.split_once(": ") else { continue };
            if name.trim() == "Next elapse" || name.trim().starts_with("Iter") || name.trim().starts_with("Iteration") {
                let text = value.trim().trim_end_matches(" UTC");
                let naive = chrono::NaiveDateTime::parse_from_str(text, "%a %Y-%m-%d %H:%M:%S").unwrap();
                all.push(naive.and_utc());
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all.truncate(count);
    all
}

#[test]
fn systemd_reads_every_calendar_line_as_the_daemon_reads_the_expression() {
    if !systemd_analyze() {
        return;
    }
    let from: DateTime<Utc> = "2026-11-24T12:34:56Z".parse().unwrap();
    for expression in [
        "30 4 * * *",
        "*/15 */6 * * *",
        "0 6-8,20 * * mon-fri",
        "7 4 1,15 jan,7-9 ?",
        "0 4 * * 0,6",
        "0 4 * * 7",
        "0 4 13 * fri",
        "0 4 */10 * 1",
        "0 4 L * *",
        "0 4 L,15 2-4 3",
        "5-50/15 1 31 * *",
        "0 4 29 2 *",
    ] {
        let timetable = Timetable::new(expression, Zone::UTC, TimeDelta::zero()).unwrap();
        let ours: Vec<DateTime<Utc>> =
            std::iter::successors(timetable.next(from), |at| timetable.next(*at)).take(40).collect();
        assert_eq!(systemd_next(&on_calendar(&timetable).unwrap(), from, 40), ours, "{expression}");
    }
}

#[test]
fn a_crontab_line_has_the_zone_the_fields_and_absolute_paths() {
    let folder = Folder::new();
    folder.write("settle.toml", "[schedule]\ncron = \"30 4 * * mon-fri\"\ntimezone = \"Europe/Paris\"\n");
    let mut command = settle();
    command.current_dir(folder.path()).args(["schedule", "print", "--cron", "--data-dir", "data", "--account", "shop"]);
    let done = run(&mut command);
    assert_eq!(done.code, 0, "{done:?}");
    let place = fs::canonicalize(folder.path()).unwrap();
    let program = env!("CARGO_BIN_EXE_settle");
    let line = format!(
        "CRON_TZ=Europe/Paris\n30 4 * * 1-5 {program} -q run --config {0}/settle.toml --data-dir {0}/data --account shop\n",
        place.display()
    );
    assert!(done.out.ends_with(&line), "{}\n{line}", done.out);
}
