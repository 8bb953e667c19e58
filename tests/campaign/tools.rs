//! The two small C programs of the campaign: the tracer, and the clock that is preloaded.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where they lie once they are compiled.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) tracer: PathBuf,
    pub(crate) clock: PathBuf,
}

/// The tools; `None`, said visibly, where this machine cannot make or run them.
pub(crate) fn tools() -> Option<&'static Tools> {
    static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
    TOOLS.get_or_init(make).as_ref()
}

/// A folder of this process. Those of processes that have ended are removed.
pub(crate) fn own_folder() -> PathBuf {
    static OWN: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("campaign");
        for entry in std::fs::read_dir(&place).into_iter().flatten().flatten() {
            if !Path::new("/proc").join(entry.file_name()).exists() {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        place.join(std::process::id().to_string())
    };
    OWN.get_or_init(make).clone()
}

fn make() -> Option<Tools> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        eprintln!("skipped: the campaign's tracer knows Linux on x86-64 only");
        return None;
    }
    if Command::new("cc").arg("--version").output().is_err() {
        eprintln!("skipped: no C compiler, so steps on the disk are not watched");
        return None;
    }
    let folder = own_folder().join("tools");
    std::fs::create_dir_all(&folder).unwrap();
    let tools = Tools { tracer: folder.join("tracer"), clock: folder.join("clock.so") };
    compile("tracer.c", &tools.tracer, &[]);
    compile("clock.c", &tools.clock, &["-shared", "-fPIC"]);
    let probe = folder.join("probe");
    let ran = Command::new(&tools.tracer).arg(&probe).args(["/nowhere", "none", "0", "--", "/bin/true"]).output();
    let watched = ran.is_ok_and(|ran| ran.status.success());
    if !watched {
        eprintln!("skipped: this system does not let a program be watched (ptrace, seccomp)");
    }
    watched.then_some(tools)
}

fn compile(source: &str, into: &Path, flags: &[&str]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/campaign").join(source);
    let done = Command::new("cc").args(["-O1", "-Wall", "-o"]).arg(into).args(flags).arg(source).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
