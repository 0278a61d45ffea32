//! Refunds: what is refused, how they go, what becomes of the transaction.

use std::time::Duration;

use commerce_paystack::sandbox::{Country, Effect, Fault, On, RefundStatus, Sandbox};
use serde_json::{Value, json};

use crate::client::{Shop, start};
use crate::shop::Receiver;

/// The two steps of a refund.
async fn pass(shop: &Shop, status: RefundStatus) {
    shop.sandbox.advance(Duration::from_secs(300));
    let under_way = |wished: RefundStatus| {
        shop.until(move |truth| truth.refunds.last().is_some_and(|refund| refund.status == wished))
    };
    under_way(RefundStatus::Processing).await;
    shop.sandbox.advance(Duration::from_secs(300));
    under_way(status).await;
}

#[tokio::test]
async fn a_refund_goes_its_way_and_the_transaction_with_it() {
    let mut receiver = Receiver::start().await;
    let shop = Shop::with(Sandbox::builder().webhook_url(&receiver.url)).await;
    let id = shop.paid("r", 50_000).await;
    assert_eq!(receiver.next().await.event(), "charge.success");

    let created = shop.post("/refund", json!({"transaction": id.to_string()})).await.ok();
    assert_eq!(created["message"], "Refund has been queued for processing");
    let data = &created["data"];
    assert_eq!((&data["status"], &data["amount"]), (&json!("pending"), &json!(50_000)));
    assert_eq!((&data["transaction"]["id"], &data["fully_deducted"]), (&json!(id), &json!(false)));
    assert_eq!(shop.verify("r").await["status"], "reversal-pending");

    pass(&shop, RefundStatus::Processed).await;
    for event in ["refund.pending", "refund.processing", "refund.processed"] {
        let received = receiver.next().await;
        assert_eq!(received.event(), event);
        assert_eq!(received.body["data"]["transaction_reference"], "r");
        assert_eq!(received.body["data"]["amount"], "50000");
    }
    let verified = shop.verify("r").await;
    assert_eq!(
        (&verified["status"], &verified["gateway_response"]),
        (&json!("reversed"), &json!("Successful"))
    );
    assert!(verified["paid_at"].is_string() && verified["fees"].is_number());

    let fetched = shop.get(&format!("/refund/{}", data["id"])).await.ok();
    assert_eq!(
        (&fetched["data"]["status"], &fetched["data"]["transaction"]),
        (&json!("processed"), &json!(id))
    );
    let listed = shop.get(&format!("/refund?transaction={id}")).await.ok();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["meta"]["total"]), (1, &json!(1)));
    assert_eq!(shop.get("/refund?transaction=r").await.ok()["data"], json!([]));
    let body = shop
        .post("/refund", json!({"transaction": "r"}))
        .await
        .refused(400, "Transaction has been fully reversed");
    assert_eq!((&body["type"], &body["code"]), (&json!("api_error"), &json!("transaction_reversed")));
}

#[tokio::test]
async fn refunds_do_not_add_up_to_more_than_was_paid() {
    let shop = start().await;
    let id = shop.paid("r", 50_000).await;
    let refund = |body: Value| shop.post("/refund", body);
    refund(json!({"transaction": id, "amount": 20_000, "customer_note": "late"})).await.ok();
    let text = "Total refund amount cannot exceed original transaction amount";
    refund(json!({"transaction": "r"})).await.refused(400, text);
    refund(json!({"transaction": "r", "amount": 30_001})).await.refused(400, text);
    refund(json!({"transaction": "r", "amount": "30000"})).await.ok();
    let text_of_currency = "Transaction currency must match refund currency";
    refund(json!({"transaction": "r", "currency": "USD"})).await.refused(400, text_of_currency);
    refund(json!({"transaction": "none"})).await.refused(404, "Transaction not found");
    shop.initialize("unpaid", 100).await;
    assert_eq!(refund(json!({"transaction": "unpaid"})).await.status, 400);
    assert_eq!(shop.sandbox.truth().charge("r").unwrap().refunded, 50_000);
}

