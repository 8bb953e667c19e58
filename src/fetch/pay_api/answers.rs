//! Answers of the Pay API as types. Every member but an id may be missing; unknown members are passed over.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::instants::read_instant;
use super::super::refusals::shortened;
use super::super::source::{Listed, Stage};
use super::calls::read_json;
use super::errors::{Body, signature_fault};
use super::operations::Schedules;
use crate::config::ServiceUrl;
use crate::domain::Instant;

/// One report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    #[serde(deserialize_with = "text")]
    report_id: String,
    #[serde(default)]
    report_type: String,
    #[serde(default)]
    processing_status: String,
    report_document_id: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    created_time: Option<String>,
}

/// A page of reports.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reports {
    #[serde(default)]
    pub(super) reports: Vec<Report>,
    pub(super) next_token: Option<String>,
}

/// Where a document is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentPlace {
    pub(super) url: Option<String>,
    pub(super) compression_algorithm: Option<String>,
}

/// A report that was asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    #[serde(deserialize_with = "text")]
    pub(super) report_id: String,
}

/// A page of disbursements, of which only the token matters here: the bytes are archived as they came.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DisbursementPage {
    #[serde(default)]
    pub(super) disbursements: Vec<Value>,
    pub(super) next_token: Option<String>,
}

impl Report {
    /// The report as every source tells it.
    pub(super) fn listed(self) -> Listed {
        let instant = |text: Option<String>| text.as_deref().and_then(read_instant);
        let (start, end): (Option<Instant>, Option<Instant>) = (instant(self.start_time), instant(self.end_time));
        Listed {
            stage: stage(&self.processing_status),
            report_id: self.report_id,
            report_type: self.report_type,
            status: self.processing_status,
            document_ref: self.report_document_id.filter(|id| !id.is_empty()),
            period_start: start,
            period_end: end,
            created: instant(self.created_time),
            acknowledged: false,
        }
    }
}

/// CANCELLED also means that there was no data (the guide and the .NET client agree).
fn stage(status: &str) -> Stage {
    match status.to_ascii_uppercase().as_str() {
        "COMPLETED" => Stage::Ready,
        "CANCELLED" => Stage::Nothing,
        "FAILED" => Stage::Failed,
        _ => Stage::Working,
    }
}

/// Ids are texts; a number is taken for its digits.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("an id is missing")),
    }
}

/// An empty token means that there is none.
pub(super) fn token(next: Option<String>) -> Option<String> {
    next.filter(|token| !token.is_empty())
}

/// What every reader of an answer makes of a body.
pub(in super::super) fn readings(body: &[u8]) -> Vec<Result<String, String>> {
    fn told<T: DeserializeOwned>(body: &[u8], tell: impl Fn(T) -> String) -> Result<String, String> {
        read_json(OPERATION, 200, body).map(tell).map_err(|why| why.to_string())
    }
    vec![
        told(body, |page: Reports| {
            let listed: Vec<Listed> = page.reports.into_iter().map(Report::listed).collect();
            format!("{listed:?} {:?}", token(page.next_token))
        }),
        told(body, |report: Report| format!("{:?}", report.listed())),
        told(body, |place: DocumentPlace| {
            let url = place.url.as_deref().and_then(ServiceUrl::parse);
            format!("{:?} {:?}", url.map(|url| url.base()), place.compression_algorithm)
        }),
        told(body, |created: Created| created.report_id),
        told(body, |page: DisbursementPage| format!("{} {:?}", page.disbursements.len(), token(page.next_token))),
        told(body, |found: Schedules| format!("{:?}", found.report_schedules)),
        told(body, |refusal: Body| {
            format!("{} {:?}", shortened(&refusal.message), signature_fault(&refusal.message, OPERATION))
        }),
    ]
}

/// What errors call the reading of [`readings`].
const OPERATION: &str = "the answer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_needs_no_more_than_its_id() {
        let listed = |text: &str| serde_json::from_str::<Report>(text).map(Report::listed);
        let bare = listed(r#"{"reportId":59007019641,"somethingNew":{}}"#).unwrap();
        assert_eq!((bare.report_id.as_str(), bare.stage), ("59007019641", Stage::Working));
        let whole = listed(
            r#"{"createdTime":"20261120T031207Z","endTime":"20261120T030000Z","processingStatus":"COMPLETED",
                "reportDocumentId":"amzn1.x","reportId":"1","reportType":"_T_","startTime":"20261119T030000Z"}"#,
        )
        .unwrap();
        assert_eq!((whole.stage, whole.document_ref.as_deref()), (Stage::Ready, Some("amzn1.x")));
        assert_eq!(whole.period_start.unwrap().to_string(), "2026-11-19T03:00:00+00:00");
        assert!(listed(r#"{"reportType":"_T_"}"#).is_err());
    }
}
