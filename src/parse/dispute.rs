//! The Dispute API's object, archived as JSON: one object, or a list of them.
//!
//! Field names and enum words are Amazon's (disputes §8); words are kept open, as Amazon adds to them.
//! Times come as ISO text in answers and as Unix seconds in requests, so both are read. Amounts are read
//! by their digits.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fault::Fault;
use super::json::{JsonFault, exact_amount, json_fault, line_of};
use super::timestamp::parse_timestamp;
use crate::domain::{Amount, Currency, Instant, MILLIS_PER_SECOND, OrderReferenceId, TransactionId};

/// Seconds that a Unix time may have; ten digits reach the year 2286.
const UNIX_DIGITS_MAX: usize = 10;

/// What Amazon says of one dispute. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisputeObject {
    /// `disputeId`, e.g. `P02-1234567-1234567-B123456`.
    pub dispute_id: String,
    /// `Live` or `Sandbox`.
    pub environment: String,
    /// `chargeId`: the capture's id.
    pub charge_id: String,
    /// `disputeType`; so far only `Chargeback`.
    pub dispute_type: String,
    /// The disputed amount, positive.
    pub amount: Option<(Amount, Currency)>,
    /// `filingReason`, e.g. `ProductNotReceived`.
    pub filing_reason: String,
    /// `UnderReview`, `ActionRequired`, `Resolved`, `Closed`.
    pub state: String,
    /// `reasonCode` of the state.
    pub reason_code: String,
    /// `reasonDescription` of the state.
    pub reason_description: String,
    /// `BuyerWon`, `MerchantWon`, `NoFault`; empty while nothing is decided.
    pub resolution: String,
    /// When the state was reached.
    pub updated: Option<Instant>,
    /// Types of the evidence that the merchant has given.
    pub evidence_types: Vec<String>,
    /// `merchantResponseDeadline`.
    pub respond_by: Option<Instant>,
    /// `resolutionAuthority`; its words are not known.
    pub authority: String,
    /// When it was opened.
    pub created: Option<Instant>,
}

impl DisputeObject {
    /// The order it belongs to: both of its ids begin with it.
    #[must_use]
    pub fn order_reference_id(&self) -> Option<OrderReferenceId> {
        [&self.dispute_id, &self.charge_id].into_iter().find_map(|id| order_of(id)).map(OrderReferenceId::new)
    }

    /// The capture that is disputed.
    #[must_use]
    pub fn capture_id(&self) -> Option<TransactionId> {
        (!self.charge_id.is_empty()).then(|| TransactionId::new(&self.charge_id))
    }
}

/// `P02-1234567-1234567` of `P02-1234567-1234567-B123456`.
fn order_of(id: &str) -> Option<&str> {
    let (order, last) = id.rsplit_once('-')?;
    let letter = last.strip_prefix(['B', 'C', 'R', 'A'])?;
    (order.split('-').count() == 3 && letter.bytes().all(|byte| byte.is_ascii_digit())).then_some(order)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    dispute_id: String,
    release_environment: Option<String>,
    charge_id: Option<String>,
    dispute_type: Option<String>,
    #[serde(borrow)]
    dispute_amount: Option<Price<'a>>,
    filing_reason: Option<String>,
    #[serde(borrow)]
    status_details: Option<StatusDetails<'a>>,
    merchant_evidences: Option<Vec<Evidence>>,
    #[serde(borrow)]
    merchant_response_deadline: Option<&'a RawValue>,
    resolution_authority: Option<String>,
    #[serde(borrow)]
    creation_timestamp: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Price<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    currency_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusDetails<'a> {
    state: Option<String>,
    reason_code: Option<String>,
    reason_description: Option<String>,
    resolution: Option<String>,
    #[serde(borrow)]
    last_updated_timestamp: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evidence {
    evidence_type: Option<String>,
}

/// Reads one dispute, or a list of them.
///
/// # Errors
/// [`Fault::Json`] for another shape, the cell faults for a wrong amount, currency or time.
pub(super) fn read_disputes(text: &str) -> Result<Vec<DisputeObject>, JsonFault> {
    let what = "the dispute";
    let raw: &RawValue = serde_json::from_str(text).map_err(|why| json_fault(&why, what))?;
    let pieces: Vec<&RawValue> = if raw.get().trim_start().starts_with('[') {
        serde_json::from_str(raw.get()).map_err(|why| json_fault(&why, what))?
    } else {
        vec![raw]
    };
    pieces.into_iter().map(|piece| read_one(text, piece)).collect()
}

fn read_one(text: &str, piece: &RawValue) -> Result<DisputeObject, JsonFault> {
    // The line within the piece and the line of the piece count from one each.
    let place = |why: &serde_json::Error| {
        let fault = json_fault(why, "the dispute");
        let before = line_of(text, piece).unwrap_or(1) - 1;
        JsonFault { line: fault.line.map(|line| line + before), ..fault }
    };
    let item: Item<'_> = serde_json::from_str(piece.get()).map_err(|why| place(&why))?;
    item.read(text)
}

impl Item<'_> {
    fn read(self, text: &str) -> Result<DisputeObject, JsonFault> {
        let amount = self.dispute_amount.map(|price| price.read(text)).transpose()?;
        let time = |raw, name| instant(text, raw, name);
        let mut object = DisputeObject {
            dispute_id: self.dispute_id,
            environment: self.release_environment.unwrap_or_default(),
            charge_id: self.charge_id.unwrap_or_default(),
            dispute_type: self.dispute_type.unwrap_or_default(),
            amount,
            filing_reason: self.filing_reason.unwrap_or_default(),
            respond_by: time(self.merchant_response_deadline, "merchantResponseDeadline")?,
            authority: self.resolution_authority.unwrap_or_default(),
            created: time(self.creation_timestamp, "creationTimestamp")?,
            ..DisputeObject::default()
        };
        let evidences = self.merchant_evidences.unwrap_or_default();
        object.evidence_types = evidences.into_iter().map(|given| given.evidence_type.unwrap_or_default()).collect();
        if let Some(status) = self.status_details {
            object.state = status.state.unwrap_or_default();
            object.reason_code = status.reason_code.unwrap_or_default();
            object.reason_description = status.reason_description.unwrap_or_default();
            object.resolution = status.resolution.unwrap_or_default();
            object.updated = time(status.last_updated_timestamp, "lastUpdatedTimestamp")?;
        }
        Ok(object)
    }
}

