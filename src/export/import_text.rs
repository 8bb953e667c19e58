//! What `settle import` did, for people: a line a file, then a line in all.

use super::table::{Align, Paint, Table, clean};
use crate::report::{ImportDocument, ImportState};

/// The document as text. Files that were taken without ado are only counted unless `all` is wanted.
#[must_use]
pub fn import_text(document: &ImportDocument, paint: Paint, all: bool) -> String {
    let mut out = String::new();
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left, Align::Right, Align::Left]);
    for file in &document.files {
        let quiet = matches!(file.state, ImportState::Imported | ImportState::AlreadyKnown);
        if quiet && !all {
            continue;
        }
        let id = file.settlement_id.as_ref().map_or_else(String::new, |id| clean(id.as_str()));
        let rows = if file.rows == 0 { String::new() } else { format!("{} rows", file.rows) };
        table.row(vec![file.state.word().to_owned(), clean(&file.file), file.kind.to_owned(), rows, id]);
    }
    if !table.is_empty() {
        table.write(&mut out, 0);
    }
    for file in &document.files {
        if let (ImportState::Replaces, Some(message)) = (file.state, &file.message) {
            out.push_str(&format!("{}: {}\n", clean(&file.file), clean(message)));
        }
        if let (ImportState::Rejected | ImportState::Conflict, Some(message)) = (file.state, &file.message) {
            out.push_str(&format!("{}: {}\n", paint.bad(&clean(&file.file)), clean(message)));
            if let Some(hint) = &file.hint {
                out.push_str(&format!("hint: {}\n", clean(hint)));
            }
        }
    }
    let count = |state| document.files.iter().filter(|file| file.state == state).count();
    let verb = if document.dry_run { "would be imported" } else { "imported" };
    let replacing = match count(ImportState::Replaces) {
        0 => String::new(),
        count => format!(" ({count} of them count in place of others)"),
    };
    out.push_str(&format!(
        "{} {verb}{replacing}, {} already known, {} in conflict, {} rejected\n",
        count(ImportState::Imported) + count(ImportState::Replaces),
        count(ImportState::AlreadyKnown),
        count(ImportState::Conflict),
        count(ImportState::Rejected)
    ));
    out
}
