//! How fast Amazon may be asked: token buckets that outlive the process.
//!
//! A bucket holds `burst` requests and gets one back every `interval`. It is kept as the instant at which
//! it will be full again, so one number in the catalog is all there is to remember, and integers suffice.
//! Refusals widen the interval, answers narrow it again; a quota that is spent closes the operation.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::FetchError;
use crate::archive::{ArchiveError, Catalog, PaceRecord};
use crate::domain::{Instant, Timer};

/// The documented pace of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The operation.
    pub operation: &'static str,
    /// Requests at once after a rest.
    pub burst: i64,
    /// Milliseconds until one more is allowed.
    pub interval_ms: i64,
}

/// An interval never grows beyond this many times the documented one.
const WIDENING_MAX: i64 = 8;
/// The least interval after a refusal, for an operation that is otherwise asked without a pause.
const WIDENED_MIN_MS: i64 = 1_000;
/// Nothing that Amazon says closes an operation for longer: its quotas are hourly.
const CLOSED_MAX: TimeDelta = TimeDelta::hours(2);
/// Waits below this are not worth telling.
const TOLD_FROM: TimeDelta = TimeDelta::seconds(5);

/// Paces the requests of one account.
pub(super) struct Pacer<'a> {
    catalog: &'a RefCell<&'a mut Catalog>,
    timer: &'a dyn Timer,
    /// Whose quota it is.
    scope: String,
    /// How much longer this run may wait.
    patience: Cell<TimeDelta>,
    /// Hears of longer waits.
    tell: &'a dyn Fn(&Wait),
}

/// A wait that is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// For which operation.
    pub operation: &'static str,
    /// Until when.
    pub until: Instant,
}

impl<'a> Pacer<'a> {
    pub(super) fn new(
        catalog: &'a RefCell<&'a mut Catalog>,
        timer: &'a dyn Timer,
        scope: String,
        patience: TimeDelta,
        tell: &'a dyn Fn(&Wait),
    ) -> Self {
        Self { catalog, timer, scope, patience: Cell::new(patience), tell }
    }

    /// Waits until one more request is allowed, and counts it.
    ///
    /// # Errors
    /// [`FetchError::Paced`] where that would take longer than this run may wait.
    pub(super) async fn admit(&self, bucket: &Bucket) -> Result<(), FetchError> {
        let now = self.timer.now();
        let pace = self.pace(bucket, now)?;
        let allowed = millis(pace.full_at_ms - (bucket.burst - 1) * pace.interval_ms).max(millis(pace.closed_until_ms));
        let wait = allowed - now;
        if wait > TimeDelta::zero() {
            self.wait(bucket, wait, allowed).await?;
        }
        // Counted before it is sent: a process that dies in between has asked once more than it should at the worst.
        let now_ms = self.timer.now().timestamp_millis();
        let full_at_ms = pace.full_at_ms.max(now_ms) + pace.interval_ms;
        self.record(bucket, PaceRecord { full_at_ms, ..pace })
    }

    async fn wait(&self, bucket: &Bucket, wait: TimeDelta, allowed: DateTime<Utc>) -> Result<(), FetchError> {
        let left = self.patience.get() - wait;
        if left < TimeDelta::zero() {
            return Err(FetchError::Paced { operation: bucket.operation, at: allowed.into() });
        }
        self.patience.set(left);
        if wait >= TOLD_FROM {
            (self.tell)(&Wait { operation: bucket.operation, until: allowed.into() });
        }
        self.timer.pause(wait).await;
        Ok(())
    }

    /// A request went through: an interval that was widened is narrowed by a tenth of its surplus, at least a second.
    pub(super) fn went_well(&self, bucket: &Bucket) -> Result<(), FetchError> {
        let pace = self.pace(bucket, self.timer.now())?;
        let surplus = pace.interval_ms - bucket.interval_ms;
        if surplus <= 0 {
            return Ok(());
        }
        let narrower = bucket.interval_ms.max(pace.interval_ms - (surplus / 10).max(1_000));
        self.record(bucket, PaceRecord { interval_ms: narrower, ..pace })
    }

