//! The keys of an account: made, typed or found by `settle init`, and tried before they are believed.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::doctor_accounts::private_key;
use super::failure::Failure;
use super::init_answers::{Answers, refusal};
use super::init_ask::{Ask, Halt, Offer, Round, text};
use super::key_files::{NewSecret, for_config, shown};
use super::keys::registering;
use crate::config::{ConfigFile, Environment, Section, Source, Surroundings, read_secret_file};
use crate::domain::ExitCode;
use crate::fetch::{NewKeyPair, SigningKey};
use crate::report::CheckState;

/// The file beside the configuration in which a secret of the account is kept.
pub(super) fn beside(file: &ConfigFile, answers: &Answers, ending: &str) -> PathBuf {
    file.folder().join(format!("{}.{ending}", answers.name()))
}

/// The folder of the configuration, made where it is not there; only its owner can enter a new one.
pub(super) fn make_folder(file: &ConfigFile) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(file.folder());
    made.map_err(|why| Failure::new(ExitCode::Storage, format!("{}: cannot be made: {why}", file.folder().display())))
}

/// Makes a key pair beside the configuration and answers its public key.
pub(super) fn make_pair(
    file: &ConfigFile,
    answers: &mut Answers,
    around: &Surroundings,
) -> Result<(NewSecret, String), Failure> {
    make_folder(file)?;
    let place = NewSecret::at(&beside(file, answers, "pem"), "private key", around)?;
    let pair = NewKeyPair::generate().map_err(|why| Failure::new(ExitCode::Storage, why.to_string()))?;
    place.write(&pair.private_pem)?;
    answers.set("private_key_file", for_config(&place.path, file.folder(), around));
    Ok((place, pair.public_pem))
}

/// Asks for the keys that the source needs.
pub(super) fn ask_keys(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    file: &ConfigFile,
    around: &Surroundings,
    round: Round,
) -> Result<(), Halt> {
    match answers.source() {
        Some(Source::PayApi) => {
            ask_private_key(ask, answers, file, around, round)?;
            ask_public_key_id(ask, answers, round)
        }
        Some(Source::Mws) => {
            text(ask, answers, "access_key_id", "Access key ID", round)?;
            ask_secret_key(ask, answers, file, around, round)?;
            ask_token(ask, answers, file, around, round)
        }
        _ => Ok(()),
    }
}

fn ask_private_key(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    file: &ConfigFile,
    around: &Surroundings,
    round: Round,
) -> Result<(), Halt> {
    if answers.get("private_key_file").is_some() && round == Round::Missing {
        return Ok(());
    }
    if keeps(ask, "The private key", answers.get("private_key_file"))? {
        return Ok(());
    }
    let own = beside(file, answers, "pem");
    let name = shown(&own, around);
    let first = if own.exists() {
        format!("use {name}, which is there")
    } else {
        format!("make a new key pair now; the private key goes to {name}")
    };
    let chosen = ask.choose("The private key", &[&first, "use the file of another private key"], 0)?;
    if chosen == 1 {
        return ask_file(ask, answers, ("private_key_file", "File of the private key"), file, around, &key_refusal);
    }
    if own.exists() {
        if let Some(why) = key_refusal(&own) {
            return Err(Failure::new(ExitCode::Configuration, why).into());
        }
        answers.set("private_key_file", for_config(&own, file.folder(), around));
    } else {
        make_pair(file, answers, around)?;
    }
    show_public_key(ask, answers, &own)
}

/// Whether an answer of the round before is kept.
fn keeps(ask: &mut dyn Ask, question: &str, known: Option<&str>) -> Result<bool, Halt> {
    let Some(known) = known else { return Ok(false) };
    Ok(ask.choose(question, &[&format!("keep {known}"), "another one"], 0)? == 0)
}

/// A key of settle's own making may still have to be registered.
fn show_public_key(ask: &mut dyn Ask, answers: &Answers, private: &Path) -> Result<(), Halt> {
    let pem = read_secret_file(private, "private key").map_err(Failure::from)?;
    let public = SigningKey::from_pem(&pem).and_then(|key| key.public_pem());
    let public = public.map_err(|why| Failure::new(ExitCode::Configuration, why.to_string()))?;
    ask.say(&format!("\nThis is its public key:\n\n{public}"));
    let environment = answers.get("environment").and_then(|word| word.parse().ok()).unwrap_or(Environment::Live);
    registering(environment).iter().for_each(|line| ask.say(line));
    ask.say("");
    Ok(())
}

