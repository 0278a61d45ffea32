//! What a shopper sees: the gateway's page in a browser, a card that asks for PIN and OTP, and back to the shop.

use commerce_paystack::sandbox::{Call, Effect, Fault};
use serde_json::json;

use crate::chromium::Chromium;
use crate::server::KINDS;
use crate::server::paid::{PaidShop, Placed};

#[tokio::test]
async fn a_shopper_pays_by_card_in_the_browser_and_comes_back() {
    for kind in KINDS {
        let shop = PaidShop::open(kind).await;
        let cart = shop.cart(1, &json!({"method": "card"})).await;
        let back = json!({"callback_url": format!("{}/paid", shop.server.url())});
        let confirm = shop.server.post("/api/cart/checkout/confirm/").cart(&cart).key("browser").json(&back);
        let placed = Placed::of(&confirm.send().await.expect(201));
        let page = placed.action["authorization_url"].as_str().unwrap().to_owned();
        // The shop hears of it only from the shopper's return, and at first the gateway is not sure.
        shop.sandbox.script(Fault::webhook(Effect::Lose).times(10));
        shop.sandbox.script(Fault::call(Call::Verify, Effect::status("ongoing")).times(2));
        let home = shop.server.url().to_owned();
        let number = placed.order["number"].as_str().unwrap().to_owned();
        // In a thread of its own, because it waits, and the gateway lives in this process.
        tokio::task::spawn_blocking(move || pay(&page, &home, &number)).await.unwrap();
        assert_eq!(shop.order(&placed).await["status"], "processing");
        assert_eq!(shop.charge(&placed.reference).amount, 150_000);
        shop.close().await;
    }
}

fn pay(page: &str, home: &str, number: &str) {
    let mut browser = Chromium::start();
    browser.open(page);
    browser.type_into("#number", "5060 6666 6666 6666 666");
    browser.type_into("#expiry", "12/40");
    browser.type_into("#cvv", "123");
    browser.press("form button");
    browser.type_into("#pin", "1234");
    browser.press("form button");
    browser.type_into("#otp", "123456");
    browser.press("form button");
    browser.until(&format!("location.href.startsWith('{home}/paid?')"));
    let title = |browser: &mut Chromium| browser.evaluate("document.getElementById('title').textContent");
    browser.until("document.body.dataset.status === 'pending'");
    assert_eq!(title(&mut browser), "Waiting for your payment");
    browser.until("document.body.dataset.status === 'paid'");
    assert_eq!(title(&mut browser), "Thank you, it is paid");
    let shown = browser.evaluate("document.body.innerText");
    let shown = shown.as_str().unwrap();
    assert!(shown.contains("1500.00 NGN") && shown.contains(number), "{shown}");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}
