//! Disputes for people: what needs an answer first, then every case, then the figures.

use std::collections::BTreeMap;

use super::language::Words;
use super::table::{Align, Paint, Table, clean};
use crate::config::Language;
use crate::domain::Money;
use crate::report::{CaseLine, DisputeDocument, Severity, TotalLine};

/// Labels of the kinds.
const LABELS: [(&str, &str); 3] =
    [("a_to_z_claim", "A-to-z claim"), ("chargeback", "Chargeback"), ("dispute", "Dispute")];
/// Warnings of one code that the text shows without `-v`; errors are always shown.
const WARNINGS_SHOWN: usize = 3;

/// The document as text; with `all`, also rows, evidence, every month and every source.
#[must_use]
pub fn disputes_text(document: &DisputeDocument, paint: Paint, all: bool) -> String {
    let mut out = String::new();
    title(document, paint, &mut out);
    cases(document, paint, &mut out);
    findings(document, paint, &mut out);
    if all {
        details(document, paint, &mut out);
    }
    totals("Totals", document.totals.iter().map(|line| (String::new(), line)), paint, &mut out);
    let key = |key: &Option<String>| key.as_ref().map_or_else(|| "not in reports".to_owned(), |key| label(key));
    let heading = format!("By {}", document.by.unwrap_or_default());
    totals(&heading, document.groups.iter().map(|line| (key(&line.key), &line.totals)), paint, &mut out);
    attention(document, paint, &mut out);
    ages(document, paint, &mut out);
    months(document, paint, all, &mut out);
    reserves(document, paint, &mut out);
    thresholds(document, paint, &mut out);
    checks(document, paint, &mut out);
    problems(document, paint, all, &mut out);
    out.push_str(&format!("\n{}\n", document.notes.join("\n")));
    out
}

fn label(word: &str) -> String {
    let known = LABELS.iter().find(|label| label.0 == word);
    clean(known.map_or(word, |label| label.1))
}

fn money(amount: Money) -> String {
    Words::of(Language::En).money(amount)
}

fn some_money(amount: Option<Money>) -> String {
    amount.map_or_else(|| "-".to_owned(), money)
}

fn day(instant: Option<&String>) -> String {
    instant.and_then(|text| text.get(..10)).unwrap_or("-").to_owned()
}

fn title(document: &DisputeDocument, paint: Paint, out: &mut String) {
    let what = match &document.period {
        Some(period) => format!(", {}", period.month.clone().unwrap_or_default()),
        None => String::new(),
    };
    out.push_str(&paint.heading(&format!("Amazon Pay disputes{what}")));
    out.push('\n');
    if let Some(period) = &document.period {
        let bounds = period.bounds().unwrap_or_default();
        let zone = &period.timezone;
        out.push_str(&format!("{bounds} (exclusive), {zone}; amounts are of rows in this time\n"));
    }
    out.push_str(&format!("as of {}\n", document.as_of));
}

fn cases(document: &DisputeDocument, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if document.cases.is_empty() {
        out.push_str("\nNo cases.\n");
        return;
    }
    let mut table = Table::new(&[Left, Left, Left, Left, Left, Right, Right, Right, Right, Left, Left]);
    let names =
        ["kind", "order", "account", "opened", "", "disputed", "recovered", "fees", "net", "status", "respond by"];
    table.row(names.map(str::to_owned).to_vec());
    for case in &document.cases {
        let order = case.seller_order_id.as_ref().or(case.order_reference_id.as_ref()).unwrap_or(&case.case_id);
        table.row(vec![
            label(case.kind),
            clean(order),
            clean(case.account.as_str()),
            day(case.debited_at.as_ref().or(case.opened_at.as_ref())),
            case.currency.map_or_else(|| "?".to_owned(), |currency| currency.to_string()),
            some_money(case.disputed),
            some_money(case.recovered),
            some_money(case.fees),
            some_money(case.net),
            format!("{} (per {})", case.status.replace('_', " "), case.status_basis),
            deadline(case),
        ]);
    }
    out.push_str(&format!("\n{}\n", paint.heading("Cases")));
    table.write(out, 2);
}

