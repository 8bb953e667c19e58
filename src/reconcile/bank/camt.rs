//! ISO 20022: camt.053 statements, and camt.052 and .054 as interim (bank-statements §3).
//!
//! Any version: parties stand one level deeper and the status in a `Cd` from .08 on. One `Ntry` is one
//! line; its details are texts, and several of them are normal. No document type, no depth beyond 64.

use chrono::NaiveDate;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::fault::{BankError, BankFault};
use super::read::{ENTRIES_MAX, Source};
use super::statement::{Balance, BankEntry, BankFormat, BankStatement, EntryStatus, Extent, Reversal};
use crate::domain::{Amount, Currency};
use crate::parse::parse_amount;

/// Deepest nesting: real statements reach 14.
const DEPTH_MAX: usize = 64;

/// Reads every statement of a file.
pub(super) fn read_camt(source: &mut Source<'_>) -> Result<Vec<BankStatement>, BankError> {
    let mut walk = Walk::new(source.file, source.text);
    let mut reader = Reader::from_str(source.text);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|why| walk.fault(at, BankFault::Xml { why: why.to_string() }))?;
        match event {
            Event::Start(tag) => walk.open(&tag, at)?,
            Event::Empty(tag) => {
                walk.open(&tag, at)?;
                walk.close(at)?;
            }
            Event::Text(text) => walk.text.push_str(&text.xml10_content()),
            Event::CData(text) => walk.text.push_str(&text),
            Event::GeneralRef(entity) => {
                let reference = format!("&{};", &*entity);
                let resolved = quick_xml::escape::unescape(&reference).map(std::borrow::Cow::into_owned);
                let why = format!("it uses `{}`, which XML does not define", reference.escape_debug());
                let resolved = resolved.map_err(|_| walk.fault(at, BankFault::Xml { why }))?;
                walk.text.push_str(&resolved);
            }
            Event::End(_) => walk.close(at)?,
            Event::DocType(_) => return Err(walk.fault(at, BankFault::DocumentType)),
            Event::Eof if walk.path.is_empty() => break,
            Event::Eof => {
                let why = "it ends before its elements do; it was probably cut off".to_owned();
                return Err(walk.fault(at, BankFault::Xml { why }));
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    if walk.statements.is_empty() {
        return Err(BankFault::NoStatement.at(source.file, None));
    }
    let Walk { statements, undated, .. } = walk;
    if let Some(line) = undated.first() {
        let message = format!("{} entries name no day; the day of the message is taken", undated.len());
        source.warn("bank_date", *line, message);
    }
    Ok(statements)
}

/// The elements that hold a statement, and whether it is a whole one.
const STATEMENTS: [(&str, Extent); 3] =
    [("Stmt", Extent::Whole), ("Rpt", Extent::Interim), ("Ntfctn", Extent::Interim)];

/// Where the reader stands.
struct Walk<'a> {
    file: &'a str,
    document: &'a str,
    /// Line of the position last asked for.
    place: (usize, u64),
    path: Vec<String>,
    text: String,
    /// `Ccy` of the last amount.
    currency: Option<String>,
    statements: Vec<BankStatement>,
    statement: Option<BankStatement>,
    entry: Option<Entry>,
    balance: Option<OpenBalance>,
    /// The day on which the message was made: the day of entries that name none.
    created: Option<NaiveDate>,
    /// Lines of such entries.
    undated: Vec<u64>,
}

/// An entry whose end has not come yet.
#[derive(Default)]
struct Entry {
    line: u64,
    amount: Option<(String, Option<String>)>,
    credit: Option<bool>,
    booked: Option<String>,
    valued: Option<String>,
    status: String,
    reversal: bool,
    bank_reference: String,
    customer_reference: String,
    end_to_end: String,
    debtor: String,
    creditor: String,
    debtor_account: String,
    creditor_account: String,
    code: String,
    texts: Vec<String>,
}

/// A balance whose end has not come yet.
#[derive(Default)]
struct OpenBalance {
    code: String,
    amount: Option<(String, Option<String>)>,
    credit: Option<bool>,
    day: Option<String>,
}

impl<'a> Walk<'a> {
    fn new(file: &'a str, document: &'a str) -> Self {
        Self {
            file,
            document,
            place: (0, 1),
            path: Vec::new(),
            text: String::new(),
            currency: None,
            statements: Vec::new(),
            statement: None,
            entry: None,
            balance: None,
            created: None,
            undated: Vec::new(),
        }
    }

    fn fault(&mut self, at: usize, fault: BankFault) -> BankError {
        let line = self.line(at);
        fault.at(self.file, line)
    }

