//! Faults do what they say, and the truth knows better.

use std::time::{Duration, Instant};

use commerce_paystack::sandbox::{Call, DeliveryState, Effect, Fault, On, Sandbox, Status, signature};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Shop, start};
use crate::shop::Receiver;

const BODY: &str = r#"{"email":"a@b.test","amount":5000,"reference":"r"}"#;

/// All bytes that come back over a connection of its own.
async fn bytes_of(shop: &Shop) -> Vec<u8> {
    let address = shop.sandbox.url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST /transaction/initialize HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer sk_test_of_the_shop\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok();
    bytes
}

#[tokio::test]
async fn a_dropped_connection_says_nothing_at_all() {
    let shop = start().await;
    shop.sandbox.script(Fault::call(Call::Initialize, Effect::DropBefore));
    assert_eq!(bytes_of(&shop).await, b"");
    assert_eq!(shop.sandbox.truth().charges.len(), 0);
    shop.sandbox.script(Fault::call(Call::Initialize, Effect::DropAfter));
    assert_eq!(bytes_of(&shop).await, b"");
    let truth = shop.sandbox.truth();
    assert_eq!(truth.charge("r").unwrap().amount, 5000);
    assert_eq!(
        (truth.requests[1].status, truth.requests[1].fault.as_deref()),
        (None, Some("\"drop_after\""))
    );
    let again = json!({"email": "a@b.test", "amount": 5000, "reference": "r"});
    shop.post("/transaction/initialize", again).await.refused(400, "Duplicate Transaction Reference");
}

#[tokio::test]
async fn answers_can_be_errors_of_a_proxy_before_or_after_the_deed() {
    let shop = start().await;
    let charge = |reference: &'static str| {
        let card = json!({"card": {"number": "4084084084084081", "cvv": "408", "expiry_month": "1", "expiry_year": "40"}});
        shop.charge(reference, card)
    };
    shop.sandbox.script(Fault::call(Call::Charge, Effect::Status(502)));
    shop.sandbox.script(Fault::call(Call::Charge, Effect::StatusAfter(504)));
    let before = charge("a").await;
    assert_eq!(before.status, 502);
    assert!(before.body.as_str().unwrap().contains("<html>"));
    assert_eq!(charge("b").await.status, 504);
    let truth = shop.sandbox.truth();
    assert!(truth.charge("a").is_none());
    assert_eq!(truth.charge("b").unwrap().status, Status::Success);
}

#[tokio::test]
async fn answers_can_be_garbage_or_cut_off() {
    let shop = start().await;
    shop.initialize("r", 5000).await;
    shop.sandbox.script(Fault::call(Call::Verify, Effect::Garbage));
    shop.sandbox.script(Fault::call(Call::Verify, Effect::Truncate));
    for _ in 0..2 {
        let reply = shop.get("/transaction/verify/r").await;
        assert_eq!(reply.status, 200);
        assert!(matches!(reply.body, Value::String(_)), "it is no JSON");
    }
    shop.verify("r").await;
}

