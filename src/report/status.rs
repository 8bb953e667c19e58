//! `settle.status/1`: what is in the archive, when it was last fetched, when it will be next (contract §6).
//!
//! Coverage and gaps come from the same chain as those of a statement, over all settlements there are.
//! Fresh is an account whose source was read to its end lately: for one that is fetched, Amazon; for one
//! that is brought in by hand, the newest file.

use chrono::TimeDelta;
use serde::Serialize;

use super::statement::GapRange;
use crate::archive::{FetchRecord, RunRecord};
use crate::domain::{AccountName, Basis, Currency, ExitCode, Instant, Period, SellerId, Zone};
use crate::reconcile::{
    BalanceRules, Conflict, Gap, SettlementDocument, Timeline, roll_forward, settle_conflicts, timelines,
};

/// The word of an account whose files are brought in by hand.
const BY_HAND: &str = "import";
/// From this age on an account that is fetched is warned of: Amazon deletes reports after 90 days.
pub const RETENTION_ALARM: TimeDelta = TimeDelta::days(80);
/// A success further ahead than this was entered while the clock was wrong, and proves nothing.
const FUTURE_MAX: TimeDelta = TimeDelta::days(1);

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct StatusDocument {
    /// `settle.status/1`.
    pub schema: &'static str,
    /// When it was made.
    pub at: String,
    /// The zone of runs.
    pub timezone: String,
    /// Whether everything that should be fresh is; absent where no age was asked for.
    pub fresh: Option<bool>,
    /// One for each account and currency.
    pub accounts: Vec<AccountStatus>,
    /// The latest runs, newest first.
    pub runs: Vec<RunLine>,
    /// The next run by the schedule.
    pub next_run: Option<String>,
    /// Since when a run is due that has not begun.
    pub overdue_since: Option<String>,
}

