//! The details of one case: its capture, refunds, clock, status and what a reader must see.

use std::collections::HashMap;

use super::build::{Anchor, CaseKey};
use super::case::{CaptureLink, Case, CaseCapture, CaseFigures, CaseRefund, CaseStatus, Flag};
use super::clock::{Clock, Deadline, DeadlineBasis};
use super::facts::{CaptureRecord, CaseRow, Facts, Notice, ObjectFact, Place, RefundRecord};
use super::status::{status, status_by_rows};
use crate::domain::{AccountName, Amount, Currency, Instant, Month, RowKind, Sum};

/// Longest id of a case: it becomes the name of a folder.
const ID_CHARS_MAX: usize = 96;

/// The facts of one case.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) rows: Vec<&'a CaseRow>,
    pub(super) claims: Vec<&'a RefundRecord>,
    pub(super) notices: Vec<&'a Notice>,
    pub(super) objects: Vec<&'a ObjectFact>,
}

/// What is known of one order.
#[derive(Debug, Default)]
struct Order<'a> {
    rows: Vec<&'a CaseRow>,
    captures: Vec<&'a CaptureRecord>,
    refunds: Vec<&'a RefundRecord>,
}

/// Facts by order, so that a case finds its own without looking at all.
pub(super) struct Orders<'a> {
    orders: HashMap<&'a str, Order<'a>>,
    nothing: Order<'a>,
}

impl<'a> Orders<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let mut orders: HashMap<&str, Order<'_>> = HashMap::new();
        for row in &facts.rows {
            orders.entry(&row.order_reference_id).or_default().rows.push(row);
        }
        for record in &facts.captures {
            orders.entry(&record.order_reference_id).or_default().captures.push(record);
        }
        for record in &facts.refunds {
            orders.entry(&record.order_reference_id).or_default().refunds.push(record);
        }
        // What names no order is related to nothing.
        orders.remove("");
        Self { orders, nothing: Order::default() }
    }

    fn get(&self, order: &str) -> &Order<'a> {
        self.orders.get(order).unwrap_or(&self.nothing)
    }
}

/// Everything about one case.
pub(super) fn finish(key: CaseKey, draft: Draft<'_>, facts: &Facts, orders: &Orders<'_>, clock: &Clock<'_>) -> Case {
    let order = match &key.anchor {
        Anchor::Order(order) => order.clone(),
        Anchor::Row(..) | Anchor::Dispute(_) => String::new(),
    };
    let mut rows: Vec<CaseRow> = draft.rows.into_iter().cloned().collect();
    rows.sort_by(|a, b| (a.posted, file_of(facts, a), a.line).cmp(&(b.posted, file_of(facts, b), b.line)));
    let mut notices: Vec<Notice> = draft.notices.into_iter().cloned().collect();
    notices.sort_by(|a, b| (told(a), &a.file).cmp(&(told(b), &b.file)));
    let objects: Vec<ObjectFact> = draft.objects.into_iter().cloned().collect();
    let mut refund_records: Vec<RefundRecord> = draft.claims.into_iter().cloned().collect();
    let known = orders.get(&order);
    refund_records.extend(known.refunds.iter().filter(|refund| refund.is_declined()).copied().cloned());
    let (captures, link) = captures(&key.account, known, (&rows, &notices, &objects), facts);
    let refunds = refunds(&key.account, known, facts);
    let capture_currency = match captures.as_slice() {
        [only] => only.amount.map(|(_, currency)| currency),
        _ => None,
    };
    let earliest = [
        rows.first().map(|row| row.posted),
        notices.iter().filter_map(|notice| notice.read.created.or(notice.read.notified)).min(),
        objects.iter().filter_map(|object| object.read.created).min(),
        refund_records.iter().filter(|refund| refund.is_claim()).filter_map(|refund| refund.at).min(),
    ];
    let debited = rows.iter().find(|row| row.kind.is_dispute() && row.net < Amount::ZERO).map(|row| row.posted);
    let text = |of: fn(&CaseRow) -> &str| of_order(facts, &key.account, known, &rows, of);
    let deadline = deadline(&key, &notices, &objects, facts, clock);
    let by_rows = status_by_rows(&order, &rows);
    let (status, status_basis) = status(by_rows, &notices, &objects, deadline, clock);
    let evidence = objects.iter().any(|object| !object.read.evidence_types.is_empty());
    let contested = evidence || rows.iter().any(|row| row.kind == RowKind::Dispute) || status == CaseStatus::Won;
    let mut case = Case {
        id: id(&key),
        currency: key.currency.or(capture_currency),
        kind: key.kind,
        seller_order_id: text(|row| &row.seller_order_id),
        store_name: text(|row| &row.store_name),
        account: key.account,
        order_reference_id: order,
        captures,
        link,
        refunds,
        opened: earliest.into_iter().flatten().min(),
        debited,
        claimed: claimed(&notices, &objects, &refund_records),
        reason: reason(&notices, &objects),
        status,
        status_basis,
        status_by_rows: by_rows,
        deadline,
        contested,
        flags: Vec::new(),
        rows,
        refund_records,
        notices,
        objects,
    };
    case.flags = flags(&case, facts);
    case
}

