//! CFONB 120, the French account statement: records of 120 characters (bank-statements §5).
//!
//! With or without line ends; blank lines between records are tolerated. `01` opens, `07` closes, `04`
//! is a movement, `05` completes the movement before it. The last character of an amount carries its
//! sign.

use chrono::NaiveDate;

use super::fault::{BankError, BankFault};
use super::read::{ENTRIES_MAX, Source};
use super::statement::{Balance, BankEntry, BankFormat, BankStatement, Reversal};
use crate::domain::{Amount, Currency};

const RECORD_CHARS: usize = 120;

/// Operation codes that take an earlier one back: returned transfer, cancellation.
const REVERSALS: [&str; 2] = ["12", "99"];

/// Reads every statement of a file.
pub(super) fn read_cfonb(source: &mut Source<'_>) -> Result<Vec<BankStatement>, BankError> {
    let mut statements: Vec<BankStatement> = Vec::new();
    let mut open: Option<BankStatement> = None;
    for (line, record) in records(source)? {
        let record = Record { chars: &record };
        let fault = |fault: BankFault| fault.at(source.file, line);
        match record.text(1, 2).as_str() {
            "01" => {
                statements.extend(open.take());
                open = Some(record.opening(source.file).map_err(fault)?);
            }
            "04" => {
                let statement = open.get_or_insert_with(|| record.headless(source.file));
                if statement.entries.len() >= ENTRIES_MAX {
                    return Err(fault(BankFault::TooManyEntries { limit: ENTRIES_MAX }));
                }
                statement.entries.push(record.movement(line).map_err(fault)?);
            }
            "05" => {
                let entry = open.as_mut().and_then(|statement| statement.entries.last_mut());
                let entry = entry.ok_or_else(|| fault(BankFault::OutOfPlace { record: "05".to_owned() }))?;
                record.complement(entry);
            }
            "07" => {
                let mut statement = open.take().unwrap_or_else(|| record.headless(source.file));
                statement.closing = Some(record.balance().map_err(fault)?);
                statement.until = statement.closing.and_then(|balance| balance.day);
                statements.push(statement);
            }
            other => return Err(fault(BankFault::OutOfPlace { record: other.to_owned() })),
        }
    }
    statements.extend(open);
    if statements.is_empty() { Err(BankFault::NoStatement.at(source.file, None)) } else { Ok(statements) }
}

/// The records with the number of their line or, without line ends, of the record.
fn records(source: &Source<'_>) -> Result<Vec<(u64, Vec<char>)>, BankError> {
    let mut records = Vec::new();
    let mut whole: Vec<char> = Vec::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        let chars: Vec<char> = text.chars().filter(|c| !matches!(c, '\r' | '\u{1a}')).collect();
        match chars.len() {
            0 => {}
            RECORD_CHARS if whole.is_empty() => records.push((line, chars)),
            // Line ends elsewhere than after a record say nothing.
            _ => whole.extend(chars),
        }
    }
    if !whole.len().is_multiple_of(RECORD_CHARS) {
        let found = whole.len() % RECORD_CHARS;
        let line = records.last().map_or(1, |record: &(u64, Vec<char>)| record.0 + 1);
        return Err(source.fault(line, BankFault::RecordLength { found, expected: RECORD_CHARS }));
    }
    let known = records.len() as u64;
    records.extend((known + 1..).zip(whole.chunks(RECORD_CHARS).map(<[char]>::to_vec)));
    Ok(records)
}

struct Record<'a> {
    chars: &'a [char],
}