    /// The line of a position; positions are asked for in order.
    fn line(&mut self, at: usize) -> u64 {
        let piece = self.document.as_bytes().get(self.place.0..at).unwrap_or_default();
        let line = self.place.1 + piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        if at > self.place.0 {
            self.place = (at, line);
        }
        line
    }

    fn open(&mut self, tag: &BytesStart<'_>, at: usize) -> Result<(), BankError> {
        let name = tag.local_name().as_ref().to_owned();
        if self.path.len() >= DEPTH_MAX {
            let why = format!("its elements are nested more than {DEPTH_MAX} deep");
            return Err(self.fault(at, BankFault::Xml { why }));
        }
        if let Some((_, extent)) = STATEMENTS.iter().find(|(element, _)| *element == name) {
            let statement = BankStatement::new(BankFormat::Camt, self.file);
            self.statement = Some(BankStatement { extent: *extent, ..statement });
        }
        match name.as_str() {
            "Ntry" => self.entry = Some(Entry { line: self.line(at), ..Entry::default() }),
            "Bal" => self.balance = Some(OpenBalance::default()),
            "Amt" => {
                let currency = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == "Ccy");
                self.currency = currency.map(|attribute| attribute.value.trim().to_owned());
            }
            _ => {}
        }
        self.text.clear();
        self.path.push(name);
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), BankError> {
        let text = std::mem::take(&mut self.text).trim().to_owned();
        self.leaf(text);
        let name = self.path.pop().unwrap_or_default();
        match name.as_str() {
            "Ntry" => self.finish_entry(at)?,
            "Bal" => self.finish_balance(at)?,
            _ if STATEMENTS.iter().any(|(element, _)| *element == name) => {
                self.statements.extend(self.statement.take())
            }
            _ => {}
        }
        Ok(())
    }

    /// Puts the text of an element where it belongs.
    fn leaf(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        if self.entry.is_none() && path.last() == Some(&"CreDtTm") {
            self.created = day_of(&text).or(self.created);
        }
        if let Some(balance) = &mut self.balance {
            match path[..] {
                [.., "Bal", "Tp", "CdOrPrtry", "Cd"] => balance.code = text,
                [.., "Bal", "Amt"] => balance.amount = Some((text, self.currency.take())),
                [.., "Bal", "CdtDbtInd"] => balance.credit = Some(text == "CRDT"),
                [.., "Bal", "Dt", "Dt" | "DtTm"] => balance.day = Some(text),
                _ => {}
            }
        } else if let Some(entry) = &mut self.entry {
            let below =
                path.iter().position(|name| *name == "Ntry").and_then(|at| path.get(at + 1..)).unwrap_or_default();
            entry.leaf(below, text, &mut self.currency);
        } else if let Some(statement) = &mut self.statement {
            let below = path.iter().position(|name| STATEMENTS.iter().any(|(element, _)| element == name));
            match below.and_then(|at| path.get(at + 1..)).unwrap_or_default() {
                ["Id"] => statement.number = Some(text),
                ["Acct", "Id", "IBAN"] | ["Acct", "Id", "Othr", "Id"] => statement.account = text,
                ["Acct", "Ccy"] => statement.currency = text.parse().ok(),
                ["FrToDt", "FrDtTm" | "FrDt"] => statement.from = day_of(&text),
                ["FrToDt", "ToDtTm" | "ToDt"] => statement.until = day_of(&text),
                _ => {}
            }
        }
    }

    fn finish_entry(&mut self, at: usize) -> Result<(), BankError> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        let line = entry.line;
        if entry.booked.is_none() && entry.valued.is_none() {
            self.undated.push(line);
        }
        let read = entry.finish(self.created).map_err(|fault| fault.at(self.file, line))?;
        let Some(statement) = &mut self.statement else {
            return Err(self.fault(at, BankFault::OutOfPlace { record: "Ntry".to_owned() }));
        };
        if statement.entries.len() >= ENTRIES_MAX {
            return Err(BankFault::TooManyEntries { limit: ENTRIES_MAX }.at(self.file, line));
        }
        statement.entries.push(read);
        Ok(())
    }

    /// Opening is OPBD, else PRCD; closing is CLBD. The first of each counts.
    fn finish_balance(&mut self, at: usize) -> Result<(), BankError> {
        let (Some(open), Some(_)) = (self.balance.take(), &self.statement) else { return Ok(()) };
        let wanted = matches!(open.code.as_str(), "OPBD" | "PRCD" | "CLBD");
        let Some((text, currency)) = open.amount.filter(|_| wanted) else { return Ok(()) };
        let read = amount_of(&text, currency.as_deref()).map_err(|fault| self.fault(at, fault))?;
        let amount = if open.credit == Some(false) { negated(read.0) } else { read.0 };
        let balance = Balance { amount, currency: read.1, day: open.day.as_deref().and_then(day_of) };
        let Some(statement) = &mut self.statement else { return Ok(()) };
        match open.code.as_str() {
            "OPBD" => {
                statement.from = statement.from.or(balance.day);
                statement.opening = Some(balance);
            }
            "PRCD" if statement.opening.is_none() => {
                // The day before: the statement's own days begin after it.
                statement.from = statement.from.or_else(|| balance.day.and_then(|day| day.succ_opt()));
                statement.opening = Some(balance);
            }
            "CLBD" => statement.closing = statement.closing.or(Some(balance)),
            _ => {}
        }
        Ok(())
    }
}

