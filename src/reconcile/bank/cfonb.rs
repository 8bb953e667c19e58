//! Placeholder.
use super::fault::{BankError, BankFault};
use super::read::Source;
use super::statement::BankStatement;

pub(super) fn read_cfonb(source: &mut Source<'_>) -> Result<Vec<BankStatement>, BankError> {
    Err(BankFault::NoStatement.at(source.file, None))
}
