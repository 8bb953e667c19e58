//! What `settle reconcile` found about payouts, kept in the catalog for `settle report`.

use std::collections::HashMap;

use super::failure::Failure;
use super::load::Loaded;
use super::world::World;
use crate::archive::{Archive, ArchiveError, MatchRecord};
use crate::config::Settings;
use crate::domain::{DocumentId, Instant};
use crate::reconcile::payouts::{PayoutRows, PayoutState};
use crate::reconcile::settle_conflicts;
use crate::report::{Arrivals, BankLine, PayoutArrival, PayoutFinding, Source};

/// Remembers findings. Another run that holds the lock is no reason to fail: the document is made all
/// the same, and the next run remembers.
pub(super) fn remember(
    settings: &Settings,
    loaded: &Loaded,
    findings: &[PayoutFinding],
    sources: &[Source],
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let (documents, _) = settle_conflicts(loaded.facts.documents.clone());
    let rows = PayoutRows::of(&documents);
    let by_file: HashMap<&str, &DocumentId> =
        documents.iter().map(|document| (document.file.as_str(), &document.id)).collect();
    let found: Instant = world.clock.now().into();
    let record = |finding: &PayoutFinding| {
        let document = (*by_file.get(finding.file.as_str())?).clone();
        let evidence = rows.evidence(&document, finding.line)?;
        let bank = finding.bank.as_ref();
        Some(MatchRecord {
            document,
            line: finding.line,
            state: finding.state.word().to_owned(),
            rule: finding.rule.map(str::to_owned),
            booked_on: bank.map(|bank| bank.booked_on.to_string()),
            bank_account: bank.map(|bank| bank.bank_account.clone()),
            bank_reference: bank.and_then(|bank| bank.reference.clone()),
            bank_file: bank.and_then(|bank| bank_file(bank, sources)),
            evidence,
            found_ms: found.utc_millis(),
        })
    };
    let records: Vec<MatchRecord> = findings.iter().filter(|finding| finding.known).filter_map(record).collect();
    if records.is_empty() {
        return Ok(());
    }
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let locked = archive.lock();
    match locked {
        Ok(_lock) => Ok(archive.catalog.remember_matches(&records)?),
        Err(ArchiveError::Locked { .. }) => {
            world.say("settle: warning: another run holds the lock, so the states of the payouts are not remembered");
            Ok(())
        }
        Err(why) => Err(why.into()),
    }
}

fn bank_file(bank: &BankLine, sources: &[Source]) -> Option<(String, DocumentId)> {
    let source = sources.iter().find(|source| source.file == bank.file && source.kind == "bank_statement")?;
    Some((source.file.clone(), source.sha256.clone()?))
}

/// Everything that is remembered, with its evidence.
pub(super) fn remembered(archive: &Archive) -> Result<Arrivals, Failure> {
    let arrival = |record: MatchRecord| {
        // A state of a newer version says nothing to this one.
        let state = PayoutState::from_word(&record.state)?;
        let (bank_file, bank_sha256) = record.bank_file.unzip();
        let arrival = PayoutArrival {
            state,
            rule: record.rule,
            booked_on: record.booked_on,
            bank_account: record.bank_account,
            bank_reference: record.bank_reference,
            bank_file,
            bank_sha256,
        };
        Some(((record.document, record.line), (record.evidence, arrival)))
    };
    Ok(archive.catalog.matches()?.into_iter().filter_map(arrival).collect())
}
