//! The statement for people: opening → movements → payouts → closing for each account, then its
//! settlements, then disputes, then what does not tie.

use std::collections::BTreeMap;

use super::table::{Align, Paint, Table, clean, grouped};
use crate::domain::{Money, SettlementId};
use crate::report::{Account, CheckResult, PayoutArrival, Severity, Statement, Status};

/// Labels of the kinds, in the words of the trade.
const LABELS: [(&str, &str); 10] = [
    ("capture", "Captures"),
    ("refund", "Refunds"),
    ("authorization", "Authorizations"),
    ("a_to_z_claim", "A-to-z claims"),
    ("chargeback", "Chargebacks"),
    ("dispute", "Disputes"),
    ("adjustment", "Adjustments"),
    ("debt", "Debts"),
    ("unknown", "Unknown types"),
    ("transfer", "Payouts"),
];

/// Warnings of one kind that the text shows without `-v`; errors are always shown.
const WARNINGS_SHOWN: usize = 3;

/// Failures that the text lists for each check; JSON and CSV have more.
const FAILURES_SHOWN: usize = 20;

/// The document as text; with `sources`, every file behind it.
#[must_use]
pub fn statement_text(statement: &Statement, paint: Paint, sources: bool) -> String {
    let mut out = String::new();
    title(statement, paint, &mut out);
    for account in &statement.accounts {
        account_text(account, paint, &mut out);
    }
    disputes(statement, paint, &mut out);
    checks(&statement.checks, paint, &mut out);
    problems(statement, paint, sources, &mut out);
    source_list(statement, paint, sources, &mut out);
    out
}

fn title(statement: &Statement, paint: Paint, out: &mut String) {
    let period = &statement.period;
    let what = match (&period.settlement_id, &period.month) {
        (Some(id), _) => format!("settlement {}", clean(id.as_str())),
        (None, Some(month)) => month.clone(),
        (None, None) => "period".to_owned(),
    };
    out.push_str(&paint.heading(&format!("Amazon Pay statement, {what}")));
    let by = match period.basis.as_str() {
        "settlement" => "settlement end",
        "payout" => "payout date",
        _ => "posting date",
    };
    match period.bounds() {
        Some(bounds) => {
            let zone = &period.timezone;
            out.push_str(&format!("\n{bounds} (exclusive), {zone}, by {by}; {}\n", coverage(statement)));
        }
        None => out.push_str("\nnothing is known of it\n"),
    }
}

fn coverage(statement: &Statement) -> String {
    let all_known = statement.accounts.iter().all(|account| account.status == Status::Complete);
    match (statement.status, &statement.coverage) {
        (Status::Complete, _) => "fully covered".to_owned(),
        (Status::Incomplete, Some(_)) if all_known => "incomplete: nothing is known of another account".to_owned(),
        (Status::Incomplete, Some(known)) => format!("incomplete: known from {} until {}", known.from, known.until),
        (Status::Incomplete, None) => "nothing is known".to_owned(),
    }
}

fn account_text(account: &Account, paint: Paint, out: &mut String) {
    let state = match account.status {
        Status::Complete => String::new(),
        Status::Incomplete => {
            format!("  (incomplete: known from {} until {})", account.coverage.from, account.coverage.until)
        }
    };
    let name = format!("{}  {}", clean(account.account.as_str()), account.currency);
    out.push_str(&format!("\n{}{state}\n", paint.heading(&name)));
    if let Some(period) = &account.period {
        out.push_str(&format!("  cut {}, {}\n", period.bounds().unwrap_or_default(), period.timezone));
    }
    figures(account, out);
    if !account.payouts.is_empty() {
        payouts(account, paint, out);
    }
    settlements(account, paint, out);
}

fn money(amount: Money) -> String {
    grouped(&amount.to_string())
}

