//! DATEV EXTF Buchungsstapel: header 700, category 21, format version 13, 125 columns, windows-1252.
//!
//! A line is one balanced posting, so an entry is split through the clearing account: gross against clearing,
//! each fee against clearing; the trial balance stays that of the journal. DATEV books the reverse charge
//! itself when a line bears its key, so that pair is not written.

use super::accounting::{AccountingFormat, FileFacts, Preset, Unfit, push_cents, row_place, size, text_place};
use super::charset::{Charset, Replacements, Scribe, TextPlace};
use super::figures::{DateForm, push_date};
use crate::config::{Chart, Event, VatOnFees};
use crate::domain::Sum;
use crate::report::journal::{Entry, Posting};

/// The captions of the 125 columns and what each holds: `t` text, always quoted; `n` number, never.
const COLUMNS: &str = include_str!("datev_columns.txt");
/// Columns of format version 13.
const COLUMN_COUNT: usize = 125;
/// Digits of a general ledger account where the config says nothing.
const ACCOUNT_DIGITS: u8 = 4;
/// Longest texts (accounting-exports §4).
const LABEL_MAX: usize = 60;
const FIELD_MAX: usize = 36;
const SETTLEMENT_MAX: usize = 12;
const INFO_MAX: usize = 210;
const TITLE_MAX: usize = 30;
/// Ten digits before the comma.
const AMOUNT_MAX: i128 = 9_999_999_999 * 10_000;

/// Numbers that stand where none is configured: the smallest that DATEV has. The import asks whether they fit.
pub const CONSULTANT_DEFAULT: &str = "1001";
/// See [`CONSULTANT_DEFAULT`].
pub const CLIENT_DEFAULT: &str = "1";

/// Writes EXTF.
pub(super) struct Datev {
    scribe: Scribe,
    /// The cells 37 to 102 of every line, and the opening quote of 103.
    before_identity: Vec<u8>,
    /// The closing quote of 103, the cells 104 to 125 and the end of the line.
    after_identity: Vec<u8>,
}

fn in_text(c: char) -> Option<&'static str> {
    (c == '\u{a0}').then_some(" ")
}

/// Letters, digits and `_ $ & % * + - /`: the key of open items.
fn in_field(c: char) -> Option<&'static str> {
    (!c.is_ascii_alphanumeric() && !"_$&%*+-/".contains(c)).then_some("-")
}

fn in_title(c: char) -> Option<&'static str> {
    (!c.is_ascii_alphanumeric() && !"_.-/ ".contains(c)).then_some("-")
}

/// Kind and caption of each column.
fn columns() -> impl Iterator<Item = (bool, &'static str)> {
    COLUMNS.lines().filter_map(|line| line.split_once(' ')).map(|(kind, caption)| (kind == "t", caption))
}

/// Empty cells, each with the separator before it.
fn empty_cells(numbers: std::ops::RangeInclusive<usize>) -> Vec<u8> {
    let cells = (1..).zip(columns()).filter(|(number, _)| numbers.contains(number));
    cells.flat_map(|(_, (is_text, _))| if is_text { &b";\"\""[..] } else { &b";"[..] }.to_vec()).collect()
}

impl Datev {
    /// A writer.
    #[must_use]
    pub(super) fn new() -> Self {
        let mut before_identity = empty_cells(37..=102);
        before_identity.extend_from_slice(b";\"");
        let mut after_identity = b"\"".to_vec();
        after_identity.extend(empty_cells(104..=113));
        after_identity.extend_from_slice(b";0");
        after_identity.extend(empty_cells(115..=COLUMN_COUNT));
        after_identity.extend_from_slice(b"\r\n");
        Self { scribe: Scribe::new(Charset::Windows1252), before_identity, after_identity }
    }