#[tokio::test]
async fn a_partial_refund_leaves_the_transaction_paid() {
    let shop = start().await;
    shop.paid("r", 50_000).await;
    shop.post("/refund", json!({"transaction": "r", "amount": 20_000})).await.ok();
    assert_eq!(shop.verify("r").await["status"], "reversal-pending");
    pass(&shop, RefundStatus::Processed).await;
    assert_eq!(shop.verify("r").await["status"], "success");
}

#[tokio::test]
async fn small_refunds_in_cedis_are_refused() {
    let shop = Shop::with(Sandbox::builder().country(Country::Ghana)).await;
    shop.paid("r", 50_000).await;
    let text = "The minimum amount you may send in a single refund at this time is: GHS1.00";
    shop.post("/refund", json!({"transaction": "r", "amount": 99})).await.refused(400, text);
    shop.post("/refund", json!({"transaction": "r"})).await.ok();
    let text = "Cannot refund less than GHS0.5";
    shop.post("/refund", json!({"transaction": "r", "amount": 1})).await.refused(400, text);
}

#[tokio::test]
async fn a_refund_to_a_card_that_cannot_take_it_fails() {
    let shop = start().await;
    let card = json!({"card": {"number": "4084 0800 0067 1803", "cvv": "180", "expiry_month": "12", "expiry_year": "2040"}});
    assert_eq!(shop.charge("r", card).await.ok()["data"]["status"], "success");
    shop.post("/refund", json!({"transaction": "r"})).await.ok();
    pass(&shop, RefundStatus::Failed).await;
    assert_eq!(shop.verify("r").await["status"], "success");
    assert_eq!(shop.sandbox.truth().charge("r").unwrap().refunded, 0);
    shop.post("/refund", json!({"transaction": "r"})).await.ok();
}

#[tokio::test]
async fn a_refund_that_needs_attention_is_tried_again_with_an_account() {
    let shop = start().await;
    let card = json!({"card": {"number": "4084080000671902", "cvv": "190", "expiry_month": "12", "expiry_year": "2040"}});
    shop.charge("r", card).await.ok();
    let id = shop.post("/refund", json!({"transaction": "r"})).await.ok()["data"]["id"].clone();
    let retry = format!("/refund/retry_with_customer_details/{id}");
    let account = json!({"refund_account_details": {"currency": "NGN", "account_number": "1234567890", "bank_id": "9"}});
    let text = "Invalid Refund state, refund status should be \"needs-attention\"";
    let body = shop.post(&retry, account.clone()).await.refused(422, text);
    assert_eq!(body["code"], "invalid_params");
    pass(&shop, RefundStatus::NeedsAttention).await;
    assert_eq!(shop.verify("r").await["status"], "reversal-pending");
    let retried = shop.post(&retry, account).await.ok();
    assert_eq!(retried["message"], "Refund retried and has been queued for processing");
    assert_eq!(retried["data"]["status"], "processing");
    shop.sandbox.advance(Duration::from_secs(300));
    let done = |status| move |truth: &commerce_paystack::sandbox::Truth| truth.refunds[0].status == status;
    shop.until(done(RefundStatus::Processed)).await;
}

#[tokio::test]
async fn the_outcome_of_a_refund_can_be_scripted_or_set() {
    let shop = start().await;
    shop.paid("r", 50_000).await;
    shop.sandbox.script(Fault::on(On::RefundOutcome, Effect::RefundFails).only("r"));
    shop.post("/refund", json!({"transaction": "r"})).await.ok();
    pass(&shop, RefundStatus::Failed).await;
    let id = shop.post("/refund", json!({"transaction": "r"})).await.ok()["data"]["id"].as_u64().unwrap();
    shop.sandbox.move_refund(id, RefundStatus::Processed).unwrap();
    assert_eq!(shop.verify("r").await["status"], "reversed");
    assert!(shop.sandbox.move_refund(1, RefundStatus::Failed).is_err());
}
