//! Where the shop is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

use super::ConfigError;

/// Where the shop is kept: `sqlite:shop.db` or `postgres://user:password@host/database`.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL; the address may hold a password.
    Postgres(SecretString),
}

impl FromStr for DatabaseUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(ConfigError::DatabaseUrl);
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned().into()));
        }
        Err(ConfigError::DatabaseUrl)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://..."),
        }
    }
}

/// Which database, and how to reach it.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where it is.
    pub url: DatabaseUrl,
    /// The schema of PostgreSQL that is the shop.
    pub schema: Option<String>,
    /// The most connections to PostgreSQL at once.
    pub connections: u32,
}

impl Database {
    pub(super) const CONNECTIONS: u32 = 16;

    /// The database at this address, with defaults for the rest.
    #[must_use]
    pub fn at(url: DatabaseUrl) -> Self {
        Self { url, schema: None, connections: Self::CONNECTIONS }
    }
}
