//! The control endpoints under `/__control`: what [`Control`] does, for a test in another process.
//!
//! They use no quota and leave no trace in the journal. Only a `Host` of the bound address is served, so
//! that no page in a browser can reach them.

use std::net::IpAddr;

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::{Value, json};

use super::clock::ClockMode;
use super::control::{Control, Waiting, listeners_of};
use super::faults::{Fault, FaultState};
use super::fixture::{Account, ReportEntry};
use super::message::{Answer, Received};
use super::stamps;
use crate::domain::Clock;

/// The path of every endpoint.
pub(super) const ROOT: &str = "/__control";

/// Why a control call was refused.
struct Refused {
    status: u16,
    why: String,
}

fn refused(status: u16, why: impl ToString) -> Refused {
    Refused { status, why: why.to_string() }
}

/// Answers a control call.
pub(super) fn answer(control: &Control, bound: IpAddr, request: &Received) -> Answer {
    let answered = if is_own_host(request, bound) {
        perform(control, request)
    } else {
        Err(refused(403, "control calls need the Host of the bound loopback address"))
    };
    answered.unwrap_or_else(|refused| print(refused.status, &json!({"error": refused.why})))
}

fn is_own_host(request: &Received, bound: IpAddr) -> bool {
    let host = request.header("host").unwrap_or_default();
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host, ""),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|host| host == bound) && (port.is_empty() || port.parse::<u16>().is_ok())
}

fn perform(control: &Control, request: &Received) -> Result<Answer, Refused> {
    let path = request.path().strip_prefix(ROOT).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["health"]) => Ok(print(200, &health(control))),
        ("GET", ["clock"]) => Ok(print(200, &clock(control))),
        ("POST", ["clock"]) => set_clock(control, request),
        ("GET", ["journal"]) => Ok(print(200, &control.journal_since(since(request)))),
        ("DELETE", ["journal"]) => {
            control.clear_journal();
            Ok(Answer::empty(204))
        }
        ("POST", ["faults"]) => plant(control, request),
        ("GET", ["faults"]) => Ok(print(200, &control.faults())),
        ("DELETE", ["faults"]) => {
            control.forget_faults(Waiting::NotAtAll);
            Ok(Answer::empty(204))
        }
        ("POST", ["reports"]) => insert(control, request),
        ("DELETE", ["reports", id]) if control.remove_report(id) => Ok(Answer::empty(204)),
        ("PATCH", ["accounts", name]) => patch(control, name, request),
        ("POST", ["reset"]) => {
            control.start_over(Waiting::NotAtAll).map_err(|error| refused(500, error))?;
            Ok(print(200, &health(control)))
        }
        ("GET", ["verdict"]) => Ok(verdict(control)),
        _ => Err(refused(404, "there is no such control endpoint")),
    }
}

fn print(status: u16, body: &impl Serialize) -> Answer {
    Answer::new(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}

fn clock(control: &Control) -> Value {
    json!({"now": stamps::plain(control.now()), "mode": control.clock_mode()})
}

fn health(control: &Control) -> Value {
    json!({"ok": true, "now": stamps::plain(control.now()), "mode": control.clock_mode()})
}

fn body(request: &Received) -> Result<Value, Refused> {
    serde_json::from_slice(&request.body).map_err(|error| refused(400, error))
}

fn set_clock(control: &Control, request: &Received) -> Result<Answer, Refused> {
    let body = body(request)?;
    let wrong = || refused(400, "expected {\"set\":\"<instant>\"}, {\"advance_s\":30} or {\"mode\":\"real\"}");
    match (body.get("set"), body.get("advance_s"), body.get("mode")) {
        (Some(at), None, None) => {
            control.set_clock(at.as_str().and_then(stamps::read_any).ok_or_else(wrong)?);
        }
        (None, Some(seconds), None) => {
            let by = seconds.as_i64().and_then(TimeDelta::try_seconds).filter(|by| *by >= TimeDelta::zero());
            control.advance(by.ok_or_else(wrong)?);
        }
        (None, None, Some(mode)) => {
            let modes = [("frozen", ClockMode::Frozen), ("offset", ClockMode::Offset), ("real", ClockMode::Real)];
            let mode = modes.iter().find(|(word, _)| mode == word).ok_or_else(wrong)?;
            control.set_clock_mode(mode.1);
        }
        _ => return Err(wrong()),
    }
    Ok(print(200, &clock(control)))
}

fn since(request: &Received) -> u64 {
    let parameters = request.parameters(super::encoding::Plus::Literal);
    let given = parameters.iter().find(|(name, _)| name == "since");
    given.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

fn plant(control: &Control, request: &Received) -> Result<Answer, Refused> {
    let faults: Vec<Fault> = serde_json::from_slice(&request.body).map_err(|error| refused(400, error))?;
    if faults.iter().any(|fault| listeners_of(fault).contains(&request.scheme)) {
        return Err(refused(400, "that listener carries this call; close it from the other one"));
    }
    let mut ids = Vec::new();
    for fault in faults {
        let closes = listeners_of(&fault);
        ids.push(control.queue_fault(fault));
        control.order(&closes, false, Waiting::NotAtAll);
    }
    Ok(print(201, &ids))
}

fn insert(control: &Control, request: &Received) -> Result<Answer, Refused> {
    let entry: ReportEntry = serde_json::from_slice(&request.body).map_err(|error| refused(400, error))?;
    let report = entry.into_report(None).map_err(|error| refused(400, error))?;
    control.insert_report(report).map_err(|error| refused(400, error))?;
    Ok(Answer::empty(201))
}

/// Puts the given members over those of the account.
fn patch(control: &Control, name: &str, request: &Received) -> Result<Answer, Refused> {
    let Value::Object(changes) = body(request)? else { return Err(refused(400, "expected an object")) };
    let mut outcome = Ok(());
    let found = control.patch_account(name, |account| {
        let mut value = serde_json::to_value(&*account).unwrap_or_default();
        if let Value::Object(members) = &mut value {
            members.extend(changes);
        }
        match serde_json::from_value::<Account>(value) {
            Ok(changed) => *account = changed,
            Err(error) => outcome = Err(refused(400, error)),
        }
    });
    outcome?;
    if found { Ok(print(200, &json!({"ok": true}))) } else { Err(refused(404, format!("there is no account {name}"))) }
}

fn verdict(control: &Control) -> Answer {
    match control.verdict() {
        Ok(()) => print(200, &Vec::<FaultState>::new()),
        Err(unfired) => print(409, &unfired),
    }
}
