//! The catalogue as a file over HTTP: the same bytes as the command line writes; on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod server;

use reqwest::Method;
use server::{KINDS, TestDatabase, TestServer};

const ROWS: &str = "Handle,Title,Vendor,Tags,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n\
    mug,Mug,Acme,\"new, =1+1\",MUG-1,20.5,shopify,3\n\
    cup,\"Cup, large\",Acme,,CUP-1,7,,\n";

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
