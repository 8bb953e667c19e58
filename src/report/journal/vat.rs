//! The declared VAT treatment of Amazon's fees. It never changes a fee and never infers a rate.

use crate::config::VatOnFees;
use crate::domain::{Amount, Currency, Sum};

/// How the VAT of fees is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VatRule {
    /// What is declared.
    pub treatment: VatOnFees,
    /// Percent, where the tax is booked as a pair of postings.
    pub rate: Option<Amount>,
}

impl VatRule {
    /// The tax that is owed and deducted at once for a fee; zero unless reverse charge is declared with a rate.
    #[must_use]
    pub fn pair(self, fee: Sum, currency: Currency) -> Sum {
        match (self.treatment, self.rate) {
            (VatOnFees::ReverseCharge, Some(rate)) => tax_rounded_half_away(fee, rate, currency),
            _ => Sum::ZERO,
        }
    }

    /// The words that every file prints beside fees.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self.treatment {
            VatOnFees::Exempt => "VAT exempt",
            VatOnFees::ReverseCharge => "VAT reverse charge",
            VatOnFees::None => "VAT none",
        }
    }
}

/// `fee × rate / 100` in whole minor units, halves away from zero: the commercial rounding of a computed tax.
fn tax_rounded_half_away(fee: Sum, rate: Amount, currency: Currency) -> Sum {
    const PERCENT: i128 = 100 * Amount::UNITS_PER_ONE as i128;
    let step = 10_i128.pow(Amount::SCALE.saturating_sub(currency.minor_digits()));
    let exact = fee.units().saturating_mul(i128::from(rate.units()));
    let whole = (exact.saturating_abs().saturating_mul(2) + PERCENT * step) / (2 * PERCENT * step);
    Sum::from_units(exact.signum() * whole * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tax(fee: i128, rate: i64) -> i128 {
        tax_rounded_half_away(Sum::from_units(fee), Amount::from_units(rate), "EUR".parse().unwrap()).units()
    }

    #[test]
    fn tax_is_rounded_half_away_from_zero_to_cents() {
        assert_eq!(tax(30_500, 190_000), 5_800); // 0.5795
        assert_eq!(tax(-30_500, 190_000), -5_800);
        assert_eq!(tax(500, 100_000), 100); // 0.005
        assert_eq!(tax(-500, 100_000), -100);
        assert_eq!(tax(499, 100_000), 0);
        assert_eq!(tax(1_000_000, 200_000), 200_000);
    }
}
