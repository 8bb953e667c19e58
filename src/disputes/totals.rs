//! Dispute totals of a period by account, currency and kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{AccountName, Currency, RowKind, Sum};
use crate::ledger::CaseTally;

/// What the disputes of one kind cost in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeTotal {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// `chargeback`, `a_to_z_claim`, or `dispute` where no row says more.
    pub kind: RowKind,
    /// Cases with a row in the period.
    pub cases: u64,
    /// Debited, positive.
    pub disputed: Sum,
    /// Credited, positive.
    pub recovered: Sum,
    /// Fees, signed as printed.
    pub fees: Sum,
    /// Σ net: equals the ledger's rows of these kinds.
    pub net: Sum,
}

/// Sums dispute rows into cases and cases into totals. `known` are the dispute rows of all time, by
/// which `Dispute` rows and corrections find their case; `within` those of the period. A correction whose
/// order has no case is none of a dispute's.
#[must_use]
pub fn dispute_totals<'a>(
    account: &AccountName,
    known: impl Iterator<Item = &'a CaseTally>,
    within: impl Iterator<Item = (&'a str, &'a CaseTally)>,
) -> Vec<DisputeTotal> {
    let mut by_currency: BTreeMap<Currency, Vec<&CaseTally>> = BTreeMap::new();
    known.for_each(|case| by_currency.entry(case.currency).or_default().push(case));
    let kinds: BTreeMap<Currency, HashMap<String, RowKind>> =
        by_currency.into_iter().map(|(currency, cases)| (currency, case_kinds(cases.into_iter()))).collect();
    let mut totals: BTreeMap<(Currency, RowKind), (DisputeTotal, BTreeSet<String>)> = BTreeMap::new();
    for (file, case) in within {
        let order = case.order_reference_id.as_str();
        let of_order = kinds.get(&case.currency).and_then(|kinds| kinds.get(order)).copied();
        let kind = match (case.kind, of_order) {
            (RowKind::Dispute, of_order) => of_order.unwrap_or(RowKind::Dispute),
            (RowKind::Adjustment, None) => continue,
            (RowKind::Adjustment, Some(kind)) => kind,
            (kind, _) => kind,
        };
        let (total, cases) = totals.entry((case.currency, kind)).or_insert_with(|| {
            (
                DisputeTotal {
                    account: account.clone(),
                    currency: case.currency,
                    kind,
                    cases: 0,
                    disputed: Sum::ZERO,
                    recovered: Sum::ZERO,
                    fees: Sum::ZERO,
                    net: Sum::ZERO,
                },
                BTreeSet::new(),
            )
        });
        // A row without an order reference is a case of its own.
        cases.insert(if order.is_empty() { format!("{file}:{}", case.line) } else { order.to_owned() });
        total.disputed += case.debited;
        total.recovered += case.credited;
        total.fees += case.fees;
        total.net += case.net;
    }
    totals
        .into_values()
        .map(|(mut total, cases)| {
            total.cases = cases.len() as u64;
            total
        })
        .collect()
}

/// The kind of case of each order, from the dispute rows of one account and currency of all time.
#[must_use]
pub fn case_kinds<'a>(known: impl Iterator<Item = &'a CaseTally>) -> HashMap<String, RowKind> {
    let mut kinds: HashMap<String, RowKind> = HashMap::new();
    for case in known.filter(|case| case.kind.is_dispute() && !case.order_reference_id.is_empty()) {
        let kind = kinds.entry(case.order_reference_id.clone()).or_insert(case.kind);
        *kind = leading_kind(*kind, case.kind);
    }
    kinds
}

/// To which of an order's cases its `Dispute` rows and corrections belong: the chargeback, as that is what
/// the fee of a dispute is for, else the claim, else a case of their own.
pub(super) fn leading_kind(one: RowKind, other: RowKind) -> RowKind {
    const RANK: [RowKind; 3] = [RowKind::Chargeback, RowKind::AToZClaim, RowKind::Dispute];
    RANK.into_iter().find(|kind| *kind == one || *kind == other).unwrap_or(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Part;

    fn case(kind: RowKind, order: &str, line: u64, net: i128) -> CaseTally {
        let (debited, credited) = if net < 0 { (-net, 0) } else { (0, net) };
        CaseTally {
            part: Part::Within,
            currency: "EUR".parse().unwrap(),
            kind,
            order_reference_id: order.to_owned(),
            line,
            count: 1,
            debited: Sum::from_units(debited),
            credited: Sum::from_units(credited),
            fees: Sum::ZERO,
            net: Sum::from_units(net),
        }
    }

    #[test]
    fn a_dispute_row_belongs_to_the_case_of_its_order_and_every_row_to_one() {
        let rows = [
            case(RowKind::Chargeback, "P02-1", 7, -50),
            case(RowKind::Dispute, "P02-1", 8, -14),
            case(RowKind::Dispute, "P02-9", 9, -5),
            case(RowKind::AToZClaim, "", 10, -20),
            case(RowKind::AToZClaim, "", 11, -30),
            case(RowKind::Chargeback, "P02-1", 12, 50),
            case(RowKind::Adjustment, "P02-1", 13, 3),
            case(RowKind::Adjustment, "P02-7", 14, 1_000),
        ];
        let account = AccountName::new("shop");
        let totals = dispute_totals(&account, rows.iter(), rows.iter().map(|row| ("f", row)));
        let of = |kind| totals.iter().find(|total| total.kind == kind).unwrap();
        assert_eq!((of(RowKind::Chargeback).cases, of(RowKind::Chargeback).net), (1, Sum::from_units(-11)));
        assert_eq!(of(RowKind::Chargeback).recovered, Sum::from_units(53));
        assert_eq!(of(RowKind::AToZClaim).cases, 2);
        assert_eq!(of(RowKind::Dispute).cases, 1);
        let total: Sum = totals.iter().map(|total| total.net).sum();
        let of_cases = rows.iter().filter(|row| row.order_reference_id != "P02-7");
        assert_eq!(total, of_cases.map(|row| row.net).sum());
    }
}
