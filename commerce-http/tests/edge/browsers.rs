//! What browsers are told: which pages may call, and what an answer must not be used for.

use reqwest::Method;
use serde_json::json;

use super::serving;
use crate::server::TestServer;
use crate::server::reply::Reply;

const SHOP: &str = "https://shop.example";
const PRODUCTS: &str = "/api/products/?page_size=1";

/// The headers by which browsers let a page in.
fn let_in(reply: &Reply) -> Vec<String> {
    let names = reply.headers.keys().map(|name| name.as_str());
    names.filter(|name| name.starts_with("access-control-")).map(str::to_owned).collect()
}

async fn preflight(server: &TestServer, origin: &str, method: &str, path: &str) -> reqwest::Response {
    reqwest::Client::new()
        .request(Method::OPTIONS, format!("{}{path}", server.url()))
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", "content-type,x-cart-token,idempotency-key")
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn no_page_is_let_in_unless_it_is_named() {
    let mut server = serving(&[]).await;
    let reply = server.get(PRODUCTS).header("Origin", SHOP).send().await;
    assert_eq!((reply.status, let_in(&reply), reply.header("vary")), (200, vec![], ""));
    let asked = preflight(&server, SHOP, "POST", "/api/cart/items/").await;
    assert_eq!(asked.status(), 405);
    assert!(asked.headers().keys().all(|name| !name.as_str().starts_with("access-control-")));
    server.stop().await;
}

#[tokio::test]
async fn named_pages_are_let_in_without_cookies() {
    let origins = ("COMMERCE_CORS_ORIGINS", "https://shop.example, http://localhost:3000");
    let mut server = serving(&[origins]).await;
    for origin in [SHOP, "http://localhost:3000"] {
        let reply = server.get(PRODUCTS).header("Origin", origin).send().await;
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        assert_eq!(reply.header("vary"), "origin");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
        for exposed in ["x-cart-token", "etag", "ratelimit-remaining", "retry-after", "x-request-id"] {
            assert!(reply.header("access-control-expose-headers").contains(exposed), "{exposed}");
        }
        // A refusal too: a page wants to know what was wrong.
        let refused = server.post("/api/cart/items/").header("Origin", origin).raw("{").send().await;
        assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, origin));
    }
    for stranger in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://SHOP.example",
        "null",
        "*",
        "",
    ] {
        let reply = server.get(PRODUCTS).header("Origin", stranger).send().await;
        assert_eq!(
            (reply.status, let_in(&reply), reply.header("vary")),
            (200, vec![], "origin"),
            "{stranger}"
        );
        let asked = preflight(&server, stranger, "POST", "/api/cart/items/").await;
        assert_eq!(asked.status(), 405, "{stranger}");
        assert!(asked.headers().get("access-control-allow-origin").is_none(), "{stranger}");
    }
    let nobody = server.get(PRODUCTS).send().await;
    assert_eq!((let_in(&nobody), nobody.header("vary")), (vec![], "origin"));
    let page = server.get("/docs").header("Origin", SHOP).send().await;
    assert_eq!((page.status, let_in(&page)), (200, vec![]), "pages are not the API");
    server.stop().await;
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_is_allowed() {
    let limits = ("COMMERCE_RATE_LIMITS", "address_reads=1/hour,address_writes=1/hour");
    let mut server = serving(&[("COMMERCE_CORS_ORIGINS", SHOP), limits]).await;
    for (method, path, allowed) in [
        ("POST", "/api/cart/items/", "POST"),
        ("DELETE", "/api/cart/items/0190/", "DELETE, PUT"),
        ("GET", "/api/products/", "GET, HEAD, POST"),
    ] {
        // Asking is free.
        let asked = preflight(&server, SHOP, method, path).await;
        let header = |name: &str| asked.headers().get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(asked.status(), 204, "{path}");
        assert_eq!(header("access-control-allow-origin"), SHOP);
        assert_eq!(header("access-control-allow-methods"), allowed);
        assert_eq!(header("access-control-allow-credentials"), "");
        assert_eq!(header("access-control-max-age"), "600");
        assert!(header("vary").contains("access-control-request-headers"));
        for sent in ["authorization", "content-type", "x-cart-token", "x-order-token", "idempotency-key"] {
            assert!(header("access-control-allow-headers").contains(sent), "{sent}");
        }
    }
    assert_eq!(preflight(&server, SHOP, "GET", "/api/nowhere/").await.status(), 404);
    server.stop().await;
}

#[tokio::test]
async fn every_answer_says_what_it_must_not_be_used_for() {
    let mut server = serving(&[]).await;
    let cart = server.cart(&[("OBL-AKW-M", 1)]).await;
    let answers = [
        ("/api/products/", server.get(PRODUCTS).send().await),
        ("a cart", server.get("/api/cart/").cart(&cart).send().await),
        ("404", server.get("/api/nowhere/").send().await),
        ("400", server.post("/api/cart/items/").raw("{").send().await),
        ("/health/live", server.get("/health/live").send().await),
        ("/", server.get("/").send().await),
        ("/docs", server.get("/docs").send().await),
        ("/paid", server.get("/paid").send().await),
        ("/metrics", server.get("/metrics").send().await),
        ("a page that is not there", server.get("/nowhere").send().await),
    ];
    for (what, reply) in &answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(reply.header(name), value, "{name} of {what}");
        }
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
        assert!(reply.header("permissions-policy").contains("camera=()"), "{what}");
        assert_eq!(reply.header("strict-transport-security"), "", "{what}: nobody said that there is TLS");
        assert_eq!(reply.header("server"), "", "{what}");
    }
    for (what, reply) in &answers {
        let policy = reply.header("content-security-policy");
        assert!(what == &"/metrics" || policy.contains("default-src 'none'; "), "{what}: {policy}");
        assert!(what == &"/metrics" || policy.contains("base-uri 'none'"), "{what}: {policy}");
        assert!(!policy.contains("script-src 'unsafe-inline'"), "{what}: {policy}");
    }
    for (what, reply) in &answers[1..4] {
        assert_eq!(reply.header("cache-control"), "private, no-store", "{what}");
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"), "{what}");
    }
    let added =
        server.post("/api/cart/items/").json(&json!({"sku": "OBL-AKW-M", "quantity": 1})).send().await;
    assert_eq!(added.header("cache-control"), "private, no-store");
    server.stop().await;

    let tls = [("COMMERCE_HSTS_SECONDS", "63072000"), ("COMMERCE_HSTS_SUBDOMAINS", "true")];
    let mut server = serving(&tls).await;
    for path in [PRODUCTS, "/", "/nowhere"] {
        let reply = server.get(path).send().await;
        assert_eq!(
            reply.header("strict-transport-security"),
            "max-age=63072000; includeSubDomains",
            "{path}"
        );
    }
    server.stop().await;
}
