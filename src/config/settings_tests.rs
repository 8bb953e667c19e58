//! Tests of the whole way from files, variables and flags to settings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::*;
use crate::domain::{Basis, ExitCode, PiiPolicy, SellerId, Zone};

/// Contract §7, with the endpoint and the commented ways to a secret in use.
const CONTRACT: &str = r#"
[reporting]
timezone = "Europe/Paris"      # default: the account's country
basis    = "posted"
language = "fr"                # of reports for people; machine formats never change

[accounts.shop-fr]
country         = "FR"         # GB DE FR IT ES LU NL SE PT HU DK, and any other ISO country
merchant_id     = "A1INVENTED"
source          = "pay-api"    # pay-api | mws | import
region          = "eu"         # eu | na | jp
environment     = "live"       # live | sandbox
public_key_id   = "LIVE-AINVENTED"
private_key_file = "shop-fr.pem"

[accounts.shop-old]
country = "DE"
merchant_id = "A2INVENTED"
source = "mws"
access_key_id   = "AKIAINVENTED"
secret_key_file = "mws-secret"         # or secret_key_env = "NAME", or secret_key_command = ["pass", "mws"]
mws_auth_token_file = "mws-token"      # only when a third party's developer key is used
endpoint = "http://127.0.0.1:8081"   # any source; plain http is accepted for loopback only

[schedule]
cron = "30 4 * * *"            # five fields, in timezone
timezone = "Europe/Paris"

[fetch]
lookback = "90d"
timeout  = "60s"

[notify]
ping_url = "https://…"         # dead-man's switch: /start, then success or /<exit code>
"#;

const SHOP: &str = "[accounts.shop-fr]\ncountry = \"FR\"\nmerchant_id = \"A1INVENTED\"\n";

/// A folder with a `settle.toml`, and surroundings without a home of its own.
struct Place {
    folder: tempfile::TempDir,
    around: Surroundings,
}

fn place(text: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("settle.toml"), text).unwrap();
    let mut around = Surroundings::new(BTreeMap::new(), folder.path().to_owned());
    around.home = Some(PathBuf::from("/home/nobody"));
    around.system_dir = folder.path().join("none");
    Place { folder, around }
}

