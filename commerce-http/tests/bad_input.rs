//! P-INPUT: whatever a client sends, the answer says what is wrong, nothing changes, and the server does not fail.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Reply, amount};
use server::{DEADLINE, Kind, TestServer, delivery};

const DRESS: (&str, &str) = ("adunni-adire-wrap-dress", "ADN-WRP-IND-M");
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn bad_input_changes_nothing_on_sqlite() {
    bad_input_changes_nothing(Kind::Sqlite).await;
}

#[tokio::test]
async fn bad_input_changes_nothing_on_postgres() {
    bad_input_changes_nothing(Kind::Postgres).await;
}

async fn bad_input_changes_nothing(kind: Kind) {
    let mut server = TestServer::start_with_sample(kind).await;
    let token = server.cart(&[(DRESS.1, 1)]).await;
    let before = state(&server, &token).await;
    items(&server, &token).await;
    bodies(&server, &token).await;
    tokens(&server, &token).await;
    queries(&server).await;
    steps(&server, &token).await;
    raw(&server);
    assert_eq!(state(&server, &token).await, before, "something changed");
    server.stop().await;
}

/// What must not change: the cart and the stock.
async fn state(server: &TestServer, token: &str) -> (Value, u64) {
    let cart = server.get("/api/cart/").cart(token).send().await.expect(200);
    (cart, server.available(DRESS.0, DRESS.1).await)
}

/// Where a refusal says the fault is.
fn pointer(body: &Value) -> &str {
    body["errors"][0]["pointer"].as_str().unwrap_or("")
}

async fn items(server: &TestServer, token: &str) {
    let add = |body: Value| server.post("/api/cart/items/").cart(token).json(&body).send();
    let draft = "a-draft";
    server.import(&draft_row(draft)).await;
    let unknown = add(json!({"sku": "NO-SUCH-SKU", "quantity": 1})).await.refused(422, "unknown-variant");
    let unsold = add(json!({"sku": draft, "quantity": 1})).await.refused(422, "unknown-variant");
    assert_eq!((pointer(&unknown), pointer(&unsold)), ("/sku", "/sku"));
    assert_eq!(unknown["detail"], unsold["detail"], "a draft looks exactly like nothing");
    let unknown = add(json!({"variant_id": NOBODY, "quantity": 1})).await.refused(422, "unknown-variant");
    assert_eq!(pointer(&unknown), "/variant_id");
    server.get(&format!("/api/products/{draft}/")).send().await.refused(404, "not-found");

    for (quantity, status, code) in [
        (json!(0), 422, "validation-failed"),
        (json!(-1), 422, "validation-failed"),
        (json!(10_001), 422, "validation-failed"),
        (json!(99_999_999_999_u64), 422, "validation-failed"),
        (json!(1e20), 400, "wrong-type"),
        (json!(1.5), 400, "wrong-type"),
        (json!("2"), 400, "wrong-type"),
        (json!(true), 400, "wrong-type"),
        (json!(null), 400, "wrong-type"),
        (json!([1]), 400, "wrong-type"),
        (json!({"n": 1}), 400, "wrong-type"),
    ] {
        let refused = add(json!({"sku": DRESS.1, "quantity": quantity})).await.refused(status, code);
        assert_eq!(pointer(&refused), "/quantity", "{quantity}");
    }
    let line = server.get("/api/cart/").cart(token).send().await.expect(200)["items"][0]["id"].clone();
    let path = format!("/api/cart/items/{}/", line.as_str().unwrap());
    for (quantity, status) in [(json!(-1), 422), (json!(10_001), 422), (json!(0.5), 400), (json!("x"), 400)] {
        let put = server.put(&path).cart(token).json(&json!({"quantity": quantity})).send().await;
        assert_eq!(put.status, status, "{quantity}");
    }

    let short = add(json!({"sku": DRESS.1, "quantity": 9_999})).await.refused(409, "out-of-stock");
    assert_eq!((&short["lines"][0]["sku"], &short["lines"][0]["wanted"]), (&json!(DRESS.1), &json!(10_000)));
    assert_eq!(short["lines"][0]["available"], server.available(DRESS.0, DRESS.1).await);
    assert_eq!(short["lines"][0]["line_id"], line);

    let field =
        |pointer: &'static str, status: u16, code: &'static str, body: Value| (pointer, status, code, body);
    for (at, status, code, body) in [
        field("/sku", 422, "validation-failed", json!({"quantity": 1})),
        field("/sku", 422, "validation-failed", json!({"sku": "A", "variant_id": NOBODY, "quantity": 1})),
        field("/sku", 422, "validation-failed", json!({"sku": "", "quantity": 1})),
        field("/sku", 422, "validation-failed", json!({"sku": "x".repeat(1_000), "quantity": 1})),
        field("/sku", 400, "wrong-type", json!({"sku": 7, "quantity": 1})),
        field("/variant_id", 422, "validation-failed", json!({"variant_id": "7", "quantity": 1})),
        field("/quantity", 422, "validation-failed", json!({"sku": DRESS.1})),
        field("/price", 400, "unknown-field", json!({"sku": DRESS.1, "quantity": 1, "price": "0.01"})),
        field(
            "/customizations",
            400,
            "wrong-type",
            json!({"sku": DRESS.1, "quantity": 1, "customizations": []}),
        ),
        field(
            "/customizations/gift",
            400,
            "wrong-type",
            json!({"sku": DRESS.1, "quantity": 1, "customizations": {"gift": 1}}),
        ),
        field(
            "/customizations",
            422,
            "validation-failed",
            json!({"sku": DRESS.1, "quantity": 1, "customizations": {"gift": "x".repeat(501)}}),
        ),
    ] {
        let refused = add(body.clone()).await.refused(status, code);
        assert_eq!(pointer(&refused), at, "{body}");
    }
}

