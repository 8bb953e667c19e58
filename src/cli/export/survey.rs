//! The first pass: what the entries of a ledger will need, and whether they come in the order of their dates.
//!
//! In order, entries are written as they are read, in constant memory. Out of order, or summarised, they are
//! gathered first and sorted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::super::failure::Failure;
use super::job::{Job, Sight};
use crate::config::{Event, FiscalYearStart};
use crate::domain::{Amount, ExitCode, RowKind, Sum};
use crate::export::{AccountingFormat, amount_decimals};
use crate::ledger::Delivery;
use crate::parse::SettlementRow;
use crate::report::journal::{Bookkeeper, Entry, Granularity, Ledger, LedgerSettlement, Summary, WithoutPosting};

/// One file of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first_day: NaiveDate,
    pub(super) last_day: NaiveDate,
    pub(super) fiscal_year: (NaiveDate, NaiveDate),
}

/// Spreads entries over files: never more lines than the limit, never two fiscal years, never half an entry.
#[derive(Clone, Debug)]
pub(super) struct Files {
    lines_max: Option<usize>,
    yearly: bool,
    start: FiscalYearStart,
    days: (NaiveDate, NaiveDate),
    lines: usize,
    pub(super) parts: Vec<Part>,
}

impl Files {
    pub(super) fn new(job: &Job<'_>, ledger: &Ledger) -> Self {
        Self {
            lines_max: job.preset.lines_max(),
            yearly: job.preset.is_yearly(),
            start: job.settings.fiscal_year_start,
            days: (ledger.first_day, ledger.last_day),
            lines: 0,
            parts: Vec::new(),
        }
    }

    /// The file of an entry of this date with so many lines, from 0; it may be a new one.
    pub(super) fn place(&mut self, date: NaiveDate, lines: usize) -> Result<usize, Failure> {
        let fits = |part: &Part| {
            let room = self.lines_max.is_none_or(|max| self.lines + lines <= max || self.lines == 0);
            room && (!self.yearly || (part.fiscal_year.0..=part.fiscal_year.1).contains(&date))
        };
        if !self.parts.last().is_some_and(fits) {
            let part = self.part(date)?;
            self.parts.push(part);
            self.lines = 0;
        }
        self.lines += lines;
        Ok(self.parts.len() - 1)
    }

    fn part(&self, date: NaiveDate) -> Result<Part, Failure> {
        let year = self.start.year_of(date);
        let (first, last) = match year {
            Some(year) => year,
            None if !self.yearly => self.days,
            None => {
                let FiscalYearStart::On(first) = self.start else {
                    return Err(Failure::new(ExitCode::Defect, format!("{date} lies in no fiscal year")));
                };
                let message =
                    format!("`export.fiscal_year_start`: {date} lies outside the fiscal year that begins on {first}");
                let hint = "export months of that year, or write the start as a month and day, for example \"01-01\"";
                return Err(Failure::new(ExitCode::Configuration, message).with_hint(hint));
            }
        };
        let days = if self.yearly { (self.days.0.max(first), self.days.1.min(last)) } else { self.days };
        Ok(Part { first_day: days.0, last_day: days.1, fiscal_year: (first, last) })
    }
}

/// What the rows of a settlement add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// Σ net of the rows that only move money inside the balance.
    pub(super) inside: Sum,
    /// Σ on the clearing account.
    pub(super) clearing: Sum,
    /// Σ on the reserve account, where there is one.
    pub(super) reserve: Sum,
}

/// What the first pass found.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    pub(super) files: Files,
    pub(super) in_order: bool,
    pub(super) last: Option<NaiveDate>,
    pub(super) decimals: u32,
    /// By settlement, in the order of the ledger.
    pub(super) sums: Vec<Sums>,
    /// Files that are read twice because of their charset.
    pub(super) read_again: BTreeSet<usize>,
    pub(super) without: BTreeMap<WithoutPosting, u64>,
    /// Rows whose amounts do not add up.
    pub(super) uneven: u64,
    pub(super) entries: u64,
    pub(super) used: BTreeSet<Event>,
    pub(super) missing: BTreeSet<Event>,
    /// The entries, where they had to be gathered.
    pub(super) gathered: Option<Vec<Entry>>,
    /// What the corrections of closed months add to the balance at Amazon.
    pub(super) corrected: Sum,
}

/// Looks at every row of a ledger.
pub(super) fn survey(job: &Job<'_>, ledger: &Ledger, format: &dyn AccountingFormat) -> Result<Survey, Failure> {
    let mut book = Bookkeeper::new(ledger, job.invoice_of);
    let mut survey = Survey {
        files: Files::new(job, ledger),
        in_order: true,
        last: None,
        decimals: ledger.currency.minor_digits(),
        sums: Vec::new(),
        read_again: BTreeSet::new(),
        without: BTreeMap::new(),
        uneven: 0,
        entries: 0,
        used: BTreeSet::new(),
        missing: BTreeSet::new(),
        gathered: None,
        corrected: Sum::ZERO,
    };
    survey.correct(ledger, format)?;
    let summarised = job.by != Granularity::Transaction;
    let mut summary = Summary::new(job.by, ledger.last_day);
    for (place, settlement) in ledger.settlements.iter().enumerate() {
        survey.sums.push(Sums::default());
        let before = (survey.clone(), summary.clone());
        let mut look =
            Look { book: &mut book, settlement, place, format, survey, summary, summarised, before, begun: 0 };
        job.walk(ledger, settlement, Delivery::AsRead, &mut look)?;
        let begun = look.begun;
        (survey, summary) = (look.survey, look.summary);
        if begun > 1 {
            survey.read_again.insert(place);
        }
        survey.settlement_ends(settlement, ledger);
    }
    survey.used.extend(book.used.iter().copied());
    survey.missing.extend(book.missing.iter().copied());
    if summarised {
        survey.gather(summary.finish(), job, ledger, format)?;
    } else if !survey.in_order {
        let entries = gather(job, ledger)?;
        survey.gather(entries, job, ledger, format)?;
    }
    if survey.files.parts.is_empty() {
        survey.files.place(ledger.first_day, 0)?;
    }
    for balance in [ledger.opening, ledger.closing] {
        survey.decimals = survey.decimals.max(amount_decimals(balance, ledger.currency));
    }
    Ok(survey)
}

