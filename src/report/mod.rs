//! Floor 6: the documents of the contract as plain data.
//!
//! Assembled from what the floors below computed; every figure is exact money, every instant already
//! stands in the reporting zone. No input or output happens here, and no layout is chosen.

mod assemble;
pub mod closing;
mod custody;
mod details;
mod diff;
mod dispute_assemble;
mod disputes;
mod doctor;
mod fetch;
mod import;
pub mod journal;
mod months;
mod orders;
mod prior_period;
mod problem;
mod reconcile;
mod reconciliation;
mod reconciliation_orders;
mod resolve;
mod statement;
mod status;
mod unsettled;
mod verify;

pub use assemble::{Arrivals, Ask, Facts, assemble, conflict_problems};
pub use custody::{
    BackupDocument, EventLine, EventsDocument, RemovalDocument, RemovedDocument, RestoreDocument, event_summary,
};
pub use details::{DetailRow, Details, DetailsError, RowCollector, RowLimit, RowTotal, RowsOf};
pub use diff::{
    DIFF_ROWS_MAX, DiffCells, DiffCounts, DiffDocument, DiffEnd, DiffFigures, DiffRow, DiffSide, DiffSource, DiffState,
    DiffTallies, DiffTotal, pair_rows,
};
pub use dispute_assemble::{CaseFilter, DisputeAsk, DisputeFacts, assemble_disputes};
pub use disputes::{
    AgeLine, Amounts, AttentionLine, CaseLine, DisputeDocument, EvidenceLine, GroupLine, MonthTotals, NOTES,
    PartitionCheck, RefundLine, ReserveHeld, RowLine, THRESHOLDS, Threshold, TotalLine, TrendLine,
};
pub use doctor::{Check, CheckState, DoctorDocument};
pub use fetch::{CheckedMonth, DeadlineLine, FetchDocument, FetchedAccount, LeftReport, RunDocument, VerifiedShare};
pub use import::{ImportDocument, ImportState, ImportedFile};
pub use months::{Known, MONTHS_SHOWN, MonthCollector, MonthFigures, MonthTally, MonthsOfFile, rounded_percent};
pub use orders::{OrderDocument, fee_document, order_document};
pub use prior_period::{
    Adjustment, OPENING_RESTATED, Prior, PriorError, PriorPeriod, PriorPeriods, Shift, Shifts, prior_periods,
    restated_before,
};
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
pub use resolve::{ConflictLine, ConflictState, ResolveDocument, RivalLine, RivalNet};
pub use statement::{
    Account, CheckResult, ClosedMonth, CoverageRange, DisputeSummary, FailedCheck, GapRange, Movement, PayoutArrival,
    PayoutLine, PeriodRange, ReserveLine, SettlementLine, Source, Statement, Status, UnknownType,
};
pub use status::{
    AccountStatus, RETENTION_ALARM, RunLine, StatusAccount, StatusAsk, StatusDocument, StatusFacts, age,
    assemble_status,
};
pub use unsettled::{Covered, OpenFlows, UnsettledFlow, UnsettledLine, unsettled_lines};
pub use verify::{VerifyDocument, VerifyMode, document_findings};