    /// Amazon refused a request as one too many: the bucket is empty, and fills more slowly from now on.
    pub(super) fn throttled(&self, bucket: &Bucket, wait: Option<TimeDelta>) -> Result<(), FetchError> {
        let now = self.timer.now();
        let pace = self.pace(bucket, now)?;
        let now_ms = now.timestamp_millis();
        let interval_ms = (pace.interval_ms * 2).clamp(WIDENED_MIN_MS, widest(bucket));
        let wait = wait.unwrap_or_else(|| TimeDelta::milliseconds(interval_ms)).clamp(TimeDelta::zero(), CLOSED_MAX);
        self.record(
            bucket,
            PaceRecord {
                full_at_ms: pace.full_at_ms.max(now_ms + (bucket.burst - 1) * interval_ms),
                interval_ms,
                closed_until_ms: pace.closed_until_ms.max((now + wait).timestamp_millis()),
            },
        )
    }

    /// A quota is spent: nothing before it begins anew; an hour from now where nobody said when.
    pub(super) fn spent(&self, bucket: &Bucket, resets: Option<Instant>) -> Result<(), FetchError> {
        let now = self.timer.now();
        let pace = self.pace(bucket, now)?;
        let resets = resets.map_or(now + TimeDelta::hours(1), Instant::utc).clamp(now, now + CLOSED_MAX);
        self.record(bucket, PaceRecord { closed_until_ms: pace.closed_until_ms.max(resets.timestamp_millis()), ..pace })
    }

    /// When that many more requests will have been allowed.
    pub(super) fn estimate(&self, bucket: &Bucket, requests: usize) -> Result<Instant, FetchError> {
        let now = self.timer.now();
        let pace = self.pace(bucket, now)?;
        let last = i64::try_from(requests).unwrap_or(i64::MAX / 2).saturating_sub(bucket.burst);
        let full_at = pace.full_at_ms.max(now.timestamp_millis());
        let at = full_at.saturating_add(last.saturating_mul(pace.interval_ms)).max(pace.closed_until_ms);
        Ok(Instant::new(at.max(now.timestamp_millis()), 0))
    }

    /// What is remembered. A clock that was moved back must not close an operation for as long as it was wrong.
    fn pace(&self, bucket: &Bucket, now: DateTime<Utc>) -> Result<PaceRecord, FetchError> {
        let now_ms = now.timestamp_millis();
        let fresh = PaceRecord { full_at_ms: now_ms, interval_ms: bucket.interval_ms, closed_until_ms: 0 };
        let known = self.catalog.borrow().pace(&self.scope, bucket.operation)?.unwrap_or(fresh);
        let interval_ms = known.interval_ms.clamp(bucket.interval_ms, widest(bucket));
        Ok(PaceRecord {
            interval_ms,
            full_at_ms: known.full_at_ms.min(now_ms + bucket.burst * interval_ms + interval_ms),
            closed_until_ms: known.closed_until_ms.min(now_ms + CLOSED_MAX.num_milliseconds()),
        })
    }

    fn record(&self, bucket: &Bucket, pace: PaceRecord) -> Result<(), FetchError> {
        let recorded: Result<(), ArchiveError> =
            self.catalog.borrow_mut().record_pace(&self.scope, bucket.operation, pace);
        Ok(recorded?)
    }
}

fn widest(bucket: &Bucket) -> i64 {
    bucket.interval_ms.max(WIDENED_MIN_MS) * WIDENING_MAX
}

