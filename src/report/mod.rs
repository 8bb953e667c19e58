//! Floor 6: the documents of the contract as plain data.
//!
//! Assembled from what the floors below computed; every figure is exact money, every instant already
//! stands in the reporting zone. No input or output happens here, and no layout is chosen.

mod assemble;
mod import;
mod orders;
mod problem;
mod reconcile;
mod reconciliation;
mod reconciliation_orders;
mod statement;

pub use assemble::{Arrivals, Ask, Facts, assemble};
pub use import::{ImportDocument, ImportState, ImportedFile};
pub use orders::{OrderDocument, fee_document, order_document};
pub use problem::{Problem, Severity};
pub use reconcile::{PayoutFacts, PayoutFinding, PayoutSections, reconcile_payouts};
pub use reconciliation::{
    BalanceLine, BankLine, BankStatementLine, PayoutGroup, PayoutReconciled, PayoutRuleLine, PayoutSource, PayoutTotal,
    Reconciliation, ReconciliationTotals, RuleCandidate, RuleExample, UnmatchedTotal,
};
pub use reconciliation_orders::{
    FeeAudit, FeeCount, FeeDeviation, FeeTotal, OrderCounts, OrderFinding, OrderListFile, OrderLists, OrderReconciled,
    OrderTotal, OrderTransaction, RowCounts, TariffUse,
};
pub use statement::{
    Account, CheckResult, CoverageRange, DisputeSummary, FailedCheck, GapRange, Movement, PayoutArrival, PayoutLine,
    PeriodRange, ReserveLine, SettlementLine, Source, Statement, Status, UnknownType,
};
