//! Every check of an MWS request, reached by exactly one defect, and what it answers.

use chrono::TimeDelta;
use settle::domain::Clock;
use settle::rehearsal::serve::{Account, Limit, Options};

use crate::http::{Ask, Reply};
use crate::shop::{KEYS, OTHER_KEYS, SETTLEMENTS, Shop, elements, fixture, report_of};
use crate::sign::{form, mws_signature};

fn expect(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.text());
    assert!(reply.header("x-mws-request-id").is_some() && reply.header("x-mws-timestamp").is_some());
    assert_eq!(reply.header("x-mws-quota-max"), None, "errors carry no quota headers");
    let ids = [elements(reply, "RequestID"), elements(reply, "RequestId")].concat();
    assert_eq!(ids, [reply.header("x-mws-request-id").unwrap()]);
}

/// The parameters with one of them changed, or left out.
fn with(parameters: Vec<(String, String)>, name: &str, value: Option<&str>) -> Vec<(String, String)> {
    let kept = parameters.into_iter().filter(|(found, _)| found != name);
    kept.chain(value.map(|value| (name.to_owned(), value.to_owned()))).collect()
}

#[test]
fn row_1_another_path_method_or_version_is_no_address() {
    let shop = Shop::with_reports(1);
    let good = shop.mws_ask(&shop.mws_parameters("GetReportList", &[]));
    for (target, rest) in [
        ("/Reports/2009-01-01/2009-01-01", "2009-01-01/2009-01-01"),
        ("/Orders/2013-09-01", "Orders/2013-09-01"),
        ("/Reports/2009-01-02", "2009-01-02"),
    ] {
        let reply = shop.send(&Ask { target: target.to_owned(), ..good.clone() });
        expect(&reply, 404, "InvalidAddress");
        assert_eq!(elements(&reply, "Message"), [format!("Invalid Section name or version provided - {rest}")]);
        assert!(reply.text().contains("xmlns=\"https://mws.amazonservices.com/\""));
    }
    expect(&shop.send(&Ask { method: "PUT".to_owned(), ..good }), 404, "InvalidAddress");
    let version = with(shop.mws_parameters("GetReportList", &[]), "Version", Some("2009-01-02"));
    expect(&shop.send(&shop.mws_ask(&version)), 404, "InvalidAddress");
}

#[test]
fn row_2_a_malformed_user_agent_is_refused_in_strict_mode_only() {
    let strict = Shop::start(fixture(1).unlimited(), Options { strict_user_agent: true, ..Options::default() });
    let ask = |shop: &Shop, agent: Option<&str>| {
        shop.send(&shop.mws_ask(&shop.mws_parameters("GetReportCount", &[])).set("User-Agent", agent))
    };
    for agent in [None, Some("curl/8.5.0"), Some("settle/1 (Platform=linux)")] {
        expect(&ask(&strict, agent), 400, "UserAgentHeaderMalformed");
    }
    assert_eq!(ask(&strict, Some("settle/1 (Language=Rust/1.95; Platform=linux)")).status, 200);
    assert_eq!(ask(&Shop::with_reports(1), None).status, 200);
}

#[test]
fn row_3_a_parameter_that_is_missing_empty_or_given_twice_is_refused() {
    let shop = Shop::with_reports(1);
    let parameters = || shop.mws_parameters("GetReport", &[("ReportId", "1")]);
    for name in [
        "AWSAccessKeyId",
        "Action",
        "SellerId",
        "SignatureMethod",
        "SignatureVersion",
        "Timestamp",
        "Version",
        "ReportId",
    ] {
        for value in [None, Some("")] {
            let reply = shop.send(&shop.mws_ask(&with(parameters(), name, value)));
            expect(&reply, 400, "MissingParameter");
            assert!(reply.text().contains(name), "{}", reply.text());
        }
    }
    let unsigned =
        Ask::new("POST", "/").with("Content-Type", "application/x-www-form-urlencoded").body(form(&parameters()));
    expect(&shop.send(&unsigned), 400, "MissingParameter");
    let mut twice = parameters();
    twice.push(("ReportId".to_owned(), "2".to_owned()));
    expect(&shop.send(&shop.mws_ask(&twice)), 400, "InvalidParameterValue");
    let unknown = with(parameters(), "Action", Some("GetEverything"));
    expect(&shop.send(&shop.mws_ask(&unknown)), 400, "InvalidParameterValue");
}

