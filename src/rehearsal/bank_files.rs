//! The bank's books as a statement file, in the format that banks of the account's country send.
//!
//! Written from the formats' descriptions, not with the reader's code.

use chrono::NaiveDate;

use super::bank::{BankBooks, BankLine};
use super::country::Cents;
use super::layout::decimal;

/// What the account holds before the first line: enough that it is never overdrawn.
const OPENING: Cents = 900_000_000;

/// The name and the bytes of an account's statement.
pub(super) fn statement_file(books: &BankBooks) -> (String, Vec<u8>) {
    let (ending, text) = match books.account.market.country {
        "FR" => ("cfo", cfonb(books)),
        "DE" => ("sta", mt940(books)),
        "ES" => ("n43", aeb43(books)),
        "GB" => ("ofx", ofx(books)),
        "HU" => ("csv", csv(books)),
        _ => ("xml", camt(books)),
    };
    (format!("bank/{}.{ending}", books.account.name), text.into_bytes())
}

fn closing(books: &BankBooks) -> Cents {
    OPENING + books.lines.iter().map(|line| line.amount).sum::<Cents>()
}

fn camt(books: &BankBooks) -> String {
    let currency = books.account.currency;
    let side = |amount: Cents| if amount < 0 { "DBIT" } else { "CRDT" };
    let money = |amount: Cents| {
        format!("<Amt Ccy=\"{currency}\">{}</Amt><CdtDbtInd>{}</CdtDbtInd>", decimal(amount.abs()), side(amount))
    };
    let balance = |code: &str, amount: Cents, day: NaiveDate| {
        format!("<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{}<Dt><Dt>{day}</Dt></Dt></Bal>\n", money(amount))
    };
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>1</Id>\n\
         <FrToDt><FrDtTm>{}T00:00:00</FrDtTm><ToDtTm>{}T23:59:59</ToDtTm></FrToDt>\n\
         <Acct><Id><IBAN>LU28{:016}</IBAN></Id><Ccy>{currency}</Ccy></Acct>\n",
        books.from,
        books.until,
        books.account.position + 1
    );
    text += &balance("OPBD", OPENING, books.from);
    text += &balance("CLBD", closing(books), books.until);
    for line in &books.lines {
        let party = if line.amount < 0 { "Cdtr" } else { "Dbtr" };
        let back = if line.takes_back { "<RvslInd>true</RvslInd>" } else { "" };
        text += &format!(
            "<Ntry>{}{back}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{}</Dt></BookgDt><ValDt><Dt>{}</Dt></ValDt>\
             <AcctSvcrRef>{}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><{party}><Pty><Nm>{}</Nm></Pty></{party}></RltdPties>\
             <RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n",
            money(line.amount),
            line.booked,
            line.booked,
            line.number,
            line.party,
            line.text
        );
    }
    text + "</Stmt></BkToCstmrStmt></Document>\n"
}

fn mt940(books: &BankBooks) -> String {
    let currency = books.account.currency;
    let amount = |amount: Cents| decimal(amount.abs()).replace('.', ",");
    let mark = |amount: Cents| if amount < 0 { 'D' } else { 'C' };
    let balance = |tag: &str, sum: Cents, day: NaiveDate| {
        format!(":{tag}:{}{}{currency}{}\r\n", mark(sum), day.format("%y%m%d"), amount(sum))
    };
    let mut text = format!(":20:STARTUMSE\r\n:25:37040044/{:010}\r\n:28C:00001/001\r\n", books.account.position + 1);
    text += &balance("60F", OPENING, books.from);
    for line in &books.lines {
        // What takes a credit back is a reversed credit, not a debit.
        let mark = if line.takes_back {
            "RC"
        } else if line.amount < 0 {
            "D"
        } else {
            "C"
        };
        let code = if line.takes_back { "159" } else { "166" };
        text += &format!(
            ":61:{}{}{mark}{}NTRFNONREF//{}\r\n:86:{code}?00BUCHUNG?20SVWZ+{}?32{}\r\n",
            line.booked.format("%y%m%d"),
            line.booked.format("%m%d"),
            amount(line.amount),
            line.number,
            line.text,
            line.party
        );
    }
    text + &balance("62F", closing(books), books.until) + "-\r\n"
}

/// Digits whose last one carries the sign.
fn overpunched(amount: Cents) -> String {
    let digits = format!("{:014}", amount.abs());
    let letters = if amount < 0 { "}JKLMNOPQR" } else { "{ABCDEFGHI" };
    let (head, last) = digits.split_at(13);
    let letter = last.parse::<usize>().ok().and_then(|digit| letters.chars().nth(digit)).unwrap_or('{');
    format!("{head}{letter}")
}

