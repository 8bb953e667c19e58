//! `settle.toml` and the expression of its schedule.
//!
//! A key that is set is read back, and every other setting stays; text that is written as TOML is read back as it was.
//! Occurrences of a timetable follow each other without a gap.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta};
use settle::config::{ConfigFile, Flags, Settings, Surroundings, parse_duration, toml_text};
use settle::domain::Zone;
use settle::schedule::{Timetable, on_calendar};
use tempfile::TempDir;

use super::message;

/// An instant shortly before clocks change, and one in a year without anything special.
const INSTANTS: [i64; 3] = [1_774_742_400, 1_793_491_199, 1_804_000_000];
const ZONES: [&str; 3] = ["UTC", "Europe/Berlin", "America/New_York"];
const MERCHANT: &str = "A0EXAMPLE";

fn settings(file: &ConfigFile, text: &str, surroundings: &Surroundings) -> Result<Settings, String> {
    file.settings(text, &Flags::default(), surroundings).map_err(|why| message(why.to_string()))
}

/// Once.
pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let surroundings = Surroundings::new(BTreeMap::new(), PathBuf::from("/nowhere"));
    let file = ConfigFile::to_be_made(PathBuf::from("settle.toml"), &surroundings);
    let _ = file.settings(text, &Flags::default(), &surroundings);
}

/// A configuration.
pub(super) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    written_as_toml(text);
    let _ = parse_duration(text);
    let surroundings = Surroundings::new(BTreeMap::new(), PathBuf::from("/nowhere"));
    let file = ConfigFile::to_be_made(PathBuf::from("settle.toml"), &surroundings);
    let first = settings(&file, text, &surroundings);
    assert_eq!(format!("{first:?}"), format!("{:?}", settings(&file, text, &surroundings)), "read twice");
    let Ok(read) = first else { return };
    if let Some(account) = read.accounts.first() {
        a_key_set_is_read_back(text, account.name.as_str(), &read);
    }
}

fn written_as_toml(text: &str) {
    let line = format!("key = {}\n", toml_text(text));
    let table: toml::Table = line.parse().unwrap_or_else(|why| panic!("{why}: {line}"));
    assert_eq!(table.get("key").and_then(toml::Value::as_str), Some(text));
}

fn a_key_set_is_read_back(text: &str, account: &str, before: &Settings) {
    let folder = TempDir::new().expect("a folder for the file");
    let path = folder.path().join("settle.toml");
    fs::write(&path, text).expect("the file is written");
    let surroundings = Surroundings::new(BTreeMap::new(), PathBuf::from("/nowhere"));
    let file = ConfigFile::in_force(Some(Path::new(&path)), &surroundings).expect("readable").expect("there");
    let (changed, changes) = file.with_keys(account, &[("merchant_id", MERCHANT)]).expect("the account is there");
    assert!(changes.len() <= 1);
    let after = settings(&file, &changed, &surroundings);
    // Another account may be that merchant already, which is a reason to refuse.
    let Ok(after) = after else { return assert!(before.accounts.len() > 1, "{after:?}") };
    assert_eq!(after.accounts.len(), before.accounts.len());
    for (new, old) in after.accounts.iter().zip(&before.accounts) {
        assert_eq!(new.name, old.name);
        if old.name.as_str() == account {
            assert_eq!(new.merchant_id.as_str(), MERCHANT);
        } else {
            assert_eq!(new.merchant_id, old.merchant_id);
        }
    }
}

/// Once.
pub(super) fn read_timetable(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = Timetable::new(text, Zone::UTC, TimeDelta::minutes(5));
}

/// The expression of a schedule.
pub(super) fn check_timetable(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for zone in ZONES.map(|zone| zone.parse::<Zone>().expect("a zone")) {
        let table = match Timetable::new(text, zone, TimeDelta::minutes(5)) {
            Ok(table) => table,
            Err(why) => {
                message(why.to_string());
                return;
            }
        };
        let again = Timetable::new(table.expression(), zone, TimeDelta::minutes(5)).expect("its own expression");
        assert_eq!(table.expression(), again.expression());
        let _ = on_calendar(&table);
        for at in INSTANTS.map(|seconds| DateTime::from_timestamp(seconds, 0).expect("an instant")) {
            let Some(next) = table.next(at) else { continue };
            assert!(next > at, "the next of {at} is {next}");
            assert_eq!(table.latest(next), Some(next), "an occurrence is the latest at its own instant");
            let latest = table.latest(next - TimeDelta::seconds(1));
            assert!(latest.is_none_or(|latest| latest <= at), "nothing lies between {at} and {next}: {latest:?}");
        }
    }
}
