//! What the actions of MWS do, beyond lists of reports.

use chrono::TimeDelta;
use settle::rehearsal::serve::{ContentType, Decisions, Options, Region, SettlementRequest};

use crate::shop::{REFUNDS, SETTLEMENTS, Shop, elements, fixture, instant, report_of};

const SANDBOX: &str = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA_";

#[test]
fn the_request_list_tells_the_period_of_a_settlement_before_it_is_downloaded() {
    let shop = Shop::with_reports(3);
    let list = shop.mws("GetReportRequestList", &[("ReportTypeList.Type.1", SETTLEMENTS), ("MaxCount", "2")]);
    assert_eq!(elements(&list, "ReportProcessingStatus"), ["_DONE_", "_DONE_"]);
    assert_eq!(elements(&list, "Scheduled"), ["false", "false"]);
    assert_eq!(elements(&list, "EndDate"), ["2026-11-23T15:00:00+00:00", "2026-11-22T15:00:00+00:00"]);
    assert_eq!(elements(&list, "StartDate"), ["2026-11-22T15:00:00+00:00", "2026-11-21T15:00:00+00:00"]);
    assert_eq!(elements(&list, "SubmittedDate"), ["2026-11-23T15:20:00+00:00", "2026-11-22T15:20:00+00:00"]);
    let generated = elements(&list, "GeneratedReportId");
    assert_eq!(generated, [report_of("shop", 0).id, report_of("shop", 1).id]);
    let token = elements(&list, "NextToken").pop().unwrap();
    let rest = shop.mws("GetReportRequestListByNextToken", &[("NextToken", &token)]);
    assert_eq!(elements(&rest, "GeneratedReportId"), [report_of("shop", 2).id]);
    assert_eq!(elements(&shop.mws("GetReportRequestCount", &[]), "Count"), ["5"]);
}

#[test]
fn filters_of_a_list_choose_by_date_type_and_acknowledgement() {
    let shop = Shop::with_reports(5);
    let ids = |more: &[(&str, &str)]| elements(&shop.mws("GetReportList", more), "ReportId").len();
    assert_eq!(ids(&[("AvailableFromDate", "2026-11-22T15:20:00")]), 3);
    assert_eq!(ids(&[("AvailableToDate", "2026-11-22T15:20:00Z")]), 5);
    assert_eq!(ids(&[("ReportTypeList.Type.1", REFUNDS), ("ReportTypeList.Type.2", SANDBOX)]), 2);
    let id = report_of("shop", 2).id;
    let told = shop.mws("UpdateReportAcknowledgements", &[("ReportIdList.Id.1", &id), ("Acknowledged", "true")]);
    assert_eq!((elements(&told, "Count"), elements(&told, "ReportId")), (vec!["1".to_owned()], vec![id.clone()]));
    assert_eq!(elements(&told, "AcknowledgedDate"), ["2026-11-23T22:15:30+00:00"]);
    assert_eq!(ids(&[("Acknowledged", "true")]), 1);
    assert_eq!(ids(&[("Acknowledged", "false")]), 6);
    let request_id = report_of("shop", 1).request_id.unwrap();
    assert_eq!(ids(&[("ReportRequestIdList.Id.1", &request_id)]), 1);
}

#[test]
fn a_sandbox_settlement_can_be_requested_and_is_done_a_minute_later() {
    let shop = Shop::with_reports(1);
    let period = [("StartDate", "2026-11-01T00:00:00Z"), ("EndDate", "2026-11-23T22:00:00Z")];
    let asked = shop.mws("RequestReport", &[&[("ReportType", SANDBOX)], &period[..]].concat());
    assert_eq!(elements(&asked, "ReportProcessingStatus"), ["_SUBMITTED_"]);
    let id = elements(&asked, "ReportRequestId").pop().unwrap();
    let status =
        || elements(&shop.mws("GetReportRequestList", &[("ReportRequestIdList.Id.1", &id)]), "ReportProcessingStatus");
    assert_eq!(status(), ["_SUBMITTED_"]);
    shop.control.advance(TimeDelta::seconds(30));
    assert_eq!(status(), ["_IN_PROGRESS_"]);
    shop.control.advance(TimeDelta::seconds(30));
    assert_eq!(status(), ["_DONE_"]);
    let done = shop.mws("GetReportRequestList", &[("ReportRequestIdList.Id.1", &id)]);
    let report = elements(&done, "GeneratedReportId").pop().unwrap();
    assert_eq!(shop.mws("GetReport", &[("ReportId", &report)]).body, report_of("shop", 0).bytes);
}

