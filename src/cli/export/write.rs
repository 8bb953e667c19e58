//! The second pass: entries into files.

use std::collections::BTreeMap;

use super::super::args::Common;
use super::super::failure::Failure;
use super::super::world::World;
use super::job::{Exported, Job, Sight};
use super::output::{FileName, Output, paths};
use super::survey::{Files, Part, Survey, survey};
use super::unfit;
use crate::config::Event;
use crate::domain::{Currency, ExitCode, Sum};
use crate::export::{AccountingFormat, BalancePoint, CLIENT_DEFAULT, CONSULTANT_DEFAULT, FileFacts, Preset};
use crate::ledger::Delivery;
use crate::parse::SettlementRow;
use crate::report::journal::{Bookkeeper, Entry, Ledger, LedgerSettlement, WithoutPosting};

/// Writes the journal of all ledgers; answers what is worth saying about it.
pub(super) fn write(
    job: &Job<'_>,
    ledgers: &[Ledger],
    common: &Common,
    world: &mut World<'_>,
) -> Result<Exported, Failure> {
    let new_format = || {
        let missing = || Failure::new(ExitCode::Defect, format!("{} has no writer of entries", job.preset));
        job.preset.format(job.dialect).ok_or_else(missing)
    };
    let probe = new_format()?;
    let surveys = ledgers.iter().map(|ledger| survey(job, ledger, &*probe)).collect::<Result<Vec<_>, _>>()?;
    refuse_missing(&surveys)?;
    for (ledger, survey) in ledgers.iter().zip(&surveys) {
        compare(ledger, survey.moved())?;
    }
    let files = file_names(job, ledgers, &surveys);
    let mut paths = paths(job, &files, common.output.as_deref())?.into_iter();
    let mut decimals: BTreeMap<Currency, u32> = BTreeMap::new();
    for (ledger, survey) in ledgers.iter().zip(&surveys) {
        let most = decimals.entry(ledger.currency).or_default();
        *most = (*most).max(survey.decimals);
    }
    let mut done: Vec<Output> = Vec::new();
    let mut told = Vec::new();
    let shared = job.preset.shares_a_file();
    let mut format = new_format()?;
    let mut output =
        if shared && !ledgers.is_empty() { Some(Output::open(paths.next().flatten().as_ref())?) } else { None };
    for (ledger, survey) in ledgers.iter().zip(&surveys) {
        if !shared {
            format = new_format()?;
        }
        let decimals = decimals.get(&ledger.currency).copied().unwrap_or_default();
        let mut writing = Writing {
            job,
            ledger,
            survey,
            decimals,
            world: &mut *world,
            format: &mut *format,
            files: Files::new(job, ledger),
            part: None,
            output: output.take(),
            done: &mut done,
            paths: &mut paths,
            shared,
            booked: Sum::ZERO,
            set_aside: Sum::ZERO,
            number: 0,
            failure: None,
        };
        writing.run()?;
        let booked = writing.booked;
        output = writing.output.take();
        compare(ledger, booked)?;
        if !shared {
            told.extend(changes(&*format));
        }
    }
    if shared {
        told.extend(changes(&*format));
    }
    if let Some(mut last) = output {
        last.pass_all(world)?;
        done.push(last);
    }
    let mut written = Vec::new();
    for output in done {
        written.extend(output.commit(job.replace)?);
    }
    told.extend(ledgers.iter().zip(&surveys).map(|(ledger, survey)| summary(ledger, survey)));
    told.extend(remarks(job, ledgers));
    Ok(Exported::new(told, written))
}

fn refuse_missing(surveys: &[Survey]) -> Result<(), Failure> {
    let missing: std::collections::BTreeSet<Event> =
        surveys.iter().flat_map(|survey| &survey.missing).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = missing.iter().map(|event| format!("`accounts_map.{}`", event.key())).collect();
    let message = format!("this month needs accounts that the map lacks: {}", keys.join(", "));
    let hint =
        "name each below [accounts_map], for example `clearing = \"517000 Amazon Pay\"`, or choose `export.chart`";
    Err(Failure::new(ExitCode::Configuration, message).with_hint(hint))
}

/// The journal moves the balance exactly as the statement does, or nothing is written.
pub(super) fn compare(ledger: &Ledger, booked: Sum) -> Result<(), Failure> {
    let stated = ledger.closing - ledger.opening;
    if stated == booked {
        return Ok(());
    }
    let shown = |sum: Sum| sum.in_currency(ledger.currency).map(|money| money.to_string()).unwrap_or_default();
    let message = format!(
        "{} {}: the journal moves the balance by {}, the statement by {}",
        ledger.account,
        ledger.currency,
        shown(booked),
        shown(stated)
    );
    Err(Failure::new(ExitCode::Defect, message))
}

