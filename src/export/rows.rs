//! The source rows behind a statement, one line each (`settle report -v`).

use super::table::{clean, grouped};
use crate::domain::Zone;
use crate::parse::SettlementRow;

/// Widths of the columns that follow the place.
const POSTED: usize = 25;
const KIND: usize = 14;
const MONEY: usize = 13;

/// The line above the rows of one file.
#[must_use]
pub fn row_header(file: &str) -> String {
    let file = clean(file);
    format!(
        "\n{file}\n  {:>8}  {:<POSTED$}  {:<KIND$}  {:>MONEY$}  {:>MONEY$}  {:>MONEY$}  {}\n",
        "line", "posted", "type", "gross", "fee", "net", "currency, order, transaction"
    )
}

/// One row as a line.
#[must_use]
pub fn format_row(row: &SettlementRow<'_>, zone: Zone) -> String {
    let money = |amount: crate::domain::Amount| grouped(&amount.in_currency(row.currency).to_string());
    let names = [row.seller_order_id, row.order_reference_id, row.transaction_id];
    let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).map(|name| clean(name)).collect();
    let line = format!(
        "  {:>8}  {:<POSTED$}  {:<KIND$}  {:>MONEY$}  {:>MONEY$}  {:>MONEY$}  {} {}",
        row.line,
        row.posted.rfc3339_in(&zone.tz()),
        clean(row.word),
        money(row.amount),
        money(row.fee),
        money(row.net),
        row.currency,
        names.join(" ")
    );
    format!("{}\n", line.trim_end())
}
