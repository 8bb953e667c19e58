//! What a disk holds after the power was cut: a model that replays a command's journal and forgets what was not
//! flushed.
//!
//! Data of a file is safe once the file was flushed; a name is safe once its folder was. What was written since may
//! be there, be torn at a sector, read as zeros, or be missing; names since may be there up to any one of them, in
//! their order, as journaling file systems keep them. A lost name of a new file takes the file with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::chance::Chance;
use crate::yard::walk;

/// Written whole or not at all by any disk.
const SECTOR: usize = 512;

/// One call to the system that changed something, or tried to.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// Relative to the yard.
    pub(crate) path: String,
    pub(crate) to: String,
    pub(crate) at: usize,
    pub(crate) bytes: Vec<u8>,
    pub(crate) result: i64,
}

impl Step {
    /// What it does and to what kind of file: names made by chance are left out.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.name, role(if self.to.is_empty() { &self.path } else { &self.to }))
    }

    /// Whether it needs room on the disk.
    pub(crate) fn writes(&self) -> bool {
        matches!(self.name.as_str(), "write" | "pwrite" | "writev" | "pwritev" | "create" | "mkdir" | "rename" | "link")
    }
}

/// The kind of a file in a yard.
pub(crate) fn role(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    let folder = path.split('/').take(2).collect::<Vec<_>>().join("/");
    if path.contains("/.staging/") {
        "staged".to_owned()
    } else if path.starts_with("data/raw/") {
        "raw".to_owned()
    } else if path.ends_with(".parquet") && path.starts_with("data") {
        "parquet".to_owned()
    } else if name.starts_with(".settle-") {
        format!("temporary in {folder}")
    } else if path.matches('/').count() <= 1 {
        path.to_owned()
    } else {
        format!("below {folder}")
    }
}

/// A command's steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) steps: Vec<Step>,
    /// Calls that read, where they were counted.
    pub(crate) reads: u64,
}

impl Journal {
    pub(crate) fn read(mut log: &[u8], root: &Path) -> Self {
        let root = format!("{}/", root.display());
        let mut journal = Self::default();
        while let Some(end) = log.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&log[..end]).into_owned();
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 7, "{line}");
            log = &log[end + 1..];
            if cells[1] == "end" {
                journal.reads = cells[4].parse().unwrap();
                break;
            }
            let length: usize = cells[5].parse().unwrap();
            let (bytes, rest) = log.split_at(length);
            log = rest;
            let relative = |path: &str| match path.strip_prefix(&root) {
                Some(inside) => inside.to_owned(),
                None if format!("{path}/") == root => String::new(),
                None => path.to_owned(),
            };
            journal.steps.push(Step {
                name: cells[1].to_owned(),
                path: relative(cells[2]),
                to: relative(cells[3]),
                at: cells[4].parse().unwrap_or(0),
                bytes: bytes.to_vec(),
                result: cells[6].parse().unwrap(),
            });
        }
        journal
    }
}

/// What becomes of what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Everything is there: a killed process on a machine that lives.
    Nothing,
    /// All of it is lost, names too.
    Everything,
    /// Names are there, data is not: files are empty or end in zeros.
    Data,
    /// Chance decides for every write and for how many of the names.
    Chance(u64),
}

#[derive(Clone, Debug, Default)]
struct File {
    safe: Vec<u8>,
    now: Vec<u8>,
    waiting: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, new) => {
                if bytes.len() < at + new.len() {
                    bytes.resize(at + new.len(), 0);
                }
                bytes[*at..at + new.len()].copy_from_slice(new);
            }
            Change::Length(length) => bytes.resize(*length, 0),
        }
    }
}

/// A change of names: what it takes away and what it puts there.
#[derive(Clone, Debug)]
struct Naming {
    folders: Vec<String>,
    gone: Option<String>,
    put: Option<(String, Node)>,
    /// How many that follow belong to it: it is done with them or not at all.
    more: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, Node>,
    safe_names: BTreeMap<String, Node>,
    waiting: Vec<Naming>,
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

impl Disk {
    /// A disk on which everything is safe.
    pub(crate) fn of(root: &Path) -> Self {
        let mut disk = Self::default();
        folders(root, root, &mut disk.names);
        walk(root, &mut |path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(path).unwrap();
            disk.files.push(File { safe: bytes.clone(), now: bytes, waiting: Vec::new() });
            disk.names.insert(name, Node::File(disk.files.len() - 1));
        });
        disk.safe_names = disk.names.clone();
        disk
    }

    fn file(&mut self, path: &str) -> Option<&mut File> {
        match self.names.get(path) {
            Some(Node::File(place)) => self.files.get_mut(*place),
            _ => None,
        }
    }

    fn change(&mut self, path: &str, change: Change) {
        // A file without a name is nobody's any more.
        let Some(file) = self.file(path) else { return };
        change.apply(&mut file.now);
        file.waiting.push(change);
    }

