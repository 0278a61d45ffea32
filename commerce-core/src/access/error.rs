//! Why a key of a program is not made, not found, or lets nobody in.

use super::Permission;
use crate::commit::StoreError;
use crate::idempotency::KeyReused;

/// Why a key was not made, changed or accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such key, or it lets nobody in any more.
    #[error("there is no such key")]
    NotFound,
    /// A field is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Its maker may not do what it would let a program do.
    #[error("you may not give away {0}, which you do not have")]
    NotYours(Permission),
    /// There are as many keys as a shop can have.
    #[error("a shop has at most {} keys; revoke one first", super::ApiKey::LIVE_MAX)]
    TooMany,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("too many requests change the same at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}
