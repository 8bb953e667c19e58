//! MT940 in the dialects that banks send, and MT942 as interim (bank-statements §4).
//!
//! Tags are found at line starts; envelopes, control characters and bank headers are left out; pages of
//! one statement are joined. A reversal of a credit (`RC`) is money out.

use chrono::{Datelike, NaiveDate};

use super::fault::{BankError, BankFault};
use super::mt940_details::read_details;
use super::read::{ENTRIES_MAX, Source};
use super::statement::{Balance, BankEntry, BankFormat, BankStatement, Extent, Reversal};
use crate::domain::{Amount, Currency};
use crate::parse::parse_amount;

/// Reads every statement of a file.
pub(super) fn read_mt940(source: &mut Source<'_>) -> Result<Vec<BankStatement>, BankError> {
    let mut pages = Pages::default();
    for tag in tags(source.text) {
        let line = tag.line;
        pages.take(&tag, source).map_err(|fault| fault.at(source.file, line))?;
    }
    let statements = pages.finish(source)?;
    if statements.is_empty() { Err(BankFault::NoStatement.at(source.file, None)) } else { Ok(statements) }
}

/// A tag and its lines.
struct Tag {
    line: u64,
    name: String,
    lines: Vec<String>,
}

/// Splits a text at its tags.
fn tags(text: &str) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    let mut open = false;
    let mut broken = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_matches(|c| matches!(c, '\r' | '\u{1}' | '\u{3}' | '\u{feff}' | '\u{1a}'));
        // One bank breaks its lines even inside a tag.
        let joined = if broken { format!(":{line}") } else { line.to_owned() };
        broken = joined.trim() == ":";
        if broken {
            continue;
        }
        if let Some((name, rest)) = tag_of(&joined) {
            tags.push(Tag { line: number, name: name.to_owned(), lines: vec![rest.to_owned()] });
            open = true;
        } else if is_end(&joined) {
            open = false;
        } else if let (true, Some(tag)) = (open, tags.last_mut()) {
            tag.lines.push(joined);
        }
    }
    tags
}

/// `:61:` and the like at the start of a line.
fn tag_of(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix(':')?.split_once(':')?;
    let letters = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = name.len() - letters.len();
    let numbered = matches!(digits, 2 | 3)
        && (letters.is_empty() || (letters.len() == 1 && letters.bytes().all(|b| b.is_ascii_uppercase())));
    (numbered || name == "NS").then_some((name, rest))
}

/// The end of a message, or the envelope of the next.
fn is_end(line: &str) -> bool {
    line == "-" || line.starts_with("-}") || line.starts_with("-XXX") || line.starts_with("{1:")
}

/// The statements so far; pages that are continued are not yet among them.
#[derive(Default)]
struct Pages {
    done: Vec<BankStatement>,
    page: Option<Page>,
}

/// A statement whose end has not come yet.
struct Page {
    statement: BankStatement,
    entries: Vec<RawEntry>,
    /// Whether the last closing was that of a page.
    continued: bool,
    closed: bool,
}

/// Field 61 and what belongs to it.
struct RawEntry {
    line: u64,
    field: Field61,
    details: Vec<String>,
    other: Vec<String>,
}

