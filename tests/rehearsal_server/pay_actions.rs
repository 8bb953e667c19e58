//! What the operations of API v2 do, and the bridges from MWS keys.

use chrono::TimeDelta;
use serde_json::json;
use settle::domain::Clock;
use settle::rehearsal::serve::{Account, Dispute, Options};

use crate::http::{Ask, Reply};
use crate::shop::{KEYS, OTHER_KEYS, REFUNDS, SANDBOX_KEY, SETTLEMENTS, Shop, fixture, report_of};
use crate::sign::{encode, form, mws_signature};

fn create(report_type: &str, start: &str, end: &str) -> String {
    json!({"reportType": report_type, "startTime": start, "endTime": end}).to_string()
}

fn refunds_of_october() -> String {
    create(REFUNDS, "20261001T000000Z", "20261031T235959Z")
}

#[test]
fn a_report_shows_its_members_in_alphabetical_order() {
    let shop = Shop::with_reports(1);
    let report = report_of("shop", 0);
    let expected = format!(
        "{{\"createdTime\":\"20261123T152000Z\",\"endTime\":\"20261123T150000Z\",\"processingEndTime\":\"20261123T152000Z\",\
         \"processingStartTime\":\"20261123T152000Z\",\"processingStatus\":\"COMPLETED\",\"reportDocumentId\":\"{}\",\
         \"reportId\":\"{}\",\"reportType\":\"{SETTLEMENTS}\",\"startTime\":\"20261122T150000Z\"}}",
        report.document_id, report.id
    );
    assert_eq!(shop.pay_get(&format!("/v2/reports/{}", report.id)).text(), expected);
    let list = shop.pay_get("/v2/reports?reportTypes=").text();
    assert!(list.starts_with(&format!("{{\"reports\":[{expected},")), "{list}");
}

#[test]
fn filters_of_the_list_choose_by_date_type_and_status() {
    let shop = Shop::with_reports(5);
    let count = |query: &str| shop.pay_get(&format!("/v2/reports?{query}")).json()["reports"].as_array().unwrap().len();
    assert_eq!(count("createdSince=20261122T152000Z"), 2);
    assert_eq!(count("createdUntil=2026-11-21T15-20-00Z"), 4);
    assert_eq!(count(&format!("reportTypes={REFUNDS}%2C{SETTLEMENTS}")), 6);
    assert_eq!(count("processingStatuses=FAILED%2CCANCELLED"), 0);
}

#[test]
fn a_created_report_is_completed_or_cancelled_a_minute_later() {
    let shop = Shop::with_reports(1);
    let post = |body: &str| shop.send(&shop.pay_ask("POST", "/v2/reports", body));
    let (made, empty) = (post(&refunds_of_october()), post(&create(REFUNDS, "20200101T000000Z", "20200201T000000Z")));
    assert_eq!((made.status, empty.status), (201, 201));
    let status = |reply: &Reply| {
        let id = reply.json()["reportId"].as_str().unwrap().to_owned();
        shop.pay_get(&format!("/v2/reports/{id}")).json()
    };
    assert_eq!(status(&made)["processingStatus"], "IN_PROGRESS");
    assert!(status(&made).get("reportDocumentId").is_none());
    shop.control.advance(TimeDelta::seconds(59));
    assert_eq!(status(&made)["processingStatus"], "IN_PROGRESS");
    shop.control.advance(TimeDelta::seconds(1));
    assert_eq!(status(&made)["processingStatus"], "COMPLETED");
    assert_eq!(status(&empty)["processingStatus"], "CANCELLED", "there was no data");
    let document = status(&made)["reportDocumentId"].as_str().unwrap().to_owned();
    let url = shop.pay_get(&format!("/v2/report-documents/{document}")).json()["url"].as_str().unwrap().to_owned();
    let bytes = shop.send(&Ask::new("GET", url.strip_prefix(&shop.server.http()).unwrap())).body;
    assert_eq!(bytes, b"\"AmazonRefundId\"\n");
}

