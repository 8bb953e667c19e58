//! Many commands at once on one data folder: each does its work or says who is in its way, and in the end the
//! archive is what one after the other would have made of it.

use std::collections::BTreeMap;
use std::process::{Child, Output};

use crate::chance::Chance;
use crate::picture::Picture;
use crate::scenes::scene;
use crate::tools::{Tools, tools};
use crate::yard::Yard;

/// A command of the crowd, and how it may end: done (0), done with a conflict that is told (5), another is at work
/// (6), or there is no archive yet (4, for those that only read).
struct Member {
    words: &'static [&'static str],
    exits: &'static [i32],
}

const MEMBERS: [Member; 8] = [
    Member { words: &["import", "in/first", "in/second"], exits: &[0, 5, 6] },
    Member { words: &["import", "in/reports", "in/first"], exits: &[0, 6] },
    Member { words: &["run", "-q"], exits: &[0, 5, 6] },
    Member {
        words: &["report", "--month", "2026-09", "--format", "json", "-o", "out/statement.json"],
        exits: &[0, 4, 5],
    },
    Member {
        words: &["export", "--month", "2026-09", "--preset", "transactions", "-o", "out/rows.csv"],
        exits: &[0, 4, 5],
    },
    Member {
        words: &["reconcile", "--month", "2026-09", "--bank", "in/bank.xml", "-o", "out/matches.txt"],
        exits: &[0, 4, 5, 6],
    },
    Member { words: &["disputes", "--month", "2026-09"], exits: &[0, 4, 5] },
    Member { words: &["status"], exits: &[0, 4, 5] },
];

/// What was counted of a crowd.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) rounds: u64,
    pub(crate) exits: BTreeMap<i32, u64>,
}

/// Rounds of eight at once, each into a fresh data folder; two of them are killed in every third round.
pub(crate) fn rounds(count: u64, chance: &mut Chance, tools: &Tools) -> Counted {
    let expected = expected();
    let mut counted = Counted::default();
    for round in 0..count {
        let yard = scene("first import").yard();
        let mut children: Vec<(usize, Child)> = Vec::new();
        let first = usize::try_from(chance.below(8)).unwrap();
        for place in (0..8).map(|place| (place + first) % 8) {
            children.push((place, yard.plain(MEMBERS[place].words, tools).spawn().unwrap()));
        }
        if round % 3 == 2 {
            std::thread::sleep(std::time::Duration::from_millis(chance.below(120)));
            for (_, child) in children.iter_mut().take(2) {
                child.kill().unwrap();
            }
        }
        for (place, child) in children {
            let output = child.wait_with_output().unwrap();
            let code = judge(&MEMBERS[place], &output, round);
            *counted.exits.entry(code).or_default() += 1;
        }
        counted.rounds += 1;
        settle_down(&yard, &expected, round);
    }
    counted
}

fn judge(member: &Member, output: &Output, round: u64) -> i32 {
    let said = String::from_utf8_lossy(&output.stderr);
    let Some(code) = output.status.code() else { return 137 };
    assert!(member.exits.contains(&code), "round {round}: {:?} ends with {code}: {said}", member.words);
    if code == 4 {
        assert!(said.contains("there is no archive yet"), "round {round}: {:?}: {said}", member.words);
    }
    code
}

/// What the last to come finds and finishes.
fn settle_down(yard: &Yard, expected: &Picture, round: u64) {
    finish(yard);
    let found = picture(yard);
    assert!(found == *expected, "round {round}:\n{}", found.difference(expected));
}

fn finish(yard: &Yard) {
    yard.settle(&["import", "in/first", "in/second", "in/reports"]).exits(&[0, 5]);
    yard.settle(&["run", "-q"]).exits(&[0, 5]);
    // What is known of payouts at the bank stands in the statement: it comes first.
    for place in [5, 3, 4] {
        yard.settle(MEMBERS[place].words).exits(&[0, 5]);
    }
}

fn expected() -> Picture {
    let yard = scene("first import").yard();
    finish(&yard);
    picture(&yard)
}

/// Without what `run` keeps: how many months it looks at depends on whether one before it was cut off.
fn picture(yard: &Yard) -> Picture {
    let mut picture = Picture::of(yard);
    picture.results.retain(|name, _| !name.starts_with("out/statements/") && !name.starts_with("out/exports/"));
    picture
}

#[test]
fn eight_commands_at_once_leave_what_one_after_the_other_leaves() {
    let Some(tools) = tools() else { return };
    let counted = rounds(3, &mut Chance::new(14), tools);
    assert_eq!(counted.rounds, 3);
}
