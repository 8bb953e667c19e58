//! Floor 6: the documents of the contract as plain data.
//!
//! Assembled from what the floors below computed; every figure is exact money, every instant already
//! stands in the reporting zone. No input or output happens here, and no layout is chosen.

mod assemble;
mod details;
mod import;
mod months;
mod problem;
mod statement;

pub use assemble::{Ask, Facts, assemble};
pub use details::{BankMatch, BankState, DetailRow, Details, DetailsError, RowCollector, RowLimit, RowTotal, RowsOf};
pub use import::{ImportDocument, ImportState, ImportedFile};
pub use months::{Known, MONTHS_SHOWN, MonthCollector, MonthFigures, MonthTally, MonthsOfFile, rounded_percent};
pub use problem::{Problem, Severity};
pub use statement::{
    Account, CheckResult, CoverageRange, DisputeSummary, FailedCheck, GapRange, Movement, PayoutLine, PeriodRange,
    ReserveLine, SettlementLine, Source, Statement, Status, UnknownType,
};
