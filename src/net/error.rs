//! The ways in which a conversation fails, told apart by type and never by the text of an answer.

use std::error::Error;
use std::io;

use tokio_rustls::rustls;

use super::address::{NoSuchHost, NotPublic};

/// Where in a conversation it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the head of the answer had come.
    Head,
    /// While the body came.
    Body,
}

/// Why there is no answer, or only a part of one. Names hosts, never whole addresses.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Nobody listens there.
    #[error("{host} refused the connection")]
    Refused {
        /// The host.
        host: String,
    },
    /// The name has no address.
    #[error("the host {host} is not known")]
    NoSuchHost {
        /// The host.
        host: String,
    },
    /// The certificate, or the agreement on encryption.
    #[error("no secure connection to {host}: {why}")]
    Tls {
        /// The host.
        host: String,
        /// What TLS says.
        why: String,
    },
    /// Nothing came for too long.
    #[error("{host} did not {} in time", match .phase { Phase::Head => "answer", Phase::Body => "send the rest of its answer" })]
    TimedOut {
        /// The host.
        host: String,
        /// Where it stopped.
        phase: Phase,
    },
    /// The connection ended in the middle.
    #[error("{host} broke off {}", match .phase { Phase::Head => "before it answered", Phase::Body => "in the middle of its answer" })]
    Cut {
        /// The host.
        host: String,
        /// Where it stopped.
        phase: Phase,
    },
    /// More came than can be meant.
    #[error("{host} sent more than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit: u64,
    },
    /// The address must not be connected to.
    #[error("{host} is not allowed: {why}")]
    Forbidden {
        /// The host.
        host: String,
        /// Why not.
        why: String,
    },
    /// Anything else.
    #[error("cannot talk to {host}: {why}")]
    Other {
        /// The host.
        host: String,
        /// What was said, without the address.
        why: String,
    },
}

impl NetError {
    /// Sorts an error of reqwest by the types in its chain.
    pub(super) fn of(why: reqwest::Error, host: &str, phase: Phase) -> Self {
        // An address may carry a signature, so it never reaches a message.
        let why = why.without_url();
        let host = host.to_owned();
        if why.is_timeout() {
            return NetError::TimedOut { host, phase };
        }
        let mut link: Option<&(dyn Error + 'static)> = Some(&why);
        let mut last = String::new();
        while let Some(error) = link {
            if let Some(found) = known(error, &host, phase) {
                return found;
            }
            last = error.to_string();
            link = error.source();
        }
        if phase == Phase::Body || why.is_body() || why.is_decode() || why.is_request() && !why.is_connect() {
            return NetError::Cut { host, phase };
        }
        NetError::Other { host, why: last }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, NetError::Tls { .. } | NetError::Forbidden { .. } | NetError::TooLarge { .. })
    }
}

/// The error as one of the known ways, where this link of the chain tells.
fn known(error: &(dyn Error + 'static), host: &str, phase: Phase) -> Option<NetError> {
    let host = host.to_owned();
    if error.is::<NoSuchHost>() {
        return Some(NetError::NoSuchHost { host });
    }
    if let Some(refused) = error.downcast_ref::<NotPublic>() {
        return Some(NetError::Forbidden { host, why: refused.to_string() });
    }
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(NetError::Tls { host, why: tls.to_string() });
    }
    let io = error.downcast_ref::<io::Error>()?;
    if let Some(inner) = io.get_ref() {
        let inner: &(dyn Error + 'static) = inner;
        if let Some(found) = known(inner, &host, phase) {
            return Some(found);
        }
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(NetError::Refused { host }),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(NetError::Cut { host, phase }),
        io::ErrorKind::TimedOut => Some(NetError::TimedOut { host, phase }),
        _ => None,
    }
}
