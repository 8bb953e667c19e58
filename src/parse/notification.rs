//! Chargeback notifications (IPN) dropped in as files, of both generations.
//!
//! Outside is Amazon SNS's JSON; its `Message` is JSON text. Version 1 holds XML text with the
//! amount, the state and the reason; version 2 holds ids alone (disputes §6 and §7). The signature is
//! not checked: a file has no sender, and that is said. URLs inside are never opened.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::amount::parse_amount;
use super::fault::{Fault, Warning};
use super::json::{JsonFault, json_fault, member};
use super::timestamp::parse_timestamp;
use crate::domain::{Amount, Currency, Instant, OrderReferenceId, SellerId};

/// Elements open at once in a notification's XML; real ones have four.
const XML_DEPTH_MAX: usize = 32;

/// What one notification says of a chargeback. What it does not say is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargebackNotification {
    /// `V1` or `V2`, the format of the message.
    pub version: &'static str,
    /// Amazon's id of the notification, by which repeated ones are known.
    pub notification_id: String,
    /// The merchant.
    pub seller_id: Option<SellerId>,
    /// `Live` or `Sandbox`, where it is said.
    pub environment: String,
    /// The chargeback's or dispute's id.
    pub chargeback_id: String,
    /// The order it belongs to.
    pub order_reference_id: OrderReferenceId,
    /// The merchant's reference of the capture (not the capture id).
    pub capture_reference_id: String,
    /// The disputed amount, positive.
    pub amount: Option<(Amount, Currency)>,
    /// `RECEIVED`; the other values are not known.
    pub state: String,
    /// The reason as printed.
    pub reason: String,
    /// When the chargeback was created.
    pub created: Option<Instant>,
    /// When the merchant was told.
    pub notified: Option<Instant>,
    /// What its sender signed, where it came in Amazon's envelope with a signature.
    pub envelope: Option<Envelope>,
}

/// The signed parts of the envelope, as they stand in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `1` for SHA-1, `2` for SHA-256.
    pub signature_version: String,
    /// The signature, Base64.
    pub signature: String,
    /// Where the sender says that his certificate is. Never opened.
    pub certificate_url: String,
    /// The text that is signed.
    pub signed_text: String,
}

/// Members that are signed, in the order of the text; one that is absent is left out (Amazon SNS).
const SIGNED_MEMBERS: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];

/// Reads one notification.
///
/// # Errors
/// [`Fault::Json`], [`Fault::Xml`]; [`Fault::Foreign`] for a notification of another type.
pub(super) fn read_notification(text: &str, warnings: &mut Vec<Warning>) -> Result<ChargebackNotification, JsonFault> {
    let outer: Value = serde_json::from_str(text).map_err(|why| json_fault(&why, "the notification"))?;
    let message: Value = match member(&outer, "Message") {
        // The message is one string of the file, so its own lines are none of the file's.
        Some(inner) => serde_json::from_str(inner)
            .map_err(|why| JsonFault { line: None, ..json_fault(&why, "the notification's `Message`") })?,
        None => outer.clone(),
    };
    let envelope = envelope(&outer);
    if envelope.is_some() {
        let message = "the notification's signature was not checked".to_owned();
        warnings.push(Warning { code: "signature_unchecked", line: None, message });
    }
    let notified = instant(member(&message, "Timestamp").or_else(|| member(&outer, "Timestamp")))?;
    let kind = member(&message, "NotificationType").ok_or(Fault::MissingMember { name: "NotificationType" })?;
    let object = member(&message, "ObjectType");
    if object.is_some_and(|object| object.eq_ignore_ascii_case("CHARGEBACK")) {
        return Ok(ChargebackNotification { envelope, ..read_v2(&message, notified)? });
    }
    let folded: String = kind.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    if folded == "chargebackdetailednotification" {
        return Ok(ChargebackNotification { envelope, ..read_v1(&message, notified, warnings)? });
    }
    let what = format!("a notification of type `{}`", object.unwrap_or(kind).escape_debug());
    Err(Fault::Foreign { what, hint: "of notifications, settle reads those of chargebacks" }.into())
}

fn instant(text: Option<&str>) -> Result<Option<Instant>, Fault> {
    let read =
        |text: &str| parse_timestamp(text.as_bytes()).map_err(|why| Fault::Timestamp { value: text.to_owned(), why });
    text.filter(|text| !text.trim().is_empty()).map(read).transpose()
}

