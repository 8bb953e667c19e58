//! What the JSON readers share: members by name without regard to case, amounts as exact text.

use memchr::memchr_iter;
use serde_json::Value;
use serde_json::value::RawValue;

use super::amount::parse_amount;
use super::fault::Fault;
use crate::domain::{Amount, Currency};

/// Deepest nesting is bounded by serde_json itself (128); this bounds the text that is held at once.
pub(super) const JSON_BYTES_MAX: usize = 64 << 20;

/// A fault and its place in a JSON file, as far as it is known.
#[derive(Debug)]
pub(super) struct JsonFault {
    pub(super) line: Option<u64>,
    pub(super) member: Option<&'static str>,
    pub(super) fault: Fault,
}

impl From<Fault> for JsonFault {
    fn from(fault: Fault) -> Self {
        Self { line: None, member: None, fault }
    }
}

/// Turns serde's complaint into a fault with its line; `what` was being read.
pub(super) fn json_fault(why: &serde_json::Error, what: &'static str) -> JsonFault {
    let fault = if why.is_eof() {
        Fault::EndsInJson { what }
    } else {
        let why = why.to_string();
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
        Fault::Json { what, why: why.replace("field", "member") }
    };
    JsonFault { line: Some(why.line() as u64).filter(|line| *line > 0), member: None, fault }
}

/// The line of a piece of `text`, from 1.
pub(super) fn line_of(text: &str, piece: &RawValue) -> Option<u64> {
    let before = (piece.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some(1 + memchr_iter(b'\n', text.as_bytes().get(..before)?).count() as u64)
}

/// The text of a member, whatever the case of its name: Amazon's pages spell `MerchantID` both ways.
pub(super) fn member<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    let members = object.as_object()?;
    members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// Reads an amount from a JSON string or number by its digits, never through a float.
pub(super) fn exact_amount(raw: &RawValue, currency: Currency) -> Result<Amount, Fault> {
    let digits = raw.get().trim_matches('"');
    let read = parse_amount(digits.as_bytes()).and_then(|parsed| parsed.for_currency(currency));
    read.map_err(|why| Fault::Amount { value: digits.to_owned(), currency: Some(currency), why })
}
