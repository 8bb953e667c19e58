//! Signature Version 2 against vectors on which several public signers agree, read in place, and one
//! published example.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::*;

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The example that AWS published for another service, with its expected signature.
#[test]
fn the_published_example_has_the_published_signature() {
    let parameters = [
        pair("Action", "DescribeJobFlows"),
        pair("Version", "2009-03-31"),
        pair("AWSAccessKeyId", "AKIAIOSFODNN7EXAMPLE"),
        pair("SignatureVersion", "2"),
        pair("SignatureMethod", "HmacSHA256"),
        pair("Timestamp", "2011-10-03T15:19:30"),
    ];
    let rebuilt = rebuild("GET", "elasticmapreduce.amazonaws.com", "/", &parameters);
    let signature = "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs=";
    assert!(is_signed("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &rebuilt.string_to_sign, signature));
    for wrong in ["", "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIt=", "not base64"] {
        assert!(!is_signed("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &rebuilt.string_to_sign, wrong));
    }
}

#[test]
fn public_signers_agree_whatever_the_order_and_any_change_is_noticed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/mws_sigv2.json");
    let Ok(text) = fs::read(&path) else {
        println!("skipped: no ../shared/vectors/mws_sigv2.json");
        return;
    };
    let all: Value = serde_json::from_slice(&text).unwrap();
    let vectors = all["vectors"].as_array().unwrap();
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let mut parameters: Vec<(String, String)> = vector["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| pair(name, value.as_str().unwrap()))
            .collect();
        let check = |method: &str, host: &str, path: &str, parameters: &[(String, String)]| {
            let rebuilt = rebuild(method, host, path, parameters);
            (is_signed(text("secret_key"), &rebuilt.string_to_sign, text("signature")), rebuilt)
        };
        let (method, host, path) = (text("method"), text("host"), text("path"));
        parameters.reverse();
        let (is_good, rebuilt) = check(method, host, path, &parameters);
        assert!(is_good, "{}", text("name"));
        assert_eq!(
            (rebuilt.canonical.as_str(), rebuilt.string_to_sign.as_str()),
            (text("canonical_query"), text("string_to_sign"))
        );
        assert!(!check("PUT", host, path, &parameters).0);
        assert!(!check(method, &format!("{host}x"), path, &parameters).0);
        assert!(!check(method, host, &format!("{path}x"), &parameters).0);
        for at in 0..parameters.len() {
            let mut changed = parameters.clone();
            changed[at].1.push('x');
            assert!(!check(method, host, path, &changed).0, "{}", changed[at].0);
        }
    }
    assert_eq!(vectors.len(), 8);
}
