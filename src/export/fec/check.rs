//! The rules of the tax office's tester on any FEC, and beside them those that it leaves out.
//!
//! `R` rules are the tester's (DGFiP Test-Compta-Demat, read in its source), `S` rules are settle's own: the
//! calendar, the balance of each entry and of the file, the sequence of numbers, the order of dates. The file
//! streams through; only what does not balance yet is remembered.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, Read};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::cells::{DateCell, read_date, read_number};
use super::findings::{FecReport, Finding, FindingLevel};
use super::write::COLUMNS;

/// The tester looks for the line end in so many bytes.
const HEAD_BYTES: usize = 4096;
/// A longer line is no line of a FEC.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Longest message of a finding, which quotes the cell.
const MESSAGE_CHARS_MAX: usize = 300;
/// Entries that may be open at once: beyond, the file is no FEC.
const OPEN_ENTRIES_MAX: usize = 1_000_000;

/// Columns that must be there and filled, those of numbers apart.
const MANDATORY: [&str; 5] = ["EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "EcritureLib"];
/// Columns that should be filled (fiscal years that end from 2013 on).
const EXPECTED: [&str; 5] = ["JournalCode", "JournalLib", "PieceRef", "PieceDate", "ValidDate"];
const DATES: [&str; 4] = ["EcritureDate", "PieceDate", "DateLet", "ValidDate"];
const NUMBERS: [&str; 4] = ["Debit", "Credit", "Montantdevise", "Montant"];

/// Checks a FEC.
///
/// # Errors
/// Where it cannot be read.
pub fn check_fec(file: &str, bytes: impl Read) -> io::Result<FecReport> {
    let mut lines = Lines::new(bytes)?;
    let mut report = FecReport::of(file);
    let Some(head) = lines.next_line()? else {
        report.add("R03", FindingLevel::Error, finding(None, None, "the file is empty"));
        return Ok(report);
    };
    let layout = Layout::of(&head, &mut report);
    if report.is_refused() {
        return Ok(report);
    }
    let mut books = Books::default();
    let mut blank: Option<u64> = None;
    while let Some(line) = lines.next_line()? {
        if line.is_empty() {
            blank = blank.or(Some(lines.number));
            continue;
        }
        if let Some(at) = blank.take() {
            report.add("R02", FindingLevel::Error, finding(Some(at), None, "an empty line inside the file"));
        }
        report.lines += 1;
        check_line(&layout, &line, lines.number, &mut books, &mut report);
    }
    if report.lines == 0 {
        report.add("R03", FindingLevel::Error, finding(None, None, "the file has no line below its header"));
    }
    books.finish(&mut report);
    report.findings.sort_by_key(|rule| (rule.level, rule.rule));
    Ok(report)
}

fn finding(line: Option<u64>, column: Option<&str>, message: impl Into<String>) -> Finding {
    Finding { line, column: column.map(|name| shortened(name.to_owned())), message: shortened(message.into()) }
}

/// A cell may be as long as a line, and a finding must not be.
fn shortened(text: String) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Lines with whatever ends them, as the tester finds it: CR LF, else CR, else LF.
struct Lines<R> {
    bytes: BufReader<io::Chain<io::Cursor<Vec<u8>>, R>>,
    end: u8,
    number: u64,
}

impl<R: Read> Lines<R> {
    fn new(mut bytes: R) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut bytes).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let has = |wanted: u8| head.contains(&wanted);
        let end = if has(b'\r') && !head.windows(2).any(|pair| pair == b"\r\n") { b'\r' } else { b'\n' };
        Ok(Self { bytes: BufReader::new(io::Cursor::new(head).chain(bytes)), end, number: 0 })
    }

    fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = (&mut self.bytes).take(LINE_BYTES_MAX).read_until(self.end, &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if read as u64 == LINE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than a mebibyte; this is no FEC"));
        }
        self.number += 1;
        Ok(Some(plain(&line)))
    }
}

/// Characters of ISO-8859-15 or UTF-8 alike, without what the tester strips.
fn plain(line: &[u8]) -> String {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    };
    let text = text.trim_start_matches('\u{feff}').replace('\0', "").replace('\u{a0}', " ");
    text.trim_end_matches(['\r', '\n', ' ']).to_owned()
}

