//! Disputes, reconciliation, checks with what fails them, sources.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::Book;
use super::table::{Cell, Total};
use crate::export::bank_label;
use crate::export::language::Label;
use crate::report::{CheckResult, FailedCheck, Problem, Severity};

impl Book<'_> {
    pub(super) fn disputes(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::Account, 20, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::Kind, 26, Total::No),
            (Label::Cases, 9, Total::No),
            (Label::Disputed, 16, Total::ByCurrency),
            (Label::Recovered, 16, Total::ByCurrency),
            (Label::Fees, 16, Total::ByCurrency),
            (Label::Net, 16, Total::ByCurrency),
        ];
        let row = |dispute: &crate::report::DisputeSummary| {
            let mut cells = vec![Cell::text(dispute.account.as_str()), Cell::text(dispute.currency.code())];
            cells.extend([Cell::Text(self.words.kind(dispute.kind)), Cell::Count(dispute.cases)]);
            cells.extend([dispute.disputed, dispute.recovered, dispute.fees, dispute.net].map(Cell::Money));
            cells
        };
        let rows = self.statement.disputes.iter().map(row).collect();
        self.sheet(sheet, Label::Disputes, &self.table(&columns, Some(1)), rows)?;
        Ok(())
    }

    pub(super) fn reconciliation(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::Account, 20, Total::No),
            (Label::Currency, 9, Total::No),
            (Label::PayoutPosted, 20, Total::No),
            (Label::Amount, 17, Total::ByCurrency),
            (Label::BankState, 20, Total::No),
            (Label::BookedOn, 16, Total::No),
            (Label::BankReference, 26, Total::No),
            (Label::File, 44, Total::No),
            (Label::Line, 8, Total::No),
        ];
        let mut rows = Vec::new();
        for account in &self.statement.accounts {
            rows.extend(account.payouts.iter().map(|payout| {
                let bank = payout.reconciled.as_ref();
                let reference = bank.and_then(|bank| bank.bank_reference.as_deref()).or(payout.reference.as_deref());
                vec![
                    Cell::text(account.account.as_str()),
                    Cell::text(account.currency.code()),
                    Cell::Moment(payout.posted.clone()),
                    Cell::Money(payout.amount),
                    Cell::text(self.words.of_label(bank_label(bank.map(|bank| bank.state)))),
                    Cell::text(bank.and_then(|bank| bank.booked_on.as_deref()).unwrap_or_default()),
                    Cell::text(reference.unwrap_or_default()),
                    Cell::text(&payout.source),
                    Cell::Count(payout.line),
                ]
            }));
        }
        self.sheet(sheet, Label::Reconciliation, &self.table(&columns, Some(1)), rows)?;
        Ok(())
    }

    pub(super) fn checks(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::Checks, 16, Total::No),
            (Label::Check, 24, Total::No),
            (Label::Message, 70, Total::No),
            (Label::Passed, 12, Total::No),
            (Label::Failures, 12, Total::No),
            (Label::Stated, 24, Total::No),
            (Label::Computed, 24, Total::No),
            (Label::Difference, 16, Total::No),
            (Label::File, 44, Total::No),
            (Label::Line, 8, Total::No),
        ];
        let mut rows: Vec<Vec<Cell>> = self.statement.checks.iter().map(|check| self.check(check)).collect();
        for check in &self.statement.checks {
            rows.extend(check.failed.iter().map(|failed| self.failed(check, failed)));
        }
        rows.extend(self.statement.problems.iter().map(|problem| self.problem(problem)));
        self.sheet(sheet, Label::Checks, &self.table(&columns, None), rows)?;
        Ok(())
    }

    fn check(&self, check: &CheckResult) -> Vec<Cell> {
        let verdict = match (check.failures, check.passed) {
            (0, 0) => "–",
            (0, _) => self.words.of_label(Label::Ok),
            _ => self.words.of_label(Label::Failed),
        };
        let mut cells = [verdict, check.check, &self.words.check(check.check)].map(Cell::text).to_vec();
        cells.extend([check.passed, check.failures].map(Cell::Count));
        cells
    }

    fn failed(&self, check: &CheckResult, failed: &FailedCheck) -> Vec<Cell> {
        let value = |text: &str| match failed.difference {
            Some(_) => Cell::Text(self.words.number(text)),
            None => Cell::text(text),
        };
        vec![
            Cell::text(self.words.of_label(Label::Failed)),
            Cell::text(check.check),
            Cell::Text(self.words.check(check.check)),
            Cell::Empty,
            Cell::Empty,
            value(&failed.stated),
            value(&failed.computed),
            failed.difference.map_or(Cell::Empty, Cell::Money),
            Cell::text(&failed.file),
            failed.line.map_or(Cell::Empty, Cell::Count),
        ]
    }

    fn problem(&self, problem: &Problem) -> Vec<Cell> {
        let severity = match problem.severity {
            Severity::Error => Label::Error,
            Severity::Warning => Label::Warning,
        };
        let column = problem.column.as_deref().map_or_else(String::new, |column| format!("`{column}`: "));
        let mut cells = vec![Cell::text(self.words.of_label(severity)), Cell::text(problem.code)];
        cells.push(Cell::Text(format!("{column}{}", problem.message)));
        cells.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]);
        cells.push(Cell::text(problem.file.as_deref().unwrap_or_default()));
        cells.push(problem.line.map_or(Cell::Empty, Cell::Count));
        cells
    }

    pub(super) fn sources(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let columns = [
            (Label::File, 60, Total::No),
            (Label::Kind, 28, Total::No),
            (Label::Rows, 12, Total::No),
            (Label::Sources, 68, Total::No),
        ];
        let mut table = self.table(&columns, None);
        if let Some(last) = table.columns.last_mut() {
            "SHA-256".clone_into(&mut last.heading);
        }
        let row = |source: &crate::report::Source| {
            let hash = source.sha256.as_ref().map_or_else(String::new, ToString::to_string);
            vec![Cell::text(&source.file), Cell::text(source.kind), Cell::Count(source.rows), Cell::text(hash)]
        };
        let rows = self.statement.sources.iter().map(row).collect();
        self.sheet(sheet, Label::Sources, &table, rows)?;
        Ok(())
    }
}
