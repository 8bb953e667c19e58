//! Damage at rest: a changed bit or a missing end of any file in the data folder is found, and never makes a report
//! show another figure without a word.

use std::collections::BTreeMap;
use std::fs;
use std::sync::OnceLock;

use crate::chance::Chance;
use crate::disk::role;
use crate::scenes::scene;
use crate::yard::{Ended, Yard};

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Damage {
    /// The bit of this number is the other one.
    Bit(u64),
    /// So many bytes are left.
    Cut(u64),
}

/// How a damage came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// `verify --read-data` names it.
    ByVerify,
    /// It does not.
    NotAtAll,
}

const STATEMENT: &[&str] = &["report", "--month", "2026-09", "--format", "json"];

/// A sound archive with all there can be in one: its yard, and its statement.
pub(crate) struct Sound {
    pub(crate) yard: Yard,
    pub(crate) statement: Ended,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Sound {
    pub(crate) fn new() -> Self {
        let yard = scene("second import").yard();
        yard.settle(scene("second import").words).exits(&[5]);
        yard.settle(&["reconcile", "--month", "2026-09", "--bank", "in/bank.xml"]).exits(&[0, 5]);
        let statement = yard.settle(STATEMENT).exits(&[5]);
        let files = yard.files("data").into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
        Self { yard, statement, files }
    }

    /// Nothing is wrong, and nothing is said to be: a false alarm ends the test.
    pub(crate) fn is_quiet(&self) {
        let ended = self.yard.settle(&["verify", "--read-data"]);
        assert_eq!(ended.code, 0, "a false alarm: {}\n{}", ended.err, ended.out);
    }

    /// Does a damage to a file, looks who finds it, and takes it back.
    pub(crate) fn damage(&self, file: usize, damage: Damage) -> Found {
        let (name, whole) = &self.files[file];
        let mut bytes = whole.clone();
        match damage {
            Damage::Bit(bit) => bytes[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8),
            Damage::Cut(left) => bytes.truncate(usize::try_from(left).unwrap()),
        }
        fs::write(self.yard.path(name), &bytes).unwrap();
        self.report_is_honest(name, damage);
        let verified = self.yard.settle(&["verify", "--read-data"]);
        self.mend();
        match verified.code {
            4 => Found::ByVerify,
            0 => Found::NotAtAll,
            other => panic!("verify ends with {other} after {damage:?} in {name}: {}", verified.err),
        }
    }

    /// The report says the same figures as before, or says that it cannot.
    fn report_is_honest(&self, name: &str, damage: Damage) {
        let said = self.yard.settle(STATEMENT);
        match said.code {
            4 => assert!(said.err.starts_with("settle: error: "), "{damage:?} in {name}: {}", said.err),
            code => {
                assert_eq!(code, self.statement.code, "{damage:?} in {name}: {}", said.err);
                assert_eq!(figures(&said.out), figures(&self.statement.out), "{damage:?} in {name}");
            }
        }
    }

    /// Everything as it was, whatever a reader made of a damaged catalog.
    fn mend(&self) {
        for (name, _) in self.yard.files("data") {
            if !self.files.iter().any(|(known, _)| *known == name)
                && !name.ends_with("lock")
                && !name.ends_with(".settleignore")
            {
                fs::remove_file(self.yard.path(&name)).unwrap();
            }
        }
        for (name, bytes) in &self.files {
            if fs::read(self.yard.path(name)).ok().as_ref() != Some(bytes) {
                fs::write(self.yard.path(name), bytes).unwrap();
            }
        }
    }
}

/// A statement without what it says of files and problems, where a damage may be told.
fn figures(text: &str) -> serde_json::Value {
    let mut statement: serde_json::Value = serde_json::from_str(text).unwrap();
    let fields = statement.as_object_mut().unwrap();
    fields.remove("problems");
    statement
}

/// Seeded single-bit damages: in each kind of file as often, so that large ones do not hide small ones.
pub(crate) fn flip_bits(sound: &Sound, count: u64, chance: &mut Chance) -> BTreeMap<String, [u64; 2]> {
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, (name, _)) in sound.files.iter().enumerate() {
        kinds.entry(role(name)).or_default().push(place);
    }
    let kinds: Vec<(String, Vec<usize>)> = kinds.into_iter().collect();
    let mut told: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for number in 0..count {
        let (kind, places) = &kinds[usize::try_from(number).unwrap() % kinds.len()];
        let file = places[usize::try_from(chance.below(places.len() as u64)).unwrap()];
        let bit = chance.below(sound.files[file].1.len() as u64 * 8);
        let found = sound.damage(file, Damage::Bit(bit));
        let tally = told.entry(kind.clone()).or_default();
        tally[0] += u64::from(found == Found::ByVerify);
        tally[1] += 1;
        if found == Found::NotAtAll {
            println!("not found: bit {bit} of {}", sound.files[file].0);
        }
    }
    told
}

/// Whether this program has the command that looks for damage.
pub(crate) fn can_verify() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let can = Yard::new(None).settle(&["verify", "--help"]).code == 0;
        if !can {
            eprintln!("skipped: this program has no `settle verify`");
        }
        can
    })
}

#[test]
fn every_changed_bit_is_found_and_nothing_is_found_where_nothing_is_wrong() {
    if !can_verify() {
        return;
    }
    let sound = Sound::new();
    sound.is_quiet();
    let told = flip_bits(&sound, 60, &mut Chance::new(12));
    assert!(told.values().all(|[found, made]| found == made), "{told:?}");
    sound.is_quiet();
}

#[test]
fn a_file_that_lost_its_end_is_found() {
    if !can_verify() {
        return;
    }
    let (sound, mut chance) = (Sound::new(), Chance::new(13));
    for file in 0..sound.files.len() {
        let left = chance.below(sound.files[file].1.len() as u64);
        assert_eq!(sound.damage(file, Damage::Cut(left)), Found::ByVerify, "{} cut to {left}", sound.files[file].0);
    }
}
