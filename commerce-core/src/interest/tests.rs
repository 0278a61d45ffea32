//! The decisions about what somebody likes, as data.

use super::*;
use crate::cart::VariantKey;
use crate::testkit::{ids, item, named, offers, start, variant_id};
use crate::{CustomerId, Timestamp};

fn account() -> CustomerId {
    named("account", "ada")
}

fn view(on_sale: bool, count: u64, listed: bool) -> View {
    let mut offers = offers(&item("mug").stock(3));
    offers.iter_mut().for_each(|offer| offer.on_sale = on_sale);
    let variant = variant_id("mug");
    let item = WishlistItem { id: named("item", "mug"), account: account(), variant, added_at: start() };
    let items = if listed { vec![item] } else { Vec::new() };
    View { now: start(), account_known: true, count, items, offers, levels: Vec::new() }
}

fn mug() -> VariantKey {
    VariantKey::Id(variant_id("mug"))
}

#[test]
fn what_is_sold_is_added_once() {
    let mut ids = ids(start());
    let (added, changes) = add(&view(true, 0, false), account(), &mug(), &mut ids).unwrap();
    assert!(added.is_new);
    assert_eq!((changes.interest.add, added.wished.available), (vec![added.wished.item], Some(0)));
    let (again, changes) = add(&view(true, 1, true), account(), &mug(), &mut ids).unwrap();
    assert_eq!((again.is_new, changes), (false, Default::default()));
    let (gone, _) = add(&view(false, 1, true), account(), &mug(), &mut ids).unwrap();
    assert_eq!((gone.is_new, gone.wished.offer.on_sale), (false, false));
}

#[test]
fn what_is_not_added() {
    let mut ids = ids(start());
    let unsold = add(&view(false, 0, false), account(), &mug(), &mut ids);
    assert!(matches!(unsold, Err(WishlistError::UnknownVariant)));
    let full = add(&view(true, WISHLIST_MAX, false), account(), &mug(), &mut ids);
    assert!(matches!(full, Err(WishlistError::Full)));
    assert!(add(&view(true, WISHLIST_MAX, true), account(), &mug(), &mut ids).is_ok(), "it is there already");
    let nobody = View { account_known: false, ..view(true, 0, false) };
    assert!(matches!(add(&nobody, account(), &mug(), &mut ids), Err(WishlistError::NotFound)));
    assert!(matches!(remove(&view(true, 1, false), variant_id("mug")), Err(WishlistError::NotFound)));
}

#[test]
fn of_glances_the_last_ones_are_kept() {
    let at = |second: u64| start().plus(std::time::Duration::from_secs(second));
    let glance = |slug: &str, at: Timestamp| Glance { account: account(), slug: slug.parse().unwrap(), at };
    let many = (0..80).map(|number| glance(&format!("p{number}"), at(number)));
    let again = [glance("p70", at(99)), glance("p71", at(0))];
    let written = glances(many.chain(again).collect()).interest.viewed;
    assert_eq!(written.len(), GLANCES_MAX);
    assert_eq!(written[0], glance("p70", at(99)));
    assert_eq!(written[1], glance("p79", at(79)));
    assert!(written.contains(&glance("p71", at(71))), "an older one does not count");
}
