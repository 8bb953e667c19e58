//! One table of a workbook: totals above, a frozen header with filters, then the rows.
//!
//! Totals are formulas by currency whose cached results are the exact sums. Text from outside only ever
//! goes through the string writer, which never makes a formula of it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_xlsxwriter::{ColNum, ExcelDateTime, Format, Formula, Note, RowNum, Worksheet, XlsxError};

use super::number;
use super::styles::Styles;
use crate::domain::{Currency, Money};
use crate::export::language::{Label, Words, local};
use crate::export::table::clean;

/// Characters of one cell (Excel's own limit, in UTF-16 units); longer text is cut and says so.
const TEXT_MOST: usize = 32_767;
/// Decimals to which totals are rounded: an amount has no more, and the rest of a sum of doubles is noise.
pub(super) const SCALE: u32 = crate::domain::Amount::SCALE;

/// One cell.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Count(u64),
    /// Rows that came to count, less those that no longer do.
    Shift(i64),
    Money(Money),
    /// Per cent.
    Percent(Option<Decimal>),
    /// RFC 3339.
    Moment(String),
    /// A formula for an amount and what it comes to.
    Formula(String, Money),
}

impl Cell {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
    }
}

/// Whether a column has a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Total {
    No,
    /// Σ of each currency.
    ByCurrency,
}

/// One column: its heading, its width in characters, its total.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) heading: String,
    pub(super) width: u8,
    pub(super) total: Total,
}

/// The place of a table in its sheet.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) name: String,
    pub(super) first: RowNum,
    pub(super) last: RowNum,
}

impl Layout {
    /// A column of the rows, as formulas name it.
    pub(super) fn column(&self, column: ColNum) -> String {
        let letter = letters(column);
        let name = self.name.replace('\'', "''");
        format!("'{name}'!${letter}${}:${letter}${}", self.first + 1, self.last + 1)
    }
}

/// `A`, `B`, … `AA`.
pub(super) fn letters(column: ColNum) -> String {
    let letter = |place: u16| char::from(b'A' + u8::try_from(place % 26).unwrap_or(0));
    match column / 26 {
        0 => letter(column).to_string(),
        more => format!("{}{}", letter(more - 1), letter(column)),
    }
}

/// A table to be written.
pub(super) struct Table<'a> {
    pub(super) columns: Vec<Column>,
    /// The column in which the currency stands, where there are amounts.
    pub(super) currency_column: Option<ColNum>,
    /// The currencies of which totals are wanted.
    pub(super) currencies: Vec<Currency>,
    pub(super) styles: &'a Styles,
    pub(super) words: Words,
}

/// Σ of one column and currency while rows are written.
#[derive(Default)]
struct Running {
    sum: Decimal,
    /// Some amount was too long for a number or for the sum.
    inexact: bool,
}

