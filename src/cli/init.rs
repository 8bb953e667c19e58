//! `settle init`: an account is set up, by questions on a terminal or by flags, tried at Amazon, and written.
//!
//! Nothing is written before the configuration's own reader has taken the whole text. A configuration that is there
//! gets one more section behind all that it holds; nothing else in it changes.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::args::{Common, Format, InitArgs};
use super::doctor_accounts::{Questions, examine_account, secrets};
use super::failure::Failure;
use super::init_answers::{Answers, refusal};
use super::init_ask::{Ask, Dialogue, Halt, Offer, Round, ask_account, ask_schedule};
use super::init_flags::{answers, default_name, missing};
use super::init_keys::{ask_keys, beside, make_folder, make_pair, typed_path};
use super::key_files::{NewSecret, for_config, shown};
use super::keys::registering;
use super::world::{StopFlag, World};
use crate::archive::{ArchiveError, AtomicFile, Catalog};
use crate::config::{Account, ConfigFile, Environment, Flags, Section, Settings, Source, Surroundings};
use crate::domain::{AccountName, ExitCode, Timer};
use crate::export::{Paint, Target, WriteError, clean, doctor_text, json_text};
use crate::report::DoctorDocument;

/// What a setup works with.
pub(super) struct Setup<'w> {
    pub(super) common: &'w Common,
    pub(super) args: &'w InitArgs,
    pub(super) around: Surroundings,
    pub(super) timer: &'w dyn Timer,
    pub(super) stop: StopFlag,
}

/// What is to be written, and what is known of it.
pub(super) struct Plan {
    pub(super) file: ConfigFile,
    pub(super) answers: Answers,
    /// The public key of a pair that was made on the way.
    made: Option<(NewSecret, String)>,
    /// How the test call went, where one was made.
    pub(super) tested: Option<DoctorDocument>,
    /// Whether a person was asked about the test call and has seen how it went.
    asked: bool,
}

pub(super) fn run(common: &Common, args: &InitArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a setup", common.format)?;
    let (around, stop) = (world.surroundings.clone(), (world.catch_signals)());
    let setup = Setup { common, args, around, timer: world.clock, stop };
    let asks = world.terminal.input && world.terminal.progress && !common.no_input;
    let mut plan = if asks {
        let paint = world.paint(common.color);
        let mut dialogue = Dialogue { stderr: world.stderr };
        match setup.ask(&mut dialogue, paint) {
            Ok(plan) => plan,
            Err(Halt::Failed(why)) => return Err(why),
            Err(Halt::Stopped) => {
                let message = "stopped; no configuration was written (a key that was made stays, and is offered again)";
                return Err(Failure::new(ExitCode::Interrupted, message));
            }
        }
    } else {
        setup.take_flags()?
    };
    write_config(&plan, &setup.around).inspect_err(|_| plan.made.iter().for_each(|(place, _)| place.remove()))?;
    if !plan.asked && !args.no_test && plan.answers.is_complete() {
        let text = plan.answers.text(&plan.file);
        plan.tested = Some(setup.test(&plan.file, &text, plan.answers.name())?);
    }
    setup.tell(&plan, world)?;
    Ok(plan.tested.map_or(ExitCode::Done, |tested| tested.exit_code()))
}

