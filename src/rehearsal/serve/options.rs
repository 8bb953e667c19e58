//! How a server runs.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::clock::{ClockStart, SharedClock, SystemClock};
use super::decided::SIGNATURE_STATUS;

/// What the double does where it is not known what Amazon does, and both must be survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// The status of a Pay request whose signature does not verify: 401 or 403.
    pub signature_status: u16,
    /// What becomes of a settlement report that is requested on MWS.
    pub settlement_request: SettlementRequest,
}

/// What becomes of a settlement report that is requested on MWS; only Amazon makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettlementRequest {
    /// Accepted, then cancelled.
    Cancelled,
    /// Refused with status 400.
    Refused,
}

impl Default for Decisions {
    fn default() -> Self {
        Self { signature_status: SIGNATURE_STATUS, settlement_request: SettlementRequest::Cancelled }
    }
}

/// How a server runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// A loopback address.
    pub bind: IpAddr,
    /// The port for plain HTTP; 0 lets the system choose.
    pub http_port: u16,
    /// The port for TLS; 0 lets the system choose.
    pub https_port: u16,
    /// The seed of request ids and of the forms of answers.
    pub seed: u64,
    /// Where the virtual clock starts.
    pub clock: ClockStart,
    /// The system's clock.
    pub system: SharedClock,
    /// Whether MWS refuses a user agent that is not of the documented form.
    pub strict_user_agent: bool,
    /// A folder for the certificate authority: one that an earlier server left there is used again.
    /// Without a folder it lives as long as the server.
    pub authority: Option<PathBuf>,
    /// What the double does where the truth is not known.
    pub decisions: Decisions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: Ipv4Addr::LOCALHOST.into(),
            http_port: 0,
            https_port: 0,
            seed: 1,
            clock: ClockStart::Frozen,
            system: SharedClock::new(SystemClock),
            strict_user_agent: false,
            authority: None,
            decisions: Decisions::default(),
        }
    }
}
