//! Every fault, played once, and what a client gets to see of it.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use flate2::read::GzDecoder;
use md5::{Digest, Md5};
use settle::domain::Clock;
use settle::rehearsal::serve::{Face, Fault, FaultKind, Options};

use crate::http::{Ask, End, Reply};
use crate::shop::{SETTLEMENTS, Shop, elements, file_of, fixture, report_of};

/// How long a test waits to find that nothing comes.
const PATIENCE: Duration = Duration::from_millis(300);

fn md5_of(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

impl Shop {
    fn plays(&self, fault: Fault) -> &Self {
        self.control.fault(fault);
        self
    }

    fn report(&self, day: i64) -> Reply {
        self.mws("GetReport", &[("ReportId", &report_of("shop", day).id)])
    }

    fn document(&self, day: i64) -> Reply {
        self.send(&Ask::new("GET", &self.document_target(&report_of("shop", day))))
    }

    fn settlements(&self) -> Vec<String> {
        elements(&self.mws("GetReportList", &[("ReportTypeList.Type.1", SETTLEMENTS), ("MaxCount", "100")]), "ReportId")
    }

    fn pay_reports(&self) -> Vec<serde_json::Value> {
        let list = format!("/v2/reports?pageSize=100&reportTypes={SETTLEMENTS}");
        self.pay_get(&list).json()["reports"].as_array().unwrap().clone()
    }
}

#[test]
fn refuse_drops_the_connection_of_one_request_or_closes_the_door() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::Refuse).action("GetReportCount"));
    let ask = shop.mws_ask(&shop.mws_parameters("GetReportCount", &[]));
    let address = shop.server.http_address();
    assert!(ask.send(address).is_err());
    assert_eq!(shop.send(&ask).status, 200);
    assert_eq!(shop.control.journal()[0].status, 0);
    assert!(shop.control.journal()[0].closed_early);

    shop.plays(Fault::new(FaultKind::Refuse).arg("listener", "both"));
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(TcpStream::connect(shop.server.https_address()).is_err());
    shop.verdict();
    shop.control.clear_faults();
    assert_eq!(shop.send(&ask).status, 200, "the same port is open again");
    assert!(TcpStream::connect(shop.server.https_address()).is_ok());
}

#[test]
fn stalls_send_nothing_or_half_and_then_nothing() {
    let shop = Shop::with_reports(1);
    let id = report_of("shop", 0).id;
    let ask = shop.mws_ask(&shop.mws_parameters("GetReport", &[("ReportId", &id)]));
    shop.plays(Fault::new(FaultKind::StallHeaders).action("GetReport"));
    shop.plays(Fault::new(FaultKind::StallBody).action("GetReport"));
    let address = shop.server.http_address();
    assert!(ask.send_waiting(address, PATIENCE).is_err());
    let half = ask.send_waiting(address, PATIENCE).unwrap();
    assert_eq!((half.status, half.end), (200, End::Stalled));
    assert_eq!(half.body, &file_of(0).as_bytes()[..file_of(0).len() / 2]);
    assert_eq!(shop.report(0).body, file_of(0).as_bytes());
    let ends: Vec<(u16, bool)> =
        shop.control.journal().iter().map(|entry| (entry.status, entry.closed_early)).collect();
    assert_eq!(ends, [(0, true), (200, true), (200, false)]);
    shop.verdict();
}

#[test]
fn cut_body_promises_the_whole_and_sends_half() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::CutBody).on(Face::Storage));
    let cut = shop.document(0);
    assert_eq!((cut.status, cut.end, cut.body.len()), (200, End::Cut, file_of(0).len() / 2));
    assert_eq!(cut.header("content-length"), Some(file_of(0).len().to_string().as_str()));
    assert_eq!(shop.document(0).end, End::Whole);
    assert!(shop.control.calls("GetObject")[0].closed_early);
    shop.verdict();
}

#[test]
fn md5_wrong_is_wrong_as_often_as_asked() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::Md5Wrong).times(4));
    for attempt in 0..5 {
        let reply = shop.report(0);
        let is_right = reply.header("content-md5") == Some(md5_of(&reply.body).as_str());
        assert_eq!((is_right, reply.body), (attempt == 4, file_of(0).into_bytes()));
    }
    shop.verdict();
}

