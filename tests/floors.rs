//! The floors of the building: a folder of `src` imports only from lower ones, and each outside crate
//! stays on the floors that need it. The table below is the rule; everything after it reads the source.
//!
//! Reads text, not types: comments, strings and attributes' arguments are told from code, `use` trees
//! are followed into their braces, and `super` is followed out of inline modules.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One floor: what its files may import.
struct Floor {
    /// The folder below `src`, or a file beside the folders.
    folder: &'static str,
    /// The folders that it may import from. Each stands further up in the table.
    below: &'static [&'static str],
    /// The outside crates that it may use, besides [`EVERYWHERE`].
    crates: &'static [&'static str],
}

/// Crates whose types are part of the words of floor 0, and those that only derive.
const EVERYWHERE: &[&str] = &["serde", "thiserror", "chrono", "chrono_tz", "rust_decimal"];

#[rustfmt::skip] // a table reads by its columns
const FLOORS: &[Floor] = &[
    Floor { folder: "domain", below: &[], crates: &["iso_currency"] },
    Floor { folder: "config", below: &["domain"], crates: &["toml", "toml_edit", "strsim", "etcetera", "secrecy", "zeroize"] },
    Floor { folder: "archive", below: &["domain", "config"], crates: &["rusqlite", "serde_json", "sha2", "tempfile", "hmac", "getrandom", "rustix"] },
    // One door to the network, for what fetches and what notifies.
    Floor { folder: "net", below: &["domain", "config"], crates: &["reqwest", "tokio", "tokio_rustls"] },
    // Ends at the archive: nothing but the top floors imports it.
    Floor { folder: "fetch", below: &["domain", "config", "archive", "net"], crates: &[
        "reqwest", "tokio", "quick_xml", "aws_lc_rs", "hmac", "sha2", "md5", "base64", "pem", "serde_json", "secrecy",
        "flate2", "getrandom", "tracing",
    ] },
    Floor { folder: "notify", below: &["domain", "config", "net"], crates: &["serde_json", "tracing"] },
    Floor { folder: "parse", below: &["domain", "config", "archive"], crates: &[
        "csv", "csv_core", "encoding_rs", "flate2", "zip", "memchr", "simdutf8", "quick_xml", "sha2", "hmac", "tempfile", "serde_json",
    ] },
    Floor { folder: "ledger", below: &["domain", "config", "archive", "parse"], crates: &["polars", "polars_io", "polars_utils", "serde_json", "flate2"] },
    Floor { folder: "reconcile", below: &["domain", "config", "archive", "parse", "ledger"], crates: &[
        "polars", "csv", "quick_xml", "encoding_rs", "serde_json", "sha2",
    ] },
    Floor { folder: "disputes", below: &["domain", "config", "archive", "parse", "ledger"], crates: &[
        "polars", "csv", "serde_json", "aws_lc_rs", "base64", "pem",
    ] },
    Floor { folder: "report", below: &["domain", "config", "archive", "parse", "ledger", "reconcile", "disputes"], crates: &["serde_json"] },
    Floor { folder: "export", below: &["domain", "config", "archive", "parse", "ledger", "reconcile", "disputes", "report"], crates: &[
        "csv", "serde_json", "rust_xlsxwriter", "minijinja", "encoding_rs", "zip",
    ] },
    // Receives a job and does not know it.
    Floor { folder: "schedule", below: &["domain", "config", "archive"], crates: &["tokio", "tokio_cron_scheduler", "croner", "sd_notify", "tracing"] },
    Floor { folder: "cli", below: &[
        "domain", "config", "archive", "net", "fetch", "notify", "parse", "ledger", "reconcile", "disputes", "report", "export", "schedule",
    ], crates: &[
        "clap", "clap_complete", "clap_mangen", "anyhow", "indicatif", "comfy_table", "dialoguer", "serde_json", "tokio",
        "tracing", "getrandom", "secrecy", "tempfile",
    ] },
    Floor { folder: "main.rs", below: &["domain", "config", "cli"], crates: &["mimalloc", "clap", "anyhow", "etcetera", "tracing", "tracing_subscriber", "tokio", "signal_hook"] },
    // An independent witness: shares nothing with what it examines but the words.
    Floor { folder: "rehearsal", below: &["domain"], crates: &[
        "serde_json", "sha2", "tokio", "getrandom", "hyper", "hyper_util", "tokio_rustls", "rcgen", "aws_lc_rs", "hmac",
        "md5", "base64", "pem", "flate2", "encoding_rs", "tempfile",
    ] },
    Floor { folder: "bin", below: &["domain", "rehearsal"], crates: &["clap", "anyhow", "serde_json", "signal_hook"] },
];

