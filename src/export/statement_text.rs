//! The statement for people: opening → movements → payouts → closing for each account, then its
//! settlements, then disputes, then what does not tie. Labels, numbers and dates are those of the language;
//! messages of problems are English, because they are what one searches for.

use std::collections::BTreeMap;

use super::bank_label;
use super::language::{Label, Words};
use super::table::{Align, Paint, Table, clean};
use crate::config::Language;
use crate::domain::SettlementId;
use crate::report::{Account, CheckResult, PayoutArrival, PeriodRange, Problem, Severity, Statement, Status};

/// Warnings of one kind that the text shows without `-v`; errors are always shown.
const WARNINGS_SHOWN: usize = 3;

/// Failures that the text lists for each check; JSON and CSV have more.
const FAILURES_SHOWN: usize = 20;

/// The document as text in a language; with `sources`, every file behind it.
#[must_use]
pub fn statement_text(statement: &Statement, language: Language, paint: Paint, sources: bool) -> String {
    let text = Text { words: Words::of(language), paint };
    let mut out = String::new();
    text.title(statement, &mut out);
    for account in &statement.accounts {
        text.account(account, &mut out);
    }
    text.disputes(statement, &mut out);
    text.checks(&statement.checks, &mut out);
    text.problems(statement, sources, &mut out);
    text.source_list(statement, sources, &mut out);
    out
}

/// How the text is written.
struct Text {
    words: Words,
    paint: Paint,
}

impl Text {
    fn title(&self, statement: &Statement, out: &mut String) {
        let (words, period) = (self.words, &statement.period);
        let what = match (&period.settlement_id, &period.month) {
            (Some(id), _) => words.fill(Label::OneSettlement, &[&clean(id.as_str())]),
            (None, Some(month)) => words.month_in_text(month),
            (None, None) => words.of_label(Label::Period).to_owned(),
        };
        let title = format!("{}, {what}", words.of_label(Label::Statement));
        out.push_str(&self.paint.heading(&title));
        let by = words.basis(&period.basis);
        match self.bounds(period) {
            Some(bounds) => {
                let (zone, coverage) = (&period.timezone, self.coverage(statement));
                out.push_str(&format!("\n{bounds}, {zone}, {by}; {coverage}\n"));
            }
            None => out.push_str(&format!("\n{}\n", words.of_label(Label::NothingOfIt))),
        }
        if let Some(closed) = &statement.closed {
            out.push_str(&format!("{}\n", words.closed(closed, period.month.as_deref())));
        }
    }

    fn bounds(&self, period: &PeriodRange) -> Option<String> {
        Some(self.range(Label::FromUntil, period.from.as_ref()?, period.until.as_ref()?))
    }

    fn range(&self, label: Label, from: &str, until: &str) -> String {
        self.words.fill(label, &[&self.words.instant_in_text(from), &self.words.instant_in_text(until)])
    }

    fn coverage(&self, statement: &Statement) -> String {
        let all_known = statement.accounts.iter().all(|account| account.status == Status::Complete);
        let label = |label| self.words.of_label(label).to_owned();
        match (statement.status, &statement.coverage) {
            (Status::Complete, _) => label(Label::FullyCovered),
            (Status::Incomplete, Some(_)) if all_known => label(Label::IncompleteOther),
            (Status::Incomplete, Some(known)) => self.range(Label::IncompleteKnown, &known.from, &known.until),
            (Status::Incomplete, None) => label(Label::NothingKnown),
        }
    }

    fn account(&self, account: &Account, out: &mut String) {
        let known = &account.coverage;
        let state = match account.status {
            Status::Complete => String::new(),
            Status::Incomplete => format!("  ({})", self.range(Label::IncompleteKnown, &known.from, &known.until)),
        };
        let name = format!("{}  {}", clean(account.account.as_str()), account.currency);
        out.push_str(&format!("\n{}{state}\n", self.paint.heading(&name)));
        if let Some(period) = &account.period {
            let (cut, bounds) = (self.words.of_label(Label::Cut), self.bounds(period).unwrap_or_default());
            out.push_str(&format!("  {cut} {bounds}, {}\n", period.timezone));
        }
        self.figures(account, out);
        if !account.payouts.is_empty() {
            self.payouts(account, out);
        }
        self.settlements(account, out);
    }

