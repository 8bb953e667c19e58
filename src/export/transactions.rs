//! The rows of a period, normalised: one line a row, in the order of the files, nothing summed.

use super::csv::{CsvDialect, CsvLine};
use super::figures::{DateForm, amount_decimals, push_date};
use crate::parse::SettlementRow;
use crate::report::journal::{Ledger, LedgerSettlement};

const COLUMNS: [&str; 22] = [
    "account",
    "date",
    "posted",
    "settlement_id",
    "kind",
    "type",
    "transaction_id",
    "seller_reference_id",
    "order_reference_id",
    "seller_order_id",
    "store_name",
    "description",
    "currency",
    "amount",
    "percentage_fee",
    "fixed_fee",
    "fee",
    "net",
    "vat_on_fees",
    "source_file",
    "source_line",
    "extra",
];

/// The names of the columns.
pub fn transactions_header(dialect: CsvDialect, out: &mut Vec<u8>) {
    CsvLine::header(dialect, &COLUMNS, out);
}

/// One row.
pub fn push_transaction(
    dialect: CsvDialect,
    row: &SettlementRow<'_>,
    ledger: &Ledger,
    settlement: &LedgerSettlement,
    out: &mut Vec<u8>,
) {
    let zone = ledger.period.zone();
    let mut line = CsvLine::new(dialect, out);
    line.text(ledger.account.as_str());
    push_date(zone.date_of(row.posted), DateForm::Iso, line.raw());
    line.text(&row.posted.rfc3339_in(&zone.tz()));
    for text in [
        row.settlement_id,
        row.kind.word(),
        row.word,
        row.transaction_id,
        row.seller_reference_id,
        row.order_reference_id,
        row.seller_order_id,
        row.store_name,
        row.description,
        row.currency.code(),
    ] {
        line.text(text);
    }
    for amount in [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net] {
        let amount = amount.into();
        line.amount(Some(amount), amount_decimals(amount, row.currency));
    }
    line.text(ledger.vat.treatment.word());
    line.text(&settlement.file);
    line.number(row.line);
    line.text(row.extra);
    line.end();
}
