//! Counting what is there.

use super::Shop;
use crate::audit::Actor;
use crate::inventory::{Count, InventoryError, MovementReason};
use crate::testkit::{item, key};

/// A count sets what is on hand by a movement, at each location, and opens rows that were not there.
pub async fn a_count_sets_what_is_there(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("pen"), item("cup").stock_at("second", 1)]).await;
    count(shop, &[counted("mug", "main", 7), counted("pen", "main", 3), counted("mug", "second", 2)])
        .await
        .unwrap();
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((9, 0), (3, 0)));
    count(shop, &[counted("mug", "main", 0), counted("mug", "second", 2)]).await.unwrap();
    assert_eq!(shop.stock("mug").await, (2, 0));
    let before = shop.snapshot().await;
    count(shop, &[counted("mug", "main", 0), counted("cup", "second", 1)]).await.unwrap();
    before.assert_same(&shop.snapshot().await);
}

/// Safety stock is set on purpose, and left alone otherwise.
pub async fn safety_stock_is_set_on_purpose(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let safe = |units| Count { safety_stock: units, ..counted("mug", "main", 5) };
    count(shop, &[safe(Some(2))]).await.unwrap();
    assert_eq!(shop.levels("mug").await[0].free(), 3);
    count(shop, &[counted("mug", "main", 9)]).await.unwrap();
    assert_eq!(shop.levels("mug").await[0].free(), 7);
    count(shop, &[Count { safety_stock: Some(0), ..counted("mug", "main", 9) }]).await.unwrap();
    assert_eq!(shop.levels("mug").await[0].free(), 9);
}

/// A count below what is promised is refused, and with it all that was counted beside it.
pub async fn a_count_below_what_is_promised(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("pen").stock(5)]).await;
    shop.order(&[("mug", 3)]).await;
    let before = shop.snapshot().await;
    for on_hand in [2, 0, -1] {
        let refused = count(shop, &[counted("pen", "main", 1), counted("mug", "main", on_hand)]).await;
        let Err(InventoryError::BelowReserved { sku, on_hand: said, reserved }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((sku, said, reserved), (key("mug"), on_hand, 3));
    }
    before.assert_same(&shop.snapshot().await);
    count(shop, &[counted("mug", "main", 3)]).await.unwrap();
    assert_eq!(shop.stock("mug").await, (3, 3));
}

/// What nobody sells, and where nobody stores, cannot be counted.
pub async fn what_cannot_be_counted(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let refused = count(shop, &[counted("mug", "main", 1), counted("nothing", "main", 1)]).await;
    assert!(matches!(refused, Err(InventoryError::UnknownSku(_))), "{refused:?}");
    let refused = count(shop, &[counted("mug", "main", 1), counted("mug", "nowhere", 1)]).await;
    assert!(matches!(refused, Err(InventoryError::UnknownLocation(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// A location is added once; the same code again answers the one that is there.
pub async fn a_location_is_added_once(shop: &Shop) {
    let first = shop.engine.inventory().add_location("LAGOS", "Lagos – Ọjà", 2).await.unwrap();
    let again = shop.engine.inventory().add_location("LAGOS", "Another name", 9).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(shop.engine.inventory().locations().await.unwrap(), [first]);
}

/// What came in since the count was begun is not counted away: many counts at once end in one of them.
pub async fn counts_at_once_end_in_one_of_them(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let mut counts = tokio::task::JoinSet::new();
    for on_hand in 10..20 {
        let engine = shop.engine.clone();
        counts.spawn(async move {
            let count = counted("mug", "main", on_hand);
            engine.inventory().count(&[count], MovementReason::Count, &Actor::System).await
        });
    }
    while let Some(done) = counts.join_next().await {
        done.unwrap().unwrap();
    }
    let (on_hand, _) = shop.stock("mug").await;
    assert!((10..20).contains(&on_hand), "{on_hand}");
}

fn counted(sku: &str, location: &str, on_hand: i64) -> Count {
    Count { sku: key(sku), location: location.to_owned(), on_hand, safety_stock: None }
}

async fn count(shop: &Shop, counts: &[Count]) -> Result<(), InventoryError> {
    shop.engine.inventory().count(counts, MovementReason::Count, &Actor::System).await
}
