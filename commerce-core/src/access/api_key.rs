//! The keys of programs.

use std::fmt;
use std::str::FromStr;

use super::Permission;
use crate::audit::Actor;
use crate::token::{TokenHash, read, written};
use crate::{CustomerId, KeyId, Timestamp};

/// What a program shows: `ck_` and 256 random bits. It is shown once, to whoever makes the key; a store keeps its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiSecret([u8; 32]);

/// The text is no key of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a program")]
pub struct ApiSecretError;

impl ApiSecret {
    /// What every key begins with, so that scanners of source code know one when they see it.
    pub const PREFIX: &'static str = "ck_";

    /// The key of these bytes, which must come from a random source.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What a store keeps of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, written(&self.0))
    }

    /// How it begins: by this its owner knows it in a list. It gives 30 of 256 bits away.
    #[must_use]
    pub fn beginning(&self) -> String {
        self.reveal().chars().take(Self::PREFIX.len() + 5).collect()
    }
}

impl FromStr for ApiSecret {
    type Err = ApiSecretError;

    fn from_str(text: &str) -> Result<Self, ApiSecretError> {
        let random = text.strip_prefix(Self::PREFIX).ok_or(ApiSecretError)?;
        let mut bytes = [0; 32];
        if read(random, &mut bytes) { Ok(Self(bytes)) } else { Err(ApiSecretError) }
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret(..)")
    }
}

/// The key of a program, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// The hash that it is found by.
    pub hash: TokenHash,
    /// How it begins, to tell it from others.
    pub beginning: String,
    /// What it is for, in the words of whoever made it.
    pub name: String,
    /// What it lets a program do, in the order of the list, none twice.
    pub permissions: Vec<Permission>,
    /// Who made it.
    pub created_by: Actor,
    /// The account that answers for it: that of whoever made it, or the one that answers for the key it was made with. Absent:
    /// the operator does.
    pub account: Option<CustomerId>,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last shown, to within [`ApiKey::USE_NOTED_SECONDS`].
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// The longest name, in characters.
    pub const NAME_LENGTH_MAX: usize = 100;
    /// The most keys that a shop has at once, revoked and expired ones left out.
    pub const LIVE_MAX: usize = 1_000;
    /// A use is noted when the last one that was noted is so long ago: a busy program does not write with every request.
    pub const USE_NOTED_SECONDS: u64 = 60;

    /// Whether a program that shows it at `now` is let in.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_shows_only_its_beginning() {
        let secret = ApiSecret::from_bytes([0xab; 32]);
        let text = secret.reveal();
        assert_eq!(text.len(), 46);
        assert_eq!(text.parse(), Ok(secret.clone()));
        assert_eq!(secret.beginning(), text[..8]);
        assert_eq!(format!("{secret:?}"), "ApiSecret(..)");
        for wrong in [&text[3..], &text[..45], "", "ck_", &text.to_uppercase(), &format!("{text} ")] {
            assert_eq!(wrong.parse::<ApiSecret>(), Err(ApiSecretError), "{wrong}");
        }
    }
}
