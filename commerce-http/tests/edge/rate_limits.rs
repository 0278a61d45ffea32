//! Who may ask how often.

use reqwest::Method;
use serde_json::json;

use super::serving;
use crate::server::reply::Reply;
use crate::server::{ADMIN_TOKEN, TestServer};

const PRODUCTS: &str = "/api/products/?page_size=1";

/// Limit and what remains, as the headers say.
fn told(reply: &Reply) -> (u32, u32) {
    let number =
        |name: &str| reply.header(name).parse().unwrap_or_else(|_| panic!("{name}: {:?}", reply.headers));
    assert!(number("ratelimit-reset") <= 3_600);
    (number("ratelimit-limit"), number("ratelimit-remaining"))
}

fn is_limited(reply: Reply, budget: u32) {
    assert_eq!(told(&reply), (budget, 0));
    let wait: u32 = reply.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    reply.refused(429, "rate-limited");
}

async fn try_coupon(server: &TestServer, cart: &str, code: &str) -> Reply {
    server.post("/api/cart/coupon/").cart(cart).json(&json!({"code": code})).send().await
}

#[tokio::test]
async fn by_default_the_contract_holds() {
    let mut server = serving(&[]).await;
    assert_eq!(told(&server.get(PRODUCTS).send().await), (6_000, 5_999));
    let item = json!({"sku": "OBL-AKW-M", "quantity": 1});
    assert_eq!(told(&server.post("/api/cart/items/").json(&item).send().await), (100, 99));
    assert_eq!(told(&server.admin(Method::GET, "settings/").send().await), (5_000, 4_999));
    // Refusals count like answers, and carry the headers as well: of a body, of a path, of a method.
    assert_eq!(told(&server.post("/api/cart/items/").raw("{").send().await), (100, 98));
    assert_eq!(told(&server.post("/api/cart/items/").raw("x".repeat(2 << 20)).send().await), (100, 97));
    assert_eq!(told(&server.get("/api/nowhere/").send().await), (6_000, 5_998));
    assert_eq!(told(&server.delete(PRODUCTS).send().await), (100, 96));
    server.stop().await;
}

