//! What a file is, from its content (amazon-pay-reports §17; the first match wins).

use std::fmt;

use super::fault::Fault;
use super::table;

/// Lines within which the settlement header must stand; the preamble has five.
pub(super) const HEADER_LINES_MAX: usize = 40;
/// Characters of an unknown file that the message shows.
const HEAD_SHOWN: usize = 200;

/// The kinds of documents that settle tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// The Amazon Pay settlement report, live or sandbox.
    Settlement,
    /// The refund transaction report.
    Refund,
    /// The capture transaction report.
    Capture,
    /// The authorization transaction report.
    Authorization,
    /// The order reference transaction report.
    OrderReference,
    /// The billing agreement transaction report.
    BillingAgreement,
    /// A chargeback notification (IPN), version 1 or 2.
    ChargebackNotification,
    /// The answer of Get Disbursements.
    Disbursements,
    /// A settlement report of the Amazon marketplace, flat file V1, V2 or XML.
    MarketplaceSettlement,
    /// A date-range report of Seller Central.
    DateRange,
    /// None of these.
    Unknown,
}

impl DocumentKind {
    /// Every kind and its word in JSON (`sources[].kind`).
    const WORDS: [(DocumentKind, &'static str); 11] = [
        (DocumentKind::Settlement, "amazon_pay_settlement"),
        (DocumentKind::Refund, "amazon_pay_refund"),
        (DocumentKind::Capture, "amazon_pay_capture"),
        (DocumentKind::Authorization, "amazon_pay_authorization"),
        (DocumentKind::OrderReference, "amazon_pay_order_reference"),
        (DocumentKind::BillingAgreement, "amazon_pay_billing_agreement"),
        (DocumentKind::ChargebackNotification, "chargeback_notification"),
        (DocumentKind::Disbursements, "disbursements"),
        (DocumentKind::MarketplaceSettlement, "marketplace_settlement"),
        (DocumentKind::DateRange, "date_range"),
        (DocumentKind::Unknown, "unknown"),
    ];

    /// The word in JSON and in the catalog.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|row| row.0 == self).map_or("unknown", |row| row.1)
    }

