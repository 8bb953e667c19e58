//! A disk that is full, breaks or answers with errors: the program says so, ends with exit code 4, and the next run
//! goes on as if nothing had been.

use crate::chance::Chance;
use crate::kills::{at_once, finished};
use crate::picture::Picture;
use crate::scenes::{SCENES, Scene};
use crate::tools::{Tools, tools};
use crate::yard::Note;

/// What a disk can do at a step: one failure, or from there on.
pub(crate) const DISK_FAULTS: [&str; 5] = ["enospc", "full", "short", "eio", "broken"];

/// Exit codes that a fault of the disk may end with: it was stored all the same, or the disk is to blame.
const HONEST: [i32; 2] = [0, 4];

/// What a broken and a full disk answer.
const EIO: i64 = 5;
const ENOSPC: i64 = 28;

/// Has the disk fail a scene at a step.
pub(crate) fn fail_at(scene: &Scene, fault: &str, step: u64, tools: &Tools) -> i32 {
    let _note = Note(format!("{}, {fault} at step {step}", scene.name));
    let yard = scene.yard();
    let (ended, journal) = yard.traced(scene.words, fault, step, tools);
    let refused = journal.steps.iter().find(|step| [-EIO, -ENOSPC].contains(&step.result));
    let label = refused.map(crate::disk::Step::label).unwrap_or_default();
    let what = format!("{fault} at step {step}, {label}");
    // A file of the merchant's that cannot be read is named (5), or it is the configuration (3).
    let input = fault == "eio-read" && refused.is_some_and(|step| !step.path.starts_with("data/"));
    let named = input && [3, 5].contains(&ended.code);
    let allowed = HONEST.contains(&ended.code) || scene.exits.contains(&ended.code) || named;
    assert!(allowed, "{} ends with {} after {what}: {}", scene.name, ended.code, ended.err);
    if ended.code == 4 {
        // What a verification found is its result, and stands on standard output.
        let said = ended.err.contains("settle: error: ") || ended.out.contains("error");
        assert!(said, "{} after {what} says {:?} and {:?}", scene.name, ended.err, ended.out);
    }
    assert!(!ended.err.contains("panicked"), "{} after {what}: {}", scene.name, ended.err);
    // Where rows had to be read from the stored document instead, the result says so and is another.
    let told_only = fault == "eio-read" && ended.code != 4;
    if !told_only {
        at_once(&yard, scene);
    }
    if told_only && scene.name == "run" {
        // The statement of a month that no later night touches keeps that remark.
        yard.settle(scene.words).exits(scene.exits);
        let (mut found, mut expected) = (Picture::of(&yard), scene.measure().after.clone());
        found.results.clear();
        expected.results.clear();
        assert!(found == expected, "run after {what}:\n{}", found.difference(&expected));
    } else {
        finished(&yard, scene, &what);
    }
    ended.code
}

#[test]
fn a_disk_that_fails_ends_a_command_with_four_and_the_next_run_goes_on() {
    let Some(tools) = tools() else { return };
    let mut chance = Chance::new(10);
    for scene in SCENES {
        let (_, steps) = scene.yard().steps(scene.words, tools);
        for step in chance.some(steps.len() as u64, 2) {
            let fault = DISK_FAULTS[usize::try_from(chance.below(DISK_FAULTS.len() as u64)).unwrap()];
            fail_at(scene, fault, step, tools);
        }
    }
}

#[test]
fn a_disk_that_cannot_be_read_ends_a_command_with_four_and_the_next_run_goes_on() {
    let Some(tools) = tools() else { return };
    let mut chance = Chance::new(11);
    for scene in SCENES {
        let (_, journal) = scene.yard().traced(scene.words, "eio-read", 0, tools);
        for read in chance.some(journal.reads, 1) {
            fail_at(scene, "eio-read", read, tools);
        }
    }
}
