//! A bar on standard error for long work, in bytes; nothing where nobody would see it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Common;
use super::world::World;
use crate::parse::{Input, Watch};

/// How far a run has come through its inputs.
pub(super) struct Progress {
    bar: ProgressBar,
    done: u64,
}

impl Progress {
    /// A bar over these inputs, empty.
    pub(super) fn over(inputs: &[Input], common: &Common, world: &World<'_>) -> Self {
        if !world.terminal.progress || common.no_progress || common.quiet {
            return Self { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()), done: 0 };
        }
        let total = inputs.iter().filter_map(Input::length_on_disk).sum();
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
        Self { bar: style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)), done: 0 }
    }

    /// Moves the bar while a file is read.
    pub(super) fn watch(&self) -> Watch {
        let bar = self.bar.clone();
        Watch::new(move |bytes| bar.inc(bytes))
    }

    /// An input is done with. Packed ones unpack to more than they have on disk, so the bar is put right.
    pub(super) fn finish_one(&mut self, input: &Input) {
        self.done += input.length_on_disk().unwrap_or_default();
        self.bar.set_position(self.done);
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
