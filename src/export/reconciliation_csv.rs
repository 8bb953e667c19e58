//! The reconciliation as one tidy CSV table: a finding a row, told apart by `section` and `state`.

use super::csv::{Cell, CsvDialect, CsvText};
use super::writer::WriteError;
use crate::domain::Money;
use crate::report::{BankLine, PayoutReconciled, Reconciliation};

/// The columns, in order; added to at the end, never renamed.
const COLUMNS: [&str; 20] = [
    "section",
    "account",
    "currency",
    "state",
    "rule",
    "id",
    "posted",
    "amount",
    "bank_account",
    "booked_on",
    "bank_amount",
    "difference",
    "reference",
    "counterparty",
    "text",
    "file",
    "line",
    "bank_file",
    "bank_line",
    "note",
];

/// One row; what is not set stays empty.
#[derive(Default)]
struct Row<'a> {
    section: &'a str,
    account: Option<&'a str>,
    currency: Option<&'a str>,
    state: Option<&'a str>,
    rule: Option<&'a str>,
    id: Option<String>,
    posted: Option<&'a str>,
    amount: Option<Money>,
    bank: Option<&'a BankLine>,
    difference: Option<Money>,
    reference: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u64>,
    note: Option<String>,
}

/// The document as CSV. Amounts that the document does not have are empty, never zero.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn reconciliation_csv(document: &Reconciliation, dialect: CsvDialect) -> Result<String, WriteError> {
    table(document, dialect).map_err(|why| WriteError::from(std::io::Error::from(why)))
}

fn table(document: &Reconciliation, dialect: CsvDialect) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(dialect);
    text.header(&COLUMNS)?;
    for row in rows(document) {
        let booked = row.bank.map(|bank| bank.booked_on.to_string());
        let reference = row.reference.or_else(|| row.bank.and_then(|bank| bank.reference.as_deref()));
        let amount = |amount: Option<Money>| amount.map_or(Cell::Empty, Cell::Amount);
        text.row(&[
            Cell::Text(row.section),
            Cell::text(row.account),
            Cell::text(row.currency),
            Cell::text(row.state),
            Cell::text(row.rule),
            Cell::text(row.id.as_deref()),
            Cell::text(row.posted),
            amount(row.amount),
            Cell::text(row.bank.map(|bank| bank.bank_account.as_str())),
            Cell::text(booked.as_deref()),
            amount(row.bank.map(|bank| bank.amount)),
            amount(row.difference),
            Cell::text(reference),
            Cell::text(row.bank.and_then(|bank| bank.counterparty.as_deref())),
            Cell::text(row.bank.map(|bank| bank.text.as_str())),
            Cell::text(row.file),
            row.line.map_or(Cell::Empty, Cell::Count),
            Cell::text(row.bank.map(|bank| bank.file.as_str())),
            row.bank.map_or(Cell::Empty, |bank| Cell::Count(bank.line)),
            Cell::text(row.note.as_deref()),
        ])?;
    }
    text.finish()
}

fn rows(document: &Reconciliation) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for payout in &document.payouts {
        payout_rows(payout, &mut rows);
    }
    rows.extend(document.bank_unmatched.iter().map(|line| Row {
        section: "bank_unmatched",
        currency: Some(line.amount.currency().code()),
        bank: Some(line),
        ..Row::default()
    }));
    for order in &document.orders {
        let row = order.transactions.first();
        rows.push(Row {
            section: "order",
            account: row.map(|row| row.account.as_str()),
            currency: Some(order.currency.code()),
            state: Some(order.state),
            rule: order.key,
            id: order.order.clone().or_else(|| row.map(|row| row.transaction_id.to_string())),
            posted: order.placed.as_deref(),
            amount: order.order_amount,
            difference: order.difference,
            reference: order.invoice_no.as_deref(),
            file: row.map(|row| row.file.as_str()).or(order.file.as_deref()),
            line: row.map(|row| row.line).or(order.line),
            note: Some(format!("captured {}, refunded {}; {}", order.captured, order.refunded, order.next())),
            ..Row::default()
        });
    }
    for finding in document.order_lists.iter().flat_map(|lists| &lists.findings) {
        rows.extend(finding.transactions.iter().map(|row| Row {
            section: "order_finding",
            account: Some(row.account.as_str()),
            currency: Some(row.amount.currency().code()),
            state: Some(finding.finding),
            rule: Some(row.kind),
            id: Some(row.transaction_id.to_string()),
            posted: Some(&row.posted),
            amount: Some(row.amount),
            file: Some(&row.file),
            line: Some(row.line),
            note: Some(finding.orders.join(", ")),
            ..Row::default()
        }));
    }
    for deviation in document.fees.iter().flat_map(|fees| &fees.deviations) {
        rows.push(Row {
            section: "fee",
            account: Some(deviation.account.as_str()),
            posted: Some(&deviation.posted),
            currency: Some(deviation.charged.currency().code()),
            state: Some(deviation.kind),
            rule: Some(&deviation.tariff),
            id: Some(deviation.transaction_id.to_string()),
            amount: Some(deviation.charged),
            difference: Some(deviation.difference),
            file: Some(&deviation.file),
            line: Some(deviation.line),
            note: Some(format!("expected {}", deviation.expected)),
            ..Row::default()
        });
    }
    balance_rows(document, &mut rows);
    rows.extend(document.problems.iter().map(|problem| Row {
        section: "problem",
        state: Some(problem.severity.word()),
        rule: Some(problem.code),
        file: problem.file.as_deref(),
        line: problem.line,
        note: Some(problem.message.clone()),
        ..Row::default()
    }));
    rows
}

