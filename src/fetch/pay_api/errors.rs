//! What an answer of the Pay API that is no success means: the class of its status, then the reason code.

use serde::Deserialize;

use super::super::channel::Channel;
use super::super::error::{FetchError, Refusal, Service, SignatureFault};
use super::super::refusals::{shortened, wait_named};
use crate::net::Answer;

/// Hex digits of a SHA-256.
const HASH_DIGITS: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    #[serde(default)]
    pub(super) reason_code: String,
    #[serde(default)]
    pub(super) message: String,
}

/// Judges an answer that is no success. `signed` is the hash in the string that was signed.
pub(in super::super) async fn judge(
    answer: Answer,
    operation: &'static str,
    signed: &str,
    channel: &Channel<'_>,
) -> FetchError {
    let status = answer.status();
    let request_id = answer.header("x-amz-pay-request-id").map(str::to_owned);
    let server = answer.date();
    let wait = wait_named(&answer, channel);
    let body = match answer.body().await {
        Ok(body) => body,
        Err(why) => return why.into(),
    };
    let Ok(Body { reason_code: code, message }) = serde_json::from_slice(&body) else {
        return FetchError::Foreign { operation, what: what_came(&body), status };
    };
    let refused = |refusal| FetchError::Refused { service: Service::PayApi, refusal };
    let skewed = if matches!(status, 400 | 401 | 403) { channel.skew_from(server) } else { None };
    match (status, code.as_str()) {
        (429, _) | (_, "TooManyRequests") => FetchError::Throttled { operation, wait },
        (_, "InvalidHeaderValue" | "InvalidRequestSignature" | "InvalidAuthentication") if skewed.is_some() => {
            FetchError::ClockSkew { ahead: skewed.unwrap_or_default() }
        }
        (_, "InvalidRequestSignature") => refused(Refusal::Signature(signature_fault(&message, signed))),
        (_, "InvalidAuthentication") => refused(Refusal::UnknownKey),
        (_, "InvalidAccountStatus") => refused(Refusal::NotAuthorised),
        (401, "UnauthorizedAccess") => refused(Refusal::OtherEnvironment),
        (401 | 403, _) => refused(Refusal::NotAuthorised),
        (410, _) => refused(Refusal::Withdrawn("status 410")),
        _ => FetchError::Answered { operation, status, code, message: shortened(&message), request_id },
    }
}

/// The service echoes its own string to sign: equal hashes mean that the key is another one.
pub(super) fn signature_fault(message: &str, signed: &str) -> SignatureFault {
    let runs = message.split(|c: char| !c.is_ascii_hexdigit());
    match runs.into_iter().find(|run| run.len() == HASH_DIGITS) {
        Some(echoed) if !echoed.eq_ignore_ascii_case(signed) => SignatureFault::OtherText,
        _ => SignatureFault::OtherKey,
    }
}

fn what_came(body: &[u8]) -> &'static str {
    if body.trim_ascii_start().first() == Some(&b'<') { "a page" } else { "something else" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echoed_hash_tells_a_wrong_key_from_a_wrong_text() {
        let hash = "a008efac480ad16a86e86b75f0835ef21ebf70d6d98300cec1d1297acf4fb659";
        let message = |hash: &str| {
            format!(
                "Unable to verify signature, signing String [AMZN-PAY-RSASSA-PSS-V2\\n{hash}] , signature [aGVsbG8=]"
            )
        };
        assert_eq!(signature_fault(&message(hash), hash), SignatureFault::OtherKey);
        assert_eq!(signature_fault(&message(&"0".repeat(64)), hash), SignatureFault::OtherText);
        assert_eq!(signature_fault("no", hash), SignatureFault::OtherKey);
    }
}
