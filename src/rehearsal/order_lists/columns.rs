//! The columns of each shop software, and a line in them.

use super::OrderListKind;
use super::files::{Line, List, Status};
use crate::rehearsal::layout::decimal;

impl List<'_> {
    pub(super) fn text(&self, seed: u64) -> String {
        let mut text = String::new();
        let mut push = |cells: &[String], separator: &str| {
            text.push_str(&cells.join(separator));
            text.push_str("\r\n");
        };
        let separator = if self.kind == OrderListKind::Shopware { ";" } else { "," };
        push(&self.header().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), separator);
        for line in self.lines(seed) {
            push(&self.cells(&line), separator);
            if self.kind == OrderListKind::Shopify && line.total % 3 == 0 {
                // A second item: only the number is repeated.
                let mut item = vec![String::new(); self.header().len()];
                if let Some(first) = item.first_mut() {
                    *first = line.number.clone();
                }
                push(&item, separator);
            }
        }
        text
    }

    fn header(&self) -> &'static [&'static str] {
        match self.kind {
            OrderListKind::Woo => &[
                "order_id",
                "order_number",
                "order_date",
                "status",
                "order_total",
                "refunded_total",
                "order_currency",
                "payment_method",
                "transaction_id",
                "amazon_charge_id",
                "invoice_number",
                "billing_email",
            ],
            OrderListKind::Magento => &[
                "ID",
                "Purchase Date",
                "Grand Total (Base)",
                "Grand Total (Purchased)",
                "Currency",
                "Status",
                "Payment Method",
                "Total Refunded",
                "charge_permission_id",
                "txn_id",
                "Invoice #",
            ],
            OrderListKind::Shopify => &[
                "Name",
                "Email",
                "Financial Status",
                "Paid at",
                "Currency",
                "Total",
                "Refunded Amount",
                "Created at",
                "Payment Method",
                "Payment Reference",
                "Payment ID",
                "Receipt Number",
            ],
            OrderListKind::Shopware => &[
                "orderNumber",
                "orderDateTime",
                "amountTotal",
                "refunded",
                "currency",
                "transactionState",
                "paymentMethod",
                "swag_amazon_pay_charge_permission_id",
                "swag_amazon_pay_charge_id",
                "invoiceNumber",
            ],
            OrderListKind::Generic => &[
                "order_id",
                "external_id",
                "gross",
                "refunded",
                "currency",
                "date",
                "status",
                "payment_method",
                "invoice_no",
            ],
        }
    }

    fn cells(&self, line: &Line) -> Vec<String> {
        let zone = self.books.account.zone.tz();
        let local = line.placed.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
        let with_offset = line.placed.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %z").to_string();
        let currency = self.books.account.currency.code().to_owned();
        let (total, refunded) = (decimal(line.total), decimal(line.refunded));
        let comma = |amount: &str| amount.replace('.', ",");
        let status = |paid: &str, cancelled: &str| {
            if line.status == Status::Paid { paid.to_owned() } else { cancelled.to_owned() }
        };
        let [permission, charge] = line.ids.clone();
        let (number, invoice, method) = (line.number.clone(), line.invoice.clone(), line.method.to_owned());
        match self.kind {
            OrderListKind::Woo => vec![
                number.clone(),
                number,
                local,
                status("wc-completed", "wc-cancelled"),
                total,
                refunded,
                currency,
                method,
                permission,
                charge,
                invoice,
                "\"buyer, x@example.org\"".to_owned(),
            ],
            OrderListKind::Magento => vec![
                number,
                local,
                format!("{total}00"),
                format!("{total}00"),
                currency,
                status("complete", "canceled"),
                method.replace("amazon_payments_advanced", "amazon_payment_v2"),
                format!("{refunded}00"),
                permission,
                charge,
                invoice,
            ],
            OrderListKind::Shopify => vec![
                number,
                "x@example.org".to_owned(),
                status("paid", "voided"),
                with_offset.clone(),
                currency,
                total,
                refunded,
                with_offset,
                method.replace("amazon_payments_advanced", "Amazon Pay"),
                permission,
                charge,
                invoice,
            ],
            OrderListKind::Shopware => vec![
                number,
                local,
                comma(&total),
                comma(&refunded),
                currency,
                status("paid", "cancelled"),
                method.replace("amazon_payments_advanced", "Amazon Pay"),
                permission,
                charge,
                invoice,
            ],
            OrderListKind::Generic => vec![
                number,
                format!("\"{permission} {charge}\""),
                total,
                refunded,
                currency,
                with_offset,
                status("paid", "cancelled"),
                method.replace("amazon_payments_advanced", "amazon_pay"),
                invoice,
            ],
        }
    }
}
