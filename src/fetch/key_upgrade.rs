//! Amazon's Key Upgrade API: a merchant's own MWS keys vouch for a new public key, and its id comes back.
//!
//! One GET with Signature Version 2. Two things differ from MWS, as three public clients have them: the merchant is
//! sent as `MerchantId` and signed as `SellerId`, and the public key stands outside the signature. Only the live path
//! exists. It needs the secret of the merchant's own access key; a developer's key with an MWSAuthToken cannot do it.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;

use super::channel::Channel;
use super::connect::{Connection, PAY_HOSTS, channel, missing, service};
use super::encode::encode_pairs;
use super::error::{FetchError, Refusal, Service, SignatureFault};
use super::instants::extended;
use super::mws::{canonical_query, signature, string_to_sign};
use super::pace::Bucket;
use super::pay_api::{judge, read_json};
use crate::config::{Account, read_secret};
use crate::net::{Answer, Call, Method};

/// The path that is sent and signed.
const PATH: &str = "/live/v2/publicKeyId";
/// Its pace is not documented; a merchant asks once.
const BUCKET: Bucket = Bucket { operation: "Get Public Key Id", burst: 10, interval_ms: 1_000 };
/// Longest id that is believed: known ones have 24 characters and a prefix.
const ID_CHARS_MAX: usize = 128;

/// The exchange for one account.
pub struct KeyUpgrade<'a> {
    channel: Channel<'a>,
    base: String,
    host: String,
    merchant_id: String,
    access_key_id: String,
    secret_key: SecretString,
}

/// The request as it would be sent, without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The address, without parameters.
    pub address: String,
    /// Names and values of the parameters that are sent, in their order, without the public key and the signature.
    pub parameters: Vec<(String, String)>,
    /// What is signed: four lines.
    pub string_to_sign: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    public_key_id: String,
}

impl<'a> KeyUpgrade<'a> {
    /// Prepares the exchange: reads the account's MWS secret. Nothing is sent.
    ///
    /// # Errors
    /// [`FetchError::Missing`] where the account has no MWS keys, else where the secret cannot be read.
    pub fn connect(account: &Account, with: &Connection<'a>) -> Result<Self, FetchError> {
        let access_key_id = account.access_key_id.clone().ok_or_else(|| missing(account, "access_key_id"))?;
        let reference = account.secret_key.as_ref().ok_or_else(|| missing(account, "secret_key_file"))?;
        let secret_key = read_secret(reference, "MWS secret key", with.surroundings)?;
        let (base, host) = service(account, &PAY_HOSTS);
        let scope = format!("key-upgrade {} {access_key_id}", account.merchant_id);
        let merchant_id = account.merchant_id.to_string();
        Ok(Self { channel: channel(account, with, scope)?, base, host, merchant_id, access_key_id, secret_key })
    }

    /// The request of this moment.
    #[must_use]
    pub fn preview(&self) -> Preview {
        let parameters = self.parameters("MerchantId", self.channel.now());
        let address = format!("{}{PATH}", self.base);
        Preview { address, parameters, string_to_sign: self.string_to_sign(self.channel.now()) }
    }

    /// Registers a public key and answers the id that Amazon gives it, with a `LIVE-` in front or without.
    ///
    /// # Errors
    /// [`FetchError`]; a refusal of the keys is asked once.
    pub async fn exchange(&self, public_pem: &str) -> Result<String, FetchError> {
        let judged = async |answer: Answer| {
            let status = answer.status();
            tracing::info!(operation = BUCKET.operation, status, "answered");
            if answer.is_success() {
                let registered: Registered = read_json(BUCKET.operation, status, &answer.body().await?)?;
                return fit(registered.public_key_id);
            }
            let ahead = self.channel.skew_from(answer.date());
            let why = judge(answer, BUCKET.operation, "", &self.channel).await;
            Err(match (why, ahead) {
                (FetchError::Answered { status: 400, .. }, Some(ahead)) => FetchError::ClockSkew { ahead },
                (why, _) => as_upgrade(why),
            })
        };
        self.channel.ask(&BUCKET, |now| Ok(self.call(public_pem, now)), judged).await
    }

