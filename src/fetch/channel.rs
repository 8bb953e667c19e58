//! One account's conversation with Amazon: every request is paced, sent, judged and, where that helps, sent again.
//!
//! The only place that repeats requests. Bounded by count and by time, with full jitter; a refusal of the
//! credentials is never repeated, a wrong clock is corrected once.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{FetchError, Retry};
use super::pace::{Bucket, Pacer};
use crate::domain::{Instant, Timer};
use crate::net::{Answer, Call, Door};

/// Sendings of one request that fail for a passing reason: the first and three more (MWS's own guide for a wrong
/// checksum; Amazon's Pay clients do the same).
const TRIES_MAX: u32 = 4;
/// Sendings of one request that Amazon refuses as too many.
const PACED_TRIES_MAX: u32 = 8;
/// The longest that one request is repeated for, its waits for quotas not counted.
const REPEATED_MAX: TimeDelta = TimeDelta::minutes(10);
/// The first wait is up to this long, each further one up to twice as long,
const WAIT_FIRST_MS: u64 = 1_000;
/// and none is longer.
const WAIT_MAX_MS: u64 = 30_000;
/// Clocks that differ by less are the same for Amazon's signatures (MWS: about fifteen minutes).
const SKEW_MIN: TimeDelta = TimeDelta::minutes(5);

/// The conversation.
pub(super) struct Channel<'a> {
    /// Where calls go out.
    pub(super) door: Door,
    /// The time.
    pub(super) timer: &'a dyn Timer,
    /// How fast.
    pub(super) pacer: Pacer<'a>,
    /// How far Amazon's clock is ahead of this machine's, once that was needed.
    skew: Cell<TimeDelta>,
    /// What a person should know although it went well.
    notes: RefCell<Vec<String>>,
    /// What the last request and its answer showed.
    evidence: RefCell<Evidence>,
}

/// What a conversation shows besides its answers; for `settle doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How far this machine's clock is ahead of Amazon's by the last answer that told the time; negative where behind.
    pub ahead: Option<TimeDelta>,
    /// The SHA-256 of what was last signed, in hex: of the canonical request at the Pay API, of the string to sign
    /// at MWS.
    pub signed: Option<String>,
}

impl<'a> Channel<'a> {
    pub(super) fn new(door: Door, timer: &'a dyn Timer, pacer: Pacer<'a>) -> Self {
        Self {
            door,
            timer,
            pacer,
            skew: Cell::new(TimeDelta::zero()),
            notes: RefCell::default(),
            evidence: RefCell::default(),
        }
    }