fn file_names<'a>(job: &Job<'_>, ledgers: &'a [Ledger], surveys: &[Survey]) -> Vec<FileName<'a>> {
    if job.preset.shares_a_file() {
        let last_day = ledgers.first().map(|ledger| ledger.last_day);
        return ledgers.first().map(|_| FileName { ledger: None, part: (1, 1), last_day }).into_iter().collect();
    }
    let of_ledger = |(ledger, survey): (&'a Ledger, &Survey)| {
        let parts = survey.files.parts.clone();
        let of = parts.len();
        parts.into_iter().zip(1..).map(move |(part, number)| FileName {
            ledger: Some(ledger),
            part: (number, of),
            last_day: Some(part.last_day),
        })
    };
    ledgers.iter().zip(surveys).flat_map(of_ledger).collect()
}

/// What was changed in texts, whatever `-q` says of the rest.
fn changes(format: &dyn AccountingFormat) -> Vec<String> {
    let sentences = format.replaced().map(|replaced| replaced.sentences(format.charset())).unwrap_or_default();
    sentences.into_iter().map(|sentence| format!("warning: {sentence}")).collect()
}

fn summary(ledger: &Ledger, survey: &Survey) -> String {
    let shown = |sum: Sum| sum.in_currency(ledger.currency).map(|money| money.to_string()).unwrap_or_default();
    let mut text = format!(
        "{} {}: {} entries; opening {} + journal {} = closing {}",
        ledger.account,
        ledger.currency,
        survey.entries,
        shown(ledger.opening),
        shown(survey.moved()),
        shown(ledger.closing)
    );
    let without = |why| survey.without.get(&why).copied().unwrap_or(0);
    let counted = [
        (without(WithoutPosting::WithinBalance), "rows of reserve and carry-over move nothing"),
        (without(WithoutPosting::Zero), "rows of zero have no entry"),
        (survey.uneven, "rows do not add up; the difference is in suspense"),
    ];
    let corrections = ledger.delta.as_ref().map_or(0, |delta| delta.entries.len());
    if corrections > 0 {
        text.push_str(&format!("; {corrections} of them correct months that were closed"));
    }
    for (count, what) in counted.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("; {count} {what}"));
    }
    text
}

fn remarks(job: &Job<'_>, ledgers: &[Ledger]) -> Vec<String> {
    let settings = job.settings;
    match job.preset {
        _ if ledgers.is_empty() => vec!["nothing to export; no file is written".to_owned()],
        Preset::Fec => vec!["this is an extract of one journal, not a complete FEC".to_owned()],
        Preset::Datev if settings.datev_consultant.is_none() || settings.datev_client.is_none() => vec![format!(
            "warning: `export.datev_consultant` and `export.datev_client` are not both set; {CONSULTANT_DEFAULT} and {CLIENT_DEFAULT} stand for them, and DATEV will ask"
        )],
        _ => Vec::new(),
    }
}

/// Writes one ledger.
struct Writing<'a, 'w> {
    job: &'a Job<'a>,
    ledger: &'a Ledger,
    survey: &'a Survey,
    decimals: u32,
    world: &'a mut World<'w>,
    format: &'a mut dyn AccountingFormat,
    files: Files,
    /// The file that is being written, from 0.
    part: Option<usize>,
    output: Option<Output>,
    done: &'a mut Vec<Output>,
    paths: &'a mut dyn Iterator<Item = Option<std::path::PathBuf>>,
    shared: bool,
    /// Σ on clearing and reserve so far.
    booked: Sum,
    /// Σ on the reserve account so far.
    set_aside: Sum,
    number: u64,
    failure: Option<Failure>,
}

impl Writing<'_, '_> {
    fn run(&mut self) -> Result<(), Failure> {
        let survey = self.survey;
        match &survey.gathered {
            Some(entries) => entries.iter().try_for_each(|entry| self.entry(entry))?,
            None => self.stream()?,
        }
        if self.part.is_none() {
            let place = self.files.place(self.ledger.first_day, 0)?;
            self.begin_part(place)?;
        }
        let of = format!("end of {}", self.ledger.last_day);
        self.balance(self.ledger.last_day, self.ledger.closing, &of);
        self.end_part()
    }

