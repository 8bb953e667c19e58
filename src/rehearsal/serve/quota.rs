//! Request quotas: a bucket for each account and action that refills at a steady pace and, on the MWS
//! face, an hourly counter beside it.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::encoding::sha256;
use super::fixture::Limit;

/// What a bucket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Requests at once.
    pub(super) burst: u32,
    /// How long until one more is possible.
    pub(super) restore: TimeDelta,
    /// Requests an hour.
    pub(super) hourly: Option<u32>,
}

/// The hourly counter after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) max: u32,
    pub(super) remaining: u32,
    pub(super) resets: DateTime<Utc>,
}

/// Why a request is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The bucket is empty.
    Throttled,
    /// The hour's requests are used up.
    Exceeded(Left),
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When the bucket will be full again.
    full: DateTime<Utc>,
    hour_ends: DateTime<Utc>,
    used: u32,
}

/// Every bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Quotas {
    buckets: HashMap<(String, String), Bucket>,
}

/// An hour, the period of the counter.
const HOUR_S: i64 = 3_600;

impl Quotas {
    /// Takes one request out of the bucket of an account and an action.
    pub(super) fn take(
        &mut self,
        account: &str,
        action: &str,
        quota: Quota,
        now: DateTime<Utc>,
    ) -> Result<Option<Left>, Denied> {
        let key = (account.to_owned(), action.to_owned());
        let hour_ends = end_of_hour(account, now);
        let bucket = self.buckets.entry(key).or_insert(Bucket { full: now, hour_ends, used: 0 });
        let full = bucket.full.max(now);
        let room = quota.restore.checked_mul(i32::try_from(quota.burst.saturating_sub(1)).unwrap_or(i32::MAX));
        if full - now > room.unwrap_or(TimeDelta::MAX) {
            return Err(Denied::Throttled);
        }
        if bucket.hour_ends != hour_ends {
            (bucket.hour_ends, bucket.used) = (hour_ends, 0);
        }
        let left = |used| quota.hourly.map(|max| Left { max, remaining: max.saturating_sub(used), resets: hour_ends });
        if let Some(left) = left(bucket.used).filter(|left| left.remaining == 0) {
            return Err(Denied::Exceeded(left));
        }
        bucket.full = full + quota.restore;
        bucket.used += 1;
        Ok(left(bucket.used))
    }
}

/// When the counter of an account starts again: every account has its own minute and second.
fn end_of_hour(account: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    let [first, second, ..] = sha256(account.as_bytes());
    let own = i64::from(u16::from_be_bytes([first, second])) % HOUR_S;
    let into = (now.timestamp() - own).rem_euclid(HOUR_S);
    DateTime::from_timestamp(now.timestamp() - into + HOUR_S, 0).unwrap_or(now)
}

/// The quota of an account and action, where the fixture names an unusual one. The last entry that fits counts.
pub(super) fn unusual(limits: &[Limit], account: &str, action: &str) -> Option<Quota> {
    let fits = |named: &Option<String>, is: &str| named.as_ref().is_none_or(|named| named == is);
    let limit = limits.iter().rev().find(|limit| fits(&limit.account, account) && fits(&limit.action, action))?;
    let restore = TimeDelta::milliseconds(limit.restore_ms.max(0));
    Some(Quota { burst: limit.burst, restore, hourly: limit.hourly })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET_REPORT: Quota = Quota { burst: 15, restore: TimeDelta::minutes(1), hourly: Some(60) };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn a_burst_is_followed_by_one_request_a_minute() {
        let mut quotas = Quotas::default();
        for _ in 0..15 {
            assert!(quotas.take("a", "GetReport", GET_REPORT, at(0)).is_ok());
        }
        assert_eq!(quotas.take("a", "GetReport", GET_REPORT, at(0)), Err(Denied::Throttled));
        assert_eq!(quotas.take("a", "GetReport", GET_REPORT, at(59)), Err(Denied::Throttled));
        assert!(quotas.take("a", "GetReport", GET_REPORT, at(60)).is_ok());
        assert_eq!(quotas.take("a", "GetReport", GET_REPORT, at(60)), Err(Denied::Throttled));
        assert!(quotas.take("b", "GetReport", GET_REPORT, at(60)).is_ok(), "another account has its own bucket");
        assert!(quotas.take("a", "GetReportList", GET_REPORT, at(60)).is_ok(), "another action has its own bucket");
    }

    #[test]
    fn the_hourly_counter_ends_and_starts_again_on_its_minute() {
        let mut quotas = Quotas::default();
        let quota = Quota { burst: 100, restore: TimeDelta::seconds(1), hourly: Some(2) };
        let first = quotas.take("a", "x", quota, at(0)).unwrap().unwrap();
        assert_eq!((first.max, first.remaining), (2, 1));
        assert_eq!(quotas.take("a", "x", quota, at(0)).unwrap().unwrap().remaining, 0);
        let Err(Denied::Exceeded(left)) = quotas.take("a", "x", quota, at(0)) else { panic!("not exceeded") };
        assert!(left.resets > at(0) && left.resets <= at(3_600));
        assert!(quotas.take("a", "x", quota, left.resets).is_ok());
        assert_ne!(end_of_hour("a", at(0)).timestamp() % 3_600, end_of_hour("b", at(0)).timestamp() % 3_600);
    }
}
