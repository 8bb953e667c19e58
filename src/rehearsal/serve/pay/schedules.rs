//! Report schedules of API v2: one for each type; a due one makes a report of the time since the last.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::super::call::Call;
use super::super::fixture::{Environment, Report, ReportStatus};
use super::super::message::Answer;
use super::super::stamps::compact;
use super::super::store::Stored;
use super::super::world::{Event, Outcome, World};
use super::query::Members;
use super::reports::{is_creatable, is_type};
use super::{Admitted, Refusal, json};

/// The documented frequencies in minutes.
#[rustfmt::skip] // a table reads by its columns
const FREQUENCIES: [(&str, i64); 18] = [
    ("PT5M", 5), ("PT15M", 15), ("PT30M", 30), ("PT1H", 60), ("PT2H", 120), ("PT4H", 240), ("PT8H", 480),
    ("PT12H", 720), ("PT24H", 1_440), ("PT84H", 5_040), ("P1D", 1_440), ("P2D", 2_880), ("P3D", 4_320),
    ("P7D", 10_080), ("P14D", 20_160), ("P15D", 21_600), ("P18D", 25_920), ("P30D", 43_200),
];
const MEMBERS: [&str; 4] = ["reportType", "scheduleFrequency", "nextReportCreationTime", DELETE_EXISTING];
/// A member in two SDKs, a query parameter in the documentation.
const DELETE_EXISTING: &str = "deleteExistingSchedule";
const REQUIRED: [&str; 3] = ["reportType", "scheduleFrequency", "nextReportCreationTime"];

/// One schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Schedule {
    account: String,
    environment: Environment,
    id: String,
    report_type: String,
    frequency: &'static str,
    every: TimeDelta,
    next: DateTime<Utc>,
}

/// Every schedule.
#[derive(Clone, Debug, Default)]
pub(in crate::rehearsal::serve) struct Schedules(Vec<Schedule>);

/// A schedule as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    next_report_creation_time: String,
    report_schedule_id: &'a str,
    report_type: &'a str,
    schedule_frequency: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    report_schedules: Vec<Shown<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    report_schedule_id: &'a str,
}

/// An answer without members.
#[derive(Serialize)]
struct Nothing {}

fn shown(schedule: &Schedule) -> Shown<'_> {
    Shown {
        next_report_creation_time: compact(schedule.next),
        report_schedule_id: &schedule.id,
        report_type: &schedule.report_type,
        schedule_frequency: schedule.frequency,
    }
}

fn own<'a>(world: &'a World, admitted: &'a Admitted) -> impl Iterator<Item = &'a Schedule> {
    world
        .schedules
        .0
        .iter()
        .filter(|schedule| schedule.account == admitted.account && schedule.environment == admitted.environment)
}

/// The schedules of an account.
pub(super) fn list(world: &World, _call: &Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&["reportTypes"])?;
    let types = admitted.query.list("reportTypes");
    if !types.iter().all(|name| is_type(world, name)) {
        return Err(Refusal::value("reportTypes"));
    }
    let wanted = own(world, admitted).filter(|schedule| types.is_empty() || types.contains(&schedule.report_type));
    Ok(json(200, &Listed { report_schedules: wanted.map(shown).collect() }))
}

/// One schedule, as an object: the documentation prints a list here, real answers are not one.
pub(super) fn one(world: &World, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[])?;
    let found = own(world, admitted).find(|schedule| schedule.id == admitted.route.id);
    found.map(|schedule| json(200, &shown(schedule))).ok_or_else(Refusal::not_found)
}

/// Makes a schedule.
pub(super) fn create(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[DELETE_EXISTING])?;
    let members = Members::read(call.request, &MEMBERS, &REQUIRED)?;
    let report_type = members.text("reportType")?.to_owned();
    let can_be = admitted.environment == Environment::Live && is_creatable(world, admitted.environment, &report_type);
    if !can_be || report_type.starts_with("_GET_CSV_CUSTOM_") {
        return Err(Refusal::value("reportType"));
    }
    let frequency = members.text("scheduleFrequency")?;
    let frequency = FREQUENCIES.iter().find(|(word, _)| *word == frequency);
    let (frequency, minutes) = frequency.ok_or_else(|| Refusal::value("scheduleFrequency"))?;
    let next = members.instant("nextReportCreationTime")?;
    let replaces = members.flag(DELETE_EXISTING)? || admitted.query.get(DELETE_EXISTING) == Some("true");
    let is_there = own(world, admitted).any(|schedule| schedule.report_type == report_type);
    if next < call.now || (is_there && !replaces) {
        return Err(Refusal::value(if is_there { "reportType" } else { "nextReportCreationTime" }));
    }
    let (account, environment) = (admitted.account.clone(), admitted.environment);
    world.schedules.0.retain(|schedule| {
        schedule.account != account || schedule.environment != environment || schedule.report_type != report_type
    });
    let (id, every) = (world.new_id(), TimeDelta::minutes(*minutes));
    world.plan(next, Event::Scheduled { account: account.clone(), schedule: id.clone() });
    let answer = json(201, &Created { report_schedule_id: &id });
    world.schedules.0.push(Schedule { account, environment, id, report_type, frequency, every, next });
    Ok(answer)
}

/// Deletes a schedule.
pub(super) fn cancel(world: &mut World, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[])?;
    let found = own(world, admitted).any(|schedule| schedule.id == admitted.route.id);
    if !found {
        return Err(Refusal::not_found());
    }
    world.schedules.0.retain(|schedule| schedule.id != admitted.route.id);
    Ok(json(200, &Nothing {}))
}

/// A schedule is due: its report appears, finished or without data, and the next one is planned.
pub(in crate::rehearsal::serve) fn run_schedule(world: &mut World, account: &str, id: &str, at: DateTime<Utc>) {
    let Some(schedule) = world.schedules.0.iter_mut().find(|schedule| schedule.id == id) else { return };
    schedule.next = at + schedule.every;
    let (next, period) = (schedule.next, (at - schedule.every, at));
    let (report_type, environment) = (schedule.report_type.clone(), schedule.environment);
    let report_id = world.new_id();
    let mut report = Report::of_type(report_type, account, &report_id, period, Vec::new()).created(at);
    report.status = ReportStatus::InProgress;
    report.environment = environment;
    let material = world.store.material(account, &report.report_type, period).cloned();
    let mut stored = Stored::of_fixture(report);
    stored.finish(material, Outcome::ByMaterial, at);
    world.store.insert(stored);
    world.plan(next, Event::Scheduled { account: account.to_owned(), schedule: id.to_owned() });
}
