//! One settlement file of any number of rows, for measurements: streamed, in constant memory, formatted
//! with integer arithmetic into one reused buffer.
//!
//! A French merchant's 30 days of September 2026 in one settlement. Opening reserve first; captures,
//! refunds and chargebacks; closing reserve and a Transfer that pays the rest, so that all rows add up
//! to zero. Every row obeys the rules of a row. About 1.6 % of the rows have a comma and quotes in the
//! store's name. The sums are kept on the way and handed back as the expected result.

use std::io::{self, Write};

use serde::Serialize;

use super::country::Cents;
use super::layout::COLUMNS;
use super::random::Random;

/// The fewest rows: opening reserve, one capture, closing reserve, transfer.
pub const ROWS_MIN: u64 = 4;
/// The most rows: beyond, order numbers would repeat, and the file would need more than 180 GB.
pub const ROWS_MAX: u64 = 900_000_000;

/// Bytes gathered before they are handed on; large enough that system calls do not count.
const BUFFER_LEN: usize = 1 << 20;
/// The longest row, with room to spare.
const ROW_LEN_MAX: usize = 512;

const PREAMBLE: &str = "\u{feff}\"Amazon Payments Advanced\",\r\n\"Settlement Report\",\r\n\
    \"SellerId\",\"A9SETTLEBIG01\"\r\n\
    \"SettlementStartDate\",\"2026-09-01T00:00:44+02:00\"\r\n\
    \"SettlementEndDate\",\"2026-09-30T23:59:44+02:00\"\r\n";
const SETTLEMENT: &str = "29900000017";
/// Seconds after midnight of 1 September at which the settlement starts, and its length: 30 days but a
/// minute.
const START: u64 = 44;
const LENGTH: u64 = 30 * 86_400 - 60;
/// Rows are posted from so long after the start, until so long before the end.
const MARGIN: u64 = 1_200;

const PLAIN_STORE: &str = "Boutique Exemple Lyon";
const QUOTED_STORE: &str = "Boutique \"\"L'Été\"\", Paris";
/// One row in so many has the name with comma and quotes: 1.6 %.
const QUOTED_EVERY: u64 = 62;
const OPENING_RESERVE: Cents = 25_000;
const CLOSING_RESERVE: Cents = 31_000;
const FIXED_FEE: Cents = 35;
const TRANSFER: &str = "SellerPayments_DateRangeReport_transfer_accounting_ending_with_trace_id";

/// The kinds of rows in a large file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LargeKind {
    /// A sale.
    Capture,
    /// Money back to the buyer.
    Refund,
    /// Money back through the buyer's bank.
    Chargeback,
    /// Opening and closing reserve.
    Reserve,
    /// The payout.
    Transfer,
}

/// The sums of one kind in a large file, in hundredths of the currency unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LargeSummary {
    /// The kind.
    pub kind: LargeKind,
    /// Rows.
    pub count: u64,
    /// Σ `TransactionAmount`.
    pub amount_cents: Cents,
    /// Σ `TransactionPercentageFee`.
    pub percentage_fee_cents: Cents,
    /// Σ `TransactionFixedFee`.
    pub fixed_fee_cents: Cents,
    /// Σ `NetTransactionAmount`.
    pub net_cents: Cents,
}

/// Writes a settlement file of `rows` rows, at least [`ROWS_MIN`], and gives its sums by kind.
///
/// # Errors
/// Those of `out`.
pub fn write_large(out: &mut impl Write, rows: u64, seed: u64) -> io::Result<Vec<LargeSummary>> {
    let rows = rows.max(ROWS_MIN);
    let mut writer = Writer::new(out, seed);
    writer.begin()?;
    writer.plain(MARGIN - 250, LargeKind::Reserve, OPENING_RESERVE, "Previous Reserve Balance")?;
    let middle = rows - 3;
    let span = LENGTH - 2 * MARGIN;
    for row in 0..middle {
        writer.business(row, MARGIN + span * row / middle)?;
    }
    writer.plain(LENGTH - 130, LargeKind::Reserve, -CLOSING_RESERVE, "Current Reserve Balance")?;
    let rest = -writer.summaries.iter().map(|summary| summary.net_cents).sum::<Cents>();
    writer.plain(LENGTH - 60, LargeKind::Transfer, rest, TRANSFER)?;
    writer.finish()
}

