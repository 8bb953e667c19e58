//! `settle disputes --refresh`: asks Amazon for the present state of disputes and archives the answers.
//!
//! The answers enter by the same door as files: fetch ends at the archive. Amazon has no list of disputes, so
//! ids come from notifications, rows and earlier answers (disputes §8).

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::accounts::{Accounts, Span};
use super::args::Common;
use super::dispute_facts::gather_facts;
use super::failure::Failure;
use super::fetching::{accounts_asked_for, runtime, together, until_stopped};
use super::frozen::View;
use super::intake::take_in;
use super::load::{Keep, load_archive_keeping};
use super::world::{StopFlag, World};
use crate::archive::Archive;
use crate::config::{Account, Settings, Source as Word};
use crate::disputes::{Case, CaseStatus, Clock, NO_ACCOUNT, status_of_object};
use crate::domain::{AccountName, ExitCode};
use crate::export::clean;
use crate::fetch::{AnySource, Connection, FetchError, connect};
use crate::parse::{Gathered, gather_stream};
use crate::report::ImportState;

/// HTTP status of an id that Amazon does not know.
const NOT_FOUND: u16 = 404;
/// Longest id that is asked for: real ones have 27 characters.
const DISPUTE_ID_MAX: usize = 64;

/// Asks for every dispute that is known and not decided, and archives the answers; tells how it ended.
///
/// # Errors
/// [`Failure`] where there is no archive, or it cannot be read or written. That Amazon does not answer is said,
/// and is in the exit code.
pub(super) fn refresh(
    settings: &Settings,
    accounts: &Accounts,
    clock: &Clock<'_>,
    stop: &StopFlag,
    common: &Common,
    world: &mut World<'_>,
) -> Result<ExitCode, Failure> {
    // Without an archive no dispute is known, and none is made for that.
    drop(Archive::open_existing(&settings.data_dir)?);
    let mut archive = Archive::create_or_open(&settings.data_dir)?;
    let _lock = archive.lock()?;
    let asked_for = accounts_asked_for(settings, common)?;
    let loaded = load_archive_keeping(Keep::Records, &archive, &View::now(&archive)?, accounts, &Span::Whole, world)?;
    let known = gather_facts(loaded, None, accounts, clock, common, world)?;
    let mut wanted = by_account(ids_to_refresh(&known.disputes.cases), settings);
    let mut exits = Vec::new();
    for account in asked_for {
        let ids = wanted.remove(&account.name).unwrap_or_default();
        if account.source != Word::PayApi {
            let word = account.source.word();
            note(account.name.as_str(), &format!("source {word} has no Dispute API; nothing is asked"), common, world);
            continue;
        }
        if ids.is_empty() {
            note(account.name.as_str(), "no undecided dispute is known by its id; nothing is asked", common, world);
            continue;
        }
        let asked = ask(&mut archive, account, &ids, settings, stop, world)?;
        exits.push(asked.tell(account, common, world));
        exits.push(take(&mut archive, account, &asked, settings, common, world)?);
        if stop.asked().is_some() {
            break;
        }
    }
    for (name, ids) in &wanted {
        let text = format!("it is no configured account; {} dispute(s) are not asked for", ids.len());
        note(name.as_str(), &text, common, world);
    }
    Ok(stop.asked().unwrap_or_else(|| together(&exits)))
}

fn note(account: &str, text: &str, common: &Common, world: &mut World<'_>) {
    if !common.quiet {
        world.say(&format!("settle: note: {}: {}", clean(account), clean(text)));
    }
}

/// Ids by account. A dispute of which no file tells the account belongs to the only account, where there is one.
fn by_account(ids: Vec<(AccountName, String)>, settings: &Settings) -> BTreeMap<AccountName, Vec<String>> {
    let mut wanted: BTreeMap<AccountName, Vec<String>> = BTreeMap::new();
    for (name, id) in ids {
        let name = match settings.accounts.as_slice() {
            [only] if name.as_str() == NO_ACCOUNT => only.name.clone(),
            _ => name,
        };
        wanted.entry(name).or_default().push(id);
    }
    wanted
}

/// What Amazon answered for one account.
#[derive(Default)]
struct Asked {
    answers: Vec<(String, Vec<u8>)>,
    unknown: Vec<String>,
    error: Option<FetchError>,
}

