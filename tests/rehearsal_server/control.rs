//! The control endpoints for a test in another process, TLS, and that a server repeats itself.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use settle::domain::{Clock, FixedClock};
use settle::rehearsal::serve::{
    ClockMode, ClockStart, Fault, FaultKind, Fixture, FixtureError, Options, Report, ServeError, Server, SharedClock,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::{Ask, Reply};
use crate::shop::{SETTLEMENTS, Shop, elements, fixture, instant, report_of};
use crate::sign::sha256_hex;

fn control(shop: &Shop, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    shop.send(&Ask::new(method, &format!("/__control/{path}")).body(body))
}

#[test]
fn the_clock_is_read_set_and_moved() {
    let shop = Shop::with_reports(1);
    let frozen = json!({"now": "2026-11-23T22:15:30Z", "mode": "frozen"});
    assert_eq!(control(&shop, "GET", "clock", &Value::Null).json(), frozen);
    assert_eq!(control(&shop, "POST", "clock", &json!({"advance_s": 30})).json()["now"], "2026-11-23T22:16:00Z");
    assert_eq!(
        control(&shop, "POST", "clock", &json!({"set": "2026-12-01T00:00:00Z"})).json()["now"],
        "2026-12-01T00:00:00Z"
    );
    assert_eq!(control(&shop, "POST", "clock", &json!({"mode": "real"})).json()["mode"], "real");
    assert_eq!(shop.control.clock_mode(), ClockMode::Real);
    for bad in [
        json!({}),
        json!({"advance_s": -1}),
        json!({"set": "soon"}),
        json!({"mode": "fast"}),
        json!({"set": "2026-12-01T00:00:00Z", "mode": "real"}),
    ] {
        assert_eq!(control(&shop, "POST", "clock", &bad).status, 400, "{bad}");
    }
    assert_eq!(control(&shop, "GET", "health", &Value::Null).json()["ok"], true);
}

#[test]
fn a_running_clock_goes_on_from_where_it_was_set() {
    let system = instant("2030-01-01T00:00:00Z");
    let start = |clock| {
        let options = Options { clock, system: SharedClock::new(FixedClock(system)), ..Options::default() };
        Shop::start(fixture(1), options).control
    };
    assert_eq!(start(ClockStart::Real).now(), system);
    let running = start(ClockStart::Running(instant("2026-01-01T00:00:00Z")));
    assert_eq!((running.now(), running.clock_mode()), (instant("2026-01-01T00:00:00Z"), ClockMode::Offset));
    running.advance(TimeDelta::days(1));
    assert_eq!(running.now(), instant("2026-01-02T00:00:00Z"));
    running.set_clock_mode(ClockMode::Frozen);
    assert_eq!(running.now(), instant("2026-01-02T00:00:00Z"));
}

#[test]
fn faults_are_planted_listed_judged_and_forgotten() {
    let shop = Shop::with_reports(1);
    let wanted = json!([
        {"match": {"face": "mws", "action": "GetReportCount"}, "fault": "http-500", "times": 2},
        {"fault": "retry-after", "args": {"seconds": 3}},
    ]);
    let planted = control(&shop, "POST", "faults", &wanted);
    assert_eq!((planted.status, planted.json()), (201, json!([1, 2])));
    assert_eq!(shop.mws("GetReportCount", &[]).status, 500);
    let verdict = control(&shop, "GET", "verdict", &Value::Null);
    assert_eq!((verdict.status, verdict.json().as_array().unwrap().len()), (409, 2));
    shop.mws("GetReportCount", &[]);
    assert_eq!(shop.mws("GetReportCount", &[]).header("retry-after"), Some("3"));
    let listed = control(&shop, "GET", "faults", &Value::Null).json();
    assert_eq!(
        (&listed[0]["fired"], &listed[1]["fired"], &listed[0]["fault"]),
        (&json!(2), &json!(1), &json!("http-500"))
    );
    assert_eq!(control(&shop, "GET", "verdict", &Value::Null).status, 200);
    assert_eq!(control(&shop, "DELETE", "faults", &Value::Null).status, 204);
    assert_eq!(control(&shop, "GET", "faults", &Value::Null).json(), json!([]));
    for bad in [
        json!([{"fault": "dns"}]),
        json!({"fault": "gone"}),
        json!([{"fault": "refuse", "args": {"listener": "both"}}]),
    ] {
        assert_eq!(control(&shop, "POST", "faults", &bad).status, 400, "{bad}");
    }
}

#[test]
fn the_other_listener_can_be_closed_and_opened_over_http() {
    let shop = Shop::with_reports(1);
    let https = shop.server.https_address();
    let closing = json!([{"fault": "refuse", "args": {"listener": "https"}}]);
    assert_eq!(control(&shop, "POST", "faults", &closing).status, 201);
    // The door closes on the server's own thread, before it takes the next request.
    control(&shop, "GET", "health", &Value::Null);
    assert!(TcpStream::connect(https).is_err());
    assert_eq!(control(&shop, "GET", "verdict", &Value::Null).status, 200);
    control(&shop, "DELETE", "faults", &Value::Null);
    control(&shop, "GET", "health", &Value::Null);
    assert!(TcpStream::connect(https).is_ok());
}

#[test]
fn the_journal_is_read_from_a_number_on_and_cleared() {
    let shop = Shop::with_reports(1);
    for _ in 0..3 {
        shop.mws("GetReportCount", &[]);
    }
    let entries = control(&shop, "GET", "journal?since=1", &Value::Null).json();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.iter().map(|entry| entry["n"].as_u64().unwrap()).collect::<Vec<u64>>(), [2, 3]);
    assert_eq!((&entries[0]["face"], &entries[0]["verdict"]), (&json!("mws"), &json!("ok")));
    assert_eq!(control(&shop, "DELETE", "journal", &Value::Null).status, 204);
    assert_eq!(control(&shop, "GET", "journal", &Value::Null).json(), json!([]), "control calls leave no trace");
    shop.mws("GetReportCount", &[]);
    assert_eq!(shop.control.journal()[0].n, 4);
}

