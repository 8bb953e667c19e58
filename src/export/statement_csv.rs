//! The statement as one tidy CSV table: a figure a row, told apart by `section` and `item`.

use super::csv::{Cell, CsvDialect, CsvText};
use super::writer::WriteError;
use crate::domain::{Money, SettlementId};
use crate::report::{Account, DisputeSummary, Statement};

/// The columns, in order; added to at the end, never renamed.
const COLUMNS: [&str; 23] = [
    "section",
    "account",
    "currency",
    "item",
    "settlement_id",
    "from",
    "until",
    "count",
    "amount",
    "percentage_fee",
    "fixed_fee",
    "fee",
    "net",
    "file",
    "line",
    "note",
    "passed",
    "disputed",
    "recovered",
    "transfers",
    "count_in_period",
    "net_in_period",
    "severity",
];

/// One row; what is not set stays empty.
#[derive(Default)]
struct Row<'a> {
    section: &'a str,
    account: Option<&'a str>,
    currency: Option<&'a str>,
    item: Option<&'a str>,
    settlement_id: Option<&'a str>,
    from: Option<&'a str>,
    until: Option<&'a str>,
    count: Option<u64>,
    /// A count that may be negative.
    shifted: Option<String>,
    /// Gross, percentage fee, fixed fee, fee, net.
    amounts: [Option<Money>; 5],
    file: Option<&'a str>,
    line: Option<u64>,
    note: Option<String>,
    passed: Option<u64>,
    /// Disputed, recovered, transfers.
    parts: [Option<Money>; 3],
    in_period: Option<(u64, Money)>,
    severity: Option<&'a str>,
}

/// The document as CSV. Amounts that the document does not have are empty, never zero.
///
/// # Errors
/// Never with a text in memory; the csv crate's own signature has one.
pub fn statement_csv(statement: &Statement, dialect: CsvDialect) -> Result<String, WriteError> {
    table(statement, dialect).map_err(|why| WriteError::from(std::io::Error::from(why)))
}

fn table(statement: &Statement, dialect: CsvDialect) -> Result<String, ::csv::Error> {
    let mut text = CsvText::new(dialect);
    text.header(&COLUMNS)?;
    for row in &rows(statement) {
        let mut cells = vec![
            Cell::Text(row.section),
            Cell::text(row.account),
            Cell::text(row.currency),
            Cell::text(row.item),
            Cell::text(row.settlement_id),
            Cell::text(row.from),
            Cell::text(row.until),
            row.count.map_or_else(|| row.shifted.as_deref().map_or(Cell::Empty, Cell::Number), Cell::Count),
        ];
        cells.extend(row.amounts.map(|amount| amount.map_or(Cell::Empty, Cell::Amount)));
        cells.extend([
            Cell::text(row.file),
            row.line.map_or(Cell::Empty, Cell::Count),
            Cell::text(row.note.as_deref()),
            row.passed.map_or(Cell::Empty, Cell::Count),
        ]);
        cells.extend(row.parts.map(|amount| amount.map_or(Cell::Empty, Cell::Amount)));
        cells.extend([
            row.in_period.map_or(Cell::Empty, |(count, _)| Cell::Count(count)),
            row.in_period.map_or(Cell::Empty, |(_, net)| Cell::Amount(net)),
            Cell::text(row.severity),
        ]);
        text.row(&cells)?;
    }
    text.finish()
}

fn rows(statement: &Statement) -> Vec<Row<'_>> {
    let period = &statement.period;
    let mut rows = vec![Row {
        section: "period",
        item: Some(period.month.as_deref().unwrap_or("range")),
        from: period.from.as_deref(),
        until: period.until.as_deref(),
        note: Some(statement.status.word().to_owned()),
        ..Row::default()
    }];
    rows.extend(statement.closed.as_ref().map(|closed| Row {
        section: "closed",
        item: Some(&closed.month),
        from: Some(&closed.closed_at),
        note: Some(closed.pack_sha256.to_string()),
        ..Row::default()
    }));
    for account in &statement.accounts {
        account_rows(account, &mut rows);
    }
    rows.extend(statement.disputes.iter().map(dispute_row));
    for check in &statement.checks {
        rows.push(Row {
            section: "check",
            item: Some(check.check),
            count: Some(check.failures),
            passed: Some(check.passed),
            ..Row::default()
        });
        rows.extend(check.failed.iter().map(|failed| Row {
            section: "failed",
            item: Some(check.check),
            amounts: [failed.difference, None, None, None, None],
            file: Some(&failed.file),
            line: failed.line,
            note: Some(format!("stated {}, computed {}", failed.stated, failed.computed)),
            ..Row::default()
        }));
    }
    rows.extend(statement.problems.iter().map(|problem| Row {
        section: "problem",
        item: Some(problem.code),
        file: problem.file.as_deref(),
        line: problem.line,
        note: Some(problem.message.clone()),
        severity: Some(problem.severity.word()),
        ..Row::default()
    }));
    rows.extend(statement.sources.iter().map(|source| Row {
        section: "source",
        item: Some(source.kind),
        count: Some(source.rows),
        file: Some(&source.file),
        note: source.sha256.as_ref().map(ToString::to_string),
        ..Row::default()
    }));
    rows
}

