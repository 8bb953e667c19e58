//! From the settings of an account to a source that answers: hosts, secrets, doors.

use std::cell::RefCell;

use chrono::TimeDelta;

use super::channel::{Channel, Evidence};
use super::error::FetchError;
use super::mws::{Mws, MwsCredentials};
use super::pace::{Pacer, Wait};
use super::pay_api::{PayApi, PayCredentials, SigningKey};
use super::source::{Delivery, Granted, Listed, Source, Window, Wish};
use crate::archive::{Catalog, RawStore, RemoteAccount, RemoteRecord};
use crate::config::{Account, Fetch, Region, Source as Word, Surroundings, read_secret, read_secret_file};
use crate::domain::{Instant, Timer};
use crate::net::{AddressPolicy, Door, DoorOptions, NetError};

/// MWS by region; one host serves every European country.
const MWS_HOSTS: [(Region, &str); 3] = [
    (Region::Eu, "mws-eu.amazonservices.com"),
    (Region::Na, "mws.amazonservices.com"),
    (Region::Jp, "mws.amazonservices.jp"),
];
/// The Pay API by region.
pub(super) const PAY_HOSTS: [(Region, &str); 3] =
    [(Region::Eu, "pay-api.amazon.eu"), (Region::Na, "pay-api.amazon.com"), (Region::Jp, "pay-api.amazon.jp")];

/// The program's name in the form that MWS asks for.
pub(super) const USER_AGENT: &str = concat!(
    "settle/",
    env!("CARGO_PKG_VERSION"),
    " (Language=Rust/",
    env!("CARGO_PKG_RUST_VERSION"),
    "; Platform=Unix)"
);

/// What a connection needs besides the account.
pub struct Connection<'a> {
    /// `[fetch]`
    pub settings: &'a Fetch,
    /// The environment, for secrets in variables.
    pub surroundings: &'a Surroundings,
    /// The catalog, which remembers the pace.
    pub catalog: &'a RefCell<&'a mut Catalog>,
    /// The time.
    pub timer: &'a dyn Timer,
    /// Hears of longer waits.
    pub tell: &'a dyn Fn(&Wait),
}

/// Whose reports an account's are.
#[must_use]
pub fn remote_account(account: &Account) -> RemoteAccount {
    RemoteAccount {
        merchant_id: account.merchant_id.clone(),
        source: account.source.word().to_owned(),
        environment: account.environment.word().to_owned(),
    }
}

/// Connects an account. Nothing is sent yet.
///
/// # Errors
/// [`FetchError`] where a setting is missing or a secret cannot be used; [`FetchError::Missing`] also for an account
/// whose files are brought in by hand.
pub fn connect<'a>(account: &Account, with: &Connection<'a>) -> Result<AnySource<'a>, FetchError> {
    match account.source {
        Word::Mws => mws(account, with).map(|source| AnySource::Mws(Box::new(source))),
        Word::PayApi => pay_api(account, with).map(|source| AnySource::PayApi(Box::new(source))),
        Word::Import => Err(missing(account, "source")),
    }
}

fn mws<'a>(account: &Account, with: &Connection<'a>) -> Result<Mws<'a>, FetchError> {
    let access_key_id = account.access_key_id.clone().ok_or_else(|| missing(account, "access_key_id"))?;
    let reference = account.secret_key.as_ref().ok_or_else(|| missing(account, "secret_key_file"))?;
    let who = MwsCredentials {
        merchant_id: account.merchant_id.clone(),
        secret_key: read_secret(reference, "MWS secret key", with.surroundings)?,
        auth_token: account
            .mws_auth_token_file
            .as_ref()
            .map(|path| read_secret_file(path, "MWS auth token"))
            .transpose()?,
        access_key_id,
    };
    let (base, host) = service(account, &MWS_HOSTS);
    let scope = format!("mws {} {}", account.merchant_id, who.access_key_id);
    Ok(Mws::new(channel(account, with, scope)?, base, host, who))
}

fn pay_api<'a>(account: &Account, with: &Connection<'a>) -> Result<PayApi<'a>, FetchError> {
    let public_key_id = account.public_key_id.clone().ok_or_else(|| missing(account, "public_key_id"))?;
    let path = account.private_key_file.as_ref().ok_or_else(|| missing(account, "private_key_file"))?;
    let pem = read_secret_file(path, "private key")?;
    let key = SigningKey::from_pem(&pem);
    let private_key = key.map_err(|why| FetchError::Key { place: path.display().to_string(), why })?;
    let token = account.pay_auth_token_file.as_ref();
    let who = PayCredentials {
        merchant_id: account.merchant_id.clone(),
        private_key,
        auth_token: token.map(|path| read_secret_file(path, "Amazon Pay auth token")).transpose()?,
        environment: account.environment,
        region: account.region,
        interval_ms: with.settings.pay_pace.num_milliseconds(),
        public_key_id,
    };
    let (base, host) = service(account, &PAY_HOSTS);
    let scope = format!("pay-api {} {}", account.merchant_id, who.public_key_id);
    let outside = door(account, with.settings, AddressPolicy::PublicOnly)?;
    let mut allowed: Vec<String> = account.endpoint.iter().map(|endpoint| endpoint.base()).collect();
    allowed.extend(account.document_host.iter().map(|host| format!("https://{}", host.to_ascii_lowercase())));
    Ok(PayApi::new(channel(account, with, scope)?, (outside, allowed), base, host, who))
}

