//! `settle verify PACK`: is everything in a sealed pack what its own documents say?
//!
//! Needs nothing but the pack: no configuration, no data folder, no network. Every entry is compared with the
//! manifest; then everything is made again from the documents, by the function that made it first, and compared:
//! the statement figure by figure, the rest byte by byte. What makes all of a pack fit again after a change is to
//! change a document and everything that follows from it; against that stands the seal that `settle close` printed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use tempfile::NamedTempFile;

use super::args::{Common, Format};
use super::args_verify::VerifyArgs;
use super::close_text::findings_text;
use super::closing::{Contents, Ground, Opened, contents, open_pack, supply, write_pack};
use super::failure::Failure;
use super::world::World;
use crate::archive::{Archive, hash};
use crate::domain::{DocumentId, ExitCode};
use crate::export::{Target, WriteError, clean, json_text};
use crate::report::closing::{
    Difference, Finding, FindingBasis, MANIFEST, Manifest, PackVerdict, compare_figures, figures,
};

/// Differences that are shown to people; JSON has them all.
const SHOWN: usize = 50;

pub(super) fn run(pack: &Path, common: &Common, args: &VerifyArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    Failure::unless_text_or_json("a verification", common.format)?;
    let verdict = verify(pack, args, common, world)?;
    let text = match common.format {
        Some(Format::Json) => json_text(&verdict)?,
        _ => verdict_text(&verdict),
    };
    if !(common.quiet && verdict.proven && common.format.is_none()) {
        let target = Target::new(common.output.as_deref());
        target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    }
    if !verdict.proven {
        let count = verdict.differences.len() + verdict.figures_differ.len() + verdict.findings.len();
        let shown = pack.display();
        world.say(&clean(&format!("settle: error: {shown}: {count} thing(s) are not as they were sealed")));
    }
    Ok(verdict.exit_code())
}

fn verify(pack: &Path, args: &VerifyArgs, common: &Common, world: &mut World<'_>) -> Result<PackVerdict, Failure> {
    let seal = hash_of(pack)?;
    let mut opened = open_pack(pack)?;
    supply(&mut opened, &args.from, world)?;
    let ground = opened.ground()?;
    let terms = &opened.manifest.terms;
    let mut verdict = PackVerdict {
        schema: "settle.verify/1",
        of: "pack",
        pack: pack.display().to_string(),
        month: Some(opened.manifest.month.clone()),
        settle: Some(terms.settle.clone()),
        proven: false,
        entries: opened.sound,
        documents: 0,
        figures: 0,
        files: 0,
        identical: None,
        recorded: None,
        differences: std::mem::take(&mut opened.differences),
        figures_differ: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
        seal,
    };
    match &ground {
        Some(ground) => remake(ground, &opened, pack, &mut verdict, common, world)?,
        None => verdict.notes.push("nothing was made again, because documents are missing".to_owned()),
    }
    compare_record(&mut verdict, common)?;
    verdict.proven = verdict.differences.is_empty() && verdict.figures_differ.is_empty() && verdict.findings.is_empty();
    Ok(verdict)
}

/// Makes everything again and compares.
fn remake(
    ground: &Ground,
    opened: &Opened,
    pack: &Path,
    verdict: &mut PackVerdict,
    common: &Common,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let quiet = Common { account: Vec::new(), ..common.clone() };
    let made = match contents(ground, &quiet, world) {
        Ok(made) => made,
        Err(why) if why.exit() == ExitCode::Storage => return Err(why),
        Err(why) => {
            let message = format!("the month cannot be made again from its documents: {why}");
            verdict.differences.push(Difference { code: "not_made", entry: None, message });
            return Ok(());
        }
    };
    verdict.documents = made.documents.len() as u64;
    compare_statement(opened, &made, verdict)?;
    compare_findings(opened, &made, verdict);
    if opened.manifest.terms.settle == env!("CARGO_PKG_VERSION") {
        compare_bytes(ground, opened, &made, pack, verdict)
    } else {
        let (sealed, here) = (&opened.manifest.terms.settle, env!("CARGO_PKG_VERSION"));
        let note = format!("sealed by settle {sealed}, this is {here}: figures are compared, the form of files is not");
        verdict.notes.push(note);
        Ok(())
    }
}

