//! Operations beyond the source of reports: schedules of transaction reports, and one dispute by its id.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::FetchError;
use super::super::pace::Bucket;
use super::calls::{PayApi, Request, bucket, read_json};
use crate::net::Method;

const GET_SCHEDULES: Bucket = bucket("Get Report Schedules");
const CREATE_SCHEDULE: Bucket = bucket("Create Report Schedule");
const GET_DISPUTE: Bucket = bucket("Get Dispute");

/// A schedule by which Amazon makes transaction reports; there is at most one of each type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its id.
    #[serde(default)]
    pub report_schedule_id: String,
    /// Amazon's word for the type.
    #[serde(default)]
    pub report_type: String,
    /// How often, as an ISO 8601 duration, e.g. `P1D`.
    #[serde(default)]
    pub schedule_frequency: String,
    /// When the next report is made, as Amazon wrote it.
    pub next_report_creation_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Schedules {
    #[serde(default)]
    pub(super) report_schedules: Vec<Schedule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedSchedule {
    report_schedule_id: String,
}

/// A dispute as the API tells it: the JSON text, for the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeObject {
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

impl PayApi<'_> {
    /// The schedules of these types; of all, where none is named.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn schedules(&self, types: &[String]) -> Result<Vec<Schedule>, FetchError> {
        let joined = types.join(",");
        let query = if types.is_empty() { Vec::new() } else { vec![("reportTypes", joined.as_str())] };
        let found: Schedules = self.json(&GET_SCHEDULES, &Request::get("report-schedules", query)).await?;
        Ok(found.report_schedules)
    }

    /// Has Amazon make reports of a type regularly, and answers the id of the schedule. An existing schedule of the
    /// type is left as it is.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(super) async fn create_schedule(
        &self,
        report_type: &str,
        frequency: &str,
        first: &str,
    ) -> Result<String, FetchError> {
        let body = json!({
            "reportType": report_type,
            "scheduleFrequency": frequency,
            "nextReportCreationTime": first,
            "deleteExistingSchedule": false,
        });
        let request = Request {
            method: Method::Post,
            resource: "report-schedules".to_owned(),
            query: Vec::new(),
            idempotency_key: Some(self.idempotency_key(&["schedule", report_type, frequency, first])),
            body: body.to_string().into_bytes(),
        };
        let created: CreatedSchedule = self.json(&CREATE_SCHEDULE, &request).await?;
        Ok(created.report_schedule_id)
    }

    /// A dispute by its id. There is no list: ids come by notification.
    ///
    /// # Errors
    /// [`FetchError`]; an unknown id is [`FetchError::Answered`] with status 404.
    pub async fn dispute(&self, id: &str) -> Result<DisputeObject, FetchError> {
        let request = Request::get(format!("disputes/{id}"), Vec::new());
        self.send(&GET_DISPUTE, &request, |status, bytes| {
            read_json::<Value>(GET_DISPUTE.operation, status, &bytes)?;
            Ok(DisputeObject { bytes })
        })
        .await
    }
}
