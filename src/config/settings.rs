//! The settings as types: what the rest of the program sees of the configuration.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::account::{Account, read_accounts, shown_command};
use super::bank::{BankSettings, read_bank};
use super::choice::{Acknowledge, Language, TransactionReports};
use super::disputes::{DisputeSettings, read_disputes};
use super::duration::parse_duration;
use super::error::ConfigError;
use super::export::{ExportSettings, read_export};
use super::file::Raw;
use super::find::{Found, Surroundings, find};
use super::keys::{EXPORT_PRESETS, Key, Kind, Section};
use super::layers::{Layers, Setting, known};
use super::orders::{OrderSettings, read_orders};
use super::origin::Origin;
use super::sealed::sealed_text;
use super::share::Share;
use super::tariff::{Tariff, read_tariffs};
use super::url::ServiceUrl;
use crate::domain::{AccountName, Basis, PiiPolicy, SellerId, Zone};

/// What the command line says about the configuration. Flags override variables and the file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--timezone`
    pub timezone: Option<Zone>,
    /// `--basis`
    pub basis: Option<Basis>,
}

/// Everything that is configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration file, as a person would name it; `None` when there is none.
    pub file: Option<PathBuf>,
    /// The folder of the archive.
    pub data_dir: PathBuf,
    /// What becomes of buyers' personal data.
    pub pii: PiiPolicy,
    /// `[reporting]`
    pub reporting: Reporting,
    /// The accounts, in the order of the file.
    pub accounts: Vec<Account>,
    /// `[schedule]`
    pub schedule: Schedule,
    /// `[fetch]`
    pub fetch: Fetch,
    /// `[notify]`
    pub notify: Notify,
    /// `[run]`
    pub run: RunSettings,
    /// `[verify]`
    pub verify: VerifySettings,
    /// `[disputes]`
    pub disputes: DisputeSettings,
    /// `[export]` and `[accounts_map]`
    pub export: ExportSettings,
    /// `[bank]`
    pub bank: BankSettings,
    /// How order lists are read, `[orders.NAME]`, in the order of the file.
    pub orders: Vec<OrderSettings>,
    /// The tariffs, `[tariff.NAME]`, by country and first day.
    pub tariffs: Vec<Tariff>,
    listing: Vec<SettingLine>,
    sealed: String,
}

/// `[reporting]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// The zone of months and days; `None` means each account's own.
    pub timezone: Option<Zone>,
    /// Which date decides the month of a row.
    pub basis: Basis,
    /// The language of reports for people.
    pub language: Language,
    /// The longest hole between settlements that is not a gap.
    pub gap_tolerance: TimeDelta,
}

/// `[schedule]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Five fields; only their number and characters are checked here.
    pub cron: Option<String>,
    /// The zone in which they are meant.
    pub timezone: Option<Zone>,
    /// The daemon starts up to this much later.
    pub jitter: TimeDelta,
}

/// `[fetch]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// How far back reports are listed.
    pub lookback: TimeDelta,
    /// The longest wait for one answer.
    pub timeout: TimeDelta,
    /// pay-api: one request in this time, after a burst of ten.
    pub pay_pace: TimeDelta,
    /// The longest wait in one run for Amazon's quotas, in all.
    pub patience: TimeDelta,
    /// Which transaction reports to get.
    pub transaction_reports: TransactionReports,
    /// Whether to tell Amazon which reports are here.
    pub acknowledge: Acknowledge,
}

/// `[notify]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// The dead-man's switch.
    pub ping_url: Option<ServiceUrl>,
    /// Where a summary of each run is posted.
    pub webhook_url: Option<ServiceUrl>,
}

/// `[run]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunSettings {
    /// A folder whose files are imported first.
    pub inbox: Option<PathBuf>,
    /// A folder in which the month statements are kept.
    pub statements: Option<PathBuf>,
    /// The exports that are kept: presets, each once.
    pub exports: Vec<&'static str>,
    /// The folder in which they are kept.
    pub exports_folder: Option<PathBuf>,
}

/// `[verify]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifySettings {
    /// The part of the archive that a night reads; `None` means nothing.
    pub nightly_share: Option<Share>,
    /// The longest time that it takes.
    pub nightly_limit: TimeDelta,
}

/// One line of `settle config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingLine {
    /// The full name, e.g. `reporting.timezone`.
    pub path: String,
    /// The value in use, without secrets.
    pub value: String,
    /// Who said so.
    pub origin: Origin,
}

impl Settings {
    /// Finds and reads the configuration. No file at all is fine: defaults, environment and flags remain.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing in the file, environment or flags that cannot be used.
    pub fn load(flags: &Flags, surroundings: &Surroundings) -> Result<Self, ConfigError> {
        Self::of(find(flags.config.as_deref(), surroundings)?, flags, surroundings)
    }

