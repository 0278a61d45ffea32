//! Bounds of time and of what is shown to whom.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use std::io::{Read, Write};
use std::net::TcpStream;

use server::{DEADLINE, Kind, TestDatabase, TestServer};

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    server.set("COMMERCE_REQUEST_TIMEOUT_SECONDS", "1");
    server.restart().await;
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let head = "POST /api/cart/items/ HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"code\":\"timeout\"") && answer.contains("connection: close"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_smaller_bound_of_bodies_holds() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    server.set("COMMERCE_BODY_BYTES_MAX", "100");
    server.restart().await;
    let body = format!("{{\"sku\": \"{}\", \"quantity\": 1}}", "x".repeat(100));
    server.post("/api/cart/items/").raw(body).send().await.refused(413, "too-large");
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_bounded_and_shown_to_the_operator_only() {
    let mut server = TestServer::start_with_sample(Kind::Sqlite).await;
    for n in 0..5 {
        server.get(&format!("/api/products/no-such-{n}/")).send().await.expect(404);
        server.get(&format!("/nowhere/{n}")).send().await.expect(404);
    }
    server.get("/api/products/?page_size=1").send().await.expect(200);
    let text = server.get("/metrics").send().await.text;
    assert!(
        text.contains(
            "http_request_seconds_count{method=\"GET\",route=\"/api/products/{slug}/\",status=\"404\"} 5"
        ),
        "{text}"
    );
    assert!(text.contains("route=\"none\""), "{text}");
    assert!(!text.contains("no-such") && !text.contains("nowhere"), "{text}");
    server.stop().await;

    // On an address that others reach, metrics have a listener of their own.
    let database = TestDatabase::new(Kind::Sqlite);
    let flags = ["--listen", "0.0.0.0:0"];
    let mut open = TestServer::start_listening(database, &flags).await;
    open.get("/metrics").send().await.refused(404, "not-found");
    open.stop().await;
}

#[tokio::test]
async fn the_documentation_can_be_left_out() {
    let mut server = TestServer::start_with(TestDatabase::new(Kind::Sqlite), &["--docs", "false"]).await;
    for page in ["/docs", "/openapi.json"] {
        server.get(page).send().await.refused(404, "not-found");
    }
    server.stop().await;
    // Whoever listens to others says so when they are to read it.
    let database = TestDatabase::new(Kind::Sqlite);
    let mut server = TestServer::start_listening(database, &["--listen", "0.0.0.0:0"]).await;
    server.get("/openapi.json").send().await.refused(404, "not-found");
    server.stop().await;
}

#[tokio::test]
async fn pages_allow_no_foreign_script_and_answer_304() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    for page in ["/", "/docs", "/openapi.json"] {
        let reply = server.get(page).send().await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let again = server.get(page).header("If-None-Match", reply.header("etag")).send().await;
        assert_eq!(again.status, 304);
    }
    let docs = server.get("/docs").send().await.text;
    for foreign in ["src=\"http", "href=\"http", "@import", "cdn."] {
        assert!(!docs.contains(&format!("<script {foreign}")) && !docs.contains(&format!("<link {foreign}")));
    }
    server.stop().await;
}
