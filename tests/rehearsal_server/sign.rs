//! Signers of the tests' own: Signature Version 2 and RSA-PSS, written from the documentation.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPssSaltLength, RsaSignatureEncoding};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Encodes all but the unreserved characters of RFC 3986.
pub(crate) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// `name=value&…` in the order given.
pub(crate) fn form(parameters: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// The signature of an MWS request.
pub(crate) fn mws_signature(
    secret: &str,
    method: &str,
    host: &str,
    path: &str,
    parameters: &[(String, String)],
) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort();
    let text = format!("{method}\n{}\n{path}\n{}", host.to_lowercase(), form(&sorted));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The salt of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Salt {
    Twenty,
    ThirtyTwo,
}

static SALT_20: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(20));
static SALT_32: RsaSignatureEncoding = RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(32));

/// An RSA-PSS signature in Base64.
pub(crate) fn pss_signature(private_key_pem: &str, salt: Salt, message: &[u8]) -> String {
    let key = RsaKeyPair::from_pkcs8(pem::parse(private_key_pem).unwrap().contents()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    let encoding: &'static dyn RsaEncoding = if salt == Salt::Twenty { &SALT_20 } else { &SALT_32 };
    key.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
    STANDARD.encode(signature)
}
