//! One account: what Amazon has against what is here, and the difference brought in, the oldest first.
//!
//! Bytes are whole, checked and in the raw store before the catalog says so, and the catalog says so before
//! Amazon is told. Stopped at any point, the next run goes on where this one was: nothing is downloaded twice,
//! nothing is passed over.

use std::collections::{HashMap, HashSet};

use super::desk::{Desk, FetchOutcome, FetchPlan, Left, Mode, Progress, new_record, store};
use super::disbursements::bring_disbursements;
use super::error::FetchError;
use super::requests::{ask_for_reports, keep_schedules};
use super::source::{Listed, Source, Stage, Window};
use super::types::file_name;
use crate::archive::{RemoteRecord, RemoteState};
use crate::config::Acknowledge;
use crate::domain::{ExitCode, Instant};

/// Runs in a row that ask for a report that Amazon lists and does not have; after that it counts as failed.
const FAILURES_MAX: u32 = 5;

/// Fetches one account. Never fails as a whole: what went wrong stands in the outcome.
pub async fn fetch_account<S: Source>(source: &S, desk: &Desk<'_>, plan: &FetchPlan) -> FetchOutcome {
    let mut outcome = FetchOutcome::default();
    if let Err(why) = work(source, desk, plan, &mut outcome).await {
        outcome.error = Some(why);
    }
    outcome.notes.extend(source.take_notes());
    outcome
}

async fn work<S: Source>(
    source: &S,
    desk: &Desk<'_>,
    plan: &FetchPlan,
    outcome: &mut FetchOutcome,
) -> Result<(), FetchError> {
    let now = desk.clock.now();
    if plan.mode == Mode::Bring {
        keep_schedules(source, desk).await?;
        outcome.waiting = ask_for_reports(source, desk).await?;
    }
    let known = desk.catalog.borrow().remote_reports(&desk.who)?;
    let first = known.is_empty();
    let mut known: HashMap<String, RemoteRecord> =
        known.into_iter().map(|record| (record.report_id.clone(), record)).collect();
    let since = plan.since.unwrap_or_else(|| (now - desk.lookback).into());
    let window = Window { since, until: plan.until, types: &desk.types };
    let listed = source.list(&window, &|id| known.contains_key(id)).await?;
    outcome.listed = listed.len();
    let ready = merge(desk, listed, &mut known, outcome);
    let mut wanted: Vec<RemoteRecord> =
        known.into_values().filter(|record| record.state == RemoteState::Listed).collect();
    wanted.retain(|record| ready.contains(&record.report_id) || record.failures > 0);
    wanted.sort_by(|a, b| age(a).cmp(&age(b)).then_with(|| a.report_id.cmp(&b.report_id)));
    if first {
        outcome.oldest_on_first =
            wanted.first().and_then(|record| record.period_start_ms).map(|ms| Instant::new(ms, 0));
    }
    if plan.mode == Mode::Look {
        outcome.lacking = wanted.iter().map(|record| file_name(&record.report_type, &record.report_id)).collect();
        return Ok(());
    }
    bring(source, desk, wanted, outcome).await?;
    confirm(source, desk, outcome).await?;
    bring_disbursements(source, desk, outcome).await
}

/// The oldest first: those vanish first at Amazon.
fn age(record: &RemoteRecord) -> i64 {
    record.period_start_ms.or(record.created_ms).unwrap_or(record.first_seen_ms)
}

