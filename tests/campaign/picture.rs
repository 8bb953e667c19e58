//! What there is in a yard, as far as it must be the same however it came about: the invariants of the campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rusqlite::Connection;
use rusqlite::types::Value;
use settle::archive::{Archive, check_chain, hash};

use crate::yard::Yard;

/// Columns of the catalog that tell when or how often something was tried, which differs from run to run.
const TIMES: [&str; 8] =
    ["imported_at_ms", "found_ms", "first_seen_ms", "failures", "last_error", "event", "closed_ms", "asked_ms"];
/// Tables that remember deeds, not results.
const LOGS: [&str; 6] = ["runs", "fetches", "paces", "events", "report_requests", "dispute_warnings"];

/// The picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Documents in the raw store: all of them have the hash of their bytes as their name.
    pub(crate) raw: BTreeSet<String>,
    /// Derived files by their hashes.
    pub(crate) derived: BTreeMap<String, String>,
    /// Rows of the catalog, by table.
    pub(crate) catalog: BTreeMap<String, Vec<String>>,
    /// Hashes of the documents that the log of events says came in.
    pub(crate) logged: BTreeSet<String>,
    /// Results by their hashes.
    pub(crate) results: BTreeMap<String, String>,
    /// Names of everything else.
    pub(crate) others: BTreeSet<String>,
    /// Statements as they are printed.
    pub(crate) statements: Vec<String>,
}

/// What is asked of every archive.
const QUESTIONS: [&[&str]; 5] = [
    &["report", "--month", "2026-09", "--format", "json"],
    &["report", "--month", "2026-10", "--format", "csv"],
    &["report", "--from-date", "2026-08-01", "--until-date", "2026-11-01", "--basis", "settlement", "--format", "json"],
    &["disputes", "--month", "2026-09", "--format", "json"],
    &["export", "--month", "2026-09", "--preset", "journal"],
];

/// Where the scenes put a backup.
const BACKUP: &str = "out/backup/";

impl Picture {
    /// Takes the picture; panics where the archive is not sound in itself.
    #[track_caller]
    pub(crate) fn of(yard: &Yard) -> Self {
        let mut picture = Self::default();
        if yard.path("data/catalog.sqlite").exists() {
            picture.statements = QUESTIONS.iter().map(|words| answer(yard, words)).collect();
            picture.look_into_catalog(yard);
        }
        let files = yard.files("data").into_iter().chain(yard.files("out"));
        // A backup is judged by what comes out of it.
        for (name, bytes) in files.filter(|(name, _)| !name.starts_with(BACKUP)) {
            let (sum, _) = hash(bytes.as_slice()).unwrap();
            let sum = sum.as_str().to_owned();
            if name.starts_with("data/closed/") {
                picture.results.insert(name, sum);
            } else if name.starts_with("data/raw/") && !name.contains("/.") {
                assert_eq!(name, format!("data/raw/{}/{sum}", &sum[..2]), "a document is not what its name says");
                picture.raw.insert(sum);
            } else if name.ends_with(".parquet") && name.starts_with("data/") {
                picture.derived.insert(name, sum);
            } else if name.starts_with("out/") && !name.contains("/.") {
                picture.results.insert(name, result_sum(yard, &bytes));
            } else {
                picture.others.insert(name);
            }
        }
        let here = fs::read_dir(yard.root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        picture.others.extend(here);
        if yard.path("out/backup/backup.json").exists() {
            picture.statements.push(restored(yard));
        }
        picture
    }

    fn look_into_catalog(&mut self, yard: &Yard) {
        let archive = Archive::open_existing(&yard.path("data")).unwrap();
        archive.catalog.integrity_check().unwrap();
        let events = archive.catalog.events().unwrap();
        assert_eq!(check_chain(&events), [], "the chain of events");
        assert_eq!(archive.mirrored_events().unwrap(), events, "the second copy of the log");
        for event in events.iter().filter(|event| ["import", "adopt"].contains(&event.kind.as_str())) {
            let facts: serde_json::Value = serde_json::from_str(&event.facts).unwrap();
            for document in facts["documents"].as_array().unwrap() {
                let new = self.logged.insert(document["sha256"].as_str().unwrap().to_owned());
                assert!(new, "a document came in twice: {document}");
            }
        }
        for document in archive.catalog.documents().unwrap() {
            archive.raw.verify(&document.id).unwrap();
            let derived = document.derived_path.as_ref().map(|path| yard.path("data").join(path));
            assert!(derived.is_none_or(|path| path.is_file()), "{} has no rows", document.id);
            assert!(self.logged.contains(document.id.as_str()), "{} is in no event", document.id);
        }
        drop(archive);
        self.catalog = tables(&Connection::open(yard.path("data/catalog.sqlite")).unwrap());
        // The same file, named from the yard or from elsewhere.
        let root = format!("{}/", yard.root().display());
        self.catalog.values_mut().flatten().for_each(|row| *row = row.replace(&root, ""));
    }

    /// What another lacks or has besides, in a few words.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let mut found = Vec::new();
        let mut note = |what: &str, left: String, right: String| {
            if left != right {
                found.push(format!("{what}:\n  is   {left}\n  not  {right}"));
            }
        };
        note("raw", format!("{:?}", self.raw), format!("{:?}", other.raw));
        note("derived", format!("{:?}", self.derived), format!("{:?}", other.derived));
        note("logged", format!("{:?}", self.logged), format!("{:?}", other.logged));
        note("results", format!("{:?}", self.results), format!("{:?}", other.results));
        note("others", format!("{:?}", self.others), format!("{:?}", other.others));
        for table in self.catalog.keys().chain(other.catalog.keys()).collect::<BTreeSet<_>>() {
            note(table, format!("{:?}", self.catalog.get(table)), format!("{:?}", other.catalog.get(table)));
        }
        for (words, (left, right)) in QUESTIONS.iter().zip(self.statements.iter().zip(&other.statements)) {
            let differs = left.lines().zip(right.lines()).find(|(left, right)| left != right);
            let (left, right) = differs.unwrap_or(if left == right { ("", "") } else { ("longer", "or shorter") });
            note(&words.join(" "), left.to_owned(), right.to_owned());
        }
        found.join("\n")
    }
}

