//! `settle explain`: a figure of a statement as the rows that make it up.
//!
//! The rows are read again from their documents and added; a sum that is not the figure is a defect and ends the
//! run with 1. Three doors: the archive (a closed month as it was closed), a sealed pack, files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::accounts::Accounts;
use super::args::{Common, Format};
use super::args_close::ExplainArgs;
use super::close::sealed_terms;
use super::closing::{Ground, Opened, Stated, open_pack, stated};
use super::decisions::sealed_decisions;
use super::failure::Failure;
use super::load::{Loaded, gather_named, load_files, named_settings, read_options};
use super::report::{month_ask, month_span};
use super::world::World;
use crate::archive::{Archive, hash};
use crate::config::Settings;
use crate::domain::{DocumentId, ExitCode, Month, Sum, Zone};
use crate::export::{Target, WriteError, check_text, explain_csv, explain_text, figures_csv, figures_text, json_text};
use crate::ledger::{Delivery, RowVisitor, RowWalk};
use crate::parse::{Fault, Input, ReadOptions, SettlementRow, read_document};
use crate::reconcile::{SettlementDocument, settle_conflicts};
use crate::report::closing::{
    Column, Depth, ExplainedPart, Explanation, Figure, FigureCheck, FigureList, Plan, PlanPart, RawBytes, RowChoice,
    TERMS_SCHEMA, Terms, explain_plan, figures, nearest_paths,
};
use crate::report::{Ask, Statement, assemble};

/// Rows of one explanation; beyond, a narrower figure is meant.
const ROWS_MAX: usize = 2_000_000;
/// Longest row whose bytes are hashed, as in the reader.
const RECORD_BYTES_MAX: u64 = 1 << 20;
const SCHEMA: &str = "settle.explain/1";

/// A statement and the documents behind it, whatever door they came through.
struct Behind {
    month: Month,
    statement: Statement,
    ask: Ask,
    documents: Vec<SettlementDocument>,
    inputs: HashMap<String, Input>,
    /// Holds the documents of a pack.
    _opened: Option<Opened>,
}

pub(super) fn run(common: &Common, args: &ExplainArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if let Some(form @ (Format::Ics | Format::Xlsx | Format::Html)) = common.format {
        return Err(Failure::no_form("an explanation", form, "text, json or csv"));
    }
    let behind = behind(common, args, world)?;
    let document = serde_json::to_value(&behind.statement)?;
    let all = figures(&document);
    if args.check {
        return check(&behind, &all, common, world);
    }
    let Some(path) = &args.path else {
        let list = FigureList { schema: SCHEMA, month: behind.month.to_string(), figures: all };
        let text = match common.format {
            Some(Format::Json) => json_text(&list)?,
            Some(Format::Csv) => figures_csv(&list, args.csv_dialect)?,
            _ => figures_text(&list),
        };
        return write(&text, common, world).map(|()| ExitCode::Done);
    };
    let Some(figure) = all.iter().find(|figure| figure.path == *path) else {
        return Err(unknown_path(path, &all, behind.month));
    };
    let depth = if args.rows { Depth::Rows } else { Depth::Documents };
    let explanation = explain(&behind, figure, depth, world)?;
    let text = match common.format {
        Some(Format::Json) => json_text(&explanation)?,
        Some(Format::Csv) => explain_csv(&explanation, args.csv_dialect)?,
        _ => explain_text(&explanation),
    };
    write(&text, common, world)?;
    if explanation.agrees == Some(false) {
        let message = format!("the rows behind {path} do not add up to it");
        return Err(Failure::new(ExitCode::Defect, message));
    }
    Ok(ExitCode::Done)
}

fn write(text: &str, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    Ok(target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?)
}

fn unknown_path(path: &str, all: &[Figure], month: Month) -> Failure {
    let nearest = nearest_paths(path, all.iter().map(|figure| figure.path.as_str()));
    let message = format!("the statement of {month} has no figure `{}`", path.escape_debug());
    let hint = match nearest.is_empty() {
        true => "settle explain without a path lists all figures".to_owned(),
        false => format!("did you mean {}? without a path all figures are listed", nearest.join(", ")),
    };
    Failure::new(ExitCode::Usage, message).with_hint(hint)
}