#[test]
fn every_face_has_errors_of_its_own_for_500_and_503() {
    let shop = Shop::with_reports(1);
    let target = shop.document_target(&report_of("shop", 0));
    for (kind, status, codes) in [
        (FaultKind::Http500, 500, ["InternalError", "InternalServerError", "InternalError"]),
        (FaultKind::Http503, 503, ["ServiceUnavailable", "ServiceUnavailable", "SlowDown"]),
    ] {
        shop.plays(Fault::new(kind).times(3));
        let replies = [shop.report(0), shop.pay_get("/v2/reports"), shop.send(&Ask::new("GET", &target))];
        for (reply, code) in replies.iter().zip(codes) {
            assert_eq!((reply.status, reply.code().as_str()), (status, code));
        }
        assert_eq!(elements(&replies[0], "Type"), ["Receiver"]);
    }
    shop.verdict();
}

#[test]
fn html_pages_come_instead_of_answers() {
    let shop = Shop::with_reports(1);
    for (kind, status) in [(FaultKind::Html200, 200), (FaultKind::Html503, 503), (FaultKind::Gone, 410)] {
        shop.plays(Fault::new(kind).times(2));
        for reply in [shop.report(0), shop.pay_get("/v2/reports")] {
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("content-type"), Some("text/html; charset=UTF-8"));
            assert!(reply.text().starts_with("<!DOCTYPE html>"));
        }
    }
    shop.verdict();
}

#[test]
fn throttling_and_quota_come_in_every_recorded_form() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::Throttle).times(2));
    assert_eq!(
        (shop.report(0).code(), shop.pay_get("/v2/reports").code()),
        ("RequestThrottled".to_owned(), "TooManyRequests".to_owned())
    );
    shop.plays(Fault::new(FaultKind::RetryAfter).on(Face::Pay).arg("seconds", 7));
    let later = shop.pay_get("/v2/reports");
    assert_eq!((later.status, later.header("retry-after")), (429, Some("7")));
    let message = |fault: Fault| {
        shop.plays(fault);
        let reply = shop.report(0);
        assert_eq!((reply.status, reply.code().as_str()), (503, "QuotaExceeded"));
        (elements(&reply, "Message").pop().unwrap(), reply.header("x-mws-quota-resetson").map(str::to_owned))
    };
    let quota = || Fault::new(FaultKind::Quota);
    let (iso, header) = message(quota());
    assert!(iso.ends_with("GetReport.  Your quota will reset on 2026-11-23T23:15:30.000Z") && header.is_none());
    assert!(message(quota().arg("resets_on", "http")).0.ends_with("reset on Mon, 23 Nov 2026 23:15:30 GMT"));
    assert!(message(quota().arg("resets_on", "missing")).0.ends_with("Reports/2009-01-01/GetReport."));
    let (bare, header) = message(quota().arg("in", "header").arg("minutes", 5));
    assert!(bare.ends_with("GetReport.") && header.as_deref() == Some("2026-11-23T22:20:30.000Z"));
    shop.verdict();
}

#[test]
fn access_denied_and_withdrawal_are_final_words() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::AccessDenied).times(2));
    let (mws, pay) = (shop.report(0), shop.pay_get("/v2/reports"));
    assert_eq!((mws.status, mws.code().as_str()), (401, "AccessDenied"));
    assert_eq!((pay.status, pay.code().as_str()), (401, "UnauthorizedAccess"));
    shop.plays(Fault::new(FaultKind::MwsWithdrawn).always());
    assert_eq!((shop.report(0).status, shop.mws("GetReportList", &[]).status), (410, 410));
    assert_eq!(shop.pay_get("/v2/reports").status, 200, "the other face goes on");
    shop.verdict();
    shop.control.clear_faults();
    shop.plays(Fault::new(FaultKind::MwsWithdrawn).arg("form", "html"));
    assert!(shop.report(0).text().starts_with("<!DOCTYPE html>"));
    shop.plays(Fault::new(FaultKind::MwsWithdrawn).arg("form", "closed"));
    assert!(shop.mws_ask(&shop.mws_parameters("GetReportCount", &[])).send(shop.server.http_address()).is_err());
    shop.verdict();
}

#[test]
fn clock_skew_refuses_what_is_signed_by_the_true_time_and_takes_the_corrected() {
    let shop = Shop::with_reports(1);
    for (minutes, date) in [(20, "Mon, 23 Nov 2026 22:35:30 GMT"), (-20, "Mon, 23 Nov 2026 21:55:30 GMT")] {
        shop.plays(Fault::new(FaultKind::ClockSkew).arg("minutes", minutes).times(3));
        let refused = shop.report(0);
        assert_eq!((refused.code().as_str(), refused.header("date")), ("RequestExpired", Some(date)));
        let refused = shop.pay_get("/v2/reports");
        assert_eq!((refused.code().as_str(), refused.header("date")), ("InvalidHeaderValue", Some(date)));
        let corrected = (shop.control.now() + TimeDelta::minutes(minutes)).format("%Y%m%dT%H%M%SZ").to_string();
        let accepted = shop.send(&shop.pay("GET", "/v2/reports").header("x-amz-pay-date", &corrected).ask());
        assert_eq!(accepted.status, 200);
    }
    shop.verdict();
}

