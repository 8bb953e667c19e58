//! From cases to the dispute document.

use super::disputes::{
    AgeLine, Amounts, AttentionLine, CaseLine, DisputeDocument, EvidenceLine, GroupLine, MonthTotals, NOTES,
    PartitionCheck, RefundLine, ReserveHeld, RowLine, THRESHOLDS, TotalLine, TrendLine,
};
use super::problem::{Problem, Severity};
use super::statement::{PeriodRange, Source};
use crate::disputes::{
    AGE_EDGES, Attention, CapturesByAccount, Case, CaseFigures, CaseStatus, CaseTotals, Clock, Facts, Flag, GroupBy,
    Partition, Summary, evidence_for, reserves,
};
use crate::domain::{
    AccountName, Amount, Basis, Currency, DocumentId, Instant, Money, MoneyError, Month, Period, Sum, Zone,
};

/// Which cases are shown.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only of these statuses; empty for all.
    pub statuses: Vec<CaseStatus>,
    /// Only undecided ones whose deadline is at most this many days away and has not passed.
    pub due_within_days: Option<i64>,
    /// Only these ids; empty for all.
    pub ids: Vec<String>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct DisputeAsk {
    /// The period, in the common zone.
    pub period: Option<Period>,
    /// Which date decides the period of a row.
    pub basis: Basis,
    /// The zone of the document as a whole.
    pub zone: Zone,
    /// Which cases.
    pub filter: CaseFilter,
    /// By what they are grouped.
    pub by: Option<GroupBy>,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct DisputeFacts {
    /// Facts behind the cases.
    pub facts: Facts,
    /// The cases.
    pub cases: Vec<Case>,
    /// Captures of all months.
    pub captures: CapturesByAccount,
    /// Both sides of the proof that every dispute row is in one case.
    pub partitions: Vec<Partition>,
    /// Problems met so far.
    pub problems: Vec<Problem>,
    /// Files behind the figures.
    pub sources: Vec<Source>,
}

/// Assembles the document.
///
/// # Errors
/// [`MoneyError::TooLarge`] where a sum does not fit a decimal, which no real file reaches.
pub fn assemble_disputes(
    ask: &DisputeAsk,
    known: DisputeFacts,
    clock: &Clock<'_>,
) -> Result<DisputeDocument, MoneyError> {
    let DisputeFacts { facts, cases, captures, partitions, mut problems, mut sources } = known;
    let all: Vec<&Case> = cases.iter().collect();
    let whole = Summary { facts: &facts, cases: &all, captures: &captures, basis: ask.basis };
    let mut shown: Vec<&Case> =
        all.iter().copied().filter(|case| whole.concerns(case) && ask.filter.takes(case, &facts, clock)).collect();
    shown.sort_by(|a, b| (&a.account, a.dated(), &a.id).cmp(&(&b.account, b.dated(), &b.id)));
    let summary = Summary { cases: &shown, ..whole };
    let pen = Pen { ask, facts: &facts, clock, summary: &summary };
    problems.extend(shown.iter().flat_map(|case| case_problems(case)));
    problems.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.severity == Severity::Warning, problem.file.clone(), problem.line);
        key(a).cmp(&key(b))
    });
    sources.sort_by(|a, b| (&a.file, &a.sha256).cmp(&(&b.file, &b.sha256)));
    let last = ask.period.and_then(|period| period.month());
    let last = last.unwrap_or_else(|| Month::of(ask.zone.date_of(clock.now)));
    let month_line = |line: crate::disputes::MonthLine| -> Result<MonthTotals, MoneyError> {
        let totals = total_line(Some(line.currency), &line.totals)?;
        Ok(MonthTotals { month: line.month.to_string(), account: line.account, kind: line.kind.word(), totals })
    };
    let wanted = |month: &Month| ask.period.and_then(|period| period.month()).is_none_or(|only| only == *month);
    let groups = ask.by.map(|by| summary.groups(by)).unwrap_or_default();
    Ok(DisputeDocument {
        schema: "settle.disputes/1",
        period: ask.period.map(|period| period_range(&period, ask.basis)),
        as_of: clock.now.rfc3339_in(&ask.zone.tz()),
        cases: shown.iter().map(|case| pen.case(case)).collect::<Result<_, _>>()?,
        totals: summary
            .totals()
            .into_iter()
            .map(|group| total_line(group.currency, &group.totals))
            .collect::<Result<_, _>>()?,
        attention: summary.attention(clock).into_iter().map(attention_line).collect(),
        by: ask.by.map(GroupBy::word),
        groups: groups
            .into_iter()
            .map(|group| Ok(GroupLine { totals: total_line(group.currency, &group.totals)?, key: group.key }))
            .collect::<Result<_, MoneyError>>()?,
        ages: ages(&summary, clock.now)?,
        months: whole
            .months()
            .into_iter()
            .filter(|line| wanted(&line.month))
            .map(month_line)
            .collect::<Result<_, _>>()?,
        trend: whole
            .trend(last)
            .into_iter()
            .map(|(month, currency, totals)| {
                Ok(TrendLine { month: month.to_string(), totals: total_line(Some(currency), &totals)? })
            })
            .collect::<Result<_, MoneyError>>()?,
        reserves: reserves(&facts).into_iter().map(reserve_held).collect::<Result<_, _>>()?,
        checks: partitions.into_iter().map(partition_check).collect::<Result<_, _>>()?,
        thresholds: THRESHOLDS.to_vec(),
        notes: NOTES.to_vec(),
        problems,
        sources,
    })
}

