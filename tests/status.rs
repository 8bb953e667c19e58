//! `settle status`: coverage, gaps, runs, what is stale and what Amazon will soon delete.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use settle::archive::{Catalog, FetchRecord, RemoteAccount, RunEnd};
use settle::cli::{StopFlag, Terminal, World, run};
use settle::config::Surroundings;
use settle::domain::{ExitCode, FixedClock, SellerId};
use support::{Folder, Line, Run, SELLER, list, september_files, settlement_file, text};

const NOW: &str = "2026-11-24T12:00:00Z";

/// A folder with a configuration and an archive, and the time at which commands run on it.
struct Shop {
    folder: Folder,
    now: DateTime<Utc>,
}

impl Shop {
    fn new(settings: &str) -> Self {
        let folder = Folder::new();
        folder.write("settle.toml", settings);
        Self { folder, now: NOW.parse().unwrap() }
    }

    /// Runs the program in this process, where the time is known.
    fn run(&self, words: &[&str]) -> Run {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut world = World {
            stdin: &mut std::io::empty(),
            stdout: &mut out,
            stderr: &mut err,
            surroundings: Surroundings::new(BTreeMap::new(), self.folder.path().to_owned()),
            program: "settle".into(),
            clock: &FixedClock(self.now),
            catch_signals: &StopFlag::default,
            start_log: &|_| {},
            terminal: Terminal::default(),
            workers: NonZeroUsize::MIN,
        };
        let data = self.folder.at("data").display().to_string();
        let words = [&["settle"], words, &["--data-dir", &data]].concat();
        let code = run(words.into_iter().map(Into::into), &mut world).number();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: code.into(), out: text(out), err: text(err) }
    }

    fn status(&self, words: &[&str]) -> Run {
        self.run(&[&["status"], words].concat())
    }

    fn status_json(&self, words: &[&str]) -> Value {
        self.status(&[&["--format", "json"], words].concat()).json()
    }

    fn import(&self, files: &[(&str, String)]) {
        let place = Folder::new();
        for (name, text) in files {
            place.write(name, text);
        }
        let done = self.run(&["import", place.path().to_str().unwrap()]);
        assert_eq!(done.code, 0, "{done:?}");
    }

    fn catalog(&self) -> Catalog {
        // What is entered here was entered by no run, so nothing is sealed.
        let _ = std::fs::remove_file(self.folder.at("data/seals.sha256"));
        Catalog::open(&self.folder.at("data/catalog.sqlite")).unwrap()
    }

    fn ago(&self, span: TimeDelta) -> i64 {
        (self.now - span).timestamp_millis()
    }

    fn enter_run(&self, ago: TimeDelta, exit: ExitCode, error: Option<&str>) {
        let mut catalog = self.catalog();
        let started = self.ago(ago);
        let id = catalog.begin_run("run", started).unwrap();
        let end = RunEnd { finished_ms: started + 72_000, exit, new_reports: 3, error: error.map(str::to_owned) };
        catalog.end_run(id, &end).unwrap();
    }

    fn enter_fetch(&self, merchant: &str, success: Option<TimeDelta>, error: Option<&str>) {
        let account = RemoteAccount {
            merchant_id: SellerId::new(merchant),
            source: "pay-api".to_owned(),
            environment: "live".to_owned(),
        };
        let fetch = FetchRecord {
            account,
            last_success_ms: success.map(|ago| self.ago(ago)),
            last_attempt_ms: self.ago(TimeDelta::hours(1)),
            last_error: error.map(str::to_owned),
        };
        self.catalog().record_fetch(&fetch).unwrap();
    }
}

const FETCHED: &str = "\
[reporting]
timezone = \"Europe/Paris\"
[accounts.shop]
country = \"FR\"
merchant_id = \"A1EXAMPLE\"
source = \"pay-api\"
[schedule]
cron = \"30 4 * * *\"
jitter = \"0s\"
";

fn fetched() -> Shop {
    let shop = Shop::new(FETCHED);
    shop.import(&september_files());
    shop
}

