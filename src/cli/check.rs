//! `settle check`: files of other programs, by the rules of those who receive them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::args::{CheckArgs, CheckCommand, Common, Format};
use super::failure::Failure;
use super::world::World;
use crate::domain::ExitCode;
use crate::export::{Target, WriteError, check_fec, fec_text, json_text};

pub(super) fn run(common: &Common, args: &CheckArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let CheckCommand::Fec { file } = &args.command;
    let name = file.display().to_string();
    let bytes: Box<dyn Read + '_> = if file == Path::new("-") {
        Box::new(&mut *world.stdin)
    } else {
        Box::new(File::open(file).map_err(|why| unreadable(&name, &why))?)
    };
    let report = check_fec(&name, bytes).map_err(|why| unreadable(&name, &why))?;
    let text = match common.format.unwrap_or(Format::Text) {
        Format::Json => json_text(&report)?,
        Format::Text => fec_text(&report),
        _ => return Err(Failure::new(ExitCode::Usage, "check has no such form; use text or json")),
    };
    let target = Target::new(common.output.as_deref());
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(if report.is_refused() { ExitCode::DoesNotTie } else { ExitCode::Done })
}

/// A file that is not there is an input that was not read.
fn unreadable(name: &str, why: &std::io::Error) -> Failure {
    Failure::new(ExitCode::DoesNotTie, format!("{name}: cannot be read: {why}"))
}
