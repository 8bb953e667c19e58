//! Writes every mutant of `cargo mutants --list --json` into the sources at once, each behind a switch.
//!
//! A build of `settle` costs a minute, its tests seconds. So all mutants are compiled together: `a + b` becomes
//! `(if crate::mutation::on(7) { a - b } else { a + b })`, and a file says which number is on. What cannot be
//! switched while a program runs (constants, `const fn`) is left out and named.
//!
//! `settle-mutants ROOT LIST SWITCH [DROPPED]`: rewrites the files below ROOT, a copy of the project; SWITCH is the
//! file that the programs will read; DROPPED has the numbers that did not compile, one a line.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use proc_macro2::{LineColumn, Span};
use serde::Deserialize;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

#[derive(Deserialize)]
struct Mutant {
    file: String,
    genre: String,
    replacement: String,
    name: String,
    span: Range,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: usize,
    column: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, list, switch, rest @ ..] = arguments.as_slice() else {
        return Err("usage: settle-mutants ROOT LIST SWITCH [DROPPED]".into());
    };
    let dropped: BTreeSet<usize> = match rest {
        [file] => fs::read_to_string(file)?.split_whitespace().map(str::parse).collect::<Result<_, _>>()?,
        _ => BTreeSet::new(),
    };
    let mutants: Vec<Mutant> = serde_json::from_str(&fs::read_to_string(list)?)?;
    let mut of_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (id, mutant) in mutants.iter().enumerate().filter(|(id, _)| !dropped.contains(id)) {
        of_file.entry(&mutant.file).or_default().push((id, mutant));
    }
    let mut used = BTreeSet::new();
    for (file, mutants) in &of_file {
        let path = Path::new(root).join(file);
        let (text, ids) = switchable(&fs::read_to_string(&path)?, mutants)?;
        fs::write(&path, text)?;
        used.extend(ids);
    }
    let library = Path::new(root).join("src/lib.rs");
    fs::write(&library, fs::read_to_string(&library)? + &switches(switch))?;
    for (id, mutant) in mutants.iter().enumerate() {
        println!("{id}\t{}\t{}", if used.contains(&id) { "in" } else { "left out" }, mutant.name);
    }
    Ok(())
}

/// The module that reads the switch once, and in a first run notes which mutants the tests reach.
fn switches(file: &str) -> String {
    format!(
        r#"
#[allow(missing_docs, clippy::all, clippy::expect_used)]
pub mod mutation {{
    use std::io::Write;
    use std::sync::OnceLock;
    use std::sync::atomic::{{AtomicBool, Ordering}};
    enum Switch {{
        Off,
        On(usize),
        Record(String),
    }}
    static SWITCH: OnceLock<Switch> = OnceLock::new();
    static REACHED: [AtomicBool; 4096] = [const {{ AtomicBool::new(false) }}; 4096];
    fn read() -> Switch {{
        let text = std::fs::read_to_string({file:?}).unwrap_or_default();
        match text.trim().strip_prefix("record ") {{
            Some(path) => Switch::Record(path.to_owned()),
            None => text.trim().parse().map_or(Switch::Off, Switch::On),
        }}
    }}
    #[must_use]
    #[inline]
    pub fn on(id: usize) -> bool {{
        match SWITCH.get_or_init(read) {{
            Switch::Off => false,
            Switch::On(on) => *on == id,
            Switch::Record(path) => {{
                if !REACHED[id].swap(true, Ordering::Relaxed) {{
                    let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a log");
                    log.write_all(format!("{{id}}\n").as_bytes()).expect("a line");
                }}
                false
            }}
        }}
    }}
}}
"#
    )
}

fn switchable(source: &str, mutants: &[(usize, &Mutant)]) -> Result<(String, BTreeSet<usize>), Box<dyn Error>> {
    let mut at: BTreeMap<(&str, Range), Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (id, mutant) in mutants {
        at.entry((mutant.genre.as_str(), mutant.span)).or_default().push((*id, mutant));
    }
    let starts = line_starts(source);
    let mut writer = Writer { source, starts, at, edits: vec![], used: BTreeSet::new(), constant: 0 };
    let file = syn::parse_file(source)?;
    writer.visit_file(&file);
    Ok((writer.text(), writer.used))
}

fn line_starts(source: &str) -> Vec<usize> {
    std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Edit {
    at: usize,
    /// Suffixes come before prefixes, inner suffixes before outer ones, outer prefixes before inner ones.
    order: (u8, usize),
    text: String,
}

struct Writer<'a> {
    source: &'a str,
    starts: Vec<usize>,
    at: BTreeMap<(&'a str, Range), Vec<(usize, &'a Mutant)>>,
    edits: Vec<Edit>,
    used: BTreeSet<usize>,
    constant: usize,
}

