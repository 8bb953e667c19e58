//! The corrections of closed months: their rows read again, crossed off against each other, and booked.

use std::collections::{BTreeMap, BTreeSet};

use super::super::failure::Failure;
use super::super::restated_rows::{RowSource, month_of};
use crate::config::Event;
use crate::domain::{AccountName, Currency, DocumentId, ExitCode, Money, Month, Sum};
use crate::ledger::RowVisitor;
use crate::parse::{Fault, SettlementRow};
use crate::reconcile::{Likeness, Restated, RowPrint, RowPrints};
use crate::report::journal::{
    Bookkeeper, Delta, DeltaBook, Entry, Granularity, InvoiceOf, Ledger, LedgerSettlement, Turn,
};
use crate::report::{Account, Ask, OPENING_RESTATED, PriorPeriod, Statement};

/// Single entries that are kept for a journal; more have to be summarised.
const ENTRIES_MAX: usize = 2_000_000;

/// What the corrections are made from.
pub(super) struct Corrections<'a> {
    /// The documents whose rows count otherwise.
    pub(super) moved: &'a [Restated],
    /// The zones in which months are cut.
    pub(super) ask: &'a Ask,
    pub(super) source: &'a RowSource<'a>,
    pub(super) by: Granularity,
    pub(super) invoice_of: Option<&'a InvoiceOf<'a>>,
}

type Key = (AccountName, Currency);

/// Gives each ledger the corrections of its closed months; it then begins with the balance of the close.
pub(super) fn add_corrections(
    ledgers: &mut [Ledger],
    corrections: &Corrections<'_>,
    statement: &Statement,
) -> Result<(), Failure> {
    let mut unlike = corrections.unlike()?;
    for ledger in ledgers {
        let mut accounts = statement.accounts.iter();
        let account = accounts.find(|account| account.account == ledger.account && account.currency == ledger.currency);
        let Some(prior) = account.and_then(|account| account.prior_period.as_ref()) else { continue };
        let prints = unlike.remove(&(ledger.account.clone(), ledger.currency)).unwrap_or_default();
        ledger.delta = Some(corrections.delta(ledger, prints, &restated_openings(prior)?)?);
        ledger.opening = Sum::of(prior.closed_balance)?;
    }
    Ok(())
}

/// Makes ledgers of nothing but the corrections of a closed month; one without any goes.
pub(super) fn only_corrections(
    ledgers: Vec<Ledger>,
    corrections: &Corrections<'_>,
    closed: &Statement,
) -> Result<Vec<Ledger>, Failure> {
    let mut unlike = corrections.unlike()?;
    let mut corrected = Vec::new();
    for mut ledger in ledgers {
        let mut accounts = closed.accounts.iter();
        let account = accounts.find(|account| account.account == ledger.account && account.currency == ledger.currency);
        let balance = |money: fn(&Account) -> Money| account.map_or(Ok(Sum::ZERO), |account| Sum::of(money(account)));
        let (opened, closed) = (balance(|one| one.opening_balance)?, balance(|one| one.closing_balance)?);
        let moved = (ledger.closing - ledger.opening) - (closed - opened);
        let prints = unlike.remove(&(ledger.account.clone(), ledger.currency)).unwrap_or_default();
        ledger.settlements.clear();
        let delta = corrections.delta(&ledger, prints, &[])?;
        (ledger.opening, ledger.closing) = (closed, closed - -moved);
        if !delta.entries.is_empty() || !moved.is_zero() {
            ledger.delta = Some(delta);
            corrected.push(ledger);
        }
    }
    Ok(corrected)
}

fn restated_openings(prior: &PriorPeriod) -> Result<Vec<(Month, Sum)>, Failure> {
    let lines = prior.adjustments.iter().filter(|line| line.kind == OPENING_RESTATED);
    let opening = |line: &crate::report::Adjustment| Ok((line.month.parse()?, Sum::of(line.net)?));
    lines.map(opening).collect()
}

