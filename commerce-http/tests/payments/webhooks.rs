//! What the gateway sends: taken when it is the gateway's, stored before anything is made of it, and never believed.

use std::time::{Duration, Instant};

use commerce_paystack::sandbox::{Call, Currency, DeliveryState, Effect, Fault, signature};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::paid::{KEY, PaidShop, Placed, WEBHOOK, on_both};
use crate::server::{Kind, TestServer};

const OLD_KEY: &str = "sk_test_the_key_before_this_one";

/// A message is answered within a second, and what a busy machine takes for itself.
const PROMPT: Duration = Duration::from_secs(3);

fn about(reference: &str) -> Vec<u8> {
    json!({"event": "charge.success", "data": {"reference": reference, "status": "success", "amount": 1}})
        .to_string()
        .into_bytes()
}

/// An order that was paid, of which the shop has not heard, and the message that would tell it.
async fn paid_in_silence(shop: &PaidShop) -> (Placed, Vec<u8>) {
    shop.sandbox.script(Fault::webhook(Effect::Lose).times(1));
    let placed = shop.place_by_card(1).await;
    shop.sandbox.pay(&placed.reference).unwrap();
    let truth = shop.sandbox.truth();
    let delivery = truth.deliveries.iter().find(|it| it.reference == placed.reference).unwrap();
    assert_eq!(delivery.state, DeliveryState::Lost);
    let body = delivery.body.clone().into_bytes();
    (placed, body)
}

