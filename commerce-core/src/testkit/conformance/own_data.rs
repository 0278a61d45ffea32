//! What is somebody's own: the cart of their account, their orders, and all that the shop knows of them.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::accounts::registered;
use super::{Shop, delivery};
use crate::account::Account;
use crate::audit::Actor;
use crate::cart::{
    AddItem, CartError, CartLine, CartToken, Customizations, Delivery, Member, MergePolicy, Merged, Shopper,
    Unmerged, Write, merge,
};
use crate::checkout::{Confirm, Confirmed};
use crate::payment::PaymentMethod;
use crate::promotion::CustomerKey;
use crate::testkit::{Crossing, Intercepted, add, item, named};
use crate::{Currency, Engine, Guard, Quantity};

const EMAIL: &str = "ada@example.com";

/// An account has one cart, whatever it is asked from, and its orders are its own.
pub async fn an_account_has_one_cart(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let eve = registered(shop, "eve@example.com").await;
    let carts = shop.engine.carts();
    assert_eq!(carts.get(&ada).await.unwrap().cart.version, 0);
    let made = carts.add(&ada, &add("mug", 1), None).await.unwrap();
    assert_eq!(made.token, None, "nobody else opens it");
    assert_eq!(made.cart.cart.customer, Some(ada.id));
    let again = carts.add(&ada, &add("mug", 2), None).await.unwrap().cart.cart;
    assert_eq!((again.id, quantities(&again.lines)), (made.cart.cart.id, vec![3]));
    assert_eq!(carts.get(&eve).await.unwrap().cart.lines, []);
    // The confirmation goes to the address of the account and nowhere else.
    let elsewhere = Delivery { email: "eve@example.com".parse().unwrap(), ..delivery() };
    assert!(matches!(carts.set_delivery(&ada, &elsewhere, None).await, Err(CartError::Email)));
    let confirmed = check_out(&shop.engine, &ada).await;
    let order = &confirmed.order.order;
    assert_eq!((order.customer, order.email.as_str()), (Some(ada.id), EMAIL));
    assert_eq!(confirmed.order.history[0].actor, Actor::Customer(ada.id));
    // The next one is empty, and is theirs again.
    assert_eq!(carts.get(&ada).await.unwrap().cart.lines, []);
    let next = carts.add(&ada, &add("mug", 1), None).await.unwrap().cart.cart;
    assert_ne!(next.id, again.id);
    assert_eq!(next.customer, Some(ada.id));
}

/// A cart of an account that is not there.
pub async fn a_cart_of_no_account(shop: &Shop) {
    let ada = registered(shop, EMAIL).await;
    let nobody = Account { id: named("account", "nobody"), ..ada };
    let mut cart = crate::cart::Cart {
        customer: Some(nobody.id),
        ..crate::cart::Cart::new(named("cart", "one"), Member::from(&nobody).key(), shop.now().await)
    };
    let mut changes = crate::ChangeSet::default();
    changes.cart.write = Some(Write::between(None, &mut cart));
    assert_eq!(shop.stale(&changes).await, Guard::Account(nobody.id));
}

/// A cart of an account that was forgotten for too long begins anew, and nothing of it is left.
pub async fn a_forgotten_cart_of_an_account_begins_anew(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("cup").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let made = shop.engine.carts().add(&ada, &add("mug", 1), None).await.unwrap().cart.cart;
    let mut old = crate::cart::Cart { expires_at: shop.now().await, ..made.clone() };
    let mut changes = crate::ChangeSet::default();
    changes.cart.write = Some(Write::between(Some(&made), &mut old));
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(shop.engine.carts().get(&ada).await.unwrap().cart.lines, []);
    let anew = shop.engine.carts().add(&ada, &add("cup", 2), None).await.unwrap().cart.cart;
    assert_eq!((anew.id, quantities(&anew.lines)), (made.id, vec![2]));
    assert_eq!(shop.engine.carts().get(&ada).await.unwrap().cart.lines, anew.lines);
}

