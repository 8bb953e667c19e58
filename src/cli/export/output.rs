//! Where the files of an export go: standard output, one file, or several that appear together.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::super::failure::Failure;
use super::super::world::World;
use super::job::{Job, Replace};
use crate::domain::ExitCode;
use crate::export::{OpenTarget, Preset, WriteError};
use crate::report::journal::Ledger;

/// Bytes gathered before they are handed on, so that system calls do not count.
const BUFFER_BYTES: usize = 1 << 20;

/// What a file of the export holds.
#[derive(Clone, Debug)]
pub(super) struct FileName<'a> {
    /// The ledger; `None` where all share a file.
    pub(super) ledger: Option<&'a Ledger>,
    /// Which file of the ledger, from 1, and of how many.
    pub(super) part: (usize, usize),
    /// The last day in it.
    pub(super) last_day: Option<chrono::NaiveDate>,
}

/// The paths of the files; `None` for standard output.
pub(super) fn paths(
    job: &Job<'_>,
    files: &[FileName<'_>],
    output: Option<&Path>,
) -> Result<Vec<Option<PathBuf>>, Failure> {
    let several_ledgers = files.iter().filter(|file| file.part.0 == 1).count() > 1;
    let Some(output) = output.filter(|path| *path != Path::new("-")) else {
        return if files.len() > 1 { Err(too_many(job, files)) } else { Ok(vec![None; files.len()]) };
    };
    let text = output.as_os_str().to_string_lossy();
    if output.is_dir() || text.ends_with('/') {
        crate::archive::make_folder(output).map_err(|why| {
            Failure::new(ExitCode::Storage, format!("{}: cannot create the folder: {why}", output.display()))
        })?;
        let name = |file| file_name(job, file, several_ledgers).map(|name| Some(output.join(name)));
        return distinct(files.iter().map(name).collect::<Result<_, Failure>>()?);
    }
    if files.len() == 1 {
        return Ok(vec![Some(output.to_owned())]);
    }
    distinct(files.iter().map(|file| Some(numbered(output, file, several_ledgers))).collect())
}

/// Two accounts whose names differ in signs only would take each other's place.
fn distinct(paths: Vec<Option<PathBuf>>) -> Result<Vec<Option<PathBuf>>, Failure> {
    let mut seen = std::collections::BTreeSet::new();
    match paths.iter().flatten().find(|path| !seen.insert((*path).clone())) {
        None => Ok(paths),
        Some(path) => {
            let message = format!("{}: two accounts would have this file", path.display());
            Err(Failure::new(ExitCode::Usage, message).with_hint("export them one by one with --account"))
        }
    }
}

fn too_many(job: &Job<'_>, files: &[FileName<'_>]) -> Failure {
    let message =
        format!("the {} export of this month is {} files; standard output takes one", job.preset, files.len());
    Failure::new(ExitCode::Usage, message).with_hint("name a folder or a file with -o, or one account with --account")
}

/// `export.csv` → `export_shop-fr_EUR_2.csv`.
fn numbered(output: &Path, file: &FileName<'_>, several_ledgers: bool) -> PathBuf {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let mut name = stem.into_owned();
    if let Some(ledger) = file.ledger.filter(|_| several_ledgers) {
        name.push_str(&format!("_{}_{}", plain(ledger.account.as_str()), ledger.currency));
    }
    if file.part.1 > 1 {
        name.push_str(&format!("_{}", file.part.0));
    }
    if let Some(extension) = output.extension() {
        name.push_str(&format!(".{}", extension.to_string_lossy()));
    }
    output.with_file_name(name)
}

/// The name in a folder, by the rule of the format where it has one.
fn file_name(job: &Job<'_>, file: &FileName<'_>, several_ledgers: bool) -> Result<String, Failure> {
    let account = file.ledger.map(|ledger| format!("{}_{}", plain(ledger.account.as_str()), ledger.currency));
    let day = file.last_day.unwrap_or_default();
    let (month, extension) = (day.format("%Y%m"), job.preset.extension());
    let delta = job.delta.map(|month| format!("_delta-{month}")).unwrap_or_default();
    let number = if file.part.1 > 1 { format!("{delta}_{}", file.part.0) } else { delta.clone() };
    let account_part = account.map(|account| format!("_{account}")).unwrap_or_default();
    Ok(match job.preset {
        Preset::Fec => {
            let Some(siren) = &job.settings.siren else {
                let message = "fec needs `export.siren`: the nine digits that begin the file's name";
                return Err(Failure::new(ExitCode::Configuration, message)
                    .with_hint("add `siren = \"123456789\"` below [export], or name a file with -o"));
            };
            let which = if several_ledgers { account_part } else { String::new() };
            format!("{siren}FEC{}{which}{number}.{extension}", day.format("%Y%m%d"))
        }
        Preset::Datev => format!("EXTF_AmazonPay{account_part}_{month}{delta}_{}.{extension}", file.part.0),
        preset => format!("amazonpay_{preset}{account_part}_{month}{number}.{extension}"),
    })
}

/// Letters, digits and hyphens, so that no name from outside becomes a path.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect()
}

/// One file in the making.
pub(super) struct Output {
    target: Option<OpenTarget>,
    path: Option<PathBuf>,
    /// Bytes that were not handed on yet.
    pub(super) bytes: Vec<u8>,
}

impl Output {
    /// Begins a file, or standard output.
    pub(super) fn open(path: Option<&PathBuf>) -> Result<Self, Failure> {
        let target = path.map(|path| OpenTarget::open(path)).transpose()?;
        Ok(Self { target, path: path.cloned(), bytes: Vec::with_capacity(BUFFER_BYTES) })
    }

    /// Hands on what is ready, where there is enough of it.
    pub(super) fn pass(&mut self, world: &mut World<'_>) -> Result<(), Failure> {
        if self.bytes.len() < BUFFER_BYTES { Ok(()) } else { self.pass_all(world) }
    }

    /// Hands on everything.
    pub(super) fn pass_all(&mut self, world: &mut World<'_>) -> Result<(), Failure> {
        let written = match &mut self.target {
            Some(target) => target.write_all(&self.bytes),
            None => world.stdout.write_all(&self.bytes).and_then(|()| world.stdout.flush()),
        };
        written.map_err(WriteError::from)?;
        self.bytes.clear();
        Ok(())
    }

    /// A file beside this one, whole at once; standard output has none.
    pub(super) fn beside(&self, ending: &str, text: &str) -> Result<Option<Self>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut beside = Output::open(Some(&path.with_file_name(format!("{stem}{ending}"))))?;
        if let Some(target) = &mut beside.target {
            target.write_all(text.as_bytes()).map_err(WriteError::from)?;
        }
        Ok(Some(beside))
    }

    /// Gives a file its place, and tells which; `None` where nothing was to be replaced.
    pub(super) fn commit(self, replace: Replace) -> Result<Option<PathBuf>, Failure> {
        let placed = self.target.map(|target| commit(target, replace)).transpose()?;
        Ok(self.path.filter(|_| placed == Some(true)))
    }
}

/// Gives a file its place, unless the same stands there and may stay; whether it did.
pub(super) fn commit(target: OpenTarget, replace: Replace) -> Result<bool, WriteError> {
    match replace {
        Replace::Always => target.commit().map(|()| true),
        Replace::Changed => target.commit_if_changed(),
    }
}
