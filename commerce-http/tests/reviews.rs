//! Reviews over HTTP: from the purchase to the moderation, who sees what, and what is refused; on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Call, Reply};
use server::{Folder, KINDS, Kind, TestServer, delivery};

const SECRET: &str = "tr0mbone & oar 99";
const SKU: &str = "ORA-NET-1";
const REVIEWS: &str = "/api/products/long-net-bath-sponge/reviews/";
const PRODUCT: &str = "/api/products/long-net-bath-sponge/";
const NOBODY: &str = "/api/reviews/01890a5d-ac96-774b-bcce-b302099a8057/";

/// Somebody who is logged in.
struct Customer<'s> {
    server: &'s TestServer,
    token: String,
}

impl<'s> Customer<'s> {
    async fn log_in(server: &'s TestServer, email: &str, name: [&str; 2]) -> Self {
        let body = json!({"email": email, "password": SECRET});
        let pair = server.post("/api/auth/login/").json(&body).send().await.expect(200);
        let customer = Self { server, token: pair["access_token"].as_str().unwrap().to_owned() };
        let named = json!({"first_name": name[0], "last_name": name[1]});
        customer.call(Method::PATCH, "/api/users/profile/").json(&named).send().await.expect(200);
        customer
    }

    fn call(&self, method: Method, path: &str) -> Call<'s> {
        self.server.call(method, path).header("Authorization", &format!("Bearer {}", self.token))
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path).json(body).send().await
    }

    /// Orders the product; its id.
    async fn order(&self) -> String {
        let mut shipping = delivery("standard");
        shipping.as_object_mut().unwrap().remove("email");
        self.post("/api/cart/items/", &json!({"sku": SKU, "quantity": 1})).await.expect(201);
        self.post("/api/cart/checkout/shipping/", &shipping).await.expect(200);
        self.post("/api/cart/checkout/payment/", &json!({"method": "cash_on_delivery"})).await.expect(200);
        let confirm = self.call(Method::POST, "/api/cart/checkout/confirm/").key("once").json(&json!({}));
        confirm.send().await.expect(201)["order"]["id"].as_str().unwrap().to_owned()
    }
}

async fn deliver(server: &TestServer, order: &str) {
    for status in ["processing", "shipped", "delivered"] {
        let path = format!("../orders/{order}/status/");
        server.admin(Method::PUT, &path).json(&json!({"status": status})).send().await.expect(200);
    }
}

/// The address of a review, as it was answered.
fn at(answer: &Value) -> String {
    format!("/api/reviews/{}/", answer["review"]["id"].as_str().unwrap())
}

/// A refusal without what differs from request to request.
fn words(reply: Reply) -> Value {
    let mut body = reply.body;
    for name in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}

async fn with_customers(kind: Kind) -> TestServer {
    let emails = ["ada@example.com", "eve@example.com", "joe@example.com"];
    TestServer::start_with_customers(kind, &emails, SECRET).await
}

