//! The configuration file as a text that is changed: keys of an account set, an account added.
//!
//! Comments, order and everything that is not meant stay as they are; an account is added behind all that is there,
//! byte for byte. Nothing is written here: [`ConfigFile::settings`] tells whether a text would be understood, and the
//! caller writes it.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::error::ConfigError;
use super::find::{FILE_NAME, Found, Surroundings, find};
use super::origin::Origin;
use super::settings::{Flags, Settings};

/// A configuration file that is there, or is still to be made.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    /// As a person would name it.
    pub shown: PathBuf,
    /// What it says; empty for a file that is still to be made.
    pub text: String,
    /// Whether it is there.
    pub exists: bool,
}

/// A line that was changed or added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// The line as it was, where there was one.
    pub before: Option<String>,
    /// The line as it is.
    pub after: String,
}

impl ConfigFile {
    /// The file that is in force; a file named by `--config` or `SETTLE_CONFIG` need not be there.
    ///
    /// # Errors
    /// [`ConfigError`] where it is there and cannot be read.
    pub fn in_force(flag: Option<&Path>, surroundings: &Surroundings) -> Result<Option<Self>, ConfigError> {
        match find(flag, surroundings) {
            Ok(found) => Ok(found.map(Self::from)),
            Err(ConfigError::Missing { path, .. }) => Ok(Some(Self::to_be_made(path, surroundings))),
            Err(why) => Err(why),
        }
    }

    /// A file that is still to be made at this path, relative to the current folder.
    #[must_use]
    pub fn to_be_made(shown: PathBuf, surroundings: &Surroundings) -> Self {
        Self { path: surroundings.current_dir.join(&shown), shown, text: String::new(), exists: false }
    }

    /// Where a new file may go: the current folder, then the user's own folder for configuration.
    #[must_use]
    pub fn places(surroundings: &Surroundings) -> Vec<PathBuf> {
        let own = surroundings.xdg("XDG_CONFIG_HOME", ".config").map(|config| config.join("settle").join(FILE_NAME));
        [PathBuf::from(FILE_NAME)].into_iter().chain(own).collect()
    }

    /// The folder to which its relative paths belong.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The settings that the file would mean if this were its text.
    ///
    /// # Errors
    /// [`ConfigError`], as for the file itself.
    pub fn settings(&self, text: &str, flags: &Flags, surroundings: &Surroundings) -> Result<Settings, ConfigError> {
        let found = Found { shown: self.shown.clone(), folder: self.folder().to_owned(), text: text.to_owned() };
        Settings::of(Some(found), flags, surroundings)
    }

    /// The text with keys of an account set to texts, and the lines that differ.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where the text is not TOML; [`ConfigError::Required`] where the account is not in it.
    pub fn with_keys(&self, account: &str, keys: &[(&str, &str)]) -> Result<(String, Vec<LineChange>), ConfigError> {
        let (mark, bare) = match self.text.strip_prefix('\u{feff}') {
            Some(bare) => ("\u{feff}", bare),
            None => ("", self.text.as_str()),
        };
        let mut document: DocumentMut = bare.parse().map_err(|why: toml_edit::TomlError| ConfigError::Syntax {
            place: Origin::File { path: self.shown.clone(), line: 1 },
            message: why.message().to_owned(),
        })?;
        let table = account_table(&mut document, account).ok_or_else(|| ConfigError::Required {
            place: Origin::File { path: self.shown.clone(), line: 1 },
            account: account.to_owned(),
            key: "merchant_id",
        })?;
        let changes = keys.iter().filter_map(|(key, value)| set(table, key, value)).collect();
        let edited = document.to_string();
        let edited = if bare.contains("\r\n") { with_crlf(&edited) } else { edited };
        Ok((format!("{mark}{edited}"), changes))
    }

    /// The text with a part behind it, after one empty line.
    #[must_use]
    pub fn with_part(&self, part: &str) -> String {
        let end = match self.text.as_str() {
            "" => "",
            text if text.ends_with("\n\n") => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        format!("{}{end}{part}", self.text)
    }
}

impl From<Found> for ConfigFile {
    fn from(found: Found) -> Self {
        let name = found.shown.file_name().map_or_else(|| PathBuf::from(FILE_NAME), PathBuf::from);
        Self { path: found.folder.join(name), shown: found.shown, text: found.text, exists: true }
    }
}

/// A text as TOML writes it, in quotes.
#[must_use]
pub fn toml_text(text: &str) -> String {
    Value::from(text).to_string()
}

fn account_table<'d>(document: &'d mut DocumentMut, account: &str) -> Option<&'d mut dyn TableLike> {
    document.get_mut("accounts")?.as_table_like_mut()?.get_mut(account)?.as_table_like_mut()
}