/// A guest's cart becomes part of the account's: what both have is one line item, what cannot be merged stays and is told,
/// and the same again merges nothing.
pub async fn a_guest_cart_is_merged_once(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("cup").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let carts = shop.engine.carts();
    let wish = Customizations::from([("engraving".to_owned(), "A".to_owned())]);
    let engraved = AddItem { customizations: wish, ..add("mug", 1) };
    carts.add(&ada, &add("mug", 2), None).await.unwrap();
    let guest = carts.add(Shopper::Newcomer, &add("mug", 3), None).await.unwrap().token.unwrap();
    carts.add(&guest, &add("cup", 1), None).await.unwrap();
    carts.add(&guest, &engraved, None).await.unwrap();
    carts.set_delivery(&guest, &delivery(), None).await.unwrap();
    let member = Member::from(&ada);
    let merged = carts.merge(&member, &guest).await.unwrap();
    assert_eq!(merged, Merged { lines: 3, left: Vec::new() });
    let own = carts.get(&ada).await.unwrap().cart;
    assert_eq!(quantities(&own.lines), [5, 1, 1]);
    assert_eq!(own.shipping_address, delivery().address);
    let rest = carts.get(&guest).await.unwrap().cart;
    assert_eq!((rest.lines, rest.shipping_address, rest.email), (Vec::new(), None, None));
    assert_eq!(carts.merge(&member, &guest).await.unwrap(), Merged::default());
    assert_eq!(carts.get(&ada).await.unwrap().cart, own);
    let unknown = CartToken::from_bytes([9; 32]);
    assert_eq!(carts.merge(&member, &unknown).await.unwrap(), Merged::default());
    // Into a cart that is not there yet.
    let eve = registered(shop, "eve@example.com").await;
    carts.add(&guest, &add("cup", 2), None).await.unwrap();
    assert_eq!(carts.merge(&Member::from(&eve), &guest).await.unwrap().lines, 1);
    assert_eq!(quantities(&carts.get(&eve).await.unwrap().cart.lines), [2]);
}

/// Each policy, and each reason why a line item stays.
pub async fn carts_are_merged_by_the_policy(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("cup").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let carts = shop.engine.carts();
    carts.add(&ada, &add("mug", 2), None).await.unwrap();
    let guest = carts.add(Shopper::Newcomer, &add("mug", 3), None).await.unwrap().token.unwrap();
    carts.add(&guest, &add("cup", 1), None).await.unwrap();
    let member = Member::from(&ada);
    let look = |key| crate::cart::Look { token: Some(key), ..crate::cart::Look::default() };
    let own = shop.store.cart(&look(member.key())).await.unwrap();
    let theirs = shop.store.cart(&look(guest.hash())).await.unwrap();
    let mut ids = shop.ids(own.now);
    let mut decide = |own: &_, policy, fits: bool| {
        let (merged, changes) = merge(own, &theirs, &member, policy, Currency::NGN, &|_| fits, &mut ids);
        let lines = changes.cart.write.map(|write| quantities(&write.cart.lines));
        let rest = changes.cart.merged.map(|write| quantities(&write.cart.lines));
        (merged.left.iter().map(|left| left.why).collect::<Vec<_>>(), lines, rest)
    };
    for (policy, mugs) in
        [(MergePolicy::AddUp, 5), (MergePolicy::KeepAccount, 2), (MergePolicy::KeepGuest, 3)]
    {
        assert_eq!(decide(&own, policy, true), (vec![], Some(vec![mugs, 1]), Some(vec![])), "{policy}");
    }
    assert_eq!(decide(&own, MergePolicy::AddUp, false), (vec![Unmerged::Total; 2], None, None));
    let changed = |change: &dyn Fn(&mut crate::cart::Cart)| {
        let mut view = own.clone();
        view.cart.iter_mut().for_each(change);
        view
    };
    let dollars = changed(&|cart| cart.currency = Some(Currency::USD));
    assert_eq!(decide(&dollars, MergePolicy::AddUp, true), (vec![Unmerged::Currency; 2], None, None));
    let many = changed(&|cart| cart.lines[0].quantity = Quantity::new(Quantity::MAX).unwrap());
    let most = Quantity::MAX;
    assert_eq!(
        decide(&many, MergePolicy::AddUp, true),
        (vec![Unmerged::TooManyUnits], Some(vec![most, 1]), Some(vec![3]))
    );
    let full = changed(&|cart| {
        let line = cart.lines[0].clone();
        cart.lines = (0..crate::cart::Cart::LINES_MAX)
            .map(|at| CartLine { variant: named("variant", &at.to_string()), ..line.clone() })
            .collect();
    });
    let stays = vec![Unmerged::TooManyLines; 2];
    assert_eq!(decide(&full, MergePolicy::AddUp, true), (stays, None, None));
}

