//! The status for people: each account with its coverage and when it was last fetched, the latest runs,
//! the next one.

use chrono::{DateTime, FixedOffset, TimeDelta};

use super::table::{Align, Paint, Table, clean, counted};
use crate::domain::ExitCode;
use crate::report::{AccountStatus, GapRange, RunLine, StatusDocument};

/// Runs that the text lists without `-v`; JSON has more.
const RUNS_SHOWN: usize = 5;
/// Gaps that the text lists for one account and currency without `-v`.
const GAPS_SHOWN: usize = 5;

/// The document as text; everything in it where full detail is wanted.
#[must_use]
pub fn status_text(status: &StatusDocument, paint: Paint, detail: Detail) -> String {
    let mut out = paint.heading(&format!("Amazon Pay archive, {}, {}", day_and_time(&status.at), status.timezone));
    out.push('\n');
    if status.accounts.is_empty() {
        out.push_str("\nno account is configured and nothing is in the archive\n");
    }
    for lines in status.accounts.chunk_by(is_same_account) {
        account(lines, status, paint, detail, &mut out);
    }
    runs(status, paint, detail, &mut out);
    next(status, paint, &mut out);
    out
}

/// How much of a list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Its beginning.
    Brief,
    /// All of it.
    Full,
}

impl Detail {
    fn of<T>(self, items: &[T], some: usize) -> &[T] {
        let count = if self == Detail::Full { items.len() } else { items.len().min(some) };
        items.get(..count).unwrap_or(items)
    }
}

fn is_same_account(one: &AccountStatus, other: &AccountStatus) -> bool {
    (&one.account, &one.source, &one.environment) == (&other.account, &other.source, &other.environment)
}

fn account(lines: &[AccountStatus], status: &StatusDocument, paint: Paint, detail: Detail, out: &mut String) {
    let Some(first) = lines.first() else { return };
    let environment = first.environment.as_deref().filter(|word| *word != "live");
    let source: Vec<&str> = [Some(first.source.as_str()), environment].into_iter().flatten().collect();
    out.push_str(&format!("\n{}  ({})\n", paint.heading(&clean(first.account.as_str())), clean(&source.join(", "))));
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left, Align::Left]);
    for line in lines {
        table.row(coverage(line, paint));
    }
    table.write(out, 2);
    for line in lines {
        gaps(line, paint, detail, out);
    }
    freshness(first, status, paint, out);
}

/// Currency, settlements, from when until when, gaps.
fn coverage(line: &AccountStatus, paint: Paint) -> Vec<String> {
    let currency = line.currency.map_or("", |currency| currency.code()).to_owned();
    let settlements = counted(line.settlements as u64, "settlement");
    let span = match (&line.first_start, &line.last_end) {
        (Some(first), Some(last)) => format!("{} to {}", day(first), day(last)),
        _ => String::new(),
    };
    let gaps = match line.gaps.len() {
        _ if line.settlements == 0 => String::new(),
        0 => "no gaps".to_owned(),
        many => paint.bad(&counted(many as u64, "gap")),
    };
    vec![currency, settlements, span, gaps]
}

fn gaps(line: &AccountStatus, paint: Paint, detail: Detail, out: &mut String) {
    let currency = line.currency.map_or("", |currency| currency.code());
    let shown = detail.of(&line.gaps, GAPS_SHOWN);
    for gap in shown {
        out.push_str(&format!("  {}\n", paint.bad(&format!("gap in {currency}: {}", gap_line(gap)))));
    }
    if shown.len() < line.gaps.len() {
        out.push_str(&format!("  … and {} more gaps (-v shows all)\n", line.gaps.len() - shown.len()));
    }
}

fn gap_line(gap: &GapRange) -> String {
    let id = |id: &Option<crate::domain::SettlementId>| id.as_ref().map_or("?".to_owned(), |id| clean(id.as_str()));
    let between = format!("after {}, before {}", id(&gap.after_settlement), id(&gap.before_settlement));
    let length =
        span_between(&gap.from, &gap.until).map_or_else(String::new, |span| format!("{} ", span_in_words(span)));
    format!("{length}from {} to {}, {between}", day_and_time(&gap.from), day_and_time(&gap.until))
}