#[test]
fn a_sandbox_settlement_can_be_created_with_a_sandbox_key() {
    let shop = Shop::with_reports(1);
    let body =
        create("_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA_", "20261101T000000Z", "20261124T000000Z");
    let made = shop.send(&shop.pay("POST", "/v2/reports").key(SANDBOX_KEY).body(&body).ask());
    assert_eq!(made.status, 201, "{}", made.text());
    shop.control.advance(TimeDelta::minutes(1));
    let id = made.json()["reportId"].as_str().unwrap().to_owned();
    let report = shop.send(&shop.pay("GET", &format!("/v2/reports/{id}")).key(SANDBOX_KEY).ask());
    assert_eq!(report.json()["processingStatus"], "COMPLETED");
}

#[test]
fn the_same_idempotency_key_gives_the_saved_answer_or_refuses_another_request() {
    let shop = Shop::with_reports(1);
    let post = |key: &str, body: &str| {
        shop.send(&shop.pay("POST", "/v2/reports").header("x-amz-pay-idempotency-key", key).body(body).ask())
    };
    let first = post("0123456789abcdef0123456789abcdef", &refunds_of_october());
    shop.control.advance(TimeDelta::days(400));
    let again = post("0123456789abcdef0123456789abcdef", &refunds_of_october());
    assert_eq!((again.status, &again.body), (201, &first.body), "kept for ever");
    let other = create(REFUNDS, "20260901T000000Z", "20260930T235959Z");
    let refused = post("0123456789abcdef0123456789abcdef", &other);
    assert_eq!((refused.status, refused.code().as_str()), (400, "DuplicateIdempotencyKey"));
    assert_ne!(post("another", &refunds_of_october()).body, first.body);
    let get = shop.pay("GET", "/v2/reports").header("x-amz-pay-idempotency-key", "0123456789abcdef0123456789abcdef");
    assert_eq!(shop.send(&get.ask()).status, 200, "a key on GET has no effect");
}

#[test]
fn disbursements_lie_in_a_window_and_continue_with_a_token() {
    let shop = Shop::with_reports(7);
    let window = "endTime=20261123T235959Z&pageSize=5&startTime=20261101T000000Z";
    let first = shop.pay_get(&format!("/v2/disbursements?{window}")).json();
    let shown = first["disbursements"].as_array().unwrap();
    assert_eq!(shown.len(), 5);
    assert_eq!(
        shown[0].to_string(),
        json!({"sellerId": "A1SHOP", "settlementId": "9000000", "amazonDisbursementReferenceId": "AMZN9000000",
               "amount": "0.50", "currencyCode": "EUR", "transactionTime": "2026-11-23T16:00:00.000Z"})
        .to_string()
    );
    let token = encode(first["nextToken"].as_str().unwrap());
    let second = shop.pay_get(&format!("/v2/disbursements?nextToken={token}")).json();
    assert_eq!(second["disbursements"].as_array().unwrap().len(), 2);
    assert!(second.get("nextToken").is_none());
    let narrow =
        shop.pay_get("/v2/disbursements?endTime=20261122T160000Z&nextToken=&startTime=20261121T160000Z").json();
    assert_eq!(narrow["disbursements"].as_array().unwrap().len(), 2);
    shop.control.patch_account("shop", |account| account.disbursements_available = false);
    assert_eq!(shop.pay_get(&format!("/v2/disbursements?{window}")).status, 404);
}

#[test]
fn a_known_dispute_is_shown_and_none_is_changed() {
    let object = json!({"disputeId": "P01-1111111-1111111-B123456", "disputeType": "Chargeback",
                        "statusDetails": {"state": "ActionRequired"}, "merchantResponseDeadline": "20261201T000000Z"});
    let dispute =
        Dispute { account: "shop".to_owned(), id: "P01-1111111-1111111-B123456".to_owned(), object: object.clone() };
    let shop = Shop::start(fixture(1).dispute(dispute).unlimited(), Options::default());
    let known = shop.pay_get("/v2/disputes/P01-1111111-1111111-B123456");
    assert_eq!((known.status, known.json()), (200, object));
    assert_eq!(shop.pay_get("/v2/disputes/P01-2").status, 404);
    for (method, target) in [
        ("POST", "/v2/disputes"),
        ("POST", "/v2/disputes/P01/contest"),
        ("PATCH", "/v2/disputes/P01"),
        ("POST", "/v2/files"),
    ] {
        let reply = shop.send(&shop.pay_ask(method, target, "{}"));
        assert_eq!((reply.status, reply.code().as_str()), (401, "UnauthorizedAccess"), "{method} {target}");
    }
}