impl CaseFilter {
    fn takes(&self, case: &Case, facts: &Facts, clock: &Clock<'_>) -> bool {
        let by_status = self.statuses.is_empty() || self.statuses.contains(&case.status);
        let by_id = self.ids.is_empty() || self.ids.contains(&case.id);
        by_status && by_id && self.due_within_days.is_none_or(|days| is_due(case, facts, clock, days))
    }
}

/// Whether an undecided case's deadline is still ahead and near.
fn is_due(case: &Case, facts: &Facts, clock: &Clock<'_>, days: i64) -> bool {
    let undecided = matches!(case.status, CaseStatus::Open | CaseStatus::Unknown);
    undecided
        && case.deadline.is_some_and(|deadline| {
            clock.is_ahead(deadline) && clock.days_left(facts.zone(&case.account), deadline.at) <= days
        })
}

fn period_range(period: &Period, basis: Basis) -> PeriodRange {
    let zone = period.zone();
    PeriodRange {
        month: period.month().map(|month| month.to_string()),
        from: Some(period.from().rfc3339_in(&zone.tz())),
        until: Some(period.until().rfc3339_in(&zone.tz())),
        timezone: zone.to_string(),
        basis: basis.to_string(),
        settlement_id: None,
    }
}

/// Writes cases down.
struct Pen<'a> {
    ask: &'a DisputeAsk,
    facts: &'a Facts,
    clock: &'a Clock<'a>,
    summary: &'a Summary<'a>,
}

