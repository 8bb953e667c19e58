//! What stands in a list, and the key of the truth.

use chrono::TimeDelta;
use serde::Serialize;

use super::{CROSS_BORDER_MORE, OrderFault, OrderListKind, Plant, PlantedOrder, TariffAnswer};
use crate::domain::{Instant, RowKind, SellerOrderId, TransactionId};
use crate::rehearsal::SampleFile;
use crate::rehearsal::answer::{money, utc};
use crate::rehearsal::books::{Books, Order, Row};
use crate::rehearsal::country::Cents;
use crate::rehearsal::layout::line_of_row;
use crate::rehearsal::plan::{AccountPlan, RehearsalError};
use crate::rehearsal::random::Random;

/// The lists and the key: files of the sample.
///
/// # Errors
/// [`RehearsalError::Json`].
pub(in crate::rehearsal) fn order_files(
    all: &[Books],
    kind: OrderListKind,
    seed: u64,
) -> Result<Vec<SampleFile>, RehearsalError> {
    let mut files = Vec::new();
    let (mut planted, mut tariffs) = (Vec::new(), Vec::new());
    for books in all {
        let plants = &books.events.plants;
        let list = List { books, plants, kind };
        // Beside the account's folder, so that a reader of reports does not meet them.
        files.push(SampleFile {
            path: format!("orders/orders-{}-{}.csv", kind.word(), books.account.name),
            bytes: list.text(seed).into_bytes(),
        });
        planted.extend(plants.iter().filter_map(|plant| list.answer(plant)));
        tariffs.push(tariff(&books.account));
    }
    let key = Key { schema: "settle.rehearsal.orders/1", kind, planted: &planted, tariffs: &tariffs };
    files.push(SampleFile { path: "expected/orders-key.json".to_owned(), bytes: serde_json::to_vec_pretty(&key)? });
    files.push(SampleFile { path: "orders/.settleignore".to_owned(), bytes: Vec::new() });
    Ok(files)
}

#[derive(Serialize)]
struct Key<'a> {
    schema: &'static str,
    pub(super) kind: OrderListKind,
    planted: &'a [PlantedOrder],
    tariffs: &'a [TariffAnswer],
}

fn tariff(account: &AccountPlan) -> TariffAnswer {
    let market = account.market;
    let percent = |rate: i64| format!("{}.{:02}", rate / 100, rate % 100);
    let fee = |cents| money(cents, account.currency);
    TariffAnswer {
        name: account.name.clone(),
        merchant_id: account.seller.as_str().to_owned(),
        country: market.country,
        percentage: percent(market.percentage),
        percentage_cross_border: percent(market.percentage + CROSS_BORDER_MORE),
        fixed: fee(market.fixed),
        authorization: fee(market.authorization),
        chargeback: fee(market.dispute),
        rounding_unit: fee(market.step),
    }
}

pub(super) struct List<'a> {
    pub(super) books: &'a Books,
    plants: &'a [Plant],
    pub(super) kind: OrderListKind,
}

/// One order as a list shows it.
pub(super) struct Line {
    pub(super) number: String,
    pub(super) ids: [String; 2],
    pub(super) total: Cents,
    pub(super) refunded: Cents,
    pub(super) placed: Instant,
    pub(super) status: Status,
    pub(super) method: &'static str,
    pub(super) invoice: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Paid,
    Cancelled,
}

