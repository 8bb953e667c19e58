//! A clock that is set back or forward between two runs.

use chrono::TimeDelta;

use crate::picture::Picture;
use crate::scenes::scene;
use crate::tools::tools;
use crate::yard::{Yard, now};

/// How far the clock is off, in days, from run to run.
const JUMPS: [i64; 5] = [-400, 4_000, -20_000, 1, 0];

#[test]
fn imports_on_a_clock_that_jumps_leave_what_those_on_a_steady_one_leave() {
    let steps: [&[&str]; 3] = [&["import", "in/first"], &["import", "in/reports"], &["import", "in/second"]];
    let begin = || scene("first import").yard();
    let steady = begin();
    for words in steps {
        steady.settle(words).exits(&[0, 5]);
    }
    let expected = Picture::of(&steady);
    for first in 0..JUMPS.len() {
        let mut yard = begin();
        for (place, words) in steps.into_iter().enumerate() {
            yard.at = now() + TimeDelta::days(JUMPS[(first + place) % JUMPS.len()]);
            yard.settle(words).exits(&[0, 5]);
            yard.settle(&["status"]).exits(&[0, 5, 8]);
        }
        yard.at = now();
        let found = Picture::of(&yard);
        assert!(found == expected, "beginning with {} days:\n{}", JUMPS[first], found.difference(&expected));
    }
}

#[test]
fn a_fetch_on_a_wrong_clock_does_no_harm_and_the_next_on_the_right_one_does_not_wait_for_it() {
    let Some(tools) = tools() else { return };
    for name in ["fetch MWS", "fetch Pay API"] {
        let scene = scene(name);
        for days in [-400, -1, 1, 4_000] {
            let mut yard: Yard = scene.yard();
            yard.at = now() + TimeDelta::days(days);
            let wrong = yard.plain(scene.words, tools).output().unwrap();
            let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
            assert!([0, 3, 7, 75].contains(&wrong.status.code().unwrap()), "{name} {days}: {said}");
            yard.at = now();
            let right = yard.settle(scene.words);
            assert_eq!(right.code, 0, "{name} after {days} days: {}", right.err);
            let (found, expected) = (Picture::of(&yard), scene.measure());
            assert!(found == expected.after, "{name} {days}:\n{}", found.difference(&expected.after));
        }
    }
}
