//! OFX: 1 is SGML with leaf tags that are never closed, 2 is XML (bank-statements §7).
//!
//! One small reader for both: a tag with text behind it is a leaf, whether it is closed or not. There
//! is no opening balance, so nothing can be footed.

use chrono::NaiveDate;

use super::fault::{BankError, BankFault};
use super::read::{ENTRIES_MAX, Source};
use super::statement::{Balance, BankEntry, BankFormat, BankStatement};
use crate::domain::{Amount, Currency};
use crate::parse::parse_amount;

/// Reads every statement of a file.
pub(super) fn read_ofx(source: &mut Source<'_>) -> Result<Vec<BankStatement>, BankError> {
    let upper = source.text.to_ascii_uppercase();
    if upper.contains("<!DOCTYPE") || upper.contains("<!ENTITY") {
        return Err(BankFault::DocumentType.at(source.file, None));
    }
    let mut reading =
        Reading { file: source.file, statements: Vec::new(), open: None, entry: None, mark: Mark::of(source.text) };
    for tag in tags(source.text) {
        reading.take(&tag).map_err(|fault| source.fault(tag.line, fault))?;
    }
    reading.finish()
}

/// A tag and the text behind it.
struct Tag<'a> {
    line: u64,
    name: String,
    value: &'a str,
}

/// Every tag; closing tags begin with a slash.
fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let start = text.find('<').unwrap_or(text.len());
    let mut line = 1 + text.get(..start).unwrap_or_default().matches('\n').count() as u64;
    text.get(start..).unwrap_or_default().split('<').skip(1).map(move |piece| {
        let at = line;
        line += piece.matches('\n').count() as u64;
        let (name, value) = piece.split_once('>').unwrap_or((piece, ""));
        let name = name.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        Tag { line: at, name, value: value.trim() }
    })
}

/// The decimal mark of a file's amounts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Dot,
    Comma,
}

impl Mark {
    /// A comma anywhere behind an amount tag, and no dot, makes it the mark of the file.
    fn of(text: &str) -> Self {
        let amounts: Vec<&str> =
            tags(text).filter(|tag| matches!(tag.name.as_str(), "TRNAMT" | "BALAMT")).map(|tag| tag.value).collect();
        let has = |c: char| amounts.iter().any(|amount| amount.contains(c));
        if has(',') && !has('.') { Mark::Comma } else { Mark::Dot }
    }

    fn amount(self, text: &str) -> Result<Amount, BankFault> {
        let plain = if self == Mark::Comma { text.replace(',', ".") } else { text.to_owned() };
        // `.50` and `-.50` occur.
        let plain = match plain.strip_prefix('-') {
            Some(digits) if digits.starts_with('.') => format!("-0{digits}"),
            None if plain.starts_with('.') => format!("0{plain}"),
            _ => plain,
        };
        parse_amount(plain.as_bytes())
            .map(|parsed| parsed.amount)
            .map_err(|why| BankFault::Amount { value: text.to_owned(), why })
    }
}

struct Reading<'a> {
    file: &'a str,
    statements: Vec<BankStatement>,
    open: Option<BankStatement>,
    entry: Option<Entry>,
    mark: Mark,
}

/// A transaction whose end has not come yet.
#[derive(Default)]
struct Entry {
    line: u64,
    amount: Option<Amount>,
    booked: Option<NaiveDate>,
    kind: String,
    id: String,
    reference: String,
    name: String,
    memo: String,
}

