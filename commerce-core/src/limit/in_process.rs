//! A limiter in the memory of one process.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Quota, Verdict};
use crate::{Clock, Timestamp};

/// Callers are spread over so many maps, so that they seldom wait for each other.
const SHARDS: usize = 16;
/// A map this small is never cleared of those without debt.
const SMALL: usize = 256;

/// Counts callers in memory: right for one process, and what a shared limiter falls back to.
///
/// It remembers at most [`KEYS_MAX`](Self::KEYS_MAX) callers with a debt, some 20 MB of them. When more come, those go
/// first whose debt is the smallest: they would be forgotten first anyway. What is left is whoever has used the
/// most of a budget, and among budgets the strictest: a flood of addresses that read a page each does not wash out who
/// has just tried ten passwords.
pub struct InProcessLimiter {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    shard_keys_max: usize,
}

#[derive(Default)]
struct Shard {
    /// What the clock said the last time.
    seen: Option<Timestamp>,
    /// How much of it has passed, not counting when it went back: debts must not grow by that.
    passed: Duration,
    /// When the debt of each has run out.
    free_at: HashMap<Box<str>, Duration>,
    /// The number of keys at which those without debt are cleared away: twice what was left the last time, so that
    /// clearing costs no more than inserting.
    clear_at: usize,
}

impl InProcessLimiter {
    /// The most callers that are remembered.
    pub const KEYS_MAX: usize = 160_000;

    /// A limiter that goes by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_keys_max(clock, Self::KEYS_MAX)
    }

    /// A limiter that remembers at most so many callers, rounded up to a multiple of 16.
    #[must_use]
    pub fn with_keys_max(clock: Arc<dyn Clock>, keys_max: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { clock, hasher: RandomState::new(), shards, shard_keys_max: keys_max.div_ceil(SHARDS).max(1) }
    }

    /// Takes one request out of the quota of `key`, as [`RateLimiter::take`](crate::RateLimiter::take) does.
    pub fn take(&self, key: &str, quota: Quota) -> Verdict {
        self.decide(key, |debt| quota.take(debt))
    }

    /// Gives one request back, as [`RateLimiter::give_back`](crate::RateLimiter::give_back) does.
    pub fn give_back(&self, key: &str, quota: Quota) -> Verdict {
        self.decide(key, |debt| quota.give_back(debt))
    }

    /// The debt of a caller.
    #[must_use]
    pub fn debt(&self, key: &str) -> Duration {
        self.shard(key).debt(key)
    }

    /// Takes note of a debt that was decided elsewhere.
    pub fn remember(&self, key: &str, debt: Duration) {
        self.decide(key, |_| ((), debt));
    }

    fn decide<T>(&self, key: &str, decide: impl FnOnce(Duration) -> (T, Duration)) -> T {
        let mut shard = self.shard(key);
        let before = shard.debt(key);
        let (decided, debt) = decide(before);
        shard.write(key, debt, self.shard_keys_max);
        decided
    }

    /// How many callers are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).free_at.len()).sum()
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut shard = locked(&self.shards[index]);
        // Not before: an instant that waits for its turn is older than the last one, and counts as a clock that went back.
        shard.tick(self.clock.now());
        shard
    }
}

impl fmt::Debug for InProcessLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessLimiter").field("keys", &self.keys()).finish_non_exhaustive()
    }
}

/// Whoever panicked left a map that is whole: every change of it is one insertion or removal.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn tick(&mut self, now: Timestamp) {
        let before = self.seen.replace(now).unwrap_or(now);
        self.passed += now.since(before);
    }

    fn debt(&self, key: &str) -> Duration {
        self.free_at.get(key).map_or(Duration::ZERO, |free_at| free_at.saturating_sub(self.passed))
    }

    fn write(&mut self, key: &str, debt: Duration, keys_max: usize) {
        if debt.is_zero() {
            self.free_at.remove(key);
            return;
        }
        let free_at = self.passed + debt;
        if let Some(known) = self.free_at.get_mut(key) {
            *known = free_at;
            return;
        }
        if self.free_at.len() >= self.clear_at.max(SMALL.min(keys_max)) {
            self.clear(keys_max);
        }
        self.free_at.insert(key.into(), free_at);
    }

    /// Forgets those without debt, and while there are too many also those with the smallest debts.
    fn clear(&mut self, keys_max: usize) {
        self.free_at.retain(|_, free_at| *free_at > self.passed);
        if self.free_at.len() >= keys_max {
            let mut debts: Vec<Duration> = self.free_at.values().copied().collect();
            // A quarter, and not one: looking through all of them is dear.
            let quarter = debts.len() / 4;
            let (_, border, _) = debts.select_nth_unstable(quarter);
            let border = *border;
            self.free_at.retain(|_, free_at| *free_at > border);
        }
        self.free_at.shrink_to(self.free_at.len() * 2);
        self.clear_at = (self.free_at.len() * 2).clamp(SMALL.min(keys_max), keys_max);
    }
}