/// Enters what is listed into what is known, and answers which reports can be downloaded.
fn merge(
    desk: &Desk<'_>,
    listed: Vec<Listed>,
    known: &mut HashMap<String, RemoteRecord>,
    outcome: &mut FetchOutcome,
) -> HashSet<String> {
    let mut ready = HashSet::new();
    for report in listed {
        let fresh = !known.contains_key(&report.report_id);
        let record = known.entry(report.report_id.clone()).or_insert_with(|| new_record(&report, desk));
        if report.stage == Stage::Ready {
            ready.insert(report.report_id.clone());
        }
        if !matches!(record.state, RemoteState::Stored | RemoteState::Taken | RemoteState::Refused) {
            record.state = match report.stage {
                Stage::Ready | Stage::Working => RemoteState::Listed,
                Stage::Nothing => RemoteState::Nothing,
                Stage::Failed => RemoteState::Failed,
            };
            record.failures = if record.failures > FAILURES_MAX { 0 } else { record.failures };
        }
        record.status = report.status;
        record.document_ref = report.document_ref.or(record.document_ref.take());
        record.period_start_ms = report.period_start.map(Instant::utc_millis).or(record.period_start_ms);
        record.period_end_ms = report.period_end.map(Instant::utc_millis).or(record.period_end_ms);
        if fresh && record.state == RemoteState::Failed {
            outcome.left.push(Left {
                report_id: record.report_id.clone(),
                file: file_name(&record.report_type, &record.report_id),
                message: "Amazon could not make this report".to_owned(),
                hint: Some("look for it in Seller Central, and bring it in with `settle import`".to_owned()),
                exit: ExitCode::PartlyDone,
            });
        }
    }
    ready
}

/// Downloads what is wanted, each report entered as soon as its bytes are safe.
async fn bring<S: Source>(
    source: &S,
    desk: &Desk<'_>,
    wanted: Vec<RemoteRecord>,
    outcome: &mut FetchOutcome,
) -> Result<(), FetchError> {
    desk.catalog.borrow_mut().record_reports(&desk.who, &wanted)?;
    let total = wanted.len();
    for (done, mut record) in wanted.into_iter().enumerate() {
        (desk.tell)(&Progress { done, total, until: source.estimate(total - done)? });
        match source.download(&record, &desk.store).await {
            Ok(delivery) => {
                let brought = store(desk, &mut record, delivery)?;
                outcome.brought.push(brought);
            }
            Err(why) => {
                record.last_error = Some(why.to_string());
                let ends = why.ends_the_account();
                if !ends {
                    record.failures += 1;
                }
                if matches!(why, FetchError::Gone { .. }) && record.failures >= FAILURES_MAX {
                    record.state = RemoteState::Failed;
                }
                desk.catalog.borrow_mut().record_reports(&desk.who, std::slice::from_ref(&record))?;
                if ends {
                    return Err(why);
                }
                outcome.left.push(left(&record, &why));
            }
        }
    }
    Ok(())
}

fn left(record: &RemoteRecord, why: &FetchError) -> Left {
    let exit = match why.exit_code() {
        // One report that cannot be had is no reason to call the account's settings wrong.
        ExitCode::Configuration if !matches!(why, FetchError::AddressRefused { .. }) => ExitCode::PartlyDone,
        other => other,
    };
    Left {
        report_id: record.report_id.clone(),
        file: file_name(&record.report_type, &record.report_id),
        message: why.to_string(),
        hint: why.hint(),
        exit,
    }
}

/// Tells Amazon what is safe here. That it cannot be told is worth a remark, no more: it changes nothing here.
async fn confirm<S: Source>(source: &S, desk: &Desk<'_>, outcome: &mut FetchOutcome) -> Result<(), FetchError> {
    if desk.acknowledge == Acknowledge::Never || desk.who.source != crate::config::Source::Mws.word() {
        return Ok(());
    }
    let mut open = desk.catalog.borrow().remote_reports(&desk.who)?;
    open.retain(|record| record.document.is_some() && !record.acknowledged);
    if open.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = open.iter().map(|record| record.report_id.clone()).collect();
    if let Err(why) = source.acknowledge(&ids).await {
        outcome.remarks.push(format!("Amazon could not be told which reports are here: {why}"));
        return Ok(());
    }
    for record in &mut open {
        record.acknowledged = true;
    }
    Ok(desk.catalog.borrow_mut().record_reports(&desk.who, &open)?)
}
