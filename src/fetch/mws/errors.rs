//! What an answer that is no success means: by Amazon's own code first, by its status second.

use super::super::channel::Channel;
use super::super::error::{FetchError, Refusal, Service, SignatureFault};
use super::super::instants::read_instant;
use super::super::refusals::{shortened, wait_named};
use super::xml::read_xml;
use crate::domain::Instant;
use crate::net::Answer;

/// Judges an answer that is no success.
pub(super) async fn judge(answer: Answer, operation: &'static str, channel: &Channel<'_>) -> FetchError {
    let status = answer.status();
    let request_id = answer.header("x-mws-request-id").map(str::to_owned);
    let server = answer.header("x-mws-timestamp").and_then(read_instant).or_else(|| answer.date());
    let retry_after = wait_named(&answer, channel);
    let resets = answer.header("x-mws-quota-resetson").and_then(read_instant);
    let body = match answer.body().await {
        Ok(body) => body,
        Err(why) => return why.into(),
    };
    let Some((code, message)) = error_of(&body) else { return without_code(operation, status, &body) };
    let refused = |refusal| FetchError::Refused { service: Service::Mws, refusal };
    match code.as_str() {
        "RequestThrottled" => FetchError::Throttled { operation, wait: retry_after },
        "QuotaExceeded" => FetchError::QuotaSpent { operation, resets: resets.or_else(|| reset_in(&message)) },
        "RequestExpired" | "InvalidParameterValue" | "SignatureDoesNotMatch"
            if let Some(ahead) = channel.skew_from(server) =>
        {
            FetchError::ClockSkew { ahead }
        }
        "InvalidAccessKeyId" => refused(Refusal::UnknownKey),
        "AccessDenied" => refused(Refusal::NotAuthorised),
        "SignatureDoesNotMatch" => refused(Refusal::Signature(SignatureFault::OtherSecret)),
        _ if status == 410 => refused(Refusal::Withdrawn("status 410")),
        _ => FetchError::Answered { operation, status, code, message: shortened(&message), request_id },
    }
}

/// Code and message of `ErrorResponse`.
pub(super) fn error_of(body: &[u8]) -> Option<(String, String)> {
    let root = read_xml(body).ok()?;
    let error = if root.name == "Error" { &root } else { root.child("Error")? };
    let message = error.text_of("Message").unwrap_or_default();
    Some((error.text_of("Code")?.to_owned(), message.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// "Your quota will reset on …": the last words of the sentence are the instant, in one of Amazon's forms.
pub(super) fn reset_in(message: &str) -> Option<Instant> {
    let (_, after) = message.rsplit_once("reset on ")?;
    let after = after.trim().trim_end_matches('.');
    // `Thu Nov 26 10:00:00 UTC 2026` is the form of Java's dates.
    let java = || {
        let at = chrono::NaiveDateTime::parse_from_str(
            &after.replace(" UTC", "").replace(" GMT", ""),
            "%a %b %d %H:%M:%S %Y",
        );
        at.ok().map(|at| at.and_utc().into())
    };
    read_instant(after).or_else(java)
}

/// No error of MWS's own format: a page, a proxy, or nothing at all.
fn without_code(operation: &'static str, status: u16, body: &[u8]) -> FetchError {
    let page = body.trim_ascii_start().first() == Some(&b'<');
    match status {
        410 => FetchError::Refused { service: Service::Mws, refusal: Refusal::Withdrawn("status 410") },
        500..=599 => FetchError::Foreign { operation, what: if page { "a page" } else { "something else" }, status },
        _ if page => FetchError::Refused { service: Service::Mws, refusal: Refusal::Withdrawn("a web page answers") },
        _ => FetchError::Foreign { operation, what: "something else", status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reset_of_a_quota_is_read_in_three_forms() {
        for text in [
            "You exceeded your quota of 60.0 requests per 1 hour for operation X.  Your quota will reset on Thu Nov 26 10:00:00 UTC 2026",
            "Your quota will reset on 2026-11-26T10:00:00.000Z",
            "Your quota will reset on Thu, 26 Nov 2026 10:00:00 GMT",
        ] {
            assert_eq!(reset_in(text).unwrap().to_string(), "2026-11-26T10:00:00+00:00", "{text}");
        }
        assert_eq!(reset_in("Your quota will reset on some day"), None);
    }

    #[test]
    fn an_error_is_read_whatever_its_namespace_and_line_breaks() {
        let text = "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>AccessDenied</Code>\
             <Message>Access\n to it</Message><Detail/></Error><RequestID>1</RequestID></ErrorResponse>";
        assert_eq!(error_of(text.as_bytes()), Some(("AccessDenied".to_owned(), "Access to it".to_owned())));
        assert_eq!(error_of(b"<html></html>"), None);
    }

    #[test]
    fn a_page_with_an_error_status_is_not_taken_for_an_answer_of_mws() {
        let page = b"<!doctype html><html></html>";
        assert!(matches!(without_code("X", 503, page), FetchError::Foreign { status: 503, .. }));
        assert!(matches!(without_code("X", 410, b""), FetchError::Refused { refusal: Refusal::Withdrawn(_), .. }));
        assert!(matches!(without_code("X", 404, page), FetchError::Refused { refusal: Refusal::Withdrawn(_), .. }));
    }
}