#[test]
fn row_4_an_unknown_access_key_is_refused_before_its_signature() {
    let shop = Shop::with_reports(1);
    let parameters = with(shop.mws_parameters("GetReportList", &[]), "AWSAccessKeyId", Some("AKIAUNKNOWN"));
    let reply = shop.send(&shop.mws_ask(&parameters));
    expect(&reply, 403, "InvalidAccessKeyId");
    let message = "The AWS Access Key Id you provided does not exist in our records.";
    assert_eq!(elements(&reply, "Message"), [message]);
}

#[test]
fn row_5_any_byte_changed_after_signing_is_another_signature() {
    let shop = Shop::with_reports(1);
    let parameters = shop.mws_parameters("GetReportList", &[("ReportTypeList.Type.1", SETTLEMENTS)]);
    let good = shop.mws_ask(&parameters);
    assert_eq!(shop.send(&good).status, 200);
    let text = String::from_utf8(good.body.clone()).unwrap();
    let spoilt = [
        good.clone().body(text.replace("SellerId=A1SHOP", "SellerId=A1SHOq")),
        good.clone().body(text.replace("SETTLEMENT", "SETTLEMENS")),
        good.clone().body(format!("{text}&MaxCount=5")),
        Ask { target: "/".to_owned(), ..good.clone() },
        good.clone().with("Host", "127.0.0.1"),
        Ask { method: "GET".to_owned(), target: format!("/?{text}"), body: Vec::new(), ..good.clone() },
    ];
    for ask in spoilt {
        expect(&shop.send(&ask), 403, "SignatureDoesNotMatch");
    }
    let wrong = mws_signature("wrong secret", "POST", &shop.host(), "/Reports/2009-01-01", &parameters);
    let mut signed = parameters.clone();
    signed.push(("Signature".to_owned(), wrong));
    expect(&shop.send(&good.clone().body(form(&signed))), 403, "SignatureDoesNotMatch");
    let old = with(parameters, "SignatureMethod", Some("HmacSHA1"));
    expect(&shop.send(&shop.mws_ask(&old)), 403, "SignatureDoesNotMatch");
}

#[test]
fn a_signature_is_compared_as_bytes_in_query_or_form_with_either_name_of_the_seller() {
    let shop = Shop::with_reports(1);
    let mut parameters = shop.mws_parameters("GetReportCount", &[]);
    parameters.iter_mut().filter(|(name, _)| name == "SellerId").for_each(|(name, _)| *name = "Merchant".to_owned());
    for method in ["GET", "POST"] {
        let signature = mws_signature(&KEYS.mws_secret, method, &shop.host(), "/", &parameters);
        // A public client leaves slashes raw in the signature, and posts with an empty body without a type.
        let raw = signature.replace('+', "%2B").replace('=', "%3D");
        for signature in [raw.clone(), raw.replace('/', "%2F")] {
            let target = format!("/?{}&Signature={signature}", form(&parameters));
            assert_eq!(shop.send(&Ask::new(method, &target)).status, 200);
        }
    }
}

#[test]
fn row_6_a_timestamp_more_than_fifteen_minutes_off_has_expired_or_lies_ahead() {
    let shop = Shop::with_reports(1);
    let at = |seconds: i64, form: &str| {
        let stamp = (shop.control.now() + TimeDelta::seconds(seconds)).format(form).to_string();
        shop.send(&shop.mws_ask(&with(shop.mws_parameters("GetReportCount", &[]), "Timestamp", Some(&stamp))))
    };
    for form in [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S%.3fZ",
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S",
    ] {
        assert_eq!(at(-900, form).status, 200, "{form}");
        assert_eq!(at(900, form).status, 200, "{form}");
        let past = at(-901, form);
        expect(&past, 400, "RequestExpired");
        assert!(past.text().contains("too far in the past and has expired. Timestamp date: 2026-11-23T22:00:29"));
        let future = at(901, form);
        expect(&future, 400, "RequestExpired");
        assert!(future.text().contains("too far in the future. Timestamp date: 2026-11-23T22:30:31"));
    }
    expect(&at(0, "yesterday"), 400, "InvalidParameterValue");
}