/// Asks for a file until one passes; relative to the folder in which the command was typed.
fn ask_file(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    (key, question): (&'static str, &str),
    file: &ConfigFile,
    around: &Surroundings,
    refused: &dyn Fn(&Path) -> Option<String>,
) -> Result<(), Halt> {
    let check = |typed: &str| refusal(Section::Account, key, typed).or_else(|| refused(&typed_path(typed, around)));
    let typed = ask.text(question, Offer::Nothing, &check)?;
    answers.set(key, for_config(&typed_path(&typed, around), file.folder(), around));
    Ok(())
}

/// A path as it was typed: `~/` is the home folder, anything relative is in the current one.
pub(super) fn typed_path(typed: &str, around: &Surroundings) -> PathBuf {
    match (typed.strip_prefix("~/"), &around.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => around.current_dir.join(typed),
    }
}

fn key_refusal(path: &Path) -> Option<String> {
    let check = private_key(path);
    let hint = check.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    (check.state != CheckState::Ok).then(|| format!("{}{hint}", check.message))
}

fn secret_refusal(path: &Path) -> Option<String> {
    let why = read_secret_file(path, "secret").err()?;
    Some(why.hint().map_or_else(|| why.to_string(), |hint| format!("{why} ({hint})")))
}

fn ask_public_key_id(ask: &mut dyn Ask, answers: &mut Answers, round: Round) -> Result<(), Halt> {
    let known = answers.get("public_key_id").map(str::to_owned);
    if known.is_some() && round == Round::Missing {
        return Ok(());
    }
    let environment = answers.get("environment").unwrap_or("live").to_owned();
    let check = |id: &str| {
        let other = if environment == "live" { "SANDBOX-" } else { "LIVE-" };
        if id.to_ascii_uppercase().starts_with(other) {
            return Some(format!("this id begins with {other}, and the environment is {environment}"));
        }
        refusal(Section::Account, "public_key_id", id)
    };
    let offer = known.as_deref().map_or(Offer::Open, Offer::This);
    let id = ask.text("Public key ID (leave it empty if you do not have it yet)", offer, &check)?;
    if id.is_empty() {
        answers.account.remove("public_key_id");
    } else {
        answers.set("public_key_id", id);
    }
    Ok(())
}

fn ask_secret_key(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    file: &ConfigFile,
    around: &Surroundings,
    round: Round,
) -> Result<(), Halt> {
    let known = answers.get("secret_key_file").or(answers.get("secret_key_env"));
    if known.is_some() && round == Round::Missing {
        return Ok(());
    }
    if keeps(ask, "The secret key", known)? {
        return Ok(());
    }
    let own = beside(file, answers, "secret");
    let name = shown(&own, around);
    let typed = format!("I type it now; it is kept in {name}, which only you can read");
    let there = format!("it is in {name}, which is there");
    let first = if own.exists() { &there } else { &typed };
    let options = [first.as_str(), "it is in another file", "it is in an environment variable"];
    let chosen = ask.choose("The secret key", &options, 0)?;
    answers.account.remove(if chosen == 2 { "secret_key_file" } else { "secret_key_env" });
    match chosen {
        0 => {
            if !own.exists() {
                make_folder(file)?;
                let place = NewSecret::at(&own, "secret key", around)?;
                let secret = ask.secret("Secret key (it is not shown)")?;
                if secret.expose_secret().trim().is_empty() {
                    return Err(Failure::new(ExitCode::Configuration, "an empty text is no secret key").into());
                }
                place.write(&secret)?;
            }
            answers.set("secret_key_file", for_config(&own, file.folder(), around));
            Ok(())
        }
        1 => ask_file(ask, answers, ("secret_key_file", "File of the secret key"), file, around, &secret_refusal),
        _ => text(ask, answers, "secret_key_env", "Name of the variable", Round::Again),
    }
}

fn ask_token(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    file: &ConfigFile,
    around: &Surroundings,
    round: Round,
) -> Result<(), Halt> {
    if answers.get("mws_auth_token_file").is_some() && round == Round::Missing {
        return Ok(());
    }
    let options =
        ["the access key is my own", "it is a developer's; I have authorised it and have an MWS auth token in a file"];
    if ask.choose("Whose key", &options, 0)? == 0 {
        answers.account.remove("mws_auth_token_file");
        return Ok(());
    }
    let question = ("mws_auth_token_file", "File of the MWS auth token");
    ask_file(ask, answers, question, file, around, &secret_refusal)
}