    fn quoted(
        &mut self,
        text: &str,
        forbidden: super::charset::Forbidden,
        chars_max: usize,
        place: TextPlace<'_>,
        out: &mut Vec<u8>,
    ) {
        out.push(b'"');
        let start = out.len();
        self.scribe.push(text.trim(), forbidden, chars_max, place, out);
        let quotes = out.iter().skip(start).filter(|byte| **byte == b'"').count();
        if quotes > 0 {
            let written = out.split_off(start);
            for byte in written {
                out.extend(std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
            }
        }
        out.push(b'"');
    }

    fn line(
        &mut self,
        facts: &FileFacts<'_>,
        entry: &Entry,
        posting: &Posting,
        out: &mut Vec<u8>,
    ) -> Result<(), Unfit> {
        let place = text_place(entry);
        let fee = posting.event.is_fee();
        // Gross lines show the clearing account on the left, fee lines the fee account, as bookkeepers read them.
        let (left, right, debit) = if fee {
            (posting.event, Event::Clearing, posting.amount > Sum::ZERO)
        } else {
            (Event::Clearing, posting.event, posting.amount < Sum::ZERO)
        };
        let amount = size(posting.amount);
        if amount.units() > AMOUNT_MAX {
            let (place, why) = (row_place(entry), "it has more than ten digits");
            let amount = amount.in_currency(entry.currency).map(|money| money.to_string()).unwrap_or_default();
            return Err(Unfit::Amount { preset: Preset::Datev, place, amount, why });
        }
        push_cents(Preset::Datev, entry, amount, b',', out)?;
        out.extend_from_slice(if debit { b";\"S\";\"" } else { b";\"H\";\"" });
        out.extend_from_slice(entry.currency.code().as_bytes());
        out.extend_from_slice(b"\";;;\"\";");
        out.extend_from_slice(facts.account(left).code.as_bytes());
        out.push(b';');
        out.extend_from_slice(facts.account(right).code.as_bytes());
        out.extend_from_slice(b";\"");
        out.extend_from_slice(if fee { tax_key(facts) } else { String::new() }.as_bytes());
        out.extend_from_slice(b"\";");
        push_date(entry.date, DateForm::DayMonth, out);
        out.push(b';');
        let field = [entry.invoice.as_deref().unwrap_or_default(), &entry.order_id, &entry.piece];
        let field = field.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        self.quoted(field, in_field, FIELD_MAX, place, out);
        out.push(b';');
        self.quoted(&entry.settlement_id, in_field, SETTLEMENT_MAX, place, out);
        out.extend_from_slice(b";;");
        let label = match entry.label.strip_prefix("Amazon Pay ").filter(|_| fee) {
            Some(rest) => format!("Amazon Pay fee {rest}"),
            None => entry.label.clone(),
        };
        self.quoted(&label, in_text, LABEL_MAX, place, out);
        // 15 to 20: an empty number, an empty text, three empty numbers, an empty link.
        out.extend_from_slice(b";;\"\";;;;\"\"");
        self.infos(facts, entry, fee, out);
        self.rest(entry, posting, out);
        Ok(())
    }

    /// 21 to 36: eight pairs of a name and a text, both or neither.
    fn infos(&mut self, facts: &FileFacts<'_>, entry: &Entry, fee: bool, out: &mut Vec<u8>) {
        let source = if entry.file.is_empty() { String::new() } else { format!("{}:{}", entry.file, entry.line) };
        let vat = if fee { facts.ledger.vat.words() } else { "" };
        let pairs = [
            ("AmazonTransactionId", entry.transaction_id.as_str()),
            ("OrderId", &entry.order_id),
            ("SettlementId", &entry.settlement_id),
            ("Source", &source),
            ("VAT of fees", vat),
            ("", ""),
            ("", ""),
            ("", ""),
        ];
        for (name, text) in pairs {
            let name = if text.is_empty() { "" } else { name };
            out.extend_from_slice(b";\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\";");
            // A path that is too long keeps its end, where the name and the line stand.
            let skipped = if text.len() > INFO_MAX { text.chars().count().saturating_sub(INFO_MAX) } else { 0 };
            let start = text.char_indices().nth(skipped).map_or(0, |(start, _)| start);
            let tail = text.get(start..).unwrap_or_default();
            self.quoted(tail, in_text, INFO_MAX, text_place(entry), out);
        }
    }

    /// 37 to 125: empty but for the identity and the mark that nothing is locked.
    fn rest(&mut self, entry: &Entry, posting: &Posting, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before_identity);
        out.extend_from_slice(identity(entry, posting).as_bytes());
        out.extend_from_slice(&self.after_identity);
    }