async fn bodies(server: &TestServer, token: &str) {
    let send = |body: Vec<u8>| server.post("/api/cart/items/").cart(token).raw(body).send();
    for (body, code) in [
        (&b"{"[..], "malformed-json"),
        (b"not json", "malformed-json"),
        (b"{} {}", "malformed-json"),
        (b"{\"sku\": \"A\", \"sku\": \"B\", \"quantity\": 1}", "malformed-json"),
        (
            b"{\"sku\": \"A\", \"quantity\": 1, \"customizations\": {\"a\": \"1\", \"a\": \"2\"}}",
            "malformed-json",
        ),
        (b"{\"sku\": \"\\ud800\", \"quantity\": 1}", "malformed-json"),
        (b"{\"sku\": \"A\\u0000B\", \"quantity\": 1}", "invalid-encoding"),
        (b"{\"sku\": \"A\0B\", \"quantity\": 1}", "invalid-encoding"),
        (b"{\"sku\": \"\xff\xfe\", \"quantity\": 1}", "invalid-encoding"),
        (b"[]", "wrong-type"),
        (b"null", "wrong-type"),
        (b"7", "wrong-type"),
        (b"\"text\"", "wrong-type"),
        (b"{\"sku\": \"A\", \"quantity\": 1e999}", "malformed-json"),
    ] {
        let reply = send(body.to_vec()).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{}", String::from_utf8_lossy(body));
    }
    send("[".repeat(500_000).into_bytes()).await.refused(400, "malformed-json");

    let large = format!("{{\"sku\": \"{}\", \"quantity\": 1}}", "x".repeat(2 << 20));
    let reply = send(large.clone().into_bytes()).await;
    assert_eq!(reply.header("connection"), "close");
    reply.refused(413, "too-large");
    for _ in 0..3 {
        send(large.clone().into_bytes()).await.refused(413, "too-large");
        server.get("/api/cart/").cart(token).send().await.expect(200); // the next request finds a whole connection
    }

    let good = json!({"sku": DRESS.1, "quantity": 1}).to_string();
    let post = || server.post("/api/cart/items/").cart(token);
    post().plain(good.clone()).send().await.refused(415, "unsupported-media-type");
    post()
        .plain(good.clone())
        .header("Content-Type", "text/plain")
        .send()
        .await
        .refused(415, "unsupported-media-type");
    let coded = post().raw(good.clone()).header("Content-Encoding", "gzip").send().await;
    coded.refused(415, "unsupported-media-type");
    let utf_16 = post().plain(good).header("Content-Type", "application/json; charset=utf-16").send().await;
    utf_16.refused(415, "unsupported-media-type");
}

