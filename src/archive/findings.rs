//! What an examination of a data folder finds: what is wrong, where, and what can be done about it.

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is not as it was written.
    Damage,
    /// Nothing is lost, and a person should look.
    Warning,
    /// What a run that was killed leaves behind, or is worth knowing.
    Notice,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Damage => "damage",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
        }
    }
}

/// How a finding can be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mend {
    /// `rebuild`: everything needed is in the data folder. `source`: the bytes have to come from outside. `person`:
    /// somebody has to look.
    pub by: &'static str,
    /// What to type.
    pub command: String,
}

impl Mend {
    /// Derived: made anew from what is stored.
    #[must_use]
    pub fn rebuild() -> Self {
        Self { by: "rebuild", command: "settle verify --rebuild".to_owned() }
    }

    /// Raw bytes are the truth: they come from the merchant's own copy or from a backup. A name that this program
    /// made up is nothing to type.
    #[must_use]
    pub fn import(name: &str, path: &str) -> Self {
        let name = if name.is_empty() || name.starts_with(UNNAMED) {
            "FILE".to_owned()
        } else {
            format!("'{}'", name.replace('\'', "'\\''"))
        };
        Self { by: "source", command: format!("settle import {name}  (or: {})", from_backup(path)) }
    }

    /// Only a backup has it.
    #[must_use]
    pub fn restore(path: &str) -> Self {
        Self { by: "source", command: from_backup(path) }
    }

    /// Something for a person to do.
    pub fn person(command: impl Into<String>) -> Self {
        Self { by: "person", command: command.into() }
    }
}

/// How a document is called whose name nobody remembers, before the digits of its hash.
pub(super) const UNNAMED: &str = "document-";

/// A backup has the same paths.
fn from_backup(path: &str) -> String {
    format!("cp -p 'BACKUP/{path}' 'DATA_DIR/{path}'")
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the data folder.
    pub file: String,
    /// What should be there.
    pub expected: Option<String>,
    /// What is there.
    pub found: Option<String>,
    /// In a sentence.
    pub message: String,
    /// What can be done.
    pub mend: Option<Mend>,
}

impl Finding {
    /// Something that is not as it was written.
    pub fn damage(code: &'static str, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Damage, file.into(), message.into())
    }

    /// Something to look at.
    pub fn warning(code: &'static str, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, file.into(), message.into())
    }

    /// Something worth knowing.
    pub fn notice(code: &'static str, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Notice, file.into(), message.into())
    }

    fn new(code: &'static str, severity: Severity, file: String, message: String) -> Self {
        Self { code, severity, file, expected: None, found: None, message, mend: None }
    }

    /// The same with what should be there and what is.
    #[must_use]
    pub fn instead(mut self, expected: impl ToString, found: impl ToString) -> Self {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }

    /// The same with a way to mend it.
    #[must_use]
    pub fn mended_by(mut self, mend: Mend) -> Self {
        self.mend = Some(mend);
        self
    }

    /// Whether something is not as it was written.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        self.severity == Severity::Damage
    }
}
