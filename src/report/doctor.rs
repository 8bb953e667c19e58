//! `settle.doctor/1`: what was examined, and what is wrong with it.

use serde::Serialize;

use crate::domain::ExitCode;

/// Everything that was examined.
#[derive(Clone, Debug, Serialize)]
pub struct DoctorDocument {
    /// `settle.doctor/1`.
    pub schema: &'static str,
    /// Whether Amazon was left alone, so that address, clock and credentials are not known.
    pub offline: bool,
    /// One for each thing, in the order in which they were examined.
    pub checks: Vec<Check>,
    /// The exit code that follows.
    pub exit: u8,
}

/// One thing that was examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `config`, `account`, `key`, `secret`, `address`, `clock`, `credentials`, `schedules`, `data_folder`,
    /// `disk`, `archive`, `database`, `schedule` or `notify`.
    pub check: &'static str,
    /// The account that it belongs to.
    pub account: Option<String>,
    /// How it is.
    pub state: CheckState,
    /// In a sentence.
    pub message: String,
    /// What to type or where to look.
    pub hint: Option<String>,
    /// More, where more was asked for.
    pub details: Vec<String>,
    /// The exit code of this check alone.
    pub exit: u8,
    #[serde(skip)]
    code: ExitCode,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, and deserves a look.
    Warning,
    /// It does not work.
    Error,
}

impl CheckState {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CheckState::Ok => "ok",
            CheckState::Warning => "warning",
            CheckState::Error => "error",
        }
    }
}

impl Check {
    /// A thing that is as it should be.
    pub fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, CheckState::Ok, message.into(), ExitCode::Done)
    }

    /// A thing that works and deserves a look.
    pub fn warning(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, CheckState::Warning, message.into(), ExitCode::Done)
    }

    /// A thing that does not work, and how a run ends because of it.
    pub fn error(check: &'static str, message: impl Into<String>, code: ExitCode) -> Self {
        Self::new(check, CheckState::Error, message.into(), code)
    }

    fn new(check: &'static str, state: CheckState, message: String, code: ExitCode) -> Self {
        Self { check, account: None, state, message, hint: None, details: Vec::new(), exit: code.number(), code }
    }

    /// The same, of an account.
    #[must_use]
    pub fn of(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// The same with something to type or a place to look, where there is one.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

impl DoctorDocument {
    /// The document of these checks; its exit code is the worst of theirs.
    #[must_use]
    pub fn new(offline: bool, checks: Vec<Check>) -> Self {
        let exit = Self::worst(&checks).number();
        Self { schema: "settle.doctor/1", offline, checks, exit }
    }

    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        Self::worst(&self.checks)
    }

    fn worst(checks: &[Check]) -> ExitCode {
        ExitCode::worst(checks.iter().map(|check| check.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_no_failure_and_the_worst_error_decides() {
        let checks = vec![Check::ok("config", "a"), Check::warning("clock", "b")];
        assert_eq!(DoctorDocument::new(false, checks.clone()).exit, 0);
        let more = [
            Check::error("address", "c", ExitCode::Temporary),
            Check::error("disk", "d", ExitCode::Storage),
            Check::error("key", "e", ExitCode::Configuration),
        ];
        for (count, exit) in [(1, 75), (2, 4), (3, 3)] {
            let all = checks.iter().chain(more.iter().take(count)).cloned().collect();
            assert_eq!(DoctorDocument::new(false, all).exit, exit);
        }
    }
}