/// The hash of a result, wherever the yard lies that it names.
fn result_sum(yard: &Yard, bytes: &[u8]) -> String {
    let root = format!("{}/", yard.root().display());
    let text = std::str::from_utf8(bytes).map(|text| text.replace(&root, ""));
    let (sum, _) = hash(text.as_deref().map_or(bytes, str::as_bytes)).unwrap();
    sum.as_str().to_owned()
}

/// An answer with its exit code; a run that ends by a defect or a damage is no answer.
#[track_caller]
fn answer(yard: &Yard, words: &[&str]) -> String {
    let ended = yard.settle(words).exits(&[0, 5]);
    // When it was asked, and when a month was closed, is no part of the answer.
    let told = |line: &&str| !["\"as_of\"", "\"closed_at\""].iter().any(|time| line.contains(time));
    let lines = ended.out.lines().filter(told);
    format!("{}\n{}", ended.code, lines.collect::<Vec<_>>().join("\n"))
}

/// The rows of every table that holds results, in a fixed order.
pub(crate) fn tables(connection: &Connection) -> BTreeMap<String, Vec<String>> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let names: Vec<String> =
        connection.prepare(names).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let rows = |table: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let text = |row: &rusqlite::Row<'_>| {
            let kept = columns.iter().enumerate().filter(|(_, name)| !TIMES.contains(&name.as_str()));
            let cells = kept.map(|(place, name)| {
                let value = row.get::<_, Value>(place)?;
                // By which event it was opened again differs; that it was does not.
                Ok(if name == "reopened" {
                    format!("open={}", value != Value::Null)
                } else {
                    format!("{name}={value:?}")
                })
            });
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        };
        let mut rows: Vec<String> = statement.query_map([], text).unwrap().map(Result::unwrap).collect();
        rows.sort();
        rows
    };
    let kept = names.iter().filter(|name| !LOGS.contains(&name.as_str()));
    kept.map(|name| (name.clone(), rows(name))).collect()
}

/// Files that may stand in a yard at any moment: whole ones, old or new, and nothing in halves.
#[track_caller]
pub(crate) fn results_are_whole(yard: &Yard, before: &Picture, after: &Picture) {
    if yard.path("out/backup/backup.json").exists() {
        restored(yard);
    }
    for (name, bytes) in yard.files("out") {
        if name.starts_with(BACKUP) || name.starts_with("out/.backup") {
            continue;
        }
        if name.rsplit('/').next().unwrap().starts_with(".settle-") {
            continue;
        }
        let sum = result_sum(yard, &bytes);
        let known = [before, after].map(|picture| picture.results.get(&name).is_some_and(|known| *known == sum));
        assert!(known.contains(&true), "{name} is neither the old file nor the new one ({} bytes)", bytes.len());
    }
}

/// What the statement says of the backup when it is restored elsewhere.
#[track_caller]
fn restored(yard: &Yard) -> String {
    let other = Yard::new(None);
    crate::yard::copy(&yard.path("out/backup"), &other.path("box/backup"));
    other.settle(&["restore", "box/backup"]).exits(&[0]);
    Picture::of(&other).statements.join("\n")
}

/// Whether there is an archive yet.
pub(crate) fn has_catalog(yard: &Yard) -> bool {
    fs::metadata(yard.path("data/catalog.sqlite")).is_ok()
}
