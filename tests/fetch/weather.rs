//! Bad weather: each fault of the double, what the run says, how it ends, and what the next run makes good.

use std::fs;

use crate::house::{BOTH, House, START, Service, account, at, september_reports, states};
use settle::rehearsal::serve::{Face, Fault, FaultKind, Fixture};

fn download(service: Service) -> &'static str {
    if service == Service::Mws { "GetReport" } else { "GetObject" }
}

fn list(service: Service) -> &'static str {
    if service == Service::Mws { "GetReportList" } else { "GetReports" }
}

/// A fault that passes: the run succeeds in spite of it, or the next one makes it good.
#[track_caller]
fn survives(service: Service, fault: Fault) -> House {
    let house = House::new(service);
    house.fault(fault.clone());
    let run = house.fetch();
    house.verdict();
    assert!([0, 7, 75].contains(&run.code), "{service:?} {fault:?} {run:?}");
    house.control().clear_faults();
    house.control().advance(chrono::TimeDelta::hours(2));
    let again = house.fetch();
    assert_eq!(again.code, 0, "{service:?} {fault:?} {again:?}");
    assert_eq!(house.raw().len(), 3, "{service:?} {fault:?}");
    assert!(house.states().iter().all(|(_, state)| state == "taken"), "{:?}", house.states());
    assert_eq!(house.september()["accounts"][0]["closing_balance"], "14.00");
    house
}

#[test]
fn every_passing_fault_is_survived_on_every_request() {
    for service in BOTH {
        let face = if service == Service::Mws { Face::Mws } else { Face::Pay };
        for kind in [FaultKind::Http500, FaultKind::Http503, FaultKind::Html200, FaultKind::Html503, FaultKind::CutBody]
        {
            survives(service, Fault::new(kind).action(list(service)));
            survives(service, Fault::new(kind).action(download(service)).nth(2));
        }
        for kind in [FaultKind::Throttle, FaultKind::RetryAfter, FaultKind::Refuse] {
            survives(service, Fault::new(kind).on(face));
        }
        survives(service, Fault::new(FaultKind::Throttle).on(face).times(3));
    }
}

#[test]
fn a_fault_that_stays_ends_as_temporary_after_four_tries() {
    for service in BOTH {
        for kind in [FaultKind::Http500, FaultKind::Http503, FaultKind::Html503, FaultKind::Refuse] {
            let house = House::new(service);
            house.fault(Fault::new(kind).action(list(service)).always());
            house.fetch().exits(75);
            assert_eq!(house.control().calls(list(service)).len(), 4, "{kind:?}");
            assert!(house.raw().is_empty());
        }
    }
}

#[test]
fn a_closed_port_is_temporary_and_keeps_what_is_here() {
    for service in BOTH {
        let house = House::new(service);
        house.fetch().exits(0);
        let before = house.september();
        house.fault(Fault::new(FaultKind::Refuse).arg("listener", "http"));
        house.fetch().exits(75).says("refused the connection");
        assert_eq!(house.september(), before);
        house.control().clear_faults();
        house.fetch().exits(0);
    }
}

#[test]
fn silence_is_not_waited_for_for_ever() {
    for service in BOTH {
        for (kind, action) in [(FaultKind::StallHeaders, list(service)), (FaultKind::StallBody, download(service))] {
            let house = House::new(service);
            house.configure("\n[fetch]\ntimeout = \"1s\"");
            house.fault(Fault::new(kind).action(action).times(1));
            house.fetch().exits(0);
            house.verdict();
            assert_eq!(house.raw().len(), 3);
        }
    }
}

#[test]
fn a_wrong_checksum_is_tried_again_and_kept_aside_where_it_stays_wrong() {
    let house = House::new(Service::Mws);
    house.fault(Fault::new(FaultKind::Md5Wrong));
    house.fetch().exits(0);
    house.verdict();
    assert_eq!(house.control().calls("GetReport").len(), 4);
    assert!(!house.data().join("raw/.aside").exists());

    let house = House::new(Service::Mws);
    house.fault(Fault::new(FaultKind::Md5Wrong).path("ReportId=10000000000000002").times(4));
    let run = house.fetch().exits(7);
    house.verdict();
    assert_eq!(house.control().calls("GetReport").len(), 6);
    let run = run.says("settlement-10000000000000002.csv: the checksum does not fit");
    assert_eq!(states(&run), ["imported", "imported"]);
    assert_eq!(fs::read_dir(house.data().join("raw/.aside")).unwrap().count(), 1);
    assert_eq!(house.raw().len(), 2);
    assert_eq!(states(&house.fetch().exits(0)), ["imported"]);
}

