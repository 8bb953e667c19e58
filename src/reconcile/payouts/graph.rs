//! Which payouts could be which lines, component by component.
//!
//! Equal amounts in a window are pairs. Several neighbouring payouts in one line, and one payout in
//! several lines, are explanations that compete with them. A component of pairs alone is decided
//! exactly; one with sums by trying all choices within a limit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::assignment::sure_pairs;
use super::expected::ExpectedPayout;
use super::matching::{MatchLine, is_booked_between};
use super::search::{Explanation, sure_explanations};
use crate::domain::{Currency, Sum};

/// Neighbouring payouts that one line may hold.
const SUM_PAYOUTS_MAX: usize = 7;
/// Lines of one bank account in a payout's window among which two parts are looked for, and three; more
/// make parts by chance likely.
const SPLIT_POOL_MAX: usize = 40;
const SPLIT_IN_THREE_POOL_MAX: usize = 12;
/// Sums and splits kept for one run; beyond it none are looked for, so that nothing is guessed late.
const EXPLANATIONS_MAX: usize = 100_000;

/// Days from and until which a payout may be booked.
pub(super) type WindowOf<'a> = dyn Fn(usize) -> (NaiveDate, NaiveDate) + 'a;

/// Payouts, lines, and what could explain them.
pub(super) struct Graph {
    explanations: Vec<Explanation>,
    /// Pairs that a late line would allow as well.
    late: BTreeMap<usize, Vec<usize>>,
    /// The amount of each payout, to find its equals.
    class: BTreeMap<usize, (Currency, Sum)>,
}

/// Whether a component could be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sureness {
    /// It was.
    Decided,
    /// A payout that did not arrive in time takes part.
    LatePossible,
    /// It is too large.
    TooLarge,
}

/// The sure pairs of an amount; unknown where there are too many.
type WithLate = Option<BTreeMap<usize, usize>>;

/// What is sure in a component, and what is not.
pub(super) struct Component {
    /// Payouts and the lines that they surely are.
    pub(super) sure: Vec<(Vec<usize>, Vec<usize>)>,
    /// Payouts and the lines that they could be.
    pub(super) unsure: Vec<(usize, Vec<usize>)>,
    /// How the unsure ones came about.
    pub(super) sureness: Sureness,
    /// Unsure payouts and the lines that only they could be.
    pub(super) group: (u64, u64),
}

