//! Disputes for those who ask for them: harder cases, answers of the Dispute API, and a key of every case.
//!
//! Without the option a sample has none of this and keeps its bytes. The key is made from the books, like the
//! rest: a case is an order of the books and what the bank or Amazon decided there.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta, TimeZone};
use serde::Serialize;

use super::answer::{money, utc};
use super::books::{Books, Chargeback, Figures, Ids, Order, Refund, RefundedBy, Row, Settlement};
use super::country::{Cents, Paperwork};
use super::layout::{decimal, line_of_row};
use super::plan::{RehearsalError, Window};
use super::shop::Life;
use crate::domain::{Currency, Instant, Money, RowKind, SellerId, TransactionId, Zone};

/// Days in which a merchant answers a chargeback, where Amazon names no date.
const ANSWER_DAYS: u64 = 11;
/// Every so many chargebacks have an answer of the Dispute API.
const OBJECT_EVERY: usize = 3;
/// Days that Amazon gives in those answers: another number than the estimate, so that one is not the other.
const OBJECT_DAYS: u64 = 9;
/// How long after a settlement's start the harder rows are posted.
const INTO_THE_DAY: TimeDelta = TimeDelta::hours(3);

/// Makes the first lost chargebacks harder: the merchant refunds one as well, and is given back a part of the
/// next.
pub(super) fn complicate(life: &mut Life, windows: &[Window], step: Cents) {
    let chargebacks = life.events.chargebacks.clone();
    let mut lost = chargebacks.into_iter().filter_map(|chargeback| {
        let order = life.events.orders.get(chargeback.order)?.clone();
        let rows: Vec<(usize, &Row)> = rows_of(&life.rows, &order).collect();
        let credited = rows.iter().any(|(_, row)| row.kind == RowKind::Chargeback && row.figures.amount > 0);
        let last = rows.iter().map(|(day, _)| *day).max()?;
        let day = last + 1;
        let at = Instant::new(windows.get(day)?.start.utc_millis() + INTO_THE_DAY.num_milliseconds(), 0);
        (!credited).then_some((chargeback, order, day, at))
    });
    let (first, second) = (lost.next(), lost.next());
    drop(lost);
    if let Some((chargeback, order, day, at)) = first {
        refund_too(life, &chargeback, &order, (day, at));
    }
    if let Some((chargeback, order, day, at)) = second {
        let ids = Ids { transaction: None, ..ids(&order) };
        let figures = Figures::plain(chargeback.amount - step);
        let row = Row::new(at, RowKind::Adjustment, "Adjustment", figures).with_ids(ids);
        post(life, day, row.described("Compensation after a chargeback"));
    }
}

fn refund_too(life: &mut Life, chargeback: &Chargeback, order: &Order, (day, at): (usize, Instant)) {
    let id = TransactionId::new(format!("{}-R990001", order.reference));
    let reference = format!("R-{}-TOO", order.seller_order);
    let ids = Ids { transaction: Some(id.clone()), seller_reference: Some(reference.clone()), ..ids(order) };
    post(life, day, Row::new(at, RowKind::Refund, "Refund", Figures::plain(-chargeback.amount)).with_ids(ids));
    life.events.refunds.push(Refund {
        id,
        reference,
        order: chargeback.order,
        amount: chargeback.amount,
        completed: at,
        by: RefundedBy::Seller,
    });
}

fn ids(order: &Order) -> Ids {
    Ids {
        transaction: Some(order.capture.clone()),
        seller_reference: None,
        order_reference: Some(order.reference.clone()),
        seller_order: Some(order.seller_order.clone()),
    }
}

fn post(life: &mut Life, day: usize, row: Row) {
    if let Some(rows) = life.rows.get_mut(day) {
        rows.push(row);
        rows.sort_by_key(|row| row.posted);
    }
}

fn rows_of<'a>(days: &'a [Vec<Row>], order: &'a Order) -> impl Iterator<Item = (usize, &'a Row)> {
    let mine = |row: &&Row| row.ids.order_reference.as_ref() == Some(&order.reference);
    days.iter().enumerate().flat_map(move |(day, rows)| rows.iter().filter(mine).map(move |row| (day, row)))
}