#[test]
fn a_spent_quota_is_waited_for_until_it_resets_whatever_the_form() {
    for service in BOTH {
        let forms = ["iso", "http", "missing"];
        for (form, place) in forms.iter().flat_map(|form| ["message", "header", "both"].map(|place| (*form, place))) {
            let house = House::new(service);
            house.fault(Fault::new(FaultKind::Quota).action(list(service)).arg("resets_on", form).arg("in", place));
            house.fetch().exits(0);
            house.verdict();
            let waited = house.control().journal().last().unwrap().at.clone();
            assert!(waited.as_str() > "2026-10-02T04:30:00Z", "{service:?} {form} {place} {waited}");
        }
        let house = House::new(service);
        house.configure("\n[fetch]\npatience = \"0s\"");
        house.fault(Fault::new(FaultKind::Quota).action(list(service)));
        house.fetch().exits(75).says("the next run goes on");
    }
}

#[test]
fn refused_credentials_are_asked_once_and_need_a_person() {
    for (service, kind, text) in [
        (Service::Mws, FaultKind::AccessDenied, "does not allow this key to see the account"),
        (Service::Mws, FaultKind::Gone, "appears to have been withdrawn"),
        (Service::Pay, FaultKind::AccessDenied, "Amazon Pay API"),
        (Service::Pay, FaultKind::SignatureEcho, "canonical form"),
    ] {
        let house = House::new(service);
        house.fault(Fault::new(kind).always());
        house.fetch().exits(3).says(text).says("hint: ");
        assert_eq!(house.control().journal().len(), 1, "{kind:?}");
    }
}

#[test]
fn a_wrong_secret_and_an_unknown_key_are_told_apart() {
    let house = House::new(Service::Mws);
    house.secret("secret", "not-the-secret");
    house.fetch().exits(3).says("the secret key does not belong to this access key");
    let mut house = House::new(Service::Mws);
    house.keys.mws_access_key = "AKIANOBODY".to_owned();
    house.configure("");
    house.fetch().exits(3).says("does not know this key");
    let house = House::new(Service::Pay);
    let other = settle::rehearsal::serve::AccountKeys::make("other").unwrap();
    house.secret("key.pem", &other.private_key_pem);
    house.fetch().exits(3).says("the private key does not belong to this public key id");
    let mut house = House::new(Service::Pay);
    house.keys.public_key_id = "LIVE-NOBODY".to_owned();
    house.configure("");
    house.fetch().exits(3).says("does not know this key");
    assert_eq!(house.control().journal().len(), 1);
}

#[test]
fn mws_that_is_withdrawn_ends_in_one_message_with_the_next_step() {
    // A page may be a passing fault, so it is asked again a few times; 410 is final.
    for (form, requests) in [("410", 1), ("html", 4)] {
        let house = House::new(Service::Mws);
        house.fault(Fault::new(FaultKind::MwsWithdrawn).arg("form", form).always());
        house.fetch().exits(3).says("appears to have been withdrawn").says("settle keys upgrade").says("settle import");
        assert_eq!(house.control().journal().len(), requests);
    }
    let house = House::new(Service::Mws);
    house.fault(Fault::new(FaultKind::MwsWithdrawn).arg("form", "closed").always());
    house.fetch().exits(75);
    // A host that is gone from the name service.
    let house = House::new(Service::Mws);
    house.configure("endpoint = \"https://mws-eu.amazonservices.invalid\"");
    house.fetch().exits(75).says("the host mws-eu.amazonservices.invalid is not known").says("settle keys upgrade");
    let house = House::new(Service::Pay);
    house.configure("endpoint = \"https://pay-api.amazon.invalid\"");
    house.fetch().exits(75).says("the host pay-api.amazon.invalid is not known");
}

#[test]
fn a_clock_that_is_twenty_minutes_off_is_named_and_corrected_once() {
    for service in BOTH {
        for minutes in [20, -20] {
            let house = House::new(service);
            house.fault(Fault::new(FaultKind::ClockSkew).arg("minutes", minutes).always());
            let run = house.fetch().exits(0);
            let word = if minutes > 0 { "behind" } else { "ahead of" };
            run.says(&format!("this machine's clock is 20 minutes {word} Amazon's"));
            assert_eq!(house.raw().len(), 3, "{service:?} {minutes}");
            let refused = house.control().journal().iter().filter(|entry| entry.status >= 400).count();
            assert_eq!(refused, 1, "{service:?} {minutes}");
        }
    }
}