struct Writer<'a, W: Write> {
    out: &'a mut W,
    buffer: Vec<u8>,
    random: Random,
    /// Added to the positions of orders before their prices are made, so that a seed has its own prices.
    salt: u64,
    /// Captures so far.
    captured: u64,
    /// Captures before the latest refund or chargeback.
    captured_before_refund: u64,
    summaries: [LargeSummary; 5],
}

impl<'a, W: Write> Writer<'a, W> {
    fn new(out: &'a mut W, seed: u64) -> Self {
        let kinds =
            [LargeKind::Capture, LargeKind::Refund, LargeKind::Chargeback, LargeKind::Reserve, LargeKind::Transfer];
        let summaries = kinds.map(|kind| LargeSummary {
            kind,
            count: 0,
            amount_cents: 0,
            percentage_fee_cents: 0,
            fixed_fee_cents: 0,
            net_cents: 0,
        });
        let buffer = Vec::with_capacity(BUFFER_LEN + ROW_LEN_MAX);
        let mut random = Random::for_purpose(seed, "large");
        let salt = random.draw() >> 16;
        Self { out, buffer, random, salt, captured: 0, captured_before_refund: 0, summaries }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(PREAMBLE.as_bytes());
        for column in COLUMNS {
            self.buffer.push(b'"');
            self.buffer.extend_from_slice(column.as_bytes());
            self.buffer.extend_from_slice(b"\",");
        }
        self.buffer.extend_from_slice(b"\r\n");
        self.flush_if_full()
    }

    fn finish(self) -> io::Result<Vec<LargeSummary>> {
        self.out.write_all(&self.buffer)?;
        self.out.flush()?;
        Ok(self.summaries.into_iter().filter(|summary| summary.count > 0).collect())
    }

    /// A capture, sometimes a refund or a chargeback. Those concern the order halfway back; two
    /// captures between them make that a different one each time.
    fn business(&mut self, row: u64, second: u64) -> io::Result<()> {
        let roll = if self.captured < self.captured_before_refund + 2 { u64::MAX } else { self.random.draw() & 0x3ff };
        let kind = match roll {
            0 | 1 => LargeKind::Chargeback,
            2..42 => LargeKind::Refund,
            _ => LargeKind::Capture,
        };
        let order = if kind == LargeKind::Capture { self.captured } else { self.captured / 2 };
        let price = self.price(order);
        let fee = (price * 27 + 500) / 1_000; // 2.7 %, half up
        let (amount, percentage, fixed) = match kind {
            LargeKind::Capture => (price, -fee, -FIXED_FEE),
            LargeKind::Refund => (-price, fee, 0),
            _ => (-price, 0, 0),
        };
        match kind {
            LargeKind::Capture => self.captured += 1,
            _ => self.captured_before_refund = self.captured,
        }
        self.stamp_and_id(second);
        self.order_cells(kind, order);
        let store = if row % QUOTED_EVERY == 7 { QUOTED_STORE } else { PLAIN_STORE };
        push_cell(&mut self.buffer, store);
        self.buffer.extend_from_slice(b"\"EUR\",\"\",");
        self.amounts(kind, amount, percentage, fixed)
    }

    /// The price of an order: always the same, so that a refund gives back what was paid.
    fn price(&self, order: u64) -> Cents {
        490 + i64::try_from(scatter(order + self.salt) >> 3).unwrap_or(0) % 18_500
    }

