//! The verifier against signatures that others made: Python's `cryptography`, the Node SDK, recorded
//! traffic, OpenSSL. What lies beside the project is read in place, and its absence is said.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, Utc};
use serde_json::Value;
use settle::rehearsal::serve::{Account, AccountKeys, Fixture, Options, PayKey, Region, Report};

use crate::http::{Ask, Reply};
use crate::shop::{KEYS, Shop, instant};
use crate::sign::{form, mws_signature, sha256_hex};

/// A file of public vectors; `None`, said aloud, where it is not there.
fn shared(name: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors").join(name);
    match fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(_) => {
            println!("skipped: no ../shared/vectors/{name}");
            None
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn shop_with(keys: Vec<PayKey>, region: Region) -> Shop {
    let mut account = Account::new("shop", "A1SHOP");
    (account.pay_keys, account.region) = (keys, region);
    Shop::start(Fixture::new().account(account).unlimited(), Options::default())
}

#[test]
fn signatures_of_another_library_verify_with_the_salt_of_their_name_alone() {
    let all: Value = serde_json::from_str(include_str!("../vectors/pay_signatures.json")).unwrap();
    let shop = shop_with(vec![PayKey::new(text(&all, "public_key_id"), text(&all, "public_key_pem"))], Region::Eu);
    let mut verified = 0;
    for vector in all["vectors"].as_array().unwrap() {
        let mut ask = Ask::new(text(vector, "method"), text(vector, "target"))
            .with("Host", "pay-api.amazon.eu")
            .body(text(vector, "body"))
            .with("authorization", text(vector, "authorization"));
        for (name, value) in all["headers"].as_object().unwrap() {
            ask = ask.with(name, value.as_str().unwrap());
        }
        let reply = shop.send(&ask);
        let good = vector["verifies"].as_bool().unwrap();
        let expected = if good { "" } else { "InvalidRequestSignature" };
        assert_eq!((reply.status < 300, reply.code().as_str()), (good, expected), "{vector}");
        let entry = shop.control.journal().pop().unwrap();
        assert_eq!(
            (entry.canonical.as_str(), entry.string_to_sign.as_str()),
            (text(vector, "canonical"), text(vector, "string_to_sign"))
        );
        verified += u32::from(good);
    }
    assert_eq!(verified, 6);
}

#[test]
fn recorded_requests_of_the_node_sdk_are_accepted_as_they_were_sent() {
    let Some(all) = shared("amazonpay_pss_nodesdk.json") else { return };
    let pem = text(&all, "public_key_pem");
    let mut seen = 0;
    for vector in all["vectors"].as_array().unwrap() {
        let headers: BTreeMap<&str, &str> = vector["headers_sent"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let region = if headers["x-amz-pay-region"] == "jp" { Region::Jp } else { Region::Eu };
        let id = text(&vector["config"], "publicKeyId");
        let shop = shop_with(vec![PayKey::new(id, pem)], region);
        let reply = shop.send(&as_sent(vector, &headers));
        let entry = shop.control.journal().pop().unwrap();
        if text(vector, "name") == "next-token-odd-characters" {
            assert_eq!(reply.code(), "InvalidRequestSignature", "raw characters are not of RFC 3986");
            assert_ne!(entry.canonical, text(vector, "canonical_request"));
            continue;
        }
        assert_eq!(entry.canonical, text(vector, "canonical_request"));
        assert_eq!(entry.string_to_sign, text(vector, "string_to_sign"));
        assert!(reply.status < 300, "{}: {}", text(vector, "name"), reply.text());
        // The same signature under the other name, which means the other salt.
        let name = headers["authorization"].split(' ').next().unwrap();
        let other = if name.ends_with("-V2") { name.trim_end_matches("-V2").to_owned() } else { format!("{name}-V2") };
        let renamed = headers["authorization"].replacen(name, &other, 1);
        let refused = shop.send(&as_sent(vector, &headers).set("authorization", Some(&renamed)));
        assert_eq!(refused.code(), "InvalidRequestSignature");
        seen += 1;
    }
    assert_eq!(seen, 5);
}

fn as_sent(vector: &Value, headers: &BTreeMap<&str, &str>) -> Ask {
    let url = text(vector, "final_url").strip_prefix("https://").unwrap();
    let (host, target) = url.split_at(url.find('/').unwrap());
    let ask = Ask::new(text(&vector["input"], "method"), target).with("Host", host).body(text(vector, "payload"));
    headers.iter().fold(ask, |ask, (name, value)| ask.with(name, *value))
}

#[test]
fn signatures_version_2_of_public_signers_are_accepted_and_any_change_is_refused() {
    let Some(all) = shared("mws_sigv2.json") else { return };
    let mut seen = 0;
    for vector in all["vectors"].as_array().unwrap() {
        let parameters: Vec<(String, String)> = vector["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let get = |name: &str| parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let seller = get("SellerId").or_else(|| get("Merchant")).unwrap_or_else(|| "A1SHOP".to_owned());
        let account = Account::new("shop", seller).mws(get("AWSAccessKeyId").unwrap(), text(vector, "secret_key"));
        let mut fixture = Fixture::new().account(account).unlimited();
        let stamp = get("Timestamp").unwrap();
        fixture.start = stamp.parse::<chrono::DateTime<Utc>>().unwrap_or_else(|_| instant(&format!("{stamp}Z")));
        let shop = Shop::start(fixture, Options::default());
        let [raw, encoded] = [
            text(vector, "signature").replace('+', "%2B").replace('=', "%3D"),
            text(vector, "signature_urlencoded").to_owned(),
        ];
        for signature in [raw, encoded] {
            let reply = send_vector(&shop, vector, &parameters, &signature);
            let verdict = reply.code();
            let entry = shop.control.journal().pop().unwrap();
            // Actions of other sections and services are refused before their signature.
            if entry.canonical.is_empty() {
                assert!(
                    ["InvalidAddress", "InvalidParameterValue", "MissingParameter"].contains(&verdict.as_str()),
                    "{verdict}"
                );
                continue;
            }
            assert_eq!(entry.canonical, text(vector, "canonical_query"));
            assert_eq!(entry.string_to_sign, text(vector, "string_to_sign"));
            assert_ne!(verdict, "SignatureDoesNotMatch", "{}", text(vector, "name"));
            let mut changed = parameters.clone();
            changed[3].1.push('x');
            assert_ne!(send_vector(&shop, vector, &changed, &signature).status, 200);
            seen += 1;
        }
    }
    assert_eq!(seen, 10, "both forms of five of the eight");
}

fn send_vector(shop: &Shop, vector: &Value, parameters: &[(String, String)], signature: &str) -> Reply {
    let query = format!("{}&Signature={signature}", form(parameters));
    let method = text(vector, "method");
    let ask = if method == "POST" {
        Ask::new(method, text(vector, "path")).body(query)
    } else {
        Ask::new(method, &format!("{}?{query}", text(vector, "path")))
    };
    shop.send(&ask.with("Host", text(vector, "host")))
}

#[test]
fn recorded_bodies_are_served_with_their_recorded_md5() {
    let Some(all) = shared("mws_content_md5.json") else { return };
    let account = Account::new("shop", "A1SHOP").mws(&KEYS.mws_access_key, &KEYS.mws_secret);
    let mut fixture = Fixture::new().account(account).unlimited();
    let vectors = all["vectors"].as_array().unwrap();
    for (at, vector) in vectors.iter().enumerate() {
        let bytes = STANDARD.decode(text(vector, "body_base64")).unwrap();
        let end = instant("2026-11-20T00:00:00Z");
        fixture =
            fixture.report(Report::settlement("shop", format!("100{at}"), (end - TimeDelta::days(1), end), bytes));
    }
    let shop = Shop::start(fixture, Options::default());
    for (at, vector) in vectors.iter().enumerate() {
        let reply = shop.mws("GetReport", &[("ReportId", &format!("100{at}"))]);
        assert_eq!(reply.header("content-md5"), Some(text(vector, "content_md5")));
        assert_eq!(STANDARD.encode(&reply.body), text(vector, "body_base64"));
    }
    assert_eq!(vectors.len(), 4);
}

/// Whether there is an `openssl` to ask; its absence is said.
fn has_openssl() -> bool {
    let there =
        Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !there {
        println!("skipped: no openssl");
    }
    there
}

fn openssl(words: &[&str]) -> bool {
    let run = Command::new("openssl").args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.unwrap().success()
}

#[test]
fn openssl_and_the_server_agree_about_every_salt() {
    if !has_openssl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let keys: &AccountKeys = &KEYS;
    fs::write(path("private.pem"), &keys.private_key_pem).unwrap();
    fs::write(path("public.pem"), &keys.public_key_pem).unwrap();
    let shop = Shop::with_reports(1);
    let mut accepted = 0;
    for algorithm in ["AMZN-PAY-RSASSA-PSS", "AMZN-PAY-RSASSA-PSS-V2"] {
        let mut ask = shop.pay("GET", "/v2/reports?pageSize=3");
        ask.algorithm = algorithm.to_owned();
        fs::write(path("text"), ask.string_to_sign()).unwrap();
        for salt in ["20", "32"] {
            let length = format!("rsa_pss_saltlen:{salt}");
            let options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", &length];
            let [text, private, signature] = [path("text"), path("private.pem"), path("signature")];
            assert!(openssl(
                &[&["dgst", "-sha256"], &options[..], &["-sign", &private, "-out", &signature, &text]].concat()
            ));
            let made = STANDARD.encode(fs::read(&signature).unwrap());
            let good = ask.ask();
            let authorization = good.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
            let (head, _) = authorization.split_once("Signature=").unwrap();
            let reply = shop.send(&good.set("authorization", Some(&format!("{head}Signature={made}"))));
            let right = (algorithm.ends_with("-V2") && salt == "32") || (!algorithm.ends_with("-V2") && salt == "20");
            assert_eq!(reply.status == 200, right, "{algorithm} with salt {salt}");
            accepted += u32::from(right);
        }
    }
    assert_eq!(accepted, 2);
}

#[test]
fn the_signers_of_these_tests_agree_with_the_worked_examples() {
    let canonical = "GET\n/v2/reports\ncreatedSince=20260825T000000Z&pageSize=100&processingStatuses=COMPLETED&reportTypes=_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_\naccept:application/json\ncontent-type:application/json\nx-amz-pay-date:20261123T221530Z\nx-amz-pay-host:pay-api.amazon.eu\nx-amz-pay-region:eu\n\naccept;content-type;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(sha256_hex(canonical.as_bytes()), "a008efac480ad16a86e86b75f0835ef21ebf70d6d98300cec1d1297acf4fb659");
    let shop = Shop::with_reports(1);
    let list = "/v2/reports?createdSince=20260825T000000Z&pageSize=100&processingStatuses=COMPLETED&reportTypes=_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_";
    let ask = shop.pay("GET", list).header("x-amz-pay-host", "pay-api.amazon.eu");
    assert_eq!(ask.canonical(), canonical);
    assert_eq!(shop.send(&ask.ask().with("Host", "pay-api.amazon.eu")).status, 200);
    assert_eq!(shop.control.journal()[0].canonical, canonical);
    let parameters = [
        ("AWSAccessKeyId", "AKIAEXAMPLEEXAMPLE00"),
        ("Action", "GetPublicKeyId"),
        ("SellerId", "A1EXAMPLE2SELL3R"),
        ("SignatureMethod", "HmacSHA256"),
        ("SignatureVersion", "2"),
        ("Timestamp", "2026-11-23T22:15:30Z"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let signature = mws_signature(secret, "GET", "pay-api.amazon.eu", "/live/v2/publicKeyId", &parameters);
    assert_eq!(signature, "i4QfprgYkaK+pkBGWhwLjO3KdHSZaFvsl0mhC+Hn7PU=");
    let account = Account::new("shop", "A1EXAMPLE2SELL3R").mws("AKIAEXAMPLEEXAMPLE00", secret);
    let upgrade = Shop::start(Fixture::new().account(account), Options::default());
    let mut sent = parameters.to_vec();
    sent[2].0 = "MerchantId".to_owned();
    sent.push(("PublicKey".to_owned(), KEYS.public_key_pem.clone()));
    sent.push(("Signature".to_owned(), signature));
    let ask = Ask::new("GET", &format!("/live/v2/publicKeyId?{}", form(&sent))).with("Host", "pay-api.amazon.eu");
    assert_eq!(upgrade.send(&ask).status, 200);
}