impl Pen<'_> {
    fn case(&self, case: &Case) -> Result<CaseLine, MoneyError> {
        let zone = self.facts.zone(&case.account);
        let at = |instant: Option<Instant>| instant.map(|instant| instant.rfc3339_in(&zone.tz()));
        let within = self.summary.figures_within(case);
        let money = |sum: Sum| case.currency.map(|currency| sum.in_currency(currency)).transpose();
        let capture = case.capture();
        let told = case.notices.iter().filter_map(|notice| notice.read.notified).min();
        let captured_at = capture.and_then(|capture| capture.at);
        let days = |(from, until)| crate::disputes::days_between(zone, from, until);
        Ok(CaseLine {
            case_id: case.id.clone(),
            kind: case.kind.word(),
            types: distinct(case.rows.iter().map(|row| row.word.as_str())),
            account: case.account.clone(),
            currency: case.currency,
            order_reference_id: some(&case.order_reference_id),
            seller_order_id: some(&case.seller_order_id),
            store_name: some(&case.store_name),
            capture_id: capture.and_then(|capture| some(&capture.capture_id)),
            capture_link: case.link.word(),
            captured_at: at(captured_at),
            captured: capture.and_then(|capture| capture.amount).map(in_money),
            captured_currency: capture.and_then(|capture| capture.amount).map(|(_, currency)| currency),
            captured_file: capture.map(|capture| capture.place.file.clone()),
            captured_line: capture.and_then(|capture| capture.place.line),
            days_to_debit: captured_at.zip(case.debited).map(days),
            opened_at: at(case.opened),
            notified_at: at(told),
            debited_at: at(case.debited),
            claimed: case.claimed.map(in_money),
            disputed: money(within.disputed)?,
            fees: money(within.fees)?,
            recovered: money(within.recovered)?,
            net: money(within.net)?,
            dispute_rows: money(within.dispute_rows)?,
            whole: match (self.ask.period, case.currency) {
                (Some(_), Some(currency)) => Some(amounts(&case.figures(), currency)?),
                _ => None,
            },
            status: case.status.word(),
            status_basis: case.status_basis.word(),
            status_by_rows: case.status_by_rows.map(CaseStatus::word),
            exposure: money(case.exposure())?,
            contested: case.contested,
            respond_by: at(case.deadline.map(|deadline| deadline.at)),
            respond_by_basis: case.deadline.map(|deadline| deadline.basis.word()),
            days_left: case.deadline.map(|deadline| self.clock.days_left(zone, deadline.at)),
            reason: case.reason.clone(),
            amazon_state: amazon_state(case),
            settlement_ids: settlement_ids(case),
            dispute_ids: case.dispute_ids().into_iter().map(str::to_owned).collect(),
            rows: self.rows(case, zone),
            refunds: refund_lines(case, zone),
            flags: case.flags.iter().map(|flag| flag.word()).collect(),
            flag_sentences: case.flags.iter().map(|flag| flag.sentence()).collect(),
            documents: documents(case),
            refund_places: case
                .refund_records
                .iter()
                .map(|refund| (refund.place.file.clone(), refund.place.line))
                .collect(),
            evidence: evidence_for(case.reason.as_deref())
                .iter()
                .map(|piece| EvidenceLine { evidence_type: piece.evidence_type, what: piece.what })
                .collect(),
            respond_by_ms: case.deadline.map(|deadline| deadline.at.utc_millis()),
        })
    }

    fn rows(&self, case: &Case, zone: Zone) -> Vec<RowLine> {
        let line = |row: &crate::disputes::CaseRow| {
            let source = self.facts.source_of(row);
            RowLine {
                file: source.map(|source| source.file.clone()).unwrap_or_default(),
                line: row.line,
                sha256: source.map_or_else(|| DocumentId::new(""), |source| source.id.clone()),
                posted: row.posted.rfc3339_in(&zone.tz()),
                settlement_id: row.settlement_id.clone(),
                word: row.word.clone(),
                kind: row.kind.word(),
                transaction_id: some(&row.transaction_id),
                amount: row.amount.in_currency(row.currency),
                fee: row.fee.in_currency(row.currency),
                net: row.net.in_currency(row.currency),
                in_period: self.facts.is_within(&case.account, self.facts.instant_of(row, self.ask.basis)),
            }
        };
        case.rows.iter().map(line).collect()
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if found.iter().all(|known| known != text) {
            found.push(text.to_owned());
        }
    }
    found
}

fn in_money((amount, currency): (Amount, Currency)) -> Money {
    amount.in_currency(currency)
}

fn amounts(figures: &CaseFigures, currency: Currency) -> Result<Amounts, MoneyError> {
    Ok(Amounts {
        disputed: figures.disputed.in_currency(currency)?,
        recovered: figures.recovered.in_currency(currency)?,
        fees: figures.fees.in_currency(currency)?,
        net: figures.net.in_currency(currency)?,
    })
}