impl Place {
    fn set(mut self, name: &str, value: &str) -> Self {
        self.around.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn load(&self) -> Result<Settings, ConfigError> {
        Settings::load(&Flags::default(), &self.around)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn complaint(text: &str) -> String {
    place(text).load().unwrap_err().to_string()
}

fn line<'s>(settings: &'s Settings, path: &str) -> &'s SettingLine {
    settings.listing().iter().find(|line| line.path == path).unwrap_or_else(|| panic!("{path}"))
}

fn fetch_defaults() -> Fetch {
    Fetch {
        lookback: TimeDelta::days(90),
        timeout: TimeDelta::seconds(60),
        pay_pace: TimeDelta::seconds(1),
        patience: TimeDelta::hours(3),
        transaction_reports: TransactionReports::Listed,
        acknowledge: Acknowledge::AfterCommit,
    }
}

#[test]
fn the_example_of_the_contract_is_accepted_as_it_stands() {
    let place = place(CONTRACT);
    let settings = place.load().unwrap();
    assert_eq!(settings.reporting.timezone, Some("Europe/Paris".parse().unwrap()));
    assert_eq!(settings.reporting.language, Language::Fr);
    assert_eq!(settings.schedule.cron.as_deref(), Some("30 4 * * *"));
    assert_eq!(settings.fetch, fetch_defaults());
    assert!(settings.notify.ping_url.is_some());
    let [new, old] = settings.accounts.as_slice() else { panic!("two accounts") };
    assert_eq!((new.name.as_str(), new.source, new.environment), ("shop-fr", Source::PayApi, Environment::Live));
    assert_eq!(new.private_key_file, Some(place.path().join("shop-fr.pem")));
    assert_eq!((old.source, old.region), (Source::Mws, Region::Eu));
    assert_eq!(old.timezone, Some("Europe/Berlin".parse().unwrap()));
    assert_eq!(old.secret_key, Some(SecretReference::File(place.path().join("mws-secret"))));
    assert_eq!(old.endpoint.as_ref().unwrap().expose(), "http://127.0.0.1:8081");
    assert_eq!(settings.account_of(&SellerId::new("A2INVENTED")), Some(old));
    assert_eq!(settings.account(&new.name), Some(new));
}

#[test]
fn without_a_file_the_defaults_of_the_table_hold() {
    let mut place = place("");
    place.around.current_dir = PathBuf::from("/nowhere");
    let settings = place.load().unwrap();
    assert_eq!(settings.file, None);
    assert_eq!(settings.data_dir, Path::new("/home/nobody/.local/state/settle"));
    assert_eq!((settings.pii, settings.reporting.basis), (PiiPolicy::Drop, Basis::Posted));
    assert_eq!(settings.reporting.gap_tolerance, TimeDelta::minutes(10));
    assert_eq!(settings.fetch, fetch_defaults());
    assert_eq!((settings.reporting.timezone, settings.reporting.language), (None, Language::En));
    assert!(settings.accounts.is_empty());
    assert!(settings.listing().iter().all(|line| line.origin == Origin::Default));
}

#[test]
fn a_flag_overrides_a_variable_which_overrides_the_file() {
    let mut place = place("[reporting]\nbasis = \"settlement\"\n");
    let seen = |place: &Place, flags: &Flags| {
        let settings = Settings::load(flags, &place.around).unwrap();
        (settings.reporting.basis, line(&settings, "reporting.basis").origin.to_string())
    };
    assert_eq!(seen(&place, &Flags::default()), (Basis::Settlement, "settle.toml:2".to_owned()));
    place = place.set("SETTLE_REPORTING_BASIS", "payout");
    assert_eq!(seen(&place, &Flags::default()), (Basis::Payout, "SETTLE_REPORTING_BASIS".to_owned()));
    let flags = Flags { basis: Some(Basis::Posted), ..Flags::default() };
    assert_eq!(seen(&place, &flags), (Basis::Posted, "--basis".to_owned()));
    place = place.set("SETTLE_REPORTING_BASIS", "");
    assert_eq!(seen(&place, &Flags::default()).0, Basis::Settlement, "a variable set to nothing is not set");
}

#[test]
fn the_data_folder_comes_from_flag_variable_file_in_this_order() {
    let mut place = place("data_dir = \"data\"\n");
    let flags = Flags { data_dir: Some(PathBuf::from("by-flag")), timezone: Some(Zone::UTC), ..Flags::default() };
    assert_eq!(place.load().unwrap().data_dir, place.path().join("data"));
    place = place.set("SETTLE_DATA_DIR", "/by-variable");
    assert_eq!(place.load().unwrap().data_dir, Path::new("/by-variable"));
    let settings = Settings::load(&flags, &place.around).unwrap();
    assert_eq!(settings.data_dir, place.path().join("by-flag"));
    assert_eq!(line(&settings, "data_dir").origin, Origin::Flag("--data-dir"));
    assert_eq!(line(&settings, "reporting.timezone").value, "UTC");
}

#[test]
fn without_a_home_the_data_folder_must_be_named() {
    let mut place = place("");
    place.around.home = None;
    assert!(matches!(place.load(), Err(ConfigError::NoDataDir)));
    assert!(place.set("SETTLE_DATA_DIR", "d").load().is_ok());
}

#[test]
fn relative_paths_belong_to_the_file_that_names_them() {
    let mut place = place("");
    let sub = place.path().join("conf");
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("my.toml"), format!("data_dir = \"data\"\n{SHOP}private_key_file = \"k.pem\"\n")).unwrap();
    place.around.variables.insert("SETTLE_CONFIG".to_owned(), "conf/my.toml".to_owned());
    let settings = place.load().unwrap();
    assert_eq!(settings.data_dir, sub.join("data"));
    assert_eq!(settings.accounts[0].private_key_file, Some(sub.join("k.pem")));
    let settings = place.set("SETTLE_ACCOUNTS_SHOP_FR_PRIVATE_KEY_FILE", "k.pem").load().unwrap();
    assert!(
        !settings.accounts[0].private_key_file.as_ref().unwrap().starts_with(&sub),
        "relative to the current folder"
    );
}

#[test]
fn a_variable_overrides_an_account_that_exists_and_is_ignored_otherwise() {
    let place = place(SHOP)
        .set("SETTLE_ACCOUNTS_SHOP_FR_SOURCE", "mws")
        .set("SETTLE_ACCOUNTS_SHOP_FR_SECRET_KEY_COMMAND", "[\"pass\", \"mws\"]")
        .set("SETTLE_ACCOUNTS_SHOP_FR_OPENING_BALANCE", "{ EUR = \"1.00\", GBP = \"-2.5\" }")
        .set("SETTLE_ACCOUNTS_OTHER_SOURCE", "nonsense")
        .set("SETTLE_WHATEVER", "nonsense");
    let settings = place.load().unwrap();
    let account = &settings.accounts[0];
    assert_eq!(account.source, Source::Mws);
    assert_eq!(account.secret_key, Some(SecretReference::Command(vec!["pass".to_owned(), "mws".to_owned()])));
    let balances: Vec<String> = account.opening_balance.iter().map(|m| format!("{m} {}", m.currency())).collect();
    assert_eq!(balances, ["1.00 EUR", "-2.50 GBP"]);
}

