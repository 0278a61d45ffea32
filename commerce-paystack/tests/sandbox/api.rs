//! The calls: envelopes, refusals, pages, and whatever way clients send things.

use commerce_paystack::sandbox::{Country, Currency, Sandbox, SandboxError, Status};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Shop, reply, start};

#[tokio::test]
async fn a_transaction_goes_from_abandoned_to_paid() {
    let shop = start().await;
    let data = shop.initialize("order-1", 250_000).await;
    assert_eq!(data["reference"], "order-1");
    let code = data["access_code"].as_str().unwrap();
    assert_eq!(data["authorization_url"], format!("{}/checkout/{code}", shop.sandbox.url()));

    let before = shop.verify("order-1").await;
    assert_eq!(before["status"], "abandoned");
    assert_eq!(before["gateway_response"], "The transaction was not completed");
    assert_eq!(
        (&before["paid_at"], &before["fees"], &before["log"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(before["authorization"], json!({}));
    assert_eq!(before["metadata"], "");

    shop.sandbox.pay("order-1").unwrap();
    let after = shop.verify("order-1").await;
    assert_eq!(after["status"], "success");
    assert_eq!(
        (&after["amount"], &after["fees"], &after["currency"]),
        (&json!(250_000), &json!(13_750), &json!("NGN"))
    );
    assert_eq!(after["authorization"]["card_type"], "visa ");
    assert_eq!(after["authorization"]["last4"], "4081");
    assert_eq!(after["paid_at"], after["paidAt"]);
    let truth = shop.sandbox.truth();
    let charge = truth.charge("order-1").unwrap();
    assert_eq!((charge.status, charge.amount, charge.fees), (Status::Success, 250_000, Some(13_750)));
    assert_eq!(truth.taken(Currency::Ngn), 250_000);
    assert_eq!(shop.sandbox.charge("order-1").as_ref(), Some(charge));
    assert_eq!(shop.sandbox.charge("order-2"), None);

    let fetched = shop.get(&format!("/transaction/{}/", after["id"])).await.ok();
    assert_eq!(
        (&fetched["message"], &fetched["data"]["reference"]),
        (&json!("Transaction retrieved"), &json!("order-1"))
    );
    let timeline = shop.get("/transaction/timeline/order-1").await.ok();
    assert_eq!(timeline["data"]["success"], true);
    let totals = shop.get("/transaction/totals").await.ok();
    assert_eq!(totals["data"]["total_volume_by_currency"], json!([{"currency": "NGN", "amount": 250_000}]));
}

#[tokio::test]
async fn only_the_key_opens_the_api() {
    let shop = start().await;
    for key in ["Bearer sk_test_other", "Bearer", "sk_test_of_the_shop", "Basic sk_test_of_the_shop"] {
        let request = shop.visit(Method::GET, "/transaction/verify/x").header("authorization", key);
        let body = reply(request.send().await.unwrap()).await.refused(401, "Invalid key");
        assert_eq!((&body["code"], &body["type"]), (&json!("invalid_Key"), &json!("validation_error")));
    }
    let request = shop.visit(Method::GET, "/transaction/verify/x");
    reply(request.send().await.unwrap()).await.refused(401, "Invalid key");
    let live = Sandbox::builder().secret_key("sk_live_x").build();
    assert!(matches!(live, Err(SandboxError::NotATestKey)));
}

#[tokio::test]
async fn what_is_wrong_with_an_initialize_is_said() {
    let shop = start().await;
    shop.initialize("taken", 100).await;
    for (change, message, code) in [
        (json!({"email": null}), "Email Address is required", "missing_params"),
        (json!({"email": " "}), "Email is not allowed to be empty", ""),
        (json!({"email": "nobody"}), "Invalid Email Address Passed", "invalid_email_address"),
        (json!({"email": "a@b"}), "Invalid Email Address Passed", "invalid_email_address"),
        (json!({"amount": null}), "Invalid Amount Sent", "invalid_amount"),
        (json!({"amount": 0}), "Invalid Amount Sent", "invalid_amount"),
        (json!({"amount": -100}), "Invalid Amount Sent", "invalid_amount"),
        (json!({"amount": "ten"}), "Invalid Amount Sent", "invalid_amount"),
        (json!({"amount": 19.99}), "\"amount\" must be an integer", "invalid_amount"),
        (json!({"amount": 1_000_000_001_u64}), "Transaction amount limit exceeded", ""),
        (json!({"currency": "GHS"}), "Currency not supported by merchant", "unsupported_currency"),
        (json!({"currency": "XXX"}), "Currency not supported by merchant", "unsupported_currency"),
        (json!({"reference": "a/b"}), "Invalid character in transaction reference", ""),
        (json!({"reference": "taken"}), "Duplicate Transaction Reference", "duplicate_reference"),
    ] {
        let mut body = json!({"email": "payer@shop.test", "amount": 5000});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refusal = shop.post("/transaction/initialize", body).await.refused(400, message);
        if code.is_empty() {
            assert_eq!(refusal, json!({"status": false, "message": message}));
        } else {
            assert_eq!((&refusal["code"], &refusal["type"]), (&json!(code), &json!("validation_error")));
            assert!(refusal["meta"]["nextStep"].is_string());
        }
    }
    assert_eq!(shop.sandbox.truth().charges.len(), 1);
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let shop = start().await;
    let body = shop.get("/transaction/verify/none").await.refused(400, "Transaction reference not found.");
    assert_eq!(body["code"], "transaction_not_found");
    shop.get("/transaction/99").await.refused(404, "Transaction not found");
    shop.get("/transaction/abc").await.refused(400, "Transaction ID should be numeric.");
    shop.get("/transaction/timeline/none").await.refused(400, "Transaction ID or reference is invalid");
    shop.get("/charge/none").await.refused(400, "Transaction reference is invalid");
    shop.get("/customer/none").await.refused(404, "Customer not found");
    shop.get("/refund/99").await.refused(404, "Refund not found");
    let text = "Merchant is not enabled for Partial Debit";
    shop.post("/transaction/partial_debit", json!({"amount": 1})).await.refused(400, text);
    shop.get("/nowhere").await.refused(404, "Endpoint not found");
    let otp = json!({"otp": "123456", "reference": "none"});
    shop.post("/charge/submit_otp", otp).await.refused(400, "Transaction reference is invalid");
}

#[tokio::test]
async fn requests_are_understood_however_they_are_sent() {
    let shop = start().await;
    let bare = r#"{"email":"a@b.test","amount":"20000","reference":"bare"}"#;
    let request = shop.request(Method::POST, "/transaction/initialize").body(bare);
    reply(request.send().await.unwrap()).await.ok();

    let form = "email=a%40b.test&amount=20000&reference=form&metadata[cancel_action]=http%3A%2F%2Fs.test%2F&metadata[custom_fields][0][value]=7&channels[]=card";
    let request = shop
        .request(Method::POST, "/transaction/initialize/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    reply(request.send().await.unwrap()).await.ok();
    let metadata = shop.verify("form").await["metadata"].clone();
    assert_eq!(metadata, json!({"cancel_action": "http://s.test/", "custom_fields": [{"value": "7"}]}));

    let request = shop.request(Method::GET, "/transaction").body(r#"{"perPage": 1}"#);
    let page = reply(request.send().await.unwrap()).await.ok();
    assert_eq!(page["meta"]["pageCount"], 2);

    for body in ["{", "[1]"] {
        let request = shop.request(Method::POST, "/transaction/initialize").body(body);
        assert_eq!(reply(request.send().await.unwrap()).await.status, 400);
    }
}

#[tokio::test]
async fn metadata_is_read_back_as_text_unless_it_was_text() {
    let shop = start().await;
    for (reference, sent, read) in [
        (
            "object",
            json!({"n": 42, "yes": true, "in": {"x": [1]}}),
            json!({"n": "42", "yes": "true", "in": {"x": ["1"]}}),
        ),
        ("text", json!("{\"n\": 42}"), json!({"n": 42})),
    ] {
        let body = json!({"email": "a@b.test", "amount": 100, "reference": reference, "metadata": sent});
        shop.post("/transaction/initialize", body).await.ok();
        assert_eq!(shop.verify(reference).await["metadata"], read);
    }
}

#[tokio::test]
async fn lists_have_pages_cursors_and_filters() {
    let shop = start().await;
    for number in 0..5 {
        shop.initialize(&format!("r{number}"), 1000 + number).await;
    }
    shop.sandbox.pay("r2").unwrap();
    let references = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap();
        rows.iter().map(|row| row["reference"].as_str().unwrap().to_owned()).collect()
    };
    let page = shop.get("/transaction?perPage=2&page=2").await.ok();
    assert_eq!(references(&page), ["r2", "r1"]);
    let meta =
        json!({"total": 5, "skipped": 2, "perPage": 2, "page": 2, "pageCount": 3, "total_volume": 1002});
    assert_eq!(page["meta"], meta);
    assert_eq!(page["data"][1]["metadata"], Value::Null);
    assert_eq!(page["data"][1]["authorization"]["reusable"], false);

    let first = shop.get("/transaction?use_cursor=true&perPage=3").await.ok();
    assert_eq!(references(&first), ["r4", "r3", "r2"]);
    let next = first["meta"]["next"].as_str().unwrap();
    let second = shop.get(&format!("/transaction?use_cursor=true&perPage=3&next={next}")).await.ok();
    assert_eq!(
        (references(&second), &second["meta"]["next"]),
        (vec!["r1".to_owned(), "r0".to_owned()], &Value::Null)
    );

    assert_eq!(references(&shop.get("/transaction?status=success").await.ok()), ["r2"]);
    assert_eq!(references(&shop.get("/transaction?amount=1004").await.ok()), ["r4"]);
    assert_eq!(references(&shop.get("/transaction?to=2020-01-01").await.ok()), [""; 0]);
    let customer = shop.verify("r0").await["customer"].clone();
    assert_eq!(
        references(&shop.get(&format!("/transaction?customer={}", customer["id"])).await.ok()).len(),
        5
    );
    let code = customer["customer_code"].as_str().unwrap();
    assert_eq!(references(&shop.get(&format!("/transaction?customer={code}")).await.ok()), [""; 0]);
}

#[tokio::test]
async fn customers_are_made_changed_and_found() {
    let shop = start().await;
    let body = json!({"email": "a@b.test", "first_name": "Ada", "metadata": {"x": "1"}});
    let made = shop.post("/customer", body).await.ok()["data"].clone();
    let code = made["customer_code"].as_str().unwrap();
    assert_eq!(made["authorizations"], json!([]));
    let request = shop.request(Method::PUT, &format!("/customer/{code}")).json(&json!({"phone": "+233"}));
    let changed = reply(request.send().await.unwrap()).await.ok();
    assert_eq!((&changed["data"]["first_name"], &changed["data"]["phone"]), (&json!("Ada"), &json!("+233")));
    for key in [code, "A@B.test"] {
        assert_eq!(shop.get(&format!("/customer/{key}")).await.ok()["data"]["id"], made["id"]);
    }
    assert_eq!(shop.get("/customer").await.ok()["meta"]["total"], 1);
    let bad = json!({"email": "a@b.test", "metadata": "x"});
    shop.post("/customer", bad).await.refused(400, "\"metadata\" must be of type object");
}

#[tokio::test]
async fn a_saved_card_is_charged_again_by_its_owner() {
    let shop = start().await;
    shop.paid("first", 50_000).await;
    let code = shop.verify("first").await["authorization"]["authorization_code"].clone();
    let charge = |email: &str, code: &Value, reference: &str| {
        let body =
            json!({"email": email, "amount": 7000, "authorization_code": code, "reference": reference});
        let request = shop.request(Method::POST, "/transaction/charge_authorization").json(&body);
        async move { reply(request.send().await.unwrap()).await }
    };
    let again = charge("payer@shop.test", &code, "second").await.ok();
    assert_eq!(
        (&again["message"], &again["data"]["status"]),
        (&json!("Charge attempted"), &json!("success"))
    );
    assert_eq!(again["data"]["authorization"]["authorization_code"], code);

    charge("payer@shop.test", &json!("AUTH_none"), "third")
        .await
        .refused(400, "Authorization code is invalid");
    let text = "Email does not match Authorization code. Authorization may be inactive or belong to a different email. Please confirm.";
    charge("other@shop.test", &code, "third").await.refused(400, text);
    shop.post("/customer/authorization/deactivate", json!({"authorization_code": code})).await.ok();
    charge("payer@shop.test", &code, "third").await.refused(400, text);
    shop.get("/transaction/verify/third").await.refused(400, "Transaction reference not found.");

    shop.charge("sent", json!({"bank_transfer": {}})).await.ok();
    shop.sandbox.transfer("sent", 50_000).unwrap();
    let code = shop.verify("sent").await["authorization"]["authorization_code"].clone();
    charge("payer@shop.test", &code, "third").await.refused(400, text);
}

#[tokio::test]
async fn banks_accounts_and_cards_are_looked_up() {
    let shop = start().await;
    let banks = shop.get("/bank?country=ghana&type=mobile_money").await.ok();
    let codes: Vec<&Value> = banks["data"].as_array().unwrap().iter().map(|bank| &bank["code"]).collect();
    assert_eq!(codes, ["MTN", "VOD", "ATL"]);
    assert!(
        shop.get("/bank").await.ok()["data"].as_array().unwrap().iter().all(|bank| bank["currency"] == "NGN")
    );
    let found = shop.get("/bank/resolve?account_number=0001234567&bank_code=058").await.ok();
    assert_eq!(found["data"]["account_number"], "0001234567");
    assert_eq!(shop.get("/bank/resolve?account_number=1&bank_code=058").await.status, 422);
    assert_eq!(shop.get("/decision/bin/408408").await.ok()["data"]["brand"], "visa");
}

#[tokio::test]
async fn the_country_decides_currency_and_fees() {
    for (country, currency, fees) in [
        (Country::Ghana, "GHS", 975),
        (Country::Kenya, "KES", 1450),
        (Country::SouthAfrica, "ZAR", 1550),
        (Country::CoteDIvoire, "XOF", 1600),
    ] {
        let shop = Shop::with(Sandbox::builder().country(country)).await;
        shop.paid("r", 50_000).await;
        let verified = shop.verify("r").await;
        assert_eq!((&verified["currency"], &verified["fees"]), (&json!(currency), &json!(fees)));
    }
}

#[tokio::test]
async fn the_payer_can_bear_the_fee() {
    let shop = Shop::with(Sandbox::builder().payer_bears_fee()).await;
    shop.paid("r", 50_000).await;
    let verified = shop.verify("r").await;
    assert_eq!((&verified["amount"], &verified["requested_amount"]), (&json!(50_750), &json!(50_000)));
}

#[tokio::test]
async fn a_full_window_answers_429() {
    let shop = start().await;
    shop.initialize("r", 100).await;
    shop.sandbox.set_rate_limit(Some(2));
    let verify = || shop.request(Method::GET, "/transaction/verify/r").send();
    for remaining in ["1", "0"] {
        let response = verify().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-ratelimit-limit"], "2");
        assert_eq!(response.headers()["x-ratelimit-remaining"], remaining);
    }
    let response = verify().await.unwrap();
    let reset: u64 = response.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&reset), "{reset}");
    let body = reply(response).await.refused(429, "Rate limit exceeded!");
    assert_eq!((&body["type"], &body["code"]), (&json!("api_error"), &json!("rate_limited")));
    assert_eq!(shop.get("/charge/r").await.status, 200);
}

#[tokio::test]
async fn a_charge_that_is_declined_is_dead() {
    let shop = start().await;
    let card = |number: &str, cvv: &str| json!({"card": {"number": number, "cvv": cvv, "expiry_month": 12, "expiry_year": 2040}});
    for (name, instrument, status, reason) in [
        ("ussd", json!({"ussd": {"type": "000"}}), "failed", "USSD type is not supported"),
        (
            "bank",
            json!({"bank": {"code": "044", "account_number": "1"}}),
            "failed",
            "Unable to process transaction",
        ),
        // So it was recorded of a card that fails at once, and of no other means.
        ("card", card("4084080000670037", "787"), "abandoned", "Insufficient Funds"),
    ] {
        let said = shop.charge(name, instrument.clone()).await.ok();
        assert_eq!(
            (&said["data"]["status"], &said["data"]["message"]),
            (&json!("failed"), &json!(reason)),
            "{name}"
        );
        let checked = shop.get(&format!("/charge/{name}")).await.ok();
        assert_eq!(checked["data"]["status"], "failed", "{name}");
        let verified = shop.verify(name).await;
        assert_eq!(
            (&verified["status"], &verified["gateway_response"]),
            (&json!(status), &json!(reason)),
            "{name}"
        );
        assert_eq!((&verified["message"], &verified["paid_at"]), (&json!(reason), &Value::Null), "{name}");
        shop.charge(name, instrument).await.refused(400, "Duplicate Transaction Reference");
    }
    shop.charge("pin", card("507850785078507812", "081")).await.ok();
    let wrong = shop.post("/charge/submit_pin", json!({"reference": "pin", "pin": "9"})).await;
    assert_eq!((wrong.status, &wrong.body["data"]["status"]), (400, &json!("failed")));
    let verified = shop.verify("pin").await;
    assert_eq!(
        (&verified["status"], &verified["gateway_response"]),
        (&json!("failed"), &json!("Incorrect PIN"))
    );
}
