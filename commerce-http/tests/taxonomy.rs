//! Brands, categories, attributes and tags, as the back office changes them and shoppers see them - on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use reqwest::Method;
use serde_json::{Value, json};
use server::{KINDS, TestServer};

async fn call(server: &TestServer, method: Method, path: &str, body: Value) -> server::reply::Reply {
    let call = server.admin(method, path);
    let call = if body == json!({}) { call } else { call.json(&body) };
    call.send().await
}

#[tokio::test]
async fn a_category_is_made_moved_renamed_and_found() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let new = json!({"name": "Spring Sale", "description": "For a while"});
        let made = server.admin(Method::POST, "categories/").key("one").json(&new).send().await;
        let root = made.expect(201);
        assert_eq!((&root["slug"], &root["version"]), (&json!("spring-sale"), &json!(1)));
        let again = server.admin(Method::POST, "categories/").key("one").json(&new).send().await.expect(201);
        assert_eq!(again, root);
        let twice = call(&server, Method::POST, "categories/", new).await;
        assert_eq!(twice.refused(409, "already-exists")["errors"][0]["pointer"], "/slug");
        let below = json!({"name": "Shoes", "slug": "spring-shoes", "parent": "spring-sale"});
        let below = call(&server, Method::POST, "categories/", below).await.expect(201);
        assert_eq!((&below["path"], &below["parent"]), (&json!("spring-sale/spring-shoes"), &root["id"]));

        for (parent, pointer) in
            [("spring-shoes", "/parent"), ("spring-sale", "/parent"), ("none", "/parent")]
        {
            let refused =
                call(&server, Method::PATCH, "categories/spring-sale/", json!({"parent": parent})).await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], pointer);
        }
        let change = json!({"slug": "sale", "position": 1, "version": 1});
        let renamed =
            call(&server, Method::PATCH, "categories/spring-sale/", change.clone()).await.expect(200);
        assert_eq!((&renamed["path"], &renamed["position"]), (&json!("sale"), &json!(1)));
        let late = call(&server, Method::PATCH, "categories/sale/", change).await;
        assert_eq!(late.refused(412, "version-conflict")["version"], 2);
        let shown = call(&server, Method::GET, "categories/spring-shoes/", json!({})).await.expect(200);
        assert_eq!((&shown["path"], &shown["version"]), (&json!("sale/spring-shoes"), &json!(1)));

        let moved = server.get("/api/products/categories/spring-sale/?page_size=5").send().await;
        assert_eq!(moved.status, 308, "{}", moved.text);
        assert_eq!(moved.header("location"), "/api/products/categories/sale/?page_size=5");
        let tree = server.get("/api/products/categories/").send().await.expect(200);
        assert_eq!(tree["results"][0]["slug"], "sale", "the first of its siblings");

        let refused = call(&server, Method::DELETE, "categories/sale/", json!({})).await;
        refused.refused(409, "in-use");
        call(&server, Method::PATCH, "categories/spring-shoes/", json!({"parent": null})).await.expect(200);
        let deleted = call(&server, Method::DELETE, "categories/sale/", json!({})).await.expect(200);
        assert!(deleted["deleted_at"].is_string());
        let gone = server.get("/api/products/categories/sale/").send().await;
        gone.refused(404, "not-found");
        let restored = call(&server, Method::POST, "categories/sale/restore/", json!({})).await.expect(200);
        assert!(restored["deleted_at"].is_null());
        let unknown = call(&server, Method::PATCH, "categories/sale/", json!({"colour": "red"})).await;
        unknown.refused(400, "unknown-field");
        server.doctor().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_brand_is_renamed_with_its_products() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let page = call(&server, Method::GET, "brands/?page_size=100", json!({})).await.expect(200);
        let used = page["results"].as_array().unwrap().iter().find(|brand| brand["product_count"] != 0);
        let used = used.expect("the sample has brands").clone();
        let (slug, path) =
            (used["slug"].as_str().unwrap(), format!("brands/{}/", used["id"].as_str().unwrap()));
        let before = server.get(&format!("/api/products/?brand={slug}")).send().await.expect(200);
        let refused = call(&server, Method::DELETE, &path, json!({})).await;
        refused.refused(409, "in-use");
        let change = json!({"name": "Renamed & Daughters", "slug": "renamed"});
        let stale = server.admin(Method::PATCH, &path).header("If-Match", "\"9\"").json(&change).send().await;
        stale.refused(412, "version-conflict");
        let renamed = server.admin(Method::PUT, &path).header("If-Match", "\"1\"").json(&change).send().await;
        assert_eq!(renamed.expect(200)["version"], 2);
        for slug in [slug, "renamed"] {
            let after = server.get(&format!("/api/products/?brand={slug}")).send().await.expect(200);
            assert_eq!(after["pagination"]["count"], before["pagination"]["count"], "{slug}");
            assert_eq!(after["results"][0]["brand"]["name"], "Renamed & Daughters");
        }
        let found = server.get("/api/products/search/?q=daughters").send().await.expect(200);
        assert_eq!(found["pagination"]["count"], before["pagination"]["count"]);
        let told = call(&server, Method::GET, "audit/?page_size=1", json!({})).await.expect(200);
        assert_eq!(told["results"][0]["action"], "brand.update");
        assert_eq!(told["results"][0]["data"]["before"]["slug"], slug);
        let bad = call(&server, Method::POST, "brands/", json!({"name": " "})).await;
        assert_eq!(bad.refused(422, "validation-failed")["errors"][0]["pointer"], "/name");
        let bad = call(&server, Method::POST, "brands/", json!({"name": "X", "slug": "No Slug"})).await;
        assert_eq!(bad.refused(422, "validation-failed")["errors"][0]["pointer"], "/slug");
        server.doctor().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn attributes_and_tags_are_managed() {
    for kind in KINDS {
        let mut server = TestServer::start_with_sample(kind).await;
        let new = json!({"code": "weight", "name": "Weight", "kind": "number", "minimum": "0", "unit": "kg"});
        let made = call(&server, Method::POST, "attributes/", new.clone()).await.expect(201);
        assert_eq!((&made["minimum"], &made["filterable"]), (&json!("0"), &json!(true)));
        let twice = call(&server, Method::POST, "attributes/", new.clone()).await;
        assert_eq!(twice.refused(409, "already-exists")["errors"][0]["pointer"], "/code");
        for (body, pointer) in [
            (json!({"code": "x", "kind": "text", "minimum": "1"}), "/rules"),
            (json!({"code": "x", "kind": "number", "minimum": "2", "maximum": "1"}), "/rules"),
            (json!({"code": "x", "kind": "number", "minimum": "two"}), "/minimum"),
            (json!({"code": "x", "kind": "size"}), "/kind"),
            (json!({"code": "X", "kind": "text"}), "/code"),
            (json!({"code": "x", "kind": "select", "allowed_values": ["a", "A"]}), "/rules"),
        ] {
            let refused = call(&server, Method::POST, "attributes/", body.clone()).await;
            assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], pointer, "{body}");
        }
        let change = json!({"kind": "select", "allowed_values": ["light", "heavy"]});
        let changed = call(&server, Method::PATCH, "attributes/weight/", change).await.expect(200);
        assert_eq!((&changed["minimum"], &changed["version"]), (&Value::Null, &json!(2)));
        let other = json!({"code": "mass", "kind": "number"});
        let refused = call(&server, Method::PUT, "attributes/weight/", other).await;
        assert_eq!(refused.refused(422, "validation-failed")["errors"][0]["pointer"], "/code");
        call(&server, Method::DELETE, "attributes/weight/", json!({})).await.expect(200);
        call(&server, Method::GET, "attributes/weight/", json!({})).await.refused(404, "not-found");

        let tags = call(&server, Method::GET, "tags/?page_size=1", json!({})).await.expect(200);
        let tag = tags["results"][0]["tag"].as_str().expect("the sample has tags").to_owned();
        let change = json!({"from": tag, "to": "renamed tag"});
        let changed = server.admin(Method::POST, "tags/change/").key("tag").json(&change).send().await;
        assert_eq!(changed.expect(200)["product_count"], tags["results"][0]["product_count"]);
        let again = server.admin(Method::POST, "tags/change/").key("other").json(&change).send().await;
        again.refused(404, "not-found");
        server.doctor().await;
        server.stop().await;
    }
}
