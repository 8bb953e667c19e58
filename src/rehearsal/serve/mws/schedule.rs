//! Report schedules of MWS: kept and listed, and without consequences. Only order reports could ever be
//! scheduled there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::call::Call;
use super::super::message::Answer;
use super::super::stamps;
use super::super::world::World;
use super::list::is_report_type;
use super::{Action, Admitted, Refusal, xml};

/// The documented schedules.
const SCHEDULES: [&str; 15] = [
    "_15_MINUTES_",
    "_30_MINUTES_",
    "_1_HOUR_",
    "_2_HOURS_",
    "_4_HOURS_",
    "_8_HOURS_",
    "_12_HOURS_",
    "_1_DAY_",
    "_2_DAYS_",
    "_72_HOURS_",
    "_1_WEEK_",
    "_14_DAYS_",
    "_15_DAYS_",
    "_30_DAYS_",
    NEVER,
];
/// Deletes a schedule.
const NEVER: &str = "_NEVER_";

/// One schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Schedule {
    report_type: String,
    schedule: String,
    date: DateTime<Utc>,
}

/// The schedules by account and type.
#[derive(Clone, Debug, Default)]
pub(in crate::rehearsal::serve) struct Schedules(BTreeMap<(String, String), Schedule>);

/// Makes, changes or deletes a schedule.
pub(super) fn manage(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let report_type = admitted.parameters.get("ReportType").unwrap_or_default();
    let schedule = admitted.parameters.get("Schedule").unwrap_or_default();
    if !is_report_type(world, report_type) || report_type.contains("SETTLEMENT") {
        return Err(Refusal::value("ReportType", report_type));
    }
    if !SCHEDULES.contains(&schedule) {
        return Err(Refusal::value("Schedule", schedule));
    }
    let date = admitted.parameters.instant("ScheduleDate")?.unwrap_or(call.now);
    let made = Schedule { report_type: report_type.to_owned(), schedule: schedule.to_owned(), date };
    let key = (admitted.account.clone(), report_type.to_owned());
    if schedule == NEVER {
        world.mws_schedules.0.remove(&key);
    } else {
        world.mws_schedules.0.insert(key, made.clone());
    }
    Ok(print(call, admitted.action, &[made]))
}

/// The schedules of an account, or how many.
pub(super) fn list(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let types = admitted.parameters.list("ReportTypeList.Type");
    let own = world.mws_schedules.0.iter().filter(|((account, _), _)| *account == admitted.account);
    let shown = own.map(|(_, schedule)| schedule.clone());
    let shown = shown.filter(|schedule| types.is_empty() || types.contains(&schedule.report_type));
    Ok(print(call, admitted.action, &shown.collect::<Vec<Schedule>>()))
}

fn print(call: &Call<'_>, action: Action, schedules: &[Schedule]) -> Answer {
    xml::response(call, action.name(), |result| {
        if action == Action::GetReportScheduleList {
            result.leaf("HasNext", "false");
        } else {
            result.leaf("Count", &schedules.len().to_string());
        }
        if action == Action::GetReportScheduleCount {
            return;
        }
        for schedule in schedules {
            result.group("ReportSchedule", |entry| {
                entry.leaf("ReportType", &schedule.report_type);
                entry.leaf("Schedule", &schedule.schedule);
                entry.leaf("ScheduledDate", &stamps::offset(schedule.date));
            });
        }
    })
}
