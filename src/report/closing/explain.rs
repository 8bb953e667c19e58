//! Which rows of which documents make up a figure of a statement.
//!
//! A plan names documents and says which of their rows count, in which column and with which sign; it is made from
//! the same rules as the statement and read against the documents afterwards, so that a wrong figure shows.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Currency, DocumentId, Instant, RowKind, SettlementId, Sum};
use crate::ledger::Part;
use crate::parse::SettlementRow;
use crate::reconcile::{BalanceRules, Settlement, SettlementDocument, Timeline, parts_of, timelines};
use crate::report::{Account, Ask, Statement};

/// The column that a figure adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The number of rows.
    Count,
    /// `TransactionAmount`.
    Amount,
    /// `TransactionPercentageFee`.
    PercentageFee,
    /// `TransactionFixedFee`.
    FixedFee,
    /// `TotalTransactionFee`.
    Fee,
    /// `NetTransactionAmount`.
    Net,
}

/// The last part of a path and the column that it adds.
const COLUMNS: [(&str, Column); 6] = [
    ("count", Column::Count),
    ("amount", Column::Amount),
    ("percentage_fee", Column::PercentageFee),
    ("fixed_fee", Column::FixedFee),
    ("fee", Column::Fee),
    ("net", Column::Net),
];

impl Column {
    /// Its name in the file; the word `rows` for their number.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Column::Count => "rows",
            Column::Amount => "TransactionAmount",
            Column::PercentageFee => "TransactionPercentageFee",
            Column::FixedFee => "TransactionFixedFee",
            Column::Fee => "TotalTransactionFee",
            Column::Net => "NetTransactionAmount",
        }
    }
}

/// Whether a column is added or taken off: what leaves the balance as a payout arrives at the merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// As printed.
    Plus,
    /// Turned.
    Minus,
}

/// Which side of a settlement rows of reserve and carry-over stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Both,
    /// Those that open it: their amount is positive.
    Opening,
    /// Those that close it.
    Closing,
}

/// The kind of case of each order.
type CaseKinds = Arc<HashMap<String, RowKind>>;

/// Some rows of one document.
#[derive(Clone, Debug)]
pub struct RowChoice {
    /// The document.
    pub document: DocumentId,
    /// Its name.
    pub file: String,
    /// The column.
    pub column: Column,
    /// Its sign.
    pub sign: Sign,
    currency: Currency,
    kinds: Vec<RowKind>,
    word: Option<String>,
    end: End,
    /// Milliseconds since 1970: from, until.
    posted: Option<(i64, i64)>,
    line: Option<u64>,
    case: Option<(RowKind, CaseKinds)>,
    /// Only what was debited, or only what was credited.
    side: Option<Sign>,
}

/// A part of a figure.
#[derive(Clone, Debug)]
pub enum PlanPart {
    /// A balance that the configuration states.
    Stated(Sum),
    /// All movements of one document.
    Total {
        /// The document.
        document: DocumentId,
        /// Its name.
        file: String,
        /// Its settlement.
        settlement_id: Option<SettlementId>,
        /// Its rows.
        rows: u64,
        /// Their sum.
        net: Sum,
    },
    /// Rows.
    Rows(Box<RowChoice>),
}

/// What a figure is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The currency.
    pub currency: Currency,
    /// The column.
    pub column: Column,
    /// The parts, in the order of time.
    pub parts: Vec<PlanPart>,
}

/// How far a balance is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// A total for each document that lies before the cut.
    Documents,
    /// Every row.
    Rows,
}

impl RowChoice {
    /// Whether a row is one of them.
    #[must_use]
    pub fn wants(&self, row: &SettlementRow<'_>) -> bool {
        let opening = row.amount > crate::domain::Amount::ZERO;
        let end = match self.end {
            End::Both => true,
            End::Opening => opening,
            End::Closing => !opening,
        };
        let at = row.posted.utc_millis();
        let zero = crate::domain::Amount::ZERO;
        let side = match self.side {
            Some(Sign::Minus) => row.amount < zero,
            Some(Sign::Plus) => row.amount > zero,
            None => true,
        };
        side && row.currency == self.currency
            && (self.kinds.is_empty() || self.kinds.contains(&row.kind))
            && self.word.as_ref().is_none_or(|word| word == row.word)
            && end
            && self.posted.is_none_or(|(from, until)| from <= at && at < until)
            && self.line.is_none_or(|line| line == row.line)
            && self.case.as_ref().is_none_or(|(kind, kinds)| case_kind(row, kinds) == Some(*kind))
    }