fn read_v2(message: &Value, notified: Option<Instant>) -> Result<ChargebackNotification, Fault> {
    let text = |name: &str| member(message, name).unwrap_or_default().to_owned();
    Ok(ChargebackNotification {
        version: "V2",
        notification_id: text("NotificationId"),
        seller_id: member(message, "MerchantID").map(SellerId::new),
        environment: String::new(),
        chargeback_id: member(message, "ObjectId").ok_or(Fault::MissingMember { name: "ObjectId" })?.to_owned(),
        order_reference_id: OrderReferenceId::new(text("ChargePermissionId")),
        capture_reference_id: String::new(),
        amount: None,
        state: String::new(),
        reason: String::new(),
        created: None,
        notified,
        envelope: None,
    })
}

/// The signed parts, where there is a signature.
fn envelope(outer: &Value) -> Option<Envelope> {
    let text = |name: &str| member(outer, name).unwrap_or_default().to_owned();
    member(outer, "Signature")?;
    let signed = SIGNED_MEMBERS.iter().filter_map(|name| Some(format!("{name}\n{}\n", member(outer, name)?)));
    Some(Envelope {
        signature_version: text("SignatureVersion"),
        signature: text("Signature"),
        certificate_url: text("SigningCertURL"),
        signed_text: signed.collect(),
    })
}

fn read_v1(
    message: &Value,
    notified: Option<Instant>,
    warnings: &mut Vec<Warning>,
) -> Result<ChargebackNotification, Fault> {
    let data = member(message, "NotificationData").ok_or(Fault::MissingMember { name: "NotificationData" })?;
    // One plugin's authors saw notifications whose data is no XML at all: what they say is then not known.
    let leaves = if data.trim().is_empty() || data.trim_start().starts_with('<') {
        read_leaves(data)?
    } else {
        let message = "the notification's data is not XML; its amount, reason and order are not known".to_owned();
        warnings.push(Warning { code: "notification_not_xml", line: None, message });
        Vec::new()
    };
    let leaf = |name: &str| leaves.iter().find(|(path, _)| path == name).map(|(_, text)| text.as_str());
    let text = |name: &str| leaf(name).unwrap_or_default().to_owned();
    let amount = match (leaf("Amount"), leaf("CurrencyCode")) {
        (Some(amount), Some(code)) => {
            let currency = code.parse().map_err(|_| Fault::Currency { value: code.to_owned() })?;
            let read = parse_amount(amount.as_bytes()).and_then(|parsed| parsed.for_currency(currency));
            let fault = |why| Fault::Amount { value: amount.to_owned(), currency: Some(currency), why };
            Some((read.map_err(fault)?, currency))
        }
        _ => None,
    };
    Ok(ChargebackNotification {
        version: "V1",
        notification_id: member(message, "NotificationReferenceId").unwrap_or_default().to_owned(),
        seller_id: member(message, "SellerId").map(SellerId::new),
        environment: member(message, "ReleaseEnvironment").unwrap_or_default().to_owned(),
        chargeback_id: text("AmazonChargebackId"),
        order_reference_id: OrderReferenceId::new(text("AmazonOrderReferenceId")),
        capture_reference_id: text("AmazonCaptureReferenceId"),
        amount,
        state: text("ChargebackState"),
        reason: text("ChargebackReason"),
        created: instant(leaf("CreationTimestamp"))?,
        notified,
        envelope: None,
    })
}

