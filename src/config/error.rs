//! What can be wrong with the configuration. Every one of these needs a person.

use std::io;
use std::path::PathBuf;

use super::keys::{Kind, Nearest, Section, nearest_word};
use super::origin::Origin;
use crate::domain::ExitCode;

/// Why the configuration was refused.
///
/// The text begins with the place (`settle.toml:3`, a variable or a flag) wherever there is one. No
/// variant carries a secret: values of addresses and of credentials are left out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file was named, and is not there.
    #[error("{}: no such configuration file (named by {named_by})", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: Origin,
    },
    /// The file is there, and cannot be read.
    #[error("{}: cannot read the configuration file: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file is larger than any configuration.
    #[error("{}: the configuration file is larger than {bytes_max} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        bytes_max: u64,
    },
    /// The file is not UTF-8.
    #[error("{place}: the text is not UTF-8")]
    NotUtf8 {
        /// The first line that is not.
        place: Origin,
    },
    /// The file is not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Origin,
        /// What the TOML reader says.
        message: String,
    },
    /// A header that nobody knows.
    #[error("{place}: unknown section [{section}]")]
    UnknownSection {
        /// Where.
        place: Origin,
        /// The word in the header.
        section: String,
        /// The nearest known section.
        nearest: Option<Nearest>,
    },
    /// A key that nobody knows.
    #[error("{place}: unknown key `{key}` {}", .header.as_ref().map_or("at the top of the file".to_owned(), |header| format!("in {header}")))]
    UnknownKey {
        /// Where.
        place: Origin,
        /// The key.
        key: String,
        /// The header above it, with brackets.
        header: Option<String>,
        /// The section it stands in.
        section: Section,
        /// The nearest known key.
        nearest: Option<Nearest>,
    },
    /// A section that holds something else than keys.
    #[error("{place}: `{name}` must be a table, written as [{header}]")]
    NotATable {
        /// Where.
        place: Origin,
        /// What was written.
        name: String,
        /// How to write it.
        header: String,
    },
    /// A value of the wrong type or outside what the key may hold.
    #[error("{place}: `{setting}`: cannot use {value}; expected {}", .kind.expected())]
    Value {
        /// Where.
        place: Origin,
        /// The full name of the setting.
        setting: String,
        /// The value, in backquotes, or what it is where it must not be shown.
        value: String,
        /// What the key may hold.
        kind: Kind,
    },
    /// A list or table holds a value that is right in itself, but not here.
    #[error("{place}: `{setting}`: {problem}")]
    Unfit {
        /// Where.
        place: Origin,
        /// The full name of the setting.
        setting: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A key that every section of its kind needs.
    #[error("{place}: [{header}] has no `{key}`")]
    Incomplete {
        /// The section's header.
        place: Origin,
        /// What stands in its brackets.
        header: String,
        /// The key.
        key: &'static str,
    },
    /// Two tariffs that would apply on the same day.
    #[error("{place}: [tariff.{name}] begins on the same day as [tariff.{earlier}] for {country}")]
    TariffTwice {
        /// Where the second one stands.
        place: Origin,
        /// The second one.
        name: String,
        /// The first one.
        earlier: String,
        /// Their country.
        country: String,
    },
    /// A key that every account needs.
    #[error("{place}: account `{account}` has no `{key}`")]
    Required {
        /// The account's header.
        place: Origin,
        /// The account.
        account: String,
        /// The key.
        key: &'static str,
    },
    /// A country without a zone in the table, and no zone configured.
    #[error("{place}: account `{account}` has no time zone: none is known for {country}")]
    NoZone {
        /// Where the country stands.
        place: Origin,
        /// The account.
        account: String,
        /// The country.
        country: String,
    },
    /// A name that could not be a folder or a variable.
    #[error("{place}: `{name}` cannot name an account; use up to 64 letters, digits, `-` and `_`")]
    AccountName {
        /// Where.
        place: Origin,
        /// The name.
        name: String,
    },
    /// Two names that differ only in what variables and some file systems cannot tell apart.
    #[error("{place}: the names of the accounts `{name}` and `{earlier}` differ only in case or in `-` and `_`")]
    AccountsAlike {
        /// Where the second one stands.
        place: Origin,
        /// The second one.
        name: String,
        /// The first one.
        earlier: String,
    },
    /// Two accounts that would fetch the same reports.
    #[error("{place}: account `{account}` is the same merchant, source and environment as `{earlier}`")]
    AccountTwice {
        /// Where the second one stands.
        place: Origin,
        /// The second one.
        account: String,
        /// The first one.
        earlier: String,
    },
    /// Two ways to the same secret.
    #[error("{place}: `{setting}` and `{other}` exclude each other")]
    TwoSecrets {
        /// Where the second one stands.
        place: Origin,
        /// The second one.
        setting: String,
        /// The first one.
        other: String,
    },
    /// There is no home folder, and nothing says where the data goes.
    #[error("there is no home folder to keep the data in")]
    NoDataDir,
    /// The file of a secret is not there or cannot be looked at.
    #[error("{}: cannot read the secret file: {reason}", .path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file of a secret is a folder or a device.
    #[error("{}: the secret file is not a regular file", .path.display())]
    SecretNotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others than the owner can read or write the file of a secret.
    #[error("{}: the secret file is open to group or others (mode {mode:04o})", .path.display())]
    SecretExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The variable of a secret is not set.
    #[error("the environment variable {name} is not set; it should hold the {what}")]
    SecretVariable {
        /// The variable.
        name: String,
        /// What it should hold.
        what: &'static str,
    },
    /// The program that prints a secret did not.
    #[error("`{program}` did not print the {what}: {problem}")]
    SecretCommand {
        /// The program, without its arguments.
        program: String,
        /// What it should print.
        what: &'static str,
        /// What happened, without what it printed.
        problem: String,
    },
    /// A secret is there and cannot be one.
    #[error("{place}: the {what} is {problem}")]
    SecretUnfit {
        /// Where it comes from.
        place: String,
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl ConfigError {
    /// How the program ends because of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::Configuration
    }

    /// A thing to type or a place to look at, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            ConfigError::UnknownKey { nearest, section, .. } => {
                nearest.as_ref().map(|nearest| hint_for_key(nearest, *section))
            }
            ConfigError::UnknownSection { nearest, .. } => {
                nearest.as_ref().map(|nearest| format!("did you mean [{}]?", header_example(nearest.word)))
            }
            ConfigError::Value { value, kind: Kind::Choice(words) | Kind::Choices(words), .. } => {
                nearest_word(words, value.trim_matches('`')).map(|word| format!("did you mean `{word}`?"))
            }
            ConfigError::NotUtf8 { .. } => Some("save the file as UTF-8".to_owned()),
            ConfigError::NoZone { account, .. } => {
                Some(format!("add `timezone = \"…\"`, an IANA name, to [accounts.{account}]"))
            }
            ConfigError::Required { account, key, .. } => {
                Some(format!("add `{key} = \"…\"` below [accounts.{account}]"))
            }
            ConfigError::Incomplete { header, key, .. } => Some(format!("add `{key} = \"…\"` below [{header}]")),
            ConfigError::NoDataDir => Some("name a folder with --data-dir or SETTLE_DATA_DIR".to_owned()),
            ConfigError::SecretExposed { path, .. } => Some(format!("chmod 600 {}", path.display())),
            ConfigError::Unreadable { path, reason } if reason.kind() == io::ErrorKind::PermissionDenied => {
                Some(format!("ls -l {}", path.display()))
            }
            _ => None,
        }
    }
}

fn hint_for_key(nearest: &Nearest, section: Section) -> String {
    match nearest.section {
        Some(known) if known != section => format!("`{}` belongs to {}", nearest.word, known.shown()),
        _ => format!("did you mean `{}`?", nearest.word),
    }
}

fn header_example(word: &str) -> String {
    Section::from_word(word).map_or_else(|| word.to_owned(), |section| section.header("NAME"))
}
