//! The data folder kept whole, through the program: every damage is found and no sound folder is called damaged; the
//! catalog is made anew; backups are whole though a run is at work; buyers are forgotten and no figure changes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod archive_place;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use archive_place::{CAPTURES, Place, Run, bytes_of, read_parquet, settle, walk};
use serde_json::Value;
use settle::archive::Archive;
use settle::domain::{AccountName, SettlementId};

/// What every archive of these tests holds: settlements, and one report of every other kind.
const DOCUMENTS: [&str; 9] = [
    "sample_reports/shop-fr/settlement-2026-09-01.csv",
    "sample_reports/shop-fr/settlement-2026-09-02.csv",
    "sample_reports/shop-fr/settlement-2026-09-03.csv",
    CAPTURES,
    "sample_reports/shop-fr/refunds-2026-09.csv",
    "sample_reports/shop-fr/order-references-2026-09.csv",
    "sample_reports/shop-fr/disbursements-2026-09.json",
    "sample_reports/shop-fr/chargeback-C188KARE271JH.json",
    "sample_reports/shop-fr/billing-agreements-2026-09.csv",
];

/// Bits flipped in the suite; the campaign does more.
const FLIPS: u64 = 200;

/// Closes September, of which the archive knows three days.
fn close(place: &Place) {
    let why = ["--accept", "incomplete", "--reason", "a test", "-q"];
    place.run("close", &[&["2026-09"], &why[..]].concat()).exits(0);
}

/// A sound data folder with a close that was opened again, one in force with its pack, a decision and a key.
fn sound() -> Place {
    let place = Place::new();
    let config = place.write("settle.toml", "pii = \"hash\"\n");
    place.run("import", &[&["--config", &config, "-q"], &DOCUMENTS[..]].concat()).exits(0);
    close(&place);
    place.run("reopen", &["2026-09", "--reason", "a test"]).exits(0);
    let more = "sample_reports/shop-fr/settlement-2026-09-04.csv";
    place.run("import", &["--config", &config, "-q", more]).exits(0);
    close(&place);
    let mut archive = Archive::create_or_open(&place.data()).unwrap();
    let lock = archive.lock().unwrap();
    let counted = archive.catalog.documents_of_kind("amazon_pay_settlement").unwrap().remove(0);
    let (account, settlement) = (AccountName::new("shop"), SettlementId::new("1"));
    let facts = serde_json::json!({"reason": "a test"});
    archive.catalog.resolve(&account, &settlement, &counted.id, 1_790_000_000_002, &facts).unwrap();
    archive.mirror_events().unwrap();
    drop((lock, archive));
    place
}

fn pack_in_force(place: &Place) -> String {
    let archive = Archive::open_existing(&place.data()).unwrap();
    let month = "2026-09".parse().unwrap();
    Archive::pack_place(month, &archive.catalog.close_of(month).unwrap().unwrap().pack)
}

fn verify(place: &Place, words: &[&str]) -> Run {
    place.run("verify", &[&["--format", "json"], words].concat())
}

fn every_byte(place: &Place) -> Run {
    verify(place, &["--read-data"])
}

fn damages(run: &Run) -> Vec<(String, String)> {
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let findings = run.json()["findings"].as_array().unwrap().clone();
    let damages = findings.iter().filter(|finding| finding["severity"] == "damage");
    damages.map(|finding| (text(finding, "code"), text(finding, "file"))).collect()
}

#[track_caller]
fn is_sound(run: Run) -> Value {
    assert_eq!(run.exit, 0, "{}\n{}", run.stderr, run.stdout);
    assert_eq!(damages(&run), []);
    run.json()
}

fn statement(place: &Place) -> String {
    let statement = place.september();
    assert!(matches!(statement.exit, 0 | 5), "{}", statement.stderr);
    statement.stdout
}

/// The statement and the disputes of the month, without the time at which they were made and the hashes of files.
fn figures(place: &Place) -> (String, String) {
    let mut disputes = place.run("disputes", &["--month", "2026-09", "--format", "json"]).json();
    disputes.as_object_mut().unwrap().retain(|field, _| !matches!(field.as_str(), "as_of" | "sources"));
    (statement(place), disputes.to_string())
}