impl Pages {
    fn take(&mut self, tag: &Tag, source: &mut Source<'_>) -> Result<(), BankFault> {
        let first = tag.lines.first().map(|line| line.trim()).unwrap_or_default();
        match tag.name.as_str() {
            "20" => self.begin(source.file),
            "25" if self.has_entries() && is_detail(first) => self.detail(tag),
            "25" => self.page(source.file).statement.account = first.to_owned(),
            "28" | "28C" => self.page(source.file).statement.number = Some(first.to_owned()),
            "60F" | "60M" => self.open(tag, first, source)?,
            "61" => {
                let (field, clamped) = Field61::read(&tag.lines.join("\n"))?;
                if clamped {
                    source.warn(
                        "bank_date",
                        tag.line,
                        format!("`{first}` names a day that its month lacks; its last day is taken"),
                    );
                }
                let page = self.page(source.file);
                if page.entries.len() >= ENTRIES_MAX {
                    return Err(BankFault::TooManyEntries { limit: ENTRIES_MAX });
                }
                page.entries.push(RawEntry { line: tag.line, field, details: Vec::new(), other: Vec::new() });
            }
            "86" => self.detail(tag),
            "NS" => {
                let entry = self.page.as_mut().and_then(|page| page.entries.last_mut());
                if let Some(entry) = entry {
                    entry.other.extend(tag.lines.iter().map(|line| line.get(2..).unwrap_or(line).trim().to_owned()));
                }
            }
            "62F" | "62M" => self.close(tag, first, source)?,
            "13" | "13D" | "34F" | "90D" | "90C" => {
                let page = self.page(source.file);
                page.statement.extent = Extent::Interim;
                if tag.name == "34F" {
                    page.statement.currency = first.get(..3).and_then(|code| code.parse().ok());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn has_entries(&self) -> bool {
        self.page.as_ref().is_some_and(|page| !page.closed && !page.entries.is_empty())
    }

    /// The statement at work; a piece without a head gets one.
    fn page(&mut self, file: &str) -> &mut Page {
        self.page.get_or_insert_with(|| Page {
            statement: BankStatement::new(BankFormat::Mt940, file),
            entries: Vec::new(),
            continued: false,
            closed: false,
        })
    }

    fn begin(&mut self, file: &str) {
        // A continued page waits for the opening of the next one.
        if self.page.as_ref().is_some_and(|page| page.continued) {
            return;
        }
        self.finish_page();
        self.page(file);
    }

    fn open(&mut self, tag: &Tag, text: &str, source: &mut Source<'_>) -> Result<(), BankFault> {
        let balance = balance(text)?;
        let joins = self.page.as_ref().is_some_and(|page| {
            let closing = page.statement.closing.map(|closing| (closing.amount, closing.currency));
            page.continued && tag.name == "60M" && closing == Some((balance.amount, balance.currency))
        });
        if joins {
            if let Some(page) = &mut self.page {
                page.continued = false;
                page.closed = false;
            }
            return Ok(());
        }
        if self.page.as_ref().is_some_and(|page| page.closed) {
            let head = self.page.as_ref().map(|page| (page.statement.account.clone(), page.statement.number.clone()));
            self.finish_page();
            let page = self.page(source.file);
            (page.statement.account, page.statement.number) = head.unwrap_or_default();
        }
        let page = self.page(source.file);
        page.statement.currency = Some(balance.currency);
        // The opening balance is that of the evening before, or of the first day itself.
        page.statement.from = balance.day.map(|day| day.succ_opt().unwrap_or(day));
        page.statement.opening = Some(balance);
        Ok(())
    }

    fn close(&mut self, tag: &Tag, text: &str, source: &mut Source<'_>) -> Result<(), BankFault> {
        let balance = balance(text)?;
        let page = self.page(source.file);
        page.statement.closing = Some(balance);
        page.statement.until = balance.day;
        page.statement.currency = page.statement.currency.or(Some(balance.currency));
        page.closed = true;
        page.continued = tag.name == "62M";
        Ok(())
    }

    /// Details belong to the entry before; after the closing, to the statement as a whole.
    fn detail(&mut self, tag: &Tag) {
        let entry = self.page.as_mut().filter(|page| !page.closed).and_then(|page| page.entries.last_mut());
        if let Some(entry) = entry {
            entry.details.push(tag.lines.join("\n"));
        }
    }

    fn finish_page(&mut self) {
        let Some(Page { mut statement, entries, .. }) = self.page.take() else { return };
        let Some(currency) = statement.currency.or_else(|| entries.first().and_then(|entry| entry.field.currency()))
        else {
            // Kept without its entries, so that `finish` can refuse it with its line.
            if !entries.is_empty() {
                statement.number = Some(format!("{NO_CURRENCY}{}", entries.first().map_or(1, |entry| entry.line)));
                self.done.push(statement);
            }
            return;
        };
        if statement.opening.is_none() && statement.closing.is_none() {
            statement.extent = Extent::Interim;
        }
        let is_something = statement.opening.is_some() || statement.closing.is_some() || !entries.is_empty();
        statement.currency = Some(currency);
        statement.entries = entries.into_iter().map(|entry| entry.finish(currency)).collect();
        let first = statement.entries.iter().map(|entry| entry.booked).min();
        statement.from = statement.from.min(first.or(statement.from));
        self.done.extend(Some(statement).filter(|_| is_something));
    }

    fn finish(mut self, source: &Source<'_>) -> Result<Vec<BankStatement>, BankError> {
        self.finish_page();
        let refused = self.done.iter().find_map(|statement| statement.number.as_deref()?.strip_prefix(NO_CURRENCY));
        match refused {
            Some(line) => Err(source.fault(line.parse().unwrap_or(1), BankFault::NoCurrency)),
            None => Ok(self.done),
        }
    }
}

/// Marks a statement whose currency nothing tells.
const NO_CURRENCY: &str = "\u{0}no currency ";

/// Whether what stands in `:25:` is the text of an entry, as one broken file has it.
fn is_detail(text: &str) -> bool {
    text.get(..3).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit())) && text.get(3..4) == Some("?")
}

/// Field 61.
struct Field61 {
    valued: NaiveDate,
    booked: NaiveDate,
    amount: Amount,
    reversal: Reversal,
    funds_code: Option<char>,
    kind: String,
    customer_reference: String,
    bank_reference: String,
    supplement: String,
}

impl Field61 {
    /// Reads the field; tells as well whether a day had to be taken for another.
    fn read(text: &str) -> Result<(Self, bool), BankFault> {
        let mut rest = Cursor { rest: text };
        let value_text = rest.digits(6).unwrap_or_default().to_owned();
        let no_date = || BankFault::Date { value: text.chars().take(10).collect(), form: "YYMMDD".to_owned() };
        let (valued, value_clamped) = six_digit_date(&value_text).ok_or_else(no_date)?;
        let entry_text = rest.digits(4).map(str::to_owned);
        rest.skip_blanks();
        let (booked, entry_clamped) = match entry_text {
            Some(text) => entry_date(&text, valued).ok_or_else(no_date)?,
            None => (valued, false),
        };
        let reversal = if rest.letter(&['R', 'r']).is_some() { Reversal::Marked } else { Reversal::No };
        let not_an_amount = || BankFault::NotAnAmount { value: text.lines().next().unwrap_or_default().to_owned() };
        let mark = rest.letter(&['C', 'D', 'c', 'd']).ok_or_else(not_an_amount)?.to_ascii_uppercase();
        let funds_code = rest.any_letter();
        rest.skip_blanks();
        let amount = comma_amount(rest.amount())?;
        // The reversal of a credit takes money away.
        let is_credit = (mark == 'C') != (reversal == Reversal::Marked);
        let amount = if is_credit { amount } else { Amount::from_units(-amount.units()) };
        let (line, supplement) = rest.rest.split_once('\n').unwrap_or((rest.rest, ""));
        let kind_length = line.char_indices().nth(4).map_or(line.len(), |(at, _)| at);
        let (kind, references) = line.split_at(kind_length);
        let (customer, bank) = references.split_once("//").unwrap_or((references, ""));
        let (customer, name) = customer.split_at(customer.char_indices().nth(16).map_or(customer.len(), |(at, _)| at));
        let supplement = format!("{} {}", name.trim(), supplement.replace('\n', " ")).trim().to_owned();
        let field = Self {
            valued,
            booked,
            amount,
            reversal,
            funds_code,
            kind: kind.trim().to_owned(),
            customer_reference: told(customer),
            bank_reference: told(bank),
            supplement,
        };
        Ok((field, value_clamped || entry_clamped))
    }

    /// The currency that the funds code tells, where it is the one that needs no guess.
    fn currency(&self) -> Option<Currency> {
        (self.funds_code == Some('R')).then(|| "EUR".parse().ok()).flatten()
    }
}

impl RawEntry {
    fn finish(self, currency: Currency) -> BankEntry {
        let field = self.field;
        let mut entry = BankEntry {
            valued: Some(field.valued),
            reversal: field.reversal,
            bank_reference: field.bank_reference,
            customer_reference: field.customer_reference,
            code: field.kind,
            ..BankEntry::new(self.line, field.amount, currency, field.booked)
        };
        read_details(&self.details, &mut entry);
        let more = std::iter::once(field.supplement).chain(self.other).filter(|text| !text.is_empty());
        for text in more {
            if !entry.text.is_empty() {
                entry.text.push(' ');
            }
            entry.text.push_str(&text);
        }
        entry
    }
}

/// A reference, unless it says that there is none.
fn told(text: &str) -> String {
    let text = text.trim();
    if matches!(text, "NONREF" | "NOTPROVIDED" | "NOREF") { String::new() } else { text.to_owned() }
}

/// Reads a text from left to right.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// So many digits, or nothing.
    fn digits(&mut self, count: usize) -> Option<&'a str> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.rest = rest;
        Some(digits)
    }

