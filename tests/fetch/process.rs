//! The real program as a process: kills, signals, eight at once, secrets that appear nowhere.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::house::{BOTH, House, Service, account};
use crate::support::{Line, SELLER, settlement_file};
use chrono::{TimeDelta, Utc};
use settle::rehearsal::serve::{ClockMode, Face, Fault, FaultKind, Fixture, Report};

/// A machine whose server runs on the system's clock, with reports of the last days.
fn today(service: Service, days: i64) -> House {
    let reports = (0..days).map(|n| {
        let start = Utc::now() - TimeDelta::days(days + 1 - n);
        let end = start + TimeDelta::days(1) - TimeDelta::seconds(60);
        let printed = |at: chrono::DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S +0000").to_string();
        let lines = [
            Line::fees(
                &printed(start + TimeDelta::hours(3)),
                "Capture",
                ["100.00", "-2.70", "-0.35", "-3.05", "96.95"],
            ),
            Line::plain(&printed(start + TimeDelta::hours(20)), "Transfer", "-96.95"),
        ];
        let text = settlement_file(SELLER, &format!("81000000{n:02}"), [&printed(start), &printed(end)], &lines);
        Report::settlement("shop", format!("400000000000{n:04}"), (start, end), text.into_bytes())
    });
    let fixture = Fixture::new().account(account()).reports(reports).unlimited();
    let house = House::with(service, fixture);
    house.control().set_clock_mode(ClockMode::Real);
    house
}

fn program(house: &House, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settle"));
    command.args(words).current_dir(house.folder.path()).env_clear().env("HOME", house.folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn spawn(house: &House, words: &[&str]) -> Child {
    program(house, words).spawn().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(30), "{what} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The statement of everything, without what carries no figures.
fn figures(house: &House) -> serde_json::Value {
    let (from, until) =
        ((Utc::now() - TimeDelta::days(60)).date_naive(), (Utc::now() + TimeDelta::days(2)).date_naive());
    let words = ["report", "--from-date", &from.to_string(), "--until-date", &until.to_string(), "--format", "json"];
    let output = program(house, &words).output().unwrap();
    let statement: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    statement["accounts"].clone()
}

#[test]
fn a_run_killed_at_any_moment_loses_and_doubles_nothing() {
    for service in BOTH {
        let house = today(service, 12);
        let whole = today(service, 12);
        assert!(program(&whole, &["run", "-q"]).status().unwrap().success());
        for kill in 0..24_u64 {
            let mut child = spawn(&house, &["run", "-q"]);
            std::thread::sleep(Duration::from_millis(4 + kill * 7));
            // SIGKILL: nothing can be tidied up.
            let _ = child.kill();
            child.wait().unwrap();
        }
        let last = program(&house, &["run"]).output().unwrap();
        assert!(last.status.success(), "{}", text(&last));
        let downloads = house.control().calls(if service == Service::Mws { "GetReport" } else { "GetObject" });
        let kept = house.raw();
        assert_eq!(kept.len(), 12);
        assert!(house.states().iter().filter(|(id, _)| !id.starts_with("disb")).all(|(_, state)| state == "taken"));
        assert!(downloads.len() <= 12 + 24, "{} downloads", downloads.len());
        let (killed, clean) = (figures(&house), figures(&whole));
        assert_eq!(killed[0]["closing_balance"], clean[0]["closing_balance"]);
        assert_eq!(killed[0]["movements"], clean[0]["movements"]);
        for id in kept {
            let store = settle::archive::RawStore::at(house.data().join("raw"));
            store.verify(&settle::domain::DocumentId::new(id)).unwrap();
        }
    }
}

#[test]
fn signals_end_a_run_that_waits_and_the_next_one_goes_on() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let house = today(Service::Pay, 3);
        house.fault(Fault::new(FaultKind::StallBody).on(Face::Storage).nth(2));
        let child = spawn(&house, &["run", "-q"]);
        wait_until("the second download", || house.control().calls("GetObject").len() == 2);
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        house.control().clear_faults();
        let again = program(&house, &["run"]).output().unwrap();
        assert_eq!(again.status.code(), Some(0), "{}", text(&again));
        assert_eq!(house.raw().len(), 3);
        assert_eq!(house.control().calls("GetObject").len(), 4, "the first was not downloaded again");
    }
}

#[test]
fn of_eight_runs_at_once_one_works_and_the_others_end_with_six_at_once() {
    let house = today(Service::Mws, 3);
    house.fault(Fault::new(FaultKind::StallHeaders).action("GetReportList"));
    house.configure("\n[fetch]\ntimeout = \"2s\"");
    let first = spawn(&house, &["run", "-q"]);
    wait_until("the first request", || !house.control().journal().is_empty());
    let since = Instant::now();
    let others: Vec<Child> = (0..7).map(|_| spawn(&house, &["run", "-q"])).collect();
    for other in others {
        let output = other.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{}", text(&output));
    }
    assert!(since.elapsed() < Duration::from_secs(2), "they waited");
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(house.raw().len(), 3);
}

#[test]
fn a_full_disk_ends_with_four_and_keeps_what_is_here() {
    let house = today(Service::Pay, 3);
    let mut codes = Vec::new();
    // A small device would need root's rights; a limit on the size of files needs none and fails the same writes.
    for blocks in [1, 40, 80, 160, 240] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {} run", env!("CARGO_BIN_EXE_settle"));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(house.folder.path()).env_clear().env("HOME", house.folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        codes.push(output.status.code().unwrap_or_else(|| panic!("{output:?}")));
    }
    assert!(codes.contains(&4) && codes.iter().all(|code| [0, 4].contains(code)), "{codes:?}");
    let again = program(&house, &["run"]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again));
    assert_eq!(house.raw().len(), 3);
}