#[test]
fn a_bad_value_names_its_place_and_what_was_expected() {
    let error = place("").set("SETTLE_REPORTING_BASIS", "settlment").load().unwrap_err();
    assert_eq!(
        error.to_string(),
        "SETTLE_REPORTING_BASIS: `reporting.basis`: cannot use `settlment`; expected one of posted, settlement, payout"
    );
    assert_eq!(error.hint().unwrap(), "did you mean `settlement`?");
    assert_eq!(error.exit_code(), ExitCode::Configuration);
    for (text, says) in [
        ("pii = \"none\"\n", "settle.toml:1: `pii`: cannot use `none`"),
        ("[reporting]\ntimezone = \"Paris\"\n", "settle.toml:2: `reporting.timezone`: cannot use `Paris`"),
        ("[reporting]\ntimezone = \"\"\n", "cannot use an empty text"),
        ("[reporting]\nlanguage = \"tlh\"\n", "`reporting.language`"),
        ("[reporting]\ngap_tolerance = \"10\"\n", "cannot use `10`"),
        ("[fetch]\ntimeout = \"0s\"\n", "a whole number above zero"),
        ("[schedule]\ncron = \"4 * * *\"\n", "a cron expression of five fields"),
        ("[schedule]\ncron = \"a b c d e; rm\"\n", "a cron expression"),
        ("[notify]\nping_url = \"http://example.org/planted\"\n", "cannot use this address"),
        ("[run]\nexports = [\"fec\", \"jornal\"]\n", "settle.toml:2: `run.exports`: cannot use `jornal`"),
        ("[run]\nexports = \"fec\"\n", "settle.toml:2: [run] has no `exports_folder`"),
    ] {
        assert!(complaint(text).contains(says), "{}", complaint(text));
    }
}

#[test]
fn exports_of_the_night_are_presets_each_once_and_a_misspelt_one_names_the_nearest() {
    let folder = "exports_folder = \"out\"\n";
    let settings = place(&format!("[run]\nexports = [\"journal\", \"fec\", \"journal\"]\n{folder}")).load().unwrap();
    assert_eq!(settings.run.exports, ["journal", "fec"]);
    assert_eq!(line(&settings, "run.exports").value, "journal, fec, journal");
    let one = place(&format!("[run]\nexports = \"datev\"\n{folder}")).load().unwrap();
    assert_eq!(one.run.exports, ["datev"]);
    let wrong = place(&format!("[run]\nexports = [\"hledgr\"]\n{folder}")).load().unwrap_err();
    assert_eq!(wrong.hint().unwrap(), "did you mean `hledger`?");
}