#[test]
fn row_7_a_merchant_who_has_not_allowed_it_is_denied() {
    let shop = Shop::with_reports(1);
    shop.control.patch_account("shop", |account| account.mws_authorised = false);
    expect(&shop.mws("GetReportCount", &[]), 401, "AccessDenied");
    shop.control.patch_account("shop", |account| account.mws_authorised = true);
    let stranger = with(shop.mws_parameters("GetReportCount", &[]), "SellerId", Some("A2OTHER"));
    expect(&shop.send(&shop.mws_ask(&stranger)), 401, "AccessDenied");
}

#[test]
fn row_7_a_third_partys_key_needs_the_merchants_token() {
    let mut account = Account::new("third", "A3THIRD").mws(&KEYS.mws_access_key, &KEYS.mws_secret);
    account.mws_auth_token = Some("amzn.mws.token".to_owned());
    let shop = Shop::start(fixture(1).account(account).unlimited(), Options::default());
    let parameters = with(shop.mws_parameters("GetReportCount", &[]), "SellerId", Some("A3THIRD"));
    expect(&shop.send(&shop.mws_ask(&parameters)), 401, "AccessDenied");
    let wrong = with(parameters.clone(), "MWSAuthToken", Some("amzn.mws.other"));
    expect(&shop.send(&shop.mws_ask(&wrong)), 401, "AccessDenied");
    let right = with(parameters, "MWSAuthToken", Some("amzn.mws.token"));
    let reply = shop.send(&shop.mws_ask(&right));
    assert_eq!(elements(&reply, "Count"), ["0"], "{}", reply.text());
    assert_eq!(shop.control.journal().last().unwrap().account.as_deref(), Some("third"));
}

#[test]
fn row_8_the_sixteenth_report_at_once_is_throttled_and_a_minute_gives_one_more() {
    let shop = Shop::start(fixture(1), Options::default());
    let id = report_of("shop", 0).id;
    for _ in 0..15 {
        assert_eq!(shop.mws("GetReport", &[("ReportId", &id)]).status, 200);
    }
    let throttled = shop.mws("GetReport", &[("ReportId", &id)]);
    expect(&throttled, 503, "RequestThrottled");
    assert_eq!(elements(&throttled, "Message"), ["Request is throttled"]);
    assert_eq!(shop.mws("GetReportList", &[]).status, 200, "another action has its own bucket");
    shop.control.advance(TimeDelta::seconds(59));
    expect(&shop.mws("GetReport", &[("ReportId", &id)]), 503, "RequestThrottled");
    shop.control.advance(TimeDelta::seconds(1));
    assert_eq!(shop.mws("GetReport", &[("ReportId", &id)]).status, 200);
    expect(&shop.mws("GetReport", &[("ReportId", &id)]), 503, "RequestThrottled");
}

#[test]
fn rows_1_to_7_use_no_quota_and_row_10_does() {
    let limit =
        Limit { account: None, action: Some("GetReport".to_owned()), burst: 2, restore_ms: 60_000, hourly: None };
    let shop = Shop::start(fixture(1).limit(limit), Options::default());
    let id = report_of("shop", 0).id;
    for _ in 0..5 {
        let unsigned = shop.mws_ask(&shop.mws_parameters("GetReport", &[("ReportId", &id)])).with("Host", "elsewhere");
        expect(&shop.send(&unsigned), 403, "SignatureDoesNotMatch");
    }
    expect(&shop.mws("GetReport", &[("ReportId", "unknown")]), 400, "InvalidParameterValue");
    assert_eq!(shop.mws("GetReport", &[("ReportId", &id)]).status, 200);
    expect(&shop.mws("GetReport", &[("ReportId", &id)]), 503, "RequestThrottled");
}

