//! `settle resolve`: which document of a settlement counts where the archive has more than one.
//!
//! A decision is an event in the log and can be replaced by a later one. A closed month stays as it was closed,
//! whatever is decided after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::DateTime;

use super::accounts::{Accounts, Span};
use super::args::{Common, Format};
use super::args_after::ResolveArgs;
use super::compare::{Comparison, Part};
use super::decisions::{ResolveFacts, decisions};
use super::failure::Failure;
use super::frozen::{View, closes_in_force};
use super::load::{load_archive, read_options};
use super::world::World;
use crate::archive::Archive;
use crate::domain::{AccountName, DocumentId, ExitCode, Instant, Month, RowKind, SettlementId, Sum};
use crate::export::{Paint, Target, WriteError, clean, json_text, resolve_text};
use crate::parse::DocumentKind;
use crate::reconcile::{Choice, Conflict, SettlementDocument, settle_conflicts};
use crate::report::{ConflictLine, ConflictState, ResolveDocument, RivalLine, RivalNet};

/// The fewest digits of a hash that name a document.
const HASH_DIGITS_MIN: usize = 4;

pub(super) fn run(common: &Common, args: &ResolveArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a list of conflicts", common.format)?;
    let settings = super::config::load(common, world)?;
    let mut archive = Archive::open_existing(&settings.data_dir)?;
    let accounts = Accounts::new(Some(settings.clone()), &common.account, None);
    let mut rivalries = rivalries(&archive, &accounts, world)?;
    let mut resolved = None;
    if let Some(wanted) = &args.settlement {
        let wanted = SettlementId::new(wanted);
        let known: Vec<String> = rivalries.keys().map(|(_, id)| clean(id.as_str())).collect();
        rivalries.retain(|(_, id), _| *id == wanted);
        let account = match rivalries.keys().collect::<Vec<_>>().as_slice() {
            [(account, _)] => account.clone(),
            [] => return Err(no_conflict(&wanted, &known)),
            several => return Err(several_accounts(&wanted, several)),
        };
        if let Some(keep) = &args.keep {
            let documents = rivalries.values().next().cloned().unwrap_or_default();
            let choice = choice_of(keep, &documents)?;
            archive = Archive::create_or_open(&settings.data_dir)?;
            let _lock = archive.lock()?;
            decide(&mut archive, (&account, &wanted), &choice, &documents, args.reason.clone(), world)?;
            resolved = Some(wanted.clone());
            rivalries = self::rivalries(&archive, &accounts, world)?;
            rivalries.retain(|(_, id), _| *id == wanted);
        }
    }
    let document = document(&archive, &accounts, rivalries, resolved, world)?;
    write(&document, common, world)?;
    Ok(document.exit_code())
}

/// The documents of every settlement that is there more than once, the one that counts first.
type Rivalries = BTreeMap<(AccountName, SettlementId), Vec<Rival>>;

#[derive(Clone)]
struct Rival {
    document: SettlementDocument,
    decided: Option<Conflict>,
}

fn rivalries(archive: &Archive, accounts: &Accounts, world: &World<'_>) -> Result<Rivalries, Failure> {
    let loaded = load_archive(archive, &View::now(archive)?, accounts, &Span::Whole, world)?;
    let by_id: HashMap<DocumentId, SettlementDocument> =
        loaded.facts.documents.iter().map(|document| (document.id.clone(), document.clone())).collect();
    let (_, conflicts) = settle_conflicts(loaded.facts.documents);
    let mut rivalries = Rivalries::new();
    for conflict in conflicts {
        let (winner, loser) = (by_id.get(&conflict.counted_id), by_id.get(&conflict.set_aside_id));
        let (Some(winner), Some(loser)) = (winner, loser) else { continue };
        let rivals = rivalries.entry((conflict.account.clone(), conflict.settlement_id.clone())).or_default();
        if rivals.is_empty() {
            rivals.push(Rival { document: winner.clone(), decided: None });
        }
        rivals.push(Rival { document: loser.clone(), decided: Some(conflict) });
    }
    Ok(rivalries)
}

fn no_conflict(wanted: &SettlementId, known: &[String]) -> Failure {
    let message = format!("settlement {} is not there twice", clean(wanted.as_str()));
    let hint = match known {
        [] => "no settlement is there twice".to_owned(),
        known => format!("settlements that are there twice: {}", known.join(", ")),
    };
    Failure::new(ExitCode::Usage, message).with_hint(hint)
}

