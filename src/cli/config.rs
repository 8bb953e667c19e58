//! `settle config show`.

use std::path::PathBuf;

use super::args::{Common, ConfigArgs, ConfigCommand, Format};
use super::failure::Failure;
use super::world::World;
use crate::config::{Flags, Settings};
use crate::domain::ExitCode;
use crate::export::{Target, WriteError, json_text};

pub(super) fn run(common: &Common, args: &ConfigArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let ConfigCommand::Show { origin } = args.command;
    let settings = load(common, world)?;
    let text = match common.format.unwrap_or(Format::Text) {
        Format::Json => {
            let lines: Vec<_> = settings
                .listing()
                .iter()
                .map(|line| serde_json::json!({"key": line.path, "value": line.value, "origin": line.origin.to_string()}))
                .collect();
            json_text(&serde_json::json!({"schema": "settle.config/1", "settings": lines}))?
        }
        Format::Text => listing(&settings, origin),
        Format::Csv | Format::Ics | Format::Xlsx | Format::Html => {
            return Err(Failure::new(ExitCode::Usage, "the configuration has no such form; use text or json"));
        }
    };
    let target = Target::new(common.output.as_deref());
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    Ok(ExitCode::Done)
}

/// The settings of a run, from flags, environment and file.
pub(super) fn load(common: &Common, world: &World<'_>) -> Result<Settings, Failure> {
    let flags = Flags { config: common.config.clone(), data_dir: common.data_dir.clone(), ..Flags::default() };
    Ok(Settings::load(&flags, &world.surroundings)?)
}

/// The settings of a run that never touches the data folder: it need not have one.
pub(super) fn load_without_data(common: &Common, world: &World<'_>) -> Result<Settings, Failure> {
    let unused = common.data_dir.clone().or_else(|| Some(PathBuf::from(".")));
    let flags = Flags { config: common.config.clone(), data_dir: unused, ..Flags::default() };
    Ok(Settings::load(&flags, &world.surroundings)?)
}

fn listing(settings: &Settings, origin: bool) -> String {
    let width = settings.listing().iter().map(|line| line.path.len()).max().unwrap_or(0);
    let mut text = String::new();
    for line in settings.listing() {
        let from = if origin { format!("  # {}", line.origin) } else { String::new() };
        text.push_str(&format!("{:<width$} = {}{from}\n", line.path, line.value));
    }
    text
}
