//! Catalogs as earlier versions of the program wrote them: they come up to date with nothing lost.
//!
//! `catalogs/vN.sql` are dumps of catalogs that the real programs of those days wrote when they imported the files of
//! the campaign: `in/first` with `in/reports`, then `in/second`. Version 5, which stood for an hour, is that of
//! version 4 with the step and the events of its day. Their raw files are the files of the campaign.

use std::collections::BTreeMap;
use std::fs;

use rusqlite::Connection;
use settle::archive::hash;

use crate::kills::MOMENTS;
use crate::picture::Picture;
use crate::scenes::scene;
use crate::tools::tools;
use crate::yard::Yard;

const ALL: &[&str] = &["import", "in/first", "in/reports", "in/second"];
const REPORT: &[&str] = &["report", "--month", "2026-09", "--timezone", "Europe/Paris", "--format", "csv"];

/// The dumps, by the version of their catalog.
fn dumps() -> BTreeMap<u32, String> {
    let folder = crate::support::root().join("tests/campaign/catalogs");
    let versions = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let version = path.file_stem().unwrap().to_str().unwrap().trim_start_matches('v').parse().unwrap();
        (version, fs::read_to_string(path).unwrap())
    });
    versions.collect()
}

/// A data folder as a program of that day left it, without its Parquet files, which are derived.
fn yard_of(version: u32, dump: &str) -> Yard {
    let yard = scene("first import").yard();
    fs::create_dir_all(yard.path("data/raw")).unwrap();
    let catalog = Connection::open(yard.path("data/catalog.sqlite")).unwrap();
    catalog.execute_batch(dump).unwrap();
    catalog.pragma_update(None, "user_version", version).unwrap();
    let known: Vec<String> = {
        let mut statement = catalog.prepare("SELECT sha256 FROM documents").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for bytes in yard.files("in").into_values() {
        let (sum, _) = hash(bytes.as_slice()).unwrap();
        let sum = sum.as_str();
        if known.iter().any(|known| known == sum) {
            yard.write(&format!("data/raw/{}/{sum}", &sum[..2]), bytes);
        }
    }
    assert_eq!(fs::read_dir(yard.path("data/raw")).unwrap().count(), known.len(), "the dump names other files");
    yard
}

fn fresh() -> Yard {
    let yard = scene("first import").yard();
    yard.settle(ALL).exits(&[5]);
    yard
}

#[test]
fn a_catalog_of_every_earlier_version_gives_the_same_statement_and_comes_up_to_date() {
    let dumps = dumps();
    let fresh = fresh();
    let catalog = Connection::open(fresh.path("data/catalog.sqlite")).unwrap();
    let now: u32 = catalog.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    drop(catalog);
    let earlier: Vec<u32> = (1..now).collect();
    assert_eq!(dumps.keys().copied().collect::<Vec<_>>(), earlier, "a new step needs a dump of the catalog before it");
    let of = |yard: &Yard| (yard.settle(REPORT).exits(&[5]).out, Picture::of(yard));
    let without_bank = of(&fresh);
    fresh.settle(&["reconcile", "--month", "2026-09", "--bank", "in/bank.xml"]).exits(&[5]);
    let with_bank = of(&fresh);
    for (version, dump) in dumps {
        // From version 4 on the catalog knows payouts at the bank, and the programs of those days had looked.
        let (statement, picture) = if version < 4 { &without_bank } else { &with_bank };
        let yard = yard_of(version, &dump);
        let said = yard.settle(REPORT).exits(&[5]).out;
        // The Parquet files were not kept, which is said and changes nothing.
        let figures: String =
            said.split_inclusive("\r\n").filter(|line| !line.contains("its Parquet file is missing")).collect();
        assert_eq!(figures, *statement, "version {version}");
        // Puts the Parquet files back.
        yard.settle(ALL).exits(&[0, 5]);
        let found = Picture::of(&yard);
        assert!(found == *picture, "version {version}:\n{}", found.difference(picture));
        if crate::damage::can_verify() {
            yard.settle(&["verify", "--read-data"]).exits(&[0]);
        }
    }
}

#[test]
fn an_upgrade_that_is_killed_at_a_step_is_finished_by_the_next_run() {
    let Some(tools) = tools() else { return };
    let fresh = fresh();
    let statement = fresh.settle(REPORT).exits(&[5]).out;
    let (version, dump) = dumps().pop_first().unwrap();
    let (ended, steps) = yard_of(version, &dump).steps(REPORT, tools);
    assert_eq!(ended.code, 5, "{}", ended.err);
    for (moment, step) in MOMENTS.into_iter().cycle().zip(crate::chance::Chance::new(15).some(steps.len() as u64, 4)) {
        let yard = yard_of(version, &dump);
        yard.traced(REPORT, moment, step, tools);
        assert_eq!(yard.settle(REPORT).exits(&[5]).out, statement, "{moment} step {step}");
    }
}