fn several_accounts(wanted: &SettlementId, keys: &[&(AccountName, SettlementId)]) -> Failure {
    let accounts: Vec<String> = keys.iter().map(|(account, _)| clean(account.as_str())).collect();
    let message = format!("settlement {} is there twice in several accounts", clean(wanted.as_str()));
    Failure::new(ExitCode::Usage, message).with_hint(format!("choose one with --account: {}", accounts.join(", ")))
}

/// What the user's word chooses: a rule, or one of the documents by its hash.
fn choice_of(keep: &str, rivals: &[Rival]) -> Result<Choice, Failure> {
    if let Ok(rule) = keep.parse() {
        return Ok(rule);
    }
    let wanted = keep.to_lowercase();
    let named = |rival: &&Rival| {
        let hash = wanted.len() >= HASH_DIGITS_MIN && rival.document.id.as_str().starts_with(&wanted);
        hash || rival.document.file == keep
    };
    let found: Vec<&Rival> = rivals.iter().filter(named).collect();
    let shown = |rival: &Rival| format!("{} ({})", rival.document.id.short(), clean(&rival.document.file));
    match found.as_slice() {
        [one] => Ok(Choice::Document(one.document.id.clone())),
        found => {
            let what = if found.is_empty() { "is none of its documents" } else { "is more than one of its documents" };
            let all: Vec<String> = rivals.iter().map(shown).collect();
            let message = format!("`{}` {what}", clean(keep));
            Err(Failure::new(ExitCode::Usage, message)
                .with_hint(format!("name one of {} by four digits or more; or larger, or newer", all.join(", "))))
        }
    }
}

/// Records the decision.
fn decide(
    archive: &mut Archive,
    (account, settlement): (&AccountName, &SettlementId),
    choice: &Choice,
    rivals: &[Rival],
    reason: Option<String>,
    world: &World<'_>,
) -> Result<(), Failure> {
    let counted = counted_by(choice, rivals);
    let facts = ResolveFacts {
        account: account.clone(),
        settlement_id: settlement.clone(),
        choice: choice.word().to_owned(),
        counted: counted.clone(),
        compared: rivals.iter().map(|rival| rival.document.id.clone()).collect::<BTreeSet<_>>(),
        reason,
    };
    let now: Instant = world.clock.now().into();
    archive.catalog.resolve(account, settlement, &counted, now.utc_millis(), &serde_json::to_value(&facts)?)?;
    archive.mirror_events()?;
    Ok(())
}

/// The document that a choice lets count, by the one rule for it.
fn counted_by(choice: &Choice, rivals: &[Rival]) -> DocumentId {
    let decision = rivals.first().and_then(|rival| {
        Some(crate::reconcile::Decision {
            account: rival.document.account.clone(),
            settlement_id: rival.document.settlement_id()?,
            choice: choice.clone(),
            compared: rivals.iter().map(|rival| rival.document.id.clone()).collect(),
            decided_on: String::new(),
            reason: None,
        })
    });
    let documents = rivals.iter().map(|rival| {
        let decision = decision.clone().map(Box::new);
        SettlementDocument { decision, ..rival.document.clone() }
    });
    let (counted, _) = settle_conflicts(documents.collect());
    counted.into_iter().next().map_or_else(|| DocumentId::new(String::new()), |document| document.id)
}

fn document(
    archive: &Archive,
    accounts: &Accounts,
    rivalries: Rivalries,
    resolved: Option<SettlementId>,
    world: &World<'_>,
) -> Result<ResolveDocument, Failure> {
    let imported: HashMap<DocumentId, i64> = archive
        .catalog
        .documents_of_kind(DocumentKind::Settlement.word())?
        .into_iter()
        .map(|record| (record.id, record.imported_at_ms))
        .collect();
    let facts = LineFacts {
        archive,
        accounts,
        imported,
        made: archive.catalog.report_dates()?,
        closed: closes_in_force(archive)?.into_iter().map(|close| close.month).collect(),
        decisions: decisions(archive, None)?,
    };
    let lines = rivalries.into_iter().map(|(key, rivals)| facts.line(key, &rivals, world));
    Ok(ResolveDocument { schema: "settle.resolve/1", resolved, conflicts: lines.collect::<Result<_, _>>()? })
}

/// What the lines are made from.
struct LineFacts<'a> {
    archive: &'a Archive,
    accounts: &'a Accounts,
    imported: HashMap<DocumentId, i64>,
    made: BTreeMap<DocumentId, i64>,
    closed: Vec<Month>,
    decisions: crate::reconcile::Decisions,
}

