//! The checkout in the browser, by its forms.

use std::time::Duration;

use commerce_paystack::sandbox::{Builder, Channel, Country, RefundStatus, Sandbox, Status};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{Shop, location};
use crate::shop::Receiver;

const BACK: &str = "http://shop.test/back?order=7";

/// A transaction that is open in the browser.
struct Page {
    shop: Shop,
    path: String,
}

impl Page {
    async fn with(builder: Builder, more: Value) -> Self {
        let shop = Shop::with(builder).await;
        let mut body =
            json!({"email": "payer@shop.test", "amount": 250_000, "reference": "r", "callback_url": BACK});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let data = shop.post("/transaction/initialize", body).await.ok()["data"].clone();
        let path = format!("/checkout/{}", data["access_code"].as_str().unwrap());
        Self { shop, path }
    }

    async fn open() -> Self {
        Self::with(Sandbox::builder(), json!({})).await
    }

    async fn see(&self, query: &str) -> String {
        let response = self.shop.visit(Method::GET, &format!("{}{query}", self.path)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{:?}", response.headers());
        response.text().await.unwrap()
    }

    async fn send(&self, action: &str, form: &str) -> Response {
        let request = self.shop.visit(Method::POST, &format!("{}/{action}", self.path));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 303);
        response
    }

    async fn card(&self, number: &str, cvv: &str) -> Response {
        self.send("pay", &format!("channel=card&number={number}&expiry=12%2F40&cvv={cvv}")).await
    }

    fn paid(&self, response: &Response) -> bool {
        location(response) == "http://shop.test/back?order=7&trxref=r&reference=r"
    }

    fn status(&self) -> Status {
        self.shop.sandbox.truth().charge("r").unwrap().status
    }
}

#[tokio::test]
async fn a_plain_card_pays_and_goes_back_to_the_shop() {
    let page = Page::open().await;
    let html = page.see("").await;
    for text in ["Sandbox shop", "payer@shop.test", "NGN 2,500.00", "Test mode", "4084 0840 8408 4081"] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("<script"));
    let response = page.card("4084+0840+8408+4081", "408").await;
    assert!(page.paid(&response), "{}", location(&response));
    let again = page.shop.visit(Method::GET, &page.path).send().await.unwrap();
    assert!(page.paid(&again));
    assert_eq!(page.shop.verify("r").await["log"]["attempts"], 1);
}

#[tokio::test]
async fn a_click_on_a_test_card_fills_the_form() {
    let page = Page::open().await;
    let html = page.see("?channel=card&card=1").await;
    assert!(html.contains("value=\"5078 5078 5078 5078 12\"") && html.contains("value=\"081\""));
}

#[tokio::test]
async fn cards_ask_for_pin_phone_and_otp() {
    let page = Page::open().await;
    assert_eq!(
        location(&page.card("507850785078507804", "884").await),
        format!("{}?channel=card", page.path)
    );
    assert!(page.see("").await.contains("Enter your PIN"));
    page.send("pin", "pin=0000").await;
    assert!(page.see("").await.contains("Enter your mobile number"));
    page.send("phone", "phone=0800000000").await;
    assert!(page.see("").await.contains("none will be sent to your phone"));
    assert_eq!(page.status(), Status::Abandoned);
    assert!(page.paid(&page.send("otp", "otp=123456").await));

    let page = Page::open().await;
    page.card("5060666666666666666", "123").await;
    page.send("pin", "pin=1234").await;
    assert!(page.paid(&page.send("otp", "otp=123456").await));

    let page = Page::open().await;
    page.card("507850785078507812", "081").await;
    assert!(page.paid(&page.send("pin", "pin=1111").await));
}