async fn tokens(server: &TestServer, token: &str) {
    let unknown = "A".repeat(43);
    let line = json!({"quantity": 1});
    for wrong in [unknown.as_str(), "x", "", &format!("{token}A"), "☃"] {
        let calls = [
            server.get("/api/cart/").cart(wrong).send().await,
            server.get("/api/cart/shipping-options/?country_code=NG").cart(wrong).send().await,
            server
                .post("/api/cart/items/")
                .cart(wrong)
                .json(&json!({"sku": DRESS.1, "quantity": 1}))
                .send()
                .await,
            server.put(&format!("/api/cart/items/{NOBODY}/")).cart(wrong).json(&line).send().await,
            server.delete(&format!("/api/cart/items/{NOBODY}/")).cart(wrong).send().await,
            server.post("/api/cart/checkout/shipping/").cart(wrong).json(&delivery("standard")).send().await,
            server
                .post("/api/cart/checkout/payment/")
                .cart(wrong)
                .json(&json!({"method": "cash_on_delivery"}))
                .send()
                .await,
            server.post("/api/cart/checkout/confirm/").cart(wrong).key("k").send().await,
            server.get(&format!("/api/orders/{NOBODY}/")).order(wrong).send().await,
            server.post(&format!("/api/orders/{NOBODY}/cancel/")).order(wrong).send().await,
        ];
        for reply in calls {
            reply.refused(404, "not-found");
        }
    }
    let calls = [
        server.put(&format!("/api/cart/items/{NOBODY}/")).json(&line).send().await,
        server.delete(&format!("/api/cart/items/{NOBODY}/")).send().await,
        server.post("/api/cart/checkout/shipping/").json(&delivery("standard")).send().await,
        server.post("/api/cart/checkout/payment/").json(&json!({"method": "cash_on_delivery"})).send().await,
        server.post("/api/cart/checkout/confirm/").key("k").send().await,
        server.get(&format!("/api/orders/{NOBODY}/")).send().await,
        server.get("/api/orders/not-an-id/").send().await,
        server.post(&format!("/api/orders/{NOBODY}/cancel/")).send().await,
    ];
    for reply in calls {
        assert!(!reply.header("www-authenticate").is_empty());
        reply.refused(401, "unauthenticated");
    }
    // Somebody else's line item is none of this cart's.
    let other = server.cart(&[("ORA-NET-1", 1)]).await;
    let theirs = server.get("/api/cart/").cart(&other).send().await.expect(200)["items"][0]["id"].clone();
    let path = format!("/api/cart/items/{}/", theirs.as_str().unwrap());
    server.delete(&path).cart(token).send().await.refused(404, "not-found");
    server.put(&path).cart(token).json(&line).send().await.refused(404, "not-found");
    server.delete("/api/cart/items/not-an-id/").cart(token).send().await.refused(404, "not-found");
}