impl Setup<'_> {
    /// The file in force, else one in the current folder.
    fn file(&self) -> Result<ConfigFile, Failure> {
        let in_force = ConfigFile::in_force(self.common.config.as_deref(), &self.around)?;
        Ok(in_force.unwrap_or_else(|| ConfigFile::to_be_made(PathBuf::from("settle.toml"), &self.around)))
    }

    fn settings(&self, file: &ConfigFile, text: &str) -> Result<Settings, Failure> {
        let flags = Flags { data_dir: self.common.data_dir.clone(), ..Flags::default() };
        Ok(file.settings(text, &flags, &self.around)?)
    }

    /// The names of the accounts that are there.
    fn taken(&self, file: &ConfigFile) -> Result<Vec<String>, Failure> {
        let settings = self.settings(file, &file.text)?;
        Ok(settings.accounts.iter().map(|account| account.name.to_string()).collect())
    }

    /// Everything from the command line.
    fn take_flags(&self) -> Result<Plan, Failure> {
        let file = self.file()?;
        let taken = self.taken(&file)?;
        let mut answers = answers(self.args, self.common, &file, &taken, &self.around)?;
        if answers.name.is_none() {
            answers.name = Some(default_name(answers.country(), &taken));
        }
        if self.args.generate_key {
            self.refuse_key_for_others(&answers)?;
            let place = beside(&file, &answers, "pem");
            answers.set("private_key_file", for_config(&place, file.folder(), &self.around));
        }
        let missing = missing(&answers);
        if !missing.is_empty() {
            let message = format!("where it cannot ask, init needs {}", missing.join(", "));
            return Err(
                Failure::new(ExitCode::Usage, message).with_hint("`settle init` on a terminal asks for everything")
            );
        }
        let settings = self.settings(&file, &answers.text(&file))?;
        if !self.args.no_test && !self.args.generate_key {
            self.refuse_unusable_secrets(&settings, answers.name())?;
        }
        let made = match self.args.generate_key {
            true => Some(make_pair(&file, &mut answers, &self.around)?),
            false => None,
        };
        Ok(Plan { file, answers, made, tested: None, asked: false })
    }

    fn refuse_key_for_others(&self, answers: &Answers) -> Result<(), Failure> {
        match answers.source() {
            Some(Source::PayApi) | None => Ok(()),
            Some(other) => Err(Failure::new(
                ExitCode::Usage,
                format!("--generate-key makes a key for pay-api; source {other} has none"),
            )),
        }
    }

    /// A file that is not there or cannot be used is said before anything is written.
    fn refuse_unusable_secrets(&self, settings: &Settings, name: &str) -> Result<(), Failure> {
        let Some(account) = settings.account(&AccountName::new(name)) else { return Ok(()) };
        let unusable = secrets(account, &self.around).into_iter().find(|check| check.exit != ExitCode::Done.number());
        match unusable {
            None => Ok(()),
            Some(check) => {
                let failure = Failure::new(ExitCode::Configuration, format!("{}; nothing was written", check.message));
                Err(match check.hint {
                    Some(hint) => failure.with_hint(hint),
                    None => failure.with_hint("--no-test writes the configuration all the same"),
                })
            }
        }
    }

    /// Everything by questions. Only keys are written on the way.
    pub(super) fn ask(&self, ask: &mut dyn Ask, paint: Paint) -> Result<Plan, Halt> {
        let file = self.ask_file(ask)?;
        let taken = self.taken(&file)?;
        let mut answers = answers(self.args, self.common, &file, &taken, &self.around)?;
        if file.exists {
            ask.say(&format!("{} is there; one more account is added to it.", shown(&file.path, &self.around)));
        }
        let mut round = Round::Missing;
        loop {
            ask_account(ask, &mut answers, &taken, round)?;
            ask_keys(ask, &mut answers, &file, &self.around, round)?;
            self.ask_folder_and_schedule(ask, &mut answers, &file, round)?;
            let text = answers.text(&file);
            let tested = match self.settings(&file, &text) {
                Err(why) => {
                    ask.say(&format!("This cannot be: {why}"));
                    None
                }
                Ok(_) => {
                    ask.say(&format!("\n{}\n", added(&text, &file).trim_end()));
                    let tested = self.ask_for_test(ask, &answers, &file, &text, paint)?;
                    if tested.as_ref().is_none_or(|tested| tested.exit == ExitCode::Done.number()) {
                        let place = shown(&file.path, &self.around);
                        if ask.confirm(&format!("Write this to {place}?"))? {
                            return Ok(Plan { file, answers, made: None, tested, asked: true });
                        }
                    }
                    tested
                }
            };
            let options = ["change the answers", "stop, and write nothing", "write it all the same"];
            let options = if tested.is_some() { &options[..] } else { options.get(..2).unwrap_or(&options) };
            match ask.choose("What now", options, 0)? {
                0 => round = Round::Again,
                1 => return Err(Halt::Stopped),
                _ => return Ok(Plan { file, answers, made: None, tested, asked: true }),
            }
        }
    }

    fn ask_file(&self, ask: &mut dyn Ask) -> Result<ConfigFile, Halt> {
        if let Some(file) = ConfigFile::in_force(self.common.config.as_deref(), &self.around).map_err(Failure::from)? {
            return Ok(file);
        }
        let places = ConfigFile::places(&self.around);
        let labels = [
            "settle.toml in this folder; settle finds it from here only",
            "in your own folder, found from everywhere: ",
        ];
        let labels: Vec<String> = places
            .iter()
            .zip(labels)
            .map(
                |(place, label)| {
                    if place.is_absolute() { format!("{label}{}", place.display()) } else { label.to_owned() }
                },
            )
            .collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let chosen = if labels.len() > 1 { ask.choose("Place of the configuration", &labels, 1)? } else { 0 };
        let place = places.into_iter().nth(chosen).unwrap_or_else(|| PathBuf::from("settle.toml"));
        Ok(ConfigFile::to_be_made(place, &self.around))
    }

    /// The data folder belongs to a new file only: in one that is there it is chosen already.
    fn ask_folder_and_schedule(
        &self,
        ask: &mut dyn Ask,
        answers: &mut Answers,
        file: &ConfigFile,
        round: Round,
    ) -> Result<(), Halt> {
        let there = self.settings(file, &file.text).ok();
        if !file.exists && (answers.data_dir.is_none() || round == Round::Again) {
            let usual = there.as_ref().map(|settings| settings.data_dir.display().to_string());
            let known = answers.data_dir.clone().or_else(|| usual.clone());
            let offer = known.as_deref().map_or(Offer::Nothing, Offer::This);
            let check = |folder: &str| refusal(Section::Top, "data_dir", folder);
            let folder = ask.text("Folder for the archive of reports", offer, &check)?;
            let is_usual = usual.as_deref() == Some(&folder);
            let written = for_config(&typed_path(&folder, &self.around), file.folder(), &self.around);
            answers.data_dir = (!is_usual).then_some(written);
        }
        if file.exists && there.is_some_and(|settings| settings.schedule.cron.is_some()) {
            return Ok(());
        }
        ask_schedule(ask, answers, round)
    }

    fn ask_for_test(
        &self,
        ask: &mut dyn Ask,
        answers: &Answers,
        file: &ConfigFile,
        text: &str,
        paint: Paint,
    ) -> Result<Option<DoctorDocument>, Halt> {
        let possible = answers.is_complete() && answers.source() != Some(Source::Import) && !self.args.no_test;
        if !possible || !ask.confirm("Make a test call to Amazon now?")? {
            return Ok(None);
        }
        ask.say("asking Amazon …");
        let tested = self.test(file, text, answers.name())?;
        ask.say(&doctor_text(&tested, paint));
        Ok(Some(tested))
    }

    /// What `settle doctor` says of the account.
    fn test(&self, file: &ConfigFile, text: &str, name: &str) -> Result<DoctorDocument, Failure> {
        let settings = self.settings(file, text)?;
        let questions = Questions {
            settings: &settings,
            surroundings: &self.around,
            timer: self.timer,
            verbose: false,
            offline: false,
            catalog: RefCell::new(Catalog::scratch()?),
            stop: self.stop.clone(),
        };
        let account = settings.account(&AccountName::new(name));
        let checks =
            account.map_or_else(|| Ok(Vec::new()), |account: &Account| examine_account(account, &questions))?;
        Ok(DoctorDocument::new(false, checks))
    }

    /// What was written, how the test went, and what comes next.
    fn tell(&self, plan: &Plan, world: &mut World<'_>) -> Result<(), Failure> {
        let json = self.common.format == Some(Format::Json);
        let public = plan.made.as_ref().map(|(_, public)| public.as_str());
        let text = if json { json_text(&outcome(plan))? } else { public.unwrap_or_default().to_owned() };
        let target = Target::new(self.common.output.as_deref());
        if !text.is_empty() {
            target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
        }
        if let Some(tested) =
            plan.tested.as_ref().filter(|tested| !plan.asked && (tested.exit != 0 || !self.common.quiet))
        {
            world.say(doctor_text(tested, Paint::Plain).trim_end());
        }
        if !self.common.quiet {
            next_steps(plan, self.common, &self.around).iter().for_each(|line| world.say(line));
        }
        Ok(())
    }
}

