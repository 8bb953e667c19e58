//! AEB43, Spain's Norma 43: lines of 80 characters (bank-statements §6).
//!
//! Dates are YYMMDD; where that is impossible in a file, DDMMYY is tried for the whole of it and said.
//! Counts and sums of the closing record are checked against the movements.

use chrono::NaiveDate;

use super::fault::{BankError, BankFault};
use super::read::{ENTRIES_MAX, Source};
use super::statement::{Balance, BankEntry, BankFormat, BankStatement, Reversal};
use crate::domain::{Amount, Currency};

/// Numbers of ISO 4217 that occur.
const CURRENCIES: [(&str, &str); 14] = [
    ("978", "EUR"),
    ("826", "GBP"),
    ("756", "CHF"),
    ("752", "SEK"),
    ("208", "DKK"),
    ("840", "USD"),
    ("392", "JPY"),
    ("578", "NOK"),
    ("124", "CAD"),
    ("036", "AUD"),
    ("554", "NZD"),
    ("348", "HUF"),
    ("985", "PLN"),
    ("203", "CZK"),
];

/// Common concepts of cancellations and sundry corrections.
const REVERSALS: [&str; 1] = ["98"];

/// The order of a date's parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DateOrder {
    YearFirst,
    DayFirst,
}

/// Reads every account of a file.
pub(super) fn read_aeb43(source: &mut Source<'_>) -> Result<Vec<BankStatement>, BankError> {
    let first = read_with(source, DateOrder::YearFirst);
    let dated = |read: &Result<Read, BankError>| match read {
        Ok((statements, _)) => statements.iter().all(is_in_its_days),
        Err(error) => !matches!(error.fault, BankFault::Date { .. }),
    };
    if dated(&first) {
        return first.map(|read| kept(read, source));
    }
    let second = read_with(source, DateOrder::DayFirst);
    if second.is_ok() && dated(&second) {
        source.warn("bank_date_order", 1, "its dates are day, month, year; other banks print the year first");
        return second.map(|read| kept(read, source));
    }
    first.map(|read| kept(read, source))
}

/// Whether every movement lies in the days that the header names.
fn is_in_its_days(statement: &BankStatement) -> bool {
    let (Some(from), Some(until)) = (statement.from, statement.until) else { return true };
    from <= until && statement.entries.iter().all(|entry| (from..=until).contains(&entry.booked))
}

/// Says what was found, and leaves out movements of nothing: texts that banks print as movements.
fn kept((mut statements, findings): Read, source: &mut Source<'_>) -> Vec<BankStatement> {
    for (line, finding) in findings {
        source.warn("bank_totals", line, finding);
    }
    for statement in &mut statements {
        statement.entries.retain(|entry| entry.amount != Amount::ZERO);
    }
    statements
}

/// Statements, and what does not tie in them.
type Read = (Vec<BankStatement>, Vec<(u64, String)>);

fn read_with(source: &Source<'_>, order: DateOrder) -> Result<Read, BankError> {
    let (mut statements, mut findings) = (Vec::new(), Vec::new());
    let mut open: Option<BankStatement> = None;
    for (line, text) in (1_u64..).zip(source.text.lines()) {
        let chars: Vec<char> = text.chars().filter(|c| !matches!(c, '\r' | '\u{1a}')).collect();
        if chars.iter().all(|c| c.is_whitespace()) {
            continue;
        }
        let record = Record { chars: &chars, order };
        let fault = |fault: BankFault| fault.at(source.file, line);
        let misplaced = |name: &str| fault(BankFault::OutOfPlace { record: name.to_owned() });
        match record.text(1, 2).as_str() {
            "11" => {
                statements.extend(open.take());
                open = Some(record.header(source.file).map_err(fault)?);
            }
            "22" => {
                let statement = open.as_mut().ok_or_else(|| misplaced("22"))?;
                if statement.entries.len() >= ENTRIES_MAX {
                    return Err(fault(BankFault::TooManyEntries { limit: ENTRIES_MAX }));
                }
                let currency = statement.currency.ok_or_else(|| fault(BankFault::NoCurrency))?;
                statement.entries.push(record.movement(line, currency).map_err(fault)?);
            }
            "23" => {
                let entry = open.as_mut().and_then(|statement| statement.entries.last_mut());
                let entry = entry.ok_or_else(|| misplaced("23"))?;
                if !entry.text.is_empty() {
                    entry.text.push(' ');
                }
                entry.text.push_str(&record.text(5, 80));
            }
            "24" | "88" => {}
            "33" => {
                let mut statement = open.take().ok_or_else(|| misplaced("33"))?;
                let found = record.close(&mut statement).map_err(fault)?;
                findings.extend(found.into_iter().map(|finding| (line, finding)));
                statements.push(statement);
            }
            other => return Err(misplaced(other)),
        }
    }
    statements.extend(open);
    if statements.is_empty() { Err(BankFault::NoStatement.at(source.file, None)) } else { Ok((statements, findings)) }
}

