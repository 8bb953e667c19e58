//! What a file is, from its content (amazon-pay-reports §17; the first match wins).

use std::fmt;

use super::fault::Fault;
use super::table;

/// Lines within which the settlement header must stand; the preamble has five.
pub(super) const HEADER_LINES_MAX: usize = 40;
/// First bytes of files that are no text, what they are and what to do with them.
const FOREIGN_BYTES: [(&[u8], &str, &str); 9] = [
    (b"%PDF", "a PDF", "download the report as CSV"),
    (b"\x89PNG", "a picture", "download the report as CSV"),
    (b"\xff\xd8\xff", "a picture", "download the report as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "use the CSV file as downloaded"),
    (b"PK\x03\x04", "a zip inside an archive", UNPACK_ONCE),
    (b"\x1f\x8b", "a gzip file inside an archive", UNPACK_ONCE),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it; settle opens .gz and .zip itself"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it; settle opens .gz and .zip itself"),
    (b"SQLite format 3\0", "a database", "settle reads Amazon's CSV and JSON files"),
];
const ANSWERED: &str = "Amazon answered with an error instead of the report; download it again";
const UNPACK_ONCE: &str = "unpack the outer archive and give settle the files inside";
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
    /// The Dispute API's object.
    Dispute,
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
    const WORDS: [(DocumentKind, &'static str); 12] = [
        (DocumentKind::Settlement, "amazon_pay_settlement"),
        (DocumentKind::Refund, "amazon_pay_refund"),
        (DocumentKind::Capture, "amazon_pay_capture"),
        (DocumentKind::Authorization, "amazon_pay_authorization"),
        (DocumentKind::OrderReference, "amazon_pay_order_reference"),
        (DocumentKind::BillingAgreement, "amazon_pay_billing_agreement"),
        (DocumentKind::ChargebackNotification, "chargeback_notification"),
        (DocumentKind::Dispute, "amazon_pay_dispute"),
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

/// What is recognisably something else, by its first bytes.
pub(super) fn foreign_bytes(head: &[u8]) -> Option<Fault> {
    let known = FOREIGN_BYTES.iter().find(|(magic, ..)| head.starts_with(magic));
    known.map(|(_, what, hint)| Fault::Foreign { what: (*what).to_owned(), hint })
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
    if trimmed.contains(|c: char| c.is_control() && !c.is_whitespace()) {
        return unknown(Fault::Binary);
    }
    if begins_like_a_settlement(trimmed) {
        let ends_in_cr = trimmed.contains('\r') && !trimmed.contains('\n');
        let sign = "its lines end in a lone carriage return";
        let fault = if ends_in_cr { Fault::SavedAgain { sign } } else { Fault::NoHeader { lines: HEADER_LINES_MAX } };
        return Err((DocumentKind::Settlement, fault));
    }
    unknown(Fault::NotRecognised { head: shown(trimmed) })
}

/// The beginning of an unknown file, without what could drive a terminal.
fn shown(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\'' => c.to_string(),
        c => c.escape_debug().to_string(),
    };
    text.chars().take(HEAD_SHOWN).map(escape).collect()
}

fn begins_like_a_settlement(text: &str) -> bool {
    let head = text.trim_start_matches('"').get(..40).unwrap_or_default().to_lowercase();
    head.starts_with("amazon payments advanced")
}

fn identify_json(text: &str) -> Result<DocumentKind, (DocumentKind, Fault)> {
    // The member names decide; a full parse follows and checks the shape.
    if text.contains("\"disbursements\"") {
        Ok(DocumentKind::Disbursements)
    } else if text.contains("\"TopicArn\"") || text.contains("NotificationType") || text.contains("notificationType") {
        Ok(DocumentKind::ChargebackNotification)
    } else if text.contains("\"disputeId\"") {
        Ok(DocumentKind::Dispute)
    } else if text.contains("\"reasonCode\"") || text.contains("\"errors\"") {
        Err((DocumentKind::Unknown, Fault::Foreign { what: "an error answer (JSON)".to_owned(), hint: ANSWERED }))
    } else {
        Err((DocumentKind::Unknown, Fault::NotRecognised { head: shown(text) }))
    }
}

fn identify_markup(text: &str) -> Result<DocumentKind, (DocumentKind, Fault)> {
    let head: String = text.chars().take(2_000).collect::<String>().to_lowercase();
    let page = ["<!doctype html", "<html", "<head>", "<body"].iter().any(|tag| head.contains(tag));
    let piece = ["<div", "<script", "<meta", "<p", "<h1"].iter().any(|tag| head.starts_with(tag));
    if head.contains("<amazonenvelope") {
        let what = "a marketplace settlement report in XML";
        Err((DocumentKind::MarketplaceSettlement, Fault::NotYetRead { what }))
    } else if page || piece {
        Err((DocumentKind::Unknown, Fault::Html))
    } else if head.contains("<error") {
        Err((DocumentKind::Unknown, Fault::Foreign { what: "an error answer (XML)".to_owned(), hint: ANSWERED }))
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
        // One of the two is enough, so that the reader can name the column that is missing.
        if first == "transactionposteddate" && (has("settlementid") || has("nettransactionamount")) {
            return Some(Ok(DocumentKind::Settlement));
        }
        if let Some(sign) = respaced_header(line) {
            return Some(Err((DocumentKind::Settlement, Fault::SavedAgain { sign })));
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
        Some("its cells are separated by a semicolon, not by a comma")
    } else if folded.contains('\t') {
        Some("its cells are separated by a tab, not by a comma")
    } else if folded.contains('|') {
        Some("its cells are separated by a vertical bar, not by a comma")
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
