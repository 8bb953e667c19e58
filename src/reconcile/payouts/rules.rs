//! How an account pays out: three candidate rules, tested on consecutive settlements, never assumed.
//!
//! No public file proves one of them (amazon-pay-reports §9). With `A` the net of a settlement without
//! its transfer rows: `self_contained` says that the disbursement of the settlement is `A`; `lag_one`
//! that the next settlement's transfer rows are `A`; `closed_ledger` that its own transfer rows are `A`.
//! The last two exclude each other and say where the row stands; the first goes with either.

use chrono::TimeDelta;

use crate::config::PayoutRule;
use crate::domain::{Currency, RowKind, SettlementId, Sum};
use crate::parse::Disbursement;
use crate::reconcile::{Settlement, Timeline};

/// Places that must speak for a rule before it is believed.
const PLACES_MIN: u64 = 2;

/// How one rule fared on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTest {
    /// The rule.
    pub rule: PayoutRule,
    /// Places where it holds and, for the two that say where the row stands, the other does not.
    pub held: u64,
    /// Places where it does not hold.
    pub contradicted: u64,
    /// The first of those.
    pub example: Option<Contradiction>,
}

/// A place where a rule does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The settlement.
    pub settlement_id: Option<SettlementId>,
    /// What the rule says.
    pub expected: Sum,
    /// What was paid.
    pub paid: Sum,
}

/// What is known of an account's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFindings {
    /// The rule in force.
    pub rule: Option<PayoutRule>,
    /// Where it comes from.
    pub basis: RuleBasis,
    /// How each candidate fared, in the order of [`PayoutRule::WORDS`].
    pub tests: Vec<RuleTest>,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleBasis {
    /// Consecutive settlements agree on it and contradict the others.
    Learned,
    /// The config says so.
    Configured,
    /// Nothing decides.
    Unknown,
}

impl RuleBasis {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RuleBasis::Learned => "learned",
            RuleBasis::Configured => "configured",
            RuleBasis::Unknown => "unknown",
        }
    }
}

/// Tests the three candidates on a timeline. A configured rule is in force whatever the tests say.
#[must_use]
pub fn learn_rule(
    timeline: &Timeline<'_>,
    disbursements: &[&Disbursement],
    gap_tolerance: TimeDelta,
    configured: Option<PayoutRule>,
) -> RuleFindings {
    let mut own = RuleTest::new(PayoutRule::SelfContained);
    let mut lag = RuleTest::new(PayoutRule::LagOne);
    let mut closed = RuleTest::new(PayoutRule::ClosedLedger);
    for settlement in &timeline.settlements {
        let listed = listed_amount(settlement, timeline.currency, disbursements);
        if let Some(paid) = listed {
            own.judge(settlement, activity(settlement), paid);
        }
    }
    for (this, next) in timeline.settlements.iter().zip(timeline.settlements.iter().skip(1)) {
        if !is_next(this, next, gap_tolerance) {
            continue;
        }
        let expected = activity(this);
        let (here, there) = (transferred(this), transferred(next));
        // Where both give the same, the place decides nothing.
        if here != there || expected != here {
            lag.judge(this, expected, there);
            closed.judge(this, expected, here);
        }
    }
    let tests = vec![own, lag, closed];
    match (configured, decided(&tests)) {
        (Some(rule), _) => RuleFindings { rule: Some(rule), basis: RuleBasis::Configured, tests },
        (None, Some(rule)) => RuleFindings { rule: Some(rule), basis: RuleBasis::Learned, tests },
        (None, None) => RuleFindings { rule: None, basis: RuleBasis::Unknown, tests },
    }
}

/// The one rule that enough places speak for and none against. Where the row stands says more than
/// that the disbursement is the settlement's own.
fn decided(tests: &[RuleTest]) -> Option<PayoutRule> {
    let proven = |rule: PayoutRule| {
        tests.iter().any(|test| test.rule == rule && test.held >= PLACES_MIN && test.contradicted == 0)
    };
    match (proven(PayoutRule::LagOne), proven(PayoutRule::ClosedLedger)) {
        (true, false) => Some(PayoutRule::LagOne),
        (false, true) => Some(PayoutRule::ClosedLedger),
        _ => proven(PayoutRule::SelfContained).then_some(PayoutRule::SelfContained),
    }
}

/// Net of all rows but the transfers: what the settlement leaves to be paid.
fn activity(settlement: &Settlement<'_>) -> Sum {
    settlement.sum(|kind, _| kind != RowKind::Transfer).net
}

/// What its transfer rows paid, positive where the merchant receives.
fn transferred(settlement: &Settlement<'_>) -> Sum {
    -settlement.kind(RowKind::Transfer).net
}

/// Whether a settlement follows another without a hole and without an overlap.
#[must_use]
pub(super) fn is_next(this: &Settlement<'_>, next: &Settlement<'_>, tolerance: TimeDelta) -> bool {
    let hole = next.document.start.utc_millis() - this.document.end.utc_millis();
    hole.abs() <= tolerance.num_milliseconds()
}

fn listed_amount(settlement: &Settlement<'_>, currency: Currency, disbursements: &[&Disbursement]) -> Option<Sum> {
    let id = settlement.document.settlement_id()?;
    let listed = disbursements.iter().filter(|item| item.settlement_id == id && item.currency == currency);
    let amounts: Vec<Sum> = listed.map(|item| Sum::from(item.amount)).collect();
    (!amounts.is_empty()).then(|| amounts.into_iter().sum())
}

impl RuleTest {
    fn new(rule: PayoutRule) -> Self {
        Self { rule, held: 0, contradicted: 0, example: None }
    }

    fn judge(&mut self, settlement: &Settlement<'_>, expected: Sum, paid: Sum) {
        if expected == paid {
            self.held += 1;
            return;
        }
        self.contradicted += 1;
        let settlement_id = settlement.document.settlement_id();
        self.example.get_or_insert(Contradiction { settlement_id, expected, paid });
    }
}