    /// What a person should know although it went well, taken out.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        self.channel.take_notes()
    }

    fn parameters(&self, merchant: &str, now: DateTime<Utc>) -> Vec<(String, String)> {
        [
            ("AWSAccessKeyId", self.access_key_id.as_str()),
            ("Action", "GetPublicKeyId"),
            (merchant, &self.merchant_id),
            ("SignatureMethod", "HmacSHA256"),
            ("SignatureVersion", "2"),
            ("Timestamp", &extended(now)),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn string_to_sign(&self, now: DateTime<Utc>) -> String {
        string_to_sign("GET", &self.host, PATH, &canonical_query(&self.parameters("SellerId", now)))
    }

    fn call(&self, public_pem: &str, now: DateTime<Utc>) -> Call {
        let mut parameters = self.parameters("MerchantId", now);
        parameters.push(("PublicKey".to_owned(), public_pem.replace('\r', "")));
        parameters.push(("Signature".to_owned(), signature(&self.secret_key, &self.string_to_sign(now))));
        let query = encode_pairs(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Call {
            method: Method::Get,
            url: format!("{}{PATH}?{query}", self.base),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: Vec::new(),
        }
    }
}

/// An id that can stand in the config and in a header.
fn fit(id: String) -> Result<String, FetchError> {
    let shape = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.is_empty() && id.len() <= ID_CHARS_MAX && id.chars().all(shape) {
        return Ok(id);
    }
    Err(FetchError::Unreadable { operation: BUCKET.operation, why: "what it names is no public key id".to_owned() })
}

/// A refusal in the words of this exchange: it is the MWS keys that are refused.
fn as_upgrade(why: FetchError) -> FetchError {
    let refused = |refusal| FetchError::Refused { service: Service::KeyUpgrade, refusal };
    match why {
        FetchError::Refused { refusal: Refusal::Signature(_), .. } => {
            refused(Refusal::Signature(SignatureFault::OtherSecret))
        }
        FetchError::Refused { refusal: Refusal::OtherEnvironment, .. } => refused(Refusal::NotAuthorised),
        FetchError::Refused { refusal, .. } => refused(refusal),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use crate::archive::Catalog;
    use crate::config::{Flags, Settings, Surroundings};
    use crate::domain::FixedClock;

    /// The worked example of the field notes, whose signature other programs computed.
    #[test]
    fn the_worked_example_is_reproduced() {
        let variables = [("EXAMPLE_SECRET", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")];
        let variables: BTreeMap<String, String> = variables.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("settle.toml");
        let text = "[accounts.shop]\ncountry = \"DE\"\nmerchant_id = \"A1EXAMPLE2SELL3R\"\nsource = \"mws\"\n\
             access_key_id = \"AKIAEXAMPLEEXAMPLE00\"\nsecret_key_env = \"EXAMPLE_SECRET\"\n";
        std::fs::write(&config, text).unwrap();
        let surroundings = Surroundings::new(variables, folder.path().to_owned());
        let flags = Flags { config: Some(config), data_dir: Some("data".into()), ..Flags::default() };
        let settings = Settings::load(&flags, &surroundings).unwrap();
        let mut catalog = Catalog::scratch().unwrap();
        let catalog = RefCell::new(&mut catalog);
        let clock = FixedClock("2026-11-23T22:15:30Z".parse().unwrap());
        let with = Connection {
            settings: &settings.fetch,
            surroundings: &surroundings,
            catalog: &catalog,
            timer: &clock,
            tell: &|_| {},
        };
        let upgrade = KeyUpgrade::connect(&settings.accounts[0], &with).unwrap();
        let text = upgrade.preview().string_to_sign;
        assert_eq!(
            text,
            "GET\npay-api.amazon.eu\n/live/v2/publicKeyId\nAWSAccessKeyId=AKIAEXAMPLEEXAMPLE00&Action=GetPublicKeyId\
             &SellerId=A1EXAMPLE2SELL3R&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp=2026-11-23T22%3A15%3A30Z"
        );
        assert_eq!(signature(&upgrade.secret_key, &text), "i4QfprgYkaK+pkBGWhwLjO3KdHSZaFvsl0mhC+Hn7PU=");
        let url = upgrade.call("-----BEGIN\r\nA+/=", clock.0).url;
        assert!(url.contains("&MerchantId=A1EXAMPLE2SELL3R&") && !url.contains("SellerId"), "{url}");
        assert!(url.contains("&PublicKey=-----BEGIN%0AA%2B%2F%3D&Signature=i4Qfprg"), "{url}");
    }

    #[test]
    fn an_id_that_could_not_stand_in_a_header_is_refused() {
        assert_eq!(fit("LIVE-AFVX7ULWSGBZ5535PCUQOY7B".to_owned()).unwrap(), "LIVE-AFVX7ULWSGBZ5535PCUQOY7B");
        for id in ["", "a b", "a\nb", "a\"", &"A".repeat(200)] {
            assert!(fit(id.to_owned()).is_err(), "{id}");
        }
    }
}
