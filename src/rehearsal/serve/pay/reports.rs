//! Get Reports, Get Report By Id, Create Report.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::call::Call;
use super::super::decided::{NOT_CREATABLE, PAY_DONE_AFTER};
use super::super::faults::{self, Page};
use super::super::fixture::{Environment, RETENTION, Report, ReportStatus, SANDBOX_SETTLEMENT_TYPE, SETTLEMENT_TYPE};
use super::super::message::Answer;
use super::super::stamps::compact;
use super::super::store::{Stored, before};
use super::super::tokens::Continuation;
use super::super::world::{Event, Outcome, World};
use super::query::Members;
use super::{Admitted, Query, Refusal, json};

/// Items of a page when nobody says otherwise; documented.
const PAGE_DEFAULT: usize = 10;
/// Every report type that is documented.
const TYPES: [&str; 8] = [
    SETTLEMENT_TYPE,
    SANDBOX_SETTLEMENT_TYPE,
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_ORDER_REFERENCE_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_BILLING_AGREEMENT_DATA_",
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_",
    NOT_CREATABLE,
    "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_",
    "_GET_CSV_CUSTOM_OFFAMAZONPAYMENTS_MULTI_CURRENCY_PAYMENTS_DATA_",
];
const LIST_PARAMETERS: [&str; 6] =
    ["reportTypes", "processingStatuses", "createdSince", "createdUntil", "pageSize", "nextToken"];
const CREATE_MEMBERS: [&str; 3] = ["reportType", "startTime", "endTime"];

/// What a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::serve) struct ReportFilter {
    environment: Environment,
    types: Vec<String>,
    statuses: Vec<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    page: usize,
}

impl ReportFilter {
    fn read(world: &World, environment: Environment, query: &Query) -> Result<Self, Refusal> {
        let filter = Self {
            environment,
            types: query.list("reportTypes"),
            statuses: query.list("processingStatuses"),
            since: query.instant("createdSince")?,
            until: query.instant("createdUntil")?,
            page: query.page_size(PAGE_DEFAULT)?,
        };
        if !filter.types.iter().all(|name| is_type(world, name)) {
            return Err(Refusal::value("reportTypes"));
        }
        let is_status = |word: &String| ReportStatus::TABLE.iter().any(|row| row.2 == word);
        if filter.statuses.iter().all(is_status) { Ok(filter) } else { Err(Refusal::value("processingStatuses")) }
    }

    fn shows(&self, stored: &Stored, now: DateTime<Utc>) -> bool {
        let report = &stored.report;
        let lists = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == is);
        report.environment == self.environment
            && report.created >= self.since.unwrap_or_else(|| before(now, RETENTION))
            && report.created <= self.until.unwrap_or(now)
            && lists(&self.types, &report.report_type)
            && lists(&self.statuses, report.status.pay())
    }
}

/// Whether a report type exists: documented, or there anyway.
pub(super) fn is_type(world: &World, name: &str) -> bool {
    TYPES.contains(&name) || world.store.has_type(name)
}

/// A report as it is printed; the members are in alphabetical order, as in real answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    created_time: String,
    end_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    processing_end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    processing_start_time: Option<String>,
    processing_status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_document_id: Option<&'a str>,
    report_id: &'a str,
    report_type: &'a str,
    start_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    reports: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

fn shown(stored: &Stored) -> Shown<'_> {
    let report = &stored.report;
    let has_document = report.status == ReportStatus::Done && stored.names_document;
    Shown {
        created_time: compact(report.created),
        end_time: compact(report.period_end),
        processing_end_time: stored.completed.map(compact),
        processing_start_time: stored.started.map(compact),
        processing_status: report.status.pay(),
        report_document_id: has_document.then_some(report.document_id.as_str()),
        report_id: &report.id,
        report_type: &report.report_type,
        start_time: compact(report.period_start),
    }
}

/// A page of the reports of the last 90 days, newest first.
pub(super) fn list(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let query = &admitted.query;
    query.only(&LIST_PARAMETERS)?;
    let filter = ReportFilter::read(world, admitted.environment, query)?;
    let token = query.token()?;
    let start = match token {
        None => Continuation { account: admitted.account.clone(), filter, offset: 0 },
        Some(token) => world
            .report_tokens
            .find(token, &admitted.account, call.now)
            .filter(|rest| rest.filter.environment == admitted.environment)
            .ok_or_else(|| Refusal::value("nextToken"))?,
    };
    faults::prepare(world, call, &start.account);
    let all = world.store.shown(&start.account, call.now);
    let mut matching = all.into_iter().filter(|stored| start.filter.shows(stored, call.now)).skip(start.offset);
    let items: Vec<Stored> = matching.by_ref().take(start.filter.page).cloned().collect();
    let more = matching.next().is_some();
    let rest = Continuation { offset: start.offset + items.len(), ..start.clone() };
    let next = more.then(|| world.report_tokens.give(rest, call.now));
    let mut page = Page { items, next };
    faults::shape(call, &mut page);
    let now = call.now;
    page.shape_token(call, token, || world.report_tokens.give(start.clone(), now));
    let reports = page.items.iter().map(shown).collect();
    Ok(json(200, &Listed { reports, next_token: page.next.as_deref() }))
}

/// One report.
pub(super) fn one(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[])?;
    let found = world.store.find(&admitted.account, &admitted.route.id, call.now);
    let found = found.filter(|stored| stored.report.environment == admitted.environment);
    let mut stored = found.cloned().ok_or_else(Refusal::not_found)?;
    if call.any_fault().is_some_and(|fault| faults::change_state(fault, &mut stored)) {
        call.fire();
    }
    Ok(json(200, &shown(&stored)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    report_id: &'a str,
}

/// Takes a request for a report; a minute later it is there, or cancelled for want of data.
pub(super) fn create(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    admitted.query.only(&[])?;
    let members = Members::read(call.request, &CREATE_MEMBERS, &CREATE_MEMBERS)?;
    let report_type = members.text("reportType")?;
    if !is_creatable(world, admitted.environment, report_type) {
        return Err(Refusal::value("reportType"));
    }
    let period = (members.instant("startTime")?, members.instant("endTime")?);
    if period.0 >= period.1 {
        return Err(Refusal::value("endTime"));
    }
    let id = world.new_id();
    let mut report = Report::of_type(report_type, &admitted.account, &id, period, Vec::new()).created(call.now);
    report.status = ReportStatus::InProgress;
    report.environment = admitted.environment;
    world.store.insert(Stored::of_fixture(report));
    let done = Event::Finished { account: admitted.account.clone(), id: id.clone(), outcome: Outcome::ByMaterial };
    world.plan(call.now + PAY_DONE_AFTER, done);
    Ok(json(201, &Created { report_id: &id }))
}

/// Settlements are made by Amazon alone; in the sandbox nothing else can be asked for.
pub(super) fn is_creatable(world: &World, environment: Environment, report_type: &str) -> bool {
    match environment {
        Environment::Sandbox => report_type == SANDBOX_SETTLEMENT_TYPE,
        Environment::Live => {
            is_type(world, report_type)
                && ![SETTLEMENT_TYPE, SANDBOX_SETTLEMENT_TYPE, NOT_CREATABLE].contains(&report_type)
        }
    }
}
