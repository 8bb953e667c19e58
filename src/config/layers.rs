//! Default, file, environment, flag: the last one that speaks wins, and is remembered with its place.
//!
//! Holds texts; what they mean is decided where they are read, with a closure per type.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::file::{FileSettings, Raw, parse_file, raw_from_text};
use super::find::{Found, Surroundings};
use super::keys::{KEYS, Key, Kind, Section, find_key, keys_of};
use super::origin::Origin;

/// One setting and who said so.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

/// All settings by their full names.
#[derive(Debug)]
pub(super) struct Layers<'s> {
    settings: BTreeMap<String, Setting>,
    /// The accounts and their headers, in the order of the file.
    pub(super) accounts: Vec<(String, Origin)>,
    /// Every section with a name and its header, in the order of the file.
    pub(super) named: Vec<(Section, String, Origin)>,
    /// The folder of the configuration file.
    folder: PathBuf,
    surroundings: &'s Surroundings,
}

impl<'s> Layers<'s> {
    /// Lays the file and the environment over the defaults.
    pub(super) fn stack(found: Option<&Found>, surroundings: &'s Surroundings) -> Result<Self, ConfigError> {
        let file = match found {
            Some(found) => parse_file(&found.text, &found.shown)?,
            None => FileSettings::default(),
        };
        let folder = found.map_or_else(|| surroundings.current_dir.clone(), |found| found.folder.clone());
        let accounts = file.named.iter().filter(|(section, ..)| *section == Section::Account);
        let accounts = accounts.map(|(_, name, place)| (name.clone(), place.clone())).collect();
        let mut layers = Self { settings: BTreeMap::new(), accounts, named: file.named, folder, surroundings };
        for (key, account) in layers.every_key() {
            layers.set_default(key, &account);
        }
        for (path, raw, origin) in file.settings {
            layers.settings.insert(path, Setting { raw, origin });
        }
        for (key, account) in layers.every_key() {
            layers.set_from_variable(key, &account)?;
        }
        Ok(layers)
    }

    /// Every key of the table, those of named sections once per name, in the order of `config show`.
    pub(super) fn every_key(&self) -> Vec<(&'static Key, String)> {
        let once = KEYS.iter().filter(|key| !key.section.is_named()).map(|key| (key, String::new()));
        let per_name = Section::NAMED.into_iter().flat_map(|section| {
            let names = self.named.iter().filter(move |(other, ..)| *other == section);
            names.flat_map(move |(_, name, _)| keys_of(section).map(move |key| (key, name.clone())))
        });
        once.chain(per_name).collect()
    }

    fn set_default(&mut self, key: &Key, account: &str) {
        if let Some(text) = key.default {
            self.set(key, account, text, Origin::Default);
        }
    }

    fn set_from_variable(&mut self, key: &Key, account: &str) -> Result<(), ConfigError> {
        let name = key.variable(account);
        let Some(text) = self.surroundings.variable(&name) else { return Ok(()) };
        let origin = Origin::Environment(name);
        let Some(raw) = raw_from_text(key, text) else {
            let setting = key.path(account);
            return Err(ConfigError::Value { place: origin, setting, value: "this text".to_owned(), kind: key.kind });
        };
        self.settings.insert(key.path(account), Setting { raw, origin });
        Ok(())
    }

    /// Sets a text, whatever was there before.
    pub(super) fn set(&mut self, key: &Key, account: &str, text: impl Into<String>, origin: Origin) {
        self.settings.insert(key.path(account), Setting { raw: Raw::Text(text.into()), origin });
    }

    /// The setting, where anybody said anything.
    pub(super) fn get(&self, key: &Key, account: &str) -> Option<&Setting> {
        self.settings.get(&key.path(account))
    }

    /// Where a setting comes from.
    pub(super) fn origin(&self, key: &Key, account: &str) -> Origin {
        self.get(key, account).map_or(Origin::Default, |setting| setting.origin.clone())
    }

    /// Reads a text with `meaning`, which answers `None` for a text that the key cannot hold.
    pub(super) fn read<T>(
        &self,
        key: &'static Key,
        account: &str,
        meaning: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(Setting { raw: Raw::Text(text), origin }) = self.get(key, account) else { return Ok(None) };
        match meaning(text) {
            Some(value) => Ok(Some(value)),
            None => Err(ConfigError::Value {
                place: origin.clone(),
                setting: key.path(account),
                value: shown(key.kind, text),
                kind: key.kind,
            }),
        }
    }

    /// Reads a text, or each text of a list, with `meaning`; empty where nobody said anything.
    pub(super) fn read_list<T>(
        &self,
        key: &'static Key,
        account: &str,
        meaning: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let Some(Setting { raw, origin }) = self.get(key, account) else { return Ok(Vec::new()) };
        let texts: &[String] = match raw {
            Raw::Text(text) => std::slice::from_ref(text),
            Raw::List(texts) => texts,
            Raw::Table(_) => &[],
        };
        let read = |text: &String| {
            meaning(text).ok_or_else(|| ConfigError::Value {
                place: origin.clone(),
                setting: key.path(account),
                value: shown(key.kind, text),
                kind: key.kind,
            })
        };
        texts.iter().map(read).collect()
    }

    /// A path, relative to the file that says so, else to the current folder.
    pub(super) fn read_path(&self, key: &'static Key, account: &str) -> Result<Option<PathBuf>, ConfigError> {
        let base = self.base(&self.origin(key, account));
        self.read(key, account, |text| {
            // A key pasted where its file belongs must not travel on as a file name into messages.
            let is_path = !text.trim().is_empty() && !text.contains(char::is_control) && !text.contains("-----BEGIN");
            is_path.then(|| self.surroundings.resolve(text, base))
        })
    }

    fn base(&self, origin: &Origin) -> &Path {
        match origin {
            Origin::File { .. } => &self.folder,
            _ => &self.surroundings.current_dir,
        }
    }
}

/// The key of the table with this name. A name that is not in the table is a defect; tests read every setting.
pub(super) fn known(section: Section, name: &str) -> &'static Key {
    const NOWHERE: Key = Key { section: Section::Top, name: "", kind: Kind::Id, default: None, doc: "" };
    let found = find_key(section, name);
    debug_assert!(found.is_some(), "`{name}` is not in the table of keys");
    found.unwrap_or(&NOWHERE)
}

/// A refused text, for a message; left out where it could be a secret.
fn shown(kind: Kind, text: &str) -> String {
    match kind {
        _ if text.is_empty() => "an empty text".to_owned(),
        Kind::Url => "this address".to_owned(),
        Kind::Path | Kind::Id | Kind::Variable | Kind::Command => "this text".to_owned(),
        _ => format!("`{}`", text.escape_debug()),
    }
}
