//! Why a bank statement was refused.

use std::fmt;

use crate::parse::{AmountFault, Fault, Quoted, Shortened, shown_columns};

/// A fault with its place.
#[derive(Debug, thiserror::Error)]
#[error("{file}{}: {fault}", Line(*line))]
pub struct BankError {
    /// The file.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: Option<u64>,
    /// What is wrong.
    pub fault: BankFault,
}

struct Line(Option<u64>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// What is wrong with a statement.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BankFault {
    #[error("cannot read `{}` as an amount: {why}", Quoted(.value))]
    Amount { value: String, why: AmountFault },
    #[error("cannot read `{}` as an amount", Quoted(.value))]
    NotAnAmount { value: String },
    #[error("cannot read `{}` as a date{}", Quoted(.value), InForm(.form))]
    Date { value: String, form: String },
    #[error("`{}` is not a currency code of ISO 4217", Quoted(.value))]
    Currency { value: String },
    #[error("it declares a document type, which bank statements do not need and which can do harm")]
    DocumentType,
    #[error("cannot read its XML: {}", Shortened(.why))]
    Xml { why: String },
    #[error("it has no statement in it")]
    NoStatement,
    #[error("`{name}` is missing")]
    Missing { name: &'static str },
    #[error("the record is {found} characters long instead of {expected}")]
    RecordLength { found: usize, expected: usize },
    #[error("a record `{}` stands where none of its kind may stand", Quoted(.record))]
    OutOfPlace { record: String },
    #[error("it is not UTF-8 and no other charset was to be tried")]
    Charset,
    #[error("`{label}` is not a charset that settle knows")]
    UnknownCharset { label: String },
    #[error("it is larger than {limit_mib} MiB")]
    TooLarge { limit_mib: u64 },
    #[error("it holds more than {limit} entries")]
    TooManyEntries { limit: usize },
    #[error("this is no bank statement that settle knows; it begins with `{head}`")]
    NotRecognised { head: String },
    #[error("there is no CSV preset `{name}`; there are {}", .known.join(", "))]
    UnknownPreset { name: String, known: Vec<&'static str> },
    #[error("there is no column `{name}`; the header has {}", shown_columns(.have))]
    NoColumn { name: String, have: Vec<String> },
    #[error("the columns of this CSV statement are not known; the header has {}", shown_columns(.have))]
    UnknownColumns { have: Vec<String> },
    #[error("the row has {found} cells where the header has {expected}")]
    CellCount { found: usize, expected: usize },
    #[error("it cannot be told whether `{}` has a decimal mark or a thousands mark", Quoted(.value))]
    AmbiguousMark { value: String },
    #[error("it cannot be told whether `{}` is day before month or month before day", Quoted(.value))]
    AmbiguousDate { value: String },
    #[error("nothing says in which currency its amounts are")]
    NoCurrency,
    #[error("the CSV is damaged: {}", Shortened(.why))]
    Csv { why: String },
    #[error("{0}")]
    File(Box<Fault>),
}

struct InForm<'a>(&'a str);

impl fmt::Display for InForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " of the form {}", self.0) }
    }
}

impl BankFault {
    /// A stable word for programs (`problems[].code`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BankFault::NotRecognised { .. } => "unknown_file",
            BankFault::UnknownColumns { .. } | BankFault::NoColumn { .. } | BankFault::UnknownPreset { .. } => {
                "bank_mapping"
            }
            BankFault::File(fault) => fault.code(),
            _ => "unreadable",
        }
    }

    /// Something to type or a place to look.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            BankFault::UnknownColumns { .. } | BankFault::NoColumn { .. } => {
                Some("name the columns in the configuration, section [bank]: csv_date, csv_amount, csv_text, …")
            }
            BankFault::AmbiguousMark { .. } => Some("say it in the configuration: [bank] csv_decimal_mark = \",\""),
            BankFault::AmbiguousDate { .. } => {
                Some("say it in the configuration: [bank] csv_date_format = \"%d/%m/%Y\"")
            }
            BankFault::NoCurrency => Some("say it in the configuration: [bank] csv_currency = \"EUR\""),
            BankFault::NotRecognised { .. } => {
                Some("settle reads CAMT.053, MT940, CFONB 120, AEB43, OFX and CSV, also packed as .gz or .zip")
            }
            BankFault::File(fault) => fault.hint(),
            _ => None,
        }
    }

    /// The fault at a line.
    #[must_use]
    pub fn at(self, file: &str, line: impl Into<Option<u64>>) -> BankError {
        BankError { file: file.to_owned(), line: line.into(), fault: self }
    }
}
