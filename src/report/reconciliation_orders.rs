//! The order and fee sections of `settle.reconciliation/1` (contract §6).

use serde::Serialize;

use crate::domain::{AccountName, Currency, Money, TransactionId};

/// An order without a capture is worth a look after so many days; before, it is information (order-ledgers §6).
const UNSETTLED_DAYS: i64 = 7;
/// Details of an unsettled order that say that nothing can be known yet.
const NOT_KNOWABLE: [&str; 3] = ["before_first_settlement", "after_last_settlement", "no_settlements"];

/// One order and what Amazon knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderReconciled {
    /// The shop's order number; absent for money that belongs to no order.
    pub order: Option<String>,
    /// `matched`, `orphan_capture`, `not_settled`, `amount_differs`, `over_refunded` or `duplicate_capture`.
    pub state: &'static str,
    /// Why, as a stable word, where the state alone does not say it.
    pub detail: Option<&'static str>,
    /// The currency.
    pub currency: Currency,
    /// What the shop says.
    pub order_amount: Option<Money>,
    /// Σ captures.
    pub captured: Money,
    /// Σ refunds, positive.
    pub refunded: Money,
    /// What the shop says was refunded.
    pub refunded_by_shop: Option<Money>,
    /// Captured less the order's total, where both are there.
    pub difference: Option<Money>,
    /// Its invoice number.
    pub invoice_no: Option<String>,
    /// When it was placed; for money without an order, when it was captured first.
    pub placed: Option<String>,
    /// Days from the order to the end of the known settlements, where no capture is known.
    pub age_days: Option<i64>,
    /// The weakest key by which a row found it: `charge_id`, `permission_id`, `seller_reference`, `seller_order`;
    /// `capture` for a refund that follows its capture.
    pub key: Option<&'static str>,
    /// The order list.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u64>,
    /// Orders that a key names, but that cannot be it.
    pub candidates: Vec<String>,
    /// The one order, or the one capture, of the same amount within two days: a suggestion, never a match.
    pub suggestion: Option<String>,
    /// The rows behind it.
    pub transactions: Vec<OrderTransaction>,
}

impl OrderReconciled {
    /// Whether a person has to look.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            "matched" => false,
            "not_settled" => {
                let knowable = self.detail.is_none_or(|detail| !NOT_KNOWABLE.contains(&detail));
                knowable && self.age_days.is_none_or(|days| days >= UNSETTLED_DAYS)
            }
            _ => true,
        }
    }

    /// What to look at next, for people.
    #[must_use]
    pub fn next(&self) -> String {
        let id = self.transactions.first().map_or("", |row| row.transaction_id.as_str());
        let suggestion = self.suggestion.as_ref().map(|other| format!("; perhaps {other}")).unwrap_or_default();
        let text = match (self.state, self.detail) {
            ("matched", _) => String::new(),
            ("orphan_capture", Some("currency_differs")) => {
                format!("order {} is in another currency", self.candidates.join(", "))
            }
            ("orphan_capture", Some(_)) => {
                format!("captured before the first order of the lists: add older orders; {id}")
            }
            ("orphan_capture", None) => format!("search {id} in Seller Central"),
            ("over_refunded", _) => "compare the refunds with the shop's credit notes".to_owned(),
            ("duplicate_capture", Some(_)) => "captured twice; the excess was refunded since".to_owned(),
            ("duplicate_capture", None) => "captured twice: refund one".to_owned(),
            ("amount_differs", Some("cancelled")) => "cancelled in the shop, but the money was taken".to_owned(),
            ("amount_differs", Some("refund_differs")) => "the shop states other refunds".to_owned(),
            ("amount_differs", Some("lists_differ")) => "the lists give this order two totals".to_owned(),
            ("amount_differs", _) => "compare the order's total with its captures".to_owned(),
            (_, Some("ambiguous")) => "a capture could be of this order or of another".to_owned(),
            (_, Some("before_first_settlement")) => "placed before the first known settlement".to_owned(),
            (_, Some("after_last_settlement")) => "placed after the last known settlement".to_owned(),
            _ => format!("unpaid for {} days: capture it, or ask why", self.age_days.unwrap_or_default()),
        };
        text + &suggestion
    }
}

/// One row of a settlement that belongs to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderTransaction {
    /// Amazon's id.
    pub transaction_id: TransactionId,
    /// The charge permission.
    pub charge_permission_id: String,
    /// The kind of row.
    pub kind: &'static str,
    /// Gross.
    pub amount: Money,
    /// When it was posted.
    pub posted: String,
    /// The account.
    pub account: AccountName,
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
}

