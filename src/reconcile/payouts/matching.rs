//! Payouts against bank lines: the ladder of evidence, rung by rung (bank-statements §10).
//!
//! References are fixed first and leave the graph. Then amount, currency, direction, payee and a window
//! of business days; sums and splits where one to one does not reach. What more than one assignment
//! could explain is never called matched. The same input in any order gives the same verdicts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::expected::ExpectedPayout;
use super::graph::{Graph, Sureness};
use super::payee::Payees;
use super::references::{Hits, find_references};
use super::returned::{Returns, find_returns};
use super::verdict::{MatchRule, PayoutState, Reason, Verdict};
use crate::config::AnyPayee;
use crate::domain::{BankCalendar, BusinessWindow, Currency, Sum};
use crate::reconcile::bank::{BankEntry, Coverage, Reach};

/// Business days after the window in which a late line still casts doubt on an equal one.
const LATE_DAYS: u32 = 15;

/// How payouts and lines are compared.
#[derive(Clone, Debug)]
pub struct MatchRules {
    /// Which days banks work on.
    pub calendar: BankCalendar,
    /// How long a payout may take.
    pub window: BusinessWindow,
    /// Who pays.
    pub payees: Payees,
    /// What a line is worth that names somebody else, or nobody.
    pub any_payee: AnyPayee,
}

/// One line of a bank account.
#[derive(Clone, Copy, Debug)]
pub struct MatchLine<'a> {
    /// The account at the bank, folded.
    pub account: &'a str,
    /// The entry.
    pub entry: &'a BankEntry,
}

/// Finds what became of every payout. Each payout is in exactly one verdict.
#[must_use]
pub fn match_payouts(
    payouts: &[ExpectedPayout],
    lines: &[MatchLine<'_>],
    coverage: &Coverage,
    rules: &MatchRules,
) -> Vec<Verdict> {
    let amazon: Vec<bool> = lines.iter().map(|line| rules.payees.is_amazon(line.entry)).collect();
    let mut matching = Matching {
        payouts,
        lines,
        rules,
        coverage,
        open: (0..payouts.len()).collect(),
        free: (0..lines.len()).collect(),
        hits: find_references(payouts, lines, &amazon),
        returns: find_returns(lines, &amazon, &rules.calendar),
        amazon,
        verdicts: Vec::new(),
    };
    matching.by_reference();
    matching.by_settlement_id();
    matching.by_amount();
    matching.by_differing_settlement_id();
    matching.the_rest();
    let mut verdicts = matching.verdicts;
    verdicts.sort_by(|a, b| a.payouts.cmp(&b.payouts));
    verdicts
}

struct Matching<'a> {
    payouts: &'a [ExpectedPayout],
    lines: &'a [MatchLine<'a>],
    rules: &'a MatchRules,
    coverage: &'a Coverage,
    /// Payouts without a verdict.
    open: BTreeSet<usize>,
    /// Lines that no verdict uses.
    free: BTreeSet<usize>,
    hits: Hits,
    returns: Returns,
    amazon: Vec<bool>,
    verdicts: Vec<Verdict>,
}

