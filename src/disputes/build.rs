//! From facts to cases.
//!
//! A case is the rows of one merchant, currency, order reference and kind (disputes §9). `Dispute` rows and
//! corrections join the case of their order; a row without an order is a case of its own. Every dispute row
//! lands in exactly one case. Notifications, refund reports and objects of the Dispute API join by the
//! dispute's id, else by the order, and add no money: amounts come from settlement rows alone.

use std::collections::{BTreeMap, HashMap};

use super::case::Case;
use super::clock::Clock;
use super::detail::{Draft, Orders, finish};
use super::facts::{CaseRow, Facts, Notice, ObjectFact, RefundRecord};
use super::totals::leading_kind;
use crate::domain::{AccountName, Amount, Currency, RowKind, Sum};

/// Stands for the account of a fact that names none and concerns no known order.
pub const NO_ACCOUNT: &str = "(no merchant id)";

/// What makes facts one case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CaseKey {
    pub(super) account: AccountName,
    pub(super) anchor: Anchor,
    pub(super) kind: RowKind,
    pub(super) currency: Option<Currency>,
}

/// By what a case is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Anchor {
    /// An order reference.
    Order(String),
    /// A row without one: the document's hash and the line.
    Row(String, u64),
    /// The id of a dispute that belongs to no known order.
    Dispute(String),
}

/// Builds every case, in a steady order: by account, order, kind and currency.
#[must_use]
pub fn build_cases(facts: &Facts, clock: &Clock<'_>) -> Vec<Case> {
    let mut drafts = Drafts::new(facts);
    facts.rows.iter().for_each(|row| drafts.take_row(row));
    facts.refunds.iter().filter(|refund| refund.is_claim()).for_each(|refund| drafts.take_claim(refund));
    facts.notices.iter().for_each(|notice| drafts.take_notice(notice));
    latest_objects(&facts.objects).into_iter().for_each(|object| drafts.take_object(object));
    let orders = Orders::of(facts);
    let mut cases: Vec<Case> =
        drafts.drafts.into_iter().map(|(key, draft)| finish(key, draft, facts, &orders, clock)).collect();
    let mut taken: HashMap<String, usize> = HashMap::new();
    for case in &mut cases {
        let count = taken.entry(case.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            case.id = format!("{}-{count}", case.id);
        }
    }
    cases
}

/// The latest state of each dispute, by its id.
fn latest_objects(objects: &[ObjectFact]) -> Vec<&ObjectFact> {
    let mut latest: BTreeMap<&str, &ObjectFact> = BTreeMap::new();
    for object in objects {
        let age = |object: &ObjectFact| (object.read.updated, object.read.created);
        let known = latest.entry(&object.read.dispute_id).or_insert(object);
        // Of two equally old states the one in the greater file name counts, whatever the order of reading.
        if (age(object), &object.file) > (age(known), &known.file) {
            *known = object;
        }
    }
    latest.into_values().collect()
}

struct Drafts<'a> {
    facts: &'a Facts,
    drafts: BTreeMap<CaseKey, Draft<'a>>,
    /// To which kind of case the `Dispute` rows and corrections of an order belong.
    leading: HashMap<(&'a AccountName, Currency, &'a str), RowKind>,
    accounts: HashMap<&'a str, &'a AccountName>,
    /// Cases by the ids of disputes that their rows, notifications and objects bear.
    bearers: HashMap<&'a str, CaseKey>,
}

impl<'a> Drafts<'a> {
    fn new(facts: &'a Facts) -> Self {
        let mut leading: HashMap<(&AccountName, Currency, &str), RowKind> = HashMap::new();
        let mut accounts = HashMap::new();
        for row in facts.rows.iter().filter(|row| !row.order_reference_id.is_empty()) {
            let Some(source) = facts.source_of(row) else { continue };
            accounts.insert(row.order_reference_id.as_str(), &source.account);
            if row.kind.is_dispute() {
                let kind = leading.entry((&source.account, row.currency, &row.order_reference_id)).or_insert(row.kind);
                *kind = leading_kind(*kind, row.kind);
            }
        }
        Self { facts, drafts: BTreeMap::new(), leading, accounts, bearers: HashMap::new() }
    }

