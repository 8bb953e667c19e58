//! Amounts as Amazon prints them: a dot, no groups, no exponent (seen in samples of 2015 and 2018).
//!
//! Anything else is a fault with its reason, because each of the usual slips (a decimal comma, a
//! thousands dot) is wrong by a factor of a hundred or more when it is read anyway.

use crate::domain::{Amount, Currency};

/// An amount and the number of decimals that its cell printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedAmount {
    /// The exact value.
    pub amount: Amount,
    /// Decimals as printed, trailing zeros included.
    pub decimals: u32,
}

/// Why a cell is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountFault {
    /// Nothing in the cell; an absent amount is never taken for zero.
    #[error("the cell is empty")]
    Empty,
    /// A comma where a dot is expected.
    #[error("it has a comma; the reports print a decimal dot and no thousands separator")]
    Comma,
    /// A blank or an apostrophe between digits.
    #[error("it has a blank or an apostrophe between its digits; the reports print no thousands separator")]
    Grouped,
    /// `1e3`.
    #[error("it is written with an exponent, as spreadsheet programs do")]
    Exponent,
    /// More than one dot.
    #[error("it has more than one dot; the reports print a decimal dot and no thousands separator")]
    SeveralDots,
    /// Three decimals in a currency with two: either sub-cents or a thousands dot.
    #[error("it has three decimals, more than the currency has, so its dot could also separate thousands")]
    ThousandsDot,
    /// More decimals than an amount can carry.
    #[error("it has more than four decimals")]
    TooPrecise,
    /// A hundred million millions and more.
    #[error("it is beyond 100 million million, more than settle can store exactly")]
    TooLarge,
    /// A typographic minus, one behind the digits, or the parentheses of accountants.
    #[error("its minus is not a plain `-` in front of the digits")]
    Minus,
    /// Anything else.
    #[error("it is not a number; expected digits with a decimal dot, like -12.30")]
    NotANumber,
}

/// Reads one amount exactly: an optional sign, digits, and up to four decimals after a dot. Blanks
/// around it are allowed.
///
/// # Errors
/// [`AmountFault`], never a guess: an empty cell is a fault, not zero.
pub fn parse_amount(cell: &[u8]) -> Result<ParsedAmount, AmountFault> {
    match parse_plain(cell) {
        Some(parsed) => Ok(parsed),
        None => parse_any(cell),
    }
}

/// The first number of ten-thousandths with more digits than the 18 of a stored money column: read here and
/// refused there, it would end an import instead of the file.
const UNITS_END: i64 = 1_000_000_000_000_000_000;

/// Longest cell that cannot overflow, whatever its digits.
const PLAIN_BYTES_MAX: usize = 14;

/// The form of nearly every cell: an optional minus, digits, at most four decimals. `None` leaves the
/// verdict to [`parse_any`].
fn parse_plain(cell: &[u8]) -> Option<ParsedAmount> {
    if cell.len() > PLAIN_BYTES_MAX {
        return None;
    }
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut units: i64 = 0;
    let mut dot = None;
    for (place, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => units = units * 10 + i64::from(byte - b'0'),
            b'.' if dot.is_none() => dot = Some(place),
            _ => return None,
        }
    }
    let (whole, decimals) = match dot {
        None => (digits.len(), 0),
        Some(place) => (place, digits.len() - place - 1),
    };
    let scale = match decimals {
        0 if dot.is_none() => 10_000,
        1 => 1_000,
        2 => 100,
        3 => 10,
        4 => 1,
        _ => return None,
    };
    let units = if negative { -units } else { units } * scale;
    let decimals = u32::try_from(decimals).ok()?;
    (whole > 0).then_some(ParsedAmount { amount: Amount::from_units(units), decimals })
}

/// Every form, with the reason where it is none.
fn parse_any(cell: &[u8]) -> Result<ParsedAmount, AmountFault> {
    let cell = cell.trim_ascii();
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut units: i64 = 0;
    let mut decimals = 0;
    let mut after_dot = false;
    let mut digits_whole = 0;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                if after_dot {
                    decimals += 1;
                    if decimals > Amount::SCALE {
                        if byte != b'0' {
                            return Err(beyond(cell, AmountFault::TooPrecise));
                        }
                        continue;
                    }
                } else {
                    digits_whole += 1;
                }
                let digit = i64::from(byte - b'0');
                let longer = units.checked_mul(10).and_then(|units| units.checked_add(digit));
                units = longer.ok_or_else(|| beyond(cell, AmountFault::TooLarge))?;
            }
            b'.' if !after_dot && digits_whole > 0 => after_dot = true,
            _ => return Err(reason(cell)),
        }
    }
    if digits_whole == 0 || (after_dot && decimals == 0) {
        return Err(reason(cell));
    }
    let missing = Amount::SCALE.saturating_sub(decimals);
    let units = units.checked_mul(10_i64.pow(missing)).filter(|units| *units < UNITS_END);
    let units = units.ok_or(AmountFault::TooLarge)?;
    Ok(ParsedAmount { amount: Amount::from_units(if negative { -units } else { units }), decimals })
}

