//! The merchant's balance at Amazon over a period (contract §5).
//!
//! `opening + Σ net(movements, transfers included) = closing`, per account and currency. Reserve and
//! carry-over rows only move money inside the balance. The opening balance before the first known
//! settlement is what its opening reserve and carry-over rows say, unless the config knows better.

use chrono::TimeDelta;

use super::chain::{self, ChainFindings};
use super::restated::RowRange;
use super::settlements::{Settlement, Timeline};
use crate::domain::{AccountName, Basis, Currency, DocumentId, Instant, Month, Period, RowKind, SettlementId, Sum};
use crate::ledger::{CaseTally, Cut, Part, Tally};

/// The longest hole between settlements that is not a gap, unless the config says otherwise: real periods
/// leave about a minute (amazon-pay-reports §8).
pub const GAP_TOLERANCE_DEFAULT: TimeDelta = TimeDelta::minutes(10);

/// How a period is cut and where a balance begins.
#[derive(Clone, Debug)]
pub struct BalanceRules {
    /// The period.
    pub period: Period,
    /// Which date decides.
    pub basis: Basis,
    /// Only this settlement, instead of a period.
    pub settlement: Option<SettlementId>,
    /// Holes up to this length are none.
    pub gap_tolerance: TimeDelta,
}

/// Where an opening balance comes from (contract §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningBasis {
    /// Earlier settlements are known.
    History,
    /// The opening rows of the first known settlement.
    FirstSettlement,
    /// The account's `opening_balance` in the config.
    Configured,
}

impl OpeningBasis {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            OpeningBasis::History => "history",
            OpeningBasis::FirstSettlement => "first_settlement",
            OpeningBasis::Configured => "configured",
        }
    }
}

/// Money set aside at the two ends of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReserveState {
    /// At its first instant.
    pub opening: Sum,
    /// At its end.
    pub closing: Sum,
}

/// How far known settlements reach into the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// First covered instant of the period.
    pub from: Instant,
    /// End of what is covered.
    pub until: Instant,
    /// Whether the period is covered without a hole.
    pub complete: bool,
}

/// One payout in the period; the amount is signed as the merchant sees it, positive when received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The settlement whose row it is.
    pub settlement_id: Option<SettlementId>,
    /// When it was posted.
    pub posted: Instant,
    /// What the merchant receives.
    pub amount: Sum,
    /// The document.
    pub document: DocumentId,
    /// The file.
    pub file: String,
    /// The line.
    pub line: u64,
}

/// Rows of one unknown type, and where the first of them stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRows {
    /// The word as printed.
    pub word: String,
    /// The file of the first.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// Their sums.
    pub tally: Tally,
}

/// The statement of one account and currency, as numbers.
#[derive(Clone, Debug)]
pub struct AccountBalance<'a> {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// Balance at the first instant.
    pub opening: Sum,
    /// Where it comes from.
    pub opening_basis: OpeningBasis,
    /// Balance at the end.
    pub closing: Sum,
    /// Money set aside.
    pub reserve: ReserveState,
    /// Movements by kind, in the order of [`RowKind::ALL`]; kinds that do not occur are left out.
    pub movements: Vec<(RowKind, Tally)>,
    /// Unknown rows by their word.
    pub unknown: Vec<UnknownRows>,
    /// Settlements that touch the period, with the sums of their rows in it.
    pub settlements: Vec<(Settlement<'a>, Tally)>,
    /// Payouts in the period, in order.
    pub payouts: Vec<Payout>,
    /// The chain.
    pub chain: ChainFindings,
    /// How far the period is known.
    pub coverage: Coverage,
    by_row: bool,
}

impl<'a> AccountBalance<'a> {
    /// The dispute rows of one of its settlements that lie in the period.
    pub fn cases_within(&self, settlement: &Settlement<'a>) -> impl Iterator<Item = &'a CaseTally> {
        let (currency, by_row) = (self.currency, self.by_row);
        let cases = settlement.document.digest.cases.iter().filter(move |case| case.currency == currency);
        cases.filter(move |case| !by_row || case.part == Part::Within)
    }
}

/// What becomes of an account of which nothing is known in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silent {
    /// It has no balance.
    LeftOut,
    /// Its balance is what it was.
    Kept,
}

