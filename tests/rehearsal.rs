//! The committed `sample_reports` are what the generator makes, byte for byte.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_sample_reports_are_made_by_the_default_invocation() {
    let fresh = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_settle-rehearsal"))
        .arg("generate")
        .arg("--out")
        .arg(fresh.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));

    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_reports");
    let mut compared = 0;
    for folder in fs::read_dir(fresh.path()).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(fresh.path()).unwrap();
            let expected = fs::read(committed.join(name)).unwrap_or_default();
            assert!(committed.join(name).is_file(), "{} is not in sample_reports", name.display());
            assert!(fs::read(&path).unwrap() == expected, "{} differs from sample_reports", name.display());
            compared += 1;
        }
    }
    assert!(compared > 400, "{compared}");
}

#[test]
fn a_country_without_a_shop_is_a_usage_error() {
    let fresh = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_settle-rehearsal"))
        .args(["generate", "--country", "JP", "--out"])
        .arg(fresh.path())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    let told = String::from_utf8(run.stderr).unwrap();
    assert!(told.starts_with("settle-rehearsal: error: no invented shop for country JP"), "{told}");
}

#[test]
fn a_large_file_comes_with_its_sums() {
    let fresh = tempfile::tempdir().unwrap();
    let path = fresh.path().join("large.csv");
    let run = Command::new(env!("CARGO_BIN_EXE_settle-rehearsal"))
        .args(["generate-large", "--rows", "1000", "--out"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1_006);
    assert!(String::from_utf8(run.stdout).unwrap().contains("\"kind\":\"transfer\",\"count\":1,"));
}
