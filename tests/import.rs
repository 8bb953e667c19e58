//! `settle import` and the archive, from outside: idempotent, whole or not at all, the same statement by both
//! doors.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use serde_json::Value;
use sha2::{Digest, Sha256};
use support::{Folder, Line, Run, root, run, run_with_input, settle, settlement_file, text};

const SELLER: &str = "A1IMPORT00001";

fn import(data: &Path, words: &[&str]) -> Run {
    run(settle().arg("import").args(words).args(["--format", "json", "--data-dir"]).arg(data).current_dir(root()))
}

fn report(data: &Path, words: &[&str]) -> Run {
    run(settle().arg("report").args(words).args(["--format", "json", "--data-dir"]).arg(data).current_dir(root()))
}

fn states(run: &Run) -> Vec<String> {
    run.json()["files"].as_array().unwrap().iter().map(|file| text(file, "state").to_owned()).collect()
}

/// The figures of a statement, without the names of files, which differ between the two doors.
fn figures(mut statement: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("source");
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut statement);
    let keep = ["accounts", "disputes", "checks", "status", "period", "coverage"];
    Value::Object(keep.into_iter().map(|name| (name.to_owned(), statement[name].take())).collect())
}

/// Every file below a folder, by its path in it.
fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

fn sha256(path: &Path) -> String {
    Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stored(data: &Path) -> BTreeSet<String> {
    let names = files_below(&data.join("raw")).into_iter();
    names.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

/// Two settlements on two days of September, the first with reserve.
fn two_settlements(folder: &Folder) -> (PathBuf, PathBuf) {
    let first = [
        Line::fees("2026-09-01T10:00:00 +0000", "Capture", ["10.00", "-0.29", "-0.30", "-0.59", "9.41"]).order("P02-1"),
        Line::plain("2026-09-01T23:00:00 +0000", "Reserve", "-4.00"),
    ];
    let second = [
        Line::plain("2026-09-02T00:10:00 +0000", "Reserve", "4.00"),
        Line::plain("2026-09-02T12:00:00 +0000", "Transfer", "-9.41"),
    ];
    let day = |n: u8| [format!("2026-09-0{n}T00:00:44 +0000"), format!("2026-09-0{n}T23:59:44 +0000")];
    let file = |name: &str, id: &str, n: u8, lines: &[Line]| {
        let [start, end] = day(n);
        folder.write(name, settlement_file(SELLER, id, [&start, &end], lines))
    };
    (file("one.csv", "7001", 1, &first), file("two.csv", "7002", 2, &second))
}

#[test]
fn the_sample_gives_the_same_figures_by_both_doors_in_any_order_and_only_once() {
    let folder = Folder::new();
    let data = folder.at("data");
    let shops = ["shop-hu", "shop-fr", "shop-se", "shop-de", "shop-gb"];
    for shop in shops {
        let done = import(&data, &[&format!("sample_reports/{shop}")]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(states(&done).iter().all(|state| state == "imported"));
    }
    let before = files_below(&data);
    let again = import(&data, &["sample_reports"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(states(&again).iter().all(|state| state == "already_known"));
    assert_eq!(states(&again).len(), 505);
    assert_eq!(files_below(&data), before);

    for words in [
        &["--month", "2026-09"][..],
        &["--month", "2026-08", "--basis", "settlement"],
        &["--month", "2026-10", "--basis", "payout", "--timezone", "Europe/Paris"],
        &["--month", "2026-10", "--timezone", "Europe/Budapest"],
        &["--from-date", "2026-08-20", "--until-date", "2026-09-07", "--account", "A1SETTLESE001"],
        &["--settlement", "21514348788"],
    ] {
        let archived = report(&data, words);
        let direct = run(settle().arg("report").args(words).args(["--format", "json", "--from", "sample_reports"]).current_dir(root()));
        assert_eq!((archived.code, direct.code), (0, 0), "{words:?} {}{}", archived.err, direct.err);
        assert_eq!(figures(archived.json()), figures(direct.json()), "{words:?}");
    }

    for path in files_below(&data.join("raw")) {
        assert_eq!(sha256(&path), path.file_name().unwrap().to_string_lossy());
    }
    for path in files_below(&data) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);

    parquet_agrees_with_the_statement(&data);
    without_parquet_the_raw_files_are_read(&data);
}

/// The dataset, read by Polars on its own, has the rows and the sums.
fn parquet_agrees_with_the_statement(data: &Path) {
    let mut rows = 0;
    let mut net = 0_i128;
    for path in files_below(&data.join("ledger/account=A1SETTLEDE001")) {
        assert!(path.parent().unwrap().file_name().unwrap().to_string_lossy().starts_with("settled=2026-"));
        let frame = ParquetReader::new(File::open(&path).unwrap()).finish().unwrap();
        assert_eq!(&**frame.schema(), &settle::ledger::settlement_schema());
        rows += frame.height();
        net += frame.column("net").unwrap().decimal().unwrap().physical().iter().flatten().sum::<i128>();
    }
    let whole = ["--from-date", "2026-07-01", "--until-date", "2026-12-01", "--account", "A1SETTLEDE001"];
    let statement = report(data, &whole).json();
    let settlements = statement["accounts"][0]["settlements"].as_array().unwrap().clone();
    assert_eq!(rows as u64, settlements.iter().map(|line| line["rows"].as_u64().unwrap()).sum::<u64>());
    assert_eq!(net, settlements.iter().map(|line| support::amount(line, "net")).sum::<i128>());
}

/// Parquet is derived: damaged or gone, the figures are the same.
fn without_parquet_the_raw_files_are_read(data: &Path) {
    let words = ["--month", "2026-09"];
    let before = figures(report(data, &words).json());
    for (number, path) in files_below(&data.join("ledger")).into_iter().enumerate() {
        if number % 2 == 0 {
            fs::remove_file(&path).unwrap();
        } else {
            fs::write(&path, b"PAR1 no longer").unwrap();
        }
    }
    let after = report(data, &words);
    assert_eq!(after.code, 0, "{}", after.err);
    assert_eq!(figures(after.json()), before);
}

#[test]
fn a_dry_run_predicts_and_writes_nothing() {
    let folder = Folder::new();
    two_settlements(&folder);
    folder.write("page.csv", "<!doctype html><html></html>");
    let data = folder.at("data");
    let path = folder.path().to_string_lossy().into_owned();
    let predicted = import(&data, &["--dry-run", &path]);
    assert_eq!(predicted.code, 5);
    assert!(!data.exists());
    let done = import(&data, &[&path]);
    assert_eq!(states(&predicted), states(&done));
    assert_eq!(states(&done), ["imported", "rejected", "imported"]);
}

#[test]
fn a_rejected_file_leaves_nothing_behind_and_the_others_are_in() {
    let folder = Folder::new();
    let (one, two) = two_settlements(&folder);
    let bad = folder.write("bad.csv", fs::read_to_string(&one).unwrap().replace("-0.59", "-0,59"));
    let market = folder.write("market.txt", "settlement-id\tsettlement-start-date\tsettlement-end-date\n1\t2\t3\n");
    let data = folder.at("data");
    let paths = [&one, &bad, &two, &market].map(|path| path.to_string_lossy().into_owned());
    let done = import(&data, &paths.each_ref().map(String::as_str));
    assert_eq!(done.code, 5);
    assert_eq!(states(&done), ["imported", "rejected", "imported", "rejected"]);
    let files = done.json()["files"].as_array().unwrap().clone();
    assert!(text(&files[1], "message").starts_with("line 7: column `TotalTransactionFee`"), "{}", files[1]);
    assert_eq!(text(&files[3], "kind"), "marketplace_settlement");
    assert!(text(&files[3], "message").contains("does not read yet"), "{}", files[3]);
    assert_eq!(stored(&data), [sha256(&one), sha256(&two)].into());
    assert_eq!(files_below(&data.join("ledger")).len(), 2);
}

#[test]
fn the_same_settlement_with_other_bytes_is_a_conflict_whatever_the_order() {
    let folder = Folder::new();
    let (one, two) = two_settlements(&folder);
    let other = folder.write("other.csv", fs::read_to_string(&one).unwrap().replace("P02-1", "P02-9"));
    let mut winners = Vec::new();
    for order in [[&one, &two, &other], [&other, &one, &two]] {
        let data = folder.at(&format!("data{}", winners.len()));
        let paths = order.map(|path| path.to_string_lossy().into_owned());
        let done = import(&data, &paths.each_ref().map(String::as_str));
        assert_eq!(done.code, 5);
        assert_eq!(states(&done).iter().filter(|state| *state == "conflict").count(), 1);
        assert_eq!(stored(&data).len(), 3, "both are kept");
        let reported = report(&data, &["--month", "2026-09"]);
        assert_eq!(reported.code, 5);
        assert_eq!(support::failing_checks(&reported.json()), ["duplicate_settlement"]);
        winners.push(figures(reported.json())["accounts"].clone());
    }
    assert_eq!(winners[0], winners[1]);
}

#[test]
fn packed_files_and_streams_are_documents_like_any_other() {
    let folder = Folder::new();
    let (one, two) = two_settlements(&folder);
    let data = folder.at("data");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &fs::read(&one).unwrap()).unwrap();
    let packed = folder.write("one.gz", packed.finish().unwrap());
    assert_eq!(states(&import(&data, &[&packed.to_string_lossy()])), ["imported"]);
    assert_eq!(states(&import(&data, &[&one.to_string_lossy()])), ["already_known"]);
    let mut stream = settle();
    stream.args(["import", "-", "--format", "json", "--data-dir"]).arg(&data);
    let piped = run_with_input(&mut stream, &fs::read(&two).unwrap());
    assert_eq!(states(&piped), ["imported"], "{}", piped.err);
    assert_eq!(text(&piped.json()["files"][0], "settlement_id"), "7002");
    assert_eq!(stored(&data), [sha256(&one), sha256(&two)].into());
}

#[test]
fn silence_with_q_and_the_reason_on_standard_error() {
    let folder = Folder::new();
    let (one, _) = two_settlements(&folder);
    let bad = folder.write("bad.csv", "hello");
    let quiet = |path: &Path| run(settle().args(["import", "-q", "--data-dir"]).arg(folder.at("data")).arg(path));
    let good = quiet(&one);
    assert_eq!((good.code, good.out.as_str(), good.err.as_str()), (0, "", ""));
    let refused = quiet(&bad);
    assert_eq!((refused.code, refused.out.as_str()), (5, ""));
    assert!(refused.err.starts_with("settle: error: ") && refused.err.contains("bad.csv"), "{}", refused.err);
}

#[test]
fn a_second_run_ends_at_once_while_the_first_holds_the_lock() {
    let folder = Folder::new();
    let (one, two) = two_settlements(&folder);
    let data = folder.at("data");
    assert_eq!(import(&data, &[&one.to_string_lossy()]).code, 0);
    let lock = File::open(data.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let second = import(&data, &[&two.to_string_lossy()]);
    assert_eq!(second.code, 6, "{}", second.err);
    drop(lock);
    assert_eq!(import(&data, &[&two.to_string_lossy()]).code, 0);
}

#[test]
fn a_missing_a_newer_and_a_damaged_archive_are_said() {
    let folder = Folder::new();
    let (one, _) = two_settlements(&folder);
    let missing = report(&folder.at("nothing"), &["--month", "2026-09"]);
    assert_eq!(missing.code, 4);
    assert!(missing.err.contains("hint: `settle import"), "{}", missing.err);
    let data = folder.at("data");
    assert_eq!(import(&data, &[&one.to_string_lossy()]).code, 0);
    let catalog = data.join("catalog.sqlite");
    rusqlite::Connection::open(&catalog).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = report(&data, &["--month", "2026-09"]);
    assert_eq!(newer.code, 4, "{}", newer.err);
    assert!(newer.err.contains("version"), "{}", newer.err);
    fs::write(&catalog, "no database at all, but long enough to be taken for one".repeat(40)).unwrap();
    assert_eq!(report(&data, &["--month", "2026-09"]).code, 4);
}

#[test]
fn personal_data_is_dropped_hashed_or_kept_as_the_config_says() {
    let folder = Folder::new();
    let captures = concat!(
        "\"AmazonCaptureId\",\"CaptureReferenceId\",\"CaptureAmount\",\"CurrencyCode\",\"CaptureStatus\",",
        "\"LastUpdateTimestamp\",\"BuyerName\",\"BuyerEmailAddress\",\"BillingAddressCity\"\n",
        "\"P02-1-C1\",\"ref\",\"5.00\",\"EUR\",\"Completed\",\"2026-09-01T10:00:00 +0000\",",
        "\"Quirina Planted\",\"planted@example.org\",\"Plantedville\"\n",
    );
    let file = folder.write("captures.csv", captures);
    for (policy, shown) in [("drop", None), ("hash", Some(false)), ("keep", Some(true))] {
        let data = folder.at(policy);
        let config = folder.write(&format!("{policy}.toml"), format!("pii = \"{policy}\"\n"));
        let done = import(&data, &[&file.to_string_lossy(), "--config", &config.to_string_lossy()]);
        assert_eq!(done.code, 0, "{}", done.err);
        let parquet = files_below(&data.join("records"));
        let frame = ParquetReader::new(File::open(parquet.first().unwrap()).unwrap()).finish().unwrap();
        let extra = frame.column("extra").unwrap().str().unwrap().get(0).unwrap_or_default().to_owned();
        match shown {
            None => assert_eq!(extra, ""),
            Some(clear) => assert_eq!(extra.contains("Planted"), clear, "{extra}"),
        }
        assert_eq!(extra.contains("BuyerName"), shown.is_some());
        for path in files_below(&data).into_iter().filter(|path| !path.starts_with(data.join("raw"))) {
            let mut bytes = Vec::new();
            File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
            let planted = bytes.windows(7).any(|window| window == b"Planted");
            assert!(!planted || policy == "keep", "{policy}: {}", path.display());
        }
    }
}

#[test]
fn killed_at_any_moment_it_loses_and_doubles_nothing() {
    let folder = Folder::new();
    let undisturbed = folder.at("undisturbed");
    let source = "sample_reports/shop-de";
    assert_eq!(import(&undisturbed, &[source]).code, 0);
    let expected = report(&undisturbed, &["--month", "2026-09"]).out;
    let data = folder.at("killed");
    for millis in [5, 20, 45, 90, 160, 260] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_settle"))
            .env_clear()
            .args(["import", source, "--data-dir"])
            .arg(&data)
            .current_dir(root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        // It may be done already; then the next runs find everything known.
        let _ = child.kill();
        child.wait().unwrap();
    }
    let clean = import(&data, &[source]);
    assert_eq!(clean.code, 0, "{}", clean.err);
    assert_eq!(report(&data, &["--month", "2026-09"]).out, expected);
    assert_eq!(stored(&data), stored(&undisturbed));
    assert!(files_below(&data.join("raw/.staging")).is_empty());
}

#[test]
fn a_full_disk_ends_with_4_and_the_next_run_goes_on() {
    let folder = Folder::new();
    let big = folder.at("big.csv");
    let made = Command::new(env!("CARGO_BIN_EXE_settle-rehearsal"))
        .args(["generate-large", "--rows", "20000", "--out"])
        .arg(&big)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let data = folder.at("data");
    // A limit on the size of any file, in blocks of 512 or 1024 bytes: far below the four megabytes needed.
    let limited = Command::new("sh")
        .env_clear()
        .args(["-c", "trap '' XFSZ; ulimit -f 1500; exec \"$0\" import \"$1\" --data-dir \"$2\""])
        .args([Path::new(env!("CARGO_BIN_EXE_settle")), &big, &data])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&limited.stderr);
    assert_eq!(limited.status.code(), Some(4), "{said}");
    assert!(said.contains("cannot store the document") || said.contains("cannot"), "{said}");
    let next = import(&data, &[&big.to_string_lossy()]);
    assert_eq!(states(&next), ["imported"], "{}", next.err);
    assert_eq!(stored(&data), [sha256(&big)].into());
}
