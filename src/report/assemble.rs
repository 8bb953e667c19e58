//! From counted settlements to the statement.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::prior_period::PriorPeriods;
use super::problem::{Problem, Severity};
use super::statement::{
    Account, CheckResult, ClosedMonth, CoverageRange, DisputeSummary, FailedCheck, GapRange, Movement, PayoutArrival,
    PayoutLine, PeriodRange, ReserveLine, SettlementLine, Source, Statement, Status, UnknownType,
};
use crate::disputes::{DisputeTotal, dispute_totals};
use crate::domain::{
    AccountName, Basis, Currency, DocumentId, Instant, Money, MoneyError, Period, SettlementId, Sum, Zone,
};
use crate::ledger::{CaseTally, Tally};
use crate::parse::Disbursement;
use crate::reconcile::payouts::PayoutRows;
use crate::reconcile::{
    AccountBalance, BalanceRules, Check, Conflict, FailedValues, Failure, Payout, SettlementDocument, Silent,
    chain_checks, duplicate_check, roll_forward_with, row_checks, settle_conflicts, timelines,
};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The statement's period.
    pub period: Period,
    /// Periods of accounts that are cut in another zone.
    pub periods: BTreeMap<AccountName, Period>,
    /// Which date decides.
    pub basis: Basis,
    /// One settlement instead of a period.
    pub settlement: Option<SettlementId>,
    /// Holes up to this length are none.
    pub gap_tolerance: TimeDelta,
    /// Opening balances that the config states.
    pub configured: BTreeMap<AccountName, Vec<Money>>,
    /// Rows of unknown types are errors.
    pub strict: bool,
}

/// Remembered arrivals by document and line, each with the evidence that it rests on.
pub type Arrivals = BTreeMap<(DocumentId, u64), (String, PayoutArrival)>;

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Settlement documents, each cut at its account's period.
    pub documents: Vec<SettlementDocument>,
    /// Disbursement lists.
    pub disbursements: Vec<Disbursement>,
    /// What is remembered of payouts, with the evidence of then.
    pub arrivals: Arrivals,
    /// Problems met so far.
    pub problems: Vec<Problem>,
    /// Files behind the figures.
    pub sources: Vec<Source>,
    /// What changed about closed months, where a close is before the period.
    pub prior: PriorPeriods,
    /// The close that seals the period.
    pub closed: Option<ClosedMonth>,
}

/// Assembles the statement. The same facts give the same statement, in whatever order they came.
///
/// # Errors
/// [`MoneyError::TooLarge`] where a sum does not fit a decimal, which no real file reaches.
pub fn assemble(ask: &Ask, facts: Facts) -> Result<Statement, MoneyError> {
    let (documents, conflicts) = settle_conflicts(facts.documents);
    let timelines = timelines(&documents);
    let mut balances = Vec::new();
    for timeline in &timelines {
        let rules = ask.rules(&timeline.account);
        let configured = ask.configured_opening(&timeline.account, timeline.currency)?;
        let prior = facts.prior.get(&(timeline.account.clone(), timeline.currency));
        // An adjustment needs an account to stand in.
        let silent =
            if prior.is_some_and(|prior| !prior.adjustments.is_empty()) { Silent::Kept } else { Silent::LeftOut };
        balances.extend(roll_forward_with(timeline, &rules, configured, silent).map(|balance| (balance, rules)));
    }
    let mut concerned: Vec<&SettlementDocument> = balances
        .iter()
        .flat_map(|(balance, _)| balance.settlements.iter().map(|(settlement, _)| settlement.document))
        .collect();
    concerned.sort_by(|a, b| (&a.file, &a.id).cmp(&(&b.file, &b.id)));
    concerned.dedup_by(|a, b| a.file == b.file && a.id == b.id);

    let mut problems = facts.problems;
    problems.extend(conflict_problems(&conflicts));
    problems.extend(balances.iter().flat_map(|(balance, _)| balance_problems(balance, ask)));
    let mut accounts = Vec::new();
    let rows = PayoutRows::of(&documents);
    let arrived = |payout: &Payout| {
        let (evidence, arrival) = facts.arrivals.get(&(payout.document.clone(), payout.line))?;
        (rows.evidence(&payout.document, payout.line)? == *evidence).then(|| arrival.clone())
    };
    for (balance, rules) in &balances {
        let prior_period = facts.prior.get(&(balance.account.clone(), balance.currency)).cloned();
        let account = account(balance, rules, ask, &facts.disbursements, &arrived)?;
        accounts.push(Account { prior_period, ..account });
    }
    if accounts.is_empty() {
        let message = format!("nothing is known about {}", ask.describe());
        problems.push(Problem::new(Severity::Warning, "nothing_known", message));
    }
    let silent = if accounts.is_empty() { Vec::new() } else { silent_accounts(ask, &documents, &balances) };
    let complete =
        silent.is_empty() && !accounts.is_empty() && accounts.iter().all(|account| account.status == Status::Complete);
    problems.extend(silent);
    let mut period = ask.range(&ask.period);
    if ask.settlement.is_some() && accounts.is_empty() {
        (period.from, period.until) = (None, None);
    }
    let mut sources = facts.sources;
    sources.sort_by(|a, b| (&a.file, &a.sha256).cmp(&(&b.file, &b.sha256)));
    problems.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.severity == Severity::Warning, problem.file.clone(), problem.line);
        key(a).cmp(&key(b))
    });
    Ok(Statement {
        schema: "settle.report/1",
        period,
        closed: facts.closed,
        status: if complete { Status::Complete } else { Status::Incomplete },
        coverage: common_coverage(&balances),
        accounts,
        disputes: disputes(&documents, &balances)?,
        checks: checks(&concerned, &balances, &conflicts, &ask.period)?,
        problems,
        sources,
    })
}

