//! `settle init` without a terminal: what it writes always loads, works, and leaves what is there alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::house::{House, Run, Service};
use crate::support::SELLER;

/// A house without a configuration.
fn bare(service: Service) -> House {
    let house = House::new(service);
    fs::remove_file(house.folder.at("settle.toml")).unwrap();
    house
}

fn init(house: &House, words: &[&str]) -> Run {
    let words: Vec<&str> = ["init", "--no-input"].iter().chain(words).copied().collect();
    house.settle(&words)
}

fn pay(house: &House) -> Vec<String> {
    let id = &house.keys.public_key_id;
    let words = ["--country", "fr", "--merchant-id", SELLER, "--source", "pay-api", "--private-key-file", "key.pem"];
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    words.extend(["--public-key-id".to_owned(), id.clone(), "--endpoint".to_owned(), house.server.http()]);
    words
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn config(house: &House) -> String {
    fs::read_to_string(house.folder.at("settle.toml")).unwrap()
}

#[test]
fn what_is_written_is_private_and_fetches_at_once() {
    let house = bare(Service::Pay);
    let mut words = pay(&house);
    words.extend(["--data-dir", "data", "--cron", "30 4 * * *"].map(str::to_owned));
    let run = init(&house, &strs(&words)).exits(0).says("credentials  Amazon accepts them").says("settle fetch");
    assert_eq!(run.out, "");
    let expected = format!(
        "data_dir = \"data\"\n\n[accounts.shop-fr]\ncountry = \"FR\"\nmerchant_id = \"{SELLER}\"\nsource = \"pay-api\"\n\
         public_key_id = \"{}\"\nprivate_key_file = \"key.pem\"\nendpoint = \"{}\"\n\n[schedule]\ncron = \"30 4 * * *\"\n",
        house.keys.public_key_id,
        house.server.http()
    );
    assert_eq!(config(&house), expected);
    assert_eq!(fs::metadata(house.folder.at("settle.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!house.data().exists(), "a test call needs no archive");
    house.fetch().exits(0);
    assert_eq!(house.raw().len(), 3);
}

#[test]
fn mws_keys_from_a_file_and_from_a_variable() {
    for secret in [["--secret-key-file", "secret"], ["--secret-key-env", "MWS_SECRET"]] {
        let house = bare(Service::Mws);
        house.variable("MWS_SECRET", &house.keys.mws_secret.clone());
        let (http, id) = (house.server.http(), house.keys.mws_access_key.clone());
        let words = ["--country", "DE", "--merchant-id", SELLER, "--source", "mws", "--access-key-id", &id];
        let words: Vec<&str> = words.iter().copied().chain(secret).chain(["--endpoint", &http]).collect();
        let run = init(&house, &words).exits(0);
        assert!(!config(&house).contains(&house.keys.mws_secret) && !run.err.contains(&house.keys.mws_secret));
        house.fetch().exits(0);
    }
}

#[test]
fn a_key_is_made_and_its_id_may_come_later() {
    let house = bare(Service::Pay);
    let http = house.server.http();
    let words =
        ["--country", "SE", "--merchant-id", SELLER, "--source", "pay-api", "--generate-key", "--endpoint", &http];
    let run = init(&house, &words).exits(0);
    assert!(run.out.starts_with("-----BEGIN PUBLIC KEY-----"));
    assert_eq!(fs::metadata(house.folder.at("shop-se.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    run.says("Integration Central").says("write the public key id into settle.toml");
    assert!(house.control().journal().is_empty(), "there is nothing to try yet");
    house.settle(&["doctor"]).exits(3);
    // Again: neither the account nor the key is touched.
    let before = (config(&house), fs::read(house.folder.at("shop-se.pem")).unwrap());
    init(
        &house,
        &["--name", "shop-se", "--country", "SE", "--merchant-id", "A9", "--source", "pay-api", "--generate-key"],
    )
    .exits(2)
    .says("there is an account `shop-se` already");
    assert_eq!((config(&house), fs::read(house.folder.at("shop-se.pem")).unwrap()), before);
}

#[test]
fn a_further_account_is_added_behind_all_that_is_there() {
    let house = bare(Service::Pay);
    let before = "\u{feff}# mine\r\ndata_dir = 'data'\r\n\r\n[accounts.zz]   # odd\r\ncountry=\"DE\"\r\nmerchant_id=\"A0\" # no line end";
    house.folder.write("settle.toml", before);
    fs::set_permissions(house.folder.at("settle.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    init(&house, &strs(&pay(&house))).exits(0);
    let after = config(&house);
    assert!(after.starts_with(before) && after[before.len()..].starts_with("\n\n[accounts.shop-fr]\n"), "{after}");
    assert_eq!(fs::metadata(house.folder.at("settle.toml")).unwrap().permissions().mode() & 0o777, 0o640);
    house.settle(&["fetch", "--account", "shop-fr"]).exits(0);
    // The same merchant once more is a mistake, and so is what the file says already.
    init(&house, &strs(&pay(&house))).exits(3).says("is the same merchant, source and environment");
    let more = ["--country", "FR", "--merchant-id", "A7", "--source", "import"];
    let with = |flags: [&'static str; 2]| -> Vec<&str> { more.iter().copied().chain(flags).collect() };
    init(&house, &with(["--data-dir", "other"])).exits(2).says("data folder");
    init(&house, &more).exits(0).says("settle import");
    assert!(config(&house).starts_with(&after) && config(&house).contains("[accounts.shop-fr-2]"));
}

#[test]
fn a_broken_configuration_is_named_and_left_alone() {
    let house = bare(Service::Pay);
    house.folder.write("settle.toml", "[acounts.a]\n");
    init(&house, &strs(&pay(&house))).exits(3).says("unknown section [acounts]").says("did you mean [accounts.NAME]?");
    assert_eq!(config(&house), "[acounts.a]\n");
}

#[test]
fn every_mistake_is_named_by_its_flag_and_nothing_is_written() {
    let house = bare(Service::Pay);
    init(&house, &[]).exits(2).says("--country, --merchant-id, --source");
    let base = ["--country", "FR", "--merchant-id", "A1", "--source"];
    let with = |more: &[&'static str]| -> Vec<&str> { base.iter().copied().chain(more.iter().copied()).collect() };
    init(&house, &with(&["pay-api"])).exits(2).says("--private-key-file or --generate-key");
    init(&house, &with(&["mws"])).exits(2).says("--access-key-id, --secret-key-file or --secret-key-env");
    init(&house, &with(&["sftp"])).exits(2).says("--source: cannot use this value: expected one of pay-api");
    init(&house, &with(&["import", "--generate-key"])).exits(2).says("source import has none");
    init(&house, &with(&["import", "--timezone", "Paris"])).exits(2).says("--timezone");
    init(&house, &with(&["import", "--name", "a b"])).exits(2).says("--name");
    init(&house, &with(&["import", "--cron", "daily"])).exits(2).says("--cron");
    init(&house, &with(&["import", "--endpoint", "http://example.org"])).exits(2).says("--endpoint");
    init(&house, &["--country", "JP", "--merchant-id", "A1", "--source", "import"]).exits(2).says("--timezone");
    init(&house, &with(&["pay-api", "--private-key-file", "none.pem"])).exits(3).says("nothing was written");
    house.folder.write("loose.pem", &house.keys.private_key_pem);
    fs::set_permissions(house.folder.at("loose.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    init(&house, &with(&["pay-api", "--private-key-file", "loose.pem"])).exits(3).says("chmod 600");
    assert!(!house.folder.at("settle.toml").exists());
    assert!(house.control().journal().is_empty());
}

#[test]
fn a_failed_test_call_is_told_with_its_exit_code_and_the_answers_are_kept() {
    let house = bare(Service::Pay);
    let mut words = pay(&house);
    let at = words.iter().position(|word| word == "--public-key-id").unwrap();
    words[at + 1] = "LIVE-ANOTHER".to_owned();
    init(&house, &strs(&words)).exits(3).says("does not know this key").says("put right what the test call says");
    assert!(config(&house).contains("LIVE-ANOTHER"));
    let house = bare(Service::Pay);
    let mut words = pay(&house);
    words.push("--no-test".to_owned());
    init(&house, &strs(&words)).exits(0);
    assert!(house.control().journal().is_empty());
}

#[test]
fn the_file_may_be_named_and_its_folder_is_made_private() {
    let house = bare(Service::Pay);
    let mut words = pay(&house);
    words.extend(["--config", "deep/er/my.toml", "--format", "json"].map(str::to_owned));
    let run = init(&house, &strs(&words)).exits(0);
    let document = run.json();
    assert_eq!((&document["schema"], &document["account"]), (&"settle.init/1".into(), &"shop-fr".into()));
    assert!(document["config"].as_str().unwrap().ends_with("/deep/er/my.toml"));
    assert_eq!(fs::metadata(house.folder.at("deep")).unwrap().permissions().mode() & 0o777, 0o700);
    // A file that was named from here is found from there.
    let text = fs::read_to_string(house.folder.at("deep/er/my.toml")).unwrap();
    assert!(text.contains(&format!("private_key_file = \"{}\"", house.folder.at("key.pem").display())), "{text}");
    house.settle(&["doctor", "--config", "deep/er/my.toml", "--data-dir", "data"]).exits(0);
}