fn figures(account: &Account, out: &mut String) {
    use Align::{Left, Right};
    let mut table = Table::new(&[Left, Right, Right, Right, Right, Right, Right, Left]);
    let words = |words: [&str; 8]| words.map(str::to_owned).to_vec();
    let total = |label: &str, amount: Money, remark: &str| words([label, "", "", "", "", "", &money(amount), remark]);
    table.row(words(["", "rows", "gross", "% fees", "fixed fees", "fees", "net", ""]));
    let basis = match account.opening_basis {
        "history" => "from earlier settlements",
        "configured" => "as configured",
        _ => "as the first known settlement opens",
    };
    table.row(total("Opening balance", account.opening_balance, basis));
    for movement in &account.movements {
        let label = LABELS.iter().find(|label| label.0 == movement.kind).map_or(movement.kind, |label| label.1);
        let cells = [
            format!("  {label}"),
            movement.count.to_string(),
            money(movement.amount),
            money(movement.percentage_fee),
            money(movement.fixed_fee),
            money(movement.fee),
            money(movement.net),
            String::new(),
        ];
        table.row(cells.to_vec());
    }
    table.row(total("Closing balance", account.closing_balance, ""));
    let opened = format!("was {} at the beginning", money(account.reserve.opening));
    table.row(total("  of which reserve", account.reserve.closing, &opened));
    if !account.unexplained.is_zero() {
        table.row(total("Unexplained", account.unexplained, "the chain breaks, see below"));
    }
    table.write(out, 2);
    for unknown in &account.unknown {
        let (word, net) = (clean(&unknown.word), money(unknown.net));
        out.push_str(&format!("  unknown type `{word}`: {} row(s), net {net}, counted above\n", unknown.count));
    }
}

fn id(settlement: Option<&SettlementId>) -> String {
    settlement.map_or_else(|| "(no rows)".to_owned(), |id| clean(id.as_str()))
}

fn payouts(account: &Account, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    let known = account.payouts.iter().any(|payout| payout.reconciled.is_some());
    let mut table = Table::new(&[Left, Left, Right, Left, Left, Left]);
    let at_the_bank = if known { "at the bank" } else { "" };
    let names = ["payout posted", "settlement", "amount", "bank reference", "source", at_the_bank];
    table.row(names.map(str::to_owned).to_vec());
    for payout in &account.payouts {
        let place = format!("{}:{}", clean(&payout.source), payout.line);
        let reference = payout.reference.as_deref().map_or_else(String::new, clean);
        let settlement = id(payout.settlement_id.as_ref());
        let arrival = payout.reconciled.as_ref().map_or_else(String::new, arrival);
        table.row(vec![payout.posted.clone(), settlement, money(payout.amount), reference, place, arrival]);
    }
    out.push_str(&format!("\n  {}\n", paint.faint("Payouts")));
    table.write(out, 2);
}

/// What became of a payout: its state and the day of booking.
fn arrival(arrival: &PayoutArrival) -> String {
    match &arrival.booked_on {
        Some(day) => format!("{}, booked {}", arrival.state.word(), clean(day)),
        None => arrival.state.word().to_owned(),
    }
}

fn settlements(account: &Account, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    let mut table = Table::new(&[Left, Left, Left, Right, Right, Right, Right, Right, Left]);
    let names = ["settlement", "from", "until", "rows", "net", "payouts", "in period: rows", "net", "source"];
    table.row(names.map(str::to_owned).to_vec());
    for line in &account.settlements {
        table.row(vec![
            id(line.settlement_id.as_ref()),
            line.start.clone(),
            line.end.clone(),
            line.rows.to_string(),
            money(line.net),
            money(line.transfers),
            line.rows_in_period.to_string(),
            money(line.net_in_period),
            clean(&line.source),
        ]);
    }
    out.push_str(&format!("\n  {}\n", paint.faint("Settlements (their net includes reserve and payouts)")));
    table.write(out, 2);
}

fn disputes(statement: &Statement, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if statement.disputes.is_empty() {
        return;
    }
    let mut table = Table::new(&[Left, Left, Left, Right, Right, Right, Right, Right]);
    let names = ["account", "", "kind", "cases", "disputed", "recovered", "fees", "net"];
    table.row(names.map(str::to_owned).to_vec());
    for dispute in &statement.disputes {
        let label = LABELS.iter().find(|label| label.0 == dispute.kind).map_or(dispute.kind, |label| label.1);
        table.row(vec![
            clean(dispute.account.as_str()),
            dispute.currency.to_string(),
            label.to_owned(),
            dispute.cases.to_string(),
            money(dispute.disputed),
            money(dispute.recovered),
            money(dispute.fees),
            money(dispute.net),
        ]);
    }
    out.push_str(&format!("\n{}\n", paint.heading("Disputes")));
    table.write(out, 2);
    out.push_str("  Reports carry no deadline and no reason code.\n");
}