#[test]
fn a_listed_report_is_missing_when_it_is_fetched() {
    let shop = Shop::with_reports(1);
    let document = format!("/v2/report-documents/{}", report_of("shop", 0).document_id);
    let target = shop.document_target(&report_of("shop", 0));
    shop.plays(Fault::new(FaultKind::ListedMissing).times(3));
    let replies = [shop.report(0), shop.pay_get(&document), shop.send(&Ask::new("GET", &target))];
    let seen: Vec<(u16, String)> = replies.iter().map(|reply| (reply.status, reply.code())).collect();
    let expected = [(400, "InvalidParameterValue"), (404, "ResourceNotFound"), (404, "NoSuchKey")];
    assert_eq!(seen, expected.map(|(status, code)| (status, code.to_owned())));
    assert_eq!(shop.pay_get(&document).status, 200);
    shop.verdict();
}

#[test]
fn a_report_without_data_or_failed_or_without_a_document_is_shown_as_such() {
    let shop = Shop::with_reports(3);
    let id = report_of("shop", 1).id;
    let requests = |shop: &Shop| shop.mws("GetReportRequestList", &[("ReportTypeList.Type.1", SETTLEMENTS)]);
    for (kind, mws, pay, generated) in [
        (FaultKind::NoData, "_DONE_NO_DATA_", "CANCELLED", 2),
        (FaultKind::Failed, "_CANCELLED_", "FAILED", 2),
        (FaultKind::NoDocumentId, "_DONE_", "COMPLETED", 2),
    ] {
        shop.plays(Fault::new(kind).arg("report", id.as_str()).times(2));
        let list = requests(&shop);
        assert_eq!(elements(&list, "ReportProcessingStatus"), ["_DONE_", mws, "_DONE_"]);
        assert_eq!(elements(&list, "GeneratedReportId").len(), generated);
        let reports = shop.pay_reports();
        assert_eq!(reports[1]["processingStatus"], pay);
        assert_eq!(reports[1].get("reportDocumentId"), None);
        shop.plays(Fault::new(kind).action("GetReportById"));
        assert_eq!(shop.pay_get(&format!("/v2/reports/{id}")).json().get("reportDocumentId"), None);
        assert_eq!(elements(&requests(&shop), "GeneratedReportId").len(), 3, "nothing has changed for good");
    }
    shop.plays(Fault::new(FaultKind::NoData));
    assert_eq!(shop.settlements().len(), 2, "what has no data is no report on MWS");
    shop.verdict();
}

#[test]
fn a_report_shifts_the_pages_while_they_are_read() {
    let shop = Shop::with_reports(15);
    shop.plays(Fault::new(FaultKind::Shift).action("GetReportListByNextToken"));
    let first = shop.mws("GetReportList", &[("ReportTypeList.Type.1", SETTLEMENTS)]);
    let token = elements(&first, "NextToken").pop().unwrap();
    let second = elements(&shop.mws("GetReportListByNextToken", &[("NextToken", &token)]), "ReportId");
    assert_eq!(second[0], elements(&first, "ReportId")[9], "one comes twice");
    assert_eq!(shop.settlements().len(), 16);
    shop.verdict();

    let mut waiting = fixture(2);
    waiting.reports[0].created += TimeDelta::days(5);
    let shop = Shop::start(waiting.unlimited(), Options::default());
    assert_eq!(shop.pay_reports().len(), 1);
    shop.plays(Fault::new(FaultKind::Shift).action("GetReports"));
    let shifted = shop.pay_reports();
    assert_eq!((shifted.len(), shifted[0]["reportId"].as_str().unwrap()), (2, report_of("shop", 0).id.as_str()));
    shop.verdict();
}

