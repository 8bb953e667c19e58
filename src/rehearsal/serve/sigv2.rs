//! Signature Version 2, as the verifier sees it: rebuilt from what was received.
//!
//! String to sign = method, host, path, canonical query, each on a line; the canonical query holds every
//! parameter but the signature, sorted by the bytes of the decoded names.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::encoding::{base64_decode, percent_encode};

/// What was signed, rebuilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rebuilt {
    /// Every parameter but the signature, sorted and encoded.
    pub(super) canonical: String,
    /// What the HMAC is computed over.
    pub(super) string_to_sign: String,
}

/// Rebuilds what a client must have signed. `parameters` are decoded and without the signature.
pub(super) fn rebuild(method: &str, host: &str, path: &str, parameters: &[(String, String)]) -> Rebuilt {
    let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
    sorted.sort_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
    let canonical = sorted
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect::<Vec<String>>()
        .join("&");
    let path = if path.is_empty() { "/" } else { path };
    let string_to_sign = format!("{method}\n{}\n{path}\n{canonical}", host.to_lowercase());
    Rebuilt { canonical, string_to_sign }
}

/// Whether a signature, compared as bytes, is that of the secret.
pub(super) fn is_signed(secret: &str, string_to_sign: &str, signature: &str) -> bool {
    let Some(signature) = base64_decode(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(string_to_sign.as_bytes());
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
#[path = "sigv2_tests.rs"]
mod tests;