async fn queries(server: &TestServer) {
    for (query, at) in [
        ("page_size=100000", "/page_size"),
        ("page_size=0", "/page_size"),
        ("page_size=101", "/page_size"),
        ("page_size=-1", "/page_size"),
        ("page_size=ten", "/page_size"),
        ("page_size=", "/page_size"),
        ("page=0", "/page"),
        ("page=99999999999999999999", "/page"),
        ("page=1.5", "/page"),
        ("page=501&page_size=20", "/page"),
        ("page=4294967295&page_size=100", "/page"),
        ("min_price=-1", "/min_price"),
        ("min_price=abc", "/min_price"),
        ("max_price=1e3", "/max_price"),
        ("max_price=99999999999999999999", "/max_price"),
        ("in_stock=maybe", "/in_stock"),
        ("sort_by=stars", "/sort_by"),
        ("sort_by=relevance", "/sort_by"),
        ("min_rating=0.99", "/min_rating"),
        ("min_rating=5.01", "/min_rating"),
        ("min_rating=4.125", "/min_rating"),
        ("min_rating=+4", "/min_rating"),
        ("sort_by=price;drop", "/sort_by"),
        ("category=No%20Such", "/category"),
        ("brand=%27%20or%201=1--", "/brand"),
    ] {
        for path in ["/api/products/", "/api/products/categories/dresses/"] {
            if path != "/api/products/" && at == "/category" {
                continue;
            }
            let refused =
                server.get(&format!("{path}?{query}")).send().await.refused(422, "validation-failed");
            assert_eq!(pointer(&refused), at, "{query}");
        }
    }
    let all = server
        .get("/api/products/?page_size=0&page=0&sort_by=x")
        .send()
        .await
        .refused(422, "validation-failed");
    assert_eq!(all["errors"].as_array().unwrap().len(), 3, "all that is wrong is said at once");
    for path in ["?category=a%00b", "a%00b/", "?brand=%ff", "?caf%e9=1", "%ff/"] {
        server.get(&format!("/api/products/{path}")).send().await.refused(400, "invalid-encoding");
    }
    for path in [
        "/api/products/No-Such/",
        "/api/products/..%2f..%2fetc/",
        "/api/nothing/",
        "/nothing",
        "/api/",
        "/api//products/",
    ] {
        server.get(path).send().await.refused(404, "not-found");
    }
    server
        .get(&format!("/api/products/?category={}", "x".repeat(9_000)))
        .send()
        .await
        .refused(414, "uri-too-long");
    server
        .get("/api/products/")
        .header("X-Padding", &"x".repeat(20_000))
        .send()
        .await
        .refused(431, "headers-too-large");
    server.get("/api/cart/shipping-options/").send().await.refused(422, "validation-failed");
    server
        .get("/api/cart/shipping-options/?country_code=Nigeria")
        .send()
        .await
        .refused(422, "validation-failed");
    server.get("/api/cart/?explain=perhaps").send().await.refused(422, "validation-failed");

    for (method, path, allow) in [
        (Method::DELETE, "/api/products/", "GET, HEAD, POST"),
        (Method::POST, "/api/cart/", "GET, HEAD"),
        (Method::GET, "/api/cart/items/", "POST"),
        (Method::PATCH, "/api/cart/items/x/", "DELETE, PUT"),
        (Method::GET, "/api/cart/checkout/confirm/", "POST"),
        (Method::POST, "/docs", "GET, HEAD"),
        (Method::from_bytes(b"BREW").unwrap(), "/api/products/", "GET, HEAD, POST"),
    ] {
        let reply = server.call(method.clone(), path).send().await;
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
        reply.refused(405, "method-not-allowed");
    }
}