#[test]
fn reports_come_and_go_and_accounts_change() {
    let shop = Shop::with_reports(1);
    let report = json!({"account": "shop", "id": "1", "type": SETTLEMENTS, "created": "2026-11-23T20:00:00Z",
                        "period_start": "2026-11-22T00:00:00Z", "period_end": "2026-11-23T00:00:00Z",
                        "bytes_base64": STANDARD.encode("a,b\n"), "content_type": null});
    assert_eq!(control(&shop, "POST", "reports", &report).status, 201);
    let given = shop.mws("GetReport", &[("ReportId", "1")]);
    assert_eq!((given.body.as_slice(), given.header("content-type")), (b"a,b\n".as_slice(), None));
    assert_eq!(control(&shop, "DELETE", "reports/1", &Value::Null).status, 204);
    assert_eq!(control(&shop, "DELETE", "reports/1", &Value::Null).status, 404);
    let mut nobodys = report.clone();
    nobodys["account"] = json!("nobody");
    let mut file = report;
    file["file"] = json!("/etc/hostname");
    for bad in [nobodys, file, json!({"account": "shop"})] {
        assert_eq!(control(&shop, "POST", "reports", &bad).status, 400, "{bad}");
    }
    assert_eq!(control(&shop, "PATCH", "accounts/shop", &json!({"mws_authorised": false})).status, 200);
    assert_eq!(shop.mws("GetReportCount", &[]).code(), "AccessDenied");
    assert_eq!(control(&shop, "PATCH", "accounts/shop", &json!({"unknown": 1})).status, 400);
    assert_eq!(control(&shop, "PATCH", "accounts/nobody", &json!({})).status, 404);
}

#[test]
fn a_reset_brings_everything_back() {
    let shop = Shop::start(fixture(12), Options::default());
    let id = report_of("shop", 0).id;
    for _ in 0..15 {
        shop.mws("GetReport", &[("ReportId", &id)]);
    }
    let token = elements(&shop.mws("GetReportList", &[]), "NextToken").pop().unwrap();
    shop.control.remove_report(&id);
    shop.control.patch_account("shop", |account| account.mws_authorised = false);
    shop.control.fault(Fault::new(FaultKind::Gone));
    shop.control.fault(Fault::new(FaultKind::Refuse).arg("listener", "https"));
    shop.control.advance(TimeDelta::days(1));
    assert_eq!(control(&shop, "POST", "reset", &Value::Null).json()["now"], "2026-11-23T22:15:30Z");
    assert_eq!(shop.control.journal().len(), 0);
    assert_eq!(shop.mws("GetReport", &[("ReportId", &id)]).status, 200, "report, account and quota are back");
    assert_eq!(shop.mws("GetReportListByNextToken", &[("NextToken", &token)]).status, 400);
    assert!(TcpStream::connect(shop.server.https_address()).is_ok());
    shop.verdict();
}

#[test]
fn control_calls_need_the_host_of_the_bound_address() {
    let shop = Shop::with_reports(1);
    let health = Ask::new("GET", "/__control/health");
    let port = shop.server.http_address().port();
    for host in [
        "example.org".to_owned(),
        format!("localhost:{port}"),
        format!("127.0.0.1.example.org:{port}"),
        "[::1]".to_owned(),
        String::new(),
    ] {
        assert_eq!(shop.send(&health.clone().with("Host", host)).status, 403);
    }
    assert_eq!(shop.send(&health.clone().with("Host", "127.0.0.1")).status, 200);
    assert_eq!(shop.send(&Ask::new("GET", "/__control/secrets")).status, 404);
    assert_eq!(shop.control.journal().len(), 0);
}

