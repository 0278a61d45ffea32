//! Carts: written, guarded, and looked at with all that a decision needs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::cart::{Look, VariantKey};
use commerce_core::catalog::{Batch, ProductStatus};
use commerce_core::idempotency::{Outcome, Record};
use commerce_core::{Guard, Store};
use shop::data::*;
use shop::in_shop;

#[tokio::test]
async fn a_cart_reads_back_as_it_was_written() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup"]).await;
        let cart = filled_cart(&store, 1, 2, &[stocked.variant(1), stocked.variant(0)]).await;
        let view = seen(&store, 1).await;
        assert_eq!(view.cart, Some(cart));
        assert!(view.token_known);
        assert_eq!(view.rulebook_version, 0);
        assert!(view.now > now(), "the database's clock");
    })
    .await;
}

#[tokio::test]
async fn line_items_are_changed_added_and_removed_by_a_newer_version() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup", "pot"]).await;
        let mut cart = filled_cart(&store, 1, 2, &[stocked.variant(0), stocked.variant(1)]).await;
        let gone = cart.lines.remove(0);
        cart.lines[0].quantity = quantity(7);
        cart.lines.push(cart_line(&mut ids(9), stocked.variant(2), 1));
        cart.version = 2;
        cart.email = None;
        cart.shipping_address = None;
        let mut changes = write(&cart);
        changes.cart.write.as_mut().unwrap().lines_removed.push(gone.id);
        store.commit(&changes).await.unwrap();
        assert_eq!(seen(&store, 1).await.cart, Some(cart));
    })
    .await;
}