pub(super) fn missing(account: &Account, key: &'static str) -> FetchError {
    FetchError::Missing { account: account.name.to_string(), key, source_word: account.source.word() }
}

/// Where an account's service is, as scheme and host; empty for an account whose files are brought in by hand.
#[must_use]
pub fn service_address(account: &Account) -> String {
    match account.source {
        Word::Mws => service(account, &MWS_HOSTS).0,
        Word::PayApi => service(account, &PAY_HOSTS).0,
        Word::Import => String::new(),
    }
}

/// Base and signed host of an account's service: the configured endpoint, else Amazon's.
pub(super) fn service(account: &Account, hosts: &[(Region, &str)]) -> (String, String) {
    match &account.endpoint {
        Some(endpoint) => (endpoint.base(), endpoint.host_and_port()),
        None => {
            let host = hosts.iter().find(|(region, _)| *region == account.region).map_or("", |(_, host)| host);
            (format!("https://{host}"), host.to_owned())
        }
    }
}

pub(super) fn channel<'a>(account: &Account, with: &Connection<'a>, scope: String) -> Result<Channel<'a>, FetchError> {
    let pacer = Pacer::new(with.catalog, with.timer, scope, with.settings.patience, with.tell);
    Ok(Channel::new(door(account, with.settings, AddressPolicy::Any)?, with.timer, pacer))
}

/// A door for an account.
pub(super) fn door(account: &Account, settings: &Fetch, addresses: AddressPolicy) -> Result<Door, FetchError> {
    let authority = account.ca_file.as_ref().map(|path| {
        std::fs::read(path).map_err(|why| NetError::Tls {
            host: path.display().to_string(),
            why: format!("the file of the certificate authority cannot be read: {why}"),
        })
    });
    let options = DoorOptions {
        timeout: settings.timeout.max(TimeDelta::seconds(1)).to_std().unwrap_or_default(),
        authority: authority.transpose()?,
        addresses,
        user_agent: USER_AGENT.to_owned(),
    };
    Ok(Door::open(&options)?)
}

/// Whichever service an account has.
pub enum AnySource<'a> {
    /// Amazon MWS.
    Mws(Box<Mws<'a>>),
    /// The Amazon Pay API.
    PayApi(Box<PayApi<'a>>),
}

macro_rules! each {
    ($self:ident, $source:ident => $call:expr) => {
        match $self {
            AnySource::Mws($source) => $call,
            AnySource::PayApi($source) => $call,
        }
    };
}

impl Source for AnySource<'_> {
    async fn list(&self, window: &Window<'_>, is_known: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, FetchError> {
        each!(self, source => source.list(window, is_known).await)
    }

    async fn download(&self, report: &RemoteRecord, store: &RawStore) -> Result<Delivery, FetchError> {
        each!(self, source => source.download(report, store).await)
    }

    async fn request(&self, wish: &Wish) -> Result<String, FetchError> {
        each!(self, source => source.request(wish).await)
    }

    async fn look_up(&self, request_ids: &[String]) -> Result<Vec<Granted>, FetchError> {
        each!(self, source => source.look_up(request_ids).await)
    }

    async fn keep_schedules(&self, types: &[String]) -> Result<(), FetchError> {
        each!(self, source => source.keep_schedules(types).await)
    }

    async fn acknowledge(&self, report_ids: &[String]) -> Result<(), FetchError> {
        each!(self, source => source.acknowledge(report_ids).await)
    }

    async fn disbursements(&self, since: Instant, until: Instant) -> Result<Option<Vec<Vec<u8>>>, FetchError> {
        each!(self, source => source.disbursements(since, until).await)
    }

    async fn probe(&self) -> Result<(), FetchError> {
        each!(self, source => source.probe().await)
    }

    fn estimate(&self, downloads: usize) -> Result<Instant, FetchError> {
        each!(self, source => source.estimate(downloads))
    }

    fn take_notes(&self) -> Vec<String> {
        each!(self, source => source.take_notes())
    }

    fn evidence(&self) -> Evidence {
        each!(self, source => source.evidence())
    }
}
