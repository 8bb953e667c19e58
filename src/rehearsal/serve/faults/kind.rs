//! Every fault that the server can play, in one table: its id and the requests on which it can act.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::super::journal::Face;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The connection is closed without an answer; with `listener`, nobody listens any more.
    Refuse,
    /// A certificate of another name (`"of": "name"`, the default) or of another CA (`"of": "ca"`).
    TlsBad,
    /// Nothing until the client gives up.
    StallHeaders,
    /// Half of the body, then silence.
    StallBody,
    /// The full `Content-Length`, half of the body, then the connection is closed.
    CutBody,
    /// A wrong `Content-MD5`.
    Md5Wrong,
    /// Status 500 with the service's own error.
    #[serde(rename = "http-500")]
    Http500,
    /// Status 503 with the service's own error.
    #[serde(rename = "http-503")]
    Http503,
    /// An HTML page with status 200.
    #[serde(rename = "html-200")]
    Html200,
    /// An HTML page with status 503.
    #[serde(rename = "html-503")]
    Html503,
    /// `RequestThrottled` or 429.
    Throttle,
    /// `QuotaExceeded`; `"resets_on"` is `iso` (default), `http` or `missing`, `"in"` is `message` (default), `header` or `both`.
    Quota,
    /// Throttled, with `Retry-After` of so many `"seconds"`.
    RetryAfter,
    /// 401.
    AccessDenied,
    /// The server's clock is `"minutes"` (default 20) ahead; negative is behind.
    ClockSkew,
    /// 410.
    Gone,
    /// Listed, but not there.
    ListedMissing,
    /// The report had no data.
    NoData,
    /// A report appears before the list is answered.
    Shift,
    /// A page without items that is not the last.
    EmptyPage,
    /// The same token again.
    TokenLoop,
    /// One id twice in a page.
    DupIds,
    /// One settlement under two ids, with the same bytes.
    DupSettlementSame,
    /// One settlement under two ids, one line changed.
    DupSettlementChanged,
    /// A report that failed or was cancelled.
    Failed,
    /// A finished report that does not name its document.
    NoDocumentId,
    /// 202 (`"form": "202"`, the default) or an answer without a URL (`"form": "no-url"`).
    NotReady,
    /// The URL expires just before it is used.
    UrlExpired,
    /// The URL is refused; a new one works.
    #[serde(rename = "url-403-once")]
    Url403Once,
    /// Compressed: `"by": "encoding"` (default) or `"by": "algorithm"`.
    Gzip,
    /// A byte order mark before the first byte.
    Bom,
    /// The file in windows-1252, with `€ “ ™` in it, and no charset named.
    Cp1252,
    /// A header that says windows-1252 over bytes of UTF-8.
    CharsetLies,
    /// No bytes at all.
    Empty,
    /// Nothing after the header row.
    HeaderOnly,
    /// 91 days pass.
    #[serde(rename = "gap-90")]
    Gap90,
    /// All of MWS answers 410 (`"form": "410"`, the default), an HTML page (`"html"`) or nothing (`"closed"`).
    MwsWithdrawn,
    /// `InvalidRequestSignature` with another hash.
    SignatureEcho,
}

/// On which requests a fault can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// On every one.
    Any,
    /// On those of these faces.
    Faces(&'static [Face]),
    /// On those of these actions.
    Actions(&'static [&'static str]),
    /// On none: it acts on connections.
    Connections,
}

const MWS_LISTS: [&str; 4] =
    ["GetReportList", "GetReportListByNextToken", "GetReportRequestList", "GetReportRequestListByNextToken"];
/// Lists of reports.
const LISTS: &[&str] = &[MWS_LISTS[0], MWS_LISTS[1], MWS_LISTS[2], MWS_LISTS[3], "GetReports"];
/// Lists with tokens.
const PAGED: &[&str] = &[MWS_LISTS[0], MWS_LISTS[1], MWS_LISTS[2], MWS_LISTS[3], "GetReports", "GetDisbursements"];
/// What shows the state of a report.
const STATES: &[&str] = &[MWS_LISTS[0], MWS_LISTS[1], MWS_LISTS[2], MWS_LISTS[3], "GetReports", "GetReportById"];
/// What shows the document of a report.
const DOCUMENTS: &[&str] = &[MWS_LISTS[2], MWS_LISTS[3], "GetReports", "GetReportById"];
/// What delivers a report's bytes.
const BYTES: &[&str] = &["GetReport", "GetObject"];
/// What gives a report away.
const DOWNLOADS: &[&str] = &["GetReport", "GetReportDocument", "GetObject"];
/// Where compression can show.
const COMPRESSIBLE: &[&str] = &["GetReport", "GetReportDocument", "GetObject"];
/// The faces that check who asks.
const SERVICES: &[Face] = &[Face::Mws, Face::Pay];

