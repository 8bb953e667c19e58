//! Which file is the configuration, and which folder holds the data when nobody says.
//!
//! The environment, the current folder and the home folder are handed in by `main`; nothing here asks
//! the process for them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::origin::Origin;

/// Longest configuration file: far beyond any that a person writes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// The name of the file in every folder where it is looked for.
pub(super) const FILE_NAME: &str = "settle.toml";

/// What surrounds the process, as far as the configuration depends on it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The environment variables that are text.
    pub variables: BTreeMap<String, String>,
    /// The current folder.
    pub current_dir: PathBuf,
    /// The user's home folder, where there is one.
    pub home: Option<PathBuf>,
    /// The folder of the machine-wide configuration; `/etc/settle` outside tests.
    pub system_dir: PathBuf,
}

impl Surroundings {
    /// From the environment and the current folder; the home folder is that of `HOME`.
    #[must_use]
    pub fn new(variables: BTreeMap<String, String>, current_dir: PathBuf) -> Self {
        let home = variables.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        Self { variables, current_dir, home, system_dir: PathBuf::from("/etc/settle") }
    }

    /// A variable; one that is set to nothing counts as not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A folder of the XDG base directory specification, which says that a relative one is ignored.
    pub(super) fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let set = self.variable(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        set.or_else(|| self.home.as_ref().map(|home| home.join(below_home)))
    }

    /// Where data goes when nobody says: `$XDG_STATE_HOME/settle`, else `~/.local/state/settle`.
    pub(super) fn default_data_dir(&self) -> Option<PathBuf> {
        self.xdg("XDG_STATE_HOME", ".local/state").map(|state| state.join("settle"))
    }

    /// A path as a person writes it: `~/` is the home folder, anything relative is below `base`.
    pub(super) fn resolve(&self, text: &str, base: &Path) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => base.join(text),
        }
    }
}

/// The configuration file, read.
#[derive(Debug)]
pub(super) struct Found {
    /// As a person would name it.
    pub(super) shown: PathBuf,
    /// The folder to which its relative paths belong.
    pub(super) folder: PathBuf,
    /// What it says.
    pub(super) text: String,
}

/// Finds and reads the configuration file: the named one, else the first of the usual places, else none.
pub(super) fn find(flag: Option<&Path>, surroundings: &Surroundings) -> Result<Option<Found>, ConfigError> {
    let named = match (flag, surroundings.variable("SETTLE_CONFIG")) {
        (Some(path), _) => Some((path.to_owned(), Origin::Flag("--config"))),
        (None, Some(path)) => Some((PathBuf::from(path), Origin::Environment("SETTLE_CONFIG".to_owned()))),
        (None, None) => None,
    };
    if let Some((shown, named_by)) = named {
        let path = surroundings.current_dir.join(&shown);
        return match read(&path, &shown)? {
            Some(text) => Ok(Some(found(path, shown, text))),
            None => Err(ConfigError::Missing { path: shown, named_by }),
        };
    }
    for (path, shown) in usual_places(surroundings) {
        if let Some(text) = read(&path, &shown)? {
            return Ok(Some(found(path, shown, text)));
        }
    }
    Ok(None)
}

fn usual_places(surroundings: &Surroundings) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let here = surroundings.current_dir.join(FILE_NAME);
    let user = surroundings.xdg("XDG_CONFIG_HOME", ".config").map(|config| config.join("settle").join(FILE_NAME));
    let system = surroundings.system_dir.join(FILE_NAME);
    let elsewhere = user.into_iter().chain([system]).map(|path| (path.clone(), path));
    [(here, PathBuf::from(FILE_NAME))].into_iter().chain(elsewhere)
}

fn found(path: PathBuf, shown: PathBuf, text: String) -> Found {
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    Found { shown, folder, text }
}

