//! What fetching one account works with, and what comes of it.

use std::cell::RefCell;

use chrono::TimeDelta;

use super::error::FetchError;
use super::source::{Delivery, Listed};
use super::types::file_name;
use crate::archive::{Catalog, RawStore, RemoteAccount, RemoteRecord, RemoteState};
use crate::config::{Acknowledge, TransactionReports};
use crate::domain::{DocumentId, ExitCode, Instant, Timer};

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

/// A report that was never seen before, as the catalog enters it.
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
