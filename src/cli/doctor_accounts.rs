//! What `settle doctor` examines of an account: settings, secrets, and one cheap question to Amazon.

use std::cell::RefCell;
use std::path::Path;

use chrono::TimeDelta;

use super::failure::Failure;
use super::fetching::{runtime, until_stopped};
use super::world::StopFlag;
use crate::archive::Catalog;
use crate::config::{
    Account, ConfigError, Environment, Fetch, SecretReference, Settings, Source as Word, Surroundings, read_secret,
    read_secret_file,
};
use crate::domain::{ExitCode, Timer};
use crate::fetch::{AnySource, Connection, Evidence, FetchError, PayApi, SigningKey, Source, connect, service_address};
use crate::report::Check;

/// Clocks that differ by less are as good as equal.
const CLOCK_EASY: TimeDelta = TimeDelta::minutes(1);
/// From here on signatures are in danger: settle corrects its own, nothing else on this machine does.
const CLOCK_MAX: TimeDelta = TimeDelta::minutes(5);

/// What is asked, and with what.
pub(super) struct Questions<'a> {
    pub(super) settings: &'a Settings,
    pub(super) surroundings: &'a Surroundings,
    pub(super) timer: &'a dyn Timer,
    pub(super) verbose: bool,
    pub(super) offline: bool,
    pub(super) catalog: RefCell<Catalog>,
    pub(super) stop: StopFlag,
}

/// Every check of one account.
pub(super) fn examine_account(account: &Account, questions: &Questions<'_>) -> Result<Vec<Check>, Failure> {
    let name = account.name.as_str();
    let mut checks = vec![settings(account)];
    checks.extend(secrets(account, questions.surroundings));
    let sound = checks.iter().all(|check| check.exit == ExitCode::Done.number());
    if sound && !questions.offline && account.source != Word::Import {
        checks.extend(ask(account, questions)?);
    }
    Ok(checks.into_iter().map(|check| check.of(name)).collect())
}

/// Whether the settings that the source needs are there and fit each other.
fn settings(account: &Account) -> Check {
    let needed: &[(&'static str, bool)] = match account.source {
        Word::PayApi => &[
            ("public_key_id", account.public_key_id.is_some()),
            ("private_key_file", account.private_key_file.is_some()),
        ],
        Word::Mws => {
            &[("access_key_id", account.access_key_id.is_some()), ("secret_key_file", account.secret_key.is_some())]
        }
        Word::Import => return Check::ok("account", "files are brought in by hand with `settle import`"),
    };
    if let Some((key, _)) = needed.iter().find(|(_, is_there)| !is_there) {
        let source_word = account.source.word();
        return of_fetch("account", &FetchError::Missing { account: account.name.to_string(), key, source_word });
    }
    if let Some(other) = other_environment(account) {
        let message = format!("public_key_id is a {other} key and environment is {}", account.environment);
        let hint = format!("write environment = \"{other}\" into the configuration, or use the other key's id");
        return Check::error("account", message, ExitCode::Configuration).with_hint(Some(hint));
    }
    Check::ok("account", format!("{}, {}, {}", account.source, account.region, account.environment))
}

/// The environment that the prefix of a key id tells, where it is not the configured one.
fn other_environment(account: &Account) -> Option<Environment> {
    let id = account.public_key_id.as_ref().filter(|_| account.source == Word::PayApi)?.to_ascii_uppercase();
    let told = [Environment::Live, Environment::Sandbox]
        .into_iter()
        .find(|environment| id.starts_with(&format!("{}-", environment.word().to_ascii_uppercase())))?;
    (told != account.environment).then_some(told)
}

/// Every secret that the source uses: there, closed to others, and usable.
pub(super) fn secrets(account: &Account, around: &Surroundings) -> Vec<Check> {
    let file = |path: &Path, what: &'static str| match read_secret_file(path, what) {
        Ok(_) => Check::ok("secret", format!("the {what} is readable by its owner only")),
        Err(why) => of_config("secret", &why),
    };
    match account.source {
        Word::PayApi => {
            let key = account.private_key_file.as_ref().map(|path| private_key(path));
            let token = account.pay_auth_token_file.as_ref().map(|path| file(path, "Amazon Pay auth token"));
            key.into_iter().chain(token).collect()
        }
        Word::Mws => {
            let key = account.secret_key.as_ref().map(|reference| mws_secret(reference, around));
            let token = account.mws_auth_token_file.as_ref().map(|path| file(path, "MWS auth token"));
            key.into_iter().chain(token).collect()
        }
        Word::Import => Vec::new(),
    }
}

pub(super) fn private_key(path: &Path) -> Check {
    let pem = match read_secret_file(path, "private key") {
        Ok(pem) => pem,
        Err(why) => return of_config("key", &why),
    };
    match SigningKey::from_pem(&pem) {
        Ok(key) => {
            Check::ok("key", format!("the private key is RSA of {} bits, readable by its owner only", key.bits()))
        }
        Err(why) => of_fetch("key", &FetchError::Key { place: path.display().to_string(), why }),
    }
}

fn mws_secret(reference: &SecretReference, around: &Surroundings) -> Check {
    match read_secret(reference, "MWS secret key", around) {
        Ok(_) => Check::ok("secret", format!("the MWS secret key is readable ({reference:?})")),
        Err(why) => of_config("secret", &why),
    }
}

