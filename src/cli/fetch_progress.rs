//! How far a fetch is: a bar on a terminal, and one line where a first fetch will take long.

use std::cell::{Cell, RefCell};
use std::io::Write;

use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Common;
use super::world::Terminal;
use crate::domain::{Instant, Timer, Zone};
use crate::fetch::{Progress, Wait};

/// A fetch that will take longer than this says so, also where there is no terminal.
const LONG: TimeDelta = TimeDelta::minutes(5);

/// Shows how far one account is.
pub(super) struct FetchProgress<'a> {
    account: &'a str,
    zone: Zone,
    bar: ProgressBar,
    stderr: &'a RefCell<&'a mut dyn Write>,
    clock: &'a dyn Timer,
    quiet: bool,
    said: Cell<bool>,
}

impl<'a> FetchProgress<'a> {
    pub(super) fn new(
        account: &'a str,
        zone: Zone,
        terminal: Terminal,
        common: &Common,
        stderr: &'a RefCell<&'a mut dyn Write>,
        clock: &'a dyn Timer,
    ) -> Self {
        let shown = terminal.progress && !common.no_progress && !common.quiet;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{prefix}: {bar:30} {pos} of {len} reports{msg}");
        let bar = style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style));
        bar.set_prefix(account.to_owned());
        Self { account, zone, bar, stderr, clock, quiet: common.quiet, said: Cell::new(false) }
    }

    /// A report is about to be downloaded.
    pub(super) fn at(&self, progress: &Progress) {
        self.bar.set_length(progress.total as u64);
        self.bar.set_position(progress.done as u64);
        let long = progress.until.utc() - self.clock.now() > LONG;
        let until = self.local(progress.until);
        self.bar.set_message(if long { format!(", until about {until}") } else { String::new() });
        if long && !self.quiet && !self.said.replace(true) {
            let left = progress.total - progress.done;
            self.say(&format!(
                "settle: {}: {left} reports to bring in; at the pace that Amazon allows that will take until about {until}. \
                 It can be stopped at any time: the next run goes on where this one was.",
                self.account
            ));
        }
    }

    /// A longer wait begins.
    pub(super) fn wait(&self, wait: &Wait) {
        let until = self.local(wait.until);
        self.bar.set_message(format!(", waiting for Amazon's quota until {until}"));
        tracing::info!(operation = wait.operation, until, "waiting for a quota");
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn local(&self, at: Instant) -> String {
        at.utc().with_timezone(&self.zone.tz()).format("%Y-%m-%d %H:%M").to_string()
    }

    fn say(&self, line: &str) {
        let write = || writeln!(self.stderr.borrow_mut(), "{line}");
        // A closed stream is no reason to fail.
        let _ = self.bar.suspend(write);
    }
}
