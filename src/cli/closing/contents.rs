//! From the ground of a closed month to everything that its pack holds besides the ground itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::super::accounts::{Accounts, Span};
use super::super::args::Common;
use super::super::details::Behind;
use super::super::dispute_facts::gather_facts;
use super::super::export::{Booked, Replace, Shape, write_booked};
use super::super::failure::Failure;
use super::super::frozen::{Bridge, bridge};
use super::super::load::{Loaded, load_files, read_options};
use super::super::reconcile::{Bounds, reconciled};
use super::super::reconcile_orders::invoices;
use super::super::report::{keep_concerned_sources, month_ask, month_span};
use super::super::restated_rows::RowSource;
use super::super::world::World;
use super::ground::{Ground, Share};
use crate::config::{Language, Settings};
use crate::disputes::Clock;
use crate::domain::{Basis, ExitCode, Instant, Month};
use crate::export::{
    CsvDialect, PAGE_ROWS_OF_EACH_KIND, Paint, Preset, SHEET_ROWS_MAX, disputes_csv, json_text, reconciliation_csv,
    reconciliation_text, statement_csv, statement_html, statement_text, statement_xlsx,
};
use crate::ledger::{Cut, Part};
use crate::reconcile::orders::InvoiceLookup;
use crate::reconcile::{SettlementDocument, settle_conflicts};
use crate::report::closing::{Finding, LeftOut, dispute_findings, reconciliation_findings, statement_findings};
use crate::report::journal::Granularity;
use crate::report::{
    Ask, CaseFilter, DisputeAsk, DisputeDocument, Prior, RowLimit, Severity, Statement, assemble, assemble_disputes,
};

/// Everything that is made from a ground.
pub(in super::super) struct Contents {
    /// The statement.
    pub(in super::super) statement: Statement,
    /// What was asked for.
    pub(in super::super) ask: Ask,
    /// The totals of all settlements.
    pub(in super::super) documents: Vec<SettlementDocument>,
    /// Files by their names in the pack, in its order.
    pub(in super::super) files: Vec<(String, FileBytes)>,
    /// What could not be made.
    pub(in super::super) left_out: Vec<LeftOut>,
    /// What does not tie.
    pub(in super::super) findings: Vec<Finding>,
    /// Holds files that are too large for memory.
    _folder: TempDir,
}

/// A file of a pack.
pub(in super::super) enum FileBytes {
    /// In memory.
    Held(Vec<u8>),
    /// In a temporary file.
    File(PathBuf),
}

/// The statement of a ground and what it was made from.
pub(in super::super) struct Stated {
    pub(in super::super) statement: Statement,
    pub(in super::super) ask: Ask,
    pub(in super::super) loaded: Loaded,
    pub(in super::super) documents: Vec<SettlementDocument>,
    /// What lies between the close before and this month.
    pub(in super::super) bridge: Option<Bridge>,
}

/// Makes everything. The same ground gives the same bytes.
pub(in super::super) fn contents(ground: &Ground, common: &Common, world: &mut World<'_>) -> Result<Contents, Failure> {
    let accounts = ground.accounts()?;
    let Stated { statement, ask, loaded, documents, bridge } = stated(ground, &accounts, common, world)?;
    let folder = TempDir::new().map_err(no_room)?;
    let mut made = Making { files: Vec::new(), left_out: Vec::new() };
    let language = accounts.settings().map_or(Language::En, |settings| settings.reporting.language);
    made.statement(&statement, &ask, (&loaded, &documents), language, world)?;
    let lookup = order_invoices(ground, &accounts, &ask, world);
    let files = ground.settlements();
    let source = RowSource::Files { files: &files, options: read_options(world) };
    let booked = Booked {
        statement: &statement,
        ask: &ask,
        inputs: &loaded.settlements,
        invoices: lookup.as_ref(),
        before: bridge.as_ref().map(|bridge| (bridge, &source)),
    };
    made.journal(&booked, &accounts, &folder, common, world)?;
    let mut findings = statement_findings(&statement);
    let bounds = Bounds { accounts: &accounts, ask: &ask, archive: None };
    let reconciliation = reconciled(&bounds, loaded, ground.bank(), ground.orders(), world)?;
    findings.extend(reconciliation_findings(&reconciliation));
    made.add("reconciliation.txt", reconciliation_text(&reconciliation, Paint::Plain, true).into_bytes());
    made.add("reconciliation.json", json_text(&reconciliation)?.into_bytes());
    made.add("reconciliation.csv", reconciliation_csv(&reconciliation, CsvDialect::Plain)?.into_bytes());
    let disputes = disputes(ground, &accounts, &ask, common, world)?;
    findings.extend(dispute_findings(&disputes));
    made.add("disputes.json", json_text(&disputes)?.into_bytes());
    made.add("disputes.csv", disputes_csv(&disputes, CsvDialect::Plain)?.into_bytes());
    made.add("settle.toml", ground.terms.settings.clone().into_bytes());
    let Making { files, left_out } = made;
    Ok(Contents { statement, ask, documents, files, left_out, findings, _folder: folder })
}