#[tokio::test]
async fn what_is_declined_is_said_and_can_be_tried_again() {
    let page = Page::open().await;
    for (number, cvv, reason) in [
        ("4084080000005408", "001", "Declined"),
        ("4084080000670037", "787", "Insufficient Funds"),
        ("4111111111111111", "123", "Transaction declined. Please use the test card."),
        ("4084084084084081", "999", "Transaction declined. Please use the test card."),
    ] {
        page.card(number, cvv).await;
        assert!(page.see("").await.contains(&format!("role=\"alert\">{reason}<")), "{reason}");
        let verified = page.shop.verify("r").await;
        assert_eq!(
            (&verified["status"], &verified["gateway_response"]),
            (&json!("abandoned"), &json!(reason))
        );
    }
    for expiry in ["01%2F20", "13%2F40", "12"] {
        page.send("pay", &format!("channel=card&number=4084084084084081&expiry={expiry}&cvv=408")).await;
        assert!(page.see("").await.contains("Expired card"));
    }
    page.card("507850785078507812", "081").await;
    page.send("pin", "pin=9999").await;
    assert!(page.see("").await.contains("Incorrect PIN"));
    assert!(!page.paid(&page.send("pin", "pin=1111").await), "the attempt is over");
    assert!(page.paid(&page.card("4084084084084081", "408").await));
    assert_eq!(page.shop.verify("r").await["log"]["errors"], 8);
}

#[tokio::test]
async fn the_page_of_the_bank_approves_or_declines() {
    let page = Page::open().await;
    page.card("5192602720584796", "123").await;
    assert!(page.see("").await.contains("Your bank asks you"));
    page.send("refuse", "").await;
    assert!(page.see("").await.contains("Declined"));
    page.card("5192602720584796", "123").await;
    assert!(page.paid(&page.send("approve", "").await));
}

#[tokio::test]
async fn a_transfer_of_another_amount_is_sent_back_and_announced() {
    let mut receiver = Receiver::start().await;
    let page = Page::with(Sandbox::builder().webhook_url(&receiver.url), json!({})).await;
    page.send("pay", "channel=bank_transfer").await;
    assert!(page.see("").await.contains("TEST-MANAGED-ACCOUNT"));
    assert_eq!(page.shop.verify("r").await["status"], "ongoing");
    page.send("transfer", "amount=125000").await;
    let rejected = receiver.next().await;
    assert_eq!(rejected.event(), "bank.transfer.rejected");
    assert_eq!(rejected.body["data"]["bank_transfer"]["amount"], "125000");
    assert_eq!(page.status(), Status::Ongoing);
    assert!(page.paid(&page.send("transfer", "amount=250000").await));
    let paid = receiver.next().await;
    assert_eq!(paid.body["data"]["channel"], "bank_transfer");
    assert_eq!(paid.body["data"]["authorization"]["reusable"], false);
}

#[tokio::test]
async fn mobile_money_pays_at_once_or_waits_for_the_phone() {
    let ghana = || Page::with(Sandbox::builder().country(Country::Ghana), json!({}));
    let page = ghana().await;
    assert!(page.see("?channel=mobile_money").await.contains("0551234987"));
    assert!(page.paid(&page.send("pay", "channel=mobile_money&provider=mtn&phone=0551234987").await));
    let authorization = page.shop.verify("r").await["authorization"].clone();
    assert_eq!(authorization["bin"], "055XXX");
    assert_eq!((&authorization["last4"], &authorization["signature"]), (&json!("X987"), &Value::Null));

    let page = ghana().await;
    page.send("pay", "channel=mobile_money&provider=mtn&phone=0240000000").await;
    let response = page.shop.visit(Method::GET, &page.path).send().await.unwrap();
    assert_eq!(response.headers()["refresh"], "3");
    assert!(page.paid(&page.send("approve", "").await));

    let page = ghana().await;
    page.send("pay", "channel=mobile_money&provider=vod&phone=0551234987").await;
    assert!(page.see("").await.contains("*110#"));
    assert!(page.paid(&page.send("otp", "otp=123456").await));

    let page = ghana().await;
    page.send("pay", "channel=mobile_money&provider=mtn&phone=0240000000").await;
    page.shop.sandbox.advance(Duration::from_secs(180));
    page.shop.until(|truth| truth.charge("r").unwrap().status == Status::Abandoned).await;
    assert!(page.see("").await.contains("not approved in time"));
}

#[tokio::test]
async fn a_new_attempt_has_its_own_time() {
    let page = Page::with(Sandbox::builder().country(Country::Ghana), json!({})).await;
    let phone = "channel=mobile_money&provider=mtn&phone=0240000000";
    page.send("pay", phone).await;
    let other = json!({"mobile_money": {"provider": "mtn", "phone": "0240000000"}});
    page.shop.charge("other", other).await.ok();
    page.shop.sandbox.advance(Duration::from_secs(100));
    page.send("again", "").await;
    page.send("pay", phone).await;
    page.shop.sandbox.advance(Duration::from_secs(80));
    // The time of the other one was up after that of the first attempt.
    page.shop.until(|truth| truth.charge("other").unwrap().status == Status::Failed).await;
    assert_eq!(page.status(), Status::Ongoing);
}