    fn table(&self, aligns: &[Align]) -> Table {
        Table::new(aligns).with_decimal_mark(self.words.decimal_mark())
    }

    fn labels<const N: usize>(&self, labels: [Label; N]) -> Vec<String> {
        labels.map(|label| self.words.of_label(label).to_owned()).to_vec()
    }

    fn figures(&self, account: &Account, out: &mut String) {
        use Align::{Left, Right};
        use Label::{Fees, FixedFees, Gross, Net, PercentFees, Rows};
        let words = self.words;
        let mut table = self.table(&[Left, Right, Right, Right, Right, Right, Right, Left]);
        let mut names = self.labels([Rows, Gross, PercentFees, FixedFees, Fees, Net]);
        names.insert(0, String::new());
        table.row(names);
        let total = |label: &str, amount, remark: &str| {
            let cells = [label, "", "", "", "", "", &words.money(amount), remark];
            cells.map(str::to_owned).to_vec()
        };
        if let Some(prior) = account.prior_period.as_ref().filter(|prior| !prior.adjustments.is_empty()) {
            let closed = words.fill(Label::ClosedBalance, &[&words.month_in_text(&prior.closed_month)]);
            let heading = super::language::capital(&closed);
            table.row(total(&heading, prior.closed_balance, words.of_label(Label::PriorPeriod)));
            for line in &prior.adjustments {
                let label = format!("  {}: {}", words.month_in_text(&line.month), words.adjusted(line.kind));
                let amounts = [line.amount, line.percentage_fee, line.fixed_fee, line.fee, line.net];
                let mut cells = vec![label, line.count.to_string()];
                cells.extend(amounts.map(|amount| words.money(amount)));
                table.row(cells);
            }
        }
        let basis = words.of_label(words.opening_basis(account.opening_basis));
        table.row(total(&words.heading(Label::Opening), account.opening_balance, basis));
        for movement in &account.movements {
            let amounts = [movement.amount, movement.percentage_fee, movement.fixed_fee, movement.fee, movement.net];
            let mut cells = vec![format!("  {}", words.kind(movement.kind)), movement.count.to_string()];
            cells.extend(amounts.map(|amount| words.money(amount)));
            table.row(cells);
        }
        table.row(total(&words.heading(Label::Closing), account.closing_balance, ""));
        let opened = words.fill(Label::WasAtBeginning, &[&words.money(account.reserve.opening)]);
        let reserve = format!("  {}", words.of_label(Label::OfWhichReserve));
        table.row(total(&reserve, account.reserve.closing, &opened));
        if !account.unexplained.is_zero() {
            let below = words.of_label(Label::ChainBreaks);
            table.row(total(&words.heading(Label::Unexplained), account.unexplained, below));
        }
        table.write(out, 2);
        for unknown in &account.unknown {
            let values = [&clean(&unknown.word), &unknown.count.to_string(), &words.money(unknown.net)];
            out.push_str(&format!("  {}\n", words.fill(Label::UnknownCounted, &values.map(String::as_str))));
        }
    }

    fn id(&self, settlement: Option<&SettlementId>) -> String {
        settlement.map_or_else(|| self.words.of_label(Label::NoRows).to_owned(), |id| clean(id.as_str()))
    }

    fn payouts(&self, account: &Account, out: &mut String) {
        use Align::{Left, Right};
        use Label::{Amount, BankReference, BankState, PayoutPosted, Settlement, Source};
        let words = self.words;
        let known = account.payouts.iter().any(|payout| payout.reconciled.is_some());
        let mut table = self.table(&[Left, Left, Right, Left, Left, Left]);
        let mut names = self.labels([PayoutPosted, Settlement, Amount, BankReference, Source, BankState]);
        names.truncate(if known { 6 } else { 5 });
        table.row(names);
        for payout in &account.payouts {
            let place = format!("{}:{}", clean(&payout.source), payout.line);
            let reference = payout.reference.as_deref().map_or_else(String::new, clean);
            let settlement = self.id(payout.settlement_id.as_ref());
            let posted = words.instant_in_text(&payout.posted);
            let mut cells = vec![posted, settlement, words.money(payout.amount), reference, place];
            cells.extend(payout.reconciled.as_ref().map(|arrival| self.arrival(arrival)));
            table.row(cells);
        }
        out.push_str(&format!("\n  {}\n", self.paint.faint(&words.heading(Label::Payouts))));
        table.write(out, 2);
    }