impl Ask {
    /// The period of an account, in its own zone.
    pub(super) fn period_of(&self, account: &AccountName) -> Period {
        self.periods.get(account).copied().unwrap_or(self.period)
    }

    /// The zone in which an account's months are cut.
    #[must_use]
    pub fn zone_of(&self, account: &AccountName) -> Zone {
        self.period_of(account).zone()
    }

    /// How an account's balance is cut.
    #[must_use]
    pub fn rules(&self, account: &AccountName) -> BalanceRules {
        BalanceRules {
            period: self.period_of(account),
            basis: self.basis,
            settlement: self.settlement.clone(),
            gap_tolerance: self.gap_tolerance,
        }
    }

    pub(super) fn configured_opening(
        &self,
        account: &AccountName,
        currency: Currency,
    ) -> Result<Option<Sum>, MoneyError> {
        let stated = self.configured.get(account).into_iter().flatten().find(|money| money.currency() == currency);
        stated.map(|money| Sum::of(*money)).transpose()
    }

    /// A period as documents show it.
    #[must_use]
    pub fn range(&self, period: &Period) -> PeriodRange {
        let zone = period.zone();
        PeriodRange {
            month: period.month().map(|month| month.to_string()),
            from: Some(period.from().rfc3339_in(&zone.tz())),
            until: Some(period.until().rfc3339_in(&zone.tz())),
            timezone: zone.to_string(),
            basis: self.basis.to_string(),
            settlement_id: self.settlement.clone(),
        }
    }

    fn describe(&self) -> String {
        match (&self.settlement, self.period.month()) {
            (Some(settlement), _) => format!("settlement {settlement}"),
            (None, Some(month)) => month.to_string(),
            (None, None) => {
                format!("the period {}", self.range(&self.period).bounds().unwrap_or_default())
            }
        }
    }
}

