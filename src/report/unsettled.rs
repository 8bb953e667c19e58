//! The section `captured_not_settled` of the reconciliation: done, and not yet paid for by a settlement.
//!
//! Two sources, and nothing counts in both: rows posted before the instant in settlements that end after it, and
//! captures and refunds of the transaction reports that stand in no row posted before it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::assemble::Ask;
use crate::domain::{AccountName, Currency, Money, MoneyError, RowKind, Sum};
use crate::ledger::Part;
use crate::reconcile::unsettled::{Flow, Reach, Reported, ReportedByAccount};
use crate::reconcile::{SettlementDocument, timelines};

/// What is captured and refunded and not settled, of one account and currency at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsettledLine {
    /// The account; absent where nothing tells whose a report is.
    pub account: Option<AccountName>,
    /// The currency.
    pub currency: Currency,
    /// The instant: the end of the period.
    pub at: String,
    /// What the figures rest on: `open_settlements`, `capture_reports`, `refund_reports`.
    pub basis: Vec<&'static str>,
    /// Captures, from both sources; absent where no capture report reaches the instant.
    pub captures: Option<UnsettledFlow>,
    /// Refunds, from both sources; absent where no refund report reaches the instant.
    pub refunds: Option<UnsettledFlow>,
    /// Captures less refunds, gross; absent where one of them is not known.
    pub amount: Option<Money>,
    /// Captures and refunds in rows of settlements that were still open.
    pub in_open_settlements: Option<OpenFlows>,
    /// Captures that the reports tell of and no row posted by then has.
    pub reported_captures: Option<UnsettledFlow>,
    /// Refunds alike.
    pub reported_refunds: Option<UnsettledFlow>,
    /// How many of both stand in a row that was posted later.
    pub settled_since: u64,
    /// How far the capture reports reach, as their rows show it.
    pub capture_coverage: Vec<Covered>,
    /// How far the refund reports reach.
    pub refund_coverage: Vec<Covered>,
    /// Captures and refunds of which a report leaves open whether, when or how much money moved; in no figure.
    pub unclear: u64,
}

/// How many and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnsettledFlow {
    /// How many.
    pub count: u64,
    /// Σ gross; refunds are negative.
    pub amount: Money,
}

/// Captures and refunds of settlements that were still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct OpenFlows {
    pub captures: UnsettledFlow,
    pub refunds: UnsettledFlow,
}

/// From the first to the last instant of which reports tell something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Covered {
    pub from: String,
    pub until: String,
}

/// The lines of every account and currency that settlements or reports tell of. `documents` are those that count.
///
/// # Errors
/// [`MoneyError::TooLarge`] where a sum does not fit a decimal, which no real file reaches.
pub fn unsettled_lines(
    ask: &Ask,
    documents: &[SettlementDocument],
    reported: &ReportedByAccount,
) -> Result<Vec<UnsettledLine>, MoneyError> {
    let open = open_settlements(ask, documents);
    let mut keys: BTreeSet<(Option<AccountName>, Currency)> = reported.keys().cloned().collect();
    keys.extend(open.iter().map(|open| (Some(open.account.clone()), open.currency)));
    let silent = Reported::default();
    let lines = keys.into_iter().map(|key| {
        let is_of = |open: &&Open| Some(&open.account) == key.0.as_ref() && open.currency == key.1;
        let open = open.iter().find(is_of);
        line(ask, &key, open, reported.get(&key).unwrap_or(&silent))
    });
    lines.collect()
}

/// Rows of one account and currency, posted by then in settlements that end later.
struct Open {
    account: AccountName,
    currency: Currency,
    captures: Flow,
    refunds: Flow,
}

fn open_settlements(ask: &Ask, documents: &[SettlementDocument]) -> Vec<Open> {
    let mut all = Vec::new();
    for timeline in timelines(documents) {
        let until = ask.period_of(&timeline.account).until().utc_millis();
        let still_open = timeline.settlements.iter().filter(|settlement| settlement.document.end.utc_millis() >= until);
        let (mut captures, mut refunds) = (Flow::default(), Flow::default());
        for settlement in still_open {
            for (kind, flow) in [(RowKind::Capture, &mut captures), (RowKind::Refund, &mut refunds)] {
                let tally = settlement.sum(|of, part| of == kind && part != Part::After);
                flow.count += tally.count;
                flow.amount += tally.amount;
            }
        }
        all.push(Open { account: timeline.account, currency: timeline.currency, captures, refunds });
    }
    all
}

fn line(
    ask: &Ask,
    (account, currency): &(Option<AccountName>, Currency),
    open: Option<&Open>,
    reported: &Reported,
) -> Result<UnsettledLine, MoneyError> {
    let period = account.as_ref().map_or(ask.period, |account| ask.period_of(account));
    let zone = period.zone().tz();
    let flow = |flow: Flow| shown(flow, *currency);
    let both = |told: Option<Flow>, open: Option<Flow>| told.map(|told| added(told, open.unwrap_or_default()));
    let captures = both(reported.captures, open.map(|open| open.captures));
    let refunds = both(reported.refunds, open.map(|open| open.refunds));
    let total = captures.zip(refunds).map(|(captures, refunds)| added(captures, refunds).amount.in_currency(*currency));
    let bases = [
        ("open_settlements", open.is_some()),
        ("capture_reports", reported.captures.is_some()),
        ("refund_reports", reported.refunds.is_some()),
    ];
    let covered = |reach: &[Reach]| -> Vec<Covered> {
        let range = |(from, until): &Reach| Covered { from: from.rfc3339_in(&zone), until: until.rfc3339_in(&zone) };
        reach.iter().map(range).collect()
    };
    let open = open.map(|open| Ok(OpenFlows { captures: flow(open.captures)?, refunds: flow(open.refunds)? }));
    let since = [reported.captures, reported.refunds].into_iter().flatten().map(|flow| flow.settled_since);
    Ok(UnsettledLine {
        account: account.clone(),
        currency: *currency,
        at: period.until().rfc3339_in(&zone),
        basis: bases.into_iter().filter(|(_, is)| *is).map(|(word, _)| word).collect(),
        captures: captures.map(flow).transpose()?,
        refunds: refunds.map(flow).transpose()?,
        amount: total.transpose()?,
        in_open_settlements: open.transpose()?,
        reported_captures: reported.captures.map(flow).transpose()?,
        reported_refunds: reported.refunds.map(flow).transpose()?,
        settled_since: since.sum(),
        capture_coverage: covered(&reported.capture_reach),
        refund_coverage: covered(&reported.refund_reach),
        unclear: reported.unclear,
    })
}

fn added(one: Flow, two: Flow) -> Flow {
    let amount = [one.amount, two.amount].into_iter().sum::<Sum>();
    Flow { count: one.count + two.count, amount, settled_since: one.settled_since + two.settled_since }
}

fn shown(flow: Flow, currency: Currency) -> Result<UnsettledFlow, MoneyError> {
    Ok(UnsettledFlow { count: flow.count, amount: flow.amount.in_currency(currency)? })
}
