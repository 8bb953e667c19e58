//! The long form: every step, and as many chances as are asked for. `run.sh` starts it and says what there is to set.

use std::time::Instant;

use crate::chance::Chance;
use crate::crowd;
use crate::damage::{self, Sound};
use crate::disk::Cut;
use crate::faults::{self, DISK_FAULTS};
use crate::kills::{self, MOMENTS};
use crate::power::Film;
use crate::scenes::SCENES;
use crate::tools::tools;

/// A number that `run.sh` hands over.
fn set(name: &str, usual: u64) -> u64 {
    std::env::var(format!("CAMPAIGN_{name}")).ok().map_or(usual, |text| text.parse().unwrap())
}

fn part(name: &str) -> bool {
    std::env::var("CAMPAIGN_PARTS").ok().is_none_or(|parts| parts.split(',').any(|part| part == name))
}

#[test]
#[ignore = "the long form; tests/campaign/run.sh starts it"]
fn the_campaign_at_length() {
    let tools = tools().expect("the long form needs its tools");
    let seed = set("SEED", 1);
    let since = Instant::now();
    println!("seed {seed}");
    let told = |what: &str| println!("{what} ({} s)", since.elapsed().as_secs());
    if part("kills") {
        let (mut killed, mut random) = (0, 0);
        for (number, scene) in SCENES.iter().enumerate() {
            let mut chance = Chance::new(seed ^ (number as u64) << 32);
            let (_, steps) = scene.yard().steps(scene.words, tools);
            let before = killed;
            for step in 1..=steps.len() as u64 {
                let torn = steps[usize::try_from(step).unwrap() - 1].writes();
                let moments = if torn { &MOMENTS[1..] } else { &MOMENTS[..1] };
                let moment = moments[usize::try_from(chance.below(moments.len() as u64)).unwrap()];
                killed += u64::from(kills::kill_at(scene, moment, step, tools));
            }
            told(&format!("{}: {} steps, {} kills at steps survived", scene.name, steps.len(), killed - before));
            let times = set("KILLS", 1_000) / SCENES.len() as u64 + 1;
            for _ in 0..times.div_ceil(10) {
                random += kills::kill_often(scene, 10, &mut chance, tools);
            }
        }
        told(&format!("kills survived: {killed} at steps, {random} at random moments"));
    }
    if part("power") {
        let mut cuts = 0;
        for (number, scene) in SCENES.iter().enumerate() {
            let mut chance = Chance::new(seed ^ (number as u64) << 33);
            let film = Film::of(scene, tools);
            film.cut_at_the_end();
            for step in chance.some(film.steps.len() as u64, set("CUTS", 60)) {
                for cut in [Cut::Everything, Cut::Data, Cut::Chance(chance.next())] {
                    film.cut(usize::try_from(step).unwrap(), cut);
                    cuts += 1;
                }
            }
            told(&format!("{}: power cuts survived", scene.name));
        }
        told(&format!("power cuts survived: {cuts}"));
    }
    if part("disk") {
        let (mut made, mut refused) = (0, 0);
        for (number, scene) in SCENES.iter().enumerate() {
            let mut chance = Chance::new(seed ^ (number as u64) << 34);
            let (_, steps) = scene.yard().steps(scene.words, tools);
            for fault in DISK_FAULTS {
                for step in chance.some(steps.len() as u64, set("FAULTS", 40)) {
                    refused += u64::from(faults::fail_at(scene, fault, step, tools) == 4);
                    made += 1;
                }
            }
            let (_, journal) = scene.yard().traced(scene.words, "eio-read", 0, tools);
            for read in chance.some(journal.reads, set("FAULTS", 40)) {
                refused += u64::from(faults::fail_at(scene, "eio-read", read, tools) == 4);
                made += 1;
            }
            told(&format!("{}: faults of the disk survived", scene.name));
        }
        told(&format!("faults of the disk survived: {made}, of which {refused} ended with exit code 4"));
    }
    if part("bits") && damage::can_verify() {
        let sound = Sound::new();
        for _ in 0..10 {
            sound.is_quiet();
        }
        let tallies = damage::flip_bits(&sound, set("BITS", 1_000), &mut Chance::new(seed));
        sound.is_quiet();
        let sum = |place: usize| tallies.values().map(|tally| tally[place]).sum::<u64>();
        told(&format!("single-bit damages found: {} of {}: {tallies:?}; no false alarm", sum(0), sum(1)));
        assert_eq!(sum(0), sum(1));
    }
    if part("crowd") {
        let counted = crowd::rounds(set("ROUNDS", 100), &mut Chance::new(seed), tools);
        told(&format!("rounds of eight at once: {}; exit codes {:?}", counted.rounds, counted.exits));
    }
}
