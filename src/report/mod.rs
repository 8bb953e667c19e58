//! Floor 6: the documents of the contract as plain data.
//!
//! Assembled from what the floors below computed; every figure is exact money, every instant already
//! stands in the reporting zone. No input or output happens here, and no layout is chosen.

mod assemble;
mod dispute_assemble;
mod disputes;
mod doctor;
mod fetch;
mod import;
pub mod journal;
mod problem;
mod statement;
mod status;

pub use assemble::{Ask, Facts, assemble, conflict_problems};
pub use dispute_assemble::{CaseFilter, DisputeAsk, DisputeFacts, assemble_disputes};
pub use disputes::{
    AgeLine, Amounts, AttentionLine, CaseLine, DisputeDocument, EvidenceLine, GroupLine, MonthTotals, NOTES,
    PartitionCheck, RefundLine, ReserveHeld, RowLine, THRESHOLDS, Threshold, TotalLine, TrendLine,
};
pub use doctor::{Check, CheckState, DoctorDocument};
pub use fetch::{CheckedMonth, FetchDocument, FetchedAccount, FetchedReport, LeftReport, RunDocument};
pub use import::{ImportDocument, ImportState, ImportedFile};
pub use problem::{Problem, Severity};
pub use statement::{
    Account, CheckResult, CoverageRange, DisputeSummary, FailedCheck, GapRange, Movement, PayoutLine, PeriodRange,
    ReserveLine, SettlementLine, Source, Statement, Status, UnknownType,
};
pub use status::{
    AccountStatus, RETENTION_ALARM, RunLine, StatusAccount, StatusAsk, StatusDocument, StatusFacts, age,
    assemble_status,
};
