//! The error catalogue: every file in `sample_reports/damaged` is named by its damage and has beside
//! it, as `NAME.expected`, what settle says about it. `docs/errors.md` is made from the same texts.
//! `UPDATE_GOLDEN=1 cargo test --test catalogue` writes both anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says why by ending")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const FOLDER: &str = "sample_reports/damaged";
const EXPECTED: &str = ".expected";
const GOOD: &str = "sample_reports/shop-fr/settlement-2026-09-02.csv";
/// What stands in an `.expected` file where settle has no way to notice the damage.
const UNNOTICED: &str = "read: nothing to report\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// How a run on some files ended.
struct Run {
    exit: i32,
    statement: Value,
    stderr: String,
}

/// Runs the program as a user in the repository would; ends it where it hangs.
fn report(files: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_settle"))
        .args(["report", "--month", "2026-09", "--format", "json", "--from"])
        .args(files)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("settle hangs on {files:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let stderr = fs::read_to_string(err).unwrap();
    let exit = status.code().unwrap_or(-1);
    let text = fs::read_to_string(out).unwrap();
    let statement = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{files:?}: {exit}: {why}\n{stderr}"));
    Run { exit, statement, stderr }
}

fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// Problems and failed checks, one a line, each followed by its hint.
fn complaints(statement: &Value) -> String {
    let mut text = String::new();
    for problem in items(statement, "problems").iter().filter(|problem| problem["code"] != "nothing_known") {
        let column = problem["column"].as_str().map_or_else(String::new, |column| format!("column `{column}`: "));
        let (severity, message) = (problem["severity"].as_str().unwrap(), problem["message"].as_str().unwrap());
        text.push_str(&format!("{severity}: {}{column}{message}\n", place(problem)));
        if let Some(hint) = problem["hint"].as_str() {
            text.push_str(&format!("hint: {hint}\n"));
        }
    }
    for check in items(statement, "checks") {
        for failed in items(check, "failed") {
            let word = |name: &str| failed[name].as_str().unwrap_or_default().to_owned();
            let values = format!("stated {}, computed {}", word("stated"), word("computed"));
            text.push_str(&format!("check {}: {}{values}\n", check["check"].as_str().unwrap(), place(failed)));
        }
    }
    if text.is_empty() { UNNOTICED.to_owned() } else { text }
}

fn place(found: &Value) -> String {
    match (found["file"].as_str(), found["line"].as_u64()) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        _ => String::new(),
    }
}

/// The damaged files, and what is expected of each.
fn catalogue() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (expected, damaged): (BTreeSet<_>, BTreeSet<_>) =
        names.filter(|name| !name.starts_with('.')).partition(|name| name.ends_with(EXPECTED));
    for name in &expected {
        assert!(damaged.contains(name.trim_end_matches(EXPECTED)), "{name} has no file beside it");
    }
    let read = |name: String| {
        let path = folder.join(format!("{name}{EXPECTED}"));
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(updating() || !text.is_empty(), "{name} has no {EXPECTED} beside it");
        (name, text)
    };
    damaged.into_iter().map(read).collect()
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares with a golden file, or writes it.
fn golden(path: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if updating() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
    } else {
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(actual, expected, "{}: UPDATE_GOLDEN=1 writes it anew", path.display());
    }
}

#[test]
fn every_damage_is_told_as_expected() {
    let mut entries = catalogue();
    for (name, expected) in &mut entries {
        let path = format!("{FOLDER}/{name}");
        let run = report(&[&path]);
        let said = complaints(&run.statement);
        let refused = said.starts_with("error: ");
        let exit = if refused || said.starts_with("check ") { 5 } else { 0 };
        assert_eq!(run.exit, exit, "{name}: {said}{}", run.stderr);
        if refused {
            assert_eq!(run.statement["accounts"], Value::Array(Vec::new()), "{name} is counted");
            assert_eq!(said.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{name}: {said}");
            assert!(run.stderr.starts_with(&format!("settle: {said}")), "{name}: {}", run.stderr);
        }
        assert!(said.lines().all(|line| line.chars().count() < 500), "{name}: {said}");
        golden(&format!("{path}{EXPECTED}"), &said);
        *expected = said;
    }
    golden("docs/errors.md", &page(&entries));
}

#[test]
fn a_refused_file_changes_no_figure_of_its_neighbour() {
    let alone = report(&[GOOD]);
    for (name, _) in catalogue().iter().filter(|(_, expected)| expected.starts_with("error: ")) {
        let beside = report(&[&format!("{FOLDER}/{name}"), GOOD]);
        assert_eq!(beside.exit, 5, "{name}");
        for part in ["accounts", "disputes", "checks", "coverage", "status"] {
            assert_eq!(beside.statement[part], alone.statement[part], "{name}: {part}");
        }
    }
}

#[test]
fn walking_the_samples_passes_the_damaged_ones_over() {
    let run = report(&["sample_reports/expected", "sample_reports"]);
    assert!(!run.statement.to_string().contains(FOLDER), "{}", run.stderr);
}

/// The catalogue as a page for merchants.
fn page(entries: &[(String, String)]) -> String {
    let mut page = String::from(
        "# What settle says about a damaged file, and what to do\n\n\
         Download the file again from Seller Central and give it to settle untouched: that cures most of what \
         stands here, because a file is mostly damaged by a download that broke off or by a spreadsheet program \
         that saved it again. A file that settle refuses is left out whole, the others are still counted, and the \
         run ends with exit code 5 until the file is replaced.\n\n\
         Every line below was printed by settle for the file of that name in `sample_reports/damaged`; a test keeps \
         this page true.\n",
    );
    let sections = [
        (
            "error: ",
            "Refused",
            "Nothing of these files is counted (exit code 5). Replace the file; nothing has to be undone.",
        ),
        (
            "check ",
            "Read, but a check fails",
            "These files are counted as printed and do not tie (exit code 5). Download the file again; where Amazon's own \
             file says so, ask Amazon about the row.",
        ),
        (
            "warning: ",
            "Read, with a warning",
            "These files are counted (exit code 0). Look once whether the warning is meant; nothing has to be done.",
        ),
        (
            "read: ",
            "Not noticed in the file alone",
            "A file cut exactly at a line end looks whole: the reports print no total. Only the chain checks of `settle \
             report` over its neighbours show it.",
        ),
    ];
    for (word, title, meaning) in sections {
        let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
        page.push_str(&format!(
            "\n## {title}\n\n{meaning}\n\n| file | what settle says | what to do |\n|---|---|---|\n"
        ));
        for (name, said) in entries.iter().filter(|(_, said)| said.starts_with(word)) {
            let (hints, lines): (Vec<&str>, Vec<&str>) = said.lines().partition(|line| line.starts_with("hint: "));
            let lines: Vec<&str> = lines.into_iter().map(|line| line.trim_start_matches(word)).collect();
            let says = cell(&lines.join("<br>").replace(&format!("{FOLDER}/"), ""));
            let hint = cell(&hints.join("<br>").replace("hint: ", ""));
            page.push_str(&format!("| `{name}` | {says} | {hint} |\n"));
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
