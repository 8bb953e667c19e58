//! Conflicts for people: both documents side by side, which one counts and why, what to type.

use super::table::{Align, Paint, Table, clean};
use crate::report::{ConflictLine, ConflictState, ResolveDocument, RivalLine};

/// The document as text.
#[must_use]
pub fn resolve_text(document: &ResolveDocument, paint: Paint) -> String {
    let mut out = String::new();
    for conflict in &document.conflicts {
        conflict_text(conflict, paint, &mut out);
    }
    let open = document.conflicts.iter().filter(|conflict| conflict.state == ConflictState::Open).count();
    match (document.conflicts.len(), open) {
        (0, _) => out.push_str("No settlement is there twice.\n"),
        (_, 0) => out.push_str("No conflict is open.\n"),
        (_, open) => {
            let noun = if open == 1 { "conflict is" } else { "conflicts are" };
            out.push_str(&format!("{open} {noun} open: settle resolve SETTLEMENT --keep HASH|larger|newer\n"));
        }
    }
    out
}

fn conflict_text(conflict: &ConflictLine, paint: Paint, out: &mut String) {
    let title = format!("settlement {}, {}", clean(conflict.settlement_id.as_str()), clean(conflict.account.as_str()));
    out.push_str(&format!("{}\n", paint.heading(&title)));
    let mut table =
        Table::new(&[Align::Left, Align::Left, Align::Right, Align::Right, Align::Left, Align::Left, Align::Left]);
    let names = ["", "hash", "rows", "net", "brought in", "made by Amazon", "file"];
    table.row(names.map(str::to_owned).to_vec());
    for rival in &conflict.documents {
        table.row(vec![
            if rival.counts { "counts" } else { "set aside" }.to_owned(),
            rival.sha256.short().to_owned(),
            rival.rows.to_string(),
            nets(rival),
            rival.imported_at.clone().unwrap_or_default(),
            rival.made_at.clone().unwrap_or_default(),
            clean(&rival.file),
        ]);
    }
    table.write(out, 2);
    let counted = conflict.documents.first();
    for rival in conflict.documents.iter().filter(|rival| !rival.counts) {
        out.push_str(&format!("  {}\n", difference(rival, counted)));
    }
    out.push_str(&format!("  {}\n", verdict(conflict, paint)));
    if !conflict.closed_months.is_empty() {
        let months = conflict.closed_months.join(", ");
        out.push_str(&format!(
            "  It reaches into closed months ({months}): they stay as they were closed, and what changes counts in the first open month.\n"
        ));
    }
    out.push('\n');
}

fn nets(rival: &RivalLine) -> String {
    let nets: Vec<String> = rival.net.iter().map(|net| format!("{} {}", net.net, net.currency)).collect();
    nets.join(", ")
}

/// What sets a document apart from the one that counts.
fn difference(rival: &RivalLine, counted: Option<&RivalLine>) -> String {
    let hash = rival.sha256.short();
    let period = counted.is_some_and(|counted| (&counted.start, &counted.end) != (&rival.start, &rival.end));
    let period =
        if period { format!("; its period is another, {} to {}", rival.start, rival.end) } else { String::new() };
    match (rival.rows_only_here, rival.rows_lacking) {
        (Some(0), Some(0)) => format!("{hash} has the same rows in other bytes{period}"),
        (Some(more), Some(less)) => {
            format!(
                "{hash} has {more} row(s) that the other lacks and lacks {less} of its rows{period}; settle diff --settlement shows them"
            )
        }
        _ => format!("{hash} cannot be read any more{period}"),
    }
}

fn verdict(conflict: &ConflictLine, paint: Paint) -> String {
    match conflict.state {
        ConflictState::Open => {
            paint.bad(&format!("Open: by the rule ({}) the first counts until somebody decides.", conflict.rule))
        }
        ConflictState::Decided => {
            let on = conflict.decided_on.as_deref().unwrap_or_default();
            let reason = conflict.reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
            format!("Decided on {on} ({}){reason}.", conflict.rule)
        }
    }
}