/// What is new in the text of a file.
fn added<'t>(text: &'t str, file: &ConfigFile) -> &'t str {
    text.strip_prefix(file.text.as_str()).unwrap_or(text).trim_start()
}

fn write_config(plan: &Plan, around: &Surroundings) -> Result<(), Failure> {
    let (file, text) = (&plan.file, plan.answers.text(&plan.file));
    if file.exists {
        return Target::File(file.path.clone()).write(&mut std::io::sink(), |out| {
            out.write_all(text.as_bytes()).map_err(|why| Failure::from(WriteError::from(why)))
        });
    }
    make_folder(file)?;
    // Only the owner reads it: the address of a dead-man's switch, which belongs there, is a secret.
    let failed = |reason| ArchiveError::Io { attempt: "write the configuration", path: file.path.clone(), reason };
    let mut new = AtomicFile::create(&file.path)?;
    new.write_all(text.as_bytes()).map_err(failed)?;
    new.commit_new().map_err(|why| match why {
        ArchiveError::Exists { .. } => Failure::new(
            ExitCode::Configuration,
            format!("{}: has come to be meanwhile and was left alone", shown(&file.path, around)),
        ),
        other => other.into(),
    })
}

fn outcome(plan: &Plan) -> serde_json::Value {
    json!({
        "schema": "settle.init/1",
        "config": plan.file.path,
        "account": plan.answers.name(),
        "complete": plan.answers.is_complete(),
        "public_key_pem": plan.made.as_ref().map(|(_, public)| public),
        "private_key_file": plan.made.as_ref().map(|(place, _)| &place.path),
        "test": plan.tested.as_ref().map(|tested| &tested.checks),
    })
}

