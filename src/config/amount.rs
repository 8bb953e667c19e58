//! Amounts as a merchant writes them in the config: `120.00`, `-3.5`. Exact, with a point, never a float.

use crate::domain::Amount;

/// Reads an optional minus, digits, and at most four decimals after a point; `None` for anything else.
pub(super) fn parse_amount(text: &str) -> Option<Amount> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(decimals) || decimals.len() > Amount::SCALE as usize {
        return None;
    }
    let width = Amount::SCALE as usize;
    let fraction: i64 = format!("{decimals:0<width$}").parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    let units = whole.checked_mul(Amount::UNITS_PER_ONE)?.checked_add(fraction)?;
    Some(Amount::from_units(sign * units))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        for (text, units) in [("120.00", 1_200_000), ("-3.5", -35_000), ("0.0001", 1), ("7", 70_000), ("-0", 0)] {
            assert_eq!(parse_amount(text), Some(Amount::from_units(units)), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1,50", "1 000", "+1", "1e3", "0.00001", "922337203685478", "--1", "NaN"] {
            assert_eq!(parse_amount(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_money_prints_reads_back(units in any::<i64>()) {
            prop_assume!(units != i64::MIN);
            let printed = Amount::from_units(units).in_currency("EUR".parse().unwrap()).to_string();
            prop_assert_eq!(parse_amount(&printed), Some(Amount::from_units(units)));
        }
    }
}