impl List<'_> {
    fn fault(&self, order: usize) -> Option<OrderFault> {
        self.plants.iter().find(|plant| plant.order == order).map(|plant| plant.fault)
    }

    fn answer(&self, plant: &Plant) -> Option<PlantedOrder> {
        let account = &self.books.account;
        let order = self.books.events.orders.get(plant.order)?;
        let wrong_fee = matches!(plant.fault, OrderFault::Overcharged | OrderFault::Undercharged);
        Some(PlantedOrder {
            name: account.name.clone(),
            fault: plant.fault,
            order: self.number(&order.seller_order),
            transaction_id: plant.transaction.clone(),
            at: utc(order.captured),
            amount: money(plant.amount, account.currency),
            place: wrong_fee.then(|| self.place(&plant.transaction)).flatten(),
        })
    }

    /// The file and line of a row.
    fn place(&self, transaction: &TransactionId) -> Option<(String, usize)> {
        let account = &self.books.account;
        self.books.known().find_map(|settlement| {
            let is_it = |row: &Row| row.kind == RowKind::Capture && row.ids.transaction.as_ref() == Some(transaction);
            let row = settlement.rows.iter().position(is_it)?;
            let file = format!("{}/{}", account.name, settlement.file_name());
            Some((file, line_of_row(&account.market.habits.layout, row)))
        })
    }

    /// The number that the list prints; Shopify puts a `#` before it.
    fn number(&self, order: &SellerOrderId) -> String {
        if self.kind == OrderListKind::Shopify { format!("#{order}") } else { order.as_str().to_owned() }
    }

    pub(super) fn lines(&self, seed: u64) -> Vec<Line> {
        let account = &self.books.account;
        let mut random = Random::for_purpose(seed, &format!("list {} {}", account.position, account.market.country));
        let mut lines = Vec::new();
        for (at, order) in self.books.events.orders.iter().enumerate() {
            let roll = random.below(100);
            let back = TimeDelta::minutes(random.between(1, 1_400)).num_milliseconds();
            let fault = self.fault(at);
            if fault == Some(OrderFault::OrphanCapture) {
                continue;
            }
            let more = if fault == Some(OrderFault::AmountDiffers) { account.market.step } else { 0 };
            let (charge, permission) = (order.capture.as_str().to_owned(), order.reference.as_str().to_owned());
            // Not every order has every id: each rung of the ladder is needed by some.
            let ids = match roll {
                0..40 => [permission, charge],
                40..60 => [permission, String::new()],
                60..75 => [String::new(), format!("{}-capture", charge.to_lowercase())],
                75..85 => [order.authorization.as_str().to_owned(), String::new()],
                _ => [String::new(), String::new()],
            };
            lines.push(Line {
                number: self.number(&order.seller_order),
                ids,
                total: order.price + more,
                refunded: self.refunded(order),
                placed: Instant::new(order.captured.utc_millis() - back, 0),
                status: Status::Paid,
                method: "amazon_payments_advanced",
                invoice: format!("INV-{}", order.number),
            });
            if roll % 10 == 3 {
                lines.push(self.stranger(order, &mut random));
            }
        }
        for (at, expired) in self.books.events.expired.iter().enumerate() {
            lines.push(Line {
                number: self.number(&expired.seller_order),
                ids: [expired.reference.as_str().to_owned(), String::new()],
                total: expired.price,
                refunded: 0,
                placed: Instant::new(expired.at.utc_millis() - TimeDelta::days(2).num_milliseconds(), 0),
                status: Status::Cancelled,
                method: "amazon_payments_advanced",
                invoice: format!("INV-X{at}"),
            });
        }
        lines
    }

    /// An order of the same total, paid otherwise.
    fn stranger(&self, order: &Order, random: &mut Random) -> Line {
        Line {
            number: format!("{}-P{}", self.books.account.market.country, random.digits(8)),
            ids: [random.capitals(17), String::new()],
            total: order.price,
            refunded: 0,
            placed: order.captured,
            status: Status::Paid,
            method: "paypal",
            invoice: format!("INV-P{}", random.digits(6)),
        }
    }

    /// What the settlements refunded for an order.
    fn refunded(&self, order: &Order) -> Cents {
        let rows = self.books.known().flat_map(|settlement| &settlement.rows);
        let of_order = rows
            .filter(|row| row.kind == RowKind::Refund && row.ids.order_reference.as_ref() == Some(&order.reference));
        -of_order.map(|row| row.figures.amount).sum::<Cents>()
    }
}
