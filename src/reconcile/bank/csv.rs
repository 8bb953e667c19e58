//! CSV statements through a mapping: the config's, a named preset's, or that of the preset whose
//! columns the header has (bank-statements §8).
//!
//! The decimal mark and the form of dates are decided once for a file, by all its cells; where two
//! readings are possible the file is refused, never guessed.

use chrono::NaiveDate;

use super::csv_cells::{DateForm, DecimalMark};
use super::csv_presets::{PRESETS, Preset};
use super::fault::{BankError, BankFault};
use super::read::{ENTRIES_MAX, Source};
use super::statement::{Balance, BankEntry, BankFormat, BankStatement, Footing};
use crate::config::CsvMapping;
use crate::domain::{Amount, Currency};

/// Separators that occur, likeliest first.
const DELIMITERS: [char; 4] = [';', ',', '\t', '|'];
/// Lines in which a header is looked for.
const HEADER_LINES_MAX: usize = 60;
/// Cells of a header; the widest known has thirty. Every name is looked for in it, so this bounds the time.
const COLUMNS_MAX: usize = 4_096;
/// Largest table: half a million lines. Its cells are held one by one, which takes several times its length.
const TABLE_BYTES_MAX: usize = 128 << 20;

/// Reads the one statement of a file.
pub(super) fn read_csv(source: &mut Source<'_>, mapping: &CsvMapping) -> Result<Vec<BankStatement>, BankError> {
    if source.text.len() > TABLE_BYTES_MAX {
        return Err(BankFault::TooLarge { limit_mib: TABLE_BYTES_MAX as u64 >> 20 }.at(source.file, None));
    }
    let table = Table::find(source, mapping)?;
    let rows = table.rows(source, mapping)?;
    let statement = table.statement(source, &rows)?;
    Ok(vec![statement])
}

/// What each column of the file is.
#[derive(Debug, Default)]
struct Columns {
    date: usize,
    value_date: Option<usize>,
    amount: Option<usize>,
    debit: Option<usize>,
    credit: Option<usize>,
    debit_credit: Option<usize>,
    debit_words: Vec<String>,
    currency: CurrencyFrom,
    balance: Option<usize>,
    reference: Option<usize>,
    text: Vec<usize>,
    counterparty: Option<usize>,
    counterparty_account: Option<usize>,
    account: AccountFrom,
    date_format: Option<String>,
}

#[derive(Debug, Default)]
enum CurrencyFrom {
    #[default]
    Nowhere,
    Column(usize),
    Fixed(Currency),
}

#[derive(Debug, Default)]
enum AccountFrom {
    #[default]
    Nowhere,
    Column(usize),
    Fixed(String),
}

/// A header that is understood.
struct Table {
    delimiter: char,
    /// The line of the header, from 1.
    header_line: usize,
    width: usize,
    columns: Columns,
    mark: Option<DecimalMark>,
}

/// A row with its line.
struct Row {
    line: u64,
    /// Its cells, as many as the header has.
    cells: ::csv::StringRecord,
    /// How many it has, empty ones at its end aside.
    found: usize,
}

impl Row {
    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }

    fn perhaps(&self, column: Option<usize>) -> &str {
        column.map_or("", |column| self.cell(column))
    }
}

impl Table {
    /// Finds the header: by the config, by the named preset, else by any preset.
    fn find(source: &Source<'_>, mapping: &CsvMapping) -> Result<Self, BankError> {
        let named = match &mapping.preset {
            Some(name) => Some(PRESETS.iter().find(|preset| preset.name == name.as_str()).ok_or_else(|| {
                let known = PRESETS.iter().map(|preset| preset.name).collect();
                BankFault::UnknownPreset { name: name.clone(), known }.at(source.file, None)
            })?),
            None => None,
        };
        let skip = mapping.skip_lines.map(|lines| lines as usize);
        let lines = source.text.lines().enumerate().take(HEADER_LINES_MAX.max(skip.unwrap_or(0) + 1));
        let mut refusal: Option<(usize, BankFault)> = None;
        let mut widest = 1;
        for (at, line) in lines.filter(|(at, _)| skip.is_none_or(|skip| *at == skip)) {
            for delimiter in mapping.delimiter.map_or_else(|| DELIMITERS.to_vec(), |one| vec![one]) {
                let header = split(line, delimiter);
                if header.len() > COLUMNS_MAX {
                    continue;
                }
                match columns(&header, mapping, named) {
                    Ok(columns) => {
                        let mark = mapping.decimal_mark.map(DecimalMark::of);
                        return Ok(Self { delimiter, header_line: at + 1, width: header.len(), columns, mark });
                    }
                    // The line with the most cells is most likely the header that was meant.
                    Err(fault) if header.len() > widest => {
                        widest = header.len();
                        refusal = Some((at + 1, fault));
                    }
                    Err(_) => {}
                }
            }
        }
        let (line, fault) = refusal.unwrap_or((1, BankFault::UnknownColumns { have: Vec::new() }));
        Err(fault.at(source.file, line as u64))
    }

