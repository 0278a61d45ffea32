//! `/dev/mail`: the demo shows the mails that it would have sent, and nothing else does.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::MailShop;
use crate::server::{DEADLINE, Folder, Kind, Process, delivery, program};

#[tokio::test]
async fn the_demo_shows_its_mails() {
    let folder = Folder::new();
    let mut command = program();
    command.args(["demo", "--port", "0", "--data", folder.join("demo.db").to_str().unwrap()]);
    let demo = Process::start(command, &folder, "Buy something");
    assert!(demo.said.contains("/dev/mail"), "{}", demo.said);
    let client = reqwest::Client::new();
    let page = async |path: &str| {
        let answer = client.get(format!("{}{path}", demo.base)).send().await.unwrap();
        let policy = answer.headers().get("content-security-policy").cloned();
        let policy = policy.map(|policy| policy.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status(), policy, answer.text().await.unwrap())
    };
    assert!(page("/dev/mail").await.2.contains("No mail yet"));
    let order = buy(&client, &demo.base).await;
    let number = order["order"]["number"].as_str().unwrap();
    let begun = Instant::now();
    let list = loop {
        let (_, _, list) = page("/dev/mail").await;
        if list.contains(number) {
            break list;
        }
        assert!(begun.elapsed() < DEADLINE, "{list}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    let (_, after) = list.split_once("href=\"/dev/mail/").unwrap();
    let id = after.split('"').next().unwrap();
    let (status, policy, shown) = page(&format!("/dev/mail/{id}")).await;
    assert!(status == StatusCode::OK && !policy.contains("script"), "{policy}");
    assert!(shown.contains("sandbox=\"") && shown.contains("ada@example.com"), "{shown}");
    let link = format!("{}/orders/{}#", demo.base, order["order"]["id"].as_str().unwrap());
    assert!(shown.contains(&format!("<a href=\"{link}")), "the text's link can be followed: {shown}");
    let (_, policy, mail) = page(&format!("/dev/mail/{id}/html")).await;
    assert!(policy.starts_with("sandbox ") && !policy.contains("allow-scripts"), "{policy}");
    assert!(mail.contains("Thank you for your order") && mail.contains(number), "{mail}");
    let (_, _, source) = page(&format!("/dev/mail/{id}/source")).await;
    assert!(source.contains("Message-ID: <") && source.contains("multipart/alternative"), "{source}");
    // Where the link leads there is a page that reads the secret behind the #.
    let (status, _, html) = page("/orders/0190/").await;
    assert!(status == StatusCode::OK && html.contains("location.hash"), "{html}");
    for nothing in ["/dev/mail/x", "/dev/mail/0190a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b"] {
        assert_eq!(page(nothing).await.0, StatusCode::NOT_FOUND, "{nothing}");
    }
}

async fn buy(client: &reqwest::Client, base: &str) -> Value {
    let post = async |path: &str, cart: &str, body: Value| -> Value {
        let call = client.post(format!("{base}/api/cart/{path}/")).header("X-Cart-Token", cart);
        let answer = call.header("Idempotency-Key", "one").json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.unwrap()
    };
    let first =
        client.post(format!("{base}/api/cart/items/")).json(&json!({"sku": "OBL-AKW-M", "quantity": 1}));
    let cart: Value = first.send().await.unwrap().json().await.unwrap();
    let cart = cart["token"].as_str().unwrap();
    post("checkout/shipping", cart, delivery("standard")).await;
    post("checkout/payment", cart, json!({"method": "cash_on_delivery"})).await;
    post("checkout/confirm", cart, json!({})).await
}

/// A shop that is no demo shows no mail.
#[tokio::test(flavor = "multi_thread")]
async fn a_shop_shows_no_mails() {
    let shop = MailShop::open(Kind::Sqlite).await;
    let answer = reqwest::get(format!("{}/dev/mail", shop.server.url())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
