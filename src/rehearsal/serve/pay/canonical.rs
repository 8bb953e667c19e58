//! The canonical request of API v2, rebuilt from the wire.
//!
//! Path segments and query are decoded and encoded again by RFC 3986, so a client that leaves other
//! characters raw, or encodes the URL and the canonical form differently, does not verify.

use super::super::decided::PAY_PLUS;
use super::super::encoding::{Plus, pairs, percent_decode, percent_encode, sha256_hex};

/// The parts of a request that are signed.
#[derive(Clone, Debug)]
pub(in crate::rehearsal::serve) struct Parts<'a> {
    /// GET, POST, DELETE.
    pub(in crate::rehearsal::serve) method: &'a str,
    /// As received.
    pub(in crate::rehearsal::serve) path: &'a str,
    /// As received, without the `?`.
    pub(in crate::rehearsal::serve) query: &'a str,
    /// Names and values of the signed headers.
    pub(in crate::rehearsal::serve) headers: Vec<(String, String)>,
    /// The exact bytes.
    pub(in crate::rehearsal::serve) body: &'a [u8],
}

impl Parts<'_> {
    /// The canonical request.
    pub(in crate::rehearsal::serve) fn canonical(&self) -> String {
        let mut headers: Vec<(String, &str)> =
            self.headers.iter().map(|(name, value)| (name.to_lowercase(), value.trim())).collect();
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        format!(
            "{}\n{}\n{}\n{lines}\n{}\n{}",
            self.method,
            canonical_path(self.path),
            canonical_query(self.query),
            names.join(";"),
            sha256_hex(self.body)
        )
    }

    /// What is signed under an algorithm's name.
    pub(in crate::rehearsal::serve) fn string_to_sign(&self, algorithm: &str) -> String {
        format!("{algorithm}\n{}", sha256_hex(self.canonical().as_bytes()))
    }
}

fn canonical_path(path: &str) -> String {
    if path.is_empty() {
        return "/".to_owned();
    }
    let segments = path.split('/').map(|segment| percent_encode(&percent_decode(segment, Plus::Literal)));
    segments.collect::<Vec<String>>().join("/")
}

fn canonical_query(query: &str) -> String {
    let mut encoded: Vec<(String, String)> =
        pairs(query, PAY_PLUS).iter().map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    encoded.sort();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<String>>().join("&")
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