/// One case of the key.
#[derive(Clone, Debug, Serialize)]
pub struct CaseAnswer {
    /// The merchant id.
    pub account: SellerId,
    /// The kind.
    pub kind: RowKind,
    /// The order.
    pub order_reference_id: String,
    /// The merchant's order number.
    pub seller_order_id: String,
    /// The currency.
    pub currency: Currency,
    /// The capture.
    pub capture_id: String,
    /// What was captured.
    pub captured: Money,
    /// When, UTC.
    pub captured_at: String,
    /// Σ of negative amounts, without sign.
    pub disputed: Money,
    /// Σ of positive amounts.
    pub recovered: Money,
    /// Σ fees.
    pub fees: Money,
    /// Σ net.
    pub net: Money,
    /// `won`, `partly_won` or `lost`.
    pub status: &'static str,
    /// Until when to respond, UTC, where a document tells.
    pub respond_by: Option<String>,
    /// `amazon` or `estimated`.
    pub respond_by_basis: Option<&'static str>,
    /// Whether the merchant refunded as well.
    pub double_loss: bool,
    /// File and line of each row.
    pub rows: Vec<(String, usize)>,
}

/// A row, its settlement and its place there.
type Booked<'a> = (&'a Settlement, usize, &'a Row);

/// The key of every case of some books.
pub(super) fn case_answers(books: &Books) -> Vec<CaseAnswer> {
    let mut cases: BTreeMap<(usize, RowKind), Vec<Booked<'_>>> = BTreeMap::new();
    for settlement in books.known() {
        for (place, row) in settlement.rows.iter().enumerate() {
            let of_order = |order: &Order| row.ids.order_reference.as_ref() == Some(&order.reference);
            let Some(order) = books.events.orders.iter().position(of_order) else { continue };
            let charged_back = books.events.chargebacks.iter().any(|chargeback| chargeback.order == order);
            let claimed = books.events.refunds.iter().any(|r| r.order == order && r.by == RefundedBy::Amazon);
            let kind = match (row.kind, charged_back, claimed) {
                (RowKind::Chargeback | RowKind::Dispute, ..) | (RowKind::Adjustment, true, _) => RowKind::Chargeback,
                (RowKind::AToZClaim, ..) | (RowKind::Adjustment, _, true) => RowKind::AToZClaim,
                _ => continue,
            };
            cases.entry((order, kind)).or_default().push((settlement, place, row));
        }
    }
    cases.into_iter().filter_map(|((order, kind), rows)| case_answer(books, order, kind, &rows)).collect()
}