    /// A row without ids.
    fn plain(&mut self, second: u64, kind: LargeKind, amount: Cents, description: &str) -> io::Result<()> {
        self.stamp_and_id(second);
        self.buffer.extend_from_slice(b"\"\",\"\",");
        push_cell(&mut self.buffer, if kind == LargeKind::Transfer { "Transfer" } else { "Reserve" });
        self.buffer.extend_from_slice(b"\"\",\"\",\"\",\"EUR\",");
        push_cell(&mut self.buffer, description);
        self.amounts(kind, amount, 0, 0)
    }

    /// `"2026-09-17T13:05:09+02:00","29900000017",`: the clock does not change in September.
    fn stamp_and_id(&mut self, second: u64) {
        let at = START + second;
        self.buffer.extend_from_slice(b"\"2026-09-");
        push_digits::<2>(&mut self.buffer, at / 86_400 + 1);
        self.buffer.push(b'T');
        push_digits::<2>(&mut self.buffer, at / 3_600 % 24);
        self.buffer.push(b':');
        push_digits::<2>(&mut self.buffer, at / 60 % 60);
        self.buffer.push(b':');
        push_digits::<2>(&mut self.buffer, at % 60);
        self.buffer.extend_from_slice(b"+02:00\",\"");
        self.buffer.extend_from_slice(SETTLEMENT.as_bytes());
        self.buffer.extend_from_slice(b"\",");
    }

    /// Transaction id, merchant's reference, type, order reference, order number; all but the type are
    /// made from the order's position, so that a refund finds its capture.
    fn order_cells(&mut self, kind: LargeKind, order: u64) {
        let (letter, word) = match kind {
            LargeKind::Refund => (b'R', "Refund"),
            LargeKind::Chargeback => (b'B', "Chargeback"),
            _ => (b'C', "Capture"),
        };
        let scattered = scatter(order);
        let out = &mut self.buffer;
        push_reference(out, scattered);
        out.push(b'-');
        out.push(letter);
        push_digits::<6>(out, scattered / 1_000);
        out.extend_from_slice(b"\",\"FR-");
        push_digits::<9>(out, 100_000_000 + order);
        out.extend_from_slice(b"-1\",");
        push_cell(out, word);
        push_reference(out, scattered);
        out.extend_from_slice(b"\",\"FR-");
        push_digits::<9>(out, 100_000_000 + order);
        out.extend_from_slice(b"\",");
    }