    /// The rows below the header; blank ones are left out, ragged ones refused.
    fn rows(&self, source: &Source<'_>, mapping: &CsvMapping) -> Result<Vec<Row>, BankError> {
        let below: usize = source.text.split_inclusive('\n').take(self.header_line).map(str::len).sum();
        let text = source.text.get(below..).unwrap_or_default();
        let mut reader = ::csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(u8::try_from(self.delimiter).unwrap_or(b','));
        let mut rows = Vec::new();
        for record in reader.from_reader(text.as_bytes()).records() {
            let mut record = record.map_err(|why| BankFault::Csv { why: why.to_string() }.at(source.file, None))?;
            let line = self.header_line as u64 + record.position().map_or(0, ::csv::Position::line);
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let beyond = record.iter().skip(self.width);
            let last = (1..).zip(beyond).filter(|(_, cell)| !cell.trim().is_empty()).map(|(place, _)| place).last();
            let found = last.map_or(record.len().min(self.width), |last| self.width + last);
            record.truncate(self.width);
            rows.push(Row { line, cells: record, found });
            if rows.len() > ENTRIES_MAX {
                return Err(source.fault(line, BankFault::TooManyEntries { limit: ENTRIES_MAX }));
            }
        }
        rows.truncate(rows.len().saturating_sub(mapping.footer_lines as usize));
        let ragged = rows.iter().find(|row| row.found != self.width && row.found + 1 != self.width);
        match ragged {
            Some(row) => Err(source.fault(row.line, BankFault::CellCount { found: row.found, expected: self.width })),
            None => Ok(rows),
        }
    }

    fn statement(&self, source: &mut Source<'_>, rows: &[Row]) -> Result<BankStatement, BankError> {
        let columns = &self.columns;
        let amounts = [columns.amount, columns.debit, columns.credit, columns.balance].into_iter().flatten();
        let amounts = amounts.flat_map(|column| rows.iter().map(move |row| (row.line, row.cell(column))));
        let mark = match self.mark {
            Some(mark) => mark,
            None => DecimalMark::decide(amounts).map_err(|(line, fault)| source.fault(line, fault))?,
        };
        let dates = [Some(columns.date), columns.value_date].into_iter().flatten();
        let dates = dates.flat_map(|column| rows.iter().map(move |row| (row.line, row.cell(column))));
        let form = DateForm::decide(columns.date_format.as_deref(), dates)
            .map_err(|(line, fault)| source.fault(line, fault))?;
        let reading = Reading { columns, mark, form };
        let mut statement = BankStatement::new(BankFormat::Csv, source.file);
        let mut balances = Vec::new();
        for row in rows {
            let (entry, balance) = reading.entry(row).map_err(|fault| source.fault(row.line, fault))?;
            statement.currency = statement.currency.or(Some(entry.currency));
            if statement.account.is_empty() {
                statement.account = reading.account(row);
            }
            balances.push(balance);
            statement.entries.push(entry);
        }
        foot(&mut statement, &balances);
        Ok(statement)
    }
}