impl Reading<'_> {
    fn take(&mut self, tag: &Tag<'_>) -> Result<(), BankFault> {
        match tag.name.as_str() {
            "STMTRS" | "CCSTMTRS" => {
                self.statements.extend(self.open.take());
                self.open = Some(BankStatement::new(BankFormat::Ofx, self.file));
            }
            "/STMTRS" | "/CCSTMTRS" => self.statements.extend(self.open.take()),
            "STMTTRN" => {
                self.close_entry()?;
                self.entry = Some(Entry { line: tag.line, ..Entry::default() });
            }
            "/STMTTRN" | "/BANKTRANLIST" => self.close_entry()?,
            name => self.leaf(name, &unescaped(tag.value))?,
        }
        Ok(())
    }

    fn leaf(&mut self, name: &str, value: &str) -> Result<(), BankFault> {
        if value.is_empty() {
            return Ok(());
        }
        if let Some(entry) = &mut self.entry {
            match name {
                "TRNAMT" => entry.amount = Some(self.mark.amount(value)?),
                "DTPOSTED" => entry.booked = Some(day_of(value)?),
                "TRNTYPE" => value.clone_into(&mut entry.kind),
                "FITID" => value.clone_into(&mut entry.id),
                "REFNUM" | "CHECKNUM" if entry.reference.is_empty() => value.clone_into(&mut entry.reference),
                "NAME" | "PAYEEID" if entry.name.is_empty() => value.clone_into(&mut entry.name),
                "MEMO" => value.clone_into(&mut entry.memo),
                _ => {}
            }
            return Ok(());
        }
        let Some(statement) = &mut self.open else { return Ok(()) };
        match name {
            "CURDEF" => {
                let currency = value.parse::<Currency>();
                statement.currency = Some(currency.map_err(|_| BankFault::Currency { value: value.to_owned() })?);
            }
            "BANKID" | "BRANCHID" | "ACCTID" => {
                if !statement.account.is_empty() {
                    statement.account.push(' ');
                }
                statement.account.push_str(value);
            }
            "DTSTART" => statement.from = Some(day_of(value)?),
            "DTEND" => statement.until = Some(day_of(value)?),
            "BALAMT" if statement.closing.is_none() => {
                let currency = statement.currency.ok_or(BankFault::NoCurrency)?;
                statement.closing = Some(Balance { amount: self.mark.amount(value)?, currency, day: None });
            }
            "DTASOF" => {
                if let Some(closing) = statement.closing.as_mut().filter(|closing| closing.day.is_none()) {
                    closing.day = Some(day_of(value)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close_entry(&mut self) -> Result<(), BankFault> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        let statement = self.open.as_mut().ok_or_else(|| BankFault::OutOfPlace { record: "STMTTRN".to_owned() })?;
        if statement.entries.len() >= ENTRIES_MAX {
            return Err(BankFault::TooManyEntries { limit: ENTRIES_MAX });
        }
        let currency = statement.currency.ok_or(BankFault::NoCurrency)?;
        let amount = entry.amount.ok_or(BankFault::Missing { name: "TRNAMT" })?;
        let booked = entry.booked.ok_or(BankFault::Missing { name: "DTPOSTED" })?;
        // Many banks put the whole text into the name, so it is a text as well.
        let text = if entry.memo.is_empty() { entry.name.clone() } else { format!("{} {}", entry.name, entry.memo) };
        statement.entries.push(BankEntry {
            bank_reference: entry.id,
            customer_reference: entry.reference,
            code: entry.kind,
            text,
            ..BankEntry::new(entry.line, amount, currency, booked)
        });
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<BankStatement>, BankError> {
        self.close_entry().map_err(|fault| fault.at(self.file, None))?;
        self.statements.extend(self.open.take());
        match self.statements.is_empty() {
            true => Err(BankFault::NoStatement.at(self.file, None)),
            false => Ok(self.statements),
        }
    }
}

/// `YYYYMMDD`, whatever time and zone stand behind it: the day as the bank means it.
fn day_of(text: &str) -> Result<NaiveDate, BankFault> {
    let day = text.get(..8).and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok());
    day.ok_or_else(|| BankFault::Date { value: text.to_owned(), form: "YYYYMMDD".to_owned() })
}

fn unescaped(text: &str) -> String {
    const ENTITIES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    if text.contains('&') {
        ENTITIES.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SGML: &str = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR\n\
        <BANKACCTFROM><BANKID>30003<BRANCHID>00001<ACCTID>00012345678</BANKACCTFROM>\n\
        <BANKTRANLIST><DTSTART>20260901<DTEND>20260930\n\
        <STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260910120000[-8:PST]<TRNAMT>+47,49<FITID>X1\n\
        <NAME>AMAZON PAYMENTS EUROPE<MEMO>AMZN5984862222 &amp; more\n</STMTTRN>\n\
        <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260911<TRNAMT>-1,5<FITID>X2<NAME>A</STMTTRN></BANKTRANLIST>\n\
        <LEDGERBAL><BALAMT>1045,99<DTASOF>20260930</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n";

    fn read(text: &str) -> Result<Vec<BankStatement>, BankError> {
        read_ofx(&mut Source { file: "f", text, warnings: Vec::new() })
    }

    #[test]
    fn sgml_and_xml_give_the_same() {
        let leaves = [
            "CURDEF", "BANKID", "BRANCHID", "ACCTID", "DTSTART", "DTEND", "TRNTYPE", "DTPOSTED", "TRNAMT", "FITID",
            "NAME", "MEMO", "BALAMT", "DTASOF",
        ];
        let xml = leaves.iter().fold(
            SGML.replace("OFXHEADER:100\nDATA:OFXSGML\n", "<?xml version=\"1.0\"?>\n<?OFX OFXHEADER=\"200\"?>\n"),
            |text, leaf| {
                let mut out = String::new();
                for (place, piece) in text.split(&format!("<{leaf}>")).enumerate() {
                    let (value, rest) = piece.split_at(piece.find(['<', '\n']).unwrap_or(piece.len()));
                    if place > 0 {
                        out.push_str(&format!("<{leaf}>{value}</{leaf}>{rest}"));
                    } else {
                        out.push_str(piece);
                    }
                }
                out
            },
        );
        let (sgml, xml) = (read(SGML).unwrap(), read(&xml).unwrap());
        assert_eq!(sgml, xml);
        let entry = &sgml[0].entries[0];
        assert_eq!((entry.amount.units(), entry.booked.to_string().as_str()), (474_900, "2026-09-10"));
        assert_eq!(entry.text, "AMAZON PAYMENTS EUROPE AMZN5984862222 & more");
        assert_eq!(sgml[0].account, "30003 00001 00012345678");
        assert_eq!(sgml[0].covered().unwrap().1.to_string(), "2026-09-30");
    }

    #[test]
    fn damage_is_refused_with_its_line() {
        let error = read(&SGML.replace("+47,49", "47,49 EUR")).unwrap_err();
        assert_eq!(error.line, Some(7));
        assert!(matches!(
            read(&SGML.replace("<OFX>", "<!DOCTYPE x><OFX>")).unwrap_err().fault,
            BankFault::DocumentType
        ));
        assert!(matches!(read("OFXHEADER:100\n<OFX></OFX>").unwrap_err().fault, BankFault::NoStatement));
        assert!(read(&SGML.replace("<DTPOSTED>20260911", "")).is_err());
    }
}
