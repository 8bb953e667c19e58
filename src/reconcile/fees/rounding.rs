//! A percentage of an amount as an amount that is charged: the one place where a fee is rounded.

use crate::config::{Rate, Rounding};
use crate::domain::Amount;

/// Parts of a whole in which rates count: ten-thousandths of one percent.
const RATE_PARTS: i128 = 100 * Rate::UNITS_PER_PERCENT as i128;

/// The percentage of an amount, rounded to whole `unit`s as named; it has the amount's sign. `None` beyond what an
/// amount can hold, or where there is no unit.
#[must_use]
pub fn percentage_rounded(amount: Amount, rate: Rate, rounding: Rounding, unit: Amount) -> Option<Amount> {
    let unit = i128::from(unit.units());
    if unit <= 0 {
        return None;
    }
    let size = i128::from(amount.units()).abs() * i128::from(rate.units());
    let divisor = RATE_PARTS * unit;
    let (whole, rest) = (size / divisor, size % divisor);
    let further = match rounding {
        Rounding::HalfUp => rest * 2 >= divisor,
        Rounding::HalfEven => rest * 2 > divisor || (rest * 2 == divisor && whole % 2 == 1),
        Rounding::Up => rest > 0,
        Rounding::Down => false,
    };
    let units = (whole + i128::from(further)) * unit;
    let signed = if amount < Amount::ZERO { -units } else { units };
    i64::try_from(signed).ok().map(Amount::from_units)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cents(amount: i64, rate: &str, rounding: Rounding) -> i64 {
        let unit = Amount::from_units(100);
        let fee = percentage_rounded(Amount::from_units(amount * 100), Rate::parse(rate).unwrap(), rounding, unit);
        fee.unwrap().units() / 100
    }

    #[test]
    fn a_fee_is_rounded_as_it_is_named() {
        use Rounding::{Down, HalfEven, HalfUp, Up};
        // 2.7 % of 5.00 is 13.5 cents, of 4.99 it is 13.473, of 15.00 it is 40.5.
        for (amount, [half_up, half_even, up, down]) in
            [(500, [14, 14, 14, 13]), (499, [13, 13, 14, 13]), (1_500, [41, 40, 41, 40]), (-500, [-14, -14, -14, -13])]
        {
            let fees = [HalfUp, HalfEven, Up, Down].map(|rounding| cents(amount, "2.7", rounding));
            assert_eq!(fees, [half_up, half_even, up, down], "{amount}");
        }
        assert_eq!(cents(10_000, "2.7", Down), 270, "what needs no rounding is exact in every way");
    }

    #[test]
    fn a_coarser_unit_rounds_to_whole_forints() {
        let whole = Amount::from_units(10_000);
        let fee =
            percentage_rounded(Amount::from_units(50_100_000), Rate::parse("2.7").unwrap(), Rounding::HalfUp, whole);
        assert_eq!(fee, Some(Amount::from_units(1_350_000)));
        assert_eq!(percentage_rounded(whole, Rate::parse("1").unwrap(), Rounding::Up, Amount::ZERO), None);
    }

    proptest! {
        #[test]
        fn rounding_moves_a_fee_by_less_than_a_unit(amount in -1_000_000_000_000_i64..1_000_000_000_000, parts in 0..1_000_000_u32) {
            let rate = Rate::parse(&format!("{}.{:04}", parts / 10_000, parts % 10_000)).unwrap();
            let exact = i128::from(amount) * i128::from(parts);
            for rounding in [Rounding::HalfUp, Rounding::HalfEven, Rounding::Up, Rounding::Down] {
                let fee = percentage_rounded(Amount::from_units(amount), rate, rounding, Amount::from_units(100)).unwrap();
                let apart = (i128::from(fee.units()) * 1_000_000 - exact).abs();
                let most = if matches!(rounding, Rounding::Up | Rounding::Down) { 100_000_000 } else { 50_000_001 };
                prop_assert!(apart < most, "{rounding} {fee:?}");
            }
        }
    }
}
