//! Captures and refunds that are done and stand in no settlement yet: money that no settlement file can tell of.
//!
//! The transaction reports say what was completed; a settlement row with the same id says that it was settled.
//! A report does not print its period, so how far it reaches is told by its rows, and where none reaches an
//! instant nothing is said about it. Reports name no merchant: whose they are is told by the archive, else by the
//! settlements in which their ids stand.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::domain::{AccountName, Amount, Currency, Instant, MILLIS_PER_SECOND, RowKind, Sum};
use crate::parse::{RowSink, SettlementRow, TransactionRecord};

/// A report reaches an instant if it tells of something in the day before: it says nothing of a quiet evening.
const REACH_MILLIS: i64 = 24 * 60 * 60 * MILLIS_PER_SECOND;
/// States in which money has moved; `Closed` follows `Completed` (amazon-pay-reports §15).
const DONE: [&str; 2] = ["completed", "closed"];
/// States in which none has.
const NOT_DONE: [&str; 2] = ["pending", "declined"];

/// One transaction report of captures or of refunds.
#[derive(Clone, Debug)]
pub struct MovementReport {
    /// The file as the user knows it.
    pub file: String,
    /// Whose it is, where the archive knows.
    pub account: Option<AccountName>,
    /// [`RowKind::Capture`] or [`RowKind::Refund`].
    pub kind: RowKind,
    /// Its rows, one for each state of an object.
    pub rows: Vec<TransactionRecord>,
}

/// What makes a capture or refund of a report and a row of a settlement one thing.
pub type MovementKey = (RowKind, String);

/// When rows of a settlement were posted, by what they settle.
#[derive(Clone, Debug, Default)]
pub struct PostedMovements {
    posted: BTreeMap<MovementKey, BTreeSet<(AccountName, i64)>>,
}

impl PostedMovements {
    /// Takes what the rows of one settlement file have.
    pub fn add(&mut self, account: &AccountName, found: Vec<(MovementKey, Instant)>) {
        for (key, posted) in found {
            self.posted.entry(key).or_default().insert((account.clone(), posted.utc_millis()));
        }
    }

    fn accounts(&self, key: &MovementKey) -> impl Iterator<Item = &AccountName> {
        self.posted.get(key).into_iter().flatten().map(|(account, _)| account)
    }

    fn first_posted(&self, key: &MovementKey) -> Option<i64> {
        self.posted.get(key).into_iter().flatten().map(|(_, posted)| *posted).min()
    }
}

/// Finds the rows of one piece of a settlement that settle what is looked for.
#[derive(Debug)]
pub struct PostedSink {
    wanted: Arc<HashSet<MovementKey>>,
    found: Vec<(MovementKey, Instant)>,
}

impl PostedSink {
    /// Looks for these.
    #[must_use]
    pub fn new(wanted: Arc<HashSet<MovementKey>>) -> Self {
        Self { wanted, found: Vec::new() }
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> Vec<(MovementKey, Instant)> {
        self.found
    }
}

impl RowSink for PostedSink {
    fn row(&mut self, row: &SettlementRow<'_>) {
        for (kind, id) in settles(row) {
            let key = (kind, folded(id).into_owned());
            if !key.1.is_empty() && self.wanted.contains(&key) {
                self.found.push((key, row.posted));
            }
        }
    }
}

/// What a row settles, and by which of its ids. A claim or chargeback may stand for a refund that Amazon made: by the
/// refund's id, or by the capture's or the order's, as nobody knows which of them such rows bear.
fn settles<'a>(row: &SettlementRow<'a>) -> impl Iterator<Item = (RowKind, &'a str)> {
    let (own, order) = (row.transaction_id, row.order_reference_id);
    let keys = match row.kind {
        kind @ (RowKind::Capture | RowKind::Refund) => [Some((kind, own)), None, None],
        RowKind::AToZClaim | RowKind::Chargeback => {
            [Some((RowKind::Refund, own)), Some((RowKind::AToZClaim, own)), Some((RowKind::AToZClaim, order))]
        }
        _ => [None; 3],
    };
    keys.into_iter().flatten()
}

