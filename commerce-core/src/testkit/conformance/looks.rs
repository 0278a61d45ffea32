//! What decisions look at: carts with offers and levels, orders, the rulebook, what is overdue.

use serde_json::json;

use super::{Shop, before, request};
use crate::cart::{CartError, CartToken, Look, Offer, TokenHash, VariantKey};
use crate::catalog::{AttributeKind, LengthUnit, TaxClass, WeightUnit};
use crate::idempotency::{Outcome, Scope};
use crate::inventory::Hold;
use crate::order::OrderState;
use crate::pricing::Rulebook;
use crate::testkit::{add, item, key, named, offers, variant_id};
use crate::{Currency, OrderId, VariantId};

/// A look that asks for nothing finds nothing, but knows the time and the version of the rulebook.
pub async fn a_look_at_nothing(shop: &Shop) {
    let earlier = shop.now().await;
    let view = shop.store.cart(&Look::default()).await.unwrap();
    assert!(view.now >= earlier);
    assert_eq!((view.cart, view.token_known, view.record), (None, false, None));
    assert_eq!((view.offers, view.levels, view.rulebook_version), (Vec::new(), Vec::new(), 0));
}

/// A token that nobody was given opens nothing and is not known.
pub async fn an_unknown_token(shop: &Shop) {
    shop.sell([item("mug").stock(1)]).await;
    shop.cart(&[("mug", 1)]).await;
    let view = shop.view(&CartToken::from_bytes([9; 32])).await;
    assert_eq!((view.cart, view.token_known), (None, false));
    assert_eq!(view.offers, []);
}

/// An open cart comes with the offers and levels of its variants and of the one asked for, by id or by SKU, each once.
pub async fn an_open_cart_with_its_offers(shop: &Shop) {
    shop.sell(["a", "b", "c", "d"].map(|slug| item(slug).stock(5).stock_at("second", 2))).await;
    let token = shop.cart(&[("b", 1), ("a", 2), ("c", 3)]).await;
    let look = |variant| Look { token: Some(token.hash()), variant, ..Look::default() };
    let by_id = |sku| Some(VariantKey::Id(variant_id(sku)));
    let by_sku = |sku| Some(VariantKey::Sku(key(sku)));
    let asked = [
        (None, vec!["a", "b", "c"]),
        (by_id("d"), vec!["a", "b", "c", "d"]),
        (by_sku("d"), vec!["a", "b", "c", "d"]),
        (by_id("a"), vec!["a", "b", "c"]),
        (by_sku("a"), vec!["a", "b", "c"]),
        (by_id("unknown"), vec!["a", "b", "c"]),
        (by_sku("D"), vec!["a", "b", "c"]),
    ];
    for (variant, skus) in asked {
        let view = shop.store.cart(&look(variant.clone())).await.unwrap();
        let mut expected: Vec<VariantId> = skus.into_iter().map(variant_id).collect();
        expected.sort_unstable();
        assert_eq!(
            view.offers.iter().map(|offer| offer.variant).collect::<Vec<_>>(),
            expected,
            "{variant:?}"
        );
        assert_eq!(view.levels, shop.store.stock(&expected).await.unwrap().1, "{variant:?}");
        let lines: Vec<VariantId> = view.cart.unwrap().lines.iter().map(|line| line.variant).collect();
        assert_eq!(lines, ["b", "a", "c"].map(variant_id), "in the order in which they were added");
    }
}

