//! Captures and refunds of the transaction reports against the rows of the settlements.

use std::collections::HashSet;
use std::sync::Arc;

use super::failure::Failure;
use super::load::{KeptRecords, Loaded};
use super::reconcile::Bounds;
use super::reconcile_orders::counted;
use super::settlement_rows::settlement_rows;
use crate::domain::{AccountName, Instant, MILLIS_PER_SECOND, RowKind};
use crate::parse::{DocumentKind, ReadOptions, Records};
use crate::reconcile::timelines;
use crate::reconcile::unsettled::{
    MovementKey, MovementReport, PostedMovements, PostedSink, reported_unsettled, wanted_movements,
};
use crate::report::{Problem, Severity, UnsettledLine, unsettled_lines};

/// A row is posted when its capture is completed; a day is ample for clocks that differ.
const ROW_BEFORE_MILLIS: i64 = 24 * 60 * 60 * MILLIS_PER_SECOND;

/// What is captured and not settled at the end of the period; the records are taken out of what was loaded.
pub(super) fn unsettled(
    bounds: &Bounds<'_>,
    loaded: &mut Loaded,
    options: &ReadOptions,
) -> Result<(Vec<UnsettledLine>, Vec<Problem>), Failure> {
    let reports = reports(bounds, std::mem::take(&mut loaded.records));
    let documents = counted(loaded);
    let mut posted = PostedMovements::default();
    let (wanted, first) = wanted_movements(&reports);
    if let Some(first) = first.filter(|_| !wanted.is_empty()) {
        let wanted = Arc::new(wanted);
        for (document, input) in &documents {
            let last = document.digest.last_posted;
            if last.is_none_or(|last| last.utc_millis() < first.utc_millis().saturating_sub(ROW_BEFORE_MILLIS)) {
                continue;
            }
            let make = make_sink(Arc::clone(&wanted));
            for sink in settlement_rows(document, input, bounds.archive, options, make)? {
                posted.add(&document.account, sink.finish());
            }
        }
    }
    let documents: Vec<_> = documents.into_iter().map(|(document, _)| document).collect();
    let mut accounts: Vec<(AccountName, Vec<_>)> = Vec::new();
    for timeline in timelines(&documents) {
        match accounts.last_mut().filter(|(account, _)| *account == timeline.account) {
            Some((_, currencies)) => currencies.push(timeline.currency),
            None => accounts.push((timeline.account, vec![timeline.currency])),
        }
    }
    let until = |account: Option<&AccountName>| -> Instant {
        let period = account.and_then(|account| bounds.ask.periods.get(account)).unwrap_or(&bounds.ask.period);
        period.until()
    };
    let reported = reported_unsettled(&reports, &posted, &accounts, &until);
    let lines = unsettled_lines(bounds.ask, &documents, &reported)?;
    let nobodys = reported.keys().any(|(account, _)| account.is_none()).then(|| {
        let message = "a capture or refund report names no merchant and none of its ids stands in one account's \
                       settlements; what it tells is shown without an account";
        Problem::new(Severity::Warning, "report_of_no_account", message)
            .with_hint("bring the report into the archive with `settle fetch`, which knows whose it is")
    });
    Ok((lines, nobodys.into_iter().collect()))
}

fn make_sink(wanted: Arc<HashSet<MovementKey>>) -> Arc<dyn Fn() -> PostedSink + Send + Sync> {
    Arc::new(move || PostedSink::new(Arc::clone(&wanted)))
}

/// The reports of captures and refunds of the accounts that were asked for.
fn reports(bounds: &Bounds<'_>, records: Vec<KeptRecords>) -> Vec<MovementReport> {
    let configured = bounds.accounts.settings().map(|settings| settings.accounts.as_slice()).unwrap_or_default();
    let wanted = |name: &AccountName| {
        let account = configured.iter().find(|account| account.name == *name);
        account.is_none_or(|account| bounds.accounts.wants(Some(&account.merchant_id)))
    };
    let report = |kept: KeptRecords| {
        let kind = match kept.kind {
            DocumentKind::Capture => RowKind::Capture,
            DocumentKind::Refund => RowKind::Refund,
            _ => return None,
        };
        let Records::Transactions(rows) = kept.records else { return None };
        Some(MovementReport { file: kept.file, account: kept.account, kind, rows })
    };
    let of_others = |kept: &KeptRecords| kept.account.as_ref().is_some_and(|name| !wanted(name));
    records.into_iter().filter(|kept| !of_others(kept)).filter_map(report).collect()
}
