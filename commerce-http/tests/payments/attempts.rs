//! Another attempt for an order that is not paid.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::ADMIN_TOKEN;
use crate::server::paid::{PaidShop, on_both};
use crate::server::reply::Reply;

#[tokio::test]
async fn an_order_is_tried_again_by_another_method() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        let call = || shop.initialize(&placed, "other", json!({"method": "bank_transfer"}));
        let made = call().send().await;
        assert_eq!(made.header("idempotent-replayed"), "");
        let made = made.expect(201);
        assert_eq!((&made["method"], &made["status"]), (&json!("bank_transfer"), &json!("pending")));
        assert_eq!(made["next_action"]["type"], "display");
        assert_ne!(made["reference"], placed.reference.as_str());
        assert_eq!(made["amount"]["amount"], "1500.00");
        let again = call().send().await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(201), made, "the same key, the same attempt");
        let charges = shop.sandbox.truth().charges.len();
        assert_eq!(charges, 2, "the gateway was asked once for each attempt");
        shop.initialize(&placed, "other", json!({"method": "ussd"}))
            .send()
            .await
            .refused(422, "idempotency-key-reused");
        let order = shop.order(&placed).await;
        assert_eq!(order["payments"].as_array().unwrap().len(), 2);

        shop.sandbox.pay(made["reference"].as_str().unwrap()).unwrap();
        let order = shop.until_payment(&placed, "paid").await;
        assert_eq!(order["payments"][1]["status"], "paid");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_first_attempt_still_counts_and_the_second_goes_back() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(2).await;
        let second = shop.initialize(&placed, "second", json!({})).send().await.expect(201);
        let second = second["reference"].as_str().unwrap().to_owned();
        shop.sandbox.pay(&placed.reference).unwrap();
        shop.until_payment(&placed, "paid").await;
        shop.sandbox.pay(&second).unwrap();
        let rows = shop.until(async || Value::from(shop.unmatched().await), |rows| rows[0].is_object()).await;
        assert_eq!(rows[0]["reason"], "already_paid");
        assert_eq!(rows[0]["reference"], second.as_str());
        assert_eq!(rows[0]["order_id"], placed.id.as_str());
        let truth = shop.truth_when(|truth| truth.charge(&second).unwrap().refunded == 300_000).await;
        assert_eq!(truth.charge(&placed.reference).unwrap().refunded, 0);
        assert_eq!(truth.refunds.len(), 1, "{:?}", truth.refunds);
        let order = shop.order(&placed).await;
        assert_eq!(order["payment_status"], "paid");
        let id = truth.refunds[0].id;
        shop.sandbox.move_refund(id, commerce_paystack::sandbox::RefundStatus::Processed).unwrap();
        shop.until(async || Value::from(shop.unmatched().await), |rows| rows[0]["status"] == "refunded")
            .await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn ten_attempts_paid_at_once_pay_one_order() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        let mut references = vec![placed.reference.clone()];
        for number in 1..6 {
            let made = shop.initialize(&placed, &format!("try-{number}"), json!({})).send().await.expect(201);
            references.push(made["reference"].as_str().unwrap().to_owned());
        }
        for reference in &references {
            shop.sandbox.pay(reference).unwrap();
        }
        shop.until_payment(&placed, "paid").await;
        let all = |rows: &Value| rows.as_array().unwrap().len() == 5;
        shop.until(async || Value::from(shop.unmatched().await), all).await;
        let back = |truth: &commerce_paystack::sandbox::Truth| {
            truth.charges.iter().map(|charge| charge.refunded).sum::<u64>() == 5 * 150_000
        };
        shop.truth_when(back).await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_may_try_and_when() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        let other = shop.place_by_card(1).await;
        let body = json!({"order_id": placed.id});
        let call = || shop.server.post("/api/payments/initialize/").json(&body);
        call().order(&placed.token).send().await.refused(400, "idempotency-key-required");
        call().key("k").send().await.refused(401, "unauthenticated");
        let shown = |reply: Reply| reply.text.replace(reply.header("x-request-id"), "<request>");
        let wrong = call().order(&other.token).key("k").send().await;
        assert_eq!(wrong.status, 404);
        let nobody = json!({"order_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
        let none = shop.server.post("/api/payments/initialize/").order(&other.token).key("k").json(&nobody);
        assert_eq!(shown(wrong), shown(none.send().await), "another's order looks like none");
        let garbage = call().header("authorization", "Bearer gone").order(&placed.token).key("again");
        garbage.send().await.expect(201);
        let at_the_door = shop.place(1, &json!({"method": "cash_on_delivery"})).await;
        let by_card = json!({"order_id": at_the_door.id, "method": "card"});
        let by_staff = shop.server.post("/api/payments/initialize/").json(&by_card).key("k");
        by_staff.header("authorization", &format!("Bearer {ADMIN_TOKEN}")).send().await.expect(201);
        let history = shop.order(&at_the_door).await["history"].as_array().unwrap().clone();
        assert_eq!(history.last().unwrap()["actor"], "staff", "{history:?}");
        let repeated = shop.server.post("/api/payments/initialize/").json(&by_card).key("k");
        let repeated = repeated.order(&at_the_door.token).send().await;
        assert_eq!(repeated.status, 201);
        assert_eq!(repeated.header("idempotent-replayed"), "", "a key is its sender's own");

        shop.sandbox.pay(&placed.reference).unwrap();
        shop.until_payment(&placed, "paid").await;
        shop.initialize(&placed, "late", json!({})).send().await.refused(409, "invalid-transition");
        let cancel = format!("/api/orders/{}/cancel/", other.id);
        shop.server.call(Method::POST, &cancel).order(&other.token).json(&json!({})).send().await.expect(200);
        shop.initialize(&other, "late", json!({})).send().await.refused(409, "invalid-transition");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_attempt_is_told() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        let account = json!({"phone": "+233551234987", "provider": "mtn"});
        let cases = [
            (422, "validation-failed", json!({"method": "cash"})),
            (422, "validation-failed", json!({"method": "cash_on_delivery"})),
            (422, "validation-failed", json!({"method": "manual"})),
            (422, "validation-failed", json!({"callback_url": "javascript:alert(1)"})),
            (422, "validation-failed", json!({"callback_url": "https://shop@evil.example/"})),
            (422, "validation-failed", json!({"callback_url": "/paid"})),
            (422, "validation-failed", json!({"callback_url": format!("https://a.example/{}", "a".repeat(500))})),
            (422, "validation-failed", json!({"method": "mobile_money", "mobile_money": {"phone": "12", "provider": "mtn"}})),
            (422, "validation-failed", json!({"method": "mobile_money", "mobile_money": {"phone": "+233551234987", "provider": "m'n"}})),
            (400, "unknown-field", json!({"amount": {"amount": "1.00", "currency": "NGN"}})),
            (400, "unknown-field", json!({"metadata": {}})),
            (400, "wrong-type", json!({"method": 7})),
            (400, "wrong-type", json!({"mobile_money": "mtn"})),
        ];
        for (number, (status, code, body)) in cases.into_iter().enumerate() {
            let reply = shop.initialize(&placed, &format!("wrong-{number}"), body.clone()).send().await;
            assert_eq!((reply.status, reply.code()), (status, code), "{body}: {}", reply.text);
        }
        // In a shop that sells in naira.
        let body = json!({"method": "mobile_money", "mobile_money": account});
        let reply = shop.initialize(&placed, "wallet", body).send().await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        let order = shop.order(&placed).await;
        assert_eq!(order["payments"].as_array().unwrap().len(), 1, "nothing of it is an attempt: {order}");
        shop.server.get("/api/payments/verify/none/").send().await.refused(404, "not-found");
        let odd = shop.server.get(&format!("/api/payments/verify/{}/", "x".repeat(500))).send().await;
        odd.refused(404, "not-found");
        shop.close().await;
    })
    .await;
}
