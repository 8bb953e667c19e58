//! Amounts as shops export them: a decimal point or a decimal comma, thousands grouped or not.
//!
//! The decimal mark belongs to the file, never to the cell: `1.234` is a thousand in one file and one in
//! another. A cell that contradicts the file's mark is a fault, and so is a file in which nothing tells.

use crate::domain::Amount;
use crate::parse::parse_amount;

/// The longest amount cell; no order costs more digits.
const CELL_BYTES_MAX: usize = 40;

/// The decimal mark of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1234.56`, `1,234.56`
    Point,
    /// `1234,56`, `1.234,56`
    Comma,
}

impl DecimalMark {
    /// The character.
    #[must_use]
    pub fn character(self) -> char {
        if self == DecimalMark::Point { '.' } else { ',' }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        if self == DecimalMark::Point { DecimalMark::Comma } else { DecimalMark::Point }
    }
}

/// What an amount says about the file's decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It has no mark at all.
    None,
    /// It cannot be read with the other mark.
    Proof,
    /// It would be another amount with the other mark.
    Doubt,
}

/// Why a cell is no amount with this mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShopAmountFault {
    /// It has the other mark.
    OtherMark,
    /// Whatever the mark.
    Why(&'static str),
}

/// Reads one cell with the file's mark. `minor_digits` are those of the currency.
pub(super) fn parse_shop_amount(
    cell: &str,
    mark: DecimalMark,
    minor_digits: u32,
) -> Result<(Amount, Evidence), ShopAmountFault> {
    if mark == DecimalMark::Point
        && let Ok(parsed) = parse_amount(cell.as_bytes())
        && parsed.decimals != 3
    {
        let evidence = if parsed.decimals == 0 { Evidence::None } else { Evidence::Proof };
        return Ok((parsed.amount, evidence));
    }
    read_marked(cell, mark, minor_digits)
}

fn read_marked(cell: &str, mark: DecimalMark, minor_digits: u32) -> Result<(Amount, Evidence), ShopAmountFault> {
    if cell.len() > CELL_BYTES_MAX {
        return Err(ShopAmountFault::Why("it is too long"));
    }
    let (decimal, group) = (mark.character(), mark.other().character());
    // Blanks and apostrophes group thousands whatever the mark.
    let compact: String = cell.chars().filter(|c| !c.is_whitespace() && *c != '\'').collect();
    let sign_end = usize::from(compact.starts_with(['-', '+']));
    let (sign, digits) = compact.split_at(sign_end);
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit() || c == decimal || c == group) {
        return Err(ShopAmountFault::Why("it is not a number"));
    }
    let (whole, decimals) = digits.split_once(decimal).map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    if decimals.is_some_and(|decimals| decimals.contains([decimal, group])) {
        return Err(ShopAmountFault::OtherMark);
    }
    let groups: Vec<&str> = whole.split(group).collect();
    if !is_grouped(&groups) {
        return Err(ShopAmountFault::OtherMark);
    }
    let evidence = match (groups.len(), decimals.map(str::len)) {
        (1, None) => Evidence::None,
        // `1.234` alone: a thousand or a fraction.
        (2, None) => Evidence::Doubt,
        (1, Some(3)) if minor_digits < 3 => return Err(ShopAmountFault::OtherMark),
        (1, Some(3)) => Evidence::Doubt,
        _ => Evidence::Proof,
    };
    let plain = format!("{sign}{}{}{}", groups.concat(), decimals.map_or("", |_| "."), decimals.unwrap_or_default());
    match parse_amount(plain.as_bytes()) {
        Ok(parsed) => Ok((parsed.amount, evidence)),
        Err(_) => Err(ShopAmountFault::Why("it has more digits than an amount can carry, or none on one side")),
    }
}

/// Groups of three digits behind a first one of one to three; a number without groups is one.
fn is_grouped(groups: &[&str]) -> bool {
    match groups {
        [_] => true,
        [first, rest @ ..] => (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, mark: DecimalMark) -> Option<(i64, Evidence)> {
        parse_shop_amount(cell, mark, 2).ok().map(|(amount, evidence)| (amount.units(), evidence))
    }

    #[test]
    fn both_marks_are_read_exactly_and_say_what_they_prove() {
        use DecimalMark::{Comma, Point};
        for (cell, mark, units, evidence) in [
            ("12.50", Point, 125_000, Evidence::Proof),
            ("1,234.56", Point, 12_345_600, Evidence::Proof),
            ("29.0000", Point, 290_000, Evidence::Proof),
            ("12", Point, 120_000, Evidence::None),
            ("1,234", Point, 12_340_000, Evidence::Doubt),
            ("12,50", Comma, 125_000, Evidence::Proof),
            ("1.234,56", Comma, 12_345_600, Evidence::Proof),
            ("1 234,56", Comma, 12_345_600, Evidence::Proof),
            ("1\u{202f}234,5", Comma, 12_345_000, Evidence::Proof),
            ("1.234", Comma, 12_340_000, Evidence::Doubt),
            ("-3,00", Comma, -30_000, Evidence::Proof),
            ("1.234.567", Comma, 12_345_670_000, Evidence::Proof),
        ] {
            assert_eq!(read(cell, mark), Some((units, evidence)), "{cell}");
        }
    }

    #[test]
    fn a_cell_with_the_other_mark_is_refused_never_read_as_thousands() {
        use DecimalMark::{Comma, Point};
        for (cell, mark) in [
            ("12,50", Point),
            ("1.234,56", Point),
            ("12.50", Comma),
            ("1,234.56", Comma),
            ("1.234", Point),
            ("1,234", Comma),
            ("1,23,456", Point),
        ] {
            assert_eq!(parse_shop_amount(cell, mark, 2), Err(ShopAmountFault::OtherMark), "{cell}");
        }
        for cell in ["", "-", "€12", "12.5.", "abc", "1e3", ".5", "5."] {
            assert!(read(cell, Point).is_none(), "{cell}");
        }
    }

    #[test]
    fn three_decimals_are_decimals_where_the_currency_has_three() {
        assert_eq!(
            parse_shop_amount("1.234", DecimalMark::Point, 3),
            Ok((Amount::from_units(12_340), Evidence::Doubt))
        );
    }
}
