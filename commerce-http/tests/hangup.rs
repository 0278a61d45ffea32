//! A client that hangs up leaves all or nothing behind, and finds out which when it asks again.

mod server;

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use server::{DEADLINE, KINDS, TestServer};

const SHOP: &str = "\
Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status
mug,Mug,true,MUG,shopify,50,1500.00,active
";

#[tokio::test]
async fn a_confirm_outlives_its_client() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        server.import(SHOP).await;
        for round in 0..10 {
            let token = server.ready_cart(&[("MUG", 1)]).await;
            let request = format!(
                "POST /api/cart/checkout/confirm/ HTTP/1.1\r\nHost: shop\r\nX-Cart-Token: {token}\r\n\
                 Idempotency-Key: hangup\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
            );
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Both).unwrap();
            drop(stream);

            // The whole request had been sent, so the order comes, although nobody waits for it.
            let begun = Instant::now();
            loop {
                let cart = server.get("/api/cart/").cart(&token).send().await.expect(200);
                if cart["items"].as_array().unwrap().is_empty() {
                    break;
                }
                assert!(begun.elapsed() < DEADLINE, "{kind:?}, round {round}: the order was lost");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let asked =
                server.post("/api/cart/checkout/confirm/").cart(&token).key("hangup").raw("{}").send().await;
            assert_eq!(asked.header("idempotent-replayed"), "true");
            asked.expect(201);
        }
        assert_eq!(server.available("mug", "MUG").await, 40);
        server.stop().await;
    }
}

#[tokio::test]
async fn half_a_request_changes_nothing() {
    let mut server = TestServer::start(server::Kind::Sqlite).await;
    server.import(SHOP).await;
    let token = server.ready_cart(&[("MUG", 1)]).await;
    let request = format!(
        "POST /api/cart/checkout/confirm/ HTTP/1.1\r\nHost: shop\r\nX-Cart-Token: {token}\r\nIdempotency-Key: half\r\n\
         Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{{\"cart_"
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    drop(stream);
    let cart = server.get("/api/cart/").cart(&token).send().await.expect(200);
    assert_eq!(cart["items"].as_array().unwrap().len(), 1);
    let asked = server.post("/api/cart/checkout/confirm/").cart(&token).key("half").raw("{}").send().await;
    assert_eq!(asked.header("idempotent-replayed"), "");
    asked.expect(201);
    server.stop().await;
}
