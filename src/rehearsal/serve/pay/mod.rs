//! Amazon Pay API v2: RSA-PSS signatures, JSON, idempotency keys, and the bridges from MWS keys.

pub(super) mod canonical;
mod check;
mod disbursements;
mod document;
mod error;
mod idempotency;
mod query;
mod reports;
mod route;
mod schedules;
mod upgrade;

pub(super) use disbursements::Window;
pub(super) use document::not_ready;
pub(super) use error::{Refusal, refuse};
pub(super) use idempotency::Idempotency;
pub(super) use reports::ReportFilter;
pub(super) use schedules::{Schedules, run_schedule};
pub(super) use upgrade::key_id;

use check::Admitted;
use query::Query;
use route::{Operation, Route};

use serde::Serialize;

use super::call::Call;
use super::encoding::Plus;
use super::message::{Answer, Received};
use super::stamps;
use super::world::World;

/// The operation and the account that a request names, checked or not.
pub(super) fn subject(world: &World, request: &Received) -> (String, Option<String>) {
    let operation = Route::of(&request.method, request.path()).map_or("", |route| route.operation.name());
    let mws_key = || request.parameters(Plus::Blank).into_iter().find(|(name, _)| name == "AWSAccessKeyId");
    let owner = match check::named_key(request.header("authorization").unwrap_or_default()) {
        Some(id) => check::owner_of(world, id).map(|(account, _)| account.name.clone()),
        None => mws_key().and_then(|(_, key)| {
            world
                .accounts
                .iter()
                .find(|account| account.mws_access_key.as_deref() == Some(&*key))
                .map(|account| account.name.clone())
        }),
    };
    (operation.to_owned(), owner)
}

/// Answers a request to API v2.
pub(super) fn answer(world: &mut World, call: &mut Call<'_>) -> Answer {
    match route_and_perform(world, call) {
        Ok(answer) => stamp(call, answer),
        Err(refusal) => refuse(call, refusal),
    }
}

fn route_and_perform(world: &mut World, call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let route = Route::of(&call.request.method, call.request.path()).ok_or_else(Refusal::not_found)?;
    if route.operation == Operation::GetPublicKeyId {
        return upgrade::public_key_id(world, call);
    }
    let admitted = check::admit(world, call, route)?;
    if call.request.method != "POST" {
        return perform(world, call, &admitted);
    }
    let Some(key) = check::idempotency_key(call.request)? else { return perform(world, call, &admitted) };
    if let Some(saved) = world.idempotency.saved(&admitted.account, &key, call.request)? {
        return Ok(saved);
    }
    let answer = perform(world, call, &admitted)?;
    world.idempotency.save(&admitted.account, &key, call.request, &answer);
    Ok(answer)
}

fn perform(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    match admitted.route.operation {
        Operation::GetReports => reports::list(world, call, admitted),
        Operation::GetReportById => reports::one(world, call, admitted),
        Operation::CreateReport => reports::create(world, call, admitted),
        Operation::GetReportDocument => document::url(world, call, admitted),
        Operation::GetReportSchedules => schedules::list(world, call, admitted),
        Operation::GetReportScheduleById => schedules::one(world, admitted),
        Operation::CreateReportSchedule => schedules::create(world, call, admitted),
        Operation::CancelReportSchedule => schedules::cancel(world, admitted),
        Operation::GetDisbursements => disbursements::list(world, call, admitted),
        Operation::GetDispute => document::dispute(world, admitted),
        Operation::GetAuthorizationToken => upgrade::authorization_token(world, call, admitted),
        Operation::ChangeDispute => Err(Refusal::dispute()),
        Operation::GetPublicKeyId => Err(Refusal::not_found()),
    }
}

/// A JSON answer.
fn json(status: u16, body: &impl Serialize) -> Answer {
    Answer::new(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}

/// The headers of every answer.
fn stamp(call: &Call<'_>, answer: Answer) -> Answer {
    answer.with("x-amz-pay-request-id", call.request_id.clone()).with("date", stamps::http(call.server_now))
}