fn checks(checks: &[CheckResult], paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    out.push_str(&format!("\n{}\n", paint.heading("Checks")));
    let mut table = Table::new(&[Left, Left, Right, Left]);
    for check in checks {
        let verdict = match (check.failures, check.passed) {
            (0, 0) => "-",
            (0, _) => "ok",
            _ => "FAILED",
        };
        let outcome = if check.failures > 0 {
            format!("{} failed, {} passed", check.failures, check.passed)
        } else {
            format!("{} passed", check.passed)
        };
        table.row(vec![verdict.to_owned(), check.check.to_owned(), outcome, check.sentence.to_owned()]);
    }
    table.write(out, 2);
    for check in checks {
        for failed in check.failed.iter().take(FAILURES_SHOWN) {
            let line = failed.line.map_or_else(String::new, |line| format!(":{line}"));
            let difference =
                failed.difference.map_or_else(String::new, |money_| format!(", difference {}", money(money_)));
            let text = format!(
                "{}{line}: {}: stated {}, computed {}{difference}",
                clean(&failed.file),
                check.check,
                clean(&failed.stated),
                clean(&failed.computed)
            );
            out.push_str(&format!("  {}\n", paint.bad(&text)));
        }
        if check.failures as usize > FAILURES_SHOWN {
            out.push_str(&format!(
                "  … and {} more; --format json lists them\n",
                check.failures as usize - FAILURES_SHOWN
            ));
        }
    }
}

fn problems(statement: &Statement, paint: Paint, all: bool, out: &mut String) {
    let problems = &statement.problems;
    if problems.is_empty() {
        if statement.checks.iter().any(|check| check.failures > 0) {
            return;
        }
        out.push_str(&format!("\n{}\n", paint.good("No problems.")));
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Problems")));
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in problems {
        let count = shown.entry(problem.code).or_default();
        *count += 1;
        let warning = problem.severity == Severity::Warning;
        if warning && !all && *count > WARNINGS_SHOWN {
            continue;
        }
        let text = clean(&problem.sentence());
        match problem.severity {
            Severity::Error => out.push_str(&format!("  {} {text}\n", paint.bad("error:"))),
            Severity::Warning => out.push_str(&format!("  warning: {text}\n")),
        }
        if let Some(hint) = &problem.hint {
            out.push_str(&format!("    hint: {}\n", clean(hint)));
        }
        let of_its_kind = problems.iter().filter(|other| other.code == problem.code).count();
        if warning && !all && *count == WARNINGS_SHOWN && of_its_kind > WARNINGS_SHOWN {
            let more = of_its_kind - WARNINGS_SHOWN;
            out.push_str(&format!("    … and {more} more like this (-v shows all)\n"));
        }
    }
}

fn source_list(statement: &Statement, paint: Paint, all: bool, out: &mut String) {
    use Align::{Left, Right};
    let rows: u64 = statement.sources.iter().map(|source| source.rows).sum();
    let tail = if all { "" } else { " (-v lists every file and every row)" };
    out.push_str(&format!("\n{} files, {rows} rows read{tail}\n", statement.sources.len()));
    if !all {
        return;
    }
    let mut table = Table::new(&[Left, Left, Right, Left]);
    for source in &statement.sources {
        let hash = source.sha256.as_ref().map_or("", |id| id.short());
        let rows = match source.objects {
            Some(objects) => format!("{} rows, {objects} objects", source.rows),
            None => format!("{} rows", source.rows),
        };
        table.row(vec![hash.to_owned(), source.kind.to_owned(), rows, clean(&source.file)]);
    }
    out.push_str(&format!("\n{}\n", paint.heading("Sources")));
    table.write(out, 2);
}
