//! What a careful client sees: lists, pages, bytes, and time that passes when it is told to.

use chrono::TimeDelta;
use settle::domain::Clock;
use settle::rehearsal::serve::{Face, Options};

use crate::http::Ask;
use crate::shop::{REFUNDS, SETTLEMENTS, Shop, elements, file_of, fixture, report_of};
use crate::sign::encode;

#[test]
fn mws_lists_page_by_page_newest_first_and_gives_the_bytes() {
    let shop = Shop::with_reports(25);
    let first = shop.mws("GetReportList", &[("ReportTypeList.Type.1", SETTLEMENTS)]);
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.header("content-type"), Some("text/xml"));
    assert!(first.text().starts_with("<?xml version=\"1.0\"?>\n<GetReportListResponse xmlns=\"http://mws.amazonaws.com/doc/2009-01-01/\">\n  <GetReportListResult>\n"));
    let mut ids = elements(&first, "ReportId");
    let mut reply = first;
    while let Some(token) = elements(&reply, "NextToken").pop() {
        assert_eq!(elements(&reply, "HasNext"), ["true"]);
        assert!(token.len() >= 384 && token.contains('+') && token.contains('/') && token.ends_with('='));
        reply = shop.mws("GetReportListByNextToken", &[("NextToken", &token)]);
        assert_eq!(reply.status, 200, "{}", reply.text());
        ids.extend(elements(&reply, "ReportId"));
    }
    assert_eq!(elements(&reply, "HasNext"), ["false"]);
    let expected: Vec<String> = (0..25).map(|day| report_of("shop", day).id).collect();
    assert_eq!(ids, expected);

    let report = shop.mws("GetReport", &[("ReportId", &ids[3])]);
    assert_eq!(report.body, file_of(3).as_bytes());
    assert_eq!(report.header("content-type"), Some("text/plain"));
    assert_eq!(report.header("x-amz-request-id"), report.header("x-mws-request-id"));
    assert_eq!(report.header("date"), Some("Mon, 23 Nov 2026 22:15:30 GMT"));
    shop.verdict();
}

#[test]
fn api_v2_lists_page_by_page_and_its_documents_lie_behind_short_lived_urls() {
    let shop = Shop::with_reports(25);
    let list = format!("/v2/reports?pageSize=10&processingStatuses=COMPLETED&reportTypes={SETTLEMENTS}");
    let mut reply = shop.pay_get(&list);
    let mut ids = Vec::new();
    loop {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let body = reply.json();
        let page = body["reports"].as_array().unwrap();
        ids.extend(page.iter().map(|report| report["reportId"].as_str().unwrap().to_owned()));
        let Some(token) = body["nextToken"].as_str() else { break };
        reply = shop.pay_get(&format!("/v2/reports?nextToken={}", encode(token)));
    }
    assert_eq!(ids, (0..25).map(|day| report_of("shop", day).id).collect::<Vec<String>>());

    let report = report_of("shop", 7);
    let target = shop.document_target(&report);
    assert!(target.len() > 600 && target.contains("%2F") && target.contains("X-Amz-Expires=30"));
    let document = shop.send(&Ask::new("GET", &target));
    assert_eq!((document.status, document.body), (200, file_of(7).into_bytes()));
    assert_ne!(shop.document_target(&report), target, "every call gives a new URL");
    let storage: Vec<Face> = shop.control.calls("GetObject").iter().map(|entry| entry.face).collect();
    assert_eq!(storage, [Face::Storage]);
}

#[test]
fn a_report_is_there_from_its_instant_until_ninety_days_later() {
    let shop = Shop::start(fixture(1).unlimited(), Options::default());
    let id = report_of("shop", 0).id;
    let count = |shop: &Shop| elements(&shop.mws("GetReportCount", &[("ReportTypeList.Type.1", SETTLEMENTS)]), "Count");
    assert_eq!(count(&shop), ["1"]);
    let created = report_of("shop", 0).created;
    shop.control.set_clock(created - TimeDelta::seconds(1));
    assert_eq!(count(&shop), ["0"]);
    assert_eq!(shop.mws("GetReport", &[("ReportId", &id)]).code(), "InvalidParameterValue");
    assert_eq!(shop.pay_get(&format!("/v2/reports/{id}")).status, 404);
    shop.control.set_clock(created + TimeDelta::days(90) - TimeDelta::seconds(1));
    assert_eq!(count(&shop), ["1"]);
    shop.control.advance(TimeDelta::seconds(1));
    assert_eq!(count(&shop), ["0"]);
    assert_eq!(shop.control.now(), created + TimeDelta::days(90));
    assert_eq!(shop.pay_get(&format!("/v2/reports/{id}")).status, 404);
    let refunds = shop.mws("GetReportList", &[("ReportTypeList.Type.1", REFUNDS)]);
    assert_eq!(elements(&refunds, "ReportId").len(), 0);
}

#[test]
fn the_journal_tells_what_was_asked_and_what_was_signed() {
    let shop = Shop::with_reports(2);
    shop.pay_get("/v2/reports");
    shop.mws("GetReportCount", &[]);
    let journal = shop.control.journal();
    assert_eq!(journal.iter().map(|entry| entry.n).collect::<Vec<u64>>(), [1, 2]);
    let (pay, mws) = (&journal[0], &journal[1]);
    assert_eq!((pay.face, pay.action.as_str(), pay.account.as_deref()), (Face::Pay, "GetReports", Some("shop")));
    assert!(pay.canonical.starts_with("GET\n/v2/reports\n\naccept:application/json\n"));
    assert!(pay.string_to_sign.starts_with("AMZN-PAY-RSASSA-PSS-V2\n"));
    assert_eq!((pay.status, pay.verdict.as_str(), pay.closed_early), (200, "ok", false));
    assert_eq!((mws.face, mws.action.as_str(), mws.account.as_deref()), (Face::Mws, "GetReportCount", Some("shop")));
    assert!(mws.string_to_sign.starts_with(&format!("POST\n{}\n/Reports/2009-01-01\nAWSAccessKeyId=", shop.host())));
    assert!(mws.body.contains("Signature="));
    assert_eq!(pay.at, "2026-11-23T22:15:30Z");
    assert_eq!(shop.control.journal_since(1).len(), 1);
}
