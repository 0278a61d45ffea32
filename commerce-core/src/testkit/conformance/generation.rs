//! The generation of the catalogue: another one after every change that shoppers may see, and only then.

use super::Shop;
use crate::audit::Actor;
use crate::cache::Generation;
use crate::inventory::{Count, MovementReason};
use crate::testkit::{item, key};

/// Products that are new, changed, or taken from sale.
pub async fn an_import_moves_the_catalogue(shop: &Shop) {
    let empty = generation(shop).await;
    shop.sell([item("mug")]).await;
    let first = moved(shop, empty).await;
    shop.sell([item("mug").price("900.00")]).await;
    let dearer = moved(shop, first).await;
    shop.sell([item("mug").draft()]).await;
    assert_ne!(moved(shop, dearer).await, first, "it never comes back");
}

/// What is left of a product: by a count, a sale, a cancelled one, safety stock; and the rules, for their currency.
pub async fn what_is_left_moves_the_catalogue(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("pen").stock(5)]).await;
    let stocked = generation(shop).await;
    let order = shop.order(&[("mug", 2), ("pen", 1)]).await;
    let sold = moved(shop, stocked).await;
    shop.engine.orders().cancel(order.order.id, &super::cancel()).await.unwrap();
    let cancelled = moved(shop, sold).await;
    let counted =
        |on_hand, safety_stock| Count { sku: key("mug"), location: "main".to_owned(), on_hand, safety_stock };
    shop.engine.inventory().count(&[counted(7, None)], MovementReason::Count, &Actor::System).await.unwrap();
    let counted_anew = moved(shop, cancelled).await;
    shop.engine
        .inventory()
        .count(&[counted(7, Some(2))], MovementReason::Count, &Actor::System)
        .await
        .unwrap();
    let safer = moved(shop, counted_anew).await;
    shop.rules(shop.engine.rules().show().await.unwrap().rulebook.clone()).await;
    moved(shop, safer).await;
}

/// Carts, and all that nobody sees, leave it as it is; and so does what was refused.
pub async fn carts_leave_the_catalogue_alone(shop: &Shop) {
    shop.sell([item("mug").stock(1)]).await;
    let before = generation(shop).await;
    let (one, other) = (shop.ready_cart(&[("mug", 1)]).await, shop.ready_cart(&[("mug", 1)]).await);
    assert_eq!(generation(shop).await, before);
    shop.confirm(&one).await.unwrap();
    let sold = moved(shop, before).await;
    shop.confirm(&other).await.unwrap_err();
    assert_eq!(generation(shop).await, sold);
}

/// Of many that sell at once, each moves it.
pub async fn sales_at_once_all_move_the_catalogue(shop: &Shop) {
    let skus: Vec<String> = (0..8).map(|n| format!("mug-{n}")).collect();
    shop.sell(skus.iter().map(|sku| item(sku).stock(9))).await;
    let mut carts = Vec::new();
    for sku in &skus {
        carts.push(shop.ready_cart(&[(sku, 1)]).await);
    }
    let before = generation(shop).await;
    let seen: Vec<_> = carts
        .into_iter()
        .map(|token| {
            let engine = shop.engine.clone();
            tokio::spawn(async move {
                engine.checkout().confirm(&token, &crate::checkout::Confirm::default()).await.unwrap();
                engine.store().catalog_generation().await.unwrap()
            })
        })
        .collect();
    for seen in seen {
        assert_ne!(seen.await.unwrap(), before, "who has sold something sees another generation");
    }
}

async fn generation(shop: &Shop) -> Generation {
    shop.store.catalog_generation().await.unwrap()
}

async fn moved(shop: &Shop, before: Generation) -> Generation {
    let after = generation(shop).await;
    assert_ne!(after, before);
    after
}
