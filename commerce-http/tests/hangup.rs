//! A client that hangs up leaves all or nothing behind, and finds out which when it asks again.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use server::{DEADLINE, KINDS, Kind, TestDatabase, TestServer};
use sqlx::{Connection, PgConnection, SqliteConnection};

const SHOP: &str = "\
Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status
mug,Mug,true,MUG,shopify,50,1500.00,active
";

#[tokio::test]
async fn a_confirm_outlives_its_client() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        server.import(SHOP).await;
        for _ in 0..3 {
            let token = server.ready_cart(&[("MUG", 1)]).await;
            let mut held = Held::take(&server.database).await;
            let stream = send(&server, &token, "hangup", "{}", 2);
            held.wait_until_it_is_in_the_way().await;
            stream.shutdown(Shutdown::Both).unwrap();
            drop(stream);
            // A server that answers others has noticed that this client is gone.
            for _ in 0..20 {
                server.get("/health/ready").send().await.expect(200);
            }
            held.release().await;

            // The whole request had been sent, so the order comes, although nobody waits for it.
            wait_until_ordered(&server, &token).await;
            let asked =
                server.post("/api/cart/checkout/confirm/").cart(&token).key("hangup").raw("{}").send().await;
            assert_eq!(asked.header("idempotent-replayed"), "true");
            asked.expect(201);
        }
        server.until_available("mug", "MUG", 47).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_confirm_outlives_the_time_that_the_server_gives_it() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        server.set("COMMERCE_REQUEST_TIMEOUT_SECONDS", "1");
        server.restart().await;
        server.import(SHOP).await;
        let token = server.ready_cart(&[("MUG", 1)]).await;
        let held = Held::take(&server.database).await;
        let mut stream = send(&server, &token, "late", "{}", 2);
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
        assert!(answer.starts_with("http/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
        held.release().await;
        wait_until_ordered(&server, &token).await;
        let asked =
            server.post("/api/cart/checkout/confirm/").cart(&token).key("late").raw("{}").send().await;
        assert_eq!(asked.header("idempotent-replayed"), "true");
        asked.expect(201);
        server.stop().await;
    }
}

#[tokio::test]
async fn half_a_request_changes_nothing() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    server.import(SHOP).await;
    let token = server.ready_cart(&[("MUG", 1)]).await;
    drop(send(&server, &token, "half", "{\"cart_", 20));
    assert!(!ordered(&server, &token).await);
    let asked = server.post("/api/cart/checkout/confirm/").cart(&token).key("half").raw("{}").send().await;
    assert_eq!(asked.header("idempotent-replayed"), "");
    asked.expect(201);
    server.stop().await;
}

/// Whether the cart became an order: then its token opens the next one, which is empty.
async fn ordered(server: &TestServer, token: &str) -> bool {
    let cart = server.get("/api/cart/").cart(token).send().await.expect(200);
    cart["items"].as_array().unwrap().is_empty()
}

async fn wait_until_ordered(server: &TestServer, token: &str) {
    let begun = Instant::now();
    while !ordered(server, token).await {
        assert!(begun.elapsed() < DEADLINE, "the order was lost");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Sends a confirm whose body is said to have `length` bytes.
fn send(server: &TestServer, token: &str, key: &str, body: &str, length: usize) -> TcpStream {
    let request = format!(
        "POST /api/cart/checkout/confirm/ HTTP/1.1\r\nHost: shop\r\nX-Cart-Token: {token}\r\n\
         Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// A lock without which no order can be stored.
enum Held {
    Sqlite(SqliteConnection),
    Postgres { holder: PgConnection, observer: PgConnection },
}

impl Held {
    async fn take(database: &TestDatabase) -> Self {
        match &database.schema {
            None => {
                let mut holder = SqliteConnection::connect(&database.url).await.unwrap();
                sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
                Self::Sqlite(holder)
            }
            Some(schema) => {
                let mut holder = PgConnection::connect(&database.url).await.unwrap();
                let observer = PgConnection::connect(&database.url).await.unwrap();
                let set = "select set_config('search_path', $1, false)";
                sqlx::query(set).bind(schema).execute(&mut holder).await.unwrap();
                sqlx::query("begin").execute(&mut holder).await.unwrap();
                // Not even the look can be done: an order that comes all the same was not left to the database.
                sqlx::query("lock table carts in access exclusive mode").execute(&mut holder).await.unwrap();
                Self::Postgres { holder, observer }
            }
        }
    }

    /// Waits until the confirm waits for the lock. SQLite does not tell who does.
    async fn wait_until_it_is_in_the_way(&mut self) {
        let Self::Postgres { holder, observer } = self else { return };
        let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(holder).await.unwrap();
        let waiting = "select exists (select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))";
        let begun = Instant::now();
        while !sqlx::query_scalar::<_, bool>(waiting).bind(pid).fetch_one(&mut *observer).await.unwrap() {
            assert!(begun.elapsed() < DEADLINE, "the confirm does not get to the cart");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn release(self) {
        match self {
            Self::Sqlite(mut holder) => {
                sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
                holder.close().await.unwrap();
            }
            Self::Postgres { mut holder, observer } => {
                sqlx::query("rollback").execute(&mut holder).await.unwrap();
                holder.close().await.unwrap();
                observer.close().await.unwrap();
            }
        }
    }
}
