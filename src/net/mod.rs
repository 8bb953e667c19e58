//! The one door to the network: TLS by rustls, no redirects, bounded answers, honest errors.
//!
//! Answers what a server said, or in which of a few ways the conversation failed. Refuses plain http
//! except to this machine, redirects, and (where told so) private addresses. Knows nothing of Amazon,
//! does not try again and holds no credentials. Depends on `domain`, `config` and reqwest.

mod address;
mod door;
mod error;

pub use address::{AddressPolicy, is_public};
pub use door::{Answer, Call, Door, DoorOptions, Method};
pub use error::{NetError, Phase};
