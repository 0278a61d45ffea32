//! A guest buys: the calls of the contract in their order, on both stores, with the same answers.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Reply, amount, redacted};
use server::{KINDS, Kind, TestServer, delivery};

/// What the shop answered, call by call, with what differs from run to run taken out.
type Story = Vec<(&'static str, Value)>;

const DRESS: (&str, &str) = ("adunni-adire-wrap-dress", "ADN-WRP-IND-M");
const TOWEL: &str = "ORA-NET-1";

#[tokio::test]
async fn a_guest_buys_on_both_stores_alike() {
    let [sqlite, postgres] = KINDS.map(journey);
    let (sqlite, postgres) = tokio::join!(sqlite, postgres);
    assert_eq!(sqlite.len(), postgres.len());
    for (one, other) in sqlite.iter().zip(&postgres) {
        assert_eq!(one, other, "the stores differ at: {}", one.0);
    }
}

async fn journey(kind: Kind) -> Story {
    let mut server = TestServer::start_with_sample(kind).await;
    let mut story = Story::new();
    look_around(&server, &mut story).await;
    let (order, token) = buy(&server, &mut story).await;
    cancel_another(&server, &mut story, &order, &token).await;
    server.stop().await;
    story
}

async fn look_around(server: &TestServer, story: &mut Story) {
    let page = server.get("/api/products/?sort_by=name&page_size=5").send().await.expect(200);
    assert_eq!(page["results"].as_array().unwrap().len(), 5);
    assert_eq!(page["pagination"]["count"], 132, "drafts are not on sale");
    assert_eq!(page["pagination"]["next"], "/api/products/?page=2&page_size=5&sort_by=name");
    let next = page["pagination"]["next"].as_str().unwrap();
    let second = server.get(next).send().await.expect(200);
    assert_eq!(second["pagination"]["previous"], "/api/products/?page=1&page_size=5&sort_by=name");
    assert_ne!(page["results"][0]["name"], second["results"][0]["name"]);
    story.push(("first page", page));
    story.push(("second page", second));

    let in_fashion =
        server.get("/api/products/?category=fashion&sort_by=name&page_size=100").send().await.expect(200);
    let dresses =
        server.get("/api/products/?category=dresses&sort_by=name&page_size=100").send().await.expect(200);
    let count = |page: &Value| page["pagination"]["count"].as_u64().unwrap();
    assert!(count(&in_fashion) > count(&dresses) && count(&dresses) > 0, "a category holds its branches");
    story.push(("a category", dresses));

    for query in [
        "brand=adunni-daughters&sort_by=name",
        "min_price=20000&max_price=30000.50&sort_by=price_asc",
        "in_stock=false&sort_by=name",
        "in_stock=true&sort_by=price_desc&page_size=100",
        "featured=true",
        "category=no-such-category",
        "page=9999&page_size=1",
        "unknown=parameter&page_size=1&sort_by=name",
    ] {
        let page = server.get(&format!("/api/products/?{query}")).send().await.expect(200);
        story.push((
            "a filter",
            json!({"query": query, "count": page["pagination"]["count"], "prices": prices(&page)}),
        ));
    }
    let cheap = server.get("/api/products/?sort_by=price_asc&page_size=100").send().await.expect(200);
    assert!(prices(&cheap).is_sorted(), "{:?}", prices(&cheap));
    let newest = server.get("/api/products/?page_size=3").send().await.expect(200);
    story.push(("the newest", redacted(&newest)));

    let tree = server.get("/api/products/categories/").send().await.expect(200);
    let fashion = tree["results"].as_array().unwrap().iter().find(|root| root["slug"] == "fashion").unwrap();
    assert_eq!(fashion["product_count"].as_u64().unwrap(), count(&in_fashion));
    let branch =
        server.get("/api/products/categories/dresses/?sort_by=name&page_size=2").send().await.expect(200);
    assert_eq!(branch["category"]["slug"], "dresses");
    assert_eq!(
        branch["pagination"]["next"],
        "/api/products/categories/dresses/?page=2&page_size=2&sort_by=name"
    );
    server.get("/api/products/categories/no-such-category/").send().await.refused(404, "not-found");
    story.push(("the tree", tree));
    story.push(("a branch", branch));

    let path = format!("/api/products/{}/", DRESS.0);
    let reply = server.get(&path).send().await;
    assert!(reply.header("cache-control").starts_with("public"));
    let etag = reply.header("etag").to_owned();
    let again = server.get(&path).header("If-None-Match", &etag).send().await;
    assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", etag.as_str()));
    assert_eq!(server.get(&path).header("If-None-Match", "\"other\"").send().await.status, 200);
    assert_eq!(
        server.get(path.trim_end_matches('/')).send().await.text,
        reply.text,
        "the slash makes no difference"
    );
    assert_eq!(server.call(Method::HEAD, &path).send().await.header("etag"), etag);
    story.push(("a product", reply.body));
    for entry in story {
        entry.1 = redacted(&entry.1);
    }
}

fn prices(page: &Value) -> Vec<u64> {
    let price = |product: &Value| amount(&product["price"]).replace('.', "").parse().unwrap();
    page["results"].as_array().unwrap().iter().map(price).collect()
}

async fn buy(server: &TestServer, story: &mut Story) -> (String, String) {
    let mut tell = |words, value: &Value| story.push((words, redacted(value)));
    let empty = server.get("/api/cart/").send().await;
    assert_eq!(empty.header("cache-control"), "private, no-store");
    let empty = empty.expect(200);
    assert_eq!((&empty["id"], &empty["version"], &empty["items"]), (&Value::Null, &json!(0), &json!([])));
    tell("no cart yet", &empty);

    let made = server.post("/api/cart/items/").json(&json!({"sku": DRESS.1, "quantity": 1})).send().await;
    let token = made.header("x-cart-token").to_owned();
    let made = made.expect(201);
    assert_eq!(made["token"], token);
    assert_eq!(token.len(), 43);
    tell("a cart is made", &made);
    let cart = |path: &str| format!("/api/cart/{path}");
    let add = |body: Value| server.post(&cart("items/")).cart(&token).json(&body).send();
    let both =
        add(json!({"sku": TOWEL, "quantity": 2, "customizations": {"gift": "for Bisi"}})).await.expect(201);
    assert!(both.get("token").is_none(), "the token is shown once");
    tell("a second line", &both);
    let more = add(json!({"variant_id": both["items"][0]["variant_id"], "quantity": 1})).await.expect(201);
    assert_eq!((more["items"].as_array().unwrap().len(), &more["items"][0]["quantity"]), (2, &json!(2)));
    let line = more["items"][0]["id"].as_str().unwrap().to_owned();
    let changed =
        server.put(&cart(&format!("items/{line}/"))).cart(&token).json(&json!({"quantity": 3})).send();
    let changed = changed.await.expect(200);
    assert_eq!(changed["version"], 4);
    tell("a line is changed", &changed);
    let other = more["items"][1]["id"].as_str().unwrap();
    let removed = server.delete(&cart(&format!("items/{other}/"))).cart(&token).send().await.expect(200);
    assert_eq!(removed["items"].as_array().unwrap().len(), 1);
    tell("a line is removed", &removed);
    tell("it comes back", &add(json!({"sku": TOWEL, "quantity": 1})).await.expect(201));
    let first =
        server.put(&cart(&format!("items/{line}/"))).cart(&token).json(&json!({"quantity": 0})).send();
    tell("zero removes", &first.await.expect(200));
    tell("and once more", &add(json!({"sku": DRESS.1, "quantity": 1})).await.expect(201));

    let options =
        server.get(&cart("shipping-options/?country_code=NG&state_province=LA")).cart(&token).send();
    let options = options.await.expect(200);
    assert_eq!(options["results"][0]["code"], "standard");
    tell("shipping options", &options);
    let abroad = server.get(&cart("shipping-options/?country_code=GH")).cart(&token).send().await.expect(200);
    assert_eq!(abroad["results"][0]["code"], "west-africa");
    let nowhere =
        server.get(&cart("shipping-options/?country_code=DE")).cart(&token).send().await.expect(200);
    assert_eq!(nowhere["results"], json!([]));

    let sent = server.post(&cart("checkout/shipping/")).cart(&token).json(&delivery("standard")).send();
    let sent = sent.await.expect(200);
    assert_eq!(sent["checkout"]["missing"], json!(["payment_method"]));
    tell("delivery", &sent);
    let paid = server
        .post(&cart("checkout/payment/"))
        .cart(&token)
        .json(&json!({"method": "cash_on_delivery"}))
        .send();
    let paid = paid.await.expect(200);
    assert_eq!(paid["checkout"]["ready"], true);
    tell("payment", &paid);
    let explained = server.get(&cart("?explain=true")).cart(&token).send().await.expect(200);
    assert!(explained["trace"].as_array().unwrap().len() > 3);
    assert_eq!(explained["summary"], paid["summary"]);

    let before = server.available(DRESS.0, DRESS.1).await;
    let confirm = json!({"expected_total": paid["summary"]["total"], "cart_version": paid["version"]});
    let confirm =
        || server.post(&cart("checkout/confirm/")).cart(&token).key("journey-1").json(&confirm).send();
    let placed = confirm().await;
    let order_token = placed.header("x-order-token").to_owned();
    assert_eq!(placed.header("idempotent-replayed"), "");
    let placed = placed.expect(201);
    assert_eq!(placed["order_token"], order_token);
    assert_eq!(
        (&placed["order"]["status"], &placed["order"]["payment_status"]),
        (&json!("pending"), &json!("due"))
    );
    assert_eq!(placed["order"]["totals"], paid["summary"]);
    assert_eq!(placed["payment"]["next_action"]["type"], "none");
    assert_eq!(server.available(DRESS.0, DRESS.1).await, before - 1, "confirming reserves");
    let again = confirm().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.expect(201), placed, "the same key, the same answer");
    tell("confirmed", &placed);

    let next = server.get(&cart("")).cart(&token).send().await.expect(200);
    assert_eq!((&next["items"], &next["version"]), (&json!([]), &json!(0)), "the token opens the next cart");

    let id = placed["order"]["id"].as_str().unwrap().to_owned();
    let read = server.get(&format!("/api/orders/{id}/")).order(&order_token).send().await;
    assert_eq!(read.header("cache-control"), "private, no-store");
    assert_eq!(read.expect(200), placed["order"]);
    (id, order_token)
}

