//! What the template is given: texts, anchors and pictures, all decided here, so that the template only
//! places them. Every amount is both a machine's value and a person's text.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::rows::{FileView, Places, RowGroup, row_groups};
use super::waterfall::sum;
use super::{months, timeline, waterfall};
use crate::domain::{Currency, ExitCode, Money, RowKind, SettlementId, Sum};
use crate::export::language::{Label, Words, capital};
use crate::export::table::clean;
use crate::reconcile::payouts::PayoutState;
use crate::report::{
    Account, CheckResult, Details, Known, MonthFigures, PayoutLine, PeriodRange, Severity, Statement, Status,
    rounded_percent,
};

/// An amount: what JSON says, and what a person reads.
#[derive(Serialize)]
pub(super) struct Figure {
    value: String,
    shown: String,
    class: &'static str,
}

/// An instant, likewise.
#[derive(Serialize)]
pub(super) struct Moment {
    value: String,
    shown: String,
}

#[derive(Serialize)]
pub(super) struct Page {
    lang: &'static str,
    title: String,
    range: String,
    timezone: String,
    basis: &'static str,
    coverage: String,
    closed: Option<String>,
    ties: bool,
    complete: bool,
    accounts: Vec<AccountView>,
    disputes: Vec<DisputeView>,
    checks: Vec<CheckView>,
    failed: Vec<FailedView>,
    problems: Vec<ProblemView>,
    sources: Vec<SourceView>,
    files_rows: String,
    /// A page for people lists the first of very many.
    failed_more: Option<String>,
}

#[derive(Serialize)]
struct AccountView {
    id: String,
    name: String,
    currency: &'static str,
    complete: bool,
    coverage: String,
    cut: Option<String>,
    prior: Option<PriorView>,
    opening: Figure,
    opening_basis: &'static str,
    closing: Figure,
    reserve: Figure,
    reserve_was: String,
    unexplained: Option<Figure>,
    captured: Figure,
    refunded: Figure,
    fees: Figure,
    paid: Figure,
    fee_rate: Option<String>,
    movements: Vec<MovementView>,
    unknown: Vec<String>,
    gaps: Vec<String>,
    waterfall: String,
    fees_picture: Option<String>,
    disputes_picture: Option<String>,
    months: Vec<MonthView>,
    partial: bool,
    timeline: Option<String>,
    payouts: Vec<PayoutView>,
    reconciled: bool,
    settlements: Vec<SettlementView>,
    groups: Vec<RowGroup>,
    picks: Vec<Pick>,
    row_count: String,
    rows_on_screen: String,
}

/// From the closed balance to the opening one.
#[derive(Serialize)]
struct PriorView {
    label: String,
    closed: Figure,
    lines: Vec<AdjustmentView>,
}

#[derive(Serialize)]
struct AdjustmentView {
    label: String,
    count: String,
    amounts: Vec<Figure>,
}

#[derive(Serialize)]
struct MovementView {
    kind: &'static str,
    label: String,
    count: u64,
    count_shown: String,
    amounts: Vec<Figure>,
}

#[derive(Serialize)]
struct MonthView {
    month: String,
    captures: String,
    amounts: Vec<Figure>,
    fee_rate: Option<String>,
    cases: String,
    disputed: Figure,
    rate_by_count: Option<String>,
    rate_by_amount: Option<String>,
}

#[derive(Serialize)]
struct PayoutView {
    place: usize,
    posted: Moment,
    settlement: String,
    settlement_anchor: Option<String>,
    amount: Figure,
    reference: String,
    state: String,
    state_class: &'static str,
    booked_on: String,
    row: Option<String>,
    file: FileView,
    line: u64,
}

#[derive(Serialize)]
struct SettlementView {
    place: usize,
    settlement: String,
    start: Moment,
    end: Moment,
    rows: String,
    net: Figure,
    transfers: Figure,
    rows_in_period: String,
    net_in_period: Figure,
    file: FileView,
    listed: bool,
}

/// The sums of a kind, shown while its rows are picked out.
#[derive(Serialize)]
struct Pick {
    kind: &'static str,
    label: String,
    count: String,
    amount: Figure,
    fee: Figure,
    net: Figure,
    left_out: Option<String>,
}

#[derive(Serialize)]
struct DisputeView {
    account: String,
    anchor: String,
    currency: &'static str,
    kind: &'static str,
    label: String,
    cases: String,
    amounts: Vec<Figure>,
}