impl FaultKind {
    /// Every fault with its id and its reach.
    #[rustfmt::skip] // a table reads by its columns
    pub(super) const TABLE: [(FaultKind, &'static str, Reach); 38] = [
        (FaultKind::Refuse, "refuse", Reach::Any),
        (FaultKind::TlsBad, "tls-bad", Reach::Connections),
        (FaultKind::StallHeaders, "stall-headers", Reach::Any),
        (FaultKind::StallBody, "stall-body", Reach::Any),
        (FaultKind::CutBody, "cut-body", Reach::Any),
        (FaultKind::Md5Wrong, "md5-wrong", Reach::Actions(&["GetReport"])),
        (FaultKind::Http500, "http-500", Reach::Any),
        (FaultKind::Http503, "http-503", Reach::Any),
        (FaultKind::Html200, "html-200", Reach::Any),
        (FaultKind::Html503, "html-503", Reach::Any),
        (FaultKind::Throttle, "throttle", Reach::Faces(SERVICES)),
        (FaultKind::Quota, "quota", Reach::Faces(SERVICES)),
        (FaultKind::RetryAfter, "retry-after", Reach::Faces(SERVICES)),
        (FaultKind::AccessDenied, "access-denied", Reach::Faces(SERVICES)),
        (FaultKind::ClockSkew, "clock-skew", Reach::Faces(SERVICES)),
        (FaultKind::Gone, "gone", Reach::Any),
        (FaultKind::ListedMissing, "listed-missing", Reach::Actions(DOWNLOADS)),
        (FaultKind::NoData, "no-data", Reach::Actions(STATES)),
        (FaultKind::Shift, "shift", Reach::Actions(LISTS)),
        (FaultKind::EmptyPage, "empty-page", Reach::Actions(PAGED)),
        (FaultKind::TokenLoop, "token-loop", Reach::Actions(PAGED)),
        (FaultKind::DupIds, "dup-ids", Reach::Actions(LISTS)),
        (FaultKind::DupSettlementSame, "dup-settlement-same", Reach::Actions(LISTS)),
        (FaultKind::DupSettlementChanged, "dup-settlement-changed", Reach::Actions(LISTS)),
        (FaultKind::Failed, "failed", Reach::Actions(STATES)),
        (FaultKind::NoDocumentId, "no-document-id", Reach::Actions(DOCUMENTS)),
        (FaultKind::NotReady, "not-ready", Reach::Actions(&["GetReportDocument"])),
        (FaultKind::UrlExpired, "url-expired", Reach::Faces(&[Face::Storage])),
        (FaultKind::Url403Once, "url-403-once", Reach::Faces(&[Face::Storage])),
        (FaultKind::Gzip, "gzip", Reach::Actions(COMPRESSIBLE)),
        (FaultKind::Bom, "bom", Reach::Actions(BYTES)),
        (FaultKind::Cp1252, "cp1252", Reach::Actions(BYTES)),
        (FaultKind::CharsetLies, "charset-lies", Reach::Actions(BYTES)),
        (FaultKind::Empty, "empty", Reach::Actions(BYTES)),
        (FaultKind::HeaderOnly, "header-only", Reach::Actions(BYTES)),
        (FaultKind::Gap90, "gap-90", Reach::Any),
        (FaultKind::MwsWithdrawn, "mws-withdrawn", Reach::Faces(&[Face::Mws])),
        (FaultKind::SignatureEcho, "signature-echo", Reach::Faces(&[Face::Pay])),
    ];

    /// Its id.
    #[must_use]
    pub fn id(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// Whether it can act on a request.
    pub(super) fn reaches(self, face: Face, action: &str) -> bool {
        match Self::TABLE.iter().find(|row| row.0 == self).map(|row| row.2) {
            Some(Reach::Any) => true,
            Some(Reach::Faces(faces)) => faces.contains(&face),
            Some(Reach::Actions(actions)) => actions.contains(&action),
            Some(Reach::Connections) | None => false,
        }
    }
}

/// Not the id of a fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a fault")]
pub struct UnknownFault(String);

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let known = Self::TABLE.iter().find(|row| row.1 == text);
        known.map(|row| row.0).ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_the_table_are_those_of_the_json_form() {
        for (kind, id, _) in FaultKind::TABLE {
            assert_eq!(serde_json::to_value(kind).unwrap(), id);
            assert_eq!(id.parse(), Ok(kind));
        }
        assert!("dns".parse::<FaultKind>().is_err(), "a client plays that one itself");
    }
}
