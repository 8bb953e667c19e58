//! From settlements, disbursement lists and bank statements to the payout sections of the document.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::assemble::Ask;
use super::problem::{Problem, Severity};
use super::reconciliation::{
    BalanceLine, BankLine, BankStatementLine, PayoutGroup, PayoutReconciled, PayoutRuleLine, PayoutSource, PayoutTotal,
    RuleCandidate, RuleExample, UnmatchedTotal,
};
use crate::config::PayoutRule;
use crate::domain::{AccountName, Basis, Currency, Instant, Money, MoneyError, Sum};
use crate::ledger::Part;
use crate::parse::Disbursement;
use crate::reconcile::bank::{BankFinding, BankLedger, BankStatement, EntryStatus, Footing, LedgerLine};
use crate::reconcile::payouts::{
    ExpectedPayout, ListedDiffers, MatchLine, MatchRules, PayoutState, RuleFindings, Verdict, expected_payouts,
    learn_rule, match_payouts,
};
use crate::reconcile::{SettlementDocument, Timeline, roll_forward, settle_conflicts, timelines};

/// What payouts are reconciled from.
pub struct PayoutFacts<'a> {
    /// The period, and how it is cut.
    pub ask: &'a Ask,
    /// Every known settlement document, of the period and around it.
    pub documents: Vec<SettlementDocument>,
    /// Disbursement lists, each entry with the account of its merchant where it names one.
    pub disbursements: Vec<(Option<AccountName>, Disbursement)>,
    /// Bank statements.
    pub statements: Vec<BankStatement>,
    /// How payouts and lines are compared.
    pub rules: &'a MatchRules,
    /// Payout rules that the config states.
    pub payout_rules: BTreeMap<AccountName, PayoutRule>,
}

/// The payout sections of the document.
#[derive(Debug, Default)]
pub struct PayoutSections {
    /// Payouts of the period.
    pub payouts: Vec<PayoutReconciled>,
    /// Lines that name Amazon and belong to no payout.
    pub bank_unmatched: Vec<BankLine>,
    /// The rules of the accounts.
    pub payout_rules: Vec<PayoutRuleLine>,
    /// Balances at the end of the period.
    pub balances: Vec<BalanceLine>,
    /// The statements.
    pub bank_statements: Vec<BankStatementLine>,
    /// Payouts by state.
    pub payout_totals: Vec<PayoutTotal>,
    /// Unmatched lines by currency.
    pub unmatched_totals: Vec<UnmatchedTotal>,
    /// What a reader must know besides.
    pub problems: Vec<Problem>,
    /// What each payout of the period rests on, to remember it.
    pub findings: Vec<PayoutFinding>,
}

/// What became of one payout row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutFinding {
    /// The file of the row.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// What became of it.
    pub state: PayoutState,
    /// Whether any statement covers its days.
    pub known: bool,
    /// By which rule.
    pub rule: Option<&'static str>,
    /// The bank line.
    pub bank: Option<BankLine>,
}

