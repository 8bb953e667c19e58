//! What can be wrong with a file, as facts in fields.
//!
//! The field reader says why, the row loop adds the line and the column, the document reader the
//! file; each once.

use std::fmt;
use std::io;

use super::amount::AmountFault;
use super::timestamp::TimestampFault;
use crate::domain::{Currency, DocumentId, ExitCode};

/// Longest piece of a foreign cell that a message quotes.
const QUOTE_MAX: usize = 60;
/// Longest reason of another reader that a message repeats.
const REASON_MAX: usize = 300;
/// What helps wherever a spreadsheet program had the file in its hands.
const AS_DOWNLOADED: &str = "use the file as downloaded; a spreadsheet program changes numbers and dates when it saves";

/// A file that was refused, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}{fault}", Where { file, line: *line, column: column.as_deref() })]
pub struct ReadError {
    /// The file as the user named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The column's name as the file spells it.
    pub column: Option<String>,
    /// What is wrong.
    pub fault: Fault,
}

/// Something worth saying about a file that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A stable word for programs, e.g. `charset`.
    pub code: &'static str,
    /// The line, where it has one.
    pub line: Option<u64>,
    /// The sentence for people.
    pub message: String,
}

/// U+FFFD in UTF-8.
pub(super) const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

impl Warning {
    /// A character was lost before the file was saved.
    pub(super) fn replaced(line: u64) -> Self {
        let message = "a character is the replacement mark U+FFFD: text was lost before the file was saved";
        Self { code: "charset", line: Some(line), message: message.to_owned() }
    }
}

/// A column that a mapping names and a foreign file does not have.
#[derive(Debug)]
pub struct MappedColumn {
    /// The column.
    pub name: String,
    /// The mapping, as messages call it.
    pub mapping: String,
    /// What should stand in the column.
    pub what: &'static str,
    /// The columns of the file.
    pub have: Vec<String>,
}

