//! Writes the pack of a ground and its contents.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;

use super::super::failure::Failure;
use super::contents::{Contents, FileBytes};
use super::ground::{Ground, GroundDocument, counts};
use crate::domain::ExitCode;
use crate::export::{PackError, PackWriter};
use crate::parse::DocumentKind;
use crate::report::closing::{Manifest, PACK_SCHEMA, PackDocument, README, RawBytes, raw_entry, readme};

/// Writes the pack; the same ground gives the same bytes.
pub(in super::super) fn write_pack(
    ground: &Ground,
    contents: &Contents,
    target: impl Write + Seek,
) -> Result<Manifest, Failure> {
    let mut pack = PackWriter::new(target);
    let documents = described(ground, contents);
    let text = readme(&ground.terms, &contents.left_out, &documents);
    pack.add_bytes(README, text.as_bytes()).map_err(unwritten)?;
    for (name, bytes) in &contents.files {
        match bytes {
            FileBytes::Held(bytes) => pack.add_bytes(name, bytes).map(drop).map_err(unwritten)?,
            FileBytes::File(path) => add_file(&mut pack, name, path, None)?,
        }
    }
    for input in &ground.inputs {
        add_file(&mut pack, &input.facts.entry(), &input.path, Some(input.facts.bytes))?;
    }
    if ground.terms.raw == RawBytes::All {
        let counted = ground.documents.iter().filter(|document| counts(DocumentKind::from_word(&document.facts.kind)));
        let mut counted: Vec<_> = counted.collect();
        counted.sort_by(|a, b| a.facts.sha256.cmp(&b.facts.sha256));
        for document in counted {
            let name = raw_entry(&document.facts.sha256);
            add_file(&mut pack, &name, &document.path, Some(document.facts.bytes))?;
        }
    }
    let manifest = Manifest {
        schema: PACK_SCHEMA.to_owned(),
        month: ground.terms.month.clone(),
        terms: ground.terms.clone(),
        documents,
        left_out: contents.left_out.clone(),
        entries: Vec::new(),
    };
    pack.finish(manifest).map_err(unwritten)
}

/// The documents, with what was read in them.
fn described(ground: &Ground, contents: &Contents) -> Vec<PackDocument> {
    let settlements: HashMap<_, _> =
        contents.documents.iter().map(|document| (&document.id, document.settlement_id())).collect();
    let describe = |document: &GroundDocument| PackDocument {
        settlement_id: settlements.get(&document.facts.sha256).cloned().flatten(),
        counts: counts(DocumentKind::from_word(&document.facts.kind)),
        ..document.facts.clone()
    };
    ground.documents.iter().map(describe).collect()
}

fn add_file<W: Write + Seek>(
    pack: &mut PackWriter<W>,
    name: &str,
    path: &Path,
    stated: Option<u64>,
) -> Result<(), Failure> {
    let unreadable = |why: std::io::Error| {
        Failure::new(ExitCode::Storage, format!("{}: cannot be read for the pack: {why}", path.display()))
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let bytes = match stated {
        Some(bytes) => bytes,
        None => file.metadata().map_err(unreadable)?.len(),
    };
    pack.add(name, &mut file, bytes).map(drop).map_err(unwritten)
}

fn unwritten(why: PackError) -> Failure {
    Failure::new(ExitCode::Storage, format!("cannot write the pack: {why}"))
}
