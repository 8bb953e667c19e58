//! Percent-encoding by RFC 3986, in one place: what is sent and what is signed are the same text.

use std::fmt::Write;

/// Encodes every byte but the unreserved ones (`A-Z a-z 0-9 - _ . ~`); hex digits are upper case.
#[must_use]
pub(super) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Encodes each segment of a path; an empty one becomes `/`.
#[must_use]
pub(super) fn encode_path(path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(percent_encode).collect();
    let encoded = segments.join("/");
    if encoded.is_empty() { "/".to_owned() } else { encoded }
}

/// `name=value` pairs joined by `&`, each encoded once, in the order given.
#[must_use]
pub(super) fn encode_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let encoded = pairs.into_iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
    encoded.collect::<Vec<_>>().join("&")
}

/// Lower-case hex digits.
#[must_use]
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_unreserved_bytes_is_encoded() {
        assert_eq!(percent_encode("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(percent_encode("a b+c/d=e,f!*'()é"), "a%20b%2Bc%2Fd%3De%2Cf%21%2A%27%28%29%C3%A9");
        assert_eq!(encode_path("/v2/report documents/a.b"), "/v2/report%20documents/a.b");
        assert_eq!(encode_path(""), "/");
        assert_eq!(encode_pairs([("a", "1 2"), ("b", "")]), "a=1%202&b=");
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
    }
}