    fn rename(&mut self, naming: Naming) {
        if let (Some(old), Some((new, Node::Folder))) = (&naming.gone, &naming.put) {
            // What is in a folder goes with it; what waits there is from now on known by its new place.
            let moved = |path: &mut String| {
                if let Some(rest) = path.strip_prefix(&format!("{old}/")) {
                    *path = format!("{new}/{rest}");
                } else if path == old {
                    path.clone_from(new);
                }
            };
            for waiting in &mut self.waiting {
                waiting.folders.iter_mut().for_each(moved);
                waiting.gone.iter_mut().for_each(moved);
                waiting.put.iter_mut().for_each(|(path, _)| {
                    if path != old {
                        moved(path)
                    }
                });
            }
        }
        apply(&naming, &mut self.names);
        self.waiting.push(naming);
    }

    fn named(&mut self, path: &str, node: Node) {
        self.rename(Naming { folders: vec![folder_of(path)], gone: None, put: Some((path.to_owned(), node)), more: 0 });
    }

    /// Does a step as the system did it.
    pub(crate) fn step(&mut self, step: &Step) {
        if step.result < 0 {
            return;
        }
        match step.name.as_str() {
            "create" if !self.names.contains_key(&step.path) => {
                self.files.push(File::default());
                self.named(&step.path, Node::File(self.files.len() - 1));
            }
            // `at` says whether the file was emptied.
            "create" if step.at != 0 => self.change(&step.path, Change::Length(0)),
            "mkdir" => self.named(&step.path, Node::Folder),
            "write" | "pwrite" | "writev" | "pwritev" | "pwritev2" | "copy_file_range" | "sendfile" => {
                self.change(&step.path, Change::Write(step.at, step.bytes.clone()));
            }
            "ftruncate" | "truncate" => self.change(&step.path, Change::Length(step.at)),
            "fsync" | "fdatasync" => self.flush(&step.path),
            "rename" | "link" => {
                let Some(node) = self.names.get(&step.path).copied() else { return };
                let gone = (step.name == "rename").then(|| step.path.clone());
                let folders = vec![folder_of(&step.path), folder_of(&step.to)];
                self.rename(Naming { folders, gone, put: Some((step.to.clone(), node)), more: 0 });
            }
            "exchange" => {
                let between = format!("{}.exchange", step.path);
                let ways = [(&step.path, &between), (&step.to, &step.path), (&between, &step.to)];
                for (place, (from, to)) in ways.into_iter().enumerate() {
                    let node = self.names[from];
                    let folders = vec![folder_of(&step.path), folder_of(&step.to)];
                    self.rename(Naming {
                        folders,
                        gone: Some(from.clone()),
                        put: Some((to.clone(), node)),
                        more: 2 - place,
                    });
                }
            }
            "unlink" | "rmdir" => {
                let folders = vec![folder_of(&step.path)];
                self.rename(Naming { folders, gone: Some(step.path.clone()), put: None, more: 0 });
            }
            "create" | "chmod" | "sync_file_range" | "fallocate" => {}
            other => panic!("the model does not know {other}"),
        }
    }

    fn flush(&mut self, path: &str) {
        if let Some(file) = self.file(path) {
            file.safe = file.now.clone();
            file.waiting.clear();
            return;
        }
        // A folder: its names, and those before them that they rest on.
        let Some(last) = self.waiting.iter().rposition(|naming| naming.folders.iter().any(|folder| folder == path))
        else {
            return;
        };
        let (mut safe, mut waiting) = (Vec::new(), Vec::new());
        for (place, naming) in self.waiting.drain(..).enumerate() {
            let here = place <= last && naming.folders.iter().any(|folder| folder == path);
            if here { safe.push(naming) } else { waiting.push(naming) }
        }
        safe.iter().for_each(|naming| apply(naming, &mut self.safe_names));
        self.waiting = waiting;
    }

    /// What is found after the cut, written below `root`.
    pub(crate) fn after(&self, cut: Cut, root: &Path) {
        let mut chance = match cut {
            Cut::Chance(seed) => Chance::new(seed),
            _ => Chance::new(0),
        };
        let mut names = self.safe_names.clone();
        let mut kept = match cut {
            Cut::Everything => 0,
            Cut::Nothing | Cut::Data => self.waiting.len(),
            Cut::Chance(_) => usize::try_from(chance.below(self.waiting.len() as u64 + 1)).unwrap(),
        };
        if let Some(last) = self.waiting[..kept].last() {
            kept += last.more;
        }
        self.waiting[..kept].iter().for_each(|naming| apply(naming, &mut names));
        let _ = fs::remove_dir_all(root);
        fs::create_dir_all(root).unwrap();
        let reachable: BTreeSet<String> =
            names.iter().filter(|(_, node)| **node == Node::Folder).map(|(name, _)| name.clone()).collect();
        let held = |path: &str| {
            let mut folder = folder_of(path);
            while !folder.is_empty() {
                if !reachable.contains(&folder) {
                    return false;
                }
                folder = folder_of(&folder);
            }
            true
        };
        for (name, node) in names.iter().filter(|(name, _)| held(name)) {
            let path = root.join(name);
            match node {
                Node::Folder => fs::create_dir_all(&path).unwrap(),
                Node::File(place) => fs::write(&path, content(&self.files[*place], cut, &mut chance)).unwrap(),
            }
        }
        private(root);
    }
}