fn next_steps(plan: &Plan, common: &Common, around: &Surroundings) -> Vec<String> {
    let place = shown(&plan.file.path, around);
    let name = plan.answers.name();
    let config = common.config.as_ref().map_or_else(String::new, |path| format!(" --config {}", path.display()));
    let mut lines = vec![format!("{}: account `{name}` is written", clean(&place))];
    if let Some((key, _)) = &plan.made {
        lines
            .push(format!("the private key is in {}; only you can read it, and nobody else has it", clean(&key.shown)));
        let environment = plan.answers.get("environment").and_then(|word| word.parse().ok());
        lines.extend(registering(environment.unwrap_or(Environment::Live)));
    }
    if !plan.answers.is_complete() {
        lines.push(format!("next: write the public key id into {}, then run `settle doctor{config}`", clean(&place)));
        return lines;
    }
    if plan.tested.as_ref().is_some_and(|tested| tested.exit != 0) {
        lines.push(format!("next: put right what the test call says, then run `settle doctor{config}`"));
        return lines;
    }
    match plan.answers.source() {
        Some(Source::Import) | None => lines.push(format!("next: `settle import FILES…{config}`")),
        _ => {
            lines.push(format!("next: `settle fetch{config}` brings in what Amazon has, and"));
            lines.push(format!("      `settle schedule print --systemd{config}` makes it happen every night"));
        }
    }
    lines
}