#[tokio::test]
async fn a_message_that_is_not_the_gateways_is_counted_and_nothing_else() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let (placed, body) = paid_in_silence(&shop).await;
        let right = signature(KEY, &body);
        let mut changed = body.clone();
        *changed.last_mut().unwrap() = b' ';
        let post = |body: &[u8]| shop.server.post(WEBHOOK).raw(body);
        let signed = |body: &[u8], signature: &str| post(body).header("x-paystack-signature", signature);
        let forged = [
            post(&body),
            signed(&body, ""),
            signed(&body, "0"),
            signed(&body, &"0".repeat(128)),
            signed(&body, &right[..126]),
            signed(&body, &format!("{right}00")),
            signed(&changed, &right),
            signed(&body, &signature(OLD_KEY, &body)),
            signed(&body, &signature("", &body)),
            post(&body).header("x-paystack-signature", "\u{7f}nonsense".trim_start_matches('\u{7f}')),
        ];
        let count = u64::try_from(forged.len()).unwrap();
        for call in forged {
            call.send().await.refused(401, "invalid-signature");
        }
        assert_eq!(shop.rows("payment_messages").await, 0, "nothing of it is stored");
        assert_eq!(shop.metric("payment_messages_refused_total").await, count);
        assert_eq!(shop.metric("payment_messages_total").await, 0);
        assert_eq!(shop.order(&placed).await["payment_status"], "pending");
        signed(&body, &right.to_uppercase()).send().await.expect(200);
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_key_before_is_good_while_it_is_named() {
    on_both(async |kind| {
        let variables = [("COMMERCE_PAYSTACK_PREVIOUS_SECRET_KEY", OLD_KEY)];
        let shop = PaidShop::open_with(kind, Currency::Ngn, |gateway| gateway, &variables).await;
        let (placed, body) = paid_in_silence(&shop).await;
        shop.message_signed(&body, "sk_test_an_even_older_one")
            .send()
            .await
            .refused(401, "invalid-signature");
        shop.message_signed(&body, OLD_KEY).send().await.expect(200);
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn fifty_of_the_same_at_once_have_one_effect() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let (placed, body) = paid_in_silence(&shop).await;
        for reply in join_all((0..50).map(|_| shop.message(&body).send())).await {
            assert_eq!(reply.expect(200), json!({"received": true}));
        }
        let order = shop.until_payment(&placed, "paid").await;
        let paid = order["history"].as_array().unwrap().iter().filter(|entry| entry["to"] == "paid").count();
        assert_eq!(paid, 1, "{order}");
        assert_eq!(shop.rows("payment_messages").await, 1, "it is stored once");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn messages_come_twice_late_and_in_another_order() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        shop.sandbox.script(Fault::webhook(Effect::Duplicate(4)));
        shop.sandbox.script(Fault::webhook(Effect::Reorder));
        shop.sandbox.script(Fault::webhook(Effect::LateSeconds(3600)));
        shop.sandbox.script(Fault::webhook(Effect::Hold));
        shop.sandbox.script(Fault::webhook(Effect::BadSignature));
        let mut orders = Vec::new();
        for _ in 0..6 {
            let placed = shop.place_by_card(1).await;
            shop.sandbox.pay(&placed.reference).unwrap();
            orders.push(placed);
        }
        for placed in [&orders[0], &orders[1], &orders[5]] {
            shop.until_payment(placed, "paid").await;
        }
        for placed in &orders[2..5] {
            assert_eq!(shop.order(placed).await["payment_status"], "pending");
        }
        shop.sandbox.release_webhooks();
        shop.until_payment(&orders[3], "paid").await;
        shop.sandbox.advance(Duration::from_secs(3700));
        shop.until_payment(&orders[2], "paid").await;
        assert_eq!(shop.verify(&orders[4].reference).await["status"], "paid");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_comes_before_the_gateway_has_answered() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let cart = shop.cart(1, &json!({"method": "bank_transfer"})).await;
        shop.sandbox.script(Fault::call(Call::Charge, Effect::DelayMs(3_000)));
        let confirm = async { shop.confirm(&cart).send().await.expect(201) };
        let pay = async {
            let truth = shop.truth_when(|truth| !truth.charges.is_empty()).await;
            let reference = truth.charges[0].reference.clone();
            shop.sandbox.pay(&reference).unwrap();
            shop.until(|| shop.verify(&reference), |seen| seen["status"] == "paid").await;
        };
        let (confirmed, ()) = tokio::join!(confirm, pay);
        assert_eq!(confirmed["payment"]["status"], "paid", "the late answer takes nothing back");
        assert_eq!(confirmed["payment"]["next_action"]["type"], "none");
        assert_eq!(confirmed["order"]["status"], "processing");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn messages_for_nobody_are_taken_and_kept_where_staff_sees_them() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        for body in [
            about("nobody-knows-this"),
            about("../../../etc/passwd"),
            about("'; drop table payments; --"),
            json!({"event": "subscription.create", "data": {"anything": [1, 2]}}).to_string().into_bytes(),
            json!({"event": "transfer.success", "data": {"reference": "t"}}).to_string().into_bytes(),
        ] {
            shop.message(&body).send().await.expect(200);
        }
        // Somebody takes money with the shop's own account, but not by the shop.
        let client = reqwest::Client::new();
        let body = json!({"email": "b@example.com", "amount": 77_700, "reference": "sold-at-the-fair"});
        let made = client.post(format!("{}/transaction/initialize", shop.sandbox.url())).bearer_auth(KEY);
        let made =
            made.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        assert_eq!(made.status(), 200);
        shop.sandbox.pay("sold-at-the-fair").unwrap();
        let rows = shop.until(async || Value::from(shop.unmatched().await), |rows| rows[0].is_object()).await;
        assert_eq!(rows.as_array().unwrap().len(), 1, "what the gateway does not know is no money: {rows}");
        assert_eq!(rows[0]["reason"], "unknown_reference");
        assert_eq!(rows[0]["amount"], json!({"amount": "777.00", "currency": "NGN"}));
        assert_eq!((&rows[0]["order_id"], &rows[0]["status"]), (&Value::Null, &json!("open")));
        assert_eq!(shop.rows("payment_messages").await, 6);
        assert_eq!(shop.metric("payment_messages_total").await, 6);
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_message_is_refused() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let deep = "[".repeat(100_000);
        for (case, body, status, code) in [
            ("2 MB", vec![b' '; 2 << 20], 413, "too-large"),
            ("300 KB", vec![b' '; 300 << 10], 413, "too-large"),
            ("nothing", Vec::new(), 400, "malformed-json"),
            ("words", b"charge.success".to_vec(), 400, "malformed-json"),
            ("half", br#"{"event": "charge.success", "data": {"#.to_vec(), 400, "malformed-json"),
            ("no text", vec![0xff, 0xfe, 0x00], 400, "malformed-json"),
            ("a list", b"[1]".to_vec(), 400, "malformed-json"),
            ("deep", deep.into_bytes(), 400, "malformed-json"),
        ] {
            let reply = shop.message(&body).send().await;
            assert_eq!((reply.status, reply.code()), (status, code), "{case}: {}", reply.text);
        }
        shop.server.get(WEBHOOK).send().await.refused(405, "method-not-allowed");
        assert_eq!(shop.rows("payment_messages").await, 0);
        // What is larger than any request is refused before it is known what it is.
        assert_eq!(shop.metric("payment_messages_refused_total").await, 7, "each is counted");
        let bare = WEBHOOK.trim_end_matches('/');
        let body = about("without a slash");
        let call = shop.server.post(bare).header("x-paystack-signature", &signature(KEY, &body)).raw(body);
        call.send().await.expect(200);
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn messages_are_taken_from_the_named_addresses_only() {
    on_both(async |kind| {
        let elsewhere = [("COMMERCE_MESSAGE_SOURCES", "203.0.113.7, 2001:db8::7")];
        let mut shop = PaidShop::open_with(kind, Currency::Ngn, |gateway| gateway, &elsewhere).await;
        let body = about("from elsewhere");
        shop.message(&body).send().await.refused(403, "forbidden");
        for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP"] {
            let named = if header == "Forwarded" { "for=203.0.113.7" } else { "203.0.113.7" };
            shop.message(&body).header(header, named).send().await.refused(403, "forbidden");
        }
        assert_eq!(shop.rows("payment_messages").await, 0);
        assert_eq!(shop.metric("payment_messages_refused_total").await, 4);
        shop.server.set("COMMERCE_MESSAGE_SOURCES", "203.0.113.7,127.0.0.1");
        shop.restart().await;
        shop.message(&body).send().await.expect(200);
        shop.message_signed(&body, OLD_KEY).send().await.refused(401, "invalid-signature");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_is_answered_while_the_gateway_is_slow() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let (placed, body) = paid_in_silence(&shop).await;
        shop.sandbox
            .script(Fault::call(Call::Verify, Effect::DelayMs(8_000)).times(1).only(&placed.reference));
        let asked = Instant::now();
        shop.message(&body).send().await.expect(200);
        let took = asked.elapsed();
        assert!(took < PROMPT, "{took:?}");
        assert_eq!(
            shop.order(&placed).await["payment_status"],
            "pending",
            "the gateway has not answered yet"
        );
        shop.until_payment(&placed, "paid").await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_needs_staff_is_parked_and_sent_round_again() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let dispute = json!({"event": "charge.dispute.create", "data": {
            "id": 7, "status": "awaiting-merchant-feedback", "transaction": {"reference": "r", "customer": {"email": "ada@example.com"}},
        }});
        shop.message(dispute.to_string().as_bytes()).send().await.expect(200);
        let rows = shop.until(async || Value::from(shop.parked().await), |rows| rows[0].is_object()).await;
        assert_eq!((&rows[0]["status"], &rows[0]["gateway"]), (&json!("parked"), &json!("paystack")));
        assert_eq!(rows[0]["note"], "charge.dispute.create");
        assert!(!rows.to_string().contains("ada@"), "what it says about people is left out: {rows}");
        let id = rows[0]["id"].as_str().unwrap();
        let path = format!("payment-messages/{id}/replay/");
        let replayed = shop.server.admin(Method::POST, &path).send().await.expect(200);
        assert_eq!(replayed, json!({"waiting": true}));
        shop.until(async || Value::from(shop.parked().await), |rows| rows[0]["tries"] == 1).await;
        let none = "payment-messages/01890a5d-ac96-774b-bcce-b302099a8057/replay/";
        shop.server.admin(Method::POST, none).send().await.refused(404, "not-found");
        shop.server.post(&format!("/api/admin/{path}")).send().await.refused(401, "unauthenticated");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_was_tried_too_often_waits_for_staff() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        let (placed, body) = paid_in_silence(&shop).await;
        shop.sandbox
            .script(Fault::call(Call::Verify, Effect::Status(500)).times(1_000).only(&placed.reference));
        shop.message(&body).send().await.expect(200);
        let tried =
            async || Value::from(shop.rows("payment_messages where tries = 1 and note is not null").await);
        shop.until(tried, |count| *count == 1).await;
        shop.server.kill();
        shop.sql("update payment_messages set tries = 11, next_at = $past").await;
        shop.restart().await;
        let rows = shop.until(async || Value::from(shop.parked().await), |rows| rows[0].is_object()).await;
        assert_eq!(rows[0]["tries"], 12);
        assert_eq!(shop.order(&placed).await["payment_status"], "pending");
        shop.sandbox.clear_faults();
        shop.restart().await;
        let path = format!("payment-messages/{}/replay/", rows[0]["id"].as_str().unwrap());
        shop.server.admin(Method::POST, &path).send().await.expect(200);
        shop.until_payment(&placed, "paid").await;
        assert!(shop.parked().await.is_empty());
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_shop_without_a_gateway_takes_no_messages() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    let body = about("anything");
    let call = server.post(WEBHOOK).header("x-paystack-signature", &signature("", &body)).raw(body);
    call.send().await.refused(404, "not-found");
    server.stop().await;
}