    /// The five amounts and the end of the line.
    fn amounts(&mut self, kind: LargeKind, amount: Cents, percentage: Cents, fixed: Cents) -> io::Result<()> {
        let total = percentage + fixed;
        for (cell, end) in
            [(amount, &b"\","[..]), (percentage, b"\","), (fixed, b"\","), (total, b"\","), (amount + total, b"\"\r\n")]
        {
            self.buffer.push(b'"');
            push_amount(&mut self.buffer, cell);
            self.buffer.extend_from_slice(end);
        }
        if let Some(summary) = self.summaries.get_mut(kind as usize) {
            summary.count += 1;
            summary.amount_cents += amount;
            summary.percentage_fee_cents += percentage;
            summary.fixed_fee_cents += fixed;
            summary.net_cents += amount + total;
        }
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_LEN {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// `"…",`
fn push_cell(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\",");
}

/// `"P02-1234567-7654321`, with its opening quote.
fn push_reference(out: &mut Vec<u8>, scattered: u64) {
    out.extend_from_slice(b"\"P02-");
    push_digits::<7>(out, scattered / 10_000_000);
    out.push(b'-');
    push_digits::<7>(out, scattered);
}

/// Fourteen digits for an order's position, different for each: the factor has no divisor in common
/// with 10^14.
fn scatter(order: u64) -> u64 {
    (u128::from(order + 1) * 61_803_398_874_989 % 100_000_000_000_000) as u64
}

/// The last `PLACES` digits of a number. The count is known when compiling, so that the loop unrolls.
fn push_digits<const PLACES: usize>(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; PLACES];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

/// An amount with two places; nothing is a bare `0`, as in real files.
fn push_amount(out: &mut Vec<u8>, amount: Cents) {
    if amount == 0 {
        out.push(b'0');
        return;
    }
    if amount < 0 {
        out.push(b'-');
    }
    let size = amount.unsigned_abs();
    push_whole(out, size / 100);
    out.push(b'.');
    push_digits::<2>(out, size % 100);
}

/// A number without leading zeros.
fn push_whole(out: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        push_whole(out, number / 10);
    }
    out.push(b'0' + (number % 10) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: u64, seed: u64) -> (String, Vec<LargeSummary>) {
        let mut bytes = Vec::new();
        let summaries = write_large(&mut bytes, rows, seed).unwrap();
        (String::from_utf8(bytes).unwrap(), summaries)
    }

    fn cents(cell: &str) -> i64 {
        if cell == "0" { 0 } else { cell.replace('.', "").parse().unwrap() }
    }

    #[test]
    fn every_row_obeys_the_rules_and_all_rows_add_up_to_zero() {
        let (text, summaries) = text(20_000, 1);
        let rows: Vec<&str> = text.lines().skip(6).collect();
        assert_eq!(rows.len(), 20_000);
        let mut sum = 0;
        let mut quoted = 0;
        for row in rows {
            let tail: Vec<&str> = row.trim_end_matches('"').rsplit("\",\"").take(5).collect();
            let [net, total, fixed, percentage, amount] = tail.try_into().unwrap();
            assert_eq!(cents(percentage) + cents(fixed), cents(total), "{row}");
            assert_eq!(cents(amount) + cents(total), cents(net), "{row}");
            sum += cents(net);
            quoted += u32::from(row.contains("\"\"L'Été\"\", Paris"));
        }
        assert_eq!(sum, 0);
        assert!((280..360).contains(&quoted), "{quoted}");
        assert_eq!(summaries.iter().map(|summary| summary.count).sum::<u64>(), 20_000);
        assert_eq!(summaries.iter().map(|summary| summary.net_cents).sum::<i64>(), 0);
        assert_eq!(summaries.len(), 5);
    }

    #[test]
    fn a_row_is_about_212_bytes_and_posted_in_order_within_the_settlement() {
        let (text, _) = text(5_000, 1);
        assert!((200..225).contains(&(text.len() / 5_000)), "{}", text.len() / 5_000);
        let posted: Vec<&str> = text.lines().skip(6).map(|row| &row[1..26]).collect();
        assert!(posted.is_sorted());
        assert!(posted[0] > "2026-09-01T00:00:44+02:00");
        assert!(posted[4_999] < "2026-09-30T23:59:44+02:00");
    }

    #[test]
    fn a_refund_gives_back_the_whole_price_of_an_earlier_capture_once() {
        let (text, _) = text(20_000, 3);
        let mut open = std::collections::BTreeMap::new();
        let mut refunds = 0;
        for row in text.lines().skip(6) {
            let cells: Vec<&str> = row.trim_matches('"').split("\",\"").collect();
            let amount = cents(cells[cells.len() - 5]);
            match cells[4] {
                "Capture" => assert_eq!(open.insert(cells[5].to_owned(), amount), None),
                "Refund" | "Chargeback" => {
                    assert_eq!(open.remove(cells[5]), Some(-amount));
                    refunds += 1;
                }
                _ => {}
            }
        }
        assert!((600..1_000).contains(&refunds), "{refunds}");
    }

    #[test]
    fn no_two_orders_share_a_reference() {
        let references: std::collections::BTreeSet<u64> = (0..100_000).map(scatter).collect();
        assert_eq!(references.len(), 100_000);
    }

    #[test]
    fn the_fewest_rows_are_four_and_a_seed_means_the_same_bytes() {
        assert_eq!(text(0, 1).0.lines().count(), 6 + 4);
        assert_eq!(text(100, 1).0, text(100, 1).0);
        assert_ne!(text(100, 1).0, text(100, 2).0);
    }
}
