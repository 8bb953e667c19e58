//! Decimal marks and dates of a table, decided once for the whole of it.

use chrono::{Datelike, NaiveDate};

use super::fault::BankFault;
use crate::domain::Amount;
use crate::parse::parse_amount;

/// Forms of dates that occur.
const FORMS: [&str; 9] =
    ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y"];
/// Years that a statement may be of: a two-digit year read as four digits is none of them.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// The mark between whole units and decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalMark {
    Dot,
    Comma,
}

impl DecimalMark {
    pub(super) fn of(mark: char) -> Self {
        if mark == ',' { DecimalMark::Comma } else { DecimalMark::Dot }
    }

    fn chars(self) -> (char, char) {
        match self {
            DecimalMark::Dot => ('.', ','),
            DecimalMark::Comma => (',', '.'),
        }
    }

    /// The one mark with which every cell is an amount.
    pub(super) fn decide<'a>(cells: impl Iterator<Item = (u64, &'a str)>) -> Result<Self, (u64, BankFault)> {
        let mut possible = [DecimalMark::Dot, DecimalMark::Comma].to_vec();
        let mut in_doubt = None;
        for (line, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            let with: Vec<DecimalMark> = possible.iter().copied().filter(|mark| mark.plain(cell).is_some()).collect();
            if with.is_empty() {
                let fault = BankFault::NotAnAmount { value: cell.to_owned() };
                return Err((line, fault));
            }
            if with.len() == 2 && cell.contains([',', '.']) {
                in_doubt.get_or_insert((line, cell.to_owned()));
            }
            possible = with;
        }
        match (&possible[..], in_doubt) {
            ([only], _) => Ok(*only),
            (_, None) => Ok(DecimalMark::Dot),
            (_, Some((line, value))) => Err((line, BankFault::AmbiguousMark { value })),
        }
    }

    pub(super) fn amount(self, cell: &str) -> Result<Amount, BankFault> {
        let plain = self.plain(cell).ok_or_else(|| BankFault::NotAnAmount { value: cell.to_owned() })?;
        parse_amount(plain.as_bytes())
            .map(|parsed| parsed.amount)
            .map_err(|why| BankFault::Amount { value: cell.to_owned(), why })
    }

    /// The amount with a dot and without groups, where the cell is one with this mark.
    fn plain(self, cell: &str) -> Option<String> {
        let (mark, group) = self.chars();
        let cell: String = cell.chars().map(|c| if c == '\u{2212}' { '-' } else { c }).collect();
        let cell = cell.trim().trim_matches(['€', '£', '$']).trim();
        let (sign, digits) = match cell.strip_prefix(['-', '+']) {
            Some(digits) => (if cell.starts_with('-') { "-" } else { "" }, digits),
            None => cell.strip_suffix('-').map_or(("", cell), |digits| ("-", digits)),
        };
        let digits = digits.trim().trim_matches(['€', '£', '$']).trim();
        let (whole, decimals) = digits.split_once(mark).unwrap_or((digits, ""));
        let is_group = |c: char| c == group || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’');
        let mut groups = whole.split(is_group);
        let first = groups.next()?;
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut plain = first.to_owned();
        for group in groups {
            if group.len() != 3 || first.len() > 3 || first.is_empty() {
                return None;
            }
            plain.push_str(group);
        }
        if !all_digits(&plain) || !all_digits(decimals) || (plain.is_empty() && decimals.is_empty()) {
            return None;
        }
        let whole = if plain.is_empty() { "0".to_owned() } else { plain };
        Some(if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") })
    }
}

/// The form of a file's dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DateForm(String);

impl DateForm {
    /// The configured form, else the one form that every cell has.
    pub(super) fn decide<'a>(
        configured: Option<&str>,
        cells: impl Iterator<Item = (u64, &'a str)>,
    ) -> Result<Self, (u64, BankFault)> {
        let mut possible: Vec<&str> = configured.map_or_else(|| FORMS.to_vec(), |form| vec![form]);
        let mut first = None;
        for (line, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            first.get_or_insert((line, cell.to_owned()));
            let known = possible.len();
            let only = possible.first().copied().unwrap_or_default().to_owned();
            possible.retain(|form| day(cell, form).is_some());
            if possible.is_empty() {
                let form = if known == 1 { only } else { String::new() };
                return Err((line, BankFault::Date { value: cell.to_owned(), form }));
            }
        }
        match (&possible[..], first) {
            ([only], _) => Ok(Self((*only).to_owned())),
            (_, None) => Ok(Self("%Y-%m-%d".to_owned())),
            (_, Some((line, value))) => Err((line, BankFault::AmbiguousDate { value })),
        }
    }

    pub(super) fn day(&self, cell: &str) -> Result<NaiveDate, BankFault> {
        day(cell, &self.0).ok_or_else(|| BankFault::Date { value: cell.to_owned(), form: self.0.clone() })
    }
}

/// The day of a cell; a time behind it is left out.
fn day(cell: &str, form: &str) -> Option<NaiveDate> {
    let whole = NaiveDate::parse_from_str(cell, form).ok();
    let without_time = || NaiveDate::parse_from_str(cell.split(['T', ' ']).next()?, form).ok();
    whole.or_else(without_time).filter(|day| YEARS.contains(&day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(cells: &[&str]) -> Result<DecimalMark, BankFault> {
        DecimalMark::decide(cells.iter().map(|cell| (1, *cell))).map_err(|(_, fault)| fault)
    }

    #[test]
    fn the_mark_is_decided_by_all_cells_and_never_guessed() {
        assert_eq!(decide(&["1.234", "5,60"]).unwrap(), DecimalMark::Comma);
        assert_eq!(decide(&["1,234", "5.60"]).unwrap(), DecimalMark::Dot);
        assert_eq!(decide(&["+30000,77"]).unwrap(), DecimalMark::Comma);
        assert_eq!(decide(&["100", "-5"]).unwrap(), DecimalMark::Dot);
        assert!(matches!(decide(&["1.234"]), Err(BankFault::AmbiguousMark { .. })));
        assert!(matches!(decide(&["1.23", "4,56"]), Err(BankFault::NotAnAmount { .. })));
        let units = |mark: DecimalMark, cell| mark.amount(cell).map(Amount::units).ok();
        assert_eq!(units(DecimalMark::Comma, "-1.510,00 €"), Some(-15_100_000));
        assert_eq!(units(DecimalMark::Dot, "13.50-"), Some(-135_000));
        assert_eq!(units(DecimalMark::Comma, "1'000,5"), Some(10_005_000));
        assert_eq!(units(DecimalMark::Dot, "1,0000.00"), None);
        assert_eq!(units(DecimalMark::Dot, ""), None);
    }

    #[test]
    fn dates_are_of_one_form() {
        let decide =
            |cells: &[&str]| DateForm::decide(None, cells.iter().map(|cell| (1, *cell))).map_err(|(_, fault)| fault);
        assert_eq!(decide(&["01.02.26", "13.02.26"]).unwrap().0, "%d.%m.%y");
        assert_eq!(decide(&["05/06/2026", "13/06/2026"]).unwrap().0, "%d/%m/%Y");
        assert_eq!(decide(&["2026-09-10 12:00:00"]).unwrap().0, "%Y-%m-%d");
        assert!(matches!(decide(&["05/06/2026"]), Err(BankFault::AmbiguousDate { .. })));
        assert!(matches!(decide(&["2026-02-30"]), Err(BankFault::Date { .. })));
    }
}
