//! The rows of a page, by settlement, and the anchors by which figures find them.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::view::{Figure, Moment, figure, moment};
use crate::domain::{Amount, Zone};
use crate::export::language::Words;
use crate::export::table::clean;
use crate::report::{Account, DetailRow, Details, PeriodRange, Statement};

/// Where things stand in the page.
pub(super) struct Places<'a> {
    files: HashMap<&'a str, String>,
    /// Accounts and settlements by file.
    settlements: HashMap<&'a str, Vec<(usize, usize)>>,
    rows: HashSet<(usize, usize, u64)>,
    /// Settlements with a listed row.
    listed: HashSet<(usize, usize)>,
}

impl<'a> Places<'a> {
    /// Of everything that the page lists.
    pub(super) fn of(statement: &'a Statement, details: &Details, files: HashMap<&'a str, String>) -> Self {
        let mut settlements: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        for (account_place, account) in statement.accounts.iter().enumerate() {
            for (place, line) in account.settlements.iter().enumerate() {
                settlements.entry(line.source.as_str()).or_default().push((account_place, place));
            }
        }
        let rows = details.rows.iter().map(|row| (row.account, row.settlement, row.line)).collect();
        let listed = details.rows.iter().map(|row| (row.account, row.settlement)).collect();
        Self { files, settlements, rows, listed }
    }

    /// The anchor of a file.
    pub(super) fn file(&self, file: &str) -> Option<String> {
        self.files.get(file).cloned()
    }

    /// A file for reading.
    pub(super) fn file_view(&self, file: &str) -> FileView {
        let path = clean(file);
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        FileView { name, path, anchor: self.file(file) }
    }

    /// The anchor of a file's rows in an account.
    pub(super) fn settlement(&self, account: usize, file: &str) -> Option<String> {
        let (_, place) = self.settlements.get(file)?.iter().find(|(owner, _)| *owner == account)?;
        self.lists(account, *place).then(|| group_id(account, *place))
    }

    /// Whether a row of the settlement is listed.
    pub(super) fn lists(&self, account: usize, settlement: usize) -> bool {
        self.listed.contains(&(account, settlement))
    }

    /// The anchor of a row, where it is listed.
    pub(super) fn row(&self, file: &str, line: u64) -> Option<String> {
        let places = self.settlements.get(file)?.iter();
        let (account, place) =
            places.into_iter().find(|(account, place)| self.rows.contains(&(*account, *place, line)))?;
        Some(row_id(*account, *place, line))
    }

    /// The anchor of a row, else that of its file.
    pub(super) fn nearest(&self, file: Option<&str>, line: Option<u64>) -> Option<String> {
        let file = file?;
        line.and_then(|line| self.row(file, line)).or_else(|| self.file(file))
    }
}

fn group_id(account: usize, settlement: usize) -> String {
    format!("a{}-s{settlement}", account + 1)
}

fn row_id(account: usize, settlement: usize, line: u64) -> String {
    format!("{}-{line}", group_id(account, settlement))
}

/// A file as people recognise it: its own name, its whole path, and where the page lists it.
#[derive(Serialize)]
pub(super) struct FileView {
    name: String,
    path: String,
    anchor: Option<String>,
}

/// The listed rows of one settlement.
#[derive(Serialize)]
pub(super) struct RowGroup {
    id: String,
    settlement: String,
    file: FileView,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    id: String,
    kind: &'static str,
    word: String,
    label: String,
    line: u64,
    posted: Moment,
    order: String,
    reference: String,
    transaction: String,
    description: String,
    amount: Figure,
    fee: Figure,
    net: Figure,
}

/// The listed rows of an account, by settlement.
pub(super) fn row_groups(
    place: usize,
    account: &Account,
    details: &Details,
    places: &Places<'_>,
    period: &PeriodRange,
    words: Words,
) -> Vec<RowGroup> {
    let zone: Zone = period.timezone.parse().unwrap_or(Zone::UTC);
    let mut groups: Vec<RowGroup> = Vec::new();
    let mut last = None;
    for row in details.rows.iter().filter(|row| row.account == place) {
        if last != Some(row.settlement) {
            groups.extend(group(place, account, row.settlement, places, words));
            last = Some(row.settlement);
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(view(row, account, zone, words));
        }
    }
    groups
}

fn group(place: usize, account: &Account, at: usize, places: &Places<'_>, words: Words) -> Option<RowGroup> {
    let line = account.settlements.get(at)?;
    let id = line.settlement_id.as_ref();
    Some(RowGroup {
        id: group_id(place, at),
        settlement: id
            .map_or_else(|| words.of_label(crate::export::language::Label::NoRows).to_owned(), |id| clean(id.as_str())),
        file: places.file_view(&line.source),
        rows: Vec::new(),
    })
}

fn view(row: &DetailRow, account: &Account, zone: Zone, words: Words) -> RowView {
    let money = |amount: Amount| figure(amount.in_currency(account.currency), words);
    RowView {
        id: row_id(row.account, row.settlement, row.line),
        kind: row.kind.word(),
        label: words.kind(row.kind.word()),
        word: clean(&row.word),
        line: row.line,
        posted: moment(&row.posted.rfc3339_in(&zone.tz()), words),
        order: clean(&row.seller_order_id),
        reference: clean(&row.order_reference_id),
        transaction: clean(&row.transaction_id),
        description: clean(&row.description),
        amount: money(row.amount),
        fee: money(row.fee),
        net: money(row.net),
    }
}