/// The statement alone.
pub(in super::super) fn stated(
    ground: &Ground,
    accounts: &Accounts,
    common: &Common,
    world: &mut World<'_>,
) -> Result<Stated, Failure> {
    let span = month_span(ground.month);
    let mut loaded = ground.load(Share::Statement, accounts, &span, common, world)?;
    let given = load_files(ground.disbursements(), accounts, &span, common, world);
    loaded.facts.disbursements.extend(given.facts.disbursements);
    loaded.facts.problems.extend(given.facts.problems);
    loaded.facts.sources.extend(given.facts.sources);
    drop_distant_warnings(&mut loaded, accounts, &span);
    let ask = month_ask(ground.month, accounts, &loaded.facts)?;
    let documents = loaded.facts.documents.clone();
    let bridge = match prior(ground, common, world)? {
        Some(prior) => {
            let files = ground.settlements();
            let source = RowSource::Files { files: &files, options: read_options(world) };
            Some(bridge(&ask, &mut loaded.facts, prior, &source)?)
        }
        None => None,
    };
    let mut statement = assemble(&ask, loaded.facts.clone())?;
    keep_concerned_sources(&mut statement);
    Ok(Stated { statement, ask, loaded, documents, bridge })
}

/// The close of the month before, as its own terms and documents have it.
fn prior(ground: &Ground, common: &Common, world: &mut World<'_>) -> Result<Option<Prior>, Failure> {
    let Some(before) = &ground.terms.before else { return Ok(None) };
    let month: Month = before.month.parse()?;
    if month.next() != ground.month {
        return Ok(None);
    }
    let settings = Settings::from_sealed(&before.settings);
    let settings = settings.map_err(|why| Failure::from(why).about("the sealed settings of the close before"))?;
    let accounts = Accounts::new(Some(settings), &[], None);
    let loaded = ground.load_before(before, &accounts, &month_span(ground.month), common, world)?;
    let ask = month_ask(ground.month, &accounts, &loaded.facts)?;
    let (documents, _) = settle_conflicts(loaded.facts.documents);
    Ok(Some(Prior { month, ask, documents }))
}

/// What is worth knowing of a settlement is said in the months that it touches.
fn drop_distant_warnings(loaded: &mut Loaded, accounts: &Accounts, span: &Span) {
    let distant = |document: &&SettlementDocument| {
        let cut: Cut = span.cut(accounts.zone(document.seller_id.as_ref()));
        let (first, last) = (cut.part(document.start), cut.part(document.end));
        first == last && first != Part::Within
    };
    let distant: BTreeSet<String> =
        loaded.facts.documents.iter().filter(distant).map(|document| document.file.clone()).collect();
    let is_distant = |file: &Option<String>| file.as_ref().is_some_and(|file| distant.contains(file));
    loaded.facts.problems.retain(|problem| problem.severity == Severity::Error || !is_distant(&problem.file));
}