#[tokio::test]
async fn an_older_version_is_stale_and_writes_nothing() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug", "cup"]).await;
        let mut cart = filled_cart(&store, 1, 2, &[stocked.variant(0)]).await;
        cart.version = 2;
        store.commit(&write(&cart)).await.unwrap();
        let before = shop::rows(&store).await;
        cart.lines.push(cart_line(&mut ids(9), stocked.variant(1), 1));
        assert_eq!(stale(store.commit(&write(&cart)).await), Guard::Cart(cart.id));
        cart.version = 7;
        assert_eq!(stale(store.commit(&write(&cart)).await), Guard::Cart(cart.id));
        assert_eq!(shop::rows(&store).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_token_opens_one_cart_at_a_time() {
    in_shop(|store| async move {
        let first = filled_cart(&store, 1, 1, &[]).await;
        let other = cart(&mut ids(50), 1, Vec::new());
        assert_eq!(stale(store.commit(&write(&other)).await), Guard::Cart(other.id));
        let again = cart(&mut ids(51), 2, Vec::new());
        let again = commerce_core::cart::Cart { id: first.id, ..again };
        assert_eq!(stale(store.commit(&write(&again)).await), Guard::Cart(first.id));
    })
    .await;
}

#[tokio::test]
async fn of_two_who_change_a_cart_at_once_one_is_stale() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["mug"]).await;
        let mut cart = filled_cart(&store, 1, 1, &[]).await;
        cart.version = 2;
        let racers: Vec<_> = (0..6)
            .map(|racer| {
                let (store, mut cart) = (store.clone(), cart.clone());
                cart.lines.push(cart_line(&mut ids(60 + racer), stocked.variant(0), 1));
                tokio::spawn(async move { store.commit(&write(&cart)).await })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Ok(()) => won += 1,
                lost => assert_eq!(stale(lost), Guard::Cart(cart.id)),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(seen(&store, 1).await.cart.unwrap().lines.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_look_finds_the_variant_that_is_asked_for() {
    in_shop(|store| async move {
        let mut batch = Batch::default();
        let mut products =
            vec![product(&mut ids(3), "mug", 100), rich_product(&mut ids(4), "dress", &mut batch)];
        products[0].status = ProductStatus::Draft;
        store.import(&batch).await.unwrap();
        let stocked = stocked_with(&store, 3, products).await;
        let dress = &stocked.products[1];

        let by_sku = Look { variant: Some(VariantKey::Sku("DRESS-M".parse().unwrap())), ..Look::default() };
        let view = store.cart(&by_sku).await.unwrap();
        assert_eq!(view.cart, None);
        assert!(!view.token_known);
        let offer = view.offer(dress.variants[1].id).unwrap();
        assert_eq!(offer.product_version, 1);
        assert_eq!(
            offer.options,
            [("Size".to_owned(), "M".to_owned()), ("Colour".to_owned(), "red".to_owned())]
        );
        assert_eq!(offer.image.as_deref(), Some("https://example.com/m.jpg"));
        assert_eq!(offer.categories, ["root-dress", "leaf-dress"], "the root first");
        assert_eq!(offer.brand.as_deref(), Some("brand-of-dress"));
        assert_eq!((offer.tracked, offer.backorder, offer.digital, offer.on_sale), (true, true, false, true));
        assert_eq!(offer.price, dress.variants[1].price);
        assert_eq!(view.offers.len(), 1);
        assert_eq!(view.levels.len(), 1);
        assert_eq!((view.levels[0].on_hand, view.levels[0].priority), (3, 1));

        let first = Look { variant: Some(VariantKey::Id(dress.variants[0].id)), ..Look::default() };
        let offer = store.cart(&first).await.unwrap().offers.remove(0);
        assert_eq!(offer.image.as_deref(), Some("https://example.com/1.jpg"), "the product's first");
        assert_eq!(offer.weight, dress.variants[0].weight);

        let draft = Look { variant: Some(VariantKey::Id(stocked.variant(0))), ..Look::default() };
        assert!(!store.cart(&draft).await.unwrap().offers[0].on_sale, "a draft is there, but not on sale");
        let unknown = Look { variant: Some(VariantKey::Sku("NONE".parse().unwrap())), ..Look::default() };
        assert_eq!(store.cart(&unknown).await.unwrap().offers, []);
    })
    .await;
}

#[tokio::test]
async fn offers_and_levels_come_in_their_order() {
    in_shop(|store| async move {
        let stocked = stocked(&store, 5, &["c", "a", "b"]).await;
        let second = location(&mut ids(8), "SECOND", 0);
        let mut changes = commerce_core::ChangeSet::default();
        changes.inventory.locations.push(second.clone());
        changes.inventory.levels = (0..3).map(|index| level(stocked.variant(index), second.id)).collect();
        store.commit(&changes).await.unwrap();
        filled_cart(&store, 1, 1, &[stocked.variant(2), stocked.variant(0), stocked.variant(1)]).await;
        let view = seen(&store, 1).await;
        assert!(view.offers.is_sorted_by_key(|offer| offer.variant));
        assert!(view.levels.is_sorted_by_key(|level| (level.variant, level.location)));
        assert_eq!((view.offers.len(), view.levels.len()), (3, 6));
    })
    .await;
}

#[tokio::test]
async fn a_token_is_known_by_any_cart_that_has_not_expired() {
    in_shop(|store| async move {
        let mut expired = cart(&mut ids(50), 1, Vec::new());
        expired.expires_at = later(60);
        store.commit(&write(&expired)).await.unwrap();
        let view = seen(&store, 1).await;
        assert!(view.cart.is_some() && !view.token_known);

        let stocked = stocked(&store, 5, &["mug"]).await;
        let closing = filled_cart(&store, 2, 1, &[stocked.variant(0)]).await;
        store.commit(&place(&mut ids(51), &closing, &stocked, later(60))).await.unwrap();
        let view = seen(&store, 2).await;
        assert!(view.cart.is_none() && view.token_known);
        assert!(!seen(&store, 3).await.token_known);
    })
    .await;
}

#[tokio::test]
async fn a_look_finds_the_record_of_a_repeated_request() {
    in_shop(|store| async move {
        let cart = cart(&mut ids(50), 1, Vec::new());
        let mut changes = write(&cart);
        let record = Record {
            scope: scope(&cart),
            fingerprint: [9; 32],
            outcome: Outcome::CartChanged(cart.id),
            at: now(),
        };
        changes.idempotency = Some(record.clone());
        store.commit(&changes).await.unwrap();
        let repeated = Look { repeated: Some(scope(&cart)), ..look(1) };
        assert_eq!(store.cart(&repeated).await.unwrap().record, Some(record.clone()));
        let mut other = scope(&cart);
        other.key = "k-2".parse().unwrap();
        assert_eq!(store.cart(&Look { repeated: Some(other), ..look(1) }).await.unwrap().record, None);

        let mut twice = write(&commerce_core::cart::Cart { version: 2, ..cart });
        twice.idempotency = Some(record);
        assert_eq!(stale(store.commit(&twice).await), Guard::Idempotency);
        assert_eq!(seen(&store, 1).await.cart.unwrap().version, 1, "nothing is left behind");
    })
    .await;
}
