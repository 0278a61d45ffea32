//! What people like: wishlists, the products that they looked at, and what goes with a product.

use std::time::Duration;

use super::Shop;
use super::accounts::registered;
use crate::audit::Actor;
use crate::cart::VariantKey;
use crate::catalog::Slug;
use crate::interest::{GLANCES_MAX, Glance, Look, WishlistError, WishlistItem};
use crate::order::Cancel;
use crate::testkit::{add, item, key, named, variant_id};
use crate::{ChangeSet, CustomerId, Guard};

fn by_id(sku: &str) -> VariantKey {
    VariantKey::Id(variant_id(sku))
}

/// Lets a millisecond pass, so that what is added next sorts behind what was added before.
async fn a_moment_later(shop: &Shop) {
    let moment = Duration::from_millis(1);
    match &shop.clock {
        Some(clock) => clock.advance(moment),
        None => {
            let until = shop.now().await.plus(moment);
            while shop.now().await < until {}
        }
    }
}

async fn skus(shop: &Shop, account: CustomerId) -> Vec<String> {
    let wished = shop.engine.interests().wishlist(account, None, 100).await.unwrap();
    wished.iter().map(|wished| wished.offer.sku.to_string()).collect()
}

/// An account has one wishlist: each variant once, the newest first, with what is so now.
pub async fn a_wishlist_shows_what_is_so_now(shop: &Shop) {
    shop.sell([item("mug").stock(3).price("20"), item("cup").stock(0), item("pot").untracked()]).await;
    let (ada, eve) = (registered(shop, "ada@example.com").await, registered(shop, "eve@example.com").await);
    let interests = shop.engine.interests();
    let first = interests.add(ada.id, &by_id("mug")).await.unwrap();
    assert!(first.is_new && first.wished.offer.on_sale);
    for sku in ["cup", "pot"] {
        a_moment_later(shop).await;
        assert!(interests.add(ada.id, &VariantKey::Sku(key(sku))).await.unwrap().is_new);
    }
    let again = interests.add(ada.id, &by_id("mug")).await.unwrap();
    assert_eq!((again.is_new, again.wished), (false, first.wished.clone()));
    assert_eq!(skus(shop, ada.id).await, ["pot", "cup", "mug"]);
    assert_eq!(skus(shop, eve.id).await, [""; 0]);
    let wished = interests.wishlist(ada.id, None, 2).await.unwrap();
    assert_eq!(wished.iter().map(|wished| wished.available).collect::<Vec<_>>(), [None, Some(0)]);
    let rest = interests.wishlist(ada.id, Some(wished[1].item.id), 2).await.unwrap();
    assert_eq!(rest, std::slice::from_ref(&first.wished));
    assert_eq!(rest[0].available, Some(3));
    let view = shop.store.wishlist(&Look::at(ada.id, 1)).await.unwrap();
    assert_eq!((view.account_known, view.count, view.items.len()), (true, 3, 1));
    // The price of now; and what is no longer sold stays, and can be asked for again.
    shop.sell([item("mug").stock(3).price("25")]).await;
    let dearer = &interests.wishlist(ada.id, None, 9).await.unwrap()[2];
    assert_eq!(dearer.offer.price, crate::testkit::offers(&item("mug").price("25"))[0].price);
    shop.sell([item("mug").stock(3).draft()]).await;
    let unsold = &interests.wishlist(ada.id, None, 9).await.unwrap()[2];
    assert_eq!((unsold.offer.on_sale, unsold.available), (false, Some(0)));
    assert!(!interests.add(ada.id, &by_id("mug")).await.unwrap().is_new);
    assert!(matches!(interests.add(eve.id, &by_id("mug")).await, Err(WishlistError::UnknownVariant)));
    assert!(matches!(interests.add(eve.id, &by_id("none")).await, Err(WishlistError::UnknownVariant)));
    // Taken off by its owner alone, and once.
    assert!(matches!(interests.remove(eve.id, variant_id("cup")).await, Err(WishlistError::NotFound)));
    interests.remove(ada.id, variant_id("cup")).await.unwrap();
    assert!(matches!(interests.remove(ada.id, variant_id("cup")).await, Err(WishlistError::NotFound)));
    assert_eq!(skus(shop, ada.id).await, ["pot", "mug"]);
}