struct Record<'a> {
    chars: &'a [char],
    order: DateOrder,
}

impl Record<'_> {
    /// The characters at positions counted from 1, both inclusive, without blanks at the ends.
    fn text(&self, from: usize, until: usize) -> String {
        let until = until.min(self.chars.len());
        self.chars.get(from - 1..until).unwrap_or_default().iter().collect::<String>().trim().to_owned()
    }

    fn header(&self, file: &str) -> Result<BankStatement, BankFault> {
        let currency = self.currency(48, 50)?;
        let (from, until) = (self.date(21, 26)?, self.date(27, 32)?);
        let amount = self.signed(33, 34, 47)?;
        let account = [self.text(3, 6), self.text(7, 10), self.text(11, 20)].join(" ");
        Ok(BankStatement {
            account,
            currency: Some(currency),
            from: Some(from),
            until: Some(until),
            opening: Some(Balance { amount, currency, day: Some(from) }),
            ..BankStatement::new(BankFormat::Aeb43, file)
        })
    }

    fn movement(&self, line: u64, currency: Currency) -> Result<BankEntry, BankFault> {
        let concept = self.text(23, 24);
        let number = |text: String| if text.chars().all(|c| c == '0') { String::new() } else { text };
        Ok(BankEntry {
            valued: Some(self.date(17, 22)?),
            reversal: if REVERSALS.contains(&concept.as_str()) { Reversal::Marked } else { Reversal::No },
            bank_reference: number(self.text(43, 52)),
            customer_reference: number(self.text(65, 80)),
            end_to_end: number(self.text(53, 64)),
            code: [concept, self.text(25, 27)].join("/"),
            ..BankEntry::new(line, self.signed(28, 29, 42)?, currency, self.date(11, 16)?)
        })
    }

    /// The closing balance, and where stated counts and sums differ from the movements.
    fn close(&self, statement: &mut BankStatement) -> Result<Vec<String>, BankFault> {
        let currency = self.currency(74, 76)?;
        let amount = self.signed(59, 60, 73)?;
        let mut findings = Vec::new();
        let sides = [("debits", -1, (21, 25), (26, 39)), ("credits", 1, (40, 44), (45, 58))];
        for (name, sign, count, total) in sides {
            let side = statement.entries.iter().filter(|entry| entry.amount.units().signum() == sign);
            let (found, sum) = side.fold((0_u64, 0_i64), |(found, sum), entry| {
                (found + 1, sum.saturating_add(entry.amount.units().saturating_abs()))
            });
            let stated: u64 = self.text(count.0, count.1).parse().unwrap_or(found);
            let stated_sum = self.digits(total.0, total.1)?;
            if (stated, stated_sum.units()) != (found, sum) {
                findings.push(format!("the closing record states other {name} than the movements give"));
            }
        }
        // Some banks leave both balances zero.
        let told = amount != Amount::ZERO || statement.opening.is_some_and(|balance| balance.amount != Amount::ZERO);
        statement.closing = Some(Balance { amount, currency, day: statement.until }).filter(|_| told);
        Ok(findings)
    }

    fn currency(&self, from: usize, until: usize) -> Result<Currency, BankFault> {
        let number = self.text(from, until);
        let code = CURRENCIES.iter().find(|known| known.0 == number).map(|known| known.1);
        code.and_then(|code| code.parse().ok()).ok_or(BankFault::Currency { value: number })
    }

    /// Debit (1) or credit (2), and twelve digits with two decimals.
    fn signed(&self, sign: usize, from: usize, until: usize) -> Result<Amount, BankFault> {
        let amount = self.digits(from, until)?;
        match self.text(sign, sign).as_str() {
            "1" => Ok(Amount::from_units(-amount.units())),
            "2" => Ok(amount),
            other => Err(BankFault::NotAnAmount { value: format!("{other}{}", self.text(from, until)) }),
        }
    }

    fn digits(&self, from: usize, until: usize) -> Result<Amount, BankFault> {
        let text = self.text(from, until);
        let fault = || BankFault::NotAnAmount { value: text.clone() };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let hundredths: i64 = digits.then(|| text.parse().ok()).flatten().ok_or_else(fault)?;
        hundredths.checked_mul(Amount::UNITS_PER_ONE / 100).map(Amount::from_units).ok_or_else(fault)
    }

    fn date(&self, from: usize, until: usize) -> Result<NaiveDate, BankFault> {
        let text = self.text(from, until);
        let part = |at: usize| text.get(at..at + 2).and_then(|digits| digits.parse::<u32>().ok());
        let (year, day) = match self.order {
            DateOrder::YearFirst => (0, 4),
            DateOrder::DayFirst => (4, 0),
        };
        let read = || NaiveDate::from_ymd_opt(2_000 + i32::try_from(part(year)?).ok()?, part(2)?, part(day)?);
        read().ok_or_else(|| BankFault::Date { value: text.clone(), form: "YYMMDD".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The constructed example of the fact sheet: foots 1000.00 → 1047.49.
    const EXAMPLE: &str = "\
110049150012345678902609082609102000000001000009783MI EMPRESA SL                
22    1500260910260910020322000000000047490000000000000000000000      5984862222
2301AMAZON PAYMENTS EUROPE SCA                                                  
3300491500123456789000000000000000000000000100000000004749200000000104749978    
88999999999999999999000004                                                      \n";

    fn read(text: &str) -> (Result<Vec<BankStatement>, BankError>, Vec<crate::parse::Warning>) {
        let mut source = Source { file: "f", text, warnings: Vec::new() };
        let read = read_aeb43(&mut source);
        (read, source.warnings)
    }

    #[test]
    fn the_example_foots() {
        let (read, warnings) = read(&format!("{EXAMPLE}\u{1a}"));
        let read = read.unwrap();
        assert_eq!(read[0].footing(), super::super::Footing::Foots);
        let entry = &read[0].entries[0];
        assert_eq!((entry.amount, entry.customer_reference.as_str()), (Amount::from_units(474_900), "5984862222"));
        assert_eq!(entry.text, "AMAZON PAYMENTS EUROPE SCA");
        assert_eq!(warnings, []);
    }

    #[test]
    fn another_total_is_a_finding_and_another_date_order_is_said() {
        let (read_ok, warnings) = read(&EXAMPLE.replace("0000100000000004749", "0000200000000004750"));
        assert!(read_ok.is_ok());
        assert_eq!(warnings[0].code, "bank_totals");
        let day_first = EXAMPLE.replace("260908260910", "310826310926").replace("260910260910", "310826310826");
        let (read_ok, warnings) = read(&day_first.replace("310926", "300926"));
        assert_eq!(read_ok.unwrap()[0].entries[0].booked.to_string(), "2026-08-31");
        assert_eq!(warnings[0].code, "bank_date_order");
    }

    #[test]
    fn damage_is_refused_with_its_line() {
        let error = read(&EXAMPLE.replace("47490000000000", "474x0000000000")).0.unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(matches!(read(&EXAMPLE.replace("9783MI", "9993MI")).0.unwrap_err().fault, BankFault::Currency { .. }));
    }
}