/// Reconciles payouts with the bank. The same facts give the same sections, in whatever order they came.
///
/// # Errors
/// [`MoneyError::TooLarge`] where a sum does not fit a decimal, which no real file reaches.
pub fn reconcile_payouts(facts: PayoutFacts<'_>) -> Result<PayoutSections, MoneyError> {
    let PayoutFacts { ask, documents, disbursements, statements, rules, payout_rules } = facts;
    let (documents, conflicts) = settle_conflicts(documents);
    let timelines = timelines(&documents);
    let mut sections = PayoutSections::default();
    sections.problems.extend(super::assemble::conflict_problems(&conflicts));
    let mut payouts = Vec::new();
    for timeline in &timelines {
        let listed = listed_of(timeline, &timelines, &disbursements);
        let configured = payout_rules.get(&timeline.account).copied();
        let findings = learn_rule(timeline, &listed, ask.gap_tolerance, configured);
        sections.payout_rules.push(rule_line(timeline, &findings)?);
        let zone = ask.period_of(&timeline.account).zone();
        let (expected, differs) = expected_payouts(timeline, &listed, &findings, ask.gap_tolerance, zone);
        for differs in &differs {
            sections.problems.push(listed_problem(differs)?);
        }
        payouts.extend(expected);
    }
    payouts.sort_by(|a, b| payout_order(a).cmp(&payout_order(b)));
    let ledger = BankLedger::new(statements);
    let book = Book::new(&ledger, rules);
    let coverage = ledger.coverage(&book.naming_statements());
    let verdicts = match_payouts(&payouts, &book.lines, &coverage, rules);
    let view =
        View { ask, payouts: &payouts, verdicts: &verdicts, ledger: &ledger, book: &book, documents: &documents };
    view.payouts(&mut sections)?;
    view.unmatched(&mut sections)?;
    view.balances(&timelines, &mut sections)?;
    sections.bank_statements = ledger.statements.iter().map(statement_line).collect::<Result<_, _>>()?;
    for finding in &ledger.findings {
        sections.problems.push(bank_problem(finding)?);
    }
    view.tell_open(&mut sections);
    Ok(sections)
}

fn payout_order(payout: &ExpectedPayout) -> impl Ord + '_ {
    (&payout.account, payout.currency, payout.posted, &payout.file, payout.line, &payout.settlement_id, payout.amount)
}

/// The list entries of a timeline: by their merchant, else by their settlement, else where there is only one account.
fn listed_of<'d>(
    timeline: &Timeline<'_>,
    all: &[Timeline<'_>],
    disbursements: &'d [(Option<AccountName>, Disbursement)],
) -> Vec<&'d Disbursement> {
    let knows = |timeline: &Timeline<'_>, item: &Disbursement| {
        let mut documents = timeline.settlements.iter().map(|settlement| settlement.document);
        documents.any(|document| document.settlement_id().as_ref() == Some(&item.settlement_id))
    };
    let alone = all.iter().all(|other| other.account == timeline.account);
    let mine = |account: &Option<AccountName>, item: &Disbursement| match account {
        Some(account) => *account == timeline.account,
        None => knows(timeline, item) || alone,
    };
    let of_currency = disbursements.iter().filter(|(_, item)| item.currency == timeline.currency);
    of_currency.filter(|(account, item)| mine(account, item)).map(|(_, item)| item).collect()
}

fn rule_line(timeline: &Timeline<'_>, findings: &RuleFindings) -> Result<PayoutRuleLine, MoneyError> {
    let money = |sum: Sum| sum.in_currency(timeline.currency);
    let candidates = findings.tests.iter().map(|test| {
        let example = test.example.as_ref().map(|example| {
            Ok(RuleExample {
                settlement_id: example.settlement_id.clone(),
                expected: money(example.expected)?,
                paid: money(example.paid)?,
            })
        });
        Ok(RuleCandidate {
            rule: test.rule.word(),
            held: test.held,
            contradicted: test.contradicted,
            example: example.transpose()?,
        })
    });
    Ok(PayoutRuleLine {
        account: timeline.account.clone(),
        currency: timeline.currency,
        rule: findings.rule.map(PayoutRule::word),
        basis: findings.basis.word(),
        candidates: candidates.collect::<Result<_, MoneyError>>()?,
    })
}

/// The lines of the ledger as the matching sees them.
struct Book<'a> {
    lines: Vec<MatchLine<'a>>,
    places: Vec<LedgerLine>,
    amazon: Vec<bool>,
}

impl<'a> Book<'a> {
    fn new(ledger: &'a BankLedger, rules: &MatchRules) -> Self {
        let (mut lines, mut places, mut amazon) = (Vec::new(), Vec::new(), Vec::new());
        for place in &ledger.lines {
            let Some(entry) = ledger.entry(*place) else { continue };
            let account = ledger.accounts.get(place.statement).map_or("", String::as_str);
            lines.push(MatchLine { account, entry });
            places.push(*place);
            amazon.push(rules.payees.is_amazon(entry));
        }
        Self { lines, places, amazon }
    }