/// What is wrong with a file, a line or a cell.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Fault {
    #[error("cannot read `{}` as an amount{}: {why}", Quoted(value), InCurrency(*currency))]
    Amount { value: String, currency: Option<Currency>, why: AmountFault },
    #[error("cannot read `{}` as a date and time: {why}", Quoted(value))]
    Timestamp { value: String, why: TimestampFault },
    #[error("`{}` is not a currency code of ISO 4217; expected three capital letters, like EUR", Quoted(value))]
    Currency { value: String },
    #[error("the settlement id `{}` was rounded by a spreadsheet program; its last digits are lost", Quoted(value))]
    RoundedId { value: String },
    #[error("the cell is empty; every row needs a value here, and nothing is taken for zero")]
    EmptyCell,
    #[error("the row has {found} cells where the header has {expected}; {}", RaggedReason(*found, *expected))]
    CellCount { found: usize, expected: usize },
    #[error("the file ends inside a quoted cell of this row; it was probably cut off while downloading")]
    EndsInQuotes,
    #[error("the file ends after {found} of this row's {expected} cells; it was probably cut off while downloading")]
    EndsInRow { found: usize, expected: usize },
    #[error("the file ends inside its header; it was probably cut off while downloading")]
    EndsInHeader,
    #[error("the row holds NUL bytes; the file was not written to its end, or its disk is damaged")]
    NulBytes,
    #[error("a second report begins here; settle reads one report a file")]
    SecondReport,
    #[error(
        "this begins like a settlement report, but none of its first {lines} lines is the header, \
         which starts with `TransactionPostedDate`"
    )]
    NoHeader { lines: usize },
    #[error("the header has no column `{name}`; it has {}", shown_columns(have))]
    MissingColumn { name: &'static str, have: Vec<String> },
    #[error(
        "the file has no column `{}`, in which {} looks for {}; it has {}",
        Quoted(&missing.name), missing.mapping, missing.what, shown_columns(&missing.have)
    )]
    MappedColumn { missing: Box<MappedColumn> },
    #[error("no list of orders that settle knows has these columns: {}", shown_columns(have))]
    UnknownOrders { have: Vec<String> },
    #[error("several mappings fit this file: {}", fitting.join(", "))]
    SeveralMappings { fitting: Vec<String> },
    #[error("cannot read `{}` as an amount: {why}", Quoted(value))]
    ShopAmount { value: String, why: &'static str },
    #[error("`{}` has a decimal {}, while line {line} has a decimal {}; a file has one of them",
        Quoted(value), mark_name(*mark), mark_name(other_mark(*mark)))]
    TwoDecimalMarks { value: String, mark: char, line: u64 },
    #[error("`{}` could be a thousand times as much, and no other amount of the file tells", Quoted(value))]
    AmbiguousDecimals { value: String },
    #[error("cannot read `{}` as a date; expected {expected}", Quoted(value))]
    ShopDate { value: String, expected: String },
    #[error("it holds more than {limit} orders")]
    TooManyOrders { limit: usize },
    #[error("the header has the column `{}` twice", Quoted(name))]
    DuplicateColumn { name: String },
    #[error("the header has more than {limit} columns")]
    TooManyColumns { limit: usize },
    #[error("the lines above the header do not give `{key}`")]
    MissingPreamble { key: &'static str },
    #[error("the settlement ends ({end}) before it starts ({start})")]
    PeriodReversed { start: String, end: String },
    #[error("the file is empty")]
    EmptyFile,
    #[error("the archive holds no file that could be a report")]
    EmptyArchive,
    #[error("this is a web page (HTML), not a report; the download probably needed a new sign-in")]
    Html,
    #[error("this is {what}, which settle does not read yet; nothing of it is counted")]
    NotYetRead { what: &'static str },
    #[error("this is {what}, not a report that settle reads")]
    Foreign { what: String, hint: &'static str },
    #[error("this is not text, so it is no report")]
    Binary,
    #[error("this is no report that settle knows; it begins with `{head}`")]
    NotRecognised { head: String },
    #[error("this was saved again by another program: {sign}")]
    SavedAgain { sign: &'static str },
    #[error("cannot read {what} as the JSON that Amazon sends: {}", Shortened(why))]
    Json { what: &'static str, why: String },
    #[error("{what} ends before its JSON does; it was probably cut off while downloading")]
    EndsInJson { what: &'static str },
    #[error("the JSON is larger than {limit_mib} MiB")]
    JsonTooLarge { limit_mib: usize },
    #[error("cannot read the notification's XML: {}", Shortened(why))]
    Xml { why: String },
    #[error("the notification has no `{name}`")]
    MissingMember { name: &'static str },
    #[error("cannot unpack it: {}", Shortened(why))]
    Unpack { why: String },
    #[error("it is protected by a password")]
    Locked,
    #[error("it unpacks to more than {limit_mib} MiB, which is more than its packed size can honestly hold")]
    Bomb { limit_mib: u64 },
    #[error("it holds more than {limit} files")]
    TooManyFiles { limit: usize },
    #[error("its folders are nested more than {limit} deep")]
    TooDeep { limit: usize },
    #[error("it is larger than {limit_gib} GiB")]
    TooLarge { limit_gib: u64 },
    #[error("a single row is longer than {limit_mib} MiB; a quote is probably never closed")]
    RowTooLong { limit_mib: usize },
    #[error("the bytes are not valid UTF-8")]
    NotUtf8,
    #[error("{why}")]
    Io { why: io::Error },
    #[error("the stored document cannot be read: {why}")]
    StoredUnread { why: io::Error },
    #[error("the stored document is damaged: its content is {computed}")]
    StoredDamaged { computed: DocumentId },
    #[error("{why}")]
    Receiver { why: String, exit: ExitCode },
}

impl Fault {
    /// A stable word for programs (`problems[].code`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Fault::NotYetRead { .. } => "not_yet_read",
            Fault::NotRecognised { .. } | Fault::Foreign { .. } | Fault::Binary | Fault::Html => "unknown_file",
            Fault::Io { .. } | Fault::StoredUnread { .. } | Fault::StoredDamaged { .. } | Fault::Receiver { .. } => {
                "io"
            }
            _ => "unreadable",
        }
    }

    /// Something to type or a place to look, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Fault::CellCount { found, expected } if found > expected => Some(AS_DOWNLOADED),
            Fault::EndsInQuotes
            | Fault::EndsInRow { .. }
            | Fault::EndsInHeader
            | Fault::EndsInJson { .. }
            | Fault::CellCount { .. }
            | Fault::NulBytes
            | Fault::NoHeader { .. } => Some("download the file again and compare the sizes"),
            Fault::EmptyFile | Fault::Unpack { .. } => Some("download the file again"),
            Fault::StoredUnread { .. } | Fault::StoredDamaged { .. } => {
                Some("move the stored file away and bring the report in again with `settle import`")
            }
            Fault::Locked => Some("unpack it and give settle the files inside"),
            Fault::Bomb { .. } => Some("unpack it yourself and look at what it holds"),
            Fault::Binary => Some("settle reads Amazon's CSV and JSON files, also packed as .gz or .zip"),
            Fault::SecondReport => Some("use the files as downloaded, without joining them"),
            Fault::Html => Some("sign in to Seller Central, then download the report again"),
            Fault::Foreign { hint, .. } => Some(hint),
            Fault::AmbiguousDecimals { .. } => Some("say `decimal = \".\"` or `decimal = \",\"` in [orders.NAME]"),
            Fault::MappedColumn { .. } | Fault::UnknownOrders { .. } => {
                Some("name the columns in the config, below [orders.NAME]")
            }
            Fault::SeveralMappings { .. } => Some("say which one: --orders NAME=FILE"),
            Fault::ShopDate { .. } => Some("say `date_format = \"%d/%m/%Y %H:%M\"` in [orders.NAME]"),
            Fault::Amount { why: AmountFault::Empty | AmountFault::TooLarge, .. } => None,
            Fault::Amount { .. }
            | Fault::RoundedId { .. }
            | Fault::Timestamp { why: TimestampFault::Form, .. }
            | Fault::SavedAgain { .. } => Some(AS_DOWNLOADED),
            _ => None,
        }
    }

    /// How a run ends that met it: an unreadable input is `DoesNotTie`, as the rest is still done.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Fault::Receiver { exit, .. } => *exit,
            Fault::StoredUnread { .. } | Fault::StoredDamaged { .. } => ExitCode::Storage,
            _ => ExitCode::DoesNotTie,
        }
    }

    /// The fault at a place of a file.
    #[must_use]
    pub fn at(self, file: &str, line: impl Into<Option<u64>>, column: Option<&str>) -> ReadError {
        ReadError { file: file.to_owned(), line: line.into(), column: column.map(str::to_owned), fault: self }
    }
}

