//! `AMZN-PAY-RSASSA-PSS-V2`: RSA-PSS with SHA-256 and a salt of 32 bytes over a canonical request.
//!
//! The salt is as long as the hash, which is what aws-lc-rs does for `RSA_PSS_SHA256`.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::super::encode::{encode_path, hex};

/// The name of the algorithm on the wire.
pub const ALGORITHM: &str = "AMZN-PAY-RSASSA-PSS-V2";

/// Fewest bytes of a modulus: 2048 bits.
const MODULUS_BYTES_MIN: usize = 256;

/// Why a private key cannot be used. Nothing of the key is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, or PEM of something else.
    #[error("it is no RSA private key in PEM (`BEGIN PRIVATE KEY` or `BEGIN RSA PRIVATE KEY`)")]
    NotAKey,
    /// A public key was given.
    #[error("it is a public key; the private one belongs here")]
    Public,
    /// Encrypted with a passphrase.
    #[error("it is encrypted with a passphrase, which cannot be asked for at night")]
    Encrypted,
    /// PEM of the right name with something else in it.
    #[error("the key in it is damaged or of another kind than RSA")]
    Damaged,
    /// Fewer than 2048 bits.
    #[error("the key is shorter than 2048 bits")]
    TooShort,
    /// A new key could not be made.
    #[error("the system gives no randomness to make a key from")]
    NotMade,
}

/// A private key that signs.
pub struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// Reads a key from PEM, PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(text: &SecretString) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(text.expose_secret()).map_err(|_| KeyError::NotAKey)?;
        let key = blocks.iter().find_map(|block| match block.tag() {
            "PRIVATE KEY" => Some(RsaKeyPair::from_pkcs8(block.contents())),
            "RSA PRIVATE KEY" if block.headers().iter().next().is_none() => {
                Some(RsaKeyPair::from_der(block.contents()))
            }
            _ => None,
        });
        let Some(key) = key else {
            let tag = blocks.first().map_or("", |block| block.tag());
            return Err(match tag {
                "PUBLIC KEY" | "RSA PUBLIC KEY" => KeyError::Public,
                "ENCRYPTED PRIVATE KEY" | "RSA PRIVATE KEY" => KeyError::Encrypted,
                _ => KeyError::NotAKey,
            });
        };
        let key = key.map_err(|_| KeyError::Damaged)?;
        if key.public_modulus_len() < MODULUS_BYTES_MIN { Err(KeyError::TooShort) } else { Ok(Self(key)) }
    }

    /// The signature of a text as Base64.
    ///
    /// # Errors
    /// [`KeyError::Damaged`] where the key cannot sign.
    pub fn sign(&self, text: &str) -> Result<String, KeyError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let done = self.0.sign(&RSA_PSS_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        done.map(|()| STANDARD.encode(signature)).map_err(|_| KeyError::Damaged)
    }

    /// The public half in the form that Seller Central takes: `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// [`KeyError::Damaged`] where the key has none.
    pub fn public_pem(&self) -> Result<String, KeyError> {
        let public: PublicKeyX509Der<'_> = self.0.public_key().as_der().map_err(|_| KeyError::Damaged)?;
        Ok(pem_text("PUBLIC KEY", public.as_ref()))
    }

    /// The length of its modulus in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.public_modulus_len() * 8
    }

    /// The public half, PKCS#1 DER.
    #[must_use]
    pub fn public_der(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

/// PEM with plain line ends.
pub(in super::super) fn pem_text(tag: &str, der: &[u8]) -> String {
    let line_ends = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), line_ends)
}

/// Debug shows that there is a key, never the key.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

/// The names of the signed headers, joined by `;`, in the order in which they are signed.
#[must_use]
pub(super) fn signed_names(headers: &[(String, String)]) -> String {
    let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    names.join(";")
}

/// The canonical request. `query` is encoded and sorted already: the same text stands in the address.
#[must_use]
pub fn canonical_request(method: &str, path: &str, query: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let mut sorted: Vec<(String, &str)> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
    sorted.sort();
    let lines: String = sorted.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let digest = hex(&Sha256::digest(body));
    format!("{method}\n{}\n{query}\n{lines}\n{}\n{digest}", encode_path(path), signed_names(headers))
}

/// Names and values encoded, then sorted by name and value.
#[must_use]
pub fn canonical_query(pairs: &[(&str, &str)]) -> String {
    use super::super::encode::percent_encode;
    let mut encoded: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    encoded.sort();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The hash of a canonical request, which stands in the string to sign.
#[must_use]
pub fn request_hash(canonical_request: &str) -> String {
    hex(&Sha256::digest(canonical_request.as_bytes()))
}

/// What is signed: two lines.
#[must_use]
pub fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", request_hash(canonical_request))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: [(&str, &str); 5] = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-amz-pay-date", "20261123T221530Z"),
        ("x-amz-pay-host", "pay-api.amazon.eu"),
        ("x-amz-pay-region", "eu"),
    ];

    fn headers(more: &[(&str, &str)]) -> Vec<(String, String)> {
        FIVE.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_worked_examples_of_the_field_notes_are_reproduced() {
        let query = canonical_query(&[
            ("reportTypes", "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_"),
            ("processingStatuses", "COMPLETED"),
            ("createdSince", "20260825T000000Z"),
            ("pageSize", "100"),
        ]);
        let request = canonical_request("GET", "/v2/reports", &query, &headers(&[]), b"");
        assert_eq!(request_hash(&request), "a008efac480ad16a86e86b75f0835ef21ebf70d6d98300cec1d1297acf4fb659");
        let body = br#"{"reportType":"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SANDBOX_SETTLEMENT_DATA_","startTime":"20261001T000000Z","endTime":"20261031T235959Z"}"#;
        let key = [("x-amz-pay-idempotency-key", "0123456789abcdef0123456789abcdef")];
        let request = canonical_request("POST", "/v2/reports", "", &headers(&key), body);
        assert_eq!(request_hash(&request), "fa4f86431c884d37682fc4d9cca01cfa65b2f5981763e8cfd98e7cebdd1df22a");
    }

    #[test]
    fn queries_sort_by_encoded_name_then_value() {
        let pairs = [("aha", ""), ("Zoo", "b"), ("Zoo", "a"), ("A.2", ""), ("A.10", ""), ("A.1", "")];
        assert_eq!(canonical_query(&pairs), "A.1=&A.10=&A.2=&Zoo=a&Zoo=b&aha=");
    }

    #[test]
    fn a_key_that_cannot_sign_is_refused_without_showing_it() {
        let refused = |text: &str| SigningKey::from_pem(&SecretString::from(text.to_owned())).unwrap_err();
        assert_eq!(refused("planted"), KeyError::NotAKey);
        assert_eq!(refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), KeyError::Public);
        assert_eq!(
            refused("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
            KeyError::Encrypted
        );
        assert_eq!(refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), KeyError::Damaged);
    }
}
