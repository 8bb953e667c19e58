//! The rows behind a figure, for people and as CSV.

use super::csv::{Cell, CsvDialect, CsvText};
use super::table::{Align, Table, clean};
use super::writer::WriteError;
use crate::report::closing::{ExplainedPart, Explanation, FigureCheck, FigureList};

/// The columns, in order; added to at the end, never renamed.
const COLUMNS: [&str; 15] = [
    "part",
    "settlement_id",
    "file",
    "line",
    "sha256",
    "row_sha256",
    "posted",
    "kind",
    "type",
    "transaction_id",
    "order_reference_id",
    "rows",
    "currency",
    "value",
    "running",
];

/// Digits of a hash that are shown to people.
const HASH_SHOWN: usize = 12;

/// An explanation as text: a line a row, with the sum so far.
#[must_use]
pub fn explain_text(document: &Explanation) -> String {
    let currency = document.currency.map(|currency| format!(" {currency}")).unwrap_or_default();
    let value = shown(&document.value);
    let mut out = format!("{} = {}{currency}\n", clean(&document.path), clean(&value));
    if let Some(column) = document.column {
        out.push_str(&format!("  the sum of {column} over\n\n"));
    }
    let mut table =
        Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left, Align::Left, Align::Right, Align::Right]);
    document.parts.iter().for_each(|part| table.row(line(part)));
    if !table.is_empty() {
        table.write(&mut out, 2);
    }
    match (&document.sum, document.agrees) {
        (Some(sum), Some(true)) => out.push_str(&format!("\n  they add up to {sum}, as the statement says\n")),
        (Some(sum), _) => out.push_str(&format!("\n  they add up to {sum}, the statement says {}\n", clean(&value))),
        (None, _) => {}
    }
    for note in &document.notes {
        out.push_str(&format!("  {}\n", clean(note)));
    }
    out
}

fn line(part: &ExplainedPart) -> Vec<String> {
    let text = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
    let place = match (&part.file, part.line) {
        (Some(file), Some(line)) => format!("{}:{line}", clean(file)),
        (Some(file), None) => clean(file),
        (None, _) => "(configuration)".to_owned(),
    };
    let hash = part.row_sha256.as_ref().or(part.sha256.as_ref());
    let hash = hash.map(|hash| hash.as_str().get(..HASH_SHOWN).unwrap_or_default().to_owned()).unwrap_or_default();
    let what = match (part.part, part.rows) {
        ("document", Some(rows)) => format!("all {rows} movements"),
        ("configured", _) => "opening balance as configured".to_owned(),
        _ => text(&part.word),
    };
    let id = text(&part.transaction_id);
    vec![place, hash, text(&part.posted), what, id, part.value.clone(), part.running.clone()]
}

fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The outcome of adding up the rows behind every figure.
#[must_use]
pub fn check_text(check: &FigureCheck) -> String {
    let mut out =
        format!("{}: {} figures are sums; {} rows and totals were added\n", check.month, check.sums, check.rows);
    for figure in &check.differ {
        let sum = figure.sum.as_deref().unwrap_or_default();
        out.push_str(&format!(
            "  {}: the statement says {}, its rows {sum}\n",
            clean(&figure.path),
            clean(&shown(&figure.value))
        ));
    }
    if check.differ.is_empty() {
        out.push_str("  every one is what its rows add up to\n");
    }
    out
}

/// All figures, a line each.
#[must_use]
pub fn figures_text(list: &FigureList) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left]);
    for figure in &list.figures {
        table.row(vec![clean(&figure.path), clean(&shown(&figure.value))]);
    }
    let mut out = String::new();
    table.write(&mut out, 0);
    out
}

/// An explanation as CSV, a line a part.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn explain_csv(document: &Explanation, dialect: CsvDialect) -> Result<String, WriteError> {
    table_of(document, dialect).map_err(|why| WriteError::from(std::io::Error::from(why)))
}

fn table_of(document: &Explanation, dialect: CsvDialect) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(dialect);
    text.header(&COLUMNS)?;
    for part in &document.parts {
        text.row(&[
            Cell::Text(part.part),
            Cell::text(part.settlement_id.as_ref().map(|id| id.as_str())),
            Cell::text(part.file.as_deref()),
            part.line.map_or(Cell::Empty, Cell::Count),
            Cell::text(part.sha256.as_ref().map(|id| id.as_str())),
            Cell::text(part.row_sha256.as_ref().map(|id| id.as_str())),
            Cell::text(part.posted.as_deref()),
            Cell::text(part.kind),
            Cell::text(part.word.as_deref()),
            Cell::text(part.transaction_id.as_deref()),
            Cell::text(part.order_reference_id.as_deref()),
            part.rows.map_or(Cell::Empty, Cell::Count),
            Cell::text(document.currency.map(|currency| currency.code())),
            Cell::Number(&part.value),
            Cell::Number(&part.running),
        ])?;
    }
    text.finish()
}

/// All figures as CSV.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn figures_csv(list: &FigureList, dialect: CsvDialect) -> Result<String, WriteError> {
    let write = || -> Result<String, ::csv::Error> {
        let mut text = CsvText::new(dialect);
        text.header(&["path", "value"])?;
        for figure in &list.figures {
            let value = shown(&figure.value);
            // An amount stays a number; everything else is somebody's words.
            let number = value.parse::<rust_decimal::Decimal>().is_ok();
            let value = if number { Cell::Number(&value) } else { Cell::Text(&value) };
            text.row(&[Cell::Text(&figure.path), value])?;
        }
        text.finish()
    };
    write().map_err(|why| WriteError::from(std::io::Error::from(why)))
}