/// The columns of a header by config, preset, or whichever preset fits.
fn columns(header: &[String], mapping: &CsvMapping, named: Option<&Preset>) -> Result<Columns, BankFault> {
    let place = |name: &str| header.iter().position(|cell| folded(cell) == folded(name));
    let has = |name: &str| place(name).is_some();
    let unknown = || BankFault::UnknownColumns { have: header.to_vec() };
    let own = mapping.date.is_some() || mapping.amount.is_some() || mapping.credit.is_some();
    let preset = match (named, own) {
        (Some(preset), _) => Some(preset),
        (None, true) => None,
        (None, false) => Some(PRESETS.iter().find(|preset| preset.fits(&has)).ok_or_else(unknown)?),
    };
    let preset_name = |of: fn(&Preset) -> &'static str| preset.map(of).filter(|name| !name.is_empty());
    let needed = |configured: &Option<String>, of: fn(&Preset) -> &'static str| match (configured, preset_name(of)) {
        (Some(name), _) => place(name).map(Some).ok_or_else(|| no_column(name, header)),
        (None, Some(name)) => place(name).map(Some).ok_or_else(|| no_column(name, header)),
        (None, None) => Ok(None),
    };
    let perhaps = |configured: &Option<String>, of: fn(&Preset) -> &'static str| match configured {
        Some(name) => place(name).map(Some).ok_or_else(|| no_column(name, header)),
        None => Ok(preset_name(of).and_then(place)),
    };
    let date = needed(&mapping.date, |preset| preset.date)?.ok_or_else(|| no_column("csv_date", header))?;
    let (amount, debit, credit) = (
        needed(&mapping.amount, |preset| preset.amount)?,
        needed(&mapping.debit, |preset| preset.debit)?,
        needed(&mapping.credit, |preset| preset.credit)?,
    );
    if amount.is_none() && credit.is_none() {
        return Err(no_column("csv_amount", header));
    }
    let text = match (&mapping.text[..], preset) {
        ([], None) => Vec::new(),
        ([], Some(preset)) => preset.text.iter().filter_map(|name| place(name)).collect(),
        (names, _) => {
            names.iter().map(|name| place(name).ok_or_else(|| no_column(name, header))).collect::<Result<_, _>>()?
        }
    };
    let debit_words = match (&mapping.debit_words[..], preset) {
        ([], Some(preset)) => vec![folded(preset.debit_credit.1)],
        ([], None) => ["d", "debit", "soll", "s", "af", "dbit", "debe", "-"].map(str::to_owned).to_vec(),
        (words, _) => words.iter().map(|word| folded(word)).collect(),
    };
    Ok(Columns {
        date,
        value_date: perhaps(&mapping.value_date, |preset| preset.value_date)?,
        amount,
        debit,
        credit,
        debit_credit: needed(&mapping.debit_credit, |preset| preset.debit_credit.0)?,
        debit_words,
        currency: currency_from(mapping.currency.as_deref().or(preset_name(|preset| preset.currency)), &place, header)?,
        balance: perhaps(&mapping.balance, |preset| preset.balance)?,
        reference: perhaps(&mapping.reference, |preset| preset.reference)?,
        text,
        counterparty: perhaps(&mapping.counterparty, |preset| preset.counterparty)?,
        counterparty_account: perhaps(&mapping.counterparty_account, |preset| preset.counterparty_account)?,
        account: match mapping.account.as_deref() {
            Some(name) => place(name).map_or_else(|| AccountFrom::Fixed(name.to_owned()), AccountFrom::Column),
            None => {
                preset_name(|preset| preset.account).and_then(place).map_or(AccountFrom::Nowhere, AccountFrom::Column)
            }
        },
        date_format: mapping.date_format.clone().or(preset_name(|preset| preset.date_format).map(str::to_owned)),
    })
}

fn currency_from(
    name: Option<&str>,
    place: &dyn Fn(&str) -> Option<usize>,
    header: &[String],
) -> Result<CurrencyFrom, BankFault> {
    let Some(name) = name else { return Ok(CurrencyFrom::Nowhere) };
    match (place(name), name.parse()) {
        (Some(column), _) => Ok(CurrencyFrom::Column(column)),
        (None, Ok(currency)) => Ok(CurrencyFrom::Fixed(currency)),
        (None, Err(_)) => Err(no_column(name, header)),
    }
}

fn no_column(name: &str, header: &[String]) -> BankFault {
    BankFault::NoColumn { name: name.to_owned(), have: header.to_vec() }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

fn split(line: &str, delimiter: char) -> Vec<String> {
    let mut reader = ::csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(u8::try_from(delimiter).unwrap_or(b','));
    let record = reader.from_reader(line.as_bytes()).into_records().next();
    let cells = record.and_then(Result::ok).map(|record| record.iter().map(|cell| cell.trim().to_owned()).collect());
    cells.unwrap_or_default()
}

/// Reads rows with what was decided for the file.
struct Reading<'a> {
    columns: &'a Columns,
    mark: DecimalMark,
    form: DateForm,
}