fn compare_statement(opened: &Opened, made: &Contents, verdict: &mut PackVerdict) -> Result<(), Failure> {
    let recomputed = serde_json::to_value(&made.statement)?;
    let Some(sealed) = &opened.statement else {
        let entry = Some("statement.json".to_owned());
        let message = "cannot be read, so no figure is compared".to_owned();
        verdict.differences.push(Difference { code: "statement_unreadable", entry, message });
        return Ok(());
    };
    verdict.figures_differ = compare_figures(sealed, &recomputed);
    let differing: BTreeSet<&str> = verdict.figures_differ.iter().map(|figure| figure.path.as_str()).collect();
    verdict.figures =
        figures(&recomputed).iter().filter(|figure| !differing.contains(figure.path.as_str())).count() as u64;
    Ok(())
}

/// Everything that does not tie was accepted, and nothing else.
fn compare_findings(opened: &Opened, made: &Contents, verdict: &mut PackVerdict) {
    let accepted: Vec<&Finding> =
        opened.manifest.terms.accepted.iter().flat_map(|accepted| &accepted.findings).collect();
    let known: BTreeSet<_> = accepted.iter().map(|finding| finding.identity()).collect();
    let mut found = BTreeSet::new();
    for finding in &made.findings {
        if found.insert(finding.identity()) && !known.contains(&finding.identity()) {
            verdict.findings.push(finding.clone());
        }
    }
    for finding in accepted.iter().filter(|finding| finding.basis == FindingBasis::Pack) {
        if !found.contains(&finding.identity()) {
            let message = format!("accepted, but not to be found: {}: {}", finding.code, finding.sentence());
            verdict.differences.push(Difference { code: "accepted_gone", entry: Some(MANIFEST.to_owned()), message });
        }
    }
}

fn compare_bytes(
    ground: &Ground,
    opened: &Opened,
    made: &Contents,
    pack: &Path,
    verdict: &mut PackVerdict,
) -> Result<(), Failure> {
    let failed = |why: std::io::Error| {
        Failure::new(ExitCode::Storage, format!("cannot use the folder of temporary files: {why}"))
    };
    let again = NamedTempFile::new().map_err(failed)?;
    let manifest = write_pack(ground, made, again.reopen().map_err(failed)?)?;
    compare_entries(opened, &manifest, verdict);
    let identical = hash_of(again.path())? == verdict.seal;
    verdict.identical = Some(identical);
    if !identical && verdict.differences.is_empty() && verdict.figures_differ.is_empty() {
        let at = first_difference(pack, again.path()).map_err(failed)?;
        let message = if manifest == opened.manifest {
            format!("the zip is not the one that was sealed, though its entries are: it differs from byte {at} on")
        } else {
            "it does not say what is made again from the documents".to_owned()
        };
        let entry = (manifest != opened.manifest).then(|| MANIFEST.to_owned());
        verdict.differences.push(Difference { code: "container", entry, message });
    }
    Ok(())
}

fn compare_entries(opened: &Opened, made: &Manifest, verdict: &mut PackVerdict) {
    let told: BTreeSet<Option<String>> =
        verdict.differences.iter().map(|difference| difference.entry.clone()).collect();
    let mut differs = |code, name: &str, message: &str| {
        if !told.contains(&Some(name.to_owned())) {
            let (entry, message) = (Some(name.to_owned()), message.to_owned());
            verdict.differences.push(Difference { code, entry, message });
        }
    };
    for entry in &made.entries {
        match opened.found.get(&entry.name) {
            Some(id) if *id == entry.sha256 => verdict.files += 1,
            Some(_) => differs("entry_differs", &entry.name, "is not what is made again from the documents"),
            None => differs("entry_missing", &entry.name, "is made from the documents and not in the pack"),
        }
    }
    let names: BTreeSet<&str> = made.entries.iter().map(|entry| entry.name.as_str()).collect();
    for entry in opened.manifest.entries.iter().filter(|entry| !names.contains(entry.name.as_str())) {
        differs("entry_added", &entry.name, "is in the pack and not made from the documents");
    }
    let order = |manifest: &Manifest| manifest.entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    if verdict.differences.is_empty() && order(made) != order(&opened.manifest) {
        let (entry, message) = (Some(MANIFEST.to_owned()), "names the entries in another order".to_owned());
        verdict.differences.push(Difference { code: "order", entry, message });
    }
}

