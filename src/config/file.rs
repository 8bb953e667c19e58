//! TOML text → settings with the line of each. Knows which keys exist, not what their values mean.
//!
//! Refuses what the table of keys does not know, naming the nearest key it does know.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::keys::{Key, Kind, Section, find_key, nearest_key, nearest_section};
use super::origin::Origin;

/// A value as it stands in the file, a variable or a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// Text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// Texts by name.
    Table(BTreeMap<String, String>),
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct FileSettings {
    /// Full name of each setting, its value and its place, in the order of the file.
    pub(super) settings: Vec<(String, Raw, Origin)>,
    /// The sections with names and their headers, in the order of the file.
    pub(super) named: Vec<(Section, String, Origin)>,
}

/// Reads the text of a configuration file; `shown` names it in messages.
pub(super) fn parse_file(text: &str, shown: &Path) -> Result<FileSettings, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines { text, shown };
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        place: lines.place(error.span().unwrap_or_default()),
        message: error.message().to_owned(),
    })?;
    let mut settings = FileSettings::default();
    for (key, value) in in_file_order(table.get_ref()) {
        match (Section::from_word(key.get_ref()), value.get_ref()) {
            (Some(section), DeValue::Table(named)) if section.is_named() => {
                settings.read_named(section, named, &lines)?
            }
            (Some(section), DeValue::Table(keys)) => settings.read_keys(section, "", keys, &lines)?,
            (Some(section), _) => return Err(not_a_table(key, section.header("NAME"), &lines)),
            (None, value) if value.is_table() => return Err(unknown_section(key, &lines)),
            (None, _) => settings.read_key(Section::Top, "", key, value, &lines)?,
        }
    }
    Ok(settings)
}

impl FileSettings {
    fn read_named(&mut self, section: Section, named: &DeTable<'_>, lines: &Lines<'_>) -> Result<(), ConfigError> {
        for (name, value) in in_file_order(named) {
            let DeValue::Table(keys) = value.get_ref() else {
                return Err(not_a_table(name, section.header("NAME"), lines));
            };
            self.named.push((section, name.get_ref().to_string(), lines.place(name.span())));
            self.read_keys(section, name.get_ref(), keys, lines)?;
        }
        Ok(())
    }

    fn read_keys(
        &mut self,
        section: Section,
        account: &str,
        keys: &DeTable<'_>,
        lines: &Lines<'_>,
    ) -> Result<(), ConfigError> {
        in_file_order(keys).into_iter().try_for_each(|(key, value)| self.read_key(section, account, key, value, lines))
    }

    fn read_key(
        &mut self,
        section: Section,
        account: &str,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        lines: &Lines<'_>,
    ) -> Result<(), ConfigError> {
        let place = lines.place(name.span());
        let Some(key) = find_key(section, name.get_ref()) else {
            return Err(ConfigError::UnknownKey {
                place,
                key: name.get_ref().escape_debug().to_string(),
                header: (section != Section::Top).then(|| format!("[{}]", section.header(account))),
                section,
                nearest: nearest_key(section, name.get_ref()),
            });
        };
        let Some(raw) = raw(key, value.get_ref()) else {
            let setting = key.path(account);
            return Err(ConfigError::Value { place, setting, value: shown(value, lines), kind: key.kind });
        };
        self.settings.push((key.path(account), raw, place));
        Ok(())
    }
}

/// The entries of a table from top to bottom, so that the first mistake is the first one reported.
fn in_file_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The value, where its TOML type is one that the key takes.
fn raw(key: &Key, value: &DeValue<'_>) -> Option<Raw> {
    match (key.kind, value) {
        (Kind::Command, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Raw::List)
        }
        (Kind::Command, _) => None,
        (Kind::Texts | Kind::Choices(_) | Kind::Days | Kind::Rates, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Raw::List)
        }
        (Kind::Balance | Kind::Window, DeValue::Table(table)) => {
            let texts = table.iter().map(|(name, value)| {
                value.get_ref().as_str().map(|text| (name.get_ref().to_string(), text.to_owned()))
            });
            texts.collect::<Option<BTreeMap<_, _>>>().map(Raw::Table)
        }
        (_, DeValue::String(text)) => Some(Raw::Text(text.to_string())),
        _ => None,
    }
}

/// Reads a list or table from a variable, where the whole text is one TOML value.
pub(super) fn raw_from_text(key: &Key, text: &str) -> Option<Raw> {
    let structured = match key.kind {
        Kind::Command => true,
        Kind::Balance | Kind::Window => text.trim_start().starts_with('{'),
        Kind::Texts | Kind::Choices(_) | Kind::Days | Kind::Rates => text.trim_start().starts_with('['),
        _ => false,
    };
    if !structured {
        return Some(Raw::Text(text.to_owned()));
    }
    let value = DeValue::parse(text).ok()?;
    raw(key, value.get_ref())
}