impl Record<'_> {
    /// The characters at positions counted from 1, both inclusive.
    fn raw(&self, from: usize, until: usize) -> &[char] {
        self.chars.get(from - 1..until).unwrap_or_default()
    }

    /// The same as text, without blanks at its ends.
    fn text(&self, from: usize, until: usize) -> String {
        self.raw(from, until).iter().collect::<String>().trim().to_owned()
    }

    fn account(&self) -> String {
        [self.text(3, 7), self.text(12, 16), self.text(22, 32)].join(" ")
    }

    /// Blank means euro, as at one bank.
    fn currency(&self) -> Result<Currency, BankFault> {
        let code = self.text(17, 19);
        let code = if code.is_empty() { "EUR".to_owned() } else { code };
        code.parse().map_err(|_| BankFault::Currency { value: code })
    }

    fn headless(&self, file: &str) -> BankStatement {
        let statement = BankStatement::new(BankFormat::Cfonb120, file);
        BankStatement { account: self.account(), currency: self.currency().ok(), ..statement }
    }

    fn opening(&self, file: &str) -> Result<BankStatement, BankFault> {
        let balance = self.balance()?;
        // The old balance is that of the evening before.
        let from = balance.day.and_then(|day| day.succ_opt());
        Ok(BankStatement { opening: Some(balance), from, currency: Some(self.currency()?), ..self.headless(file) })
    }

    fn balance(&self) -> Result<Balance, BankFault> {
        Ok(Balance { amount: self.amount(91, 104)?, currency: self.currency()?, day: Some(self.date(35, 40)?) })
    }

    fn movement(&self, line: u64) -> Result<BankEntry, BankFault> {
        let code = self.text(33, 34);
        let rejected = !self.text(41, 42).chars().all(|c| c == '0');
        let valued = if self.text(43, 48).is_empty() { None } else { Some(self.date(43, 48)?) };
        let number = self.text(82, 88);
        let reference = self.text(105, 120);
        Ok(BankEntry {
            valued,
            reversal: if rejected || REVERSALS.contains(&code.as_str()) { Reversal::Marked } else { Reversal::No },
            bank_reference: if number.chars().all(|c| c == '0') { String::new() } else { number },
            customer_reference: reference,
            code,
            text: self.text(49, 79),
            ..BankEntry::new(line, self.amount(91, 104)?, self.currency()?, self.date(35, 40)?)
        })
    }

    /// A complement, by its qualifier.
    fn complement(&self, entry: &mut BankEntry) {
        let (first, second) = (self.text(49, 83), self.text(84, 118));
        let whole = self.text(49, 118);
        match self.text(46, 48).as_str() {
            "NPY" | "NBE" if entry.counterparty.is_empty() => entry.counterparty = whole,
            "RCN" if entry.end_to_end.is_empty() => {
                entry.end_to_end = first;
                add(&mut entry.text, &second);
            }
            "REF" => {
                add(&mut entry.text, &first);
                if entry.bank_reference.is_empty() {
                    entry.bank_reference = second;
                } else {
                    add(&mut entry.text, &second);
                }
            }
            "CBE" | "CPY" if entry.counterparty_account.is_empty() => entry.counterparty_account = first,
            _ => add(&mut entry.text, &whole),
        }
    }

    fn date(&self, from: usize, until: usize) -> Result<NaiveDate, BankFault> {
        let text = self.text(from, until);
        let digits = |at: usize| text.get(at..at + 2).and_then(|digits| digits.parse::<u32>().ok());
        let read = || {
            let year = 2_000 + i32::try_from(digits(4)?).ok()?;
            NaiveDate::from_ymd_opt(year, digits(2)?, digits(0)?)
        };
        read().ok_or_else(|| BankFault::Date { value: text.clone(), form: "DDMMYY".to_owned() })
    }

    /// An overpunched amount: its last character is the last digit and the sign.
    fn amount(&self, from: usize, until: usize) -> Result<Amount, BankFault> {
        let text = self.text(from, until);
        let fault = || BankFault::NotAnAmount { value: text.clone() };
        let decimals = match self.text(20, 20).as_str() {
            "" => 2,
            digit => digit.parse::<u32>().map_err(|_| fault())?,
        };
        let last = text.chars().last().ok_or_else(fault)?;
        let (digit, sign) = overpunched(last).ok_or_else(fault)?;
        let head = text.strip_suffix(last).unwrap_or_default();
        let digits = format!("{head}{digit}");
        let whole: i64 = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
            .ok_or_else(fault)?;
        let scale = Amount::SCALE.checked_sub(decimals).ok_or_else(fault)?;
        let units = whole.checked_mul(10_i64.pow(scale)).ok_or_else(fault)?;
        Ok(Amount::from_units(sign * units))
    }
}

