//! The claim list: every row that was charged too much, for Amazon's support, as CSV.

use super::csv::{Cell, CsvDialect, CsvText};
use super::writer::WriteError;
use crate::domain::Money;
use crate::report::FeeAudit;

/// The columns, in order; added to at the end, never renamed.
const COLUMNS: [&str; 16] = [
    "account",
    "settlement_id",
    "transaction_id",
    "order_reference_id",
    "seller_order_id",
    "posted",
    "kind",
    "currency",
    "amount",
    "tariff",
    "percentage",
    "fee_expected",
    "fee_charged",
    "overcharged",
    "file",
    "line",
];

/// One line for each overcharged row; what was charged too little is not listed. Fees are positive here.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn claims_csv(audit: &FeeAudit, dialect: CsvDialect) -> Result<String, WriteError> {
    table(audit, dialect).map_err(|why| WriteError::from(std::io::Error::from(why)))
}

fn table(audit: &FeeAudit, dialect: CsvDialect) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(dialect);
    text.header(&COLUMNS)?;
    let overcharged = |difference: Money| difference.amount().is_sign_negative() && !difference.is_zero();
    for deviation in audit.deviations.iter().filter(|deviation| overcharged(deviation.difference)) {
        text.row(&[
            Cell::Text(deviation.account.as_str()),
            Cell::Text(&deviation.settlement_id),
            Cell::Text(deviation.transaction_id.as_str()),
            Cell::Text(&deviation.order_reference_id),
            Cell::Text(&deviation.seller_order_id),
            Cell::Text(&deviation.posted),
            Cell::Text(deviation.kind),
            Cell::Text(deviation.charged.currency().code()),
            Cell::Amount(deviation.amount),
            Cell::Text(&deviation.tariff),
            Cell::text(deviation.rate.as_deref()),
            Cell::Amount(-deviation.expected),
            Cell::Amount(-deviation.charged),
            Cell::Amount(-deviation.difference),
            Cell::Text(&deviation.file),
            Cell::Count(deviation.line),
        ])?;
    }
    text.finish()
}