#[tokio::test]
async fn answers_can_be_late_while_the_deed_is_not() {
    let shop = start().await;
    shop.sandbox.script(Fault::call(Call::Charge, Effect::DelayMs(60_000)));
    let card = json!({"email": "a@b.test", "amount": 5000, "reference": "r", "card": {"number": "4084084084084081", "cvv": "408", "expiry_month": "1", "expiry_year": "2040"}});
    let request = shop.request(Method::POST, "/charge").json(&card).timeout(Duration::from_millis(300));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(shop.sandbox.truth().charge("r").unwrap().status, Status::Success);

    shop.sandbox.script(Fault::call(Call::Verify, Effect::DelayMs(200)));
    let began = Instant::now();
    assert_eq!(shop.verify("r").await["status"], "success");
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn answers_can_lie_while_the_truth_does_not() {
    let shop = start().await;
    shop.paid("r", 50_000).await;
    for (effect, field, lie) in [
        (Effect::amount(1), "amount", json!(1)),
        (Effect::currency("USD"), "currency", json!("USD")),
        (Effect::status("abandoned"), "status", json!("abandoned")),
    ] {
        shop.sandbox.script(Fault::call(Call::Verify, effect).only("r"));
        assert_eq!(shop.verify("r").await[field], lie);
    }
    let honest = shop.verify("r").await;
    assert_eq!(
        (&honest["amount"], &honest["currency"], &honest["status"]),
        (&json!(50_000), &json!("NGN"), &json!("success"))
    );
}

#[tokio::test]
async fn faults_are_counted_and_can_be_forgotten() {
    let shop = start().await;
    shop.initialize("r", 100).await;
    shop.sandbox.script(Fault::on(On::AnyCall, Effect::Status(503)).times(2).skip(1));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(shop.get("/transaction/verify/r").await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    shop.sandbox.script(Fault::on(On::AnyCall, Effect::Status(503)));
    shop.sandbox.clear_faults();
    shop.verify("r").await;
}

#[tokio::test]
async fn webhooks_come_twice_late_in_another_order_wrong_or_never() {
    let mut receiver = Receiver::start().await;
    let shop = Shop::with(Sandbox::builder().webhook_url(&receiver.url)).await;
    let fault = |effect, reference: &str| shop.sandbox.script(Fault::webhook(effect).only(reference));
    let reference = |received: &crate::shop::Received| received.body["data"]["reference"].clone();

    fault(Effect::Duplicate(2), "twice");
    shop.paid("twice", 100).await;
    let first = receiver.next().await;
    for _ in 0..2 {
        assert_eq!(receiver.next().await.raw, first.raw);
    }

    fault(Effect::Reorder, "behind");
    shop.paid("behind", 100).await;
    shop.paid("ahead", 100).await;
    assert_eq!(reference(&receiver.next().await), "ahead");
    assert_eq!(reference(&receiver.next().await), "behind");

    fault(Effect::Hold, "held");
    fault(Effect::LateSeconds(600), "late");
    fault(Effect::Lose, "lost");
    for name in ["held", "late", "lost", "plain"] {
        shop.paid(name, 100).await;
    }
    assert_eq!(reference(&receiver.next().await), "plain");
    assert_eq!(shop.sandbox.release_webhooks(), 1);
    assert_eq!(reference(&receiver.next().await), "held");
    shop.sandbox.advance(Duration::from_secs(600));
    assert_eq!(reference(&receiver.next().await), "late");
    let truth = shop.sandbox.truth();
    let lost = truth.deliveries.iter().find(|delivery| delivery.reference == "lost").unwrap();
    assert_eq!((lost.state, lost.attempts.len()), (DeliveryState::Lost, 0));

    fault(Effect::amount(1), "wrong");
    shop.paid("wrong", 100).await;
    let received = receiver.next().await;
    assert_eq!(received.body["data"]["amount"], 1);
    assert_eq!(received.header("x-paystack-signature"), signature("sk_test_of_the_shop", &received.raw));
    fault(Effect::BadSignature, "forged");
    shop.paid("forged", 100).await;
    let received = receiver.next().await;
    assert_ne!(received.header("x-paystack-signature"), signature("sk_test_of_the_shop", &received.raw));
}

#[tokio::test]
async fn what_was_abandoned_or_failed_can_be_paid_later() {
    let shop = start().await;
    shop.initialize("r", 5000).await;
    shop.sandbox.abandon("r").unwrap();
    assert_eq!(shop.verify("r").await["status"], "abandoned");
    shop.sandbox.fail("r", "Denied by fraud system").unwrap();
    let failed = shop.verify("r").await;
    assert_eq!((&failed["status"], &failed["message"]), (&json!("failed"), &json!("Denied by fraud system")));
    shop.sandbox.pay("r").unwrap();
    assert_eq!(shop.verify("r").await["status"], "success");
    assert!(shop.sandbox.pay("r").is_err() && shop.sandbox.fail("r", "x").is_err());
    assert!(shop.sandbox.pay("none").is_err());
}