/// An offer says all that a decision needs of a variant and its product.
pub async fn an_offer_in_full(shop: &Shop) {
    let tee = item("tee")
        .name("Adire tee – Ọjà")
        .brand("Looms")
        .category(&["Clothing", "Shirts", "Tees"])
        .image("https://img.example/product.jpg", "")
        .tags(&["new", "Adire"])
        .options(&["Size", "Colour"])
        .linked_to("size")
        .attribute("material", AttributeKind::Select, "Baumwolle & Ọjà")
        .attribute("care", AttributeKind::Text, "cold")
        .sku("tee-s")
        .values(&["S", "Indigo"])
        .price("20.5025")
        .compare_at("30")
        .dimensions("30", "20.5", "2", LengthUnit::Centimetre)
        .weight("187.95733831875", WeightUnit::Ounce)
        .tax_class(&TaxClass::exempt())
        .stock(1)
        .variant("tee-m", &["M", "Rot"])
        .with(|variant| variant.image = Some("https://img.example/m.jpg".to_owned()))
        .backorder()
        .variant("tee-pdf", &["M", "Paper"])
        .digital()
        .untracked();
    shop.sell([tee.clone()]).await;
    for expected in offers(&tee) {
        assert_eq!(offer(shop, expected.variant).await, Some(expected));
    }
    let seen = offer(shop, variant_id("tee-s")).await.unwrap();
    assert_eq!(seen.categories, ["clothing", "shirts", "tees"]);
    assert_eq!(
        (seen.brand.as_deref(), seen.tags),
        (Some("looms"), vec!["new".to_owned(), "Adire".to_owned()])
    );
    let pair = |code: &str, value: &str| (code.to_owned(), value.to_owned());
    let attributes = [pair("material", "Baumwolle & Ọjà"), pair("care", "cold"), pair("size", "S")];
    assert_eq!(seen.attributes, attributes, "those that options are linked to come last");
    assert_eq!(
        serde_json::to_value(seen.dimensions).unwrap(),
        json!({"length": "30", "width": "20.5", "height": "2", "unit": "cm"})
    );
    shop.sell([tee.clone().price("1")]).await;
    let again = offer(shop, variant_id("tee-s")).await.unwrap();
    assert_eq!(again.product_version, 2, "the version that a price was read from");
    shop.sell([item("plain")]).await;
    let plain = offer(shop, variant_id("plain")).await.unwrap();
    assert_eq!(
        (plain.image, plain.weight, plain.categories, plain.options),
        (None, None, Vec::new(), Vec::new())
    );
    assert_eq!((plain.brand, plain.compare_at, plain.dimensions), (None, None, None));
    assert_eq!((plain.tags, plain.attributes), (Vec::new(), Vec::new()));
    // Another brand and a branch that are there already, and a product that has them no more.
    shop.sell([item("plain").brand("Looms").category(&["Clothing", "Shirts"])]).await;
    let named = offer(shop, variant_id("plain")).await.unwrap();
    assert_eq!((named.brand.as_deref(), named.categories.len()), (Some("looms"), 2));
    shop.sell([item("plain")]).await;
    let bare = offer(shop, variant_id("plain")).await.unwrap();
    assert_eq!((bare.brand, bare.categories, bare.product_version), (None, Vec::new(), 3));
}

/// A variant of a draft or a deleted product is seen, so that a cart that holds it can say so; it is not on sale.
pub async fn what_is_not_on_sale_is_seen_as_such(shop: &Shop) {
    shop.sell([item("shown"), item("draft").draft(), item("gone").deleted()]).await;
    assert!(offer(shop, variant_id("shown")).await.unwrap().on_sale);
    for sku in ["draft", "gone"] {
        assert!(!offer(shop, variant_id(sku)).await.unwrap().on_sale, "{sku}");
        let refused = shop.engine.carts().add(crate::cart::Shopper::Newcomer, &add(sku, 1), None).await;
        assert!(matches!(refused, Err(CartError::UnknownVariant)), "{sku}: {refused:?}");
    }
}

/// The token of a cart that became an order is known and opens nothing; the next cart has the same token.
pub async fn a_closed_cart_leaves_its_token(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let first = shop.view(&token).await.cart.unwrap();
    shop.confirm(&token).await.unwrap();
    let view = shop.view(&token).await;
    assert_eq!((view.cart, view.token_known, view.offers), (None, true, Vec::new()));
    let next = shop.engine.carts().add(Some(&token), &add("mug", 2), None).await.unwrap();
    assert_ne!(next.cart.cart.id, first.id);
    let view = shop.view(&token).await;
    assert_eq!(view.cart, Some(next.cart.cart));
}

/// A cart that has expired is still read, so that the decision can refuse it; it is not opened.
pub async fn an_expired_cart_is_refused(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let open = shop.view(&token).await;
    let before_it = open.cart.unwrap();
    let mut expired = before_it.clone();
    expired.expires_at = before(open.now, 1);
    let mut changes = crate::ChangeSet::default();
    changes.cart.write = Some(crate::cart::Write::between(Some(&before_it), &mut expired));
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(shop.view(&token).await.cart, Some(expired));
    let refused = shop.engine.carts().get(Some(&token)).await;
    assert!(matches!(refused, Err(CartError::NotFound)), "{refused:?}");
    let refused = shop.engine.carts().add(Some(&token), &add("mug", 1), None).await;
    assert!(matches!(refused, Err(CartError::NotFound)), "{refused:?}");
}

