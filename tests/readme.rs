//! The README stays true: its output is the program's, its table the code's, its settings are accepted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::fs;

use settle::domain::ExitCode;
use support::{Folder, root, run, settle};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The text between a fence of this language and its end.
fn fenced(language: &str) -> Vec<String> {
    let text = readme();
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_output_it_shows_is_what_the_main_command_prints() {
    let words = ["report", "--month", "2026-09", "--from", "sample_reports"];
    assert!(readme().contains(&format!("cargo run -- {}", words.join(" "))));
    let printed = run(settle().current_dir(root()).args(words));
    assert_eq!(printed.code, 0, "{}", printed.err);
    let [shown] = &fenced("text")[..] else { panic!("one block of output") };
    assert!(
        printed.out.starts_with(shown.as_str()),
        "\n{shown}\n--- is not the beginning of ---\n{}",
        &printed.out[..2_000]
    );
}

#[test]
fn its_exit_codes_are_those_of_the_code() {
    let text = readme();
    for (_, number, meaning) in ExitCode::TABLE {
        assert!(text.contains(&format!("| {number} | {meaning} |\n")), "{number} {meaning}");
    }
}

#[test]
fn its_settings_are_accepted() {
    let [settings] = &fenced("toml")[..] else { panic!("one block of settings") };
    let folder = Folder::new();
    let file = folder.write("settle.toml", settings);
    let shown = run(settle().args(["config", "show", "--origin", "--data-dir", "x", "--config"]).arg(&file));
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("accounts.shop-fr.merchant_id"), "{}", shown.out);
}

/// Words as a shell takes them; only single quotes occur.
fn shell_words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn its_everyday_commands_are_understood() {
    for block in fenced("sh") {
        for line in block.lines().filter(|line| line.starts_with("settle ")) {
            let words = shell_words(line.split('#').next().unwrap()).into_iter().skip(1);
            let folder = Folder::new();
            let done = run(settle().args(words).args(["--data-dir"]).arg(folder.at("data")).current_dir(folder.path()));
            assert_ne!(done.code, 2, "{line}: {}", done.err);
            assert_ne!(done.code, 1, "{line}: {}", done.err);
        }
    }
}