fn deadline(case: &CaseLine) -> String {
    let (Some(_), Some(days)) = (&case.respond_by, case.days_left) else { return "not in reports".to_owned() };
    let left = match days {
        0 => "today".to_owned(),
        1 => "1 day left".to_owned(),
        days if days > 0 => format!("{days} days left"),
        _ => "past".to_owned(),
    };
    let basis = if case.respond_by_basis == Some("estimated") { ", estimated" } else { "" };
    format!("{} ({left}{basis})", day(case.respond_by.as_ref()))
}

/// What is worth looking at, a line each.
fn findings(document: &DisputeDocument, paint: Paint, out: &mut String) {
    let mut lines = Vec::new();
    for case in &document.cases {
        for sentence in &case.flag_sentences {
            lines.push(format!("  {}: {sentence}\n", clean(&case.case_id)));
        }
    }
    if !lines.is_empty() {
        out.push_str(&format!("\n{}\n{}", paint.heading("Worth a look"), lines.concat()));
    }
}

/// Every row, refund and piece of evidence of each case.
fn details(document: &DisputeDocument, paint: Paint, out: &mut String) {
    for case in &document.cases {
        out.push_str(&format!("\n{}\n", paint.heading(&clean(&case.case_id))));
        let capture = case.capture_id.as_deref().unwrap_or("-");
        out.push_str(&format!("  capture {} ({}), reason {}\n", clean(capture), case.capture_link, reason(case)));
        for row in &case.rows {
            let (file, word) = (clean(&row.file), clean(&row.word));
            let settlement = clean(row.settlement_id.as_str());
            let (posted, net) = (&row.posted, money(row.net));
            out.push_str(&format!("  {posted}  {word}  {net}  settlement {settlement}  {file}:{}\n", row.line));
        }
        for refund in &case.refunds {
            let at = refund.at.as_deref().unwrap_or("-");
            let (amount, file) = (some_money(refund.amount), clean(&refund.file));
            let line = refund.line.map_or_else(String::new, |line| format!(":{line}"));
            out.push_str(&format!("  {at}  your refund  {amount}  {file}{line}\n"));
        }
        for file in &case.documents {
            out.push_str(&format!("  also in {}\n", clean(file)));
        }
        for piece in &case.evidence {
            out.push_str(&format!("  [ ] {}: {}\n", piece.evidence_type, piece.what));
        }
    }
}

fn reason(case: &CaseLine) -> String {
    case.reason.as_deref().map_or_else(|| "not in reports".to_owned(), clean)
}

fn totals<'a>(heading: &str, lines: impl Iterator<Item = (String, &'a TotalLine)>, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        Left, Left, Right, Right, Right, Right, Right, Right, Right, Right, Right, Right, Right, Right, Right,
    ]);
    let names = [
        "",
        "",
        "cases",
        "disputed",
        "recovered",
        "fees",
        "net",
        "open",
        "exposure",
        "won",
        "lost",
        "won of contested",
        "recovery",
        "by count",
        "by amount",
    ];
    table.row(names.map(str::to_owned).to_vec());
    let mut any = false;
    for (name, line) in lines {
        any = true;
        let rate = |rate: &Option<String>| rate.clone().unwrap_or_else(|| "-".to_owned());
        table.row(vec![
            name,
            line.currency.map_or_else(|| "?".to_owned(), |currency| currency.to_string()),
            line.cases.to_string(),
            some_money(line.disputed),
            some_money(line.recovered),
            some_money(line.fees),
            some_money(line.net),
            line.open.to_string(),
            some_money(line.open_exposure),
            line.won.to_string(),
            line.lost.to_string(),
            rate(&line.win_rate),
            rate(&line.net_recovery_rate),
            rate(&line.rate_by_count),
            rate(&line.rate_by_amount),
        ]);
    }
    if any {
        out.push_str(&format!("\n{}\n", paint.heading(heading)));
        table.write(out, 2);
    }
}

