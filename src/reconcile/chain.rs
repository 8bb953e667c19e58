//! The chain of settlements: what one closes, the next opens, and nothing is missing between.
//!
//! The rule is inferred for Amazon Pay and computed on real marketplace files (amazon-pay-reports
//! §10), so a break is a finding with both numbers, never a correction.

use chrono::TimeDelta;

use super::settlements::{Settlement, Timeline};
use crate::domain::{Instant, Period, RowKind, SettlementId, Sum};

/// A hole between two settlements of one account and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// End of the settlement before.
    pub from: Instant,
    /// Start of the settlement after.
    pub until: Instant,
    /// The settlement before.
    pub after_settlement: Option<SettlementId>,
    /// The settlement after.
    pub before_settlement: Option<SettlementId>,
}

/// A place where two consecutive settlements do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainBreak {
    /// Money opened differs from money closed; kind is reserve or carryover.
    Amount {
        /// Reserve or carry-over.
        kind: RowKind,
        /// The file of the later settlement.
        file: String,
        /// What the later settlement opens.
        opened: Sum,
        /// What the earlier settlement closed.
        closed: Sum,
        /// The settlement before.
        after_settlement: Option<SettlementId>,
        /// The settlement after.
        before_settlement: Option<SettlementId>,
    },
    /// A hole or an overlap of more than the tolerance.
    Contiguity {
        /// The file of the later settlement.
        file: String,
        /// Where the earlier settlement ends.
        end: Instant,
        /// Where the later settlement starts.
        start: Instant,
        /// The settlement before.
        after_settlement: Option<SettlementId>,
        /// The settlement after.
        before_settlement: Option<SettlementId>,
    },
}

/// What the chain of one account and currency shows in a period.
#[derive(Clone, Debug, Default)]
pub struct ChainFindings {
    /// Neighbouring settlements of which the later one belongs to the period.
    pub pairs: u64,
    /// Those, and neighbours with a hole between them that reaches into the period.
    pub borders: u64,
    /// Holes that reach into the period.
    pub gaps: Vec<Gap>,
    /// What does not fit, in order.
    pub breaks: Vec<ChainBreak>,
    /// Σ opened − closed over the breaks: money that nothing explains.
    pub unexplained: Sum,
    /// Holes before the period: the opening balance is not proven.
    pub gaps_before: u64,
}

/// Looks at every pair of neighbours. What a settlement opens is compared in the one period to which
/// it belongs (`belongs`, by its place in the timeline), so that a break counts once over all months;
/// a hole shows in every period that it reaches into.
pub(super) fn examine(
    timeline: &Timeline<'_>,
    belongs: impl Fn(usize) -> bool,
    period: &Period,
    tolerance: TimeDelta,
) -> ChainFindings {
    let mut findings = ChainFindings::default();
    let mut covered_until = None::<Settlement<'_>>;
    // A settlement without rows closes nothing and opens nothing: what was closed before it still holds.
    let mut closed_by = None::<Settlement<'_>>;
    for (place, &later) in timeline.settlements.iter().enumerate() {
        let here = belongs(place);
        let bare = later.document.digest.rows == 0;
        if let Some(earlier) = closed_by.filter(|_| here && !bare) {
            Border { earlier, later }.compare_amounts(&mut findings);
        }
        if !bare {
            closed_by = Some(later);
        }
        if let Some(earlier) = covered_until {
            let border = Border { earlier, later };
            if here || border.hole_reaches_into(period, tolerance) {
                border.compare_bounds(period, tolerance, &mut findings);
            }
            if border.hole(tolerance) && border.start() <= period.from() {
                findings.gaps_before += 1;
            }
        }
        // A settlement that lies inside its predecessor must not shorten what is covered.
        if covered_until.is_none_or(|earlier| earlier.document.end <= later.document.end) {
            covered_until = Some(later);
        }
    }
    findings
}

struct Border<'a> {
    earlier: Settlement<'a>,
    later: Settlement<'a>,
}

impl Border<'_> {
    fn end(&self) -> Instant {
        self.earlier.document.end
    }

    fn start(&self) -> Instant {
        self.later.document.start
    }

    fn hole(&self, tolerance: TimeDelta) -> bool {
        self.start().utc_millis() - self.end().utc_millis() > tolerance.num_milliseconds()
    }

    fn hole_reaches_into(&self, period: &Period, tolerance: TimeDelta) -> bool {
        let overlaps = self.end().utc_millis() < period.until().utc_millis()
            && self.start().utc_millis() > period.from().utc_millis();
        self.hole(tolerance) && overlaps
    }

    fn compare_amounts(&self, findings: &mut ChainFindings) {
        findings.pairs += 1;
        for kind in [RowKind::Reserve, RowKind::Carryover] {
            if let Some((opened, closed)) = self.difference(kind) {
                findings.unexplained += opened - closed;
                findings.breaks.push(ChainBreak::Amount {
                    kind,
                    file: self.later.document.file.clone(),
                    opened,
                    closed,
                    after_settlement: self.earlier.document.settlement_id(),
                    before_settlement: self.later.document.settlement_id(),
                });
            }
        }
    }

    fn compare_bounds(&self, period: &Period, tolerance: TimeDelta, findings: &mut ChainFindings) {
        findings.borders += 1;
        let (end, start) = (self.end(), self.start());
        let after_settlement = self.earlier.document.settlement_id();
        let before_settlement = self.later.document.settlement_id();
        let file = self.later.document.file.clone();
        let overlap = end.utc_millis() - start.utc_millis() > tolerance.num_milliseconds();
        let gap = self.hole_reaches_into(period, tolerance);
        if gap {
            let (after_settlement, before_settlement) = (after_settlement.clone(), before_settlement.clone());
            findings.gaps.push(Gap { from: end, until: start, after_settlement, before_settlement });
        }
        if gap || overlap {
            findings.breaks.push(ChainBreak::Contiguity { file, end, start, after_settlement, before_settlement });
        }
    }

    /// What the later settlement opens and the earlier one closed, where they differ.
    ///
    /// Rows with a positive amount open, the others close. A negative balance that is carried over has
    /// the signs the other way round; so where the signs do not fit or say nothing, the rows' places in
    /// the period decide (first half opens, second half closes).
    fn difference(&self, kind: RowKind) -> Option<(Sum, Sum)> {
        let (earlier, later) = (self.earlier.kind(kind), self.later.kind(kind));
        let by_sign = (later.opened, earlier.closed());
        let by_place = (later.early, earlier.early - earlier.net);
        let fits = |(opened, closed): (Sum, Sum)| opened == closed;
        let silent = by_sign.0.is_zero() && by_sign.1.is_zero();
        match kind {
            RowKind::Carryover if fits(by_place) => None,
            RowKind::Carryover if silent => Some(by_place),
            _ => (!fits(by_sign)).then_some(by_sign),
        }
    }
}
