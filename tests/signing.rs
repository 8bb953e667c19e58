//! Signatures against vectors made by others: public ones read in place, and the project's own, made with Python's
//! `hmac` and the package `cryptography` (`tests/vectors/make_signing.py`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::Value;
use settle::fetch::{
    PAY_ALGORITHM, SigningKey, mws_canonical_query, mws_signature, mws_string_to_sign, pay_canonical_query,
    pay_canonical_request, pay_request_hash, pay_string_to_sign,
};

fn own(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Vectors beside the checkout; a visible line where they are not.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors").join(name);
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "skipped: no ../shared/vectors/{name}");
        return None;
    }
    Some(path)
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("no text `{member}` in {value}"))
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn check_mws(vectors: &[Value]) {
    assert!(!vectors.is_empty());
    for vector in vectors {
        let name = text(vector, "name");
        let secret = SecretString::from(text(vector, "secret_key").to_owned());
        let mut parameters = pairs(&vector["params"]);
        for _ in 0..parameters.len() {
            parameters.rotate_left(1);
            let query = mws_canonical_query(&parameters);
            assert_eq!(query, text(vector, "canonical_query"), "{name}");
            let signed = mws_string_to_sign(text(vector, "method"), text(vector, "host"), text(vector, "path"), &query);
            assert_eq!(signed, text(vector, "string_to_sign"), "{name}");
            assert_eq!(mws_signature(&secret, &signed), text(vector, "signature"), "{name}");
        }
    }
}

#[test]
fn signature_version_two_agrees_with_python() {
    check_mws(own("signing.json")["mws"].as_array().unwrap());
}

#[test]
fn signature_version_two_agrees_with_public_signers() {
    let Some(path) = shared("mws_sigv2.json") else { return };
    check_mws(json(&path)["vectors"].as_array().unwrap());
}

/// Rebuilds the canonical request of what was sent.
fn rebuilt(method: &str, url: &str, headers: &Value, body: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    let target = &rest[rest.find('/').unwrap()..];
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let authorization = text(headers, "authorization");
    let names = authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    let signed: Vec<(String, String)> =
        names.split(';').map(|name| (name.to_owned(), text(headers, name).to_owned())).collect();
    pay_canonical_request(method, path, query, &signed, body.as_bytes())
}

#[test]
fn canonical_requests_agree_with_the_node_kit() {
    let Some(path) = shared("amazonpay_pss_nodesdk.json") else { return };
    let document = json(&path);
    for vector in document["vectors"].as_array().unwrap() {
        let name = text(vector, "name");
        let body = vector["payload"].as_str().unwrap_or_default();
        let canonical =
            rebuilt(text(&vector["input"], "method"), text(vector, "final_url"), &vector["headers_sent"], body);
        assert_eq!(canonical, text(vector, "canonical_request"), "{name}");
        assert_eq!(pay_request_hash(&canonical), text(vector, "canonical_request_sha256"), "{name}");
        if text(vector, "string_to_sign").starts_with(PAY_ALGORITHM) && text(vector, "string_to_sign").contains("-V2") {
            assert_eq!(pay_string_to_sign(&canonical), text(vector, "string_to_sign"), "{name}");
        }
        // Decoded and encoded anew, a query with characters that RFC 3986 reserves must differ.
        let query = text(vector, "final_url").split_once('?').map_or("", |(_, query)| query);
        let decoded: Vec<(String, String)> = query.split('&').filter(|pair| !pair.is_empty()).map(decode).collect();
        let borrowed: Vec<(&str, &str)> = decoded.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let same = pay_canonical_query(&borrowed) == query;
        assert_eq!(same, name != "next-token-odd-characters", "{name}");
    }
}

fn decode(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let plain = |text: &str| {
        let bytes = text.as_bytes();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            if bytes[at] == b'%' {
                out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 3;
            } else {
                out.push(bytes[at]);
                at += 1;
            }
        }
        String::from_utf8(out).unwrap()
    };
    (plain(name), plain(value))
}

