//! Which amounts should have reached the bank: transfer rows, joined with disbursement lists.
//!
//! A list names the settlement that was paid and the text that the bank prints; the transfer row may
//! stand in that settlement or in the next one. A row and a list entry are one payout only where the
//! amounts are equal and every largest pairing has them together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};

use super::assignment::sure_pairs;
use super::rules::{RuleFindings, is_next};
use crate::config::PayoutRule;
use crate::domain::{AccountName, Currency, Instant, SettlementId, Sum, Zone};
use crate::parse::Disbursement;
use crate::reconcile::Timeline;

/// A row and a listed payout of an unknown settlement are at the most this far apart: settlements end
/// daily, and at the most every 14 days.
const STRANGER_MILLIS_MAX: i64 = 15 * 86_400_000;

/// An amount that Amazon sent to, or collected from, the merchant's bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedPayout {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The settlement in whose file the row stands; for a listed payout without a row, the one that was paid.
    pub settlement_id: Option<SettlementId>,
    /// The settlement whose balance was paid, where it is known.
    pub paid_settlement_id: Option<SettlementId>,
    /// When it was posted.
    pub posted: Instant,
    /// The local day of that.
    pub posted_on: NaiveDate,
    /// What the merchant receives; negative where Amazon collects.
    pub amount: Sum,
    /// The text that the bank prints.
    pub reference: Option<String>,
    /// The file; that of the settlement.
    pub file: String,
    /// The line in it; absent for a listed payout without a row.
    pub line: Option<u64>,
}

/// A listed amount that contradicts the transfer row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDiffers {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The settlement that was paid.
    pub settlement_id: SettlementId,
    /// What the list says.
    pub listed: Sum,
    /// What the row says.
    pub row: Sum,
    /// The file of the row.
    pub file: String,
    /// Its line.
    pub line: u64,
}

/// The payouts of one timeline, in order of posting.
#[must_use]
pub fn expected_payouts(
    timeline: &Timeline<'_>,
    disbursements: &[&Disbursement],
    findings: &RuleFindings,
    gap_tolerance: TimeDelta,
    zone: Zone,
) -> (Vec<ExpectedPayout>, Vec<ListedDiffers>) {
    let mut rows = rows_of(timeline, findings.rule, gap_tolerance, zone);
    let listed: Vec<&Disbursement> =
        disbursements.iter().copied().filter(|item| item.currency == timeline.currency).collect();
    let listed = without_repeats(listed);
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let ids = timeline.settlements.iter().filter_map(|settlement| settlement.document.settlement_id());
    join(&mut rows, &listed, &Known { rule: findings.rule, settlements: ids.collect() }, &mut used);
    let mut differs = Vec::new();
    let mut payouts = Vec::new();
    for (at, item) in listed.iter().enumerate() {
        if used.contains(&at) {
            continue;
        }
        match contradicting(&rows, item, findings.rule) {
            Some(row) => {
                let Some(row) = rows.get_mut(row) else { continue };
                differs.push(ListedDiffers {
                    account: timeline.account.clone(),
                    currency: timeline.currency,
                    settlement_id: item.settlement_id.clone(),
                    listed: item.amount.into(),
                    row: row.payout.amount,
                    file: row.payout.file.clone(),
                    line: row.payout.line.unwrap_or_default(),
                });
                row.payout.reference = Some(item.reference.clone()).filter(|text| !text.is_empty());
                row.payout.paid_settlement_id = Some(item.settlement_id.clone());
            }
            None => payouts.push(listed_payout(timeline, item, zone)),
        }
    }
    payouts.extend(rows.into_iter().map(|row| row.payout));
    payouts.sort_by(|a, b| {
        (a.posted, &a.file, a.line, &a.settlement_id).cmp(&(b.posted, &b.file, b.line, &b.settlement_id))
    });
    (payouts, differs)
}

/// A transfer row and the settlements that it may pay.
struct TransferRow {
    payout: ExpectedPayout,
    /// Its own settlement, and the one before.
    own: Option<SettlementId>,
    before: Option<SettlementId>,
}

fn rows_of(timeline: &Timeline<'_>, rule: Option<PayoutRule>, tolerance: TimeDelta, zone: Zone) -> Vec<TransferRow> {
    let mut rows = Vec::new();
    let mut previous: Option<&crate::reconcile::Settlement<'_>> = None;
    for settlement in &timeline.settlements {
        let own = settlement.document.settlement_id();
        let before = previous.filter(|previous| is_next(previous, settlement, tolerance));
        let before = before.and_then(|previous| previous.document.settlement_id());
        let paid = match rule {
            Some(PayoutRule::LagOne) => before.clone(),
            Some(PayoutRule::ClosedLedger) => own.clone(),
            _ => None,
        };
        for row in settlement.payout_rows().filter(|row| row.net.units() != 0) {
            rows.push(TransferRow {
                payout: ExpectedPayout {
                    account: timeline.account.clone(),
                    currency: timeline.currency,
                    settlement_id: own.clone(),
                    paid_settlement_id: paid.clone(),
                    posted: row.posted,
                    posted_on: zone.date_of(row.posted),
                    amount: -Sum::from(row.net),
                    reference: None,
                    file: settlement.document.file.clone(),
                    line: Some(row.line),
                },
                own: own.clone(),
                before: before.clone(),
            });
        }
        previous = Some(settlement);
    }
    rows
}

