//! Passwords: Argon2id, at most so many at once; bcrypt of an older shop is read and replaced.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use commerce_core::account::{Password, PasswordHash};
use commerce_core::{HasherTrouble, PasswordHasher, Random, SystemRandom, Verified};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a hash costs, and how many are worked on at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory of one hash, in KiB: 19456 unless set.
    pub memory_kib: u32,
    /// Passes over the memory: 2 unless set.
    pub passes: u32,
    /// Lanes: 1 unless set.
    pub lanes: u32,
    /// How many are worked on at once; as many as there are processors unless set. Each takes its memory and a processor.
    pub at_once: usize,
}

/// How many wait for each that is worked on. A login waits for a few others, and not for hundreds.
const WAITING_FOR_EACH: usize = 8;

impl Default for PasswordCost {
    fn default() -> Self {
        let at_once = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1, at_once }
    }
}

/// Hashes and compares passwords on threads of their own.
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    /// The hash of nobody's password: what a password is compared with where there is no account.
    nobodys: Arc<str>,
    room: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// The cost is none that Argon2 can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("passwords cannot be hashed with these parameters: {0}")]
pub struct PasswordCostError(String);

impl Argon2Hasher {
    /// A hasher of this cost.
    ///
    /// # Errors
    /// When Argon2 cannot have this cost.
    pub fn new(cost: &PasswordCost) -> Result<Self, PasswordCostError> {
        let refused = |error: &dyn std::fmt::Display| PasswordCostError(error.to_string());
        let PasswordCost { memory_kib, passes, lanes, at_once } = *cost;
        let params = Params::new(memory_kib, passes, lanes, None).map_err(|error| refused(&error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobodys: Phc = argon2.hash_password(&SystemRandom.seed()).map_err(|error| refused(&error))?;
        let at_once = at_once.max(1);
        Ok(Self {
            argon2,
            nobodys: nobodys.to_string().into(),
            room: Arc::new(Semaphore::new(at_once)),
            queue: Arc::new(Semaphore::new(at_once * (1 + WAITING_FOR_EACH))),
        })
    }

    /// Waits for room, unless too many wait already. What is held is given back when the work is done, also when nobody
    /// waits for it any more: its memory is in use until then.
    async fn room(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), HasherTrouble> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| HasherTrouble::Busy)?;
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| HasherTrouble::Busy)?;
        Ok((place, room))
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, HasherTrouble> + Send + 'static,
    ) -> Result<T, HasherTrouble> {
        let held = self.room().await?;
        let argon2 = self.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&argon2);
            drop(held);
            done
        });
        done.await.map_err(|_| HasherTrouble::Broken("the hash was not finished".to_owned()))?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherTrouble> {
        let password = password.clone();
        self.work(move |argon2| {
            let hash: Result<Phc, _> = argon2.hash_password(password.reveal().as_bytes());
            hash.map(|hash| PasswordHash::new(hash.to_string())).map_err(broken)
        })
        .await
    }

    async fn verify<'p>(
        &self,
        password: &'p Password,
        hash: Option<&'p PasswordHash>,
    ) -> Result<Verified, HasherTrouble> {
        let password = password.clone();
        let hash = hash.cloned();
        let nobodys = Arc::clone(&self.nobodys);
        self.work(move |argon2| match hash {
            Some(hash) => compared(argon2, password.reveal(), hash.reveal()),
            None => compared(argon2, password.reveal(), &nobodys).map(|_| Verified::No),
        })
        .await
    }

    fn strength<'p>(&self, password: &'p Password, words: &[&'p str]) -> u8 {
        zxcvbn::zxcvbn(password.reveal(), words).score().into()
    }
}

