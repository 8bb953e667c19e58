//! What Amazon tells a merchant about single events: disbursements, month by month, and chargeback
//! notifications of the old kind (XML inside) and of the new one (ids only).
//!
//! The envelopes carry placeholders instead of signatures; nothing in them leads anywhere.

use serde::Serialize;

use super::books::{Books, Chargeback, Order};
use super::country::{Cents, Paperwork};
use super::layout::decimal;
use super::plan::RehearsalError;
use super::random::Random;
use crate::domain::{Instant, Month, Period};

/// The disbursements of each month: file name and bytes. Collections from the merchant's bank are
/// not disbursements.
///
/// # Errors
/// [`RehearsalError`] beyond the calendar.
pub(super) fn disbursement_files(books: &Books, months: &[Month]) -> Result<Vec<(String, Vec<u8>)>, RehearsalError> {
    let mut files = Vec::new();
    for month in months {
        let period = Period::of_month(*month, books.account.zone)?;
        let paid = books.payouts.iter().filter(|payout| payout.amount > 0 && period.contains(payout.posted));
        let disbursements = paid
            .map(|payout| Disbursement {
                seller_id: books.account.seller.as_str(),
                settlement_id: payout.settlement.as_str(),
                amazon_disbursement_reference_id: format!("AMZN{}", payout.settlement),
                amount: decimal(payout.amount),
                currency_code: books.account.currency.code(),
                transaction_time: utc(payout.posted),
            })
            .collect();
        let mut bytes = serde_json::to_vec_pretty(&Disbursements { disbursements })?;
        bytes.push(b'\n');
        files.push((format!("disbursements-{month}.json"), bytes));
    }
    Ok(files)
}

/// One notification for each chargeback, by turns of the old and of the new kind.
///
/// # Errors
/// [`RehearsalError::Json`] never in practice.
pub(super) fn chargeback_notifications(books: &Books) -> Result<Vec<(String, Vec<u8>)>, RehearsalError> {
    if books.account.market.habits.paperwork == Paperwork::Disbursements {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for (turn, chargeback) in books.events.chargebacks.iter().enumerate() {
        let Some(order) = books.events.orders.get(chargeback.order) else { continue };
        let mut random = Random::for_purpose(order.number, "notification");
        let message = if turn % 2 == 0 {
            old_message(books, chargeback, order, &mut random)?
        } else {
            new_message(books, chargeback, order, &mut random)?
        };
        let mut bytes = serde_json::to_vec_pretty(&envelope(books, chargeback, message, &mut random))?;
        bytes.push(b'\n');
        files.push((format!("chargeback-{}.json", chargeback.id), bytes));
    }
    Ok(files)
}

#[derive(Serialize)]
struct Disbursements<'a> {
    disbursements: Vec<Disbursement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Disbursement<'a> {
    seller_id: &'a str,
    settlement_id: &'a str,
    amazon_disbursement_reference_id: String,
    amount: String,
    currency_code: &'a str,
    transaction_time: String,
}

/// The envelope of Amazon's notification service.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    r#type: &'static str,
    message_id: String,
    topic_arn: String,
    message: String,
    timestamp: String,
    signature_version: &'static str,
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: &'static str,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OldMessage<'a> {
    release_environment: &'static str,
    #[serde(rename = "MarketplaceID")]
    marketplace_id: &'static str,
    version: &'static str,
    notification_type: &'static str,
    seller_id: &'a str,
    notification_reference_id: String,
    timestamp: String,
    notification_data: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewMessage<'a> {
    #[serde(rename = "MerchantID")]
    merchant_id: &'a str,
    object_type: &'static str,
    object_id: &'a str,
    charge_permission_id: &'a str,
    notification_type: &'static str,
    notification_id: String,
    notification_version: &'static str,
}

fn envelope(books: &Books, chargeback: &Chargeback, message: String, random: &mut Random) -> Envelope {
    let topic = format!("arn:aws:sns:eu-west-1:000000000000:{}", books.account.seller);
    Envelope {
        r#type: "Notification",
        message_id: random.uuid(),
        unsubscribe_url: format!("https://sns.example.com/?Action=Unsubscribe&SubscriptionArn={topic}"),
        topic_arn: topic,
        message,
        timestamp: utc(chargeback.notified),
        signature_version: "1",
        signature: "PLACEHOLDER",
        signing_cert_url: "https://sns.example.com/placeholder.pem",
    }
}

fn old_message(
    books: &Books,
    chargeback: &Chargeback,
    order: &Order,
    random: &mut Random,
) -> Result<String, RehearsalError> {
    let reason = match random.below(2) {
        0 => "Generic Service Chargeback",
        _ => "Unauthorized Transaction Chargeback",
    };
    let fields = [
        ("AmazonChargebackId", chargeback.id.clone()),
        ("AmazonOrderReferenceId", order.reference.to_string()),
        ("AmazonCaptureReferenceId", order.seller_reference.clone()),
        ("CreationTimestamp", utc(chargeback.notified)),
        (
            "ChargebackAmount",
            format!(
                "{}{}",
                element("Amount", &short(chargeback.amount)),
                element("CurrencyCode", books.account.currency.code())
            ),
        ),
        ("ChargebackState", "RECEIVED".to_owned()),
        ("ChargebackReason", reason.to_owned()),
    ];
    let details: String = fields.iter().map(|(name, value)| format!("        {}\n", element(name, value))).collect();
    let data = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChargebackNotification \
         xmlns=\"https://mws.amazonservices.com/ipn/OffAmazonPayments/2013-01-01\">\n    \
         <ChargebackDetails>\n{details}    </ChargebackDetails>\n</ChargebackNotification>"
    );
    Ok(serde_json::to_string(&OldMessage {
        release_environment: "Live",
        marketplace_id: "000000",
        version: "2013-01-01",
        notification_type: "Chargeback Detailed Notification",
        seller_id: books.account.seller.as_str(),
        notification_reference_id: random.uuid(),
        timestamp: utc(chargeback.notified),
        notification_data: data,
    })?)
}

fn new_message(
    books: &Books,
    chargeback: &Chargeback,
    order: &Order,
    random: &mut Random,
) -> Result<String, RehearsalError> {
    Ok(serde_json::to_string(&NewMessage {
        merchant_id: books.account.seller.as_str(),
        object_type: "CHARGEBACK",
        object_id: chargeback.dispute.as_str(),
        charge_permission_id: order.reference.as_str(),
        notification_type: "STATE_CHANGE",
        notification_id: random.uuid(),
        notification_version: "V2",
    })?)
}

/// An element; none of our values needs escaping.
fn element(name: &str, value: &str) -> String {
    format!("<{name}>{value}</{name}>")
}

/// Notifications print amounts with as few decimal places as possible, but one.
fn short(amount: Cents) -> String {
    let exact = decimal(amount);
    exact.strip_suffix('0').map_or_else(|| exact.clone(), str::to_owned)
}

fn utc(at: Instant) -> String {
    at.utc().format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