#[test]
fn a_period_without_data_and_a_live_settlement_end_without_a_report() {
    let shop = Shop::with_reports(1);
    let empty = [("ReportType", SANDBOX), ("StartDate", "2020-01-01T00:00:00Z"), ("EndDate", "2020-02-01T00:00:00Z")];
    shop.mws("RequestReport", &empty);
    shop.mws("RequestReport", &[("ReportType", SETTLEMENTS)]);
    shop.control.advance(TimeDelta::minutes(2));
    let list = shop.mws("GetReportRequestList", &[("RequestedFromDate", "2026-11-23T22:15:30Z")]);
    let mut statuses = elements(&list, "ReportProcessingStatus");
    statuses.sort();
    assert_eq!(statuses, ["_CANCELLED_", "_DONE_NO_DATA_"]);
    assert_eq!(elements(&list, "GeneratedReportId").len(), 0);
    let decisions = Decisions { settlement_request: SettlementRequest::Refused, ..Decisions::default() };
    let refusing = Shop::start(fixture(1).unlimited(), Options { decisions, ..Options::default() });
    assert_eq!(refusing.mws("RequestReport", &[("ReportType", SETTLEMENTS)]).code(), "InvalidParameterValue");
}

#[test]
fn a_waiting_request_can_be_cancelled() {
    let shop = Shop::with_reports(1);
    shop.mws("RequestReport", &[("ReportType", SANDBOX)]);
    let cancelled = shop.mws("CancelReportRequests", &[]);
    assert_eq!(elements(&cancelled, "Count"), ["1"]);
    assert_eq!(elements(&cancelled, "ReportProcessingStatus"), ["_CANCELLED_"]);
    shop.control.advance(TimeDelta::minutes(2));
    let list = shop.mws("GetReportRequestList", &[("ReportProcessingStatusList.Status.1", "_CANCELLED_")]);
    assert_eq!(elements(&list, "ReportRequestId").len(), 1);
}

#[test]
fn schedules_are_kept_listed_and_never_have_a_second_page() {
    let shop = Shop::with_reports(1);
    let order = "_GET_ORDERS_DATA_";
    let made = shop.mws(
        "ManageReportSchedule",
        &[("ReportType", order), ("Schedule", "_1_DAY_"), ("ScheduleDate", "2026-12-01T00:00:00Z")],
    );
    assert_eq!(elements(&made, "Count"), ["1"]);
    assert_eq!(elements(&made, "ScheduledDate"), ["2026-12-01T00:00:00+00:00"]);
    let list = shop.mws("GetReportScheduleList", &[]);
    assert_eq!(
        (elements(&list, "HasNext"), elements(&list, "Schedule")),
        (vec!["false".to_owned()], vec!["_1_DAY_".to_owned()])
    );
    shop.mws("ManageReportSchedule", &[("ReportType", order), ("Schedule", "_NEVER_")]);
    assert_eq!(elements(&shop.mws("GetReportScheduleCount", &[]), "Count"), ["0"]);
}

#[test]
fn the_content_type_of_a_report_depends_on_region_and_type_unless_the_fixture_says_otherwise() {
    let mut fixture = fixture(3);
    fixture.reports[0].content_type = ContentType::Absent;
    fixture.reports[1].content_type = ContentType::Is("text/plain;charset=Cp1252".to_owned());
    let shop = Shop::start(fixture.unlimited(), Options::default());
    let content_type = |id: &str| shop.mws("GetReport", &[("ReportId", id)]).header("content-type").map(str::to_owned);
    assert_eq!(content_type(&report_of("shop", 0).id), None);
    assert_eq!(content_type(&report_of("shop", 1).id).as_deref(), Some("text/plain;charset=Cp1252"));
    assert_eq!(content_type(&report_of("shop", 2).id).as_deref(), Some("text/plain"));
    assert_eq!(content_type("7000000000000001").as_deref(), Some("text/plain;charset=windows-1252"));
    shop.control.patch_account("shop", |account| account.region = Region::Jp);
    assert_eq!(content_type("7000000000000001").as_deref(), Some("text/plain;charset=windows-31j"));
}

#[test]
fn a_report_that_appears_between_two_pages_moves_the_rest() {
    let shop = Shop::with_reports(12);
    let first = shop.mws("GetReportList", &[("ReportTypeList.Type.1", SETTLEMENTS)]);
    let token = elements(&first, "NextToken").pop().unwrap();
    let late = report_of("shop", 40).created(instant("2026-11-23T22:00:00Z"));
    shop.control.insert_report(late).unwrap();
    let second = shop.mws("GetReportListByNextToken", &[("NextToken", &token)]);
    let (first, second) = (elements(&first, "ReportId"), elements(&second, "ReportId"));
    assert_eq!(second.len(), 3);
    assert_eq!(second[0], first[9], "the last of the first page comes again");
    assert!(shop.control.remove_report(&report_of("shop", 40).id));
}
