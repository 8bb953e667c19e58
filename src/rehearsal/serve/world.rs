//! Everything that can change while the double runs, and the way of one request through it.
//!
//! A request is answered under one lock: due events run, a waiting fault may step in, a face checks and
//! answers, a fault may spoil the answer, the journal gets its entry. Nothing here waits or does I/O.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::{ClockMode, VirtualClock};
use super::encoding::sha256_hex;
use super::faults::{self, Fault, FaultKind, FaultState, Faults, Subject};
use super::fixture::{Account, Disbursement, Dispute, Fixture, FixtureError, Limit};
use super::journal::{BODY_SHOWN_MAX, Face, Journal, JournalEntry};
use super::message::{Answer, Delivery, Received};
use super::options::{Decisions, Options};
use super::quota::Quotas;
use super::stamps;
use super::storage::Urls;
use super::store::{Store, Stored};
use super::tokens::Tokens;
use super::{mws, pay, storage};
use crate::rehearsal::random::Random;

/// The most due events that run before one request; the rest run before the next ones.
const EVENTS_MAX: usize = 50_000;

/// Something that happens at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A requested MWS report begins to be made.
    MwsStarted { account: String, id: String },
    /// A requested report is done, or has no data, or is cancelled.
    Finished { account: String, id: String, outcome: Outcome },
    /// A schedule of API v2 makes its next report.
    Scheduled { account: String, schedule: String },
}

/// How a requested report ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With the bytes of what the fixture has for its period, or without data.
    ByMaterial,
    /// It is cancelled.
    Cancelled,
}

/// The state of one server.
#[derive(Debug)]
pub(super) struct World {
    pub(super) strict_user_agent: bool,
    pub(super) decisions: Decisions,
    pub(super) clock: VirtualClock,
    pub(super) accounts: Vec<Account>,
    pub(super) limits: Vec<Limit>,
    pub(super) disbursements: Vec<Disbursement>,
    pub(super) disputes: Vec<Dispute>,
    pub(super) store: Store,
    pub(super) quotas: Quotas,
    pub(super) mws_tokens: Tokens<mws::ListFilter>,
    pub(super) report_tokens: Tokens<pay::ReportFilter>,
    pub(super) disbursement_tokens: Tokens<pay::Window>,
    pub(super) urls: Urls,
    pub(super) idempotency: pay::Idempotency,
    pub(super) schedules: pay::Schedules,
    pub(super) mws_schedules: mws::Schedules,
    pub(super) journal: Journal,
    pub(super) faults: Faults,
    /// Request ids.
    pub(super) ids: Random,
    /// Which of the recorded forms an answer takes.
    pub(super) forms: Random,
    /// MWS errors so far.
    pub(super) errors: u64,
    /// Ids given to what clients create.
    pub(super) created: u64,
    events: BTreeMap<(DateTime<Utc>, u64), Event>,
    last_event: u64,
    fixture: Fixture,
    options: Options,
}

/// One request on its way.
pub(super) struct Call<'a> {
    pub(super) request: &'a Received,
    /// The virtual instant.
    pub(super) now: DateTime<Utc>,
    /// What the server takes the time to be; a fault can shift it.
    pub(super) server_now: DateTime<Utc>,
    /// The id of the request.
    pub(super) request_id: String,
    pub(super) trace: Trace,
    fault: Option<FaultState>,
    fired: bool,
}

/// What the journal tells about a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) account: Option<String>,
    pub(super) canonical: String,
    pub(super) string_to_sign: String,
    pub(super) verdict: String,
}