/// Rolls the balance of a timeline through the period. `None` where nothing is known about it.
///
/// `configured` is the balance before the first known settlement, where the config states one.
#[must_use]
pub fn roll_forward<'a>(
    timeline: &Timeline<'a>,
    rules: &BalanceRules,
    configured: Option<Sum>,
) -> Option<AccountBalance<'a>> {
    roll_forward_with(timeline, rules, configured, Silent::LeftOut)
}

/// The same, with a choice of what becomes of a silent account.
#[must_use]
pub fn roll_forward_with<'a>(
    timeline: &Timeline<'a>,
    rules: &BalanceRules,
    configured: Option<Sum>,
    silent: Silent,
) -> Option<AccountBalance<'a>> {
    let placed: Vec<Placed<'a>> = place(timeline, rules);
    let belongs = |place: usize| placed.get(place).is_some_and(|placed| placed.belongs(rules));
    let chain = chain::examine(timeline, belongs, &rules.period, rules.gap_tolerance);
    let touching: Vec<&Placed<'a>> = placed.iter().filter(|placed| placed.touches(rules)).collect();
    let known =
        rules.settlement.is_none() && (!chain.gaps.is_empty() || placed.iter().any(|placed| placed.overlaps(rules)));
    if touching.is_empty() && !known && silent == Silent::LeftOut {
        return None;
    }
    let mut opening = initial(timeline, configured)?;
    opening += placed.iter().map(|placed| placed.moved(Part::Before)).sum::<Sum>();
    let mut closing = opening;
    closing += placed.iter().map(|placed| placed.moved(Part::Within)).sum::<Sum>();
    let earlier_known = placed.iter().any(|placed| placed.is_over_before(rules));
    let opening_basis = match configured {
        _ if earlier_known => OpeningBasis::History,
        Some(_) => OpeningBasis::Configured,
        None => OpeningBasis::FirstSettlement,
    };
    let mut coverage = coverage(timeline, rules);
    coverage.complete &= chain.gaps.is_empty();
    Some(AccountBalance {
        account: timeline.account.clone(),
        currency: timeline.currency,
        opening,
        opening_basis,
        closing,
        reserve: reserve(&placed, rules),
        movements: movements_in(&placed, Part::Within),
        unknown: unknown(&placed),
        settlements: touching.iter().map(|placed| (placed.settlement, placed.within())).collect(),
        payouts: payouts(&placed, rules),
        coverage,
        chain,
        by_row: rules.settlement.is_none() && rules.basis == Basis::Posted,
    })
}

/// The balance before the first known settlement: as configured, else what its reserve and carry-over rows open.
fn initial(timeline: &Timeline<'_>, configured: Option<Sum>) -> Option<Sum> {
    let first = timeline.settlements.first()?;
    let opened = || {
        let mut opened = first.kind(RowKind::Reserve).opened;
        opened += first.kind(RowKind::Carryover).opened;
        opened
    };
    Some(configured.unwrap_or_else(opened))
}

/// A balance at the first instant of a period, and what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BalanceBefore {
    /// Before the first known settlement.
    pub initial: Sum,
    /// At the first instant of the period.
    pub balance: Sum,
    /// The movements between them, by kind; kinds that do not occur are left out.
    pub movements: Vec<(RowKind, Tally)>,
    /// When the first known settlement starts.
    pub since: Option<Instant>,
}

/// The balance of a timeline at the first instant of the period. `None` where the timeline is empty.
#[must_use]
pub fn balance_before(timeline: &Timeline<'_>, rules: &BalanceRules, configured: Option<Sum>) -> Option<BalanceBefore> {
    let placed = place(timeline, rules);
    let initial = initial(timeline, configured)?;
    let movements = movements_in(&placed, Part::Before);
    let mut balance = initial;
    balance += movements.iter().map(|(_, tally)| tally.net).sum::<Sum>();
    let since = timeline.settlements.first().map(|settlement| settlement.document.start);
    Some(BalanceBefore { initial, balance, movements, since })
}

