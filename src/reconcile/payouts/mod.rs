//! Payouts: what Amazon sent, by which rule, and what became of it at the bank.
//!
//! Nothing is called matched unless it belongs to every consistent assignment; everything is bounded,
//! and no verdict depends on the order of the input.

mod assignment;
mod evidence;
mod expected;
mod graph;
mod matching;
mod payee;
mod references;
mod returned;
mod rules;
mod search;
mod verdict;

pub use evidence::PayoutRows;
pub use expected::{ExpectedPayout, ListedDiffers, expected_payouts};
pub use matching::{MatchLine, MatchRules, match_payouts};
pub use payee::Payees;
pub use rules::{Contradiction, RuleBasis, RuleFindings, RuleTest, learn_rule};
pub use verdict::{MatchRule, PayoutState, Reason, Verdict};

#[cfg(test)]
mod tests;