/// Sets a key and keeps the blanks and the comment around its value; `None` where it has that value already.
fn set(table: &mut dyn TableLike, key: &str, text: &str) -> Option<LineChange> {
    let after = format!("{key} = {}", toml_text(text));
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(value) if value.as_str() == Some(text) => None,
        Some(value) => {
            let decor = value.decor().clone();
            let mut bare = value.clone();
            bare.decor_mut().clear();
            let before = Some(format!("{key} = {bare}"));
            *value = Value::from(text);
            *value.decor_mut() = decor;
            Some(LineChange { before, after })
        }
        None => {
            table.insert(key, toml_edit::value(text));
            Some(LineChange { before: None, after })
        }
    }
}

/// Every line end as CR LF: the editor writes its own with LF.
fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn file(text: &str) -> ConfigFile {
        ConfigFile { path: "/c/settle.toml".into(), shown: "settle.toml".into(), text: text.to_owned(), exists: true }
    }

    const BEFORE: &str = "# mine\n[accounts.old] # the first\ncountry = \"DE\"\nmerchant_id   = \"A1\"\n\
         source = \"mws\"   # for now\naccess_key_id = \"AK\"\n# the end of old\n\n[fetch]\ntimeout = \"9s\"\n";
    const AFTER: &str = "# mine\n[accounts.old] # the first\ncountry = \"DE\"\nmerchant_id   = \"A1\"\n\
         source = \"pay-api\"   # for now\naccess_key_id = \"AK\"\npublic_key_id = \"LIVE-A\"\n\
         # the end of old\n\n[fetch]\ntimeout = \"9s\"\n";

    #[test]
    fn keys_are_set_and_everything_else_stays() {
        let keys = [("source", "pay-api"), ("public_key_id", "LIVE-A"), ("country", "DE")];
        let (text, changes) = file(BEFORE).with_keys("old", &keys).unwrap();
        assert_eq!(text, AFTER);
        let shown: Vec<_> = changes.iter().map(|change| (change.before.as_deref(), change.after.as_str())).collect();
        assert_eq!(shown, [(Some("source = \"mws\""), "source = \"pay-api\""), (None, "public_key_id = \"LIVE-A\"")]);
        let windows = format!("\u{feff}{}", BEFORE.replace('\n', "\r\n"));
        let (text, _) = file(&windows).with_keys("old", &keys).unwrap();
        assert_eq!(text, format!("\u{feff}{}", AFTER.replace('\n', "\r\n")));
    }

    #[test]
    fn an_account_is_found_however_it_is_written() {
        for text in [
            "accounts.old.source = \"mws\"\naccounts.old.country = \"DE\"\n",
            "accounts = { old = { source = \"mws\", country = \"DE\" } }\n",
            "[accounts]\nold = { source = \"mws\" }\n",
            "[accounts.\"old\"]\nsource = 'mws'\n",
        ] {
            let (edited, _) = file(text).with_keys("old", &[("source", "pay-api"), ("ca_file", "a")]).unwrap();
            let (again, changes) = file(&edited).with_keys("old", &[("source", "pay-api"), ("ca_file", "a")]).unwrap();
            assert_eq!((again, changes.len()), (edited, 0), "{text}");
        }
        assert!(file(BEFORE).with_keys("new", &[]).is_err());
        assert!(file("= x").with_keys("new", &[]).is_err());
    }

    #[test]
    fn a_part_is_added_behind_what_is_there_byte_for_byte() {
        for (before, between) in [("", ""), ("a = 1", "\n\n"), ("a = 1\n", "\n"), ("a = 1\n\n", "")] {
            assert_eq!(file(before).with_part("[b]\n"), format!("{before}{between}[b]\n"));
        }
    }

    #[test]
    fn a_text_is_quoted_so_that_it_reads_back() {
        for text in ["a", "a\"b", "a\\b", "a\nb", "'", "\u{1b}", ""] {
            let document: DocumentMut = format!("k = {}", toml_text(text)).parse().unwrap();
            assert_eq!(document["k"].as_str(), Some(text));
        }
    }

    #[test]
    fn a_named_file_need_not_be_there_to_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let around = Surroundings::new(BTreeMap::new(), folder.path().to_owned());
        assert!(ConfigFile::in_force(None, &around).unwrap().is_none());
        let file = ConfigFile::in_force(Some(Path::new("new.toml")), &around).unwrap().unwrap();
        assert_eq!((file.path.clone(), file.exists), (folder.path().join("new.toml"), false));
        std::fs::write(&file.path, "# here\n").unwrap();
        let file = ConfigFile::in_force(Some(Path::new("new.toml")), &around).unwrap().unwrap();
        assert_eq!((file.text.as_str(), file.exists), ("# here\n", true));
    }
}