    fn letter(&mut self, wanted: &[char]) -> Option<char> {
        let first = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.rest = self.rest.get(1..)?;
        Some(first)
    }

    fn any_letter(&mut self) -> Option<char> {
        let first = self.rest.chars().next().filter(char::is_ascii_alphabetic)?;
        self.rest = self.rest.get(1..)?;
        Some(first.to_ascii_uppercase())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn amount(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(self.rest.len());
        let (amount, rest) = self.rest.split_at(end);
        self.rest = rest;
        amount
    }
}

/// An amount with a comma, or without: `500`, `149,5`, `0,`, `000000001213,28`.
fn comma_amount(text: &str) -> Result<Amount, BankFault> {
    let fault = || BankFault::NotAnAmount { value: text.to_owned() };
    let (whole, decimals) = match text.split_once(',') {
        Some((whole, decimals)) if !decimals.contains(['.', ',']) && !whole.contains('.') => (whole, decimals),
        Some(_) => return Err(fault()),
        None => text.split_once('.').unwrap_or((text, "")),
    };
    if whole.is_empty() && decimals.is_empty() {
        return Err(fault());
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let plain = if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") };
    parse_amount(plain.as_bytes())
        .map(|parsed| parsed.amount)
        .map_err(|why| BankFault::Amount { value: text.to_owned(), why })
}

/// `C110101EUR4975,09`
fn balance(text: &str) -> Result<Balance, BankFault> {
    let fault = || BankFault::NotAnAmount { value: text.to_owned() };
    let mut rest = Cursor { rest: text };
    let mark = rest.letter(&['C', 'D', 'c', 'd']).ok_or_else(fault)?.to_ascii_uppercase();
    let day = rest.digits(6).and_then(six_digit_date).map(|(day, _)| day);
    let (code, amount) = rest.rest.trim_start().split_at_checked(3).ok_or_else(fault)?;
    let currency = code.parse().map_err(|_| BankFault::Currency { value: code.to_owned() })?;
    let amount = comma_amount(amount.trim())?;
    Ok(Balance { amount: if mark == 'D' { Amount::from_units(-amount.units()) } else { amount }, currency, day })
}

/// `YYMMDD`; a day that the month lacks is its last one (30 February of the 30/360 day count).
fn six_digit_date(text: &str) -> Option<(NaiveDate, bool)> {
    let part = |at: usize| text.get(at..at + 2)?.parse::<u32>().ok();
    clamped(2_000 + i32::try_from(part(0)?).ok()?, part(2)?, part(4)?)
}

fn clamped(year: i32, month: u32, day: u32) -> Option<(NaiveDate, bool)> {
    let whole = NaiveDate::from_ymd_opt(year, month, day);
    let last = || (28..day.min(32)).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month, day));
    whole.map(|day| (day, false)).or_else(|| last().map(|day| (day, true)))
}