impl ParsedAmount {
    /// The amount, unless its three decimals could as well be a thousands dot in a currency that has
    /// fewer: `1.234` EUR is refused, `0.125` and `1.2345` are exact sub-cents.
    ///
    /// # Errors
    /// [`AmountFault::ThousandsDot`].
    pub fn for_currency(self, currency: Currency) -> Result<Amount, AmountFault> {
        let grouped = self.decimals == 3 && currency.minor_digits() < 3;
        let whole = self.amount.units().abs() / Amount::UNITS_PER_ONE;
        if grouped && (1..1_000).contains(&whole) { Err(AmountFault::ThousandsDot) } else { Ok(self.amount) }
    }
}

/// The fault of a number beyond the limits, unless its cell is no plain number to begin with.
fn beyond(cell: &[u8], fault: AmountFault) -> AmountFault {
    let plain = cell.iter().all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    if plain && cell.iter().filter(|byte| **byte == b'.').count() <= 1 { fault } else { reason(cell) }
}

/// Names what is wrong with a cell that is known not to be an amount.
fn reason(cell: &[u8]) -> AmountFault {
    let text = String::from_utf8_lossy(cell);
    let numeric =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',' | 'e' | 'E' | '\'') || c.is_whitespace();
    let inner = text.trim_start_matches(['\u{2212}', '\u{2013}']).trim_end_matches('-');
    let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
    if text.is_empty() {
        AmountFault::Empty
    } else if (1..text.len()).contains(&inner.len()) && inner.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        AmountFault::Minus
    } else if !text.chars().all(numeric) || !text.chars().any(|c| c.is_ascii_digit()) {
        AmountFault::NotANumber
    } else if text.contains(['e', 'E']) {
        AmountFault::Exponent
    } else if text.contains(char::is_whitespace) || text.contains('\'') {
        AmountFault::Grouped
    } else if text.contains(',') {
        AmountFault::Comma
    } else if text.matches('.').count() > 1 {
        AmountFault::SeveralDots
    } else {
        AmountFault::NotANumber
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str) -> Result<i64, AmountFault> {
        parse_amount(text.as_bytes()).map(|parsed| parsed.amount.units())
    }

    #[test]
    fn the_forms_of_the_reports_are_read_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("10.00", 100_000),
            ("-0.29", -2_900),
            ("+5.5", 55_000),
            ("-0", 0),
            ("0.1250", 1_250),
            (" 12.30 ", 123_000),
            ("1.230000", 12_300),
            ("0042", 420_000),
        ] {
            assert_eq!(units(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_slip_has_its_own_reason() {
        use AmountFault::*;
        for (text, reason) in [
            ("", Empty),
            ("  ", Empty),
            ("1141,18", Comma),
            ("1.141,18", Comma),
            ("1e3", Exponent),
            ("1.2E-3", Exponent),
            ("1.2.3", SeveralDots),
            ("1\u{a0}234.50", Grouped),
            ("1\u{202f}234.50", Grouped),
            ("1 234.50", Grouped),
            ("1'234.50", Grouped),
            ("1.23456", TooPrecise),
            ("99999999999999999999", TooLarge),
            ("100000000000000.00", TooLarge),
            ("--1", NotANumber),
            (".5", NotANumber),
            ("5.", NotANumber),
            ("-", NotANumber),
            ("NaN", NotANumber),
            ("€5.00", NotANumber),
            ("\u{2212}5.00", Minus),
            ("5.00-", Minus),
            ("(5.00)", Minus),
            ("(5,00)", NotANumber),
            ("1.19644e3", Exponent),
            ("1.234567,89", Comma),
            ("99999999999999999999,00", Comma),
            ("٣.00", NotANumber),
        ] {
            assert_eq!(units(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn three_decimals_are_refused_where_they_could_be_thousands() {
        let check = |text: &str, code: &str| {
            parse_amount(text.as_bytes()).and_then(|parsed| parsed.for_currency(code.parse().unwrap()))
        };
        assert_eq!(check("1.234", "EUR"), Err(AmountFault::ThousandsDot));
        assert_eq!(check("-12.500", "HUF"), Err(AmountFault::ThousandsDot));
        assert_eq!(check("1.234", "JPY"), Err(AmountFault::ThousandsDot));
        assert_eq!(check("0.125", "EUR"), Ok(Amount::from_units(1_250)));
        assert_eq!(check("1234.125", "EUR"), Ok(Amount::from_units(12_341_250)));
        assert_eq!(check("1.234", "KWD"), Ok(Amount::from_units(12_340)));
    }

    proptest! {
        #[test]
        fn what_money_prints_reads_back(units in -9_000_000_000_000_000_i64..9_000_000_000_000_000) {
            let printed = rust_decimal::Decimal::new(units, Amount::SCALE).to_string();
            prop_assert_eq!(parse_amount(printed.as_bytes()).unwrap().amount.units(), units);
        }

        #[test]
        fn both_readers_agree(text in "[-+0-9., ]{0,14}") {
            if let Some(parsed) = parse_plain(text.as_bytes()) {
                prop_assert_eq!(parse_any(text.as_bytes()), Ok(parsed));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(cell in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse_amount(&cell);
        }

        #[test]
        fn what_is_read_agrees_with_rust_decimal(text in "[+-]?[0-9]{1,12}(\\.[0-9]{1,4})?") {
            let read = parse_amount(text.as_bytes()).unwrap().amount;
            let expected = rust_decimal::Decimal::from_str_exact(&text).unwrap();
            prop_assert_eq!(rust_decimal::Decimal::new(read.units(), Amount::SCALE), expected);
        }
    }
}