fn account(
    balance: &AccountBalance<'_>,
    rules: &BalanceRules,
    ask: &Ask,
    disbursements: &[Disbursement],
    arrived: &dyn Fn(&Payout) -> Option<PayoutArrival>,
) -> Result<Account, MoneyError> {
    let currency = balance.currency;
    let zone = rules.period.zone().tz();
    let money = |sum: Sum| sum.in_currency(currency);
    let at = |instant: Instant| instant.rfc3339_in(&zone);
    let movement = |(kind, tally): &(crate::domain::RowKind, Tally)| -> Result<Movement, MoneyError> {
        Ok(Movement {
            kind: kind.word(),
            count: tally.count,
            amount: money(tally.amount)?,
            percentage_fee: money(tally.percentage_fee)?,
            fixed_fee: money(tally.fixed_fee)?,
            fee: money(tally.fee)?,
            net: money(tally.net)?,
        })
    };
    let settlements = balance.settlements.iter().map(|(settlement, within)| {
        let whole = settlement.sum(|_, _| true);
        Ok(SettlementLine {
            settlement_id: settlement.document.settlement_id(),
            start: at(settlement.document.start),
            end: at(settlement.document.end),
            rows: whole.count,
            net: money(whole.net)?,
            transfers: money(settlement.kind(crate::domain::RowKind::Transfer).net)?,
            rows_in_period: within.count,
            net_in_period: money(within.net)?,
            source: settlement.document.file.clone(),
        })
    });
    let payouts = balance.payouts.iter().map(|payout| {
        // The list names the settlement that was paid, which need not be the one whose row this is; only
        // a listed payout of the same settlement and amount is surely the same.
        let listed = disbursements.iter().find(|listed| {
            Some(&listed.settlement_id) == payout.settlement_id.as_ref()
                && listed.currency == currency
                && Sum::from(listed.amount) == payout.amount
        });
        Ok(PayoutLine {
            settlement_id: payout.settlement_id.clone(),
            posted: at(payout.posted),
            amount: money(payout.amount)?,
            reference: listed.map(|listed| listed.reference.clone()),
            reconciled: arrived(payout),
            source: payout.file.clone(),
            line: payout.line,
        })
    });
    let unknown = balance
        .unknown
        .iter()
        .map(|rows| Ok(UnknownType { word: rows.word.clone(), count: rows.tally.count, net: money(rows.tally.net)? }));
    let gaps = balance.chain.gaps.iter().map(|gap| GapRange {
        from: at(gap.from),
        until: at(gap.until),
        after_settlement: gap.after_settlement.clone(),
        before_settlement: gap.before_settlement.clone(),
    });
    Ok(Account {
        account: balance.account.clone(),
        currency,
        period: (rules.period != ask.period).then(|| ask.range(&rules.period)),
        status: if balance.coverage.complete { Status::Complete } else { Status::Incomplete },
        coverage: CoverageRange { from: at(balance.coverage.from), until: at(balance.coverage.until) },
        opening_balance: money(balance.opening)?,
        opening_basis: balance.opening_basis.word(),
        closing_balance: money(balance.closing)?,
        prior_period: None,
        reserve: ReserveLine { opening: money(balance.reserve.opening)?, closing: money(balance.reserve.closing)? },
        movements: balance.movements.iter().map(movement).collect::<Result<_, _>>()?,
        unexplained: money(balance.chain.unexplained)?,
        settlements: settlements.collect::<Result<_, MoneyError>>()?,
        payouts: payouts.collect::<Result<_, MoneyError>>()?,
        unknown: unknown.collect::<Result<_, MoneyError>>()?,
        gaps: gaps.collect(),
    })
}

