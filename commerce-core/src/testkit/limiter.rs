//! What every rate limiter must do, as tests that any adapter runs.
//!
//! An adapter says how a fresh limiter is opened, and gets one `#[test]` for each case:
//!
//! ```ignore
//! struct InProcess;
//!
//! #[async_trait::async_trait]
//! impl LimiterFixture for InProcess {
//!     async fn open(&self) -> OpenedLimiter {
//!         let clock = Arc::new(MockClock::default());
//!         OpenedLimiter::new(InProcessLimiter::new(Arc::clone(&clock) as _)).clock(clock)
//!     }
//! }
//!
//! commerce_core::limiter_conformance!(InProcess);
//! ```
//!
//! Cases ask for exact answers where time cannot matter: they use quotas that give nothing back within two minutes. Where
//! time has to pass, it is a clock's when the limiter has one that can be set, else the real one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::limit::{Quota, Verdict};
use crate::testkit::MockClock;
use crate::{Clock, RateLimiter};

/// How the adapter under test opens a limiter.
#[async_trait]
pub trait LimiterFixture: Send + Sync + 'static {
    /// Opens a limiter that has counted nothing yet, and that nobody else uses.
    async fn open(&self) -> OpenedLimiter;
}

/// A limiter that was opened for a case.
#[must_use = "an opened limiter is there to be tested"]
pub struct OpenedLimiter {
    /// The limiter.
    pub limiter: Arc<dyn RateLimiter>,
    /// The clock that it reads, when that can be set.
    pub clock: Option<Arc<MockClock>>,
}

impl OpenedLimiter {
    /// This limiter, which has a clock of its own.
    pub fn new(limiter: impl RateLimiter) -> Self {
        Self { limiter: Arc::new(limiter), clock: None }
    }

    /// It reads this clock.
    pub fn clock(mut self, clock: Arc<MockClock>) -> Self {
        self.clock = Some(clock);
        self
    }

    async fn take(&self, key: &str, quota: Quota) -> Verdict {
        let verdict = self.limiter.take(key, quota).await;
        consistent(verdict, quota);
        verdict
    }

    async fn give_back(&self, key: &str, quota: Quota) -> Verdict {
        let verdict = self.limiter.give_back(key, quota).await;
        assert!(verdict.is_allowed(), "giving back is never refused");
        consistent(verdict, quota);
        verdict
    }

    async fn wait(&self, duration: Duration) {
        match &self.clock {
            Some(clock) => clock.advance(duration),
            None => tokio::time::sleep(duration).await,
        }
    }
}

/// Makes a `#[test]` of every case of the suite, over the limiter that this [`LimiterFixture`] opens. Once in a module.
#[macro_export]
macro_rules! limiter_conformance {
    ($fixture:expr) => {
        $crate::limiter_conformance! { $fixture =>
            a_burst_passes_and_no_more
            of_many_at_once_exactly_the_burst_passes
            what_was_used_comes_back_evenly
            keys_are_independent
            what_is_given_back_can_be_taken_again
            a_smaller_quota_counts_at_once
            limits_of_every_size
            a_clock_that_jumps_locks_nobody_out
        }
    };
    ($fixture:expr => $($case:ident)+) => {$(
        #[test]
        fn $case() {
            $crate::testkit::conformance::block_on(async {
                let opened = $crate::testkit::limiter::LimiterFixture::open(&$fixture).await;
                $crate::testkit::limiter::$case(&opened).await;
            });
        }
    )+};
}

/// What holds of every verdict.
fn consistent(verdict: Verdict, quota: Quota) {
    assert_eq!(verdict.limit, quota.limit());
    assert!(verdict.remaining <= quota.limit(), "{verdict:?}");
    assert!(verdict.reset <= quota.debt_max(), "{verdict:?} of {quota}");
    assert!(verdict.reset_seconds() >= verdict.reset.as_secs());
    if let Some(wait) = verdict.retry_after {
        assert_eq!(verdict.remaining, 0, "who is refused has nothing left");
        assert!(Duration::ZERO < wait && wait <= quota.interval() && wait <= verdict.reset, "{verdict:?}");
        let seconds = verdict.retry_after_seconds().unwrap();
        assert!(seconds >= 1 && Duration::from_secs(seconds) >= wait, "{verdict:?}");
        assert!(seconds <= verdict.reset_seconds(), "{verdict:?}");
    }
}

fn quota(text: &str) -> Quota {
    text.parse().unwrap()
}

/// One after the other.
pub async fn a_burst_passes_and_no_more(opened: &OpenedLimiter) {
    for quota in [quota("5/hour"), quota("20/hour burst 5")] {
        let key = quota.to_string();
        let mut reset = Duration::ZERO;
        for left in (0..5).rev() {
            let verdict = opened.take(&key, quota).await;
            assert_eq!((verdict.is_allowed(), verdict.remaining), (true, left));
            assert!(verdict.reset > reset, "each request takes its time to come back");
            reset = verdict.reset;
        }
        for _ in 0..3 {
            let refused = opened.take(&key, quota).await;
            assert!(!refused.is_allowed(), "a sixth of five passed");
            assert!(refused.reset <= reset, "a refusal costs nothing");
        }
    }
}

