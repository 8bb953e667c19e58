//! Disbursement lists: the answer of Get Disbursements (API v2), saved as JSON.
//!
//! `amazonDisbursementReferenceId` is the text that the bank statement prints, so a list ties a
//! settlement to its bank line (amazon-apis §2.12). Amounts are strings there; a number is read by
//! its digits.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fault::Fault;
use super::json::{exact_amount, json_fault};
use super::timestamp::parse_timestamp;
use crate::domain::{Amount, Currency, Instant, SellerId, SettlementId};

/// One payout as Amazon lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disbursement {
    /// The merchant, where the list names one.
    pub seller_id: Option<SellerId>,
    /// The settlement that was paid out.
    pub settlement_id: SettlementId,
    /// The text that the bank prints.
    pub reference: String,
    /// What was paid out.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// The time of the settlement.
    pub time: Instant,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    disbursements: Vec<Item<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    seller_id: Option<String>,
    settlement_id: String,
    amazon_disbursement_reference_id: Option<String>,
    #[serde(borrow)]
    amount: &'a RawValue,
    currency_code: String,
    transaction_time: String,
}

/// Reads a list.
///
/// # Errors
/// [`Fault::Json`] for another shape, the cell faults for a wrong amount, currency or time.
pub(super) fn read_disbursements(text: &str) -> Result<Vec<Disbursement>, Fault> {
    let list: List<'_> = serde_json::from_str(text).map_err(|why| json_fault(&why))?;
    list.disbursements.into_iter().map(Item::read).collect()
}

impl Item<'_> {
    fn read(self) -> Result<Disbursement, Fault> {
        let currency = self.currency_code.parse().map_err(|_| Fault::Currency { value: self.currency_code })?;
        let time = parse_timestamp(self.transaction_time.as_bytes());
        Ok(Disbursement {
            seller_id: self.seller_id.map(SellerId::new),
            settlement_id: SettlementId::new(self.settlement_id),
            reference: self.amazon_disbursement_reference_id.unwrap_or_default(),
            amount: exact_amount(self.amount, currency)?,
            currency,
            time: time.map_err(|why| Fault::Timestamp { value: self.transaction_time, why })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(amount: &str) -> String {
        format!(
            r#"{{"disbursements":[{{"sellerId":"A0EXAMPLE","settlementId":"10000000001",
            "amazonDisbursementReferenceId":"REF","amount":{amount},"currencyCode":"EUR",
            "transactionTime":"2022-12-07T17:08:26.717Z"}}],"nextToken":""}}"#
        )
    }

    #[test]
    fn amounts_are_exact_whether_text_or_number() {
        for amount in ["\"1000.50\"", "1000.50"] {
            let read = read_disbursements(&list(amount)).unwrap();
            assert_eq!(read[0].amount, Amount::from_units(10_005_000));
            assert_eq!(read[0].settlement_id.as_str(), "10000000001");
        }
    }

    #[test]
    fn a_wrong_amount_or_shape_is_refused() {
        assert!(matches!(read_disbursements(&list("1e3")), Err(Fault::Amount { .. })));
        assert!(matches!(read_disbursements(&list("null")), Err(Fault::Amount { .. })));
        assert!(matches!(read_disbursements("{\"disbursements\":3}"), Err(Fault::Json { .. })));
    }
}