/// The record of a request is found by actor, route and key together, and by nothing less.
pub async fn a_record_is_found_by_its_whole_scope(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let asked = request("key-1", "one mug");
    let answer =
        shop.engine.carts().add(crate::cart::Shopper::Newcomer, &add("mug", 1), Some(&asked)).await.unwrap();
    let record = async |scope: Scope| {
        let look = Look { repeated: Some(scope), ..Look::default() };
        shop.store.cart(&look).await.unwrap().record
    };
    let found = record(asked.scope.clone()).await.unwrap();
    assert_eq!((&found.scope, found.fingerprint), (&asked.scope, asked.fingerprint));
    assert_eq!(found.outcome, Outcome::CartChanged(answer.cart.cart.id));
    assert_eq!(found.at, answer.cart.cart.updated_at);
    assert_eq!(record(Scope { actor: "other".to_owned(), ..asked.scope.clone() }).await, None);
    assert_eq!(record(Scope { route: "other".to_owned(), ..asked.scope.clone() }).await, None);
    assert_eq!(record(Scope { key: "key-2".parse().unwrap(), ..asked.scope.clone() }).await, None);
    assert_eq!(record(Scope { key: "KEY-1".parse().unwrap(), ..asked.scope.clone() }).await, None);
    let order = shop.order(&[("mug", 1)]).await.order.id;
    let with = shop.store.order(order.into(), Some(asked.scope.clone())).await.unwrap().unwrap();
    assert_eq!(with.record, Some(found));
    assert_eq!(shop.store.order(order.into(), None).await.unwrap().unwrap().record, None);
}

/// The rulebook in force is the last one applied.
pub async fn the_rulebook_in_force(shop: &Shop) {
    for version in 1..=3 {
        let mut rulebook = Rulebook::starter(Currency::NGN);
        rulebook.shipping.methods[0].label = format!("Version {version} – Ọjà");
        let applied = shop.rules(rulebook.clone()).await;
        assert_eq!((applied.version, &applied.rulebook), (version, &rulebook));
        assert_eq!(shop.store.rulebook().await.unwrap(), Some(applied));
        assert_eq!(shop.store.cart(&Look::default()).await.unwrap().rulebook_version, version);
    }
}

/// An order that nobody placed is not there.
pub async fn an_unknown_order(shop: &Shop) {
    assert_eq!(shop.store.order(named::<OrderId>("order", "x").into(), None).await.unwrap(), None);
}

/// What a look at an order finds is what the service answered when it was placed.
pub async fn an_order_reads_back_as_it_was_answered(shop: &Shop) {
    shop.sell([item("mug").stock(3).stock_at("second", 3), item("pen").stock(9)]).await;
    let token = shop.ready_cart(&[("mug", 5), ("pen", 2)]).await;
    let confirmed = shop.confirm(&token).await.unwrap();
    let mut answered = confirmed.order.clone();
    let read = shop.order_now(answered.order.id).await;
    answered.now = read.now;
    answered.reservations.sort_by_key(|reservation| reservation.id);
    assert_eq!(read, answered);
    assert_eq!(read.payments, [confirmed.payment]);
    assert_eq!(read.reservations.len(), 3, "the mugs come from two locations");
}

/// Only open reservations are read: those of a cancelled order are gone.
pub async fn a_cancelled_order_has_no_open_reservations(shop: &Shop) {
    shop.sell([item("mug").stock(3)]).await;
    let order = shop.order(&[("mug", 2)]).await.order;
    shop.engine.orders().cancel(order.id, &super::cancel()).await.unwrap();
    let read = shop.order_now(order.id).await;
    assert_eq!((read.reservations, read.order.status), (Vec::new(), OrderState::Cancelled));
    assert_eq!(read.order.version, 2);
}

/// Orders whose payment window has closed, the earliest expiry first, each once; committed ones never.
pub async fn overdue_orders_come_by_expiry(shop: &Shop) {
    shop.sell([item("mug").stock(50).stock_at("second", 50)]).await;
    let second = shop.order_overdue_by(20, &[("mug", 60)]).await.order.id;
    let third = shop.order_overdue_by(10, &[("mug", 1)]).await.order.id;
    let first = shop.order_overdue_by(30, &[("mug", 1)]).await.order.id;
    let still_open = shop.card_order(&[("mug", 1)]).await;
    let committed = shop.order(&[("mug", 1)]).await;
    assert!(matches!(still_open.reservations[0].hold, Hold::Held(until) if until > still_open.now));
    assert_eq!(committed.reservations[0].hold, Hold::Committed);
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), [first, second, third]);
    assert_eq!(shop.store.overdue_orders(2).await.unwrap(), [first, second]);
    assert_eq!(shop.store.overdue_orders(0).await.unwrap(), []);
    shop.engine.orders().cancel(first, &super::cancel()).await.unwrap();
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), [second, third]);
}

/// A token is found by its whole hash.
pub async fn tokens_that_are_alike_are_not_the_same(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let TokenHash(mut alike) = token.hash();
    alike[31] ^= 1;
    let view = shop.store.cart(&Look { token: Some(TokenHash(alike)), ..Look::default() }).await.unwrap();
    assert_eq!((view.cart, view.token_known), (None, false));
}

async fn offer(shop: &Shop, variant: VariantId) -> Option<Offer> {
    let look = Look { variant: Some(VariantKey::Id(variant)), ..Look::default() };
    let view = shop.store.cart(&look).await.unwrap();
    view.offers.into_iter().find(|offer| offer.variant == variant)
}