impl Survey {
    /// Corrections of closed months stand first, on the first day.
    fn correct(&mut self, ledger: &Ledger, format: &dyn AccountingFormat) -> Result<(), Failure> {
        let Some(delta) = &ledger.delta else { return Ok(()) };
        self.used.extend(delta.used.iter().copied());
        self.missing.extend(delta.missing.iter().copied());
        self.corrected = delta.moved(ledger);
        delta.entries.iter().try_for_each(|entry| self.count(entry, format.lines(entry)))
    }

    /// Where a settlement ends within the period, its balance is asserted; that, too, has its place in the order.
    fn settlement_ends(&mut self, settlement: &LedgerSettlement, ledger: &Ledger) {
        let date = settlement.decided.unwrap_or(settlement.end);
        if date <= ledger.last_day {
            self.last = self.last.max(Some(date));
        }
    }

    fn count(&mut self, entry: &Entry, lines: usize) -> Result<(), Failure> {
        self.in_order &= self.last.is_none_or(|last| last <= entry.date);
        self.last = self.last.max(Some(entry.date));
        self.entries += 1;
        for posting in &entry.postings {
            self.decimals = self.decimals.max(amount_decimals(posting.amount, entry.currency));
        }
        self.files.place(entry.date, lines).map(|_| ())
    }

    fn gather(
        &mut self,
        entries: Vec<Entry>,
        job: &Job<'_>,
        ledger: &Ledger,
        format: &dyn AccountingFormat,
    ) -> Result<(), Failure> {
        let corrections = ledger.delta.iter().flat_map(|delta| delta.entries.iter().cloned());
        let mut entries: Vec<Entry> = corrections.chain(entries).collect();
        for (entry, number) in entries.iter_mut().zip(1..) {
            entry.number = number;
        }
        self.files = Files::new(job, ledger);
        (self.entries, self.last) = (0, None);
        for entry in &entries {
            self.count(entry, format.lines(entry))?;
        }
        self.gathered = Some(entries);
        Ok(())
    }

    /// What the journal adds to the balance at Amazon.
    pub(super) fn moved(&self) -> Sum {
        let own: Sum = self.sums.iter().map(|sums| sums.clearing - -sums.reserve).sum();
        own - -self.corrected
    }
}

/// Looks at the rows of one settlement.
struct Look<'a, 'b> {
    book: &'a mut Bookkeeper<'b>,
    settlement: &'a LedgerSettlement,
    place: usize,
    format: &'a dyn AccountingFormat,
    survey: Survey,
    summary: Summary,
    summarised: bool,
    /// As it was when the settlement began.
    before: (Survey, Summary),
    begun: u32,
}

impl Sight for Look<'_, '_> {
    fn begin(&mut self) {
        self.begun += 1;
        if self.begun > 1 {
            (self.survey, self.summary) = self.before.clone();
        }
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Failure> {
        let inside = !row.kind.moves_balance();
        if let Some(sums) = self.survey.sums.last_mut().filter(|_| inside) {
            sums.inside += row.net;
        }
        let entry = match self.book.book(row, self.settlement) {
            Ok(entry) => entry,
            Err(why) => {
                *self.survey.without.entry(why).or_default() += 1;
                return Ok(());
            }
        };
        if let Some(sums) = self.survey.sums.last_mut() {
            sums.clearing += entry.on(Event::Clearing);
            sums.reserve += entry.on(self.book.stands_for(Event::Reserve));
        }
        self.survey.uneven += u64::from(is_uneven(row));
        if self.summarised {
            self.summary.add(entry, row.word, self.place);
            return Ok(());
        }
        let lines = self.format.lines(&entry);
        self.survey.count(&entry, lines)
    }
}

/// Whether net, gross and fees of a row do not add up, so that a part of it is in suspense.
fn is_uneven(row: &SettlementRow<'_>) -> bool {
    let sum =
        [row.amount, row.percentage_fee, row.fixed_fee].into_iter().map(Amount::units).map(i128::from).sum::<i128>();
    row.kind != RowKind::Reserve && sum != i128::from(row.net.units())
}

/// Every entry of a ledger, sorted by date; rows of one date stay in the order of the files.
fn gather(job: &Job<'_>, ledger: &Ledger) -> Result<Vec<Entry>, Failure> {
    struct Keep<'a, 'b> {
        book: Bookkeeper<'a>,
        settlement: &'b LedgerSettlement,
        entries: Vec<Entry>,
        before: usize,
    }
    impl Sight for Keep<'_, '_> {
        fn begin(&mut self) {
            self.entries.truncate(self.before);
        }

        fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Failure> {
            self.entries.extend(self.book.book(row, self.settlement).ok());
            Ok(())
        }
    }
    let mut entries = Vec::new();
    for settlement in &ledger.settlements {
        let before = entries.len();
        let mut keep = Keep { book: Bookkeeper::new(ledger, job.invoice_of), settlement, entries, before };
        job.walk(ledger, settlement, Delivery::AsRead, &mut keep)?;
        entries = keep.entries;
    }
    entries.sort_by_key(|entry: &Entry| entry.date);
    for (entry, number) in entries.iter_mut().zip(1..) {
        entry.number = number;
    }
    Ok(entries)
}