fn amazon_state(case: &Case) -> Option<String> {
    let words = case.objects.iter().map(|object| {
        let read = &object.read;
        let parts = [read.state.as_str(), read.resolution.as_str(), read.reason_code.as_str()];
        distinct(parts.into_iter()).join(" ")
    });
    let words: Vec<String> = words.filter(|words| !words.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn settlement_ids(case: &Case) -> Vec<crate::domain::SettlementId> {
    let ids = distinct(case.rows.iter().map(|row| row.settlement_id.as_str()));
    ids.into_iter().map(crate::domain::SettlementId::new).collect()
}

fn refund_lines(case: &Case, zone: Zone) -> Vec<RefundLine> {
    let line = |refund: &crate::disputes::CaseRefund| RefundLine {
        refund_id: refund.refund_id.clone(),
        at: refund.at.map(|at| at.rfc3339_in(&zone.tz())),
        amount: refund.amount.map(in_money),
        currency: refund.amount.map(|(_, currency)| currency),
        file: refund.place.file.clone(),
        line: refund.place.line,
    };
    case.refunds.iter().map(line).collect()
}

/// Files that tell of a case besides its rows.
fn documents(case: &Case) -> Vec<String> {
    let notices = case.notices.iter().map(|notice| notice.file.as_str());
    let objects = case.objects.iter().map(|object| object.file.as_str());
    let refunds = case.refund_records.iter().map(|refund| refund.place.file.as_str());
    distinct(notices.chain(objects).chain(refunds))
}

/// What does not fit in a case is said once more where everything is said that does not fit.
fn case_problems(case: &Case) -> Vec<Problem> {
    const TOLD: [Flag; 4] = [Flag::CurrencyDiffers, Flag::AmountDiffers, Flag::DoubleLoss, Flag::RefundAfterDispute];
    let told = case.flags.iter().filter(|flag| TOLD.contains(flag));
    let problem = |flag: &Flag| {
        Problem::new(Severity::Warning, flag.word(), format!("{}: {}: {}", case.account, case.id, flag.sentence()))
    };
    told.map(problem).collect()
}

fn total_line(currency: Option<Currency>, totals: &CaseTotals) -> Result<TotalLine, MoneyError> {
    let money = |sum: Sum| currency.map(|currency| sum.in_currency(currency)).transpose();
    let rate = |rate: Option<crate::disputes::Rate>| rate.map(|rate| rate.to_string());
    Ok(TotalLine {
        currency,
        cases: totals.cases,
        began: totals.began,
        disputed: money(totals.figures.disputed)?,
        recovered: money(totals.figures.recovered)?,
        fees: money(totals.figures.fees)?,
        net: money(totals.figures.net)?,
        open: totals.open,
        won: totals.won,
        partly_won: totals.partly_won,
        lost: totals.lost,
        unknown: totals.unknown,
        open_exposure: money(totals.exposure)?,
        contested: totals.contested,
        win_rate: rate(totals.win_rate()),
        net_recovery_rate: rate(totals.net_recovery_rate()),
        rate_by_count: rate(totals.rate_by_count()),
        rate_by_amount: rate(totals.rate_by_amount()),
        captures: totals.captures.count,
        captured: money(totals.captures.amount)?,
    })
}

fn attention_line((currency, attention): (Option<Currency>, Attention)) -> AttentionLine {
    AttentionLine {
        currency,
        due_in_14_days: attention.due_soon,
        unlinked: attention.unlinked,
        double_losses: attention.double_losses,
        days_to_debit_average: attention.average_days().map(|days| days.to_string()),
        days_to_debit_median: attention.median_days().map(|days| days.to_string()),
    }
}

fn ages(summary: &Summary<'_>, now: Instant) -> Result<Vec<AgeLine>, MoneyError> {
    let line = |(edge, currency, totals): (i64, Option<Currency>, CaseTotals)| {
        let next = AGE_EDGES.iter().find(|next| **next > edge);
        let exposure = currency.map(|currency| totals.exposure.in_currency(currency)).transpose()?;
        let days_until = next.map(|next| next - 1);
        Ok(AgeLine { days_from: edge, days_until, currency, cases: totals.cases, open_exposure: exposure })
    };
    summary.ages(now).into_iter().map(line).collect()
}

fn reserve_held((account, currency, held): (AccountName, Currency, Sum)) -> Result<ReserveHeld, MoneyError> {
    Ok(ReserveHeld { account, currency, held: held.in_currency(currency)? })
}

fn partition_check(partition: Partition) -> Result<PartitionCheck, MoneyError> {
    let holds = partition.holds();
    Ok(PartitionCheck {
        net: partition.net.in_currency(partition.currency)?,
        net_in_cases: partition.net_in_cases.in_currency(partition.currency)?,
        account: partition.account,
        currency: partition.currency,
        rows: partition.rows,
        rows_in_cases: partition.rows_in_cases,
        holds,
    })
}
