//! Exact amounts.
//!
//! Three types, from small to large: [`Amount`] is one cell of a file (an integer of ten-thousandths,
//! no currency of its own), [`Sum`] a total of such cells that cannot overflow, [`Money`] a decimal
//! with its currency, as documents carry it. Nothing here rounds, and nothing is a float.

use std::fmt;
use std::ops::{AddAssign, Neg, Sub};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// The text is not a currency code of ISO 4217.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency code of ISO 4217")]
pub struct UnknownCurrency(String);

impl Currency {
    /// The three-letter code, e.g. `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimal places of the smallest unit: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217).
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }

    /// Zero in this currency.
    #[must_use]
    pub fn zero(self) -> Money {
        Money { amount: Decimal::ZERO, currency: self }
    }
}

impl From<iso_currency::Currency> for Currency {
    fn from(currency: iso_currency::Currency) -> Self {
        Self(currency)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        iso_currency::Currency::from_code(text).map(Currency).ok_or_else(|| UnknownCurrency(text.to_owned()))
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One money cell: an exact integer of ten-thousandths of the currency unit.
///
/// Scale 4 holds the minor digits of every ISO 4217 currency in circulation and sub-cent fees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// Decimal places that an amount can carry.
    pub const SCALE: u32 = 4;
    /// Ten-thousandths in one unit.
    pub const UNITS_PER_ONE: i64 = 10_000;
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// From ten-thousandths.
    #[must_use]
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// In ten-thousandths.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Exact sum, `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// The same value with a currency.
    #[must_use]
    pub fn in_currency(self, currency: Currency) -> Money {
        Money { amount: Decimal::new(self.0, Self::SCALE), currency }
    }
}

/// A total of amounts of one currency. Wide enough that no file can make it overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sum(i128);

impl Sum {
    /// Nothing.
    pub const ZERO: Sum = Sum(0);

    /// From ten-thousandths.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// In ten-thousandths.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The number of a decimal amount.
    ///
    /// # Errors
    /// [`MoneyError::TooPrecise`] where it has more decimals than an amount can carry.
    pub fn of(money: Money) -> Result<Self, MoneyError> {
        let exact = money.amount.normalize();
        let missing = Amount::SCALE.checked_sub(exact.scale()).ok_or(MoneyError::TooPrecise)?;
        exact.mantissa().checked_mul(10_i128.pow(missing)).map(Sum).ok_or(MoneyError::TooLarge)
    }

    /// The same value with a currency.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] beyond 7.9e24 units, which no real file reaches.
    pub fn in_currency(self, currency: Currency) -> Result<Money, MoneyError> {
        let amount = Decimal::try_from_i128_with_scale(self.0, Amount::SCALE).map_err(|_| MoneyError::TooLarge)?;
        Ok(Money { amount, currency })
    }
}

impl From<Amount> for Sum {
    fn from(amount: Amount) -> Self {
        Self(i128::from(amount.0))
    }
}

impl AddAssign<Amount> for Sum {
    fn add_assign(&mut self, amount: Amount) {
        self.0 = self.0.saturating_add(i128::from(amount.0));
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Sum) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Sub for Sum {
    type Output = Sum;

    fn sub(self, other: Sum) -> Sum {
        Sum(self.0.saturating_sub(other.0))
    }
}

impl Neg for Sum {
    type Output = Sum;

    fn neg(self) -> Sum {
        Sum(self.0.saturating_neg())
    }
}

impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Sum>>(sums: I) -> Sum {
        sums.fold(Sum::ZERO, |mut total, sum| {
            total += sum;
            total
        })
    }
}

/// A decimal amount of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why two amounts could not be combined.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts of different currencies never add.
    #[error("cannot add {right} to {left}")]
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// The result does not fit a decimal of 96 bits.
    #[error("the amount is too large")]
    TooLarge,
    /// More decimals than an amount can carry.
    #[error("the amount has more than four decimals")]
    TooPrecise,
}

impl Money {
    /// An amount in a currency.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The number.
    #[must_use]
    pub fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// Exact sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] for different currencies, [`MoneyError::TooLarge`] on overflow.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::TooLarge)?;
        Ok(Money { amount, currency: self.currency })
    }
}

impl Neg for Money {
    type Output = Money;

    fn neg(self) -> Money {
        Money { amount: -self.amount, currency: self.currency }
    }
}

/// The number alone: at least the currency's minor digits, more only where the value needs them.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut exact = self.amount.normalize();
        if exact.is_zero() {
            exact.set_sign_positive(true);
        }
        let digits = exact.scale().max(self.currency.minor_digits()) as usize;
        write!(f, "{exact:.digits$}")
    }
}

