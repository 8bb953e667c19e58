//! One account: what Amazon has against what is here, and the difference brought in, the oldest first.
//!
//! Bytes are whole, checked and in the raw store before the catalog says so, and the catalog says so before
//! Amazon is told. Stopped at any point, the next run goes on where this one was: nothing is downloaded twice,
//! nothing is passed over.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use super::disbursements::bring_disbursements;
use super::error::FetchError;
use super::requests::{ask_for_reports, keep_schedules};
use super::source::{Delivery, Listed, Source, Stage, Window};
use super::types::file_name;
use crate::archive::{Catalog, RawStore, RemoteAccount, RemoteRecord, RemoteState};
use crate::config::{Acknowledge, TransactionReports};
use crate::domain::{DocumentId, ExitCode, Instant, Timer};

/// Runs in a row that ask for a report that Amazon lists and does not have; after that it counts as failed.
const FAILURES_MAX: u32 = 5;

/// What is to be fetched.
pub struct FetchPlan {
    /// Reports made from this instant on; by default as far back as the lookback.
    pub since: Option<Instant>,
    /// Reports made before this instant.
    pub until: Option<Instant>,
    /// Whether anything is brought in, or only listed.
    pub mode: Mode,
}

/// Whether anything is brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reports are brought in.
    Bring,
    /// Reports are only listed; nothing is written but the pace.
    Look,
}

/// What a run works with.
pub struct Desk<'a> {
    /// The catalog.
    pub catalog: &'a RefCell<&'a mut Catalog>,
    /// The raw store, whose lock the caller holds.
    pub store: RawStore,
    /// The time.
    pub clock: &'a dyn Timer,
    /// Whose reports.
    pub who: RemoteAccount,
    /// Amazon's words for the types to get.
    pub types: Vec<String>,
    /// How far back.
    pub lookback: TimeDelta,
    /// Which transaction reports.
    pub transactions: TransactionReports,
    /// Whether Amazon is told what is here.
    pub acknowledge: Acknowledge,
    /// Hears how far it is.
    pub tell: &'a dyn Fn(&Progress),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Reports brought in so far.
    pub done: usize,
    /// Reports to bring in.
    pub total: usize,
    /// When the last will be here at the pace that Amazon allows.
    pub until: Instant,
}

/// A report that was brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Amazon's id.
    pub report_id: String,
    /// The name of its file.
    pub file: String,
    /// Its bytes.
    pub document: DocumentId,
}

/// A report that was not brought in, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Amazon's id.
    pub report_id: String,
    /// The name that its file would have.
    pub file: String,
    /// Why not.
    pub message: String,
    /// Something to type or a place to look.
    pub hint: Option<String>,
    /// What that means for the end of the run.
    pub exit: ExitCode,
}

/// What became of one account.
#[derive(Debug, Default)]
pub struct FetchOutcome {
    /// Reports that Amazon lists in the window.
    pub listed: usize,
    /// Names of the files that would be brought in; filled when only looking.
    pub lacking: Vec<String>,
    /// Reports brought in.
    pub brought: Vec<Brought>,
    /// Reports not brought in.
    pub left: Vec<Left>,
    /// Requests that Amazon is still at work on.
    pub waiting: usize,
    /// What ended the account's fetch before its end.
    pub error: Option<FetchError>,
    /// What a person should know although it went well.
    pub notes: Vec<String>,
    /// What is only worth telling when asked.
    pub remarks: Vec<String>,
    /// The first instant of the oldest period that Amazon still has, on the first fetch of an account.
    pub oldest_on_first: Option<Instant>,
}

impl FetchOutcome {
    /// How the run ends because of this account.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let failures = self.left.iter().map(|left| left.exit).chain(self.error.iter().map(FetchError::exit_code));
        let waiting = (self.waiting > 0).then_some(ExitCode::Temporary);
        let worst = ExitCode::worst(failures.chain(waiting));
        // With some reports here and others not, "partly done" applies besides the reason, and ranks by the contract.
        if worst == ExitCode::Temporary && !self.brought.is_empty() && !self.left.is_empty() {
            ExitCode::PartlyDone
        } else {
            worst
        }
    }
}

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

pub(super) fn new_record(report: &Listed, desk: &Desk<'_>) -> RemoteRecord {
    RemoteRecord {
        report_id: report.report_id.clone(),
        report_type: report.report_type.clone(),
        status: report.status.clone(),
        document_ref: None,
        period_start_ms: None,
        period_end_ms: None,
        created_ms: report.created.map(Instant::utc_millis),
        first_seen_ms: desk.clock.now().timestamp_millis(),
        state: RemoteState::Listed,
        document: None,
        content_type: None,
        failures: 0,
        last_error: None,
        acknowledged: report.acknowledged,
    }
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

/// Gives the bytes their place, then says so in the catalog.
pub(super) fn store(desk: &Desk<'_>, record: &mut RemoteRecord, delivery: Delivery) -> Result<Brought, FetchError> {
    let document = desk.store.commit(delivery.document)?;
    record.state = RemoteState::Stored;
    record.document = Some(document.clone());
    record.content_type = delivery.content_type;
    record.failures = 0;
    record.last_error = None;
    desk.catalog.borrow_mut().record_reports(&desk.who, std::slice::from_ref(record))?;
    let file = file_name(&record.report_type, &record.report_id);
    Ok(Brought { report_id: record.report_id.clone(), file, document })
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
