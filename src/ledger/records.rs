//! The small kinds as frames: transaction reports, disbursement lists, chargeback notifications, disputes.
//!
//! One frame of all rows; states are folded when they are asked for, not when they are stored.

use polars::prelude::*;

use super::frames::{MONEY_PRECISION, MONEY_SCALE};
use crate::domain::{Amount, Currency, Instant};
use crate::parse::{ChargebackNotification, Disbursement, DisputeObject, Records, TransactionRecord};

/// The records as a frame: one row each; absent values are null.
///
/// # Errors
/// Where an amount has more digits than the money columns hold.
pub fn records_frame(records: &Records) -> PolarsResult<DataFrame> {
    match records {
        Records::Transactions(rows) => transactions(rows),
        Records::Disbursements(list) => disbursements(list),
        Records::Notification(notification) => notifications(notification),
        Records::Disputes(list) => disputes(list),
    }
}

fn transactions(rows: &[TransactionRecord]) -> PolarsResult<DataFrame> {
    let text = |name: &str, of: fn(&TransactionRecord) -> &str| texts(name, rows.iter().map(of));
    let columns = vec![
        Column::new("line".into(), rows.iter().map(|row| row.line.cast_signed()).collect::<Vec<_>>()),
        text("object_id", |row| &row.object_id),
        text("reference_id", |row| &row.reference_id),
        text("capture_id", |row| &row.capture_id),
        text("authorization_id", |row| &row.authorization_id),
        text("order_reference_id", |row| &row.order_reference_id),
        money("amount", rows.iter().map(|row| row.amount))?,
        currencies("currency", rows.iter().map(|row| row.currency)),
        text("status", |row| &row.status),
        text("reason", |row| &row.reason),
        text("object_type", |row| &row.object_type),
        instants("updated_utc", rows.iter().map(|row| row.updated)),
        instants("created_utc", rows.iter().map(|row| row.created)),
        text("extra", |row| &row.extra),
    ];
    DataFrame::new(rows.len(), columns)
}

fn disbursements(list: &[Disbursement]) -> PolarsResult<DataFrame> {
    let sellers = list.iter().map(|item| item.seller_id.as_ref().map_or("", |seller| seller.as_str()));
    let columns = vec![
        texts("seller_id", sellers),
        texts("settlement_id", list.iter().map(|item| item.settlement_id.as_str())),
        texts("reference", list.iter().map(|item| item.reference.as_str())),
        money("amount", list.iter().map(|item| Some(item.amount)))?,
        currencies("currency", list.iter().map(|item| Some(item.currency))),
        instants("time_utc", list.iter().map(|item| Some(item.time))),
    ];
    DataFrame::new(list.len(), columns)
}

fn notifications(read: &ChargebackNotification) -> PolarsResult<DataFrame> {
    let one = |name: &str, value: &str| texts(name, std::iter::once(value));
    let columns = vec![
        one("version", read.version),
        one("notification_id", &read.notification_id),
        one("seller_id", read.seller_id.as_ref().map_or("", |seller| seller.as_str())),
        one("environment", &read.environment),
        one("chargeback_id", &read.chargeback_id),
        one("order_reference_id", read.order_reference_id.as_str()),
        one("capture_reference_id", &read.capture_reference_id),
        money("amount", std::iter::once(read.amount.map(|(amount, _)| amount)))?,
        currencies("currency", std::iter::once(read.amount.map(|(_, currency)| currency))),
        one("state", &read.state),
        one("reason", &read.reason),
        instants("created_utc", std::iter::once(read.created)),
        instants("notified_utc", std::iter::once(read.notified)),
    ];
    DataFrame::new(1, columns)
}

fn disputes(list: &[DisputeObject]) -> PolarsResult<DataFrame> {
    let text = |name: &str, of: fn(&DisputeObject) -> &str| texts(name, list.iter().map(of));
    let times = |name: &str, of: fn(&DisputeObject) -> Option<Instant>| instants(name, list.iter().map(of));
    let columns = vec![
        text("dispute_id", |dispute| &dispute.dispute_id),
        text("environment", |dispute| &dispute.environment),
        text("charge_id", |dispute| &dispute.charge_id),
        text("dispute_type", |dispute| &dispute.dispute_type),
        money("amount", list.iter().map(|dispute| dispute.amount.map(|(amount, _)| amount)))?,
        currencies("currency", list.iter().map(|dispute| dispute.amount.map(|(_, currency)| currency))),
        text("filing_reason", |dispute| &dispute.filing_reason),
        text("state", |dispute| &dispute.state),
        text("reason_code", |dispute| &dispute.reason_code),
        text("resolution", |dispute| &dispute.resolution),
        times("updated_utc", |dispute| dispute.updated),
        times("respond_by_utc", |dispute| dispute.respond_by),
        times("created_utc", |dispute| dispute.created),
    ];
    DataFrame::new(list.len(), columns)
}

fn texts<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Column {
    let values: Vec<Option<&str>> = values.map(|value| (!value.is_empty()).then_some(value)).collect();
    Column::new(name.into(), values)
}

fn currencies(name: &str, values: impl Iterator<Item = Option<Currency>>) -> Column {
    Column::new(name.into(), values.map(|currency| currency.map(Currency::code)).collect::<Vec<_>>())
}

fn instants(name: &str, values: impl Iterator<Item = Option<Instant>>) -> Column {
    let millis: Int64Chunked = values.map(|instant| instant.map(Instant::utc_millis)).collect();
    millis.with_name(name.into()).into_datetime(TimeUnit::Milliseconds, None).into_series().into_column()
}

fn money(name: &str, values: impl Iterator<Item = Option<Amount>>) -> PolarsResult<Column> {
    let units: Int128Chunked = values.map(|amount| amount.map(|amount| i128::from(amount.units()))).collect();
    let decimals = units.with_name(name.into()).into_decimal(MONEY_PRECISION, MONEY_SCALE)?;
    Ok(decimals.into_series().into_column())
}
