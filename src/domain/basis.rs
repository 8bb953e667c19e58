//! Which date decides the month of a row (contract §5).

use std::fmt;
use std::str::FromStr;

/// The date by which a row belongs to a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The instant at which the row was posted (accrual cut).
    #[default]
    Posted,
    /// The end of the row's settlement.
    Settlement,
    /// The instant at which the payout of the row's settlement was posted (cash cut).
    Payout,
}

impl Basis {
    /// All bases, in the order of the documentation.
    pub const ALL: [Basis; 3] = [Basis::Posted, Basis::Settlement, Basis::Payout];

    /// The word used on the command line, in the config and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Basis::Posted => "posted",
            Basis::Settlement => "settlement",
            Basis::Payout => "payout",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The text is none of `posted`, `settlement`, `payout`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a basis; expected posted, settlement or payout")]
pub struct UnknownBasis(String);

impl FromStr for Basis {
    type Err = UnknownBasis;

    fn from_str(text: &str) -> Result<Self, UnknownBasis> {
        Basis::ALL.into_iter().find(|basis| basis.word() == text).ok_or_else(|| UnknownBasis(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_its_basis() {
        for basis in Basis::ALL {
            assert_eq!(basis.word().parse(), Ok(basis));
        }
        assert!("accrual".parse::<Basis>().is_err());
    }
}