impl Reading<'_> {
    fn entry(&self, row: &Row) -> Result<(BankEntry, Option<Amount>), BankFault> {
        let columns = self.columns;
        let currency = self.currency(row)?;
        let booked = self.form.day(row.cell(columns.date))?;
        let valued = match row.perhaps(columns.value_date) {
            "" => None,
            text => Some(self.form.day(text)?),
        };
        let balance = match row.perhaps(columns.balance) {
            "" => None,
            text => Some(self.mark.amount(text)?),
        };
        let texts: Vec<&str> =
            columns.text.iter().map(|column| row.cell(*column)).filter(|text| !text.is_empty()).collect();
        let entry = BankEntry {
            valued,
            bank_reference: row.perhaps(columns.reference).to_owned(),
            counterparty: row.perhaps(columns.counterparty).to_owned(),
            counterparty_account: row.perhaps(columns.counterparty_account).to_owned(),
            text: texts.join(" "),
            ..BankEntry::new(row.line, self.amount(row)?, currency, booked)
        };
        Ok((entry, balance))
    }

    fn currency(&self, row: &Row) -> Result<Currency, BankFault> {
        match &self.columns.currency {
            CurrencyFrom::Fixed(currency) => Ok(*currency),
            CurrencyFrom::Nowhere => Err(BankFault::NoCurrency),
            CurrencyFrom::Column(column) => {
                let code = row.cell(*column);
                code.parse().map_err(|_| BankFault::Currency { value: code.to_owned() })
            }
        }
    }

    fn account(&self, row: &Row) -> String {
        match &self.columns.account {
            AccountFrom::Nowhere => String::new(),
            AccountFrom::Fixed(account) => account.clone(),
            AccountFrom::Column(column) => row.cell(*column).to_owned(),
        }
    }

    /// Debits and credits in columns of their own: whatever the sign they print, a debit is money out. A
    /// word that says debit turns the amount; a minus in the amount turns it again.
    fn amount(&self, row: &Row) -> Result<Amount, BankFault> {
        let columns = self.columns;
        let read = |text: &str| self.mark.amount(text);
        let negated = |amount: Amount| Amount::from_units(-amount.units());
        if let Some(credit) = columns.credit {
            let (debit, credit) = (row.perhaps(columns.debit), row.cell(credit));
            return match (debit.is_empty(), credit.is_empty()) {
                (true, false) => read(credit),
                (false, true) => read(debit).map(|amount| Amount::from_units(-amount.units().saturating_abs())),
                (false, false) => {
                    let out = read(debit)?.units().saturating_abs();
                    Ok(Amount::from_units(read(credit)?.units().saturating_sub(out)))
                }
                (true, true) => Err(BankFault::NotAnAmount { value: String::new() }),
            };
        }
        let amount = read(row.perhaps(columns.amount))?;
        let word = folded(row.perhaps(columns.debit_credit));
        let is_debit = columns.debit_credit.is_some() && columns.debit_words.contains(&word);
        Ok(if is_debit { negated(amount) } else { amount })
    }
}

