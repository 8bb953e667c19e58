//! `settle keys generate` and `settle keys upgrade`: from nothing, or from MWS keys, to an Amazon Pay API key.
//!
//! The public key or its id is the result and goes to standard output; what to do with it goes to standard error.

use std::cell::RefCell;
use std::path::PathBuf;

use serde_json::json;

use super::args::{Common, Format, KeysArgs, KeysCommand};
use super::failure::Failure;
use super::fetching::{accounts_asked_for, runtime, until_stopped};
use super::key_files::{NewSecret, for_config, shown};
use super::world::World;
use crate::archive::Catalog;
use crate::config::{Account, ConfigFile, Environment, Flags, LineChange, Settings, Source};
use crate::domain::ExitCode;
use crate::export::{Target, WriteError, clean, json_text};
use crate::fetch::{Connection, FetchError, KeyError, KeyUpgrade, NewKeyPair, Preview};

/// What the file of a key is called when neither an account nor a file is named.
const NAMELESS: &str = "amazon-pay-private-key.pem";
/// What a private key is called in messages.
const WHAT: &str = "private key";

pub(super) fn run(common: &Common, args: &KeysArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    if common.format == Some(Format::Csv) {
        return Err(Failure::new(ExitCode::Usage, "keys have no CSV form; use text or json"));
    }
    match &args.command {
        KeysCommand::Generate { out } => generate(common, out.as_ref(), world),
        KeysCommand::Upgrade { dry_run: true, .. } => rehearse(common, world),
        KeysCommand::Upgrade { write, out, .. } => {
            let edit = if *write { Edit::Write } else { Edit::Show };
            upgrade(common, out.as_ref(), edit, world)
        }
    }
}

/// What becomes of the configuration after an upgrade.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Show,
    Write,
}

fn generate(common: &Common, out: Option<&PathBuf>, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let config = ConfigFile::in_force(common.config.as_deref(), &world.surroundings)?.filter(|file| file.exists);
    let settings = super::config::load_without_data(common, world);
    let settings = if config.is_some() { Some(settings?) } else { None };
    let account = settings.as_ref().map(|settings| account_of_the_key(settings, common, out)).transpose()?.flatten();
    let path = match (out, account, &config) {
        (Some(path), _, _) => path.clone(),
        (None, Some(account), Some(config)) => place_for(account, config),
        (None, None, _) if !common.account.is_empty() => PathBuf::from(format!("{}.pem", name_alone(common)?)),
        _ => PathBuf::from(NAMELESS),
    };
    let place = NewSecret::at(&path, WHAT, &world.surroundings)?;
    refuse_same_target(common, &place, world)?;
    let pair = NewKeyPair::generate().map_err(no_key)?;
    place.write(&pair.private_pem)?;
    let text = match common.format {
        Some(Format::Json) => json_text(&json!({
            "schema": "settle.keys/1",
            "account": account.map(|account| account.name.as_str()),
            "private_key_file": place.path,
            "public_key_pem": pair.public_pem,
        }))?,
        _ => pair.public_pem.clone(),
    };
    write(&text, common, world)?;
    if !common.quiet {
        let folder = config.as_ref().map_or(world.surroundings.current_dir.as_path(), ConfigFile::folder);
        let named = for_config(&place.path, folder, &world.surroundings);
        world.say(&format!("the private key is in {}; only you can read it, and nobody else has it", place.shown));
        for line in registering(account.map_or(Environment::Live, |account| account.environment)) {
            world.say(&line);
        }
        let section =
            account.map_or_else(|| "the account".to_owned(), |account| format!("[accounts.{}]", account.name));
        world.say(&format!(
            "then write into settle.toml, below {section}, or let `settle init` do it:\n  public_key_id = \"…\"\n  \
             private_key_file = \"{}\"",
            clean(&named)
        ));
    }
    Ok(ExitCode::Done)
}

/// How a public key becomes a public key id, as Amazon's own guide names the places.
pub(super) fn registering(environment: Environment) -> Vec<String> {
    let view = match environment {
        Environment::Live => "",
        Environment::Sandbox => " (in the sandbox view)",
    };
    vec![
        format!("register the public key in Seller Central{view}: Integration, Integration Central;"),
        "  choose \"Self-developed\", \"Get instructions\", then at \"API keys\" \"Create keys\" and \"Use an existing"
            .to_owned(),
        "  public key\"; paste everything from BEGIN to END. It answers with the public key id.".to_owned(),
        "  (These are the names in Amazon's guide; the pages may have changed.)".to_owned(),
    ]
}

/// The account whose key it is: the named one; the only one; none where a file is named or nothing tells.
fn account_of_the_key<'s>(
    settings: &'s Settings,
    common: &Common,
    out: Option<&PathBuf>,
) -> Result<Option<&'s Account>, Failure> {
    let asked = accounts_asked_for(settings, common)?;
    match asked.as_slice() {
        [only] => Ok(Some(only)),
        [] => Ok(None),
        _ if out.is_some() && common.account.is_empty() => Ok(None),
        several => Err(which_account(several)),
    }
}

