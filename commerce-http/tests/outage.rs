//! A database that is down, silent or busy: an honest answer in time, and no repair when it is back.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Call, Reply};
use server::wire::{State, Trap, Wire};
use server::{DEADLINE, Kind, TestDatabase, TestServer};
use sqlx::{Connection, SqliteConnection};

const SHOP: &str = "\
Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status
mug,Mug,true,MUG,shopify,50,1500.00,active
";

/// A client waits no longer than this: four seconds, and what a busy machine takes for itself.
const PATIENCE: Duration = Duration::from_millis(5_500);

#[tokio::test]
async fn nobody_listens() {
    is_told_and_passes(State::Refused).await;
}

#[tokio::test]
async fn every_connection_breaks() {
    is_told_and_passes(State::Cut).await;
}

#[tokio::test]
async fn nobody_answers() {
    is_told_and_passes(State::Silent).await;
}

async fn is_told_and_passes(state: State) {
    let (mut server, wire) = far_from_its_database().await;
    let waiting = server.ready_cart(&[("MUG", 1)]).await;
    let filled = server.cart(&[("MUG", 1)]).await;
    let new = json!({"name": "sync", "permissions": ["settings.read"]});
    let made = server.admin(Method::POST, "api-keys/").json(&new).send().await.expect(201);
    let program = format!("Bearer {}", made["key"].as_str().expect("a key"));
    for _ in 0..2 {
        // The pool is full of connections that worked a moment ago.
        let look = || async { server.get("/api/products/mug/").send().await.expect(200) };
        tokio::join!(look(), look(), look());
        wire.set(state);
        tokio::join!(
            unavailable(server.get("/api/products/")),
            unavailable(server.get("/api/products/mug/")),
            unavailable(server.get("/api/cart/").cart(&filled)),
            unavailable(add(&server)),
            unavailable(add(&server).cart(&filled)),
            unavailable(confirm(&server, &waiting)),
            // Who asks cannot be found out: that is tried once, and what is asked has what is left of the time.
            unavailable(server.get("/api/admin/settings/").header("Authorization", &program)),
            unavailable(server.get("/api/products/mug/").header("Authorization", &program)),
            unavailable(add(&server).header("Authorization", &program)),
            not_ready(&server),
        );
        server.get("/health/live").send().await.expect(200);
        not_ready(&server).await;
        wire.set(State::Whole);
        works_again(&server).await;
    }
    let order = one_order(&server, &waiting).await;
    assert_eq!(order["totals"]["total"]["amount"], "1500.00");
    let cart = server.get("/api/cart/").cart(&filled).send().await.expect(200);
    assert_eq!(cart["items"][0]["quantity"], 1, "what was not done is not done later: {cart}");
    assert_eq!(server.available("mug", "MUG").await, 49);
    server.stop().await;
}

#[tokio::test]
async fn a_confirm_that_is_lost_on_the_way_is_one_order() {
    let (mut server, wire) = far_from_its_database().await;
    let mut sold = 0;
    for then in [State::Refused, State::Cut, State::Silent] {
        for arrives in [false, true] {
            let cart = server.ready_cart(&[("MUG", 1)]).await;
            wire.trap(Trap { word: "COMMIT", arrives, then });
            unavailable(confirm(&server, &cart)).await;
            wire.set(State::Whole);
            works_again(&server).await;
            let again = eventually(|| confirm(&server, &cart)).await;
            if arrives {
                assert_eq!(again.header("idempotent-replayed"), "true", "{then:?}: it was done already");
            }
            let order = one_order(&server, &cart).await;
            assert_eq!(again.expect(201)["order"]["id"], order["id"]);
            sold += 1;
            assert_eq!(server.available("mug", "MUG").await, 50 - sold, "{then:?}, arrives: {arrives}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_another_process_writes_is_read_and_not_written() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    server.import(SHOP).await;
    let waiting = server.ready_cart(&[("MUG", 1)]).await;
    let filled = server.cart(&[("MUG", 1)]).await;
    let mut other = SqliteConnection::connect(&server.database.url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let reads = async {
        for path in ["/api/products/", "/api/products/mug/", "/health/live", "/health/ready"] {
            server.get(path).send().await.expect(200);
        }
        server.get("/api/cart/").cart(&filled).send().await.expect(200);
    };
    tokio::join!(
        unavailable(add(&server)),
        unavailable(add(&server).cart(&filled)),
        unavailable(confirm(&server, &waiting)),
        reads,
    );
    unavailable(confirm(&server, &waiting)).await;
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    one_order(&server, &waiting).await;
    let cart = add(&server).cart(&filled).send().await.expect(201);
    assert_eq!(cart["items"][0]["quantity"], 2, "what was not done is not done later: {cart}");
    assert_eq!(server.available("mug", "MUG").await, 49);
    server.stop().await;
}

/// A server that reaches its PostgreSQL over a wire. It has few connections, so that one that is lost is missed.
async fn far_from_its_database() -> (TestServer, Wire) {
    let database = TestDatabase::new(Kind::Postgres);
    let wire = Wire::to(&database.url);
    database.import_text(SHOP, &[]);
    let mut server = TestServer::start_with(database, &[]).await;
    server.set("COMMERCE_DATABASE_URL", &wire.url);
    server.set("COMMERCE_DATABASE_CONNECTIONS", "3");
    // The store gives up after three: whoever asks it twice for one request is too late.
    server.set("COMMERCE_REQUEST_TIMEOUT_SECONDS", "4");
    // A kept answer would still be given for a moment.
    server.set("COMMERCE_CACHE", "off");
    server.restart().await;
    (server, wire)
}

fn add(server: &TestServer) -> Call<'_> {
    server.post("/api/cart/items/").json(&json!({"sku": "MUG", "quantity": 1}))
}

fn confirm<'a>(server: &'a TestServer, cart: &str) -> Call<'a> {
    server.post("/api/cart/checkout/confirm/").cart(cart).key("outage").json(&json!({}))
}

/// The call is answered in time, by saying that the shop cannot answer, and when to ask again.
async fn unavailable(call: Call<'_>) {
    let asked = Instant::now();
    let reply = call.send_in_trouble().await;
    let took = asked.elapsed();
    assert_eq!(reply.header("retry-after"), "1", "{}", reply.text);
    assert!(took < PATIENCE, "{took:?} for {}", reply.text);
    reply.refused(503, "unavailable");
}

async fn not_ready(server: &TestServer) {
    unavailable(server.get("/health/ready")).await;
}

/// The server is well again by itself.
async fn works_again(server: &TestServer) {
    eventually(|| server.get("/health/ready")).await.expect(200);
    eventually(|| server.get("/api/products/mug/")).await.expect(200);
}

/// The first answer that is not that the shop is unavailable.
async fn eventually<'a>(call: impl Fn() -> Call<'a>) -> Reply {
    let begun = Instant::now();
    loop {
        let reply = call().send_in_trouble().await;
        if reply.status != 503 {
            return reply;
        }
        assert!(begun.elapsed() < DEADLINE, "it does not recover: {}", reply.text);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The order that the cart became, the same one whenever it is asked for.
async fn one_order(server: &TestServer, cart: &str) -> Value {
    let first = confirm(server, cart).send().await.expect(201);
    let again = confirm(server, cart).send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.expect(201)["order"]["id"], first["order"]["id"]);
    first["order"].clone()
}
