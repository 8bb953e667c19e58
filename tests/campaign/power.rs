//! The power is cut: what was not flushed may be gone, and the next run still makes everything whole.

use crate::chance::Chance;
use crate::disk::{Cut, Disk};
use crate::kills::{at_once, finished};
use crate::picture::Picture;
use crate::scenes::{SCENES, Scene};
use crate::tools::{Tools, tools};
use crate::yard::{Note, Yard};

/// What was traced once and is cut at every place.
pub(crate) struct Film<'s> {
    scene: &'s Scene,
    base: Disk,
    pub(crate) steps: Vec<crate::disk::Step>,
}

impl<'s> Film<'s> {
    pub(crate) fn of(scene: &'s Scene, tools: &Tools) -> Self {
        let yard = scene.yard();
        let base = Disk::of(yard.root());
        let (ended, steps) = yard.steps(scene.words, tools);
        assert_eq!(ended.code, scene.exits[0], "{}: {}", scene.name, ended.err);
        Self { scene, base, steps }
    }

    /// The yard as it is found after a cut that follows so many steps.
    fn yard_after(&self, steps: usize, cut: Cut) -> Yard {
        let mut disk = self.base.clone();
        self.steps[..steps].iter().for_each(|step| disk.step(step));
        let place = tempfile::tempdir().unwrap();
        disk.after(cut, place.path());
        Yard::copy_of(place.path(), self.scene.service)
    }

    /// Cuts, and sees that the next run makes all of it whole.
    pub(crate) fn cut(&self, steps: usize, cut: Cut) {
        let _note = Note(format!("{}, a power cut ({cut:?}) after step {steps}", self.scene.name));
        let yard = self.yard_after(steps, cut);
        let after = steps.checked_sub(1).map_or_else(|| "the start".to_owned(), |last| self.steps[last].label());
        let what = format!("a power cut ({cut:?}) after step {steps}, {after}");
        at_once(&yard, self.scene);
        finished(&yard, self.scene, &what);
    }

    /// What a command that has ended has done outlives a cut at once, whatever was not flushed.
    pub(crate) fn cut_at_the_end(&self) {
        let _note = Note(format!("{}, a power cut at the end", self.scene.name));
        let yard = self.yard_after(self.steps.len(), Cut::Everything);
        self.scene.settle_down(&yard);
        let (mut found, measure) = (Picture::of(&yard), self.scene.measure());
        // What the next run clears away may be there again.
        found.others.clone_from(&measure.after.others);
        assert!(found == measure.after, "{}:\n{}", self.scene.name, found.difference(&measure.after));
    }
}

#[test]
fn what_a_command_says_is_done_outlives_a_power_cut() {
    let Some(tools) = tools() else { return };
    for scene in SCENES {
        Film::of(scene, tools).cut_at_the_end();
    }
}

#[test]
fn a_command_whose_power_is_cut_is_finished_by_the_next_run() {
    let Some(tools) = tools() else { return };
    let mut chance = Chance::new(9);
    for scene in SCENES {
        let film = Film::of(scene, tools);
        for step in chance.some(film.steps.len() as u64, 5) {
            let cut = match chance.below(4) {
                0 => Cut::Everything,
                1 => Cut::Data,
                _ => Cut::Chance(chance.next()),
            };
            film.cut(usize::try_from(step).unwrap(), cut);
        }
    }
}