    fn header(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) {
        let settings = facts.settings;
        let chart = match facts.ledger.map.chart {
            Chart::Skr03 => "03",
            Chart::Skr04 => "04",
            _ => "",
        };
        let created = facts.created.format("%Y%m%d%H%M%S%3f");
        let consultant = settings.datev_consultant.as_deref().unwrap_or(CONSULTANT_DEFAULT);
        let client = settings.datev_client.as_deref().unwrap_or(CLIENT_DEFAULT);
        let (year, first, last) = (facts.fiscal_year.0, facts.first_day, facts.last_day);
        let [year, first, last] = [year, first, last].map(|date| date.format("%Y%m%d").to_string());
        let digits = settings.datev_account_digits.unwrap_or(ACCOUNT_DIGITS);
        let start = format!(
            "\"EXTF\";700;21;\"Buchungsstapel\";13;{created};;\"ST\";\"settle\";\"\";{consultant};{client};{year};{digits};{first};{last};"
        );
        out.extend_from_slice(start.as_bytes());
        let title =
            format!("Amazon Pay {} {}", facts.period_words(), facts.ledger.vat.words().trim_start_matches("VAT "));
        let nowhere = TextPlace { entry: 0, file: "the header", line: 0 };
        self.quoted(&title, in_title, TITLE_MAX, nowhere, out);
        let end = format!(";\"\";1;0;0;\"{}\";;\"\";;;\"{chart}\";;;\"\";\"\"\r\n", facts.ledger.currency);
        out.extend_from_slice(end.as_bytes());
    }
}

/// The key of fee lines under reverse charge; otherwise none, as accounts may carry a tax function of their own.
fn tax_key(facts: &FileFacts<'_>) -> String {
    if facts.ledger.vat.treatment != VatOnFees::ReverseCharge {
        return String::new();
    }
    let key = facts.settings.datev_reverse_charge_key.as_deref().unwrap_or("94");
    let width = usize::from(facts.settings.datev_key_width.unwrap_or(4));
    format!("{key:0>width$}")
}

/// The same for the same row and posting in every run, in the form of a UUID.
fn identity(entry: &Entry, posting: &Posting) -> String {
    let text =
        format!("{}\0{}\0{}\0{}\0{}", entry.settlement_id, entry.line, entry.piece, entry.label, posting.event.key());
    let halves = [0xcbf2_9ce4_8422_2325_u64, 0x6c62_272e_07bb_0142]
        .map(|seed| text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)));
    let [high, low] = halves;
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0x0fff);
    format!("{a:08x}-{b:04x}-8{c:03x}-{:04x}-{:012x}", (low >> 48) & 0x3fff | 0x8000, low & 0xffff_ffff_ffff)
}

impl AccountingFormat for Datev {
    fn charset(&self) -> Charset {
        Charset::Windows1252
    }

    fn lines(&self, entry: &Entry) -> usize {
        entry.postings.iter().filter(|posting| is_written(posting)).count()
    }

    fn begin(&mut self, facts: &FileFacts<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let digits = usize::from(facts.settings.datev_account_digits.unwrap_or(ACCOUNT_DIGITS));
        for event in facts.used.iter().filter(|event| !matches!(event, Event::VatDue | Event::VatDeductible)) {
            let code = &facts.account(*event).code;
            let fits = code.bytes().all(|byte| byte.is_ascii_digit())
                && code.len() <= digits + 1
                && code.bytes().any(|byte| byte != b'0');
            if !fits {
                let why = "it must be digits, as many as `export.datev_account_digits` or one more";
                return Err(Unfit::Account { preset: Preset::Datev, event: *event, code: code.clone(), why });
            }
        }
        self.header(facts, out);
        let captions: Vec<&str> = columns().map(|(_, caption)| caption).collect();
        debug_assert_eq!(captions.len(), COLUMN_COUNT);
        let nowhere = TextPlace { entry: 0, file: "the captions", line: 0 };
        self.scribe.push(&captions.join(";"), |_| None, usize::MAX, nowhere, out);
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn entry(&mut self, facts: &FileFacts<'_>, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let (gross, fees): (Vec<_>, Vec<_>) =
            entry.postings.iter().filter(|posting| is_written(posting)).partition(|posting| !posting.event.is_fee());
        gross.into_iter().chain(fees).try_for_each(|posting| self.line(facts, entry, posting, out))
    }

    fn replaced(&self) -> Option<&Replacements> {
        Some(&self.scribe.replaced)
    }
}

/// Clearing is the other side of every line; DATEV books the tax of a key itself.
fn is_written(posting: &Posting) -> bool {
    !matches!(posting.event, Event::Clearing | Event::VatDue | Event::VatDeductible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_125_columns_in_the_order_of_the_documentation() {
        assert_eq!(columns().count(), COLUMN_COUNT);
        assert_eq!(columns().nth(6).unwrap(), (false, "Konto"));
        assert_eq!(columns().nth(113).unwrap(), (false, "Festschreibung"));
    }
}
