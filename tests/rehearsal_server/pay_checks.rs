//! Every check of a request to API v2, reached by exactly one defect, and what it answers.

use chrono::TimeDelta;
use settle::domain::Clock;
use settle::rehearsal::serve::{Decisions, Options};

use crate::http::{Ask, Reply};
use crate::shop::{KEYS, OTHER_KEYS, SANDBOX_KEY, Shop, UNPREFIXED_KEY, fixture};
use crate::sign::Salt;

const V1: &str = "AMZN-PAY-RSASSA-PSS";
const V2: &str = "AMZN-PAY-RSASSA-PSS-V2";
const CREATE: &str = "{\"reportType\":\"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_\",\
                      \"startTime\":\"20261001T000000Z\",\"endTime\":\"20261031T235959Z\"}";

fn expect(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.text());
    assert!(reply.header("x-amz-pay-request-id").is_some());
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[test]
fn row_1_an_unknown_route_is_not_found_before_anything_else() {
    let shop = Shop::with_reports(1);
    for (method, target) in [("GET", "/v2/charges/1"), ("DELETE", "/v2/reports/1"), ("GET", "/sandbox/v2/publicKeyId")]
    {
        expect(&shop.send(&Ask::new(method, target)), 404, "ResourceNotFound");
    }
}

#[test]
fn row_2_a_required_header_that_is_absent_or_empty_is_named() {
    let shop = Shop::with_reports(1);
    let good = shop.pay_ask("GET", "/v2/reports", "");
    for name in ["accept", "content-type", "x-amz-pay-date", "x-amz-pay-host", "x-amz-pay-region", "authorization"] {
        let absent = shop.send(&good.clone().set(name, None));
        expect(&absent, 400, "MissingHeader");
        assert!(absent.text().contains(name));
        let empty = shop.send(&good.clone().set(name, Some("")));
        expect(&empty, 400, "MissingHeaderValue");
        assert!(empty.text().contains(name));
    }
}

#[test]
fn row_3_an_authorization_of_another_form_or_algorithm_is_refused() {
    let shop = Shop::with_reports(1);
    let good = shop.pay_ask("GET", "/v2/reports", "");
    let text = good.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
    for bad in [
        text.replace(V2, "AMZN-PAY-RSASSA-PSS-V3"),
        text.replace(", SignedHeaders", " SignedHeaders"),
        text.replace("Signature=", "Sign="),
        text.replace("PublicKeyId=", "KeyId="),
        "Bearer abc".to_owned(),
    ] {
        expect(&shop.send(&good.clone().set("authorization", Some(&bad))), 400, "InvalidHeaderValue");
    }
}

#[test]
fn row_4_an_unknown_key_is_refused_before_its_signature() {
    let shop = Shop::with_reports(1);
    expect(&shop.send(&shop.pay("GET", "/v2/reports").key("LIVE-UNKNOWN").ask()), 403, "InvalidAuthentication");
}

#[test]
fn row_5_the_signed_headers_hold_the_five_and_what_must_not_be_changed() {
    let shop = Shop::with_reports(1);
    let good = shop.pay("GET", "/v2/reports");
    for name in ["accept", "content-type", "x-amz-pay-date", "x-amz-pay-host", "x-amz-pay-region"] {
        let mut less = good.clone();
        less.headers.retain(|(header, _)| header != name);
        let value = good.headers.iter().find(|(header, _)| header == name).unwrap().1.clone();
        expect(&shop.send(&less.ask().with(name, value)), 400, "InvalidHeaderValue");
    }
    for name in ["x-amz-pay-idempotency-key", "x-amz-pay-authtoken"] {
        expect(&shop.send(&good.ask().with(name, "abc")), 400, "InvalidHeaderValue");
    }
    expect(&shop.send(&good.ask().with("accept", "text/plain")), 400, "InvalidHeaderValue");
    let text = good.ask().headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
    for bad in [
        text.replace("accept;content-type", "content-type;accept"),
        text.replace("accept;", "Accept;"),
        text.replace("accept;", "accept;never-sent;"),
    ] {
        expect(&shop.send(&good.ask().set("authorization", Some(&bad))), 400, "InvalidHeaderValue");
    }
    assert_eq!(shop.send(&good.header("user-agent", "settle-tests/1.0").ask()).status, 200, "more may be signed");
}