async fn steps(server: &TestServer, token: &str) {
    let ship = |body: Value| server.post("/api/cart/checkout/shipping/").cart(token).json(&body).send();
    let mut wrong = delivery("standard");
    wrong["email"] = json!("ada");
    wrong["address"]["city"] = json!(" ");
    wrong["address"]["country_code"] = json!("ng");
    wrong["address"]["phone"] = json!("0803");
    let refused = ship(wrong).await.refused(422, "validation-failed");
    let mut named: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    named.sort_unstable();
    assert_eq!(named, ["/address/city", "/address/country_code", "/address/phone", "/email"]);
    ship(json!({})).await.refused(422, "validation-failed");
    ship(delivery("teleport")).await.refused(422, "validation-failed");
    ship(delivery("west-africa")).await.refused(422, "validation-failed");
    let mut no_address = delivery("standard");
    no_address.as_object_mut().unwrap().remove("address");
    assert_eq!(pointer(&ship(no_address).await.refused(422, "validation-failed")), "/address");
    let mut free = delivery("standard");
    free["shipping_price"] = json!("0");
    ship(free).await.refused(400, "unknown-field");
    let mut long = delivery("standard");
    long["address"]["street_line2"] = json!("x".repeat(201));
    assert_eq!(pointer(&ship(long).await.refused(422, "validation-failed")), "/address/street_line2");

    let pay = |body: Value| server.post("/api/cart/checkout/payment/").cart(token).json(&body).send();
    let refused = pay(json!({"method": "card"})).await.refused(422, "validation-failed");
    assert_eq!((pointer(&refused), &refused["errors"][0]["code"]), ("/method", &json!("unsupported")));
    let mobile =
        json!({"method": "mobile_money", "mobile_money": {"phone": "+2348031234567", "provider": "mtn"}});
    assert_eq!(pointer(&pay(mobile).await.refused(422, "validation-failed")), "/method");
    pay(json!({"method": "gold"})).await.refused(422, "validation-failed");
    pay(json!({})).await.refused(422, "validation-failed");
    pay(json!({"method": 7})).await.refused(400, "wrong-type");

    let confirm = || server.post("/api/cart/checkout/confirm/").cart(token);
    confirm().send().await.refused(400, "idempotency-key-required");
    for bad in ["", "a b", &"x".repeat(256), "schlüssel"] {
        confirm().key(bad).send().await.refused(400, "idempotency-key-invalid");
    }
    let missing = confirm().key("incomplete").send().await.refused(409, "checkout-incomplete");
    assert_eq!(missing["missing"], json!(["email", "shipping_address", "shipping_method", "payment_method"]));
    let send = |body: Value| confirm().key("wrong").json(&body).send();
    send(json!({"expected_total": "100.00"})).await.refused(400, "wrong-type");
    send(json!({"expected_total": {"amount": 100, "currency": "NGN"}})).await.refused(400, "wrong-type");
    send(json!({"expected_total": {"amount": "1.001", "currency": "NGN"}}))
        .await
        .refused(422, "validation-failed");
    send(json!({"expected_total": {"amount": "1", "currency": "naira"}}))
        .await
        .refused(422, "validation-failed");
    send(json!({"total": {"amount": "1", "currency": "NGN"}})).await.refused(400, "unknown-field");
    send(json!({"cart_version": -1})).await.refused(422, "validation-failed");
    let changed = send(json!({"cart_version": 99})).await.refused(409, "cart-changed");
    assert_eq!(changed["cart"]["version"], 1);
}

/// What no client library would send.
fn raw(server: &TestServer) {
    let said = |request: &[u8]| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    };
    let head = |line: &str| format!("{line}\r\nHost: shop\r\nConnection: close\r\n\r\n").into_bytes();
    for (request, status) in [
        (head("GET /api/products/\u{7f} HTTP/1.1"), "400"),
        (head("GET /api/products/?q=\u{1} HTTP/1.1"), "400"),
        (b"\0\0\0\0\r\n\r\n".to_vec(), "400"),
        (head("GET http://elsewhere.example/api/products/?page_size=1 HTTP/1.1"), "200"),
        (b"POST /api/cart/items/ HTTP/1.1\r\nHost: shop\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n".to_vec(), "413"),
        (b"POST /api/cart/items/ HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n".to_vec(), "400"),
    ] {
        let answer = said(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{}\n{answer}", String::from_utf8_lossy(&request));
    }
}

