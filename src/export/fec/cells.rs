//! What the tax office's tester demands of one cell (accounting-exports §3.1, R07 to R15).
//!
//! Cells are bytes, since a FEC may be ISO-8859-15 or UTF-8; everything that is judged is ASCII.

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What a number cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its value, where it can be read; an empty cell is zero.
    pub(super) value: Option<Decimal>,
    /// The rules that it breaks.
    pub(super) broken: Vec<&'static str>,
}

/// Reads a number: digits, a decimal comma, a sign before or after, or an exponent.
pub(super) fn read_number(cell: &str) -> Number {
    let mut broken = Vec::new();
    if cell.is_empty() {
        return Number { value: Some(Decimal::ZERO), broken };
    }
    if cell.contains('.') {
        broken.push("R08");
    }
    let marks = cell.bytes().filter(|byte| matches!(byte, b' ' | b',' | b'.')).count();
    let between_digits = |pair: &[u8]| matches!(pair, [a, b' ', b] if a.is_ascii_digit() && b.is_ascii_digit());
    if cell.as_bytes().windows(3).any(between_digits) || marks > 1 {
        broken.push("R09");
    }
    let value = value(cell);
    if value.is_none() && !broken.contains(&"R09") {
        broken.push("R10");
    }
    Number { value, broken }
}

fn value(cell: &str) -> Option<Decimal> {
    let (body, exponent) = match cell.split_once(['E', 'e']) {
        Some((body, exponent)) => (body, Some(exponent)),
        None => (cell, None),
    };
    let minus = body.bytes().filter(|byte| *byte == b'-').count();
    let inner = body.trim_matches(|c| matches!(c, '+' | '-' | ' '));
    let digits = inner.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    if minus > 1 || inner.is_empty() || !digits {
        return None;
    }
    let number = Decimal::from_str_exact(&inner.replace(',', ".")).ok()?;
    let number = if minus == 1 { -number } else { number };
    match exponent {
        None => Some(number),
        Some(exponent) => Decimal::from_scientific(&format!("{number}e{}", exponent.trim_start_matches('+'))).ok(),
    }
}

/// What a date cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateCell {
    /// Blank, or zeros only.
    Empty,
    /// A date; `None` where no calendar has it.
    Date(Option<NaiveDate>),
    /// A month above 12 or a day above 31.
    OutOfRange,
    /// A year outside 1900 to 2099.
    StrangeYear,
    /// No date at all.
    Unreadable,
}

/// Reads a date: year first or day first, with one separator or none, perhaps with a time after it.
pub(super) fn read_date(cell: &str) -> DateCell {
    let cell = cell.trim();
    if cell.bytes().all(|byte| matches!(byte, b'0' | b' ' | b'/' | b'-' | b'.')) {
        return DateCell::Empty;
    }
    let (day_part, time) = cell.split_once(['T', ' ']).unwrap_or((cell, ""));
    let clock = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let digits: String = day_part.chars().filter(char::is_ascii_digit).collect();
    let marks = day_part.chars().filter(|c| matches!(c, '/' | '-' | '.')).count();
    if digits.len() != 8 || day_part.chars().count() != digits.len() + marks || marks > 2 || !time.bytes().all(clock) {
        return DateCell::Unreadable;
    }
    let number =
        |range: std::ops::Range<usize>| digits.get(range).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let year_first =
        day_part.bytes().take(4).all(|byte| byte.is_ascii_digit()) && (marks > 0 || plausible(number(0..4)));
    let (year, month, day) = if year_first {
        (number(0..4), number(4..6), number(6..8))
    } else {
        (number(4..8), number(2..4), number(0..2))
    };
    match (plausible(year), month, day) {
        (_, month, day) if month > 12 || day > 31 => DateCell::OutOfRange,
        (false, ..) => DateCell::StrangeYear,
        (true, month, day) => {
            DateCell::Date(i32::try_from(year).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day)))
        }
    }
}

fn plausible(year: u32) -> bool {
    (1900..2100).contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_tester_reads_them() {
        let decimal = |text: &str| Decimal::from_str_exact(text).unwrap();
        for (cell, value) in [
            ("1437,12", "1437.12"),
            ("1437,12-", "-1437.12"),
            ("-0,50", "-0.50"),
            ("+3", "3"),
            ("000012,00", "12.00"),
            ("", "0"),
            ("1,5E+2", "150"),
            ("1,5E-1", "0.15"),
        ] {
            let read = read_number(cell);
            assert_eq!((read.value, read.broken), (Some(decimal(value)), vec![]), "{cell}");
        }
        for (cell, broken) in [
            ("1.5", vec!["R08"]),
            ("1 437,12", vec!["R09"]),
            ("1.437,12", vec!["R08", "R09"]),
            ("abc", vec!["R10"]),
            ("--1", vec!["R10"]),
            ("-", vec!["R10"]),
            ("1,5E", vec!["R10"]),
            ("12€", vec!["R10"]),
        ] {
            assert_eq!(read_number(cell).broken, broken, "{cell}");
        }
    }

    #[test]
    fn dates_are_read_as_the_tester_reads_them() {
        let third = DateCell::Date(NaiveDate::from_ymd_opt(2026, 9, 3));
        for cell in [
            "20260903",
            "2026-09-03",
            "2026/09/03",
            "03.09.2026",
            "03092026",
            "20260903 12:00:00",
            "2026-09-03T01:02:03",
        ] {
            assert_eq!(read_date(cell), third, "{cell}");
        }
        assert_eq!(read_date("20260231"), DateCell::Date(None));
        assert_eq!(read_date("20261303"), DateCell::OutOfRange);
        assert_eq!(read_date("00000000"), DateCell::Empty);
        assert_eq!(read_date("01/01/1815"), DateCell::StrangeYear);
        for cell in ["2026", "2026-9-3", "yesterday", "202609031", "2026_09_03"] {
            assert_eq!(read_date(cell), DateCell::Unreadable, "{cell}");
        }
    }
}