#[test]
fn row_6_host_and_region_must_be_those_of_the_request_and_of_the_account() {
    let shop = Shop::with_reports(1);
    let good = shop.pay("GET", "/v2/reports");
    let host = shop.host();
    let bare = host.split_once(':').unwrap().0;
    for (name, value, status) in [
        ("x-amz-pay-host", host.as_str(), 200),
        ("x-amz-pay-host", bare, 200),
        ("x-amz-pay-host", "pay-api.amazon.eu", 400),
        ("x-amz-pay-region", "EU", 200),
        ("x-amz-pay-region", "na", 400),
        ("x-amz-pay-region", "de", 400),
    ] {
        let reply = shop.send(&good.clone().header(name, value).ask());
        assert_eq!(reply.status, status, "{name}: {value}");
        if status == 400 {
            expect(&reply, 400, "InvalidHeaderValue");
        }
    }
}

#[test]
fn row_7_the_date_has_one_of_two_forms_and_is_at_most_fifteen_minutes_off() {
    let shop = Shop::with_reports(1);
    let at = |seconds: i64, form: &str| {
        let date = (shop.control.now() + TimeDelta::seconds(seconds)).format(form).to_string();
        shop.send(&shop.pay("GET", "/v2/reports").header("x-amz-pay-date", &date).ask())
    };
    for form in ["%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%SZ"] {
        for seconds in [-900, 900] {
            assert_eq!(at(seconds, form).status, 200, "{form}");
        }
        for seconds in [-901, 901] {
            expect(&at(seconds, form), 400, "InvalidHeaderValue");
        }
    }
    expect(&at(0, "%Y-%m-%dT%H:%M:%S"), 400, "InvalidHeaderValue");
    expect(&at(0, "%a, %d %b %Y %H:%M:%S GMT"), 400, "InvalidHeaderValue");
}

#[test]
fn row_8_the_salt_is_the_one_that_the_algorithm_names() {
    let shop = Shop::with_reports(1);
    let ask = |name: &str, salt| shop.send(&shop.pay("GET", "/v2/reports").algorithm(name, salt).ask());
    assert_eq!(ask(V2, Salt::ThirtyTwo).status, 200);
    assert_eq!(ask(V1, Salt::Twenty).status, 200);
    expect(&ask(V2, Salt::Twenty), 401, "InvalidRequestSignature");
    expect(&ask(V1, Salt::ThirtyTwo), 401, "InvalidRequestSignature");
}

#[test]
fn row_8_a_refused_signature_shows_what_the_server_signed() {
    let shop = Shop::with_reports(1);
    let mut foreign = shop.pay("GET", "/v2/reports?pageSize=10");
    foreign.private_key_pem = OTHER_KEYS.private_key_pem.clone();
    let reply = shop.send(&foreign.ask());
    expect(&reply, 401, "InvalidRequestSignature");
    let message = reply.json()["message"].as_str().unwrap().to_owned();
    let expected = format!("Unable to verify signature, signing String [{}] , signature [", foreign.string_to_sign());
    assert!(message.starts_with(&expected), "{message}");
    let other = Decisions { signature_status: 403, ..Decisions::default() };
    let shop = Shop::start(fixture(1).unlimited(), Options { decisions: other, ..Options::default() });
    let mut foreign = shop.pay("GET", "/v2/reports");
    foreign.private_key_pem = OTHER_KEYS.private_key_pem.clone();
    expect(&shop.send(&foreign.ask()), 403, "InvalidRequestSignature");
}

