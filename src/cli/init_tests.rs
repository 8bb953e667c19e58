//! The questions of `settle init`, answered by a script: what is asked, offered again, and never asked twice.

use std::collections::{BTreeMap, VecDeque};
use std::fs;

use clap::{FromArgMatches, Parser};
use secrecy::SecretString;

use super::args::{Cli, Command};
use super::init::{Plan, Setup};
use super::init_ask::{Ask, Check, Halt, Offer};
use super::world::StopFlag;
use crate::config::Surroundings;
use crate::domain::FixedClock;
use crate::export::Paint;

/// Answers in their order; an empty text takes what is offered. Every question is kept.
struct Script {
    answers: VecDeque<&'static str>,
    asked: Vec<String>,
    said: String,
}

impl Script {
    fn new(answers: &[&'static str]) -> Self {
        Self { answers: answers.iter().copied().collect(), asked: Vec::new(), said: String::new() }
    }

    fn next(&mut self, question: &str) -> &'static str {
        self.asked.push(question.to_owned());
        self.answers.pop_front().unwrap_or_else(|| panic!("no answer to `{question}`; asked: {:#?}", self.asked))
    }
}

impl Ask for Script {
    fn text(&mut self, question: &str, offer: Offer<'_>, check: Check<'_>) -> Result<String, Halt> {
        loop {
            let answer = match (self.next(question), offer) {
                ("", Offer::This(text)) => text.to_owned(),
                ("stop", _) => return Err(Halt::Stopped),
                (typed, _) => typed.to_owned(),
            };
            if answer.is_empty() && matches!(offer, Offer::Open) {
                return Ok(answer);
            }
            match check(&answer) {
                None => return Ok(answer),
                Some(why) => self.said.push_str(&why),
            }
        }
    }

    fn choose(&mut self, question: &str, options: &[&str], offered: usize) -> Result<usize, Halt> {
        let answer = self.next(question);
        if answer.is_empty() {
            return Ok(offered);
        }
        let found = options.iter().position(|option| option.contains(answer));
        Ok(found.unwrap_or_else(|| panic!("`{answer}` is none of {options:?}")))
    }

    fn confirm(&mut self, question: &str) -> Result<bool, Halt> {
        Ok(self.next(question) != "no")
    }

    fn secret(&mut self, question: &str) -> Result<SecretString, Halt> {
        Ok(SecretString::from(self.next(question).to_owned()))
    }

    fn say(&mut self, text: &str) {
        self.said.push_str(text);
    }
}

/// Asks with these flags and answers, in a folder.
fn ask(folder: &std::path::Path, flags: &[&str], answers: &[&'static str]) -> (Result<Plan, Halt>, Script) {
    let words = ["settle", "init", "--config", "settle.toml"].iter().chain(flags);
    let cli = Cli::from_arg_matches(&super::command().try_get_matches_from(words).unwrap()).unwrap();
    let Command::Init(args) = &cli.command else { panic!("init was asked for") };
    let mut around = Surroundings::new(BTreeMap::new(), folder.to_owned());
    around.home = Some(folder.join("home"));
    let clock = FixedClock("2026-11-23T22:15:30Z".parse().unwrap());
    let setup = Setup { common: &cli.common, args, around, timer: &clock, stop: StopFlag::default() };
    let mut script = Script::new(answers);
    let plan = setup.ask(&mut script, Paint::Plain);
    (plan, script)
}

#[track_caller]
fn text_of(plan: Result<Plan, Halt>) -> String {
    let plan = plan.unwrap_or_else(|halt| match halt {
        Halt::Stopped => panic!("stopped"),
        Halt::Failed(why) => panic!("{why}"),
    });
    plan.answers.text(&plan.file)
}

#[test]
fn an_account_of_files_by_hand_needs_five_answers() {
    let folder = tempfile::tempdir().unwrap();
    let answers = ["fr", "", "A1", "import", "", "", ""];
    let (plan, script) = ask(folder.path(), &[], &answers);
    let expected = "[accounts.shop-fr]\ncountry = \"FR\"\nmerchant_id = \"A1\"\nsource = \"import\"\n";
    assert_eq!(text_of(plan), expected);
    assert!(script.answers.is_empty(), "{:?}", script.asked);
    assert!(script.said.contains(expected.trim_end()), "it is shown before it is written");
}

#[test]
fn what_flags_say_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--country", "DE", "--name", "x", "--merchant-id", "A1", "--source", "import", "--data-dir", "d"];
    let flags: Vec<&str> = flags.iter().copied().chain(["--timezone", "UTC"]).collect();
    let (plan, script) = ask(folder.path(), &flags, &[""]);
    assert!(text_of(plan).contains("timezone = \"UTC\""));
    assert_eq!(script.asked, ["Write this to settle.toml?"]);
}