fn millis(ms: i64) -> DateTime<Utc> {
    Instant::new(ms, 0).utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Clock, Pause};

    /// A clock that waits by moving on.
    struct Virtual(Cell<DateTime<Utc>>);

    impl Clock for Virtual {
        fn now(&self) -> DateTime<Utc> {
            self.0.get()
        }
    }

    impl Timer for Virtual {
        fn pause(&self, span: TimeDelta) -> Pause<'_> {
            self.0.set(self.0.get() + span);
            Box::pin(std::future::ready(()))
        }
    }

    const BUCKET: Bucket = Bucket { operation: "GetReport", burst: 15, interval_ms: 60_000 };

    fn start() -> Virtual {
        Virtual(Cell::new("2026-11-23T22:15:30Z".parse().unwrap()))
    }

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn on<T>(clock: &Virtual, patience: TimeDelta, work: impl FnOnce(&Pacer<'_>) -> T) -> T {
        let place = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
        let shared = RefCell::new(&mut catalog);
        work(&Pacer::new(&shared, clock, "A1".to_owned(), patience, &|_| {}))
    }

    #[test]
    fn after_the_burst_requests_are_an_interval_apart() {
        let clock = start();
        let instants: Vec<i64> = on(&clock, TimeDelta::hours(9), |pacer| {
            let ask = |_| {
                block(pacer.admit(&BUCKET)).unwrap();
                (clock.now() - start().now()).num_seconds()
            };
            (0..90).map(ask).collect()
        });
        assert!(instants[..15].iter().all(|second| *second == 0), "{instants:?}");
        assert!(instants[15..].windows(2).all(|pair| pair[1] - pair[0] == 60), "{instants:?}");
        assert_eq!(instants[89], 75 * 60);
    }

    #[test]
    fn the_bucket_is_remembered_by_the_next_process_and_fills_meanwhile() {
        let place = tempfile::tempdir().unwrap();
        let clock = start();
        let ask = |requests: usize| {
            let mut catalog = Catalog::open(&place.path().join("catalog.sqlite")).unwrap();
            let shared = RefCell::new(&mut catalog);
            let pacer = Pacer::new(&shared, &clock, "A1".to_owned(), TimeDelta::zero(), &|_| {});
            (0..requests).take_while(|_| block(pacer.admit(&BUCKET)).is_ok()).count()
        };
        assert_eq!(ask(10), 10);
        assert_eq!(ask(10), 5);
        block(clock.pause(TimeDelta::seconds(185)));
        assert_eq!(ask(10), 3);
    }

    #[test]
    fn waiting_ends_with_the_patience_and_says_when_to_go_on() {
        let clock = start();
        on(&clock, TimeDelta::minutes(2), |pacer| {
            let met = (0..90).map(|_| block(pacer.admit(&BUCKET))).find_map(Result::err).unwrap();
            let FetchError::Paced { at, .. } = met else { panic!("{met}") };
            assert_eq!(at.utc() - start().now(), TimeDelta::minutes(3));
        });
    }

    #[test]
    fn a_refusal_widens_the_interval_and_answers_narrow_it_again() {
        let clock = start();
        on(&clock, TimeDelta::hours(9), |pacer| {
            pacer.throttled(&BUCKET, None).unwrap();
            block(pacer.admit(&BUCKET)).unwrap();
            assert_eq!(clock.now() - start().now(), TimeDelta::minutes(2));
            for _ in 0..60 {
                pacer.went_well(&BUCKET).unwrap();
            }
            assert_eq!(pacer.pace(&BUCKET, clock.now()).unwrap().interval_ms, BUCKET.interval_ms);
            for _ in 0..9 {
                pacer.throttled(&BUCKET, Some(TimeDelta::days(9))).unwrap();
            }
            let pace = pacer.pace(&BUCKET, clock.now()).unwrap();
            assert_eq!(pace.interval_ms, 8 * BUCKET.interval_ms);
            assert_eq!(millis(pace.closed_until_ms) - clock.now(), CLOSED_MAX);
        });
    }

    #[test]
    fn a_spent_quota_closes_the_operation_until_it_resets() {
        let clock = start();
        on(&clock, TimeDelta::hours(9), |pacer| {
            pacer.spent(&BUCKET, Some((start().now() + TimeDelta::minutes(7)).into())).unwrap();
            block(pacer.admit(&BUCKET)).unwrap();
            assert_eq!(clock.now() - start().now(), TimeDelta::minutes(7));
            pacer.spent(&BUCKET, None).unwrap();
            block(pacer.admit(&BUCKET)).unwrap();
            assert_eq!(clock.now() - start().now(), TimeDelta::minutes(67));
        });
    }

    #[test]
    fn a_clock_that_was_years_ahead_does_not_close_an_operation_for_years() {
        let clock = start();
        on(&clock, TimeDelta::hours(9), |pacer| {
            let far = start().now() + TimeDelta::days(3_000);
            clock.0.set(far);
            pacer.throttled(&BUCKET, None).unwrap();
            clock.0.set(start().now());
            block(pacer.admit(&BUCKET)).unwrap();
            assert!(clock.now() - start().now() <= CLOSED_MAX);
        });
    }

    #[test]
    fn the_estimate_counts_the_burst_that_is_left() {
        let clock = start();
        on(&clock, TimeDelta::hours(9), |pacer| {
            assert_eq!(pacer.estimate(&BUCKET, 15).unwrap().utc(), start().now());
            assert_eq!(pacer.estimate(&BUCKET, 90).unwrap().utc() - start().now(), TimeDelta::minutes(75));
        });
    }
}
