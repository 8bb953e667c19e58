//! Disputes, where they meet Amazon and the night: `settle disputes --refresh`, and warnings about deadlines.

use chrono::TimeDelta;
use serde_json::{Value, json};
use settle::rehearsal::serve::{Dispute, Fault, FaultKind, Fixture};

use crate::house::{House, Run, START, Service, account, at, september_reports};
use crate::support::SELLER;

const KNOWN: &str = "P02-1000000-0000003-B000003";
const UNKNOWN: &str = "P02-1000000-0000002-B000002";

/// A dispute that can be answered until the ninth of October, Paris time.
fn object(id: &str, state: &str, updated: &str, resolution: Option<&str>) -> Value {
    json!({
        "disputeId": id,
        "releaseEnvironment": "Live",
        "chargeId": id.replace("-B", "-C"),
        "disputeType": "Chargeback",
        "disputeAmount": {"amount": "80.00", "currencyCode": "EUR"},
        "filingReason": "ProductNotReceived",
        "statusDetails": {"state": state, "resolution": resolution, "lastUpdatedTimestamp": updated},
        "merchantResponseDeadline": "20261009T215959Z",
        "creationTimestamp": "20260928T100000Z",
    })
}

fn house_with(service: Service, answer: Option<Value>) -> House {
    let mut fixture = Fixture::new().account(account()).reports(september_reports()).starting(at(START));
    if let Some(object) = answer {
        fixture = fixture.dispute(Dispute { account: "shop".to_owned(), id: KNOWN.to_owned(), object });
    }
    let house = House::with(service, fixture);
    house.configure("\n[run]\ninbox = \"inbox\"");
    std::fs::create_dir(house.folder.at("inbox")).unwrap();
    house
}

fn drop_object(house: &House, id: &str) {
    let object = object(id, "ActionRequired", "20260929T100000Z", None);
    house.folder.write(&format!("inbox/{id}.json"), object.to_string());
}

