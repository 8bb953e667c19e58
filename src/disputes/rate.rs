//! Quotients of exact numbers, as decimals without floats.

/// Decimal places of a rate.
pub const RATE_DIGITS: u32 = 6;

/// A quotient, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(i128);

impl Rate {
    /// The quotient, rounded half away from zero: a rate is for comparing, not for booking. `None` where there
    /// is nothing to divide by.
    #[must_use]
    pub fn of(part: i128, whole: i128) -> Option<Self> {
        let scale = 10_i128.pow(RATE_DIGITS);
        if whole <= 0 {
            return None;
        }
        let doubled = part.checked_mul(scale)?.checked_mul(2)?;
        let half = if doubled < 0 { -whole } else { whole };
        Some(Self(doubled.checked_add(half)? / whole.checked_mul(2)?))
    }

    /// Millionths.
    #[must_use]
    pub fn millionths(self) -> i128 {
        self.0
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = 10_i128.pow(RATE_DIGITS);
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.abs() / scale, self.0.abs() % scale);
        write!(f, "{sign}{whole}.{part:0digits$}", digits = RATE_DIGITS as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_rounded_half_away_from_zero_and_needs_a_whole() {
        assert_eq!(Rate::of(1, 3).unwrap().to_string(), "0.333333");
        assert_eq!(Rate::of(2, 3).unwrap().to_string(), "0.666667");
        assert_eq!(Rate::of(1, 2_000_000).unwrap().to_string(), "0.000001");
        assert_eq!(Rate::of(-1, 2_000_000).unwrap().to_string(), "-0.000001");
        assert_eq!(Rate::of(3, 2).unwrap().to_string(), "1.500000");
        assert_eq!(Rate::of(1, 0), None);
        assert_eq!(Rate::of(i128::MAX, 1), None);
    }

    proptest! {
        #[test]
        fn a_rate_is_nearest_to_the_quotient(part in 0..1_000_000_000_i128, whole in 1..1_000_000_000_i128) {
            let rate = Rate::of(part, whole).unwrap().millionths();
            let error = (rate * whole - part * 1_000_000).abs();
            prop_assert!(2 * error <= whole);
        }
    }
}