#[test]
fn lists_that_misbehave_lose_and_double_nothing() {
    for service in BOTH {
        for kind in [FaultKind::Shift, FaultKind::EmptyPage, FaultKind::DupIds] {
            let house = House::new(service);
            house.fault(Fault::new(kind).action(list(service)));
            let run = house.fetch();
            house.verdict();
            assert!(run.code == 0 || run.code == 5, "{service:?} {kind:?} {run:?}");
            house.fetch();
            assert!(house.raw().len() >= 3, "{service:?} {kind:?}");
            let downloads =
                house.control().calls(if service == Service::Mws { "GetReport" } else { "GetReportDocument" });
            assert_eq!(downloads.len(), house.states().len(), "{service:?} {kind:?}");
        }
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::TokenLoop).always());
        house.fetch().exits(7).says("the list does not end");
    }
}

#[test]
fn one_settlement_under_two_ids_is_one_document_or_a_conflict() {
    for service in BOTH {
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::DupSettlementSame).action(list(service)));
        let run = house.fetch().exits(0);
        house.verdict();
        let mut found = states(&run);
        found.sort();
        assert_eq!(found, ["already_known", "imported", "imported", "imported"]);
        assert_eq!((house.raw().len(), house.states().len()), (3, 4));
        house.fetch().exits(0);

        let house = House::new(service);
        house.fault(Fault::new(FaultKind::DupSettlementChanged).action(list(service)));
        let run = house.fetch().exits(5);
        assert!(states(&run).contains(&"conflict".to_owned()));
        assert_eq!(house.raw().len(), 4);
        assert_eq!(house.settle(&["report", "--month", "2026-09"]).code, 5);
    }
}

#[test]
fn a_report_that_amazon_lists_and_does_not_have_stops_no_other() {
    for service in BOTH {
        let action = if service == Service::Mws { "GetReport" } else { "GetReportDocument" };
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::ListedMissing).action(action).times(1));
        let run = house.fetch().exits(7);
        house.verdict();
        assert_eq!(states(&run), ["imported", "imported"]);
        run.says("no longer has it");
        assert_eq!(states(&house.fetch().exits(0)), ["imported"]);
    }
}

#[test]
fn reports_that_failed_or_are_empty_of_data_are_noted_and_not_asked_for() {
    let house = House::new(Service::Pay);
    house.fault(Fault::new(FaultKind::Failed).action("GetReports").arg("status", "FAILED").always());
    let run = house.fetch();
    house.verdict();
    assert!([0, 7].contains(&run.code), "{run:?}");
    let house = House::new(Service::Pay);
    house.fault(Fault::new(FaultKind::NoData).action("GetReports").always());
    house.fetch().exits(0);
    house.verdict();
    let house = House::new(Service::Pay);
    house.fault(Fault::new(FaultKind::NoDocumentId).action("GetReports").always());
    let run = house.fetch();
    assert!([7, 75].contains(&run.code), "{run:?}");
    house.verdict();
    house.control().clear_faults();
    house.fetch().exits(0);
    assert_eq!(house.raw().len(), 3);
}

#[test]
fn a_document_that_is_not_ready_is_waited_for() {
    for form in ["202", "no-url"] {
        let house = House::new(Service::Pay);
        house.fault(Fault::new(FaultKind::NotReady).arg("form", form).times(3));
        house.fetch().exits(0);
        house.verdict();
        let house = House::new(Service::Pay);
        house.fault(Fault::new(FaultKind::NotReady).arg("form", form).always());
        house.fetch().exits(75).says("is not ready yet");
        house.control().clear_faults();
        house.fetch().exits(0);
    }
}

#[test]
fn an_address_that_expired_is_asked_for_anew_and_never_used_again() {
    for kind in [FaultKind::UrlExpired, FaultKind::Url403Once] {
        let house = House::new(Service::Pay);
        house.fault(Fault::new(kind));
        house.fetch().exits(0);
        house.verdict();
        assert_eq!(house.control().calls("GetReportDocument").len(), 4);
        let mut addresses: Vec<String> =
            house.control().calls("GetObject").iter().map(|call| call.query.clone()).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), house.control().calls("GetObject").len());
    }
}

#[test]
fn nothing_of_the_account_is_sent_to_the_storage() {
    let house = House::new(Service::Pay);
    house.fetch().exits(0);
    let calls = house.control().calls("GetObject");
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert!(call.headers.iter().all(|(name, _)| name != "authorization" && !name.starts_with("x-amz-pay")));
    }
}

#[test]
fn packed_bytes_are_unpacked_and_known_by_their_own_hash() {
    let plain = House::new(Service::Pay);
    plain.fetch().exits(0);
    for (service, by) in [(Service::Mws, "encoding"), (Service::Pay, "encoding"), (Service::Pay, "algorithm")] {
        let house = House::new(service);
        let action = if by == "algorithm" { "GetReportDocument" } else { download(service) };
        house.fault(Fault::new(FaultKind::Gzip).action(action).arg("by", by).always());
        house.fetch().exits(0);
        house.verdict();
        assert_eq!(house.raw(), plain.raw(), "{service:?} {by}");
    }
}