    /// What became of a payout at the bank, and the day of booking.
    fn arrival(&self, arrival: &PayoutArrival) -> String {
        let state = self.words.of_label(bank_label(Some(arrival.state)));
        let day = arrival
            .booked_on
            .as_deref()
            .map(|day| format!(", {} {}", self.words.of_label(Label::BookedOn), clean(day)));
        format!("{state}{}", day.unwrap_or_default())
    }

    fn settlements(&self, account: &Account, out: &mut String) {
        use Align::{Left, Right};
        use Label::{From, InPeriodRows, Net, Payouts, Rows, Settlement, Source, Until};
        let words = self.words;
        let mut table = self.table(&[Left, Left, Left, Right, Right, Right, Right, Right, Left]);
        table.row(self.labels([Settlement, From, Until, Rows, Net, Payouts, InPeriodRows, Net, Source]));
        for line in &account.settlements {
            table.row(vec![
                self.id(line.settlement_id.as_ref()),
                words.instant_in_text(&line.start),
                words.instant_in_text(&line.end),
                line.rows.to_string(),
                words.money(line.net),
                words.money(line.transfers),
                line.rows_in_period.to_string(),
                words.money(line.net_in_period),
                clean(&line.source),
            ]);
        }
        let note = words.of_label(Label::SettlementsNote);
        let heading = format!("{} ({note})", words.heading(Label::Settlements));
        out.push_str(&format!("\n  {}\n", self.paint.faint(&heading)));
        table.write(out, 2);
    }

    fn disputes(&self, statement: &Statement, out: &mut String) {
        use Align::{Left, Right};
        let words = self.words;
        if statement.disputes.is_empty() {
            return;
        }
        let mut table = self.table(&[Left, Left, Left, Right, Right, Right, Right, Right]);
        let mut names = self.labels([
            Label::Account,
            Label::Kind,
            Label::Cases,
            Label::Disputed,
            Label::Recovered,
            Label::Fees,
            Label::Net,
        ]);
        names.insert(1, String::new());
        table.row(names);
        for dispute in &statement.disputes {
            let amounts = [dispute.disputed, dispute.recovered, dispute.fees, dispute.net];
            let mut cells = vec![clean(dispute.account.as_str()), dispute.currency.to_string()];
            cells.extend([words.kind(dispute.kind), dispute.cases.to_string()]);
            cells.extend(amounts.map(|amount| words.money(amount)));
            table.row(cells);
        }
        out.push_str(&format!("\n{}\n", self.paint.heading(&words.heading(Label::Disputes))));
        table.write(out, 2);
        out.push_str(&format!("  {}\n", words.of_label(Label::NoDeadline)));
    }

    fn checks(&self, checks: &[CheckResult], out: &mut String) {
        use Align::{Left, Right};
        let words = self.words;
        out.push_str(&format!("\n{}\n", self.paint.heading(&words.heading(Label::Checks))));
        let mut table = self.table(&[Left, Left, Right, Left]);
        for check in checks {
            let verdict = match (check.failures, check.passed) {
                (0, 0) => "-",
                (0, _) => words.of_label(Label::Ok),
                _ => words.of_label(Label::Failed),
            };
            let (failed, passed) = (check.failures.to_string(), check.passed.to_string());
            let outcome = match check.failures {
                0 => words.fill(Label::PassedCount, &[&passed]),
                _ => words.fill(Label::FailedPassed, &[&failed, &passed]),
            };
            table.row(vec![verdict.to_owned(), check.check.to_owned(), outcome, words.check(check.check)]);
        }
        table.write(out, 2);
        checks.iter().for_each(|check| self.failures(check, out));
    }

