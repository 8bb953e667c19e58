//! Problems: what a reader of any document must know besides the figures.

use serde::Serialize;

use crate::parse::{ReadError, Warning};
use crate::reconcile::bank::BankError;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The run ends with exit code 5.
    Error,
    /// Worth knowing.
    Warning,
}

impl Severity {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One problem, with its place as far as it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// A stable word for programs.
    pub code: &'static str,
    /// The file.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u64>,
    /// The column.
    pub column: Option<String>,
    /// The sentence for people, without the place.
    pub message: String,
    /// Something to type or a place to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a place.
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity, code, file: None, line: None, column: None, message: message.into(), hint: None }
    }

    /// The same problem in a file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file that was refused.
    #[must_use]
    pub fn of_error(error: &ReadError) -> Self {
        Self {
            severity: Severity::Error,
            code: error.fault.code(),
            file: Some(error.file.clone()),
            line: error.line,
            column: error.column.clone(),
            message: error.fault.to_string(),
            hint: error.fault.hint().map(str::to_owned),
        }
    }

    /// A bank statement that was refused.
    #[must_use]
    pub fn of_bank(error: &BankError) -> Self {
        Self {
            severity: Severity::Error,
            code: error.fault.code(),
            file: Some(error.file.clone()),
            line: error.line,
            column: None,
            message: error.fault.to_string(),
            hint: error.fault.hint().map(str::to_owned),
        }
    }

    /// Something about a file that was read.
    #[must_use]
    pub fn of_warning(file: &str, warning: &Warning) -> Self {
        Self {
            severity: Severity::Warning,
            code: warning.code,
            file: Some(file.to_owned()),
            line: warning.line,
            column: None,
            message: warning.message.clone(),
            hint: None,
        }
    }

    /// `FILE:LINE: column `Name`: message`, as much of it as is known.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = String::new();
        if let Some(file) = &self.file {
            text.push_str(file);
            if let Some(line) = self.line {
                text.push_str(&format!(":{line}"));
            }
            text.push_str(": ");
        }
        if let Some(column) = &self.column {
            text.push_str(&format!("column `{column}`: "));
        }
        text + &self.message
    }
}
