//! What somebody likes over HTTP: their wishlist, the products that they looked at, and what goes with a product; on both
//! stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::Call;
use server::{KINDS, TestServer};

const SECRET: &str = "tr0mbone & oar 99";
const TOWEL: &str = "ORA-NET-1";
const COTTON: &str = "ADN-WRP-IND-M";
const WISHLIST: &str = "/api/users/wishlist/";
const VIEWED: &str = "/api/users/recently-viewed/";

/// Somebody who is logged in.
struct Customer<'s> {
    server: &'s TestServer,
    bearer: String,
}

impl<'s> Customer<'s> {
    async fn log_in(server: &'s TestServer, email: &str) -> Self {
        let login = json!({"email": email, "password": SECRET});
        let pair = server.post("/api/auth/login/").json(&login).send().await.expect(200);
        Self { server, bearer: format!("Bearer {}", pair["access_token"].as_str().unwrap()) }
    }

    fn call(&self, method: Method, path: &str) -> Call<'s> {
        self.server.call(method, path).header("Authorization", &self.bearer)
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path).send().await.expect(200)
    }

    async fn wish(&self, body: Value) -> Value {
        self.call(Method::POST, WISHLIST).json(&body).send().await.expect(201)
    }
}

fn all(list: &Value, field: &str) -> Vec<String> {
    list["results"].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_customer_keeps_a_wishlist_and_sees_what_they_looked_at() {
    for kind in KINDS {
        let people = ["ada@example.com", "eve@example.com"];
        let mut server = TestServer::start_with_customers(kind, &people, SECRET).await;
        let (ada, eve) =
            (Customer::log_in(&server, people[0]).await, Customer::log_in(&server, people[1]).await);
        // Kept once, with price and stock of now.
        let towel = ada.wish(json!({"sku": TOWEL})).await;
        assert_eq!((&towel["on_sale"], &towel["in_stock"]), (&json!(true), &json!(true)));
        assert!(towel["price"]["amount"].is_string(), "{towel}");
        let cotton = ada.wish(json!({"sku": COTTON})).await;
        assert_eq!(ada.wish(json!({"variant_id": towel["variant_id"]})).await, towel);
        assert_eq!(ada.get(WISHLIST).await, json!({"results": [cotton, towel], "next": null}));
        assert_eq!(eve.get(WISHLIST).await["results"], json!([]));
        let first = ada.get("/api/users/wishlist/?page_size=1").await;
        assert_eq!(all(&first, "sku"), [COTTON]);
        assert_eq!(all(&ada.get(first["next"].as_str().unwrap()).await, "sku"), [TOWEL]);
        // What is asked for must be one thing, and sold.
        for (body, status, code, pointer) in [
            (json!({}), 422, "validation-failed", "/sku"),
            (json!({"sku": TOWEL, "variant_id": towel["variant_id"]}), 422, "validation-failed", "/sku"),
            (json!({"variant_id": "7"}), 422, "validation-failed", "/variant_id"),
            (json!({"sku": "NO-SUCH-SKU"}), 422, "unknown-variant", ""),
            (json!({"from_cart_item": towel["variant_id"]}), 422, "validation-failed", "/from_cart_item"),
        ] {
            let refused = ada.call(Method::POST, WISHLIST).json(&body).send().await.refused(status, code);
            if !pointer.is_empty() {
                assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
            }
        }
        server.get(WISHLIST).send().await.refused(401, "unauthenticated");
        server.admin(Method::GET, "../users/wishlist/").send().await.refused(403, "forbidden");
        // Saved for later, and back.
        let add = json!({"sku": COTTON, "quantity": 2});
        let cart = eve.call(Method::POST, "/api/cart/items/").json(&add).send().await.expect(201);
        let saved = eve.wish(json!({"from_cart_item": cart["items"][0]["id"]})).await;
        assert_eq!(saved["sku"], COTTON);
        assert_eq!(eve.get("/api/cart/").await["items"], json!([]));
        let path = format!("{WISHLIST}{}/", saved["variant_id"].as_str().unwrap());
        eve.call(Method::DELETE, &path).send().await.expect(204);
        eve.call(Method::DELETE, &path).send().await.refused(404, "not-found");
        assert_eq!(all(&ada.get(WISHLIST).await, "sku"), [COTTON, TOWEL], "hers is another one");
        // What a shopper looked at, also when the answer was kept; what nobody was logged in for is nobody's.
        let (towels, cottons) =
            (towel["product_slug"].as_str().unwrap(), cotton["product_slug"].as_str().unwrap());
        for slug in [towels, cottons, towels] {
            ada.get(&format!("/api/products/{slug}/")).await;
        }
        server.get(&format!("/api/products/{cottons}/")).send().await.expect(200);
        ada.call(Method::GET, "/api/products/none/").send().await.refused(404, "not-found");
        assert_eq!(all(&ada.get(VIEWED).await, "slug"), [towels, cottons]);
        assert_eq!(eve.get(VIEWED).await["results"], json!([]));
        let etag = ada.call(Method::GET, &format!("/api/products/{cottons}/")).send().await;
        let etag = etag.header("etag").to_owned();
        let known =
            ada.call(Method::GET, &format!("/api/products/{cottons}/")).header("If-None-Match", &etag);
        known.send().await.expect(304);
        assert_eq!(all(&ada.get(VIEWED).await, "slug"), [cottons, towels]);
        // All of it can be taken along, and goes with the account. What was looked at is written when the server stops.
        let export = ada.get("/api/users/export/").await;
        assert_eq!(export["wishlist"].as_array().unwrap().len(), 2);
        assert_eq!(export["recently_viewed"][0]["slug"], cottons);
        ada.get(&format!("/api/products/{towels}/")).await;
        let bearer = ada.bearer.clone();
        server.stop().await;
        server.restart().await;
        let ada = Customer { server: &server, bearer };
        assert_eq!(all(&ada.get(VIEWED).await, "slug"), [towels, cottons]);
        let leave = json!({"password": SECRET});
        ada.call(Method::DELETE, "/api/users/profile/").json(&leave).send().await.expect(204);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_goes_with_a_product_is_public_and_kept() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let listed = server.get("/api/products/?page_size=100").send().await.expect(200);
        let slug = listed["results"].as_array().unwrap().iter().find(|row| !row["category"].is_null());
        let slug = slug.unwrap()["slug"].as_str().unwrap().to_owned();
        let related = format!("/api/products/{slug}/related/");
        let alike = server.get(&related).send().await;
        let etag = alike.header("etag").to_owned();
        let alike = alike.expect(200);
        assert!(!all(&alike, "slug").contains(&slug), "{alike}");
        assert!(alike["results"].as_array().unwrap().len() <= 10);
        server.get(&related).header("If-None-Match", &etag).send().await.expect(304);
        let one = server.get(&format!("{related}?limit=1")).send().await.expect(200);
        assert_eq!(one["results"].as_array().unwrap().len(), 1);
        for limit in ["0", "21", "many"] {
            let refused = server.get(&format!("{related}?limit={limit}")).send().await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], "/limit");
        }
        server.get("/api/products/none/related/").send().await.refused(404, "not-found");
        server.stop().await;
    }
}
