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
    /// Neighbouring settlements whose border lies in the period.
    pub pairs: u64,
    /// Holes that reach into the period.
    pub gaps: Vec<Gap>,
    /// What does not fit, in order.
    pub breaks: Vec<ChainBreak>,
    /// Σ opened − closed over the breaks: money that nothing explains.
    pub unexplained: Sum,
    /// Holes before the period: the opening balance is not proven.
    pub gaps_before: u64,
}

/// Looks at every pair of neighbours whose border touches the period.
pub(super) fn examine(timeline: &Timeline<'_>, period: &Period, tolerance: TimeDelta) -> ChainFindings {
    let mut findings = ChainFindings::default();
    let mut covered_until = None::<Settlement<'_>>;
    for &later in &timeline.settlements {
        if let Some(earlier) = covered_until {
            let border = Border { earlier, later };
            if border.touches(period) {
                border.examine(tolerance, &mut findings);
            } else if border.hole(tolerance) && border.end() < period.from() {
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

    /// Whether the border, or the hole that it is, reaches into the period.
    fn touches(&self, period: &Period) -> bool {
        let first = self.end().min(self.start()).utc_millis();
        let last = self.end().max(self.start()).utc_millis();
        first < period.until().utc_millis() && last >= period.from().utc_millis()
    }

    fn hole(&self, tolerance: TimeDelta) -> bool {
        self.start().utc_millis() - self.end().utc_millis() > tolerance.num_milliseconds()
    }

    fn examine(&self, tolerance: TimeDelta, findings: &mut ChainFindings) {
        let after_settlement = self.earlier.document.settlement_id();
        let before_settlement = self.later.document.settlement_id();
        let file = self.later.document.file.clone();
        findings.pairs += 1;
        for kind in [RowKind::Reserve, RowKind::Carryover] {
            if let Some((opened, closed)) = self.difference(kind) {
                findings.unexplained += opened - closed;
                findings.breaks.push(ChainBreak::Amount {
                    kind,
                    file: file.clone(),
                    opened,
                    closed,
                    after_settlement: after_settlement.clone(),
                    before_settlement: before_settlement.clone(),
                });
            }
        }
        let apart = (self.start().utc_millis() - self.end().utc_millis()).abs();
        if apart > tolerance.num_milliseconds() {
            let (end, start) = (self.end(), self.start());
            if self.hole(tolerance) {
                findings.gaps.push(Gap {
                    from: end,
                    until: start,
                    after_settlement: after_settlement.clone(),
                    before_settlement: before_settlement.clone(),
                });
            }
            findings.breaks.push(ChainBreak::Contiguity { file, end, start, after_settlement, before_settlement });
        }
    }

    /// What the later settlement opens and the earlier one closed, where they differ.
    ///
    /// Rows with a positive amount open, the others close. A negative balance that is carried over has
    /// the signs the other way round; so where the signs do not fit, the rows' places in the period
    /// (first half opens, second half closes) may.
    fn difference(&self, kind: RowKind) -> Option<(Sum, Sum)> {
        let (earlier, later) = (self.earlier.kind(kind), self.later.kind(kind));
        let (opened, closed) = (later.opened, earlier.closed());
        let fits_by_place = kind == RowKind::Carryover && later.early == earlier.early - earlier.net;
        (opened != closed && !fits_by_place).then_some((opened, closed))
    }
}
