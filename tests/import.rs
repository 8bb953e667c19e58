//! `settle import`, from outside: what it says of each file, what it leaves in the data folder, and that
//! nothing is ever there by halves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says why by ending"
)]

mod archive_place;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use archive_place::{CAPTURES, GOOD, NEXT, Place, SAMPLES, bytes_of, samples_imported, settle, shortened, walk};
use serde_json::{Value, json};

/// A buyer who stands in one capture report and nowhere else.
const BUYER: &str = "Philomena Testperson";

fn strings(value: &[String]) -> Vec<&str> {
    value.iter().map(String::as_str).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The captures with one buyer's name replaced by a planted one.
fn captures_of_the_buyer() -> String {
    let text = String::from_utf8(bytes_of(CAPTURES)).unwrap();
    let cells: Vec<&str> = text.lines().nth(1).unwrap().split("\",\"").collect();
    let (name, mail) = (cells[11], cells[12]);
    text.replacen(&format!("\"{name}\",\"{mail}\""), &format!("\"{BUYER}\",\"philomena@example.org\""), 1)
}

#[test]
fn files_are_imported_once_and_then_known() {
    let place = Place::copy_of(&samples_imported());
    let before = place.files();
    assert_eq!(place.raw(), place.catalog());
    place.import(&[SAMPLES]).exits(0).all_are("already_known");
    assert_eq!(place.files(), before, "importing again changes nothing on the disk");
    assert!(before.keys().all(|name| !name.contains(".staging") && !name.contains("-wal")));
}

#[test]
fn a_dry_run_writes_nothing_and_foretells_what_the_run_reports() {
    let place = Place::new();
    let rival = place.write("rival.csv", shortened(GOOD));
    let paths = [GOOD, "sample_reports/damaged/short-row.csv", &rival, GOOD, CAPTURES, "nowhere.csv"];
    let foretold = place.import(&[&["--dry-run"], paths.as_slice()].concat()).exits(5);
    assert!(!place.data().exists());
    assert_eq!(foretold.json()["dry_run"], true);
    let mut real = place.import(&paths).exits(5).json();
    real["dry_run"] = json!(true);
    assert_eq!(foretold.json(), real);

    let before = place.files();
    let foretold = place.import(&["--dry-run", NEXT, &rival, CAPTURES]).exits(0);
    assert_eq!(place.files(), before);
    let real = place.import(&[NEXT, &rival, CAPTURES]).exits(0);
    assert_eq!(foretold.states(), real.states());
    let state = |name: &str| real.states().into_iter().find(|(file, _)| file.contains(name)).unwrap().1;
    assert_eq!([state("09-03"), state("rival"), state("captures")], ["imported", "already_known", "already_known"]);
}

#[test]
fn the_json_says_of_each_file_what_the_contract_lists() {
    let place = Place::new();
    let packed = place.write("again.csv.gz", gzip(&bytes_of(GOOD)));
    let run = place.import(&[GOOD, &packed, "sample_reports/damaged/short-row.csv"]).exits(5);
    let hash = place.raw().remove(0);
    let rejected = run.json()["files"][2].clone();
    assert_eq!(
        run.json(),
        json!({"schema": "settle.import/1", "dry_run": false, "files": [
            {"file": GOOD, "sha256": hash, "kind": "amazon_pay_settlement", "state": "imported",
             "settlement_id": "20520936234", "rows": 6, "message": null},
            {"file": packed, "sha256": hash, "kind": "amazon_pay_settlement", "state": "already_known",
             "settlement_id": "20520936234", "rows": 6, "message": format!("the same bytes as {GOOD}")},
            rejected,
        ]})
    );
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(rejected["rows"], 0);
    assert!(rejected["message"].as_str().unwrap().starts_with("line "), "{rejected}");
}

#[test]
fn the_text_counts_and_names_what_was_not_taken() {
    let place = Place::new();
    let run = place.run("import", &[GOOD, "sample_reports/damaged/short-row.csv"]).exits(5);
    assert!(run.stdout.ends_with("1 imported, 0 already known, 0 in conflict, 1 rejected\n"), "{}", run.stdout);
    assert!(run.stdout.contains("sample_reports/damaged/short-row.csv: line "), "{}", run.stdout);
    assert!(!run.stdout.contains(GOOD));
    let verbose = place.run("import", &["-v", GOOD]).exits(0).stdout;
    assert!(verbose.starts_with("already_known  ") && verbose.contains("6 rows  20520936234"), "{verbose}");
}

#[test]
fn quiet_is_silent_unless_something_is_not_taken() {
    let place = Place::new();
    let run = place.run("import", &["-q", GOOD]).exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let run = place.run("import", &["-q", "sample_reports/damaged/short-row.csv"]).exits(5);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("settle: error: sample_reports/damaged/short-row.csv: line "), "{}", run.stderr);
}

