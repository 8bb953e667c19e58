//! The `settle` program. It alone owns the streams, the clock, the environment and the processors.

use std::collections::BTreeMap;
use std::io::{BufWriter, IsTerminal};
use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};
use settle::cli::{Terminal, World, run};
use settle::config::Surroundings;
use settle::domain::Clock;

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

fn main() -> std::process::ExitCode {
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let no_color = variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let mut stdin = std::io::stdin();
    let mut stderr = std::io::stderr();
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    let terminal = Terminal { colour: std::io::stdout().is_terminal() && !no_color, progress: stderr.is_terminal() };
    let mut world = World {
        stdin: &mut stdin,
        stdout: &mut stdout,
        stderr: &mut stderr,
        surroundings: Surroundings::new(variables, std::env::current_dir().unwrap_or_default()),
        clock: &SystemClock,
        terminal,
        workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    std::process::ExitCode::from(run(std::env::args_os(), &mut world).number())
}
