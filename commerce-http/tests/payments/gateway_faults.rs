//! A gateway that is slow, broken, wrong or gone: an honest answer, one order, one charge that counts.

use std::net::{Ipv4Addr, TcpListener};

use commerce_paystack::sandbox::{Call, Effect, Fault, On};
use serde_json::{Value, json};

use crate::server::paid::{PaidShop, Placed, in_trouble, on_both};

const CARD: &str = "card";
const TRANSFER: &str = "bank_transfer";

#[tokio::test]
async fn a_start_whose_answer_is_lost_goes_on_with_the_same_key() {
    let faults = [
        (CARD, Effect::DropAfter),
        (CARD, Effect::DropBefore),
        (CARD, Effect::Status(502)),
        (CARD, Effect::StatusAfter(502)),
        (CARD, Effect::Garbage),
        (TRANSFER, Effect::DropAfter),
        (TRANSFER, Effect::Truncate),
        (TRANSFER, Effect::StatusAfter(504)),
    ];
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        for (method, effect) in &faults {
            let call = if *method == CARD { Call::Initialize } else { Call::Charge };
            shop.sandbox.script(Fault::call(call, effect.clone()));
            goes_on(&shop, method, &format!("{method} {effect:?}")).await;
        }
        let sold = u64::try_from(faults.len()).unwrap();
        shop.server.until_available("mug", "MUG", 50 - sold).await;
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_start_that_takes_too_long_goes_on_with_the_same_key() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        shop.sandbox.script(Fault::call(Call::Initialize, Effect::DelayMs(12_000)));
        goes_on(&shop, CARD, "slow").await;
        shop.close().await;
    })
    .await;
}

/// The first answer is lost, the second one to the same key leads to a payment; what is paid beside it goes back.
async fn goes_on(shop: &PaidShop, method: &str, case: &str) {
    let cart = shop.cart(1, &json!({"method": method})).await;
    let first = in_trouble(shop.confirm(&cart).send_in_trouble().await, 504);
    let again = shop.confirm(&cart).send().await;
    assert_eq!(again.header("idempotent-replayed"), "true", "{case}");
    let placed = Placed::of(&again.expect(201));
    let attempts = placed.order["payments"].as_array().unwrap();
    assert_eq!(attempts[0]["reference"], first.as_str(), "{case}: the first reference stays known");
    let kinds = ["redirect", "display"];
    assert!(kinds.iter().any(|kind| placed.action["type"] == **kind), "{case}: {}", placed.action);
    let third = Placed::of(&shop.confirm(&cart).send().await.expect(201));
    assert_eq!(
        (&third.reference, &third.id),
        (&placed.reference, &placed.id),
        "{case}: the third answer is the second"
    );

    shop.sandbox.pay(&placed.reference).unwrap();
    shop.until_payment(&placed, "paid").await;
    let lost = shop.sandbox.charge(&first).filter(|charge| charge.paid_at.is_none());
    if let Some(lost) = lost {
        shop.sandbox.pay(&lost.reference).unwrap();
        let goes_back =
            |rows: &Value| rows.as_array().unwrap().iter().any(|row| row["reference"] == first.as_str());
        shop.until(async || Value::from(shop.unmatched().await), goes_back).await;
        let sent =
            |truth: &commerce_paystack::sandbox::Truth| truth.charge(&first).unwrap().refunded == 150_000;
        shop.truth_when(sent).await;
    }
}