fn case_answer(books: &Books, position: usize, kind: RowKind, rows: &[Booked<'_>]) -> Option<CaseAnswer> {
    let order = books.events.orders.get(position)?;
    let currency = books.account.currency;
    let sum = |of: &dyn Fn(&Row) -> Cents| -> Cents { rows.iter().map(|(_, _, row)| of(row)).sum() };
    let undecided = |row: &Row| row.kind == RowKind::Dispute;
    let taken = sum(&|row| if undecided(row) { 0 } else { (-row.figures.amount).max(0) });
    let back = sum(&|row| if undecided(row) { 0 } else { row.figures.amount.max(0) });
    let status = match back {
        0 => "lost",
        back if back >= taken => "won",
        _ => "partly_won",
    };
    let (respond_by, respond_by_basis) = answer_by(books, position, kind);
    let refunded = books.events.refunds.iter().any(|r| r.order == position && r.by == RefundedBy::Seller);
    let file = |settlement: &Settlement| format!("{}/{}", books.account.name, settlement.file_name());
    let layout = &books.account.market.habits.layout;
    Some(CaseAnswer {
        account: books.account.seller.clone(),
        kind,
        order_reference_id: order.reference.to_string(),
        seller_order_id: order.seller_order.to_string(),
        currency,
        capture_id: order.capture.to_string(),
        captured: money(order.price, currency),
        captured_at: utc(order.captured),
        disputed: money(sum(&|row| (-row.figures.amount).max(0)), currency),
        recovered: money(sum(&|row| row.figures.amount.max(0)), currency),
        fees: money(sum(&|row| row.figures.total_fee), currency),
        net: money(sum(&|row| row.figures.net), currency),
        status,
        respond_by: respond_by.map(utc),
        respond_by_basis,
        double_loss: refunded && taken > back,
        rows: rows.iter().map(|(settlement, place, _)| (file(settlement), line_of_row(layout, *place))).collect(),
    })
}

/// Until when to respond, by the documents that this sample writes.
fn answer_by(books: &Books, order: usize, kind: RowKind) -> (Option<Instant>, Option<&'static str>) {
    let place = books.events.chargebacks.iter().position(|chargeback| chargeback.order == order);
    let known = place.filter(|_| kind == RowKind::Chargeback);
    let Some((place, chargeback)) = known.and_then(|place| Some((place, books.events.chargebacks.get(place)?))) else {
        return (None, None);
    };
    let zone = books.account.zone;
    if has_object(place) {
        return (days_after(zone, chargeback.notified, OBJECT_DAYS), Some("amazon"));
    }
    if books.account.market.habits.paperwork == Paperwork::Disbursements {
        return (None, None);
    }
    (days_after(zone, chargeback.notified, ANSWER_DAYS), Some("estimated"))
}

fn has_object(place: usize) -> bool {
    place.is_multiple_of(OBJECT_EVERY)
}

/// The same time of day later. An hour that comes twice is taken at first, one that is skipped not at all.
fn days_after(zone: Zone, at: Instant, days: u64) -> Option<Instant> {
    let local = at.utc().with_timezone(&zone.tz()).naive_local().checked_add_days(Days::new(days))?;
    zone.tz().from_local_datetime(&local).earliest().map(|at| at.to_utc().into())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DisputeObject<'a> {
    dispute_id: &'a str,
    release_environment: &'static str,
    charge_id: &'a str,
    dispute_type: &'static str,
    dispute_amount: Price<'a>,
    filing_reason: &'static str,
    status_details: StatusDetails,
    merchant_response_deadline: String,
    creation_timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Price<'a> {
    amount: String,
    currency_code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusDetails {
    state: &'static str,
    reason_code: &'static str,
    resolution: Option<&'static str>,
    last_updated_timestamp: String,
}

/// Answers of the Dispute API for some chargebacks. The one that was compensated in part has none of a
/// resolution, as neither side had all.
pub(super) fn dispute_objects(books: &Books) -> Result<Vec<(String, Vec<u8>)>, RehearsalError> {
    let answers = case_answers(books);
    let mut files = Vec::new();
    for (place, chargeback) in books.events.chargebacks.iter().enumerate().filter(|(place, _)| has_object(*place)) {
        let Some(order) = books.events.orders.get(chargeback.order) else { continue };
        let mine = |answer: &&CaseAnswer| {
            answer.order_reference_id == order.reference.as_str() && answer.kind == RowKind::Chargeback
        };
        let resolution = match answers.iter().find(mine).map(|answer| answer.status) {
            Some("won") => Some("MerchantWon"),
            Some("lost") => Some("BuyerWon"),
            _ => None,
        };
        let Some(deadline) = days_after(books.account.zone, chargeback.notified, OBJECT_DAYS) else { continue };
        let reasons = ["ProductNotReceived", "Fraudulent", "Overcharged"];
        let object = DisputeObject {
            dispute_id: chargeback.dispute.as_str(),
            release_environment: "Live",
            charge_id: order.capture.as_str(),
            dispute_type: "Chargeback",
            dispute_amount: Price { amount: decimal(chargeback.amount), currency_code: books.account.currency.code() },
            filing_reason: reasons.get(place % reasons.len()).copied().unwrap_or("Other"),
            status_details: StatusDetails {
                state: "Closed",
                reason_code: "InvestigatorResolved",
                resolution,
                last_updated_timestamp: stamp(deadline),
            },
            merchant_response_deadline: stamp(deadline),
            creation_timestamp: stamp(chargeback.notified),
        };
        let mut bytes = serde_json::to_vec_pretty(&object)?;
        bytes.push(b'\n');
        files.push((format!("dispute-{}.json", chargeback.dispute), bytes));
    }
    Ok(files)
}

fn stamp(at: Instant) -> String {
    at.utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// The key as a file: one case on a line.
pub(super) fn case_key(answers: &[CaseAnswer]) -> Result<Vec<u8>, RehearsalError> {
    let lines = answers.iter().map(serde_json::to_string).collect::<Result<Vec<String>, _>>()?;
    Ok(format!("{{\"schema\":\"settle.rehearsal.disputes/1\",\n\"cases\":[\n{}\n]}}\n", lines.join(",\n")).into_bytes())
}
