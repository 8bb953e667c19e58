//! Amazon's reports, notifications and disputes.
//!
//! Read in one piece and in many, by one worker and by two, a document says the same. Every row that is counted
//! reaches the receiver; the digest holds their sums; written down again, the rows are read back as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use settle::disputes::Certificate;
use settle::domain::{Amount, Currency, Instant};
use settle::ledger::{Cut, Digest, DigestSink};
use settle::parse::{
    Content, Document, Fault, Input, Privacy, ReadOptions, Receiver, Records, RowSink, SettlementHead, SettlementRow,
    Skim, Watch, latest_states, read_document,
};

use super::{WHOLE, decimal, input, message, seed, sha256};

/// Smallest pieces: some cells long, so that rows are cut wherever they can be.
const PIECE_LEAST: usize = 24;
/// Columns in the order in which rows are written again; the first nine are required.
const COLUMNS: [&str; 15] = [
    "TransactionPostedDate",
    "SettlementId",
    "TransactionType",
    "CurrencyCode",
    "TransactionAmount",
    "TransactionPercentageFee",
    "TransactionFixedFee",
    "TotalTransactionFee",
    "NetTransactionAmount",
    "AmazonTransactionId",
    "SellerReferenceId",
    "AmazonOrderReferenceId",
    "SellerOrderId",
    "StoreName",
    "TransactionDescription",
];

/// A row that outlives its reading.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    line: u64,
    posted: Instant,
    currency: Currency,
    amounts: [Amount; 5],
    /// Settlement id, word, and the six texts of [`COLUMNS`].
    texts: [String; 8],
    extra: String,
}

#[derive(Default, PartialEq)]
struct Rows {
    rows: Vec<Row>,
    digest: Option<Digest>,
}

struct Sink {
    rows: Vec<Row>,
    digest: DigestSink,
}

impl RowSink for Sink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        let texts = [
            row.settlement_id,
            row.word,
            row.transaction_id,
            row.seller_reference_id,
            row.order_reference_id,
            row.seller_order_id,
            row.store_name,
            row.description,
        ];
        self.rows.push(Row {
            line: row.line,
            posted: row.posted,
            currency: row.currency,
            amounts: [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net],
            texts: texts.map(str::to_owned),
            extra: row.extra.to_owned(),
        });
        self.digest.row(row);
    }
}

impl Receiver for Rows {
    type Sink = Sink;

    fn begin(&mut self, head: &SettlementHead) -> Result<Box<dyn Fn() -> Sink + Send + Sync>, Fault> {
        *self = Rows::default();
        let (start, end) = (head.start, head.end);
        Ok(Box::new(move || Sink { rows: Vec::new(), digest: DigestSink::within(start, end, Cut::WHOLE) }))
    }

    fn take(&mut self, sink: Sink) -> Result<(), Fault> {
        self.rows.extend(sink.rows);
        let digest = sink.digest.finish();
        match &mut self.digest {
            Some(known) => known.merge(digest),
            None => self.digest = Some(digest),
        }
        Ok(())
    }
}

/// What came of reading: the document with its rows, or the line of the fault, and what must not depend on the way.
struct Reading {
    read: Result<Document, Option<u64>>,
    rows: Rows,
    told: String,
}

fn options(workers: usize) -> ReadOptions {
    let workers = NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN);
    ReadOptions { workers, privacy: Privacy::Keep, watch: Watch::default() }
}

impl Reading {
    fn of(input: &Input, workers: usize) -> Self {
        let mut rows = Rows::default();
        match read_document(input, &options(workers), &mut rows, None) {
            Ok(document) => {
                rows.digest = rows.digest.map(Digest::with_summed_cases);
                Self { told: format!("{document:?}"), read: Ok(document), rows }
            }
            Err(refused) => {
                let told = format!("{:?} {:?} {}", refused.kind, refused.id, message(refused.error.to_string()));
                Self { read: Err(refused.error.line), rows: Rows::default(), told }
            }
        }
    }

