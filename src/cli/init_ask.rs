//! The questions of `settle init`, one after the other, and the terminal on which they are asked.
//!
//! A question whose answer is known already is asked only the second time around, with that answer offered.

use std::io::{self, Write};

use dialoguer::{Confirm, Input, Password, Select};
use secrecy::SecretString;

use super::failure::Failure;
use super::init_answers::{Answers, name_refusal, refusal};
use super::init_flags::default_name;
use crate::config::{Environment, Section, Source};
use crate::domain::ExitCode;

/// Why a question has no answer.
pub(super) enum Halt {
    /// The person wants to stop.
    Stopped,
    /// Something failed.
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(why: Failure) -> Self {
        Halt::Failed(why)
    }
}

/// What a question offers.
#[derive(Clone, Copy)]
pub(super) enum Offer<'a> {
    /// Nothing: there must be an answer.
    Nothing,
    /// This, when nothing is typed.
    This(&'a str),
    /// To leave it open.
    Open,
}

/// Why an answer cannot be used, if so.
pub(super) type Check<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Somebody who answers.
pub(super) trait Ask {
    /// A line of text that passes a check.
    fn text(&mut self, question: &str, offer: Offer<'_>, check: Check<'_>) -> Result<String, Halt>;
    /// One of several, by its place; the one at `offered` is offered.
    fn choose(&mut self, question: &str, options: &[&str], offered: usize) -> Result<usize, Halt>;
    /// Yes or no; yes is offered.
    fn confirm(&mut self, question: &str) -> Result<bool, Halt>;
    /// A secret, which is not shown while it is typed.
    fn secret(&mut self, question: &str) -> Result<SecretString, Halt>;
    /// Says something in between.
    fn say(&mut self, text: &str);
}

/// Which questions are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Those whose answers are not known.
    Missing,
    /// All, with the known answers offered.
    Again,
}

const SOURCES: [(Source, &str); 3] = [
    (Source::PayApi, "pay-api   with an Amazon Pay API key, the usual way"),
    (Source::Mws, "mws       with older MWS keys"),
    (Source::Import, "import    not at all: files are saved in Seller Central and imported by hand"),
];
const ENVIRONMENTS: [(Environment, &str); 2] =
    [(Environment::Live, "live      real payments"), (Environment::Sandbox, "sandbox   Amazon's test environment")];
const MERCHANT_ID: &str = "Amazon's merchant ID (Seller Central, Integration Central shows it)";
const COUNTRY: &str = "Country of the merchant account (GB DE FR IT ES LU NL SE PT HU DK, or another ISO code)";

/// Country, name, merchant id, source, environment, zone: what every account has.
pub(super) fn ask_account(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    taken: &[String],
    round: Round,
) -> Result<(), Halt> {
    text(ask, answers, "country", COUNTRY, round)?;
    if let Some(country) = answers.country() {
        answers.set("country", country.code());
    }
    if answers.name.is_none() || round == Round::Again {
        let offered = answers.name.clone().unwrap_or_else(|| default_name(answers.country(), taken));
        let check = |name: &str| name_refusal(name, taken);
        answers.name = Some(ask.text("Name of the account, as you will call it", Offer::This(&offered), &check)?);
    }
    text(ask, answers, "merchant_id", MERCHANT_ID, round)?;
    choice(ask, answers, ("source", "How reports are fetched"), &SOURCES.map(|(a, b)| (a.word(), b)), round)?;
    if answers.source() != Some(Source::Import) {
        let environments = ENVIRONMENTS.map(|(a, b)| (a.word(), b));
        choice(ask, answers, ("environment", "Environment"), &environments, round)?;
    }
    zone(ask, answers, round)
}

/// The zone is written only where it is not the country's own.
fn zone(ask: &mut dyn Ask, answers: &mut Answers, round: Round) -> Result<(), Halt> {
    if answers.get("timezone").is_some() && round == Round::Missing {
        return Ok(());
    }
    let own = answers.country().and_then(|country| country.zone()).map(|zone| zone.name());
    let offered = answers.get("timezone").map(str::to_owned).or_else(|| own.map(str::to_owned));
    let offer = offered.as_deref().map_or(Offer::Nothing, Offer::This);
    let check = |zone: &str| refusal(Section::Account, "timezone", zone);
    let zone = ask.text("Time zone of months and days", offer, &check)?;
    if own == Some(zone.as_str()) {
        answers.account.remove("timezone");
    } else {
        answers.set("timezone", zone);
    }
    Ok(())
}

