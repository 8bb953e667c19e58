//! Answers from the command line: each checked as the configuration would check it, files found from where the
//! command was typed.

use std::path::Path;

use super::args::{Common, InitArgs};
use super::failure::Failure;
use super::init_answers::{Answers, key_name, name_refusal, refusal};
use super::key_files::for_config;
use crate::config::{ConfigFile, Section, Surroundings};
use crate::domain::{Country, ExitCode};

/// Reads every flag that is given.
pub(super) fn answers(
    args: &InitArgs,
    common: &Common,
    file: &ConfigFile,
    taken: &[String],
    around: &Surroundings,
) -> Result<Answers, Failure> {
    let mut answers = Answers::default();
    let texts = [
        ("country", &args.country),
        ("merchant_id", &args.merchant_id),
        ("source", &args.source),
        ("environment", &args.environment),
        ("timezone", &args.timezone),
        ("public_key_id", &args.public_key_id),
        ("access_key_id", &args.access_key_id),
        ("secret_key_env", &args.secret_key_env),
        ("endpoint", &args.endpoint),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            fits(refusal(Section::Account, key, value), key)?;
            answers.set(key_name(key), value);
        }
    }
    let files = [
        ("private_key_file", &args.private_key_file),
        ("secret_key_file", &args.secret_key_file),
        ("mws_auth_token_file", &args.mws_auth_token_file),
        ("ca_file", &args.ca_file),
    ];
    for (key, path) in files {
        if let Some(path) = path {
            fits(refusal(Section::Account, key, &path.to_string_lossy()), key)?;
            answers.set(key_name(key), for_config(path, file.folder(), around));
        }
    }
    if let Some(country) = answers.country() {
        answers.set("country", country.code());
    }
    if let Some(name) = &args.name {
        fits(name_refusal(name, taken), "name")?;
        answers.name = Some(name.clone());
    }
    if let Some(cron) = &args.cron {
        fits(refusal(Section::Schedule, "cron", cron), "cron")?;
        answers.cron = Some(cron.clone());
    }
    answers.data_dir = data_dir(common.data_dir.as_deref(), file, around)?;
    Ok(answers)
}

/// A flag of another data folder than the one that the file names could not be written behind the file's sections.
fn data_dir(flag: Option<&Path>, file: &ConfigFile, around: &Surroundings) -> Result<Option<String>, Failure> {
    let Some(flag) = flag else { return Ok(None) };
    if file.exists {
        let message =
            format!("{}: is there already; its data folder is changed there, not by init", file.shown.display());
        return Err(
            Failure::new(ExitCode::Usage, message).with_hint("write data_dir = \"…\" above its first [section]")
        );
    }
    Ok(Some(for_config(flag, file.folder(), around)))
}

fn fits(refusal: Option<String>, key: &str) -> Result<(), Failure> {
    match refusal {
        None => Ok(()),
        Some(why) => {
            let message = format!("--{}: cannot use this value: {why}", key.replace('_', "-"));
            Err(Failure::new(ExitCode::Usage, message))
        }
    }
}

/// What must be known and is not, as flags.
pub(super) fn missing(answers: &Answers) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let mut need = |key: &str, flag: &'static str| {
        if answers.get(key).is_none() {
            missing.push(flag);
        }
    };
    need("country", "--country");
    need("merchant_id", "--merchant-id");
    need("source", "--source");
    match answers.source() {
        Some(crate::config::Source::PayApi) => need("private_key_file", "--private-key-file or --generate-key"),
        Some(crate::config::Source::Mws) => {
            need("access_key_id", "--access-key-id");
            if answers.get("secret_key_env").is_none() {
                need("secret_key_file", "--secret-key-file or --secret-key-env");
            }
        }
        _ => {}
    }
    if answers.country().is_some_and(|country| country.zone().is_none()) {
        need("timezone", "--timezone");
    }
    missing
}

/// `shop-fr`, with a number behind it where that is taken.
pub(super) fn default_name(country: Option<Country>, taken: &[String]) -> String {
    let base = country.map_or_else(|| "shop".to_owned(), |country| format!("shop-{}", country.code().to_lowercase()));
    let numbered = (2..=taken.len() + 2).map(|number| format!("{base}-{number}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|name| name_refusal(name, taken).is_none());
    free.unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let country = "FR".parse().ok();
        let taken = ["shop-fr", "shop-fr-2"].map(str::to_owned);
        assert_eq!(default_name(country, &[]), "shop-fr");
        assert_eq!(default_name(country, &taken), "shop-fr-3");
        assert_eq!(default_name(None, &taken), "shop");
    }

    #[test]
    fn what_is_missing_depends_on_the_source_and_the_country() {
        let mut answers = Answers::default();
        assert_eq!(missing(&answers), ["--country", "--merchant-id", "--source"]);
        answers.set("country", "JP");
        answers.set("merchant_id", "A");
        answers.set("source", "mws");
        answers.set("secret_key_env", "S");
        assert_eq!(missing(&answers), ["--access-key-id", "--timezone"]);
        answers.set("source", "import");
        answers.set("country", "FR");
        assert!(missing(&answers).is_empty());
    }
}
