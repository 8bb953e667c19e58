//! A merchant's machine with a configuration and a data folder, and Amazon's double beside it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use settle::cli::{StopFlag, Terminal, World};
use settle::config::Surroundings;
use settle::domain::{Clock, Pause, Timer};
use settle::rehearsal::serve::{Account, AccountKeys, Control, Fault, Fixture, Options, Report, Server};

use crate::support::{Folder, SELLER, september_files};

/// The two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Mws,
    Pay,
}

pub(crate) const BOTH: [Service; 2] = [Service::Mws, Service::Pay];

/// The server's clock, which waits by being moved on.
struct MovedClock(Control);

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

impl Timer for MovedClock {
    fn pause(&self, span: TimeDelta) -> Pause<'_> {
        self.0.advance(span);
        Box::pin(std::future::ready(()))
    }
}

/// How a run ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("no JSON ({why}): {self:?}"))
    }

    #[track_caller]
    pub(crate) fn exits(self, code: u8) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.err, self.out);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "`{text}` is not in:\n{}\n{}", self.err, self.out);
        self
    }
}

/// The machine.
pub(crate) struct House {
    pub(crate) folder: Folder,
    pub(crate) server: Server,
    pub(crate) keys: AccountKeys,
    more: RefCell<Vec<String>>,
    service: Service,
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Keys are slow to make, so all tests share one pair.
pub(crate) fn keys() -> AccountKeys {
    static KEYS: std::sync::OnceLock<AccountKeys> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| AccountKeys::make("shop").unwrap()).clone()
}

pub(crate) fn account() -> Account {
    Account::new("shop", SELLER).with_keys(&keys())
}

/// The three settlements of September, as reports that exist from the second of October on.
pub(crate) fn september_reports() -> Vec<Report> {
    let periods = [
        ("2026-08-30T15:00:44Z", "2026-09-10T14:59:44Z"),
        ("2026-09-10T15:00:44Z", "2026-09-20T14:59:44Z"),
        ("2026-09-20T15:00:44Z", "2026-10-01T14:59:44Z"),
    ];
    let files = september_files();
    let reports = periods.iter().zip(files).enumerate().map(|(n, ((start, end), (_, text)))| {
        Report::settlement("shop", format!("1000000000000000{}", n + 1), (at(start), at(end)), text.into_bytes())
    });
    reports.collect()
}

pub(crate) const START: &str = "2026-10-02T04:30:00Z";

impl House {
    /// A machine whose one shop has the settlements of September.
    pub(crate) fn new(service: Service) -> Self {
        let fixture = Fixture::new().account(account()).reports(september_reports()).starting(at(START));
        Self::with(service, fixture)
    }

    pub(crate) fn with(service: Service, fixture: Fixture) -> Self {
        let server = Server::start(fixture, Options::default()).unwrap();
        let house = Self { folder: Folder::new(), server, keys: keys(), more: RefCell::default(), service };
        house.secret("key.pem", &house.keys.private_key_pem);
        house.secret("secret", &house.keys.mws_secret);
        house.configure("");
        house
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn secret(&self, name: &str, text: &str) {
        let path = self.folder.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The configuration, with lines of the account and further sections.
    pub(crate) fn configure(&self, more: &str) {
        let (account, sections) = more.split_once("\n[").map_or((more, String::new()), |(a, s)| (a, format!("[{s}")));
        let source = match self.service {
            Service::Mws => format!(
                "source = \"mws\"\naccess_key_id = \"{}\"\nsecret_key_file = \"secret\"\n",
                self.keys.mws_access_key
            ),
            Service::Pay => format!(
                "source = \"pay-api\"\npublic_key_id = \"{}\"\nprivate_key_file = \"key.pem\"\n",
                self.keys.public_key_id
            ),
        };
        let endpoint = if account.contains("endpoint") {
            String::new()
        } else {
            format!("endpoint = \"{}\"\n", self.server.http())
        };
        let text = format!(
            "data_dir = \"data\"\n[accounts.shop]\ncountry = \"FR\"\nmerchant_id = \"{SELLER}\"\n{source}{endpoint}{account}\n{sections}\n"
        );
        self.folder.write("settle.toml", text);
    }

    /// An environment variable for the next runs.
    pub(crate) fn variable(&self, name: &str, value: &str) {
        self.more.borrow_mut().push(format!("{name}={value}"));
    }

    pub(crate) fn control(&self) -> Control {
        self.server.control()
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.control().fault(fault);
    }

    /// The virtual time.
    pub(crate) fn control_now(&self) -> DateTime<Utc> {
        self.control().now()
    }

    /// Runs `settle` in this process.
    pub(crate) fn settle(&self, words: &[&str]) -> Run {
        let clock = MovedClock(self.control());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut variables: BTreeMap<String, String> = self
            .more
            .borrow()
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(a, b)| (a.into(), b.into()))
            .collect();
        variables.insert("HOME".to_owned(), self.folder.path().display().to_string());
        let mut world = World {
            stdin: &mut std::io::empty(),
            stdout: &mut out,
            stderr: &mut err,
            surroundings: Surroundings::new(variables, self.folder.path().to_owned()),
            program: "settle".into(),
            clock: &clock,
            catch_signals: &StopFlag::default,
            start_log: &|_| {},
            terminal: Terminal::default(),
            workers: NonZeroUsize::MIN,
        };
        let arguments = std::iter::once("settle").chain(words.iter().copied()).map(Into::into);
        let code = settle::cli::run(arguments, &mut world).number();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code, out: text(out), err: text(err) }
    }

    /// `settle fetch --format json`.
    pub(crate) fn fetch(&self) -> Run {
        self.settle(&["fetch", "--format", "json"])
    }

    /// The statement of September without what differs between doors.
    pub(crate) fn september(&self) -> Value {
        let run = self.settle(&["report", "--month", "2026-09", "--format", "json"]);
        assert!(run.code == 0 || run.code == 5, "{run:?}");
        run.json()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.at("data")
    }

    /// Names of the documents in the raw store.
    pub(crate) fn raw(&self) -> Vec<String> {
        settle::archive::RawStore::at(self.data().join("raw"))
            .documents()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// State of each report in the catalog.
    pub(crate) fn states(&self) -> Vec<(String, String)> {
        let connection = rusqlite::Connection::open(self.data().join("catalog.sqlite")).unwrap();
        let mut statement =
            connection.prepare("SELECT report_id, state FROM remote_reports ORDER BY report_id").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Every planted fault came up.
    #[track_caller]
    pub(crate) fn verdict(&self) {
        if let Err(unfired) = self.control().verdict() {
            panic!("never came up: {unfired:?}");
        }
    }
}

/// States of the reports that a fetch brought in.
pub(crate) fn states(run: &Run) -> Vec<String> {
    let document = run.json();
    let reports = document["accounts"][0]["reports"].as_array().unwrap();
    reports.iter().map(|report| report["state"].as_str().unwrap().to_owned()).collect()
}
