//! Why a configuration cannot be used.

use std::path::PathBuf;

use commerce_core::review::ReviewTermsError;

use crate::gateway::GatewayConfigError;
use crate::mail::MailConfigError;
use crate::password::PasswordCostError;
use crate::secret::SecretError;

/// Why the configuration cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no configuration.
    #[error("the configuration file {} has an error:\n{source}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: Box<toml::de::Error>,
    },
    /// A variable has a value that its setting cannot have.
    #[error("{name} is set to a value that cannot be used: {reason}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// Pictures cannot be kept where the settings say.
    #[error("{0}")]
    Media(String),
    /// There is no database.
    #[error(
        "no database is named. Give --database-url sqlite:shop.db (or postgres://user@host/database), or set COMMERCE_DATABASE_URL, or write database_url = \"...\" into commerce.toml"
    )]
    DatabaseMissing,
    /// The address of the database is none.
    #[error(
        "the database address must look like sqlite:shop.db or postgres://user:password@host:5432/database"
    )]
    DatabaseUrl,
    /// An address to listen on is none.
    #[error("{setting} = {text:?} is not an address to listen on; write it like 127.0.0.1:8080")]
    Listen {
        /// Which setting.
        setting: &'static str,
        /// What it says.
        text: String,
    },
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The payment gateway cannot be used.
    #[error(transparent)]
    Gateway(#[from] GatewayConfigError),
    /// The Redis cannot be used.
    #[error("the address in COMMERCE_REDIS_URL (or redis_url in commerce.toml) cannot be used: {0}")]
    Redis(String),
    /// Mails cannot be sent.
    #[error(transparent)]
    Mail(#[from] MailConfigError),
    /// Passwords of fewer characters are too easily guessed, and of so many nobody takes one.
    #[error(
        "password_length_min = {0}: a password has at least 8 characters, and the rule asks for 64 at most"
    )]
    PasswordLength(usize),
    /// There is no such strength.
    #[error("password_strength_min = {0}: strengths go from 0 to 4; 2 is usual")]
    PasswordStrength(u8),
    /// Passwords cannot be hashed at the cost.
    #[error(transparent)]
    Passwords(#[from] PasswordCostError),
    /// The terms of reviews make no sense.
    #[error("[reviews] in commerce.toml, or COMMERCE_REVIEWS_ variables, cannot be used: {0}")]
    Reviews(#[from] ReviewTermsError),
    /// The cache is to be on a Redis, and there is none.
    #[error(
        "cache = \"redis\" (or COMMERCE_CACHE=redis) needs a Redis: set COMMERCE_REDIS_URL, or write redis_url = \"redis://host:6379\" into commerce.toml"
    )]
    CacheWithoutRedis,
    /// The token of the back office cannot be used.
    #[error("the admin token (COMMERCE_ADMIN_TOKEN, or admin_token in commerce.toml) cannot be used: {0}")]
    AdminToken(SecretError),
}