#[test]
fn the_result_goes_to_the_file_that_is_asked_for_even_when_quiet() {
    let place = Place::new();
    let target = place.folder.path().join("result");
    for (options, begins) in [(["--format", "json"], "{"), (["-q", "--no-input"], "0 imported, 1 already known")] {
        let run = place.run("import", &[&["-o", target.to_str().unwrap(), GOOD], options.as_slice()].concat()).exits(0);
        assert_eq!(run.stdout, "");
        assert!(fs::read_to_string(&target).unwrap().starts_with(begins));
    }
}

#[test]
fn a_form_that_import_lacks_is_refused_before_anything_is_taken() {
    let place = Place::new();
    place.run("import", &["--format", "csv", GOOD]).exits(2);
    assert!(!place.data().exists());
}

#[test]
fn a_rejected_file_does_not_stop_the_others_and_leaves_nothing() {
    let place = Place::new();
    let damaged = ["short-row.csv", "marketplace-v2.txt", "picture.png", "broken.gz", "amount-too-large.csv"];
    let damaged = damaged.map(|name| format!("sample_reports/damaged/{name}"));
    let run = place.import(&[&[GOOD], strings(&damaged).as_slice(), &[NEXT]].concat()).exits(5);
    let states: Vec<String> = run.states().into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["imported", "rejected", "rejected", "rejected", "rejected", "rejected", "imported"]);
    assert_eq!(place.raw().len(), 2, "nothing of the rejected, nothing in staging");
    assert_eq!(place.raw(), place.catalog());
    assert_eq!(place.parquet("ledger").len(), 2);
    let marketplace = run.json()["files"][2]["message"].to_string();
    assert!(marketplace.contains("which settle does not read yet"), "{marketplace}");
}

#[test]
fn an_amount_that_cannot_be_stored_rejects_its_file_alone() {
    let place = Place::new();
    let text = String::from_utf8(bytes_of(GOOD)).unwrap();
    for large in ["100000000000000.00", "922337203685477.00", "-100000000000000"] {
        let path = place.write("large.csv", text.replacen("\"133.53\"", &format!("\"{large}\""), 1));
        let run = place.import(&[&path, GOOD]).exits(5);
        assert_eq!(run.states()[0].1, "rejected", "{large}");
        assert_ne!(run.states()[1].1, "rejected", "{large}");
    }
    let path = place.write("large.csv", text.replacen("\"133.53\"", "\"99999999999999.99\"", 1));
    place.import(&[&path]).exits(5).all_are("conflict");
}