fn content(file: &File, cut: Cut, chance: &mut Chance) -> Vec<u8> {
    match cut {
        Cut::Nothing => file.now.clone(),
        Cut::Everything => file.safe.clone(),
        Cut::Data => {
            let mut bytes = file.safe.clone();
            // Half of the file systems keep the new length.
            if file.now.len().is_multiple_of(2) {
                bytes.resize(file.now.len().max(bytes.len()), 0);
            }
            bytes
        }
        Cut::Chance(_) => {
            let mut bytes = file.safe.clone();
            for change in &file.waiting {
                match (chance.below(4), change) {
                    (0, _) => {}
                    (1, Change::Write(at, new)) => {
                        // Torn where a sector of the disk begins.
                        let edge = at + usize::try_from(chance.below(new.len() as u64 + 1)).unwrap();
                        let keep = (edge / SECTOR * SECTOR).saturating_sub(*at).min(new.len());
                        Change::Write(*at, new[..keep].to_vec()).apply(&mut bytes);
                    }
                    (_, change) => change.apply(&mut bytes),
                }
            }
            bytes
        }
    }
}

fn apply(naming: &Naming, names: &mut BTreeMap<String, Node>) {
    if let Some(gone) = &naming.gone {
        names.remove(gone);
    }
    if let Some((name, node)) = &naming.put {
        names.insert(name.clone(), *node);
    }
    if let (Some(old), Some((new, Node::Folder))) = (&naming.gone, &naming.put) {
        let inside = format!("{old}/");
        let moved: Vec<String> = names
            .range(inside.clone()..)
            .map(|(name, _)| name.clone())
            .take_while(|name| name.starts_with(&inside))
            .collect();
        for name in moved {
            let node = names.remove(&name).unwrap();
            names.insert(format!("{new}/{}", &name[inside.len()..]), node);
        }
    }
}

fn folders(root: &Path, folder: &Path, into: &mut BTreeMap<String, Node>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            into.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), Node::Folder);
            folders(root, &path, into);
        }
    }
}

/// The permissions that the model does not keep: those that the program gives.
fn private(root: &Path) {
    use std::os::unix::fs::PermissionsExt;
    walk(root, &mut |path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap());
}

#[test]
fn a_flush_keeps_data_and_names_and_nothing_else_is_kept() {
    let step = |name: &str, path: &str, to: &str, bytes: &[u8]| Step {
        name: name.to_owned(),
        path: path.to_owned(),
        to: to.to_owned(),
        at: 0,
        bytes: bytes.to_vec(),
        result: 0,
    };
    let base = tempfile::tempdir().unwrap();
    fs::create_dir(base.path().join("data")).unwrap();
    fs::write(base.path().join("data/old"), "old").unwrap();
    let mut disk = Disk::of(base.path());
    let place = tempfile::tempdir().unwrap();
    let found = |disk: &Disk, cut: Cut| {
        disk.after(cut, place.path());
        let mut found = Vec::new();
        walk(place.path(), &mut |path| found.push((path.file_name().unwrap().to_owned(), fs::read(path).unwrap())));
        found.sort();
        found
            .into_iter()
            .map(|(name, bytes)| (name.into_string().unwrap(), String::from_utf8(bytes).unwrap()))
            .collect::<Vec<_>>()
    };
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    for one in [step("create", "data/new", "", b""), step("write", "data/new", "", b"text")] {
        disk.step(&one);
    }
    assert_eq!(found(&disk, Cut::Nothing), [pair("new", "text"), pair("old", "old")]);
    assert_eq!(found(&disk, Cut::Everything), [pair("old", "old")]);
    assert_eq!(found(&disk, Cut::Data), [pair("new", "\0\0\0\0"), pair("old", "old")]);
    disk.step(&step("fsync", "data/new", "", b""));
    assert_eq!(found(&disk, Cut::Everything), [pair("old", "old")], "the name is not safe yet");
    disk.step(&step("rename", "data/new", "data/old", b""));
    assert_eq!(found(&disk, Cut::Everything), [pair("old", "old")]);
    disk.step(&step("fsync", "data", "", b""));
    assert_eq!(found(&disk, Cut::Everything), [pair("old", "text")]);
}
