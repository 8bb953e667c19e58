//! Text for a terminal: columns that line up, colour where it is wanted, no foreign control characters.

use std::fmt::Write as _;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// ANSI colours.
    Colour,
    /// None.
    Plain,
}

impl Paint {
    pub(super) fn heading(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub(super) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Paint::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Paint::Plain => text.to_owned(),
        }
    }
}

/// Text from outside, without characters that drive a terminal or turn its direction.
#[must_use]
pub fn clean(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    /// Right, so that amounts with equally many decimals line up on the decimal mark.
    Right,
}

/// Rows of equal columns; columns are as wide as their widest cell.
pub(super) struct Table {
    aligns: Vec<Align>,
    decimal_mark: char,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(aligns: &[Align]) -> Self {
        Self { aligns: aligns.to_vec(), decimal_mark: '.', rows: Vec::new() }
    }

    /// The same with amounts of another decimal mark.
    pub(super) fn with_decimal_mark(mut self, mark: char) -> Self {
        self.decimal_mark = mark;
        self
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the rows, indented; trailing blanks are cut.
    pub(super) fn write(mut self, out: &mut String, indent: usize) {
        self.align_decimals();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.aligns.len()).map(width).collect();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for ((cell, width), align) in row.iter().zip(&widths).zip(&self.aligns) {
                let _ = match align {
                    Align::Left => write!(line, "{cell:<width$}  "),
                    Align::Right => write!(line, "{cell:>width$}  "),
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    /// Pads amounts with fewer decimals on the right, so that all decimal marks of a column line up.
    fn align_decimals(&mut self) {
        for column in (0..self.aligns.len()).filter(|column| self.aligns.get(*column) == Some(&Align::Right)) {
            let tail = |cell: &str| {
                is_amount(cell).then(|| cell.rsplit_once(self.decimal_mark).map_or(0, |(_, tail)| tail.len() + 1))
            };
            let longest = self.rows.iter().filter_map(|row| tail(row.get(column)?)).max().unwrap_or(0);
            for cell in self.rows.iter_mut().filter_map(|row| row.get_mut(column)) {
                if let Some(tail) = tail(cell) {
                    cell.push_str(&" ".repeat(longest - tail));
                }
            }
        }
    }
}

fn is_amount(cell: &str) -> bool {
    cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | ',' | '\u{a0}'))
        && cell.contains(|c: char| c.is_ascii_digit())
}

/// `1 finding`, `2 findings`: a number and its noun.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_line_up_on_the_decimal_mark_of_their_country() {
        let mut table = Table::new(&[Align::Left, Align::Right]);
        table.row(vec!["a".into(), "1,000.00".into()]);
        table.row(vec!["bb".into(), "-0.125".into()]);
        let mut out = String::new();
        table.write(&mut out, 2);
        assert_eq!(out, "  a   1,000.00\n  bb     -0.125\n");
        let mut table = Table::new(&[Align::Right]).with_decimal_mark(',');
        table.row(vec!["1.000,00".into()]);
        table.row(vec!["-0,125".into()]);
        let mut out = String::new();
        table.write(&mut out, 0);
        assert_eq!(out, "1.000,00\n   -0,125\n");
    }

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m\u{202e}b\n"), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
    }
}
