//! What goes well: both services, paging, acknowledgement, nothing new, dry runs, the sandbox.

use crate::house::{BOTH, House, START, Service, account, at, september_reports, states};
use crate::support::{amount, only_account};
use settle::rehearsal::serve::{Disbursement, Environment, Fixture};

#[test]
fn both_services_bring_the_same_month_as_the_files_by_hand() {
    let mut statements = Vec::new();
    for service in BOTH {
        let house = House::new(service);
        let run = house.fetch().exits(0);
        assert_eq!(states(&run), ["imported", "imported", "imported"], "{service:?}");
        assert_eq!(run.json()["schema"], "settle.fetch/1");
        let statement = house.september();
        assert_eq!(amount(only_account(&statement), "closing_balance"), 140_000);
        statements.push((only_account(&statement)["movements"].clone(), statement["checks"].clone()));
        house.verdict();
    }
    assert_eq!(statements[0].0, statements[1].0);
}

#[test]
fn a_second_run_asks_and_downloads_nothing() {
    for (service, list, download) in
        [(Service::Mws, "GetReportList", "GetReport"), (Service::Pay, "GetReports", "GetReportDocument")]
    {
        let house = House::new(service);
        house.fetch().exits(0);
        let before = (house.raw(), house.september());
        let calls = house.control().calls(download).len();
        let asked = house.control().journal().len();
        let run = house.fetch().exits(0);
        assert_eq!(states(&run), Vec::<String>::new());
        assert_eq!(house.control().calls(download).len(), calls);
        assert_eq!(house.control().calls(list).len(), 2);
        // One question for the list; on the Pay API one for the disbursements of each month of the last ten days.
        let expected = if service == Service::Mws { 1 } else { 3 };
        assert_eq!(house.control().journal().len() - asked, expected, "{service:?}");
        assert_eq!((house.raw(), house.september()), before);
    }
}

#[test]
fn mws_is_told_what_is_here_after_the_bytes_are_safe_and_never_where_the_config_says_so() {
    let house = House::new(Service::Mws);
    house.fetch().exits(0);
    let journal = house.control().journal();
    let actions: Vec<&str> = journal.iter().map(|entry| entry.action.as_str()).collect();
    let last_download = actions.iter().rposition(|action| *action == "GetReport").unwrap();
    let told = actions.iter().position(|action| *action == "UpdateReportAcknowledgements").unwrap();
    assert!(last_download < told, "{actions:?}");
    house.fetch().exits(0);
    assert_eq!(house.control().calls("UpdateReportAcknowledgements").len(), 1);

    let house = House::new(Service::Mws);
    house.configure("\n[fetch]\nacknowledge = \"never\"");
    house.fetch().exits(0);
    assert!(house.control().calls("UpdateReportAcknowledgements").is_empty());
}

#[test]
fn a_list_of_many_pages_is_read_to_its_end() {
    for service in BOTH {
        let many = september_reports().remove(0);
        let reports = (0..230).map(|n| {
            let mut report = many.clone();
            report.id = format!("2000000000000{n:04}");
            report.document_id = format!("amzn1.tortuga.0.many.{n}");
            report.created = at("2026-09-11T00:00:00Z") + chrono::TimeDelta::minutes(n);
            report
        });
        let fixture = Fixture::new().account(account()).reports(reports).starting(at(START)).unlimited();
        let house = House::with(service, fixture);
        house.configure("\n[fetch]\npatience = \"24h\"");
        let run = house.fetch().exits(0);
        assert_eq!(run.json()["accounts"][0]["listed"], 230, "{service:?}");
        // Equal bytes under 230 ids are one document.
        assert_eq!(house.raw().len(), 1);
        assert_eq!(house.states().iter().filter(|(_, state)| state == "taken").count(), 230);
    }
}

#[test]
fn a_dry_run_names_what_would_come_and_changes_nothing() {
    for service in BOTH {
        let house = House::new(service);
        let run = house.settle(&["fetch", "--dry-run", "--format", "json"]).exits(0);
        assert_eq!(run.json()["accounts"][0]["lacking"].as_array().unwrap().len(), 3);
        assert!(house.raw().is_empty());
        assert!(house.states().is_empty());
        assert!(house.control().calls("GetReport").is_empty() && house.control().calls("GetReportDocument").is_empty());
    }
}

#[test]
fn only_the_days_that_are_asked_for_are_listed() {
    let house = House::new(Service::Pay);
    let run = house.settle(&["fetch", "--since", "2026-09-15", "--until", "2026-09-25", "--format", "json"]).exits(0);
    assert_eq!(states(&run), ["imported"]);
    assert_eq!(run.json()["accounts"][0]["reports"][0]["settlement_id"], "7000000002");
    // What was left out comes the next time.
    assert_eq!(states(&house.fetch().exits(0)), ["imported", "imported"]);
}

