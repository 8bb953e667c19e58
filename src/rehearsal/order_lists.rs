//! Order lists of the invented shops, as their shop software would export them, with planted faults and a
//! key of the truth.
//!
//! Faults in the money (a second capture, a refund above the capture, a fee of one cent too much) are planted
//! before the books are settled, so that every balance still holds. The randomness is its own: without a list
//! not a byte of the sample changes.

use chrono::TimeDelta;
use serde::Serialize;

use super::SampleFile;
use super::answer::{money, utc};
use super::books::{Books, Figures, Ids, Order, Row};
use super::country::{Cents, Market};
use super::layout::{decimal, line_of_row};
use super::plan::{AccountPlan, RehearsalError};
use super::random::Random;
use super::shop::Life;
use crate::domain::{Instant, Money, RowKind, SellerOrderId, TransactionId};

/// The shop software that writes the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderListKind {
    /// WooCommerce.
    Woo,
    /// Magento.
    Magento,
    /// Shopify: one line for each item.
    Shopify,
    /// Shopware: decimal commas, semicolons.
    Shopware,
    /// Columns as settle names them.
    Generic,
}

impl OrderListKind {
    /// Every kind with its word on the command line.
    pub const TABLE: [(OrderListKind, &'static str); 5] = [
        (OrderListKind::Woo, "woo"),
        (OrderListKind::Magento, "magento"),
        (OrderListKind::Shopify, "shopify"),
        (OrderListKind::Shopware, "shopware"),
        (OrderListKind::Generic, "generic"),
    ];

    /// The word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == word).map(|row| row.0)
    }
}

/// What is wrong with an order or its money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderFault {
    /// The list lacks the order.
    OrphanCapture,
    /// The whole total was captured a second time.
    DuplicateCapture,
    /// More was refunded than captured.
    OverRefunded,
    /// The list says one cent more.
    AmountDiffers,
    /// The list has an order that was never captured.
    NotSettled,
    /// A refund after a chargeback.
    PossibleDoublePayment,
    /// The percentage fee is one cent too much.
    Overcharged,
    /// The percentage fee is one cent too little.
    Undercharged,
}

impl OrderFault {
    const ALL: [OrderFault; 8] = [
        OrderFault::OrphanCapture,
        OrderFault::DuplicateCapture,
        OrderFault::OverRefunded,
        OrderFault::AmountDiffers,
        OrderFault::NotSettled,
        OrderFault::PossibleDoublePayment,
        OrderFault::Overcharged,
        OrderFault::Undercharged,
    ];
}

/// A planted fault and its place.
#[derive(Clone, Debug, Serialize)]
pub struct PlantedOrder {
    /// The account.
    pub name: String,
    /// Which.
    pub fault: OrderFault,
    /// The order, as the list numbers it.
    pub order: String,
    /// The capture.
    pub transaction_id: TransactionId,
    /// When it was captured, or when the order was placed, UTC.
    pub at: String,
    /// What is concerned: the captured, refunded or ordered amount, or the difference of the fee.
    pub amount: Money,
    /// The file and line of the row with the wrong fee, relative to the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<(String, usize)>,
}

/// The tariff by which the honest fees of a shop were computed.
#[derive(Clone, Debug, Serialize)]
pub struct TariffAnswer {
    /// The account.
    pub name: String,
    /// The merchant id.
    pub merchant_id: String,
    /// Its country.
    pub country: &'static str,
    /// Percent.
    pub percentage: String,
    /// Percent, across borders.
    pub percentage_cross_border: String,
    /// Of a charge.
    pub fixed: Money,
    /// Of an expired authorization.
    pub authorization: Money,
    /// Of a contested chargeback.
    pub chargeback: Money,
    /// What fees are rounded to.
    pub rounding_unit: Money,
}

/// A fault as it is planted, before the books are settled.
#[derive(Clone, Debug)]
pub(super) struct Plant {
    fault: OrderFault,
    order: usize,
    amount: Cents,
    /// The row whose fee is wrong.
    transaction: TransactionId,
}

/// How many orders lie between two planted faults, so that one does not hide the other.
const STRIDE: usize = 9;
/// One capture in so many is charged as across borders.
const CROSS_BORDER_PER_MILLE: u64 = 120;
/// Ten-thousandths by which a charge across borders costs more: 1.5 %.
const CROSS_BORDER_MORE: i64 = 150;

/// Plants faults into the money of a shop, before it is settled, and makes some charges cross-border ones.
pub(super) fn plant(life: &mut Life, account: &AccountPlan, seed: u64, each: usize) {
    let mut random = Random::for_purpose(seed, &format!("orders {} {}", account.position, account.market.country));
    let followed: std::collections::BTreeSet<String> = followed_references(life);
    let kept = |order: &Order| !followed.contains(order.reference.as_str());
    let free: Vec<usize> =
        life.events.orders.iter().enumerate().filter(|(_, order)| kept(order)).map(|(at, _)| at).collect();
    cross_borders(life, account.market, &mut random);
    let mut plants = Vec::new();
    let slots = free.iter().step_by(STRIDE).copied();
    for (at, order) in slots.take(OrderFault::ALL.len() * each).enumerate() {
        let Some(fault) = OrderFault::ALL.get(at % OrderFault::ALL.len()) else { continue };
        plants.extend(plant_one(life, account, *fault, order, &mut random));
    }
    for rows in &mut life.rows {
        rows.sort_by_key(|row| row.posted);
    }
    life.events.plants = plants;
}