/// A line item of a cart is saved for later: it is on the one or on the other, and what is on both already leaves the cart.
pub async fn a_line_item_is_saved_for_later(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("cup").stock(9)]).await;
    let (ada, eve) = (registered(shop, "ada@example.com").await, registered(shop, "eve@example.com").await);
    let carts = shop.engine.carts();
    carts.add(&ada, &add("mug", 2), None).await.unwrap();
    let cart = carts.add(&ada, &add("cup", 1), None).await.unwrap().cart.cart;
    let interests = shop.engine.interests();
    let foreign = interests.save_for_later(&eve, cart.lines[0].id).await;
    assert!(matches!(foreign, Err(WishlistError::LineNotFound)));
    let saved = interests.save_for_later(&ada, cart.lines[0].id).await.unwrap();
    assert_eq!((saved.is_new, saved.wished.item.variant), (true, variant_id("mug")));
    let left = carts.get(&ada).await.unwrap().cart;
    assert_eq!(left.lines, cart.lines[1..]);
    let twice = interests.save_for_later(&ada, cart.lines[0].id).await;
    assert!(matches!(twice, Err(WishlistError::LineNotFound)));
    a_moment_later(shop).await;
    interests.add(ada.id, &by_id("cup")).await.unwrap();
    shop.sell([item("cup").stock(9).draft()]).await;
    assert!(!interests.save_for_later(&ada, cart.lines[1].id).await.unwrap().is_new);
    assert_eq!(carts.get(&ada).await.unwrap().cart.lines, []);
    assert_eq!(skus(shop, ada.id).await, ["cup", "mug"]);
}

/// A variant that is on the list already, and an account that is not there.
pub async fn a_wishlist_that_changed(shop: &Shop) {
    shop.sell([item("mug")]).await;
    let ada = registered(shop, "ada@example.com").await;
    let added = shop.engine.interests().add(ada.id, &by_id("mug")).await.unwrap().wished.item;
    let mut changes = ChangeSet::default();
    changes.interest.add.push(WishlistItem { id: named("item", "other"), ..added });
    assert_eq!(shop.stale(&changes).await, Guard::Wishlist(ada.id));
    let nobody: CustomerId = named("account", "nobody");
    let mut changes = ChangeSet::default();
    changes.interest.add.push(WishlistItem { id: named("item", "other"), account: nobody, ..added });
    assert_eq!(shop.stale(&changes).await, Guard::Account(nobody));
    assert!(!shop.store.wishlist(&Look::at(nobody, 1)).await.unwrap().account_known);
    let refused = shop.engine.interests().add(nobody, &by_id("mug")).await;
    assert!(matches!(refused, Err(WishlistError::NotFound)));
}

