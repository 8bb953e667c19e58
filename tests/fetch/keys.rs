//! `settle keys`: a pair of one's own, and the way from MWS keys to one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use settle::rehearsal::serve::{Face, Fault, FaultKind};

use crate::house::{House, Service};

fn mode(house: &House, name: &str) -> u32 {
    fs::metadata(house.folder.at(name)).unwrap().permissions().mode() & 0o7777
}

fn names(house: &House) -> Vec<String> {
    let entries = fs::read_dir(house.folder.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn config(house: &House) -> String {
    fs::read_to_string(house.folder.at("settle.toml")).unwrap()
}

#[test]
fn a_pair_is_made_private_and_its_public_half_alone_is_printed() {
    let house = House::new(Service::Pay);
    let run = house.settle(&["keys", "generate", "--account", "shop"]).exits(0);
    assert!(run.out.starts_with("-----BEGIN PUBLIC KEY-----\n") && run.out.ends_with("-----END PUBLIC KEY-----\n"));
    assert_eq!(mode(&house, "shop.pem"), 0o600);
    let private = fs::read_to_string(house.folder.at("shop.pem")).unwrap();
    assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"), "PKCS#8");
    let secret = private.lines().nth(3).unwrap();
    assert!(!run.out.contains(secret) && !run.err.contains(secret));
    run.says("private_key_file = \"shop.pem\"").says("Integration Central");
    let quiet = house.settle(&["keys", "generate", "-q", "--out", "other.pem"]).exits(0);
    assert_eq!(quiet.err, "");
    assert!(house.control().journal().is_empty(), "nothing is asked of Amazon");
}

#[test]
fn a_private_key_is_never_overwritten_by_whatever_way() {
    let house = House::new(Service::Pay);
    house.secret("shop.pem", "precious");
    std::os::unix::fs::symlink("nowhere", house.folder.at("link.pem")).unwrap();
    let before = names(&house);
    house.settle(&["keys", "generate", "--account", "shop"]).exits(3).says("never overwritten").says("--out");
    house.settle(&["keys", "generate", "--out", "shop.pem"]).exits(3);
    house.settle(&["keys", "generate", "--out", "link.pem"]).exits(3);
    house.settle(&["keys", "generate", "--out", "new.pem", "-o", "new.pem"]).exits(2).says("cannot be the same file");
    house.settle(&["keys", "generate", "--out", "no/such/new.pem"]).exits(3).says("mkdir -p");
    house.settle(&["keys", "generate", "--account", "stranger"]).exits(3).says("known accounts: shop");
    assert_eq!(names(&house), before);
    assert_eq!(fs::read_to_string(house.folder.at("shop.pem")).unwrap(), "precious");
}

#[test]
fn an_upgrade_gets_a_key_that_works_and_changes_nothing_but_its_lines() {
    for prefixed in [true, false] {
        let house = House::new(Service::Mws);
        house.control().patch_account("shop", |shop| shop.upgraded_key_prefixed = prefixed);
        let before = config(&house);
        let commented = before.replace("source = \"mws\"", "source = \"mws\" # for now") + "# the end\n";
        house.folder.write("settle.toml", &commented);
        let run = house.settle(&["keys", "upgrade", "--write"]).exits(0);
        let id = run.out.trim().to_owned();
        assert_eq!(id.starts_with("LIVE-"), prefixed, "{id}");
        assert_eq!(mode(&house, "shop.pem"), 0o600);
        let after = config(&house);
        assert!(after.contains("source = \"pay-api\" # for now\n") && after.ends_with("# the end\n"), "{after}");
        let added = format!("public_key_id = \"{id}\"\nprivate_key_file = \"shop.pem\"\n");
        assert_eq!(after.replace(&added, "").replace("\"pay-api\"", "\"mws\""), commented);
        // The new key does what the old ones did.
        house.settle(&["doctor"]).exits(0);
        house.fetch().exits(0);
        assert_eq!(house.raw().len(), 3);
    }
}

#[test]
fn without_write_the_lines_are_shown_and_the_file_is_left_alone() {
    let house = House::new(Service::Mws);
    let before = config(&house);
    let run = house.settle(&["keys", "upgrade", "--format", "json", "--out", "new.pem"]).exits(0);
    assert_eq!(config(&house), before);
    let document = run.json();
    assert_eq!((&document["schema"], &document["config_written"]), (&"settle.keys/1".into(), &false.into()));
    let id = document["public_key_id"].as_str().unwrap().to_owned();
    run.says("  - source = \"mws\"\n  + source = \"pay-api\"\n").says(&format!("  + public_key_id = \"{id}\"\n"));
    let call = &house.control().calls("GetPublicKeyId")[0];
    assert!(call.path == "/live/v2/publicKeyId" && call.method == "GET" && call.verdict == "ok", "{call:?}");
    assert!(call.string_to_sign.contains("SellerId=") && !call.string_to_sign.contains("PublicKey="));
}

#[test]
fn a_dry_run_shows_the_request_without_its_signature_and_sends_nothing() {
    let house = House::new(Service::Mws);
    let before = names(&house);
    let run = house.settle(&["keys", "upgrade", "--dry-run"]).exits(0);
    assert!(run.out.contains("/live/v2/publicKeyId") && run.out.contains("(left out)"), "{}", run.out);
    assert!(run.out.contains("MerchantId ") && run.out.contains("&SellerId="), "{}", run.out);
    assert!(!run.out.contains(&house.keys.mws_secret));
    assert!(house.control().journal().is_empty());
    assert_eq!(names(&house), before);
    house.settle(&["keys", "upgrade", "--dry-run", "--write"]).exits(2);
}

#[test]
fn a_developers_key_is_told_plainly_that_it_cannot_be_upgraded() {
    let house = House::new(Service::Mws);
    house.secret("token", "amzn.mws.planted");
    house.configure("mws_auth_token_file = \"token\"\n");
    let run = house.settle(&["keys", "upgrade"]).exits(3);
    run.says("it cannot work here").says("settle keys generate --account shop");
    let house = House::new(Service::Pay);
    house.settle(&["keys", "upgrade"]).exits(3).says("only MWS keys can be upgraded");
    assert!(house.control().journal().is_empty());
}

#[test]
fn refused_keys_are_asked_once_and_leave_nothing_behind() {
    for text in
        ["the secret key does not belong to this access key", "does not know this key", "does not allow this key"]
    {
        let house = House::new(Service::Mws);
        house.control().patch_account("shop", |shop| match text {
            "does not know this key" => shop.mws_access_key = Some("AKIAOTHER".to_owned()),
            "does not allow this key" => shop.mws_authorised = false,
            _ => shop.mws_secret = Some("another".to_owned()),
        });
        let (before, files) = (config(&house), names(&house));
        let run = house.settle(&["keys", "upgrade", "--write"]).exits(3);
        run.says(text).says("settle keys generate");
        assert_eq!((config(&house), names(&house)), (before, files), "{text}");
        assert_eq!(house.control().calls("GetPublicKeyId").len(), 1, "{text}");
    }
}

#[test]
fn bad_weather_is_tried_four_times_and_leaves_nothing_behind() {
    for kind in [FaultKind::Http500, FaultKind::Refuse, FaultKind::Html200] {
        let house = House::new(Service::Mws);
        house.fault(Fault::new(kind).on(Face::Pay).always());
        let files = names(&house);
        house.settle(&["keys", "upgrade", "--write"]).exits(75);
        assert_eq!(house.control().calls("GetPublicKeyId").len(), 4, "{kind:?}");
        assert_eq!(names(&house), files);
        house.control().clear_faults();
        house.settle(&["keys", "upgrade", "--write"]).exits(0);
    }
}

#[test]
fn a_wrong_clock_is_corrected_once_and_said() {
    for minutes in [20, -20] {
        let house = House::new(Service::Mws);
        house.fault(Fault::new(FaultKind::ClockSkew).arg("minutes", minutes).always());
        house.settle(&["keys", "upgrade"]).exits(0).says("20 minutes");
        house.verdict();
    }
}

#[test]
fn which_account_is_asked_where_several_have_keys() {
    let house = House::new(Service::Mws);
    let more = "\n[accounts.two]\ncountry = \"DE\"\nmerchant_id = \"A2\"\nsource = \"mws\"\naccess_key_id = \"AK\"\nsecret_key_file = \"secret\"\n";
    house.folder.write("settle.toml", config(&house) + more);
    house.settle(&["keys", "upgrade"]).exits(2).says("accounts: shop, two");
    house.settle(&["keys", "generate"]).exits(2).says("--account");
    house.settle(&["keys", "upgrade", "--account", "shop"]).exits(0);
}