/// One account in one currency.
#[derive(Clone, Debug, Serialize)]
pub struct AccountStatus {
    /// Its configured name, else its merchant id.
    pub account: AccountName,
    /// Amazon's merchant id.
    pub merchant_id: Option<SellerId>,
    /// Where its files come from.
    pub source: String,
    /// Live or sandbox.
    pub environment: Option<String>,
    /// The currency; absent where no settlement says one.
    pub currency: Option<Currency>,
    /// Settlements in the archive.
    pub settlements: usize,
    /// Start of the first one.
    pub first_start: Option<String>,
    /// End of the last one.
    pub last_end: Option<String>,
    /// Holes between them.
    pub gaps: Vec<GapRange>,
    /// Settlements of which there are two versions, in all currencies.
    pub conflicts: usize,
    /// When everything that Amazon had was last brought in.
    pub last_fetch: Option<String>,
    /// When it was last tried.
    pub last_attempt: Option<String>,
    /// When a file of it was last brought in, from wherever.
    pub last_import: Option<String>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// Whether it is as fresh as was asked for; absent where it was not asked.
    pub fresh: Option<bool>,
    /// Seconds since its source was last read to its end.
    pub age_seconds: Option<i64>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunLine {
    /// The command: `fetch` or `run`.
    pub command: String,
    /// When it began.
    pub started: String,
    /// When it ended; absent while it is at work, and where it was killed.
    pub finished: Option<String>,
    /// Its exit code.
    pub exit: Option<i64>,
    /// Reports that it brought in.
    pub new_reports: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct StatusAsk {
    /// The present.
    pub now: Instant,
    /// The zone of runs.
    pub zone: Zone,
    /// Holes up to this length are none.
    pub gap_tolerance: TimeDelta,
    /// How fresh everything should be.
    pub max_age: Option<TimeDelta>,
    /// The next run by the schedule.
    pub next_run: Option<Instant>,
    /// Since when a run is due that has not begun.
    pub overdue_since: Option<Instant>,
}

/// What is known of an account beside its settlements.
#[derive(Clone, Debug)]
pub struct StatusAccount {
    /// Its configured name, else its merchant id.
    pub account: AccountName,
    /// Amazon's merchant id.
    pub merchant_id: Option<SellerId>,
    /// `pay-api`, `mws` or `import`.
    pub source: String,
    /// `live` or `sandbox`, where it is known.
    pub environment: Option<String>,
    /// The zone of its instants.
    pub zone: Zone,
    /// Whether it should be fresh.
    pub watched: bool,
    /// How fetching it last went.
    pub fetch: Option<FetchRecord>,
    /// When a file of it was last brought in.
    pub last_import: Option<Instant>,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct StatusFacts {
    /// The accounts, in the order in which they are shown.
    pub accounts: Vec<StatusAccount>,
    /// Their settlements.
    pub documents: Vec<SettlementDocument>,
    /// The latest runs, newest first.
    pub runs: Vec<RunRecord>,
}

impl StatusAccount {
    /// Whether Amazon is asked for its files.
    #[must_use]
    pub fn is_fetched(&self) -> bool {
        self.source != BY_HAND
    }

    /// When its source was last read to its end. A time that has not come yet proves nothing.
    #[must_use]
    pub fn last_success(&self, now: Instant) -> Option<Instant> {
        let fetched = || Some(Instant::new(self.fetch.as_ref()?.last_success_ms?, 0));
        let success = if self.is_fetched() { fetched() } else { self.last_import };
        success.filter(|success| age(*success, now) >= -FUTURE_MAX)
    }

    /// Whether its last success is no older than `most`.
    #[must_use]
    pub fn is_fresh(&self, now: Instant, most: TimeDelta) -> bool {
        self.last_success(now).is_some_and(|success| age(success, now) <= most)
    }
}

/// How long ago an instant was.
#[must_use]
pub fn age(at: Instant, now: Instant) -> TimeDelta {
    TimeDelta::milliseconds(now.utc_millis().saturating_sub(at.utc_millis()))
}

impl StatusDocument {
    /// How the command ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.fresh == Some(false) { ExitCode::Stale } else { ExitCode::Done }
    }
}

/// Assembles the status.
#[must_use]
pub fn assemble_status(ask: &StatusAsk, facts: &StatusFacts) -> StatusDocument {
    let (documents, conflicts) = settle_conflicts(facts.documents.clone());
    let timelines = timelines(&documents);
    let mut accounts = Vec::new();
    for account in &facts.accounts {
        let lines = Lines { ask, account, documents: &documents, conflicts: &conflicts };
        accounts.extend(lines.of(&timelines));
    }
    let watched = facts.accounts.iter().filter(|account| account.watched);
    let all_fresh = |most| watched.clone().count() > 0 && watched.clone().all(|one| one.is_fresh(ask.now, most));
    let shown = |at: Instant| at.rfc3339_in(&ask.zone.tz());
    StatusDocument {
        schema: "settle.status/1",
        at: shown(ask.now),
        timezone: ask.zone.to_string(),
        fresh: ask.max_age.map(all_fresh),
        accounts,
        runs: facts.runs.iter().map(|run| run_line(run, ask.zone)).collect(),
        next_run: ask.next_run.map(shown),
        overdue_since: ask.overdue_since.map(shown),
    }
}

/// What the lines of one account are made from.
struct Lines<'a> {
    ask: &'a StatusAsk,
    account: &'a StatusAccount,
    documents: &'a [SettlementDocument],
    conflicts: &'a [Conflict],
}

impl Lines<'_> {
    /// A line for each currency; one without a currency where no settlement says any.
    fn of(&self, timelines: &[Timeline<'_>]) -> Vec<AccountStatus> {
        let own = timelines.iter().filter(|timeline| timeline.account == self.account.account);
        let lines: Vec<AccountStatus> = own.map(|timeline| self.in_currency(timeline)).collect();
        if lines.is_empty() { vec![self.without_currency()] } else { lines }
    }

    fn in_currency(&self, timeline: &Timeline<'_>) -> AccountStatus {
        let documents = timeline.settlements.iter().map(|settlement| settlement.document);
        let mut line = self.line(documents.collect());
        line.currency = Some(timeline.currency);
        line.gaps = self.gaps(timeline);
        line
    }

    /// Settlements without rows cover their periods, in no currency.
    fn without_currency(&self) -> AccountStatus {
        self.line(self.documents.iter().filter(|document| document.account == self.account.account).collect())
    }

    fn line(&self, documents: Vec<&SettlementDocument>) -> AccountStatus {
        let account = self.account;
        let shown = |at: Instant| at.rfc3339_in(&account.zone.tz());
        let of_fetch = |ms: Option<i64>| ms.map(|ms| shown(Instant::new(ms, 0)));
        let fetch = account.fetch.as_ref();
        let now = self.ask.now;
        AccountStatus {
            account: account.account.clone(),
            merchant_id: account.merchant_id.clone(),
            source: account.source.clone(),
            environment: account.environment.clone(),
            currency: None,
            settlements: documents.len(),
            first_start: documents.iter().map(|document| document.start).min().map(shown),
            last_end: documents.iter().map(|document| document.end).max().map(shown),
            gaps: Vec::new(),
            conflicts: self.open_conflicts(),
            last_fetch: of_fetch(fetch.and_then(|fetch| fetch.last_success_ms)),
            last_attempt: of_fetch(fetch.map(|fetch| fetch.last_attempt_ms)),
            last_import: account.last_import.map(shown),
            last_error: fetch.and_then(|fetch| fetch.last_error.clone()),
            fresh: self.ask.max_age.filter(|_| account.watched).map(|most| account.is_fresh(now, most)),
            age_seconds: account.last_success(now).map(|success| age(success, now).num_seconds()),
        }
    }

    /// Conflicts that nobody decided.
    fn open_conflicts(&self) -> usize {
        let own = self.conflicts.iter().filter(|conflict| conflict.account == self.account.account);
        own.filter(|conflict| conflict.decided.is_none()).count()
    }

    /// The holes of the whole timeline, found as a statement finds those of its period.
    fn gaps(&self, timeline: &Timeline<'_>) -> Vec<GapRange> {
        let bounds = timeline.settlements.iter().map(|settlement| settlement.document);
        let from = bounds.clone().map(|document| document.start).min().unwrap_or(self.ask.now);
        let until = bounds.map(|document| document.end).max().unwrap_or(self.ask.now);
        let until = Instant::new(until.utc_millis().saturating_add(1), 0);
        let rules = BalanceRules {
            period: Period::of_instants(from, until, self.account.zone),
            basis: Basis::Posted,
            settlement: None,
            gap_tolerance: self.ask.gap_tolerance,
        };
        let balance = roll_forward(timeline, &rules, None);
        balance.map_or_else(Vec::new, |balance| balance.chain.gaps.iter().map(|gap| self.gap(gap)).collect())
    }

    fn gap(&self, gap: &Gap) -> GapRange {
        let shown = |at: Instant| at.rfc3339_in(&self.account.zone.tz());
        GapRange {
            from: shown(gap.from),
            until: shown(gap.until),
            after_settlement: gap.after_settlement.clone(),
            before_settlement: gap.before_settlement.clone(),
        }
    }
}

fn run_line(run: &RunRecord, zone: Zone) -> RunLine {
    let shown = |ms: i64| Instant::new(ms, 0).rfc3339_in(&zone.tz());
    RunLine {
        command: run.command.clone(),
        started: shown(run.started_ms),
        finished: run.finished_ms.map(shown),
        exit: run.exit,
        new_reports: run.new_reports,
        error: run.error.clone(),
    }
}
