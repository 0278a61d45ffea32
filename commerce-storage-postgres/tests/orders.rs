//! Orders: placed whole or not at all, moved by whoever read the latest version, called off once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::order::{FulfillmentState, OrderNumber, OrderState};
use commerce_core::payment::PaymentState;
use commerce_core::{ChangeSet, Expect, Guard, Store};
use shop::data::*;
use shop::{in_shop, rows};

#[tokio::test]
async fn an_order_reads_back_as_it_was_placed() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup", "pot"]).await;
        let cart =
            filled_cart(&store, 1, 2, &[stocked.variant(2), stocked.variant(0), stocked.variant(1)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        store.commit(&changes).await.unwrap();

        let order = changes.order.place.clone().unwrap();
        let view = store.order(order.id.into(), Some(scope(&cart))).await.unwrap().unwrap();
        assert_eq!(view.order, order);
        assert_eq!(view.history, changes.order.history.into_iter().map(|(_, step)| step).collect::<Vec<_>>());
        assert_eq!(view.payments, changes.payment.open);
        let mut reserved = changes.inventory.reserve;
        reserved.sort_by_key(|reservation| reservation.id);
        assert_eq!(view.reservations, reserved);
        assert_eq!(view.record, changes.idempotency);
        assert!(view.now > now());
        assert_eq!(store.order(order.id.into(), None).await.unwrap().unwrap().record, None);
        assert_eq!(store.order(nobody::<commerce_core::OrderId>().into(), None).await.unwrap(), None);

        let (_, levels) = store.stock(&[stocked.variant(0)]).await.unwrap();
        assert_eq!((levels[0].on_hand, levels[0].reserved), (5, 2));
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn every_guard_of_an_order_refuses_and_leaves_nothing_behind() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 50, &["mug", "cup"]).await;
        let variants = [stocked.variant(0), stocked.variant(1)];
        let first = filled_cart(&store, 1, 1, &variants).await;
        let placed = place(&mut ids(50), &first, &stocked, later(60));
        store.commit(&placed).await.unwrap();
        let cart = filled_cart(&store, 2, 1, &variants).await;
        let good = place(&mut ids(51), &cart, &stocked, later(60));
        let before = rows(&store).await;
        let refused = async |spoil: &(dyn Fn(&mut ChangeSet) + Sync)| {
            let mut changes = good.clone();
            spoil(&mut changes);
            let guard = stale(store.commit(&changes).await);
            assert_eq!(rows(&store).await, before, "{guard:?} left something behind");
            guard
        };

        let number = |changes: &mut ChangeSet| {
            changes.order.place.as_mut().unwrap().number =
                placed.order.place.as_ref().unwrap().number.clone();
        };
        assert_eq!(refused(&number).await, Guard::OrderNumber);
        let second_of_a_cart = |changes: &mut ChangeSet| {
            changes.cart.write = None;
            changes.order.place.as_mut().unwrap().cart = first.id;
        };
        assert_eq!(refused(&second_of_a_cart).await, Guard::Cart(first.id));
        let cart_version = |changes: &mut ChangeSet| {
            changes.cart.write.as_mut().unwrap().expected_version = Some(9);
        };
        assert_eq!(refused(&cart_version).await, Guard::Cart(cart.id));
        let reference = |changes: &mut ChangeSet| {
            changes.payment.open[0].reference = placed.payment.open[0].reference.clone();
        };
        assert_eq!(refused(&reference).await, Guard::PaymentReference);
        let record = |changes: &mut ChangeSet| {
            changes.idempotency.as_mut().unwrap().scope = scope(&first);
        };
        assert_eq!(refused(&record).await, Guard::Idempotency);
        let rulebook = |changes: &mut ChangeSet| changes.expects.push(Expect::Rulebook(1));
        assert_eq!(refused(&rulebook).await, Guard::Rulebook);
        let product = stocked.products[1].id;
        let changed = |changes: &mut ChangeSet| changes.expects.push(Expect::Product(product, 2));
        assert_eq!(refused(&changed).await, Guard::Product(product));
        let gone = |changes: &mut ChangeSet| changes.expects.push(Expect::Product(nobody(), 1));
        assert_eq!(refused(&gone).await, Guard::Product(nobody()));
        let stock = |changes: &mut ChangeSet| {
            changes.inventory.reserve[1].quantity = quantity(50);
        };
        let location = stocked.location.id;
        assert_eq!(refused(&stock).await, Guard::Stock { variant: stocked.variant(1), location });
        let nowhere = |changes: &mut ChangeSet| changes.inventory.reserve[0].location = nobody();
        assert_eq!(refused(&nowhere).await, Guard::Stock { variant: stocked.variant(0), location: nobody() });

        store.commit(&good).await.unwrap();
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn the_same_change_set_twice_has_one_effect() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let cart = filled_cart(&store, 1, 1, &[stocked.variant(0)]).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        store.commit(&changes).await.unwrap();
        let before = rows(&store).await;
        stale(store.commit(&changes).await);
        assert_eq!(rows(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back_once() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup"]).await;
        let cart = filled_cart(&store, 1, 2, &[stocked.variant(0), stocked.variant(1)]).await;
        let placed = place(&mut ids(50), &cart, &stocked, later(60));
        store.commit(&placed).await.unwrap();
        let order = placed.order.place.unwrap().id;
        let view = store.order(order.into(), None).await.unwrap().unwrap();
        let changes = cancel(&mut ids(51), &view);
        store.commit(&changes).await.unwrap();

        let cancelled = store.order(order.into(), None).await.unwrap().unwrap();
        assert_eq!(cancelled.order.status, OrderState::Cancelled);
        assert_eq!(cancelled.order.payment_status, PaymentState::Failed);
        assert_eq!(cancelled.order.fulfillment_status, FulfillmentState::Unfulfilled);
        assert_eq!(cancelled.order.version, 2);
        assert_eq!((cancelled.payments[0].state(), cancelled.payments[0].version), (PaymentState::Failed, 2));
        assert_eq!(cancelled.reservations, []);
        assert_eq!(cancelled.history.len(), 5);
        assert_eq!(
            cancelled.history[3..],
            changes.order.history.iter().map(|(_, step)| step.clone()).collect::<Vec<_>>()
        );
        let (_, levels) = store.stock(&[stocked.variant(0), stocked.variant(1)]).await.unwrap();
        assert!(levels.iter().all(|level| level.reserved == 0 && level.on_hand == 5));
        assert_eq!(store.violations().await.unwrap(), []);

        let before = rows(&store).await;
        assert_eq!(stale(store.commit(&changes).await), Guard::Order(order));
        let mut release_only = ChangeSet::default();
        release_only.inventory.release = changes.inventory.release.clone();
        let reservation = changes.inventory.release[0].reservation;
        assert_eq!(stale(store.commit(&release_only).await), Guard::Reservation(reservation));
        let mut payment_only = ChangeSet::default();
        payment_only.payment.advance = changes.payment.advance.clone();
        assert_eq!(stale(store.commit(&payment_only).await), Guard::Payment(changes.payment.advance[0].id));
        assert_eq!(rows(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_release_that_names_other_units_than_were_reserved_is_refused() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let cart = filled_cart(&store, 1, 2, &[stocked.variant(0)]).await;
        let placed = place(&mut ids(50), &cart, &stocked, later(60));
        store.commit(&placed).await.unwrap();
        let view = store.order(placed.order.place.unwrap().id.into(), None).await.unwrap().unwrap();
        let mut changes = cancel(&mut ids(51), &view);
        changes.inventory.release[0].of = quantity(1);
        changes.inventory.release[0].quantity = quantity(1);
        let reservation = view.reservations[0].id;
        assert_eq!(stale(store.commit(&changes).await), Guard::Reservation(reservation));
    })
    .await;
}

#[tokio::test]
async fn overdue_orders_come_by_expiry() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 50, &["mug", "cup"]).await;
        let mut expected = Vec::new();
        for (byte, held) in
            [(1, later(30)), (2, later(10)), (3, "2999-01-01T00:00:00Z".parse().unwrap()), (4, later(20))]
        {
            let cart = filled_cart(&store, byte, 1, &[stocked.variant(0), stocked.variant(1)]).await;
            let changes = place(&mut ids(50 + byte), &cart, &stocked, held);
            store.commit(&changes).await.unwrap();
            expected.push(changes.order.place.unwrap().id);
        }
        let (first, second, third) = (expected[1], expected[3], expected[0]);
        assert_eq!(store.overdue_orders(10).await.unwrap(), [first, second, third]);
        assert_eq!(store.overdue_orders(2).await.unwrap(), [first, second]);
        let view = store.order(first.into(), None).await.unwrap().unwrap();
        store.commit(&cancel(&mut ids(60), &view)).await.unwrap();
        assert_eq!(store.overdue_orders(10).await.unwrap(), [second, third]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_units_go_to_whoever_commits_first() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 3, &["mug", "cup"]).await;
        // Both orders of the line items: without one order of locks, half of the buyers would wait for the other half.
        let mut racers = Vec::new();
        for byte in 0..24 {
            let variants = if byte % 2 == 0 { [0, 1] } else { [1, 0] }.map(|index| stocked.variant(index));
            let cart = filled_cart(&store, byte, 1, &variants).await;
            let changes = place(&mut ids(100 + byte), &cart, &stocked, later(60));
            let store = store.clone();
            racers.push(tokio::spawn(async move { store.commit(&changes).await }));
        }
        let mut won = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(()) => won += 1,
                lost => assert!(matches!(stale(lost), Guard::Stock { .. })),
            }
        }
        assert_eq!(won, 3);
        let (_, levels) = store.stock(&[stocked.variant(0), stocked.variant(1)]).await.unwrap();
        assert!(levels.iter().all(|level| level.reserved == 3));
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_change_set_without_changes_commits() {
    in_shop(|store| async move { store.commit(&ChangeSet::default()).await.unwrap() }).await;
}

#[tokio::test]
async fn many_line_items_take_as_many_statements_as_one() {
    in_shop(|store| async move {
        let slugs: Vec<String> = (0..100).map(|number| format!("p{number}")).collect();
        let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
        let stocked = stocked(&store, 5, &slugs).await;
        let variants: Vec<_> = (0..100).map(|index| stocked.variant(index)).collect();
        let cart = filled_cart(&store, 1, 2, &variants).await;
        let changes = place(&mut ids(50), &cart, &stocked, later(60));
        store.commit(&changes).await.unwrap();
        let order = changes.order.place.unwrap();
        assert_eq!(store.order(order.id.into(), None).await.unwrap().unwrap().order, order);
        assert_ne!(order.number, OrderNumber(String::new()));
    })
    .await;
}
