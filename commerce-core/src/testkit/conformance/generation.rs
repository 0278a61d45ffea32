//! The generation of the catalogue: another one after every change that shoppers may see, and only then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::Shop;
use crate::audit::Actor;
use crate::cache::Generation;
use crate::checkout::Confirm;
use crate::inventory::{Count, MovementReason};
use crate::testkit::{item, key, variant_id};
use crate::{Engine, VariantId};

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

/// Of many that sell at once, each moves it: two looks that see the same generation see the same stock.
pub async fn sales_at_once_all_move_the_catalogue(shop: &Shop) {
    let skus: Vec<String> = (0..8).map(|n| format!("mug-{n}")).collect();
    shop.sell(skus.iter().map(|sku| item(sku).stock(9))).await;
    let variants: Arc<[VariantId]> = skus.iter().map(|sku| variant_id(sku)).collect();
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let mut sellers = JoinSet::new();
    for sku in &skus {
        let mut carts = Vec::new();
        for _ in 0..4 {
            carts.push(shop.ready_cart(&[(sku, 1)]).await);
        }
        let (engine, variants, seen) = (shop.engine.clone(), Arc::clone(&variants), Arc::clone(&seen));
        sellers.spawn(async move {
            observe(&engine, &variants, &seen).await;
            for token in carts {
                engine.checkout().confirm(&token, &Confirm::default()).await.unwrap();
                observe(&engine, &variants, &seen).await;
            }
        });
    }
    sellers.join_all().await;
    observe(&shop.engine, &variants, &seen).await;
    let after = generation(shop).await;
    let sold: i64 = seen.lock().unwrap()[&after.0].iter().sum();
    assert_eq!(sold, 8 * 4, "nothing moves it any more");
}

/// What is reserved of each variant by the generation that shows it.
type Seen = Mutex<BTreeMap<u64, Vec<i64>>>;

/// Takes down what is reserved, unless it changes meanwhile: under a generation that was seen before it has to be the same.
async fn observe(engine: &Engine, variants: &[VariantId], seen: &Seen) {
    let store = engine.store();
    let before = store.catalog_generation().await.unwrap();
    let (_, levels) = store.stock(variants).await.unwrap();
    if store.catalog_generation().await.unwrap() != before {
        return;
    }
    let reserved = |variant: &VariantId| {
        levels.iter().filter(|level| level.variant == *variant).map(|level| level.reserved).sum()
    };
    let reserved: Vec<i64> = variants.iter().map(reserved).collect();
    let known = seen.lock().unwrap().entry(before.0).or_insert_with(|| reserved.clone()).clone();
    assert_eq!(known, reserved, "two states of the shop share {before:?}");
}

async fn generation(shop: &Shop) -> Generation {
    shop.store.catalog_generation().await.unwrap()
}

async fn moved(shop: &Shop, before: Generation) -> Generation {
    let after = generation(shop).await;
    assert_ne!(after, before);
    after
}