#[test]
fn row_8_any_byte_changed_after_signing_is_another_request() {
    let shop = Shop::with_reports(1);
    let good = shop.pay_ask("POST", "/v2/reports", CREATE);
    assert_eq!(shop.send(&good).status, 201);
    let list = shop.pay_ask("GET", "/v2/reports?pageSize=10", "");
    for spoilt in [
        good.clone().body(CREATE.replace("REFUND", "REFUNd")),
        good.clone().set("accept", Some("application/xml")),
        Ask { target: "/v2/reports?pageSize=11".to_owned(), ..list.clone() },
        Ask { target: "/v2/reports/?pageSize=10".to_owned(), ..list.clone() },
        Ask { method: "POST".to_owned(), ..list.clone() },
    ] {
        expect(&shop.send(&spoilt), 401, "InvalidRequestSignature");
    }
    let raw = "/v2/reports?nextToken=a%2Bb!";
    expect(&shop.pay_get(raw), 401, "InvalidRequestSignature");
    assert_eq!(shop.pay_get("/v2/reports/?pageSize=10").status, 200, "a public SDK signs and sends this slash");
}

#[test]
fn row_9_path_and_key_agree_on_the_environment() {
    let shop = Shop::with_reports(1);
    let ask = |key: &str, target: &str| shop.send(&shop.pay("GET", target).key(key).ask());
    let live = KEYS.public_key_id.as_str();
    for (key, target) in [(live, "/v2/reports"), (SANDBOX_KEY, "/v2/reports"), (UNPREFIXED_KEY, "/live/v2/reports")] {
        assert_eq!(ask(key, target).status, 200, "{key} {target}");
    }
    for (key, target) in [
        (live, "/live/v2/reports"),
        (live, "/sandbox/v2/reports"),
        (SANDBOX_KEY, "/sandbox/v2/reports"),
        (UNPREFIXED_KEY, "/v2/reports"),
        (UNPREFIXED_KEY, "/sandbox/v2/reports"),
    ] {
        expect(&ask(key, target), 401, "UnauthorizedAccess");
    }
    let listed = ask(SANDBOX_KEY, "/v2/reports").json();
    assert_eq!(listed["reports"].as_array().unwrap().len(), 1, "the sandbox shows its own reports alone");
    assert_eq!(ask(live, "/v2/reports/8000000000000001").status, 404);
}

#[test]
fn row_9_an_account_of_a_solution_provider_needs_its_token() {
    let shop = Shop::with_reports(1);
    shop.control.patch_account("shop", |account| account.pay_auth_token = Some("token".to_owned()));
    expect(&shop.pay_get("/v2/reports"), 401, "UnauthorizedAccess");
    let with = |token| shop.send(&shop.pay("GET", "/v2/reports").header("x-amz-pay-authtoken", token).ask());
    expect(&with("other"), 401, "UnauthorizedAccess");
    assert_eq!(with("token").status, 200);
}

#[test]
fn row_10_the_eleventh_live_request_at_once_is_too_many_and_the_third_in_the_sandbox() {
    let shop = Shop::start(fixture(1), Options::default());
    for (key, burst) in [(KEYS.public_key_id.as_str(), 10), (SANDBOX_KEY, 2)] {
        let list = || shop.send(&shop.pay("GET", "/v2/reports").key(key).ask());
        for _ in 0..burst {
            assert_eq!(list().status, 200);
        }
        let refused = list();
        expect(&refused, 429, "TooManyRequests");
        assert_eq!(refused.header("retry-after"), None);
        shop.control.advance(TimeDelta::seconds(1));
        assert_eq!(list().status, 200);
        expect(&list(), 429, "TooManyRequests");
    }
}

#[test]
fn row_11_an_idempotency_key_has_at_most_32_plain_characters() {
    let shop = Shop::with_reports(1);
    let post = |key: &str| {
        shop.send(&shop.pay("POST", "/v2/reports").body(CREATE).header("x-amz-pay-idempotency-key", key).ask())
    };
    for bad in ["0123456789abcdef0123456789abcdef0", "a b", "a.b", "é"] {
        expect(&post(bad), 400, "InvalidHeaderValue");
    }
    assert_eq!(post("0123456789ABCDEF0123456789abc_-f").status, 201);
}

