//! Floor 5: disputes, case by case.
//!
//! [`build_cases`] makes cases of settlement rows, notifications, refund reports and objects of the Dispute
//! API; [`Summary`] counts them; [`Clock`] knows until when the merchant can respond; [`warnings_due`] when to
//! say so. Every dispute row belongs to exactly one case ([`check_partition`]). Money comes from settlement rows
//! alone, and no status is guessed: no row says that a case is final (disputes §9). [`dispute_totals`] is what
//! the month statement needs, from digests alone; it agrees with the cases to the cent.

mod attention;
mod build;
mod case;
mod clock;
mod collect;
mod detail;
mod evidence;
mod facts;
mod rate;
mod signature;
mod status;
mod summary;
#[cfg(test)]
mod tests;
mod totals;
mod warnings;

pub use attention::{Attention, SOON_DAYS, reserves};
pub use build::{NO_ACCOUNT, Partition, build_cases, check_partition};
pub use case::{CaptureLink, Case, CaseCapture, CaseFigures, CaseRefund, CaseStatus, Flag, StatusBasis, UnknownStatus};
pub use clock::{Clock, Deadline, DeadlineBasis, after_days, days_between};
pub use collect::{Captures, CapturesByMonth, CaseReceiver, CaseSink, Collected};
pub use evidence::{EVIDENCE, Evidence, evidence_for};
pub use facts::{
    A_TO_Z_REASON, AccountFact, CaptureRecord, CaseRow, Facts, Notice, ObjectFact, Place, RefundRecord, RowSource,
};
pub use rate::{RATE_DIGITS, Rate};
pub use signature::{Certificate, SignatureFault};
pub use status::{status_by_rows, status_of_object};
pub use summary::{
    AGE_EDGES, CapturesByAccount, CaseTotals, Group, GroupBy, MonthLine, Summary, TREND_MONTHS, UnknownGroup,
};
pub use totals::{DisputeTotal, case_kinds, dispute_totals};
pub use warnings::{DeadlineWarning, SentWarning, WARNING_DAYS, warnings_due};
