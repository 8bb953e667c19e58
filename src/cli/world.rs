//! What a command may touch of the process: streams, environment, clock, signals, log, terminal.

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Surroundings;
use crate::domain::{ExitCode, Timer};
use crate::export::Paint;

/// Number of the signal of Ctrl-C (POSIX).
pub const SIGINT: usize = 2;
/// Number of the signal by which a service manager asks a process to end (POSIX).
pub const SIGTERM: usize = 15;

/// The number of the signal that asked the process to end, zero before one did.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(pub Arc<AtomicUsize>);

impl StopFlag {
    /// How the run ends because of a signal, where one came.
    #[must_use]
    pub fn asked(&self) -> Option<ExitCode> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            SIGTERM => Some(ExitCode::Terminated),
            _ => Some(ExitCode::Interrupted),
        }
    }
}

/// How log lines are written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logging {
    /// How much.
    pub level: LogLevel,
    /// In which form.
    pub form: super::args::LogForm,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing but what commands say themselves.
    Off,
    /// What goes wrong and is tried again.
    Warn,
    /// Every request.
    Info,
    /// Everything.
    Debug,
}

/// What the streams are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Standard output takes colours (a terminal, no `NO_COLOR`).
    pub colour: bool,
    /// Standard error is a terminal, so progress can be shown.
    pub progress: bool,
    /// Standard input is a terminal, so questions can be asked.
    pub input: bool,
}

/// The world of one run.
pub struct World<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Standard output: data.
    pub stdout: &'a mut dyn Write,
    /// Standard error: everything else.
    pub stderr: &'a mut dyn Write,
    /// Environment, current folder, home.
    pub surroundings: Surroundings,
    /// The file of this program, for units and crontab lines.
    pub program: PathBuf,
    /// The time.
    pub clock: &'a dyn Timer,
    /// Takes over the signals that end a process, and answers where their coming is seen.
    pub catch_signals: &'a dyn Fn() -> StopFlag,
    /// Starts the log.
    pub start_log: &'a dyn Fn(Logging),
    /// What the streams are.
    pub terminal: Terminal,
    /// Workers for large files.
    pub workers: NonZeroUsize,
}

impl World<'_> {
    /// Says something on standard error; a closed stream is no reason to fail.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.stderr, "{line}");
    }

    /// The colours of a result on standard output.
    #[must_use]
    pub fn paint(&self, choice: super::args::Color) -> Paint {
        let colour = match choice {
            super::args::Color::Always => true,
            super::args::Color::Never => false,
            super::args::Color::Auto => self.terminal.colour,
        };
        if colour { Paint::Colour } else { Paint::Plain }
    }
}
