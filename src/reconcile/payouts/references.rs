//! Where references and settlement ids stand in bank texts.
//!
//! A reference counts as a whole token, compared without case and punctuation. Banks break long texts
//! at any column, so lines that name Amazon are also searched without their blanks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::expected::ExpectedPayout;
use super::matching::MatchLine;

/// Shorter texts occur by chance.
const REFERENCE_CHARS_MIN: usize = 6;

/// Which payouts' references stand in which lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    /// The text that Amazon says the bank prints.
    pub(super) by_reference: Pairs,
    /// The settlement's id: of the row's settlement or of the one that was paid.
    pub(super) by_settlement_id: Pairs,
}

/// Pairs of a payout and a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs(BTreeSet<(usize, usize)>);

impl Pairs {
    /// Payouts and lines that hang together.
    pub(super) fn components(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut left = self.0.clone();
        let mut components = Vec::new();
        while let Some(&(payout, line)) = left.first() {
            let (mut payouts, mut lines) = (BTreeSet::from([payout]), BTreeSet::from([line]));
            loop {
                let touching: Vec<_> =
                    left.iter().filter(|(p, l)| payouts.contains(p) || lines.contains(l)).copied().collect();
                if touching.is_empty() {
                    break;
                }
                for pair in touching {
                    left.remove(&pair);
                    payouts.insert(pair.0);
                    lines.insert(pair.1);
                }
            }
            components.push((payouts.into_iter().collect(), lines.into_iter().collect()));
        }
        components
    }

    /// Those that fit.
    pub(super) fn filtered(&self, fits: impl Fn(usize, usize) -> bool) -> Pairs {
        Pairs(self.0.iter().copied().filter(|(payout, line)| fits(*payout, *line)).collect())
    }

    /// The lines of each payout.
    pub(super) fn by_payout(&self) -> Vec<(usize, Vec<usize>)> {
        let mut by_payout: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (payout, line) in &self.0 {
            by_payout.entry(*payout).or_default().push(*line);
        }
        by_payout.into_iter().collect()
    }
}

/// What a token stands for.
#[derive(Clone, Copy)]
enum Meaning {
    Reference,
    SettlementId,
}

/// Looks for every payout's references in every line.
pub(super) fn find_references(payouts: &[ExpectedPayout], lines: &[MatchLine<'_>], amazon: &[bool]) -> Hits {
    let mut wanted: HashMap<String, Vec<(usize, Meaning)>> = HashMap::new();
    for (at, payout) in payouts.iter().enumerate() {
        let mut want = |text: &str, meaning: Meaning| {
            let folded = folded(text);
            if folded.len() >= REFERENCE_CHARS_MIN {
                wanted.entry(folded).or_default().push((at, meaning));
            }
        };
        if let Some(reference) = &payout.reference {
            want(reference, Meaning::Reference);
        }
        for id in [&payout.settlement_id, &payout.paid_settlement_id].into_iter().flatten() {
            want(id.as_str(), Meaning::SettlementId);
        }
    }
    let mut hits = Hits::default();
    if wanted.is_empty() {
        return hits;
    }
    for (at, line) in lines.iter().enumerate() {
        let mut take = |found: &[(usize, Meaning)]| {
            for (payout, meaning) in found {
                let pairs = match meaning {
                    Meaning::Reference => &mut hits.by_reference,
                    Meaning::SettlementId => &mut hits.by_settlement_id,
                };
                pairs.0.insert((*payout, at));
            }
        };
        for text in line.entry.texts() {
            for found in tokens(text).filter_map(|token| find(&wanted, token)) {
                take(found);
            }
            if amazon.get(at) == Some(&true) {
                let whole = folded(text);
                wanted.iter().filter(|(token, _)| stands_in(&whole, token)).for_each(|(_, found)| take(found));
            }
        }
    }
    hits
}

/// Tokens between blanks, and between any other characters.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let by_blank = text.split_whitespace();
    let by_any = text.split(|c: char| !c.is_alphanumeric());
    by_blank.chain(by_any).filter(|token| token.len() >= REFERENCE_CHARS_MIN)
}

fn find<'w>(wanted: &'w HashMap<String, Vec<(usize, Meaning)>>, token: &str) -> Option<&'w Vec<(usize, Meaning)>> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if plain { wanted.get(token) } else { wanted.get(&folded(token)) }
}

/// Letters and digits in capitals.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Whether a token stands in a text without blanks, and not inside a longer number.
fn stands_in(text: &str, token: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    text.match_indices(token).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + token.len()..).and_then(|text| text.chars().next());
        let runs_in = is_digit(before) && is_digit(token.chars().next());
        let runs_on = is_digit(after) && is_digit(token.chars().next_back());
        !runs_in && !runs_on
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_whole_token_even_where_the_bank_breaks_it() {
        assert!(stands_in(&folded("GUTSCHRIFT AMZN59848 62222 EUR"), "AMZN5984862222"));
        assert!(!stands_in("AMZN59848622223", "AMZN5984862222"));
        assert!(!stands_in("15984862222", "5984862222"));
        assert!(stands_in("REF5984862222X", "5984862222"));
        assert!(tokens("EREF+AMZN5984862222/x").any(|token| token == "AMZN5984862222"));
    }

    #[test]
    fn pairs_hang_together_through_payouts_and_lines() {
        let pairs = Pairs(BTreeSet::from([(0, 0), (1, 0), (1, 3), (2, 5)]));
        assert_eq!(pairs.components(), [(vec![0, 1], vec![0, 3]), (vec![2], vec![5])]);
    }
}