#[test]
fn a_settlement_with_other_bytes_is_a_conflict_and_the_same_one_counts_in_any_order() {
    let text = shortened(GOOD);
    let mut statements = Vec::new();
    for seller in ["\"SellerId\",\"A1SETTLEFR001\"\n", ""] {
        let strip = |text: &str| text.replace("\r\n", "\n").replace("\"SellerId\",\"A1SETTLEFR001\"\n", seller);
        let whole = strip(&String::from_utf8(bytes_of(GOOD)).unwrap());
        for order in [["whole.csv", "short.csv"], ["short.csv", "whole.csv"]] {
            for split in [true, false] {
                let place = Place::new();
                place.write("whole.csv", &whole);
                place.write("short.csv", strip(&text));
                let paths = order.map(|name| place.folder.path().join(name).to_str().unwrap().to_owned());
                let last = if split {
                    place.import(&[&paths[0]]).exits(0).all_are("imported");
                    place.import(&[&paths[1]]).exits(5).states().remove(0)
                } else {
                    place.import(&strings(&paths)).exits(5).states().remove(1)
                };
                assert_eq!(last.1, "conflict", "{order:?} {split} {seller:?}");
                assert_eq!(place.raw().len(), 2, "both are kept");
                let statement = place.september().exits(5).json();
                let checks = statement["checks"].as_array().unwrap();
                let check = checks.iter().find(|check| check["check"] == "duplicate_settlement").unwrap();
                assert_eq!(check["failed"].as_array().unwrap().len(), 1, "{check}");
                assert_eq!(statement["accounts"][0]["settlements"][0]["source"], "whole.csv");
                statements.push((seller, statement));
            }
        }
    }
    for pair in statements.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert_eq!(pair[0].1, pair[1].1);
    }
}

#[test]
fn a_report_is_one_document_however_it_is_packed() {
    let place = Place::new();
    let plain = bytes_of(GOOD);
    let folder = place.write("folder/inner/plain.csv", &plain);
    let folder = Path::new(&folder).ancestors().nth(2).unwrap().to_str().unwrap().to_owned();
    let gz = place.write("packed.gz", gzip(&plain));
    let zip = place.write("packed.zip", zip(&[("a.csv", &plain), ("b/c.csv", &bytes_of(NEXT))]));
    place.import_stdin(&gzip(&plain)).exits(0).all_are("imported");
    let run = place.import(&[&folder, &gz, &zip]).exits(0);
    let states: Vec<String> = run.states().into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["already_known", "already_known", "already_known", "imported"]);
    assert_eq!(run.states()[3].0, format!("{zip}/b/c.csv"));
    assert_eq!(place.raw().len(), 2);
    place.import_stdin(&plain).exits(0).all_are("already_known");
    place.import_stdin(b"").exits(5).all_are("rejected");
}

#[test]
fn stored_bytes_are_those_of_the_file_and_private() {
    let place = Place::copy_of(&samples_imported());
    let files = place.files();
    for path in [GOOD, NEXT, CAPTURES, "sample_reports/shop-fr/disbursements-2026-09.json"] {
        let bytes = bytes_of(path);
        let (hash, _) = settle::archive::hash(bytes.as_slice()).unwrap();
        assert_eq!(files[&format!("raw/{}/{hash}", &hash.as_str()[..2])], bytes, "{path}");
    }
    let fresh = Place::new();
    fresh.import(&[GOOD, CAPTURES]).exits(0);
    let mut modes = Vec::new();
    walk(&fresh.data(), &mut |path| {
        modes.push((path.to_owned(), 0o600));
        modes.extend(
            path.ancestors().skip(1).take_while(|up| up.starts_with(fresh.data())).map(|up| (up.to_owned(), 0o700)),
        );
    });
    assert!(modes.len() > 20);
    for (path, expected) in modes {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
    }
}

