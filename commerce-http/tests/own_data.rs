//! What is one's own over HTTP: the cart of an account, its orders, all that the shop knows of it, and leaving; on both
//! stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::Call;
use server::{KINDS, Kind, TestServer, delivery};

const SECRET: &str = "tr0mbone & oar 99";
const TOWEL: &str = "ORA-NET-1";
const COTTON: &str = "ADN-WRP-IND-M";

/// A server with two customers.
async fn with_customers(kind: Kind) -> TestServer {
    TestServer::start_with_customers(kind, &["ada@example.com", "eve@example.com"], SECRET).await
}

/// Somebody who is logged in.
struct Customer<'s> {
    server: &'s TestServer,
    pair: Value,
}

impl<'s> Customer<'s> {
    async fn log_in(server: &'s TestServer, email: &str, cart: Option<&str>) -> Self {
        let mut body = json!({"email": email, "password": SECRET});
        if let Some(cart) = cart {
            body["cart_token"] = json!(cart);
        }
        Self { server, pair: server.post("/api/auth/login/").json(&body).send().await.expect(200) }
    }

    fn call(&self, method: Method, path: &str) -> Call<'s> {
        let bearer = format!("Bearer {}", self.pair["access_token"].as_str().unwrap());
        self.server.call(method, path).header("Authorization", &bearer)
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path).send().await.expect(200)
    }

    async fn add(&self, sku: &str, quantity: u32) -> Value {
        let body = json!({"sku": sku, "quantity": quantity});
        self.call(Method::POST, "/api/cart/items/").json(&body).send().await.expect(201)
    }

    /// Orders what is in the cart of the account.
    async fn order(&self, key: &str) -> Value {
        let mut shipping = delivery("standard");
        shipping.as_object_mut().unwrap().remove("email");
        self.call(Method::POST, "/api/cart/checkout/shipping/").json(&shipping).send().await.expect(200);
        let method = json!({"method": "cash_on_delivery"});
        self.call(Method::POST, "/api/cart/checkout/payment/").json(&method).send().await.expect(200);
        let confirm = self.call(Method::POST, "/api/cart/checkout/confirm/").key(key).json(&json!({}));
        confirm.send().await.expect(201)["order"].clone()
    }
}

