//! What is somebody's own: the cart of their account, their orders, and all that the shop knows of them.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::accounts::registered;
use super::{Shop, delivery};
use crate::access::{Caller, Role};
use crate::account::{Account, AccountError, AddressType, Login, NewAddress, Password};
use crate::audit::{Actor, Entry, Search};
use crate::cart::{
    AddItem, CartError, CartLine, CartToken, Customizations, Delivery, Member, MergePolicy, Merged, Shopper,
    Unmerged, VariantKey, Write, merge,
};
use crate::checkout::{Confirm, Confirmed};
use crate::customer::{Country, Email};
use crate::interest::Glance;
use crate::order::{Cancel, CancelError, OrderView};
use crate::payment::PaymentMethod;
use crate::personal::{Claim, KnownOrder, Look};
use crate::promotion::CustomerKey;
use crate::testkit::{Crossing, Intercepted, PretendMailer, add, address, item, key, named};
use crate::{Currency, CustomerId, Engine, Guard, OrderId, Quantity, Timestamp};

const EMAIL: &str = "ada@example.com";
pub(super) const SECRET: &str = "tr0mbone & oar 99";

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

/// Orders that a guest placed with the address of an account become its own, once, and no others do.
pub async fn guest_orders_are_claimed_once(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let theirs = order_as_guest(shop, "ADA@example.com").await;
    let again = order_as_guest(shop, EMAIL).await;
    let foreign = order_as_guest(shop, "eve@example.com").await;
    let ada = registered(shop, EMAIL).await;
    let mut claiming = JoinSet::new();
    for _ in 0..10 {
        let (engine, ada) = (shop.engine.clone(), ada.clone());
        claiming.spawn(async move { engine.personal().claim(&ada).await.unwrap().orders });
    }
    let claimed: Vec<OrderId> = claiming.join_all().await.into_iter().flatten().collect();
    let mut expected = vec![theirs, again];
    expected.sort_unstable();
    assert_eq!(claimed, expected, "by one of them");
    assert_eq!(shop.engine.personal().claim(&ada).await.unwrap().orders, []);
    let search = crate::order::Search { customer: Some(ada.id), ..crate::order::Search::default() };
    let mut listed: Vec<OrderId> =
        shop.store.orders(&search, 10).await.unwrap().into_iter().map(|order| order.id).collect();
    listed.sort_unstable();
    assert_eq!(listed, expected);
    assert_eq!(shop.engine.orders().get(foreign).await.unwrap().unwrap().order.customer, None);
    let rows = audited(shop, ada.id).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].action.as_str(), &rows[0].actor), ("account.claim", &Actor::Customer(ada.id)));
    let unconfirmed = Account { email_verified_at: None, ..registered(shop, "bola@example.com").await };
    let mut changes = crate::ChangeSet::default();
    changes.account.write = vec![(Account { version: 2, ..unconfirmed.clone() }, 1)];
    shop.store.commit(&changes).await.unwrap();
    let refused = shop.engine.personal().claim(&unconfirmed).await;
    assert!(matches!(refused, Err(AccountError::EmailNotVerified)));
}

/// An order that is somebody's already.
pub async fn an_order_that_is_somebodys(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let order = order_as_guest(shop, EMAIL).await;
    let (ada, eve) = (registered(shop, EMAIL).await, registered(shop, "eve@example.com").await);
    shop.engine.personal().claim(&ada).await.unwrap();
    let mut changes = crate::ChangeSet::default();
    changes.personal.claim = Some(Claim { account: eve.id, orders: vec![order] });
    assert_eq!(shop.stale(&changes).await, Guard::Order(order));
    changes.personal.claim = Some(Claim { account: eve.id, orders: vec![named("order", "nowhere")] });
    assert_eq!(shop.stale(&changes).await, Guard::Order(named("order", "nowhere")));
}

