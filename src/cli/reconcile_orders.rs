//! The order and fee sections of `settle reconcile`.
//!
//! Rows are read once for both, from the documents that can hold rows of the months concerned. Where a
//! finding asks for more (the capture of a late refund, the order of an early capture), only the rows with
//! its keys are read from the rest.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::load::{Loaded, gather_named, read_options};
use super::reconcile::Bounds;
use super::settlement_rows::settlement_rows;
use super::world::World;
use crate::config::{Environment, Settings, Tariff};
use crate::domain::{DocumentId, ExitCode, Instant, Period};
use crate::export::{CsvDialect, Target, WriteError, claims_csv};
use crate::parse::{Input, ReadOptions};
use crate::reconcile::fees::{FeeAuditor, FeeFindings, FeeSink, FeeTally};
use crate::reconcile::orders::{
    InvoiceLookup, Listing, OrderAsk, OrderBook, OrderFile, OrderMapping, OrderReading, OrderReconciliation,
    PaymentFilter, PaymentPiece, PaymentSink, Payments, SandboxRows, Window, read_orders, reconcile_orders,
};
use crate::reconcile::{SettlementDocument, settle_conflicts};
use crate::report::{
    FeeAudit, OrderDocument, OrderLists, OrderReconciled, OrderTotal, Problem, Severity, Source, fee_document,
    order_document,
};

/// How far outside the period orders and captures are looked for, where no config says it.
const MARGIN_MILLIS: i64 = 45 * 24 * 60 * 60 * crate::domain::MILLIS_PER_SECOND;

/// What orders and fees add to the document.
#[derive(Default)]
pub(super) struct OrderSections {
    pub(super) orders: Vec<OrderReconciled>,
    pub(super) totals: Vec<OrderTotal>,
    pub(super) lists: Option<OrderLists>,
    pub(super) fees: Option<FeeAudit>,
    pub(super) problems: Vec<Problem>,
    pub(super) sources: Vec<Source>,
}

/// What is asked of orders and fees.
pub(super) struct OrderRequest<'a> {
    /// Which orders are shown.
    pub(super) listing: Listing,
    /// Where fees that were charged too much go.
    pub(super) claims: Option<(&'a Path, CsvDialect)>,
}

/// Order lists, each with the mapping that was named for it.
#[derive(Default)]
pub(super) struct OrderInputs {
    /// Whether any was given, also one that cannot be opened.
    pub(super) given: bool,
    /// Those that can be opened, by name.
    pub(super) inputs: Vec<(Input, Option<String>)>,
    errors: Vec<Problem>,
}

impl OrderInputs {
    /// Those that the command line names.
    pub(super) fn named(orders: &[PathBuf], settings: Option<&Settings>, world: &mut World<'_>) -> Self {
        let mappings = settings.map(|settings| settings.orders.as_slice()).unwrap_or_default();
        let configured: Vec<OrderMapping> = mappings.iter().map(OrderMapping::configured).collect();
        let (mut inputs, mut errors) = (Vec::new(), Vec::new());
        for path in orders {
            let (named, path) = split_name(path, &configured);
            let gathered = gather_named(&[path], world);
            errors.extend(gathered.errors.iter().map(Problem::of_error));
            inputs.extend(gathered.inputs.into_iter().map(|input| (input, named.clone())));
        }
        Self { errors, ..Self::of(inputs) }.given_if(!orders.is_empty())
    }

    /// Those at hand. The order in which files were named decides nothing.
    pub(super) fn of(mut inputs: Vec<(Input, Option<String>)>) -> Self {
        inputs.sort_by(|(a, _), (b, _)| a.name().cmp(b.name()));
        Self { given: !inputs.is_empty(), inputs, errors: Vec::new() }
    }

    fn given_if(self, given: bool) -> Self {
        Self { given, ..self }
    }

    /// What could not be opened.
    pub(super) fn errors(&self) -> &[Problem] {
        &self.errors
    }
}

/// The order lists of a run, before they are read.
pub(super) struct OrderFiles {
    lists: ListReader,
    book: OrderBook,
}

/// The order lists of a run.
pub(super) struct OrdersRead {
    lists: ListReader,
    book: OrderBook,
    files: Vec<OrderFile>,
    problems: Vec<Problem>,
}

impl OrderFiles {
    /// The lists that are given; `None` where none is.
    pub(super) fn of(
        lists: OrderInputs,
        settings: Option<&Settings>,
        period: &Period,
        world: &World<'_>,
    ) -> Option<Self> {
        let reader = |lists| ListReader::new(lists, settings, period, world);
        lists.given.then(|| Self { lists: reader(lists), book: OrderBook::default() })
    }

