//! The reports of every account, with their life: requested, in progress, done, acknowledged, gone.

use chrono::{DateTime, TimeDelta, Utc};

use super::fixture::{RETENTION, Report, ReportStatus, SANDBOX_SETTLEMENT_TYPE, SETTLEMENT_TYPE};

/// A report in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) report: Report,
    /// When making it began and ended, where it did.
    pub(super) started: Option<DateTime<Utc>>,
    pub(super) completed: Option<DateTime<Utc>>,
    pub(super) acknowledged_at: Option<DateTime<Utc>>,
    /// Whether the answers name its document; only a fault says no.
    pub(super) names_document: bool,
}

impl Stored {
    /// A report as it stands in a fixture: what is done was done when it appeared.
    pub(super) fn of_fixture(report: Report) -> Self {
        let finished = !matches!(report.status, ReportStatus::Submitted | ReportStatus::InProgress);
        Self {
            started: (report.status != ReportStatus::Submitted).then_some(report.created),
            completed: finished.then_some(report.created),
            acknowledged_at: report.acknowledged.then_some(report.created),
            names_document: true,
            report,
        }
    }

    /// When a merchant can first download it.
    pub(super) fn available(&self) -> Option<DateTime<Utc>> {
        self.completed.filter(|_| self.report.status == ReportStatus::Done)
    }

    fn is_shown(&self, now: DateTime<Utc>) -> bool {
        is_within(self.report.created, now)
    }
}

/// Whether something of that instant is there now: not before it, and for 90 days.
fn is_within(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at <= now && now - at < RETENTION
}

/// Every report.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    reports: Vec<Stored>,
}

impl Store {
    /// The reports of a fixture.
    pub(super) fn of_fixture(reports: &[Report]) -> Self {
        Self { reports: reports.iter().cloned().map(Stored::of_fixture).collect() }
    }

    /// Adds a report.
    pub(super) fn insert(&mut self, stored: Stored) {
        self.reports.push(stored);
    }

    /// Takes away every report with this id; tells whether there was one.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.reports.len();
        self.reports.retain(|stored| stored.report.id != id);
        self.reports.len() < before
    }

    /// What an account's lists may show now, newest first. Equal instants are ordered by id.
    pub(super) fn shown(&self, account: &str, now: DateTime<Utc>) -> Vec<&Stored> {
        let own = self.reports.iter().filter(|stored| stored.report.account == account && stored.is_shown(now));
        let mut shown: Vec<&Stored> = own.collect();
        shown.sort_by(|one, other| (other.report.created, &other.report.id).cmp(&(one.report.created, &one.report.id)));
        shown
    }

    /// A shown report with this id.
    pub(super) fn find(&self, account: &str, id: &str, now: DateTime<Utc>) -> Option<&Stored> {
        self.reports
            .iter()
            .find(|stored| stored.report.account == account && stored.report.id == id && stored.is_shown(now))
    }

    /// A finished report with this id whose bytes can be fetched now.
    pub(super) fn downloadable(&self, account: &str, id: &str, now: DateTime<Utc>) -> Option<&Stored> {
        self.find(account, id, now).filter(|stored| stored.available().is_some_and(|at| is_within(at, now)))
    }

    /// A finished report with this document id.
    pub(super) fn by_document(&self, account: &str, document: &str, now: DateTime<Utc>) -> Option<&Stored> {
        self.reports.iter().find(|stored| {
            stored.report.account == account
                && stored.report.document_id == document
                && stored.available().is_some_and(|at| is_within(at, now))
        })
    }

    /// The report with this id, whether shown or not.
    pub(super) fn get_mut(&mut self, account: &str, id: &str) -> Option<&mut Stored> {
        self.reports.iter_mut().find(|stored| stored.report.account == account && stored.report.id == id)
    }

    /// The account's next settlement report that has not appeared yet.
    pub(super) fn next_settlement(&mut self, account: &str, now: DateTime<Utc>) -> Option<&mut Stored> {
        self.reports
            .iter_mut()
            .filter(|stored| stored.report.account == account && stored.report.created > now)
            .filter(|stored| stored.report.report_type == SETTLEMENT_TYPE)
            .min_by_key(|stored| stored.report.created)
    }

    /// Whether an id is taken.
    pub(super) fn has(&self, id: &str) -> bool {
        self.reports.iter().any(|stored| stored.report.id == id)
    }

    /// Whether any report is of this type.
    pub(super) fn has_type(&self, report_type: &str) -> bool {
        self.reports.iter().any(|stored| stored.report.report_type == report_type)
    }

    /// The newest report whose bytes can stand for a requested one: of the same type, or, for a sandbox
    /// settlement, a live one; its period must touch the requested one.
    pub(super) fn material(
        &self,
        account: &str,
        report_type: &str,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Option<&Report> {
        let fits = |wanted: &str| {
            self.reports
                .iter()
                .map(|stored| &stored.report)
                .filter(|report| report.account == account && report.report_type == wanted)
                .filter(|report| report.period_start < until && report.period_end > from && !report.bytes.is_empty())
                .max_by_key(|report| report.period_end)
        };
        let live = || (report_type == SANDBOX_SETTLEMENT_TYPE).then(|| fits(SETTLEMENT_TYPE)).flatten();
        fits(report_type).or_else(live)
    }
}

/// The instant so long before another, or the beginning of time.
pub(super) fn before(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    at.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

impl Stored {
    /// Ends the making of a requested report: with the bytes of `material`, or without data.
    pub(super) fn finish(&mut self, material: Option<Report>, outcome: super::world::Outcome, at: DateTime<Utc>) {
        if !matches!(self.report.status, ReportStatus::Submitted | ReportStatus::InProgress) {
            return;
        }
        self.started.get_or_insert(at);
        self.completed = Some(at);
        self.report.status = match (&material, outcome) {
            (Some(_), _) => ReportStatus::Done,
            (None, super::world::Outcome::ByMaterial) => ReportStatus::NoData,
            (None, super::world::Outcome::Cancelled) => ReportStatus::Cancelled,
        };
        if let Some(material) = material {
            self.report.bytes = material.bytes;
            self.report.settlement_id = material.settlement_id;
        }
    }
}
