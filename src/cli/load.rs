//! From inputs to the facts of a statement, without an archive.

use std::collections::HashMap;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::accounts::{Accounts, Span};
use super::args::Common;
use super::world::World;
use crate::config::Settings;
use crate::domain::DocumentId;
use crate::ledger::{Digest, DigestReceiver};
use crate::parse::{
    Content, Document, Gathered, Input, Privacy, ReadOptions, Records, Refused, latest_states, read_document,
};
use crate::reconcile::SettlementDocument;
use crate::report::{Facts, Problem, Severity, Source};

/// The facts of some files, and the settlement files among them.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) facts: Facts,
    pub(super) settlements: Vec<Input>,
    seen: HashMap<DocumentId, String>,
}

/// How files are read in this run. Reports show no personal data, so nothing else than dropping it
/// makes sense here.
pub(super) fn read_options(world: &World<'_>) -> ReadOptions {
    ReadOptions { workers: world.workers, privacy: Privacy::Drop }
}

/// Reads every input; a refused one becomes a problem and does not stop the others.
pub(super) fn load_files(
    gathered: Gathered,
    accounts: &Accounts,
    span: &Span,
    common: &Common,
    world: &mut World<'_>,
) -> Loaded {
    let mut loaded = Loaded::default();
    loaded.facts.problems.extend(gathered.errors.iter().map(Problem::of_error));
    for folder in &gathered.skipped {
        if common.verbose > 0 {
            world.say(&format!("settle: skipped {} (it holds a .settleignore file)", folder.display()));
        }
    }
    let options = read_options(world);
    let bar = progress(gathered.inputs.len(), common, world);
    for input in gathered.inputs {
        let cut_of = |seller: Option<&crate::domain::SellerId>| span.cut(accounts.zone(seller));
        let mut receiver = DigestReceiver::new(&cut_of);
        match read_document(&input, &options, &mut receiver, None) {
            Ok(document) => loaded.add(input, document, receiver.finish(), accounts),
            Err(refused) => loaded.refuse(&refused),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    loaded
}

impl Loaded {
    fn add(&mut self, input: Input, document: Document, digest: Digest, accounts: &Accounts) {
        let file = input.name().to_owned();
        if let Some(known) = self.seen.get(&document.id) {
            let message = format!("the same bytes as {known}; counted once");
            self.facts.problems.push(Problem::new(Severity::Warning, "same_file", message).in_file(&file));
            return;
        }
        self.seen.insert(document.id.clone(), file.clone());
        let seller = match &document.content {
            Content::Settlement(head) => Some(head.seller_id.clone()),
            Content::Records(_) => None,
        };
        if seller.as_ref().is_some_and(|seller| !accounts.wants(seller.as_ref())) {
            return;
        }
        self.facts.problems.extend(document.warnings.iter().map(|warning| Problem::of_warning(&file, warning)));
        let mut source = Source {
            file: file.clone(),
            sha256: Some(document.id.clone()),
            kind: document.kind.word(),
            rows: document.rows,
            objects: None,
        };
        match document.content {
            Content::Settlement(head) => {
                self.facts.problems.extend(settlement_problems(&file, &head, &digest));
                self.facts.documents.push(SettlementDocument {
                    account: accounts.name(head.seller_id.as_ref()),
                    file,
                    id: document.id,
                    seller_id: head.seller_id,
                    seller_conflict: head.seller_conflict,
                    start: head.start,
                    end: head.end,
                    digest,
                });
                self.settlements.push(input);
            }
            Content::Records(Records::Transactions(rows)) => source.objects = Some(latest_states(&rows).len() as u64),
            Content::Records(Records::Disbursements(list)) => self.facts.disbursements.extend(list),
            Content::Records(Records::Notification(_)) => {}
        }
        self.facts.sources.push(source);
    }

    fn refuse(&mut self, refused: &Refused) {
        self.facts.problems.push(Problem::of_error(&refused.error));
        self.facts.sources.push(Source {
            file: refused.error.file.clone(),
            sha256: refused.id.as_ref().map(|(id, _)| id.clone()),
            kind: refused.kind.word(),
            rows: 0,
            objects: None,
        });
    }
}

/// What a sound settlement has and this one lacks.
pub(super) fn settlement_problems(file: &str, head: &crate::parse::SettlementHead, digest: &Digest) -> Vec<Problem> {
    let mut problems = Vec::new();
    if head.seller_id.is_none() {
        let message = "the lines above the header name no merchant (SellerId); its rows are an account of their own";
        problems.push(Problem::new(Severity::Warning, "no_seller", message).in_file(file));
    }
    if digest.rows == 0 {
        let message = "the settlement has no rows; its period counts as covered";
        problems.push(Problem::new(Severity::Warning, "no_rows", message).in_file(file));
    }
    problems
}

/// The settings for reading without an archive: only a config that the user names.
pub(super) fn named_settings(common: &Common, world: &World<'_>) -> Result<Option<Settings>, super::failure::Failure> {
    common.config.is_some().then(|| super::config::load(common, world)).transpose()
}

/// A bar on standard error for long work; nothing where nobody would see it.
pub(super) fn progress(files: usize, common: &Common, world: &World<'_>) -> ProgressBar {
    let shown = world.terminal.progress && !common.no_progress && !common.quiet && files > 1;
    if !shown {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
