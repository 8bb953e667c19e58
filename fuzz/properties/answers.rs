//! Answers of Amazon's services, errors among them, and the certificate of its notifications.
//!
//! The same bytes say the same every time, and what they are read into does not outgrow them.

use settle::disputes::Certificate;
use settle::fetch::answers;
use settle::parse::Envelope;

/// What may come out of each byte as text: `<a/>` becomes an element with three named members.
const GROWTH_MAX: usize = 64;
/// What a reader says of an answer of no bytes.
const LEAST: usize = 4 << 10;

/// Once.
pub(super) fn read_mws(bytes: &[u8]) {
    drop(answers::of_mws(bytes));
}

/// Once.
pub(super) fn read_pay_api(bytes: &[u8]) {
    drop(answers::of_pay_api(bytes));
}

/// Once.
pub(super) fn read_certificate(bytes: &[u8]) {
    let _ = Certificate::parse(bytes);
}

/// MWS: XML.
pub(super) fn check_mws(bytes: &[u8]) {
    check(bytes, answers::of_mws);
}

/// The Pay API: JSON.
pub(super) fn check_pay_api(bytes: &[u8]) {
    check(bytes, answers::of_pay_api);
}

fn check(bytes: &[u8], read: fn(&[u8]) -> Vec<Result<String, String>>) {
    let first = read(bytes);
    assert_eq!(first, read(bytes), "read twice");
    for (place, told) in first.iter().enumerate() {
        let (Ok(text) | Err(text)) = told;
        assert!(text.len() <= LEAST + GROWTH_MAX * bytes.len(), "reader {place}: {} bytes", text.len());
    }
}

/// A certificate in PEM form, whose key then signs nothing that it has not signed.
pub(super) fn check_certificate(bytes: &[u8]) {
    let Ok(certificate) = Certificate::parse(bytes) else { return };
    assert_eq!(Certificate::parse(bytes), Ok(certificate.clone()), "read twice");
    for version in ["1", "2", "3"] {
        let envelope = Envelope {
            signature_version: version.to_owned(),
            signature: "c2lnbmF0dXJl".to_owned(),
            ..Envelope::default()
        };
        assert!(certificate.verify(&envelope).is_err());
    }
}
