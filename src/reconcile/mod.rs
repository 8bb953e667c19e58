//! Floor 5: does it tie?
//!
//! From settlement documents to timelines by account and currency: which document counts, whether the
//! chain of settlements holds, and the balance roll-forward of contract §5. Nothing is plugged: what
//! does not tie is a finding with its place and its two numbers.

mod balance;
pub mod bank;
mod chain;
mod checks;
pub mod fees;
pub mod orders;
pub mod payouts;
mod settlements;
pub mod unsettled;

pub use balance::{
    AccountBalance, BalanceRules, Coverage, GAP_TOLERANCE_DEFAULT, OpeningBasis, Payout, ReserveState, UnknownRows,
    roll_forward,
};
pub use chain::{ChainBreak, ChainFindings, Gap};
pub use checks::{Check, CheckName, FailedValues, Failure, chain_checks, duplicate_check, row_checks};
pub use settlements::{Conflict, Settlement, SettlementDocument, Timeline, settle_conflicts, timelines};