/// Orders of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderTotal {
    /// The currency.
    pub currency: Currency,
    /// The state.
    pub state: &'static str,
    /// How many.
    pub count: u64,
    /// Σ order totals.
    pub ordered: Money,
    /// Σ captured.
    pub captured: Money,
    /// Σ refunded.
    pub refunded: Money,
}

/// What else is to be said of the order lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderLists {
    /// What is odd besides the states.
    pub findings: Vec<OrderFinding>,
    /// Captures and refunds of the period, each in exactly one place.
    pub rows: RowCounts,
    /// Orders of the lists, each in exactly one place.
    pub orders: OrderCounts,
    /// The lists.
    pub files: Vec<OrderListFile>,
}

/// One odd thing: `possible_double_payment`, `ambiguous`, `key_conflict` or `sandbox_row`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderFinding {
    /// What.
    pub finding: &'static str,
    /// The orders concerned.
    pub orders: Vec<String>,
    /// The rows.
    pub transactions: Vec<OrderTransaction>,
}

/// Where captures and refunds of the period went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it; the sum of the others is `rows`")]
pub struct RowCounts {
    pub rows: u64,
    pub with_order: u64,
    pub orphaned: u64,
    pub refunds_without_order: u64,
    pub ambiguous: u64,
    pub sandbox: u64,
}

/// Where the orders of the lists went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it; the sum of the others is `orders`")]
pub struct OrderCounts {
    pub orders: u64,
    pub with_state: u64,
    pub other_period: u64,
    pub not_expected: u64,
    pub capture_unknown: u64,
}

/// One order list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderListFile {
    /// The file.
    pub file: String,
    /// How it was read: a mapping of the config, or a preset.
    pub mapping: String,
    /// Rows below the header.
    pub rows: u64,
    /// Orders taken.
    pub orders: u64,
    /// Further lines of orders.
    pub further_lines: u64,
    /// Orders paid otherwise.
    pub other_methods: u64,
    /// Orders placed far outside the period.
    pub outside: u64,
}

/// Fees against the tariff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeeAudit {
    /// Rows that were recomputed.
    pub checked: u64,
    /// Rows that were charged otherwise; the first of them, where there are very many.
    pub deviations: Vec<FeeDeviation>,
    /// All rows that were charged otherwise.
    pub deviating: u64,
    /// What they were charged too much and too little, by currency.
    pub totals: Vec<FeeTotal>,
    /// How the rows that are right fit: `domestic`, `cross_border`, `either`, `flat`, `free`.
    pub fits: Vec<FeeCount>,
    /// Rows that were not recomputed: `no_tariff`, `not_configured`, `may_be_a_hold`, `no_charge`.
    pub unchecked: Vec<FeeCount>,
    /// The tariffs in use.
    pub tariffs: Vec<TariffUse>,
}

/// Rows of one kind that share a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeeCount {
    /// The kind of row.
    pub kind: &'static str,
    /// The word.
    pub word: &'static str,
    /// How many.
    pub count: u64,
}

/// What was charged too much and too little in one currency; both positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeeTotal {
    /// The currency.
    pub currency: Currency,
    /// To be claimed from Amazon.
    pub overcharged: Money,
    /// In the merchant's favour.
    pub undercharged: Money,
}

/// A tariff and how it rounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TariffUse {
    /// Its name in the config.
    pub tariff: String,
    /// How percentage fees were rounded.
    pub rounding: &'static str,
    /// To what.
    pub rounding_unit: Money,
    /// Rows recomputed with it.
    pub rows: u64,
}

/// One row that was charged otherwise than the tariff says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeeDeviation {
    /// The account.
    pub account: AccountName,
    /// Amazon's id.
    pub transaction_id: TransactionId,
    /// The charge permission.
    pub order_reference_id: String,
    /// The shop's order number.
    pub seller_order_id: String,
    /// The settlement.
    pub settlement_id: String,
    /// When it was posted.
    pub posted: String,
    /// The kind of row.
    pub kind: &'static str,
    /// Gross.
    pub amount: Money,
    /// The tariff, by its name in the config.
    pub tariff: String,
    /// The percentage that comes nearest.
    pub rate: Option<String>,
    /// What the tariff says, signed as fees are: negative where something is charged.
    pub expected: Money,
    /// What was charged.
    pub charged: Money,
    /// Charged minus expected: negative where too much was charged.
    pub difference: Money,
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
}
