//! Why a command ended before its work was done, and how that is said.

use std::fmt;

use clap::ValueEnum;

use super::args::Format;
use super::world::World;
use crate::archive::ArchiveError;
use crate::config::ConfigError;
use crate::domain::{ExitCode, MoneyError, PeriodError};
use crate::export::{PageError, SheetError, WriteError, clean};
use crate::parse::ReadError;

/// A failure: what was attempted is in the message, the rest in its fields.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hint: Option<String>,
    exit: ExitCode,
}

impl Failure {
    /// A failure with its exit code.
    pub fn new(exit: ExitCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit }
    }

    /// A form that a result does not have.
    pub(super) fn no_form(what: &str, form: Format, forms: &str) -> Self {
        let word = form.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        Self::new(ExitCode::Usage, format!("{what} has no {word} form; use {forms}"))
    }

    /// Refuses every form but text and JSON.
    pub(super) fn unless_text_or_json(what: &str, form: Option<Format>) -> Result<(), Self> {
        match form {
            None | Some(Format::Text | Format::Json) => Ok(()),
            Some(form) => Err(Self::no_form(what, form, "text or json")),
        }
    }

    /// The same with something to type or a place to look.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with what it is about in front.
    #[must_use]
    pub(super) fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Something to type or a place to look, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// How the run ends because of it.
    #[must_use]
    pub fn exit(&self) -> ExitCode {
        self.exit
    }

    /// Says it on standard error, unless nobody listens any more, and gives the exit code.
    pub fn tell(self, world: &mut World<'_>) -> ExitCode {
        if self.exit == ExitCode::Done {
            return ExitCode::Done;
        }
        world.say(&format!("settle: error: {}", clean(&self.message)));
        if let Some(hint) = &self.hint {
            world.say(&format!("hint: {}", clean(hint)));
        }
        if self.exit == ExitCode::Defect {
            world.say("hint: this is a defect of settle; please report it with the command and the file");
        }
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(why: ConfigError) -> Self {
        Self { message: why.to_string(), hint: why.hint(), exit: why.exit_code() }
    }
}

impl From<ArchiveError> for Failure {
    fn from(why: ArchiveError) -> Self {
        Self { message: why.to_string(), hint: why.hint(), exit: why.exit_code() }
    }
}

impl From<ReadError> for Failure {
    fn from(why: ReadError) -> Self {
        let hint = why.fault.hint().map(str::to_owned);
        Self { message: why.to_string(), hint, exit: why.fault.exit_code() }
    }
}

impl From<WriteError> for Failure {
    fn from(why: WriteError) -> Self {
        Self { message: why.to_string(), hint: None, exit: why.exit_code() }
    }
}

impl From<PageError> for Failure {
    fn from(why: PageError) -> Self {
        Self::new(ExitCode::Defect, why.to_string())
    }
}

impl From<SheetError> for Failure {
    fn from(why: SheetError) -> Self {
        Self::new(ExitCode::Defect, why.to_string())
    }
}

impl From<PeriodError> for Failure {
    fn from(why: PeriodError) -> Self {
        Self::new(ExitCode::Usage, why.to_string())
    }
}

impl From<MoneyError> for Failure {
    fn from(why: MoneyError) -> Self {
        Self::new(ExitCode::DoesNotTie, why.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(why: serde_json::Error) -> Self {
        Self::new(ExitCode::Defect, format!("cannot build the JSON: {why}"))
    }
}
