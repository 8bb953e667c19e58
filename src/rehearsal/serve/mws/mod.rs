//! Amazon MWS Reports, 2009-01-01: Signature Version 2, XML, quotas by the minute and the hour.

mod action;
mod check;
mod create;
mod error;
mod list;
mod parameters;
mod report;
mod schedule;
mod xml;

pub(super) use create::report_started;
pub(super) use error::{Refusal, refuse, refuse_quota};
pub(super) use list::ListFilter;
pub(super) use schedule::Schedules;

use action::Action;
use check::Admitted;
use parameters::Parameters;

use super::call::Call;
use super::encoding::base64_encode;
use super::message::{Answer, Received};
use super::quota::Left;
use super::stamps;
use super::world::World;

/// The one version of the Reports section.
const VERSION: &str = "2009-01-01";
/// The namespace that was recorded; the documentation prints another one.
const NAMESPACE: &str = "http://mws.amazonaws.com/doc/2009-01-01/";

/// The action and the account that a request names, checked or not.
pub(super) fn subject(world: &World, request: &Received) -> (String, Option<String>) {
    let parameters = Parameters::of_request(request);
    let action = parameters.get("Action").unwrap_or_default().to_owned();
    let account = check::named_account(world, &parameters).map(|account| account.name.clone());
    (action, account)
}

/// Answers a request to MWS.
pub(super) fn answer(world: &mut World, call: &mut Call<'_>) -> Answer {
    let performed = check::admit(world, call).and_then(|admitted| {
        let left = admitted.left;
        perform(world, call, &admitted).map(|answer| (answer, left))
    });
    match performed {
        Ok((answer, left)) => succeed(world, call, answer, left),
        Err(refusal) => refuse(world, call, refusal),
    }
}

fn perform(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    match admitted.action {
        Action::GetReport => report::get_report(world, call, admitted),
        Action::GetReportList | Action::GetReportRequestList => list::first_page(world, call, admitted),
        Action::GetReportListByNextToken | Action::GetReportRequestListByNextToken => {
            list::next_page(world, call, admitted)
        }
        Action::GetReportCount | Action::GetReportRequestCount => list::count(world, call, admitted),
        Action::RequestReport => create::request_report(world, call, admitted),
        Action::CancelReportRequests => create::cancel(world, call, admitted),
        Action::UpdateReportAcknowledgements => report::acknowledge(world, call, admitted),
        Action::ManageReportSchedule => schedule::manage(world, call, admitted),
        Action::GetReportScheduleList | Action::GetReportScheduleCount => schedule::list(world, call, admitted),
        // Documented as never callable: the list never has a second page.
        Action::GetReportScheduleListByNextToken => Err(Refusal::value("NextToken", "")),
    }
}

/// The headers of every good answer.
fn succeed(world: &mut World, call: &Call<'_>, answer: Answer, left: Option<Left>) -> Answer {
    let mut answer = answer;
    if let Some(left) = left {
        answer.set("x-mws-quota-max", format!("{}.0", left.max));
        answer.set("x-mws-quota-remaining", format!("{}.0", left.remaining));
        answer.set("x-mws-quota-resetson", stamps::millis(left.resets));
    }
    let context = base64_encode(world.ids.capitals(66).as_bytes());
    stamp(call, answer).with("x-mws-response-context", context).with("vary", "Accept-Encoding,User-Agent")
}

/// The headers of every answer.
fn stamp(call: &Call<'_>, answer: Answer) -> Answer {
    answer
        .with("x-mws-request-id", call.request_id.clone())
        .with("x-mws-timestamp", stamps::millis(call.server_now))
        .with("date", stamps::http(call.server_now))
}
