//! Single cells: amounts and instants.
//!
//! An amount is what another reader of decimals makes of it, to the last digit, and it is read back from its own text;
//! an instant is read back from its own text with its offset.

use rust_decimal::Decimal;
use settle::domain::{Currency, Month, parse_date};
use settle::parse::{parse_amount, parse_timestamp};

use super::decimal;

const CURRENCIES: [&str; 3] = ["EUR", "JPY", "KWD"];

/// Once.
pub(super) fn read(bytes: &[u8]) {
    let _ = parse_amount(bytes);
    let _ = parse_timestamp(bytes);
}

/// The bytes as a cell.
pub(super) fn check(bytes: &[u8]) {
    amount(bytes);
    if let Ok(instant) = parse_timestamp(bytes) {
        let text = instant.to_string();
        assert_eq!(parse_timestamp(text.as_bytes()), Ok(instant), "{text}");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(month) = text.parse::<Month>() {
            assert_eq!(month.to_string(), text);
        }
        if let Ok(day) = parse_date(text) {
            assert_eq!(parse_date(&day.to_string()).ok(), Some(day));
        }
    }
}

fn amount(bytes: &[u8]) {
    let Ok(parsed) = parse_amount(bytes) else { return };
    let text = decimal(parsed.amount.units().into());
    assert_eq!(parse_amount(text.as_bytes()).map(|again| again.amount), Ok(parsed.amount), "{text}");
    for currency in CURRENCIES.map(|code| code.parse::<Currency>().expect("a currency")) {
        if let Ok(amount) = parsed.for_currency(currency) {
            assert_eq!(amount, parsed.amount);
        }
    }
    let plain = std::str::from_utf8(bytes).ok().map(str::trim);
    let form = |text: &&str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let shape = |c: char| c.is_ascii_digit() || c == '.';
        digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(shape)
            && digits.len() <= 24
    };
    if let Some(other) = plain.filter(form).and_then(|text| text.parse::<Decimal>().ok()) {
        assert_eq!(Decimal::new(parsed.amount.units(), 4).normalize(), other.normalize(), "{plain:?}");
    }
}
