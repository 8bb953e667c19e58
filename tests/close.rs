//! `settle close`, `verify PACK`, `explain` and `reopen`, from outside: a sealed month is the same wherever it is
//! made, and whatever is changed in it afterwards is found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::DateTime;
use serde_json::Value;
use settle::cli::{Logging, StopFlag, Terminal, World};
use settle::config::Surroundings;
use settle::domain::FixedClock;
use support::{Folder, Run, list, run, september_files, settle, text};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// After the end of September, and later still.
const NOW: &str = "2026-10-05T08:00:00Z";
const LATER: &str = "2027-03-01T08:00:00Z";
const REASON: &str = "asked Amazon, case 4711";

/// Runs `settle` in this process at an instant.
fn settle_at(now: &str, words: &[&str]) -> Run {
    let clock = FixedClock(DateTime::parse_from_rfc3339(now).unwrap().to_utc());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catch_signals = StopFlag::default;
    let start_log = |_: Logging| {};
    let mut world = World {
        stdin: &mut std::io::empty(),
        stdout: &mut out,
        stderr: &mut err,
        surroundings: Surroundings::new(BTreeMap::new(), "/nowhere".into()),
        clock: &clock,
        catch_signals: &catch_signals,
        start_log: &start_log,
        terminal: Terminal::default(),
        workers: NonZeroUsize::MIN,
        program: PathBuf::from("settle"),
    };
    let words = std::iter::once("settle").chain(words.iter().copied()).map(OsString::from);
    let code = settle::cli::run(words, &mut world).number();
    let text = |bytes| String::from_utf8_lossy(&bytes as &Vec<u8>).into_owned();
    Run { code: i32::from(code), out: text(out), err: text(err) }
}

/// A data folder with some files in it.
struct Shop {
    folder: Folder,
}

impl Shop {
    fn with(files: &[(&str, String)]) -> Self {
        let shop = Self { folder: Folder::new() };
        shop.bring(files);
        shop
    }

    fn september() -> Self {
        Self::with(&september_files())
    }

