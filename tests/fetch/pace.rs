//! Quotas that outlive the process, first syncs that take hours, nights with faults.

use chrono::{DateTime, TimeDelta, Utc};

use crate::house::{House, START, Service, account, at, september_reports, states};
use crate::support::{Line, SELLER, settlement_file};
use settle::rehearsal::serve::{Face, Fault, FaultKind, Fixture, Limit, Report};

/// Ninety daily settlements whose reserves form a chain, the last one yesterday.
fn ninety_days() -> Vec<Report> {
    let first = at("2026-07-03T15:00:44Z");
    (0..90)
        .map(|n| {
            let (start, end) = (first + TimeDelta::days(n), first + TimeDelta::days(n + 1) - TimeDelta::seconds(60));
            let printed = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S +0000").to_string();
            let lines = [
                Line::fees(
                    &printed(start + TimeDelta::hours(3)),
                    "Capture",
                    ["100.00", "-2.70", "-0.35", "-3.05", "96.95"],
                ),
                Line::plain(&printed(start + TimeDelta::hours(20)), "Transfer", "-96.95"),
            ];
            let text = settlement_file(SELLER, &format!("80000000{n:02}"), [&printed(start), &printed(end)], &lines);
            Report::settlement("shop", format!("300000000000{n:04}"), (start, end), text.into_bytes())
        })
        .collect()
}

fn instants(house: &House, action: &str) -> Vec<DateTime<Utc>> {
    house.control().calls(action).iter().map(|call| at(&call.at)).collect()
}

#[test]
fn a_first_sync_of_ninety_reports_keeps_the_pace_of_mws_and_says_how_long_it_takes() {
    let fixture = Fixture::new().account(account()).reports(ninety_days()).starting(at(START));
    let house = House::with(Service::Mws, fixture);
    let run = house.fetch().exits(0).says("90 reports to bring in; at the pace that Amazon allows");
    assert_eq!(states(&run).len(), 90);
    let asked = instants(&house, "GetReport");
    assert_eq!(asked.len(), 90);
    assert!(asked.windows(2).skip(14).all(|pair| pair[1] - pair[0] >= TimeDelta::seconds(60)), "{asked:?}");
    let refused = house.control().journal().iter().filter(|entry| entry.status != 200).count();
    assert_eq!(refused, 0, "no quota was exceeded");
    // The oldest first: they vanish first.
    assert_eq!(run.json()["accounts"][0]["reports"][0]["settlement_id"], "8000000000");
}

#[test]
fn a_first_sync_goes_on_where_the_last_run_stopped() {
    let fixture = Fixture::new().account(account()).reports(ninety_days()).starting(at(START));
    let house = House::with(Service::Mws, fixture);
    house.configure("\n[fetch]\npatience = \"10m\"");
    let mut runs = 0;
    loop {
        let run = house.fetch();
        runs += 1;
        if run.code == 0 {
            break;
        }
        let run = run.exits(75).says("the next run goes on");
        assert!(!states(&run).is_empty(), "each run brings something");
        house.control().advance(TimeDelta::minutes(1));
        assert!(runs < 20);
    }
    assert!(runs > 3);
    assert_eq!(house.control().calls("GetReport").len(), 90, "nothing was downloaded twice");
    assert_eq!(house.raw().len(), 90);
    assert!(house.control().journal().iter().all(|entry| entry.status == 200));
}

#[test]
fn amazon_that_asks_for_less_is_asked_less() {
    let fixture = Fixture::new().account(account()).reports(ninety_days()).starting(at(START)).limit(Limit {
        account: None,
        action: Some("GetReport".to_owned()),
        burst: 2,
        restore_ms: 120_000,
        hourly: None,
    });
    let house = House::with(Service::Mws, fixture);
    house.configure("\n[fetch]\npatience = \"24h\"");
    house.fetch().exits(0);
    let refused = house.control().calls("GetReport").iter().filter(|call| call.status != 200).count();
    assert!(refused <= 45, "{refused} of {} refused", house.control().calls("GetReport").len());
    assert_eq!(house.raw().len(), 90);
}

#[test]
fn the_hourly_quota_in_the_headers_is_kept() {
    let fixture = Fixture::new().account(account()).reports(ninety_days()).starting(at(START)).limit(Limit {
        account: None,
        action: Some("GetReport".to_owned()),
        burst: 90,
        restore_ms: 1_000,
        hourly: Some(12),
    });
    let house = House::with(Service::Mws, fixture);
    house.configure("\n[fetch]\npatience = \"24h\"");
    house.fetch().exits(0);
    let calls = house.control().calls("GetReport");
    let refused = calls.iter().filter(|call| call.status != 200).count();
    assert_eq!(refused, 0, "{} calls", calls.len());
    assert_eq!(house.raw().len(), 90);
}

#[test]
fn thirty_nights_with_faults_end_with_the_statement_of_thirty_quiet_nights() {
    let quiet = nights(&|_, _| {});
    for service in [Service::Mws, Service::Pay] {
        let faulty = thirty(service, &|house, night| {
            let face = if service == Service::Mws { Face::Mws } else { Face::Pay };
            let kinds = [
                FaultKind::Http500,
                FaultKind::Http503,
                FaultKind::Html200,
                FaultKind::CutBody,
                FaultKind::Throttle,
                FaultKind::Quota,
                FaultKind::AccessDenied,
                FaultKind::Refuse,
                FaultKind::ClockSkew,
                FaultKind::Gone,
            ];
            let kind = kinds[night % kinds.len()];
            let times = 1 + (night as u32 / 10) * 3;
            house.fault(Fault::new(kind).on(face).nth(1 + night as u64 % 3).times(times));
        });
        assert_eq!(faulty, quiet, "{service:?}");
    }
}

fn nights(disturb: &dyn Fn(&House, usize)) -> (Vec<String>, serde_json::Value) {
    thirty(Service::Pay, disturb)
}

/// Thirty nights on which one report a night appears; then one quiet night. What is here in the end.
fn thirty(service: Service, disturb: &dyn Fn(&House, usize)) -> (Vec<String>, serde_json::Value) {
    let fixture = Fixture::new().account(account()).reports(ninety_days()).starting(at("2026-09-02T04:30:00Z"));
    let house = House::with(service, fixture);
    for night in 0..30 {
        disturb(&house, night);
        house.fetch();
        house.control().clear_faults();
        let next = at("2026-09-02T04:30:00Z") + TimeDelta::days(i64::try_from(night).unwrap() + 1);
        house.control().set_clock(next.max(house.control_now()));
    }
    house.fetch().exits(0);
    let mut statement = house.september();
    // Names of files carry no figures, and the order of sources is that of their coming.
    statement.as_object_mut().unwrap().remove("sources");
    (house.raw(), statement["accounts"].clone())
}

#[test]
fn a_file_brought_by_hand_before_is_known_when_it_is_fetched() {
    let house = House::new(Service::Pay);
    let report = september_reports().remove(0);
    let path = house.folder.write("by-hand.csv", &report.bytes[..]);
    house.settle(&["import", path.to_str().unwrap()]).exits(0);
    let run = house.fetch().exits(0);
    assert_eq!(states(&run), ["already_known", "imported", "imported"]);
    assert_eq!(house.raw().len(), 3);
}
