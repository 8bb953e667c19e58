//! Orders and rows whose keys collide, for properties.

use proptest::prelude::*;

use super::book::OrderBook;
use super::payments::{PaymentPiece, PaymentSink};
use super::piece::{NewOrder, OrderPiece};
use super::read::Window;
use super::status::OrderStatus;
use crate::domain::{Amount, Currency, Instant, RowKind};
use crate::parse::{RowSink, SettlementRow};

/// Places of an order's number, reference, id of Amazon and currency among those below.
type OrderKeys = (usize, usize, usize, usize);
/// Places of a row's transaction, charge permission, reference, order and currency among those below.
type RowKeys = (usize, usize, usize, usize, usize);

/// Texts that collide: ids with and without a charge, in both cases, of an authorization, and names.
const IDS: [&str; 9] = [
    "",
    "P02-1234567-0000001",
    "p02-1234567-0000001",
    "P02-1234567-0000002",
    "P02-1234567-0000001-C000001",
    "P02-1234567-0000001-A000001",
    "P02-1234567-0000002-C000001-capture",
    "S01-1234567-0000001-C000001",
    // Begins like the first and is another charge permission.
    "P02-1234567-00000012",
];
const NAMES: [&str; 5] = ["", "7", "#007", "8", "ref-7"];
const CURRENCIES: [&str; 2] = ["EUR", "GBP"];

fn euros_or_pounds(at: usize) -> Currency {
    CURRENCIES[at].parse().unwrap()
}

/// A book in which every order has a list of its own.
pub(super) fn book(orders: &[OrderKeys]) -> OrderBook {
    let mut book = OrderBook::default();
    for (number, (id, reference, amazon, currency)) in orders.iter().enumerate() {
        let mut piece = OrderPiece::default();
        let own = format!("{}{}", NAMES[*id], if *id == 0 { number.to_string() } else { String::new() });
        let order = NewOrder {
            id: &own,
            reference: NAMES[*reference],
            invoice: "",
            gross: Amount::from_units(10),
            refunded: None,
            currency: euros_or_pounds(*currency),
            placed: None,
            status: OrderStatus::Paid,
            line: 2,
        };
        piece.push(&order, std::iter::once(IDS[*amazon]), &book.hasher);
        book.add("orders.csv", vec![piece]);
    }
    book.index();
    book
}

/// Rows of all kinds, posted at the first milliseconds of 1970.
pub(super) fn rows(book: &OrderBook, rows: &[RowKeys]) -> PaymentPiece {
    let mut sink = PaymentSink::new(book.payment_filter(Window::ALWAYS, None));
    for (transaction, permission, reference, order, currency) in rows {
        let kind = [RowKind::Capture, RowKind::Refund, RowKind::Chargeback][reference % 3];
        let amount = Amount::from_units(if kind == RowKind::Capture { 10 } else { -10 });
        sink.row(&SettlementRow {
            line: 7,
            posted: Instant::new(i64::try_from(*permission).unwrap(), 0),
            settlement_id: "1",
            transaction_id: IDS[*transaction],
            seller_reference_id: NAMES[*reference],
            word: "",
            kind,
            order_reference_id: IDS[*permission],
            seller_order_id: NAMES[*order],
            store_name: "",
            currency: euros_or_pounds(*currency),
            description: "",
            amount,
            percentage_fee: amount,
            fixed_fee: amount,
            fee: amount,
            net: amount,
            extra: "",
        });
    }
    sink.finish()
}

/// Some orders and some rows.
pub(super) fn collisions() -> impl Strategy<Value = (Vec<OrderKeys>, Vec<RowKeys>)> {
    let orders = proptest::collection::vec((0..5_usize, 0..5_usize, 0..IDS.len(), 0..2_usize), 0..6);
    let rows = proptest::collection::vec((0..IDS.len(), 0..IDS.len(), 0..5_usize, 0..5_usize, 0..2_usize), 1..100);
    (orders, rows)
}
