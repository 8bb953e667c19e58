//! The canonical form against public test data, read in place.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::super::encoding::percent_encode;
use super::*;

/// The one case that its own project reads as a host and another project reads otherwise.
const AMBIGUOUS: &str = "get-slashes";

#[test]
fn the_canonical_form_is_that_of_the_java_sdks_test_data() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/amazonpay_canonical_requests.json");
    let Ok(text) = fs::read(&path) else {
        println!("skipped: no ../shared/vectors/amazonpay_canonical_requests.json");
        return;
    };
    let all: Value = serde_json::from_slice(&text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers: Vec<(String, String)> =
        all["headers"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let mut checked = 0;
    for vector in all["vectors"].as_array().unwrap().iter().filter(|vector| vector["name"] != AMBIGUOUS) {
        let mut query: Vec<String> = Vec::new();
        for (name, values) in vector["parameters"].as_object().unwrap() {
            for value in values.as_array().unwrap() {
                query.push(format!("{}={}", percent_encode(name), percent_encode(&text(value))));
            }
        }
        let (path, method, body) = (text(&vector["uri"]), text(&vector["method"]), text(&vector["payload"]));
        let parts = Parts {
            method: &method,
            path: &path,
            query: &query.join("&"),
            headers: headers.clone(),
            body: body.as_bytes(),
        };
        assert_eq!(parts.canonical(), text(&vector["canonicalRequest"]), "{}", vector["name"]);
        assert_eq!(parts.string_to_sign(&text(&vector["algorithm"])), text(&vector["stringToSign"]));
        checked += 1;
    }
    assert_eq!(checked, 16);
}
