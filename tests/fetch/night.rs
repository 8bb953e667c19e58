//! `settle run`: one line, exit codes, statements, inbox, notifications that change nothing.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::house::{House, Service};
use crate::support::september_files;
use settle::rehearsal::serve::{Fault, FaultKind};

/// Somebody who is told: keeps every request, answers with a status.
struct Listener {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    fn new(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = heard.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = String::new();
                let mut piece = [0_u8; 4096];
                loop {
                    let count = stream.read(&mut piece).unwrap_or(0);
                    text.push_str(&String::from_utf8_lossy(&piece[..count]));
                    let head = text.find("\r\n\r\n");
                    let length = text
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                    let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
                    if count == 0 || head.is_some_and(|head| text.len() >= head + 4 + length) {
                        break;
                    }
                }
                kept.lock().unwrap().push(text);
                let _ = stream.write_all(
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
                );
            }
        });
        Self { address, heard }
    }

    /// First lines of what was heard.
    fn lines(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|text| text.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

#[test]
fn a_night_is_one_line_and_with_q_none() {
    let house = House::new(Service::Pay);
    let run = house.settle(&["run"]).exits(0);
    assert_eq!(run.out, "settle run done: 1 account, 3 new reports; everything ties\n");
    let run = house.settle(&["run"]).exits(0);
    assert_eq!(run.out, "settle run done: 1 account, nothing new; everything ties\n");
    assert_eq!(run.err, "");
    let run = house.settle(&["run", "-q"]).exits(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
    let json = house.settle(&["run", "--format", "json"]).exits(0).json();
    assert_eq!(
        (json["schema"].as_str(), json["exit"].as_u64(), json["new_reports"].as_u64()),
        (Some("settle.run/1"), Some(0), Some(0))
    );
    let months: Vec<&str> = json["months"].as_array().unwrap().iter().map(|m| m["month"].as_str().unwrap()).collect();
    assert_eq!(months, ["2026-09", "2026-10"]);
}

#[test]
fn the_switch_hears_of_begin_and_end_and_the_webhook_of_the_summary() {
    let listener = Listener::new("200 OK");
    let house = House::new(Service::Pay);
    let notify = format!("\n[notify]\nping_url = \"{0}/ping/abc\"\nwebhook_url = \"{0}/hook\"", listener.address);
    house.configure(&notify);
    house.settle(&["run", "-q"]).exits(0);
    assert_eq!(listener.lines(), ["GET /ping/abc/start HTTP/1.1", "GET /ping/abc HTTP/1.1", "POST /hook HTTP/1.1"]);
    let hook = listener.heard.lock().unwrap()[2].clone();
    let body: serde_json::Value = serde_json::from_str(hook.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((body["schema"].as_str(), body["new_reports"].as_u64()), (Some("settle.run/1"), Some(3)));
    house.fault(Fault::new(FaultKind::AccessDenied).always());
    house.settle(&["run", "-q"]).exits(3);
    assert_eq!(listener.lines()[4], "GET /ping/abc/3 HTTP/1.1");
}

#[test]
fn notifications_that_fail_change_no_result() {
    let refusing = Listener::new("500 Internal Server Error");
    for address in [refusing.address.as_str(), "http://127.0.0.1:9"] {
        let house = House::new(Service::Pay);
        house.configure(&format!(
            "\n[notify]\nping_url = \"{address}/secret-of-the-switch\"\nwebhook_url = \"{address}/hook\""
        ));
        let run = house.settle(&["run"]).exits(0);
        assert!(run.out.ends_with("everything ties\n"));
        assert!(run.err.contains("notify.ping_url") && !run.err.contains("secret-of-the-switch"), "{}", run.err);
        assert_eq!(house.settle(&["run", "-q"]).exits(0).err, "");
    }
}

#[test]
fn what_does_not_tie_ends_the_night_with_five_and_is_named() {
    let house = House::new(Service::Mws);
    house.control().remove_report("10000000000000002");
    let run = house.settle(&["run", "-q"]).exits(5);
    assert!(run.err.contains("2026-09"), "{}", run.err);
    let run = house.settle(&["run"]).exits(5);
    assert!(
        run.out.starts_with("settle run ended with 5: 1 account, nothing new; something does not tie: "),
        "{}",
        run.out
    );
}

#[test]
fn the_inbox_is_imported_and_statements_are_kept() {
    let house = House::new(Service::Pay);
    house.configure("\n[run]\ninbox = \"inbox\"\nstatements = \"statements\"");
    house.settle(&["run"]).exits(3).says("the inbox is not a folder").says("mkdir");
    let (name, text) = september_files()[0].clone();
    house.folder.write(&format!("inbox/{name}"), text);
    house.folder.write("inbox/notes.txt", "no report");
    house.settle(&["run"]).exits(5).says("notes.txt");
    std::fs::remove_file(house.folder.at("inbox/notes.txt")).unwrap();
    house.settle(&["run"]).exits(0);
    for ending in ["txt", "json", "csv"] {
        assert!(house.folder.at(&format!("statements/statement-2026-09.{ending}")).is_file(), "{ending}");
    }
    let kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(house.folder.at("statements/statement-2026-09.json")).unwrap()).unwrap();
    assert_eq!(kept["accounts"][0]["closing_balance"], "14.00");
    // Nothing changed, so nothing is written again.
    let json = house.settle(&["run", "--format", "json"]).exits(0).json();
    assert_eq!(json["months"][0]["written"].as_array().unwrap().len(), 0);
}

#[test]
fn the_exports_of_each_month_are_kept_and_one_that_fails_stops_no_other() {
    let house = House::new(Service::Pay);
    let exports = |words: &str| {
        house
            .configure(&format!("\n[run]\nexports = {words}\nexports_folder = \"exports\"\n[export]\nchart = \"pcg\""));
    };
    let written = |code: u8| -> Vec<String> {
        let json = house.settle(&["run", "--format", "json"]).exits(code).json();
        let months = json["months"].as_array().unwrap().iter().flat_map(|month| month["written"].as_array().unwrap());
        let names = months.map(|path| path.as_str().unwrap().rsplit('/').next().unwrap().to_owned());
        names.filter(|name| name.contains("202609")).collect()
    };
    exports("[\"journal\", \"fec\", \"datev\", \"transactions\", \"parquet\"]");
    // The number that begins a FEC's name is missing.
    house.settle(&["run"]).exits(3).says("2026-09: fec: ").says("export.siren");
    let read = |name: &str| std::fs::read(house.folder.at(&format!("exports/{name}"))).unwrap();
    let journal = "amazonpay_journal_202609.csv";
    let first = read(journal);
    let exported = house.folder.at("asked.csv");
    let words = ["export", "--month", "2026-09", "--preset", "journal", "-o", exported.to_str().unwrap()];
    house.settle(&words).exits(0);
    assert_eq!(first, std::fs::read(&exported).unwrap(), "as `settle export` writes it");
    assert!(written(3).is_empty(), "nothing changed, not even what names the time of its making");

    exports("[\"journal\", \"hledger\"]");
    house.folder.write(&format!("exports/{journal}"), "spoilt");
    assert_eq!(written(0), [journal, "amazonpay_hledger_202609.journal"]);
    assert_eq!(read(journal), first, "replaced whole");
    assert!(
        std::fs::read_dir(house.folder.at("exports"))
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().starts_with('.') })
    );

    exports("[\"jornal\"]");
    house.settle(&["run"]).exits(3).says("cannot use `jornal`").says("did you mean `journal`?");
}

#[test]
fn a_config_without_anything_to_do_says_so() {
    let house = House::new(Service::Pay);
    house.folder.write("settle.toml", "data_dir = \"data\"\n");
    house.settle(&["run"]).exits(3).says("there is nothing to run").says("settle init");
    house.settle(&["fetch"]).exits(3).says("no account is fetched from Amazon");
}
