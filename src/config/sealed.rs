//! The settings on which the figures of a month rest, as the text of a configuration file.
//!
//! A closed month is read again under the settings of then, on any machine. So what says how files are read goes
//! along with it, flags and environment included; keys, addresses, folders and schedules stay at home.

use super::choice::Source;
use super::error::ConfigError;
use super::file::Raw;
use super::find::{Found, Surroundings};
use super::keys::{Key, Kind, Section};
use super::layers::Layers;
use super::settings::{Flags, Settings};
use super::toml_text;

/// The name under which sealed settings appear in messages.
pub const SEALED_NAME: &str = "settle.toml";

/// Sections that go along whole.
const SECTIONS: [Section; 7] = [
    Section::Reporting,
    Section::Disputes,
    Section::Export,
    Section::AccountsMap,
    Section::Bank,
    Section::Orders,
    Section::Tariff,
];

/// What goes along of an account.
const OF_ACCOUNTS: [&str; 9] = [
    "country",
    "merchant_id",
    "source",
    "environment",
    "timezone",
    "opening_balance",
    "payout_rule",
    "chart",
    "vat_on_fees",
];

impl Settings {
    /// The settings that a sealed text means; nothing of this machine is looked at.
    ///
    /// # Errors
    /// [`ConfigError`] where the text is no such configuration.
    pub fn from_sealed(text: &str) -> Result<Self, ConfigError> {
        let nowhere = Surroundings::new(std::collections::BTreeMap::new(), ".".into());
        let found = Found { shown: SEALED_NAME.into(), folder: ".".into(), text: text.to_owned() };
        let flags = Flags { data_dir: Some(".".into()), ..Flags::default() };
        Settings::of(Some(found), &flags, &nowhere)
    }
}

/// The text of what is sealed; reading it gives the same settings.
pub(super) fn sealed_text(layers: &Layers<'_>) -> String {
    let mut text = String::new();
    let mut header = String::new();
    for (key, name) in layers.every_key().into_iter().filter(|(key, _)| is_sealed(key)) {
        let Some(setting) = layers.get(key, &name) else { continue };
        let own = key.section.header(&name);
        if own != header {
            text.push_str(&format!("{}[{own}]\n", if text.is_empty() { "" } else { "\n" }));
            header = own;
        }
        text.push_str(&format!("{} = {}\n", key.name, value(key, &setting.raw)));
    }
    text
}

fn is_sealed(key: &Key) -> bool {
    let account = key.section == Section::Account && OF_ACCOUNTS.contains(&key.name);
    let elsewhere = SECTIONS.contains(&key.section) && key.kind != Kind::Path;
    account || elsewhere
}

fn value(key: &Key, raw: &Raw) -> String {
    match raw {
        // Where files came from decides nothing that is sealed, and other sources ask for keys.
        Raw::Text(_) if key.name == "source" => toml_text(Source::Import.word()),
        Raw::Text(text) => toml_text(text),
        Raw::List(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| toml_text(text)).collect();
            format!("[{}]", texts.join(", "))
        }
        Raw::Table(texts) => {
            let pairs: Vec<String> =
                texts.iter().map(|(name, text)| format!("{} = {}", toml_text(name), toml_text(text))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
data_dir = "elsewhere"
[reporting]
timezone = "Europe/Paris"
language = "fr"
[accounts.shop-fr]
country = "FR"
merchant_id = "A1EXAMPLE"
source = "pay-api"
public_key_id = "LIVE-AEXAMPLE"
private_key_file = "planted.pem"
opening_balance = { EUR = "120.00", GBP = "1.5" }
[accounts.shop-b]
country = "DE"
merchant_id = "A2EXAMPLE"
opening_balance = "5.00"
[disputes]
a_to_z_window = { GB = "9d" }
signing_certificate = "certificate.pem"
[bank]
payees = ["AMAZON \"X\"", "B"]
[orders.mine]
order_id = "Number"
gross = ["Total", "Sum"]
[tariff.fr]
country = "FR"
from = "2026-01-01"
percentage = "2.7"
percentage_cross_border = ["1", "2.5"]
fixed = "0.35"
[notify]
ping_url = "https://example.com/planted"
"#;

    fn settings(text: &str, variables: &[(&str, &str)]) -> Settings {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let surroundings = Surroundings::new(variables, "/nowhere".into());
        let found = Found { shown: "settle.toml".into(), folder: "/nowhere".into(), text: text.to_owned() };
        Settings::of(Some(found), &Flags::default(), &surroundings).unwrap()
    }

    #[test]
    fn sealed_settings_are_read_back_the_same_and_hold_no_secret() {
        let whole = settings(TEXT, &[("SETTLE_REPORTING_BASIS", "settlement")]);
        let sealed = whole.sealed();
        assert!(!sealed.contains("planted") && !sealed.contains("elsewhere"), "{sealed}");
        let again = Settings::from_sealed(sealed).unwrap();
        assert_eq!(again.sealed(), sealed);
        assert_eq!(again.reporting, whole.reporting);
        assert_eq!(again.reporting.basis, crate::domain::Basis::Settlement, "the environment goes along");
        assert_eq!((&again.bank, &again.orders, &again.tariffs), (&whole.bank, &whole.orders, &whole.tariffs));
        assert_eq!(again.export, whole.export);
        let names = |settings: &Settings| -> Vec<_> {
            let accounts = settings.accounts.iter();
            accounts.map(|a| (a.name.clone(), a.merchant_id.clone(), a.opening_balance.clone(), a.timezone)).collect()
        };
        assert_eq!(names(&again), names(&whole));
        assert!(again.disputes.signing_certificate.is_none());
        assert_eq!(again.disputes.a_to_z_window, whole.disputes.a_to_z_window);
    }

    #[test]
    fn without_a_file_there_are_sealed_defaults() {
        let settings = Settings::from_sealed("").unwrap();
        assert_eq!(Settings::from_sealed(settings.sealed()).unwrap().sealed(), settings.sealed());
    }
}