#[tokio::test]
async fn guests_are_counted_by_address_reads_and_writes_apart() {
    let mut server =
        serving(&[("COMMERCE_RATE_LIMITS", "address_reads=3/hour,address_writes=2/hour,admin=4/h")]).await;
    for left in [2, 1, 0] {
        assert_eq!(told(&server.get(PRODUCTS).send().await), (3, left));
    }
    is_limited(server.get(PRODUCTS).send().await, 3);
    is_limited(server.get("/api/cart").send().await, 3);
    let item = json!({"sku": "OBL-AKW-M", "quantity": 1});
    for left in [1, 0] {
        assert_eq!(told(&server.post("/api/cart/items/").json(&item).send().await), (2, left));
    }
    is_limited(server.post("/api/cart/items/").json(&item).send().await, 2);
    is_limited(server.post("/api/cart/items/").raw("x".repeat(3 << 20)).send().await, 2);
    // Nobody becomes another caller by what they send.
    for (name, value) in [
        ("Authorization", "Bearer "),
        ("Authorization", "Bearer of something else that is long enough to be a token"),
        ("X-Forwarded-For", "198.51.100.1"),
        ("X-Real-IP", "198.51.100.1"),
        ("Forwarded", "for=198.51.100.1"),
        ("X-Cart-Token", "somebody"),
    ] {
        is_limited(server.get(PRODUCTS).header(name, value).send().await, 3);
    }
    // Staff has a budget of its own, for reads and writes together, however the scheme is written.
    for (left, scheme) in [(3, "Bearer"), (2, "bearer"), (1, "BEARER")] {
        let token = format!("{scheme} {ADMIN_TOKEN}");
        let reply = server.get(PRODUCTS).header("Authorization", &token).send().await;
        assert_eq!(told(&reply), (4, left));
    }
    // What is outside goes on.
    for path in ["/health/live", "/health/ready", "/metrics", "/docs", "/", "/openapi.json"] {
        let reply = server.get(path).send().await;
        assert_eq!((reply.status, reply.header("ratelimit-limit")), (200, ""), "{path}");
    }
    for path in ["/api/payments/webhook/", "/api/payments/webhook"] {
        let reply = server.post(path).raw("{}").send().await;
        assert_eq!((reply.status, reply.header("ratelimit-limit")), (404, ""), "{path}: no gateway");
    }
    is_limited(server.post("/api/payments/webhook//").raw("{}").send().await, 2);
    let metrics = server.get("/metrics").send().await.text;
    assert!(metrics.contains("rate_limited_total{budget=\"address_reads\"}"), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn who_makes_up_keys_pays_as_an_address_and_who_has_one_does_not() {
    let limits = "address_reads=3/hour,address_writes=5/hour,api_key=9/hour";
    let mut server = serving(&[("COMMERCE_RATE_LIMITS", limits)]).await;
    let new = json!({"name": "sync", "permissions": ["settings.read"]});
    let made = server.admin(Method::POST, "api-keys/").json(&new).send().await.expect(201);
    let program = format!("Bearer {}", made["key"].as_str().unwrap());
    let made_up = |n: u8| {
        let digit = char::from(b'a' + n);
        let (beginning, rest) = program.split_once("ck_").unwrap();
        format!("{beginning}ck_{digit}{}", &rest[1..])
    };
    let settings = |bearer: &str| server.get("/api/admin/settings/").header("Authorization", bearer);
    for left in (4..9).rev() {
        assert_eq!(told(&settings(&program).send().await), (9, left));
    }
    for (n, left) in [(0, 2), (1, 1)] {
        let reply = settings(&made_up(n)).send().await;
        assert_eq!((reply.status, told(&reply)), (401, (3, left)));
    }
    let confirm = server.post("/api/cart/items/").header("Authorization", &made_up(2)).raw("{}").send().await;
    assert_eq!(told(&confirm), (5, 4), "what it costs to look for the key is a read");
    // Nobody looks for another: the address has nothing left to pay for it.
    is_limited(settings(&made_up(3)).send().await, 3);
    is_limited(server.get(PRODUCTS).send().await, 3);
    server.stop().await;
}

#[tokio::test]
async fn what_has_not_changed_is_free() {
    let mut server = serving(&[("COMMERCE_RATE_LIMITS", "address_reads=3/hour")]).await;
    let first = server.get(PRODUCTS).send().await;
    for _ in 0..10 {
        let again = server.get(PRODUCTS).header("If-None-Match", first.header("etag")).send().await;
        assert_eq!((again.status, told(&again)), (304, (3, 2)));
    }
    assert_eq!(told(&server.get(PRODUCTS).send().await), (3, 1));
    server.stop().await;
}

#[tokio::test]
async fn coupon_codes_are_tried_a_few_times() {
    let limits = "coupon_account=3/hour,coupon_address=5/hour";
    let mut server = serving(&[("COMMERCE_RATE_LIMITS", limits)]).await;
    let cart = server.cart(&[("OBL-AKW-M", 1)]).await;
    for left in [2, 1, 0] {
        let reply = try_coupon(&server, &cart, "GUESS").await;
        assert_eq!((reply.status, told(&reply)), (422, (3, left)));
    }
    is_limited(try_coupon(&server, &cart, "WELCOME10").await, 3);
    // Another spelling of the path is not another path.
    for path in ["/api/cart/coupon", "/api/cart/c%6fupon/", "/api/cart//coupon/", "/api/./cart/coupon/"] {
        let code = json!({"code": "WELCOME10"});
        let reply = server.post(path).cart(&cart).json(&code).send().await;
        assert!(matches!(reply.status, 404 | 405 | 429), "{path}: {}", reply.text);
    }
    // The rest of the cart goes on, and another cart has tries of its own, as long as the address has.
    server.get("/api/cart/").cart(&cart).send().await.expect(200);
    let other = server.cart(&[("OBL-AKW-M", 1)]).await;
    assert_eq!(try_coupon(&server, &other, "GUESS").await.status, 422);
    let third = server.cart(&[("OBL-AKW-M", 1)]).await;
    assert_eq!(told(&try_coupon(&server, &third, "GUESS").await), (5, 0));
    is_limited(try_coupon(&server, &third, "GUESS").await, 5);
    is_limited(try_coupon(&server, "no token", "GUESS").await, 5);
    server.stop().await;
}

#[tokio::test]
async fn a_budget_can_be_switched_off() {
    let mut server = serving(&[("COMMERCE_RATE_LIMITS", "address_reads=off")]).await;
    let reply = server.get(PRODUCTS).send().await;
    assert_eq!((reply.status, reply.header("ratelimit-limit")), (200, ""));
    server.stop().await;
}

#[tokio::test]
async fn many_at_once_get_what_there_is_and_no_more() {
    let mut server = serving(&[("COMMERCE_RATE_LIMITS", "address_reads=20/hour")]).await;
    let calls = (0..60).map(|_| server.get(PRODUCTS).send());
    let replies = futures_util::future::join_all(calls).await;
    let passed = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(passed, 20);
    server.stop().await;
}