#[test]
fn a_document_whose_files_are_gone_is_put_back_when_it_is_brought_again() {
    let place = Place::new();
    place.import(&[GOOD, NEXT]).exits(0);
    let (before, statement) = (place.files(), place.september().exits(0).stdout);
    for gone in before.keys().filter(|name| name.starts_with("raw/") || name.ends_with(".parquet")) {
        fs::remove_file(place.data().join(gone)).unwrap();
        let run = place.import(&[GOOD, NEXT]).exits(0);
        assert_eq!(run.states().iter().filter(|(_, state)| state == "imported").count(), 1, "{gone}");
        assert_eq!(place.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        assert_eq!(place.september().exits(0).stdout, statement);
        place.import(&[GOOD, NEXT]).exits(0).all_are("already_known");
    }
}

#[test]
fn another_run_at_work_ends_this_one_at_once() {
    let place = Place::new();
    place.import(&[GOOD]).exits(0);
    let lock = fs::File::options().write(true).open(place.data().join("lock")).unwrap();
    lock.try_lock().unwrap();
    let started = Instant::now();
    let run = place.import(&[NEXT]).exits(6);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(run.stderr.contains("another run is at work") && run.stdout.is_empty(), "{}", run.stderr);
    place.import(&["--dry-run", NEXT]).exits(0);
    place.september().exits(0);
    lock.unlock().unwrap();
    place.import(&[NEXT]).exits(0).all_are("imported");
}

#[test]
fn a_data_folder_that_is_no_folder_is_a_matter_of_storage() {
    let place = Place::new();
    place.write("data", "a file");
    let run = place.import(&[GOOD]).exits(4);
    assert!(run.stderr.starts_with("settle: error: "), "{}", run.stderr);
}

/// The names in the raw store, whatever lies in its staging folder.
fn stored_names(place: &Place) -> std::collections::BTreeSet<String> {
    let names = place.files().into_keys().filter(|name| name.starts_with("raw/") && !name.contains(".staging"));
    names.map(|name| name.rsplit('/').next().unwrap().to_owned()).collect()
}

#[test]
fn an_import_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let undisturbed = Place::copy_of(&samples_imported());
    let place = Place::new();
    let mut seed: u64 = 20_260_901;
    let stored = || {
        let mut count = 0;
        let raw = place.data().join("raw");
        if raw.exists() {
            walk(&raw, &mut |path| count += u64::from(!path.to_string_lossy().contains(".staging")));
        }
        count
    };
    for round in 0..8 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child =
            place.command("import").args(["-q", SAMPLES]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if round % 2 == 0 {
            std::thread::sleep(Duration::from_millis((seed >> 33) % 900));
        } else {
            // Documents take their places one by one before the catalog knows them: in the midst of that.
            let until = stored() + 1 + (seed >> 33) % 40;
            while stored() < until && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if place.data().join("catalog.sqlite").exists() && place.report(&["--month", "2026-09"]).exit == 0 {
            let raw = stored_names(&place);
            let lacking = place.catalog().into_iter().filter(|id| !raw.contains(id)).count();
            assert_eq!(lacking, 0, "the catalog names what is not in its place, after round {round}");
        }
    }
    let run = place.import(&[SAMPLES]).exits(0);
    assert!(run.states().iter().all(|(_, state)| state == "imported" || state == "already_known"));
    assert_eq!(place.raw(), undisturbed.raw(), "and no leftovers in staging");
    assert_eq!(place.catalog(), undisturbed.catalog());
    assert_eq!(place.parquet(""), undisturbed.parquet(""));
    for month in ["2026-08", "2026-09", "2026-10"] {
        let report = |place: &Place| place.report(&["--month", month, "--timezone", "Europe/Paris"]);
        assert_eq!(report(&place).stdout, report(&undisturbed).stdout);
    }
}

#[test]
fn a_disk_that_takes_no_more_ends_the_import_cleanly() {
    let place = Place::new();
    let text = String::from_utf8(bytes_of("sample_reports/shop-fr/settlement-2026-09-04.csv")).unwrap();
    let row = text.lines().find(|line| line.contains("\"Capture\"")).unwrap();
    let large = place.write("large.csv", text.clone() + &format!("{row}\n").repeat(2_000));
    let limited = |blocks: u32| {
        // A limit on the size of a file stands for a full disk; the signal that comes with it is ignored.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear();
        shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_settle"), "import", "--format", "json", "--data-dir"]);
        shell.arg(place.data()).args([NEXT, CAPTURES, &large, GOOD]).output().unwrap()
    };
    let mut refused = 0;
    for blocks in [0, 1, 8, 64, 90, 120, 200, 400, 500] {
        let output = limited(blocks);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 4)), "{blocks}: {:?} {stderr}", output.status);
        if output.status.code() == Some(4) {
            assert!(stderr.starts_with("settle: error: "), "{blocks}: {stderr}");
            refused += usize::from(stderr.contains("cannot store ") && stderr.contains("hint: see that the disk"));
        }
        if place.data().join("raw/.staging").exists() {
            assert_eq!(fs::read_dir(place.data().join("raw/.staging")).unwrap().count(), 0, "{blocks}");
        }
    }
    assert!(refused > 1, "{refused}");
    place.import(&[NEXT, CAPTURES, &large, GOOD]).exits(0);
    assert_eq!((place.raw().len(), place.catalog().len()), (4, 4));
}