    fn same(&self, other: &Self, bytes: &[u8], way: &str) {
        if self.read.is_ok() {
            assert_eq!(self.told, other.told, "{way}");
            assert_eq!(self.rows.rows, other.rows.rows, "{way}");
            assert_eq!(self.rows.digest, other.rows.digest, "{way}");
            return;
        }
        assert!(other.read.is_err(), "{way}: {} and {}", self.told, other.told);
        // The fault that comes first may lie before the byte by which the charset is known, and what is wrong with a
        // line whose quotes are confused is told in more than one way; the line is the same.
        if std::str::from_utf8(bytes).is_ok() {
            assert_eq!(self.read.as_ref().err(), other.read.as_ref().err(), "{way}: {} and {}", self.told, other.told);
        }
    }
}

/// Once, its rows counted and forgotten.
pub(super) fn read(bytes: &[u8]) {
    let _ =
        read_document(&input(bytes, WHOLE), &options(2), &mut Skim, None).map_err(|why| message(why.error.to_string()));
}

/// Every document that settle tells apart by its content.
pub(super) fn check(bytes: &[u8]) {
    let whole = Reading::of(&input(bytes, WHOLE), 1);
    // What is refused before any row is read is so by the first piece.
    let head = if matches!(whole.read, Err(None)) { None } else { head_end(bytes) };
    let piece = head.map_or(WHOLE, |head| head + PIECE_LEAST + seed(bytes) % 100);
    let pieces = Reading::of(&input(bytes, piece), 2);
    if matches!(pieces.read, Err(None)) && !matches!(whole.read, Err(None)) {
        // Quotes so confused that the head was cut, which the product's first piece is far too large for.
        return;
    }
    whole.same(&pieces, bytes, "read in one piece, and in smaller ones by two workers");
    let Ok(document) = &whole.read else { return };
    assert_eq!(document.id.as_str(), sha256(bytes));
    assert_eq!(document.bytes, bytes.len() as u64);
    match &document.content {
        Content::Settlement(head) => settlement(document, head, &whole.rows),
        Content::Records(records) => {
            assert_eq!(document.rows, records.len() as u64);
            of_records(records);
        }
    }
}

/// Where rows begin: a first piece that is smaller than the product's must still hold all that comes before them. `None`
/// where that is not seen, or where nothing is cut into pieces.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let wide = bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || bytes.iter().take(64).any(|byte| *byte == 0);
    if wide || matches!(bytes.trim_ascii_start().first(), None | Some(b'{' | b'[')) {
        return None;
    }
    let folded = bytes.to_ascii_lowercase();
    let name = b"transactionposteddate";
    let from = folded.windows(name.len()).rposition(|window| window == name).unwrap_or(0);
    let mut inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        inside ^= *byte == b'"';
        if *byte == b'\n' && !inside && at > from && !bytes[..at].trim_ascii().is_empty() {
            // Text that is not UTF-8 grows by decoding.
            return Some(if std::str::from_utf8(bytes).is_ok() { at + 1 } else { 3 * (at + 1) });
        }
    }
    None
}

fn settlement(document: &Document, head: &SettlementHead, rows: &Rows) {
    assert_eq!(document.rows, rows.rows.len() as u64, "rows counted and rows handed on");
    assert!(head.start.utc_millis() <= head.end.utc_millis());
    assert!(rows.rows.windows(2).all(|pair| pair[0].line < pair[1].line), "rows come in the order of the file");
    assert!(rows.rows.iter().all(|row| row.line > head.header_line));
    let digest = rows.digest.as_ref().expect("a settlement has a digest");
    sums(&rows.rows, digest);
    let text = serde_json::to_string(digest).expect("a digest is remembered as JSON");
    assert_eq!(&serde_json::from_str::<Digest>(&text).expect("and read again"), digest);
    written_again(head, &rows.rows);
}