    /// What a row adds to the figure.
    #[must_use]
    pub fn value(&self, row: &SettlementRow<'_>) -> Sum {
        let value: Sum = match self.column {
            Column::Count => return Sum::from_units(1),
            Column::Amount => row.amount.into(),
            Column::PercentageFee => row.percentage_fee.into(),
            Column::FixedFee => row.fixed_fee.into(),
            Column::Fee => row.fee.into(),
            Column::Net => row.net.into(),
        };
        match self.sign {
            Sign::Plus => value,
            Sign::Minus => Sum::ZERO - value,
        }
    }
}

/// As in the dispute totals: `Dispute` rows and corrections belong to the case of their order.
fn case_kind(row: &SettlementRow<'_>, kinds: &CaseKinds) -> Option<RowKind> {
    let of_order = kinds.get(row.order_reference_id).copied();
    match row.kind {
        RowKind::Dispute => Some(of_order.unwrap_or(RowKind::Dispute)),
        RowKind::Adjustment => of_order,
        kind => kind.is_dispute().then_some(kind),
    }
}

/// Plans the figure at a path. `None` where it is no sum of rows: a date, a state, a count of checks.
#[must_use]
pub fn explain_plan(
    path: &str,
    statement: &Statement,
    ask: &Ask,
    documents: &[SettlementDocument],
    depth: Depth,
) -> Option<Plan> {
    let timelines = timelines(documents);
    let of_account = statement.accounts.iter().find_map(|account| {
        let rest = path.strip_prefix(&format!("accounts.{}.{}.", account.account, account.currency))?;
        let timeline = timelines
            .iter()
            .find(|timeline| timeline.account == account.account && timeline.currency == account.currency)?;
        let planner = Planner { account, timeline, rules: ask.rules(&account.account), ask };
        planner.plan(rest, depth)
    });
    of_account.or_else(|| disputes_plan(path, statement, ask, &timelines, documents))
}

struct Planner<'a> {
    account: &'a Account,
    timeline: &'a Timeline<'a>,
    rules: BalanceRules,
    ask: &'a Ask,
}