    /// What keeps the rows of settlements that these orders are held against.
    pub(super) fn payment_filter(&self) -> PaymentFilter {
        self.book.payment_filter(self.lists.reading.window, None)
    }

    /// Reads them all.
    pub(super) fn read(mut self) -> OrdersRead {
        let mut problems = Vec::new();
        let files = self.lists.read(&mut self.book, None, &mut problems);
        OrdersRead { lists: self.lists, book: self.book, files, problems }
    }
}

/// Orders against captures and refunds, fees against the tariff.
pub(super) fn order_sections(
    request: OrderRequest<'_>,
    bounds: &Bounds<'_>,
    loaded: &mut Loaded,
    orders: Option<OrdersRead>,
    world: &mut World<'_>,
) -> Result<OrderSections, Failure> {
    let mut sections = OrderSections::default();
    let tariffs = bounds.accounts.settings().map(|settings| settings.tariffs.clone()).unwrap_or_default();
    if orders.is_none() && tariffs.is_empty() {
        return match request.claims {
            Some(_) => Err(Failure::new(ExitCode::Usage, "--claims needs a tariff in the config")
                .with_hint("add [tariff.NAME] to it")),
            None => Ok(sections),
        };
    }
    let mut work = Work {
        bounds,
        documents: counted(loaded),
        options: read_options(world),
        tariffs,
        window: orders.as_ref().map_or(Window::ALWAYS, |orders| orders.lists.reading.window),
        fees: FeeFindings::default(),
    };
    let mut payments = Payments::default();
    let filter = orders.as_ref().map(|orders| orders.book.payment_filter(work.window, None));
    work.read(filter.as_ref(), &mut payments, Share::Whole(std::mem::take(&mut loaded.payments)))?;
    if let Some(OrdersRead { lists, mut book, files, problems }) = orders {
        sections.problems = problems;
        let ask = order_ask(request.listing, bounds, &work);
        let outside = files.iter().any(|file| file.count.outside > 0);
        let again = if outside { Some(&lists) } else { None };
        let done = work.reconcile(&mut book, &mut payments, again, &ask)?;
        sections.problems.extend(book.conflicts.iter().map(conflict_problem));
        sections.sources = files.iter().map(source).collect();
        let OrderDocument { orders, totals, lists } = order_document(done, &files, bounds.ask.period.zone())?;
        (sections.orders, sections.totals, sections.lists) = (orders, totals, Some(lists));
    }
    if !work.tariffs.is_empty() {
        let audit = fee_document(std::mem::take(&mut work.fees), &work.tariffs, bounds.ask.period.zone())?;
        sections.problems.extend(without_tariff(&audit));
        if let Some((path, dialect)) = request.claims {
            write_claims(&audit, path, dialect, world)?;
        }
        sections.fees = Some(audit);
    }
    Ok(sections)
}

/// Every settlement that counts, with where its bytes are.
pub(super) fn counted(loaded: &Loaded) -> Vec<(SettlementDocument, Input)> {
    let (documents, _) = settle_conflicts(loaded.facts.documents.clone());
    let input = |document: &SettlementDocument| loaded.settlements.iter().find(|input| input.name() == document.file);
    let with_input = documents.into_iter().filter_map(|document| {
        let input = input(&document)?.clone();
        Some((document, input))
    });
    with_input.collect()
}

fn order_ask(listing: Listing, bounds: &Bounds<'_>, work: &Work<'_>) -> OrderAsk {
    let starts = work.documents.iter().map(|(document, _)| document.start).min();
    let ends = work.documents.iter().map(|(document, _)| document.end).max();
    OrderAsk { period: bounds.ask.period, known: starts.zip(ends), listing, workers: work.options.workers }
}

/// The invoices of the orders in some lists, whenever those were placed: a refund can be of an old order.
pub(super) fn invoices(
    orders: OrderInputs,
    settings: Option<&Settings>,
    period: &Period,
    world: &World<'_>,
) -> (InvoiceLookup, Vec<Problem>) {
    let mut lists = ListReader::new(orders, settings, period, world);
    lists.reading.window = Window::ALWAYS;
    let (mut book, mut problems) = (OrderBook::default(), Vec::new());
    lists.read(&mut book, None, &mut problems);
    problems.extend(book.conflicts.iter().map(conflict_problem));
    (InvoiceLookup::new(book), problems)
}