/// What is read of somebody's belongings: in full, and of somebody who has none.
pub async fn belongings_come_by_id(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = registered(shop, EMAIL).await;
    let key = CustomerKey::of_email(&ada.email);
    let look = Look { account: ada.id, key };
    let none = shop.store.personal(look).await.unwrap();
    assert_eq!((none.account.as_ref(), none.orders, none.carts), (Some(&ada), Vec::new(), Vec::new()));
    let nobody = shop.store.personal(Look { account: named("account", "nobody"), key }).await.unwrap();
    assert_eq!(nobody.account, None);
    order_as_guest(shop, "ADA@example.com").await;
    order_as_guest(shop, "eve@example.com").await;
    fill_in_as_guest(shop, "Ada@example.com").await;
    fill_in_as_guest(shop, "eve@example.com").await;
    shop.engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
    check_out(&shop.engine, &ada).await;
    shop.engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
    let seen = shop.store.personal(look).await.unwrap();
    assert_eq!(seen.orders.len(), 2);
    assert!(seen.orders.is_sorted_by_key(|order| order.id) && seen.carts.is_sorted_by_key(|(cart, _)| *cart));
    assert_eq!(seen.carts.len(), 4);
    // What they are told is all of it in full.
    let export = shop.engine.personal().export(&ada).await.unwrap();
    assert_eq!((&export.account, export.sessions, export.addresses), (&ada, vec![], vec![]));
    let ids: Vec<OrderId> = seen.orders.iter().rev().map(|order| order.id).collect();
    assert_eq!(export.orders.iter().map(|view| view.order.id).collect::<Vec<_>>(), ids);
    for view in export.orders {
        let alone = shop.engine.orders().get(view.order.id).await.unwrap().unwrap();
        assert_eq!(OrderView { now: alone.now, ..view }, alone);
    }
    assert_eq!(shop.store.orders_in_full(&[]).await.unwrap(), []);
    for known in seen.orders {
        let order = shop.engine.orders().get(known.id).await.unwrap().unwrap().order;
        let expected = KnownOrder {
            id: order.id,
            status: order.status,
            customer: order.customer,
            email: order.email,
            shipping_address: order.shipping_address,
            billing_address: order.billing_address,
        };
        assert_eq!(known, expected);
    }
}