    fn bring(&self, files: &[(&str, String)]) {
        for (name, text) in files {
            let path = self.folder.write(&format!("in/{name}"), text);
            let done = self.at(NOW, &["import", path.to_str().unwrap()]);
            assert_eq!(done.code, 0, "{}", done.err);
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.at("data")
    }

    fn at(&self, now: &str, words: &[&str]) -> Run {
        let data = self.data();
        let words: Vec<&str> = words.iter().copied().chain(["--data-dir", data.to_str().unwrap()]).collect();
        settle_at(now, &words)
    }

    /// Closes September, whose one unknown row is accepted; the pack.
    fn close(&self, now: &str, more: &[&str]) -> Vec<u8> {
        let pack = self.folder.at("pack.zip");
        let words = ["close", "2026-09", "--accept", "unknown_type", "--reason", REASON, "-o", pack.to_str().unwrap()];
        let done = self.at(now, &[&words, more].concat());
        assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
        fs::read(pack).unwrap()
    }
}

fn verify(pack: &[u8], words: &[&str]) -> Run {
    let folder = Folder::new();
    let path = folder.write("somewhere else.zip", pack);
    let words: Vec<&str> =
        ["verify", path.to_str().unwrap(), "--format", "json"].into_iter().chain(words.iter().copied()).collect();
    settle_at(LATER, &words)
}

fn codes(document: &Value, member: &str) -> Vec<String> {
    list(document, member).iter().map(|one| text(one, "code").to_owned()).collect()
}

type Entries = Vec<(String, Vec<u8>)>;

fn unpack(pack: &[u8]) -> Entries {
    let mut zip = ZipArchive::new(Cursor::new(pack)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut member = zip.by_index(index).unwrap();
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            (member.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

fn pack(entries: &Entries) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_level(Some(6)).unix_permissions(0o644);
        zip.start_file(name.as_str(), options.last_modified_time(zip::DateTime::DEFAULT)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sha256(bytes: &[u8]) -> String {
    settle::archive::hash(bytes).unwrap().0.to_string()
}

fn entry<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(known, _)| known == name).unwrap().1
}

/// Makes the manifest's hashes and lengths fit again, as somebody would who wants a change not to be seen.
fn refit(entries: &mut Entries) {
    let own: BTreeMap<String, Vec<u8>> = entries.iter().cloned().collect();
    let manifest = entry(entries, "manifest.json");
    let mut value: Value = serde_json::from_slice(manifest).unwrap();
    for stated in value["entries"].as_array_mut().unwrap() {
        if let Some(bytes) = own.get(stated["name"].as_str().unwrap()) {
            stated["sha256"] = sha256(bytes).into();
            stated["bytes"] = bytes.len().into();
        }
    }
    *manifest = (serde_json::to_string_pretty(&value).unwrap() + "\n").into_bytes();
}

/// A sequence that looks random and is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn a_pack_is_the_same_whoever_makes_it_in_whatever_order_and_whenever() {
    let shop = Shop::september();
    let first = shop.close(NOW, &[]);
    let mut files = september_files();
    files.reverse();
    let other = Shop::with(&files);
    assert!(first == other.close(LATER, &[]), "another order, folder and time make another pack");
    let again =
        shop.at(LATER, &["close", "2026-09", "--format", "json", "-o", shop.folder.at("b.zip").to_str().unwrap()]);
    assert_eq!(again.code, 0, "{}", again.err);
    let document = again.json();
    assert_eq!((&document["state"], &document["same_again"]), (&"already_closed".into(), &true.into()));
    assert_eq!(text(&document, "seal"), sha256(&first));
    assert!(fs::read(shop.folder.at("b.zip")).unwrap() == first);
    let words = String::from_utf8_lossy(&unpack(&first).into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<_>>())
        .into_owned();
    assert!(!words.contains(shop.folder.path().to_str().unwrap()), "a folder of the machine is in the pack");
}

#[test]
fn a_pack_proves_itself_where_there_is_nothing_else() {
    let shop = Shop::september();
    let sealed = shop.close(NOW, &[]);
    let folder = Folder::new();
    let path = folder.write("p.zip", &sealed);
    let done = run(settle().arg("verify").arg(&path));
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert!(done.out.contains(&sha256(&sealed)) && done.out.contains("proven"), "{}", done.out);
    let document = verify(&sealed, &[]).json();
    assert_eq!(
        (&document["proven"], &document["identical"], &document["recorded"]),
        (&true.into(), &true.into(), &Value::Null)
    );
    assert!(document["figures"].as_u64().unwrap() > 100);
    let data = shop.data();
    assert_eq!(verify(&sealed, &["--data-dir", data.to_str().unwrap()]).json()["recorded"], true);
    let stranger = Shop::september();
    let done = verify(&sealed, &["--data-dir", stranger.data().to_str().unwrap()]);
    assert_eq!((done.code, codes(&done.json(), "differences")), (5, vec!["not_recorded".to_owned()]));
}

#[test]
fn a_month_that_does_not_tie_is_refused_with_the_list_and_closed_with_a_reason() {
    let [first, _, third] = september_files();
    let shop = Shop::with(&[first, third]);
    let refused = shop.at(NOW, &["close", "2026-09", "--format", "json"]);
    assert_eq!(refused.code, 5);
    let document = refused.json();
    assert_eq!(document["state"], "refused");
    let mut found = codes(&document, "findings");
    found.sort();
    found.dedup();
    assert!(found.contains(&"gap".to_owned()) && found.contains(&"unknown_type".to_owned()), "{found:?}");
    assert!(!shop.data().join("closed").exists(), "a refused close leaves nothing");
    let told = shop.at(NOW, &["close", "2026-09"]);
    assert!(told.out.contains("--accept gap") && told.err.contains("is not closed"), "{}{}", told.out, told.err);
    assert_eq!(shop.at(NOW, &["close", "2026-09", "--accept", "gap"]).code, 2, "a reason is needed");
    assert_eq!(shop.at(NOW, &["close", "2026-09", "--accept", "gap", "--reason", " "]).code, 2);
    assert_eq!(shop.at(NOW, &["close", "2026-09", "--accept", "gap", "--reason", REASON]).code, 5, "one code is left");
    let mut words = vec!["close", "2026-09", "--format", "json", "--reason", REASON];
    found.iter().for_each(|code| words.extend(["--accept", code]));
    let closed = shop.at(NOW, &words);
    assert_eq!(closed.code, 0, "{}{}", closed.out, closed.err);
    assert_eq!(codes(&closed.json(), "accepted"), found);
    let sealed = fs::read(text(&closed.json(), "pack")).unwrap();
    assert_eq!(verify(&sealed, &[]).code, 0);
    let mut entries = unpack(&sealed);
    assert!(String::from_utf8_lossy(entry(&mut entries, "README.txt")).contains(REASON));
    let manifest = entry(&mut entries, "manifest.json");
    let mut value: Value = serde_json::from_slice(manifest).unwrap();
    value["terms"]["accepted"] = Value::Array(Vec::new());
    *manifest = (serde_json::to_string_pretty(&value).unwrap() + "\n").into_bytes();
    refit(&mut entries);
    let hidden = verify(&pack(&entries), &[]);
    assert_eq!(hidden.code, 5);
    assert!(codes(&hidden.json(), "findings").contains(&"gap".to_owned()), "{}", hidden.out);
}

#[test]
fn a_month_that_has_not_ended_cannot_be_closed() {
    let shop = Shop::september();
    for (now, exit) in [("2026-09-30T23:59:59Z", 5), ("2026-10-01T00:00:00Z", 0)] {
        let words = [
            "close",
            "2026-09",
            "--format",
            "json",
            "--reason",
            "r",
            "--accept",
            "unknown_type",
            "--accept",
            "month_not_ended",
        ];
        let done = shop.at(now, &words);
        assert_eq!(done.code, exit, "{}{}", done.out, done.err);
        if exit == 5 {
            assert_eq!(codes(&done.json(), "findings"), ["month_not_ended"]);
            assert_eq!(list(&done.json(), "findings")[0]["acceptable"], false);
        }
    }
}

#[test]
fn months_close_in_their_order_and_open_with_a_trace() {
    let shop = Shop::september();
    let accept = ["--reason", REASON, "--accept", "unknown_type", "--accept", "incomplete", "--format", "json"];
    let close = |month: &str| shop.at(NOW, &[&["close", month], &accept[..]].concat());
    assert_eq!(shop.at(NOW, &["reopen", "2026-09", "--reason", "r"]).code, 2, "it is not closed");
    assert_eq!(shop.at(NOW, &["close", "2026-09", "--account", "A1EXAMPLE"]).code, 2);
    assert_eq!(shop.at(NOW, &["close", "2026-09", "--format", "csv"]).code, 2);
    let sealed = close("2026-09").json();
    let early = close("2026-08");
    assert_eq!((early.code, codes(&early.json(), "findings")), (5, vec!["later_month_closed".to_owned()]));
    assert_eq!(shop.at(NOW, &["reopen", "2026-09"]).code, 2, "a reason is needed");
    assert_eq!(shop.at(NOW, &["reopen", "2026-09", "--reason", "a late report"]).code, 0);
    assert!(Path::new(text(&sealed, "pack")).is_file(), "the pack of a reopened month stays");
    assert_eq!(close("2026-08").code, 0);
    let again = close("2026-09").json();
    assert_eq!(
        (again["seal"] == sealed["seal"], &again["replaces"]),
        (false, &sealed["seal"]),
        "it rests on August now"
    );
    let refused = shop.at(NOW, &["reopen", "2026-08", "--reason", "r"]);
    assert!(refused.code == 5 && refused.err.contains("2026-09"), "{}", refused.err);
    let both = shop.at(NOW, &["reopen", "2026-08", "--reason", "r", "--and-later", "--format", "json"]).json();
    let months: Vec<&str> = list(&both, "reopened").iter().map(|month| text(month, "month")).collect();
    assert_eq!(months, ["2026-09", "2026-08"]);
    let log = fs::read_to_string(shop.data().join("events.jsonl")).unwrap();
    let kinds: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
        .filter(|kind| kind != "import")
        .collect();
    assert_eq!(kinds, ["close", "reopen", "close", "close", "reopen", "reopen"]);
    assert!(log.contains("a late report") && log.contains(text(&sealed, "seal")));
}

#[test]
fn a_pack_without_its_close_is_cleared_and_a_lost_one_is_made_again() {
    let shop = Shop::september();
    let stray = shop.data().join("closed/2026-09-0123456789ab.zip");
    fs::create_dir_all(stray.parent().unwrap()).unwrap();
    fs::write(&stray, "a crash came between").unwrap();
    let sealed = shop.close(NOW, &[]);
    assert!(!stray.exists());
    let place = shop.data().join("closed").join(format!("2026-09-{}.zip", &sha256(&sealed)[..12]));
    assert!(fs::read(&place).unwrap() == sealed);
    fs::remove_file(&place).unwrap();
    let again = shop.at(LATER, &["close", "2026-09"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(fs::read(&place).unwrap() == sealed);
    let raw = fs::read_dir(shop.data().join("raw")).unwrap().map(|entry| entry.unwrap().path());
    let document = raw.filter(|path| !path.ends_with(".staging")).find_map(|path| fs::read_dir(path).unwrap().next());
    let document = document.unwrap().unwrap().path();
    let mut bytes = fs::read(&document).unwrap();
    let last = bytes.len() - 5;
    bytes[last] ^= 1;
    fs::remove_file(&document).unwrap();
    fs::write(&document, bytes).unwrap();
    let damaged = shop.at(LATER, &["close", "2026-09", "-o", shop.folder.at("c.zip").to_str().unwrap()]);
    assert_eq!(damaged.code, 4, "{}", damaged.err);
    assert_eq!(settle_at(NOW, &["close", "2026-09", "--data-dir", "/nowhere/at/all"]).code, 4);
}

#[test]
fn every_changed_byte_of_a_pack_is_found() {
    let sealed = Shop::september().close(NOW, &[]);
    let mut dice = Dice(2026);
    for _ in 0..120 {
        let (at, bit) = (dice.below(sealed.len()), dice.below(8));
        let mut changed = sealed.clone();
        changed[at] ^= 1 << bit;
        let done = verify(&changed, &[]);
        assert!(matches!(done.code, 4 | 5), "byte {at}, bit {bit}: exit {}", done.code);
    }
    for length in [0, 10, sealed.len() / 2, sealed.len() - 1] {
        assert_eq!(verify(&sealed[..length], &[]).code, 4, "cut at {length}");
    }
}

#[test]
fn every_changed_byte_of_its_entries_is_found_though_all_hashes_fit() {
    let sealed = Shop::september().close(NOW, &[]);
    let entries = unpack(&sealed);
    let mut dice = Dice(9);
    for (name, bytes) in entries.iter().filter(|(name, _)| name != "manifest.json" && !name.starts_with("raw/")) {
        for _ in 0..4 {
            let mut changed = entries.clone();
            let at = dice.below(bytes.len());
            entry(&mut changed, name)[at] ^= 1 << dice.below(7);
            refit(&mut changed);
            let done = verify(&pack(&changed), &[]);
            assert_eq!(done.code, 5, "{name}: byte {at}: {}", done.err);
        }
    }
}

#[test]
fn every_changed_cent_of_every_figure_is_found_by_its_path() {
    let sealed = Shop::september().close(NOW, &[]);
    let entries = unpack(&sealed);
    let statement =
        String::from_utf8(entries.iter().find(|(name, _)| name == "statement.json").unwrap().1.clone()).unwrap();
    let bytes = statement.as_bytes();
    // The last digit of every amount: `"-12.30"`.
    let cents: Vec<usize> = (4..bytes.len())
        .filter(|&at| bytes[at] == b'"' && bytes[at - 3] == b'.' && bytes[at - 2..at].iter().all(u8::is_ascii_digit))
        .map(|at| at - 1)
        .collect();
    assert!(cents.len() > 45, "{}", cents.len());
    for at in cents {
        let mut changed = entries.clone();
        let digit = &mut entry(&mut changed, "statement.json")[at];
        *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
        refit(&mut changed);
        let done = verify(&pack(&changed), &[]);
        let document = done.json();
        assert_eq!((done.code, list(&document, "figures_differ").len()), (5, 1), "byte {at}: {}", done.out);
        let path = text(&list(&document, "figures_differ")[0], "path").to_owned();
        assert!(path.starts_with("accounts.") || path.starts_with("disputes."), "{path}");
    }
}

#[test]
fn a_changed_document_is_found_by_its_figures_though_all_hashes_fit() {
    let sealed = Shop::september().close(NOW, &[]);
    let mut entries = unpack(&sealed);
    let is_it = |(name, bytes): &(String, Vec<u8>)| {
        name.starts_with("raw/") && String::from_utf8_lossy(bytes).contains("\"96.95\"")
    };
    let place = entries.iter().position(is_it).unwrap();
    let (name, bytes) = entries[place].clone();
    let changed =
        String::from_utf8(bytes).unwrap().replace("\"100.00\"", "\"100.01\"").replace("\"96.95\"", "\"96.96\"");
    let (old, new) = (name.trim_start_matches("raw/").to_owned(), sha256(changed.as_bytes()));
    entries[place] = (format!("raw/{new}"), changed.into_bytes());
    let manifest = entry(&mut entries, "manifest.json");
    *manifest = String::from_utf8(manifest.clone()).unwrap().replace(&old, &new).into_bytes();
    refit(&mut entries);
    let done = verify(&pack(&entries), &[]);
    assert_eq!(done.code, 5);
    let document = done.json();
    let differing: Vec<&str> = list(&document, "figures_differ").iter().map(|figure| text(figure, "path")).collect();
    for path in ["accounts.A1EXAMPLE.EUR.movements.capture.net", "accounts.A1EXAMPLE.EUR.closing_balance"] {
        assert!(differing.contains(&path), "{differing:?}");
    }
    let told =
        &list(&document, "figures_differ")[differing.iter().position(|path| path.ends_with("capture.net")).unwrap()];
    assert_eq!((text(told, "sealed"), text(told, "recomputed")), ("96.95", "96.96"));
}

#[test]
fn entries_that_were_removed_added_doubled_or_renamed_are_found() {
    let sealed = Shop::september().close(NOW, &[]);
    let entries = unpack(&sealed);
    let found = |change: &dyn Fn(&mut Entries), exit: i32, what: &str| {
        let mut changed = entries.clone();
        change(&mut changed);
        let done = verify(&pack(&changed), &[]);
        assert_eq!(done.code, exit, "{what}: {}{}", done.out, done.err);
    };
    let unlist = |entries: &mut Entries, name: &str| {
        let manifest = entry(entries, "manifest.json");
        let mut value: Value = serde_json::from_slice(manifest).unwrap();
        value["entries"].as_array_mut().unwrap().retain(|entry| entry["name"] != name);
        *manifest = (serde_json::to_string_pretty(&value).unwrap() + "\n").into_bytes();
    };
    let raw = entries.iter().find(|(name, _)| name.starts_with("raw/")).unwrap().0.clone();
    for name in ["README.txt", "statement.json", "journal.csv", raw.as_str()] {
        found(&|entries| entries.retain(|(known, _)| known != name), 5, "removed");
        found(
            &|entries| {
                entries.retain(|(known, _)| known != name);
                unlist(entries, name);
            },
            5,
            "removed and unlisted",
        );
    }
    found(&|entries| entries.push(("extra.txt".to_owned(), b"x".to_vec())), 5, "added");
    found(&|entries| entries.push((format!("raw/{}", sha256(b"x")), b"x".to_vec())), 5, "a document added");
    found(&|entries| entries.swap(1, 2), 5, "another order");
    found(&|entries| entries[1].0 = "statement.TXT".to_owned(), 5, "renamed");
    found(&|entries| entries.retain(|(name, _)| name != "manifest.json"), 4, "no manifest");
    for name in ["../escape", "/etc/passwd", "a\\b", "raw/../x", ".hidden"] {
        found(&|entries| entries.push((name.to_owned(), b"x".to_vec())), 5, name);
    }
    found(
        &|entries| {
            *entry(entries, "README.txt") = vec![0; 80 << 20];
            refit(entries);
        },
        5,
        "a bomb",
    );
    // Two entries of one name, which no writer of zips makes.
    let mut doubled = entries.clone();
    doubled.push(("journal.csX".to_owned(), b"x".to_vec()));
    let doubled = pack(&doubled);
    let doubled: Vec<u8> = replace(&doubled, b"journal.csX", b"journal.csv");
    assert!(matches!(verify(&doubled, &[]).code, 4 | 5));
    assert_eq!(verify(b"this is no zip at all", &[]).code, 4);
    assert_eq!(settle_at(NOW, &["verify", "/nowhere/pack.zip"]).code, 4);
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
    }
    bytes
}

#[test]
fn a_pack_of_hashes_is_proven_with_the_files_it_names() {
    let shop = Shop::september();
    let sealed = shop.close(NOW, &["--raw", "none"]);
    assert!(unpack(&sealed).iter().all(|(name, _)| !name.starts_with("raw/")));
    let alone = verify(&sealed, &[]);
    assert_eq!((alone.code, codes(&alone.json(), "differences")), (5, vec!["document_missing".to_owned(); 3]));
    let folder = shop.folder.at("in");
    let done = verify(&sealed, &["--from", folder.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}", done.out);
    fs::write(folder.join("settlement-2.csv"), "changed").unwrap();
    assert_eq!(verify(&sealed, &["--from", folder.to_str().unwrap()]).code, 5);
}

/// A CAMT.053 statement of September with one credit that may be the first payout.
fn bank(amount: &str) -> String {
    let closing = 100_000 + support::units(amount) / 100;
    format!(
        "<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Id>1</Id>\
         <Acct><Id><IBAN>FR7610278022040001234560312</IBAN></Id><Ccy>EUR</Ccy></Acct>\
         <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-09-01</Dt></Dt></Bal>\
         <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{}.{:02}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-02</Dt></Dt></Bal>\
         <Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-07</Dt></BookgDt>\
         <NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Amazon Payments Europe S.C.A.</Nm></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>\
         </Stmt></BkToCstmrStmt></Document>",
        closing / 100,
        closing % 100
    )
}

#[test]
fn a_given_bank_statement_is_sealed_and_a_payout_that_did_not_arrive_stands_against_it() {
    let shop = Shop::september();
    let path = shop.folder.write("private folder/bank.xml", bank("50.00"));
    let words = [
        "close",
        "2026-09",
        "--accept",
        "unknown_type",
        "--reason",
        REASON,
        "--format",
        "json",
        "--bank",
        path.to_str().unwrap(),
    ];
    let refused = shop.at(NOW, &words);
    assert_eq!(
        (refused.code, codes(&refused.json(), "findings")),
        (5, vec!["payout_missing".to_owned()]),
        "{}",
        refused.out
    );
    let done = shop.at(NOW, &[&words[..], &["--accept", "payout_missing"]].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let sealed = fs::read(text(&done.json(), "pack")).unwrap();
    let mut entries = unpack(&sealed);
    assert!(entries.iter().any(|(name, bytes)| name.starts_with("inputs/bank/") && bytes == bank("50.00").as_bytes()));
    let reconciled: Value = serde_json::from_slice(entry(&mut entries, "reconciliation.json")).unwrap();
    let states: Vec<&str> = list(&reconciled, "payouts").iter().map(|payout| text(payout, "state")).collect();
    assert_eq!(states, ["matched", "missing"]);
    assert!(!String::from_utf8_lossy(entry(&mut entries, "manifest.json")).contains("private folder"));
    assert_eq!(verify(&sealed, &[]).code, 0);
    fs::remove_file(&path).unwrap();
    let again = shop.at(LATER, &["close", "2026-09", "-o", shop.folder.at("again.zip").to_str().unwrap()]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(
        fs::read(shop.folder.at("again.zip")).unwrap() == sealed,
        "the bank statement is taken from the sealed pack"
    );
    // What an earlier reconciliation remembered stands against a close as well.
    let other = Shop::september();
    let path = other.folder.write("bank.xml", bank("50.00"));
    assert_eq!(other.at(NOW, &["reconcile", "--month", "2026-09", "--bank", path.to_str().unwrap()]).code, 5);
    let refused =
        other.at(NOW, &["close", "2026-09", "--accept", "unknown_type", "--reason", REASON, "--format", "json"]);
    assert_eq!(codes(&refused.json(), "findings"), ["payout_missing"]);
}

#[test]
fn the_rows_behind_every_figure_add_up_to_it() {
    let shop = Shop::september();
    let sealed = shop.folder.write("sealed.zip", shop.close(NOW, &[]));
    let sealed = sealed.to_str().unwrap();
    let from = shop.folder.at("in");
    for door in [
        vec!["--pack", sealed],
        vec!["--month", "2026-09", "--from", from.to_str().unwrap()],
        vec!["--month", "2026-09", "--data-dir", shop.data().to_str().unwrap()],
    ] {
        let done = settle_at(LATER, &[&["explain", "--check", "--format", "json"], &door[..]].concat());
        assert_eq!(done.code, 0, "{door:?} {}{}", done.out, done.err);
        assert!(done.json()["sums"].as_u64().unwrap() > 50, "{}", done.out);
    }
    let path = "accounts.A1EXAMPLE.EUR.movements.refund.net";
    let found = settle_at(LATER, &["explain", path, "--pack", sealed, "--format", "json"]).json();
    let [row] = &list(&found, "parts")[..] else { panic!("{found}") };
    assert_eq!((text(&found, "value"), text(&found, "sum"), &found["agrees"]), ("-9.73", "-9.73", &true.into()));
    let [_, (name, body), _] = &september_files();
    assert_eq!((text(row, "file"), text(row, "sha256")), (*name, sha256(body.as_bytes()).as_str()));
    let line = body.split_inclusive('\n').nth(usize::try_from(row["line"].as_u64().unwrap()).unwrap() - 1).unwrap();
    assert!(line.contains("\"Refund\""));
    assert_eq!(text(row, "row_sha256"), sha256(line.as_bytes()));
    let opening = settle_at(
        LATER,
        &["explain", "accounts.A1EXAMPLE.EUR.closing_balance", "--pack", sealed, "--rows", "--format", "csv"],
    );
    assert_eq!((opening.code, opening.out.lines().count()), (0, 1 + 8), "{}", opening.out);
    let wrong = settle_at(LATER, &["explain", "accounts.A1EXAMPLE.EUR.movements.refund.nett", "--pack", sealed]);
    assert!(wrong.code == 2 && wrong.err.contains(path), "{}", wrong.err);
    let all = settle_at(LATER, &["explain", "--pack", sealed, "--format", "csv"]);
    assert!(all.code == 0 && all.out.contains(&format!("{path},-9.73")), "{}", all.out);
}

#[test]
fn the_sample_shops_close_and_every_figure_of_them_is_explained() {
    let samples = support::root().join("sample_reports");
    let done = settle_at(
        LATER,
        &["explain", "--check", "--month", "2026-09", "--format", "json", "--from", samples.to_str().unwrap()],
    );
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.json()["sums"].as_u64().unwrap() > 1_000, "{}", done.out);
}

#[test]
fn a_foreign_program_sees_the_same_sums_in_a_pack() {
    if !Command::new("python3").arg("--version").output().is_ok_and(|seen| seen.status.success()) {
        eprintln!("skipped: python3 is not here");
        return;
    }
    let shop = Shop::september();
    let sealed = shop.close(NOW, &[]);
    let witness = support::root().join("tests/close/witness.py");
    let see = |pack: &[u8]| {
        let path = shop.folder.write("seen.zip", pack);
        run(Command::new("python3").arg(&witness).arg(path))
    };
    let seen = see(&sealed);
    assert_eq!(seen.code, 0, "{}{}", seen.out, seen.err);
    let seen = seen.json();
    assert!(seen["figures"].as_u64().unwrap() >= 30 && list(&seen, "faults").is_empty(), "{seen}");
    let mut entries = unpack(&sealed);
    let statement = entry(&mut entries, "statement.json");
    *statement = String::from_utf8(statement.clone()).unwrap().replace("\"-9.73\"", "\"-9.74\"").into_bytes();
    refit(&mut entries);
    assert_eq!(see(&pack(&entries)).code, 1, "a witness that finds nothing is none");
}

#[test]
fn an_account_in_another_zone_closes_with_its_own_midnights() {
    let shop = Shop::september();
    let config = "[accounts.shop]\ncountry = \"FR\"\nmerchant_id = \"A1EXAMPLE\"\n";
    let config = shop.folder.write("settle.toml", config);
    let config = config.to_str().unwrap();
    // In Paris September ends two hours before it does in UTC.
    let words = ["close", "2026-09", "--accept", "unknown_type", "--reason", REASON, "--config", config];
    assert_eq!(shop.at("2026-09-30T21:59:59Z", &words).code, 5);
    assert_eq!(shop.at("2026-09-30T22:00:00Z", &words).code, 0);
    let report = shop
        .at(LATER, &["explain", "accounts.shop.EUR.movements.capture.net", "--month", "2026-09", "--format", "json"]);
    assert_eq!(text(&report.json(), "value"), "96.95", "the config is gone, the terms are sealed: {}", report.err);
}