fn which_account(accounts: &[&Account]) -> Failure {
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    Failure::new(ExitCode::Usage, "a key belongs to one account; say which with --account")
        .with_hint(format!("accounts: {}", names.join(", ")))
}

/// The one name of `--account`, where there is no configuration that could know it.
fn name_alone(common: &Common) -> Result<&str, Failure> {
    let fits = |name: &&String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    match common.account.as_slice() {
        [name] if fits(&name) => Ok(name),
        _ => Err(Failure::new(ExitCode::Usage, "--account takes one name of letters, digits, `-` and `_` here")),
    }
}

/// The configured file of the key where it is still to be made, else NAME.pem beside the configuration.
fn place_for(account: &Account, config: &ConfigFile) -> PathBuf {
    let configured = account.private_key_file.clone().filter(|path| !path.exists());
    configured.unwrap_or_else(|| config.folder().join(format!("{}.pem", account.name)))
}

/// `-o` is for the public key: written over the private one it would destroy it.
fn refuse_same_target(common: &Common, place: &NewSecret, world: &World<'_>) -> Result<(), Failure> {
    let output = common.output.as_ref().map(|path| world.surroundings.current_dir.join(path));
    if output.as_ref() == Some(&place.path) {
        let message = "--output is for the public key and --out for the private one; they cannot be the same file";
        return Err(Failure::new(ExitCode::Usage, message));
    }
    Ok(())
}

/// The account of an upgrade: its own MWS keys, not a developer's.
fn account_to_upgrade<'s>(settings: &'s Settings, common: &Common) -> Result<&'s Account, Failure> {
    let asked = accounts_asked_for(settings, common)?;
    let with_keys: Vec<&Account> = asked.iter().copied().filter(|account| account.source == Source::Mws).collect();
    let account = match (with_keys.as_slice(), asked.as_slice()) {
        ([account], _) => *account,
        ([], [other]) => {
            let message =
                format!("account `{}` has source {}; only MWS keys can be upgraded", other.name, other.source);
            return Err(Failure::new(ExitCode::Configuration, message)
                .with_hint("`settle keys generate` makes a key pair to register in Seller Central"));
        }
        ([], _) => {
            return Err(Failure::new(ExitCode::Configuration, "no account of the configuration has MWS keys")
                .with_hint("`settle init --source mws` sets one up; `settle keys generate` needs no MWS keys"));
        }
        (several, _) => return Err(which_account(several)),
    };
    if account.mws_auth_token_file.is_some() {
        let message = format!(
            "account `{}` signs with a developer's access key and an MWS auth token; the upgrade needs the secret of the \
             merchant's own access key, so it cannot work here",
            account.name
        );
        return Err(Failure::new(ExitCode::Configuration, message).with_hint(format!(
            "`settle keys generate --account {}` makes a key pair to register in Seller Central",
            account.name
        )));
    }
    Ok(account)
}

/// Shows the request and sends nothing.
fn rehearse(common: &Common, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let settings = super::config::load_without_data(common, world)?;
    let account = account_to_upgrade(&settings, common)?;
    let preview = with_connection(&settings, world, |connection| {
        Ok(KeyUpgrade::connect(account, connection).map_err(refused)?.preview())
    })?;
    let text = match common.format {
        Some(Format::Json) => json_text(&json!({
            "schema": "settle.keys/1",
            "dry_run": true,
            "account": account.name.as_str(),
            "method": "GET",
            "address": preview.address,
            "parameters": preview.parameters.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "string_to_sign": preview.string_to_sign,
        }))?,
        _ => preview_text(&preview),
    };
    write(&text, common, world)?;
    Ok(ExitCode::Done)
}

fn preview_text(preview: &Preview) -> String {
    let width = preview.parameters.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = format!("GET {}\n", preview.address);
    for (name, value) in &preview.parameters {
        text.push_str(&format!("  {name:<width$} = {}\n", clean(value)));
    }
    text.push_str(&format!(
        "  {:<width$} = (the new public key)\n  {:<width$} = (left out)\n",
        "PublicKey", "Signature"
    ));
    text.push_str("signed is:\n");
    text.extend(preview.string_to_sign.lines().map(|line| format!("  {}\n", clean(line))));
    text.push_str("nothing was sent, no key was made\n");
    text
}