    fn failures(&self, check: &CheckResult, out: &mut String) {
        let words = self.words;
        let [stated, computed, difference] =
            [Label::Stated, Label::Computed, Label::Difference].map(|label| words.of_label(label));
        for failed in check.failed.iter().take(FAILURES_SHOWN) {
            let line = failed.line.map_or_else(String::new, |line| format!(":{line}"));
            let by = failed.difference.map_or_else(String::new, |by| format!(", {difference} {}", words.money(by)));
            let [is, should] = [&failed.stated, &failed.computed].map(|value| match failed.difference {
                Some(_) => words.number(value),
                None => clean(value),
            });
            let text =
                format!("{}{line}: {}: {stated} {is}, {computed} {should}{by}", clean(&failed.file), check.check,);
            out.push_str(&format!("  {}\n", self.paint.bad(&text)));
        }
        let more = (check.failures as usize).saturating_sub(FAILURES_SHOWN);
        if more > 0 {
            out.push_str(&format!("  {}\n", words.fill(Label::MoreInJson, &[&more.to_string()])));
        }
    }

    fn problems(&self, statement: &Statement, all: bool, out: &mut String) {
        let (words, problems) = (self.words, &statement.problems);
        if problems.is_empty() {
            if statement.checks.iter().all(|check| check.failures == 0) {
                out.push_str(&format!("\n{}\n", self.paint.good(words.of_label(Label::NoProblems))));
            }
            return;
        }
        out.push_str(&format!("\n{}\n", self.paint.heading(&words.heading(Label::Problems))));
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        for problem in problems {
            let count = shown.entry(problem.code).or_default();
            *count += 1;
            let limited = problem.severity == Severity::Warning && !all;
            if limited && *count > WARNINGS_SHOWN {
                continue;
            }
            self.problem(problem, out);
            let of_its_kind = problems.iter().filter(|other| other.code == problem.code).count();
            if limited && *count == WARNINGS_SHOWN && of_its_kind > WARNINGS_SHOWN {
                let more = (of_its_kind - WARNINGS_SHOWN).to_string();
                out.push_str(&format!("    {}\n", words.fill(Label::MoreLikeThis, &[&more])));
            }
        }
    }

    fn problem(&self, problem: &Problem, out: &mut String) {
        let text = clean(&problem.sentence());
        let word = |label| self.words.of_label(label);
        match problem.severity {
            Severity::Error => {
                let error = format!("{}:", word(Label::Error));
                out.push_str(&format!("  {} {text}\n", self.paint.bad(&error)));
            }
            Severity::Warning => out.push_str(&format!("  {}: {text}\n", word(Label::Warning))),
        }
        if let Some(hint) = &problem.hint {
            out.push_str(&format!("    {}: {}\n", word(Label::Hint), clean(hint)));
        }
    }

    fn source_list(&self, statement: &Statement, all: bool, out: &mut String) {
        use Align::{Left, Right};
        let words = self.words;
        let rows: u64 = statement.sources.iter().map(|source| source.rows).sum();
        let read = words.fill(Label::FilesRows, &[&statement.sources.len().to_string(), &rows.to_string()]);
        let tail = if all { String::new() } else { format!(" {}", words.of_label(Label::VerboseLists)) };
        out.push_str(&format!("\n{read}{tail}\n"));
        if !all {
            return;
        }
        let mut table = self.table(&[Left, Left, Right, Left]);
        for source in &statement.sources {
            let hash = source.sha256.as_ref().map_or("", |id| id.short());
            let rows = source.rows.to_string();
            let rows = match source.objects {
                Some(objects) => words.fill(Label::RowObjects, &[&rows, &objects.to_string()]),
                None => words.fill(Label::RowCount, &[&rows]),
            };
            table.row(vec![hash.to_owned(), source.kind.to_owned(), rows, clean(&source.file)]);
        }
        out.push_str(&format!("\n{}\n", self.paint.heading(&words.heading(Label::Sources))));
        table.write(out, 2);
    }
}
