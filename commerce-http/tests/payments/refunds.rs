//! Money goes back: as much as is asked for, once, and never more than came.

use commerce_paystack::sandbox::{Call, Effect, Fault, On, RefundStatus, Truth};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::paid::{PaidShop, Placed, on_both};
use crate::server::reply::amount;

const RACES: u32 = 5;

fn naira(amount: &str) -> Value {
    json!({"amount": amount, "currency": "NGN"})
}

fn of_amount(placed: &Placed, amount: &str) -> Value {
    json!({"order_id": placed.id, "amount": naira(amount), "reason": "arrived broken"})
}

/// The gateway has sent the refunds of an order, and the shop hears of it.
async fn processed(shop: &PaidShop, placed: &Placed, state: &str) -> Value {
    let truth = shop.sandbox.truth();
    for refund in truth.refunds.iter().filter(|refund| refund.reference == placed.reference) {
        shop.sandbox.move_refund(refund.id, RefundStatus::Processed).unwrap();
    }
    shop.until_payment(placed, state).await
}

#[tokio::test]
async fn all_of_it_goes_back() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.paid_by_card(2).await;
        let body = json!({"order_id": placed.id, "reason": "changed their mind"});
        let made = shop.refund("all", &body).send().await;
        assert_eq!(made.header("idempotent-replayed"), "");
        let made = made.expect(201);
        assert_eq!(made["order_id"], placed.id.as_str());
        let refund = &made["refunds"][0];
        assert_eq!((amount(&refund["amount"]), &refund["status"]), ("3000.00", &json!("pending")));
        assert_eq!(refund["reference"], placed.reference.as_str());
        let again = shop.refund("all", &body).send().await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(201)["refunds"][0]["id"], refund["id"]);
        shop.refund("all", &json!({"order_id": placed.id, "reason": "another"}))
            .send()
            .await
            .refused(422, "idempotency-key-reused");
        shop.refund("once more", &body).send().await.refused(400, "idempotency-key-invalid");
        shop.refund("once-more", &body).send().await.refused(409, "refund-exceeds-capture");
        assert_eq!(shop.sandbox.truth().refunds.len(), 1);
        let order = processed(&shop, &placed, "refunded").await;
        assert_eq!(order["refunds"][0]["status"], "processed");
        assert!(order["refunds"][0]["processed_at"].is_string());
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn parts_go_back_until_nothing_is_left() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.paid_by_card(2).await;
        shop.refund("1", &of_amount(&placed, "1000.00")).send().await.expect(201);
        let order = processed(&shop, &placed, "partially_refunded").await;
        assert_eq!(order["status"], "processing");
        let by_reference =
            json!({"reference": placed.reference, "amount": naira("1500.00"), "reason": "late"});
        shop.refund("2", &by_reference).send().await.expect(201);
        shop.refund("3", &of_amount(&placed, "500.01")).send().await.refused(409, "refund-exceeds-capture");
        let rest = json!({"order_id": placed.id, "reason": "the rest"});
        let rest = shop.refund("4", &rest).send().await.expect(201);
        assert_eq!(amount(&rest["refunds"][0]["amount"]), "500.00");
        let order = processed(&shop, &placed, "refunded").await;
        assert_eq!(order["refunds"].as_array().unwrap().len(), 3);
        assert_eq!(shop.charge(&placed.reference).refunded, 300_000);
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn units_go_back_for_what_they_were_worth() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.paid_by_card(3).await;
        let line = &placed.order["items"][0]["id"];
        let of_lines = |quantity: u32, restock: bool| {
            let restock = restock.then_some("main");
            let lines = json!([{"line_id": line, "quantity": quantity}]);
            json!({"order_id": placed.id, "lines": lines, "restock": restock, "reason": "too many"})
        };
        let made = shop.refund("two", &of_lines(2, true)).send().await.expect(201);
        assert_eq!(amount(&made["refunds"][0]["amount"]), "3000.00");
        assert_eq!(made["refunds"][0]["lines"], json!([{"line_id": line, "quantity": 2}]));
        assert_eq!(shop.server.available("mug", "MUG").await, 49, "two of three are back");
        let reply = shop.refund("two-more", &of_lines(2, true)).send().await;
        assert_eq!(reply.status, 422, "one is left: {}", reply.text);
        shop.refund("last", &of_lines(1, false)).send().await.expect(201);
        assert_eq!(shop.server.available("mug", "MUG").await, 49, "it was not to go back");
        processed(&shop, &placed, "refunded").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_refund_is_told() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let (placed, unpaid) = (shop.paid_by_card(1).await, shop.place_by_card(1).await);
        let path = "/api/payments/refund/";
        let body = of_amount(&placed, "1.00");
        shop.server.post(path).key("k").json(&body).send().await.refused(401, "unauthenticated");
        let guess = shop.server.post(path).key("k").json(&body).header("Authorization", "Bearer guess");
        assert_eq!(guess.send().await.status, 401);
        let owner = shop.server.post(path).key("k").json(&body).order(&placed.token);
        assert_eq!(owner.send().await.status, 401, "the shopper does not refund");
        shop.staff(Method::POST, "refund/").json(&body).send().await.refused(400, "idempotency-key-required");
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
        let with = |more: Value| {
            let mut whole = json!({"order_id": placed.id, "reason": "broken"});
            whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            whole
        };
        let line = &placed.order["items"][0]["id"];
        let cases = [
            (422, "validation-failed", of_amount(&placed, "0.00")),
            (422, "validation-failed", of_amount(&placed, "-1.00")),
            (409, "refund-exceeds-capture", of_amount(&placed, "1500.01")),
            (409, "refund-exceeds-capture", of_amount(&placed, "92233720368547758.07")),
            (422, "validation-failed", with(json!({"amount": {"amount": "1.00", "currency": "GHS"}}))),
            (422, "validation-failed", with(json!({"amount": {"amount": "1.001", "currency": "NGN"}}))),
            (400, "wrong-type", with(json!({"amount": "1.00"}))),
            (400, "wrong-type", with(json!({"amount": {"amount": 100, "currency": "NGN"}}))),
            (422, "validation-failed", with(json!({"lines": []}))),
            (422, "validation-failed", with(json!({"lines": [{"line_id": line, "quantity": 0}]}))),
            (422, "validation-failed", with(json!({"lines": [{"line_id": line, "quantity": 2}]}))),
            (422, "validation-failed", with(json!({"lines": [{"line_id": unknown, "quantity": 1}]}))),
            (
                422,
                "validation-failed",
                with(json!({"amount": naira("1.00"), "lines": [{"line_id": line, "quantity": 1}]})),
            ),
            (422, "validation-failed", with(json!({"restock": "main"}))),
            (422, "validation-failed", with(json!({"reason": "r".repeat(501)}))),
            (422, "validation-failed", json!({"reason": "of what"})),
            (400, "wrong-type", with(json!({"restock": true}))),
            (400, "unknown-field", with(json!({"force": true}))),
            (409, "invalid-transition", json!({"order_id": unpaid.id, "reason": "was never paid"})),
            (404, "not-found", json!({"order_id": unknown, "reason": "none"})),
            (404, "not-found", json!({"reference": "none", "reason": "none"})),
            (404, "not-found", with(json!({"reference": unpaid.reference}))),
        ];
        for (number, (status, code, body)) in cases.into_iter().enumerate() {
            let reply = shop.refund(&format!("wrong-{number}"), &body).send().await;
            assert_eq!((reply.status, reply.code()), (status, code), "{body}: {}", reply.text);
        }
        assert!(shop.sandbox.truth().refunds.is_empty());
        assert_eq!(shop.order(&placed).await["refunds"], json!([]));
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn two_refunds_of_sixty_percent_race_and_one_wins() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        for race in 0..RACES {
            let placed = shop.paid_by_card(1).await;
            let body = of_amount(&placed, "900.00");
            let ask = |key: &str| shop.refund(&format!("{race}-{key}"), &body).send();
            let replies = [tokio::join!(ask("a"), ask("b"))].map(|(a, b)| [a, b]).concat();
            let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409], "{replies:?}");
            let lost = replies.into_iter().find(|reply| reply.status == 409).unwrap();
            lost.refused(409, "refund-exceeds-capture");
            assert_eq!(shop.charge(&placed.reference).refunded, 90_000);
        }
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn one_request_sent_twenty_times_is_one_refund() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.paid_by_card(1).await;
        let body = of_amount(&placed, "10.00");
        let mut ids: Vec<Value> = Vec::new();
        for reply in join_all((0..20).map(|_| shop.refund("same", &body).send())).await {
            ids.push(reply.expect(201)["refunds"][0]["id"].clone());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
        assert_eq!(shop.charge(&placed.reference).refunded, 1_000);
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_fails_leaves_the_money_where_it_is() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.paid_by_card(1).await;
        shop.sandbox.script(Fault::on(On::RefundOutcome, Effect::RefundFails));
        shop.refund("fails", &of_amount(&placed, "1500.00")).send().await.expect(201);
        let id = shop.sandbox.truth().refunds[0].id;
        shop.sandbox.move_refund(id, RefundStatus::Failed).unwrap();
        let failed = |order: &Value| order["refunds"][0]["status"] == "failed";
        let order = shop.until(|| shop.order(&placed), failed).await;
        assert_eq!(order["payment_status"], "paid");
        shop.refund("again", &of_amount(&placed, "1500.00")).send().await.expect(201);
        let truth = shop.sandbox.truth();
        assert_eq!(truth.refunds.len(), 2);
        shop.sandbox.move_refund(truth.refunds[1].id, RefundStatus::Processed).unwrap();
        shop.until_payment(&placed, "refunded").await;
        shop.close().await;
    })
    .await;
}