impl Writer<'_> {
    fn byte(&self, place: LineColumn) -> usize {
        let start = self.starts[place.line - 1];
        let line = &self.source[start..];
        start + line.char_indices().nth(place.column).map_or(line.len(), |(at, _)| at)
    }

    fn bytes(&self, span: Span) -> (usize, usize) {
        (self.byte(span.start()), self.byte(span.end()))
    }

    fn slice(&self, span: Span) -> &str {
        let (start, end) = self.bytes(span);
        &self.source[start..end]
    }

    /// The mutants whose text ends where the span ends, or at the comma behind it.
    fn mutants(&mut self, genre: &str, span: Span, comma: Option<Span>) -> Vec<(usize, String)> {
        let place = |at: LineColumn| Place { line: at.line, column: at.column + 1 };
        let end = comma.map_or(span.end(), |comma| comma.end());
        let range = Range { start: place(span.start()), end: place(end) };
        if self.constant > 0 {
            return vec![];
        }
        let found = self.at.iter().find(|((other, at), _)| *other == genre && *at == range);
        let found: Vec<_> = found.map(|(_, all)| all.clone()).unwrap_or_default();
        self.used.extend(found.iter().map(|(id, _)| id));
        found.into_iter().map(|(id, mutant)| (id, mutant.replacement.clone())).collect()
    }

    /// `whole` becomes one of the alternatives where its number is on.
    fn wrap(&mut self, whole: Span, alternatives: &[(usize, String)]) {
        if alternatives.is_empty() {
            return;
        }
        let (start, end) = self.bytes(whole);
        let choices: Vec<String> =
            alternatives.iter().map(|(id, text)| format!("if crate::mutation::on({id}) {{ {text} }} else ")).collect();
        self.edits.push(Edit { at: start, order: (1, usize::MAX - end), text: format!("({}{{ ", choices.concat()) });
        self.edits.push(Edit { at: end, order: (0, usize::MAX - start), text: " })".to_owned() });
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push(Edit { at, order: (1, 0), text });
    }

    fn text(&mut self) -> String {
        self.edits.sort_by_key(|edit| (edit.at, edit.order));
        let (mut text, mut done) = (String::new(), 0);
        for edit in &self.edits {
            text.push_str(&self.source[done..edit.at]);
            text.push_str(&edit.text);
            done = edit.at;
        }
        text + &self.source[done..]
    }

    fn body(&mut self, block: &syn::Block) {
        let (Some(first), Some(last)) = (block.stmts.first(), block.stmts.last()) else { return };
        let (start, end) = (first.span(), last.span());
        let Some(span) = start.join(end) else { return };
        let mutants = self.mutants("FnValue", span, None);
        let at = self.byte(span.start());
        for (id, text) in mutants {
            self.insert(at, format!("if crate::mutation::on({id}) {{ return {text}; }}\n"));
        }
    }

    fn arm(&mut self, arm: &syn::Arm) {
        let (pattern_end, whole) = (self.bytes(arm.pat.span()).1, arm.span());
        let deleted = self.mutants("MatchArm", whole, None);
        let Some((_, guard)) = &arm.guard else {
            for (id, _) in deleted {
                self.insert(pattern_end, format!(" if !crate::mutation::on({id})"));
            }
            return;
        };
        if has_let(guard) {
            return;
        }
        let deleted = deleted.into_iter().map(|(id, _)| (id, "false".to_owned()));
        let alternatives: Vec<_> = deleted.chain(self.mutants("MatchArmGuard", guard.span(), None)).collect();
        self.wrap(guard.span(), &alternatives);
    }

    fn fields(&mut self, whole: &syn::ExprStruct) {
        let mut alternatives = vec![];
        for pair in whole.fields.pairs() {
            let field = *pair.value();
            let mut end = self.bytes(field.span()).1;
            if let Some(comma) = pair.punct() {
                end = self.bytes(comma.span()).1;
            }
            for (id, _) in self.mutants("StructField", field.span(), pair.punct().map(|comma| comma.span())) {
                let (start, last) = self.bytes(whole.span());
                let from = self.bytes(field.span()).0;
                alternatives.push((id, format!("{}{}", &self.source[start..from], &self.source[end..last])));
            }
        }
        self.wrap(whole.span(), &alternatives);
    }
}

/// Whether a condition binds something, so that it cannot stand in brackets.
fn has_let(condition: &syn::Expr) -> bool {
    match condition {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(both) => has_let(&both.left) || has_let(&both.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Writer<'_> {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant += 1;
        visit::visit_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant += 1;
        visit::visit_item_static(self, item);
        self.constant -= 1;
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant += 1;
        visit::visit_impl_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let constant = usize::from(item.sig.constness.is_some());
        self.constant += constant;
        self.body(&item.block);
        visit::visit_item_fn(self, item);
        self.constant -= constant;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let constant = usize::from(item.sig.constness.is_some());
        self.constant += constant;
        self.body(&item.block);
        visit::visit_impl_item_fn(self, item);
        self.constant -= constant;
    }

    fn visit_expr_binary(&mut self, both: &'ast syn::ExprBinary) {
        let whole = syn::Expr::Binary(both.clone());
        if !has_let(&whole) {
            let (left, right) = (self.slice(both.left.span()).to_owned(), self.slice(both.right.span()).to_owned());
            let mutants = self.mutants("BinaryOperator", both.op.span(), None);
            let alternatives: Vec<_> =
                mutants.into_iter().map(|(id, operator)| (id, format!("{left} {operator} {right}"))).collect();
            self.wrap(both.span(), &alternatives);
        }
        visit::visit_expr_binary(self, both);
    }

    fn visit_expr_unary(&mut self, one: &'ast syn::ExprUnary) {
        let inner = self.slice(one.expr.span()).to_owned();
        let mutants = self.mutants("UnaryOperator", one.op.span(), None);
        let alternatives: Vec<_> = mutants.into_iter().map(|(id, _)| (id, inner.clone())).collect();
        self.wrap(one.span(), &alternatives);
        visit::visit_expr_unary(self, one);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.arm(arm);
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, whole: &'ast syn::ExprStruct) {
        self.fields(whole);
        visit::visit_expr_struct(self, whole);
    }
}