fn behind(common: &Common, args: &ExplainArgs, world: &mut World<'_>) -> Result<Behind, Failure> {
    if let Some(pack) = &args.pack {
        let mut opened = open_pack(pack)?;
        let ground = opened.ground()?.ok_or_else(|| {
            let message = format!("{}: the documents behind its figures are not in it", pack.display());
            Failure::new(ExitCode::DoesNotTie, message).with_hint("settle verify PACK says what is missing")
        })?;
        return of_ground(&ground, Some(opened), common, world);
    }
    let month = args.month.ok_or_else(|| Failure::new(ExitCode::Usage, "name a month with --month or a pack"))?;
    if args.from.is_empty() {
        return of_archive(month, common, world);
    }
    let accounts = Accounts::new(named_settings(common, world)?, &common.account, None);
    let mut gathered = gather_named(&args.from, world);
    gathered.inputs.sort_by(|a, b| a.name().cmp(b.name()));
    let loaded = load_files(gathered, &accounts, &month_span(month), common, world);
    let ask = month_ask(month, &accounts, &loaded.facts)?;
    let statement = assemble(&ask, loaded.facts.clone())?;
    Ok(made(month, statement, ask, loaded, None))
}

/// The archive: a month that a close seals as it was closed, another one as it is now.
fn of_archive(month: Month, common: &Common, world: &mut World<'_>) -> Result<Behind, Failure> {
    let settings = super::config::load(common, world)?;
    let archive = Archive::open_existing(&settings.data_dir)?;
    let closes = archive.catalog.closes()?.into_iter().filter(|close| close.in_force() && close.month >= month);
    let ground = match closes.min_by_key(|close| close.month) {
        Some(close) => {
            let terms = Terms { inputs: Vec::new(), ..sealed_terms(&close)? };
            let ids = archive.catalog.close_documents(&close)?;
            Ground::of_archive(&archive, month, terms, &ids, Vec::new())?
        }
        None => {
            let ids: Vec<DocumentId> = archive.catalog.documents()?.into_iter().map(|record| record.id).collect();
            Ground::of_archive(
                &archive,
                month,
                present_terms(month, settings.sealed(), &archive, world)?,
                &ids,
                Vec::new(),
            )?
        }
    };
    of_ground(&ground, None, common, world)
}

/// The terms under which a month would be closed now.
fn present_terms(month: Month, settings: &str, archive: &Archive, world: &World<'_>) -> Result<Terms, Failure> {
    Ok(Terms {
        schema: TERMS_SCHEMA.to_owned(),
        settle: env!("CARGO_PKG_VERSION").to_owned(),
        month: month.to_string(),
        settings: settings.to_owned(),
        raw: RawBytes::None,
        resolutions: sealed_decisions(archive, &Settings::from_sealed(settings)?, world)?,
        before: super::close::closed_before(archive, month)?,
        inputs: Vec::new(),
        accepted: Vec::new(),
    })
}

fn of_ground(
    ground: &Ground,
    opened: Option<Opened>,
    common: &Common,
    world: &mut World<'_>,
) -> Result<Behind, Failure> {
    let accounts = ground.accounts()?;
    let Stated { statement, ask, loaded, .. } = stated(ground, &accounts, common, world)?;
    Ok(made(ground.month, statement, ask, loaded, opened))
}

fn made(month: Month, statement: Statement, ask: Ask, loaded: Loaded, opened: Option<Opened>) -> Behind {
    let (documents, _) = settle_conflicts(loaded.facts.documents);
    let inputs = loaded.settlements.into_iter().map(|input| (input.name().to_owned(), input)).collect();
    Behind { month, statement, ask, documents, inputs, _opened: opened }
}

/// Explains every figure and tells which are no sum of what stands behind them.
fn check(behind: &Behind, all: &[Figure], common: &Common, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let mut document =
        FigureCheck { schema: SCHEMA, month: behind.month.to_string(), sums: 0, rows: 0, differ: Vec::new() };
    for figure in all {
        let explanation = explain(behind, figure, Depth::Documents, world)?;
        let Some(agrees) = explanation.agrees else { continue };
        document.sums += 1;
        document.rows += explanation.parts.len() as u64;
        if !agrees {
            document.differ.push(Explanation { parts: Vec::new(), ..explanation });
        }
    }
    let text = match common.format {
        Some(Format::Json) => json_text(&document)?,
        Some(form @ Format::Csv) => return Err(Failure::no_form("a check of figures", form, "text or json")),
        _ => check_text(&document),
    };
    write(&text, common, world)?;
    match document.differ.len() {
        0 => Ok(ExitCode::Done),
        count => {
            Err(Failure::new(ExitCode::Defect, format!("the rows behind {count} figure(s) do not add up to them")))
        }
    }
}

