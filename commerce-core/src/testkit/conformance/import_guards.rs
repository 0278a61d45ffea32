//! Each guard of the bulk door is seen to refuse, and what it refused left nothing behind: most cases put a good product
//! before the bad one.

use super::Shop;
use crate::Guard;
use crate::catalog::{AttributeKind, Batch};
use crate::inventory::{Adjustment, Location, Movement, MovementReason};
use crate::testkit::{Item, item, location_id, named, product_id, variant_id};

/// A product that changed since it was read.
pub async fn a_product_that_changed(shop: &Shop) {
    shop.sell([item("mug")]).await;
    let batch = shop.batch([good(), item("mug").price("30")]).await;
    shop.sell([item("mug").price("27")]).await;
    assert_eq!(shop.stale_import(&batch).await, Guard::Product(product_id("mug")));
    let mut unknown = shop.batch([good()]).await;
    unknown.products[0].expected_version = Some(1);
    unknown.products[0].product.version = 2;
    assert_eq!(shop.stale_import(&unknown).await, Guard::Product(product_id("good")));
}

/// A new product whose slug was taken meanwhile, by whatever status or deleted.
pub async fn a_slug_that_is_taken(shop: &Shop) {
    shop.sell([item("mug"), item("gone").deleted()]).await;
    for slug in ["mug", "gone"] {
        let mut batch = shop.batch([good(), item(slug).sku("other")]).await;
        batch.products[1].expected_version = None;
        let product = &mut batch.products[1].product;
        product.id = named("product", "other");
        product.version = 1;
        assert_eq!(shop.stale_import(&batch).await, Guard::Product(named("product", "other")));
    }
}

/// A SKU that belongs to a variant of another product, in the shop or in the batch itself.
pub async fn a_sku_that_is_taken(shop: &Shop) {
    shop.sell([item("mug"), item("pen")]).await;
    let mut batch = shop.batch([good(), item("cup").sku("mug")]).await;
    batch.products[1].product.variants[0].id = variant_id("cup");
    assert_eq!(shop.stale_import(&batch).await, Guard::Sku);
    let mut renamed = shop.batch([good(), item("pen")]).await;
    renamed.products[1].product.variants[0].sku = "mug".parse().unwrap();
    assert_eq!(shop.stale_import(&renamed).await, Guard::Sku);
    let mut twice = shop.batch([good(), item("cup").sku("new")]).await;
    twice.products[0].product.variants[0].sku = "new".parse().unwrap();
    assert_eq!(shop.stale_import(&twice).await, Guard::Sku);
}

/// A brand, a category and an attribute that another import made meanwhile, under another id.
pub async fn a_name_that_was_made_meanwhile(shop: &Shop) {
    let make = || {
        item("cup").brand("Kiln").category(&["Home", "Kitchen"]).attribute(
            "fabric",
            AttributeKind::Text,
            "clay",
        )
    };
    let batch = shop.batch([make()]).await;
    shop.sell([item("mug").brand("Kiln")]).await;
    let other_id = |change: fn(&mut Batch)| {
        let mut batch = batch.clone();
        change(&mut batch);
        batch
    };
    let brand = other_id(|batch| {
        batch.brands[0].id = named("brand", "other");
        batch.products[0].product.brand = Some(batch.brands[0].id);
    });
    assert_eq!(shop.stale_import(&brand).await, Guard::Brand);
    let brand_by_name = other_id(|batch| {
        batch.brands[0].id = named("brand", "other");
        batch.brands[0].slug = "another".parse().unwrap();
        batch.brands[0].name = " KILN ".to_owned();
        batch.products[0].product.brand = Some(batch.brands[0].id);
    });
    assert_eq!(shop.stale_import(&brand_by_name).await, Guard::Brand);
    shop.sell([item("pen").category(&["Home"])]).await;
    let category = other_id(|batch| {
        batch.brands.clear();
        batch.categories[0].id = named("category", "other");
        batch.categories[1].parent = Some(batch.categories[0].id);
    });
    assert_eq!(shop.stale_import(&category).await, Guard::Category);
    shop.sell([item("tee").attribute("fabric", AttributeKind::Text, "cotton")]).await;
    let attribute = other_id(|batch| {
        batch.brands.clear();
        batch.categories.clear();
        batch.products[0].product.category = None;
        batch.attributes[0].id = named("attribute", "other");
        batch.products[0].product.attributes[0].attribute = batch.attributes[0].id;
    });
    assert_eq!(shop.stale_import(&attribute).await, Guard::Attribute);
}

/// Stock in a batch is guarded as it is in a change set, and a location code too.
pub async fn stock_in_a_batch_is_guarded(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    shop.order(&[("mug", 3)]).await;
    let mut batch = shop.batch([good(), item("mug")]).await;
    batch.inventory.adjust.push(Adjustment {
        movement: Movement {
            id: named("movement", "one"),
            variant: variant_id("mug"),
            location: location_id("main"),
            delta: -3,
            reason: MovementReason::Import,
            actor: crate::audit::Actor::System,
            note: String::new(),
            reference: String::new(),
            audit: None,
            at: shop.now().await,
        },
        expected_on_hand: None,
    });
    let guard = Guard::Stock { variant: variant_id("mug"), location: location_id("main") };
    assert_eq!(shop.stale_import(&batch).await, guard);
    batch.inventory.adjust[1].movement.delta = 1;
    batch.inventory.adjust[1].expected_on_hand = Some(4);
    assert_eq!(shop.stale_import(&batch).await, guard);
    let mut batch = shop.batch([good()]).await;
    batch.inventory.locations.push(Location::new(named("location", "other"), "main", "Another", 1));
    assert_eq!(shop.stale_import(&batch).await, Guard::Location);
}

/// What is not refused: the same batch, when nothing came between.
pub async fn what_nothing_came_between_is_imported(shop: &Shop) {
    let batch = shop.batch([good(), item("mug").stock(5)]).await;
    shop.store.import(&batch).await.unwrap();
    assert_eq!(shop.stock("mug").await, (5, 0));
    shop.store.import(&Batch::default()).await.unwrap();
}

fn good() -> Item {
    item("good").tags(&["new"]).image("https://img.example/good.jpg", "").stock(3)
}