/// Status of the case of a dispute.
fn status(run: &Run, id: &str) -> String {
    let order = &id[..id.rfind('-').unwrap()];
    let document = run.json();
    let cases = document["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["order_reference_id"] == order).unwrap();
    case["status"].as_str().unwrap().to_owned()
}

fn documents(house: &House) -> usize {
    house.raw().len()
}

#[test]
fn a_refresh_brings_the_present_state_once_and_then_asks_no_more() {
    let won = object(KNOWN, "Resolved", "20261001T100000Z", Some("MerchantWon"));
    let house = house_with(Service::Pay, Some(won));
    drop_object(&house, KNOWN);
    house.settle(&["run", "-q"]);
    let before = documents(&house);
    assert_eq!(status(&house.settle(&["disputes", "--format", "json"]), KNOWN), "open");
    let run = house.settle(&["disputes", "--refresh", "--format", "json"]).exits(0).says("1 of them new or changed");
    assert_eq!(status(&run, KNOWN), "won");
    assert_eq!(documents(&house), before + 1);
    let run = house.settle(&["disputes", "--refresh", "--format", "json"]).exits(0).says("nothing is asked");
    assert_eq!(status(&run, KNOWN), "won");
    assert_eq!(documents(&house), before + 1);
}

#[test]
fn an_answer_that_says_nothing_new_adds_no_document() {
    let same = object(KNOWN, "UnderReview", "20261001T100000Z", None);
    let house = house_with(Service::Pay, Some(same));
    drop_object(&house, KNOWN);
    house.settle(&["run", "-q"]);
    house.settle(&["disputes", "--refresh"]).exits(0).says("1 of them new or changed");
    let before = documents(&house);
    house.settle(&["disputes", "--refresh"]).exits(0).says("0 of them new or changed");
    assert_eq!(documents(&house), before);
}

#[test]
fn an_unknown_dispute_is_noted_and_the_others_are_refreshed() {
    let lost = object(KNOWN, "Resolved", "20261001T100000Z", Some("BuyerWon"));
    let house = house_with(Service::Pay, Some(lost));
    drop_object(&house, UNKNOWN);
    drop_object(&house, KNOWN);
    house.settle(&["run", "-q"]);
    let run = house.settle(&["disputes", "--refresh", "--format", "json"]).exits(7).says(UNKNOWN);
    assert_eq!((status(&run, KNOWN), status(&run, UNKNOWN)), ("lost".to_owned(), "open".to_owned()));
}

#[test]
fn refused_credentials_are_the_exit_code_and_the_list_is_still_written() {
    let house = house_with(Service::Pay, None);
    drop_object(&house, KNOWN);
    house.settle(&["run", "-q"]);
    house.fault(Fault::new(FaultKind::AccessDenied).always());
    let run = house.settle(&["disputes", "--refresh", "--format", "json"]).exits(3).says("settle: error: shop:");
    assert_eq!(status(&run, KNOWN), "open");
    house.verdict();
}

#[test]
fn an_mws_account_says_that_it_cannot_ask() {
    let house = house_with(Service::Mws, None);
    drop_object(&house, KNOWN);
    house.settle(&["run", "-q"]);
    house.settle(&["disputes", "--refresh"]).exits(0).says("shop: source mws has no Dispute API");
}

#[test]
fn a_refresh_without_an_archive_makes_none_and_files_cannot_be_refreshed() {
    let house = house_with(Service::Pay, None);
    assert_ne!(house.settle(&["disputes", "--refresh"]).code, 0);
    assert!(!house.data().exists());
    house.settle(&["disputes", "--refresh", "--from", "inbox"]).exits(2).says("--from");
}

/// A chargeback notification of the first generation: an estimated deadline eleven days after its day.
fn notification() -> String {
    let details = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChargebackNotification \
        xmlns=\"https://mws.amazonservices.com/ipn/OffAmazonPayments/2013-01-01\"><ChargebackDetails>\
        <AmazonChargebackId>CAAAAAAAAAAA1</AmazonChargebackId>\
        <AmazonOrderReferenceId>P02-1000000-0000001</AmazonOrderReferenceId>\
        <AmazonCaptureReferenceId>REF-1001</AmazonCaptureReferenceId>\
        <CreationTimestamp>2026-10-01T08:00:00.000Z</CreationTimestamp>\
        <ChargebackAmount><Amount>100.0</Amount><CurrencyCode>EUR</CurrencyCode></ChargebackAmount>\
        <ChargebackState>RECEIVED</ChargebackState><ChargebackReason>Generic Service Chargeback</ChargebackReason>\
        </ChargebackDetails></ChargebackNotification>";
    let message = json!({
        "ReleaseEnvironment": "Live", "MarketplaceID": "000000", "Version": "2013-01-01",
        "NotificationType": "Chargeback Detailed Notification", "SellerId": SELLER,
        "NotificationReferenceId": "CAAAAAAAAAAA1-n", "Timestamp": "2026-10-01T08:00:00.000Z",
        "NotificationData": details,
    });
    json!({
        "Type": "Notification", "MessageId": "CAAAAAAAAAAA1",
        "TopicArn": format!("arn:aws:sns:eu-west-1:000000000000:{SELLER}"),
        "Message": message.to_string(), "Timestamp": "2026-10-01T08:00:00.000Z", "SignatureVersion": "1",
        "Signature": "PLACEHOLDER", "SigningCertURL": "https://sns.example.com/placeholder.pem",
    })
    .to_string()
}

/// One night each day from the second of October on; the days left of which each night warns.
fn nights(house: &House, count: usize) -> Vec<Option<i64>> {
    let night = || {
        let run = house.settle(&["run", "-q", "--format", "json"]).exits(0);
        let document = run.json();
        let warnings = document["warnings"].as_array().unwrap();
        assert!(warnings.len() < 2, "{warnings:?}");
        let said = run.err.lines().filter(|line| line.contains("to respond")).count();
        assert_eq!(said, warnings.len(), "{}", run.err);
        house.control().advance(TimeDelta::days(1));
        warnings.first().map(|warning| warning["days_left"].as_i64().unwrap())
    };
    std::iter::repeat_with(night).take(count).collect()
}

#[test]
fn a_deadline_of_amazon_is_warned_of_at_five_two_and_no_days_each_once_and_changes_no_exit_code() {
    let house = house_with(Service::Pay, None);
    drop_object(&house, KNOWN);
    let told = nights(&house, 9);
    assert_eq!(told, [None, None, Some(5), None, None, Some(2), None, Some(0), None]);
}

#[test]
fn an_estimated_deadline_of_a_notification_is_warned_of_too() {
    let house = house_with(Service::Pay, None);
    house.folder.write("inbox/notification.json", notification());
    let told: Vec<i64> = nights(&house, 13).into_iter().flatten().collect();
    assert_eq!(told, [5, 2, 0]);
}

#[test]
fn a_warning_is_said_once_a_mark_and_again_the_next_time_where_the_webhook_did_not_hear_it() {
    let house = house_with(Service::Pay, None);
    drop_object(&house, KNOWN);
    house.control().advance(TimeDelta::days(5));
    house.configure("\n[run]\ninbox = \"inbox\"\n[notify]\nwebhook_url = \"http://127.0.0.1:9/hook\"");
    house.settle(&["run", "-q"]).exits(0).says("2 days are left to respond");
    house.configure("\n[run]\ninbox = \"inbox\"");
    house.settle(&["run", "-q"]).exits(0).says("2 days are left to respond");
    assert_eq!(house.settle(&["run", "-q"]).exits(0).err, "");
}