#[tokio::test]
async fn ussd_banks_and_qr_pay_too() {
    let page = Page::open().await;
    page.send("pay", "channel=ussd&type=737").await;
    assert!(page.see("").await.contains("*737*33*4*"));
    assert!(page.paid(&page.send("approve", "").await));

    let page = Page::open().await;
    page.send("pay", "channel=bank&bank=057").await;
    page.send("birthday", "birthday=2007-04-15").await;
    assert!(page.paid(&page.send("otp", "otp=123456").await));
    assert_eq!(page.shop.verify("r").await["authorization"]["bank"], "Zenith Bank");

    for channel in ["qr", "eft", "capitec_pay"] {
        let page = Page::with(Sandbox::builder().country(Country::SouthAfrica), json!({})).await;
        page.send("pay", &format!("channel={channel}")).await;
        assert!(page.paid(&page.send("approve", "").await), "{channel}");
        assert_eq!(page.shop.verify("r").await["channel"], channel);
    }
}

#[tokio::test]
async fn only_the_channels_that_were_asked_for_are_offered() {
    let page = Page::with(Sandbox::builder(), json!({"channels": ["ussd"]})).await;
    let html = page.see("?channel=card").await;
    assert!(html.contains("Pay with USSD") && !html.contains("Card number"));
    page.card("4084084084084081", "408").await;
    assert_eq!(page.status(), Status::Abandoned);

    let page = Page::with(Sandbox::builder(), json!({"channels": ["mobile_money"]})).await;
    let html = page.see("?channel=mobile_money").await;
    assert!(html.contains("Pay with card") && !html.contains("Mobile money"), "not in this country");
}

#[tokio::test]
async fn a_payer_can_change_the_mind() {
    let page = Page::open().await;
    page.card("507850785078507812", "081").await;
    page.send("again", "").await;
    assert!(page.see("").await.contains("Card number"));
    let response = page.send("cancel", "").await;
    assert_eq!(location(&response), format!("{}?cancelled=1", page.path));
    assert!(page.see("?cancelled=1").await.contains("Nothing was charged"));
    assert_eq!(page.status(), Status::Abandoned);

    let cancel = json!({"metadata": {"cancel_action": "http://shop.test/cart"}});
    let page = Page::with(Sandbox::builder(), cancel).await;
    assert_eq!(location(&page.send("cancel", "").await), "http://shop.test/cart");
    page.card("4084084084084081", "408").await;
    assert!(page.paid(&page.send("cancel", "").await), "it is too late to cancel");
}

#[tokio::test]
async fn without_a_way_back_the_page_says_that_it_is_done() {
    for callback in [json!(null), json!("javascript:alert(1)")] {
        let page = Page::with(Sandbox::builder(), json!({"callback_url": callback})).await;
        let response = page.card("4084084084084081", "408").await;
        assert_eq!(location(&response), format!("{}?channel=card", page.path));
        assert!(page.see("").await.contains("Payment complete"));
    }
    let builder = Sandbox::builder().callback_url("https://shop.test/done#top");
    let page = Page::with(builder, json!({"callback_url": null})).await;
    let response = page.card("4084084084084081", "408").await;
    assert_eq!(location(&response), "https://shop.test/done?trxref=r&reference=r#top");
}

#[tokio::test]
async fn nothing_that_was_sent_becomes_part_of_the_page() {
    let builder = Sandbox::builder().shop("<b>Shop</b>");
    let more = json!({"email": "\"><script>@x.test", "callback_url": "http://x.test;script-src/*"});
    let page = Page::with(builder, more).await;
    let response = page.shop.visit(Method::GET, &page.path).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    let html = response.text().await.unwrap();
    assert!(!html.contains("<script>") && !html.contains("<b>Shop"), "{html}");

    let page = Page::open().await;
    let response = page.shop.visit(Method::GET, &page.path).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://shop.test;"), "{policy}");
}

