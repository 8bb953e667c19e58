//! A comparison as one tidy CSV table: totals and rows, told apart by `section` and `state`.

use super::csv::{Cell, CsvDialect, CsvText};
use super::writer::WriteError;
use crate::report::{DiffCells, DiffDocument, DiffFigures, DiffRow};

/// The columns, in order; added to at the end, never renamed.
const COLUMNS: [&str; 19] = [
    "section",
    "state",
    "side",
    "account",
    "currency",
    "kind",
    "count",
    "posted",
    "settlement_id",
    "transaction_id",
    "order_reference_id",
    "seller_order_id",
    "amount",
    "percentage_fee",
    "fixed_fee",
    "fee",
    "net",
    "place",
    "changed",
];

/// The document as CSV.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn diff_csv(document: &DiffDocument, dialect: CsvDialect) -> Result<String, WriteError> {
    table(document, dialect).map_err(|why| WriteError::from(std::io::Error::from(why)))
}

fn table(document: &DiffDocument, dialect: CsvDialect) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(dialect);
    text.header(&COLUMNS)?;
    for total in &document.totals {
        let sides: [(&str, Option<u64>, &DiffFigures); 3] = [
            ("before", Some(total.count_before), &total.before),
            ("after", Some(total.count_after), &total.after),
            ("difference", None, &total.difference),
        ];
        for (side, count, figures) in sides {
            let mut cells = vec![Cell::Text("total"), Cell::Empty, Cell::Text(side)];
            cells.push(Cell::text(total.account.as_ref().map(|account| account.as_str())));
            cells.extend([Cell::Text(total.currency.code()), Cell::Text(total.kind)]);
            cells.push(count.map_or(Cell::Empty, Cell::Count));
            cells.extend((0..5).map(|_| Cell::Empty));
            cells.extend([Cell::Amount(figures.amount), Cell::Empty, Cell::Empty]);
            cells.extend([Cell::Amount(figures.fee), Cell::Amount(figures.net), Cell::Empty, Cell::Empty]);
            text.row(&cells)?;
        }
    }
    for row in &document.rows {
        for (side, cells) in [("before", &row.before), ("after", &row.after)] {
            if let Some(cells) = cells {
                push_row(row, side, cells, &mut text)?;
            }
        }
    }
    text.finish()
}

fn push_row(row: &DiffRow, side: &str, cells: &DiffCells, text: &mut CsvText) -> Result<(), ::csv::Error> {
    let (place, changed) = (format!("{}:{}", cells.file, cells.line), row.changed.join(" "));
    text.row(&[
        Cell::Text("row"),
        Cell::Text(row.state.word()),
        Cell::Text(side),
        Cell::Empty,
        Cell::Text(cells.currency.code()),
        Cell::Text(cells.kind),
        Cell::Empty,
        Cell::Text(&cells.posted),
        Cell::Text(&cells.settlement_id),
        Cell::Text(&cells.transaction_id),
        Cell::Text(&cells.order_reference_id),
        Cell::Text(&cells.seller_order_id),
        Cell::Amount(cells.amount),
        Cell::Amount(cells.percentage_fee),
        Cell::Amount(cells.fixed_fee),
        Cell::Amount(cells.fee),
        Cell::Amount(cells.net),
        Cell::Text(&place),
        Cell::Text(&changed),
    ])
}
