//! What a command may touch of the process: streams, environment, clock, terminal.

use std::io::{Read, Write};
use std::num::NonZeroUsize;

use crate::config::Surroundings;
use crate::domain::Clock;
use crate::export::Paint;

/// What the streams are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Standard output takes colours (a terminal, no `NO_COLOR`).
    pub colour: bool,
    /// Standard error is a terminal, so progress can be shown.
    pub progress: bool,
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
    /// The time.
    pub clock: &'a dyn Clock,
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