/// Every key by which a row of a settlement may settle what a report tells of.
fn keys_of(kind: RowKind, row: &TransactionRecord) -> impl Iterator<Item = MovementKey> {
    let own = (kind, row.object_id.as_str());
    let by_claim = |id| (RowKind::AToZClaim, id);
    let claims = is_amazons_own(kind, row).then_some([&row.capture_id, &row.order_reference_id]);
    let further = claims.into_iter().flatten().map(|id| by_claim(id.as_str()));
    let keys: Vec<(RowKind, &str)> = std::iter::once(own).chain(further).collect();
    keys.into_iter().map(|(kind, id)| (kind, folded(id).into_owned())).filter(|(_, id)| !id.is_empty())
}

/// Whether a refund is one that Amazon made; a report without a type of refund does not say so.
fn is_amazons_own(kind: RowKind, row: &TransactionRecord) -> bool {
    let by = row.object_type.trim();
    kind == RowKind::Refund && !by.is_empty() && !by.eq_ignore_ascii_case("SellerInitiated")
}

/// An id without regard to case and blanks.
fn folded(id: &str) -> Cow<'_, str> {
    let id = id.trim();
    if id.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Cow::Owned(id.to_ascii_uppercase())
    } else {
        Cow::Borrowed(id)
    }
}

/// Everything that the reports tell of, to be looked for in the settlements, and the earliest instant of it.
#[must_use]
pub fn wanted_movements(reports: &[MovementReport]) -> (HashSet<MovementKey>, Option<Instant>) {
    let mut wanted = HashSet::new();
    let mut first: Option<Instant> = None;
    for report in reports {
        for row in &report.rows {
            wanted.extend(keys_of(report.kind, row));
            first = [first, row.created, row.updated].into_iter().flatten().min();
        }
    }
    (wanted, first)
}

/// Captures, or refunds: how many and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many.
    pub count: u64,
    /// Σ gross; refunds are negative.
    pub amount: Sum,
    /// How many of them stand in a settlement row that was posted later.
    pub settled_since: u64,
}

/// First and last instant of which a report tells something.
pub type Reach = (Instant, Instant);

/// What the reports say of one account and currency at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// Captures in no settlement row by then; `None` where no report reaches the instant.
    pub captures: Option<Flow>,
    /// Refunds alike.
    pub refunds: Option<Flow>,
    /// How far the capture reports of the account reach.
    pub capture_reach: Vec<Reach>,
    /// How far its refund reports reach.
    pub refund_reach: Vec<Reach>,
    /// Captures and refunds of which a report leaves open whether, when or how much money moved.
    pub unclear: u64,
}

/// What the reports say, by account and currency; the account is `None` where nothing tells whose they are.
pub type ReportedByAccount = BTreeMap<(Option<AccountName>, Currency), Reported>;

/// Holds the reports against the rows of the settlements. `accounts` are those that have settlements; `until` gives
/// the instant of an account, of which everything counts that came before.
#[must_use]
pub fn reported_unsettled(
    reports: &[MovementReport],
    posted: &PostedMovements,
    accounts: &[(AccountName, Vec<Currency>)],
    until: &dyn Fn(Option<&AccountName>) -> Instant,
) -> ReportedByAccount {
    let mut shelves: BTreeMap<Option<AccountName>, Shelf> = BTreeMap::new();
    for report in reports {
        let account = owner(report, posted, accounts);
        shelves.entry(account).or_default().take(report);
    }
    let mut lines = ReportedByAccount::new();
    for (account, shelf) in shelves {
        let own = accounts.iter().find(|(name, _)| Some(name) == account.as_ref());
        let currencies = own.map(|(_, currencies)| currencies.as_slice()).unwrap_or_default();
        for (currency, reported) in shelf.judge(posted, currencies, until(account.as_ref())) {
            lines.insert((account.clone(), currency), reported);
        }
    }
    lines
}

/// Whose a report is.
fn owner(
    report: &MovementReport,
    posted: &PostedMovements,
    accounts: &[(AccountName, Vec<Currency>)],
) -> Option<AccountName> {
    if report.account.is_some() {
        return report.account.clone();
    }
    let keys = report.rows.iter().flat_map(|row| keys_of(report.kind, row));
    let owners: BTreeSet<AccountName> =
        keys.flat_map(|key| posted.accounts(&key).cloned().collect::<Vec<_>>()).collect();
    let mut owners = owners.into_iter();
    match (owners.next(), owners.next(), accounts) {
        (Some(owner), None, _) => Some(owner),
        (None, None, [(only, _)]) => Some(only.clone()),
        _ => None,
    }
}