#[test]
fn a_country_of_many_zones_must_name_its_own_and_mistakes_are_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let answers = ["Japan", "jp", "bad name", "", "A 1", "A1", "import", "Tokyo", "Asia/Tokyo", "", ""];
    let (plan, script) = ask(folder.path(), &[], &answers);
    assert!(text_of(plan).contains("timezone = \"Asia/Tokyo\""));
    for word in ["two-letter country code", "letters, digits", "without blanks", "IANA"] {
        assert!(script.said.contains(word), "{word}: {}", script.said);
    }
}

#[test]
fn a_failed_test_call_leads_back_to_the_answers_which_are_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on this port; the clock stands still, so no time passes between the tries.
    let flags = ["--endpoint", "http://127.0.0.1:1"];
    let first = ["fr", "", "A1", "pay-api", "", "", "make a new", "LIVE-A", "", "none", "yes"];
    let again = ["change", "", "", "", "", "", "", "keep", "", "", "30 4 * * *", "yes", "all the same"];
    let answers: Vec<&'static str> = first.into_iter().chain(again).collect();
    let (plan, script) = ask(folder.path(), &flags, &answers);
    assert!(script.said.contains("refused the connection") && script.answers.is_empty(), "{}", script.said);
    assert!(script.said.contains("-----BEGIN PUBLIC KEY-----") && !script.said.contains("PRIVATE KEY"));
    assert_eq!(plan.as_ref().ok().and_then(|plan| plan.tested.as_ref()).map(|tested| tested.exit), Some(75));
    let text = text_of(plan);
    assert!(text.contains("public_key_id = \"LIVE-A\"\nprivate_key_file = \"shop-fr.pem\"\n"), "{text}");
    assert!(text.ends_with("[schedule]\ncron = \"30 4 * * *\"\n"), "{text}");
}

#[test]
fn a_key_that_was_made_before_is_offered_and_its_public_half_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, _) = ask(folder.path(), &[], &["fr", "", "A1", "pay-api", "", "", "make a new", "stop"]);
    assert!(matches!(plan, Err(Halt::Stopped)));
    let made = fs::read(folder.path().join("shop-fr.pem")).unwrap();
    let (plan, script) =
        ask(folder.path(), &[], &["fr", "", "A1", "pay-api", "", "", "which is there", "", "", "", ""]);
    assert!(script.said.contains("-----BEGIN PUBLIC KEY-----"));
    assert!(text_of(plan).contains("# public_key_id = "));
    assert_eq!(fs::read(folder.path().join("shop-fr.pem")).unwrap(), made);
}

#[test]
fn a_typed_secret_is_kept_beside_the_configuration_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let answers = ["fr", "", "A1", "mws", "", "", "AKIA", "I type it", "planted", "my own", "", "", ""];
    let (plan, script) = ask(folder.path(), &["--no-test"], &answers);
    let text = text_of(plan);
    assert!(text.contains("secret_key_file = \"shop-fr.secret\"\n"), "{text}");
    assert!(!text.contains("planted") && !script.said.contains("planted"));
    assert_eq!(fs::read_to_string(folder.path().join("shop-fr.secret")).unwrap(), "planted\n");
}

#[test]
fn the_command_line_is_sound() {
    Cli::try_parse_from(["settle", "init", "--country", "FR"]).unwrap();
    super::command().debug_assert();
}