#[tokio::test]
async fn a_session_can_time_out() {
    let page = Page::open().await;
    let timeout = page.shop.request(Method::PUT, "/integration/payment_session_timeout");
    timeout.json(&json!({"timeout": 30})).send().await.unwrap();
    let read = page.shop.get("/integration/payment_session_timeout").await.ok();
    assert_eq!(read["data"]["payment_session_timeout"], 30);
    page.see("").await;
    page.shop.sandbox.advance(Duration::from_secs(31));
    assert!(page.see("").await.contains("Session timeout exceeded"));
    page.card("4084084084084081", "408").await;
    assert_eq!(page.status(), Status::Abandoned);
}

#[tokio::test]
async fn an_unknown_page_is_not_found() {
    let page = Page::open().await;
    for path in ["/checkout/none", "/checkout/"] {
        assert_eq!(page.shop.visit(Method::GET, path).send().await.unwrap().status(), 404);
    }
    assert_eq!(page.shop.sandbox.truth().charge("r").unwrap().channel, Channel::Card);
}

#[tokio::test]
async fn the_charge_calls_take_the_same_steps() {
    let shop = Shop::with(Sandbox::builder()).await;
    let card = |number: &str, cvv: &str| json!({"card": {"number": number, "cvv": cvv, "expiry_month": "12", "expiry_year": "2040"}});
    let state = |reply: crate::client::Reply| reply.ok()["data"]["status"].clone();
    assert_eq!(state(shop.charge("plain", card("4084084084084081", "408")).await), "success");

    assert_eq!(state(shop.charge("r", card("507850785078507804", "884")).await), "send_pin");
    let submit = |what: &'static str, value: &'static str| {
        shop.post(
            Box::leak(format!("/charge/submit_{what}").into_boxed_str()),
            json!({what: value, "reference": "r"}),
        )
    };
    let phone = submit("pin", "0000").await.ok();
    assert_eq!(phone["data"]["display_text"], "Kindly enter a mobile no (at least 10 digits)");
    assert_eq!(state(submit("phone", "0800000000").await), "send_otp");
    let paid = submit("otp", "123456").await.ok();
    assert_eq!((&paid["data"]["status"], &paid["data"]["fees"]), (&json!("success"), &json!(750)));

    shop.charge("w", card("507850785078507812", "081")).await.ok();
    for pin in ["2222", "1111"] {
        let wrong = shop.post("/charge/submit_pin", json!({"pin": pin, "reference": "w"})).await;
        let body = wrong.refused(400, "Charge attempted");
        assert_eq!(
            (&body["data"]["status"], &body["data"]["message"]),
            (&json!("failed"), &json!("Incorrect PIN"))
        );
    }
    assert_eq!(shop.verify("w").await["status"], "failed");

    shop.charge("o", card("5060666666666666666", "123")).await.ok();
    shop.post("/charge/submit_pin", json!({"pin": "1234", "reference": "o"})).await.ok();
    let wrong = shop.post("/charge/submit_otp", json!({"otp": "654321", "reference": "o"})).await;
    assert_eq!(wrong.refused(400, "Charge attempted")["data"]["message"], "Incorrect OTP");

    let declined = shop.charge("d", card("4084080000005408", "001")).await.ok();
    assert_eq!(declined["data"], json!({"reference": "d", "status": "failed", "message": "Declined"}));
    assert_eq!(shop.verify("d").await["status"], "abandoned");

    let opened = shop.charge("u", card("5192602720584796", "123")).await.ok()["data"].clone();
    assert_eq!(opened["status"], "open_url");
    let page = shop.visit(Method::GET, opened["url"].as_str().unwrap()).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Your bank asks you"));

    let transfer =
        shop.charge("t", json!({"bank_transfer": {"account_expires_at": null}})).await.ok()["data"].clone();
    assert_eq!(
        (&transfer["status"], &transfer["bank"]["slug"]),
        (&json!("pending_bank_transfer"), &json!("test-bank"))
    );
    shop.sandbox.transfer("t", 50_000).unwrap();
    assert_eq!(state(shop.get("/charge/t").await), "success");

    let ussd = shop.charge("s", json!({"ussd": {"type": "737"}})).await.ok()["data"].clone();
    assert_eq!(ussd["status"], "pay_offline");
    assert!(ussd["display_text"].as_str().unwrap().contains(ussd["ussd_code"].as_str().unwrap()));
    let checked = shop.get("/charge/s").await.ok();
    assert_eq!(
        (&checked["message"], &checked["data"]),
        (&json!("Reference check successful"), &json!({"reference": "s", "status": "pending"}))
    );

    let zenith = json!({"bank": {"code": "057", "account_number": "0000000000"}, "birthday": "2007-04-15"});
    assert_eq!(state(shop.charge("z", zenith).await), "send_otp");
    let kuda = json!({"bank": {"code": "50211", "phone": "+2348100000000", "token": "123456"}});
    assert_eq!(state(shop.charge("k", kuda).await), "success");

    let text = "One of Authorization code, card object, bank object, ussd object, mobile money object, qr object, or EFT object should be passed.";
    shop.charge("n", json!({})).await.refused(400, text);
    shop.charge("r", card("4084084084084081", "408")).await.refused(400, "Duplicate Transaction Reference");
    shop.post("/charge", json!({"amount": 1, "ussd": {"type": "737"}}))
        .await
        .refused(400, "Email address is required for association with card");
    let small = json!({"email": "a@b.test", "amount": 9_999, "bank_transfer": {}});
    let text = "Pay with transfer is not currently supported for transactions less than NGN 100.00";
    shop.post("/charge", small).await.refused(400, text);
}