/// The rows of a settlement that lie in a part of time, and their month where not each row's own posting decides.
pub(super) fn row_range(
    settlement: &Settlement<'_>,
    rules: &BalanceRules,
    part: Part,
) -> (Option<RowRange>, Option<Month>) {
    let (from_ms, until_ms) = (rules.period.from().utc_millis(), rules.period.until().utc_millis());
    let decided = match rules.basis {
        Basis::Posted => {
            let range = match part {
                Part::Before => RowRange { from_ms: i64::MIN, until_ms: from_ms },
                Part::Within => RowRange { from_ms, until_ms },
                Part::After => RowRange { from_ms: until_ms, until_ms: i64::MAX },
            };
            return (Some(range), None);
        }
        Basis::Settlement => settlement.document.end,
        Basis::Payout => settlement.paid_at().unwrap_or(settlement.document.end),
    };
    let lies = Cut::at(&rules.period).part(decided) == part;
    (lies.then_some(RowRange::ALL), Some(Month::containing(decided, rules.period.zone())))
}

/// In which part each settlement of a timeline lies as a whole; `None` where its rows decide one by one.
#[must_use]
pub fn parts_of(timeline: &Timeline<'_>, rules: &BalanceRules) -> Vec<Option<Part>> {
    place(timeline, rules).into_iter().map(|placed| placed.whole).collect()
}

/// A settlement and, where the cut is not by row, the part in which it lies as a whole.
struct Placed<'a> {
    settlement: Settlement<'a>,
    whole: Option<Part>,
}

fn place<'a>(timeline: &Timeline<'a>, rules: &BalanceRules) -> Vec<Placed<'a>> {
    let cut = |at: Instant| {
        if at.utc_millis() < rules.period.from().utc_millis() {
            Part::Before
        } else if rules.period.contains(at) {
            Part::Within
        } else {
            Part::After
        }
    };
    let wanted = rules.settlement.as_ref();
    let place_of =
        timeline.settlements.iter().position(|settlement| settlement.document.settlement_id().as_ref() == wanted);
    let whole = |place: usize, settlement: &Settlement<'_>| match (wanted, rules.basis) {
        (Some(_), _) => Some(match place_of {
            Some(wanted) if place < wanted => Part::Before,
            Some(wanted) if place == wanted => Part::Within,
            _ => Part::After,
        }),
        (None, Basis::Posted) => None,
        (None, Basis::Settlement) => Some(cut(settlement.document.end)),
        (None, Basis::Payout) => Some(cut(settlement.paid_at().unwrap_or(settlement.document.end))),
    };
    let settlements = timeline.settlements.iter().enumerate();
    settlements.map(|(place, &settlement)| Placed { settlement, whole: whole(place, &settlement) }).collect()
}

impl Placed<'_> {
    fn in_part(&self, wanted: Part, row: Part) -> bool {
        self.whole.map_or(row == wanted, |whole| whole == wanted)
    }

    fn moved(&self, part: Part) -> Sum {
        self.settlement.sum(|kind, row| kind.moves_balance() && self.in_part(part, row)).net
    }

    fn within(&self) -> Tally {
        self.settlement.sum(|_, row| self.in_part(Part::Within, row))
    }

    fn touches(&self, rules: &BalanceRules) -> bool {
        match self.whole {
            Some(part) => part == Part::Within,
            None => self.overlaps(rules) || self.within().count > 0,
        }
    }

    /// Whether its period reaches into the statement's.
    fn overlaps(&self, rules: &BalanceRules) -> bool {
        let document = self.settlement.document;
        document.start.utc_millis() < rules.period.until().utc_millis()
            && document.end.utc_millis() >= rules.period.from().utc_millis()
    }

    /// Whether this is the one period in which its opening is compared with the settlement before.
    fn belongs(&self, rules: &BalanceRules) -> bool {
        self.whole.map_or_else(|| rules.period.contains(self.settlement.document.start), |part| part == Part::Within)
    }

    /// Whether the settlement was over when the period began.
    fn is_over_before(&self, rules: &BalanceRules) -> bool {
        match self.whole {
            Some(part) => part == Part::Before,
            None => self.settlement.document.end.utc_millis() <= rules.period.from().utc_millis(),
        }
    }

    /// Whether the settlement was over when the period ended.
    fn is_over(&self, rules: &BalanceRules) -> bool {
        match self.whole {
            Some(part) => part != Part::After,
            None => self.settlement.document.end.utc_millis() <= rules.period.until().utc_millis(),
        }
    }
}

