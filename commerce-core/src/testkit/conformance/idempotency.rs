//! A repeated request has one effect and one answer, also when the answer to the first was lost.

use std::sync::Arc;

use serde_json::json;

use super::promotions::{code, gives, promotion};
use super::{Shop, cancel, request};
use crate::audit::{Actor, Search};
use crate::cart::CartError;
use crate::checkout::{Confirm, ConfirmError};
use crate::idempotency::{Request, Scope};
use crate::order::{Cancel, CancelError, OrderState};
use crate::pricing::{RuleChange, Rulebook, RulesChanged, RulesError};
use crate::promotion::{CouponError, NewCoupon};
use crate::testkit::{Fault, Intercepted, Losing, Meeting, add, item};
use crate::{StoreError, StoreTrouble};

/// The same confirm again answers with the same order and places no other.
pub async fn a_repeated_confirm(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let first = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
    for _ in 0..3 {
        let again = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
        assert!(again.replayed && !first.replayed);
        assert_eq!((&again.order.order, &again.payment), (&first.order.order, &first.payment));
    }
    assert_eq!(shop.stock("mug").await, (5, 2));
}

/// What is answered again is the order as it is now.
pub async fn a_repetition_shows_the_present_state(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let first = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
    shop.engine.orders().cancel(first.order.order.id, &cancel()).await.unwrap();
    let again = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
    assert_eq!(
        (again.order.order.id, again.order.order.status),
        (first.order.order.id, OrderState::Cancelled)
    );
}

