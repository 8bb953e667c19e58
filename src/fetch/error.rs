//! What can go wrong between this program and Amazon, and what follows: try again, later, or a person.

use chrono::TimeDelta;

use super::pay_api::KeyError;
use crate::archive::ArchiveError;
use crate::config::ConfigError;
use crate::domain::{ExitCode, Instant};
use crate::net::NetError;

/// Why something could not be fetched. No variant holds a secret, an address of a document, or a body.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The name of an MWS host has no address: offline, or gone.
    #[error("the host {host} is not known: this machine is offline, or Amazon has withdrawn MWS")]
    MwsHostUnknown {
        /// The host.
        host: String,
    },
    /// Too many requests: the next one is allowed after a while.
    #[error("{operation}: Amazon asks for slower requests")]
    Throttled {
        /// The operation.
        operation: &'static str,
        /// The wait that Amazon named.
        wait: Option<TimeDelta>,
    },
    /// A quota is spent.
    #[error("{operation}: the quota of requests is spent{}", until(.resets.as_ref()))]
    QuotaSpent {
        /// The operation.
        operation: &'static str,
        /// When it begins anew, where Amazon said so.
        resets: Option<Instant>,
    },
    /// Waiting for Amazon's quotas would take longer than this run may.
    #[error("{operation}: Amazon's quota allows the next request at {at}; what is here stays, the next run goes on")]
    Paced {
        /// The operation.
        operation: &'static str,
        /// When the next request is allowed.
        at: Instant,
    },
    /// Amazon refuses these credentials.
    #[error("{service} {refusal}")]
    Refused {
        /// The service as the user knows it.
        service: Service,
        /// How it refuses.
        refusal: Refusal,
    },
    /// The clocks differ too much for signatures.
    #[error("this machine's clock is {} minutes {} Amazon's", .ahead.num_minutes().abs(), if *.ahead > TimeDelta::zero() { "ahead of" } else { "behind" })]
    ClockSkew {
        /// How far this machine is ahead; negative where it is behind.
        ahead: TimeDelta,
    },
    /// The service answered with an error of its own.
    #[error("{operation}: Amazon answers {status} {code}{}", quoted(.message))]
    Answered {
        /// The operation.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// Amazon's word for it.
        code: String,
        /// Amazon's sentence, shortened.
        message: String,
        /// Amazon's id of the request, for their support.
        request_id: Option<String>,
    },
    /// Something else than the service's own format came.
    #[error("{operation}: {what} came instead of an answer (status {status})")]
    Foreign {
        /// The operation.
        operation: &'static str,
        /// What came.
        what: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The answer has the right format and makes no sense.
    #[error("{operation}: cannot read Amazon's answer: {why}")]
    Unreadable {
        /// The operation.
        operation: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The bytes are not those that Amazon says it sent.
    #[error("the checksum does not fit: Content-MD5 says {stated}, the bytes give {computed}")]
    Checksum {
        /// As sent, Base64.
        stated: String,
        /// As computed, Base64.
        computed: String,
    },
    /// The body is shorter or longer than stated.
    #[error("{received} of {stated} bytes came")]
    Length {
        /// As stated.
        stated: u64,
        /// As received.
        received: u64,
    },
    /// A packed document cannot be unpacked.
    #[error("the packed document cannot be unpacked: {why}")]
    Packed {
        /// What is wrong.
        why: String,
    },
    /// Amazon lists a report and does not have it.
    #[error("Amazon lists this report and no longer has it (status {status} {code})")]
    Gone {
        /// The HTTP status.
        status: u16,
        /// Amazon's word for it.
        code: String,
    },
    /// Amazon is not ready yet.
    #[error("{what} is not ready yet")]
    NotReady {
        /// What is not.
        what: &'static str,
    },
    /// The address of a document no longer works: a new one must be asked for.
    #[error("the document's address no longer works (status {status})")]
    AddressExpired {
        /// The HTTP status.
        status: u16,
    },
    /// The address of a document leads where no document can be.
    #[error("the document's address is refused: {why}")]
    AddressRefused {
        /// Why.
        why: String,
    },
    /// A list that never ends.
    #[error("{operation}: the list does not end: {why}")]
    Endless {
        /// The operation.
        operation: &'static str,
        /// How that is known.
        why: &'static str,
    },
    /// The private key cannot be used.
    #[error("{place}: {why}")]
    Key {
        /// The key's file.
        place: String,
        /// Why not.
        why: KeyError,
    },
    /// A setting that this source needs is not there.
    #[error("account `{account}` has no `{key}`, which source {source_word} needs")]
    Missing {
        /// The account.
        account: String,
        /// The key.
        key: &'static str,
        /// The source's word.
        source_word: &'static str,
    },
    /// A secret could not be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The archive.
    #[error(transparent)]
    Storage(#[from] ArchiveError),
}

/// The services of Amazon, as a user knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Marketplace Web Service.
    Mws,
    /// The Amazon Pay API.
    PayApi,
    /// The exchange of MWS keys for a public key id.
    KeyUpgrade,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Service::Mws => "Amazon MWS",
            Service::PayApi => "the Amazon Pay API",
            Service::KeyUpgrade => "Amazon's key upgrade",
        })
    }
}