fn compared(argon2: &Argon2<'_>, password: &str, hash: &str) -> Result<Verified, HasherTrouble> {
    if ["$2a$", "$2b$", "$2y$", "$2x$"].iter().any(|bcrypt| hash.starts_with(bcrypt)) {
        let right = bcrypt::verify(password, hash).map_err(broken)?;
        return Ok(if right { Verified::Outdated } else { Verified::No });
    }
    let stored = Phc::new(hash).map_err(broken)?;
    // The parameters of the stored hash rule.
    if argon2.verify_password(password.as_bytes(), &stored).is_err() {
        return Ok(Verified::No);
    }
    let then = Params::try_from(&stored).map_err(broken)?;
    let now = argon2.params();
    let cheaper =
        then.m_cost() < now.m_cost() || then.t_cost() < now.t_cost() || then.p_cost() < now.p_cost();
    let another = stored.algorithm.as_str() != "argon2id";
    Ok(if cheaper || another { Verified::Outdated } else { Verified::Yes })
}

fn broken(error: impl std::fmt::Display) -> HasherTrouble {
    HasherTrouble::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(at_once: usize) -> Argon2Hasher {
        Argon2Hasher::new(&PasswordCost { memory_kib: 64, passes: 1, lanes: 1, at_once }).unwrap()
    }

    fn password(text: &str) -> Password {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_alone() {
        let hasher = cheap(2);
        let hash = hasher.hash(&password("ọlá & sail")).await.unwrap();
        assert!(hash.reveal().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", hash.reveal());
        assert_ne!(hash, hasher.hash(&password("ọlá & sail")).await.unwrap(), "each has its own salt");
        let verify = |text: &'static str, hash: Option<PasswordHash>| {
            let hasher = &hasher;
            async move { hasher.verify(&password(text), hash.as_ref()).await }
        };
        assert_eq!(verify("ọlá & sail", Some(hash.clone())).await, Ok(Verified::Yes));
        assert_eq!(verify("ola & sail", Some(hash)).await, Ok(Verified::No));
        assert_eq!(verify("ọlá & sail", None).await, Ok(Verified::No));
        assert!(verify("x", Some(PasswordHash::new("plain"))).await.is_err());
    }

    #[tokio::test]
    async fn a_hash_is_outdated_when_the_parameters_grow() {
        let hash = cheap(2).hash(&password("tr0mbone")).await.unwrap();
        for (memory_kib, passes, lanes, expected) in [
            (64, 1, 1, Verified::Yes),
            (128, 1, 1, Verified::Outdated),
            (64, 2, 1, Verified::Outdated),
            (64, 1, 2, Verified::Outdated),
        ] {
            let dearer = Argon2Hasher::new(&PasswordCost { memory_kib, passes, lanes, at_once: 1 }).unwrap();
            assert_eq!(dearer.verify(&password("tr0mbone"), Some(&hash)).await, Ok(expected));
        }
    }

    #[tokio::test]
    async fn bcrypt_of_an_older_shop_matches_and_is_replaced() {
        let hasher = cheap(2);
        let old = PasswordHash::new(bcrypt::hash("tr0mbone & oar", 4).unwrap());
        assert_eq!(hasher.verify(&password("tr0mbone & oar"), Some(&old)).await, Ok(Verified::Outdated));
        assert_eq!(hasher.verify(&password("tr0mbone & ear"), Some(&old)).await, Ok(Verified::No));
    }

    #[tokio::test]
    async fn a_crowd_is_turned_away() {
        let hasher = Arc::new(cheap(1));
        let held = Arc::clone(&hasher.room).acquire_owned().await.unwrap();
        let waiting: Vec<_> = (0..9)
            .map(|_| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move { hasher.hash(&password("tr0mbone")).await })
            })
            .collect();
        while hasher.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hasher.hash(&password("tr0mbone")).await, Err(HasherTrouble::Busy));
        drop(held);
        for done in waiting {
            assert!(done.await.unwrap().is_ok());
        }
        assert!(hasher.hash(&password("tr0mbone")).await.is_ok());
    }

    #[test]
    fn what_is_easy_to_guess_is_weak() {
        let strength = |text: &str, words: &[&str]| cheap(1).strength(&password(text), words);
        assert!(strength("password123", &[]) < 2);
        assert!(strength("obialor-shop", &[]) >= 2);
        assert!(strength("obialor-shop", &["obialor-shop"]) < 2);
        assert_eq!(strength("tr0mbone & oar 99", &[]), 4);
    }
}
