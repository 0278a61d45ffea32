//! The edge of the server: who may ask how often, from where, and in what form.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "redis"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod browsers;
mod cached;
#[path = "../server/chromium.rs"]
mod chromium;
mod docs;
mod on_redis;
mod proxies;
mod rate_limits;
mod raw;
// The servers that the tests of the adapter start.
#[path = "../../../commerce-cache-redis/tests/on_redis/server.rs"]
#[expect(dead_code, reason = "no cluster here")]
mod redis_server;
#[path = "../server/mod.rs"]
mod server;

use server::{Kind, TestServer};

/// A server with these variables and the limits of production where they name none.
async fn serving(variables: &[(&str, &str)]) -> TestServer {
    let mut server = TestServer::prepared(server::TestDatabase::with_sample(Kind::Sqlite), &["--port", "0"]);
    server.set("COMMERCE_RATE_LIMITS", "");
    for (name, value) in variables {
        server.set(name, value);
    }
    server.restart().await;
    server
}
