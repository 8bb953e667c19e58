//! Placeholder.
use super::fault::{BankError, BankFault};
use super::read::Source;
use super::statement::BankStatement;
use crate::config::CsvMapping;

pub(super) fn read_csv(source: &mut Source<'_>, _mapping: &CsvMapping) -> Result<Vec<BankStatement>, BankError> {
    Err(BankFault::NoStatement.at(source.file, None))
}
