//! From a confirmed order to a paid one: whatever brings the news, and by whichever method it is paid.

use commerce_paystack::sandbox::{Channel, Currency, Effect, Fault, Status};
use serde_json::json;

use crate::server::Kind;
use crate::server::paid::{PaidShop, on_both};

#[tokio::test]
async fn the_message_alone_pays_an_order() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(2).await;
        assert_eq!(placed.order["status"], "pending");
        assert_eq!(placed.order["payment_status"], "pending");
        assert!(placed.order["pay_until"].is_string());
        assert_eq!(placed.action["type"], "redirect");
        let charge = shop.charge(&placed.reference);
        let page = placed.action["authorization_url"].as_str().unwrap();
        assert!(page.starts_with(&shop.sandbox.url()) && page.ends_with(&charge.access_code), "{page}");
        assert_eq!(placed.action["access_code"], charge.access_code);
        assert_eq!((charge.amount, charge.email.as_str()), (300_000, "ada@example.com"));
        assert_eq!(shop.verify(&placed.reference).await["status"], "pending");

        shop.sandbox.pay(&placed.reference).unwrap();
        let order = shop.until_payment(&placed, "paid").await;
        assert_eq!(order["status"], "processing");
        assert_eq!(order["payments"][0]["status"], "paid");
        assert_eq!(order["payments"][0]["next_action"]["type"], "none");
        assert!(order["pay_until"].is_null(), "{order}");
        let rows = shop.transactions().await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["mode"], "test");
        assert_eq!(rows[0]["captured"]["amount"], "3000.00");
        assert_eq!(rows[0]["channel"], "card");
        assert_eq!(rows[0]["gateway_id"], shop.charge(&placed.reference).id.to_string());
        assert_eq!(shop.server.available("mug", "MUG").await, 48);
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_return_alone_pays_an_order() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        shop.sandbox.script(Fault::webhook(Effect::Lose).times(10));
        let placed = shop.place_by_card(1).await;
        shop.sandbox.pay(&placed.reference).unwrap();
        let seen = shop.verify(&placed.reference).await;
        assert_eq!(seen["status"], "paid");
        assert_eq!(seen["order_number"], placed.order["number"]);
        assert_eq!(seen.as_object().unwrap().len(), 4, "a reference shows no more: {seen}");
        assert_eq!(shop.order(&placed).await["status"], "processing");
        let asked = shop.sandbox.truth().requests.len();
        assert_eq!(shop.verify(&placed.reference).await, seen);
        assert_eq!(shop.sandbox.truth().requests.len(), asked, "what is decided is not asked about");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_job_alone_pays_an_order() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        shop.sandbox.script(Fault::webhook(Effect::Lose).times(10));
        let placed = shop.place_by_card(1).await;
        shop.server.kill();
        shop.sandbox.pay(&placed.reference).unwrap();
        shop.sql("update payments set check_at = $past where check_at is not null").await;
        shop.restart().await;
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_comparison_with_the_gateways_list_pays_an_order() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        shop.sandbox.script(Fault::webhook(Effect::Lose).times(10));
        let placed = shop.place_by_card(1).await;
        shop.sandbox.pay(&placed.reference).unwrap();
        shop.server.kill();
        shop.sql("delete from jobs").await;
        shop.restart().await;
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn every_sign_at_once_pays_an_order_once() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place_by_card(1).await;
        shop.sandbox.script(Fault::webhook(Effect::Duplicate(9)));
        shop.sandbox.pay(&placed.reference).unwrap();
        let looks = (0..10).map(|_| shop.verify(&placed.reference));
        for seen in futures_util::future::join_all(looks).await {
            assert_eq!(seen["status"], "paid");
        }
        let order = shop.until_payment(&placed, "paid").await;
        let paid = order["history"].as_array().unwrap().iter().filter(|entry| entry["to"] == "paid").count();
        assert_eq!(paid, 1, "{order}");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_bank_transfer_shows_an_account() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place(1, &json!({"method": "bank_transfer"})).await;
        assert_eq!(placed.action["type"], "display");
        assert_eq!(placed.action["account_number"].as_str().unwrap().len(), 10, "{}", placed.action);
        assert!(placed.action["bank"].is_string() && placed.action["expires_at"].is_string());
        assert_eq!(shop.charge(&placed.reference).channel, Channel::BankTransfer);
        shop.sandbox.transfer(&placed.reference, 150_000).unwrap();
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn ussd_shows_a_code() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let placed = shop.place(1, &json!({"method": "ussd"})).await;
        assert_eq!(placed.action["type"], "display");
        assert!(placed.action["ussd_code"].as_str().unwrap().starts_with("*737*"), "{}", placed.action);
        shop.sandbox.pay(&placed.reference).unwrap();
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

