//! Files that are given to a close: their unpacked bytes, under their own names, in a folder of their own.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use tempfile::TempDir;

use super::super::failure::Failure;
use super::super::load::gather_named;
use super::super::reconcile_orders::OrderInputs;
use super::super::world::World;
use super::ground::{GroundInput, base_name};
use crate::archive::hash;
use crate::config::Settings;
use crate::domain::{DocumentId, ExitCode};
use crate::parse::{Gathered, Input};
use crate::report::closing::{InputRole, PackInput};

/// What the command line names.
pub(in super::super) struct Given<'a> {
    pub(in super::super) bank: &'a [PathBuf],
    pub(in super::super) orders: &'a [PathBuf],
    pub(in super::super) disbursements: &'a [PathBuf],
}

/// Given files and the folder in which their bytes lie.
pub(in super::super) struct GivenFiles {
    pub(in super::super) files: Vec<GroundInput>,
    _folder: TempDir,
}

/// Gathers the files; one that cannot be opened ends the run, since it could not be sealed.
pub(in super::super) fn gather_inputs(
    given: &Given<'_>,
    settings: &Settings,
    world: &mut World<'_>,
) -> Result<GivenFiles, Failure> {
    let folder = TempDir::new()
        .map_err(|why| Failure::new(ExitCode::Storage, format!("cannot use the folder of temporary files: {why}")))?;
    let mut found: Vec<(InputRole, Input, Option<String>)> = Vec::new();
    let plain = [(InputRole::Bank, given.bank), (InputRole::Disbursements, given.disbursements)];
    for (role, paths) in plain {
        found.extend(opened(gather_named(paths, world))?.into_iter().map(|input| (role, input, None)));
    }
    let orders = OrderInputs::named(given.orders, Some(settings), world);
    if let Some(problem) = orders.errors().first() {
        return Err(Failure::new(ExitCode::Storage, problem.sentence()));
    }
    found.extend(orders.inputs.into_iter().map(|(input, mapping)| (InputRole::Orders, input, mapping)));
    if let Some(certificate) = &settings.disputes.signing_certificate {
        let inputs = opened(gather_named(std::slice::from_ref(certificate), world))?;
        found.extend(inputs.into_iter().map(|input| (InputRole::Certificate, input, None)));
    }
    let mut files: BTreeMap<(InputRole, DocumentId), GroundInput> = BTreeMap::new();
    for (number, (role, input, mapping)) in found.into_iter().enumerate() {
        let place = folder.path().join(number.to_string());
        let (sha256, bytes) = copy(&input, &place)?;
        let name = base_name(input.name());
        let facts = PackInput { role, name, mapping, sha256: sha256.clone(), bytes };
        // The same bytes twice are one file; the first name in the alphabet stays.
        match files.get(&(role, sha256.clone())) {
            Some(known) if known.facts.name <= facts.name => {}
            _ => drop(files.insert((role, sha256), GroundInput { facts, path: place })),
        }
    }
    let mut files: Vec<GroundInput> = files.into_values().collect();
    tell_apart(&mut files);
    files.sort_by(|a, b| {
        (a.facts.role, &a.facts.name, &a.facts.sha256).cmp(&(b.facts.role, &b.facts.name, &b.facts.sha256))
    });
    Ok(GivenFiles { files, _folder: folder })
}

fn opened(gathered: Gathered) -> Result<Vec<Input>, Failure> {
    match gathered.errors.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(gathered.inputs),
    }
}

fn copy(input: &Input, place: &std::path::Path) -> Result<(DocumentId, u64), Failure> {
    let failed =
        |why: std::io::Error| Failure::new(ExitCode::Storage, format!("{}: cannot be read: {why}", input.name()));
    let mut bytes = input.open().map_err(|fault| Failure::from(fault.at(input.name(), None, None)))?;
    let mut file = File::create(place).map_err(failed)?;
    std::io::copy(&mut bytes, &mut file).map_err(failed)?;
    File::open(place).and_then(hash).map_err(failed)
}

/// Two files of one name carry their hashes.
fn tell_apart(files: &mut [GroundInput]) {
    let mut names: BTreeMap<(InputRole, String), usize> = BTreeMap::new();
    files.iter().for_each(|file| *names.entry((file.facts.role, file.facts.name.clone())).or_default() += 1);
    for file in files {
        if names.get(&(file.facts.role, file.facts.name.clone())).is_some_and(|count| *count > 1) {
            file.facts.name = format!("{} ({})", file.facts.name, file.facts.sha256.short());
        }
    }
}
