//! `settle.diff/1`: two versions of a settlement, or a closed month and the same month now, row by row.
//!
//! Identical rows are a multiset: three on one side and two on the other are one row more. Rows that only one side
//! has are paired where they are the same transaction and kind (without a transaction id: the same kind and
//! instant); a pair is a change, and what differs is named.

use std::collections::BTreeMap;

use serde::Serialize;

use super::statement::PeriodRange;
use crate::domain::{
    AccountName, Amount, Currency, DocumentId, ExitCode, Instant, Money, MoneyError, RowKind, SettlementId, Sum, Zone,
};
use crate::ledger::Tally;
use crate::parse::SettlementRow;

/// Rows of a side that a document lists; all are counted.
pub const DIFF_ROWS_MAX: usize = 100_000;

/// The whole document.
#[derive(Clone, Debug, Serialize)]
pub struct DiffDocument {
    /// `settle.diff/1`.
    pub schema: &'static str,
    /// The month, where a month is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodRange>,
    /// What is compared with what follows.
    pub before: DiffSide,
    /// What it is compared with.
    pub after: DiffSide,
    /// Whether the rows are the same.
    pub same: bool,
    /// Rows by what became of them.
    pub counts: DiffCounts,
    /// Sums by account, currency and kind.
    pub totals: Vec<DiffTotal>,
    /// Rows that differ, those that changed first.
    pub rows: Vec<DiffRow>,
    /// Rows that differ and are not listed.
    pub rows_left_out: u64,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
}

/// One side.
#[derive(Clone, Debug, Serialize)]
pub struct DiffSide {
    /// What it is, for people.
    pub title: String,
    /// The documents that were read for it.
    pub documents: Vec<DiffSource>,
}

/// A document of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffSource {
    /// The file.
    pub file: String,
    /// Its hash.
    pub sha256: Option<DocumentId>,
    /// Its settlement.
    pub settlement_id: Option<SettlementId>,
    /// Its rows.
    pub rows: u64,
}

/// How many rows differ, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiffCounts {
    /// The same on both sides.
    pub same: u64,
    /// Only before.
    pub only_before: u64,
    /// Only after.
    pub only_after: u64,
    /// On both sides, with other cells.
    pub changed: u64,
}

/// Sums of one kind on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffTotal {
    /// The account, where it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountName>,
    /// The currency.
    pub currency: Currency,
    /// The kind.
    pub kind: &'static str,
    /// Rows before.
    pub count_before: u64,
    /// Rows after.
    pub count_after: u64,
    /// Gross, fees and net before.
    pub before: DiffFigures,
    /// The same after.
    pub after: DiffFigures,
    /// After minus before.
    pub difference: DiffFigures,
}

/// Gross, fees and net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DiffFigures {
    /// Σ gross.
    pub amount: Money,
    /// Σ fees.
    pub fee: Money,
    /// Σ net.
    pub net: Money,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffState {
    /// Both sides have it, with other cells.
    Changed,
    /// It is gone.
    OnlyBefore,
    /// It is new.
    OnlyAfter,
}

impl DiffState {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            DiffState::Changed => "changed",
            DiffState::OnlyBefore => "only_before",
            DiffState::OnlyAfter => "only_after",
        }
    }
}

/// A row that differs.
#[derive(Clone, Debug, Serialize)]
pub struct DiffRow {
    /// What became of it.
    pub state: DiffState,
    /// The columns that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<&'static str>,
    /// As it was.
    pub before: Option<DiffCells>,
    /// As it is.
    pub after: Option<DiffCells>,
}

/// The cells of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffCells {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u64,
    /// When it was posted.
    pub posted: String,
    /// Its kind.
    pub kind: &'static str,
    /// `TransactionType` as printed.
    #[serde(rename = "type")]
    pub word: String,
    /// `SettlementId`.
    pub settlement_id: String,
    /// `AmazonTransactionId`.
    pub transaction_id: String,
    /// `AmazonOrderReferenceId`.
    pub order_reference_id: String,
    /// `SellerOrderId`.
    pub seller_order_id: String,
    /// `SellerReferenceId`.
    pub seller_reference_id: String,
    /// `StoreName`.
    pub store_name: String,
    /// `TransactionDescription`.
    pub description: String,
    /// The currency.
    pub currency: Currency,
    /// Gross.
    pub amount: Money,
    /// Percentage fee.
    pub percentage_fee: Money,
    /// Fixed fee.
    pub fixed_fee: Money,
    /// Total fee.
    pub fee: Money,
    /// Net.
    pub net: Money,
    #[serde(skip)]
    instant: Instant,
    #[serde(skip)]
    extra: String,
}

