//! Time that a test sets, and randomness that comes again.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::{Clock, Random, Timestamp};

/// A clock that moves only when a test moves it. Hand an `Arc` of it to the store, and keep one.
///
/// ```
/// use commerce_core::{Clock, testkit::MockClock};
/// let clock = MockClock::default();
/// let before = clock.now();
/// clock.advance(std::time::Duration::from_secs(3_600));
/// assert_eq!(clock.now(), before.plus(std::time::Duration::from_secs(3_600)));
/// ```
#[derive(Debug)]
pub struct MockClock(AtomicI64);

impl MockClock {
    /// The instant at which it stands at first: 22 November 2026, 09:30 UTC, and some microseconds, so that a store that
    /// drops them is found out.
    pub const START: &'static str = "2026-11-22T09:30:00.123456Z";

    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets it, backwards too: clocks jump.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }
}

impl Default for MockClock {
    fn default() -> Self {
        Self::at(Self::START.parse().expect("the constant is an instant"))
    }
}

#[async_trait]
impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).expect("the clock is within the calendar")
    }

    /// Returns at once, after others had their turn: time stands still.
    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// The same random bytes in every run: ids and tokens of a test come again. Never for a shop.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededRandom {
    /// The source of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn seed(&self) -> [u8; 32] {
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
        Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(drawn.to_be_bytes())
            .finalize()
            .into()
    }
}

/// The seed of this run: `COMMERCE_SEED` when it is set, so that a failure can be made to come again; else always the
/// same, or a fresh one in a [soak](soaking). It is printed, and shown when the test fails.
#[must_use]
#[expect(clippy::print_stdout, reason = "a seed that is not shown helps nobody")]
pub fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    let given = std::env::var("COMMERCE_SEED").ok().and_then(|text| text.parse().ok());
    let seed =
        given.unwrap_or_else(|| if soaking() { RandomState::new().hash_one("seed") } else { 20_261_122 });
    println!("COMMERCE_SEED={seed}");
    seed
}

/// Whether the long forms of the tests were asked for: `COMMERCE_SOAK` is set.
#[must_use]
pub fn soaking() -> bool {
    std::env::var_os("COMMERCE_SOAK").is_some()
}

/// How many cases of a property are tried: as many as usual, a hundred times that in a soak, and more where `PROPTEST_CASES`
/// says so.
///
/// # Panics
/// When that is set to anything but a whole number.
#[must_use]
pub fn property_cases(usual: u32) -> u32 {
    let given = std::env::var("PROPTEST_CASES").ok();
    cases(usual, soaking(), given.as_deref())
}

fn cases(usual: u32, soaking: bool, given: Option<&str>) -> u32 {
    let given = given.map_or(0, |text| text.parse().expect("PROPTEST_CASES is a number of cases"));
    given.max(if soaking { usual.saturating_mul(100) } else { usual })
}

/// How many minutes each test may take that could go on for ever, counted from when it begins: `COMMERCE_SOAK_MINUTES`, or
/// 10.
///
/// # Panics
/// When that is set to anything but a whole number: a soak that ends too early looks as if it had passed.
#[must_use]
pub fn soak_minutes() -> u32 {
    let given = std::env::var("COMMERCE_SOAK_MINUTES").ok();
    given.map_or(10, |text| text.parse().expect("COMMERCE_SOAK_MINUTES is a number of minutes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_cases_are_tried_in_a_soak_and_when_asked_for() {
        assert_eq!(cases(2_000, false, None), 2_000);
        assert_eq!(cases(2_000, true, None), 200_000);
        assert_eq!(cases(2_000, false, Some("50000")), 50_000);
        assert_eq!(cases(2_000, true, Some("50000")), 200_000);
        assert_eq!(cases(2_000, false, Some("1")), 2_000, "it raises and never lowers");
    }

    #[test]
    fn stands_still_until_it_is_moved() {
        let clock = MockClock::default();
        assert_eq!(clock.now().to_string(), MockClock::START);
        clock.advance(Duration::from_micros(1));
        assert_eq!(clock.now().to_string(), "2026-11-22T09:30:00.123457Z");
    }

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_never_the_same_twice() {
        let (one, same, other) = (SeededRandom::new(1), SeededRandom::new(1), SeededRandom::new(2));
        let first = one.seed();
        assert_eq!(first, same.seed());
        assert_ne!(first, one.seed());
        assert_ne!(first, other.seed());
    }
}
