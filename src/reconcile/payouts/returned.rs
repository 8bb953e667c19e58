//! Payouts that the bank sent back: a debit, marked as a return, of an earlier credit.
//!
//! Where one credit only can be meant, the two are a pair and the payout did not stay. Where several
//! can, none of them is sure any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::matching::MatchLine;
use super::payee::words;
use crate::domain::{Amount, BankCalendar, Currency};
use crate::reconcile::bank::Reversal;

/// Business days within which a return follows its credit.
const RETURN_DAYS: u32 = 20;

/// Beginnings of words that mark a return, in the languages of Amazon Pay's countries; folded.
const MARKS: [&str; 12] =
    ["RETOUR", "RETURN", "REJET", "REJECT", "RUCK", "RUECK", "DEVOL", "STORNO", "REVERS", "ANNUL", "RECALL", "RESTITU"];

/// Which credits were sent back.
#[derive(Clone, Debug, Default)]
pub(super) struct Returns {
    /// The debit of each credit that was surely sent back.
    pub(super) by_line: BTreeMap<usize, usize>,
    /// Credits one of which was sent back.
    pub(super) perhaps: BTreeSet<usize>,
}

/// Finds the returns among the lines that name Amazon or share a reference with a credit that does.
pub(super) fn find_returns(lines: &[MatchLine<'_>], amazon: &[bool], calendar: &BankCalendar) -> Returns {
    let mut credits: HashMap<(&str, Currency, Amount), Vec<usize>> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| amazon.get(*at) == Some(&true)) {
        if line.entry.amount > Amount::ZERO {
            credits.entry((line.account, line.entry.currency, line.entry.amount)).or_default().push(at);
        }
    }
    let mut returns = Returns::default();
    for (debit_at, debit) in lines.iter().enumerate() {
        if debit.entry.amount >= Amount::ZERO || !is_return(debit) {
            continue;
        }
        let amount = Amount::from_units(debit.entry.amount.units().saturating_neg());
        let named = amazon.get(debit_at) == Some(&true);
        let earliest = calendar.before(debit.entry.booked, RETURN_DAYS);
        let fits = |at: &&usize| {
            lines.get(**at).is_some_and(|credit| {
                let in_time = (earliest..=debit.entry.booked).contains(&credit.entry.booked);
                in_time && (named || shares_reference(credit, debit))
            })
        };
        let fitting = credits.get(&(debit.account, debit.entry.currency, amount)).into_iter().flatten();
        let fitting: Vec<usize> = fitting.filter(fits).copied().collect();
        let same: Vec<usize> = fitting
            .iter()
            .copied()
            .filter(|at| lines.get(*at).is_some_and(|credit| shares_reference(credit, debit)))
            .collect();
        match (&same[..], &fitting[..]) {
            ([only], _) | ([], [only]) => {
                returns.by_line.insert(*only, debit_at);
            }
            _ => returns.perhaps.extend(fitting),
        }
    }
    returns
}

fn is_return(line: &MatchLine<'_>) -> bool {
    let marked = || words(&line.entry.text).iter().any(|word| MARKS.iter().any(|mark| word.starts_with(mark)));
    line.entry.reversal == Reversal::Marked || marked()
}

fn shares_reference(credit: &MatchLine<'_>, debit: &MatchLine<'_>) -> bool {
    let reference = &credit.entry.end_to_end;
    let known = !reference.is_empty() && !reference.eq_ignore_ascii_case("NOTPROVIDED");
    known && *reference == debit.entry.end_to_end
}