#[test]
fn a_bad_account_names_its_line() {
    for (more, says) in [
        ("country = \"XX\"\nmerchant_id = \"A\"\n", "settle.toml:2: `accounts.a.country`: cannot use `XX`"),
        ("country = \"FR\"\nmerchant_id = \"\"\n", "settle.toml:3: `accounts.a.merchant_id`: cannot use an empty text"),
        ("country = \"FR\"\nmerchant_id = \"A B\"\n", "settle.toml:3: `accounts.a.merchant_id`"),
        ("merchant_id = \"A\"\n", "settle.toml:1: account `a` has no `country`"),
        ("country = \"FR\"\n", "settle.toml:1: account `a` has no `merchant_id`"),
        ("country = \"FR\"\nmerchant_id = \"A\"\nsource = \"payapi\"\n", "one of pay-api, mws, import"),
        ("country = \"FR\"\nmerchant_id = \"A\"\nregion = \"us\"\n", "one of eu, na, jp"),
        ("country = \"FR\"\nmerchant_id = \"A\"\nenvironment = \"prod\"\n", "one of live, sandbox"),
        ("country = \"FR\"\nmerchant_id = \"A\"\nendpoint = \"http://example.org\"\n", "settle.toml:4: "),
        ("country = \"FR\"\nmerchant_id = \"A\"\nopening_balance = \"1,50\"\n", "cannot use `1,50`"),
        ("country = \"FR\"\nmerchant_id = \"A\"\nopening_balance = { euro = \"1\" }\n", "cannot use `euro`"),
        ("country = \"FR\"\nmerchant_id = \"A\"\nsecret_key_command = []\n", "an empty list"),
        ("country = \"US\"\nmerchant_id = \"A\"\n", "settle.toml:2: account `a` has no time zone"),
        (
            "country = \"FR\"\nmerchant_id = \"A\"\nsecret_key_env = \"S\"\nsecret_key_file = \"s\"\n",
            "settle.toml:4: `accounts.a.secret_key_env` and `accounts.a.secret_key_file` exclude each other",
        ),
    ] {
        let error = complaint(&format!("[accounts.a]\n{more}"));
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_country_without_a_known_zone_takes_a_configured_one() {
    let japan = "[accounts.jp]\ncountry = \"JP\"\nmerchant_id = \"A\"\n";
    let settings = place(&format!("{japan}timezone = \"Asia/Tokyo\"\nopening_balance = \"1200\"\n")).load().unwrap();
    assert_eq!(settings.accounts[0].timezone, Some("Asia/Tokyo".parse().unwrap()));
    assert_eq!(settings.accounts[0].region, Region::Jp);
    assert_eq!(settings.accounts[0].opening_balance[0].to_string(), "1200");
    let settings = place(&format!("[reporting]\ntimezone = \"UTC\"\n{japan}")).load().unwrap();
    assert_eq!(settings.zone_of(&settings.accounts[0]), Some(Zone::UTC));
}

#[test]
fn accounts_that_could_be_taken_for_each_other_are_refused() {
    let twin = "[accounts.twin]\ncountry = \"DE\"\nmerchant_id = \"A1INVENTED\"\n";
    let error = complaint(&format!("{SHOP}{twin}"));
    assert_eq!(error, "settle.toml:6: account `twin` is the same merchant, source and environment as `shop-fr`");
    assert!(place(&format!("{SHOP}{twin}environment = \"sandbox\"\n")).load().is_ok());
    let alike = "[accounts.SHOP_FR]\ncountry = \"DE\"\nmerchant_id = \"A2INVENTED\"\n";
    assert!(complaint(&format!("{SHOP}{alike}")).starts_with("settle.toml:4: the names of the accounts"));
    let bad = complaint("[accounts.\"../x\"]\ncountry = \"DE\"\nmerchant_id = \"A\"\n");
    assert!(bad.contains("`../x` cannot name an account"), "{bad}");
}

#[test]
fn nothing_printed_shows_a_secret() {
    let text = format!(
        "[notify]\nping_url = \"https://u:planted@hc.example.org/planted\"\n{SHOP}endpoint = \"https://planted@example.org/planted\"\nsecret_key_command = [\"echo\", \"planted\"]\n"
    );
    let settings = place(&text).load().unwrap();
    let printed = format!("{settings:?}");
    assert!(!printed.contains("planted"), "{printed}");
    assert_eq!(line(&settings, "accounts.shop-fr.secret_key_command").value, "echo [arguments redacted]");
    assert_eq!(line(&settings, "notify.ping_url").value, "https://[redacted]@hc.example.org/[redacted]");
    for bad in [
        "private_key_file = \"-----BEGIN PRIVATE KEY-----planted\"\n",
        "secret_key_env = \"planted/+secret\"\n",
        "access_key_id = \"planted planted\"\n",
        "secret_key_file = [\"planted\"]\n",
        "endpoint = \"http://planted.example.org\"\n",
    ] {
        let error = place(&format!("{SHOP}{bad}")).load().unwrap_err();
        assert!(!format!("{error}{error:?}{:?}", error.hint()).contains("planted"), "{error:?}");
    }
}

#[test]
fn the_listing_holds_every_value_with_its_origin() {
    let settings = place(&format!("pii = \"hash\"\n{SHOP}private_key_file = \"~/k.pem\"\n")).load().unwrap();
    let shown: Vec<String> =
        settings.listing().iter().map(|l| format!("{} = {} ({})", l.path, l.value, l.origin)).collect();
    for expected in [
        "pii = hash (settle.toml:1)",
        "reporting.basis = posted (default)",
        "reporting.gap_tolerance = 10m (default)",
        "fetch.lookback = 90d (default)",
        "accounts.shop-fr.country = FR (settle.toml:3)",
        "accounts.shop-fr.region = eu (default)",
        "accounts.shop-fr.timezone = Europe/Paris (default)",
        "accounts.shop-fr.private_key_file = /home/nobody/k.pem (settle.toml:5)",
    ] {
        assert!(shown.iter().any(|line| line == expected), "{expected} in {shown:#?}");
    }
}