/// Which column stands where.
struct Layout {
    separator: char,
    names: Vec<String>,
    /// The first place of each folded name: columns are asked for by name on every line.
    places: HashMap<String, usize>,
    count: usize,
    trailing: bool,
}

impl Layout {
    fn of(head: &str, report: &mut FecReport) -> Self {
        let count = |separator: char| head.matches(separator).count();
        let separator = ['\t', '|', ';', ',']
            .into_iter()
            .max_by_key(|separator| (count(*separator), *separator == '\t'))
            .unwrap_or('\t');
        let mut names: Vec<String> = head.split(separator).map(|name| name.trim().to_owned()).collect();
        let trailing = names.last().is_some_and(String::is_empty);
        if trailing {
            names.pop();
            report.add("R19", FindingLevel::Information, finding(Some(1), None, "a separator ends the header"));
        }
        if !matches!(separator, '\t' | '|') {
            let message = format!("the separator is `{separator}`; the law allows a tab or `|`");
            report.add("S06", FindingLevel::Alert, finding(Some(1), None, message));
        }
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            places.entry(fold(name)).or_insert(place);
        }
        let layout = Self { separator, count: names.len(), names, places, trailing };
        layout.check(report);
        layout
    }

    fn check(&self, report: &mut FecReport) {
        let signed = self.place("Montant").is_some() && self.place("Sens").is_some();
        for name in COLUMNS.iter().filter(|name| self.place(name).is_none()) {
            let amount = matches!(*name, "Debit" | "Credit");
            let message = "the header has no such column";
            match () {
                () if amount && signed => {}
                () if amount || MANDATORY.contains(name) => {
                    report.add("R05", FindingLevel::Blocking, finding(Some(1), Some(name), message));
                }
                () => report.add(
                    "S08",
                    FindingLevel::Error,
                    finding(Some(1), Some(name), "the law names 18 columns; this one is missing"),
                ),
            }
        }
        for name in self.names.iter().skip(COLUMNS.len()) {
            report.add("R23", FindingLevel::Information, finding(Some(1), Some(name), "a column beyond the 18"));
        }
        let order = self.names.iter().zip(COLUMNS).all(|(found, name)| fold(found) == fold(name));
        if !order && !signed {
            report.add(
                "S07",
                FindingLevel::Alert,
                finding(Some(1), None, "the 18 columns are not in the order of the law"),
            );
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.places.get(&fold(name)).copied()
    }
}

/// Header names are compared without case, accents and signs.
fn fold(name: &str) -> String {
    let plain = |c: char| match c {
        'é' | 'è' | 'É' | 'È' => 'e',
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
        _ => '_',
    };
    name.chars().map(plain).collect()
}

fn check_line(layout: &Layout, line: &str, number: u64, books: &mut Books, report: &mut FecReport) {
    let mut cells: Vec<&str> = line.split(layout.separator).map(str::trim).collect();
    if layout.trailing && cells.len() == layout.count + 1 && cells.last().is_some_and(|cell| cell.is_empty()) {
        cells.pop();
    }
    if cells.len() != layout.count {
        // Trailing blanks are stripped, a tab among them is none: empty cells at the end still count.
        let message = format!("{} cells where the header has {}", cells.len(), layout.count);
        report.add("R01", FindingLevel::Error, finding(Some(number), None, message));
        return;
    }
    let cell = |name: &str| layout.place(name).and_then(|place| cells.get(place)).copied();
    let text = |name: &str| cell(name).unwrap_or_default();
    for name in MANDATORY.iter().filter(|name| text(name).is_empty() && **name != "EcritureDate") {
        report.add("R04", FindingLevel::Error, finding(Some(number), Some(name), "is blank"));
    }
    for name in EXPECTED.iter().filter(|name| text(name).is_empty()) {
        report.add("R06", FindingLevel::Missing, finding(Some(number), Some(name), "is blank"));
    }
    let account = text("CompteNum");
    let digits = account.bytes().take(3).filter(u8::is_ascii_digit).count();
    if !account.is_empty() && digits < 3 {
        let message = format!("`{account}` does not begin with three digits");
        report.add("R07", FindingLevel::Alert, finding(Some(number), Some("CompteNum"), message));
    }
    let valid = check_dates(&cell, number, report);
    let (debit, credit) = check_numbers(&cell, number, report);
    let line = BookedLine { journal: text("JournalCode"), entry: text("EcritureNum"), debit, credit, valid, number };
    books.add(&line, report);
}