impl Price<'_> {
    fn read(self, text: &str) -> Result<(Amount, Currency), JsonFault> {
        let line = line_of(text, self.amount);
        let fault = |member| move |fault| JsonFault { line, member: Some(member), fault };
        let currency: Result<Currency, _> = self.currency_code.parse();
        let currency =
            currency.map_err(|_| fault("currencyCode")(Fault::Currency { value: self.currency_code.clone() }))?;
        Ok((exact_amount(self.amount, currency).map_err(fault("amount"))?, currency))
    }
}

/// ISO text, or Unix seconds as a number or as text; null and empty are absent.
fn instant(text: &str, raw: Option<&RawValue>, member: &'static str) -> Result<Option<Instant>, JsonFault> {
    let Some(raw) = raw else { return Ok(None) };
    let value = raw.get().trim_matches('"').trim();
    if value.is_empty() || value == "null" {
        return Ok(None);
    }
    if value.len() <= UNIX_DIGITS_MAX && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i64 = value.parse().unwrap_or_default();
        return Ok(Some(Instant::new(seconds * MILLIS_PER_SECOND, 0)));
    }
    parse_timestamp(value.as_bytes()).map(Some).map_err(|why| JsonFault {
        line: line_of(text, raw),
        member: Some(member),
        fault: Fault::Timestamp { value: value.to_owned(), why },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = r#"{
        "disputeId": "P02-1234567-1234567-B123456", "chargeId": "P02-1234567-1234567-C123456",
        "disputeType": "Chargeback", "disputeAmount": {"amount": "59.80", "currencyCode": "EUR"},
        "filingReason": "ProductNotReceived", "releaseEnvironment": "Live",
        "statusDetails": {"state": "ActionRequired", "reasonCode": "MerchantResponseRequired",
            "reasonDescription": null, "resolution": null, "lastUpdatedTimestamp": 1787302800},
        "merchantEvidences": [{"evidenceType": "TrackingNumber", "fileId": null, "evidenceText": "1Z"}],
        "merchantResponseDeadline": "2026-09-04T10:00:00Z", "creationTimestamp": "20260821T090000Z"}"#;

    #[test]
    fn an_object_gives_its_clock_state_and_reason() {
        let [read] = &read_disputes(OBJECT).unwrap()[..] else { panic!("one dispute") };
        assert_eq!(read.respond_by.unwrap().to_string(), "2026-09-04T10:00:00+00:00");
        assert_eq!(read.updated.unwrap().utc_millis(), 1_787_302_800_000);
        assert_eq!((read.state.as_str(), read.resolution.as_str()), ("ActionRequired", ""));
        assert_eq!(read.order_reference_id().unwrap().as_str(), "P02-1234567-1234567");
        assert_eq!(read.amount, Some((Amount::from_units(598_000), "EUR".parse().unwrap())));
        assert_eq!(read.evidence_types, ["TrackingNumber"]);
    }

    #[test]
    fn a_list_is_read_and_a_fault_names_its_line() {
        assert_eq!(read_disputes(&format!("[{OBJECT},\n{OBJECT}]")).unwrap().len(), 2);
        let wrong = read_disputes(&OBJECT.replace("59.80", "59,80")).unwrap_err();
        assert_eq!((wrong.line, wrong.member), (Some(3), Some("amount")));
        let wrong = read_disputes(&OBJECT.replace("2026-09-04T10:00:00Z", "2026-09-04T10:00:00")).unwrap_err();
        assert_eq!((wrong.line, wrong.member), (Some(8), Some("merchantResponseDeadline")));
        assert!(read_disputes("[{\"disputeId\":").is_err());
        assert!(read_disputes("{\"disputeId\":3}").is_err());
    }

    #[test]
    fn an_id_of_another_shape_names_no_order() {
        for id in ["", "C9KORZRXQ655G", "P02-1-2", "P02-1-2-X3", "a-b-c-d-B1"] {
            assert_eq!(order_of(id), None, "{id}");
        }
    }
}
