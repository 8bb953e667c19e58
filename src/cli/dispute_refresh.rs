//! `settle disputes --refresh`: asks Amazon for the present state of disputes and archives the answers.
//!
//! The answers enter by the same door as files: fetch ends at the archive. Amazon has no list of disputes, so
//! ids come from notifications, rows and earlier answers (disputes §8).

use super::failure::Failure;
use crate::archive::Archive;
use crate::disputes::{Case, CaseStatus, status_of_object};
use crate::domain::{AccountName, DocumentId, Instant};
use crate::ledger::{Ingest, IngestError};
use crate::parse::{Gathered, ReadOptions, gather_stream};

/// Asks for one dispute of an account and gives the answer's bytes.
pub(super) type GetDispute<'a> = dyn FnMut(&AccountName, &str) -> Result<Vec<u8>, Failure> + 'a;

/// The disputes worth asking for: those whose id has the form of the Dispute API and that Amazon has not
/// decided yet, by account and id.
pub(super) fn ids_to_refresh(cases: &[Case]) -> Vec<(AccountName, String)> {
    let mut ids = Vec::new();
    for case in cases {
        let settled = |id: &str| {
            let known = case.objects.iter().find(|object| object.read.dispute_id == id);
            let status = known.and_then(|object| status_of_object(&object.read));
            matches!(status, Some(CaseStatus::Won | CaseStatus::Lost))
        };
        let rows = case.rows.iter().map(|row| row.transaction_id.as_str());
        let all = case.dispute_ids().into_iter().chain(rows);
        let wanted = all.filter(|id| is_dispute_id(id) && !settled(id));
        ids.extend(wanted.map(|id| (case.account.clone(), id.to_owned())));
    }
    ids.sort();
    ids.dedup();
    ids
}

/// `P02-1234567-1234567-B123456`.
fn is_dispute_id(id: &str) -> bool {
    let last = id.rsplit('-').next().and_then(|last| last.strip_prefix('B'));
    id.split('-').count() == 4 && last.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Asks for disputes and archives the answers; gives the archived documents. An answer that says nothing new is
/// the same document as before. The caller holds the archive's lock.
///
/// # Errors
/// The first failure; what was archived before it stays.
pub(super) fn refresh(
    archive: &mut Archive,
    ids: &[(AccountName, String)],
    get: &mut GetDispute<'_>,
    options: &ReadOptions,
    now: Instant,
) -> Result<Vec<DocumentId>, Failure> {
    let mut archived = Vec::new();
    for (account, id) in ids {
        let answer = get(account, id)?;
        let mut gathered = Gathered::default();
        gather_stream(&mut gathered, &mut answer.as_slice(), &format!("dispute-{id}.json"));
        for input in &gathered.inputs {
            let ingest = Ingest { archive, options, account: Some(account.clone()), now };
            let staged = ingest.stage(input).map_err(refused)?;
            archived.push(staged.record.id.clone());
            if archive.catalog.find(&staged.record.id)?.is_none() {
                Ingest::commit(archive, vec![staged])?;
            }
        }
    }
    Ok(archived)
}

fn refused(why: IngestError) -> Failure {
    match why {
        IngestError::Refused(refused) => Failure::from(refused.error),
        IngestError::Storage { message, exit, .. } => Failure::new(exit, message),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::config::DisputeSettings;
    use crate::disputes::{Clock, Facts, ObjectFact, build_cases};
    use crate::parse::{DisputeObject, Privacy, Watch};

    #[test]
    fn an_answer_is_archived_once_and_belongs_to_the_account_that_asked() {
        let place = tempfile::tempdir().unwrap();
        let mut archive = Archive::create_or_open(place.path()).unwrap();
        let options = ReadOptions { workers: NonZeroUsize::MIN, privacy: Privacy::Drop, watch: Watch::default() };
        let asked = vec![(AccountName::new("shop"), "P02-1234567-1234567-B123456".to_owned())];
        let mut seen = Vec::new();
        let mut get = |account: &AccountName, id: &str| {
            seen.push((account.clone(), id.to_owned()));
            Ok(format!("{{\"disputeId\":\"{id}\",\"statusDetails\":{{\"state\":\"UnderReview\"}}}}").into_bytes())
        };
        let now = Instant::new(1_790_000_000_000, 0);
        let first = refresh(&mut archive, &asked, &mut get, &options, now).unwrap();
        let again = refresh(&mut archive, &asked, &mut get, &options, now).unwrap();
        assert_eq!(first, again);
        assert_eq!(seen.len(), 2);
        let documents = archive.catalog.documents_of_kind("amazon_pay_dispute").unwrap();
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0].account, Some(AccountName::new("shop")));
    }

    #[test]
    fn an_answer_that_is_no_dispute_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let mut archive = Archive::create_or_open(place.path()).unwrap();
        let options = ReadOptions { workers: NonZeroUsize::MIN, privacy: Privacy::Drop, watch: Watch::default() };
        let asked = vec![(AccountName::new("shop"), "P02-1-2-B3".to_owned())];
        let mut get = |_: &AccountName, _: &str| Ok(b"{\"reasonCode\":\"DisputeNotFound\"}".to_vec());
        assert!(refresh(&mut archive, &asked, &mut get, &options, Instant::new(0, 0)).is_err());
        assert!(archive.catalog.documents().unwrap().is_empty());
    }

    #[test]
    fn a_dispute_is_asked_for_until_amazon_has_decided_it() {
        let object = |id: &str, resolution: &str| ObjectFact {
            account: Some(AccountName::new("shop")),
            read: DisputeObject {
                dispute_id: id.to_owned(),
                resolution: resolution.to_owned(),
                ..DisputeObject::default()
            },
            file: format!("{id}.json"),
        };
        let objects = vec![object("P02-1-2-B3", ""), object("P02-1-4-B5", "BuyerWon"), object("P02-1-6-B7", "NoFault")];
        let facts = Facts { objects, ..Facts::default() };
        let rules = DisputeSettings::default();
        let cases = build_cases(&facts, &Clock { now: Instant::new(0, 0), settings: &rules });
        let ids: Vec<String> = ids_to_refresh(&cases).into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, ["P02-1-2-B3", "P02-1-6-B7"]);
    }

    #[test]
    fn only_ids_of_the_dispute_api_are_asked_for() {
        assert!(is_dispute_id("P02-1234567-1234567-B123456"));
        for id in ["C9KORZRXQ655G", "P02-1234567-1234567-C123456", "", "B1"] {
            assert!(!is_dispute_id(id), "{id}");
        }
    }
}
