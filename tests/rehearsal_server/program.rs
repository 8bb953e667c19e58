//! The program itself: its ready line, its folder, its fixture file, its end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use settle::domain::{Clock, Month};
use settle::rehearsal::serve::{Options, RehearsalFolder, Server, SystemClock};

use crate::http::Ask;
use crate::shop::{KEYS, SETTLEMENTS};
use crate::sign::{Salt, form, mws_signature};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settle-rehearsal"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// A small sample of two shops for August 2026.
fn generate(folder: &Path, more: &[&str]) {
    let words = ["generate", "--country", "FR", "--country", "DE", "--orders-per-day", "1", "--out"];
    let run = program().args(words).arg(folder).args(more).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// A running program; it is killed where a test ends early.
struct Running {
    child: Child,
    ready: Value,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(words: &[&str]) -> Self {
        let mut child = program().arg("serve").args(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|why| panic!("no ready line ({why}): {line:?}"));
        Self { child, ready }
    }

    fn address(&self, which: &str) -> SocketAddr {
        let port = u16::try_from(self.ready[which].as_u64().unwrap()).unwrap();
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let reply = Ask::new(method, &format!("/__control/{path}")).body(body).send(self.address("http")).unwrap();
        assert!(reply.status < 300, "{}", reply.text());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    fn end(mut self, signal: &str) -> i32 {
        let told = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

#[test]
fn the_program_tells_its_ports_and_ends_well_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), &["--from", "2026-08", "--months", "1"]);
    let from = folder.path().to_str().unwrap();
    for signal in ["TERM", "INT"] {
        let running = Running::start(&["--from", from, "--clock", "frozen"]);
        assert_eq!(running.ready["control"], "/__control");
        assert!(
            fs::read_to_string(running.ready["ca"].as_str().unwrap()).unwrap().starts_with("-----BEGIN CERTIFICATE")
        );
        assert_eq!(running.control("GET", "health", "")["mode"], "frozen");
        assert_eq!(running.end(signal), 0);
    }
}

#[test]
fn a_generated_folder_gets_secrets_once_and_settings_at_every_start() {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), &["--from", "2026-08", "--months", "1"]);
    let before: Vec<u8> = fs::read(folder.path().join("expected/answer-key.json")).unwrap();
    let from = folder.path().to_str().unwrap();
    let first = Running::start(&["--from", from]);
    let settings = fs::read_to_string(folder.path().join("settle.toml")).unwrap();
    let endpoint = format!("endpoint = \"http://{}\"", first.address("http"));
    assert_eq!(settings.matches(&endpoint).count(), 2);
    for line in [
        "source = \"pay-api\"",
        "source = \"mws\"",
        "merchant_id = \"A1SETTLEFR001\"",
        "country = \"DE\"",
        "private_key_file = \"secrets/shop-fr.pem\"",
        "secret_key_file = \"secrets/shop-de.mws\"",
    ] {
        assert!(settings.contains(line), "{line} in {settings}");
    }
    let secret = |name: &str| fs::read(folder.path().join("secrets").join(name)).unwrap();
    let kept = (secret("shop-fr.pem"), secret("shop-de.mws"), secret("ca.pem"));
    for name in ["shop-fr.pem", "shop-de.mws", "ca-key.pem"] {
        let mode = fs::metadata(folder.path().join("secrets").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(first.end("TERM"), 0);
    let second = Running::start(&["--from", from]);
    assert_eq!((secret("shop-fr.pem"), secret("shop-de.mws"), secret("ca.pem")), kept);
    let again = fs::read_to_string(folder.path().join("settle.toml")).unwrap();
    let without_port =
        |text: &str| text.lines().filter(|line| !line.starts_with("endpoint")).collect::<Vec<&str>>().join("\n");
    assert_eq!(without_port(&again), without_port(&settings));
    drop(second);
    assert_eq!(fs::read(folder.path().join("expected/answer-key.json")).unwrap(), before);
    fs::write(folder.path().join("settle.toml"), "data_dir = \"mine\"\n").unwrap();
    let refused = program().args(["serve", "--from", from]).output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is left alone"));
    assert_eq!(fs::read_to_string(folder.path().join("settle.toml")).unwrap(), "data_dir = \"mine\"\n");
}

#[test]
fn nights_unfold_with_the_clock_over_a_generated_folder() {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), &["--from", "2026-08", "--months", "1", "--anomaly", "reissued"]);
    let opened = RehearsalFolder::open(folder.path()).unwrap();
    let server = Server::start(opened.fixture().unlimited(), Options::default()).unwrap();
    let control = server.control();
    let keys = opened.credentials().of("shop-de").unwrap();
    let listed = |report_type: &str| {
        let stamp = control.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut parameters: Vec<(String, String)> = [
            ("AWSAccessKeyId", keys.mws_access_key.as_str()),
            ("Action", "GetReportCount"),
            ("ReportTypeList.Type.1", report_type),
            ("SellerId", "A1SETTLEDE001"),
            ("SignatureMethod", "HmacSHA256"),
            ("SignatureVersion", "2"),
            ("Timestamp", &stamp),
            ("Version", "2009-01-01"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let host = server.http_address().to_string();
        let signature = mws_signature(&keys.mws_secret, "POST", &host, "/", &parameters);
        parameters.push(("Signature".to_owned(), signature));
        let reply = Ask::new("POST", "/").body(form(&parameters)).send(server.http_address()).unwrap();
        crate::shop::elements(&reply, "Count")[0].parse::<usize>().unwrap()
    };
    let set = |at: &str| control.set_clock(at.parse().unwrap());
    // The first settlement ends on 2026-08-01 at 14:59:44 in Berlin, its report appears 20 minutes later.
    set("2026-08-01T13:19:43Z");
    assert_eq!(listed(SETTLEMENTS), 0);
    set("2026-08-01T13:19:44Z");
    assert_eq!(listed(SETTLEMENTS), 1);
    set("2026-08-03T20:00:00Z");
    assert_eq!(listed(SETTLEMENTS), 3);
    let refunds = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_";
    // A month's reports appear five hours after its last midnight in Berlin.
    set("2026-09-01T02:59:59Z");
    assert_eq!(listed(refunds), 0);
    set("2026-09-01T03:00:00Z");
    assert_eq!(listed(refunds), 1);
    set("2026-09-10T00:00:00Z");
    assert_eq!(listed(SETTLEMENTS), 32);
    let reports = opened.fixture().reports;
    let reissued: Vec<_> =
        reports.iter().filter(|report| report.account == "shop-fr" && report.report_type == SETTLEMENTS).collect();
    assert_eq!(reissued.len(), 33, "the planted second issue is a report of its own");
    set("2026-10-31T00:00:00Z");
    assert_eq!(listed(SETTLEMENTS), 31, "ninety days later the first is gone");
    // What is served is the file, byte for byte.
    let key: Value =
        serde_json::from_slice(&fs::read(folder.path().join("expected/answer-key.json")).unwrap()).unwrap();
    for settlement in key["settlements"].as_array().unwrap() {
        let bytes = fs::read(folder.path().join(settlement["file"].as_str().unwrap())).unwrap();
        assert!(
            reports.iter().any(|report| report.settlement_id.as_deref() == settlement["settlement_id"].as_str()
                && report.bytes == bytes)
        );
    }
    let paid: Value =
        serde_json::from_slice(&fs::read(folder.path().join("shop-de/disbursements-2026-08.json")).unwrap()).unwrap();
    let own = opened.fixture().disbursements.iter().filter(|paid| paid.account == "shop-de").count();
    assert_eq!(own, paid["disbursements"].as_array().unwrap().len());
}

#[test]
fn a_fixture_file_is_served_and_read_again_on_reset() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fixture.json");
    fs::write(folder.path().join("report.csv"), "first\n").unwrap();
    let fixture = json!({
        "clock": "2026-11-23T22:15:30Z",
        "accounts": [{"name": "shop", "seller_id": "A1SHOP", "region": "eu", "mws_authorised": true,
                      "pay_keys": [{"public_key_id": "LIVE-A", "public_key_pem": KEYS.public_key_pem, "environment": "live"}]}],
        "reports": [{"account": "shop", "id": "1", "type": SETTLEMENTS, "status": "_DONE_", "file": "report.csv",
                     "period_start": "2026-11-21T00:00:00Z", "period_end": "2026-11-22T00:00:00Z",
                     "created": "2026-11-22T00:20:00Z", "document_id": "document"}],
        "disputes": [{"account": "shop", "disputeId": "P01-1-B1", "disputeType": "Chargeback"}],
        "limits": [{"account": "shop", "burst": 100, "restore_ms": 1000}],
    });
    fs::write(&file, fixture.to_string()).unwrap();
    let running = Running::start(&["--fixture", file.to_str().unwrap(), "--clock", "frozen", "--seed", "7"]);
    let address = running.address("http");
    let get = |target: &str| {
        let ask = crate::shop::PayAsk {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: [
                ("accept", "application/json"),
                ("content-type", "application/json"),
                ("x-amz-pay-date", "20261123T221530Z"),
                ("x-amz-pay-host", &address.to_string()),
                ("x-amz-pay-region", "eu"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            body: String::new(),
            algorithm: "AMZN-PAY-RSASSA-PSS-V2".to_owned(),
            salt: Salt::ThirtyTwo,
            key_id: "LIVE-A".to_owned(),
            private_key_pem: KEYS.private_key_pem.clone(),
            host: None,
        };
        ask.ask().send(address).unwrap()
    };
    let bytes = || {
        let url = get("/v2/report-documents/document").json()["url"].as_str().unwrap().to_owned();
        let target = url.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap().1.to_owned();
        Ask::new("GET", &format!("/{target}")).send(address).unwrap().text()
    };
    assert_eq!(bytes(), "first\n");
    assert_eq!(get("/v2/disputes/P01-1-B1").json(), json!({"disputeId": "P01-1-B1", "disputeType": "Chargeback"}));
    fs::write(folder.path().join("report.csv"), "second\n").unwrap();
    running.control("POST", "reset", "");
    assert_eq!(bytes(), "second\n");
    assert_eq!(running.end("TERM"), 0);
}

#[test]
fn what_cannot_be_served_is_told_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let fixture = folder.path().join("fixture.json");
    fs::write(&fixture, "{\"acounts\": []}").unwrap();
    let fixture = fixture.to_str().unwrap();
    for (words, code, told) in [
        (vec!["--from", &path, "--bind", "0.0.0.0"], 3, "was not written by `settle-rehearsal generate`"),
        (vec!["--fixture", fixture], 3, "unknown field `acounts`"),
        (vec!["--fixture", "/nowhere/fixture.json"], 4, "cannot read /nowhere/fixture.json"),
        (vec![], 2, "--from"),
        (vec!["--from", &path, "--fixture", fixture], 2, "cannot be used with"),
        (vec!["--from", &path, "--clock", "yesterday"], 2, "expected real, frozen or an instant"),
    ] {
        let run = program().arg("serve").args(&words).output().unwrap();
        let error = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(code), "{words:?}: {error}");
        assert!(error.contains(told), "{words:?}: {error}");
    }
    generate(folder.path(), &["--from", "2026-08", "--months", "1"]);
    let run = program().args(["serve", "--from", &path, "--bind", "0.0.0.0"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let error = String::from_utf8(run.stderr).unwrap();
    assert!(error.contains("0.0.0.0 is not 127.0.0.1 or ::1"), "{error}");
}

#[test]
fn recent_months_end_with_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    let before = Month::of(SystemClock.now().date_naive());
    generate(folder.path(), &["--recent"]);
    let after = Month::of(SystemClock.now().date_naive());
    let key: Value =
        serde_json::from_slice(&fs::read(folder.path().join("expected/answer-key.json")).unwrap()).unwrap();
    let mut months: Vec<&str> =
        key["answers"].as_array().unwrap().iter().map(|answer| answer["month"].as_str().unwrap()).collect();
    months.dedup();
    months.sort_unstable();
    months.dedup();
    assert_eq!(months.len(), 3);
    assert!([before.to_string(), after.to_string()].contains(&months[2].to_owned()), "{months:?}");
    let clash =
        program().args(["generate", "--recent", "--from", "2026-08", "--out"]).arg(folder.path()).output().unwrap();
    assert_eq!(clash.status.code(), Some(2));
}