#[test]
fn a_schedule_makes_a_report_each_time_it_is_due() {
    let shop = Shop::with_reports(1);
    let post = |body: serde_json::Value| shop.send(&shop.pay_ask("POST", "/v2/report-schedules", &body.to_string()));
    let wanted = |existing: bool| {
        json!({"reportType": REFUNDS, "scheduleFrequency": "P1D", "nextReportCreationTime": "20261124T030000Z",
               "deleteExistingSchedule": existing})
    };
    let made = post(wanted(false));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["reportScheduleId"].as_str().unwrap().to_owned();
    assert_eq!(post(wanted(false)).code(), "InvalidParameterValue", "one schedule for each type");
    let one = shop.pay_get(&format!("/v2/report-schedules/{id}")).json();
    let expected = json!({"nextReportCreationTime": "20261124T030000Z", "reportScheduleId": id, "reportType": REFUNDS,
                          "scheduleFrequency": "P1D"});
    assert_eq!(one, expected, "an object, not a list");
    shop.control.advance(TimeDelta::days(3));
    let reports = shop.pay_get(&format!("/v2/reports?createdSince=20261124T000000Z&reportTypes={REFUNDS}")).json();
    let created: Vec<&str> =
        reports["reports"].as_array().unwrap().iter().map(|report| report["createdTime"].as_str().unwrap()).collect();
    assert_eq!(created, ["20261126T030000Z", "20261125T030000Z", "20261124T030000Z"]);
    let mut replacing = wanted(true);
    replacing["nextReportCreationTime"] = json!("20261201T030000Z");
    let other = post(replacing).json()["reportScheduleId"].as_str().unwrap().to_owned();
    assert_eq!(shop.pay_get(&format!("/v2/report-schedules/{id}")).status, 404);
    let list = shop.pay_get(&format!("/v2/report-schedules?reportTypes={REFUNDS}")).json();
    assert_eq!(list["reportSchedules"].as_array().unwrap().len(), 1);
    assert_eq!(shop.send(&shop.pay_ask("DELETE", &format!("/v2/report-schedules/{other}"), "")).status, 200);
    shop.control.advance(TimeDelta::days(30));
    let later = shop.pay_get(&format!("/v2/reports?createdSince=20261127T000000Z&reportTypes={REFUNDS}")).json();
    assert_eq!(later["reports"].as_array().unwrap().len(), 0);
    for (name, value) in
        [("reportType", SETTLEMENTS), ("scheduleFrequency", "P5D"), ("nextReportCreationTime", "20200101T000000Z")]
    {
        let mut bad = wanted(true);
        bad[name] = json!(value);
        assert_eq!(post(bad).code(), "InvalidParameterValue", "{name}");
    }
}

/// A request to the Key Upgrade API, with the public key outside the signature and the merchant renamed
/// inside it.
fn upgrade(shop: &Shop, pem: &str, secret: &str, change: impl FnOnce(&mut Vec<(String, String)>)) -> Reply {
    let stamp = shop.control.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut signed = vec![
        pair("AWSAccessKeyId", &KEYS.mws_access_key),
        pair("Action", "GetPublicKeyId"),
        pair("SellerId", "A1SHOP"),
        pair("SignatureMethod", "HmacSHA256"),
        pair("SignatureVersion", "2"),
        pair("Timestamp", &stamp),
    ];
    change(&mut signed);
    let signature = mws_signature(secret, "GET", &shop.host(), "/live/v2/publicKeyId", &signed);
    let mut sent: Vec<(String, String)> = signed
        .into_iter()
        .map(|(name, value)| (if name == "SellerId" { "MerchantId".to_owned() } else { name }, value))
        .collect();
    sent.push(pair("PublicKey", pem));
    sent.push(pair("Signature", &signature));
    shop.send(&Ask::new("GET", &format!("/live/v2/publicKeyId?{}", form(&sent))))
}