#[tokio::test]
async fn a_request_id_is_taken_when_it_is_sane_and_made_otherwise() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    let sent = |id: &'static str| server.get("/api/nothing/").header("X-Request-Id", id).send();
    assert_eq!(sent("checkout-7.a_b").await.header("x-request-id"), "checkout-7.a_b");
    for bad in ["", "a b", "<script>", "x\ty"] {
        let made = sent(bad).await.header("x-request-id").to_owned();
        assert!(made.len() == 36 && made != bad, "{made}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_changed_between_cart_and_confirm_is_told() {
    for kind in server::KINDS {
        let mut server = TestServer::start(kind).await;
        server.import(&shirt(5, "1000.00")).await;
        let first = server.ready_cart(&[("SHIRT", 3)]).await;
        let second = server.ready_cart(&[("SHIRT", 3)]).await;
        let third = server.ready_cart(&[("SHIRT", 1)]).await;
        let confirm = |token: &str, key: &str, body: &Value| {
            server.post("/api/cart/checkout/confirm/").cart(token).key(key).json(body).send()
        };
        confirm(&first, "one", &json!({})).await.expect(201);

        // Two are left of the three that the second cart holds.
        let short = confirm(&second, "two", &json!({})).await.refused(409, "out-of-stock");
        assert_eq!(
            (&short["lines"][0]["sku"], &short["lines"][0]["wanted"], &short["lines"][0]["available"]),
            (&json!("SHIRT"), &json!(3), &json!(2))
        );
        let cart = server.get("/api/cart/").cart(&second).send().await.expect(200);
        assert_eq!(
            (&cart["items"][0]["in_stock"], &cart["checkout"]["ready"]),
            (&json!(false), &json!(false))
        );
        assert!(!cart["messages"].as_array().unwrap().is_empty());

        // The price goes up.
        let seen = server.get("/api/cart/").cart(&third).send().await.expect(200)["summary"]["total"].clone();
        server.import(&shirt(5, "1250.00")).await;
        let changed =
            confirm(&third, "three", &json!({"expected_total": seen})).await.refused(409, "price-changed");
        assert_eq!((amount(&seen), amount(&changed["cart"]["summary"]["total"])), ("1000.00", "1250.00"));
        let total = changed["cart"]["summary"]["total"].clone();
        let placed = confirm(&third, "four", &json!({"expected_total": total})).await.expect(201);
        assert_eq!(placed["order"]["totals"]["total"], total);

        // It is taken off the shelves while it lies in a cart.
        server.import(&shirt(5, "1250.00").replace(",true,", ",false,")).await;
        let gone = confirm(&second, "five", &json!({})).await.refused(409, "out-of-stock");
        assert_eq!(gone["lines"][0]["available"], 0);
        let cart = server.get("/api/cart/").cart(&second).send().await.expect(200);
        assert_eq!(amount(&cart["summary"]["total"]), "0.00");
        assert_eq!(server.get("/api/products/shirt/").send().await.status, 404);
        server.stop().await;
    }
}

#[tokio::test]
async fn collections_that_a_client_grows_are_bounded() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    let head =
        "Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Price,Status\n".to_owned();
    server
        .import(&(0..101).fold(head, |rows, n| rows + &format!("p{n},P {n},true,P{n},,1.00,active\n")))
        .await;
    let token = server.cart(&[("P0", 1)]).await;
    let add = |body: Value| server.post("/api/cart/items/").cart(&token).json(&body).send();
    for n in 1..100 {
        add(json!({"sku": format!("P{n}"), "quantity": 1})).await.expect(201);
    }
    add(json!({"sku": "P100", "quantity": 1})).await.refused(422, "validation-failed");
    add(json!({"sku": "P0", "quantity": 9_999})).await.expect(201);
    let full: Reply = add(json!({"sku": "P0", "quantity": 1})).await;
    assert_eq!(pointer(&full.refused(422, "validation-failed")), "/quantity");
    let many: Value =
        (0..11).map(|n| (format!("wish {n}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let wishes = add(json!({"sku": "P1", "quantity": 1, "customizations": many})).await;
    assert_eq!(pointer(&wishes.refused(422, "validation-failed")), "/customizations");
    server.stop().await;
}

fn shirt(stock: u32, price: &str) -> String {
    format!(
        "Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status\n\
         shirt,Shirt,true,SHIRT,shopify,{stock},{price},active\n"
    )
}

fn draft_row(sku: &str) -> String {
    format!("Handle,Title,Published,Variant SKU,Variant Price,Status\n{sku},A draft,false,{sku},5.00,draft\n")
}
