//! What became of a payout, and why.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::Sum;

/// What became of a payout (contract §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutState {
    /// It is on the bank statement, and this is the one consistent assignment.
    Matched,
    /// Several assignments are consistent; the candidates are listed.
    Ambiguous,
    /// Its reference is on the bank statement with another amount.
    AmountDiffers,
    /// It is not there yet, and the time in which it may come is not over.
    InTransit,
    /// It is not there, and the time in which it may come is over; or the bank sent it back.
    Missing,
}

impl PayoutState {
    /// Every state, in the order of the documentation.
    pub const ALL: [PayoutState; 5] = [
        PayoutState::Matched,
        PayoutState::Ambiguous,
        PayoutState::AmountDiffers,
        PayoutState::InTransit,
        PayoutState::Missing,
    ];

    /// The word in JSON and in the catalog.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PayoutState::Matched => "matched",
            PayoutState::Ambiguous => "ambiguous",
            PayoutState::AmountDiffers => "amount_differs",
            PayoutState::InTransit => "in_transit",
            PayoutState::Missing => "missing",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a person has to look.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, PayoutState::Ambiguous | PayoutState::AmountDiffers | PayoutState::Missing)
    }
}

/// By which rule a verdict was reached (bank-statements §10.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchRule {
    /// The disbursement's reference stands in the bank line.
    Reference,
    /// The settlement's id stands in the bank line.
    SettlementId,
    /// Amount, currency, direction, payee and a window of business days.
    AmountWindow,
    /// The same without the payee.
    AmountWindowAnyPayee,
    /// Several payouts in one line, or one payout in several lines.
    Sum,
}

impl MatchRule {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            MatchRule::Reference => "reference",
            MatchRule::SettlementId => "settlement_id",
            MatchRule::AmountWindow => "amount_window",
            MatchRule::AmountWindowAnyPayee => "amount_window_any_payee",
            MatchRule::Sum => "sum",
        }
    }
}

/// Why a verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The reference decides.
    Reference,
    /// The reference stands in a line of another currency.
    OtherCurrency,
    /// The reference stands in lines that do not give one assignment.
    ReferenceInSeveral,
    /// Nothing else is possible.
    OnlyPossibility,
    /// Several lines, or several payouts, are as good.
    SeveralPossible,
    /// A payout that did not arrive in time could be this line.
    LatePossible,
    /// The graph is too large to decide.
    TooLarge,
    /// The amount is there, but Amazon is not named.
    PayeeUnknown,
    /// The bank sent it back.
    Returned,
    /// One of several equal lines was sent back, and it is not known which.
    PerhapsReturned,
    /// Nothing is there, and the time is over.
    TimeOver,
    /// Nothing is there, and the time is not over.
    TimeLeft,
    /// No statement covers the days in question.
    NotCovered,
}

impl Reason {
    /// The sentence for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Reason::Reference => "the bank line carries its reference",
            Reason::OtherCurrency => "a bank line in another currency carries its reference",
            Reason::ReferenceInSeveral => "its reference stands in lines that do not give one assignment",
            Reason::OnlyPossibility => "no other assignment is consistent",
            Reason::SeveralPossible => "several assignments are consistent",
            Reason::LatePossible => "an equal payout that did not arrive in time could be this line",
            Reason::TooLarge => "too many equal payouts and lines to decide",
            Reason::PayeeUnknown => "amount and time fit, but the line does not name Amazon",
            Reason::Returned => "the bank sent it back",
            Reason::PerhapsReturned => "one of several equal lines was sent back",
            Reason::TimeOver => "nothing arrived in the time expected",
            Reason::TimeLeft => "it may still arrive",
            Reason::NotCovered => "no bank statement covers the days in question",
        }
    }
}

/// What became of one payout, or of several that are one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The payouts, by their place in the input.
    pub payouts: Vec<usize>,
    /// What became of them.
    pub state: PayoutState,
    /// By which rule; none where nothing was found.
    pub rule: Option<MatchRule>,
    /// Why.
    pub reason: Reason,
    /// The lines, by their place in the input.
    pub lines: Vec<usize>,
    /// Lines that could be it.
    pub candidates: Vec<usize>,
    /// What the lines have more than the payouts, where they differ.
    pub difference: Option<Sum>,
    /// The line by which it was sent back.
    pub returned: Option<usize>,
    /// Equal payouts and lines among which it cannot be told which is which.
    pub group: Option<(u64, u64)>,
    /// The last day on which it is expected.
    pub expected_until: NaiveDate,
}