#[test]
fn the_status_has_the_members_of_the_contract() {
    let shop = fetched();
    shop.enter_run(TimeDelta::hours(32), ExitCode::Temporary, Some("connection refused"));
    shop.enter_run(TimeDelta::minutes(510), ExitCode::DoesNotTie, None);
    shop.enter_fetch(SELLER, Some(TimeDelta::hours(8)), Some("throttled"));
    let status = shop.status_json(&[]);
    assert_eq!(status["schema"], "settle.status/1");
    let [account] = &list(&status, "accounts")[..] else { panic!("one account in {status:#}") };
    for (member, value) in [
        ("account", json!("shop")),
        ("currency", json!("EUR")),
        ("settlements", json!(3)),
        ("first_start", json!("2026-08-30T17:00:44+02:00")),
        ("last_end", json!("2026-10-01T16:59:44+02:00")),
        ("gaps", json!([])),
        ("last_fetch", json!("2026-11-24T05:00:00+01:00")),
        ("last_error", json!("throttled")),
    ] {
        assert_eq!(account[member], value, "{member}");
    }
    let latest = json!({
        "command": "run", "started": "2026-11-24T04:30:00+01:00", "finished": "2026-11-24T04:31:12+01:00",
        "exit": 5, "new_reports": 3, "error": null,
    });
    assert_eq!(list(&status, "runs")[0], latest);
    assert_eq!(list(&status, "runs")[1]["error"], "connection refused");
    assert_eq!(status["next_run"], "2026-11-25T04:30:00+01:00");
    assert_eq!(status["overdue_since"], Value::Null);
}

#[test]
fn a_missing_settlement_is_a_gap_with_its_neighbours_as_in_a_statement() {
    let shop = Shop::new(FETCHED);
    let [first, _, third] = september_files();
    shop.import(&[first, third]);
    let done = shop.status(&[]);
    assert_eq!(done.code, 0, "a gap is for the statement to fail on\n{done:?}");
    let status = shop.status_json(&[]);
    let gaps = list(&list(&status, "accounts")[0], "gaps").clone();
    let report = shop.run(&["report", "--month", "2026-09", "--format", "json"]).json();
    assert_eq!(&gaps, list(&list(&report, "accounts")[0], "gaps"));
    assert_eq!((gaps.len(), text(&gaps[0], "after_settlement")), (1, "7000000001"));
    assert!(done.out.contains("gap in EUR: 10 d from 2026-09-10 16:59"), "{}", done.out);
    let lenient = FETCHED.replace("[reporting]\n", "[reporting]\ngap_tolerance = \"11d\"\n");
    shop.folder.write("settle.toml", lenient);
    assert_eq!(list(&list(&shop.status_json(&[]), "accounts")[0], "gaps").len(), 0);
}

#[test]
fn each_currency_of_an_account_has_its_own_line() {
    let shop = Shop::new(FETCHED);
    let lines = [
        Line::plain("2026-09-02T09:00:00 +0000", "Capture", "10.00"),
        Line::plain("2026-09-02T10:00:00 +0000", "Capture", "20.00").currency("GBP"),
    ];
    let period = ["2026-09-01T00:00:00 +0000", "2026-09-08T00:00:00 +0000"];
    shop.import(&[("two.csv", settlement_file(SELLER, "7000000009", period, &lines))]);
    let status = shop.status_json(&[]);
    let currencies: Vec<&str> = list(&status, "accounts").iter().map(|account| text(account, "currency")).collect();
    assert_eq!(currencies, ["EUR", "GBP"]);
    assert_eq!(shop.status(&[]).out.matches("never fetched").count(), 1, "an account is fetched as a whole");
}

#[test]
fn an_account_is_stale_when_its_last_success_is_older_than_asked_for() {
    let shop = fetched();
    let exit = |words: &[&str]| shop.status(words).code;
    let never = shop.status(&["--max-age", "26h"]);
    assert_eq!(never.code, 8);
    assert!(never.err.contains("shop: nothing was ever fetched"), "{}", never.err);
    shop.enter_fetch(SELLER, Some(TimeDelta::hours(26)), None);
    assert_eq!(exit(&["--max-age", "26h"]), 0);
    shop.enter_fetch(SELLER, Some(TimeDelta::minutes(26 * 60 + 1)), Some("throttled"));
    assert_eq!(exit(&[]), 0, "nobody asked how old it is");
    let late = shop.status(&["--max-age", "26h", "-q"]);
    assert_eq!((late.code, late.out.as_str()), (8, ""));
    assert_eq!(late.err, "settle: error: shop: last fetched 1 d 2 h ago, longer than the 1 d 2 h asked for\n");
    let status = shop.status_json(&["--max-age", "26h"]);
    assert_eq!((&status["fresh"], &list(&status, "accounts")[0]["fresh"]), (&json!(false), &json!(false)));
}

