//! What the JSON readers share: members by name without regard to case, amounts as exact text.

use serde_json::Value;
use serde_json::value::RawValue;

use super::amount::parse_amount;
use super::fault::Fault;
use crate::domain::{Amount, Currency};

/// Deepest nesting is bounded by serde_json itself (128); this bounds the text that is held at once.
pub(super) const JSON_BYTES_MAX: usize = 64 << 20;

/// Turns serde's complaint into a fault; its text names line and column.
pub(super) fn json_fault(why: &serde_json::Error) -> Fault {
    Fault::Json { why: why.to_string() }
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