async fn cancel_another(server: &TestServer, story: &mut Story, first: &str, first_token: &str) {
    let token = server.ready_cart(&[(DRESS.1, 2)]).await;
    let before = server.available(DRESS.0, DRESS.1).await;
    let placed =
        server.post("/api/cart/checkout/confirm/").cart(&token).key("journey-2").send().await.expect(201);
    assert_eq!(server.available(DRESS.0, DRESS.1).await, before - 2);
    let id = placed["order"]["id"].as_str().unwrap();
    let order_token = placed["order_token"].as_str().unwrap();
    let path = format!("/api/orders/{id}/cancel/");
    let body = json!({"reason": "ordered the wrong size"});
    let cancel = || server.post(&path).order(order_token).key("cancel-1").json(&body).send();
    let cancelled = cancel().await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(server.available(DRESS.0, DRESS.1).await, before, "its stock goes back");
    let again = cancel().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.expect(200), cancelled);
    let twice = server.post(&path).order(order_token).json(&body).send().await;
    twice.refused(409, "invalid-transition");
    assert_eq!(server.available(DRESS.0, DRESS.1).await, before, "once");
    story.push(("cancelled", redacted(&cancelled)));

    // Another's order looks exactly like none.
    let shown = |reply: Reply, id: &str| {
        let request_id = reply.header("x-request-id").to_owned();
        reply.text.replace(&request_id, "<request>").replace(id, "<order>")
    };
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let missing = server.get(&format!("/api/orders/{nobody}/")).order(first_token).send().await;
    let foreign = server.get(&format!("/api/orders/{id}/")).order(first_token).send().await;
    assert_eq!((missing.status, foreign.status), (404, 404));
    assert_eq!(shown(missing, nobody), shown(foreign, id));
    server.get(&format!("/api/orders/{first}/")).send().await.refused(401, "unauthenticated");
    let foreign =
        server.post(&format!("/api/orders/{first}/cancel/")).order(order_token).json(&body).send().await;
    foreign.refused(404, "not-found");
    let still = server.get(&format!("/api/orders/{first}/")).order(first_token).send().await.expect(200);
    assert_eq!(still["status"], "pending");
}
