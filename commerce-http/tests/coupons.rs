//! Coupons: made by the thousand, used, used up, given back - on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use std::collections::HashSet;
use std::time::Instant;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::reply::{Reply, amount};
use server::{Folder, KINDS, TestDatabase, TestServer};

/// Made to order, so that any number can be bought.
const SKU: &str = "OBL-AKW-M";

/// A promotion of 10 % for coupons alone, beside those of the sample.
async fn with_promotion(server: &TestServer) {
    let ten = json!({"code": "ten", "label": "10 % off", "coupon": true, "action": {"percent": "10"}});
    server.admin(Method::POST, "promotions/").json(&ten).send().await.expect(201);
}

async fn coupon(server: &TestServer, body: Value) -> Value {
    server.admin(Method::POST, "coupons/").json(&body).send().await.expect(201)
}

async fn apply(server: &TestServer, cart: &str, code: &str) -> Reply {
    server.post("/api/cart/coupon/").cart(cart).json(&json!({"code": code})).send().await
}

async fn confirm(server: &TestServer, cart: &str) -> Reply {
    server.post("/api/cart/checkout/confirm/").cart(cart).key("once").send().await
}

#[tokio::test]
async fn ten_thousand_codes_are_made_and_none_twice() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        with_promotion(&server).await;
        let begun = Instant::now();
        let body = json!({"promotion": "ten", "count": 10_000, "prefix": "easter", "uses_max": 1});
        let made = server.admin(Method::POST, "coupons/generate/").json(&body).send().await.expect(201);
        println!("{kind:?}: 10,000 codes over HTTP in {:?}", begun.elapsed());
        let codes = made["codes"].as_array().unwrap();
        let different: HashSet<&str> = codes.iter().map(|code| code.as_str().unwrap()).collect();
        assert_eq!((codes.len(), different.len()), (10_000, 10_000));
        assert!(different.iter().all(|code| code.starts_with("EASTER-")));

        coupon(&server, json!({"code": "other", "promotion": "welcome"})).await;
        let mut next = Some("/api/admin/coupons/?promotion=ten&page_size=100".to_owned());
        let mut listed = Vec::new();
        while let Some(path) = next {
            let page =
                server.admin(Method::GET, path.trim_start_matches("/api/admin/")).send().await.expect(200);
            let results = page["results"].as_array().unwrap();
            assert!(results.iter().all(|coupon| coupon["promotion"] == "ten" && coupon["uses_max"] == 1));
            listed.extend(results.iter().map(|coupon| coupon["code"].as_str().unwrap().to_owned()));
            next = page["next"].as_str().map(str::to_owned);
        }
        assert!(listed.is_sorted());
        assert_eq!(listed.iter().map(String::as_str).collect::<HashSet<_>>(), different);
        for (field, value, pointer) in [
            ("count", json!(0), "/count"),
            ("count", json!(10_001), "/count"),
            ("promotion", json!("eleven"), "/promotion"),
            ("promotion", json!("big-basket"), "/promotion"),
            ("prefix", json!("no spaces?"), "/prefix"),
            ("uses_max", json!(0), "/uses_max"),
        ] {
            let mut wrong = body.clone();
            wrong[field] = value;
            let refused = server.admin(Method::POST, "coupons/generate/").json(&wrong).send().await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], pointer);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_coupon_is_changed_by_whoever_saw_it_last() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        with_promotion(&server).await;
        let made = coupon(&server, json!({"code": "spring", "promotion": "ten", "uses_max": 1})).await;
        assert_eq!(made["version"], 1);
        let patch = |body: Value| server.admin(Method::PATCH, "coupons/Spring/").json(&body).send();
        let until = "2040-01-01T00:00:00Z";
        let changed = patch(json!({"until": until, "uses_max": 5, "version": 1})).await.expect(200);
        assert_eq!((&changed["version"], &changed["uses_max"]), (&json!(2), &json!(5)));
        assert_eq!(changed["until"], "2040-01-01T00:00:00.000000Z");
        let lifted = patch(json!({"uses_max": null, "customer_uses_max": 1})).await.expect(200);
        assert_eq!((&lifted["version"], &lifted["uses_max"]), (&json!(3), &Value::Null));
        assert_eq!(
            (&lifted["until"], &lifted["from"]),
            (&changed["until"], &Value::Null),
            "left out, they stay"
        );
        let shown = server.admin(Method::GET, "coupons/SPRING/").send().await.expect(200);
        assert_eq!(shown, lifted);

        let late = patch(json!({"uses_max": 9, "version": 2})).await.refused(412, "version-conflict");
        assert_eq!(late["version"], 3);
        let by_header = server.admin(Method::PATCH, "coupons/spring/").header("if-match", "\"2\"");
        by_header.json(&json!({"uses_max": 9})).send().await.refused(412, "version-conflict");
        for (body, pointer) in [
            (json!({"from": until}), "/until"),
            (json!({"uses_max": 0}), "/uses_max"),
            (json!({"customer_uses_max": 0}), "/customer_uses_max"),
        ] {
            let refused = patch(body).await.refused(422, "validation-failed");
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        patch(json!({"promotion": "welcome"})).await.refused(400, "unknown-field");
        patch(json!({"uses_max": "9"})).await.refused(400, "wrong-type");
        let nowhere = server.admin(Method::PATCH, "coupons/nowhere/").json(&json!({})).send().await;
        nowhere.refused(404, "not-found");

        server.admin(Method::POST, "coupons/spring/end/").send().await.expect(200);
        patch(json!({"uses_max": 9})).await.refused(422, "validation-failed");
        let audit = server.admin(Method::GET, "audit/?target=coupon:SPRING").send().await.expect(200);
        let rows = audit["results"].as_array().unwrap();
        let told: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
        assert_eq!(told, ["coupon.end", "coupon.update", "coupon.update"]);
        assert_eq!(rows[2]["data"]["before"]["uses_max"], 1, "{audit}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_coupon_is_used_used_up_and_given_back() {
    let [sqlite, postgres] = KINDS.map(async |kind| {
        let mut server = TestServer::start_with_sample(kind).await;
        with_promotion(&server).await;
        let made = coupon(&server, json!({"code": " hello 10", "promotion": "ten", "uses_max": 1})).await;
        assert_eq!((&made["code"], &made["uses"]), (&json!("HELLO10"), &json!(0)));
        let again = server
            .admin(Method::POST, "coupons/")
            .json(&json!({"code": "Hello10", "promotion": "ten"}))
            .send()
            .await;
        assert_eq!(again.refused(409, "already-exists")["errors"][0]["pointer"], "/code");

        let (first, second, third) = (
            server.ready_cart(&[(SKU, 1)]).await,
            server.ready_cart(&[(SKU, 1)]).await,
            server.ready_cart(&[(SKU, 1)]).await,
        );
        let unknown = apply(&server, &first, "NO-SUCH").await.refused(422, "coupon-not-applicable");
        assert_eq!(unknown["reason"], "unknown-code");
        for cart in [&first, &second] {
            let cart = apply(&server, cart, "hello10").await.expect(200);
            assert_ne!(amount(&cart["summary"]["discount"]), "0.00");
        }
        let order = confirm(&server, &first).await.expect(201);
        let used = server.admin(Method::GET, "coupons/hello10/").send().await.expect(200);
        assert_eq!(used["uses"], 1);
        let late = apply(&server, &third, "HELLO10").await.refused(422, "coupon-not-applicable");
        assert_eq!(late["reason"], "uses-spent");
        let spent = confirm(&server, &second).await.refused(409, "coupon-exhausted");
        assert_eq!(
            (&spent["reason"], amount(&spent["cart"]["summary"]["discount"])),
            (&json!("uses-spent"), "0.00")
        );

        let (id, token) = (order["order"]["id"].as_str().unwrap(), order["order_token"].as_str().unwrap());
        server.post(&format!("/api/orders/{id}/cancel/")).order(token).send().await.expect(200);
        let free = server.admin(Method::GET, "coupons/HELLO10/").send().await.expect(200);
        assert_eq!(free["uses"], 0, "a cancelled order gives its use back");
        confirm(&server, &second).await.expect(201);

        let ended = server.admin(Method::POST, "coupons/HELLO10/end/").send().await.expect(200);
        assert!(ended["ended_at"].is_string());
        let twice = server.admin(Method::POST, "coupons/HELLO10/end/").send().await.expect(200);
        assert_eq!(ended["ended_at"], twice["ended_at"]);
        let over = apply(&server, &third, "HELLO10").await.refused(422, "coupon-not-applicable");
        assert_eq!(over["reason"], "ended");
        for method in [Method::GET, Method::POST] {
            let end = if method == Method::POST { "end/" } else { "" };
            server.admin(method, &format!("coupons/NOBODYS/{end}")).send().await.refused(404, "not-found");
        }
        server.stop().await;
    });
    tokio::join!(sqlite, postgres);
}

#[tokio::test]
async fn ten_uses_give_ten_orders_whoever_races() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        with_promotion(&server).await;
        coupon(&server, json!({"code": "RUSH", "promotion": "ten", "uses_max": 10})).await;
        let begun = Instant::now();
        let carts = join_all((0..100).map(async |_| {
            let cart = server.ready_cart(&[(SKU, 1)]).await;
            apply(&server, &cart, "RUSH").await.expect(200);
            cart
        }))
        .await;
        println!("{kind:?}: 100 carts in {:?}", begun.elapsed());
        let begun = Instant::now();
        let replies = join_all(carts.iter().map(|cart| confirm(&server, cart))).await;
        println!("{kind:?}: 100 confirms in {:?}", begun.elapsed());
        let placed = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(placed, 10, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "coupon-exhausted");
        }
        let used = server.admin(Method::GET, "coupons/RUSH/").send().await.expect(200);
        assert_eq!(used["uses"], 10);
        server.stop().await;
    }
}

