//! A merchant's folder: configuration, files, data folder, results. Everything in it is named relatively, so that two
//! yards with the same content give the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use settle::cli::{StopFlag, Terminal, World};
use settle::config::Surroundings;
use settle::domain::{Clock, Pause, Timer};
use settle::rehearsal::serve::{Control, Options, Server};
use tempfile::TempDir;

use crate::disk::{Journal, Step};
use crate::house::{self, Service};
use crate::support::SELLER;
use crate::tools::Tools;

/// When everything happens: after the settlements of September exist.
pub(crate) fn now() -> DateTime<Utc> {
    house::at(house::START)
}

/// How a run ended and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn exits(self, codes: &[i32]) -> Self {
        assert!(codes.contains(&self.code), "{}: {}\n{}", self.code, self.err, self.out);
        self
    }
}

/// The clock of a yard: the server's, or one that stands still until it waits.
enum YardClock {
    Server(Control),
    Fixed(DateTime<Utc>),
}

impl Clock for YardClock {
    fn now(&self) -> DateTime<Utc> {
        match self {
            YardClock::Server(control) => control.now(),
            YardClock::Fixed(at) => *at,
        }
    }
}

impl Timer for YardClock {
    fn pause(&self, span: TimeDelta) -> Pause<'_> {
        if let YardClock::Server(control) = self {
            control.advance(span);
        }
        Box::pin(std::future::ready(()))
    }
}

/// The folder, and Amazon's double where the scene has one.
pub(crate) struct Yard {
    folder: TempDir,
    pub(crate) server: Option<Server>,
    /// The time of runs in this process where there is no server.
    pub(crate) at: DateTime<Utc>,
}

impl Yard {
    pub(crate) fn new(service: Option<Service>) -> Self {
        let yard = Self { folder: tempfile::tempdir().unwrap(), server: None, at: now() };
        for name in ["in", "out", "box"] {
            fs::create_dir(yard.path(name)).unwrap();
        }
        yard.opened(service)
    }

    /// A yard with the content of another folder, and a server of its own.
    pub(crate) fn copy_of(base: &Path, service: Option<Service>) -> Self {
        let yard = Self { folder: tempfile::tempdir().unwrap(), server: None, at: now() };
        copy(base, yard.root());
        yard.opened(service)
    }

    fn opened(mut self, service: Option<Service>) -> Self {
        let keys = house::keys();
        let source = match service {
            None => "source = \"import\"\n".to_owned(),
            Some(service) => {
                let fixture = settle::rehearsal::serve::Fixture::new()
                    .account(house::account())
                    .reports(house::september_reports())
                    .starting(now())
                    .unlimited();
                let server = self.server.insert(Server::start(fixture, Options::default()).unwrap());
                let endpoint = format!("endpoint = \"{}\"\n", server.http());
                let key = match service {
                    Service::Mws => format!(
                        "source = \"mws\"\naccess_key_id = \"{}\"\nsecret_key_file = \"secret\"\n",
                        keys.mws_access_key
                    ),
                    Service::Pay => format!(
                        "source = \"pay-api\"\npublic_key_id = \"{}\"\nprivate_key_file = \"key.pem\"\n",
                        keys.public_key_id
                    ),
                };
                key + &endpoint
            }
        };
        for (name, text) in [("key.pem", &keys.private_key_pem), ("secret", &keys.mws_secret)] {
            self.write(name, text);
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let text = format!(
            "data_dir = \"data\"\n[reporting]\ntimezone = \"Europe/Paris\"\n\
             [accounts.shop]\ncountry = \"FR\"\nmerchant_id = \"{SELLER}\"\n{source}\
             [run]\ninbox = \"box\"\nstatements = \"out/statements\"\nexports = [\"transactions\", \"journal\"]\n\
             exports_folder = \"out/exports\"\n"
        );
        self.write("settle.toml", text);
        self
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Runs `settle` in this process.
    pub(crate) fn settle(&self, words: &[&str]) -> Ended {
        let clock = match &self.server {
            Some(server) => YardClock::Server(server.control()),
            None => YardClock::Fixed(self.at),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let variables = BTreeMap::from([("HOME".to_owned(), self.root().display().to_string())]);
        // Paths are relative to the yard, as for the program that is started in it; this process is elsewhere.
        let words: Vec<String> = words.iter().map(|word| self.placed(word)).collect();
        let mut world = World {
            stdin: &mut std::io::empty(),
            stdout: &mut out,
            stderr: &mut err,
            surroundings: Surroundings::new(variables, self.root().to_owned()),
            program: "settle".into(),
            clock: &clock,
            catch_signals: &StopFlag::default,
            start_log: &|_| {},
            terminal: Terminal::default(),
            workers: NonZeroUsize::MIN,
        };
        let words = std::iter::once(std::ffi::OsString::from("settle")).chain(words.into_iter().map(Into::into));
        let code = settle::cli::run(words, &mut world).number();
        let text =
            |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&format!("{}/", self.root().display()), "");
        Ended { code: code.into(), out: text(out), err: text(err) }
    }

    /// A word that names something in the yard, as an absolute path.
    fn placed(&self, word: &str) -> String {
        let inside = ["in/", "out/", "box/"].iter().any(|folder| word.starts_with(folder));
        if inside { self.path(word).display().to_string() } else { word.to_owned() }
    }

    /// The program as it is started by a user, on the yard's clock.
    pub(crate) fn plain(&self, words: &[&str], tools: &Tools) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_settle"));
        command.env_clear().env("HOME", self.root()).env("CAMPAIGN_NOW", self.at.timestamp().to_string());
        command.env("LD_PRELOAD", &tools.clock).current_dir(self.root()).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program under the tracer; something happens at a step.
    pub(crate) fn traced(&self, words: &[&str], action: &str, step: u64, tools: &Tools) -> (Ended, Journal) {
        let log = tempfile::NamedTempFile::new().unwrap();
        let roots = self.root().display().to_string();
        let mut command = Command::new(&tools.tracer);
        command.env_clear().env("HOME", self.root()).env("CAMPAIGN_NOW", self.at.timestamp().to_string());
        command.env("LD_PRELOAD", &tools.clock).current_dir(self.root()).stdin(Stdio::null());
        command.arg(log.path()).args([roots.as_str(), action, &step.to_string(), "--", env!("CARGO_BIN_EXE_settle")]);
        let done = command.args(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = done.status.code().unwrap_or_else(|| 128 + done.status.signal().unwrap());
        let ended = Ended { code, out: text(done.stdout), err: text(done.stderr) };
        assert_ne!(code, 99, "the tracer failed: {}", ended.err);
        (ended, Journal::read(&fs::read(log.path()).unwrap(), self.root()))
    }

    /// What a run of the program does on the disk, undisturbed.
    pub(crate) fn steps(&self, words: &[&str], tools: &Tools) -> (Ended, Vec<Step>) {
        let (ended, journal) = self.traced(words, "none", 0, tools);
        (ended, journal.steps)
    }

    /// Every file below a folder of the yard with its bytes.
    pub(crate) fn files(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        walk(&self.path(below), &mut |path| {
            let name = path.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(path).unwrap());
        });
        files
    }
}

/// Says what was being done when a test ends by a panic.
pub(crate) struct Note(pub(crate) String);

impl Drop for Note {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the midst of: {}", self.0);
        }
    }
}

pub(crate) fn walk(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, found) } else { found(&path) }
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