#[test]
fn every_file_imports_only_from_lower_floors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outside = dependencies(&fs::read_to_string(root.join("Cargo.toml")).unwrap());
    assert!(outside.len() > 10, "the list of dependencies was not read: {outside:?}");
    let files = rust_files(&root.join("src")).unwrap();
    assert!(files.len() > 20, "the source was not found");
    let mut violations = Vec::new();
    for file in files {
        let name = file.strip_prefix(root.join("src")).unwrap().to_string_lossy().replace('\\', "/");
        violations.extend(violations_in(&name, &fs::read_to_string(&file).unwrap(), &outside));
    }
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn no_floor_of_the_table_stands_below_itself() {
    for (at, floor) in FLOORS.iter().enumerate() {
        for below in floor.below {
            assert!(FLOORS[..at].iter().any(|lower| lower.folder == *below), "{} imports {below}", floor.folder);
        }
    }
}

/// Invented source, one violation to find in each, or none.
const INVENTED: &[(&str, &str, &[&str])] = &[
    ("parse/a.rs", "use crate::domain::Money;\nuse crate::archive::RawStore;\nuse super::b::C;\n", &[]),
    ("parse/a.rs", "\nuse crate::ledger::Frame;\n", &["src/parse/a.rs:2: parse may not import ledger"]),
    (
        "archive/a.rs",
        "use crate::{\n    domain::Money,\n    parse::{Row, csv::Table},\n};\n",
        &["src/archive/a.rs:3: archive may not import parse"],
    ),
    (
        "domain/mod.rs",
        "fn f() { let x = crate::config::Zone::UTC; }\n",
        &["src/domain/mod.rs:1: domain may not import config"],
    ),
    (
        "archive/deep/a.rs",
        "use super::super::super::export::X;\n",
        &["src/archive/deep/a.rs:1: archive may not import export"],
    ),
    (
        "archive/a.rs",
        "mod tests {\n    use super::super::catalog;\n    use super::super::super::cli;\n}\n",
        &["src/archive/a.rs:3: archive may not import cli"],
    ),
    (
        "archive/a.rs",
        "mod inner { use super::super::raw; }\nuse super::raw;\nuse super::super::report::R;\n",
        &["src/archive/a.rs:3: archive may not import report"],
    ),
    ("reconcile/a.rs", "use crate::disputes::Case;\n", &["src/reconcile/a.rs:1: reconcile may not import disputes"]),
    ("ledger/a.rs", "use crate::fetch::Source;\n", &["src/ledger/a.rs:1: ledger may not import fetch"]),
    (
        "rehearsal/a.rs",
        "use crate::domain::Money;\nuse crate::archive::hash;\n",
        &["src/rehearsal/a.rs:2: rehearsal may not import archive"],
    ),
    (
        "bin/settle-rehearsal.rs",
        "use settle::rehearsal::serve;\nuse settle::cli;\n",
        &["src/bin/settle-rehearsal.rs:2: bin may not import cli"],
    ),
    ("main.rs", "use settle::{cli, rehearsal::serve};\n", &["src/main.rs:1: main.rs may not import rehearsal"]),
    ("config/a.rs", "use crate::attic::X;\n", &["src/config/a.rs:1: `attic` is not in the table of floors"]),
    ("config/a.rs", "use crate::*;\n", &["src/config/a.rs:1: `*` is not in the table of floors"]),
    ("attic/a.rs", "\n", &["src/attic/a.rs:1: `attic` is not in the table of floors"]),
    // Comments, strings and characters are not code.
    (
        "domain/a.rs",
        "//! See [`crate::cli`].\n/* crate::cli /* crate::cli */ */\nconst A: &str = \"crate::cli \\\" crate::cli\";\nconst B: &str = r#\"crate::cli \" crate::cli\"#;\nconst C: char = '\"';\nfn f<'a>(x: &'a str) {}\n",
        &[],
    ),
    (
        "domain/a.rs",
        "const A: (char, char) = ('\\'', '{');\nconst B: &[u8] = b\"\\\\\";\nuse crate::cli;\n",
        &["src/domain/a.rs:3: domain may not import cli"],
    ),
    (
        "domain/a.rs",
        "macro_rules! m { () => { $crate::cli::run() } }\n",
        &["src/domain/a.rs:1: domain may not import cli"],
    ),
    // Outside crates.
    ("ledger/a.rs", "use polars::prelude::*;\nuse std::fs;\n", &[]),
    ("report/a.rs", "\nuse polars::prelude::*;\n", &["src/report/a.rs:2: report may not use the crate polars"]),
    ("report/a.rs", "#[derive(clap::Args)]\nstruct A;\n", &["src/report/a.rs:1: report may not use the crate clap"]),
    ("report/a.rs", "use anyhow as oops;\n", &["src/report/a.rs:1: report may not use the crate anyhow"]),
    (
        "report/a.rs",
        "use {std::fs, rusqlite::Connection};\n",
        &["src/report/a.rs:1: report may not use the crate rusqlite"],
    ),
    ("report/a.rs", "use super::{csv::Table, clap};\nuse self::csv::Table;\nfn csv() { x.csv::<u8>(); }\n", &[]),
    // Tests may use any crate, but no higher floor.
    (
        "domain/a.rs",
        "#[cfg(test)]\nmod tests {\n    use tempfile::tempdir;\n    use crate::cli;\n}\nuse tempfile::tempdir;\n",
        &["src/domain/a.rs:4: domain may not import cli", "src/domain/a.rs:6: domain may not use the crate tempfile"],
    ),
    ("domain/a_tests.rs", "use tempfile::tempdir;\n", &[]),
];