#[tokio::test]
async fn charges_of_other_countries_take_their_steps() {
    let ghana = Shop::with(Sandbox::builder().country(Country::Ghana)).await;
    let wallet =
        |provider: &str, phone: &str| json!({"mobile_money": {"provider": provider, "phone": phone}});
    let paid = ghana.charge("a", wallet("MTN", "0551234987")).await.ok();
    assert_eq!((&paid["data"]["status"], &paid["data"]["fees"]), (&json!("success"), &json!(975)));
    let short = ghana.charge("b", wallet("mtn", "0551")).await.ok();
    assert_eq!(short["data"]["status"], "failed");
    let waits = ghana.charge("c", wallet("mtn", "0240000000")).await.ok();
    assert_eq!(waits["data"]["status"], "pay_offline");
    ghana.sandbox.advance(Duration::from_secs(180));
    ghana.until(|truth| truth.charge("c").unwrap().status == Status::Failed).await;
    assert_eq!(ghana.get("/charge/c").await.ok()["data"]["status"], "failed");

    let kenya = Shop::with(Sandbox::builder().country(Country::Kenya)).await;
    let paybill = kenya.charge("a", wallet("mpesa_offline", "+254722000000")).await.ok()["data"].clone();
    assert!(paybill["account_number"].is_string() && paybill["account_reference"].is_u64());
    let pesalink = kenya.charge("b", json!({"bank_transfer": {}})).await.ok()["data"].clone();
    assert!(pesalink["transaction_reference"].is_string());

    let ivory = Shop::with(Sandbox::builder().country(Country::CoteDIvoire)).await;
    assert_eq!(ivory.charge("a", wallet("orange", "0700000000")).await.ok()["data"]["status"], "send_otp");
    let otp = json!({"otp": "1234", "reference": "a"});
    assert_eq!(ivory.post("/charge/submit_otp", otp).await.ok()["data"]["status"], "success");

    let south = Shop::with(Sandbox::builder().country(Country::SouthAfrica)).await;
    let eft = south.charge("a", json!({"eft": {"provider": "ozow"}})).await.ok();
    assert_eq!(eft["data"]["status"], "open_url");
    let capitec = south
        .charge("b", json!({"capitec_pay": {"identifier_key": "CELLPHONE", "identifier_value": "0"}}))
        .await;
    assert_eq!(
        (capitec.status, &capitec.body["type"], capitec.body.get("status")),
        (200, &json!("success"), None)
    );
    let qr = south.charge("c", json!({"qr": {"provider": "scan-to-pay"}})).await.ok();
    assert!(qr["data"]["qr_code"].is_string() && qr["data"]["url"].is_string());
    south.sandbox.pay("c").unwrap();
    south.post("/refund", json!({"transaction": "c"})).await.ok();
    assert_eq!(south.sandbox.truth().refunds[0].status, RefundStatus::Pending);
}