fn of_config(check: &'static str, why: &ConfigError) -> Check {
    Check::error(check, why.to_string(), why.exit_code()).with_hint(why.hint())
}

fn of_fetch(check: &'static str, why: &FetchError) -> Check {
    Check::error(check, why.to_string(), why.exit_code()).with_hint(why.hint())
}

/// One cheap question, and what its answer shows.
fn ask(account: &Account, questions: &Questions<'_>) -> Result<Vec<Check>, Failure> {
    // A spent quota is said at once; nobody waits an hour for a doctor.
    let patience = TimeDelta::zero();
    let impatient = Fetch { patience, ..questions.settings.fetch.clone() };
    let mut catalog = questions.catalog.borrow_mut();
    let catalog = RefCell::new(&mut *catalog);
    let connection = Connection {
        settings: &impatient,
        surroundings: questions.surroundings,
        catalog: &catalog,
        timer: questions.timer,
        tell: &|_| {},
    };
    let source = match connect(account, &connection) {
        Ok(source) => source,
        Err(why) => return Ok(vec![of_fetch("credentials", &why)]),
    };
    let runtime = runtime()?;
    let stopped = |exit| Failure::new(exit, "stopped by a signal");
    let probed = runtime.block_on(until_stopped(source.probe(), &questions.stop)).map_err(stopped)?;
    let evidence = source.evidence();
    let mut checks = judged(account, &probed, &evidence, questions.verbose);
    if let (AnySource::PayApi(api), Ok(()), true) = (&source, &probed, questions.verbose) {
        checks.push(runtime.block_on(until_stopped(schedules(api), &questions.stop)).map_err(stopped)?);
    }
    Ok(checks)
}

/// Address, clock and credentials, as the one answer shows them.
fn judged(account: &Account, probed: &Result<(), FetchError>, evidence: &Evidence, verbose: bool) -> Vec<Check> {
    let address = service_address(account);
    let mut checks = vec![match probed {
        Err(why) if is_of_address(why) => of_fetch("address", why),
        _ => Check::ok("address", format!("{address} answers")),
    }];
    checks.extend(evidence.ahead.map(clock));
    let credentials = match probed {
        Ok(()) => Some(Check::ok("credentials", "Amazon accepts them")),
        Err(why) if is_of_address(why) || matches!(why, FetchError::ClockSkew { .. }) => None,
        Err(why) => Some(of_fetch("credentials", why)),
    };
    let signed = evidence.signed.as_ref().filter(|_| verbose);
    checks.extend(credentials.map(|check| match signed {
        Some(hash) => check.with_detail(format!("SHA-256 of {}: {hash}", what_is_signed(account.source))),
        None => check,
    }));
    checks
}

fn what_is_signed(source: Word) -> &'static str {
    match source {
        Word::PayApi => "the canonical request (second line of the string to sign)",
        _ => "the string to sign",
    }
}

/// Whether something stands between this machine and Amazon, so that nothing is known of the credentials.
fn is_of_address(why: &FetchError) -> bool {
    matches!(why, FetchError::Net(_) | FetchError::MwsHostUnknown { .. } | FetchError::Foreign { .. })
}

fn clock(ahead: TimeDelta) -> Check {
    let direction = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
    let message = format!("this machine's clock is {} {direction} Amazon's", span(ahead.abs()));
    let hint = FetchError::ClockSkew { ahead }.hint();
    match ahead.abs() {
        off if off >= CLOCK_MAX => Check::error("clock", message, ExitCode::Configuration).with_hint(hint),
        off if off >= CLOCK_EASY => Check::warning("clock", message).with_hint(hint),
        _ => Check::ok("clock", "as Amazon's, to the minute"),
    }
}

fn span(length: TimeDelta) -> String {
    match (length.num_minutes(), length.num_seconds()) {
        (0, seconds) => format!("{seconds} seconds"),
        (1, _) => "1 minute".to_owned(),
        (minutes, _) => format!("{minutes} minutes"),
    }
}

/// What Amazon makes by schedule: transaction reports, never settlements.
async fn schedules(api: &PayApi<'_>) -> Check {
    match api.schedules(&[]).await {
        Ok(schedules) if schedules.is_empty() => {
            Check::ok("schedules", "Amazon makes no transaction reports by schedule (settlements need none)")
        }
        Ok(schedules) => {
            let message = format!("transaction reports that Amazon makes by schedule: {}", schedules.len());
            schedules.iter().fold(Check::ok("schedules", message), |check, schedule| {
                let next = schedule.next_report_creation_time.as_deref().unwrap_or("unknown");
                check
                    .with_detail(format!("{} every {}, next {next}", schedule.report_type, schedule.schedule_frequency))
            })
        }
        Err(why) => Check::warning("schedules", format!("cannot be listed: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::CheckState;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off_and_in_which_direction() {
        for (seconds, state, text) in [
            (0, CheckState::Ok, "to the minute"),
            (-59, CheckState::Ok, "to the minute"),
            (61, CheckState::Warning, "1 minute ahead of"),
            (-299, CheckState::Warning, "4 minutes behind"),
            (1_200, CheckState::Error, "20 minutes ahead of"),
            (-1_200, CheckState::Error, "20 minutes behind"),
        ] {
            let check = clock(TimeDelta::seconds(seconds));
            assert!(check.state == state && check.message.contains(text), "{check:?}");
            assert_eq!(check.hint.is_some(), state != CheckState::Ok);
        }
    }
}
