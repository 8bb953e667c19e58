//! Floor 5: does it tie?
//!
//! From settlement documents to timelines by account and currency: which document counts, whether the
//! chain of settlements holds, and the balance roll-forward of contract §5. Nothing is plugged: what
//! does not tie is a finding with its place and its two numbers.

mod balance;
pub mod bank;
mod chain;
mod checks;
mod decisions;
pub mod fees;
pub mod orders;
pub mod payouts;
mod restated;
mod row_prints;
mod settlements;
pub mod unsettled;

pub use balance::{
    AccountBalance, BalanceBefore, BalanceRules, Coverage, GAP_TOLERANCE_DEFAULT, OpeningBasis, Payout, ReserveState,
    Silent, UnknownRows, balance_before, parts_of, roll_forward, roll_forward_with,
};
pub use chain::{ChainBreak, ChainFindings, Gap};
pub use checks::{Check, CheckName, FailedValues, Failure, chain_checks, duplicate_check, row_checks};
pub use decisions::{Choice, Decision, Decisions, NoRule};
pub use restated::{Restated, RowRange, Side, restated};
pub use row_prints::{Likeness, RowPrint, RowPrints};
pub use settlements::{Conflict, Settlement, SettlementDocument, Timeline, settle_conflicts, timelines};

#[cfg(test)]
mod tests;