#[tokio::test]
async fn a_charge_of_another_amount_or_currency_pays_nothing() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        let wrong = [
            (Effect::amount(149_999), "amount", "1499.99", "NGN"),
            (overlay(&json!({"amount": 150_001, "requested_amount": 150_001})), "amount", "1500.01", "NGN"),
            (Effect::currency("GHS"), "currency", "1500.00", "GHS"),
        ];
        for (effect, reason, amount, currency) in wrong {
            let placed = shop.place_by_card(1).await;
            shop.sandbox.script(Fault::call(Call::Verify, effect).times(50).only(&placed.reference));
            shop.sandbox.pay(&placed.reference).unwrap();
            let rows = shop.until(
                async || Value::from(shop.unmatched().await),
                |rows| rows[0]["reference"] == placed.reference.as_str(),
            );
            let row = rows.await[0].clone();
            assert_eq!(row["reason"], reason, "{row}");
            assert_eq!(row["amount"], json!({"amount": amount, "currency": currency}));
            assert_eq!((&row["status"], &row["order_id"]), (&json!("open"), &json!(placed.id)));
            let order = shop.order(&placed).await;
            assert_eq!(order["status"], "pending", "nothing is shipped: {order}");
            assert_ne!(order["payment_status"], "paid");
            assert_ne!(shop.verify(&placed.reference).await["status"], "paid");
        }
        assert!(shop.sandbox.truth().refunds.is_empty(), "staff decides what becomes of it");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn nonsense_about_a_charge_decides_nothing() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        for effect in [
            Effect::Garbage,
            Effect::Truncate,
            Effect::currency("QQQ"),
            overlay(&json!({"reference": "another"})),
            overlay(&json!({"domain": "live"})),
            Effect::status("sideways"),
        ] {
            let case = format!("{effect:?}");
            let placed = shop.place_by_card(1).await;
            shop.sandbox.script(Fault::webhook(Effect::Lose).only(&placed.reference));
            shop.sandbox.pay(&placed.reference).unwrap();
            shop.sandbox.script(Fault::call(Call::Verify, effect).times(3).only(&placed.reference));
            assert_ne!(shop.verify(&placed.reference).await["status"], "paid", "{case}");
            assert_eq!(shop.order(&placed).await["status"], "pending", "{case}");
            shop.sandbox.clear_faults();
            let live = case.contains("live");
            let later = shop.verify(&placed.reference).await;
            assert_eq!(later["status"], if live { "failed" } else { "paid" }, "{case}");
        }
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn without_a_gateway_the_rest_of_the_shop_goes_on() {
    on_both(async |kind| {
        let mut shop = PaidShop::open(kind).await;
        let begun = shop.place_by_card(1).await;
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        shop.server.set("COMMERCE_PAYSTACK_URL", &format!("http://{free}"));
        shop.restart().await;
        shop.server.get("/api/products/").send().await.expect(200);
        shop.server.get("/health/ready").send().await.expect(200);
        let at_the_door = shop.place(1, &json!({"method": "cash_on_delivery"})).await;
        assert_eq!(at_the_door.order["payment_status"], "due");
        let cart = shop.cart(1, &json!({"method": "card"})).await;
        in_trouble(shop.confirm(&cart).send_in_trouble().await, 503);
        in_trouble(shop.confirm(&cart).send_in_trouble().await, 503);
        let refused = shop.initialize(&begun, "again", json!({})).send_in_trouble().await;
        in_trouble(refused, 503);
        assert_eq!(shop.verify(&begun.reference).await["status"], "pending", "what is known is told");

        let url = shop.sandbox.url();
        shop.server.set("COMMERCE_PAYSTACK_URL", &url);
        shop.restart().await;
        let placed = Placed::of(&shop.confirm(&cart).send().await.expect(201));
        shop.sandbox.pay(&placed.reference).unwrap();
        shop.until_payment(&placed, "paid").await;
        assert_eq!(placed.order["payments"].as_array().unwrap().len(), 1, "it was never asked twice");
        let again = shop.initialize(&begun, "again", json!({})).send().await.expect(201);
        assert_eq!(again["next_action"]["type"], "redirect");
        shop.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_hangs_up_on_everybody_is_left_alone() {
    on_both(async |kind| {
        let shop = PaidShop::open(kind).await;
        shop.sandbox.script(Fault::on(On::AnyCall, Effect::Status(503)).times(1_000));
        for _ in 0..8 {
            let cart = shop.cart(1, &json!({"method": "card"})).await;
            let reply = shop.confirm(&cart).send_in_trouble().await;
            let status = reply.status;
            assert!(status == 503 || status == 504, "{}", reply.text);
            in_trouble(reply, status);
        }
        let asked = shop.sandbox.truth().requests.len();
        assert!(asked < 8, "after five failures in a row it is not asked any more, not {asked} times");
        shop.sandbox.clear_faults();
        shop.close().await;
    })
    .await;
}

fn overlay(fields: &Value) -> Effect {
    Effect::Overlay(fields.as_object().unwrap().clone())
}
