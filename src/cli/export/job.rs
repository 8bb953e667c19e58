//! What an export has to do, and the walk through the rows of a ledger.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::super::failure::Failure;
use crate::config::ExportSettings;
use crate::domain::{ExitCode, Month};
use crate::export::{CsvDialect, Preset};
use crate::ledger::{Delivery, RowVisitor, RowWalk};
use crate::parse::{Fault, Input, ReadOptions, SettlementRow, read_document};
use crate::report::journal::{Granularity, InvoiceOf, Ledger, LedgerSettlement};

/// One export.
pub(super) struct Job<'a> {
    pub(super) preset: Preset,
    pub(super) dialect: CsvDialect,
    pub(super) by: Granularity,
    pub(super) settings: &'a ExportSettings,
    /// Knows invoices, where order lists are given.
    pub(super) invoice_of: Option<&'a InvoiceOf<'a>>,
    /// The documents by their names.
    pub(super) inputs: HashMap<&'a str, &'a Input>,
    pub(super) options: ReadOptions,
    pub(super) created: DateTime<Utc>,
    pub(super) replace: Replace,
    /// The closed month whose corrections alone are exported.
    pub(super) delta: Option<Month>,
}

/// When a file takes the place of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Replace {
    /// Always.
    Always,
    /// Where it says something else.
    Changed,
}

/// What an export came to.
#[derive(Debug, Default)]
pub(in super::super) struct Exported {
    /// What is worth saying.
    pub(in super::super) told: Vec<String>,
    /// The files that took their place.
    pub(in super::super) written: Vec<PathBuf>,
}

impl Exported {
    /// With a line for each file that was written.
    pub(super) fn new(mut told: Vec<String>, written: Vec<PathBuf>) -> Self {
        told.extend(written.iter().map(|path| format!("wrote {}", path.display())));
        Self { told, written }
    }
}

/// Sees the rows of one settlement that belong to the period.
pub(super) trait Sight {
    /// The settlement begins, perhaps anew: what was seen of it is void.
    fn begin(&mut self) {}

    /// One row.
    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Failure>;
}

/// Carries a failure of the command through the reader, which knows only its own faults.
struct Carrier<'a> {
    sight: &'a mut dyn Sight,
    failure: Option<Failure>,
}

impl RowVisitor for Carrier<'_> {
    fn begin(&mut self) {
        self.sight.begin();
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        self.sight.row(row).map_err(|failure| {
            let fault = Fault::of_receiver(&failure, ExitCode::Defect);
            self.failure = Some(failure);
            fault
        })
    }
}

impl Job<'_> {
    /// Shows the rows of a settlement that belong to the ledger and its period, in the order of the file.
    pub(super) fn walk(
        &self,
        ledger: &Ledger,
        settlement: &LedgerSettlement,
        delivery: Delivery,
        sight: &mut dyn Sight,
    ) -> Result<(), Failure> {
        let missing = || {
            let message = format!("{}: the document of a settlement is not among the inputs", settlement.file);
            Failure::new(ExitCode::Defect, message)
        };
        let input = self.inputs.get(settlement.file.as_str()).ok_or_else(missing)?;
        let (currency, period, whole) = (ledger.currency, ledger.period, settlement.decided.is_some());
        let wanted = move |row: &SettlementRow<'_>| row.currency == currency && (whole || period.contains(row.posted));
        let mut carrier = Carrier { sight, failure: None };
        let mut walk = RowWalk::new(Arc::new(wanted), delivery, &mut carrier);
        let read = read_document(input, &self.options, &mut walk, None).map_err(|refused| Failure::from(refused.error));
        let read = read.and_then(|_| walk.finish().map_err(|why| Failure::new(ExitCode::Defect, why.to_string())));
        match carrier.failure {
            Some(failure) => Err(failure),
            None => read,
        }
    }
}
