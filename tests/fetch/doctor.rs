//! `settle doctor`: each fault is found, told with a hint, and has its exit code.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use settle::rehearsal::serve::{Face, Fault, FaultKind};

use crate::house::{BOTH, House, Run, Service};

fn doctor(house: &House, words: &[&str]) -> Run {
    let words: Vec<&str> = ["doctor", "--format", "json"].iter().chain(words).copied().collect();
    house.settle(&words)
}

/// The one check of this name.
#[track_caller]
fn check(run: &Run, name: &str) -> Value {
    let document = run.json();
    let checks = document["checks"].as_array().unwrap();
    let found: Vec<&Value> = checks.iter().filter(|check| check["check"] == name).collect();
    assert_eq!(found.len(), 1, "{name}: {document:#}");
    found[0].clone()
}

#[track_caller]
fn state(run: &Run, name: &str, state: &str, text: &str) {
    let check = check(run, name);
    assert_eq!(check["state"], state, "{check:#}");
    assert!(check["message"].as_str().unwrap().contains(text), "{check:#}");
    assert_eq!(check["hint"].is_null(), state == "ok", "{check:#}");
}

fn has(run: &Run, name: &str) -> bool {
    run.json()["checks"].as_array().unwrap().iter().any(|check| check["check"] == name)
}

#[test]
fn a_sound_house_is_sound_with_one_cheap_question_and_nothing_is_made() {
    for service in BOTH {
        let house = House::new(service);
        let run = doctor(&house, &[]).exits(0);
        assert_eq!(run.json()["schema"], "settle.doctor/1");
        for name in
            ["config", "account", "address", "clock", "credentials", "data_folder", "disk", "archive", "schedule"]
        {
            state(&run, name, "ok", "");
        }
        state(&run, "notify", "warning", "nobody is told");
        assert_eq!(house.control().journal().len(), 1, "{service:?}");
        assert!(!house.data().exists());
        let secret = house.keys.private_key_pem.lines().nth(2).unwrap();
        assert!(!run.out.contains(secret) && !run.out.contains(&house.keys.mws_secret));
        house.fetch().exits(0);
        state(&doctor(&house, &[]).exits(0), "database", "ok", "sound; 3 documents");
        // The question was paced, so the catalog changed; whoever comes next finds it sealed.
        house.settle(&["verify", "--read-data"]).exits(0);
    }
}

#[test]
fn offline_asks_nothing_and_says_so() {
    for service in BOTH {
        let house = House::new(service);
        let run = doctor(&house, &["--offline"]).exits(0);
        assert_eq!(run.json()["offline"], true);
        assert!(!has(&run, "address") && !has(&run, "credentials") && has(&run, "account"));
        assert!(house.control().journal().is_empty());
        let text = house.settle(&["doctor", "--offline"]).exits(0);
        assert!(text.out.ends_with("Amazon was not asked (--offline)\n"), "{}", text.out);
    }
}

