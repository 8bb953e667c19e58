//! Amounts and dates as machine formats print them: exact, unpadded, without groups.

use chrono::{Datelike, NaiveDate};

use crate::domain::{Amount, Currency, Sum};

/// Decimals that an amount needs: those of its currency, more only where the value has more.
#[must_use]
pub fn amount_decimals(amount: Sum, currency: Currency) -> u32 {
    let mut tail = amount.units().unsigned_abs() % Amount::UNITS_PER_ONE.unsigned_abs() as u128;
    let mut decimals = Amount::SCALE;
    while decimals > currency.minor_digits() && tail.is_multiple_of(10) {
        tail /= 10;
        decimals -= 1;
    }
    decimals
}

/// Appends an amount with exactly so many decimals; its further digits must be zero.
pub(super) fn push_amount(amount: Sum, decimals: u32, mark: u8, out: &mut Vec<u8>) {
    let units = amount.units();
    let one = Amount::UNITS_PER_ONE.unsigned_abs() as u128;
    let (whole, tail) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    if units < 0 {
        out.push(b'-');
    }
    push_number(whole, 1, out);
    if decimals > 0 {
        out.push(mark);
        push_number(tail / 10_u128.pow(Amount::SCALE.saturating_sub(decimals)), decimals as usize, out);
    }
}

/// Appends a number, padded with zeros.
pub(super) fn push_number(number: u128, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = number;
    while rest > 0 || out.len() - start < width {
        out.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateForm {
    /// 20260903
    Compact,
    /// 2026-09-03
    Iso,
    /// 03/09/2026
    DayFirst,
    /// 09/03/2026
    MonthFirst,
    /// 0309
    DayMonth,
}

/// Appends a date.
pub(super) fn push_date(date: NaiveDate, form: DateForm, out: &mut Vec<u8>) {
    let (year, month, day) = (date.year().unsigned_abs().into(), u128::from(date.month()), u128::from(date.day()));
    let (parts, between): ([(u128, usize); 3], &[u8]) = match form {
        DateForm::Compact => ([(year, 4), (month, 2), (day, 2)], b""),
        DateForm::Iso => ([(year, 4), (month, 2), (day, 2)], b"-"),
        DateForm::DayFirst => ([(day, 2), (month, 2), (year, 4)], b"/"),
        DateForm::MonthFirst => ([(month, 2), (day, 2), (year, 4)], b"/"),
        DateForm::DayMonth => ([(day, 2), (month, 2), (0, 0)], b""),
    };
    for (place, (number, width)) in parts.into_iter().enumerate().filter(|(_, (_, width))| *width > 0) {
        if place > 0 {
            out.extend_from_slice(between);
        }
        push_number(number, width, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: i128, decimals: u32) -> String {
        let mut out = Vec::new();
        push_amount(Sum::from_units(units), decimals, b',', &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn amounts_are_exact_and_unpadded() {
        assert_eq!(amount(14_371_200, 2), "1437,12");
        assert_eq!(amount(-500, 2), "-0,05");
        assert_eq!(amount(0, 2), "0,00");
        assert_eq!(amount(1_250, 3), "0,125");
        assert_eq!(amount(1_200_000, 0), "120");
        let needed = |units, code: &str| amount_decimals(Sum::from_units(units), code.parse().unwrap());
        assert_eq!([needed(1_250, "EUR"), needed(1_200, "EUR"), needed(1, "JPY"), needed(10_000, "JPY")], [3, 2, 4, 0]);
    }

    #[test]
    fn dates_take_every_form() {
        let date = NaiveDate::from_ymd_opt(2026, 9, 3).unwrap();
        let text = |form| {
            let mut out = Vec::new();
            push_date(date, form, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(DateForm::Compact), "20260903");
        assert_eq!(text(DateForm::Iso), "2026-09-03");
        assert_eq!(text(DateForm::DayFirst), "03/09/2026");
        assert_eq!(text(DateForm::MonthFirst), "09/03/2026");
        assert_eq!(text(DateForm::DayMonth), "0309");
    }
}
