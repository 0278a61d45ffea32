//! The limiter on a real Redis: the suite of the port, and what happens when Redis does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use commerce_cache_redis::{RedisLimiter, RedisLink};
use commerce_core::limit::Quota;
use commerce_core::testkit::MockClock;
use commerce_core::testkit::limiter::{LimiterFixture, OpenedLimiter};
use commerce_core::{Clock, RateLimiter};

use crate::server::{PATIENCE, RedisServer};

/// Long enough for a machine that does much else: what is late is counted elsewhere, and the cases ask for exact numbers.
const LONG: Duration = Duration::from_secs(20);
/// What tests of faults wait for a hung Redis.
const SHORT: Duration = Duration::from_millis(200);

struct OnRedis;

/// Drops the server after the limiter.
struct Owned(RedisLimiter, #[expect(dead_code, reason = "kept until the limiter is gone")] RedisServer);

#[async_trait]
impl RateLimiter for Owned {
    async fn take(&self, key: &str, quota: Quota) -> commerce_core::limit::Verdict {
        assert!(self.0.link_is_up());
        self.0.take(key, quota).await
    }

    async fn give_back(&self, key: &str, quota: Quota) -> commerce_core::limit::Verdict {
        self.0.give_back(key, quota).await
    }
}

#[async_trait]
impl LimiterFixture for OnRedis {
    async fn open(&self) -> OpenedLimiter {
        let server = RedisServer::start();
        let limiter = limiter(&server.url(), LONG).await;
        OpenedLimiter::new(Owned(limiter, server))
    }
}

commerce_core::limiter_conformance!(OnRedis);

/// A limiter on its own link, as a server of its own would have it. Its process's clock stands still, so that whatever
/// comes back comes back by the clock of Redis.
async fn limiter(url: &str, deadline: Duration) -> RedisLimiter {
    let link = RedisLink::with_deadline(&url.into(), deadline).unwrap();
    assert!(link.connect().await, "Redis is there");
    RedisLimiter::new(link, Arc::new(MockClock::default()))
}

fn quota(text: &str) -> Quota {
    text.parse().unwrap()
}

pub(crate) async fn spend(limiter: &impl RateLimiter, key: &str, quota: Quota) -> u32 {
    let mut passed = 0;
    while limiter.take(key, quota).await.is_allowed() {
        passed += 1;
        assert!(passed <= quota.limit(), "more than {quota} passed");
    }
    passed
}

async fn until_up(limiter: &RedisLimiter) {
    let begun = Instant::now();
    while !limiter.link_is_up() {
        assert!(begun.elapsed() < PATIENCE, "Redis is back and nobody notices");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_count_together() {
    let redis = RedisServer::start();
    let (one, other) = (limiter(&redis.url(), LONG).await, limiter(&redis.url(), LONG).await);
    let quota = quota("10/hour");
    for left in (0..10).rev() {
        let limiter = if left % 2 == 0 { &one } else { &other };
        assert_eq!(limiter.take("caller", quota).await.remaining, left);
    }
    assert!(!one.take("caller", quota).await.is_allowed());
    assert!(!other.take("caller", quota).await.is_allowed());
    assert_eq!(other.give_back("caller", quota).await.remaining, 1);
    assert_eq!(one.take("caller", quota).await.remaining, 0);
    let another_shop = one.clone().prefix("other:");
    assert_eq!(another_shop.take("somebody", quota).await.remaining, 9);
    assert_eq!(other.take("somebody", quota).await.remaining, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_killed_loses_no_limit() {
    let mut redis = RedisServer::start();
    let limiter = limiter(&redis.url(), SHORT).await;
    let quota = quota("10/hour");
    for _ in 0..4 {
        assert!(limiter.take("caller", quota).await.is_allowed());
    }
    redis.kill();
    // What Redis said last still counts, and so does what comes now.
    assert_eq!(spend(&limiter, "caller", quota).await, 6);
    assert!(!limiter.link_is_up());
    assert_eq!(spend(&limiter, "stranger", quota).await, 10);
    redis.restart();
    until_up(&limiter).await;
    // It is empty, and learns what this server knows; from it the others do.
    assert!(!limiter.take("caller", quota).await.is_allowed());
    let other = self::limiter(&redis.url(), LONG).await;
    assert!(!other.take("caller", quota).await.is_allowed());
    assert!(other.take("newcomer", quota).await.is_allowed());
    assert_eq!(limiter.take("newcomer", quota).await.remaining, 8, "both count on Redis again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_delays_one_answer() {
    let redis = RedisServer::start();
    let limiter = limiter(&redis.url(), SHORT).await;
    let quota = quota("50/hour");
    assert!(limiter.take("caller", quota).await.is_allowed());
    redis.hang();
    let begun = Instant::now();
    assert_eq!(limiter.take("caller", quota).await.remaining, 48);
    assert!(begun.elapsed() >= SHORT, "it was asked");
    let begun = Instant::now();
    assert_eq!(spend(&limiter, "caller", quota).await, 48);
    // Fifty answers in much less than two of its deadlines: nobody waits for it any more.
    assert!(begun.elapsed() < Duration::from_secs(5) && !limiter.link_is_up());
    redis.resume();
    until_up(&limiter).await;
    // Redis has 1 or 2 of them, as the one that it was asked for came late. What it has counts.
    let left = limiter.take("caller", quota).await.remaining;
    assert!((46..=48).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_wait_no_longer_than_one_for_a_redis_that_hangs() {
    let redis = RedisServer::start();
    let limiter = limiter(&redis.url(), SHORT).await;
    let quota = quota("50/hour");
    assert!(limiter.take("caller", quota).await.is_allowed());
    redis.hang();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move { limiter.take("caller", quota).await.is_allowed() })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        passed += usize::from(task.await.unwrap());
    }
    assert_eq!(passed, 49, "exactly the rest of the budget");
    redis.resume();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_emptied_is_taught() {
    let redis = RedisServer::start();
    let (one, other) = (limiter(&redis.url(), LONG).await, limiter(&redis.url(), LONG).await);
    let quota = quota("10/15m");
    assert_eq!(spend(&one, "login_account:42", quota).await, 10);
    let mut client = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    redis::cmd("FLUSHALL").exec(&mut client).unwrap();
    redis::cmd("SCRIPT").arg("FLUSH").exec(&mut client).unwrap();
    assert!(!one.take("login_account:42", quota).await.is_allowed());
    assert!(!other.take("login_account:42", quota).await.is_allowed(), "it has learnt from the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_full_or_read_only_is_not_relied_on() {
    let redis = RedisServer::start();
    let limiter = limiter(&redis.url(), LONG).await;
    let quota = quota("10/hour");
    assert!(limiter.take("caller", quota).await.is_allowed());
    let mut client = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1").exec(&mut client).unwrap();
    assert_eq!(spend(&limiter, "caller", quota).await, 9);
    assert!(!limiter.link_is_up());
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("0").exec(&mut client).unwrap();
    until_up(&limiter).await;
    redis::cmd("REPLICAOF").arg("127.0.0.1").arg("1").exec(&mut client).unwrap();
    assert_eq!(spend(&limiter, "stranger", quota).await, 10);
    redis::cmd("REPLICAOF").arg("NO").arg("ONE").exec(&mut client).unwrap();
    until_up(&limiter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_by_themselves_and_odd_values_harm_nobody() {
    let redis = RedisServer::start();
    let limiter = limiter(&redis.url(), LONG).await;
    let mut client = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    let quota = quota("10/hour");
    assert!(limiter.take("caller", quota).await.is_allowed());
    let key = "commerce:limit:caller";
    let lives: i64 = redis::cmd("PTTL").arg(key).query(&mut client).unwrap();
    assert!((300_000..=360_001).contains(&lives), "one tenth of an hour: {lives}");
    assert_eq!(limiter.give_back("caller", quota).await.remaining, 10);
    assert_eq!(redis::cmd("EXISTS").arg(key).query(&mut client), Ok(0));

    // As after a clock that went back by many years.
    redis::cmd("SET").arg(key).arg("9000000000000000").exec(&mut client).unwrap();
    let refused = limiter.take("caller", quota).await;
    assert!(refused.retry_after.unwrap() <= quota.interval(), "{refused:?}");
    let lives: i64 = redis::cmd("PTTL").arg(key).query(&mut client).unwrap();
    assert!(lives <= 3_600_001, "it is cut down to an hour: {lives}");

    redis::cmd("SET").arg(key).arg("no number").exec(&mut client).unwrap();
    assert!(!limiter.take("caller", quota).await.is_allowed(), "what the server knows counts instead");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_from_the_beginning_it_counts_and_finds_it_later() {
    let mut redis = RedisServer::start();
    let url = redis.url();
    redis.kill();
    let link = RedisLink::with_deadline(&url.as_str().into(), SHORT).unwrap();
    assert!(!link.connect().await);
    let clock = Arc::new(MockClock::default());
    let limiter = RedisLimiter::new(link, Arc::clone(&clock) as Arc<dyn Clock>);
    let quota = quota("5/hour");
    assert_eq!(spend(&limiter, "caller", quota).await, 5);
    clock.advance(Duration::from_secs(720));
    assert!(limiter.take("caller", quota).await.is_allowed());
    assert!(!limiter.take("caller", quota).await.is_allowed());
    redis.restart();
    until_up(&limiter).await;
    assert!(!limiter.take("caller", quota).await.is_allowed());
}