impl Matching<'_> {
    /// The disbursement's reference stands in the line.
    fn by_reference(&mut self) {
        for (payouts, lines) in self.hits.by_reference.components() {
            let same = |line: &usize| {
                let currency = self.line_currency(*line);
                payouts.iter().all(|payout| self.currency(*payout) == currency)
            };
            let (lines, foreign): (Vec<usize>, Vec<usize>) = lines.into_iter().partition(same);
            // What goes the other way is a payout that came back, not the payout.
            let direction = self.total(&payouts).units().signum();
            let lines: Vec<usize> =
                lines.into_iter().filter(|line| self.line_amount(*line).units().signum() == direction).collect();
            match (&payouts[..], &lines[..]) {
                ([payout], []) if !foreign.is_empty() => {
                    let verdict = self.verdict(&[*payout], PayoutState::AmountDiffers, Reason::OtherCurrency);
                    self.settle(Verdict { rule: Some(MatchRule::Reference), lines: foreign, ..verdict });
                }
                (_, []) => {}
                _ if self.total(&payouts) == self.line_total(&lines) => {
                    self.match_all(&payouts, &lines, MatchRule::Reference, Reason::Reference);
                }
                ([payout], _) => self.one_by_reference(*payout, &lines),
                _ => {
                    for payout in &payouts {
                        let verdict = self.verdict(&[*payout], PayoutState::Ambiguous, Reason::ReferenceInSeveral);
                        let rule = Some(MatchRule::Reference);
                        self.settle(Verdict { rule, candidates: lines.clone(), ..verdict });
                    }
                    self.use_up(&lines);
                }
            }
        }
    }

    /// One payout whose reference stands in lines that do not add up to it.
    fn one_by_reference(&mut self, payout: usize, lines: &[usize]) {
        let amount = self.total(&[payout]);
        let equal: Vec<usize> = lines.iter().copied().filter(|line| self.line_amount(*line) == amount).collect();
        let rule = Some(MatchRule::Reference);
        match equal[..] {
            [only] => self.match_all(&[payout], &[only], MatchRule::Reference, Reason::Reference),
            [] => {
                let verdict = self.verdict(&[payout], PayoutState::AmountDiffers, Reason::Reference);
                let difference = Some(self.line_total(lines) - amount);
                self.settle(Verdict { rule, lines: lines.to_vec(), difference, ..verdict });
            }
            _ => {
                let verdict = self.verdict(&[payout], PayoutState::Ambiguous, Reason::ReferenceInSeveral);
                self.settle(Verdict { rule, candidates: lines.to_vec(), ..verdict });
            }
        }
        self.use_up(lines);
    }

    /// The settlement's id stands in the line, and the amount is equal: of two payouts that may pay a
    /// settlement, the amount says which.
    fn by_settlement_id(&mut self) {
        let equal = self.hits.by_settlement_id.filtered(|payout, line| {
            self.open.contains(&payout)
                && self.free.contains(&line)
                && self.currency(payout) == self.line_currency(line)
                && self.total(&[payout]) == self.line_amount(line)
        });
        for (payouts, lines) in equal.components() {
            match (&payouts[..], &lines[..]) {
                ([_], [_]) => self.match_all(&payouts, &lines, MatchRule::SettlementId, Reason::Reference),
                _ => {
                    for payout in &payouts {
                        let verdict = self.verdict(&[*payout], PayoutState::Ambiguous, Reason::ReferenceInSeveral);
                        let rule = Some(MatchRule::SettlementId);
                        self.settle(Verdict { rule, candidates: lines.clone(), ..verdict });
                    }
                    self.use_up(&lines);
                }
            }
        }
    }

    /// Amount, currency, direction, payee and window; sums and splits.
    fn by_amount(&mut self) {
        let graph = self.graph();
        for component in graph.components() {
            for (payouts, lines) in &component.sure {
                let rule = if payouts.len() + lines.len() > 2 { MatchRule::Sum } else { MatchRule::AmountWindow };
                if lines.iter().any(|line| self.returns.perhaps.contains(line)) {
                    self.doubt(payouts, lines, Reason::PerhapsReturned, None);
                } else {
                    self.match_all(payouts, lines, rule, Reason::OnlyPossibility);
                }
            }
            let group = Some(component.group).filter(|group| group.0 > 1 || group.1 > 1);
            for (payout, candidates) in &component.unsure {
                let reason = match component.sureness {
                    Sureness::Decided => Reason::SeveralPossible,
                    Sureness::LatePossible => Reason::LatePossible,
                    Sureness::TooLarge => Reason::TooLarge,
                };
                self.doubt(&[*payout], candidates, reason, group);
            }
        }
    }

    fn graph(&self) -> Graph {
        let window = |payout: usize| self.payout_window(payout);
        let late = |payout: usize| {
            let (from, until) = self.payout_window(payout);
            (from, self.rules.calendar.after(until, LATE_DAYS))
        };
        let usable = |line: usize| {
            let named = self.amazon.get(line).copied().unwrap_or(false);
            (named || self.rules.any_payee == AnyPayee::Accept) && !self.returns.by_line.contains_key(&line)
        };
        let lines: Vec<usize> = self.free.iter().copied().filter(|line| usable(*line)).collect();
        let open: Vec<usize> = self.open.iter().copied().collect();
        Graph::new(self.payouts, self.lines, &open, &lines, &window, &late)
    }

    /// The settlement's id stands in one line of another amount, and nothing better was found.
    fn by_differing_settlement_id(&mut self) {
        for (payout, lines) in self.hits.by_settlement_id.by_payout() {
            let amount = self.total(&[payout]);
            let fits = |line: &usize| {
                self.free.contains(line)
                    && self.currency(payout) == self.line_currency(*line)
                    && self.line_amount(*line).units().signum() == amount.units().signum()
            };
            let lines: Vec<usize> = lines.into_iter().filter(fits).collect();
            if let ([line], true) = (&lines[..], self.open.contains(&payout)) {
                let verdict = self.verdict(&[payout], PayoutState::AmountDiffers, Reason::Reference);
                let difference = Some(self.line_amount(*line) - amount);
                let rule = Some(MatchRule::SettlementId);
                self.settle(Verdict { rule, lines: lines.clone(), difference, ..verdict });
                self.use_up(&lines);
            }
        }
    }

    /// Payouts without any line: sent back, perhaps under another name, still to come, or missing.
    fn the_rest(&mut self) {
        let by_amount = self.free_by_amount();
        for payout in self.open.clone() {
            let key = (self.currency(payout), self.total(&[payout]));
            let (from, until) = self.payout_window(payout);
            let equal = by_amount.get(&key).cloned().unwrap_or_default();
            let inside = |line: &usize| is_booked_between(self.lines, *line, from, until);
            let candidates: Vec<usize> = equal.iter().copied().filter(inside).collect();
            let returned: Vec<usize> =
                candidates.iter().copied().filter(|line| self.returns.by_line.contains_key(line)).collect();
            let any_payee: Vec<usize> = candidates.iter().copied().filter(|line| !returned.contains(line)).collect();
            match (&returned[..], &any_payee[..]) {
                ([line], _) => self.sent_back(payout, *line),
                ([_, ..], _) => self.doubt(&[payout], &returned, Reason::PerhapsReturned, None),
                ([], [_, ..]) => {
                    let verdict = self.verdict(&[payout], PayoutState::Ambiguous, Reason::PayeeUnknown);
                    self.settle(Verdict {
                        rule: Some(MatchRule::AmountWindowAnyPayee),
                        candidates: any_payee,
                        ..verdict
                    });
                }
                ([], []) => {
                    let late_until = self.rules.calendar.after(until, LATE_DAYS);
                    let is_late = |line: &usize| {
                        self.amazon.get(*line) == Some(&true) && is_booked_between(self.lines, *line, until, late_until)
                    };
                    let late = equal.iter().copied().filter(is_late).collect();
                    self.absent(payout, late);
                }
            }
        }
    }

    fn sent_back(&mut self, payout: usize, line: usize) {
        let returned = self.returns.by_line.get(&line).copied();
        let verdict = self.verdict(&[payout], PayoutState::Missing, Reason::Returned);
        self.settle(Verdict { rule: Some(MatchRule::AmountWindow), lines: vec![line], returned, ..verdict });
        self.use_up(&[line]);
    }

    /// Nothing is there: whether it may still come depends on how far the statements reach.
    fn absent(&mut self, payout: usize, late: Vec<usize>) {
        let Some(known) = self.payouts.get(payout) else { return };
        let (_, until) = self.payout_window(payout);
        let (state, reason) = match self.coverage.reaches(known.currency, known.posted_on, until, &self.rules.calendar)
        {
            Reach::Whole => (PayoutState::Missing, Reason::TimeOver),
            Reach::UntilWithin => (PayoutState::InTransit, Reason::TimeLeft),
            Reach::None => (PayoutState::InTransit, Reason::NotCovered),
        };
        let verdict = self.verdict(&[payout], state, reason);
        self.settle(Verdict { candidates: late, ..verdict });
    }

    fn match_all(&mut self, payouts: &[usize], lines: &[usize], rule: MatchRule, reason: Reason) {
        let returned = lines.iter().find_map(|line| self.returns.by_line.get(line)).copied();
        let (state, reason) =
            if returned.is_some() { (PayoutState::Missing, Reason::Returned) } else { (PayoutState::Matched, reason) };
        let verdict = self.verdict(payouts, state, reason);
        self.settle(Verdict { rule: Some(rule), lines: lines.to_vec(), returned, ..verdict });
        self.use_up(lines);
    }

    fn doubt(&mut self, payouts: &[usize], candidates: &[usize], reason: Reason, group: Option<(u64, u64)>) {
        for payout in payouts {
            let verdict = self.verdict(&[*payout], PayoutState::Ambiguous, reason);
            let rule = Some(MatchRule::AmountWindow);
            self.settle(Verdict { rule, candidates: candidates.to_vec(), group, ..verdict });
        }
        self.use_up(candidates);
    }

    fn verdict(&self, payouts: &[usize], state: PayoutState, reason: Reason) -> Verdict {
        let until = payouts.iter().map(|payout| self.payout_window(*payout).1).max().unwrap_or_default();
        Verdict {
            payouts: payouts.to_vec(),
            state,
            rule: None,
            reason,
            lines: Vec::new(),
            candidates: Vec::new(),
            difference: None,
            returned: None,
            group: None,
            expected_until: until,
        }
    }

    fn settle(&mut self, mut verdict: Verdict) {
        verdict.lines.sort_unstable();
        verdict.candidates.sort_unstable();
        for payout in &verdict.payouts {
            self.open.remove(payout);
        }
        self.verdicts.push(verdict);
    }

    fn use_up(&mut self, lines: &[usize]) {
        for line in lines {
            self.free.remove(line);
        }
    }

    fn free_by_amount(&self) -> BTreeMap<(Option<Currency>, Sum), Vec<usize>> {
        let wanted: BTreeSet<_> =
            self.open.iter().map(|payout| (self.currency(*payout), self.total(&[*payout]))).collect();
        let mut by_amount: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for line in &self.free {
            let key = (self.line_currency(*line), self.line_amount(*line));
            if wanted.contains(&key) {
                by_amount.entry(key).or_default().push(*line);
            }
        }
        by_amount
    }

    fn payout_window(&self, payout: usize) -> (NaiveDate, NaiveDate) {
        let posted = self.payouts.get(payout).map(|payout| payout.posted_on).unwrap_or_default();
        self.rules.calendar.window(posted, self.rules.window).into_inner()
    }

    fn currency(&self, payout: usize) -> Option<Currency> {
        self.payouts.get(payout).map(|payout| payout.currency)
    }

    fn line_currency(&self, line: usize) -> Option<Currency> {
        self.lines.get(line).map(|line| line.entry.currency)
    }

    fn total(&self, payouts: &[usize]) -> Sum {
        payouts.iter().filter_map(|payout| self.payouts.get(*payout)).map(|payout| payout.amount).sum()
    }

    fn line_amount(&self, line: usize) -> Sum {
        self.lines.get(line).map_or(Sum::ZERO, |line| line.entry.amount.into())
    }

    fn line_total(&self, lines: &[usize]) -> Sum {
        lines.iter().map(|line| self.line_amount(*line)).sum()
    }
}

/// By booking day or, where that fails, by the day of value.
pub(super) fn is_booked_between(lines: &[MatchLine<'_>], line: usize, from: NaiveDate, until: NaiveDate) -> bool {
    let Some(line) = lines.get(line) else { return false };
    let inside = |day: NaiveDate| (from..=until).contains(&day);
    inside(line.entry.booked) || line.entry.valued.is_some_and(inside)
}
