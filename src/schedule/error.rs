//! What can be wrong with a schedule.

use crate::domain::ExitCode;

/// Why a schedule cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A field that is no field of cron.
    #[error("schedule.cron: cannot use `{expression}`: the {field} `{text}` must be {expected}")]
    Field {
        /// The whole expression.
        expression: String,
        /// Which of the five.
        field: &'static str,
        /// What stands there.
        text: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// Five good fields that make no expression.
    #[error("schedule.cron: cannot use `{expression}`: {reason}")]
    Expression {
        /// The whole expression.
        expression: String,
        /// What the reader of cron expressions says.
        reason: String,
    },
    /// A date that no year has.
    #[error("schedule.cron: `{expression}` never comes: no year has such a day")]
    Never {
        /// The whole expression.
        expression: String,
    },
    /// A rule that another scheduler has no words for.
    #[error("schedule.cron: `{expression}` cannot be written for {scheduler}: it has no {rule}")]
    Foreign {
        /// The whole expression.
        expression: String,
        /// The other scheduler.
        scheduler: &'static str,
        /// The rule.
        rule: &'static str,
    },
    /// A path that no unit and no crontab can hold.
    #[error("the path `{path}` cannot be written into {scheduler}: {reason}")]
    Path {
        /// The path, escaped.
        path: String,
        /// Where it was to be written.
        scheduler: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The wait could not be set up.
    #[error("cannot wait for the next minute: {0}")]
    Ticks(String),
}

impl ScheduleError {
    /// How the program ends because of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            ScheduleError::Ticks(_) => ExitCode::Defect,
            _ => ExitCode::Configuration,
        }
    }

    /// A thing to type or a place to look, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ScheduleError::Field { .. } | ScheduleError::Expression { .. } => Some(
                "five fields: minute hour day month weekday, for example `30 4 * * *` for every night at half past four",
            ),
            ScheduleError::Never { .. } => Some("look at the day and the month; `30 4 * * *` is every night"),
            ScheduleError::Foreign { .. } => Some("`settle daemon` keeps every schedule; or name the days one by one"),
            ScheduleError::Path { .. } | ScheduleError::Ticks(_) => None,
        }
    }
}
