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
    /// When the debt of each has run out.
    free_at: HashMap<Box<str>, Timestamp>,
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
        let now = self.clock.now();
        let mut shard = self.shard(key);
        let (verdict, debt) = quota.take(shard.debt(key, now));
        // A refusal changes nothing, unless the debt was cut down to what the quota knows.
        shard.write(key, debt, now, self.shard_keys_max);
        verdict
    }

    /// Gives one request back, as [`RateLimiter::give_back`](crate::RateLimiter::give_back) does.
    pub fn give_back(&self, key: &str, quota: Quota) -> Verdict {
        let now = self.clock.now();
        let mut shard = self.shard(key);
        let (verdict, debt) = quota.give_back(shard.debt(key, now));
        shard.write(key, debt, now, self.shard_keys_max);
        verdict
    }

    /// How many callers are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).free_at.len()).sum()
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        locked(&self.shards[index])
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
    fn debt(&self, key: &str, now: Timestamp) -> Duration {
        self.free_at.get(key).map_or(Duration::ZERO, |free_at| between(now, *free_at))
    }

    fn write(&mut self, key: &str, debt: Duration, now: Timestamp, keys_max: usize) {
        if debt.is_zero() {
            self.free_at.remove(key);
            return;
        }
        if let Some(free_at) = self.free_at.get_mut(key) {
            *free_at = now.plus(debt);
            return;
        }
        if self.free_at.len() >= self.clear_at.max(SMALL.min(keys_max)) {
            self.clear(now, keys_max);
        }
        self.free_at.insert(key.into(), now.plus(debt));
    }

    /// Forgets those without debt, and while there are too many also those with the smallest debts.
    fn clear(&mut self, now: Timestamp, keys_max: usize) {
        self.free_at.retain(|_, free_at| *free_at > now);
        if self.free_at.len() >= keys_max {
            let mut debts: Vec<Timestamp> = self.free_at.values().copied().collect();
            // A quarter, and not one: looking through all of them is dear.
            let middle = debts.len() / 4;
            let (_, border, _) = debts.select_nth_unstable(middle);
            let border = *border;
            self.free_at.retain(|_, free_at| *free_at > border);
        }
        self.free_at.shrink_to(self.free_at.len() * 2);
        self.clear_at = (self.free_at.len() * 2).clamp(SMALL.min(keys_max), keys_max);
    }
}

fn between(now: Timestamp, later: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(later.as_micros() - now.as_micros()).unwrap_or(0))
}

#[cfg(all(test, feature = "testkit"))]
mod tests {
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
