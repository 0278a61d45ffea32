//! Merchants: what they sold, and nothing else of the back office.

use commerce_core::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::KINDS;
use crate::server::reply::{Call, amount};
use crate::{COTTON, NOWHERE, TOWEL, Town, operations, sold_by, told};

/// What is for merchants alone.
const THEIRS: [&str; 2] = ["listSoldOrders", "getSoldOrder"];

/// What merchants reach beside the shop's own people, limited to what they sell: `stock.rs`, `catalog.rs` and the matrix
/// show the limits. Where goods lie and what products share they see as staff does.
const SHARED: &[&str] = &[
    "exportProducts",
    "importFile",
    "listImports",
    "getImport",
    "getRefusedRows",
    "cancelImport",
    "listAllProducts",
    "getPriceHistory",
    "createProduct",
    "replaceProduct",
    "changeProduct",
    "deleteProduct",
    "restoreProduct",
    "createVariant",
    "replaceVariant",
    "changeVariant",
    "deleteVariant",
    "addProductImage",
    "changeProductImage",
    "removeProductImage",
    "listStock",
    "listStockMovements",
    "changeStockLevel",
    "adjustStock",
    "receiveStock",
    "countStock",
    "transferStock",
    "bulkStock",
    "listWarehouses",
    "getWarehouse",
    "listBrands",
    "getBrand",
    "listManagedCategories",
    "getManagedCategory",
    "listAttributes",
    "getAttribute",
    "listTags",
    "bulkPrices",
];

/// What asks for a permission, or is somebody's own: there a merchant is a shopper like any other.
const AS_A_SHOPPER: [&str; 4] = ["listOrders", "getOrder", "cancelOrder", "initializePayment"];

#[tokio::test]
async fn merchants_see_what_they_sold_of_an_order() {
    for kind in KINDS {
        let mut town = Town::open(kind).await;
        let order = town.order("ada", &[(TOWEL, 1), (COTTON, 2)]).await["order"].clone();
        town.order("eve", &[(TOWEL, 2)]).await;
        let id = order["id"].as_str().unwrap();
        let path = format!("/api/orders/sold/{id}/");
        let line = order["items"].as_array().unwrap().iter().find(|line| line["sku"] == COTTON).unwrap();
        let listed = town.get("mira", "/api/orders/sold/").await.expect(200);
        assert_eq!(listed["results"].as_array().unwrap().len(), 1, "{listed}");
        let row = &listed["results"][0];
        assert_eq!((&row["id"], &row["item_count"], &row["paid"]), (&order["id"], &json!(2), &line["paid"]));
        let sold = town.get("mira", &path).await.expect(200);
        assert_eq!(sold["items"], json!([line]));
        assert_eq!(amount(&sold["totals"]["paid"]), amount(&line["paid"]));
        assert_ne!(sold["totals"]["paid"], order["totals"]["total"]);
        // Where it goes they learn when it is to be sent, and who bought it never.
        assert_eq!(sold["shipping_address"], Value::Null);
        let status = async |to: &str| {
            let call = town.call("sam", Method::PUT, &format!("/api/orders/{id}/status/"));
            call.json(&json!({"status": to})).send().await.expect(200);
            town.get("mira", &path).await.expect(200)
        };
        assert_eq!(status("processing").await["shipping_address"]["contact_name"], "Ada Obi");
        let shipped = status("shipped").await;
        assert_eq!(shipped["shipping_address"]["city"], "Lagos");
        let account = town.pairs["ada"]["user"]["id"].as_str().unwrap();
        for unseen in ["ada@example.com", account, TOWEL, "payments", "history"] {
            assert!(!shipped.to_string().contains(unseen), "{shipped} tells {unseen}");
        }
        assert_eq!(status("delivered").await["shipping_address"], Value::Null);
        // Filters, and pages.
        let empty = ["status=pending", "number=1111-11111", "placed_until=2020-01-01T00:00:00Z"];
        for (query, found) in empty.map(|query| (query, 0)).into_iter().chain([("status=delivered", 1)]) {
            let listed = town.get("mira", &format!("/api/orders/sold/?{query}")).await.expect(200);
            assert_eq!(listed["results"].as_array().unwrap().len(), found, "{query}");
        }
        // Whoever sells it now has not sold it then.
        town.server.database.execute(&sold_by("max")).await;
        assert_eq!(town.get("max", "/api/orders/sold/").await.expect(200)["results"], json!([]));
        let nowhere = told(&town.get("max", &format!("/api/orders/sold/{NOWHERE}/")).await, &[NOWHERE]);
        assert_eq!(told(&town.get("max", &path).await, &[id]), nowhere);
        assert_eq!(nowhere.0, 404);
        town.get("mira", &path).await.expect(200);
        town.server.stop().await;
    }
}

#[tokio::test]
async fn a_merchant_who_buys_is_a_shopper() {
    let mut town = Town::open(KINDS[0]).await;
    let theirs = town.order("ada", &[(COTTON, 1)]).await["order"]["id"].as_str().unwrap().to_owned();
    let own = town.order("mira", &[(TOWEL, 1)]).await["order"]["id"].as_str().unwrap().to_owned();
    let listed = town.get("mira", "/api/orders/").await.expect(200);
    assert_eq!((listed["results"].as_array().unwrap().len(), &listed["results"][0]["id"]), (1, &json!(own)));
    town.get("mira", &format!("/api/orders/{own}/")).await.expect(200);
    town.get("mira", &format!("/api/orders/sold/{own}/")).await.refused(404, "not-found");
    // What they sold they do not see whole, nor call off.
    town.get("mira", &format!("/api/orders/{theirs}/")).await.refused(404, "not-found");
    let cancel = |id: &str| town.call("mira", Method::POST, &format!("/api/orders/{id}/cancel/"));
    cancel(&theirs).send().await.refused(404, "not-found");
    cancel(&own).send().await.expect(200);
    town.server.stop().await;
}

/// Every operation, met by a merchant: the back office is closed to them, whichever permissions their role has.
#[tokio::test]
async fn merchants_meet_every_operation() {
    let mut town = Town::open(KINDS[0]).await;
    let (mut met, mut alike) = (0, Vec::new());
    for operation in operations() {
        let Some(permission) = operation.permission else { continue };
        let name = operation.name.as_str();
        if operation.for_others {
            alike.push(operation.name);
            continue;
        }
        let path = operation.path.replace("{id}", NOWHERE).replace(['{', '}'], "");
        let send = |who: &str| -> Call<'_> { town.call(who, operation.method.clone(), &path) };
        let answer = send("mira").send().await;
        if THEIRS.contains(&name) {
            assert!(Role::Merchant.permissions().contains(&permission), "{name}");
            assert!([200, 404].contains(&answer.status), "{name}: {}", answer.text);
            send("boss").send().await.refused(403, "forbidden");
        } else if SHARED.contains(&name) {
            assert!(Role::Merchant.permissions().contains(&permission), "{name}");
            assert!(![401, 403].contains(&answer.status), "{name}: {}", answer.text);
        } else {
            assert_eq!(answer.code(), "forbidden", "{name}: {} {}", answer.status, answer.text);
        }
        met += 1;
    }
    assert!(met > 70, "{met} operations");
    alike.sort();
    let mut known = AS_A_SHOPPER;
    known.sort_unstable();
    assert_eq!(alike, known, "say what a merchant is there");
    town.server.stop().await;
}
