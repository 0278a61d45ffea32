//! Stock keeping: warehouses, levels, movements, and prices and stock in bulk - on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Call, Reply};
use server::{KINDS, Kind, TestServer};

/// A dress of which fourteen lie in Lagos, and nothing elsewhere.
const SKU: &str = "OBL-SHF-S-WIN";
const SLUG: &str = "aso-oke-shift-dress";
const PASSWORD: &str = "tr0mbone & oar 99";

fn post<'a>(server: &'a TestServer, path: &str, body: &Value) -> Call<'a> {
    server.admin(Method::POST, path).json(body)
}

async fn adjust(server: &TestServer, warehouse: &str, delta: i64) -> Reply {
    let body = json!({"sku": SKU, "warehouse": warehouse, "delta": delta, "reason": "damaged"});
    post(server, "inventory/adjustments/", &body).send().await
}

/// What lies of the dress: by warehouse, on hand and available.
async fn levels(server: &TestServer) -> Vec<(String, i64, i64)> {
    let page = server.admin(Method::GET, &format!("inventory/?sku={SKU}")).send().await.expect(200);
    let row = |row: &Value| {
        let units = |name: &str| row[name].as_i64().unwrap();
        (row["warehouse"].as_str().unwrap().to_owned(), units("on_hand"), units("available"))
    };
    page["results"].as_array().unwrap().iter().map(row).collect()
}

