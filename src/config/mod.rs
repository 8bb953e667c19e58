//! Floor 1: the settings, from `settle.toml`, the environment and flags.
//!
//! Answers what is configured and who said so: every setting has an [`Origin`], and every complaint
//! begins with it. Refuses unknown keys, values of the wrong type, and accounts that could be taken
//! for each other. Settings hold references to secrets (files, variables, commands), never secrets;
//! [`read_secret`] follows one and answers a type that cannot print itself. Asks neither the process
//! nor the clock: [`Surroundings`] are handed in. Depends on `domain`, toml, strsim and secrecy.

mod account;
mod amount;
mod bank;
mod chart;
mod choice;
mod disputes;
mod duration;
mod edit;
mod error;
mod export;
mod file;
mod find;
mod keys;
mod layers;
mod orders;
mod origin;
mod sealed;
mod secret;
mod secret_file;
mod settings;
#[cfg(test)]
mod settings_tests;
mod share;
mod tariff;
mod url;

pub use account::{Account, SecretReference};
pub use bank::{BankSettings, CsvMapping};
pub use chart::{AccountsMap, Event, LedgerAccount, Root};
pub use choice::{
    Acknowledge, AnyPayee, Chart, DateOrder, Environment, Language, OrderPreset, PayoutRule, RefundReturns, Region,
    Rounding, Source, TransactionReports, UnknownWord, VatOnFees,
};
pub use disputes::{DisputeSettings, ResponseWindow};
pub use duration::{NotADuration, parse_duration};
pub use edit::{ConfigFile, LineChange, toml_text};
pub use error::ConfigError;
pub use export::{ExportSettings, FiscalYearStart};
pub use find::Surroundings;
pub use keys::{EXPORT_PRESETS, KEYS, Key, Kind, Nearest, Section, find_key, keys_of};
pub use orders::OrderSettings;
pub use origin::Origin;
pub use sealed::SEALED_NAME;
pub use secret::{read_secret, read_secret_file};
pub use secret_file::check_secret_file;
pub use settings::{Fetch, Flags, Notify, Reporting, RunSettings, Schedule, SettingLine, Settings, VerifySettings};
pub use share::{NotAShare, Share};
pub use tariff::{Rate, Tariff};
pub use url::{ServiceUrl, is_loopback_host};