#[derive(Serialize)]
struct CheckView {
    name: &'static str,
    meaning: String,
    passed: String,
    failures: String,
    state: &'static str,
}

#[derive(Serialize)]
struct FailedView {
    check: &'static str,
    place: String,
    anchor: Option<String>,
    stated: String,
    computed: String,
    difference: Option<Figure>,
}

#[derive(Serialize)]
struct ProblemView {
    severity: &'static str,
    error: bool,
    place: String,
    anchor: Option<String>,
    message: String,
    hint: Option<String>,
}

#[derive(Serialize)]
struct SourceView {
    id: String,
    file: String,
    kind: &'static str,
    rows: String,
    sha256: String,
    /// Named by a figure or a problem of this page; the others are left out on paper.
    cited: bool,
}

/// Failed rows that the page lists; JSON has more.
const FAILURES_SHOWN: usize = 200;

/// Every state a payout can have at the bank.
pub(super) const BANK_STATES: [PayoutState; 5] = [
    PayoutState::Matched,
    PayoutState::Ambiguous,
    PayoutState::AmountDiffers,
    PayoutState::InTransit,
    PayoutState::Missing,
];

/// Class and label of the states; nothing known is a state too.
const BANK: [(Option<PayoutState>, &str, Label); 6] = [
    (None, "open", Label::NotReconciled),
    (Some(PayoutState::Matched), "matched", Label::Matched),
    (Some(PayoutState::Ambiguous), "ambiguous", Label::Ambiguous),
    (Some(PayoutState::AmountDiffers), "differs", Label::AmountDiffers),
    (Some(PayoutState::InTransit), "transit", Label::InTransit),
    (Some(PayoutState::Missing), "missing", Label::Missing),
];

pub(super) fn bank_class(state: Option<PayoutState>) -> &'static str {
    BANK.iter().find(|row| row.0 == state).map_or("open", |row| row.1)
}

pub(in crate::export) fn bank_label(state: Option<PayoutState>) -> Label {
    BANK.iter().find(|row| row.0 == state).map_or(Label::NotReconciled, |row| row.2)
}

pub(super) fn figure(money: Money, words: Words) -> Figure {
    let value = money.to_string();
    let class = match value.strip_prefix('-') {
        Some(_) => "neg",
        None if money.is_zero() => "zero",
        None => "pos",
    };
    Figure { shown: words.money(money).replace('-', "\u{2212}"), value, class }
}

fn of_sum(sum: Sum, currency: Currency, words: Words) -> Figure {
    figure(sum.in_currency(currency).unwrap_or(currency.zero()), words)
}

pub(super) fn moment(rfc3339: &str, words: Words) -> Moment {
    Moment { value: rfc3339.to_owned(), shown: words.instant(rfc3339) }
}

fn settlement_name(id: Option<&SettlementId>, words: Words) -> String {
    id.map_or_else(|| words.of_label(Label::NoRows).to_owned(), |id| clean(id.as_str()))
}

/// The whole page.
pub(super) fn page(statement: &Statement, details: &Details, words: Words) -> Page {
    let files: HashMap<&str, String> = statement
        .sources
        .iter()
        .enumerate()
        .map(|(place, source)| (source.file.as_str(), format!("f{}", place + 1)))
        .collect();
    let places = Places::of(statement, details, files);
    let accounts = statement.accounts.iter().enumerate();
    let view = View { statement, details, words, places: &places };
    let failures: usize = statement.checks.iter().map(|check| check.failures as usize).sum();
    let failed_more = failures.saturating_sub(FAILURES_SHOWN);
    let rows: u64 = statement.sources.iter().map(|source| source.rows).sum();
    Page {
        lang: words.code(),
        title: title(&statement.period, words),
        range: range(&statement.period, words),
        timezone: statement.period.timezone.clone(),
        basis: words.basis(&statement.period.basis),
        coverage: view.coverage(),
        closed: statement.closed.as_ref().map(|closed| words.closed(closed, statement.period.month.as_deref())),
        ties: statement.exit_code() == ExitCode::Done,
        complete: statement.status == Status::Complete,
        accounts: accounts.map(|(place, account)| view.account(place, account)).collect(),
        disputes: view.disputes(),
        checks: statement.checks.iter().map(|check| view.check(check)).collect(),
        failed: view.failed(),
        problems: view.problems(),
        sources: view.sources(),
        files_rows: words.fill(Label::FilesRows, &[&words.count(statement.sources.len() as u64), &words.count(rows)]),
        failed_more: (failed_more > 0).then(|| words.fill(Label::MoreInJson, &[&words.count(failed_more as u64)])),
    }
}