fn explain(behind: &Behind, figure: &Figure, depth: Depth, world: &World<'_>) -> Result<Explanation, Failure> {
    let plan = explain_plan(&figure.path, &behind.statement, &behind.ask, &behind.documents, depth);
    let mut explanation = Explanation {
        schema: SCHEMA,
        month: behind.month.to_string(),
        path: figure.path.clone(),
        value: figure.value.clone(),
        currency: None,
        column: None,
        sum: None,
        agrees: None,
        parts: Vec::new(),
        notes: Vec::new(),
    };
    let Some(plan) = plan else {
        explanation.notes.push("this is no sum of rows; the statement says where it comes from".to_owned());
        return Ok(explanation);
    };
    let mut telling = Telling::new(&plan, behind.ask.period.zone());
    for part in &plan.parts {
        telling.part(part, behind, &read_options(world))?;
    }
    let sum = telling.shown(telling.sum)?;
    explanation.agrees = Some(matches(&figure.value, &sum));
    explanation.column = Some(plan.column.name());
    explanation.currency = (plan.column != Column::Count).then_some(plan.currency);
    explanation.parts = telling.parts;
    explanation.sum = Some(sum);
    Ok(explanation)
}

fn matches(value: &serde_json::Value, sum: &str) -> bool {
    let printed = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    printed == sum
}

/// The parts of an explanation as they are read.
struct Telling<'a> {
    plan: &'a Plan,
    zone: Zone,
    parts: Vec<ExplainedPart>,
    sum: Sum,
}

impl<'a> Telling<'a> {
    fn new(plan: &'a Plan, zone: Zone) -> Self {
        Self { plan, zone, parts: Vec::new(), sum: Sum::ZERO }
    }

    /// An amount with its currency's digits; a count as it is.
    fn shown(&self, sum: Sum) -> Result<String, Failure> {
        Ok(match self.plan.column {
            Column::Count => sum.units().to_string(),
            _ => sum.in_currency(self.plan.currency)?.to_string(),
        })
    }

    fn part(&mut self, part: &PlanPart, behind: &Behind, options: &ReadOptions) -> Result<(), Failure> {
        match part {
            PlanPart::Stated(sum) => self.push(blank("configured"), *sum),
            PlanPart::Total { document, file, settlement_id, rows, net } => {
                let total = ExplainedPart {
                    settlement_id: settlement_id.clone(),
                    file: Some(file.clone()),
                    sha256: Some(document.clone()),
                    rows: Some(*rows),
                    ..blank("document")
                };
                self.push(total, *net)
            }
            PlanPart::Rows(choice) => self.rows(choice, behind, options),
        }
    }

    fn push(&mut self, part: ExplainedPart, value: Sum) -> Result<(), Failure> {
        if self.parts.len() >= ROWS_MAX {
            let message = format!("more than {ROWS_MAX} rows make up this figure");
            return Err(Failure::new(ExitCode::Usage, message).with_hint("explain a figure of one settlement"));
        }
        self.sum += value;
        let (value, running) = (self.shown(value)?, self.shown(self.sum)?);
        self.parts.push(ExplainedPart { value, running, ..part });
        Ok(())
    }