type CellOf<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

/// Checks the dates of a line and answers that of its validation.
fn check_dates(cell: &CellOf<'_>, line: u64, report: &mut FecReport) -> Option<NaiveDate> {
    let mut valid = None;
    for name in DATES {
        let Some(text) = cell(name) else { continue };
        let mut add = |rule, level, message: String| report.add(rule, level, finding(Some(line), Some(name), message));
        match read_date(text) {
            DateCell::Empty if name == "EcritureDate" => add("R15", FindingLevel::Error, "is blank".to_owned()),
            DateCell::Empty => {}
            DateCell::Date(Some(date)) if name == "ValidDate" => valid = Some(date),
            DateCell::Date(Some(_)) => {}
            DateCell::Date(None) => add("S01", FindingLevel::Error, format!("no calendar has the date `{text}`")),
            DateCell::OutOfRange => {
                add("R12", FindingLevel::Error, format!("`{text}` has a month above 12 or a day above 31"))
            }
            DateCell::StrangeYear => {
                add("R14", FindingLevel::Alert, format!("`{text}` has a year outside 1900 to 2099"))
            }
            DateCell::Unreadable => add("R13", FindingLevel::Error, format!("`{text}` is not a date")),
        }
    }
    valid
}

/// Checks the numbers of a line and answers its debit and credit.
fn check_numbers(cell: &CellOf<'_>, line: u64, report: &mut FecReport) -> (Decimal, Decimal) {
    let mut read = |name: &str| {
        let text = cell(name)?;
        let number = read_number(text);
        for rule in number.broken {
            let why = match rule {
                "R08" => "the decimal mark is a comma",
                "R09" => "numbers have no separator of thousands",
                _ => "is not a number",
            };
            report.add(rule, FindingLevel::Error, finding(Some(line), Some(name), format!("`{text}`: {why}")));
        }
        number.value
    };
    let [debit, credit, _, signed] = NUMBERS.map(&mut read).map(Option::unwrap_or_default);
    if cell("Debit").is_some() {
        if debit.is_zero() == credit.is_zero() {
            let message =
                if debit.is_zero() { "debit and credit are both zero" } else { "debit and credit are both filled" };
            report.add("R16", FindingLevel::Alert, finding(Some(line), None, message));
        }
        return (debit, credit);
    }
    match cell("Sens").unwrap_or_default() {
        "D" | "+1" => (signed, Decimal::ZERO),
        "C" | "-1" => (Decimal::ZERO, signed),
        other => {
            let message = format!("`{other}` is none of D, C, +1, -1");
            report.add("R25", FindingLevel::Error, finding(Some(line), Some("Sens"), message));
            (Decimal::ZERO, Decimal::ZERO)
        }
    }
}

/// What the sums need of a line.
struct BookedLine<'a> {
    journal: &'a str,
    entry: &'a str,
    debit: Decimal,
    credit: Decimal,
    valid: Option<NaiveDate>,
    number: u64,
}

/// Sums over the lines.
#[derive(Default)]
struct Books {
    /// Entries whose debit and credit differ so far, and the last of their lines.
    open: BTreeMap<(String, String), (Decimal, u64)>,
    /// The last number of each journal.
    last_number: BTreeMap<String, u64>,
    last_entry: Option<(String, String)>,
    last_valid: Option<NaiveDate>,
    entries: u64,
    debit: Decimal,
    credit: Decimal,
    too_large: bool,
}