/// Tasks on all threads take from one key.
pub async fn of_many_at_once_exactly_the_burst_passes(opened: &OpenedLimiter) {
    let quota = quota("50/hour");
    let tasks: Vec<_> = (0..300)
        .map(|_| {
            let limiter = Arc::clone(&opened.limiter);
            tokio::spawn(async move { limiter.take("one for all", quota).await })
        })
        .collect();
    let mut left = Vec::new();
    for task in tasks {
        let verdict = task.await.unwrap();
        consistent(verdict, quota);
        left.extend(verdict.is_allowed().then_some(verdict.remaining));
    }
    left.sort_unstable();
    assert_eq!(left, (0..50).collect::<Vec<_>>(), "each of 50 passed once");
}

/// Whoever waits as long as was said gets through, and nobody gets through more often than the rate says.
pub async fn what_was_used_comes_back_evenly(opened: &OpenedLimiter) {
    let quota = quota("20/s burst 2");
    let (begun, before) = (Instant::now(), opened.clock.as_ref().map(|clock| clock.now()));
    let mut passed = 0_u128;
    for _ in 0..8 {
        let wait = loop {
            assert!(passed < 10_000, "it lets everything through");
            match opened.take("key", quota).await.retry_after {
                None => passed += 1,
                Some(wait) => break wait,
            }
        };
        opened.wait(wait).await;
        assert!(opened.take("key", quota).await.is_allowed(), "what was said is so");
        passed += 1;
    }
    let span = match (&opened.clock, before) {
        (Some(clock), Some(before)) => {
            let micros = clock.now().as_micros() - before.as_micros();
            let exact = 2 + micros / 50_000;
            assert_eq!(i64::try_from(passed).unwrap(), exact);
            return;
        }
        // Another machine's clock may run a little faster than ours.
        _ => begun.elapsed() + Duration::from_millis(20),
    };
    assert!(passed <= 2 + span.as_micros() / 50_000, "{passed} in {span:?}");
}

/// Also keys that look alike, and keys with bytes that mean something elsewhere.
pub async fn keys_are_independent(opened: &OpenedLimiter) {
    let quota = quota("1/hour");
    let long = "k".repeat(255);
    let keys = [
        "",
        "a",
        "A",
        "a ",
        " a",
        "a:b",
        "{a}",
        "{a}b",
        "{}",
        "a\0",
        "a\r\nb",
        "*",
        "ä",
        "a\u{308}",
        "2001:db8::/64",
        &long,
        &format!("{long}k"),
        &format!("{long}l"),
    ];
    for key in keys {
        assert!(opened.take(key, quota).await.is_allowed(), "{key:?} is another key");
    }
    for key in keys {
        assert!(!opened.take(key, quota).await.is_allowed(), "{key:?} is known");
    }
}

/// And no more than was taken.
pub async fn what_is_given_back_can_be_taken_again(opened: &OpenedLimiter) {
    let quota = quota("3/hour");
    assert_eq!(opened.give_back("nobody", quota).await.remaining, 3);
    assert_eq!(opened.take("nobody", quota).await.remaining, 2, "nobody saves up");
    for left in (0..3).rev() {
        assert_eq!(opened.take("key", quota).await.remaining, left);
    }
    assert_eq!(opened.give_back("key", quota).await.remaining, 1);
    assert!(opened.take("key", quota).await.is_allowed());
    assert!(!opened.take("key", quota).await.is_allowed());
    for left in [1, 2, 3, 3, 3] {
        assert_eq!(opened.give_back("key", quota).await.remaining, left);
    }
    for left in (0..3).rev() {
        assert_eq!(opened.take("key", quota).await.remaining, left);
    }
    assert!(!opened.take("key", quota).await.is_allowed());
}

/// Whoever used much under the old one waits, and no longer than under the new one.
pub async fn a_smaller_quota_counts_at_once(opened: &OpenedLimiter) {
    let (large, small) = (quota("100/day"), quota("2/hour"));
    for _ in 0..100 {
        assert!(opened.take("key", large).await.is_allowed());
    }
    let refused = opened.take("key", small).await;
    assert!(!refused.is_allowed() && refused.reset <= small.debt_max(), "{refused:?}");
    assert_eq!(opened.give_back("key", small).await.remaining, 1);
}

/// From one in a month to a million in a second.
pub async fn limits_of_every_size(opened: &OpenedLimiter) {
    let rare = quota("1/31d");
    assert!(opened.take("rare", rare).await.is_allowed());
    let refused = opened.take("rare", rare).await;
    assert!(refused.retry_after.unwrap() > Duration::from_secs(30 * 86_400), "{refused:?}");
    let often = quota("1000000/s");
    for _ in 0..100 {
        assert!(opened.take("often", often).await.remaining > 900_000);
    }
    let uneven = quota("7/m burst 3");
    for left in (0..3).rev() {
        assert_eq!(opened.take("uneven", uneven).await.remaining, left);
    }
}

/// Forward by a year, and back again. Only where the clock can be set.
pub async fn a_clock_that_jumps_locks_nobody_out(opened: &OpenedLimiter) {
    let Some(clock) = &opened.clock else { return };
    let quota = quota("3/hour");
    let spend = async || while opened.take("key", quota).await.is_allowed() {};
    spend().await;
    let (before, year) = (clock.now(), Duration::from_secs(365 * 86_400));
    clock.advance(year);
    assert_eq!(opened.take("key", quota).await.remaining, 2, "all of it has come back");
    spend().await;
    clock.set(before);
    let refused = opened.take("key", quota).await;
    assert!(refused.retry_after.unwrap() <= quota.interval(), "{refused:?}");
    clock.advance(quota.interval());
    assert!(
        opened.take("key", quota).await.is_allowed(),
        "a clock that went back by a year costs an interval"
    );
}
