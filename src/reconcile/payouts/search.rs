//! Sums and splits: the explanations of a component that stand in every best one.
//!
//! An explanation says that some payouts are some bank lines: one to one, several payouts in one line,
//! or one payout in several lines. The best choice of explanations, no payout and no line used twice,
//! explains the most payouts. Only what every best choice holds is sure. Tried exhaustively within a
//! limit; beyond it nothing is sure.

use std::collections::BTreeSet;

/// Choices tried for one component.
const STEPS_MAX: u32 = 200_000;

/// Some payouts are some lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Explanation {
    /// Payouts, ascending.
    pub(super) payouts: Vec<usize>,
    /// Lines, ascending.
    pub(super) lines: Vec<usize>,
}

/// The explanations that every best choice holds; `None` where there are too many to try.
#[must_use]
pub(super) fn sure_explanations(explanations: &[Explanation]) -> Option<Vec<Explanation>> {
    let payouts: BTreeSet<usize> = explanations.iter().flat_map(|one| one.payouts.iter().copied()).collect();
    let payouts: Vec<usize> = payouts.into_iter().collect();
    let by_first =
        payouts.iter().map(|payout| explanations.iter().filter(|one| one.payouts.contains(payout)).collect());
    let mut search = Search {
        by_payout: by_first.collect(),
        payouts: &payouts,
        steps: 0,
        best: 0,
        sure: None,
        chosen: Vec::new(),
        used_payouts: BTreeSet::new(),
        used_lines: BTreeSet::new(),
    };
    search.try_from(0, 0, payouts.len())?;
    Some(search.sure.unwrap_or_default().into_iter().cloned().collect())
}

struct Search<'a> {
    payouts: &'a [usize],
    /// The explanations of each payout, in the order of `payouts`.
    by_payout: Vec<Vec<&'a Explanation>>,
    steps: u32,
    best: usize,
    sure: Option<BTreeSet<&'a Explanation>>,
    chosen: Vec<&'a Explanation>,
    used_payouts: BTreeSet<usize>,
    used_lines: BTreeSet<usize>,
}

impl<'a> Search<'a> {
    /// Decides the payout at a place and all after it; `possible` bounds what can still be explained in all.
    fn try_from(&mut self, at: usize, explained: usize, possible: usize) -> Option<()> {
        self.steps += 1;
        // With nothing left to be sure of, the rest of the search can change nothing but a larger best.
        if self.steps > STEPS_MAX {
            return None;
        }
        if possible < self.best {
            return Some(());
        }
        let Some(&payout) = self.payouts.get(at) else {
            self.finish(explained);
            return Some(());
        };
        if self.used_payouts.contains(&payout) {
            return self.try_from(at + 1, explained, possible);
        }
        let explanations = self.by_payout.get(at).cloned().unwrap_or_default();
        for one in explanations {
            if !self.is_free(one) {
                continue;
            }
            self.take(one);
            let tried = self.try_from(at + 1, explained + one.payouts.len(), possible);
            self.give_back(one);
            tried?;
        }
        self.try_from(at + 1, explained, possible - 1)
    }

    fn finish(&mut self, explained: usize) {
        let chosen: BTreeSet<&Explanation> = self.chosen.iter().copied().collect();
        match &mut self.sure {
            Some(sure) if explained == self.best => sure.retain(|one| chosen.contains(one)),
            _ if explained < self.best => {}
            _ => {
                self.best = explained;
                self.sure = Some(chosen);
            }
        }
    }

    fn is_free(&self, one: &Explanation) -> bool {
        one.payouts.iter().all(|payout| !self.used_payouts.contains(payout))
            && one.lines.iter().all(|line| !self.used_lines.contains(line))
    }

    fn take(&mut self, one: &'a Explanation) {
        self.used_payouts.extend(&one.payouts);
        self.used_lines.extend(&one.lines);
        self.chosen.push(one);
    }

    fn give_back(&mut self, one: &'a Explanation) {
        for payout in &one.payouts {
            self.used_payouts.remove(payout);
        }
        for line in &one.lines {
            self.used_lines.remove(line);
        }
        self.chosen.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(payouts: &[usize], lines: &[usize]) -> Explanation {
        Explanation { payouts: payouts.to_vec(), lines: lines.to_vec() }
    }

    #[test]
    fn a_sum_is_sure_where_nothing_else_explains_as_much() {
        let sum = one(&[0, 1], &[0]);
        assert_eq!(sure_explanations(std::slice::from_ref(&sum)).unwrap(), std::slice::from_ref(&sum));
        // The line could as well be the one payout of that amount, which explains less.
        assert_eq!(sure_explanations(&[sum.clone(), one(&[2], &[0])]).unwrap(), std::slice::from_ref(&sum));
        // Two payouts alone explain as many.
        assert_eq!(sure_explanations(&[sum.clone(), one(&[0], &[1]), one(&[1], &[2])]).unwrap(), []);
        assert_eq!(sure_explanations(&[]).unwrap(), []);
    }

    #[test]
    fn a_split_against_a_pair_is_not_sure() {
        assert_eq!(sure_explanations(&[one(&[0], &[0]), one(&[0], &[1, 2])]).unwrap(), []);
        // Where the parts are other payouts, the pair is.
        let all = [one(&[0], &[0]), one(&[0], &[1, 2]), one(&[1], &[1]), one(&[2], &[2])];
        assert_eq!(sure_explanations(&all).unwrap().len(), 3);
    }

    #[test]
    fn a_better_choice_that_is_found_later_takes_the_place_of_the_first() {
        // The first payout takes the second's only line at first, which explains one; then both have one.
        let all = [one(&[0], &[0]), one(&[0], &[1]), one(&[1], &[0])];
        assert_eq!(sure_explanations(&all).unwrap(), [one(&[0], &[1]), one(&[1], &[0])]);
    }

    #[test]
    fn beyond_the_limit_nothing_is_sure() {
        let many: Vec<Explanation> = (0..24).flat_map(|p| (0..24).map(move |l| one(&[p], &[l]))).collect();
        assert_eq!(sure_explanations(&many), None);
    }
}
