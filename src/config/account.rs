//! `[accounts.NAME]`: a merchant account, from texts to types, and the rules between accounts.

use std::path::PathBuf;

use super::amount::parse_amount;
use super::choice::{Chart, Environment, Region, Source, VatOnFees};
use super::error::ConfigError;
use super::file::Raw;
use super::keys::{Key, Section};
use super::layers::{Layers, Setting, known};
use super::url::ServiceUrl;
use crate::domain::{AccountName, Country, Currency, Money, SellerId, Zone};

/// Longest account name: it becomes part of folder names.
const NAME_CHARS_MAX: usize = 64;

/// A merchant account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name in the config.
    pub name: AccountName,
    /// The merchant's country.
    pub country: Country,
    /// Amazon's merchant id.
    pub merchant_id: SellerId,
    /// Where its files come from.
    pub source: Source,
    /// The region of Amazon's services.
    pub region: Region,
    /// Real money or the sandbox.
    pub environment: Environment,
    /// Its zone: the configured one, else its country's. `None` only where `reporting.timezone` is set.
    pub timezone: Option<Zone>,
    /// What it held before its first known settlement, one amount per currency; empty when not configured.
    pub opening_balance: Vec<Money>,
    /// Another address of Amazon's services.
    pub endpoint: Option<ServiceUrl>,
    /// Another certificate authority to trust, PEM.
    pub ca_file: Option<PathBuf>,
    /// Another host from which documents may be downloaded.
    pub document_host: Option<String>,
    /// pay-api: id of the public key.
    pub public_key_id: Option<String>,
    /// pay-api: file of the private key.
    pub private_key_file: Option<PathBuf>,
    /// pay-api: file of the token of a solution provider.
    pub pay_auth_token_file: Option<PathBuf>,
    /// mws: id of the access key.
    pub access_key_id: Option<String>,
    /// mws: where the secret key is.
    pub secret_key: Option<SecretReference>,
    /// mws: file of the token for a third party's developer key.
    pub mws_auth_token_file: Option<PathBuf>,
    /// The chart of its exports, where it is not that of all.
    pub chart: Option<Chart>,
    /// The VAT treatment of its fees, where it is not that of all.
    pub vat_on_fees: Option<VatOnFees>,
}

/// Where a secret is. Not the secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// In a file.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
    /// On the output of a program with these arguments.
    Command(Vec<String>),
}

/// Arguments are left out: a secret could be among them.
impl std::fmt::Debug for SecretReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretReference::File(path) => write!(f, "file {}", path.display()),
            SecretReference::Variable(name) => write!(f, "variable {name}"),
            SecretReference::Command(words) => write!(f, "output of {}", shown_command(words)),
        }
    }
}

/// The program of a command, and that it has arguments.
pub(super) fn shown_command(words: &[String]) -> String {
    match words {
        [program, _, ..] => format!("{program} [arguments redacted]"),
        [program] => program.clone(),
        [] => String::new(),
    }
}

/// Reads every account, and refuses two that could be taken for each other.
pub(super) fn read_accounts(layers: &mut Layers<'_>, reporting: Option<Zone>) -> Result<Vec<Account>, ConfigError> {
    check_names(layers)?;
    let mut accounts: Vec<Account> = Vec::new();
    for (name, _) in layers.accounts.clone() {
        let account = read_account(layers, &name, reporting)?;
        if let Some(earlier) = accounts.iter().find(|earlier| is_same(earlier, &account)) {
            return Err(ConfigError::AccountTwice {
                place: layers.origin(known(Section::Account, "merchant_id"), &name),
                account: name,
                earlier: earlier.name.to_string(),
            });
        }
        accounts.push(account);
    }
    Ok(accounts)
}

fn is_same(one: &Account, other: &Account) -> bool {
    one.merchant_id == other.merchant_id && one.source == other.source && one.environment == other.environment
}

fn check_names(layers: &Layers<'_>) -> Result<(), ConfigError> {
    let folded = |name: &str| name.to_ascii_uppercase().replace('-', "_");
    for (at, (name, place)) in layers.accounts.iter().enumerate() {
        let shape = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !shape || name.is_empty() || name.len() > NAME_CHARS_MAX {
            return Err(ConfigError::AccountName { place: place.clone(), name: name.escape_debug().to_string() });
        }
        if let Some((earlier, _)) = layers.accounts.iter().take(at).find(|(other, _)| folded(other) == folded(name)) {
            let (name, earlier) = (name.clone(), earlier.clone());
            return Err(ConfigError::AccountsAlike { place: place.clone(), name, earlier });
        }
    }
    Ok(())
}

