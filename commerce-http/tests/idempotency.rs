//! P-ONCE: a repeated request has one effect and one answer.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use server::{KINDS, TestServer};

const SHOP: &str = "\
Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status
mug,Mug,true,MUG,shopify,50,1500.00,active
";

#[tokio::test(flavor = "multi_thread")]
async fn thirty_confirms_with_one_key_place_one_order() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        server.import(SHOP).await;
        let token = server.ready_cart(&[("MUG", 2)]).await;
        let confirms =
            (0..30).map(|_| server.post("/api/cart/checkout/confirm/").cart(&token).key("once").send());
        let replies = futures_util::future::join_all(confirms).await;
        let mut first = 0;
        let mut orders = BTreeSet::new();
        for reply in replies {
            first += usize::from(reply.header("idempotent-replayed").is_empty());
            let placed = reply.expect(201);
            orders.insert(placed.to_string());
        }
        assert_eq!((first, orders.len()), (1, 1), "{kind:?}: one order, one answer");
        assert_eq!(server.available("mug", "MUG").await, 48);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_cart() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        server.import(SHOP).await;
        let token = server.cart(&[("MUG", 1)]).await;
        let add = |token: &str, body: Value| {
            server.post("/api/cart/items/").cart(token).key("k").json(&body).send()
        };
        let two = json!({"sku": "MUG", "quantity": 2});
        assert_eq!(add(&token, two.clone()).await.expect(201)["items"][0]["quantity"], 3);
        let again = add(&token, two.clone()).await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(201)["items"][0]["quantity"], 3, "it is added once");
        // The same request, written otherwise.
        let respelled =
            server.post("/api/cart/items/").cart(&token).key("k").raw("{ \"quantity\":2,\n\"sku\":\"MUG\" }");
        assert_eq!(respelled.send().await.expect(201)["items"][0]["quantity"], 3);
        add(&token, json!({"sku": "MUG", "quantity": 5})).await.refused(422, "idempotency-key-reused");

        let other = server.cart(&[("MUG", 1)]).await;
        let theirs = add(&other, two).await;
        assert_eq!(theirs.header("idempotent-replayed"), "", "another cart, another key of the same name");
        assert_eq!(theirs.expect(201)["items"][0]["quantity"], 3);

        let ready = server.ready_cart(&[("MUG", 1)]).await;
        let confirm =
            |body: Value| server.post("/api/cart/checkout/confirm/").cart(&ready).key("c").json(&body).send();
        let placed = confirm(json!({})).await.expect(201);
        confirm(json!({"cart_version": 3})).await.refused(422, "idempotency-key-reused");
        assert_eq!(confirm(json!({})).await.expect(201)["order"]["id"], placed["order"]["id"]);
        let without_body = server.post("/api/cart/checkout/confirm/").cart(&ready).key("c").send().await;
        assert_eq!(without_body.expect(201)["order"]["id"], placed["order"]["id"]);
        // A new key finds the next cart of the token, which is empty.
        let next = server.post("/api/cart/checkout/confirm/").cart(&ready).key("d").send().await;
        assert_eq!(next.refused(409, "checkout-incomplete")["missing"][0], "items");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_changes_of_one_cart_are_all_kept() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        server.import(SHOP).await;
        let token = server.cart(&[("MUG", 1)]).await;
        let body = json!({"sku": "MUG", "quantity": 1});
        let adds = (0..20).map(|_| server.post("/api/cart/items/").cart(&token).json(&body).send());
        for reply in futures_util::future::join_all(adds).await {
            reply.expect(201);
        }
        let cart = server.get("/api/cart/").cart(&token).send().await.expect(200);
        assert_eq!((&cart["items"][0]["quantity"], &cart["version"]), (&json!(21), &json!(21)));
        server.stop().await;
    }
}

#[tokio::test]
async fn a_repeated_request_of_the_back_office_has_one_effect_and_one_answer() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let ask = async |path: &str, key: &str, body: &Value| {
            server.admin(Method::POST, path).key(key).json(body).send().await
        };
        let promotion = |percent: &str| json!({"code": "shoes", "label": "Shoes", "coupon": true, "action": {"percent": percent}});
        let generate = json!({"promotion": "shoes", "count": 3, "prefix": "SHOE"});
        let coupon = json!({"code": "hello", "promotion": "shoes"});
        let requests = [
            ("promotions/", promotion("10"), promotion("11")),
            (
                "coupons/generate/",
                generate.clone(),
                json!({"promotion": "shoes", "count": 4, "prefix": "SHOE"}),
            ),
            ("coupons/", coupon.clone(), json!({"code": "hallo", "promotion": "shoes"})),
        ];
        for (path, body, other) in &requests {
            let first = ask(path, "key-1", body).await;
            assert_eq!(first.header("idempotent-replayed"), "", "{path}");
            let first = first.expect(201);
            for _ in 0..2 {
                let again = ask(path, "key-1", body).await;
                assert_eq!(again.header("idempotent-replayed"), "true", "{path}");
                assert_eq!(again.expect(201), first, "{path}");
            }
            ask(path, "key-1", other).await.refused(422, "idempotency-key-reused");
            ask(path, "no key", body).await.refused(400, "idempotency-key-invalid");
        }
        ask("promotions/", "key-2", &promotion("10")).await.refused(409, "already-exists");
        ask("coupons/", "key-2", &coupon).await.refused(409, "already-exists");
        let listed = async || {
            let page = server.admin(Method::GET, "coupons/?promotion=shoes&page_size=100").send().await;
            page.expect(200)["results"].as_array().unwrap().len()
        };
        assert_eq!(listed().await, 4);
        ask("coupons/generate/", "key-2", &generate).await.expect(201);
        assert_eq!(listed().await, 7, "another key is another request");

        for (path, other) in [
            ("coupons/hello/end/", "coupons/none/end/"),
            ("promotions/shoes/end/", "promotions/welcome/end/"),
        ] {
            let end = async |path: &str| server.admin(Method::POST, path).key("key-1").send().await;
            let first = end(path).await;
            assert_eq!(first.header("idempotent-replayed"), "", "{path}");
            let first = first.expect(200);
            let again = end(path).await;
            assert_eq!(again.header("idempotent-replayed"), "true", "{path}");
            assert_eq!(again.expect(200), first, "{path}");
            end(other).await.refused(422, "idempotency-key-reused");
        }
        server.doctor().await;
        server.stop().await;
    }
}
