//! The storage behind API v2: pre-signed URLs that live 30 seconds, compared byte for byte.
//!
//! A client that normalises, cuts or re-encodes the URL is refused, and so is one that sends its
//! credentials along.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use hyper::body::Bytes;

use super::call::Call;
use super::decided::STORED_CONTENT_TYPE;
use super::encoding::{base64_encode, hex, md5, percent_encode, sha256};
use super::faults::compressed;
use super::fixture::{ContentType, Report};
use super::message::{Answer, Received};
use super::stamps;
use super::world::World;

/// How long a URL lives; documented.
const URL_LIFE: TimeDelta = TimeDelta::seconds(30);
/// Where the documents of a region would lie.
const BUCKET: &str = "settle-rehearsal-documents";
/// Bytes of the session token in a URL: with them a URL is longer than the 512 characters at which
/// careless clients cut it.
const SESSION_TOKEN_BYTES: usize = 330;
const ALTERED: &str = "The request signature we calculated does not match the signature you provided. \
                       Check your key and signing method.";
const TWO_AUTHORITIES: &str = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
                               Signature query string parameter or the Authorization header should be specified";
/// The most URLs that are remembered; the oldest are forgotten all at once, and are long expired.
const URLS_MAX: usize = 100_000;

/// One URL.
#[derive(Clone, Debug)]
struct Signed {
    account: String,
    host: String,
    expires: DateTime<Utc>,
    is_revoked: bool,
    content_type: ContentType,
    bytes: Bytes,
}

/// Every URL that was given out, by path and query.
#[derive(Clone, Debug)]
pub(super) struct Urls {
    seed: u64,
    given: u64,
    known: HashMap<String, Signed>,
}

impl Urls {
    /// None yet.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, given: 0, known: HashMap::new() }
    }

    /// A new URL for a report's document, on the host of the request.
    pub(super) fn sign(&mut self, report: &Report, request: &Received, now: DateTime<Utc>) -> String {
        self.given += 1;
        let purpose = format!("url {} {} {}", self.seed, self.given, report.document_id);
        let signature = hex(&sha256(purpose.as_bytes()));
        let target = target(report, &purpose, &signature, now);
        if self.known.len() >= URLS_MAX {
            self.known.clear();
        }
        let host = request.header("host").unwrap_or_default().to_owned();
        let signed = Signed {
            account: report.account.clone(),
            host: host.clone(),
            expires: now + URL_LIFE,
            is_revoked: false,
            content_type: report.content_type.clone(),
            bytes: report.bytes.clone(),
        };
        self.known.insert(target.clone(), signed);
        format!("{}://{host}{target}", request.scheme.word())
    }

    /// Whose document a URL leads to.
    pub(super) fn owner(&self, target: &str) -> Option<String> {
        self.known.get(target).map(|signed| signed.account.clone())
    }

    /// Makes the document behind the URL of a document answer a compressed one, and tells the changed answer.
    pub(super) fn compress(&mut self, answer: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(answer).ok()?;
        let (_, signed) = self.known.iter_mut().find(|(target, _)| text.contains(target.as_str()))?;
        signed.bytes = compressed(&signed.bytes).into();
        Some(text.replace("\"compressionAlgorithm\":\"N/A\"", "\"compressionAlgorithm\":\"GZIP\""))
    }
}

fn target(report: &Report, purpose: &str, signature: &str, now: DateTime<Utc>) -> String {
    let date = now.format("%Y%m%d").to_string();
    let key = percent_encode(&format!("{}/{}", report.account, report.document_id));
    let credential = percent_encode(&format!("ASIAREHEARSAL0000000/{date}/eu-west-1/s3/aws4_request"));
    let mut token = Vec::new();
    let mut block = sha256(format!("session {purpose}").as_bytes());
    while token.len() < SESSION_TOKEN_BYTES {
        token.extend(block);
        block = sha256(&block);
    }
    token.truncate(SESSION_TOKEN_BYTES);
    format!(
        "/s3/{BUCKET}/{key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={}\
         &X-Amz-Expires={}&X-Amz-Security-Token={}&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}",
        stamps::compact(now),
        URL_LIFE.num_seconds(),
        percent_encode(&base64_encode(&token)),
    )
}

/// Answers a request to the storage.
pub(super) fn answer(world: &mut World, call: &mut Call<'_>) -> Answer {
    let request = call.request;
    let leaks = request.headers.iter().any(|(name, _)| name == "authorization" || name.starts_with("x-amz-pay-"));
    if leaks {
        return refuse(call, 400, "InvalidArgument", TWO_AUTHORITIES);
    }
    let host = request.header("host").unwrap_or_default();
    let known = world.urls.known.get(&request.target);
    let Some(signed) = known.filter(|signed| signed.host == host && request.method == "GET") else {
        return refuse(call, 403, "SignatureDoesNotMatch", ALTERED);
    };
    if signed.is_revoked || call.now >= signed.expires {
        return expired(call);
    }
    let content_type = match &signed.content_type {
        ContentType::Usual => Some(STORED_CONTENT_TYPE),
        ContentType::Absent => None,
        ContentType::Is(name) => Some(name.as_str()),
    };
    let mut answer = Answer { body: signed.bytes.clone(), ..Answer::empty(200) };
    if let Some(name) = content_type {
        answer.set("content-type", name);
    }
    answer.set("etag", etag(&answer.body));
    answer.set("accept-ranges", "bytes");
    finish(call, answer)
}

/// The checksum that storage sends as a hint.
pub(super) fn etag(body: &[u8]) -> String {
    format!("\"{}\"", hex(&md5(body)))
}

/// Refuses this URL for good; the same document under a new URL is there.
pub(super) fn refuse_once(world: &mut World, call: &mut Call<'_>) -> Answer {
    if let Some(signed) = world.urls.known.get_mut(&call.request.target) {
        signed.is_revoked = true;
    }
    expired(call)
}

fn expired(call: &mut Call<'_>) -> Answer {
    refuse(call, 403, "AccessDenied", "Request has expired")
}

/// An error in the storage's own form.
pub(super) fn refuse(call: &mut Call<'_>, status: u16, code: &str, message: &str) -> Answer {
    call.trace.verdict = code.to_owned();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <RequestId>{}</RequestId></Error>",
        call.request_id
    );
    finish(call, Answer::new(status, "application/xml", body))
}

fn finish(call: &Call<'_>, answer: Answer) -> Answer {
    answer.with("x-amz-request-id", call.request_id.clone()).with("date", stamps::http(call.server_now))
}
