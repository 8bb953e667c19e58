//! The reconciliation for people: payouts and the bank, balances, then orders and fees, then what is open.

use super::language::Words;
use super::table::{Align, Paint, Table, clean};
use crate::config::Language;
use crate::domain::{Money, SettlementId};
use crate::report::{BankLine, Covered, PayoutReconciled, Reconciliation, Severity, UnsettledFlow};

/// Problems of one kind that the text shows without `-v`; errors are always shown.
const WARNINGS_SHOWN: usize = 3;
/// Orders and deviations that the text lists; JSON and CSV have all.
const FINDINGS_SHOWN: usize = 50;

/// The document as text; with `all`, every line of evidence.
#[must_use]
pub fn reconciliation_text(document: &Reconciliation, paint: Paint, all: bool) -> String {
    let mut out = String::new();
    title(document, paint, &mut out);
    payouts(document, paint, all, &mut out);
    unmatched(document, paint, &mut out);
    balances(document, paint, &mut out);
    unsettled(document, paint, &mut out);
    rules(document, paint, &mut out);
    statements(document, paint, all, &mut out);
    orders(document, paint, all, &mut out);
    fees(document, paint, &mut out);
    problems(document, paint, all, &mut out);
    out
}

fn money(amount: Money) -> String {
    Words::of(Language::En).money(amount)
}

fn title(document: &Reconciliation, paint: Paint, out: &mut String) {
    let what = document.period.month.clone().unwrap_or_else(|| "period".to_owned());
    out.push_str(&paint.heading(&format!("Amazon Pay reconciliation, {what}")));
    if let Some(bounds) = document.period.bounds() {
        out.push_str(&format!("\n{bounds} (exclusive), {}\n", document.period.timezone));
    }
}

fn payouts(document: &Reconciliation, paint: Paint, all: bool, out: &mut String) {
    use Align::{Left, Right};
    out.push_str(&format!("\n{}\n", paint.heading("Payouts and the bank")));
    if document.payouts.is_empty() {
        out.push_str("  no payout in the period\n");
        return;
    }
    let mut table = Table::new(&[Left, Left, Left, Left, Right, Left, Right, Left]);
    let names = ["state", "account", "posted", "settlement", "amount", "booked", "at the bank", "why"];
    table.row(names.map(str::to_owned).to_vec());
    for payout in &document.payouts {
        table.row(payout_cells(payout));
        let parts = payout.bank_parts.iter().skip(1).map(|line| ("and", line));
        let candidates = payout.candidates.iter().map(|line| ("or", line));
        let shown = parts.chain(candidates.filter(|_| all || payout.state.is_open()));
        for (word, line) in shown.chain(payout.returned.iter().map(|line| ("sent back", line))) {
            table.row(line_cells(word, line));
        }
    }
    table.write(out, 2);
    let mut totals = Table::new(&[Left, Left, Left, Right, Right]);
    for total in &document.totals.payouts {
        totals.row(vec![
            clean(total.account.as_str()),
            total.currency.to_string(),
            total.state.word().to_owned(),
            total.count.to_string(),
            money(total.amount),
        ]);
    }
    out.push_str(&format!("\n  {}\n", paint.faint("In all")));
    totals.write(out, 2);
}

fn ids(ids: &[SettlementId]) -> String {
    ids.iter().map(|id| clean(id.as_str())).collect::<Vec<_>>().join(" ")
}

fn payout_cells(payout: &PayoutReconciled) -> Vec<String> {
    let rule = payout.rule.map_or_else(String::new, |rule| format!("{rule}: "));
    vec![
        payout.state.word().to_owned(),
        format!("{} {}", clean(payout.account.as_str()), payout.currency),
        payout.posted.clone(),
        ids(&payout.settlement_ids),
        money(payout.amount),
        payout.bank.as_ref().map_or_else(String::new, |bank| bank.booked_on.to_string()),
        payout.bank.as_ref().map_or_else(String::new, |bank| money(bank.amount)),
        format!("{rule}{}", clean(&payout.note)),
    ]
}

