//! Row kinds of a settlement, from the open word list of `TransactionType`.
//!
//! `Capture`, `Transfer` and `Reserve` were seen in real files; the other words are Amazon's
//! documentation. Their exact spelling in a file is not known, so words are compared without
//! regard to case, blanks and hyphens, and an unknown word is kept as `Unknown`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a settlement row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// Money charged to a buyer.
    Capture,
    /// Money given back to a buyer.
    Refund,
    /// A fee for an authorization, e.g. one that expired unused.
    Authorization,
    /// A granted A-to-z Guarantee claim.
    AToZClaim,
    /// A reversal through the buyer's bank.
    Chargeback,
    /// The cost of, or the hold for, a dispute.
    Dispute,
    /// A correction by Amazon, of either sign.
    Adjustment,
    /// Money debited because the balance could not cover a refund.
    Debt,
    /// Money moved into or out of the reserve: not a movement of the balance.
    Reserve,
    /// A balance carried from one settlement into the next: not a movement of the balance.
    Carryover,
    /// A payout to (negative) or a collection from (positive) the merchant's bank.
    Transfer,
    /// A word that is not in the list; it moves the balance like any other.
    Unknown,
}

/// Folded words and their kinds. Every word that begins with `atoz` is a claim: Amazon's pages spell
/// it in four ways.
const WORDS: [(&str, RowKind); 11] = [
    ("capture", RowKind::Capture),
    ("refund", RowKind::Refund),
    ("authorization", RowKind::Authorization),
    ("a_to_z_claim", RowKind::AToZClaim),
    ("chargeback", RowKind::Chargeback),
    ("dispute", RowKind::Dispute),
    ("adjustment", RowKind::Adjustment),
    ("debt", RowKind::Debt),
    ("reserve", RowKind::Reserve),
    ("carryover", RowKind::Carryover),
    ("transfer", RowKind::Transfer),
];

impl RowKind {
    /// Every kind, in the order of statements: sales first, the payout last.
    pub const ALL: [RowKind; 12] = [
        RowKind::Capture,
        RowKind::Refund,
        RowKind::Authorization,
        RowKind::AToZClaim,
        RowKind::Chargeback,
        RowKind::Dispute,
        RowKind::Adjustment,
        RowKind::Debt,
        RowKind::Unknown,
        RowKind::Reserve,
        RowKind::Carryover,
        RowKind::Transfer,
    ];

    /// Reads a `TransactionType` word without regard to case, blanks and hyphens.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        let folded: String = word
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\u{2013}'))
            .flat_map(char::to_lowercase)
            .collect();
        if folded.starts_with("atoz") {
            return RowKind::AToZClaim;
        }
        WORDS.iter().find(|(known, _)| *known == folded).map_or(RowKind::Unknown, |&(_, kind)| kind)
    }

    /// The word in JSON, CSV and Parquet (contract §5).
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RowKind::Capture => "capture",
            RowKind::Refund => "refund",
            RowKind::Authorization => "authorization",
            RowKind::AToZClaim => "a_to_z_claim",
            RowKind::Chargeback => "chargeback",
            RowKind::Dispute => "dispute",
            RowKind::Adjustment => "adjustment",
            RowKind::Debt => "debt",
            RowKind::Reserve => "reserve",
            RowKind::Carryover => "carryover",
            RowKind::Transfer => "transfer",
            RowKind::Unknown => "unknown",
        }
    }

    /// Whether rows of this kind move the merchant's balance; reserve and carry-over only move
    /// money inside it.
    #[must_use]
    pub fn moves_balance(self) -> bool {
        !matches!(self, RowKind::Reserve | RowKind::Carryover)
    }

    /// Whether rows of this kind open or fund a dispute case.
    #[must_use]
    pub fn is_dispute(self) -> bool {
        matches!(self, RowKind::AToZClaim | RowKind::Chargeback | RowKind::Dispute)
    }

    /// Whether rows of this kind can belong to a dispute case: those that open one, and corrections, which
    /// belong to the case of the same order where there is one.
    #[must_use]
    pub fn can_join_case(self) -> bool {
        self.is_dispute() || self == RowKind::Adjustment
    }
}

/// Words remembered; a file with more of them is only slower.
const WORDS_REMEMBERED: usize = 64;

/// The few words of a file, each looked up once.
#[derive(Debug, Default)]
pub struct KindCache(Vec<(String, RowKind)>);

impl KindCache {
    /// The kind of a word.
    pub fn kind(&mut self, word: &str) -> RowKind {
        if let Some((_, kind)) = self.0.iter().find(|(known, _)| known == word) {
            return *kind;
        }
        let kind = RowKind::from_word(word);
        if self.0.len() < WORDS_REMEMBERED {
            self.0.push((word.to_owned(), kind));
        }
        kind
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_without_case_blanks_and_hyphens() {
        for word in ["A-to-z Guarantee Claim", "A to Z Guarantee Claim", "A-to-z Guarantee", "A-to-z", "ATOZ"] {
            assert_eq!(RowKind::from_word(word), RowKind::AToZClaim, "{word}");
        }
        assert_eq!(RowKind::from_word(" Carry-Over "), RowKind::Carryover);
        assert_eq!(RowKind::from_word("CHARGE BACK"), RowKind::Chargeback);
    }

    #[test]
    fn an_unknown_word_is_unknown_and_never_guessed() {
        for word in ["", "Something New", "Captures", "Refund Reversal"] {
            assert_eq!(RowKind::from_word(word), RowKind::Unknown, "{word}");
        }
    }

    #[test]
    fn every_kind_reads_its_own_word() {
        for kind in RowKind::ALL {
            assert_eq!(RowKind::from_word(kind.word()), kind);
        }
    }
}