/// Accounts that are known, but not in the period: their month is missing, not empty.
fn silent_accounts(
    ask: &Ask,
    documents: &[SettlementDocument],
    balances: &[(AccountBalance<'_>, BalanceRules)],
) -> Vec<Problem> {
    let mut known: BTreeMap<&AccountName, (Instant, Instant)> = BTreeMap::new();
    let settlement_wanted = ask.settlement.is_some();
    for document in documents.iter().filter(|document| !settlement_wanted && document.digest.rows > 0) {
        let bounds = known.entry(&document.account).or_insert((document.start, document.end));
        *bounds = (bounds.0.min(document.start), bounds.1.max(document.end));
    }
    known.retain(|account, _| balances.iter().all(|(balance, _)| balance.account != **account));
    let problem = |(account, (start, end)): (&AccountName, (Instant, Instant))| {
        let zone = ask.period_of(account).zone().tz();
        let (start, end) = (start.rfc3339_in(&zone), end.rfc3339_in(&zone));
        let what = ask.describe();
        let message =
            format!("{account}: nothing is known about {what}; its settlements reach from {start} until {end}");
        Problem::new(Severity::Warning, "nothing_known", message)
    };
    known.into_iter().map(problem).collect()
}

/// The part of the period that is known in every account.
fn common_coverage(balances: &[(AccountBalance<'_>, BalanceRules)]) -> Option<CoverageRange> {
    let from = balances.iter().max_by_key(|(balance, _)| balance.coverage.from)?;
    let until = balances.iter().min_by_key(|(balance, _)| balance.coverage.until)?;
    let at = |instant: Instant, rules: &BalanceRules| instant.rfc3339_in(&rules.period.zone().tz());
    Some(CoverageRange { from: at(from.0.coverage.from, &from.1), until: at(until.0.coverage.until, &until.1) })
}

fn disputes(
    documents: &[SettlementDocument],
    balances: &[(AccountBalance<'_>, BalanceRules)],
) -> Result<Vec<DisputeSummary>, MoneyError> {
    let mut accounts: Vec<&AccountName> = balances.iter().map(|(balance, _)| &balance.account).collect();
    accounts.dedup();
    let mut summaries = Vec::new();
    for account in accounts {
        let known = documents.iter().filter(|document| document.account == *account);
        let known = known.flat_map(|document| document.digest.cases.iter());
        let within = balances.iter().filter(|(balance, _)| balance.account == *account);
        let within = within.flat_map(|(balance, _)| {
            balance.settlements.iter().flat_map(|(settlement, _)| {
                let file = settlement.document.file.as_str();
                balance.cases_within(settlement).map(move |case: &CaseTally| (file, case))
            })
        });
        for total in dispute_totals(account, known, within) {
            summaries.push(summary(total)?);
        }
    }
    Ok(summaries)
}

fn summary(total: DisputeTotal) -> Result<DisputeSummary, MoneyError> {
    Ok(DisputeSummary {
        account: total.account,
        currency: total.currency,
        kind: total.kind.word(),
        cases: total.cases,
        disputed: total.disputed.in_currency(total.currency)?,
        recovered: total.recovered.in_currency(total.currency)?,
        fees: total.fees.in_currency(total.currency)?,
        net: total.net.in_currency(total.currency)?,
    })
}

fn checks(
    concerned: &[&SettlementDocument],
    balances: &[(AccountBalance<'_>, BalanceRules)],
    conflicts: &[Conflict],
    period: &Period,
) -> Result<Vec<CheckResult>, MoneyError> {
    let chains: Vec<_> =
        balances.iter().map(|(balance, _)| (balance.account.clone(), balance.currency, &balance.chain)).collect();
    let mut checks = row_checks(concerned);
    checks.extend(chain_checks(&chains));
    checks.push(duplicate_check(concerned, conflicts));
    checks.into_iter().map(|check| check_result(check, period)).collect()
}

fn check_result(check: Check, period: &Period) -> Result<CheckResult, MoneyError> {
    let failed = check.failed.into_iter().map(|failure| failed_check(failure, period));
    Ok(CheckResult {
        check: check.name.word(),
        passed: check.passed,
        failures: check.failures,
        failed: failed.collect::<Result<_, _>>()?,
        sentence: check.name.sentence(),
    })
}

fn failed_check(failure: Failure, period: &Period) -> Result<FailedCheck, MoneyError> {
    let zone = period.zone().tz();
    let (stated, computed, difference) = match failure.values {
        FailedValues::Amounts { currency, stated, computed } => {
            let difference = (stated - computed).in_currency(currency)?;
            (stated.in_currency(currency)?.to_string(), computed.in_currency(currency)?.to_string(), Some(difference))
        }
        FailedValues::Instants { stated, computed } => (stated.rfc3339_in(&zone), computed.rfc3339_in(&zone), None),
        FailedValues::Texts { stated, computed } => (stated, computed, None),
    };
    Ok(FailedCheck { file: failure.file, line: failure.line, stated, computed, difference })
}

/// Settlements that are there twice with different bytes: errors until somebody decides.
pub fn conflict_problems(conflicts: &[Conflict]) -> impl Iterator<Item = Problem> {
    conflicts.iter().map(|conflict| {
        let message = format!(
            "settlement {} of {} is there twice with different bytes; {} counts ({} rows), this one does not ({} rows)",
            conflict.settlement_id, conflict.account, conflict.counted, conflict.counted_rows, conflict.set_aside_rows
        );
        let problem = match &conflict.decided {
            None => {
                let hint = format!("settle resolve {} shows both and decides", conflict.settlement_id);
                Problem::new(Severity::Error, "conflict", message).with_hint(hint)
            }
            Some(decision) => {
                let message = format!("{message}; {}", decision.sentence());
                Problem::new(Severity::Warning, "conflict_decided", message)
            }
        };
        problem.in_file(&conflict.set_aside)
    })
}

fn balance_problems(balance: &AccountBalance<'_>, ask: &Ask) -> Vec<Problem> {
    let mut problems = Vec::new();
    let who = format!("{} {}", balance.account, balance.currency);
    let severity = if ask.strict { Severity::Error } else { Severity::Warning };
    for unknown in &balance.unknown {
        let message = format!(
            "{who}: {} row(s) of the unknown type `{}`; they are counted like any other movement",
            unknown.tally.count,
            unknown.word.escape_debug()
        );
        let problem = Problem::new(severity, "unknown_type", message).in_file(&unknown.file);
        problems.push(Problem { line: Some(unknown.line), ..problem });
    }
    for gap in &balance.chain.gaps {
        let zone = ask.period_of(&balance.account).zone().tz();
        let (from, until) = (gap.from.rfc3339_in(&zone), gap.until.rfc3339_in(&zone));
        let message = format!("{who}: no settlement is known from {from} until {until}");
        let hint = "download the missing settlement report from Seller Central and add it";
        problems.push(Problem::new(Severity::Error, "gap", message).with_hint(hint));
    }
    if balance.chain.gaps_before > 0 {
        let message = format!(
            "{who}: {} settlement(s) are missing before the period; the opening balance is not proven",
            balance.chain.gaps_before
        );
        problems.push(Problem::new(Severity::Warning, "gap_before_period", message));
    }
    problems
}
