//! What a closed month is made of: documents under their names, files that were given, and terms.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::super::accounts::{Accounts, Span};
use super::super::args::Common;
use super::super::failure::Failure;
use super::super::frozen::apply_decisions;
use super::super::load::{Keep, Loaded, load_files_keeping};
use super::super::reconcile_orders::OrderInputs;
use super::super::world::World;
use crate::archive::{Archive, ArchiveError, DocumentRecord, RawStore};
use crate::config::Settings;
use crate::domain::{DocumentId, ExitCode, Month};
use crate::parse::{DocumentKind, Gathered, Input};
use crate::reconcile::Decisions;
use crate::report::Problem;
use crate::report::closing::{ClosedBefore, InputRole, PackDocument, PackInput, Terms};

/// Kinds that the statement and the payouts rest on.
const STATEMENT_KINDS: [DocumentKind; 2] = [DocumentKind::Settlement, DocumentKind::Disbursements];
/// Kinds that the disputes rest on besides.
const DISPUTE_KINDS: [DocumentKind; 4] =
    [DocumentKind::Refund, DocumentKind::Capture, DocumentKind::ChargebackNotification, DocumentKind::Dispute];

/// A document and where its bytes are.
#[derive(Clone, Debug)]
pub(in super::super) struct GroundDocument {
    pub(in super::super) facts: PackDocument,
    pub(in super::super) path: PathBuf,
}

/// A given file and where its bytes are.
#[derive(Clone, Debug)]
pub(in super::super) struct GroundInput {
    pub(in super::super) facts: PackInput,
    pub(in super::super) path: PathBuf,
}

/// Everything that a closed month is made of.
pub(in super::super) struct Ground {
    pub(in super::super) month: Month,
    pub(in super::super) terms: Terms,
    /// By name and hash, so that the order in which they came decides nothing.
    pub(in super::super) documents: Vec<GroundDocument>,
    /// In the order of the terms.
    pub(in super::super) inputs: Vec<GroundInput>,
}

/// Which documents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Share {
    /// Those of the statement.
    Statement,
    /// Those of the disputes, which are more.
    Disputes,
}

/// Chooses documents.
type Only<'a> = dyn Fn(&DocumentId) -> bool + 'a;

/// Whether figures of a closed month rest on documents of a kind.
pub(in super::super) fn counts(kind: DocumentKind) -> bool {
    STATEMENT_KINDS.contains(&kind) || DISPUTE_KINDS.contains(&kind)
}

impl Ground {
    /// Documents of the archive, by their hashes.
    pub(in super::super) fn of_archive(
        archive: &Archive,
        month: Month,
        terms: Terms,
        ids: &[DocumentId],
        inputs: Vec<GroundInput>,
    ) -> Result<Self, Failure> {
        let known = archive.catalog.documents()?;
        let known: HashMap<&DocumentId, &DocumentRecord> = known.iter().map(|record| (&record.id, record)).collect();
        let records = ids.iter().map(|id| known.get(id).copied().ok_or_else(|| unknown(id)));
        let records = records.collect::<Result<Vec<&DocumentRecord>, Failure>>()?;
        let mut names: HashMap<&str, usize> = HashMap::new();
        records.iter().for_each(|record| *names.entry(&record.source_name).or_default() += 1);
        let document = |record: &&DocumentRecord| -> Result<GroundDocument, Failure> {
            let unique = names.get(record.source_name.as_str()) == Some(&1);
            let own = || format!("{} ({})", record.source_name, record.id.short());
            let kind = DocumentKind::from_word(&record.kind);
            let facts = PackDocument {
                sha256: record.id.clone(),
                name: if unique { record.source_name.clone() } else { own() },
                kind: kind.word().to_owned(),
                bytes: record.bytes,
                settlement_id: None,
                account: record.account.clone(),
                content_type: archive.catalog.content_type_of(&record.id)?,
                counts: counts(kind),
            };
            Ok(GroundDocument { facts, path: stored(&archive.raw, record)? })
        };
        let mut documents = records.iter().map(document).collect::<Result<Vec<_>, Failure>>()?;
        documents.sort_by(|a, b| (&a.facts.name, &a.facts.sha256).cmp(&(&b.facts.name, &b.facts.sha256)));
        Ok(Self { month, terms, documents, inputs })
    }

    /// The accounts under the sealed settings.
    pub(in super::super) fn accounts(&self) -> Result<Accounts, Failure> {
        let mut settings = Settings::from_sealed(&self.terms.settings)
            .map_err(|why| Failure::from(why).about("the sealed settings"))?;
        let certificate = self.inputs.iter().find(|input| input.facts.role == InputRole::Certificate);
        settings.disputes.signing_certificate = certificate.map(|input| input.path.clone());
        Ok(Accounts::new(Some(settings), &[], None))
    }

    /// The settlement documents by their hashes, for what reads rows again.
    pub(in super::super) fn settlements(&self) -> BTreeMap<DocumentId, Input> {
        let settlement =
            |document: &&GroundDocument| DocumentKind::from_word(&document.facts.kind) == DocumentKind::Settlement;
        let documents = self.documents.iter().filter(settlement);
        documents.map(|document| (document.facts.sha256.clone(), document.input())).collect()
    }

