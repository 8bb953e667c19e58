//! The Amazon Pay settlement report: a preamble, a header, one row a movement of money.
//!
//! The layout was seen in real US files of 2015 and 2018 (amazon-pay-reports §3 to §6); no European
//! file is public, so the reader goes by names, not by positions, and is tolerant in all but amounts,
//! instants and currencies. Rows are handed on as they are read: nothing is collected here, and
//! identical rows are legitimate.

use memchr::memchr;

use super::cells::{CellReader, Record};
use super::chunks::{Chunk, ends_in_quotes};
use super::fault::{Fault, Quoted, ReadError, Warning};
use super::identify::HEADER_LINES_MAX;
use super::privacy::is_personal;
use super::table::{self, CellFault, Header, fold};
use super::timestamp::{TimestampCache, parse_timestamp};
use crate::domain::{Amount, Currency, Instant, KindCache, RowKind, SellerId};

/// Columns without which a row says nothing; the order of `Columns::required`.
const REQUIRED: [&str; 9] = [
    "TransactionPostedDate",
    "SettlementId",
    "TransactionType",
    "CurrencyCode",
    "TransactionAmount",
    "TransactionPercentageFee",
    "TransactionFixedFee",
    "TotalTransactionFee",
    "NetTransactionAmount",
];

/// Text columns whose absence is only worth a warning; the order of `Columns::optional`.
const OPTIONAL: [&str; 6] = [
    "AmazonTransactionId",
    "SellerReferenceId",
    "AmazonOrderReferenceId",
    "SellerOrderId",
    "StoreName",
    "TransactionDescription",
];

/// What stands above the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementHead {
    /// The merchant id, where the preamble names one.
    pub seller_id: Option<SellerId>,
    /// Another merchant id in the same preamble and its line; Amazon's own page prints the id twice.
    pub seller_conflict: Option<(SellerId, u64)>,
    /// First instant of the settlement period.
    pub start: Instant,
    /// Last instant of the settlement period.
    pub end: Instant,
    /// Line of the column header.
    pub header_line: u64,
    /// Preamble keys beyond those above, as printed.
    pub others: Vec<(String, String)>,
}

/// One row of a settlement report. Money is signed as printed: fees are negative on captures.
#[derive(Clone, Copy, Debug)]
pub struct SettlementRow<'a> {
    /// Line in the file, from 1.
    pub line: u64,
    /// When the money was debited or credited.
    pub posted: Instant,
    /// `SettlementId`.
    pub settlement_id: &'a str,
    /// `AmazonTransactionId`; empty on transfers and reserves.
    pub transaction_id: &'a str,
    /// `SellerReferenceId`.
    pub seller_reference_id: &'a str,
    /// `TransactionType` as printed.
    pub word: &'a str,
    /// Its kind.
    pub kind: RowKind,
    /// `AmazonOrderReferenceId`.
    pub order_reference_id: &'a str,
    /// `SellerOrderId`.
    pub seller_order_id: &'a str,
    /// `StoreName`.
    pub store_name: &'a str,
    /// The currency of the five amounts.
    pub currency: Currency,
    /// `TransactionDescription`.
    pub description: &'a str,
    /// `TransactionAmount`: gross.
    pub amount: Amount,
    /// `TransactionPercentageFee`.
    pub percentage_fee: Amount,
    /// `TransactionFixedFee`.
    pub fixed_fee: Amount,
    /// `TotalTransactionFee`.
    pub fee: Amount,
    /// `NetTransactionAmount`.
    pub net: Amount,
    /// Non-empty cells of unknown columns as a JSON object of strings; empty where there are none.
    pub extra: &'a str,
}

