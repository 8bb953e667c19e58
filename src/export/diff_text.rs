//! A comparison for people: the two sides, totals, then the rows that differ.

use super::table::{Align, Paint, Table, clean};
use crate::report::{DiffCells, DiffDocument, DiffRow, DiffSide, DiffState};

/// Rows that the text shows without `-v`.
const ROWS_SHOWN: usize = 40;

/// The document as text; with `all`, every row that the document lists.
#[must_use]
pub fn diff_text(document: &DiffDocument, paint: Paint, all: bool) -> String {
    let mut out = String::new();
    side("before", &document.before, paint, &mut out);
    side("after", &document.after, paint, &mut out);
    for note in &document.notes {
        out.push_str(&format!("note: {}\n", clean(note)));
    }
    totals(document, paint, &mut out);
    rows(document, paint, all, &mut out);
    let counts = document.counts;
    if document.same {
        out.push_str(&format!("\n{}\n", paint.good(&format!("No difference: {} rows are the same.", counts.same))));
    } else {
        out.push_str(&format!(
            "\n{} rows are the same, {} changed, {} only before, {} only after\n",
            counts.same, counts.changed, counts.only_before, counts.only_after
        ));
    }
    out
}

fn side(name: &str, side: &DiffSide, paint: Paint, out: &mut String) {
    out.push_str(&format!("{} {}\n", paint.heading(&format!("{name}:")), clean(&side.title)));
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Right, Align::Left]);
    for source in &side.documents {
        let hash = source.sha256.as_ref().map_or("", |id| id.short());
        let settlement = source.settlement_id.as_ref().map_or_else(String::new, |id| clean(id.as_str()));
        table.row(vec![hash.to_owned(), settlement, format!("{} rows", source.rows), clean(&source.file)]);
    }
    table.write(out, 2);
}

fn totals(document: &DiffDocument, paint: Paint, out: &mut String) {
    use Align::{Left, Right};
    if document.totals.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint.heading("Totals")));
    let mut table = Table::new(&[Left, Left, Left, Right, Right, Right, Right, Right, Right, Right]);
    let names = ["", "", "", "rows", "net", "rows", "net", "difference: gross", "fees", "net"];
    table.row(names.map(str::to_owned).to_vec());
    for total in &document.totals {
        let account = total.account.as_ref().map_or_else(String::new, |account| clean(account.as_str()));
        table.row(vec![
            account,
            total.currency.to_string(),
            total.kind.to_owned(),
            total.count_before.to_string(),
            total.before.net.to_string(),
            total.count_after.to_string(),
            total.after.net.to_string(),
            total.difference.amount.to_string(),
            total.difference.fee.to_string(),
            total.difference.net.to_string(),
        ]);
    }
    table.write(out, 2);
}

fn rows(document: &DiffDocument, paint: Paint, all: bool, out: &mut String) {
    let most = if all { document.rows.len() } else { ROWS_SHOWN };
    for (state, heading) in
        [(DiffState::Changed, "Changed"), (DiffState::OnlyBefore, "Only before"), (DiffState::OnlyAfter, "Only after")]
    {
        let own: Vec<&DiffRow> = document.rows.iter().filter(|row| row.state == state).collect();
        if own.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{}\n", paint.heading(heading)));
        let mut table = Table::new(&[
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Left,
            Align::Left,
        ]);
        for row in own.iter().take(most) {
            lines(row, &mut table);
        }
        table.write(out, 2);
        if own.len() > most {
            out.push_str(&format!("  … and {} more (-v, --format csv or json list them)\n", own.len() - most));
        }
    }
    if document.rows_left_out > 0 {
        out.push_str(&format!("  {} further rows differ and are only counted\n", document.rows_left_out));
    }
}

/// A changed row is two lines: as it was, as it is.
fn lines(row: &DiffRow, table: &mut Table) {
    let signs = [("-", &row.before), ("+", &row.after)];
    for (sign, cells) in signs.into_iter().filter_map(|(sign, cells)| Some((sign, cells.as_ref()?))) {
        let changed = if sign == "+" { row.changed.join(", ") } else { String::new() };
        table.row(vec![
            format!("{sign} {}", cells.posted),
            cells.kind.to_owned(),
            names(cells),
            cells.amount.to_string(),
            cells.fee.to_string(),
            format!("{} {}", cells.net, cells.currency),
            format!("{}:{}", clean(&cells.file), cells.line),
            changed,
        ]);
    }
}

fn names(cells: &DiffCells) -> String {
    let names = [&cells.transaction_id, &cells.order_reference_id, &cells.seller_order_id];
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).map(|name| clean(name)).collect();
    names.join(" ")
}