#[test]
fn the_command_line_makes_lists_and_ends_coupons() {
    for kind in KINDS {
        let database = TestDatabase::with_sample(kind);
        let folder = Folder::new();
        let file = folder.join("codes.csv");
        let begun = Instant::now();
        let made = database.run(&[
            "coupons",
            "generate",
            "--promotion",
            "welcome",
            "--count",
            "10000",
            "--prefix",
            "HELLO",
            "--uses-max",
            "1",
            "--until",
            "2040-01-01T00:00:00Z",
            "--output",
            file.to_str().unwrap(),
        ]);
        println!("{kind:?}: 10,000 codes to a file in {:?}", begun.elapsed());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        assert!(String::from_utf8_lossy(&made.stderr).contains("made 10,000 coupons"));
        let text = std::fs::read_to_string(&file).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("code,promotion,from,until,uses_max,customer_uses_max"));
        let codes: HashSet<&str> = lines.clone().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!((lines.count(), codes.len()), (10_000, 10_000));
        let one = *codes.iter().min().unwrap();
        assert!(text.contains(&format!("{one},welcome,,2040-01-01T00:00:00.000000Z,1,\n")), "{one}");

        let code = |args: &[&str]| {
            let output = database.run(&[&["coupons"], args].concat());
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            (output.status.code().unwrap(), said)
        };
        let again =
            code(&["generate", "--promotion", "welcome", "--count", "1", "--output", file.to_str().unwrap()]);
        assert_eq!(again.0, 2, "a file that is there is not written over: {}", again.1);
        for (args, words) in [
            (&["generate", "--promotion", "no-such", "--count", "1"][..], "no-such"),
            (&["generate", "--promotion", "welcome", "--count", "0"], "--count"),
            (&["generate", "--promotion", "welcome", "--count", "1", "--uses-max", "0"], "--uses-max"),
            (&["generate", "--promotion", "welcome", "--count", "1", "--prefix", "no?"], "letters"),
            (&["end", "NOBODYS"], "no such coupon"),
            (&["end", "?"], "letters"),
        ] {
            let (code, said) = code(args);
            assert_eq!(code, 2, "{args:?}: {said}");
            assert!(said.contains(words), "{args:?}: {said}");
        }
        assert_eq!(code(&["end", one]).0, 0);
        let listed = database.succeed(&["coupons", "list", "--promotion", "welcome"]);
        assert_eq!(listed.lines().count(), 10_001);
        assert!(
            listed
                .lines()
                .nth(1)
                .unwrap()
                .starts_with(&format!("{one},welcome,,2040-01-01T00:00:00.000000Z,1,,0,20"))
        );
        let few = database.succeed(&["coupons", "generate", "--promotion", "welcome", "--count", "3"]);
        assert_eq!(few.lines().count(), 4, "{few}");
        assert!(database.succeed(&["doctor"]).contains("invariants hold"));
    }
}