    /// The time as Amazon has it.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.timer.now() + self.skew.get()
    }

    /// Adds to what a person should know, once.
    pub(super) fn note(&self, text: impl Into<String>) {
        let text = text.into();
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    /// Remembers the hash of what was signed.
    pub(super) fn signed(&self, hash: String) {
        self.evidence.borrow_mut().signed = Some(hash);
    }

    /// What the last request and its answer showed.
    pub(super) fn evidence(&self) -> Evidence {
        self.evidence.borrow().clone()
    }

    /// Compares the clocks, where the answer tells the time.
    fn measure(&self, answer: &Answer) {
        if let Some(server) = answer.date() {
            self.evidence.borrow_mut().ahead = Some(self.timer.now() - server.utc());
        }
    }

    /// What a person should know, taken out.
    pub(super) fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    /// Asks until there is an answer or no hope of one. `call` is made anew each time, with the time of that moment;
    /// `judge` reads the answer.
    ///
    /// # Errors
    /// The last [`FetchError`].
    pub(super) async fn ask<T>(
        &self,
        bucket: &Bucket,
        call: impl Fn(DateTime<Utc>) -> Result<Call, FetchError>,
        judge: impl AsyncFn(Answer) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let mut so_far = Tries { begun: self.timer.now(), soon: 0, paced: 0, corrected: false };
        loop {
            self.pacer.admit(bucket).await?;
            let outcome = match self.door.call(call(self.now())?).await {
                Ok(answer) => {
                    self.measure(&answer);
                    judge(answer).await
                }
                Err(why) => Err(why.into()),
            };
            let why = match outcome {
                Ok(done) => {
                    self.pacer.went_well(bucket)?;
                    return Ok(done);
                }
                Err(why) => why,
            };
            self.learn(bucket, &why)?;
            if !so_far.again(&why, self.timer.now()) {
                return Err(why);
            }
            if why.retry() == Retry::Soon {
                let wait = jitter(so_far.soon);
                tracing::warn!(operation = bucket.operation, wait_ms = wait.num_milliseconds(), "again: {why}");
                self.timer.pause(wait).await;
            }
        }
    }

    /// Keeps what an error teaches about the pace and the clock.
    fn learn(&self, bucket: &Bucket, why: &FetchError) -> Result<(), FetchError> {
        match why {
            FetchError::Throttled { wait, .. } => self.pacer.throttled(bucket, *wait),
            FetchError::QuotaSpent { resets, .. } => self.pacer.spent(bucket, *resets),
            FetchError::ClockSkew { ahead } => {
                self.skew.set(-*ahead);
                self.note(format!("{why}; requests were signed with Amazon's time"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How far this machine's clock is ahead of the server's, where that is too far for signatures.
    pub(super) fn skew_from(&self, server: Option<Instant>) -> Option<TimeDelta> {
        // Measured from the corrected time: a second complaint is not about the clock.
        let ahead = self.now() - server?.utc();
        (ahead.abs() >= SKEW_MIN).then_some(ahead)
    }
}

/// What has been tried for one request.
struct Tries {
    begun: DateTime<Utc>,
    soon: u32,
    paced: u32,
    corrected: bool,
}

impl Tries {
    /// Counts a failure and tells whether to try again.
    fn again(&mut self, why: &FetchError, now: DateTime<Utc>) -> bool {
        match why.retry() {
            Retry::Never => false,
            Retry::Soon => {
                self.soon += 1;
                self.soon < TRIES_MAX && now - self.begun < REPEATED_MAX
            }
            Retry::Paced => {
                self.paced += 1;
                self.paced < PACED_TRIES_MAX
            }
            Retry::Corrected => !std::mem::replace(&mut self.corrected, true),
        }
    }
}

/// A random wait between nothing and a bound that doubles with each try.
fn jitter(tries: u32) -> TimeDelta {
    let bound = WAIT_FIRST_MS.checked_shl(tries.saturating_sub(1)).unwrap_or(WAIT_MAX_MS).min(WAIT_MAX_MS);
    let mut bytes = [0_u8; 8];
    // Without randomness the whole bound is waited: jitter only spreads load.
    let random = getrandom::fill(&mut bytes).map_or(bound, |()| u64::from_le_bytes(bytes) % (bound + 1));
    TimeDelta::milliseconds(i64::try_from(random).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_random_bounded_and_grow() {
        for (tries, bound) in [(1, 1_000), (2, 2_000), (3, 4_000), (9, 30_000), (70, 30_000)] {
            let waits: Vec<i64> = (0..200).map(|_| jitter(tries).num_milliseconds()).collect();
            assert!(waits.iter().all(|wait| (0..=bound).contains(wait)), "{waits:?}");
            assert!(waits.iter().any(|wait| *wait > bound / 2) && waits.iter().any(|wait| *wait < bound / 2));
        }
    }

    #[test]
    fn tries_are_bounded_by_count_by_time_and_by_kind() {
        let now = DateTime::UNIX_EPOCH;
        let fresh = || Tries { begun: now, soon: 0, paced: 0, corrected: false };
        let cut = || FetchError::Length { stated: 2, received: 1 };
        let mut tries = fresh();
        assert_eq!((0..9).filter(|_| tries.again(&cut(), now)).count(), 3);
        assert!(!fresh().again(&cut(), now + TimeDelta::minutes(11)));
        let mut tries = fresh();
        let skew = FetchError::ClockSkew { ahead: TimeDelta::minutes(20) };
        assert!(tries.again(&skew, now));
        assert!(!tries.again(&skew, now));
        assert!(!fresh().again(&FetchError::Gone { status: 404, code: String::new() }, now));
    }
}