fn attention(document: &DisputeDocument, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if document.attention.is_empty() {
        return;
    }
    let mut table = Table::new(&[Left, Right, Right, Right, Right, Right]);
    let names = ["", "due in 14 days", "paid twice?", "without order", "average days to debit", "median"];
    table.row(names.map(str::to_owned).to_vec());
    for line in &document.attention {
        let days = |days: &Option<String>| days.clone().unwrap_or_else(|| "-".to_owned());
        table.row(vec![
            line.currency.map_or_else(|| "?".to_owned(), |currency| currency.to_string()),
            line.due_in_14_days.to_string(),
            line.double_losses.to_string(),
            line.unlinked.to_string(),
            days(&line.days_to_debit_average),
            days(&line.days_to_debit_median),
        ]);
    }
    out.push_str(&format!("\n{}\n", paint.heading("To watch")));
    table.write(out, 2);
}

fn ages(document: &DisputeDocument, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if document.ages.is_empty() {
        return;
    }
    let mut table = Table::new(&[Left, Left, Right, Right]);
    for line in &document.ages {
        let age = match line.days_until {
            Some(until) => format!("{} to {until} days", line.days_from),
            None => format!("{} days and more", line.days_from),
        };
        let currency = line.currency.map_or_else(|| "?".to_owned(), |currency| currency.to_string());
        table.row(vec![age, currency, format!("{} open", line.cases), some_money(line.open_exposure)]);
    }
    out.push_str(&format!("\n{}\n", paint.heading("Open cases by age, with what may still be lost")));
    table.write(out, 2);
}

/// The trend, without the months in which nothing happened; with `all`, the months by account and kind too.
fn months(document: &DisputeDocument, paint: Paint, all: bool, out: &mut String) {
    let moved = document.trend.iter().filter(|line| line.totals.cases > 0);
    totals("Last twelve months", moved.map(|line| (line.month.clone(), &line.totals)), paint, out);
    if all {
        let lines = document.months.iter();
        let name = |line: &crate::report::MonthTotals| {
            format!("{} {} {}", line.month, clean(line.account.as_str()), label(line.kind))
        };
        totals("Months by account and kind", lines.map(|line| (name(line), &line.totals)), paint, out);
    }
}

fn reserves(document: &DisputeDocument, paint: Paint, out: &mut String) {
    if document.reserves.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Held back against disputes")));
    for line in &document.reserves {
        out.push_str(&format!("  {}  {} {}\n", clean(line.account.as_str()), money(line.held), line.currency));
    }
}

fn thresholds(document: &DisputeDocument, paint: Paint, out: &mut String) {
    out.push_str(&format!("\n{}\n", paint.heading("Limits")));
    for line in &document.thresholds {
        out.push_str(&format!("  {} {}: {} ({})\n", line.measure, line.limit, line.meaning, line.source));
    }
}

fn checks(document: &DisputeDocument, paint: Paint, out: &mut String) {
    for check in &document.checks {
        let who = format!("{} {}", clean(check.account.as_str()), check.currency);
        if check.holds {
            let net = money(check.net);
            out.push_str(&format!("\n{who}: {} dispute rows, net {net}, each in exactly one case\n", check.rows));
        } else {
            let (rows, net) = (check.rows_in_cases, money(check.net_in_cases));
            let text = format!("{who}: {} dispute rows, but {rows} in cases, net {net}", check.rows);
            out.push_str(&format!("\n{}\n", paint.bad(&text)));
        }
    }
}

fn problems(document: &DisputeDocument, paint: Paint, all: bool, out: &mut String) {
    if document.problems.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Problems")));
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in &document.problems {
        let text = clean(&problem.sentence());
        if problem.severity == Severity::Error {
            out.push_str(&format!("  {} {text}\n", paint.bad("error:")));
            continue;
        }
        let count = shown.entry(problem.code).or_default();
        *count += 1;
        if all || *count <= WARNINGS_SHOWN {
            out.push_str(&format!("  warning: {text}\n"));
        }
    }
    let hidden: usize = shown.values().map(|count| count.saturating_sub(WARNINGS_SHOWN)).sum();
    if !all && hidden > 0 {
        out.push_str(&format!("  … and {hidden} more warnings like these (-v shows all)\n"));
    }
}
