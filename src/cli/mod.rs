//! Floor 8: one Args struct and one `run` per command.
//!
//! The commands decide what is done in which order; everything they call is below. They receive the
//! streams, the environment and the clock in a [`World`]; only `main` touches the real ones.

mod accounts;
mod args;
mod args_after;
mod args_close;
mod args_verify;
mod backup;
mod check;
mod close;
mod close_text;
mod closing;
mod compare;
mod config;
mod daemon;
mod decisions;
mod details;
mod diff;
mod dispute_evidence;
mod dispute_facts;
mod dispute_notices;
mod dispute_refresh;
mod dispute_warnings;
mod disputes;
mod doctor;
mod doctor_accounts;
mod documents;
mod edition;
mod events;
mod examples;
mod explain;
mod export;
mod failure;
mod fetch;
mod fetch_progress;
mod fetching;
mod frozen;
mod import;
mod init;
mod init_answers;
mod init_ask;
mod init_flags;
mod init_keys;
#[cfg(test)]
mod init_tests;
mod intake;
mod key_files;
mod keys;
mod load;
mod progress;
mod purge;
mod rebuild;
mod reconcile;
mod reconcile_orders;
mod remember;
mod reopen;
mod report;
mod resolve;
mod restated_rows;
mod run;
mod schedule;
mod settlement_rows;
mod status;
mod unsettled;
mod verify;
mod verify_pack;
mod world;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

pub use args::{Cli, LogForm};
pub use examples::command;
pub use failure::Failure;
pub use world::{LogLevel, Logging, SIGINT, SIGTERM, StopFlag, Terminal, World};

use crate::domain::ExitCode;
use args::Command;

/// Runs a command line to its end. Messages go to the world's error stream.
pub fn run(arguments: impl IntoIterator<Item = OsString>, world: &mut World<'_>) -> ExitCode {
    let parsed = command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(why) => return usage(&why, world),
    };
    start_log(&cli, world);
    let outcome = match &cli.command {
        Command::Report(args) => report::run(&cli.common, args, world),
        Command::Disputes(args) => disputes::run(&cli.common, args, world),
        Command::Import(args) => import::run(&cli.common, args, world),
        Command::Fetch(args) => fetch::run(&cli.common, args, world),
        Command::Run => run::run(&cli.common, world),
        Command::Daemon => daemon::run(&cli.common, world),
        Command::Status(args) => status::run(&cli.common, args, world),
        Command::Schedule(args) => schedule::run(&cli.common, args, world),
        Command::Export(args) => export::run(&cli.common, args, world),
        Command::Check(args) => check::run(&cli.common, args, world),
        Command::Init(args) => init::run(&cli.common, args, world),
        Command::Keys(args) => keys::run(&cli.common, args, world),
        Command::Doctor(args) => doctor::run(&cli.common, args, world),
        Command::Reconcile(args) => reconcile::run(&cli.common, args, world),
        Command::Resolve(args) => resolve::run(&cli.common, args, world),
        Command::Diff(args) => diff::run(&cli.common, args, world),
        Command::Close(args) => close::run(&cli.common, args, world),
        Command::Reopen(args) => reopen::run(&cli.common, args, world),
        Command::Explain(args) => explain::run(&cli.common, args, world),
        Command::Verify(args) => verify::run(&cli.common, args, world),
        Command::Backup(args) => backup::run(&cli.common, args, world),
        Command::Restore(args) => backup::run_restore(&cli.common, args, world),
        Command::Purge(args) => purge::run(&cli.common, args, world),
        Command::Forget(args) => purge::run_forget(&cli.common, args, world),
        Command::Events(args) => events::run(&cli.common, args, world),
        Command::Config(args) => config::run(&cli.common, args, world),
        Command::Completions(args) => documents::completions(args, Cli::command(), world),
        Command::Man(args) => documents::man(args, command(), world),
    };
    outcome.unwrap_or_else(|failure| failure.tell(world))
}

/// `-v` is for what a command itself shows, so the log begins with the second one; JSON is asked for by name.
/// The log is all that a daemon shows.
fn start_log(cli: &Cli, world: &World<'_>) {
    let common = &cli.common;
    let level = match (common.verbose, common.log) {
        _ if common.quiet => LogLevel::Off,
        (0 | 1, None) if matches!(cli.command, Command::Daemon) => LogLevel::Info,
        (0 | 1, None) => LogLevel::Off,
        (0, Some(_)) => LogLevel::Info,
        (1, Some(_)) | (2, None) => LogLevel::Info,
        _ => LogLevel::Debug,
    };
    (world.start_log)(Logging { level, form: common.log.unwrap_or(LogForm::Text) });
}

fn usage(why: &clap::Error, world: &mut World<'_>) -> ExitCode {
    let asked = matches!(why.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = if world.terminal.colour { why.render().ansi().to_string() } else { why.render().to_string() };
    let text = match text.split_once("error:") {
        Some((before, after)) if !asked && !before.contains(' ') => format!("settle: {before}error:{after}"),
        _ => text,
    };
    let stream: &mut dyn std::io::Write = if asked { &mut *world.stdout } else { &mut *world.stderr };
    // Nobody is left to tell when the stream itself is closed.
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    if asked { ExitCode::Done } else { ExitCode::Usage }
}