impl Corrections<'_> {
    /// Fingerprints of the rows that count on one side only, by account and currency.
    fn unlike(&self) -> Result<BTreeMap<Key, RowPrints>, Failure> {
        let mut prints: BTreeMap<Key, RowPrints> = BTreeMap::new();
        for moved in self.by_document() {
            let mut count = Count { moved: &moved, ask: self.ask, own: Vec::new() };
            self.read(&moved, &mut count)?;
            for (key, print, sign) in count.own {
                prints.entry(key).or_default().add(print, sign);
            }
        }
        Ok(prints)
    }

    fn delta(&self, ledger: &Ledger, prints: RowPrints, opening: &[(Month, Sum)]) -> Result<Delta, Failure> {
        let mut delta = DeltaBook::new(self.by, ledger.first_day);
        opening.iter().for_each(|(month, amount)| delta.add_opening(*month, *amount, ledger));
        let own = |moved: &&Restated| moved.account == ledger.account && moved.currency == ledger.currency;
        let mut book = Book { book: Bookkeeper::new(ledger, self.invoice_of), missing: BTreeSet::new(), prints };
        let mut entries = 0;
        for moved in self.moved.iter().filter(own) {
            let settlement = LedgerSettlement {
                id: None,
                file: moved.file.clone(),
                decided: None,
                end: ledger.first_day,
                net_in_period: Sum::ZERO,
            };
            let mut step =
                Step { moved, ask: self.ask, settlement, book: &mut book, own: Vec::new(), taken: Vec::new() };
            self.source.each(&moved.document, &moved.file, &mut step)?;
            let own = step.own;
            entries += own.len();
            if self.by == Granularity::Transaction && entries > ENTRIES_MAX {
                let message = format!(
                    "{} {}: more than {ENTRIES_MAX} rows correct closed months",
                    ledger.account, ledger.currency
                );
                return Err(Failure::new(ExitCode::Usage, message).with_hint("summarise with --by day or --by month"));
            }
            own.into_iter().for_each(|(month, turn, entry, word)| delta.add(month, turn, entry, &word));
        }
        book.missing.extend(book.book.missing.iter().copied());
        Ok(delta.finish(book.missing))
    }

    fn by_document(&self) -> Vec<Vec<&Restated>> {
        let mut by_document: BTreeMap<&DocumentId, Vec<&Restated>> = BTreeMap::new();
        for moved in self.moved {
            by_document.entry(&moved.document).or_default().push(moved);
        }
        by_document.into_values().collect()
    }

    fn read(&self, moved: &[&Restated], visitor: &mut dyn RowVisitor) -> Result<(), Failure> {
        moved.first().map_or(Ok(()), |first| self.source.each(&first.document, &first.file, visitor))
    }
}

/// The first pass over one document.
struct Count<'a> {
    moved: &'a [&'a Restated],
    ask: &'a Ask,
    own: Vec<(Key, RowPrint, i64)>,
}

impl RowVisitor for Count<'_> {
    fn begin(&mut self) {
        self.own.clear();
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        let Some(moved) = self.moved.iter().find(|moved| moved.currency == row.currency) else { return Ok(()) };
        let sign = moved.sign(row.posted);
        if sign != 0 {
            let print = RowPrint::of(row, Likeness::Booked(month_of(moved, row, self.ask)));
            self.own.push(((moved.account.clone(), moved.currency), print, sign));
        }
        Ok(())
    }
}

/// What the second pass carries from document to document.
struct Book<'a> {
    book: Bookkeeper<'a>,
    missing: BTreeSet<Event>,
    prints: RowPrints,
}

/// The second pass over one document.
struct Step<'a, 'b> {
    moved: &'a Restated,
    ask: &'a Ask,
    settlement: LedgerSettlement,
    book: &'a mut Book<'b>,
    own: Vec<(Month, Turn, Entry, String)>,
    taken: Vec<(RowPrint, i64)>,
}

impl RowVisitor for Step<'_, '_> {
    fn begin(&mut self) {
        self.own.clear();
        for (print, sign) in self.taken.drain(..) {
            self.book.prints.put_back(print, sign);
        }
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        let sign = self.moved.sign(row.posted);
        if sign == 0 || row.currency != self.moved.currency {
            return Ok(());
        }
        let month = month_of(self.moved, row, self.ask);
        let print = RowPrint::of(row, Likeness::Booked(month));
        if self.book.prints.take(print, sign) {
            self.taken.push((print, sign));
            let turn = if sign > 0 { Turn::Adjusts } else { Turn::Reverses };
            let entry = self.book.book.book(row, &self.settlement).ok();
            self.own.extend(entry.map(|entry| (month, turn, entry, row.word.to_owned())));
        }
        Ok(())
    }
}
