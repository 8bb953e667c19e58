//! From the reference of a secret to the secret: a file, a variable, the output of a program.
//!
//! What comes back cannot print itself and is wiped from memory when dropped. Messages name the place,
//! never the content.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret, SecretString};

use super::account::SecretReference;
use super::error::ConfigError;
use super::find::Surroundings;
use super::secret_file::check_secret_file;

/// Longest secret: a private key of 16,384 bits in PEM is about 13 KB.
const SECRET_BYTES_MAX: u64 = 32 << 10;

/// Follows a reference; blanks and line ends around a secret do not count.
///
/// `what` names the secret in messages, e.g. `secret key`.
///
/// # Errors
/// The `Secret…` variants of [`ConfigError`].
pub fn read_secret(
    reference: &SecretReference,
    what: &'static str,
    surroundings: &Surroundings,
) -> Result<SecretString, ConfigError> {
    match reference {
        SecretReference::File(path) => read_secret_file(path, what),
        SecretReference::Variable(name) => {
            let missing = || ConfigError::SecretVariable { name: name.clone(), what };
            let text = surroundings.variable(name).ok_or_else(missing)?;
            fit(SecretString::from(text.to_owned()), what, name)
        }
        SecretReference::Command(words) => run_command(words, what),
    }
}

/// The content of a secret file, which only its owner may read.
///
/// # Errors
/// The `Secret…` variants of [`ConfigError`].
pub fn read_secret_file(path: &Path, what: &'static str) -> Result<SecretString, ConfigError> {
    check_secret_file(path)?;
    let failed = |reason| ConfigError::SecretFile { path: path.to_owned(), reason };
    let file = File::open(path).map_err(failed)?;
    let text = limited(file).map_err(failed)?;
    fit(text, what, &path.display().to_string())
}

fn run_command(words: &[String], what: &'static str) -> Result<SecretString, ConfigError> {
    let (program, arguments) = words.split_first().map_or(("", words), |(program, rest)| (program.as_str(), rest));
    let failed = |problem: String| ConfigError::SecretCommand { program: program.to_owned(), what, problem };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| failed(why.to_string()))?;
    let text = match child.stdout.take() {
        Some(stdout) => limited(stdout),
        None => Ok(SecretString::from(String::new())),
    };
    let status = child.wait().map_err(|why| failed(why.to_string()))?;
    if !status.success() {
        return Err(failed(format!("it ended with {status}")));
    }
    fit(text.map_err(|why| failed(why.to_string()))?, what, program)
}

fn limited(source: impl Read) -> std::io::Result<SecretString> {
    let mut text = String::new();
    let read = source.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text);
    let secret = SecretString::from(text);
    read.map(|_| secret)
}

fn fit(secret: SecretString, what: &'static str, place: &str) -> Result<SecretString, ConfigError> {
    let unfit = |problem| Err(ConfigError::SecretUnfit { place: place.to_owned(), what, problem });
    let text = secret.expose_secret();
    match text.trim() {
        "" => unfit("empty"),
        _ if text.len() as u64 > SECRET_BYTES_MAX => unfit("longer than any secret"),
        trimmed => Ok(SecretString::from(trimmed.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn surroundings() -> Surroundings {
        let variables = [("PLACE", " planted\n"), ("EMPTY", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        Surroundings::new(BTreeMap::from(variables), "/".into())
    }

    fn read(reference: &SecretReference) -> Result<SecretString, ConfigError> {
        read_secret(reference, "secret key", &surroundings())
    }

    #[test]
    fn a_secret_comes_from_a_file_a_variable_or_a_program_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "planted\r\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let command = ["printf", "planted\\n"].map(str::to_owned).to_vec();
        for reference in [
            SecretReference::File(path),
            SecretReference::Variable("PLACE".to_owned()),
            SecretReference::Command(command),
        ] {
            let secret = read(&reference).unwrap();
            assert_eq!(secret.expose_secret(), "planted");
            assert!(!format!("{secret:?}").contains("planted"));
        }
    }

    #[test]
    fn what_is_missing_empty_or_failed_is_named_without_its_content() {
        let words = |words: &[&str]| SecretReference::Command(words.iter().map(|word| (*word).to_owned()).collect());
        for (reference, message) in [
            (
                SecretReference::Variable("EMPTY".to_owned()),
                "the environment variable EMPTY is not set; it should hold the secret key",
            ),
            (words(&["true"]), "true: the secret key is empty"),
            (
                words(&["sh", "-c", "echo planted; exit 3"]),
                "`sh` did not print the secret key: it ended with exit status: 3",
            ),
        ] {
            let error = read(&reference).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(!format!("{error:?}").contains("planted"), "{error:?}");
        }
        let missing = words(&["no-such-program-here"]);
        assert!(matches!(read(&missing), Err(ConfigError::SecretCommand { .. })));
    }

    #[test]
    fn a_file_longer_than_any_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "x".repeat(40_000)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read(&SecretReference::File(path)), Err(ConfigError::SecretUnfit { .. })));
    }
}