#[test]
fn the_data_folder_inside_an_imported_folder_is_passed_over() {
    let place = Place::new();
    place.write("report.csv", bytes_of(GOOD));
    let folder = place.folder.path().to_str().unwrap();
    assert_eq!(place.import(&[folder]).exits(0).states().len(), 1);
    assert_eq!(place.import(&[folder]).exits(0).states().len(), 1);
}

/// The `extra` texts of the stored captures.
fn extras(place: &Place) -> String {
    let mut all = String::new();
    for name in place.parquet("records/kind=amazon_pay_capture") {
        let frame = archive_place::read_parquet(&place.data().join(name));
        let texts = frame.column("extra").unwrap().str().unwrap();
        all.extend(texts.iter().flatten());
    }
    all
}

#[test]
fn a_buyer_is_dropped_hashed_or_kept_as_configured() {
    for (policy, config) in
        [("drop", ""), ("drop", "pii = \"drop\"\n"), ("hash", "pii = \"hash\"\n"), ("keep", "pii = \"keep\"\n")]
    {
        let place = Place::new();
        let captures = place.write("captures.csv", captures_of_the_buyer());
        let config = place.write("settle.toml", config);
        place.import(&["-c", &config, &captures, GOOD]).exits(0);
        let extra = extras(&place);
        let records: Vec<Value> = serde_json::Deserializer::from_str(&extra).into_iter().map(Result::unwrap).collect();
        let name = records.iter().find_map(|record| record["BuyerName"].as_str()).unwrap_or_default();
        match policy {
            "drop" => assert!(!extra.contains("Buyer") && !extra.contains("BillingAddress"), "{extra}"),
            "hash" => assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}"),
            _ => assert_eq!(name, BUYER),
        }
        if policy != "keep" {
            for (path, bytes) in place.files() {
                let planted = |word: &str| memchr::memmem::find(&bytes, word.as_bytes()).is_some();
                assert!(path.starts_with("raw/") || !(planted(BUYER) || planted("philomena@")), "{policy}: {path}");
            }
            assert!(!extra.contains(BUYER) && !extra.contains("philomena@"));
        }
    }
}

#[test]
fn a_settlement_never_brings_a_buyer_into_the_ledger() {
    let place = Place::new();
    let text = String::from_utf8(bytes_of(GOOD)).unwrap();
    let lines = text.lines().map(|line| match line.trim_end_matches(',') {
        header if header.starts_with("\"TransactionPosted") => format!("{header},\"BuyerName\",\"Presentment\"\n"),
        row if row.starts_with("\"2026-") => format!("{row},\"{BUYER}\",\"42\"\n"),
        _ => format!("{line}\n"),
    });
    let path = place.write("settlement.csv", lines.collect::<String>());
    let config = place.write("settle.toml", "pii = \"keep\"\n");
    let run = place.import(&["-c", &config, &path]).exits(0);
    let messages = run.json()["problems"].to_string();
    assert!(messages.contains("`BuyerName` is not known; its cells are left out"), "{messages}");
    let frame = archive_place::read_parquet(&place.data().join(place.parquet("ledger").remove(0)));
    let extra = frame.column("extra").unwrap().str().unwrap();
    assert!(extra.iter().all(|extra| extra == Some("{\"Presentment\":\"42\"}")), "{extra:?}");
}

#[test]
fn transaction_reports_stand_below_the_account_that_the_user_names() {
    let place = Place::new();
    place.import(&["--account", "shop-fr", CAPTURES, GOOD]).exits(0);
    assert!(place.parquet("records")[0].starts_with("records/kind=amazon_pay_capture/account=shop-fr/updated=2026-"));
    assert!(place.parquet("ledger")[0].starts_with("ledger/account=A1SETTLEFR001/settled=2026-09/"));
    let other = Place::new();
    other.import(&["--account", "../é", CAPTURES]).exits(0);
    assert!(other.parquet("records")[0].contains("/account=%2E%2E%2F%C3%A9/"), "{:?}", other.parquet("records"));
}