/// Numbers that look random and are the same in every run.
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[test]
fn a_sound_folder_is_examined_without_a_finding() {
    let place = sound();
    let structure = is_sound(verify(&place, &[]));
    assert_eq!(structure["mode"], "structure");
    assert_eq!(structure["findings"].as_array().unwrap().len(), 0, "{structure:#}");
    assert_eq!((&structure["checked"]["documents"], &structure["checked"]["packs"]), (&10.into(), &2.into()));
    let data = is_sound(every_byte(&place));
    assert_eq!(data["findings"].as_array().unwrap().len(), 0, "{data:#}");
    assert_eq!(data["checked"]["documents_read"], 10);
    assert!(data["checked"]["rows_compared"].as_u64().unwrap() > 100);
    let before = place.files();
    every_byte(&place);
    let mut after = place.files();
    after.retain(|name, _| !name.ends_with("-shm") && !name.ends_with("-wal"));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "looking changes nothing");
    let said = place.run("verify", &["--read-data"]).exits(0).stdout;
    assert!(said.ends_with("nothing is damaged\n"), "{said}");
    assert_eq!(place.run("verify", &["-q"]).exits(0).stdout, "");
    assert_eq!(place.run("verify", &["--read-data=0%"]).exit, 2);
    assert_eq!(place.run("verify", &["--account", "x"]).exit, 2);
    assert_eq!(Place::new().run("verify", &[]).exit, 4);
}

/// Which kind of file a path is, so that each kind is damaged as often as the others.
fn kind_of(path: &str) -> &'static str {
    match path {
        "catalog.sqlite" => "catalog",
        "events.jsonl" => "events",
        "seals.sha256" => "seals",
        "pii.key" => "key",
        _ if path.starts_with("raw/") => "raw",
        _ if path.starts_with("closed/") => "pack",
        _ => "parquet",
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let base = sound();
    let files = base.files();
    let mut kinds: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (path, bytes) in &files {
        if !bytes.is_empty() {
            kinds.entry(kind_of(path)).or_default().push(path);
        }
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let place = Place::copy_of(&base.data());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed) as u64;
                    if number >= FLIPS {
                        return;
                    }
                    let mut seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number + 1);
                    let kinds: Vec<_> = kinds.values().collect();
                    let of_kind = kinds[number as usize % kinds.len()];
                    let path = of_kind[random(&mut seed) as usize % of_kind.len()];
                    let mut bytes = files[path].clone();
                    let bit = random(&mut seed) as usize % (bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    let target = place.data().join(path);
                    fs::write(&target, &bytes).unwrap();
                    let run = every_byte(&place);
                    if run.exit != 4 {
                        missed.lock().unwrap().push(format!("{path}, bit {bit}: {}", run.exit));
                    }
                    for side in ["catalog.sqlite-wal", "catalog.sqlite-shm"] {
                        let _ = fs::remove_file(place.data().join(side));
                    }
                    fs::write(&target, &files[path]).unwrap();
                    fs::write(place.data().join("seals.sha256"), &files["seals.sha256"]).unwrap();
                    fs::write(place.data().join("catalog.sqlite"), &files["catalog.sqlite"]).unwrap();
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "{} of {FLIPS} missed: {missed:#?}", missed.len());
}

#[test]
fn a_value_that_changes_in_the_catalog_is_found_without_the_seals() {
    let base = sound();
    for sql in [
        "UPDATE documents SET source_name = 'other.csv' WHERE kind = 'amazon_pay_settlement'",
        "UPDATE documents SET digest = replace(digest, '1', '2') WHERE kind = 'amazon_pay_settlement'",
        "UPDATE documents SET imported_at_ms = imported_at_ms + 1 WHERE rows = (SELECT min(rows) FROM documents)",
        "DELETE FROM documents WHERE kind = 'amazon_pay_capture'",
        "UPDATE closes SET terms = '{}' WHERE reopened IS NULL",
        "UPDATE closes SET reopened = 1 WHERE reopened IS NOT NULL",
        "DELETE FROM close_documents WHERE sha256 = (SELECT min(sha256) FROM close_documents)",
        "UPDATE resolutions SET settlement_id = '2'",
    ] {
        let place = Place::copy_of(&base.data());
        let connection = rusqlite::Connection::open(place.data().join("catalog.sqlite")).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        drop(connection);
        let sealed = verify(&place, &[]).exits(4);
        assert!(damages(&sealed).iter().any(|(code, _)| code == "sealed_changed"), "{sql}");
        fs::remove_file(place.data().join("seals.sha256")).unwrap();
        verify(&place, &[]).exits(4);
    }
}

