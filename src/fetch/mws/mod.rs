//! Amazon MWS, Reports API 2009-01-01: the legacy service, chosen with `source = "mws"`.
//!
//! Every call is a POST of a form to `/Reports/2009-01-01`, signed with Signature Version 2. Answers are XML,
//! errors too; a report is raw bytes with a Content-MD5. Nothing here says whether the service still answers
//! for anybody: public sources contradict each other.

mod answers;
mod calls;
mod errors;
mod sign;
mod xml;

pub(super) use answers::readings;
pub use calls::{Mws, MwsCredentials};
pub use sign::{canonical_query, signature, string_to_sign};