fn file_of<'f>(facts: &'f Facts, row: &CaseRow) -> &'f str {
    facts.source_of(row).map_or("", |source| source.file.as_str())
}

/// When the merchant was told.
fn told(notice: &Notice) -> Option<Instant> {
    notice.read.notified.or(notice.read.created)
}

/// The first text that a row of the case, else any row of its order, has.
fn of_order(
    facts: &Facts,
    account: &AccountName,
    order: &Order<'_>,
    rows: &[CaseRow],
    of: fn(&CaseRow) -> &str,
) -> String {
    let mine = |row: &&CaseRow| facts.source_of(row).is_some_and(|source| source.account == *account);
    let others = order.rows.iter().copied().filter(mine);
    rows.iter().chain(others).map(of).find(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

/// Letters, digits and hyphens of what makes the case: the same in every run, and a safe name of a folder.
fn id(key: &CaseKey) -> String {
    let anchor = match &key.anchor {
        Anchor::Order(order) => order.clone(),
        Anchor::Row(document, line) => format!("{document}-{line}"),
        Anchor::Dispute(id) => id.clone(),
    };
    let currency = key.currency.map_or_else(String::new, |currency| format!("-{currency}"));
    let kind = key.kind.word().replace('_', "-");
    let anchor: String = anchor.chars().take(ID_CHARS_MAX).collect();
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("{anchor}-{kind}{currency}").chars().map(safe).collect()
}

fn captures(
    account: &AccountName,
    order: &Order<'_>,
    (rows, notices, objects): (&[CaseRow], &[Notice], &[ObjectFact]),
    facts: &Facts,
) -> (Vec<CaseCapture>, CaptureLink) {
    let mut captures: Vec<CaseCapture> = Vec::new();
    for row in order.rows.iter().filter(|row| row.kind == RowKind::Capture) {
        let Some(source) = facts.source_of(row).filter(|source| source.account == *account) else { continue };
        captures.push(CaseCapture {
            capture_id: row.transaction_id.clone(),
            reference_id: row.seller_reference_id.clone(),
            amount: Some((row.amount, row.currency)),
            at: Some(row.posted),
            settled: Some(source.end),
            place: Place { file: source.file.clone(), line: Some(row.line) },
        });
    }
    for record in &order.captures {
        if captures.iter().all(|known| known.capture_id != record.capture_id) {
            captures.push(CaseCapture {
                capture_id: record.capture_id.clone(),
                reference_id: record.reference_id.clone(),
                amount: record.amount,
                at: record.at,
                settled: None,
                place: record.place.clone(),
            });
        }
    }
    captures.sort_by(|a, b| (a.at, &a.capture_id).cmp(&(b.at, &b.capture_id)));
    let named = |capture: &CaseCapture| {
        let id = capture.capture_id.as_str();
        let by_id = rows.iter().any(|row| row.transaction_id == id) || objects.iter().any(|o| o.read.charge_id == id);
        let by_reference = notices.iter().any(|notice| notice.read.capture_reference_id == capture.reference_id);
        (!id.is_empty() && by_id) || (!capture.reference_id.is_empty() && by_reference)
    };
    let exact: Vec<CaseCapture> = captures.iter().filter(|capture| named(capture)).cloned().collect();
    match (exact.len(), captures.len()) {
        (1, _) => (exact, CaptureLink::Exact),
        (_, 0) => (captures, CaptureLink::None),
        (_, 1) => (captures, CaptureLink::ByOrder),
        _ => (captures, CaptureLink::Ambiguous),
    }
}

/// Refunds by the merchant: settlement rows, and those of refund reports that no row shows yet. A refund that
/// Amazon made for a claim is none of them.
fn refunds(account: &AccountName, order: &Order<'_>, facts: &Facts) -> Vec<CaseRefund> {
    let records = || order.refunds.iter();
    let by_amazon = |id: &str| records().any(|refund| refund.refund_id == id && !refund.is_paid_by_merchant());
    let mut refunds: Vec<CaseRefund> = Vec::new();
    for row in order.rows.iter().filter(|row| row.kind == RowKind::Refund) {
        let Some(source) = facts.source_of(row).filter(|source| source.account == *account) else { continue };
        if row.amount < Amount::ZERO && !by_amazon(&row.transaction_id) {
            refunds.push(CaseRefund {
                refund_id: row.transaction_id.clone(),
                amount: row.amount.units().checked_neg().map(|units| (Amount::from_units(units), row.currency)),
                at: Some(row.posted),
                place: Place { file: source.file.clone(), line: Some(row.line) },
            });
        }
    }
    for record in records().filter(|refund| refund.is_paid_by_merchant()) {
        if refunds.iter().all(|known| known.refund_id != record.refund_id) {
            refunds.push(CaseRefund {
                refund_id: record.refund_id.clone(),
                amount: record.amount,
                at: record.at,
                place: record.place.clone(),
            });
        }
    }
    refunds.sort_by(|a, b| (a.at, &a.refund_id).cmp(&(b.at, &b.refund_id)));
    refunds
}

/// Amazon's own deadline: of several disputes, the nearest that has not passed, else the last. Else an estimate
/// from the first notification, else from the object's creation.
fn deadline(
    key: &CaseKey,
    notices: &[Notice],
    objects: &[ObjectFact],
    facts: &Facts,
    clock: &Clock<'_>,
) -> Option<Deadline> {
    let stated = objects.iter().filter_map(|object| object.read.respond_by);
    let mut stated: Vec<Deadline> = stated.map(|at| Deadline { at, basis: DeadlineBasis::Amazon }).collect();
    stated.sort_by_key(|deadline| deadline.at);
    let nearest = stated.iter().find(|deadline| clock.is_ahead(**deadline)).or(stated.last());
    if let Some(deadline) = nearest {
        return Some(*deadline);
    }
    let first = notices.iter().filter_map(told).min();
    let told = first.or_else(|| objects.iter().filter_map(|object| object.read.created).min())?;
    let country = facts.account(&key.account).and_then(|account| account.country);
    clock.estimate(key.kind, country, facts.zone(&key.account), told)
}

/// What the buyer claims: by the Dispute API, else the latest notification, else Amazon's refund.
fn claimed(notices: &[Notice], objects: &[ObjectFact], records: &[RefundRecord]) -> Option<(Amount, Currency)> {
    let by_object = objects.iter().find_map(|object| object.read.amount);
    let by_notice = || notices.iter().rev().find_map(|notice| notice.read.amount);
    let by_refund = || records.iter().filter(|refund| refund.is_claim()).find_map(|refund| refund.amount);
    by_object.or_else(by_notice).or_else(by_refund)
}

fn reason(notices: &[Notice], objects: &[ObjectFact]) -> Option<String> {
    let by_object = objects.iter().map(|object| &object.read.filing_reason).find(|reason| !reason.is_empty());
    let by_notice = || notices.iter().rev().map(|notice| &notice.read.reason).find(|reason| !reason.is_empty());
    by_object.or_else(by_notice).cloned()
}

fn flags(case: &Case, facts: &Facts) -> Vec<Flag> {
    let figures = case.figures();
    let standing = figures.disputed - figures.recovered;
    let capture = case.capture();
    let in_currency = |amount: Option<(Amount, Currency)>| {
        amount.filter(|(_, currency)| Some(*currency) == case.currency).map(|(amount, _)| Sum::from(amount))
    };
    let captured = capture.and_then(|capture| in_currency(capture.amount));
    let refunded: Sum = case.refunds.iter().filter_map(|refund| in_currency(refund.amount)).sum();
    let lost_twice = standing > Sum::ZERO
        && refunded > Sum::ZERO
        && captured.is_none_or(|captured| {
            let mut both = standing;
            both += refunded;
            both > captured
        });
    let late = |refund: &CaseRefund| refund.at.zip(case.debited).is_some_and(|(refund, debit)| refund > debit);
    let elsewhere = |amount: (Amount, Currency)| case.currency.is_some_and(|currency| amount.1 != currency);
    let first_debit = case.rows.iter().find(|row| row.kind.is_dispute() && row.amount < Amount::ZERO);
    let debit_differs = |claimed: (Amount, Currency)| {
        first_debit.is_some_and(|row| Sum::from(row.amount) != -Sum::from(claimed.0)) && !elsewhere(claimed)
    };
    let same_kind = CaseFigures::of(case.rows.iter().filter(|row| row.kind == case.kind));
    let before_capture =
        capture.and_then(|capture| capture.at).zip(case.debited).is_some_and(|(capture, debit)| debit < capture);
    let before_settled = capture
        .and_then(|capture| capture.settled)
        .zip(case.debited)
        .is_some_and(|(settled, debit)| debit.utc_millis() <= settled.utc_millis());
    let zone = facts.zone(&case.account);
    let mut months: Vec<Month> = case.rows.iter().map(|row| Month::of(zone.date_of(row.posted))).collect();
    months.dedup();
    let told = [
        (Flag::DoubleLoss, lost_twice),
        (Flag::RefundAfterDispute, case.refunds.iter().any(late)),
        (Flag::RefundDeclined, case.refund_records.iter().any(RefundRecord::is_declined)),
        (
            Flag::CurrencyDiffers,
            case.captures.iter().filter_map(|capture| capture.amount).any(elsewhere)
                || case.claimed.is_some_and(elsewhere),
        ),
        (Flag::AmountDiffers, case.claimed.is_some_and(debit_differs)),
        (Flag::AboveCapture, captured.is_some_and(|captured| same_kind.disputed - same_kind.recovered > captured)),
        (Flag::DisputedBeforeSettled, before_settled),
        (Flag::CaptureUnknown, case.link == CaptureLink::None || before_capture),
        (Flag::CaptureAmbiguous, case.link == CaptureLink::Ambiguous),
        (Flag::NoRowsYet, case.rows.is_empty()),
        (Flag::Unlinked, case.order_reference_id.is_empty()),
        (Flag::AcrossMonths, months.len() > 1),
    ];
    told.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect()
}