impl LineFacts<'_> {
    fn line(
        &self,
        (account, settlement_id): (AccountName, SettlementId),
        rivals: &[Rival],
        world: &World<'_>,
    ) -> Result<ConflictLine, Failure> {
        let open = rivals.iter().skip(1).any(|rival| rival.decided.as_ref().is_none_or(|c| c.decided.is_none()));
        let decision = self.decisions.about(&account, &settlement_id).filter(|_| !open);
        let rule = match decision.map(|decision| &decision.choice) {
            None => "more rows, then the smaller hash",
            Some(Choice::Document(_)) => "this document counts",
            Some(Choice::Larger) => "the larger one counts",
            Some(Choice::Newer) => "the newer one counts",
        };
        let winner = rivals.first().map(|rival| &rival.document);
        let documents = rivals.iter().map(|rival| self.rival(&rival.document, winner, world));
        Ok(ConflictLine {
            closed_months: self.closed_months(rivals),
            account,
            settlement_id,
            state: if open { ConflictState::Open } else { ConflictState::Decided },
            rule,
            decided_on: decision.map(|decision| decision.decided_on.clone()),
            choice: decision.map(|decision| decision.choice.word().to_owned()),
            reason: decision.and_then(|decision| decision.reason.clone()),
            documents: documents.collect::<Result<_, _>>()?,
        })
    }

    fn rival(
        &self,
        document: &SettlementDocument,
        winner: Option<&SettlementDocument>,
        world: &World<'_>,
    ) -> Result<RivalLine, Failure> {
        let counts = winner.is_some_and(|winner| winner.id == document.id);
        let utc = |ms: i64| DateTime::from_timestamp_millis(ms).map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        let unlike = match winner.filter(|_| !counts) {
            // A document whose bytes are gone can still be decided about.
            Some(winner) => self.comparison(winner, document, world).unlike().ok(),
            None => None,
        };
        let zone = self.accounts.zone(document.seller_id.as_ref()).tz();
        Ok(RivalLine {
            file: document.file.clone(),
            sha256: document.id.clone(),
            counts,
            rows: document.digest.rows,
            start: document.start.rfc3339_in(&zone),
            end: document.end.rfc3339_in(&zone),
            net: nets(document)?,
            imported_at: self.imported.get(&document.id).copied().and_then(utc),
            made_at: self.made.get(&document.id).copied().and_then(utc),
            rows_only_here: unlike.map(|(here, _)| here),
            rows_lacking: unlike.map(|(_, lacking)| lacking),
        })
    }

    fn comparison(
        &self,
        winner: &SettlementDocument,
        document: &SettlementDocument,
        world: &World<'_>,
    ) -> Comparison<'_> {
        Comparison {
            archive: Some(self.archive),
            options: read_options(world),
            zone: self.accounts.zone(document.seller_id.as_ref()),
            before: vec![Part::stored(winner.id.clone(), &winner.file)],
            after: vec![Part::stored(document.id.clone(), &document.file)],
        }
    }

    /// The closed months in which one of the documents has rows.
    fn closed_months(&self, rivals: &[Rival]) -> Vec<String> {
        let touches = |month: &&Month| {
            rivals.iter().any(|rival| {
                let zone = self.accounts.zone(rival.document.seller_id.as_ref());
                let first = Month::containing(rival.document.digest.first_posted.unwrap_or(rival.document.start), zone);
                let last = Month::containing(rival.document.digest.last_posted.unwrap_or(rival.document.end), zone);
                (first..=last).contains(*month)
            })
        };
        self.closed.iter().filter(touches).map(ToString::to_string).collect()
    }
}

/// Σ net of the rows that move the balance.
fn nets(document: &SettlementDocument) -> Result<Vec<RivalNet>, Failure> {
    let mut nets = Vec::new();
    for currency in document.digest.currencies() {
        let own = document.digest.buckets.iter().filter(|bucket| bucket.currency == currency);
        let moving = own.filter(|bucket| RowKind::moves_balance(bucket.kind));
        let net: Sum = moving.map(|bucket| bucket.tally.net).sum();
        nets.push(RivalNet { currency, net: net.in_currency(currency)? });
    }
    Ok(nets)
}

fn write(document: &ResolveDocument, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    let paint = if target == Target::Stdout { world.paint(common.color) } else { Paint::Plain };
    let json = common.format == Some(Format::Json);
    let text = if json { json_text(document)? } else { resolve_text(document, paint) };
    Ok(target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?)
}
