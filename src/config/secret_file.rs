//! Whether the file of a secret is fit to hold one. Looks at the file's permissions, never at its content.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::ConfigError;

/// Read and write bits of group and others.
const OPEN_TO_OTHERS: u32 = 0o066;

/// Refuses a secret file that is missing, no regular file, or open to group or others.
///
/// # Errors
/// [`ConfigError::SecretFile`], [`ConfigError::SecretNotAFile`], [`ConfigError::SecretExposed`].
pub fn check_secret_file(path: &Path) -> Result<(), ConfigError> {
    let about = fs::metadata(path).map_err(|reason| ConfigError::SecretFile { path: path.to_owned(), reason })?;
    if !about.is_file() {
        return Err(ConfigError::SecretNotAFile { path: path.to_owned() });
    }
    let mode = about.permissions().mode() & 0o7777;
    if mode & OPEN_TO_OTHERS != 0 {
        return Err(ConfigError::SecretExposed { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ExitCode;

    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, "planted").unwrap();
        for (mode, fit) in
            [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o644, false)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_secret_file(&path).is_ok(), fit, "{mode:o}");
        }
        let error = check_secret_file(&path).unwrap_err();
        assert!(error.to_string().ends_with("open to group or others (mode 0644)"), "{error}");
        assert_eq!(error.hint().unwrap(), format!("chmod 600 {}", path.display()));
        assert_eq!(error.exit_code(), ExitCode::Configuration);
    }

    #[test]
    fn a_secret_file_must_be_a_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(check_secret_file(folder.path()), Err(ConfigError::SecretNotAFile { .. })));
        let missing = folder.path().join("missing");
        assert!(matches!(check_secret_file(&missing), Err(ConfigError::SecretFile { .. })));
    }
}