/// The same entry may stand in several lists that overlap.
fn without_repeats(listed: Vec<&Disbursement>) -> Vec<&Disbursement> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<&Disbursement> = Vec::new();
    for item in listed {
        if seen.insert((item.settlement_id.clone(), item.reference.clone(), item.amount)) {
            kept.push(item);
        }
    }
    kept.sort_by(|a, b| {
        (a.time, &a.settlement_id, &a.reference, a.amount).cmp(&(b.time, &b.settlement_id, &b.reference, b.amount))
    });
    kept
}

/// Joins rows and list entries that belong together in every largest pairing. Where several are as good,
/// the entries are spent all the same: they speak of money that the rows already count.
fn join(rows: &mut [TransferRow], listed: &[&Disbursement], known: &Known, used: &mut BTreeSet<usize>) {
    let mut by_amount: BTreeMap<Sum, Vec<usize>> = BTreeMap::new();
    for (at, item) in listed.iter().enumerate() {
        by_amount.entry(Sum::from(item.amount)).or_default().push(at);
    }
    let edges: Vec<Vec<usize>> = rows
        .iter()
        .map(|row| {
            let equal = by_amount.get(&row.payout.amount).into_iter().flatten().copied();
            equal.filter(|at| listed.get(*at).is_some_and(|item| known.may_pay(row, item))).collect()
        })
        .collect();
    used.extend(edges.iter().flatten());
    let sure = sure_pairs(&edges, listed.len()).unwrap_or_default();
    for (row, at) in rows.iter_mut().zip(sure) {
        if let Some(item) = at.and_then(|at| listed.get(at)) {
            row.payout.reference = Some(item.reference.clone()).filter(|text| !text.is_empty());
            row.payout.paid_settlement_id = Some(item.settlement_id.clone());
        }
    }
}

/// What decides whether a row may pay a settlement.
struct Known {
    rule: Option<PayoutRule>,
    settlements: BTreeSet<SettlementId>,
}

impl Known {
    /// By the rule; a row whose predecessor is not known may pay any settlement that is not known either.
    fn may_pay(&self, row: &TransferRow, item: &Disbursement) -> bool {
        let stranger = row.before.is_none()
            && self.rule != Some(PayoutRule::ClosedLedger)
            && !self.settlements.contains(&item.settlement_id)
            && (row.payout.posted.utc_millis() - item.time.utc_millis()).abs() <= STRANGER_MILLIS_MAX;
        stranger || candidates(row, self.rule).contains(&item.settlement_id)
    }
}

/// The settlements that a row may pay under a rule.
fn candidates(row: &TransferRow, rule: Option<PayoutRule>) -> Vec<SettlementId> {
    let (own, before) = (row.own.clone(), row.before.clone());
    match rule {
        Some(PayoutRule::LagOne) => before.into_iter().collect(),
        Some(PayoutRule::ClosedLedger) => own.into_iter().collect(),
        _ => own.into_iter().chain(before).collect(),
    }
}

/// The one row that surely pays the listed settlement and has no list entry of its own: their amounts differ.
fn contradicting(rows: &[TransferRow], item: &Disbursement, rule: Option<PayoutRule>) -> Option<usize> {
    // Without a rule it is not known which row pays the settlement.
    let rule = rule.filter(|rule| *rule != PayoutRule::SelfContained)?;
    let pays = |row: &TransferRow| candidates(row, Some(rule)).contains(&item.settlement_id);
    let mut paying = rows.iter().enumerate().filter(|(_, row)| pays(row));
    match (paying.next(), paying.next()) {
        (Some((at, row)), None) if row.payout.reference.is_none() && row.payout.amount != Sum::from(item.amount) => {
            Some(at)
        }
        _ => None,
    }
}

/// A listed payout whose row is not known, or not known to be its own.
fn listed_payout(timeline: &Timeline<'_>, item: &Disbursement, zone: Zone) -> ExpectedPayout {
    let documents = timeline.settlements.iter().map(|settlement| settlement.document);
    let mut own = documents.filter(|document| document.settlement_id().as_ref() == Some(&item.settlement_id));
    ExpectedPayout {
        account: timeline.account.clone(),
        currency: timeline.currency,
        settlement_id: Some(item.settlement_id.clone()),
        paid_settlement_id: Some(item.settlement_id.clone()),
        posted: item.time,
        posted_on: zone.date_of(item.time),
        amount: item.amount.into(),
        reference: Some(item.reference.clone()).filter(|text| !text.is_empty()),
        file: own.next().map_or_else(|| "(disbursement list)".to_owned(), |document| document.file.clone()),
        line: None,
    }
}