/// Reads the order lists that the command line names.
struct ListReader {
    lists: OrderInputs,
    reading: OrderReading,
    options: ReadOptions,
}

impl ListReader {
    fn new(lists: OrderInputs, settings: Option<&Settings>, period: &Period, world: &World<'_>) -> Self {
        let mappings = settings.map(|settings| settings.orders.as_slice()).unwrap_or_default();
        let margin = mappings.iter().map(|mapping| mapping.margin.num_milliseconds()).max().unwrap_or(MARGIN_MILLIS);
        let window = Window {
            from_millis: period.from().utc_millis().saturating_sub(margin),
            until_millis: period.until().utc_millis().saturating_add(margin),
        };
        let configured: Vec<OrderMapping> = mappings.iter().map(OrderMapping::configured).collect();
        let zone = period.zone();
        Self { lists, reading: OrderReading { configured, zone, window, wanted: None }, options: read_options(world) }
    }

    /// Reads every list; a refused one becomes a problem and does not stop the others.
    fn read(&self, book: &mut OrderBook, wanted: Option<HashSet<u64>>, problems: &mut Vec<Problem>) -> Vec<OrderFile> {
        problems.extend(self.lists.errors().iter().cloned());
        let reading = OrderReading { wanted: wanted.map(Arc::new), ..self.reading.clone() };
        let mut files: Vec<OrderFile> = Vec::new();
        for (input, named) in &self.lists.inputs {
            let mut one = OrderBook::sharing_keys(book);
            match read_orders(input, named.as_deref(), &reading, &self.options, &mut one) {
                Ok(file) => match files.iter().find(|known| known.id == file.id) {
                    Some(known) => {
                        let message = format!("the same bytes as {}; counted once", known.file);
                        problems.push(Problem::new(Severity::Warning, "same_file", message).in_file(input.name()));
                    }
                    None => {
                        book.append(one);
                        problems.extend(file.warnings.iter().map(|warning| Problem::of_warning(input.name(), warning)));
                        files.push(file);
                    }
                },
                Err(error) => problems.push(Problem::of_error(&error)),
            }
        }
        book.index();
        files
    }
}

/// `NAME=FILE` names a mapping, unless there is a file of that name.
fn split_name(path: &Path, configured: &[OrderMapping]) -> (Option<String>, PathBuf) {
    let text = path.to_string_lossy();
    let presets = OrderMapping::presets();
    match text.split_once('=') {
        Some((name, file))
            if !path.exists() && configured.iter().chain(&presets).any(|mapping| mapping.name == name) =>
        {
            (Some(name.to_owned()), PathBuf::from(file))
        }
        _ => (None, path.to_owned()),
    }
}

fn source(file: &OrderFile) -> Source {
    Source {
        file: file.file.clone(),
        sha256: Some(file.id.clone()),
        kind: "order_list",
        rows: file.rows,
        objects: Some(file.count.orders),
    }
}

fn conflict_problem(conflict: &crate::reconcile::orders::OrderConflict) -> Problem {
    let [(first, first_line), (second, second_line)] = &conflict.places;
    let order = conflict.order.escape_debug();
    let message = format!("order `{order}` has another total or currency in {second}:{second_line}");
    let mut problem = Problem::new(Severity::Error, "order_conflict", message).in_file(first);
    problem.line = Some(*first_line);
    problem.with_hint("keep the list that is right; until then the order is not matched")
}

/// Which rows are read.
enum Share {
    /// Those of the months concerned, and their fees; rows that were taken already are not read again.
    Whole(HashMap<DocumentId, Vec<PaymentPiece>>),
    /// Those outside with keys that are looked for.
    Wanted,
}

struct Work<'a> {
    bounds: &'a Bounds<'a>,
    documents: Vec<(SettlementDocument, Input)>,
    options: ReadOptions,
    tariffs: Vec<Tariff>,
    window: Window,
    fees: FeeFindings,
}

