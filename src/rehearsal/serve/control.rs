//! The handle with which a test moves the clock, plants faults and reads the journal.

use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc::UnboundedSender;

use super::clock::ClockMode;
use super::faults::{Fault, FaultKind, FaultState};
use super::fixture::{Account, FixtureError, Report};
use super::journal::JournalEntry;
use super::message::{Answer, Received, Scheme};
use super::world::World;
use crate::domain::Clock;

/// How long a listener may take to close or to open; only a server that has ended takes longer.
const LISTENER_WAIT: Duration = Duration::from_secs(10);

/// What a listener is told.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) scheme: Scheme,
    pub(super) open: bool,
    /// Is told when it is done.
    pub(super) done: Option<Sender<()>>,
}

/// A handle on a running server; clones lead to the same server. It is also a [`Clock`]: the virtual one.
#[derive(Clone)]
pub struct Control {
    world: Arc<Mutex<World>>,
    orders: UnboundedSender<Order>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Control")
    }
}

impl Clock for Control {
    fn now(&self) -> DateTime<Utc> {
        self.world().clock.now()
    }
}

impl Control {
    pub(super) fn new(world: World, orders: UnboundedSender<Order>) -> Self {
        Self { world: Arc::new(Mutex::new(world)), orders }
    }

    /// The world. A panic while it was held left it as it was: no step of it is half done for the next.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request and tells the number of its journal entry.
    pub(super) fn answer(&self, request: &Received) -> (Answer, u64) {
        self.world().answer(request)
    }

    /// Notes that an answer did not reach its end.
    pub(super) fn closed_early(&self, entry: u64) {
        self.world().journal.closed_early(entry);
    }

    /// Whether a certificate is to be a bad one: of which kind, if so.
    pub(super) fn bad_certificate(&self) -> Option<String> {
        let mut world = self.world();
        let state = world.faults.pick_kind(FaultKind::TlsBad)?;
        world.faults.fired(state.id);
        Some(state.fault.text("of").unwrap_or("name").to_owned())
    }

    /// How the virtual clock moves.
    #[must_use]
    pub fn clock_mode(&self) -> ClockMode {
        self.world().clock.mode()
    }

    /// Sets the virtual clock; what is due by then happens first.
    pub fn set_clock(&self, at: DateTime<Utc>) {
        self.world().set_clock(at);
    }

    /// Moves the virtual clock forward; what is due by then happens first.
    pub fn advance(&self, by: TimeDelta) {
        self.world().advance(by);
    }

    /// Changes how the virtual clock moves.
    pub fn set_clock_mode(&self, mode: ClockMode) {
        self.world().set_clock_mode(mode);
    }

    /// Plants a fault behind those that wait already and tells its id. A `refuse` with the argument
    /// `listener` (`http`, `https` or `both`) closes that listener until the faults are cleared.
    pub fn fault(&self, fault: Fault) -> u64 {
        let closes = listeners_of(&fault);
        let id = self.queue_fault(fault);
        self.order(&closes, false, Waiting::UntilDone);
        id
    }

    pub(super) fn queue_fault(&self, fault: Fault) -> u64 {
        let is_closing = !listeners_of(&fault).is_empty();
        let mut world = self.world();
        let id = world.faults.add(fault);
        if is_closing {
            world.faults.fired(id);
        }
        id
    }

    /// Every fault, fired or not.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultState> {
        self.world().faults.all().to_vec()
    }

    /// Forgets every fault; closed listeners open again.
    pub fn clear_faults(&self) {
        self.forget_faults(Waiting::UntilDone);
    }

    pub(super) fn forget_faults(&self, waiting: Waiting) {
        let closed: Vec<Scheme> = self.faults().iter().flat_map(|state| listeners_of(&state.fault)).collect();
        self.world().faults.clear();
        self.order(&closed, true, waiting);
    }

    /// Every journal entry.
    #[must_use]
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.journal_since(0)
    }

    /// The journal entries after the one with this number.
    #[must_use]
    pub fn journal_since(&self, n: u64) -> Vec<JournalEntry> {
        self.world().journal.since(n).cloned().collect()
    }

    /// The journal entries of one action or operation.
    #[must_use]
    pub fn calls(&self, action: &str) -> Vec<JournalEntry> {
        self.world().journal.since(0).filter(|entry| entry.action == action).cloned().collect()
    }

    /// Forgets the journal; numbers go on.
    pub fn clear_journal(&self) {
        self.world().journal.clear();
    }

    /// Whether every fault fired as often as it should.
    ///
    /// # Errors
    /// The faults that did not: a test that planted them tested nothing.
    pub fn verdict(&self) -> Result<(), Vec<FaultState>> {
        let unfired = self.world().faults.unfired();
        if unfired.is_empty() { Ok(()) } else { Err(unfired) }
    }

    /// Adds a report, for example while a client is paging.
    ///
    /// # Errors
    /// [`FixtureError::Impossible`] where there is no such account.
    pub fn insert_report(&self, report: Report) -> Result<(), FixtureError> {
        self.world().insert_report(report)
    }

    /// Takes a report away; tells whether it was there.
    pub fn remove_report(&self, id: &str) -> bool {
        self.world().store.remove(id)
    }

    /// Changes an account; tells whether it is there. The server waits meanwhile, so the change must not
    /// use this handle.
    pub fn patch_account(&self, name: &str, change: impl FnOnce(&mut Account)) -> bool {
        let mut world = self.world();
        let account = world.accounts.iter_mut().find(|account| account.name == name);
        account.map(change).is_some()
    }

    /// Everything as at the start: clock, reports, journal, faults, quotas, idempotency keys.
    ///
    /// # Errors
    /// [`FixtureError`] where the fixture's files cannot be read any more; nothing has changed then.
    pub fn reset(&self) -> Result<(), FixtureError> {
        self.start_over(Waiting::UntilDone)
    }

    pub(super) fn start_over(&self, waiting: Waiting) -> Result<(), FixtureError> {
        self.forget_faults(waiting);
        self.world().reset()
    }

    pub(super) fn order(&self, schemes: &[Scheme], open: bool, waiting: Waiting) {
        for scheme in schemes {
            let (done, is_done) = channel();
            let done = (waiting == Waiting::UntilDone).then_some(done);
            let waits = done.is_some();
            let sent = self.orders.send(Order { scheme: *scheme, open, done });
            if waits && sent.is_ok() {
                // A server that has ended answers nobody, and then there is nothing to wait for.
                let _ = is_done.recv_timeout(LISTENER_WAIT);
            }
        }
    }
}

/// Whether an order to the listeners is waited for; the server's own thread must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    UntilDone,
    NotAtAll,
}

/// The listeners that a fault closes.
pub(super) fn listeners_of(fault: &Fault) -> Vec<Scheme> {
    match fault.text("listener").filter(|_| fault.closes_a_listener()) {
        Some("http") => vec![Scheme::Http],
        Some("https") => vec![Scheme::Https],
        Some("both") => vec![Scheme::Http, Scheme::Https],
        _ => Vec::new(),
    }
}
