//! Lists of reports and of requests, page by page over what is there at that moment.

use chrono::{DateTime, Utc};

use super::super::call::Call;
use super::super::faults::{self, Page};
use super::super::fixture::{RETENTION, ReportStatus};
use super::super::message::Answer;
use super::super::stamps;
use super::super::store::{Stored, before};
use super::super::tokens::Continuation;
use super::super::world::World;
use super::xml::{self, Elements};
use super::{Action, Admitted, Parameters, Refusal};

/// Items of a page when nobody says otherwise; recorded.
const PAGE_DEFAULT: usize = 10;
/// The most items of a page; documented.
const PAGE_MAX: usize = 100;

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// Finished reports.
    Reports,
    /// Requests for reports, finished or not.
    Requests,
}

/// What a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::serve) struct ListFilter {
    subject: Subject,
    types: Vec<String>,
    statuses: Vec<String>,
    request_ids: Vec<String>,
    acknowledged: Option<bool>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    page: usize,
}

impl ListFilter {
    fn read(world: &World, subject: Subject, parameters: &Parameters) -> Result<Self, Refusal> {
        let (from, until) = match subject {
            Subject::Reports => ("AvailableFromDate", "AvailableToDate"),
            Subject::Requests => ("RequestedFromDate", "RequestedToDate"),
        };
        let filter = Self {
            subject,
            types: parameters.list("ReportTypeList.Type"),
            statuses: parameters.list("ReportProcessingStatusList.Status"),
            request_ids: parameters.list("ReportRequestIdList.Id"),
            acknowledged: parameters.flag("Acknowledged")?,
            from: parameters.instant(from)?,
            until: parameters.instant(until)?,
            page: page_size(parameters)?,
        };
        if let Some(unknown) = filter.types.iter().find(|name| !is_report_type(world, name)) {
            return Err(Refusal::value("ReportTypeList.Type", unknown));
        }
        let known = |word: &String| ReportStatus::TABLE.iter().any(|row| row.1 == word);
        match filter.statuses.iter().find(|word| !known(word)) {
            Some(word) => Err(Refusal::value("ReportProcessingStatusList.Status", word)),
            None => Ok(filter),
        }
    }

    fn shows(&self, stored: &Stored, now: DateTime<Utc>) -> bool {
        let report = &stored.report;
        let at = match self.subject {
            Subject::Reports => stored.available(),
            Subject::Requests => Some(report.created),
        };
        let lists = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == is);
        at.is_some_and(|at| {
            at <= now && at >= self.from.unwrap_or_else(|| before(now, RETENTION)) && at <= self.until.unwrap_or(now)
        }) && lists(&self.types, &report.report_type)
            && lists(&self.statuses, report.status.mws())
            && lists(&self.request_ids, report.request_id.as_deref().unwrap_or_default())
            && self.acknowledged.is_none_or(|wanted| wanted == report.acknowledged)
    }
}

fn page_size(parameters: &Parameters) -> Result<usize, Refusal> {
    let Some(text) = parameters.get("MaxCount") else { return Ok(PAGE_DEFAULT) };
    let size = text.parse().ok().filter(|size| (1..=PAGE_MAX).contains(size));
    size.ok_or_else(|| Refusal::value("MaxCount", text))
}

