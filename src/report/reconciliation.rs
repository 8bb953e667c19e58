//! `settle.reconciliation/1`: payouts against bank lines, orders, fees, balances (contract §6). Field
//! names are exact; what stands here beyond the contract is added, never renamed.
//!
//! Plain data. What a state means is decided in `reconcile/`; here it only has its word.

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use super::problem::{Problem, Severity};
use super::reconciliation_orders::{FeeAudit, OrderLists, OrderReconciled, OrderTotal};
use super::statement::{PeriodRange, Source};
use super::unsettled::UnsettledLine;
use crate::domain::{AccountName, Currency, ExitCode, Money, SettlementId};
use crate::reconcile::payouts::PayoutState;

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct Reconciliation {
    /// `settle.reconciliation/1`.
    pub schema: &'static str,
    /// The period.
    pub period: PeriodRange,
    /// Payouts posted in the period, and those earlier ones that it had to wait for.
    pub payouts: Vec<PayoutReconciled>,
    /// Bank lines in the period that look like Amazon and belong to no payout.
    pub bank_unmatched: Vec<BankLine>,
    /// Orders against captures and refunds; empty where no order file is given.
    pub orders: Vec<OrderReconciled>,
    /// What else is to be said of the order lists; absent where none is given.
    pub order_lists: Option<OrderLists>,
    /// Fees against the tariff; absent where none is configured.
    pub fees: Option<FeeAudit>,
    /// How each account pays out, as far as its settlements show it.
    pub payout_rules: Vec<PayoutRuleLine>,
    /// The balance at Amazon and the money in flight at the end of the period.
    pub balances: Vec<BalanceLine>,
    /// What is captured and not settled at the end of the period.
    pub captured_not_settled: Vec<UnsettledLine>,
    /// The bank statements that were read, with their own arithmetic.
    pub bank_statements: Vec<BankStatementLine>,
    /// Counts and sums.
    pub totals: ReconciliationTotals,
    /// Everything else that a reader must know.
    pub problems: Vec<Problem>,
    /// The files behind the figures.
    pub sources: Vec<Source>,
}

/// A payout, or several that the bank booked as one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutReconciled {
    /// The account.
    pub account: AccountName,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// The settlements in whose files the payout rows stand.
    pub settlement_ids: Vec<SettlementId>,
    /// What the merchant receives; negative where Amazon collects.
    pub amount: Money,
    /// When it was posted; the first of several.
    pub posted: String,
    /// What became of it.
    pub state: PayoutState,
    /// By which rule it was decided: `reference`, `settlement_id`, `amount_window`, `sum`, or the reason for none.
    pub rule: Option<&'static str>,
    /// The bank line; the first of several.
    pub bank: Option<BankLine>,
    /// All bank lines, where the payout came in parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bank_parts: Vec<BankLine>,
    /// Lines that could be it.
    pub candidates: Vec<BankLine>,
    /// What the bank line has more than the payout, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Money>,
    /// The text that the bank prints, where a disbursement list gives it.
    pub reference: Option<String>,
    /// The settlement whose balance was paid, where the account's rule or a disbursement list tells it.
    pub paid_settlement_id: Option<SettlementId>,
    /// The last day on which it is expected at the bank.
    #[serde(serialize_with = "day")]
    pub expected_until: NaiveDate,
    /// The line by which the bank sent it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<BankLine>,
    /// Equal payouts and equally many equal lines: all arrived, though which is which cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<PayoutGroup>,
    /// Why, for people.
    pub note: String,
    /// The rows behind it.
    pub rows: Vec<PayoutSource>,
}

/// Payouts that arrived as a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutGroup {
    /// Payouts in it.
    pub payouts: u64,
    /// Bank lines in it.
    pub bank_lines: u64,
    /// Whether there are as many lines as payouts, so that the totals are proven.
    pub complete: bool,
}

/// One row of a settlement file, or one entry of a disbursement list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutSource {
    /// The settlement.
    pub settlement_id: Option<SettlementId>,
    /// When it was posted.
    pub posted: String,
    /// What the merchant receives.
    pub amount: Money,
    /// The file.
    pub file: String,
    /// The line in it, where it has one.
    pub line: Option<u64>,
}

/// A line of a bank statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BankLine {
    /// The file.
    pub file: String,
    /// The line, or the number of the record, in it.
    pub line: u64,
    /// The account at the bank.
    pub bank_account: String,
    /// The bank's reference, else the customer's.
    pub reference: Option<String>,
    /// The day of booking.
    #[serde(serialize_with = "day")]
    pub booked_on: NaiveDate,
    /// The day of value.
    #[serde(serialize_with = "perhaps_day")]
    pub valued_on: Option<NaiveDate>,
    /// Credit positive, debit negative.
    pub amount: Money,
    /// Who paid.
    pub counterparty: Option<String>,
    /// What the bank prints.
    pub text: String,
}

