//! Every reader of outside bytes against the corpora of the fuzzers, against what is easily made of them, and against
//! inputs that are made to hurt. The properties are those of the fuzz targets; each input has its time and its memory.
//!
//! Inputs are checked one after the other, because the memory that is counted is that of the whole process. One that
//! does not end ends the test, which names it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

#[path = "corpora/hostile.rs"]
mod hostile;
#[path = "../fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use properties::{TARGETS, Target};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One at a time.
static TURN: Mutex<()> = Mutex::new(());

/// The longest that one input may take. The slowest takes ten seconds without optimisation, and five times as long on a
/// busy machine; what does not end takes for ever.
const TIME_MAX: Duration = Duration::from_secs(120);
/// What reading may take whatever the length: buffers of pieces, and what an archive may unpack to.
const MEMORY_FREE: usize = 64 << 20;
/// What reading once may take for each byte of the input.
const MEMORY_RATIO: usize = 40;
/// What checking may take for each byte: it reads several times and keeps what it compares.
const CHECK_RATIO: usize = 2_000;
/// Files of a corpus that are mutated, spread over its files.
const MUTATED: usize = 4;
/// Truncations and flips of each.
const CUTS: usize = 12;
const FLIPS: usize = 12;

/// Runs something with an input on a thread of its own, within its time and its memory; says what went wrong. A thread
/// that does not end cannot be ended, so the test ends there.
fn within_limits(name: &str, bytes: &[u8], ratio: usize, run: fn(&[u8])) -> Result<(), String> {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let (done, outcome) = channel();
    let owned = bytes.to_vec();
    let work = std::thread::spawn(move || {
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| run(&owned)));
        let _ = done.send(ended.is_ok());
    });
    match outcome.recv_timeout(TIME_MAX) {
        Ok(true) => {}
        Ok(false) => return Err(format!("{name}: see the panic above")),
        Err(RecvTimeoutError::Timeout) => panic!("{name}: it took more than {TIME_MAX:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("{name}: it ended without a word"),
    }
    work.join().unwrap();
    let used = MEMORY.peak_usage().saturating_sub(before);
    let allowed = MEMORY_FREE + ratio * bytes.len();
    if used <= allowed {
        return Ok(());
    }
    Err(format!("{name}: {} KiB for {} bytes, {} KiB allowed", used >> 10, bytes.len(), allowed >> 10))
}

fn check(target: &Target, name: &str, bytes: &[u8]) -> Result<(), String> {
    within_limits(&format!("{}: {name}", target.name), bytes, CHECK_RATIO, target.check)
}

/// Says everything that went wrong.
fn tell(outcomes: Vec<Result<(), String>>) {
    let wrong: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of a folder, by name; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect(),
        Err(_) => Vec::new(),
    };
    found.sort();
    found
}

fn folder(kind: &str, target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(target.name)
}

fn turn() -> impl Drop {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn every_file_of_the_corpora_and_every_former_crash_keeps_the_properties() {
    let _turn = turn();
    let mut outcomes = Vec::new();
    for target in &TARGETS {
        let corpus = files(&folder("corpus", target));
        assert!(!corpus.is_empty(), "{} has no corpus", target.name);
        for path in corpus.iter().chain(&files(&folder("crashes", target))) {
            outcomes.push(check(target, &path.display().to_string(), &fs::read(path).unwrap()));
        }
    }
    tell(outcomes);
}

#[test]
fn files_that_were_cut_changed_doubled_or_recoded_keep_them_too() {
    let _turn = turn();
    let mut outcomes = Vec::new();
    for target in &TARGETS {
        let corpus = files(&folder("corpus", target));
        let step = corpus.len().div_ceil(MUTATED).max(1);
        for path in corpus.iter().step_by(step) {
            let bytes = fs::read(path).unwrap();
            for (what, mutated) in mutations(&bytes) {
                outcomes.push(check(target, &format!("{} {what}", path.display()), &mutated));
            }
        }
    }
    tell(outcomes);
}

#[test]
fn inputs_that_are_made_to_hurt_end_within_their_time_and_memory() {
    let _turn = turn();
    let mut outcomes = Vec::new();
    for target in &TARGETS {
        for (what, bytes) in hostile::everywhere().chain(hostile::of(target.name)) {
            let name = format!("{}: {what} ({} bytes)", target.name, bytes.len());
            outcomes.push(within_limits(&name, &bytes, MEMORY_RATIO, target.read));
        }
    }
    tell(outcomes);
}

/// What becomes of files on their way, and what becomes of bits.
fn mutations(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let step = bytes.len().div_ceil(CUTS).max(1);
    for end in (0..bytes.len()).step_by(step) {
        all.push((format!("cut at {end}"), bytes[..end].to_vec()));
    }
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..FLIPS.min(bytes.len()) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, bit) = ((random >> 33) as usize % bytes.len(), (random >> 29) % 8);
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << bit;
        all.push((format!("with bit {bit} of byte {at} flipped"), flipped));
    }
    let half = bytes.len() / 2;
    let text = String::from_utf8_lossy(bytes);
    let wide = |mark: [u8; 2], recode: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(recode)).collect()
    };
    let whole: [(&str, Vec<u8>); 8] = [
        ("twice", bytes.repeat(2)),
        ("with every byte doubled", bytes.iter().flat_map(|byte| [*byte; 2]).collect()),
        ("with a NUL in the middle", [&bytes[..half], b"\0", &bytes[half..]].concat()),
        ("without its middle", [&bytes[..half - half / 4], &bytes[half..]].concat()),
        ("with line ends of a Mac", text.replace("\r\n", "\n").replace('\n', "\r").into_bytes()),
        ("with a mark of UTF-8", [b"\xef\xbb\xbf", bytes].concat()),
        ("in UTF-16, low byte first", wide([0xff, 0xfe], u16::to_le_bytes)),
        ("in UTF-16, high byte first", wide([0xfe, 0xff], u16::to_be_bytes)),
    ];
    all.extend(whole.into_iter().map(|(what, bytes)| (what.to_owned(), bytes)));
    all
}
