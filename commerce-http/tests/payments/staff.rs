//! What staff does with orders: accepts, ships and completes them, takes them back, writes notes, lists them, and looks
//! after the shop.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::ADMIN_TOKEN;
use crate::server::paid::{PaidShop, Placed, on_both};
use crate::server::reply::{Call, amount};

fn staff<'a>(shop: &'a PaidShop, method: Method, path: &str) -> Call<'a> {
    shop.server.call(method, path).header("authorization", &format!("Bearer {ADMIN_TOKEN}"))
}

fn status<'a>(shop: &'a PaidShop, order: &Placed, body: &Value) -> Call<'a> {
    staff(shop, Method::PUT, &format!("/api/orders/{}/status/", order.id)).json(body)
}

async fn to(shop: &PaidShop, order: &Placed, state: &str) -> Value {
    status(shop, order, &json!({"status": state})).send().await.expect(200)
}

async fn at_the_door(shop: &PaidShop, mugs: u32) -> Placed {
    shop.place(mugs, &json!({"method": "cash_on_delivery"})).await
}

fn wrong(call: Call<'_>) -> Call<'_> {
    call.header("authorization", "Bearer not-the-admin-token-at-all-but-long")
}

async fn sound(shop: &PaidShop) {
    let found = shop.server.admin(Method::GET, "invariants/").send().await.expect(200);
    assert_eq!(found["sound"], true, "{found}");
    let names = found["invariants"].as_array().unwrap();
    assert!(names.len() > 10 && names.iter().all(|one| one["violations"] == 0 && one["rows"] == json!([])));
}

#[tokio::test]
async fn an_order_that_is_paid_at_the_door_ends_well() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let order = at_the_door(&shop, 2).await;
        let accepted = to(&shop, &order, "processing").await;
        assert_eq!((&accepted["status"], &accepted["payment_status"]), (&json!("processing"), &json!("due")));
        let ship = json!({"status": "shipped", "note": "with the morning van"});
        let shipped = status(&shop, &order, &ship).key("ship").send().await.expect(200);
        assert_eq!(shipped["fulfillment_status"], "fulfilled");
        let again = status(&shop, &order, &ship).key("ship").send().await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(200), shipped);
        let other = json!({"status": "delivered"});
        status(&shop, &order, &other).key("ship").send().await.refused(422, "idempotency-key-reused");
        assert_eq!(to(&shop, &order, "shipped").await, shipped, "it is there already");
        assert_eq!(shop.server.available("mug", "MUG").await, 48);
        sound(&shop).await;
        to(&shop, &order, "delivered").await;
        let early = status(&shop, &order, &json!({"status": "completed"})).send().await;
        assert!(early.refused(409, "invalid-transition")["detail"].as_str().unwrap().contains("still due"));
        let money = json!({"amount": {"amount": "3000.00", "currency": "NGN"}});
        shop.staff(Method::POST, &format!("{}/collect/", order.reference))
            .json(&money)
            .send()
            .await
            .expect(200);
        let done = to(&shop, &order, "completed").await;
        assert_eq!((&done["status"], &done["payment_status"]), (&json!("completed"), &json!("paid")));
        let history = shop.order(&order).await["history"].clone();
        let notes = history.as_array().unwrap().iter().filter(|step| step["note"] == "with the morning van");
        assert_eq!(notes.map(|step| step["actor"].clone()).collect::<Vec<_>>(), ["staff", "staff"]);
        sound(&shop).await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_was_to_be_paid_at_the_door_comes_back() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        for by_its_reference in [false, true] {
            let order = at_the_door(&shop, 3).await;
            to(&shop, &order, "processing").await;
            to(&shop, &order, "shipped").await;
            assert_eq!(shop.server.available("mug", "MUG").await, 47);
            let sender = format!("{}/returned-to-sender/", order.reference);
            let back = |restock: &str| {
                let mut body = json!({"note": "nobody was at home", "restock": restock});
                if by_its_reference {
                    return shop.staff(Method::POST, &sender).json(&body);
                }
                body["status"] = json!("returned");
                status(&shop, &order, &body)
            };
            back("nowhere").send().await.refused(422, "validation-failed");
            back("main").key("back").send().await.expect(200);
            let again = back("main").key("back").send().await;
            assert_eq!(again.header("idempotent-replayed"), "true");
            let order = shop.order(&order).await;
            assert_eq!(order["status"], "returned");
            assert_eq!(
                (&order["payment_status"], &order["fulfillment_status"]),
                (&json!("failed"), &json!("returned"))
            );
            assert_eq!(shop.server.available("mug", "MUG").await, 50);
            sound(&shop).await;
        }
        let order = at_the_door(&shop, 50).await;
        to(&shop, &order, "processing").await;
        sound(&shop).await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_paid_order_is_shipped_and_comes_back() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let unpaid = shop.place_by_card(1).await;
        status(&shop, &unpaid, &json!({"status": "processing"})).send().await.refused(409, "invalid-transition");
        status(&shop, &unpaid, &json!({"status": "shipped"})).send().await.refused(409, "invalid-transition");
        let order = shop.paid_by_card(2).await;
        to(&shop, &order, "shipped").await;
        let cancel = staff(&shop, Method::POST, &format!("/api/orders/{}/cancel/", order.id));
        cancel.json(&json!({})).send().await.refused(409, "invalid-transition");
        let restocking = json!({"status": "returned", "restock": "main"});
        status(&shop, &order, &restocking).send().await.refused(422, "validation-failed");
        to(&shop, &order, "returned").await;
        let line = shop.order(&order).await["items"][0]["id"].clone();
        let lines = json!([{"line_id": line, "quantity": 2}]);
        let mut refund = json!({"order_id": order.id, "lines": lines, "shipping": true, "restock": "nowhere", "reason": "came back"});
        let nowhere = shop.refund("nowhere", &refund).send().await.refused(422, "validation-failed");
        assert_eq!(nowhere["errors"][0]["pointer"], "/restock");
        refund["restock"] = json!("main");
        shop.refund("back", &refund).send().await.expect(201);
        assert_eq!(shop.server.available("mug", "MUG").await, 49, "one is held for the order that is not paid");
        for state in ["pending", "refunded", "elsewhere"] {
            let refused = status(&shop, &order, &json!({"status": state})).send().await;
            assert!([409, 422].contains(&refused.status), "{}", refused.text);
        }
        sound(&shop).await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn staff_sees_every_order_and_nobody_else_does() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let (first, second) = (at_the_door(&shop, 1).await, at_the_door(&shop, 2).await);
        let path = format!("/api/orders/{}/", first.id);
        assert_eq!(staff(&shop, Method::GET, &path).send().await.expect(200), shop.order(&first).await);
        let missing = format!("/api/orders/{}/", uuid::Uuid::from_u128(7));
        staff(&shop, Method::GET, &missing).send().await.refused(404, "not-found");
        staff(&shop, Method::GET, "/api/orders/none/").send().await.refused(404, "not-found");
        shop.server.get(&path).order(&second.token).send().await.refused(404, "not-found");
        shop.server.get(&path).send().await.refused(401, "unauthenticated");
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::GET, "/api/orders/".to_owned()),
            (Method::GET, format!("{path}notes/")),
            (Method::GET, "/api/admin/jobs/".to_owned()),
            (Method::GET, "/api/admin/invariants/".to_owned()),
        ] {
            wrong(shop.server.call(method.clone(), &path)).send().await.refused(401, "unauthenticated");
            if !path.ends_with(&format!("{}/", first.id)) {
                let with_its_token = shop.server.call(method, &path).order(&first.token);
                with_its_token.send().await.refused(401, "unauthenticated");
            }
        }
        let cancel =
            staff(&shop, Method::POST, &format!("{path}cancel/")).json(&json!({"reason": "sold out"}));
        let cancelled = cancel.send().await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(cancelled["history"].as_array().unwrap().last().unwrap()["actor"], "staff");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn orders_are_listed_and_noted_on() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let mut orders = Vec::new();
        for mugs in 1..=3 {
            orders.push(at_the_door(&shop, mugs).await);
        }
        to(&shop, &orders[0], "processing").await;
        let list = async |query: &str| {
            staff(&shop, Method::GET, &format!("/api/orders/{query}")).send().await.expect(200)
        };
        let all = list("").await;
        let ids: Vec<&str> =
            all["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        let mut newest: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
        newest.sort_by(|a, b| b.cmp(a));
        assert_eq!((ids, &all["next"]), (newest, &Value::Null));
        let pending = list("?status=pending&email=ADA@example.com&page_size=1").await;
        assert_eq!(pending["results"].as_array().unwrap().len(), 1);
        let next = pending["next"].as_str().unwrap().strip_prefix("/api/orders/").unwrap().to_owned();
        let last = list(&next).await;
        assert_eq!((last["results"].as_array().unwrap().len(), &last["next"]), (1, &Value::Null));
        let number = orders[1].order["number"].as_str().unwrap();
        let one = list(&format!("?number={}", number.to_lowercase())).await;
        let row = &one["results"][0];
        assert_eq!((&row["item_count"], amount(&row["total"])), (&json!(2), "3000.00"));
        assert_eq!(
            (&row["customer"]["email"], &row["payment_method"]),
            (&json!("ada@example.com"), &json!("cash_on_delivery"))
        );
        let none = list("?payment_status=paid&fulfillment_status=returned&payment_method=card").await;
        assert_eq!(none["results"], json!([]));
        let placed = orders[1].order["placed_at"].as_str().unwrap();
        let since = list(&format!("?placed_from={placed}")).await;
        assert!(since["results"].as_array().unwrap().len() >= 2);
        let before = list(&format!("?placed_until={placed}")).await;
        assert!(before["results"].as_array().unwrap().iter().all(|row| row["id"] != orders[1].id.as_str()));
        for wrong in
            ["status=sold", "payment_status=x", "email=x", "cursor=x", "page_size=0", "placed_from=today"]
        {
            let refused = staff(&shop, Method::GET, &format!("/api/orders/?{wrong}")).send().await;
            refused.refused(422, "validation-failed");
        }

        let path = format!("/api/orders/{}/notes/", orders[0].id);
        let write = |text: &str| staff(&shop, Method::POST, &path).json(&json!({"text": text}));
        let first = write("rings twice").key("n").send().await.expect(201);
        assert_eq!(first["actor"], "staff:admin");
        let again = write("rings twice").key("n").send().await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(201), first);
        write("second").send().await.expect(201);
        write(" ").send().await.refused(422, "validation-failed");
        write(&"x".repeat(2_001)).send().await.refused(422, "validation-failed");
        let notes = staff(&shop, Method::GET, &path).send().await.expect(200);
        assert_eq!(notes["results"].as_array().unwrap().len(), 2);
        let page = staff(&shop, Method::GET, &format!("{path}?page_size=1")).send().await.expect(200);
        let rest = staff(&shop, Method::GET, page["next"].as_str().unwrap()).send().await.expect(200);
        assert_eq!((rest["results"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
        let nowhere = format!("/api/orders/{}/notes/", uuid::Uuid::from_u128(7));
        staff(&shop, Method::GET, &nowhere).send().await.refused(404, "not-found");
        staff(&shop, Method::POST, &nowhere)
            .json(&json!({"text": "x"}))
            .send()
            .await
            .refused(404, "not-found");
        let seen = shop.order(&orders[0]).await.to_string();
        assert!(!seen.contains("rings twice"), "the shopper never sees notes");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_shop_is_looked_after() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let jobs = shop.server.admin(Method::GET, "jobs/").send().await.expect(200);
        for name in ["catalog.sold", "payments.reconcile"] {
            let job = jobs["results"].as_array().unwrap().iter().find(|job| job["name"] == name).unwrap();
            assert!(job["running"].is_boolean());
        }
        sound(&shop).await;
        at_the_door(&shop, 1).await;
        shop.sql("update stock set on_hand = on_hand + 1").await;
        let found = shop.server.admin(Method::GET, "invariants/").send().await.expect(200);
        assert_eq!(found["sound"], false);
        let broken: Vec<&Value> =
            found["invariants"].as_array().unwrap().iter().filter(|one| one["violations"] != 0).collect();
        assert_eq!(
            (broken.len(), &broken[0]["name"], &broken[0]["violations"]),
            (1, &json!("STOCK_SUM"), &json!(1))
        );
        assert!(broken[0]["rows"][0]["row"].as_str().unwrap().starts_with("stock variant="));
        shop.sql("update stock set on_hand = on_hand - 1").await;
        shop.close().await;
    })
    .await;
}

/// Who moves orders on may not for that call them off, nor say that goods came back.
#[tokio::test]
async fn each_move_takes_its_permission() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let new = json!({"name": "warehouse", "permissions": ["orders.write"]});
        let made = shop.server.admin(Method::POST, "api-keys/").json(&new).send().await.expect(201);
        let key = format!("Bearer {}", made["key"].as_str().unwrap());
        let order = at_the_door(&shop, 1).await;
        let path = format!("/api/orders/{}/status/", order.id);
        let call = |state| {
            let call = shop.server.call(Method::PUT, &path).header("authorization", &key);
            call.json(&json!({ "status": state }))
        };
        let refused = call("cancelled").send().await.refused(403, "forbidden");
        assert!(refused["detail"].as_str().unwrap().contains("orders.cancel"), "{refused}");
        for state in ["processing", "shipped"] {
            call(state).send().await.expect(200);
        }
        call("returned").send().await.refused(403, "forbidden");
        assert_eq!(shop.order(&order).await["status"], "shipped");
        shop.close().await;
    })
    .await;
}