/// When it runs; `none` leaves it out.
pub(super) fn ask_schedule(ask: &mut dyn Ask, answers: &mut Answers, round: Round) -> Result<(), Halt> {
    if answers.source() == Some(Source::Import) || (answers.cron.is_some() && round == Round::Missing) {
        return Ok(());
    }
    let offered = answers.cron.clone().unwrap_or_else(|| "30 4 * * *".to_owned());
    let check = |cron: &str| if cron == "none" { None } else { refusal(Section::Schedule, "cron", cron) };
    let question = "When it runs, as a cron expression: minute hour day month weekday; or `none`";
    let cron = ask.text(question, Offer::This(&offered), &check)?;
    answers.cron = (cron != "none").then_some(cron);
    Ok(())
}

/// A key of the account that is a line of text.
pub(super) fn text(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    key: &'static str,
    question: &str,
    round: Round,
) -> Result<(), Halt> {
    let known = answers.get(key).map(str::to_owned);
    if known.is_some() && round == Round::Missing {
        return Ok(());
    }
    let offer = known.as_deref().map_or(Offer::Nothing, Offer::This);
    let value = ask.text(question, offer, &|value| refusal(Section::Account, key, value))?;
    answers.set(key, value);
    Ok(())
}

/// A key of the account that is one of a few words.
fn choice(
    ask: &mut dyn Ask,
    answers: &mut Answers,
    (key, question): (&'static str, &str),
    options: &[(&'static str, &str)],
    round: Round,
) -> Result<(), Halt> {
    let known = answers.get(key);
    if known.is_some() && round == Round::Missing {
        return Ok(());
    }
    let offered = options.iter().position(|(word, _)| known == Some(*word)).unwrap_or(0);
    let labels: Vec<&str> = options.iter().map(|(_, label)| *label).collect();
    let chosen = ask.choose(question, &labels, offered)?;
    if let Some((word, _)) = options.get(chosen) {
        answers.set(key, *word);
    }
    Ok(())
}

/// A person at a terminal. The questions go to the terminal itself, which is standard error.
pub(super) struct Dialogue<'w> {
    pub(super) stderr: &'w mut dyn Write,
}

impl Dialogue<'_> {
    fn answer<T>(&mut self, answer: Result<T, dialoguer::Error>) -> Result<T, Halt> {
        answer.map_err(|dialoguer::Error::IO(why)| {
            // A question that is broken off leaves the cursor hidden.
            let _ = write!(self.stderr, "\u{1b}[?25h\r\n");
            match why.kind() {
                io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => {
                    Halt::Stopped
                }
                _ => Halt::Failed(Failure::new(ExitCode::Storage, format!("cannot ask on this terminal: {why}"))),
            }
        })
    }
}

impl Ask for Dialogue<'_> {
    fn text(&mut self, question: &str, offer: Offer<'_>, check: Check<'_>) -> Result<String, Halt> {
        let input = Input::<String>::new().with_prompt(question);
        let input = match offer {
            Offer::Nothing => input,
            Offer::This(text) => input.default(text.to_owned()),
            Offer::Open => input.allow_empty(true),
        };
        let valid = |text: &String| match check(text.trim()) {
            Some(why) if !text.trim().is_empty() || !matches!(offer, Offer::Open) => Err(why),
            _ => Ok(()),
        };
        let answer = input.validate_with(valid).interact_text();
        self.answer(answer).map(|text| text.trim().to_owned())
    }

    fn choose(&mut self, question: &str, options: &[&str], offered: usize) -> Result<usize, Halt> {
        let answer = Select::new().with_prompt(question).items(options).default(offered).interact_opt();
        self.answer(answer)?.ok_or(Halt::Stopped)
    }

    fn confirm(&mut self, question: &str) -> Result<bool, Halt> {
        let answer = Confirm::new().with_prompt(question).default(true).interact_opt();
        self.answer(answer)?.ok_or(Halt::Stopped)
    }

    fn secret(&mut self, question: &str) -> Result<SecretString, Halt> {
        let answer = Password::new().with_prompt(question).interact();
        self.answer(answer).map(SecretString::from)
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "{text}");
    }
}