fn line_cells(word: &str, line: &BankLine) -> Vec<String> {
    let place = format!("{}:{}", clean(&line.file), line.line);
    let empty = String::new;
    vec![
        empty(),
        empty(),
        empty(),
        format!("  {word}"),
        empty(),
        line.booked_on.to_string(),
        money(line.amount),
        format!("{place} {}", clean(line.counterparty.as_deref().unwrap_or(&line.text))),
    ]
}

fn unmatched(document: &Reconciliation, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if document.bank_unmatched.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Bank lines that name Amazon and belong to no payout")));
    let mut table = Table::new(&[Left, Right, Left, Left, Left]);
    for line in &document.bank_unmatched {
        table.row(vec![
            line.booked_on.to_string(),
            money(line.amount),
            line.amount.currency().to_string(),
            clean(line.counterparty.as_deref().unwrap_or(&line.text)),
            format!("{}:{}", clean(&line.file), line.line),
        ]);
    }
    table.write(out, 2);
}

fn balances(document: &Reconciliation, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    for balance in &document.balances {
        let known = if balance.known { "" } else { "  (not every settlement up to it is known)" };
        let name = format!("{} {}, balance at {}", clean(balance.account.as_str()), balance.currency, balance.at);
        out.push_str(&format!("\n{}{known}\n", paint.heading(&name)));
        let mut table = Table::new(&[Left, Right, Left]);
        let mut row =
            |label: &str, amount: Money, remark: String| table.row(vec![label.to_owned(), money(amount), remark]);
        row("At Amazon", balance.balance, String::new());
        row("  of which reserve", balance.reserve, String::new());
        row("  of which not settled", balance.not_settled, String::new());
        row("On its way to the bank", balance.in_flight, format!("{} payout(s)", balance.in_flight_payouts));
        if balance.in_doubt_payouts > 0 {
            row("Sent, arrival in doubt", balance.in_doubt, format!("{} payout(s)", balance.in_doubt_payouts));
        }
        table.write(out, 2);
    }
}

/// What the transaction reports tell; without them the balances above say what is known.
fn unsettled(document: &Reconciliation, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    for line in &document.captured_not_settled {
        if line.capture_coverage.is_empty() && line.refund_coverage.is_empty() {
            continue;
        }
        let account = line.account.as_ref().map_or("(account not known)", |account| account.as_str());
        let name = format!("{} {}, captured and not settled at {}", clean(account), line.currency, line.at);
        out.push_str(&format!("\n{}\n", paint.heading(&name)));
        let mut table = Table::new(&[Left, Right, Right, Left]);
        let mut row = |label: &str, flow: Option<UnsettledFlow>, reports: &[Covered]| {
            let count = flow.map_or_else(String::new, |flow| flow.count.to_string());
            let amount = flow.map_or_else(|| "not known".to_owned(), |flow| money(flow.amount));
            let reach: Vec<String> = reports.iter().map(|range| format!("{} to {}", range.from, range.until)).collect();
            let remark = if reach.is_empty() { String::new() } else { format!("reports tell of {}", reach.join(", ")) };
            table.row(vec![label.to_owned(), count, amount, remark]);
        };
        row("Captures in no settlement", line.reported_captures, &line.capture_coverage);
        row("Refunds in no settlement", line.reported_refunds, &line.refund_coverage);
        if let Some(open) = line.in_open_settlements {
            row("Captures in an open settlement", Some(open.captures), &[]);
            row("Refunds in an open settlement", Some(open.refunds), &[]);
        }
        if let Some(amount) = line.amount {
            table.row(vec!["Together, gross".to_owned(), String::new(), money(amount), String::new()]);
        }
        table.write(out, 2);
        if line.settled_since > 0 {
            out.push_str(&format!("  {} of them stand in a settlement since\n", line.settled_since));
        }
        if line.unclear > 0 {
            out.push_str(&format!("  {} more whose state, instant or amount the reports leave open\n", line.unclear));
        }
    }
}