#[cfg(all(test, feature = "testkit"))]
mod tests {
    use std::pin::Pin;

    use super::*;
    use crate::testkit::MockClock;

    fn limiter(keys_max: usize) -> (InProcessLimiter, Arc<MockClock>) {
        let clock = Arc::new(MockClock::default());
        (InProcessLimiter::with_keys_max(Arc::clone(&clock) as _, keys_max), clock)
    }

    #[test]
    fn who_has_no_debt_is_forgotten() {
        let (limiter, clock) = limiter(100_000);
        let quota: Quota = "10/m".parse().unwrap();
        let mut most = 0;
        for n in 0..20_000 {
            assert!(limiter.take(&format!("caller {n}"), quota).is_allowed());
            clock.advance(Duration::from_millis(10)); // a debt of 6 s is 600 callers old
            most = most.max(limiter.keys());
        }
        assert!(most < 10_000, "{most} are remembered where some 600 have a debt");
        let last = "caller 19999";
        let _ = limiter.give_back(last, quota);
        assert_eq!(limiter.take(last, quota).remaining, 9);
    }

    #[test]
    fn what_was_decided_elsewhere_counts_here() {
        let (limiter, clock) = limiter(100);
        let quota: Quota = "10/m".parse().unwrap();
        limiter.remember("caller", Duration::from_secs(54));
        assert_eq!(limiter.take("caller", quota).remaining, 0);
        clock.advance(Duration::from_secs(10));
        assert_eq!(limiter.debt("caller"), Duration::from_secs(50));
        limiter.remember("caller", Duration::ZERO);
        assert_eq!(limiter.keys(), 0);
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_debt() {
        let (limiter, clock) = limiter(100);
        let quota: Quota = "10/m".parse().unwrap();
        assert_eq!(limiter.take("caller", quota).remaining, 9);
        clock.set(clock.now().minus(Duration::from_secs(3_600)));
        assert_eq!(limiter.take("caller", quota).remaining, 8);
        clock.advance(Duration::from_secs(6));
        assert_eq!(limiter.take("caller", quota).remaining, 8);
    }

    /// A clock that sees whether somebody has a shard to himself.
    #[derive(Default)]
    struct Looking {
        limiter: std::sync::OnceLock<std::sync::Weak<InProcessLimiter>>,
        alone: std::sync::atomic::AtomicBool,
    }

    impl Clock for Looking {
        fn now(&self) -> Timestamp {
            let limiter = self.limiter.get().and_then(std::sync::Weak::upgrade);
            let alone =
                |limiter: Arc<InProcessLimiter>| limiter.shards.iter().any(|shard| shard.try_lock().is_err());
            let alone = limiter.is_some_and(alone);
            self.alone.store(alone, std::sync::atomic::Ordering::Relaxed);
            MockClock::default().now()
        }

        fn sleep<'a, 'b>(&'a self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'b>>
        where
            'a: 'b,
            Self: 'b,
        {
            Box::pin(std::future::ready(()))
        }
    }

    #[test]
    fn instants_come_in_the_order_in_which_they_were_read() {
        let clock = Arc::new(Looking::default());
        let limiter = Arc::new(InProcessLimiter::new(Arc::clone(&clock) as _));
        clock.limiter.set(Arc::downgrade(&limiter)).unwrap();
        assert!(limiter.take("caller", "10/m".parse().unwrap()).is_allowed());
        assert!(
            clock.alone.load(std::sync::atomic::Ordering::Relaxed),
            "the clock is read before it is the caller's turn"
        );
    }

    #[test]
    fn memory_is_bounded_and_the_deepest_debts_stay() {
        let (limiter, _) = limiter(16 * 50);
        let (reads, logins): (Quota, Quota) = ("6000/h".parse().unwrap(), "10/15m".parse().unwrap());
        let attackers: Vec<String> = (0..50).map(|n| format!("attacker {n}")).collect();
        for attacker in &attackers {
            while limiter.take(attacker, logins).is_allowed() {}
        }
        for n in 0..100_000 {
            let _ = limiter.take(&format!("address {n}"), reads);
            assert!(n % 1_000 > 0 || limiter.keys() <= 16 * 50, "{} are remembered", limiter.keys());
        }
        for attacker in &attackers {
            assert!(!limiter.take(attacker, logins).is_allowed(), "{attacker} was washed out");
        }
    }

    #[test]
    fn it_is_bounded_also_when_all_owe_the_same() {
        let (limiter, _) = limiter(16 * 8);
        let quota: Quota = "2/h".parse().unwrap();
        for n in 0..10_000 {
            assert!(limiter.take(&format!("address {n}"), quota).is_allowed());
            assert!(limiter.keys() <= 16 * 8, "{} are remembered", limiter.keys());
        }
    }
}
