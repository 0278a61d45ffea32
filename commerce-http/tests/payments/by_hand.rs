//! What people do: collect at the door, find a transfer, look at money that belongs to nobody, call an order off.

use commerce_paystack::sandbox::{Call, Currency, Effect, Fault, RefundStatus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::paid::{PaidShop, Placed, on_both};
use crate::server::reply::{Call as Request, amount};

fn naira(amount: &str) -> Value {
    json!({"amount": amount, "currency": "NGN"})
}

fn collect<'a>(shop: &'a PaidShop, reference: &str, body: &Value) -> Request<'a> {
    shop.staff(Method::POST, &format!("{reference}/collect/")).json(body)
}

async fn at_the_door(shop: &PaidShop) -> Placed {
    let placed = shop.place(1, &json!({"method": "cash_on_delivery"})).await;
    assert_eq!(
        (&placed.order["payment_status"], &placed.order["status"]),
        (&json!("due"), &json!("pending"))
    );
    placed
}

#[tokio::test]
async fn cash_at_the_door_is_counted() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let exact = at_the_door(&shop).await;
        let body = json!({"amount": naira("1500.00"), "proof": "receipt 118", "collected_by": "rider Musa"});
        let first = collect(&shop, &exact.reference, &body).key("c").send().await.expect(200);
        assert_eq!((amount(&first["captured"]), &first["mode"]), ("1500.00", &Value::Null));
        assert_eq!(first["note"], "receipt 118, collected by rider Musa");
        assert_eq!(shop.order(&exact).await["payment_status"], "paid");
        let again = collect(&shop, &exact.reference, &body).key("c").send().await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.expect(200), first);
        collect(&shop, &exact.reference, &body).send().await.refused(409, "invalid-transition");

        let short = at_the_door(&shop).await;
        let part = json!({"amount": naira("1000.00")});
        collect(&shop, &short.reference, &part).send().await.expect(200);
        let order = shop.order(&short).await;
        assert_eq!(order["payment_status"], "due");
        let rest = &order["payments"][1];
        assert_eq!((amount(&rest["amount"]), &rest["status"]), ("500.00", &json!("due")));
        let body = json!({"amount": naira("500.00")});
        collect(&shop, rest["reference"].as_str().unwrap(), &body).send().await.expect(200);
        assert_eq!(shop.order(&short).await["payment_status"], "paid");

        let over = at_the_door(&shop).await;
        let body = json!({"amount": naira("2000.00")});
        let row = collect(&shop, &over.reference, &body).send().await.expect(200);
        assert_eq!(amount(&row["captured"]), "1500.00");
        let rows = shop.unmatched().await;
        assert_eq!((&rows[0]["reason"], amount(&rows[0]["amount"])), (&json!("excess"), "500.00"));
        let path = format!("unmatched-payments/{}/resolve/", rows[0]["id"].as_str().unwrap());
        let resolve = || shop.server.admin(Method::POST, &path).json(&json!({"note": "a tip for the rider"}));
        assert_eq!(resolve().send().await.expect(200)["status"], "resolved");
        resolve().send().await.refused(409, "invalid-transition");

        let refund = json!({"order_id": exact.id, "reason": "broken"});
        let refunded = shop.refund("cash", &refund).send().await.expect(201);
        assert_eq!(refunded["refunds"][0]["status"], "processed", "it was handed back");
        assert_eq!(refunded["payment_status"], "refunded");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_collection_is_told() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let (placed, card) = (at_the_door(&shop).await, shop.place_by_card(1).await);
        let body = json!({"amount": naira("1500.00")});
        let path = format!("/api/payments/{}/collect/", placed.reference);
        shop.server.post(&path).json(&body).send().await.refused(401, "unauthenticated");
        assert_eq!(shop.server.post(&path).order(&placed.token).json(&body).send().await.status, 401);
        collect(&shop, "none", &body).send().await.refused(404, "not-found");
        collect(&shop, &card.reference, &body).send().await.refused(409, "invalid-transition");
        for (status, body) in [
            (422, json!({"amount": naira("0.00")})),
            (422, json!({"amount": naira("-1500.00")})),
            (422, json!({"amount": {"amount": "1500.00", "currency": "GHS"}})),
            (422, json!({"amount": naira("1500.00"), "proof": "p".repeat(501)})),
            (422, json!({"amount": naira("1500.00"), "collected_by": "m".repeat(101)})),
            (422, json!({"amount": naira("1500.00"), "collected_by": "a\nb"})),
            (400, json!({"amount": 1500})),
            (400, json!({"amount": naira("1500.00"), "by": "me"})),
        ] {
            let reply = collect(&shop, &placed.reference, &body).send().await;
            assert_eq!(reply.status, status, "{body}: {}", reply.text);
        }
        let back = |reference: &str| shop.staff(Method::POST, &format!("{reference}/returned-to-sender/"));
        back(&placed.reference).send().await.refused(409, "invalid-transition");
        back(&card.reference).send().await.refused(409, "invalid-transition");
        back("none").send().await.refused(404, "not-found");
        assert_eq!(shop.order(&placed).await["payment_status"], "due");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_transfer_is_found_on_the_statement() {
    on_both(async |kind| {
        let variables = [("COMMERCE_PAYMENT_METHODS", "manual")];
        let shop = PaidShop::open_with(kind, Currency::Ngn, |gateway| gateway, &variables).await;
        let placed = shop.place(1, &json!({"method": "manual"})).await;
        assert_eq!(placed.order["payment_status"], "due");
        assert!(placed.order["pay_until"].is_string(), "the goods are not held for ever");
        let body = json!({"amount": naira("1500.00"), "proof": "statement 44, line 7"});
        let row = collect(&shop, &placed.reference, &body).send().await.expect(200);
        assert_eq!(row["note"], "statement 44, line 7");
        let order = shop.order(&placed).await;
        assert_eq!((&order["payment_status"], &order["status"]), (&json!("paid"), &json!("processing")));
        assert!(order["pay_until"].is_null());
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn money_that_belongs_to_no_order_is_sent_back_once() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        let fault = Fault::call(Call::Verify, Effect::amount(140_000)).times(20).only(&placed.reference);
        shop.sandbox.script(fault);
        shop.sandbox.pay(&placed.reference).unwrap();
        let rows = shop.until(async || Value::from(shop.unmatched().await), |rows| rows[0].is_object()).await;
        let id = rows[0]["id"].as_str().unwrap();
        let path = format!("unmatched-payments/{id}/refund/");
        let refund = || shop.server.admin(Method::POST, &path).json(&json!({"note": "another amount"}));
        shop.server.post(&format!("/api/admin/{path}")).send().await.refused(401, "unauthenticated");
        let long = json!({"note": "n".repeat(501)});
        assert_eq!(shop.server.admin(Method::POST, &path).json(&long).send().await.status, 422);
        assert_eq!(refund().send().await.expect(200)["status"], "refunding");
        refund().send().await.refused(409, "invalid-transition");
        let truth = shop.sandbox.truth();
        assert_eq!(truth.refunds.len(), 1);
        assert_eq!((truth.refunds[0].amount, &truth.refunds[0].reference), (140_000, &placed.reference));
        shop.sandbox.move_refund(truth.refunds[0].id, RefundStatus::Processed).unwrap();
        shop.until(async || Value::from(shop.unmatched().await), |rows| rows[0]["status"] == "refunded")
            .await;
        assert!(shop.all("/api/admin/unmatched-payments/?status=open").await.is_empty());
        let list = shop.all("/api/admin/unmatched-payments/?status=refunded&page_size=1").await;
        assert_eq!(list.len(), 1);
        let none = "unmatched-payments/01890a5d-ac96-774b-bcce-b302099a8057/refund/";
        let none = shop.server.admin(Method::POST, none).json(&json!({"note": "none"}));
        none.send().await.refused(404, "not-found");
        let odd = shop.server.admin(Method::GET, "unmatched-payments/?status=lost");
        odd.send().await.refused(422, "validation-failed");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn transactions_are_listed_page_by_page_and_the_journal_adds_up() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let paid = shop.paid_by_card(2).await;
        for _ in 0..4 {
            at_the_door(&shop).await;
        }
        let all = shop.transactions().await;
        assert_eq!(all.len(), 5);
        assert_eq!(shop.all("/api/payments/transactions/?page_size=2").await, all);
        let due = shop.all("/api/payments/transactions/?page_size=3&status=due").await;
        assert_eq!(due, all[..4], "the newest first");
        let path = format!("transactions/{}/", all[4]["id"].as_str().unwrap());
        let one = shop.staff(Method::GET, &path).send().await.expect(200);
        assert_eq!(one, all[4]);
        assert_eq!(one["payment"]["reference"], paid.reference.as_str());
        assert!(amount(&one["fee"]).starts_with(|digit: char| digit.is_ascii_digit()), "{one}");
        for odd in ["page_size=0", "page_size=101", "cursor=here", "status=lost"] {
            let reply = shop.staff(Method::GET, &format!("transactions/?{odd}")).send().await;
            assert_eq!(reply.status, 422, "{odd}: {}", reply.text);
        }
        for none in ["01890a5d-ac96-774b-bcce-b302099a8057", "none"] {
            let path = format!("transactions/{none}/");
            shop.staff(Method::GET, &path).send().await.refused(404, "not-found");
        }
        for path in ["/api/payments/transactions/", "/api/admin/balances/?from=a&to=b"] {
            shop.server.get(path).send().await.refused(401, "unauthenticated");
        }

        let balances = async || {
            let path = "balances/?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
            let body = shop.server.admin(Method::GET, path).send().await.expect(200);
            let rows = body["balances"].as_array().unwrap().clone();
            let of = |row: &Value| amount(&row["amount"]).parse::<f64>().unwrap();
            let sum: f64 = rows.iter().map(of).sum();
            assert!(sum.abs() < 0.001, "{rows:?}");
            // One day of one test, or two at midnight.
            let days = body["days"].as_array().unwrap();
            assert!((1..=2).contains(&days.len()), "{days:?}");
            if let [day] = &days[..] {
                assert_eq!(day["balances"], body["balances"]);
            }
            rows
        };
        assert!(!balances().await.is_empty());
        let odd = shop.server.admin(Method::GET, "balances/?from=monday&to=2100-01-01T00:00:00Z");
        odd.send().await.refused(422, "validation-failed");
        let before = balances().await;
        shop.refund("b", &json!({"order_id": paid.id, "reason": "back"})).send().await.expect(201);
        let id = shop.sandbox.truth().refunds[0].id;
        shop.sandbox.move_refund(id, RefundStatus::Processed).unwrap();
        shop.until_payment(&paid, "refunded").await;
        assert_ne!(balances().await, before);

        let path = format!("orders/{}/journal/", paid.id);
        let journal = shop.server.admin(Method::GET, &path).send().await.expect(200);
        let kinds: Vec<&Value> =
            journal["entries"].as_array().unwrap().iter().map(|row| &row["kind"]).collect();
        assert_eq!((kinds[0], *kinds.last().unwrap()), (&json!("capture"), &json!("refund")), "{journal}");
        let orders = journal["balances"].as_array().unwrap().iter().find(|row| row["account"] == "orders");
        assert!(orders.is_none_or(|row| amount(&row["amount"]) == "0.00"), "what came went back: {journal}");
        let none = "orders/01890a5d-ac96-774b-bcce-b302099a8057/journal/";
        shop.server.admin(Method::GET, none).send().await.refused(404, "not-found");
        shop.server.get(&format!("/api/admin/{path}")).send().await.refused(401, "unauthenticated");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_paid_order_that_is_called_off_is_refunded() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.paid_by_card(2).await;
        let path = format!("/api/orders/{}/cancel/", placed.id);
        let cancel =
            || shop.server.post(&path).order(&placed.token).key("c").json(&json!({"reason": "too late"}));
        let order = cancel().send().await.expect(200);
        assert_eq!(order["status"], "cancelled");
        assert_eq!(
            (amount(&order["refunds"][0]["amount"]), order["refunds"].as_array().unwrap().len()),
            ("3000.00", 1)
        );
        cancel().send().await.expect(200);
        assert_eq!(shop.server.available("mug", "MUG").await, 50);
        let truth = shop.truth_when(|truth| !truth.refunds.is_empty()).await;
        shop.sandbox.move_refund(truth.refunds[0].id, RefundStatus::Processed).unwrap();
        shop.until_payment(&placed, "refunded").await;
        assert_eq!(shop.charge(&placed.reference).refunded, 300_000);
        shop.close().await;
    })
    .await;
}