/// The elements that hold text, by their local names; a document type or an entity of its own is
/// refused.
fn read_leaves(xml: &str) -> Result<Vec<(String, String)>, Fault> {
    let fault = |why: String| Fault::Xml { why };
    let mut reader = Reader::from_str(xml.trim_start());
    let mut leaves = Vec::new();
    let mut open: Vec<(String, String)> = Vec::new();
    loop {
        match reader.read_event().map_err(|why| fault(why.to_string()))? {
            Event::Start(element) => {
                if open.len() >= XML_DEPTH_MAX {
                    return Err(fault("its elements are nested too deeply".to_owned()));
                }
                let name = element.local_name().as_ref().to_owned();
                open.push((name, String::new()));
            }
            Event::Text(piece) => {
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&piece);
                }
            }
            Event::CData(piece) => {
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&piece);
                }
            }
            Event::GeneralRef(entity) => {
                let reference = format!("&{};", &*entity);
                let resolved = quick_xml::escape::unescape(&reference).map(std::borrow::Cow::into_owned);
                let unknown = |_| fault(format!("it uses `{}`, which XML does not define", reference.escape_debug()));
                let resolved = resolved.map_err(unknown)?;
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&resolved);
                }
            }
            Event::End(_) => {
                if let Some((name, text)) = open.pop()
                    && !text.trim().is_empty()
                {
                    leaves.push((name, text.trim().to_owned()));
                }
            }
            Event::DocType(_) => return Err(fault("it declares a document type".to_owned())),
            Event::Eof if open.is_empty() && !leaves.is_empty() => return Ok(leaves),
            Event::Eof => return Err(fault("it ends before its elements do".to_owned())),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v1(xml: &str) -> String {
        let message = serde_json::json!({
            "NotificationType": "Chargeback Detailed Notification", "SellerId": "A1EXAMPLE",
            "NotificationReferenceId": "n-1", "ReleaseEnvironment": "Live",
            "Timestamp": "2026-09-08T10:00:00.000Z", "NotificationData": xml,
        });
        serde_json::json!({"Type": "Notification", "Message": message.to_string(), "Signature": "x"}).to_string()
    }

    const XML: &str = "<?xml version=\"1.0\"?><ChargebackNotification xmlns=\"urn:x\"><ChargebackDetails>\
        <AmazonChargebackId>C1</AmazonChargebackId><AmazonOrderReferenceId>P02-1</AmazonOrderReferenceId>\
        <CreationTimestamp>2026-09-01T12:20:56.061Z</CreationTimestamp><ChargebackAmount><Amount>100.0</Amount>\
        <CurrencyCode>EUR</CurrencyCode></ChargebackAmount><ChargebackState>RECEIVED</ChargebackState>\
        <ChargebackReason>Fraud &amp; more</ChargebackReason></ChargebackDetails></ChargebackNotification>";

    #[test]
    fn version_1_gives_amount_state_and_reason() {
        let mut warnings = Vec::new();
        let read = read_notification(&v1(XML), &mut warnings).unwrap();
        assert_eq!(read.amount, Some((Amount::from_units(1_000_000), "EUR".parse().unwrap())));
        assert_eq!((read.state.as_str(), read.reason.as_str()), ("RECEIVED", "Fraud & more"));
        assert_eq!(warnings[0].code, "signature_unchecked");
    }

    #[test]
    fn version_2_gives_ids_whatever_the_case_of_its_names() {
        let text = r#"{"merchantID":"A1","objectType":"CHARGEBACK","objectId":"P02-1-B1",
            "chargePermissionId":"P02-1","notificationType":"STATE_CHANGE","notificationId":"n"}"#;
        let read = read_notification(text, &mut Vec::new()).unwrap();
        assert_eq!(read.chargeback_id, "P02-1-B1");
        assert_eq!(read.order_reference_id.as_str(), "P02-1");
        assert_eq!(read.amount, None);
    }

    #[test]
    fn document_types_foreign_entities_and_cut_xml_are_refused() {
        for xml in
            ["<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "<a>&x;</a>", "<a><b>1</b>", ""]
        {
            assert!(
                matches!(read_notification(&v1(xml), &mut Vec::new()), Err(JsonFault { fault: Fault::Xml { .. }, .. })),
                "{xml}"
            );
        }
    }

    #[test]
    fn data_that_is_no_xml_leaves_the_details_unknown_and_says_so() {
        let mut warnings = Vec::new();
        let read = read_notification(&v1("any words"), &mut warnings).unwrap();
        assert_eq!((read.chargeback_id.as_str(), read.amount), ("", None));
        assert!(warnings.iter().any(|warning| warning.code == "notification_not_xml"));
    }

    #[test]
    fn the_signed_text_has_the_members_in_their_order_and_leaves_out_the_absent() {
        let text = r#"{"Type":"Notification","MessageId":"m","TopicArn":"t","Timestamp":"2026-09-08T10:00:00.000Z",
            "SignatureVersion":"2","Signature":"eA==","SigningCertURL":"https://sns.example.com/a.pem",
            "Message":"{\"ObjectType\":\"CHARGEBACK\",\"NotificationType\":\"STATE_CHANGE\",\"ObjectId\":\"B\"}"}"#;
        let envelope = read_notification(text, &mut Vec::new()).unwrap().envelope.unwrap();
        let message = "{\"ObjectType\":\"CHARGEBACK\",\"NotificationType\":\"STATE_CHANGE\",\"ObjectId\":\"B\"}";
        let rest = "MessageId\nm\nTimestamp\n2026-09-08T10:00:00.000Z\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(envelope.signed_text, format!("Message\n{message}\n{rest}"));
        assert_eq!((envelope.signature_version.as_str(), envelope.signature.as_str()), ("2", "eA=="));
    }

    #[test]
    fn a_notification_of_another_type_is_named() {
        let text = r#"{"NotificationType":"PaymentRefund","SellerId":"A1"}"#;
        let fault = read_notification(text, &mut Vec::new()).unwrap_err().fault;
        assert!(fault.to_string().contains("PaymentRefund"), "{fault}");
    }
}