fn upgrade(common: &Common, out: Option<&PathBuf>, edit: Edit, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let settings = super::config::load_without_data(common, world)?;
    let account = account_to_upgrade(&settings, common)?;
    let config = ConfigFile::in_force(common.config.as_deref(), &world.surroundings)?.filter(|file| file.exists);
    let config = config.ok_or_else(|| Failure::new(ExitCode::Configuration, "there is no configuration file"))?;
    let path = out.cloned().unwrap_or_else(|| place_for(account, &config));
    let place = NewSecret::at(&path, WHAT, &world.surroundings)?;
    let key_file = for_config(&place.path, config.folder(), &world.surroundings);
    let keys = |id: &str| -> Result<(String, Vec<LineChange>), Failure> {
        let keys = [("source", Source::PayApi.word()), ("public_key_id", id), ("private_key_file", &key_file)];
        Ok(config.with_keys(account.name.as_str(), &keys)?)
    };
    // Before a key is registered it must be sure that the configuration could hold it.
    check_text(&config, &keys("LIVE-A")?.0, common, world)?;
    let stop = (world.catch_signals)();
    let pair = NewKeyPair::generate().map_err(no_key)?;
    // On the disk before Amazon knows of it: a key that is registered and lost would be of no use.
    place.write(&pair.private_pem)?;
    let exchanged = with_connection(&settings, world, |connection| {
        let upgrade = KeyUpgrade::connect(account, connection).map_err(refused)?;
        let exchanged = runtime()?.block_on(until_stopped(upgrade.exchange(&pair.public_pem), &stop));
        let exchanged = exchanged.map_err(|exit| Failure::new(exit, "stopped by a signal; nothing was changed"))?;
        Ok((exchanged.map_err(refused)?, upgrade.take_notes()))
    });
    let (id, notes) = exchanged.inspect_err(|_| place.remove())?;
    for note in notes {
        world.say(&format!("settle: warning: {}", clean(&note)));
    }
    let (text, changes) = keys(&id)?;
    if edit == Edit::Write {
        replace(&config, &text)?;
    }
    write(&result(&id, account, &place, edit, common)?, common, world)?;
    if !common.quiet {
        tell(account, &config, &place, &changes, edit, common, world);
    }
    Ok(ExitCode::Done)
}

/// A configuration text that would not be understood is a reason not to begin.
fn check_text(config: &ConfigFile, text: &str, common: &Common, world: &World<'_>) -> Result<(), Failure> {
    let unused = common.data_dir.clone().or_else(|| Some(PathBuf::from(".")));
    let flags = Flags { data_dir: unused, ..Flags::default() };
    config.settings(text, &flags, &world.surroundings)?;
    Ok(())
}

fn replace(config: &ConfigFile, text: &str) -> Result<(), Failure> {
    Target::File(config.path.clone()).write(&mut std::io::sink(), |out| {
        out.write_all(text.as_bytes()).map_err(|why| Failure::from(WriteError::from(why)))
    })
}

fn result(id: &str, account: &Account, place: &NewSecret, edit: Edit, common: &Common) -> Result<String, Failure> {
    if common.format != Some(Format::Json) {
        return Ok(format!("{id}\n"));
    }
    Ok(json_text(&json!({
        "schema": "settle.keys/1",
        "account": account.name.as_str(),
        "public_key_id": id,
        "private_key_file": place.path,
        "config_written": edit == Edit::Write,
    }))?)
}

fn tell(
    account: &Account,
    config: &ConfigFile,
    place: &NewSecret,
    changes: &[LineChange],
    edit: Edit,
    common: &Common,
    world: &mut World<'_>,
) {
    let name = account.name.as_str();
    world.say(&format!("Amazon has registered the new public key; the private key is in {}", place.shown));
    let file = shown(&config.path, &world.surroundings);
    match edit {
        Edit::Write => world.say(&format!("{file}: changed below [accounts.{name}]:")),
        Edit::Show => world.say(&format!("{file}: change these lines below [accounts.{name}]:")),
    }
    for change in changes {
        if let Some(before) = &change.before {
            world.say(&format!("  - {}", clean(before)));
        }
        world.say(&format!("  + {}", clean(&change.after)));
    }
    if account.environment == Environment::Sandbox {
        world.say("the exchange exists for live keys only; whether this key works in the sandbox is not known");
    }
    let named = common.config.as_ref().map_or_else(String::new, |path| format!(" --config {}", path.display()));
    world.say(&format!("next: `settle doctor --account {name}{named}` makes a test call with the new key"));
}

/// A connection of one question: its pace need not outlive the program.
fn with_connection<T>(
    settings: &Settings,
    world: &World<'_>,
    work: impl FnOnce(&Connection<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut catalog = Catalog::scratch()?;
    let catalog = RefCell::new(&mut catalog);
    work(&Connection {
        settings: &settings.fetch,
        surroundings: &world.surroundings,
        catalog: &catalog,
        timer: world.clock,
        tell: &|_| {},
    })
}

fn refused(why: FetchError) -> Failure {
    let failure = Failure::new(why.exit_code(), why.to_string());
    match why.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

fn no_key(why: KeyError) -> Failure {
    Failure::new(ExitCode::Storage, format!("no key can be made: {why}"))
}

fn write(text: &str, common: &Common, world: &mut World<'_>) -> Result<(), Failure> {
    let target = Target::new(common.output.as_deref());
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(())
}