fn rules(document: &Reconciliation, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if document.payout_rules.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("How the accounts pay out")));
    let mut table = Table::new(&[Left, Left, Left, Right, Right, Left]);
    table.row(["account", "", "rule", "holds", "fails", ""].map(str::to_owned).to_vec());
    for line in &document.payout_rules {
        for candidate in &line.candidates {
            let in_force = if line.rule == Some(candidate.rule) { line.basis } else { "" };
            let example = candidate.example.as_ref().map_or_else(String::new, |example| {
                let id = example.settlement_id.as_ref().map_or_else(String::new, |id| clean(id.as_str()));
                format!("{id}: {} expected, {} paid", money(example.expected), money(example.paid))
            });
            table.row(vec![
                clean(line.account.as_str()),
                line.currency.to_string(),
                candidate.rule.to_owned(),
                candidate.held.to_string(),
                candidate.contradicted.to_string(),
                if in_force.is_empty() { example } else { format!("{in_force} {example}") },
            ]);
        }
    }
    table.write(out, 2);
}

fn statements(document: &Reconciliation, paint: Paint, all: bool, out: &mut String) {
    use Align::{Left, Right};
    if document.bank_statements.is_empty() {
        return;
    }
    let fails = document.bank_statements.iter().filter(|statement| statement.foots == Some(false)).count();
    let untold = document.bank_statements.iter().filter(|statement| statement.foots.is_none()).count();
    let entries: u64 = document.bank_statements.iter().map(|statement| statement.entries).sum();
    out.push_str(&format!(
        "\n{} bank statement(s), {entries} lines; {fails} do not foot, {untold} state no balances\n",
        document.bank_statements.len()
    ));
    if !all {
        return;
    }
    let mut table = Table::new(&[Left, Left, Left, Left, Left, Right, Left]);
    for statement in &document.bank_statements {
        let day = |day: Option<chrono::NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
        let verdict = match (statement.foots, statement.difference) {
            (Some(true), _) => "foots".to_owned(),
            (Some(false), Some(difference)) => paint.bad(&format!("differs by {}", money(difference))),
            _ => "-".to_owned(),
        };
        table.row(vec![
            statement.format.to_owned(),
            clean(&statement.bank_account),
            day(statement.from),
            day(statement.until),
            clean(&statement.file),
            format!("{} lines", statement.entries),
            verdict,
        ]);
    }
    table.write(out, 2);
}

