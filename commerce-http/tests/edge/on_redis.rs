//! Servers that count together on Redis, while there is one.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::serving;
use crate::redis_server::RedisServer;
use crate::server::{DEADLINE, TestServer};

const PRODUCTS: &str = "/api/products/?page_size=1";

async fn left(client: &reqwest::Client, base: &str) -> (u16, u32) {
    let begun = Instant::now();
    let reply = client.get(format!("{base}{PRODUCTS}")).send().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "nobody waits long for Redis");
    let remaining = reply.headers()["ratelimit-remaining"].to_str().unwrap().parse().unwrap();
    (reply.status().as_u16(), remaining)
}

/// Whether Redis knows of no caller.
fn knows_nobody(redis: &RedisServer) -> bool {
    let url = redis.url();
    let mut stream = UnixStream::connect(url.trim_start_matches("redis+unix://")).unwrap();
    stream.write_all(b"KEYS commerce:limit:*\r\n").unwrap();
    let mut answer = [0; 256];
    let length = stream.read(&mut answer).unwrap();
    answer[..length] == *b"*0\r\n"
}

async fn counting(redis: &RedisServer, limits: &str) -> TestServer {
    serving(&[("COMMERCE_REDIS_URL", &redis.url()), ("COMMERCE_RATE_LIMITS", limits)]).await
}

#[tokio::test]
async fn two_servers_have_one_budget_and_go_on_without_redis() {
    let mut redis = RedisServer::start();
    let limits = "address_reads=40/hour";
    let mut one = counting(&redis, limits).await;
    let mut other = counting(&redis, limits).await;
    let client = reqwest::Client::new();
    let mut seen = Vec::new();
    for n in 0..10 {
        let server = if n % 2 == 0 { &one } else { &other };
        seen.push(left(&client, server.url()).await.1);
    }
    // On a machine that is busy an answer of Redis may be late, and then counts in the process; it is the exception.
    assert!(seen.last().is_some_and(|left| (30..=34).contains(left)), "{seen:?}");

    redis.hang();
    let before = left(&client, one.url()).await.1;
    assert_eq!(left(&client, one.url()).await, (200, before - 1));
    redis.resume();
    redis.kill();
    let mut passed = 0;
    while left(&client, one.url()).await.0 == 200 {
        passed += 1;
        assert!(passed <= 40, "Redis is gone, and so are limits");
    }
    assert_eq!(left(&client, one.url()).await, (429, 0));
    assert_eq!(left(&client, other.url()).await.0, 200, "it counts for itself");

    redis.restart();
    let metrics = one.get("/metrics").send().await.text;
    assert!(metrics.contains("rate_limiter_fallbacks_total"), "{metrics}");
    // Redis is empty, and learns from whoever asks first: here the one that has nothing left.
    let begun = Instant::now();
    while knows_nobody(&redis) {
        assert_eq!(left(&client, one.url()).await.0, 429);
        assert!(begun.elapsed() < DEADLINE, "it does not go back to Redis");
    }
    // What has not changed is free, so asking does not use up what the other server would let through by itself. One that
    // was counted in the process may be given back on Redis, just when that is there again.
    let tag = other.get(PRODUCTS).send().await.header("etag").to_owned();
    loop {
        let asked = other.get(PRODUCTS).header("If-None-Match", &tag).send().await;
        let left: u32 = asked.header("ratelimit-remaining").parse().unwrap();
        if asked.status == 429 || left <= 1 {
            break;
        }
        assert!(
            asked.status == 304 && begun.elapsed() < DEADLINE,
            "they do not count together again: {left}"
        );
    }
    let log = one.stop().await;
    assert!(log.contains("Redis does not answer"), "{log}");
    other.stop().await;
}

#[tokio::test]
async fn a_server_starts_without_its_redis() {
    let mut redis = RedisServer::start();
    redis.kill();
    let mut server = counting(&redis, "address_reads=2/hour").await;
    let client = reqwest::Client::new();
    assert_eq!(left(&client, server.url()).await, (200, 1));
    assert_eq!(left(&client, server.url()).await, (200, 0));
    assert_eq!(left(&client, server.url()).await, (429, 0));
    let log = server.stop().await;
    assert!(log.contains("Redis does not answer"), "{log}");
}