impl Work<'_> {
    /// Reads the rows of every document that can hold some of those asked for.
    fn read(
        &mut self,
        filter: Option<&PaymentFilter>,
        payments: &mut Payments,
        mut share: Share,
    ) -> Result<(), Failure> {
        for (document, input) in &self.documents {
            let (Some(first), Some(last)) = (document.digest.first_posted, document.digest.last_posted) else {
                continue;
            };
            let sandbox_rows = self.sandbox_rows(document);
            let within = first.utc_millis() < self.window.until_millis && last.utc_millis() >= self.window.from_millis;
            let beyond = !self.window.contains(first) || !self.window.contains(last);
            let (taken, auditor, concerned) = match &mut share {
                Share::Whole(taken) => (taken.remove(&document.id), self.auditor(document, first, last), within),
                Share::Wanted => (None, None, beyond),
            };
            let filter = filter.filter(|_| concerned && taken.is_none());
            if let Some(taken) = taken {
                let expected = sandbox_rows == SandboxRows::Expected;
                let pieces = taken.into_iter();
                let pieces = pieces.map(|piece| if expected { piece.expecting_sandbox_rows() } else { piece });
                payments.add(&document.file, &document.account, pieces.collect());
            }
            if filter.is_none() && auditor.is_none() {
                continue;
            }
            let filter = filter.map(|filter| filter.clone().with_sandbox_rows(sandbox_rows));
            let make = move || (filter.clone().map(PaymentSink::new), auditor.clone().map(FeeSink::new));
            let pieces = settlement_rows(document, input, self.bounds.archive, &self.options, Arc::new(make))?;
            let (mut kept, mut tally) = (Vec::new(), FeeTally::default());
            for (rows, fees) in pieces {
                kept.extend(rows.map(PaymentSink::finish));
                if let Some(fees) = fees {
                    tally.merge(fees.finish());
                }
            }
            payments.add(&document.file, &document.account, kept);
            self.fees.add(&document.file, &document.account, tally);
        }
        Ok(())
    }

    fn sandbox_rows(&self, document: &SettlementDocument) -> SandboxRows {
        let settings = self.bounds.accounts.settings();
        let account = settings.and_then(|settings| settings.account_of(document.seller_id.as_ref()?));
        match account.map(|account| account.environment) {
            Some(Environment::Sandbox) => SandboxRows::Expected,
            _ => SandboxRows::Alarm,
        }
    }

    /// What audits the fees of a document, where it has rows of the period.
    fn auditor(&self, document: &SettlementDocument, first: Instant, last: Instant) -> Option<FeeAuditor> {
        if self.tariffs.is_empty() {
            return None;
        }
        let period: Period = *self.bounds.ask.periods.get(&document.account).unwrap_or(&self.bounds.ask.period);
        let within =
            first.utc_millis() < period.until().utc_millis() && last.utc_millis() >= period.from().utc_millis();
        let settings = self.bounds.accounts.settings()?;
        let account = document.seller_id.as_ref().and_then(|seller| settings.account_of(seller));
        let of_country = |tariff: &&Tariff| account.is_some_and(|account| account.country == tariff.country);
        let tariffs = self.tariffs.iter().filter(of_country).cloned().collect();
        within.then(|| FeeAuditor::new(tariffs, period.zone(), period))
    }

    /// Reconciles, then once more with what the findings ask for from outside the window; `lists` are those with
    /// orders outside.
    fn reconcile(
        &mut self,
        book: &mut OrderBook,
        payments: &mut Payments,
        lists: Option<&ListReader>,
        ask: &OrderAsk,
    ) -> Result<OrderReconciliation, Failure> {
        let mut done = reconcile_orders(book, payments, ask);
        let before = (payments.len(), book.len());
        if let Some(lists) = lists.filter(|_| !done.wanted_orders.is_empty()) {
            // What was wrong with a list was said the first time.
            lists.read(book, Some(std::mem::take(&mut done.wanted_orders)), &mut Vec::new());
        }
        if !done.wanted.is_empty() {
            let filter = book.payment_filter(self.window, Some(std::mem::take(&mut done.wanted)));
            self.read(Some(&filter), payments, Share::Wanted)?;
        }
        if before != (payments.len(), book.len()) {
            done = reconcile_orders(book, payments, ask);
        }
        Ok(done)
    }
}

/// A warning where rows of the period have no tariff.
fn without_tariff(audit: &FeeAudit) -> Option<Problem> {
    let rows: u64 = audit.unchecked.iter().filter(|count| count.word == "no_tariff").map(|count| count.count).sum();
    let message =
        format!("{rows} rows have no tariff for their account's country, currency and day; their fees are not checked");
    (rows > 0).then(|| Problem::new(Severity::Warning, "no_tariff", message))
}

/// The list of overcharges for Amazon.
fn write_claims(audit: &FeeAudit, path: &Path, dialect: CsvDialect, world: &mut World<'_>) -> Result<(), Failure> {
    let text = claims_csv(audit, dialect)?;
    Target::new(Some(path)).write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
