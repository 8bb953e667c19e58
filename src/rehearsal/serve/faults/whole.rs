//! Faults that replace a whole answer, or spoil one that was good.

use chrono::TimeDelta;

use super::super::call::Call;
use super::super::encoding::{base64_encode, md5};
use super::super::journal::Face;
use super::super::message::{Answer, Delivery};
use super::super::stamps;
use super::super::world::World;
use super::super::{mws, pay, storage};
use super::{Fault, FaultKind, texts};

/// What a proxy or a withdrawn service sends.
const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Service</title></head><body><h1>We'll be right back</h1>\
                    <p>This page is not a report.</p></body></html>\n";
/// How far the clock of `clock-skew` is off when the fault does not say.
const SKEW_MINUTES: i64 = 20;
/// What `retry-after` asks for when the fault does not say.
const RETRY_AFTER_S: i64 = 5;
/// One day more than anything is kept.
const GAP: TimeDelta = TimeDelta::days(91);
/// One second more than a document's URL lives.
const URL_LIFE_OVER: TimeDelta = TimeDelta::seconds(31);

/// The answer of a fault that leaves nothing to do for the service; others only change the time.
pub(in crate::rehearsal::serve) fn early(world: &mut World, call: &mut Call<'_>, face: Face) -> Option<Answer> {
    let fault = call.any_fault()?.clone();
    let answer = match fault.fault {
        FaultKind::Gap90 => return advance(world, call, GAP),
        FaultKind::UrlExpired => return advance(world, call, URL_LIFE_OVER),
        FaultKind::ClockSkew => {
            call.server_now = call.now + TimeDelta::minutes(fault.number("minutes").unwrap_or(SKEW_MINUTES));
            call.fire();
            return None;
        }
        FaultKind::Refuse => silent(call, Delivery::Dropped),
        FaultKind::StallHeaders => silent(call, Delivery::StallHeaders),
        FaultKind::Html200 => page(call, 200),
        FaultKind::Html503 => page(call, 503),
        FaultKind::Gone => page(call, 410),
        FaultKind::MwsWithdrawn => withdrawn(call, &fault),
        FaultKind::Http500 => refuse(world, call, face, Stumble::Internal),
        FaultKind::Http503 => refuse(world, call, face, Stumble::Unavailable),
        FaultKind::Throttle => refuse(world, call, face, Stumble::Throttled),
        FaultKind::Quota => quota(world, call, face, &fault),
        FaultKind::AccessDenied => refuse(world, call, face, Stumble::Denied),
        FaultKind::RetryAfter => {
            let seconds = fault.number("seconds").unwrap_or(RETRY_AFTER_S);
            refuse(world, call, face, Stumble::Throttled).with("retry-after", seconds.to_string())
        }
        FaultKind::Url403Once => storage::refuse_once(world, call),
        _ => return None,
    };
    call.fire();
    Some(answer)
}

/// The errors that each face words in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stumble {
    Internal,
    Unavailable,
    Throttled,
    Denied,
}

fn refuse(world: &mut World, call: &mut Call<'_>, face: Face, stumble: Stumble) -> Answer {
    match face {
        Face::Mws => {
            let refusal = match stumble {
                Stumble::Internal => mws::Refusal::internal(),
                Stumble::Unavailable => mws::Refusal::unavailable(),
                Stumble::Throttled => mws::Refusal::throttled(),
                Stumble::Denied => mws::Refusal::access_denied(),
            };
            mws::refuse(world, call, refusal)
        }
        Face::Pay => {
            let refusal = match stumble {
                Stumble::Internal => pay::Refusal::internal(),
                Stumble::Unavailable => pay::Refusal::unavailable(),
                Stumble::Throttled => pay::Refusal::throttled(),
                Stumble::Denied => pay::Refusal::unauthorized(),
            };
            pay::refuse(call, refusal)
        }
        Face::Storage => match stumble {
            Stumble::Internal => {
                storage::refuse(call, 500, "InternalError", "We encountered an internal error. Please try again.")
            }
            _ => storage::refuse(call, 503, "SlowDown", "Please reduce your request rate."),
        },
    }
}