fn title(period: &PeriodRange, words: Words) -> String {
    match (&period.settlement_id, &period.month) {
        (Some(id), _) => words.fill(Label::OneSettlement, &[&clean(id.as_str())]),
        (None, Some(month)) => words.month(month),
        (None, None) => words.of_label(Label::Period).to_owned(),
    }
}

fn range(period: &PeriodRange, words: Words) -> String {
    match (&period.from, &period.until) {
        (Some(from), Some(until)) => words.fill(Label::FromUntil, &[&words.instant(from), &words.instant(until)]),
        _ => words.of_label(Label::NothingOfIt).to_owned(),
    }
}

struct View<'a> {
    statement: &'a Statement,
    details: &'a Details,
    words: Words,
    places: &'a Places<'a>,
}

impl View<'_> {
    fn figure(&self, money: Money) -> Figure {
        figure(money, self.words)
    }

    fn coverage(&self) -> String {
        let label = |label| self.words.of_label(label).to_owned();
        match (self.statement.status, &self.statement.coverage) {
            (Status::Complete, _) => label(Label::FullyCovered),
            (Status::Incomplete, Some(known)) => self.known(&known.from, &known.until),
            (Status::Incomplete, None) => label(Label::NothingKnown),
        }
    }

    fn known(&self, from: &str, until: &str) -> String {
        self.words.fill(Label::IncompleteKnown, &[&self.words.instant(from), &self.words.instant(until)])
    }

    fn account(&self, place: usize, account: &Account) -> AccountView {
        let (words, id) = (self.words, format!("a{}", place + 1));
        let gross = |kind: &str| {
            let movement = account.movements.iter().find(|movement| movement.kind == kind);
            movement.map_or(account.currency.zero(), |movement| movement.amount)
        };
        let fees: Sum = account.movements.iter().map(|movement| sum(movement.fee)).sum();
        let months: Vec<&MonthFigures> = self
            .details
            .months
            .iter()
            .filter(|month| month.account == account.account && month.currency == account.currency)
            .collect();
        let period = account.period.as_ref().unwrap_or(&self.statement.period);
        let was = words.money(account.reserve.opening);
        let all: u64 = RowKind::ALL.iter().map(|kind| self.details.total(place, *kind).count).sum();
        let row_count = words.count(all);
        AccountView {
            name: clean(account.account.as_str()),
            currency: account.currency.code(),
            complete: account.status == Status::Complete,
            coverage: self.known(&account.coverage.from, &account.coverage.until),
            cut: account.period.as_ref().map(|period| format!("{}, {}", range(period, words), period.timezone)),
            prior: self.prior(account),
            opening: self.figure(account.opening_balance),
            opening_basis: words.of_label(words.opening_basis(account.opening_basis)),
            closing: self.figure(account.closing_balance),
            reserve: self.figure(account.reserve.closing),
            reserve_was: words.fill(Label::WasAtBeginning, &[&was]),
            unexplained: (!account.unexplained.is_zero()).then(|| self.figure(account.unexplained)),
            captured: self.figure(gross("capture")),
            refunded: self.figure(gross("refund")),
            fees: of_sum(fees, account.currency, words),
            paid: self.figure(gross("transfer")),
            fee_rate: rounded_percent(-fees, sum(gross("capture"))).map(|rate| words.percent(&rate.to_string())),
            movements: self.movements(account),
            unknown: self.unknown(account),
            gaps: self.gaps(account),
            waterfall: waterfall::waterfall(account, &id, words),
            fees_picture: (!months.is_empty()).then(|| months::fees(&months, words)),
            disputes_picture: months
                .iter()
                .any(|month| month.tally.captures > 0)
                .then(|| months::dispute_rates(&months, words)),
            months: months.iter().map(|month| self.month(month)).collect(),
            partial: months.iter().any(|month| month.known == Known::Part),
            timeline: timeline::timeline(account, &id, period, words),
            payouts: account.payouts.iter().enumerate().map(|(at, payout)| self.payout(place, at, payout)).collect(),
            reconciled: self
                .statement
                .accounts
                .iter()
                .flat_map(|a| &a.payouts)
                .any(|payout| payout.reconciled.is_some()),
            settlements: self.settlements(place, account),
            groups: row_groups(place, account, self.details, self.places, period, words),
            picks: self.picks(place, account),
            rows_on_screen: words.fill(Label::RowsOnScreen, &[&row_count]),
            row_count,
            id,
        }
    }

    fn prior(&self, account: &Account) -> Option<PriorView> {
        let prior = account.prior_period.as_ref().filter(|prior| !prior.adjustments.is_empty())?;
        let words = self.words;
        let line = |line: &crate::report::Adjustment| AdjustmentView {
            label: format!("{}: {}", words.month(&line.month), words.adjusted(line.kind)),
            count: line.count.to_string(),
            amounts: [line.amount, line.percentage_fee, line.fixed_fee, line.fee, line.net]
                .map(|money| self.figure(money))
                .into(),
        };
        Some(PriorView {
            label: capital(&words.fill(Label::ClosedBalance, &[&words.month(&prior.closed_month)])),
            closed: self.figure(prior.closed_balance),
            lines: prior.adjustments.iter().map(line).collect(),
        })
    }

    fn movements(&self, account: &Account) -> Vec<MovementView> {
        let view = |movement: &crate::report::Movement| MovementView {
            kind: movement.kind,
            label: self.words.kind(movement.kind),
            count: movement.count,
            count_shown: self.words.count(movement.count),
            amounts: [movement.amount, movement.percentage_fee, movement.fixed_fee, movement.fee, movement.net]
                .map(|money| self.figure(money))
                .into(),
        };
        account.movements.iter().map(view).collect()
    }

    fn unknown(&self, account: &Account) -> Vec<String> {
        let sentence = |unknown: &crate::report::UnknownType| {
            let values = [&clean(&unknown.word), &self.words.count(unknown.count), &self.words.money(unknown.net)];
            self.words.fill(Label::UnknownCounted, &values.map(String::as_str))
        };
        account.unknown.iter().map(sentence).collect()
    }

    fn gaps(&self, account: &Account) -> Vec<String> {
        let sentence = |gap: &crate::report::GapRange| {
            self.words.fill(Label::Gap, &[&self.words.instant(&gap.from), &self.words.instant(&gap.until)])
        };
        account.gaps.iter().map(sentence).collect()
    }

    fn month(&self, month: &MonthFigures) -> MonthView {
        let (words, tally) = (self.words, &month.tally);
        let money = |sum| of_sum(sum, month.currency, words);
        let percent = |rate: Option<rust_decimal::Decimal>| rate.map(|rate| words.percent(&rate.to_string()));
        MonthView {
            month: months::month_name(month),
            captures: words.count(tally.captures),
            amounts: [tally.captured, tally.percentage_fee, tally.fixed_fee, tally.fee].map(money).into(),
            fee_rate: percent(tally.fee_rate()),
            cases: words.count(tally.cases()),
            disputed: money(tally.disputed),
            rate_by_count: percent(tally.dispute_rate_by_count()),
            rate_by_amount: percent(tally.dispute_rate_by_amount()),
        }
    }

    fn payout(&self, account: usize, place: usize, payout: &PayoutLine) -> PayoutView {
        let words = self.words;
        let bank = payout.reconciled.as_ref();
        let state = bank.map(|known| known.state);
        let reference = bank.and_then(|known| known.bank_reference.as_deref()).or(payout.reference.as_deref());
        PayoutView {
            place,
            posted: moment(&payout.posted, words),
            settlement: settlement_name(payout.settlement_id.as_ref(), words),
            settlement_anchor: self.places.settlement(account, &payout.source),
            amount: self.figure(payout.amount),
            reference: reference.map_or_else(String::new, clean),
            state: words.of_label(bank_label(state)).to_owned(),
            state_class: bank_class(state),
            booked_on: bank.and_then(|known| known.booked_on.clone()).unwrap_or_default(),
            row: self.places.row(&payout.source, payout.line),
            file: self.places.file_view(&payout.source),
            line: payout.line,
        }
    }

    fn settlements(&self, place: usize, account: &Account) -> Vec<SettlementView> {
        let words = self.words;
        let view = |(at, line): (usize, &crate::report::SettlementLine)| SettlementView {
            place: at,
            settlement: settlement_name(line.settlement_id.as_ref(), words),
            start: moment(&line.start, words),
            end: moment(&line.end, words),
            rows: words.count(line.rows),
            net: self.figure(line.net),
            transfers: self.figure(line.transfers),
            rows_in_period: words.count(line.rows_in_period),
            net_in_period: self.figure(line.net_in_period),
            file: self.places.file_view(&line.source),
            listed: self.places.lists(place, at),
        };
        account.settlements.iter().enumerate().map(view).collect()
    }

    fn picks(&self, place: usize, account: &Account) -> Vec<Pick> {
        let words = self.words;
        let pick = |kind: RowKind| {
            let total = self.details.total(place, kind);
            let left_out = total.count - total.listed;
            (total.count > 0).then(|| Pick {
                kind: kind.word(),
                label: words.kind(kind.word()),
                count: words.count(total.count),
                amount: of_sum(total.amount, account.currency, words),
                fee: of_sum(total.fee, account.currency, words),
                net: of_sum(total.net, account.currency, words),
                left_out: (left_out > 0).then(|| words.fill(Label::RowsLeftOut, &[&words.count(left_out)])),
            })
        };
        RowKind::ALL.into_iter().filter_map(pick).collect()
    }

    fn disputes(&self) -> Vec<DisputeView> {
        let view = |dispute: &crate::report::DisputeSummary| {
            let accounts = self.statement.accounts.iter();
            let place = accounts
                .into_iter()
                .position(|account| account.account == dispute.account && account.currency == dispute.currency);
            DisputeView {
                account: clean(dispute.account.as_str()),
                anchor: format!("a{}", place.unwrap_or_default() + 1),
                currency: dispute.currency.code(),
                kind: dispute.kind,
                label: self.words.kind(dispute.kind),
                cases: self.words.count(dispute.cases),
                amounts: [dispute.disputed, dispute.recovered, dispute.fees, dispute.net]
                    .map(|money| self.figure(money))
                    .into(),
            }
        };
        self.statement.disputes.iter().map(view).collect()
    }

    fn check(&self, check: &CheckResult) -> CheckView {
        CheckView {
            name: check.check,
            meaning: self.words.check(check.check),
            passed: self.words.count(check.passed),
            failures: self.words.count(check.failures),
            state: match (check.failures, check.passed) {
                (0, 0) => "none",
                (0, _) => "ok",
                _ => "failed",
            },
        }
    }

    fn failed(&self) -> Vec<FailedView> {
        let all = self.statement.checks.iter().flat_map(|check| check.failed.iter().map(move |failed| (check, failed)));
        let view = |(check, failed): (&CheckResult, &crate::report::FailedCheck)| {
            let value = |text: &str| match failed.difference {
                Some(_) => self.words.number(text).replace('-', "\u{2212}"),
                None => self.words.instant(&clean(text)),
            };
            FailedView {
                check: check.check,
                place: place_text(Some(&failed.file), failed.line),
                anchor: self.places.nearest(Some(&failed.file), failed.line),
                stated: value(&failed.stated),
                computed: value(&failed.computed),
                difference: failed.difference.map(|money| self.figure(money)),
            }
        };
        all.take(FAILURES_SHOWN).map(view).collect()
    }

    fn problems(&self) -> Vec<ProblemView> {
        let view = |problem: &crate::report::Problem| {
            let column = problem.column.as_deref().map_or_else(String::new, |column| format!("`{}`: ", clean(column)));
            let error = problem.severity == Severity::Error;
            ProblemView {
                severity: self.words.of_label(if error { Label::Error } else { Label::Warning }),
                error,
                place: place_text(problem.file.as_deref(), problem.line),
                anchor: self.places.nearest(problem.file.as_deref(), problem.line),
                message: format!("{column}{}", clean(&problem.message)),
                hint: problem.hint.as_deref().map(clean),
            }
        };
        self.statement.problems.iter().map(view).collect()
    }

    fn sources(&self) -> Vec<SourceView> {
        let settlements = self.statement.accounts.iter().flat_map(|account| &account.settlements);
        let mut cited: HashSet<&str> = settlements.map(|line| line.source.as_str()).collect();
        cited.extend(self.statement.problems.iter().filter_map(|problem| problem.file.as_deref()));
        let view = |source: &crate::report::Source| {
            let rows = self.words.count(source.rows);
            SourceView {
                id: self.places.file(&source.file).unwrap_or_default(),
                file: clean(&source.file),
                cited: cited.contains(source.file.as_str()),
                kind: source.kind,
                rows: match source.objects {
                    Some(objects) => self.words.fill(Label::RowObjects, &[&rows, &self.words.count(objects)]),
                    None => rows,
                },
                sha256: source.sha256.as_ref().map_or_else(String::new, ToString::to_string),
            }
        };
        self.statement.sources.iter().map(view).collect()
    }
}

fn place_text(file: Option<&str>, line: Option<u64>) -> String {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}", clean(file.unwrap_or_default()))
}
