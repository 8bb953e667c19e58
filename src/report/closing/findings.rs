//! What stands against closing a month: one finding for each thing that does not tie.
//!
//! A finding's code is stable, so that it can be accepted by name; what can never be accepted says so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::report::{
    Account, CheckResult, DisputeDocument, FailedCheck, Problem, Reconciliation, Severity, Statement, Status,
};

/// Warnings of statements that stand against a close: figures rest on what they tell.
const STATEMENT_WARNINGS: [&str; 3] = ["unknown_type", "gap_before_period", "nothing_known"];

/// On what a finding rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// On what the pack holds: anybody finds it again.
    #[default]
    Pack,
    /// On what the archive remembered or on the other closed months.
    Archive,
}

/// One thing that does not tie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable word, for `--accept`.
    pub code: String,
    /// The file, where there is one.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u64>,
    /// The sentence for people, without the place.
    pub message: String,
    /// Something to type or a place to look.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// Whether a person may close the month all the same.
    pub acceptable: bool,
    /// On what it rests.
    #[serde(default)]
    pub basis: Basis,
}

/// Findings of one code that were accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The code.
    pub code: String,
    /// What the person said.
    pub reason: String,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Finding {
    /// A finding without a place that may be accepted.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            file: None,
            line: None,
            message: message.into(),
            hint: None,
            acceptable: true,
            basis: Basis::Pack,
        }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: Option<u64>) -> Self {
        self.file = Some(file.into());
        self.line = line;
        self
    }

    /// The same finding with something to type.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same finding, which nobody can accept.
    #[must_use]
    pub fn never(mut self) -> Self {
        self.acceptable = false;
        self
    }

    /// The same finding, which rests on more than the pack holds.
    #[must_use]
    pub fn of_archive(mut self) -> Self {
        self.basis = Basis::Archive;
        self
    }

    /// `FILE:LINE: message`, as much of it as is known.
    #[must_use]
    pub fn sentence(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        match &self.file {
            Some(file) => format!("{file}{line}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// What makes two findings the same.
    #[must_use]
    pub fn identity(&self) -> (String, Option<String>, Option<u64>, String) {
        (self.code.clone(), self.file.clone(), self.line, self.message.clone())
    }

    fn of_problem(problem: &Problem) -> Self {
        let column = problem.column.as_ref().map(|column| format!("column `{column}`: ")).unwrap_or_default();
        let mut finding = Self::new(problem.code, format!("{column}{}", problem.message));
        finding.file.clone_from(&problem.file);
        finding.line = problem.line;
        finding.hint.clone_from(&problem.hint);
        finding
    }
}

/// What stands against closing in the statement of the month.
#[must_use]
pub fn statement_findings(statement: &Statement) -> Vec<Finding> {
    let told = |problem: &&Problem| problem.severity == Severity::Error || STATEMENT_WARNINGS.contains(&problem.code);
    let mut findings: Vec<Finding> = statement.problems.iter().filter(told).map(Finding::of_problem).collect();
    let gaps = statement.accounts.iter().any(|account| !account.gaps.is_empty());
    // Conflicts and gaps are problems already.
    let doubled = |check: &str| check == "duplicate_settlement" || (check == "chain_contiguous" && gaps);
    findings.extend(statement.checks.iter().filter(|check| !doubled(check.check)).flat_map(failed_checks));
    findings.extend(statement.accounts.iter().flat_map(account_findings));
    findings
}

fn failed_checks(check: &CheckResult) -> Vec<Finding> {
    let one = |failed: &FailedCheck| {
        let difference = failed.difference.map(|difference| format!(", difference {difference}")).unwrap_or_default();
        let message =
            format!("check {}: stated {}, computed {}{difference}", check.check, failed.stated, failed.computed);
        Finding::new(check.check, message).at(&failed.file, failed.line)
    };
    let mut findings: Vec<Finding> = check.failed.iter().map(one).collect();
    let more = check.failures.saturating_sub(check.failed.len() as u64);
    if more > 0 {
        findings.push(Finding::new(check.check, format!("check {} fails {more} times more", check.check)));
    }
    findings
}

fn account_findings(account: &Account) -> Vec<Finding> {
    let who = format!("{} {}", account.account, account.currency);
    let mut findings = Vec::new();
    if account.status == Status::Incomplete {
        let (from, until) = (&account.coverage.from, &account.coverage.until);
        let message = format!("{who}: settlements are known from {from} until {until}, which is not the whole month");
        let hint = "bring the missing settlement reports in with `settle fetch` or `settle import`";
        findings.push(Finding::new("incomplete", message).with_hint(hint));
    }
    if !account.unexplained.is_zero() {
        let message =
            format!("{who}: {} are unexplained: the settlements do not carry on what they kept", account.unexplained);
        findings.push(Finding::new("unexplained", message));
    }
    findings
}

/// What stands against closing in the reconciliation.
#[must_use]
pub fn reconciliation_findings(document: &Reconciliation) -> Vec<Finding> {
    // Payouts that are missing, ambiguous or differ are problems of it already.
    let errors = document.problems.iter().filter(|problem| problem.severity == Severity::Error);
    let mut findings: Vec<Finding> = errors.map(Finding::of_problem).collect();
    for order in document.orders.iter().filter(|order| order.is_open()) {
        let name = order.order.as_deref().unwrap_or("(no order)");
        let message = format!("{name}: {}: {}", order.state.replace('_', " "), order.next());
        let place = order.transactions.first().map(|row| (row.file.clone(), Some(row.line)));
        let place = order.file.clone().map(|file| (file, order.line)).or(place);
        let finding = Finding::new(format!("order_{}", order.state), message);
        findings.push(match place {
            Some((file, line)) => finding.at(file, line),
            None => finding,
        });
    }
    for finding in document.order_lists.iter().flat_map(|lists| &lists.findings) {
        let what = finding.finding.replace('_', " ");
        let message = format!("{what}: {}", finding.orders.join(", "));
        let place = finding.transactions.first().map(|row| (row.file.clone(), Some(row.line)));
        let found = Finding::new(format!("order_{}", finding.finding), message);
        findings.push(match place {
            Some((file, line)) => found.at(file, line),
            None => found,
        });
    }
    if let Some(fees) = document.fees.as_ref().filter(|fees| fees.deviating > 0) {
        let message = format!("{} fees differ from the tariff", fees.deviating);
        let hint = "reconciliation.csv lists them; `settle reconcile --claims FILE` writes them as a list for Amazon";
        findings.push(Finding::new("fee_deviation", message).with_hint(hint));
    }
    findings
}

/// What stands against closing in the disputes.
#[must_use]
pub fn dispute_findings(document: &DisputeDocument) -> Vec<Finding> {
    let errors = document.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(Finding::of_problem).collect()
}

/// Findings once each; those of codes that are accepted apart from the others.
#[must_use]
pub fn split_findings(findings: Vec<Finding>, codes: &[String], reason: &str) -> (Vec<Finding>, Vec<Accepted>) {
    let mut seen = BTreeSet::new();
    let once = findings.into_iter().filter(|finding| seen.insert(finding.identity()));
    let (taken, open): (Vec<Finding>, Vec<Finding>) =
        once.partition(|finding| finding.acceptable && codes.contains(&finding.code));
    let mut by_code: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in taken {
        by_code.entry(finding.code.clone()).or_default().push(finding);
    }
    let accepted = by_code.into_iter();
    let accepted = accepted.map(|(code, findings)| Accepted { code, reason: reason.to_owned(), findings });
    (open, accepted.collect())
}