/// `MMDD`, in the year that puts it nearest to the value date.
fn entry_date(text: &str, valued: NaiveDate) -> Option<(NaiveDate, bool)> {
    let part = |at: usize| text.get(at..at + 2)?.parse::<u32>().ok();
    let years = [valued.year() - 1, valued.year(), valued.year() + 1];
    let dates = years.into_iter().filter_map(|year| clamped(year, part(0)?, part(2)?));
    dates.min_by_key(|(day, _)| (*day - valued).num_days().abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<BankStatement> {
        read_mt940(&mut Source { file: "f", text, warnings: Vec::new() }).unwrap()
    }

    fn field(text: &str) -> (String, String, i64) {
        let (field, _) = Field61::read(text).unwrap();
        (field.valued.to_string(), field.booked.to_string(), field.amount.units())
    }

    #[test]
    fn field_61_is_read_in_every_dialect() {
        for (text, expected) in [
            ("0709070904CR50990,05NTRFNONREF//0724710333343453", ("2007-09-07", "2007-09-04", 509_900_500)),
            ("240312    DD212,39NMSCNONREF//", ("2024-03-12", "2024-03-12", -2_123_900)),
            ("1811261126CR\n30,00N062NONREF", ("2018-11-26", "2018-11-26", 300_000)),
            ("110527D000000001213,28N0440121470966      W.P. Jansen", ("2011-05-27", "2011-05-27", -12_132_800)),
            ("1701190119CN0,01NTRFNONREF", ("2017-01-19", "2017-01-19", 100)),
            ("1710111011DF2402,00S   X", ("2017-10-11", "2017-10-11", -24_020_000)),
            ("1001021231C5,NTRF", ("2010-01-02", "2009-12-31", 50_000)),
            ("1602300301DR6,00N024NONREF", ("2016-02-29", "2016-03-01", -60_000)),
            ("0907231RC204,88NTRF", ("", "", 0)),
            ("090723RC204,88NTRF", ("2009-07-23", "2009-07-23", -2_048_800)),
            ("090723RDR204,88NTRF", ("2009-07-23", "2009-07-23", 2_048_800)),
            ("090723D500NTRF", ("2009-07-23", "2009-07-23", -5_000_000)),
        ] {
            if expected.0.is_empty() {
                assert!(Field61::read(text).is_err(), "{text}");
            } else {
                assert_eq!(field(text), (expected.0.to_owned(), expected.1.to_owned(), expected.2), "{text}");
            }
        }
    }

    #[test]
    fn amounts_are_exact_whatever_their_form() {
        let units = |text| comma_amount(text).map(Amount::units).ok();
        assert_eq!(units("380115,12"), Some(3_801_151_200));
        assert_eq!(units("0,"), Some(0));
        assert_eq!(units("00,12"), Some(1_200));
        assert_eq!(units("500"), Some(5_000_000));
        for text in ["", ",", "1.000,00", "1,2,3", "1,23456"] {
            assert_eq!(units(text), None, "{text}");
        }
    }

    #[test]
    fn pages_are_one_statement_and_days_are_several() {
        let text = ":20:A\n:25:X\n:28C:7/1\n:60F:C260901EUR10,\n:61:260902C1,NTRF\n:62M:C260902EUR11,\n-\n\
                    :20:B\n:25:X\n:28C:7/2\n:60M:C260902EUR11,\n:61:260903C2,NTRF\n:62F:C260903EUR13,\n-\n\
                    :20:C\n:25:X\n:60F:C260903EUR13,\n:62F:C260904EUR13,\n";
        let read = read(text);
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].entries.len(), 2);
        assert!(read.iter().all(|statement| statement.footing() == super::super::Footing::Foots));
    }

    #[test]
    fn a_piece_without_balances_is_interim_and_one_without_a_currency_is_refused() {
        assert_eq!(read(":61:1811261126CR30,00N062NONREF\n")[0].extent, Extent::Interim);
        let mut source = Source { file: "f", text: ":61:181126C30,00N062NONREF\n", warnings: Vec::new() };
        let error = read_mt940(&mut source).unwrap_err();
        assert_eq!((error.line, matches!(error.fault, BankFault::NoCurrency)), (Some(1), true));
    }
}