/// Digit and sign of a last character; lower case and accents are of an older seven-bit set.
fn overpunched(c: char) -> Option<(u32, i64)> {
    let place = |letters: &str| letters.chars().position(|letter| letter == c.to_ascii_uppercase());
    let digit = |at: usize| u32::try_from(at).ok();
    match c {
        'è' | 'é' => Some((0, if c == 'è' { 1 } else { -1 })),
        _ => match (place("{ABCDEFGHI"), place("}JKLMNOPQR")) {
            (Some(at), _) => Some((digit(at)?, 1)),
            (None, Some(at)) => Some((digit(at)?, -1)),
            (None, None) => None,
        },
    }
}

fn add(text: &mut String, more: &str) {
    if !more.is_empty() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The constructed example of the fact sheet: foots 1000.00 → 1047.49.
    const EXAMPLE: [&str; 5] = [
        "0110278    02204EUR2 00012345603  080926                                                  0000000010000{                ",
        "0410278    02204EUR2 0001234560305100926  100926VIR AMAZON PAYMENTS EUROPE SCA   0000000000000000000474I                ",
        "0510278    02204EUR2 0001234560305100926     NPYAMAZON PAYMENTS EUROPE S.C.A.                                           ",
        "0510278    02204EUR2 0001234560305100926     RCN5984862222                                                              ",
        "0710278    02204EUR2 00012345603  100926                                                  0000000010474I                ",
    ];

    fn read(text: &str) -> Result<Vec<BankStatement>, BankError> {
        read_cfonb(&mut Source { file: "f", text, warnings: Vec::new() })
    }

    #[test]
    fn the_example_foots_with_and_without_line_ends() {
        for separator in ["\n", "\r\n", "", "\n\n"] {
            let read = read(&EXAMPLE.join(separator)).unwrap();
            let [statement] = &read[..] else { panic!("one statement") };
            assert_eq!(statement.footing(), super::super::Footing::Foots);
            let entry = &statement.entries[0];
            assert_eq!(entry.amount, Amount::from_units(474_900));
            assert_eq!(
                (entry.counterparty.as_str(), entry.end_to_end.as_str()),
                ("AMAZON PAYMENTS EUROPE S.C.A.", "5984862222")
            );
            assert_eq!(entry.booked.to_string(), "2026-09-10");
            assert_eq!(statement.account, "10278 02204 00012345603");
        }
    }

    #[test]
    fn the_last_character_carries_digit_and_sign() {
        for (c, expected) in
            [('{', (0, 1)), ('E', (5, 1)), ('}', (0, -1)), ('R', (9, -1)), ('j', (1, -1)), ('è', (0, 1))]
        {
            assert_eq!(overpunched(c), Some(expected));
        }
        assert_eq!(overpunched('5'), None);
    }

    #[test]
    fn damage_is_refused_with_its_line() {
        let cut = EXAMPLE.join("\n").replace("VIR AMAZON", "VIR AMAZO");
        assert!(matches!(read(&cut).unwrap_err().fault, BankFault::RecordLength { .. }));
        let amount = EXAMPLE.join("\n").replace("474I  ", "4742  ");
        let error = read(&amount).unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(matches!(error.fault, BankFault::NotAnAmount { .. }));
        let orphan = [EXAMPLE[0], EXAMPLE[2]].join("\n");
        assert!(matches!(read(&orphan).unwrap_err().fault, BankFault::OutOfPlace { .. }));
        let date = EXAMPLE.join("\n").replace("0305100926 ", "0305310226 ");
        assert!(matches!(read(&date).unwrap_err().fault, BankFault::Date { .. }));
    }
}
