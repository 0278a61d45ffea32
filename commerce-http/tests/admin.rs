//! The back office: rules one by one, on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::reply::amount;
use server::{ADMIN_TOKEN, KINDS, Kind, TestServer};

/// A resource: its name, a document, a change of it, whether it can be ended and what shows that.
struct Resource {
    path: &'static str,
    document: Value,
    field: &'static str,
    changed: Value,
    ended: Option<&'static str>,
}

fn resources() -> Vec<Resource> {
    let resource = |path, document, field, changed, ended| Resource { path, document, field, changed, ended };
    vec![
        resource(
            "promotions",
            json!({"code": "shoes", "label": "20 % off", "when": {"subtotal": {"from": {"NGN": "1000.00"}}}, "action": {"percent": "20"}}),
            "action",
            json!({"tiers": {"by": "quantity", "steps": [{"from": "2", "reduction": {"percent": "5"}}]}}),
            Some("until"),
        ),
        resource(
            "price-lists",
            json!({"code": "trade", "label": "Trade", "prices": [{"sku": "OBL-AKW-M", "price": "100.00"}]}),
            "prices",
            json!([{"sku": "OBL-AKW-M", "price": "90.0025"}]),
            Some("until"),
        ),
        resource(
            "customer-groups",
            json!({"code": "trade", "label": "Trade"}),
            "label",
            json!("Wholesale"),
            None,
        ),
        resource(
            "tax-zones",
            json!({"code": "lagos", "areas": [{"country": "NG", "subdivisions": ["LA"]}]}),
            "name",
            json!("Lagos"),
            None,
        ),
        resource(
            "tax-rates",
            json!({"code": "levy", "zone": "ng", "name": "Levy", "rate": "1"}),
            "rate",
            json!("1.5"),
            Some("until"),
        ),
        resource(
            "shipping-zones",
            json!({"code": "abuja", "areas": [{"country": "NG", "subdivisions": ["FC"]}]}),
            "name",
            json!("Abuja"),
            None,
        ),
        resource(
            "shipping-methods",
            json!({"code": "bike", "label": "Bike", "rate": {"flat": "500.00"}, "per": "order", "enabled": true}),
            "rate",
            json!({"by_items": [{"up_to": 3, "price": "500.00"}]}),
            Some("enabled"),
        ),
    ]
}

#[tokio::test]
async fn every_resource_is_made_shown_changed_ended_and_deleted() {
    let [sqlite, postgres] = KINDS.map(async |kind| {
        let mut server = TestServer::start_with_sample(kind).await;
        for resource in resources() {
            round_trip(&server, &resource).await;
        }
        server.stop().await;
    });
    tokio::join!(sqlite, postgres);
}

async fn round_trip(server: &TestServer, resource: &Resource) {
    let Resource { path, document, field, changed, ended } = resource;
    let code = document["code"].as_str().unwrap();
    let (list, one) = (format!("{path}/"), format!("{path}/{code}/"));
    let before = server.admin(Method::GET, &list).send().await.expect(200);
    let version = before["version"].as_u64().unwrap();

    let made = server.admin(Method::POST, &list).json(document).send().await;
    assert_eq!(made.header("etag"), format!("\"{}\"", version + 1));
    assert_eq!(made.header("cache-control"), "private, no-store");
    let mut made = made.expect(201);
    assert_eq!(made.as_object_mut().unwrap().remove("version"), Some(json!(version + 1)));
    assert_eq!(made, *document);
    let again = server.admin(Method::POST, &list).json(document).send().await.refused(409, "already-exists");
    assert_eq!(again["errors"][0]["pointer"], "/code");

    let mut shown = server.admin(Method::GET, &one).send().await.expect(200);
    assert_eq!(shown["version"], version + 1);
    let all = server.admin(Method::GET, &format!("{list}?page_size=100")).send().await.expect(200);
    assert_eq!(all["pagination"]["count"], before["pagination"]["count"].as_u64().unwrap() + 1);
    assert_eq!(all["results"].as_array().unwrap().last().unwrap()["code"], code);

    // What is shown can be changed and sent back: its version guards it.
    shown[field] = changed.clone();
    let put = server.admin(Method::PUT, &one).json(&shown).send().await.expect(200);
    assert_eq!((&put[field], &put["version"]), (changed, &json!(version + 2)));
    let old = server.admin(Method::PUT, &one).json(&shown).send().await.refused(412, "version-conflict");
    assert_eq!(old["version"], version + 2);
    let stale = server.admin(Method::DELETE, &one).header("If-Match", "\"1\"").send().await;
    stale.refused(412, "version-conflict");
    let mut other = document.clone();
    other["code"] = json!("another");
    let renamed = server.admin(Method::PUT, &one).json(&other).send().await.refused(422, "validation-failed");
    assert_eq!(renamed["errors"][0]["pointer"], "/code");

    let end = format!("{one}end/");
    let mut last = version + 2;
    if let Some(shows) = ended {
        assert!(put.get(shows).is_none_or(|value| *value == json!(true)), "{put}");
        let done = server.admin(Method::POST, &end).send().await.expect(200);
        match *shows {
            "enabled" => assert_eq!(done[shows], false),
            _ => assert!(done[shows].is_string(), "{done}"),
        }
        let again = server.admin(Method::POST, &end).send().await.expect(200);
        assert_eq!(again[shows], done[shows], "what has ended stays as it is");
        last += 2;
    } else {
        server.admin(Method::POST, &end).send().await.refused(404, "not-found");
    }
    let matched = format!("\"{last}\"");
    let gone = server.admin(Method::DELETE, &one).header("If-Match", &matched).send().await.expect(200);
    assert_eq!((&gone["code"], &gone["version"]), (&json!(code), &json!(last + 1)));
    for method in [Method::GET, Method::DELETE] {
        server.admin(method, &one).send().await.refused(404, "not-found");
    }
    server.admin(Method::PUT, &one).json(document).send().await.refused(404, "not-found");
}

