//! What becomes of the buyer's personal data (names, e-mail, addresses) when a report is read.

use std::fmt;
use std::str::FromStr;

/// The treatment of buyer data. The raw archive keeps the files as Amazon made them in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PiiPolicy {
    /// Leave it out.
    #[default]
    Drop,
    /// Keep a keyed hash, so that the same buyer is recognised but not named.
    Hash,
    /// Keep it in clear.
    Keep,
}

impl PiiPolicy {
    /// All treatments, the most careful first.
    pub const ALL: [PiiPolicy; 3] = [PiiPolicy::Drop, PiiPolicy::Hash, PiiPolicy::Keep];

    /// The word used in the config.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PiiPolicy::Drop => "drop",
            PiiPolicy::Hash => "hash",
            PiiPolicy::Keep => "keep",
        }
    }
}

impl fmt::Display for PiiPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Kinds of documents whose rows may name a buyer: transaction reports. Settlements, payouts and disputes carry ids.
pub const BUYER_KINDS: [&str; 5] = [
    "amazon_pay_refund",
    "amazon_pay_capture",
    "amazon_pay_authorization",
    "amazon_pay_order_reference",
    "amazon_pay_billing_agreement",
];

/// Whether documents of this kind may name a buyer. What is not known may.
#[must_use]
pub fn tells_of_buyers(kind: &str) -> bool {
    BUYER_KINDS.contains(&kind) || kind == "unknown"
}

/// The text is none of `drop`, `hash`, `keep`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a treatment of buyer data; expected drop, hash or keep")]
pub struct UnknownPiiPolicy(String);

impl FromStr for PiiPolicy {
    type Err = UnknownPiiPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPiiPolicy> {
        PiiPolicy::ALL.into_iter().find(|policy| policy.word() == text).ok_or_else(|| UnknownPiiPolicy(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buyer_data_is_dropped_unless_someone_asks_otherwise() {
        assert_eq!(PiiPolicy::default(), PiiPolicy::Drop);
        for policy in PiiPolicy::ALL {
            assert_eq!(policy.word().parse(), Ok(policy));
        }
        assert!("Drop".parse::<PiiPolicy>().is_err());
    }
}