/// Somebody leaves: nothing says who they were, everything says what was sold, and they may come back.
pub async fn somebody_leaves(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let mailer = Arc::new(PretendMailer::default());
    let engine = shop.mailing_through(mailer);
    let as_guest = order_as_guest(shop, "ADA@example.com").await;
    let foreign = order_as_guest(shop, "eve@example.com").await;
    fill_in_as_guest(shop, "ada@EXAMPLE.com").await;
    fill_in_as_guest(shop, "eve@example.com").await;
    let ada = member(shop).await;
    let wish = Customizations::from([("engraving".to_owned(), "Ada".to_owned())]);
    engine.carts().add(&ada, &AddItem { customizations: wish, ..add("mug", 1) }, None).await.unwrap();
    let own = check_out(&engine, &ada).await.order.order.id;
    engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
    engine
        .carts()
        .set_delivery(&ada, &Delivery { email: ada.email.clone(), ..delivery() }, None)
        .await
        .unwrap();
    let home = NewAddress { kind: AddressType::Home, is_default: true, address: address(Country::NG) };
    engine.accounts().save_address(ada.id, None, &home).await.unwrap();
    engine.interests().add(ada.id, &VariantKey::Sku(key("mug"))).await.unwrap();
    let glance = Glance { account: ada.id, slug: "mug".parse().unwrap(), at: shop.now().await };
    engine.interests().viewed(vec![glance]).await.unwrap();
    let export = engine.personal().export(&ada).await.unwrap();
    assert_eq!((export.wishlist.len(), export.viewed.len()), (1, 1));
    let refused = engine.personal().erase(&ada, &password(SECRET)).await;
    assert!(matches!(refused, Err(AccountError::UnderWay(2))), "{refused:?}");
    let calling_off = |actor| Cancel { actor, reason: String::new(), request: None };
    let not_hers = engine.orders().cancel(as_guest, &calling_off(Actor::Customer(ada.id))).await;
    assert!(
        matches!(not_hers, Err(CancelError::NotFound)),
        "it is a guest's until she claims it: {not_hers:?}"
    );
    engine.orders().cancel(as_guest, &calling_off(Actor::Guest)).await.unwrap();
    engine.orders().cancel(own, &calling_off(Actor::Customer(ada.id))).await.unwrap();
    let login = Login { email: ada.email.clone(), password: password(SECRET), device: None };
    let signed_in = engine.accounts().log_in(&login).await.unwrap();
    let wrong = engine.personal().erase(&ada, &password("another secret 99")).await;
    assert!(matches!(wrong, Err(AccountError::Credentials)));
    engine.personal().erase(&ada, &password(SECRET)).await.unwrap();
    // Nothing says who they were.
    assert!(matches!(engine.accounts().account(ada.id).await, Err(AccountError::NotFound)));
    assert!(matches!(engine.accounts().admit(signed_in.session.id).await, Err(AccountError::Session)));
    assert!(matches!(engine.accounts().refresh(&signed_in.refresh).await, Err(AccountError::Session)));
    assert!(matches!(engine.accounts().log_in(&login).await, Err(AccountError::Credentials)));
    let wishlist = shop.store.wishlist(&crate::interest::Look::at(ada.id, 9)).await.unwrap();
    assert_eq!((wishlist.account_known, wishlist.count), (false, 0));
    assert_eq!(shop.store.viewed_products(ada.id).await.unwrap(), Default::default());
    for id in [as_guest, own] {
        let order = engine.orders().get(id).await.unwrap().unwrap().order;
        assert_eq!((order.customer, order.email), (None, Email::erased()));
        assert_eq!(order.shipping_address, Some(address(Country::NG).erased()));
        assert!(order.lines.iter().all(|line| line.customizations.is_empty()));
        assert!(order.totals.total.minor > 0);
    }
    let kept = engine.orders().get(foreign).await.unwrap().unwrap().order;
    assert_eq!(kept.email.as_str(), "eve@example.com");
    let carts = shop.store.recent_carts(Timestamp::from_micros(0).unwrap(), None, 10).await.unwrap();
    let others = carts.iter().filter_map(|view| view.cart.as_ref()).filter(|cart| cart.email.is_some());
    assert_eq!(
        others.map(|cart| cart.email.as_ref().unwrap().as_str()).collect::<Vec<_>>(),
        ["eve@example.com"; 2]
    );
    let mails = shop.store.mails(None, None, 10).await.unwrap();
    let mails: Vec<_> = mails.iter().map(|mail| (mail.kind.name(), mail.to.as_str())).collect();
    assert_eq!(mails, [("account_erased", EMAIL)]);
    let rows = audited(shop, ada.id).await;
    assert!(rows.iter().any(|row| row.action == "account.erase"), "{rows:?}");
    // They come back as somebody else, to whom nothing of it belongs.
    let back = member(shop).await;
    assert_ne!(back.id, ada.id);
    assert_eq!(engine.personal().claim(&back).await.unwrap().orders, []);
    assert_eq!(engine.carts().get(&back).await.unwrap().cart.lines, []);
}

/// Whoever works for the shop does not leave by themselves.
pub async fn who_may_not_leave(shop: &Shop) {
    let boss = Caller::Operator { name: "admin".to_owned() };
    let email = EMAIL.parse().unwrap();
    let accounts = shop.engine.accounts();
    let staff = accounts.create(&boss, &email, Some(&password(SECRET)), ("", ""), Role::Staff).await.unwrap();
    let refused = shop.engine.personal().erase(&staff, &password(SECRET)).await;
    assert!(matches!(refused, Err(AccountError::Employed)));
    let off = crate::account::Standing { is_active: Some(false), ..Default::default() };
    accounts.change_standing(&boss, staff.id, &off, None).await.unwrap();
    let refused = shop.engine.personal().erase(&staff, &password(SECRET)).await;
    assert!(matches!(refused, Err(AccountError::Inactive)));
}