impl Graph {
    pub(super) fn new(
        payouts: &[ExpectedPayout],
        all_lines: &[MatchLine<'_>],
        open: &[usize],
        lines: &[usize],
        window: &WindowOf<'_>,
        late: &WindowOf<'_>,
    ) -> Self {
        let mut builder = Builder { payouts, lines: all_lines, by_amount: BTreeMap::new(), by_day: Vec::new() };
        builder.index(lines);
        let mut explanations = builder.pairs(open, window);
        let late = builder.late(open, late);
        builder.sums(open, window, &mut explanations);
        builder.splits(open, window, &mut explanations);
        explanations.sort();
        explanations.dedup();
        let class = open.iter().filter_map(|at| Some((*at, builder.class(*at)?))).collect();
        Self { explanations, late, class }
    }

    /// Every component with at least one payout that could be a line.
    pub(super) fn components(&self) -> Vec<Component> {
        let connected = connected(&self.explanations);
        let (pairs, sums): (Vec<_>, Vec<_>) = connected
            .into_iter()
            .partition(|explanations| explanations.iter().all(|one| one.payouts.len() + one.lines.len() == 2));
        let pairs: Vec<Pairs> = pairs.iter().map(|explanations| Pairs::new(explanations)).collect();
        let left = self.left_without(&pairs);
        let with_late = self.sure_with_late(&left);
        let of_pairs = |pairs: Pairs| self.of_pairs(pairs, &with_late);
        let mut components: Vec<Component> = pairs.into_iter().map(of_pairs).collect();
        components.extend(sums.iter().map(|explanations| self.of_sums(explanations, &left)));
        components
    }

    /// Payouts that have no line in time, or none that is sure: they may come late.
    fn left_without(&self, pairs: &[Pairs]) -> BTreeSet<usize> {
        let explained: BTreeSet<usize> = self.explanations.iter().flat_map(|one| one.payouts.iter().copied()).collect();
        let unsure = pairs.iter().flat_map(|pairs| {
            pairs
                .edges
                .keys()
                .copied()
                .filter(|payout| pairs.sure.as_ref().is_none_or(|sure| !sure.contains_key(payout)))
        });
        self.class.keys().copied().filter(|payout| !explained.contains(payout)).chain(unsure).collect()
    }

    /// Pairs alone: decided exactly, and again with late lines where an equal payout is left without one.
    fn of_pairs(&self, pairs: Pairs, with_late: &BTreeMap<(Currency, Sum), WithLate>) -> Component {
        let Pairs { edges, sure } = pairs;
        let Some(sure) = sure else { return component(edges, &BTreeMap::new(), Sureness::TooLarge) };
        let class = edges.keys().next().and_then(|payout| self.class.get(payout));
        match class.and_then(|class| with_late.get(class)) {
            None => component(edges, &sure, Sureness::Decided),
            Some(None) => component(edges, &BTreeMap::new(), Sureness::TooLarge),
            Some(Some(late)) => {
                let stays = |(payout, line): &(&usize, &usize)| late.get(*payout) == Some(*line);
                let both: BTreeMap<usize, usize> = sure.iter().filter(stays).map(|(p, l)| (*p, *l)).collect();
                let sureness = if both.len() < sure.len() { Sureness::LatePossible } else { Sureness::Decided };
                component(edges, &both, sureness)
            }
        }
    }

    /// For each amount with a payout that is left without a line: the pairs that stay sure if that payout
    /// could be any later line of its amount.
    fn sure_with_late(&self, left: &BTreeSet<usize>) -> BTreeMap<(Currency, Sum), WithLate> {
        let mut late: BTreeMap<(Currency, Sum), BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
        for payout in left {
            if let (Some(class), Some(lines)) = (self.class.get(payout), self.late.get(payout)) {
                late.entry(*class).or_default().insert(*payout, lines.clone());
            }
        }
        for one in self.explanations.iter().filter(|one| one.payouts.len() + one.lines.len() == 2) {
            let payout = first(&one.payouts);
            let edges = self.class.get(&payout).and_then(|class| late.get_mut(class));
            if let Some(edges) = edges.filter(|_| !left.contains(&payout)) {
                edges.entry(payout).or_default().push(first(&one.lines));
            }
        }
        late.into_iter().map(|(class, edges)| (class, sure_of(&edges))).collect()
    }

    /// With sums: what every best choice holds, unless a pair that is as good as any touches it.
    fn of_sums(&self, explanations: &[&Explanation], left: &BTreeSet<usize>) -> Component {
        let mut edges: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for one in explanations {
            for payout in &one.payouts {
                edges.entry(*payout).or_default().extend(&one.lines);
            }
        }
        for lines in edges.values_mut() {
            lines.sort_unstable();
            lines.dedup();
        }
        let owned: Vec<Explanation> = explanations.iter().map(|one| (*one).clone()).collect();
        let Some(mut sure) = sure_explanations(&owned) else {
            return component(edges, &BTreeMap::new(), Sureness::TooLarge);
        };
        withdraw(&mut sure, |one, sure| one.payouts.len() + one.lines.len() > 2 && is_contested(one, sure, &owned));
        withdraw(&mut sure, |one, sure| self.is_perhaps_late(one, sure, &edges, left));
        let decided: BTreeSet<usize> = sure.iter().flat_map(|one| one.payouts.iter().copied()).collect();
        let used: BTreeSet<usize> = sure.iter().flat_map(|one| one.lines.iter().copied()).collect();
        edges.retain(|payout, lines| {
            lines.retain(|line| !used.contains(line));
            !decided.contains(payout) && !lines.is_empty()
        });
        let rest = component(edges, &BTreeMap::new(), Sureness::Decided);
        Component { sure: sure.into_iter().map(|one| (one.payouts, one.lines)).collect(), ..rest }
    }

    /// Whether an equal payout that is left without a line could be the line of a pair, come late.
    fn is_perhaps_late(
        &self,
        one: &Explanation,
        sure: &[Explanation],
        edges: &BTreeMap<usize, Vec<usize>>,
        left: &BTreeSet<usize>,
    ) -> bool {
        if one.lines.len() + one.payouts.len() > 2 {
            return false;
        }
        let class = self.class.get(&first(&one.payouts));
        let is_explained = |payout: &usize| sure.iter().any(|one| one.payouts.contains(payout));
        let unsure = edges.keys().filter(|payout| !is_explained(payout));
        unsure.chain(left).any(|payout| {
            let late = self.late.get(payout);
            self.class.get(payout) == class && late.is_some_and(|late| late.contains(&first(&one.lines)))
        })
    }
}

/// The pairs of a component, and those of them that are sure; unknown where there are too many.
struct Pairs {
    edges: BTreeMap<usize, Vec<usize>>,
    sure: Option<BTreeMap<usize, usize>>,
}

impl Pairs {
    fn new(explanations: &[&Explanation]) -> Self {
        let mut edges: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for one in explanations {
            edges.entry(first(&one.payouts)).or_default().push(first(&one.lines));
        }
        let sure = sure_of(&edges);
        Self { edges, sure }
    }
}

/// Takes back what does not stand up to the rest, until all of it does.
fn withdraw(sure: &mut Vec<Explanation>, falls: impl Fn(&Explanation, &[Explanation]) -> bool) {
    loop {
        let before = sure.clone();
        sure.retain(|one| !falls(one, &before));
        if sure.len() == before.len() {
            return;
        }
    }
}

/// Whether another explanation touches a sum and is not ruled out by something else that is sure.
fn is_contested(sum: &Explanation, sure: &[Explanation], all: &[Explanation]) -> bool {
    let touches = |a: &Explanation, b: &Explanation| {
        a.payouts.iter().any(|payout| b.payouts.contains(payout)) || a.lines.iter().any(|line| b.lines.contains(line))
    };
    let others = all.iter().filter(|one| *one != sum && touches(one, sum));
    let ruled_out = |one: &Explanation| sure.iter().any(|other| other != sum && other != one && touches(one, other));
    others.into_iter().any(|one| !ruled_out(one))
}

fn first(places: &[usize]) -> usize {
    places.first().copied().unwrap_or_default()
}

/// The sure pairs of a graph, by its own numbers.
fn sure_of(edges: &BTreeMap<usize, Vec<usize>>) -> Option<BTreeMap<usize, usize>> {
    let lines: BTreeSet<usize> = edges.values().flatten().copied().collect();
    let lines: Vec<usize> = lines.into_iter().collect();
    let place = |line: &usize| lines.binary_search(line).ok();
    let rows: Vec<Vec<usize>> = edges.values().map(|edges| edges.iter().filter_map(place).collect()).collect();
    let sure = sure_pairs(&rows, lines.len())?;
    let named = edges.keys().zip(sure).filter_map(|(payout, line)| Some((*payout, *lines.get(line?)?)));
    Some(named.collect())
}

fn component(edges: BTreeMap<usize, Vec<usize>>, sure: &BTreeMap<usize, usize>, sureness: Sureness) -> Component {
    let used: BTreeSet<usize> = sure.values().copied().collect();
    let mut unsure: Vec<(usize, Vec<usize>)> = Vec::new();
    for (payout, lines) in edges.into_iter().filter(|(payout, _)| !sure.contains_key(payout)) {
        let left: Vec<usize> = lines.into_iter().filter(|line| !used.contains(line)).collect();
        unsure.push((payout, left));
    }
    let left: BTreeSet<usize> = unsure.iter().flat_map(|(_, lines)| lines.iter().copied()).collect();
    let group = (unsure.len() as u64, left.len() as u64);
    Component { sure: sure.iter().map(|(p, l)| (vec![*p], vec![*l])).collect(), unsure, sureness, group }
}

/// Explanations that share a payout or a line, directly or through others.
fn connected(explanations: &[Explanation]) -> Vec<Vec<&Explanation>> {
    let mut parent: Vec<usize> = (0..explanations.len()).collect();
    let mut by_payout: BTreeMap<usize, usize> = BTreeMap::new();
    let mut by_line: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, one) in explanations.iter().enumerate() {
        for (places, seen) in [(&one.payouts, &mut by_payout), (&one.lines, &mut by_line)] {
            for place in places {
                let other = *seen.entry(*place).or_insert(at);
                let (a, b) = (root(&mut parent, at), root(&mut parent, other));
                if let Some(slot) = parent.get_mut(a.max(b)) {
                    *slot = a.min(b);
                }
            }
        }
    }
    let mut components: BTreeMap<usize, Vec<&Explanation>> = BTreeMap::new();
    for (at, one) in explanations.iter().enumerate() {
        components.entry(root(&mut parent, at)).or_default().push(one);
    }
    components.into_values().collect()
}