/// Takes the rows of one piece of a settlement, in their order.
pub trait RowSink: Send {
    /// One row.
    fn row(&mut self, row: &SettlementRow<'_>);
}

/// Both take every row.
impl<A: RowSink, B: RowSink> RowSink for (A, B) {
    fn row(&mut self, row: &SettlementRow<'_>) {
        self.0.row(row);
        self.1.row(row);
    }
}

/// Takes the rows where there is something to take them.
impl<A: RowSink> RowSink for Option<A> {
    fn row(&mut self, row: &SettlementRow<'_>) {
        if let Some(sink) = self {
            sink.row(row);
        }
    }
}

/// The header and where its columns stand.
#[derive(Debug)]
pub(super) struct Layout {
    header: Header,
    required: [usize; 9],
    optional: [Option<usize>; 6],
    others: Vec<(usize, String)>,
}

/// Reads preamble and header from the first piece and removes them from it.
pub(super) fn read_head(
    file: &str,
    chunk: &mut Chunk,
    warnings: &mut Vec<Warning>,
) -> Result<(SettlementHead, Layout), ReadError> {
    let text = utf8(&chunk.text).map_err(|fault| fault.at(file, None, None))?;
    let mut reader = CellReader::new(text, chunk.first_line);
    let mut preamble: Vec<(u64, String, String)> = Vec::new();
    let mut start = 0;
    for _ in 0..HEADER_LINES_MAX {
        let Some(record) = reader.read() else { break };
        let (line, raw) = (record.line, record.raw);
        start = raw.0;
        if fold(record.get(0)) == "transactionposteddate" {
            let layout = Layout::new(&record, line, warnings);
            let layout = match reader.tail(raw).filter(|_| chunk.last) {
                Some(tail) if ends_in_quotes(tail) => Err(Fault::EndsInHeader),
                Some(tail) if !tail.ends_with(b"\n") => layout.map_err(|_| Fault::EndsInHeader),
                _ => layout,
            };
            let layout = layout.map_err(|fault| fault.at(file, line, None))?;
            let (next_line, rest) = (reader.line(), reader.position());
            chunk.first_line = next_line;
            chunk.text.drain(..rest);
            return Ok((head(file, preamble, line)?, layout));
        }
        preamble.push((line, record.get(0).trim().to_owned(), record.get(1).trim().to_owned()));
    }
    match preamble.last() {
        Some((line, ..)) if ends_in_quotes(chunk.text.get(start..).unwrap_or_default()) => {
            Err(Fault::EndsInQuotes.at(file, *line, None))
        }
        _ => Err(Fault::NoHeader { lines: HEADER_LINES_MAX }.at(file, None, None)),
    }
}

/// Sorts the preamble's pairs; keys may repeat and may be unknown.
fn head(file: &str, preamble: Vec<(u64, String, String)>, header_line: u64) -> Result<SettlementHead, ReadError> {
    let mut seller_id: Option<SellerId> = None;
    let mut seller_conflict = None;
    let mut bounds: [Option<(Instant, u64)>; 2] = [None, None];
    let mut others = Vec::new();
    for (line, key, value) in preamble {
        let bound = match fold(&key).as_str() {
            "sellerid" => {
                match &seller_id {
                    _ if value.is_empty() => {}
                    None => seller_id = Some(SellerId::new(value)),
                    Some(known) if known.as_str() == value => {}
                    Some(_) => seller_conflict = Some((SellerId::new(value), line)),
                }
                continue;
            }
            "settlementstartdate" => &mut bounds[0],
            "settlementenddate" => &mut bounds[1],
            _ => {
                others.push((key, value));
                continue;
            }
        };
        if value.is_empty() {
            continue;
        }
        let instant = parse_timestamp(value.as_bytes());
        let instant = instant.map_err(|why| Fault::Timestamp { value, why }.at(file, line, Some(&key)))?;
        *bound = Some((instant, line));
    }
    let [start, end] = bounds;
    let missing = |key| Fault::MissingPreamble { key }.at(file, header_line, None);
    let (start, _) = start.ok_or_else(|| missing("SettlementStartDate"))?;
    let (end, end_line) = end.ok_or_else(|| missing("SettlementEndDate"))?;
    if end.utc_millis() < start.utc_millis() {
        let fault = Fault::PeriodReversed { start: start.to_string(), end: end.to_string() };
        return Err(fault.at(file, end_line, None));
    }
    Ok(SettlementHead { seller_id, seller_conflict, start, end, header_line, others })
}

impl Layout {
    fn new(record: &Record<'_>, line: u64, warnings: &mut Vec<Warning>) -> Result<Self, Fault> {
        let header = Header::new(record)?;
        let mut required = [0; 9];
        for (place, name) in required.iter_mut().zip(REQUIRED) {
            *place = header.require(name)?;
        }
        let optional = OPTIONAL.map(|name| header.find(name));
        for (name, _) in OPTIONAL.iter().zip(optional).filter(|(_, place)| place.is_none()) {
            let message = format!("the header has no column `{name}`; its cells stay empty");
            warnings.push(Warning { code: "missing_column", line: Some(line), message });
        }
        let known: Vec<usize> = required.into_iter().chain(optional.into_iter().flatten()).collect();
        let (personal, others): (Vec<_>, Vec<_>) =
            header.others(&known).into_iter().partition(|(_, name)| is_personal(name));
        // Real settlements name no buyer. One that does is read without: nothing here needs a name.
        let fates = personal.iter().map(|(_, name)| (name, "left out, as it names a buyer"));
        for (name, fate) in fates.chain(others.iter().map(|(_, name)| (name, "kept"))) {
            let message = format!("the column `{}` is not known; its cells are {fate}", Quoted(name));
            warnings.push(Warning { code: "unknown_column", line: Some(line), message });
        }
        Ok(Self { header, required, optional, others })
    }
}

/// Reads the rows of one piece into a sink and counts them.
///
/// # Errors
/// The first fault with its line; the sink must then be thrown away.
pub(super) fn read_rows(file: &str, chunk: &Chunk, layout: &Layout, sink: &mut impl RowSink) -> Result<u64, ReadError> {
    let text = utf8(&chunk.text).map_err(|fault| fault.at(file, chunk.first_line, None))?;
    let nul = memchr(0, &chunk.text);
    let mut reader = CellReader::new(text, chunk.first_line);
    let mut memory = Memory::default();
    let mut rows = 0;
    while let Some(record) = reader.read() {
        let (line, raw) = (record.line, record.raw);
        table::check_nul(nul, raw.1).map_err(|fault| fault.at(file, line, None))?;
        if record.is_blank() {
            continue;
        }
        if let Err(fault) = layout.read_row(&record, &mut memory, sink) {
            let tail = reader.tail(raw).filter(|_| chunk.last);
            let CellFault { column, fault } = layout.header.explain(fault, &reader.record(), tail);
            return Err(fault.at(file, line, column.as_deref()));
        }
        rows += 1;
    }
    let last = reader.record();
    if chunk.last && ends_in_quotes(raw_text(text, last.raw)) {
        return Err(Fault::EndsInQuotes.at(file, last.line, None));
    }
    Ok(rows)
}

/// The text of a piece, checked once for all its cells.
pub(super) fn utf8(text: &[u8]) -> Result<&str, Fault> {
    simdutf8::basic::from_utf8(text).map_err(|_| Fault::NotUtf8)
}

/// A record as it stands in the file.
pub(super) fn raw_text(text: &str, (start, end): (usize, usize)) -> &[u8] {
    text.as_bytes().get(start..end).unwrap_or_default()
}

impl Layout {
    fn read_row(&self, record: &Record<'_>, memory: &mut Memory, sink: &mut impl RowSink) -> Result<(), CellFault> {
        self.header.check_width(record)?;
        let [posted, settlement_id, word, currency, amount, percentage_fee, fixed_fee, fee, net] = self.required;
        let text = |index: usize| record.get(index);
        let optional = |index: Option<usize>| index.map_or("", text);
        let [transaction_id, seller_reference_id, order_reference_id, seller_order_id, store_name, description] =
            self.optional.map(optional);
        for required in [settlement_id, word] {
            if text(required).trim_ascii().is_empty() {
                let column = Some(self.header.name(required).to_owned());
                return Err(CellFault { column, fault: Fault::EmptyCell });
            }
        }
        if !self.others.is_empty() {
            table::write_extra(
                &mut memory.extra,
                self.others.iter().map(|(index, name)| (name.as_str(), text(*index))),
            );
        }
        memory.check_id(text(settlement_id)).map_err(|fault| {
            let column = Some(self.header.name(settlement_id).to_owned());
            CellFault { column, fault }
        })?;
        let currency = memory.currency.get(text(currency), || self.header.currency(record, currency))?;
        sink.row(&SettlementRow {
            line: record.line,
            posted: self.header.timestamp(record, posted, &mut memory.instants)?,
            settlement_id: text(settlement_id).trim_ascii(),
            transaction_id,
            seller_reference_id,
            word: text(word),
            kind: memory.kinds.kind(text(word)),
            order_reference_id,
            seller_order_id,
            store_name,
            currency,
            description,
            amount: self.header.amount(record, amount, currency)?,
            percentage_fee: self.header.amount(record, percentage_fee, currency)?,
            fixed_fee: self.header.amount(record, fixed_fee, currency)?,
            fee: self.header.amount(record, fee, currency)?,
            net: self.header.amount(record, net, currency)?,
            extra: &memory.extra,
        });
        Ok(())
    }
}

/// The last currency of a file, looked up once.
#[derive(Default)]
struct CurrencyCache(Option<(String, Currency)>);

impl CurrencyCache {
    fn get<E>(&mut self, cell: &str, read: impl FnOnce() -> Result<Currency, E>) -> Result<Currency, E> {
        match &self.0 {
            Some((known, currency)) if known == cell => Ok(*currency),
            _ => {
                let currency = read()?;
                self.0 = Some((cell.to_owned(), currency));
                Ok(currency)
            }
        }
    }
}

/// What is remembered from row to row.
#[derive(Default)]
struct Memory {
    kinds: KindCache,
    currency: CurrencyCache,
    instants: TimestampCache,
    settlement_id: String,
    extra: String,
}

impl Memory {
    /// `2.999E+10` is what a spreadsheet program makes of an id.
    fn check_id(&mut self, cell: &str) -> Result<(), Fault> {
        if self.settlement_id == cell {
            return Ok(());
        }
        let rounded = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte));
        match cell.trim().to_ascii_uppercase().split_once("E+") {
            Some((digits, exponent)) if rounded(digits) && rounded(exponent) => {
                Err(Fault::RoundedId { value: cell.to_owned() })
            }
            _ => {
                cell.clone_into(&mut self.settlement_id);
                Ok(())
            }
        }
    }
}