/// Orders to which something happens later anyway.
fn followed_references(life: &Life) -> std::collections::BTreeSet<String> {
    let rows = life.rows.iter().flatten().filter(|row| row.kind != RowKind::Capture);
    rows.filter_map(|row| row.ids.order_reference.as_ref()).map(|id| id.as_str().to_owned()).collect()
}

fn cross_borders(life: &mut Life, market: &'static Market, random: &mut Random) {
    let foreign = Market { percentage: market.percentage + CROSS_BORDER_MORE, ..*market };
    let mut abroad = std::collections::BTreeSet::new();
    for row in life.rows.iter_mut().flatten() {
        let Some(reference) = row.ids.order_reference.as_ref().map(|id| id.as_str().to_owned()) else { continue };
        if row.kind == RowKind::Capture && random.chance(CROSS_BORDER_PER_MILLE) {
            abroad.insert(reference.clone());
        }
        if matches!(row.kind, RowKind::Capture | RowKind::Refund) && abroad.contains(&reference) {
            let amount = row.figures.amount;
            row.figures = Figures::new(amount, -foreign.percentage_fee_rounded_half_up(amount), row.figures.fixed_fee);
        }
    }
}

fn plant_one(
    life: &mut Life,
    account: &AccountPlan,
    fault: OrderFault,
    position: usize,
    random: &mut Random,
) -> Option<Plant> {
    let order = life.events.orders.get(position)?.clone();
    let capture = captured_row(life, &order)?.clone();
    let step = account.market.step;
    let day = order.settlement;
    let mut transaction = order.capture.clone();
    let mut amount = order.price;
    let own = |letter: char, random: &mut Random| {
        TransactionId::new(format!("{}-{letter}{}", order.reference, random.digits(6)))
    };
    match fault {
        OrderFault::OrphanCapture | OrderFault::NotSettled => {}
        OrderFault::AmountDiffers => amount = order.price + step,
        OrderFault::DuplicateCapture => {
            transaction = own('C', random);
            let row = Row { ids: Ids { transaction: Some(transaction.clone()), ..capture.ids.clone() }, ..capture };
            life.rows.get_mut(day)?.push(row);
        }
        OrderFault::OverRefunded | OrderFault::PossibleDoublePayment => {
            if fault == OrderFault::PossibleDoublePayment {
                let row = Row::new(order.captured, RowKind::Chargeback, "Chargeback", Figures::plain(-order.price));
                life.rows.get_mut(day)?.push(row.with_ids(Ids { seller_reference: None, ..capture.ids.clone() }));
            } else {
                amount += step;
            }
            transaction = own('R', random);
            let fee = capture_rate(&capture, account.market).percentage_fee_rounded_half_up(amount);
            let ids = Ids { transaction: Some(transaction.clone()), seller_reference: None, ..capture.ids };
            // Within the same settlement, a little later.
            let at = Instant::new(order.captured.utc_millis() + 1_000, 0);
            let row = Row::new(at, RowKind::Refund, "Refund", Figures::new(-amount, fee, 0)).with_ids(ids);
            life.rows.get_mut(day)?.push(row);
        }
        OrderFault::Overcharged | OrderFault::Undercharged => {
            amount = if fault == OrderFault::Overcharged { -step } else { step };
            let row =
                life.rows.get_mut(day)?.iter_mut().find(|row| row.ids.transaction.as_ref() == Some(&order.capture))?;
            let figures = row.figures;
            row.figures = Figures::new(figures.amount, figures.percentage_fee + amount, figures.fixed_fee);
        }
    }
    if fault == OrderFault::NotSettled {
        // The capture is gone, with all that it brought.
        life.rows.get_mut(day)?.retain(|row| row.ids.transaction.as_ref() != Some(&order.capture));
    }
    Some(Plant { fault, order: position, amount, transaction })
}

fn captured_row<'l>(life: &'l Life, order: &Order) -> Option<&'l Row> {
    life.rows.get(order.settlement)?.iter().find(|row| row.ids.transaction.as_ref() == Some(&order.capture))
}

/// The market at whose percentage a capture was charged.
fn capture_rate(capture: &Row, market: &'static Market) -> Market {
    let domestic = -market.percentage_fee_rounded_half_up(capture.figures.amount);
    let more = if capture.figures.percentage_fee == domestic { 0 } else { CROSS_BORDER_MORE };
    Market { percentage: market.percentage + more, ..*market }
}

/// The lists and the key: files of the sample.
///
/// # Errors
/// [`RehearsalError::Json`].
pub(super) fn order_files(all: &[Books], kind: OrderListKind, seed: u64) -> Result<Vec<SampleFile>, RehearsalError> {
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
    kind: OrderListKind,
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

struct List<'a> {
    books: &'a Books,
    plants: &'a [Plant],
    kind: OrderListKind,
}

/// One order as a list shows it.
struct Line {
    number: String,
    ids: [String; 2],
    total: Cents,
    refunded: Cents,
    placed: Instant,
    status: Status,
    method: &'static str,
    invoice: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
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

    fn lines(&self, seed: u64) -> Vec<Line> {
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

    fn text(&self, seed: u64) -> String {
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
