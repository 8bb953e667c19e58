//! The actions of the Reports section with their quotas and parameters, in one table.

use chrono::TimeDelta;

use super::super::decided::HOURLY_UNKNOWN;
use super::super::quota::Quota;

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    RequestReport,
    GetReportRequestList,
    GetReportRequestListByNextToken,
    GetReportRequestCount,
    CancelReportRequests,
    GetReportList,
    GetReportListByNextToken,
    GetReportCount,
    GetReport,
    ManageReportSchedule,
    GetReportScheduleList,
    GetReportScheduleListByNextToken,
    GetReportScheduleCount,
    UpdateReportAcknowledgements,
}

struct Row {
    action: Action,
    name: &'static str,
    burst: u32,
    restore_s: i64,
    hourly: u32,
    required: &'static [&'static str],
}

const fn row(
    action: Action,
    name: &'static str,
    (burst, restore_s, hourly): (u32, i64, u32),
    required: &'static [&'static str],
) -> Row {
    Row { action, name, burst, restore_s, hourly, required }
}

/// Burst, restore and hourly quota are documented or recorded, but for those that say otherwise.
#[rustfmt::skip] // a table reads by its columns
const ACTIONS: [Row; 14] = [
    row(Action::RequestReport, "RequestReport", (15, 60, 60), &["ReportType"]),
    row(Action::GetReportRequestList, "GetReportRequestList", (10, 45, 80), &[]),
    // The hourly figure is that of its sister action.
    row(Action::GetReportRequestListByNextToken, "GetReportRequestListByNextToken", (30, 2, 1_800), &["NextToken"]),
    row(Action::GetReportRequestCount, "GetReportRequestCount", (10, 45, 80), &[]),
    row(Action::CancelReportRequests, "CancelReportRequests", (10, 45, HOURLY_UNKNOWN), &[]),
    row(Action::GetReportList, "GetReportList", (10, 60, 60), &[]),
    row(Action::GetReportListByNextToken, "GetReportListByNextToken", (30, 2, 1_800), &["NextToken"]),
    row(Action::GetReportCount, "GetReportCount", (10, 45, 80), &[]),
    row(Action::GetReport, "GetReport", (15, 60, 60), &["ReportId"]),
    row(Action::ManageReportSchedule, "ManageReportSchedule", (10, 45, 80), &["ReportType", "Schedule"]),
    row(Action::GetReportScheduleList, "GetReportScheduleList", (10, 45, 80), &[]),
    row(Action::GetReportScheduleListByNextToken, "GetReportScheduleListByNextToken", (10, 45, 80), &["NextToken"]),
    row(Action::GetReportScheduleCount, "GetReportScheduleCount", (10, 45, 80), &[]),
    row(Action::UpdateReportAcknowledgements, "UpdateReportAcknowledgements", (10, 45, HOURLY_UNKNOWN), &["ReportIdList.Id.1"]),
];

impl Action {
    /// The action of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|row| row.name == name).map(|row| row.action)
    }

    fn row(self) -> Option<&'static Row> {
        ACTIONS.iter().find(|row| row.action == self)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// The parameters without which it makes no sense.
    pub(super) fn required(self) -> &'static [&'static str] {
        self.row().map_or(&[], |row| row.required)
    }

    /// Its usual quota.
    pub(super) fn quota(self) -> Quota {
        self.row().map_or(Quota { burst: 1, restore: TimeDelta::minutes(1), hourly: Some(HOURLY_UNKNOWN) }, |row| {
            Quota { burst: row.burst, restore: TimeDelta::seconds(row.restore_s), hourly: Some(row.hourly) }
        })
    }
}