fn pointers(problem: &Value) -> Vec<(String, String)> {
    let error = |error: &Value| {
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        (text("pointer"), text("code"))
    };
    problem["errors"].as_array().unwrap().iter().map(error).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[tokio::test]
async fn a_warehouse_is_made_changed_and_closed() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let new =
            json!({"code": "ABUJA", "name": "Abuja", "country": "NG", "address": "1 Market Road\nAbuja"});
        let made = post(&server, "warehouses/", &new).key("one").send().await.expect(201);
        assert_eq!(
            (&made["version"], &made["active"], &made["country"]),
            (&json!(1), &json!(true), &json!("NG"))
        );
        let again = post(&server, "warehouses/", &new).key("one").send().await;
        assert_eq!((again.header("idempotent-replayed"), again.body.clone()), ("true", made.clone()));
        post(&server, "warehouses/", &new).send().await.refused(409, "already-exists");
        let other = json!({"code": "ABUJA", "name": "Other"});
        post(&server, "warehouses/", &other).key("one").send().await.refused(422, "idempotency-key-reused");
        for (body, pointer) in [
            (json!({"code": "a b", "name": "x"}), "/code"),
            (json!({"code": "x", "name": "  "}), "/name"),
            (json!({"code": "x", "name": "x", "country": "Nigeria"}), "/country"),
        ] {
            let refused = post(&server, "warehouses/", &body).send().await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        post(&server, "warehouses/", &json!({"code": "x", "name": "x", "active": true}))
            .send()
            .await
            .refused(400, "unknown-field");

        let change = |method: Method, body: Value| server.admin(method, "warehouses/ABUJA/").json(&body);
        let changed = change(Method::PATCH, json!({"priority": -1, "version": 1})).send().await.expect(200);
        assert_eq!(
            (&changed["priority"], &changed["name"], &changed["version"]),
            (&json!(-1), &json!("Abuja"), &json!(2))
        );
        let late = change(Method::PATCH, json!({"priority": 3})).header("if-match", "\"1\"").send().await;
        assert_eq!(late.refused(412, "version-conflict")["version"], 2);
        let replaced = change(Method::PUT, json!({"name": "Abuja", "priority": 9})).send().await.expect(200);
        assert_eq!((&replaced["country"], &replaced["address"]), (&Value::Null, &json!("")));
        let page = server.admin(Method::GET, "warehouses/?page_size=1").send().await.expect(200);
        assert_eq!(page["results"].as_array().unwrap().len(), 1);
        assert!(page["pagination"]["next"].is_string() && page["pagination"]["count"].as_u64() > Some(1));
        let shown = server.admin(Method::GET, "warehouses/ABUJA/").send().await;
        assert_eq!((shown.header("etag"), &shown.body), ("\"3\"", &replaced));
        server.admin(Method::GET, "warehouses/NOWHERE/").send().await.refused(404, "not-found");

        let lines = json!([{"sku": SKU, "quantity": 2}]);
        let receipt = json!({"warehouse": "ABUJA", "lines": lines, "reference": "PO-1"});
        post(&server, "inventory/receipts/", &receipt).send().await.expect(201);
        let in_use = server.admin(Method::DELETE, "warehouses/ABUJA/").send().await.refused(409, "in-use");
        assert!(in_use["detail"].as_str().unwrap().starts_with("2 units of 1 variant(s)"), "{in_use}");
        let transfer = json!({"from": "ABUJA", "to": "LAGOS", "lines": lines});
        post(&server, "inventory/transfers/", &transfer).send().await.expect(201);
        server.admin(Method::DELETE, "warehouses/ABUJA/").send().await.expect(204);
        let refused = adjust(&server, "ABUJA", 1).await.refused(422, "validation-failed");
        assert_eq!(pointers(&refused), pairs(&[("/warehouse", "inactive")]));
        change(Method::PATCH, json!({"active": true})).send().await.expect(200);
        adjust(&server, "ABUJA", 1).await.expect(201);
        let rows = server.admin(Method::GET, "audit/?target=warehouse:ABUJA").send().await.expect(200);
        let actions: Vec<&str> =
            rows["results"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
        let update = "warehouse.update";
        assert_eq!(actions, [update, "warehouse.deactivate", update, update, "warehouse.create"]);
        server.stop().await;
    }
}

#[tokio::test]
async fn goods_are_moved_and_shown_at_once() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let before = server.available(SLUG, SKU).await;
        let (warehouse, on_hand, _) = levels(&server).await[0].clone();
        let body =
            json!({"sku": SKU, "warehouse": warehouse, "delta": -2, "reason": "damaged", "note": "wet"});
        let made = post(&server, "inventory/adjustments/", &body).key("wet").send().await.expect(201);
        assert_eq!(server.available(SLUG, SKU).await, before - 2, "the next read shows it");
        let again = post(&server, "inventory/adjustments/", &body).key("wet").send().await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &made));
        assert_eq!(server.available(SLUG, SKU).await, before - 2);
        let movement = &made["movements"][0];
        assert_eq!((&movement["delta"], &movement["actor"]), (&json!(-2), &json!("staff:admin")));

        let token = server.ready_cart(&[(SKU, 3)]).await;
        server.post("/api/cart/checkout/confirm/").cart(&token).key("buy").send().await.expect(201);
        let much = adjust(&server, &warehouse, -on_hand).await.refused(409, "out-of-stock");
        assert!(much["detail"].as_str().unwrap().contains("3 of them reserved"), "{much}");
        let count = |on_hand: i64, expected: Option<i64>| {
            let mut line = json!({"sku": SKU, "on_hand": on_hand});
            if let Some(expected) = expected {
                line["expected_on_hand"] = expected.into();
            }
            post(&server, "inventory/counts/", &json!({"warehouse": warehouse, "lines": [line]})).send()
        };
        count(2, None).await.refused(409, "out-of-stock");
        let changed = count(9, Some(on_hand)).await.refused(412, "version-conflict");
        assert_eq!(pointers(&changed), pairs(&[("/lines/0/on_hand", "changed")]));
        count(9, Some(on_hand - 2)).await.expect(201);
        assert_eq!(server.available(SLUG, SKU).await, 6);
        let nothing = count(9, None).await.expect(201);
        assert_eq!((&nothing["change_id"], &nothing["movements"]), (&Value::Null, &json!([])));

        let row = server.admin(Method::GET, &format!("inventory/?sku={SKU}")).send().await.expect(200);
        let variant = row["results"][0]["variant_id"].as_str().unwrap().to_owned();
        let path = format!("inventory/levels/{variant}/{warehouse}/");
        let set = |body: Value| server.admin(Method::PATCH, &path).json(&body).send();
        let level = set(json!({"safety_stock": 4, "reorder_level": 3})).await.expect(200);
        assert_eq!((&level["available"], &level["below_reorder"]), (&json!(2), &json!(true)));
        assert_eq!(server.available(SLUG, SKU).await, 2);
        let below = server.admin(Method::GET, "inventory/?below_reorder=true").send().await.expect(200);
        let below: Vec<&Value> = below["results"].as_array().unwrap().iter().map(|row| &row["sku"]).collect();
        assert_eq!(below, [SKU]);
        let lifted = set(json!({"reorder_level": null})).await.expect(200);
        assert_eq!((&lifted["reorder_level"], &lifted["safety_stock"]), (&Value::Null, &json!(4)));
        let wrong = set(json!({"safety_stock": -1})).await.refused(422, "validation-failed");
        assert_eq!(wrong["errors"][0]["pointer"], "/safety_stock");
        let nowhere = format!("inventory/levels/{variant}/NOWHERE/");
        server.admin(Method::PATCH, &nowhere).json(&json!({})).send().await.refused(404, "not-found");

        let mut next = Some(format!("inventory/movements/?sku={SKU}&page_size=1"));
        let mut reasons = Vec::new();
        while let Some(path) = next {
            let page =
                server.admin(Method::GET, path.trim_start_matches("/api/admin/")).send().await.expect(200);
            let rows = page["results"].as_array().unwrap();
            reasons.extend(rows.iter().map(|row| row["reason"].as_str().unwrap().to_owned()));
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(reasons[..2], ["count", "damaged"]);
        let change = format!("inventory/movements/?change={}", made["change_id"].as_str().unwrap());
        let of = server.admin(Method::GET, &change).send().await.expect(200);
        assert_eq!(of["results"], made["movements"]);
        for (query, pointer) in [
            ("movements/?reason=whim", "/reason"),
            ("movements/?warehouse=NOWHERE", "/warehouse"),
            ("movements/?from=yesterday", "/from"),
            ("?cursor=x", "/cursor"),
            ("?below_reorder=perhaps", "/below_reorder"),
            ("?page_size=101", "/page_size"),
        ] {
            let refused = server.admin(Method::GET, &format!("inventory/{query}")).send().await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], pointer, "{query}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_moved_is_said_row_by_row() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let before = levels(&server).await;
        let lines = |units: Value| json!([{"sku": SKU, "quantity": units}]);
        let transfer = |to: &str, lines: Value| {
            post(&server, "inventory/transfers/", &json!({"from": "LAGOS", "to": to, "lines": lines})).send()
        };
        let same = transfer("LAGOS", lines(json!(1))).await.refused(422, "validation-failed");
        assert_eq!(same["errors"][0]["pointer"], "/to");
        for (units, code) in
            [(json!(0), "out-of-range"), (json!(-3), "out-of-range"), (json!(1_000_000_001), "out-of-range")]
        {
            let refused = transfer("ABUJA", lines(units.clone())).await;
            let refused = refused.refused(422, "validation-failed");
            assert!(
                pointers(&refused).iter().all(|(pointer, said)| {
                    pointer == "/lines/0/quantity" && said == code || said == "unknown"
                }),
                "{units}: {refused}"
            );
        }
        transfer("NOWHERE", lines(json!(1))).await.refused(422, "validation-failed");
        transfer("ABUJA", lines(json!("1"))).await.refused(400, "wrong-type");
        let huge = transfer("ABUJA", lines(json!(99_999_999_999_999_999_999_u128 as f64))).await;
        assert!(matches!(huge.status, 400 | 422), "{}", huge.text);
        transfer("ABUJA", json!([])).await.refused(422, "validation-failed");
        let many: Vec<Value> = (0..501).map(|_| json!({"sku": SKU, "quantity": 1})).collect();
        transfer("ABUJA", json!(many)).await.refused(422, "validation-failed");
        let unknown = json!({"sku": "NO-SUCH", "warehouse": "LAGOS", "delta": 1, "reason": "found"});
        let unknown =
            post(&server, "inventory/adjustments/", &unknown).send().await.refused(422, "validation-failed");
        assert_eq!(pointers(&unknown), pairs(&[("/sku", "unknown")]));
        let sold = json!({"sku": SKU, "warehouse": "LAGOS", "delta": 1, "reason": "sale"});
        let sold =
            post(&server, "inventory/adjustments/", &sold).send().await.refused(422, "validation-failed");
        assert_eq!(sold["errors"][0]["pointer"], "/reason");

        let rows = json!([
            {"sku": SKU, "warehouse": "LAGOS", "on_hand": 3},
            {"sku": "NO-SUCH", "warehouse": "LAGOS", "delta": 1},
            {"sku": SKU, "warehouse": "LAGOS", "delta": 1},
            {"sku": "OBL-SHF-M-TEA", "warehouse": "LAGOS", "delta": -1000},
        ]);
        let bulk = |body: Value| post(&server, "inventory/bulk/", &body);
        let refused = bulk(json!({"rows": rows})).send().await.refused(422, "validation-failed");
        let expected =
            [("/rows/1/sku", "unknown"), ("/rows/2/sku", "duplicate"), ("/rows/3/delta", "out-of-stock")];
        assert_eq!(pointers(&refused), pairs(&expected));
        assert_eq!(levels(&server).await, before, "nothing was written");
        let both = bulk(json!({"rows": [{"sku": SKU, "warehouse": "LAGOS", "on_hand": 3, "delta": 1}]}))
            .send()
            .await;
        assert_eq!(both.refused(422, "validation-failed")["errors"][0]["pointer"], "/rows/0");
        bulk(json!({"rows": [], "mode": "all"})).send().await.refused(422, "validation-failed");
        bulk(json!({"rows": rows, "mode": "some"})).send().await.refused(422, "validation-failed");
        let valid = json!({"rows": rows, "mode": "valid"});
        let done = bulk(valid.clone()).key("bulk").send().await.expect(200);
        assert_eq!((&done["written"], done["refused"].as_array().unwrap().len()), (&json!(1), 3));
        assert_eq!(
            (&done["refused"][2]["index"], &done["refused"][2]["field"]),
            (&json!(3), &json!("delta"))
        );
        let again = bulk(valid).key("bulk").send().await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &done));
        server.stop().await;
    }
}