/// A value of the wrong type, for a message. Text is left out: it could be a secret in the wrong place.
fn shown(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> String {
    match value.get_ref() {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Array(_) => "this list".to_owned(),
        DeValue::Table(_) => "this table".to_owned(),
        _ => format!("`{}`", lines.text.get(value.span()).unwrap_or_default()),
    }
}

fn not_a_table(name: &Spanned<std::borrow::Cow<'_, str>>, header: String, lines: &Lines<'_>) -> ConfigError {
    ConfigError::NotATable { place: lines.place(name.span()), name: name.get_ref().escape_debug().to_string(), header }
}

fn unknown_section(name: &Spanned<std::borrow::Cow<'_, str>>, lines: &Lines<'_>) -> ConfigError {
    let section = name.get_ref().escape_debug().to_string();
    let nearest = nearest_section(&section);
    ConfigError::UnknownSection { place: lines.place(name.span()), section, nearest }
}

/// Byte positions → lines.
struct Lines<'a> {
    text: &'a str,
    shown: &'a Path,
}

impl Lines<'_> {
    fn place(&self, span: Range<usize>) -> Origin {
        let before = self.text.as_bytes().get(..span.start).unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Origin::File { path: self.shown.to_owned(), line }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn complaint(text: &str) -> (String, Option<String>) {
        let error = parse_file(text, Path::new("settle.toml")).unwrap_err();
        (error.to_string(), error.hint())
    }

    #[test]
    fn every_setting_carries_its_line() {
        let text =
            "pii = \"drop\"\n\n[accounts.b]\ncountry = \"FR\"\n\n[accounts.a]\nsecret_key_command = [\n \"pass\",\n]\n";
        let read = parse_file(text, Path::new("settle.toml")).unwrap();
        let places: Vec<String> = read.settings.iter().map(|(path, _, origin)| format!("{path} {origin}")).collect();
        assert_eq!(
            places,
            ["pii settle.toml:1", "accounts.b.country settle.toml:4", "accounts.a.secret_key_command settle.toml:7"]
        );
        let names: Vec<&str> = read.named.iter().map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a"], "in the order of the file");
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        let (error, hint) = complaint("[reporting]\n\ntimezon = \"Europe/Paris\"\n");
        assert_eq!(error, "settle.toml:3: unknown key `timezon` in [reporting]");
        assert_eq!(hint.unwrap(), "did you mean `timezone`?");
        let (error, hint) = complaint("[accounts.shop]\nmerchantid = \"A\"\n");
        assert_eq!(error, "settle.toml:2: unknown key `merchantid` in [accounts.shop]");
        assert_eq!(hint.unwrap(), "did you mean `merchant_id`?");
    }

    #[test]
    fn a_key_under_the_wrong_header_is_sent_to_its_own() {
        let (error, hint) = complaint("basis = \"posted\"\n");
        assert_eq!(error, "settle.toml:1: unknown key `basis` at the top of the file");
        assert_eq!(hint.unwrap(), "`basis` belongs to [reporting]");
        let (_, hint) = complaint("[notify]\ndata_dir = \"x\"\n");
        assert_eq!(hint.unwrap(), "`data_dir` belongs to the top of the file, before any [section]");
    }

    #[test]
    fn an_unknown_section_names_the_nearest_known_one() {
        let (error, hint) = complaint("\n[account.shop]\ncountry = \"FR\"\n");
        assert_eq!(error, "settle.toml:2: unknown section [account]");
        assert_eq!(hint.unwrap(), "did you mean [accounts.NAME]?");
        assert_eq!(complaint("[reports]\n").1.unwrap(), "did you mean [reporting]?");
    }

    #[test]
    fn a_section_that_is_no_table_is_refused() {
        assert_eq!(complaint("fetch = 3\n").0, "settle.toml:1: `fetch` must be a table, written as [fetch]");
        let (error, _) = complaint("[accounts]\ncountry = \"FR\"\n");
        assert_eq!(error, "settle.toml:2: `country` must be a table, written as [accounts.NAME]");
        assert!(complaint("[[accounts]]\ncountry = \"FR\"\n").0.contains("must be a table"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_with_what_was_expected() {
        let (error, _) = complaint("[fetch]\nlookback = 90\n");
        assert_eq!(
            error,
            "settle.toml:2: `fetch.lookback`: cannot use `90`; expected a whole number above zero and one of s, m, h, d, w, for example \"90d\""
        );
        assert!(complaint("[accounts.a]\nopening_balance = 120.50\n").0.contains("cannot use `120.50`"));
        assert!(complaint("[accounts.a]\nsecret_key_command = [1]\n").0.contains("cannot use this list"));
        assert!(complaint("[accounts.a]\nsecret_key_command = \"planted\"\n").0.contains("cannot use a text"));
    }

    #[test]
    fn broken_toml_is_refused_with_its_line() {
        assert!(complaint("pii = \"drop\"\n[reporting\n").0.starts_with("settle.toml:2: "));
        assert!(complaint("pii = \"drop\"\npii = \"keep\"\n").0.starts_with("settle.toml:2: duplicate key"));
        assert!(!complaint("[accounts.a]\nsecret_key_file = planted\n").0.contains("planted"));
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_are_read() {
        let read = parse_file("\u{feff}# a\r\npii = \"hash\"\r\n", Path::new("s")).unwrap();
        assert_eq!(read.settings[0].2.to_string(), "s:2");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]a-z.=\" \n{},0-9\u{e9}]{0,60}") {
            let _ = parse_file(&text, Path::new("s"));
        }
    }
}
