//! A hasher of passwords that costs nothing, for tests.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::account::{Password, PasswordHash};
use crate::{HasherTrouble, PasswordHasher, TokenHash, Verified};

/// Hashes passwords so cheaply that it protects nobody. A hash that begins with `old$` is outdated. The strength of a
/// password is the number of its characters that are no letters, at most 4.
#[derive(Debug, Clone, Copy, Default)]
pub struct PretendHasher;

impl PretendHasher {
    /// A hash as it was made before.
    #[must_use]
    pub fn outdated(password: &str) -> PasswordHash {
        PasswordHash::new(format!("old${}", digest(password)))
    }

    /// A hash as it is made now.
    #[must_use]
    pub fn hashed(password: &str) -> PasswordHash {
        PasswordHash::new(format!("new${}", digest(password)))
    }
}

fn digest(password: &str) -> String {
    TokenHash(Sha256::digest(password.as_bytes()).into()).to_hex()
}

#[async_trait]
impl PasswordHasher for PretendHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherTrouble> {
        Ok(Self::hashed(password.reveal()))
    }

    async fn verify<'p>(
        &self,
        password: &'p Password,
        hash: Option<&'p PasswordHash>,
    ) -> Result<Verified, HasherTrouble> {
        Ok(match hash {
            Some(hash) if *hash == Self::hashed(password.reveal()) => Verified::Yes,
            Some(hash) if *hash == Self::outdated(password.reveal()) => Verified::Outdated,
            _ => Verified::No,
        })
    }

    fn strength<'p>(&self, password: &'p Password, _words: &[&'p str]) -> u8 {
        let others = password.reveal().chars().filter(|letter| !letter.is_alphabetic()).count();
        u8::try_from(others.min(4)).unwrap_or(4)
    }
}
