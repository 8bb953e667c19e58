//! How a case stands, from what is known (disputes §9).

use super::case::{CaseStatus, StatusBasis};
use super::clock::{Clock, Deadline};
use super::facts::{CaseRow, Notice, ObjectFact};
use crate::domain::{Amount, RowKind, Sum};
use crate::parse::DisputeObject;

/// The only state of a notification that is known: the chargeback was received.
const RECEIVED: &str = "RECEIVED";

/// By rows alone; `None` where there is none. No row says that a case is final: `lost` means that nothing came
/// back so far.
#[must_use]
pub fn status_by_rows(order_reference_id: &str, rows: &[CaseRow]) -> Option<CaseStatus> {
    if rows.is_empty() {
        return None;
    }
    if order_reference_id.is_empty() {
        return Some(CaseStatus::Unknown);
    }
    let is_claim = |row: &&CaseRow| matches!(row.kind, RowKind::Chargeback | RowKind::AToZClaim);
    if !rows.iter().any(|row| is_claim(&row)) {
        let disputed = rows.iter().any(|row| row.kind == RowKind::Dispute);
        return Some(if disputed { CaseStatus::Open } else { CaseStatus::Unknown });
    }
    // What it cost to contest says nothing about who won.
    let (mut debits, mut credits) = (Sum::ZERO, Sum::ZERO);
    for row in rows.iter().filter(|row| row.kind != RowKind::Dispute) {
        let amount = Sum::from(row.amount);
        if row.amount < Amount::ZERO { debits += -amount } else { credits += amount }
    }
    Some(match (credits.is_zero(), debits.is_zero()) {
        (true, true) => CaseStatus::Unknown,
        (true, false) => CaseStatus::Lost,
        (false, _) if credits >= debits => CaseStatus::Won,
        (false, _) => CaseStatus::PartlyWon,
    })
}

/// By one object of the Dispute API; `None` where it does not tell.
#[must_use]
pub fn status_of_object(object: &DisputeObject) -> Option<CaseStatus> {
    match (object.state.as_str(), object.resolution.as_str(), object.reason_code.as_str()) {
        (_, "MerchantWon", _) => Some(CaseStatus::Won),
        (_, "BuyerWon", _) => Some(CaseStatus::Lost),
        // Neither side is liable: who bears the loss, rows tell.
        (_, "NoFault", _) => None,
        ("UnderReview" | "ActionRequired", ..) => Some(CaseStatus::Open),
        // Both are documented as closed for the buyer.
        ("Resolved" | "Closed", _, "MerchantAcceptedDispute" | "MerchantResponseDeadlineExpired") => {
            Some(CaseStatus::Lost)
        }
        _ => None,
    }
}

/// Of everything that is known of a case.
#[must_use]
pub(super) fn status(
    by_rows: Option<CaseStatus>,
    notices: &[Notice],
    objects: &[ObjectFact],
    deadline: Option<Deadline>,
    clock: &Clock<'_>,
) -> (CaseStatus, StatusBasis) {
    if let Some(status) = by_objects(objects) {
        return (status, StatusBasis::Amazon);
    }
    let ahead = deadline.is_some_and(|deadline| clock.is_ahead(deadline));
    let received = notices.iter().any(|notice| notice.read.state.eq_ignore_ascii_case(RECEIVED));
    match by_rows {
        Some(CaseStatus::Lost) if ahead => (CaseStatus::Open, StatusBasis::Deadline),
        Some(status) => (status, StatusBasis::Reports),
        None if received => (CaseStatus::Open, StatusBasis::Notification),
        None => (CaseStatus::Unknown, StatusBasis::Reports),
    }
}

/// By all objects: open while one is; where they disagree otherwise, none of them decides.
fn by_objects(objects: &[ObjectFact]) -> Option<CaseStatus> {
    let mut told: Vec<CaseStatus> = objects.iter().filter_map(|object| status_of_object(&object.read)).collect();
    told.sort_unstable();
    told.dedup();
    match told.as_slice() {
        [CaseStatus::Open, ..] => Some(CaseStatus::Open),
        [status] => Some(*status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Instant, SettlementId};

    fn row(kind: RowKind, units: i64) -> CaseRow {
        CaseRow {
            source: 0,
            line: 1,
            posted: Instant::new(0, 0),
            settlement_id: SettlementId::new("1"),
            transaction_id: String::new(),
            seller_reference_id: String::new(),
            word: kind.to_string(),
            kind,
            order_reference_id: "P02-1".to_owned(),
            seller_order_id: String::new(),
            store_name: String::new(),
            description: String::new(),
            currency: "EUR".parse().unwrap(),
            amount: Amount::from_units(units),
            fee: Amount::ZERO,
            net: Amount::from_units(units),
        }
    }

    #[test]
    fn rows_tell_open_lost_partly_won_and_won() {
        use RowKind::{AToZClaim, Adjustment, Chargeback, Dispute};
        let status = |rows: &[(RowKind, i64)]| {
            let rows: Vec<CaseRow> = rows.iter().map(|(kind, units)| row(*kind, *units)).collect();
            status_by_rows("P02-1", &rows)
        };
        assert_eq!(status(&[]), None);
        assert_eq!(status(&[(Dispute, -15)]), Some(CaseStatus::Open));
        assert_eq!(status(&[(Chargeback, -50)]), Some(CaseStatus::Lost));
        assert_eq!(status(&[(AToZClaim, -50), (AToZClaim, 20)]), Some(CaseStatus::PartlyWon));
        assert_eq!(status(&[(Chargeback, -50), (Dispute, -15), (Chargeback, 50)]), Some(CaseStatus::Won));
        assert_eq!(status(&[(Chargeback, -50), (Adjustment, 50)]), Some(CaseStatus::Won));
        assert_eq!(status(&[(Adjustment, 50)]), Some(CaseStatus::Unknown));
        assert_eq!(status(&[(Chargeback, 0)]), Some(CaseStatus::Unknown));
        assert_eq!(status_by_rows("", &[row(Chargeback, -50)]), Some(CaseStatus::Unknown));
    }

    #[test]
    fn an_object_decides_only_what_it_says() {
        let object = |state: &str, resolution: &str, reason: &str| DisputeObject {
            state: state.to_owned(),
            resolution: resolution.to_owned(),
            reason_code: reason.to_owned(),
            ..DisputeObject::default()
        };
        for (state, resolution, reason, expected) in [
            ("Resolved", "BuyerWon", "", Some(CaseStatus::Lost)),
            ("Closed", "MerchantWon", "InvestigatorResolved", Some(CaseStatus::Won)),
            ("ActionRequired", "", "MerchantResponseRequired", Some(CaseStatus::Open)),
            ("UnderReview", "", "", Some(CaseStatus::Open)),
            ("Closed", "", "MerchantResponseDeadlineExpired", Some(CaseStatus::Lost)),
            ("Closed", "", "BuyerCancelled", None),
            ("Closed", "NoFault", "", None),
            ("SomethingNew", "", "", None),
            ("", "", "", None),
        ] {
            assert_eq!(status_of_object(&object(state, resolution, reason)), expected, "{state} {resolution} {reason}");
        }
    }
}