    /// The settings that a file means, which need not be on the disk yet.
    pub(super) fn of(found: Option<Found>, flags: &Flags, surroundings: &Surroundings) -> Result<Self, ConfigError> {
        let mut layers = Layers::stack(found.as_ref(), surroundings)?;
        apply_flags(&mut layers, flags);
        let data_dir = read_data_dir(&mut layers, flags, surroundings)?;
        let reporting = read_reporting(&layers)?;
        Ok(Self {
            file: found.map(|found| found.shown),
            data_dir: data_dir.clone(),
            pii: layers.read(known(Section::Top, "pii"), "", |text| text.parse().ok())?.unwrap_or_default(),
            accounts: read_accounts(&mut layers, reporting.timezone)?,
            reporting,
            schedule: read_schedule(&layers)?,
            fetch: read_fetch(&layers)?,
            notify: read_notify(&layers)?,
            run: read_run(&layers)?,
            verify: read_verify(&layers)?,
            disputes: read_disputes(&layers)?,
            export: read_export(&layers)?,
            bank: read_bank(&layers)?,
            orders: read_orders(&layers)?,
            tariffs: read_tariffs(&layers)?,
            listing: list(&layers, &data_dir)?,
            sealed: sealed_text(&layers),
        })
    }

    /// Every setting that has a value, with its origin, in the order of the table; for `settle config show`.
    #[must_use]
    pub fn listing(&self) -> &[SettingLine] {
        &self.listing
    }

    /// What the figures of a month rest on, as the text of a configuration file without secrets.
    #[must_use]
    pub fn sealed(&self) -> &str {
        &self.sealed
    }

    /// The account with this name.
    #[must_use]
    pub fn account(&self, name: &AccountName) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == *name)
    }

    /// The account to which a file of this merchant belongs; the first one, where one merchant has several.
    #[must_use]
    pub fn account_of(&self, merchant: &SellerId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.merchant_id == *merchant)
    }

    /// The zone of an account's months: `reporting.timezone`, else the account's own.
    #[must_use]
    pub fn zone_of(&self, account: &Account) -> Option<Zone> {
        self.reporting.timezone.or(account.timezone)
    }
}

fn apply_flags(layers: &mut Layers<'_>, flags: &Flags) {
    if let Some(zone) = flags.timezone {
        layers.set(known(Section::Reporting, "timezone"), "", zone.name(), Origin::Flag("--timezone"));
    }
    if let Some(basis) = flags.basis {
        layers.set(known(Section::Reporting, "basis"), "", basis.word(), Origin::Flag("--basis"));
    }
}

fn read_data_dir(layers: &mut Layers<'_>, flags: &Flags, surroundings: &Surroundings) -> Result<PathBuf, ConfigError> {
    let key = known(Section::Top, "data_dir");
    let configured = layers.read_path(key, "")?;
    let (path, origin) = match (&flags.data_dir, configured) {
        (Some(flag), _) => (surroundings.current_dir.join(flag), Origin::Flag("--data-dir")),
        (None, Some(path)) => (path, layers.origin(key, "")),
        (None, None) => (surroundings.default_data_dir().ok_or(ConfigError::NoDataDir)?, Origin::Default),
    };
    layers.set(key, "", path.to_string_lossy(), origin);
    Ok(path)
}

fn read_zone(layers: &Layers<'_>, section: Section) -> Result<Option<Zone>, ConfigError> {
    layers.read(known(section, "timezone"), "", |text| text.parse().ok())
}

fn read_reporting(layers: &Layers<'_>) -> Result<Reporting, ConfigError> {
    let key = |name| known(Section::Reporting, name);
    Ok(Reporting {
        timezone: read_zone(layers, Section::Reporting)?,
        basis: layers.read(key("basis"), "", |text| text.parse().ok())?.unwrap_or_default(),
        language: layers.read(key("language"), "", |text| text.parse().ok())?.unwrap_or(Language::En),
        gap_tolerance: layers.read(key("gap_tolerance"), "", |text| parse_duration(text).ok())?.unwrap_or_default(),
    })
}

fn read_schedule(layers: &Layers<'_>) -> Result<Schedule, ConfigError> {
    let cron = layers.read(known(Section::Schedule, "cron"), "", |text| is_cron(text).then(|| text.to_owned()))?;
    let jitter = layers.read(known(Section::Schedule, "jitter"), "", |text| parse_duration(text).ok())?;
    Ok(Schedule { cron, timezone: read_zone(layers, Section::Schedule)?, jitter: jitter.unwrap_or_default() })
}

