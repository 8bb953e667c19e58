//! SIGKILL: before, after and in the midst of every step on the disk, and at moments left to chance.

use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::picture::{Picture, has_catalog, results_are_whole};
use crate::scenes::{SCENES, Scene};
use crate::tools::{Tools, tools};
use crate::yard::{Note, Yard};

/// Where a process is killed at a step.
pub(crate) const MOMENTS: [&str; 3] = ["kill-before", "kill-after", "kill-torn"];

/// What must hold right after a fault, before anybody does anything about it: no report shows other figures than
/// those of before or after, and no result stands in halves.
#[track_caller]
pub(crate) fn at_once(yard: &Yard, scene: &Scene) {
    let measure = scene.measure();
    if scene.name != "run" {
        // A run keeps statements of what there is, also where the disk let only a part of it in.
        results_are_whole(yard, &measure.before, &measure.after);
    }
    let ended = yard.settle(&["report", "--month", "2026-09", "--format", "json"]);
    match ended.code {
        4 => assert!(
            !has_catalog(yard) && ended.err.contains("there is no archive yet"),
            "{}: {}",
            scene.name,
            ended.err
        ),
        code => assert!([0, 5].contains(&code), "{}: {}", scene.name, ended.err),
    }
}

/// The next run finishes what was cut off.
#[track_caller]
pub(crate) fn finished(yard: &Yard, scene: &Scene, what: &str) {
    let measure = scene.measure();
    let ended = yard.settle(scene.words);
    assert!(scene.exits.contains(&ended.code), "{} after {what}: {}\n{}", scene.name, ended.err, ended.out);
    scene.settle_down(yard);
    let found = Picture::of(yard);
    assert!(found == measure.after, "{} after {what}:\n{}", scene.name, found.difference(&measure.after));
}

/// Kills a scene at a step; whether it came to that step.
pub(crate) fn kill_at(scene: &Scene, moment: &str, step: u64, tools: &Tools) -> bool {
    let _note = Note(format!("{}, {moment} at step {step}", scene.name));
    let yard = scene.yard();
    let (ended, _) = yard.traced(scene.words, moment, step, tools);
    if ended.code != 137 {
        assert!(scene.exits.contains(&ended.code), "{} {moment} {step}: {}", scene.name, ended.err);
        return false;
    }
    at_once(&yard, scene);
    finished(&yard, scene, &format!("{moment} step {step}"));
    true
}

/// Kills a scene after a time, again and again in the same yard, and then lets it end.
pub(crate) fn kill_often(scene: &Scene, times: u64, chance: &mut Chance, tools: &Tools) -> u64 {
    let _note = Note(format!("{}, kills at random moments", scene.name));
    let yard = scene.yard();
    let whole = Instant::now();
    let other = scene.yard();
    assert_eq!(other.plain(scene.words, tools).output().unwrap().status.code(), Some(scene.exits[0]));
    let micros = u64::try_from(whole.elapsed().as_micros()).unwrap();
    let mut killed = 0;
    for _ in 0..times {
        let mut child = yard.plain(scene.words, tools).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(chance.below(micros)));
        // What has ended already cannot be killed.
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        killed += u64::from(ended.is_none());
        at_once(&yard, scene);
    }
    finished(&yard, scene, "kills at random moments");
    killed
}

#[test]
fn a_command_that_is_killed_at_a_step_is_finished_by_the_next_run() {
    let Some(tools) = tools() else { return };
    let mut chance = Chance::new(7);
    for scene in SCENES {
        let (ended, steps) = scene.yard().steps(scene.words, tools);
        assert_eq!(ended.code, scene.exits[0], "{}: {}", scene.name, ended.err);
        for step in chance.some(steps.len() as u64, 5) {
            let moment = MOMENTS[usize::try_from(chance.below(3)).unwrap()];
            kill_at(scene, moment, step, tools);
        }
    }
}

#[test]
fn a_command_that_is_killed_at_any_moment_is_finished_by_the_next_run() {
    let Some(tools) = tools() else { return };
    let mut chance = Chance::new(8);
    for scene in SCENES {
        kill_often(scene, 3, &mut chance, tools);
    }
}
