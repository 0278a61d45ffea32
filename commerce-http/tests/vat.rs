//! A business of another member state of a tax union: from its VAT number on the bill to its order - on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::amount;
use server::{KINDS, TestServer, delivery};

/// A union of Nigeria, where the shop is, and Ghana, whose rate is not the shop's.
async fn form_a_union(server: &TestServer) {
    let union = json!({"code": "union", "areas": [{"country": "NG"}, {"country": "GH"}]});
    server.admin(Method::POST, "tax-zones/").json(&union).send().await.expect(201);
    let ghana = json!({"code": "ghana", "areas": [{"country": "GH"}]});
    server.admin(Method::POST, "tax-zones/").json(&ghana).send().await.expect(201);
    let rate = json!({"code": "gh-vat", "zone": "ghana", "name": "VAT", "rate": "20"});
    server.admin(Method::POST, "tax-rates/").json(&rate).send().await.expect(201);
    let mut settings = server.admin(Method::GET, "settings/").send().await.expect(200);
    settings["home_country"] = json!("NG");
    settings["tax"]["reverse_charge"] = json!({"zone": "union"});
    server.admin(Method::PUT, "settings/").json(&settings).send().await.expect(200);
}

fn to_ghana(vat_id: Value) -> Value {
    let mut delivery = delivery("west-africa");
    delivery["address"]["country_code"] = json!("GH");
    delivery["address"]["state_province"] = Value::Null;
    delivery["billing_address"] = delivery["address"].clone();
    delivery["billing_address"]["vat_id"] = vat_id;
    delivery
}

#[tokio::test]
async fn a_business_owes_the_tax_itself() {
    let [sqlite, postgres] = KINDS.map(async |kind| {
        let mut server = TestServer::start_with_sample(kind).await;
        form_a_union(&server).await;
        let cart = server.ready_cart(&[("OBL-AKW-M", 1)]).await;
        let ship = |body: Value| server.post("/api/cart/checkout/shipping/").cart(&cart).json(&body).send();
        let tax = |of: &Value| (amount(&of["tax_included"]).to_owned(), amount(&of["tax_added"]).to_owned());

        let consumer = ship(to_ghana(Value::Null)).await.expect(200);
        assert_eq!(consumer["checkout"]["billing_address"]["vat_id"], Value::Null);
        assert_ne!(tax(&consumer["summary"]), ("0.00".to_owned(), "0.00".to_owned()));
        for wrong in ["C0001234567", "UK123456789", "FR4030326504"] {
            let refused = ship(to_ghana(json!(wrong))).await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], "/billing_address/vat_id", "{refused}");
        }
        ship(to_ghana(json!(7))).await.refused(400, "wrong-type");

        let business = ship(to_ghana(json!("gh c0001234567"))).await.expect(200);
        assert_eq!(business["checkout"]["billing_address"]["vat_id"], "GHC0001234567");
        assert_eq!(business["checkout"]["shipping_address"]["vat_id"], Value::Null);
        assert_eq!(tax(&business["summary"]), ("0.00".to_owned(), "0.00".to_owned()));
        let total = |cart: &Value| amount(&cart["summary"]["total"]).parse::<f64>().unwrap();
        assert!(total(&business) < total(&consumer), "the net price is paid");

        let placed =
            server.post("/api/cart/checkout/confirm/").cart(&cart).key("once").send().await.expect(201);
        let (id, token) = (placed["order"]["id"].as_str().unwrap(), placed["order_token"].as_str().unwrap());
        let order = server.get(&format!("/api/orders/{id}/")).order(token).send().await.expect(200);
        assert_eq!(order["billing_address"]["vat_id"], "GHC0001234567");
        assert_eq!(amount(&order["totals"]["total"]), amount(&business["summary"]["total"]));
        let told = (tax(&order["totals"]), amount(&order["totals"]["total"]).to_owned());
        server.stop().await;
        told
    });
    let (sqlite, postgres) = tokio::join!(sqlite, postgres);
    assert_eq!(sqlite, postgres);
}