    /// Entries as they are read, with the statement's balance after each settlement.
    fn stream(&mut self) -> Result<(), Failure> {
        let ledger = self.ledger;
        for entry in ledger.delta.iter().flat_map(|delta| &delta.entries) {
            self.number += 1;
            self.entry(&Entry { number: self.number, ..entry.clone() })?;
        }
        let mut balance = ledger.opening - -self.survey.corrected;
        let mut book = Bookkeeper::new(self.ledger, self.job.invoice_of);
        let mut last = self.ledger.first_day;
        for (place, (settlement, sums)) in self.ledger.settlements.iter().zip(&self.survey.sums).enumerate() {
            let again = self.survey.read_again.contains(&place);
            let delivery = if again { Delivery::WhenWhole } else { Delivery::AsRead };
            let (job, ledger) = (self.job, self.ledger);
            let mut step = Step { writing: self, book: &mut book, settlement, last };
            job.walk(ledger, settlement, delivery, &mut step)?;
            last = step.last;
            // The statement's own figure, less what only moved inside the balance.
            balance += settlement.net_in_period - sums.inside;
            let date = settlement.decided.unwrap_or(settlement.end).max(last);
            if date <= self.ledger.last_day && settlement.decided.unwrap_or(settlement.end) <= self.ledger.last_day {
                last = date;
                let of =
                    settlement.id.as_ref().map_or_else(|| "settlement".to_owned(), |id| format!("settlement {id}"));
                self.balance(date, balance, &of);
            }
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), Failure> {
        let place = self.files.place(entry.date, self.format.lines(entry))?;
        if self.part != Some(place) {
            self.begin_part(place)?;
        }
        let reserve = if self.ledger.map.get(Event::Reserve).is_some() { entry.on(Event::Reserve) } else { Sum::ZERO };
        self.set_aside += reserve;
        self.booked += entry.on(Event::Clearing);
        self.booked += reserve;
        let facts = facts(self.job, self.ledger, self.survey, self.decimals, &self.files, place);
        let Some(output) = &mut self.output else { return Ok(()) };
        self.format.entry(&facts, entry, &mut output.bytes).map_err(|why| unfit(&why))?;
        output.pass(self.world)
    }

    /// Asserts the clearing account: the balance at Amazon, less what stands on the reserve account.
    fn balance(&mut self, date: chrono::NaiveDate, total: Sum, of: &str) {
        let Some(part) = self.part else { return };
        let facts = facts(self.job, self.ledger, self.survey, self.decimals, &self.files, part);
        let point = BalancePoint { date, amount: total - self.set_aside, of };
        if let Some(output) = &mut self.output {
            self.format.balance(&facts, point, &mut output.bytes);
        }
    }

    fn begin_part(&mut self, place: usize) -> Result<(), Failure> {
        if self.part.is_some() {
            self.end_part()?;
        }
        if !self.shared {
            let path = self.paths.next().flatten();
            self.output = Some(Output::open(path.as_ref())?);
        }
        self.part = Some(place);
        let facts = facts(self.job, self.ledger, self.survey, self.decimals, &self.files, place);
        let Some(output) = &mut self.output else { return Ok(()) };
        self.format.begin(&facts, &mut output.bytes).map_err(|why| unfit(&why))
    }

    fn end_part(&mut self) -> Result<(), Failure> {
        let Some(place) = self.part else { return Ok(()) };
        let facts = facts(self.job, self.ledger, self.survey, self.decimals, &self.files, place);
        let Some(output) = &mut self.output else { return Ok(()) };
        self.format.end(&facts, &mut output.bytes);
        output.pass(self.world)?;
        if self.shared {
            return Ok(());
        }
        output.pass_all(self.world)?;
        let beside = self.format.beside(&facts);
        let beside = beside.map(|(ending, text)| output.beside(ending, &text)).transpose()?.flatten();
        self.done.extend(self.output.take());
        self.done.extend(beside);
        Ok(())
    }
}

fn facts<'a>(
    job: &Job<'a>,
    ledger: &'a Ledger,
    survey: &'a Survey,
    decimals: u32,
    files: &Files,
    place: usize,
) -> FileFacts<'a> {
    let days = (ledger.first_day, ledger.last_day);
    let part = files.parts.get(place).cloned();
    let part = part.unwrap_or(Part { first_day: days.0, last_day: days.1, fiscal_year: days });
    FileFacts {
        ledger,
        settings: job.settings,
        used: &survey.used,
        decimals,
        first_day: part.first_day,
        last_day: part.last_day,
        fiscal_year: part.fiscal_year,
        number: place + 1,
        of: survey.files.parts.len(),
        created: job.created,
    }
}

/// Writes the rows of one settlement.
struct Step<'a, 'b, 'c, 'd> {
    writing: &'a mut Writing<'b, 'c>,
    book: &'a mut Bookkeeper<'d>,
    settlement: &'a LedgerSettlement,
    last: chrono::NaiveDate,
}

impl Sight for Step<'_, '_, '_, '_> {
    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Failure> {
        let Ok(mut entry) = self.book.book(row, self.settlement) else { return Ok(()) };
        self.writing.number += 1;
        entry.number = self.writing.number;
        self.last = self.last.max(entry.date);
        self.writing.entry(&entry)
    }
}