fn order_invoices(ground: &Ground, accounts: &Accounts, ask: &Ask, world: &World<'_>) -> Option<InvoiceLookup> {
    let lists = ground.orders();
    // What is wrong with a list is said where orders are reconciled.
    lists.given.then(|| invoices(lists, accounts.settings(), &ask.period, world).0)
}

/// The disputes with a row in the month, as they stood at its end.
fn disputes(
    ground: &Ground,
    accounts: &Accounts,
    ask: &Ask,
    common: &Common,
    world: &mut World<'_>,
) -> Result<DisputeDocument, Failure> {
    let rules = accounts.settings().map(|settings| settings.disputes.clone()).unwrap_or_default();
    // The end of the month, not the hour of the close: a pack that is made again says the same.
    let end = Instant::new(ask.period.until().utc_millis(), 0);
    let clock = Clock { now: end, settings: &rules };
    let loaded = ground.load(Share::Disputes, accounts, &Span::Whole, common, world)?;
    let known = gather_facts(loaded, Some(ground.month), accounts, &clock, common, world)?;
    let filter = CaseFilter { statuses: Vec::new(), due_within_days: None, ids: Vec::new() };
    let basis: Basis = ask.basis;
    let ask = DisputeAsk { period: Some(ask.period), basis, zone: accounts.common_zone(), filter, by: None };
    Ok(assemble_disputes(&ask, known.disputes, &clock)?)
}

/// Files on their way into a pack.
struct Making {
    files: Vec<(String, FileBytes)>,
    left_out: Vec<LeftOut>,
}

impl Making {
    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.to_owned(), FileBytes::Held(bytes)));
    }

    fn statement(
        &mut self,
        statement: &Statement,
        ask: &Ask,
        (loaded, documents): (&Loaded, &[SettlementDocument]),
        language: Language,
        world: &World<'_>,
    ) -> Result<(), Failure> {
        let options = read_options(world);
        let behind = || Behind { inputs: &loaded.settlements, documents: documents.to_vec(), ask, options: &options };
        self.add("statement.txt", statement_text(statement, language, Paint::Plain, true).into_bytes());
        self.add("statement.json", json_text(statement)?.into_bytes());
        self.add("statement.csv", statement_csv(statement, CsvDialect::Plain)?.into_bytes());
        let rows: u64 =
            statement.accounts.iter().flat_map(|account| &account.settlements).map(|line| line.rows_in_period).sum();
        if rows > SHEET_ROWS_MAX {
            let why = format!("the month has {rows} rows, a workbook holds {SHEET_ROWS_MAX}");
            self.left_out.push(LeftOut { name: "statement.xlsx".to_owned(), why });
        } else {
            let details = behind().read(statement, RowLimit::InAll(SHEET_ROWS_MAX))?;
            self.add("statement.xlsx", statement_xlsx(statement, &details, language)?);
        }
        let details = behind().read(statement, RowLimit::OfEachKind(PAGE_ROWS_OF_EACH_KIND))?;
        self.add("statement.html", statement_html(statement, &details, language)?.into_bytes());
        Ok(())
    }

    /// The journal goes through a temporary folder: it can be larger than memory.
    fn journal(
        &mut self,
        booked: &Booked<'_>,
        accounts: &Accounts,
        folder: &TempDir,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let shape = Shape { preset: Preset::Journal, dialect: CsvDialect::Plain, by: Granularity::default() };
        let common = Common { output: Some(folder.path().join("journal.csv")), quiet: true, ..common.clone() };
        // A journal tells nothing of when it was made.
        let created = chrono::DateTime::UNIX_EPOCH;
        write_booked(booked, shape, accounts, (created, Replace::Always), &common, world)?;
        let mut written: Vec<PathBuf> = fs::read_dir(folder.path())
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(no_room)?;
        written.sort();
        for path in written {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.files.push((name, FileBytes::File(path)));
        }
        Ok(())
    }
}

fn no_room(why: std::io::Error) -> Failure {
    Failure::new(ExitCode::Storage, format!("cannot use the folder of temporary files: {why}"))
}
