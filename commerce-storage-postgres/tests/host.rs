//! A host with a transaction of its own: our change set and its rows, all or none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::{ChangeSet, Guard, Store};
use commerce_storage_postgres::{apply, cart_view, inventory, order_view};
use shop::data::*;
use shop::{in_shop, rows, sabotage};

#[tokio::test]
async fn a_change_set_is_part_of_the_hosts_transaction() {
    in_shop(|store| async move {
        sabotage(&store, "create table loyalty (points bigint primary key)").await;
        let stocked = stocked(&store, 5, &["mug"]).await;
        let cart = filled_cart(&store, 1, 2, &[stocked.variant(0)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        let order = changes.order.place.as_ref().unwrap().id;
        let before = rows(&store).await;

        let mut transaction = store.pool().begin().await.unwrap();
        sqlx::query("insert into loyalty values (7)").execute(&mut *transaction).await.unwrap();
        apply(&mut transaction, &changes).await.unwrap();
        assert!(order_view(&mut transaction, order, None).await.unwrap().is_some(), "seen inside");
        assert_eq!(cart_view(&mut transaction, &look(1)).await.unwrap().cart, None);
        assert!(store.order(order.into(), None).await.unwrap().is_none(), "not yet outside");
        transaction.rollback().await.unwrap();
        assert_eq!(rows(&store).await, before);

        let mut transaction = store.pool().begin().await.unwrap();
        sqlx::query("insert into loyalty values (7)").execute(&mut *transaction).await.unwrap();
        apply(&mut transaction, &changes).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(store.order(order.into(), None).await.unwrap().is_some());
        assert_eq!(shop::number(&store, "select points from loyalty").await, 7);
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_part_of_a_change_set_can_be_applied_alone() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let (variant, location) = (stocked.variant(0), stocked.location.id);
        let mut transaction = store.pool().begin().await.unwrap();
        let cart = cart(&mut ids(50), 1, Vec::new());
        commerce_storage_postgres::cart::apply(&mut transaction, &write(&cart).cart).await.unwrap();
        let mut changes = ChangeSet::default();
        changes.inventory.adjust.push(movement(&mut ids(51), variant, location, -2));
        inventory::apply(&mut transaction, &changes.inventory).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(seen(&store, 1).await.cart, Some(cart));
        assert_eq!(store.stock(&[variant]).await.unwrap().1[0].on_hand, 3);

        let mut transaction = store.pool().begin().await.unwrap();
        changes.inventory.adjust[0] = movement(&mut ids(52), variant, location, -9);
        let refused = inventory::apply(&mut transaction, &changes.inventory).await;
        assert_eq!(stale(refused), Guard::Stock { variant, location });
        transaction.rollback().await.unwrap();
    })
    .await;
}
