//! Errors of API v2: `{"reasonCode","message"}`.

use serde::Serialize;

use super::super::call::Call;
use super::super::decided::DISPUTE_REFUSED;
use super::super::message::Answer;
use super::{json, stamp};

/// Why a request is not answered with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::serve) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

fn refusal(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status, code, message: message.into() }
}

impl Refusal {
    /// No such route, report, document, schedule or dispute.
    pub(in crate::rehearsal::serve) fn not_found() -> Self {
        refusal(404, "ResourceNotFound", "The resource was not found.")
    }

    /// A header is not there.
    pub(super) fn missing_header(name: &str) -> Self {
        refusal(400, "MissingHeader", format!("Missing header {name}."))
    }

    /// A header is empty.
    pub(super) fn missing_header_value(name: &str) -> Self {
        refusal(400, "MissingHeaderValue", format!("Missing value for header {name}."))
    }

    /// A header has an impossible value.
    pub(super) fn header(name: &str) -> Self {
        refusal(400, "InvalidHeaderValue", format!("Invalid value for header {name}."))
    }

    /// No such public key.
    pub(super) fn authentication() -> Self {
        refusal(403, "InvalidAuthentication", "The public key id is not known.")
    }

    /// The signature does not verify; the service shows what it computed.
    pub(super) fn signature(status: u16, string_to_sign: &str, signature: &str) -> Self {
        let message =
            format!("Unable to verify signature, signing String [{string_to_sign}] , signature [{signature}]");
        refusal(status, "InvalidRequestSignature", message)
    }

    /// Not allowed with this key, or not for this account.
    pub(in crate::rehearsal::serve) fn unauthorized() -> Self {
        refusal(401, "UnauthorizedAccess", "You do not have permission to access this resource.")
    }

    /// A dispute operation that is not for merchants.
    pub(super) fn dispute() -> Self {
        Self { code: DISPUTE_REFUSED, ..Self::unauthorized() }
    }

    /// Too many requests.
    pub(in crate::rehearsal::serve) fn throttled() -> Self {
        refusal(429, "TooManyRequests", "The request was throttled.")
    }

    /// A body that is no JSON object.
    pub(super) fn format() -> Self {
        refusal(400, "InvalidRequestFormat", "The request body is not valid JSON.")
    }

    /// A member or parameter that does not exist.
    pub(super) fn unrecognized(name: &str) -> Self {
        refusal(400, "UnrecognizedField", format!("The field {name} is not recognized."))
    }

    /// A member or parameter that is required.
    pub(super) fn missing(name: &str) -> Self {
        refusal(400, "MissingParameterValue", format!("Missing value for parameter {name}."))
    }

    /// A member or parameter with an impossible value.
    pub(super) fn value(name: &str) -> Self {
        refusal(400, "InvalidParameterValue", format!("Invalid value for parameter {name}."))
    }

    /// A token together with anything else.
    pub(super) fn combination() -> Self {
        refusal(400, "InvalidParameterCombination", "nextToken cannot be specified with other parameters.")
    }

    /// The idempotency key was used for another request.
    pub(super) fn duplicate_key() -> Self {
        refusal(400, "DuplicateIdempotencyKey", "The idempotency key was used with another request.")
    }

    /// The service failed.
    pub(in crate::rehearsal::serve) fn internal() -> Self {
        refusal(500, "InternalServerError", "There was an unknown error in the service.")
    }

    /// The service is away.
    pub(in crate::rehearsal::serve) fn unavailable() -> Self {
        refusal(503, "ServiceUnavailable", "The service is temporarily unavailable.")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    reason_code: &'a str,
    message: &'a str,
}

/// Prints an error.
pub(in crate::rehearsal::serve) fn refuse(call: &mut Call<'_>, refusal: Refusal) -> Answer {
    call.trace.verdict = refusal.code.to_owned();
    stamp(call, json(refusal.status, &Body { reason_code: refusal.code, message: &refusal.message }))
}
