//! The Amazon Pay API v2: reports, their documents, requests and schedules, disbursements, disputes.
//!
//! Every call carries five signed headers (six with an idempotency key). A document is fetched from a pre-signed
//! address of another host, to which nothing of the account is ever sent. What is not documented (pace of these
//! operations, codes of refusals) is read tolerantly: by class of status first, by code where one is known.

mod answers;
mod calls;
mod document;
mod errors;
mod operations;
mod sign;

pub(super) use answers::readings;
pub(super) use calls::read_json;
pub use calls::{PayApi, PayCredentials};
pub(super) use errors::judge;
pub use operations::{DisputeObject, Schedule};
pub(super) use sign::pem_text;
pub use sign::{ALGORITHM, KeyError, SigningKey, canonical_query, canonical_request, request_hash, string_to_sign};