#[test]
fn a_settlement_without_rows_covers_its_period() {
    let place = Place::new();
    let run = place.import(&["sample_reports/damaged/no-rows.csv"]).exits(0);
    assert_eq!(run.json()["files"][0]["settlement_id"], Value::Null);
    let statement = place.september().exits(0).json();
    assert!(statement["problems"].to_string().contains("no_rows"), "{}", statement["problems"]);
    let captures = String::from_utf8(bytes_of(CAPTURES)).unwrap();
    let header = place.write("captures.csv", captures.lines().next().unwrap());
    place.import(&[&header]).exits(0).all_are("imported");
}

#[test]
fn nothing_is_read_from_nowhere() {
    let run = settle(&["import", "--data-dir", "/nonexistent/deep/data", "--dry-run", "nowhere.csv"]).exits(5);
    assert!(run.stdout.contains("nowhere.csv"), "{}", run.stdout);
}

#[test]
fn the_data_folder_is_the_flag_then_the_variable_then_the_state_folder() {
    let place = Place::new();
    let at = |name: &str| place.folder.path().join(name);
    let mut import = archive_place::program();
    import.args(["import", "-q", GOOD]).env("HOME", at("home"));
    let mut runs = vec![at("home/.local/state/settle")];
    import.output().unwrap();
    for (variable, value, expected) in
        [("XDG_STATE_HOME", "state", "state/settle"), ("SETTLE_DATA_DIR", "variable", "variable")]
    {
        import.env(variable, at(value)).output().unwrap();
        runs.push(at(expected));
    }
    import.arg("--data-dir").arg(place.data()).output().unwrap();
    runs.push(place.data());
    for folder in runs {
        assert!(folder.join("catalog.sqlite").is_file(), "{}", folder.display());
    }
}

#[test]
fn two_runs_at_once_leave_one_whole_import() {
    let place = Place::new();
    let files = ["sample_reports/shop-gb", "sample_reports/shop-hu"];
    let start = || place.command("import").args(["-q"]).args(files).stderr(Stdio::null()).spawn().unwrap();
    let runs: Vec<_> = (0..4).map(|_| start()).collect();
    let mut exits: Vec<i32> = runs.into_iter().map(|mut run| run.wait().unwrap().code().unwrap()).collect();
    exits.sort_unstable();
    assert_eq!(exits[0], 0);
    assert!(exits.iter().all(|exit| matches!(exit, 0 | 6)), "{exits:?}");
    place.import(&files).exits(0).all_are("already_known");
    assert_eq!(place.raw(), place.catalog());
}

#[test]
fn what_a_crash_left_without_a_record_is_taken_over() {
    let place = Place::new();
    let paths = [GOOD, NEXT, CAPTURES];
    place.import(&paths).exits(0);
    let (before, statement) = (place.files(), place.september().stdout);
    let parquet = place.parquet("ledger");
    fs::remove_file(place.data().join(&parquet[0])).unwrap();
    fs::write(place.data().join(&parquet[1]), "half").unwrap();
    fs::write(place.data().join("raw/.staging/.tmpleft"), "half").unwrap();
    let connection = rusqlite::Connection::open(place.data().join("catalog.sqlite")).unwrap();
    connection.execute("DELETE FROM documents", []).unwrap();
    drop(connection);
    // A run that was killed leaves no seals.
    fs::remove_file(place.data().join("seals.sha256")).unwrap();
    place.import(&paths).exits(0).all_are("imported");
    let mut after = place.files();
    for grows in ["catalog.sqlite", "events.jsonl", "seals.sha256"] {
        after.insert(grows.to_owned(), before[grows].clone());
    }
    assert!(after == before, "every other file is as it was");
    assert_eq!(place.september().stdout, statement);
}
