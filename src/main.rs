//! The `settle` program. It alone owns the streams, the clock, the environment and the processors.

use std::collections::BTreeMap;
use std::io::{BufWriter, IsTerminal};
use std::num::NonZeroUsize;

use chrono::{DateTime, TimeDelta, Utc};
use settle::cli::{LogForm, LogLevel, Logging, SIGINT, SIGTERM, StopFlag, Terminal, World, run};
use settle::config::Surroundings;
use settle::domain::{Clock, Pause, Timer};
use tracing_subscriber::filter::LevelFilter;

/// Frames of some megabytes come and go many times a second; the C library's allocator gives their memory
/// back to the system each time, which cost as much as parsing (measured on ten million rows).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The system's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

impl Timer for SystemClock {
    fn pause(&self, span: TimeDelta) -> Pause<'_> {
        Box::pin(tokio::time::sleep(span.to_std().unwrap_or_default()))
    }
}

/// From now on SIGINT and SIGTERM are only remembered: whoever works looks at the flag between two steps.
fn catch_signals() -> StopFlag {
    let flag = StopFlag::default();
    for signal in [SIGINT, SIGTERM] {
        // The numbers are small and allowed; where the system refuses all the same, a signal ends the process at once.
        let number = i32::try_from(signal).unwrap_or(0);
        let _ = signal_hook::flag::register_usize(number, flag.0.clone(), signal);
    }
    flag
}

fn start_log(logging: Logging) {
    let level = match logging.level {
        LogLevel::Off => return,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_ansi(false);
    // A second subscriber in one process cannot be; main runs once.
    let _ = match logging.form {
        LogForm::Text => builder.with_target(false).try_init(),
        LogForm::Json => builder.json().flatten_event(true).with_target(false).try_init(),
    };
}

fn main() -> std::process::ExitCode {
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let no_color = variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let mut stdin = std::io::stdin();
    let mut stderr = std::io::stderr();
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    let terminal = Terminal {
        colour: std::io::stdout().is_terminal() && !no_color,
        progress: stderr.is_terminal(),
        input: stdin.is_terminal(),
    };
    let mut world = World {
        stdin: &mut stdin,
        stdout: &mut stdout,
        stderr: &mut stderr,
        surroundings: Surroundings::new(variables, std::env::current_dir().unwrap_or_default()),
        program: std::env::current_exe().unwrap_or_else(|_| "settle".into()),
        clock: &SystemClock,
        catch_signals: &catch_signals,
        start_log: &start_log,
        terminal,
        workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    std::process::ExitCode::from(run(std::env::args_os(), &mut world).number())
}