#[test]
fn disbursements_come_with_the_pay_api_once() {
    let payout = Disbursement {
        account: "shop".to_owned(),
        settlement_id: "7000000001".to_owned(),
        reference: "AMZN7000000001".to_owned(),
        amount: "50.00".to_owned(),
        currency: "EUR".to_owned(),
        time: at("2026-09-30T06:00:00Z"),
    };
    let fixture =
        Fixture::new().account(account()).reports(september_reports()).disbursement(payout).starting(at(START));
    let house = House::with(Service::Pay, fixture);
    let run = house.fetch().exits(0);
    let kinds: Vec<String> = run.json()["accounts"][0]["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["kind"].as_str().unwrap().to_owned())
        .collect();
    assert!(kinds.contains(&"disbursements".to_owned()), "{kinds:?}");
    house.fetch().exits(0);
    assert_eq!(house.states().iter().filter(|(id, _)| id.starts_with("disbursements")).count(), 1);
}

#[test]
fn an_account_without_disbursements_is_no_failure() {
    let mut shop = account();
    shop.disbursements_available = false;
    let fixture = Fixture::new().account(shop).reports(september_reports()).starting(at(START));
    let house = House::with(Service::Pay, fixture);
    let run = house.settle(&["fetch", "-v"]).exits(0);
    run.says("disbursements are not available for this account");
}

#[test]
fn the_sandbox_is_one_word_in_the_config_and_its_settlement_is_asked_for() {
    for service in BOTH {
        let mut shop = account();
        for key in &mut shop.pay_keys {
            key.environment = Environment::Sandbox;
            key.public_key_id = key.public_key_id.replace("LIVE-", "SANDBOX-");
        }
        let mut source = september_reports().remove(1);
        source.report_type = settle::rehearsal::serve::SANDBOX_SETTLEMENT_TYPE.to_owned();
        source.environment = Environment::Sandbox;
        let fixture = Fixture::new().account(shop).report(source).starting(at(START)).unlimited();
        let mut house = House::with(service, fixture);
        house.keys.public_key_id = house.keys.public_key_id.replace("LIVE-", "SANDBOX-");
        house.configure("environment = \"sandbox\"");
        let run = house.fetch();
        assert!(run.code == 0, "{service:?} {run:?}");
        let asked = if service == Service::Mws { "RequestReport" } else { "CreateReport" };
        assert_eq!(house.control().calls(asked).len(), 1, "{service:?}");
        // A second run within hours asks for no other.
        house.fetch().exits(0);
        assert_eq!(house.control().calls(asked).len(), 1, "{service:?}");
    }
}

#[test]
fn transaction_reports_are_asked_for_or_scheduled_where_the_config_says_so() {
    for (service, word, asked, created) in [
        (Service::Mws, "request", "RequestReport", 0),
        (Service::Pay, "request", "CreateReport", 0),
        (Service::Mws, "schedule", "RequestReport", 0),
        (Service::Pay, "schedule", "CreateReport", 4),
    ] {
        let house = House::with(service, Fixture::new().account(account()).starting(at(START)).unlimited());
        house.configure(&format!("\n[fetch]\ntransaction_reports = \"{word}\""));
        // Months of an empty shop are cancelled for lack of data, which is no failure.
        house.fetch().exits(0);
        let wishes = house.control().calls(asked).len();
        // August and September are over; captures are not to be had over the Pay API.
        let expected = match (service, word) {
            (Service::Mws, _) => 10,
            (Service::Pay, "request") => 8,
            _ => 0,
        };
        assert_eq!(wishes, expected, "{service:?} {word}");
        assert_eq!(house.control().calls("CreateReportSchedule").len(), created, "{service:?} {word}");
        house.fetch().exits(0);
        assert_eq!(house.control().calls(asked).len(), wishes, "{service:?} {word}: nothing is asked for twice");
        assert_eq!(house.control().calls("CreateReportSchedule").len(), created);
    }
}

#[test]
fn a_key_without_a_prefix_takes_its_environment_from_the_config() {
    let mut shop = account();
    for key in &mut shop.pay_keys {
        key.public_key_id = "AUNPREFIXEDKEY".to_owned();
    }
    let fixture = Fixture::new().account(shop).reports(september_reports()).starting(at(START));
    let mut house = House::with(Service::Pay, fixture);
    house.keys.public_key_id = "AUNPREFIXEDKEY".to_owned();
    house.configure("");
    house.fetch().exits(0);
    assert!(house.control().calls("GetReports").iter().all(|call| call.path.starts_with("/live/v2/")));
}

#[test]
fn a_developers_key_works_with_the_merchants_token_and_not_without() {
    let mut shop = account();
    shop.mws_auth_token = Some("amzn.mws.invented".to_owned());
    let fixture = Fixture::new().account(shop).reports(september_reports()).starting(at(START));
    let house = House::with(Service::Mws, fixture);
    house.fetch().exits(3).says("does not allow this key to see the account");
    house.secret("token", "amzn.mws.invented");
    house.configure("mws_auth_token_file = \"token\"");
    house.fetch().exits(0);
}