/// One of the three candidate rules, tested on an account's settlements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutRuleLine {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The rule in force: `lag_one`, `closed_ledger`, `self_contained`; absent where none is learned.
    pub rule: Option<&'static str>,
    /// `learned`, `configured` or `unknown`.
    pub basis: &'static str,
    /// How each candidate fared.
    pub candidates: Vec<RuleCandidate>,
}

/// How one candidate rule fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCandidate {
    /// Its word.
    pub rule: &'static str,
    /// Places where it holds, those where another rule would give the same left out.
    pub held: u64,
    /// Places where it does not hold.
    pub contradicted: u64,
    /// The first place where it does not hold, with its numbers.
    pub example: Option<RuleExample>,
}

/// A place where a rule does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleExample {
    /// The settlement.
    pub settlement_id: Option<SettlementId>,
    /// What the rule says.
    pub expected: Money,
    /// What was paid.
    pub paid: Money,
}

/// The merchant's money at Amazon at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BalanceLine {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The instant: the end of the period.
    pub at: String,
    /// Whether every settlement up to it is known.
    pub known: bool,
    /// Everything that Amazon owes, reserve included.
    pub balance: Money,
    /// What is set aside.
    pub reserve: Money,
    /// Net of the movements up to the instant in settlements that end after it; captures that no settlement file
    /// tells of yet stand in `captured_not_settled`.
    pub not_settled: Money,
    /// Payouts that Amazon had sent by then and the bank had not booked by then.
    pub in_flight: Money,
    /// How many.
    pub in_flight_payouts: u64,
    /// Payouts by then of which it is not known whether they arrived by then.
    pub in_doubt: Money,
    /// How many.
    pub in_doubt_payouts: u64,
}

/// One bank statement and its arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BankStatementLine {
    /// The file.
    pub file: String,
    /// The format.
    pub format: &'static str,
    /// The account at the bank.
    pub bank_account: String,
    /// The currency.
    pub currency: Option<Currency>,
    /// The statement's number, as printed.
    pub number: Option<String>,
    /// First day that it covers.
    #[serde(serialize_with = "perhaps_day")]
    pub from: Option<NaiveDate>,
    /// Last day that it covers.
    #[serde(serialize_with = "perhaps_day")]
    pub until: Option<NaiveDate>,
    /// Booked entries.
    pub entries: u64,
    /// As stated.
    pub opening: Option<Money>,
    /// As stated.
    pub closing: Option<Money>,
    /// Opening + entries = closing; absent where the format states no balances.
    pub foots: Option<bool>,
    /// Closing as stated less closing as computed, where they differ.
    pub difference: Option<Money>,
}

/// Counts and sums of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReconciliationTotals {
    /// Payouts by account, currency and state.
    pub payouts: Vec<PayoutTotal>,
    /// Bank lines that belong to no payout, by currency.
    pub bank_unmatched: Vec<UnmatchedTotal>,
    /// Orders by currency and state.
    pub orders: Vec<OrderTotal>,
}

/// Payouts of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PayoutTotal {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The state.
    pub state: PayoutState,
    /// How many.
    pub count: u64,
    /// Σ of their amounts.
    pub amount: Money,
}

/// Unmatched lines of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnmatchedTotal {
    /// The currency.
    pub currency: Currency,
    /// How many.
    pub count: u64,
    /// Σ of their amounts.
    pub amount: Money,
}

impl Reconciliation {
    /// The exit code that the findings deserve: 5 where something is missing, ambiguous or differs.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let payouts = self.payouts.iter().any(|payout| payout.state.is_open());
        let findings = self.order_lists.as_ref().is_some_and(|lists| !lists.findings.is_empty());
        let orders = findings || self.orders.iter().any(OrderReconciled::is_open);
        let fees = self.fees.as_ref().is_some_and(|fees| fees.deviating > 0);
        let errors = self.problems.iter().any(|problem| problem.severity == Severity::Error);
        if payouts || orders || fees || errors { ExitCode::DoesNotTie } else { ExitCode::Done }
    }
}

/// ISO 8601.
fn day<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

fn perhaps_day<S: Serializer>(day: &Option<NaiveDate>, serializer: S) -> Result<S::Ok, S::Error> {
    day.map(|day| day.to_string()).serialize(serializer)
}