impl DiffCells {
    /// Of a row, with its instants in a zone.
    #[must_use]
    pub fn of(row: &SettlementRow<'_>, file: &str, zone: Zone) -> Self {
        let money = |amount: Amount| amount.in_currency(row.currency);
        Self {
            file: file.to_owned(),
            line: row.line,
            posted: row.posted.rfc3339_in(&zone.tz()),
            kind: row.kind.word(),
            word: row.word.to_owned(),
            settlement_id: row.settlement_id.to_owned(),
            transaction_id: row.transaction_id.to_owned(),
            order_reference_id: row.order_reference_id.to_owned(),
            seller_order_id: row.seller_order_id.to_owned(),
            seller_reference_id: row.seller_reference_id.to_owned(),
            store_name: row.store_name.to_owned(),
            description: row.description.to_owned(),
            currency: row.currency,
            amount: money(row.amount),
            percentage_fee: money(row.percentage_fee),
            fixed_fee: money(row.fixed_fee),
            fee: money(row.fee),
            net: money(row.net),
            instant: row.posted,
            extra: row.extra.to_owned(),
        }
    }

    /// What makes two rows the same transaction.
    fn key(&self) -> (Currency, &'static str, &str, i64) {
        let instant = if self.transaction_id.is_empty() { self.instant.utc_millis() } else { 0 };
        (self.currency, self.kind, &self.transaction_id, instant)
    }

    /// The columns in which two rows differ.
    fn differing(&self, other: &Self) -> Vec<&'static str> {
        let texts = |cells: &Self| {
            [
                cells.word.clone(),
                cells.settlement_id.clone(),
                cells.order_reference_id.clone(),
                cells.seller_order_id.clone(),
                cells.seller_reference_id.clone(),
                cells.store_name.clone(),
                cells.description.clone(),
                cells.extra.clone(),
            ]
        };
        const TEXTS: [&str; 8] = [
            "type",
            "settlement_id",
            "order_reference_id",
            "seller_order_id",
            "seller_reference_id",
            "store_name",
            "description",
            "extra",
        ];
        const AMOUNTS: [&str; 5] = ["amount", "percentage_fee", "fixed_fee", "fee", "net"];
        let amounts = |cells: &Self| [cells.amount, cells.percentage_fee, cells.fixed_fee, cells.fee, cells.net];
        let posted = (self.instant.utc_millis() != other.instant.utc_millis()).then_some("posted");
        let amounts = AMOUNTS.into_iter().zip(amounts(self).into_iter().zip(amounts(other)));
        let texts = TEXTS.into_iter().zip(texts(self).into_iter().zip(texts(other)));
        let mut names: Vec<&'static str> = posted.into_iter().collect();
        names.extend(amounts.filter(|(_, (a, b))| a != b).map(|(name, _)| name));
        names.extend(texts.filter(|(_, (a, b))| a != b).map(|(name, _)| name));
        names
    }
}

