//! From a row to its entry.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, Posting};
use super::ledger::{Ledger, LedgerSettlement};
use crate::config::Event;
use crate::domain::{Amount, RowKind, Sum};
use crate::parse::SettlementRow;

/// What names the order of a row.
#[derive(Clone, Copy, Debug)]
pub struct OrderKey<'a> {
    /// The merchant's order number; may be empty.
    pub seller_order_id: &'a str,
    /// What the merchant's shop sent along; may be empty.
    pub seller_reference_id: &'a str,
    /// Amazon's order reference; may be empty.
    pub order_reference_id: &'a str,
    /// The capture or refund; may be empty.
    pub transaction_id: &'a str,
}

/// Finds the invoice of an order, where reconciliation knows it.
pub type InvoiceOf<'a> = dyn Fn(OrderKey<'_>) -> Option<String> + 'a;

/// Why a row has no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WithoutPosting {
    /// It moves money inside the balance only.
    WithinBalance,
    /// All its amounts are zero.
    Zero,
}

/// Makes entries of rows.
pub struct Bookkeeper<'a> {
    ledger: &'a Ledger,
    invoice_of: Option<&'a InvoiceOf<'a>>,
    /// For each event the first one with the same account: fees on one account are one posting.
    shared: BTreeMap<Event, Event>,
    /// Events that were needed, by the posting that stands for them.
    pub used: BTreeSet<Event>,
    /// Events that were needed and have no account.
    pub missing: BTreeSet<Event>,
}

impl<'a> Bookkeeper<'a> {
    /// A bookkeeper of one ledger.
    #[must_use]
    pub fn new(ledger: &'a Ledger, invoice_of: Option<&'a InvoiceOf<'a>>) -> Self {
        let code = |event| ledger.map.get(event).map(|account| &account.code);
        let first = |event: Event| {
            Event::all().find(|other| code(*other).is_some() && code(*other) == code(event)).unwrap_or(event)
        };
        let shared = Event::all().map(|event| (event, first(event))).collect();
        Self { ledger, invoice_of, shared, used: BTreeSet::new(), missing: BTreeSet::new() }
    }

    /// The entry of a row of this ledger; its number is not yet known.
    ///
    /// # Errors
    /// [`WithoutPosting`] where the row moves nothing that the journal shows.
    pub fn book(&mut self, row: &SettlementRow<'_>, settlement: &LedgerSettlement) -> Result<Entry, WithoutPosting> {
        let raw = self.raw_postings(row)?;
        let postings = self.merged(&raw);
        if postings.is_empty() {
            return Err(WithoutPosting::Zero);
        }
        let key = OrderKey {
            seller_order_id: row.seller_order_id.trim(),
            seller_reference_id: row.seller_reference_id.trim(),
            order_reference_id: row.order_reference_id.trim(),
            transaction_id: row.transaction_id.trim(),
        };
        let invoice = self.invoice_of.and_then(|invoice_of| invoice_of(key));
        let piece_date = self.ledger.period.zone().date_of(row.posted);
        let order_id = first_of([key.seller_order_id, key.order_reference_id]);
        Ok(Entry {
            number: 0,
            date: settlement.decided.unwrap_or(piece_date),
            piece_date,
            kind: row.kind,
            currency: row.currency,
            label: label(row, order_id),
            piece: first_of([invoice.as_deref().unwrap_or_default(), key.transaction_id, row.settlement_id]).to_owned(),
            settlement_id: row.settlement_id.to_owned(),
            transaction_id: key.transaction_id.to_owned(),
            order_id: order_id.to_owned(),
            invoice,
            file: settlement.file.clone(),
            line: row.line,
            rows: 1,
            postings,
        })
    }