/// One capture or refund, from all its states.
#[derive(Clone, Debug, Default)]
struct Movement {
    /// The keys by which a settlement may have it.
    keys: BTreeSet<MovementKey>,
    /// When it was done first.
    done: Option<Instant>,
    /// Whether a state says that it was done.
    is_done: bool,
    /// Whether a state is none that is known.
    is_strange: bool,
    amount: Option<(Amount, Currency)>,
    /// The last update of the state that the amount is of.
    amount_of: Option<Instant>,
}

impl Movement {
    fn take(&mut self, kind: RowKind, row: &TransactionRecord) {
        self.keys.extend(keys_of(kind, row));
        let is = |words: &[&str]| words.iter().any(|word| row.status.trim().eq_ignore_ascii_case(word));
        if is(&DONE) {
            self.is_done = true;
            let at = row.updated.or(row.created);
            self.done = [self.done, at].into_iter().flatten().min();
        } else if !is(&NOT_DONE) {
            self.is_strange = true;
        }
        if let (Some(amount), Some(currency)) = (row.amount, row.currency)
            && (self.amount.is_none() || row.updated > self.amount_of)
        {
            self.amount = Some((amount, currency));
            self.amount_of = row.updated;
        }
    }
}

/// The reports of one account.
#[derive(Debug, Default)]
struct Shelf {
    movements: BTreeMap<MovementKey, Movement>,
    reach: BTreeMap<RowKind, Vec<Reach>>,
}