    /// Statements with a line that names Amazon.
    fn naming_statements(&self) -> BTreeSet<usize> {
        let named = self.places.iter().zip(&self.amazon).filter(|(_, amazon)| **amazon);
        named.map(|(place, _)| place.statement).collect()
    }
}

/// Everything that the document is made from.
struct View<'a> {
    ask: &'a Ask,
    payouts: &'a [ExpectedPayout],
    verdicts: &'a [Verdict],
    ledger: &'a BankLedger,
    book: &'a Book<'a>,
    documents: &'a [SettlementDocument],
}

impl View<'_> {
    /// The payouts of the period.
    fn payouts(&self, sections: &mut PayoutSections) -> Result<(), MoneyError> {
        let mut totals: BTreeMap<(AccountName, Currency, PayoutState), (u64, Sum)> = BTreeMap::new();
        for verdict in self.verdicts {
            let members: Vec<&ExpectedPayout> =
                verdict.payouts.iter().filter_map(|place| self.payouts.get(*place)).collect();
            let Some(first) = members.first() else { continue };
            if !members.iter().any(|payout| self.belongs(payout)) {
                continue;
            }
            let amount: Sum = members.iter().map(|payout| payout.amount).sum();
            let total = totals.entry((first.account.clone(), first.currency, verdict.state)).or_default();
            total.0 += members.len() as u64;
            total.1 += amount;
            let payout = self.payout(verdict, &members, amount)?;
            sections.findings.extend(self.findings(verdict, &members, payout.bank.as_ref()));
            sections.payouts.push(payout);
        }
        for ((account, currency, state), (count, amount)) in totals {
            let amount = amount.in_currency(currency)?;
            sections.payout_totals.push(PayoutTotal { account, currency, state, count, amount });
        }
        Ok(())
    }

    /// Whether a payout is the period's, by the basis that was asked for.
    fn belongs(&self, payout: &ExpectedPayout) -> bool {
        let period = self.ask.period_of(&payout.account);
        let at = match self.ask.basis {
            Basis::Posted | Basis::Payout => payout.posted,
            Basis::Settlement => self.settlement_end(payout).unwrap_or(payout.posted),
        };
        period.contains(at)
    }

    fn settlement_end(&self, payout: &ExpectedPayout) -> Option<Instant> {
        let own = |document: &&SettlementDocument| {
            document.account == payout.account && document.settlement_id() == payout.settlement_id
        };
        self.documents.iter().find(own).map(|document| document.end)
    }

    fn payout(
        &self,
        verdict: &Verdict,
        members: &[&ExpectedPayout],
        amount: Sum,
    ) -> Result<PayoutReconciled, MoneyError> {
        let first = members.first().copied().ok_or(MoneyError::TooLarge)?;
        let zone = self.ask.period_of(&first.account).zone().tz();
        let money = |sum: Sum| sum.in_currency(first.currency);
        let lines: Vec<BankLine> = verdict.lines.iter().filter_map(|line| self.line(*line)).collect();
        let mut references = members.iter().filter_map(|payout| payout.reference.clone());
        let rows = members.iter().map(|payout| {
            Ok(PayoutSource {
                settlement_id: payout.settlement_id.clone(),
                posted: payout.posted.rfc3339_in(&zone),
                amount: money(payout.amount)?,
                file: payout.file.clone(),
                line: payout.line,
            })
        });
        let group = verdict.group.map(|(payouts, bank_lines)| PayoutGroup {
            payouts,
            bank_lines,
            complete: payouts == bank_lines,
        });
        let mut ids: Vec<_> = members.iter().filter_map(|payout| payout.settlement_id.clone()).collect();
        ids.dedup();
        Ok(PayoutReconciled {
            account: first.account.clone(),
            currency: first.currency,
            settlement_ids: ids,
            amount: money(amount)?,
            posted: first.posted.rfc3339_in(&zone),
            state: verdict.state,
            rule: verdict.rule.map(crate::reconcile::payouts::MatchRule::word),
            bank: lines.first().cloned(),
            bank_parts: if lines.len() > 1 { lines } else { Vec::new() },
            candidates: verdict.candidates.iter().filter_map(|line| self.line(*line)).collect(),
            difference: verdict.difference.map(money).transpose()?,
            reference: references.next(),
            paid_settlement_id: members.iter().find_map(|payout| payout.paid_settlement_id.clone()),
            expected_until: verdict.expected_until,
            returned: verdict.returned.and_then(|line| self.line(line)),
            group,
            note: self.note(verdict),
            rows: rows.collect::<Result<_, MoneyError>>()?,
        })
    }

    fn note(&self, verdict: &Verdict) -> String {
        let sentence = verdict.reason.sentence();
        match (verdict.state, verdict.group) {
            (PayoutState::InTransit, _) => format!("{sentence}; expected until {}", verdict.expected_until),
            (PayoutState::Ambiguous, Some((payouts, lines))) if payouts == lines => {
                format!("{sentence}; {payouts} equal payouts and as many lines: all arrived")
            }
            (PayoutState::Ambiguous, Some((payouts, lines))) => {
                format!("{sentence}; {payouts} payout(s) and {lines} line(s)")
            }
            (PayoutState::Missing, _) if !verdict.candidates.is_empty() => {
                format!("{sentence}; a line of this amount came later")
            }
            _ => sentence.to_owned(),
        }
    }

    fn line(&self, line: usize) -> Option<BankLine> {
        let place = *self.book.places.get(line)?;
        let (statement, entry) = (self.ledger.statement(place)?, self.ledger.entry(place)?);
        let shown = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        Some(BankLine {
            file: statement.file.clone(),
            line: entry.line,
            bank_account: statement.account.clone(),
            reference: entry.reference().and_then(shown),
            booked_on: entry.booked,
            valued_on: entry.valued,
            amount: entry.amount.in_currency(entry.currency),
            counterparty: shown(&entry.counterparty),
            text: entry.text.trim().to_owned(),
        })
    }

    fn findings(&self, verdict: &Verdict, members: &[&ExpectedPayout], bank: Option<&BankLine>) -> Vec<PayoutFinding> {
        let finding = |payout: &&ExpectedPayout| {
            Some(PayoutFinding {
                file: payout.file.clone(),
                line: payout.line?,
                state: verdict.state,
                known: verdict.reason != crate::reconcile::payouts::Reason::NotCovered,
                rule: verdict.rule.map(crate::reconcile::payouts::MatchRule::word),
                bank: bank.cloned(),
            })
        };
        members.iter().filter_map(finding).collect()
    }

    /// Lines of the period that name Amazon and that nothing uses.
    fn unmatched(&self, sections: &mut PayoutSections) -> Result<(), MoneyError> {
        let mut used: BTreeSet<usize> = BTreeSet::new();
        for verdict in self.verdicts {
            used.extend(&verdict.lines);
            used.extend(&verdict.candidates);
            used.extend(&verdict.returned);
        }
        let zone = self.ask.period.zone();
        let from = zone.date_of(self.ask.period.from());
        let until = zone.date_of(self.ask.period.until());
        let mut totals: BTreeMap<Currency, (u64, Sum)> = BTreeMap::new();
        for (at, line) in self.book.lines.iter().enumerate() {
            let booked = line.entry.booked;
            let named = self.book.amazon.get(at) == Some(&true);
            if !named || used.contains(&at) || booked < from || booked >= until {
                continue;
            }
            let total = totals.entry(line.entry.currency).or_default();
            total.0 += 1;
            total.1 += line.entry.amount;
            sections.bank_unmatched.extend(self.line(at));
        }
        for (currency, (count, amount)) in totals {
            sections.unmatched_totals.push(UnmatchedTotal { currency, count, amount: amount.in_currency(currency)? });
        }
        Ok(())
    }

    /// The balance at the end of the period, and what of it is on its way.
    fn balances(&self, timelines: &[Timeline<'_>], sections: &mut PayoutSections) -> Result<(), MoneyError> {
        for timeline in timelines {
            let rules = self.ask.rules(&timeline.account);
            let configured = self.ask.configured_opening(&timeline.account, timeline.currency)?;
            let Some(balance) = roll_forward(timeline, &rules, configured) else { continue };
            let until = rules.period.until();
            let last_day = rules.period.zone().date_of(Instant::new(until.utc_millis() - 1, 0));
            let open = |settlement: &&crate::reconcile::Settlement<'_>| {
                settlement.document.end.utc_millis() >= until.utc_millis()
            };
            let moved = |settlement: &crate::reconcile::Settlement<'_>| {
                let wanted = |kind: crate::domain::RowKind, part| {
                    kind.moves_balance() && kind != crate::domain::RowKind::Transfer && part != Part::After
                };
                settlement.sum(wanted).net
            };
            let not_settled: Sum = timeline.settlements.iter().filter(open).map(moved).sum();
            let flight = self.flight(timeline, until, last_day);
            let money = |sum: Sum| sum.in_currency(timeline.currency);
            sections.balances.push(BalanceLine {
                account: timeline.account.clone(),
                currency: timeline.currency,
                at: until.rfc3339_in(&rules.period.zone().tz()),
                known: balance.coverage.until.utc_millis() >= until.utc_millis() && balance.chain.gaps.is_empty(),
                balance: money(balance.closing)?,
                reserve: money(balance.reserve.closing)?,
                not_settled: money(not_settled)?,
                in_flight: money(flight.on_its_way.1)?,
                in_flight_payouts: flight.on_its_way.0,
                in_doubt: money(flight.in_doubt.1)?,
                in_doubt_payouts: flight.in_doubt.0,
            });
        }
        Ok(())
    }

    /// Payouts posted before an instant that the bank had not booked by its day.
    fn flight(&self, timeline: &Timeline<'_>, until: Instant, last_day: NaiveDate) -> Flight {
        let mut flight = Flight::default();
        for verdict in self.verdicts {
            let members = verdict.payouts.iter().filter_map(|place| self.payouts.get(*place));
            let mine = members.filter(|payout| {
                payout.account == timeline.account
                    && payout.currency == timeline.currency
                    && payout.posted.utc_millis() < until.utc_millis()
            });
            let mine: Vec<&ExpectedPayout> = mine.collect();
            let amount: Sum = mine.iter().map(|payout| payout.amount).sum();
            let booked = |lines: &[usize]| {
                lines.iter().filter_map(|line| self.book.lines.get(*line)).all(|line| line.entry.booked <= last_day)
            };
            let place = match verdict.state {
                PayoutState::Matched | PayoutState::AmountDiffers if booked(&verdict.lines) => continue,
                PayoutState::Ambiguous if verdict.group.is_some_and(|(p, l)| p == l) && booked(&verdict.candidates) => {
                    continue;
                }
                PayoutState::Matched | PayoutState::InTransit => &mut flight.on_its_way,
                _ => &mut flight.in_doubt,
            };
            place.0 += mine.len() as u64;
            place.1 += amount;
        }
        flight
    }

    /// A problem for each state that needs a person, so that a cron mail names it.
    fn tell_open(&self, sections: &mut PayoutSections) {
        for payout in sections.payouts.iter().filter(|payout| payout.state.is_open()) {
            let ids: Vec<&str> = payout.settlement_ids.iter().map(crate::domain::SettlementId::as_str).collect();
            let message = format!(
                "{} {}: the payout of {} posted {} (settlement {}) is {}: {}",
                payout.account,
                payout.currency,
                payout.amount,
                payout.posted,
                ids.join(", "),
                payout.state.word(),
                payout.note
            );
            let place = payout.rows.first();
            let problem = Problem::new(Severity::Error, open_code(payout.state), message);
            let problem = match place {
                Some(row) => Problem { line: row.line, ..problem.in_file(&row.file) },
                None => problem,
            };
            sections.problems.push(problem);
        }
    }
}