fn quantities(cart: &Value) -> Vec<u64> {
    cart["items"].as_array().unwrap().iter().map(|item| item["quantity"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_account_has_one_cart_on_every_device() {
    for kind in KINDS {
        let mut server = with_customers(kind).await;
        let phone = Customer::log_in(&server, "ada@example.com", None).await;
        assert_eq!(phone.pair["cart_merge"], Value::Null);
        let made = phone.add(TOWEL, 2).await;
        assert!(made.get("token").is_none(), "{made}");
        // What a guest has is merged at the login, once, and what is sent beside a login does not count.
        let token = server.cart(&[(TOWEL, 3), (COTTON, 1)]).await;
        let laptop = Customer::log_in(&server, "ada@example.com", Some(&token)).await;
        assert_eq!(laptop.pair["cart_merge"], json!({"merged": 2, "left": []}));
        let again = Customer::log_in(&server, "ada@example.com", Some(&token)).await;
        assert_eq!(again.pair["cart_merge"], json!({"merged": 0, "left": []}));
        let cart = phone.get("/api/cart/").await;
        assert_eq!(quantities(&cart), [5, 1]);
        let with_token = laptop.call(Method::GET, "/api/cart/").cart(&token).send().await.expect(200);
        assert_eq!(with_token["id"], cart["id"]);
        assert!(quantities(&server.get("/api/cart/").cart(&token).send().await.expect(200)).is_empty());
        let strange = Customer::log_in(&server, "ada@example.com", Some("no token")).await;
        assert_eq!(strange.pair["cart_merge"], Value::Null);
        // A merge that fails is no reason to send somebody away: the cart waits for the next login.
        let broken = server.cart(&[(TOWEL, 1)]).await;
        server.database.execute("update {carts} set coupons = '7' where customer_id is null").await;
        let unmerged = Customer::log_in(&server, "ada@example.com", Some(&broken)).await;
        assert_eq!(unmerged.pair["cart_merge"], Value::Null);
        assert!(unmerged.pair["access_token"].is_string());
        server.database.execute("update {carts} set coupons = '[]' where customer_id is null").await;
        // Somebody else's is another one, and their line items are none of mine.
        let eve = Customer::log_in(&server, "eve@example.com", None).await;
        assert!(quantities(&eve.get("/api/cart/").await).is_empty());
        eve.add(TOWEL, 1).await;
        let foreign = format!("/api/cart/items/{}/", cart["items"][0]["id"].as_str().unwrap());
        eve.call(Method::DELETE, &foreign).send().await.refused(404, "not-found");
        // Whoever is logged in no more is told so, and not shown an empty cart.
        let over = server.get("/api/cart/").header("Authorization", "Bearer over").send().await;
        over.refused(401, "unauthenticated");
        // One's own address, by its id; somebody else's is none.
        let home = json!({"address_type": "home", "contact_name": "Ada Obi", "street_line1": "12 Marina Road",
            "city": "Lagos", "state_province": "LA", "country_code": "NG"});
        let saved =
            phone.call(Method::POST, "/api/users/addresses/").json(&home).send().await.expect(201)["id"]
                .clone();
        let shipping = json!({"address_id": saved, "shipping_method": "standard"});
        let ship = async |who: &Customer<'_>, body: &Value| {
            who.call(Method::POST, "/api/cart/checkout/shipping/").json(body).send().await
        };
        let shipped = ship(&phone, &shipping).await.expect(200);
        assert_eq!(shipped["checkout"]["email"], "ada@example.com");
        assert_eq!(shipped["checkout"]["shipping_address"]["contact_name"], "Ada Obi");
        let refused = ship(&eve, &shipping).await.refused(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/address_id");
        let elsewhere =
            json!({"address_id": saved, "shipping_method": "standard", "email": "eve@example.com"});
        let refused = ship(&phone, &elsewhere).await.refused(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/email");
        server.stop().await;
    }
}

#[tokio::test]
async fn ones_own_orders_are_seen_by_nobody_else() {
    for kind in KINDS {
        let mut server = with_customers(kind).await;
        let ada = Customer::log_in(&server, "ada@example.com", None).await;
        let eve = Customer::log_in(&server, "eve@example.com", None).await;
        ada.add(TOWEL, 1).await;
        let order = ada.order("first").await;
        assert_eq!(order["customer"]["email"], "ada@example.com");
        assert_eq!(order["customer"]["id"], ada.pair["user"]["id"]);
        let path = format!("/api/orders/{}/", order["id"].as_str().unwrap());
        assert_eq!(ada.get(&path).await["number"], order["number"]);
        let listed = ada.get("/api/orders/").await;
        assert_eq!(listed["results"].as_array().unwrap().len(), 1);
        assert_eq!(eve.get("/api/orders/").await["results"], json!([]));
        let nowhere = "/api/orders/0190f3c2-0000-7000-8000-000000000000/";
        let mut alike = Vec::new();
        for path in [path.as_str(), nowhere] {
            for (method, path) in [(Method::GET, path.to_owned()), (Method::POST, format!("{path}cancel/"))] {
                let mut body = eve.call(method, &path).send().await.refused(404, "not-found");
                body["request_id"].take();
                body["instance"].take();
                alike.push(body);
            }
        }
        assert!(alike.windows(2).all(|pair| pair[0] == pair[1]), "{alike:?}");
        // Cash at the door waits for no gateway, which the owner is told; to anybody else the order is none.
        let pay = json!({"order_id": order["id"]});
        for (who, status, code) in [(&eve, 404, "not-found"), (&ada, 422, "validation-failed")] {
            let call = who.call(Method::POST, "/api/payments/initialize/").key("pay").json(&pay);
            call.send().await.refused(status, code);
        }
        server.get("/api/orders/").send().await.refused(401, "unauthenticated");
        server.get(&path).send().await.refused(401, "unauthenticated");
        let cancel = format!("{path}cancel/");
        let cancelled = ada.call(Method::POST, &cancel).send().await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        let all = server.admin(Method::GET, "../orders/").send().await.expect(200);
        assert_eq!(all["results"].as_array().unwrap().len(), 1);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_guest_claims_their_orders_takes_all_with_them_and_leaves() {
    for kind in KINDS {
        let mut server = with_customers(kind).await;
        let token = server.ready_cart(&[(TOWEL, 1)]).await;
        let confirm = server.post("/api/cart/checkout/confirm/").cart(&token).key("guest").json(&json!({}));
        let placed = confirm.send().await.expect(201);
        let email = placed["order"]["customer"]["email"].as_str().unwrap();
        assert_eq!(email, "ada@example.com");
        let order = placed["order"]["id"].as_str().unwrap();
        let path = format!("/api/orders/{order}/");
        let ada = Customer::log_in(&server, email, None).await;
        let eve = Customer::log_in(&server, "eve@example.com", None).await;
        ada.call(Method::GET, &path).send().await.refused(404, "not-found");
        let claim =
            async |who: &Customer<'_>| who.call(Method::POST, "/api/users/orders/claim/").send().await;
        // What a guest placed with one's address one is told also before one claims it, and nobody else is.
        let export = ada.get("/api/users/export/").await;
        assert_eq!((&export["orders"][0]["id"], &export["email_change"]), (&json!(order), &Value::Null));
        assert_eq!(eve.get("/api/users/export/").await["orders"], json!([]));
        assert_eq!(claim(&eve).await.expect(200), json!({"orders": []}));
        assert_eq!(claim(&ada).await.expect(200), json!({"orders": [order]}));
        assert_eq!(claim(&ada).await.expect(200), json!({"orders": []}));
        ada.get(&path).await;
        // All that the shop knows.
        ada.add(TOWEL, 2).await;
        let change = json!({"new_email": "ada@new.example", "password": SECRET});
        ada.call(Method::POST, "/api/users/email/change/").json(&change).send().await.expect(202);
        let export = ada.get("/api/users/export/").await;
        assert_eq!(export["profile"]["email"], email);
        assert_eq!(export["email_change"]["new_email"], "ada@new.example");
        assert_eq!(export["orders"][0]["id"], order);
        assert!(export["orders"][0]["payments"][0]["reference"].is_string());
        assert_eq!(quantities(&export["cart"]), [2]);
        assert_eq!(export["sessions"][0]["is_current"], true);
        for secret in ["password", "hash", "refresh"] {
            assert!(!export.to_string().contains(secret), "{export}");
        }
        // Not while an order is under way, and not without the password.
        let leave = |password: &str| {
            ada.call(Method::DELETE, "/api/users/profile/").json(&json!({"password": password})).send()
        };
        leave("wrong secret 1").await.refused(401, "invalid-credentials");
        leave(SECRET).await.refused(409, "invalid-transition");
        ada.call(Method::POST, &format!("{path}cancel/")).send().await.expect(200);
        leave(SECRET).await.expect(204);
        ada.call(Method::GET, "/api/users/profile/").send().await.refused(401, "unauthenticated");
        let login = json!({"email": email, "password": SECRET});
        server.post("/api/auth/login/").json(&login).send().await.refused(401, "invalid-credentials");
        let kept = server.admin(Method::GET, &format!("../orders/{order}/")).send().await.expect(200);
        assert_eq!(kept["customer"], json!({"id": null, "email": "erased@erased.invalid"}));
        assert_eq!(kept["totals"], placed["order"]["totals"]);
        assert!(!kept.to_string().contains("Ada"), "{kept}");
        // The address may register again.
        let again = json!({"email": email, "password": SECRET, "first_name": "Ada", "last_name": "Obi"});
        server.post("/api/auth/register/").json(&again).send().await.expect(202);
        server.doctor().await;
        server.stop().await;
    }
}