/// Total in = total out, by currency and word, for all five amounts.
fn sums(rows: &[Row], digest: &Digest) {
    let mut expected: BTreeMap<(&str, &str), (u64, [i128; 5])> = BTreeMap::new();
    for row in rows {
        let sum = expected.entry((row.currency.code(), &row.texts[1])).or_default();
        sum.0 += 1;
        for (total, amount) in sum.1.iter_mut().zip(row.amounts) {
            *total += i128::from(amount.units());
        }
    }
    let found: BTreeMap<(&str, &str), (u64, [i128; 5])> = digest
        .buckets
        .iter()
        .map(|bucket| {
            let tally = &bucket.tally;
            let sums = [tally.amount, tally.percentage_fee, tally.fixed_fee, tally.fee, tally.net];
            ((bucket.currency.code(), bucket.word.as_str()), (tally.count, sums.map(|sum| sum.units())))
        })
        .collect();
    assert_eq!(expected, found, "sums of the rows and of the digest");
    assert_eq!(found.len(), digest.buckets.len(), "one bucket for each currency and word");
    assert_eq!(digest.rows, rows.len() as u64);
    let failed = |row: &&Row| {
        let [amount, percentage_fee, fixed_fee, fee, net] = row.amounts.map(|amount| i128::from(amount.units()));
        (net != amount + fee, fee != percentage_fee + fixed_fee)
    };
    assert_eq!(digest.row_net.failed, rows.iter().filter(|row| failed(row).0).count() as u64);
    assert_eq!(digest.row_fee.failed, rows.iter().filter(|row| failed(row).1).count() as u64);
}

/// Rows written as Amazon writes them are read back as they were.
fn written_again(head: &SettlementHead, rows: &[Row]) {
    let extras: Vec<BTreeMap<String, String>> = rows.iter().map(|row| extra(&row.extra)).collect();
    let others: BTreeSet<&str> = extras.iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let mut text =
        format!("\"SettlementStartDate\",\"{}\"\r\n\"SettlementEndDate\",\"{}\"\r\n\r\n", head.start, head.end);
    push_line(&mut text, COLUMNS.iter().copied().chain(others.iter().copied()));
    for (row, extra) in rows.iter().zip(&extras) {
        let amounts = row.amounts.map(|amount| decimal(amount.units().into()));
        let posted = row.posted.to_string();
        let [settlement_id, word, texts @ ..] = &row.texts;
        let first = [posted.as_str(), settlement_id, word, row.currency.code()];
        let cells = first.into_iter().chain(amounts.iter().map(String::as_str)).chain(texts.iter().map(String::as_str));
        push_line(&mut text, cells.chain(others.iter().map(|name| extra.get(*name).map_or("", String::as_str))));
    }
    let again = Reading::of(&Input::held("again", Arc::from(text.as_bytes()), WHOLE), 1);
    assert!(again.read.is_ok(), "what was written is refused: {}\n{text}", again.told);
    assert_eq!(again.rows.rows.len(), rows.len());
    for ((new, old), old_extra) in again.rows.rows.iter().zip(rows).zip(&extras) {
        let bare = |row: &Row| (row.posted, row.currency, row.amounts);
        assert_eq!(bare(new), bare(old));
        assert_eq!((&new.texts, &extra(&new.extra)), (&old.texts, old_extra));
    }
}

fn extra(json: &str) -> BTreeMap<String, String> {
    if json.is_empty() { BTreeMap::new() } else { serde_json::from_str(json).expect("other cells are a JSON object") }
}

fn push_line<'c>(text: &mut String, cells: impl Iterator<Item = &'c str>) {
    let quoted: Vec<String> = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
}

fn of_records(records: &Records) {
    match records {
        Records::Transactions(rows) => {
            let latest = latest_states(rows);
            let objects: BTreeSet<&str> = rows.iter().map(|row| row.object_id.as_str()).collect();
            assert_eq!(latest.len(), objects.len(), "one state for each object");
            assert!(rows.windows(2).all(|pair| pair[0].line < pair[1].line));
            rows.iter().for_each(|row| drop(extra(&row.extra)));
        }
        Records::Disbursements(_) => {}
        Records::Notification(notice) => {
            let certificate = Certificate::parse(CERTIFICATE.as_bytes()).expect("the key below is one");
            let forged = notice.envelope.as_ref().map(|envelope| certificate.verify(envelope).is_ok());
            assert_ne!(forged, Some(true), "nobody signs with the key below");
        }
        Records::Disputes(list) => {
            for dispute in list {
                let (order, capture) = (dispute.order_reference_id(), dispute.capture_id());
                assert!(order.is_none_or(|order| dispute.dispute_id.starts_with(order.as_str())
                    || dispute.charge_id.starts_with(order.as_str())));
                assert_eq!(capture.is_some(), !dispute.charge_id.is_empty());
            }
        }
    }
}

/// A public key whose private one was thrown away when it was made.
const CERTIFICATE: &str = include_str!("../public-key.pem");
