//! One request on its way through the world: what it is, what acts on it, what is to be told of it.

use chrono::{DateTime, Utc};

use super::faults::{Fault, FaultKind, FaultState};
use super::message::Received;

/// One request on its way.
pub(super) struct Call<'a> {
    pub(super) request: &'a Received,
    /// The virtual instant.
    pub(super) now: DateTime<Utc>,
    /// What the server takes the time to be; a fault can shift it.
    pub(super) server_now: DateTime<Utc>,
    /// The id of the request.
    pub(super) request_id: String,
    pub(super) trace: Trace,
    pub(super) state: Option<FaultState>,
    pub(super) fired: bool,
}

/// What the journal tells about a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) account: Option<String>,
    pub(super) canonical: String,
    pub(super) string_to_sign: String,
    pub(super) verdict: String,
}

impl Call<'_> {
    /// The fault, where it is of this kind.
    pub(super) fn fault(&self, kind: FaultKind) -> Option<&Fault> {
        self.any_fault().filter(|fault| fault.fault == kind)
    }

    /// The fault that acts on this request.
    pub(super) fn any_fault(&self) -> Option<&Fault> {
        self.state.as_ref().map(|state| &state.fault)
    }

    /// Notes that the fault did what it does.
    pub(super) fn fire(&mut self) {
        self.fired = true;
    }

    /// Whether the fault is of this kind; if so, it has fired.
    pub(super) fn fires(&mut self, kind: FaultKind) -> bool {
        let is = self.fault(kind).is_some();
        self.fired |= is;
        is
    }
}
