//! Prints settlements in the exact layout of Amazon's files: a preamble of key and value, a header,
//! one quoted line for each row. Every shop prints in its own accepted form (see [`super::country`]).

use super::books::{Delivery, Row, Settlement};
use super::country::{Cents, Layout};
use super::plan::AccountPlan;
use crate::domain::{Instant, RowKind, Zone};

/// The columns of a settlement file, in their order.
pub(super) const COLUMNS: [&str; 15] = [
    "TransactionPostedDate",
    "SettlementId",
    "AmazonTransactionId",
    "SellerReferenceId",
    "TransactionType",
    "AmazonOrderReferenceId",
    "SellerOrderId",
    "StoreName",
    "CurrencyCode",
    "TransactionDescription",
    "TransactionAmount",
    "TransactionPercentageFee",
    "TransactionFixedFee",
    "TotalTransactionFee",
    "NetTransactionAmount",
];

/// The bytes of one settlement file.
#[must_use]
pub(super) fn settlement_file(account: &AccountPlan, settlement: &Settlement) -> Vec<u8> {
    let layout = &account.market.habits.layout;
    let stamp = |at| stamped(layout, account.zone, at);
    let mut out = Page { text: layout.mark.to_owned(), line_end: layout.line_end };
    out.line(&["Amazon Payments Advanced"], ",");
    out.line(&["Settlement Report"], ",");
    out.line(&["SellerId", account.seller.as_str()], "");
    out.line(&["SettlementStartDate", &stamp(settlement.window.start)], "");
    out.line(&["SettlementEndDate", &stamp(settlement.window.end)], "");
    for _ in 1..layout.seller_lines {
        out.line(&["SellerId", account.seller.as_str()], "");
    }
    out.line(&COLUMNS, layout.header_tail);
    for row in &settlement.rows {
        print_row(&mut out, account, settlement, row);
    }
    out.text.into_bytes()
}

/// The bytes of the second file of a settlement that is issued twice: the same rows, but the merchant's
/// references have been replaced.
#[must_use]
pub(super) fn reissued_file(account: &AccountPlan, settlement: &Settlement) -> Vec<u8> {
    let mut again = settlement.clone();
    again.delivery = Delivery::Once;
    for row in &mut again.rows {
        if let Some(reference) = &mut row.ids.seller_reference {
            reference.push_str("-CORRECTED");
        }
    }
    settlement_file(account, &again)
}

/// The line of a settlement's row in its file, both counted from 1 and 0 respectively.
#[must_use]
pub(super) fn line_of_row(layout: &Layout, row: usize) -> usize {
    let preamble = 4 + layout.seller_lines;
    let header = 1;
    preamble + header + row + 1
}

/// An instant as this shop's files print it.
#[must_use]
pub(super) fn stamped(layout: &Layout, zone: Zone, at: Instant) -> String {
    let clock = layout.stamp.clock.unwrap_or(zone.tz());
    at.utc().with_timezone(&clock).format(layout.stamp.format).to_string()
}

/// An amount with two decimal places.
#[must_use]
pub(super) fn decimal(amount: Cents) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", amount.unsigned_abs() / 100, amount.unsigned_abs() % 100)
}

/// Lines of quoted cells.
#[derive(Debug)]
pub(super) struct Page {
    /// What has been written.
    pub text: String,
    /// The end of each line.
    pub line_end: &'static str,
}

impl Page {
    /// A page that begins with its header.
    #[must_use]
    pub(super) fn with_header(columns: &[&str], line_end: &'static str) -> Self {
        let mut page = Self { text: String::new(), line_end };
        page.line(columns, "");
        page
    }

    /// Adds a line: every cell quoted, quotes doubled, then the tail.
    pub(super) fn line(&mut self, cells: &[&str], tail: &str) {
        for (position, cell) in cells.iter().enumerate() {
            if position > 0 {
                self.text.push(',');
            }
            self.text.push('"');
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        }
        self.text.push_str(tail);
        self.text.push_str(self.line_end);
    }
}

fn print_row(out: &mut Page, account: &AccountPlan, settlement: &Settlement, row: &Row) {
    let layout = &account.market.habits.layout;
    let ids = &row.ids;
    let text = |cell: Option<&str>| cell.unwrap_or_default().to_owned();
    let store = ids.seller_order.as_ref().map_or("", |_| account.market.store);
    // Real files print the fees of a payout as a bare 0.
    let bare = matches!(row.kind, RowKind::Transfer | RowKind::Reserve | RowKind::Carryover);
    let fee = |amount: Cents| match amount {
        0 if bare => "0".to_owned(),
        0 => layout.zero.to_owned(),
        amount => decimal(amount),
    };
    let gross = if row.figures.amount == 0 { layout.zero.to_owned() } else { decimal(row.figures.amount) };
    let cells = [
        stamped(layout, account.zone, row.posted),
        row.foreign_settlement.as_ref().unwrap_or(&settlement.id).to_string(),
        text(ids.transaction.as_ref().map(|id| id.as_str())),
        text(ids.seller_reference.as_deref()),
        row.word.to_owned(),
        text(ids.order_reference.as_ref().map(|id| id.as_str())),
        text(ids.seller_order.as_ref().map(|id| id.as_str())),
        store.to_owned(),
        account.currency.code().to_owned(),
        row.description.to_owned(),
        gross,
        fee(row.figures.percentage_fee),
        fee(row.figures.fixed_fee),
        fee(row.figures.total_fee),
        decimal(row.figures.net),
    ];
    out.line(&cells.each_ref().map(String::as_str), "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_places_and_one_sign() {
        assert_eq!(decimal(-5), "-0.05");
        assert_eq!(decimal(123_456), "1234.56");
        assert_eq!(decimal(0), "0.00");
    }

    #[test]
    fn quotes_are_doubled_and_commas_stay_inside() {
        let page = Page::with_header(&["a \"b\", c", ""], "\r\n");
        assert_eq!(page.text, "\"a \"\"b\"\", c\",\"\"\r\n");
    }
}
