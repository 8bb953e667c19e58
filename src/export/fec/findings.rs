//! What a check of a FEC found, as plain data and as text.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::table::clean;

/// Findings that are kept with their line, for each rule; all are counted.
const KEPT: usize = 100;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// The file cannot be tested further.
    Blocking,
    /// The file is refused.
    Error,
    /// Worth a look.
    Alert,
    /// Something that should be there is blank.
    Missing,
    /// Good to know.
    Information,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, where one line is to blame.
    pub line: Option<u64>,
    /// The column.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// The findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleFindings {
    /// `R01` to `R25` are the tester's, `S01` and so on are settle's own.
    pub rule: &'static str,
    /// How bad.
    pub level: FindingLevel,
    /// All of them.
    pub count: u64,
    /// The first hundred.
    pub first: Vec<Finding>,
}

/// The result of a check: `settle.check/1`.
#[derive(Clone, Debug, Serialize)]
pub struct FecReport {
    /// `settle.check/1`.
    pub schema: &'static str,
    /// The file.
    pub file: String,
    /// Lines below the header.
    pub lines: u64,
    /// Entries.
    pub entries: u64,
    /// Σ debit.
    pub debit: String,
    /// Σ credit.
    pub credit: String,
    /// What was found, worst first.
    pub findings: Vec<RuleFindings>,
}

impl FecReport {
    /// A report of nothing so far.
    pub(super) fn of(file: &str) -> Self {
        let zero = || "0".to_owned();
        Self {
            schema: "settle.check/1",
            file: file.to_owned(),
            lines: 0,
            entries: 0,
            debit: zero(),
            credit: zero(),
            findings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, rule: &'static str, level: FindingLevel, finding: Finding) {
        let known = self.findings.iter_mut().find(|known| known.rule == rule);
        match known {
            Some(known) => {
                known.count += 1;
                if known.first.len() < KEPT {
                    known.first.push(finding);
                }
            }
            None => self.findings.push(RuleFindings { rule, level, count: 1, first: vec![finding] }),
        }
    }

    /// Whether the file would be refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|rule| rule.level <= FindingLevel::Error)
    }
}

/// Findings of a rule that the text shows; JSON shows more.
const SHOWN: usize = 10;

/// The report for people.
#[must_use]
pub fn fec_text(report: &FecReport) -> String {
    let mut text = format!(
        "{}: {} lines, {} entries, debit {}, credit {}\n",
        clean(&report.file),
        report.lines,
        report.entries,
        report.debit,
        report.credit
    );
    for rule in &report.findings {
        let level = match rule.level {
            FindingLevel::Blocking => "blocking",
            FindingLevel::Error => "error",
            FindingLevel::Alert => "alert",
            FindingLevel::Missing => "missing",
            FindingLevel::Information => "information",
        };
        let _ = writeln!(text, "{level} {}: {} times", rule.rule, rule.count);
        for finding in rule.first.iter().take(SHOWN) {
            let line = finding.line.map_or_else(String::new, |line| format!("line {line}: "));
            let column =
                finding.column.as_ref().map_or_else(String::new, |column| format!("column `{}`: ", clean(column)));
            let _ = writeln!(text, "  {line}{column}{}", clean(&finding.message));
        }
        if rule.count > SHOWN as u64 {
            let _ = writeln!(text, "  … and {} more; --format json lists a hundred of them", rule.count - SHOWN as u64);
        }
    }
    text.push_str(if report.is_refused() { "refused: the errors above must go\n" } else { "no errors\n" });
    text
}
