//! Configuration: the file `commerce.toml`, then `COMMERCE_` variables, then flags, each outweighing the one before.

mod database;
mod error;
mod reviews;
mod server;
mod settings;

pub use database::{Database, DatabaseUrl};
pub use error::ConfigError;
pub use reviews::ReviewSettings;
pub use server::{ServerConfig, TokenAlgorithm};
pub use settings::{CacheMode, LogFormat, Settings};

pub use crate::client_address::{Network, NetworkError};
pub use crate::layer::{Origin, OriginError};
pub use crate::rate_limits::{RateLimits, RateLimitsError};