/// `QuotaExceeded`, with the reset in one of the forms that were seen or without it.
fn quota(world: &mut World, call: &mut Call<'_>, face: Face, fault: &Fault) -> Answer {
    if face != Face::Mws {
        return refuse(world, call, face, Stumble::Throttled);
    }
    let resets = call.now + TimeDelta::minutes(fault.number("minutes").unwrap_or(60));
    let text = match fault.text("resets_on") {
        Some("missing") => None,
        Some("http") => Some(stamps::http(resets)),
        _ => Some(stamps::millis(resets)),
    };
    let place = fault.text("in").unwrap_or("message");
    let in_message = text.as_deref().filter(|_| place != "header");
    let mut answer = mws::refuse_quota(world, call, in_message);
    if let Some(text) = text.filter(|_| place != "message") {
        answer.set("x-mws-quota-resetson", text);
    }
    answer
}

fn withdrawn(call: &mut Call<'_>, fault: &Fault) -> Answer {
    match fault.text("form") {
        Some("html") => page(call, 200),
        Some("closed") => silent(call, Delivery::Dropped),
        _ => page(call, 410),
    }
}

fn page(call: &mut Call<'_>, status: u16) -> Answer {
    call.trace.verdict = format!("html {status}");
    Answer::new(status, "text/html; charset=UTF-8", HTML).with("date", stamps::http(call.server_now))
}

fn silent(call: &mut Call<'_>, delivery: Delivery) -> Answer {
    call.trace.verdict = "no answer".to_owned();
    Answer { delivery, ..Answer::empty(200) }
}

fn advance(world: &mut World, call: &mut Call<'_>, by: TimeDelta) -> Option<Answer> {
    world.advance(by);
    call.now = world.clock.now();
    call.server_now = call.now;
    call.fire();
    None
}

/// Spoils an answer that was good.
pub(in crate::rehearsal::serve) fn late(world: &mut World, call: &mut Call<'_>, face: Face, answer: &mut Answer) {
    let Some(fault) = call.any_fault().cloned() else { return };
    if answer.status >= 300 {
        return;
    }
    match fault.fault {
        FaultKind::StallBody => answer.delivery = Delivery::StallBody,
        FaultKind::CutBody => answer.delivery = Delivery::CutBody,
        FaultKind::Md5Wrong => answer.set("content-md5", base64_encode(&md5(b"another body"))),
        FaultKind::ListedMissing => *answer = missing(world, call, face),
        FaultKind::NotReady => *answer = pay::not_ready(call, &fault, answer),
        FaultKind::Gzip => return gzip(world, call, &fault, answer),
        FaultKind::Bom => replace(answer, texts::with_mark(&answer.body)),
        FaultKind::Cp1252 => {
            replace(answer, texts::in_windows_1252(&answer.body));
            answer.set("content-type", "text/plain");
        }
        FaultKind::CharsetLies => answer.set("content-type", "text/plain;charset=windows-1252"),
        FaultKind::Empty => replace(answer, Vec::new()),
        FaultKind::HeaderOnly => replace(answer, texts::header_only(&answer.body)),
        _ => return,
    }
    call.fire();
}

fn missing(world: &mut World, call: &mut Call<'_>, face: Face) -> Answer {
    match face {
        Face::Mws => mws::refuse(world, call, mws::Refusal::unknown_report()),
        Face::Pay => pay::refuse(call, pay::Refusal::not_found()),
        Face::Storage => storage::refuse(call, 404, "NoSuchKey", "The specified key does not exist."),
    }
}

/// Another body, with the checksums of that body.
fn replace(answer: &mut Answer, body: Vec<u8>) {
    if answer.header("content-md5").is_some() {
        answer.set("content-md5", base64_encode(&md5(&body)));
    }
    if answer.header("etag").is_some() {
        answer.set("etag", storage::etag(&body));
    }
    answer.body = body.into();
}

/// Compresses on the way (the checksum stays that of the plain bytes), or tells API v2's client to expect
/// a compressed document and keeps it that way in the storage.
fn gzip(world: &mut World, call: &mut Call<'_>, fault: &Fault, answer: &mut Answer) {
    let by_algorithm = fault.text("by") == Some("algorithm");
    let is_document_call = answer.header("content-type").is_some_and(|name| name.starts_with("application/json"));
    match (by_algorithm, is_document_call) {
        (true, true) => {
            let Some(changed) = world.urls.compress(&answer.body) else { return };
            answer.body = changed.into();
        }
        (false, false) => {
            answer.body = texts::compressed(&answer.body).into();
            answer.set("content-encoding", "gzip");
        }
        // The other half of the pair is not this request.
        _ => return,
    }
    call.fire();
}

/// The compressed form of a stored document.
pub(in crate::rehearsal::serve) fn compressed(bytes: &[u8]) -> Vec<u8> {
    texts::compressed(bytes)
}