#[test]
fn an_empty_page_is_not_the_last_and_nothing_is_lost() {
    let shop = Shop::with_reports(3);
    shop.plays(Fault::new(FaultKind::EmptyPage).action("GetReportList"));
    let empty = shop.mws("GetReportList", &[("ReportTypeList.Type.1", SETTLEMENTS)]);
    assert_eq!((elements(&empty, "HasNext"), elements(&empty, "ReportId").len()), (vec!["true".to_owned()], 0));
    let token = elements(&empty, "NextToken").pop().unwrap();
    let rest = shop.mws("GetReportListByNextToken", &[("NextToken", &token)]);
    assert_eq!(elements(&rest, "ReportId").len(), 3);
    shop.plays(Fault::new(FaultKind::EmptyPage).action("GetDisbursements"));
    let empty = shop.pay_get("/v2/disbursements?endTime=20261201T000000Z&startTime=20261101T000000Z").json();
    assert_eq!(empty["disbursements"].as_array().unwrap().len(), 0);
    assert!(empty["nextToken"].is_string());
    shop.verdict();
}

#[test]
fn a_token_loop_gives_the_same_token_again() {
    let shop = Shop::with_reports(25);
    shop.plays(Fault::new(FaultKind::TokenLoop).action("GetReportListByNextToken").times(2));
    let mut token = elements(&shop.mws("GetReportList", &[]), "NextToken").pop().unwrap();
    for _ in 0..2 {
        let page = shop.mws("GetReportListByNextToken", &[("NextToken", &token)]);
        assert_eq!(elements(&page, "NextToken"), [token.clone()]);
    }
    shop.plays(Fault::new(FaultKind::TokenLoop).action("GetReports").always());
    token = shop.pay_get("/v2/reports").json()["nextToken"].as_str().unwrap().to_owned();
    let again = shop.pay_get(&format!("/v2/reports?nextToken={}", crate::sign::encode(&token)));
    assert_eq!(again.json()["nextToken"], token.as_str());
    shop.verdict();
}

#[test]
fn doubles_come_as_one_id_twice_or_as_one_settlement_under_two_ids() {
    let shop = Shop::with_reports(3);
    shop.plays(Fault::new(FaultKind::DupIds).times(2));
    let ids = shop.settlements();
    assert_eq!((ids.len(), &ids[0]), (4, &ids[1]));
    assert_eq!(shop.pay_reports().len(), 4);

    shop.plays(Fault::new(FaultKind::DupSettlementSame));
    let ids = shop.settlements();
    assert_eq!(ids.len(), 4);
    let bytes = |id: &str| shop.mws("GetReport", &[("ReportId", id)]).body;
    assert_eq!(bytes(&ids[0]), bytes(&ids[1]));

    let original = report_of("shop", 2).id;
    shop.plays(Fault::new(FaultKind::DupSettlementChanged).arg("report", original.as_str()));
    let ids = shop.settlements();
    assert_eq!(ids.len(), 5, "the double stays");
    let (changed, original) =
        (String::from_utf8(bytes(&ids[0])).unwrap(), String::from_utf8(bytes(&original)).unwrap());
    assert_eq!(changed, original.replace("\"R2\"", "\"R2-CORRECTED\""));
    shop.verdict();
}

#[test]
fn a_document_is_not_ready_in_two_forms() {
    let shop = Shop::with_reports(1);
    let document = format!("/v2/report-documents/{}", report_of("shop", 0).document_id);
    shop.plays(Fault::new(FaultKind::NotReady));
    shop.plays(Fault::new(FaultKind::NotReady).arg("form", "no-url"));
    for status in [202, 200] {
        let reply = shop.pay_get(&document);
        assert_eq!((reply.status, reply.json().get("url")), (status, None));
    }
    assert!(shop.pay_get(&document).json()["url"].is_string());
    shop.verdict();
}

#[test]
fn a_url_expires_just_before_it_is_used_or_is_refused_once() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::UrlExpired));
    let before = shop.control.now();
    assert_eq!(shop.document(0).code(), "AccessDenied");
    assert_eq!(shop.control.now() - before, TimeDelta::seconds(31));
    shop.plays(Fault::new(FaultKind::Url403Once));
    let target = shop.document_target(&report_of("shop", 0));
    assert_eq!(shop.send(&Ask::new("GET", &target)).status, 403);
    assert_eq!(shop.send(&Ask::new("GET", &target)).status, 403, "the old URL stays refused");
    assert_eq!(shop.document(0).status, 200);
    shop.verdict();
}

