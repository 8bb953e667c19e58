//! Percent encoding, query strings, hex and Base64: the alphabets of both signatures.
//!
//! Written for the witness alone; the client under test has its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What a raw `+` in a query means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plus {
    /// A blank, as in a form.
    Blank,
    /// Itself, as in RFC 3986.
    Literal,
}

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Encodes every byte but the unreserved ones of RFC 3986.
pub(super) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 0x0f));
        }
    }
    out
}

fn hex_digit(nibble: u8) -> char {
    char::from(HEX_UPPER.get(usize::from(nibble)).copied().unwrap_or(b'0'))
}

/// Decodes `%XX`; what is no such triple stays as it is.
pub(super) fn percent_decode(text: &str, plus: Plus) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.first().zip(after.get(1)).and_then(|(high, low)| hex_value(*high).zip(hex_value(*low)));
        match (first, pair) {
            (b'%', Some((high, low))) => {
                out.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) if plus == Plus::Blank => out.push(b' '),
            _ => out.push(first),
        }
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The decoded names and values of a query or a form, in their order. A name without `=` has an empty value.
pub(super) fn pairs(text: &str, plus: Plus) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (percent_decode(name, plus), percent_decode(value, plus))
        })
        .collect()
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [hex_digit(byte >> 4), hex_digit(byte & 0x0f)]).collect::<String>().to_lowercase()
}

/// The SHA-256 as lower-case hex.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// The SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The MD5, which storage and MWS still use as a checksum.
pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    use md5::Digest as _;
    md5::Md5::digest(bytes).into()
}

/// Base64 with padding.
pub(super) fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of padded Base64.
pub(super) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_unreserved_bytes_stay_as_they_are() {
        assert_eq!(percent_encode("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(percent_encode(" +/=!*'(),%é"), "%20%2B%2F%3D%21%2A%27%28%29%2C%25%C3%A9");
    }

    #[test]
    fn decoding_undoes_encoding_and_leaves_broken_triples() {
        let odd = " +/=!*'(),%é€🧾&x";
        assert_eq!(percent_decode(&percent_encode(odd), Plus::Blank), odd);
        assert_eq!(percent_decode("a+b%2B%zz%4", Plus::Blank), "a b+%zz%4");
        assert_eq!(percent_decode("a+b", Plus::Literal), "a+b");
    }

    #[test]
    fn a_query_is_read_into_pairs() {
        let read = pairs("b=1&&a&c=%3D=", Plus::Blank);
        let expected = [("b", "1"), ("a", ""), ("c", "==")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }
}