impl Entry {
    fn leaf(&mut self, path: &[&str], text: String, currency: &mut Option<String>) {
        match *path {
            ["Amt"] => self.amount = Some((text, currency.take())),
            ["CdtDbtInd"] => self.credit = Some(text == "CRDT"),
            ["RvslInd"] => self.reversal = matches!(text.as_str(), "true" | "1"),
            ["Sts"] | ["Sts", "Cd"] => self.status = text,
            ["BookgDt", "Dt" | "DtTm"] => self.booked = Some(text),
            ["ValDt", "Dt" | "DtTm"] => self.valued = Some(text),
            ["AcctSvcrRef"] => self.bank_reference = text,
            ["NtryRef"] if self.bank_reference.is_empty() => self.bank_reference = text,
            ["BkTxCd", .., "Cd" | "SubFmlyCd"] => {
                if !self.code.is_empty() {
                    self.code.push('/');
                }
                self.code.push_str(&text);
            }
            ["NtryDtls", "TxDtls", "Refs", .., kind] => self.reference(kind, text),
            ["NtryDtls", "TxDtls", "RltdPties", .., last] => self.party(path, last, text),
            ["NtryDtls", "TxDtls", "RtrInf", ..] => {
                self.reversal = true;
                self.texts.push(text);
            }
            ["NtryDtls", "TxDtls", "RmtInf", .., "Ustrd" | "Ref" | "AddtlRmtInf"]
            | ["NtryDtls", "TxDtls", "AddtlTxInf"]
            | ["AddtlNtryInf"] => self.texts.push(text),
            _ => {}
        }
    }

    fn reference(&mut self, kind: &str, text: String) {
        let place = match kind {
            "EndToEndId" => &mut self.end_to_end,
            "AcctSvcrRef" if self.bank_reference.is_empty() => &mut self.bank_reference,
            "InstrId" | "TxId" | "PmtInfId" if self.customer_reference.is_empty() => &mut self.customer_reference,
            "UETR" => return,
            _ => return self.texts.push(text),
        };
        if place.is_empty() {
            *place = text;
        } else {
            self.texts.push(text);
        }
    }

    fn party(&mut self, path: &[&str], last: &str, text: String) {
        let has = |name: &str| path.contains(&name);
        let place = match last {
            "Nm" if has("Dbtr") => &mut self.debtor,
            "Nm" if has("Cdtr") => &mut self.creditor,
            "IBAN" | "Id" if has("DbtrAcct") => &mut self.debtor_account,
            "IBAN" | "Id" if has("CdtrAcct") => &mut self.creditor_account,
            "Nm" => return self.texts.push(text),
            _ => return,
        };
        if place.is_empty() {
            *place = text;
        }
    }

    fn finish(self, created: Option<NaiveDate>) -> Result<BankEntry, BankFault> {
        let (text, currency) = self.amount.ok_or(BankFault::Missing { name: "Ntry/Amt" })?;
        let (amount, currency) = amount_of(&text, currency.as_deref())?;
        let credit = self.credit.ok_or(BankFault::Missing { name: "Ntry/CdtDbtInd" })?;
        let day = |text: &String| {
            day_of(text).ok_or_else(|| BankFault::Date { value: text.clone(), form: "YYYY-MM-DD".to_owned() })
        };
        let (booked, valued) = (self.booked.as_ref().map(day).transpose()?, self.valued.as_ref().map(day).transpose()?);
        let booked = booked.or(valued).or(created).ok_or(BankFault::Missing { name: "Ntry/BookgDt" })?;
        let (counterparty, account) =
            if credit { (self.debtor, self.debtor_account) } else { (self.creditor, self.creditor_account) };
        let status = match self.status.as_str() {
            "PDNG" => EntryStatus::Pending,
            "INFO" | "FUTR" => EntryStatus::Information,
            _ => EntryStatus::Booked,
        };
        Ok(BankEntry {
            valued,
            status,
            reversal: if self.reversal { Reversal::Marked } else { Reversal::No },
            bank_reference: self.bank_reference,
            customer_reference: self.customer_reference,
            end_to_end: self.end_to_end,
            counterparty,
            counterparty_account: account,
            code: self.code,
            text: self.texts.join(" "),
            ..BankEntry::new(self.line, if credit { amount } else { negated(amount) }, currency, booked)
        })
    }
}