#[test]
fn only_loopback_is_listened_on() {
    for address in ["0.0.0.0", "192.0.2.1", "127.0.0.2", "::"] {
        let options = Options { bind: address.parse::<IpAddr>().unwrap(), ..Options::default() };
        let refused = Server::start(Fixture::new(), options).unwrap_err();
        assert!(matches!(refused, ServeError::NotLoopback(_)), "{address}: {refused}");
    }
    let taken = Shop::with_reports(1);
    let options = Options { http_port: taken.server.http_address().port(), ..Options::default() };
    assert!(matches!(Server::start(Fixture::new(), options), Err(ServeError::Listen { .. })));
}

#[test]
fn a_server_on_the_other_loopback_address_serves_too() {
    let options = Options { bind: "::1".parse().unwrap(), ..Options::default() };
    // Not every machine has that address.
    let Ok(server) = Server::start(fixture(1).unlimited(), options) else {
        println!("skipped: there is no ::1 here");
        return;
    };
    let shop = Shop { control: server.control(), server };
    assert_eq!(shop.pay_get("/v2/reports").status, 200);
    assert_eq!(control(&shop, "GET", "health", &Value::Null).status, 200);
}

#[test]
fn a_fixture_that_cannot_be_is_refused() {
    let twice = fixture(1).account(fixture(1).accounts[0].clone());
    let nobodys = fixture(1).report(Report { account: "nobody".to_owned(), ..report_of("shop", 0) });
    let mut no_key = fixture(1);
    no_key.accounts[0].pay_keys[0].public_key_pem = "no key".to_owned();
    for fixture in [twice, nobodys, no_key] {
        let refused = Server::start(fixture, Options::default()).unwrap_err();
        assert!(matches!(refused, ServeError::Fixture(FixtureError::Impossible(_))), "{refused}");
    }
}

/// One answer over TLS, or why there is none.
fn over_tls(shop: &Shop, name: &str, ask: &str) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    let pem = pem::parse(fs::read(shop.server.ca_file()).unwrap()).unwrap();
    roots.add(CertificateDer::from(pem.into_contents())).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let connection = ClientConnection::new(config, ServerName::try_from(name.to_owned()).unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(shop.server.https_address())?);
    stream.write_all(ask.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn tls_names_this_machine_and_both_faces_answer_there() {
    let shop = Shop::with_reports(1);
    let get = "GET /v2/reports HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for name in ["127.0.0.1", "localhost"] {
        assert!(over_tls(&shop, name, get).unwrap().contains("MissingHeader"));
    }
    assert!(over_tls(&shop, "example.org", get).is_err());
    let mws = over_tls(&shop, "localhost", &get.replace("/v2/reports", "/")).unwrap();
    assert!(mws.contains("MissingParameter"), "{mws}");
}

#[test]
fn a_bad_certificate_is_of_another_name_or_another_authority() {
    let shop = Shop::with_reports(1);
    let get = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    shop.control.fault(Fault::new(FaultKind::TlsBad));
    shop.control.fault(Fault::new(FaultKind::TlsBad).arg("of", "ca"));
    let name = over_tls(&shop, "localhost", get).unwrap_err().to_string();
    assert!(name.contains("NotValidForName") || name.contains("not valid for name"), "{name}");
    let authority = over_tls(&shop, "localhost", get).unwrap_err().to_string();
    assert!(authority.contains("BadSignature") || authority.contains("UnknownIssuer"), "{authority}");
    assert!(over_tls(&shop, "localhost", get).is_ok());
    shop.verdict();
}

#[test]
fn the_same_requests_at_the_same_instant_get_the_same_bytes() {
    let run = || {
        // The port is part of what is signed, so both servers are asked under one name.
        let shop = Shop::start(fixture(25).unlimited(), Options::default());
        let mut told = String::new();
        let mut ask = |ask: &Ask| {
            let reply = shop.send(&ask.clone().with("Host", "pay-api.amazon.eu"));
            let ids = ["x-mws-request-id", "x-amz-pay-request-id", "x-amz-request-id"];
            let headers: Vec<&(String, String)> =
                reply.headers.iter().filter(|(name, _)| !ids.contains(&name.as_str())).collect();
            told.push_str(&format!("{} {headers:?}\n{}\n", reply.status, sha256_hex(&reply.body)));
            reply
        };
        let mut pay = shop.pay("GET", "/v2/reports?pageSize=5").header("x-amz-pay-host", "pay-api.amazon.eu");
        let list = ask(&pay.ask());
        pay.target =
            format!("/v2/reports?nextToken={}", crate::sign::encode(list.json()["nextToken"].as_str().unwrap()));
        ask(&pay.ask());
        pay.target = format!("/v2/report-documents/{}", report_of("shop", 3).document_id);
        let url = ask(&pay.ask()).json()["url"].as_str().unwrap().to_owned();
        ask(&Ask::new("GET", url.strip_prefix("http://pay-api.amazon.eu").unwrap()));
        for _ in 0..4 {
            ask(&Ask::new("GET", "/?Action=GetReportList"));
        }
        told
    };
    let first = run();
    assert_eq!(first, run());
    assert!(first.matches("200 ").count() >= 4, "{first}");
}
