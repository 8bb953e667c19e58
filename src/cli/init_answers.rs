//! What `settle init` knows of an account, as the configuration would say it; each answer is tried by the
//! configuration's own reader as soon as it is given.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;

use crate::config::{ConfigError, ConfigFile, Flags, Section, Source, Surroundings, find_key, toml_text};
use crate::domain::{Country, Zone};
use crate::schedule::Timetable;

/// What is known. Texts are those of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) name: Option<String>,
    /// By the keys of `[accounts.NAME]`.
    pub(super) account: BTreeMap<&'static str, String>,
    pub(super) data_dir: Option<String>,
    pub(super) cron: Option<String>,
}

/// The keys of an account in the order in which they are written; those of one source only.
const ORDER: [(&str, Option<Source>); 14] = [
    ("country", None),
    ("merchant_id", None),
    ("source", None),
    ("environment", None),
    ("timezone", None),
    ("public_key_id", Some(Source::PayApi)),
    ("private_key_file", Some(Source::PayApi)),
    ("pay_auth_token_file", Some(Source::PayApi)),
    ("access_key_id", Some(Source::Mws)),
    ("secret_key_file", Some(Source::Mws)),
    ("secret_key_env", Some(Source::Mws)),
    ("mws_auth_token_file", Some(Source::Mws)),
    ("endpoint", None),
    ("ca_file", None),
];

impl Answers {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.account.get(key).map(String::as_str)
    }

    pub(super) fn set(&mut self, key: &'static str, value: impl Into<String>) {
        self.account.insert(key, value.into());
    }

    pub(super) fn source(&self) -> Option<Source> {
        self.get("source")?.parse().ok()
    }

    pub(super) fn country(&self) -> Option<Country> {
        self.get("country")?.parse().ok()
    }

    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("shop")
    }

    /// Whether Amazon can be asked with what is known.
    pub(super) fn is_complete(&self) -> bool {
        match self.source() {
            Some(Source::PayApi) => self.get("public_key_id").is_some() && self.get("private_key_file").is_some(),
            Some(Source::Mws) => self.get("access_key_id").is_some(),
            _ => true,
        }
    }

    /// The whole text of the file with the account in it.
    pub(super) fn text(&self, file: &ConfigFile) -> String {
        let section = self.section();
        if !file.text.is_empty() {
            return file.with_part(&section);
        }
        let data_dir = self.data_dir.as_ref().map(|folder| format!("data_dir = {}\n", toml_text(folder)));
        format!("{}\n{section}", data_dir.unwrap_or_default()).trim_start().to_owned()
    }

    fn section(&self) -> String {
        let mut text = format!("[accounts.{}]\n", self.name());
        let source = self.source();
        for (key, of) in ORDER.iter().filter(|(_, of)| of.is_none() || *of == source) {
            match self.get(key) {
                Some(value) => text.push_str(&format!("{key} = {}\n", toml_text(value))),
                None if *key == "public_key_id" && of.is_some() => {
                    text.push_str(
                        "# public_key_id = \"…\"  # Seller Central shows it when the public key is registered\n",
                    );
                }
                None => {}
            }
        }
        if let Some(cron) = &self.cron {
            text.push_str(&format!("\n[schedule]\ncron = {}\n", toml_text(cron)));
        }
        text
    }
}

/// Why the configuration would not take a value, in the words for a person who has just typed it.
pub(super) fn refusal(section: Section, key: &str, value: &str) -> Option<String> {
    let quoted = toml_text(value);
    let text = match section {
        Section::Account => {
            let base = [("country", "\"FR\""), ("merchant_id", "\"A\""), ("timezone", "\"UTC\"")];
            let base = base.iter().filter(|(name, _)| *name != key);
            let lines: String = base.map(|(name, value)| format!("{name} = {value}\n")).collect();
            format!("[accounts.a]\n{lines}{key} = {quoted}\n")
        }
        Section::Top => format!("{key} = {quoted}\n"),
        other => format!("[{}]\n{key} = {quoted}\n", other.word()),
    };
    match read(&text) {
        // The configuration counts the fields; the calendar is the schedule's.
        Ok(()) if section == Section::Schedule => {
            Timetable::new(value, Zone::UTC, TimeDelta::zero()).err().map(|why| why.to_string())
        }
        Ok(()) => None,
        // Quotes belong to the file, not to what is typed.
        Err(ConfigError::Value { kind, .. }) => Some(format!("expected {}", kind.expected().replace(" in quotes", ""))),
        Err(why) => Some(why.to_string()),
    }
}

