//! `settle.fetch/1` and `settle.run/1`: what was brought in from Amazon, and how a night went.

use serde::Serialize;

use crate::archive::Finding;

use super::import::ImportedFile;
use super::problem::Problem;

/// What was fetched.
#[derive(Clone, Debug, Serialize)]
pub struct FetchDocument {
    /// `settle.fetch/1`.
    pub schema: &'static str,
    /// Whether nothing was brought in, only listed.
    pub dry_run: bool,
    /// One for each account that was asked for.
    pub accounts: Vec<FetchedAccount>,
    /// What is worth saying about files that were taken.
    pub problems: Vec<Problem>,
}

/// One account.
#[derive(Clone, Debug, Serialize)]
pub struct FetchedAccount {
    /// Its name in the config.
    pub account: String,
    /// `pay-api` or `mws`.
    pub source: &'static str,
    /// `live` or `sandbox`.
    pub environment: &'static str,
    /// Reports that Amazon lists.
    pub listed: usize,
    /// Names of the reports that the archive lacks; only with `--dry-run`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<String>,
    /// Reports that were brought in, now or by an earlier run that was stopped before they were read.
    pub reports: Vec<ImportedFile>,
    /// Reports that were not brought in.
    pub left: Vec<LeftReport>,
    /// Requested reports that Amazon is still at work on.
    pub waiting: usize,
    /// Why the account's fetch ended before its end.
    pub error: Option<String>,
    /// What to type or where to look.
    pub hint: Option<String>,
    /// What a person should know although it went well.
    pub notes: Vec<String>,
    /// What is only worth telling when asked.
    pub remarks: Vec<String>,
    /// The exit code of this account alone.
    pub exit: u8,
}

/// A report that was not brought in.
#[derive(Clone, Debug, Serialize)]
pub struct LeftReport {
    /// Amazon's id.
    pub report_id: String,
    /// The name that its file would have.
    pub file: String,
    /// Why not.
    pub message: String,
    /// What to type or where to look.
    pub hint: Option<String>,
}

/// How a night went.
#[derive(Clone, Debug, Serialize)]
pub struct RunDocument {
    /// `settle.run/1`.
    pub schema: &'static str,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it ended, RFC 3339.
    pub finished: String,
    /// The exit code.
    pub exit: u8,
    /// Its meaning.
    pub meaning: &'static str,
    /// Reports that are new in the archive.
    pub new_reports: u64,
    /// Files that were taken from the inbox.
    pub inbox: Vec<ImportedFile>,
    /// One for each account that was fetched.
    pub accounts: Vec<FetchedAccount>,
    /// Whether each month that was looked at ties.
    pub months: Vec<CheckedMonth>,
    /// Deadlines of disputes that come near; each is told once at each mark.
    pub warnings: Vec<DeadlineLine>,
    /// What the night read of the archive, and what is damaged in it.
    pub verified: Option<VerifiedShare>,
    /// The first thing that is wrong.
    pub error: Option<String>,
}

/// The part of the archive that a night read.
#[derive(Clone, Debug, Serialize)]
pub struct VerifiedShare {
    /// Which, for example `7 of 30`; `None` for all of it.
    pub share: Option<String>,
    /// Documents whose bytes were read.
    pub documents_read: u64,
    /// Documents for which no time was left.
    pub documents_left: u64,
    /// What is damaged.
    pub findings: Vec<Finding>,
}

/// A deadline of a dispute that comes near.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadlineLine {
    /// The account.
    pub account: String,
    /// The case, as `settle disputes` names it.
    pub case_id: String,
    /// Days left in the account's zone.
    pub days_left: i64,
    /// The last instant, RFC 3339.
    pub respond_by: String,
    /// `amazon` or `estimated`.
    pub respond_by_basis: &'static str,
    /// The sentence for people.
    pub message: String,
}

/// A month that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedMonth {
    /// `YYYY-MM`.
    pub month: String,
    /// `complete` or `incomplete`.
    pub status: String,
    /// Whether everything in it ties.
    pub ties: bool,
    /// What does not.
    pub findings: Vec<String>,
    /// Files that were written for it.
    pub written: Vec<String>,
}

impl RunDocument {
    /// The one line that a night comes to.
    #[must_use]
    pub fn line(&self) -> String {
        let accounts = match self.accounts.len() {
            1 => "1 account".to_owned(),
            count => format!("{count} accounts"),
        };
        let reports = match self.new_reports {
            0 => "nothing new".to_owned(),
            1 => "1 new report".to_owned(),
            count => format!("{count} new reports"),
        };
        let ties = match (self.months.is_empty(), self.months.iter().all(|month| month.ties)) {
            (true, _) => String::new(),
            (false, true) => "; everything ties".to_owned(),
            (false, false) => "; something does not tie".to_owned(),
        };
        let error = self.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let verdict = if self.exit == 0 { "done".to_owned() } else { format!("ended with {}", self.exit) };
        format!("settle run {verdict}: {accounts}, {reports}{ties}{error}")
    }
}
