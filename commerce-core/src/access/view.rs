//! What a decision about a key of a program looks at.

use super::{ApiKey, Role};
use crate::token::TokenHash;
use crate::{KeyId, Timestamp};

/// Which key to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// None: only what is known of all of them.
    Count,
    /// The one of this id.
    Id(KeyId),
    /// The one that a program shows.
    Shown(TokenHash),
}

/// An account that answers for a key, as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// What it is for.
    pub role: Role,
    /// Whether anybody may log in.
    pub is_active: bool,
}

/// What a decision about a key sees: all read in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The key.
    pub key: Option<ApiKey>,
    /// Whoever answers for it, when an account does and is still there.
    pub owner: Option<Owner>,
    /// How many keys let somebody in; 0 unless [`Look::Count`] asked.
    pub live: u64,
}