fn negated(amount: Amount) -> Amount {
    Amount::from_units(-amount.units())
}

fn amount_of(text: &str, currency: Option<&str>) -> Result<(Amount, Currency), BankFault> {
    let parsed = parse_amount(text.as_bytes()).map_err(|why| BankFault::Amount { value: text.to_owned(), why })?;
    let code = currency.ok_or(BankFault::Missing { name: "Amt/@Ccy" })?;
    let currency = code.parse().map_err(|_| BankFault::Currency { value: code.to_owned() })?;
    Ok((parsed.amount, currency))
}

/// The day of a date or of a date and time, as the bank's own clock has it.
fn day_of(text: &str) -> Option<NaiveDate> {
    text.get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::bank::Footing;

    /// A statement of one entry; `OLD` and `NEW` differ where versions do.
    fn statement(status: &str, party: &str, extra: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt>\n\
             <Stmt><Id>7</Id><Acct><Id><IBAN>FR7610278</IBAN></Id><Ccy>EUR</Ccy></Acct>\n\
             <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>2026-09-10</Dt></Dt></Bal>\n\
             <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">1047.49</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>2026-09-10</Dt></Dt></Bal>\n\
             <Ntry><Amt Ccy=\"EUR\">47.490</Amt><CdtDbtInd>CRDT</CdtDbtInd>{extra}{status}<BookgDt><DtTm>2026-09-10T08:00:00+02:00</DtTm></BookgDt>\n\
             <NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties>{party}</RltdPties>\
             <RmtInf><Ustrd>one</Ustrd><Ustrd>two &amp; three</Ustrd></RmtInf></TxDtls>\n\
             <TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
        )
    }

    fn read(text: &str) -> Result<Vec<BankStatement>, BankError> {
        read_camt(&mut Source { file: "f", text, warnings: Vec::new() })
    }

    #[test]
    fn old_and_new_versions_give_the_same_and_details_are_texts() {
        let old = statement("<Sts>BOOK</Sts>", "<Dbtr><Nm>Amazon</Nm></Dbtr>", "");
        let new = statement("<Sts><Cd>BOOK</Cd></Sts>", "<Dbtr><Pty><Nm>Amazon</Nm></Pty></Dbtr>", "");
        let (old, new) = (read(&old).unwrap(), read(&new).unwrap());
        assert_eq!(old, new);
        assert_eq!(old[0].footing(), Footing::Foots);
        let entry = &old[0].entries[0];
        assert_eq!((entry.line, entry.amount.units()), (6, 474_900));
        assert_eq!((entry.counterparty.as_str(), entry.end_to_end.as_str()), ("Amazon", "E1"));
        assert_eq!(entry.text, "one two & three E2");
    }

    #[test]
    fn pending_entries_do_not_foot_and_a_reversal_keeps_its_side() {
        let read = read(&statement("<Sts>PDNG</Sts>", "", "<RvslInd>true</RvslInd>")).unwrap();
        assert_eq!(read[0].entries[0].reversal, Reversal::Marked);
        assert!(matches!(read[0].footing(), Footing::Differs(_)));
    }

    #[test]
    fn harm_and_damage_are_refused_with_their_line() {
        let good = statement("", "", "");
        let harm = good.replace("<Document", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Document");
        assert!(matches!(read(&harm).unwrap_err().fault, BankFault::DocumentType));
        assert!(matches!(read(&good.replace("&amp;", "&evil;")).unwrap_err().fault, BankFault::Xml { .. }));
        assert!(matches!(read(&good.replace("47.490", "47,49")).unwrap_err().fault, BankFault::Amount { .. }));
        assert_eq!(read(&good.replace("47.490", "47,49")).unwrap_err().line, Some(6));
        assert!(read(good.get(..good.len() / 2).unwrap()).is_err());
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        assert!(matches!(read(&deep).unwrap_err().fault, BankFault::Xml { .. }));
        assert!(matches!(read("<Document><GrpHdr/></Document>").unwrap_err().fault, BankFault::NoStatement));
    }
}
