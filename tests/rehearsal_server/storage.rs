//! The storage behind API v2: URLs that live half a minute and are compared byte for byte.

use chrono::TimeDelta;
use settle::rehearsal::serve::{ContentType, Options};

use crate::http::{Ask, Reply};
use crate::shop::{Shop, file_of, fixture, report_of};

fn expect(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.text());
    assert!(reply.text().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"));
}

#[test]
fn a_url_works_any_number_of_times_for_thirty_seconds() {
    let shop = Shop::with_reports(1);
    let get = Ask::new("GET", &shop.document_target(&report_of("shop", 0)));
    for _ in 0..3 {
        let reply = shop.send(&get);
        assert_eq!((reply.status, reply.body.as_slice()), (200, file_of(0).as_bytes()));
        assert_eq!(reply.header("content-type"), Some("binary/octet-stream"));
        assert_eq!(reply.header("content-length"), Some(file_of(0).len().to_string().as_str()));
        assert!(reply.header("etag").unwrap().starts_with('"'));
    }
    shop.control.advance(TimeDelta::seconds(29));
    assert_eq!(shop.send(&get).status, 200);
    shop.control.advance(TimeDelta::seconds(1));
    let late = shop.send(&get);
    expect(&late, 403, "AccessDenied");
    assert!(late.text().contains("<Message>Request has expired</Message>"));
    assert_eq!(shop.send(&Ask::new("GET", &shop.document_target(&report_of("shop", 0)))).status, 200);
}

#[test]
fn one_byte_changed_anywhere_in_a_url_is_refused() {
    let shop = Shop::with_reports(1);
    let target = shop.document_target(&report_of("shop", 0));
    let begins = "/s3/".len();
    for at in (begins..target.len()).step_by(7) {
        let mut bytes = target.clone().into_bytes();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        let changed = String::from_utf8(bytes).unwrap();
        expect(&shop.send(&Ask::new("GET", &changed)), 403, "SignatureDoesNotMatch");
    }
    let cut = &target[..512];
    for changed in [cut.to_owned(), target.replace("%2F", "/"), target.replace("%2F", "%2f"), format!("{target}&")] {
        expect(&shop.send(&Ask::new("GET", &changed)), 403, "SignatureDoesNotMatch");
    }
    let get = Ask::new("GET", &target);
    expect(&shop.send(&get.clone().with("Host", "127.0.0.1")), 403, "SignatureDoesNotMatch");
    assert_eq!(shop.send(&get).status, 200);
    expect(&shop.send(&Ask { method: "POST".to_owned(), ..get }), 403, "SignatureDoesNotMatch");
}

#[test]
fn credentials_at_the_storage_are_refused() {
    let shop = Shop::with_reports(1);
    let get = Ask::new("GET", &shop.document_target(&report_of("shop", 0)));
    for name in ["authorization", "x-amz-pay-date", "x-amz-pay-authtoken"] {
        let reply = shop.send(&get.clone().with(name, "anything"));
        expect(&reply, 400, "InvalidArgument");
        assert!(reply.text().contains("Only one auth mechanism allowed"));
    }
    let leaked = shop.control.calls("GetObject");
    assert!(leaked.iter().all(|entry| entry.verdict == "InvalidArgument" && entry.account.as_deref() == Some("shop")));
    assert_eq!(leaked[0].header("authorization"), Some("anything"), "the journal keeps it, for tests to find");
}

#[test]
fn the_content_type_of_a_document_is_the_fixtures() {
    let mut fixture = fixture(2);
    fixture.reports[0].content_type = ContentType::Absent;
    fixture.reports[1].content_type = ContentType::Is("text/csv".to_owned());
    let shop = Shop::start(fixture.unlimited(), Options::default());
    let content_type = |day| {
        let reply = shop.send(&Ask::new("GET", &shop.document_target(&report_of("shop", day))));
        reply.header("content-type").map(str::to_owned)
    };
    assert_eq!((content_type(0), content_type(1).as_deref()), (None, Some("text/csv")));
}
