//! `settle import`: files saved by hand into the archive.
use super::args::{Common, ImportArgs};
use super::failure::Failure;
use super::world::World;
use crate::domain::ExitCode;
pub(super) fn run(_common: &Common, _args: &ImportArgs, _world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Err(Failure::new(ExitCode::Defect, "not built"))
}
