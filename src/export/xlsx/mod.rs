//! The statement as a workbook: figures as real numbers and dates, totals as formulas, charts.
//!
//! The summary's movements are formulas over the transactions, totals stand above each table; all carry
//! cached results, so a reader that does not calculate shows the same cents as one that does. Two runs
//! over the same sources give the same bytes: the date of creation is the end of the period.

mod charts;
mod ledger;
mod number;
mod proof;
mod styles;
mod summary;
mod table;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::language::{Label, Words};
use crate::config::Language;
use crate::domain::Currency;
use crate::report::{Details, Statement};
use styles::Styles;
use table::{AllNumbers, Cell, Column, Table, Total};

/// Transactions of one workbook: what a sheet holds (1,048,576 rows), less title, totals and header.
pub const SHEET_ROWS_MAX: u64 = 1_000_000;

/// Why a workbook could not be made: a defect, which tests would have found.
#[derive(Debug, thiserror::Error)]
#[error("the workbook cannot be made: {0}")]
pub struct SheetError(#[from] XlsxError);

/// The workbook as bytes.
///
/// # Errors
/// [`SheetError`] where the workbook's rules are broken.
pub fn statement_xlsx(statement: &Statement, details: &Details, language: Language) -> Result<Vec<u8>, SheetError> {
    let words = Words::of(language);
    let currencies = currencies(statement);
    let styles = Styles::new(words, &currencies);
    let book = Book { statement, details, words, styles: &styles, currencies };
    let mut workbook = Workbook::new();
    workbook.set_properties(&book.properties());
    // Sheets stand in the order of reading; the transactions are written first, because the summary's
    // formulas depend on whether each of their amounts is a number.
    let mut transactions = rust_xlsxwriter::Worksheet::new();
    let (layout, numbers) = book.transactions(&mut transactions)?;
    book.summary(workbook.add_worksheet(), &layout, numbers)?;
    book.settlements(workbook.add_worksheet())?;
    book.payouts(workbook.add_worksheet())?;
    workbook.push_worksheet(transactions);
    book.fees(workbook.add_worksheet())?;
    book.disputes(workbook.add_worksheet())?;
    book.reconciliation(workbook.add_worksheet())?;
    book.checks(workbook.add_worksheet())?;
    book.sources(workbook.add_worksheet())?;
    Ok(workbook.save_to_buffer()?)
}

fn currencies(statement: &Statement) -> Vec<Currency> {
    let mut currencies: Vec<Currency> = statement.accounts.iter().map(|account| account.currency).collect();
    currencies.extend(statement.disputes.iter().map(|dispute| dispute.currency));
    let failed = statement.checks.iter().flat_map(|check| &check.failed);
    currencies.extend(failed.filter_map(|failed| Some(failed.difference?.currency())));
    currencies.sort();
    currencies.dedup();
    currencies
}

/// What every sheet is made from.
struct Book<'a> {
    statement: &'a Statement,
    details: &'a Details,
    words: Words,
    styles: &'a Styles,
    currencies: Vec<Currency>,
}

impl Book<'_> {
    fn properties(&self) -> DocProperties {
        let until = self.statement.period.until.as_deref().unwrap_or_default();
        let day = until.get(..10).and_then(|day| ExcelDateTime::parse_from_str(day).ok());
        let day = day.or_else(|| ExcelDateTime::from_ymd(2000, 1, 1).ok());
        let properties = DocProperties::new().set_title(self.title(Label::Statement)).set_author("settle");
        day.map_or(properties.clone(), |day| properties.set_creation_datetime(&day))
    }

    /// A heading with the period.
    fn title(&self, label: Label) -> String {
        let period = &self.statement.period;
        let what = match (&period.settlement_id, &period.month) {
            (Some(id), _) => self.words.fill(Label::OneSettlement, &[id.as_str()]),
            (None, Some(month)) => self.words.month(month),
            (None, None) => self.words.of_label(Label::Period).to_owned(),
        };
        format!("{}, {what}", self.words.heading(label))
    }

    /// A table of these columns: label, width, total.
    fn table(&self, columns: &[(Label, u8, Total)], currency_column: Option<u16>) -> Table<'_> {
        let column = |(label, width, total): &(Label, u8, Total)| Column {
            heading: self.words.heading(*label),
            width: *width,
            total: *total,
        };
        Table {
            columns: columns.iter().map(column).collect(),
            currency_column,
            currencies: self.currencies.clone(),
            styles: self.styles,
            words: self.words,
        }
    }

    /// Writes a table of few rows into a sheet of the same name; answers where it stands.
    fn sheet(
        &self,
        sheet: &mut rust_xlsxwriter::Worksheet,
        label: Label,
        table: &Table<'_>,
        rows: Vec<Vec<Cell>>,
    ) -> Result<(table::Layout, AllNumbers), XlsxError> {
        let layout = table.layout(&self.words.heading(label), rows.len());
        let numbers = table.write(sheet, &layout, &self.title(label), rows.into_iter())?;
        Ok((layout, numbers))
    }
}