impl Planner<'_> {
    fn plan(&self, rest: &str, depth: Depth) -> Option<Plan> {
        let (section, inner) = rest.split_once('.').unwrap_or((rest, ""));
        match section {
            "opening_balance" => self.balance(&[Part::Before], depth),
            "closing_balance" => self.balance(&[Part::Before, Part::Within], depth),
            "reserve" => self.reserve(inner),
            "movements" => self.movement(inner),
            "unknown" => self.unknown(inner),
            "settlements" => self.settlement(inner),
            "payouts" => self.payout(inner),
            _ => None,
        }
    }

    fn made(&self, column: Column, parts: Vec<PlanPart>) -> Plan {
        Plan { currency: self.account.currency, column, parts }
    }

    fn choice(&self, settlement: &Settlement<'_>, column: Column) -> RowChoice {
        RowChoice {
            document: settlement.document.id.clone(),
            file: settlement.document.file.clone(),
            column,
            sign: Sign::Plus,
            currency: self.account.currency,
            kinds: Vec::new(),
            word: None,
            end: End::Both,
            posted: None,
            line: None,
            case: None,
            side: None,
        }
    }

    /// Every settlement with rows in a part, and the bounds of those rows where it is cut by row.
    fn in_parts(&self, wanted: &[Part]) -> Vec<(Settlement<'_>, Option<(i64, i64)>)> {
        let period = self.rules.period;
        let (from, until) = (period.from().utc_millis(), period.until().utc_millis());
        let low = if wanted.contains(&Part::Before) { i64::MIN } else { from };
        let high = if wanted.contains(&Part::Within) { until } else { from };
        let settlements = self.timeline.settlements.iter().zip(parts_of(self.timeline, &self.rules));
        let placed = settlements.filter_map(|(settlement, whole)| match whole {
            Some(part) => wanted.contains(&part).then_some((*settlement, None)),
            None => {
                let rows = settlement.sum(|_, part| wanted.contains(&part)).count;
                (rows > 0).then_some((*settlement, Some((low, high))))
            }
        });
        placed.collect()
    }

    fn movement(&self, inner: &str) -> Option<Plan> {
        let (kind, column) = inner.split_once('.')?;
        let kind = RowKind::ALL.into_iter().find(|known| known.word() == kind)?;
        let column = column_of(column)?;
        let rows = self.in_parts(&[Part::Within]).into_iter().filter(|(settlement, _)| settlement.kind(kind).count > 0);
        let rows = rows.map(|(settlement, posted)| {
            PlanPart::Rows(Box::new(RowChoice { kinds: vec![kind], posted, ..self.choice(&settlement, column) }))
        });
        Some(self.made(column, rows.collect()))
    }

    fn unknown(&self, inner: &str) -> Option<Plan> {
        let (word, column) = inner.rsplit_once('.')?;
        let column = column_of(column)?;
        let known = self.account.unknown.iter().find(|known| known.word == word)?;
        let rows = self.in_parts(&[Part::Within]).into_iter();
        let rows = rows.filter(|(settlement, _)| settlement.buckets().any(|bucket| bucket.word == known.word));
        let rows = rows.map(|(settlement, posted)| {
            let word = Some(known.word.clone());
            let kinds = vec![RowKind::Unknown];
            PlanPart::Rows(Box::new(RowChoice { kinds, word, posted, ..self.choice(&settlement, column) }))
        });
        Some(self.made(column, rows.collect()))
    }

    fn settlement(&self, inner: &str) -> Option<Plan> {
        let (_, field) = inner.rsplit_once('.')?;
        let names = self.account.settlements.iter().map(|line| line.settlement_id.as_ref().map(SettlementId::as_str));
        let line = self.account.settlements.get(place_of(inner, names)?)?;
        let settlement = self.timeline.settlements.iter().find(|known| known.document.file == line.source)?;
        let within =
            || self.in_parts(&[Part::Within]).into_iter().find(|(known, _)| known.document.file == line.source);
        let none = Some((0, 0));
        let choice = match field {
            "rows" => self.choice(settlement, Column::Count),
            "net" => self.choice(settlement, Column::Net),
            "transfers" => RowChoice { kinds: vec![RowKind::Transfer], ..self.choice(settlement, Column::Net) },
            "rows_in_period" => {
                RowChoice { posted: within().map_or(none, |found| found.1), ..self.choice(settlement, Column::Count) }
            }
            "net_in_period" => {
                RowChoice { posted: within().map_or(none, |found| found.1), ..self.choice(settlement, Column::Net) }
            }
            _ => return None,
        };
        Some(self.made(choice.column, vec![PlanPart::Rows(Box::new(choice))]))
    }

    fn payout(&self, inner: &str) -> Option<Plan> {
        let names = self.account.payouts.iter().map(|line| line.settlement_id.as_ref().map(SettlementId::as_str));
        let payout = self.account.payouts.get(place_of(inner.strip_suffix(".amount")?, names)?)?;
        let settlement = self.timeline.settlements.iter().find(|known| known.document.file == payout.source)?;
        let choice = RowChoice {
            sign: Sign::Minus,
            line: Some(payout.line),
            kinds: vec![RowKind::Transfer],
            ..self.choice(settlement, Column::Net)
        };
        Some(self.made(Column::Net, vec![PlanPart::Rows(Box::new(choice))]))
    }

    fn reserve(&self, inner: &str) -> Option<Plan> {
        let parts: &[Part] = match inner {
            "opening" => &[Part::Before],
            "closing" => &[Part::Before, Part::Within],
            _ => return None,
        };
        let period = self.rules.period;
        let until = if parts.contains(&Part::Within) { period.until() } else { period.from() };
        let over = |(settlement, whole): &(&Settlement<'_>, Option<Part>)| match whole {
            Some(part) => parts.contains(part),
            None => settlement.document.end.utc_millis() <= Instant::utc_millis(until),
        };
        let mut settlements = self.timeline.settlements.iter().zip(parts_of(self.timeline, &self.rules));
        let latest = settlements.rfind(over);
        let (settlement, end, sign) = match latest {
            Some((settlement, _)) => (settlement, End::Closing, Sign::Minus),
            None => (self.timeline.settlements.first()?, End::Opening, Sign::Plus),
        };
        let kinds = vec![RowKind::Reserve];
        let choice = RowChoice { kinds, end, sign, ..self.choice(settlement, Column::Net) };
        Some(self.made(Column::Net, vec![PlanPart::Rows(Box::new(choice))]))
    }

    /// The opening of the first known settlement, and every movement since.
    fn balance(&self, wanted: &[Part], depth: Depth) -> Option<Plan> {
        let configured = self.ask.configured_opening(&self.account.account, self.account.currency).ok()?;
        let mut parts = Vec::new();
        match configured {
            Some(stated) => parts.push(PlanPart::Stated(stated)),
            None => {
                let first = self.timeline.settlements.first()?;
                let kinds = vec![RowKind::Reserve, RowKind::Carryover];
                let choice = RowChoice { kinds, end: End::Opening, ..self.choice(first, Column::Net) };
                parts.push(PlanPart::Rows(Box::new(choice)));
            }
        }
        for (settlement, posted) in self.in_parts(wanted) {
            let moved =
                settlement.sum(|kind, part| kind.moves_balance() && (posted.is_none() || wanted.contains(&part)));
            let cut = posted.is_some() && settlement.sum(|_, part| !wanted.contains(&part)).count > 0;
            parts.push(if depth == Depth::Rows || cut {
                let kinds = RowKind::ALL.into_iter().filter(|kind| kind.moves_balance()).collect();
                PlanPart::Rows(Box::new(RowChoice { kinds, posted, ..self.choice(&settlement, Column::Net) }))
            } else {
                PlanPart::Total {
                    document: settlement.document.id.clone(),
                    file: settlement.document.file.clone(),
                    settlement_id: settlement.document.settlement_id(),
                    rows: moved.count,
                    net: moved.net,
                }
            });
        }
        Some(self.made(Column::Net, parts))
    }
}

