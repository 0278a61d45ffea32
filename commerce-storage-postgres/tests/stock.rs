//! Stock: levels, movements and their guards.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::inventory::{Hold, Level, Reservation};
use commerce_core::{ChangeSet, Guard, Store};
use shop::data::*;
use shop::{in_shop, rows};

#[tokio::test]
async fn locations_come_by_priority_then_code() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let made: Vec<_> = [("B", 2), ("a", 1), ("A", 2), ("Z", -1)]
            .map(|(code, priority)| location(&mut ids, code, priority))
            .into();
        let mut changes = ChangeSet::default();
        changes.inventory.locations = made.clone();
        store.commit(&changes).await.unwrap();
        let codes: Vec<_> =
            store.locations().await.unwrap().into_iter().map(|location| location.code).collect();
        assert_eq!(codes, ["Z", "a", "A", "B"]);

        let before = rows(&store).await;
        let mut again = ChangeSet::default();
        again.inventory.locations = vec![location(&mut ids, "NEW", 1), location(&mut ids, "A", 1)];
        assert_eq!(stale(store.commit(&again).await), Guard::Location);
        assert_eq!(rows(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_level_opens_a_row_and_sets_safety_stock_only_when_it_says_so() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let (variant, location) = (stocked.variant(0), stocked.location.id);
        let set = async |safety_stock| {
            let mut changes = ChangeSet::default();
            changes.inventory.levels.push(Level { variant, location, safety_stock, reorder_level: None });
            store.commit(&changes).await.unwrap();
            store.stock(&[variant]).await.unwrap().1[0]
        };
        assert_eq!(set(Some(2)).await.safety_stock, 2);
        let level = set(None).await;
        assert_eq!((level.safety_stock, level.on_hand, level.priority), (2, 5, 1));
        assert_eq!(set(Some(0)).await.safety_stock, 0);

        let mut nowhere = ChangeSet::default();
        nowhere.inventory.levels.push(level_of_nobody());
        assert!(matches!(stale(store.commit(&nowhere).await), Guard::Stock { .. }));
    })
    .await;
}

fn level_of_nobody() -> Level {
    level(nobody(), nobody())
}

#[tokio::test]
async fn a_movement_goes_neither_below_zero_nor_below_what_is_reserved() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let (variant, location) = (stocked.variant(0), stocked.location.id);
        let cart = filled_cart(&store, 1, 2, &[variant]).await;
        store.commit(&place(&mut ids(50), &cart, &stocked, later(60))).await.unwrap();
        let mut ids = ids(51);
        let mut moved = async |delta, expected| {
            let mut changes = ChangeSet::default();
            let mut adjustment = movement(&mut ids, variant, location, delta);
            adjustment.expected_on_hand = expected;
            changes.inventory.adjust.push(adjustment);
            let before = rows(&store).await;
            let committed = store.commit(&changes).await;
            if committed.is_err() {
                assert_eq!(stale(committed), Guard::Stock { variant, location });
                assert_eq!(rows(&store).await, before);
                return None;
            }
            Some(store.stock(&[variant]).await.unwrap().1[0].on_hand)
        };
        assert_eq!(moved(-4, None).await, None, "1 would be left of which 2 are reserved");
        assert_eq!(moved(-6, None).await, None, "below zero");
        assert_eq!(moved(-3, None).await, Some(2));
        assert_eq!(moved(3, Some(3)).await, None, "2 are there, not 3");
        assert_eq!(moved(3, Some(2)).await, Some(5));
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn movements_of_one_change_set_take_effect_in_their_order() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let (variant, location) = (stocked.variant(0), stocked.location.id);
        let mut ids = ids(51);
        let mut moved = async |steps: &[(i64, Option<i64>)]| {
            let mut changes = ChangeSet::default();
            for (delta, expected) in steps {
                let mut adjustment = movement(&mut ids, variant, location, *delta);
                adjustment.expected_on_hand = *expected;
                changes.inventory.adjust.push(adjustment);
            }
            store
                .commit(&changes)
                .await
                .is_ok()
                .then_some(store.stock(&[variant]).await.unwrap().1[0].on_hand)
        };
        assert_eq!(moved(&[(-6, None), (6, None)]).await, None, "-1 in between");
        assert_eq!(moved(&[(6, None), (-6, None)]).await, Some(5));
        assert_eq!(moved(&[(1, Some(5)), (1, Some(6))]).await, Some(7));
        assert_eq!(moved(&[(1, Some(7)), (1, Some(7))]).await, None);
        assert_eq!(store.violations().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn safety_stock_is_never_promised_but_a_backorder_goes_beyond() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let (variant, location) = (stocked.variant(0), stocked.location.id);
        let mut changes = ChangeSet::default();
        changes.inventory.levels.push(Level {
            variant,
            location,
            safety_stock: Some(2),
            reorder_level: None,
        });
        store.commit(&changes).await.unwrap();

        let cart = filled_cart(&store, 1, 4, &[variant]).await;
        let mut placed = place(&mut ids(50), &cart, &stocked, later(60));
        assert_eq!(stale(store.commit(&placed).await), Guard::Stock { variant, location });
        // Three are free; the fourth is a backorder.
        placed.inventory.reserve[0].quantity = quantity(3);
        let short = Reservation {
            id: ids(52).fresh(),
            quantity: quantity(1),
            backorder: true,
            hold: Hold::Committed,
            ..placed.inventory.reserve[0].clone()
        };
        placed.inventory.reserve.push(short);
        store.commit(&placed).await.unwrap();
        let level = store.stock(&[variant]).await.unwrap().1[0];
        assert_eq!((level.reserved, level.free()), (4, 0));

        let view = store.order(placed.order.place.unwrap().id.into(), None).await.unwrap().unwrap();
        assert_eq!(view.reservations.iter().filter(|reservation| reservation.backorder).count(), 1);
        assert_eq!(
            view.reservations.iter().filter(|reservation| reservation.hold == Hold::Committed).count(),
            1
        );
    })
    .await;
}

#[tokio::test]
async fn stock_is_found_by_variant_then_location() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup"]).await;
        let (now, levels) = store.stock(&[stocked.variant(1), stocked.variant(0), nobody()]).await.unwrap();
        assert!(now > later(0));
        assert_eq!(levels.len(), 2);
        assert!(levels.is_sorted_by_key(|level| (level.variant, level.location)));
        assert_eq!(store.stock(&[]).await.unwrap().1, []);
    })
    .await;
}
