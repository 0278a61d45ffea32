//! The catalogue as a file over HTTP: the same bytes as the command line writes; on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use serde_json::json;
use server::{KINDS, Kind, TestDatabase, TestServer};

const ROWS: &str = "Handle,Title,Vendor,Tags,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n\
    mug,Mug,Acme,\"new, =1+1\",MUG-1,20.5,shopify,3\n\
    cup,\"Cup, large\",Acme,,CUP-1,7,,\n";

const PASSWORD: &str = "tr0mbone & oar 99";

#[tokio::test]
async fn an_export_is_that_of_the_command_line() {
    for kind in KINDS {
        let mut server = TestServer::start(kind).await;
        let export =
            async |part: &str| server.admin(Method::GET, &format!("../products/export/{part}")).send().await;
        let empty = export("").await;
        assert_eq!(empty.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(empty.header("cache-control"), "private, no-store");
        assert_eq!(empty.header("content-disposition"), "attachment; filename=\"products.csv\"");
        assert_eq!(empty.text.lines().count(), 1, "{}", empty.text);
        server.import(ROWS).await;
        let file = export("").await.text;
        assert_eq!(file.lines().count(), 3, "{file}");
        assert_eq!(file, server.database.succeed(&["export"]));
        // Into an empty shop and out again it is the same.
        let other = TestDatabase::new(kind);
        other.import_text(&file, &[]);
        assert_eq!(other.succeed(&["export"]), file);
        // What the format cannot say is named.
        assert_eq!(export("?part=refused").await.text, "handle,code,reason\n");
        server.database.execute("update {product_tags} set tag = 'a,b' where tag = 'new'").await;
        assert_eq!(export("").await.text.lines().count(), 2);
        let refused = export("?part=refused").await.text;
        assert!(refused.lines().nth(1).unwrap().starts_with("mug,tag-with-comma,"), "{refused}");
        let unknown = export("?part=all").await.refused(422, "validation-failed");
        assert_eq!(unknown["errors"][0]["pointer"], "/part");
        server.get("/api/products/export/").send().await.refused(401, "unauthenticated");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_merchant_exports_what_is_their_own() {
    for kind in KINDS {
        let mut server = TestServer::start_with_customers(kind, &["eve@example.com"], PASSWORD).await;
        server.import(ROWS).await;
        let login = json!({"email": "eve@example.com", "password": PASSWORD});
        let pair = server.post("/api/auth/login/").json(&login).send().await.expect(200);
        let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
        let export = || server.get("/api/products/export/").header("Authorization", &bearer).send();
        export().await.refused(403, "forbidden");
        let path = format!("../users/{}/", pair["user"]["id"].as_str().unwrap());
        server.admin(Method::PATCH, &path).json(&json!({"role": "merchant"})).send().await.expect(200);
        let seller = match kind {
            Kind::Sqlite => "x'0190a6c27c3e7d1a8f00012345678901'",
            Kind::Postgres => "'0190a6c2-7c3e-7d1a-8f00-012345678901'",
        };
        server.database.execute(&format!("update {{accounts}} set seller_id = {seller}")).await;
        let own = format!("update {{products}} set seller_id = {seller} where slug = 'mug'");
        server.database.execute(&own).await;
        let file = export().await.text;
        assert_eq!(file.lines().count(), 2, "{file}");
        assert!(file.lines().nth(1).unwrap().starts_with("mug,"), "{file}");
        server.stop().await;
    }
}
