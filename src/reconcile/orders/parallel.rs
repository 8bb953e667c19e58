//! Shares of one work, done side by side.

/// Does every share, all but the first in a thread of its own, and gives the results in the order of the shares. One
/// whose thread fails is done once more in this one, so that a defect shows instead of leaving a hole.
pub(super) fn in_parallel<S: Copy + Send, R: Send>(shares: &[S], work: impl Fn(S) -> R + Sync) -> Vec<R> {
    let Some((first, others)) = shares.split_first() else { return Vec::new() };
    let work = &work;
    std::thread::scope(|scope| {
        let running: Vec<_> = others.iter().map(|&share| (share, scope.spawn(move || work(share)))).collect();
        let mut results = vec![work(*first)];
        results.extend(running.into_iter().map(|(share, worker)| worker.join().unwrap_or_else(|_| work(share))));
        results
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_shares_also_where_a_thread_fails() {
        assert_eq!(in_parallel(&[3, 1, 2], |share| share * 10), [30, 10, 20]);
        assert!(in_parallel(&[], |share: u8| share).is_empty());
        let failed = AtomicBool::new(false);
        let once = |share| {
            assert!(share != 2 || failed.swap(true, Ordering::Relaxed), "the first try of a share fails");
            share
        };
        assert_eq!(in_parallel(&[1, 2, 3], once), [1, 2, 3]);
    }
}