    fn rows(&mut self, choice: &RowChoice, behind: &Behind, options: &ReadOptions) -> Result<(), Failure> {
        let missing = || Failure::new(ExitCode::Defect, format!("{}: it is not among the inputs", choice.file));
        let input = behind.inputs.get(&choice.file).ok_or_else(missing)?;
        let mut seen = Seen { choice, zone: self.zone, rows: Vec::new() };
        let wanted = choice.clone();
        let wanted = Arc::new(move |row: &SettlementRow<'_>| wanted.wants(row));
        let mut walk = RowWalk::new(wanted, Delivery::WhenWhole, &mut seen);
        let read = read_document(input, options, &mut walk, None).map_err(|refused| Failure::from(refused.error))?;
        walk.finish().map_err(|why| Failure::new(ExitCode::Defect, why.to_string()))?;
        if read.id != choice.document {
            return Err(Failure::new(ExitCode::Storage, format!("{} changed while it was read", choice.file)));
        }
        let lines: BTreeSet<u64> = seen.rows.iter().filter_map(|(part, _)| part.line).collect();
        let hashes = record_hashes(input, &lines)?;
        for (part, value) in seen.rows {
            let row_sha256 = part.line.and_then(|line| hashes.get(&line)).cloned();
            self.push(ExplainedPart { row_sha256, ..part }, value)?;
        }
        Ok(())
    }
}

fn blank(part: &'static str) -> ExplainedPart {
    ExplainedPart {
        part,
        settlement_id: None,
        file: None,
        sha256: None,
        line: None,
        row_sha256: None,
        posted: None,
        kind: None,
        word: None,
        transaction_id: None,
        order_reference_id: None,
        rows: None,
        value: String::new(),
        running: String::new(),
    }
}

/// Collects the rows of one document.
struct Seen<'a> {
    choice: &'a RowChoice,
    zone: Zone,
    rows: Vec<(ExplainedPart, Sum)>,
}

impl RowVisitor for Seen<'_> {
    fn begin(&mut self) {
        self.rows.clear();
    }

    fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Fault> {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let part = ExplainedPart {
            settlement_id: filled(row.settlement_id).map(crate::domain::SettlementId::new),
            file: Some(self.choice.file.clone()),
            sha256: Some(self.choice.document.clone()),
            line: Some(row.line),
            posted: Some(row.posted.rfc3339_in(&self.zone.tz())),
            kind: Some(row.kind.word()),
            word: Some(row.word.to_owned()),
            transaction_id: filled(row.transaction_id),
            order_reference_id: filled(row.order_reference_id),
            ..blank("row")
        };
        self.rows.push((part, self.choice.value(row)));
        Ok(())
    }
}

/// The hash of each wanted row's own bytes, its line end included, as `sed -n 9p FILE | sha256sum` gives it. Nothing
/// for UTF-16, whose lines are no lines of bytes.
fn record_hashes(input: &Input, wanted: &BTreeSet<u64>) -> Result<BTreeMap<u64, DocumentId>, Failure> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Failure::new(ExitCode::Storage, format!("{}: cannot be read again: {why}", input.name()))
    };
    let Some(last) = wanted.last() else { return Ok(BTreeMap::new()) };
    let mut text = BufReader::new(input.open().map_err(|why| unreadable(&why))?);
    let (mut hashes, mut line, mut record) = (BTreeMap::new(), Vec::new(), Vec::new());
    let (mut number, mut begun) = (0_u64, None);
    loop {
        line.clear();
        let read = text.by_ref().take(RECORD_BYTES_MAX).read_until(b'\n', &mut line).map_err(|why| unreadable(&why))?;
        number += 1;
        let wide = number == 1 && (line.starts_with(&[0xff, 0xfe]) || line.starts_with(&[0xfe, 0xff]));
        if read == 0 || wide || (begun.is_none() && number > *last) {
            return Ok(hashes);
        }
        if begun.is_none() && wanted.contains(&number) {
            begun = Some(number);
            record.clear();
        }
        let Some(start) = begun else { continue };
        record.extend_from_slice(&line);
        // A record goes on while a quote is open.
        let open = record.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        if !open || record.len() as u64 > RECORD_BYTES_MAX {
            let (id, _) = hash(record.as_slice()).map_err(|why| unreadable(&why))?;
            hashes.insert(start, id);
            begun = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_row_is_that_of_its_own_bytes() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.csv");
        std::fs::write(&path, "\"a\"\r\n\"b\n b\"\r\n\"c\"").unwrap();
        let hashes = record_hashes(&Input::stored(path, "a.csv"), &BTreeSet::from([2, 4])).unwrap();
        let of = |text: &str| hash(text.as_bytes()).unwrap().0;
        assert_eq!(hashes.get(&2), Some(&of("\"b\n b\"\r\n")));
        assert_eq!(hashes.get(&4), Some(&of("\"c\"")));
    }
}