impl Call<'_> {
    /// The fault, where it is of this kind.
    pub(super) fn fault(&self, kind: FaultKind) -> Option<&Fault> {
        self.any_fault().filter(|fault| fault.fault == kind)
    }

    /// The fault that acts on this request.
    pub(super) fn any_fault(&self) -> Option<&Fault> {
        self.fault.as_ref().map(|state| &state.fault)
    }

    /// Notes that the fault did what it does.
    pub(super) fn fire(&mut self) {
        self.fired = true;
    }

    /// Whether the fault is of this kind; if so, it has fired.
    pub(super) fn fires(&mut self, kind: FaultKind) -> bool {
        let is = self.fault(kind).is_some();
        self.fired |= is;
        is
    }
}

impl World {
    /// The world of a fixture.
    pub(super) fn new(fixture: Fixture, options: &Options) -> Result<Self, FixtureError> {
        fixture.check()?;
        let seed = options.seed;
        Ok(Self {
            strict_user_agent: options.strict_user_agent,
            decisions: options.decisions,
            clock: VirtualClock::start(options.clock, fixture.start, options.system.clone()),
            accounts: fixture.accounts.clone(),
            limits: fixture.limits.clone(),
            disbursements: fixture.disbursements.clone(),
            disputes: fixture.disputes.clone(),
            store: Store::of_fixture(&fixture.reports),
            quotas: Quotas::default(),
            mws_tokens: Tokens::new(seed),
            report_tokens: Tokens::new(seed),
            disbursement_tokens: Tokens::new(seed),
            urls: Urls::new(seed),
            idempotency: pay::Idempotency::default(),
            schedules: pay::Schedules::default(),
            mws_schedules: mws::Schedules::default(),
            journal: Journal::default(),
            faults: Faults::default(),
            ids: Random::for_purpose(seed, "request ids"),
            forms: Random::for_purpose(seed, "forms of answers"),
            errors: 0,
            created: 0,
            events: BTreeMap::new(),
            last_event: 0,
            fixture,
            options: options.clone(),
        })
    }

    /// Everything as at the start; a fixture that came from a file is read again.
    pub(super) fn reset(&mut self) -> Result<(), FixtureError> {
        let fixture = match &self.fixture.origin {
            Some(origin) => origin.read()?,
            None => self.fixture.clone(),
        };
        *self = World::new(fixture, &self.options)?;
        Ok(())
    }

    /// Plans an event.
    pub(super) fn plan(&mut self, at: DateTime<Utc>, event: Event) {
        self.last_event += 1;
        self.events.insert((at, self.last_event), event);
    }