/// Why an account could not have this name.
pub(super) fn name_refusal(name: &str, taken: &[String]) -> Option<String> {
    let alike = |other: &&String| other.replace('-', "_").eq_ignore_ascii_case(&name.replace('-', "_"));
    if let Some(other) = taken.iter().find(alike) {
        return Some(format!("there is an account `{other}` already"));
    }
    let shape = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let text = format!("[accounts.{name}]\ncountry = \"FR\"\nmerchant_id = \"A\"\n");
    let fits = !name.is_empty() && name.chars().all(shape) && read(&text).is_ok();
    (!fits).then(|| "use up to 64 letters, digits, `-` and `_`".to_owned())
}

fn read(text: &str) -> Result<(), ConfigError> {
    let nowhere = Surroundings::new(BTreeMap::new(), PathBuf::from("."));
    let file = ConfigFile::to_be_made(PathBuf::from("settle.toml"), &nowhere);
    let flags = Flags { data_dir: Some(PathBuf::from(".")), ..Flags::default() };
    file.settings(text, &flags, &nowhere).map(drop)
}

/// The name of a key as the table of the configuration has it, so that it lives as long as the program.
pub(super) fn key_name(name: &str) -> &'static str {
    find_key(Section::Account, name).map_or("", |key| key.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(pairs: &[(&'static str, &str)]) -> Answers {
        let account = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Answers { name: Some("shop-fr".to_owned()), account, ..Answers::default() }
    }

    fn nothing() -> ConfigFile {
        let around = Surroundings::new(BTreeMap::new(), PathBuf::from("/c"));
        ConfigFile::to_be_made(PathBuf::from("settle.toml"), &around)
    }

    #[test]
    fn every_key_that_is_written_is_one_of_the_configuration() {
        assert!(ORDER.iter().all(|(key, _)| !key_name(key).is_empty()));
    }

    #[test]
    fn a_new_file_holds_the_answers_in_their_order_and_loads() {
        let mut all = answers(&[
            ("source", "pay-api"),
            ("merchant_id", "A1"),
            ("country", "FR"),
            ("private_key_file", "a \"b\".pem"),
            ("access_key_id", "of another source"),
        ]);
        all.data_dir = Some("data".to_owned());
        all.cron = Some("30 4 * * *".to_owned());
        let text = all.text(&nothing());
        assert_eq!(
            text,
            "data_dir = \"data\"\n\n[accounts.shop-fr]\ncountry = \"FR\"\nmerchant_id = \"A1\"\nsource = \"pay-api\"\n\
             # public_key_id = \"…\"  # Seller Central shows it when the public key is registered\n\
             private_key_file = 'a \"b\".pem'\n\n[schedule]\ncron = \"30 4 * * *\"\n"
        );
        read(&text).unwrap();
        assert!(!all.is_complete());
    }

    #[test]
    fn an_answer_is_refused_as_the_configuration_would_refuse_it() {
        let of_account = |key, value| refusal(Section::Account, key, value);
        assert_eq!(of_account("country", "FR"), None);
        assert!(of_account("country", "FRA").unwrap().starts_with("expected a two-letter country code"));
        assert!(of_account("merchant_id", "A 1").unwrap().contains("without blanks"));
        assert!(of_account("timezone", "Paris").unwrap().contains("IANA"));
        assert!(of_account("endpoint", "http://example.org").unwrap().contains("https"));
        assert!(of_account("source", "sftp").unwrap().contains("pay-api, mws, import"));
        assert!(of_account("private_key_file", "-----BEGIN PRIVATE KEY-----").is_some());
        assert!(refusal(Section::Schedule, "cron", "daily").unwrap().contains("five fields"));
        assert!(refusal(Section::Schedule, "cron", "70 4 * * *").unwrap().contains("0-59"));
        assert!(refusal(Section::Schedule, "cron", "0 4 30 2 *").unwrap().contains("never comes"));
        assert_eq!(refusal(Section::Top, "data_dir", "/srv/settle"), None);
        for name in ["", "a b", "é", "a.b", &"a".repeat(65)] {
            assert!(name_refusal(name, &[]).is_some(), "{name}");
        }
        assert_eq!(name_refusal("shop-fr", &[]), None);
        assert!(name_refusal("Shop_FR", &["shop-fr".to_owned()]).unwrap().contains("already"));
    }
}