#[test]
fn what_is_wrong_with_the_configuration_is_the_first_and_only_line() {
    let house = House::new(Service::Pay);
    house.folder.write("settle.toml", "[reporting]\ntimezon = \"UTC\"\n");
    let run = doctor(&house, &[]).exits(3);
    state(&run, "config", "error", "settle.toml:2: unknown key");
    assert_eq!(run.json()["checks"].as_array().unwrap().len(), 1);
    fs::remove_file(house.folder.at("settle.toml")).unwrap();
    state(&doctor(&house, &[]).exits(0), "config", "warning", "no configuration file");
    house.folder.write("settle.toml", "");
    fs::set_permissions(house.folder.at("settle.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    state(&doctor(&house, &[]).exits(0), "config", "warning", "no account");
    house.configure("");
    state(&doctor(&house, &[]).exits(0), "config", "warning", "may change it (mode 0666)");
    doctor(&house, &["--account", "stranger"]).exits(3).says("known accounts: shop");
}

#[test]
fn a_secret_that_cannot_be_used_is_found_before_amazon_is_asked() {
    let loose = |house: &House, name: &str| {
        fs::set_permissions(house.folder.at(name), fs::Permissions::from_mode(0o644)).unwrap();
    };
    let house = House::new(Service::Pay);
    loose(&house, "key.pem");
    state(&doctor(&house, &[]).exits(3), "key", "error", "open to group or others (mode 0644)");
    house.secret("key.pem", &house.keys.public_key_pem);
    state(&doctor(&house, &[]).exits(3), "key", "error", "it is a public key");
    house.secret("key.pem", "planted");
    let run = doctor(&house, &[]).exits(3);
    state(&run, "key", "error", "no RSA private key");
    assert!(!run.out.contains("planted"));
    fs::remove_file(house.folder.at("key.pem")).unwrap();
    assert_eq!(check(&doctor(&house, &[]).exits(3), "key")["state"], "error");
    house.folder.write("settle.toml", "[accounts.shop]\ncountry = \"FR\"\nmerchant_id = \"A\"\nsource = \"pay-api\"\n");
    state(&doctor(&house, &[]).exits(3), "account", "error", "no `public_key_id`");
    assert!(house.control().journal().is_empty());

    let house = House::new(Service::Mws);
    loose(&house, "secret");
    state(&doctor(&house, &[]).exits(3), "secret", "error", "open to group or others");
    house.secret("secret", "");
    assert!(check(&doctor(&house, &[]).exits(3), "secret")["message"].as_str().unwrap().contains("empty"));
    assert!(house.control().journal().is_empty());
}

#[test]
fn a_key_of_the_other_environment_is_told_from_its_id() {
    let house = House::new(Service::Pay);
    house.configure("environment = \"sandbox\"\n");
    state(&doctor(&house, &[]).exits(3), "account", "error", "is a live key and environment is sandbox");
}

#[test]
fn refused_credentials_are_told_apart_from_an_address_that_does_not_answer() {
    for (service, text) in [(Service::Mws, "does not allow this key"), (Service::Pay, "Amazon Pay API")] {
        let face = if service == Service::Mws { Face::Mws } else { Face::Pay };
        let house = House::new(service);
        house.fault(Fault::new(FaultKind::AccessDenied).on(face).always());
        let run = doctor(&house, &[]).exits(3);
        state(&run, "address", "ok", "answers");
        state(&run, "credentials", "error", text);
        assert_eq!(house.control().journal().len(), 1);

        let house = House::new(service);
        house.fault(Fault::new(FaultKind::Refuse).arg("listener", "http"));
        let run = doctor(&house, &[]).exits(75);
        let address = check(&run, "address");
        assert!(address["message"].as_str().unwrap().contains("refused the connection"), "{address:#}");
        assert!(!has(&run, "credentials") && !has(&run, "clock"));
    }
}

#[test]
fn a_clock_that_is_wrong_is_measured_both_ways() {
    for service in BOTH {
        for (minutes, word) in [(20, "behind"), (-20, "ahead of")] {
            let house = House::new(service);
            house.fault(Fault::new(FaultKind::ClockSkew).arg("minutes", minutes).always());
            let run = doctor(&house, &[]).exits(3);
            state(&run, "clock", "error", &format!("20 minutes {word} Amazon's"));
            state(&run, "credentials", "ok", "accepts");
        }
    }
}

#[test]
fn the_hash_of_what_was_signed_is_shown_when_asked_for() {
    let house = House::new(Service::Pay);
    let run = doctor(&house, &["-v"]).exits(0);
    let signed = house.control().journal()[0].string_to_sign.clone();
    let (_, hash) = signed.split_once('\n').unwrap();
    let details = check(&run, "credentials")["details"].to_string();
    assert!(details.contains(hash), "{details} {signed}");
    state(&run, "schedules", "ok", "no transaction reports by schedule");
    let house = House::new(Service::Mws);
    let details = check(&doctor(&house, &["-v"]).exits(0), "credentials")["details"].to_string();
    let (hash, _) = settle::archive::hash(house.control().journal()[0].string_to_sign.as_bytes()).unwrap();
    assert!(details.contains(hash.as_str()), "{details}");
    assert!(check(&doctor(&house, &[]).exits(0), "credentials")["details"].as_array().unwrap().is_empty());
}

#[test]
fn a_damaged_database_and_a_folder_in_the_way_are_storage() {
    let house = House::new(Service::Pay);
    house.fetch().exits(0);
    let catalog = house.data().join("catalog.sqlite");
    fs::write(&catalog, "no database, but long enough to be looked at as if it were one").unwrap();
    let run = doctor(&house, &["--offline"]).exits(4);
    state(&run, "archive", "error", "the catalog is damaged");
    // Amazon is asked all the same, and a worse fault counts more.
    state(&doctor(&house, &[]).exits(4), "credentials", "ok", "");
    let house = House::new(Service::Pay);
    house.folder.write("data", "a file");
    let run = doctor(&house, &["--offline"]).exits(4);
    assert_eq!(check(&run, "data_folder")["state"], "error");
}

#[test]
fn an_impossible_schedule_and_quiet_errors() {
    let house = House::new(Service::Pay);
    house.configure("\n[schedule]\ncron = \"70 4 * * *\"");
    state(&doctor(&house, &["--offline"]).exits(3), "schedule", "error", "70 4 * * *");
    let run = house.settle(&["doctor", "--offline", "-q"]).exits(3);
    assert_eq!(run.out, "");
    let run = run.says("settle: error: schedule.cron: cannot use `70 4 * * *`").says("hint: ");
    assert!(!run.err.contains("nobody is told"));
    house.settle(&["doctor", "--format", "csv"]).exits(2);
}