async fn in_ghana(kind: Kind) -> PaidShop {
    PaidShop::open_with(kind, Currency::Ghs, |gateway| gateway, &[]).await
}

fn mobile_money(phone: &str) -> serde_json::Value {
    json!({"method": "mobile_money", "mobile_money": {"phone": phone, "provider": "mtn"}})
}

#[tokio::test]
async fn mobile_money_is_approved_on_the_phone() {
    on_both(async |kind| {
        let shop = in_ghana(kind).await;
        let placed = shop.place(1, &mobile_money("+233 24 412 3456")).await;
        assert_eq!(placed.action["type"], "await");
        assert_eq!(placed.order["payment_status"], "pending");
        assert_eq!(shop.charge(&placed.reference).status, Status::Ongoing);
        shop.sandbox.pay(&placed.reference).unwrap();
        let order = shop.until_payment(&placed, "paid").await;
        assert_eq!(order["payments"][0]["amount"], json!({"amount": "1500.00", "currency": "GHS"}));
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn mobile_money_that_pays_at_once_is_paid_in_the_answer() {
    on_both(async |kind| {
        let shop = in_ghana(kind).await;
        shop.sandbox.script(Fault::webhook(Effect::Lose).times(10));
        let placed = shop.place(1, &mobile_money("+233551234987")).await;
        assert_eq!(placed.action["type"], "none");
        assert_eq!(
            (&placed.order["payment_status"], &placed.order["status"]),
            (&json!("paid"), &json!("processing"))
        );
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn mobile_money_that_is_declined_at_once_has_failed_and_another_try_pays() {
    on_both(async |kind| {
        let shop = in_ghana(kind).await;
        // Too short for a number of Ghana, which only the gateway knows.
        let placed = shop.place(1, &mobile_money("+2335512349")).await;
        let order = shop.order(&placed).await;
        assert_eq!(order["payments"][0]["status"], "failed", "{order}");
        assert_eq!(order["status"], "pending");
        let made = shop.initialize(&placed, "again", mobile_money("+233551234987")).send().await.expect(201);
        assert_eq!(made["next_action"]["type"], "none", "{made}");
        let order = shop.until_payment(&placed, "paid").await;
        assert_eq!(
            (&order["payments"][0]["status"], &order["payments"][1]["status"]),
            (&json!("failed"), &json!("paid"))
        );
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn mobile_money_without_an_account_goes_to_the_gateways_page() {
    on_both(async |kind| {
        let shop = in_ghana(kind).await;
        let placed = shop.place(1, &json!({"method": "mobile_money"})).await;
        assert_eq!(placed.action["type"], "redirect");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_pays_in_time_is_called_off_and_late_money_opens_it_again() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        let (back, gone) = (shop.place_by_card(3).await, shop.place_by_card(40).await);
        assert_eq!(shop.server.available("mug", "MUG").await, 7);
        shop.server.kill();
        shop.sql("update orders set pay_until = $past where pay_until is not null").await;
        shop.sql("update reservations set expires_at = $past where expires_at is not null").await;
        shop.restart().await;
        for placed in [&back, &gone] {
            let order = shop.until(|| shop.order(placed), |order| order["status"] == "cancelled").await;
            assert_eq!(order["payment_status"], "failed", "{order}");
        }
        shop.server.until_available("mug", "MUG", 50).await;

        shop.sandbox.pay(&back.reference).unwrap();
        let order = shop.until_payment(&back, "paid").await;
        assert_eq!(order["status"], "processing");
        shop.server.until_available("mug", "MUG", 47).await;
        shop.paid_by_card(30).await;

        shop.sandbox.pay(&gone.reference).unwrap();
        let order =
            shop.until(|| shop.order(&gone), |order| order["refunds"][0]["amount"]["amount"] == "60000.00");
        let order = order.await;
        assert_eq!(order["status"], "cancelled", "the goods are gone: {order}");
        shop.server.until_available("mug", "MUG", 17).await;
        let sent = shop.truth_when(|truth| truth.refunds.len() == 1).await.refunds;
        assert_eq!((sent[0].reference.as_str(), sent[0].amount), (gone.reference.as_str(), 6_000_000));
        shop.close().await;
    })
    .await;
}
