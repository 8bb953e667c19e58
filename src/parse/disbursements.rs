//! Disbursement lists: the answer of Get Disbursements (API v2), saved as JSON.
//!
//! `amazonDisbursementReferenceId` is the text that the bank statement prints, so a list ties a
//! settlement to its bank line (amazon-apis §2.12). Amounts are strings there; a number is read by
//! its digits.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fault::Fault;
use super::json::{JsonFault, exact_amount, json_fault, line_of};
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
    #[serde(borrow)]
    currency_code: &'a RawValue,
    #[serde(borrow)]
    transaction_time: &'a RawValue,
}

/// Reads a list.
///
/// # Errors
/// [`Fault::Json`] for another shape, the cell faults for a wrong amount, currency or time.
pub(super) fn read_disbursements(text: &str) -> Result<Vec<Disbursement>, JsonFault> {
    let list: List<'_> = serde_json::from_str(text).map_err(|why| json_fault(&why, "the disbursement list"))?;
    list.disbursements.into_iter().map(|item| item.read(text)).collect()
}

/// The text of a JSON string; what is no string is taken as printed, so that the message shows it.
fn unquoted(raw: &RawValue) -> String {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

impl Item<'_> {
    fn read(self, text: &str) -> Result<Disbursement, JsonFault> {
        let at = |piece: &RawValue, member| {
            let line = line_of(text, piece);
            move |fault| JsonFault { line, member: Some(member), fault }
        };
        let (code, time) = (unquoted(self.currency_code), unquoted(self.transaction_time));
        let currency: Result<Currency, _> = code.parse();
        let currency = currency.map_err(|_| at(self.currency_code, "currencyCode")(Fault::Currency { value: code }))?;
        let instant = parse_timestamp(time.as_bytes());
        Ok(Disbursement {
            seller_id: self.seller_id.map(SellerId::new),
            settlement_id: SettlementId::new(self.settlement_id),
            reference: self.amazon_disbursement_reference_id.unwrap_or_default(),
            amount: exact_amount(self.amount, currency).map_err(at(self.amount, "amount"))?,
            currency,
            time: instant
                .map_err(|why| at(self.transaction_time, "transactionTime")(Fault::Timestamp { value: time, why }))?,
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
        let fault = |text: &str| read_disbursements(text).unwrap_err();
        assert!(matches!(fault(&list("1e3")).fault, Fault::Amount { .. }));
        assert!(matches!(fault(&list("null")).fault, Fault::Amount { .. }));
        assert!(matches!(fault("{\"disbursements\":3}").fault, Fault::Json { .. }));
        assert_eq!((fault(&list("1e3")).line, fault(&list("1e3")).member), (Some(2), Some("amount")));
        assert!(matches!(fault("{\"disbursements\":\n[").fault, Fault::EndsInJson { .. }));
    }
}
