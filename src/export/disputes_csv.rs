//! Disputes as one CSV table: a row a case, then a row for each total, group, month and age, told apart by
//! `section`. What the document does not know is empty, never zero.

use super::csv::{Cell, CsvDialect, CsvText};
use super::writer::WriteError;
use crate::domain::Money;
use crate::report::{CaseLine, DisputeDocument, TotalLine};

/// The columns, in order; added to at the end, never renamed.
const COLUMNS: [&str; 44] = [
    "section",
    "key",
    "case_id",
    "kind",
    "account",
    "currency",
    "order_reference_id",
    "seller_order_id",
    "capture_id",
    "capture_link",
    "captured_at",
    "captured",
    "opened_at",
    "debited_at",
    "claimed",
    "disputed",
    "recovered",
    "fees",
    "net",
    "whole_net",
    "dispute_rows",
    "status",
    "status_basis",
    "respond_by",
    "respond_by_basis",
    "days_left",
    "reason",
    "settlement_ids",
    "flags",
    "rows",
    "exposure",
    "cases",
    "began",
    "open",
    "won",
    "partly_won",
    "lost",
    "unknown",
    "win_rate",
    "net_recovery_rate",
    "rate_by_count",
    "rate_by_amount",
    "captures",
    "captures_amount",
];

/// The document as CSV.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn disputes_csv(document: &DisputeDocument, dialect: CsvDialect) -> Result<String, WriteError> {
    table(document, dialect).map_err(|why| WriteError::from(std::io::Error::from(why)))
}

fn table(document: &DisputeDocument, dialect: CsvDialect) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(dialect);
    text.header(&COLUMNS)?;
    for case in &document.cases {
        write_case(case, &mut text)?;
    }
    let mut total = |section, key: Option<&str>, account: Option<&str>, kind: Option<&str>, totals: &TotalLine| {
        write_total(Totals { section, key, account, kind, totals }, &mut text)
    };
    for totals in &document.totals {
        total("total", None, None, None, totals)?;
    }
    for group in &document.groups {
        total("group", group.key.as_deref(), None, None, &group.totals)?;
    }
    for month in &document.months {
        total("month", Some(&month.month), Some(month.account.as_str()), Some(month.kind), &month.totals)?;
    }
    for line in &document.trend {
        total("trend", Some(&line.month), None, None, &line.totals)?;
    }
    text.finish()
}

fn write_case(case: &CaseLine, text: &mut CsvText) -> Result<(), ::csv::Error> {
    let money = |amount: Option<Money>| amount.map_or(Cell::Empty, Cell::Amount);
    let settlements: Vec<&str> = case.settlement_ids.iter().map(|id| id.as_str()).collect();
    let settlements = settlements.join(" ");
    let flags = case.flags.join(" ");
    let places: Vec<String> = case.rows.iter().map(|row| format!("{}:{}", row.file, row.line)).collect();
    let places = places.join(" ");
    // A number that may be negative would be neutralised as text, so it is written as a plain count or text.
    let days = case.days_left.map(|days| days.to_string());
    let mut cells = vec![
        Cell::Text("case"),
        Cell::Empty,
        Cell::Text(&case.case_id),
        Cell::Text(case.kind),
        Cell::Text(case.account.as_str()),
        Cell::text(case.currency.map(|currency| currency.code())),
        Cell::text(case.order_reference_id.as_deref()),
        Cell::text(case.seller_order_id.as_deref()),
        Cell::text(case.capture_id.as_deref()),
        Cell::Text(case.capture_link),
        Cell::text(case.captured_at.as_deref()),
        money(case.captured),
        Cell::text(case.opened_at.as_deref()),
        Cell::text(case.debited_at.as_deref()),
        money(case.claimed),
        money(case.disputed),
        money(case.recovered),
        money(case.fees),
        money(case.net),
        money(case.whole.map(|whole| whole.net).or(case.net)),
        money(case.dispute_rows),
        Cell::Text(case.status),
        Cell::Text(case.status_basis),
        Cell::text(case.respond_by.as_deref()),
        Cell::text(case.respond_by_basis),
        days.as_deref().map_or(Cell::Empty, Cell::Number),
        Cell::text(case.reason.as_deref()),
        Cell::Text(&settlements),
        Cell::Text(&flags),
        Cell::Text(&places),
        money(case.exposure),
    ];
    cells.resize(COLUMNS.len(), Cell::Empty);
    text.row(&cells)
}

/// One row of totals and where it belongs.
struct Totals<'a> {
    section: &'a str,
    key: Option<&'a str>,
    account: Option<&'a str>,
    kind: Option<&'a str>,
    totals: &'a TotalLine,
}

fn write_total(row: Totals<'_>, text: &mut CsvText) -> Result<(), ::csv::Error> {
    let totals = row.totals;
    let money = |amount: Option<Money>| amount.map_or(Cell::Empty, Cell::Amount);
    let mut cells = vec![Cell::Empty; COLUMNS.len()];
    let mut set = |name: &str, cell| {
        let place = COLUMNS.iter().position(|column| *column == name);
        if let Some(place) = place.and_then(|place| cells.get_mut(place)) {
            *place = cell;
        }
    };
    set("section", Cell::Text(row.section));
    set("key", Cell::text(row.key));
    set("account", Cell::text(row.account));
    set("kind", Cell::text(row.kind));
    set("currency", Cell::text(totals.currency.map(|currency| currency.code())));
    let amounts = [
        ("disputed", totals.disputed),
        ("recovered", totals.recovered),
        ("fees", totals.fees),
        ("net", totals.net),
        ("exposure", totals.open_exposure),
        ("captures_amount", totals.captured),
    ];
    amounts.into_iter().for_each(|(name, amount)| set(name, money(amount)));
    let counts = [
        ("cases", totals.cases),
        ("began", totals.began),
        ("open", totals.open),
        ("won", totals.won),
        ("partly_won", totals.partly_won),
        ("lost", totals.lost),
        ("unknown", totals.unknown),
        ("captures", totals.captures),
    ];
    counts.into_iter().for_each(|(name, count)| set(name, Cell::Count(count)));
    let rates = [
        ("win_rate", &totals.win_rate),
        ("net_recovery_rate", &totals.net_recovery_rate),
        ("rate_by_count", &totals.rate_by_count),
        ("rate_by_amount", &totals.rate_by_amount),
    ];
    rates.into_iter().for_each(|(name, rate)| set(name, rate.as_deref().map_or(Cell::Empty, Cell::Number)));
    text.row(&cells)
}
