//! The cache on a real Redis: the suite of the port, and what happens when Redis does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use commerce_cache_redis::{RedisCache, RedisLink};
use commerce_core::Cache;
use commerce_core::testkit::cache::CacheFixture;

use crate::server::{PATIENCE, RedisServer};

/// Long enough for a machine that does much else: what is late is not found, and the cases expect to find it.
const LONG: Duration = Duration::from_secs(20);
/// What tests of faults wait for a hung Redis.
const SHORT: Duration = Duration::from_millis(200);

struct OnRedis;

/// Drops the server after the cache.
struct Owned(RedisCache, #[expect(dead_code, reason = "kept until the cache is gone")] RedisServer);

#[async_trait]
impl Cache for Owned {
    async fn get(&self, key: &str) -> Option<Bytes> {
        self.0.get(key).await
    }

    async fn put(&self, key: &str, value: Bytes) {
        self.0.put(key, value).await;
    }
}

#[async_trait]
impl CacheFixture for OnRedis {
    async fn open(&self) -> Arc<dyn Cache> {
        let server = RedisServer::start();
        let (cache, _) = cache(&server, LONG).await;
        Arc::new(Owned(cache, server))
    }
}

commerce_core::cache_conformance!(OnRedis);

/// A cache on its own link, as a server of its own would have it.
async fn cache(server: &RedisServer, deadline: Duration) -> (RedisCache, RedisLink) {
    let link = RedisLink::with_deadline(&server.url().as_str().into(), deadline).unwrap();
    assert!(link.connect().await, "Redis is there");
    (RedisCache::new(link.clone()), link)
}

async fn found(cache: &RedisCache) -> Option<Bytes> {
    cache.get("key").await
}

async fn until_up(link: &RedisLink) {
    let begun = Instant::now();
    while !link.is_up() {
        assert!(begun.elapsed() < PATIENCE, "Redis is back and nobody notices");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_find_what_others_put_and_shops_do_not() {
    let redis = RedisServer::start();
    let ((one, _), (other, _)) = (cache(&redis, LONG).await, cache(&redis, LONG).await);
    let value = Bytes::from_static(b"value");
    one.put("key", value.clone()).await;
    assert_eq!(found(&other).await, Some(value.clone()));
    let another_shop = one.clone().prefix("other:");
    assert_eq!(found(&another_shop).await, None);
    another_shop.put("key", Bytes::from_static(b"theirs")).await;
    assert_eq!(found(&other).await, Some(value));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_killed_or_emptied_finds_nothing_and_is_taken_up_again() {
    let mut redis = RedisServer::start();
    let (cache, link) = cache(&redis, SHORT).await;
    let value = Bytes::from_static(b"value");
    cache.put("key", value.clone()).await;
    assert_eq!(found(&cache).await, Some(value.clone()));
    redis.kill();
    for _ in 0..3 {
        assert_eq!(found(&cache).await, None);
        cache.put("key", value.clone()).await;
    }
    assert!(!link.is_up());
    redis.restart();
    until_up(&link).await;
    assert_eq!(found(&cache).await, None, "it is empty");
    cache.put("key", value.clone()).await;
    assert_eq!(found(&cache).await, Some(value));
    let mut client = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    redis::cmd("FLUSHALL").exec(&mut client).unwrap();
    assert_eq!(found(&cache).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_waited_for_once() {
    let redis = RedisServer::start();
    let (cache, link) = cache(&redis, SHORT).await;
    cache.put("key", Bytes::from_static(b"value")).await;
    redis.hang();
    let begun = Instant::now();
    assert_eq!(found(&cache).await, None);
    assert!(begun.elapsed() >= SHORT, "it was asked");
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(found(&cache).await, None);
        cache.put("key", Bytes::from_static(b"value")).await;
    }
    // Two hundred calls in much less than a hundred of its deadlines: nobody waits for it any more.
    assert!(begun.elapsed() < Duration::from_secs(5) && !link.is_up());
    redis.resume();
    until_up(&link).await;
    assert_eq!(found(&cache).await.as_deref(), Some(&b"value"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_go_by_themselves_and_odd_ones_are_not_found() {
    let redis = RedisServer::start();
    let (cache, _) = cache(&redis, LONG).await;
    let mut client = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    cache.put("key", Bytes::from_static(b"value")).await;
    let lives: i64 = redis::cmd("PTTL").arg("commerce:cache:key").query(&mut client).unwrap();
    assert!((1..=300_000).contains(&lives), "five minutes: {lives}");
    cache.put("too large", vec![0; (4 << 20) + 1].into()).await;
    assert_eq!(cache.get("too large").await, None);
    redis::cmd("DEL").arg("commerce:cache:key").exec(&mut client).unwrap();
    redis::cmd("LPUSH").arg("commerce:cache:key").arg("an").arg("other").exec(&mut client).unwrap();
    assert_eq!(found(&cache).await, None, "it is a list");
}