impl Asked {
    /// Says what is missing; the worst of it is the exit code.
    fn tell(&self, account: &Account, common: &Common, world: &mut World<'_>) -> ExitCode {
        for id in &self.unknown {
            note(account.name.as_str(), &format!("Amazon does not know the dispute {id}"), common, world);
        }
        let unknown = if self.unknown.is_empty() { ExitCode::Done } else { ExitCode::PartlyDone };
        let Some(error) = &self.error else { return unknown };
        world.say(&format!("settle: error: {}: {}", account.name, clean(&error.to_string())));
        if let Some(hint) = error.hint() {
            world.say(&format!("hint: {}", clean(&hint)));
        }
        ExitCode::worst([unknown, error.exit_code()])
    }
}

/// Asks for one dispute after the other, until all are asked for, a signal comes, or Amazon fails.
fn ask(
    archive: &mut Archive,
    account: &Account,
    ids: &[String],
    settings: &Settings,
    stop: &StopFlag,
    world: &World<'_>,
) -> Result<Asked, Failure> {
    let runtime = runtime()?;
    let catalog = RefCell::new(&mut archive.catalog);
    let connection = Connection {
        settings: &settings.fetch,
        surroundings: &world.surroundings,
        catalog: &catalog,
        timer: world.clock,
        tell: &|wait| tracing::info!(operation = wait.operation, "waiting for a quota"),
    };
    let mut asked = Asked::default();
    let source = match connect(account, &connection) {
        Ok(AnySource::PayApi(source)) => source,
        Ok(AnySource::Mws(_)) => return Ok(asked),
        Err(why) => return Ok(Asked { error: Some(why), ..asked }),
    };
    for id in ids {
        match runtime.block_on(until_stopped(source.dispute(id), stop)) {
            Ok(Ok(object)) => asked.answers.push((id.clone(), object.bytes)),
            Ok(Err(FetchError::Answered { status: NOT_FOUND, .. })) => asked.unknown.push(id.clone()),
            Ok(Err(why)) => {
                asked.error = Some(why);
                break;
            }
            Err(_) => break,
        }
    }
    Ok(asked)
}

/// Archives the answers. One that says nothing new is the same document as before.
fn take(
    archive: &mut Archive,
    account: &Account,
    asked: &Asked,
    settings: &Settings,
    common: &Common,
    world: &mut World<'_>,
) -> Result<ExitCode, Failure> {
    let mut gathered = Gathered::default();
    for (id, bytes) in &asked.answers {
        gather_stream(&mut gathered, &mut bytes.as_slice(), &format!("dispute-{id}.json"));
    }
    // What Amazon answered is kept, also where a signal ended the asking.
    let taken = take_in(archive, &gathered, Some(account.name.clone()), settings, common, world, &|| false)?;
    let mut exit = ExitCode::Done;
    for file in taken.files.iter().filter(|file| file.state == ImportState::Rejected) {
        let why = file.message.as_deref().unwrap_or_default();
        world.say(&clean(&format!("settle: error: {}: {}: {why}", account.name, file.file)));
        exit = ExitCode::DoesNotTie;
    }
    let new = taken.files.iter().filter(|file| file.state == ImportState::Imported).count();
    let text = format!("{} dispute(s) answered by Amazon, {new} of them new or changed", asked.answers.len());
    note(account.name.as_str(), &text, common, world);
    Ok(exit)
}

/// The disputes worth asking for: those whose id has the form of the Dispute API and that Amazon has not
/// decided yet, by account and id.
fn ids_to_refresh(cases: &[Case]) -> Vec<(AccountName, String)> {
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

/// `P02-1234567-1234567-B123456`. Files name the ids and they become part of an address, so nothing else passes.
fn is_dispute_id(id: &str) -> bool {
    let plain = id.len() <= DISPUTE_ID_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let last = id.rsplit('-').next().and_then(|last| last.strip_prefix('B'));
    let numbered = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && id.split('-').count() == 4 && last.is_some_and(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DisputeSettings;
    use crate::disputes::{Facts, ObjectFact, build_cases};
    use crate::domain::Instant;
    use crate::parse::DisputeObject;

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
        for id in
            ["C9KORZRXQ655G", "P02-1234567-1234567-C123456", "", "B1", "../x-1-2-B3", "P02-1-2-B", "P02/1-2-3-B4?x"]
        {
            assert!(!is_dispute_id(id), "{id}");
        }
    }
}