#[test]
fn a_violation_is_found_with_its_place() {
    let outside: Vec<String> = ["polars", "clap", "anyhow", "rusqlite", "tempfile", "csv"].map(str::to_owned).to_vec();
    for (file, source, expected) in INVENTED {
        assert_eq!(violations_in(file, source, &outside), *expected, "{file}:\n{source}");
    }
}

#[test]
fn dependencies_are_read_as_the_code_names_them() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# a\nquick-xml = \"1\"\nmd-5 = { version = \"1\" }\n\n[dev-dependencies]\nproptest = \"1\"\n";
    assert_eq!(dependencies(manifest), ["quick_xml", "md5"]);
}

/// What a file imports against the table, each with its line.
fn violations_in(file: &str, source: &str, outside: &[String]) -> Vec<String> {
    if file == "lib.rs" {
        return Vec::new();
    }
    let folder = file.split('/').next().unwrap_or_default();
    let folder = if folder == "main.rs" { folder } else { folder.trim_end_matches(".rs") };
    let Some(floor) = FLOORS.iter().find(|floor| floor.folder == folder) else {
        return vec![format!("src/{file}:1: `{folder}` is not in the table of floors")];
    };
    let mut violations = Vec::new();
    for import in imports(file, source) {
        let problem = match &import.target {
            Target::Folder(name) if name == folder || floor.below.contains(&name.as_str()) => continue,
            Target::Folder(name) if FLOORS.iter().any(|floor| floor.folder == name) => {
                format!("{folder} may not import {name}")
            }
            Target::Folder(name) => format!("`{name}` is not in the table of floors"),
            Target::Outside(name) if is_allowed(floor, name) || import.in_test || !outside.contains(name) => continue,
            Target::Outside(name) => format!("{folder} may not use the crate {name}"),
        };
        violations.push(format!("src/{file}:{}: {problem}", import.line));
    }
    violations.dedup();
    violations
}

fn is_allowed(floor: &Floor, name: &str) -> bool {
    EVERYWHERE.contains(&name) || floor.crates.contains(&name)
}

/// What one path leads to.
enum Target {
    /// A folder of this crate.
    Folder(String),
    /// The first word of any other path: perhaps an outside crate.
    Outside(String),
}

struct Import {
    line: usize,
    target: Target,
    in_test: bool,
}

/// Every path in the source that leads out of its own folder, or to another crate.
fn imports(file: &str, source: &str) -> Vec<Import> {
    let tokens = tokens(source);
    let home = module_of(file);
    let whole_file_is_test = file.ends_with("tests.rs");
    let mut found = Vec::new();
    // One entry per open brace: the name of the inline module that it opens, if it opens one.
    let mut open: Vec<Option<&str>> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "{" => open.push(opened_module(&tokens, at)),
            "}" => drop(open.pop()),
            _ => {}
        }
        if !begins_path(&tokens, at) {
            at += 1;
            continue;
        }
        let mut paths = Vec::new();
        at = read_tree(&tokens, at, &[], &mut paths);
        let mut module = home.clone();
        module.extend(open.iter().flatten().map(|name| (*name).to_owned()));
        let in_test = whole_file_is_test || open.iter().flatten().any(|name| *name == "tests");
        for (path, line) in paths {
            if let Some(target) = target_of(&path, &module, file) {
                found.push(Import { line, target, in_test });
            }
        }
    }
    found
}