/// Somebody orders on one device while they leave on another: the order keeps its address, and they stay.
pub async fn somebody_orders_while_they_leave(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let ada = member(shop).await;
    let leave = async |ordering: &dyn Fn(Engine, Account) -> Interlude| {
        let crossing = Crossing::default().then(ordering(shop.engine.clone(), ada.clone()));
        let engine = shop.through(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)));
        engine.personal().erase(&ada, &password(SECRET)).await
    };
    shop.engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
    // The cart was seen.
    let refused = leave(&|engine, ada| {
        Box::pin(async move {
            check_out(&engine, &ada).await;
        })
    });
    assert!(matches!(refused.await, Err(AccountError::UnderWay(1))));
    // The cart was not there yet.
    let refused = leave(&|engine, ada| {
        Box::pin(async move {
            engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
            check_out(&engine, &ada).await;
        })
    });
    assert!(matches!(refused.await, Err(AccountError::UnderWay(_))));
    for order in shop.store.personal(look_of(&ada)).await.unwrap().orders {
        let cancel = Cancel { actor: Actor::Customer(ada.id), reason: String::new(), request: None };
        shop.engine.orders().cancel(order.id, &cancel).await.unwrap();
    }
    // A cart that is made meanwhile goes with them.
    let left = leave(&|engine, ada| {
        Box::pin(async move {
            engine.carts().add(&ada, &add("mug", 1), None).await.unwrap();
        })
    });
    left.await.unwrap();
    let view = shop.store.personal(look_of(&ada)).await.unwrap();
    assert_eq!(view.account, None);
    assert!(view.orders.iter().all(|order| order.customer.is_none() && order.email.is_erased()));
    // What a device asks for that does not know it yet is not done.
    let late = shop.engine.carts().add(&ada, &add("mug", 1), None).await;
    assert!(matches!(late, Err(CartError::Busy)));
}

/// A link is asked for while its account is erased: it leads nowhere.
pub async fn somebody_asks_for_a_link_while_they_leave(shop: &Shop) {
    let ada = member(shop).await;
    let (engine, leaving) = (shop.engine.clone(), ada.clone());
    let crossing = Crossing::default().then(async move {
        engine.personal().erase(&leaving, &password(SECRET)).await.unwrap();
    });
    let engine = shop.through(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)));
    engine.accounts().ask_reset(&ada.email).await.unwrap();
    assert!(matches!(engine.accounts().account(ada.id).await, Err(AccountError::NotFound)));
}

type Interlude = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn look_of(account: &Account) -> Look {
    Look { account: account.id, key: CustomerKey::of_email(&account.email) }
}

/// An account that logs in with the secret.
pub(super) async fn member(shop: &Shop) -> Account {
    let (boss, email) = (Caller::Operator { name: "admin".to_owned() }, EMAIL.parse().unwrap());
    let (accounts, secret) = (shop.engine.accounts(), password(SECRET));
    accounts.create(&boss, &email, Some(&secret), ("", ""), Role::Customer).await.unwrap()
}

/// The cart of a guest who said who they are and went away.
async fn fill_in_as_guest(shop: &Shop, email: &str) -> CartToken {
    let carts = shop.engine.carts();
    let guest = carts.add(Shopper::Newcomer, &add("mug", 1), None).await.unwrap().token.unwrap();
    let delivery = Delivery { email: email.parse().unwrap(), ..delivery() };
    carts.set_delivery(&guest, &delivery, None).await.unwrap();
    guest
}

async fn order_as_guest(shop: &Shop, email: &str) -> OrderId {
    let carts = shop.engine.carts();
    let guest = fill_in_as_guest(shop, email).await;
    carts.set_payment(&guest, PaymentMethod::CashOnDelivery, None).await.unwrap();
    shop.engine.checkout().confirm(&guest, &Confirm::default()).await.unwrap().order.order.id
}

async fn audited(shop: &Shop, account: CustomerId) -> Vec<Entry> {
    let search = Search { target: Some(format!("account:{account}")), ..Search::default() };
    shop.engine.audit_trail().search(&search, 10).await.unwrap()
}

fn password(text: &str) -> Password {
    text.parse().unwrap()
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