/// Uses of a coupon by a guest and by the account of the same address count together.
pub async fn uses_count_together_with_the_address_of_before(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let guest =
        shop.engine.carts().add(Shopper::Newcomer, &add("mug", 1), None).await.unwrap().token.unwrap();
    let as_guest = Delivery { email: "ADA@example.com".parse().unwrap(), ..delivery() };
    shop.engine.carts().set_delivery(&guest, &as_guest, None).await.unwrap();
    shop.engine.carts().set_payment(&guest, PaymentMethod::CashOnDelivery, None).await.unwrap();
    shop.engine.checkout().confirm(&guest, &Confirm::default()).await.unwrap();
    shop.engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
    let member = Member::from(&ada);
    let look = crate::cart::Look {
        token: Some(member.key()),
        customer: Shopper::from(member).customer(),
        ..crate::cart::Look::default()
    };
    assert_eq!(look.customer, Some(CustomerKey::of_email(&as_guest.email)));
    assert_eq!(shop.store.cart(&look).await.unwrap().ordered_before, Some(true));
}

/// Thirty devices put something into the cart of one account: it has all of it.
pub async fn thirty_devices_add_to_one_account(shop: &Shop) {
    shop.sell([item("mug").stock(99)]).await;
    let ada = registered(shop, EMAIL).await;
    let mut adding = JoinSet::new();
    for _ in 0..30 {
        let (engine, ada) = (shop.engine.clone(), ada.clone());
        adding.spawn(async move {
            while let Err(error) = engine.carts().add(&ada, &add("mug", 1), None).await {
                assert!(matches!(error, CartError::Busy), "{error}");
            }
        });
    }
    adding.join_all().await;
    assert_eq!(quantities(&shop.engine.carts().get(&ada).await.unwrap().cart.lines), [30]);
}

/// The guest's cart gets another line item while its owner logs in: it is merged too, and nothing is lost.
pub async fn a_guest_cart_changes_while_it_is_merged(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("cup").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let guest =
        shop.engine.carts().add(Shopper::Newcomer, &add("mug", 3), None).await.unwrap().token.unwrap();
    let (carts, token) = (shop.engine.carts(), guest.clone());
    let crossing = Crossing::default().then(async move {
        carts.add(&token, &add("cup", 1), None).await.unwrap();
    });
    let engine = shop.through(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)));
    assert_eq!(engine.carts().merge(&Member::from(&ada), &guest).await.unwrap().lines, 2);
    assert_eq!(quantities(&of(shop, &ada).await), [3, 1]);
    assert_eq!(shop.engine.carts().get(&guest).await.unwrap().cart.lines, []);
    // And the account's, in which another device is busy.
    shop.engine.carts().add(&guest, &add("mug", 1), None).await.unwrap();
    let (carts, owner) = (shop.engine.carts(), ada.clone());
    let crossing = Crossing::default().then(async move {
        carts.add(&owner, &add("mug", 2), None).await.unwrap();
    });
    let engine = shop.through(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)));
    assert_eq!(engine.carts().merge(&Member::from(&ada), &guest).await.unwrap().lines, 1);
    assert_eq!(quantities(&of(shop, &ada).await), [6, 1]);
}

/// One login with one guest cart, thirty times at once: it is merged once.
pub async fn one_guest_cart_merged_thirty_times(shop: &Shop) {
    shop.sell([item("mug").stock(99)]).await;
    let ada = registered(shop, EMAIL).await;
    shop.engine.carts().add(&ada, &add("mug", 2), None).await.unwrap();
    let guest =
        shop.engine.carts().add(Shopper::Newcomer, &add("mug", 3), None).await.unwrap().token.unwrap();
    let mut merging = JoinSet::new();
    for _ in 0..30 {
        let (engine, member, guest) = (shop.engine.clone(), Member::from(&ada), guest.clone());
        merging.spawn(
            async move { engine.carts().merge(&member, &guest).await.map_or(0, |merged| merged.lines) },
        );
    }
    assert_eq!(merging.join_all().await.into_iter().sum::<usize>(), 1);
    assert_eq!(quantities(&of(shop, &ada).await), [5]);
}

async fn of(shop: &Shop, account: &Account) -> Vec<CartLine> {
    shop.engine.carts().get(account).await.unwrap().cart.lines
}

async fn check_out(engine: &Engine, account: &Account) -> Confirmed {
    let delivery = Delivery { email: account.email.clone(), ..delivery() };
    engine.carts().set_delivery(account, &delivery, None).await.unwrap();
    engine.carts().set_payment(account, PaymentMethod::CashOnDelivery, None).await.unwrap();
    engine.checkout().confirm(account, &Confirm::default()).await.unwrap()
}

fn quantities(lines: &[CartLine]) -> Vec<u32> {
    lines.iter().map(|line| line.quantity.get()).collect()
}