    /// The kind of a word; a word of a newer version is unknown.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::WORDS.iter().find(|row| row.1 == word).map_or(DocumentKind::Unknown, |row| row.0)
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Decides from the first lines of the decoded text.
///
/// # Errors
/// The kind as far as it is known, and why the file is not read.
pub(super) fn identify(text: &str) -> Result<DocumentKind, (DocumentKind, Fault)> {
    let trimmed = text.trim_start();
    let unknown = |fault| Err((DocumentKind::Unknown, fault));
    if trimmed.is_empty() {
        return unknown(Fault::EmptyFile);
    }
    if trimmed.starts_with('{') || trimmed.starts_with('[') {
        return identify_json(trimmed);
    }
    if trimmed.starts_with('<') {
        return identify_markup(trimmed);
    }
    if let Some(kind) = identify_table(trimmed) {
        return kind;
    }
    if trimmed.starts_with("%PDF") {
        return unknown(Fault::Foreign { what: "a PDF".to_owned(), hint: "download the report as CSV" });
    }
    unknown(Fault::NotRecognised {
        head: trimmed.chars().take(HEAD_SHOWN).collect::<String>().escape_debug().to_string(),
    })
}

fn identify_json(text: &str) -> Result<DocumentKind, (DocumentKind, Fault)> {
    // The member names decide; a full parse follows and checks the shape.
    if text.contains("\"disbursements\"") {
        Ok(DocumentKind::Disbursements)
    } else if text.contains("\"TopicArn\"") || text.contains("NotificationType") || text.contains("notificationType") {
        Ok(DocumentKind::ChargebackNotification)
    } else {
        let head = text.chars().take(HEAD_SHOWN).collect::<String>().escape_debug().to_string();
        Err((DocumentKind::Unknown, Fault::NotRecognised { head }))
    }
}

fn identify_markup(text: &str) -> Result<DocumentKind, (DocumentKind, Fault)> {
    let head: String = text.chars().take(2_000).collect::<String>().to_lowercase();
    if head.contains("<!doctype html") || head.contains("<html") {
        Err((DocumentKind::Unknown, Fault::Html))
    } else if head.contains("<amazonenvelope") {
        let what = "a marketplace settlement report in XML";
        Err((DocumentKind::MarketplaceSettlement, Fault::NotYetRead { what }))
    } else if head.contains("<error") {
        let hint = "Amazon answered with an error; download the report again";
        Err((DocumentKind::Unknown, Fault::Foreign { what: "an error answer (XML)".to_owned(), hint }))
    } else {
        let hint = "settle reads Amazon's CSV and JSON files";
        Err((DocumentKind::Unknown, Fault::Foreign { what: "an XML file".to_owned(), hint }))
    }
}

fn identify_table(text: &str) -> Option<Result<DocumentKind, (DocumentKind, Fault)>> {
    for (index, line) in text.lines().take(HEADER_LINES_MAX).enumerate() {
        let cells = table::split_line(line);
        let first = cells.first().map(String::as_str).unwrap_or_default();
        let has = |name: &str| cells.iter().any(|cell| cell == name);
        if first == "transactionposteddate" && has("settlementid") && has("nettransactionamount") {
            return Some(Ok(DocumentKind::Settlement));
        }
        if let Some(separator) = respaced_header(line) {
            return Some(Err((DocumentKind::Settlement, Fault::SavedBySpreadsheet { separator })));
        }
        if index == 0 {
            if let Some(kind) = transaction_kind(&cells) {
                return Some(Ok(kind));
            }
            if line.starts_with("settlement-id\tsettlement-start-date") {
                let what = "a marketplace settlement report";
                return Some(Err((DocumentKind::MarketplaceSettlement, Fault::NotYetRead { what })));
            }
        }
        if is_date_range_header(&cells) {
            return Some(Err((DocumentKind::DateRange, Fault::NotYetRead { what: "a marketplace date-range report" })));
        }
    }
    None
}

/// A transaction report's header is its first line; the status column tells refunds from captures,
/// which also hold a capture id.
fn transaction_kind(cells: &[String]) -> Option<DocumentKind> {
    let has = |name: &str| cells.iter().any(|cell| cell == name);
    let first = cells.first()?;
    match first.as_str() {
        _ if has("amazonrefundid") && has("refundstatus") => Some(DocumentKind::Refund),
        _ if has("amazoncaptureid") && has("capturestatus") => Some(DocumentKind::Capture),
        "amazonauthorizationid" => Some(DocumentKind::Authorization),
        "amazonorderreferenceid" => Some(DocumentKind::OrderReference),
        "amazonbillingagreementid" => Some(DocumentKind::BillingAgreement),
        _ => None,
    }
}

/// The settlement header with another separator: a spreadsheet program saved the file.
fn respaced_header(line: &str) -> Option<&'static str> {
    let folded = line.to_lowercase();
    if !folded.contains("transactionposteddate") || !folded.contains("nettransactionamount") {
        return None;
    }
    if folded.contains(';') {
        Some("a semicolon")
    } else if folded.contains('\t') {
        Some("a tab")
    } else {
        None
    }
}

/// The marketplace's date-range report is localised; these are the first two columns and the two that
/// carry the settlement id and the total in the languages known.
fn is_date_range_header(cells: &[String]) -> bool {
    const FIRST: [&str; 9] = [
        "date/time",
        "date/heure",
        "datum/uhrzeit",
        "data/ora:",
        "fecha y hora",
        "datum/tijd",
        "datum/tid",
        "data/godzina",
        "日付/時間",
    ];
    cells.len() >= 20 && cells.first().is_some_and(|first| FIRST.contains(&first.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_kinds_belong_together() {
        for (kind, word) in DocumentKind::WORDS {
            assert_eq!(DocumentKind::from_word(word), kind);
            assert_eq!(kind.word(), word);
        }
    }

    #[test]
    fn content_decides_and_foreign_files_are_named() {
        let settlement = "\"Any\",\n\n\"TransactionPostedDate\", \"SettlementId\",\"NetTransactionAmount\",\n";
        assert!(matches!(identify(settlement), Ok(DocumentKind::Settlement)));
        let refund = "\"AmazonRefundId\",\"AmazonCaptureId\",\"RefundStatus\"\n";
        assert!(matches!(identify(refund), Ok(DocumentKind::Refund)));
        let capture = "AmazonCaptureId,CaptureStatus,AmazonRefundIdX\n";
        assert!(matches!(identify(capture), Ok(DocumentKind::Capture)));
        for (text, code) in [
            ("", "unreadable"),
            ("<!DOCTYPE html><html>", "unknown_file"),
            ("  <html>", "unknown_file"),
            ("<AmazonEnvelope>", "not_yet_read"),
            ("settlement-id\tsettlement-start-date\tx", "not_yet_read"),
            ("hello", "unknown_file"),
            ("{\"a\":1}", "unknown_file"),
            ("TransactionPostedDate;SettlementId;NetTransactionAmount", "unreadable"),
        ] {
            assert_eq!(identify(text).unwrap_err().1.code(), code, "{text}");
        }
    }
}