    fn raw_postings(&self, row: &SettlementRow<'_>) -> Result<[(Event, Sum); 7], WithoutPosting> {
        let sum = |amount: Amount| Sum::from(amount);
        if !row.kind.moves_balance() {
            let reserve = row.kind == RowKind::Reserve && self.ledger.map.get(Event::Reserve).is_some();
            let nothing = (Event::Suspense, Sum::ZERO);
            let moved = [(Event::Clearing, sum(row.net)), (Event::Reserve, -sum(row.net))];
            let [clearing, set_aside] = moved;
            let postings = [clearing, set_aside, nothing, nothing, nothing, nothing, nothing];
            return if reserve { Ok(postings) } else { Err(WithoutPosting::WithinBalance) };
        }
        let (percentage, fixed) = fee_events(row.kind);
        let mut fees = sum(row.percentage_fee);
        fees += row.fixed_fee;
        let tax = self.ledger.vat.pair(-fees, row.currency);
        let difference = sum(row.net) - sum(row.amount) - fees;
        Ok([
            (Event::Clearing, sum(row.net)),
            (counter_event(row.kind), -sum(row.amount)),
            (percentage, -sum(row.percentage_fee)),
            (fixed, -sum(row.fixed_fee)),
            (Event::Suspense, -difference),
            (Event::VatDeductible, tax),
            (Event::VatDue, -tax),
        ])
    }

    /// Postings on one account become one; zeros go; debits stand first.
    fn merged(&mut self, raw: &[(Event, Sum)]) -> Vec<Posting> {
        let mut postings: Vec<Posting> = Vec::with_capacity(4);
        for &(event, amount) in raw.iter().filter(|(_, amount)| !amount.is_zero()) {
            if self.ledger.map.get(event).is_none() {
                self.missing.insert(event);
            }
            let event = self.shared.get(&event).copied().unwrap_or(event);
            match postings.iter_mut().find(|posting| posting.event == event) {
                Some(posting) => posting.amount += amount,
                None => postings.push(Posting { event, amount }),
            }
        }
        postings.retain(|posting| !posting.amount.is_zero());
        postings.sort_by_key(|posting| posting.amount < Sum::ZERO);
        self.used.extend(postings.iter().map(|posting| posting.event));
        postings
    }

    /// Which posting stands for an event.
    #[must_use]
    pub fn stands_for(&self, event: Event) -> Event {
        self.shared.get(&event).copied().unwrap_or(event)
    }
}

/// The accounts of the two fees of a kind.
fn fee_events(kind: RowKind) -> (Event, Event) {
    match kind {
        RowKind::Capture | RowKind::Refund => (Event::FeePercentage, Event::FeeFixed),
        RowKind::Authorization => (Event::FeeAuthorization, Event::FeeAuthorization),
        RowKind::AToZClaim | RowKind::Chargeback | RowKind::Dispute => (Event::FeeDispute, Event::FeeDispute),
        _ => (Event::FeeOther, Event::FeeOther),
    }
}

/// What the gross amount of a kind is for.
fn counter_event(kind: RowKind) -> Event {
    match kind {
        RowKind::Capture => Event::Receivable,
        RowKind::Refund => Event::Refund,
        RowKind::Authorization => Event::FeeAuthorization,
        RowKind::AToZClaim => Event::AToZClaim,
        RowKind::Chargeback => Event::Chargeback,
        RowKind::Dispute => Event::Dispute,
        RowKind::Adjustment => Event::Adjustment,
        RowKind::Debt => Event::Debt,
        RowKind::Transfer => Event::Transit,
        RowKind::Reserve => Event::Reserve,
        RowKind::Carryover | RowKind::Unknown => Event::Suspense,
    }
}

/// What a kind is called in a label.
pub(super) fn kind_words(kind: RowKind, word: &str) -> &str {
    match kind {
        RowKind::AToZClaim => "A-to-z claim",
        RowKind::Transfer => "payout",
        RowKind::Unknown => word.trim(),
        kind => kind.word(),
    }
}

fn label(row: &SettlementRow<'_>, order_id: &str) -> String {
    let about = first_of([order_id, row.seller_reference_id.trim(), row.settlement_id]);
    format!("Amazon Pay {} {about}", kind_words(row.kind, row.word))
}

fn first_of<const N: usize>(texts: [&str; N]) -> &str {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}
