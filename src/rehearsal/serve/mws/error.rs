//! Errors of MWS, worded as in recordings and reports, in the forms that occur.

use chrono::{DateTime, Utc};

use super::super::call::Call;
use super::super::decided::{ERROR_PLAIN_EVERY, MWS_PARAMETER_WRONG, MWS_REPORT_UNKNOWN, USER_AGENT_STATUS};
use super::super::message::Answer;
use super::super::quota::Left;
use super::super::stamps;
use super::super::world::World;
use super::action::Action;
use super::xml::escaped;
use super::{NAMESPACE, stamp};

/// The namespace of errors outside the section.
const OTHER_NAMESPACE: &str = "https://mws.amazonservices.com/";

/// Why a request is not answered with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::serve) struct Refusal {
    status: u16,
    kind: &'static str,
    code: &'static str,
    message: String,
    namespace: &'static str,
}

fn sender(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status, kind: "Sender", code, message: message.into(), namespace: NAMESPACE }
}

fn receiver(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { kind: "Receiver", ..sender(status, code, message) }
}

impl Refusal {
    /// No such section or version.
    pub(super) fn address(rest: &str) -> Self {
        let message = format!("Invalid Section name or version provided - {rest}");
        Self { namespace: OTHER_NAMESPACE, ..sender(404, "InvalidAddress", message) }
    }

    /// A user agent that is not of the documented form.
    pub(super) fn user_agent() -> Self {
        sender(USER_AGENT_STATUS, "UserAgentHeaderMalformed", "Problem with required MWS User-Agent header")
    }

    /// A parameter is not there.
    pub(super) fn missing(name: &str) -> Self {
        sender(400, "MissingParameter", format!("The request must contain the parameter {name}."))
    }

    /// A parameter has an impossible value.
    pub(super) fn value(name: &str, value: &str) -> Self {
        sender(400, "InvalidParameterValue", format!("Value {value} for parameter {name} is invalid."))
    }

    /// A parameter is given twice, or names no action.
    pub(super) fn parameter(name: &str) -> Self {
        sender(400, MWS_PARAMETER_WRONG, format!("Parameter {name} is not valid."))
    }

    /// No such access key.
    pub(super) fn access_key() -> Self {
        sender(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    }

    /// Another signature.
    pub(super) fn signature() -> Self {
        let message = "The request signature we calculated does not match the signature you provided. Check your AWS \
                       Secret Access Key and signing method. Consult the service documentation for details.";
        sender(403, "SignatureDoesNotMatch", message)
    }

    /// Signed too long ago, or not yet.
    pub(super) fn expired(stamp: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let when = if at < now { "past and has expired" } else { "future" };
        let message = format!("Request signature is too far in the {when}. Timestamp date: {stamp}");
        sender(400, "RequestExpired", message)
    }

    /// The merchant has not allowed this.
    pub(in crate::rehearsal::serve) fn access_denied() -> Self {
        sender(401, "AccessDenied", "Access denied")
    }

    /// Too many requests at once.
    pub(in crate::rehearsal::serve) fn throttled() -> Self {
        sender(503, "RequestThrottled", "Request is throttled")
    }

    /// Too many requests an hour.
    pub(super) fn exceeded(action: Action, left: Left) -> Self {
        Self::quota(&format!("{}.0", left.max), action.name(), Some(&stamps::millis(left.resets)))
    }

    fn quota(max: &str, action: &str, resets: Option<&str>) -> Self {
        let when = resets.map(|at| format!("  Your quota will reset on {at}")).unwrap_or_default();
        let message = format!(
            "You exceeded your quota of {max} requests per 1 hour for operation Reports/2009-01-01/{action}.{when}"
        );
        sender(503, "QuotaExceeded", message)
    }

    /// A report that is unknown or older than 90 days.
    pub(in crate::rehearsal::serve) fn unknown_report() -> Self {
        sender(400, MWS_REPORT_UNKNOWN, "The specified report id is not valid or the report is no longer available.")
    }

    /// The service failed.
    pub(in crate::rehearsal::serve) fn internal() -> Self {
        receiver(500, "InternalError", "An internal error has occurred. Please try again later.")
    }

    /// The service is away.
    pub(in crate::rehearsal::serve) fn unavailable() -> Self {
        receiver(503, "ServiceUnavailable", "Service is unavailable. Please try again later.")
    }
}

/// `QuotaExceeded` on request of a fault.
pub(in crate::rehearsal::serve) fn refuse_quota(
    world: &mut World,
    call: &mut Call<'_>,
    resets: Option<&str>,
) -> Answer {
    let action = super::Parameters::of_request(call.request).get("Action").unwrap_or_default().to_owned();
    let known = Action::named(&action).and_then(|action| action.quota().hourly);
    let max = format!("{}.0", known.unwrap_or(super::super::decided::HOURLY_UNKNOWN));
    refuse(world, call, Refusal::quota(&max, &action, resets))
}

/// Prints an error; the details that vary in recordings vary here too.
pub(in crate::rehearsal::serve) fn refuse(world: &mut World, call: &mut Call<'_>, refusal: Refusal) -> Answer {
    world.errors += 1;
    call.trace.verdict = refusal.code.to_owned();
    let content_type = if world.errors.is_multiple_of(ERROR_PLAIN_EVERY) { "text/plain" } else { "text/xml" };
    let id_name = if world.forms.chance(500) { "RequestID" } else { "RequestId" };
    let detail = if world.forms.chance(300) { "\n    <Detail/>" } else { "" };
    let body = format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"{}\">\n  <Error>\n    <Type>{}</Type>\n    <Code>{}</Code>\n    \
         <Message>{}</Message>{detail}\n  </Error>\n  <{id_name}>{}</{id_name}>\n</ErrorResponse>\n",
        refusal.namespace,
        refusal.kind,
        refusal.code,
        escaped(&refusal.message),
        call.request_id,
    );
    stamp(call, Answer::new(refusal.status, content_type, body))
}