    /// The draft of a case that bears an id, where it has one.
    fn draft(&mut self, key: CaseKey, bears: &'a str) -> &mut Draft<'a> {
        if !bears.is_empty() {
            self.bearers.entry(bears).or_insert_with(|| key.clone());
        }
        self.drafts.entry(key).or_default()
    }

    fn take_row(&mut self, row: &'a CaseRow) {
        let Some(source) = self.facts.source_of(row) else { return };
        let order = row.order_reference_id.as_str();
        let of_order = self.leading.get(&(&source.account, row.currency, order)).copied();
        let kind = match (row.kind, of_order) {
            (RowKind::Dispute | RowKind::Adjustment, Some(kind)) => kind,
            (kind, _) if kind.is_dispute() => kind,
            _ => return,
        };
        let anchor = match order {
            "" => Anchor::Row(source.id.short().to_owned(), row.line),
            order => Anchor::Order(order.to_owned()),
        };
        let key = CaseKey { account: source.account.clone(), anchor, kind, currency: Some(row.currency) };
        self.draft(key, &row.transaction_id).rows.push(row);
    }

    fn take_claim(&mut self, refund: &'a RefundRecord) {
        let order = refund.order_reference_id.as_str();
        let account = self.account_of(order, refund.account.as_ref());
        let currency = refund.amount.map(|(_, currency)| currency);
        let known = self.find(&account, order, refund.amount, &[RowKind::AToZClaim]);
        let anchor = anchor(order, &refund.refund_id);
        let key = known.unwrap_or(CaseKey { account, anchor, kind: RowKind::AToZClaim, currency });
        self.draft(key, "").claims.push(refund);
    }

    fn take_notice(&mut self, notice: &'a Notice) {
        let read = &notice.read;
        let order = read.order_reference_id.as_str().trim();
        let kinds = [RowKind::Chargeback, RowKind::Dispute];
        let known = self.with_dispute(&notice.account, &read.chargeback_id);
        let known = known.or_else(|| self.find(&notice.account, order, read.amount, &kinds));
        let key = known.unwrap_or_else(|| CaseKey {
            account: notice.account.clone(),
            anchor: anchor(
                order,
                if read.chargeback_id.is_empty() { &read.notification_id } else { &read.chargeback_id },
            ),
            kind: RowKind::Chargeback,
            currency: read.amount.map(|(_, currency)| currency),
        });
        self.draft(key, &read.chargeback_id).notices.push(notice);
    }

    fn take_object(&mut self, object: &'a ObjectFact) {
        let read = &object.read;
        let order = read.order_reference_id().map(|order| order.as_str().to_owned()).unwrap_or_default();
        let account = self.account_of(&order, object.account.as_ref());
        let kind = match RowKind::from_word(&read.dispute_type) {
            RowKind::AToZClaim => RowKind::AToZClaim,
            _ => RowKind::Chargeback,
        };
        let known = self.with_dispute(&account, &read.dispute_id);
        let known = known.or_else(|| self.find(&account, &order, read.amount, &[kind, RowKind::Dispute]));
        let key = known.unwrap_or_else(|| CaseKey {
            account,
            anchor: anchor(&order, &read.dispute_id),
            kind,
            currency: read.amount.map(|(_, currency)| currency),
        });
        self.draft(key, &read.dispute_id).objects.push(object);
    }

    /// The case whose rows, notifications or objects bear the id of a dispute.
    fn with_dispute(&self, account: &AccountName, id: &str) -> Option<CaseKey> {
        self.bearers.get(id).filter(|key| key.account == *account).cloned()
    }

    /// The case of an order, by the first of the kinds of which there is one. An amount must be in the case's
    /// currency; without one, only a single case can be meant.
    fn find(
        &self,
        account: &AccountName,
        order: &str,
        amount: Option<(Amount, Currency)>,
        kinds: &[RowKind],
    ) -> Option<CaseKey> {
        if order.is_empty() {
            return None;
        }
        let wanted = Anchor::Order(order.to_owned());
        let currency = amount.map(|(_, currency)| currency);
        kinds.iter().find_map(|kind| {
            let fits = |key: &&CaseKey| {
                let same = currency.is_none() || key.currency.is_none() || key.currency == currency;
                key.account == *account && key.anchor == wanted && key.kind == *kind && same
            };
            // Keys sort by account first, then by anchor: the cases of an order stand together.
            let from =
                CaseKey { account: account.clone(), anchor: wanted.clone(), kind: RowKind::Capture, currency: None };
            let of_order = self.drafts.range(from..).map(|(key, _)| key).take_while(|key| key.anchor == wanted);
            let mut found = of_order.filter(fits);
            let first = found.next()?;
            found.next().is_none().then(|| first.clone())
        })
    }

    /// The account of a fact: the one that it names, that of its order, else the only one there is.
    fn account_of(&self, order: &str, named: Option<&AccountName>) -> AccountName {
        let only = match self.facts.accounts.as_slice() {
            [only] => Some(&only.account),
            _ => None,
        };
        let known = self.accounts.get(order).copied().or(named).or(only);
        known.cloned().unwrap_or_else(|| AccountName::new(NO_ACCOUNT))
    }
}

fn anchor(order: &str, id: &str) -> Anchor {
    match order {
        "" => Anchor::Dispute(id.to_owned()),
        order => Anchor::Order(order.to_owned()),
    }
}

/// What cases must sum to, by account and currency, and what they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The account.
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// Dispute rows among the settlements.
    pub rows: u64,
    /// Their Σ net.
    pub net: Sum,
    /// Dispute rows in cases, each row counted once for each case that holds it.
    pub rows_in_cases: u64,
    /// Their Σ net.
    pub net_in_cases: Sum,
}

impl Partition {
    /// Whether every row is in exactly one case and the sums agree.
    #[must_use]
    pub fn holds(&self) -> bool {
        (self.rows, self.net) == (self.rows_in_cases, self.net_in_cases)
    }
}

/// Compares cases with totals that were folded from the settlements on another way: (account, currency, rows,
/// net) of the dispute rows. Corrections in cases are left out on both sides.
#[must_use]
pub fn check_partition(
    cases: &[Case],
    folded: impl Iterator<Item = (AccountName, Currency, u64, Sum)>,
) -> Vec<Partition> {
    let mut partitions: BTreeMap<(AccountName, Currency), Partition> = BTreeMap::new();
    let zero = |account: &AccountName, currency: Currency| Partition {
        account: account.clone(),
        currency,
        rows: 0,
        net: Sum::ZERO,
        rows_in_cases: 0,
        net_in_cases: Sum::ZERO,
    };
    for (account, currency, rows, net) in folded {
        let known = partitions.entry((account.clone(), currency)).or_insert_with(|| zero(&account, currency));
        known.rows += rows;
        known.net += net;
    }
    for case in cases {
        for row in case.rows.iter().filter(|row| row.kind.is_dispute()) {
            let key = (case.account.clone(), row.currency);
            let known = partitions.entry(key).or_insert_with(|| zero(&case.account, row.currency));
            known.rows_in_cases += 1;
            known.net_in_cases += row.net;
        }
    }
    partitions.into_values().collect()
}
