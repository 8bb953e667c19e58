//! Floor 2', beside the archive: from Amazon to the archive, and no further.
//!
//! Answers what Amazon has that the archive lacks, and brings its bytes in. Knows no column and no row: what
//! arrives is read by higher floors. Every wait, retry and signature is here; the clock, the random bytes of the
//! system and secrets are used, never shown. Depends on `domain`, `config`, `archive` and `net`.

mod account;
#[doc(hidden)]
pub mod answers;
mod channel;
mod connect;
mod desk;
mod disbursements;
mod encode;
mod error;
mod instants;
mod key_pair;
mod key_upgrade;
mod mws;
mod pace;
mod pay_api;
mod receive;
mod refusals;
mod requests;
mod source;
mod types;

pub use account::fetch_account;
pub use channel::Evidence;
pub use connect::{AnySource, Connection, connect, remote_account, service_address};
pub use desk::{Brought, Desk, FetchOutcome, FetchPlan, Left, Mode, Progress};
pub use error::{FetchError, Refusal, Service, SignatureFault};
pub use key_pair::NewKeyPair;
pub use key_upgrade::{KeyUpgrade, Preview};
pub use mws::{
    Mws, MwsCredentials, canonical_query as mws_canonical_query, signature as mws_signature,
    string_to_sign as mws_string_to_sign,
};
pub use pace::{Bucket, Wait};
pub use pay_api::{
    ALGORITHM as PAY_ALGORITHM, DisputeObject, KeyError, PayApi, PayCredentials, Schedule, SigningKey,
    canonical_query as pay_canonical_query, canonical_request as pay_canonical_request,
    request_hash as pay_request_hash, string_to_sign as pay_string_to_sign,
};
pub use source::{Delivery, Granted, Listed, Source, Stage, Window, Wish};
pub use types::{DISBURSEMENTS, Origin, REPORT_TYPES, ReportType, file_name, usual_types};