fn column_of(word: &str) -> Option<Column> {
    COLUMNS.iter().find(|row| row.0 == word).map(|row| row.1)
}

/// The place of an entry by its name as [`super::figures()`] gives it: `NAME`, `NAME#2`, or its number.
fn place_of<'a>(name: &str, names: impl Iterator<Item = Option<&'a str>>) -> Option<usize> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (own, place) in names.zip(0_usize..) {
        let own = own.map_or_else(|| (place + 1).to_string(), str::to_owned);
        let times = seen.entry(own.clone()).or_default();
        *times += 1;
        let own = if *times > 1 { format!("{own}#{times}") } else { own };
        let rest = name.strip_prefix(&own);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
            return Some(place);
        }
    }
    None
}

fn disputes_plan(
    path: &str,
    statement: &Statement,
    ask: &Ask,
    timelines: &[Timeline<'_>],
    documents: &[SettlementDocument],
) -> Option<Plan> {
    let rest = path.strip_prefix("disputes.")?;
    let (summary, field) = statement.disputes.iter().find_map(|summary| {
        let name = format!("{}.{}.{}.", summary.account, summary.currency, summary.kind);
        Some((summary, rest.strip_prefix(&name)?))
    })?;
    let (column, sign, side) = match field {
        "disputed" => (Column::Amount, Sign::Minus, Some(Sign::Minus)),
        "recovered" => (Column::Amount, Sign::Plus, Some(Sign::Plus)),
        "fees" => (Column::Fee, Sign::Plus, None),
        "net" => (Column::Net, Sign::Plus, None),
        _ => return None,
    };
    let kind = RowKind::ALL.into_iter().find(|kind| kind.word() == summary.kind)?;
    let own = documents.iter().filter(|document| document.account == summary.account);
    let cases = own.flat_map(|document| &document.digest.cases).filter(|case| case.currency == summary.currency);
    let kinds: CaseKinds = Arc::new(crate::disputes::case_kinds(cases));
    let account = statement
        .accounts
        .iter()
        .find(|account| account.account == summary.account && account.currency == summary.currency)?;
    let timeline = timelines
        .iter()
        .find(|timeline| timeline.account == summary.account && timeline.currency == summary.currency)?;
    let planner = Planner { account, timeline, rules: ask.rules(&summary.account), ask };
    let joins: Vec<RowKind> = RowKind::ALL.into_iter().filter(|kind| kind.can_join_case()).collect();
    let within = planner.in_parts(&[Part::Within]).into_iter();
    let within = within.filter(|(settlement, _)| {
        settlement.document.digest.cases.iter().any(|case| case.currency == summary.currency)
    });
    let rows = within.map(|(settlement, posted)| {
        let case = Some((kind, Arc::clone(&kinds)));
        let choice = planner.choice(&settlement, column);
        PlanPart::Rows(Box::new(RowChoice { kinds: joins.clone(), posted, case, sign, side, ..choice }))
    });
    Some(planner.made(column, rows.collect()))
}