#[test]
fn row_9_an_hour_has_sixty_reports_and_then_tells_when_it_starts_again() {
    let shop = Shop::start(fixture(1), Options::default());
    let id = report_of("shop", 0).id;
    let mut given = 0;
    let exceeded = loop {
        let reply = shop.mws("GetReport", &[("ReportId", &id)]);
        match reply.status {
            200 => given += 1,
            _ if reply.code() == "RequestThrottled" => shop.control.advance(TimeDelta::seconds(20)),
            _ => break reply,
        }
        assert!(given <= 75, "no hourly quota");
    };
    expect(&exceeded, 503, "QuotaExceeded");
    let message = elements(&exceeded, "Message").pop().unwrap();
    let expected = "You exceeded your quota of 60.0 requests per 1 hour for operation Reports/2009-01-01/GetReport.  Your quota will reset on ";
    let resets = message.strip_prefix(expected).unwrap_or_else(|| panic!("{message}"));
    shop.control.set_clock(resets.parse().unwrap());
    let again = shop.mws("GetReport", &[("ReportId", &id)]);
    assert_eq!((again.status, again.header("x-mws-quota-remaining")), (200, Some("59.0")));
    assert_eq!(again.header("x-mws-quota-max"), Some("60.0"));
    let resets = again.header("x-mws-quota-resetson").unwrap();
    assert!(resets.ends_with(".000Z") && resets.len() == 24, "{resets}");
}

#[test]
fn row_10_an_impossible_value_is_refused() {
    let shop = Shop::with_reports(1);
    for (action, name, value) in [
        ("GetReportList", "MaxCount", "0"),
        ("GetReportList", "MaxCount", "101"),
        ("GetReportList", "MaxCount", "ten"),
        ("GetReportList", "Acknowledged", "maybe"),
        ("GetReportList", "AvailableFromDate", "last week"),
        ("GetReportList", "ReportTypeList.Type.1", "settlements"),
        ("GetReportRequestList", "ReportProcessingStatusList.Status.1", "COMPLETED"),
        ("GetReportListByNextToken", "NextToken", "AAAA"),
        ("GetReportScheduleListByNextToken", "NextToken", "AAAA"),
        ("GetReport", "ReportId", "1"),
        ("RequestReport", "ReportType", "nothing"),
        ("UpdateReportAcknowledgements", "ReportIdList.Id.1", "1"),
        ("ManageReportSchedule", "ReportType", SETTLEMENTS),
    ] {
        let more = [(name, value), ("Schedule", "_1_DAY_")];
        let more = if action == "ManageReportSchedule" { &more[..] } else { &more[..1] };
        expect(&shop.mws(action, more), 400, "InvalidParameterValue");
    }
}

#[test]
fn a_token_is_its_accounts_own_its_lists_own_and_lives_an_hour() {
    let shop = Shop::with_reports(12);
    let token = elements(&shop.mws("GetReportList", &[]), "NextToken").pop().unwrap();
    let next = |shop: &Shop| shop.mws("GetReportListByNextToken", &[("NextToken", &token)]);
    assert_eq!(next(&shop).status, 200);
    assert_eq!(next(&shop).status, 200, "it may be used again");
    expect(&shop.mws("GetReportRequestListByNextToken", &[("NextToken", &token)]), 400, "InvalidParameterValue");
    let mut foreign = shop.mws_parameters("GetReportListByNextToken", &[("NextToken", &token)]);
    foreign = with(foreign, "AWSAccessKeyId", Some(&OTHER_KEYS.mws_access_key));
    foreign = with(foreign, "SellerId", Some("A2OTHER"));
    let signature = mws_signature(&OTHER_KEYS.mws_secret, "POST", &shop.host(), "/Reports/2009-01-01", &foreign);
    foreign.push(("Signature".to_owned(), signature));
    expect(&shop.send(&Ask::new("POST", "/Reports/2009-01-01").body(form(&foreign))), 400, "InvalidParameterValue");
    shop.control.advance(TimeDelta::seconds(3_599));
    assert_eq!(next(&shop).status, 200);
    shop.control.advance(TimeDelta::seconds(1));
    expect(&next(&shop), 400, "InvalidParameterValue");
}

#[test]
fn every_third_error_comes_as_plain_text() {
    let shop = Shop::with_reports(1);
    let types: Vec<String> = (0..6)
        .map(|_| shop.mws("GetReport", &[("ReportId", "1")]).header("content-type").unwrap().to_owned())
        .collect();
    assert_eq!(types, ["text/xml", "text/xml", "text/plain", "text/xml", "text/xml", "text/plain"]);
}