/// Pays on the gateway's page with a card that asks for nothing.
async fn pay_on_the_page(placed: &Placed, number: &str, cvv: &str) {
    let page = placed.action["authorization_url"].as_str().unwrap();
    let form = format!("channel=card&number={number}&cvv={cvv}&expiry=12%2F40");
    let sent = reqwest::Client::new().post(format!("{page}/pay")).body(form);
    let answer = sent.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

#[tokio::test]
async fn a_refund_that_needs_attention_is_paid_back_by_hand() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        pay_on_the_page(&placed, "4084080000671902", "190").await;
        shop.until_payment(&placed, "paid").await;
        let made = shop.refund("stuck", &of_amount(&placed, "1500.00")).send().await.expect(201);
        let id = made["refunds"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("refunds/{id}/paid-by-hand/");
        shop.server.admin(Method::POST, &path).send().await.refused(409, "invalid-transition");
        for status in ["processing", "needs_attention"] {
            shop.sandbox.advance(std::time::Duration::from_secs(3_600));
            let there = |order: &Value| order["refunds"][0]["status"] == status;
            shop.until(|| shop.order(&placed), there).await;
        }
        let order = shop.order(&placed).await;
        assert_eq!(order["payment_status"], "paid");
        shop.refund("more", &of_amount(&placed, "1.00")).send().await.refused(409, "refund-exceeds-capture");
        let done = shop.server.admin(Method::POST, &path).send().await.expect(200);
        assert_eq!(done["status"], "processed");
        assert_eq!(shop.order(&placed).await["payment_status"], "refunded");
        shop.server.admin(Method::POST, &path).send().await.refused(409, "invalid-transition");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_sent_once() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        let effects = [Effect::DropAfter, Effect::DropBefore, Effect::StatusAfter(502), Effect::Garbage];
        for effect in effects {
            let placed = shop.paid_by_card(1).await;
            shop.sandbox.script(Fault::webhook(Effect::Lose).times(20).only(&placed.reference));
            shop.sandbox.script(Fault::call(Call::Refund, effect.clone()));
            let body = of_amount(&placed, "700.00");
            let made = shop.refund(&placed.reference, &body).send().await.expect(201);
            assert_eq!(made["refunds"][0]["status"], "pending", "{effect:?}: what is wanted is answered");
            let again = shop.refund(&placed.reference, &body).send().await.expect(201);
            assert_eq!(again["refunds"][0]["id"], made["refunds"][0]["id"]);
            shop.server.kill();
            shop.sql("update refunds set asked_at = $past, check_at = $past where check_at is not null")
                .await;
            shop.restart().await;
            let sent = |truth: &Truth| truth.charge(&placed.reference).unwrap().refunded == 70_000;
            shop.truth_when(sent).await;
            processed_in_silence(&mut shop, &placed).await;
            let truth = shop.sandbox.truth();
            let sent = truth.refunds.iter().filter(|refund| refund.reference == placed.reference).count();
            assert_eq!(sent, 1, "{effect:?}: {:?}", truth.refunds);
        }
        shop.close().await;
    })
    .await;
}

/// The gateway has sent the refund, its message is lost, and the shop asks by itself.
async fn processed_in_silence(shop: &mut PaidShop, placed: &Placed) {
    let truth = shop.sandbox.truth();
    let refund = truth.refunds.iter().find(|refund| refund.reference == placed.reference).unwrap();
    shop.sandbox.move_refund(refund.id, RefundStatus::Processed).unwrap();
    shop.server.kill();
    shop.sql("update refunds set asked_at = $past, check_at = $past where check_at is not null").await;
    shop.restart().await;
    shop.until_payment(placed, "partially_refunded").await;
}