#[test]
fn bytes_come_compressed_in_two_ways() {
    let shop = Shop::with_reports(1);
    let unpack = |bytes: &[u8]| {
        let mut plain = String::new();
        GzDecoder::new(bytes).read_to_string(&mut plain).unwrap();
        plain
    };
    shop.plays(Fault::new(FaultKind::Gzip).times(2));
    for reply in [shop.report(0), shop.document(0)] {
        assert_eq!(reply.header("content-encoding"), Some("gzip"));
        assert_eq!(unpack(&reply.body), file_of(0));
        if let Some(stated) = reply.header("content-md5") {
            assert_eq!(stated, md5_of(file_of(0).as_bytes()), "the checksum is that of the plain bytes");
        }
    }
    shop.plays(Fault::new(FaultKind::Gzip).arg("by", "algorithm"));
    let answer = shop.pay_get(&format!("/v2/report-documents/{}", report_of("shop", 0).document_id)).json();
    assert_eq!(answer["compressionAlgorithm"], "GZIP");
    let target = answer["url"].as_str().unwrap().strip_prefix(&shop.server.http()).unwrap().to_owned();
    let packed = shop.send(&Ask::new("GET", &target));
    assert_eq!((packed.header("content-encoding"), unpack(&packed.body)), (None, file_of(0)));
    assert_eq!(shop.document(0).body, file_of(0).as_bytes());
    shop.verdict();
}

#[test]
fn bytes_come_in_other_charsets_empty_or_without_rows() {
    let shop = Shop::with_reports(1);
    let of = |kind| {
        shop.plays(Fault::new(kind).times(2));
        let (mws, pay) = (shop.report(0), shop.document(0));
        assert_eq!(mws.header("content-md5"), Some(md5_of(&mws.body).as_str()), "the checksum follows the bytes");
        assert_eq!(mws.body, pay.body);
        (mws.header("content-type").map(str::to_owned), mws.body)
    };
    let (content_type, body) = of(FaultKind::Cp1252);
    assert_eq!(content_type.as_deref(), Some("text/plain"));
    assert!(body.windows(3).any(|window| window == [0x80, 0x93, 0x99]) && std::str::from_utf8(&body).is_err());
    let (content_type, body) = of(FaultKind::CharsetLies);
    assert_eq!((content_type.as_deref(), body), (Some("text/plain;charset=windows-1252"), file_of(0).into_bytes()));
    assert_eq!(of(FaultKind::Bom).1, file_of(0).as_bytes(), "there is a mark already");
    assert_eq!(of(FaultKind::Empty).1, b"");
    let (_, body) = of(FaultKind::HeaderOnly);
    let text = String::from_utf8(body).unwrap();
    assert!(text.ends_with("\"StoreName\"\n") && file_of(0).starts_with(&text));
    shop.plays(Fault::new(FaultKind::Bom));
    let refunds = shop.mws("GetReport", &[("ReportId", "7000000000000001")]);
    assert_eq!(refunds.body, "\u{feff}\"AmazonRefundId\"\n".as_bytes());
    shop.verdict();
}

#[test]
fn ninety_one_days_pass_in_one_request() {
    let shop = Shop::with_reports(2);
    shop.plays(Fault::new(FaultKind::Gap90));
    let before = shop.control.now();
    let reply = shop.pay_get("/v2/reports");
    assert_eq!(reply.code(), "InvalidHeaderValue", "the request was signed ninety-one days before");
    assert_eq!(shop.control.now() - before, TimeDelta::days(91));
    assert_eq!(shop.pay_reports().len(), 0);
    shop.verdict();
}

#[test]
fn a_signature_is_refused_with_another_hash() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::SignatureEcho));
    let ask = shop.pay("GET", "/v2/reports");
    let reply = shop.send(&ask.ask());
    assert_eq!((reply.status, reply.code().as_str()), (401, "InvalidRequestSignature"));
    let message = reply.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("signing String [AMZN-PAY-RSASSA-PSS-V2\n") && !message.contains(&ask.string_to_sign()));
    shop.verdict();
}

#[test]
fn a_fault_that_never_came_up_is_told() {
    let shop = Shop::with_reports(1);
    shop.plays(Fault::new(FaultKind::Http500).action("GetReport").times(2));
    shop.plays(Fault::new(FaultKind::Md5Wrong).path("ReportId=1"));
    shop.plays(Fault::new(FaultKind::Gone).always());
    shop.report(0);
    let unfired = shop.control.verdict().unwrap_err();
    let told: Vec<(FaultKind, u32)> = unfired.iter().map(|state| (state.fault.fault, state.fired)).collect();
    assert_eq!(told, [(FaultKind::Http500, 1), (FaultKind::Md5Wrong, 0), (FaultKind::Gone, 0)]);
}