impl Shelf {
    fn take(&mut self, report: &MovementReport) {
        let mut reach: Option<Reach> = None;
        for row in &report.rows {
            let key = (report.kind, folded(&row.object_id).into_owned());
            self.movements.entry(key).or_default().take(report.kind, row);
            if let Some(at) = row.updated.or(row.created) {
                reach = Some(reach.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
            }
        }
        self.reach.entry(report.kind).or_default().extend(reach);
    }

    /// By currency: those of the movements, and those of the account's settlements, where nothing is a figure too.
    fn judge(&self, posted: &PostedMovements, currencies: &[Currency], until: Instant) -> BTreeMap<Currency, Reported> {
        let reach_of = |kind: RowKind| joined(self.reach.get(&kind).cloned().unwrap_or_default());
        let (capture_reach, refund_reach) = (reach_of(RowKind::Capture), reach_of(RowKind::Refund));
        let told = |reach: &[Reach]| reaches(reach, until).then(Flow::default);
        let fresh = Reported {
            captures: told(&capture_reach),
            refunds: told(&refund_reach),
            capture_reach,
            refund_reach,
            unclear: 0,
        };
        let mut lines: BTreeMap<Currency, Reported> =
            currencies.iter().map(|currency| (*currency, fresh.clone())).collect();
        for (key, movement) in &self.movements {
            // Without a currency it could be of any; it is shown in each.
            let Some((amount, currency)) = movement.amount else {
                if movement.is_done || movement.is_strange {
                    lines.values_mut().for_each(|line| line.unclear += 1);
                }
                continue;
            };
            let line = lines.entry(currency).or_insert_with(|| fresh.clone());
            line.count(key.0, movement, amount, posted, until);
        }
        lines
    }
}

impl Reported {
    fn count(&mut self, kind: RowKind, movement: &Movement, amount: Amount, posted: &PostedMovements, until: Instant) {
        let settled = movement.keys.iter().filter_map(|key| posted.first_posted(key)).min();
        let before = |at: i64| at < until.utc_millis();
        if settled.is_some_and(before) {
            return;
        }
        match (movement.is_done, movement.done) {
            (true, Some(done)) if before(done.utc_millis()) => {}
            (true, Some(_)) => return,
            (false, _) if !movement.is_strange => return,
            _ => {
                self.unclear += 1;
                return;
            }
        }
        let (flow, amount) = match kind {
            RowKind::Refund => (&mut self.refunds, -Sum::from(amount)),
            _ => (&mut self.captures, Sum::from(amount)),
        };
        if let Some(flow) = flow {
            flow.count += 1;
            flow.amount += amount;
            flow.settled_since += u64::from(settled.is_some());
        }
    }
}

/// Whether reports tell what was done up to an instant: one begins before it and tells of the day before it.
fn reaches(reach: &[Reach], until: Instant) -> bool {
    let until = until.utc_millis();
    reach.iter().any(|(first, last)| first.utc_millis() < until && last.utc_millis() >= until - REACH_MILLIS)
}

/// Ranges that touch within a day as one, in the order of time.
fn joined(mut reach: Vec<Reach>) -> Vec<Reach> {
    reach.sort();
    let mut all: Vec<Reach> = Vec::new();
    for (first, last) in reach {
        match all.last_mut() {
            Some(known) if first.utc_millis() <= known.1.utc_millis() + REACH_MILLIS => known.1 = known.1.max(last),
            _ => all.push((first, last)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = REACH_MILLIS;

    fn at(day: i64) -> Instant {
        Instant::new(day * DAY, 0)
    }

    fn state(id: &str, status: &str, day: i64, units: Option<i64>, currency: &str) -> TransactionRecord {
        TransactionRecord {
            line: 2,
            object_id: id.to_owned(),
            reference_id: String::new(),
            capture_id: String::new(),
            authorization_id: String::new(),
            order_reference_id: String::new(),
            amount: units.map(Amount::from_units),
            currency: units.map(|_| currency.parse().unwrap()),
            status: status.to_owned(),
            reason: String::new(),
            object_type: String::new(),
            updated: Some(at(day)),
            created: Some(at(day)),
            extra: String::new(),
        }
    }

    fn report(kind: RowKind, rows: Vec<TransactionRecord>) -> MovementReport {
        MovementReport { file: "r.csv".to_owned(), account: None, kind, rows }
    }

    fn shop() -> AccountName {
        AccountName::new("shop")
    }

    fn lines(reports: &[MovementReport], rows: &[(&str, i64)], day: i64) -> ReportedByAccount {
        let mut posted = PostedMovements::default();
        let found = rows.iter().map(|(id, day)| ((RowKind::Capture, (*id).to_owned()), at(*day)));
        posted.add(&shop(), found.collect());
        let accounts = [(shop(), vec!["EUR".parse().unwrap()])];
        reported_unsettled(reports, &posted, &accounts, &|_| at(day))
    }

    fn euros(lines: &ReportedByAccount) -> &Reported {
        &lines[&(Some(shop()), "EUR".parse().unwrap())]
    }

    #[test]
    fn a_capture_counts_from_its_completion_to_its_row_and_once_whatever_its_states() {
        let states = vec![
            state("p01-C1", "Completed", 3, Some(50), "EUR"),
            state("P01-C1", "Pending", 2, Some(50), "EUR"),
            state("P01-C1", "Closed", 8, Some(50), "EUR"),
            state("P01-C2", "Declined", 3, Some(70), "EUR"),
            state("P01-C3", "Pending", 3, Some(90), "EUR"),
        ];
        let reports = [report(RowKind::Capture, states)];
        let captures = |rows: &[(&str, i64)], day| euros(&lines(&reports, rows, day)).captures;
        let one = |settled_since| Some(Flow { count: 1, amount: Sum::from_units(50), settled_since });
        assert_eq!(captures(&[("P01-C1", 6)], 5), one(1), "settled later");
        assert_eq!(captures(&[], 5), one(0), "not settled at all");
        assert_eq!(captures(&[("P01-C1", 4)], 5), Some(Flow::default()), "settled before");
        assert_eq!(captures(&[], 3), Some(Flow::default()), "completed at that instant, not before it");
        assert_eq!(captures(&[], 10), None, "no report tells of the ninth day");
    }

    #[test]
    fn what_a_report_leaves_open_is_counted_as_unclear() {
        let states = vec![
            state("C1", "Completed", 3, None, "EUR"),
            state("C2", "Reversed", 3, Some(10), "EUR"),
            state("C3", "Completed", 3, Some(10), "GBP"),
        ];
        let found = lines(&[report(RowKind::Capture, states)], &[], 4);
        assert_eq!((euros(&found).captures, euros(&found).unclear), (Some(Flow::default()), 2));
        assert_eq!(euros(&found).refunds, None);
        let pounds = &found[&(Some(shop()), "GBP".parse().unwrap())];
        assert_eq!(pounds.captures.map(|flow| flow.amount), Some(Sum::from_units(10)));
    }
}
