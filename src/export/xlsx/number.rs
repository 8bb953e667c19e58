//! The only place in the crate where money becomes a float: a workbook knows no other numbers.
//!
//! A double holds every decimal of up to 15 significant digits and gives it back unchanged, so an amount of
//! up to 15 digits is written as a number and one of more as text with a note. The file itself carries
//! the shortest decimal text that reads back as the double, which is the amount as it was.

#![expect(
    clippy::disallowed_types,
    reason = "a workbook's numbers are doubles; see the module's text for why cents survive"
)]

use rust_decimal::Decimal;

/// Significant digits that a double keeps for certain (IEEE 754: 53 bits are 15.95 digits).
const DIGITS_KEPT: usize = 15;

/// The amount as a workbook's number; `None` where it has more digits than one keeps.
pub(super) fn number(amount: Decimal) -> Option<f64> {
    let exact = amount.normalize();
    let digits = exact.mantissa().unsigned_abs().to_string().len();
    (digits <= DIGITS_KEPT).then(|| exact.to_string().parse().ok()).flatten()
}

/// A count as a workbook's number; `None` beyond what one keeps.
pub(super) fn count(count: u64) -> Option<f64> {
    number(Decimal::from(count))
}

/// A rate in per cent as the fraction that a workbook shows as per cent.
pub(super) fn fraction(percent: Decimal) -> Option<f64> {
    number(percent.checked_div(Decimal::ONE_HUNDRED)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_amount_of_fifteen_digits_survives(units in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0..=4_u32) {
            let amount = Decimal::new(units, scale);
            let written = number(amount).unwrap().to_string();
            prop_assert_eq!(Decimal::from_str_exact(&written).unwrap(), amount);
        }
    }

    #[test]
    fn more_digits_are_no_number() {
        assert_eq!(number(Decimal::new(1_234_567_890_123_456, 2)), None);
        assert_eq!(number(Decimal::new(1_234_567_890_123_400, 4)), Some(123_456_789_012.34));
        assert_eq!(fraction(Decimal::new(321, 2)), Some(0.0321));
    }
}