/// The same key for another request is refused, whatever that would do.
pub async fn a_key_is_not_taken_twice(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let other = Some(request("key-1", "another body"));
    let order = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap().order.order;
    let command = Confirm { request: other.clone(), ..Confirm::default() };
    let refused = shop.engine.checkout().confirm(&token, &command).await;
    assert!(matches!(refused, Err(ConfirmError::KeyReused(_))), "{refused:?}");
    let refused = shop.engine.carts().add(Some(&token), &add("mug", 1), other.as_ref()).await;
    assert!(matches!(refused, Err(CartError::KeyReused(_))), "{refused:?}");
    let command = Cancel { request: other, ..cancel() };
    let refused = shop.engine.orders().cancel(order.id, &command).await;
    assert!(matches!(refused, Err(CancelError::KeyReused(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (5, 1));
}

/// Two shoppers may use the same key, and one shopper on two routes.
pub async fn a_key_belongs_to_its_actor_and_route(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let of = |actor: &str, route: &str| {
        let scope = Scope { actor: actor.to_owned(), route: route.to_owned(), key: "key-1".parse().unwrap() };
        Some(Request::new(scope, b"body"))
    };
    for (actor, route) in [("ada", "confirm"), ("obi", "confirm"), ("ada", "other")] {
        let token = shop.ready_cart(&[("mug", 1)]).await;
        let command = Confirm { request: of(actor, route), ..Confirm::default() };
        assert!(!shop.engine.checkout().confirm(&token, &command).await.unwrap().replayed);
    }
    assert_eq!(shop.stock("mug").await, (9, 3));
}

/// The same units put into a cart again are in it once.
pub async fn a_repeated_change_of_a_cart(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let asked = request("key-1", "two more");
    let first = shop.engine.carts().add(Some(&token), &add("mug", 2), Some(&asked)).await.unwrap();
    let again = shop.engine.carts().add(Some(&token), &add("mug", 2), Some(&asked)).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.cart.cart, first.cart.cart);
    assert_eq!(again.cart.cart.lines[0].quantity.get(), 3);
}

/// The same cancellation again answers with the cancelled order; one under another key is refused.
pub async fn a_repeated_cancellation(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let order = shop.order(&[("mug", 2)]).await.order.id;
    let asked = |key: &str| Cancel { request: Some(request(key, "cancel")), ..cancel() };
    let first = shop.engine.orders().cancel(order, &asked("key-1")).await.unwrap();
    let again = shop.engine.orders().cancel(order, &asked("key-1")).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.order.order, first.order.order);
    let refused = shop.engine.orders().cancel(order, &asked("key-2")).await;
    assert!(matches!(refused, Err(CancelError::State(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (9, 0));
}

/// A confirm whose answer was lost, before or after it was written: the repetition has one effect.
pub async fn a_confirm_whose_answer_was_lost(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (engine, losing) = behind(shop);
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let token = shop.ready_cart(&[("mug", 2)]).await;
        let command = asking(&format!("key-{round}"));
        losing.next(fault);
        let lost = engine.checkout().confirm(&token, &command).await;
        assert!(matches!(&lost, Err(ConfirmError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = engine.checkout().confirm(&token, &command).await.unwrap();
        assert_eq!(again.replayed, fault == Fault::After);
        assert_eq!(shop.stock("mug").await, (9, 2 * round));
    }
}

/// A change of a cart whose answer was lost.
pub async fn a_change_of_a_cart_whose_answer_was_lost(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (engine, losing) = behind(shop);
    let token = shop.cart(&[("mug", 1)]).await;
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let asked = request(&format!("key-{round}"), "one more");
        losing.next(fault);
        let lost = engine.carts().add(Some(&token), &add("mug", 1), Some(&asked)).await;
        assert!(matches!(&lost, Err(CartError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = engine.carts().add(Some(&token), &add("mug", 1), Some(&asked)).await.unwrap();
        assert_eq!(again.replayed, fault == Fault::After);
        assert_eq!(again.cart.cart.lines[0].quantity.get(), 1 + round);
    }
}

/// A cancellation whose answer was lost.
pub async fn a_cancellation_whose_answer_was_lost(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (engine, losing) = behind(shop);
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let order = shop.order(&[("mug", 2)]).await.order.id;
        let command = Cancel { request: Some(request(&format!("key-{round}"), "cancel")), ..cancel() };
        losing.next(fault);
        let lost = engine.orders().cancel(order, &command).await;
        assert!(matches!(&lost, Err(CancelError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = engine.orders().cancel(order, &command).await.unwrap();
        assert_eq!(again.replayed, fault == Fault::After);
        assert_eq!(again.order.order.status, OrderState::Cancelled);
        assert_eq!(shop.stock("mug").await, (9, 0));
    }
}

/// The same change of the rules again answers with what it made, whatever came after it.
pub async fn a_repeated_change_of_the_rules(shop: &Shop) {
    let first = rename(&shop.engine, "key-1", "first").await.unwrap();
    let second = rename(&shop.engine, "key-2", "second").await.unwrap();
    assert_eq!((first.version, first.replayed, second.version, second.replayed), (1, false, 2, false));
    for (key, name, made) in [("key-1", "first", &first), ("key-2", "second", &second)] {
        let again = rename(&shop.engine, key, name).await.unwrap();
        assert_eq!(again, RulesChanged { replayed: true, ..made.clone() });
    }
    let refused = rename(&shop.engine, "key-1", "third").await;
    assert!(matches!(refused, Err(RulesError::KeyReused(_))), "{refused:?}");
    let made = shop.store.audit(&Search::default(), 9).await.unwrap();
    assert_eq!((made.len(), shop.engine.rules().show().await.unwrap().version), (2, 2));
}

/// The same coupons asked for again are made once; the answer has the same codes.
pub async fn a_repeated_making_of_coupons(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({})), promotion("other", true, json!({}))]).await;
    let (promotions, new) = (shop.engine.promotions(), for_promotion("off"));
    let asked = request("key-1", "three");
    let issue = async |new: &NewCoupon, asked: &Request| {
        promotions.issue(3, "X", new, &Actor::System, Some(asked)).await
    };
    let first = issue(&new, &asked).await.unwrap();
    let other = issue(&new, &request("key-2", "three")).await.unwrap();
    let again = issue(&new, &asked).await.unwrap();
    assert_eq!((first.coupons.len(), &again.coupons), (3, &first.coupons));
    assert!(again.replayed && !first.replayed && !other.replayed);
    assert!(first.coupons.iter().all(|coupon| !other.coupons.contains(coupon)));
    let refused = issue(&for_promotion("other"), &request("key-1", "three of the other")).await;
    assert!(matches!(refused, Err(CouponError::KeyReused(_))), "{refused:?}");
    assert_eq!(shop.store.coupons(None, None, 99).await.unwrap().len(), 6);

    let asked = request("key-3", "WELCOME");
    let create =
        async |asked: &Request| promotions.create(code("WELCOME"), &new, &Actor::System, Some(asked)).await;
    let first = create(&asked).await.unwrap();
    promotions.end(&code("WELCOME"), &Actor::System, None).await.unwrap();
    let again = create(&asked).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert!(again.coupon.coupon.ended_at.is_some(), "the coupon as it is now");
    let refused = create(&request("key-4", "WELCOME")).await;
    assert!(matches!(refused, Err(CouponError::Exists(_))), "{refused:?}");
}

/// A coupon is ended once, and so is one asked for again.
pub async fn a_repeated_ending_of_a_coupon(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({}))]).await;
    let promotions = shop.engine.promotions();
    promotions.create(code("WELCOME"), &for_promotion("off"), &Actor::System, None).await.unwrap();
    let end = async |asked: &Request| promotions.end(&code("WELCOME"), &Actor::System, Some(asked)).await;
    let asked = request("key-1", "end");
    let first = end(&asked).await.unwrap();
    let again = end(&asked).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.coupon, first.coupon);
    let refused = end(&request("key-1", "end another")).await;
    assert!(matches!(refused, Err(CouponError::KeyReused(_))), "{refused:?}");
    assert!(!end(&request("key-2", "end")).await.unwrap().replayed, "it has ended already");
}

/// Changes of the back office whose answers were lost.
pub async fn a_change_of_the_back_office_whose_answer_was_lost(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({}))]).await;
    let (engine, losing) = behind(shop);
    let new = for_promotion("off");
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let asked = request(&format!("coupons-{round}"), "three");
        let issue = async || engine.promotions().issue(3, "", &new, &Actor::System, Some(&asked)).await;
        losing.next(fault);
        let lost = issue().await;
        assert!(matches!(&lost, Err(CouponError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = issue().await.unwrap();
        assert_eq!((again.replayed, again.coupons.len()), (fault == Fault::After, 3));
        assert_eq!(shop.store.coupons(None, None, 99).await.unwrap().len(), 3 * round);

        let key = format!("rules-{round}");
        let version = engine.rules().show().await.unwrap().version + 1;
        losing.next(fault);
        let lost = rename(&engine, &key, "lost").await;
        assert!(matches!(&lost, Err(RulesError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = rename(&engine, &key, "lost").await.unwrap();
        assert_eq!((again.replayed, again.version), (fault == Fault::After, version));
    }
}

/// Ten at once ask for the same coupons under one key: they are made once, and all get the same.
pub async fn one_making_of_coupons_asked_for_many_times_at_once(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({}))]).await;
    let meeting = Intercepted::new(Arc::clone(&shop.store), Meeting::of(10));
    let engine = shop.through(Arc::new(meeting));
    let asking = (0..10).map(|_| {
        let promotions = engine.promotions();
        tokio::spawn(async move {
            let (new, asked) = (for_promotion("off"), request("key-1", "three"));
            promotions.issue(3, "", &new, &Actor::System, Some(&asked)).await.unwrap()
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut answers = Vec::new();
    for answer in asking {
        answers.push(answer.await.unwrap());
    }
    assert!(answers.iter().all(|answer| answer.coupons == answers[0].coupons));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(shop.store.coupons(None, None, 99).await.unwrap().len(), 3);
}

/// Gives the first shipping method this name.
async fn rename(engine: &crate::Engine, key: &str, name: &str) -> Result<RulesChanged, RulesError> {
    let change = |rulebook: &mut Rulebook| {
        let method = &mut rulebook.shipping.methods[0];
        let before = std::mem::replace(&mut method.label, name.to_owned());
        let (action, target) =
            ("shipping-method.replace".to_owned(), format!("shipping-method:{}", method.code));
        Ok(RuleChange { action, target, before: json!({"label": before}), after: json!({"label": name}) })
    };
    engine.rules().change(None, &Actor::System, Some(&request(key, name)), change).await
}

fn for_promotion(code: &str) -> NewCoupon {
    NewCoupon { promotion: code.to_owned(), ..NewCoupon::default() }
}

fn behind(shop: &Shop) -> (crate::Engine, Arc<Losing>) {
    let losing = Arc::new(Losing::default());
    let store = Intercepted::new(Arc::clone(&shop.store), Arc::clone(&losing));
    (shop.through(Arc::new(store)), losing)
}

fn asking(key: &str) -> Confirm {
    Confirm { request: Some(request(key, "confirm")), ..Confirm::default() }
}

fn unavailable(error: &StoreError) -> bool {
    error.kind == StoreTrouble::Unavailable
}
