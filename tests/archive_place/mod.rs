//! A data folder of its own for each test, and the program run on it as a user would.

#![allow(dead_code, reason = "each test program uses what it needs")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The sample shops, from the folder of the crate, where every run starts.
pub(crate) const SAMPLES: &str = "sample_reports";
/// One settlement among them, and the one that follows it.
pub(crate) const GOOD: &str = "sample_reports/shop-fr/settlement-2026-09-02.csv";
pub(crate) const NEXT: &str = "sample_reports/shop-fr/settlement-2026-09-03.csv";
pub(crate) const CAPTURES: &str = "sample_reports/shop-fr/captures-2026-09.csv";

/// How a run ended.
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let exit = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap());
        Self { exit, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{}\n{}", self.stderr, self.stdout);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}: {}\n{}", self.stdout, self.stderr))
    }

    /// File and state of every file of an import, in their order.
    pub(crate) fn states(&self) -> Vec<(String, String)> {
        let word = |file: &Value, name: &str| file[name].as_str().unwrap().to_owned();
        self.json()["files"].as_array().unwrap().iter().map(|file| (word(file, "file"), word(file, "state"))).collect()
    }

    #[track_caller]
    pub(crate) fn all_are(&self, state: &str) {
        let states = self.states();
        assert!(!states.is_empty() && states.iter().all(|(_, found)| found == state), "{states:?}");
    }
}

/// The program without an environment, in the folder of the crate.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settle"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null());
    command
}

pub(crate) fn settle(arguments: &[&str]) -> Run {
    Run::of(program().args(arguments).output().unwrap())
}

/// A temporary folder with a data folder in it that does not exist yet.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// One that holds a copy of another's data folder.
    pub(crate) fn copy_of(data: &Path) -> Self {
        let place = Self::new();
        copy(data, &place.data());
        place
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data folder; its path.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, command: &str) -> Command {
        let mut program = program();
        program.arg(command).arg("--data-dir").arg(self.data());
        program
    }

    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Run {
        Run::of(self.command(command).args(arguments).output().unwrap())
    }

    /// `settle import --format json`.
    pub(crate) fn import(&self, arguments: &[&str]) -> Run {
        self.run("import", &[&["--format", "json"], arguments].concat())
    }

    pub(crate) fn import_stdin(&self, bytes: &[u8]) -> Run {
        let mut command = self.command("import");
        command.args(["--format", "json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        Run::of(child.wait_with_output().unwrap())
    }

    /// `settle report --format json`.
    pub(crate) fn report(&self, arguments: &[&str]) -> Run {
        self.run("report", &[&["--format", "json"], arguments].concat())
    }

    pub(crate) fn september(&self) -> Run {
        self.report(&["--month", "2026-09"])
    }

    /// Every file below the data folder and its bytes.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        walk(&self.data(), &mut |path| {
            let name = path.strip_prefix(self.data()).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(path).unwrap());
        });
        files
    }

    /// The documents in the raw store, which all have the hash of their bytes as their name.
    pub(crate) fn raw(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (path, bytes) in self.files() {
            let Some(path) = path.strip_prefix("raw/") else { continue };
            let (hash, _) = settle::archive::hash(bytes.as_slice()).unwrap();
            assert_eq!(path, format!("{}/{hash}", &hash.as_str()[..2]), "not a document");
            names.push(hash.as_str().to_owned());
        }
        names.sort();
        names
    }

    /// The documents in the catalog.
    pub(crate) fn catalog(&self) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.data().join("catalog.sqlite")).unwrap();
        let mut statement = connection.prepare("SELECT sha256 FROM documents ORDER BY sha256").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// The Parquet files below `ledger` or `records`, relative to the data folder.
    pub(crate) fn parquet(&self, below: &str) -> Vec<String> {
        let names = self.files().into_keys();
        names.filter(|name| name.starts_with(below) && name.ends_with(".parquet")).collect()
    }
}

/// Every file below a folder; one that vanishes meanwhile is passed over.
pub(crate) fn walk(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, found) } else { found(&path) }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The data folder after one import of all samples, made when it is first asked for.
pub(crate) fn samples_imported() -> PathBuf {
    static DONE: std::sync::Mutex<bool> = std::sync::Mutex::new(false);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-samples", env!("CARGO_CRATE_NAME")));
    let mut done = DONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !*done {
        let _ = fs::remove_dir_all(&folder);
        let run = settle(&["import", "--data-dir", folder.to_str().unwrap(), "--format", "json", SAMPLES]);
        run.exits(0).all_are("imported");
        *done = true;
    }
    folder
}

/// The same settlement with other bytes: one row less, so that the original counts.
pub(crate) fn shortened(path: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let capture = lines.iter().position(|line| line.contains("\"Capture\"")).unwrap();
    lines.remove(capture);
    lines.join("\n") + "\n"
}

pub(crate) fn bytes_of(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

pub(crate) fn read_parquet(path: &Path) -> polars::prelude::DataFrame {
    use polars_io::SerReader;
    polars_io::parquet::read::ParquetReader::new(fs::File::open(path).unwrap()).finish().unwrap()
}