/// The code of the problem that tells of a state.
fn open_code(state: PayoutState) -> &'static str {
    match state {
        PayoutState::Missing => "payout_missing",
        PayoutState::AmountDiffers => "payout_amount_differs",
        _ => "payout_ambiguous",
    }
}

/// Payouts on their way, and those of which nothing is sure.
#[derive(Default)]
struct Flight {
    on_its_way: (u64, Sum),
    in_doubt: (u64, Sum),
}

fn listed_problem(differs: &ListedDiffers) -> Result<Problem, MoneyError> {
    let (listed, row) = (differs.listed.in_currency(differs.currency)?, differs.row.in_currency(differs.currency)?);
    let message = format!(
        "{}: Amazon's disbursement list says {listed} {} for settlement {}, the transfer row says {row}",
        differs.account, differs.currency, differs.settlement_id
    );
    let problem = Problem::new(Severity::Error, "disbursement_differs", message).in_file(&differs.file);
    Ok(Problem { line: Some(differs.line).filter(|line| *line > 0), ..problem })
}

fn bank_problem(finding: &BankFinding) -> Result<Problem, MoneyError> {
    Ok(match finding {
        BankFinding::DoesNotFoot { file, account, number, currency, stated, computed } => {
            let which = number.as_ref().map_or_else(String::new, |number| format!(" {number}"));
            let (stated, computed) = (stated.in_currency(*currency), computed.in_currency(*currency)?);
            let difference: Money = stated.checked_add(-computed)?;
            let message = format!(
                "statement{which} of {account} does not foot: it closes at {stated} {currency}, \
                 its opening and entries give {computed}, difference {difference}"
            );
            Problem::new(Severity::Error, "bank_statement_does_not_foot", message).in_file(file)
        }
        BankFinding::Conflict { account, day, file, other } => {
            let message = format!("{account}: {file} and {other} tell {day} differently; the lines of {file} count");
            Problem::new(Severity::Error, "bank_conflict", message).in_file(other)
        }
        BankFinding::Overlap { file, lines } => {
            let message = format!("{lines} line(s) stand in another statement too; counted once");
            Problem::new(Severity::Warning, "bank_overlap", message).in_file(file)
        }
    })
}

fn statement_line(statement: &BankStatement) -> Result<BankStatementLine, MoneyError> {
    let balance = |balance: &crate::reconcile::bank::Balance| balance.amount.in_currency(balance.currency);
    let covered = statement.covered();
    let (foots, difference) = match statement.footing() {
        Footing::Foots => (Some(true), None),
        Footing::Differs(difference) => (Some(false), Some(difference)),
        Footing::Untold => (None, None),
    };
    let currency = statement.closing.map(|balance| balance.currency).or(statement.currency);
    let difference = difference.zip(currency).map(|(difference, currency)| difference.in_currency(currency));
    Ok(BankStatementLine {
        file: statement.file.clone(),
        format: statement.format.word(),
        bank_account: statement.account.clone(),
        currency: currency.or_else(|| statement.entries.first().map(|entry| entry.currency)),
        number: statement.number.clone(),
        from: covered.map(|covered| covered.0),
        until: covered.map(|covered| covered.1),
        entries: statement.entries.iter().filter(|entry| entry.status == EntryStatus::Booked).count() as u64,
        opening: statement.opening.as_ref().map(balance),
        closing: statement.closing.as_ref().map(balance),
        foots,
        difference: difference.transpose()?,
    })
}