fn read_fetch(layers: &Layers<'_>) -> Result<Fetch, ConfigError> {
    let key = |name| known(Section::Fetch, name);
    let reports = layers.read(key("transaction_reports"), "", |text| text.parse().ok())?;
    let acknowledge = layers.read(key("acknowledge"), "", |text| text.parse().ok())?;
    Ok(Fetch {
        lookback: read_span(layers, "lookback")?,
        timeout: read_span(layers, "timeout")?,
        pay_pace: layers.read(key("pay_pace"), "", |text| parse_duration(text).ok())?.unwrap_or_default(),
        patience: layers.read(key("patience"), "", |text| parse_duration(text).ok())?.unwrap_or_default(),
        transaction_reports: reports.unwrap_or(TransactionReports::Listed),
        acknowledge: acknowledge.unwrap_or(Acknowledge::AfterCommit),
    })
}

fn read_notify(layers: &Layers<'_>) -> Result<Notify, ConfigError> {
    let url = |name| layers.read(known(Section::Notify, name), "", ServiceUrl::parse);
    Ok(Notify { ping_url: url("ping_url")?, webhook_url: url("webhook_url")? })
}

fn read_run(layers: &Layers<'_>) -> Result<RunSettings, ConfigError> {
    let key = |name| known(Section::Run, name);
    let preset = |text: &str| EXPORT_PRESETS.iter().copied().find(|word| *word == text);
    let named = layers.read_list(key("exports"), "", preset)?;
    let exports = EXPORT_PRESETS.iter().copied().filter(|word| named.contains(word)).collect::<Vec<_>>();
    let exports_folder = layers.read_path(key("exports_folder"), "")?;
    if !exports.is_empty() && exports_folder.is_none() {
        let place = layers.origin(key("exports"), "");
        return Err(ConfigError::Incomplete { place, header: Section::Run.header(""), key: "exports_folder" });
    }
    Ok(RunSettings {
        inbox: layers.read_path(key("inbox"), "")?,
        statements: layers.read_path(key("statements"), "")?,
        exports,
        exports_folder,
    })
}

fn read_verify(layers: &Layers<'_>) -> Result<VerifySettings, ConfigError> {
    let share = |text: &str| if text == "none" { Some(None) } else { text.parse().ok().map(Some) };
    let above_zero = |text: &str| parse_duration(text).ok().filter(|span| *span > TimeDelta::zero());
    let limit = layers.read(known(Section::Verify, "nightly_limit"), "", above_zero)?;
    Ok(VerifySettings {
        nightly_share: layers.read(known(Section::Verify, "nightly_share"), "", share)?.flatten(),
        nightly_limit: limit.unwrap_or_default(),
    })
}

/// Five fields of the characters that cron knows. Ranges are for the scheduler, which knows the calendar.
fn is_cron(text: &str) -> bool {
    let field_fits = |field: &str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-?#".contains(c));
    text.split_whitespace().count() == 5 && text.split_whitespace().all(field_fits)
}

fn read_span(layers: &Layers<'_>, name: &str) -> Result<TimeDelta, ConfigError> {
    let above_zero = |text: &str| parse_duration(text).ok().filter(|span| *span > TimeDelta::zero());
    Ok(layers.read(known(Section::Fetch, name), "", above_zero)?.unwrap_or_default())
}

fn list(layers: &Layers<'_>, data_dir: &Path) -> Result<Vec<SettingLine>, ConfigError> {
    let mut lines = Vec::new();
    for (key, account) in layers.every_key() {
        let Some(setting) = layers.get(key, &account) else { continue };
        let value = match key.kind {
            Kind::Path if key.section == Section::Top => data_dir.display().to_string(),
            Kind::Path => layers.read_path(key, &account)?.unwrap_or_default().display().to_string(),
            _ => shown_value(key, setting),
        };
        lines.push(SettingLine { path: key.path(&account), value, origin: setting.origin.clone() });
    }
    Ok(lines)
}

fn shown_value(key: &Key, setting: &Setting) -> String {
    match (&setting.raw, key.kind) {
        (Raw::Text(text), Kind::Url) => ServiceUrl::parse(text).map(|url| url.to_string()).unwrap_or_default(),
        (Raw::Text(text), _) => text.clone(),
        (Raw::List(texts), Kind::Texts | Kind::Choices(_) | Kind::Days | Kind::Rates) => texts.join(", "),
        (Raw::List(words), _) => shown_command(words),
        (Raw::Table(texts), _) => {
            let pairs: Vec<String> = texts.iter().map(|(name, text)| format!("{text} {name}")).collect();
            pairs.join(", ")
        }
    }
}
