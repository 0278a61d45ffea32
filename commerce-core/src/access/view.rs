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

/// Why a key lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It was revoked.
    Revoked,
    /// It has ended by itself.
    Expired,
    /// The account that answers for it is gone.
    OwnerGone,
    /// The account that answers for it was deactivated.
    OwnerInactive,
    /// The account that answers for it may do nothing any more of what the key lets a program do.
    OwnerMayNothing,
}

impl Unusable {
    /// Every reason, in the order in which they are looked for.
    pub const ALL: [Self; 5] =
        [Self::Revoked, Self::Expired, Self::OwnerGone, Self::OwnerInactive, Self::OwnerMayNothing];

    /// Its name: `owner_gone`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::OwnerGone => "owner_gone",
            Self::OwnerInactive => "owner_inactive",
            Self::OwnerMayNothing => "owner_may_nothing",
        }
    }
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
