//! Whether Amazon's notification service signed a notification.
//!
//! A file has no sender, so the only proof is the signature in its envelope. The certificate is one that the
//! merchant has saved and configured; the address inside the notification is never opened, as whoever forges a
//! notification writes that address too. Version 1 signs with SHA-1, version 2 with SHA-256 (Amazon SNS).

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::parse::Envelope;

/// DER tags (X.690).
const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
/// Members of a certificate between its version and its key: serial number, algorithm, issuer, validity, subject
/// (RFC 5280 §4.1).
const BEFORE_KEY: usize = 5;
/// Longest signature: an RSA key of 8192 bits.
const SIGNATURE_BYTES_MAX: usize = 1_024;

/// The key of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    key: Vec<u8>,
}

/// Why a certificate or a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// Not PEM, or no certificate.
    #[error("this is no certificate in PEM form")]
    NotACertificate,
    /// Another version than 1 and 2.
    #[error("its version of signature is not known")]
    UnknownVersion,
    /// Not Base64, or too long.
    #[error("its signature cannot be read")]
    Unreadable,
    /// The text or the signature was changed, or another key signed.
    #[error("its signature does not fit its text and the configured certificate")]
    Wrong,
}

impl Certificate {
    /// Reads a certificate, or a bare public key, in PEM form.
    ///
    /// # Errors
    /// [`SignatureFault::NotACertificate`].
    pub fn parse(pem_text: &[u8]) -> Result<Self, SignatureFault> {
        let pem = pem::parse(pem_text).map_err(|_| SignatureFault::NotACertificate)?;
        let key = match pem.tag() {
            "CERTIFICATE" => key_of(pem.contents()).ok_or(SignatureFault::NotACertificate)?,
            "PUBLIC KEY" => pem.contents(),
            _ => return Err(SignatureFault::NotACertificate),
        };
        Ok(Self { key: key.to_vec() })
    }

    /// Checks a signature.
    ///
    /// # Errors
    /// [`SignatureFault`] where it does not hold.
    pub fn verify(&self, envelope: &Envelope) -> Result<(), SignatureFault> {
        let algorithm: &'static dyn VerificationAlgorithm = match envelope.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(SignatureFault::UnknownVersion),
        };
        let signature = STANDARD.decode(envelope.signature.trim()).map_err(|_| SignatureFault::Unreadable)?;
        if signature.len() > SIGNATURE_BYTES_MAX {
            return Err(SignatureFault::Unreadable);
        }
        let key = UnparsedPublicKey::new(algorithm, &self.key);
        key.verify(envelope.signed_text.as_bytes(), &signature).map_err(|_| SignatureFault::Wrong)
    }
}

/// The public key of a certificate: `SubjectPublicKeyInfo`, whole.
fn key_of(certificate: &[u8]) -> Option<&[u8]> {
    let inside = |der| element(der).filter(|(tag, ..)| *tag == SEQUENCE).map(|(_, _, body, _)| body);
    let mut rest = inside(certificate).and_then(inside)?;
    if let Some((EXPLICIT_VERSION, _, _, after)) = element(rest) {
        rest = after;
    }
    for _ in 0..BEFORE_KEY {
        rest = element(rest)?.3;
    }
    let (tag, whole, ..) = element(rest)?;
    (tag == SEQUENCE).then_some(whole)
}

/// Tag, whole element, body, and what follows it.
type Element<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);

/// The first element of some DER: its tag, the element whole, its body, and what follows it.
fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        // Up to four bytes of length: a certificate is a few kilobytes.
        let (digits, rest) =
            rest.split_at_checked(usize::from(*first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (body, after) = rest.split_at_checked(length)?;
    let whole = der.get(..der.len() - after.len())?;
    Some((*tag, whole, body, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate and signatures over one text, made by `tests/vectors/make_signature.py`: an RSA key of
    /// 2048 bits, PKCS #1 v1.5 with SHA-1 and with SHA-256.
    const VECTOR: &str = include_str!("../../tests/vectors/signature.json");

    fn vector_of(vector: &serde_json::Value) -> (Certificate, Envelope) {
        let text = |name: &str| vector[name].as_str().unwrap().to_owned();
        let envelope = Envelope {
            signature_version: "1".to_owned(),
            signature: text("signature_1"),
            certificate_url: String::new(),
            signed_text: text("text"),
        };
        (Certificate::parse(text("certificate").as_bytes()).unwrap(), envelope)
    }

    #[test]
    fn signatures_of_both_versions_hold_and_a_changed_text_does_not() {
        let vector: serde_json::Value = serde_json::from_str(VECTOR).unwrap();
        let (certificate, first) = vector_of(&vector);
        assert_eq!(certificate.verify(&first), Ok(()));
        let signature = vector["signature_2"].as_str().unwrap().to_owned();
        let second = Envelope { signature_version: "2".to_owned(), signature, ..first.clone() };
        assert_eq!(certificate.verify(&second), Ok(()));
        let changed = Envelope { signed_text: first.signed_text.replace("59.80", "59.81"), ..first.clone() };
        assert_eq!(certificate.verify(&changed), Err(SignatureFault::Wrong));
        let swapped = Envelope { signature_version: "2".to_owned(), ..first };
        assert_eq!(certificate.verify(&swapped), Err(SignatureFault::Wrong));
    }

    #[test]
    fn what_is_no_signature_and_no_certificate_is_named_as_such() {
        let (certificate, envelope) = vector_of(&serde_json::from_str(VECTOR).unwrap());
        let with = |version: &str, signature: &str| {
            let (signature_version, signature) = (version.to_owned(), signature.to_owned());
            certificate.verify(&Envelope { signature_version, signature, ..envelope.clone() })
        };
        assert_eq!(with("1", "PLACEHOLDER!"), Err(SignatureFault::Unreadable));
        assert_eq!(with("1", &"QUFB".repeat(1_000)), Err(SignatureFault::Unreadable));
        assert_eq!(with("3", "QUFB"), Err(SignatureFault::UnknownVersion));
        assert_eq!(with("1", "QUFB"), Err(SignatureFault::Wrong));
        let pem = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        for text in [String::new(), "x".to_owned(), pem("MIIB"), pem("MAA="), pem("MIT/////")] {
            assert_eq!(Certificate::parse(text.as_bytes()), Err(SignatureFault::NotACertificate), "{text}");
        }
    }
}