#[test]
fn a_success_that_lies_in_the_future_is_not_believed() {
    let shop = fetched();
    shop.enter_fetch(SELLER, Some(TimeDelta::days(-400)), None);
    assert_eq!(shop.status(&["--max-age", "26h"]).code, 8);
}

#[test]
fn an_account_that_is_brought_in_by_hand_is_as_old_as_its_newest_file() {
    let mut shop = Shop::new(&FETCHED.replace("pay-api", "import"));
    shop.import(&september_files());
    shop.now += TimeDelta::hours(26);
    assert_eq!(shop.status(&["--max-age", "26h"]).code, 0);
    shop.now += TimeDelta::hours(1);
    let late = shop.status(&["--max-age", "26h"]);
    assert_eq!(late.code, 8);
    assert!(late.err.contains("shop: last brought in 1 d 3 h ago"), "{}", late.err);
}

#[test]
fn an_account_that_was_given_up_is_shown_and_makes_nothing_stale() {
    let shop = fetched();
    shop.enter_fetch(SELLER, Some(TimeDelta::hours(1)), None);
    shop.enter_fetch("A9OLD", Some(TimeDelta::days(300)), None);
    let done = shop.status(&["--max-age", "26h"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    assert!(done.out.contains("A9OLD"), "{}", done.out);
    assert_eq!(shop.status(&["--max-age", "26h", "--account", "shop"]).out.matches("A9OLD").count(), 0);
}

#[test]
fn reports_that_amazon_will_soon_delete_are_warned_of_even_when_quiet() {
    let shop = fetched();
    shop.enter_fetch(SELLER, Some(TimeDelta::days(80)), None);
    assert_eq!(shop.status(&["-q"]).err, "");
    shop.enter_fetch(SELLER, Some(TimeDelta::days(81)), None);
    let done = shop.status(&["-q"]);
    assert_eq!((done.code, done.out.as_str()), (0, ""));
    assert!(done.err.contains("shop: not fetched for 81 days; Amazon deletes reports after 90 days"), "{}", done.err);
}

#[test]
fn a_run_that_did_not_begin_is_overdue_and_a_retry_is_the_next_run() {
    let shop = fetched();
    assert_eq!(shop.status_json(&[])["next_run"], "2026-11-25T04:30:00+01:00", "no run yet, so none is overdue");
    shop.enter_run(TimeDelta::hours(40), ExitCode::Done, None);
    let status = shop.status_json(&[]);
    assert_eq!(status["overdue_since"], "2026-11-24T04:30:00+01:00");
    assert_eq!(status["next_run"], "2026-11-25T04:30:00+01:00");
    assert!(shop.status(&[]).out.contains("overdue since 2026-11-24 04:30, 8 h 30 min ago"));
    shop.enter_run(TimeDelta::minutes(10), ExitCode::Temporary, Some("throttled"));
    let status = shop.status_json(&[]);
    assert_eq!((&status["overdue_since"], &status["next_run"]), (&Value::Null, &json!("2026-11-24T13:06:12+01:00")));
}

#[test]
fn a_wrong_schedule_does_not_hide_the_status() {
    let shop = fetched();
    shop.folder.write("settle.toml", FETCHED.replace("30 4 * * *", "30 4 31 2 *"));
    let done = shop.status(&[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.err.contains("warning: schedule.cron: `30 4 31 2 *` never comes"), "{}", done.err);
    assert!(done.out.contains("No next run"), "{}", done.out);
}

#[test]
fn without_an_archive_the_status_says_how_to_begin() {
    let shop = Shop::new(FETCHED);
    let done = shop.status(&["--max-age", "26h"]);
    assert_eq!((done.code, done.out.as_str()), (4, ""));
    assert!(done.err.contains("there is no archive yet") && done.err.contains("`settle fetch`"), "{}", done.err);
}

#[test]
fn the_text_tells_a_merchant_everything_at_a_glance() {
    let shop = fetched();
    shop.enter_fetch(SELLER, Some(TimeDelta::hours(8)), None);
    shop.enter_run(TimeDelta::minutes(510), ExitCode::Done, None);
    let expected = "\
Amazon Pay archive, 2026-11-24 13:00, Europe/Paris

shop  (pay-api)
  EUR  3 settlements  2026-08-30 to 2026-10-01  no gaps
  last fetched 2026-11-24 05:00, 8 h ago

Runs
  2026-11-24 04:30  run  1 min 12 s  3 new reports  done

Next run 2026-11-25 04:30, in 15 h 30 min
";
    assert_eq!(shop.status(&[]).out, expected);
}