#[test]
fn a_public_key_can_be_registered_with_an_mws_secret_and_works_at_once() {
    let shop = Shop::with_reports(1);
    let registered = upgrade(&shop, &OTHER_KEYS.public_key_pem, &KEYS.mws_secret, |_| {});
    assert_eq!(registered.status, 200, "{}", registered.text());
    let id = registered.json()["publicKeyId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("LIVE-") && id.len() == 29, "{id}");
    let mut ask = shop.pay("GET", "/v2/reports").key(&id);
    ask.private_key_pem = OTHER_KEYS.private_key_pem.clone();
    assert_eq!(shop.send(&ask.ask()).status, 200);
    shop.control.patch_account("shop", |account| account.upgraded_key_prefixed = false);
    let bare = upgrade(&shop, &OTHER_KEYS.public_key_pem, &KEYS.mws_secret, |_| {}).json();
    assert_eq!(bare["publicKeyId"].as_str().unwrap(), id.trim_start_matches("LIVE-"));
    let journal = shop.control.calls("GetPublicKeyId");
    assert!(journal[0].string_to_sign.contains("SellerId=A1SHOP") && !journal[0].string_to_sign.contains("PublicKey="));
}

#[test]
fn a_key_upgrade_with_a_defect_is_refused() {
    let shop = Shop::with_reports(1);
    let pem = &KEYS.public_key_pem;
    let refused = |reply: Reply, status: u16, code: &str| {
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.text());
    };
    refused(upgrade(&shop, pem, "wrong", |_| {}), 401, "InvalidRequestSignature");
    refused(upgrade(&shop, "", &KEYS.mws_secret, |_| {}), 400, "MissingParameterValue");
    refused(upgrade(&shop, "-----BEGIN PUBLIC KEY-----", &KEYS.mws_secret, |_| {}), 400, "InvalidParameterValue");
    refused(upgrade(&shop, SHORT_KEY, &KEYS.mws_secret, |_| {}), 400, "InvalidParameterValue");
    let set = |name: &'static str, value: &'static str| {
        move |signed: &mut Vec<(String, String)>| {
            signed.iter_mut().filter(|(found, _)| found == name).for_each(|pair| pair.1 = value.to_owned());
        }
    };
    refused(upgrade(&shop, pem, &KEYS.mws_secret, set("Action", "GetKey")), 400, "InvalidParameterValue");
    refused(
        upgrade(&shop, pem, &KEYS.mws_secret, set("Timestamp", "2026-11-23T21:00:00Z")),
        400,
        "InvalidParameterValue",
    );
    refused(upgrade(&shop, pem, &KEYS.mws_secret, set("AWSAccessKeyId", "AKIAUNKNOWN")), 403, "InvalidAuthentication");
    refused(upgrade(&shop, pem, &KEYS.mws_secret, set("SellerId", "A2OTHER")), 401, "UnauthorizedAccess");
}

/// An RSA key of 1024 bits, made with OpenSSL.
const SHORT_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDcZCpyGmRhr8z+HflJzRpIsWRR\n\
HRtgz7Liued4BBV5TTgPVFr08Fed3YDNDaNNHB+zTZ0DXVwJ+Gf8pvRS3FIg46F2\n\
KkosLPUxN0v9NKyyJ5x4Rb3sX+ucBEIH+11S6uySZOZ+ETK/3YkxxsqSM/7DFI1l\n\
zfQhosXNp/V0l839dwIDAQAB\n\
-----END PUBLIC KEY-----\n";

#[test]
fn an_mws_token_is_exchanged_for_one_of_api_v2() {
    let mut merchant = Account::new("merchant", "A4MERCHANT");
    merchant.mws_auth_token = Some("amzn.mws.token".to_owned());
    merchant.pay_auth_token = Some("v2 token".to_owned());
    let shop = Shop::start(fixture(1).account(merchant).unlimited(), Options::default());
    let known = shop.pay_get("/v2/authorizationTokens/amzn.mws.token?merchantId=A4MERCHANT");
    assert_eq!((known.status, known.json()), (200, json!({"authorizationToken": "v2 token"})));
    for target in [
        "/v2/authorizationTokens/amzn.mws.other?merchantId=A4MERCHANT",
        "/v2/authorizationTokens/amzn.mws.token?merchantId=A1SHOP",
    ] {
        assert_eq!(shop.pay_get(target).status, 401);
    }
    let sandbox = shop.pay("GET", "/v2/authorizationTokens/amzn.mws.token?merchantId=A4MERCHANT").key(SANDBOX_KEY);
    assert_eq!(shop.send(&sandbox.ask()).status, 404, "live only");
}