#[test]
fn row_12_a_body_is_an_object_of_known_members_with_the_required_ones() {
    let shop = Shop::with_reports(1);
    let post = |body: &str| shop.send(&shop.pay_ask("POST", "/v2/reports", body));
    for bad in ["", "{", "[]", "\"text\"", "reportType=1"] {
        expect(&post(bad), 400, "InvalidRequestFormat");
    }
    let unknown = post(&CREATE.replace("{", "{\"marketplace\":1,"));
    expect(&unknown, 400, "UnrecognizedField");
    assert!(unknown.text().contains("marketplace"));
    for name in ["reportType", "startTime", "endTime"] {
        let less = post(&CREATE.replace(name, &format!("{name}X")));
        expect(&less, 400, "UnrecognizedField");
        let mut body: serde_json::Value = serde_json::from_str(CREATE).unwrap();
        body.as_object_mut().unwrap().remove(name);
        let missing = post(&body.to_string());
        expect(&missing, 400, "MissingParameterValue");
        assert!(missing.text().contains(name));
    }
    expect(&shop.pay_get("/v2/reports?reportType=x"), 400, "UnrecognizedField");
    expect(&shop.pay_get("/v2/disbursements?startTime=20261101T000000Z"), 400, "MissingParameterValue");
}

#[test]
fn row_13_an_impossible_value_is_refused() {
    let shop = Shop::with_reports(1);
    for target in [
        "/v2/reports?pageSize=0",
        "/v2/reports?pageSize=101",
        "/v2/reports?pageSize=many",
        "/v2/reports?reportTypes=NOTHING",
        "/v2/reports?processingStatuses=DONE",
        "/v2/reports?createdSince=yesterday",
        "/v2/reports?nextToken=AAAA",
        "/v2/disbursements?endTime=x&startTime=20261101T000000Z",
        "/v2/report-schedules?reportTypes=NOTHING",
    ] {
        expect(&shop.pay_get(target), 400, "InvalidParameterValue");
    }
    for (from, to) in [
        ("REFUND", "SETTLEMENT"),
        ("REFUND", "SANDBOX_SETTLEMENT"),
        ("REFUND", "CAPTURE"),
        ("REFUND", "NOTHING"),
        ("20261001", "2026"),
        ("20261001", "20261201"),
    ] {
        expect(
            &shop.send(&shop.pay_ask("POST", "/v2/reports", &CREATE.replace(from, to))),
            400,
            "InvalidParameterValue",
        );
    }
    let sandbox = shop.pay("POST", "/v2/reports").key(SANDBOX_KEY).body(CREATE);
    expect(&shop.send(&sandbox.ask()), 400, "InvalidParameterValue");
}

#[test]
fn row_14_a_token_stands_alone() {
    let shop = Shop::with_reports(12);
    let token = shop.pay_get("/v2/reports").json()["nextToken"].as_str().unwrap().to_owned();
    let token = crate::sign::encode(&token);
    expect(&shop.pay_get(&format!("/v2/reports?nextToken={token}&pageSize=10")), 400, "InvalidParameterCombination");
    let empty = shop.pay_get(&format!("/v2/reports?nextToken={token}&pageSize="));
    assert_eq!(empty.status, 200, "an empty parameter counts as absent: {}", empty.text());
    assert_eq!(shop.pay_get("/v2/reports?nextToken=&pageSize=10").status, 200);
    let foreign = shop.pay("GET", &format!("/v2/reports?nextToken={token}")).key(SANDBOX_KEY);
    expect(&shop.send(&foreign.ask()), 400, "InvalidParameterValue");
    shop.control.advance(TimeDelta::hours(1));
    expect(&shop.pay_get(&format!("/v2/reports?nextToken={token}")), 400, "InvalidParameterValue");
}