/// What a case cost is `net`, as in every other row; what was disputed and what came back stand apart.
fn dispute_row(dispute: &DisputeSummary) -> Row<'_> {
    Row {
        section: "dispute",
        account: Some(dispute.account.as_str()),
        currency: Some(dispute.currency.code()),
        item: Some(dispute.kind),
        count: Some(dispute.cases),
        amounts: [None, None, None, Some(dispute.fees), Some(dispute.net)],
        parts: [Some(dispute.disputed), Some(dispute.recovered), None],
        ..Row::default()
    }
}

fn account_rows<'a>(account: &'a Account, rows: &mut Vec<Row<'a>>) {
    let row = |section: &'a str, item: &'a str| Row {
        section,
        account: Some(account.account.as_str()),
        currency: Some(account.currency.code()),
        item: Some(item),
        ..Row::default()
    };
    let net = |money| [None, None, None, None, Some(money)];
    rows.push(Row {
        from: Some(&account.coverage.from),
        until: Some(&account.coverage.until),
        note: Some(account.status.word().to_owned()),
        ..row("coverage", "coverage")
    });
    if let Some(prior) = &account.prior_period {
        let from = Some(prior.closed_month.as_str());
        rows.push(Row { from, amounts: net(prior.closed_balance), ..row("prior_period", "closed_balance") });
        rows.extend(prior.adjustments.iter().map(|line| Row {
            from: Some(&line.month),
            shifted: Some(line.count.to_string()),
            amounts: [
                Some(line.amount),
                Some(line.percentage_fee),
                Some(line.fixed_fee),
                Some(line.fee),
                Some(line.net),
            ],
            ..row("prior_period", line.kind)
        }));
        rows.push(Row { from, amounts: net(prior.net), ..row("prior_period", "net") });
    }
    rows.push(Row {
        amounts: net(account.opening_balance),
        note: Some(account.opening_basis.to_owned()),
        ..row("balance", "opening_balance")
    });
    rows.extend(account.movements.iter().map(|movement| Row {
        count: Some(movement.count),
        amounts: [
            Some(movement.amount),
            Some(movement.percentage_fee),
            Some(movement.fixed_fee),
            Some(movement.fee),
            Some(movement.net),
        ],
        ..row("movement", movement.kind)
    }));
    rows.push(Row { amounts: net(account.closing_balance), ..row("balance", "closing_balance") });
    rows.push(Row { amounts: net(account.reserve.opening), ..row("balance", "reserve_opening") });
    rows.push(Row { amounts: net(account.reserve.closing), ..row("balance", "reserve_closing") });
    rows.push(Row { amounts: net(account.unexplained), ..row("balance", "unexplained") });
    rows.extend(account.settlements.iter().map(|settlement| Row {
        settlement_id: settlement.settlement_id.as_ref().map(SettlementId::as_str),
        from: Some(&settlement.start),
        until: Some(&settlement.end),
        count: Some(settlement.rows),
        amounts: net(settlement.net),
        file: Some(&settlement.source),
        parts: [None, None, Some(settlement.transfers)],
        in_period: Some((settlement.rows_in_period, settlement.net_in_period)),
        ..row("settlement", "settlement")
    }));
    rows.extend(account.payouts.iter().map(|payout| Row {
        settlement_id: payout.settlement_id.as_ref().map(SettlementId::as_str),
        from: Some(&payout.posted),
        amounts: [Some(payout.amount), None, None, None, None],
        file: Some(&payout.source),
        line: Some(payout.line),
        note: payout.reference.clone(),
        severity: payout.reconciled.as_ref().map(|arrival| arrival.state.word()),
        ..row("payout", "payout")
    }));
    rows.extend(account.unknown.iter().map(|unknown| Row {
        count: Some(unknown.count),
        amounts: net(unknown.net),
        ..row("unknown", &unknown.word)
    }));
    rows.extend(account.gaps.iter().map(|gap| Row {
        from: Some(&gap.from),
        until: Some(&gap.until),
        note: Some(format!("after {}, before {}", id(&gap.after_settlement), id(&gap.before_settlement))),
        ..row("gap", "gap")
    }));
}

fn id(settlement: &Option<SettlementId>) -> &str {
    settlement.as_ref().map_or("a settlement without rows", SettlementId::as_str)
}
