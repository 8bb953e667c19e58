//! Faults on request: a queue of them, each with the requests it waits for.
//!
//! The first fault that matches a request acts on it. [`Faults::unfired`] tells at the end of a test
//! which ones never came up: a fault that never fired is a test that tested nothing.

mod kind;
mod lists;
mod texts;
mod whole;

pub use kind::{FaultKind, UnknownFault};
pub(super) use lists::{Page, change_state, prepare, shape};
pub(super) use whole::{compressed, early, late};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::journal::Face;

/// Which requests a fault waits for. What is absent matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<Face>,
    /// The MWS action (`GetReport`), the Pay operation (`GetReportDocument`) or `GetObject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The account's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// A part of path and query, or of the form's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only from the so manieth matching request on, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

/// How often a fault fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Times {
    /// So often; each is expected.
    Number(u32),
    /// As long as it is there; at least once is expected.
    Always(Always),
}

/// The word `always`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Always {
    /// As long as the fault is there.
    Always,
}

impl Default for Times {
    fn default() -> Self {
        Times::Number(1)
    }
}

/// A fault and when it comes up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The requests that it waits for.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// What happens.
    pub fault: FaultKind,
    /// How exactly; see [`FaultKind`].
    #[serde(default)]
    pub args: Map<String, Value>,
    /// How often.
    #[serde(default)]
    pub times: Times,
}

impl Fault {
    /// A fault that hits the next request on which it can act, once.
    #[must_use]
    pub fn new(fault: FaultKind) -> Self {
        Self { matching: Match::default(), fault, args: Map::new(), times: Times::default() }
    }

    /// Only on this service.
    #[must_use]
    pub fn on(mut self, face: Face) -> Self {
        self.matching.face = Some(face);
        self
    }

    /// Only on this action or operation.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.matching.action = Some(action.into());
        self
    }

    /// Only for this account.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.matching.account = Some(account.into());
        self
    }

    /// Only where the target or the form contains this.
    #[must_use]
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.matching.path = Some(part.into());
        self
    }

    /// Only from the so manieth matching request on.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.matching.nth = Some(nth);
        self
    }

    /// So often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Times::Number(times);
        self
    }

    /// As long as it is there.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = Times::Always(Always::Always);
        self
    }

    /// With an argument; see [`FaultKind`].
    #[must_use]
    pub fn arg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.args.insert(name.into(), value.into());
        self
    }

    /// Whether it acts on a listener, and not on requests.
    pub(super) fn closes_a_listener(&self) -> bool {
        self.fault == FaultKind::Refuse && self.args.contains_key("listener")
    }

    /// An argument as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.args.get(name).and_then(Value::as_str)
    }

    /// An argument as a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.args.get(name).and_then(Value::as_i64)
    }
}

/// A fault in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// Its id in the queue.
    pub id: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests it has matched.
    pub matched: u64,
    /// How often it has fired.
    pub fired: u32,
}

impl FaultState {
    fn is_spent(&self) -> bool {
        matches!(self.fault.times, Times::Number(times) if self.fired >= times)
    }

    fn is_satisfied(&self) -> bool {
        match self.fault.times {
            Times::Number(times) => self.fired >= times,
            Times::Always(_) => self.fired > 0,
        }
    }
}

/// What a fault can see of a request.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) face: Face,
    pub(super) action: String,
    pub(super) account: Option<String>,
    /// Path, query and form.
    pub(super) text: String,
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    queue: Vec<FaultState>,
    last_id: u64,
}

impl Faults {
    /// Adds a fault at the end.
    pub(super) fn add(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        self.queue.push(FaultState { id: self.last_id, fault, matched: 0, fired: 0 });
        self.last_id
    }

    /// Forgets every fault.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Every fault, fired or not.
    pub(super) fn all(&self) -> &[FaultState] {
        &self.queue
    }

    /// The faults that have not fired as often as they should.
    pub(super) fn unfired(&self) -> Vec<FaultState> {
        self.queue.iter().filter(|state| !state.is_satisfied()).cloned().collect()
    }

    /// The first fault that acts on a request.
    pub(super) fn pick(&mut self, subject: &Subject) -> Option<FaultState> {
        for state in self.queue.iter_mut().filter(|state| !state.is_spent()) {
            let acts = state.fault.fault.reaches(subject.face, &subject.action) && !state.fault.closes_a_listener();
            if !acts || !is_match(&state.fault.matching, subject) {
                continue;
            }
            state.matched += 1;
            if state.fault.matching.nth.is_none_or(|nth| state.matched >= nth) {
                return Some(state.clone());
            }
        }
        None
    }

    /// The first waiting fault of a kind, for what no request describes.
    pub(super) fn pick_kind(&self, kind: FaultKind) -> Option<FaultState> {
        self.queue.iter().find(|state| state.fault.fault == kind && !state.is_spent()).cloned()
    }

    /// Notes that a fault has fired.
    pub(super) fn fired(&mut self, id: u64) {
        if let Some(state) = self.queue.iter_mut().find(|state| state.id == id) {
            state.fired = state.fired.saturating_add(1);
        }
    }
}

fn is_match(wanted: &Match, subject: &Subject) -> bool {
    wanted.face.is_none_or(|face| face == subject.face)
        && wanted.action.as_ref().is_none_or(|action| *action == subject.action)
        && wanted.account.as_ref().is_none_or(|account| subject.account.as_ref() == Some(account))
        && wanted.path.as_ref().is_none_or(|part| subject.text.contains(part.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(action: &str) -> Subject {
        Subject { face: Face::Mws, action: action.to_owned(), account: Some("a".to_owned()), text: "/?x=1".to_owned() }
    }

    #[test]
    fn the_first_match_acts_until_it_is_spent() {
        let mut faults = Faults::default();
        let first = faults.add(Fault::new(FaultKind::Http500).action("GetReport").times(2));
        let second = faults.add(Fault::new(FaultKind::Gone));
        assert_eq!(faults.pick(&subject("GetReportList")).unwrap().id, second);
        for _ in 0..2 {
            let picked = faults.pick(&subject("GetReport")).unwrap();
            assert_eq!(picked.id, first);
            faults.fired(picked.id);
        }
        assert_eq!(faults.pick(&subject("GetReport")).unwrap().id, second);
        assert_eq!(faults.unfired().len(), 1);
        faults.fired(second);
        assert!(faults.unfired().is_empty());
    }

    #[test]
    fn the_nth_request_is_counted_among_those_that_match() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::Http503).action("GetReport").nth(2));
        assert!(faults.pick(&subject("GetReportList")).is_none());
        assert!(faults.pick(&subject("GetReport")).is_none());
        assert!(faults.pick(&subject("GetReport")).is_some());
    }

    #[test]
    fn a_fault_acts_only_where_it_can() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::Md5Wrong));
        faults.add(Fault::new(FaultKind::UrlExpired));
        assert!(faults.pick(&subject("GetReportList")).is_none());
        assert!(faults.pick(&subject("GetReport")).is_some());
    }

    #[test]
    fn the_json_form_is_that_of_the_control_endpoint() {
        let text =
            r#"{"match":{"face":"mws","action":"GetReport","nth":1},"fault":"http-500","args":{"a":1},"times":3}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!((fault.fault, fault.times), (FaultKind::Http500, Times::Number(3)));
        let always: Fault = serde_json::from_str(r#"{"fault":"gone","times":"always"}"#).unwrap();
        assert_eq!(always.times, Times::Always(Always::Always));
        assert!(serde_json::from_str::<Fault>(r#"{"fault":"dns"}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"fault":"gone","macth":{}}"#).is_err());
    }
}