/// Pairs rows that only one side has. Rows of one key are paired in their order.
#[must_use]
pub fn pair_rows(before: Vec<DiffCells>, after: Vec<DiffCells>) -> Vec<DiffRow> {
    let mut partners: BTreeMap<(String, &'static str, String, i64), Vec<DiffCells>> = BTreeMap::new();
    let owned = |cells: &DiffCells| {
        let (currency, kind, id, instant) = cells.key();
        (currency.code().to_owned(), kind, id.to_owned(), instant)
    };
    for cells in after.into_iter().rev() {
        partners.entry(owned(&cells)).or_default().push(cells);
    }
    let mut rows: Vec<DiffRow> = Vec::new();
    for cells in before {
        let partner = partners.get_mut(&owned(&cells)).and_then(Vec::pop);
        rows.push(match partner {
            Some(partner) => DiffRow {
                state: DiffState::Changed,
                changed: cells.differing(&partner),
                before: Some(cells),
                after: Some(partner),
            },
            None => DiffRow { state: DiffState::OnlyBefore, changed: Vec::new(), before: Some(cells), after: None },
        });
    }
    let new = partners.into_values().flatten();
    rows.extend(new.map(|cells| DiffRow {
        state: DiffState::OnlyAfter,
        changed: Vec::new(),
        before: None,
        after: Some(cells),
    }));
    let place = |row: &DiffRow| {
        let cells = row.before.as_ref().or(row.after.as_ref());
        cells.map(|cells| (cells.instant.utc_millis(), cells.file.clone(), cells.line))
    };
    rows.sort_by_key(|row| (row.state, place(row)));
    rows
}

/// Sums of both sides by account, currency and kind.
#[derive(Clone, Debug, Default)]
pub struct DiffTallies {
    tallies: BTreeMap<(Option<AccountName>, Currency, RowKind), [DiffSums; 2]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct DiffSums {
    count: u64,
    amount: Sum,
    fee: Sum,
    net: Sum,
}

/// A side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffEnd {
    /// What was.
    Before,
    /// What is.
    After,
}

impl DiffTallies {
    fn side(&mut self, key: (Option<AccountName>, Currency, RowKind), end: DiffEnd) -> &mut DiffSums {
        let [before, after] = self.tallies.entry(key).or_default();
        match end {
            DiffEnd::Before => before,
            DiffEnd::After => after,
        }
    }

    /// Adds a row.
    pub fn add_row(&mut self, row: &SettlementRow<'_>, end: DiffEnd) {
        let sums = self.side((None, row.currency, row.kind), end);
        sums.count += 1;
        sums.amount += row.amount;
        sums.fee += row.fee;
        sums.net += row.net;
    }

    /// Adds the sums of an account.
    pub fn add_tally(&mut self, account: &AccountName, currency: Currency, kind: RowKind, tally: &Tally, end: DiffEnd) {
        let sums = self.side((Some(account.clone()), currency, kind), end);
        sums.count += tally.count;
        sums.amount += tally.amount;
        sums.fee += tally.fee;
        sums.net += tally.net;
    }

    /// Adds other sums.
    pub fn merge(&mut self, other: DiffTallies) {
        for (key, sides) in other.tallies {
            for (known, more) in self.tallies.entry(key).or_default().iter_mut().zip(sides) {
                known.count += more.count;
                known.amount += more.amount;
                known.fee += more.fee;
                known.net += more.net;
            }
        }
    }

    /// The totals in the order of statements.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] where a sum does not fit a decimal, which no real file reaches.
    pub fn totals(&self) -> Result<Vec<DiffTotal>, MoneyError> {
        let place = |kind: RowKind| RowKind::ALL.iter().position(|known| *known == kind);
        let mut keys: Vec<_> = self.tallies.iter().collect();
        keys.sort_by_key(|((account, currency, kind), _)| (account.clone(), *currency, place(*kind)));
        let total = |(key, [before, after]): (&(Option<AccountName>, Currency, RowKind), &[DiffSums; 2])| {
            let (account, currency, kind) = key;
            let figures = |amount: Sum, fee: Sum, net: Sum| {
                Ok::<_, MoneyError>(DiffFigures {
                    amount: amount.in_currency(*currency)?,
                    fee: fee.in_currency(*currency)?,
                    net: net.in_currency(*currency)?,
                })
            };
            Ok(DiffTotal {
                account: account.clone(),
                currency: *currency,
                kind: kind.word(),
                count_before: before.count,
                count_after: after.count,
                before: figures(before.amount, before.fee, before.net)?,
                after: figures(after.amount, after.fee, after.net)?,
                difference: figures(after.amount - before.amount, after.fee - before.fee, after.net - before.net)?,
            })
        };
        keys.into_iter().map(total).collect()
    }
}

impl DiffDocument {
    /// Done where nothing differs, else that it does.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.same { ExitCode::Done } else { ExitCode::DoesNotTie }
    }
}