/// Of the products that somebody looked at the last ones are remembered, each once; what is no longer sold is not shown.
pub async fn products_that_were_looked_at(shop: &Shop) {
    const MORE: usize = GLANCES_MAX + 5;
    let slug = |number: usize| -> Slug { format!("p{number}").parse().unwrap() };
    shop.sell((0..MORE).map(|number| item(slug(number).as_str()))).await;
    let (ada, eve) = (registered(shop, "ada@example.com").await, registered(shop, "eve@example.com").await);
    let now = shop.now().await;
    let glance =
        |account, slug: Slug, seconds| Glance { account, slug, at: now.plus(Duration::from_secs(seconds)) };
    let interests = shop.engine.interests();
    let slugs = async |account| {
        let viewed = shop.store.viewed_products(account).await.unwrap();
        let all: Vec<String> = viewed.viewed.iter().map(|viewed| viewed.slug.to_string()).collect();
        let on_sale: Vec<String> = viewed.on_sale.iter().map(|product| product.slug.to_string()).collect();
        (all, on_sale)
    };
    // One by one, then many at once, and those of nobody and of nothing among them.
    for number in 0..3 {
        interests.viewed(vec![glance(ada.id, slug(number), number as u64)]).await.unwrap();
    }
    interests.viewed(vec![glance(ada.id, slug(0), 3), glance(eve.id, slug(1), 3)]).await.unwrap();
    assert_eq!(slugs(ada.id).await.0, ["p0", "p2", "p1"]);
    interests.viewed(vec![glance(ada.id, slug(2), 1)]).await.unwrap();
    assert_eq!(slugs(ada.id).await.0, ["p0", "p2", "p1"], "an older glance does not count");
    let mut many: Vec<Glance> =
        (3..MORE).map(|number| glance(ada.id, slug(number), 10 + number as u64)).collect();
    many.push(glance(named("account", "nobody"), slug(1), 1));
    many.push(glance(ada.id, "no-such-product".parse().unwrap(), 1));
    interests.viewed(many).await.unwrap();
    let (all, on_sale) = slugs(ada.id).await;
    let expected: Vec<String> =
        (MORE - GLANCES_MAX..MORE).rev().map(|number| slug(number).to_string()).collect();
    assert_eq!((&all, &on_sale), (&expected, &expected));
    // A few at a time as well make room for themselves.
    interests.viewed(vec![glance(ada.id, slug(0), 100), glance(ada.id, slug(1), 101)]).await.unwrap();
    let (all, _) = slugs(ada.id).await;
    assert_eq!((all.len(), all[0].as_str(), all[1].as_str()), (GLANCES_MAX, "p1", "p0"));
    assert_eq!(slugs(eve.id).await.0, ["p1"]);
    shop.sell([item("p1").draft()]).await;
    assert_eq!(slugs(eve.id).await, (vec!["p1".to_owned()], vec![]));
}

/// What was bought with a product comes first, then what is like it; what is not on sale does not come, nor the product itself.
pub async fn what_goes_with_a_product(shop: &Shop) {
    let at = shop.now().await;
    let old = |slug: &str, age: u64| item(slug).stock(99).created_at(at.minus(Duration::from_secs(age)));
    shop.sell([
        old("mug", 9).category(&["Kitchen"]).brand("Acme"),
        old("tea", 8),
        old("cup", 7).category(&["Kitchen"]),
        old("pot", 6).category(&["Kitchen"]).brand("Acme"),
        old("jar", 5).category(&["Kitchen"]).draft(),
        old("hat", 4).brand("Acme"),
        old("sea", 3),
        old("oil", 2),
    ])
    .await;
    let related = async |slug: &str, limit| {
        let found = shop.store.related(&slug.parse().unwrap(), limit).await.unwrap();
        found.map(|found| found.iter().map(|product| product.slug.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(related("mug", 20).await.unwrap(), ["pot", "cup", "hat"]);
    assert_eq!(related("sea", 20).await.unwrap(), [""; 0]);
    assert_eq!((related("jar", 20).await, related("none", 20).await), (None, None));
    for lines in [&[("mug", 1), ("tea", 1), ("cup", 1)][..], &[("tea", 5), ("mug", 1)], &[("mug", 1)]] {
        shop.order(lines).await;
    }
    assert_eq!(related("mug", 20).await.unwrap(), ["tea", "cup", "pot", "hat"]);
    assert_eq!(related("mug", 2).await.unwrap(), ["tea", "cup"]);
    assert_eq!(related("cup", 20).await.unwrap(), ["tea", "mug", "pot"]);
    // An order that was cancelled does not count.
    let order = shop.order(&[("sea", 1), ("oil", 1)]).await.order.id;
    assert_eq!(related("sea", 20).await.unwrap(), ["oil"]);
    let cancel = Cancel { actor: Actor::Guest, reason: String::new(), request: None };
    shop.engine.orders().cancel(order, &cancel).await.unwrap();
    assert_eq!(related("sea", 20).await.unwrap(), [""; 0]);
    let service = shop.engine.catalog().related(&"mug".parse().unwrap(), 99).await.unwrap().unwrap();
    assert_eq!(service.len(), 4);
    assert_eq!(service, shop.store.related(&"mug".parse().unwrap(), 20).await.unwrap().unwrap());
}
