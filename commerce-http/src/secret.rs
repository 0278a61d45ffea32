//! The secret that tokens are signed with: checked before it is used, made once for the demo.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use commerce_core::{Random, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

/// The fewest bytes of a secret.
const LENGTH_MIN: usize = 32;
/// The fewest different bytes of a secret: 32 random ones in base64 have more than this in all but one of 10^15 cases.
const DIFFERENT_MIN: usize = 10;
/// Words that stand in sample configurations.
const SAMPLE_WORDS: [&str; 9] = [
    "changeme",
    "change-me",
    "change_me",
    "replace",
    "secret",
    "password",
    "example",
    "sample",
    "0123456789",
];

/// Why a secret cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// There is none.
    #[error(
        "no secret is set. Make one with `openssl rand -base64 48` and put it into COMMERCE_SECRET, or as secret = \"...\" into commerce.toml; keep it, or guests can no longer reach their orders"
    )]
    Missing,
    /// It is too short.
    #[error("the secret has fewer than {LENGTH_MIN} bytes. Make one with `openssl rand -base64 48`")]
    Short,
    /// It can be guessed.
    #[error(
        "the secret looks like a sample, or repeats few characters, so it can be guessed. Make one with `openssl rand -base64 48`"
    )]
    Weak,
    /// The file that keeps it cannot be used.
    #[error("cannot keep the secret of the demo in {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The secret, if it is fit to sign with.
pub(crate) fn checked(secret: Option<&SecretString>) -> Result<SecretString, SecretError> {
    let secret = secret.ok_or(SecretError::Missing)?;
    let text = secret.expose_secret();
    if text.len() < LENGTH_MIN {
        return Err(SecretError::Short);
    }
    let lower = text.to_lowercase();
    let different = text.bytes().collect::<std::collections::BTreeSet<u8>>().len();
    if different < DIFFERENT_MIN || SAMPLE_WORDS.iter().any(|word| lower.contains(word)) {
        return Err(SecretError::Weak);
    }
    Ok(secret.clone())
}

/// The secret that lies beside the database, made when there is none: so that the tokens of yesterday's orders are good
/// today, and nobody has to configure anything to try a shop. Each `name` has its own.
pub(crate) fn kept_beside(database: &Path, name: &str) -> Result<SecretString, SecretError> {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{name}"));
    let path = PathBuf::from(path);
    read_or_make(&path).map_err(|source| SecretError::File { path: path.clone(), source }).and_then(
        |secret| {
            // A file that was cut or edited is no better than a weak secret: say so rather than sign with it.
            checked(Some(&secret))
        },
    )
}

fn read_or_make(path: &Path) -> std::io::Result<SecretString> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            let secret = URL_SAFE_NO_PAD.encode(SystemRandom.seed());
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
            Ok(secret.into())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mut secret = String::new();
            std::fs::File::open(path)?.read_to_string(&mut secret)?;
            Ok(secret.trim().to_owned().into())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_random_secret_is_taken() {
        let verdict = |text: &str| checked(Some(&text.into())).map(|_| ());
        assert!(matches!(checked(None), Err(SecretError::Missing)));
        assert!(matches!(verdict(""), Err(SecretError::Short)));
        assert!(matches!(verdict("q9GxT4vKw2ZbN7pLsR1dYc5"), Err(SecretError::Short)));
        for weak in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "please-CHANGE-me-before-going-live-1234",
            "abababababababababababababababababab",
        ] {
            assert!(matches!(verdict(weak), Err(SecretError::Weak)), "{weak}");
        }
        assert!(verdict(&URL_SAFE_NO_PAD.encode(SystemRandom.seed())).is_ok());
    }

    #[test]
    fn a_kept_secret_stays_the_same_and_private() {
        let folder = std::env::temp_dir().join(format!("commerce-secret-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database = folder.join("shop.db");
        let first = kept_beside(&database, "secret").unwrap();
        let second = kept_beside(&database, "secret").unwrap();
        let other = kept_beside(&database, "admin-token").unwrap();
        assert_ne!(first.expose_secret(), other.expose_secret());
        assert_eq!(first.expose_secret(), second.expose_secret());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &std::fs::metadata(folder.join("shop.db.secret")).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