fn payout_rows<'a>(payout: &'a PayoutReconciled, rows: &mut Vec<Row<'a>>) {
    let ids: Vec<&str> = payout.settlement_ids.iter().map(crate::domain::SettlementId::as_str).collect();
    let place = payout.rows.first();
    let row = || Row {
        section: "payout",
        account: Some(payout.account.as_str()),
        currency: Some(payout.currency.code()),
        state: Some(payout.state.word()),
        rule: payout.rule,
        id: Some(ids.join(" ")),
        posted: Some(&payout.posted),
        reference: payout.reference.as_deref(),
        file: place.map(|row| row.file.as_str()),
        line: place.and_then(|row| row.line),
        ..Row::default()
    };
    rows.push(Row {
        amount: Some(payout.amount),
        bank: payout.bank.as_ref(),
        difference: payout.difference,
        note: Some(payout.note.clone()),
        ..row()
    });
    let further = payout.bank_parts.iter().skip(1).map(|line| ("payout_part", line));
    let candidates = payout.candidates.iter().map(|line| ("payout_candidate", line));
    let returned = payout.returned.iter().map(|line| ("payout_returned", line));
    for (section, line) in further.chain(candidates).chain(returned) {
        rows.push(Row { section, bank: Some(line), ..row() });
    }
}

fn balance_rows<'a>(document: &'a Reconciliation, rows: &mut Vec<Row<'a>>) {
    for balance in &document.balances {
        let figures = [
            ("balance", Some(balance.balance), None),
            ("reserve", Some(balance.reserve), None),
            ("not_settled", Some(balance.not_settled), None),
            ("in_flight", Some(balance.in_flight), Some(balance.in_flight_payouts)),
            ("in_doubt", Some(balance.in_doubt), Some(balance.in_doubt_payouts)),
        ];
        rows.extend(figures.map(|(item, amount, count)| Row {
            section: "balance",
            account: Some(balance.account.as_str()),
            currency: Some(balance.currency.code()),
            state: Some(item),
            posted: Some(&balance.at),
            amount,
            note: count.map(|count| format!("{count} payout(s)")),
            ..Row::default()
        }));
    }
    unsettled_rows(document, rows);
    for rule in &document.payout_rules {
        rows.push(Row {
            section: "payout_rule",
            account: Some(rule.account.as_str()),
            currency: Some(rule.currency.code()),
            state: Some(rule.basis),
            rule: rule.rule,
            ..Row::default()
        });
    }
}

fn unsettled_rows<'a>(document: &'a Reconciliation, rows: &mut Vec<Row<'a>>) {
    for line in &document.captured_not_settled {
        let open = line.in_open_settlements;
        let figures = [
            ("captures_reported", line.reported_captures),
            ("refunds_reported", line.reported_refunds),
            ("captures_in_open_settlements", open.map(|open| open.captures)),
            ("refunds_in_open_settlements", open.map(|open| open.refunds)),
        ];
        rows.extend(figures.map(|(item, flow)| Row {
            section: "captured_not_settled",
            account: line.account.as_ref().map(|account| account.as_str()),
            currency: Some(line.currency.code()),
            state: Some(item),
            posted: Some(&line.at),
            amount: flow.map(|flow| flow.amount),
            note: flow.map(|flow| flow.count.to_string()),
            ..Row::default()
        }));
    }
}