/// The modules above the items of a file.
fn module_of(file: &str) -> Vec<String> {
    let mut parts: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

fn opened_module(tokens: &[Token], brace: usize) -> Option<&str> {
    let name = tokens.get(brace.checked_sub(1)?)?;
    let keyword = tokens.get(brace.checked_sub(2)?)?;
    (keyword.text == "mod").then_some(name.text.as_str())
}

/// Whether a path begins here: a word before `::`, or a whole `use` of one word.
fn begins_path(tokens: &[Token], at: usize) -> bool {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let before = at.checked_sub(1).map_or("", text);
    is_word(text(at)) && !matches!(before, "::" | ".") && (text(at + 1) == "::" || before == "use")
}

/// Reads a path and, where it ends in braces, every path in them; answers where it ended.
fn read_tree(tokens: &[Token], at: usize, before: &[String], paths: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut path = before.to_vec();
    let mut at = at;
    let first_line = tokens.get(at).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        if token.text == "{" {
            return read_group(tokens, at + 1, &path, paths);
        }
        if !is_word(&token.text) && token.text != "*" {
            break;
        }
        path.push(token.text.clone());
        at += 1;
        if tokens.get(at).is_none_or(|next| next.text != "::") {
            break;
        }
        at += 1;
    }
    paths.push((path, first_line));
    at
}

fn read_group(tokens: &[Token], at: usize, before: &[String], paths: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut at = at;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "}" => return at + 1,
            "as" => at += 2,
            text if is_word(text) || text == "*" || text == "{" => at = read_tree(tokens, at, before, paths),
            _ => at += 1,
        }
    }
    at
}

/// Where a path leads, seen from a module; `None` where it stays in its folder.
fn target_of(path: &[String], module: &[String], file: &str) -> Option<Target> {
    let first = path.first()?.as_str();
    let in_library = !(file == "main.rs" || file.starts_with("bin/"));
    let mut base: &[String] = match first {
        "crate" if in_library => &[],
        "settle" => &[],
        "crate" => return None,
        "self" | "super" => module,
        other => return Some(Target::Outside(other.to_owned())),
    };
    let mut rest = path;
    while let Some((word, after)) = rest.split_first() {
        match word.as_str() {
            "crate" | "settle" | "self" if rest.len() == path.len() => {}
            "super" => base = base.split_last().map_or(&[][..], |(_, above)| above),
            _ => break,
        }
        rest = after;
    }
    let folder = base.first().or_else(|| rest.first())?;
    Some(Target::Folder(folder.clone()))
}

/// A word, `::`, or any other single character of code, with its line.
struct Token {
    text: String,
    line: usize,
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && !matches!(text, "use" | "mod" | "as")
}

/// The code of a source text, without blanks, comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let blank = skipped(rest).unwrap_or(0);
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = match blank {
            0 if rest.starts_with("::") => 2,
            0 => word.max(first.len_utf8()),
            blank => blank,
        };
        let (text, after) = rest.split_at(length);
        if blank == 0 {
            tokens.push(Token { text: text.to_owned(), line });
        }
        line += text.bytes().filter(|byte| *byte == b'\n').count();
        rest = after;
    }
    tokens
}

/// The length of a blank, comment, string, character or lifetime at the start of the text.
fn skipped(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first.is_whitespace() {
        return Some(first.len_utf8());
    }
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    raw_string(text).or_else(|| string(text)).or_else(|| character(text))
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`, `br"…"` and so on.
fn raw_string(text: &str) -> Option<usize> {
    let body = ["br", "cr", "r"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let opened = body.trim_start_matches('#');
    let hashes = body.len() - opened.len();
    let content = opened.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = content.find(&close)? + close.len();
    Some(text.len() - content.len() + end)
}

/// `"…"`, `b"…"`, `c"…"`.
fn string(text: &str) -> Option<usize> {
    let content = ["\"", "b\"", "c\""].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let mut escaped = false;
    for (at, c) in content.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(text.len() - content.len() + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// `'x'`, `'\n'`, `b'x'`; or the tick of a lifetime, which has no second one.
fn character(text: &str) -> Option<usize> {
    let content = text.strip_prefix('\'').or_else(|| text.strip_prefix("b'"))?;
    let opening = text.len() - content.len();
    let mut chars = content.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next();
        let (end, _) = chars.find(|(_, c)| *c == '\'')?;
        return Some(opening + end + 1);
    }
    let (end, second) = chars.next()?;
    Some(if second == '\'' { opening + end + 1 } else { opening })
}

/// The crates of `[dependencies]`, as the code names them.
fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('['));
    let names = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    // md-5 is the one crate whose library has another name than the crate.
    names
        .map(|(name, _)| name.trim())
        .map(|name| if name == "md-5" { "md5".to_owned() } else { name.replace('-', "_") })
        .collect()
}

/// Every `.rs` file below a folder, in a steady order.
fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
