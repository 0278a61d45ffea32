//! P-CRASH: the real server, killed at random moments under load, loses no acknowledged order and needs no repair.
//!
//! Shoppers buy as fast as they can. The process gets SIGKILL at a random moment and is started again on the same data.
//! Then `commerce doctor` must find nothing, every order that a shopper was told of must be there with the same total,
//! and every confirm whose answer was lost must, repeated with its key, end in exactly one order.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, and tells its seed"
)]
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use commerce_core::{Random, SystemRandom};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use server::{Kind, TestServer};

const SHOPPERS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives_kills() {
    survives_kills(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives_kills() {
    survives_kills(Kind::Postgres).await;
}

/// What shoppers were told, and what they wait to hear.
#[derive(Default)]
struct Ledger {
    /// Order id, its token, its total.
    told: Vec<(String, String, String)>,
    /// Cart token and key of confirms whose answer never came.
    lost: Vec<(String, String)>,
}

async fn survives_kills(kind: Kind) {
    let kills = if std::env::var_os("COMMERCE_SOAK").is_some() { 200 } else { 20 };
    let seed =
        std::env::var("COMMERCE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(fresh_seed);
    println!("COMMERCE_SEED={seed}");
    let mut random = seed;
    let mut server = TestServer::start(kind).await;
    server.import(&catalogue()).await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut told_before = 0;
    for kill in 0..kills {
        let shoppers: Vec<_> = (0..SHOPPERS)
            .map(|n| {
                let (url, ledger) = (server.url().to_owned(), Arc::clone(&ledger));
                tokio::spawn(async move { while shop(&url, n, &ledger).await.is_ok() {} })
            })
            .collect();
        // The moment is measured in orders as well as in time, so that a slow machine is not killed before it sells.
        let told_until = told_before + (next(&mut random) % 8) as usize;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while ledger.lock().unwrap().told.len() < told_until && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(next(&mut random) % 30_000)).await;
        server.kill();
        for shopper in shoppers {
            shopper.await.unwrap();
        }
        server.restart().await;
        server.doctor().await;
        settle(server.url(), &ledger, told_before, kill).await;
        told_before = ledger.lock().unwrap().told.len();
    }
    assert!(told_before > 0, "nobody bought anything");
    settle(server.url(), &ledger, 0, kills).await; // once more, all of them
    server.stop().await;
    server.doctor().await;
}

/// Every order since `from` is there, and every lost confirm becomes one order.
async fn settle(url: &str, ledger: &Mutex<Ledger>, from: usize, kill: usize) {
    let client = Client::new();
    let lost = std::mem::take(&mut ledger.lock().unwrap().lost);
    for (cart, key) in lost {
        let first = confirm(&client, url, &cart, &key).await.unwrap();
        let again = confirm(&client, url, &cart, &key).await.unwrap();
        assert_eq!(first.0, StatusCode::CREATED, "after kill {kill}: {}", first.1);
        assert_eq!(first.1["order"]["id"], again.1["order"]["id"], "after kill {kill}: one key, one order");
        ledger.lock().unwrap().told.push(told(&first.1));
    }
    let orders = ledger.lock().unwrap().told[from..].to_vec();
    for (order, token, total) in orders {
        let request = client.get(format!("{url}/api/orders/{order}/")).header("X-Order-Token", &token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "after kill {kill}: order {order} is gone");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["totals"]["total"]["amount"], json!(total), "after kill {kill}");
    }
}

/// One shopper's journey. An error ends it: the server is gone.
async fn shop(url: &str, n: usize, ledger: &Mutex<Ledger>) -> Result<(), reqwest::Error> {
    let client = Client::new();
    let post = |path: &str| client.post(format!("{url}/api/cart/{path}"));
    let item = json!({"sku": format!("CRASH-{}", n % 4), "quantity": 1 + n % 2});
    let cart: Value = post("items/").json(&item).send().await?.json().await?;
    let token = cart["token"].as_str().expect("a new cart shows its token").to_owned();
    let address = json!({"contact_name": "Ada Obi", "street_line1": "12 Marina", "city": "Lagos", "country_code": "NG"});
    let delivery = json!({"email": "ada@example.com", "address": address, "shipping_method": "standard"});
    post("checkout/shipping/")
        .header("X-Cart-Token", &token)
        .json(&delivery)
        .send()
        .await?
        .error_for_status()?;
    let method = json!({"method": "cash_on_delivery"});
    post("checkout/payment/")
        .header("X-Cart-Token", &token)
        .json(&method)
        .send()
        .await?
        .error_for_status()?;
    let key = format!("key-{}", &token[..16]);
    match confirm(&client, url, &token, &key).await {
        Ok((StatusCode::CREATED, body)) => {
            ledger.lock().unwrap().told.push(told(&body));
            Ok(())
        }
        Ok((status, body)) => panic!("a confirm was answered with {status}: {body}"),
        Err(error) => {
            ledger.lock().unwrap().lost.push((token, key));
            Err(error)
        }
    }
}

async fn confirm(
    client: &Client,
    url: &str,
    cart: &str,
    key: &str,
) -> Result<(StatusCode, Value), reqwest::Error> {
    let request = client.post(format!("{url}/api/cart/checkout/confirm/"));
    let answer =
        request.header("X-Cart-Token", cart).header("Idempotency-Key", key).json(&json!({})).send().await?;
    Ok((answer.status(), answer.json().await?))
}

fn told(confirmed: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let order = &confirmed["order"];
    (text(&order["id"]), text(&confirmed["order_token"]), text(&order["totals"]["total"]["amount"]))
}

fn catalogue() -> String {
    let head = "Handle,Title,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Status\n";
    let row =
        |n: usize| format!("crash-{n},Crash {n},true,CRASH-{n},shopify,1000000,{}.50,active\n", 1_000 + n);
    (0..4).fold(head.to_owned(), |text, n| text + &row(n))
}

fn fresh_seed() -> u64 {
    SystemRandom.seed()[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// SplitMix64: the next number of the stream.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