/// How credentials are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key is not known.
    #[error("does not know this key")]
    UnknownKey,
    /// The key is known and may not see this account.
    #[error("does not allow this key to see the account")]
    NotAuthorised,
    /// The signature is wrong.
    #[error("refuses the signature: {0}")]
    Signature(SignatureFault),
    /// The service is gone, for everybody or for this account.
    #[error("appears to have been withdrawn ({0})")]
    Withdrawn(&'static str),
    /// The key belongs to the other environment.
    #[error("refuses this key here: it may belong to the other environment (live, sandbox)")]
    OtherEnvironment,
}

/// Why a signature is wrong, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// Both sides signed the same text: the key is another one.
    #[error("the private key does not belong to this public key id")]
    OtherKey,
    /// The two sides signed different texts.
    #[error("the canonical form of the request differs, which is a defect of settle or a proxy that changes requests")]
    OtherText,
    /// The secret key is wrong, most likely.
    #[error("the secret key does not belong to this access key")]
    OtherSecret,
}

/// What follows from an error for the request that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// Never again in this run.
    Never,
    /// After a short wait that grows.
    Soon,
    /// When the pace allows it.
    Paced,
    /// Once, with the corrected time.
    Corrected,
}

impl FetchError {
    /// How the run ends because of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            FetchError::Refused { .. } | FetchError::ClockSkew { .. } | FetchError::Key { .. } => {
                ExitCode::Configuration
            }
            FetchError::Missing { .. } | FetchError::AddressRefused { .. } => ExitCode::Configuration,
            FetchError::Config(why) => why.exit_code(),
            FetchError::Storage(why) => why.exit_code(),
            FetchError::Net(why) if !why.is_temporary() => ExitCode::Configuration,
            FetchError::Gone { .. } | FetchError::Endless { .. } | FetchError::Packed { .. } => ExitCode::PartlyDone,
            FetchError::Answered { status: 400..=499, .. } => ExitCode::Configuration,
            _ => ExitCode::Temporary,
        }
    }

    /// What to type or where to look, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            FetchError::Refused { service: Service::Mws, refusal } => match refusal {
                Refusal::Signature(_) => "check the secret key in Seller Central; `settle doctor` tests it again",
                _ => {
                    "if the keys are right, Amazon has withdrawn MWS for this account: run `settle keys upgrade`, \
                     or save the reports in Seller Central and run `settle import FILES…`"
                }
            },
            FetchError::Refused { service: Service::PayApi, refusal } => match refusal {
                Refusal::Signature(SignatureFault::OtherText) => "`settle doctor -v` shows what was signed",
                Refusal::OtherEnvironment => "see `environment` in the config, and which keys Seller Central shows",
                _ => {
                    "compare public_key_id with Seller Central, Integration Central; `settle keys generate` makes a new \
                     pair; `settle import FILES…` always works"
                }
            },
            FetchError::Refused { service: Service::KeyUpgrade, .. } => {
                "the access key and its secret must be the merchant's own; else make a pair with `settle keys generate` \
                 and register its public key in Seller Central, Integration Central"
            }
            FetchError::MwsHostUnknown { .. } => {
                "if this machine is online, run `settle keys upgrade`, or save the reports in Seller Central and run \
                 `settle import FILES…`"
            }
            FetchError::ClockSkew { .. } => "set the clock, for example with `timedatectl set-ntp true`",
            FetchError::Net(NetError::Tls { .. }) => {
                "the certificate is not one that this machine trusts; behind a company's proxy, name its authority \
                 with `ca_file`"
            }
            FetchError::Config(why) => return why.hint(),
            FetchError::Storage(why) => return why.hint(),
            FetchError::Missing { account, key, .. } => {
                return Some(format!("add `{key} = \"…\"` below [accounts.{account}], or run `settle init`"));
            }
            FetchError::Key { .. } => "`settle keys generate` makes a new pair",
            FetchError::AddressRefused { .. } => "a host of your own can be allowed with `document_host`",
            FetchError::Foreign { .. } => "a proxy or a login page may stand in between; `settle doctor` looks",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// What follows for the request that met it.
    pub(super) fn retry(&self) -> Retry {
        match self {
            FetchError::Net(why) if why.is_temporary() => Retry::Soon,
            FetchError::MwsHostUnknown { .. } => Retry::Soon,
            FetchError::Throttled { .. } | FetchError::QuotaSpent { .. } => Retry::Paced,
            FetchError::ClockSkew { .. } => Retry::Corrected,
            FetchError::Answered { status: 408 | 425 | 500..=599, .. } => Retry::Soon,
            FetchError::Checksum { .. } | FetchError::Length { .. } | FetchError::Packed { .. } => Retry::Soon,
            FetchError::AddressExpired { .. } => Retry::Soon,
            FetchError::Foreign { status, .. } if *status >= 500 || *status == 200 => Retry::Soon,
            _ => Retry::Never,
        }
    }

    /// Whether the fault is the whole account's, so that asking for the next report is of no use.
    pub(super) fn ends_the_account(&self) -> bool {
        !matches!(
            self,
            FetchError::Gone { .. }
                | FetchError::NotReady { .. }
                | FetchError::Checksum { .. }
                | FetchError::Length { .. }
                | FetchError::Packed { .. }
                | FetchError::AddressExpired { .. }
                | FetchError::AddressRefused { .. }
                | FetchError::Unreadable { .. }
                | FetchError::Answered { .. }
                | FetchError::Foreign { .. }
        )
    }
}

fn until(resets: Option<&Instant>) -> String {
    resets.map_or_else(String::new, |at| format!(" until {at}"))
}

fn quoted(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" \u{201c}{message}\u{201d}") }
}