impl Table<'_> {
    fn totals_wanted(&self) -> bool {
        self.currency_column.is_some() && self.columns.iter().any(|column| column.total == Total::ByCurrency)
    }

    /// Where the rows will stand: below the title, the totals and the header.
    pub(super) fn layout(&self, name: &str, rows: usize) -> Layout {
        let totals = if self.totals_wanted() { self.currencies.len() } else { 0 };
        let first = RowNum::try_from(totals + 2).unwrap_or(RowNum::MAX);
        let rows = RowNum::try_from(rows.max(1)).unwrap_or(RowNum::MAX);
        Layout { name: name.to_owned(), first, last: first.saturating_add(rows - 1) }
    }

    /// Writes everything. Answers whether every amount is a number.
    pub(super) fn write(
        &self,
        sheet: &mut Worksheet,
        layout: &Layout,
        title: &str,
        rows: impl Iterator<Item = Vec<Cell>>,
    ) -> Result<AllNumbers, XlsxError> {
        sheet.set_name(&layout.name)?;
        sheet.write_string_with_format(0, 0, title, &self.styles.title)?;
        for (at, column) in (0..).zip(&self.columns) {
            let format =
                if column.total == Total::ByCurrency { &self.styles.header_right } else { &self.styles.header };
            sheet.write_string_with_format(layout.first - 1, at, &column.heading, format)?;
            sheet.set_column_width(at, column.width)?;
        }
        let mut running: BTreeMap<(ColNum, Currency), Running> = BTreeMap::new();
        for (row, cells) in (layout.first..).zip(rows) {
            for (column, cell) in (0..).zip(cells) {
                self.cell(sheet, (row, column), cell, &mut running)?;
            }
        }
        self.totals(sheet, layout, &running)?;
        let last_column = ColNum::try_from(self.columns.len().saturating_sub(1)).unwrap_or(0);
        sheet.autofilter(layout.first - 1, 0, layout.last, last_column)?;
        sheet.set_freeze_panes(layout.first, 0)?;
        sheet.set_landscape().set_paper_size(PAPER_A4).set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(layout.first - 1, layout.first - 1)?;
        Ok(if running.values().any(|running| running.inexact) { AllNumbers::No } else { AllNumbers::Yes })
    }

    fn cell(
        &self,
        sheet: &mut Worksheet,
        (row, column): (RowNum, ColNum),
        cell: Cell,
        running: &mut BTreeMap<(ColNum, Currency), Running>,
    ) -> Result<(), XlsxError> {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => {
                sheet.write_string(row, column, cut(&text))?;
            }
            Cell::Count(count) => match number::count(count) {
                Some(number) => drop(sheet.write_number_with_format(row, column, number, &self.styles.count)?),
                None => drop(sheet.write_string(row, column, count.to_string())?),
            },
            Cell::Shift(count) => match number::number(count.into()) {
                Some(number) => drop(sheet.write_number_with_format(row, column, number, &self.styles.count)?),
                None => drop(sheet.write_string(row, column, count.to_string())?),
            },
            Cell::Percent(rate) => {
                if let Some(number) = rate.and_then(number::fraction) {
                    sheet.write_number_with_format(row, column, number, &self.styles.percent)?;
                }
            }
            Cell::Moment(at) => match moment(&at) {
                Some(moment) => drop(sheet.write_datetime_with_format(row, column, &moment, &self.styles.moment)?),
                None => drop(sheet.write_string(row, column, cut(&at))?),
            },
            Cell::Money(money) => {
                let whole = self.money(sheet, (row, column), money)?;
                let entry = running.entry((column, money.currency())).or_default();
                match (whole, entry.sum.checked_add(money.amount())) {
                    (AllNumbers::Yes, Some(sum)) => entry.sum = sum,
                    _ => entry.inexact = true,
                }
            }
            Cell::Formula(formula, money) => {
                self.formula(sheet, (row, column), &formula, money, &self.styles.money(money))?
            }
        }
        Ok(())
    }

    /// An amount as a number, or as text with a note where it has too many digits.
    fn money(
        &self,
        sheet: &mut Worksheet,
        (row, column): (RowNum, ColNum),
        money: Money,
    ) -> Result<AllNumbers, XlsxError> {
        if let Some(number) = number::number(money.amount()) {
            sheet.write_number_with_format(row, column, number, &self.styles.money(money))?;
            return Ok(AllNumbers::Yes);
        }
        sheet.write_string_with_format(row, column, self.words.money(money), &self.styles.right)?;
        sheet.insert_note(row, column, &Note::new(self.words.of_label(Label::TextAmount)).add_author_prefix(false))?;
        Ok(AllNumbers::No)
    }

    /// A formula with its result, or the exact text where the result has too many digits.
    fn formula(
        &self,
        sheet: &mut Worksheet,
        (row, column): (RowNum, ColNum),
        formula: &str,
        result: Money,
        format: &Format,
    ) -> Result<(), XlsxError> {
        if number::number(result.amount()).is_none() {
            self.money(sheet, (row, column), result)?;
            return Ok(());
        }
        let cached = result.amount().normalize().to_string();
        sheet.write_formula_with_format(row, column, Formula::new(formula).set_result(cached), format)?;
        Ok(())
    }

    fn totals(
        &self,
        sheet: &mut Worksheet,
        layout: &Layout,
        running: &BTreeMap<(ColNum, Currency), Running>,
    ) -> Result<(), XlsxError> {
        let Some(currency_column) = self.currency_column.filter(|_| self.totals_wanted()) else { return Ok(()) };
        for (row, currency) in (1..).zip(&self.currencies) {
            let label = format!("{} {currency}", self.words.heading(Label::Total));
            sheet.write_string_with_format(row, 0, label, &self.styles.bold)?;
            for (at, column) in (0..).zip(&self.columns) {
                if column.total == Total::No {
                    continue;
                }
                let zero = Running::default();
                let total = running.get(&(at, *currency)).unwrap_or(&zero);
                if total.inexact {
                    // A formula would leave out the amounts that are text; better no total than a wrong one.
                    sheet.write_string_with_format(row, at, "–", &self.styles.right)?;
                    continue;
                }
                let criterion = layout.column(currency_column);
                let formula = format!("=ROUND(SUMIFS({},{criterion},\"{currency}\"),{SCALE})", layout.column(at));
                let money = Money::new(total.sum, *currency);
                self.formula(sheet, (row, at), &formula, money, &self.styles.total(money))?;
            }
        }
        Ok(())
    }
}

/// ISO A4 in Excel's list of papers.
const PAPER_A4: u8 = 9;

/// Whether every amount fits a workbook's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AllNumbers {
    Yes,
    No,
}

/// Text that fits a cell and drives no terminal.
fn cut(text: &str) -> String {
    let text = clean(text);
    if text.encode_utf16().count() <= TEXT_MOST {
        return text;
    }
    let mut left = TEXT_MOST - 1;
    let kept: String = text
        .chars()
        .take_while(|c| {
            let fits = left >= c.len_utf16();
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    format!("{kept}…")
}

/// An instant as the local time of its own offset; `None` before 1900, where workbooks know no dates.
fn moment(rfc3339: &str) -> Option<ExcelDateTime> {
    use chrono::{Datelike, Timelike};
    let at = local(rfc3339)?;
    let year = u16::try_from(at.year()).ok().filter(|year| *year >= 1900)?;
    let date = ExcelDateTime::from_ymd(year, u8::try_from(at.month()).ok()?, u8::try_from(at.day()).ok()?).ok()?;
    let [hour, minute] = [at.hour(), at.minute()].map(u16::try_from);
    date.and_hms(hour.ok()?, u8::try_from(minute.ok()?).ok()?, u8::try_from(at.second()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_a_workbook_names_them() {
        assert_eq!([0, 25, 26, 51].map(letters), ["A", "Z", "AA", "AZ"]);
        let layout = Layout { name: "D'accord".to_owned(), first: 4, last: 9 };
        assert_eq!(layout.column(2), "'D''accord'!$C$5:$C$10");
    }

    #[test]
    fn text_that_is_too_long_is_cut_and_says_so() {
        let long = cut(&"🙂".repeat(20_000));
        assert!(long.ends_with('…') && long.encode_utf16().count() <= TEXT_MOST);
        assert_eq!(cut("a\u{1b}b"), "a\u{fffd}b");
    }
}