/// The reserve in force is the one that the latest settlement to end has closed; before the first has
/// ended, the one that it opened.
fn reserve(placed: &[Placed<'_>], rules: &BalanceRules) -> ReserveState {
    let in_force = |over: &dyn Fn(&Placed<'_>) -> bool| {
        let latest = placed.iter().rfind(|placed| over(placed));
        let first = || placed.first().map_or(Sum::ZERO, |first| first.settlement.kind(RowKind::Reserve).opened);
        latest.map_or_else(first, |latest| latest.settlement.reserve_closed())
    };
    ReserveState {
        opening: in_force(&|placed| placed.is_over_before(rules)),
        closing: in_force(&|placed| placed.is_over(rules)),
    }
}

fn movements_in(placed: &[Placed<'_>], part: Part) -> Vec<(RowKind, Tally)> {
    let total = |kind: RowKind| {
        let mut total = Tally::default();
        for placed in placed {
            total.merge(&placed.settlement.sum(|row_kind, row| row_kind == kind && placed.in_part(part, row)));
        }
        total
    };
    let kinds = RowKind::ALL.into_iter().filter(|kind| kind.moves_balance());
    kinds.map(|kind| (kind, total(kind))).filter(|(_, tally)| tally.count > 0).collect()
}

fn unknown(placed: &[Placed<'_>]) -> Vec<UnknownRows> {
    let mut words: Vec<UnknownRows> = Vec::new();
    for placed in placed {
        let buckets = placed.settlement.buckets().filter(|bucket| bucket.kind == RowKind::Unknown);
        for bucket in buckets.filter(|bucket| placed.in_part(Part::Within, bucket.part)) {
            match words.iter_mut().find(|known| known.word == bucket.word) {
                Some(known) => known.tally.merge(&bucket.tally),
                None => words.push(UnknownRows {
                    word: bucket.word.clone(),
                    file: placed.settlement.document.file.clone(),
                    line: bucket.line,
                    tally: bucket.tally,
                }),
            }
        }
    }
    words.sort_by(|a, b| a.word.cmp(&b.word));
    words
}

fn payouts(placed: &[Placed<'_>], rules: &BalanceRules) -> Vec<Payout> {
    let mut payouts = Vec::new();
    for placed in placed {
        let document = placed.settlement.document;
        let rows = placed.settlement.payout_rows();
        let within = rows.filter(|row| match placed.whole {
            Some(part) => part == Part::Within,
            None => rules.period.contains(row.posted),
        });
        payouts.extend(within.map(|row| Payout {
            settlement_id: document.settlement_id(),
            posted: row.posted,
            amount: -Sum::from(row.net),
            document: document.id.clone(),
            file: document.file.clone(),
            line: row.line,
        }));
    }
    payouts.sort_by(|a, b| (a.posted, &a.file, a.line).cmp(&(b.posted, &b.file, b.line)));
    payouts
}

/// What known settlements cover of the period; holes up to the tolerance count as covered.
fn coverage(timeline: &Timeline<'_>, rules: &BalanceRules) -> Coverage {
    let (from, until) = (rules.period.from(), rules.period.until());
    let tolerance = rules.gap_tolerance.num_milliseconds();
    let mut reached = from.utc_millis();
    let mut first = None;
    let mut last = from;
    let mut whole = true;
    for settlement in &timeline.settlements {
        let (start, end) = (settlement.document.start, settlement.document.end);
        if end.utc_millis() < from.utc_millis() || start.utc_millis() >= until.utc_millis() {
            // A settlement that ends just before the period still covers up to the tolerance.
            continue;
        }
        first = first.or(Some(start.max(from)));
        whole &= start.utc_millis() - reached <= tolerance;
        reached = reached.max(end.utc_millis());
        last = last.max(end.min(until));
    }
    whole &= until.utc_millis() - reached <= tolerance;
    let complete = rules.settlement.is_some() || (whole && first.is_some());
    Coverage { from: first.unwrap_or(from), until: last, complete }
}