#[tokio::test]
async fn nobody_enters_without_the_token() {
    let mut server = TestServer::start(Kind::Sqlite).await;
    let path = "/api/admin/promotions/";
    let missing = server.get(path).send().await;
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    missing.refused(401, "unauthenticated");
    let last = ADMIN_TOKEN.len() - 1;
    for wrong in [
        format!("Bearer {}", &ADMIN_TOKEN[..last]),
        format!("Bearer {ADMIN_TOKEN}x"),
        format!("Basic {ADMIN_TOKEN}"),
        ADMIN_TOKEN.to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
    ] {
        // The body is not looked at before.
        let refused = server.post(path).header("Authorization", &wrong).raw("{").send().await;
        assert!(refused.header("www-authenticate").starts_with("Bearer"), "{wrong}");
        refused.refused(401, "unauthenticated");
    }
    let operations = server.get("/openapi.json").send().await.body["paths"].clone();
    let mut closed = 0;
    for (path, methods) in
        operations.as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/admin/"))
    {
        for (method, operation) in methods.as_object().unwrap() {
            assert_eq!(
                operation["security"][0]["Bearer"].as_array().map(Vec::len),
                Some(1),
                "{method} {path}"
            );
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{code}", "x");
            server.call(method, &path).send().await.refused(401, "unauthenticated");
            closed += 1;
        }
    }
    assert!(closed > 40, "{closed}");
    server.get(path).header("Authorization", &format!("bearer {ADMIN_TOKEN}")).send().await.expect(200);

    server.set("COMMERCE_ADMIN_TOKEN", "");
    server.restart().await;
    let closed = server.admin(Method::GET, "promotions/").send().await.refused(401, "unauthenticated");
    assert!(closed["detail"].as_str().unwrap().contains("COMMERCE_ADMIN_TOKEN"), "{closed}");
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_place_and_changes_nothing() {
    let mut server = TestServer::start_with_sample(Kind::Sqlite).await;
    let version = server.admin(Method::GET, "settings/").send().await.expect(200)["version"].clone();
    let good = json!({"code": "new", "label": "New", "action": {"percent": "10"}});
    for (status, code, field, value, pointer) in [
        (400, "unknown-field", "lable", json!("x"), "/lable"),
        (400, "wrong-type", "label", json!(5), "/label"),
        (400, "wrong-type", "version", json!("5"), "/version"),
        (400, "wrong-type", "action", json!({"percent": 10}), "/action/percent"),
        (400, "wrong-type", "action", json!({"amount": 10}), "/action/amount"),
        (400, "wrong-type", "action", json!({"percent": "1", "amount": "1"}), "/action"),
        (422, "validation-failed", "action", json!("percents"), "/action"),
        (
            400,
            "unknown-field",
            "when",
            json!({"all": [{"subtotal": {"at_least": "5"}}]}),
            "/when/all/0/subtotal/at_least",
        ),
        (422, "validation-failed", "label", json!(""), "/label"),
        (422, "validation-failed", "code", json!("try"), "/code"),
        (422, "validation-failed", "action", json!({"percent": "110"}), "/action/percent"),
        (422, "validation-failed", "action", json!({"amount": {"GHS": "1.001"}}), "/action/amount/GHS"),
        (422, "validation-failed", "from", json!("tomorrow"), "/from"),
        (422, "validation-failed", "when", json!({"customer_group": ["vips"]}), "/when/customer_group/0"),
        (
            422,
            "validation-failed",
            "targets",
            json!([{"categories": ["dresses"]}, {"categories": ["no-such"]}]),
            "/targets/1/categories/0",
        ),
        (422, "validation-failed", "targets", json!([{"skus": ["NO-SUCH"]}]), "/targets/0/skus/0"),
    ] {
        let mut document = good.clone();
        document[field] = value;
        let refused = server.admin(Method::POST, "promotions/").json(&document).send().await;
        let refused = refused.refused(status, code);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let missing = server.admin(Method::POST, "promotions/").json(&json!({"code": "x"})).send().await;
    missing.refused(422, "validation-failed");
    // What a change breaks elsewhere is named with its place in the whole.
    let zone = json!({"code": "ng-2", "areas": [{"country": "NG"}]});
    server.admin(Method::POST, "tax-zones/").json(&zone).send().await.expect(201);
    let rate = json!({"code": "vat-2", "zone": "nowhere", "name": "VAT", "rate": "5"});
    let refused =
        server.admin(Method::POST, "tax-rates/").json(&rate).send().await.refused(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/zone", "{refused}");
    let strange = json!({"code": "ng-3", "areas": [{"country": "NG", "subdivisions": ["OG", "Lagos"]}]});
    let refused = server.admin(Method::POST, "shipping-zones/").json(&strange).send().await;
    let refused = refused.refused(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/areas/0/subdivisions/1", "{refused}");
    server.admin(Method::DELETE, "tax-zones/ng-2/").send().await.expect(200);

    let mut settings = server.admin(Method::GET, "settings/").send().await.expect(200);
    assert_eq!(
        settings["version"].as_u64(),
        version.as_u64().map(|version| version + 2),
        "nothing else was changed"
    );
    settings["rounding"]["allocation"] = json!("exact");
    let refused =
        server.admin(Method::PUT, "settings/").json(&settings).send().await.refused(422, "validation-failed");
    assert_eq!(refused["errors"][0]["pointer"], "/rounding/allocation");
    settings["rounding"] = json!({"mode": "half_even", "cash_interval": 500});
    settings["shipping"]["time_zone"] = json!("+02:00");
    settings["tax"]["shipping_class"] = Value::Null;
    let put = server.admin(Method::PUT, "settings/").json(&settings).send().await.expect(200);
    assert_eq!((&put["rounding"]["mode"], &put["rounding"]["level"]), (&json!("half_even"), &json!("line")));
    assert!(put["tax"].get("shipping_class").is_none());
    assert_eq!(put["shipping"]["time_zone"], "+02:00");
    let kept = server.admin(Method::GET, "shipping-methods/").send().await.expect(200);
    assert_eq!(kept["pagination"]["count"], 3, "the lists stay as they are");
    server.stop().await;
}

#[tokio::test]
async fn what_something_refers_to_stays() {
    let mut server = TestServer::start_with_sample(Kind::Sqlite).await;
    let post =
        async |path: &str, body: Value| server.admin(Method::POST, path).json(&body).send().await.expect(201);
    post("customer-groups/", json!({"code": "trade", "label": "Trade"})).await;
    post(
        "price-lists/",
        json!({"code": "a", "label": "A", "groups": ["trade"], "prices": [{"sku": "X", "price": "1.00"}]}),
    )
    .await;
    post("promotions/", json!({"code": "after", "label": "More", "action": {"percent": "1"}, "when": {"applied": "big-basket"}})).await;
    for (path, refers) in [
        ("customer-groups/trade/", "/price_lists/0/groups/0"),
        ("tax-zones/ng/", "/tax/rates/0/zone"),
        ("shipping-zones/west-africa/", "/shipping/methods/2/zones/0"),
        ("promotions/big-basket/", "/promotions/2/when/applied"),
    ] {
        let refused = server.admin(Method::DELETE, path).send().await.refused(409, "in-use");
        assert_eq!(refused["errors"][0]["pointer"], refers, "{refused}");
        server.admin(Method::GET, path).send().await.expect(200);
    }
    post("coupons/", json!({"code": "HELLO", "promotion": "welcome"})).await;
    server.admin(Method::DELETE, "promotions/welcome/").send().await.refused(409, "in-use");
    server.stop().await;
}

#[tokio::test]
async fn what_was_done_is_listed_newest_first() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let open = server.get("/api/admin/audit/").send().await;
        open.refused(401, "unauthenticated");
        for rate in ["5", "10", "15"] {
            let document = json!({"code": "shoes", "label": "Shoes", "action": {"percent": rate}});
            let (method, path, status) = match rate {
                "5" => (Method::POST, "promotions/", 201),
                _ => (Method::PUT, "promotions/shoes/", 200),
            };
            server.admin(method, path).json(&document).send().await.expect(status);
        }
        let coupon = json!({"code": "hello", "promotion": "welcome"});
        server.admin(Method::POST, "coupons/").json(&coupon).send().await.expect(201);
        let list =
            async |query: &str| server.admin(Method::GET, &format!("audit/{query}")).send().await.expect(200);
        let actions = |page: &Value| {
            let rows = page["results"].as_array().unwrap();
            rows.iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = list("").await;
        let newest = ["coupon.create", "promotion.replace", "promotion.replace", "promotion.create"];
        assert_eq!(actions(&all)[..4], newest);
        assert!(actions(&all).len() > 4 && all["next"].is_null(), "{all}");
        let last = &all["results"][1];
        assert_eq!((&last["actor"], &last["target"]), (&json!("staff:admin"), &json!("promotion:shoes")));
        assert_eq!(last["data"]["before"]["action"]["percent"], "10");
        assert_eq!(last["data"]["after"]["action"]["percent"], "15");
        let of_it = list("?actor=staff:admin&target=promotion:shoes&page_size=2").await;
        assert_eq!(actions(&of_it), ["promotion.replace", "promotion.replace"]);
        let next = of_it["next"].as_str().unwrap().trim_start_matches("/api/admin/audit/").to_owned();
        let rest = list(&next).await;
        assert_eq!((actions(&rest), &rest["next"]), (vec!["promotion.create".to_owned()], &Value::Null));
        assert_eq!(actions(&list("?actor=system&target=promotion:shoes").await), [""; 0]);
        let at = last["at"].as_str().unwrap();
        assert_eq!(actions(&list(&format!("?from={at}")).await), newest[..2]);
        assert_eq!(actions(&list(&format!("?until={at}&target=promotion:shoes")).await), newest[2..]);
        for (query, pointer) in [
            ("?actor=nobody", "/actor"),
            ("?from=yesterday", "/from"),
            ("?until=1", "/until"),
            ("?cursor=x", "/cursor"),
            ("?page_size=101", "/page_size"),
        ] {
            let refused = server.admin(Method::GET, &format!("audit/{query}")).send().await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], pointer);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn the_audit_trail_is_exported_and_shows_what_was_changed_in_it() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        for code in ["=1+1", "two"] {
            let document = json!({"code": code, "label": "Off", "action": {"percent": "5"}});
            server.admin(Method::POST, "promotions/").json(&document).send().await.expect(201);
        }
        let mark = server.database.succeed(&["audit", "head"]).trim().to_owned();
        let export = async |query: &str| {
            let reply = server.admin(Method::GET, &format!("audit/export/{query}")).send().await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            assert!(reply.header("content-disposition").starts_with("attachment"));
            reply.text
        };
        let jsonl = export("?format=jsonl&target=promotion:%3D1%2B1").await;
        let row: Value = serde_json::from_str(&jsonl).unwrap();
        let (position, hash) = mark.split_once(':').unwrap();
        assert_eq!((&row["actor"], &row["target"]), (&json!("staff:admin"), &json!("promotion:=1+1")));
        let all = export("?format=jsonl").await;
        let last: Value = serde_json::from_str(all.lines().last().unwrap()).unwrap();
        assert_eq!((last["position"].to_string().as_str(), &last["hash"]), (position, &json!(hash)));
        let csv = export("").await;
        assert!(csv.starts_with("position,id,at,actor,action,target,data,hash\n1,"), "{csv}");
        assert_eq!(csv.lines().count(), all.lines().count() + 1);
        assert_eq!(server.database.succeed(&["audit", "export"]), csv);
        assert_eq!(export("?actor=system&target=promotion:two").await.lines().count(), 1, "the head alone");
        let refused = server.admin(Method::GET, "audit/export/?format=pdf&from=x").send().await;
        assert_eq!(refused.refused(422, "validation-failed")["errors"].as_array().unwrap().len(), 2);

        server.database.succeed(&["audit", "verify", &mark]);
        let other = mark.replace(':', ":f").split_at(mark.len()).0.to_owned();
        assert_eq!(server.database.run(&["audit", "verify", &other]).status.code(), Some(5));
        assert_eq!(server.database.run(&["audit", "verify", "1:f"]).status.code(), Some(2));
        server.stop().await;
        server
            .database
            .execute("update {audit} set actor = 'staff:nobody' where target = 'promotion:two'")
            .await;
        server.restart().await;
        let checked = server.admin(Method::GET, "invariants/").send().await.expect(200);
        let broken =
            checked["invariants"].as_array().unwrap().iter().find(|it| it["violations"] != 0).unwrap();
        assert_eq!((&broken["name"], &checked["sound"]), (&json!("AUDIT_CHAIN"), &json!(false)));
        server.kill();
        let doctor = server.database.run(&["doctor"]);
        let said = String::from_utf8(doctor.stdout).unwrap();
        assert!(
            doctor.status.code() == Some(5) && said.contains("AUDIT_CHAIN audit_seals position="),
            "{said}"
        );
        assert_eq!(server.database.run(&["audit", "verify"]).status.code(), Some(5));
    }
}

#[tokio::test]
async fn a_change_reaches_another_server_at_once() {
    for kind in KINDS {
        let server = TestServer::start_with_sample(kind).await;
        let beside = server.beside();
        let token = server.cart(&[("OBL-AKW-M", 1)]).await;
        let client = reqwest::Client::new();
        let discount = async || {
            let cart = client.get(format!("{}/api/cart/", beside.base)).header("X-Cart-Token", &token);
            let cart: Value = cart.send().await.unwrap().json().await.unwrap();
            cart["summary"]["discount"].clone()
        };
        assert_eq!(amount(&discount().await), "0.00");
        let half = json!({"code": "half", "label": "Half", "action": {"percent": "50"}});
        server.admin(Method::POST, "promotions/").json(&half).send().await.expect(201);
        assert_ne!(amount(&discount().await), "0.00");
        server.admin(Method::POST, "promotions/half/end/").send().await.expect(200);
        assert_eq!(amount(&discount().await), "0.00");
        beside.stop();
    }
}

#[tokio::test]
async fn a_trial_tells_what_a_promotion_would_do() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let rows = "Handle,Title,Published,Variant SKU,Variant Price,Variant Inventory Tracker,Status\nmug,Mug,true,MUG,100.00,,active\n";
        server.import(rows).await;
        for units in [1, 2, 5] {
            server.cart(&[("MUG", units)]).await;
        }
        let before = server.admin(Method::GET, "promotions/").send().await.expect(200);
        let promotion = json!({"code": "more", "label": "10 % off", "when": {"subtotal": {"from": "200.00"}}, "action": {"percent": "10"}});
        let trial =
            server.admin(Method::POST, "promotions/try/?days=1").json(&promotion).send().await.expect(200);
        assert_eq!(
            (&trial["carts"], &trial["applied"], &trial["truncated"]),
            (&json!(3), &json!(2), &json!(false))
        );
        assert_eq!(amount(&trial["discount"]), "70.00");
        assert_eq!(amount(&trial["total_before"]), "800.00");
        assert_eq!(amount(&trial["total_after"]), "730.00");
        assert_eq!(trial["reasons"], json!([{"reason": "subtotal-too-low", "carts": 1}]));
        let after = server.admin(Method::GET, "promotions/").send().await.expect(200);
        assert_eq!(before, after, "a trial changes nothing");

        server.admin(Method::POST, "promotions/").json(&promotion).send().await.expect(201);
        let known = server.admin(Method::POST, "promotions/more/try/").send().await.expect(200);
        assert_eq!((&known["applied"], amount(&known["total_before"])), (&json!(2), "730.00"));
        server.admin(Method::POST, "promotions/less/try/").send().await.refused(404, "not-found");
        for days in ["0", "366", "x"] {
            let path = format!("promotions/try/?days={days}");
            let refused = server.admin(Method::POST, &path).json(&promotion).send().await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], "/days");
        }
        let mut wrong = promotion.clone();
        wrong["action"] = json!({"percent": "101"});
        let refused = server.admin(Method::POST, "promotions/try/").json(&wrong).send().await;
        assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], "/action/percent");
        server.stop().await;
    }
}

#[test]
fn a_weak_admin_token_stops_the_start() {
    let folder = server::Folder::new();
    for weak in ["short", "change-me-change-me-change-me-change-me"] {
        let mut command = server::program();
        command.args(["serve", "--database-url", "sqlite:shop.db", "--port", "0"]).current_dir(folder.path());
        let output = command
            .env("COMMERCE_SECRET", server::SECRET)
            .env("COMMERCE_ADMIN_TOKEN", weak)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("COMMERCE_ADMIN_TOKEN") && !said.contains(weak), "{said}");
    }
}