#[test]
fn what_is_cut_removed_swapped_or_added_is_named_with_what_to_do() {
    let base = sound();
    let files = base.files();
    let full = |path: &&String| !files[*path].is_empty();
    let of_kind = |kind: &str| files.keys().filter(full).find(|path| kind_of(path) == kind).unwrap().clone();
    for kind in ["raw", "parquet", "pack", "catalog", "events", "key"] {
        // The pack of the close that was opened again is missed, but it is not damage.
        let path = if kind == "pack" { pack_in_force(&base) } else { of_kind(kind) };
        let cut = Place::copy_of(&base.data());
        fs::write(cut.data().join(&path), &files[&path][..files[&path].len() / 2]).unwrap();
        let found = damages(&every_byte(&cut).exits(4));
        assert!(found.iter().any(|(_, file)| *file == path), "{kind} cut: {found:?}");
        let removed = Place::copy_of(&base.data());
        fs::remove_file(removed.data().join(&path)).unwrap();
        let run = verify(&removed, &[]).exits(4);
        assert!(damages(&run).iter().any(|(_, file)| *file == path), "{kind} removed: {}", run.stdout);
        let finding = &run.json()["findings"][0];
        assert!(!finding["mend"]["command"].as_str().unwrap().is_empty(), "{finding}");
    }
    for kind in ["raw", "parquet"] {
        let swapped = Place::copy_of(&base.data());
        let mut two = files.keys().filter(full).filter(|path| kind_of(path) == kind);
        let (one, other) = (two.next().unwrap(), two.next().unwrap());
        fs::write(swapped.data().join(one), &files[other]).unwrap();
        fs::write(swapped.data().join(other), &files[one]).unwrap();
        let found = damages(&every_byte(&swapped).exits(4));
        assert!([one, other].iter().all(|path| found.iter().any(|(_, file)| file == *path)), "{kind}: {found:?}");
    }
    let added = Place::copy_of(&base.data());
    for path in ["raw/aa/note.txt", "ledger/account=x/settled=2026-09/y.parquet", "closed/2026-01-x.zip", "diary.txt"] {
        fs::create_dir_all(added.data().join(path).parent().unwrap()).unwrap();
        fs::write(added.data().join(path), "x").unwrap();
    }
    let findings = is_sound(every_byte(&added))["findings"].as_array().unwrap().clone();
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    assert!(codes.contains(&"permissions"), "{codes:?}");
    codes.retain(|code| *code != "permissions");
    assert_eq!(codes, ["derived_unnamed", "pack_unnamed", "stranger", "stranger"]);
}