impl Fault {
    /// A fault of whoever receives the rows, not of the file: a full disk, a value too large to store.
    #[must_use]
    pub fn of_receiver(why: impl fmt::Display, exit: ExitCode) -> Self {
        Fault::Receiver { why: why.to_string(), exit }
    }
}

impl From<io::Error> for Fault {
    /// Readers below a reader hand their own faults up inside an [`io::Error`].
    fn from(why: io::Error) -> Self {
        match why.downcast::<Fault>() {
            Ok(fault) => fault,
            Err(why) => Fault::Io { why },
        }
    }
}

/// Columns of a foreign file that a message lists.
const COLUMNS_SHOWN: usize = 60;

/// The names of columns for a message.
pub(crate) fn shown_columns(have: &[String]) -> String {
    let names: Vec<String> = have.iter().take(COLUMNS_SHOWN).map(|name| Quoted(name).to_string()).collect();
    let more = have.len().saturating_sub(COLUMNS_SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", names.join(", "))
}

fn mark_name(mark: char) -> &'static str {
    if mark == ',' { "comma" } else { "point" }
}

fn other_mark(mark: char) -> char {
    if mark == ',' { '.' } else { ',' }
}

/// `FILE:LINE: column `Name`: `, as much of it as is known.
struct Where<'a> {
    file: &'a str,
    line: Option<u64>,
    column: Option<&'a str>,
}

impl fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if let Some(column) = self.column {
            write!(f, "column `{}`: ", Quoted(column))?;
        }
        Ok(())
    }
}

/// A foreign value for a message: short, and without control characters.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(QUOTE_MAX) {
            match c {
                '\u{a0}' => f.write_str("<NBSP>")?,
                '\u{202f}' => f.write_str("<NNBSP>")?,
                '\u{2212}' => f.write_str("<U+2212>")?,
                c if c.is_control() => write!(f, "{}", c.escape_default())?,
                c => write!(f, "{c}")?,
            }
        }
        if self.0.chars().nth(QUOTE_MAX).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

/// What another reader says, which may repeat the file at any length.
pub(crate) struct Shortened<'a>(pub(crate) &'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(REASON_MAX) {
            Some((end, _)) => write!(f, "{}…", self.0.get(..end).unwrap_or_default()),
            None => f.write_str(self.0),
        }
    }
}

struct InCurrency(Option<Currency>);

impl fmt::Display for InCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |currency| write!(f, " in {currency}"))
    }
}

struct RaggedReason(usize, usize);

impl fmt::Display for RaggedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 < self.1 {
            "a separator or a quote is missing in it"
        } else {
            "a cell holds an unquoted separator"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_file_line_column_and_reason_once() {
        let fault =
            Fault::Amount { value: "1.2.3,4".to_owned(), currency: "EUR".parse().ok(), why: AmountFault::Comma };
        assert_eq!(
            fault.at("a.csv", 7, Some("NetTransactionAmount")).to_string(),
            "a.csv:7: column `NetTransactionAmount`: cannot read `1.2.3,4` as an amount in EUR: \
             it has a comma; the reports print a decimal dot and no thousands separator"
        );
    }

    #[test]
    fn no_message_is_as_long_as_the_file() {
        let long = "x".repeat(1_000_000);
        for fault in [
            Fault::Json { what: "the dispute", why: long.clone() },
            Fault::Xml { why: long.clone() },
            Fault::MissingColumn { name: "SettlementId", have: vec![long.clone(); 1_000] },
            Fault::DuplicateColumn { name: long.clone() },
        ] {
            assert!(fault.at("f", 1, Some(&long)).to_string().len() < 8_000);
        }
    }

    #[test]
    fn a_quoted_value_cannot_drive_the_terminal() {
        let long = format!("\u{1b}[2J{}", "x".repeat(100));
        let shown = Quoted(&long).to_string();
        assert!(!shown.contains('\u{1b}'), "{shown}");
        assert!(shown.ends_with('…'));
    }
}
