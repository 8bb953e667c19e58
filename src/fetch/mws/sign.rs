//! Signature Version 2: HMAC-SHA256 over verb, host, path and the sorted parameters.
//!
//! The canonical query is also what is sent, so that nothing can differ between the two.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::super::encode::{encode_pairs, encode_path};

/// Parameters encoded once, in the byte order of their raw names.
#[must_use]
pub fn canonical_query(parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
    sorted.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    encode_pairs(sorted.into_iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// What is signed: four lines.
#[must_use]
pub fn string_to_sign(method: &str, host: &str, path: &str, canonical_query: &str) -> String {
    format!("{method}\n{}\n{}\n{canonical_query}", host.to_ascii_lowercase(), encode_path(path))
}

/// The signature as Base64, not yet percent-encoded.
#[must_use]
pub fn signature(secret: &SecretString, string_to_sign: &str) -> String {
    // HMAC takes keys of every length; the crate's error cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return String::new() };
    mac.update(string_to_sign.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_of_aws_is_reproduced() {
        // The inputs are those of the EMR guide; the result was computed by three public signers.
        let parameters = [
            ("Action", "DescribeJobFlows"),
            ("Version", "2009-03-31"),
            ("AWSAccessKeyId", "AKIAIOSFODNN7EXAMPLE"),
            ("SignatureVersion", "2"),
            ("SignatureMethod", "HmacSHA256"),
            ("Timestamp", "2011-10-03T15:19:30"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = canonical_query(&parameters);
        let text = string_to_sign("GET", "ElasticMapReduce.amazonaws.com", "/", &query);
        let secret = SecretString::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
        assert_eq!(signature(&secret, &text), "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs=");
    }

    #[test]
    fn names_sort_by_their_raw_bytes() {
        let names = ["Type.10", "Type.2", "Type.1", "a", "_", "Z", "Type-1"];
        let pairs: Vec<(String, String)> = names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        assert_eq!(canonical_query(&pairs), "Type-1=&Type.1=&Type.10=&Type.2=&Z=&_=&a=");
    }
}