    /// Runs what is due, in order of time.
    pub(super) fn run_due(&mut self) {
        let now = self.clock.now();
        for _ in 0..EVENTS_MAX {
            let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= now) else { return };
            let (at, _) = *entry.key();
            match entry.remove() {
                Event::MwsStarted { account, id } => mws::report_started(self, &account, &id, at),
                Event::Finished { account, id, outcome } => self.finish_report(&account, &id, outcome, at),
                Event::Scheduled { account, schedule } => pay::run_schedule(self, &account, &schedule, at),
            }
        }
    }

    /// Moves the clock forward and runs what has become due.
    pub(super) fn advance(&mut self, by: TimeDelta) {
        self.set_clock(self.clock.now() + by);
    }

    /// Sets the clock and runs what has become due.
    pub(super) fn set_clock(&mut self, at: DateTime<Utc>) {
        self.clock.set(at);
        self.run_due();
    }

    /// Changes how the clock moves.
    pub(super) fn set_clock_mode(&mut self, mode: ClockMode) {
        self.clock.set_mode(mode);
        self.run_due();
    }

    /// An id for something that a client creates, 11 digits and never twice.
    pub(super) fn new_id(&mut self) -> String {
        loop {
            self.created += 1;
            let id = format!("{}", 59_007_000_000_u64 + self.created);
            if !self.store.has(&id) {
                return id;
            }
        }
    }

    fn finish_report(&mut self, account: &str, id: &str, outcome: Outcome, at: DateTime<Utc>) {
        let Some(stored) = self.store.get_mut(account, id) else { return };
        let wanted = (stored.report.report_type.clone(), (stored.report.period_start, stored.report.period_end));
        let material = self.store.material(account, &wanted.0, wanted.1).cloned();
        let Some(stored) = self.store.get_mut(account, id) else { return };
        stored.finish(material.filter(|_| outcome == Outcome::ByMaterial), outcome, at);
    }

    /// Answers a request and tells the number of its journal entry.
    pub(super) fn answer(&mut self, request: &Received) -> (Answer, u64) {
        self.run_due();
        let subject = self.subject(request);
        let fault = self.faults.pick(&subject);
        let now = self.clock.now();
        let request_id = self.ids.uuid();
        let trace = Trace { account: subject.account.clone(), ..Trace::default() };
        let mut call = Call { request, now, server_now: now, request_id, trace, fault, fired: false };
        let answer = self.answer_with_faults(&mut call, subject.face);
        let n = self.journal.next_number();
        let entry = self.entry(n, &call, &subject, &answer);
        if let Some(state) = call.fault.as_ref().filter(|_| call.fired) {
            self.faults.fired(state.id);
        }
        self.journal.push(entry);
        (answer, n)
    }

    fn answer_with_faults(&mut self, call: &mut Call<'_>, face: Face) -> Answer {
        if let Some(answer) = faults::early(self, call, face) {
            return answer;
        }
        let mut answer = match face {
            Face::Mws => mws::answer(self, call),
            Face::Pay => pay::answer(self, call),
            Face::Storage => storage::answer(self, call),
        };
        faults::late(self, call, face, &mut answer);
        answer
    }

    fn subject(&self, request: &Received) -> Subject {
        let face = face_of(request.path());
        let (action, account) = match face {
            Face::Mws => mws::subject(self, request),
            Face::Pay => pay::subject(self, request),
            Face::Storage => ("GetObject".to_owned(), self.urls.owner(&request.target)),
        };
        let form = String::from_utf8_lossy(&request.body);
        Subject { face, action, account, text: format!("{}\n{form}", request.target) }
    }

    fn entry(&self, n: u64, call: &Call<'_>, subject: &Subject, answer: &Answer) -> JournalEntry {
        let request = call.request;
        let shown = request.body.get(..BODY_SHOWN_MAX).unwrap_or(&request.body);
        let never_sent = matches!(answer.delivery, Delivery::StallHeaders | Delivery::Dropped);
        JournalEntry {
            n,
            at: stamps::plain(call.now),
            wall: stamps::plain(self.clock.wall()),
            face: subject.face,
            account: call.trace.account.clone(),
            action: subject.action.clone(),
            method: request.method.clone(),
            path: request.path().to_owned(),
            query: request.query().to_owned(),
            headers: request.headers.clone(),
            body_sha256: sha256_hex(&request.body),
            body: String::from_utf8_lossy(shown).into_owned(),
            canonical: call.trace.canonical.clone(),
            string_to_sign: call.trace.string_to_sign.clone(),
            verdict: if call.trace.verdict.is_empty() { "ok".to_owned() } else { call.trace.verdict.clone() },
            fault: call.any_fault().filter(|_| call.fired).map(|fault| fault.fault.id().to_owned()),
            status: if never_sent { 0 } else { answer.status },
            answer_bytes: answer.body.len(),
            closed_early: answer.delivery != Delivery::Whole,
        }
    }

    /// Adds a report that is there from its instant on.
    pub(super) fn insert_report(&mut self, report: super::fixture::Report) -> Result<(), FixtureError> {
        if !self.accounts.iter().any(|account| account.name == report.account) {
            return Err(FixtureError::Impossible(format!("there is no account {}", report.account)));
        }
        self.store.insert(Stored::of_fixture(report));
        Ok(())
    }
}

/// The face that answers a path.
fn face_of(path: &str) -> Face {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "v2" | "live" | "sandbox" => Face::Pay,
        "s3" => Face::Storage,
        _ => Face::Mws,
    }
}
