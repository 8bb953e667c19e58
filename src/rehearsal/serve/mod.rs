//! A local double of Amazon's two services: MWS Reports and Amazon Pay API v2 with its storage.
//!
//! It is strict where a careless client would be caught (canonical forms, salt length, tokens alone,
//! credentials at the storage, idempotency) and plays faults on request. Everything reads a virtual
//! clock. What Amazon's services really do was read or recorded where that was possible; the rest is
//! decided in one place, the module `decided`. It listens on loopback only and shares no code with the
//! client that it examines.

mod clock;
mod control;
mod decided;
mod encoding;
mod endpoints;
mod faults;
mod fixture;
mod journal;
mod listen;
mod message;
mod mws;
mod options;
mod pay;
mod payload;
mod pss;
mod quota;
mod server;
mod sigv2;
mod stamps;
mod storage;
mod store;
mod tls;
mod tokens;
mod world;

pub use clock::{ClockMode, ClockStart, SharedClock, SystemClock};
pub use control::Control;
pub use faults::{Always, Fault, FaultKind, FaultState, Match, Times, UnknownFault};
pub use fixture::{
    Account, AccountKeys, ContentType, Credentials, Disbursement, Dispute, Environment, Fixture, FixtureError, Limit,
    PayKey, Region, RehearsalFolder, Report, ReportStatus, SANDBOX_SETTLEMENT_TYPE, SETTLEMENT_TYPE, Tempo,
};
pub use journal::{Face, JournalEntry};
pub use options::{Decisions, Options, SettlementRequest};
pub use server::{Ready, ServeError, Server};
pub use tls::TlsError;