fn read_account(layers: &mut Layers<'_>, name: &str, reporting: Option<Zone>) -> Result<Account, ConfigError> {
    let country = layers.read(key("country"), name, |text| text.parse::<Country>().ok())?;
    let country = country.ok_or_else(|| required(layers, name, "country"))?;
    let merchant_id = read_id(layers, "merchant_id", name)?.ok_or_else(|| required(layers, name, "merchant_id"))?;
    set_defaults_by_country(layers, name, country);
    let timezone = layers.read(key("timezone"), name, |text| text.parse::<Zone>().ok())?;
    if timezone.or(reporting).is_none() {
        let place = layers.origin(key("country"), name);
        return Err(ConfigError::NoZone { place, account: name.to_owned(), country: country.code() });
    }
    Ok(Account {
        name: AccountName::new(name),
        country,
        merchant_id: SellerId::new(merchant_id),
        source: layers.read(key("source"), name, |text| text.parse().ok())?.unwrap_or(Source::Import),
        region: layers.read(key("region"), name, |text| text.parse().ok())?.unwrap_or_else(|| region_of(country)),
        environment: layers.read(key("environment"), name, |text| text.parse().ok())?.unwrap_or(Environment::Live),
        timezone,
        opening_balance: read_opening_balance(layers, name, country)?,
        endpoint: layers.read(key("endpoint"), name, ServiceUrl::parse)?,
        ca_file: layers.read_path(key("ca_file"), name)?,
        document_host: read_id(layers, "document_host", name)?,
        public_key_id: read_id(layers, "public_key_id", name)?,
        private_key_file: layers.read_path(key("private_key_file"), name)?,
        pay_auth_token_file: layers.read_path(key("pay_auth_token_file"), name)?,
        access_key_id: read_id(layers, "access_key_id", name)?,
        secret_key: read_secret_key(layers, name)?,
        mws_auth_token_file: layers.read_path(key("mws_auth_token_file"), name)?,
        chart: layers.read(key("chart"), name, |text| text.parse().ok())?,
        vat_on_fees: layers.read(key("vat_on_fees"), name, |text| text.parse().ok())?,
    })
}

fn key(name: &str) -> &'static Key {
    known(Section::Account, name)
}

fn required(layers: &Layers<'_>, account: &str, key: &'static str) -> ConfigError {
    let header = layers.accounts.iter().find(|(name, _)| name == account);
    let place = header.map_or(super::Origin::Default, |(_, place)| place.clone());
    ConfigError::Required { place, account: account.to_owned(), key }
}

/// What follows from the country is set as a default, so that `config show` tells it.
fn set_defaults_by_country(layers: &mut Layers<'_>, name: &str, country: Country) {
    if layers.get(key("region"), name).is_none() {
        layers.set(key("region"), name, region_of(country).word(), super::Origin::Default);
    }
    if let (None, Some(zone)) = (layers.get(key("timezone"), name), country.zone()) {
        layers.set(key("timezone"), name, zone.name(), super::Origin::Default);
    }
}

/// Amazon Pay serves Japan and the United States apart, every other country from Europe.
fn region_of(country: Country) -> Region {
    match country.code().as_str() {
        "JP" => Region::Jp,
        "US" => Region::Na,
        _ => Region::Eu,
    }
}

fn read_id(layers: &Layers<'_>, name: &str, account: &str) -> Result<Option<String>, ConfigError> {
    layers.read(key(name), account, |text| {
        let fits = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        fits.then(|| text.to_owned())
    })
}

fn read_secret_key(layers: &Layers<'_>, account: &str) -> Result<Option<SecretReference>, ConfigError> {
    let ways = ["secret_key_file", "secret_key_env", "secret_key_command"].map(key);
    let mut given = ways.into_iter().filter(|way| layers.get(way, account).is_some());
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        let place = layers.origin(second, account);
        return Err(ConfigError::TwoSecrets { place, setting: second.path(account), other: first.path(account) });
    }
    if let Some(path) = layers.read_path(key("secret_key_file"), account)? {
        return Ok(Some(SecretReference::File(path)));
    }
    let variable = layers.read(key("secret_key_env"), account, |text| {
        let shape = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (shape && !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit())).then(|| text.to_owned())
    })?;
    match variable {
        Some(name) => Ok(Some(SecretReference::Variable(name))),
        None => read_command(layers, account),
    }
}

fn read_command(layers: &Layers<'_>, account: &str) -> Result<Option<SecretReference>, ConfigError> {
    let key = key("secret_key_command");
    let Some(Setting { raw: Raw::List(words), origin }) = layers.get(key, account) else { return Ok(None) };
    if words.first().is_none_or(String::is_empty) {
        let (place, setting) = (origin.clone(), key.path(account));
        return Err(ConfigError::Value { place, setting, value: "an empty list".to_owned(), kind: key.kind });
    }
    Ok(Some(SecretReference::Command(words.clone())))
}

/// A text is in the currency of the country; a table names its currencies.
fn read_opening_balance(layers: &Layers<'_>, account: &str, country: Country) -> Result<Vec<Money>, ConfigError> {
    let key = key("opening_balance");
    let Some(Setting { raw, origin }) = layers.get(key, account) else { return Ok(Vec::new()) };
    let refused = |value: String| {
        let (place, setting) = (origin.clone(), key.path(account));
        ConfigError::Value { place, setting, value: format!("`{}`", value.escape_debug()), kind: key.kind }
    };
    let unfit = |problem| {
        let (place, setting) = (origin.clone(), key.path(account));
        ConfigError::Unfit { place, setting, problem }
    };
    match raw {
        Raw::Text(text) => {
            let currency =
                country.currency().ok_or_else(|| unfit("the country has no known currency; name it in a table"))?;
            let amount = parse_amount(text).ok_or_else(|| refused(text.clone()))?;
            Ok(vec![amount.in_currency(currency)])
        }
        Raw::Table(amounts) => {
            let money = |(code, text): (&String, &String)| {
                let currency: Currency = code.parse().map_err(|_| refused(code.clone()))?;
                let amount = parse_amount(text).ok_or_else(|| refused(text.clone()))?;
                Ok(amount.in_currency(currency))
            };
            amounts.iter().map(money).collect()
        }
        Raw::List(_) => Err(unfit("a list is no balance")),
    }
}