/// Products of two variants each: a thousand rows here, ten thousand in a soak, whose time is told.
#[tokio::test]
async fn many_prices_and_levels_in_one_call() {
    let products = if std::env::var_os("COMMERCE_SOAK").is_some() { 5_000 } else { 300 };
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let mut text =
            "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,\
                        Variant Inventory Qty,Variant Price,Status\n"
                .to_owned();
        for product in 0..products {
            text.push_str(&format!(
                "p-{product},P {product},true,Size,S,S-{product},shopify,1,10.00,active\n"
            ));
            text.push_str(&format!("p-{product},,,,L,L-{product},shopify,1,20.00,\n"));
        }
        server.database.import_text(&text, &["--location", "LAGOS"]);
        let skus: Vec<String> =
            (0..products).flat_map(|product| [format!("S-{product}"), format!("L-{product}")]).collect();
        let rows: Vec<Value> =
            skus.iter().map(|sku| json!({"sku": sku, "warehouse": "LAGOS", "on_hand": 7})).collect();
        let begun = Instant::now();
        let done = post(&server, "inventory/bulk/", &json!({"rows": rows})).send().await.expect(200);
        let levels = begun.elapsed();
        assert_eq!((done["written"].as_u64(), &done["refused"]), (Some(2 * products), &json!([])));
        let rows: Vec<Value> =
            skus.iter().map(|sku| json!({"sku": sku, "price": "15.50", "cost": "4"})).collect();
        let begun = Instant::now();
        let body = json!({"rows": rows});
        let done = post(&server, "prices/bulk/", &body).key("prices").send().await.expect(200);
        println!("{kind:?}: {} levels in {levels:?}, as many prices in {:?}", skus.len(), begun.elapsed());
        assert_eq!((done["written"].as_u64(), done["unchanged"].as_u64()), (Some(2 * products), Some(0)));
        let again = post(&server, "prices/bulk/", &body).key("prices").send().await;
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &done));
        let shown = server.get("/api/products/p-7/").send().await.expect(200);
        assert!(
            shown["variants"].as_array().unwrap().iter().all(|variant| {
                variant["price"]["amount"] == "15.50" && variant["available_quantity"] == 7
            })
        );
        let listed = server.get("/api/products/?min_price=15.50&page_size=100").send().await.expect(200);
        assert_eq!(listed["pagination"]["count"].as_u64(), Some(products));

        let refused = [
            json!({"sku": "S-1", "price": "0"}),
            json!({"sku": "S-2", "price": "1,5"}),
            json!({"sku": "S-3", "price": "16", "compare_at_price": "16"}),
            json!({"sku": "S-4", "price": "16", "cost": "-1"}),
            json!({"sku": "S-5", "price": "16"}),
            json!({"sku": "S-5", "price": "17"}),
            json!({"sku": "X", "price": "17"}),
        ];
        let body = json!({"rows": refused});
        let told = post(&server, "prices/bulk/", &body).send().await.refused(422, "validation-failed");
        let expected = [
            ("/rows/0/price", "out-of-range"),
            ("/rows/1/price", "invalid"),
            ("/rows/2/compare_at_price", "out-of-range"),
            ("/rows/3/cost", "out-of-range"),
            ("/rows/5/sku", "duplicate"),
            ("/rows/6/sku", "unknown"),
        ];
        assert_eq!(pointers(&told), pairs(&expected));
        let body = json!({"rows": refused, "mode": "valid"});
        let done = post(&server, "prices/bulk/", &body).send().await.expect(200);
        assert_eq!((&done["written"], done["refused"].as_array().unwrap().len()), (&json!(1), 6));
        for path in ["inventory/bulk/", "prices/bulk/"] {
            let row = |number: i32| match path {
                "prices/bulk/" => json!({"sku": format!("x{number}"), "price": "1"}),
                _ => json!({"sku": format!("x{number}"), "warehouse": "LAGOS", "delta": 1}),
            };
            let rows: Vec<Value> = (0..10_001).map(row).collect();
            let refused = post(&server, path, &json!({"rows": rows})).send().await;
            assert_eq!(
                pointers(&refused.refused(422, "validation-failed")),
                pairs(&[("/rows", "out-of-range")])
            );
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_merchant_keeps_the_stock_of_what_is_their_own() {
    for kind in KINDS {
        let mut server = TestServer::start_with_customers(kind, &["eve@example.com"], PASSWORD).await;
        let users = server.admin(Method::GET, "../users/all/").send().await.expect(200);
        let path = format!("../users/{}/", users["results"][0]["id"].as_str().unwrap());
        server.admin(Method::PATCH, &path).json(&json!({"role": "merchant"})).send().await.expect(200);
        let seller = match kind {
            Kind::Sqlite => "x'0190a6c27c3e7d1a8f00012345678901'",
            Kind::Postgres => "'0190a6c2-7c3e-7d1a-8f00-012345678901'",
        };
        server.database.execute(&format!("update {{accounts}} set seller_id = {seller}")).await;
        let own = format!("update {{products}} set seller_id = {seller} where slug = '{SLUG}'");
        server.database.execute(&own).await;
        let login = json!({"email": "eve@example.com", "password": PASSWORD});
        let pair = server.post("/api/auth/login/").json(&login).send().await.expect(200);
        let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
        let call = |method: Method, path: &str| {
            server.call(method, &format!("/api/admin/{path}")).header("Authorization", &bearer)
        };
        let page = call(Method::GET, "inventory/?page_size=100").send().await.expect(200);
        let rows = page["results"].as_array().unwrap();
        assert!(!rows.is_empty() && rows.iter().all(|row| row["product_slug"] == SLUG), "{page}");
        let moved = call(Method::GET, "inventory/movements/?page_size=100").send().await.expect(200);
        assert!(
            moved["results"]
                .as_array()
                .unwrap()
                .iter()
                .all(|row| row["sku"].as_str().unwrap().starts_with("OBL-SHF"))
        );
        call(Method::GET, "warehouses/").send().await.expect(200);
        let new = json!({"code": "MINE", "name": "Mine"});
        call(Method::POST, "warehouses/").json(&new).send().await.refused(403, "forbidden");
        call(Method::DELETE, "warehouses/LAGOS/").send().await.refused(403, "forbidden");

        let found = |sku: &str| json!({"sku": sku, "warehouse": "LAGOS", "delta": 1, "reason": "found"});
        let adjusted =
            call(Method::POST, "inventory/adjustments/").json(&found(SKU)).send().await.expect(201);
        assert!(adjusted["movements"][0]["actor"].as_str().unwrap().starts_with("staff:"));
        let price = |sku: &str| json!({"rows": [{"sku": sku, "price": "70000"}]});
        call(Method::POST, "prices/bulk/").json(&price(SKU)).send().await.expect(200);
        // Another's is answered as what is not there, but for the id of the request.
        let told = |mut reply: Reply| {
            reply.body["request_id"] = Value::Null;
            (reply.status, reply.body)
        };
        for (path, other, nobody) in [
            ("inventory/adjustments/", found("ADN-WRP-IND-M"), found("NO-SUCH-SKU-1")),
            ("prices/bulk/", price("ADN-WRP-IND-M"), price("NO-SUCH-SKU-1")),
        ] {
            let other = told(call(Method::POST, path).json(&other).send().await);
            let nobody = told(call(Method::POST, path).json(&nobody).send().await);
            assert_eq!((other.0, &other), (422, &nobody));
        }
        let all = server.admin(Method::GET, "inventory/?sku=ADN-WRP-IND-M").send().await.expect(200);
        let other = format!("inventory/levels/{}/LAGOS/", all["results"][0]["variant_id"].as_str().unwrap());
        let body = json!({"safety_stock": 1});
        call(Method::PATCH, &other).json(&body).send().await.refused(404, "not-found");
        let own = format!("inventory/levels/{}/LAGOS/", rows[0]["variant_id"].as_str().unwrap());
        call(Method::PATCH, &own).json(&body).send().await.expect(200);
        call(Method::GET, "coupons/").send().await.refused(403, "forbidden");
        server.stop().await;
    }
}