/// The form of every report type, and those that are there anyway.
pub(super) fn is_report_type(world: &World, name: &str) -> bool {
    let inner = name.strip_prefix("_GET_").and_then(|rest| rest.strip_suffix('_'));
    let shaped =
        inner.is_some_and(|inner| inner.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
    shaped || world.store.has_type(name)
}

fn subject_of(action: Action) -> Subject {
    let requests = [
        Action::GetReportRequestList,
        Action::GetReportRequestListByNextToken,
        Action::GetReportRequestCount,
        Action::CancelReportRequests,
    ];
    if requests.contains(&action) { Subject::Requests } else { Subject::Reports }
}

/// The first page of a list.
pub(super) fn first_page(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let filter = ListFilter::read(world, subject_of(admitted.action), &admitted.parameters)?;
    let start = Continuation { account: admitted.account.clone(), filter, offset: 0 };
    Ok(page(world, call, admitted.action, &start, None))
}

/// A later page: the token tells everything.
pub(super) fn next_page(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let token = admitted.parameters.get("NextToken").unwrap_or_default();
    let found = world.mws_tokens.find(token, &admitted.account, call.now);
    let rest = found.filter(|rest| rest.filter.subject == subject_of(admitted.action));
    let rest = rest.ok_or_else(|| Refusal::value("NextToken", token))?;
    Ok(page(world, call, admitted.action, &rest, Some(token)))
}

fn page(
    world: &mut World,
    call: &mut Call<'_>,
    action: Action,
    start: &Continuation<ListFilter>,
    token: Option<&str>,
) -> Answer {
    faults::prepare(world, call, &start.account);
    let filter = &start.filter;
    let shown = world.store.shown(&start.account, call.now);
    let mut matching = shown.into_iter().filter(|stored| filter.shows(stored, call.now)).skip(start.offset);
    let items: Vec<Stored> = matching.by_ref().take(filter.page).cloned().collect();
    let more = matching.next().is_some();
    let rest = Continuation { offset: start.offset + items.len(), ..start.clone() };
    let next = more.then(|| world.mws_tokens.give(rest, call.now));
    let mut page = Page { items, next };
    faults::shape(call, &mut page);
    let now = call.now;
    page.shape_token(call, token, || world.mws_tokens.give(start.clone(), now));
    // What has no data is no report.
    if filter.subject == Subject::Reports {
        page.items.retain(|stored| stored.report.status == ReportStatus::Done);
    }
    print(world, call, action, filter.subject, &page)
}

fn print(world: &mut World, call: &Call<'_>, action: Action, subject: Subject, page: &Page<Stored>) -> Answer {
    let token_first = world.forms.chance(500);
    let date_first = world.forms.chance(500);
    xml::response(call, action.name(), |result| {
        if token_first {
            result.optional("NextToken", page.next.as_deref());
        }
        result.leaf("HasNext", if page.next.is_some() { "true" } else { "false" });
        for stored in &page.items {
            match subject {
                Subject::Reports => result.group("ReportInfo", |info| report_info(info, stored, date_first)),
                Subject::Requests => result.group("ReportRequestInfo", |info| request_info(info, stored)),
            }
        }
        if !token_first {
            result.optional("NextToken", page.next.as_deref());
        }
    })
}

/// How many items a list has.
pub(super) fn count(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let filter = ListFilter::read(world, subject_of(admitted.action), &admitted.parameters)?;
    let shown = world.store.shown(&admitted.account, call.now);
    let count = shown.into_iter().filter(|stored| filter.shows(stored, call.now)).count();
    Ok(xml::response(call, admitted.action.name(), |result| result.leaf("Count", &count.to_string())))
}

/// The waiting requests that a filter names, for their cancellation.
pub(super) fn waiting(world: &World, call: &Call<'_>, admitted: &Admitted) -> Result<Vec<String>, Refusal> {
    let filter = ListFilter::read(world, Subject::Requests, &admitted.parameters)?;
    let shown = world.store.shown(&admitted.account, call.now);
    let waiting = shown.into_iter().filter(|stored| stored.report.status == ReportStatus::Submitted);
    Ok(waiting.filter(|stored| filter.shows(stored, call.now)).map(|stored| stored.report.id.clone()).collect())
}

/// A report as lists show it. Children come in both orders that were recorded.
pub(super) fn report_info(info: &mut Elements, stored: &Stored, date_first: bool) {
    let report = &stored.report;
    let available = stamps::offset(stored.available().unwrap_or(report.created));
    info.leaf("ReportType", &report.report_type);
    info.leaf("Acknowledged", if report.acknowledged { "true" } else { "false" });
    info.leaf("ReportId", &report.id);
    if date_first {
        info.leaf("AvailableDate", &available);
    }
    info.optional("ReportRequestId", report.request_id.as_deref());
    if !date_first {
        info.leaf("AvailableDate", &available);
    }
    info.optional("AcknowledgedDate", stored.acknowledged_at.map(stamps::offset).as_deref());
}

/// A request as lists show it.
pub(super) fn request_info(info: &mut Elements, stored: &Stored) {
    let report = &stored.report;
    let is_done = report.status == ReportStatus::Done && stored.names_document;
    info.leaf("ReportRequestId", report.request_id.as_deref().unwrap_or(&report.id));
    info.leaf("ReportType", &report.report_type);
    info.leaf("StartDate", &stamps::offset(report.period_start));
    info.leaf("EndDate", &stamps::offset(report.period_end));
    info.leaf("Scheduled", "false");
    info.leaf("SubmittedDate", &stamps::offset(report.created));
    info.leaf("ReportProcessingStatus", report.status.mws());
    info.optional("GeneratedReportId", is_done.then_some(report.id.as_str()));
    info.optional("StartedProcessingDate", stored.started.map(stamps::offset).as_deref());
    info.optional("CompletedDate", stored.completed.map(stamps::offset).as_deref());
}
