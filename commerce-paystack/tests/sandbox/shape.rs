//! Fields and types of the answers, against what Paystack's documents and recorded answers have.

use commerce_paystack::sandbox::{Effect, Fault, On, RefundStatus, Sandbox};
use serde_json::{Value, json};

use crate::client::{Shop, start};
use crate::shop::Receiver;

/// Holds an answer against a shape of `fixtures/shapes.json`. A field with `?` may be missing; `@name` is another shape;
/// `{}` is an object without fields.
#[track_caller]
fn fits(shape: &str, value: &Value) {
    let shapes: Value = serde_json::from_str(include_str!("../fixtures/shapes.json")).unwrap();
    let mut wrong = Vec::new();
    compare(&shapes, &shapes[shape], value, shape, &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}\n{value:#}");
}

fn compare(shapes: &Value, shape: &Value, value: &Value, path: &str, wrong: &mut Vec<String>) {
    match (shape, value) {
        (Value::String(name), _) if name.starts_with('@') => {
            compare(shapes, &shapes[&name[1..]], value, path, wrong);
        }
        (Value::String(kinds), _) => {
            let is = kind(value);
            let fits =
                kinds.split('|').any(|kind| kind == "any" || kind == is || (kind, is) == ("text", "instant"));
            if !fits {
                wrong.push(format!("{path} is {is}, not {kinds}"));
            }
        }
        (Value::Array(inner), Value::Array(values)) => {
            for value in values {
                compare(shapes, &inner[0], value, path, wrong);
            }
        }
        (Value::Object(fields), Value::Object(values)) => {
            for (name, shape) in fields {
                let plain = name.trim_end_matches('?');
                match values.get(plain) {
                    Some(value) => compare(shapes, shape, value, &format!("{path}.{plain}"), wrong),
                    None if plain == name => wrong.push(format!("{path}.{name} is missing")),
                    None => {}
                }
            }
            let known = |name: &String| fields.contains_key(name) || fields.contains_key(&format!("{name}?"));
            let strange = values.keys().filter(|name| !known(name));
            wrong.extend(strange.map(|name| format!("{path}.{name} is not known")));
        }
        _ => wrong.push(format!("{path} is {}, not {shape}", kind(value))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "fraction",
        Value::String(text) if instant(text) => "instant",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// `2024-08-22T09:15:02.000Z`
fn instant(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00.000Z";
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

#[tokio::test]
async fn transactions_have_the_known_fields() {
    let shop = start().await;
    fits("initialize", &shop.initialize("r", 50_000).await);
    fits("verify_unpaid", &shop.verify("r").await);
    shop.sandbox.pay("r").unwrap();
    let verified = shop.verify("r").await;
    fits("verify_paid", &verified);
    fits("fetch", &shop.get(&format!("/transaction/{}", verified["id"])).await.ok()["data"]);
    let list = shop.get("/transaction").await.ok();
    fits("list", &list["data"][0]);
    fits("meta", &list["meta"]);
    fits("cursor_meta", &shop.get("/transaction?use_cursor=true").await.ok()["meta"]);
    fits("log", &shop.get("/transaction/timeline/r").await.ok()["data"]);
    fits("totals", &shop.get("/transaction/totals").await.ok()["data"]);
}

#[tokio::test]
async fn charges_have_the_known_fields() {
    let shop = start().await;
    let card = |number: &str, cvv: &str| json!({"card": {"number": number, "cvv": cvv, "expiry_month": 12, "expiry_year": 2040}});
    fits("charge_paid", &shop.charge("a", card("4084084084084081", "408")).await.ok()["data"]);
    fits("charge_pin", &shop.charge("b", card("507850785078507812", "081")).await.ok()["data"]);
    fits("charge_transfer", &shop.charge("c", json!({"bank_transfer": {}})).await.ok()["data"]);
    fits("charge_ussd", &shop.charge("d", json!({"ussd": {"type": "737"}})).await.ok()["data"]);
}

#[tokio::test]
async fn refunds_customers_and_banks_have_the_known_fields() {
    let shop = start().await;
    shop.paid("r", 50_000).await;
    let created = shop.post("/refund", json!({"transaction": "r"})).await.ok()["data"].clone();
    fits("refund_created", &created);
    fits("refund", &shop.get(&format!("/refund/{}", created["id"])).await.ok()["data"]);
    shop.sandbox.move_refund(created["id"].as_u64().unwrap(), RefundStatus::Processed).unwrap();
    let list = shop.get("/refund").await.ok();
    fits("refund", &list["data"][0]);
    fits("meta", &list["meta"]);
    fits("whole_customer", &shop.post("/customer", json!({"email": "a@b.test"})).await.ok()["data"]);
    fits("whole_customer", &shop.get("/customer/payer@shop.test").await.ok()["data"]);
    for bank in shop.get("/bank").await.ok()["data"].as_array().unwrap() {
        fits("bank", bank);
    }
}

#[tokio::test]
async fn webhooks_have_the_known_fields() {
    let mut receiver = Receiver::start().await;
    let shop = Shop::with(Sandbox::builder().webhook_url(&receiver.url)).await;
    shop.paid("card", 50_000).await;
    fits("webhook_paid", &receiver.next().await.body["data"]);
    shop.charge("transfer", json!({"bank_transfer": {}})).await.ok();
    shop.sandbox.transfer("transfer", 1).unwrap();
    fits("webhook_rejected", &receiver.next().await.body["data"]);
    shop.sandbox.transfer("transfer", 50_000).unwrap();
    fits("webhook_paid", &receiver.next().await.body["data"]);
    shop.sandbox.script(Fault::on(On::RefundOutcome, Effect::RefundFails));
    let refund =
        shop.post("/refund", json!({"transaction": "card"})).await.ok()["data"]["id"].as_u64().unwrap();
    fits("webhook_refund", &receiver.next().await.body["data"]);
    shop.sandbox.move_refund(refund, RefundStatus::Failed).unwrap();
    fits("webhook_refund_failed", &receiver.next().await.body["data"]);
}