fn cfonb(books: &BankBooks) -> String {
    let currency = books.account.currency;
    let head = |record: &str, code: &str, day: NaiveDate| {
        format!("{record}10278    02204{currency}2 {:011}{code:2}{}", books.account.position + 1, day.format("%d%m%y"))
    };
    let balance = |record: &str, amount: Cents, day: NaiveDate| {
        format!("{:<90}{}{:16}\r\n", head(record, "", day), overpunched(amount), "")
    };
    let mut text = balance("01", OPENING, books.from);
    for line in &books.lines {
        let code = if line.takes_back {
            "12"
        } else if line.amount < 0 {
            "08"
        } else {
            "05"
        };
        let label: String = line.text.chars().take(31).collect();
        let day = line.booked.format("%d%m%y");
        text += &format!(
            "{}  {day}{label:<31}  {:07}00{}{:<16}\r\n",
            head("04", code, line.booked),
            0,
            overpunched(line.amount),
            line.number
        );
        let name = if line.amount < 0 { "NBE" } else { "NPY" };
        text += &format!("{:<45}{name}{:<70}  \r\n", head("05", code, line.booked), line.party);
    }
    text + &balance("07", closing(books), books.until)
}

fn aeb43(books: &BankBooks) -> String {
    let sign = |amount: Cents| if amount < 0 { 1 } else { 2 };
    let day = |day: NaiveDate| day.format("%y%m%d").to_string();
    let account = format!("00491500{:010}", books.account.position + 1);
    let mut text =
        format!("{:<80}\r\n", format!("11{account}{}{}2{OPENING:014}9783SHOP SL", day(books.from), day(books.until)));
    for line in &books.lines {
        let concept = if line.takes_back { "98" } else { "02" };
        let booked = day(line.booked);
        let row = format!(
            "22    1500{booked}{booked}{concept}032{}{:014}{:0>10}{:012}{:<16}",
            sign(line.amount),
            line.amount.abs(),
            line.number,
            0,
            ""
        );
        text +=
            &format!("{row:<80}\r\n{:<80}\r\n{:<80}\r\n", format!("2301{}", line.party), format!("2302{}", line.text));
    }
    let side = |wanted: i32| {
        let amounts = books.lines.iter().filter(move |line| sign(line.amount) == wanted).map(|line| line.amount.abs());
        amounts.fold((0, 0), |(count, sum), amount| (count + 1, sum + amount))
    };
    let ((debits, out), (credits, in_)) = (side(1), side(2));
    let total = closing(books);
    let end = format!("33{account}{debits:05}{out:014}{credits:05}{in_:014}{}{:014}978", sign(total), total.abs());
    text += &format!("{end:<80}\r\n");
    text + &format!("{:<80}\r\n", format!("88999999999999999999{:06}", books.lines.len() * 3 + 2))
}

fn ofx(books: &BankBooks) -> String {
    let day = |day: NaiveDate| day.format("%Y%m%d").to_string();
    let mut text = format!(
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\n\r\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>\r\n<CURDEF>{}\r\n\
         <BANKACCTFROM><BANKID>200000<ACCTID>{:08}<ACCTTYPE>CHECKING</BANKACCTFROM>\r\n\
         <BANKTRANLIST><DTSTART>{}<DTEND>{}\r\n",
        books.account.currency,
        books.account.position + 1,
        day(books.from),
        day(books.until)
    );
    for line in &books.lines {
        let kind = if line.amount < 0 { "DEBIT" } else { "CREDIT" };
        text += &format!(
            "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{}120000<TRNAMT>{}<FITID>{}<NAME>{}<MEMO>{}\r\n</STMTTRN>\r\n",
            day(line.booked),
            decimal(line.amount),
            line.number,
            line.party,
            line.text
        );
    }
    text + &format!(
        "</BANKTRANLIST><LEDGERBAL><BALAMT>{}<DTASOF>{}</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n",
        decimal(closing(books)),
        day(books.until)
    )
}

/// A table with the newest line first. It covers no more days than its lines do.
fn csv(books: &BankBooks) -> String {
    let row = |line: &BankLine, balance: Cents| {
        let cells = [
            line.booked.to_string(),
            decimal(line.amount).replace('.', ","),
            books.account.currency.to_string(),
            line.party.to_owned(),
            line.text.clone(),
            line.number.clone(),
            decimal(balance).replace('.', ","),
        ];
        format!("{}\r\n", cells.join(";"))
    };
    let mut balance = OPENING;
    let mut rows: Vec<String> = Vec::new();
    for line in &books.lines {
        balance += line.amount;
        rows.push(row(line, balance));
    }
    rows.reverse();
    format!("Date;Amount;Currency;Counterparty;Description;Reference;Balance\r\n{}", rows.concat())
}
