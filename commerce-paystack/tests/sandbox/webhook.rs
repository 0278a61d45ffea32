//! Webhooks: what is in them, how they are signed, when they come again.

use std::time::Duration;

use commerce_paystack::sandbox::{DeliveryState, Sandbox, Schedule, signature};
use serde_json::json;

use crate::client::Shop;
use crate::shop::Receiver;

async fn both() -> (Shop, Receiver) {
    let receiver = Receiver::start().await;
    (Shop::with(Sandbox::builder().webhook_url(&receiver.url)).await, receiver)
}

#[tokio::test]
async fn a_payment_is_announced_with_a_signature() {
    let (shop, mut receiver) = both().await;
    let id = shop.paid("order-1", 50_000).await;
    let received = receiver.next().await;
    let signed = signature("sk_test_of_the_shop", &received.raw);
    assert_eq!(received.header("x-paystack-signature"), signed);
    assert!(signed.len() == 128 && !signed.contains(char::is_uppercase));
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("user-agent"), "Paystack/2.0");
    assert_eq!(received.header("accept"), "application/json, text/plain, */*");
    assert_eq!(received.raw, received.body.to_string().into_bytes(), "it is compact");
    let data = &received.body["data"];
    assert_eq!(received.event(), "charge.success");
    assert_eq!(
        (&data["id"], &data["reference"], &data["amount"]),
        (&json!(id), &json!("order-1"), &json!(50_000))
    );
    assert_eq!((&data["plan"], &data["log"], &data["domain"]), (&json!({}), &json!(null), &json!("test")));
    let truth = shop.until(|truth| truth.deliveries[0].state == DeliveryState::Delivered).await;
    assert_eq!(truth.deliveries[0].attempts.len(), 1);
}

#[tokio::test]
async fn what_is_not_answered_with_200_comes_again_each_hour_for_ten_hours() {
    let (shop, mut receiver) = both().await;
    receiver.answer(201);
    shop.paid("r", 50_000).await;
    let first = receiver.next().await;
    for attempts in 1..=10 {
        let tried =
            move |truth: &commerce_paystack::sandbox::Truth| truth.deliveries[0].attempts.len() == attempts;
        shop.until(tried).await;
        shop.sandbox.advance(Duration::from_secs(3590));
        assert!(receiver.empty());
        shop.sandbox.advance(Duration::from_secs(10));
        assert_eq!(receiver.next().await.raw, first.raw);
    }
    let truth = shop.until(|truth| truth.deliveries[0].state == DeliveryState::Failed).await;
    assert_eq!(truth.deliveries[0].attempts.len(), 11);
    assert!(truth.deliveries[0].attempts.iter().all(|attempt| attempt.status == Some(201)));

    receiver.answer(200);
    assert!(shop.sandbox.resend_webhook(0));
    receiver.next().await;
    shop.until(|truth| truth.deliveries[0].state == DeliveryState::Delivered).await;
}

#[tokio::test]
async fn with_a_faster_clock_an_hour_is_a_moment() {
    let mut receiver = Receiver::start().await;
    let builder = Sandbox::builder().webhook_url(&receiver.url).time_scale(36_000);
    let shop = Shop::with(builder).await;
    receiver.answer(500);
    shop.paid("r", 50_000).await;
    for _ in 0..11 {
        receiver.next().await;
    }
    shop.until(|truth| truth.deliveries[0].state == DeliveryState::Failed).await;
}

#[tokio::test]
async fn a_shop_that_is_down_gets_it_when_it_is_up() {
    let mut receiver = Receiver::start().await;
    let builder = Sandbox::builder().webhook_url("http://127.0.0.1:9/").webhook_schedule(Schedule::Live);
    let shop = Shop::with(builder).await;
    shop.paid("r", 50_000).await;
    let truth = shop.until(|truth| truth.deliveries[0].attempts.len() == 1).await;
    assert_eq!(
        (truth.deliveries[0].attempts[0].status, truth.deliveries[0].state),
        (None, DeliveryState::Waiting)
    );
    shop.sandbox.set_webhook_url(Some(receiver.url.clone()));
    shop.sandbox.advance(Duration::from_secs(180));
    assert_eq!(receiver.next().await.event(), "charge.success");
}

#[tokio::test]
async fn without_an_address_nothing_is_sent() {
    let shop = Shop::with(Sandbox::builder()).await;
    shop.paid("r", 50_000).await;
    assert_eq!(shop.sandbox.truth().deliveries[0].state, DeliveryState::NoAddress);
    assert!(!shop.sandbox.resend_webhook(0));
}