/// The text of a file, `None` where there is no such file.
fn read(path: &Path, shown: &Path) -> Result<Option<String>, ConfigError> {
    let unreadable = |reason| ConfigError::Unreadable { path: shown.to_owned(), reason };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        return Err(ConfigError::TooLarge { path: shown.to_owned(), bytes_max: CONFIG_BYTES_MAX });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        ConfigError::NotUtf8 { place: Origin::File { path: shown.to_owned(), line } }
    })?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn surroundings(root: &Path) -> Surroundings {
        let mut surroundings = Surroundings::new(BTreeMap::new(), root.join("here"));
        surroundings.home = Some(root.join("home"));
        surroundings.system_dir = root.join("system");
        surroundings
    }

    fn write(root: &Path, name: &str) -> PathBuf {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("# {name}\n")).unwrap();
        path
    }

    #[test]
    fn the_first_place_wins_in_the_order_of_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mut around = surroundings(root);
        assert!(find(None, &around).unwrap().is_none());
        for name in
            ["system/settle.toml", "home/.config/settle/settle.toml", "xdg/settle/settle.toml", "here/settle.toml"]
        {
            if name.starts_with("xdg") {
                around.variables.insert("XDG_CONFIG_HOME".to_owned(), root.join("xdg").display().to_string());
            }
            write(root, name);
            assert_eq!(find(None, &around).unwrap().unwrap().text, format!("# {name}\n"));
        }
        assert_eq!(find(None, &around).unwrap().unwrap().shown, Path::new("settle.toml"));
        let by_variable = write(root, "elsewhere/by-variable.toml");
        around.variables.insert("SETTLE_CONFIG".to_owned(), by_variable.display().to_string());
        assert_eq!(find(None, &around).unwrap().unwrap().folder, root.join("elsewhere"));
        write(root, "here/sub/by-flag.toml");
        let by_flag = find(Some(Path::new("sub/by-flag.toml")), &around).unwrap().unwrap();
        assert_eq!(by_flag.shown, Path::new("sub/by-flag.toml"));
        assert_eq!(by_flag.folder, root.join("here/sub"));
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error_that_says_who_named_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut around = surroundings(folder.path());
        let error = find(Some(Path::new("no.toml")), &around).unwrap_err();
        assert_eq!(error.to_string(), "no.toml: no such configuration file (named by --config)");
        around.variables.insert("SETTLE_CONFIG".to_owned(), "gone.toml".to_owned());
        let error = find(None, &around).unwrap_err();
        assert_eq!(error.to_string(), "gone.toml: no such configuration file (named by SETTLE_CONFIG)");
        around.variables.insert("SETTLE_CONFIG".to_owned(), String::new());
        assert!(find(None, &around).unwrap().is_none());
    }

    #[test]
    fn a_folder_a_huge_file_and_another_charset_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let around = surroundings(folder.path());
        assert!(matches!(find(Some(folder.path()), &around), Err(ConfigError::Unreadable { .. })));
        let huge = folder.path().join("huge.toml");
        File::create(&huge).unwrap().set_len(CONFIG_BYTES_MAX + 1).unwrap();
        assert!(matches!(find(Some(&huge), &around), Err(ConfigError::TooLarge { .. })));
        let latin = folder.path().join("latin.toml");
        fs::write(&latin, b"# a\n# caf\xe9\n").unwrap();
        let error = find(Some(&latin), &around).unwrap_err();
        assert!(error.to_string().ends_with("latin.toml:2: the text is not UTF-8"), "{error}");
    }

    #[test]
    fn a_relative_xdg_folder_is_ignored_and_a_tilde_is_the_home() {
        let mut around = surroundings(Path::new("/r"));
        around.variables.insert("XDG_STATE_HOME".to_owned(), "state".to_owned());
        assert_eq!(around.default_data_dir().unwrap(), Path::new("/r/home/.local/state/settle"));
        around.variables.insert("XDG_STATE_HOME".to_owned(), "/s".to_owned());
        assert_eq!(around.default_data_dir().unwrap(), Path::new("/s/settle"));
        assert_eq!(around.resolve("~/a.pem", Path::new("/etc")), Path::new("/r/home/a.pem"));
        assert_eq!(around.resolve("a.pem", Path::new("/etc")), Path::new("/etc/a.pem"));
    }
}