fn root(parent: &mut [usize], mut at: usize) -> usize {
    while let Some(&above) = parent.get(at) {
        if above == at {
            break;
        }
        let higher = parent.get(above).copied().unwrap_or(above);
        if let Some(slot) = parent.get_mut(at) {
            *slot = higher;
        }
        at = higher;
    }
    at
}

struct Builder<'a> {
    payouts: &'a [ExpectedPayout],
    lines: &'a [MatchLine<'a>],
    by_amount: BTreeMap<(Currency, Sum), Vec<usize>>,
    /// Lines by currency and booking day.
    by_day: Vec<(Currency, NaiveDate, usize)>,
}

impl Builder<'_> {
    fn index(&mut self, lines: &[usize]) {
        for at in lines {
            let Some(line) = self.lines.get(*at) else { continue };
            self.by_amount.entry((line.entry.currency, line.entry.amount.into())).or_default().push(*at);
            self.by_day.push((line.entry.currency, line.entry.booked, *at));
        }
        self.by_day.sort();
    }

    fn class(&self, payout: usize) -> Option<(Currency, Sum)> {
        self.payouts.get(payout).map(|payout| (payout.currency, payout.amount))
    }

    fn equal_between(&self, payout: usize, (from, until): (NaiveDate, NaiveDate)) -> Vec<usize> {
        let equal = self.class(payout).and_then(|class| self.by_amount.get(&class)).into_iter().flatten();
        equal.copied().filter(|line| is_booked_between(self.lines, *line, from, until)).collect()
    }

    fn pairs(&self, open: &[usize], window: &WindowOf<'_>) -> Vec<Explanation> {
        let pair = |payout: usize| {
            let lines = self.equal_between(payout, window(payout));
            lines.into_iter().map(move |line| Explanation { payouts: vec![payout], lines: vec![line] })
        };
        open.iter().flat_map(|payout| pair(*payout)).collect()
    }

    fn late(&self, open: &[usize], late: &WindowOf<'_>) -> BTreeMap<usize, Vec<usize>> {
        let lines = open.iter().map(|payout| (*payout, self.equal_between(*payout, late(*payout))));
        lines.filter(|(_, lines)| !lines.is_empty()).collect()
    }

    /// Lines of a currency booked between two days.
    fn booked_between(
        &self,
        currency: Currency,
        (from, until): (NaiveDate, NaiveDate),
    ) -> &[(Currency, NaiveDate, usize)] {
        let start = self.by_day.partition_point(|(c, day, _)| (*c, *day) < (currency, from));
        let end = self.by_day.partition_point(|(c, day, _)| (*c, *day) <= (currency, until));
        self.by_day.get(start..end).unwrap_or_default()
    }

    /// Several neighbouring payouts of an account in one line.
    fn sums(&self, open: &[usize], window: &WindowOf<'_>, out: &mut Vec<Explanation>) {
        let mut runs: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for at in open {
            if let Some(payout) = self.payouts.get(*at) {
                runs.entry((&payout.account, payout.currency)).or_default().push(*at);
            }
        }
        for ((_, currency), payouts) in runs {
            for (place, start) in payouts.iter().enumerate() {
                let mut sum = Sum::ZERO;
                let mut common = window(*start);
                for (length, at) in payouts.iter().skip(place).take(SUM_PAYOUTS_MAX).enumerate() {
                    let (from, until) = window(*at);
                    common = (common.0.max(from), common.1.min(until));
                    let Some((_, amount)) = self.class(*at) else { break };
                    sum += amount;
                    if common.0 > common.1 {
                        break;
                    }
                    let equal = self.by_amount.get(&(currency, sum)).filter(|_| length > 0).into_iter().flatten();
                    for line in equal.filter(|line| is_booked_between(self.lines, **line, common.0, common.1)) {
                        let members = payouts.iter().skip(place).take(length + 1).copied().collect();
                        out.push(Explanation { payouts: members, lines: vec![*line] });
                    }
                    if out.len() > EXPLANATIONS_MAX {
                        return;
                    }
                }
            }
        }
    }

    /// One payout in two or three lines of one bank account.
    fn splits(&self, open: &[usize], window: &WindowOf<'_>, out: &mut Vec<Explanation>) {
        for at in open {
            let Some((currency, amount)) = self.class(*at) else { continue };
            let part = |line: &usize| {
                let units = self.amount(*line).units();
                units.signum() == amount.units().signum() && units.abs() < amount.units().abs()
            };
            let mut pools: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for (_, _, line) in self.booked_between(currency, window(*at)) {
                if let Some(known) = self.lines.get(*line).filter(|_| part(line)) {
                    pools.entry(known.account).or_default().push(*line);
                }
            }
            for pool in pools.values().filter(|pool| pool.len() <= SPLIT_POOL_MAX) {
                if out.len() <= EXPLANATIONS_MAX {
                    out.extend(self.parts(amount, pool).map(|lines| split(*at, &lines)));
                }
            }
        }
    }

    /// Two lines that add up to an amount, and three where there are few to choose from.
    fn parts<'p>(&'p self, amount: Sum, pool: &'p [usize]) -> impl Iterator<Item = Vec<usize>> + 'p {
        let pairs =
            pool.iter().enumerate().flat_map(move |(i, one)| pool.iter().skip(i + 1).map(|two| vec![*one, *two]));
        let few = pool.get(..pool.len().min(SPLIT_IN_THREE_POOL_MAX)).filter(|few| few.len() == pool.len());
        let few = few.unwrap_or_default();
        let triples = few.iter().enumerate().flat_map(move |(i, one)| {
            few.iter()
                .enumerate()
                .skip(i + 1)
                .flat_map(move |(j, two)| few.iter().skip(j + 1).map(|three| vec![*one, *two, *three]))
        });
        pairs.chain(triples).filter(move |lines| self.total(lines) == amount)
    }

    fn amount(&self, line: usize) -> Sum {
        self.lines.get(line).map_or(Sum::ZERO, |line| line.entry.amount.into())
    }

    fn total(&self, lines: &[usize]) -> Sum {
        lines.iter().map(|line| self.amount(*line)).sum()
    }
}

fn split(payout: usize, lines: &[usize]) -> Explanation {
    let mut lines = lines.to_vec();
    lines.sort_unstable();
    Explanation { payouts: vec![payout], lines }
}
