//! Outputs that are read like code.
//!
//! `sample_reports/expected/report-2026-09.*` are whole outputs; `UPDATE_GOLDEN=1` rewrites them. The
//! cases in `golden/` are small, and their figures were worked out by hand: nothing rewrites those.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{assert_ties, list, root, run, settle, text};

/// The first line in which two texts differ.
fn first_difference(found: &str, expected: &str) -> String {
    let mut lines = found.lines().zip(expected.lines()).enumerate();
    let differs = lines.find(|(_, (found, expected))| found != expected);
    differs.map_or_else(
        || format!("{} lines and {}", found.lines().count(), expected.lines().count()),
        |(number, (found, expected))| format!("line {}:\n found    {found}\n expected {expected}", number + 1),
    )
}

#[test]
fn the_month_of_the_sample_is_printed_as_it_stands_in_expected() {
    let bare = run(settle().current_dir(root()).args(["report", "--month", "2026-09", "--from", "sample_reports"]));
    for (format, extension) in [("text", "txt"), ("json", "json"), ("csv", "csv")] {
        let done = run(settle().current_dir(root()).args([
            "report",
            "--month",
            "2026-09",
            "--from",
            "sample_reports",
            "--format",
            format,
        ]));
        assert_eq!((done.code, done.err.as_str()), (0, ""));
        let path = root().join(format!("sample_reports/expected/report-2026-09.{extension}"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &done.out).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(format != "text" || bare.out == done.out, "text is what comes without a format");
        assert!(done.out == expected, "{}: {}", path.display(), first_difference(&done.out, &expected));
    }
}

/// Whatever `expected` has is in `found`, and lists are equally long.
fn assert_within(found: &Value, expected: &Value, path: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, expected) in expected {
                assert_within(found.get(name).unwrap_or(&Value::Null), expected, &format!("{path}.{name}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{path}: {found:#?}");
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_within(found, expected, &format!("{path}[{place}]"));
            }
        }
        _ => assert_eq!(found, expected, "{path}"),
    }
}

fn assert_case(folder: &Path) {
    let case: Value = serde_json::from_slice(&fs::read(folder.join("case.json")).unwrap()).unwrap();
    assert!(!text(&case, "why").is_empty());
    for ask in list(&case, "asks") {
        let words = list(ask, "words").iter().map(|word| word.as_str().unwrap());
        let done = run(settle().current_dir(folder).args(["report", "--format", "json"]).args(words));
        let place = format!("{} {}", folder.file_name().unwrap().display(), ask["words"]);
        let statement = done.json();
        assert_within(&statement, &ask["expected"], &place);
        assert_eq!(Value::from(done.code), ask["exit"], "{place}: {}", done.err);
        assert_ties(&statement);
    }
}

#[test]
fn the_cases_worked_out_by_hand_come_out_so() {
    let folder = root().join("tests/golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() >= 8, "{cases:?}");
    cases.iter().for_each(|case| assert_case(case));
}