/// A decimal string, never a JSON number.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur(units: i64) -> Money {
        Amount::from_units(units).in_currency("EUR".parse().unwrap())
    }

    #[test]
    fn money_prints_the_minor_digits_and_more_only_where_needed() {
        let yen = Amount::from_units(1_200_000).in_currency("JPY".parse().unwrap());
        let dinar = Amount::from_units(12_345).in_currency("KWD".parse().unwrap());
        assert_eq!(eur(-123_000).to_string(), "-12.30");
        assert_eq!(eur(1_250).to_string(), "0.125");
        assert_eq!(eur(0).to_string(), "0.00");
        assert_eq!((-eur(0)).to_string(), "0.00");
        assert_eq!(yen.to_string(), "120");
        assert_eq!(dinar.to_string(), "1.2345");
    }

    #[test]
    fn minor_digits_follow_iso_4217() {
        for (code, digits) in [("EUR", 2), ("GBP", 2), ("HUF", 2), ("SEK", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(code.parse::<Currency>().unwrap().minor_digits(), digits, "{code}");
        }
        assert!("EURO".parse::<Currency>().is_err());
        assert!("eur".parse::<Currency>().is_err());
    }

    #[test]
    fn different_currencies_never_add() {
        let pounds = Amount::from_units(1).in_currency("GBP".parse().unwrap());
        assert!(matches!(eur(1).checked_add(pounds), Err(MoneyError::CurrencyMismatch { .. })));
    }

    fn euro() -> Currency {
        "EUR".parse().unwrap()
    }

    #[test]
    fn a_currency_is_its_code_and_is_ordered_by_it() {
        assert_eq!((euro().code(), euro().to_string(), format!("{:?}", euro())), ("EUR", "EUR".into(), "EUR".into()));
        assert_eq!(Currency::from(iso_currency::Currency::EUR), euro());
        let pound: Currency = "GBP".parse().unwrap();
        assert!(euro() < pound && pound > euro());
        assert_eq!(euro().cmp(&euro()), std::cmp::Ordering::Equal);
        assert_eq!("EURO".parse::<Currency>().unwrap_err().to_string(), "`EURO` is not a currency code of ISO 4217");
    }

    #[test]
    fn cells_add_exactly_or_not_at_all() {
        let (one, two) = (Amount::from_units(1), Amount::from_units(2));
        assert_eq!(one.checked_add(two), Some(Amount::from_units(3)));
        assert_eq!(Amount::from_units(i64::MAX).checked_add(one), None);
        assert_eq!(Amount::from_units(-7).units(), -7);
    }

    #[test]
    fn totals_add_subtract_and_turn_round() {
        let (two, five) = (Sum::from_units(2), Sum::from_units(5));
        let mut total = five;
        total += two;
        assert_eq!((total, five - two, -five), (Sum::from_units(7), Sum::from_units(3), Sum::from_units(-5)));
        assert_eq!([two, five, -five].into_iter().sum::<Sum>(), two);
        assert_eq!(Sum::from(Amount::from_units(-3)).units(), -3);
        assert!(Sum::ZERO.is_zero() && !five.is_zero() && !(-five).is_zero());
    }

    #[test]
    fn a_total_becomes_money_and_money_a_total() {
        let money = Sum::from_units(-12_345).in_currency(euro()).unwrap();
        assert_eq!((money.amount(), money.currency()), (Decimal::new(-12_345, 4), euro()));
        assert_eq!(Sum::of(money), Ok(Sum::from_units(-12_345)));
        // Fewer decimals than an amount carries are filled up, zeros beyond them are none.
        assert_eq!(Sum::of(Money::new(Decimal::new(7, 0), euro())), Ok(Sum::from_units(70_000)));
        assert_eq!(Sum::of(Money::new(Decimal::new(1_250_000, 6), euro())), Ok(Sum::from_units(12_500)));
        assert_eq!(Sum::of(Money::new(Decimal::new(1, 5), euro())), Err(MoneyError::TooPrecise));
        assert_eq!(Sum::from_units(i128::MAX).in_currency(euro()), Err(MoneyError::TooLarge));
    }

    #[test]
    fn money_of_one_currency_adds_exactly() {
        assert_eq!(eur(12_300).checked_add(eur(-300)).unwrap().to_string(), "1.20");
        assert_eq!((-eur(12_300)).to_string(), "-1.23");
        assert!(euro().zero().is_zero() && !eur(1).is_zero());
        let most = Money::new(Decimal::MAX, euro());
        assert_eq!(most.checked_add(most), Err(MoneyError::TooLarge));
    }

    proptest! {
        #[test]
        fn sums_are_exact_in_any_order(units in proptest::collection::vec(any::<i64>(), 0..200)) {
            let mut forward = Sum::ZERO;
            let mut backward = Sum::ZERO;
            for &unit in &units { forward += Amount::from_units(unit); }
            for &unit in units.iter().rev() { backward += Amount::from_units(unit); }
            prop_assert_eq!(forward, backward);
            prop_assert_eq!(forward.units(), units.iter().map(|&unit| i128::from(unit)).sum::<i128>());
        }

        #[test]
        fn a_printed_amount_reads_back_as_the_same_number(units in any::<i64>()) {
            let printed = eur(units).to_string();
            prop_assert_eq!(Decimal::from_str_exact(&printed).unwrap(), Decimal::new(units, Amount::SCALE));
        }
    }
}