#[tokio::test]
async fn a_review_from_its_purchase_to_its_end() {
    for kind in KINDS {
        let mut server = with_customers(kind).await;
        let ada = Customer::log_in(&server, "ada@example.com", ["Ada", "Obi"]).await;
        let eve = Customer::log_in(&server, "eve@example.com", ["Eve", ""]).await;
        let body = json!({"rating": 4, "title": " Reaches\u{202e} far ", "text": "<b>Dries</b> in an hour.",
            "pros": ["long"], "cons": [], "images": ["https://img.example.com/a.png"]});
        server.post(REVIEWS).json(&body).send().await.refused(401, "unauthenticated");
        ada.post(REVIEWS, &body).await.refused(403, "purchase-required");
        let order = ada.order().await;
        ada.post(REVIEWS, &body).await.refused(403, "purchase-required");
        deliver(&server, &order).await;
        let page = server.get(REVIEWS).send().await.expect(200);
        assert_eq!((&page["summary"]["average"], &page["summary"]["count"]), (&Value::Null, &json!(0)));

        // Twenty at once, by one customer: one is written.
        let calls = (0..20).map(|_| ada.post(REVIEWS, &body));
        let answers = join_all(calls).await;
        let (made, late): (Vec<Reply>, Vec<Reply>) =
            answers.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((made.len(), late.len()), (1, 19));
        for refused in late {
            refused.refused(409, "already-exists");
        }
        let made = made.into_iter().next().unwrap().expect(201);
        assert_eq!(
            (&made["review"]["title"], &made["review"]["text"]),
            (&json!("Reaches far"), &body["text"])
        );
        assert_eq!((&made["review"]["status"], &made["is_own"]), (&json!("published"), &json!(true)));

        // Everybody sees it, under a short name, and what the product is rated.
        let page = server.get(REVIEWS).send().await.expect(200);
        let shown = &page["results"][0];
        assert_eq!((&shown["author"], &shown["verified_purchase"]), (&json!("Ada O."), &json!(true)));
        let told = page.to_string();
        assert!(!told.contains("@") && !told.contains("customer"), "{told}");
        assert_eq!((&page["summary"]["average"], &page["pagination"]["count"]), (&json!("4.00"), &json!(1)));
        assert_eq!(page["summary"]["distribution"][1], json!({"rating": 4, "count": 1}));
        let product = server.get(PRODUCT).send().await.expect(200);
        assert_eq!(product["ratings"], page["summary"]);
        for path in [
            "/api/products/?min_rating=4&sort_by=rating",
            "/api/products/search/?q=sponge&min_rating=4.00&sort_by=rating",
        ] {
            let found = server.get(path).send().await.expect(200);
            assert_eq!(found["pagination"]["count"], 1, "{path}");
            assert_eq!(
                (&found["results"][0]["rating"], &found["results"][0]["review_count"]),
                (&json!("4.00"), &json!(1))
            );
        }
        assert_eq!(
            server.get("/api/products/?min_rating=4.01").send().await.expect(200)["pagination"]["count"],
            0
        );
        let first = server.get("/api/products/?sort_by=rating&page_size=1").send().await.expect(200);
        assert_eq!(first["results"][0]["slug"], "long-net-bath-sponge");

        // A stranger changes nothing of it, and learns nothing: whatever they send, it is as if it were not there.
        let path = at(&made);
        for wrong in [body.clone(), json!({"rating": 9}), json!({"rating": 1, "version": 1})] {
            let there = eve.call(Method::PUT, &path).json(&wrong).send().await;
            let nothing = eve.call(Method::PUT, NOBODY).json(&wrong).send().await;
            assert_eq!(there.status, 404);
            assert_eq!(words(there), words(nothing));
        }
        let there = eve.call(Method::DELETE, &path).header("if-match", "\"9\"").send().await;
        let nothing = eve.call(Method::DELETE, NOBODY).header("if-match", "\"9\"").send().await;
        assert_eq!((there.status, words(there)), (404, words(nothing)));

        // Votes: one each, changed and taken back, none on one's own.
        let vote = format!("{path}vote/");
        ada.post(&vote, &json!({"helpful": true})).await.refused(403, "forbidden");
        for (helpful, counts) in
            [(json!(true), (1, 0)), (json!(true), (1, 0)), (json!(false), (0, 1)), (Value::Null, (0, 0))]
        {
            let voted = eve.post(&vote, &json!({"helpful": helpful})).await.expect(200);
            let counted = (&voted["review"]["helpful_count"], &voted["review"]["unhelpful_count"]);
            assert_eq!(counted, (&json!(counts.0), &json!(counts.1)));
            assert_eq!((&voted["helpful"], &voted["review"]["version"]), (&helpful, &json!(1)));
        }
        let refused = eve.post(&vote, &json!({})).await.refused(422, "validation-failed");
        assert_eq!(refused["errors"][0]["pointer"], "/helpful");

        // Its author says something else, if nobody was faster.
        let change = ada.call(Method::PUT, &path).header("if-match", "\"1\"");
        let changed = change.json(&json!({"rating": 2})).send().await;
        assert_eq!(changed.header("etag"), "\"2\"");
        assert_eq!(changed.expect(200)["review"]["title"], "");
        let late = ada.call(Method::PUT, &path).json(&json!({"rating": 3, "version": 1})).send().await;
        assert_eq!(late.refused(412, "version-conflict")["version"], 2);
        assert_eq!(server.get(PRODUCT).send().await.expect(200)["ratings"]["average"], "2.00");

        // It is told, and goes with them.
        let own = ada.call(Method::GET, "/api/users/export/").send().await.expect(200);
        assert_eq!(own["reviews"][0]["rating"], 2);
        ada.call(Method::DELETE, &path).send().await.expect(204);
        server.get(&path).send().await.refused(404, "not-found");
        ada.call(Method::GET, &path).send().await.refused(404, "not-found");
        assert_eq!(server.get(PRODUCT).send().await.expect(200)["ratings"]["count"], 0);
        let key = || ada.call(Method::POST, REVIEWS).key("again").json(&json!({"rating": 5}));
        let again = key().send().await.expect(201);
        let replayed = key().send().await;
        assert_eq!(replayed.header("idempotent-replayed"), "true");
        assert_eq!(replayed.expect(201), again);
        let other = ada.call(Method::POST, REVIEWS).key("again").json(&json!({"rating": 1}));
        other.send().await.refused(422, "idempotency-key-reused");
        let leave = json!({"password": SECRET});
        ada.call(Method::DELETE, "/api/users/profile/").json(&leave).send().await.expect(204);
        server.get(&at(&again)).send().await.refused(404, "not-found");
        assert_eq!(server.get(PRODUCT).send().await.expect(200)["ratings"]["count"], 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_a_rule_or_others_find_is_for_the_shop_to_look_at() {
    for kind in KINDS {
        let settings = "[reviews]\nwords = [\"scam\"]\nreports_max = 1\n";
        let folder = Folder::new();
        let file = folder.join("commerce.toml");
        std::fs::write(&file, settings).unwrap();
        let mut server = with_customers(kind).await;
        server.set("COMMERCE_CONFIG", file.to_str().unwrap());
        server.restart().await;
        let ada = Customer::log_in(&server, "ada@example.com", ["Ada", "Obi"]).await;
        let eve = Customer::log_in(&server, "eve@example.com", ["Eve", ""]).await;
        deliver(&server, &ada.order().await).await;
        let made = ada.post(REVIEWS, &json!({"rating": 1, "text": "A scam!"})).await.expect(201);
        assert_eq!(made["review"]["status"], "pending");
        let path = at(&made);
        let told = made.to_string();
        assert!(!told.contains("word") && !told.contains("finding"), "{told}");
        // It is there for its author and the shop.
        server.get(&path).send().await.refused(404, "not-found");
        eve.call(Method::GET, &path).send().await.refused(404, "not-found");
        let there = eve.post(&format!("{path}report/"), &json!({"reason": "spam"})).await;
        let nothing = eve.post(&format!("{NOBODY}report/"), &json!({"reason": "spam"})).await;
        assert_eq!((there.status, words(there)), (404, words(nothing)));
        assert_eq!(ada.call(Method::GET, &path).send().await.expect(200)["is_own"], true);
        assert_eq!(
            server.admin(Method::GET, &format!("..{}", &path[4..])).send().await.expect(200)["is_own"],
            false
        );
        let queue = async || {
            server.admin(Method::GET, "../reviews/pending-moderation/").send().await.expect(200)["results"]
                .clone()
        };
        let waiting = queue().await;
        assert_eq!((&waiting[0]["findings"], waiting.as_array().unwrap().len()), (&json!(["word"]), 1));
        // Who may not moderate, does not.
        let moderate = format!("{path}moderate/");
        ada.call(Method::GET, "/api/reviews/pending-moderation/").send().await.refused(403, "forbidden");
        ada.post(&moderate, &json!({"decision": "approve"})).await.refused(403, "forbidden");
        server
            .post(&moderate)
            .json(&json!({"decision": "approve"}))
            .send()
            .await
            .refused(401, "unauthenticated");
        let decide =
            |body: Value| server.admin(Method::POST, &format!("..{}", &moderate[4..])).json(&body).send();
        for (body, pointer) in [
            (json!({"decision": "maybe"}), "/decision"),
            (json!({"decision": "reject", "note": "n".repeat(1_001)}), "/note"),
        ] {
            assert_eq!(decide(body).await.refused(422, "validation-failed")["errors"][0]["pointer"], pointer);
        }
        decide(json!({"decision": "approve", "version": 9})).await.refused(412, "version-conflict");
        let approved = decide(json!({"decision": "approve", "note": "fair", "version": 1})).await.expect(200);
        assert_eq!((&approved["review"]["status"], &approved["note"]), (&json!("published"), &json!("fair")));
        assert_eq!(queue().await, json!([]));
        let audit = format!("audit/?target=review:{}", made["review"]["id"].as_str().unwrap());
        let audit = server.admin(Method::GET, &audit).send().await.expect(200);
        assert_eq!(
            (&audit["results"][0]["action"], &audit["results"][0]["data"]["before"]["status"]),
            (&json!("review.publish"), &json!("pending"))
        );
        let seen = ada.call(Method::GET, &path).send().await.expect(200).to_string();
        assert!(!seen.contains("fair"), "{seen}");
        // One report is enough here.
        let body = json!({"reason": "offensive", "text": "it is no scam"});
        eve.post(&format!("{path}report/"), &body).await.expect(204);
        server.get(&path).send().await.refused(404, "not-found");
        assert_eq!(queue().await[0]["findings"], json!(["reports"]));
        let rejected = decide(json!({"decision": "reject"})).await.expect(200);
        assert_eq!(rejected["reports"][0]["text"], "it is no scam");
        assert_eq!(ada.call(Method::GET, &path).send().await.expect(200)["review"]["status"], "rejected");
        let changed = ada.call(Method::PUT, &path).json(&json!({"rating": 1, "text": "so so"}));
        assert_eq!(changed.send().await.expect(200)["review"]["status"], "pending");
        assert_eq!(queue().await[0]["findings"], json!(["rejected"]));
        assert_eq!(server.get(PRODUCT).send().await.expect(200)["ratings"]["count"], 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    for kind in KINDS {
        let mut server = with_customers(kind).await;
        let ada = Customer::log_in(&server, "ada@example.com", ["Ada", "Obi"]).await;
        deliver(&server, &ada.order().await).await;
        let good = json!({"rating": 4});
        for (field, value, status, code, pointer) in [
            ("rating", json!(0), 422, "validation-failed", "/rating"),
            ("rating", json!(6), 422, "validation-failed", "/rating"),
            ("rating", json!(-1), 422, "validation-failed", "/rating"),
            ("rating", json!(4.5), 400, "wrong-type", "/rating"),
            ("rating", json!("4"), 400, "wrong-type", "/rating"),
            ("rating", Value::Null, 400, "wrong-type", "/rating"),
            ("title", json!("t".repeat(121)), 422, "validation-failed", "/title"),
            ("title", json!(7), 400, "wrong-type", "/title"),
            ("text", json!("ä".repeat(5_001)), 422, "validation-failed", "/text"),
            ("pros", json!(vec!["p"; 11]), 422, "validation-failed", "/pros"),
            ("pros", json!(["good", " \u{200b} "]), 422, "validation-failed", "/pros/1"),
            ("cons", json!(["c".repeat(201)]), 422, "validation-failed", "/cons/0"),
            ("cons", json!("bad"), 400, "wrong-type", "/cons"),
            ("images", json!(["http://img.example.com/a.png"]), 422, "validation-failed", "/images/0"),
            ("images", json!(["javascript:alert(1)"]), 422, "validation-failed", "/images/0"),
            ("images", json!(vec!["https://img.example.com/a.png"; 9]), 422, "validation-failed", "/images"),
            ("status", json!("published"), 400, "unknown-field", "/status"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let refused = ada.post(REVIEWS, &body).await.refused(status, code);
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}");
        }
        ada.post(REVIEWS, &json!({})).await.refused(422, "validation-failed");
        ada.call(Method::POST, REVIEWS).raw("{").send().await.refused(400, "malformed-json");
        ada.post("/api/products/no-such-thing/reviews/", &good).await.refused(404, "not-found");
        server.get("/api/products/no-such-thing/reviews/").send().await.refused(404, "not-found");
        for (query, pointer) in [
            ("rating=0", "/rating"),
            ("rating=six", "/rating"),
            ("sort_by=worst", "/sort_by"),
            ("page=0", "/page"),
            ("page=501&page_size=20", "/page"),
            ("page_size=101", "/page_size"),
        ] {
            let refused =
                server.get(&format!("{REVIEWS}?{query}")).send().await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{query}");
        }
        for path in ["/api/reviews/7/", NOBODY] {
            server.get(path).send().await.refused(404, "not-found");
        }
        assert_eq!(server.get(REVIEWS).send().await.expect(200)["pagination"]["count"], 0);
        let made = ada.post(REVIEWS, &good).await.expect(201);
        let joe = Customer::log_in(&server, "joe@example.com", ["Joe", "B"]).await;
        let report = format!("{}report/", at(&made));
        for (body, pointer) in [
            (json!({"reason": "ugly"}), "/reason"),
            (json!({"reason": "spam", "text": "x".repeat(501)}), "/text"),
        ] {
            let refused = joe.post(&report, &body).await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        // Months later it is too late.
        joe.order().await;
        let order =
            joe.call(Method::GET, "/api/orders/").send().await.expect(200)["results"][0]["id"].clone();
        deliver(&server, order.as_str().unwrap()).await;
        let long_ago = match kind {
            Kind::Sqlite => "update {order_history} set at = 1000000",
            Kind::Postgres => "update {order_history} set at = timestamptz '2001-01-01 00:00Z'",
        };
        server.database.execute(long_ago).await;
        joe.post(REVIEWS, &good).await.refused(403, "review-window-over");
        server.stop().await;
    }
}