impl Books {
    fn add(&mut self, line: &BookedLine<'_>, report: &mut FecReport) {
        let key = (line.journal.to_owned(), line.entry.to_owned());
        self.sum(&key, line);
        if self.last_entry.as_ref() != Some(&key) {
            self.entries += 1;
            self.follow(line, report);
            self.last_entry = Some(key);
        }
        if let Some(valid) = line.valid {
            if self.last_valid.is_some_and(|last| valid < last) {
                let message = format!("{valid} comes after {}", self.last_valid.unwrap_or(valid));
                report.add("S05", FindingLevel::Alert, finding(Some(line.number), Some("ValidDate"), message));
            }
            self.last_valid = self.last_valid.max(Some(valid));
        }
    }

    fn sum(&mut self, key: &(String, String), line: &BookedLine<'_>) {
        let add = |left: Decimal, right: Decimal| left.checked_add(right);
        let (Some(debit), Some(credit)) = (add(self.debit, line.debit), add(self.credit, line.credit)) else {
            self.too_large = true;
            return;
        };
        (self.debit, self.credit) = (debit, credit);
        if self.open.len() >= OPEN_ENTRIES_MAX {
            self.too_large = true;
            return;
        }
        let (balance, last) = self.open.entry(key.clone()).or_default();
        *balance = balance.checked_add(line.debit).and_then(|sum| sum.checked_sub(line.credit)).unwrap_or(*balance);
        *last = line.number;
        if balance.is_zero() {
            self.open.remove(key);
        }
    }

    /// Numbers of digits run on by one; others have no order that could be checked.
    fn follow(&mut self, line: &BookedLine<'_>, report: &mut FecReport) {
        let Ok(number) = line.entry.parse::<u64>() else { return };
        if let Some(last) = self.last_number.insert(line.journal.to_owned(), number)
            && last.checked_add(1) != Some(number)
        {
            let message = format!("entry {number} follows {last} in journal `{}`", line.journal);
            report.add("S04", FindingLevel::Alert, finding(Some(line.number), Some("EcritureNum"), message));
        }
    }

    fn finish(self, report: &mut FecReport) {
        for ((journal, entry), (balance, line)) in &self.open {
            let message = format!("entry {entry} of journal `{journal}` is off by {}", balance.normalize());
            report.add("S02", FindingLevel::Error, finding(Some(*line), None, message));
        }
        if self.debit != self.credit {
            let message = format!("debit and credit of the file differ by {}", (self.debit - self.credit).normalize());
            report.add("S03", FindingLevel::Error, finding(None, None, message));
        }
        if self.too_large {
            report.add(
                "S09",
                FindingLevel::Error,
                finding(None, None, "sums or open entries are beyond what a FEC can hold"),
            );
        }
        let totals = format!("debit {}, credit {}", self.debit, self.credit);
        report.add("R24", FindingLevel::Information, finding(None, None, totals));
        report.entries = self.entries;
        (report.debit, report.credit) = (self.debit.to_string(), self.credit.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELLS: &str = "A\tA\t1\t20260801\t512\tB\t\t\tP\t20260801\tL\t1,00\t1,00\t\t\t20260801\t\t";

    #[test]
    fn a_finding_quotes_the_beginning_of_a_cell_and_not_a_mebibyte_of_it() {
        let long = "9".repeat(500_000);
        let file = format!("{}\n{}\n", COLUMNS.join("\t"), CELLS.replace("20260801\tL", &format!("{long}\tL")));
        let report = check_fec("f", file.as_bytes()).unwrap();
        let found = report.findings.iter().find(|rule| rule.rule == "R13").unwrap();
        assert!(found.first.iter().all(|finding| finding.message.len() < 2 * MESSAGE_CHARS_MAX));
        let file = format!("{}\t{long}\n{CELLS}\t\n", COLUMNS.join("\t"));
        let report = check_fec("f", file.as_bytes()).unwrap();
        let found = report.findings.iter().find(|rule| rule.rule == "R23").unwrap();
        assert!(found.first[0].column.as_ref().unwrap().len() < 2 * MESSAGE_CHARS_MAX);
    }

    #[test]
    fn columns_are_found_at_once_however_many_there_are() {
        let more = "\tx".repeat(200_000);
        let file = format!("{}{more}\n{}", COLUMNS.join("\t"), format!("{CELLS}{more}\n").repeat(20));
        let report = check_fec("f", file.as_bytes()).unwrap();
        assert_eq!((report.lines, report.debit.as_str()), (20, "20.00"));
    }
}
