//! One model for every format: statements of a bank account and their entries.
//!
//! What a format does not state stays absent. Texts are kept as the bank prints them, joined by one
//! blank; amounts are exact, credit positive and debit negative.

use std::fmt;

use chrono::NaiveDate;

use crate::domain::{Amount, Currency, Sum};

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BankFormat {
    /// ISO 20022 bank to customer statement, report or notification.
    Camt,
    /// The French statement of 120 characters.
    Cfonb120,
    /// The Spanish statement, Norma 43.
    Aeb43,
    /// SWIFT MT940, and MT942 as interim.
    Mt940,
    /// Open Financial Exchange, 1 (SGML) and 2 (XML).
    Ofx,
    /// A table, through a mapping.
    Csv,
}

impl BankFormat {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            BankFormat::Camt => "camt",
            BankFormat::Cfonb120 => "cfonb120",
            BankFormat::Aeb43 => "aeb43",
            BankFormat::Mt940 => "mt940",
            BankFormat::Ofx => "ofx",
            BankFormat::Csv => "csv",
        }
    }
}

impl fmt::Display for BankFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A statement of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankStatement {
    /// The format.
    pub format: BankFormat,
    /// The file.
    pub file: String,
    /// The account as the bank prints it; empty where it does not.
    pub account: String,
    /// The account's currency.
    pub currency: Option<Currency>,
    /// The statement's number.
    pub number: Option<String>,
    /// First day that it covers.
    pub from: Option<NaiveDate>,
    /// Last day that it covers.
    pub until: Option<NaiveDate>,
    /// The balance before.
    pub opening: Option<Balance>,
    /// The balance after.
    pub closing: Option<Balance>,
    /// Its entries, in the order of the file.
    pub entries: Vec<BankEntry>,
    /// Whether it is complete.
    pub extent: Extent,
}

/// Whether a statement is a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A statement.
    Whole,
    /// A report within the day, a notification, or a piece without balances.
    Interim,
}

/// A balance and its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The amount, negative where the account is overdrawn.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// The day.
    pub day: Option<NaiveDate>,
}

/// Whether an entry is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// It is.
    Booked,
    /// Not yet.
    Pending,
    /// Only told.
    Information,
}

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankEntry {
    /// The line in the file; the number of the record where a format has no lines.
    pub line: u64,
    /// Credit positive, debit negative.
    pub amount: Amount,
    /// Its currency.
    pub currency: Currency,
    /// The day of booking.
    pub booked: NaiveDate,
    /// The day of value.
    pub valued: Option<NaiveDate>,
    /// Whether it is booked.
    pub status: EntryStatus,
    /// Whether it takes back an earlier entry: marked as a reversal, a return or a reject.
    pub reversal: Reversal,
    /// The bank's reference.
    pub bank_reference: String,
    /// The customer's reference.
    pub customer_reference: String,
    /// The end-to-end reference.
    pub end_to_end: String,
    /// The other party.
    pub counterparty: String,
    /// The other party's account.
    pub counterparty_account: String,
    /// The bank's code of the operation.
    pub code: String,
    /// Every other text, joined.
    pub text: String,
}

/// Whether an entry takes back an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reversal {
    /// The format does not say so.
    #[default]
    No,
    /// The format says so.
    Marked,
}

impl BankEntry {
    /// An entry without texts.
    #[must_use]
    pub fn new(line: u64, amount: Amount, currency: Currency, booked: NaiveDate) -> Self {
        Self {
            line,
            amount,
            currency,
            booked,
            valued: None,
            status: EntryStatus::Booked,
            reversal: Reversal::No,
            bank_reference: String::new(),
            customer_reference: String::new(),
            end_to_end: String::new(),
            counterparty: String::new(),
            counterparty_account: String::new(),
            code: String::new(),
            text: String::new(),
        }
    }

    /// Every text in which a reference may stand.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        [&self.text, &self.end_to_end, &self.customer_reference, &self.bank_reference, &self.counterparty]
            .into_iter()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// The reference that people know it by.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        let all = [&self.end_to_end, &self.bank_reference, &self.customer_reference];
        all.into_iter().map(String::as_str).find(|text| !text.is_empty())
    }
}

/// Why a statement's arithmetic cannot be checked, or how it comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footing {
    /// Opening + entries = closing.
    Foots,
    /// They differ: closing as stated less closing as computed.
    Differs(Sum),
    /// A balance is missing, or its currency is not that of the entries.
    Untold,
}

impl BankStatement {
    /// An empty statement of a file.
    #[must_use]
    pub fn new(format: BankFormat, file: &str) -> Self {
        Self {
            format,
            file: file.to_owned(),
            account: String::new(),
            currency: None,
            number: None,
            from: None,
            until: None,
            opening: None,
            closing: None,
            entries: Vec::new(),
            extent: Extent::Whole,
        }
    }

    /// Its booked entries.
    pub fn booked(&self) -> impl Iterator<Item = &BankEntry> {
        self.entries.iter().filter(|entry| entry.status == EntryStatus::Booked)
    }

    /// Whether opening + entries = closing.
    #[must_use]
    pub fn footing(&self) -> Footing {
        let (Some(opening), Some(closing)) = (self.opening, self.closing) else { return Footing::Untold };
        let one_currency = opening.currency == closing.currency
            && self.booked().all(|entry| entry.currency == opening.currency)
            && self.extent == Extent::Whole;
        if !one_currency {
            return Footing::Untold;
        }
        let mut computed = Sum::from(opening.amount);
        for entry in self.booked() {
            computed += entry.amount;
        }
        match Sum::from(closing.amount) - computed {
            Sum::ZERO => Footing::Foots,
            difference => Footing::Differs(difference),
        }
    }

    /// The days that it covers: as stated, else by its balances, else by its entries.
    #[must_use]
    pub fn covered(&self) -> Option<(NaiveDate, NaiveDate)> {
        let booked = || self.booked().map(|entry| entry.booked);
        let opened = self.opening.and_then(|balance| balance.day);
        let closed = self.closing.and_then(|balance| balance.day);
        let from = self.from.or(opened).into_iter().chain(booked()).min()?;
        let until = self.until.into_iter().chain(closed).chain(booked()).max()?;
        Some((from, until))
    }
}