/// Balances after each entry give opening and closing, whether the newest entry stands first or last.
fn foot(statement: &mut BankStatement, balances: &[Option<Amount>]) {
    let Some(balances) = balances.iter().copied().collect::<Option<Vec<Amount>>>() else { return };
    let (Some(currency), Some(first), Some(last)) = (statement.currency, balances.first(), balances.last()) else {
        return;
    };
    let day = |entry: Option<&BankEntry>| entry.map(|entry| entry.booked);
    let (top, bottom) = (statement.entries.first().cloned(), statement.entries.last().cloned());
    let before = |balance: &Amount, entry: &Option<BankEntry>| {
        let moved = entry.as_ref().map_or(0, |entry| entry.amount.units());
        Amount::from_units(balance.units().saturating_sub(moved))
    };
    let balance = |amount: Amount, day: Option<NaiveDate>| Some(Balance { amount, currency, day });
    let (from, until) = (day(top.as_ref()), day(bottom.as_ref()));
    statement.opening = balance(before(first, &top), from);
    statement.closing = balance(*last, until);
    if statement.footing() != Footing::Foots {
        let upwards = (statement.opening, statement.closing);
        statement.opening = balance(before(last, &bottom), until);
        statement.closing = balance(*first, from);
        if statement.footing() != Footing::Foots {
            (statement.opening, statement.closing) = upwards;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mapping: &CsvMapping) -> Result<BankStatement, BankError> {
        let mut source = Source { file: "f.csv", text, warnings: Vec::new() };
        read_csv(&mut source, mapping).map(|mut statements| statements.remove(0))
    }

    fn amounts(statement: &BankStatement) -> Vec<i64> {
        statement.entries.iter().map(|entry| entry.amount.units() / 100).collect()
    }

    #[test]
    fn a_preset_is_found_by_its_header() {
        let text = "Umsätze\n\n\"Auftragskonto\";\"Buchungstag\";\"Valutadatum\";\"Buchungstext\";\"Verwendungszweck\";\
                    \"Kundenreferenz (End-to-End)\";\"Beguenstigter/Zahlungspflichtiger\";\"Kontonummer/IBAN\";\"Betrag\";\"Waehrung\"\n\
                    \"DE89\";\"10.09.26\";\"10.09.26\";\"GUTSCHRIFT\";\"AMZN1\";\"E1\";\"Amazon Payments Europe\";\"LU1\";\"1.047,49\";\"EUR\"\n";
        let statement = read(text, &CsvMapping::default()).unwrap();
        assert_eq!(amounts(&statement), [104_749]);
        let entry = &statement.entries[0];
        assert_eq!((entry.line, entry.booked.to_string().as_str()), (4, "2026-09-10"));
        assert_eq!((entry.counterparty.as_str(), entry.text.as_str()), ("Amazon Payments Europe", "GUTSCHRIFT AMZN1"));
    }

    #[test]
    fn a_mapping_reads_debits_and_credits_in_every_form() {
        let own = CsvMapping {
            date: Some("When".to_owned()),
            amount: Some("Sum".to_owned()),
            debit_credit: Some("DC".to_owned()),
            currency: Some("EUR".to_owned()),
            ..CsvMapping::default()
        };
        let text = "When,Sum,DC\n2026-09-10,33.50,D\n2026-09-10,\"-1,533.50\",C\n2026-09-10,5.00,C\n";
        assert_eq!(amounts(&read(text, &own).unwrap()), [-3_350, -153_350, 500]);
        let columns = CsvMapping {
            date: Some("When".to_owned()),
            debit: Some("Out".to_owned()),
            credit: Some("In".to_owned()),
            currency: Some("EUR".to_owned()),
            ..CsvMapping::default()
        };
        let text = "When;Out;In\n2026-09-10;\"-50,00\";\n2026-09-10;7,25;\n2026-09-11;;\"1 000,00\"\n";
        assert_eq!(amounts(&read(text, &columns).unwrap()), [-5_000, -725, 100_000]);
    }

    #[test]
    fn balances_foot_whichever_way_the_file_runs() {
        for rows in [
            "2026-09-10,1.00,EUR,x,11.00\n2026-09-11,2.00,EUR,x,13.00\n",
            "2026-09-11,2.00,EUR,x,13.00\n2026-09-10,1.00,EUR,x,11.00\n",
        ] {
            let text = format!("Date,Amount,Currency,Description,Balance\n{rows}");
            assert_eq!(read(&text, &CsvMapping::default()).unwrap().footing(), Footing::Foots);
        }
    }

    #[test]
    fn a_wrong_column_lists_those_that_exist_and_a_bad_row_has_its_line() {
        let own =
            CsvMapping { date: Some("Datum".to_owned()), amount: Some("Sum".to_owned()), ..CsvMapping::default() };
        let error = read("When,Sum,DC\n2026-09-10,33.50,D\n", &own).unwrap_err();
        assert!(error.to_string().contains("no column `Datum`; the header has When, Sum, DC"), "{error}");
        assert!(matches!(
            read("a;b;c\n1;2;3\n", &CsvMapping::default()).unwrap_err().fault,
            BankFault::UnknownColumns { .. }
        ));
        let text = "Date,Amount,Currency,Description\n2026-09-10,1.00,EUR,x\n2026-09-11,abc,EUR,x\n";
        assert_eq!(read(text, &CsvMapping::default()).unwrap_err().line, Some(3));
        let text = "Date,Amount,Currency,Description\n2026-09-10,1.234,EUR,x\n";
        assert!(matches!(read(text, &CsvMapping::default()).unwrap_err().fault, BankFault::AmbiguousMark { .. }));
        let text = "Date,Amount,Currency,Description\n05/06/2026,1.23,EUR,x\n";
        assert!(matches!(read(text, &CsvMapping::default()).unwrap_err().fault, BankFault::AmbiguousDate { .. }));
        let text = "Date,Amount,Description\n2026-09-10,1.23,x\n";
        assert!(read(text, &CsvMapping::default()).is_err());
    }
}
