//! Requests for reports: what can be asked for, how it comes to be, how it is cancelled.

use chrono::{DateTime, Utc};

use super::super::call::Call;
use super::super::decided::{MWS_DONE_AFTER, MWS_STARTED_AFTER};
use super::super::fixture::{
    Environment, RETENTION, Report, ReportStatus, SANDBOX_SETTLEMENT_TYPE, SETTLEMENT_TYPE, request_id_of,
};
use super::super::message::Answer;
use super::super::options::SettlementRequest;
use super::super::store::{Stored, before};
use super::super::world::{Event, Outcome, World};
use super::list::{is_report_type, request_info, waiting};
use super::{Admitted, Refusal, xml};

/// The most requests that one cancellation lists; documented.
const CANCELLED_MAX: usize = 100;

/// Takes a request; the report follows a minute later, where there is data.
pub(super) fn request_report(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let report_type = admitted.parameters.get("ReportType").unwrap_or_default();
    if !is_report_type(world, report_type) {
        return Err(Refusal::value("ReportType", report_type));
    }
    let is_settlement = report_type == SETTLEMENT_TYPE;
    if is_settlement && world.decisions.settlement_request == SettlementRequest::Refused {
        return Err(Refusal::value("ReportType", report_type));
    }
    let from = admitted.parameters.instant("StartDate")?.unwrap_or_else(|| before(call.now, RETENTION));
    let until = admitted.parameters.instant("EndDate")?.unwrap_or(call.now);
    let id = world.new_id();
    let mut report = Report::of_type(report_type, &admitted.account, &id, (from, until), Vec::new()).created(call.now);
    report.status = ReportStatus::Submitted;
    report.request_id = Some(request_id_of(&id));
    if report_type == SANDBOX_SETTLEMENT_TYPE {
        report.environment = Environment::Sandbox;
    }
    let stored = Stored::of_fixture(report);
    world.store.insert(stored.clone());
    plan_life(world, call.now, &admitted.account, &id, is_settlement);
    Ok(xml::response(call, admitted.action.name(), |result| {
        result.group("ReportRequestInfo", |info| request_info(info, &stored));
    }))
}

fn plan_life(world: &mut World, now: DateTime<Utc>, account: &str, id: &str, is_settlement: bool) {
    let (account, id) = (account.to_owned(), id.to_owned());
    let outcome = if is_settlement { Outcome::Cancelled } else { Outcome::ByMaterial };
    world.plan(now + MWS_STARTED_AFTER, Event::MwsStarted { account: account.clone(), id: id.clone() });
    world.plan(now + MWS_DONE_AFTER, Event::Finished { account, id, outcome });
}

/// The making of a requested report begins.
pub(in crate::rehearsal::serve) fn report_started(world: &mut World, account: &str, id: &str, at: DateTime<Utc>) {
    let Some(stored) = world.store.get_mut(account, id) else { return };
    if stored.report.status == ReportStatus::Submitted {
        stored.report.status = ReportStatus::InProgress;
        stored.started = Some(at);
    }
}

/// Cancels the requests that still wait.
pub(super) fn cancel(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let ids = waiting(world, call, admitted)?;
    let mut cancelled = Vec::new();
    for id in &ids {
        let Some(stored) = world.store.get_mut(&admitted.account, id) else { continue };
        stored.finish(None, Outcome::Cancelled, call.now);
        cancelled.push(stored.clone());
    }
    Ok(xml::response(call, admitted.action.name(), |result| {
        result.leaf("Count", &cancelled.len().to_string());
        for stored in cancelled.iter().take(CANCELLED_MAX) {
            result.group("ReportRequestInfo", |info| request_info(info, stored));
        }
    }))
}