fn freshness(line: &AccountStatus, status: &StatusDocument, paint: Paint, out: &mut String) {
    let by_hand = line.source == "import";
    let (what, success) = if by_hand { ("last import", &line.last_import) } else { ("last fetched", &line.last_fetch) };
    let text = match success {
        Some(at) => format!("{what} {}{}", day_and_time(at), ago(at, &status.at)),
        None if by_hand => "nothing was brought in yet".to_owned(),
        None => "never fetched".to_owned(),
    };
    let text = match line.fresh {
        Some(false) => paint.bad(&format!("{text}: stale")),
        Some(true) => paint.good(&text),
        None => text,
    };
    out.push_str(&format!("  {text}\n"));
    if let Some(why) = &line.last_error {
        let at = line.last_attempt.as_deref().map_or_else(String::new, |at| format!(" {}", day_and_time(at)));
        out.push_str(&format!("  {}\n", paint.bad(&format!("last try{at} failed: {}", clean(why)))));
    }
    if line.conflicts > 0 {
        let text =
            format!("{} in two versions (`settle report` tells which)", counted(line.conflicts as u64, "settlement"));
        out.push_str(&format!("  {}\n", paint.bad(&text)));
    }
}

fn runs(status: &StatusDocument, paint: Paint, detail: Detail, out: &mut String) {
    let shown = detail.of(&status.runs, RUNS_SHOWN);
    if shown.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Runs")));
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Left, Align::Left]);
    for run in shown {
        table.row(run_row(run));
    }
    table.write(out, 2);
}

/// When, which command, how long, new reports, how it ended.
fn run_row(run: &RunLine) -> Vec<String> {
    let length = run.finished.as_deref().and_then(|end| span_between(&run.started, end)).map(span_in_words);
    let end = match (run.exit, &run.error) {
        (None, _) => "at work, or killed".to_owned(),
        (Some(0), None) => "done".to_owned(),
        (Some(exit), Some(error)) => format!("{exit}: {}", clean(error)),
        (Some(exit), None) => format!("{exit}: {}", meaning(exit)),
    };
    let new = counted(run.new_reports, "new report");
    vec![day_and_time(&run.started), clean(&run.command), length.unwrap_or_default(), new, end]
}

/// The first part of what an exit code means.
fn meaning(exit: i64) -> &'static str {
    let known = ExitCode::TABLE.iter().find(|row| i64::from(row.1) == exit);
    let meaning = known.map_or("unknown exit code", |row| row.2);
    let cut = [";", ", or", "("].iter().filter_map(|end| meaning.find(end)).min();
    cut.and_then(|cut| meaning.get(..cut)).unwrap_or(meaning).trim_end()
}

fn next(status: &StatusDocument, paint: Paint, out: &mut String) {
    out.push('\n');
    if let Some(since) = &status.overdue_since {
        let text = format!("A run is overdue since {}{}.", day_and_time(since), ago(since, &status.at));
        out.push_str(&format!("{} Is `settle daemon` or the timer at work?\n", paint.bad(&text)));
    }
    match &status.next_run {
        Some(at) => {
            let wait =
                span_between(&status.at, at).map_or_else(String::new, |wait| format!(", in {}", span_in_words(wait)));
            out.push_str(&format!("Next run {}{wait}\n", day_and_time(at)));
        }
        None => out.push_str("No next run: there is no schedule.cron in the configuration\n"),
    }
}

/// `2026-11-24` of an RFC 3339 instant.
fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// `2026-11-24 04:30` of an RFC 3339 instant.
fn day_and_time(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

fn span_between(from: &str, until: &str) -> Option<TimeDelta> {
    Some(instant(until)? - instant(from)?)
}

fn ago(at: &str, now: &str) -> String {
    let age = span_between(at, now).filter(|age| *age >= TimeDelta::zero());
    age.map_or_else(|| ", in the future".to_owned(), |age| format!(", {} ago", span_in_words(age)))
}

/// A length of time in its two largest units, the second one left out where it is zero.
#[must_use]
pub fn span_in_words(span: TimeDelta) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = span.num_seconds().max(0);
    let Some(largest) = UNITS.iter().position(|(length, _)| *length <= seconds) else { return "0 s".to_owned() };
    let mut rest = seconds;
    let mut words = Vec::new();
    for (length, unit) in UNITS.iter().skip(largest).take(2) {
        if rest / length > 0 {
            words.push(format!("{} {unit}", rest / length));
        }
        rest %= length;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        for (seconds, words) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3_600, "1 h"), (3_661, "1 h 1 min"), (90_061, "1 d 1 h")]
        {
            assert_eq!(span_in_words(TimeDelta::seconds(seconds)), words);
        }
    }
}