#[test]
fn what_a_killed_run_leaves_is_no_damage() {
    let base = sound();
    let events = fs::read(base.data().join("events.jsonl")).unwrap();
    let last = events[..events.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    type Leave<'a> = Box<dyn Fn(&Path) + 'a>;
    let leftovers: [(&str, Leave<'_>); 6] = [
        (
            "a file on its way",
            Box::new(|data| {
                fs::create_dir_all(data.join("raw/.staging")).unwrap();
                fs::write(data.join("raw/.staging/.tmpA"), "half").unwrap();
            }),
        ),
        (
            "bytes without a document",
            Box::new(|data| {
                let (id, _) = settle::archive::hash(&b"abc"[..]).unwrap();
                let path = data.join(format!("raw/{}/{id}", &id.as_str()[..2]));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "abc").unwrap();
            }),
        ),
        ("a new catalog", Box::new(|data| fs::write(data.join("catalog.sqlite.new"), "half").unwrap())),
        ("a log that is behind", Box::new(|data| fs::write(data.join("events.jsonl"), &events[..last]).unwrap())),
        ("a log with half a line", Box::new(|data| fs::write(data.join("events.jsonl"), &events[..last + 9]).unwrap())),
        ("no log file", Box::new(|data| fs::remove_file(data.join("events.jsonl")).unwrap())),
    ];
    for (what, leave) in leftovers {
        let place = Place::copy_of(&base.data());
        fs::remove_file(place.data().join("seals.sha256")).unwrap();
        leave(&place.data());
        let run = every_byte(&place);
        assert_eq!((run.exit, damages(&run)), (0, Vec::new()), "{what}");
        place.run("import", &["-q", DOCUMENTS[0]]).exits(0);
        is_sound(every_byte(&place));
        assert_eq!(fs::read(place.data().join("events.jsonl")).unwrap(), events, "{what}");
    }
}

#[test]
fn imports_killed_at_any_moment_leave_a_sound_folder() {
    let place = Place::new();
    let mut seed = 7;
    for round in 0..12 {
        let mut child = place
            .command("import")
            .args(["-q", "sample_reports/shop-hu"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A wait that depends on the machine only decides where it is killed, not what is expected.
        for _ in 0..random(&mut seed) % 400_000 {
            std::hint::spin_loop();
        }
        while !place.data().join("catalog.sqlite").exists() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        for _ in 0..random(&mut seed) % 60 {
            let_a_moment_pass(&place);
        }
        let _ = child.kill();
        child.wait().unwrap();
        let run = every_byte(&place);
        assert!(
            (run.exit, damages(&run)) == (0, Vec::new()) || run.exit == 4 && run.stderr.contains("no archive"),
            "round {round}: {}\n{}",
            run.stderr,
            run.stdout
        );
    }
    place.run("import", &["-q", "sample_reports/shop-hu"]).exits(0);
    is_sound(every_byte(&place));
}

fn let_a_moment_pass(place: &Place) {
    let _ = fs::read_dir(place.data()).map(Iterator::count);
}

#[test]
fn a_run_at_work_is_no_damage_and_backups_beside_it_are_whole() {
    let place = Place::new();
    place.run("import", &["-q", DOCUMENTS[0]]).exits(0);
    let backup = place.folder.path().join("backup");
    let mut child =
        place.command("import").args(["-q", "sample_reports/shop-de"]).stdout(Stdio::null()).spawn().unwrap();
    let mut looks = 0;
    loop {
        let ended = child.try_wait().unwrap();
        is_sound(every_byte(&place));
        place.run("backup", &["-q", backup.to_str().unwrap()]).exits(0);
        let copy = Place::new();
        copy.run("restore", &["-q", backup.to_str().unwrap()]).exits(0);
        is_sound(every_byte(&copy));
        looks += 1;
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
    }
    assert!(looks >= 2);
    let copy = Place::new();
    copy.run("restore", &["-q", backup.to_str().unwrap()]).exits(0);
    assert_eq!(copy.catalog(), place.catalog());
    assert_eq!(statement(&copy), statement(&place));
}

#[test]
fn a_damaged_file_gives_way_when_the_sound_one_is_brought_in() {
    let place = sound();
    let (id, _) = settle::archive::hash(bytes_of(DOCUMENTS[1]).as_slice()).unwrap();
    let path = place.data().join(format!("raw/{}/{id}", &id.as_str()[..2]));
    for damaged in ["x", &String::from_utf8(bytes_of(DOCUMENTS[1])).unwrap().replacen('2', "3", 1)] {
        fs::write(&path, damaged).unwrap();
        let run = every_byte(&place).exits(4);
        let command = run.json()["findings"][0]["mend"]["command"].as_str().unwrap().to_owned();
        assert!(command.starts_with("settle import 'settlement-2026-09-02.csv'"), "{command}");
        place.import(&[DOCUMENTS[1]]).exits(0).all_are("imported");
        is_sound(every_byte(&place));
    }
}

#[test]
fn everything_derived_is_made_anew_and_statements_stay_the_same() {
    let base = sound();
    let expected = figures(&base);
    let closes = |place: &Place| {
        let archive = Archive::open_existing(&place.data()).unwrap();
        let snapshot = archive.catalog.snapshot().unwrap();
        (snapshot.documents, snapshot.closes, snapshot.resolutions)
    };
    let known = closes(&base);
    let config = base.folder.path().join("settle.toml");
    let rebuild = |place: &Place| verify(place, &["--rebuild", "--config", config.to_str().unwrap()]);
    type Break<'a> = Box<dyn Fn(&Path) + 'a>;
    let breaks: [(&str, Break<'_>); 6] = [
        ("nothing", Box::new(|_| {})),
        ("no catalog", Box::new(|data| fs::remove_file(data.join("catalog.sqlite")).unwrap())),
        ("no database", Box::new(|data| fs::write(data.join("catalog.sqlite"), [7; 9_000]).unwrap())),
        (
            "no page of the catalog but the first",
            Box::new(|data| {
                let mut bytes = fs::read(data.join("catalog.sqlite")).unwrap();
                bytes[4_096..].fill(0xff);
                fs::write(data.join("catalog.sqlite"), bytes).unwrap();
            }),
        ),
        (
            "no log file and no Parquet",
            Box::new(|data| {
                fs::remove_file(data.join("events.jsonl")).unwrap();
                fs::remove_dir_all(data.join("ledger")).unwrap();
                fs::remove_dir_all(data.join("records")).unwrap();
            }),
        ),
        (
            "a changed log file",
            Box::new(|data| {
                let text = fs::read_to_string(data.join("events.jsonl")).unwrap();
                fs::write(data.join("events.jsonl"), text.replacen("a test", "a jest", 1)).unwrap();
            }),
        ),
    ];
    for (what, damage) in breaks {
        let place = Place::copy_of(&base.data());
        damage(&place.data());
        let done = rebuild(&place);
        assert_eq!((done.exit, damages(&done)), (0, Vec::new()), "{what}: {}\n{}", done.stdout, done.stderr);
        assert_eq!(figures(&place), expected, "{what}");
        assert_eq!(closes(&place), known, "{what}");
        is_sound(every_byte(&place));
        let once = place.parquet("");
        rebuild(&place).exits(0);
        assert_eq!((figures(&place), place.parquet("")), (expected.clone(), once), "{what}, again");
        assert_eq!(place.run("events", &[]).exits(0).stdout.matches("rebuild").count(), 2);
    }
}

#[test]
fn a_rebuild_tells_what_it_lost_and_keeps_what_is_known_of_a_damaged_document() {
    let place = sound();
    let expected = statement(&place);
    let (id, _) = settle::archive::hash(bytes_of(DOCUMENTS[1]).as_slice()).unwrap();
    let path = place.data().join(format!("raw/{}/{id}", &id.as_str()[..2]));
    fs::write(&path, "damaged").unwrap();
    let done = verify(&place, &["--rebuild"]).exits(4);
    assert!(damages(&done).iter().any(|(code, _)| code == "raw_damaged"), "{}", done.stdout);
    assert_eq!(statement(&place), expected, "what the catalog knew was kept");
    fs::remove_file(place.data().join("catalog.sqlite")).unwrap();
    let done = verify(&place, &["--rebuild"]).exits(4);
    let lost = done.json()["lost"].as_array().unwrap().clone();
    assert!(lost.iter().any(|lost| lost.as_str().unwrap().contains("settlement-2026-09-02.csv")), "{lost:?}");
    // It stays known that something is missing, until it is brought in again.
    verify(&place, &[]).exits(4);
    place.import(&[DOCUMENTS[1]]).exits(0);
    is_sound(every_byte(&place));
    assert_eq!(statement(&place), expected);
}

#[test]
fn a_rebuild_that_is_killed_leaves_what_was_there() {
    let base = sound();
    let expected = figures(&base);
    let mut seed = 11;
    for round in 0..10 {
        let place = Place::copy_of(&base.data());
        let mut child = place.command("verify").arg("--rebuild").stdout(Stdio::null()).spawn().unwrap();
        for _ in 0..random(&mut seed) % 300 {
            let_a_moment_pass(&place);
        }
        let _ = child.kill();
        child.wait().unwrap();
        let run = every_byte(&place);
        assert_eq!((run.exit, damages(&run)), (0, Vec::new()), "round {round}");
        assert_eq!(figures(&place), expected, "round {round}");
        verify(&place, &["--rebuild"]).exits(0);
        assert_eq!(figures(&place), expected, "round {round}");
    }
}

#[test]
fn a_backup_is_brought_up_to_date_and_comes_back_whole() {
    let place = sound();
    let backup = place.folder.path().join("deep/backup");
    let to = backup.to_str().unwrap();
    let first = place.run("backup", &[to, "--format", "json"]).exits(0).json();
    assert_eq!(first["documents"], 10);
    assert!(first["copied"].as_u64().unwrap() >= 18);
    let again = place.run("backup", &[to, "--format", "json"]).exits(0).json();
    assert_eq!(again["copied"], 0, "{again}");
    for (path, expected) in [("", 0o700), ("raw", 0o700), ("catalog.sqlite", 0o600), ("backup.json", 0o600)] {
        assert_eq!(fs::metadata(backup.join(path)).unwrap().permissions().mode() & 0o777, expected, "{path}");
    }
    let as_folder = settle(&["verify", "--read-data", "--data-dir", to]);
    assert_eq!(as_folder.exit, 0, "{}", as_folder.stdout);
    // A document that is damaged at home is the sound one of the earlier backup.
    let raw = place.raw().remove(0);
    fs::write(place.data().join(format!("raw/{}/{raw}", &raw[..2])), "damaged").unwrap();
    place.run("backup", &[to]).exits(0);
    place.run("backup", &[place.folder.path().join("other").to_str().unwrap()]).exits(4);
    let copy = Place::new();
    copy.run("restore", &[to]).exits(0);
    is_sound(every_byte(&copy));
    let home = Place::copy_of(&copy.data());
    assert_eq!(statement(&copy), statement(&home));
    assert!(copy.run("events", &[]).exits(0).stdout.contains("restored from a backup"));
    let refused = copy.run("restore", &[to]).exits(3);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    let forced = copy.run("restore", &[to, "--force", "--format", "json"]).exits(0).json();
    assert!(Path::new(forced["moved_to"].as_str().unwrap()).join("catalog.sqlite").is_file());
    is_sound(every_byte(&copy));
}

#[test]
fn what_is_no_sound_backup_is_refused_and_nothing_is_touched() {
    let place = sound();
    let backup = place.folder.path().join("backup");
    let to = backup.to_str().unwrap();
    place.run("backup", &[to]).exits(0);
    let manifest = fs::read_to_string(backup.join("backup.json")).unwrap();
    let fresh = Place::new();
    let newer: Value = {
        let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["catalog_version"] = 99.into();
        manifest
    };
    let raw = place.raw().remove(0);
    let raw = format!("raw/{}/{raw}", &raw[..2]);
    for (file, text, part) in [
        ("backup.json", newer.to_string(), "has version 99"),
        ("backup.json", manifest.replacen("raw/", "../raw/", 1), "it lists"),
        ("backup.json", "{}".to_owned(), "is not a whole backup"),
        (raw.as_str(), "damaged".to_owned(), "damaged"),
    ] {
        let before = fs::read(backup.join(file)).unwrap();
        fs::write(backup.join(file), text).unwrap();
        let refused = fresh.run("restore", &[to]).exits(4);
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
        assert!(!fresh.data().exists());
        fs::write(backup.join(file), before).unwrap();
    }
    for target in [place.data().join("inside"), place.folder.path().to_owned()] {
        place.run("backup", &[target.to_str().unwrap()]).exits(3);
    }
    let occupied = place.write("occupied/file", "x");
    place.run("backup", &[Path::new(&occupied).parent().unwrap().to_str().unwrap()]).exits(3);
    is_sound(every_byte(&place));
}

/// Names that nothing else has.
const PLANTED: [&str; 3] = ["Zebulon Quixote", "zebulon@planted.example", "77 Planted Lane"];

fn planted_captures() -> String {
    let text = String::from_utf8(bytes_of(CAPTURES)).unwrap();
    let first = text.lines().nth(1).unwrap();
    let mut cells: Vec<String> = first.split("\",\"").map(|cell| cell.trim_matches('"').to_owned()).collect();
    (cells[11], cells[12], cells[13]) = (PLANTED[0].to_owned(), PLANTED[1].to_owned(), PLANTED[2].to_owned());
    let planted = cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",");
    text.replacen(first, &planted, 1)
}

/// The planted words in any file of the data folder, also where Parquet compresses them.
fn planted_in(place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    walk(&place.data(), &mut |path| {
        let mut text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        if path.extension().is_some_and(|end| end == "parquet") {
            for column in read_parquet(path).columns() {
                if let Ok(texts) = column.str() {
                    text.extend(texts.iter().flatten());
                }
            }
        }
        if path.extension().is_some_and(|end| end == "zip") {
            let mut pack = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
            for entry in 0..pack.len() {
                let mut bytes = Vec::new();
                pack.by_index(entry).unwrap().read_to_end(&mut bytes).unwrap();
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        if PLANTED.iter().any(|planted| text.contains(planted)) {
            found.push(path.display().to_string());
        }
    });
    found
}

fn with_planted() -> (Place, String) {
    let place = Place::new();
    let config = place.write("settle.toml", "pii = \"keep\"\n");
    let captures = place.write("captures.csv", planted_captures());
    let more: Vec<&str> = DOCUMENTS.iter().filter(|path| **path != CAPTURES).copied().collect();
    place.run("import", &[&["-q", "--config", &config, &captures], &more[..]].concat()).exits(0);
    assert_eq!(planted_in(&place).len(), 2, "in the report and in its Parquet file");
    // A catalog that a rebuild keeps and a damaged file that is kept aside are places to look at, too.
    verify(&place, &["--rebuild", "--config", &config]).exits(0);
    let (id, _) = settle::archive::hash(planted_captures().as_bytes()).unwrap();
    fs::write(place.data().join(format!("raw/{}/{id}", &id.as_str()[..2])), planted_captures() + "\n\n").unwrap();
    place.run("import", &["-q", "--config", &config, &captures]).exits(0);
    assert_eq!(planted_in(&place).len(), 3, "and in what was put aside");
    (place, config)
}

#[test]
fn a_buyer_is_forgotten_in_every_byte_and_no_figure_changes() {
    for by in ["Zebulon@planted.example", "P02-2852629-0356152"] {
        let (place, config) = with_planted();
        let before = figures(&place);
        let tried = place.run("forget", &[by, "--dry-run", "--config", &config]).exits(0);
        assert!(tried.stdout.contains("would be changed") && !planted_in(&place).is_empty(), "{}", tried.stdout);
        let done = place.run("forget", &[by, "--config", &config, "--format", "json"]).exits(0).json();
        assert!(!done["documents"].as_array().unwrap().is_empty(), "{done}");
        assert_eq!(done["documents"][0]["state"], "anonymous");
        assert_eq!(planted_in(&place), Vec::<String>::new(), "{by}");
        let after = figures(&place);
        assert_eq!(after, before, "no figure changes");
        let run = place.run("verify", &["--read-data", "--format", "json", "--config", &config]);
        is_sound(run);
        let log = fs::read_to_string(place.data().join("events.jsonl")).unwrap();
        assert!(log.contains("\"forget\"") && !log.to_lowercase().contains(&by.to_lowercase()));
        // Other buyers stay, and the file of before is not taken again.
        assert!(fs::read_to_string(raw_of_kind(&place, "amazon_pay_capture")).unwrap().contains("@example.com"));
        let captures = place.folder.path().join("captures.csv");
        place.import(&["--config", &config, captures.to_str().unwrap()]).exits(0).all_are("already_known");
        assert_eq!(planted_in(&place), Vec::<String>::new());
        verify(&place, &["--rebuild", "--config", &config]).exits(0);
        assert_eq!(figures(&place), before);
        assert_eq!(planted_in(&place), Vec::<String>::new());
        fs::remove_file(place.data().join("catalog.sqlite")).unwrap();
        verify(&place, &["--rebuild", "--config", &config]).exits(0);
        assert_eq!(figures(&place), before);
        is_sound(place.run("verify", &["--read-data", "--format", "json", "--config", &config]));
    }
}

#[test]
fn a_sealed_pack_that_names_a_forgotten_buyer_is_named_and_can_be_replaced() {
    let (place, config) = with_planted();
    close(&place);
    let before = figures(&place);
    let done = place.run("forget", &[PLANTED[1], "--config", &config]).exits(0);
    let left = planted_in(&place);
    assert!(left.len() <= 1, "{left:?}");
    for pack in &left {
        let name = Path::new(pack).file_name().unwrap().to_str().unwrap();
        assert!(done.stdout.contains(name) && done.stdout.contains("settle reopen 2026-09"), "{}", done.stdout);
    }
    assert_eq!(figures(&place), before, "of a closed month, too");
    place.run("reopen", &["2026-09", "--reason", "a buyer is forgotten"]).exits(0);
    close(&place);
    for pack in left {
        fs::remove_file(pack).unwrap();
    }
    assert_eq!(planted_in(&place), Vec::<String>::new());
    // The month is closed by another pack; nothing else differs.
    let open = |(statement, disputes): (String, String)| {
        let mut statement: serde_json::Value = serde_json::from_str(&statement).unwrap();
        assert!(statement.as_object_mut().unwrap().remove("closed").is_some());
        (statement, disputes)
    };
    assert_eq!(open(figures(&place)), open(before));
    is_sound(place.run("verify", &["--read-data", "--format", "json", "--config", &config]));
}

fn raw_of_kind(place: &Place, kind: &str) -> std::path::PathBuf {
    let archive = Archive::open_existing(&place.data()).unwrap();
    let record = archive.catalog.documents_of_kind(kind).unwrap().remove(0);
    archive.raw.path(&record.id).unwrap()
}

#[test]
fn old_reports_lose_their_buyers_and_settlements_stay() {
    let (place, config) = with_planted();
    let before = figures(&place);
    let settlements = place.parquet("ledger");
    place.run("purge", &["--before", "2020-01-01", "--config", &config]).exits(0);
    assert_eq!(planted_in(&place).len(), 3, "nothing is so old");
    let done = place.run("purge", &["--before", "2026-11-01", "--config", &config, "--format", "json"]).exits(0).json();
    let states: BTreeMap<&str, &str> = done["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| (document["kind"].as_str().unwrap(), document["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("amazon_pay_billing_agreement", "removed"),
        ("amazon_pay_capture", "anonymous"),
        ("amazon_pay_order_reference", "removed"),
    ];
    assert_eq!(states, BTreeMap::from(expected));
    assert_eq!(planted_in(&place), Vec::<String>::new());
    assert!(!place.files().values().any(|bytes| String::from_utf8_lossy(bytes).contains("@example.com")));
    assert_eq!((figures(&place), place.parquet("ledger")), (before, settlements));
    let document = is_sound(place.run("verify", &["--read-data", "--format", "json", "--config", &config]));
    assert_eq!(document["checked"]["purged"], 3);
    // A removal that was cut short is finished by the next run.
    let archive = Archive::open_existing(&place.data()).unwrap();
    let gone = archive.catalog.purged().unwrap().remove(0);
    let path = archive.raw.path(&gone.id).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, PLANTED[0]).unwrap();
    drop(archive);
    assert_eq!(verify(&place, &[]).exits(0).json()["findings"][0]["severity"], "warning");
    place.run("import", &["-q", DOCUMENTS[0]]).exits(0);
    assert_eq!(planted_in(&place), Vec::<String>::new());
}

#[test]
fn the_log_is_shown_and_a_change_in_it_is_told() {
    let place = sound();
    let text = place.run("events", &[]).exits(0).stdout;
    assert!(text.contains("2026-09 closed, pack ") && text.ends_with("the chain is whole\n"), "{text}");
    let json = place.run("events", &["--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "settle.events/1");
    let events = json["events"].as_array().unwrap();
    assert_eq!(events.iter().map(|event| event["number"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(place.run("events", &["--format", "csv"]).exits(0).stdout.lines().count(), 7);
    let later = place.run("events", &["--since", "2026-11-01", "--format", "json"]).json();
    assert!(later["events"].as_array().unwrap().len() < 6);
    let connection = rusqlite::Connection::open(place.data().join("catalog.sqlite")).unwrap();
    connection
        .execute_batch("DROP TRIGGER events_are_not_changed; UPDATE events SET kind = 'x' WHERE number = 3")
        .unwrap();
    drop(connection);
    let told = place.run("events", &[]).exits(4);
    assert!(told.stdout.ends_with("the chain is broken\n"), "{}", told.stdout);
}

#[test]
fn a_month_of_shares_reads_everything() {
    let place = sound();
    let read = |words: &[&str]| is_sound(verify(&place, words))["checked"]["documents_read"].as_u64().unwrap();
    assert_eq!(read(&["--read-data=100%"]), 10);
    assert_eq!(read(&["--share", "1/1"]), 10);
    let tonight = verify(&place, &["--share", "1/2"]).json();
    assert_eq!(tonight["mode"], "share");
    assert!(tonight["share"].as_str().unwrap().ends_with(" of 2"));
    let inbox = place.folder.path().join("inbox");
    fs::create_dir_all(&inbox).unwrap();
    let config = place.write("run.toml", "[run]\ninbox = \"inbox\"\n[verify]\nnightly_share = \"1/1\"\n");
    let night = place.run("run", &["--config", &config, "--format", "json"]).json();
    assert_eq!((&night["verified"]["documents_read"], &night["verified"]["documents_left"]), (&10.into(), &0.into()));
    let raw = place.raw().remove(0);
    fs::write(place.data().join(format!("raw/{}/{raw}", &raw[..2])), "damaged").unwrap();
    let night = place.run("run", &["--config", &config, "--format", "json"]).exits(4);
    assert_eq!(night.json()["verified"]["findings"].as_array().unwrap().len(), 1, "{}", night.stdout);
    let config = place.write("off.toml", "[run]\ninbox = \"inbox\"\n[verify]\nnightly_share = \"none\"\n");
    assert_eq!(place.run("run", &["--config", &config, "--format", "json"]).json()["verified"], Value::Null);
}
