//! `completions` and `man`: texts that the command line knows about itself.

use super::args::{CompletionsArgs, ManArgs};
use super::failure::Failure;
use super::world::World;
use crate::domain::ExitCode;
use crate::export::{Target, WriteError};

pub(super) fn completions(
    args: &CompletionsArgs,
    mut command: clap::Command,
    world: &mut World<'_>,
) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "settle", &mut script);
    write(&Target::Stdout, &script, world)
}

pub(super) fn man(args: &ManArgs, command: clap::Command, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let Some(folder) = &args.dir else {
        return write(&Target::Stdout, &page(command)?, world);
    };
    crate::archive::make_folder(folder)
        .map_err(|why| Failure::new(ExitCode::Storage, format!("{}: {why}", folder.display())))?;
    for (name, command) in pages(command) {
        write(&Target::File(folder.join(format!("{name}.1"))), &page(command)?, world)?;
    }
    Ok(ExitCode::Done)
}

/// The program's page and one for each command, named as `man` looks for them.
fn pages(mut command: clap::Command) -> Vec<(String, clap::Command)> {
    command.build();
    let mut pages = vec![("settle".to_owned(), command.clone())];
    for sub in command.get_subcommands() {
        let name = format!("settle-{}", sub.get_name());
        let page_name: &'static str = Box::leak(name.clone().into_boxed_str());
        pages.push((name, sub.clone().name(page_name)));
    }
    pages
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|why| Failure::new(ExitCode::Defect, why.to_string()))?;
    Ok(page)
}

fn write(target: &Target, bytes: &[u8], world: &mut World<'_>) -> Result<ExitCode, Failure> {
    target.write(world.stdout, |out| out.write_all(bytes).map_err(WriteError::from))?;
    Ok(ExitCode::Done)
}