#[test]
fn canonical_requests_agree_with_the_java_kit() {
    let Some(path) = shared("amazonpay_canonical_requests.json") else { return };
    let document = json(&path);
    let headers = pairs(&document["headers"]);
    let mut checked = 0;
    for vector in document["vectors"].as_array().unwrap() {
        // Java's URI class reads `//foo//` as a host; this program never builds such a path.
        if text(vector, "name") == "get-slashes" {
            continue;
        }
        let parameters = vector["parameters"].as_object().unwrap();
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .flat_map(|(name, values)| {
                values.as_array().unwrap().iter().map(move |v| (name.as_str(), v.as_str().unwrap()))
            })
            .collect();
        let query = pay_canonical_query(&parameters);
        let body = vector["payload"].as_str().unwrap_or_default();
        let canonical =
            pay_canonical_request(text(vector, "method"), text(vector, "uri"), &query, &headers, body.as_bytes());
        assert_eq!(canonical, text(vector, "canonicalRequest"), "{}", text(vector, "name"));
        checked += 1;
    }
    assert_eq!(checked, 16);
}

/// Verifies with the salt fixed at 32 bytes, which is what aws-lc-rs does for this algorithm.
fn verifies(public_pem: &str, message: &str, signature: &str) -> bool {
    let public = pem::parse(public_pem).unwrap();
    let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public.contents());
    key.verify(message.as_bytes(), &STANDARD.decode(signature).unwrap()).is_ok()
}

#[test]
fn both_forms_of_a_private_key_sign_with_a_salt_of_thirty_two() {
    let vectors = own("signing.json");
    let public = text(&vectors, "public_key_pem");
    let message = "AMZN-PAY-RSASSA-PSS-V2\nabc";
    for form in ["private_key_pkcs8", "private_key_pkcs1"] {
        let key = SigningKey::from_pem(&SecretString::from(text(&vectors, form).to_owned())).unwrap();
        let signature = key.sign(message).unwrap();
        assert!(verifies(public, message, &signature), "{form}");
        assert!(!verifies(public, "another text", &signature));
        judged_by_openssl(public, message, &signature);
    }
    // Made by the Python package, so that the verifier itself is not trusted blindly.
    for vector in vectors["pss"].as_array().unwrap() {
        let good = vector["salt"] == 32;
        assert_eq!(verifies(public, text(vector, "message"), text(vector, "signature")), good, "{vector}");
    }
}

/// OpenSSL says that the salt is 32 bytes long and not 20.
fn judged_by_openssl(public_pem: &str, message: &str, signature: &str) {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        let _ = writeln!(std::io::stderr(), "skipped: no openssl to judge the salt");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = write("public.pem", public_pem.as_bytes());
    let signature = write("signature", &STANDARD.decode(signature).unwrap());
    let text = write("text", message.as_bytes());
    for (salt, good) in [("32", true), ("20", false)] {
        let salt = format!("rsa_pss_saltlen:{salt}");
        let arguments = ["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", &salt, "-verify", &key];
        let done = Command::new("openssl").args(arguments).args(["-signature", &signature, &text]).output().unwrap();
        assert_eq!(done.status.success(), good, "{salt} {done:?}");
    }
}

#[test]
fn content_checksums_of_recorded_reports_are_reproduced() {
    use md5::{Digest, Md5};
    let Some(path) = shared("mws_content_md5.json") else { return };
    for vector in json(&path)["vectors"].as_array().unwrap() {
        let mut body = STANDARD.decode(text(vector, "body_base64")).unwrap();
        assert_eq!(STANDARD.encode(Md5::digest(&body)), text(vector, "content_md5"));
        body[0] ^= 1;
        assert_ne!(STANDARD.encode(Md5::digest(&body)), text(vector, "content_md5"));
    }
}
