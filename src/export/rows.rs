//! The source rows behind a statement, one line each (`settle report -v`).

use super::language::{Label, Words};
use super::table::clean;
use crate::config::Language;
use crate::domain::Zone;
use crate::parse::SettlementRow;

/// Widths of the columns that follow the place.
const POSTED: usize = 25;
const KIND: usize = 14;
const MONEY: usize = 13;

/// The line above the rows of one file.
#[must_use]
pub fn row_header(file: &str, language: Language) -> String {
    let words = Words::of(language);
    let [line, posted, word, gross, fee, net, names] =
        [Label::Line, Label::Posted, Label::Type, Label::Gross, Label::Fees, Label::Net, Label::RowNames]
            .map(|label| words.of_label(label));
    let file = clean(file);
    format!(
        "\n{file}\n  {line:>8}  {posted:<POSTED$}  {word:<KIND$}  {gross:>MONEY$}  {fee:>MONEY$}  {net:>MONEY$}  {names}\n"
    )
}

/// One row as a line.
#[must_use]
pub fn format_row(row: &SettlementRow<'_>, zone: Zone, language: Language) -> String {
    let words = Words::of(language);
    let money = |amount: crate::domain::Amount| words.money(amount.in_currency(row.currency));
    let names = [row.seller_order_id, row.order_reference_id, row.transaction_id];
    let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).map(|name| clean(name)).collect();
    let line = format!(
        "  {:>8}  {:<POSTED$}  {:<KIND$}  {:>MONEY$}  {:>MONEY$}  {:>MONEY$}  {} {}",
        row.line,
        words.instant_in_text(&row.posted.rfc3339_in(&zone.tz())),
        clean(row.word),
        money(row.amount),
        money(row.fee),
        money(row.net),
        row.currency,
        names.join(" ")
    );
    format!("{}\n", line.trim_end())
}