#[test]
fn every_charset_is_read_and_a_declared_one_that_lies_is_told() {
    for service in BOTH {
        for kind in [FaultKind::Bom, FaultKind::Cp1252] {
            let house = House::new(service);
            house.fault(Fault::new(kind).action(download(service)));
            house.fetch().exits(0);
            house.verdict();
            assert_eq!(house.september()["accounts"][0]["closing_balance"], "14.00", "{kind:?}");
        }
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::CharsetLies).action(download(service)));
        let run = house.fetch().exits(0);
        house.verdict();
        let problems = run.json()["problems"].clone();
        let lies = problems
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["message"].as_str().unwrap().contains("declared windows-1252"));
        assert!(lies, "{problems}");
    }
}

#[test]
fn a_japanese_report_is_read_as_its_sender_declared_it() {
    let mut report = september_reports().remove(0);
    let text =
        String::from_utf8(report.bytes.to_vec()).unwrap().replace("\"\",\"\",\"Reserve\"", "\"\",\"日本\",\"Reserve\"");
    let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
    report.bytes = bytes.into_owned().into();
    report.content_type = settle::rehearsal::serve::ContentType::Is("text/plain;charset=windows-31j".to_owned());
    let fixture = Fixture::new().account(account()).report(report).starting(at(START));
    let house = House::with(Service::Mws, fixture);
    let run = house.fetch().exits(0);
    assert!(run.out.contains("read as shift_jis"), "{}", run.out);
    let rows = house.settle(&["report", "--settlement", "7000000001", "-v"]);
    assert_eq!(rows.code, 0, "{rows:?}");
}

#[test]
fn empty_files_are_named_and_not_taken_for_a_day_without_business() {
    for service in BOTH {
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::Empty).action(download(service)).nth(2));
        let run = house.fetch().exits(5);
        house.verdict();
        assert!(states(&run).contains(&"rejected".to_owned()));
        run.says("settlement-10000000000000002.csv");
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::HeaderOnly).action(download(service)).nth(2));
        let run = house.fetch();
        house.verdict();
        assert!([0, 5].contains(&run.code), "{run:?}");
        let told = format!("{}{}", run.out, house.settle(&["report", "--month", "2026-09"]).out);
        assert!(told.contains("no rows") || told.contains("rejected"), "{told}");
    }
}

#[test]
fn what_ninety_days_took_is_said() {
    let house = House::new(Service::Pay);
    house
        .fetch()
        .exits(0)
        .says("this is the first fetch: the oldest report that Amazon still has begins at 2026-08-30");
    house.control().advance(chrono::TimeDelta::days(91));
    house.fetch().exits(0).says("the last complete fetch was 91 days ago and Amazon keeps reports for 90");
}

#[test]
fn a_certificate_of_another_is_never_talked_to() {
    for service in BOTH {
        let house = House::new(service);
        let tls = |more: &str| format!("endpoint = \"{}\"\n{more}", house.server.https());
        house.configure(&tls(""));
        house.fetch().exits(3).says("no secure connection");
        assert!(house.control().journal().is_empty());
        let authority = format!("ca_file = \"{}\"\n", house.server.ca_file().display());
        house.configure(&tls(&authority));
        house.fetch().exits(0);
        for of in ["name", "ca"] {
            house.fault(Fault::new(FaultKind::TlsBad).arg("of", of).always());
            house.fetch().exits(3).says("no secure connection");
            house.verdict();
            house.control().clear_faults();
        }
    }
}

#[test]
fn an_account_that_fails_does_not_stop_the_other() {
    let other = settle::rehearsal::serve::Account::new("other", "A2EXAMPLE").with_keys(&crate::house::keys());
    let fixture = Fixture::new().account(account()).account(other).reports(september_reports()).starting(at(START));
    let house = House::with(Service::Pay, fixture);
    let second = format!(
        "\n[accounts.old]\ncountry = \"DE\"\nmerchant_id = \"A2OTHER\"\nsource = \"mws\"\naccess_key_id = \"AKIANOBODY\"\nsecret_key_file = \"secret\"\nendpoint = \"{}\"",
        house.server.http()
    );
    house.configure(&second);
    let run = house.fetch().exits(3).says("old: Amazon MWS does not know this key");
    assert_eq!(states(&run).len(), 3);
    // A passing failure of one account is "partly done".
    house.fault(Fault::new(FaultKind::Http503).on(Face::Mws).always());
    house.fetch().exits(7);
    let run = house.settle(&["fetch", "--account", "nobody"]).exits(3);
    run.says("there is no account `nobody`").says("known accounts: shop, old");
}