    /// Reads documents anew, byte by byte. What is not what its name says ends the run.
    pub(in super::super) fn load(
        &self,
        share: Share,
        accounts: &Accounts,
        span: &Span,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<Loaded, Failure> {
        let decisions = &self.terms.resolutions;
        self.load_some((share, &|_| true, decisions), accounts, span, common, world)
    }

    /// The settlements that the close before rested on, as it saw them.
    pub(in super::super) fn load_before(
        &self,
        before: &ClosedBefore,
        accounts: &Accounts,
        span: &Span,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<Loaded, Failure> {
        let known: BTreeSet<&DocumentId> = before.documents.iter().collect();
        let wanted = |id: &DocumentId| known.contains(id);
        self.load_some((Share::Statement, &wanted, &before.resolutions), accounts, span, common, world)
    }

    fn load_some(
        &self,
        (share, only, decisions): (Share, &Only<'_>, &Decisions),
        accounts: &Accounts,
        span: &Span,
        common: &Common,
        world: &mut World<'_>,
    ) -> Result<Loaded, Failure> {
        let wanted = |document: &&GroundDocument| {
            let kind = DocumentKind::from_word(&document.facts.kind);
            let share = STATEMENT_KINDS.contains(&kind) || (share == Share::Disputes && DISPUTE_KINDS.contains(&kind));
            share && only(&document.facts.sha256)
        };
        let documents: Vec<&GroundDocument> = self.documents.iter().filter(wanted).collect();
        let inputs = documents.iter().map(|document| document.input()).collect();
        let gathered = Gathered { inputs, ..Gathered::default() };
        let keep = if share == Share::Disputes { Keep::Records } else { Keep::Nothing };
        let mut loaded = load_files_keeping(keep, gathered, accounts, span, common, world);
        let by_name: BTreeMap<&str, &GroundDocument> =
            documents.iter().map(|document| (document.facts.name.as_str(), *document)).collect();
        for source in &loaded.facts.sources {
            if let Some(document) = by_name.get(source.file.as_str()) {
                // The disk did not give it once; what it would have been seems unknown then.
                let unread = |problem: &Problem| problem.code == "io" && problem.file.as_ref() == Some(&source.file);
                if loaded.facts.problems.iter().any(unread) {
                    return Err(document.unread());
                }
                document.intact(source.sha256.as_ref())?;
                document.is_of_kind(source.kind)?;
            }
        }
        for kept in &mut loaded.records {
            let document = by_name.get(kept.file.as_str());
            kept.account = document.and_then(|document| document.facts.account.clone());
        }
        apply_decisions(&mut loaded.facts.documents, decisions);
        Ok(loaded)
    }

    /// Given disbursement lists, as the archive's own are read.
    pub(in super::super) fn disbursements(&self) -> Gathered {
        self.given(InputRole::Disbursements)
    }

    /// Given bank statements.
    pub(in super::super) fn bank(&self) -> Gathered {
        self.given(InputRole::Bank)
    }

    /// Given order lists.
    pub(in super::super) fn orders(&self) -> OrderInputs {
        let lists = self.inputs.iter().filter(|input| input.facts.role == InputRole::Orders);
        OrderInputs::of(lists.map(|input| (input.input(), input.facts.mapping.clone())).collect())
    }

    fn given(&self, role: InputRole) -> Gathered {
        let inputs = self.inputs.iter().filter(|input| input.facts.role == role);
        let mut inputs: Vec<Input> = inputs.map(GroundInput::input).collect();
        inputs.sort_by(|a, b| a.name().cmp(b.name()));
        Gathered { inputs, ..Gathered::default() }
    }
}

impl GroundDocument {
    fn input(&self) -> Input {
        Input::renamed(self.path.clone(), &self.facts.name).declared(self.facts.content_type.as_deref())
    }

    /// A document under a wrong kind would be read where it does not belong, or nowhere.
    fn is_of_kind(&self, found: &str) -> Result<(), Failure> {
        if self.facts.kind == found {
            return Ok(());
        }
        let message = format!("{}: it is `{found}`, not `{}`", self.facts.name, self.facts.kind.escape_debug());
        Err(Failure::new(ExitCode::DoesNotTie, message))
    }

    fn intact(&self, computed: Option<&DocumentId>) -> Result<(), Failure> {
        match computed {
            Some(computed) if *computed == self.facts.sha256 => Ok(()),
            Some(computed) => {
                let (path, stated, computed) = (self.path.clone(), self.facts.sha256.clone(), computed.clone());
                Err(ArchiveError::Damaged { path, stated, computed }.into())
            }
            None => Err(self.unread()),
        }
    }

    fn unread(&self) -> Failure {
        let (name, id) = (&self.facts.name, self.facts.sha256.short());
        let message = format!("{name}: the stored document {id} cannot be read");
        Failure::new(ExitCode::Storage, message).with_hint("bring the file in again with `settle import`")
    }
}

impl GroundInput {
    fn input(&self) -> Input {
        Input::renamed(self.path.clone(), &self.facts.name)
    }
}

fn unknown(id: &DocumentId) -> Failure {
    let message = format!("document {} was there when the month was closed and is not in the catalog now", id.short());
    Failure::new(ExitCode::Storage, message).with_hint("`settle verify --rebuild` makes the catalog again")
}

fn stored(raw: &RawStore, record: &DocumentRecord) -> Result<PathBuf, Failure> {
    let path = raw.path(&record.id)?;
    let whole = std::fs::metadata(&path).is_ok_and(|about| about.len() == record.bytes);
    if whole || !counts(DocumentKind::from_word(&record.kind)) {
        return Ok(path);
    }
    let what = if path.is_file() { "has another length than when it came" } else { "is not in the raw store" };
    let message = format!("{}: the stored document {} {what}", record.source_name, record.id.short());
    Err(Failure::new(ExitCode::Storage, message).with_hint("bring the file in again with `settle import`"))
}

/// The last part of a path, for what is sealed: folders of a machine are nobody else's business.
pub(in super::super) fn base_name(name: &str) -> String {
    let base = Path::new(name).file_name().map(|base| base.to_string_lossy().into_owned());
    crate::archive::sanitise_name(&base.unwrap_or_else(|| name.to_owned()))
}