fn orders(document: &Reconciliation, paint: Paint, all: bool, out: &mut String) {
    use Align::{Left, Right};
    let Some(lists) = &document.order_lists else { return };
    out.push_str(&format!("\n{}\n", paint.heading("Orders")));
    let mut totals = Table::new(&[Left, Left, Right, Right, Right, Right]);
    totals.row(["state", "", "orders", "ordered", "captured", "refunded"].map(str::to_owned).to_vec());
    for total in &document.totals.orders {
        let sums = [total.ordered, total.captured, total.refunded].map(money);
        let mut cells = vec![total.state.to_owned(), total.currency.to_string(), total.count.to_string()];
        cells.extend(sums);
        totals.row(cells);
    }
    totals.write(out, 2);
    let (rows, orders) = (&lists.rows, &lists.orders);
    out.push_str(&format!(
        "  {} captures and refunds: {} with an order, {} without, {} refunds of other periods, {} ambiguous, {} sandbox\n",
        rows.rows, rows.with_order, rows.orphaned, rows.refunds_without_order, rows.ambiguous, rows.sandbox
    ));
    out.push_str(&format!(
        "  {} orders: {} with a state, {} of other periods, {} without money to expect, {} captured before the files\n",
        orders.orders, orders.with_state, orders.other_period, orders.not_expected, orders.capture_unknown
    ));
    let open: Vec<_> = document.orders.iter().filter(|order| all || order.is_open()).collect();
    if !open.is_empty() {
        let mut table = Table::new(&[Left, Left, Right, Right, Right, Left, Left, Left]);
        let names = ["state", "order", "ordered", "captured", "refunded", "key", "place", "look at"];
        table.row(names.map(str::to_owned).to_vec());
        for order in open.iter().take(FINDINGS_SHOWN) {
            let row = order.transactions.first().map(|row| format!("{}:{}", clean(&row.file), row.line));
            let place = row.or_else(|| Some(format!("{}:{}", clean(order.file.as_deref()?), order.line?)));
            table.row(vec![
                order.state.to_owned(),
                clean(order.order.as_deref().unwrap_or("-")),
                order.order_amount.map_or_else(String::new, money),
                money(order.captured),
                money(order.refunded),
                order.key.unwrap_or("").to_owned(),
                place.unwrap_or_default(),
                clean(&order.next()),
            ]);
        }
        table.write(out, 2);
        more(open.len(), out);
    }
    for finding in lists.findings.iter().take(FINDINGS_SHOWN) {
        let rows: Vec<String> = finding
            .transactions
            .iter()
            .map(|row| format!("{} {} {}:{}", row.kind, clean(row.transaction_id.as_str()), clean(&row.file), row.line))
            .collect();
        let orders = clean(&finding.orders.join(", "));
        out.push_str(&format!("  {} {orders}: {}\n", paint.bad(finding.finding), rows.join("; ")));
    }
    more(lists.findings.len(), out);
}

/// Says how many findings the text leaves out.
fn more(findings: usize, out: &mut String) {
    if findings > FINDINGS_SHOWN {
        out.push_str(&format!("  and {} more; --format json has all\n", findings - FINDINGS_SHOWN));
    }
}

fn fees(document: &Reconciliation, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    let Some(fees) = &document.fees else { return };
    out.push_str(&format!("\n{}\n", paint.heading("Fees against the tariff")));
    out.push_str(&format!("  {} rows recomputed, {} deviate\n", fees.checked, fees.deviating));
    for tariff in &fees.tariffs {
        let unit = money(tariff.rounding_unit);
        let name = clean(&tariff.tariff);
        out.push_str(&format!("  tariff {name}: {} rows, rounded {} to {unit}\n", tariff.rows, tariff.rounding));
    }
    let counted = |counts: &[crate::report::FeeCount]| {
        let counts: Vec<String> =
            counts.iter().map(|count| format!("{} {} {}", count.count, count.kind, count.word)).collect();
        counts.join(", ")
    };
    if !fees.fits.is_empty() {
        out.push_str(&format!("  right: {}\n", counted(&fees.fits)));
    }
    if !fees.unchecked.is_empty() {
        out.push_str(&format!("  not checked: {}\n", counted(&fees.unchecked)));
    }
    for total in &fees.totals {
        let (over, under) = (money(total.overcharged), money(total.undercharged));
        out.push_str(&format!("  {}: {over} charged too much, {under} too little\n", total.currency));
    }
    let mut table = Table::new(&[Left, Left, Right, Right, Right, Left]);
    for deviation in fees.deviations.iter().take(FINDINGS_SHOWN) {
        table.row(vec![
            clean(deviation.transaction_id.as_str()),
            deviation.kind.to_owned(),
            money(deviation.expected),
            money(deviation.charged),
            money(deviation.difference),
            format!("{}:{}", clean(&deviation.file), deviation.line),
        ]);
    }
    table.write(out, 2);
    more(fees.deviations.len(), out);
}

fn problems(document: &Reconciliation, paint: Paint, all: bool, out: &mut String) {
    if document.problems.is_empty() {
        out.push_str(&format!("\n{}\n", paint.good("No problems.")));
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Problems")));
    let mut shown: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for problem in &document.problems {
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
    }
}