/// The first byte, from 0, in which two files differ.
fn first_difference(left: &Path, right: &Path) -> std::io::Result<u64> {
    let (left, right) = (BufReader::new(File::open(left)?).bytes(), BufReader::new(File::open(right)?).bytes());
    let mut at = 0;
    for (left, right) in left.zip(right) {
        if left? != right? {
            break;
        }
        at += 1;
    }
    Ok(at)
}

/// Where an archive is named, its record of the month must have this seal.
fn compare_record(verdict: &mut PackVerdict, common: &Common) -> Result<(), Failure> {
    let (Some(folder), Some(month)) = (&common.data_dir, verdict.month.clone()) else { return Ok(()) };
    let archive = Archive::open_existing(folder)?;
    let closes = archive.catalog.closes()?;
    let of_month = || closes.iter().filter(|close| close.month.to_string() == month);
    let recorded = of_month().any(|close| close.pack == verdict.seal);
    verdict.recorded = Some(recorded);
    if !recorded {
        let seals: Vec<String> = of_month().map(|close| close.pack.to_string()).collect();
        let known = if seals.is_empty() { "it never closed that month".to_owned() } else { seals.join(", ") };
        let message = format!("the archive did not record this seal for {month}: {known}");
        verdict.differences.push(Difference { code: "not_recorded", entry: None, message });
    } else if of_month().any(|close| close.pack == verdict.seal && !close.in_force()) {
        verdict.notes.push(format!("{month} was opened again after this pack was sealed"));
    }
    Ok(())
}

fn hash_of(path: &Path) -> Result<DocumentId, Failure> {
    let hashed = File::open(path).and_then(hash);
    let failed = |why| Failure::new(ExitCode::Storage, format!("{}: cannot be read: {why}", path.display()));
    hashed.map(|(id, _)| id).map_err(failed)
}

fn verdict_text(verdict: &PackVerdict) -> String {
    let month = verdict.month.as_deref().unwrap_or("a month");
    let mut text =
        if verdict.proven { format!("{month}: proven.\n") } else { format!("{month}: NOT as it was sealed.\n") };
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<10} {}\n", clean(&value)));
    line("seal", verdict.seal.to_string());
    line("sealed by", format!("settle {}", verdict.settle.as_deref().unwrap_or("?")));
    line("entries", format!("{} have the SHA-256 that the manifest states", verdict.entries));
    line("figures", format!("{} are the same when made again from {} settlements", verdict.figures, verdict.documents));
    match verdict.identical {
        Some(true) => line("bytes", format!("the pack made again is this one; {} entries", verdict.files)),
        Some(false) => {
            line("bytes", format!("the pack made again is another one; {} entries are the same", verdict.files))
        }
        None => {}
    }
    match verdict.recorded {
        Some(true) => line("archive", "recorded this seal when it closed the month".to_owned()),
        Some(false) => line("archive", "did not record this seal".to_owned()),
        None => line("compare", "the seal with the one that `settle close` printed".to_owned()),
    }
    for note in &verdict.notes {
        line("note", note.clone());
    }
    text.push_str(&differences_text(verdict));
    text
}

fn differences_text(verdict: &PackVerdict) -> String {
    let mut text = String::new();
    let shown = |value: &Option<serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "nothing".to_owned(),
    };
    for difference in verdict.differences.iter().take(SHOWN) {
        let entry = difference.entry.as_ref().map(|entry| format!("{entry}: ")).unwrap_or_default();
        text.push_str(&format!("{}\n", clean(&format!("{}: {entry}{}", difference.code, difference.message))));
    }
    for figure in verdict.figures_differ.iter().take(SHOWN) {
        let (sealed, now) = (shown(&figure.sealed), shown(&figure.recomputed));
        text.push_str(&format!("{}\n", clean(&format!("{}: sealed {sealed}, recomputed {now}", figure.path))));
    }
    let more = verdict.differences.len().saturating_sub(SHOWN) + verdict.figures_differ.len().saturating_sub(SHOWN);
    if more > 0 {
        text.push_str(&format!("and {more} more; --format json lists them\n"));
    }
    if !verdict.findings.is_empty() {
        text.push_str("does not tie and was not accepted:\n");
        text.push_str(&findings_text(&verdict.findings));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}