/// Every file below a folder.
fn grep(folder: &Path, needle: &[u8], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            grep(&path, needle, found);
        } else if fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle) {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn planted_secrets_appear_nowhere() {
    for service in BOTH {
        let house = today(service, 2);
        let secret = match service {
            Service::Mws => house.keys.mws_secret.clone(),
            Service::Pay => house.keys.private_key_pem.lines().nth(5).unwrap().to_owned(),
        };
        house.fault(Fault::new(FaultKind::StallHeaders).nth(2));
        house.configure("\n[fetch]\ntimeout = \"1s\"\n[notify]\nping_url = \"http://127.0.0.1:9/planted-switch\"");
        let child = spawn(&house, &["run", "-vvv", "--log", "json"]);
        wait_until("the first request", || !house.control().journal().is_empty());
        let command_line = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("\"operation\""), "the log was on: {said}");
        // The signatures and addresses of this very conversation, as the server heard them.
        let mut needles = vec![secret.clone(), "planted-switch".to_owned()];
        for call in house.control().journal() {
            needles.extend(call.header("authorization").map(str::to_owned));
            if call.query.contains("X-Amz-Signature") {
                needles.push(call.query.clone());
            }
        }
        assert!(needles.len() > 2 || service == Service::Mws);
        for needle in &needles {
            assert!(!said.contains(needle.as_str()), "{needle} in {said}");
            assert!(!String::from_utf8_lossy(&command_line).contains(needle.as_str()));
            let mut found = Vec::new();
            grep(&house.data(), needle.as_bytes(), &mut found);
            assert!(found.is_empty(), "{needle} in {found:?}");
        }
        // The sign that the search would find it: the secret's own file holds it.
        let mut found = Vec::new();
        grep(house.folder.path(), secret.as_bytes(), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_secret_that_others_can_read_is_refused_before_anything_is_sent() {
    use std::os::unix::fs::PermissionsExt;
    for (service, name) in [(Service::Mws, "secret"), (Service::Pay, "key.pem")] {
        let house = House::new(service);
        fs::set_permissions(house.folder.at(name), fs::Permissions::from_mode(0o640)).unwrap();
        house.fetch().exits(3).says("is open to group or others").says("chmod 600");
        assert!(house.control().journal().is_empty());
    }
}

#[test]
fn a_secret_comes_from_a_variable_or_a_program_as_well() {
    let house = House::new(Service::Mws);
    let text = fs::read_to_string(house.folder.at("settle.toml")).unwrap();
    house.folder.write("settle.toml", text.replace("secret_key_file = \"secret\"", "secret_key_env = \"PLACE\""));
    house.fetch().exits(3).says("the environment variable PLACE is not set");
    house.variable("PLACE", &house.keys.mws_secret);
    house.fetch().exits(0);
    let command = format!("secret_key_command = [\"cat\", \"{}\"]", house.folder.at("secret").display());
    house.folder.write("settle.toml", text.replace("secret_key_file = \"secret\"", &command));
    house.fetch().exits(0);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let house = House::new(Service::Pay);
    house.configure("endpoint = \"http://pay-api.amazon.eu\"");
    house.fetch().exits(3).says("https address");
    assert!(house.control().journal().is_empty());
}
